/* http.c - the REST port: HTTP/1.1 requests to the gateway, its answers in their order.
 *
 * Pipe:    a request that is under way is an exchange in its connection's line. The first one's
 *          answer goes to the output at once, a later one's waits in its exchange for its turn.
 * Output:  two buffers: answers go into `fill` while the socket works on `flight`. All answers to
 *          what one read brought are one write, as are those that come later in a turn of the loop.
 * Streams: a body that has no end yet goes out in chunks. They are taken from the gateway when
 *          little output waits, so that a slow client's events wait there, where they give way. Its
 *          exchange holds the line up as every other; HTTP/1.0 has none.
 * Pauses:  with 64 requests under way, or 1 MiB of output, nothing is read; what was read already
 *          waits in `rest`.
 * Limits:  8 MiB of output, except for one answer that is larger alone; times in http_time.h,
 *          sizes in http_parse.h.
 * Memory:  exchanges come from a pool, buffers stay with the connection while they are small: a
 *          small request allocates nothing.
 * Tests:   test/unit/opend/http_test.c, test/integration/http_test.c
 */
#include <futu/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http_time.h"
#include "http_write.h"
#include "listener.h"
#include "upgrade.h"
#include "ws.h"

#define CALLS_MAX 64
#define OUTPUT_PAUSE (1u << 20)
#define OUTPUT_MAX (8u << 20)
#define STREAM_AHEAD 65536      /* output beyond which no more of a stream is taken */
#define KEEP_OUTPUT 65536
#define POOL_MAX 256
#define WS_MESSAGE_MAX 65536

struct http_conn;

struct exchange {
    struct exchange *next;
    struct http_conn *conn;
    futu_http_call *call;           /* NULL: answered */
    struct bytes answer;            /* when others come first */
    bool done;
    bool streams;                   /* its head is out, `call` has the body */
    int flags;                      /* of http_write() */
};

struct http_conn {
    struct stream stream;           /* first: the stream is this connection */
    struct listener *listener;
    struct http_parser parser;
    struct exchange *first, **last;
    unsigned n_calls;
    struct bytes fill, flight, rest;
    size_t flown, queued;           /* flown: of flight; queued: of all that is to be written */
    size_t in_kernel;               /* uv's write queue at the last tick */
    struct ws *ws;                  /* after the upgrade */
    struct http_wait wait;
    bool reading;                   /* in on_data(), at whose end the output is seen to */
    bool over;                      /* no further request is read */
    bool paused;
    char peer[80];
};

static const struct ws_rules rules = { true, WS_MESSAGE_MAX };

/* ---- exchanges ---- */

static struct exchange *pool;       /* of the loop's thread */
static unsigned n_pool;

static struct exchange *exchange_new(struct http_conn *c)
{
    struct exchange *x = pool;
    if (x) {
        pool = x->next;
        n_pool--;
    } else if (!(x = calloc(1, sizeof(*x)))) {
        return NULL;
    }
    x->conn = c;
    x->next = NULL;
    x->flags = (c->parser.keep_alive ? 0 : HTTP_CLOSE) |
               (c->parser.keep_alive && !c->parser.minor1 ? HTTP_KEEP : 0);
    *c->last = x;
    c->last = &x->next;
    c->n_calls++;
    return x;
}

/* Gives back an exchange that is in no line any more. */
static void exchange_free(struct exchange *x)
{
    futu_http_abandon(x->call);
    bytes_free(&x->answer);
    if (n_pool >= POOL_MAX) {
        free(x);
        return;
    }
    *x = (struct exchange){ .next = pool };
    pool = x;
    n_pool++;
}

static void drop_first(struct http_conn *c)
{
    struct exchange *x = c->first;
    c->first = x->next;
    if (!c->first)
        c->last = &c->first;
    c->n_calls--;
    exchange_free(x);
}

/* ---- answers ---- */

static void later(struct http_conn *c)
{
    if (!c->reading)
        listener_later(c->listener, &c->stream);
}

static struct bytes *place_of(struct exchange *x)
{
    return x == x->conn->first ? &x->conn->fill : &x->answer;
}

/* As much of the first one's stream as may wait here. False: memory is out. */
static bool pull(struct http_conn *c)
{
    struct exchange *x = c->first;
    while (x->streams && !x->done && c->queued < STREAM_AHEAD) {
        futu_str piece;
        size_t before = c->fill.n;
        futu_err err = futu_http_more(x->call, &piece);
        if (err == FUTU_EAGAIN)
            return true;
        if (!http_write_chunk(&c->fill, piece))
            return false;
        c->queued += c->fill.n - before;
        x->done = err != FUTU_OK;
    }
    return true;
}

