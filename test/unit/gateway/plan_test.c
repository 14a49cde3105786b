/* plan_test.c - subscriptions that take the upstream a while: who waits for what, who is told what,
 * and that nothing is left behind by those who do not wait. */
#include "plan_rig.h"
#include "wire/sdkws.h"

START_TEST(the_reply_waits_for_the_upstream)
{
    sub(&a, "00700", TYPES(1));
    peer_nothing(&a);
    push_reaches(3005, 1, 0, 0);                    /* not before the reply */
    peer_send_hex(&a, 1004, 5, "0a020801");
    peer_ok(&a, 1004, 5);                           /* nothing else waits for it */
    rig_opened(&r, FUTU_OK, NULL);
    peer_ok(&a, 3001, 10);
    peer_nothing(&a);
    push_reaches(3005, 1, 0, 1);
    expect_log("+1.00700/1/0 ");
}
END_TEST

START_TEST(a_refusal_comes_with_its_reason_and_leaves_nothing)
{
    sub(&a, "00700 00005", TYPES(1, 6));
    rig_opened(&r, FUTU_EAUTH, "no right to quotes");
    peer_refused(&a, 3001, 10, -1, "no right to quotes");
    sub(&a, "00700", TYPES(1));
    rig_opened(&r, FUTU_ENOTCONN, "");
    peer_refused(&a, 3001, 10, -1, futu_strerror(FUTU_ENOTCONN));
    ck_assert_uint_eq(quota_used(), 0);
    push_reaches(3005, 1, 0, 0);
    expect_log("");
}
END_TEST

START_TEST(a_second_client_waits_for_the_same_stream)
{
    sub(&a, "00700", TYPES(1));
    sub(&b, "00700", TYPES(1));
    ck_assert_uint_eq(r.fake.n_opens, 1);
    peer_nothing(&b);
    rig_opened(&r, FUTU_OK, NULL);
    peer_ok(&a, 3001, 10);
    peer_ok(&b, 3001, 10);
    ck_assert_uint_eq(r.fake.n_opens, 0);
    expect_log("+1.00700/1/0 ");
    push_reaches(3005, 1, 0, 3);
}
END_TEST

START_TEST(when_the_first_fails_the_second_tries_itself)
{
    sub(&a, "00700", TYPES(1));
    sub(&b, "00700", TYPES(1));
    sub(&c, "00700", TYPES(1));
    rig_opened(&r, FUTU_EREFUSED, "not now");
    peer_refused(&a, 3001, 10, -1, "not now");
    peer_nothing(&b);
    ck_assert_uint_eq(r.fake.n_opens, 1);
    rig_opened(&r, FUTU_EREFUSED, "nor now");
    peer_refused(&b, 3001, 10, -1, "nor now");
    rig_opened(&r, FUTU_OK, NULL);
    peer_ok(&c, 3001, 10);
    expect_log("+1.00700/1/0 ");
    push_reaches(3005, 1, 0, 4);
    ck_assert_uint_eq(quota_used(), 1);
}
END_TEST

START_TEST(a_plan_that_has_waited_opens_what_is_still_missing)
{
    sub(&a, "00700", TYPES(1));
    sub(&b, "00700 00005", TYPES(1));
    sub(&c, "00005", TYPES(1));                     /* nobody is at it yet */
    ck_assert_uint_eq(r.fake.n_opens, 2);
    rig_opened(&r, FUTU_OK, NULL);
    peer_ok(&a, 3001, 10);
    peer_nothing(&b);                               /* now it waits for c's */
    ck_assert_uint_eq(r.fake.n_opens, 1);
    rig_opened(&r, FUTU_ENOTFOUND, "");
    peer_refused(&c, 3001, 10, -1, "not found");
    ck_assert_uint_eq(r.fake.n_opens, 1);
    expect_log("+1.00700/1/0 ");
    rig_opened(&r, FUTU_OK, NULL);
    peer_ok(&b, 3001, 10);
    expect_log("+1.00005/1/0 ");
}
END_TEST

START_TEST(the_client_goes_meanwhile)
{
    sub(&a, "00700", TYPES(1));
    sub(&b, "00700", TYPES(1));
    peer_close(&a);
    rig_opened(&r, FUTU_OK, NULL);
    peer_ok(&b, 3001, 10);
    expect_log("+1.00700/1/0 ");
    pass(NS_PER_S);
    sub(&b, "00005", TYPES(1));
    peer_close(&b);
    ck_assert_uint_eq(quota_used(), 2);             /* as of all that close within the minute */
    rig_opened(&r, FUTU_OK, NULL);
    pass(60 * NS_PER_S);
    expect_log("+1.00005/1/0 -1.00700/1/0 -1.00005/1/0 ");
    ck_assert_uint_eq(quota_used(), 0);
}
END_TEST

