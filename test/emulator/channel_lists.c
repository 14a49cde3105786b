/* channel_lists.c - orders and fills on the emulator's broker channels, today's and older ones. */
#include "channel_state.h"

#include <math.h>

#include "market/market.h"

/* The server's number of an order's state; the emulator's own table, beside the program's. */
static int32_t state_of(int32_t status)
{
    switch (status) {
    case Trd_Common_OrderStatus_WaitingSubmit: return 102;
    case Trd_Common_OrderStatus_Submitting: return 1;
    case Trd_Common_OrderStatus_Submitted: return 2;
    case Trd_Common_OrderStatus_Filled_Part: return 3;
    case Trd_Common_OrderStatus_Filled_All: return 4;
    case Trd_Common_OrderStatus_Cancelled_All: return 5;
    case Trd_Common_OrderStatus_Cancelled_Part: return 7;
    case Trd_Common_OrderStatus_Disabled: return 101;
    case Trd_Common_OrderStatus_Deleted: return 104;
    case Trd_Common_OrderStatus_FillCancelled: return 103;
    default: return 6;
    }
}

static uint64_t us(double seconds)
{
    return (uint64_t)llround(seconds * 1e6);
}

static void fill_order(struct arena *a, const Trd_Common_Order *o, struct bk_order *out)
{
    out->order_id = o->orderIDEx;
    out->symbol = o->code;
    out->name = o->name;
    SET(out, side, o->trdSide);
    SET(out, type, o->orderType);
    SET(out, state, state_of(o->orderStatus));
    out->price = emu_dec(a, o->price);
    out->qty = emu_dec(a, o->qty);
    out->filled_qty = emu_dec(a, o->fillQty);
    out->filled_avg = emu_dec(a, o->fillAvgPrice);
    if (o->has_auxPrice)
        out->aux_price = emu_dec(a, o->auxPrice);
    out->remark = o->remark;
    out->err_text = o->lastErrMsg;
    SET(out, time_in_force, o->timeInForce);
    SET(out, outside_rth, o->fillOutsideRTH);
    SET(out, market_code, bk_state_id(market_of_sec_market(o->secMarket)));
    SET(out, trade_market, o->trdMarket);
    SET(out, currency, o->currency);
    SET(out, created_us, us(o->createTimestamp));
    SET(out, updated_us, us(o->updateTimestamp));
}

static void fill_fill(struct arena *a, const Trd_Common_OrderFill *f, struct bk_fill *out)
{
    out->fill_id = f->fillIDEx;
    out->order_id = f->orderIDEx;
    out->symbol = f->code;
    out->name = f->name;
    SET(out, side, f->trdSide);
    out->price = emu_dec(a, f->price);
    out->qty = emu_dec(a, f->qty);
    SET(out, time_us, us(f->createTimestamp));
    SET(out, cancelled, f->status == Trd_Common_OrderFillStatus_Cancelled);
    SET(out, market_code, bk_state_id(market_of_sec_market(f->secMarket)));
    SET(out, trade_market, f->trdMarket);
}

struct query {
    Trd_Common_TrdHeader h;
    Trd_Common_TrdFilterConditions filter;
    char from[24], to[24];
    struct bk_order_list_req q;
    struct emu_account *a;
};

/* What all four list queries begin with; false: it is answered. */
static bool begin_list(struct emu_call *c, struct query *x)
{
    x->a = NULL;
    if (codec_decode(&bk_order_list_req_msg, c->a, c->body, c->n, &x->q, NULL, NULL) == FUTU_OK)
        x->a = x->q.header ? emu_account_of(c->k, x->q.header->account) : NULL;
    if (!x->a) {
        emu_answer_order(c, 5, "unknown account", STR_NULL);
        return false;
    }
    x->h = emu_header_of(x->a, x->a->market);
    x->filter = (Trd_Common_TrdFilterConditions){ 0 };
    int32_t zone = x->a->market == 2 ? MARKET_US : MARKET_HK;
    market_time_text(zone, (int64_t)x->q.time_begin * NS_PER_US, false, x->from);
    market_time_text(zone, (int64_t)x->q.time_end * NS_PER_US, false, x->to);
    if (x->q.has_time_begin)
        x->filter.beginTime = str_c(x->from);
    if (x->q.has_time_end)
        x->filter.endTime = str_c(x->to);
    return true;
}

/* Several accounts may share one of the paper exchange, each with its own market. */
bool emu_of_market(const struct emu_account *a, int32_t trd_market)
{
    return (a->market == Trd_Common_TrdMarket_US) == (trd_market == Trd_Common_TrdMarket_US);
}

