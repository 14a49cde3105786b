/* trd_account_test.c - account list, funds, largest quantities, fees, cash flow. */
#include "fake_exchange.h"
#include "trd_fixture.h"
#include "upstream/paper/fees.h"
#include "upstream/paper/ledger.h"

static const Trd_GetAccList_S2C *accounts(int32_t category, int general)
{
    Trd_GetAccList_C2S q = { 0 };
    SET(&q, userID, 1);
    SET(&q, trdCategory, category);
    if (general >= 0)
        SET(&q, needGeneralSecAccount, general > 0);
    ck_assert_int_eq(fx_call(2001, &q), 0);
    return fx.s2c;
}

START_TEST(the_account_list)
{
    open_fx();
    const Trd_GetAccList_S2C *l = accounts(1, 1);
    unsigned real = 0, sim = 0;
    ck_assert_uint_eq(l->n_accList, ACCOUNTS);
    for (size_t i = 0; i < l->n_accList; i++) {
        const Trd_Common_TrdAcc *a = &l->accList[i];
        ck_assert_uint_gt(a->n_trdMarketAuthList, 0);   /* the Python SDK reads the first */
        ck_assert(strstr(a->cardNum.p, "PAPER") != NULL);
        ck_assert(a->has_accStatus && a->has_accRole && a->has_accType);
        /* The SDKs' default filter: firm 1, or none named. */
        ck_assert(!a->has_securityFirm || a->securityFirm == 1);
        *(a->trdEnv ? &real : &sim) += 1;
        ck_assert_int_eq(a->has_simAccType, a->trdEnv == 0);
        ck_assert_uint_lt(a->accID, UINT64_C(1) << 53);
    }
    ck_assert_uint_eq(real, 1);
    ck_assert_uint_eq(sim, 3);
    ck_assert_uint_eq(accounts(1, 0)->n_accList, 3);
    ck_assert_uint_eq(accounts(1, -1)->n_accList, 4);
    ck_assert_uint_eq(accounts(2, 1)->n_accList, 0);
    fx_close();
}
END_TEST

START_TEST(funds_in_any_currency)
{
    open_fx();
    Trd_GetFunds_C2S q = { 0 };
    Trd_Common_TrdHeader h = fx_header(REAL, 0);
    q.header = &h;
    SET(&q, currency, 2);
    ck_assert_int_eq(fx_call(2101, &q), 0);
    const Trd_Common_Funds *f = ((const Trd_GetFunds_S2C *)fx.s2c)->funds;
    double usd = 100000 + (1000000 + 100000 * 1.08) / 7.8;
    ck_assert_int_eq(f->currency, 2);
    ck_assert_double_eq_tol(f->totalAssets, usd, 0.01);
    ck_assert_double_eq_tol(f->power, 2 * usd, 0.01);
    ck_assert_uint_eq(f->n_cashInfoList, 3);
    ck_assert_uint_eq(f->n_marketInfoList, 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert(f->cashInfoList[i].has_currency && f->cashInfoList[i].has_cash &&
                  f->cashInfoList[i].has_availableBalance);
        ck_assert(f->marketInfoList[i].has_trdMarket);
    }
    q.currency = 17;
    ck_assert_int_eq(fx_call(2101, &q), -1);
    ck_assert_msg(fx_said("currency 17"), "%s", fx.msg);
    h = fx_header(US_SIM, 0);
    q.currency = 1;                                     /* a simulated account has its own */
    ck_assert_int_eq(fx_call(2101, &q), 0);
    f = ((const Trd_GetFunds_S2C *)fx.s2c)->funds;
    ck_assert_int_eq(f->currency, 2);
    ck_assert_double_eq(f->cash, 1000000);
    fx_close();
}
END_TEST

