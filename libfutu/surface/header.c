/* header.c - see header.h. */
#include "surface/header.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "access/journal.h"
#include "codec/splice.h"

#define TAG_IDEMPOTENCY 900

futu_str bearer_of(futu_str s)
{
    static const char word[] = "bearer ";
    if (!s.p || s.n < sizeof(word) - 1 || strncasecmp(s.p, word, sizeof(word) - 1) != 0)
        return STR_NULL;
    s.p += sizeof(word) - 1;
    s.n -= sizeof(word) - 1;
    while (s.n > 0 && *s.p == ' ') {
        s.p++;
        s.n--;
    }
    return s.n > 0 ? s : STR_NULL;
}

static futu_str trim(futu_str s)
{
    for (; s.n > 0 && (*s.p == ' ' || *s.p == '\t'); s.n--)
        s.p++;
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
        s.n--;
    return s;
}

static bool same(futu_str s, const char *word, size_t n)
{
    return s.n == n && strncasecmp(s.p, word, n) == 0;
}

/* "q=0" and "q=0.000" say that the type is not taken. */
static bool never(futu_str params)
{
    const char *q = params.n ? memmem(params.p, params.n, "q=", 2) : NULL;
    if (!q)
        return false;
    for (q += 2; q < params.p + params.n; q++)
        if (*q != '0' && *q != '.')
            return *q < '1' || *q > '9';
    return true;
}

bool accepts(futu_str accept, const char *type)
{
    size_t slash = strcspn(type, "/");
    char range[32];
    snprintf(range, sizeof(range), "%.*s/*", (int)slash, type);
    while (accept.n > 0) {
        const char *comma = memchr(accept.p, ',', accept.n);
        size_t n = comma ? (size_t)(comma - accept.p) : accept.n;
        const char *semi = memchr(accept.p, ';', n);
        size_t word = semi ? (size_t)(semi - accept.p) : n;
        futu_str name = trim((futu_str){ accept.p, word });
        if ((same(name, type, strlen(type)) || same(name, "*/*", 3) ||
             same(name, range, strlen(range))) &&
            !never((futu_str){ accept.p + word, n - word }))
            return true;
        n += comma != NULL;
        accept.p += n;
        accept.n -= n;
    }
    return !accept.p;
}

bool word_ok(futu_str s)
{
    return str_visible(s) && s.n <= ORDER_KEY_MAX;
}

futu_err word_into_order(const struct proto_row *row, futu_str word, struct buf *pb,
                         struct buf *spare)
{
    const struct pb_field *c2s = codec_field(row->request, STR("c2s"));
    uint8_t record[ORDER_KEY_MAX + 16];
    struct pb_rec had;
    if (!word.p || !c2s || !codec_field(c2s->sub, STR("idempotencyKey")) ||
        pb_inner(pb->p, pb->n, c2s->tag, TAG_IDEMPOTENCY, &had))
        return FUTU_OK;
    struct pb_edit edit = { TAG_IDEMPOTENCY, record, 0 };
    edit.n = (size_t)(pb_put_text(record, TAG_IDEMPOTENCY, word) - record);
    spare->n = 0;
    futu_err err = pb_splice(pb->p, pb->n, c2s->tag, &edit, 1, spare);
    struct buf swap = *pb;
    *pb = *spare;
    *spare = swap;
    return err;
}
