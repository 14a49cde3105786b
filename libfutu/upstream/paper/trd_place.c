/* trd_place.c - Trd_PlaceOrder: checks everything, then places; nothing is changed by a refusal.
 *
 * Outside of trading hours a limit order of the day waits for the next session (state 1); orders
 * that would have to trade at once are refused. At-auction types are taken in an auction phase and
 * go to the market at its end, there is no matching at a single price.
 * Tests: test/unit/upstream/paper/trd_place_test.c
 */
#include "base/mem.h"
#include "upstream/paper/trd.h"

typedef Trd_PlaceOrder_C2S place_c2s;

static futu_err check_type(struct call *c, const place_c2s *q, const struct account *a,
                           const struct security *sec, const struct order_type **out)
{
    const struct order_type *type = order_type(q->orderType);
    if (!type)
        return call_fail(c, "orderType %d is not offered by the paper exchange%s", q->orderType,
                         q->orderType >= 16 && q->orderType <= 19 ? " (TWAP and VWAP)" : "");
    if (account_sim(a) && !(type->flags & OT_SIM))
        return call_fail(c, "模拟交易不支持此订单类型: orderType %d (%s), only 1 and 2", type->type,
                         type->name);
    if ((type->flags & OT_HK) && sec->market != MARKET_HK)
        return call_fail(c, "orderType %d (%s) is for Hong Kong only", type->type, type->name);
    *out = type;
    return FUTU_OK;
}

static bool now_or_never(const struct order *o)
{
    return (o->type->flags & (OT_MARKET | OT_NOW)) || o->tif == Trd_Common_TimeInForce_IOC;
}

static futu_err check_tif(struct call *c, const struct order *o)
{
    unsigned flags = o->type->flags;
    if (o->tif < Trd_Common_TimeInForce_DAY || o->tif > Trd_Common_TimeInForce_GTD)
        return call_fail(c, "timeInForce %d is unknown", o->tif);
    if (o->tif == Trd_Common_TimeInForce_DAY)
        return FUTU_OK;
    if (account_sim(o->acc))
        return call_fail(c, "模拟交易只支持当日有效的订单: timeInForce %d, only 0 (day)", o->tif);
    if ((flags & OT_MARKET) && !(flags & OT_TRIGGER) && o->x.sec->market != MARKET_US)
        return call_fail(c, "timeInForce %d: market orders in HK and A shares are day orders",
                         o->tif);
    if (o->tif == Trd_Common_TimeInForce_IOC && (flags & (OT_TRIGGER | OT_AUCTION)))
        return call_fail(c, "timeInForce 2 (IOC) does not go with orderType %d (%s)", o->type->type,
                         o->type->name);
    return FUTU_OK;
}

static futu_err set_expiry(struct trade *t, struct call *c, const place_c2s *q, struct order *o)
{
    int32_t market = o->x.sec->market;
    o->expires = trade_day_end(t, market, o->created, 0);
    if (o->tif == Trd_Common_TimeInForce_GTC)
        o->expires = trade_day_end(t, market, o->created, 90);
    if (o->tif != Trd_Common_TimeInForce_GTD)
        return FUTU_OK;
    if (q->expireTime.n == 0)
        return call_missing(c, "expireTime");
    if (market_parse_time(market, q->expireTime, &o->expires))
        return call_fail(c, "expireTime \"" STR_FMT "\" is not yyyy-MM-dd HH:mm:ss",
                         STR_ARG(q->expireTime));
    if (q->expireTime.n <= 10)          /* a day: to its end */
        o->expires = trade_day_end(t, market, o->expires, 0);
    if (o->expires <= o->created)
        return call_fail(c, "expireTime \"" STR_FMT "\" has passed", STR_ARG(q->expireTime));
    return FUTU_OK;
}

static futu_err check_session(struct call *c, const place_c2s *q, const struct order *o)
{
    if (o->outside_rth && (o->type->flags & OT_MARKET))
        return call_fail(c, "fillOutsideRTH does not go with market orders");
    if (q->has_session && (q->session < 0 || q->session > 4))
        return call_fail(c, "session %d is unknown", q->session);
    if (q->session == Common_Session_OVERNIGHT && account_sim(o->acc))
        return call_fail(c, "模拟交易不支持夜盘: session 4 (overnight)");
    return FUTU_OK;
}

