/* guard_write_test.c - trade writes of keys: who may place what, and what it is worth. */
#include "guard_rig.h"

#include <math.h>

/* ---- whitelists ---- */

START_TEST(a_scope_is_for_one_environment)
{
    start("\"trade:simulate\"", "");
    placed_ok(&(struct place){ .price = 1 });
    place_refused(&(struct place){ .price = 1, .env = REAL }, DENY_SCOPE);
    place_refused(&(struct place){ .price = 1, .env = 7 }, DENY_SCOPE);
    stop();
    start("\"trade:real\",\"trade:unlock\"", "");
    place_refused(&(struct place){ .price = 1 }, DENY_SCOPE);
    unlock_hub();
    placed_ok(&(struct place){ .price = 1, .env = REAL });
    stop();
    start("\"trade:unlock\",\"acc:read\",\"admin\"", "");
    place_refused(&(struct place){ .price = 1, .env = REAL }, DENY_SCOPE);
    stop();
}
END_TEST

START_TEST(only_listed_accounts)
{
    start(ALL, ",\"allowed_acc_ids\":[1001,1002]");
    placed_ok(&(struct place){ .price = 1 });
    placed_ok(&(struct place){ .price = 1, .acc_id = 1002 });
    place_refused(&(struct place){ .price = 1, .acc_id = 1003 }, DENY_ACCOUNT);
    ck_assert_str_eq(t.text, "forbidden");
    ck_assert_uint_eq(trail_count(&k, "\"reject\"", "limit: account 1003 is not allowed"), 1);
    stop();
}
END_TEST

START_TEST(only_listed_markets_and_what_is_unknown_is_not_listed)
{
    start(ALL, ",\"allowed_markets\":[\"HK\"]");
    placed_ok(&(struct place){ .price = 1 });
    placed_ok(&(struct place){ .price = 1, .sec_market = Trd_Common_TrdSecMarket_HK });
    place_refused(&(struct place){ .price = 1, .market = Trd_Common_TrdMarket_US }, DENY_MARKET);
    place_refused(&(struct place){ .price = 1, .market = 99 }, DENY_MARKET);
    place_refused(&(struct place){ .price = 1, .market = -1 }, DENY_MARKET);
    /* an American security from an account that trades Hong Kong */
    place_refused(&(struct place){ .price = 1, .code = "AAPL",
                                   .sec_market = Trd_Common_TrdSecMarket_US }, DENY_MARKET);
    stop();
    start(ALL, ",\"allowed_markets\":[\"HKCC\"]");
    placed_ok(&(struct place){ .price = 1, .code = "600519", .market = Trd_Common_TrdMarket_HKCC,
                               .sec_market = Trd_Common_TrdSecMarket_CN_SH });
    stop();
}
END_TEST

START_TEST(only_listed_symbols_and_none_that_cant_be_told)
{
    start(ALL, ",\"allowed_symbols\":[\"HK.00700\",\"US.AAPL\",\"SH.600519\"]");
    placed_ok(&(struct place){ .price = 1 });
    placed_ok(&(struct place){ .price = 1, .code = "AAPL", .market = Trd_Common_TrdMarket_US });
    placed_ok(&(struct place){ .price = 1, .code = "600519", .market = Trd_Common_TrdMarket_CN });
    place_refused(&(struct place){ .price = 1, .code = "00005" }, DENY_SYMBOL);
    place_refused(&(struct place){ .price = 1, .code = "AAPL" }, DENY_SYMBOL);
    place_refused(&(struct place){ .price = 1, .code = "HSImain",
                                   .market = Trd_Common_TrdMarket_Futures }, DENY_SYMBOL);
    place_refused(&(struct place){ .price = 1, .code = "" }, DENY_SYMBOL);
    stop();
}
END_TEST

START_TEST(only_listed_sides)
{
    start(ALL, ",\"allowed_trd_sides\":[\"SELL\"]");
    placed_ok(&(struct place){ .price = 1, .side = Trd_Common_TrdSide_Sell });
    place_refused(&(struct place){ .price = 1 }, DENY_SIDE);
    place_refused(&(struct place){ .price = 1, .side = Trd_Common_TrdSide_SellShort }, DENY_SIDE);
    place_refused(&(struct place){ .price = 1, .side = 9 }, DENY_SIDE);
    stop();
}
END_TEST

