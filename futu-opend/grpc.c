/* grpc.c - the gRPC port: HTTP/2 by nghttp2 between a stream and the gateway's calls.
 *
 * In:      bytes to nghttp2 as they come; its callbacks feed the calls of grpc_call.c.
 * Out:     the socket asks for more, and 64 KiB are taken from nghttp2 then: windows of the client
 *          and the socket both hold output back, which waits in the calls.
 * Limits:  1000 streams at a time; resets of streams 33 a second on average; settings, pings and
 *          continuations as nghttp2 counts them; a client that sends no settings for 10 s, answers
 *          no ping for 20 s, takes nothing for 30 s, or has no call for 5 minutes is closed.
 * Tests:   test/grpc/
 */
#include <stdlib.h>
#include <string.h>

#include "grpc.h"

#define STREAMS_MAX 1000
#define HEADER_LIST_MAX 16384
#define STREAM_WINDOW (256 << 10)
#define CONN_WINDOW (1 << 20)
#define RESET_BURST 1000
#define RESET_RATE 33
#define OUTPUT_PIECE 65536
#define GREET_MS 10000
#define PING_AFTER_MS 60000
#define PONG_MS 20000
#define TAKE_MS 30000
#define IDLE_MS 300000

static void later(struct grpc_conn *c)
{
    listener_later(c->listener, &c->stream);
}

/* ---- nghttp2 tells ---- */

