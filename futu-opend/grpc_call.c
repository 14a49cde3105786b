/* grpc_call.c - see grpc.h: from the headers of a stream to the messages of a call.
 *
 * Gzip:    a message is unpacked before the call gets it; what comes out is bounded first.
 */
#include <stdlib.h>
#include <string.h>

#include "grpc.h"
#include "grpc_gzip.h"

#define HEADERS_MAX 16384
#define HELD_MAX (32u << 20)
#define HELD_ALL (256u << 20)
#define STREAMS_ALL 65536
#define KEEP 4096
#define HEADER_COST 32              /* of each header, as HTTP/2 counts */

/* ---- life ---- */

struct grpc_stream *grpc_stream_new(struct grpc_conn *c, int32_t id)
{
    struct grpc_stream *st = calloc(1, sizeof(*st));
    if (!st)
        return NULL;
    st->conn = c;
    st->id = id;
    st->next = c->streams;
    st->link = &c->streams;
    if (st->next)
        st->next->link = &st->next;
    c->streams = st;
    c->n_streams++;
    c->sums->streams++;
    st->moved_ms = c->now_ms;
    return st;
}

static void hold(struct grpc_stream *st, size_t n)
{
    st->conn->held += n - st->held;
    st->conn->sums->held += n - st->held;
    st->held = n;
}

void grpc_hold(struct grpc_stream *st)
{
    hold(st, st->in.body.n + st->packed.n - st->packed_at +
                 (st->call ? futu_grpc_waiting(st->call) : 0));
}

bool grpc_glutted(const struct grpc_conn *c)
{
    return c->held > HELD_MAX || c->sums->held > HELD_ALL;
}

void grpc_stream_free(struct grpc_stream *st)
{
    struct grpc_conn *c = st->conn;
    *st->link = st->next;
    if (st->next)
        st->next->link = st->link;
    if (st->link_ready) {
        *st->link_ready = st->next_ready;
        if (st->next_ready)
            st->next_ready->link_ready = st->link_ready;
    }
    c->n_streams--;
    c->sums->streams--;
    hold(st, 0);
    futu_grpc_free(st->call);
    bytes_free(&st->packed);
    grpc_in_free(&st->in);
    free(st);
}

/* ---- what the call says: inside the gateway, or inside nghttp2 ---- */

static void later(struct grpc_stream *st)
{
    struct grpc_conn *c = st->conn;
    if (!st->link_ready) {
        st->next_ready = c->ready;
        st->link_ready = &c->ready;
        if (c->ready)
            c->ready->link_ready = &st->next_ready;
        c->ready = st;
    }
    c->later(c);
}

static void end(struct grpc_stream *st, int status, const char *text)
{
    if (st->ended)
        return;
    st->ended = true;
    st->status = status;
    size_t n = strnlen(text, sizeof(st->why) - 1);
    memcpy(st->why, text, n);
    st->why[n] = '\0';
    later(st);
}

static void on_output(futu_grpc_call *call, void *arg)
{
    (void)call;
    grpc_hold(arg);
    later(arg);
}

static void on_end(futu_grpc_call *call, int status, const char *text, void *arg)
{
    (void)call;
    grpc_hold(arg);
    end(arg, status, text);
}

void grpc_give_up(struct grpc_stream *st, int status, const char *text)
{
    if (st->ended)
        return;
    futu_grpc_free(st->call);
    st->call = NULL;
    end(st, status, text);
}

/* ---- headers ---- */

void grpc_block_begin(struct grpc_conn *c)
{
    bytes_clear(&c->block.text, KEEP);
    memset(c->block.field, 0, sizeof(c->block.field));
    c->block.size = 0;
}

