/* web.c - see web.h. */
#include "web.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/list.h"
#include "futu-opend/tls.h"

#define REQUEST_MAX (64u << 10)

struct web {
    uv_tcp_t tcp;
    struct tls_server *tls;
    web_fn *fn;
    void *arg;
    int port;
    unsigned requests;
    struct list conns;
    bool stopped;
};

struct web_conn {
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_write_t write;
    struct list node;
    struct web *web;
    struct tls *tls;
    struct buf in, out, sending;
    bool asked, closing, last;
    int open;               /* handles */
};

/* port -1: the listener has closed. */
static void maybe_free(struct web *w)
{
    if (w->port < 0 && list_empty(&w->conns))
        free(w);
}

static void on_closed(uv_handle_t *h)
{
    struct web_conn *c = h->data;
    struct web *w = c->web;
    if (--c->open)
        return;
    list_remove(&c->node);
    tls_free(c->tls);
    buf_free(&c->in);
    buf_free(&c->out);
    buf_free(&c->sending);
    free(c);
    maybe_free(w);
}

void web_hang_up(struct web_conn *c)
{
    if (c->closing)
        return;
    c->closing = true;
    uv_close((uv_handle_t *)&c->timer, on_closed);
    uv_close((uv_handle_t *)&c->tcp, on_closed);
}

static void on_written(uv_write_t *req, int rc)
{
    struct web_conn *c = req->data;
    if (rc || c->last)
        web_hang_up(c);
}

/* False: no memory, and the connection goes. */
static bool put(struct web_conn *c, struct buf *b, const void *p, size_t n)
{
    if (buf_put(b, p, n) == FUTU_OK)
        return true;
    web_hang_up(c);
    return false;
}

/* Everything that is in `out`, in one write. */
static void flush(struct web_conn *c)
{
    if (c->tls) {
        struct iovec v = tls_output(c->tls);
        if (v.iov_len && !put(c, &c->out, v.iov_base, v.iov_len))
            return;
        tls_written(c->tls);
    }
    if (c->closing || c->out.n == 0)
        return;
    if (!put(c, &c->sending, c->out.p, c->out.n))
        return;
    uv_buf_t b = uv_buf_init((char *)c->sending.p, (unsigned)c->sending.n);
    buf_free(&c->out);
    int done = uv_try_write((uv_stream_t *)&c->tcp, &b, 1);
    if (done == (int)b.len) {
        buf_free(&c->sending);
        if (c->last)
            web_hang_up(c);
        return;
    }
    buf_consume(&c->sending, (size_t)MAX(done, 0));
    b = uv_buf_init((char *)c->sending.p, (unsigned)c->sending.n);
    uv_write(&c->write, (uv_stream_t *)&c->tcp, &b, 1, on_written);
}

void web_raw(struct web_conn *c, futu_str bytes)
{
    c->last = true;
    if (c->tls) {
        struct iovec v = { (void *)(uintptr_t)bytes.p, bytes.n };
        for (ssize_t n; v.iov_len && (n = tls_put(c->tls, &v, 1)) > 0; v.iov_len -= (size_t)n)
            v.iov_base = (char *)v.iov_base + n;
    } else {
        put(c, &c->out, bytes.p, bytes.n);
    }
    flush(c);
}

static void on_delay(uv_timer_t *t)
{
    struct web_conn *c = t->data;
    struct buf answer = c->in;
    c->in = (struct buf)BUF_INIT;
    web_raw(c, buf_str(&answer));
    buf_free(&answer);
}

void web_answer(struct web_conn *c, int status, futu_str body, uint64_t delay_ms)
{
    c->in.n = 0;                /* the request is over: its room holds the answer */
    buf_printf(&c->in, "HTTP/1.1 %d Answer\r\nContent-Type: application/json\r\n"
               "Content-Length: %zu\r\nConnection: close\r\n\r\n", status, body.n);
    if (!put(c, &c->in, body.p, body.n))
        return;
    if (delay_ms)
        uv_timer_start(&c->timer, on_delay, delay_ms, 0);
    else
        on_delay(&c->timer);
}


futu_str web_header(const struct web_request *rq, const char *name)
{
    futu_str s = rq->head;
    size_t n = strlen(name);
    while (s.n) {
        const char *end = memchr(s.p, '\n', s.n);
        size_t line = end ? (size_t)(end - s.p) + 1 : s.n;
        if (line > n + 2 && strncasecmp(s.p, name, n) == 0 && s.p[n] == ':') {
            futu_str v = { s.p + n + 1, line - n - 1 };
            while (v.n && (*v.p == ' ' || *v.p == '\t'))
                v.p++, v.n--;
            while (v.n && (unsigned char)v.p[v.n - 1] <= ' ')
                v.n--;
            return v;
        }
        s.p += line;
        s.n -= line;
    }
    return STR_NULL;
}

