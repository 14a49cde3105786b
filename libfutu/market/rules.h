/* rules.h - one row of fixed facts per market, shared by the files of this folder. */
#ifndef MARKET_RULES_H
#define MARKET_RULES_H

#include "market/market.h"

/* Numbers of Qot_Common.QotMarketState. */
enum { STATE_NONE = 0, STATE_AUCTION = 1, STATE_WAITING_OPEN = 2, STATE_MORNING = 3, STATE_REST = 4,
       STATE_AFTERNOON = 5, STATE_CLOSED = 6, STATE_PRE = 8, STATE_AFTER = 10, STATE_HK_CAS = 19,
       STATE_CLOSE_AUCTION = 30, STATE_OVERNIGHT = 37 };

enum zone { ZONE_FIXED, ZONE_US, ZONE_AU };

struct market_rules {
    int32_t market;
    const char *prefix;
    int32_t trd_market, sec_market;
    int32_t calendar;               /* row of calendar_tables */
    enum zone zone;
    int32_t offset;                 /* seconds east of UTC, without summer time */
    int16_t open[2], close[2];  /* continuous sessions in minutes of the local day; 0: no second */
};

const struct market_rules *market_rules(int32_t market);    /* NULL: unknown market */
const struct market_rules *market_rules_at(size_t i);       /* NULL: past the last one */

/* The minute of the local day at which trading ends: on that very day (0: no trading), and on a
 * whole trading day. */
int32_t market_close_minute(const struct market_rules *r, int32_t date);
int32_t market_whole_close(const struct market_rules *r, int32_t date);

#endif
