/* trd_push.c - orders and fills as messages, and the queue of what clients must hear.
 *
 * When memory is out an order is marked, and its newest state is sent as soon as there is some.
 * Tests: test/unit/upstream/paper/trd_place_test.c
 */
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "upstream/paper/trd.h"

static const struct security *sec_of(const struct order *o)
{
    return o->x.sec;
}

Trd_Common_TrdHeader *trd_order_header(struct arena *a, const struct order *o)
{
    Trd_Common_TrdHeader *h = ARENA_NEW(a, Trd_Common_TrdHeader);
    if (!h)
        return NULL;
    SET(h, trdEnv, o->acc->def->env);
    SET(h, accID, o->acc->def->id);
    SET(h, trdMarket, o->trd_market);
    return h;
}

static void order_extras(const struct order *o, const struct order_state *s, Trd_Common_Order *out)
{
    unsigned flags = o->type->flags;
    if (flags & OT_AUX)
        SET(out, auxPrice, px_double(s->aux_px));
    if (flags & OT_TRAIL) {
        SET(out, trailType, s->trail_type);
        SET(out, trailValue, px_double(s->trail_value));
    }
    if (flags & OT_SPREAD)
        SET(out, trailSpread, px_double(s->trail_spread));
    if (sec_of(o)->market == MARKET_US)
        SET(out, session, o->session);
}

futu_err trd_order_out(struct arena *a, const struct order *o, const struct order_state *s,
                       Trd_Common_Order *out)
{
    const struct security *sec = sec_of(o);
    SET(out, trdSide, s->side);
    SET(out, orderType, o->type->type);
    SET(out, orderStatus, s->status);
    SET(out, orderID, o->id);
    out->orderIDEx = str_dup(a, str_c(o->id_ex));
    out->code = str_c(sec->code);
    out->name = sec->name;
    SET(out, qty, (double)s->qty);
    SET(out, price, px_double(s->px));
    out->createTime = paper_time_text(a, sec->market, o->created);
    out->updateTime = paper_time_text(a, sec->market, s->updated);
    SET(out, fillQty, (double)s->filled);
    SET(out, fillAvgPrice, px_double(order_avg_px(s)));
    out->lastErrMsg = str_dup(a, str_c(s->err));
    SET(out, secMarket, market_sec_market(sec->market));
    SET(out, createTimestamp, paper_timestamp(o->created));
    SET(out, updateTimestamp, paper_timestamp(s->updated));
    out->remark = str_dup(a, str_c(o->remark));
    SET(out, timeInForce, o->tif);
    SET(out, fillOutsideRTH, o->outside_rth);
    SET(out, currency, currency_of(sec));
    SET(out, trdMarket, o->trd_market);
    order_extras(o, s, out);
    bool gtd = o->tif == Trd_Common_TimeInForce_GTD;
    if (gtd)
        out->expireTime = paper_time_text(a, sec->market, o->expires);
    return out->orderIDEx.p && out->createTime.p && out->updateTime.p && out->lastErrMsg.p &&
                   out->remark.p && (!gtd || out->expireTime.p)
               ? FUTU_OK
               : FUTU_ENOMEM;
}

futu_err trd_fill_out(struct arena *a, const struct fill *f, Trd_Common_OrderFill *out)
{
    const struct security *sec = sec_of(f->order);
    SET(out, trdSide, f->side);
    SET(out, fillID, f->id);
    out->fillIDEx = str_dup(a, str_c(f->id_ex));
    SET(out, orderID, f->order->id);
    out->orderIDEx = str_dup(a, str_c(f->order->id_ex));
    out->code = str_c(sec->code);
    out->name = sec->name;
    SET(out, qty, (double)f->qty);
    SET(out, price, (double)f->amount / (double)f->qty / (double)PX_ONE);
    out->createTime = paper_time_text(a, sec->market, f->time);
    SET(out, counterBrokerID, 0);
    out->counterBrokerName = STR("");
    SET(out, secMarket, market_sec_market(sec->market));
    SET(out, createTimestamp, paper_timestamp(f->time));
    SET(out, updateTimestamp, paper_timestamp(f->time));
    SET(out, status, f->status);
    SET(out, trdMarket, f->order->trd_market);
    return out->fillIDEx.p && out->orderIDEx.p && out->createTime.p ? FUTU_OK : FUTU_ENOMEM;
}

