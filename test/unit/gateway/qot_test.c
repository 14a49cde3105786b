/* qot_test.c - subscriptions: quota, the one-minute rule, references, registration, first pushes,
 * and who may read. */
#include "rig.h"

#define PUSH "0800120018002203aabbcc"

static struct rig r;
static struct peer a, b;

static void setup(void)
{
    rig_init(&r, NULL);
    peer_open(&a, &r, FUTU_WIRE_TCP);
    peer_open(&b, &r, FUTU_WIRE_TCP);
    peer_init(&a, CIPHER_NONE, 0, false);
    peer_init(&b, CIPHER_NONE, 0, false);
}

static void teardown(void)
{
    if (a.c)
        peer_close(&a);
    if (b.c)
        peer_close(&b);
    rig_free(&r);
}

/* Keeps both clients alive over a long time. */
static void pass(int64_t ns)
{
    for (; ns > 0; ns -= 20 * NS_PER_S) {
        rig_pass(&r, MIN(ns, 20 * NS_PER_S));
        for (int i = 0; i < 2; i++) {
            struct peer *p = i ? &b : &a;
            if (!p->c)
                continue;
            peer_send_hex(p, 1004, 999, "0a0608c0b3b1ce06");
            peer_ok(p, 1004, 999);
        }
    }
}

static void sub(struct peer *p, const char *codes, const int32_t *types, int push)
{
    peer_sub(p, 10, &(struct sub_args){ codes, types, true, push, 0, -1, false });
}

static void sub_ok(struct peer *p, const char *codes, const int32_t *types, int push)
{
    sub(p, codes, types, push);
    peer_ok(p, 3001, 10);
}

static void unsub(struct peer *p, const char *codes, const int32_t *types)
{
    peer_sub(p, 11, &(struct sub_args){ codes, types, false, -1, -1, -1, false });
}

static void unsub_all(struct peer *p)
{
    peer_sub(p, 12, &(struct sub_args){ NULL, NULL, false, -1, -1, -1, true });
}

/* What has been opened and closed upstream since the last look. */
static void expect_log(const char *want)
{
    ck_assert_str_eq((const char *)r.fake.log.p, want);
    r.fake.log.n = 0;
    r.fake.log.p[0] = 0;
}

static Qot_GetSubInfo_S2C *sub_info(struct peer *p, bool all)
{
    peer_send_hex(p, 3003, 20, all ? "0a020801" : "0a00");
    Qot_GetSubInfo_Response *rsp = peer_reply(p, 3003, 20);
    ck_assert_int_eq(rsp->retType, 0);
    return rsp->s2c;
}

static void reg(struct peer *p, const char *hex, bool ok, const char *part)
{
    peer_send_hex(p, 3002, 30, hex);
    if (ok)
        peer_ok(p, 3002, 30);
    else
        peer_refused(p, 3002, 30, -1, part);
}

START_TEST(streams_open_once_and_close_with_the_last)
{
    sub_ok(&a, "00700 00005", TYPES(1, 6), 0);
    expect_log("+1.00700/1/0 +1.00700/6/1 +1.00005/1/0 +1.00005/6/1 ");
    sub_ok(&b, "00700", TYPES(1), 0);
    sub_ok(&a, "00700", TYPES(1, 1), 0);            /* again, and twice: nothing new */
    expect_log("");
    ck_assert_int_eq(sub_info(&a, false)->totalUsedQuota, 4);
    pass(60 * NS_PER_S);
    unsub(&a, "00700 00005", TYPES(1, 6));
    peer_ok(&a, 3001, 11);
    expect_log("-1.00700/6/1 -1.00005/1/0 -1.00005/6/1 ");
    unsub_all(&b);
    peer_ok(&b, 3001, 12);
    expect_log("-1.00700/1/0 ");
    ck_assert_int_eq(sub_info(&a, true)->totalUsedQuota, 0);
}
END_TEST

