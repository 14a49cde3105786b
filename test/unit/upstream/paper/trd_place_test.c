/* trd_place_test.c - placing orders: life of an order, order of reply and pushes, every refusal. */
#include "fake_exchange.h"
#include "trd_fixture.h"
#include "upstream/paper/fees.h"
#include "upstream/paper/ledger.h"

START_TEST(a_limit_order_lives_and_fills)
{
    open_fx();
    uint64_t id = fx_limit(HK_SIM, 1, "00700", 1, 300, 490);
    ck_assert_uint_ne(id, 0);
    ck_assert_str_eq(fx_log_text(0), "2202 2208:2 2208:5");
    const Trd_Common_Order *o = fx_find(HK_SIM, id);
    ck_assert_int_eq(o->orderStatus, 5);
    ck_assert_int_eq(o->trdSide, 1);
    ck_assert_double_eq(o->qty, 300);
    ck_assert_double_eq(o->price, 490);
    ck_assert_double_eq(o->fillQty, 0);
    ck_assert_int_eq(o->trdMarket, 1);
    ck_assert_int_eq(o->secMarket, 1);
    ck_assert_int_eq(o->currency, 1);
    ck_assert(str_is(o->code, "00700"));
    ck_assert(str_is(o->createTime, "2026-06-03 10:30:00"));
    ck_assert_double_eq(o->createTimestamp, 1780453800);
    ck_assert(o->lastErrMsg.p != NULL && o->name.n > 0);
    ck_assert_double_eq(fx_funds(HK_SIM)->frozenCash, 147000);
    size_t from = fx.n_log;
    fake_trade(HK00700, 4900000, 100);
    fake_trade(HK00700, 4900000, 1000);
    fx_run(50);
    ck_assert_str_eq(fx_log_text(from), "2208:10 2208:11");     /* no 2218 of a simulated account */
    ck_assert_double_eq(fx.log[from].fill_qty, 100);
    ck_assert_double_eq(fx.log[from + 1].fill_qty, 300);
    ck_assert_uint_eq(fx.log[from].acc_id, HK_SIM);
    o = fx_find(HK_SIM, id);
    ck_assert_int_eq(o->orderStatus, 11);
    ck_assert_double_eq(o->fillAvgPrice, 490);
    const Trd_Common_Funds *f = fx_funds(HK_SIM);
    ck_assert_double_eq(f->frozenCash, 0);
    ck_assert_double_eq(f->cash, 1000000 - 147000);
    const Trd_Common_Position *p = fx_position(HK_SIM, "00700");
    ck_assert_double_eq(p->qty, 300);
    ck_assert_double_eq(p->canSellQty, 300);
    ck_assert_double_eq(p->costPrice, 490);
    ck_assert_int_eq(p->secMarket, 1);
    fx_close();
}
END_TEST

START_TEST(a_real_order_charges_fees_and_pushes_fills)
{
    open_fx();
    uint64_t id = fx_limit(REAL, 1, "00700", 1, 1100, 500);
    ck_assert_uint_ne(id, 0);
    ck_assert_str_eq(fx_log_text(0), "2202 2208:2 2208:5 2208:10 2218");
    ck_assert_double_eq(fx.log[4].qty, 1000);
    ck_assert_double_eq(fx.log[4].price, 500);
    ck_assert_uint_eq(fx.log[4].order_id, id);
    fake_trade(HK00700, 5000000, 5000);
    fx_run(50);
    ck_assert_int_eq(fx_status(REAL, id), 11);
    struct fees fees;
    fees_of(HK00700, true, 1100, 550000 * PX_ONE, &fees);
    const Trd_Common_Funds *f = fx_funds(REAL);
    double other = 100000 * 7.8 + 100000 * 1.08;
    ck_assert_double_eq_tol(f->cash, 1000000 + other - 550000 - (double)fees.total / 1e4, 1e-6);
    ck_assert_double_eq(f->frozenCash, 0);
    fx_close();
}
END_TEST

START_TEST(a_market_order_takes_the_book_and_drops_the_rest)
{
    open_fx();
    Trd_PlaceOrder_C2S q = fx_order(HK_SIM, 1, "00700", 1, 1200, 0);
    q.orderType = Trd_Common_OrderType_Market;
    q.has_price = false;
    uint64_t id = fx_place(&q);
    ck_assert_uint_ne(id, 0);
    ck_assert_str_eq(fx_log_text(0), "2202 2208:2 2208:5 2208:10 2208:14");
    const Trd_Common_Order *o = fx_find(HK_SIM, id);
    ck_assert_double_eq(o->fillQty, 1000);
    ck_assert(o->lastErrMsg.n > 0);
    ck_assert_double_eq(fx_funds(HK_SIM)->frozenCash, 0);
    q.qty = 100;                                    /* nothing is offered now */
    ck_assert_int_eq(fx_call(2202, &q), -1);
    ck_assert_msg(fx_said("no offer"), "%s", fx.msg);
    fx_close();
}
END_TEST