START_TEST(profit_and_loss)
{
    open_fx();
    fake_sec(HK00700)->q.last_close = 4900000;
    fx_limit(HK_SIM, 1, "00700", 1, 1000, 500);
    fake_trade(HK00700, 5100000, 1);
    const Trd_Common_Position *p = fx_position(HK_SIM, "00700");
    ck_assert_double_eq(p->val, 510000);
    ck_assert_double_eq(p->plVal, 10000);
    ck_assert_double_eq(p->plRatio, 2);
    ck_assert_double_eq(p->unrealizedPL, 10000);
    ck_assert_double_eq(p->td_plVal, 10000);
    ck_assert_double_eq(p->td_buyQty, 1000);
    fake_book(HK00700, 5200000, 400, 0, 0);
    fx_limit(HK_SIM, 1, "00700", 2, 400, 520);
    p = fx_position(HK_SIM, "00700");
    ck_assert_double_eq(p->realizedPL, 8000);
    ck_assert_double_eq(p->averageCostPrice, 500);
    ck_assert_double_eq_tol(p->dilutedCostPrice, (300000 - 8000) / 600.0, 1e-9);
    const Trd_Common_Funds *f = fx_funds(HK_SIM);
    ck_assert_double_eq(f->cash, 1000000 - 500000 + 208000);
    ck_assert_double_eq(f->totalAssets, f->cash + 600 * 520);
    fake.now += 86400 * NS_PER_S;
    fake_sec(HK00700)->q.last_close = 5200000;
    fake_trade(HK00700, 5300000, 1);
    p = fx_position(HK_SIM, "00700");
    ck_assert_double_eq(p->td_plVal, 6000);
    ck_assert_double_eq(p->td_buyQty, 0);
    fx_close();
}
END_TEST

START_TEST(positions_are_filtered)
{
    open_fx();
    fx_limit(REAL, 1, "00700", 1, 100, 500);
    fx_limit(REAL, 2, "AAPL", 1, 10, 262);
    Trd_GetPositionList_C2S q = { 0 };
    Trd_Common_TrdFilterConditions f = { 0 };
    Trd_Common_TrdHeader h = fx_header(REAL, 0);
    q.header = &h;
    q.filterConditions = &f;
    SET(&f, filterMarket, 2);
    ck_assert_int_eq(fx_call(2102, &q), 0);
    const Trd_GetPositionList_S2C *s = fx.s2c;
    ck_assert_uint_eq(s->n_positionList, 1);
    ck_assert(str_is(s->positionList[0].code, "AAPL"));
    uint64_t id = s->positionList[0].positionID;
    f.filterMarket = 0;
    f.idList = &id;
    f.n_idList = 1;
    ck_assert_int_eq(fx_call(2102, &q), 0);
    ck_assert_uint_eq(((const Trd_GetPositionList_S2C *)fx.s2c)->n_positionList, 1);
    f.n_idList = 0;
    SET(&q, filterPLRatioMin, 1);
    ck_assert_int_eq(fx_call(2102, &q), 0);
    ck_assert_uint_eq(((const Trd_GetPositionList_S2C *)fx.s2c)->n_positionList, 0);
    fx_close();
}
END_TEST

static const Trd_Common_MaxTrdQtys *max_qtys(uint64_t acc, int32_t sec_market, const char *code,
                                             double price, uint64_t order)
{
    Trd_GetMaxTrdQtys_C2S q = { 0 };
    Trd_Common_TrdHeader h = fx_header(acc, sec_market);
    q.header = &h;
    SET(&q, orderType, 1);
    q.code = str_c(code);
    SET(&q, price, price);
    SET(&q, secMarket, sec_market);
    SET(&q, orderID, order);
    ck_assert_msg(fx_call(2111, &q) == 0, "%s", fx.msg);
    return ((const Trd_GetMaxTrdQtys_S2C *)fx.s2c)->maxTrdQtys;
}

