/* order_test.c - writes: as they go up, and what is found out about those whose answer was lost.
 * None is ever sent twice. */
#include "bodies.h"

#include <stdio.h>

#define ROOM_64 "a remark of sixty-four bytes leaves no room for a mark of any ki"

static struct peer p;
static char mark[MARK_LEN + 1];

static void start(void)
{
    mark_make(PEER_SECRET, "key-1", mark);
    peer_init(&p);
    peer_pass(&p, 6 * NS_PER_S);                /* a loss is followed by an attempt at once */
}

static void expect_end(const struct ask *a, int32_t ret, bool unsent, const char *part)
{
    ck_assert_uint_eq(a->done, 1);
    ck_assert_msg(a->ret == ret, "%d: %s", a->ret, a->text);
    ck_assert_msg(!part || strstr(a->text, part), "%s", a->text);
    ck_assert_int_eq(a->rq.unsent, unsent);
}

static void expect_placed(const struct ask *a, uint64_t id, const char *ex)
{
    Trd_PlaceOrder_Response r;
    ck_assert_uint_eq(a->done, 1);
    ck_assert_msg(a->ret == RET_OK, "%s", a->text);
    ck_assert_int_eq(codec_decode(&Trd_PlaceOrder_Response_msg, &p.arena, a->body, a->n, &r, NULL,
                                  NULL), FUTU_OK);
    ck_assert_uint_eq(r.s2c->orderID, id);
    ck_assert(str_is(r.s2c->orderIDEx, ex));
    ck_assert_uint_eq(r.s2c->header->accID, ACCOUNT);
    ck_assert_int_eq(r.s2c->header->trdEnv, Trd_Common_TrdEnv_Real);
}

/* ---- sending ---- */

START_TEST(an_order_goes_up_as_one_of_our_own)
{
    struct ask a = { .done = 0 };
    char want[80];
    start();
    gate_place(&p, &a, "key-1", "hello");
    struct asked *up = peer_need(&p, 2202);
    ck_assert_int_eq(up->lane, LANE_TRADE);
    const Trd_PlaceOrder_Request *rq = peer_request(&p, up);
    ck_assert_uint_eq(rq->c2s->packetID->connID, p.r->lanes[LANE_TRADE].c->conn_id);
    ck_assert_uint_eq(rq->c2s->packetID->serialNo, up->serial);
    snprintf(want, sizeof(want), "hello %s", mark);
    ck_assert(str_is(sent_remark(up), want));
    ck_assert(str_is(sent_key(up), "key-1"));
    ck_assert(str_is(rq->c2s->code, "00700"));
    ck_assert(rq->c2s->qty == 100 && rq->c2s->price == 300);
    peer_answer(&p, up, "\x08\x00\x22\x03\xf8\x01\x07", 7);
    ck_assert_uint_eq(a.done, 1);
    ck_assert_mem_eq(a.body, "\x08\x00\x22\x03\xf8\x01\x07", 7);
    peer_free(&p);
}
END_TEST

START_TEST(a_key_made_of_a_packet_id_goes_up_without_its_sign)
{
    struct ask a = { .done = 0 }, none = { .done = 0 };
    start();
    gate_place(&p, &a, "#42.9", NULL);
    ck_assert(str_is(sent_key(peer_last(&p, 2202)), "42.9"));
    gate_place(&p, &none, NULL, "hello");
    ck_assert(str_is(sent_key(peer_last(&p, 2202)), ""));
    ck_assert(str_is(sent_remark(peer_last(&p, 2202)), "hello"));
    peer_free(&p);
}
END_TEST

START_TEST(a_refusal_is_handed_on)
{
    struct ask a = { .done = 0 };
    start();
    gate_place(&p, &a, "key-1", NULL);
    peer_refuse(&p, peer_need(&p, 2202), "not enough cash");
    expect_end(&a, RET_FAILED, false, "not enough cash");
    peer_free(&p);
}
END_TEST

