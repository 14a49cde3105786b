/* stream_test.c - the ledger of subscriptions: what is asked upstream for many openings and
 * closings, what a refusal or a loss does to them, and the present value of a stream. */
#include "bodies.h"

#include <stdio.h>

#define LEAST (60 * NS_PER_S)

static struct peer p;

static const Qot_Sub_C2S *sub_of(const struct asked *a)
{
    return ((Qot_Sub_Request *)peer_request(&p, a))->c2s;
}

static void expect_end(const struct opened *x, futu_err err)
{
    ck_assert_uint_eq(x->done, 1);
    ck_assert_msg(x->err == err, "%s: %s", futu_strerror(x->err), x->why);
}

START_TEST(one_request_for_what_is_alike)
{
    struct opened x = { .done = 0 };
    peer_init(&p);
    p.manual = true;
    gate_want(&x, "00001", BASIC, 0);
    gate_want(&x, "00001", BOOK, 0);
    gate_want(&x, "00002", BASIC, 0);
    gate_want(&x, "00002", BOOK, 0);
    gate_want(&x, "00003", BASIC, 0);
    gate_open(&p, &x);
    ck_assert_uint_eq(peer_count(&p, P_SUB), 2);
    const Qot_Sub_C2S *s = sub_of(peer_need(&p, P_SUB));
    ck_assert_uint_eq(s->n_securityList, 3);
    ck_assert(str_is(s->securityList[2].code, "00003"));
    ck_assert_uint_eq(s->n_subTypeList, 1);
    ck_assert_int_eq(s->subTypeList[0], BASIC);
    ck_assert(s->isSubOrUnSub && s->isRegOrUnRegPush && s->isFirstPush);
    ck_assert_uint_eq(s->n_regPushRehabTypeList, 0);
    ck_assert(!s->has_extendedTime && !s->has_session && !s->has_isSubOrderBookDetail);
    peer_ok(&p, peer_need(&p, P_SUB));
    ck_assert_uint_eq(x.done, 0);
    peer_ok(&p, peer_need(&p, P_SUB));
    expect_end(&x, FUTU_OK);
    peer_free(&p);
}
END_TEST

START_TEST(a_long_list_goes_in_pieces)
{
    static struct stream_want many[450];
    struct opened x = { .o.wants = many, .o.n = ARRAY_LEN(many) };
    peer_init(&p);
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        many[i].key = (struct stream_key){ 1, BASIC, 0, "" };
        snprintf(many[i].key.code, sizeof(many[i].key.code), "%05zu", i);
    }
    gate_open(&p, &x);
    expect_end(&x, FUTU_OK);
    ck_assert_uint_eq(peer_count(&p, P_SUB), 3);
    ck_assert_uint_eq(sub_of(peer_last(&p, P_SUB))->n_securityList, 50);
    peer_free(&p);
}
END_TEST

START_TEST(what_is_open_costs_no_request)
{
    peer_init(&p);
    gate_hold(&p, "00700", BASIC, 0);
    gate_hold(&p, "00700", BASIC, 0);
    ck_assert_uint_eq(peer_count(&p, P_SUB), 1);
    peer_free(&p);
}
END_TEST

START_TEST(a_subscription_stays_for_its_minute)
{
    peer_init(&p);
    gate_hold(&p, "00700", BASIC, 0);
    peer_pass(&p, 10 * NS_PER_S);
    gate_close(&p, "00700", BASIC, 0);
    peer_pass(&p, 40 * NS_PER_S);
    gate_hold(&p, "00700", BASIC, 0);
    ck_assert_uint_eq(peer_count(&p, P_SUB), 1);
    peer_pass(&p, 30 * NS_PER_S);
    ck_assert_uint_eq(peer_count(&p, P_SUB), 1);    /* it is held again */
    gate_close(&p, "00700", BASIC, 0);              /* the minute is over: at once */
    peer_pass(&p, 100 * NS_PER_MS);
    ck_assert_uint_eq(peer_count(&p, P_SUB), 2);
    const Qot_Sub_C2S *s = sub_of(peer_last(&p, P_SUB));
    ck_assert(!s->isSubOrUnSub);
    ck_assert(str_is(s->securityList[0].code, "00700"));
    ck_assert_int_eq(s->subTypeList[0], BASIC);
    ck_assert_uint_eq(p.r->n_pairs, 0);
    peer_free(&p);
}
END_TEST

