/* plan.h - one change of subscriptions as a whole: it happens entirely or not at all.
 *
 * Fill it with plan_find() or plan_make(), then plan_open(), which asks the upstream; after that
 * nothing can fail. plan_undo() takes back what was made on the way.
 * Memory: in hub.arena, beside the decoded request.
 */
#ifndef GATEWAY_PLAN_H
#define GATEWAY_PLAN_H

#include "gateway/state.h"

#define PLAN_PAIRS 20000        /* securities times sub types in one request */

struct want {
    struct pair *pair;
    struct sub *sub;            /* of this connection; NULL: none */
    bool made;                  /* sub is new */
};

struct plan {
    struct futu_conn *c;
    const Qot_Common_Security *secs;
    size_t n_secs;
    const int32_t *types;
    size_t n_types;
    bool reg;                   /* streams of `rehabs` are to be opened for pushes */
    uint32_t rehabs;            /* bit 1 << rehab, for k-lines */
    struct want *wants;         /* each pair once */
    size_t n;
    struct stream_key *keys;    /* to be opened */
    size_t n_keys;
    char why[256];              /* text for the client when a step fails */
};

/* All of these: FUTU_OK, or an error with `why` set. */
futu_err plan_check(struct plan *p);        /* empty lists, unknown sub types, size */
/* The pairs of the request that exist; wants[].sub says whether they are the connection's own. */
futu_err plan_find(struct plan *p);
/* All pairs of the request, subscribed by the connection if they were not: FUTU_ELIMIT (quota). */
futu_err plan_make(struct plan *p);
futu_err plan_open(struct plan *p);
void plan_undo(struct plan *p);
/* The rehab types that concern a pair: what was asked for k-lines, 0 for the rest. */
uint32_t plan_rehabs(const struct plan *p, const struct pair *pair);

#endif
