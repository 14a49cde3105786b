/* extremes.c - the highest and lowest price of many days without making each of them.
 *
 * No day reaches further than FAIR_REACH from its closes. So the closes are walked first, a cheap
 * thing, in blocks; then only days that could beat the best found so far are made. The result is
 * that of making all of them.
 *
 * Threads: none.
 * Tests:   test/unit/upstream/paper/extremes_test.c
 */
#include "upstream/paper/history.h"

#define BLOCK 32                    /* days; more than any stretch without trading */
#define BLOCKS_MAX 1200             /* 105 years */

struct block {
    double high, low;               /* of the heights in it */
};

struct search {
    const struct history *h;
    const struct block *blocks;
    int32_t first, last;            /* days since 1970 */
    int64_t high, low;
};

static bool make_day(struct search *s, int32_t days)
{
    struct bar b;
    int32_t date = date_of_days(days);
    if (!day_is(s->h->fair.always_open, s->h->fair.sec->market, date) ||
        !history_day(s->h, date, &b))
        return false;
    s->high = MAX(s->high, b.high);
    s->low = MIN(s->low, b.low);
    return true;
}

/* What rounding may add: steps grow with the price. */
static double step_near(const struct fair *f, int64_t px)
{
    return (double)market_step(f->sec->step_table, px + px / 4);
}

/* Could a day whose closes are between these heights beat what was found? */
static bool worth(const struct search *s, const struct block *b)
{
    const struct fair *f = &s->h->fair;
    int64_t top = fair_walk_px(f, b->high), bottom = fair_walk_px(f, b->low);
    return (double)top * (1 + FAIR_REACH(f)) + step_near(f, top) > (double)s->high ||
           (double)bottom - (double)top * FAIR_REACH(f) - step_near(f, bottom) < (double)s->low;
}

static void join(struct block *b, const struct block *with)
{
    b->high = MAX(b->high, with->high);
    b->low = MIN(b->low, with->low);
}

static size_t survey(struct search *s, struct block *blocks)
{
    struct fair_walk w;
    size_t n = 0;
    fair_walk_begin(&w, &s->h->fair);
    for (int32_t d = s->first; d <= s->last && n < BLOCKS_MAX; d++) {
        double x = fair_walk_at(&w, &s->h->fair, d);
        if ((d - s->first) % BLOCK == 0)
            blocks[n++] = (struct block){ x, x };
        join(&blocks[n - 1], &(struct block){ x, x });
    }
    return n;
}

/* The days of a block; each close counts for the days after it as well, up to the next trading. */
static void comb(struct search *s, size_t i)
{
    struct fair_walk w;
    struct block recent = i > 0 ? s->blocks[i - 1] : s->blocks[0];
    int32_t from = s->first + (int32_t)i * BLOCK;
    fair_walk_begin(&w, &s->h->fair);
    for (int32_t d = from; d <= MIN(from + BLOCK - 1, s->last); d++) {
        double x = fair_walk_at(&w, &s->h->fair, d);
        join(&recent, &(struct block){ x, x });
        if (worth(s, &recent) && make_day(s, d))
            recent = (struct block){ x, x };
    }
}

/* Blocks by height first, so that the later ones are seldom worth it. */
static size_t best_block(const struct block *b, size_t n, bool high)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (high ? b[i].high > b[best].high : b[i].low < b[best].low)
            best = i;
    return best;
}

void history_extremes(const struct history *h, int32_t from, int64_t *high, int64_t *low)
{
    struct block blocks[BLOCKS_MAX];
    struct search s = { .h = h, .blocks = blocks, .low = INT64_MAX };
    s.first = date_days(MAX(from, HISTORY_BEGIN));
    s.last = date_days(h->today) - 1;
    int64_t last_close;
    size_t n = survey(&s, blocks);
    if (n > 0) {
        comb(&s, best_block(blocks, n, true));
        comb(&s, best_block(blocks, n, false));
    }
    for (size_t i = 0; i < n; i++) {
        struct block b = blocks[i];
        if (i > 0)
            join(&b, &blocks[i - 1]);
        if (worth(&s, &b))
            comb(&s, i);
    }
    /* Days whose trading was watched may have gone further than they would have by themselves. */
    for (int32_t d = MAX(s.last - 2 * BLOCK, s.first); h->live && d <= s.last; d++)
        if (live_minutes(h->live, date_of_days(d), &last_close))
            make_day(&s, d);
    *high = s.high;
    *low = s.low;
}
