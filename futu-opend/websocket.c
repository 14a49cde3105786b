/* websocket.c - the WebSocket port: HTTP upgrade, then one futu_conn per connection.
 *
 * wslay cuts the input into messages and answers pings; the gateway's output is server frames
 * already, shared between connections, so it goes to the socket as it is. Frames of our own
 * (handshake answer, pong, ping, close) wait in `control` and are put in between two of the
 * gateway's frames.
 *
 * A ping goes out every PING_MS of silence; a peer that is silent for DEAD_MS is closed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "listener.h"
#include "upgrade.h"

#define CONTROL_MAX 1024
#define MESSAGE_MAX ((10u << 20) + 64)
#define UPGRADE_MS 10000
#define PING_MS 20000
#define DEAD_MS 60000

struct ws_conn {
    struct stream stream;       /* first: the stream is this connection */
    futu_conn *conn;            /* NULL until the upgrade is done */
    struct listener *listener;
    struct upgrade *upgrade;    /* NULL after the upgrade */
    wslay_event_context_ptr ws;
    const uint8_t *in;          /* what wslay reads from during on_data() */
    size_t n_in, n_control;
    uint64_t heard_ms, pinged_ms;
    bool broken, control_out;   /* control_out: what output() gave last was `control` */
    uint8_t control[CONTROL_MAX];
};

static bool put_control(struct ws_conn *w, const void *p, size_t n)
{
    if (n > sizeof(w->control) - w->n_control)
        return false;
    memcpy(w->control + w->n_control, p, n);
    w->n_control += n;
    return true;
}

static ssize_t ws_recv(wslay_event_context_ptr ctx, uint8_t *buf, size_t len, int flags, void *arg)
{
    struct ws_conn *w = arg;
    (void)flags;
    if (w->n_in == 0) {
        wslay_event_set_error(ctx, WSLAY_ERR_WOULDBLOCK);
        return -1;
    }
    len = len < w->n_in ? len : w->n_in;
    memcpy(buf, w->in, len);
    w->in += len;
    w->n_in -= len;
    return (ssize_t)len;
}

