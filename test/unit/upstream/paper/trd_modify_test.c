/* trd_modify_test.c - modify, cancel, disable, enable, delete, cancel all; and what is refused. */
#include "fake_exchange.h"
#include "trd_fixture.h"

enum { MODIFY = 1, CANCEL, DISABLE, ENABLE, DELETE };

static uint64_t part_filled(uint64_t acc)
{
    uint64_t id = fx_limit(acc, 1, "00700", 1, 1500, 500);
    ck_assert_int_eq(fx_status(acc, id), 10);
    return id;
}

static int32_t modify(uint64_t acc, uint64_t id, double qty, double price)
{
    Trd_ModifyOrder_C2S q = fx_change(acc, id, MODIFY);
    SET(&q, qty, qty);
    SET(&q, price, price);
    return fx_call(2205, &q);
}

START_TEST(modify_changes_price_and_total)
{
    open_fx();
    uint64_t id = fx_limit(HK_SIM, 1, "00700", 1, 300, 490);
    size_t from = fx.n_log;
    ck_assert_int_eq(modify(HK_SIM, id, 500, 480), 0);
    const Trd_ModifyOrder_S2C *s2c = fx.s2c;
    ck_assert_uint_eq(s2c->orderID, id);
    ck_assert(s2c->orderIDEx.n > 0 && s2c->header);
    ck_assert_str_eq(fx_log_text(from), "2205 2208:5");
    ck_assert_double_eq(fx_funds(HK_SIM)->frozenCash, 240000);
    from = fx.n_log;
    ck_assert_int_eq(modify(HK_SIM, id, 500, 500), 0);      /* now it meets the book */
    ck_assert_str_eq(fx_log_text(from), "2205 2208:5 2208:11");
    const Trd_Common_Order *o = fx_find(HK_SIM, id);
    ck_assert_double_eq(o->qty, 500);
    ck_assert_double_eq(o->fillAvgPrice, 500);
    ck_assert_double_eq(fx_funds(HK_SIM)->frozenCash, 0);
    fx_close();
}
END_TEST

START_TEST(a_refused_modify_leaves_the_order)
{
    open_fx();
    uint64_t id = part_filled(HK_SIM);
    ck_assert_int_eq(modify(HK_SIM, id, 1000, 490), -1);
    ck_assert_msg(fx_said("not above what has been filled"), "%s", fx.msg);
    ck_assert_int_eq(modify(HK_SIM, id, 5000, 490), -1);
    ck_assert_msg(fx_said("账户购买力不足"), "%s", fx.msg);
    ck_assert_int_eq(modify(HK_SIM, id, 1550, 490), -1);
    ck_assert_int_eq(modify(HK_SIM, id, 1600, 490.1), -1);
    ck_assert_msg(fx_said("此产品最小单位为 0.2"), "%s", fx.msg);
    ck_assert_int_eq(fx_op(HK_SIM, id, MODIFY), -1);
    ck_assert_msg(fx_said("缺少必要的参数"), "%s", fx.msg);
    const Trd_Common_Order *o = fx_find(HK_SIM, id);
    ck_assert_double_eq(o->qty, 1500);
    ck_assert_double_eq(o->price, 500);
    ck_assert_double_eq(fx_funds(HK_SIM)->frozenCash, 250000);
    fake_trade(HK00700, 5000000, 500);
    ck_assert_int_eq(fx_status(HK_SIM, id), 11);
    ck_assert_int_eq(modify(HK_SIM, id, 1600, 490), -1);
    ck_assert_msg(fx_said("state 11"), "%s", fx.msg);
    fx_close();
}
END_TEST

START_TEST(cancel_passes_through_its_states)
{
    open_fx();
    uint64_t whole = fx_limit(HK_SIM, 1, "00700", 1, 300, 490);
    size_t from = fx.n_log;
    ck_assert_int_eq(fx_op(HK_SIM, whole, CANCEL), 0);
    ck_assert_str_eq(fx_log_text(from), "2205 2208:13 2208:15");
    uint64_t part = part_filled(HK_SIM);
    from = fx.n_log;
    Trd_ModifyOrder_C2S q = fx_change(HK_SIM, 0, CANCEL);
    q.orderIDEx = fx_find(HK_SIM, part)->orderIDEx;         /* as the Python SDK names it */
    from = fx.n_log;
    ck_assert_int_eq(fx_call(2205, &q), 0);
    ck_assert_uint_eq(((const Trd_ModifyOrder_S2C *)fx.s2c)->orderID, part);
    ck_assert_str_eq(fx_log_text(from), "2205 2208:12 2208:14");
    ck_assert_double_eq(fx_funds(HK_SIM)->frozenCash, 0);
    ck_assert_ptr_null(fake.orders);
    ck_assert_int_eq(fx_op(HK_SIM, part, CANCEL), -1);
    ck_assert_msg(fx_said("state 14"), "%s", fx.msg);
    fx_close();
}
END_TEST

