/* trd_trigger.c - conditional orders: held here until a trade's price meets their condition.
 *
 * Stops trigger at or beyond auxPrice against the order's holder (buy: last >= aux), touched orders
 * on the other side. A trailing stop follows the best price since it was placed at a distance; its
 * limit form goes in trailSpread beyond the price that triggered it. Every tick is looked at, so a
 * price that was there and gone counts. Nothing is set aside before the trigger; money and position
 * are checked then, and a refusal ends the order with its reason.
 * Tests: test/unit/upstream/paper/trd_trigger_test.c
 */
#include "upstream/paper/trd.h"

#define TICKS_AT_ONCE 4096

static int64_t trail_distance(const struct order *o)
{
    if (o->s.trail_type == Trd_Common_TrailType_Amount)
        return o->s.trail_value;
    return (int64_t)((__int128)o->extreme_px * o->s.trail_value / (100 * PX_ONE));
}

/* The best price moves on, and the trailing stop's own price with it. */
static bool trail_hit(struct order *o, int64_t px)
{
    if (o->x.buy ? px < o->extreme_px : px > o->extreme_px)
        o->extreme_px = px;
    int64_t d = trail_distance(o);
    return o->x.buy ? px >= o->extreme_px + d : px <= o->extreme_px - d;
}

static bool hit(struct order *o, int64_t px)
{
    switch (o->type->type) {
    case Trd_Common_OrderType_Stop:
    case Trd_Common_OrderType_StopLimit:
        return o->x.buy ? px >= o->s.aux_px : px <= o->s.aux_px;
    case Trd_Common_OrderType_MarketifTouched:
    case Trd_Common_OrderType_LimitifTouched:
        return o->x.buy ? px <= o->s.aux_px : px >= o->s.aux_px;
    default:
        return trail_hit(o, px);
    }
}

static void set_trail_limit(struct order *o, int64_t px)
{
    uint8_t table = o->x.sec->step_table;
    int64_t limit = o->x.buy ? px + o->s.trail_spread : px - o->s.trail_spread;
    o->s.px = market_round_px(table, MAX(limit, market_step(table, 1)), o->x.buy);
}

futu_err trade_arm(struct trade *t, struct order *o)
{
    const struct tick *ticks;
    struct quote q;
    size_t n;
    arena_reset(&t->scratch);
    futu_err err = exchange_quote(t->x, o->x.sec, &q);
    if (!err)
        err = exchange_ticks(t->x, o->x.sec, 0, 1, &t->scratch, &ticks, &n);
    if (err)
        return err;
    o->last_seq = n ? ticks[n - 1].seq : 0;
    o->extreme_px = q.last;
    o->wait = WAIT_TRIGGER;
    return FUTU_OK;
}

static void look(struct trade *t, struct order *o)
{
    const struct tick *ticks;
    size_t n;
    arena_reset(&t->scratch);
    if (exchange_ticks(t->x, o->x.sec, o->last_seq, TICKS_AT_ONCE, &t->scratch, &ticks, &n))
        return;                 /* no memory: the ticks are looked at next time */
    for (size_t i = 0; i < n; i++) {
        if (!hit(o, ticks[i].px)) {
            o->last_seq = ticks[i].seq;
            continue;
        }
        if (o->type->flags & OT_SPREAD)
            set_trail_limit(o, ticks[i].px);
        if (trade_begin(t, o) == FUTU_OK)
            o->last_seq = ticks[i].seq;
        return;
    }
}

void trade_triggers(struct trade *t)
{
    for (size_t i = 0; i < t->ledger.n_open; i++) {
        struct order *o = t->ledger.open[i];
        if (o->wait == WAIT_TRIGGER && o->s.status == Trd_Common_OrderStatus_WaitingSubmit &&
            exchange_is_trading(t->x, o->x.sec->market))
            look(t, o);
    }
}
