/* trd_list_test.c - today's and history lists, and every filter. */
#include "fake_exchange.h"
#include "trd_fixture.h"

static Trd_Common_TrdHeader header;
static Trd_Common_TrdFilterConditions filter;
static int32_t states[4];

static size_t orders(uint64_t acc, size_t n_states)
{
    Trd_GetOrderList_C2S q = { .header = &header, .filterConditions = &filter,
                               .filterStatusList = states, .n_filterStatusList = n_states };
    header = fx_header(acc, 0);
    ck_assert_msg(fx_call(2201, &q) == 0, "%s", fx.msg);
    return ((const Trd_GetOrderList_S2C *)fx.s2c)->n_orderList;
}

static int32_t history(uint64_t acc, size_t *n)
{
    Trd_GetHistoryOrderList_C2S q = { .header = &header, .filterConditions = &filter };
    header = fx_header(acc, 0);
    int32_t ret = fx_call(2221, &q);
    *n = ret ? 0 : ((const Trd_GetHistoryOrderList_S2C *)fx.s2c)->n_orderList;
    return ret;
}

static int32_t fills(uint64_t acc, size_t *n)
{
    Trd_GetOrderFillList_C2S q = { .header = &header, .filterConditions = &filter };
    header = fx_header(acc, 0);
    int32_t ret = fx_call(2211, &q);
    *n = ret ? 0 : ((const Trd_GetOrderFillList_S2C *)fx.s2c)->n_orderFillList;
    return ret;
}

static int32_t history_fills(uint64_t acc, size_t *n)
{
    Trd_GetHistoryOrderFillList_C2S q = { .header = &header, .filterConditions = &filter };
    header = fx_header(acc, 0);
    int32_t ret = fx_call(2222, &q);
    *n = ret ? 0 : ((const Trd_GetHistoryOrderFillList_S2C *)fx.s2c)->n_orderFillList;
    return ret;
}

static void no_filter(void)
{
    memset(&filter, 0, sizeof(filter));
}

START_TEST(orders_by_every_filter)
{
    open_fx();
    no_filter();
    ck_assert_uint_eq(orders(REAL, 0), 0);
    uint64_t hk = fx_limit(REAL, 1, "00700", 1, 100, 490);
    fake.now += 60 * NS_PER_S;
    uint64_t us = fx_limit(REAL, 2, "AAPL", 1, 10, 262);
    uint64_t cn = fx_limit(REAL, 31, "600519", 1, 100, 1400);
    fx_limit(HK_SIM, 1, "00700", 1, 100, 490);
    ck_assert_uint_eq(orders(REAL, 0), 3);
    ck_assert_uint_eq(orders(HK_SIM, 0), 1);
    const Trd_GetOrderList_S2C *s2c;
    futu_str codes[2] = { STR("AAPL"), STR("SH.600519") };
    filter.codeList = codes;
    filter.n_codeList = 2;
    ck_assert_uint_eq(orders(REAL, 0), 2);
    codes[0] = STR("HK.AAPL");
    ck_assert_uint_eq(orders(REAL, 0), 1);
    no_filter();
    uint64_t ids[] = { hk, us, 1 };
    filter.idList = ids;
    filter.n_idList = 3;
    ck_assert_uint_eq(orders(REAL, 0), 2);
    no_filter();
    futu_str ex[] = { STR("P20260602-000003"), STR("P20260603-000003"), STR("x") };
    filter.orderIDExList = ex;
    filter.n_orderIDExList = 3;
    ck_assert_uint_eq(orders(REAL, 0), 1);
    s2c = fx.s2c;
    ck_assert_uint_eq(s2c->orderList[0].orderID, cn);
    no_filter();
    SET(&filter, filterMarket, 2);
    ck_assert_uint_eq(orders(REAL, 0), 1);
    filter.filterMarket = 3;
    ck_assert_uint_eq(orders(REAL, 0), 1);
    filter.filterMarket = 0;
    ck_assert_uint_eq(orders(REAL, 0), 3);
    states[0] = 11;
    states[1] = 14;
    ck_assert_uint_eq(orders(REAL, 2), 1);
    s2c = fx.s2c;
    ck_assert_uint_eq(s2c->orderList[0].orderID, us);
    filter.beginTime = STR("2026-06-03 10:30:30");      /* US orders are in New York's time */
    ck_assert_uint_eq(orders(REAL, 0), 1);
    filter.beginTime = STR_NULL;
    filter.endTime = STR("2026-06-03 10:30:00");
    ck_assert_uint_eq(orders(REAL, 0), 2);
    fx_close();
}
END_TEST

