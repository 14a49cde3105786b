/* rules.h - one row of fixed facts per market, shared by the files of this folder. */
#ifndef MARKET_RULES_H
#define MARKET_RULES_H

#include "market/market.h"

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

#endif