START_TEST(without_a_connection_nothing_is_sent)
{
    struct ask a = { .done = 0 }, m = { .done = 0 };
    start();
    peer_block(&p, LANE_TRADE, FUTU_EREFUSED);
    gate_place(&p, &a, "key-1", NULL);
    expect_end(&a, RET_FAILED, true, "not sent: no trade connection to the upstream " PEER_NAME);
    ck_assert_ptr_nonnull(strstr(a.text, "tcp: nothing listens there"));
    gate_modify(&p, &m);
    expect_end(&m, RET_FAILED, true, "not sent: ");
    peer_block(&p, LANE_TRADE, FUTU_OK);
    peer_pass(&p, 10 * NS_PER_S);
    ck_assert_uint_eq(peer_count(&p, 2202) + peer_count(&p, 2205), 0);
    peer_free(&p);
}
END_TEST

/* ---- the answer was lost ---- */

/* Places one and loses the connection before the answer; the list is asked for on the next one. */
static struct asked *lose(struct ask *a, const char *key, const char *remark)
{
    start();
    gate_place(&p, a, key, remark);
    peer_need(&p, 2202);
    peer_cut(&p, LANE_TRADE);
    ck_assert_uint_eq(a->done, 0);
    peer_pass(&p, 100 * NS_PER_MS);
    return peer_need(&p, P_ORDER_LIST);
}

static void end_once(void)
{
    peer_pass(&p, 5 * NS_PER_S);
    ck_assert_uint_eq(peer_count(&p, 2202), 1);
    ck_assert(list_empty(&p.r->orders));
    peer_free(&p);
}

START_TEST(it_is_found_by_its_mark)
{
    struct ask a = { .done = 0 };
    struct asked *list = lose(&a, "key-1", NULL);
    const Trd_GetOrderList_Request *rq = peer_request(&p, list);
    const struct order_in orders[] = { { 6, NULL, 100, 300, 0, NULL, 0 },
                                       { 7, mark, 100, 300, 0, NULL, 0 } };
    ck_assert_uint_eq(rq->c2s->header->accID, ACCOUNT);
    ck_assert_int_eq(rq->c2s->header->trdMarket, Trd_Common_TrdMarket_HK);
    answer_orders(&p, list, orders, 2);
    expect_placed(&a, 7, "EX7");
    end_once();
}
END_TEST

START_TEST(it_may_arrive_a_moment_later)
{
    struct ask a = { .done = 0 };
    const struct order_in found = { 7, mark, 100, 300, 0, NULL, 0 };
    answer_orders(&p, lose(&a, "key-1", NULL), NULL, 0);
    peer_pass(&p, 900 * NS_PER_MS);
    ck_assert_ptr_null(peer_find(&p, P_ORDER_LIST));
    peer_pass(&p, 200 * NS_PER_MS);
    struct asked *list = peer_need(&p, P_ORDER_LIST);
    const Trd_GetOrderList_Request *rq = peer_request(&p, list);
    ck_assert(rq->c2s->refreshCache);
    ck_assert_uint_eq(a.done, 0);
    answer_orders(&p, list, &found, 1);
    expect_placed(&a, 7, "EX7");
    end_once();
}
END_TEST

START_TEST(not_found_twice_it_did_not_arrive)
{
    struct ask a = { .done = 0 };
    answer_orders(&p, lose(&a, "key-1", NULL), NULL, 0);
    peer_pass(&p, 1100 * NS_PER_MS);
    answer_orders(&p, peer_need(&p, P_ORDER_LIST), NULL, 0);
    expect_end(&a, RET_FAILED, true, "the order did not arrive; send it again with the same key");
    end_once();
}
END_TEST

