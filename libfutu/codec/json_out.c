/* json_out.c - protobuf bytes to JSON text by descriptor, without a tree in between; see codec.h.
 *
 * In:      bytes of a peer that nobody trusts.
 * Out:     compact, always valid JSON: text that is not UTF-8 gets U+FFFD for each bad byte.
 * How:     each message is surveyed at its own level (see wire_in.h), then its records are written
 *          in the order they have. Only when the values of a list do not stand together, or when a
 *          message comes in several parts, its bytes are first put in order in memory of their own.
 * Errors:  see codec.h; on an error `out` is as it was.
 * Threads: none; no state.
 * Tests:   test/unit/codec/json_test.c, test/fuzz/fuzz_pb_to_json.c
 */
#include "codec/base64.h"
#include "codec/codec.h"
#include "codec/json_text.h"
#include "codec/num.h"
#include "codec/wire_in.h"

struct jout {
    struct codec_ctx c;
    struct buf *out;
    size_t start;               /* of this call's text in `out` */
};

/* The records of one message, in the state of being written. */
struct writing {
    const futu_msg *m;
    struct pb_in all;           /* of a message that was put in order: its ordered bytes */
    struct pb_survey s;         /* s.n counts down to the last value of each field */
    size_t open;                /* the list being written, m->n_fields: none */
    bool first;                 /* no member yet */
};

static futu_err message(struct jout *j, const futu_msg *m, const uint8_t *p, size_t n,
                        const struct codec_path *up);

/* Room for n more characters under the limit. */
static futu_err room(struct jout *j, const struct codec_path *at, size_t n)
{
    if (n > j->c.limits.size - (j->out->n - j->start))
        return codec_fail(&j->c, at, FUTU_ELIMIT, "the JSON text is over %zu bytes",
                          j->c.limits.size);
    futu_err err = buf_reserve(j->out, n);
    return err ? codec_fail(&j->c, at, err, "the output: %s", futu_strerror(err)) : FUTU_OK;
}

static futu_err put(struct jout *j, const struct codec_path *at, const void *p, size_t n)
{
    futu_err err = room(j, at, n);
    if (err)
        return err;
    memcpy(j->out->p + j->out->n, p, n);
    j->out->n += n;
    return FUTU_OK;
}

/* ,"name": */
static futu_err put_name(struct jout *j, const struct codec_path *at, bool first)
{
    bool snake = j->c.spelling != CODEC_DECLARED;
    const char *name = snake ? at->field->snake : at->field->name;
    size_t n = snake ? at->field->n_snake : at->field->n_name;
    futu_err err = room(j, at, n + 4);
    if (err)
        return err;
    uint8_t *p = j->out->p + j->out->n;
    if (!first)
        *p++ = ',';
    *p++ = '"';
    memcpy(p, name, n);
    p += n;
    *p++ = '"';
    *p++ = ':';
    j->out->n = (size_t)(p - j->out->p);
    return FUTU_OK;
}

static futu_err put_string(struct jout *j, const struct codec_path *at, const uint8_t *p, size_t n)
{
    char esc[JSON_ESCAPE_MAX];
    futu_err err = put(j, at, "\"", 1);
    for (size_t i = 0; !err && i < n;) {
        size_t run = json_plain_run(p + i, n - i);
        err = put(j, at, p + i, run);
        i += run;
        if (!err && i < n)
            err = put(j, at, esc, json_escape(esc, p[i++]));
    }
    return err ? err : put(j, at, "\"", 1);
}

static futu_err put_bytes(struct jout *j, const struct codec_path *at, const uint8_t *p, size_t n)
{
    size_t size = BASE64_SIZE(n);
    futu_err err = room(j, at, size + 2);
    if (err)
        return err;
    char *out = (char *)j->out->p + j->out->n;
    *out = '"';
    base64_write(out + 1, p, n);
    out[1 + size] = '"';
    j->out->n += size + 2;
    return FUTU_OK;
}

static size_t quoted(char *out, size_t n)
{
    out[0] = out[1 + n] = '"';
    return n + 2;
}

/* The text of a number of the type; the value is checked by pb_number() before. 64 bits stand in
 * quotes, since many readers keep only 53 of them, or else `plain`. */