START_TEST(what_nobody_holds_is_given_up_after_the_minute)
{
    peer_init(&p);
    gate_hold(&p, "00700", BASIC, 0);
    gate_close(&p, "00700", BASIC, 0);
    peer_pass(&p, LEAST - NS_PER_S);
    ck_assert_uint_eq(peer_count(&p, P_SUB), 1);
    push_quote(&p, "00700", 1);
    ck_assert_uint_eq(p.pushes.n, 0);               /* nobody wants it */
    peer_pass(&p, NS_PER_S);
    ck_assert_uint_eq(peer_count(&p, P_SUB), 2);
    peer_free(&p);
}
END_TEST

START_TEST(closing_what_is_not_open_does_nothing)
{
    peer_init(&p);
    gate_close(&p, "00700", BASIC, 0);
    gate_hold(&p, "00700", BASIC, 0);
    gate_close(&p, "00700", BOOK, 0);
    gate_close(&p, "00700", BASIC, 2);
    ck_assert_uint_eq(peer_count(&p, P_SUB), 1);
    peer_free(&p);
}
END_TEST

START_TEST(rehab_types_are_registered_one_by_one)
{
    peer_init(&p);
    gate_hold(&p, "00700", DAY, 1);
    const Qot_Sub_C2S *s = sub_of(peer_last(&p, P_SUB));
    ck_assert_uint_eq(s->n_regPushRehabTypeList, 1);
    ck_assert_int_eq(s->regPushRehabTypeList[0], 1);
    gate_hold(&p, "00700", DAY, 0);
    s = sub_of(peer_last(&p, P_SUB));
    ck_assert_int_eq(s->regPushRehabTypeList[0], 0);
    ck_assert_uint_eq(peer_count(&p, P_SUB), 2);
    ck_assert_uint_eq(p.r->n_pairs, 1);
    gate_close(&p, "00700", DAY, 1);
    const Qot_RegQotPush_Request *reg = peer_request(&p, peer_last(&p, P_REG_PUSH));
    ck_assert(!reg->c2s->isRegOrUnReg);
    ck_assert_uint_eq(reg->c2s->n_rehabTypeList, 1);
    ck_assert_int_eq(reg->c2s->rehabTypeList[0], 1);
    gate_hold(&p, "00700", DAY, 1);
    ck_assert_uint_eq(peer_count(&p, P_SUB), 3);
    gate_close(&p, "00700", DAY, 0);
    gate_close(&p, "00700", DAY, 1);
    peer_pass(&p, LEAST);
    ck_assert(!sub_of(peer_last(&p, P_SUB))->isSubOrUnSub);
    peer_free(&p);
}
END_TEST

START_TEST(two_rehab_types_in_one_opening)
{
    struct opened x = { .done = 0 };
    peer_init(&p);
    gate_want(&x, "00700", DAY, 0);
    gate_want(&x, "00700", DAY, 1);
    gate_open(&p, &x);
    expect_end(&x, FUTU_OK);
    ck_assert_uint_eq(peer_count(&p, P_SUB), 1);
    ck_assert_uint_eq(sub_of(peer_last(&p, P_SUB))->n_regPushRehabTypeList, 2);
    peer_free(&p);
}
END_TEST

START_TEST(options_widen_and_never_narrow)
{
    struct opened x[3] = { { .done = 0 } };
    peer_init(&p);
    gate_hold(&p, "00700", BOOK, 0);
    gate_want(&x[0], "00700", BOOK, 0);
    x[0].wants[0].opts = (struct stream_opts){ .session = 2, .firm = 3, .detail = true };
    gate_open(&p, &x[0]);
    expect_end(&x[0], FUTU_OK);
    const Qot_Sub_C2S *s = sub_of(peer_last(&p, P_SUB));
    ck_assert(s->isSubOrderBookDetail && s->session == 2 && s->header->securityFirm == 3);
    gate_want(&x[1], "00700", BOOK, 0);
    x[1].wants[0].opts.extended = true;
    gate_open(&p, &x[1]);
    s = sub_of(peer_last(&p, P_SUB));
    ck_assert(s->isSubOrderBookDetail && s->session == 2 && s->extendedTime);
    ck_assert_uint_eq(peer_count(&p, P_SUB), 3);
    gate_want(&x[2], "00700", BOOK, 0);
    x[2].wants[0].opts.detail = true;
    gate_open(&p, &x[2]);
    expect_end(&x[2], FUTU_OK);
    ck_assert_uint_eq(peer_count(&p, P_SUB), 3);
    peer_free(&p);
}
END_TEST

