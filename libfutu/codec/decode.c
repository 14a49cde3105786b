/* decode.c - protobuf bytes to a C struct, and the same checks without memory; see codec.h.
 *
 * In:      bytes of a peer that nobody trusts.
 * Out:     the struct; its texts, lists and messages are in the arena, so the bytes may go away.
 * How:     a message with lists or messages in it is walked twice at its own level: once to count,
 *          so that each list is one array of the right size, once to fill. A singular message that
 *          comes in several parts is put together first, the rare case that takes extra memory.
 * Errors:  see codec.h. The arena keeps what a failed call took, until its reset.
 * Threads: none; no state.
 * Tests:   test/unit/codec/decode_test.c, test/fuzz/fuzz_pb_decode.c
 */
#include "codec/codec.h"
#include "codec/wire_in.h"

struct dec {
    struct codec_ctx c;
    struct arena *a;            /* NULL: check only, and every `out` is NULL too */
    size_t taken;               /* of limits.size */
};

static futu_err message(struct dec *d, const futu_msg *m, const uint8_t *p, size_t n, char *out,
                        const struct codec_path *up);

/* Memory for n values of `size` bytes each; NULL and *err: over a limit, or out of memory. */
static void *take(struct dec *d, const struct codec_path *at, size_t n, size_t size, futu_err *err)
{
    size_t left = d->c.limits.size - d->taken;
    if (d->a->limit)
        left = MIN(left, d->a->limit - d->a->used);
    if (n > left / size) {
        *err = codec_fail(&d->c, at, FUTU_ELIMIT, "takes more memory than is allowed");
        return NULL;
    }
    void *p = arena_alloc(d->a, n * size);
    if (!p)                     /* over the limit after rounding up, or no memory */
        *err = codec_fail(&d->c, at, d->a->limit ? FUTU_ELIMIT : FUTU_ENOMEM, "out of memory");
    else
        d->taken += n * size;
    return p;
}

static futu_err text(struct dec *d, const struct codec_path *at, const struct pb_rec *r, char *out)
{
    futu_err err = FUTU_OK;
    if (!out)
        return FUTU_OK;
    char *p = take(d, at, r->n + 1, 1, &err);
    if (!p)
        return err;
    memcpy(p, r->p, r->n);
    *(futu_str *)(void *)out = (futu_str){ p, r->n };
    return FUTU_OK;
}

/* One value into `out`: a number, a futu_str or a struct. */
static futu_err value(struct dec *d, const struct codec_path *here, const struct pb_rec *r,
                      char *out)
{
    const struct pb_field *f = here->field;
    uint64_t unused;
    if (f->type == PB_MESSAGE)
        return message(d, f->sub, r->p, r->n, out, here);
    if (f->type == PB_STRING || f->type == PB_BYTES)
        return text(d, here, r, out);
    const char *bad = pb_number(f->type, r, out ? (void *)out : &unused);
    return bad ? codec_fail(&d->c, here, FUTU_EFORMAT, "%s", bad) : FUTU_OK;
}

static futu_err element(struct dec *d, struct codec_path *here, const struct pb_rec *r, char *array,
                        uint32_t *n)
{
    here->index = (*n)++;
    return value(d, here, r, array ? array + here->index * pb_value_size(here->field) : NULL);
}

static futu_err repeated(struct dec *d, struct codec_path *here, const struct pb_rec *r, char *out,
                         uint32_t *n)
{
    const struct pb_field *f = here->field;
    char *array = out ? pb_get_ptr(out + f->off) : NULL;
    futu_err err = FUTU_OK;
    if (!pb_is_packed(f, r))
        return element(d, here, r, array, n);
    struct pb_in in = { r->p, r->p + r->n };
    while (!err && in.p < in.end) {
        struct pb_rec one;
        here->index = *n;
        if (!pb_next_packed(&in, f->type, &one))
            return codec_fail(&d->c, here, FUTU_EFORMAT, "a packed number is cut off or too large");
        err = element(d, here, &one, array, n);
    }
    return err;
}

/* A message in several parts; p, n is the message around them. */
static futu_err from_parts(struct dec *d, const struct codec_path *here, const uint8_t *p, size_t n,
                           char *sub)
{
    struct buf all = BUF_INIT;
    futu_err err = pb_gather(p, n, here->field->tag, &all);
    if (err)
        err = codec_fail(&d->c, here, err, "%s", futu_strerror(err));
    else
        err = message(d, here->field->sub, all.p ? all.p : p, all.n, sub, here);
    buf_free(&all);
    return err;
}

static futu_err singular(struct dec *d, const struct codec_path *here, const struct pb_rec *r,
                         char *out)
{
    const struct pb_field *f = here->field;
    if (out && f->type < PB_STRING)
        *(bool *)(out + f->off_has) = true;
    return value(d, here, r, out ? out + f->off : NULL);
}

