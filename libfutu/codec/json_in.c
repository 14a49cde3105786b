/* json_in.c - JSON text to protobuf bytes by descriptor, without a tree in between; see codec.h.
 *
 * In:      text of a peer that nobody trusts.
 * Out:     the fields in the order of the text's members.
 * Errors:  see codec.h; on an error `out` is as it was.
 * Threads: none; no state.
 * Tests:   test/unit/codec/json_test.c, test/fuzz/fuzz_json_to_pb.c
 */
#include <float.h>
#include <math.h>

#include "codec/base64.h"
#include "codec/codec.h"
#include "codec/ctx.h"
#include "codec/json_lex.h"
#include "codec/num.h"
#include "codec/wire_out.h"

#define NAME_MAX_SHOWN 64       /* of an unknown member in an error */

struct jin {
    struct codec_ctx c;
    struct json_lex lx;
    const char *text;
    struct buf *out;
    size_t start;               /* of this call's bytes in `out` */
};

static futu_err object(struct jin *j, const futu_msg *m, const struct codec_path *up);

/* A reason that is about the text itself. */
static futu_err fail(const struct jin *j, const struct codec_path *at, const char *what)
{
    return codec_fail(&j->c, at, FUTU_EFORMAT, "%s at byte %zu", what,
                      (size_t)(j->lx.p - j->text));
}

/* A reason that is about the value of the field. */
static futu_err want(const struct jin *j, const struct codec_path *at, const char *what)
{
    return codec_fail(&j->c, at, FUTU_EFORMAT, "%s", what);
}

static futu_err over(const struct jin *j, const struct codec_path *at)
{
    return codec_fail(&j->c, at, FUTU_ELIMIT, "the message is over %zu bytes", j->c.limits.size);
}

static futu_err full(const struct jin *j, const struct codec_path *at, futu_err err)
{
    return codec_fail(&j->c, at, err, "the output: %s", futu_strerror(err));
}

static futu_err put(struct jin *j, const struct codec_path *at, const void *p, size_t n)
{
    if (n > j->c.limits.size - (j->out->n - j->start))
        return over(j, at);
    futu_err err = buf_put(j->out, p, n);
    return err ? full(j, at, err) : FUTU_OK;
}

/* Opening and closing adds a few bytes, so the limit is looked at behind them. */
static futu_err within(const struct jin *j, const struct codec_path *at, futu_err err)
{
    if (err)
        return full(j, at, err);
    return j->out->n - j->start > j->c.limits.size ? over(j, at) : FUTU_OK;
}

static futu_err open_bytes(struct jin *j, const struct codec_path *here, size_t *at)
{
    return within(j, here, pb_open(j->out, here->field->tag, at));
}

static futu_err close_bytes(struct jin *j, const struct codec_path *here, size_t at)
{
    return within(j, here, pb_close(j->out, at));
}

static futu_err sub_message(struct jin *j, const struct codec_path *here)
{
    size_t at;
    futu_err err = open_bytes(j, here, &at);
    if (!err)
        err = object(j, here->field->sub, here);
    return err ? err : close_bytes(j, here, at);
}

static futu_err string(struct jin *j, const struct codec_path *here)
{
    char esc[4];
    futu_str piece;
    size_t at;
    if (!json_take(&j->lx, '"'))
        return want(j, here, "a string is expected");
    futu_err err = open_bytes(j, here, &at);
    while (!err) {
        const char *bad = json_piece(&j->lx, esc, &piece);
        if (bad)
            return fail(j, here, bad);
        if (piece.n == 0)
            break;
        err = put(j, here, piece.p, piece.n);
    }
    if (!err && here->field->type == PB_BYTES) {
        uint8_t *p = j->out->p + at;
        size_t n = j->out->n - at;
        if (!base64_read(p, (const char *)p, n, &n))
            return want(j, here, "base64 with its padding is expected");
        j->out->n = at + n;
    }
    return err ? err : close_bytes(j, here, at);
}

/* The characters of a string without escapes; numbers are written so. */
static bool plain_string(struct jin *j, futu_str *s)
{
    const char *p = j->lx.p;
    if (p == j->lx.end || *p++ != '"')
        return false;
    s->p = p;
    while (p < j->lx.end && *p != '"' && *p != '\\')
        p++;
    s->n = (size_t)(p - s->p);
    if (p == j->lx.end || *p != '"')
        return false;
    j->lx.p = p + 1;
    return true;
}

union number {
    int32_t i32;
    uint32_t u32;
    int64_t i64;
    uint64_t u64;
    float f;
    double d;
    bool b;
};

