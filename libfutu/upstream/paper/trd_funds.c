/* trd_funds.c - funds, positions, largest quantities and margin ratios.
 *
 * A simulated account reports in its own currency; the margin account in any of the fixed rates.
 * Tests: test/unit/upstream/paper/trd_account_test.c
 */
#include "upstream/paper/trd.h"

/* Own equity that a position needs, percent; maintenance and margin call below the opening one. */
enum { INITIAL_PCT = 50, CALL_PCT = 40, MAINTENANCE_PCT = 30, ALERT_PCT = 45 };

static int64_t pct(int64_t v, int p)
{
    return (int64_t)((__int128)v * p / 100);
}

static void fill_margin(const struct account *a, const struct account_value *v,
                        Trd_Common_Funds *f)
{
    int64_t gross = v->long_mv + v->short_mv;
    bool margin = a->def->margin;
    int64_t maintenance = margin ? pct(gross, MAINTENANCE_PCT) : 0;
    SET(f, initialMargin, px_double(margin ? pct(gross, INITIAL_PCT) : 0));
    SET(f, maintenanceMargin, px_double(maintenance));
    SET(f, marginCallMargin, px_double(margin ? pct(gross, CALL_PCT) : 0));
    SET(f, riskLevel, v->equity < maintenance ? Trd_Common_CltRiskLevel_Danger
                                              : Trd_Common_CltRiskLevel_Safe);
    SET(f, riskStatus, v->equity < maintenance ? Trd_Common_CltRiskStatus_Level9
                                               : Trd_Common_CltRiskStatus_Level1);
    SET(f, maxPowerShort, px_double(margin ? v->power : 0));
    SET(f, availableFunds, px_double(margin ? v->equity - pct(gross + v->frozen, INITIAL_PCT)
                                            : v->power));
}

static void fill_sums(const struct account *a, const struct account_value *v, int32_t currency,
                      Trd_Common_Funds *f)
{
    int64_t free_cash = v->cash - v->frozen;
    if (a->def->margin)
        free_cash = MIN(free_cash, v->power);
    SET(f, power, px_double(v->power));
    SET(f, totalAssets, px_double(v->equity));
    SET(f, cash, px_double(v->cash));
    SET(f, marketVal, px_double(v->long_mv - v->short_mv));
    SET(f, frozenCash, px_double(v->frozen));
    SET(f, debtCash, px_double(v->debt));
    SET(f, avlWithdrawalCash, px_double(MAX(free_cash, 0)));
    SET(f, maxWithdrawal, px_double(MAX(free_cash, 0)));
    SET(f, currency, currency);
    SET(f, unrealizedPL, px_double(v->unrealized));
    SET(f, realizedPL, px_double(v->realized));
    SET(f, netCashPower, px_double(v->cash - v->frozen));
    SET(f, longMv, px_double(v->long_mv));
    SET(f, shortMv, px_double(-v->short_mv));
    SET(f, pendingAsset, 0);
    SET(f, securitiesAssets, px_double(v->equity));
    SET(f, fundAssets, 0);
    SET(f, bondAssets, 0);
    SET(f, isPdt, false);
    fill_margin(a, v, f);
}

static futu_err fill_cash(struct arena *arena, const struct account *a, Trd_Common_Funds *f)
{
    f->cashInfoList = ARENA_ARRAY(arena, Trd_Common_AccCashInfo, CURRENCIES);
    if (!f->cashInfoList)
        return FUTU_ENOMEM;
    for (int32_t c = 1; c < CURRENCIES; c++) {
        if (a->cash[c] == 0 && a->def->currency != c)
            continue;
        Trd_Common_AccCashInfo *i = &f->cashInfoList[f->n_cashInfoList++];
        SET(i, currency, c);
        SET(i, cash, px_double(a->cash[c]));
        SET(i, availableBalance, px_double(MAX(a->cash[c] - a->frozen[c], 0)));
        SET(i, netCashPower, px_double(a->cash[c] - a->frozen[c]));
    }
    return FUTU_OK;
}

