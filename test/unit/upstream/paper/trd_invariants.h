/* trd_invariants.h - what must hold after any step: money and positions come from fills alone, what
 * is set aside belongs to open orders, and states move along the published graph. */
#ifndef TEST_TRD_INVARIANTS_H
#define TEST_TRD_INVARIANTS_H

#include "trd_fixture.h"
#include "upstream/paper/trd.h"

static struct trade *the_trade(void)
{
    return container_of(fx.up, struct paper, base)->trade;
}

static void check_order(const struct order *o)
{
    ck_assert_int_ge(o->s.filled, 0);
    ck_assert_int_le(o->s.filled, o->s.qty);
    ck_assert_int_ge(o->hold, 0);
    ck_assert_int_eq(o->s.status == 11, o->s.filled == o->s.qty);
    bool in_book = o->s.status == 5 || o->s.status == 10;
    ck_assert_int_eq(o->x.resting, in_book);
    if (in_book) {
        ck_assert_int_eq(o->reserved, order_left(o));
        ck_assert_int_eq(o->x.left, order_left(o));
    }
    if (order_final(o->s.status) || o->s.status == 22) {
        ck_assert_int_eq(o->reserved, 0);
        ck_assert_int_eq(o->hold, 0);
    }
}

static void check_position(const struct trade *t, const struct position *p)
{
    int64_t close = 0, buy = 0, shorts = 0, qty = 0;
    for (size_t i = 0; i < t->ledger.n_orders; i++) {
        const struct order *o = t->ledger.orders[i];
        if (o->pos == p)
            *(o->closing ? &close : o->x.buy ? &buy : &shorts) += o->reserved;
    }
    for (size_t i = 0; i < t->ledger.n_fills; i++) {
        const struct fill *f = t->ledger.fills[i];
        if (f->order->pos == p)
            qty += f->order->x.buy ? f->qty : -f->qty;
    }
    ck_assert_int_eq(p->qty, qty);
    ck_assert_int_eq(p->pending_close, close);
    ck_assert_int_eq(p->pending_buy, buy);
    ck_assert_int_eq(p->pending_short, shorts);
    ck_assert_int_le(close, llabs(qty));
    ck_assert(buy == 0 || shorts == 0);
    ck_assert(!(qty > 0 && shorts) && !(qty < 0 && buy));
    ck_assert(qty != 0 || p->cost == 0);
}

static void check_account(const struct trade *t, const struct account *a)
{
    int64_t cash[CURRENCIES] = { 0 }, frozen[CURRENCIES] = { 0 };
    for (size_t i = 0; i < ARRAY_LEN(a->def->cash); i++)
        cash[i] = a->def->cash[i] * PX_ONE;
    for (size_t i = 0; i < t->ledger.n_orders; i++) {
        const struct order *o = t->ledger.orders[i];
        if (o->acc == a)
            frozen[o->pos->currency] += o->hold;
    }
    for (size_t i = 0; i < t->ledger.n_fills; i++) {
        const struct fill *f = t->ledger.fills[i];
        const struct order *o = f->order;
        if (o->acc == a)
            cash[o->pos->currency] -= (o->x.buy ? f->amount : -f->amount) + f->fee;
    }
    for (int c = 0; c < CURRENCIES; c++) {
        ck_assert_int_eq(a->cash[c], cash[c]);
        ck_assert_int_eq(a->frozen[c], frozen[c]);
        if (!a->def->margin)
            ck_assert_int_ge(cash[c], frozen[c]);
    }
    for (size_t i = 0; i < a->n_pos; i++)
        check_position(t, a->pos[i]);
}

static void check_all(void)
{
    const struct trade *t = the_trade();
    for (size_t i = 0; i < t->ledger.n_orders; i++)
        check_order(t->ledger.orders[i]);
    for (size_t i = 0; i < ACCOUNTS; i++)
        check_account(t, &t->acc[i]);
}

static bool may_follow(int32_t from, int32_t to)
{
    for (int ev = 0; ev < EV_COUNT; ev++)
        for (int filled = 0; filled < 2; filled++)
            if (order_next(from, (enum order_event)ev, filled) == to)
                return true;
    return false;
}

/* The pushes since `from`: states along the graph, filled quantities never going down, and every
 * push of a real order's fill behind one of the order. Empties the log. */
static void check_pushes(int32_t *last_status, double *last_fill, size_t n_orders)
{
    for (size_t i = 0; i < fx.n_log; i++) {
        const struct seen *s = &fx.log[i];
        size_t k = (size_t)(s->order_id - LEDGER_ORDER_BASE);
        if (s->proto == 2218)
            ck_assert_uint_eq(s->acc_id, REAL);
        if (s->proto != 2208)
            continue;
        ck_assert_uint_lt(k, n_orders);
        ck_assert_msg(last_status[k] == s->status || may_follow(last_status[k], s->status),
                      "order %zu: %d -> %d", k, last_status[k], s->status);
        ck_assert_double_ge(s->fill_qty, last_fill[k]);
        last_status[k] = s->status;
        last_fill[k] = s->fill_qty;
    }
    fx.n_log = 0;
}

#endif
