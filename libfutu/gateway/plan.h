/* plan.h - one change of subscriptions as a whole: it happens entirely or not at all.
 *
 * Life:    plan_new(), plan_check(), then plan_find() or plan_make(), then plan_run(), which asks
 *          the upstream and answers the client when that has answered, perhaps at once. plan_free()
 *          ends one that is not run.
 * Waiting: a stream that another plan is opening is waited for: the plan is looked at anew when
 *          that one has ended.
 * Memory:  an arena of its own; the request's structs are not needed once it runs. Pairs that it
 *          names are pinned, so that they stay.
 */
#ifndef GATEWAY_PLAN_H
#define GATEWAY_PLAN_H

#include "gateway/pend.h"

#define PLAN_PAIRS 20000        /* securities times sub types in one request */

struct want {
    struct pair *pair;
    bool made;                  /* this plan made the connection's subscription */
};

struct plan {
    struct upstream_open open;
    struct pend pend;
    struct arena arena;
    struct futu_conn *c;        /* until it runs; then pend.c */
    const Qot_Common_Security *secs;
    size_t n_secs;
    const int32_t *types;
    size_t n_types;
    bool make;                  /* subscriptions that are missing are to be made */
    bool reg, unreg;            /* pushes of `rehabs` are wanted, or not any more */
    bool first;                 /* with reg: the present value is to be pushed */
    uint32_t rehabs;            /* bit 1 << rehab, for k-lines */
    struct stream_opts opts;
    struct want *wants;         /* each pair once */
    size_t n;
    struct stream_want *keys;   /* to be opened */
    size_t n_keys;
    struct list waiting;        /* for another plan: in hub.waiting */
    bool wait;
    char why[420];              /* text for the client when a step fails */
};

/* NULL: no memory. */
struct plan *plan_new(struct futu_conn *c);
void plan_free(struct plan *p);
/* All of these: FUTU_OK, or an error with `why` set. */
futu_err plan_check(struct plan *p);        /* empty lists, unknown sub types, size */
/* The pairs of the request that exist. */
futu_err plan_find(struct plan *p);
/* All pairs of the request: FUTU_ELIMIT (quota). */
futu_err plan_make(struct plan *p);
/* Takes over the plan. */
void plan_run(struct plan *p, struct ask *a);
/* The rehab types that concern a pair: what was asked for k-lines, 0 for the rest. */
uint32_t plan_rehabs(const struct plan *p, const struct pair *pair);

#endif
