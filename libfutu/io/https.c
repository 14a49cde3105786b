/* https.c - see https.h.
 *
 * Life:    a call ends once: finish() gives the answer and frees it. What fails before the loop has
 *          had its turn is told by a timer, so that `done` never runs inside https_send().
 */
#include "io/https.h"

#include <stdio.h>

#include "base/mem.h"
#include "crypt/secret.h"
#include "io/http_reply.h"
#include "io/sock.h"
#include "io/tls_client.h"
#include "io/url.h"

#define TARGET_MAX 16384
#define REQUEST_MAX (256u << 10)

struct https {
    futu_loop *loop;
    char *ca_file;
    struct tls_roots *roots;
    struct list calls;
};

struct https_call {
    struct list node;
    struct https *h;
    struct url url;
    struct sock *sock;
    struct tls_client *tls;
    bool secure;                /* the handshake is done */
    bool sent;
    struct buf request;
    struct http_reply reply;
    struct timer timer;         /* the time-out; or at once, when `early` is set */
    futu_err early;
    char why[320];
    https_done *done;
    void *arg;
};

const char *https_stage_name(enum https_stage s)
{
    static const char *const names[] = { "dns", "tcp", "tls", "http" };
    return names[s];
}

futu_err https_new(struct https **out, futu_loop *l, const char *ca_file)
{
    *out = NULL;
    struct https *h = mem_zalloc(sizeof(*h));
    if (!h)
        return FUTU_ENOMEM;
    h->loop = l;
    list_init(&h->calls);
    if (ca_file && !(h->ca_file = mem_strdup(ca_file))) {
        mem_free(h);
        return FUTU_ENOMEM;
    }
    *out = h;
    return FUTU_OK;
}

void https_free(struct https *h)
{
    if (!h)
        return;
    while (!list_empty(&h->calls))
        https_cancel(container_of(h->calls.next, struct https_call, node));
    tls_roots_free(h->roots);
    mem_free(h->ca_file);
    mem_free(h);
}

/* ---- one call ---- */

static enum https_stage stage_of(const struct https_call *c)
{
    if (c->sent)
        return HTTPS_HTTP;
    if (c->tls)
        return HTTPS_TLS;
    return c->sock && sock_looking(c->sock) ? HTTPS_DNS : HTTPS_TCP;
}

/* The buffers of the connection go when it has closed, these now. */
static void release(struct https_call *c)
{
    list_remove(&c->node);
    timer_stop(loop_timers(c->h->loop), &c->timer);
    sock_close(c->sock);
    tls_client_free(c->tls);
    if (c->request.p)
        wipe(c->request.p, c->request.cap);
    buf_free(&c->request);
    http_reply_free(&c->reply);
    mem_free(c);
}

void https_cancel(struct https_call *c)
{
    if (c)
        release(c);
}

/* The client may be gone when this returns. */
static void finish(struct https_call *c, const struct https_reply *answer)
{
    https_done *done = c->done;
    void *arg = c->arg;
    struct https_reply r = *answer;
    struct http_reply body = c->reply;
    char why[sizeof(c->why)];
    memcpy(why, c->why, sizeof(why));
    r.why = why;
    r.date = body.date;         /* of the copy: the call goes */
    c->reply.body = NULL;       /* moved */
    release(c);
    done(arg, &r);
    http_reply_free(&body);
}

static void fail(struct https_call *c, enum https_stage stage, futu_err err, const char *why)
{
    snprintf(c->why, sizeof(c->why), "%s: %s", https_stage_name(stage), why);
    finish(c, &(struct https_reply){ .err = err, .stage = stage });
}

static void succeed(struct https_call *c)
{
    finish(c, &(struct https_reply){
                  .stage = HTTPS_HTTP, .status = c->reply.status,
                  .body = { c->reply.n ? (const char *)c->reply.body : "", c->reply.n } });
}

