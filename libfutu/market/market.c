/* market.c - the table of markets, and the codes that name a security within one. */
#include "market/rules.h"

#include <strings.h>

#include "market/calendar_data.h"

#define HM(h, m) ((h)*60 + (m))
#define H(h) ((h)*3600)

static const struct market_rules rules[] = {
    { MARKET_HK, "HK", 1, 1, CALENDAR_HK, ZONE_FIXED, H(8),
      { HM(9, 30), HM(13, 0) }, { HM(12, 0), HM(16, 0) } },
    { MARKET_US, "US", 2, 2, CALENDAR_US, ZONE_US, H(-5), { HM(9, 30), 0 }, { HM(16, 0), 0 } },
    { MARKET_SH, "SH", 3, 31, CALENDAR_CN, ZONE_FIXED, H(8),
      { HM(9, 30), HM(13, 0) }, { HM(11, 30), HM(15, 0) } },
    { MARKET_SZ, "SZ", 3, 32, CALENDAR_CN, ZONE_FIXED, H(8),
      { HM(9, 30), HM(13, 0) }, { HM(11, 30), HM(15, 0) } },
    { MARKET_SG, "SG", 6, 41, CALENDAR_SG, ZONE_FIXED, H(8),
      { HM(9, 0), HM(13, 0) }, { HM(12, 0), HM(17, 0) } },
    { MARKET_JP, "JP", 15, 51, CALENDAR_JP, ZONE_FIXED, H(9),
      { HM(9, 0), HM(12, 30) }, { HM(11, 30), HM(15, 30) } },
    { MARKET_AU, "AU", 8, 61, CALENDAR_AU, ZONE_AU, H(10), { HM(10, 0), 0 }, { HM(16, 0), 0 } },
    { MARKET_MY, "MY", 111, 71, CALENDAR_MY, ZONE_FIXED, H(8),
      { HM(9, 0), HM(14, 30) }, { HM(12, 30), HM(17, 0) } },
    { MARKET_CA, "CA", 112, 81, CALENDAR_CA, ZONE_US, H(-5), { HM(9, 30), 0 }, { HM(16, 0), 0 } },
};

const struct market_rules *market_rules(int32_t market)
{
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (rules[i].market == market)
            return &rules[i];
    return NULL;
}

const struct market_rules *market_rules_at(size_t i)
{
    return i < ARRAY_LEN(rules) ? &rules[i] : NULL;
}

const char *market_prefix(int32_t market)
{
    const struct market_rules *r = market_rules(market);
    return r ? r->prefix : NULL;
}

futu_err market_parse_code(futu_str text, int32_t *market, futu_str *code)
{
    if (text.n < 4 || text.p[2] != '.')
        return FUTU_EFORMAT;
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        if (strncasecmp(text.p, rules[i].prefix, 2) != 0)
            continue;
        *market = rules[i].market;
        *code = (futu_str){ text.p + 3, text.n - 3 };
        return FUTU_OK;
    }
    return FUTU_EFORMAT;
}

int32_t market_trd_market(int32_t market)
{
    const struct market_rules *r = market_rules(market);
    return r ? r->trd_market : 0;
}

int32_t market_sec_market(int32_t market)
{
    const struct market_rules *r = market_rules(market);
    return r ? r->sec_market : 0;
}

int32_t market_of_sec_market(int32_t sec_market)
{
    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        if (rules[i].sec_market == sec_market)
            return rules[i].market;
    return 0;
}