START_TEST(without_room_for_a_mark_all_else_tells)
{
    static const struct order_in others[] = {
        { 1, ROOM_64, 200, 300, 0, NULL, 0 },   { 2, ROOM_64, 100, 301, 0, NULL, 0 },
        { 3, ROOM_64, 100, 300, 0, "00005", 0 }, { 4, ROOM_64, 100, 300, 0, NULL, 2 },
        { 5, "x", 100, 300, 0, NULL, 0 },
    };
    static const struct order_in it = { 7, ROOM_64, 100, 300, 0, NULL, 0 };
    struct ask a = { .done = 0 };
    ck_assert_uint_eq(strlen(ROOM_64), 64);
    answer_orders(&p, lose(&a, "key-1", ROOM_64), others, ARRAY_LEN(others));
    ck_assert_uint_eq(a.done, 0);
    peer_pass(&p, 1100 * NS_PER_MS);
    answer_orders(&p, peer_need(&p, P_ORDER_LIST), &it, 1);
    expect_placed(&a, 7, "EX7");
    end_once();
}
END_TEST

/* Looks twice; the second list has all `n` orders, the first one the first of them. */
static void look_twice(const struct order_in *list, size_t n)
{
    answer_orders(&p, peer_need(&p, P_ORDER_LIST), list, 1);
    peer_pass(&p, 1100 * NS_PER_MS);
    answer_orders(&p, peer_need(&p, P_ORDER_LIST), list, n);
}

START_TEST(an_older_twin_is_not_it)
{
    for (size_t n = 1; n <= 2; n++) {
        struct ask a = { .done = 0 };
        lose(&a, "key-1", ROOM_64);
        double now = (double)(p.time.wall_ns / NS_PER_S);
        const struct order_in list[] = { { 6, ROOM_64, 100, 300, now - 3600, NULL, 0 },
                                         { 7, ROOM_64, 100, 300, now - 5, NULL, 0 } };
        look_twice(list, n);
        if (n == 2)
            expect_placed(&a, 7, "EX7");
        else
            expect_end(&a, RET_TIMEOUT, false, "结果未知");
        end_once();
    }
}
END_TEST

START_TEST(an_order_of_another_key_is_not_it)
{
    struct ask a = { .done = 0 };
    char other[MARK_LEN + 1];
    mark_make(PEER_SECRET, "key-2", other);
    const struct order_in list[] = { { 7, other, 100, 300, 0, NULL, 0 } };
    answer_orders(&p, lose(&a, "key-1", NULL), list, 1);
    peer_pass(&p, 1100 * NS_PER_MS);
    answer_orders(&p, peer_need(&p, P_ORDER_LIST), list, 1);
    expect_end(&a, RET_FAILED, true, NULL);
    end_once();
}
END_TEST

START_TEST(a_list_that_is_refused_leaves_it_unknown)
{
    struct ask a = { .done = 0 };
    unsigned lists = 0;
    struct asked *list = lose(&a, "key-1", NULL);
    for (int i = 0; i < 100 && !a.done; i++) {
        lists++;
        peer_refuse(&p, list, "too frequent");
        peer_pass(&p, 2100 * NS_PER_MS);
        list = peer_find(&p, P_ORDER_LIST);
    }
    expect_end(&a, RET_TIMEOUT, false, "结果未知");
    ck_assert_uint_ge(lists, 25);
    ck_assert_uint_le(lists, 35);
    end_once();
}
END_TEST

START_TEST(a_further_loss_while_it_is_looked_for)
{
    struct ask a = { .done = 0 };
    const struct order_in found = { 7, mark, 100, 300, 0, NULL, 0 };
    lose(&a, "key-1", NULL);
    peer_block(&p, LANE_TRADE, FUTU_EREFUSED);
    peer_pass(&p, 20 * NS_PER_S);
    ck_assert_uint_eq(a.done, 0);
    peer_block(&p, LANE_TRADE, FUTU_OK);
    peer_pass(&p, 6 * NS_PER_S);
    answer_orders(&p, peer_need(&p, P_ORDER_LIST), &found, 1);
    expect_placed(&a, 7, "EX7");
    end_once();
}
END_TEST

START_TEST(no_answer_in_a_minute_is_as_good_as_lost)
{
    struct ask a = { .done = 0 };
    const struct order_in found = { 7, mark, 100, 300, 0, NULL, 0 };
    start();
    gate_place(&p, &a, "key-1", NULL);
    peer_pass(&p, 60 * NS_PER_S);
    ck_assert_uint_eq(a.done, 0);
    answer_orders(&p, peer_need(&p, P_ORDER_LIST), &found, 1);
    expect_placed(&a, 7, "EX7");
    end_once();
}
END_TEST

