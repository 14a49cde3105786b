/* orders_test.c - orders by their keys, in memory: no order is sent twice, each repeat gets the
 * answer, and what nobody knows is asked, not assumed. What is on disk: orders_store_test.c. */
#include "orders_rig.h"

static void setup(void)
{
    struct hub_opts o = { .frequency_limits_off = true };
    open_both(&o);
}

static void teardown(void)
{
    close_both();
}

START_TEST(a_repeat_gets_the_first_answer)
{
    place(&a, 1, &(struct order){ "k1", .number = 1 });
    ck_assert_str_eq(waiting()->key, "k1");
    ck_assert(!waiting()->resumed);
    ck_assert_uint_eq(waiting()->conn_id, a.id);
    answer(PLACED);
    placed(&a, 1);
    place(&a, 2, &(struct order){ "k1", .number = 2 });
    placed(&a, 2);
    place(&b, 3, &(struct order){ "k1", .number = 1 });
    placed(&b, 3);
    place(&b, 4, &(struct order){ "k1", .number = 1, .conn_id = a.id });
    placed(&b, 4);
    peer_close(&a);
    place(&b, 5, &(struct order){ "k1", .number = 7 });
    placed(&b, 5);
    ck_assert_uint_eq(r.fake.requests, 1);
    place(&b, 6, &(struct order){ "k2", .number = 8 });     /* another key, another order */
    answer(PLACED);
    placed(&b, 6);
}
END_TEST

START_TEST(a_repeat_while_it_is_under_way_follows)
{
    place(&a, 1, &(struct order){ "k1", .number = 1 });
    place(&b, 2, &(struct order){ "k1", .number = 1 });
    place(&a, 3, &(struct order){ "k1", .number = 2 });
    place(&b, 4, &(struct order){ "k1", .number = 9, .conn_id = 12345 });
    answer(PLACED);
    placed(&a, 1);
    placed(&a, 3);
    placed(&b, 2);
    placed(&b, 4);
    place(&a, 5, &(struct order){ "k2", .number = 5 });
    place(&b, 6, &(struct order){ "k2", .number = 5 });
    answer(REFUSED);                                        /* that is told to all too */
    peer_refused(&a, 2202, 5, -1, "no!");
    peer_refused(&b, 2202, 6, -1, "no!");
    ck_assert_uint_eq(r.fake.requests, 2);
}
END_TEST

START_TEST(another_order_with_the_key_is_refused)
{
    place(&a, 1, &(struct order){ "k1", .number = 1, .remark = "mine" });
    for (int i = 0; i < 2; i++) {
        place(&b, 2, &(struct order){ "k1", .number = 1, .qty = 200 });
        peer_refused(&b, 2202, 2, -1, "idempotencyKey: k1 has been used for another request");
        if (i == 0)
            answer(PLACED);
    }
    placed(&a, 1);
    place(&b, 3, &(struct order){ "k1", .number = 2, .remark = "mine ~abcdefghijklmn234" });
    placed(&b, 3);                                          /* a gateway on the way marked it */
    place(&b, 3, &(struct order){ "k1", .number = 2, .remark = "yours" });
    peer_refused(&b, 2202, 3, -1, "another request");
    place(&b, 4, &(struct order){ "k3", .number = 2, .qty = 200 }); /* the refused took no number */
    answer(PLACED);
    placed(&b, 4);
}
END_TEST

START_TEST(a_refused_order_frees_its_key)
{
    place(&a, 1, &(struct order){ "k1", .number = 1 });
    answer(REFUSED);
    peer_refused(&a, 2202, 1, -1, "no!");
    place(&a, 2, &(struct order){ "k1", .number = 2, .qty = 7 });   /* it may be another one now */
    ck_assert(!waiting()->resumed);
    answer(PLACED);
    placed(&a, 2);
    place(&a, 3, &(struct order){ "k1", .number = 1 });     /* the guard of numbers has its own */
    peer_refused(&a, 2202, 3, -1, "no!");
}
END_TEST

