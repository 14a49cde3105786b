/* day.c - see day.h. */
#include "upstream/paper/day.h"

#define PRE_OPEN_NS (30 * MINUTE_NS)

bool day_is(bool always_open, int32_t market, int32_t date)
{
    return always_open || market_is_trading_day(market, date);
}

int32_t day_next(bool always_open, int32_t market, int32_t date)
{
    return always_open ? date_add(date, 1) : market_next_trading_day(market, date);
}

int32_t day_prev(bool always_open, int32_t market, int32_t date)
{
    return always_open ? date_add(date, -1) : market_prev_trading_day(market, date);
}

int32_t day_at(bool always_open, int32_t market, int64_t now)
{
    int32_t date = market_date(market, now);
    struct session s[3];
    if (always_open)
        return date;
    if (market_sessions(market, date, s) > 0 && now >= s[0].from - PRE_OPEN_NS)
        return date;
    return market_prev_trading_day(market, date);
}

bool day_make(struct day *d, bool always_open, int32_t market, int32_t date)
{
    *d = (struct day){ .market = market, .date = date };
    if (always_open) {
        d->n = 1;
        d->s[0].from = market_minute_instant(market, date, 0);
        d->s[0].to = market_minute_instant(market, date_add(date, 1), 0);
    } else {
        d->n = market_sessions(market, date, d->s);
    }
    if (d->n == 0)
        return false;
    for (size_t i = 0; i < d->n; i++) {
        d->before[i] = d->minutes;
        d->minutes += (int32_t)((d->s[i].to - d->s[i].from) / MINUTE_NS);
    }
    d->start = always_open ? d->s[0].from : d->s[0].from - PRE_OPEN_NS;
    return true;
}

int32_t day_minute(const struct day *d, int64_t t)
{
    for (size_t i = d->n; i-- > 0;)
        if (t >= d->s[i].from)
            return d->before[i] + (int32_t)((MIN(t, d->s[i].to - 1) - d->s[i].from) / MINUTE_NS);
    return 0;
}

int64_t day_minute_time(const struct day *d, int32_t minute)
{
    size_t i = d->n - 1;
    while (i > 0 && minute < d->before[i])
        i--;
    return d->s[i].from + (minute - d->before[i]) * MINUTE_NS;
}

int32_t day_minutes_max(bool always_open, int32_t market)
{
    if (always_open)
        return DAY_MINUTES_MAX;
    switch (market) {
    case MARKET_HK:
        return 330;
    case MARKET_US:
        return 390;
    case MARKET_SH:
    case MARKET_SZ:
        return 240;
    default:
        return DAY_MINUTES_MAX;
    }
}
