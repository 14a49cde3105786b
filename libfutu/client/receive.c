/* receive.c - bytes of the link become replies and pushes.
 *
 * A frame belongs to a call when id and serial match one that is pending. Otherwise it is a push,
 * if its id is one or is not in the registry; anything else is an answer that came too late.
 */
#include "base/log.h"
#include "client/client.h"

#define KEEP 65536          /* a larger scratch buffer goes with its frame */

static void push(futu_client *c, const struct proto_row *row, const struct frame *f,
                 const uint8_t *p, size_t n)
{
    struct codec_error why = { "", "" };
    futu_str body = STR_NULL;
    void *msg = NULL;
    if (!c->o.on_push)
        return;
    arena_reset(&c->push_arena);
    if (c->push_body.cap > KEEP)
        buf_free(&c->push_body);
    futu_err err = body_to_protobuf(row, f->fmt, p, n, &c->push_body, &body, &why);
    if (!err && row && row->response) {
        msg = arena_alloc(&c->push_arena, row->response->size);
        err = msg ? codec_decode(row->response, &c->push_arena, body.p, body.n, msg, NULL, &why)
                  : FUTU_ENOMEM;
        if (!err)
            err = response_complete(row->response, &c->push_arena, msg, &why);
    }
    if (err)
        log_warn("client: push %u dropped: %s %s %s", f->proto, futu_strerror(err), why.path,
                 why.what);
    else
        c->o.on_push(c, f->proto, body.p, body.n, msg, c->o.arg);
}

static futu_err open_body(futu_client *c, const struct frame *f, futu_str *body)
{
    *body = (futu_str){ (const char *)f->body, f->len };
    if (c->cipher.algo != CIPHER_NONE) {
        if (c->plain.cap > KEEP)
            buf_free(&c->plain);
        c->plain.n = 0;
        futu_err err = cipher_decrypt(&c->cipher, f->body, f->len, &c->plain);
        if (err)
            return client_fail(c, err, "frame %u: decryption failed", f->proto);
        *body = buf_str(&c->plain);
    }
    if (frame_sha1_check(f, (const uint8_t *)body->p, body->n) == FRAME_SHA1_BAD)
        return client_fail(c, FUTU_EPROTO, "frame %u: wrong SHA-1", f->proto);
    return FUTU_OK;
}

static void take_frame(futu_client *c, const struct frame *f)
{
    if (c->phase == PHASE_INIT) {
        client_init_frame(c, f);
        return;
    }
    futu_str body;
    futu_err err = open_body(c, f, &body);
    if (err) {
        client_drop(c, err == FUTU_ENOMEM ? err : FUTU_EPROTO);
        return;
    }
    const uint8_t *p = (const uint8_t *)body.p;
    const struct proto_row *row = proto_find(f->proto);
    struct call *call = client_find_call(c, f->proto, f->serial);
    if (!call && c->o.raw && (!row || row->kind == PROTO_PUSH))
        c->o.on_raw(c, f, p, body.n, c->o.arg);
    else if (call)
        client_answer(c, call, f->fmt, p, body.n);
    else if (!row || row->kind == PROTO_PUSH)
        push(c, row, f, p, body.n);
    else
        log_debug("client: late answer to %s dropped", row->name);
}

void client_receive(futu_client *c, const uint8_t *p, size_t n)
{
    uint32_t epoch = c->epoch;
    c->last_rx = client_now(c);
    while (n && c->epoch == epoch) {
        struct frame f;
        size_t used = 0;
        futu_err err = framer_feed(&c->framer, p, n, &used, &f);
        if (err == FUTU_EAGAIN)
            return;
        if (err) {
            client_lose(c, err, "the peer does not speak FTAPI");
            return;
        }
        p += used;
        n -= used;
        take_frame(c, &f);
    }
}
