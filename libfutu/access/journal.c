/* journal.c - see journal.h.
 *
 * Lines:   "futu-opend orders 1 SECRET", "+ MS KEY DIGEST" sent, "= KEY ANSWER" placed, "- KEY" not
 *          placed; keys, digests and answers in hex.
 * Tests:   test/unit/access/journal_test.c, test/fuzz/fuzz_journal.c
 */
#include "access/journal.h"

#include "base/mem.h"

#define HEAD "futu-opend orders 1 "
#define ANSWER_MAX 65536

void journal_init(struct journal *j, const char secret[JOURNAL_SECRET + 1])
{
    memset(j, 0, sizeof(*j));
    list_init(&j->all);
    memcpy(j->secret, secret, JOURNAL_SECRET);
    grown_from(&j->file, 0);
}

static futu_str key_of(const struct order_entry *e)
{
    return str_c(e->key);
}

void journal_drop(struct journal *j, struct order_entry *e)
{
    journal_left(j, e);
    map_del(&j->by_key, key_of(e));
    list_remove(&e->node);
    j->n--;
    mem_free(e->answer);
    mem_free(e);
}

void journal_free(struct journal *j)
{
    j->turn = NULL;
    while (j->all.next && !list_empty(&j->all))
        journal_drop(j, list_entry(j->all.next, struct order_entry, node));
    map_free(&j->by_key);
    buf_free(&j->anew);
}

struct order_entry *journal_find(const struct journal *j, futu_str key)
{
    return map_get(&j->by_key, key);
}

/* Only what was answered may go early: the rest is what the journal is for. */
static void make_room(struct journal *j)
{
    struct list *it, *tmp;
    if (j->n < JOURNAL_MAX)
        return;
    list_each(it, tmp, &j->all) {
        struct order_entry *e = list_entry(it, struct order_entry, node);
        if (e->answer && !e->call) {
            journal_drop(j, e);
            return;
        }
    }
}

struct order_entry *journal_add(struct journal *j, futu_str key, const uint8_t digest[32],
                                int64_t now_ms)
{
    struct order_entry *e = mem_zalloc(sizeof(*e));
    if (!e)
        return NULL;
    str_copy(e->key, sizeof(e->key), key);
    memcpy(e->digest, digest, sizeof(e->digest));
    e->at_ms = now_ms;
    make_room(j);
    if (map_put(&j->by_key, key_of(e), e)) {
        mem_free(e);
        return NULL;
    }
    list_push(&j->all, &e->node);
    j->n++;
    return e;
}

void journal_answer(struct order_entry *e, const void *answer, size_t n)
{
    uint8_t *copy = n <= ANSWER_MAX ? mem_alloc(n + 1) : NULL;
    if (!copy)
        return;
    memcpy(copy, answer, n);
    mem_free(e->answer);
    e->answer = copy;
    e->n = n;
}

void journal_expire(struct journal *j, int64_t now_ms)
{
    struct list *it, *tmp;
    list_each(it, tmp, &j->all) {
        struct order_entry *e = list_entry(it, struct order_entry, node);
        if (now_ms - e->at_ms <= JOURNAL_KEEP_MS)
            return;
        if (!e->call)
            journal_drop(j, e);
    }
}

/* ---- writing ---- */

static futu_err put_hex(struct buf *out, const void *p, size_t n)
{
    futu_err err = buf_reserve(out, 2 * n);
    const uint8_t *b = p;
    for (size_t i = 0; i < n && !err; i++) {
        out->p[out->n++] = (uint8_t)"0123456789abcdef"[b[i] >> 4];
        out->p[out->n++] = (uint8_t)"0123456789abcdef"[b[i] & 15];
    }
    return err;
}

static futu_err put_key(struct buf *out, const struct order_entry *e, char end)
{
    futu_err err = put_hex(out, e->key, strlen(e->key));
    return err ? err : buf_byte(out, (uint8_t)end);
}

futu_err journal_write_head(const struct journal *j, struct buf *out)
{
    return buf_printf(out, HEAD "%s\n", j->secret);
}

futu_err journal_write_sent(const struct order_entry *e, struct buf *out)
{
    futu_err err = buf_printf(out, "+ %lld ", (long long)e->at_ms);
    if (!err)
        err = put_key(out, e, ' ');
    if (!err)
        err = put_hex(out, e->digest, sizeof(e->digest));
    return err ? err : buf_byte(out, '\n');
}

futu_err journal_write_answer(const struct order_entry *e, struct buf *out)
{
    futu_err err = buf_puts(out, "= ");
    if (!err)
        err = put_key(out, e, ' ');
    if (!err)
        err = put_hex(out, e->answer, e->n);
    return err ? err : buf_byte(out, '\n');
}

futu_err journal_write_drop(const struct order_entry *e, struct buf *out)
{
    futu_err err = buf_puts(out, "- ");
    return err ? err : put_key(out, e, '\n');
}

