/* report_test.c - what an operator is shown: connections, delays, counters, links. */
#include "gateway/report.h"

#include "rig.h"

static struct rig r;
static struct peer a, b;
static struct buf out;

static void setup(void)
{
    rig_init(&r, NULL);
    peer_open(&a, &r, FUTU_WIRE_TCP);
    peer_open(&b, &r, FUTU_WIRE_WS);
    peer_init(&a, CIPHER_NONE, 0, false);
    out = (struct buf)BUF_INIT;
}

static void teardown(void)
{
    peer_close(&a);
    peer_close(&b);
    buf_free(&out);
    rig_free(&r);
}

static void is(futu_err err, const char *want)
{
    ck_assert_int_eq(err, FUTU_OK);
    ck_assert_msg(out.n == strlen(want) && memcmp(out.p, want, out.n) == 0, "%.*s",
                  (int)out.n, (const char *)out.p);
    out.n = 0;
}

static bool has(const char *part)
{
    return memmem(out.p, out.n, part, strlen(part)) != NULL;
}

START_TEST(connections_with_what_they_hold)
{
    peer_sub(&a, 2, &(struct sub_args){ "1 2 3 4 5 6 7 8 9", TYPES(2), true, 1, 0, -1, false });
    peer_ok(&a, 3001, 2);
    r.fake.state.sub_quota = 20;
    is(report_subscriptions(r.hub, 0, &out),
       "7000000000000000001  tcp TCP test, 9 of the quota\n"
       "  OrderBook  HK.1 HK.2 HK.3 HK.4 HK.5 HK.6 HK.7 HK.8\n"
       "             HK.9\n"
       "7000000000000000002  ws WebSocket test, not initialised, 0 of the quota\n"
       "2 connections; quota 9 used, 11 left\n");
    is(report_subscriptions(r.hub, b.c ? RIG_FIRST_ID + 1 : 0, &out),
       "7000000000000000002  ws WebSocket test, not initialised, 0 of the quota\n");
    ck_assert_int_eq(report_subscriptions(r.hub, 5, &out), FUTU_ENOTFOUND);
    ck_assert_uint_eq(out.n, 0);
}
END_TEST

START_TEST(closing_leaves_callers_alone)
{
    futu_conn *caller;
    ck_assert_int_eq(hub_caller(r.hub, IFACE_REST, NULL, &caller), FUTU_OK);
    ck_assert_uint_eq(hub_close_conns(r.hub, hub_conn_id(caller), "x"), 0);
    ck_assert_uint_eq(hub_close_conns(r.hub, RIG_FIRST_ID, "the reason"), 1);
    ck_assert_uint_eq(hub_close_conns(r.hub, RIG_FIRST_ID, "x"), 0);    /* it is on its way */
    rig_turn(&r);
    ck_assert_uint_eq(a.closes, 1);
    ck_assert_str_eq(a.reason, "the reason");
    ck_assert_int_eq(a.closed, FUTU_ECANCELED);
    ck_assert_uint_eq(hub_close_conns(r.hub, 0, "x"), 1);
}
END_TEST

START_TEST(delays_by_stage)
{
    is(report_delays(r.hub, 1, &out),
       "pushes, sr2ss\n  none was measured: no source tells when the exchange's server had it\n"
       "requests: number, average in ms in all, here, upstream\n"
       "  1001 InitConnect                               1     0.000     0.000     0.000"
       "  answered here\n"
       "orders: ms in all, here, upstream, until the first push\n");
    peer_sub(&a, 2, &(struct sub_args){ "00700", TYPES(1), true, 1, 0, -1, false });
    peer_ok(&a, 3001, 2);
    struct upstream_push p = { .proto = 3005, .key = { 1, 1, 0, "00700" }, .len = 1,
                               .body = (const uint8_t *)"\x08",
                               .made_ns = r.time.mono_ns - 3 * NS_PER_MS };
    r.events.push(r.events.arg, &p);
    rig_turn(&r);
    peer_take(&a);
    ck_assert_int_eq(report_delays(r.hub, 5, &out), FUTU_OK);
    ck_assert_msg(has("  price                 1, average 3.000 ms\n"
                      "        2..4     ms          1  100.00%  100.00%\n"), "%.*s", (int)out.n,
                  (const char *)out.p);
}
END_TEST

START_TEST(counters_without_what_is_only_for_machines)
{
    ck_assert_int_eq(report_metrics(r.hub, &out), FUTU_OK);
    ck_assert(has("connections_total  "));
    ck_assert(!has("_bucket") && !has("#") && !has("futu_gateway_") && !has("_by_hour_"));
    rig_push(&r, 3005, 1, 0, "08", false);
    out.n = 0;
    ck_assert_int_eq(report_metrics(r.hub, &out), FUTU_OK);
    ck_assert(has("backend_pushes_cmd_quote_by_hour_"));
}
END_TEST

START_TEST(a_bound_is_kept)
{
    out.max = 20;
    ck_assert_int_eq(report_subscriptions(r.hub, 0, &out), FUTU_ELIMIT);
    ck_assert_int_eq(report_metrics(r.hub, &out), FUTU_ELIMIT);
    ck_assert_int_eq(report_delays(r.hub, 5, &out), FUTU_ELIMIT);
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    for (long n = 0; test_alloc_fail_at(n); n++) {
        struct buf text = BUF_INIT;
        futu_err err = report_subscriptions(r.hub, 0, &text);
        if (!err)
            err = report_delays(r.hub, 5, &text);
        if (!err)
            err = report_metrics(r.hub, &text);
        if (!err)
            err = report_links(r.hub, &text);
        ck_assert(err == FUTU_OK || err == FUTU_ENOMEM);
        buf_free(&text);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, connections_with_what_they_hold);
    tcase_add_test(tc, closing_leaves_callers_alone);
    tcase_add_test(tc, delays_by_stage);
    tcase_add_test(tc, counters_without_what_is_only_for_machines);
    tcase_add_test(tc, a_bound_is_kept);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("report", add);
}
