/* fake_gateway.c - see fake_gateway.h. */
#include "fake_gateway.h"

#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "support.h"

struct futu_http_call {
    futu_http_done_fn *done;
    void *arg;
    unsigned i;
    void (*on_more)(futu_http_call *call, void *arg);
    bool streams, over, left;
    char *pieces;               /* each behind its length in four digits */
    size_t n, at, cap;
};

struct futu_conn {
    futu_conn_opts o;
    char out[4096];
    size_t n;
};

struct fake_gateway fake;

void fake_reset(void)
{
    memset(&fake, 0, sizeof(fake));
}

static bool begins(futu_str s, const char *word)
{
    return s.n >= strlen(word) && memcmp(s.p, word, strlen(word)) == 0;
}

static void answer(futu_http_done_fn *done, void *arg, int status, const char *p, size_t n)
{
    futu_http_answer a = { .size = sizeof(a), .status = status, .headers = "", .body = { p, n },
                           .content_type = status == 204 ? NULL : "text/plain" };
    done(&a, arg);
}

static void hold(futu_http_done_fn *done, void *arg, futu_http_call **out)
{
    struct futu_http_call *c = calloc(1, sizeof(*c));
    ck_assert_uint_lt(fake.held, FAKE_HELD);
    *c = (struct futu_http_call){ .done = done, .arg = arg, .i = fake.held };
    fake.calls[fake.held++] = *out = c;
}

static void begin_stream(const futu_http_request *rq, futu_http_call *c)
{
    futu_http_answer a = { .size = sizeof(a), .status = 200, .headers = "", .stream = 1,
                           .content_type = "text/event-stream" };
    c->on_more = rq->on_more;
    c->streams = true;
    c->done(&a, c->arg);
}

void fake_put(unsigned i, size_t n)
{
    struct futu_http_call *c = fake.calls[i];
    ck_assert_uint_lt(n, 10000);
    if (c->n + 5 + n > c->cap) {
        c->cap = 2 * c->cap + 65536;
        c->pieces = realloc(c->pieces, c->cap);
        ck_assert_ptr_nonnull(c->pieces);
    }
    snprintf(c->pieces + c->n, 5, "%04u", (unsigned)n);
    memset(c->pieces + c->n + 4, 's', n);
    c->n += 4 + n;
    c->on_more(c, c->arg);
}

void fake_over(unsigned i)
{
    fake.calls[i]->over = true;
    fake.calls[i]->on_more(fake.calls[i], fake.calls[i]->arg);
}

futu_err futu_http_more(futu_http_call *c, futu_str *piece)
{
    char digits[5] = "";
    *piece = (futu_str){ NULL, 0 };
    if (c->at == c->n)
        return c->over ? FUTU_ENOTCONN : FUTU_EAGAIN;
    memcpy(digits, c->pieces + c->at, 4);
    *piece = (futu_str){ c->pieces + c->at + 4, strtoul(digits, NULL, 10) };
    c->at += 4 + piece->n;
    fake.taken += piece->n;
    return FUTU_OK;
}

void futu_http_leave(futu_http_call *c)
{
    c->left = c->over = true;
    c->on_more(c, c->arg);
}

futu_err futu_gateway_http(futu_gateway *g, const futu_http_request *rq, futu_http_done_fn *done,
                           void *arg, futu_http_call **out)
{
    static char text[3u << 20];
    (void)g;
    *out = NULL;
    fake.requests++;
    fake.streams = rq->on_more != NULL;
    if (begins(rq->target, "/hold")) {
        hold(done, arg, out);
    } else if (begins(rq->target, "/stream")) {
        hold(done, arg, out);
        begin_stream(rq, *out);
    } else if (begins(rq->target, "/big")) {
        ck_assert_uint_le(fake.big, sizeof(text));
        memset(text, 'b', fake.big);
        answer(done, arg, 200, text, fake.big);
    } else if (begins(rq->target, "/none")) {
        answer(done, arg, 204, NULL, 0);
    } else {
        int n = snprintf(text, sizeof(text), "%.*s %.*s%s%.*s", (int)rq->method.n, rq->method.p,
                         (int)rq->target.n, rq->target.p, rq->body.p ? " " : "", (int)rq->body.n,
                         rq->body.p ? rq->body.p : "");
        answer(done, arg, 200, text, (size_t)n);
    }
    return FUTU_OK;
}

void futu_http_abandon(futu_http_call *call)
{
    if (!call)
        return;
    fake.abandoned++;
    fake.calls[call->i] = NULL;
    free(call->pieces);
    free(call);
}

void fake_answer(unsigned i, const char *text)
{
    struct futu_http_call *c = fake.calls[i];
    ck_assert_msg(c != NULL, "request %u is over", i);
    fake.calls[i] = NULL;
    answer(c->done, c->arg, 200, text, strlen(text));
    free(c);
}

futu_err futu_conn_new(futu_gateway *g, futu_conn **out, const futu_conn_opts *o)
{
    (void)g;
    snprintf(fake.token, sizeof(fake.token), "%.*s", o->token.p ? (int)o->token.n : 1,
             o->token.p ? o->token.p : "-");
    if (fake.refuse)
        return fake.refuse;
    *out = fake.conn = calloc(1, sizeof(**out));
    fake.conn->o = *o;
    fake.conns++;
    return FUTU_OK;
}

futu_err futu_gateway_http_upgrade(futu_gateway *g, const futu_http_request *rq,
                                   const futu_conn_opts *o, futu_conn **out,
                                   futu_http_done_fn *done, void *arg)
{
    if (!begins(rq->target, "/no"))
        return futu_conn_new(g, out, o);
    answer(done, arg, 401, "no", 2);
    return FUTU_EREFUSED;
}

futu_err futu_conn_feed(futu_conn *c, const void *p, size_t n)
{
    size_t at = strlen(fake.messages);
    ck_assert_ptr_eq(c, fake.conn);
    snprintf(fake.messages + at, sizeof(fake.messages) - at, "|%.*s", (int)n, (const char *)p);
    return n == 3 && memcmp(p, "bad", 3) == 0 ? FUTU_EPROTO : FUTU_OK;
}

size_t futu_conn_output(futu_conn *c, struct iovec *iov, size_t max)
{
    ck_assert_uint_gt(max, 0);
    iov[0] = (struct iovec){ c->out, c->n };
    return c->n > 0;
}

void futu_conn_sent(futu_conn *c, size_t n)
{
    ck_assert_uint_le(n, c->n);
    memmove(c->out, c->out + n, c->n - n);
    c->n -= n;
}

size_t futu_conn_queued(const futu_conn *c)
{
    return c->n;
}

bool futu_conn_at_boundary(const futu_conn *c)
{
    return c->n == 0 || (c->out[0] & 0x80);
}

void futu_conn_free(futu_conn *c)
{
    fake.conns -= c != NULL;
    free(c);
}

void fake_send(const char *frame, size_t n)
{
    futu_conn *c = fake.conn;
    ck_assert_uint_le(n, sizeof(c->out) - c->n);
    memcpy(c->out + c->n, frame, n);
    c->n += n;
    c->o.on_output(c, c->o.arg);
}

void fake_end(futu_err err, const char *reason)
{
    fake.conn->o.on_close(fake.conn, err, reason, fake.conn->o.arg);
}