START_TEST(all_or_none_with_the_upstreams_words)
{
    struct opened x = { .done = 0 };
    peer_init(&p);
    p.no_right = "00005";
    gate_want(&x, "00700", BOOK, 0);
    gate_want(&x, "00700", BASIC, 0);
    gate_want(&x, "00005", BASIC, 0);
    gate_open(&p, &x);
    expect_end(&x, FUTU_EREFUSED);
    ck_assert_str_eq(x.why, "no right for this security");
    push_quote(&p, "00700", 1);
    ck_assert_uint_eq(p.pushes.n, 0);
    peer_pass(&p, LEAST + NS_PER_S);
    ck_assert_uint_eq(peer_count(&p, P_SUB), 3);    /* the book is given up again */
    ck_assert_int_eq(sub_of(peer_last(&p, P_SUB))->subTypeList[0], BOOK);
    ck_assert(!sub_of(peer_last(&p, P_SUB))->isSubOrUnSub);
    ck_assert_uint_eq(p.r->n_pairs, 0);
    peer_free(&p);
}
END_TEST

/* ---- without a connection ---- */

START_TEST(an_opening_waits_for_the_connection)
{
    struct opened x = { .done = 0 };
    peer_prepare(&p);
    ck_assert_int_eq(peer_make(&p), FUTU_OK);
    gate_open_one(&p, &x, "00700", BASIC, 0);
    ck_assert_uint_eq(x.done, 0);
    peer_pass(&p, 100 * NS_PER_MS);
    expect_end(&x, FUTU_OK);
    peer_free(&p);
}
END_TEST

START_TEST(an_opening_fails_when_no_connection_comes)
{
    struct opened x = { .done = 0 };
    peer_init(&p);
    peer_block(&p, LANE_QUOTE, FUTU_EREFUSED);
    gate_open_one(&p, &x, "00700", BASIC, 0);
    peer_pass(&p, 2900 * NS_PER_MS);
    ck_assert_uint_eq(x.done, 0);
    peer_pass(&p, 200 * NS_PER_MS);
    expect_end(&x, FUTU_ENOTCONN);
    ck_assert_ptr_nonnull(strstr(x.why, "no quote connection to the upstream " PEER_NAME));
    ck_assert_ptr_nonnull(strstr(x.why, "tcp: nothing listens there"));
    peer_free(&p);
}
END_TEST

START_TEST(an_opening_under_way_is_sent_again)
{
    struct opened x = { .done = 0 }, y = { .done = 0 };
    peer_init(&p);
    peer_pass(&p, 6 * NS_PER_S);
    p.manual = true;
    gate_open_one(&p, &x, "00700", BASIC, 0);
    peer_cut(&p, LANE_QUOTE);
    p.manual = false;
    peer_pass(&p, 100 * NS_PER_MS);
    expect_end(&x, FUTU_OK);
    ck_assert_uint_eq(peer_count(&p, P_SUB), 2);
    p.manual = true;
    gate_open_one(&p, &y, "00005", BASIC, 0);
    peer_block(&p, LANE_QUOTE, FUTU_EREFUSED);
    peer_pass(&p, 3100 * NS_PER_MS);
    expect_end(&y, FUTU_ENOTCONN);
    peer_free(&p);
}
END_TEST

START_TEST(an_opening_lost_after_its_wait_fails_at_once)
{
    struct opened x = { .done = 0 };
    peer_init(&p);
    p.manual = true;
    gate_open_one(&p, &x, "00700", BASIC, 0);
    peer_pass(&p, 5 * NS_PER_S);
    ck_assert_uint_eq(x.done, 0);
    peer_cut(&p, LANE_QUOTE);
    expect_end(&x, FUTU_ENOTCONN);
    peer_free(&p);
}
END_TEST

START_TEST(an_opening_without_an_answer_ends)
{
    struct opened x = { .done = 0 };
    peer_init(&p);
    p.manual = true;
    gate_open_one(&p, &x, "00700", BASIC, 0);
    peer_pass(&p, 9100 * NS_PER_MS);
    expect_end(&x, FUTU_ETIMEDOUT);
    peer_free(&p);
}
END_TEST