/* Places with one change and expects a refusal that says `part`. */
#define REFUSED(q, part)                                                                           \
    do {                                                                                           \
        size_t n_ = fx.n_log;                                                                      \
        ck_assert_int_eq(fx_call(2202, &(q)), -1);                                                 \
        ck_assert_msg(fx_said(part), "%s", fx.msg);                                                \
        ck_assert_ptr_null(fx.s2c);                                                                \
        ck_assert_uint_eq(fx.n_log, n_ + 1);                                                       \
    } while (0)

START_TEST(accounts_and_securities_are_checked)
{
    open_fx();
    Trd_PlaceOrder_C2S q = fx_order(HK_SIM, 1, "00700", 1, 100, 500);
    fx_last_header.accID = 42;
    REFUSED(q, "unknown account: header.accID 42");
    q = fx_order(HK_SIM, 1, "00700", 1, 100, 500);
    fx_last_header.trdEnv = 1;
    REFUSED(q, "header.trdEnv 1");
    q = fx_order(HK_SIM, 1, "00700", 1, 100, 500);
    fx_last_header.trdMarket = 2;
    REFUSED(q, "header.trdMarket 2");
    q = fx_order(HK_SIM, 1, "00000", 1, 100, 500);
    REFUSED(q, "未知股票 00000");
    q = fx_order(HK_SIM, 1, "", 1, 100, 500);
    REFUSED(q, "缺少必要的参数: code");
    q = fx_order(HK_SIM, 1, "800000", 1, 100, 500);
    REFUSED(q, "index");
    q = fx_order(HK_SIM, 2, "AAPL", 1, 100, 500);
    fx_last_header.trdMarket = 1;
    REFUSED(q, "does not trade US.AAPL");
    q = fx_order(REAL, 2, "AAPL", 1, 100, 262);
    fx_last_header.trdMarket = 1;
    REFUSED(q, "not the market of US.AAPL");
    q = fx_order(REAL, 31, "600519", 1, 100, 1400);
    fx_last_header.trdMarket = 3;                   /* as the SDK derives it: fine too */
    ck_assert_int_eq(fx_call(2202, &q), 0);
    q = fx_order(CN_SIM, 32, "000001", 1, 100, 11);
    q.has_secMarket = false;                        /* the share, not Shanghai's index */
    ck_assert_int_eq(fx_call(2202, &q), 0);
    fx_close();
}
END_TEST

START_TEST(numbers_are_checked)
{
    static const double bad_qty[] = { 0, -100, 150, 100.5, 1e12, 0.0 / 0.0 };
    static const double bad_px[] = { 0, -1, 1e9, 0.0 / 0.0 };
    open_fx();
    for (size_t i = 0; i < ARRAY_LEN(bad_qty); i++) {
        Trd_PlaceOrder_C2S q = fx_order(HK_SIM, 1, "00700", 1, bad_qty[i], 500);
        REFUSED(q, "qty");
    }
    for (size_t i = 0; i < ARRAY_LEN(bad_px); i++) {
        Trd_PlaceOrder_C2S q = fx_order(HK_SIM, 1, "00700", 1, 100, bad_px[i]);
        REFUSED(q, "price");
    }
    Trd_PlaceOrder_C2S q = fx_order(HK_SIM, 1, "00700", 1, 100, 500);
    q.has_price = false;
    REFUSED(q, "缺少必要的参数: price");
    q = fx_order(REAL, 1, "00700", 1, 900000000, 5000000);
    REFUSED(q, "price times qty");
    q = fx_order(HK_SIM, 1, "00700", 5, 100, 500);
    REFUSED(q, "trdSide 5");
    q = fx_order(HK_SIM, 1, "00700", 1, 100, 500);
    q.remark = STR("0123456789012345678901234567890123456789012345678901234567890123+");
    REFUSED(q, "remark");
    q.remark.n = 64;
    ck_assert_int_eq(fx_call(2202, &q), 0);
    fx_close();
}
END_TEST

