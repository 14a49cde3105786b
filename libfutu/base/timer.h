/* timer.h - timers in a pairing heap: no allocation, no thread, no clock of its own.
 *
 * Whoever owns the loop asks timers_next() how long it may sleep and calls timers_run().
 */
#ifndef BASE_TIMER_H
#define BASE_TIMER_H

#include "base/base.h"

struct timer {
    int64_t at;                                     /* ns on the monotonic clock */
    void (*fn)(struct timer *t, int64_t now);       /* may set or stop any timer, also t */
    struct timer *child, *next, *prev;              /* heap links; prev: left sibling or parent */
    bool armed;
};

struct timers {
    struct timer *root;
    int64_t floor;          /* while running: nothing is set earlier than this */
    bool running;
};

#define TIMER_NEVER INT64_MAX

void timer_set(struct timers *ts, struct timer *t, int64_t at);     /* moves it when armed */
void timer_stop(struct timers *ts, struct timer *t);                /* fine when not armed */
int64_t timers_next(const struct timers *ts);                       /* TIMER_NEVER: none */
/* Runs what is due at `now`, earliest first. Timers that a callback sets to `now` or earlier run in
 * the next call, so that a timer that re-arms itself can't hold the loop. */
void timers_run(struct timers *ts, int64_t now);

#endif
