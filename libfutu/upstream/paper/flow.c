/* flow.c - see flow.h.
 *
 * Three kinds of events: limit orders around the fair value (which trade when they cross), cancels,
 * and market orders, whose side leans towards the fair value. So the book follows the fair value
 * without ever being told to. Each event draws one number by its position in the day's stream.
 */
#include "upstream/paper/flow.h"

#include "upstream/paper/rng.h"

#define HOLE_GAPS 2.2       /* between two neighbours */
#define FAR_GAPS 15         /* between best and worst level */

/* 64 quantiles of the exponential distribution with mean 1, times 256. */
static const uint16_t exponential[64] = {
    2,   6,   10,  14,  19,  23,  27,  32,  36,  41,  46,  51,  56,  61,  66,  71,
    76,  82,  87,  93,  99,  105, 111, 117, 124, 130, 137, 144, 151, 158, 165, 173,
    181, 189, 198, 206, 215, 225, 234, 244, 255, 266, 277, 289, 302, 315, 329, 344,
    360, 377, 395, 414, 436, 459, 484, 512, 544, 581, 623, 675, 739, 824, 954, 1236,
};

/* Sizes of orders in quarters of the unit. */
static const uint8_t limit_size[16] = { 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 16, 20, 24, 32, 40, 60 };
static const uint8_t market_size[16] = { 4, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 16, 20, 24, 40, 80 };

static bool is_index(const struct live *l)
{
    return l->fair.sec->kind == KIND_INDEX;
}

static uint64_t draw(struct live *l)
{
    return rng_at(l->shape.key ^ UINT64_C(0x6a09e667f3bcc908), l->flow.events++);
}

double flow_value(const struct live *l)
{
    const struct flow *f = &l->flow;
    double part = (double)(l->book.time - f->minute_from) / (double)MINUTE_NS;
    part = CLAMP(part, 0.0, 1.0);
    return f->value[0] + (f->value[1] - f->value[0]) * part;
}

/* Mean pause at a minute: busier near open and close, save where the day has neither. */
static int64_t mean_pause(const struct live *l, int32_t minute)
{
    static const int64_t pause[2][4] = { { 560, 2200, 8500, 5000 }, { 1000, 3600, 14000, 5000 } };
    static const uint16_t busy[16] = { 180, 140, 115, 100, 90, 85,  80,  75,
                                       75,  75,  80,  85,  90, 100, 120, 150 };
    bool always = l->fair.always_open;
    int64_t ms = pause[always][is_index(l) ? 3 : l->fair.sec->liquidity - 'A'];
    return always ? ms : ms * 100 / busy[minute * 16 / l->day.minutes];
}

void flow_minute(struct live *l, int32_t minute)
{
    struct flow *f = &l->flow;
    double floor_px = (double)l->fair.floor_px;
    double begin = f->value[1];
    if (minute == 0 || minute != f->minute + 1)
        begin = MAX(fair_at(&l->shape, minute, l->day.minutes), floor_px);
    f->minute = minute;
    f->minute_from = day_minute_time(&l->day, minute);
    f->value[0] = begin;
    f->value[1] = MAX(fair_at(&l->shape, minute + 1, l->day.minutes), floor_px);
    f->mean_ms = mean_pause(l, minute);
    double rel = l->fair.sec->liquidity == 'A'   ? 0.00025
                 : l->fair.sec->liquidity == 'B' ? 0.0007
                                                 : 0.0018;
    if (l->fair.sec->step_table == 3)
        rel = 0.0003;
    double step = (double)market_step(l->fair.sec->step_table, (int64_t)f->value[0]);
    f->gap = MAX(step, rel * f->value[0]);
    f->near = 0.5 * f->gap - 0.4 * step;    /* where steps are wide, books are one step wide */
}

int64_t flow_pause(struct live *l)
{
    uint64_t r = rng_at(l->shape.key ^ UINT64_C(0xbb67ae8584caa73b), l->flow.events);
    int64_t ms = l->flow.mean_ms * (exponential[r & 63] + (int64_t)(r >> 6 & 7)) / 256;
    return ms + 1;
}

/* The key of the allowed price at px or worse. */
static int64_t quiet_key(const struct live *l, int side, double px)
{
    uint8_t table = l->fair.sec->step_table;
    if (side == ASK)
        return -market_round_px(table, (int64_t)px + ((double)(int64_t)px < px), true);
    return MAX(market_round_px(table, (int64_t)px, false), market_step(table, 1));
}

static int64_t sized(const struct live *l, const uint8_t size[16], uint64_t r)
{
    int64_t lot = l->fair.sec->lot, unit = l->shape.unit;
    int64_t qty = unit * size[r & 15] / 4;
    if (unit >= 8 * lot)
        qty += unit / 4 * (int64_t)(r >> 4 & 7) / 8 - unit / 8;
    return MAX(qty - qty % lot, lot);
}

/* The level behind which a new one is most missed: the first one with a wide hole behind it, or the
 * worst one. */
static int before_hole(const struct live *l, const struct side *s)
{
    for (int i = s->n - 1; i > 0; i--)
        if ((double)(s->lv[i].key - s->lv[i - 1].key) > HOLE_GAPS * l->flow.gap)
            return i;
    return 0;
}

