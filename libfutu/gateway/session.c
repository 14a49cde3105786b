/* session.c - how a connection begins and how it is found dead.
 *
 * Begin:   InitConnect (1001) on FTAPI, command 1 (InitWebSocket) on the SDK's WebSocket. A failed
 *          InitConnect may be tried again until the handshake's time is over.
 * Dead:    30 s without a successful beginning; later, on TCP alone, max(30 s, 3 x interval)
 *          without a byte. A WebSocket's listener has pings for that.
 * Tests:   test/unit/gateway/session_test.c
 */
#include "base/buf.h"
#include "crypt/digest.h"
#include "crypt/secret.h"
#include "gateway/state.h"
#include "wire/handshake.h"
#include "wire/sdkws.h"

#define SILENCE_LEAST_NS (30 * NS_PER_S)

static int64_t silence_limit(const struct hub *h)
{
    return MAX(SILENCE_LEAST_NS, 3 * (int64_t)h->o.keep_alive_s * NS_PER_S);
}

static void on_handshake_time(struct timer *t, int64_t now)
{
    struct futu_conn *c = container_of(t, struct futu_conn, timer);
    (void)now;
    conn_die(c, FUTU_ETIMEDOUT, "no InitConnect within %d s",
             (int)(HANDSHAKE_LIMIT_NS / NS_PER_S));
}

static void on_silence_time(struct timer *t, int64_t now)
{
    struct futu_conn *c = container_of(t, struct futu_conn, timer);
    struct hub *h = c->hub;
    int64_t due = c->last_rx + silence_limit(h);
    if (due > now) {
        timer_set(h->o.timers, t, due);
        return;
    }
    h->metrics.keep_alive_timeouts++;
    conn_die(c, FUTU_ETIMEDOUT, "silent for %d s", (int)(silence_limit(h) / NS_PER_S));
}

void session_watch(struct futu_conn *c)
{
    struct hub *h = c->hub;
    c->timer.fn = c->ready ? on_silence_time : on_handshake_time;
    if (!c->ready)
        timer_set(h->o.timers, &c->timer, h->now + HANDSHAKE_LIMIT_NS);
    else if (c->kind == KIND_TCP)
        timer_set(h->o.timers, &c->timer, h->now + silence_limit(h));
    else
        timer_stop(h->o.timers, &c->timer);
}

static uint8_t push_form(const struct futu_conn *c, int32_t fmt)
{
    if (c->kind == KIND_WS_SDK)
        return FORM_SDK;
    if (c->kind == KIND_WS_FT)
        return fmt == FRAME_JSON ? FORM_WS_JSON : FORM_WS_PB;
    return fmt == FRAME_JSON ? FORM_TCP_JSON : FORM_TCP_PB;
}

static void set_ready(struct futu_conn *c, int32_t push_fmt, bool notify)
{
    c->ready = true;
    c->notify = notify;
    c->form = push_form(c, push_fmt);
    session_watch(c);
}

static void random_key(struct hub *h, char out[17])
{
    uint8_t raw[8];
    h->o.random(raw, sizeof(raw));
    for (size_t i = 0; i < 16; i++)
        out[i] = "0123456789ABCDEF"[raw[i / 2] >> (i % 2 ? 0 : 4) & 15];
    out[16] = '\0';
    wipe(raw, sizeof(raw));
}

/* What InitConnect agrees on; wiped when it is through. */
struct terms {
    struct handshake hs;
    char key[17], iv[17];
    struct cipher *cipher;          /* NULL: later frames are plain */
};

static futu_err make_terms(struct hub *h, const InitConnect_C2S *c2s, bool was_rsa,
                           struct terms *t)
{
    const int32_t *asked = c2s->has_packetEncAlgo ? &c2s->packetEncAlgo : NULL;
    futu_err err = handshake_choose(&t->hs, asked, h->o.rsa != NULL, was_rsa);
    if (err)
        return err;
    random_key(h, t->key);
    random_key(h, t->iv);
    if (t->hs.algo == CIPHER_NONE)
        return FUTU_OK;
    t->cipher = mem_alloc(sizeof(*t->cipher));
    if (!t->cipher)
        return FUTU_ENOMEM;
    return cipher_init(t->cipher, t->hs.algo, (const uint8_t *)t->key, (const uint8_t *)t->iv);
}