bool grpc_header(struct grpc_conn *c, futu_str name, futu_str value)
{
#define NAME(lit) { lit, sizeof(lit) - 1 }
    static const futu_str names[GRPC_FIELDS] = {
        NAME(":method"), NAME(":path"), NAME("content-type"), NAME("grpc-encoding"),
        NAME("grpc-accept-encoding"), NAME("grpc-timeout"), NAME("authorization"),
        NAME("idempotency-key"),
    };
    struct grpc_block *b = &c->block;
    b->size += name.n + value.n + HEADER_COST;
    if (b->size > HEADERS_MAX)
        return true;                /* refused when they are through */
    for (size_t i = 0; i < GRPC_FIELDS; i++) {
        if (names[i].n != name.n || memcmp(names[i].p, name.p, name.n) != 0)
            continue;
        b->field[i].at = b->text.n;
        b->field[i].n = value.n;
        b->field[i].has = true;
        return bytes_put(&b->text, value.p, value.n);
    }
    return true;
}

static futu_str field(const struct grpc_stream *st, enum grpc_field f)
{
    const struct grpc_block *b = &st->conn->block;
    if (!b->field[f].has)
        return (futu_str){ NULL, 0 };
    return (futu_str){ b->text.p ? b->text.p + b->field[f].at : "", b->field[f].n };
}