static void on_timer(struct timer *t, int64_t now)
{
    struct https_call *c = container_of(t, struct https_call, timer);
    (void)now;
    if (c->early) {
        finish(c, &(struct https_reply){ .err = c->early,
                                         .stage = c->url.tls && !c->h->roots ? HTTPS_TLS
                                                  : c->early == FUTU_ENOTFOUND ? HTTPS_DNS
                                                                               : HTTPS_TCP });
        return;
    }
    fail(c, stage_of(c), FUTU_ETIMEDOUT, "no answer in time");
}

static void send_request(struct https_call *c)
{
    struct buf *out = sock_out(c->sock);
    futu_err err = c->tls ? tls_client_write(c->tls, c->request.p, c->request.n, out)
                          : buf_put(out, c->request.p, c->request.n);
    if (err)
        fail(c, c->tls ? HTTPS_TLS : HTTPS_HTTP, err,
             c->tls ? tls_client_why(c->tls) : futu_strerror(err));
    else
        c->sent = true;
}

static void shake(struct https_call *c, const uint8_t *p, size_t n)
{
    futu_err err = tls_client_shake(c->tls, p, n, sock_out(c->sock));
    if (err == FUTU_EAGAIN)
        return;
    if (err) {
        fail(c, HTTPS_TLS, err, tls_client_why(c->tls));
        return;
    }
    c->secure = true;
    send_request(c);
}

static void on_connect(void *arg)
{
    struct https_call *c = arg;
    if (!c->url.tls) {
        send_request(c);
        return;
    }
    futu_err err = tls_client_new(&c->tls, c->h->roots, c->url.host);
    if (err)
        fail(c, HTTPS_TLS, err, futu_strerror(err));
    else
        shake(c, NULL, 0);
}

static void judge(struct https_call *c, futu_err err)
{
    if (err == FUTU_EAGAIN)
        return;
    if (err)
        fail(c, HTTPS_HTTP, err, c->reply.why);
    else
        succeed(c);
}

static void read_secure(struct https_call *c, const uint8_t *p, size_t n)
{
    futu_str plain;
    futu_err err, got;
    do {
        got = tls_client_read(c->tls, p, n, &plain);
        n = 0;
        err = plain.n ? http_reply_feed(&c->reply, plain.p, plain.n) : FUTU_EAGAIN;
    } while (!got && err == FUTU_EAGAIN);
    if (err != FUTU_EAGAIN || got == FUTU_EAGAIN)
        judge(c, err);
    else if (got == FUTU_ENOTCONN)
        judge(c, http_reply_end(&c->reply));
    else
        fail(c, HTTPS_TLS, got, tls_client_why(c->tls));
}

static void on_data(void *arg, const uint8_t *p, size_t n)
{
    struct https_call *c = arg;
    if (c->tls && !c->secure)
        shake(c, p, n);
    else if (c->tls)
        read_secure(c, p, n);
    else
        judge(c, http_reply_feed(&c->reply, p, n));
}

/* An answer without a length ends when the peer closes; over TLS the peer must say so itself, or
 * anybody on the way could cut it. */
static void on_close(void *arg, futu_err err, const char *why)
{
    struct https_call *c = arg;
    if (!c->sent || err != FUTU_ENOTCONN)
        fail(c, err == FUTU_ENOTFOUND ? HTTPS_DNS : stage_of(c), err, why);
    else if (c->tls)
        fail(c, HTTPS_HTTP, FUTU_EPROTO, "closed before the answer was whole");
    else
        judge(c, http_reply_end(&c->reply));
}

/* ---- making a request ---- */

static bool is_line(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < ' ' || *s == 0x7f)
            return false;
    return true;
}

static futu_err put_target(struct https_call *c, const struct https_request *rq)
{
    futu_str path = c->url.path, target = rq->target;
    if (path.n && path.p[path.n - 1] == '/' && target.n)
        path.n--;
    if (target.n && (target.p[0] != '/' || !str_visible(target)))
        return FUTU_EINVAL;
    if (path.n + target.n > TARGET_MAX)
        return FUTU_EINVAL;
    return buf_printf(&c->request, "%s %.*s%.*s%s HTTP/1.1\r\n", rq->method, STR_ARG(path),
                      STR_ARG(target), path.n + target.n ? "" : "/");
}