START_TEST(an_unknown_side_is_no_listed_side)
{
    Common_PacketID id = { .connID = 0 };
    Trd_Common_TrdHeader header = { .trdEnv = 0 };
    Trd_PlaceOrder_C2S c2s = { .packetID = &id, .header = &header, .code = STR("00700") };
    Trd_PlaceOrder_Request rq = { &c2s };
    start(ALL, ",\"allowed_trd_sides\":[\"SELL\"]");
    SET(&id, connID, hub_conn_id(c));
    SET(&id, serialNo, 1);
    SET(&header, trdEnv, 0);
    SET(&header, accID, 1001);
    SET(&header, trdMarket, 1);
    SET(&c2s, trdSide, 0);
    SET(&c2s, orderType, 1);
    SET(&c2s, qty, 1);
    told_ask(&t, c, 2202, &rq);
    refused(DENY_SIDE);
    stop();
}
END_TEST

/* ---- values ---- */

START_TEST(quantity_times_price_is_the_value)
{
    start(ALL, ",\"max_order_value\":1000");
    placed_ok(&(struct place){ .qty = 100, .price = 10 });
    place_refused(&(struct place){ .qty = 100, .price = 10.01 }, DENY_PER_ORDER);
    ck_assert_uint_eq(trail_count(&k, "limit: order value exceeded: 1001.00 (cap 1000.00)"), 1);
    place_refused(&(struct place){ .qty = 1e300, .price = 1e300 }, DENY_PER_ORDER);
    stop();
}
END_TEST

START_TEST(a_small_amount_does_not_hide_a_large_quantity)
{
    start(ALL, ",\"max_order_value\":1000");
    place_refused(&(struct place){ .qty = 1e6, .price = 10, .amount = 1 }, DENY_PER_ORDER);
    place_refused(&(struct place){ .qty = 1, .price = 1, .amount = 1001 }, DENY_PER_ORDER);
    placed_ok(&(struct place){ .qty = 1, .price = 1, .amount = 999 });
    stop();
}
END_TEST

START_TEST(market_orders_are_valued_at_the_last_price)
{
    static const int32_t types[] = { 2, 6, 10, 12, 14, 15, 16, 18, 99 };
    start(ALL, ",\"max_order_value\":1000");
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        told_place(&t, c, &(struct place){ .qty = 100, .type = types[i], .price = 0.01 });
        ck_assert_uint_eq(t.times, 0);
        rails_price(&k, 10);
        sent(2202);
        rig_answer(&k.r, 2202, PLACED);
        ck_assert_int_eq(t.ret, 0);
        trail_clear(&k);
        told_place(&t, c, &(struct place){ .qty = 100, .type = types[i], .price = 0.01 });
        rails_price(&k, 10.01);
        refused(DENY_PER_ORDER);
    }
    stop();
}
END_TEST

START_TEST(a_valued_order_that_nobody_answers_is_told_once_that_it_is_unknown)
{
    start(ALL, ",\"max_order_value\":1000");
    k.audit.sink = NULL;                /* nothing is waited for but the price */
    hub_set_daily(k.r.hub, (struct hub_store){ .append = NULL });
    told_place(&t, c, &(struct place){ .qty = 100, .type = 2 });
    rails_price(&k, 10);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 1);
    rig_pass(&k.r, 11 * NS_PER_S);
    ck_assert_uint_eq(t.times, 1);
    ck_assert_int_eq(t.ret, RET_TIMEOUT);
    rig_answer(&k.r, 2202, PLACED);
    rig_pass(&k.r, 11 * NS_PER_S);
    ck_assert_uint_eq(t.times, 1);
    stop();
}
END_TEST

START_TEST(a_limit_order_without_a_price_is_valued_at_the_last_one)
{
    start(ALL, ",\"max_daily_value\":1000");
    told_place(&t, c, &(struct place){ .qty = 100 });
    rails_price(&k, 11);
    refused(DENY_DAILY);
    stop();
}
END_TEST

