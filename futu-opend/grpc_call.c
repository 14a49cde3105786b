/* grpc_call.c - see grpc.h: from the headers of a stream to its status.
 *
 * Limits:  16 KiB of headers; FUTU_GRPC_MESSAGE_MAX for a message; 32 MiB for all that the streams
 *          of a connection keep, beyond which new calls are refused.
 * Tests:   test/grpc/
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grpc.h"

#define HEADERS_MAX 16384
#define HELD_MAX (32u << 20)
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
    return st;
}

static void hold(struct grpc_stream *st, size_t n)
{
    st->conn->held += n - st->held;
    st->held = n;
}

void grpc_stream_free(struct grpc_stream *st)
{
    struct grpc_conn *c = st->conn;
    *st->link = st->next;
    if (st->next)
        st->next->link = st->link;
    for (struct grpc_stream **p = &c->ready; st->ready && *p; p = &(*p)->next_ready) {
        if (*p == st) {
            *p = st->next_ready;
            break;
        }
    }
    c->n_streams--;
    hold(st, 0);
    futu_grpc_free(st->call);
    bytes_free(&st->text);
    grpc_in_free(&st->in);
    free(st);
}

/* ---- what the call says: inside the gateway, or inside nghttp2 ---- */

static void later(struct grpc_stream *st)
{
    struct grpc_conn *c = st->conn;
    if (!st->ready) {
        st->ready = true;
        st->next_ready = c->ready;
        c->ready = st;
    }
    listener_later(c->listener, &c->stream);
}

static void end(struct grpc_stream *st, int status, const char *text)
{
    if (st->ended)
        return;
    st->ended = true;
    st->status = status;
    snprintf(st->why, sizeof(st->why), "%s", text);
    later(st);
}

static void on_output(futu_grpc_call *call, void *arg)
{
    (void)call;
    later(arg);
}