/* Side, remark and the like. */
static futu_err set_plain(struct call *c, const place_c2s *q, struct order *o)
{
    if (q->trdSide < Trd_Common_TrdSide_Buy || q->trdSide > Trd_Common_TrdSide_BuyBack)
        return call_fail(c, "trdSide %d is not 1 (buy) or 2 (sell)", q->trdSide);
    o->x.buy = q->trdSide == Trd_Common_TrdSide_Buy || q->trdSide == Trd_Common_TrdSide_BuyBack;
    o->s.side = q->trdSide;
    if (q->remark.n >= sizeof(o->remark))
        return call_fail(c, "remark is longer than %zu bytes", sizeof(o->remark) - 1);
    str_copy(o->remark, sizeof(o->remark), q->remark);
    o->tif = q->timeInForce;
    o->outside_rth = q->fillOutsideRTH;
    o->session = q->session;
    futu_err err = check_tif(c, o);
    return err ? err : check_session(c, q, o);
}

static futu_err set_prices(struct trade *t, struct call *c, const place_c2s *q, struct order *o)
{
    unsigned flags = o->type->flags;
    struct px_in price = { .name = "price", .has = q->has_price, .adjust = q->adjustPrice,
                           .has_limit = q->has_adjustSideAndLimit, .value = q->price,
                           .limit = q->adjustSideAndLimit, .up = !o->x.buy };
    struct px_in aux = price;
    struct trail_in trail = { q->has_trailType, q->has_trailValue, q->has_trailSpread, q->trailType,
                              q->trailValue, q->trailSpread };
    futu_err err = trd_qty(c, o->x.sec, q->qty, trd_odd_lot(t, o), &o->s.qty);
    aux.name = "auxPrice";
    aux.has = q->has_auxPrice;
    aux.value = q->auxPrice;
    if (!err && (flags & OT_PRICE))
        err = trd_px(c, o->x.sec, &price, &o->s.px);
    if (!err && (flags & OT_AUX))
        err = trd_px(c, o->x.sec, &aux, &o->s.aux_px);
    if (!err && (flags & OT_TRAIL))
        err = trd_trail(c, o, &trail);
    return err ? err : trd_px_max(c, MAX(o->s.px, o->s.aux_px), o->s.qty);
}

static bool in_auction(int32_t state)
{
    return state == Qot_Common_QotMarketState_Auction || state == Qot_Common_QotMarketState_HkCas ||
           state == Qot_Common_QotMarketState_TRADE_AUCTION ||
           state == Qot_Common_QotMarketState_CLOSE_AUCTION;
}

static futu_err check_phase(struct trade *t, struct call *c, const struct order *o)
{
    int32_t market = o->x.sec->market;
    if (o->type->flags & OT_AUCTION) {
        if (!in_auction(exchange_market_state(t->x, market)))
            return call_fail(c, "orderType %d (%s) is taken in an auction phase only",
                             o->type->type, o->type->name);
        return FUTU_OK;
    }
    if (!exchange_is_trading(t->x, market) && !(o->type->flags & OT_TRIGGER) && now_or_never(o))
        return call_fail(c, "the market of %s.%s is closed: an order that must trade at once "
                            "(orderType %d, timeInForce %d) is refused",
                         market_prefix(market), o->x.sec->code, o->type->type, o->tif);
    return FUTU_OK;
}

/* What the client calls the side must be what it turns out to be. */
static futu_err check_side(struct call *c, const place_c2s *q, const struct order *o)
{
    bool asked = q->trdSide == Trd_Common_TrdSide_SellShort ||
                 q->trdSide == Trd_Common_TrdSide_BuyBack;
    if (!asked || o->s.side == q->trdSide)
        return FUTU_OK;
    return call_fail(c, "trdSide %d does not fit the position held in %s.%s", q->trdSide,
                     market_prefix(o->x.sec->market), o->x.sec->code);
}

