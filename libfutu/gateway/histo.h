/* histo.h - counts of delays: exact to 1 ms below 1 s, to 1/128 above, up to 17 minutes.
 *
 * A class boundary within the exact part cuts exactly; a coarser bucket counts to the class that
 * its lower bound is in.
 */
#ifndef GATEWAY_HISTO_H
#define GATEWAY_HISTO_H

#include "base/base.h"

#define HISTO_EXACT 1024
#define HISTO_STEPS 128         /* per doubling */
#define HISTO_BUCKETS (HISTO_EXACT + 10 * HISTO_STEPS)

struct histo {
    uint64_t count;
    int64_t sum_ns;
    uint32_t n[HISTO_BUCKETS];
};

void histo_add(struct histo *h, int64_t ns);
/* Delays of at least `from` and less than `to` ms; to -1: no upper bound. */
uint64_t histo_between(const struct histo *h, int32_t from, int32_t to);

#endif