static futu_err fill_markets(struct arena *arena, const struct account *a,
                             const struct account_value *v, Trd_Common_Funds *f)
{
    static const int slot[] = { [Trd_Common_TrdMarket_HK] = 0, [Trd_Common_TrdMarket_US] = 1,
                                [Trd_Common_TrdMarket_CN] = 2, [Trd_Common_TrdMarket_HKCC] = 2 };
    f->marketInfoList = ARENA_ARRAY(arena, Trd_Common_AccMarketInfo, a->def->n_markets);
    if (!f->marketInfoList)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < a->def->n_markets; i++) {
        Trd_Common_AccMarketInfo *m = &f->marketInfoList[f->n_marketInfoList++];
        SET(m, trdMarket, a->def->markets[i]);
        SET(m, assets, px_double(v->mv[slot[a->def->markets[i]]]));
    }
    return FUTU_OK;
}

futu_err trd_get_funds(struct paper *p, struct call *c)
{
    const Trd_GetFunds_C2S *q = CALL_C2S(c, Trd_GetFunds);
    Trd_GetFunds_S2C *s2c = CALL_S2C(c, Trd_GetFunds);
    Trd_Common_Funds *f = ARENA_NEW(c->arena, Trd_Common_Funds);
    struct account_value v;
    struct account *a;
    if (!s2c || !f)
        return FUTU_ENOMEM;
    futu_err err = trd_account(p, c, q->header, &a);
    if (err)
        return err;
    int32_t currency = a->def->currency;
    if (!account_sim(a) && q->has_currency && q->currency) {
        if (!currency_name(q->currency))
            return call_fail(c, "currency %d is unknown", q->currency);
        currency = q->currency;
    }
    err = account_value(a, p->exchange, currency, &v);
    if (err)
        return err;
    fill_sums(a, &v, currency, f);
    err = fill_cash(c->arena, a, f);
    if (!err)
        err = fill_markets(c->arena, a, &v, f);
    s2c->header = q->header;
    s2c->funds = f;
    return err;
}

static double ratio(int64_t part, int64_t whole)
{
    return whole ? (double)part / (double)(whole < 0 ? -whole : whole) * 100 : 0;
}

static void fill_today(const struct position *p, const struct quote *q, Trd_Common_Position *out)
{
    int64_t start_qty = p->qty - p->buy_qty + p->sell_qty;
    int64_t pl = q->last * p->qty - q->last_close * start_qty + p->sell_val - p->buy_val;
    SET(out, td_plVal, px_double(pl));
    SET(out, td_trdVal, px_double(p->buy_val + p->sell_val));
    SET(out, td_buyVal, px_double(p->buy_val));
    SET(out, td_buyQty, (double)p->buy_qty);
    SET(out, td_sellVal, px_double(p->sell_val));
    SET(out, td_sellQty, (double)p->sell_qty);
}

/* costPrice is the diluted one, which counts what was already earned on the position. */
static void fill_position(const struct account *a, const struct position *p, const struct quote *q,
                          int64_t closable, Trd_Common_Position *out)
{
    int64_t val = q->last * p->qty, diluted = p->cost - p->realized;
    SET(out, positionID, p->id);
    SET(out, positionSide,
        p->qty < 0 ? Trd_Common_PositionSide_Short : Trd_Common_PositionSide_Long);
    out->code = str_c(p->sec->code);
    out->name = p->sec->name;
    SET(out, qty, (double)p->qty);
    SET(out, canSellQty, (double)(p->qty < 0 ? -closable : closable));
    SET(out, price, px_double(q->last));
    SET(out, costPrice, px_double(diluted) / (double)p->qty);
    SET(out, dilutedCostPrice, px_double(diluted) / (double)p->qty);
    SET(out, averageCostPrice, px_double(p->cost) / (double)p->qty);
    SET(out, val, px_double(val));
    SET(out, plVal, px_double(val - diluted));
    SET(out, plRatio, ratio(val - diluted, diluted));
    SET(out, averagePlRatio, ratio(val - p->cost, p->cost));
    SET(out, unrealizedPL, px_double(val - p->cost));
    SET(out, realizedPL, px_double(p->realized));
    SET(out, secMarket, market_sec_market(p->sec->market));
    SET(out, currency, p->currency);
    SET(out, trdMarket, account_market(a, p->sec->market));
    fill_today(p, q, out);
}

