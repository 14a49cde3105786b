/* trd_market.c - orders between their account and the exchange; see trd.h.
 *
 * Market orders: taken as a limit at a collar, 5 % (at least 20 steps) beyond the best price, so
 *          that the money set aside always covers them; what the collar leaves is cancelled.
 * Changing a resting order takes it out and puts it in again, so it loses its place in the queue.
 * Tests: test/unit/upstream/paper/trd_place_test.c, trd_property_test.c
 */
#include <stdarg.h>
#include <stdio.h>

#include "upstream/paper/trd.h"

#define COLLAR_STEPS 20

static futu_err PRINTF_LIKE(2, 3) refuse(struct why *why, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why->text, sizeof(why->text), fmt, ap);
    va_end(ap);
    return FUTU_EREFUSED;
}

void trade_hold(struct order *o, int64_t reserved, int64_t hold)
{
    struct position *p = o->pos;
    int64_t *pending = o->closing  ? &p->pending_close
                       : o->x.buy ? &p->pending_buy
                                  : &p->pending_short;
    *pending += reserved - o->reserved;
    o->acc->frozen[p->currency] += hold - o->hold;
    o->reserved = reserved;
    o->hold = hold;
    assert(*pending >= 0 && o->acc->frozen[p->currency] >= 0);
}

/* Fees of the order once `qty` more has traded at px, less what it has paid. */
static int64_t fees_to_come(const struct order *o, int64_t qty, int64_t px)
{
    struct fees f;
    if (account_sim(o->acc))
        return 0;
    fees_of(o->x.sec, o->x.buy, o->s.filled + qty, o->s.amount + px * qty, &f);
    return f.total - o->fee;
}

static int64_t hold_of(const struct order *o, int64_t left, int64_t px)
{
    return o->closing || left == 0 ? 0 : px * left + fees_to_come(o, left, px);
}

static bool may_short(const struct order *o)
{
    return o->acc->def->margin && o->x.sec->short_sell;
}

static futu_err admit_closing(const struct order *o, int64_t left, int64_t closable,
                              struct why *why)
{
    if (closable >= left)
        return FUTU_OK;
    const char *prefix = market_prefix(o->x.sec->market);
    bool a_share = o->x.sec->market == MARKET_SH || o->x.sec->market == MARKET_SZ;
    return refuse(why, "可卖数量不足: %lld of %s.%s can be %s now, %lld asked%s", (long long)closable,
                  prefix, o->x.sec->code, o->x.buy ? "bought back" : "sold", (long long)left,
                  a_share && o->pos->buy_qty ? " (bought today: from tomorrow)" : "");
}

static futu_err admit_opening(struct trade *t, struct order *o, int64_t left, int64_t px,
                              struct why *why)
{
    struct position *p = o->pos;
    if (!o->x.buy && !may_short(o))
        return admit_closing(o, left, 0, why);
    if (o->x.buy ? p->pending_short : p->pending_buy)
        return refuse(why, "an open order already opens a %s position in %s.%s",
                      o->x.buy ? "short" : "long", market_prefix(o->x.sec->market), o->x.sec->code);
    int64_t power;
    futu_err err = account_power(o->acc, t->x, p->currency, &power);
    if (err)
        return err;
    int64_t need = px * left + fees_to_come(o, left, px);
    if (need > power)
        return refuse(why, "账户购买力不足");
    return FUTU_OK;
}

futu_err trade_admit(struct trade *t, struct order *o, int64_t qty_left, int64_t px,
                     struct why *why)
{
    struct position *p = o->pos;
    int32_t date = market_date(o->x.sec->market, exchange_now(t->x));
    position_roll(p, date);
    bool closing = o->x.buy ? p->qty < 0 : p->qty > 0;
    futu_err err = closing ? admit_closing(o, qty_left, position_closable(p, date), why)
                           : admit_opening(t, o, qty_left, px, why);
    if (err)
        return err;
    trade_hold(o, 0, 0);
    o->closing = closing;
    o->admitted = true;
    o->s.side = o->x.buy ? (closing ? Trd_Common_TrdSide_BuyBack : Trd_Common_TrdSide_Buy)
                         : (closing ? Trd_Common_TrdSide_Sell : Trd_Common_TrdSide_SellShort);
    trade_hold(o, qty_left, hold_of(o, qty_left, px));
    return FUTU_OK;
}