START_TEST(quota_counts_pairs_of_the_gateway)
{
    r.fake.state.sub_quota = 3;
    sub_ok(&a, "00700", TYPES(1, 2), 0);
    sub_ok(&b, "00700", TYPES(1, 2), 0);
    sub(&b, "00005", TYPES(1, 2), 0);
    peer_refused(&b, 3001, 10, -1, "订阅额度不足");
    Qot_GetSubInfo_S2C *s = sub_info(&b, true);
    ck_assert_int_eq(s->totalUsedQuota, 2);
    ck_assert_int_eq(s->remainQuota, 1);
    ck_assert_uint_eq(s->n_connSubInfoList, 2);
    ck_assert_int_eq(s->connSubInfoList[0].usedQuota, 2);
    ck_assert(s->connSubInfoList[0].isOwnConnData);
    ck_assert_int_eq(s->connSubInfoList[1].usedQuota, 2);
    ck_assert(!s->connSubInfoList[1].isOwnConnData);
    ck_assert_uint_eq(s->connSubInfoList[0].n_subInfoList, 2);
    ck_assert_int_eq(s->connSubInfoList[0].subInfoList[1].subType, 2);
    ck_assert_str_eq(s->connSubInfoList[0].subInfoList[1].securityList[0].code.p, "00700");
    sub_ok(&b, "00005", TYPES(1), 0);
    expect_log("+1.00700/1/0 +1.00700/2/0 +1.00005/1/0 ");
    futu_gateway_stats st = { .size = sizeof(st) };
    ck_assert_int_eq(hub_stats_get(r.hub, &st), FUTU_OK);
    ck_assert_uint_eq(st.quota_used, 3);
    ck_assert_uint_eq(st.quota_left, 0);
    ck_assert_uint_eq(st.subscriptions, 5);
    ck_assert_uint_eq(st.securities, 3000);
    ck_assert_uint_eq(st.connections, 2);
}
END_TEST

START_TEST(one_minute_before_it_can_be_given_up)
{
    sub_ok(&a, "00700", TYPES(1), 0);
    pass(20 * NS_PER_S);
    sub_ok(&a, "00005", TYPES(1), 0);
    unsub(&a, "00700", TYPES(1));
    peer_refused(&a, 3001, 11, -1, "HK.00700 Basic, 40 seconds left");
    pass(39 * NS_PER_S);
    unsub(&a, "00700", TYPES(1));
    peer_refused(&a, 3001, 11, -1, "1 seconds left");
    pass(1 * NS_PER_S);
    unsub_all(&a);                                  /* the younger one refuses them all */
    peer_refused(&a, 3001, 12, -1, "HK.00005 Basic, 20 seconds left");
    unsub(&a, "00700 00005", TYPES(1));
    peer_refused(&a, 3001, 11, -1, "HK.00005");
    unsub(&a, "00700", TYPES(1));
    peer_ok(&a, 3001, 11);
    ck_assert_int_eq(sub_info(&a, true)->totalUsedQuota, 1);
    pass(20 * NS_PER_S);
    unsub_all(&a);
    peer_ok(&a, 3001, 12);
    ck_assert_int_eq(sub_info(&a, true)->totalUsedQuota, 0);
}
END_TEST

START_TEST(a_new_subscription_after_giving_up_has_its_own_minute)
{
    sub_ok(&a, "00700", TYPES(1), 0);
    pass(60 * NS_PER_S);
    unsub(&a, "00700", TYPES(1));
    peer_ok(&a, 3001, 11);
    sub_ok(&a, "00700", TYPES(1), 0);
    unsub(&a, "00700", TYPES(1));
    peer_refused(&a, 3001, 11, -1, "60 seconds left");
}
END_TEST

START_TEST(closing_early_keeps_the_quota_until_the_minute_is_over)
{
    sub_ok(&a, "00700", TYPES(1), 1);
    pass(30 * NS_PER_S);
    sub_ok(&a, "00005", TYPES(1), 1);
    peer_close(&a);
    expect_log("+1.00700/1/0 +1.00005/1/0 ");
    ck_assert_int_eq(sub_info(&b, true)->totalUsedQuota, 2);
    pass(29 * NS_PER_S);
    expect_log("");
    pass(1 * NS_PER_S);
    expect_log("-1.00700/1/0 ");
    Qot_GetSubInfo_S2C *s = sub_info(&b, true);
    ck_assert_int_eq(s->totalUsedQuota, 1);
    ck_assert_uint_eq(s->n_connSubInfoList, 1);     /* the closed one is listed for nobody */
    sub_ok(&b, "00005", TYPES(1), 0);
    pass(30 * NS_PER_S);
    expect_log("");                                 /* b holds it now */
    ck_assert_int_eq(sub_info(&b, true)->totalUsedQuota, 1);
}
END_TEST

