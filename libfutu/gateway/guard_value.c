/* guard_value.c - see guard_value.h. */
#include "gateway/guard_value.h"

#include <math.h>
#include <stdio.h>

#include "gateway/closed.h"
#include "market/market.h"

/* Orders that fill at their price or better. All others, also those of types to come, fill at what
 * the market gives. */
static bool has_limit(int32_t order_type)
{
    static const int32_t types[] = {
        Trd_Common_OrderType_Normal, Trd_Common_OrderType_AbsoluteLimit,
        Trd_Common_OrderType_AuctionLimit, Trd_Common_OrderType_SpecialLimit,
        Trd_Common_OrderType_SpecialLimit_All, Trd_Common_OrderType_StopLimit,
        Trd_Common_OrderType_LimitifTouched, Trd_Common_OrderType_TWAP_LIMIT,
        Trd_Common_OrderType_VWAP_LIMIT,
    };
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (types[i] == order_type)
            return true;
    return false;
}

static void set_symbol(struct guarded *g, int32_t market, futu_str code)
{
    const char *prefix = market_prefix(market);
    if (!prefix || !code.p)
        return;
    int n = snprintf(g->symbol, sizeof(g->symbol), "%s.%.*s", prefix, (int)MIN(code.n, 32), code.p);
    g->order.symbol = (futu_str){ g->symbol, (size_t)n };
}

/* A security of another market than its account's: that market must be allowed too. Mainland
 * securities come under HKCC as well; where a future trades is not said by its account. */
static bool market_ok(const struct guarded *g, const Trd_PlaceOrder_C2S *c)
{
    int32_t of_sec = c->has_secMarket ? market_trd_market(market_of_sec_market(c->secMarket)) : 0;
    const char *name = of_sec ? trd_market_name(of_sec) : NULL;
    if (!name || (of_sec == Trd_Common_TrdMarket_CN &&
                  c->header->trdMarket == Trd_Common_TrdMarket_HKCC) ||
        strcmp(g->order.market, "FUTURES") == 0)
        return true;
    return access_market(g->key, name);
}

static void judge_place(struct guarded *g, struct ask *a)
{
    const Trd_PlaceOrder_C2S *c = ((const Trd_PlaceOrder_Request *)a->msg)->c2s;
    int32_t market = quote_market(c->header, c->has_secMarket ? c->secMarket : 0, c->code);
    double value = c->qty * (c->has_price ? c->price : 0), amount = c->has_amount ? c->amount : 0;
    set_symbol(g, market, c->code);
    g->order.side = c->trdSide ? c->trdSide : -1;       /* 0 would say that it is not known */
    g->order.has_value = !g->resume;
    g->order.value = MAX(value, amount);
    bool by_market = c->qty > 0 && !(has_limit(c->orderType) && c->price > 0);
    if (!market_ok(g, c)) {
        guard_turn_down(g, a, DENY_MARKET, "limit: the security's market is not allowed");
    } else if (!g->order.symbol.p && g->key->rules->n_symbols > 0) {
        guard_turn_down(g, a, DENY_SYMBOL, "limit: the security can't be told without secMarket");
    } else if (g->resume || !access_needs_value(g->key) || !by_market) {
        guard_judge(g, a);
    } else {
        g->qty = c->qty;
        g->least_value = amount;
        g->least_price = MAX(c->has_auxPrice ? c->auxPrice : 0, c->has_price ? c->price : 0);
        guard_ask_price(g, a, market, c->code);
    }
}

/* What takes an order out of the market, or back into it as it was. */
static bool changes_no_value(int32_t op)
{
    return op == Trd_Common_ModifyOrderOp_Cancel || op == Trd_Common_ModifyOrderOp_Disable ||
           op == Trd_Common_ModifyOrderOp_Enable || op == Trd_Common_ModifyOrderOp_Delete;
}

static void judge_modify(struct guarded *g, struct ask *a)
{
    const Trd_ModifyOrder_C2S *c = ((const Trd_ModifyOrder_Request *)a->msg)->c2s;
    if (changes_no_value(c->modifyOrderOp) || !access_needs_value(g->key)) {
        guard_judge(g, a);
        return;
    }
    g->order.has_value = true;
    g->order.value = c->qty * c->price;
    if (c->has_qty && c->has_price && c->price > 0 && !c->forAll)
        guard_judge(g, a);
    else
        guard_turn_down(g, a, DENY_PER_ORDER, "limit: only a change of one order to a quantity and "
                                              "a price can be valued");
}

/* Whoever sells a combination gets its price, so it may be negative: what counts is its size. */
static void judge_combo(struct guarded *g, struct ask *a)
{
    const Trd_PlaceComboOrder_C2S *c = ((const Trd_PlaceComboOrder_Request *)a->msg)->c2s;
    bool limited = g->key->rules->n_symbols > 0 || g->key->rules->n_sides > 0;
    g->order.has_value = c->has_price && !g->resume;
    g->order.value = c->has_price ? fabs(c->qty * c->price) : 0;
    if (limited)
        guard_turn_down(g, a, DENY_SYMBOL,
                        "limit: the legs of a combination can't be judged one by one");
    else if (!g->resume && access_needs_value(g->key) && !(g->order.value > 0))
        guard_turn_down(g, a, DENY_PER_ORDER,
                        "limit: a combination without a price can't be valued");
    else
        guard_judge(g, a);
}

void guard_value(struct guarded *g, struct ask *a)
{
    static const struct {
        const futu_msg *request;
        void (*judge)(struct guarded *g, struct ask *a);
    } kinds[] = {
        { &Trd_PlaceOrder_Request_msg, judge_place },
        { &Trd_ModifyOrder_Request_msg, judge_modify },
        { &Trd_PlaceComboOrder_Request_msg, judge_combo },
    };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (kinds[i].request == a->row->request) {
            kinds[i].judge(g, a);
            return;
        }
    guard_judge(g, a);              /* a confirmation has no value of its own */
}