static size_t number_text(char *out, uint8_t type, bool plain, const void *v)
{
    switch ((enum pb_type)type) {
    case PB_INT32:
        return num_write_i64(out, *(const int32_t *)v);
    case PB_UINT32:
        return num_write_u64(out, *(const uint32_t *)v);
    case PB_INT64:
        return plain ? num_write_i64(out, *(const int64_t *)v)
                     : quoted(out, num_write_i64(out + 1, *(const int64_t *)v));
    case PB_UINT64:
        return plain ? num_write_u64(out, *(const uint64_t *)v)
                     : quoted(out, num_write_u64(out + 1, *(const uint64_t *)v));
    case PB_FLOAT:
        return num_write_float(out, *(const float *)v);
    case PB_DOUBLE:
        return num_write_double(out, *(const double *)v);
    default:                    /* PB_BOOL */
        memcpy(out, *(const bool *)v ? "true" : "false", 5);
        return *(const bool *)v ? 4 : 5;
    }
}

union number {
    uint64_t align;
    uint8_t bytes[8];
};

static futu_err get_number(struct jout *j, const struct codec_path *at, const struct pb_rec *r,
                           union number *v)
{
    const char *bad = pb_number(at->field->type, r, v);
    return bad ? codec_fail(&j->c, at, FUTU_EFORMAT, "%s", bad) : FUTU_OK;
}

static futu_err put_number(struct jout *j, const struct codec_path *at, const struct pb_rec *r)
{
    union number v;
    char text[NUM_MAX];
    futu_err err = get_number(j, at, r, &v);
    bool plain = j->c.spelling == CODEC_REST;
    return err ? err : put(j, at, text, number_text(text, at->field->type, plain, &v));
}

static futu_err put_value(struct jout *j, const struct codec_path *at, const struct pb_rec *r)
{
    if (at->field->type == PB_MESSAGE)
        return message(j, at->field->sub, r->p, r->n, at);
    if (at->field->type == PB_STRING)
        return put_string(j, at, r->p, r->n);
    if (at->field->type == PB_BYTES)
        return put_bytes(j, at, r->p, r->n);
    return put_number(j, at, r);
}

static futu_err put_element(struct jout *j, struct codec_path *here, const struct pb_rec *r)
{
    futu_err err = here->index ? put(j, here, ",", 1) : FUTU_OK;
    if (!err)
        err = put_value(j, here, r);
    here->index++;
    return err;
}

/* One record of the list that is open: one element, or many that are packed. */
static futu_err put_elements(struct jout *j, struct codec_path *here, const struct pb_rec *r)
{
    futu_err err = FUTU_OK;
    if (!pb_is_packed(here->field, r))
        return put_element(j, here, r);
    struct pb_in in = { r->p, r->p + r->n };
    while (!err && in.p < in.end) {
        struct pb_rec one;
        if (!pb_next_packed(&in, here->field->type, &one))
            return codec_fail(&j->c, here, FUTU_EFORMAT, "a packed number is cut off or too large");
        err = put_element(j, here, &one);
    }
    return err;
}

static futu_err put_parts(struct jout *j, const struct codec_path *at, const struct pb_in *all)
{
    struct buf sum = BUF_INIT;
    futu_err err = pb_gather(all->p, (size_t)(all->end - all->p), at->field->tag, &sum);
    if (err)
        err = codec_fail(&j->c, at, err, "%s", futu_strerror(err));
    else
        err = message(j, at->field->sub, sum.p ? sum.p : all->p, sum.n, at);
    buf_free(&sum);
    return err;
}

static futu_err put_singular(struct jout *j, struct writing *w, const struct codec_path *at,
                             size_t i, const struct pb_rec *r)
{
    uint32_t left = --w->s.n[i];        /* the last value of a field counts, the others do not */
    bool parts = left > 0 && at->field->type == PB_MESSAGE;
    union number unused;
    if (left > 0 && !parts)             /* but must be right as well */
        return at->field->type < PB_STRING ? get_number(j, at, r, &unused) : FUTU_OK;
    futu_err err = put_name(j, at, w->first);
    w->first = false;
    if (err)
        return err;
    if (!parts)
        return put_value(j, at, r);
    w->s.n[i] = 0;                      /* written whole with its first part */
    return put_parts(j, at, &w->all);
}