/* "POST /path?query HTTP/1.1". */
static bool read_line(struct web_request *rq)
{
    const char *p = rq->head.p, *end = memchr(p, '\r', rq->head.n);
    const char *blank = end ? memchr(p, ' ', (size_t)(end - p)) : NULL;
    const char *last = blank ? memchr(blank + 1, ' ', (size_t)(end - blank - 1)) : NULL;
    if (!last)
        return false;
    rq->method = (futu_str){ p, (size_t)(blank - p) };
    const char *mark = memchr(blank, '?', (size_t)(last - blank));
    rq->path = (futu_str){ blank + 1, (size_t)((mark ? mark : last) - blank) - 1 };
    if (mark)
        rq->query = (futu_str){ mark + 1, (size_t)(last - mark) - 1 };
    return true;
}

static void on_plain(struct web_conn *c)
{
    uint64_t length = 0;
    struct web_request rq = { .conn = c };
    const char *end = c->in.n ? memmem(c->in.p, c->in.n, "\r\n\r\n", 4) : NULL;
    if (c->asked || !end)
        return;
    rq.head = (futu_str){ (char *)c->in.p, (size_t)(end + 4 - (char *)c->in.p) };
    futu_str l = web_header(&rq, "Content-Length");
    if (!read_line(&rq) || (l.p && !str_to_u64(l, &length)) || length > REQUEST_MAX) {
        web_hang_up(c);
        return;
    }
    if (c->in.n - rq.head.n < length)
        return;
    rq.body = (futu_str){ end + 4, (size_t)length };
    c->asked = true;
    c->web->requests++;
    c->web->fn(c->web->arg, &rq);
}

static void take_records(struct web_conn *c, const uint8_t *p, size_t n)
{
    uint8_t *plain;
    ssize_t got;
    tls_feed(c->tls, p, n);
    while ((got = tls_read(c->tls, &plain)) > 0)
        if (!put(c, &c->in, plain, (size_t)got))
            return;
    flush(c);
    if (got < 0)
        web_hang_up(c);
    else
        on_plain(c);
}

static void on_alloc(uv_handle_t *h, size_t size, uv_buf_t *b)
{
    static char room[65536];
    (void)h;
    (void)size;
    *b = uv_buf_init(room, sizeof(room));
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
    struct web_conn *c = s->data;
    if (n == 0 || c->closing)
        return;
    if (n < 0 || c->in.n + (size_t)n > 2 * REQUEST_MAX) {
        web_hang_up(c);
        return;
    }
    if (c->tls) {
        take_records(c, (uint8_t *)b->base, (size_t)n);
        return;
    }
    if (put(c, &c->in, b->base, (size_t)n))
        on_plain(c);
}

static void on_accept(uv_stream_t *s, int rc)
{
    struct web *w = s->data;
    struct web_conn *c = rc ? NULL : calloc(1, sizeof(*c));
    if (!c)
        return;
    uv_tcp_init(s->loop, &c->tcp);
    uv_timer_init(s->loop, &c->timer);
    c->tcp.data = c->timer.data = c->write.data = c;
    c->web = w;
    c->open = 2;
    list_push(&w->conns, &c->node);
    if (w->tls)
        c->tls = tls_new(w->tls);
    uv_tcp_nodelay(&c->tcp, 1);
    if (uv_accept(s, (uv_stream_t *)&c->tcp) || (w->tls && !c->tls) ||
        uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read))
        web_hang_up(c);
}

struct web *web_start(uv_loop_t *loop, int port, struct tls_server *tls, web_fn *fn, void *arg,
                      char *why, size_t size)
{
    struct sockaddr_in a;
    int len = sizeof(a);
    struct web *w = calloc(1, sizeof(*w));
    if (!w)
        return NULL;
    *w = (struct web){ .tls = tls, .fn = fn, .arg = arg };
    list_init(&w->conns);
    uv_tcp_init(loop, &w->tcp);
    w->tcp.data = w;
    uv_ip4_addr("127.0.0.1", port, &a);
    int rc = uv_tcp_bind(&w->tcp, (struct sockaddr *)&a, 0);
    if (!rc)
        rc = uv_listen((uv_stream_t *)&w->tcp, 64, on_accept);
    if (rc) {
        snprintf(why, size, "127.0.0.1:%d: %s", port, uv_strerror(rc));
        web_stop(w);
        return NULL;
    }
    uv_tcp_getsockname(&w->tcp, (struct sockaddr *)&a, &len);
    w->port = ntohs(a.sin_port);
    return w;
}

int web_port(const struct web *w)
{
    return w->port;
}

unsigned web_requests(const struct web *w)
{
    return w->requests;
}

static void on_stopped(uv_handle_t *h)
{
    struct web *w = h->data;
    w->port = -1;
    maybe_free(w);
}

void web_stop(struct web *w)
{
    struct list *it, *tmp;
    if (!w || w->stopped)
        return;
    w->stopped = true;
    list_each(it, tmp, &w->conns)
        web_hang_up(container_of(it, struct web_conn, node));
    uv_close((uv_handle_t *)&w->tcp, on_stopped);
}