START_TEST(the_client_goes_and_the_upstream_refuses)
{
    sub(&a, "00700", TYPES(1));
    peer_close(&a);
    rig_opened(&r, FUTU_EAUTH, "no");
    sub(&b, "00700", TYPES(1));                     /* what a left behind does not stand for it */
    ck_assert_uint_eq(r.fake.n_opens, 1);
    rig_opened(&r, FUTU_EAUTH, "no");
    peer_refused(&b, 3001, 10, -1, "no");
    pass(60 * NS_PER_S);
    ck_assert_uint_eq(quota_used(), 0);
    expect_log("");
}
END_TEST

START_TEST(an_opening_outlives_its_client_by_more_than_the_minute)
{
    sub(&a, "00700", TYPES(1));
    peer_close(&a);
    pass(80 * NS_PER_S);
    ck_assert_uint_eq(quota_used(), 0);
    rig_opened(&r, FUTU_OK, NULL);
    expect_log("+1.00700/1/0 -1.00700/1/0 ");
}
END_TEST

START_TEST(a_client_that_waits_goes)
{
    sub(&a, "00700", TYPES(1));
    sub(&b, "00700 00005", TYPES(1));
    peer_close(&b);
    rig_opened(&r, FUTU_OK, NULL);
    peer_ok(&a, 3001, 10);
    ck_assert_uint_eq(r.fake.n_opens, 0);
    expect_log("+1.00700/1/0 ");
    pass(60 * NS_PER_S);
    ck_assert_uint_eq(quota_used(), 1);
    expect_log("");
}
END_TEST

START_TEST(after_ten_seconds_nothing_stays_subscribed)
{
    sub(&a, "00700", TYPES(1));
    sub(&b, "00700", TYPES(1));                     /* its time runs while it waits */
    rig_pass(&r, 10 * NS_PER_S - 1);
    peer_nothing(&a);
    ck_assert_uint_eq(quota_used(), 1);
    rig_pass(&r, 1);
    peer_refused(&a, 3001, 10, -100, "业务处理超时没返回");
    peer_refused(&b, 3001, 10, -100, "业务处理超时没返回");
    ck_assert_uint_eq(quota_used(), 0);
    push_reaches(3005, 1, 0, 0);
    expect_log("");
    if (_i) {
        rig_opened(&r, FUTU_OK, NULL);              /* the upstream knows nothing of time limits */
        expect_log("+1.00700/1/0 -1.00700/1/0 ");
    } else {
        rig_opened(&r, FUTU_ETIMEDOUT, "too late");
        expect_log("");
    }
    ck_assert_uint_eq(r.fake.n_opens, 0);
    push_reaches(3005, 1, 0, 0);
}
END_TEST

START_TEST(who_asks_again_after_the_time_limit_gets_what_the_first_began)
{
    sub(&a, "00700", TYPES(1));
    rig_pass(&r, 10 * NS_PER_S);
    peer_refused(&a, 3001, 10, -100, "超时");
    sub(&a, "00700", TYPES(1));
    ck_assert_uint_eq(r.fake.n_opens, 1);
    rig_opened(&r, FUTU_OK, NULL);
    peer_ok(&a, 3001, 10);
    peer_nothing(&a);
    ck_assert_uint_eq(r.fake.n_opens, 0);
    expect_log("+1.00700/1/0 ");
    push_reaches(3005, 1, 0, 1);
}
END_TEST

START_TEST(what_was_subscribed_before_stays_after_the_time_limit)
{
    r.fake.slow = false;
    sub(&a, "00700", TYPES(1));
    peer_ok(&a, 3001, 10);
    r.fake.slow = true;
    peer_sub(&a, 11, &(struct sub_args){ "00700 00005", TYPES(1), true, 0, 0, -1, false });
    rig_pass(&r, 10 * NS_PER_S);
    peer_refused(&a, 3001, 11, -100, "超时");
    ck_assert_uint_eq(quota_used(), 1);
    push_reaches(3005, 1, 0, 1);                    /* nor has its registration changed */
    rig_opened(&r, FUTU_OK, NULL);
    expect_log("+1.00700/1/0 +1.00005/1/0 -1.00005/1/0 ");
}
END_TEST

/* ---- the SDK's WebSocket ---- */