static futu_err close_list(struct jout *j, struct writing *w, struct codec_path *here)
{
    if (w->open == w->m->n_fields)
        return FUTU_OK;
    w->open = w->m->n_fields;
    here->index = CODEC_NO_INDEX;
    return put(j, here, "]", 1);
}

static futu_err put_record(struct jout *j, struct writing *w, struct codec_path *here, size_t i,
                           const struct pb_rec *r)
{
    const struct pb_field *f = &w->m->fields[i];
    futu_err err = FUTU_OK;
    if (w->s.n[i] == 0)                 /* done before, or packed and empty */
        return FUTU_OK;
    if (w->open != i)
        err = close_list(j, w, here);
    here->field = f;
    if (err || f->label != PB_REPEATED)
        return err ? err : put_singular(j, w, here, i, r);
    if (w->open != i) {
        err = put_name(j, here, w->first);
        if (!err)
            err = put(j, here, "[", 1);
        w->first = false;
        w->open = i;
        here->index = 0;
    }
    return err ? err : put_elements(j, here, r);
}

static futu_err put_records(struct jout *j, struct writing *w, struct codec_path *here)
{
    struct pb_in in = w->all;
    struct pb_rec r;
    size_t hint = 0;
    futu_err err = put(j, here, "{", 1);
    w->open = w->m->n_fields;
    w->first = true;
    while (!err && in.p < in.end && !pb_next(&in, &r)) {
        size_t i = pb_find(w->m, r.tag, &hint);
        if (i < w->m->n_fields)
            err = put_record(j, w, here, i, &r);
    }
    if (!err)
        err = close_list(j, w, here);
    return err ? err : put(j, here, "}", 1);
}

/* Sorts the records by field, which keeps the order inside each field; unknown ones fall out. */
static futu_err put_in_order(const futu_msg *m, const struct pb_in *all, struct buf *out)
{
    size_t at[PB_MAX_FIELDS] = { 0 }, hint = 0, sum = 0;
    struct pb_rec r;
    futu_err err = buf_reserve(out, (size_t)(all->end - all->p));
    for (int copy = 0; !err && copy < 2; copy++) {
        struct pb_in in = *all;
        while (in.p < in.end) {
            const uint8_t *p = in.p;
            if (pb_next(&in, &r))
                return FUTU_EFORMAT;    /* not after a survey */
            size_t i = pb_find(m, r.tag, &hint), n = (size_t)(in.p - p);
            if (i == m->n_fields)
                continue;
            if (copy)
                memcpy(out->p + at[i], p, n);
            at[i] += n;
        }
        for (size_t i = 0; !copy && i < m->n_fields; i++) {
            size_t n = at[i];
            at[i] = sum;
            sum += n;
        }
    }
    out->n = sum;
    return err;
}

static futu_err scattered(struct jout *j, struct writing *w, struct codec_path *here)
{
    struct buf ordered = BUF_INIT;
    futu_err err = put_in_order(w->m, &w->all, &ordered);
    if (err) {
        err = codec_fail(&j->c, here, err, "%s", futu_strerror(err));
    } else {
        w->all = (struct pb_in){ ordered.p, ordered.p + ordered.n };
        err = put_records(j, w, here);
    }
    buf_free(&ordered);
    return err;
}

static futu_err message(struct jout *j, const futu_msg *m, const uint8_t *p, size_t n,
                        const struct codec_path *up)
{
    struct codec_path here;
    struct writing w;
    futu_err err = codec_enter(&j->c, &here, up);
    if (!err)
        err = pb_survey(&j->c, &here, m, p, n, &w.s);
    if (err)
        return err;
    w.m = m;
    w.all = (struct pb_in){ p, p + n };
    return w.s.scattered ? scattered(j, &w, &here) : put_records(j, &w, &here);
}

futu_err codec_to_json(const futu_msg *m, const void *p, size_t n, enum codec_spelling spelling,
                       struct buf *out, const struct codec_limits *limits, struct codec_error *e)
{
    struct jout j = { .out = out, .start = out->n };
    codec_ctx_init(&j.c, spelling, limits, e);
    futu_err err = message(&j, m, p ? p : "", n, NULL);
    if (err)
        out->n = j.start;
    return err;
}