START_TEST(orders_of_one_account_share_a_list)
{
    struct ask a[3] = { { .done = 0 } };
    char marks[3][MARK_LEN + 1], key[8];
    start();
    for (int i = 0; i < 3; i++) {
        snprintf(key, sizeof(key), "key-%d", i);
        mark_make(PEER_SECRET, key, marks[i]);
        gate_place(&p, &a[i], key, NULL);
    }
    peer_cut(&p, LANE_TRADE);
    peer_pass(&p, 100 * NS_PER_MS);
    const struct order_in list[] = { { 5, marks[2], 100, 300, 0, NULL, 0 },
                                     { 6, marks[0], 100, 300, 0, NULL, 0 } };
    answer_orders(&p, peer_need(&p, P_ORDER_LIST), list, 2);
    expect_placed(&a[0], 6, "EX6");
    expect_placed(&a[2], 5, "EX5");
    ck_assert_uint_eq(a[1].done, 0);
    ck_assert_uint_eq(peer_count(&p, P_ORDER_LIST), 1);
    peer_pass(&p, 1100 * NS_PER_MS);
    answer_orders(&p, peer_need(&p, P_ORDER_LIST), list, 2);
    expect_end(&a[1], RET_FAILED, true, NULL);
    ck_assert_uint_eq(peer_count(&p, 2202), 3);
    peer_free(&p);
}
END_TEST

static struct ask next[2];

static void place_the_next_and_cancel(struct ask *a)
{
    (void)a;
    gate_place(&p, &next[0], "key-9", NULL);
    gate_cancel(&p, &next[1]);
}

START_TEST(the_end_of_one_may_begin_another_and_cancel_a_third)
{
    struct ask a = { .then = place_the_next_and_cancel };
    memset(next, 0, sizeof(next));
    start();
    gate_place(&p, &a, "key-1", NULL);
    gate_place(&p, &next[1], "key-2", NULL);
    peer_cut(&p, LANE_TRADE);
    peer_pass(&p, 100 * NS_PER_MS);
    const struct order_in found = { 7, mark, 100, 300, 0, NULL, 0 };
    answer_orders(&p, peer_need(&p, P_ORDER_LIST), &found, 1);
    expect_placed(&a, 7, "EX7");
    ck_assert_uint_eq(next[0].done, 0);
    answer_placed(&p, peer_need(&p, 2202), 8);
    expect_placed(&next[0], 8, "");
    peer_pass(&p, 2 * NS_PER_S);
    if (peer_find(&p, P_ORDER_LIST))
        answer_orders(&p, peer_find(&p, P_ORDER_LIST), NULL, 0);
    peer_pass(&p, 2 * NS_PER_S);
    ck_assert_uint_eq(next[1].done, 0);
    ck_assert_uint_eq(peer_count(&p, 2202), 3);
    ck_assert(list_empty(&p.r->orders));
    peer_free(&p);
}
END_TEST

START_TEST(the_asker_of_a_lost_order_may_go)
{
    struct ask a = { .done = 0 };
    lose(&a, "key-1", NULL);
    gate_cancel(&p, &a);
    answer_orders(&p, peer_need(&p, P_ORDER_LIST), NULL, 0);
    peer_pass(&p, 5 * NS_PER_S);
    ck_assert_uint_eq(a.done, 0);
    end_once();
}
END_TEST

/* ---- what can't be looked for ---- */

START_TEST(other_writes_end_as_unknown)
{
    struct ask m = { .done = 0 }, a = { .done = 0 };
    start();
    gate_modify(&p, &m);
    gate_place(&p, &a, NULL, "no key");
    peer_need(&p, 2205);
    peer_cut(&p, LANE_TRADE);
    expect_end(&m, RET_DISCONNECTED, false, "结果未知");
    expect_end(&a, RET_DISCONNECTED, false, "结果未知");
    peer_pass(&p, 10 * NS_PER_S);
    ck_assert_uint_eq(peer_count(&p, 2205), 1);
    ck_assert_uint_eq(peer_count(&p, 2202), 1);
    ck_assert_uint_eq(peer_count(&p, P_ORDER_LIST), 0);
    peer_free(&p);
}
END_TEST

