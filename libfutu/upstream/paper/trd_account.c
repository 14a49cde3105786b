/* trd_account.c - the account list, order fees, cash flow, and what is not offered.
 *
 * Tests: test/unit/upstream/paper/trd_account_test.c
 */
#include <stdio.h>

#include "upstream/paper/trd.h"

#define FEE_ORDERS 400

static void acc_out(const struct account_def *d, Trd_Common_TrdAcc *out)
{
    SET(out, trdEnv, d->env);
    SET(out, accID, d->id);
    out->trdMarketAuthList = (int32_t *)d->markets;     /* read only on its way out */
    out->n_trdMarketAuthList = d->n_markets;
    SET(out, accType, d->type);
    out->cardNum = str_c(d->card);
    out->uniCardNum = str_c(d->uni_card);
    SET(out, accStatus, Trd_Common_TrdAccStatus_Active);
    SET(out, accRole, Trd_Common_TrdAccRole_Normal);
    if (d->firm)
        SET(out, securityFirm, d->firm);
    if (d->sim_type)
        SET(out, simAccType, d->sim_type);
}

futu_err trd_get_acc_list(struct paper *p, struct call *c)
{
    const Trd_GetAccList_C2S *q = CALL_C2S(c, Trd_GetAccList);
    Trd_GetAccList_S2C *s2c = CALL_S2C(c, Trd_GetAccList);
    (void)p;
    if (!s2c || !(s2c->accList = ARENA_ARRAY(c->arena, Trd_Common_TrdAcc, ACCOUNTS)))
        return FUTU_ENOMEM;
    if (q->has_trdCategory && q->trdCategory > Trd_Common_TrdCategory_Security)
        return FUTU_OK;         /* futures, crypto: no accounts */
    bool universal = !q->has_needGeneralSecAccount || q->needGeneralSecAccount;
    for (size_t i = 0; i < ACCOUNTS; i++) {
        if (account_defs[i].n_markets > 1 && !universal)
            continue;
        acc_out(&account_defs[i], &s2c->accList[s2c->n_accList++]);
    }
    return FUTU_OK;
}

static futu_err fee_out(struct call *c, const struct order *o, Trd_Common_OrderFee *out)
{
    struct fees f;
    fees_of(o->x.sec, o->x.buy, o->s.filled, o->s.amount, &f);
    out->orderIDEx = str_dup(c->arena, str_c(o->id_ex));
    out->feeList = ARENA_ARRAY(c->arena, Trd_Common_OrderFeeItem, FEES_MAX);
    if (!out->orderIDEx.p || !out->feeList)
        return FUTU_ENOMEM;
    SET(out, feeAmount, px_double(f.total));
    for (size_t i = 0; i < f.n; i++) {
        Trd_Common_OrderFeeItem *item = &out->feeList[out->n_feeList++];
        item->title = str_c(f.item[i].title);
        SET(item, value, px_double(f.item[i].value));
    }
    return FUTU_OK;
}

futu_err trd_get_order_fee(struct paper *p, struct call *c)
{
    const Trd_GetOrderFee_C2S *q = CALL_C2S(c, Trd_GetOrderFee);
    Trd_GetOrderFee_S2C *s2c = CALL_S2C(c, Trd_GetOrderFee);
    struct account *a;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = trd_account(p, c, q->header, &a);
    if (err)
        return err;
    if (account_sim(a))
        return call_fail(c, "暂时不支持模拟交易");
    if (q->n_orderIdExList == 0)
        return call_missing(c, "orderIdExList");
    if (q->n_orderIdExList > FEE_ORDERS)
        return call_fail(c, "orderIdExList has more than %d orders", FEE_ORDERS);
    s2c->header = q->header;
    s2c->orderFeeList = ARENA_ARRAY(c->arena, Trd_Common_OrderFee, q->n_orderIdExList);
    if (!s2c->orderFeeList)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < q->n_orderIdExList && !err; i++) {
        const struct order *o = ledger_order_ex(&p->trade->ledger, q->orderIdExList[i]);
        if (!o || o->acc != a)
            return call_fail(c, "account %llu has no order " STR_FMT,
                             (unsigned long long)a->def->id, STR_ARG(q->orderIdExList[i]));
        err = fee_out(c, o, &s2c->orderFeeList[s2c->n_orderFeeList++]);
    }
    return err;
}

struct flow {
    uint64_t id;
    int32_t currency, market, date, settle;
    const char *type;
    int64_t amount, time;
    const struct fill *fill;    /* NULL: starting cash */
};

struct flow_query {
    const Trd_FlowSummary_C2S *q;
    struct call *c;
    Trd_FlowSummary_S2C *s2c;
};

static futu_str flow_remark(struct arena *a, const struct flow *f)
{
    if (!f->fill)
        return STR("paper account");
    const struct security *sec = f->fill->order->x.sec;
    return str_printf(a, "%s.%s %lld, order %s", market_prefix(sec->market), sec->code,
                      (long long)f->fill->qty, f->fill->order->id_ex);
}

