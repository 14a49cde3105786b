/* trd_trigger_test.c - conditional orders wait, trigger on a trade's price, and are checked
 * then. */
#include "fake_exchange.h"
#include "trd_fixture.h"

static Trd_PlaceOrder_C2S stop_order(int32_t type, int32_t side, double aux, double price)
{
    Trd_PlaceOrder_C2S q = fx_order(REAL, 1, "00700", side, 100, price);
    q.orderType = type;
    SET(&q, auxPrice, aux);
    return q;
}

/* Trades at each price in turn; the order's status after the last but one, and after the last. */
static void expect_trigger(uint64_t id, int64_t quiet_px, int64_t px, int32_t after)
{
    fx_run(50);
    ck_assert_int_eq(fx_status(REAL, id), 1);
    fake_trade(HK00700, quiet_px, 1);
    fx_run(50);
    ck_assert_int_eq(fx_status(REAL, id), 1);
    size_t from = fx.n_log;
    fake_trade(HK00700, px, 1);
    fake_trade(HK00700, quiet_px, 1);           /* there and gone: counts all the same */
    fx_run(50);
    ck_assert_int_eq(fx_status(REAL, id), after);
    ck_assert_int_eq(strncmp(fx_log_text(from), "2208:2 2208:5", 13), 0);
}

static void hold(double qty)
{
    fake_book(HK00700, 4998000, 100000, 5000000, 100000);
    ck_assert_uint_ne(fx_limit(REAL, 1, "00700", 1, qty, 500), 0);
}

START_TEST(stop_orders)
{
    open_fx();
    hold(1000);
    Trd_PlaceOrder_C2S q = stop_order(10, 2, 490, 0);
    expect_trigger(fx_place(&q), 4902000, 4900000, 11);
    q = stop_order(10, 1, 510, 0);
    expect_trigger(fx_place(&q), 5098000, 5100000, 11);
    q = stop_order(11, 2, 490, 520);                    /* rests at its limit */
    expect_trigger(fx_place(&q), 4902000, 4900000, 5);
    fx_close();
}
END_TEST

START_TEST(touched_orders)
{
    open_fx();
    hold(1000);
    Trd_PlaceOrder_C2S q = stop_order(12, 2, 510, 0);
    expect_trigger(fx_place(&q), 5098000, 5100000, 11);
    q = stop_order(12, 1, 490, 0);
    expect_trigger(fx_place(&q), 4902000, 4900000, 11);
    q = stop_order(13, 1, 490, 480);
    expect_trigger(fx_place(&q), 4902000, 4900000, 5);
    fx_close();
}
END_TEST

START_TEST(trailing_stops_follow)
{
    open_fx();
    hold(1000);
    Trd_PlaceOrder_C2S q = fx_order(REAL, 1, "00700", 2, 100, 0);
    q.has_price = false;
    q.orderType = 14;
    SET(&q, trailType, 2);
    SET(&q, trailValue, 10);
    uint64_t id = fx_place(&q);
    fake_trade(HK00700, 5200000, 1);                    /* the stop moves to 510 */
    expect_trigger(id, 5102000, 5100000, 11);
    q.trailType = 1;
    q.trailValue = 10;                                  /* percent */
    id = fx_place(&q);
    fake_trade(HK00700, 6000000, 1);
    expect_trigger(id, 5402000, 5400000, 11);
    q.trdSide = 1;
    q.orderType = 15;
    q.trailType = 2;
    SET(&q, trailSpread, 2);
    fake_trade(HK00700, 4800000, 1);
    id = fx_place(&q);
    ck_assert_double_eq(fx_find(REAL, id)->trailSpread, 2);
    expect_trigger(id, 4898000, 4900000, 5);            /* limit 492, below the offer */
    ck_assert_double_eq(fx_find(REAL, id)->price, 492);
    fx_close();
}
END_TEST

