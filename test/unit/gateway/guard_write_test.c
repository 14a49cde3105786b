/* guard_write_test.c - trade writes of keys: who may place what, what it is worth, what is on disk
 * before the upstream hears of it, and what becomes of it. */
#include "rails.h"

#include <stdio.h>

#define ALL "\"qot:read\",\"acc:read\",\"trade:real\",\"trade:simulate\",\"trade:unlock\""
#define REAL Trd_Common_TrdEnv_Real

static struct rails k;
static struct told t, u;
static futu_conn *c;

static void start(const char *scopes, const char *more)
{
    rails_begin(&k);
    rails_key(&k, "key", scopes, more);
    rails_save(&k);
    rails_open(&k, NULL);
    rig_answer(&k.r, 2001, REFUSED);        /* the look-up of cards */
    c = rails_caller(&k, IFACE_GRPC, "key");
    memset(&t, 0, sizeof(t));
    memset(&u, 0, sizeof(u));
}

static void stop(void)
{
    told_free(&t);
    told_free(&u);
    rails_close(&k);
}

static void sent(uint32_t proto)
{
    rails_written(&k);
    ck_assert_uint_eq(rig_waiting(&k.r, proto), 1);
}

static void refused(enum deny d)
{
    ck_assert_uint_eq(t.times, 1);
    ck_assert_msg(t.deny == d, "deny %d, not %d: %s", (int)t.deny, (int)d, t.text);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202) + rig_waiting(&k.r, 2205) + rig_waiting(&k.r, 2227),
                      0);
    ck_assert_uint_eq(trail_count(&k, "\"outcome\":\"request\""), 0);
}

static void placed_ok(const struct place *o)
{
    told_place(&t, c, o);
    sent(2202);
    rig_answer(&k.r, 2202, PLACED);
    ck_assert_msg(t.times == 1 && t.deny == DENY_NONE && t.ret == 0, "%s", t.text);
}

static void place_refused(const struct place *o, enum deny d)
{
    trail_clear(&k);
    told_place(&t, c, o);
    refused(d);
}

static void unlock_hub(void)
{
    Trd_UnlockTrade_C2S c2s = { .pwdMD5 = STR("0123456789abcdef0123456789abcdef") };
    Trd_UnlockTrade_Request rq = { &c2s };
    SET(&c2s, unlock, true);
    told_ask(&u, c, 2005, &rq);
    rails_written(&k);
    rig_answer(&k.r, 2005, HEX_OK);
    ck_assert_int_eq(u.ret, 0);
    trail_clear(&k);
}

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
    place_refused(&(struct place){ .qty = -100, .price = 1 }, DENY_PER_ORDER);
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

START_TEST(a_limit_order_without_a_price_is_valued_at_the_last_one)
{
    start(ALL, ",\"max_daily_value\":1000");
    told_place(&t, c, &(struct place){ .qty = 100 });
    rails_price(&k, 11);
    refused(DENY_DAILY);
    told_place(&t, c, &(struct place){ .qty = 100, .price = -1 });
    rails_price(&k, 11);
    refused(DENY_DAILY);
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

static void modify(struct told *to, int32_t op, double qty, double price)
{
    static uint32_t serial;
    Common_PacketID id = { .connID = 0 };
    Trd_Common_TrdHeader header = { .trdEnv = 0 };
    Trd_ModifyOrder_C2S c2s = { .packetID = &id, .header = &header };
    Trd_ModifyOrder_Request rq = { &c2s };
    SET(&id, connID, hub_conn_id(c));
    SET(&id, serialNo, ++serial);
    SET(&header, trdEnv, 0);
    SET(&header, accID, 1001);
    SET(&header, trdMarket, 1);
    SET(&c2s, orderID, 5);
    SET(&c2s, modifyOrderOp, op);
    if (qty != 0)
        SET(&c2s, qty, qty);
    if (price != 0)
        SET(&c2s, price, price);
    told_ask(to, c, 2205, &rq);
}

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
    for (int32_t op = Trd_Common_ModifyOrderOp_Cancel; op <= Trd_Common_ModifyOrderOp_Delete; op++) {
        modify(&t, op, 0, 0);
        sent(2205);
        rig_answer(&k.r, 2205, REFUSED);
        ck_assert_int_eq(t.deny, DENY_NONE);
    }
    stop();
}
END_TEST

