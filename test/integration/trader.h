/* trader.h - a client that places many orders through links that break, and repeats each with its
 * idempotency key until it is told that it was placed.
 *
 * Orders rest far below the market. Each has a remark and a key of its own, made of its number. A
 * lost connection is replaced by a new one at once, so a repeat mostly comes from another one.
 * Every tenth order is given up when the gateway says that it was not placed: then it must not be.
 * Errors: abort the test, also when the same key gets two different orders.
 */
#ifndef TEST_INTEGRATION_TRADER_H
#define TEST_INTEGRATION_TRADER_H

#include "futu/futu.h"
#include "opend.h"

struct trader_order {
    uint64_t id;                /* orderID; 0: not known to be placed */
    int64_t not_before;         /* next try, monotonic ms */
    bool in_flight, done;
    bool given_up;              /* done too */
};

struct trader {
    futu_client *c;
    int port;
    double qty;                 /* of each order, 1 at first */
    bool lost;
    struct trader_order *o;
    size_t n, next, in_flight, done;
    uint64_t sent, lost_answers, connections;
    uint64_t unknown, failed;   /* retType -100 or -200; -1 */
    uint64_t given_up;
    char last_text[256];
};

void trader_start(struct trader *t, int port, size_t orders);
/* Sends what may be sent, `window` at a time at most, and waits up to `ms` for answers. */
void trader_run(struct trader *t, size_t window, uint32_t ms);
/* Sends order i once more though it is done: the answer must be the same. */
void trader_repeat(struct trader *t, size_t i);
void trader_stop(struct trader *t);

/* How many orders the gateway on `port` has, asked on a connection of its own. */
size_t trader_count(int port);
/* Asks the gateway on `port`: its orders are those of the trader that were not given up, each
 * exactly once. */
void trader_check(const struct trader *t, int port);

#endif
