/* market.h - rules of the markets: codes, zones, calendars, sessions, price steps. Pure, no state
 * but the tables built in. Sources: the exchanges' rule books as collected in market/data/.
 *
 * Markets are Qot_Common.QotMarket numbers. Times are ns since 1970 UTC. Dates are yyyymmdd.
 */
#ifndef MARKET_MARKET_H
#define MARKET_MARKET_H

#include "base/base.h"
#include "base/str.h"

enum { MARKET_HK = 1, MARKET_US = 11, MARKET_SH = 21, MARKET_SZ = 22, MARKET_SG = 31,
       MARKET_JP = 41, MARKET_AU = 51, MARKET_MY = 61, MARKET_CA = 71 };

/* "HK", "US", "SH", "SZ" ...; NULL: unknown market. Static. */
const char *market_prefix(int32_t market);
/* "HK.00700" -> market and code; code points into `text`. FUTU_EFORMAT: no prefix, unknown prefix,
 * empty code. Prefixes in any case; the code as it is. */
futu_err market_parse_code(futu_str text, int32_t *market, futu_str *code);
/* Trd_Common.TrdMarket and TrdSecMarket of a quote market: 1/1 HK, 2/2 US, 3/31 SH, 3/32 SZ ...
 * 0: none. */
int32_t market_trd_market(int32_t market);
int32_t market_sec_market(int32_t market);
int32_t market_of_sec_market(int32_t sec_market);

/* Civil time. Offset of local time from UTC in seconds at an instant, DST by rule (US, CA, AU;
 * no others). */
int32_t zone_offset(int32_t market, int64_t utc_ns);
struct civil {
    int32_t year, month, day, hour, minute, second, weekday;    /* weekday: 0 Sunday */
};
struct civil market_civil(int32_t market, int64_t utc_ns);
int64_t market_instant(int32_t market, const struct civil *c);  /* weekday is not read */
int32_t market_date(int32_t market, int64_t utc_ns);            /* yyyymmdd */
int32_t date_add(int32_t date, int32_t days);
int32_t date_weekday(int32_t date);
bool date_valid(int32_t date);                                  /* 1900 to 2200 */
int32_t date_days(int32_t date);                                /* days since 1970-01-01 */
int32_t date_of_days(int32_t days);
/* The instant of a minute of the local day; a minute of 1440 is the next midnight. */
int64_t market_minute_instant(int32_t market, int32_t date, int32_t minute);
void date_text(int32_t date, char out[11]);                     /* "yyyy-MM-dd" */
/* "yyyy-MM-dd HH:mm:ss" into 20 bytes; with millis ".SSS" into 24 bytes. */
void market_time_text(int32_t market, int64_t utc_ns, bool millis, char out[24]);
/* Accepts "yyyy-MM-dd" and "yyyy-MM-dd HH:mm:ss[.SSS]". FUTU_EFORMAT. */
futu_err market_parse_time(int32_t market, futu_str text, int64_t *utc_ns);

/* Calendar. */
bool market_is_trading_day(int32_t market, int32_t date);
int32_t market_next_trading_day(int32_t market, int32_t date);      /* after date */
int32_t market_prev_trading_day(int32_t market, int32_t date);      /* before date */

/* Continuous trading of a day, in order; at most 3. */
struct session {
    int64_t from, to;           /* [from, to) */
};
/* 0: closed that day */
size_t market_sessions(int32_t market, int32_t date, struct session out[3]);
/* Qot_Common.QotMarketState at an instant: pre-market, auctions, morning, lunch, afternoon,
 * closed ... */
int32_t market_state(int32_t market, int64_t utc_ns);
/* Sub type of a trading day for TradeDateType: 0 whole, 1 morning, 2 afternoon. */
int32_t market_trade_date_type(int32_t market, int32_t date);

/* Price steps, in 1/10000 of a currency unit. Tables: as in the HKEX list's spread_table column, 1
 * shares and REITs, 3 bond and money market funds, 5 other ETPs; 20 US, 21 CN shares, 22 CN ETFs,
 * 30 indices. The step of a band's upper boundary is that of the band. */
int64_t market_step(uint8_t step_table, int64_t px);
/* Allowed prices are counted from 0 (price 0): the index of the one at or below px, and back. */
int64_t market_grid(uint8_t step_table, int64_t px);
int64_t market_grid_px(uint8_t step_table, int64_t index);
/* To the step at or below (up false) or at or above (up true). */
int64_t market_round_px(uint8_t step_table, int64_t px, bool up);
int64_t market_nearest_px(uint8_t step_table, int64_t px);     /* half a step goes up */

#endif