/* The answers that have their turn go to the output. */
static void move_up(struct http_conn *c)
{
    while (c->first) {
        struct exchange *x = c->first;
        if (!bytes_put(&c->fill, x->answer.p, x->answer.n)) {
            stream_close(&c->stream);
            return;
        }
        bytes_clear(&x->answer, 0);
        if (!x->done)
            break;                  /* of a stream the head is out; on_flush() sees to the rest */
        drop_first(c);
    }
    later(c);
}

/* The body of a stream is taken from on_flush(), where the gateway may be called. */
static void answer(struct exchange *x, const futu_http_answer *a)
{
    struct http_conn *c = x->conn;
    struct bytes *out = place_of(x);
    size_t before = out->n;
    int flags = x->flags | (a->stream ? HTTP_CHUNKED : 0);
    if (c->stream.closing)
        return;
    if ((c->queued && c->queued + a->body.n > OUTPUT_MAX) ||
        !http_write(out, a, flags, time(NULL))) {
        stream_close(&c->stream);
        return;
    }
    c->queued += out->n - before;
    x->streams = a->stream;
    x->done = !x->streams;
    if (x->done)
        move_up(c);
    else
        later(c);
}

static void on_done(const futu_http_answer *a, void *arg)
{
    struct exchange *x = arg;
    if (!a->stream)
        x->call = NULL;
    answer(x, a);
}

static void on_more(futu_http_call *call, void *arg)
{
    struct exchange *x = arg;
    if (!call) {                    /* the gateway goes */
        x->call = NULL;
        stream_close(&x->conn->stream);
    } else if (!x->conn->stream.closing) {
        later(x->conn);
    }
}

/* An answer of our own. */
static void answer_error(struct exchange *x, int status, const char *text)
{
    char body[256];
    int n = snprintf(body, sizeof(body), "{\"error\":\"%s\"}", text);
    futu_http_answer a = { .size = sizeof(a), .status = status, .headers = "",
                           .content_type = "application/json", .body = { body, (size_t)n } };
    answer(x, &a);
}

/* The last answer of the connection, behind those under way. */
static void refuse(struct http_conn *c, int status, const char *text)
{
    c->over = true;
    c->stream.linger = true;
    c->parser.keep_alive = false;
    struct exchange *x = exchange_new(c);
    if (x)
        answer_error(x, status, text);
    else
        stream_close(&c->stream);
}

/* ---- requests ---- */

static futu_http_request request_of(const struct http_conn *c)
{
    const futu_str *f = c->parser.field;
    futu_http_request rq = FUTU_HTTP_REQUEST_INIT;
    rq.method = f[HTTP_METHOD];
    rq.target = f[HTTP_TARGET];
    rq.body = c->parser.body;
    rq.authorization = f[HTTP_AUTHORIZATION];
    rq.content_type = f[HTTP_CONTENT_TYPE];
    rq.origin = f[HTTP_ORIGIN];
    rq.idempotency_key = f[HTTP_IDEMPOTENCY_KEY];
    rq.accept = f[HTTP_ACCEPT];
    rq.request_method = f[HTTP_ASKED_METHOD];
    rq.host = f[HTTP_HOST];
    rq.session_id = f[HTTP_SESSION];
    rq.mcp_version = f[HTTP_MCP_VERSION];
    rq.last_event_id = f[HTTP_LAST_EVENT];
    rq.on_more = c->parser.minor1 ? on_more : NULL;
    rq.peer = c->peer;
    return rq;
}

static void start(struct http_conn *c)
{
    futu_http_request rq = request_of(c);
    futu_http_call *call = NULL;
    c->over = !c->parser.keep_alive;
    struct exchange *x = exchange_new(c);
    if (!x) {
        stream_close(&c->stream);
        return;
    }
    if (rq.method.n == 4 && memcmp(rq.method.p, "HEAD", 4) == 0)
        x->flags |= HTTP_NO_BODY;
    futu_err err = futu_gateway_http(c->listener->gateway, &rq, on_done, x, &call);
    if (err)
        answer_error(x, err == FUTU_ENOMEM ? 503 : 500, futu_strerror(err));
    else if (call)                  /* else x may be gone already */
        x->call = call;
}

/* "100 Continue" has its place in the line as every answer. */
static void invite_body(struct http_conn *c)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct exchange *x = exchange_new(c);
    if (!x || !bytes_put(place_of(x), text, sizeof(text) - 1)) {
        stream_close(&c->stream);
        return;
    }
    x->done = true;
    c->queued += sizeof(text) - 1;
    move_up(c);
}

