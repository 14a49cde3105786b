/* civil.c - instants, zones and dates. Zones are rules in code, so that no file is read at run
 * time. */
#include <stdio.h>

#include "market/rules.h"

#define DAY_S INT64_C(86400)
#define YEAR_MAX 2200           /* 64 bits of nanoseconds end in 2262 */

/* Days since 1970-01-01 of a civil date of the Gregorian calendar; eras of 400 years from March. */
static int64_t days_of(int32_t y, int32_t m, int32_t d)
{
    int64_t year = m <= 2 ? y - 1 : y;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t yoe = year - era * 400;
    int64_t doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void civil_of_days(int64_t days, int32_t *y, int32_t *m, int32_t *d)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *d = (int32_t)(doy - (153 * mp + 2) / 5 + 1);
    *m = (int32_t)(mp < 10 ? mp + 3 : mp - 9);
    *y = (int32_t)(yoe + era * 400 + (*m <= 2));
}

int32_t date_days(int32_t date)
{
    return (int32_t)days_of(date / 10000, date / 100 % 100, date % 100);
}

int32_t date_of_days(int32_t days)
{
    int32_t y, m, d;
    civil_of_days(days, &y, &m, &d);
    return y * 10000 + m * 100 + d;
}

int32_t date_add(int32_t date, int32_t days)
{
    return date_of_days(date_days(date) + days);
}

static int32_t weekday_of_days(int64_t days)
{
    int32_t w = (int32_t)((days + 4) % 7);      /* 1970-01-01 was a Thursday */
    return w < 0 ? w + 7 : w;
}

int32_t date_weekday(int32_t date)
{
    return weekday_of_days(date_days(date));
}

bool date_valid(int32_t date)
{
    int32_t y = date / 10000, m = date / 100 % 100, d = date % 100;
    return y >= 1900 && y <= YEAR_MAX && m >= 1 && m <= 12 && d >= 1 &&
           date_of_days(date_days(date)) == date;
}

/* Days since 1970 of the n-th (from 1) Sunday of a month. */
static int64_t nth_sunday(int32_t year, int32_t month, int32_t n)
{
    int64_t first = days_of(year, month, 1);
    return first + (7 - weekday_of_days(first)) % 7 + 7 * (n - 1);
}

/* Second Sunday of March 02:00 to first Sunday of November 02:00, local (rule of 2007). */
static bool us_summer(int64_t utc_s, int32_t offset)
{
    int32_t y, m, d;
    civil_of_days((utc_s + offset) / DAY_S, &y, &m, &d);
    int64_t from = nth_sunday(y, 3, 2) * DAY_S + 2 * 3600 - offset;
    int64_t to = nth_sunday(y, 11, 1) * DAY_S + 3600 - offset;
    return utc_s >= from && utc_s < to;
}

/* First Sunday of October 02:00 to first Sunday of April 03:00, local (rule of 2008). */
static bool au_summer(int64_t utc_s, int32_t offset)
{
    int32_t y, m, d;
    civil_of_days((utc_s + offset) / DAY_S, &y, &m, &d);
    int64_t from = nth_sunday(y, 10, 1) * DAY_S + 2 * 3600 - offset;
    int64_t to = nth_sunday(y, 4, 1) * DAY_S + 2 * 3600 - offset;
    return utc_s >= from || utc_s < to;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b < 0 ? q - 1 : q;
}

int32_t zone_offset(int32_t market, int64_t utc_ns)
{
    const struct market_rules *r = market_rules(market);
    int64_t s = floor_div(utc_ns, NS_PER_S);
    if (!r)
        return 0;
    if ((r->zone == ZONE_US && us_summer(s, r->offset)) ||
        (r->zone == ZONE_AU && au_summer(s, r->offset)))
        return r->offset + 3600;
    return r->offset;
}

struct civil market_civil(int32_t market, int64_t utc_ns)
{
    struct civil c;
    int64_t local = floor_div(utc_ns, NS_PER_S) + zone_offset(market, utc_ns);
    int64_t days = floor_div(local, DAY_S);
    int32_t s = (int32_t)(local - days * DAY_S);
    civil_of_days(days, &c.year, &c.month, &c.day);
    c.hour = s / 3600;
    c.minute = s / 60 % 60;
    c.second = s % 60;
    c.weekday = weekday_of_days(days);
    return c;
}