START_TEST(closing_late_frees_at_once)
{
    sub_ok(&a, "00700", TYPES(1, 4), 1);
    pass(60 * NS_PER_S);
    r.fake.log.n = 0;
    peer_close(&a);
    expect_log("-1.00700/1/0 -1.00700/4/0 ");
    ck_assert_int_eq(sub_info(&b, true)->totalUsedQuota, 0);
}
END_TEST

START_TEST(many_that_close_early_leave_one_behind)
{
    futu_gateway_stats st = { .size = sizeof(st) };
    peer_close(&a);
    for (int i = 0; i < 40; i++) {
        struct peer p;
        peer_open(&p, &r, FUTU_WIRE_TCP);
        peer_init(&p, CIPHER_NONE, 0, false);
        sub_ok(&p, "00700", TYPES(1), 1);
        pass(NS_PER_S);
        peer_close(&p);
    }
    ck_assert_int_eq(hub_stats_get(r.hub, &st), FUTU_OK);
    ck_assert_uint_eq(st.subscriptions, 1);
    expect_log("+1.00700/1/0 ");
    pass(58 * NS_PER_S);                            /* the last came 59 s ago */
    expect_log("");
    pass(1 * NS_PER_S);
    expect_log("-1.00700/1/0 ");
    ck_assert_int_eq(sub_info(&b, true)->totalUsedQuota, 0);
}
END_TEST

START_TEST(a_refusal_upstream_changes_nothing)
{
    sub_ok(&a, "00700", TYPES(1), 0);
    expect_log("+1.00700/1/0 ");
    r.fake.refuse = FUTU_EAUTH;
    r.fake.why = "无权限订阅";
    sub(&a, "00700 00005", TYPES(1, 2, 6), 1);
    peer_refused(&a, 3001, 10, -1, "无权限订阅");
    r.fake.refuse = FUTU_ENOTFOUND;
    r.fake.why = NULL;
    sub(&a, "nope", TYPES(1), 1);
    peer_refused(&a, 3001, 10, -1, "not found");
    expect_log("");
    Qot_GetSubInfo_S2C *s = sub_info(&a, true);
    ck_assert_int_eq(s->totalUsedQuota, 1);
    ck_assert_int_eq(s->connSubInfoList[0].usedQuota, 1);
    rig_push(&r, 3005, 1, 0, PUSH, false);
    peer_nothing(&a);                               /* nor was it registered */
    sub_ok(&a, "00700 00005", TYPES(1, 2, 6), 1);
    expect_log("+1.00700/2/0 +1.00700/6/1 +1.00005/1/0 +1.00005/2/0 +1.00005/6/1 ");
}
END_TEST

START_TEST(bad_requests)
{
    sub(&a, "", TYPES(1), 1);
    peer_refused(&a, 3001, 10, -1, "缺少必要的参数: securityList");
    sub(&a, "00700", TYPES(-1), 1);
    peer_refused(&a, 3001, 10, -1, "缺少必要的参数: subTypeList");
    sub(&a, "00700", TYPES(1, 3), 1);
    peer_refused(&a, 3001, 10, -1, "subTypeList[1]: 3 is unknown");
    sub(&a, "00700", TYPES(23), 1);
    peer_refused(&a, 3001, 10, -1, "23 is unknown");
    peer_sub(&a, 10, &(struct sub_args){ "00700", TYPES(6), true, 1, 0, 3, false });
    peer_refused(&a, 3001, 10, -1, "regPushRehabTypeList[0]: 3");
    peer_send_hex(&a, 3001, 10, "0a130a0908011205303037303010011801 2800 5004");
    peer_refused(&a, 3001, 10, -1, "session: 4");
    sub(&a, "a-code-that-is-longer-than-any-code-can-be", TYPES(1), 1);
    peer_refused(&a, 3001, 10, -1, "未知股票");
    unsub(&a, "00700", TYPES(1));                   /* not subscribed: it is as asked */
    peer_ok(&a, 3001, 11);
    unsub_all(&a);
    peer_ok(&a, 3001, 12);
    expect_log("");
    ck_assert_int_eq(sub_info(&a, true)->totalUsedQuota, 0);
}
END_TEST