static void combo(struct told *to, double qty, double price)
{
    static uint32_t serial;
    Common_PacketID id = { .connID = 0 };
    Trd_Common_TrdHeader header = { .trdEnv = 0 };
    Trd_PlaceComboOrder_C2S c2s = { .packetID = &id, .header = &header };
    Trd_PlaceComboOrder_Request rq = { &c2s };
    SET(&id, connID, hub_conn_id(c));
    SET(&id, serialNo, ++serial);
    SET(&header, trdEnv, 0);
    SET(&header, accID, 1001);
    SET(&header, trdMarket, 1);
    SET(&c2s, qty, qty);
    SET(&c2s, orderType, 1);
    if (price != 0)
        SET(&c2s, price, price);
    told_ask(to, c, 2227, &rq);
}

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

/* ---- what a day and a minute allow ---- */

START_TEST(a_day_holds_what_is_under_way_and_gives_back_what_is_refused)
{
    start(ALL, ",\"max_daily_value\":1000");
    told_place(&t, c, &(struct place){ .qty = 60, .price = 10 });
    told_place(&u, c, &(struct place){ .qty = 60, .price = 10 });
    ck_assert_int_eq(u.deny, DENY_DAILY);
    sent(2202);
    rig_answer(&k.r, 2202, REFUSED);
    ck_assert_int_eq(t.ret, RET_FAILED);
    placed_ok(&(struct place){ .qty = 60, .price = 10 });
    told_place(&u, c, &(struct place){ .qty = 60, .price = 10 });
    ck_assert_int_eq(u.deny, DENY_DAILY);
    placed_ok(&(struct place){ .qty = 40, .price = 10 });
    rig_pass(&k.r, 24 * 3600 * NS_PER_S);
    placed_ok(&(struct place){ .qty = 100, .price = 10 });
    stop();
}
END_TEST

START_TEST(what_nobody_knows_counts_against_the_day)
{
    start(ALL, ",\"max_daily_value\":1000");
    told_place(&t, c, &(struct place){ .qty = 60, .price = 10 });
    sent(2202);
    rig_pass(&k.r, 30 * NS_PER_S);
    ck_assert_int_eq(t.ret, RET_TIMEOUT);
    ck_assert_uint_eq(trail_count(&k, "\"unknown\""), 1);
    told_place(&t, c, &(struct place){ .qty = 60, .price = 10 });
    ck_assert_int_eq(t.deny, DENY_DAILY);
    stop();
}
END_TEST

START_TEST(a_repeat_counts_once_and_is_answered_past_every_cap)
{
    struct place o = { .qty = 100, .price = 10, .word = "one" };
    start(ALL, ",\"max_daily_value\":1000,\"max_orders_per_minute\":1");
    told_place(&t, c, &o);
    told_place(&u, c, &o);              /* while the first one is being written down */
    rails_written(&k);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 1);
    told_place(&u, c, &o);              /* while it is under way */
    ck_assert_uint_eq(u.times, 0);
    rig_answer(&k.r, 2202, PLACED);
    ck_assert_int_eq(t.ret, 0);
    ck_assert(u.times == 1 && u.ret == 0 && u.repeat && !t.repeat);
    told_place(&u, c, &o);              /* afterwards */
    ck_assert(u.times == 1 && u.ret == 0 && u.repeat);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 0);
    ck_assert_uint_eq(trail_count(&k, "\"request\""), 1);
    ck_assert_uint_eq(trail_count(&k, "\"success\"", "\"executed\""), 1);
    ck_assert_uint_eq(trail_count(&k, "\"success\"", "\"cached\""), 2);
    stop();
}
END_TEST

