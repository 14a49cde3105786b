/* net.h - what the channels need of a network, given from outside: sockets and name look-ups by
 * io/ in a program, scripts in a test. Nothing in this folder opens a socket by itself.
 *
 * Threads: the gateway's loop thread.
 */
#ifndef UPSTREAM_BROKER_NET_H
#define UPSTREAM_BROKER_NET_H

#include "client/link.h"

#define NET_HOST_MAX 63
#define NET_FOUND_MAX 16

struct net_addr {
    char host[NET_HOST_MAX + 1];        /* numeric, or a name */
    uint16_t port;
};

/* One name look-up; owned by whoever asks. Exactly one done() unless it was cancelled, never from
 * inside lookup(). The owner keeps the time. */
struct net_lookup {
    void (*done)(struct net_lookup *q, futu_err err, const char (*found)[NET_HOST_MAX + 1],
                 size_t n);
    void *net_data;                     /* the network's own; NULL: not under way */
};

struct net {
    /* *out is freed with ops->free(). FUTU_ENOMEM. */
    futu_err (*link)(void *arg, struct link **out, const struct net_addr *a);
    /* Numeric addresses of a name, NET_FOUND_MAX at most. An error: done() will not run. */
    futu_err (*lookup)(void *arg, struct net_lookup *q, const char *name);
    void (*cancel)(void *arg, struct net_lookup *q);    /* fine when it is not under way */
    void *arg;
};

static inline bool net_addr_eq(const struct net_addr *a, const struct net_addr *b)
{
    return a->port == b->port && strcmp(a->host, b->host) == 0;
}

#endif
