/* fake_exchange.h - an exchange whose prices a test sets: defines every function of exchange.h, so
 * a test program that includes it (once) is not linked with the real one.
 *
 * A security has one bid and one ask level of a given size, and ticks that the test makes. Client
 * orders take from the levels at once; fake_trade() trades with resting ones at their own price.
 */
#ifndef TEST_FAKE_EXCHANGE_H
#define TEST_FAKE_EXCHANGE_H

#include <stdlib.h>

#include "../../support.h"
#include "upstream/paper/exchange.h"
#include "upstream/paper/universe.h"

#define FAKE_SECS 8
#define FAKE_TICKS 256

struct fake_sec {
    const struct security *sec;
    struct quote q;
    struct tick tick[FAKE_TICKS];
    size_t n_ticks;
};

struct exchange {
    char set;
};

static struct {
    struct exchange x;
    int64_t now;
    bool trading, always_open, no_memory;
    int32_t state;
    struct fake_sec sec[FAKE_SECS];
    size_t n_sec;
    struct client_order *orders;        /* resting */
} fake;

static struct fake_sec *fake_sec(const struct security *s)
{
    for (size_t i = 0; i < fake.n_sec; i++)
        if (fake.sec[i].sec == s)
            return &fake.sec[i];
    ck_assert_uint_lt(fake.n_sec, FAKE_SECS);
    struct fake_sec *f = &fake.sec[fake.n_sec++];
    memset(f, 0, sizeof(*f));
    f->sec = s;
    f->q.last = f->q.last_close = s->base_px;
    return f;
}

/* px 0: no such side. */
static void fake_book(const struct security *s, int64_t bid, int64_t bid_qty, int64_t ask,
                      int64_t ask_qty)
{
    struct fake_sec *f = fake_sec(s);
    f->q.bid = bid;
    f->q.bid_qty = bid_qty;
    f->q.ask = ask;
    f->q.ask_qty = ask_qty;
}

static void fake_fill(struct client_order *o, int64_t px, int64_t qty, bool maker)
{
    o->left -= qty;
    o->on_fill(o, px, qty, fake.now, maker);
}

/* A trade of others at px; resting client orders that px reaches fill first, at their own price. */
static void fake_trade(const struct security *s, int64_t px, int64_t qty)
{
    struct fake_sec *f = fake_sec(s);
    for (struct client_order *o = fake.orders, *next; o; o = next) {
        next = o->next;
        bool reached = o->buy ? px <= o->px : px >= o->px;
        if (o->sec != s || !reached || qty == 0)
            continue;
        int64_t n = MIN(qty, o->left);
        qty -= n;
        if (n == o->left)
            exchange_order_remove(&fake.x, o);
        fake_fill(o, o->px, n, true);
    }
    ck_assert_uint_lt(f->n_ticks, FAKE_TICKS);
    f->q.last = px;
    f->tick[f->n_ticks] = (struct tick){ .seq = (int64_t)f->n_ticks + 1, .time = fake.now, .px = px,
                                         .qty = 100, .turnover = px * 100, .dir = 1 };
    f->n_ticks++;
}

/* Takes from one level of the book, which goes when it is empty. */
static void take(struct client_order *o, int64_t *px, int64_t *qty)
{
    int64_t at = *px;
    bool reaches = at > 0 && (o->buy ? at <= o->px : at >= o->px);
    int64_t n = reaches ? MIN(*qty, o->left) : 0;
    if (n == 0)
        return;
    *qty -= n;
    if (*qty == 0)
        *px = 0;
    fake_sec(o->sec)->q.last = at;
    fake_fill(o, at, n, false);
}

futu_err exchange_order_add(struct exchange *x, struct client_order *o)
{
    struct fake_sec *f = fake_sec(o->sec);
    (void)x;
    if (fake.no_memory)
        return FUTU_ENOMEM;
    if (o->buy)
        take(o, &f->q.ask, &f->q.ask_qty);
    else
        take(o, &f->q.bid, &f->q.bid_qty);
    if (o->left && !o->market) {
        o->prev = NULL;
        o->next = fake.orders;
        if (fake.orders)
            fake.orders->prev = o;
        fake.orders = o;
        o->resting = true;
    }
    return FUTU_OK;
}

void exchange_order_remove(struct exchange *x, struct client_order *o)
{
    (void)x;
    if (!o->resting)
        return;
    o->resting = false;
    if (o->prev)
        o->prev->next = o->next;
    else
        fake.orders = o->next;
    if (o->next)
        o->next->prev = o->prev;
}

futu_err exchange_new(struct exchange **out, const struct exchange_opts *o, char *why, size_t size)
{
    (void)o;
    (void)why;
    (void)size;
    *out = &fake.x;
    return FUTU_OK;
}

void exchange_free(struct exchange *x)
{
    (void)x;
}

int64_t exchange_now(const struct exchange *x)
{
    (void)x;
    return fake.now;
}

int64_t exchange_until(const struct exchange *x, int64_t at)
{
    (void)x;
    return MAX(at - fake.now, 0);
}

