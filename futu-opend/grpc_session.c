/* grpc_session.c - see grpc.h: nghttp2's session of one connection, its limits and its times. */
#include <string.h>

#include "grpc.h"

#define STREAMS_MAX 1000
#define HEADER_LIST_MAX 16384
#define HEADER_LIST_END (256 << 10)     /* beyond it is no mistake, and decoding is not free */
#define STREAM_WINDOW (256 << 10)
#define CONN_WINDOW (1 << 20)
#define FRAMES_MAX 8192                 /* that wait to be sent, each of its own call or not */
#define GREET_MS 10000
#define PING_AFTER_MS 60000
#define PONG_MS 20000
#define IDLE_MS 300000

static struct grpc_stream *stream_of(nghttp2_session *h2, int32_t id)
{
    return id > 0 ? nghttp2_session_get_stream_user_data(h2, id) : NULL;
}

void grpc_condemn(struct grpc_conn *c, uint32_t code, const char *why)
{
    if (c->condemned)
        return;
    c->condemned = true;
    c->code = code;
    c->why = why;
    c->later(c);
}

/* From inside nghttp2: it stops reading, and is not used any more. */
static int angry(struct grpc_conn *c, const char *why)
{
    grpc_condemn(c, NGHTTP2_ENHANCE_YOUR_CALM, why);
    return NGHTTP2_ERR_CALLBACK_FAILURE;
}

static int charge(struct grpc_conn *c, unsigned price)
{
    return grpc_calm_frame(&c->calm, price, c->now_ms) ? 0 : angry(c, "too_many_frames");
}

/* ---- nghttp2 tells ---- */

static int on_begin_frame(nghttp2_session *h2, const nghttp2_frame_hd *hd, void *arg)
{
    static const uint8_t prices[] = {
        [NGHTTP2_PRIORITY] = CALM_CONTROL,  [NGHTTP2_SETTINGS] = CALM_SETTINGS,
        [NGHTTP2_PING] = CALM_CONTROL,      [NGHTTP2_GOAWAY] = CALM_CONTROL,
        [NGHTTP2_WINDOW_UPDATE] = CALM_CONTROL,
    };
    struct grpc_conn *c = arg;
    (void)h2;
    if (hd->type == NGHTTP2_RST_STREAM && !grpc_calm_reset(&c->calm, c->now_ms))
        return angry(c, "too_many_resets");
    if (hd->type == NGHTTP2_PING && !(hd->flags & NGHTTP2_FLAG_ACK) &&
        !grpc_calm_ping(&c->calm, c->now_ms))
        return angry(c, "too_many_pings");      /* what gRPC clients know to look for */
    unsigned price = hd->type < sizeof(prices) ? prices[hd->type] : CALM_CONTROL;
    return price ? charge(c, price) : 0;
}

/* A little of each stream in turn. Without it the streams that began first would have the whole
 * connection as long as they have something to send, and the others nothing (RFC 9218, 10). */
static bool take_turns(nghttp2_session *h2, int32_t id)
{
    static const nghttp2_extpri fair = { .urgency = NGHTTP2_EXTPRI_DEFAULT_URGENCY, .inc = 1 };
    return nghttp2_session_change_extpri_stream_priority(h2, id, &fair, 1) == 0;
}

