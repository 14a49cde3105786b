/* encode.c - a C struct to protobuf bytes, by descriptor, in one pass; see codec.h.
 *
 * In:      a struct that matches the descriptor, and everything that it points to.
 * Out:     bytes behind those already in `out`; on an error `out` is as it was.
 * Errors:  FUTU_EFORMAT for a missing required field; FUTU_ENOMEM, FUTU_ELIMIT from the buffer.
 * Threads: none; no state.
 * Tests:   test/unit/codec/encode_test.c
 */
#include "codec/codec.h"
#include "codec/ctx.h"
#include "codec/wire_out.h"

struct enc {
    struct codec_ctx c;
    struct buf *out;
};

static futu_err message(struct enc *e, const futu_msg *m, const char *in,
                        const struct codec_path *up);

static futu_err full(struct enc *e, const struct codec_path *at, futu_err err)
{
    return codec_fail(&e->c, at, err, "the output: %s", futu_strerror(err));
}

static futu_err text(struct enc *e, const struct pb_field *f, const futu_str *s)
{
    futu_err err = s->n > SIZE_MAX / 2 ? FUTU_ENOMEM
                                       : buf_reserve(e->out, PB_MAX_SCALAR + s->n);
    if (err)
        return err;
    uint8_t *p = pb_put_key(e->out->p + e->out->n, f->tag, PB_WIRE_BYTES);
    p = pb_put_varint(p, s->n);
    if (s->n)
        memcpy(p, s->p, s->n);
    e->out->n = (size_t)(p - e->out->p) + s->n;
    return FUTU_OK;
}

static futu_err sub_message(struct enc *e, const struct codec_path *here, const char *in)
{
    size_t at;
    futu_err err = pb_open(e->out, here->field->tag, &at);
    if (err)
        return full(e, here, err);
    err = message(e, here->field->sub, in, here);
    if (err)
        return err;
    err = pb_close(e->out, at);
    return err ? full(e, here, err) : FUTU_OK;
}

/* One value of here->field at `in`: a number, a futu_str or a struct. */
static futu_err value(struct enc *e, const struct codec_path *here, const char *in)
{
    const struct pb_field *f = here->field;
    futu_err err;
    if (f->type == PB_MESSAGE)
        return sub_message(e, here, in);
    if (f->type == PB_STRING || f->type == PB_BYTES) {
        err = text(e, f, (const futu_str *)(const void *)in);
        return err ? full(e, here, err) : FUTU_OK;
    }
    err = buf_reserve(e->out, PB_MAX_SCALAR);
    if (err)
        return full(e, here, err);
    uint8_t *end = pb_put_scalar(e->out->p + e->out->n, f->tag, f->type, in);
    e->out->n = (size_t)(end - e->out->p);
    return FUTU_OK;
}

static futu_err elements(struct enc *e, struct codec_path *here, const char *in)
{
    const struct pb_field *f = here->field;
    size_t n, step = pb_value_size(f);
    memcpy(&n, in + f->off_has, sizeof(n));
    const char *p = pb_get_ptr(in + f->off);
    if (n && !p)
        return codec_fail(&e->c, here, FUTU_EFORMAT, "%zu elements announced, none given", n);
    for (size_t i = 0; i < n; i++) {
        here->index = i;
        futu_err err = value(e, here, p + i * step);
        if (err)
            return err;
    }
    here->index = CODEC_NO_INDEX;
    return FUTU_OK;
}

/* Where the singular value stands, NULL: absent. */
static const char *singular(const struct pb_field *f, const char *in)
{
    if (f->type == PB_MESSAGE)
        return pb_get_ptr(in + f->off);
    if (f->type == PB_STRING || f->type == PB_BYTES)
        return ((const futu_str *)(const void *)(in + f->off))->p ? in + f->off : NULL;
    return *(const bool *)(in + f->off_has) ? in + f->off : NULL;
}

static futu_err message(struct enc *e, const futu_msg *m, const char *in,
                        const struct codec_path *up)
{
    struct codec_path here;
    futu_err err = codec_enter(&e->c, &here, up);
    for (size_t i = 0; !err && i < m->n_fields; i++) {
        const struct pb_field *f = here.field = &m->fields[i];
        const char *p;
        if (f->label == PB_REPEATED)
            err = elements(e, &here, in);
        else if ((p = singular(f, in)) != NULL)
            err = value(e, &here, p);
        else if (f->label == PB_REQUIRED)
            err = codec_fail(&e->c, &here, FUTU_EFORMAT, "required and missing");
    }
    return err;
}

futu_err codec_encode(const futu_msg *m, const void *in, struct buf *out, struct codec_error *err)
{
    struct enc e = { .out = out };
    size_t start = out->n;
    codec_ctx_init(&e.c, CODEC_DECLARED, NULL, err);
    futu_err rc = message(&e, m, in, NULL);
    if (rc)
        out->n = start;
    return rc;
}
