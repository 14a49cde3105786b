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

const char *pb_wire_wanted(const struct pb_field *f)
{
    static const char *const what[] = {
        [PB_WIRE_VARINT] = "a varint is expected",
        [PB_WIRE_64] = "a 64-bit number is expected",
        [PB_WIRE_BYTES] = "bytes with their length are expected",
        [PB_WIRE_32] = "a 32-bit number is expected",
    };
    return what[pb_wire_of(f->type)];
}

bool pb_next_packed(struct pb_in *in, uint8_t type, struct pb_rec *r)
{
    enum pb_wire wire = pb_wire_of(type);
    if (wire == PB_WIRE_VARINT)
        return pb_get_varint(in, &r->v);
    return wire == PB_WIRE_64 ? pb_get_u64(in, &r->v) : pb_get_u32(in, &r->v);
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