static void sdk_send(struct peer *p, uint32_t command, uint64_t section, const char *hex)
{
    uint8_t m[256];
    sdkws_write_request(m, command, section);
    size_t n = unhex(hex, m + SDKWS_REQUEST_HEAD, sizeof(m) - SDKWS_REQUEST_HEAD);
    ck_assert_int_eq(peer_feed(p, m, SDKWS_REQUEST_HEAD + n), FUTU_OK);
}

START_TEST(on_the_sdks_websocket_it_is_four_and_a_half)
{
    struct peer w;
    peer_open(&w, &r, FUTU_WIRE_WS);
    sdk_send(&w, SDKWS_INIT, 2, "");
    sdk_send(&w, 3001, 3, "0a13 0a09080112053030373030 1001 1801 2001 3000");
    peer_take(&w);
    w.in.n = 0;
    rig_pass(&r, 4500 * NS_PER_MS - 1);
    peer_take(&w);
    ck_assert_uint_eq(w.in.n, 0);
    rig_pass(&r, 1);
    peer_take(&w);
    ck_assert_ptr_nonnull(memmem(w.in.p, w.in.n, "业务处理超时没返回", 27));
    ck_assert_uint_eq(quota_used(), 0);
    rig_opened(&r, FUTU_OK, NULL);
    expect_log("+1.00700/1/0 -1.00700/1/0 ");
    peer_close(&w);
}
END_TEST

/* ---- others meanwhile ---- */

START_TEST(a_stream_that_another_gives_up_meanwhile_is_opened_again)
{
    r.fake.slow = false;
    r.fake.current = FIRST;
    sub_rehab(&b, "00700", 0, 0);
    peer_ok(&b, 3001, 10);
    expect_log("+1.00700/6/0 +1.00700/6/1 ");
    r.fake.slow = true;
    sub_rehab(&a, "00700 00005", 0, 1);             /* of 00700 all is there already */
    peer_send_hex(&b, 3002, 30, "0a0f 0a09080112053030373030 1006 2000");
    peer_ok(&b, 3002, 30);
    expect_log("-1.00700/6/0 ");
    rig_opened(&r, FUTU_OK, NULL);
    peer_nothing(&a);
    expect_log("+1.00005/6/0 +1.00005/6/1 ");
    rig_opened(&r, FUTU_OK, NULL);
    expect_log("+1.00700/6/0 ");
    peer_ok(&a, 3001, 10);
    peer_expect(&a, 3007, 0, 0, FIRST);
    peer_expect(&a, 3007, 0, 0, FIRST);
    push_reaches(3007, 6, 0, 1);
}
END_TEST

START_TEST(what_is_given_up_meanwhile_stays_given_up)
{
    r.fake.slow = false;
    sub(&a, "00700", TYPES(1));
    peer_ok(&a, 3001, 10);
    pass(60 * NS_PER_S);
    r.fake.slow = true;
    sub(&a, "00700 00005", TYPES(1));
    peer_sub(&a, 11, &(struct sub_args){ "00700", TYPES(1), false, -1, -1, -1, false });
    peer_ok(&a, 3001, 11);
    expect_log("+1.00700/1/0 -1.00700/1/0 ");
    rig_opened(&r, FUTU_OK, NULL);
    peer_ok(&a, 3001, 10);
    ck_assert_uint_eq(r.fake.n_opens, 0);
    expect_log("+1.00005/1/0 ");
    ck_assert_uint_eq(quota_used(), 1);
    push_reaches(3005, 1, 0, 0);
}
END_TEST

START_TEST(others_that_register_meanwhile_take_no_room_away)
{
    static struct peer p[4];                    /* as many as the stream has room for at first */
    for (size_t i = 0; i < ARRAY_LEN(p); i++) {
        peer_open(&p[i], &r, FUTU_WIRE_TCP);
        peer_init(&p[i], CIPHER_NONE, 0, false);
        if (i == 3)
            sub(&a, "00700 00005", TYPES(1));
        sub(&p[i], "00700", TYPES(1));
        if (i == 0)
            rig_opened(&r, FUTU_OK, NULL);
        peer_ok(&p[i], 3001, 10);
    }
    rig_opened(&r, FUTU_OK, NULL);
    peer_ok(&a, 3001, 10);
    push_reaches(3005, 1, 0, 1);
    for (size_t i = 0; i < ARRAY_LEN(p); i++) {
        peer_expect(&p[i], 3005, 0, 0, PUSH);
        peer_close(&p[i]);
    }
}
END_TEST

