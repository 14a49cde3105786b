/* call.h - a request that the upstream answers.
 *
 * Life:    call_start() .. upstream's done(), or the time limit: then the client gets -100. A read
 *          is cancelled by that; a write stays, since its repeat is owed the true answer. When the
 *          connection goes its calls are cancelled, but for orders that have a key and for unlocks:
 *          these stay, without an asker, until what they have done is known.
 * Owns:    a copy of the body. Calls are kept for reuse in hub.idle_calls.
 */
#ifndef GATEWAY_CALL_H
#define GATEWAY_CALL_H

#include "gateway/state.h"

struct call {
    struct upstream_request rq;
    struct hub *hub;
    struct ask ask;             /* its body and msg are not used: they do not last */
    struct buf body;
    struct list link;           /* in conn.calls, hub.orders or hub.idle_calls */
    struct timer timer;
    int64_t sent_at;
    bool timed_out;             /* the client has its answer */
    int32_t market;             /* of a trade write; see closed.h */
    bool flag;                  /* what patch.c needs to know of the request */
    uint64_t round;             /* of an unlock: locks before it was sent; see unlock.h */
    struct replay_entry *replay;    /* of a write */
    struct order_entry *order;  /* of an order with a key */
    bool storing;               /* the order is on its way to the disk, not yet upstream */
    /* Of a write: the repeats that came before its answer. Of a repeat: its place among them. */
    struct list followers;
    struct call *leader;        /* of a repeat, which is not known upstream; else NULL */
};

/* Sends it up; the reply comes by itself, perhaps at once. `replay` as in struct call, or NULL. */
void call_start(struct ask *a, struct replay_entry *replay);
/* The same of an order with a key; `resume`: it may have been sent before. */
void call_start_order(struct ask *a, struct replay_entry *replay, struct order_entry *e,
                      bool resume);
/* A repeat of the write `leader`: answered with it. */
void call_follow(struct ask *a, struct call *leader);
void call_cancel(struct call *k);
/* The connection goes. */
void call_leave(struct call *k);
/* The hub goes: what is under way without an asker ends untold. */
void call_drop_orders(struct hub *h);

#endif
