/* exchange.c - see exchange.h: market time, the securities that somebody looks at, and access to
 * them.
 *
 * Owns:    a slot per security, empty until somebody looks. A life stays, about 3 kB, so that a
 *          whole market can be looked at again without living its day anew. Its record is made when
 *          ticks or minutes are asked for. Lives that are watched or hold clients' orders are
 *          active and run in exchange_run(); others with a record are idle, and those not asked for
 *          the longest lose it when they pass IDLE_BYTES together. A life that a client traded in
 *          today keeps it until the day is over, since that day could not be lived again.
 */
#include <stdio.h>

#include "base/mem.h"
#include "upstream/paper/clock.h"
#include "upstream/paper/history.h"
#include "upstream/paper/universe.h"

#define IDLE_BYTES (24u << 20)
#define SLICE_EVENTS 2000       /* events between two looks at the time budget */
#define NO_BOUND INT64_MAX

struct exchange {
    struct paper_clock clock;
    uint64_t seed;
    struct exchange_events events;
    struct live **lives;            /* by index of the security */
    struct minute *scratch;         /* for history */
    struct list active, idle;       /* idle: least recently asked for first; all with a record */
    struct list *cursor;            /* next active one that exchange_run() looks at */
    const struct live *reporting;   /* the one whose changes the owner is being told of */
    size_t idle_bytes;
};

futu_err exchange_new(struct exchange **out, const struct exchange_opts *o, char *why, size_t size)
{
    struct paper_clock clock;
    *out = NULL;
    futu_err err = paper_clock_init(&clock, o->clock, o->sys, why, size);
    if (err)
        return err;
    struct exchange *x = mem_zalloc(sizeof(*x));
    if (x) {
        x->lives = mem_array(universe_count, sizeof(struct live *));
        x->scratch = mem_array(DAY_MINUTES_MAX, sizeof(struct minute));
    }
    if (!x || !x->lives || !x->scratch) {
        if (x) {
            mem_free(x->lives);
            mem_free(x->scratch);
        }
        mem_free(x);
        snprintf(why, size, "out of memory");
        return FUTU_ENOMEM;
    }
    x->clock = clock;
    x->seed = o->seed;
    list_init(&x->active);
    list_init(&x->idle);
    x->cursor = &x->active;
    *out = x;
    return FUTU_OK;
}

void exchange_free(struct exchange *x)
{
    if (!x)
        return;
    for (size_t i = 0; i < universe_count; i++)
        live_free(x->lives[i]);
    mem_free(x->lives);
    mem_free(x->scratch);
    mem_free(x);
}

/* ---- time ---- */

int64_t exchange_now(const struct exchange *x)
{
    return paper_clock_now(&x->clock);
}

int64_t exchange_until(const struct exchange *x, int64_t at)
{
    return paper_clock_until(&x->clock, at);
}

bool exchange_always_open(const struct exchange *x)
{
    return x->clock.always_open;
}

int32_t exchange_market_state(const struct exchange *x, int32_t market)
{
    enum { MORNING = 3, AFTERNOON = 5 };
    int64_t now = exchange_now(x);
    if (!x->clock.always_open || !market_prefix(market))
        return market_state(market, now);
    return market != MARKET_US && market_civil(market, now).hour < 12 ? MORNING : AFTERNOON;
}

bool exchange_is_trading(const struct exchange *x, int32_t market)
{
    int64_t now = exchange_now(x);
    struct session s[3];
    size_t n = exchange_sessions(x, market, market_date(market, now), s);
    for (size_t i = 0; i < n; i++)
        if (now >= s[i].from && now < s[i].to)
            return true;
    return false;
}

bool exchange_is_trading_day(const struct exchange *x, int32_t market, int32_t date)
{
    return market_prefix(market) && day_is(x->clock.always_open, market, date);
}

size_t exchange_sessions(const struct exchange *x, int32_t market, int32_t date,
                         struct session out[3])
{
    struct day d;
    if (!market_prefix(market) || !day_make(&d, x->clock.always_open, market, date))
        return 0;
    memcpy(out, d.s, d.n * sizeof(out[0]));
    return d.n;
}

int32_t exchange_trading_date(const struct exchange *x, int32_t market)
{
    return day_at(x->clock.always_open, market, exchange_now(x));
}

/* ---- the universe ---- */