static void put_orders(struct emu_call *c, const struct emu_account *a,
                       const Trd_Common_Order *orders, size_t n)
{
    struct bk_order_list_rsp r = { .err_msg = STR("") };
    SET(&r, result_code, 0);
    r.orders = arena_array(c->a, n + 1, sizeof(*r.orders));
    double newest = (double)clock_wall(c->k->e->o.clock) / 1e9 -
                    c->k->e->scene.lists_late_ms / 1e3;
    for (size_t i = 0; r.orders && i < n; i++)
        if (emu_of_market(a, orders[i].trdMarket) && orders[i].createTimestamp <= newest)
            fill_order(c->a, &orders[i], &r.orders[r.n_orders++]);
    emu_reply(c->k, c->command, c->serial, &bk_order_list_rsp_msg, &r);
}

static void put_fills(struct emu_call *c, const struct emu_account *a,
                      const Trd_Common_OrderFill *fills, size_t n)
{
    struct bk_fill_list_rsp r = { .err_msg = STR("") };
    SET(&r, result_code, 0);
    r.fills = arena_array(c->a, n + 1, sizeof(*r.fills));
    for (size_t i = 0; r.fills && i < n; i++)
        if (emu_of_market(a, fills[i].trdMarket))
            fill_fill(c->a, &fills[i], &r.fills[r.n_fills++]);
    emu_reply(c->k, c->command, c->serial, &bk_fill_list_rsp_msg, &r);
}

void emu_order_list(struct emu_call *c)
{
    struct query x;
    const char *why;
    if (!begin_list(c, &x))
        return;
    Trd_GetOrderList_C2S c2s = { .header = &x.h };
    const Trd_GetOrderList_Request q = { .c2s = &c2s };
    Trd_GetOrderList_Response *r = emu_ask_paper(c->k->e, 2201, &q, &why);
    if (emu_happens(&c->k->e->scene.fail_lists))
        emu_answer_order(c, 2, "try again", STR_NULL);
    else if (r)
        put_orders(c, x.a, r->s2c->orderList, r->s2c->n_orderList);
    else
        emu_answer_order(c, 2, why, STR_NULL);
}

void emu_history_orders(struct emu_call *c)
{
    struct query x;
    const char *why;
    if (!begin_list(c, &x))
        return;
    Trd_GetHistoryOrderList_C2S c2s = { .header = &x.h, .filterConditions = &x.filter };
    const Trd_GetHistoryOrderList_Request q = { .c2s = &c2s };
    Trd_GetHistoryOrderList_Response *r = emu_ask_paper(c->k->e, 2221, &q, &why);
    if (r)
        put_orders(c, x.a, r->s2c->orderList, r->s2c->n_orderList);
    else
        emu_answer_order(c, 2, why, STR_NULL);
}

static bool has_fills(const struct emu_account *a, const Trd_GetOrderFillList_S2C *s)
{
    for (size_t i = 0; i < s->n_orderFillList; i++)
        if (emu_of_market(a, s->orderFillList[i].trdMarket))
            return true;
    return false;
}

/* One of the brokers says so when there are none. */
void emu_fills(struct emu_call *c)
{
    struct query x;
    const char *why;
    if (!begin_list(c, &x))
        return;
    Trd_GetOrderFillList_C2S c2s = { .header = &x.h };
    const Trd_GetOrderFillList_Request q = { .c2s = &c2s };
    Trd_GetOrderFillList_Response *r = emu_ask_paper(c->k->e, 2211, &q, &why);
    if (r && x.a->broker_id == 1007 && !has_fills(x.a, r->s2c))
        emu_answer_order(c, CODE_GENERAL, "please try again", STR_NULL);
    else if (r)
        put_fills(c, x.a, r->s2c->orderFillList, r->s2c->n_orderFillList);
    else
        emu_answer_order(c, 2, why, STR_NULL);
}

void emu_history_fills(struct emu_call *c)
{
    struct query x;
    const char *why;
    if (!begin_list(c, &x))
        return;
    Trd_GetHistoryOrderFillList_C2S c2s = { .header = &x.h, .filterConditions = &x.filter };
    const Trd_GetHistoryOrderFillList_Request q = { .c2s = &c2s };
    Trd_GetHistoryOrderFillList_Response *r = emu_ask_paper(c->k->e, 2222, &q, &why);
    if (r)
        put_fills(c, x.a, r->s2c->orderFillList, r->s2c->n_orderFillList);
    else
        emu_answer_order(c, 2, why, STR_NULL);
}
