/* assets.c - funds and positions (command 3020).
 *
 * Tests:   test/unit/upstream/broker/order_test.c
 */
#include "upstream/broker/state.h"

static void no_memory(struct job *j)
{
    job_fail(j, RET_FAILED, "%s", futu_strerror(FUTU_ENOMEM));
}

static void ask(struct job *j, bool has_currency, int32_t currency,
                void (*then)(struct job *j, const struct channel_reply *r))
{
    struct bk_assets_req q = { .header = job_header(j, false, STR_NULL) };
    if (has_currency)
        SET(&q, currency, currency);
    if (q.header)
        job_send(j, j->account->firm->c, CMD_ASSETS, &bk_assets_req_msg, &q, then);
    else
        no_memory(j);
}

static bool fill_cash(struct arena *a, const struct bk_funds *f, Trd_Common_Funds *out)
{
    out->cashInfoList = ARENA_ARRAY(a, Trd_Common_AccCashInfo, f->n_cash_list + 1);
    for (size_t i = 0; out->cashInfoList && i < f->n_cash_list; i++) {
        const struct bk_cash *from = &f->cash_list[i];
        Trd_Common_AccCashInfo *to = &out->cashInfoList[out->n_cashInfoList++];
        SET(to, currency, from->currency);
        SET(to, cash, dec_num(from->cash));
        SET(to, availableBalance, dec_num(from->available));
        SET(to, netCashPower, dec_num(from->power));
    }
    return out->cashInfoList != NULL;
}

/* What the server does not say is absent, unless the public message needs it. */
#define OPTIONAL_NUM(field, text)                                                                  \
    if ((text).p)                                                                                  \
    SET(out, field, dec_num(text))

static void fill_funds(const struct bk_funds *f, Trd_Common_Funds *out)
{
    SET(out, power, dec_num(f->power));
    SET(out, totalAssets, dec_num(f->total));
    SET(out, cash, dec_num(f->cash));
    SET(out, marketVal, dec_num(f->market_val));
    SET(out, frozenCash, dec_num(f->frozen));
    SET(out, debtCash, dec_num(f->debt));
    SET(out, avlWithdrawalCash, dec_num(f->withdrawable));
    if (f->has_currency)
        SET(out, currency, f->currency);
    OPTIONAL_NUM(maxPowerShort, f->max_short);
    OPTIONAL_NUM(netCashPower, f->net_power);
    OPTIONAL_NUM(longMv, f->long_mv);
    OPTIONAL_NUM(shortMv, f->short_mv);
}

static const struct bk_assets_rsp *answer(struct job *j, const struct channel_reply *r)
{
    const struct bk_assets_rsp *a = job_decode(j, r, &bk_assets_rsp_msg);
    return a && job_server_ok(j, a->has_result_code, a->result_code, a->err_msg) ? a : NULL;
}

static void on_funds_reply(struct job *j, const struct channel_reply *r)
{
    const struct bk_assets_rsp *a = answer(j, r);
    if (!a)
        return;
    if (!a->funds) {
        job_fail(j, RET_FAILED, "the broker tells no funds of this account");
        return;
    }
    Trd_GetFunds_S2C *s2c = JOB_S2C(j, Trd_GetFunds);
    if (s2c)
        s2c->funds = ARENA_NEW(&j->arena, Trd_Common_Funds);
    if (!s2c || !s2c->funds || !fill_cash(&j->arena, a->funds, s2c->funds)) {
        no_memory(j);
        return;
    }
    s2c->header = (Trd_Common_TrdHeader *)(uintptr_t)j->header;
    fill_funds(a->funds, s2c->funds);
    job_ok(j);
}

void on_funds(struct job *j)
{
    const Trd_GetFunds_C2S *c = JOB_C2S(j, Trd_GetFunds);
    if (job_account(j, c->header))
        ask(j, c->has_currency, c->currency, on_funds_reply);
}

static void fill_position(const struct bk_position *p, Trd_Common_Position *out)
{
    double cost = dec_num(p->cost), qty = dec_num(p->qty);
    SET(out, positionID, p->position_id);
    SET(out, positionSide, p->side);
    out->code = p->symbol.p ? p->symbol : STR("");
    out->name = p->name.p ? p->name : STR("");
    SET(out, qty, qty);
    SET(out, canSellQty, dec_num(p->can_sell));
    SET(out, price, dec_num(p->price));
    SET(out, val, dec_num(p->value));
    SET(out, plVal, dec_num(p->profit));
    OPTIONAL_NUM(costPrice, p->cost);
    if (cost * qty != 0)
        SET(out, plRatio, dec_num(p->profit) / (cost * qty) * 100);
    SET(out, secMarket, market_sec_market(bk_market_of_id(p->market_code, p->symbol)));
    OPTIONAL_NUM(td_plVal, p->today_profit);
    OPTIONAL_NUM(td_trdVal, p->today_value);
    OPTIONAL_NUM(td_buyVal, p->today_buy_value);
    OPTIONAL_NUM(td_buyQty, p->today_buy_qty);
    OPTIONAL_NUM(td_sellVal, p->today_sell_value);
    OPTIONAL_NUM(td_sellQty, p->today_sell_qty);
    OPTIONAL_NUM(unrealizedPL, p->unrealized);
    OPTIONAL_NUM(realizedPL, p->realized);
    if (p->has_currency)
        SET(out, currency, p->currency);
    if (p->has_trade_market)
        SET(out, trdMarket, bk_trd_market(p->trade_market));
}

static bool passes(const Trd_GetPositionList_C2S *c, const Trd_Common_Position *p)
{
    const Trd_Common_TrdFilterConditions *f = c->filterConditions;
    bool code = !f || f->n_codeList == 0, id = !f || f->n_idList == 0;
    for (size_t i = 0; f && i < f->n_codeList; i++)
        code = code || str_eq(f->codeList[i], p->code);
    for (size_t i = 0; f && i < f->n_idList; i++)
        id = id || f->idList[i] == p->positionID;
    return code && id && (!f || f->filterMarket == 0 || f->filterMarket == p->trdMarket) &&
           (!c->has_filterPLRatioMin || p->plRatio >= c->filterPLRatioMin) &&
           (!c->has_filterPLRatioMax || p->plRatio <= c->filterPLRatioMax);
}

static void on_positions_reply(struct job *j, const struct channel_reply *r)
{
    const Trd_GetPositionList_C2S *c = JOB_C2S(j, Trd_GetPositionList);
    const struct bk_assets_rsp *a = answer(j, r);
    if (!a)
        return;
    Trd_GetPositionList_S2C *s2c = JOB_S2C(j, Trd_GetPositionList);
    if (s2c)
        s2c->positionList = ARENA_ARRAY(&j->arena, Trd_Common_Position, a->n_positions + 1);
    if (!s2c || !s2c->positionList) {
        no_memory(j);
        return;
    }
    s2c->header = (Trd_Common_TrdHeader *)(uintptr_t)j->header;
    for (size_t i = 0; i < a->n_positions; i++) {
        Trd_Common_Position *out = &s2c->positionList[s2c->n_positionList];
        memset(out, 0, sizeof(*out));
        fill_position(&a->positions[i], out);
        s2c->n_positionList += passes(c, out);
    }
    job_ok(j);
}

void on_positions(struct job *j)
{
    const Trd_GetPositionList_C2S *c = JOB_C2S(j, Trd_GetPositionList);
    if (c->has_optionStrategyView && c->optionStrategyView)
        job_not_served(j, "optionStrategyView");
    else if (job_account(j, c->header))
        ask(j, c->has_currency, c->currency, on_positions_reply);
}