size_t exchange_count(const struct exchange *x)
{
    (void)x;
    return universe_count;
}

const struct security *exchange_at(const struct exchange *x, size_t i)
{
    (void)x;
    return i < universe_count ? &universe[i] : NULL;
}

const struct security *exchange_find(const struct exchange *x, int32_t market, futu_str code)
{
    (void)x;
    return universe_find(market, code);
}

/* ---- lives ---- */

static bool is_active(const struct live *l)
{
    return l->watchers > 0 || live_has_orders(l);
}

static void leave_list(struct exchange *x, struct live *l)
{
    if (x->cursor == &l->link)
        x->cursor = l->link.next;
    list_remove(&l->link);
}

/* Idle lives forget until they fit, save those whose day could not be lived again. */
static void trim(struct exchange *x, const struct live *keep)
{
    struct list *it, *tmp;
    int64_t now = exchange_now(x);
    list_each(it, tmp, &x->idle) {
        struct live *l = list_entry(it, struct live, link);
        if (x->idle_bytes <= IDLE_BYTES)
            return;
        if (l == keep ||
            (l->touched && day_at(l->fair.always_open, l->day.market, now) == l->day.date))
            continue;
        x->idle_bytes -= live_record_size(l);
        list_remove(&l->link);
        if (x->reporting == l)
            x->reporting = NULL;
        live_forget(l);
    }
}

/* Puts a life into the list it belongs to, at the end. */
static void place(struct exchange *x, struct live *l, bool was_active)
{
    bool active = is_active(l);
    if (active && was_active)
        return;
    leave_list(x, l);
    list_push(active ? &x->active : &x->idle, &l->link);
    if (active && !was_active)
        x->idle_bytes -= live_record_size(l);
    if (!active && was_active)
        x->idle_bytes += live_record_size(l);
    if (!active)
        trim(x, l);
}

static struct live *get_bare(struct exchange *x, const struct security *s)
{
    struct live **l = &x->lives[s->index];
    if (!*l)
        *l = live_new(s, x->seed, x->clock.always_open, exchange_now(x));
    return *l;
}

static struct live *get(struct exchange *x, const struct security *s)
{
    struct live *l = get_bare(x, s);
    if (!l)
        return NULL;
    if (!l->record) {
        if (live_record(l))
            return NULL;
        list_push(&x->idle, &l->link);
        x->idle_bytes += live_record_size(l);
    }
    if (!is_active(l))
        place(x, l, false);
    return l;
}

/* Brings it up to now; one with clients' orders stays where it is, as does one that is being
 * reported, so that the report can be read. */
static struct live *up_to_now(struct exchange *x, struct live *l)
{
    if (l && l != x->reporting && !live_has_orders(l))
        live_advance(l, exchange_now(x), NO_BOUND);
    return l;
}

/* With ticks and minutes. */
static struct live *look(struct exchange *x, const struct security *s)
{
    return up_to_now(x, get(x, s));
}

/* With quote and book; a record it may have or not. */
static struct live *glance(struct exchange *x, const struct security *s)
{
    return up_to_now(x, get_bare(x, s));
}

static struct history history_of(struct exchange *x, const struct security *s, const struct live *l)
{
    struct history h = { .live = l, .now = exchange_now(x), .scratch = x->scratch };
    fair_init(&h.fair, s, x->seed, x->clock.always_open);
    h.today = l ? l->day.date : exchange_trading_date(x, s->market);
    return h;
}

/* ---- answers ---- */

futu_err exchange_quote(struct exchange *x, const struct security *s, struct quote *out)
{
    const struct live *l = glance(x, s);
    if (!l)
        return FUTU_ENOMEM;
    const struct totals *t = &l->sum;
    const struct level *bid = book_best(&l->book, BID), *ask = book_best(&l->book, ASK);
    *out = (struct quote){
        .last = t->last, .open = t->open, .high = t->high, .low = t->low,
        .last_close = l->shape.last_close,
        .qty = t->qty, .turnover = (double)t->turnover / (double)PX_ONE, .time = t->time,
        .bid = bid ? bid->key : 0, .ask = ask ? -ask->key : 0,
        .bid_qty = bid ? bid->qty : 0, .ask_qty = ask ? ask->qty : 0, .trades = t->trades,
    };
    return FUTU_OK;
}