bool exchange_always_open(const struct exchange *x)
{
    (void)x;
    return fake.always_open;
}

int32_t exchange_market_state(const struct exchange *x, int32_t market)
{
    (void)x;
    (void)market;
    return fake.state;
}

bool exchange_is_trading(const struct exchange *x, int32_t market)
{
    (void)x;
    (void)market;
    return fake.trading;
}

bool exchange_is_trading_day(const struct exchange *x, int32_t market, int32_t date)
{
    (void)x;
    return market_is_trading_day(market, date);
}

size_t exchange_sessions(const struct exchange *x, int32_t market, int32_t date,
                         struct session out[3])
{
    (void)x;
    return market_sessions(market, date, out);
}

int32_t exchange_trading_date(const struct exchange *x, int32_t market)
{
    (void)x;
    return market_date(market, fake.now);
}

size_t exchange_count(const struct exchange *x)
{
    (void)x;
    return universe_count;
}

const struct security *exchange_at(const struct exchange *x, size_t i)
{
    (void)x;
    return &universe[i];
}

const struct security *exchange_find(const struct exchange *x, int32_t market, futu_str code)
{
    (void)x;
    return universe_find(market, code);
}

futu_err exchange_quote(struct exchange *x, const struct security *s, struct quote *out)
{
    (void)x;
    *out = fake_sec(s)->q;
    return FUTU_OK;
}

futu_err exchange_minutes_ago(struct exchange *x, const struct security *s, int32_t minutes,
                              int64_t *px)
{
    (void)x, (void)minutes;
    *px = fake_sec(s)->q.last;
    return FUTU_OK;
}

futu_err exchange_year(struct exchange *x, const struct security *s, int64_t *high, int64_t *low)
{
    (void)x;
    *high = fake_sec(s)->q.high;
    *low = fake_sec(s)->q.low;
    return FUTU_OK;
}

futu_err exchange_book(struct exchange *x, const struct security *s, struct px_level *bid,
                       size_t *n_bid, struct px_level *ask, size_t *n_ask)
{
    const struct fake_sec *f = fake_sec(s);
    (void)x;
    bid[0] = (struct px_level){ f->q.bid, f->q.bid_qty, 1 };
    ask[0] = (struct px_level){ f->q.ask, f->q.ask_qty, 1 };
    *n_bid = f->q.bid > 0;
    *n_ask = f->q.ask > 0;
    return FUTU_OK;
}

futu_err exchange_ticks(struct exchange *x, const struct security *s, int64_t after_seq, size_t max,
                        struct arena *a, const struct tick **out, size_t *n)
{
    const struct fake_sec *f = fake_sec(s);
    size_t from = 0;
    (void)x;
    while (from < f->n_ticks && f->tick[from].seq <= after_seq)
        from++;
    if (f->n_ticks - from > max)
        from = f->n_ticks - max;
    *n = f->n_ticks - from;
    *out = arena_copy(a, &f->tick[from], *n * sizeof(**out));
    return *out ? FUTU_OK : FUTU_ENOMEM;
}

futu_err exchange_bars(struct exchange *x, const struct security *s, int32_t kl_type, int64_t from,
                       int64_t to, size_t max, bool newest, struct arena *a, const struct bar **out,
                       size_t *n)
{
    (void)x, (void)s, (void)kl_type, (void)from, (void)to, (void)max, (void)newest, (void)a;
    *out = NULL;
    *n = 0;
    return FUTU_OK;
}

futu_err exchange_extremes(struct exchange *x, const struct security *s, int64_t *high,
                           int64_t *low)
{
    (void)x;
    *high = fake_sec(s)->q.high;
    *low = fake_sec(s)->q.low;
    return FUTU_OK;
}

futu_err exchange_money(struct exchange *x, const struct security *s, struct money *out)
{
    (void)x, (void)s;
    *out = (struct money){ { 0 }, { 0 } };
    return FUTU_OK;
}

futu_err exchange_money_minutes(struct exchange *x, const struct security *s, struct arena *a,
                                const struct money_minute **out, size_t *n)
{
    (void)x, (void)s, (void)a;
    *out = NULL;
    *n = 0;
    return FUTU_OK;
}

futu_err exchange_brokers(struct exchange *x, const struct security *s, bool ask, struct arena *a,
                          const struct queue_broker **out, size_t *n)
{
    (void)x, (void)s, (void)ask, (void)a;
    *out = NULL;
    *n = 0;
    return FUTU_OK;
}

void exchange_set_events(struct exchange *x, const struct exchange_events *ev)
{
    (void)x, (void)ev;
}

futu_err exchange_watch(struct exchange *x, const struct security *s)
{
    (void)x, (void)s;
    return FUTU_OK;
}

void exchange_unwatch(struct exchange *x, const struct security *s)
{
    (void)x, (void)s;
}

bool exchange_run(struct exchange *x, int64_t budget_ns)
{
    (void)x, (void)budget_ns;
    return true;
}

#endif