/* ---- openings that meet ---- */

START_TEST(openings_of_one_pair_follow_each_other)
{
    struct opened x = { .done = 0 }, y = { .done = 0 };
    peer_init(&p);
    p.manual = true;
    gate_open_one(&p, &x, "00700", DAY, 1);
    gate_open_one(&p, &y, "00700", DAY, 0);
    ck_assert_uint_eq(peer_count(&p, P_SUB), 1);
    peer_ok(&p, peer_need(&p, P_SUB));
    expect_end(&x, FUTU_OK);
    ck_assert_uint_eq(y.done, 0);
    const Qot_Sub_C2S *s = sub_of(peer_need(&p, P_SUB));
    ck_assert_uint_eq(s->n_regPushRehabTypeList, 1);
    ck_assert_int_eq(s->regPushRehabTypeList[0], 0);
    peer_ok(&p, peer_need(&p, P_SUB));
    expect_end(&y, FUTU_OK);
    push_bars(&p, "00700", 2, 0, 1, 1);
    push_bars(&p, "00700", 2, 1, 1, 1);
    ck_assert_uint_eq(p.pushes.n, 2);
    peer_free(&p);
}
END_TEST

START_TEST(options_of_a_later_opening_are_asked_for)
{
    struct opened x = { .done = 0 }, y = { .done = 0 };
    peer_init(&p);
    p.manual = true;
    gate_open_one(&p, &x, "00700", BOOK, 0);
    gate_want(&y, "00700", BOOK, 0);
    y.wants[0].opts.detail = true;
    gate_open(&p, &y);
    peer_ok(&p, peer_need(&p, P_SUB));
    expect_end(&x, FUTU_OK);
    ck_assert(sub_of(peer_need(&p, P_SUB))->isSubOrderBookDetail);
    peer_ok(&p, peer_need(&p, P_SUB));
    expect_end(&y, FUTU_OK);
    peer_free(&p);
}
END_TEST

START_TEST(the_minute_may_end_while_it_is_opened_again)
{
    struct opened x = { .done = 0 };
    peer_init(&p);
    gate_hold(&p, "00700", DAY, 1);
    gate_close(&p, "00700", DAY, 1);
    peer_pass(&p, LEAST - NS_PER_S);
    p.manual = true;
    gate_open_one(&p, &x, "00700", DAY, 0);
    peer_pass(&p, 2 * NS_PER_S);
    ck_assert_uint_eq(peer_count(&p, P_SUB), 2);
    peer_ok(&p, peer_need(&p, P_SUB));
    expect_end(&x, FUTU_OK);
    peer_pass(&p, 2 * LEAST);
    ck_assert_uint_eq(peer_count(&p, P_SUB), 2);
    ck_assert_uint_eq(p.r->n_pairs, 1);
    peer_free(&p);
}
END_TEST

START_TEST(a_stream_that_an_opening_waits_for_is_not_given_up)
{
    struct opened x = { .done = 0 }, y = { .done = 0 };
    peer_init(&p);
    gate_hold(&p, "00700", BASIC, 0);
    gate_hold(&p, "00700", DAY, 0);
    gate_hold(&p, "00700", DAY, 1);
    peer_pass(&p, 2 * LEAST);
    p.manual = true;
    gate_want(&x, "00700", BASIC, 0);
    gate_want(&x, "00005", BASIC, 0);
    gate_open(&p, &x);
    gate_close(&p, "00700", BASIC, 0);
    gate_want(&y, "00700", DAY, 1);
    gate_want(&y, "00006", DAY, 1);
    gate_open(&p, &y);
    gate_close(&p, "00700", DAY, 1);
    peer_pass(&p, NS_PER_S);
    ck_assert_uint_eq(peer_count(&p, P_REG_PUSH), 0);
    peer_ok(&p, peer_need(&p, P_SUB));
    peer_ok(&p, peer_need(&p, P_SUB));
    expect_end(&x, FUTU_OK);
    expect_end(&y, FUTU_OK);
    push_quote(&p, "00700", 1);
    ck_assert_uint_eq(p.pushes.n, 1);
    peer_free(&p);
}
END_TEST