futu_err exchange_year(struct exchange *x, const struct security *s, int64_t *high, int64_t *low)
{
    struct live *l = glance(x, s);
    if (!l)
        return FUTU_ENOMEM;
    const struct totals *t = &l->sum;
    if (l->high52 == 0) {
        struct history h = history_of(x, s, l);
        history_extremes(&h, date_add(h.today, -365), &l->high52, &l->low52);
    }
    *high = t->open ? MAX(l->high52, t->high) : l->high52;
    *low = t->open ? MIN(l->low52, t->low) : l->low52;
    return FUTU_OK;
}

/* The running minute of a day that has begun. */
static int32_t running_minute(const struct exchange *x, const struct live *l)
{
    return day_minute(&l->day, MAX(exchange_now(x), l->book.time));
}

futu_err exchange_minutes_ago(struct exchange *x, const struct security *s, int32_t minutes,
                              int64_t *px)
{
    const struct live *l = glance(x, s);
    if (!l)
        return FUTU_ENOMEM;
    *px = l->phase == PHASE_PRE ? l->shape.last_close
                                : live_minute_close(l, MAX(running_minute(x, l) - minutes, 0));
    return FUTU_OK;
}

futu_err exchange_extremes(struct exchange *x, const struct security *s, int64_t *high,
                           int64_t *low)
{
    struct live *l = glance(x, s);
    if (!l)
        return FUTU_ENOMEM;
    struct history h = history_of(x, s, l);
    history_extremes(&h, HISTORY_BEGIN, high, low);
    return FUTU_OK;
}

static size_t copy_side(const struct side *s, int side, struct px_level *out)
{
    size_t n = (size_t)MIN(s->n, BOOK_LEVELS);
    for (size_t i = 0; i < n; i++) {
        const struct level *l = &s->lv[(size_t)s->n - 1 - i];
        out[i] = (struct px_level){ side == BID ? l->key : -l->key, l->qty, l->orders };
    }
    return n;
}

futu_err exchange_book(struct exchange *x, const struct security *s, struct px_level *bid,
                       size_t *n_bid, struct px_level *ask, size_t *n_ask)
{
    struct live *l = glance(x, s);
    if (!l)
        return FUTU_ENOMEM;
    *n_bid = copy_side(&l->book.side[BID], BID, bid);
    *n_ask = copy_side(&l->book.side[ASK], ASK, ask);
    return FUTU_OK;
}

/* Numbers of a day's ticks: the date, then 8 digits; below 2^53. */
static int64_t seq_base(const struct live *l)
{
    return l->day.date * INT64_C(100000000);
}

futu_err exchange_ticks(struct exchange *x, const struct security *s, int64_t after_seq, size_t max,
                        struct arena *a, const struct tick **out, size_t *n)
{
    struct live *l = look(x, s);
    *n = 0;
    *out = NULL;
    if (!l)
        return FUTU_ENOMEM;
    int64_t end = l->sum.trades, from = MAX(end - LIVE_TICKS, 0);
    from = MAX(from, after_seq - seq_base(l));
    from = MAX(from, end - (int64_t)MIN(max, LIVE_TICKS));
    if (from >= end)
        return FUTU_OK;
    struct tick *t = arena_array(a, (size_t)(end - from), sizeof(*t));
    if (!t)
        return FUTU_ENOMEM;
    for (int64_t i = from; i < end; i++) {
        const struct tick_record *r = &l->record->ticks[i & (LIVE_TICKS - 1)];
        int64_t px = l->shape.last_close + r->px;
        t[i - from] = (struct tick){ .seq = seq_base(l) + i + 1,
                                     .time = l->day.start + (int64_t)(r->ms_dir >> 2) * NS_PER_MS,
                                     .px = px, .qty = r->qty, .turnover = px * r->qty,
                                     .dir = (int8_t)(r->ms_dir & 3) };
    }
    *out = t;
    *n = (size_t)(end - from);
    return FUTU_OK;
}

futu_err exchange_money(struct exchange *x, const struct security *s, struct money *out)
{
    const struct live *l = glance(x, s);
    if (!l)
        return FUTU_ENOMEM;
    *out = l->sum.money;
    return FUTU_OK;
}