START_TEST(a_combo_is_found_too)
{
    struct ask a = { .done = 0 };
    Trd_PlaceComboOrder_Response r;
    uint8_t header[32], c2s[64], body[80];
    const int32_t one = 1;
    const uint64_t id = ACCOUNT;
    start();
    const struct order_in found = { 7, mark, 1, 2, 0, NULL, 0 };
    uint8_t *q = pb_put_scalar(header, 1, PB_INT32, &one);
    q = pb_put_scalar(pb_put_scalar(q, 2, PB_UINT64, &id), 3, PB_INT32, &one);
    q = pb_put_text(c2s, 2, (futu_str){ (const char *)header, (size_t)(q - header) });
    q = pb_put_text(body, TAG_C2S, (futu_str){ (const char *)c2s, (size_t)(q - c2s) });
    str_copy(a.rq.key, sizeof(a.rq.key), STR("key-1"));
    gate_ask(&p, &a, 2227, body, (size_t)(q - body));
    const struct asked *up = peer_need(&p, 2227);
    ck_assert_ptr_nonnull(memmem(up->body, up->n, mark, MARK_LEN));
    peer_cut(&p, LANE_TRADE);
    peer_pass(&p, 100 * NS_PER_MS);
    answer_orders(&p, peer_need(&p, P_ORDER_LIST), &found, 1);
    ck_assert_uint_eq(a.done, 1);
    ck_assert_int_eq(codec_decode(&Trd_PlaceComboOrder_Response_msg, &p.arena, a.body, a.n, &r,
                                  NULL, NULL), FUTU_OK);
    ck_assert(str_is(r.s2c->orderIDEx, "EX7"));
    ck_assert_uint_eq(peer_count(&p, 2227), 1);
    peer_free(&p);
}
END_TEST

START_TEST(a_body_that_is_no_order_is_refused)
{
    struct ask a = { .done = 0 };
    start();
    str_copy(a.rq.key, sizeof(a.rq.key), STR("key-1"));
    gate_ask(&p, &a, 2202, "\x0a\x09", 2);
    expect_end(&a, RET_FAILED, true, "not sent: ");
    ck_assert_uint_eq(peer_count(&p, 2202), 0);
    peer_free(&p);
}
END_TEST

/* ---- after a crash ---- */

START_TEST(a_resumed_order_is_looked_for_first)
{
    struct ask a = { .rq.resumed = true };
    start();
    const struct order_in found = { 7, mark, 100, 300, 0, NULL, 0 };
    gate_place(&p, &a, "key-1", NULL);
    ck_assert_uint_eq(peer_count(&p, 2202), 0);
    answer_orders(&p, peer_need(&p, P_ORDER_LIST), &found, 1);
    expect_placed(&a, 7, "EX7");
    ck_assert_uint_eq(peer_count(&p, 2202), 0);
    peer_free(&p);
}
END_TEST

START_TEST(a_resumed_order_that_is_not_there_is_sent)
{
    struct ask a = { .rq.resumed = true };
    start();
    peer_block(&p, LANE_TRADE, FUTU_EREFUSED);
    gate_place(&p, &a, "key-1", NULL);
    peer_pass(&p, 5 * NS_PER_S);
    ck_assert_uint_eq(a.done, 0);
    peer_block(&p, LANE_TRADE, FUTU_OK);
    peer_pass(&p, 6 * NS_PER_S);
    answer_orders(&p, peer_need(&p, P_ORDER_LIST), NULL, 0);
    peer_pass(&p, 1100 * NS_PER_MS);
    ck_assert_uint_eq(peer_count(&p, 2202), 0);
    answer_orders(&p, peer_need(&p, P_ORDER_LIST), NULL, 0);
    ck_assert(str_is(sent_remark(peer_need(&p, 2202)), mark));
    answer_placed(&p, peer_need(&p, 2202), 9);
    expect_placed(&a, 9, "");
    end_once();
}
END_TEST

