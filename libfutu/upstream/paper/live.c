/* live.c - see live.h. */
#include "upstream/paper/live.h"

#include "base/mem.h"
#include "upstream/paper/flow.h"
#include "upstream/paper/rng.h"

enum { DIR_BUY = 1, DIR_SELL, DIR_AUCTION };    /* Qot_Common.TickerDirection */
#define OPEN_UNITS 20           /* sizes of the auctions, in usual orders */
#define CLOSE_UNITS 60

static void on_trade(void *arg, int64_t px, int64_t qty, bool buy)
{
    struct live *l = arg;
    live_print(l, px, qty, l->phase == PHASE_TRADE ? (buy ? DIR_BUY : DIR_SELL) : DIR_AUCTION);
}

/* The state before the open of l->day. */
static void begin_day(struct live *l, int64_t last_close)
{
    fair_shape(&l->fair, l->day.date, last_close, &l->shape);
    if (l->record)
        memset(l->record->minutes, 0, (size_t)l->day.minutes * sizeof(l->record->minutes[0]));
    l->sum = (struct totals){ .last = last_close, .time = l->day.start };
    l->phase = PHASE_PRE;
    l->session = 0;
    l->next = l->day.s[0].from;
    l->flow.events = l->flow.fills = 0;
    l->book.time = l->day.start;
    l->high52 = l->low52 = 0;
    l->touched = live_has_orders(l);
    flow_minute(l, 0);
    flow_seed(l, (double)l->shape.open);
    l->changed |= CHANGED_QUOTE | CHANGED_BOOK | CHANGED_BARS;
}

struct live *live_new(const struct security *sec, uint64_t seed, bool always_open, int64_t now)
{
    struct live *l = mem_zalloc(sizeof(*l));
    if (!l)
        return NULL;
    fair_init(&l->fair, sec, seed, always_open);
    l->book.lot = sec->lot;
    l->book.trade = on_trade;
    l->book.arg = l;
    list_init(&l->link);
    int32_t date = day_at(always_open, sec->market, now);
    day_make(&l->day, always_open, sec->market, date);
    begin_day(l, fair_close(&l->fair, day_prev(always_open, sec->market, date)));
    return l;
}

void live_free(struct live *l)
{
    if (!l)
        return;
    live_forget(l);
    mem_free(l);
}

futu_err live_record(struct live *l)
{
    int64_t high = l->high52, low = l->low52;
    if (l->record)
        return FUTU_OK;
    l->record = mem_zalloc(live_record_size(l));
    if (!l->record)
        return FUTU_ENOMEM;
    begin_day(l, l->shape.last_close);
    l->high52 = high;
    l->low52 = low;
    return FUTU_OK;
}

void live_forget(struct live *l)
{
    for (int i = 0; i < LIVE_KEPT; i++) {
        mem_free(l->kept[i]);
        l->kept[i] = NULL;
    }
    mem_free(l->record);
    l->record = NULL;
}

size_t live_record_size(const struct live *l)
{
    size_t minutes = (size_t)day_minutes_max(l->fair.always_open, l->fair.sec->market);
    return sizeof(*l->record) + minutes * sizeof(l->record->minutes[0]);
}

int64_t live_minute_close(const struct live *l, int32_t minute)
{
    return minute >= l->flow.minute ? l->sum.last : l->minute_close[minute & (LIVE_MINUTES - 1)];
}

void live_set_time(struct live *l, int64_t t)
{
    l->book.time = t;
    if (t < l->flow.minute_from + MINUTE_NS)
        return;
    int32_t minute = day_minute(&l->day, t);
    for (int32_t i = MAX(l->flow.minute, minute - LIVE_MINUTES); i < minute; i++)
        l->minute_close[i & (LIVE_MINUTES - 1)] = l->sum.last;
    flow_minute(l, minute);
}

static int money_class(int64_t turnover)
{
    if (turnover >= 1000000 * PX_ONE)
        return MONEY_SUPER;
    if (turnover >= 200000 * PX_ONE)
        return MONEY_BIG;
    return turnover >= 40000 * PX_ONE ? MONEY_MID : MONEY_SMALL;
}

/* The minutes get whole units, and what they leave out now they get later. m: or NULL. */
static void add_money(struct money *day, struct minute_record *m, int64_t turnover, int dir)
{
    int class = money_class(turnover);
    if (dir == DIR_AUCTION)
        return;
    int64_t before = (day->in[class] - day->out[class]) / PX_ONE;
    if (dir == DIR_BUY)
        day->in[class] += turnover;
    else
        day->out[class] += turnover;
    if (m)
        m->net[class] += (int32_t)((day->in[class] - day->out[class]) / PX_ONE - before);
}