START_TEST(a_rehab_type_closed_while_another_is_asked_for_goes)
{
    struct opened x = { .done = 0 };
    peer_init(&p);
    gate_hold(&p, "00700", DAY, 1);
    p.manual = true;
    gate_open_one(&p, &x, "00700", DAY, 0);
    gate_close(&p, "00700", DAY, 1);
    peer_ok(&p, peer_need(&p, P_SUB));
    expect_end(&x, FUTU_OK);
    ck_assert_uint_eq(peer_count(&p, P_REG_PUSH), 1);
    peer_free(&p);
}
END_TEST

static struct opened next;

static void close_it_and_open_another(struct opened *x)
{
    struct stream_key k = x->wants[0].key;
    p.up->ops->close(p.up, &k);
    if (!next.done)
        gate_open_one(&p, &next, "00009", BASIC, 0);
}

START_TEST(the_end_of_an_opening_may_close_it_and_begin_another)
{
    struct opened x[3] = { { .done = 0 } };
    memset(&next, 0, sizeof(next));
    peer_prepare(&p);
    ck_assert_int_eq(peer_make(&p), FUTU_OK);
    for (size_t i = 0; i < ARRAY_LEN(x); i++) {
        x[i].then = i == 1 ? close_it_and_open_another : NULL;
        gate_open_one(&p, &x[i], "00700", DAY, (int)i);
    }
    peer_pass(&p, 200 * NS_PER_MS);
    for (size_t i = 0; i < ARRAY_LEN(x); i++)
        expect_end(&x[i], FUTU_OK);
    expect_end(&next, FUTU_OK);
    for (int i = 0; i < 3; i++)
        push_bars(&p, "00700", 2, i, 1, 1);
    ck_assert_uint_eq(p.pushes.n, 2);
    peer_free(&p);
}
END_TEST

/* ---- quota ---- */

START_TEST(the_quota_is_what_is_held_and_what_is_left)
{
    struct upstream_state s;
    peer_prepare(&p);
    ck_assert_int_eq(peer_make(&p), FUTU_OK);
    p.up->ops->state(p.up, &s);
    ck_assert_uint_eq(s.sub_quota, 1000000);        /* not known yet: the upstream decides */
    peer_pass(&p, 100 * NS_PER_MS);
    p.remain = 98;
    gate_hold(&p, "00700", BASIC, 0);
    gate_hold(&p, "00700", BOOK, 0);
    p.up->ops->state(p.up, &s);
    ck_assert_uint_eq(s.sub_quota, 100);
    p.remain = 99;
    gate_close(&p, "00700", BOOK, 0);
    peer_pass(&p, LEAST);
    p.up->ops->state(p.up, &s);
    ck_assert_uint_eq(s.sub_quota, 100);
    peer_free(&p);
}
END_TEST

/* ---- the present value ---- */

static futu_err current(const char *code, int32_t sub_type, struct buf *out)
{
    struct stream_key k = { 1, sub_type, 0, "" };
    str_copy(k.code, sizeof(k.code), str_c(code));
    out->n = 0;
    return p.up->ops->current(p.up, &k, out);
}

START_TEST(the_first_push_is_marked)
{
    peer_init(&p);
    gate_hold(&p, "00700", BASIC, 0);
    gate_hold(&p, "00005", BASIC, 0);
    gate_hold(&p, "00700", TICKER, 0);
    push_quote(&p, "00700", 1);
    ck_assert(p.pushes.all[0].first);
    push_quote(&p, "00700", 2);
    ck_assert(!p.pushes.all[1].first);
    push_ticks(&p, "00700", 1, 2, 1);               /* these happened now */
    ck_assert(!p.pushes.all[2].first);
    ck_assert(p.pushes.all[2].lossless && !p.pushes.all[1].lossless);
    peer_pass(&p, 1100 * NS_PER_MS);
    push_quote(&p, "00005", 1);                     /* too late for one */
    ck_assert(!p.pushes.all[3].first);
    peer_free(&p);
}
END_TEST

START_TEST(the_present_value_is_the_last_push)
{
    struct buf out = BUF_INIT;
    peer_init(&p);
    ck_assert_int_eq(current("00700", BASIC, &out), FUTU_EAGAIN);
    gate_hold(&p, "00700", BASIC, 0);
    ck_assert_int_eq(current("00700", BASIC, &out), FUTU_EAGAIN);
    push_quote(&p, "00700", 1);
    push_quote(&p, "00700", 2);
    ck_assert_int_eq(current("00700", BASIC, &out), FUTU_OK);
    ck_assert_uint_eq(out.n, event_last(&p.pushes)->n);
    ck_assert_mem_eq(out.p, event_last(&p.pushes)->body, out.n);
    buf_free(&out);
    peer_free(&p);
}
END_TEST

