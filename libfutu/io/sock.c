/* sock.c - see sock.h.
 *
 * Life:    sock_close() detaches the events; the memory goes when libuv has let go of all that
 *          points into it: the handle's close callback and the name look-up, which can't be
 *          recalled.
 * Steps:   each address has a handle of its own in the same memory: the next begins when the last
 *          one's close callback has come.
 */
#include "io/sock.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "base/mem.h"
#include "crypt/secret.h"
#include "io/resolve.h"
#include "io/url.h"

#define KEEP 4096           /* a larger buffer goes when it is empty */
/* A turn reads no more than this: what it caused is written before more of it piles up. */
#define TURN_BYTES (128u << 10)

struct sock {
    uv_tcp_t tcp;
    uv_getaddrinfo_t lookup;
    uv_connect_t connect;
    uv_write_t write;
    struct loop_hook hook;
    struct timer timer;     /* of connecting */
    struct timer step;      /* to the next address */
    struct sockaddr_storage addrs[SOCK_ADDRS];
    size_t n_addrs, at;
    futu_loop *loop;
    struct sock_events events;
    struct buf fill, sending;
    uint32_t port;
    size_t got;             /* in this turn */
    bool looking, connected, writing, closed, gone;
    bool stepping;          /* the handle is being closed for the next address */
    bool ended;             /* by sock_close() */
};

static void maybe_free(struct sock *s)
{
    if (!s->gone || s->looking)
        return;
    buf_free(&s->fill);
    buf_free(&s->sending);
    mem_free(s);
}

static void on_gone(uv_handle_t *h)
{
    struct sock *s = h->data;
    s->gone = true;
    maybe_free(s);
}

static futu_err err_from_uv(int rc)
{
    switch (rc) {
    case UV_ECONNREFUSED:
    case UV_EACCES:
        return FUTU_EREFUSED;
    case UV_ETIMEDOUT:
        return FUTU_ETIMEDOUT;
    case UV_EOF:
    case UV_ECONNRESET:
    case UV_EPIPE:
        return FUTU_ENOTCONN;
    case UV_ENOMEM:
    case UV_EAI_MEMORY:
        return FUTU_ENOMEM;
    default:
        return rc <= UV_EAI_ADDRFAMILY && rc >= UV_EAI_SOCKTYPE ? FUTU_ENOTFOUND : FUTU_EIO;
    }
}

static void fail(struct sock *s, futu_err err, const char *why)
{
    if (s->closed)
        return;
    s->closed = true;
    s->connected = false;
    timer_stop(loop_timers(s->loop), &s->timer);
    timer_stop(loop_timers(s->loop), &s->step);
    loop_hook_remove(&s->hook);
    uv_read_stop((uv_stream_t *)&s->tcp);
    s->events.on_close(s->events.arg, err, why);
}

static void fail_uv(struct sock *s, int rc)
{
    if (rc != UV_ECANCELED)
        fail(s, err_from_uv(rc), rc == UV_EOF ? "closed by the peer" : uv_strerror(rc));
}

static void on_timeout(struct timer *t, int64_t now)
{
    (void)now;
    fail(container_of(t, struct sock, timer), FUTU_ETIMEDOUT, "connecting took too long");
}

static void on_alloc(uv_handle_t *h, size_t size, uv_buf_t *b)
{
    struct sock *s = h->data;
    (void)size;
    *b = uv_buf_init((char *)loop_read_buffer(s->loop), LOOP_READ_SIZE);
}

static void on_read(uv_stream_t *h, ssize_t n, const uv_buf_t *b)
{
    struct sock *s = h->data;
    if (s->closed || n == 0)
        return;
    if (n < 0) {
        fail_uv(s, (int)n);
        return;
    }
    s->got += (size_t)n;
    if (s->got >= TURN_BYTES)
        uv_read_stop((uv_stream_t *)&s->tcp);       /* until the turn is over */
    s->events.on_data(s->events.arg, (const uint8_t *)b->base, (size_t)n);
}

static void on_written(uv_write_t *w, int rc)
{
    struct sock *s = w->data;
    s->writing = false;
    wipe(s->sending.p, s->sending.n);
    s->sending.n = 0;
    if (s->sending.cap > KEEP)
        buf_free(&s->sending);
    if (rc)
        fail_uv(s, rc);
}

