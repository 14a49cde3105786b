/* trd_list.c - orders and fills of an account: today's and history, with every filter.
 *
 * Today's orders: placed today, or not at their end, or ended today. History: all that were placed
 * between the two times, which are in the local time of each order's market. A deleted order shows
 * only where its state is asked for.
 * Tests: test/unit/upstream/paper/trd_list_test.c
 */
#include "upstream/paper/trd.h"

struct filter {
    const Trd_Common_TrdFilterConditions *f;    /* may be NULL */
    const int32_t *status;
    size_t n_status;
};

static bool market_matches(int32_t asked, int32_t is)
{
    bool cn = is == Trd_Common_TrdMarket_CN || is == Trd_Common_TrdMarket_HKCC;
    return asked == 0 || asked == is ||
           (cn && (asked == Trd_Common_TrdMarket_CN || asked == Trd_Common_TrdMarket_HKCC));
}

/* "00700" or "HK.00700". */
static bool code_is(const struct security *sec, futu_str code)
{
    int32_t market;
    futu_str bare;
    if (str_is(code, sec->code))
        return true;
    return market_parse_code(code, &market, &bare) == FUTU_OK && market == sec->market &&
           str_is(bare, sec->code);
}

bool trd_filter_sec(const Trd_Common_TrdFilterConditions *f, const struct security *sec,
                    int32_t trd_market)
{
    bool any = !f || f->n_codeList == 0;
    if (f && !market_matches(f->filterMarket, trd_market))
        return false;
    for (size_t i = 0; !any && i < f->n_codeList; i++)
        any = code_is(sec, f->codeList[i]);
    return any;
}

bool trd_filter_id(const Trd_Common_TrdFilterConditions *f, uint64_t id)
{
    bool any = !f || f->n_idList == 0;
    for (size_t i = 0; !any && i < f->n_idList; i++)
        any = f->idList[i] == id;
    return any;
}

static bool ex_matches(const Trd_Common_TrdFilterConditions *f, const char *id_ex,
                       const char *other)
{
    bool any = !f || f->n_orderIDExList == 0;
    for (size_t i = 0; !any && i < f->n_orderIDExList; i++)
        any = str_is(f->orderIDExList[i], id_ex) || (other && str_is(f->orderIDExList[i], other));
    return any;
}

/* Both ends belong to the span; a bare date at its end means all of that day. */
static bool time_matches(const Trd_Common_TrdFilterConditions *f, int32_t market, int64_t time)
{
    int64_t at;
    if (f && f->beginTime.n) {
        if (market_parse_time(market, f->beginTime, &at) || time < at)
            return false;
    }
    if (f && f->endTime.n) {
        if (market_parse_time(market, f->endTime, &at))
            return false;
        return time < at + (f->endTime.n <= 10 ? 86400 * NS_PER_S : NS_PER_S);
    }
    return true;
}

static bool status_matches(const struct filter *fl, int32_t status)
{
    bool any = fl->n_status == 0 && status != Trd_Common_OrderStatus_Deleted;
    for (size_t i = 0; !any && i < fl->n_status; i++)
        any = fl->status[i] == status;
    return any;
}

static bool order_matches(const struct filter *fl, const struct order *o)
{
    return trd_filter_sec(fl->f, o->x.sec, o->trd_market) && trd_filter_id(fl->f, o->id) &&
           ex_matches(fl->f, o->id_ex, NULL) && time_matches(fl->f, o->x.sec->market, o->created) &&
           status_matches(fl, o->s.status);
}

static bool fill_matches(const Trd_Common_TrdFilterConditions *f, const struct fill *fill)
{
    const struct order *o = fill->order;
    return trd_filter_sec(f, o->x.sec, o->trd_market) && trd_filter_id(f, fill->id) &&
           ex_matches(f, o->id_ex, fill->id_ex) && time_matches(f, o->x.sec->market, fill->time);
}

static futu_err check_time(struct call *c, futu_str text, const char *name)
{
    int64_t at;
    if (text.n && market_parse_time(MARKET_HK, text, &at))
        return call_fail(c, "%s \"" STR_FMT "\" is not yyyy-MM-dd HH:mm:ss", name, STR_ARG(text));
    return FUTU_OK;
}

static futu_err check_filter(struct call *c, const Trd_Common_TrdFilterConditions *f, bool history)
{
    if (!f)
        return FUTU_OK;
    if (history && f->beginTime.n == 0)
        return call_missing(c, "beginTime");
    if (history && f->endTime.n == 0)
        return call_missing(c, "endTime");
    futu_err err = check_time(c, f->beginTime, "beginTime");
    return err ? err : check_time(c, f->endTime, "endTime");
}

static bool is_today(const struct trade *t, const struct order *o)
{
    int32_t market = o->x.sec->market, today = market_date(market, exchange_now(t->x));
    return !order_final(o->s.status) || market_date(market, o->created) == today ||
           market_date(market, o->s.updated) == today;
}

