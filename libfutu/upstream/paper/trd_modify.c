/* trd_modify.c - Trd_ModifyOrder: modify, cancel, disable, enable, delete, and cancel all.
 *
 * What is allowed depends on account, market and state; a refused change leaves the order, also its
 * place in the book, as it was.
 * Tests: test/unit/upstream/paper/trd_modify_test.c
 */
#include <stdio.h>

#include "upstream/paper/trd.h"

typedef Trd_ModifyOrder_C2S modify_c2s;

enum { OP_MODIFY = 1, OP_CANCEL, OP_DISABLE, OP_ENABLE, OP_DELETE };

static const char *const op_names[] = { "", "modify", "cancel", "disable", "enable", "delete" };

static bool op_allowed(const struct order *o, int32_t op)
{
    if (op == OP_CANCEL)
        return true;
    if (account_sim(o->acc))
        return op == OP_MODIFY;
    switch (o->x.sec->market) {
    case MARKET_HK:
        return true;
    case MARKET_US:
        return op == OP_MODIFY;
    default:
        return false;           /* Stock Connect: cancel only */
    }
}

static futu_err bad_state(struct call *c, const struct order *o, int32_t op)
{
    return call_fail(c, "order %s can't be changed (%s) in its state %d", o->id_ex, op_names[op],
                     o->s.status);
}

static bool is_modify(const modify_c2s *q)
{
    return q->has_qty || q->has_price || q->has_auxPrice || q->has_trailType || q->has_trailValue ||
           q->has_trailSpread;
}

static futu_err new_trail(struct call *c, const modify_c2s *q, struct order *to)
{
    if (!q->has_trailType && !q->has_trailValue && !q->has_trailSpread)
        return FUTU_OK;
    struct trail_in in = {
        true, true, true, q->has_trailType ? q->trailType : to->s.trail_type,
        q->has_trailValue ? q->trailValue : px_double(to->s.trail_value),
        q->has_trailSpread ? q->trailSpread : px_double(to->s.trail_spread),
    };
    return trd_trail(c, to, &in);
}

/* What the order is to become, into `to`, a copy of it. What is absent stays. */
static futu_err new_terms(struct trade *t, struct call *c, const modify_c2s *q, struct order *to)
{
    unsigned flags = to->type->flags;
    struct px_in price = { .name = "price", .has = q->has_price, .adjust = q->adjustPrice,
                           .has_limit = q->has_adjustSideAndLimit, .value = q->price,
                           .limit = q->adjustSideAndLimit, .up = !to->x.buy };
    struct px_in aux = price;
    futu_err err = FUTU_OK;
    aux.name = "auxPrice";
    aux.has = q->has_auxPrice;
    aux.value = q->auxPrice;
    if (!is_modify(q))
        return call_missing(c, "qty");
    if (q->has_qty)
        err = trd_qty(c, to->x.sec, q->qty, trd_odd_lot(t, to), &to->s.qty);
    if (!err && q->has_price && (flags & OT_PRICE))
        err = trd_px(c, to->x.sec, &price, &to->s.px);
    if (!err && q->has_auxPrice && (flags & OT_AUX))
        err = trd_px(c, to->x.sec, &aux, &to->s.aux_px);
    if (!err && (flags & OT_TRAIL))
        err = new_trail(c, q, to);
    if (!err && to->s.qty <= to->s.filled)
        return call_fail(c, "qty %lld is not above what has been filled (%lld)",
                         (long long)to->s.qty, (long long)to->s.filled);
    return err ? err : trd_px_max(c, MAX(to->s.px, to->s.aux_px), to->s.qty);
}

/* Sets money and position aside for the new terms; as before when that fails. */
static futu_err readmit(struct trade *t, struct call *c, struct order *o, const struct order *to,
                        int64_t *px)
{
    struct why why = { "" };
    int64_t reserved = o->reserved, hold = o->hold;
    *px = to->s.px;
    if (!o->admitted)
        return FUTU_OK;         /* waits for its trigger or an auction */
    futu_err err = trade_price(t, to, px, &why);
    if (!err) {
        trade_hold(o, 0, 0);
        err = trade_admit(t, o, to->s.qty - o->s.filled, *px, &why);
        if (err)
            trade_hold(o, reserved, hold);
    }
    return err == FUTU_EREFUSED ? call_fail(c, "%s", why.text) : err;
}

static futu_err modify(struct trade *t, struct call *c, const modify_c2s *q, struct order *o)
{
    struct order to = *o;
    int64_t px;
    if (!order_may_change(o->s.status))
        return bad_state(c, o, OP_MODIFY);
    futu_err err = new_terms(t, c, q, &to);
    if (!err)
        err = readmit(t, c, o, &to, &px);
    if (err)
        return err;
    bool in_market = order_in_market(o->s.status);
    if (in_market)
        exchange_order_remove(t->x, &o->x);
    o->s.qty = to.s.qty;
    o->s.px = to.s.px;
    o->s.aux_px = to.s.aux_px;
    o->s.trail_type = to.s.trail_type;
    o->s.trail_value = to.s.trail_value;
    o->s.trail_spread = to.s.trail_spread;
    o->s.updated = exchange_now(t->x);
    o->x.px = px;
    trade_queue(t, o, NULL);
    if (!in_market)
        return FUTU_OK;
    o->x.left = order_left(o);
    err = exchange_order_add(t->x, &o->x);
    if (err)
        trade_end(t, o, EV_EXPIRE, futu_strerror(err));
    return err;
}