/* What the kernel does not take at once is left to libuv, with the buffers changing places. */
static void send_filled(struct sock *s)
{
    uv_buf_t b = uv_buf_init((char *)s->fill.p, (unsigned)s->fill.n);
    int rc = uv_try_write((uv_stream_t *)&s->tcp, &b, 1);
    if (rc < 0 && rc != UV_EAGAIN) {
        fail_uv(s, rc);
        return;
    }
    wipe(s->fill.p, (size_t)MAX(rc, 0));        /* passwords pass through here */
    buf_consume(&s->fill, (size_t)MAX(rc, 0));
    if (s->fill.n == 0) {
        if (s->fill.cap > KEEP)
            buf_free(&s->fill);
        return;
    }
    struct buf rest = s->fill;
    s->fill = s->sending;
    s->sending = rest;
    b = uv_buf_init((char *)rest.p, (unsigned)rest.n);
    s->writing = true;
    rc = uv_write(&s->write, (uv_stream_t *)&s->tcp, &b, 1, on_written);
    if (rc) {
        s->writing = false;
        fail_uv(s, rc);
    }
}

static void on_turn(struct loop_hook *h)
{
    struct sock *s = container_of(h, struct sock, hook);
    if (s->got >= TURN_BYTES && s->connected)
        uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read);
    s->got = 0;
    if (s->connected && !s->writing && s->fill.n)
        send_filled(s);
}

static void try_address(struct sock *s);

static void on_stepped(uv_handle_t *h)
{
    struct sock *s = h->data;
    s->stepping = false;
    if (s->ended) {
        on_gone(h);
        return;
    }
    uv_tcp_init(futu_loop_uv(s->loop), &s->tcp);        /* also for who closes it later */
    s->tcp.data = s;
    if (!s->closed)
        try_address(s);
}

/* This address is of no use. */
static void next_address(struct sock *s, int rc)
{
    timer_stop(loop_timers(s->loop), &s->step);
    if (s->at + 1 >= s->n_addrs) {
        fail_uv(s, rc);
        return;
    }
    s->at++;
    s->stepping = true;
    uv_close((uv_handle_t *)&s->tcp, on_stepped);
}

static void on_step(struct timer *t, int64_t now)
{
    (void)now;
    next_address(container_of(t, struct sock, step), UV_ETIMEDOUT);
}

static void on_connect(uv_connect_t *c, int rc)
{
    struct sock *s = c->data;
    if (s->closed || s->stepping)
        return;
    if (!rc)
        rc = uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read);
    if (rc) {
        next_address(s, rc);
        return;
    }
    timer_stop(loop_timers(s->loop), &s->step);
    timer_stop(loop_timers(s->loop), &s->timer);
    uv_tcp_nodelay(&s->tcp, 1);
    s->connected = true;
    s->events.on_connect(s->events.arg);
}

static void try_address(struct sock *s)
{
    const struct sockaddr *addr = (const struct sockaddr *)&s->addrs[s->at];
    int rc = uv_tcp_connect(&s->connect, &s->tcp, addr, on_connect);
    if (rc)
        next_address(s, rc);
    else if (s->at + 1 < s->n_addrs)
        timer_set(loop_timers(s->loop), &s->step, loop_now(s->loop) + SOCK_STEP_NS);
}

static void take_addresses(struct sock *s, const struct addrinfo *found)
{
    const struct sockaddr *all[SOCK_ADDRS];
    s->n_addrs = resolve_mix(found, all, SOCK_ADDRS);
    for (size_t i = 0; i < s->n_addrs; i++)
        memcpy(&s->addrs[i], all[i], all[i]->sa_family == AF_INET ? sizeof(struct sockaddr_in)
                                                                  : sizeof(struct sockaddr_in6));
}

static void on_lookup(uv_getaddrinfo_t *q, int rc, struct addrinfo *found)
{
    struct sock *s = q->data;
    s->looking = false;
    if (!rc)
        take_addresses(s, found);
    uv_freeaddrinfo(found);
    if (s->closed)
        maybe_free(s);
    else if (rc || !s->n_addrs)
        fail_uv(s, rc ? rc : UV_EAI_NONAME);
    else
        try_address(s);
}

/* localhost is a name that could be made to mean another machine, by who rules this one. */
bool sock_allowed(const char *host)
{
    const char *only = getenv("FUTU_LOOPBACK_ONLY");
    return !only || strcmp(only, "1") != 0 || url_is_loopback(host);
}

