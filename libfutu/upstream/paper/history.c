/* history.c - see history.h.
 *
 * A period of minutes is cut within each session from its start, so that no bar spans a break.
 * Longer periods are calendar weeks from Monday, months, quarters and years.
 */
#include "upstream/paper/history.h"

enum { KL_1MIN = 1, KL_DAY, KL_WEEK, KL_MONTH, KL_YEAR, KL_5MIN, KL_15MIN, KL_30MIN, KL_60MIN,
       KL_3MIN, KL_QUARTER, KL_10MIN, KL_120MIN, KL_180MIN, KL_240MIN };

int32_t kl_minutes(int32_t kl_type)
{
    static const int16_t minutes[] = {
        [KL_1MIN] = 1,   [KL_3MIN] = 3,   [KL_5MIN] = 5,     [KL_10MIN] = 10,   [KL_15MIN] = 15,
        [KL_30MIN] = 30, [KL_60MIN] = 60, [KL_120MIN] = 120, [KL_180MIN] = 180, [KL_240MIN] = 240,
    };
    return kl_type > 0 && kl_type < (int32_t)ARRAY_LEN(minutes) ? minutes[kl_type] : 0;
}

static int32_t prev_day(const struct history *h, int32_t date)
{
    return day_prev(h->fair.always_open, h->fair.sec->market, date);
}

/* ---- the bars are gathered from the front, or from the back when the newest are wanted ---- */

struct gather {
    struct bar *bars;
    size_t cap, n;
    const struct bars_wish *w;
};

static bool full(const struct gather *g)
{
    return g->n == g->cap;
}

static void put(struct gather *g, const struct bar *b)
{
    if (full(g) || b->time < g->w->from || b->time > g->w->to)
        return;
    g->bars[g->w->newest ? g->cap - 1 - g->n : g->n] = *b;
    g->n++;
}

/* ---- one day ---- */

static void day_shape(const struct history *h, int32_t date, struct shape *s)
{
    fair_shape(&h->fair, date, fair_close(&h->fair, prev_day(h, date)), s);
}

/* Minutes so far: all of a past day, up to the running one of today. */
static int32_t load_minutes(const struct history *h, const struct day *d, int64_t *last_close)
{
    const struct minute_record *r = h->live ? live_minutes(h->live, d->date, last_close) : NULL;
    int32_t n = d->minutes;
    if (!r) {
        struct shape s;
        day_shape(h, d->date, &s);
        *last_close = s.last_close;
        synth_minutes(&h->fair, &s, n, h->scratch);
        return n;
    }
    if (d->date == h->live->day.date)
        n = h->live->phase == PHASE_PRE ? 0 : day_minute(d, MAX(h->now, h->live->book.time)) + 1;
    int64_t last = *last_close;
    for (int32_t i = 0; i < n; i++) {
        struct minute *m = &h->scratch[i];
        *m = (struct minute){ last, last, last, last, r[i].qty, r[i].turnover };
        if (r[i].qty == 0)
            continue;
        m->open = *last_close + r[i].open;
        m->high = *last_close + r[i].high;
        m->low = *last_close + r[i].low;
        m->close = last = *last_close + r[i].close;
    }
    return n;
}

/* The bar of minutes [from, to) of a day; blank ones have the last close. */
static void sum_minutes(const struct minute *m, int32_t from, int32_t to, struct bar *b)
{
    int64_t turnover = 0;
    *b = (struct bar){
        .open = m[from].open, .high = m[from].open, .low = m[from].open, .blank = true
    };
    for (int32_t i = from; i < to; i++) {
        b->close = m[i].close;
        if (m[i].qty == 0)
            continue;
        if (b->blank) {
            b->open = m[i].open;
            b->high = m[i].high;
            b->low = m[i].low;
        }
        b->blank = false;
        b->high = MAX(b->high, m[i].high);
        b->low = MIN(b->low, m[i].low);
        b->qty += m[i].qty;
        turnover += m[i].turnover;
    }
    b->turnover = (double)turnover / (double)PX_ONE;
}

