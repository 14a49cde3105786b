/* fair.h - what a security is worth: closing prices of all days, and a path through each day.
 *
 * Everything is a function of seed, security and date alone, with random access: the close of a day
 * is the base price moved by noise on scales from one day to some years; the day between two closes
 * is a bridge that halves its intervals as far down as it is asked. Past days are made from it
 * (synth.h), and today's order flow follows it (flow.h), so that both agree on every close.
 * Only + - * / on doubles are used, whose results are the same on every machine.
 */
#ifndef UPSTREAM_PAPER_FAIR_H
#define UPSTREAM_PAPER_FAIR_H

#include "upstream/paper/day.h"
#include "upstream/paper/exchange.h"

#define FAIR_OCTAVES 13             /* noise with periods of 1, 2, 4 ... 4096 days */
#define FAIR_KNOTS 8                /* equal parts of a day whose end values make the day bar */

struct fair {
    const struct security *sec;
    uint64_t key;
    double vol;                     /* of a day, as a share of the price */
    int64_t floor_px;               /* no price below this */
    double anchor;                  /* where the noise stands on the day of the base price */
    bool always_open;
};

/* The outline of one day. Prices that are not doubles are allowed prices. */
struct shape {
    uint64_t key;
    double sigma;                   /* of the path over the whole day, px */
    double knots[FAIR_KNOTS + 1];
    int64_t last_close, open, high, low, close;
    int hi_knot, lo_knot;
    int64_t unit;                   /* shares of a usual small order, a multiple of the lot */
    int64_t lots;                   /* traded that day */
};

void fair_init(struct fair *f, const struct security *sec, uint64_t seed, bool always_open);
int64_t fair_close(const struct fair *f, int32_t date);
/* Closes of many days in a row, cheaper: the height is the log of price over base price, by days
 * since 1970, and rises and falls with the price. */
struct fair_walk {
    uint64_t key;
    uint32_t cell[FAIR_OCTAVES];
    double a[FAIR_OCTAVES], b[FAIR_OCTAVES];
};
void fair_walk_begin(struct fair_walk *w, const struct fair *f);
double fair_walk_at(struct fair_walk *w, const struct fair *f, int32_t days);
int64_t fair_walk_px(const struct fair *f, double height);
/* No price of a day is further from the closes of that day and the one before than this share of
 * the higher one, and one price step: the open moves by 0.7 of the day's volatility at most, the
 * path by 2.7, its ends by 0.2. */
#define FAIR_REACH(f) (4.0 * (f)->vol)
/* last_close is fair_close() of the trading day before. */
void fair_shape(const struct fair *f, int32_t date, int64_t last_close, struct shape *out);
/* The value at the start of a minute of trading, 0..minutes. */
double fair_at(const struct shape *s, int32_t minute, int32_t minutes);
/* To the nearest allowed price, not below floor_px. */
int64_t fair_round(const struct fair *f, double px);

#endif