static bool add_numeric(struct sock *s, const char *host)
{
    struct sockaddr_storage *to = &s->addrs[s->n_addrs];
    bool fine = s->n_addrs < SOCK_ADDRS &&
                (uv_ip4_addr(host, (int)s->port, (struct sockaddr_in *)to) == 0 ||
                 uv_ip6_addr(host, (int)s->port, (struct sockaddr_in6 *)to) == 0);
    s->n_addrs += fine;
    return fine;
}

/* What is wrong with the only address is told at once: there is no event from inside. */
static int begin(struct sock *s)
{
    if (s->n_addrs == 1)
        return uv_tcp_connect(&s->connect, &s->tcp, (const struct sockaddr *)&s->addrs[0],
                              on_connect);
    try_address(s);
    return 0;
}

static int start(struct sock *s, const char *host)
{
    if (!sock_allowed(host))
        return UV_EACCES;
    if (add_numeric(s, host))
        return begin(s);
    char port[12];
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    snprintf(port, sizeof(port), "%u", s->port);
    int rc = uv_getaddrinfo(futu_loop_uv(s->loop), &s->lookup, on_lookup, host, port, &hints);
    s->looking = rc == 0;
    return rc;
}

static struct sock *sock_new(futu_loop *l, uint32_t port, const struct sock_events *events)
{
    struct sock *s = mem_zalloc(sizeof(*s));
    if (!s)
        return NULL;
    uv_tcp_init(futu_loop_uv(l), &s->tcp);
    s->tcp.data = s->connect.data = s->write.data = s->lookup.data = s;
    s->loop = l;
    s->port = port;
    s->events = *events;
    s->timer.fn = on_timeout;
    s->step.fn = on_step;
    loop_hook_add(l, &s->hook, on_turn);
    return s;
}

futu_err sock_connect(struct sock **out, futu_loop *l, const char *host, uint32_t port,
                      int64_t timeout_ns, const struct sock_events *events)
{
    *out = NULL;
    struct sock *s = sock_new(l, port, events);
    if (!s)
        return FUTU_ENOMEM;
    int rc = start(s, host);
    if (rc) {
        sock_close(s);
        return err_from_uv(rc);
    }
    timer_set(loop_timers(l), &s->timer, loop_now(l) + timeout_ns);
    *out = s;
    return FUTU_OK;
}

futu_err sock_connect_any(struct sock **out, futu_loop *l, const char *const *hosts, size_t n,
                          uint32_t port, int64_t timeout_ns, const struct sock_events *events)
{
    *out = NULL;
    struct sock *s = sock_new(l, port, events);
    if (!s)
        return FUTU_ENOMEM;
    int rc = n ? 0 : UV_EINVAL;
    for (size_t i = 0; i < n && !rc; i++)
        rc = !sock_allowed(hosts[i]) ? UV_EACCES : add_numeric(s, hosts[i]) ? 0 : UV_EINVAL;
    if (!rc)
        rc = begin(s);
    if (rc) {
        sock_close(s);
        return rc == UV_EINVAL ? FUTU_EINVAL : err_from_uv(rc);
    }
    timer_set(loop_timers(l), &s->timer, loop_now(l) + timeout_ns);
    *out = s;
    return FUTU_OK;
}

struct buf *sock_out(struct sock *s)
{
    loop_output(s->loop);
    return &s->fill;
}

bool sock_looking(const struct sock *s)
{
    return s->looking;
}

size_t sock_queued(const struct sock *s)
{
    return s->fill.n + s->sending.n;
}

void sock_close(struct sock *s)
{
    if (!s)
        return;
    if (s->connected && !s->writing && s->fill.n) {
        uv_buf_t b = uv_buf_init((char *)s->fill.p, (unsigned)s->fill.n);
        uv_try_write((uv_stream_t *)&s->tcp, &b, 1);
    }
    s->closed = s->ended = true;
    timer_stop(loop_timers(s->loop), &s->timer);
    timer_stop(loop_timers(s->loop), &s->step);
    loop_hook_remove(&s->hook);
    if (s->looking)
        uv_cancel((uv_req_t *)&s->lookup);
    if (!s->stepping)
        uv_close((uv_handle_t *)&s->tcp, on_gone);
}
