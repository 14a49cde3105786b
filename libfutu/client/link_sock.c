/* link_sock.c - see link_sock.h. */
#include "client/link_sock.h"

#include "base/mem.h"
#include "io/sock.h"

struct link_sock {
    struct link link;
    futu_loop *loop;
    struct sock *sock;
    uint32_t port;
    char host[];
};

static void on_connect(void *arg)
{
    struct link_sock *k = arg;
    k->link.events.up(k->link.events.arg);
}

static void on_data(void *arg, const uint8_t *p, size_t n)
{
    struct link_sock *k = arg;
    k->link.events.data(k->link.events.arg, p, n);
}

static void on_close(void *arg, futu_err err, const char *why)
{
    struct link_sock *k = arg;
    k->link.events.down(k->link.events.arg, err, why);
}

static futu_err open_sock(struct link *link, int64_t timeout)
{
    struct link_sock *k = (struct link_sock *)link;
    const struct sock_events events = { on_connect, on_data, on_close, k };
    futu_err err = sock_connect(&k->sock, k->loop, k->host, k->port, timeout, &events);
    if (!err)
        sock_out(k->sock)->max = LINK_MAX_OUT;
    return err;
}

static struct buf *out_of_sock(struct link *link)
{
    return sock_out(((struct link_sock *)link)->sock);
}

static void close_sock(struct link *link)
{
    struct link_sock *k = (struct link_sock *)link;
    sock_close(k->sock);
    k->sock = NULL;
}

static void free_link(struct link *link)
{
    close_sock(link);
    mem_free(link);
}

static const struct link_ops ops = { open_sock, out_of_sock, close_sock, free_link };

futu_err link_sock_new(struct link **out, futu_loop *l, const char *host, uint32_t port)
{
    size_t n = strlen(host) + 1;
    struct link_sock *k = mem_zalloc(sizeof(*k) + n);
    if (!k)
        return FUTU_ENOMEM;
    k->link.ops = &ops;
    k->loop = l;
    k->port = port;
    memcpy(k->host, host, n);
    *out = &k->link;
    return FUTU_OK;
}
