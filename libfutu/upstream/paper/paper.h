/* paper.h - the embedded exchange as an upstream: works offline, says everywhere that it is paper.
 *
 * Folder:  universe (securities), exchange (clock, order flow, books, ticks, bars; exchange.h),
 *          qot_* (answers of quote protocols and pushes), account, order, trd_* (accounts and
 *          orders), route (requests to their handlers), paper.c (the upstream interface).
 */
#ifndef UPSTREAM_PAPER_PAPER_H
#define UPSTREAM_PAPER_PAPER_H

#include "upstream/upstream.h"

struct paper_opts {
    const char *clock;          /* "real" (NULL), "always-open", "xN", "always-open,xN" */
    uint64_t seed;
    const char *trade_pwd;      /* NULL: "paper" */
    uint32_t push_interval_ms;  /* Basic, OrderBook, Broker at most this often; 0: each slice */
    const struct clock *sys;    /* borrowed */
    struct timers *timers;      /* borrowed */
    struct upstream_events events;
};

/* FUTU_EFORMAT: clock (why says what is allowed); FUTU_ENOMEM. */
futu_err paper_new(struct upstream **out, const struct paper_opts *o, char *why, size_t why_size);

#endif
