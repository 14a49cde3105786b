/* trd_real_test.c - accounts and orders on the real paper exchange: its flow fills what rests. */
#include "trd_invariants.h"

#define HK00700 exchange_find(the_trade()->x, MARKET_HK, STR("00700"))
#define AAPL exchange_find(the_trade()->x, MARKET_US, STR("AAPL"))

static struct quote quote(const struct security *s)
{
    struct quote q;
    ck_assert_int_eq(exchange_quote(the_trade()->x, s, &q), FUTU_OK);
    ck_assert_int_gt(q.bid, 0);
    ck_assert_int_gt(q.ask, q.bid);
    return q;
}

/* Until the order is in a state, for at most `ms` of slices. */
static bool until_status(uint64_t acc, uint64_t id, int32_t status, int64_t ms)
{
    for (int64_t i = 0; i < ms; i += 100) {
        if (fx_status(acc, id) == status)
            return true;
        arena_reset(&fx.arena);
        fx.n_log = 0;
        fx_run(100);
    }
    return false;
}

START_TEST(a_market_order_fills_against_the_flow)
{
    ck_assert_int_eq(fx_open_clock("always-open"), FUTU_OK);
    Trd_PlaceOrder_C2S q = fx_order(HK_SIM, 1, "00700", 1, 100, 0);
    q.orderType = 2;
    int64_t ask = quote(HK00700).ask;
    uint64_t id = fx_place(&q);
    ck_assert_msg(id != 0, "%s", fx.msg);
    ck_assert_str_eq(fx_log_text(0), "2202 2208:2 2208:5 2208:11");
    ck_assert_double_eq(fx_find(HK_SIM, id)->fillAvgPrice, (double)ask / 1e4);
    ck_assert_double_eq(fx_position(HK_SIM, "00700")->qty, 100);
    check_all();
    fx_close();
}
END_TEST

START_TEST(a_resting_order_fills_as_the_market_comes_to_it)
{
    ck_assert_int_eq(fx_open_clock("always-open,x60"), FUTU_OK);
    struct quote now = quote(HK00700);
    uint64_t id = fx_limit(REAL, 1, "00700", 1, 300, (double)now.bid / 1e4);
    ck_assert_msg(id != 0, "%s", fx.msg);
    ck_assert_int_eq(fx_status(REAL, id), 5);
    ck_assert(until_status(REAL, id, 11, 600000));
    ck_assert_double_eq(fx_find(REAL, id)->fillAvgPrice, (double)now.bid / 1e4);
    check_all();
    fx_close();
}
END_TEST

START_TEST(a_large_order_fills_in_parts)
{
    ck_assert_int_eq(fx_open_clock("always-open"), FUTU_OK);
    struct quote now = quote(AAPL);
    double qty = (double)now.ask_qty + 10;
    uint64_t id = fx_limit(US_SIM, 2, "AAPL", 1, qty, (double)now.ask / 1e4);
    ck_assert_msg(id != 0, "%s", fx.msg);
    ck_assert_int_eq(fx_status(US_SIM, id), 10);
    ck_assert_double_eq(fx_find(US_SIM, id)->fillQty, (double)now.ask_qty);
    Trd_ModifyOrder_C2S m = fx_change(US_SIM, id, 1);
    SET(&m, qty, qty + 5);
    SET(&m, price, (double)now.bid / 1e4);
    ck_assert_msg(fx_call(2205, &m) == 0, "%s", fx.msg);
    ck_assert_int_eq(fx_op(US_SIM, id, 2), 0);
    ck_assert_int_eq(fx_status(US_SIM, id), 14);
    check_all();
    fx_close();
}
END_TEST

START_TEST(a_stop_is_triggered_by_the_flow)
{
    ck_assert_int_eq(fx_open_clock("always-open,x60"), FUTU_OK);
    fx_limit(REAL, 1, "00700", 1, 100, (double)quote(HK00700).ask / 1e4);
    struct quote now = quote(HK00700);
    Trd_PlaceOrder_C2S q = fx_order(REAL, 1, "00700", 2, 100, 0);
    q.orderType = 14;
    SET(&q, trailType, 2);
    SET(&q, trailValue, (double)market_step(HK00700->step_table, now.last) / 1e4 * 2);
    uint64_t id = fx_place(&q);
    ck_assert_msg(id != 0, "%s", fx.msg);
    ck_assert_int_eq(fx_status(REAL, id), 1);
    ck_assert(until_status(REAL, id, 11, 600000));
    check_all();
    fx_close();
}
END_TEST

static uint64_t state;

static uint64_t rnd(uint64_t n)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (state >> 33) % n;
}

static void random_order(void)
{
    static const struct {
        int acc;
        int32_t sec_market, market;
        const char *code;
        double lot;
    } pairs[] = {
        { 1, 1, MARKET_HK, "00700", 100 }, { 0, 1, MARKET_HK, "00005", 400 },
        { 2, 2, MARKET_US, "AAPL", 1 },    { 0, 2, MARKET_US, "AAPL", 1 },
        { 3, 31, MARKET_SH, "600519", 100 },
    };
    size_t i = rnd(ARRAY_LEN(pairs));
    const struct security *s =
        exchange_find(the_trade()->x, pairs[i].market, str_c(pairs[i].code));
    struct quote q = quote(s);
    int64_t px = q.last + ((int64_t)rnd(9) - 4) * market_step(s->step_table, q.last);
    Trd_PlaceOrder_C2S o = fx_order(account_defs[pairs[i].acc].id, pairs[i].sec_market,
                                    pairs[i].code, 1 + (int32_t)rnd(2),
                                    pairs[i].lot * (double)(1 + rnd(20)),
                                    (double)market_round_px(s->step_table, px, false) / 1e4);
    o.orderType = rnd(5) ? 1 : 2;
    fx_call(2202, &o);
}

static void random_change(void)
{
    const struct ledger *l = &the_trade()->ledger;
    if (l->n_open == 0)
        return;
    const struct order *o = l->open[rnd(l->n_open)];
    Trd_ModifyOrder_C2S q = fx_change(o->acc->def->id, o->id, 1 + (int32_t)rnd(2));
    SET(&q, qty, (double)(o->s.qty * 2));
    SET(&q, price, (double)(o->s.px + market_step(o->x.sec->step_table, o->s.px)) / 1e4);
    fx_call(2205, &q);
}

START_TEST(random_trading_keeps_everything_consistent)
{
    static int32_t last_status[2000];
    static double last_fill[2000];
    ck_assert_int_eq(fx_open_clock("always-open,x60"), FUTU_OK);
    state = 7;
    for (int i = 0; i < 1200; i++) {
        switch (rnd(4)) {
        case 0:
        case 1:
            random_order();
            break;
        case 2:
            random_change();
            break;
        default:
            fx_run(200);
        }
        check_all();
        check_pushes(last_status, last_fill, ARRAY_LEN(last_status));
        arena_reset(&fx.arena);
    }
    ck_assert_uint_gt(the_trade()->ledger.n_fills, 100);
    fx_close();
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_market_order_fills_against_the_flow);
    tcase_add_test(tc, a_resting_order_fills_as_the_market_comes_to_it);
    tcase_add_test(tc, a_large_order_fills_in_parts);
    tcase_add_test(tc, a_stop_is_triggered_by_the_flow);
    tcase_add_test(tc, random_trading_keeps_everything_consistent);
}

int main(void)
{
    return run_tcase("trd_real", add);
}