futu_err exchange_money_minutes(struct exchange *x, const struct security *s, struct arena *a,
                                const struct money_minute **out, size_t *n)
{
    const struct live *l = look(x, s);
    if (!l)
        return FUTU_ENOMEM;
    *n = 0;
    if (l->phase != PHASE_PRE)
        *n = (size_t)running_minute(x, l) + 1;
    struct money_minute *m = ARENA_ARRAY(a, struct money_minute, *n);
    if (!m)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < *n; i++) {
        m[i].end = day_minute_time(&l->day, (int32_t)i) + MINUTE_NS;
        memcpy(m[i].net, l->record->minutes[i].net, sizeof(m[i].net));
    }
    *out = m;
    return FUTU_OK;
}

futu_err exchange_bars(struct exchange *x, const struct security *s, int32_t kl_type, int64_t from,
                       int64_t to, size_t max, bool newest, struct arena *a, const struct bar **out,
                       size_t *n)
{
    struct live *l = x->lives[s->index];
    int32_t today = exchange_trading_date(x, s->market);
    /* A range that ends before today needs nobody to look at today. */
    if (to >= market_minute_instant(s->market, today, 0)) {
        l = kl_minutes(kl_type) ? look(x, s) : glance(x, s);
        if (!l)
            return FUTU_ENOMEM;
    } else if (l && l->day.date != today) {
        l = glance(x, s);
    }
    struct history h = history_of(x, s, l);
    struct bars_wish w = { kl_type, from, to, max, newest };
    return history_bars(&h, &w, a, out, n);
}

/* ---- watching ---- */

void exchange_set_events(struct exchange *x, const struct exchange_events *ev)
{
    x->events = *ev;
}

futu_err exchange_watch(struct exchange *x, const struct security *s)
{
    struct live *l = get(x, s);
    if (!l)
        return FUTU_ENOMEM;
    bool was = is_active(l);
    l->watchers++;
    place(x, l, was);
    return FUTU_OK;
}

void exchange_unwatch(struct exchange *x, const struct security *s)
{
    struct live *l = x->lives[s->index];
    if (!l || l->watchers == 0)
        return;
    l->watchers--;
    place(x, l, true);
}

/* Up to `now` in slices; false when the budget is used up first. */
static bool run_one(struct exchange *x, struct live *l, int64_t now, int64_t deadline)
{
    while (!live_advance(l, now, SLICE_EVENTS))
        if (clock_mono(x->clock.sys) >= deadline)
            return false;
    return true;
}

static void report(struct exchange *x, struct live *l)
{
    unsigned what = l->changed;
    bool orders_gone = !is_active(l);
    l->changed = 0;
    if (orders_gone) {
        place(x, l, true);
    } else if (what && l->watchers > 0 && x->events.changed) {
        x->reporting = l;
        x->events.changed(x->events.arg, l->fair.sec, what);    /* may let go of l */
        x->reporting = NULL;
    }
}

bool exchange_run(struct exchange *x, int64_t budget_ns)
{
    int64_t now = exchange_now(x), looked = 0;
    int64_t deadline = budget_ns > 0 ? clock_mono(x->clock.sys) + budget_ns : INT64_MAX;
    /* Goes on where the last call ran out of time, so that nobody starves; one round at most. */
    if (x->cursor == &x->active)
        x->cursor = x->active.next;
    while (x->cursor != &x->active) {
        struct live *l = list_entry(x->cursor, struct live, link);
        if (l->next <= now || l->phase == PHASE_DONE) {
            if (!run_one(x, l, now, deadline))
                return false;
        }
        if (!live_waits(l, now))
            x->cursor = x->cursor->next;
        report(x, l);
        if ((++looked & 15) == 0 && clock_mono(x->clock.sys) >= deadline)
            return x->cursor == &x->active;
    }
    return true;
}

/* ---- clients' orders ---- */

futu_err exchange_order_add(struct exchange *x, struct client_order *o)
{
    struct live *l = get(x, o->sec);
    if (!l)
        return FUTU_ENOMEM;
    bool was = is_active(l);
    int64_t now = exchange_now(x);
    live_advance(l, now, NO_BOUND);
    live_order_add(l, o, now);
    place(x, l, was);
    return FUTU_OK;
}

void exchange_order_remove(struct exchange *x, struct client_order *o)
{
    struct live *l = x->lives[o->sec->index];
    if (!l || !o->resting)
        return;
    live_order_remove(l, o);
    place(x, l, true);
}
