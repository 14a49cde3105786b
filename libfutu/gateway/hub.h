/* hub.h - the heart of a gateway: who is connected, what they asked for, who gets which push.
 *
 * In:      bytes of clients (hub_conn_feed), events of one upstream (hub_events), time (timers).
 * Out:     queued frames (hub_conn_output), requests to the upstream, callbacks from hub_flush().
 * Owns:    connections, subscriptions, quotas, limits, queues, counters. Not: sockets, the
 *          upstream, the RSA key, the timers.
 * Order:   hub_new(), upstream created with hub_events(), hub_set_upstream(), connections ...,
 *          hub_free(), then the upstream is freed.
 * Turn:    feed what was read, run due timers, hub_flush(), write, sleep until timers_next().
 * Threads: one; no locks, no waiting. No callback of a connection runs but from hub_flush() and
 *          hub_free().
 */
#ifndef GATEWAY_HUB_H
#define GATEWAY_HUB_H

#include "crypt/rsa.h"
#include "futu/gateway.h"
#include "upstream/upstream.h"

struct hub;

/* Where changes of the journal go. append() copies; done() says that it is on disk, later, from the
 * loop, not after hub_free(). */
struct hub_store {
    futu_err (*append)(void *arg, const void *p, size_t n, void (*done)(void *arg, futu_err err),
                       void *done_arg);
    void *arg;
};

struct hub_opts {
    struct clock clock;             /* copied; its arg is borrowed */
    struct timers *timers;          /* borrowed; whoever runs the loop runs them */
    struct rsa_key *rsa;            /* borrowed; NULL: InitConnect in plain only */
    const char *websocket_key_md5;  /* 32 hex digits, copied; NULL: any key */
    bool frequency_limits_off;
    uint32_t push_proto_fmt;        /* as in futu_gateway_opts, from here on */
    uint32_t push_interval_ms;
    uint32_t keep_alive_s;
    uint32_t max_connections;
    uint32_t sub_quota;
    /* Orders by their keys, kept over restarts; borrowed. NULL: in memory, and only orders that
     * bring a key. `store` goes with it: append NULL keeps nothing on disk. */
    struct journal *journal;
    struct hub_store store;
    uint64_t boot_id;               /* of this run of the program; 0: a random one */
    /* Source of connection ids, keys and IVs; NULL: random_bytes(). Tests bring their own. */
    void (*random)(void *p, size_t n);
};

/* *out is the caller's to free. FUTU_EINVAL: timers NULL, websocket_key_md5 not 32 hex digits,
 * push_proto_fmt above 1; FUTU_ENOMEM. */
futu_err hub_new(struct hub **out, const struct hub_opts *opts);
/* Closes every connection: on_close(FUTU_ECANCELED), in which the owner may free it; those that are
 * not freed by then are freed here. Cancels what is under way upstream. NULL is fine. */
void hub_free(struct hub *h);

/* The table to give to the upstream at its creation; its arg is the hub. */
struct upstream_events hub_events(struct hub *h);
/* Borrowed; needed before the first connection is made. */
void hub_set_upstream(struct hub *h, struct upstream *u);

/* Once per loop turn, before it sleeps: on_output of connections that have new output, on_close of
 * those that end. The callbacks may make and free connections. */
void hub_flush(struct hub *h);
/* Something waits for hub_flush(): the loop must not sleep before it. */
bool hub_pending(const struct hub *h);

/* The public functions of the same name say what these do. */
futu_err hub_stats_get(const struct hub *h, futu_gateway_stats *out);
futu_err hub_conn_new(struct hub *h, futu_conn **out, const futu_conn_opts *opts);
futu_err hub_conn_feed(futu_conn *c, const void *p, size_t n);
size_t hub_conn_output(futu_conn *c, struct iovec *iov, size_t max);
void hub_conn_sent(futu_conn *c, size_t n);
size_t hub_conn_queued(const futu_conn *c);
bool hub_conn_at_boundary(const futu_conn *c);
void hub_conn_free(futu_conn *c);

#endif