static const struct {
    const char *hex;
    int32_t ret;
} unknown[] = { { TIMED_OUT, -100 }, { DISCONNECTED, -200 }, { UNKNOWN, -400 } };

START_TEST(what_nobody_knows_is_asked_by_a_repeat)
{
    place(&a, 1, &(struct order){ "k1", .number = 1 });
    answer(unknown[_i].hex);
    peer_refused(&a, 2202, 1, unknown[_i].ret, "");
    place(&b, 2, &(struct order){ "k1", .number = 1, .qty = 7 });
    peer_refused(&b, 2202, 2, -1, "another request");
    place(&b, 3, &(struct order){ "k1", .number = 1 });
    ck_assert(waiting()->resumed);
    ck_assert_str_eq(waiting()->key, "k1");
    place(&a, 4, &(struct order){ "k1", .number = 2 });     /* and is followed */
    answer(unknown[_i].hex);
    peer_refused(&b, 2202, 3, unknown[_i].ret, "");
    peer_refused(&a, 2202, 4, unknown[_i].ret, "");
    place(&b, 5, &(struct order){ "k1", .number = 1, .conn_id = 12345 });
    ck_assert(waiting()->resumed);
    answer(PLACED);
    placed(&b, 5);
    place(&a, 6, &(struct order){ "k1", .number = 6 });
    placed(&a, 6);
    ck_assert_uint_eq(r.fake.requests, 3);
}
END_TEST

START_TEST(the_very_same_request_may_ask_too)
{
    place(&a, 1, &(struct order){ "k1", .number = 1 });
    answer(unknown[_i].hex);
    peer_refused(&a, 2202, 1, unknown[_i].ret, "");
    place(&a, 2, &(struct order){ "k1", .number = 1 });
    ck_assert(waiting()->resumed);
    answer(PLACED);
    placed(&a, 2);
    place(&a, 3, &(struct order){ "k1", .number = 1 });
    placed(&a, 3);
    place(&a, 4, &(struct order){ NULL, .number = 2 });     /* without a key nobody could tell */
    answer(unknown[_i].hex);
    peer_refused(&a, 2202, 4, unknown[_i].ret, "");
    place(&a, 5, &(struct order){ NULL, .number = 2 });
    peer_refused(&a, 2202, 5, unknown[_i].ret, "");
    ck_assert_uint_eq(r.fake.requests, 3);
}
END_TEST

START_TEST(a_resumed_order_that_was_not_there_frees_its_key)
{
    place(&a, 1, &(struct order){ "k1", .number = 1 });
    answer(DISCONNECTED);
    peer_refused(&a, 2202, 1, -200, "");
    place(&a, 2, &(struct order){ "k1", .number = 2 });
    answer(REFUSED);
    peer_refused(&a, 2202, 2, -1, "no!");
    place(&a, 3, &(struct order){ "k1", .number = 3, .qty = 7 });
    ck_assert(!waiting()->resumed);
    answer(PLACED);
    placed(&a, 3);
}
END_TEST

START_TEST(what_was_not_sent_frees_key_and_number)
{
    place(&a, 1, &(struct order){ _i ? "k1" : NULL, .number = 1 });
    place(&a, 2, &(struct order){ _i ? "k1" : NULL, .number = 1 });
    waiting()->unsent = true;
    answer(DISCONNECTED);
    peer_refused(&a, 2202, 1, -200, "");
    peer_refused(&a, 2202, 2, -200, "");
    place(&a, 3, &(struct order){ _i ? "k1" : NULL, .number = 1 });
    ck_assert(!waiting()->resumed && !waiting()->unsent);
    answer(PLACED);
    placed(&a, 3);
    place(&a, 4, &(struct order){ _i ? "k1" : NULL, .number = 1 });
    placed(&a, 4);
    ck_assert_uint_eq(r.fake.requests, 2);
}
END_TEST

static const char *const bad_keys[] = {
    "", "#1", "a\nb", "a\x7f",
    "0123456789012345678901234567890123456789012345678901234567890123456789",
};