static int on_begin_headers(nghttp2_session *h2, const nghttp2_frame *f, void *arg)
{
    struct grpc_conn *c = arg;
    if (f->hd.type != NGHTTP2_HEADERS || f->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    struct grpc_stream *st = grpc_stream_new(c, f->hd.stream_id);
    if (!st)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    nghttp2_session_set_stream_user_data(h2, st->id, st);
    return 0;
}

static int on_header(nghttp2_session *h2, const nghttp2_frame *f, const uint8_t *name,
                     size_t n_name, const uint8_t *value, size_t n_value, uint8_t flags, void *arg)
{
    struct grpc_stream *st = nghttp2_session_get_stream_user_data(h2, f->hd.stream_id);
    (void)flags;
    (void)arg;
    if (!st || grpc_header(st, (futu_str){ (const char *)name, n_name },
                           (futu_str){ (const char *)value, n_value }))
        return 0;
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int on_frame(nghttp2_session *h2, const nghttp2_frame *f, void *arg)
{
    struct grpc_conn *c = arg;
    struct grpc_stream *st = nghttp2_session_get_stream_user_data(h2, f->hd.stream_id);
    if (f->hd.type == NGHTTP2_SETTINGS)
        c->greeted = true;
    if (!st)
        return 0;
    if (f->hd.type == NGHTTP2_HEADERS && !st->opened)
        grpc_headers_done(st);
    if ((f->hd.type == NGHTTP2_HEADERS || f->hd.type == NGHTTP2_DATA) &&
        (f->hd.flags & NGHTTP2_FLAG_END_STREAM))
        grpc_all_sent(st);
    return 0;
}

static int on_chunk(nghttp2_session *h2, uint8_t flags, int32_t id, const uint8_t *p, size_t n,
                    void *arg)
{
    struct grpc_stream *st = nghttp2_session_get_stream_user_data(h2, id);
    (void)flags;
    (void)arg;
    if (st)
        grpc_data(st, p, n);
    return 0;
}

/* A status that came before the client had sent all: it need not send the rest. */
static int on_sent(nghttp2_session *h2, const nghttp2_frame *f, void *arg)
{
    struct grpc_stream *st = nghttp2_session_get_stream_user_data(h2, f->hd.stream_id);
    (void)arg;
    if (st && f->hd.type == NGHTTP2_HEADERS && (f->hd.flags & NGHTTP2_FLAG_END_STREAM) &&
        !st->all_sent)
        nghttp2_submit_rst_stream(h2, NGHTTP2_FLAG_NONE, st->id, NGHTTP2_NO_ERROR);
    return 0;
}

static int on_stream_close(nghttp2_session *h2, int32_t id, uint32_t code, void *arg)
{
    struct grpc_stream *st = nghttp2_session_get_stream_user_data(h2, id);
    struct grpc_conn *c = arg;
    (void)code;
    if (st)
        grpc_stream_free(st);
    c->since_ms = uv_now(c->stream.tcp.loop);
    return 0;
}

/* ---- the session ---- */

static nghttp2_session_callbacks *callbacks(void)
{
    static nghttp2_session_callbacks *cb;       /* the same for all, as long as the program runs */
    if (cb || nghttp2_session_callbacks_new(&cb) != 0)
        return cb;
    nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_chunk);
    nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
    return cb;
}

static bool make_session(struct grpc_conn *c)
{
    nghttp2_option *o;
    if (!callbacks() || nghttp2_option_new(&o) != 0)
        return false;
    nghttp2_option_set_max_settings(o, 32);
    nghttp2_option_set_max_outbound_ack(o, 1000);
    nghttp2_option_set_max_continuations(o, 8);
    nghttp2_option_set_stream_reset_rate_limit(o, RESET_BURST, RESET_RATE);
    nghttp2_option_set_no_closed_streams(o, 1);
    int r = nghttp2_session_server_new2(&c->h2, callbacks(), c, o);
    nghttp2_option_del(o);
    return r == 0;
}

static bool greet(struct grpc_conn *c)
{
    static const nghttp2_settings_entry ours[] = {
        { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, STREAMS_MAX },
        { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HEADER_LIST_MAX },
        { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
    };
    return make_session(c) &&
           nghttp2_submit_settings(c->h2, NGHTTP2_FLAG_NONE, ours,
                                   sizeof(ours) / sizeof(ours[0])) == 0 &&
           nghttp2_session_set_local_window_size(c->h2, NGHTTP2_FLAG_NONE, 0, CONN_WINDOW) == 0;
}

/* No new calls; those under way end in their own time. */
static void leave(struct grpc_conn *c)
{
    c->leaving = true;
    nghttp2_submit_goaway(c->h2, NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(c->h2), NGHTTP2_NO_ERROR, NULL,
                          0);
    later(c);
}

/* ---- the stream ---- */

static bool on_data(struct stream *s, const uint8_t *p, size_t n)
{
    struct grpc_conn *c = (struct grpc_conn *)s;
    c->heard_ms = uv_now(s->tcp.loop);
    c->pinged_ms = 0;
    if (nghttp2_session_mem_recv(c->h2, p, n) < 0) {
        stream_close(s);
        return true;
    }
    later(c);
    return true;
}

static size_t output(struct stream *s, struct iovec *iov, size_t max)
{
    struct grpc_conn *c = (struct grpc_conn *)s;
    const uint8_t *p;
    ssize_t n = 0;
    (void)max;
    if (c->flown == c->flight.n) {
        bytes_clear(&c->flight, 2 * OUTPUT_PIECE);
        c->flown = 0;
        while (c->flight.n < OUTPUT_PIECE && (n = nghttp2_session_mem_send(c->h2, &p)) > 0)
            if (!bytes_put(&c->flight, p, (size_t)n))
                n = -1;
        if (n < 0) {
            stream_close(s);
            return 0;
        }
        c->taken_ms = uv_now(s->tcp.loop);
    }
    iov[0] = (struct iovec){ c->flight.p + c->flown, c->flight.n - c->flown };
    return c->flown < c->flight.n;
}

static void sent(struct stream *s, size_t n)
{
    struct grpc_conn *c = (struct grpc_conn *)s;
    c->flown += n;
    c->taken_ms = uv_now(s->tcp.loop);
    if (c->flown == c->flight.n)
        later(c);
}

static void on_flush(struct stream *s)
{
    struct grpc_conn *c = (struct grpc_conn *)s;
    grpc_serve(c);
    stream_kick(s);
    bool over = !nghttp2_session_want_read(c->h2) && !nghttp2_session_want_write(c->h2);
    if (c->flown == c->flight.n && (over || (c->leaving && c->n_streams == 0)))
        stream_drain(s);
}

static void on_end(struct stream *s)
{
    struct grpc_conn *c = (struct grpc_conn *)s;
    while (c->streams)
        grpc_stream_free(c->streams);
    nghttp2_session_del(c->h2);
    bytes_free(&c->flight);
    free(c);
}

static const struct stream_ops ops = { on_data, output, sent, on_end, NULL };

static void on_accept(struct listener *l)
{
    struct grpc_conn *c = calloc(1, sizeof(*c));
    if (!c)
        return;
    c->listener = l;
    if (!stream_accept(&c->stream, (uv_stream_t *)&l->server, &ops, l->tls, l->turns))
        return;
    listener_add(l, &c->stream);
    stream_peer(&c->stream, c->peer, sizeof(c->peer));
    c->since_ms = c->heard_ms = uv_now(l->server.loop);
    if (!greet(c)) {
        stream_close(&c->stream);
        return;
    }
    later(c);
    if (listener_full(l))
        leave(c);
}

/* ---- time ---- */

/* A piece that the system takes slowly is reported when it is gone; its queue shrinks before. */
static bool moves(struct grpc_conn *c)
{
    size_t was = c->in_kernel;
    c->in_kernel = uv_stream_get_write_queue_size((uv_stream_t *)&c->stream.tcp);
    return c->in_kernel < was;
}

static bool late(struct grpc_conn *c, uint64_t now)
{
    if (moves(c))
        c->taken_ms = now;
    return (!c->greeted && now - c->since_ms > GREET_MS) ||
           (c->pinged_ms && now - c->pinged_ms > PONG_MS) ||
           (c->flown < c->flight.n && now - c->taken_ms > TAKE_MS);
}

static void on_tick(struct stream *s, uint64_t now)
{
    struct grpc_conn *c = (struct grpc_conn *)s;
    if (late(c, now)) {
        stream_close(s);
        return;
    }
    if (c->n_streams == 0 && now - c->since_ms > IDLE_MS && !c->leaving)
        leave(c);
    if (!c->pinged_ms && now - c->heard_ms > PING_AFTER_MS) {
        nghttp2_submit_ping(c->h2, NGHTTP2_FLAG_NONE, NULL);
        c->pinged_ms = now;
        later(c);
    }
}

static void on_drain(struct stream *s)
{
    struct grpc_conn *c = (struct grpc_conn *)s;
    for (struct grpc_stream *st = c->streams; st; st = st->next)
        grpc_give_up(st, FUTU_GRPC_UNAVAILABLE, "the gateway ends");
    leave(c);
}

const struct listener_kind listener_grpc = { "gRPC", on_accept, on_tick, on_flush, on_drain,
                                             "--grpc-port" };