START_TEST(prices_stand_on_steps)
{
    open_fx();
    Trd_PlaceOrder_C2S q = fx_order(HK_SIM, 1, "00700", 1, 100, 490.03);
    REFUSED(q, "此产品最小单位为 0.2，请调整至最小单位的整数倍后再提交");
    SET(&q, adjustPrice, true);                     /* towards the client: down for a buy */
    uint64_t id = fx_place(&q);
    ck_assert_double_eq(fx_find(HK_SIM, id)->price, 490);
    SET(&q, adjustSideAndLimit, 0.001);
    id = fx_place(&q);
    ck_assert_double_eq(fx_find(HK_SIM, id)->price, 490.2);
    SET(&q, adjustSideAndLimit, -0.00001);
    REFUSED(q, "此产品最小单位为 0.2");
    q = fx_order(US_SIM, 2, "AAPL", 1, 1, 262.005);
    REFUSED(q, "此产品最小单位为 0.01");
    fx_close();
}
END_TEST

START_TEST(simulated_accounts_keep_their_limits)
{
    open_fx();
    for (int32_t type = 5; type <= 15; type++) {
        Trd_PlaceOrder_C2S q = fx_order(HK_SIM, 1, "00700", 1, 100, 500);
        q.orderType = type;
        REFUSED(q, "模拟交易不支持此订单类型");
    }
    for (int32_t tif = 1; tif <= 3; tif++) {
        Trd_PlaceOrder_C2S q = fx_order(HK_SIM, 1, "00700", 1, 100, 500);
        SET(&q, timeInForce, tif);
        REFUSED(q, "timeInForce");
    }
    Trd_PlaceOrder_C2S q = fx_order(US_SIM, 2, "AAPL", 1, 10, 262);
    SET(&q, session, 4);
    REFUSED(q, "夜盘");
    q.session = 3;
    SET(&q, fillOutsideRTH, true);
    ck_assert_int_eq(fx_call(2202, &q), 0);
    q.orderType = 2;
    REFUSED(q, "fillOutsideRTH");
    for (int32_t type = 16; type <= 20; type++) {
        q = fx_order(REAL, 1, "00700", 1, 100, 500);
        q.orderType = type;
        REFUSED(q, "orderType");
    }
    fx_close();
}
END_TEST

START_TEST(money_and_positions_bound_orders)
{
    open_fx();
    Trd_PlaceOrder_C2S q = fx_order(HK_SIM, 1, "00700", 1, 2100, 500);
    REFUSED(q, "账户购买力不足");
    q = fx_order(HK_SIM, 1, "00700", 2, 100, 500);
    REFUSED(q, "可卖数量不足");
    ck_assert_uint_ne(fx_limit(HK_SIM, 1, "00700", 1, 200, 500), 0);
    ck_assert_uint_ne(fx_limit(HK_SIM, 1, "00700", 2, 100, 510), 0);
    ck_assert_double_eq(fx_position(HK_SIM, "00700")->canSellQty, 100);
    q = fx_order(HK_SIM, 1, "00700", 2, 200, 510);
    REFUSED(q, "可卖数量不足: 100 of HK.00700");
    ck_assert_uint_ne(fx_limit(HK_SIM, 1, "00700", 1, 1800, 490), 0);   /* 882,000 of 900,000 */
    q = fx_order(HK_SIM, 1, "00700", 1, 100, 490);
    REFUSED(q, "账户购买力不足");
    fx_close();
}
END_TEST

START_TEST(a_shares_bought_today_stay)
{
    open_fx();
    ck_assert_uint_ne(fx_limit(CN_SIM, 31, "600519", 1, 100, 1450), 0);
    const Trd_Common_Position *p = fx_position(CN_SIM, "600519");
    ck_assert_double_eq(p->qty, 100);
    ck_assert_double_eq(p->canSellQty, 0);
    Trd_PlaceOrder_C2S q = fx_order(CN_SIM, 31, "600519", 2, 100, 1450);
    REFUSED(q, "from tomorrow");
    fake.now += 86400 * NS_PER_S;
    ck_assert_double_eq(fx_position(CN_SIM, "600519")->canSellQty, 100);
    ck_assert_int_eq(fx_call(2202, &q), 0);
    fx_close();
}
END_TEST