static bool is(futu_str s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

/* application/grpc, +proto, or with parameters. */
static bool is_grpc(futu_str type)
{
    static const char word[] = "application/grpc";
    size_t n = sizeof(word) - 1;
    if (!type.p || type.n < n || memcmp(type.p, word, n) != 0)
        return false;
    futu_str tail = { type.p + n, type.n - n };
    return tail.n == 0 || tail.p[0] == ';' || is(tail, "+proto");
}

/* One of the words between commas. */
static bool names(futu_str list, const char *word)
{
    while (list.n > 0) {
        const char *comma = memchr(list.p, ',', list.n);
        futu_str one = { list.p, comma ? (size_t)(comma - list.p) : list.n };
        size_t used = one.n + (comma != NULL);
        list = (futu_str){ list.p + used, list.n - used };
        while (one.n > 0 && one.p[0] == ' ')
            one = (futu_str){ one.p + 1, one.n - 1 };
        while (one.n > 0 && one.p[one.n - 1] == ' ')
            one.n--;
        if (is(one, word))
            return true;
    }
    return false;
}

static void learn_encodings(struct grpc_stream *st)
{
    st->wants_gzip = is(field(st, GRPC_ENCODING), "gzip");
    st->takes_gzip = st->wants_gzip || names(field(st, GRPC_ACCEPT_ENCODING), "gzip");
    st->in.gzip = st->wants_gzip;
}

static bool acceptable(struct grpc_stream *st, int64_t *timeout)
{
    futu_str encoding = field(st, GRPC_ENCODING), limit = field(st, GRPC_TIMEOUT);
    *timeout = limit.p ? grpc_timeout(limit) : -1;
    st->http_status = 200;
    if (st->conn->block.size > HEADERS_MAX) {
        st->http_status = 431;
        end(st, FUTU_GRPC_RESOURCE_EXHAUSTED, "more than 16 KiB of headers");
    } else if (!is(field(st, GRPC_METHOD), "POST")) {
        st->http_status = 405;
        end(st, FUTU_GRPC_UNIMPLEMENTED, "this port speaks gRPC: POST alone");
    } else if (!is_grpc(field(st, GRPC_CONTENT_TYPE))) {
        st->http_status = 415;
        end(st, FUTU_GRPC_UNIMPLEMENTED, "this port speaks gRPC: content-type: application/grpc");
    } else if (encoding.p && !is(encoding, "identity") && !st->wants_gzip) {
        end(st, FUTU_GRPC_UNIMPLEMENTED, "grpc-encoding: identity and gzip are taken");
    } else if (limit.p && *timeout < 0) {
        end(st, FUTU_GRPC_INVALID_ARGUMENT, "grpc-timeout: up to 8 digits and one of H M S m u n");
    } else if (grpc_glutted(st->conn)) {
        end(st, FUTU_GRPC_RESOURCE_EXHAUSTED, "too many answers of this connection wait to be "
                                              "read");
    } else if (st->conn->sums->streams > STREAMS_ALL) {
        end(st, FUTU_GRPC_RESOURCE_EXHAUSTED, "too many calls are under way");
    } else if (st->conn->leaving) {
        end(st, FUTU_GRPC_UNAVAILABLE, "the gateway ends");
    }
    return !st->ended;
}

void grpc_headers_done(struct grpc_stream *st)
{
    futu_grpc_request rq = FUTU_GRPC_REQUEST_INIT;
    st->opened = true;
    learn_encodings(st);
    if (acceptable(st, &rq.timeout_ns)) {
        rq.path = field(st, GRPC_PATH);
        rq.authorization = field(st, GRPC_AUTHORIZATION);
        rq.idempotency_key = field(st, GRPC_IDEMPOTENCY_KEY);
        rq.peer = st->conn->peer;
        rq.on_output = on_output;
        rq.on_end = on_end;
        rq.arg = st;
        futu_err err = futu_gateway_grpc(st->conn->gateway, &rq, &st->call);
        if (err)
            end(st, FUTU_GRPC_RESOURCE_EXHAUSTED, futu_strerror(err));
    }
    grpc_block_begin(st->conn);     /* a key does not stay */
}

/* ---- messages ---- */

static void refuse(struct grpc_stream *st, enum grpc_step step)
{
    static const struct {
        int status;
        const char *text;
    } why[] = {
        [GRPC_COMPRESSED] = { FUTU_GRPC_INTERNAL, "a compressed message without grpc-encoding" },
        [GRPC_TOO_LARGE] = { FUTU_GRPC_RESOURCE_EXHAUSTED, "a message is larger than 4 MiB" },
        [GRPC_NO_MEMORY] = { FUTU_GRPC_RESOURCE_EXHAUSTED, "out of memory" },
    };
    grpc_give_up(st, why[step].status, why[step].text);
}

static void unpack(struct grpc_stream *st)
{
    struct bytes plain = { 0 };
    const struct bytes *in = &st->in.body;
    switch (gzip_unpack(in->p, in->n, FUTU_GRPC_MESSAGE_MAX, &plain)) {
    case GZIP_OK:
        futu_grpc_message(st->call, plain.p, plain.n);
        break;
    case GZIP_BAD:
        grpc_give_up(st, FUTU_GRPC_INTERNAL, "a message is not gzip");
        break;
    case GZIP_TOO_LARGE:
        grpc_give_up(st, FUTU_GRPC_RESOURCE_EXHAUSTED,
                     "a message unpacks to more than 4 MiB, or to 64 times its size and 64 KiB");
        break;
    default:
        refuse(st, GRPC_NO_MEMORY);
    }
    bytes_free(&plain);
}

static void take_message(struct grpc_stream *st)
{
    if (grpc_packed(&st->in))
        unpack(st);
    else
        futu_grpc_message(st->call, st->in.body.p, st->in.body.n);
    grpc_next(&st->in);
}

static void cut(struct grpc_stream *st, const uint8_t *p, size_t n)
{
    while (!st->ended && n > 0) {
        size_t whole = grpc_whole(&st->in, p, n);
        if (whole) {
            futu_grpc_message(st->call, p + GRPC_HEAD, whole - GRPC_HEAD);
            p += whole;
            n -= whole;
            continue;
        }
        enum grpc_step step = grpc_feed(&st->in, &p, &n);
        if (step == GRPC_MESSAGE)
            take_message(st);
        else if (step != GRPC_MORE)
            refuse(st, step);
    }
}

void grpc_data(struct grpc_stream *st, const uint8_t *p, size_t n)
{
    st->moved_ms = st->conn->now_ms;
    cut(st, p, n);
    if (st->ended)
        grpc_in_free(&st->in);
    grpc_hold(st);
    if (st->in.body.n > 0 && grpc_glutted(st->conn)) {
        grpc_give_up(st, FUTU_GRPC_RESOURCE_EXHAUSTED, "too many large messages at a time");
        grpc_in_free(&st->in);
        grpc_hold(st);
    }
}

void grpc_all_sent(struct grpc_stream *st)
{
    st->all_sent = true;
    if (st->ended)
        return;
    if (grpc_partial(&st->in))
        grpc_give_up(st, FUTU_GRPC_INVALID_ARGUMENT, "the last message is cut off");
    else
        futu_grpc_half_close(st->call);
}
