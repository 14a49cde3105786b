/* steps.c - price steps, and the grid of all allowed prices counted from 0.
 *
 * Tables:  1 HK shares and REITs (Part A as in force since August 2025), 3 HK bond and money market
 *          funds (one step of 0.05), 5 other HK exchange traded products, 20 US, 21 mainland shares,
 *          22 mainland ETFs, 30 indices. Any other number counts as 0.001.
 * Band:    "over 10 to 20" has the step of its row: a price on a boundary belongs to the row below.
 */
#include "market/market.h"

struct band {
    int64_t from;           /* the row holds for prices above this */
    int64_t step;
    int64_t index;          /* grid index of `from` */
};

static const struct band hk_shares[] = {
    { 0, 10, 0 },           { 2500, 50, 250 },          { 5000, 100, 300 },       { 100000, 100, 1250 },
    { 200000, 200, 2250 },  { 500000, 500, 3750 },      { 1000000, 1000, 4750 },  { 2000000, 2000, 5750 },
    { 5000000, 5000, 7250 }, { 10000000, 10000, 8250 }, { 20000000, 20000, 9250 }, { 50000000, 50000, 10750 },
};
static const struct band hk_bonds[] = { { 0, 500, 0 } };
static const struct band hk_etps[] = {
    { 0, 10, 0 },           { 10000, 20, 1000 },       { 50000, 50, 3000 },       { 100000, 100, 4000 },
    { 200000, 200, 5000 },  { 1000000, 500, 9000 },    { 2000000, 1000, 11000 },  { 5000000, 2000, 14000 },
    { 10000000, 5000, 16500 }, { 20000000, 10000, 18500 },
};
static const struct band us[] = { { 0, 1, 0 }, { 10000, 100, 10000 } };
static const struct band cents[] = { { 0, 100, 0 } };
static const struct band mills[] = { { 0, 10, 0 } };

#define ROWS(a) (a), ARRAY_LEN(a)

static const struct band *bands(uint8_t table, size_t *n)
{
    static const struct {
        uint8_t table;
        const struct band *rows;
        size_t n;
    } all[] = {
        { 1, ROWS(hk_shares) }, { 3, ROWS(hk_bonds) }, { 5, ROWS(hk_etps) }, { 20, ROWS(us) },
        { 21, ROWS(cents) },    { 22, ROWS(mills) },   { 30, ROWS(cents) },
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (all[i].table == table) {
            *n = all[i].n;
            return all[i].rows;
        }
    }
    *n = 1;
    return mills;
}

static const struct band *band_of_px(uint8_t table, int64_t px)
{
    size_t n;
    const struct band *b = bands(table, &n);
    while (n > 1 && px <= b[n - 1].from)
        n--;
    return &b[n - 1];
}

int64_t market_step(uint8_t table, int64_t px)
{
    if (table == 20 && px == 10000)     /* the US rule says "at or above 1 dollar" */
        return 100;
    return band_of_px(table, px)->step;
}

int64_t market_grid(uint8_t table, int64_t px)
{
    const struct band *b = band_of_px(table, px);
    int64_t d = px - b->from;
    return b->index + (d >= 0 ? d / b->step : -((-d + b->step - 1) / b->step));
}

int64_t market_grid_px(uint8_t table, int64_t index)
{
    size_t n;
    const struct band *b = bands(table, &n);
    while (n > 1 && index <= b[n - 1].index)
        n--;
    return b[n - 1].from + (index - b[n - 1].index) * b[n - 1].step;
}

int64_t market_round_px(uint8_t table, int64_t px, bool up)
{
    int64_t index = market_grid(table, px);
    int64_t down = market_grid_px(table, index);
    return up && down < px ? market_grid_px(table, index + 1) : down;
}