START_TEST(yesterday_is_history)
{
    size_t n;
    open_fx();
    no_filter();
    fx_limit(REAL, 1, "00700", 1, 100, 500);
    uint64_t open = 0;
    Trd_PlaceOrder_C2S q = fx_order(REAL, 1, "00700", 1, 100, 480);
    SET(&q, timeInForce, 1);
    open = fx_place(&q);
    ck_assert_int_eq(fills(REAL, &n), 0);
    ck_assert_uint_eq(n, 1);
    fake.now += 86400 * NS_PER_S;
    fx_run(50);
    ck_assert_uint_eq(orders(REAL, 0), 1);              /* the one that stands on */
    ck_assert_uint_eq(((const Trd_GetOrderList_S2C *)fx.s2c)->orderList[0].orderID, open);
    ck_assert_int_eq(fills(REAL, &n), 0);
    ck_assert_uint_eq(n, 0);
    ck_assert_int_eq(history(REAL, &n), -1);
    ck_assert_msg(fx_said("缺少必要的参数: beginTime"), "%s", fx.msg);
    filter.beginTime = STR("2026-06-03");
    ck_assert_int_eq(history(REAL, &n), -1);
    ck_assert_msg(fx_said("缺少必要的参数: endTime"), "%s", fx.msg);
    filter.endTime = STR("2026-06-03");
    ck_assert_int_eq(history(REAL, &n), 0);
    ck_assert_uint_eq(n, 2);
    ck_assert_int_eq(history_fills(REAL, &n), 0);
    ck_assert_uint_eq(n, 1);
    filter.endTime = STR("2026-06-02 23:59:59");
    filter.beginTime = STR("2026-06-01 00:00:00");
    ck_assert_int_eq(history(REAL, &n), 0);
    ck_assert_uint_eq(n, 0);
    ck_assert_int_eq(history_fills(REAL, &n), 0);
    ck_assert_uint_eq(n, 0);
    filter.endTime = STR("yesterday");
    ck_assert_int_eq(history(REAL, &n), -1);
    ck_assert_msg(fx_said("endTime"), "%s", fx.msg);
    fx_close();
}
END_TEST

START_TEST(fills_say_everything)
{
    size_t n;
    open_fx();
    no_filter();
    uint64_t id = fx_limit(REAL, 1, "00700", 1, 1100, 500);
    fake_trade(HK00700, 5000000, 100);
    ck_assert_int_eq(fills(REAL, &n), 0);
    ck_assert_uint_eq(n, 2);
    const Trd_Common_OrderFill *f = ((const Trd_GetOrderFillList_S2C *)fx.s2c)->orderFillList;
    ck_assert_uint_eq(f[1].orderID, id);
    ck_assert_double_eq(f[1].qty, 1000);
    ck_assert_double_eq(f[0].qty, 100);
    ck_assert_double_eq(f[1].price, 500);
    ck_assert_int_eq(f[1].trdSide, 1);
    ck_assert_int_eq(f[1].secMarket, 1);
    ck_assert_int_eq(f[1].trdMarket, 1);
    ck_assert_int_eq(f[1].status, 0);
    ck_assert(f[1].fillIDEx.n > 0 && f[1].orderIDEx.n > 0 && f[1].counterBrokerName.p);
    ck_assert(str_is(f[1].createTime, "2026-06-03 10:30:00"));
    uint64_t fill_id = f[0].fillID;
    filter.idList = &fill_id;
    filter.n_idList = 1;
    ck_assert_int_eq(fills(REAL, &n), 0);
    ck_assert_uint_eq(n, 1);
    no_filter();
    ck_assert_int_eq(fills(HK_SIM, &n), -1);
    ck_assert(fx_said("模拟交易不支持成交数据"));
    ck_assert_int_eq(history_fills(HK_SIM, &n), -1);
    ck_assert(fx_said("模拟交易不支持成交数据"));
    fx_close();
}
END_TEST

START_TEST(deleted_orders_show_only_when_asked_for)
{
    open_fx();
    no_filter();
    uint64_t id = fx_limit(REAL, 1, "00700", 1, 100, 490);
    ck_assert_int_eq(fx_op(REAL, id, 2), 0);
    ck_assert_uint_eq(orders(REAL, 0), 1);
    ck_assert_int_eq(fx_op(REAL, id, 5), 0);
    ck_assert_uint_eq(orders(REAL, 0), 0);
    states[0] = 23;
    ck_assert_uint_eq(orders(REAL, 1), 1);
    fx_close();
}
END_TEST

static int32_t read_one(int which)
{
    Trd_Common_TrdHeader h = fx_header(REAL, 0);
    Trd_GetFunds_C2S funds = { .header = &h };
    Trd_GetPositionList_C2S positions = { .header = &h };
    Trd_FlowSummary_C2S flow = { .header = &h, .clearingDate = STR("2026-06-03") };
    futu_str ex[] = { STR("P20260603-000001") };
    Trd_GetOrderFee_C2S fee = { .header = &h, .orderIdExList = ex, .n_orderIdExList = 1 };
    size_t n;
    switch (which) {
    case 0:
        return fx_call(2101, &funds);
    case 1:
        return fx_call(2102, &positions);
    case 2:
        return fx_call(2226, &flow);
    case 3:
        return fx_call(2225, &fee);
    case 4:
        return history(REAL, &n);
    default:
        return history_fills(REAL, &n);
    }
}

START_TEST(every_failed_allocation_of_a_read_is_a_failure_reply)
{
    no_filter();
    filter.beginTime = filter.endTime = STR("2026-06-03");
    for (int which = 0; which < 6; which++) {
        for (long n = 0;; n++) {
            open_fx();
            ck_assert_uint_ne(fx_limit(REAL, 1, "00700", 1, 100, 500), 0);
            bool again = test_alloc_fail_at(n);
            int32_t ret = read_one(which);
            bool failed = mem_failed();
            mem_fail_at(-1);
            ck_assert_int_eq(read_one(which), 0);       /* it goes on afterwards */
            fx_close();
            if (!again || !failed)
                break;
            ck_assert_int_eq(ret, -1);
        }
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, every_failed_allocation_of_a_read_is_a_failure_reply);
    tcase_add_test(tc, orders_by_every_filter);
    tcase_add_test(tc, yesterday_is_history);
    tcase_add_test(tc, fills_say_everything);
    tcase_add_test(tc, deleted_orders_show_only_when_asked_for);
}

int main(void)
{
    return run_tcase("trd_list", add);
}
