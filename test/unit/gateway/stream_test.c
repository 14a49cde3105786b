/* stream_test.c - how streams are opened: options, and who gets a first push. */
#include "plan_rig.h"

static void sub_opts(struct peer *p, const char *code, int32_t type, struct stream_opts o)
{
    Qot_Common_Security sec = { .code = str_c(code) };
    Qot_Common_QotHeader header = { .securityFirm = 0 };
    Qot_Sub_C2S c2s = { .n_securityList = 1, .securityList = &sec, .n_subTypeList = 1,
                        .subTypeList = &type };
    Qot_Sub_Request rq = { &c2s };
    SET(&sec, market, 11);
    SET(&c2s, isSubOrUnSub, true);
    SET(&c2s, isFirstPush, false);
    SET(&c2s, isRegOrUnRegPush, true);
    if (o.session)
        SET(&c2s, session, o.session);
    if (o.extended)
        SET(&c2s, extendedTime, true);
    if (o.detail)
        SET(&c2s, isSubOrderBookDetail, true);
    if (o.firm) {
        SET(&header, securityFirm, o.firm);
        c2s.header = &header;
    }
    ck_assert_int_eq(peer_send_msg(p, 10, 3001, &rq), FUTU_OK);
}

static void opened_with(struct stream_opts o)
{
    ck_assert(stream_opts_eq(r.fake.last_opts, o));
    r.fake.last_opts = (struct stream_opts){ -1, -1, false, false };
    rig_opened(&r, FUTU_OK, NULL);
}

START_TEST(options_reach_the_upstream)
{
    static const struct stream_opts each[] = {
        { 0, 0, false, false }, { Common_Session_ETH, 0, false, false }, { 0, 1, false, false },
        { 0, 0, true, false },  { 0, 0, false, true }, { Common_Session_ALL, 2, true, true },
    };
    static const char *const codes[] = { "A", "B", "C", "D", "E", "F" };
    for (size_t i = 0; i < ARRAY_LEN(each); i++) {
        sub_opts(&a, codes[i], 2, each[i]);
        opened_with(each[i]);
        peer_ok(&a, 3001, 10);
    }
}
END_TEST

START_TEST(more_options_widen_an_open_stream)
{
    sub_opts(&a, "AAPL", 5, (struct stream_opts){ Common_Session_ETH, 1, false, false });
    opened_with((struct stream_opts){ Common_Session_ETH, 1, false, false });
    peer_ok(&a, 3001, 10);
    sub_opts(&b, "AAPL", 5, (struct stream_opts){ Common_Session_RTH, 0, false, false });
    peer_ok(&b, 3001, 10);                          /* it has that and more */
    ck_assert_uint_eq(r.fake.n_opens, 0);
    sub_opts(&b, "AAPL", 5, (struct stream_opts){ Common_Session_RTH, 0, true, false });
    opened_with((struct stream_opts){ Common_Session_ETH, 1, true, false });
    peer_ok(&b, 3001, 10);
    sub_opts(&c, "AAPL", 5, (struct stream_opts){ Common_Session_ALL, 0, false, true });
    opened_with((struct stream_opts){ Common_Session_ALL, 1, true, true });
    peer_ok(&c, 3001, 10);
    expect_log("+11.AAPL/5/0 +11.AAPL/5/0 +11.AAPL/5/0 ");
    ck_assert_uint_eq(quota_used(), 1);
}
END_TEST

START_TEST(a_stream_that_can_not_be_widened_stays_as_it_was)
{
    sub_opts(&a, "AAPL", 5, (struct stream_opts){ Common_Session_RTH, 0, false, false });
    rig_opened(&r, FUTU_OK, NULL);
    peer_ok(&a, 3001, 10);
    sub_opts(&b, "AAPL", 5, (struct stream_opts){ Common_Session_ALL, 0, false, false });
    rig_opened(&r, FUTU_EAUTH, "no right to the night");
    peer_refused(&b, 3001, 10, -1, "no right to the night");
    struct upstream_push p = { .proto = 3009, .key = { 11, 5, 0, "AAPL" },
                               .body = (const uint8_t *)"\x08", .len = 1 };
    r.events.push(r.events.arg, &p);
    peer_expect(&a, 3009, 0, 0, "08");
    peer_nothing(&b);
    sub_opts(&b, "AAPL", 5, (struct stream_opts){ Common_Session_RTH, 0, false, false });
    peer_ok(&b, 3001, 10);
    sub_opts(&b, "AAPL", 5, (struct stream_opts){ Common_Session_ALL, 0, false, false });
    opened_with((struct stream_opts){ Common_Session_ALL, 0, false, false });
    peer_ok(&b, 3001, 10);
}
END_TEST

