/* mark.c - marks in the remarks of orders, by which an order is found again in a list.
 *
 * Form:    "~" and 17 characters of a to z and 2 to 7 at the end of the remark: 12 that stand for
 *          the order's key, 5 that only who knows the journal's secret can make. So a gateway tells
 *          its own marks from others without a table: it takes its own ones out of what clients
 *          see, and leaves those of a gateway in front of it, which needs them.
 * Tests:   test/unit/upstream/relay/mark_test.c
 */
#include "crypt/digest.h"
#include "upstream/relay/state.h"

#define KEY_CHARS 12
#define OWN_CHARS 5

static void digits(const uint8_t digest[32], char *out, size_t n)
{
    uint64_t v;
    memcpy(&v, digest, sizeof(v));
    for (size_t i = 0; i < n; i++, v >>= 5)
        out[i] = "abcdefghijklmnopqrstuvwxyz234567"[v & 31];
}

/* The first n characters of a digest that depends on the secret and the text. */
static void derive(const char *secret, char kind, futu_str text, char *out, size_t n)
{
    uint8_t room[JOURNAL_SECRET + 1 + ORDER_KEY_MAX], digest[32];
    size_t len = MIN(text.n, (size_t)ORDER_KEY_MAX);
    memcpy(room, secret, JOURNAL_SECRET);
    room[JOURNAL_SECRET] = (uint8_t)kind;
    memcpy(room + JOURNAL_SECRET + 1, text.p, len);
    sha256(room, JOURNAL_SECRET + 1 + len, digest);
    digits(digest, out, n);
}

void mark_make(const char *secret, const char *key, char out[MARK_LEN + 1])
{
    out[0] = '~';
    derive(secret, 'k', str_c(key), out + 1, KEY_CHARS);
    derive(secret, 'o', (futu_str){ out + 1, KEY_CHARS }, out + 1 + KEY_CHARS, OWN_CHARS);
    out[MARK_LEN] = '\0';
}

static bool is_own(const char *secret, futu_str mark)
{
    char own[OWN_CHARS];
    derive(secret, 'o', (futu_str){ mark.p + 1, KEY_CHARS }, own, OWN_CHARS);
    return memcmp(own, mark.p + 1 + KEY_CHARS, OWN_CHARS) == 0;
}

futu_str mark_in(futu_str remark)
{
    if (remark.n < MARK_LEN)
        return STR_NULL;
    futu_str m = { remark.p + remark.n - MARK_LEN, MARK_LEN };
    if (m.p[0] != '~' || (remark.n > MARK_LEN && m.p[-1] != ' '))
        return STR_NULL;
    for (size_t i = 1; i < MARK_LEN; i++)
        if (!(m.p[i] >= 'a' && m.p[i] <= 'z') && !(m.p[i] >= '2' && m.p[i] <= '7'))
            return STR_NULL;
    return m;
}

/* ---- taking them out ---- */

enum { TAG_REMARK = 18 };           /* of Trd_Common.Order */

static futu_err copy(struct buf *out, const uint8_t *from, const uint8_t *to)
{
    return buf_put(out, from, (size_t)(to - from));
}

/* One record of an order: a remark loses our mark, and goes when nothing is left of it. */
static futu_err put_order_field(const char *secret, const struct pb_rec *f, const uint8_t *start,
                                const uint8_t *end, struct buf *out)
{
    futu_str remark = { (const char *)f->p, f->n };
    futu_str m = f->tag == TAG_REMARK && f->wire == PB_WIRE_BYTES ? mark_in(remark) : STR_NULL;
    if (!m.p || !is_own(secret, m))
        return copy(out, start, end);
    remark.n -= MARK_LEN + (remark.n > MARK_LEN);
    size_t at;
    futu_err err = pb_open(out, TAG_REMARK, &at);
    if (!err)
        err = buf_put(out, remark.p, remark.n);
    return err ? err : pb_close(out, at);
}

static futu_err put_order(const char *secret, uint32_t tag, const struct pb_rec *order,
                          struct buf *out)
{
    struct pb_in in = { order->p, order->p + order->n };
    size_t at;
    futu_err err = pb_open(out, tag, &at);
    while (in.p < in.end && !err) {
        const uint8_t *start = in.p;
        struct pb_rec f;
        err = pb_next(&in, &f) ? FUTU_EFORMAT : put_order_field(secret, &f, start, in.p, out);
    }
    return err ? err : pb_close(out, at);
}

/* The S2C with its orders, which are its fields `list`. */
static futu_err put_s2c(const char *secret, uint32_t list, const struct pb_rec *s2c,
                        struct buf *out)
{
    struct pb_in in = { s2c->p, s2c->p + s2c->n };
    size_t at;
    futu_err err = pb_open(out, TAG_S2C, &at);
    while (in.p < in.end && !err) {
        const uint8_t *start = in.p;
        struct pb_rec f;
        if (pb_next(&in, &f))
            err = FUTU_EFORMAT;
        else if (f.tag == list && f.wire == PB_WIRE_BYTES)
            err = put_order(secret, list, &f, out);
        else
            err = copy(out, start, in.p);
    }
    return err ? err : pb_close(out, at);
}

bool marks_strip(const char *secret, uint32_t list, const uint8_t *body, size_t n, struct buf *out)
{
    struct pb_in in = { body, body + n };
    futu_err err = FUTU_OK;
    if (!memchr(body, '~', n))
        return false;
    out->n = 0;
    while (in.p < in.end && !err) {
        const uint8_t *start = in.p;
        struct pb_rec f;
        if (pb_next(&in, &f))
            err = FUTU_EFORMAT;
        else if (f.tag == TAG_S2C && f.wire == PB_WIRE_BYTES)
            err = put_s2c(secret, list, &f, out);
        else
            err = copy(out, start, in.p);
    }
    return err == FUTU_OK;
}