/* The reason why the text of a JSON integer is none of the type, or NULL. */
static const char *read_integer(uint8_t type, futu_str s, union number *v)
{
    int64_t i;
    uint64_t u;
    switch ((enum pb_type)type) {
    case PB_INT32:
        if (!num_read_i64(s, &i) || i < INT32_MIN || i > INT32_MAX)
            return "out of the range of int32";
        v->i32 = (int32_t)i;
        return NULL;
    case PB_UINT32:
        if (!num_read_u64(s, &u) || u > UINT32_MAX)
            return "out of the range of uint32";
        v->u32 = (uint32_t)u;
        return NULL;
    case PB_INT64:
        return num_read_i64(s, &v->i64) ? NULL : "out of the range of int64";
    default:
        return num_read_u64(s, &v->u64) ? NULL : "out of the range of uint64";
    }
}

static bool named_double(futu_str s, double *d)
{
    if (str_is(s, "NaN"))
        *d = (double)NAN;
    else if (str_is(s, "Infinity"))
        *d = (double)INFINITY;
    else if (str_is(s, "-Infinity"))
        *d = -(double)INFINITY;
    else
        return false;
    return true;
}

/* A float or double; `s` is a number, or one of the three names when it was in quotes. */
static const char *read_real(uint8_t type, futu_str s, bool named, union number *v)
{
    double d;
    bool ok;
    if (named && named_double(s, &d)) {
        if (type == PB_FLOAT)
            v->f = (float)d;
        else
            v->d = d;
        return NULL;
    }
    ok = type == PB_FLOAT ? num_read_float(s, &v->f) : num_read_double(s, &v->d);
    if (ok)
        return NULL;
    return type == PB_FLOAT ? "out of the range of float" : "out of the range of double";
}

static bool is_real(uint8_t type)
{
    return type == PB_FLOAT || type == PB_DOUBLE;
}

/* Takes the text of a number, in quotes or not; the reason why there is none, or NULL. */
static const char *number_text(struct jin *j, uint8_t type, futu_str *s, bool *in_quotes)
{
    const char *expected = is_real(type) ? "a number is expected" : "an integer is expected";
    bool integer;
    *in_quotes = json_peek(&j->lx) == '"';
    if (*in_quotes) {
        double d;
        if (!plain_string(j, s))
            return expected;
        if (is_real(type) && named_double(*s, &d))
            return NULL;
        return s->n && num_scan(*s, &integer) == s->n && (integer || is_real(type)) ? NULL
                                                                                    : expected;
    }
    *s = (futu_str){ j->lx.p, (size_t)(j->lx.end - j->lx.p) };
    s->n = num_scan(*s, &integer);
    if (s->n == 0)
        return expected;
    j->lx.p += s->n;
    return integer || is_real(type) ? NULL : expected;
}

static const char *boolean(struct jin *j, union number *v)
{
    v->b = json_word(&j->lx, STR("true"));
    return v->b || json_word(&j->lx, STR("false")) ? NULL : "true or false is expected";
}

static futu_err number(struct jin *j, const struct codec_path *here)
{
    uint8_t type = here->field->type;
    union number v;
    futu_str s;
    bool in_quotes;
    const char *bad;
    if (type == PB_BOOL) {
        bad = boolean(j, &v);
    } else {
        bad = number_text(j, type, &s, &in_quotes);
        if (!bad)
            bad = is_real(type) ? read_real(type, s, in_quotes, &v) : read_integer(type, s, &v);
    }
    if (bad)
        return want(j, here, bad);
    uint8_t bytes[PB_MAX_SCALAR];
    uint8_t *end = pb_put_scalar(bytes, here->field->tag, type, &v);
    return put(j, here, bytes, (size_t)(end - bytes));
}

static futu_err value(struct jin *j, const struct codec_path *here)
{
    if (json_peek(&j->lx) == 'n' && json_word(&j->lx, STR("null")))
        return want(j, here, "null is not a value; leave the member out");
    switch (here->field->type) {
    case PB_MESSAGE:
        return sub_message(j, here);
    case PB_STRING:
    case PB_BYTES:
        return string(j, here);
    default:
        return number(j, here);
    }
}

static futu_err list(struct jin *j, struct codec_path *here)
{
    if (json_peek(&j->lx) == 'n' && json_word(&j->lx, STR("null")))
        return want(j, here, "null is not a value; leave the member out");
    if (!json_take(&j->lx, '['))
        return want(j, here, "a list is expected");
    if (json_take(&j->lx, ']'))
        return FUTU_OK;
    for (here->index = 0;; here->index++) {
        futu_err err = codec_count(&j->c, here, 1);
        if (!err)
            err = value(j, here);
        if (err)
            return err;
        if (json_take(&j->lx, ']'))
            return FUTU_OK;
        if (!json_take(&j->lx, ','))
            return fail(j, here, "',' or ']' is expected");
    }
}

static bool spelled(const struct pb_field *f, enum codec_spelling spelling, futu_str name)
{
    return (f->n_name == name.n && memcmp(f->name, name.p, name.n) == 0) ||
           (f->n_camel == name.n && memcmp(f->camel, name.p, name.n) == 0) ||
           (spelling == CODEC_SNAKE && f->n_snake == name.n &&
            memcmp(f->snake, name.p, name.n) == 0);
}

