/* race.h - connects to the first of several addresses that answers.
 *
 * RACE_LANES addresses are dialled at once, the first that is connected wins and the others are
 * closed. When all of a round have failed the next ones follow, as many rounds as are allowed.
 *
 * In:      a list of addresses and where to begin in it; it goes round.
 * Out:     one done(), never from inside race_start(): the link that won and its address, or why
 *          the last address failed.
 * Owns:    the links until one has won.
 * Threads: the gateway's loop thread.
 * Tests:   test/unit/upstream/broker/race_test.c
 */
#ifndef UPSTREAM_BROKER_RACE_H
#define UPSTREAM_BROKER_RACE_H

#include "base/timer.h"
#include "upstream/broker/addr.h"

#define RACE_LANES 3

struct race;

struct race_lane {
    struct race *race;
    struct link *link;                  /* NULL: not under way */
    const struct net_addr *addr;
};

struct race {
    const struct net *net;
    /* The link is now the receiver's: it sets its events. err: no address answered, `why` names the
     * last one and is borrowed. The race may be freed or started again inside. */
    void (*done)(struct race *r, futu_err err, const char *why, struct link *link,
                 const struct net_addr *addr);
    struct timers *timers;
    int64_t timeout_ns;                 /* for each address */

    struct addr_list list;
    size_t next, left;                  /* in list; addresses that may still be dialled */
    struct race_lane lanes[RACE_LANES];
    struct timer failing;               /* tells of a failure that was known at once */
    futu_err err;
    char why[160];
};

/* The caller has set net, done, timers and timeout_ns. `rounds` of RACE_LANES at most. */
void race_start(struct race *r, const struct addr_list *list, size_t start, size_t rounds,
                int64_t now);
void race_stop(struct race *r);         /* closes all; fine when nothing is under way */

#endif