static futu_err add_position(struct trade *t, const Trd_GetPositionList_C2S *q,
                             const struct account *a, struct position *p,
                             Trd_GetPositionList_S2C *s2c)
{
    struct quote quote;
    Trd_Common_Position *out = &s2c->positionList[s2c->n_positionList];
    futu_err err = exchange_quote(t->x, p->sec, &quote);
    if (err || p->qty == 0)
        return err;
    int32_t date = market_date(p->sec->market, exchange_now(t->x));
    position_roll(p, date);
    fill_position(a, p, &quote, position_closable(p, date), out);
    bool low = q->has_filterPLRatioMin && out->plRatio < q->filterPLRatioMin;
    bool high = q->has_filterPLRatioMax && out->plRatio > q->filterPLRatioMax;
    if (low || high)
        memset(out, 0, sizeof(*out));
    else
        s2c->n_positionList++;
    return FUTU_OK;
}

futu_err trd_get_positions(struct paper *p, struct call *c)
{
    const Trd_GetPositionList_C2S *q = CALL_C2S(c, Trd_GetPositionList);
    Trd_GetPositionList_S2C *s2c = CALL_S2C(c, Trd_GetPositionList);
    struct account *a;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = trd_account(p, c, q->header, &a);
    if (err)
        return err;
    s2c->header = q->header;
    s2c->positionList = ARENA_ARRAY(c->arena, Trd_Common_Position, a->n_pos + 1);
    if (!s2c->positionList)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < a->n_pos && !err; i++) {
        struct position *pos = a->pos[i];
        if (trd_filter_sec(q->filterConditions, pos->sec, account_market(a, pos->sec->market)) &&
            trd_filter_id(q->filterConditions, pos->id))
            err = add_position(p->trade, q, a, pos, s2c);
    }
    return err;
}

/* The order that is to be modified counts as not there. */
static struct order *modified_order(struct trade *t, const Trd_GetMaxTrdQtys_C2S *q,
                                    const struct account *a, const struct security *sec)
{
    struct order *o = q->orderID ? ledger_order(&t->ledger, q->orderID)
                                 : ledger_order_ex(&t->ledger, q->orderIDEx);
    return o && o->acc == a && o->x.sec == sec && !order_final(o->s.status) ? o : NULL;
}

static double lots(int64_t money, int64_t px, int64_t lot)
{
    return money <= 0 ? 0 : (double)(money / px / lot * lot);
}

static futu_err fill_max(struct trade *t, struct account *a, struct position *pos, int64_t px,
                         Trd_Common_MaxTrdQtys *m)
{
    const struct security *sec = pos->sec;
    struct account_value v;
    int64_t power;
    int32_t date = market_date(sec->market, exchange_now(t->x));
    futu_err err = account_value(a, t->x, pos->currency, &v);
    if (!err)
        err = account_power(a, t->x, pos->currency, &power);
    if (err)
        return err;
    position_roll(pos, date);
    int64_t closable = position_closable(pos, date);
    bool may_short = a->def->margin && sec->short_sell && pos->qty <= 0 && pos->pending_buy == 0;
    bool may_buy = pos->qty >= 0 && pos->pending_short == 0;
    SET(m, maxCashBuy, may_buy ? lots(MIN(v.cash - v.frozen, power), px, sec->lot) : 0);
    SET(m, maxCashAndMarginBuy, may_buy && a->def->margin ? lots(power, px, sec->lot) : 0);
    SET(m, maxPositionSell, pos->qty > 0 ? (double)closable : 0);
    SET(m, maxSellShort, may_short ? lots(power, px, sec->lot) : 0);
    SET(m, maxBuyBack, pos->qty < 0 ? (double)closable : 0);
    if (a->def->margin) {
        SET(m, longRequiredIM, px_double(pct(px * sec->lot, INITIAL_PCT)));
        SET(m, shortRequiredIM, px_double(pct(px * sec->lot, INITIAL_PCT)));
    }
    return FUTU_OK;
}