START_TEST(options_are_forgotten_with_the_last_holder)
{
    sub_opts(&a, "AAPL", 5, (struct stream_opts){ Common_Session_ALL, 1, true, true });
    rig_opened(&r, FUTU_OK, NULL);
    peer_ok(&a, 3001, 10);
    pass(60 * NS_PER_S);
    peer_close(&a);
    sub_opts(&b, "AAPL", 5, (struct stream_opts){ Common_Session_RTH, 0, false, false });
    opened_with((struct stream_opts){ Common_Session_RTH, 0, false, false });
    peer_ok(&b, 3001, 10);
    expect_log("+11.AAPL/5/0 -11.AAPL/5/0 +11.AAPL/5/0 ");
}
END_TEST

START_TEST(options_of_a_pair_change_one_after_the_other)
{
    sub_opts(&a, "AAPL", 6, (struct stream_opts){ Common_Session_ETH, 0, false, false });
    rig_opened(&r, FUTU_OK, NULL);
    peer_ok(&a, 3001, 10);
    sub_opts(&b, "AAPL", 6, (struct stream_opts){ Common_Session_ETH, 1, false, false });
    /* another rehab type: a stream of its own with the same options */
    peer_send_hex(&a, 3002, 30, "0a10 0a08080b12044141504c 1006 1800 2001");
    ck_assert_uint_eq(r.fake.n_opens, 1);
    opened_with((struct stream_opts){ Common_Session_ETH, 1, false, false });
    peer_ok(&b, 3001, 10);
    opened_with((struct stream_opts){ Common_Session_ETH, 1, false, false });
    peer_ok(&a, 3002, 30);
    expect_log("+11.AAPL/6/1 +11.AAPL/6/1 +11.AAPL/6/0 ");
}
END_TEST

/* ---- first pushes ---- */

static void push_first(const char *hex)
{
    static uint8_t bytes[64];
    struct upstream_push p = { .proto = 3005, .key = { 1, 1, 0, "00700" }, .body = bytes,
                               .made_ns = r.time.mono_ns, .first = true };
    p.len = unhex(hex, bytes, sizeof(bytes));
    r.events.push(r.events.arg, &p);
}

START_TEST(a_late_first_push_goes_to_those_who_asked)
{
    r.fake.slow = false;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        peer_sub(all[i], 10, &(struct sub_args){ "00700", TYPES(1), true, 1, i != 1, -1, false });
        peer_ok(all[i], 3001, 10);
        peer_nothing(all[i]);
    }
    push_first(FIRST);
    peer_expect(&a, 3005, 0, 0, FIRST);
    peer_nothing(&b);
    peer_expect(&c, 3005, 0, 0, FIRST);
    push_first(FIRST);                              /* each of them once */
    peer_nothing(&a);
    peer_nothing(&c);
    peer_sub(&b, 10, &(struct sub_args){ "00700", TYPES(1), true, 1, 1, -1, false });
    peer_ok(&b, 3001, 10);
    push_reaches(3005, 1, 0, 7);                    /* news are as good as a first push */
    push_first(FIRST);
    peer_nothing(&b);
}
END_TEST

START_TEST(a_first_push_is_not_held_back)
{
    struct hub_opts o = { .push_interval_ms = 300 };
    teardown();
    setup_with(&o);
    r.fake.slow = false;
    for (int i = 0; i < 2; i++) {
        peer_sub(all[i], 10, &(struct sub_args){ "00700", TYPES(1), true, 1, i, -1, false });
        peer_ok(all[i], 3001, 10);
    }
    push_reaches(3005, 1, 0, 3);
    push_reaches(3005, 1, 0, 0);                    /* too soon behind the last one */
    peer_sub(&c, 10, &(struct sub_args){ "00700", TYPES(1), true, 1, 1, -1, false });
    peer_ok(&c, 3001, 10);
    push_first(FIRST);
    peer_expect(&c, 3005, 0, 0, FIRST);
    peer_nothing(&a);
    peer_nothing(&b);
    rig_pass(&r, 300 * NS_PER_MS);
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        peer_expect(all[i], 3005, 0, 0, PUSH);
}
END_TEST

START_TEST(a_first_push_follows_the_late_reply)
{
    r.fake.current = FIRST;
    peer_sub(&a, 10, &(struct sub_args){ "00700", TYPES(1), true, 1, 1, -1, false });
    peer_nothing(&a);
    rig_opened(&r, FUTU_OK, NULL);
    peer_ok(&a, 3001, 10);
    peer_expect(&a, 3005, 0, 0, FIRST);
    peer_nothing(&a);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, options_reach_the_upstream);
    tcase_add_test(tc, more_options_widen_an_open_stream);
    tcase_add_test(tc, a_stream_that_can_not_be_widened_stays_as_it_was);
    tcase_add_test(tc, options_are_forgotten_with_the_last_holder);
    tcase_add_test(tc, options_of_a_pair_change_one_after_the_other);
    tcase_add_test(tc, a_late_first_push_goes_to_those_who_asked);
    tcase_add_test(tc, a_first_push_is_not_held_back);
    tcase_add_test(tc, a_first_push_follows_the_late_reply);
}

int main(void)
{
    return run_tcase("stream", add);
}