static int on_begin_headers(nghttp2_session *h2, const nghttp2_frame *f, void *arg)
{
    struct grpc_conn *c = arg;
    grpc_block_begin(c);
    if (f->hd.type != NGHTTP2_HEADERS || f->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    struct grpc_stream *st = grpc_stream_new(c, f->hd.stream_id);
    if (!st)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    c->last_id = f->hd.stream_id;
    nghttp2_session_set_stream_user_data(h2, st->id, st);
    return take_turns(h2, st->id) ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

static int on_header(nghttp2_session *h2, const nghttp2_frame *f, const uint8_t *name,
                     size_t n_name, const uint8_t *value, size_t n_value, uint8_t flags, void *arg)
{
    struct grpc_conn *c = arg;
    (void)h2;
    (void)f;
    (void)flags;
    if (!grpc_header(c, (futu_str){ (const char *)name, n_name },
                     (futu_str){ (const char *)value, n_value }))
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    return c->block.size > HEADER_LIST_END ? angry(c, "headers without end") : 0;
}

/* Data that brings neither bytes nor an end costs; the rest gives back. */
static int judge_data(struct grpc_conn *c, const nghttp2_frame *f)
{
    if (f->hd.length > f->data.padlen || (f->hd.flags & NGHTTP2_FLAG_END_STREAM)) {
        grpc_calm_came(&c->calm);
        return 0;
    }
    return charge(c, CALM_EMPTY);
}

static int on_frame(nghttp2_session *h2, const nghttp2_frame *f, void *arg)
{
    struct grpc_conn *c = arg;
    struct grpc_stream *st = stream_of(h2, f->hd.stream_id);
    if (f->hd.type == NGHTTP2_SETTINGS)
        c->greeted = true;
    if (st && f->hd.type == NGHTTP2_HEADERS && !st->opened)
        grpc_headers_done(st);
    if (st && (f->hd.type == NGHTTP2_HEADERS || f->hd.type == NGHTTP2_DATA) &&
        (f->hd.flags & NGHTTP2_FLAG_END_STREAM))
        grpc_all_sent(st);
    return f->hd.type == NGHTTP2_DATA ? judge_data(c, f) : 0;
}

/* It has been refused, which has made a frame that waits to be sent. */
static int on_invalid_frame(nghttp2_session *h2, const nghttp2_frame *f, int error, void *arg)
{
    (void)h2;
    (void)f;
    (void)error;
    return charge(arg, CALM_REFUSED);
}

static int on_chunk(nghttp2_session *h2, uint8_t flags, int32_t id, const uint8_t *p, size_t n,
                    void *arg)
{
    struct grpc_stream *st = stream_of(h2, id);
    (void)flags;
    (void)arg;
    if (st)
        grpc_data(st, p, n);
    return 0;
}

/* A status that came before the client had sent all: it need not send the rest. */
static int on_sent(nghttp2_session *h2, const nghttp2_frame *f, void *arg)
{
    struct grpc_conn *c = arg;
    struct grpc_stream *st = stream_of(h2, f->hd.stream_id);
    if (f->hd.type != NGHTTP2_HEADERS && f->hd.type != NGHTTP2_DATA)
        return 0;
    grpc_calm_went(&c->calm);
    if (st && f->hd.type == NGHTTP2_HEADERS && (f->hd.flags & NGHTTP2_FLAG_END_STREAM) &&
        !st->all_sent)
        nghttp2_submit_rst_stream(h2, NGHTTP2_FLAG_NONE, st->id, NGHTTP2_NO_ERROR);
    return 0;
}

static int on_stream_close(nghttp2_session *h2, int32_t id, uint32_t code, void *arg)
{
    struct grpc_stream *st = stream_of(h2, id);
    struct grpc_conn *c = arg;
    (void)code;
    if (st)
        grpc_stream_free(st);
    c->since_ms = c->now_ms;
    return 0;
}

/* ---- the session ---- */

static nghttp2_session_callbacks *callbacks(void)
{
    static nghttp2_session_callbacks *cb;       /* the same for all, as long as the program runs */
    if (cb || nghttp2_session_callbacks_new(&cb) != 0)
        return cb;
    nghttp2_session_callbacks_set_on_begin_frame_callback(cb, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(cb, on_invalid_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_chunk);
    nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
    nghttp2_session_callbacks_set_send_data_callback(cb, grpc_send_data);
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
    nghttp2_option_set_stream_reset_rate_limit(o, 2 * RESET_BURST, 2 * RESET_RATE);
    nghttp2_option_set_no_closed_streams(o, 1);
    int r = nghttp2_session_server_new2(&c->h2, callbacks(), c, o);
    nghttp2_option_del(o);
    return r == 0;
}

bool grpc_conn_open(struct grpc_conn *c)
{
    static const nghttp2_settings_entry ours[] = {
        { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, STREAMS_MAX },
        { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HEADER_LIST_MAX },
        { NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, STREAM_WINDOW },
        { NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1 },
    };
    c->born_ms = c->since_ms = c->heard_ms = c->now_ms;
    grpc_calm_init(&c->calm, c->now_ms);
    grpc_scan_init(&c->scan);
    return make_session(c) &&
           nghttp2_submit_settings(c->h2, NGHTTP2_FLAG_NONE, ours,
                                   sizeof(ours) / sizeof(ours[0])) == 0 &&
           nghttp2_session_set_local_window_size(c->h2, NGHTTP2_FLAG_NONE, 0, CONN_WINDOW) == 0;
}

static void free_streams(struct grpc_conn *c)
{
    while (c->streams)
        grpc_stream_free(c->streams);
}

void grpc_conn_close(struct grpc_conn *c)
{
    free_streams(c);
    nghttp2_session_del(c->h2);
    bytes_free(&c->block.text);
    c->h2 = NULL;
}

/* ---- bytes ---- */

/* nghttp2's own limits end the session without a word. */
static void blame(struct grpc_conn *c, ssize_t error)
{
    if (error == NGHTTP2_ERR_BAD_CLIENT_MAGIC)
        grpc_condemn(c, NGHTTP2_PROTOCOL_ERROR, "this port speaks gRPC over HTTP/2");
    else if (error == NGHTTP2_ERR_NOMEM)
        grpc_condemn(c, NGHTTP2_INTERNAL_ERROR, "out of memory");
    else
        grpc_condemn(c, NGHTTP2_ENHANCE_YOUR_CALM, nghttp2_strerror((int)error));
}

static bool read_on(void *arg, const uint8_t *p, size_t n)
{
    struct grpc_conn *c = arg;
    ssize_t r = nghttp2_session_mem_recv(c->h2, p, n);
    if (r < 0)
        blame(c, r);
    return r >= 0 && !c->condemned;
}

static bool on_left_out(void *arg)
{
    struct grpc_conn *c = arg;
    return grpc_calm_reset(&c->calm, c->now_ms) || angry(c, "too_many_resets") == 0;
}

bool grpc_receive(struct grpc_conn *c, const uint8_t *p, size_t n)
{
    static const struct grpc_scan_ops ops = { read_on, on_left_out };
    if (c->condemned)
        return false;
    c->heard_ms = c->now_ms;
    c->pinged_ms = 0;
    if (grpc_scan(&c->scan, p, n, &ops, c) &&
        nghttp2_session_get_outbound_queue_size(c->h2) > FRAMES_MAX)
        grpc_condemn(c, NGHTTP2_ENHANCE_YOUR_CALM, "too many answers wait to be read");
    if (c->condemned)
        free_streams(c);
    c->later(c);
    return !c->condemned;
}

static void put_number(uint8_t *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* By hand, since the session is not to be used after an error of its own. */
static bool send_sentence(struct grpc_conn *c, struct bytes *out)
{
    uint8_t f[9 + 8] = { 0, 0, 0, NGHTTP2_GOAWAY };
    size_t n = strlen(c->why);
    if (c->sentenced)
        return true;
    c->sentenced = true;
    f[2] = (uint8_t)(8 + n);
    put_number(f + 9, (uint32_t)c->last_id);
    put_number(f + 13, c->code);
    return bytes_put(out, f, sizeof(f)) && bytes_put(out, c->why, n);
}

bool grpc_send(struct grpc_conn *c, struct bytes *out, size_t max)
{
    const uint8_t *p;
    ssize_t n = 0;
    c->out = out;
    c->out_max = max;
    while (!c->condemned && out->n < max && (n = nghttp2_session_mem_send(c->h2, &p)) > 0)
        if (!bytes_put(out, p, (size_t)n))
            return false;
    if (!c->condemned)
        return n >= 0;
    free_streams(c);
    return send_sentence(c, out);
}

/* ---- its times, and its end ---- */

bool grpc_over(const struct grpc_conn *c)
{
    return c->condemned ||
           (!nghttp2_session_want_read(c->h2) && !nghttp2_session_want_write(c->h2));
}

void grpc_leave(struct grpc_conn *c)
{
    if (c->leaving || c->condemned)
        return;
    c->leaving = true;
    nghttp2_submit_goaway(c->h2, NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(c->h2), NGHTTP2_NO_ERROR, NULL,
                          0);
    c->later(c);
}

void grpc_notice(struct grpc_conn *c)
{
    if (c->leaving || c->condemned)
        return;
    nghttp2_submit_shutdown_notice(c->h2);
    c->later(c);
}

void grpc_farewell(struct grpc_conn *c)
{
    for (struct grpc_stream *st = c->streams; st; st = st->next)
        grpc_give_up(st, FUTU_GRPC_UNAVAILABLE, "the gateway ends");
    grpc_leave(c);
    c->later(c);
}

static void ping(struct grpc_conn *c)
{
    nghttp2_submit_ping(c->h2, NGHTTP2_FLAG_NONE, NULL);
    c->pinged_ms = c->now_ms;
    c->later(c);
}

bool grpc_tick(struct grpc_conn *c)
{
    if (c->condemned)
        return true;
    if (c->pinged_ms && c->now_ms - c->pinged_ms > PONG_MS)
        return false;
    if (!c->greeted && c->now_ms - c->since_ms > GREET_MS) {
        grpc_condemn(c, NGHTTP2_SETTINGS_TIMEOUT, "no settings came");
        return true;
    }
    for (struct grpc_stream *st = c->streams; st; st = st->next)
        grpc_stream_tick(st);
    bool idle = c->n_streams == 0 && c->now_ms - c->since_ms > IDLE_MS;
    bool old = c->max_age_ms && c->now_ms - c->born_ms > c->max_age_ms;
    if (idle || old)
        grpc_leave(c);
    if (!c->pinged_ms && c->now_ms - c->heard_ms > PING_AFTER_MS)
        ping(c);
    return true;
}