/* Only pongs and closes come this way. A peer that makes us queue more of them than fit is cut. */
static ssize_t ws_send(wslay_event_context_ptr ctx, const uint8_t *p, size_t n, int flags,
                       void *arg)
{
    struct ws_conn *w = arg;
    (void)flags;
    if (put_control(w, p, n))
        return (ssize_t)n;
    wslay_event_set_error(ctx, WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static void ws_message(wslay_event_context_ptr ctx, const struct wslay_event_on_msg_recv_arg *m,
                       void *arg)
{
    struct ws_conn *w = arg;
    if (wslay_is_ctrl_frame(m->opcode) || w->broken)
        return;
    if (m->opcode != WSLAY_BINARY_FRAME) {
        static const char text[] = "binary messages only";
        wslay_event_queue_close(ctx, WSLAY_CODE_UNSUPPORTED_DATA, (const uint8_t *)text,
                                sizeof(text) - 1);
        w->broken = true;
    } else if (futu_conn_feed(w->conn, m->msg, m->msg_length) != FUTU_OK) {
        wslay_event_queue_close(ctx, WSLAY_CODE_PROTOCOL_ERROR, NULL, 0);
        w->broken = true;
    }
}

static const struct wslay_event_callbacks ws_callbacks = {
    .recv_callback = ws_recv,
    .send_callback = ws_send,
    .on_msg_recv_callback = ws_message,
};

static void on_output(futu_conn *c, void *arg)
{
    (void)c;
    stream_kick(arg);
}

static void on_close(futu_conn *c, futu_err err, const char *reason, void *arg)
{
    struct ws_conn *w = arg;
    (void)c;
    (void)err;
    wslay_event_queue_close(w->ws, WSLAY_CODE_POLICY_VIOLATION, (const uint8_t *)reason,
                            strnlen(reason, 120));
    wslay_event_send(w->ws);
    stream_drain(&w->stream);
}

static bool open_conn(struct ws_conn *w)
{
    char peer[80];
    futu_conn_opts o = listener_conn_opts(w->listener);
    stream_peer(&w->stream, peer, sizeof(peer));
    o.wire = FUTU_WIRE_WS;
    o.peer = peer;
    o.on_output = on_output;
    o.on_close = on_close;
    o.arg = w;
    if (wslay_event_context_server_init(&w->ws, &ws_callbacks, w) != 0)
        return false;
    wslay_event_config_set_max_recv_msg_length(w->ws, MESSAGE_MAX);
    free(w->upgrade);
    w->upgrade = NULL;
    return futu_conn_new(w->listener->gateway, &w->conn, &o) == FUTU_OK;
}

static bool do_upgrade(struct ws_conn *w, const uint8_t **p, size_t *n)
{
    char answer[512];
    size_t used;
    switch (upgrade_feed(w->upgrade, (const char *)*p, *n, &used, answer, sizeof(answer))) {
    case UPGRADE_MORE:
        *n = 0;
        return true;
    case UPGRADE_REFUSED:
        put_control(w, answer, strlen(answer));
        return false;
    case UPGRADE_DONE:
        break;
    }
    *p += used;
    *n -= used;
    put_control(w, answer, strlen(answer));
    return open_conn(w);
}

static bool on_data(struct stream *s, const uint8_t *p, size_t n)
{
    struct ws_conn *w = (struct ws_conn *)s;
    w->heard_ms = uv_now(s->tcp.loop);
    if (w->upgrade && !do_upgrade(w, &p, &n))
        return false;
    if (n > 0 && w->ws) {
        w->in = p;
        w->n_in = n;
        int r = wslay_event_recv(w->ws);
        w->n_in = 0;
        if (wslay_event_send(w->ws) != 0 || r != 0 || w->broken)
            return false;
        /* The peer said goodbye, or broke the protocol: either way our close frame is out. */
        if (wslay_event_get_close_sent(w->ws))
            return false;
    }
    stream_kick(s);
    return true;
}

static size_t output(struct stream *s, struct iovec *iov, size_t max)
{
    struct ws_conn *w = (struct ws_conn *)s;
    w->control_out = w->n_control && (!w->conn || futu_conn_at_boundary(w->conn));
    if (w->control_out) {
        iov[0] = (struct iovec){ w->control, w->n_control };
        return 1;
    }
    return w->conn ? futu_conn_output(w->conn, iov, max) : 0;
}

static void sent(struct stream *s, size_t n)
{
    struct ws_conn *w = (struct ws_conn *)s;
    if (w->control_out) {
        w->n_control -= n;
        memmove(w->control, w->control + n, w->n_control);
        return;
    }
    futu_conn_sent(w->conn, n);
}

static void on_end(struct stream *s)
{
    struct ws_conn *w = (struct ws_conn *)s;
    futu_conn_free(w->conn);
    if (w->ws)
        wslay_event_context_free(w->ws);
    free(w->upgrade);
    free(w);
}

static const struct stream_ops ops = { on_data, output, sent, on_end };

static void on_accept(struct listener *l)
{
    struct ws_conn *w = calloc(1, sizeof(*w));
    if (!w)
        return;
    w->listener = l;
    w->upgrade = malloc(sizeof(*w->upgrade));
    if (!stream_accept(&w->stream, (uv_stream_t *)&l->server, &ops, l->tls))
        return;
    listener_add(l, &w->stream);
    w->heard_ms = w->pinged_ms = uv_now(l->server.loop);
    if (w->upgrade)
        upgrade_init(w->upgrade);
    else
        stream_close(&w->stream);
}

static void on_tick(struct stream *s, uint64_t now)
{
    static const uint8_t ping[2] = { 0x89, 0 };
    struct ws_conn *w = (struct ws_conn *)s;
    uint64_t silent = now - w->heard_ms;
    if (silent >= DEAD_MS || (w->upgrade && silent >= UPGRADE_MS)) {
        stream_close(s);
    } else if (w->ws && silent >= PING_MS && now - w->pinged_ms >= PING_MS) {
        w->pinged_ms = now;
        put_control(w, ping, sizeof(ping));
        stream_kick(s);
    }
}

const struct listener_kind listener_websocket = { "WebSocket", on_accept, on_tick,
                                                  .option = "--websocket-port" };
