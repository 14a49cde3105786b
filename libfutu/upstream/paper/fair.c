/* fair.c - see fair.h. */
#include "upstream/paper/fair.h"

#include "upstream/paper/rng.h"

#define ANCHOR 20260701             /* the day on which the base price holds */
#define GROWTH_PER_DAY 0.00012      /* before the anchor, in log price */
#define FLOOR_STEPS 30              /* so that a book has room below the lowest price */

/* e^x for |x| < 8: the series of x/64, squared six times. */
static double exponential(double x)
{
    double y = x / 64, e = 1 + y * (1 + y / 2 * (1 + y / 3 * (1 + y / 4 * (1 + y / 5))));
    for (int i = 0; i < 6; i++)
        e *= e;
    return e;
}

static double daily_vol(const struct security *s, uint64_t key)
{
    double u = rng_unit(rng_at(key, 1));
    if (s->kind == KIND_INDEX)
        return 0.008 + 0.003 * u;
    if (s->step_table == 3)
        return 0.0008;
    if (s->kind == KIND_ETF || s->kind == KIND_REIT)
        return 0.009 + 0.005 * u;
    if (s->liquidity == 'A')
        return 0.014 + 0.008 * u;
    return s->liquidity == 'B' ? 0.016 + 0.010 * u : 0.020 + 0.014 * u;
}

int64_t fair_round(const struct fair *f, double px)
{
    if (px < (double)f->floor_px)
        return f->floor_px;
    return market_nearest_px(f->sec->step_table, (int64_t)(px + 0.5));
}

/* Log price as multiples of the day's volatility: noise with the value of a lattice point every
 * 2^octave days, straight between. Steps of a day come from the short periods, and periods beyond a
 * year add no more than the one of a year. */
static const double amplitude[FAIR_OCTAVES] = { 0.866, 1.225, 1.732, 2.449, 3.464, 4.899, 6.928,
                                                9.798, 13.86, 13.86, 13.86, 13.86, 13.86 };

/* 2^-octave, exactly. */
static const double cell_share[FAIR_OCTAVES] = {
    0x1p-0, 0x1p-1, 0x1p-2, 0x1p-3,  0x1p-4,  0x1p-5, 0x1p-6,
    0x1p-7, 0x1p-8, 0x1p-9, 0x1p-10, 0x1p-11, 0x1p-12,
};

static void set_cell(struct fair_walk *w, int octave, uint32_t cell)
{
    uint64_t k = rng_at(w->key, 100 + (uint64_t)octave);
    w->cell[octave] = cell;
    w->a[octave] = rng_unit(rng_at(k, cell));
    w->b[octave] = rng_unit(rng_at(k, cell + 1));
}

/* Days that follow each other share most lattice points. */
static double wander(struct fair_walk *w, int32_t days)
{
    double sum = 0;
    for (int k = 0; k < FAIR_OCTAVES; k++) {
        uint32_t cell = (uint32_t)days >> k;
        if (cell != w->cell[k])
            set_cell(w, k, cell);
        double part = (double)((uint32_t)days - (cell << k)) * cell_share[k];
        sum += amplitude[k] * (2 * (w->a[k] + (w->b[k] - w->a[k]) * part) - 1);
    }
    return sum;
}

static void walk_begin(struct fair_walk *w, uint64_t key)
{
    w->key = key;
    for (int k = 0; k < FAIR_OCTAVES; k++)
        w->cell[k] = UINT32_MAX;
}

void fair_walk_begin(struct fair_walk *w, const struct fair *f)
{
    walk_begin(w, f->key);
}

double fair_walk_at(struct fair_walk *w, const struct fair *f, int32_t days)
{
    int32_t anchor = date_days(ANCHOR);
    double x = (wander(w, days) - f->anchor) * f->vol;
    if (days < anchor && f->sec->step_table != 3)
        x -= GROWTH_PER_DAY * (anchor - days);
    return CLAMP(x, -3.0, 3.0);
}

int64_t fair_walk_px(const struct fair *f, double height)
{
    return fair_round(f, (double)f->sec->base_px * exponential(height));
}

void fair_init(struct fair *f, const struct security *sec, uint64_t seed, bool always_open)
{
    f->sec = sec;
    f->key = rng_mix(rng_mix(seed) + sec->id);
    f->vol = daily_vol(sec, f->key);
    f->floor_px = market_grid_px(sec->step_table, FLOOR_STEPS);
    f->always_open = always_open;
    struct fair_walk w;
    walk_begin(&w, f->key);
    f->anchor = wander(&w, date_days(ANCHOR));
}