/* Where the first level of an empty side goes: beside the fair value, clear of the other side. */
static double first_px(const struct live *l, int side)
{
    const struct level *other = book_best(&l->book, !side);
    double sign = side == BID ? -1 : 1, px = flow_value(l) + sign * l->flow.near;
    if (!other)
        return px;
    double edge = (double)book_key(!side, other->key) + sign * 0.5;
    return side == BID ? MIN(px, edge) : MAX(px, edge);
}

/* The key of the next level behind level `at`, or of the first one. */
static int64_t key_behind(const struct live *l, int side, int at, double off)
{
    const struct side *s = &l->book.side[side];
    if (s->n == 0)
        return quiet_key(l, side, first_px(l, side));
    double px = (double)book_key(side, s->lv[at].key);
    return quiet_key(l, side, side == BID ? px - off : px + off);
}

static bool fill_side(struct live *l, int side)
{
    struct side *s = &l->book.side[side];
    uint64_t r = rng_at(l->shape.key ^ UINT64_C(0x3c6ef372fe94f82b), l->flow.fills++);
    double off = l->flow.gap * (0.3 + 0.7 * rng_unit(r));
    int64_t orders = 1 + (int64_t)(r & 3), qty = sized(l, limit_size, r >> 2) * orders;
    int at = before_hole(l, s);
    int64_t key = key_behind(l, side, at, off);
    /* Steps may be wider there than at the fair value, so that the hole has no room. */
    if (at > 0 && key > s->lv[at - 1].key) {
        book_add(&l->book, side, key, qty);
        return true;
    }
    if (at > 0)
        key = key_behind(l, side, 0, off);
    if (s->n > 0 && key >= s->lv[0].key)
        return false;           /* no lower price is left */
    return book_extend(&l->book, side, key, qty, (int32_t)orders);
}

void flow_fill(struct live *l)
{
    for (int side = BID; side <= ASK; side++)
        while (l->book.side[side].n < BOOK_MIN && fill_side(l, side))
            ;
}

void flow_seed(struct live *l, double px)
{
    double path[2] = { l->flow.value[0], l->flow.value[1] };
    book_clear(&l->book);
    if (is_index(l))
        return;
    l->flow.value[0] = l->flow.value[1] = px;
    flow_fill(l);
    memcpy(l->flow.value, path, sizeof(path));
}

static void limit_event(struct live *l, uint64_t r, double value)
{
    int side = r & 1;
    double off = l->flow.near + l->flow.gap * 2.2 / 256 * exponential[r >> 1 & 63];
    int64_t key = quiet_key(l, side, side == BID ? value - off : value + off);
    int64_t qty = sized(l, limit_size, r >> 7);
    if (book_crosses(&l->book, side, key))
        qty = book_take(&l->book, side, key, qty, NULL);
    if (qty > 0 && !book_crosses(&l->book, side, key))
        book_add(&l->book, side, key, qty);
}

/* Mostly any level; the best one whole when the fair value has gone past it. */
static void cancel_event(struct live *l, uint64_t r, double value)
{
    int side = r & 1;
    const struct side *s = &l->book.side[side];
    if (s->n == 0)
        return;
    const struct level *best = &s->lv[s->n - 1];
    bool stale = (double)best->key > (side == BID ? value : -value);
    int i = stale ? s->n - 1 : (int)((r >> 1 & 0xffff) * (uint64_t)s->n >> 16);
    book_cancel(&l->book, side, i, stale ? s->lv[i].orders : 1 + s->lv[i].orders / 4);
}

/* A level that the price has left far behind goes, so that the book stays dense. */
static void drop_far(struct live *l, int side)
{
    struct side *s = &l->book.side[side];
    if (s->n > 1 && (double)(s->lv[s->n - 1].key - s->lv[0].key) > FAR_GAPS * l->flow.gap)
        book_drop_worst(&l->book, side);
}

static void market_event(struct live *l, uint64_t r, double value)
{
    const struct level *bid = book_best(&l->book, BID), *ask = book_best(&l->book, ASK);
    if (!bid || !ask)
        return;
    double lean = 0.2 * (value - (double)(bid->key - ask->key) / 2) / l->flow.gap;
    int side = rng_unit(r << 20) < 0.5 + CLAMP(lean, -0.4, 0.4) ? BID : ASK;
    const struct level *best = side == BID ? ask : bid;
    int64_t qty = sized(l, market_size, r);
    book_take(&l->book, side, -best->key, MIN(qty, best->qty), NULL);
}

static void index_event(struct live *l, uint64_t r)
{
    int64_t px = fair_round(&l->fair, flow_value(l));
    int64_t last = l->sum.last;
    live_print(l, px, l->shape.unit * (1 + (int64_t)(r & 31)), px > last ? 1 : px < last ? 2 : 3);
}

void flow_event(struct live *l)
{
    uint64_t r = draw(l);
    double value = flow_value(l);
    unsigned kind = (unsigned)(r >> 56);
    if (is_index(l)) {
        index_event(l, r);
        return;
    }
    if (kind < 128)
        limit_event(l, r, value);
    else if (kind < 184)
        cancel_event(l, r, value);
    else
        market_event(l, r, value);
    drop_far(l, (int)(r & 1));
    flow_fill(l);
    l->changed |= CHANGED_BOOK | CHANGED_QUOTE;
}