START_TEST(orders_are_found_or_refused_by_name)
{
    open_fx();
    uint64_t id = fx_limit(HK_SIM, 1, "00700", 1, 300, 490);
    ck_assert_int_eq(fx_op(HK_SIM, 0, CANCEL), -1);
    ck_assert_msg(fx_said("缺少必要的参数: orderID"), "%s", fx.msg);
    ck_assert_int_eq(fx_op(HK_SIM, id + 1, CANCEL), -1);
    ck_assert_msg(fx_said("has no order"), "%s", fx.msg);
    ck_assert_int_eq(fx_op(REAL, id, CANCEL), -1);          /* another account's */
    ck_assert_msg(fx_said("has no order"), "%s", fx.msg);
    ck_assert_int_eq(fx_op(HK_SIM, id, 6), -1);
    ck_assert_msg(fx_said("modifyOrderOp 6"), "%s", fx.msg);
    static const char *const wrong[] = { "P20260603-000009", "P20260604-000001", "P20260603-00000x",
                                         "P20260603-000000", "P" };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        Trd_ModifyOrder_C2S q = fx_change(HK_SIM, 0, CANCEL);
        q.orderIDEx = str_c(wrong[i]);
        ck_assert_int_eq(fx_call(2205, &q), -1);
    }
    fx_close();
}
END_TEST

START_TEST(markets_allow_different_changes)
{
    open_fx();
    uint64_t sim = fx_limit(HK_SIM, 1, "00700", 1, 300, 490);
    uint64_t us = fx_limit(REAL, 2, "AAPL", 1, 10, 250);
    uint64_t cn = fx_limit(REAL, 31, "600519", 1, 100, 1400);
    for (int32_t op = DISABLE; op <= DELETE; op++) {
        ck_assert_int_eq(fx_op(HK_SIM, sim, op), -1);
        ck_assert_msg(fx_said("not supported"), "%s", fx.msg);
        ck_assert_int_eq(fx_op(REAL, us, op), -1);
        ck_assert_int_eq(fx_op(REAL, cn, op), -1);
    }
    ck_assert_int_eq(modify(REAL, us, 20, 251), 0);
    ck_assert_int_eq(modify(REAL, cn, 200, 1401), -1);
    ck_assert_msg(fx_said("modify is not supported"), "%s", fx.msg);
    ck_assert_int_eq(fx_op(REAL, cn, CANCEL), 0);
    fx_close();
}
END_TEST

START_TEST(disable_enable_and_delete)
{
    open_fx();
    uint64_t id = fx_limit(REAL, 1, "00700", 1, 300, 490);
    size_t from = fx.n_log;
    ck_assert_int_eq(fx_op(REAL, id, DISABLE), 0);
    ck_assert_str_eq(fx_log_text(from), "2205 2208:22");
    ck_assert_double_eq(fx_funds(REAL)->frozenCash, 0);
    ck_assert_ptr_null(fake.orders);
    ck_assert_int_eq(fx_op(REAL, id, CANCEL), -1);
    from = fx.n_log;
    ck_assert_int_eq(fx_op(REAL, id, ENABLE), 0);
    ck_assert_str_eq(fx_log_text(from), "2205 2208:1 2208:2 2208:5");
    ck_assert_double_gt(fx_funds(REAL)->frozenCash, 147000);
    ck_assert_int_eq(fx_op(REAL, id, DELETE), -1);
    ck_assert_int_eq(fx_op(REAL, id, DISABLE), 0);
    ck_assert_int_eq(fx_op(REAL, id, DELETE), 0);
    ck_assert_ptr_null(fx_find(REAL, id));                  /* hidden */
    uint64_t part = part_filled(REAL);
    ck_assert_int_eq(fx_op(REAL, part, DISABLE), 0);
    ck_assert_int_eq(fx_op(REAL, part, DELETE), -1);        /* it has fills */
    from = fx.n_log;
    ck_assert_int_eq(fx_op(REAL, part, ENABLE), 0);
    ck_assert_str_eq(fx_log_text(from), "2205 2208:1 2208:2 2208:10");
    ck_assert_int_eq(fx_op(REAL, part, DISABLE), 0);
    fake.now += 86400 * NS_PER_S;
    ck_assert_int_eq(fx_op(REAL, part, ENABLE), -1);
    ck_assert_msg(fx_said("expired"), "%s", fx.msg);
    fx_close();
}
END_TEST