static futu_err encode_reply(struct futu_conn *c, const struct terms *t, struct buf *out)
{
    struct hub *h = c->hub;
    struct upstream_state st = { .name = "" };
    InitConnect_S2C s2c = { .connAESKey = { t->key, 16 } };
    InitConnect_Response rsp = { .retMsg = STR(""), .s2c = &s2c };
    h->up->ops->state(h->up, &st);
    SET(&rsp, retType, RET_OK);
    SET(&rsp, errCode, 0);
    SET(&s2c, serverVer, hub_server_ver(h));
    SET(&s2c, loginUserID, st.user_id);
    SET(&s2c, connID, c->id);
    SET(&s2c, keepAliveInterval, (int32_t)h->o.keep_alive_s);
    if (t->hs.send_iv)
        s2c.aesCBCiv = (futu_str){ t->iv, 16 };
    SET(&s2c, userAttribution, st.user_attribution);
    return codec_encode(&InitConnect_Response_msg, &rsp, out, NULL);
}

static struct shbuf *with_ws_head(struct futu_conn *c, const struct buf *frame)
{
    uint8_t head[10];
    size_t n = c->kind == KIND_TCP ? 0 : ws_head_write(head, 2, frame->n);
    struct shbuf *b = shbuf_get(&c->hub->pool, n + frame->n);
    if (!b)
        return NULL;
    memcpy(b->p, head, n);
    memcpy(b->p + n, frame->p, frame->n);
    return b;
}

/* The one frame that may go under RSA; c->cipher is not in force yet. */
static futu_err send_reply(struct ask *a, const struct terms *t)
{
    struct hub *h = a->c->hub;
    struct buf *body = &h->body, *frame = &h->enc;
    struct out_mark m = delay_mark(a->row, a->at, 0);
    body->n = h->json.n = frame->n = 0;
    futu_err err = encode_reply(a->c, t, body);
    if (!err && a->fmt == FRAME_JSON) {
        err = codec_to_json(&InitConnect_Response_msg, body->p, body->n, CODEC_DECLARED, &h->json,
                            NULL, NULL);
        body = &h->json;
    }
    if (!err)
        err = handshake_write(frame, PROTO_INIT_CONNECT, a->fmt, (uint32_t)a->serial, body->p,
                              body->n, t->hs.reply_rsa ? h->o.rsa : NULL);
    struct shbuf *b = err ? NULL : with_ws_head(a->c, frame);
    if (!err && !b)
        err = FUTU_ENOMEM;
    if (!err)
        conn_queue(a->c, b, &m);
    wipe(h->body.p, h->body.n);
    wipe(h->json.p, h->json.n);
    return err;
}

static futu_err accept(struct ask *a, const InitConnect_C2S *c2s, bool was_rsa)
{
    struct futu_conn *c = a->c;
    struct hub *h = c->hub;
    struct terms t = { .cipher = NULL };
    futu_err err = make_terms(h, c2s, was_rsa, &t);
    if (!err)
        err = send_reply(a, &t);
    if (!err) {
        c->cipher = t.cipher;
        t.cipher = NULL;
        set_ready(c, c2s->has_pushProtoFmt ? c2s->pushProtoFmt : (int32_t)h->o.push_proto_fmt,
                  c2s->has_recvNotify && c2s->recvNotify);
        log_info("%s: connected as %.*s", c->peer, (int)MIN(c2s->clientID.n, 64), c2s->clientID.p);
    }
    if (t.cipher)
        cipher_wipe(t.cipher);
    mem_free(t.cipher);
    wipe(&t, sizeof(t));
    return err;
}

/* Protobuf bytes of the request, from either format; FUTU_EFORMAT with the reason in e. */
static futu_err decode_request(struct hub *h, uint8_t fmt, const struct buf *plain,
                               InitConnect_Request *rq, struct codec_error *e)
{
    futu_str pb = buf_str(plain);
    h->pb.n = 0;
    if (fmt == FRAME_JSON) {
        futu_err err = codec_from_json(&InitConnect_Request_msg, pb, CODEC_DECLARED, &h->pb, NULL,
                                       e);
        if (err)
            return err;
        pb = buf_str(&h->pb);
    }
    arena_reset(&h->arena);
    return codec_decode(&InitConnect_Request_msg, &h->arena, pb.p, pb.n, rq, NULL, e);
}

static void refuse_open(struct ask *a, futu_err err)
{
    if (err == FUTU_EAUTH)
        reply_refuse(a, "this gateway has an RSA key: InitConnect must be encrypted with it");
    else if (err == FUTU_EFORMAT)
        reply_refuse(a, "The packet body SHA1 signature is incorrect");
    else
        reply_refuse(a, "%s", futu_strerror(err));
}

