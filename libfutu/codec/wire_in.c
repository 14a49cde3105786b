/* wire_in.c - see wire_in.h. */
#include "codec/wire_in.h"

bool pb_get_varint_long(struct pb_in *in, uint64_t *v)
{
    *v = 0;
    for (unsigned shift = 0; shift < 64 && in->p < in->end; shift += 7) {
        uint8_t b = *in->p++;
        if (shift == 63 && b > 1)
            return false;
        *v |= (uint64_t)(b & 0x7f) << shift;
        if (b < 0x80)
            return true;
    }
    return false;
}

const char *pb_next(struct pb_in *in, struct pb_rec *r)
{
    uint64_t key, n;
    if (!pb_get_varint(in, &key) || key > UINT32_MAX)
        return "a field key is cut off or too large";
    r->tag = (uint32_t)(key >> 3);
    r->wire = key & 7;
    r->v = 0;
    if (r->tag == 0)
        return "field number 0";
    switch (r->wire) {
    case PB_WIRE_VARINT:
        return pb_get_varint(in, &r->v) ? NULL : "a varint is cut off or over 64 bits";
    case PB_WIRE_64:
        return pb_get_fixed(in, 8, &r->v) ? NULL : "a 64-bit number is cut off";
    case PB_WIRE_32:
        return pb_get_fixed(in, 4, &r->v) ? NULL : "a 32-bit number is cut off";
    case PB_WIRE_BYTES:
        if (!pb_get_varint(in, &n) || n > (size_t)(in->end - in->p))
            return "a length goes past the end";
        r->p = in->p;
        r->n = (size_t)n;
        in->p += n;
        return NULL;
    default:
        return r->wire <= PB_WIRE_END_GROUP ? "groups are not part of the protocol"
                                            : "unknown wire type";
    }
}

enum pb_wire pb_wire_of(uint8_t type)
{
    static const uint8_t wire[] = {
        [PB_INT32] = PB_WIRE_VARINT,  [PB_INT64] = PB_WIRE_VARINT, [PB_UINT32] = PB_WIRE_VARINT,
        [PB_UINT64] = PB_WIRE_VARINT, [PB_BOOL] = PB_WIRE_VARINT,  [PB_FLOAT] = PB_WIRE_32,
        [PB_DOUBLE] = PB_WIRE_64,     [PB_STRING] = PB_WIRE_BYTES, [PB_BYTES] = PB_WIRE_BYTES,
        [PB_MESSAGE] = PB_WIRE_BYTES,
    };
    return wire[type];
}

const char *pb_wire_mismatch(const struct pb_field *f, const struct pb_rec *r)
{
    static const char *const what[] = {
        [PB_WIRE_VARINT] = "a varint is expected",
        [PB_WIRE_64] = "a 64-bit number is expected",
        [PB_WIRE_BYTES] = "bytes with their length are expected",
        [PB_WIRE_32] = "a 32-bit number is expected",
    };
    enum pb_wire want = pb_wire_of(f->type);
    return r->wire == want || pb_is_packed(f, r) ? NULL : what[want];
}

bool pb_next_packed(struct pb_in *in, uint8_t type, struct pb_rec *r)
{
    enum pb_wire wire = pb_wire_of(type);
    return wire == PB_WIRE_VARINT ? pb_get_varint(in, &r->v)
                                  : pb_get_fixed(in, wire == PB_WIRE_64 ? 8 : 4, &r->v);
}

const char *pb_number(uint8_t type, const struct pb_rec *r, void *out)
{
    uint32_t w = (uint32_t)r->v;
    switch ((enum pb_type)type) {
    case PB_INT32:              /* some writers leave out the upper half of a negative one */
        if (r->v > UINT32_MAX && r->v < (uint64_t)INT64_C(-0x80000000))
            return "the number does not fit into int32";
        memcpy(out, &w, sizeof(w));
        return NULL;
    case PB_UINT32:
        if (r->v > UINT32_MAX)
            return "the number does not fit into uint32";
        memcpy(out, &w, sizeof(w));
        return NULL;
    case PB_FLOAT:
        memcpy(out, &w, sizeof(w));
        return NULL;
    case PB_BOOL:
        *(bool *)out = r->v != 0;
        return NULL;
    case PB_INT64:
    case PB_UINT64:
    case PB_DOUBLE:
        memcpy(out, &r->v, sizeof(r->v));
        return NULL;
    default:
        return "not a number";
    }
}

/* How many numbers a packed record holds; false when its length can't be right. */
static bool count_packed(const struct pb_field *f, const struct pb_rec *r, size_t *n)
{
    enum pb_wire wire = pb_wire_of(f->type);
    size_t step = wire == PB_WIRE_64 ? 8 : 4;
    *n = 0;
    if (wire != PB_WIRE_VARINT) {
        *n = r->n / step;
        return r->n % step == 0;
    }
    for (size_t i = 0; i < r->n; i++)
        *n += r->p[i] < 0x80;
    return r->n == 0 || r->p[r->n - 1] < 0x80;
}

static futu_err survey_record(struct codec_ctx *c, struct codec_path *here,
                              const struct pb_field *f, const struct pb_rec *r, uint32_t *total)
{
    size_t k = 1;
    here->field = f;
    const char *bad = pb_wire_mismatch(f, r);
    if (!bad && pb_is_packed(f, r) && !count_packed(f, r, &k))
        bad = "packed numbers are cut off";
    if (bad)
        return codec_fail(c, here, FUTU_EFORMAT, "%s", bad);
    if (f->label == PB_REPEATED) {
        futu_err err = codec_count(c, here, k);
        if (err)
            return err;
    }
    *total += (uint32_t)k;
    return FUTU_OK;
}

futu_err pb_survey(struct codec_ctx *c, struct codec_path *here, const futu_msg *m,
                   const uint8_t *p, size_t n, struct pb_survey *s)
{
    struct pb_in in = { p, p + n };
    struct pb_rec r;
    size_t hint = 0, last = m->n_fields;
    memset(s->n, 0, m->n_fields * sizeof(s->n[0]));
    s->seen = (struct pb_set){ { 0 } };
    s->scattered = false;
    while (in.p < in.end) {
        here->field = NULL;
        const char *bad = pb_next(&in, &r);
        if (bad)
            return codec_fail(c, here, FUTU_EFORMAT, "%s", bad);
        size_t i = pb_find(m, r.tag, &hint);
        if (i == m->n_fields)
            continue;
        futu_err err = survey_record(c, here, &m->fields[i], &r, &s->n[i]);
        if (err)
            return err;
        s->scattered |= i != last && m->fields[i].label == PB_REPEATED && pb_set_has(&s->seen, i);
        pb_set_add(&s->seen, i);
        last = i;
    }
    return codec_missing(c, here, m, &s->seen);
}

futu_err pb_gather(const uint8_t *p, size_t n, uint32_t tag, struct buf *out)
{
    struct pb_in in = { p, p + n };
    struct pb_rec r;
    futu_err err = FUTU_OK;
    while (!err && in.p < in.end && !pb_next(&in, &r))
        if (r.tag == tag)
            err = buf_put(out, r.p, r.n);
    return err;
}