/* The index of the field, m->n_fields: none. Members mostly come in the order of the fields. */
static size_t find_name(const struct jin *j, const futu_msg *m, futu_str name, size_t hint)
{
    for (size_t i = hint; i < m->n_fields && i < hint + 2; i++)
        if (spelled(&m->fields[i], j->c.spelling, name))
            return i;
    const struct pb_field *f = codec_field(m, name);
    if (f)
        return (size_t)(f - m->fields);
    size_t i = 0;
    while (i < m->n_fields && !spelled(&m->fields[i], j->c.spelling, name))
        i++;
    return i;
}

static const char *nearest(const struct jin *j, const futu_msg *m, futu_str name)
{
    const char *best = NULL;
    unsigned least = (unsigned)MIN((name.n + 1) / 2, 3u);      /* a short name is near to any */
    for (size_t i = 0; i < m->n_fields; i++) {
        const struct pb_field *f = &m->fields[i];
        const char *s = j->c.spelling == CODEC_SNAKE ? f->snake : f->name;
        unsigned d = str_distance(name, str_c(s));
        if (d < least) {
            least = d;
            best = s;
        }
    }
    return best;
}

/* A name that comes from the peer, for an error: without control characters, and cut. */
static void show_name(char *out, size_t size, futu_str name)
{
    size_t n = MIN(name.n, size - 1);
    if (n < name.n) {           /* not in the middle of a character */
        while (n && ((unsigned char)name.p[n] & 0xc0) == 0x80)
            n--;
    }
    for (size_t i = 0; i < n; i++)
        out[i] = (unsigned char)name.p[i] < 0x20 || name.p[i] == 0x7f ? '?' : name.p[i];
    out[n] = '\0';
    if (n == 0)
        str_copy(out, size, STR("\"\""));
}

static futu_err unknown(const struct jin *j, struct codec_path *here, const futu_msg *m,
                        futu_str name)
{
    char shown[NAME_MAX_SHOWN];
    const char *best = nearest(j, m, name);
    struct pb_field f = { .name = shown, .snake = shown };
    show_name(shown, sizeof(shown), name);
    here->field = &f;
    futu_err err = best ? codec_fail(&j->c, here, FUTU_EFORMAT, "unknown; did you mean '%s'?", best)
                        : codec_fail(&j->c, here, FUTU_EFORMAT, "unknown");
    here->field = NULL;
    return err;
}

/* One "name": value. `hint` is the index behind the last member's field. */
static futu_err member(struct jin *j, struct codec_path *here, const futu_msg *m,
                       struct pb_set *seen, size_t *hint)
{
    char tmp[NAME_MAX_SHOWN * 2];
    futu_str name;
    here->field = NULL;
    here->index = CODEC_NO_INDEX;
    const char *bad = json_name(&j->lx, tmp, sizeof(tmp), &name);
    if (bad)
        return fail(j, here, bad);
    size_t i = find_name(j, m, name, *hint);
    if (i == m->n_fields)
        return unknown(j, here, m, name);
    here->field = &m->fields[i];
    if (pb_set_has(seen, i))
        return want(j, here, "the member is there twice");
    if (!json_take(&j->lx, ':'))
        return fail(j, here, "':' is expected");
    pb_set_add(seen, i);
    *hint = i + 1;
    return here->field->label == PB_REPEATED ? list(j, here) : value(j, here);
}

static futu_err object(struct jin *j, const futu_msg *m, const struct codec_path *up)
{
    struct codec_path here;
    struct pb_set seen = { { 0 } };
    size_t hint = 0;
    futu_err err = codec_enter(&j->c, &here, up);
    if (err)
        return err;
    if (!json_take(&j->lx, '{'))
        return want(j, &here, "an object is expected");
    if (json_take(&j->lx, '}'))
        return codec_missing(&j->c, &here, m, &seen);
    do {
        err = member(j, &here, m, &seen, &hint);
    } while (!err && json_take(&j->lx, ','));
    if (err)
        return err;
    here.field = NULL;
    if (!json_take(&j->lx, '}'))
        return fail(j, &here, "',' or '}' is expected");
    return codec_missing(&j->c, &here, m, &seen);
}

futu_err codec_from_json(const futu_msg *m, futu_str json, enum codec_spelling spelling,
                         struct buf *out, const struct codec_limits *limits, struct codec_error *e)
{
    struct jin j = { .out = out, .start = out->n };
    j.text = json.p ? json.p : "";
    j.lx = (struct json_lex){ j.text, j.text + json.n };
    codec_ctx_init(&j.c, spelling, limits, e);
    futu_err err = object(&j, m, NULL);
    if (!err && (json_peek(&j.lx), j.lx.p < j.lx.end))
        err = fail(&j, NULL, "text behind the object");
    if (err)
        out->n = j.start;
    return err;
}