START_TEST(who_asks_again_for_an_unknown_end_is_not_stopped_by_its_value)
{
    struct place o = { .qty = 100, .price = 10, .word = "one" };
    start(ALL, ",\"max_daily_value\":1000");
    told_place(&t, c, &o);
    sent(2202);
    rig_answer(&k.r, 2202, TIMED_OUT);
    ck_assert_int_eq(t.ret, RET_TIMEOUT);
    told_place(&t, c, &o);
    sent(2202);
    rig_answer(&k.r, 2202, PLACED);
    ck_assert(t.deny == DENY_NONE && t.ret == 0);
    told_place(&t, c, &(struct place){ .qty = 1, .price = 1 });
    ck_assert_int_eq(t.deny, DENY_DAILY);
    stop();
}
END_TEST

START_TEST(two_keys_may_use_the_same_word)
{
    struct place o = { .qty = 100, .price = 10, .word = "one" };
    rails_begin(&k);
    rails_key(&k, "key", ALL, "");
    rails_key(&k, "other", ALL, "");
    rails_save(&k);
    rails_open(&k, NULL);
    c = rails_caller(&k, IFACE_GRPC, "key");
    memset(&t, 0, sizeof(t));
    memset(&u, 0, sizeof(u));
    told_place(&t, c, &o);
    sent(2202);
    struct told other = { .times = 0 };
    told_place(&other, rails_caller(&k, IFACE_GRPC, "other"), &o);
    rails_written(&k);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 2);
    told_place(&u, rails_caller(&k, IFACE_REST, "key"), &o);     /* the same key elsewhere */
    rails_written(&k);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 2);
    rig_answer(&k.r, 2202, PLACED);
    ck_assert(u.times == 1 && u.ret == 0 && u.repeat);
    rig_answer(&k.r, 2202, PLACED);
    ck_assert(other.times == 1 && other.ret == 0 && !other.repeat);
    told_free(&other);
    stop();
}
END_TEST

START_TEST(so_many_orders_a_minute_over_all_surfaces)
{
    start(ALL, ",\"max_orders_per_minute\":2");
    placed_ok(&(struct place){ .price = 1 });
    c = rails_caller(&k, IFACE_REST, "key");
    modify(&t, Trd_Common_ModifyOrderOp_Cancel, 0, 0);
    sent(2205);
    rig_answer(&k.r, 2205, REFUSED);
    trail_clear(&k);
    told_place(&t, c, &(struct place){ .price = 1 });
    ck_assert_int_eq(t.deny, DENY_RATE);
    ck_assert_uint_eq(trail_count(&k, "limit: rate limit exceeded: 3 in 60s (cap 2)"), 1);
    rig_pass(&k.r, 60 * NS_PER_S);
    placed_ok(&(struct place){ .price = 1 });
    stop();
}
END_TEST

/* ---- on disk first ---- */

START_TEST(nothing_is_sent_before_it_is_written_down)
{
    start(ALL, ",\"max_daily_value\":1000");
    told_place(&t, c, &(struct place){ .qty = 10, .price = 10 });
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 0);
    ck_assert(k.trail.n == 1 && k.daily.n == 1);
    ck_assert_uint_eq(trail_count(&k, "\"request\"", "\"key_id\":\"key\"", "\"args_hash\":\"",
                                  "\"acc_id\":\"1001\"", "\"WARN\"", "/test", "10.0.0.1"), 1);
    ck_assert_ptr_nonnull(memmem(k.daily.text.p, k.daily.text.n, " 100000000 key\n", 15));
    disk_end(&k.daily, FUTU_OK);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 0);
    disk_end(&k.trail, FUTU_OK);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 1);
    rig_answer(&k.r, 2202, REFUSED);
    ck_assert_ptr_nonnull(memmem(k.daily.text.p, k.daily.text.n, " 0 key\n", 7));
    ck_assert_uint_eq(trail_count(&k, "\"failure\"", "\"reason\":\"no!\"", "\"no_key\""), 1);
    stop();
}
END_TEST