static int32_t cancel_all(uint64_t acc, int32_t market)
{
    Trd_ModifyOrder_C2S q = fx_change(acc, 0, CANCEL);
    SET(&q, forAll, true);
    if (market >= 0)
        SET(&q, trdMarket, market);
    return fx_call(2205, &q);
}

START_TEST(cancel_all_by_market)
{
    open_fx();
    uint64_t hk = fx_limit(REAL, 1, "00700", 1, 100, 490);
    uint64_t us = fx_limit(REAL, 2, "AAPL", 1, 10, 250);
    uint64_t us2 = fx_limit(REAL, 2, "AAPL", 1, 10, 251);
    ck_assert_int_eq(cancel_all(REAL, 4), -1);
    ck_assert_msg(fx_said("Stock Connect"), "%s", fx.msg);
    ck_assert_int_eq(cancel_all(HK_SIM, 0), -1);
    ck_assert_msg(fx_said("模拟交易不支持全部撤单"), "%s", fx.msg);
    ck_assert_int_eq(cancel_all(REAL, 6), -1);
    ck_assert_int_eq(cancel_all(REAL, 2), 0);
    ck_assert_int_eq(fx_status(REAL, hk), 5);
    ck_assert_int_eq(fx_status(REAL, us), 15);
    ck_assert_int_eq(fx_status(REAL, us2), 15);
    ck_assert_int_eq(cancel_all(REAL, -1), 0);
    ck_assert_int_eq(fx_status(REAL, hk), 15);
    ck_assert_int_eq(cancel_all(REAL, 0), 0);               /* nothing left is fine */
    fx_close();
}
END_TEST

START_TEST(a_waiting_order_can_be_changed)
{
    open_fx();
    fake.trading = false;
    uint64_t id = fx_limit(HK_SIM, 1, "00700", 1, 300, 490);
    size_t from = fx.n_log;
    ck_assert_int_eq(modify(HK_SIM, id, 200, 480), 0);
    ck_assert_str_eq(fx_log_text(from), "2205 2208:1");
    ck_assert_double_eq(fx_funds(HK_SIM)->frozenCash, 96000);
    from = fx.n_log;
    ck_assert_int_eq(fx_op(HK_SIM, id, CANCEL), 0);
    ck_assert_str_eq(fx_log_text(from), "2205 2208:15");
    fx_close();
}
END_TEST

START_TEST(no_memory_ends_the_order_and_says_so)
{
    open_fx();
    uint64_t id = fx_limit(HK_SIM, 1, "00700", 1, 300, 490);
    fake.no_memory = true;
    ck_assert_int_eq(modify(HK_SIM, id, 200, 480), -1);
    fake.no_memory = false;
    ck_assert_int_eq(fx_status(HK_SIM, id), 15);
    ck_assert(fx_find(HK_SIM, id)->lastErrMsg.n > 0);
    ck_assert_double_eq(fx_funds(HK_SIM)->frozenCash, 0);
    fx_close();
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, modify_changes_price_and_total);
    tcase_add_test(tc, a_refused_modify_leaves_the_order);
    tcase_add_test(tc, cancel_passes_through_its_states);
    tcase_add_test(tc, orders_are_found_or_refused_by_name);
    tcase_add_test(tc, markets_allow_different_changes);
    tcase_add_test(tc, disable_enable_and_delete);
    tcase_add_test(tc, cancel_all_by_market);
    tcase_add_test(tc, a_waiting_order_can_be_changed);
    tcase_add_test(tc, no_memory_ends_the_order_and_says_so);
}

int main(void)
{
    return run_tcase("trd_modify", add);
}
