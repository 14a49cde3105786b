/* body_reply.c - a Response as the object that a caller gets; see body.h. */
#include "surface/body.h"

#include <stdio.h>

#include "codec/json_text.h"
#include "codec/splice.h"

enum { TAG_ERROR = 3 };

/* What the envelope is made of. */
struct reply {
    int32_t ret;
    bool has_error, has_text;
    int32_t error;
    futu_str text;
    struct pb_rec s2c;
    uint32_t n_s2c;             /* records of s2c; more than one are parts of one message */
};

static const char *read_reply(const uint8_t *pb, size_t n, uint32_t tag, struct reply *out)
{
    struct pb_in in = { pb, pb + n };
    struct pb_rec r;
    *out = (struct reply){ .ret = RET_UNKNOWN };
    while (in.p < in.end) {
        const char *bad = pb_next(&in, &r);
        if (bad)
            return bad;
        if (r.tag == TAG_RET && r.wire == PB_WIRE_VARINT) {
            out->ret = (int32_t)r.v;
        } else if (r.tag == TAG_TEXT && r.wire == PB_WIRE_BYTES) {
            out->text = (futu_str){ (const char *)r.p, r.n };
            out->has_text = true;
        } else if (r.tag == TAG_ERROR && r.wire == PB_WIRE_VARINT) {
            out->error = (int32_t)r.v;
            out->has_error = true;
        } else if (tag && r.tag == tag && r.wire == PB_WIRE_BYTES) {
            out->s2c = r;
            out->n_s2c++;
        }
    }
    return NULL;
}

/* On success both are null, whatever the reply has. */
static futu_err put_head(struct buf *out, const struct reply *r)
{
    bool failed = r->ret != RET_OK;
    futu_err err = buf_puts(out, "{\"ret_type\":");
    if (!err)
        err = buf_printf(out, "%d", (int)r->ret);
    if (!err)
        err = buf_puts(out, ",\"ret_msg\":");
    if (!err)
        err = failed && r->has_text ? json_put_string(out, r->text) : buf_puts(out, "null");
    if (!err)
        err = buf_puts(out, ",\"err_code\":");
    if (err)
        return err;
    return failed && r->has_error ? buf_printf(out, "%d", (int)r->error)
                                  : buf_puts(out, "null");
}

/* `m` from the bytes as the member s2c. */
static futu_err put_s2c(struct buf *out, const futu_msg *m, const uint8_t *p, size_t n,
                        bool int64_text, struct codec_error *why)
{
    futu_err err = buf_puts(out, ",\"s2c\":");
    enum codec_spelling spelling = int64_text ? CODEC_SNAKE : CODEC_REST;
    return err ? err : codec_to_json(m, p, n, spelling, out, NULL, why);
}

static futu_err put_parts(struct buf *out, const struct pb_field *f, const uint8_t *pb, size_t n,
                          bool int64_text, struct codec_error *why)
{
    struct buf sum = BUF_INIT;
    futu_err err = pb_gather(pb, n, f->tag, &sum);
    if (!err)
        err = put_s2c(out, f->sub, sum.p, sum.n, int64_text, why);
    buf_free(&sum);
    return err;
}

static futu_err put_reply(const futu_msg *m, const uint8_t *pb, size_t n, bool int64_text,
                          struct buf *out, struct codec_error *why)
{
    const struct pb_field *f = codec_field(m, STR("s2c"));
    struct reply r;
    const char *bad = read_reply(pb, n, f ? f->tag : 0, &r);
    if (bad) {
        snprintf(why->what, sizeof(why->what), "%s", bad);
        return FUTU_EFORMAT;
    }
    futu_err err = put_head(out, &r);
    if (!err && !f && r.ret == RET_OK)
        err = put_s2c(out, m, pb, n, int64_text, why);
    else if (!err && r.n_s2c == 1)
        err = put_s2c(out, f->sub, r.s2c.p, r.s2c.n, int64_text, why);
    else if (!err && r.n_s2c > 1)
        err = put_parts(out, f, pb, n, int64_text, why);
    return err ? err : buf_byte(out, '}');
}

futu_err body_envelope(const struct proto_row *row, const uint8_t *pb, size_t n, bool int64_text,
                       struct buf *out, struct body_error *e)
{
    struct codec_error why = { "", "" };
    size_t at = out->n;
    static const uint8_t none[1];
    futu_err err = put_reply(row->response, pb ? pb : none, n, int64_text, out, &why);
    if (!err)
        return FUTU_OK;
    out->n = at;
    if (!why.what[0])
        snprintf(why.what, sizeof(why.what), "the reply: %s", futu_strerror(err));
    codec_error_text(&why, e->text, sizeof(e->text));
    e->code = "bad_value";
    return err;
}