START_TEST(parameters_are_asked_for)
{
    open_fx();
    Trd_PlaceOrder_C2S q = stop_order(10, 2, 490, 0);
    q.has_auxPrice = false;
    ck_assert_int_eq(fx_call(2202, &q), -1);
    ck_assert_msg(fx_said("缺少必要的参数: auxPrice"), "%s", fx.msg);
    q = stop_order(11, 2, 490, 0);
    q.has_price = false;
    ck_assert_int_eq(fx_call(2202, &q), -1);
    ck_assert_msg(fx_said("缺少必要的参数: price"), "%s", fx.msg);
    q = stop_order(14, 2, 0, 0);
    ck_assert_int_eq(fx_call(2202, &q), -1);
    ck_assert_msg(fx_said("缺少必要的参数: trailType"), "%s", fx.msg);
    SET(&q, trailType, 1);
    ck_assert_int_eq(fx_call(2202, &q), -1);
    ck_assert_msg(fx_said("缺少必要的参数: trailValue"), "%s", fx.msg);
    SET(&q, trailValue, 100);
    ck_assert_int_eq(fx_call(2202, &q), -1);
    ck_assert_msg(fx_said("trailValue"), "%s", fx.msg);
    q.trailValue = 5;
    q.orderType = 15;
    ck_assert_int_eq(fx_call(2202, &q), -1);
    ck_assert_msg(fx_said("缺少必要的参数: trailSpread"), "%s", fx.msg);
    q.trailType = 3;
    ck_assert_int_eq(fx_call(2202, &q), -1);
    SET(&q, timeInForce, 2);
    ck_assert_int_eq(fx_call(2202, &q), -1);
    ck_assert_msg(fx_said("IOC"), "%s", fx.msg);
    fx_close();
}
END_TEST

START_TEST(money_and_position_are_checked_at_the_trigger)
{
    open_fx();
    Trd_PlaceOrder_C2S q = stop_order(10, 1, 510, 0);
    q.qty = 100000;
    uint64_t id = fx_place(&q);
    ck_assert_uint_ne(id, 0);
    ck_assert_double_eq(fx_funds(REAL)->frozenCash, 0);
    size_t from = fx.n_log;
    fake_trade(HK00700, 5100000, 1);
    fx_run(50);
    ck_assert_str_eq(fx_log_text(from), "2208:21");
    ck_assert(str_is(fx_find(REAL, id)->lastErrMsg, "账户购买力不足"));
    ck_assert_double_eq(fx_funds(REAL)->frozenCash, 0);
    fx_close();
}
END_TEST

START_TEST(waiting_ones_are_changed_and_cancelled)
{
    open_fx();
    hold(1000);
    Trd_PlaceOrder_C2S q = stop_order(10, 2, 490, 0);
    uint64_t id = fx_place(&q);
    Trd_ModifyOrder_C2S m = fx_change(REAL, id, 1);
    SET(&m, qty, 200);
    SET(&m, auxPrice, 480);
    ck_assert_int_eq(fx_call(2205, &m), 0);
    ck_assert_double_eq(fx_find(REAL, id)->auxPrice, 480);
    expect_trigger(id, 4900000, 4800000, 11);
    ck_assert_double_eq(fx_find(REAL, id)->fillQty, 200);
    q = stop_order(10, 2, 470, 0);
    id = fx_place(&q);
    ck_assert_int_eq(fx_op(REAL, id, 2), 0);
    ck_assert_int_eq(fx_status(REAL, id), 15);
    id = fx_place(&q);
    ck_assert_int_eq(fx_op(REAL, id, 3), 0);
    ck_assert_int_eq(fx_status(REAL, id), 22);
    fake_trade(HK00700, 4700000, 1);                    /* not looked at while it is disabled */
    fx_run(50);
    ck_assert_int_eq(fx_op(REAL, id, 4), 0);
    expect_trigger(id, 4702000, 4700000, 11);
    fx_close();
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, stop_orders);
    tcase_add_test(tc, touched_orders);
    tcase_add_test(tc, trailing_stops_follow);
    tcase_add_test(tc, parameters_are_asked_for);
    tcase_add_test(tc, money_and_position_are_checked_at_the_trigger);
    tcase_add_test(tc, waiting_ones_are_changed_and_cancelled);
}

int main(void)
{
    return run_tcase("trd_trigger", add);
}