int64_t fair_close(const struct fair *f, int32_t date)
{
    struct fair_walk w;
    walk_begin(&w, f->key);
    return fair_walk_px(f, fair_walk_at(&w, f, date_days(date)));
}

/* What small orders are worth, in units of the security's currency. */
static int64_t unit_qty(const struct security *s, int64_t px)
{
    int64_t worth = s->liquidity == 'A' ? 40000 : s->liquidity == 'B' ? 20000 : 10000;
    if (s->currency[0] == 'U')
        worth /= 6;
    int64_t step = s->lot;
    int64_t lots = (worth * PX_ONE + px * step / 2) / (px * step);
    return MAX(lots, 1) * step;
}

/* Lots of a day: as many as the order flow of a whole day trades on average, more when prices
 * move. */
static int64_t day_lots(const struct fair *f, const struct shape *s)
{
    /* Units per minute of indices and of the classes A, B, C, as measured. */
    static const double rate[2][4] = { { 190, 87, 24, 5.6 }, { 190, 49, 14, 3.4 } };
    bool always = f->always_open;
    int minutes = always ? 1440 : day_minutes_max(false, f->sec->market);
    int row = f->sec->kind == KIND_INDEX ? 0 : 1 + f->sec->liquidity - 'A';
    double u = rng_unit(rng_at(s->key, 20));
    double move =
        (double)(s->close > s->last_close ? s->close - s->last_close : s->last_close - s->close);
    double rel = move / (f->vol * (double)s->last_close);
    double usual = rate[always][row] * (f->sec->market == MARKET_US && row > 0 ? 0.88 : 1.1);
    double n = usual * minutes * (0.55 + 0.6 * u + 0.2 * MIN(rel, 3.0));
    int64_t lots = (int64_t)(n * (double)s->unit / (double)f->sec->lot);
    return MAX(lots, 64);
}

static void make_knots(const struct fair *f, struct shape *s)
{
    double *k = s->knots, low = (double)f->floor_px;
    k[0] = (double)s->open;
    k[FAIR_KNOTS] = (double)s->close;
    double part = 0.5 * s->sigma;
    for (int width = FAIR_KNOTS / 2; width >= 1; width /= 2, part *= 0.70710678118654752)
        for (int i = width; i < FAIR_KNOTS; i += 2 * width) {
            k[i] = (k[i - width] + k[i + width]) / 2 + part * rng_bell(rng_at(s->key, (uint64_t)i));
            k[i] = MAX(k[i], low);
        }
    for (int i = 1; i <= FAIR_KNOTS; i++) {
        if (k[i] > k[s->hi_knot])
            s->hi_knot = i;
        if (k[i] < k[s->lo_knot])
            s->lo_knot = i;
    }
}

void fair_shape(const struct fair *f, int32_t date, int64_t last_close, struct shape *out)
{
    struct shape s = { .key = rng_at(f->key, (uint64_t)date), .last_close = last_close };
    double wide = f->vol * (double)last_close;
    s.close = fair_close(f, date);
    s.open = fair_round(f, (double)last_close + 0.3 * (double)(s.close - last_close) +
                               0.2 * wide * rng_bell(rng_at(s.key, 30)));
    s.sigma = 0.7 * wide;
    make_knots(f, &s);
    double up = rng_unit(rng_at(s.key, 31)), down = rng_unit(rng_at(s.key, 32));
    s.high = fair_round(f, s.knots[s.hi_knot] + 0.25 * s.sigma * up);
    s.low = fair_round(f, s.knots[s.lo_knot] - 0.25 * s.sigma * down);
    s.high = MAX(s.high, MAX(s.open, s.close));
    s.low = MIN(s.low, MIN(s.open, s.close));
    s.unit = unit_qty(f->sec, last_close);
    s.lots = day_lots(f, &s);
    *out = s;
}

double fair_at(const struct shape *s, int32_t minute, int32_t minutes)
{
    int depth = minutes <= 256 ? 8 : minutes <= 512 ? 9 : 11;
    double at = (double)minute * (double)(1 << depth) / (double)minutes;
    int cell = MIN((int)at, (1 << depth) - 1);
    int knot = cell >> (depth - 3);
    double a = s->knots[knot], b = s->knots[knot + 1];
    double part = 0.5 * s->sigma * 0.35355339059327376;     /* sqrt(1/8) */
    for (int level = 3; level < depth; level++, part *= 0.70710678118654752) {
        uint64_t node = (1u << level) + (unsigned)(cell >> (depth - level));
        double mid = (a + b) / 2 + part * rng_bell(rng_at(s->key, 1000 + node));
        if (cell >> (depth - level - 1) & 1)
            a = mid;
        else
            b = mid;
    }
    return a + (b - a) * (at - cell);
}