static void cut_session(const struct history *h, struct gather *g, const struct day *d, size_t i,
                        int32_t have, int64_t last_close)
{
    int32_t step = kl_minutes(g->w->kl_type), begin = d->before[i];
    int32_t end = MIN(i + 1 < d->n ? d->before[i + 1] : d->minutes, have);
    int32_t count = (end - begin + step - 1) / step;
    for (int32_t k = 0; k < count && !full(g); k++) {
        int32_t from = begin + (g->w->newest ? count - 1 - k : k) * step;
        struct bar b;
        sum_minutes(h->scratch, from, MIN(from + step, end), &b);
        b.time = day_minute_time(d, from);
        b.end = MIN(b.time + step * MINUTE_NS, d->s[i].to);
        b.last_close = from > 0 ? h->scratch[from - 1].close : last_close;
        put(g, &b);
    }
}

static void cut_day(const struct history *h, struct gather *g, int32_t date)
{
    struct day d;
    int64_t last_close;
    day_make(&d, h->fair.always_open, h->fair.sec->market, date);
    int32_t have = load_minutes(h, &d, &last_close);
    for (size_t k = 0; k < d.n; k++) {
        size_t i = g->w->newest ? d.n - 1 - k : k;
        if (have > d.before[i])
            cut_session(h, g, &d, i, have, last_close);
    }
}

static void bar_of_today(const struct live *l, struct bar *out)
{
    const struct totals *t = &l->sum;
    *out = (struct bar){ .open = t->open, .high = t->high, .low = t->low, .close = t->last,
                         .last_close = l->shape.last_close, .qty = t->qty,
                         .turnover = (double)t->turnover / (double)PX_ONE, .blank = t->qty == 0 };
}

/* The whole day as it was seen; false: it was not. */
static bool seen_day(const struct history *h, int32_t date, struct bar *out)
{
    int64_t last_close;
    struct day d;
    if (h->live && date == h->live->day.date) {
        bar_of_today(h->live, out);
        return true;
    }
    if (!h->live || !live_minutes(h->live, date, &last_close))
        return false;
    day_make(&d, h->fair.always_open, h->fair.sec->market, date);
    sum_minutes(h->scratch, 0, load_minutes(h, &d, &last_close), out);
    out->last_close = last_close;
    return true;
}

static void made_day(const struct history *h, int32_t date, int64_t last_close, struct bar *out)
{
    struct shape s;
    struct minute m;
    fair_shape(&h->fair, date, last_close, &s);
    synth_day(&h->fair, &s, &m);
    *out = (struct bar){ .open = m.open,
                         .high = m.high,
                         .low = m.low,
                         .close = m.close,
                         .qty = m.qty,
                         .turnover = (double)m.turnover / (double)PX_ONE,
                         .last_close = last_close };
}

bool history_day(const struct history *h, int32_t date, struct bar *out)
{
    if (!seen_day(h, date, out))
        made_day(h, date, fair_close(&h->fair, prev_day(h, date)), out);
    if (out->blank)
        return false;
    out->time = market_minute_instant(h->fair.sec->market, date, 0);
    out->end = market_minute_instant(h->fair.sec->market, date_add(date, 1), 0);
    return true;
}

/* ---- periods of days ---- */

/* First date of the period of kl_type that `date` lies in. */
static int32_t period_start(int32_t kl_type, int32_t date)
{
    int32_t month = date / 100 % 100;
    switch (kl_type) {
    case KL_WEEK:
        return date_add(date, -(date_weekday(date) + 6) % 7);
    case KL_MONTH:
        return date / 100 * 100 + 1;
    case KL_QUARTER:
        return date / 10000 * 10000 + ((month - 1) / 3 * 3 + 1) * 100 + 1;
    case KL_YEAR:
        return date / 10000 * 10000 + 101;
    default:
        return date;
    }
}