/* Memory of a singular message, already known to the struct around it. */
static char *sub_struct(struct dec *d, const struct codec_path *here, char *out, futu_err *err)
{
    const struct pb_field *f = here->field;
    char *sub = out ? take(d, here, 1, f->sub->size, err) : NULL;
    if (sub)
        pb_put_ptr(out + f->off, sub);
    return sub;
}

static futu_err arrays(struct dec *d, struct codec_path *here, const futu_msg *m,
                       struct pb_survey *s, char *out)
{
    for (size_t i = 0; i < m->n_fields; i++) {
        const struct pb_field *f = &m->fields[i];
        size_t n = s->n[i];
        futu_err err = FUTU_OK;
        if (f->label != PB_REPEATED || n == 0)
            continue;
        s->n[i] = 0;            /* from here on: how many are filled */
        if (!out)
            continue;
        here->field = f;
        void *p = take(d, here, n, pb_value_size(f), &err);
        if (!p)
            return err;
        pb_put_ptr(out + f->off, p);
        memcpy(out + f->off_has, &n, sizeof(n));
    }
    return FUTU_OK;
}

/* Only singular numbers and texts: one walk is enough. */
static futu_err flat(struct dec *d, const futu_msg *m, const uint8_t *p, size_t n, char *out,
                     struct codec_path *here)
{
    struct pb_in in = { p, p + n };
    struct pb_set seen = { { 0 } };
    struct pb_rec r;
    size_t hint = 0;
    while (in.p < in.end) {
        here->field = NULL;
        const char *bad = pb_next(&in, &r);
        if (bad)
            return codec_fail(&d->c, here, FUTU_EFORMAT, "%s", bad);
        size_t i = pb_find(m, r.tag, &hint);
        if (i == m->n_fields)
            continue;
        here->field = &m->fields[i];
        bad = pb_wire_mismatch(here->field, &r);
        if (bad)
            return codec_fail(&d->c, here, FUTU_EFORMAT, "%s", bad);
        pb_set_add(&seen, i);
        futu_err err = singular(d, here, &r, out);
        if (err)
            return err;
    }
    return codec_missing(&d->c, here, m, &seen);
}

/* One record of a surveyed message. */
static futu_err record(struct dec *d, struct codec_path *here, const struct pb_rec *r,
                       struct pb_survey *s, size_t i, const uint8_t *p, size_t n, char *out)
{
    const struct pb_field *f = here->field;
    futu_err err = FUTU_OK;
    here->index = CODEC_NO_INDEX;
    if (f->label == PB_REPEATED)
        return repeated(d, here, r, out, &s->n[i]);
    if (f->type != PB_MESSAGE)
        return singular(d, here, r, out);
    if (s->n[i] == 0)           /* a later part of one that is done */
        return FUTU_OK;
    bool parts = s->n[i] > 1;
    s->n[i] = 0;
    char *sub = sub_struct(d, here, out, &err);
    if (err)
        return err;
    return parts ? from_parts(d, here, p, n, sub) : value(d, here, r, sub);
}

static futu_err nested(struct dec *d, const futu_msg *m, const uint8_t *p, size_t n, char *out,
                       struct codec_path *here)
{
    struct pb_in in = { p, p + n };
    struct pb_survey s;
    struct pb_rec r;
    size_t hint = 0;
    futu_err err = pb_survey(&d->c, here, m, p, n, &s);
    if (!err)
        err = arrays(d, here, m, &s, out);
    while (!err && in.p < in.end && !pb_next(&in, &r)) {
        size_t i = pb_find(m, r.tag, &hint);
        if (i == m->n_fields)
            continue;
        here->field = &m->fields[i];
        err = record(d, here, &r, &s, i, p, n, out);
    }
    return err;
}

static futu_err message(struct dec *d, const futu_msg *m, const uint8_t *p, size_t n, char *out,
                        const struct codec_path *up)
{
    struct codec_path here;
    futu_err err = codec_enter(&d->c, &here, up);
    if (err)
        return err;
    return m->flat ? flat(d, m, p, n, out, &here) : nested(d, m, p, n, out, &here);
}

futu_err codec_decode(const futu_msg *m, struct arena *a, const void *p, size_t n, void *out,
                      const struct codec_limits *limits, struct codec_error *e)
{
    struct dec d = { .a = a };
    codec_ctx_init(&d.c, CODEC_DECLARED, limits, e);
    memset(out, 0, m->size);
    return message(&d, m, p ? p : "", n, out, NULL);
}

futu_err codec_check(const futu_msg *m, const void *p, size_t n, const struct codec_limits *limits,
                     struct codec_error *e)
{
    struct dec d = { .a = NULL };
    codec_ctx_init(&d.c, CODEC_DECLARED, limits, e);
    return message(&d, m, p ? p : "", n, NULL, NULL);
}
