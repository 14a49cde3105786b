/* header.c - see header.h. */
#include "surface/header.h"

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