START_TEST(pushes_go_to_the_registered)
{
    sub_ok(&a, "00700", TYPES(1), 1);
    sub_ok(&b, "00700", TYPES(1), 0);
    rig_push(&r, 3005, 1, 0, PUSH, false);
    peer_expect(&a, 3005, 0, 0, PUSH);
    peer_nothing(&b);
    sub_ok(&b, "00700", TYPES(1), 1);
    sub_ok(&a, "00700", TYPES(1), -1);              /* absent: left as it is */
    rig_push(&r, 3005, 1, 0, PUSH, false);
    peer_expect(&a, 3005, 0, 0, PUSH);
    peer_expect(&b, 3005, 0, 0, PUSH);
    sub_ok(&a, "00700", TYPES(1), 0);
    rig_push(&r, 3005, 1, 0, PUSH, false);
    peer_nothing(&a);
    peer_expect(&b, 3005, 0, 0, PUSH);
    rig_push(&r, 3013, 2, 0, PUSH, false);          /* nobody wants that */
    peer_nothing(&b);
}
END_TEST

START_TEST(rehab_types_are_streams_of_their_own)
{
    sub_ok(&a, "00700", TYPES(6), 0);
    expect_log("+1.00700/6/1 ");
    peer_sub(&b, 10, &(struct sub_args){ "00700", TYPES(6, 1), true, 1, 0, 0, false });
    peer_ok(&b, 3001, 10);
    expect_log("+1.00700/6/0 +1.00700/1/0 ");
    rig_push(&r, 3007, 6, 0, PUSH, false);
    peer_expect(&b, 3007, 0, 0, PUSH);
    rig_push(&r, 3007, 6, 1, PUSH, false);
    peer_nothing(&b);
    /* forward and backward too; then all of them off, which leaves the base stream */
    reg(&b, "0a15 0a09080112053030373030 1006 1801 1802 2001 2800", true, NULL);
    expect_log("+1.00700/6/2 ");
    rig_push(&r, 3007, 6, 2, PUSH, false);
    peer_expect(&b, 3007, 0, 0, PUSH);
    rig_push(&r, 3007, 6, 1, PUSH, false);
    peer_expect(&b, 3007, 0, 0, PUSH);
    peer_nothing(&a);
    reg(&b, "0a0f 0a09080112053030373030 1006 2000", true, NULL);
    expect_log("-1.00700/6/0 -1.00700/6/2 ");
    ck_assert_int_eq(sub_info(&a, true)->totalUsedQuota, 2);
}
END_TEST

START_TEST(registering_needs_the_own_subscription)
{
    sub_ok(&a, "00700", TYPES(1), 0);
    reg(&b, "0a0f 0a09080112053030373030 1001 2001", false, "请先订阅HK.00700的Basic数据");
    reg(&a, "0a11 0a09080112053030373030 1001 1002 2001", false, "OrderBook");
    rig_push(&r, 3005, 1, 0, PUSH, false);
    peer_nothing(&a);
    reg(&a, "0a0f 0a09080112053030373030 1001 2001", true, NULL);
    rig_push(&r, 3005, 1, 0, PUSH, false);
    peer_expect(&a, 3005, 0, 0, PUSH);
    reg(&b, "0a0f 0a09080112053030373030 1001 2000", true, NULL);   /* the SDK's late farewell */
}
END_TEST

START_TEST(the_first_push_follows_the_reply)
{
    r.fake.current = PUSH;
    peer_sub(&a, 10, &(struct sub_args){ "00700", TYPES(1, 6), true, 1, -1, -1, false });
    peer_ok(&a, 3001, 10);
    peer_expect(&a, 3005, 0, 0, PUSH);
    peer_expect(&a, 3007, 0, 0, PUSH);
    peer_sub(&a, 11, &(struct sub_args){ "00700", TYPES(1), true, 1, 0, -1, false });
    peer_ok(&a, 3001, 11);
    peer_nothing(&a);
    peer_sub(&b, 12, &(struct sub_args){ "00700", TYPES(1), true, -1, 1, -1, false });
    peer_ok(&b, 3001, 12);
    peer_nothing(&b);                               /* not registered: no push */
    reg(&b, "0a0f 0a09080112053030373030 1001 2001", true, NULL);
    peer_expect(&b, 3005, 0, 0, PUSH);
    r.fake.current = NULL;                          /* no data yet */
    peer_sub(&b, 13, &(struct sub_args){ "00005", TYPES(1), true, 1, 1, -1, false });
    peer_ok(&b, 3001, 13);
    peer_nothing(&b);
}
END_TEST