bool trade_step(struct trade *t, struct order *o, enum order_event ev)
{
    if (!order_event(o, ev, exchange_now(t->x)))
        return false;
    trade_queue(t, o, NULL);
    return true;
}

void trade_fill_cb(struct client_order *x, int64_t px, int64_t qty, int64_t time, bool maker)
{
    struct order *o = container_of(x, struct order, x);
    struct trade *t = x->owner;
    int32_t date = market_date(x->sec->market, time);
    (void)maker;
    assert(qty > 0 && qty <= order_left(o));
    int64_t fee = fees_to_come(o, qty, px);
    struct fill *f = ledger_fill(&t->ledger, o, px, qty, fee, time, date);
    o->s.filled += qty;
    o->s.amount += px * qty;
    o->fee += fee;
    account_fill(o->acc, o->pos, x->buy, px, qty, fee, date);
    trade_hold(o, order_left(o), hold_of(o, order_left(o), x->px));
    bool legal = order_event(o, order_left(o) ? EV_FILL_PART : EV_FILL_ALL, time);
    assert(legal);
    (void)legal;
    trade_queue(t, o, NULL);
    if (!account_sim(o->acc))
        trade_queue(t, o, f);
}

void trade_end(struct trade *t, struct order *o, enum order_event ev, const char *err)
{
    exchange_order_remove(t->x, &o->x);
    if (order_final(o->s.status))
        return;                 /* a fill was faster */
    trade_hold(o, 0, 0);
    o->wait = WAIT_NONE;
    if (err)
        str_copy(o->s.err, sizeof(o->s.err), str_c(err));
    bool legal = trade_step(t, o, ev);
    assert(legal);
    (void)legal;
}

bool trade_cancel(struct trade *t, struct order *o)
{
    if (!order_may_change(o->s.status))
        return false;
    if (o->s.status == Trd_Common_OrderStatus_WaitingSubmit) {
        trade_end(t, o, EV_CANCEL, NULL);
        return true;
    }
    exchange_order_remove(t->x, &o->x);
    if (!trade_step(t, o, EV_CANCEL))
        return false;           /* a fill was faster */
    trade_end(t, o, EV_CANCELLED, NULL);
    return true;
}

/* The levels that an order would meet, best first. */
static futu_err other_side(struct trade *t, const struct order *o, struct px_level lv[BOOK_LEVELS],
                           size_t *n)
{
    struct px_level own[BOOK_LEVELS];
    size_t n_own;
    if (o->x.buy)
        return exchange_book(t->x, o->x.sec, own, &n_own, lv, n);
    return exchange_book(t->x, o->x.sec, lv, n, own, &n_own);
}

static int64_t collar(const struct security *sec, bool buy, int64_t best)
{
    int64_t step = market_step(sec->step_table, best);
    int64_t room = MAX(best / 20, COLLAR_STEPS * step);
    int64_t px = market_round_px(sec->step_table, MAX(buy ? best + room : best - room, step), buy);
    return MAX(px, market_step(sec->step_table, 1));
}

futu_err trade_price(struct trade *t, const struct order *o, int64_t *px, struct why *why)
{
    struct px_level lv[BOOK_LEVELS];
    size_t n = 0;
    unsigned flags = o->type->flags;
    *px = o->s.px;
    if (!(flags & (OT_MARKET | OT_EXACT)))
        return FUTU_OK;
    futu_err err = other_side(t, o, lv, &n);
    if (err)
        return err;
    if (flags & OT_EXACT) {
        if (n && (o->x.buy ? lv[0].px < *px : lv[0].px > *px))
            return refuse(why, "AbsoluteLimit: a better price stands in the book, it would not "
                               "fill at exactly its own");
        return FUTU_OK;
    }
    if (n == 0)
        return refuse(why, "no %s stands in the book of %s.%s, a market order can't fill",
                      o->x.buy ? "offer" : "bid", market_prefix(o->x.sec->market), o->x.sec->code);
    *px = collar(o->x.sec, o->x.buy, lv[0].px);
    return FUTU_OK;
}

