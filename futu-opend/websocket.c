/* websocket.c - the WebSocket port: HTTP upgrade, then binary messages of one futu_conn.
 *
 * With keys the token is judged before the upgrade: a client that is refused gets 401 or 403, not a
 * WebSocket that closes.
 */
#include <stdlib.h>
#include <string.h>

#include "listener.h"
#include "upgrade.h"
#include "ws.h"

#define UPGRADE_MS 10000
#define MESSAGE_MAX ((10u << 20) + 64)

struct ws_conn {
    struct stream stream;           /* first: the stream is this connection */
    struct listener *listener;
    struct http_parser *request;    /* NULL after the upgrade */
    struct ws *ws;
    uint64_t since_ms;
    size_t n_refusal, at;
    char refusal[UPGRADE_ANSWER_MAX];
};

static const struct ws_rules rules = { false, MESSAGE_MAX };

static const struct refusal {
    futu_err err;
    int status;
    const char *extra, *text;
} refusals[] = {
    { FUTU_EAUTH, 401, "WWW-Authenticate: Bearer\r\n",
      "a valid key is needed: Authorization: Bearer KEY" },
    { FUTU_EREFUSED, 403, "", "this key has no scope for the WebSocket port" },
    { FUTU_ELIMIT, 503, "", "too many connections" },
    { FUTU_ENOMEM, 503, "", "out of memory" },
    { FUTU_EINVAL, 500, "", "can't open a connection" },       /* last: of any other */
};

static bool refuse(struct ws_conn *w)
{
    w->n_refusal = strlen(w->refusal);
    w->stream.linger = true;
    return false;
}

static bool refuse_err(struct ws_conn *w, futu_err err)
{
    const struct refusal *r = refusals;
    while (r->err != err && r->err != FUTU_EINVAL)
        r++;
    upgrade_refuse(w->refusal, sizeof(w->refusal), r->status, r->extra, r->text);
    return refuse(w);
}

static bool open_conn(struct ws_conn *w, const char *answer)
{
    char peer[80], room[UPGRADE_TOKEN_MAX];
    futu_conn_opts o = listener_conn_opts(w->listener);
    futu_conn *c;
    stream_peer(&w->stream, peer, sizeof(peer));
    o.wire = FUTU_WIRE_WS;
    o.peer = peer;
    w->ws = ws_new(&w->stream, &rules);
    if (!w->ws)
        return refuse_err(w, FUTU_ENOMEM);
    ws_conn_opts(w->ws, &o);
    o.token = upgrade_token(w->request, room);
    futu_err err = futu_conn_new(w->listener->gateway, &c, &o);
    explicit_bzero(room, sizeof(room));
    if (err) {
        ws_free(w->ws);
        w->ws = NULL;
        return refuse_err(w, err);
    }
    ws_open(w->ws, c, answer);
    return true;
}

static void drop_request(struct ws_conn *w)
{
    if (w->request)
        http_free(w->request);
    free(w->request);
    w->request = NULL;
}

/* The head, and how many bytes of it there were; what follows belongs to the WebSocket. */
static bool do_upgrade(struct ws_conn *w, const uint8_t *p, size_t n, size_t *used)
{
    char answer[UPGRADE_ANSWER_MAX];
    switch (http_parse(w->request, (const char *)p, n, used)) {
    case HTTP_MORE:
        return true;
    case HTTP_HEAD_DONE:
    case HTTP_REQUEST_DONE:
        break;
    case HTTP_BAD:
        upgrade_refuse(w->refusal, sizeof(w->refusal), w->request->status, "", w->request->why);
        return refuse(w);
    }
    if (upgrade_answer(w->request, answer, sizeof(answer))) {
        memcpy(w->refusal, answer, sizeof(answer));
        return refuse(w);
    }
    bool fine = open_conn(w, answer);
    drop_request(w);
    return fine;
}

static bool on_data(struct stream *s, const uint8_t *p, size_t n)
{
    struct ws_conn *w = (struct ws_conn *)s;
    size_t used = 0;
    if (!w->ws && !do_upgrade(w, p, n, &used))
        return false;
    if (w->ws && n > used)
        return ws_data(w->ws, p + used, n - used);
    stream_kick(s);
    return true;
}

static size_t output(struct stream *s, struct iovec *iov, size_t max)
{
    struct ws_conn *w = (struct ws_conn *)s;
    if (w->ws)
        return ws_output(w->ws, iov, max);
    iov[0] = (struct iovec){ w->refusal + w->at, w->n_refusal - w->at };
    return w->n_refusal > w->at;
}

static void sent(struct stream *s, size_t n)
{
    struct ws_conn *w = (struct ws_conn *)s;
    if (w->ws)
        ws_sent(w->ws, n);
    else
        w->at += n;
}

static void on_end(struct stream *s)
{
    struct ws_conn *w = (struct ws_conn *)s;
    ws_free(w->ws);
    drop_request(w);
    free(w);
}

static const struct stream_ops ops = { on_data, output, sent, on_end, NULL };

static void on_accept(struct listener *l)
{
    struct ws_conn *w = calloc(1, sizeof(*w));
    if (!w)
        return;
    w->listener = l;
    w->request = malloc(sizeof(*w->request));
    if (w->request)
        http_init(w->request, MESSAGE_MAX);
    if (!stream_accept(&w->stream, (uv_stream_t *)&l->server, &ops, l->tls, l->turns))
        return;
    listener_add(l, &w->stream);
    w->since_ms = uv_now(l->server.loop);
    if (!w->request)
        stream_close(&w->stream);
}

static void on_tick(struct stream *s, uint64_t now)
{
    struct ws_conn *w = (struct ws_conn *)s;
    if (w->ws)
        ws_tick(w->ws, now);
    else if (now - w->since_ms >= UPGRADE_MS)
        stream_close(s);
}

static void on_drain(struct stream *s)
{
    struct ws_conn *w = (struct ws_conn *)s;
    if (w->ws)
        ws_leave(w->ws);
    else
        stream_drain(s);
}

const struct listener_kind listener_websocket = { "WebSocket", on_accept, on_tick, NULL, NULL,
                                                  on_drain, "--websocket-port" };
