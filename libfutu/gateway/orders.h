/* orders.h - orders by their idempotency keys: none is sent twice, each repeat gets the answer.
 *
 * Key:     c2s.idempotencyKey when the request brings one; in front of another gateway else
 *          "#connID-serialNo" of its packetID, so that a client that was cut off can repeat its
 *          request as it was, on a new connection and after a restart.
 * Life:    written to the store, then sent. A success is kept for repeats. A refusal frees the key:
 *          nothing was placed. Without a definite answer the key stays; a repeat asks the upstream
 *          what became of it before anything is sent.
 */
#ifndef GATEWAY_ORDERS_H
#define GATEWAY_ORDERS_H

#include "gateway/call.h"

/* What to do with a write. */
enum orders_verdict {
    ORDERS_PLAIN,               /* it has no key: send it */
    ORDERS_NEW,                 /* *e was made for it */
    ORDERS_RESUME,              /* *e was sent once, and nobody knows */
    ORDERS_ANSWERED,            /* the request has been dealt with */
};
/* Whether this very write came before, without doing anything about it. UNKNOWN: it was sent, and
 * has no definite answer. */
enum orders_seen { ORDERS_NOT_SEEN, ORDERS_SEEN_ANSWERED, ORDERS_SEEN_UNKNOWN };
enum orders_seen orders_seen(struct ask *a);
/* `own`: the packetID is of this connection. Otherwise only a repeat is let through. */
enum orders_verdict orders_look(struct ask *a, const Common_PacketID *id, bool own,
                                struct order_entry **e);
/* Sends the call of a NEW entry once that is on disk; of a RESUMEd one at once. */
void orders_begin(struct call *k, bool resume);
/* The upstream has answered the call of this entry. False: nobody knows what became of it, and a
 * repeat is to find out. */
bool orders_end(struct call *k, const uint8_t *body, size_t n);

#endif