/* Generous: a date that surely lies in the next period when counted from this one's start. */
static int32_t period_after(int32_t kl_type, int32_t start)
{
    static const int16_t days[] = {
        [KL_WEEK] = 7, [KL_MONTH] = 35, [KL_QUARTER] = 100, [KL_YEAR] = 370
    };
    int32_t n = kl_type >= KL_WEEK && kl_type < (int32_t)ARRAY_LEN(days) ? days[kl_type] : 0;
    return n ? period_start(kl_type, date_add(start, n)) : date_add(start, 1);
}

/* The bar of the trading days in [start, after); false: none with a trade. */
static bool sum_days(const struct history *h, int32_t start, int32_t after, struct bar *out)
{
    bool any = false;
    int32_t market = h->fair.sec->market;
    for (int32_t date = start; date < after && date <= h->today; date = date_add(date, 1)) {
        struct bar b;
        if (!day_is(h->fair.always_open, market, date) || !history_day(h, date, &b))
            continue;
        if (!any)
            *out = b;
        out->high = MAX(out->high, b.high);
        out->low = MIN(out->low, b.low);
        out->close = b.close;
        out->end = b.end;
        if (any) {
            out->qty += b.qty;
            out->turnover += b.turnover;
        }
        any = true;
    }
    return any;
}

static void walk_periods(const struct history *h, struct gather *g, int32_t first, int32_t last)
{
    int32_t type = g->w->kl_type;
    int32_t start = period_start(type, g->w->newest ? last : first);
    while (!full(g) && start <= last && period_after(type, start) > first) {
        int32_t after = period_after(type, start);
        struct bar b;
        if (sum_days(h, MAX(start, HISTORY_BEGIN), after, &b))
            put(g, &b);
        start = g->w->newest ? period_start(type, date_add(start, -1)) : after;
    }
}

static void walk_days(const struct history *h, struct gather *g, int32_t first, int32_t last)
{
    for (int32_t date = g->w->newest ? last : first; !full(g) && date >= first && date <= last;
         date = date_add(date, g->w->newest ? -1 : 1))
        if (day_is(h->fair.always_open, h->fair.sec->market, date))
            cut_day(h, g, date);
}

/* No more bars than this can lie between two dates. */
static size_t most_bars(const struct history *h, int32_t kl_type, int32_t first, int32_t last)
{
    int32_t step = kl_minutes(kl_type);
    size_t days = (size_t)(date_days(last) - date_days(first) + 1), per_day = 1;
    if (step)
        per_day = (size_t)(day_minutes_max(h->fair.always_open, h->fair.sec->market) / step + 3);
    return days * per_day;
}

futu_err history_bars(const struct history *h, const struct bars_wish *w, struct arena *a,
                      const struct bar **out, size_t *n)
{
    int32_t market = h->fair.sec->market;
    struct gather g = { .w = w };
    *n = 0;
    *out = NULL;
    if ((kl_minutes(w->kl_type) == 0 && (w->kl_type < KL_DAY || w->kl_type > KL_QUARTER)) ||
        w->from > w->to)
        return FUTU_OK;
    int64_t begin = market_minute_instant(market, HISTORY_BEGIN, 0);
    int32_t first = market_date(market, MAX(w->from, begin));
    int32_t last = MIN(market_date(market, MIN(w->to, h->now + 48 * 60 * MINUTE_NS)), h->today);
    if (w->to < begin || first > last)
        return FUTU_OK;
    g.cap = MIN(MIN(w->max, BARS_MAX), most_bars(h, w->kl_type, first, last));
    if (g.cap == 0)
        return FUTU_OK;
    g.bars = arena_array(a, g.cap, sizeof(g.bars[0]));
    if (!g.bars)
        return FUTU_ENOMEM;
    if (kl_minutes(w->kl_type))
        walk_days(h, &g, first, last);
    else
        walk_periods(h, &g, first, last);
    *out = w->newest ? g.bars + (g.cap - g.n) : g.bars;
    *n = g.n;
    return FUTU_OK;
}