futu_err journal_write_all(const struct journal *j, struct buf *out)
{
    struct list *it, *tmp;
    futu_err err = journal_write_head(j, out);
    list_each(it, tmp, &j->all) {
        const struct order_entry *e = list_entry(it, struct order_entry, node);
        if (!err)
            err = journal_write_sent(e, out);
        if (!err && e->answer)
            err = journal_write_answer(e, out);
    }
    return err;
}

/* ---- reading ---- */

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The bytes of a hex word into `out`; SIZE_MAX: it is none, or too long. */
static size_t read_hex(futu_str s, void *out, size_t max)
{
    uint8_t *b = out;
    if (s.n % 2 || s.n / 2 > max)
        return SIZE_MAX;
    for (size_t i = 0; i < s.n; i += 2) {
        int hi = digit(s.p[i]), lo = digit(s.p[i + 1]);
        if (hi < 0 || lo < 0)
            return SIZE_MAX;
        b[i / 2] = (uint8_t)(hi << 4 | lo);
    }
    return s.n / 2;
}

/* Cuts the next word off the line. */
static futu_str word(futu_str *line)
{
    size_t n = 0;
    while (n < line->n && line->p[n] != ' ')
        n++;
    futu_str w = { line->p, n };
    n += n < line->n;
    line->p += n;
    line->n -= n;
    return w;
}

static bool read_key(futu_str *line, char out[ORDER_KEY_MAX + 1])
{
    size_t n = read_hex(word(line), out, ORDER_KEY_MAX);
    if (n == SIZE_MAX || n == 0 || memchr(out, '\0', n))
        return false;
    out[n] = '\0';
    return true;
}

/* A known key had expired, or been pushed out, when it was used again: it begins anew. */
static futu_err read_sent(struct journal *j, futu_str line)
{
    char key[ORDER_KEY_MAX + 1];
    uint8_t digest[32];
    uint64_t ms;
    if (!str_to_u64(word(&line), &ms) || ms > INT64_MAX || !read_key(&line, key) ||
        read_hex(line, digest, 32) != 32)
        return FUTU_EFORMAT;
    struct order_entry *old = journal_find(j, str_c(key));
    if (old)
        journal_drop(j, old);
    struct order_entry *e = journal_add(j, str_c(key), digest, (int64_t)ms);
    if (e)
        e->filed = true;
    return e ? FUTU_OK : FUTU_ENOMEM;
}

static futu_err read_answer(struct journal *j, futu_str line)
{
    char key[ORDER_KEY_MAX + 1];
    struct order_entry *e = read_key(&line, key) ? journal_find(j, str_c(key)) : NULL;
    if (!e || line.n == 0 || line.n > 2 * ANSWER_MAX)
        return FUTU_EFORMAT;
    uint8_t *answer = mem_alloc(line.n / 2 + 1);
    if (!answer)
        return FUTU_ENOMEM;
    size_t n = read_hex(line, answer, line.n / 2);
    if (n != SIZE_MAX)
        journal_answer(e, answer, n);
    mem_free(answer);
    return n == SIZE_MAX ? FUTU_EFORMAT : FUTU_OK;
}

/* A key may have been pushed out before its end was written. */
static futu_err read_drop(struct journal *j, futu_str line)
{
    char key[ORDER_KEY_MAX + 1];
    if (!read_key(&line, key) || line.n > 0)
        return FUTU_EFORMAT;
    struct order_entry *e = journal_find(j, str_c(key));
    if (e)
        journal_drop(j, e);
    return FUTU_OK;
}

static futu_err read_head(struct journal *j, futu_str line)
{
    size_t n = strlen(HEAD);
    uint8_t raw[JOURNAL_SECRET / 2];
    if (line.n != n + JOURNAL_SECRET || memcmp(line.p, HEAD, n) != 0 ||
        read_hex((futu_str){ line.p + n, JOURNAL_SECRET }, raw, sizeof(raw)) != sizeof(raw))
        return FUTU_EFORMAT;
    memcpy(j->secret, line.p + n, JOURNAL_SECRET);
    return FUTU_OK;
}

static futu_err read_line(struct journal *j, futu_str line, size_t number)
{
    if (number == 1)
        return read_head(j, line);
    if (line.n < 2 || line.p[1] != ' ')
        return FUTU_EFORMAT;
    futu_str rest = { line.p + 2, line.n - 2 };
    switch (line.p[0]) {
    case '+':
        return read_sent(j, rest);
    case '=':
        return read_answer(j, rest);
    case '-':
        return read_drop(j, rest);
    default:
        return FUTU_EFORMAT;
    }
}

futu_err journal_read(struct journal *j, futu_str text, size_t *line)
{
    futu_err err = FUTU_OK;
    *line = 0;
    while (text.n > 0 && !err) {
        const char *end = memchr(text.p, '\n', text.n);
        if (!end)
            break;              /* cut off by a crash: it was not told to anybody */
        futu_str one = { text.p, (size_t)(end - text.p) };
        ++*line;
        err = read_line(j, one, *line);
        text.n -= one.n + 1;
        text.p = end + 1;
    }
    return err;
}
