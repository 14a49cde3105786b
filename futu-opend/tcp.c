/* tcp.c - the FTAPI port: a TCP connection is a futu_conn, byte for byte. */
#include <stdlib.h>

#include "listener.h"

struct tcp_conn {
    struct stream stream;       /* first: the stream is this connection */
    futu_conn *conn;
};

static bool on_data(struct stream *s, const uint8_t *p, size_t n)
{
    return futu_conn_feed(((struct tcp_conn *)s)->conn, p, n) == FUTU_OK;
}

static size_t output(struct stream *s, struct iovec *iov, size_t max)
{
    return futu_conn_output(((struct tcp_conn *)s)->conn, iov, max);
}

static void sent(struct stream *s, size_t n)
{
    futu_conn_sent(((struct tcp_conn *)s)->conn, n);
}

static void on_end(struct stream *s)
{
    struct tcp_conn *t = (struct tcp_conn *)s;
    futu_conn_free(t->conn);
    free(t);
}

static const struct stream_ops ops = { on_data, output, sent, on_end, NULL };

static void on_output(futu_conn *c, void *arg)
{
    (void)c;
    stream_kick(arg);
}

static void on_close(futu_conn *c, futu_err err, const char *reason, void *arg)
{
    (void)c;
    (void)err;
    (void)reason;
    stream_drain(arg);
}

static void on_accept(struct listener *l)
{
    struct tcp_conn *t = calloc(1, sizeof(*t));
    char peer[80];
    if (!t)
        return;
    if (!stream_accept(&t->stream, (uv_stream_t *)&l->server, &ops, l->tls, l->turns))
        return;
    listener_add(l, &t->stream);
    stream_peer(&t->stream, peer, sizeof(peer));
    futu_conn_opts o = listener_conn_opts(l);
    o.wire = FUTU_WIRE_TCP;
    o.peer = peer;
    o.on_output = on_output;
    o.on_close = on_close;
    o.arg = t;
    if (futu_conn_new(l->gateway, &t->conn, &o) != FUTU_OK)
        stream_close(&t->stream);
}

const struct listener_kind listener_tcp = { "FTAPI", on_accept, NULL, NULL, NULL, NULL,
                                            "--port" };