START_TEST(largest_quantities_are_accepted_and_one_lot_more_is_not)
{
    open_fx();
    fake_book(HK00700, 4998000, 100000, 5000000, 100000);
    const Trd_Common_MaxTrdQtys *m = max_qtys(HK_SIM, 1, "00700", 490, 0);
    double n = m->maxCashBuy;
    ck_assert_double_eq(n, 2000);
    ck_assert_double_eq(m->maxPositionSell, 0);
    ck_assert_uint_eq(fx_limit(HK_SIM, 1, "00700", 1, n + 100, 490), 0);
    uint64_t id = fx_limit(HK_SIM, 1, "00700", 1, n, 490);
    ck_assert_uint_ne(id, 0);
    ck_assert_double_eq(max_qtys(HK_SIM, 1, "00700", 490, 0)->maxCashBuy, 0);
    ck_assert_double_eq(max_qtys(HK_SIM, 1, "00700", 490, id)->maxCashBuy, n);
    m = max_qtys(US_SIM, 2, "AAPL", 262, 0);
    ck_assert_double_eq(m->maxCashBuy, 3816);
    ck_assert_double_eq(m->maxCashAndMarginBuy, 7633);
    ck_assert_double_eq(m->maxSellShort, 7633);
    fx_limit(REAL, 1, "00700", 1, 200, 500);
    m = max_qtys(REAL, 1, "00700", 500, 0);
    ck_assert_double_eq(m->maxPositionSell, 200);
    ck_assert_double_eq(m->maxSellShort, 0);
    fx_close();
}
END_TEST

START_TEST(order_fees)
{
    open_fx();
    uint64_t id = fx_limit(REAL, 1, "00700", 1, 1100, 500);
    const Trd_Common_Order *o = fx_find(REAL, id);
    futu_str ex[1] = { o->orderIDEx };
    Trd_GetOrderFee_C2S q = { 0 };
    Trd_Common_TrdHeader h = fx_header(REAL, 0);
    q.header = &h;
    ck_assert_int_eq(fx_call(2225, &q), -1);
    ck_assert_msg(fx_said("缺少必要的参数: orderIdExList"), "%s", fx.msg);
    q.orderIdExList = ex;
    q.n_orderIdExList = 1;
    ck_assert_int_eq(fx_call(2225, &q), 0);
    const Trd_Common_OrderFee *f = ((const Trd_GetOrderFee_S2C *)fx.s2c)->orderFeeList;
    struct fees fees;
    fees_of(HK00700, true, 1000, 500000 * PX_ONE, &fees);
    ck_assert_double_eq_tol(f->feeAmount, (double)fees.total / 1e4, 1e-9);
    ck_assert_uint_eq(f->n_feeList, fees.n);
    ck_assert(f->feeList[0].title.n > 0 && f->feeList[0].has_value);
    ex[0] = STR("P20260603-000099");
    ck_assert_int_eq(fx_call(2225, &q), -1);
    ck_assert_msg(fx_said("no order P20260603-000099"), "%s", fx.msg);
    h = fx_header(HK_SIM, 0);
    ck_assert_int_eq(fx_call(2225, &q), -1);
    ck_assert(fx_said("暂时不支持模拟交易"));
    fx_close();
}
END_TEST

