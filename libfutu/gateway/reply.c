/* reply.c - frames of one connection: replies in the form of their requests, and pushes of its own.
 *
 * Every request gets exactly one reply; only memory running out stands in the way, and then the
 * connection ends, so that no client waits for an answer that will not come.
 */
#include <stdarg.h>
#include <stdio.h>

#include "codec/splice.h"
#include "crypt/digest.h"
#include "gateway/guard.h"
#include "gateway/trace.h"
#include "wire/sdkws.h"

#define WS_HEAD_MAX 10
#define WS_BINARY 2

static size_t ws_head(const struct futu_conn *c, uint8_t out[WS_HEAD_MAX], size_t len)
{
    return c->kind == KIND_TCP ? 0 : ws_head_write(out, WS_BINARY, len);
}

static struct shbuf *frame_sdk(struct futu_conn *c, uint32_t proto, uint64_t section,
                               const uint8_t *body, size_t len)
{
    uint8_t head[WS_HEAD_MAX];
    size_t n = ws_head(c, head, SDKWS_REPLY_HEAD + len);
    struct shbuf *b = shbuf_get(&c->hub->pool, n + SDKWS_REPLY_HEAD + len);
    if (!b)
        return NULL;
    memcpy(b->p, head, n);
    sdkws_write_reply(b->p + n, proto, section, SDKWS_ERR_NONE, NULL);
    memcpy(b->p + n + SDKWS_REPLY_HEAD, body, len);
    return b;
}

struct shbuf *frame_for(struct futu_conn *c, uint32_t proto, uint8_t fmt, uint64_t serial,
                        const uint8_t *body, size_t len)
{
    uint8_t digest[20];
    if (c->kind == KIND_WS_SDK)
        return frame_sdk(c, proto, serial, body, len);
    sha1(body, len, digest);
    return frame_with_digest(c, proto, fmt, (uint32_t)serial, body, len, digest);
}

struct shbuf *frame_with_digest(struct futu_conn *c, uint32_t proto, uint8_t fmt, uint32_t serial,
                                const uint8_t *body, size_t len, const uint8_t digest[20])
{
    uint8_t head[WS_HEAD_MAX];
    struct hub *h = c->hub;
    const uint8_t *wire = body;
    size_t wire_len = len;
    if (c->cipher) {
        h->enc.n = 0;
        if (cipher_encrypt(c->cipher, body, len, &h->enc))
            return NULL;
        wire = h->enc.p;
        wire_len = h->enc.n;
    }
    size_t n = ws_head(c, head, FRAME_HEAD + wire_len);
    struct shbuf *b = shbuf_get(&h->pool, n + FRAME_HEAD + wire_len);
    if (!b)
        return NULL;
    memcpy(b->p, head, n);
    frame_head_write(b->p + n, proto, fmt, serial, (uint32_t)wire_len, digest);
    memcpy(b->p + n + FRAME_HEAD, wire, wire_len);
    return b;
}

static void mark_dirty(struct futu_conn *c)
{
    if (list_empty(&c->dirty))
        list_push(&c->hub->dirty, &c->dirty);
}

void conn_put(struct futu_conn *c, const struct out_entry *e, uint64_t *at)
{
    if (c->out.bytes > QUEUE_HARD) {
        shbuf_unref(e->b);
        c->hub->cut_slow++;
        conn_die(c, FUTU_ELIMIT, "reads too slowly: %zu bytes wait", c->out.bytes);
    } else if (outq_push(&c->out, e, at)) {
        conn_die(c, FUTU_ENOMEM, "out of memory");
    } else {
        mark_dirty(c);
    }
}

void conn_queue(struct futu_conn *c, struct shbuf *b, const struct out_mark *m)
{
    uint64_t at;
    struct out_entry e = { b, NULL, *m };
    if (!b)
        conn_die(c, FUTU_ENOMEM, "out of memory");
    else if (c->ended)
        shbuf_unref(b);
    else
        conn_put(c, &e, &at);
    outq_fence(&c->out);
}

/* KeepAlive does not wait behind pushes, but comes after earlier replies. */
static void queue_reply(struct ask *a, struct shbuf *b, const struct out_mark *m)
{
    struct out_entry e = { b, NULL, *m };
    size_t waits = a->c->out.bytes;
    if (a->proto != PROTO_KEEP_ALIVE || !b || a->c->ended || waits == 0 || waits > QUEUE_HARD) {
        conn_queue(a->c, b, m);
        return;
    }
    if (outq_push_urgent(&a->c->out, &e))
        conn_die(a->c, FUTU_ENOMEM, "out of memory");
    else
        mark_dirty(a->c);
}