static bool flow_matches(const Trd_FlowSummary_C2S *q, const struct flow *f, futu_str clearing,
                         futu_str created)
{
    int32_t dir = f->amount >= 0 ? Trd_FlowSummary_TrdCashFlowDirection_In
                                 : Trd_FlowSummary_TrdCashFlowDirection_Out;
    /* Dates of ten characters, so their order as text is their order in time. */
    return f->amount != 0 && str_eq(clearing, q->clearingDate) &&
           (q->cashFlowDirection == 0 || q->cashFlowDirection == dir) &&
           (q->startCreateDate.n == 0 || memcmp(created.p, q->startCreateDate.p, 10) >= 0) &&
           (q->endCreateDate.n == 0 || memcmp(created.p, q->endCreateDate.p, 10) <= 0);
}

/* Adds a movement of cash that the query asks for. */
static futu_err flow_out(const struct flow_query *fq, const struct flow *f)
{
    struct arena *a = fq->c->arena;
    futu_str date = paper_date_text(a, f->date), settle = paper_date_text(a, f->settle);
    futu_str time = paper_time_text(a, f->market, f->time), remark = flow_remark(a, f);
    if (!date.p || !settle.p || !time.p || !remark.p)
        return FUTU_ENOMEM;
    if (!flow_matches(fq->q, f, date, time))
        return FUTU_OK;
    Trd_FlowSummary_FlowSummaryInfo *out =
        &fq->s2c->flowSummaryInfoList[fq->s2c->n_flowSummaryInfoList++];
    out->clearingDate = date;
    out->settlementDate = settle;
    SET(out, currency, f->currency);
    out->cashFlowType = str_c(f->type);
    SET(out, cashFlowDirection, f->amount >= 0 ? Trd_FlowSummary_TrdCashFlowDirection_In
                                               : Trd_FlowSummary_TrdCashFlowDirection_Out);
    SET(out, cashFlowAmount, px_double(f->amount));
    out->cashFlowRemark = remark;
    SET(out, cashFlowID, f->id);
    out->createTime = time;
    return FUTU_OK;
}

/* Shares settle two days after the trade in HK, one day after it elsewhere. */
static int32_t settle_date(int32_t market, int32_t date)
{
    date = market_next_trading_day(market, date);
    return market == MARKET_HK ? market_next_trading_day(market, date) : date;
}

static futu_err fill_flows(const struct flow_query *fq, const struct fill *f)
{
    const struct order *o = f->order;
    int32_t market = o->x.sec->market;
    struct flow flow = { .id = f->id * 2, .currency = o->pos->currency, .market = market,
                         .date = f->date, .settle = settle_date(market, f->date),
                         .type = o->x.buy ? "Buy" : "Sell", .time = f->time, .fill = f,
                         .amount = o->x.buy ? -f->amount : f->amount };
    futu_err err = flow_out(fq, &flow);
    flow.id++;
    flow.type = "Fees";
    flow.amount = -f->fee;
    return err ? err : flow_out(fq, &flow);
}

static futu_err start_flows(const struct flow_query *fq, const struct trade *t,
                            const struct account *a)
{
    futu_err err = FUTU_OK;
    for (int32_t cur = 1; cur < (int32_t)ARRAY_LEN(a->def->cash) && !err; cur++) {
        struct flow flow = { .id = (uint64_t)cur, .currency = cur, .market = MARKET_HK,
                             .date = market_date(MARKET_HK, t->started), .type = "Deposit",
                             .time = t->started, .amount = a->def->cash[cur] * PX_ONE };
        flow.settle = flow.date;
        err = flow_out(fq, &flow);
    }
    return err;
}

static futu_err check_date(struct call *c, futu_str text, const char *name)
{
    int64_t at;
    if (text.n != 10 || market_parse_time(MARKET_HK, text, &at))
        return call_fail(c, "%s \"" STR_FMT "\" is not yyyy-MM-dd", name, STR_ARG(text));
    return FUTU_OK;
}

futu_err trd_get_flow(struct paper *p, struct call *c)
{
    const Trd_FlowSummary_C2S *q = CALL_C2S(c, Trd_FlowSummary);
    struct flow_query fq = { q, c, CALL_S2C(c, Trd_FlowSummary) };
    const struct ledger *l = &p->trade->ledger;
    struct account *a;
    if (!fq.s2c)
        return FUTU_ENOMEM;
    futu_err err = trd_account(p, c, q->header, &a);
    if (!err && account_sim(a))
        return call_fail(c, "模拟账户不支持查询现金流水");
    if (!err)
        err = check_date(c, q->clearingDate, "clearingDate");
    if (!err && q->startCreateDate.n)
        err = check_date(c, q->startCreateDate, "startCreateDate");
    if (!err && q->endCreateDate.n)
        err = check_date(c, q->endCreateDate, "endCreateDate");
    if (err)
        return err;
    fq.s2c->header = q->header;
    fq.s2c->flowSummaryInfoList =
        ARENA_ARRAY(c->arena, Trd_FlowSummary_FlowSummaryInfo, 2 * l->n_fills + CURRENCIES);
    if (!fq.s2c->flowSummaryInfoList)
        return FUTU_ENOMEM;
    err = start_flows(&fq, p->trade, a);
    for (size_t i = 0; i < l->n_fills && !err; i++) {
        if (l->fills[i]->order->acc == a)
            err = fill_flows(&fq, l->fills[i]);
    }
    return err;
}

futu_err trd_unsupported(struct paper *p, struct call *c)
{
    (void)p;
    return call_fail(c, "%s is not supported by the paper exchange", c->row->name);
}