static void not_written(void)
{
    ck_assert_uint_eq(t.times, 1);
    ck_assert_int_eq(t.ret, RET_FAILED);
    ck_assert_ptr_nonnull(strstr(t.text, "nothing was sent"));
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 0);
}

START_TEST(a_disk_that_fails_lets_no_order_pass)
{
    start(ALL, ",\"max_daily_value\":1000");
    for (int which = 0; which < 4; which++) {
        k.trail.refuse = which == 0 ? FUTU_EIO : FUTU_OK;
        k.daily.refuse = which == 1 ? FUTU_EIO : FUTU_OK;
        told_place(&t, c, &(struct place){ .qty = 100, .price = 10 });
        while (k.trail.n > 0)
            disk_end(&k.trail, which == 2 ? FUTU_EIO : FUTU_OK);
        while (k.daily.n > 0)
            disk_end(&k.daily, which == 3 ? FUTU_EIO : FUTU_OK);
        not_written();
        k.trail.refuse = k.daily.refuse = FUTU_OK;
        rails_written(&k);
    }
    k.trail.refuse = k.daily.refuse = FUTU_EIO;
    told_place(&t, c, &(struct place){ .qty = 100, .price = 10 });
    not_written();
    k.trail.refuse = k.daily.refuse = FUTU_OK;
    placed_ok(&(struct place){ .qty = 100, .price = 10 });      /* all was given back */
    stop();
}
END_TEST

START_TEST(a_disk_that_hangs_is_answered_for_and_its_order_is_never_sent)
{
    start(ALL, ",\"max_daily_value\":1000");
    told_place(&t, c, &(struct place){ .qty = 100, .price = 10 });
    rig_pass(&k.r, 60 * NS_PER_S);
    not_written();
    rails_written(&k);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 0);
    ck_assert_uint_eq(t.times, 1);
    ck_assert_uint_eq(trail_count(&k, "\"failure\"", "nothing was sent"), 1);
    rails_written(&k);
    placed_ok(&(struct place){ .qty = 100, .price = 10 });
    stop();
}
END_TEST

START_TEST(whoever_goes_while_the_disk_writes_places_nothing)
{
    struct peer p;
    uint8_t bytes[512];
    start(ALL, ",\"max_daily_value\":1000");
    ck_assert_int_eq(peer_open_as(&p, &k.r, "token-key"), FUTU_OK);
    peer_init(&p, CIPHER_NONE, 0, false);
    size_t n = place_bytes(p.id, &(struct place){ .price = 10 }, bytes);
    ck_assert_int_eq(peer_send(&p, 2202, 0, 5, bytes, n), FUTU_OK);
    peer_close(&p);
    rails_written(&k);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 0);
    ck_assert_uint_eq(trail_count(&k, "\"failure\"", "nothing was sent"), 1);
    rails_written(&k);
    placed_ok(&(struct place){ .qty = 100, .price = 10 });
    stop();
}
END_TEST

START_TEST(a_key_that_goes_takes_what_it_waits_for_along)
{
    start(ALL, ",\"max_daily_value\":1000");
    told_place(&t, c, &(struct place){ .price = 10 });
    rails_key(&k, "another", ALL, "");
    rails_save(&k);
    rails_reload(&k);
    rig_turn(&k.r);
    ck_assert(t.times == 1 && t.gone);
    rails_written(&k);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 0);
    stop();
}
END_TEST