static void queue_body(struct ask *a, const uint8_t *body, size_t len, int64_t net_ns)
{
    struct out_mark m = delay_mark(a->row, a->at, net_ns);
    uint8_t fmt = a->raw_json ? FRAME_JSON : a->fmt;
    trace_reply(a, fmt, body, len);
    queue_reply(a, frame_for(a->c, a->proto, fmt, a->serial, body, len), &m);
}

/* What is known once there is an answer: how long it took, what became of a write. */
static void count(struct ask *a, const uint8_t *body, size_t len)
{
    struct hub *h = a->c->hub;
    bool failed = a->deny || (!a->raw_json && response_ret(body, len) != RET_OK);
    metrics_request(&h->metrics, a->row, a->c->iface, h->now - a->at, failed);
    h->metrics.response_bytes += len;
    if (a->guarded)
        guard_end(a, body, len);
}

/* A failure to convert is told instead of the answer; its text converts for certain. */
void reply_body(struct ask *a, const uint8_t *body, size_t len, int64_t net_ns)
{
    struct hub *h = a->c->hub;
    struct codec_error e = { "", "" };
    char text[400];
    if (len == 0) {
        reply_refuse(a, "%s: the upstream's answer is empty", a->row ? a->row->name : "?");
        return;
    }
    count(a, body, len);
    if (a->call) {
        trace_reply(a, a->raw_json ? FRAME_JSON : FRAME_PROTOBUF, body, len);
        caller_reply(a, body, len, net_ns);
        return;
    }
    if (a->fmt != FRAME_JSON) {
        queue_body(a, body, len, net_ns);
        return;
    }
    /* The envelope is the same for all: that of KeepAlive serves failures of unknown ids. */
    const futu_msg *m = a->row && a->row->response ? a->row->response : &KeepAlive_Response_msg;
    h->json.n = 0;
    futu_err err = codec_to_json(m, body, len, CODEC_DECLARED, &h->json, NULL, &e);
    if (err == FUTU_OK)
        queue_body(a, h->json.p, h->json.n, net_ns);
    else if (err == FUTU_ENOMEM)
        conn_die(a->c, FUTU_ENOMEM, "out of memory");
    else
        reply_refuse(a, "the answer can't be written as JSON: %s",
                     codec_error_text(&e, text, sizeof(text)));
}

void reply_failure(struct ask *a, int32_t ret_type, int32_t err_code, const char *text)
{
    struct hub *h = a->c->hub;
    h->body.n = 0;
    h->refused++;
    if (codec_failure(&h->body, ret_type, err_code, str_c(text)))
        conn_die(a->c, FUTU_ENOMEM, "out of memory");
    else
        reply_body(a, h->body.p, h->body.n, 0);
}

/* Length of the UTF-8 character at p, 0 when there is none. */
static size_t utf8_len(const uint8_t *p)
{
    size_t n = p[0] < 0x80 ? 1 : p[0] >> 5 == 6 ? 2 : p[0] >> 4 == 14 ? 3 : p[0] >> 3 == 30 ? 4 : 0;
    for (size_t i = 1; i < n; i++)
        if (p[i] >> 6 != 2)         /* the NUL at the end stops here too */
            return 0;
    return n;
}

/* What a client sent may stand in the text, and it may have been cut: keep it fit for JSON. */
static void make_utf8(char *text)
{
    uint8_t *p = (uint8_t *)text;
    while (*p) {
        size_t n = utf8_len(p);
        if (n == 0)
            *p = '?';
        p += MAX(n, 1);
    }
}

void reply_refuse(struct ask *a, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    make_utf8(text);
    reply_failure(a, RET_FAILED, 0, text);
}

void reply_msg(struct ask *a, const void *response)
{
    struct hub *h = a->c->hub;
    struct codec_error e = { "", "" };
    char text[400];
    h->body.n = 0;
    futu_err err = codec_encode(a->row->response, response, &h->body, &e);
    if (err == FUTU_OK)
        reply_body(a, h->body.p, h->body.n, 0);
    else
        reply_refuse(a, "%s", err == FUTU_ENOMEM ? "out of memory"
                                                 : codec_error_text(&e, text, sizeof(text)));
}

void reply_empty(struct ask *a)
{
    static const uint8_t ok[] = { 0x08, 0, 0x12, 0, 0x18, 0, 0x22, 0 };
    reply_body(a, ok, sizeof(ok), 0);
}