static void mark_dirty(struct trade *t, struct order *o, struct fill *f)
{
    t->dirty = true;
    if (f)
        f->dirty = true;
    else
        o->dirty = true;
}

void trade_queue(struct trade *t, struct order *o, struct fill *f)
{
    if (t->n_events == t->cap_events) {
        size_t cap = t->cap_events ? t->cap_events * 2 : 32;
        struct trade_event *p = mem_realloc(t->events, cap * sizeof(*p));
        if (!p) {
            mark_dirty(t, o, f);
            return;
        }
        t->events = p;
        t->cap_events = cap;
    }
    t->events[t->n_events++] = (struct trade_event){ .order = o, .fill = f, .s = o->s };
}

static futu_err encode_order(struct paper *p, const struct trade_event *e)
{
    Trd_UpdateOrder_S2C s2c = { 0 };
    Trd_Common_Order out = { 0 };
    s2c.header = trd_order_header(&p->arena, e->order);
    s2c.order = &out;
    if (!s2c.header)
        return FUTU_ENOMEM;
    futu_err err = trd_order_out(&p->arena, e->order, &e->s, &out);
    return err ? err : paper_encode_push(p, &Trd_UpdateOrder_Response_msg, &s2c);
}

static futu_err encode_fill(struct paper *p, const struct trade_event *e)
{
    Trd_UpdateOrderFill_S2C s2c = { 0 };
    Trd_Common_OrderFill out = { 0 };
    s2c.header = trd_order_header(&p->arena, e->order);
    s2c.orderFill = &out;
    if (!s2c.header)
        return FUTU_ENOMEM;
    futu_err err = trd_fill_out(&p->arena, e->fill, &out);
    return err ? err : paper_encode_push(p, &Trd_UpdateOrderFill_Response_msg, &s2c);
}

static futu_err send_event(struct trade *t, const struct trade_event *e)
{
    struct paper *p = t->p;
    arena_reset(&p->arena);
    futu_err err = e->fill ? encode_fill(p, e) : encode_order(p, e);
    if (err)
        return err;
    uint32_t proto = e->fill ? 2218 : 2208;
    if (p->events.trade)
        p->events.trade(p->events.arg, e->order->acc->def->id, proto, p->out.p, p->out.n);
    return FUTU_OK;
}

/* What could not be sent: the newest state of orders, and fills. */
static void send_dirty(struct trade *t)
{
    t->dirty = false;
    for (size_t i = 0; i < t->ledger.n_orders; i++) {
        struct order *o = t->ledger.orders[i];
        struct trade_event e = { .order = o, .s = o->s };
        if (o->dirty)
            o->dirty = send_event(t, &e) != FUTU_OK;
        t->dirty |= o->dirty;
    }
    for (size_t i = 0; i < t->ledger.n_fills; i++) {
        struct fill *f = t->ledger.fills[i];
        struct trade_event e = { .order = f->order, .fill = f };
        if (f->dirty)
            f->dirty = send_event(t, &e) != FUTU_OK;
        t->dirty |= f->dirty;
    }
}

void trade_flush(struct trade *t)
{
    if (t->flushing)
        return;                 /* a listener that asks in between: the outer call goes on */
    t->flushing = true;
    /* Sending may queue more, and move the queue. */
    for (size_t i = 0; i < t->n_events; i++) {
        struct trade_event e = t->events[i];
        futu_err err = send_event(t, &e);
        if (err) {
            log_error("paper: a push of order %s waits: %s", e.order->id_ex, futu_strerror(err));
            mark_dirty(t, e.order, e.fill);
        }
    }
    t->n_events = 0;
    if (t->dirty)
        send_dirty(t);
    t->flushing = false;
}

void trade_after(struct paper *p, void *arg)
{
    (void)arg;
    ledger_sweep(&p->trade->ledger);
    trade_flush(p->trade);
}