static futu_err max_px(struct trade *t, struct call *c, const Trd_GetMaxTrdQtys_C2S *q,
                       const struct security *sec, int64_t *px)
{
    struct quote quote;
    const struct order_type *type = order_type(q->orderType);
    if (!type)
        return call_fail(c, "orderType %d is not offered by the paper exchange", q->orderType);
    if (!(type->flags & OT_MARKET)) {
        struct px_in in = { .name = "price", .has = true, .adjust = true, .value = q->price };
        return trd_px(c, sec, &in, px);
    }
    futu_err err = exchange_quote(t->x, sec, &quote);
    *px = MAX(quote.ask > 0 ? quote.ask : quote.last, 1);
    return err;
}

futu_err trd_get_max_qtys(struct paper *p, struct call *c)
{
    const Trd_GetMaxTrdQtys_C2S *q = CALL_C2S(c, Trd_GetMaxTrdQtys);
    Trd_GetMaxTrdQtys_S2C *s2c = CALL_S2C(c, Trd_GetMaxTrdQtys);
    const struct security *sec;
    struct account *a;
    int64_t px;
    if (!s2c || !(s2c->maxTrdQtys = ARENA_NEW(c->arena, Trd_Common_MaxTrdQtys)))
        return FUTU_ENOMEM;
    s2c->header = q->header;
    futu_err err = trd_account(p, c, q->header, &a);
    if (!err)
        err = trd_security(p, c, a, q->header, q->code, q->has_secMarket, q->secMarket, &sec);
    if (!err)
        err = max_px(p->trade, c, q, sec, &px);
    if (err)
        return err;
    struct position none = { .sec = sec, .currency = currency_of(sec) };
    struct position *pos = account_position(a, sec);
    struct order *o = modified_order(p->trade, q, a, sec);
    int64_t reserved = o ? o->reserved : 0, hold = o ? o->hold : 0;
    if (o)
        trade_hold(o, 0, 0);
    err = fill_max(p->trade, a, pos ? pos : &none, px, s2c->maxTrdQtys);
    if (o)
        trade_hold(o, reserved, hold);
    return err;
}

static void fill_ratio(const struct security *sec, Trd_GetMarginRatio_MarginRatioInfo *m)
{
    bool connect = market_slot(sec->market) == 2;
    SET(m, isLongPermit, !connect);
    SET(m, isShortPermit, sec->short_sell);
    SET(m, shortPoolRemain, sec->short_sell ? (double)(sec->shares / 100) : 0);
    SET(m, shortFeeRate, 0);
    SET(m, alertLongRatio, ALERT_PCT);
    SET(m, alertShortRatio, ALERT_PCT);
    SET(m, imLongRatio, INITIAL_PCT);
    SET(m, imShortRatio, INITIAL_PCT);
    SET(m, mcmLongRatio, CALL_PCT);
    SET(m, mcmShortRatio, CALL_PCT);
    SET(m, mmLongRatio, MAINTENANCE_PCT);
    SET(m, mmShortRatio, MAINTENANCE_PCT);
}

futu_err trd_get_margin_ratio(struct paper *p, struct call *c)
{
    const Trd_GetMarginRatio_C2S *q = CALL_C2S(c, Trd_GetMarginRatio);
    Trd_GetMarginRatio_S2C *s2c = CALL_S2C(c, Trd_GetMarginRatio);
    struct account *a;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = trd_account(p, c, q->header, &a);
    if (err)
        return err;
    if (account_sim(a))
        return call_fail(c, "模拟账户不支持");
    if (q->n_securityList == 0)
        return call_missing(c, "securityList");
    s2c->header = q->header;
    s2c->marginRatioInfoList =
        ARENA_ARRAY(c->arena, Trd_GetMarginRatio_MarginRatioInfo, q->n_securityList);
    if (!s2c->marginRatioInfoList)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < q->n_securityList; i++) {
        const struct security *sec = paper_find(p, &q->securityList[i]);
        if (!sec || sec->kind == KIND_INDEX)
            return call_unknown(c, q->securityList[i].code);
        s2c->marginRatioInfoList[i].security = &q->securityList[i];
        fill_ratio(sec, &s2c->marginRatioInfoList[i]);
        s2c->n_marginRatioInfoList++;
    }
    return FUTU_OK;
}