START_TEST(cash_flow_adds_up)
{
    open_fx();
    fx_limit(REAL, 1, "00700", 1, 200, 500);
    fx_limit(REAL, 1, "00700", 2, 100, 499.8);
    Trd_FlowSummary_C2S q = { 0 };
    Trd_Common_TrdHeader h = fx_header(REAL, 0);
    q.header = &h;
    q.clearingDate = STR("2026-06-03");
    ck_assert_int_eq(fx_call(2226, &q), 0);
    const Trd_FlowSummary_S2C *s = fx.s2c;
    double hkd = 0;
    ck_assert_uint_eq(s->n_flowSummaryInfoList, 7);     /* three deposits, two trades with fees */
    for (size_t i = 0; i < s->n_flowSummaryInfoList; i++) {
        const Trd_FlowSummary_FlowSummaryInfo *f = &s->flowSummaryInfoList[i];
        hkd += f->currency == 1 ? f->cashFlowAmount : 0;
        ck_assert_int_eq(f->cashFlowDirection, f->cashFlowAmount > 0 ? 1 : 2);
    }
    ck_assert(str_is(s->flowSummaryInfoList[3].settlementDate, "2026-06-05"));
    ck_assert_double_eq_tol(fx_funds(REAL)->cashInfoList[0].cash, hkd, 1e-6);
    SET(&q, cashFlowDirection, 1);
    ck_assert_int_eq(fx_call(2226, &q), 0);
    ck_assert_uint_eq(((const Trd_FlowSummary_S2C *)fx.s2c)->n_flowSummaryInfoList, 4);
    q.startCreateDate = STR("2026-06-04");
    ck_assert_int_eq(fx_call(2226, &q), 0);
    ck_assert_uint_eq(((const Trd_FlowSummary_S2C *)fx.s2c)->n_flowSummaryInfoList, 0);
    q.clearingDate = STR("today");
    ck_assert_int_eq(fx_call(2226, &q), -1);
    ck_assert_msg(fx_said("clearingDate"), "%s", fx.msg);
    h = fx_header(HK_SIM, 0);
    ck_assert_int_eq(fx_call(2226, &q), -1);
    ck_assert(fx_said("模拟账户不支持查询现金流水"));
    fx_close();
}
END_TEST

START_TEST(margin_ratios)
{
    open_fx();
    Qot_Common_Security sec[2] = { 0 };
    Trd_GetMarginRatio_C2S q = { .securityList = sec, .n_securityList = 2 };
    Trd_Common_TrdHeader h = fx_header(REAL, 0);
    q.header = &h;
    SET(&sec[0], market, 1);
    sec[0].code = STR("00700");
    SET(&sec[1], market, 21);
    sec[1].code = STR("600519");
    ck_assert_int_eq(fx_call(2223, &q), 0);
    const Trd_GetMarginRatio_S2C *s = fx.s2c;
    ck_assert_uint_eq(s->n_marginRatioInfoList, 2);
    ck_assert(s->marginRatioInfoList[0].isShortPermit);
    ck_assert(!s->marginRatioInfoList[1].isShortPermit);
    sec[1].code = STR("1");
    ck_assert_int_eq(fx_call(2223, &q), -1);
    ck_assert_msg(fx_said("未知股票 1"), "%s", fx.msg);
    h = fx_header(HK_SIM, 0);
    ck_assert_int_eq(fx_call(2223, &q), -1);
    ck_assert(fx_said("模拟账户不支持"));
    fx_close();
}
END_TEST

START_TEST(what_is_not_offered_says_its_name)
{
    open_fx();
    Trd_Common_TrdHeader h = fx_header(REAL, 0);
    Trd_ReconfirmOrder_C2S q = { .header = &h, .packetID = &fx_packet };
    SET(&fx_packet, connID, 1);
    SET(&fx_packet, serialNo, 1);
    SET(&q, orderID, 1);
    SET(&q, reconfirmReason, 1);
    ck_assert_int_eq(fx_call(2237, &q), -1);
    ck_assert_msg(fx_said("Trd_ReconfirmOrder"), "%s", fx.msg);
    fx_close();
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, the_account_list);
    tcase_add_test(tc, funds_in_any_currency);
    tcase_add_test(tc, profit_and_loss);
    tcase_add_test(tc, positions_are_filtered);
    tcase_add_test(tc, largest_quantities_are_accepted_and_one_lot_more_is_not);
    tcase_add_test(tc, order_fees);
    tcase_add_test(tc, cash_flow_adds_up);
    tcase_add_test(tc, margin_ratios);
    tcase_add_test(tc, what_is_not_offered_says_its_name);
}

int main(void)
{
    return run_tcase("trd_account", add);
}
