/* tables.c - see tables.h. */
#include "upstream/broker/tables.h"

#include "market/market.h"

static const char *const pool_cn[] = { "119.29.48.17", "49.234.241.94", NULL };
static const char *const pool_hk[] = { "101.32.217.163", "43.135.111.64", "43.132.195.157",
                                       "43.135.85.38", "106.55.216.230", "134.175.255.64", NULL };

static const struct bk_platform platforms[] = {
    { 1, "nnconn.futunn.com", pool_cn },
    { 2, "usconn.moomoo.com", NULL },
    { 3, "sgconn.moomoo.com", NULL },
    { 4, "auconn.moomoo.com", NULL },
    { 5, "jpconn.moomoo.com", NULL },
    { 6, "hkconn.futunn.com", pool_hk },
};

static const struct bk_firm firms[] = {
    { 1001, 1, "Futu HK" }, { 1007, 2, "Futu US" }, { 1008, 3, "Futu SG" }, { 1009, 4, "Futu AU" },
    { 1019, 5, "Futu CA" }, { 1017, 6, "Futu MY" }, { 1012, 7, "Futu JP" },
};

/* Ranges of market ids; market 0: Shanghai or Shenzhen. */
static const struct {
    int32_t from, to, market;
} ranges[] = {
    { 1, 8, MARKET_HK },     { 10, 29, MARKET_US },   { 30, 40, 0 },          { 41, 45, MARKET_US },
    { 60, 109, MARKET_US },  { 110, 119, MARKET_HK }, { 160, 184, MARKET_SG },
    { 185, 194, MARKET_JP }, { 570, 579, MARKET_HK },
};

/* The first id of each market's shares. */
static const struct {
    int32_t market, id;
    const char *suffix;
    int32_t sec_market;
    struct bk_exchange exchange;
} markets[] = {
    { MARKET_HK, 1, "HK", 1, { 1, "SEHK" } },    { MARKET_US, 10, "US", 2, { 11, "US" } },
    { MARKET_SH, 30, "SH", 31, { 21, "SSE" } },  { MARKET_SZ, 31, "SZ", 32, { 22, "SZSE" } },
    { MARKET_SG, 180, "SG", 41, { 31, NULL } },  { MARKET_JP, 0, "JP", 51, { 41, NULL } },
    { MARKET_AU, 0, "AU", 61, { 51, NULL } },    { MARKET_MY, 0, "MY", 71, { 61, NULL } },
    { MARKET_CA, 0, "CA", 81, { 71, NULL } },
};

static const struct {
    int32_t state, status;
} states[] = {
    { 1, 2 },  { 2, 5 },   { 3, 10 },  { 4, 11 },  { 5, 15 },  { 6, 21 },
    { 7, 14 }, { 101, 22 }, { 102, 1 }, { 103, 24 }, { 104, 23 },
};

const struct bk_platform *bk_platform(int32_t attribution)
{
    for (size_t i = 0; i < ARRAY_LEN(platforms); i++)
        if (platforms[i].attribution == attribution)
            return &platforms[i];
    return NULL;
}

const struct bk_firm *bk_firm(int32_t broker_id)
{
    for (size_t i = 0; i < ARRAY_LEN(firms); i++)
        if (firms[i].broker_id == broker_id)
            return &firms[i];
    return NULL;
}

int32_t bk_market_of_id(int32_t market_id, futu_str code)
{
    for (size_t i = 0; i < ARRAY_LEN(ranges); i++) {
        if (market_id < ranges[i].from || market_id > ranges[i].to)
            continue;
        if (ranges[i].market)
            return ranges[i].market;
        /* Shanghai's codes begin with 5, 6 or 9. */
        return code.n && memchr("569", code.p[0], 3) ? MARKET_SH : MARKET_SZ;
    }
    return 0;
}

int32_t bk_state_id(int32_t qot_market)
{
    for (size_t i = 0; i < ARRAY_LEN(markets); i++)
        if (markets[i].market == qot_market)
            return markets[i].id;
    return 0;
}

bool bk_state_ids(int32_t qot_market, int32_t *from, int32_t *to)
{
    static const struct {
        int32_t market, from, to;
    } shares[] = {
        { MARKET_HK, 1, 4 },   { MARKET_US, 10, 29 },   { MARKET_SH, 30, 40 },
        { MARKET_SZ, 30, 40 }, { MARKET_SG, 180, 184 },
    };
    for (size_t i = 0; i < ARRAY_LEN(shares); i++)
        if (shares[i].market == qot_market) {
            *from = shares[i].from;
            *to = shares[i].to;
            return true;
        }
    return false;
}

const char *bk_suffix(int32_t qot_market)
{
    for (size_t i = 0; i < ARRAY_LEN(markets); i++)
        if (markets[i].market == qot_market)
            return markets[i].suffix;
    return NULL;
}

bool bk_exchange_of(int32_t sec_market, struct bk_exchange *out)
{
    for (size_t i = 0; i < ARRAY_LEN(markets); i++)
        if (markets[i].sec_market == sec_market) {
            *out = markets[i].exchange;
            return true;
        }
    return false;
}

int32_t bk_order_status(int32_t state)
{
    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        if (states[i].state == state)
            return states[i].status;
    return -1;
}

int32_t bk_trd_market(int32_t raw)
{
    static const int32_t funds[][2] = { { 13, 113 }, { 22, 123 }, { 23, 123 }, { 24, 124 } };
    for (size_t i = 0; i < ARRAY_LEN(funds); i++)
        if (funds[i][0] == raw)
            return funds[i][1];
    return raw;
}