/* The library judges; x is there for its answer when it refuses. */
static void open_ws(struct http_conn *c, const char *text)
{
    futu_http_request rq = request_of(c);
    futu_conn_opts o = listener_conn_opts(c->listener);
    futu_conn *conn;
    struct exchange *x = exchange_new(c);
    struct ws *w = ws_new(&c->stream, &rules);
    if (!x || !w) {
        ws_free(w);
        stream_close(&c->stream);
        return;
    }
    ws_conn_opts(w, &o);
    o.peer = c->peer;
    futu_err err = futu_gateway_http_upgrade(c->listener->gateway, &rq, &o, &conn, on_done, x);
    if (!err) {
        drop_first(c);
        ws_open(w, conn, text);
        c->ws = w;
        later(c);
        return;
    }
    ws_free(w);
    if (err == FUTU_EREFUSED)       /* on_done() has run */
        return;
    answer_error(x, err == FUTU_EINVAL ? 500 : 503,
                 err == FUTU_ELIMIT ? "too many connections" : futu_strerror(err));
}

static void upgrade(struct http_conn *c)
{
    char text[UPGRADE_ANSWER_MAX];
    const char *lacking = upgrade_answer(&c->parser, text, sizeof(text));
    if (lacking)
        refuse(c, 400, lacking);
    else if (c->first)
        refuse(c, 400, "a WebSocket can't be opened while requests are under way");
    else
        open_ws(c, text);
}

static bool wants_ws(const struct http_parser *p)
{
    return p->websocket && http_is(p->field[HTTP_METHOD], "GET");
}

static bool must_pause(const struct http_conn *c)
{
    return c->n_calls >= CALLS_MAX || c->queued > OUTPUT_PAUSE;
}

/* One step of the parser; false: it wants more bytes. */
static bool take(struct http_conn *c, const char *p, size_t n, size_t *used)
{
    switch (http_parse(&c->parser, p, n, used)) {
    case HTTP_MORE:
        return false;
    case HTTP_HEAD_DONE:
        c->wait.since_ms = uv_now(c->stream.tcp.loop);
        if (c->parser.expects)
            invite_body(c);
        return true;
    case HTTP_REQUEST_DONE:
        c->wait.since_ms = uv_now(c->stream.tcp.loop);
        if (wants_ws(&c->parser))
            upgrade(c);
        else
            start(c);
        return true;
    case HTTP_BAD:
        refuse(c, c->parser.status, c->parser.why);
        return false;
    }
    return false;
}

static void set_wait(struct http_conn *c)
{
    struct http_wait *w = &c->wait;
    bool between = http_between(&c->parser), body = c->parser.stage == HTTP_IN_BODY;
    bool head = !between && !body, answers = c->first || c->paused || c->over;
    if (head != w->head || body != w->body || answers != w->answers || between)
        w->since_ms = uv_now(c->stream.tcp.loop);
    w->head = head;
    w->body = body;
    w->answers = answers;
    w->got = c->parser.text.n;
}

/* Bytes of the client, as far as they are wanted; the rest is kept. False: no memory, or the
 * WebSocket ends. */
static bool pump(struct http_conn *c, const char *p, size_t n)
{
    size_t used;
    bool more = true;
    while (more && !c->over && !c->ws && !c->stream.closing) {
        if (http_between(&c->parser) && must_pause(c)) {
            if (!c->paused)
                stream_pause(&c->stream);
            c->paused = true;
            break;
        }
        more = take(c, p, n, &used);
        p += used;
        n -= used;
    }
    set_wait(c);
    if (c->ws)
        return n == 0 || ws_data(c->ws, (const uint8_t *)p, n);
    return !c->paused || c->over || bytes_put(&c->rest, p, n);
}

/* False: it is closed, or the WebSocket ends. */
static bool take_input(struct http_conn *c, const uint8_t *p, size_t n)
{
    if (c->over)
        return true;
    if (c->paused ? bytes_put(&c->rest, p, n) : pump(c, (const char *)p, n))
        return true;
    if (!c->ws)
        stream_close(&c->stream);
    return false;
}

static void resume(struct http_conn *c)
{
    struct bytes rest = c->rest;
    c->rest = (struct bytes){ 0 };
    c->paused = false;
    if (!pump(c, rest.p, rest.n))
        stream_drain(&c->stream);
    bytes_free(&rest);
    if (!c->paused && !c->stream.draining)
        stream_resume(&c->stream);
}

/* ---- the stream ---- */

