/* unlock.h - which real accounts may trade, one by one.
 *
 * Open:    by a Trd_UnlockTrade that succeeds, as its accResultList says account by account. An
 *          upstream that returns none (the vendor's OpenD behind a relay) has opened all that was
 *          asked for; of a request that names accounts these alone are open here, the others stay
 *          shut whatever the upstream has done.
 * Locked:  by a Trd_UnlockTrade that locks, by a lost connection to a broker, by a restart of the
 *          upstream, by hub_lock(). A failed unlock leaves open what was open.
 * Unknown: what nobody has unlocked here is locked, but for an upstream that forwards: that may
 *          have been unlocked by others, and is asked.
 * Guard:   see access/trade_pwd.h; here for an upstream that forwards, the others have their own.
 * Keys:    a complete success is kept under its idempotencyKey for 90 s, until something is locked.
 * Owns:    at most UNLOCK_ACCOUNTS states and UNLOCK_KEPT answers.
 * Threads: the hub's.
 * Tests:   test/unit/gateway/unlock_test.c, unlock_random_test.c
 */
#ifndef GATEWAY_UNLOCK_H
#define GATEWAY_UNLOCK_H

#include "access/trade_pwd.h"
#include "base/buf.h"
#include "upstream/upstream.h"

#define UNLOCK_ACCOUNTS 1024
#define UNLOCK_NAMED 256            /* accounts in one request */
#define UNLOCK_KEPT 64
#define UNLOCK_LIFE_NS (90 * NS_PER_S)

enum unlock_state { UNLOCK_UNKNOWN, UNLOCK_OPEN, UNLOCK_SHUT };

struct unlock_account {
    uint64_t id;
    int32_t firm;                   /* 0: not known */
    uint8_t state;                  /* enum unlock_state */
    uint64_t round;                 /* of its last lock */
    char why[160];                  /* it is not open; "" */
};

/* A complete success under its key. */
struct unlock_kept {
    uint8_t id[32], digest[32];     /* of caller and key, of the request */
    uint64_t round;
    int64_t until;                  /* 0: free */
    struct buf answer;
};

struct unlocks {
    struct unlock_account *list;
    uint32_t n, cap;
    uint8_t others;                 /* of all that are not in the list */
    uint64_t round, others_round;   /* locks so far; of the last that was about all */
    struct trade_pwd guard;
    struct unlock_kept kept[UNLOCK_KEPT];
    struct upstream_request locking;        /* of hub_lock() */
    bool is_locking;
};

struct hub;
struct call;
struct ask;

/* The account may trade, as far as is known here. */
bool unlock_is_open(const struct hub *h, uint64_t acc_id);
/* Why it may not, "" when nothing is known of that. */
const char *unlock_why(const struct hub *h, uint64_t acc_id);
bool unlock_any(const struct hub *h);
size_t unlock_count(const struct hub *h);       /* of accounts that are known to be open */
/* A Trd_UnlockTrade on its way up. False: it has been answered. */
bool unlock_may_go(struct ask *a);
/* Its answer; *body may be made to point at another one, in h->body. */
void unlock_answered(struct call *k, futu_str *body);
/* An answer of Trd_GetAccList, from which the firms of accounts are known behind an upstream that
 * forwards and has none in its results. */
void unlock_learn(struct hub *h, futu_str body);
/* See struct upstream_events. */
void unlock_lost(struct hub *h, const uint64_t *ids, size_t n, const char *why);
void unlock_free(struct hub *h);

#endif
