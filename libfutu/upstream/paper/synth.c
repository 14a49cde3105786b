/* synth.c - see synth.h.
 *
 * The day is cut into FAIR_KNOTS parts. Each part's quantity is a fixed share of the day's, and its
 * average price is that of the straight line between its knots: that gives the day's turnover
 * without any minute. The minutes of a part are then bent and spread until they meet both numbers.
 */
#include "upstream/paper/synth.h"

#include "upstream/paper/rng.h"

#define PART_MAX (DAY_MINUTES_MAX / FAIR_KNOTS + 2)
#define SPARE_LOTS 4  /* per part, for the minutes that must trade: open, close, high and low */

/* Lots traded before part k, of all of them. */
static int64_t lots_before(int64_t lots, int k)
{
    static const int32_t percent[FAIR_KNOTS + 1] = { 0, 20, 33, 43, 52, 61, 71, 83, 100 };
    int64_t free_lots = lots - FAIR_KNOTS * SPARE_LOTS;
    return k * SPARE_LOTS + free_lots / 100 * percent[k] + free_lots % 100 * percent[k] / 100;
}

static int64_t part_px(const struct shape *s, int k)
{
    int64_t px = (int64_t)((s->knots[k] + s->knots[k + 1]) / 2 + 0.5);
    return CLAMP(px, s->low, s->high);
}

static int64_t part_qty(const struct fair *f, const struct shape *s, int k)
{
    return (lots_before(s->lots, k + 1) - lots_before(s->lots, k)) * f->sec->lot;
}

void synth_day(const struct fair *f, const struct shape *s, struct minute *out)
{
    *out = (struct minute){ s->open, s->high, s->low, s->close, 0, 0 };
    for (int k = 0; k < FAIR_KNOTS; k++) {
        int64_t qty = part_qty(f, s, k);
        out->qty += qty;
        out->turnover += qty * part_px(s, k);
    }
}

struct part {
    const struct fair *f;
    const struct shape *s;
    struct minute *m;           /* all minutes of the day */
    int32_t minutes, from, to;  /* of the day; of the part */
    int k;
};

static int32_t knot_minute(const struct part *p, int knot)
{
    return MIN(p->minutes * knot / FAIR_KNOTS, p->minutes - 1);
}

static bool must_trade(const struct part *p, int32_t i)
{
    return i == 0 || i == p->minutes - 1 || i == knot_minute(p, p->s->hi_knot) ||
           i == knot_minute(p, p->s->lo_knot);
}

/* Shares the part's lots among its minutes by random weights. */
static void spread_qty(const struct part *p)
{
    int64_t lot = p->f->sec->lot, lots = part_qty(p->f, p->s, p->k) / lot;
    int64_t sum = 0, done = 0, given = 0;
    int64_t weight[PART_MAX];
    for (int32_t i = p->from; i < p->to; i++) {
        lots -= must_trade(p, i);
        weight[i - p->from] = 64 + (int64_t)(rng_at(p->s->key, 5000 + (uint64_t)i) & 511);
        sum += weight[i - p->from];
    }
    for (int32_t i = p->from; i < p->to; i++) {
        done += weight[i - p->from];
        int64_t upto = lots / sum * done + lots % sum * done / sum;
        p->m[i].qty = (upto - given + must_trade(p, i)) * lot;
        given = upto;
    }
}

/* The path at the minutes' ends, bent so that its average, weighted by quantity, is the part's
 * price. */
static void bend_path(const struct part *p, double *path)
{
    int32_t n = p->to - p->from;
    double off = 0, weight = 0, target = (double)part_px(p->s, p->k);
    for (int32_t i = 0; i <= n; i++)
        path[i] = fair_at(p->s, p->from + i, p->minutes);
    for (int32_t i = 0; i < n; i++) {
        double q = (double)p->m[p->from + i].qty;
        double hat = (double)(2 * i + 1) * (double)(2 * (n - i) - 1);
        off += q * ((path[i] + path[i + 1]) / 2 - target);
        weight += q * hat;
    }
    if (weight <= 0)
        return;
    for (int32_t i = 1; i < n; i++)
        path[i] -= off / weight * (double)(4 * i) * (double)(n - i);
}

/* Prices of the part's minutes; `last` is the price before, for minutes without a trade. */
static int64_t set_prices(const struct part *p, const double *path, int64_t last)
{
    const struct shape *s = p->s;
    int64_t begin = p->from == 0 ? s->open : fair_round(p->f, path[0]), end;
    begin = CLAMP(begin, s->low, s->high);
    for (int32_t i = p->from; i < p->to; i++, begin = end) {
        struct minute *m = &p->m[i];
        uint64_t r = rng_at(s->key, 9000 + (uint64_t)i);
        double wick = 0.5 * (path[i - p->from] - path[i - p->from + 1]);
        wick = (wick < 0 ? -wick : wick) * 0x1p-32;
        end = i == p->minutes - 1 ? s->close : fair_round(p->f, path[i - p->from + 1]);
        end = CLAMP(end, s->low, s->high);
        m->open = m->high = m->low = m->close = last;
        if (m->qty == 0)
            continue;
        m->open = begin;
        m->close = last = end;
        m->high = MAX(m->open, m->close);
        m->low = MIN(m->open, m->close);
        m->high = fair_round(p->f, (double)m->high + wick * (double)(r >> 32));
        m->low = fair_round(p->f, (double)m->low - wick * (double)(r & 0xffffffff));
        m->high = i == knot_minute(p, s->hi_knot) ? s->high : MIN(m->high, s->high);
        m->low = i == knot_minute(p, s->lo_knot) ? s->low : MAX(m->low, s->low);
    }
    return last;
}

/* Moves the minutes' average prices within their ranges, and widens the ranges step by step when
 * that is not enough, until the part's turnover is met. */
static void meet_turnover(const struct part *p)
{
    int64_t left = part_qty(p->f, p->s, p->k) * part_px(p->s, p->k);
    uint8_t table = p->f->sec->step_table;
    for (int32_t i = p->from; i < p->to; i++) {
        struct minute *m = &p->m[i];
        m->turnover = m->qty * ((m->open + m->high + m->low + m->close) / 4);
        left -= m->turnover;
    }
    while (left != 0) {
        for (int32_t i = p->from; i < p->to && left != 0; i++) {
            struct minute *m = &p->m[i];
            int64_t by = CLAMP(left, m->low * m->qty - m->turnover, m->high * m->qty - m->turnover);
            m->turnover += by;
            left -= by;
        }
        for (int32_t i = p->from; i < p->to && left != 0; i++) {
            struct minute *m = &p->m[i];
            if (m->qty > 0 && left > 0 && m->high < p->s->high)
                m->high = market_round_px(table, m->high + 1, true);
            if (m->qty > 0 && left < 0 && m->low > p->s->low)
                m->low = market_round_px(table, m->low - 1, false);
        }
    }
}

void synth_minutes(const struct fair *f, const struct shape *s, int32_t minutes, struct minute *out)
{
    double path[PART_MAX + 1];
    int64_t last = s->last_close;
    for (int k = 0; k < FAIR_KNOTS; k++) {
        struct part p = {
            f, s, out, minutes, minutes * k / FAIR_KNOTS, minutes * (k + 1) / FAIR_KNOTS, k
        };
        spread_qty(&p);
        bend_path(&p, path);
        last = set_prices(&p, path, last);
        meet_turnover(&p);
    }
}
