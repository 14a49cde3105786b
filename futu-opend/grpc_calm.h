/* grpc_calm.h - what a client may send of HTTP/2 that brings no call on: settings, pings, windows,
 * empty frames, frames that are refused.
 *
 * Each such frame has a price. A client has CALM_BURST and gets CALM_RATE a second; frames that
 * carry data give it some back. Pings have an account of their own, as gRPC servers have it:
 * PING_BURST and one a second, and what it is sent in between gives back. So have calls that are
 * given up, which have cost us the most: RESET_BURST and RESET_RATE a second.
 *
 * Threads: none; one per connection. {0} with grpc_calm_init() is the beginning.
 * Tests:   test/unit/opend/grpc_calm_test.c, test/integration/grpc_attack_test.c
 */
#ifndef OPEND_GRPC_CALM_H
#define OPEND_GRPC_CALM_H

#include <stdbool.h>
#include <stdint.h>

#define CALM_BURST 1000
#define CALM_RATE 100
#define PING_BURST 20
#define PING_RATE 1
#define RESET_BURST 1000
#define RESET_RATE 40

/* Prices. SETTINGS may touch every stream, a refused frame has made an answer. */
enum { CALM_CONTROL = 1, CALM_DRIBBLE = 4, CALM_EMPTY = 5, CALM_REFUSED = 5, CALM_SETTINGS = 10 };
/* What data that comes and data that goes give back. */
enum { CALM_CAME = 1, CALM_WENT = 4 };

struct grpc_account {
    uint32_t left;
    uint64_t at_ms;             /* when it was filled last */
};

struct grpc_calm {
    struct grpc_account frames, pings, resets;
};

void grpc_calm_init(struct grpc_calm *c, uint64_t now_ms);
/* False: it is used up, and the client is to go. */
bool grpc_calm_frame(struct grpc_calm *c, unsigned price, uint64_t now_ms);
bool grpc_calm_ping(struct grpc_calm *c, uint64_t now_ms);
bool grpc_calm_reset(struct grpc_calm *c, uint64_t now_ms);
void grpc_calm_came(struct grpc_calm *c);
void grpc_calm_went(struct grpc_calm *c);

#endif
