/* json_in.c - JSON text to protobuf bytes by descriptor, without a tree in between; see codec.h.
 *
 * In:      text of a peer that nobody trusts.
 * Out:     the fields in the order of the text's members.
 * Errors:  see codec.h; on an error `out` is as it was.
 * Threads: none; no state.
 * Tests:   test/unit/codec/json_test.c, test/fuzz/fuzz_json_to_pb.c
 */
#include "codec/base64.h"
#include "codec/codec.h"
#include "codec/ctx.h"
#include "codec/json_in.h"
#include "codec/json_lex.h"
#include "codec/json_name.h"
#include "codec/json_num.h"
#include "codec/wire_out.h"

enum { SECURITY_MARKET = 1, SECURITY_CODE = 2 };

struct jin {
    struct codec_ctx c;
    struct json_lex lx;
    const char *text;
    struct buf *out;
    size_t start;               /* of this call's bytes in `out` */
    const struct json_hooks *hooks;     /* NULL: none */
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

/* "HK.00700" where a Qot_Common.Security is expected. */
static futu_err security(struct jin *j, const struct codec_path *here)
{
    char tmp[128];
    uint8_t bytes[PB_MAX_SCALAR];
    futu_str text, code;
    int32_t market;
    size_t at;
    const char *bad = json_name(&j->lx, tmp, sizeof(tmp), &text);
    if (bad)
        return fail(j, here, bad);
    if (j->hooks->security(text, &market, &code))
        return want(j, here, "a code with its market is expected, such as HK.00700");
    futu_err err = open_bytes(j, here, &at);
    uint8_t *end = pb_put_scalar(bytes, SECURITY_MARKET, PB_INT32, &market);
    if (!err)
        err = put(j, here, bytes, (size_t)(end - bytes));
    end = pb_put_varint(pb_put_key(bytes, SECURITY_CODE, PB_WIRE_BYTES), code.n);
    if (!err)
        err = put(j, here, bytes, (size_t)(end - bytes));
    if (!err)
        err = put(j, here, code.p, code.n);
    return err ? err : close_bytes(j, here, at);
}

static futu_err sub_message(struct jin *j, const struct codec_path *here)
{
    size_t at;
    if (j->hooks && here->field->sub == &Qot_Common_Security_msg && json_peek(&j->lx) == '"')
        return security(j, here);
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
    if (!err && j->hooks && j->hooks->text)
        j->hooks->text(here->field, j->out, at);
    return err ? err : close_bytes(j, here, at);
}

static futu_err number(struct jin *j, const struct codec_path *here)
{
    union json_number v;
    uint8_t bytes[PB_MAX_SCALAR];
    const char *bad = json_number(&j->lx, here->field->type, &v);
    if (bad)
        return want(j, here, bad);
    uint8_t *end = pb_put_scalar(bytes, here->field->tag, here->field->type, &v);
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
    if (!json_take(&j->lx, '[')) {
        if (!j->hooks || !j->hooks->lone)
            return want(j, here, "a list is expected");
        here->index = 0;
        return value(j, here);
    }
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

static futu_err unknown(struct jin *j, struct codec_path *here, const futu_msg *m, futu_str name)
{
    unsigned least = json_near_enough(name);
    return json_unknown(&j->c, here, name, json_nearest(m, j->c.spelling, name, &least));
}

/* One "name": value. `hint` is the index behind the last member's field. */
static futu_err member(struct jin *j, struct codec_path *here, const futu_msg *m,
                       struct pb_set *seen, size_t *hint)
{
    char tmp[128];              /* longer than any field's name */
    futu_str name;
    here->field = NULL;
    here->index = CODEC_NO_INDEX;
    const char *bad = json_name(&j->lx, tmp, sizeof(tmp), &name);
    if (bad)
        return fail(j, here, bad);
    size_t i = json_field(m, j->c.spelling, name, *hint);
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

futu_err json_value(const struct codec_path *at, futu_str json, const char *text,
                    const struct json_hooks *hooks, struct buf *out, struct codec_error *e)
{
    struct jin j = { .text = text, .out = out, .start = out->n, .hooks = hooks };
    struct codec_path here = *at;
    j.lx = (struct json_lex){ json.p, json.p + json.n };
    codec_ctx_init(&j.c, CODEC_REST, NULL, e);
    futu_err err = here.field->label == PB_REPEATED ? list(&j, &here) : value(&j, &here);
    if (!err && (json_peek(&j.lx), j.lx.p < j.lx.end))
        err = fail(&j, &here, "',' or '}' is expected");
    if (err)
        out->n = j.start;
    return err;
}
