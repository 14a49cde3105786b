/* init.c - InitConnect, from the client's side.
 *
 * Without a key the body is plain and no encryption is asked for. With one it goes under RSA, and
 * so does the answer, except when no encryption was asked for, and except for a refusal: those are
 * plain. A plain success where encryption was asked for is not believed: anyone on the way could
 * have written it.
 */
#include "client/client.h"
#include "wire/handshake.h"

/* CLIENT_VER: what the vendor's own clients say; gateways may refuse what they do not know. */
enum { CLIENT_VER = 300 };

/* The first frame has no pending call; the serial is checked here. */
static futu_err write_init(futu_client *c)
{
    InitConnect_C2S c2s = { .clientID = str_c(c->client_id), .programmingLanguage = STR("C") };
    const InitConnect_Request request = { .c2s = &c2s };
    SET(&c2s, clientVer, CLIENT_VER);
    SET(&c2s, recvNotify, !c->o.no_notify);
    SET(&c2s, packetEncAlgo, c->o.rsa ? c->o.algo : CIPHER_NONE);
    SET(&c2s, pushProtoFmt, c->o.format);
    c->request.n = 0;
    futu_err err = codec_encode(&InitConnect_Request_msg, &request, &c->request, NULL);
    struct buf *body = &c->request;
    if (!err && c->o.format == FRAME_JSON) {
        c->plain.n = 0;
        err = codec_to_json(&InitConnect_Request_msg, c->request.p, c->request.n, CODEC_DECLARED,
                            &c->plain, NULL, NULL);
        body = &c->plain;
    }
    if (err)
        return err;
    return handshake_write(c->o.link->ops->out(c->o.link), PROTO_INIT_CONNECT, (uint8_t)c->o.format,
                           client_next_serial(c), body->p, body->n, c->o.rsa);
}

static void on_timeout(struct timer *t, int64_t now)
{
    (void)now;
    client_lose(container_of(t, futu_client, alive), FUTU_ETIMEDOUT, "InitConnect: no answer");
}

/* Until READY the keep-alive timer guards the handshake. */
futu_err client_init_send(futu_client *c)
{
    c->alive.fn = on_timeout;
    timer_set(c->o.timers, &c->alive, client_now(c) + c->o.timeout);
    return write_init(c);
}

static futu_err use_cipher(futu_client *c, const InitConnect_S2C *s2c, bool was_rsa)
{
    int algo = c->o.rsa ? c->o.algo : CIPHER_NONE;
    if (algo == CIPHER_NONE)
        return FUTU_OK;
    if (!was_rsa)
        return client_fail(c, FUTU_EAUTH, "InitConnect: the gateway answered in plain");
    bool iv = s2c->aesCBCiv.n == 16;
    if (s2c->connAESKey.n != 16 || (algo == CIPHER_AES_CBC && !iv))
        return client_fail(c, FUTU_EPROTO, "InitConnect: the gateway sent no usable key");
    return cipher_init(&c->cipher, algo, (const uint8_t *)s2c->connAESKey.p,
                       iv ? (const uint8_t *)s2c->aesCBCiv.p : NULL);
}

static futu_err take_answer(futu_client *c, const InitConnect_Response *r, bool was_rsa)
{
    if (r->retType != RET_OK || !r->s2c)
        return client_fail(c, FUTU_EAUTH, "InitConnect refused: %s",
                           r->retMsg.n ? r->retMsg.p : "without a reason");
    futu_err err = use_cipher(c, r->s2c, was_rsa);
    if (err)
        return err;
    c->conn_id = r->s2c->connID;
    c->user_id = r->s2c->loginUserID;
    c->server_ver = r->s2c->serverVer;
    c->attribution = r->s2c->userAttribution;
    client_alive_start(c, r->s2c->keepAliveInterval);
    return FUTU_OK;
}

static futu_err read_answer(futu_client *c, const struct frame *f)
{
    bool was_rsa = false;
    futu_str body;
    InitConnect_Response r;
    struct codec_error why = { "", "" };
    c->plain.n = 0;
    futu_err err = handshake_open(f, c->o.rsa, &c->plain, &was_rsa);
    if (err && err != FUTU_EAUTH)           /* EAUTH: plain although there is a key */
        return client_fail(c, err == FUTU_EFORMAT ? FUTU_EAUTH : err,
                           "InitConnect: the answer can't be read; is it the gateway's key?");
    err = body_to_protobuf(proto_find(PROTO_INIT_CONNECT), f->fmt, c->plain.p, c->plain.n,
                           &c->push_body, &body, &why);
    arena_reset(&c->push_arena);
    if (!err)
        err = codec_decode(&InitConnect_Response_msg, &c->push_arena, body.p, body.n, &r, NULL,
                           &why);
    if (err == FUTU_EFORMAT)
        return client_fail(c, FUTU_EPROTO, "InitConnect: %s: %s", why.path, why.what);
    return err ? client_fail(c, err, "InitConnect: %s", futu_strerror(err))
               : take_answer(c, &r, was_rsa);
}

void client_init_frame(futu_client *c, const struct frame *f)
{
    if (f->proto != PROTO_INIT_CONNECT)
        return;                     /* pushes may come ahead of the answer */
    futu_err err = FUTU_EPROTO;
    if (f->serial == c->serial)
        err = read_answer(c, f);
    else
        client_fail(c, err, "InitConnect: an answer to another serial");
    if (err)
        client_drop(c, err);
    else
        client_init_done(c);
}
