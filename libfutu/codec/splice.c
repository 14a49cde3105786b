/* splice.c - see splice.h.
 *
 * Tests:   test/unit/codec/splice_test.c
 */
#include "codec/splice.h"

#include "codec/registry.h"

static size_t edit_of(const struct pb_edit *edits, size_t n, uint32_t tag)
{
    for (size_t i = 0; i < n; i++)
        if (edits[i].tag == tag)
            return i;
    return n;
}

/* The inner message with its edits, appended. */
static futu_err edit_inner(futu_str in, const struct pb_edit *edits, size_t n, struct buf *out)
{
    struct pb_in it = pb_in_str(in);
    bool done[PB_EDITS] = { false };
    futu_err err = FUTU_OK;
    while (it.p < it.end && !err) {
        const uint8_t *start = it.p;
        struct pb_rec r;
        if (pb_next(&it, &r))
            return FUTU_EFORMAT;
        size_t i = edit_of(edits, n, r.tag);
        if (i == n) {
            err = buf_put(out, start, (size_t)(it.p - start));
        } else if (!done[i] && edits[i].p) {
            err = buf_put(out, edits[i].p, edits[i].n);
            done[i] = true;
        }
    }
    for (size_t i = 0; i < n && !err; i++)
        if (!done[i] && edits[i].p)
            err = buf_put(out, edits[i].p, edits[i].n);
    return err;
}

futu_err pb_splice(const uint8_t *p, size_t n, uint32_t outer, const struct pb_edit *edits,
                   size_t n_edits, struct buf *out)
{
    struct pb_in it = pb_in_str((futu_str){ (const char *)p, n });
    size_t before = out->n, at;
    bool found = false;
    futu_err err = n_edits > PB_EDITS ? FUTU_EINVAL : FUTU_OK;
    while (it.p < it.end && !err) {
        const uint8_t *start = it.p;
        struct pb_rec r;
        if (pb_next(&it, &r)) {
            err = FUTU_EFORMAT;
        } else if (r.tag != outer || r.wire != PB_WIRE_BYTES || found) {
            err = buf_put(out, start, (size_t)(it.p - start));
        } else {
            found = true;
            err = pb_open(out, outer, &at);
            if (!err)
                err = edit_inner((futu_str){ (const char *)r.p, r.n }, edits, n_edits, out);
            if (!err)
                err = pb_close(out, at);
        }
    }
    if (!err && !found)
        err = FUTU_EFORMAT;
    if (err)
        out->n = before;
    return err;
}

futu_err pb_append(struct buf *out, uint32_t tag, const void *p, size_t n)
{
    futu_err err = buf_reserve(out, PB_MAX_SCALAR + n);
    if (err)
        return err;
    out->n = (size_t)(pb_put_varint(pb_put_key(out->p + out->n, tag, PB_WIRE_BYTES), n) - out->p);
    return buf_put(out, p, n);
}

bool pb_first(futu_str message, uint32_t tag, struct pb_rec *out)
{
    struct pb_in it = pb_in_str(message);
    while (it.p < it.end) {
        *out = (struct pb_rec){ .tag = 0 };
        if (pb_next(&it, out))
            return false;
        if (out->tag == tag)
            return true;
    }
    return false;
}

bool pb_inner(const uint8_t *p, size_t n, uint32_t outer, uint32_t tag, struct pb_rec *out)
{
    struct pb_rec r;
    return pb_first((futu_str){ (const char *)p, n }, outer, &r) && r.wire == PB_WIRE_BYTES &&
           pb_first((futu_str){ (const char *)r.p, r.n }, tag, out);
}

int32_t response_ret(const uint8_t *body, size_t n)
{
    struct pb_rec r;
    bool there = pb_first((futu_str){ (const char *)body, n }, TAG_RET, &r);
    return there && r.wire == PB_WIRE_VARINT ? (int32_t)r.v : RET_UNKNOWN;
}

futu_str response_text(const uint8_t *body, size_t n)
{
    struct pb_rec r;
    bool there = pb_first((futu_str){ (const char *)body, n }, TAG_TEXT, &r);
    return there && r.wire == PB_WIRE_BYTES ? (futu_str){ (const char *)r.p, r.n } : STR("");
}