futu_err session_init(struct futu_conn *c, const struct frame *f)
{
    struct hub *h = c->hub;
    struct ask a = { .c = c, .row = proto_find(PROTO_INIT_CONNECT), .proto = PROTO_INIT_CONNECT,
                     .serial = f->serial, .at = h->now,
                     .fmt = f->fmt == FRAME_JSON ? FRAME_JSON : FRAME_PROTOBUF };
    InitConnect_Request rq;
    struct codec_error e = { "", "" };
    char text[400];
    bool was_rsa;
    h->requests++;
    h->plain.n = 0;
    futu_err err = handshake_open(f, h->o.rsa, &h->plain, &was_rsa);
    if (err) {
        refuse_open(&a, err);
        return FUTU_OK;
    }
    err = decode_request(h, a.fmt, &h->plain, &rq, &e);
    if (err) {
        reply_refuse(&a, "解析protobuf协议失败: %s", codec_error_text(&e, text, sizeof(text)));
        return err == FUTU_ENOMEM ? err : FUTU_OK;
    }
    if (rq.c2s->has_pushProtoFmt && (uint32_t)rq.c2s->pushProtoFmt > FRAME_JSON) {
        reply_refuse(&a, "c2s.pushProtoFmt: %d is unknown", rq.c2s->pushProtoFmt);
        return FUTU_OK;
    }
    err = accept(&a, rq.c2s, was_rsa);
    if (err == FUTU_ENOTSUP)
        reply_refuse(&a, "c2s.packetEncAlgo: %d is unknown", rq.c2s->packetEncAlgo);
    return err == FUTU_ENOTSUP ? FUTU_OK : err;
}

/* The SDK takes this reply as "login failed" and does not come back. */
static void refuse_key(struct ask *a)
{
    struct futu_conn *c = a->c;
    struct out_mark m = { a->at, DELAY_NONE, 0 };
    uint8_t head[10];
    size_t n = ws_head_write(head, 2, SDKWS_REPLY_HEAD);
    struct shbuf *b = shbuf_get(&c->hub->pool, n + SDKWS_REPLY_HEAD);
    if (b) {
        memcpy(b->p, head, n);
        sdkws_write_reply(b->p + n, SDKWS_INIT, a->serial, SDKWS_ERR_REFUSED, "invalid key");
    }
    conn_queue(c, b, &m);
    c->hub->refused++;
    conn_die(c, FUTU_EAUTH, "wrong WebSocket key");
}

static bool key_ok(const struct hub *h, const InitWebSocket_C2S *c2s)
{
    futu_str given = c2s ? c2s->websocketKey : STR_NULL;
    return h->key_md5[0] == '\0' || hex_md5_equal_ct(given.p, given.n, h->key_md5);
}

static void accept_websocket(struct ask *a)
{
    struct hub *h = a->c->hub;
    InitWebSocket_S2C s2c = { .serverTime = 0 };
    InitWebSocket_Response rsp = { .retMsg = STR(""), .s2c = &s2c };
    SET(&rsp, retType, RET_OK);
    SET(&rsp, errCode, 0);
    SET(&s2c, serverTime, clock_wall(&h->o.clock) / NS_PER_S);
    SET(&s2c, connID, a->c->id);
    h->body.n = 0;
    if (codec_encode(&InitWebSocket_Response_msg, &rsp, &h->body, NULL)) {
        conn_die(a->c, FUTU_ENOMEM, "out of memory");
        return;
    }
    set_ready(a->c, FRAME_PROTOBUF, true);
    reply_body(a, h->body.p, h->body.n, 0);
}

void session_init_websocket(struct futu_conn *c, struct ask *a)
{
    struct hub *h = c->hub;
    struct codec_error e = { "", "" };
    InitWebSocket_Request rq;
    char text[400];
    h->requests++;
    if (c->ready) {
        reply_refuse(a, "this connection is initialised already");
        return;
    }
    arena_reset(&h->arena);
    if (codec_decode(&InitWebSocket_Request_msg, &h->arena, a->body, a->len, &rq, NULL, &e))
        reply_refuse(a, "解析protobuf协议失败: %s", codec_error_text(&e, text, sizeof(text)));
    else if (!key_ok(h, rq.c2s))
        refuse_key(a);
    else
        accept_websocket(a);
    arena_wipe(&h->arena);              /* a key */
}
