/* host.c - see host.h. */
#include "host.h"

#include <sys/uio.h>
#include <uv.h>

struct host_peer {
    uv_tcp_t tcp;
    struct list node;
    futu_conn *conn;
    struct host *host;
    char in[65536];
};

static void on_gone(uv_handle_t *h)
{
    free(h);
}

static void drop(struct host_peer *p)
{
    if (!p->conn)
        return;
    futu_conn_free(p->conn);
    p->conn = NULL;
    list_remove(&p->node);
    uv_close((uv_handle_t *)&p->tcp, on_gone);
}

/* Everything at once: what loopback does not take is a failure of the test. */
static void on_output(futu_conn *c, void *arg)
{
    struct host_peer *p = arg;
    struct iovec iov[32];
    size_t n;
    while ((n = futu_conn_output(c, iov, ARRAY_LEN(iov))) != 0) {
        size_t all = 0;
        for (size_t i = 0; i < n; i++) {
            uv_buf_t b = uv_buf_init(iov[i].iov_base, (unsigned)iov[i].iov_len);
            int sent = uv_try_write((uv_stream_t *)&p->tcp, &b, 1);
            if (sent != (int)b.len)
                return;         /* the client is gone: its end is read next */
            all += b.len;
        }
        futu_conn_sent(c, all);
    }
}

static void on_close(futu_conn *c, futu_err err, const char *reason, void *arg)
{
    (void)c;
    (void)err;
    (void)reason;
    drop(arg);
}

static void on_alloc(uv_handle_t *h, size_t size, uv_buf_t *b)
{
    struct host_peer *p = (struct host_peer *)h;
    (void)size;
    *b = uv_buf_init(p->in, sizeof(p->in));
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *b)
{
    struct host_peer *p = (struct host_peer *)s;
    if (n < 0 || (n > 0 && futu_conn_feed(p->conn, b->base, (size_t)n) != FUTU_OK))
        drop(p);
}

static void on_accept(uv_stream_t *s, int rc)
{
    struct host *h = s->data;
    struct host_peer *p = calloc(1, sizeof(*p));
    futu_conn_opts o = FUTU_CONN_OPTS_INIT;
    ck_assert_int_eq(rc, 0);
    p->host = h;
    uv_tcp_init(s->loop, &p->tcp);
    ck_assert_int_eq(uv_accept(s, (uv_stream_t *)&p->tcp), 0);
    o.on_output = on_output;
    o.on_close = on_close;
    o.arg = p;
    o.peer = "test";
    ck_assert_int_eq(futu_conn_new(h->gateway, &p->conn, &o), FUTU_OK);
    list_push(&h->peers, &p->node);
    uv_read_start((uv_stream_t *)&p->tcp, on_alloc, on_read);
    h->accepted++;
}

void host_listen(struct host *h)
{
    struct sockaddr_in addr;
    int len = sizeof(addr);
    h->server = calloc(1, sizeof(*h->server));
    uv_tcp_init(futu_loop_uv(h->loop), h->server);
    h->server->data = h;
    uv_ip4_addr("127.0.0.1", (int)h->port, &addr);
    ck_assert_int_eq(uv_tcp_bind(h->server, (struct sockaddr *)&addr, 0), 0);
    ck_assert_int_eq(uv_listen((uv_stream_t *)h->server, 8, on_accept), 0);
    uv_tcp_getsockname(h->server, (struct sockaddr *)&addr, &len);
    h->port = ntohs(addr.sin_port);
}

void host_cut(struct host *h)
{
    while (!list_empty(&h->peers))
        drop(list_entry(h->peers.next, struct host_peer, node));
}

void host_close(struct host *h)
{
    host_cut(h);
    if (h->server)
        uv_close((uv_handle_t *)h->server, on_gone);
    h->server = NULL;
}

void host_init(struct host *h, const char *rsa_key)
{
    futu_gateway_opts o = FUTU_GATEWAY_OPTS_INIT;
    char why[200];
    memset(h, 0, sizeof(*h));
    list_init(&h->peers);
    ck_assert_int_eq(futu_loop_new(&h->loop), FUTU_OK);
    o.loop = h->loop;
    o.upstream = FUTU_UPSTREAM_PAPER;
    o.paper_clock = "always-open,x60";
    o.frequency_limits_off = 1;
    o.rsa_private_key = rsa_key;
    ck_assert_msg(futu_gateway_new(&h->gateway, &o, why, sizeof(why)) == FUTU_OK, "%s", why);
}

void host_free(struct host *h)
{
    host_close(h);
    futu_gateway_free(h->gateway);
    futu_loop_free(h->loop);
}

static void on_late(void *arg)
{
    *(bool *)arg = true;
}

void host_until(struct host *h, const unsigned *n, unsigned want)
{
    futu_timer *timer;
    bool late = false;
    ck_assert_int_eq(futu_timer_new(h->loop, &timer, 20000, 0, on_late, &late), FUTU_OK);
    while (*n < want && !late)
        futu_loop_poll(h->loop, 1000);
    futu_timer_free(timer);
    ck_assert_uint_ge(*n, want);
}
