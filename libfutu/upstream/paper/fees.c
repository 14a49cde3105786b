/* fees.c - the fee schedule as a table; see fees.h.
 *
 * Tests: test/unit/upstream/paper/fees_test.c
 */
#include "upstream/paper/fees.h"

enum fee_kind {
    FEE_AMOUNT,     /* rate: of the amount, 1/100,000,000 */
    FEE_SHARE,      /* rate: each share, 1/10000 of the unit x 100 */
    FEE_ORDER,      /* rate: once an order, 1/10000 of the unit */
};

enum { ON_BUY = 1, ON_SELL = 2, ON_BOTH = 3 };

struct fee_row {
    int32_t market;             /* MARKET_SH stands for Shenzhen too */
    const char *title;
    uint8_t kind, sides;
    bool shares_only;           /* not on funds and trusts */
    int64_t rate, min, max;     /* min, max: 1/10000 of the unit; 0: none */
    int64_t round;              /* up to a multiple of this, 1/10000 of the unit */
};

#define CENT INT64_C(100)

static const struct fee_row rows[] = {
    { MARKET_HK, "Commission", FEE_AMOUNT, ON_BOTH, false, 30000, 3 * PX_ONE, 0, CENT },
    { MARKET_HK, "Platform Fee", FEE_ORDER, ON_BOTH, false, 15 * PX_ONE, 0, 0, CENT },
    { MARKET_HK, "Stamp Duty", FEE_AMOUNT, ON_BOTH, true, 100000, PX_ONE, 0, PX_ONE },
    { MARKET_HK, "Trading Fee", FEE_AMOUNT, ON_BOTH, false, 5650, CENT, 0, CENT },
    { MARKET_HK, "SFC Transaction Levy", FEE_AMOUNT, ON_BOTH, false, 2700, CENT, 0, CENT },
    { MARKET_HK, "AFRC Transaction Levy", FEE_AMOUNT, ON_BOTH, false, 150, CENT, 0, CENT },
    { MARKET_HK, "Settlement Fee", FEE_AMOUNT, ON_BOTH, false, 4200, CENT, 0, CENT },
    { MARKET_US, "Commission", FEE_SHARE, ON_BOTH, false, 4900, 9900, 0, CENT },
    { MARKET_US, "Platform Fee", FEE_SHARE, ON_BOTH, false, 5000, PX_ONE, 0, CENT },
    { MARKET_US, "Settlement Fee", FEE_SHARE, ON_BOTH, false, 3000, CENT, 0, CENT },
    { MARKET_US, "SEC Fee", FEE_AMOUNT, ON_SELL, false, 2780, CENT, 0, CENT },
    { MARKET_US, "Trading Activity Fee", FEE_SHARE, ON_SELL, false, 166, CENT, 83000, CENT },
    { MARKET_SH, "Commission", FEE_AMOUNT, ON_BOTH, false, 30000, 3 * PX_ONE, 0, CENT },
    { MARKET_SH, "Platform Fee", FEE_ORDER, ON_BOTH, false, 15 * PX_ONE, 0, 0, CENT },
    { MARKET_SH, "Stamp Duty", FEE_AMOUNT, ON_SELL, true, 50000, CENT, 0, CENT },
    { MARKET_SH, "Handling Fee", FEE_AMOUNT, ON_BOTH, false, 3410, CENT, 0, CENT },
    { MARKET_SH, "Securities Management Fee", FEE_AMOUNT, ON_BOTH, false, 2000, CENT, 0, CENT },
    { MARKET_SH, "Transfer Fee", FEE_AMOUNT, ON_BOTH, false, 1000, CENT, 0, CENT },
};

static int64_t value_of(const struct fee_row *r, int64_t qty, int64_t amount)
{
    __int128 v = r->rate;
    if (r->kind == FEE_AMOUNT)
        v = ((__int128)amount * r->rate + 99999999) / 100000000;
    else if (r->kind == FEE_SHARE)
        v = ((__int128)qty * r->rate + 99) / 100;
    if (v < r->min)
        v = r->min;
    if (r->max && v > r->max)
        v = r->max;
    return (int64_t)((v + r->round - 1) / r->round * r->round);
}

void fees_of(const struct security *sec, bool buy, int64_t qty, int64_t amount, struct fees *out)
{
    int32_t market = sec->market == MARKET_SZ ? MARKET_SH : sec->market;
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < ARRAY_LEN(rows) && qty > 0; i++) {
        const struct fee_row *r = &rows[i];
        if (r->market != market || !(r->sides & (buy ? ON_BUY : ON_SELL)) ||
            (r->shares_only && sec->kind != KIND_STOCK))
            continue;
        assert(out->n < FEES_MAX);
        struct fee_item *item = &out->item[out->n++];
        item->title = r->title;
        item->value = value_of(r, qty, amount);
        out->total += item->value;
    }
}