static futu_err admit(struct trade *t, struct call *c, const place_c2s *q, struct order *o)
{
    struct why why = { "" };
    int64_t px;
    /* Waiting for a price, or for the end of an auction: priced and admitted then. */
    if (o->type->flags & OT_TRIGGER)
        return trade_arm(t, o);
    bool trading = exchange_is_trading(t->x, o->x.sec->market);
    o->wait = trading ? WAIT_NONE : WAIT_OPEN;
    if (o->wait == WAIT_OPEN && (o->type->flags & OT_MARKET))
        return FUTU_OK;
    futu_err err = trade_price(t, o, &px, &why);
    if (!err)
        err = trade_admit(t, o, o->s.qty, px, &why);
    if (err == FUTU_EREFUSED)
        return call_fail(c, "%s", why.text);
    if (err)
        return err;
    o->x.px = px;
    err = check_side(c, q, o);
    if (err)
        trade_hold(o, 0, 0);
    return err;
}

static futu_err set_all(struct trade *t, struct call *c, const place_c2s *q, struct order *o)
{
    futu_err err = set_plain(c, q, o);
    if (!err)
        err = account_position_make(o->acc, o->x.sec, &o->pos);
    if (!err)
        err = set_prices(t, c, q, o);
    if (!err)
        err = set_expiry(t, c, q, o);
    if (!err)
        err = check_phase(t, c, o);
    return err ? err : admit(t, c, q, o);
}

static futu_err make_order(struct trade *t, struct call *c, const place_c2s *q, struct account *a,
                           const struct security *sec, struct order **out)
{
    const struct order_type *type = NULL;
    futu_err err = check_type(c, q, a, sec, &type);
    if (err)
        return err;
    struct order *o = mem_zalloc(sizeof(*o));
    if (!o)
        return FUTU_ENOMEM;
    o->type = type;
    o->acc = a;
    o->x.sec = sec;
    o->x.owner = t;
    o->x.on_fill = trade_fill_cb;
    o->trd_market = account_market(a, sec->market);
    o->created = o->s.updated = exchange_now(t->x);
    err = set_all(t, c, q, o);
    if (err) {
        mem_free(o);
        return err;
    }
    *out = o;
    return FUTU_OK;
}

/* Into the ledger, and to the market when that is open. */
static futu_err start(struct trade *t, struct call *c, struct order *o)
{
    futu_err err = ledger_add(&t->ledger, o, market_date(o->x.sec->market, o->created));
    if (err) {
        trade_hold(o, 0, 0);
        mem_free(o);
        return err == FUTU_ELIMIT ? call_fail(c, "the paper ledger is full") : err;
    }
    if (o->wait != WAIT_NONE) {
        trade_step(t, o, EV_ENABLE);
        return FUTU_OK;
    }
    err = trade_submit(t, o);
    if (err) {
        trade_hold(o, 0, 0);
        ledger_undo(&t->ledger, o);
    }
    return err;
}

futu_err trd_place(struct paper *p, struct call *c)
{
    const place_c2s *q = CALL_C2S(c, Trd_PlaceOrder);
    Trd_PlaceOrder_S2C *s2c = CALL_S2C(c, Trd_PlaceOrder);
    const struct security *sec;
    struct account *a;
    struct order *o;
    char *id_ex = arena_alloc(c->arena, sizeof(o->id_ex));  /* nothing may fail once it is placed */
    if (!s2c || !id_ex)
        return FUTU_ENOMEM;
    futu_err err = trd_account(p, c, q->header, &a);
    if (!err)
        err = trd_security(p, c, a, q->header, q->code, q->has_secMarket, q->secMarket, &sec);
    if (!err)
        err = make_order(p->trade, c, q, a, sec, &o);
    if (!err)
        err = start(p->trade, c, o);
    if (err)
        return err;
    memcpy(id_ex, o->id_ex, sizeof(o->id_ex));
    s2c->header = q->header;
    SET(s2c, orderID, o->id);
    s2c->orderIDEx = str_c(id_ex);
    c->after = trade_after;
    paper_wake(p);
    return FUTU_OK;
}
