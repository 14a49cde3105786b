/* steps.c - price steps, and the grid of all allowed prices counted from 0.
 *
 * Tables:  1 HK shares and REITs (Part A as in force since August 2025), 3 HK bond and money market
 *          funds (one step of 0.05), 5 other HK exchange traded products, 20 US, 21 mainland
 *          shares, 22 mainland ETFs, 30 indices. Any other number counts as 0.001.
 * Band:    "over 10 to 20" has the step of its row: a price on a boundary belongs to the row below.
 */
#include "market/market.h"

struct band {
    int64_t from;           /* the row holds for prices above this */
    int64_t step;
    int64_t index;          /* grid index of `from` */
};

static const struct band hk_shares[] = {
    { 0, 10, 0 },           { 2500, 50, 250 },
    { 5000, 100, 300 },       { 100000, 100, 1250 },
    { 200000, 200, 2250 },  { 500000, 500, 3750 },
    { 1000000, 1000, 4750 },  { 2000000, 2000, 5750 },
    { 5000000, 5000, 7250 }, { 10000000, 10000, 8250 },
    { 20000000, 20000, 9250 }, { 50000000, 50000, 10750 },
};
static const struct band hk_bonds[] = { { 0, 500, 0 } };
static const struct band hk_etps[] = {
    { 0, 10, 0 },           { 10000, 20, 1000 },
    { 50000, 50, 3000 },       { 100000, 100, 4000 },
    { 200000, 200, 5000 },  { 1000000, 500, 9000 },
    { 2000000, 1000, 11000 },  { 5000000, 2000, 14000 },
    { 10000000, 5000, 16500 }, { 20000000, 10000, 18500 },
};
static const struct band us[] = { { 0, 1, 0 }, { 10000, 100, 10000 } };
static const struct band cents[] = { { 0, 100, 0 } };
static const struct band mills[] = { { 0, 10, 0 } };

#define ROWS(a) { (a), ARRAY_LEN(a) }

static const struct rows {
    const struct band *rows;
    size_t n;
} tables[] = {
    [1] = ROWS(hk_shares), [3] = ROWS(hk_bonds), [5] = ROWS(hk_etps), [20] = ROWS(us),
    [21] = ROWS(cents),    [22] = ROWS(mills),   [30] = ROWS(cents),
};

static struct rows table_rows(uint8_t table)
{
    if (table < ARRAY_LEN(tables) && tables[table].n)
        return tables[table];
    return (struct rows)ROWS(mills);
}

static const struct band *band_of_px(uint8_t table, int64_t px)
{
    struct rows t = table_rows(table);
    while (t.n > 1 && px <= t.rows[t.n - 1].from)
        t.n--;
    return &t.rows[t.n - 1];
}

int64_t market_step(uint8_t table, int64_t px)
{
    if (table == 20 && px == 10000)     /* the US rule says "at or above 1 dollar" */
        return 100;
    return band_of_px(table, px)->step;
}

/* Whole steps from the band's start to px, towards minus infinity. */
static int64_t steps_in(const struct band *b, int64_t px)
{
    int64_t d = px - b->from;
    if ((uint64_t)d <= UINT32_MAX)      /* much faster on many machines */
        return (uint32_t)d / (uint32_t)b->step;
    return d >= 0 ? d / b->step : -((-d + b->step - 1) / b->step);
}

int64_t market_grid(uint8_t table, int64_t px)
{
    const struct band *b = band_of_px(table, px);
    return b->index + steps_in(b, px);
}

int64_t market_grid_px(uint8_t table, int64_t index)
{
    struct rows t = table_rows(table);
    while (t.n > 1 && index <= t.rows[t.n - 1].index)
        t.n--;
    const struct band *b = &t.rows[t.n - 1];
    return b->from + (index - b->index) * b->step;
}

int64_t market_round_px(uint8_t table, int64_t px, bool up)
{
    const struct band *b = band_of_px(table, px);
    int64_t down = b->from + steps_in(b, px) * b->step;
    return up && down < px ? down + b->step : down;
}

int64_t market_nearest_px(uint8_t table, int64_t px)
{
    const struct band *b = band_of_px(table, px);
    return b->from + steps_in(b, px + b->step / 2) * b->step;
}
