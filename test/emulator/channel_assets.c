/* channel_assets.c - funds, positions and largest quantities on the emulator's broker channels. */
#include "channel_state.h"
#include "market/market.h"

static struct bk_funds *fill_funds(struct arena *a, const Trd_Common_Funds *f)
{
    struct bk_funds *out = ARENA_NEW(a, struct bk_funds);
    if (!out)
        return NULL;
    SET(out, currency, f->currency);
    out->power = emu_dec(a, f->power);
    out->total = emu_dec(a, f->totalAssets);
    out->cash = emu_dec(a, f->cash);
    out->market_val = emu_dec(a, f->marketVal);
    out->frozen = emu_dec(a, f->frozenCash);
    out->debt = emu_dec(a, f->debtCash);
    out->withdrawable = emu_dec(a, f->avlWithdrawalCash);
    out->max_short = emu_dec(a, f->maxPowerShort);
    out->net_power = emu_dec(a, f->netCashPower);
    out->long_mv = emu_dec(a, f->longMv);
    out->short_mv = emu_dec(a, f->shortMv);
    out->cash_list = arena_array(a, f->n_cashInfoList + 1, sizeof(*out->cash_list));
    for (; out->cash_list && out->n_cash_list < f->n_cashInfoList; out->n_cash_list++) {
        const Trd_Common_AccCashInfo *from = &f->cashInfoList[out->n_cash_list];
        struct bk_cash *to = &out->cash_list[out->n_cash_list];
        SET(to, currency, from->currency);
        to->cash = emu_dec(a, from->cash);
        to->available = emu_dec(a, from->availableBalance);
        to->power = emu_dec(a, from->netCashPower);
    }
    return out;
}

static void fill_position(struct arena *a, const Trd_Common_Position *p, struct bk_position *out)
{
    SET(out, position_id, p->positionID);
    SET(out, side, p->positionSide);
    out->symbol = p->code;
    out->name = p->name;
    out->qty = emu_dec(a, p->qty);
    out->can_sell = emu_dec(a, p->canSellQty);
    out->price = emu_dec(a, p->price);
    out->cost = emu_dec(a, p->costPrice);
    out->value = emu_dec(a, p->val);
    out->profit = emu_dec(a, p->plVal);
    SET(out, market_code, bk_state_id(market_of_sec_market(p->secMarket)));
    SET(out, trade_market, p->trdMarket);
    SET(out, currency, p->currency);
    out->today_profit = emu_dec(a, p->td_plVal);
    out->today_value = emu_dec(a, p->td_trdVal);
    out->today_buy_value = emu_dec(a, p->td_buyVal);
    out->today_buy_qty = emu_dec(a, p->td_buyQty);
    out->today_sell_value = emu_dec(a, p->td_sellVal);
    out->today_sell_qty = emu_dec(a, p->td_sellQty);
    out->unrealized = emu_dec(a, p->unrealizedPL);
    out->realized = emu_dec(a, p->realizedPL);
}

void emu_assets(struct emu_call *c)
{
    struct bk_assets_req q;
    struct bk_assets_rsp r = { .err_msg = STR("") };
    const char *why;
    if (codec_decode(&bk_assets_req_msg, c->a, c->body, c->n, &q, NULL, NULL))
        return;
    struct emu_account *a = q.header ? emu_account_of(c->k, q.header->account) : NULL;
    if (!a) {
        emu_answer_order(c, 5, "unknown account", STR_NULL);
        return;
    }
    Trd_Common_TrdHeader h = emu_header_of(a, a->market);
    Trd_GetFunds_C2S f2s = { .header = &h };
    if (q.has_currency)
        SET(&f2s, currency, q.currency);
    const Trd_GetFunds_Request fq = { .c2s = &f2s };
    Trd_GetFunds_Response *f = emu_ask_paper(c->k->e, 2101, &fq, &why);
    Trd_GetPositionList_C2S p2s = { .header = &h };
    const Trd_GetPositionList_Request pq = { .c2s = &p2s };
    Trd_GetPositionList_Response *p = f ? emu_ask_paper(c->k->e, 2102, &pq, &why) : NULL;
    if (!p) {
        emu_answer_order(c, 2, why, STR_NULL);
        return;
    }
    SET(&r, result_code, 0);
    r.funds = fill_funds(c->a, f->s2c->funds);
    size_t n = p->s2c->n_positionList;
    r.positions = arena_array(c->a, n + 1, sizeof(*r.positions));
    for (size_t i = 0; r.positions && i < n; i++)
        if (emu_of_market(a, p->s2c->positionList[i].trdMarket))
            fill_position(c->a, &p->s2c->positionList[i], &r.positions[r.n_positions++]);
    emu_reply(c->k, c->command, c->serial, &bk_assets_rsp_msg, &r);
}

void emu_max_qty(struct emu_call *c)
{
    struct bk_max_qty_req q;
    struct bk_max_qty_rsp r = { .err_msg = STR("") };
    const char *why;
    if (codec_decode(&bk_max_qty_req_msg, c->a, c->body, c->n, &q, NULL, NULL))
        return;
    struct emu_account *a = q.header ? emu_account_of(c->k, q.header->account) : NULL;
    int32_t sec_market = emu_sec_market_of(q.exchange_code);
    if (!a) {
        emu_answer_order(c, 5, "unknown account", STR_NULL);
        return;
    }
    Trd_Common_TrdHeader h = emu_header_of(a, market_trd_market(market_of_sec_market(sec_market)));
    Trd_GetMaxTrdQtys_C2S c2s = { .header = &h, .code = q.symbol };
    SET(&c2s, orderType, q.type);
    SET(&c2s, price, emu_num(q.price));
    SET(&c2s, secMarket, sec_market);
    const Trd_GetMaxTrdQtys_Request rq = { .c2s = &c2s };
    Trd_GetMaxTrdQtys_Response *m = emu_ask_paper(c->k->e, 2111, &rq, &why);
    SET(&r, result_code, m ? 0 : 2);
    r.err_msg = str_c(m ? "" : why);
    if (m) {
        const Trd_Common_MaxTrdQtys *x = m->s2c->maxTrdQtys;
        r.cash_buy = emu_dec(c->a, x->maxCashBuy);
        r.margin_buy = emu_dec(c->a, x->maxCashAndMarginBuy);
        r.sell = emu_dec(c->a, x->maxPositionSell);
        r.short_sell = emu_dec(c->a, x->maxSellShort);
        r.buy_back = emu_dec(c->a, x->maxBuyBack);
    }
    emu_reply(c->k, c->command, c->serial, &bk_max_qty_rsp_msg, &r);
}