START_TEST(shorts_open_and_close)
{
    open_fx();
    uint64_t id = fx_limit(US_SIM, 2, "AAPL", 2, 50, 261.99);
    const Trd_Common_Order *o = fx_find(US_SIM, id);
    ck_assert_int_eq(o->trdSide, Trd_Common_TrdSide_SellShort);
    ck_assert_int_eq(o->orderStatus, 11);
    const Trd_Common_Position *p = fx_position(US_SIM, "AAPL");
    ck_assert_int_eq(p->positionSide, 1);
    ck_assert_double_eq(p->qty, -50);
    ck_assert_double_eq(p->costPrice, 261.99);
    Trd_PlaceOrder_C2S q = fx_order(US_SIM, 2, "AAPL", 1, 60, 262);
    REFUSED(q, "bought back");
    id = fx_limit(US_SIM, 2, "AAPL", 1, 50, 262);
    ck_assert_int_eq(fx_find(US_SIM, id)->trdSide, Trd_Common_TrdSide_BuyBack);
    ck_assert_ptr_null(fx_position(US_SIM, "AAPL"));
    ck_assert_double_eq_tol(fx_funds(US_SIM)->cash, 1000000 - 0.5, 1e-9);
    /* Not both ways at once. */
    fake_book(AAPL, 2619900, 100, 2620000, 100);
    ck_assert_uint_ne(fx_limit(US_SIM, 2, "AAPL", 1, 10, 250), 0);
    q = fx_order(US_SIM, 2, "AAPL", 2, 10, 270);
    REFUSED(q, "opens a long position");
    q = fx_order(US_SIM, 2, "AAPL", 4, 10, 250);    /* named buy back, but there is no short */
    REFUSED(q, "trdSide 4");
    fx_close();
}
END_TEST

START_TEST(outside_of_the_session)
{
    open_fx();
    fake.trading = false;
    uint64_t id = fx_limit(HK_SIM, 1, "00700", 1, 100, 500);
    ck_assert_str_eq(fx_log_text(0), "2202 2208:1");
    ck_assert_double_eq(fx_funds(HK_SIM)->frozenCash, 50000);
    Trd_PlaceOrder_C2S q = fx_order(HK_SIM, 1, "00700", 1, 100, 500);
    q.orderType = 2;
    REFUSED(q, "closed");
    q = fx_order(REAL, 1, "00700", 1, 100, 500);
    SET(&q, timeInForce, 2);
    REFUSED(q, "closed");
    size_t from = fx.n_log;
    fake.trading = true;
    fx_run(50);
    ck_assert_str_eq(fx_log_text(from), "2208:2 2208:5 2208:11");
    ck_assert_int_eq(fx_status(HK_SIM, id), 11);
    fx_close();
}
END_TEST

START_TEST(day_orders_end_with_the_day)
{
    open_fx();
    uint64_t empty = fx_limit(REAL, 1, "00700", 1, 100, 490);
    uint64_t part = fx_limit(REAL, 1, "00700", 1, 1200, 500);
    Trd_PlaceOrder_C2S q = fx_order(REAL, 1, "00700", 1, 100, 480);
    SET(&q, timeInForce, 1);
    uint64_t gtc = fx_place(&q);
    SET(&q, timeInForce, 3);
    REFUSED(q, "缺少必要的参数: expireTime");
    q.expireTime = STR("tomorrow");
    REFUSED(q, "expireTime");
    q.expireTime = STR("2020-01-01 10:00:00");
    REFUSED(q, "has passed");
    q.expireTime = STR("2026-06-05");
    uint64_t gtd = fx_place(&q);
    ck_assert(str_is(fx_find(REAL, gtd)->expireTime, "2026-06-05 16:00:00"));
    size_t from = fx.n_log;
    fake.trading = false;
    fake.now = MORNING + 20000 * NS_PER_S;          /* 16:03 */
    fx_run(50);
    ck_assert_str_eq(fx_log_text(from), "2208:15 2208:14");
    ck_assert_int_eq(fx_status(REAL, empty), 15);
    ck_assert_int_eq(fx_status(REAL, part), 14);
    ck_assert_int_eq(fx_status(REAL, gtc), 5);
    fake.now += 3 * 86400 * NS_PER_S;
    fx_run(50);
    ck_assert_int_eq(fx_status(REAL, gtd), 15);
    ck_assert_int_eq(fx_status(REAL, gtc), 5);
    fake.now += 90 * 86400 * NS_PER_S;
    fx_run(50);
    ck_assert_int_eq(fx_status(REAL, gtc), 15);
    ck_assert_double_eq(fx_funds(REAL)->frozenCash, 0);
    fx_close();
}
END_TEST