int64_t market_instant(int32_t market, const struct civil *c)
{
    const struct market_rules *r = market_rules(market);
    int64_t local =
        days_of(c->year, c->month, c->day) * DAY_S + c->hour * 3600 + c->minute * 60 + c->second;
    int64_t utc = local - (r ? r->offset : 0);
    /* A summer offset is one hour more; the earlier instant of the hour that comes twice. */
    int64_t summer = utc - 3600;
    if (r && zone_offset(market, summer * NS_PER_S) != r->offset)
        utc = summer;
    return utc * NS_PER_S;
}

int64_t market_minute_instant(int32_t market, int32_t date, int32_t minute)
{
    struct civil c = { date / 10000, date / 100 % 100, date % 100, 0, minute, 0, 0 };
    return market_instant(market, &c);
}

int32_t market_date(int32_t market, int64_t utc_ns)
{
    int64_t local = floor_div(utc_ns, NS_PER_S) + zone_offset(market, utc_ns);
    return date_of_days((int32_t)floor_div(local, DAY_S));
}

static char *put_digits(char *p, int32_t v, int n)
{
    for (int i = n - 1; i >= 0; i--, v /= 10)
        p[i] = (char)('0' + v % 10);
    return p + n;
}

void date_text(int32_t date, char out[11])
{
    char *p = put_digits(out, date / 10000, 4);
    *p++ = '-';
    p = put_digits(p, date / 100 % 100, 2);
    *p++ = '-';
    *put_digits(p, date % 100, 2) = '\0';
}

/* By hand: every quote, bar and tick has one, and snprintf() would be a sixth of a reply's cost. */
void market_time_text(int32_t market, int64_t utc_ns, bool millis, char out[24])
{
    struct civil c = market_civil(market, utc_ns);
    const int32_t parts[] = { c.month, c.day, c.hour, c.minute, c.second };
    int64_t ms = (utc_ns - floor_div(utc_ns, NS_PER_S) * NS_PER_S) / NS_PER_MS;
    char *p = put_digits(out, CLAMP(c.year, 0, 9999), 4);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        *p++ = "-- ::"[i];
        p = put_digits(p, parts[i], 2);
    }
    if (millis) {
        *p++ = '.';
        p = put_digits(p, (int32_t)ms, 3);
    }
    *p = '\0';
}

/* A fixed number of digits; -1 on anything else. */
static int32_t digits(const char *p, size_t n)
{
    int32_t v = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return -1;
        v = v * 10 + (p[i] - '0');
    }
    return v;
}

static bool parse_clock(futu_str t, struct civil *c, int32_t *ms)
{
    if (t.n != 9 && t.n != 13)
        return false;
    c->hour = digits(t.p + 1, 2);
    c->minute = digits(t.p + 4, 2);
    c->second = digits(t.p + 7, 2);
    *ms = t.n == 13 ? digits(t.p + 10, 3) : 0;
    return t.p[0] == ' ' && t.p[3] == ':' && t.p[6] == ':' && (t.n == 9 || t.p[9] == '.') &&
           c->hour >= 0 && c->hour < 24 && c->minute >= 0 && c->minute < 60 && c->second >= 0 &&
           c->second < 60 && *ms >= 0;
}

futu_err market_parse_time(int32_t market, futu_str text, int64_t *utc_ns)
{
    struct civil c = { 0 };
    int32_t ms = 0;
    if (text.n < 10 || text.p[4] != '-' || text.p[7] != '-')
        return FUTU_EFORMAT;
    c.year = digits(text.p, 4);
    c.month = digits(text.p + 5, 2);
    c.day = digits(text.p + 8, 2);
    if (c.year < 0 || c.month < 0 || c.day < 0 ||
        !date_valid(c.year * 10000 + c.month * 100 + c.day))
        return FUTU_EFORMAT;
    if (text.n > 10 && !parse_clock((futu_str){ text.p + 10, text.n - 10 }, &c, &ms))
        return FUTU_EFORMAT;
    *utc_ns = market_instant(market, &c) + ms * NS_PER_MS;
    return FUTU_OK;
}
