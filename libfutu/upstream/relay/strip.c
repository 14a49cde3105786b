/* strip.c - takes our own marks out of what clients see of their orders, and leaves those of a
 * gateway in front of us, which needs them; see access/mark.h.
 *
 * Tests:   test/unit/upstream/relay/strip_test.c
 */
#include "upstream/relay/state.h"

enum { TAG_REMARK = 18 };           /* of Trd_Common.Order */

static futu_err copy(struct buf *out, const uint8_t *from, const uint8_t *to)
{
    return buf_put(out, from, (size_t)(to - from));
}

/* One record of an order: a remark loses our mark. An empty one stays, as gateways write it for an
 * order without a remark. */
static futu_err put_order_field(const char *secret, const struct pb_rec *f, const uint8_t *start,
                                const uint8_t *end, struct buf *out)
{
    futu_str remark = { (const char *)f->p, f->n };
    futu_str m = f->tag == TAG_REMARK && f->wire == PB_WIRE_BYTES ? mark_in(remark) : STR_NULL;
    if (!m.p || !mark_is_own(secret, m))
        return copy(out, start, end);
    remark = mark_less(remark);
    return pb_append(out, TAG_REMARK, remark.p, remark.n);
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
