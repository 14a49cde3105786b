/* plan_test.c - subscriptions that take the upstream a while: who waits for what, who is told what,
 * and that nothing is left behind by those who do not wait. */
#include "rig.h"

#include <stdio.h>

#include "wire/sdkws.h"

#define PUSH "0800120018002203aabbcc"
#define FIRST "0800120018002203ddeeff"

static struct rig r;
static struct peer a, b, c;
static struct peer *const all[] = { &a, &b, &c };

static void setup(void)
{
    rig_init(&r, NULL);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        peer_open(all[i], &r, FUTU_WIRE_TCP);
        peer_init(all[i], CIPHER_NONE, 0, false);
    }
    r.fake.slow = true;
}

static void teardown(void)
{
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (all[i]->c)
            peer_close(all[i]);
    rig_free(&r);
}

/* Lets time pass and keeps the clients alive. */
static void pass(int64_t ns)
{
    for (; ns > 0; ns -= 20 * NS_PER_S) {
        rig_pass(&r, MIN(ns, 20 * NS_PER_S));
        for (size_t i = 0; i < ARRAY_LEN(all); i++) {
            if (!all[i]->c)
                continue;
            peer_send_hex(all[i], 1004, 999, "0a0608c0b3b1ce06");
            peer_ok(all[i], 1004, 999);
        }
    }
}

static void sub(struct peer *p, const char *codes, const int32_t *types)
{
    peer_sub(p, 10, &(struct sub_args){ codes, types, true, 1, 0, -1, false });
}

/* K-lines, pushed as they were traded: a stream beside the base one. */
static void sub_rehab(struct peer *p, const char *codes, int rehab, int first)
{
    peer_sub(p, 10, &(struct sub_args){ codes, TYPES(6), true, 1, first, rehab, false });
}

static void expect_log(const char *want)
{
    ck_assert_str_eq((const char *)r.fake.log.p, want);
    r.fake.log.n = 0;
    r.fake.log.p[0] = 0;
}

static uint64_t quota_used(void)
{
    futu_gateway_stats st = { .size = sizeof(st) };
    ck_assert_int_eq(hub_stats_get(r.hub, &st), FUTU_OK);
    return st.quota_used;
}

/* A push of this stream reaches those of the bits (1 a, 2 b, 4 c) and nobody else. */
static void push_reaches(uint32_t proto, int32_t sub_type, int rehab, unsigned who)
{
    rig_push(&r, proto, sub_type, rehab, PUSH, false);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (who >> i & 1)
            peer_expect(all[i], proto, 0, 0, PUSH);
        if (all[i]->c)
            peer_nothing(all[i]);
    }
}

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

/* ---- options ---- */

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

START_TEST(others_that_register_meanwhile_take_no_room_away)
{
    static struct peer p[4];                        /* as many as the stream has room for at first */
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
    tcase_add_test(tc, options_reach_the_upstream);
    tcase_add_test(tc, more_options_widen_an_open_stream);
    tcase_add_test(tc, a_stream_that_can_not_be_widened_stays_as_it_was);
    tcase_add_test(tc, options_are_forgotten_with_the_last_holder);
    tcase_add_test(tc, a_late_first_push_goes_to_those_who_asked);
    tcase_add_test(tc, a_first_push_follows_the_late_reply);
    tcase_add_test(tc, a_stream_that_another_gives_up_meanwhile_is_opened_again);
    tcase_add_test(tc, others_that_register_meanwhile_take_no_room_away);
    tcase_add_test(tc, options_of_a_pair_change_one_after_the_other);
    tcase_add_loop_test(tc, the_gateway_ends_with_plans_under_way, 0, 2);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("plan", add);
}