static futu_err put_host(struct https_call *c)
{
    bool v6 = strchr(c->url.host, ':') != NULL, usual = c->url.port == (c->url.tls ? 443u : 80u);
    futu_err err = buf_printf(&c->request, "Host: %s%s%s", v6 ? "[" : "", c->url.host,
                              v6 ? "]" : "");
    if (!err && !usual)
        err = buf_printf(&c->request, ":%u", c->url.port);
    return err ? err : buf_puts(&c->request, "\r\nConnection: close\r\n");
}

static futu_err put_headers(struct https_call *c, const struct https_request *rq)
{
    futu_err err = FUTU_OK;
    for (size_t i = 0; i < rq->n_headers && !err; i++) {
        const struct https_header *h = &rq->headers[i];
        err = is_line(h->name) && is_line(h->value)
                  ? buf_printf(&c->request, "%s: %s\r\n", h->name, h->value)
                  : FUTU_EINVAL;
    }
    if (!err && rq->body.p)
        err = buf_printf(&c->request, "Content-Length: %zu\r\n", rq->body.n);
    return err ? err : buf_puts(&c->request, "\r\n");
}

/* All room is taken first: growing later would leave parts of a body behind that nobody wipes. */
static futu_err build(struct https_call *c, const struct https_request *rq)
{
    c->request.max = REQUEST_MAX;
    futu_err err = buf_reserve(&c->request, rq->body.n + 2 * TARGET_MAX);
    if (!err)
        err = put_target(c, rq);
    if (!err)
        err = put_host(c);
    if (!err)
        err = put_headers(c, rq);
    if (!err && rq->body.n)
        err = buf_put(&c->request, rq->body.p, rq->body.n);
    return err == FUTU_ELIMIT ? FUTU_EINVAL : err;
}

static futu_err need_roots(struct https_call *c)
{
    char why[sizeof(c->why) - 8];
    if (!c->url.tls || c->h->roots)
        return FUTU_OK;
    futu_err err = tls_roots_load(&c->h->roots, c->h->ca_file, why, sizeof(why));
    if (err)
        snprintf(c->why, sizeof(c->why), "tls: %s", why);
    return err;
}

static futu_err connect_to(struct https_call *c, int64_t timeout_ns)
{
    const struct sock_events ev = { on_connect, on_data, on_close, c };
    futu_err err = sock_connect(&c->sock, c->h->loop, c->url.host, c->url.port, timeout_ns, &ev);
    if (err)
        snprintf(c->why, sizeof(c->why), "%s: %s: %s", err == FUTU_ENOTFOUND ? "dns" : "tcp",
                 c->url.host, futu_strerror(err));
    return err;
}

/* Two timers: the connection's own must not end it first, or the stage would be lost. */
static futu_err start(struct https_call *c, int64_t timeout_ns)
{
    int64_t now = loop_now(c->h->loop);
    c->early = need_roots(c);
    if (!c->early)
        c->early = connect_to(c, timeout_ns + NS_PER_S);
    timer_set(loop_timers(c->h->loop), &c->timer, c->early ? now : now + timeout_ns);
    return c->early == FUTU_ENOMEM ? FUTU_ENOMEM : FUTU_OK;
}

futu_err https_send(struct https *h, struct https_call **out, const struct https_request *rq,
                    https_done *done, void *arg)
{
    *out = NULL;
    struct https_call *c = mem_zalloc(sizeof(*c));
    if (!c)
        return FUTU_ENOMEM;
    *c = (struct https_call){ .h = h, .timer.fn = on_timer, .done = done, .arg = arg };
    list_push(&h->calls, &c->node);
    http_reply_init(&c->reply, rq->max_body ? rq->max_body : HTTPS_BODY_MAX);
    futu_err err = url_parse(&c->url, rq->url) || !is_line(rq->method) ? FUTU_EINVAL : build(c, rq);
    if (!err)
        err = start(c, rq->timeout_ns ? rq->timeout_ns : HTTPS_TIMEOUT_NS);
    if (err) {
        release(c);
        return err;
    }
    *out = c;
    return FUTU_OK;
}
