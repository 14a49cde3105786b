/* net_io.c - see net_io.h. */
#include "upstream/broker/net_io.h"

#include "client/link_sock.h"
#include "io/resolve.h"

_Static_assert(NET_HOST_MAX + 1 == RESOLVE_ADDR && NET_FOUND_MAX == RESOLVE_MAX, "the same room");

static futu_err make_link(void *arg, struct link **out, const struct net_addr *a)
{
    return link_sock_new(out, arg, a->host, a->port);
}

static void on_found(void *arg, futu_err err, const char (*found)[RESOLVE_ADDR], size_t n)
{
    struct net_lookup *q = arg;
    q->net_data = NULL;
    q->done(q, err, found, n);
}

static futu_err lookup(void *arg, struct net_lookup *q, const char *name)
{
    struct resolving *r;
    futu_err err = resolve_name(&r, arg, name, on_found, q);
    q->net_data = r;
    return err;
}

static void cancel(void *arg, struct net_lookup *q)
{
    (void)arg;
    resolve_cancel(q->net_data);
    q->net_data = NULL;
}

struct net net_io(futu_loop *l)
{
    return (struct net){ make_link, lookup, cancel, l };
}