static size_t output(struct stream *s, struct iovec *iov, size_t max)
{
    struct http_conn *c = (struct http_conn *)s;
    if (c->flown == c->flight.n && (c->flight.n || c->fill.n)) {
        struct bytes empty = c->flight;
        bytes_clear(&empty, KEEP_OUTPUT);
        c->flight = c->fill;
        c->fill = empty;
        c->flown = 0;
        c->wait.taken_ms = uv_now(s->tcp.loop);     /* from here on it is the client's turn */
    }
    if (c->flown < c->flight.n) {
        iov[0] = (struct iovec){ c->flight.p + c->flown, c->flight.n - c->flown };
        return 1;
    }
    return c->ws ? ws_output(c->ws, iov, max) : 0;
}

static void sent(struct stream *s, size_t n)
{
    struct http_conn *c = (struct http_conn *)s;
    if (c->flown == c->flight.n) {
        ws_sent(c->ws, n);
        return;
    }
    c->flown += n;
    c->queued -= n;
    c->wait.taken_ms = uv_now(s->tcp.loop);
    if (c->paused || c->over || (c->first && c->first->streams))
        later(c);
}

static void on_flush(struct stream *s)
{
    struct http_conn *c = (struct http_conn *)s;
    while (c->first && c->first->streams && !s->closing) {
        if (!pull(c))
            stream_close(s);
        if (!c->first->done)
            break;
        move_up(c);
    }
    if (c->paused && !c->over && !must_pause(c))
        resume(c);
    stream_kick(s);
    set_wait(c);
    if (c->over && !c->first && !c->queued && !c->ws)
        stream_drain(s);
}

static bool on_data(struct stream *s, const uint8_t *p, size_t n)
{
    struct http_conn *c = (struct http_conn *)s;
    if (c->ws)
        return ws_data(c->ws, p, n);
    c->reading = true;
    bool fine = take_input(c, p, n);
    c->reading = false;
    if (fine)
        on_flush(s);
    return fine;
}

/* What is under way is answered; whoever only closes their side gets it still. But who reads a
 * stream and closes has gone. */
static void on_eof(struct stream *s)
{
    struct http_conn *c = (struct http_conn *)s;
    if (c->ws || (c->first && c->first->streams)) {
        stream_close(s);
        return;
    }
    c->over = true;
    later(c);
}

static void on_end(struct stream *s)
{
    struct http_conn *c = (struct http_conn *)s;
    while (c->first)
        drop_first(c);
    ws_free(c->ws);
    http_free(&c->parser);
    bytes_free(&c->fill);
    bytes_free(&c->flight);
    bytes_free(&c->rest);
    free(c);
}

static const struct stream_ops ops = { on_data, output, sent, on_end, on_eof };

static void on_accept(struct listener *l)
{
    struct http_conn *c = calloc(1, sizeof(*c));
    if (!c)
        return;
    c->listener = l;
    c->last = &c->first;
    http_init(&c->parser, FUTU_HTTP_BODY_MAX);
    if (!stream_accept(&c->stream, (uv_stream_t *)&l->server, &ops, l->tls, l->turns))
        return;
    listener_add(l, &c->stream);
    stream_peer(&c->stream, c->peer, sizeof(c->peer));
    c->wait.since_ms = uv_now(l->server.loop);
    if (listener_full(l))
        refuse(c, 503, "too many connections");
}

/* A piece that the system takes slowly is reported when it is gone; its queue shrinks before. */
static bool moves(struct http_conn *c)
{
    size_t was = c->in_kernel;
    c->in_kernel = uv_stream_get_write_queue_size((uv_stream_t *)&c->stream.tcp);
    return c->in_kernel < was;
}

static void on_tick(struct stream *s, uint64_t now)
{
    struct http_conn *c = (struct http_conn *)s;
    if (c->ws) {
        ws_tick(c->ws, now);
        return;
    }
    if (moves(c))
        c->wait.taken_ms = now;
    c->wait.output = c->flown < c->flight.n || c->fill.n > 0;
    c->wait.got = c->parser.text.n;
    switch (http_late(&c->wait, now)) {
    case HTTP_IN_TIME:
        break;
    case HTTP_SLOW_SENDER:
        refuse(c, 408, "the request came too slowly");
        break;
    case HTTP_IDLE:
    case HTTP_SLOW_READER:
        stream_close(s);
        break;
    }
}

static void on_drain(struct stream *s)
{
    struct http_conn *c = (struct http_conn *)s;
    if (c->ws) {
        ws_leave(c->ws);
        return;
    }
    c->over = true;
    for (struct exchange *x = c->first; x; x = x->next) {
        if (x->streams)
            futu_http_leave(x->call);
        if (!x->next)
            x->flags = (x->flags & ~HTTP_KEEP) | HTTP_CLOSE;
    }
    later(c);
}

const struct listener_kind listener_http = { "REST", on_accept, on_tick, on_flush, NULL, on_drain,
                                             "--rest-port" };