static futu_err disable(struct trade *t, struct call *c, struct order *o)
{
    if (order_next(o->s.status, EV_DISABLE, o->s.filled > 0) == STATUS_ILLEGAL)
        return bad_state(c, o, OP_DISABLE);
    trade_end(t, o, EV_DISABLE, NULL);
    return FUTU_OK;
}

static futu_err enable(struct trade *t, struct call *c, struct order *o)
{
    struct why why = { "" };
    futu_err err = FUTU_OK;
    if (order_next(o->s.status, EV_ENABLE, o->s.filled > 0) == STATUS_ILLEGAL)
        return bad_state(c, o, OP_ENABLE);
    if (o->expires <= exchange_now(t->x))
        return call_fail(c, "order %s has expired", o->id_ex);
    enum order_wait wait = WAIT_OPEN;
    if (o->type->flags & OT_TRIGGER && !o->admitted) {
        err = trade_arm(t, o);
        wait = WAIT_TRIGGER;
    } else if (!(o->type->flags & OT_MARKET)) {
        err = trade_admit(t, o, order_left(o), o->s.px, &why);
        o->x.px = o->s.px;
    }
    if (err)
        return err == FUTU_EREFUSED ? call_fail(c, "%s", why.text) : err;
    o->wait = wait;
    trade_step(t, o, EV_ENABLE);
    if (wait == WAIT_OPEN && exchange_is_trading(t->x, o->x.sec->market) && trade_begin(t, o))
        return FUTU_OK;         /* no memory: trade_run() tries again */
    return FUTU_OK;
}

static futu_err change(struct trade *t, struct call *c, const modify_c2s *q, struct order *o)
{
    int32_t op = q->modifyOrderOp;
    if (!op_allowed(o, op))
        return call_fail(c, "%s.%s in account %llu: %s is not supported there",
                         market_prefix(o->x.sec->market), o->x.sec->code,
                         (unsigned long long)o->acc->def->id, op_names[op]);
    switch (op) {
    case OP_MODIFY:
        return modify(t, c, q, o);
    case OP_CANCEL:
        return trade_cancel(t, o) ? FUTU_OK : bad_state(c, o, op);
    case OP_DISABLE:
        return disable(t, c, o);
    case OP_ENABLE:
        return enable(t, c, o);
    default:
        return trade_step(t, o, EV_DELETE) ? FUTU_OK : bad_state(c, o, op);
    }
}

static futu_err cancel_all(struct trade *t, struct call *c, const modify_c2s *q,
                           const struct account *a)
{
    int32_t m = q->trdMarket;
    if (q->modifyOrderOp != OP_CANCEL)
        return call_fail(c, "forAll goes with modifyOrderOp 2 (cancel) only");
    if (account_sim(a))
        return call_fail(c, "模拟交易不支持全部撤单");
    if (m == Trd_Common_TrdMarket_HKCC || m == Trd_Common_TrdMarket_CN)
        return call_fail(c, "cancel all is not supported for A shares over Stock Connect");
    if (m && !account_has_market(a, m))
        return call_fail(c, "trdMarket %d is not one of account %llu", m,
                         (unsigned long long)a->def->id);
    for (size_t i = 0; i < t->ledger.n_open; i++) {
        struct order *o = t->ledger.open[i];
        if (o->acc == a && (m == 0 || o->trd_market == m) && order_may_change(o->s.status))
            trade_cancel(t, o);
    }
    return FUTU_OK;
}

static futu_err find_order(struct trade *t, struct call *c, const modify_c2s *q,
                           const struct account *a, struct order **out)
{
    if (q->orderID == 0 && q->orderIDEx.n == 0)
        return call_missing(c, "orderID");
    struct order *o = q->orderID ? ledger_order(&t->ledger, q->orderID)
                                 : ledger_order_ex(&t->ledger, q->orderIDEx);
    if ((!o || o->acc != a) && q->orderID)
        return call_fail(c, "account %llu has no order %llu", (unsigned long long)a->def->id,
                         (unsigned long long)q->orderID);
    if (!o || o->acc != a)
        return call_fail(c, "account %llu has no order " STR_FMT, (unsigned long long)a->def->id,
                         STR_ARG(q->orderIDEx));
    *out = o;
    return FUTU_OK;
}

futu_err trd_modify(struct paper *p, struct call *c)
{
    const modify_c2s *q = CALL_C2S(c, Trd_ModifyOrder);
    Trd_ModifyOrder_S2C *s2c = CALL_S2C(c, Trd_ModifyOrder);
    struct order *o = NULL;
    struct account *a;
    char *id_ex = arena_alloc(c->arena, sizeof(o->id_ex));
    if (!s2c || !id_ex)
        return FUTU_ENOMEM;
    futu_err err = trd_account(p, c, q->header, &a);
    if (err)
        return err;
    if (q->modifyOrderOp < OP_MODIFY || q->modifyOrderOp > OP_DELETE)
        return call_fail(c, "modifyOrderOp %d is unknown", q->modifyOrderOp);
    c->after = trade_after;
    if (q->forAll) {
        err = cancel_all(p->trade, c, q, a);
    } else {
        err = find_order(p->trade, c, q, a, &o);
        if (!err)
            err = change(p->trade, c, q, o);
    }
    if (err)
        return err;
    if (o)
        memcpy(id_ex, o->id_ex, sizeof(o->id_ex));
    s2c->header = q->header;
    SET(s2c, orderID, o ? o->id : 0);
    s2c->orderIDEx = str_c(id_ex);
    paper_wake(p);
    return FUTU_OK;
}