START_TEST(keys_that_can_not_be)
{
    for (size_t i = 0; i < ARRAY_LEN(bad_keys); i++) {
        place(&a, 1, &(struct order){ bad_keys[i], .number = 1 });
        peer_refused(&a, 2202, 1, -1, "idempotencyKey: 1 to 64 bytes");
    }
    ck_assert_uint_eq(r.fake.requests, 0);
    place(&a, 2, &(struct order){ "0123456789012345678901234567890123456789012345678901234567890"
                                  "\xe4\xb8\xad", .number = 1 });
    ck_assert_uint_eq(strlen(waiting()->key), 64);
    answer(PLACED);
    placed(&a, 2);
}
END_TEST

START_TEST(without_a_key_an_order_has_none)
{
    place(&a, 1, &(struct order){ NULL, .number = 1 });
    ck_assert_str_eq(waiting()->key, "");
    answer(PLACED);
    placed(&a, 1);
    place(&b, 2, &(struct order){ NULL, .number = 1, .conn_id = a.id });
    peer_refused(&b, 2202, 2, -1, "not the id of this connection");
    place(&b, 3, &(struct order){ NULL, .number = 1 });
    answer(PLACED);
    placed(&b, 3);
}
END_TEST

START_TEST(the_first_must_be_of_its_own_connection)
{
    place(&b, 2, &(struct order){ "k1", .number = 1, .conn_id = a.id });
    peer_refused(&b, 2202, 2, -1, "not the id of this connection");
    place(&b, 3, &(struct order){ "k1", .number = 1 });
    answer(PLACED);
    placed(&b, 3);
}
END_TEST

/* 2227 with a key, of account 1. */
static void place_combo(struct peer *p, uint32_t serial, const char *key)
{
    Common_PacketID id = { .connID = 0 };
    Trd_Common_TrdHeader header = { .trdEnv = 0 };
    Trd_PlaceComboOrder_C2S c2s = { .packetID = &id, .header = &header,
                                    .idempotencyKey = str_c(key) };
    Trd_PlaceComboOrder_Request rq = { &c2s };
    SET(&id, connID, p->id);
    SET(&id, serialNo, serial);
    SET(&header, trdEnv, 0);
    SET(&header, accID, 1);
    SET(&header, trdMarket, 1);
    SET(&c2s, qty, 1);
    SET(&c2s, orderType, 1);
    ck_assert_int_eq(peer_send_msg(p, serial, 2227, &rq), FUTU_OK);
}

START_TEST(combinations_have_keys_too)
{
    place_combo(&a, 1, "k1");
    ck_assert_uint_eq(rig_waiting(&r, 2227), 1);
    rig_answer(&r, 2227, HEX_EMPTY);
    peer_expect(&a, 2227, 0, 1, HEX_EMPTY);
    place_combo(&b, 2, "k1");
    peer_expect(&b, 2227, 0, 2, HEX_EMPTY);
    place(&b, 3, &(struct order){ "k1", .number = 3 });     /* one name for all kinds of orders */
    peer_refused(&b, 2202, 3, -1, "another request");
    ck_assert_uint_eq(r.fake.requests, 1);
}
END_TEST

/* What places nothing may be sent again as it is. */
START_TEST(other_writes_have_no_key)
{
    static const char modify[] = "0a1a 0a0c 088180f09d99ddbf92611001 1206 0800 1001 1801 1807 2002";
    r.fake.up.forwards = true;
    peer_send_hex(&a, 2205, 1, modify);
    ck_assert_uint_eq(rig_waiting(&r, 2205), 1);
    for (uint32_t i = 0; i < r.fake.n_calls; i++)
        ck_assert_str_eq(r.fake.calls[i]->key, "");
    peer_send_hex(&b, 2205, 2, modify);                     /* a's packetID */
    peer_refused(&b, 2205, 2, -1, "not the id of this connection");
    peer_close(&a);
    ck_assert_uint_eq(r.fake.cancelled, 1);
}
END_TEST

