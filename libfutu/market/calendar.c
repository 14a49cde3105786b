/* calendar.c - trading days, sessions and market states.
 *
 * Inside the years of a market's table the table decides; outside it, weekends and the holidays
 * that fall on the same date each year.
 */
#include "market/calendar_data.h"
#include "market/rules.h"

static const struct calendar_day *find_day(const struct calendar_table *t, int32_t date)
{
    size_t lo = 0, hi = t->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (t->days[mid].date < date)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < t->n && t->days[lo].date == date ? &t->days[lo] : NULL;
}

/* mmdd on which a market rests each year. */
static bool fixed_holiday(int32_t calendar, int32_t date)
{
    static const int16_t all[CALENDARS][10] = {
        [CALENDAR_HK] = { 101, 501, 701, 1001, 1225, 1226 },
        [CALENDAR_US] = { 101, 619, 704, 1225 },
        [CALENDAR_CN] = { 101, 501, 1001, 1002, 1003, 1004, 1005, 1006, 1007 },
        [CALENDAR_SG] = { 101, 501, 809, 1225 },
        [CALENDAR_JP] = { 101, 102, 103, 1231, 211, 429, 503, 504, 505 },
        [CALENDAR_AU] = { 101, 126, 425, 1225, 1226 },
        [CALENDAR_MY] = { 101, 501, 831, 916, 1225 },
        [CALENDAR_CA] = { 101, 701, 1225, 1226 },
    };
    if (calendar == CALENDAR_US && date % 10000 == 619 && date < 20220000)
        return false;                   /* Juneteenth is observed since 2022 */
    for (size_t i = 0; i < ARRAY_LEN(all[0]) && all[calendar][i]; i++)
        if (date % 10000 == all[calendar][i])
            return true;
    return false;
}

int32_t market_whole_close(const struct market_rules *r, int32_t date)
{
    if (r->market == MARKET_JP && date < 20241105)
        return 15 * 60;
    return r->close[1] ? r->close[1] : r->close[0];
}

int32_t market_close_minute(const struct market_rules *r, int32_t date)
{
    const struct calendar_table *t = calendar_table(r->calendar);
    int32_t weekday = date_weekday(date), year = date / 10000;
    int32_t whole = market_whole_close(r, date);
    if (weekday == 0 || weekday == 6)
        return 0;
    if (year < t->first_year || year > t->last_year)
        return fixed_holiday(r->calendar, date) ? 0 : whole;
    const struct calendar_day *d = find_day(t, date);
    return d ? d->close : whole;
}

bool market_is_trading_day(int32_t market, int32_t date)
{
    const struct market_rules *r = market_rules(market);
    return r && market_close_minute(r, date) > 0;
}

static int32_t step_day(int32_t market, int32_t date, int32_t by)
{
    if (!market_rules(market))
        return date_add(date, by);
    do
        date = date_add(date, by);
    while (!market_is_trading_day(market, date));
    return date;
}

int32_t market_next_trading_day(int32_t market, int32_t date)
{
    return step_day(market, date, 1);
}

int32_t market_prev_trading_day(int32_t market, int32_t date)
{
    return step_day(market, date, -1);
}

size_t market_sessions(int32_t market, int32_t date, struct session out[3])
{
    const struct market_rules *r = market_rules(market);
    int32_t end = r ? market_close_minute(r, date) : 0;
    size_t n = 0;
    for (size_t i = 0; i < 2 && end > 0; i++) {
        int32_t close = MIN(r->close[i], end);
        if (r->open[i] == 0 || r->open[i] >= close)
            continue;
        out[n].from = market_minute_instant(market, date, r->open[i]);
        out[n++].to = market_minute_instant(market, date, close);
    }
    return n;
}

int32_t market_trade_date_type(int32_t market, int32_t date)
{
    const struct market_rules *r = market_rules(market);
    int32_t end = r ? market_close_minute(r, date) : 0;
    return r && end > 0 && r->open[1] && end <= r->open[1] ? 1 : 0;
}

static int32_t us_state(int32_t market, int32_t date, int32_t minute, int32_t close)
{
    bool night = minute >= 20 * 60 ? market_is_trading_day(market, date_add(date, 1)) : close > 0;
    if (minute < 4 * 60 || minute >= 20 * 60)
        return night ? STATE_OVERNIGHT : STATE_CLOSED;
    if (close == 0)
        return STATE_CLOSED;
    if (minute < 9 * 60 + 30)
        return STATE_PRE;
    if (minute < close)
        return STATE_AFTERNOON;
    /* After an early close the late session is shorter too. */
    return close < 16 * 60 && minute >= 17 * 60 ? STATE_CLOSED : STATE_AFTER;
}

/* Before the open and after the close, where the exchange holds auctions. */
static int32_t hk_edge(int32_t minute, int32_t close)
{
    if (minute >= close)
        return minute < close + 10 ? STATE_HK_CAS : STATE_CLOSED;
    if (minute < 9 * 60)
        return STATE_CLOSED;
    return minute < 9 * 60 + 22 ? STATE_AUCTION : STATE_WAITING_OPEN;
}

static int32_t cn_edge(int32_t minute, int32_t close)
{
    if (minute >= close || minute < 9 * 60 + 15)
        return STATE_CLOSED;
    return minute < 9 * 60 + 25 ? STATE_AUCTION : STATE_WAITING_OPEN;
}

static int32_t day_state(const struct market_rules *r, int32_t minute, int32_t close)
{
    if (minute < r->open[0] || minute >= close) {
        if (r->calendar == CALENDAR_HK)
            return hk_edge(minute, close);
        return r->calendar == CALENDAR_CN ? cn_edge(minute, close) : STATE_CLOSED;
    }
    if (r->open[1] == 0)
        return STATE_AFTERNOON;
    if (minute < r->close[0])
        return STATE_MORNING;
    if (minute < r->open[1])
        return STATE_REST;
    return r->calendar == CALENDAR_CN && minute >= close - 3 ? STATE_CLOSE_AUCTION
                                                             : STATE_AFTERNOON;
}

int32_t market_state(int32_t market, int64_t utc_ns)
{
    const struct market_rules *r = market_rules(market);
    if (!r)
        return STATE_NONE;
    struct civil c = market_civil(market, utc_ns);
    int32_t date = c.year * 10000 + c.month * 100 + c.day, minute = c.hour * 60 + c.minute;
    int32_t close = market_close_minute(r, date);
    if (market == MARKET_US)
        return us_state(market, date, minute, close);
    return close == 0 ? STATE_CLOSED : day_state(r, minute, close);
}