START_TEST(the_present_value_of_tickers_is_the_last_fifty)
{
    struct buf out = BUF_INIT;
    peer_init(&p);
    gate_hold(&p, "00700", TICKER, 0);
    push_ticks(&p, "00700", 1, 40, 3);
    ck_assert(event_last(&p.pushes)->first);
    push_ticks(&p, "00700", 41, 30, 1);
    push_ticks(&p, "00700", 60, 11, 1);             /* again: none is there twice */
    ck_assert_int_eq(current("00700", TICKER, &out), FUTU_OK);
    const struct event e = { .proto = 3011, .body = out.p, .n = out.n };
    const Qot_UpdateTicker_Response *r = event_msg(&p, &e);
    ck_assert_uint_eq(r->s2c->n_tickerList, 50);
    ck_assert(str_is(r->s2c->security->code, "00700"));
    for (size_t i = 0; i < 50; i++) {
        ck_assert_int_eq(r->s2c->tickerList[i].sequence, 21 + (int64_t)i);
        ck_assert_int_eq(r->s2c->tickerList[i].pushDataType, 3);
    }
    buf_free(&out);
    peer_free(&p);
}
END_TEST

START_TEST(a_failed_allocation_ends_an_opening_once)
{
    for (long n = 0; n < 30; n++) {
        struct opened x = { .done = 0 };
        peer_init(&p);
        gate_hold(&p, "00700", BASIC, 0);
        gate_want(&x, "00700", BOOK, 0);
        gate_want(&x, "00005", BASIC, 0);
        gate_want(&x, "00005", DAY, 1);
        mem_fail_at(n);
        gate_open(&p, &x);
        mem_fail_at(-1);
        peer_pass(&p, 10 * NS_PER_S);
        ck_assert_uint_eq(x.done, 1);
        push_quote(&p, "00700", 1);
        ck_assert_uint_eq(p.pushes.n, 1);           /* what was there is there */
        peer_free(&p);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, one_request_for_what_is_alike);
    tcase_add_test(tc, a_long_list_goes_in_pieces);
    tcase_add_test(tc, what_is_open_costs_no_request);
    tcase_add_test(tc, a_subscription_stays_for_its_minute);
    tcase_add_test(tc, what_nobody_holds_is_given_up_after_the_minute);
    tcase_add_test(tc, closing_what_is_not_open_does_nothing);
    tcase_add_test(tc, rehab_types_are_registered_one_by_one);
    tcase_add_test(tc, two_rehab_types_in_one_opening);
    tcase_add_test(tc, options_widen_and_never_narrow);
    tcase_add_test(tc, all_or_none_with_the_upstreams_words);
    tcase_add_test(tc, an_opening_waits_for_the_connection);
    tcase_add_test(tc, an_opening_fails_when_no_connection_comes);
    tcase_add_test(tc, an_opening_under_way_is_sent_again);
    tcase_add_test(tc, an_opening_lost_after_its_wait_fails_at_once);
    tcase_add_test(tc, an_opening_without_an_answer_ends);
    tcase_add_test(tc, openings_of_one_pair_follow_each_other);
    tcase_add_test(tc, options_of_a_later_opening_are_asked_for);
    tcase_add_test(tc, the_minute_may_end_while_it_is_opened_again);
    tcase_add_test(tc, a_stream_that_an_opening_waits_for_is_not_given_up);
    tcase_add_test(tc, a_rehab_type_closed_while_another_is_asked_for_goes);
    tcase_add_test(tc, the_end_of_an_opening_may_close_it_and_begin_another);
    tcase_add_test(tc, the_quota_is_what_is_held_and_what_is_left);
    tcase_add_test(tc, the_first_push_is_marked);
    tcase_add_test(tc, the_present_value_is_the_last_push);
    tcase_add_test(tc, the_present_value_of_tickers_is_the_last_fifty);
    tcase_add_test(tc, a_failed_allocation_ends_an_opening_once);
}

int main(void)
{
    return run_tcase("stream", add);
}
