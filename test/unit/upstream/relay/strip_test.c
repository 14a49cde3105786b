/* strip_test.c - our own marks in remarks: put in on the way up, taken out on the way down; those
 * of others stay. */
#include "bodies.h"

#include <stdio.h>

#define OTHER_SECRET "fedcba9876543210fedcba9876543210"

static struct peer p;
static char own[MARK_LEN + 1], foreign[MARK_LEN + 1];

static void make_marks(void)
{
    mark_make(PEER_SECRET, "key-1", own);
    mark_make(OTHER_SECRET, "key-1", foreign);
}

/* ---- taking them out ---- */

static struct buf order_list(const char *const *remarks, size_t n)
{
    static const char ids[] = "EX";
    struct buf b = BUF_INIT;
    Trd_Common_TrdHeader h = { 0 };
    Trd_Common_Order o[8];
    Trd_GetOrderList_S2C s2c = { .header = &h, .orderList = o, .n_orderList = n };
    Trd_GetOrderList_Response r = { .retMsg = STR("~ not in an order"), .s2c = &s2c };
    SET(&r, retType, RET_OK);
    SET(&h, trdEnv, 1);
    SET(&h, accID, ACCOUNT);
    SET(&h, trdMarket, 1);
    for (size_t i = 0; i < n; i++) {
        o[i] = (Trd_Common_Order){ .orderIDEx = str_c(ids), .code = STR("00700"),
                                   .name = STR("~"), .createTime = STR(""),
                                   .updateTime = STR(""), .remark = str_c(remarks[i]) };
        SET(&o[i], trdSide, 1);
        SET(&o[i], orderType, 1);
        SET(&o[i], orderStatus, 5);
        SET(&o[i], orderID, i);
        SET(&o[i], qty, 100);
    }
    ck_assert_int_eq(codec_encode(&Trd_GetOrderList_Response_msg, &r, &b, NULL), FUTU_OK);
    return b;
}

static void expect_stripped(const char *const *remarks, const char *const *want, size_t n)
{
    struct buf in = order_list(remarks, n), wanted = order_list(want, n), out = BUF_INIT;
    bool changed = marks_strip(PEER_SECRET, 2, in.p, in.n, &out);
    ck_assert(changed);
    ck_assert_uint_eq(out.n, wanted.n);
    ck_assert_mem_eq(out.p, wanted.p, out.n);
    buf_free(&in);
    buf_free(&wanted);
    buf_free(&out);
}

START_TEST(only_our_own_marks_are_taken_out)
{
    char with_text[80], others[80], both[80];
    make_marks();
    snprintf(with_text, sizeof(with_text), "hello %s", own);
    snprintf(others, sizeof(others), "hello %s", foreign);
    snprintf(both, sizeof(both), "hello %s %s", own, foreign);
    const char *const in[] = { with_text, own, others, both, NULL, "", "plain", foreign };
    const char *const out[] = { "hello", "", others, both, NULL, "", "plain", foreign };
    expect_stripped(in, out, ARRAY_LEN(in));
}
END_TEST

START_TEST(a_body_without_any_stays_as_it_is)
{
    struct buf out = BUF_INIT;
    ck_assert(!marks_strip(PEER_SECRET, 2, (const uint8_t *)"\x08\x00\x22\x00", 4, &out));
    ck_assert(!marks_strip(PEER_SECRET, 2, (const uint8_t *)"", 0, &out));
    ck_assert(!marks_strip(PEER_SECRET, 2, (const uint8_t *)"\x22\x09~", 3, &out));    /* cut */
    buf_free(&out);
}
END_TEST

START_TEST(a_failed_allocation_leaves_the_body_as_it_is)
{
    make_marks();
    const char *const remarks[] = { own };
    struct buf in = order_list(remarks, 1);
    for (long n = 0; test_alloc_fail_at(n); n++) {
        struct buf out = BUF_INIT;
        bool changed = marks_strip(PEER_SECRET, 2, in.p, in.n, &out);
        ck_assert(changed || mem_failed());
        buf_free(&out);
    }
    buf_free(&in);
}
END_TEST

/* ---- on their way through the relay ---- */

static void expect_sent(const char *key, const char *remark, const char *want)
{
    struct ask a = { .done = 0 };
    gate_place(&p, &a, key, remark);
    struct asked *sent = peer_need(&p, 2202);
    futu_str r = sent_remark(sent);
    ck_assert_msg(str_is(r, want), "%.*s", (int)r.n, r.p);
    answer_placed(&p, sent, 1);
}

START_TEST(a_remark_of_64_bytes_has_no_room_for_a_mark)
{
    static const char text[] = "012345678901234567890123456789012345678901234567890123456789"
                               "0123456";
    char room[80], want[128];
    make_marks();
    peer_init(&p);
    expect_sent("key-1", NULL, own);
    expect_sent("key-1", "", own);
    expect_sent(NULL, "text", "text");                          /* nothing names it */
    for (size_t n = 1; n <= 66; n++) {
        snprintf(room, sizeof(room), "%.*s", (int)n, text);
        snprintf(want, sizeof(want), "%s%s%s", room, n <= 45 ? " " : "", n <= 45 ? own : "");
        expect_sent("key-1", room, want);
    }
    snprintf(room, sizeof(room), "hi %s", foreign);
    expect_sent("key-1", room, room);                           /* it has one already */
    peer_free(&p);
}
END_TEST

START_TEST(clients_see_orders_without_our_marks)
{
    char others[80];
    struct ask a = { .done = 0 };
    make_marks();
    peer_init(&p);
    snprintf(others, sizeof(others), "hi %s", foreign);
    const struct order_in list[] = { { 1, own, 100, 300, 0, NULL, 0 },
                                     { 2, others, 100, 300, 0, NULL, 0 } };
    gate_ask(&p, &a, P_ORDER_LIST, "\x0a\x00", 2);
    answer_orders(&p, peer_need(&p, P_ORDER_LIST), list, 2);
    ck_assert_uint_eq(a.done, 1);
    ck_assert_ptr_null(memmem(a.body, a.n, own, MARK_LEN));
    ck_assert_ptr_nonnull(memmem(a.body, a.n, others, strlen(others)));
    push_order(&p, LANE_TRADE, &list[0]);
    const struct event *e = event_last(&p.trades);
    ck_assert_uint_eq(e->account, ACCOUNT);
    ck_assert_ptr_null(memmem(e->body, e->n, own, MARK_LEN));
    peer_free(&p);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, only_our_own_marks_are_taken_out);
    tcase_add_test(tc, a_body_without_any_stays_as_it_is);
    tcase_add_test(tc, a_failed_allocation_leaves_the_body_as_it_is);
    tcase_add_test(tc, a_remark_of_64_bytes_has_no_room_for_a_mark);
    tcase_add_test(tc, clients_see_orders_without_our_marks);
}

int main(void)
{
    return run_tcase("strip", add);
}