START_TEST(a_hub_that_ends_while_all_kinds_wait)
{
    struct told v[4] = { { .times = 0 } };
    start(ALL, ",\"max_order_value\":10000");
    told_place(&v[0], c, &(struct place){ .price = 10, .word = "w" });
    sent(2202);
    told_place(&v[1], c, &(struct place){ .type = 2 });
    told_place(&v[2], c, &(struct place){ .price = 10 });
    told_place(&v[3], c, &(struct place){ .price = 10, .word = "w" });
    hub_free(k.r.hub);
    k.r.hub = NULL;
    for (size_t i = 0; i < 4; i++) {
        ck_assert_msg(v[i].times == 1 && v[i].gone, "%zu", i);
        told_free(&v[i]);
    }
    stop();
}
END_TEST

START_TEST(an_unlock_is_in_the_trail_and_locks_of_a_limited_key_name_accounts)
{
    const uint64_t ids[] = { 1001, 1003 };
    Trd_UnlockTrade_C2S c2s = { .pwdMD5 = STR("0123456789abcdef0123456789abcdef") };
    Trd_UnlockTrade_Request rq = { &c2s };
    start(ALL, ",\"allowed_acc_ids\":[1001]");
    SET(&c2s, unlock, true);
    told_ask(&t, c, 2005, &rq);
    refused(DENY_ACCOUNT);
    t.call.acc_ids = ids;
    t.call.n_acc_ids = 2;
    told_ask(&t, c, 2005, &rq);
    refused(DENY_ACCOUNT);
    t.call.acc_ids = ids;
    t.call.n_acc_ids = 1;
    told_ask(&t, c, 2005, &rq);
    ck_assert_uint_eq(rig_waiting(&k.r, 2005), 0);
    sent(2005);
    rig_answer(&k.r, 2005, HEX_OK);
    ck_assert_int_eq(t.ret, 0);
    ck_assert_uint_eq(trail_count(&k, "\"request\"", "\"args_hash\""), 1);
    ck_assert_uint_eq(trail_count(&k, "\"success\""), 1);
    ck_assert_ptr_null(memmem(k.trail.text.p, k.trail.text.n, "0123456789abcdef0123", 20));
    stop();
}
END_TEST

START_TEST(decisions_are_counted)
{
    start(ALL, ",\"max_order_value\":1000");
    placed_ok(&(struct place){ .price = 1 });
    place_refused(&(struct place){ .price = 100 }, DENY_PER_ORDER);
    told_place(&t, c, &(struct place){ .price = 1 });
    sent(2202);
    rig_answer(&k.r, 2202, REFUSED);
    told_place(&t, c, &(struct place){ .price = 1 });
    sent(2202);
    rig_answer(&k.r, 2202, TIMED_OUT);
    static const struct {
        const char *outcome;
        int n;
    } want[] = { { "request", 3 }, { "success", 1 }, { "failure", 1 }, { "unknown", 1 },
                 { "reject", 1 } };
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        char name[128];
        snprintf(name, sizeof(name),
                 "futu_auth_events_total{iface=\"grpc\",outcome=\"%s\",key_id=\"key\"}",
                 want[i].outcome);
        ck_assert_msg(metric(&k, name) == want[i].n, "%s %g", name, metric(&k, name));
    }
    ck_assert_double_eq(metric(&k, "futu_auth_limit_rejects_total{iface=\"grpc\","
                                   "reason=\"per_order\",key_id=\"key\"}"), 1);
    stop();
}
END_TEST

/* ---- out of memory ---- */

static void once(const char *more, long n, bool *failed)
{
    uint8_t bytes[512];
    start(ALL, more);
    k.trail.deaf = k.daily.deaf = true;
    size_t len = place_bytes(hub_conn_id(c), &(struct place){ .type = 2, .word = "x" }, bytes);
    mem_fail_at(n);
    told_ask_bytes(&t, c, 2202, bytes, len);
    *failed = mem_failed();
    mem_fail_at(-1);
    while (rig_waiting(&k.r, 3203) > 0)
        rails_price(&k, 10);
    rails_written(&k);
    while (rig_waiting(&k.r, 2202) > 0)
        rig_answer(&k.r, 2202, PLACED);
    rig_turn(&k.r);
    ck_assert_uint_eq(t.times, 1);
    stop();
}