START_TEST(in_front_of_a_gateway_the_packet_id_is_a_key)
{
    uint64_t first = a.id;
    r.fake.up.forwards = true;
    place(&a, 1, &(struct order){ NULL, .number = 4000000000 });
    ck_assert_str_eq(waiting()->key, "#7000000000000000001-4000000000");
    place(&b, 2, &(struct order){ NULL, .number = 4000000000, .conn_id = first });
    answer(PLACED);
    placed(&a, 1);
    placed(&b, 2);
    peer_close(&a);
    place(&b, 3, &(struct order){ NULL, .number = 4000000000, .conn_id = first });
    placed(&b, 3);
    place(&b, 4, &(struct order){ NULL, .number = 4000000000, .conn_id = first, .qty = 7 });
    peer_refused(&b, 2202, 4, -1, "another request");
    place(&b, 5, &(struct order){ NULL, .number = 9, .conn_id = first });
    peer_refused(&b, 2202, 5, -1, "not the id of this connection");
    place(&b, 6, &(struct order){ "own", .number = 4000000000 });
    ck_assert_str_eq(waiting()->key, "own");
    answer(PLACED);
    placed(&b, 6);
    ck_assert_uint_eq(r.fake.requests, 2);
}
END_TEST

START_TEST(a_client_that_was_cut_off_learns_what_became_of_it)
{
    uint64_t first = a.id;
    r.fake.up.forwards = true;
    place(&a, 1, &(struct order){ NULL, .number = 1 });
    peer_close(&a);
    ck_assert_uint_eq(r.fake.cancelled, 0);
    if (_i)                                                 /* before the answer, or after it */
        answer(PLACED);
    place(&b, 2, &(struct order){ NULL, .number = 1, .conn_id = first });
    if (!_i)
        answer(PLACED);
    placed(&b, 2);
    ck_assert_uint_eq(r.fake.requests, 1);
}
END_TEST

START_TEST(a_follower_may_go_first)
{
    place(&a, 1, &(struct order){ "k1", .number = 1 });
    place(&b, 2, &(struct order){ "k1", .number = 1 });
    peer_close(&b);
    answer(PLACED);
    placed(&a, 1);
    ck_assert_uint_eq(r.fake.cancelled, 0);
}
END_TEST

START_TEST(after_the_time_limit_the_answer_still_counts)
{
    place(&a, 1, &(struct order){ "k1", .number = 1 });
    rig_pass(&r, 10 * NS_PER_S);
    peer_refused(&a, 2202, 1, -100, "结果未知");
    place(&b, 2, &(struct order){ "k1", .number = 1 });
    place(&a, 3, &(struct order){ "k1", .number = 1 });
    answer(PLACED);
    placed(&b, 2);
    placed(&a, 3);
    peer_nothing(&a);
    ck_assert_uint_eq(r.fake.requests, 1);
}
END_TEST

START_TEST(a_day_later_a_key_may_be_used_again)
{
    place(&a, 1, &(struct order){ "k1", .number = 1 });
    answer(PLACED);
    placed(&a, 1);
    place(&a, 2, &(struct order){ "k2", .number = 2 });     /* under way all the time */
    r.time.wall_ns += (JOURNAL_KEEP_MS + 1) * NS_PER_MS;
    place(&b, 3, &(struct order){ "k3", .number = 1 });
    place(&b, 4, &(struct order){ "k1", .number = 2, .qty = 7 });
    place(&b, 5, &(struct order){ "k2", .number = 3 });
    ck_assert_uint_eq(r.fake.requests, 4);
    for (int i = 0; i < 3; i++)
        rig_answer(&r, 2202, PLACED);
    placed(&a, 2);
    placed(&b, 5);
    placed(&b, 3);
    placed(&b, 4);
}
END_TEST

