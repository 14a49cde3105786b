/* day.h - one trading day of one market under the paper clock: its sessions, and its minutes of
 * trading counted from 0 without the breaks.
 */
#ifndef UPSTREAM_PAPER_DAY_H
#define UPSTREAM_PAPER_DAY_H

#include "market/market.h"

#define MINUTE_NS (60 * NS_PER_S)
#define DAY_MINUTES_MAX 1500        /* the day on which summer time ends has 25 hours */
#define HISTORY_BEGIN 20000101      /* first day that bars are made for */

struct day {
    int32_t market, date;
    int32_t minutes;
    int64_t start;                  /* quotes are of this day from here on */
    size_t n;
    struct session s[3];
    int32_t before[3];              /* minutes of trading before session i */
};

bool day_is(bool always_open, int32_t market, int32_t date);
int32_t day_next(bool always_open, int32_t market, int32_t date);
int32_t day_prev(bool always_open, int32_t market, int32_t date);
/* The newest trading day that has started at `now`. */
int32_t day_at(bool always_open, int32_t market, int64_t now);
/* False: no trading on that date. */
bool day_make(struct day *d, bool always_open, int32_t market, int32_t date);

/* The minute of trading that `t` lies in; before the open 0, in a break or after it the nearest
 * before. */
int32_t day_minute(const struct day *d, int64_t t);
int64_t day_minute_time(const struct day *d, int32_t minute);
/* Most minutes that a day of this market can have. */
int32_t day_minutes_max(bool always_open, int32_t market);

#endif
