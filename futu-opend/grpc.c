/* grpc.c - the gRPC port: a stream of bytes around each session of grpc.h.
 *
 * Out:     the socket asks for more, and 64 KiB are taken from the session then: the client's
 *          windows and the socket both hold output back, which waits in the calls.
 * Limits:  those of grpc.h; a client whose socket takes nothing for 30 s is closed.
 * Tests:   as grpc.h
 */
#include "grpc.h"

#include <stdlib.h>

#include "listener.h"

#define OUTPUT_PIECE 65536
#define TAKE_MS 30000

struct link {
    struct stream stream;           /* first: the stream is this link */
    struct listener *listener;
    struct grpc_conn conn;
    struct bytes flight;            /* what the socket works on */
    size_t flown, in_kernel;
    uint64_t taken_ms;
};

/* There is one loop. */
static struct grpc_sums sums;
static struct bytes spare;          /* the buffer of links that have nothing in flight */

static struct link *link_of(struct grpc_conn *c)
{
    return (struct link *)((char *)c - offsetof(struct link, conn));
}

static struct grpc_conn *conn_of(struct stream *s)
{
    struct link *l = (struct link *)s;
    l->conn.now_ms = uv_now(s->tcp.loop);
    return &l->conn;
}

static void later(struct grpc_conn *c)
{
    struct link *l = link_of(c);
    listener_later(l->listener, &l->stream);
}

/* ---- the stream ---- */

/* What is still on its way here must not take our last words from the client. */
static bool on_data(struct stream *s, const uint8_t *p, size_t n)
{
    s->linger = !grpc_receive(conn_of(s), p, n);
    return !s->linger;
}

/* Few links have something in flight when the loop turns, so that one buffer serves nearly all. */
static void lend(struct link *l)
{
    if (!l->flight.p && spare.p) {
        l->flight = spare;
        spare = (struct bytes){ 0 };
    }
    l->flight.n = l->flown = 0;
}

static void give_back(struct link *l)
{
    if (l->flight.n)
        return;
    if (spare.p)
        bytes_free(&l->flight);
    else
        spare = l->flight;
    l->flight = (struct bytes){ 0 };
}

static bool refill(struct link *l)
{
    struct grpc_conn *c = conn_of(&l->stream);
    lend(l);
    bool fine = grpc_send(c, &l->flight, OUTPUT_PIECE);
    give_back(l);
    l->taken_ms = c->now_ms;
    return fine;
}

static size_t output(struct stream *s, struct iovec *iov, size_t max)
{
    struct link *l = (struct link *)s;
    (void)max;
    if (l->flown == l->flight.n && !refill(l)) {
        stream_close(s);
        return 0;
    }
    iov[0] = (struct iovec){ l->flight.p + l->flown, l->flight.n - l->flown };
    return l->flown < l->flight.n;
}

static void sent(struct stream *s, size_t n)
{
    struct link *l = (struct link *)s;
    l->flown += n;
    l->taken_ms = uv_now(s->tcp.loop);
    if (l->flown == l->flight.n)
        later(&l->conn);
}

static void on_flush(struct stream *s)
{
    struct link *l = (struct link *)s;
    struct grpc_conn *c = conn_of(s);
    if (!grpc_serve(c)) {
        stream_close(s);
        return;
    }
    stream_kick(s);
    if (s->closing || l->flown < l->flight.n)
        return;
    if (grpc_over(c) || (c->leaving && c->n_streams == 0)) {
        s->linger = !l->listener->draining;
        stream_drain(s);
    }
}

static void on_end(struct stream *s)
{
    struct link *l = (struct link *)s;
    grpc_conn_close(&l->conn);
    bytes_free(&l->flight);
    free(l);
}

static const struct stream_ops ops = { on_data, output, sent, on_end, NULL };

static void on_accept(struct listener *listener)
{
    struct link *l = calloc(1, sizeof(*l));
    if (!l)
        return;
    l->listener = listener;
    l->conn.gateway = listener->gateway;
    l->conn.sums = &sums;
    l->conn.later = later;
    l->conn.max_age_ms = listener->max_age_ms;
    if (!stream_accept(&l->stream, (uv_stream_t *)&listener->server, &ops, listener->tls,
                       listener->turns))
        return;
    listener_add(listener, &l->stream);
    stream_peer(&l->stream, l->conn.peer, sizeof(l->conn.peer));
    if (!grpc_conn_open(conn_of(&l->stream))) {
        stream_close(&l->stream);
        return;
    }
    later(&l->conn);
    if (listener_full(listener))
        grpc_leave(&l->conn);
}

/* ---- time ---- */

/* A piece that the system takes slowly is reported when it is gone; its queue shrinks before. */
static bool moves(struct link *l)
{
    size_t was = l->in_kernel;
    l->in_kernel = uv_stream_get_write_queue_size((uv_stream_t *)&l->stream.tcp);
    return l->in_kernel < was;
}

static void on_tick(struct stream *s, uint64_t now)
{
    struct link *l = (struct link *)s;
    if (moves(l))
        l->taken_ms = now;
    bool stuck = l->flown < l->flight.n && now - l->taken_ms > TAKE_MS;
    if (stuck || !grpc_tick(conn_of(s)))
        stream_close(s);
}

static void on_notice(struct stream *s)
{
    grpc_notice(conn_of(s));
}

static void on_drain(struct stream *s)
{
    grpc_farewell(conn_of(s));
}

const struct listener_kind listener_grpc = { .name = "gRPC", .accept = on_accept, .tick = on_tick,
                                             .flush = on_flush, .notice = on_notice,
                                             .drain = on_drain, .option = "--grpc-port" };
