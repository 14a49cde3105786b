/* mcp_market.c - markets as a reader needs them: currency, zone, times with their offset; see
 * mcp_result.h. */
#include <stdio.h>

#include "market/market.h"
#include "surface/mcp_result.h"

static const struct mcp_market places[] = {
    { MARKET_HK, 1, "HK", "HKD", "Asia/Hong_Kong" },
    { MARKET_US, 2, "US", "USD", "America/New_York" },
    { MARKET_SH, 3, "SH", "CNY", "Asia/Shanghai" },
    { MARKET_SZ, 4, "SZ", "CNY", "Asia/Shanghai" },
    { MARKET_SG, 6, "SG", "SGD", "Asia/Singapore" },
    { MARKET_JP, 15, "JP", "JPY", "Asia/Tokyo" },
    { MARKET_AU, 8, "AU", "AUD", "Australia/Sydney" },
    { MARKET_MY, 111, "MY", "MYR", "Asia/Kuala_Lumpur" },
    { MARKET_CA, 112, "CA", "CAD", "America/Toronto" },
};

const struct mcp_market *mcp_market(size_t i)
{
    return i < ARRAY_LEN(places) ? &places[i] : NULL;
}

const struct mcp_market *mcp_market_of(int32_t market, int32_t trd_market)
{
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (market ? places[i].market == market
                   : trd_market && places[i].trd_market == trd_market)
            return &places[i];
    return NULL;
}

const char *mcp_currency(int32_t trd_market)
{
    const struct mcp_market *p = mcp_market_of(0, trd_market);
    return p ? p->currency : NULL;
}

const char *mcp_currency_of(const struct mcp_market *p, futu_str code)
{
    uint64_t n;
    if (!p || p->market != MARKET_HK || code.n != 5 || !str_to_u64(code, &n))
        return p ? p->currency : NULL;
    if (n >= 80000 && n <= 89999)       /* the counters in renminbi */
        return "CNY";
    return n >= 9000 && n <= 9499 ? NULL : p->currency;     /* among them counters in US dollars */
}

void mcp_offset(const struct mcp_market *p, int64_t utc_ns, char out[8])
{
    int32_t off = zone_offset(p->market, utc_ns), abs = off < 0 ? -off : off;
    snprintf(out, 8, "%c%02d:%02d", off < 0 ? '-' : '+', (int)(abs / 3600 % 24),
             (int)(abs / 60 % 60));
}

bool mcp_time(const struct mcp_market *p, futu_str text, char out[40])
{
    char offset[8];
    int64_t ns;
    if (text.n < 19 || text.n > 26 || text.p[4] != '-' || text.p[10] != ' ' ||
        market_parse_time(p->market, text, &ns))
        return false;
    mcp_offset(p, ns, offset);
    snprintf(out, 40, "%.10sT%.*s%s", text.p, (int)text.n - 11, text.p + 11, offset);
    return true;
}