START_TEST(plans_under_way_are_bounded)
{
    for (int i = 0; i < 1024; i++)
        sub(&a, "00700", TYPES(1));
    peer_nothing(&a);
    ck_assert_uint_eq(r.fake.n_opens, 1);
    sub(&a, "00700", TYPES(1));
    peer_refused(&a, 3001, 10, -1, "1024 calls");
    peer_send_hex(&a, 2008, 8, "0a00");
    peer_refused(&a, 2008, 8, -1, "1024 calls");
    sub(&b, "00700", TYPES(1));                     /* others have their own bound */
    rig_opened(&r, FUTU_OK, NULL);
    for (int i = 0; i < 1024; i++)
        peer_ok(&a, 3001, 10);
    peer_ok(&b, 3001, 10);
    sub(&a, "00700", TYPES(1));
    peer_ok(&a, 3001, 10);
}
END_TEST

START_TEST(the_gateway_ends_with_plans_under_way)
{
    sub(&a, "00700", TYPES(1));
    sub(&b, "00700 00005", TYPES(1, 6));
    sub(&c, "00001", TYPES(4));
    if (_i)
        rig_pass(&r, 10 * NS_PER_S);
    ck_assert_uint_eq(r.fake.n_opens, 2);
}
END_TEST

/* ---- memory ---- */

/* Allocates nothing itself. */
static void feed(struct peer *p, uint32_t proto, const char *hex)
{
    static uint8_t room[1024];
    uint8_t bytes[256];
    struct buf out = { room, 0, sizeof(room), sizeof(room) };
    size_t n = unhex(hex, bytes, sizeof(bytes));
    ck_assert_int_eq(frame_write(&out, proto, 0, 5, bytes, n, NULL), FUTU_OK);
    hub_conn_feed(p->c, out.p, out.n);
}

/* Whether each client has got one answer for each request, or has been cut. */
static void check_answers(struct peer *p, unsigned want)
{
    struct frame f;
    unsigned got = 0;
    while (peer_next(p, &f))
        got += f.serial == 5;
    ck_assert(p->closes == 1 || got == want);
}

START_TEST(every_failed_allocation_is_clean)
{
    long n = 0;
    bool failed;
    do {
        teardown();
        setup();
        r.fake.current = FIRST;
        mem_fail_at(n++);
        feed(&a, 3001, "0a13 0a09080112053030373030 1001 1006 1801 2001");
        feed(&b, 3001, "0a1e 0a09080112053030373030 0a09080112053030303035 1006 1801 2001 2800");
        if (r.fake.n_opens > 0)
            rig_opened(&r, n % 2 ? FUTU_OK : FUTU_EAUTH, "no");
        failed = mem_failed();
        mem_fail_at(-1);
        while (r.fake.n_opens > 0)
            rig_opened(&r, FUTU_OK, NULL);
        check_answers(&a, 1);
        check_answers(&b, 1);
        for (size_t i = 0; i < ARRAY_LEN(all); i++)
            peer_close(all[i]);
        rig_pass(&r, 60 * NS_PER_S);
        ck_assert_uint_eq(quota_used(), 0);
    } while (failed);
    ck_assert_int_gt(n, 20);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_reply_waits_for_the_upstream);
    tcase_add_test(tc, a_refusal_comes_with_its_reason_and_leaves_nothing);
    tcase_add_test(tc, a_second_client_waits_for_the_same_stream);
    tcase_add_test(tc, when_the_first_fails_the_second_tries_itself);
    tcase_add_test(tc, a_plan_that_has_waited_opens_what_is_still_missing);
    tcase_add_test(tc, the_client_goes_meanwhile);
    tcase_add_test(tc, the_client_goes_and_the_upstream_refuses);
    tcase_add_test(tc, an_opening_outlives_its_client_by_more_than_the_minute);
    tcase_add_test(tc, a_client_that_waits_goes);
    tcase_add_loop_test(tc, after_ten_seconds_nothing_stays_subscribed, 0, 2);
    tcase_add_test(tc, who_asks_again_after_the_time_limit_gets_what_the_first_began);
    tcase_add_test(tc, what_was_subscribed_before_stays_after_the_time_limit);
    tcase_add_test(tc, on_the_sdks_websocket_it_is_four_and_a_half);
    tcase_add_test(tc, a_stream_that_another_gives_up_meanwhile_is_opened_again);
    tcase_add_test(tc, what_is_given_up_meanwhile_stays_given_up);
    tcase_add_test(tc, others_that_register_meanwhile_take_no_room_away);
    tcase_add_test(tc, plans_under_way_are_bounded);
    tcase_add_loop_test(tc, the_gateway_ends_with_plans_under_way, 0, 2);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("plan", add);
}
