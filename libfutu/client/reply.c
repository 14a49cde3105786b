/* reply.c - see reply.h.
 *
 * The envelope (retType, retMsg, errCode) has the same tags in every Response, so that it is read
 * with the descriptor of any of them: also for ids that have no message of their own.
 */
#include "client/reply.h"

#include "base/mem.h"
#include "wire/frame.h"

#define KEEP 16384          /* larger buffers go with their answer */

struct futu_reply *reply_new(void)
{
    struct futu_reply *r = mem_zalloc(sizeof(*r));
    if (r)
        r->body.max = r->json.max = 4 * FRAME_MAX_BODY;
    return r;
}

static void reset_buf(struct buf *b)
{
    b->n = 0;
    if (b->cap > KEEP)
        buf_free(b);
    b->max = 4 * FRAME_MAX_BODY;
}

void reply_reset(struct futu_reply *r)
{
    arena_reset(&r->arena);
    reset_buf(&r->body);
    reset_buf(&r->json);
    r->row = NULL;
    r->msg = NULL;
    r->text = STR_NULL;
    r->ret = r->err_code = 0;
}

futu_err body_to_protobuf(const struct proto_row *row, uint8_t fmt, const uint8_t *p, size_t n,
                          struct buf *scratch, futu_str *out, struct codec_error *why)
{
    if (fmt == FRAME_PROTOBUF) {
        *out = (futu_str){ (const char *)p, n };
        return FUTU_OK;
    }
    if (fmt != FRAME_JSON || !row || !row->response)
        return FUTU_EFORMAT;
    scratch->n = 0;
    futu_err err = codec_from_json(row->response, (futu_str){ (const char *)p, n }, CODEC_DECLARED,
                                   scratch, NULL, why);
    *out = buf_str(scratch);
    return err;
}

static futu_err fill_body(struct futu_reply *r, uint8_t fmt, const uint8_t *p, size_t n,
                          struct codec_error *why)
{
    futu_str body;
    if (fmt == FRAME_PROTOBUF)
        return buf_put(&r->body, p, n);
    return body_to_protobuf(r->row, fmt, p, n, &r->body, &body, why);
}

static futu_err fill_envelope(struct futu_reply *r, struct codec_error *why)
{
    KeepAlive_Response *env = ARENA_NEW(&r->arena, KeepAlive_Response);
    const futu_msg *m = &KeepAlive_Response_msg;
    if (!env)
        return FUTU_ENOMEM;
    futu_err err = codec_decode(m, &r->arena, r->body.p, r->body.n, env, NULL, why);
    r->ret = env->retType;
    r->err_code = env->errCode;
    r->text = env->retMsg;
    return err;
}

/* A Response whose s2c is its own message; all begin with the same three fields by their tags, so
 * the offsets are looked up. */
static void copy_envelope(struct futu_reply *r, const futu_msg *m)
{
    const char *msg = r->msg;
    const struct pb_field *ret = codec_field(m, STR("retType"));
    const struct pb_field *text = codec_field(m, STR("retMsg"));
    const struct pb_field *code = codec_field(m, STR("errCode"));
    if (ret)
        memcpy(&r->ret, msg + ret->off, sizeof(r->ret));
    if (text)
        memcpy(&r->text, msg + text->off, sizeof(r->text));
    if (code)
        memcpy(&r->err_code, msg + code->off, sizeof(r->err_code));
}

futu_err response_complete(const futu_msg *m, struct arena *a, void *response,
                           struct codec_error *why)
{
    const struct pb_field *f = codec_field(m, STR("s2c"));
    void *s2c;
    if (!f)
        return FUTU_OK;
    memcpy(&s2c, (char *)response + f->off, sizeof(s2c));
    if (s2c)
        return FUTU_OK;
    for (size_t i = 0; i < f->sub->n_fields; i++) {
        if (f->sub->fields[i].label != PB_REQUIRED)
            continue;
        str_copy(why->path, sizeof(why->path), STR("s2c"));
        str_copy(why->what, sizeof(why->what), STR("missing in a success"));
        return FUTU_EFORMAT;
    }
    s2c = arena_alloc(a, f->sub->size);
    if (!s2c)
        return FUTU_ENOMEM;
    memcpy((char *)response + f->off, &s2c, sizeof(s2c));
    return FUTU_OK;
}

futu_err reply_fill(struct futu_reply *r, const struct proto_row *row, uint8_t fmt,
                    const uint8_t *p, size_t n, struct codec_error *why)
{
    r->row = row;
    futu_err err = fill_body(r, fmt, p, n, why);
    if (err)
        return err;
    if (!row || !row->response)
        return fill_envelope(r, why);
    void *msg = arena_alloc(&r->arena, row->response->size);
    if (!msg)
        return FUTU_ENOMEM;
    err = codec_decode(row->response, &r->arena, r->body.p, r->body.n, msg, NULL, why);
    if (err)
        return err;
    r->msg = msg;
    copy_envelope(r, row->response);
    return r->ret == RET_OK ? response_complete(row->response, &r->arena, msg, why) : FUTU_OK;
}

int32_t futu_reply_ret(const futu_reply *r)
{
    return r->ret;
}

int32_t futu_reply_err_code(const futu_reply *r)
{
    return r->err_code;
}

const char *futu_reply_text(const futu_reply *r)
{
    return r->text.p ? r->text.p : "";
}

const void *futu_reply_body(const futu_reply *r, size_t *len)
{
    *len = r->body.n;
    return r->body.p;
}

const void *futu_reply_msg(const futu_reply *r)
{
    return r->msg;
}

const char *futu_reply_json(futu_reply *r)
{
    if (r->json.n)
        return (const char *)r->json.p;
    if (!r->row || !r->row->response)
        return NULL;
    futu_err err = codec_to_json(r->row->response, r->body.p, r->body.n, CODEC_DECLARED, &r->json,
                                 NULL, NULL);
    if (!err)
        err = buf_byte(&r->json, 0);
    if (err) {
        r->json.n = 0;
        return NULL;
    }
    return (const char *)r->json.p;
}

void futu_reply_free(futu_reply *r)
{
    if (!r)
        return;
    arena_free(&r->arena);
    buf_free(&r->body);
    buf_free(&r->json);
    mem_free(r);
}