START_TEST(a_price_that_is_the_last_wait_leaves_no_time_limit_behind)
{
    start(ALL, ",\"max_order_value\":10000");
    k.audit.sink = NULL;
    hub_set_daily(k.r.hub, (struct hub_store){ .append = NULL });
    told_place(&t, c, &(struct place){ .type = 2 });
    rig_pass(&k.r, 2 * NS_PER_S);
    rails_price(&k, 10);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 1);
    rig_pass(&k.r, 60 * NS_PER_S);
    ck_assert_uint_eq(t.times, 1);
    ck_assert_int_eq(t.ret, RET_TIMEOUT);
    rig_answer(&k.r, 2202, PLACED);
    ck_assert_uint_eq(t.times, 1);
    stop();
}
END_TEST

START_TEST(a_trigger_above_the_last_price_counts)
{
    start(ALL, ",\"max_order_value\":1000");
    told_place(&t, c, &(struct place){ .qty = 100, .type = 10, .aux = 11 });
    rails_price(&k, 9);
    refused(DENY_PER_ORDER);
    stop();
}
END_TEST

START_TEST(without_a_last_price_a_market_order_is_refused)
{
    start(ALL, ",\"max_order_value\":1000");
    static const char *const answers[] = { REFUSED, HEX_OK, HEX_EMPTY, "", "ff" };
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        told_place(&t, c, &(struct place){ .type = 2 });
        rig_answer(&k.r, 3203, answers[i]);
        refused(DENY_PER_ORDER);
    }
    told_place(&t, c, &(struct place){ .type = 2 });
    rails_price(&k, 0);
    refused(DENY_PER_ORDER);
    ck_assert_uint_eq(trail_count(&k, "there is no last price"), 6);
    stop();
}
END_TEST

START_TEST(a_silent_upstream_leaves_no_order_without_an_answer)
{
    start(ALL, ",\"max_order_value\":1000,\"max_daily_value\":100000");
    told_place(&t, c, &(struct place){ .type = 2 });
    rig_pass(&k.r, 60 * NS_PER_S);
    refused(DENY_PER_ORDER);
    ck_assert_uint_eq(k.r.fake.cancelled, 1);
    ck_assert_uint_eq(rig_waiting(&k.r, 3203), 0);
    placed_ok(&(struct place){ .price = 10 });
    stop();
}
END_TEST

START_TEST(whoever_goes_while_a_price_is_asked_places_nothing)
{
    struct peer p;
    uint8_t bytes[512];
    start(ALL, ",\"max_order_value\":1000");
    ck_assert_int_eq(peer_open_as(&p, &k.r, "token-key"), FUTU_OK);
    peer_init(&p, CIPHER_NONE, 0, false);
    size_t n = place_bytes(p.id, &(struct place){ .type = 2 }, bytes);
    ck_assert_int_eq(peer_send(&p, 2202, 0, 5, bytes, n), FUTU_OK);
    ck_assert_uint_eq(rig_waiting(&k.r, 3203), 1);
    peer_close(&p);
    ck_assert_uint_eq(rig_waiting(&k.r, 3203), 0);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 0);
    ck_assert_uint_eq(trail_count(&k, "\"failure\"", "nothing was sent"), 1);
    stop();
}
END_TEST

START_TEST(a_key_without_caps_asks_for_no_price)
{
    start(ALL, "");
    told_place(&t, c, &(struct place){ .type = 2 });
    ck_assert_uint_eq(rig_waiting(&k.r, 3203), 0);
    sent(2202);
    stop();
}
END_TEST

/* ---- changes, combinations, confirmations ---- */

START_TEST(a_change_counts_like_an_order_of_the_new_size)
{
    start(ALL, ",\"max_order_value\":1000");
    modify(&t, Trd_Common_ModifyOrderOp_Normal, 100, 10);
    sent(2205);
    rig_answer(&k.r, 2205, REFUSED);
    trail_clear(&k);
    modify(&t, Trd_Common_ModifyOrderOp_Normal, 100, 11);
    refused(DENY_PER_ORDER);
    modify(&t, Trd_Common_ModifyOrderOp_Normal, 100, 0);
    refused(DENY_PER_ORDER);
    modify(&t, Trd_Common_ModifyOrderOp_Normal, 0, 1);
    refused(DENY_PER_ORDER);
    modify(&t, 77, 0, 0);
    refused(DENY_PER_ORDER);
    all_orders = true;
    modify(&t, Trd_Common_ModifyOrderOp_Normal, 1, 1);
    refused(DENY_PER_ORDER);
    modify(&t, Trd_Common_ModifyOrderOp_Cancel, 0, 0);
    sent(2205);
    rig_answer(&k.r, 2205, REFUSED);
    all_orders = false;
    for (int32_t op = 2; op <= Trd_Common_ModifyOrderOp_Delete; op++) {
        modify(&t, op, 0, 0);
        sent(2205);
        rig_answer(&k.r, 2205, REFUSED);
        ck_assert_int_eq(t.deny, DENY_NONE);
    }
    stop();
}
END_TEST