/* Whether the book shows enough for an all-or-nothing order. */
static futu_err enough(struct trade *t, const struct order *o, bool *yes)
{
    struct px_level lv[BOOK_LEVELS];
    size_t n = 0;
    int64_t sum = 0;
    futu_err err = other_side(t, o, lv, &n);
    for (size_t i = 0; i < n; i++) {
        if (o->x.buy ? lv[i].px <= o->x.px : lv[i].px >= o->x.px)
            sum += lv[i].qty;
    }
    *yes = sum >= order_left(o);
    return err;
}

static bool ends_at_once(const struct order *o)
{
    return (o->type->flags & (OT_MARKET | OT_NOW)) || o->tif == Trd_Common_TimeInForce_IOC;
}

/* Nothing has reached the exchange: state and queue as they were. */
static void unsubmit(struct trade *t, struct order *o, size_t n_events, int32_t status)
{
    size_t n = n_events;
    for (size_t i = n_events; i < t->n_events; i++) {
        if (t->events[i].order != o)
            t->events[n++] = t->events[i];
    }
    t->n_events = n;
    o->s.status = status;
}

futu_err trade_submit(struct trade *t, struct order *o)
{
    size_t n_events = t->n_events;
    int32_t status = o->s.status;
    bool all = true;
    futu_err err = o->type->flags & OT_ALL ? enough(t, o, &all) : FUTU_OK;
    if (err)
        return err;
    trade_step(t, o, EV_RELEASE);
    trade_step(t, o, o->s.filled ? EV_ACCEPT_PART : EV_ACCEPT);
    if (!all) {
        trade_end(t, o, EV_EXPIRE, "not enough in the book to fill all of it at once");
        return FUTU_OK;
    }
    int64_t before = o->s.filled;
    o->x.left = order_left(o);
    err = exchange_order_add(t->x, &o->x);
    if (err && o->s.filled == before) {
        unsubmit(t, o, n_events, status);
        return err;
    }
    o->wait = WAIT_NONE;
    if (order_left(o) && (err || ends_at_once(o)))
        trade_end(t, o, EV_EXPIRE, err ? futu_strerror(err) : "the rest found nothing in the book");
    return FUTU_OK;
}

static void fail(struct trade *t, struct order *o, const char *text)
{
    trade_end(t, o, o->s.filled ? EV_EXPIRE : EV_REFUSE, text);
}

futu_err trade_begin(struct trade *t, struct order *o)
{
    struct why why = { "" };
    int64_t reserved = o->reserved, hold = o->hold, px;
    futu_err err = trade_price(t, o, &px, &why);
    if (!err) {
        trade_hold(o, 0, 0);
        err = trade_admit(t, o, order_left(o), px, &why);
        if (err)
            trade_hold(o, reserved, hold);
    }
    if (err == FUTU_EREFUSED) {
        fail(t, o, why.text);
        return FUTU_OK;
    }
    if (err)
        return err;
    o->x.px = px;
    return trade_submit(t, o);
}

/* End of the last session of a date; of the whole date should it have none. */
static int64_t date_end(const struct trade *t, int32_t market, int32_t date)
{
    struct session s[3];
    size_t n = exchange_sessions(t->x, market, date, s);
    if (n)
        return s[n - 1].to;
    int32_t next = date_add(date, 1);
    struct civil c = { .year = next / 10000, .month = next / 100 % 100, .day = next % 100 };
    return market_instant(market, &c);
}

static int32_t trading_day_from(const struct trade *t, int32_t market, int32_t date)
{
    for (int i = 0; i < 31 && !exchange_is_trading_day(t->x, market, date); i++)
        date = date_add(date, 1);
    return date;
}

int64_t trade_day_end(const struct trade *t, int32_t market, int64_t now, int32_t days)
{
    int32_t date = trading_day_from(t, market, market_date(market, now));
    if (now >= date_end(t, market, date))
        date = trading_day_from(t, market, date_add(date, 1));
    if (days)
        date = trading_day_from(t, market, date_add(date, days));
    return date_end(t, market, date);
}