START_TEST(a_resumed_order_that_is_lost_is_not_sent_again)
{
    struct ask a = { .rq.resumed = true };
    start();
    gate_place(&p, &a, "key-1", NULL);
    answer_orders(&p, peer_need(&p, P_ORDER_LIST), NULL, 0);
    peer_pass(&p, 1100 * NS_PER_MS);
    answer_orders(&p, peer_need(&p, P_ORDER_LIST), NULL, 0);
    peer_need(&p, 2202);
    peer_cut(&p, LANE_TRADE);
    for (int i = 0; i < 5 && !a.done; i++) {
        peer_pass(&p, 1100 * NS_PER_MS);
        struct asked *list = peer_find(&p, P_ORDER_LIST);
        if (list)
            answer_orders(&p, list, NULL, 0);
    }
    expect_end(&a, RET_FAILED, true, "did not arrive");
    end_once();
}
END_TEST

START_TEST(a_failed_allocation_never_sends_twice)
{
    for (long n = 0; n < 60; n++) {
        struct ask a = { .done = 0 };
        const struct order_in found = { 7, mark, 100, 300, 0, NULL, 0 };
        start();
        mem_fail_at(n % 20);
        if (n < 20)
            gate_place(&p, &a, "key-1", NULL);
        mem_fail_at(-1);
        if (n >= 20)
            gate_place(&p, &a, "key-1", NULL);
        if (!a.done && peer_find(&p, 2202)) {
            peer_cut(&p, LANE_TRADE);
            mem_fail_at(n >= 20 ? n % 20 : -1);
            peer_pass(&p, 300 * NS_PER_MS);
            mem_fail_at(-1);
            for (int i = 0; i < 100 && !a.done; i++) {
                peer_pass(&p, NS_PER_S);
                struct asked *list = peer_find(&p, P_ORDER_LIST);
                if (list)
                    answer_orders(&p, list, &found, 1);
            }
        }
        ck_assert_uint_eq(a.done, 1);
        ck_assert_uint_le(peer_count(&p, 2202), 1);
        ck_assert_int_eq(a.rq.unsent, peer_count(&p, 2202) == 0);
        peer_free(&p);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, an_order_goes_up_as_one_of_our_own);
    tcase_add_test(tc, a_key_made_of_a_packet_id_goes_up_without_its_sign);
    tcase_add_test(tc, a_refusal_is_handed_on);
    tcase_add_test(tc, without_a_connection_nothing_is_sent);
    tcase_add_test(tc, it_is_found_by_its_mark);
    tcase_add_test(tc, it_may_arrive_a_moment_later);
    tcase_add_test(tc, not_found_twice_it_did_not_arrive);
    tcase_add_test(tc, without_room_for_a_mark_all_else_tells);
    tcase_add_test(tc, an_older_twin_is_not_it);
    tcase_add_test(tc, an_order_of_another_key_is_not_it);
    tcase_add_test(tc, a_list_that_is_refused_leaves_it_unknown);
    tcase_add_test(tc, a_further_loss_while_it_is_looked_for);
    tcase_add_test(tc, no_answer_in_a_minute_is_as_good_as_lost);
    tcase_add_test(tc, orders_of_one_account_share_a_list);
    tcase_add_test(tc, the_end_of_one_may_begin_another_and_cancel_a_third);
    tcase_add_test(tc, the_asker_of_a_lost_order_may_go);
    tcase_add_test(tc, other_writes_end_as_unknown);
    tcase_add_test(tc, a_combo_is_found_too);
    tcase_add_test(tc, a_body_that_is_no_order_is_refused);
    tcase_add_test(tc, a_resumed_order_is_looked_for_first);
    tcase_add_test(tc, a_resumed_order_that_is_not_there_is_sent);
    tcase_add_test(tc, a_resumed_order_that_is_lost_is_not_sent_again);
    tcase_add_test(tc, a_failed_allocation_never_sends_twice);
}

int main(void)
{
    return run_tcase("order", add);
}