START_TEST(special_types_of_hong_kong)
{
    open_fx();
    Trd_PlaceOrder_C2S q = fx_order(REAL, 2, "AAPL", 1, 100, 262);
    q.orderType = 8;
    REFUSED(q, "Hong Kong");
    q = fx_order(REAL, 1, "00700", 1, 1200, 500);
    q.orderType = 9;                                /* all or nothing: only 1000 are offered */
    uint64_t id = fx_place(&q);
    ck_assert_int_eq(fx_status(REAL, id), 15);
    ck_assert_double_eq(fx_find(REAL, id)->fillQty, 0);
    q.orderType = 8;
    id = fx_place(&q);
    ck_assert_int_eq(fx_status(REAL, id), 14);
    ck_assert_double_eq(fx_find(REAL, id)->fillQty, 1000);
    fake_book(HK00700, 4998000, 1000, 5000000, 1000);
    q.orderType = 5;
    q.price = 502;                                  /* would fill at 500, not at its own price */
    REFUSED(q, "better price");
    q.price = 500;
    q.qty = 100;
    ck_assert_int_eq(fx_status(REAL, fx_place(&q)), 11);
    q.orderType = 6;
    REFUSED(q, "auction phase");
    fake.trading = false;
    fake.state = Qot_Common_QotMarketState_Auction;
    id = fx_place(&q);
    ck_assert_int_eq(fx_status(REAL, id), 1);
    fake.trading = true;
    fake.state = Qot_Common_QotMarketState_Morning;
    fx_run(50);
    ck_assert_int_eq(fx_status(REAL, id), 11);
    fx_close();
}
END_TEST

START_TEST(immediate_or_cancel)
{
    open_fx();
    Trd_PlaceOrder_C2S q = fx_order(REAL, 1, "00700", 1, 100, 490);
    SET(&q, timeInForce, 2);
    ck_assert_int_eq(fx_status(REAL, fx_place(&q)), 15);
    q.price = 500;
    q.qty = 1500;
    ck_assert_int_eq(fx_status(REAL, fx_place(&q)), 14);
    ck_assert_ptr_null(fake.orders);
    fx_close();
}
END_TEST

START_TEST(no_memory_in_the_exchange_leaves_nothing)
{
    open_fx();
    fake.no_memory = true;
    Trd_PlaceOrder_C2S q = fx_order(REAL, 1, "00700", 1, 100, 490);
    ck_assert_int_eq(fx_call(2202, &q), -1);
    ck_assert_str_eq(fx_log_text(0), "2202");
    ck_assert_double_eq(fx_funds(REAL)->frozenCash, 0);
    fake.no_memory = false;
    ck_assert_int_eq(fx_call(2202, &q), 0);
    fx_close();
}
END_TEST

/* Whatever allocation fails: a failure reply or an order that is listed, held and pushed. */
START_TEST(every_failed_allocation_is_clean)
{
    for (long n = 0;; n++) {
        open_fx();
        bool again = test_alloc_fail_at(n);
        uint64_t id = again ? fx_limit(REAL, 1, "00700", 1, 1100, 500) : 1;
        mem_fail_at(-1);
        if (!again) {
            fx_close();
            break;
        }
        fx_run(50);
        double frozen = fx_funds(REAL)->frozenCash;
        const Trd_Common_Order *o = fx_find(REAL, LEDGER_ORDER_BASE + 1);
        ck_assert_int_eq(o != NULL, frozen > 0);
        ck_assert(o || id == 0);
        if (o) {
            ck_assert_double_eq(o->fillQty, 1000);
            ck_assert_double_eq(fx_position(REAL, "00700")->qty, 1000);
            ck_assert_ptr_nonnull(strstr(fx_log_text(0), "2208:10"));
            ck_assert_ptr_nonnull(strstr(fx_log_text(0), "2218"));
        }
        fx_close();
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_limit_order_lives_and_fills);
    tcase_add_test(tc, a_real_order_charges_fees_and_pushes_fills);
    tcase_add_test(tc, a_market_order_takes_the_book_and_drops_the_rest);
    tcase_add_test(tc, accounts_and_securities_are_checked);
    tcase_add_test(tc, numbers_are_checked);
    tcase_add_test(tc, prices_stand_on_steps);
    tcase_add_test(tc, simulated_accounts_keep_their_limits);
    tcase_add_test(tc, money_and_positions_bound_orders);
    tcase_add_test(tc, a_shares_bought_today_stay);
    tcase_add_test(tc, shorts_open_and_close);
    tcase_add_test(tc, outside_of_the_session);
    tcase_add_test(tc, day_orders_end_with_the_day);
    tcase_add_test(tc, special_types_of_hong_kong);
    tcase_add_test(tc, immediate_or_cancel);
    tcase_add_test(tc, no_memory_in_the_exchange_leaves_nothing);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("trd_place", add);
}
