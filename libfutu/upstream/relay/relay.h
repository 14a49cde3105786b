/* relay.h - another FTAPI gateway as an upstream: the vendor's OpenD, or another futu-opend.
 *
 * Lanes:   three connections, each with its own state, so that trouble with one never touches the
 *          others: "quote" (subscriptions, real-time reads, all that is not named below), "trade"
 *          (Trd_*), "bulk" (history and long lists).
 * Streams: each is subscribed once upstream however many clients hold it, and given up when nobody
 *          does and the upstream's minute is over.
 * Reads:   may wait for a connection that is being made, and are sent again when it was lost.
 * Writes:  are sent at most once. An order that was under way when the connection broke is looked
 *          for in the upstream's order list before the client is told anything.
 * Loss:    is told with Notify and Gateway_UpdateGap. Subscriptions are restored and what pushes
 *          missed is fetched before the gap is declared over.
 * Threads: the gateway's loop thread only.
 */
#ifndef UPSTREAM_RELAY_RELAY_H
#define UPSTREAM_RELAY_RELAY_H

#include "client/link.h"
#include "crypt/rsa.h"
#include "upstream/upstream.h"

struct relay_opts {
    struct clock clock;             /* copied; its arg is borrowed */
    struct timers *timers;          /* borrowed */
    struct upstream_events events;
    const char *name;               /* HOST:PORT, for people; copied */
    /* Makes the link of a lane. */
    futu_err (*make_link)(struct link **out, void *arg);
    void *link_arg;
    const char *rsa_key;            /* path of a PEM file; NULL: plain */
    int64_t cache_ns;               /* life of cached reference data; 0: none */
    uint64_t boot_id;
    const char *secret;             /* of the journal; marks in remarks are made with it; copied */
    uint64_t (*random)(void);
};

/* Begins to connect. *out NULL on error, then `why` holds one line: FUTU_EFORMAT and FUTU_EIO (key
 * file), FUTU_ENOMEM. */
futu_err relay_new(struct upstream **out, const struct relay_opts *o, char *why, size_t why_size);
/* How the connections stand, with one line in `why`: FUTU_OK all are up; FUTU_EAGAIN not known
 * yet; FUTU_ENOTCONN one failed, and is tried again; FUTU_ENOTFOUND (no such host), FUTU_EAUTH
 * (another key), FUTU_EPROTO (no FTAPI): trying again will hardly help. */
futu_err relay_health(const struct upstream *u, char *why, size_t why_size);

#endif