START_TEST(a_combination_counts_by_the_size_of_its_price)
{
    start(ALL, ",\"max_order_value\":1000");
    combo(&t, 100, 10);
    sent(2227);
    rig_answer(&k.r, 2227, REFUSED);
    combo(&t, 100, -10);                /* sold for a credit */
    sent(2227);
    rig_answer(&k.r, 2227, REFUSED);
    trail_clear(&k);
    combo(&t, 100, -11);
    refused(DENY_PER_ORDER);
    combo(&t, 100, 0);
    refused(DENY_PER_ORDER);
    stop();
    start(ALL, "");
    combo(&t, 100, -10);
    sent(2227);
    stop();
    start(ALL, ",\"allowed_symbols\":[\"HK.00700\"]");
    combo(&t, 1, 1);
    refused(DENY_SYMBOL);
    stop();
    start(ALL, ",\"allowed_trd_sides\":[\"BUY\"]");
    combo(&t, 1, 1);
    refused(DENY_SYMBOL);
    stop();
}
END_TEST

START_TEST(a_confirmation_is_held_to_account_and_market)
{
    Common_PacketID id = { .connID = 0 };
    Trd_Common_TrdHeader header = { .trdEnv = 0 };
    Trd_ReconfirmOrder_C2S c2s = { .packetID = &id, .header = &header };
    Trd_ReconfirmOrder_Request rq = { &c2s };
    start(ALL, ",\"allowed_markets\":[\"HK\"],\"allowed_acc_ids\":[1001]");
    SET(&id, connID, hub_conn_id(c));
    SET(&id, serialNo, 1);
    SET(&header, trdEnv, 0);
    SET(&header, accID, 1001);
    SET(&header, trdMarket, 2);
    SET(&c2s, orderID, 5);
    SET(&c2s, reconfirmReason, 1);
    told_ask(&t, c, 2237, &rq);
    refused(DENY_MARKET);
    header.trdMarket = 1;
    header.accID = 1002;
    told_ask(&t, c, 2237, &rq);
    refused(DENY_ACCOUNT);
    header.accID = 1001;
    told_ask(&t, c, 2237, &rq);
    sent(2237);
    stop();
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_scope_is_for_one_environment);
    tcase_add_test(tc, only_listed_accounts);
    tcase_add_test(tc, only_listed_markets_and_what_is_unknown_is_not_listed);
    tcase_add_test(tc, only_listed_symbols_and_none_that_cant_be_told);
    tcase_add_test(tc, only_listed_sides);
    tcase_add_test(tc, an_unknown_side_is_no_listed_side);
    tcase_add_test(tc, quantity_times_price_is_the_value);
    tcase_add_test(tc, a_small_amount_does_not_hide_a_large_quantity);
    tcase_add_test(tc, market_orders_are_valued_at_the_last_price);
    tcase_add_test(tc, a_valued_order_that_nobody_answers_is_told_once_that_it_is_unknown);
    tcase_add_test(tc, a_limit_order_without_a_price_is_valued_at_the_last_one);
    tcase_add_test(tc, a_price_that_is_the_last_wait_leaves_no_time_limit_behind);
    tcase_add_test(tc, a_trigger_above_the_last_price_counts);
    tcase_add_test(tc, without_a_last_price_a_market_order_is_refused);
    tcase_add_test(tc, a_silent_upstream_leaves_no_order_without_an_answer);
    tcase_add_test(tc, whoever_goes_while_a_price_is_asked_places_nothing);
    tcase_add_test(tc, a_key_without_caps_asks_for_no_price);
    tcase_add_test(tc, a_change_counts_like_an_order_of_the_new_size);
    tcase_add_test(tc, a_combination_counts_by_the_size_of_its_price);
    tcase_add_test(tc, a_confirmation_is_held_to_account_and_market);
}

int main(void)
{
    return run_tcase("guard_write", add);
}