START_TEST(every_failed_allocation_is_clean)
{
    static const char *const mores[] = { "", ",\"max_order_value\":100000,\"max_daily_value\":1e6" };
    for (size_t m = 0; m < ARRAY_LEN(mores); m++) {
        bool failed = true;
        for (long n = 0; failed; n++)
            once(mores[m], n, &failed);
        ck_assert(t.ret == 0 && t.deny == DENY_NONE);
    }
}
END_TEST

START_TEST(memory_that_is_out_when_the_price_or_the_disk_answers)
{
    for (int when = 0; when < 2; when++)
        for (long n = 0; n < 40; n++) {
            start(ALL, ",\"max_order_value\":100000,\"max_daily_value\":1e6");
            k.trail.deaf = k.daily.deaf = true;
            told_place(&t, c, &(struct place){ .type = 2, .word = "x" });
            if (when == 1)
                rails_price(&k, 10);
            mem_fail_at(n);
            if (when == 1)
                rails_written(&k);
            else
                rig_answer(&k.r, 3203, HEX_OK);
            mem_fail_at(-1);
            rails_written(&k);
            while (rig_waiting(&k.r, 2202) > 0)
                rig_answer(&k.r, 2202, PLACED);
            rig_turn(&k.r);
            ck_assert_uint_eq(t.times, 1);
            stop();
        }
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
    tcase_add_test(tc, a_limit_order_without_a_price_is_valued_at_the_last_one);
    tcase_add_test(tc, a_trigger_above_the_last_price_counts);
    tcase_add_test(tc, without_a_last_price_a_market_order_is_refused);
    tcase_add_test(tc, a_silent_upstream_leaves_no_order_without_an_answer);
    tcase_add_test(tc, whoever_goes_while_a_price_is_asked_places_nothing);
    tcase_add_test(tc, a_key_without_caps_asks_for_no_price);
    tcase_add_test(tc, a_change_counts_like_an_order_of_the_new_size);
    tcase_add_test(tc, a_combination_counts_by_the_size_of_its_price);
    tcase_add_test(tc, a_confirmation_is_held_to_account_and_market);
    tcase_add_test(tc, a_day_holds_what_is_under_way_and_gives_back_what_is_refused);
    tcase_add_test(tc, what_nobody_knows_counts_against_the_day);
    tcase_add_test(tc, a_repeat_counts_once_and_is_answered_past_every_cap);
    tcase_add_test(tc, who_asks_again_for_an_unknown_end_is_not_stopped_by_its_value);
    tcase_add_test(tc, two_keys_may_use_the_same_word);
    tcase_add_test(tc, so_many_orders_a_minute_over_all_surfaces);
    tcase_add_test(tc, nothing_is_sent_before_it_is_written_down);
    tcase_add_test(tc, a_disk_that_fails_lets_no_order_pass);
    tcase_add_test(tc, a_disk_that_hangs_is_answered_for_and_its_order_is_never_sent);
    tcase_add_test(tc, whoever_goes_while_the_disk_writes_places_nothing);
    tcase_add_test(tc, a_key_that_goes_takes_what_it_waits_for_along);
    tcase_add_test(tc, a_hub_that_ends_while_all_kinds_wait);
    tcase_add_test(tc, an_unlock_is_in_the_trail_and_locks_of_a_limited_key_name_accounts);
    tcase_add_test(tc, decisions_are_counted);
    tcase_add_test(tc, every_failed_allocation_is_clean);
    tcase_add_test(tc, memory_that_is_out_when_the_price_or_the_disk_answers);
}

int main(void)
{
    return run_tcase("guard_write", add);
}
