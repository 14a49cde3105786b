/* synth.h - bars of days that nobody simulated. The minutes add up to the day bar exactly: prices,
 * quantity and turnover; the day bar alone costs well under a microsecond.
 */
#ifndef UPSTREAM_PAPER_SYNTH_H
#define UPSTREAM_PAPER_SYNTH_H

#include "upstream/paper/fair.h"

/* One minute, or one day. Turnover in px * shares. Without a trade (qty 0) prices repeat the last
 * one. */
struct minute {
    int64_t open, high, low, close, qty, turnover;
};

void synth_day(const struct fair *f, const struct shape *s, struct minute *out);
/* out has room for `minutes`, which is what the day has. */
void synth_minutes(const struct fair *f, const struct shape *s, int32_t minutes,
                   struct minute *out);

#endif
