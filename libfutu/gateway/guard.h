/* guard.h - the rules of API keys between a request and its answer.
 *
 * Reads:   the key must hold, have a scope of the call, and may name only its accounts.
 * Writes:  the same, then the limits; a market order under a cap is valued at the last price first.
 *          What the order would use of the day is held until it is known what became of it. The
 *          intent is on disk (audit trail, daily values) before the write goes up.
 * Refusal: answered as the surface does; one line in the audit trail, one count in the metrics.
 * Owns:    writes from their passing of the limits until their reply (struct guarded), at most
 *          65,536; one more is refused.
 * Threads: the hub's.
 * Tests:   test/unit/gateway/guard_test.c, guard_trail_test.c, guard_write_test.c,
 *          guard_disk_test.c, guard_random_test.c
 */
#ifndef GATEWAY_GUARD_H
#define GATEWAY_GUARD_H

#include "gateway/state.h"

/* One trade write from its passing of the limits until its reply. */
struct guarded {
    struct hub *hub;
    struct access_hold hold;
    struct api_key *key;            /* NULL: none was needed; the trail has it all the same */
    uint8_t iface;
    bool repeat;                    /* it was answered from an earlier one */
    bool resume;                    /* it may have been sent before; its value is counted */
    bool keyed;                     /* it has an idempotency key */
    char args_hash[9];
    char endpoint[64], peer[64];
    uint64_t acc_id;
    /* While it waits for a price or for the disk: */
    struct ask ask;                 /* c NULL: the asker is gone */
    struct buf body;
    struct upstream_request rq;     /* of the price */
    struct access_order order;
    char symbol[48];
    double qty, least_price, least_value;
    struct timer timer;             /* when its answer is due */
    uint8_t waits;                  /* for how many records on disk */
    futu_err disk;                  /* the first error of these */
    bool pricing;
    void (*go)(struct ask *a);      /* goes on with the write */
    struct list link;               /* in hub.guarded or hub.idle_guarded */
};

/* Whether a caller without a wire may do on that surface, without a key, what needs the scopes. */
bool guard_nobody(const struct hub *h, uint8_t iface, uint32_t scopes);
/* Before the request is read: False: it is refused. */
bool guard_admit(struct ask *a);
/* Once it is read, of what is no write. False: it is refused. */
bool guard_read(struct ask *a);
/* The request must be decoded, for its accounts. */
bool guard_wants_struct(const struct ask *a);
/* A trade write: go(a) runs when it may be sent, perhaps at once; or it is refused. */
void guard_write(struct ask *a, void (*go)(struct ask *a));
/* The reply of a guarded write is known: body of the Response, n 0: nobody will ever know. */
void guard_end(struct ask *a, const uint8_t *body, size_t n);
/* Refuses and tells the trail. `reason` may say what the caller is not told; a->retry_s, when it is
 * set, it is told. */
void guard_deny(struct ask *a, enum deny d, const char *reason);
/* A connection goes: its writes that wait are not sent. */
void guard_conn_gone(struct futu_conn *c);
void guard_free(struct hub *h);
void guard_free_allowed(struct hub *h);
/* Cuts the account list of a reply down to what the key may see; *body may then point into
 * h->body. */
void guard_reply(struct ask *a, futu_str *body);
/* May this key's connection get such a push? Counts it when not. */
bool guard_push(struct futu_conn *c, uint32_t scope, uint64_t acc_id, const char *market);
/* "HK", "US", "FUTURES" ... of a TrdMarket; NULL: unknown. */
const char *trd_market_name(int32_t trd_market);

#endif