static void on_end(futu_grpc_call *call, int status, const char *text, void *arg)
{
    (void)call;
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

bool grpc_header(struct grpc_stream *st, futu_str name, futu_str value)
{
    static const char *const names[GRPC_FIELDS] = {
        ":method", ":path", "content-type", "grpc-encoding", "grpc-timeout", "authorization",
        "idempotency-key",
    };
    st->head_size += name.n + value.n + HEADER_COST;
    if (st->head_size > HEADERS_MAX)
        return false;
    for (size_t i = 0; i < GRPC_FIELDS && !st->opened; i++) {
        if (strlen(names[i]) != name.n || memcmp(names[i], name.p, name.n) != 0)
            continue;
        st->field[i].at = st->text.n;
        st->field[i].n = value.n;
        st->field[i].has = true;
        return bytes_put(&st->text, value.p, value.n);
    }
    return true;
}

static futu_str field(const struct grpc_stream *st, enum grpc_field f)
{
    if (!st->field[f].has)
        return (futu_str){ NULL, 0 };
    return (futu_str){ st->text.p ? st->text.p + st->field[f].at : "", st->field[f].n };
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

static bool acceptable(struct grpc_stream *st, int64_t *timeout)
{
    futu_str encoding = field(st, GRPC_ENCODING), limit = field(st, GRPC_TIMEOUT);
    *timeout = limit.p ? grpc_timeout(limit) : -1;
    st->http_status = 200;
    if (!is(field(st, GRPC_METHOD), "POST")) {
        st->http_status = 405;
        end(st, FUTU_GRPC_UNIMPLEMENTED, "this port speaks gRPC: POST alone");
    } else if (!is_grpc(field(st, GRPC_CONTENT_TYPE))) {
        st->http_status = 415;
        end(st, FUTU_GRPC_UNIMPLEMENTED, "this port speaks gRPC: content-type: application/grpc");
    } else if (encoding.p && !is(encoding, "identity")) {
        end(st, FUTU_GRPC_UNIMPLEMENTED, "grpc-encoding: identity alone is taken");
    } else if (limit.p && *timeout < 0) {
        end(st, FUTU_GRPC_INVALID_ARGUMENT, "grpc-timeout: up to 8 digits and one of H M S m u n");
    } else if (st->conn->held > HELD_MAX) {
        end(st, FUTU_GRPC_RESOURCE_EXHAUSTED, "too many answers of this connection wait to be "
                                              "read");
    } else if (st->conn->leaving) {
        end(st, FUTU_GRPC_UNAVAILABLE, "the gateway ends");
    }
    return !st->ended;
}

void grpc_headers_done(struct grpc_stream *st)
{
    futu_grpc_request rq = FUTU_GRPC_REQUEST_INIT;
    st->opened = true;
    if (acceptable(st, &rq.timeout_ns)) {
        rq.path = field(st, GRPC_PATH);
        rq.authorization = field(st, GRPC_AUTHORIZATION);
        rq.idempotency_key = field(st, GRPC_IDEMPOTENCY_KEY);
        rq.peer = st->conn->peer;
        rq.on_output = on_output;
        rq.on_end = on_end;
        rq.arg = st;
        futu_err err = futu_gateway_grpc(st->conn->listener->gateway, &rq, &st->call);
        if (err)
            end(st, FUTU_GRPC_RESOURCE_EXHAUSTED, futu_strerror(err));
    }
    bytes_free(&st->text);
    memset(st->field, 0, sizeof(st->field));
}

/* ---- messages ---- */

static void refuse(struct grpc_stream *st, enum grpc_step step)
{
    if (step == GRPC_COMPRESSED)
        grpc_give_up(st, FUTU_GRPC_UNIMPLEMENTED, "compressed messages are not taken: use "
                                                  "identity");
    else
        grpc_give_up(st, FUTU_GRPC_RESOURCE_EXHAUSTED,
                     step == GRPC_TOO_LARGE ? "a message is larger than 4 MiB" : "out of memory");
    hold(st, 0);
    grpc_in_free(&st->in);
}

void grpc_data(struct grpc_stream *st, const uint8_t *p, size_t n)
{
    while (!st->ended && n > 0) {
        enum grpc_step step = grpc_feed(&st->in, &p, &n);
        if (step == GRPC_MESSAGE) {
            futu_grpc_message(st->call, st->in.body.p, st->in.body.n);
            grpc_next(&st->in);
        } else if (step != GRPC_MORE) {
            refuse(st, step);
            return;
        }
    }
    if (!st->ended)
        hold(st, st->in.body.n);
    if (st->conn->held > HELD_MAX && st->in.body.n > 0)
        refuse(st, GRPC_NO_MEMORY);
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

/* ---- answers ---- */

#define HEADER(name, value, n)                                                                    \
    { (uint8_t *)(name), (uint8_t *)(value), sizeof(name) - 1, (n), NGHTTP2_NV_FLAG_NONE }

/* grpc-status and grpc-message as headers; number and text are the room for them. */
static size_t status_headers(const struct grpc_stream *st, nghttp2_nv nv[2], char number[8],
                             char text[3 * GRPC_TEXT_MAX])
{
    int n = snprintf(number, 8, "%d", st->status);
    nv[0] = (nghttp2_nv)HEADER("grpc-status", number, (size_t)n);
    nv[1] = (nghttp2_nv)HEADER("grpc-message", text, grpc_escape(st->why, text));
    return st->why[0] ? 2 : 1;
}

static ssize_t end_output(struct grpc_stream *st, uint32_t *flags)
{
    char number[8], text[3 * GRPC_TEXT_MAX];
    nghttp2_nv nv[2];
    *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    st->trailed = true;
    size_t n = status_headers(st, nv, number, text);
    return nghttp2_submit_trailer(st->conn->h2, st->id, nv, n) ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static size_t copy_output(struct grpc_stream *st, uint8_t *out, size_t max)
{
    struct iovec iov[64];
    size_t sum = 0, pieces = st->call ? futu_grpc_output(st->call, iov, 64) : 0;
    for (size_t i = 0; i < pieces && sum < max; i++) {
        size_t n = iov[i].iov_len < max - sum ? iov[i].iov_len : max - sum;
        memcpy(out + sum, iov[i].iov_base, n);
        sum += n;
    }
    if (sum)
        futu_grpc_sent(st->call, sum);
    hold(st, st->held - (sum < st->held ? sum : st->held));
    return sum;
}

static ssize_t read_output(nghttp2_session *h2, int32_t id, uint8_t *out, size_t max,
                           uint32_t *flags, nghttp2_data_source *source, void *arg)
{
    struct grpc_stream *st = source->ptr;
    size_t n = copy_output(st, out, max);
    (void)h2;
    (void)id;
    (void)arg;
    if (n > 0)
        return (ssize_t)n;
    return st->ended ? end_output(st, flags) : NGHTTP2_ERR_DEFERRED;
}

/* Nothing but a status: one block of headers. */
static int answer_status(struct grpc_stream *st)
{
    char number[8], text[3 * GRPC_TEXT_MAX], http[8];
    int n = snprintf(http, sizeof(http), "%d", st->http_status ? st->http_status : 200);
    nghttp2_nv nv[5] = {
        HEADER(":status", http, (size_t)n), HEADER("content-type", "application/grpc", 16),
        HEADER("grpc-accept-encoding", "identity", 8),
    };
    size_t more = status_headers(st, nv + 3, number, text);
    st->trailed = true;
    return nghttp2_submit_response(st->conn->h2, st->id, nv, 3 + more, NULL);
}

static int answer(struct grpc_stream *st)
{
    static const nghttp2_nv nv[] = {
        HEADER(":status", "200", 3), HEADER("content-type", "application/grpc", 16),
        HEADER("grpc-accept-encoding", "identity", 8),
    };
    nghttp2_data_provider from = { .source = { .ptr = st }, .read_callback = read_output };
    return nghttp2_submit_response(st->conn->h2, st->id, nv, 3, &from);
}

static int serve(struct grpc_stream *st)
{
    struct iovec iov[1];
    bool waits = st->call && futu_grpc_output(st->call, iov, 1) > 0;
    if (st->trailed)
        return 0;
    if (st->answering)
        return nghttp2_session_resume_data(st->conn->h2, st->id) == NGHTTP2_ERR_NOMEM;
    st->answering = true;
    if (st->ended && !waits)
        return answer_status(st);
    if (st->ended)
        hold(st, iov[0].iov_len);
    return answer(st);
}

void grpc_serve(struct grpc_conn *c)
{
    while (c->ready) {
        struct grpc_stream *st = c->ready;
        c->ready = st->next_ready;
        st->ready = false;
        if (serve(st)) {
            stream_close(&c->stream);
            return;
        }
    }
}