START_TEST(what_is_refused_here_keeps_no_key)
{
    struct hub_opts o = { .frequency_limits_off = false };
    teardown();
    open_both(&o);
    place(&a, 1, &(struct order){ "k1", .number = 1, .env = 1 });
    peer_refused(&a, 2202, 1, -1, "没有解锁交易");
    place(&a, 2, &(struct order){ "k1", .number = 1 });
    answer(PLACED);
    placed(&a, 2);
    place(&a, 3, &(struct order){ "k2", .number = 2 });     /* too soon behind the first */
    peer_refused(&a, 2202, 3, -1, "20毫秒");
    rig_pass(&r, NS_PER_S);
    place(&a, 4, &(struct order){ "k2", .number = 2, .qty = 7 });
    ck_assert(!waiting()->resumed);
    answer(DISCONNECTED);
    peer_refused(&a, 2202, 4, -200, "");
    rig_pass(&r, NS_PER_S);
    place(&a, 5, &(struct order){ "k2", .number = 3, .qty = 7 });   /* a key that is kept stays */
    answer(PLACED);
    placed(&a, 5);
    place(&a, 6, &(struct order){ "k2", .number = 4, .qty = 7 });   /* and repeats cost nothing */
    placed(&a, 6);
}
END_TEST

START_TEST(the_gateway_ends_with_orders_under_way)
{
    place(&a, 1, &(struct order){ "k1", .number = 1 });
    place(&b, 2, &(struct order){ "k1", .number = 1 });
    place(&b, 3, &(struct order){ "k2", .number = 3 });
    peer_close(&a);
    peer_close(&b);
    rig_free(&r);
    ck_assert_uint_eq(r.fake.cancelled, 2);
    setup();
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    uint8_t one[512], two[512];
    size_t n_one = order_bytes(&a, &(struct order){ "k1", .number = 1 }, one);
    size_t n_two = order_bytes(&b, &(struct order){ "k1", .number = 1 }, two);
    long n = 0;
    bool failed;
    do {
        teardown();
        setup();
        mem_fail_at(n++);
        feed_order(&a, one, n_one);
        feed_order(&b, two, n_two);
        bool sent = r.fake.n_calls > 0;
        if (sent)
            rig_answer(&r, 2202, PLACED);
        failed = mem_failed();
        mem_fail_at(-1);
        struct frame f;
        ck_assert(peer_next(&a, &f) || a.closes == 1);
        ck_assert(peer_next(&b, &f) || b.closes == 1);
        if (b.closes)
            continue;
        place(&b, 6, &(struct order){ "k1", .number = 2 });
        if (!sent) {
            answer(PLACED);                                 /* the key was not left behind */
            placed(&b, 6);
        } else if (peer_next(&b, &f)) {
            ck_assert_uint_eq(r.fake.requests, 1);
        } else {
            ck_assert(waiting()->resumed);                  /* the answer could not be kept */
        }
    } while (failed);
    ck_assert_int_gt(n, 8);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_repeat_gets_the_first_answer);
    tcase_add_test(tc, a_repeat_while_it_is_under_way_follows);
    tcase_add_test(tc, another_order_with_the_key_is_refused);
    tcase_add_test(tc, a_refused_order_frees_its_key);
    tcase_add_loop_test(tc, what_nobody_knows_is_asked_by_a_repeat, 0, ARRAY_LEN(unknown));
    tcase_add_loop_test(tc, the_very_same_request_may_ask_too, 0, ARRAY_LEN(unknown));
    tcase_add_test(tc, a_resumed_order_that_was_not_there_frees_its_key);
    tcase_add_loop_test(tc, what_was_not_sent_frees_key_and_number, 0, 2);
    tcase_add_test(tc, keys_that_can_not_be);
    tcase_add_test(tc, without_a_key_an_order_has_none);
    tcase_add_test(tc, the_first_must_be_of_its_own_connection);
    tcase_add_test(tc, combinations_have_keys_too);
    tcase_add_test(tc, other_writes_have_no_key);
    tcase_add_test(tc, in_front_of_a_gateway_the_packet_id_is_a_key);
    tcase_add_loop_test(tc, a_client_that_was_cut_off_learns_what_became_of_it, 0, 2);
    tcase_add_test(tc, a_follower_may_go_first);
    tcase_add_test(tc, after_the_time_limit_the_answer_still_counts);
    tcase_add_test(tc, a_day_later_a_key_may_be_used_again);
    tcase_add_test(tc, what_is_refused_here_keeps_no_key);
    tcase_add_test(tc, the_gateway_ends_with_orders_under_way);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("orders", add);
}
