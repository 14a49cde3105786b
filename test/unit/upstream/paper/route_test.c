/* Calls that take more than a loop turn: one answer each, in later turns, as if done at once. */
#include "harness.h"

#define CODES 60

struct snapshots {
    Qot_Common_Security s[CODES];
    Qot_GetSecuritySnapshot_C2S q;
    struct buf body;
};

static void make_snapshots(struct harness *h, struct snapshots *x)
{
    Qot_GetStaticInfo_C2S all = { 0 };
    SET(&all, market, HK);
    Qot_GetStaticInfo_Response *r = ASK(h, 3202, Qot_GetStaticInfo, &all);
    assert_ok(r);
    for (size_t i = 0; i < CODES; i++)
        x->s[i] = *r->s2c->staticInfoList[i].basic->security;
    x->q = (Qot_GetSecuritySnapshot_C2S){ .n_securityList = CODES, .securityList = x->s };
    x->body = (struct buf)BUF_INIT;
    Qot_GetSecuritySnapshot_Request rq = { .c2s = &x->q };
    futu_err err = codec_encode(&Qot_GetSecuritySnapshot_Request_msg, &rq, &x->body, NULL);
    ck_assert_int_eq(err, FUTU_OK);
}

static void begin(struct ask *a, struct harness *h, uint32_t proto, const struct buf *body)
{
    *a = (struct ask){ .h = h, .row = proto_find(proto) };
    a->rq = (struct upstream_request){ .proto = proto, .body = body->p, .len = body->n,
                                       .done = harness_done };
    h->done = 0;
    h->up->ops->request(h->up, &a->rq);
}

static int turns_until(struct harness *h, int done)
{
    int turns = 0;
    for (; h->done < done; turns++) {
        ck_assert_int_lt(turns, 10000);
        ck_assert(timers_next(&h->timers) <= h->fake.mono_ns);
        timers_run(&h->timers, h->fake.mono_ns);
    }
    return turns;
}

START_TEST(a_long_call_is_answered_in_a_later_turn_as_if_at_once)
{
    struct harness h;
    struct snapshots x;
    struct ask a;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    make_snapshots(&h, &x);
    Qot_GetSecuritySnapshot_Response *at_once = ASK(&h, 3203, Qot_GetSecuritySnapshot, &x.q);
    assert_ok(at_once);
    h.per_read = NS_PER_MS;
    begin(&a, &h, 3203, &x.body);
    ck_assert_int_eq(h.done, 0);
    ck_assert_int_ge(turns_until(&h, 1), 5);
    h.per_read = 0;
    Qot_GetSecuritySnapshot_Response *late = h.response;
    assert_ok(late);
    ck_assert_uint_eq(late->s2c->n_snapshotList, CODES);
    for (size_t i = 0; i < CODES; i++) {
        ck_assert(str_eq(late->s2c->snapshotList[i].basic->security->code, x.s[i].code));
        ck_assert_double_eq(late->s2c->snapshotList[i].basic->lastClosePrice,
                            at_once->s2c->snapshotList[i].basic->lastClosePrice);
    }
    ck_assert(timers_next(&h.timers) == TIMER_NEVER);
    buf_free(&x.body);
    harness_stop(&h);
}
END_TEST

START_TEST(short_calls_pass_long_ones)
{
    struct harness h;
    struct snapshots x;
    struct ask a;
    GetUserInfo_C2S q = { 0 };
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    make_snapshots(&h, &x);
    h.per_read = NS_PER_MS;
    begin(&a, &h, 3203, &x.body);
    ck_assert_int_eq(h.done, 0);
    GetUserInfo_Response *r = ASK(&h, 1005, GetUserInfo, &q);
    assert_ok(r);
    h.done = 0;
    turns_until(&h, 1);
    buf_free(&x.body);
    harness_stop(&h);
}
END_TEST