static struct minute_record *put_record(struct live *l, int64_t px, int64_t qty, int dir)
{
    struct minute_record *m = &l->record->minutes[l->flow.minute];
    int32_t rel = (int32_t)(px - l->shape.last_close);
    uint32_t ms = (uint32_t)((l->book.time - l->day.start) / NS_PER_MS);
    l->record->ticks[l->sum.trades & (LIVE_TICKS - 1)] =
        (struct tick_record){ .qty = qty, .px = rel, .ms_dir = ms << 2 | (uint32_t)dir };
    if (m->qty == 0)
        m->open = m->high = m->low = rel;
    m->high = MAX(m->high, rel);
    m->low = MIN(m->low, rel);
    m->close = rel;
    m->qty += qty;
    m->turnover += px * qty;
    return m;
}

void live_print(struct live *l, int64_t px, int64_t qty, int dir)
{
    struct totals *s = &l->sum;
    struct minute_record *m = l->record ? put_record(l, px, qty, dir) : NULL;
    if (s->open == 0)
        s->open = s->high = s->low = px;
    s->high = MAX(s->high, px);
    s->low = MIN(s->low, px);
    s->last = px;
    s->qty += qty;
    s->turnover += px * qty;
    s->trades++;
    s->time = l->book.time;
    add_money(&s->money, m, px * qty, dir);
    l->changed |= CHANGED_QUOTE | CHANGED_TICKS | CHANGED_BARS;
}

bool live_has_orders(const struct live *l)
{
    return l->waiting || l->book.side[BID].orders || l->book.side[ASK].orders;
}

static void wait_for_open(struct live *l, struct client_order *o)
{
    o->next = NULL;
    o->prev = l->waiting_last;
    if (l->waiting_last)
        l->waiting_last->next = o;
    else
        l->waiting = o;
    l->waiting_last = o;
    o->waiting = o->resting = true;
}

static void stop_waiting(struct live *l, struct client_order *o)
{
    if (o->prev)
        o->prev->next = o->next;
    else
        l->waiting = o->next;
    if (o->next)
        o->next->prev = o->prev;
    else
        l->waiting_last = o->prev;
    o->next = o->prev = NULL;
    o->waiting = o->resting = false;
}

/* Trades as far as the price allows; what is left of a limit order stands. */
static void enter(struct live *l, struct client_order *o)
{
    int side = o->buy ? BID : ASK;
    int64_t key = o->market ? INT64_MAX / 2 : book_key(side, o->px);
    book_take(&l->book, side, key, o->left, o);
    if (o->left > 0 && !o->market)
        book_rest(&l->book, o);
    flow_fill(l);
    l->changed |= CHANGED_BOOK | CHANGED_QUOTE;
}

static void enter_waiting(struct live *l)
{
    struct client_order *o = l->waiting, *next;
    l->waiting = l->waiting_last = NULL;
    for (; o; o = next) {
        next = o->next;
        o->next = o->prev = NULL;
        o->waiting = o->resting = false;
        enter(l, o);
    }
}

/* All orders leave the book, which is made anew, and wait for the open, oldest first. */
static void recall_orders(struct live *l)
{
    struct client_order *all = NULL, *o;
    for (int side = BID; side <= ASK; side++) {
        while ((o = l->book.side[side].orders) != NULL) {
            book_remove(&l->book, o);
            struct client_order **at = &all;
            while (*at && (*at)->seq < o->seq)
                at = &(*at)->next;
            o->next = *at;
            *at = o;
        }
    }
    /* Those that were waiting already are younger than all that stood in the book. */
    struct client_order *late = l->waiting;
    l->waiting = l->waiting_last = NULL;
    for (int k = 0; k < 2; k++) {
        for (struct client_order *next; (k ? late : all) != NULL;) {
            o = k ? late : all;
            next = o->next;
            wait_for_open(l, o);
            if (k)
                late = next;
            else
                all = next;
        }
    }
}

static void open_session(struct live *l)
{
    if (l->session == 0) {
        live_print(l, l->shape.open, l->shape.unit * OPEN_UNITS, DIR_AUCTION);
        flow_seed(l, (double)l->shape.open);
    }
    l->phase = PHASE_TRADE;
    enter_waiting(l);
}

/* The last trade of the day is at the day's close, whatever the flow did before. */
static void close_day(struct live *l)
{
    l->phase = PHASE_DONE;
    live_print(l, l->shape.close, l->shape.unit * CLOSE_UNITS, DIR_AUCTION);
    book_auction(&l->book, BID, l->shape.close);
    book_auction(&l->book, ASK, l->shape.close);
    flow_seed(l, (double)l->shape.close);
    l->changed |= CHANGED_BOOK | CHANGED_QUOTE;
}