/* Newest first. */
static futu_err list_orders(struct trade *t, struct call *c, const struct account *a,
                            const struct filter *fl, bool history, Trd_Common_Order **out,
                            size_t *n_out)
{
    const struct ledger *l = &t->ledger;
    size_t n = 0;
    for (size_t i = 0; i < l->n_orders; i++)
        n += l->orders[i]->acc == a;
    Trd_Common_Order *list = ARENA_ARRAY(c->arena, Trd_Common_Order, n ? n : 1);
    if (!list)
        return FUTU_ENOMEM;
    n = 0;
    for (size_t i = l->n_orders; i-- > 0;) {
        const struct order *o = l->orders[i];
        if (o->acc != a || (!history && !is_today(t, o)) || !order_matches(fl, o))
            continue;
        futu_err err = trd_order_out(c->arena, o, &o->s, &list[n++]);
        if (err)
            return err;
    }
    *out = list;
    *n_out = n;
    return FUTU_OK;
}

static futu_err list_fills(struct trade *t, struct call *c, const struct account *a,
                           const Trd_Common_TrdFilterConditions *f, bool history,
                           Trd_Common_OrderFill **out, size_t *n_out)
{
    const struct ledger *l = &t->ledger;
    size_t n = 0;
    if (account_sim(a))
        return call_fail(c, "模拟交易不支持成交数据");
    Trd_Common_OrderFill *list = ARENA_ARRAY(c->arena, Trd_Common_OrderFill, l->n_fills + 1);
    if (!list)
        return FUTU_ENOMEM;
    for (size_t i = l->n_fills; i-- > 0;) {
        const struct fill *fill = l->fills[i];
        int32_t today = market_date(fill->order->x.sec->market, exchange_now(t->x));
        if (fill->order->acc != a || (!history && fill->date != today) || !fill_matches(f, fill))
            continue;
        futu_err err = trd_fill_out(c->arena, fill, &list[n++]);
        if (err)
            return err;
    }
    *out = list;
    *n_out = n;
    return FUTU_OK;
}

futu_err trd_get_orders(struct paper *p, struct call *c)
{
    const Trd_GetOrderList_C2S *q = CALL_C2S(c, Trd_GetOrderList);
    Trd_GetOrderList_S2C *s2c = CALL_S2C(c, Trd_GetOrderList);
    struct filter fl = { q->filterConditions, q->filterStatusList, q->n_filterStatusList };
    struct account *a;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = trd_account(p, c, q->header, &a);
    if (!err)
        err = check_filter(c, fl.f, false);
    s2c->header = q->header;
    return err ? err : list_orders(p->trade, c, a, &fl, false, &s2c->orderList, &s2c->n_orderList);
}

futu_err trd_get_history_orders(struct paper *p, struct call *c)
{
    const Trd_GetHistoryOrderList_C2S *q = CALL_C2S(c, Trd_GetHistoryOrderList);
    Trd_GetHistoryOrderList_S2C *s2c = CALL_S2C(c, Trd_GetHistoryOrderList);
    struct filter fl = { q->filterConditions, q->filterStatusList, q->n_filterStatusList };
    struct account *a;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = trd_account(p, c, q->header, &a);
    if (!err)
        err = check_filter(c, fl.f, true);
    s2c->header = q->header;
    return err ? err : list_orders(p->trade, c, a, &fl, true, &s2c->orderList, &s2c->n_orderList);
}

futu_err trd_get_fills(struct paper *p, struct call *c)
{
    const Trd_GetOrderFillList_C2S *q = CALL_C2S(c, Trd_GetOrderFillList);
    Trd_GetOrderFillList_S2C *s2c = CALL_S2C(c, Trd_GetOrderFillList);
    struct account *a;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = trd_account(p, c, q->header, &a);
    if (!err)
        err = check_filter(c, q->filterConditions, false);
    s2c->header = q->header;
    return err ? err
               : list_fills(p->trade, c, a, q->filterConditions, false, &s2c->orderFillList,
                            &s2c->n_orderFillList);
}

futu_err trd_get_history_fills(struct paper *p, struct call *c)
{
    const Trd_GetHistoryOrderFillList_C2S *q = CALL_C2S(c, Trd_GetHistoryOrderFillList);
    Trd_GetHistoryOrderFillList_S2C *s2c = CALL_S2C(c, Trd_GetHistoryOrderFillList);
    struct account *a;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = trd_account(p, c, q->header, &a);
    if (!err && !account_sim(a))
        err = check_filter(c, q->filterConditions, true);
    s2c->header = q->header;
    return err ? err
               : list_fills(p->trade, c, a, q->filterConditions, true, &s2c->orderFillList,
                            &s2c->n_orderFillList);
}