START_TEST(several_long_calls_are_all_answered)
{
    struct harness h;
    struct snapshots x;
    struct ask a[3];
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    make_snapshots(&h, &x);
    h.per_read = NS_PER_MS;
    for (int i = 0; i < 3; i++)
        begin(&a[i], &h, 3203, &x.body);
    turns_until(&h, 3);
    assert_ok((Qot_GetSecuritySnapshot_Response *)h.response);
    buf_free(&x.body);
    harness_stop(&h);
}
END_TEST

START_TEST(a_cancelled_call_is_not_answered)
{
    struct harness h;
    struct snapshots x;
    struct ask a[2];
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    make_snapshots(&h, &x);
    h.per_read = NS_PER_MS;
    begin(&a[0], &h, 3203, &x.body);
    begin(&a[1], &h, 3203, &x.body);
    h.up->ops->cancel(h.up, &a[0].rq);
    turns_until(&h, 1);
    harness_run(&h, 1000);
    ck_assert_int_eq(h.done, 1);
    h.up->ops->cancel(h.up, &a[1].rq);          /* answered already: nothing to cancel */
    begin(&a[0], &h, 3203, &x.body);
    buf_free(&x.body);
    harness_stop(&h);                           /* with one under way */
    ck_assert_int_eq(h.done, 0);
}
END_TEST

static Qot_Common_Security gem_plate(struct harness *h)
{
    Qot_GetPlateSet_C2S q = { 0 };
    SET(&q, market, HK);
    SET(&q, plateSetType, 0);
    Qot_GetPlateSet_Response *r = ASK(h, 3204, Qot_GetPlateSet, &q);
    assert_ok(r);
    for (size_t i = 0; i < r->s2c->n_plateInfoList; i++)
        if (str_is(r->s2c->plateInfoList[i].name, "GEM"))
            return *r->s2c->plateInfoList[i].plate;
    ck_abort_msg("no plate GEM");
    return sec(0, "");
}

START_TEST(filters_and_sorted_plates_yield_too)
{
    struct harness h;
    struct ask a;
    struct buf body = BUF_INIT;
    harness_start(&h, NULL, WEDNESDAY_10_US, 0);
    Qot_StockFilter_C2S q = { 0 };
    SET(&q, begin, 0);
    SET(&q, num, 3);
    SET(&q, market, US);
    Qot_StockFilter_Request rq = { .c2s = &q };
    ck_assert_int_eq(codec_encode(&Qot_StockFilter_Request_msg, &rq, &body, NULL), FUTU_OK);
    h.per_read = NS_PER_MS;
    begin(&a, &h, 3215, &body);
    ck_assert_int_eq(h.done, 0);
    ck_assert_int_ge(turns_until(&h, 1), 50);
    Qot_StockFilter_Response *r = h.response;
    assert_ok(r);
    ck_assert_int_ge(r->s2c->allCount, 480);
    body.n = 0;
    Qot_Common_Security plate = gem_plate(&h);
    Qot_GetPlateSecurity_C2S pq = { .plate = &plate };
    SET(&pq, sortField, Qot_Common_SortField_CurPrice);
    Qot_GetPlateSecurity_Request prq = { .c2s = &pq };
    ck_assert_int_eq(codec_encode(&Qot_GetPlateSecurity_Request_msg, &prq, &body, NULL), FUTU_OK);
    begin(&a, &h, 3205, &body);
    ck_assert_int_eq(h.done, 0);
    turns_until(&h, 1);
    Qot_GetPlateSecurity_Response *m = h.response;
    assert_ok(m);
    ck_assert_uint_gt(m->s2c->n_staticInfoList, 300);
    buf_free(&body);
    harness_stop(&h);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_long_call_is_answered_in_a_later_turn_as_if_at_once);
    tcase_add_test(tc, short_calls_pass_long_ones);
    tcase_add_test(tc, several_long_calls_are_all_answered);
    tcase_add_test(tc, a_cancelled_call_is_not_answered);
    tcase_add_test(tc, filters_and_sorted_plates_yield_too);
}

int main(void)
{
    return run_tcase("paper calls", add);
}
