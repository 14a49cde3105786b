/* channel_net.c - the emulator's channel side on sockets: listeners on loopback. */
#include <stdlib.h>

#include "channel_state.h"
#include "io/loop.h"

#include <uv.h>

struct listener {
    uv_tcp_t tcp;
    struct list node;
    struct emu_net *net;
    char host[64];
    uint16_t port;
};

struct emu_net {
    uv_loop_t *loop;
    struct emu *e;
    struct list listeners, peers;
};

struct peer {
    uv_tcp_t tcp;
    struct list node;
    struct listener *of;
    struct emu_conn *conn;
    char buf[65536];
};

struct sending {
    uv_write_t w;
    char bytes[];
};

static void free_handle(uv_handle_t *h)
{
    free(h->data);
}

static void drop(struct peer *p)
{
    if (uv_is_closing((uv_handle_t *)&p->tcp))
        return;
    list_remove(&p->node);
    emu_conn_free(p->conn);
    p->conn = NULL;
    uv_close((uv_handle_t *)&p->tcp, free_handle);
}

static void on_written(uv_write_t *w, int rc)
{
    (void)rc;
    free(w->data);
}

static void conn_out(void *arg, const void *p, size_t n)
{
    struct peer *peer = arg;
    struct sending *s = malloc(sizeof(*s) + n);
    if (!s || uv_is_closing((uv_handle_t *)&peer->tcp)) {
        free(s);
        return;
    }
    memcpy(s->bytes, p, n);
    s->w.data = s;
    uv_buf_t b = uv_buf_init(s->bytes, (unsigned)n);
    if (uv_write(&s->w, (uv_stream_t *)&peer->tcp, &b, 1, on_written))
        free(s);
}

/* What was written before leaves first: the other side sees the end after it. */
static void on_shut(uv_shutdown_t *q, int rc)
{
    struct peer *p = q->handle->data;
    (void)rc;
    free(q);
    drop(p);
}

static void conn_close(void *arg)
{
    struct peer *p = arg;
    uv_shutdown_t *q = calloc(1, sizeof(*q));
    if (!q || uv_shutdown(q, (uv_stream_t *)&p->tcp, on_shut))
        free(q);
}

static void on_alloc(uv_handle_t *h, size_t size, uv_buf_t *b)
{
    struct peer *p = h->data;
    (void)size;
    *b = uv_buf_init(p->buf, sizeof(p->buf));
}

static void on_read(uv_stream_t *h, ssize_t n, const uv_buf_t *b)
{
    struct peer *p = h->data;
    if (n < 0)
        drop(p);
    else if (n > 0)
        emu_conn_feed(p->conn, b->base, (size_t)n);
}

static void on_connection(uv_stream_t *server, int rc)
{
    struct listener *l = server->data;
    struct peer *p = rc ? NULL : calloc(1, sizeof(*p));
    if (!p)
        return;
    const struct emu_conn_events events = { conn_out, conn_close, p };
    uv_tcp_init(l->net->loop, &p->tcp);
    p->tcp.data = p;
    p->of = l;
    list_push(&l->net->peers, &p->node);
    p->conn = emu_conn_new(l->net->e, l->host, l->port, &events);
    if (!p->conn || uv_accept(server, (uv_stream_t *)&p->tcp) ||
        uv_read_start((uv_stream_t *)&p->tcp, on_alloc, on_read))
        drop(p);
}

static void close_listener(struct listener *l)
{
    list_remove(&l->node);
    uv_close((uv_handle_t *)&l->tcp, free_handle);
}

static bool bind_to(struct listener *l)
{
    struct sockaddr_in a;
    int size = sizeof(a);
    if (uv_ip4_addr(l->host, l->port, &a) ||
        uv_tcp_bind(&l->tcp, (const struct sockaddr *)&a, 0) ||
        uv_listen((uv_stream_t *)&l->tcp, 64, on_connection) ||
        uv_tcp_getsockname(&l->tcp, (struct sockaddr *)&a, &size))
        return false;
    l->port = ntohs(a.sin_port);
    return true;
}

static struct emu_net *net_new(futu_loop *l, struct emu *e)
{
    struct emu_net *n = calloc(1, sizeof(*n));
    if (!n)
        return NULL;
    n->loop = futu_loop_uv(l);
    n->e = e;
    list_init(&n->listeners);
    list_init(&n->peers);
    return n;
}

futu_err emu_listen(struct emu_net **net, futu_loop *loop, struct emu *e, const char *host,
                    uint16_t port, uint16_t *got)
{
    if (!*net)
        *net = net_new(loop, e);
    struct listener *l = *net ? calloc(1, sizeof(*l)) : NULL;
    if (!l)
        return FUTU_ENOMEM;
    l->net = *net;
    l->port = port;
    str_copy(l->host, sizeof(l->host), str_c(host));
    uv_tcp_init((*net)->loop, &l->tcp);
    l->tcp.data = l;
    list_push(&(*net)->listeners, &l->node);
    if (!bind_to(l)) {
        close_listener(l);
        return FUTU_EIO;
    }
    *got = l->port;
    return FUTU_OK;
}

void emu_unlisten(struct emu_net *net, const char *host, uint16_t port)
{
    struct list *it, *tmp;
    list_each(it, tmp, &net->listeners) {
        struct listener *l = list_entry(it, struct listener, node);
        struct list *p, *next;
        if (strcmp(l->host, host) != 0 || l->port != port)
            continue;
        list_each(p, next, &net->peers)
            if (list_entry(p, struct peer, node)->of == l)
                drop(list_entry(p, struct peer, node));
        close_listener(l);
    }
}

void emu_net_free(struct emu_net *net)
{
    if (!net)
        return;
    while (!list_empty(&net->peers))
        drop(list_entry(net->peers.next, struct peer, node));
    while (!list_empty(&net->listeners))
        close_listener(list_entry(net->listeners.next, struct listener, node));
    free(net);
}