static const struct {
    uint32_t proto;
    const char *body, *text;
    int32_t sub_type;
} reads[] = {
    { 3004, "0a0b 0a09080112053030373030", "请求获取实时报价接口前，请先订阅Basic数据 (no subscription", 1 },
    { 3006, "0a11 0801 1006 1a09080112053030373030 200a", "请求获取实时K线接口前，请先订阅KL_5Min数据", 7 },
    { 3008, "0a0b 0a09080112053030373030", "请先订阅RT数据", 5 },
    { 3010, "0a0e 0a09080112053030373030 10e807", "请求获取实时逐笔接口前，请先订阅Ticker数据", 4 },
    { 3012, "0a0d 0a09080112053030373030 100a", "请先订阅OrderBook数据", 2 },
    { 3014, "0a0b 0a09080112053030373030", "请先订阅Broker数据", 14 },
    { 3012, "0a0f 0a09080112053030373030 100a 2001", "请先订阅OrderBook_Odd数据", 22 },
};

START_TEST(reads_need_the_own_subscription)
{
    sub_ok(&b, "00700", TYPES(reads[_i].sub_type), 0);
    peer_send_hex(&a, reads[_i].proto, 5, reads[_i].body);
    peer_refused(&a, reads[_i].proto, 5, -1, reads[_i].text);
    ck_assert_uint_eq(r.fake.requests, 0);
    sub_ok(&a, "00700", TYPES(reads[_i].sub_type), 0);
    peer_send_hex(&a, reads[_i].proto, 6, reads[_i].body);
    rig_answer(&r, reads[_i].proto, HEX_OK);
    peer_expect(&a, reads[_i].proto, 0, 6, HEX_OK);
}
END_TEST

START_TEST(every_security_of_a_read_counts)
{
    sub_ok(&a, "00700", TYPES(1), 0);
    peer_send_hex(&a, 3004, 5, "0a16 0a09080112053030373030 0a09080112053030303035");
    peer_refused(&a, 3004, 5, -1, "Basic");
    peer_send_hex(&a, 3006, 6, "0a11 0801 1063 1a09080112053030373030 200a");
    peer_refused(&a, 3006, 6, -1, "klType: 99");
    ck_assert_uint_eq(r.fake.requests, 0);
}
END_TEST

START_TEST(many_connections_one_stream)
{
    enum { N = 200 };
    static struct peer p[N];
    for (int i = 0; i < N; i++) {
        peer_open(&p[i], &r, FUTU_WIRE_TCP);
        peer_init(&p[i], CIPHER_NONE, 0, false);
        sub_ok(&p[i], "00700", TYPES(1), 1);
    }
    expect_log("+1.00700/1/0 ");
    for (int i = 0; i < N; i += 3)
        sub_ok(&p[i], "00700", TYPES(1), 0);
    for (int i = 1; i < N; i += 3)
        peer_close(&p[i]);
    rig_push(&r, 3005, 1, 0, PUSH, false);
    for (int i = 0; i < N; i++) {
        if (!p[i].c)
            continue;
        if (i % 3 == 2)
            peer_expect(&p[i], 3005, 0, 0, PUSH);
        peer_nothing(&p[i]);
        peer_close(&p[i]);
    }
    ck_assert_int_eq(sub_info(&a, true)->totalUsedQuota, 1);
    pass(60 * NS_PER_S);
    expect_log("-1.00700/1/0 ");
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, streams_open_once_and_close_with_the_last);
    tcase_add_test(tc, quota_counts_pairs_of_the_gateway);
    tcase_add_test(tc, one_minute_before_it_can_be_given_up);
    tcase_add_test(tc, a_new_subscription_after_giving_up_has_its_own_minute);
    tcase_add_test(tc, closing_early_keeps_the_quota_until_the_minute_is_over);
    tcase_add_test(tc, closing_late_frees_at_once);
    tcase_add_test(tc, many_that_close_early_leave_one_behind);
    tcase_add_test(tc, a_refusal_upstream_changes_nothing);
    tcase_add_test(tc, bad_requests);
    tcase_add_test(tc, pushes_go_to_the_registered);
    tcase_add_test(tc, rehab_types_are_streams_of_their_own);
    tcase_add_test(tc, registering_needs_the_own_subscription);
    tcase_add_test(tc, the_first_push_follows_the_reply);
    tcase_add_loop_test(tc, reads_need_the_own_subscription, 0, (int)ARRAY_LEN(reads));
    tcase_add_test(tc, every_security_of_a_read_counts);
    tcase_add_test(tc, many_connections_one_stream);
}

int main(void)
{
    return run_tcase("qot", add);
}
