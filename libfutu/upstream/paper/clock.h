/* clock.h - market time: the wall clock, or one that runs N times as fast from the start on; with
 * markets that keep their calendars or are always open.
 */
#ifndef UPSTREAM_PAPER_CLOCK_H
#define UPSTREAM_PAPER_CLOCK_H

#include "base/clock.h"

#define PAPER_CLOCK_FASTEST 3600

struct paper_clock {
    const struct clock *sys;    /* borrowed */
    bool always_open;
    int64_t factor;
    int64_t wall0, mono0;       /* both clocks at the start */
};

/* text: NULL, "real", "always-open", "xN", or two of them with a comma. FUTU_EFORMAT: `why` says
 * what is allowed. */
futu_err paper_clock_init(struct paper_clock *c, const char *text, const struct clock *sys,
                          char *why, size_t size);
int64_t paper_clock_now(const struct paper_clock *c);
int64_t paper_clock_until(const struct paper_clock *c, int64_t at);

#endif