/* When the next event is due, after one at l->next. */
static void schedule(struct live *l)
{
    const struct session *s = &l->day.s[l->session];
    bool last = l->session + 1 == l->day.n;
    int64_t end = last ? s->to - NS_PER_MS : s->to;
    int64_t t = l->next + flow_pause(l) * NS_PER_MS;
    if (t < end) {
        l->next = t;
    } else if (last) {
        l->next = end;
    } else {
        l->session++;
        l->next = l->day.s[l->session].from;
        l->phase = PHASE_BREAK;
    }
}

static void run_event(struct live *l)
{
    const struct session *s = &l->day.s[l->day.n - 1];
    live_set_time(l, l->next);
    if (l->phase != PHASE_TRADE) {
        open_session(l);
    } else if (l->next >= s->to - NS_PER_MS) {
        close_day(l);
        l->next = INT64_MAX;
        return;
    } else {
        flow_event(l);
    }
    schedule(l);
}

/* Puts the day's minutes aside; without memory the day is forgotten, and history makes it anew. */
static void keep_day(struct live *l)
{
    size_t n = (size_t)l->day.minutes;
    struct kept_day *k = l->record ? mem_alloc(sizeof(*k) + n * sizeof(k->m[0])) : NULL;
    if (!k)
        return;
    k->date = l->day.date;
    k->minutes = l->day.minutes;
    k->last_close = l->shape.last_close;
    memcpy(k->m, l->record->minutes, n * sizeof(k->m[0]));
    int last = l->fair.always_open ? 0 : LIVE_KEPT - 1;     /* those days are four times as long */
    mem_free(l->kept[last]);
    memmove(&l->kept[1], &l->kept[0], (size_t)last * sizeof(l->kept[0]));
    l->kept[0] = k;
}

/* The day is over at `now`: on to the day of `now`, through all days between when orders stand. */
static bool roll(struct live *l, int64_t now)
{
    bool always = l->fair.always_open;
    int32_t market = l->day.market, date = day_at(always, market, now);
    if (date <= l->day.date)
        return false;
    int32_t next = day_next(always, market, l->day.date);
    keep_day(l);
    int64_t last_close = l->shape.close;
    if (next < date && !live_has_orders(l)) {
        last_close = fair_close(&l->fair, day_prev(always, market, date));
        next = date;
    }
    recall_orders(l);
    day_make(&l->day, always, market, next);
    begin_day(l, last_close);
    return true;
}

bool live_waits(const struct live *l, int64_t now)
{
    return l->phase == PHASE_DONE && l->watchers > 0 && l->changed &&
           day_at(l->fair.always_open, l->day.market, now) > l->day.date;
}

bool live_advance(struct live *l, int64_t now, int64_t max_events)
{
    do {
        while (l->next <= now) {
            if (max_events-- <= 0)
                return false;
            run_event(l);
        }
    } while (l->phase == PHASE_DONE && !live_waits(l, now) && roll(l, now));
    return true;
}

int64_t live_next(const struct live *l)
{
    struct day next;
    if (l->next != INT64_MAX)
        return l->next;
    bool always = l->fair.always_open;
    day_make(&next, always, l->day.market, day_next(always, l->day.market, l->day.date));
    return next.start;
}

void live_order_add(struct live *l, struct client_order *o, int64_t now)
{
    o->seq = ++l->orders_seen;
    o->ahead = 0;
    o->next = o->prev = NULL;
    o->waiting = o->resting = false;
    l->touched = true;
    if (l->phase == PHASE_TRADE) {
        live_set_time(l, MAX(l->book.time, now - now % NS_PER_MS));
        enter(l, o);
    } else if (!o->market) {
        wait_for_open(l, o);
    }
}

void live_order_remove(struct live *l, struct client_order *o)
{
    if (!o->resting)
        return;
    if (o->waiting) {
        stop_waiting(l, o);
        return;
    }
    book_remove(&l->book, o);
    flow_fill(l);
    l->changed |= CHANGED_BOOK | CHANGED_QUOTE;
}

const struct minute_record *live_minutes(const struct live *l, int32_t date, int64_t *last_close)
{
    if (date == l->day.date) {
        *last_close = l->shape.last_close;
        return l->record ? l->record->minutes : NULL;
    }
    for (int i = 0; i < LIVE_KEPT && l->kept[i]; i++) {
        if (l->kept[i]->date == date) {
            *last_close = l->kept[i]->last_close;
            return l->kept[i]->m;
        }
    }
    return NULL;
}
