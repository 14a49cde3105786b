/* route.h - requests to their handlers and replies back; private to paper.c. */
#ifndef UPSTREAM_PAPER_ROUTE_H
#define UPSTREAM_PAPER_ROUTE_H

#include "upstream/paper/handlers.h"

/* upstream_ops.request and .cancel. */
void route_request(struct paper *p, struct upstream_request *rq);
void route_cancel(struct paper *p, const struct upstream_request *rq);
void route_later(struct timer *t, int64_t now);     /* p->later runs it */
/* Drops what is under way; done() does not run any more. */
void route_free(struct paper *p);

/* paper.c: pushes or orders want the slice timer. */
bool paper_busy(const struct paper *p);

#endif
