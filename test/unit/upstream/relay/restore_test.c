/* restore_test.c - after a loss: subscriptions again, what pushes missed, and what clients are told
 * of the gap. */
#include "bodies.h"

#include <stdio.h>

enum { BEGAN = Gateway_UpdateGap_GapState_Began, OVER = Gateway_UpdateGap_GapState_Over };

static struct peer p;

static const Qot_Sub_C2S *sub_of(const struct asked *a)
{
    return ((Qot_Sub_Request *)peer_request(&p, a))->c2s;
}

static void start(void)
{
    peer_init(&p);
    peer_pass(&p, 6 * NS_PER_S);                /* a loss is followed by an attempt at once */
}

static void lose(void)
{
    peer_cut(&p, LANE_QUOTE);
    p.n_asked = 0;
    p.pushes.n = 0;
    peer_pass(&p, 300 * NS_PER_MS);
}

/* ---- subscriptions ---- */

START_TEST(everything_is_subscribed_again)
{
    struct opened x = { .done = 0 };
    start();
    gate_hold(&p, "00001", BASIC, 0);
    gate_hold(&p, "00002", BASIC, 0);
    gate_hold(&p, "00003", BASIC, 0);
    gate_hold(&p, "00001", DAY, 1);
    gate_hold(&p, "00001", DAY, 0);
    gate_want(&x, "00001", BOOK, 0);
    x.wants[0].opts = (struct stream_opts){ .session = 2, .detail = true };
    gate_open(&p, &x);
    gate_close(&p, "00003", BASIC, 0);          /* within its minute: it is not wanted back */
    lose();
    ck_assert_uint_eq(peer_count(&p, P_SUB), 3);
    for (unsigned i = 0; i < p.n_asked; i++) {
        if (p.asked[i].proto != P_SUB)
            continue;
        const Qot_Sub_C2S *s = sub_of(&p.asked[i]);
        ck_assert(s->isSubOrUnSub && s->isRegOrUnRegPush && s->isFirstPush);
        ck_assert_uint_eq(s->n_securityList, s->subTypeList[0] == BASIC ? 2 : 1);
        ck_assert_uint_eq(s->n_regPushRehabTypeList, s->subTypeList[0] == DAY ? 2 : 0);
        ck_assert_int_eq(s->isSubOrderBookDetail && s->session == 2, s->subTypeList[0] == BOOK);
    }
    push_quote(&p, "00002", 1);
    ck_assert_uint_eq(p.pushes.n, 1);
    ck_assert(!p.pushes.all[0].first);          /* news for all */
    push_quote(&p, "00003", 1);
    ck_assert_uint_eq(p.pushes.n, 1);
    peer_free(&p);
}
END_TEST

START_TEST(one_refusal_does_not_keep_the_others_away)
{
    start();
    for (int i = 1; i <= 8; i++) {
        char code[8];
        snprintf(code, sizeof(code), "%05d", i);
        gate_hold(&p, code, BASIC, 0);
    }
    p.no_right = "00006";
    lose();
    ck_assert_uint_eq(peer_count(&p, P_SUB), 7);        /* 8; 4, 4; 2, 2; 1, 1 */
    const Gateway_UpdateGap_S2C *gap = gap_event(&p, 1);
    ck_assert_uint_eq(gap->n_lostList, 8);
    for (size_t i = 0; i < 8; i++) {
        const Gateway_UpdateGap_Lost *l = &gap->lostList[i];
        bool refused = str_is(l->security->code, "00006");
        ck_assert_int_eq(l->error.n > 0, refused);
        ck_assert(!refused || str_is(l->error, "no right for this security"));
    }
    push_quote(&p, "00005", 1);
    ck_assert_uint_eq(p.pushes.n, 1);
    peer_free(&p);
}
END_TEST

START_TEST(what_was_refused_is_tried_again_soon_and_then_ever_later)
{
    start();
    gate_hold(&p, "00700", BASIC, 0);
    gate_hold(&p, "00005", BASIC, 0);
    p.no_right = "00700";
    lose();
    unsigned first = peer_count(&p, P_SUB);
    peer_pass(&p, 500 * NS_PER_MS);
    ck_assert_uint_eq(peer_count(&p, P_SUB), first + 1);
    peer_pass(&p, 60 * NS_PER_S);               /* after 0.5, 1, 2, 4, 8, 16 and 30 s */
    ck_assert_uint_eq(peer_count(&p, P_SUB), first + 6);
    ck_assert_uint_eq(gap_count(&p), 2);
    p.no_right = NULL;
    peer_pass(&p, 30 * NS_PER_S);
    ck_assert_uint_eq(peer_count(&p, P_SUB), first + 7);
    const Gateway_UpdateGap_S2C *gap = gap_event(&p, 2);    /* its return is told */
    ck_assert_int_eq(gap->state, OVER);
    ck_assert_uint_eq(gap->n_lostList, 1);
    ck_assert(str_is(gap->lostList[0].security->code, "00700") && !gap->lostList[0].error.n);
    push_quote(&p, "00700", 1);
    ck_assert_uint_eq(p.pushes.n, 1);
    ck_assert(!p.pushes.all[0].first);
    peer_pass(&p, 60 * NS_PER_S);
    ck_assert_uint_eq(peer_count(&p, P_SUB), first + 7);
    peer_free(&p);
}
END_TEST

START_TEST(the_end_of_the_upstreams_own_gap_is_a_reason_to_try_again)
{
    static const uint8_t over[] = { 8, 0, 0x22, 21, 8, 5, 16, 1, 24, 2, 0x22, 5, 'q', 'u', 'o', 't',
                                    'e', 0x2a, 4, 'f', 'a', 'r', ':', 48, 1 };
    start();
    gate_hold(&p, "00700", BASIC, 0);
    p.no_right = "00700";
    lose();
    peer_pass(&p, 20 * NS_PER_S);
    unsigned n = peer_count(&p, P_SUB);
    p.no_right = NULL;
    peer_push(&p, LANE_QUOTE, PROTO_GAP, over, sizeof(over));
    ck_assert_uint_eq(peer_count(&p, P_SUB), n + 1);
    push_quote(&p, "00700", 1);
    ck_assert_uint_eq(p.pushes.n, 1);
    peer_free(&p);
}
END_TEST

START_TEST(what_was_refused_may_be_closed)
{
    start();
    gate_hold(&p, "00700", BASIC, 0);
    p.no_right = "00700";
    lose();
    gate_close(&p, "00700", BASIC, 0);
    ck_assert_uint_eq(p.r->n_pairs, 0);
    peer_pass(&p, 60 * NS_PER_S);
    ck_assert_uint_eq(peer_count(&p, P_SUB), 1);
    peer_free(&p);
}
END_TEST

START_TEST(no_answer_to_a_subscription_ends_the_restoring)
{
    start();
    gate_hold(&p, "00700", BASIC, 0);
    p.manual = true;
    lose();
    peer_pass(&p, 9 * NS_PER_S);
    const Gateway_UpdateGap_S2C *gap = gap_event(&p, 1);
    ck_assert_int_eq(gap->state, OVER);
    ck_assert_uint_gt(gap->lostList[0].error.n, 0);
    peer_free(&p);
}
END_TEST

START_TEST(an_opening_waits_until_all_is_restored)
{
    struct opened x = { .done = 0 }, y = { .done = 0 };
    start();
    gate_hold(&p, "00700", BASIC, 0);
    p.manual = true;
    lose();
    gate_open_one(&p, &x, "00005", BASIC, 0);
    ck_assert_uint_eq(peer_count(&p, P_SUB), 1);
    peer_ok(&p, peer_need(&p, P_SUB));
    peer_ok(&p, peer_need(&p, P_SUB));
    ck_assert_uint_eq(x.done, 1);
    ck_assert_int_eq(x.err, FUTU_OK);
    lose();
    gate_open_one(&p, &y, "00006", BASIC, 0);
    peer_pass(&p, 3100 * NS_PER_MS);
    ck_assert_int_eq(y.err, FUTU_ENOTCONN);
    ck_assert_ptr_nonnull(strstr(y.why, "it is still being restored"));
    peer_free(&p);
}
END_TEST

/* ---- what pushes missed ---- */

START_TEST(missed_tickers_are_pushed_by_sequence)
{
    start();
    gate_hold(&p, "00700", TICKER, 0);
    push_ticks(&p, "00700", 1, 10, 1);
    lose();
    push_ticks(&p, "00700", 13, 2, 1);          /* the answer has them too */
    ck_assert_uint_eq(p.pushes.n, 0);
    struct asked *a = peer_need(&p, 3010);
    const Qot_GetTicker_Request *rq = peer_request(&p, a);
    ck_assert_int_eq(rq->c2s->maxRetNum, 1000);
    answer_ticks(&p, a, "00700", 5, 10);
    ck_assert_uint_eq(p.pushes.n, 1);
    ck_assert_str_eq(ticks_of(&p, &p.pushes.all[0]), "11 12 13 14");
    ck_assert(p.pushes.all[0].lossless && !p.pushes.all[0].first);
    const Qot_UpdateTicker_Response *r = event_msg(&p, &p.pushes.all[0]);
    ck_assert(str_is(r->s2c->security->code, "00700") && str_is(r->s2c->name, "Tencent"));
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(r->s2c->tickerList[i].pushDataType, 2);
    push_ticks(&p, "00700", 15, 1, 1);
    ck_assert_str_eq(ticks_of(&p, event_last(&p.pushes)), "15");
    const Gateway_UpdateGap_S2C *gap = gap_event(&p, 1);
    ck_assert_int_eq(gap->state, OVER);
    ck_assert(!gap->lostList[0].tickersLost);
    peer_free(&p);
}
END_TEST

START_TEST(no_missed_ticker_is_no_push)
{
    start();
    gate_hold(&p, "00700", TICKER, 0);
    push_ticks(&p, "00700", 1, 10, 1);
    lose();
    answer_ticks(&p, peer_need(&p, 3010), "00700", 1, 10);
    ck_assert_uint_eq(p.pushes.n, 0);
    ck_assert(!gap_event(&p, 1)->lostList[0].tickersLost);
    peer_free(&p);
}
END_TEST

START_TEST(a_hole_in_the_tickers_is_reported)
{
    start();
    gate_hold(&p, "00700", TICKER, 0);
    push_ticks(&p, "00700", 1, 10, 1);
    lose();
    answer_ticks(&p, peer_need(&p, 3010), "00700", 500, 1000);
    const Gateway_UpdateGap_Lost *l = gap_event(&p, 1)->lostList;
    ck_assert(l->tickersLost);
    ck_assert_int_eq(l->sequenceAfter, 10);
    ck_assert_int_eq(l->sequenceBefore, 500);
    const Qot_UpdateTicker_Response *r = event_msg(&p, event_last(&p.pushes));
    ck_assert_uint_eq(r->s2c->n_tickerList, 1000);
    lose();                                     /* the next gap has no hole */
    answer_ticks(&p, peer_need(&p, 3010), "00700", 1000, 500);
    ck_assert(!gap_event(&p, 3)->lostList[0].tickersLost);
    peer_free(&p);
}
END_TEST

START_TEST(tickers_that_count_anew_are_a_hole_without_an_end)
{
    start();
    gate_hold(&p, "00700", TICKER, 0);
    push_ticks(&p, "00700", 1001, 10, 1);
    lose();
    answer_ticks(&p, peer_need(&p, 3010), "00700", 1, 5);
    const Gateway_UpdateGap_Lost *l = gap_event(&p, 1)->lostList;
    ck_assert(l->tickersLost && !l->has_sequenceBefore);
    ck_assert_int_eq(l->sequenceAfter, 1010);
    lose();
    answer_ticks(&p, peer_need(&p, 3010), "00700", 1, 8);
    ck_assert_str_eq(ticks_of(&p, event_last(&p.pushes)), "6 7 8");
    peer_free(&p);
}
END_TEST

START_TEST(tickers_that_can_not_be_had_are_a_hole)
{
    start();
    gate_hold(&p, "00700", TICKER, 0);
    push_ticks(&p, "00700", 1, 10, 1);
    lose();
    for (int i = 0; i < 3; i++)                 /* the upstream may have them a little later */
        peer_refuse(&p, peer_need(&p, 3010), "too frequent");
    const Gateway_UpdateGap_Lost *l = gap_event(&p, 1)->lostList;
    ck_assert(l->tickersLost && !l->has_sequenceBefore);
    ck_assert_int_eq(l->sequenceAfter, 10);
    push_ticks(&p, "00700", 15, 1, 1);
    ck_assert_str_eq(ticks_of(&p, event_last(&p.pushes)), "15");
    peer_free(&p);
}
END_TEST

START_TEST(klines_are_refilled_from_the_last_one_on)
{
    start();
    gate_hold(&p, "00700", MINUTE, 1);
    push_bars(&p, "00700", 1, 1, 3, 3);
    peer_block(&p, LANE_QUOTE, FUTU_EREFUSED);
    p.pushes.n = 0;
    peer_pass(&p, 180 * NS_PER_S);
    peer_block(&p, LANE_QUOTE, FUTU_OK);
    peer_pass(&p, 6 * NS_PER_S);
    struct asked *a = peer_need(&p, 3006);
    const Qot_GetKL_Request *rq = peer_request(&p, a);
    ck_assert_int_eq(rq->c2s->rehabType, 1);
    ck_assert_int_eq(rq->c2s->klType, 1);
    ck_assert_int_ge(rq->c2s->reqNum, 4);
    ck_assert_int_le(rq->c2s->reqNum, 8);
    answer_bars(&p, a, "00700", 4, 5);
    ck_assert_uint_eq(p.pushes.n, 1);
    const Qot_UpdateKL_Response *r = event_msg(&p, &p.pushes.all[0]);
    ck_assert_int_eq(r->s2c->rehabType, 1);
    ck_assert_int_eq(r->s2c->klType, 1);
    ck_assert(str_is(r->s2c->security->code, "00700") && str_is(r->s2c->name, "Tencent"));
    ck_assert_uint_eq(r->s2c->n_klList, 4);
    ck_assert(str_is(r->s2c->klList[0].time, "2026-01-01 00:05:00"));
    peer_free(&p);
}
END_TEST

START_TEST(klines_that_do_not_reach_back_are_asked_for_again)
{
    start();
    gate_hold(&p, "00700", MINUTE, 1);
    push_bars(&p, "00700", 1, 1, 3, 1);
    lose();
    answer_bars(&p, peer_need(&p, 3006), "00700", 8, 2);
    ck_assert_uint_eq(p.pushes.n, 0);
    struct asked *a = peer_need(&p, 3006);
    ck_assert_int_eq(((Qot_GetKL_Request *)peer_request(&p, a))->c2s->reqNum, 1000);
    answer_bars(&p, a, "00700", 1, 9);
    const Qot_UpdateKL_Response *r = event_msg(&p, event_last(&p.pushes));
    ck_assert_uint_eq(r->s2c->n_klList, 7);
    ck_assert_uint_eq(gap_count(&p), 2);
    peer_free(&p);
}
END_TEST

START_TEST(minutes_are_refilled_from_the_last_one_on)
{
    start();
    gate_hold(&p, "00700", RT, 0);
    push_minutes(&p, "00700", 1, 7);
    lose();
    answer_minutes(&p, peer_need(&p, 3008), "00700", 0, 10);
    const Qot_UpdateRT_Response *r = event_msg(&p, event_last(&p.pushes));
    ck_assert_uint_eq(r->s2c->n_rtList, 3);
    ck_assert_int_eq(r->s2c->rtList[0].minute, 7);
    peer_free(&p);
}
END_TEST

START_TEST(what_never_came_is_not_refilled)
{
    start();
    gate_hold(&p, "00700", TICKER, 0);
    gate_hold(&p, "00700", DAY, 1);
    lose();
    ck_assert_uint_eq(peer_count(&p, 3010) + peer_count(&p, 3006), 0);
    ck_assert_uint_eq(gap_count(&p), 2);
    peer_free(&p);
}
END_TEST

START_TEST(refills_go_out_a_few_at_a_time)
{
    char code[8];
    start();
    for (int i = 1; i <= 100; i++) {
        snprintf(code, sizeof(code), "%05d", i);
        gate_hold(&p, code, TICKER, 0);
        push_ticks(&p, code, 1, 1, 1);
    }
    lose();
    ck_assert_uint_eq(peer_count(&p, 3010), 64);
    for (int i = 0; i < 100; i++) {
        ck_assert_uint_eq(gap_count(&p), 1);
        struct asked *a = peer_need(&p, 3010);
        const Qot_GetTicker_Request *rq = peer_request(&p, a);
        answer_ticks(&p, a, rq->c2s->security->code.p, 1, 2);
    }
    ck_assert_uint_eq(p.pushes.n, 100);
    ck_assert_uint_eq(gap_count(&p), 2);
    peer_free(&p);
}
END_TEST

START_TEST(a_stream_may_be_closed_while_it_is_refilled)
{
    start();
    gate_hold(&p, "00700", TICKER, 0);
    gate_hold(&p, "00700", DAY, 0);
    gate_hold(&p, "00700", DAY, 1);
    push_ticks(&p, "00700", 1, 10, 1);
    push_bars(&p, "00700", 2, 0, 1, 1);
    lose();
    gate_close(&p, "00700", DAY, 0);
    gate_close(&p, "00700", TICKER, 0);
    answer_ticks(&p, peer_need(&p, 3010), "00700", 1, 20);
    answer_bars(&p, peer_need(&p, 3006), "00700", 1, 2);
    ck_assert_uint_eq(p.pushes.n, 0);
    ck_assert_int_eq(gap_event(&p, 1)->state, OVER);
    peer_free(&p);
}
END_TEST

/* ---- what clients are told ---- */

START_TEST(a_gap_is_told_from_its_beginning_to_its_end)
{
    start();
    gate_hold(&p, "00700", BASIC, 0);
    gate_hold(&p, "00700", BOOK, 0);
    gate_hold(&p, "00005", BASIC, 0);
    push_quote(&p, "00700", 1);
    int64_t last = p.time.wall_ns / NS_PER_MS;
    peer_pass(&p, NS_PER_S);
    push_quote(&p, "00005", 1);
    int64_t alive = p.time.wall_ns / NS_PER_MS;
    peer_pass(&p, 500 * NS_PER_MS);
    peer_block(&p, LANE_QUOTE, FUTU_EREFUSED);
    const Gateway_UpdateGap_S2C *g = gap_event(&p, 0);
    ck_assert_int_eq(g->state, BEGAN);
    ck_assert(g->bootID == 77 && g->seq == 1);
    ck_assert(str_is(g->link, "quote") && str_is(g->upstream, PEER_NAME));
    ck_assert_int_ge(g->beginMs, alive);
    ck_assert_int_le(g->beginMs, p.time.wall_ns / NS_PER_MS);
    int64_t begin = g->beginMs;
    peer_pass(&p, 20 * NS_PER_S);
    peer_block(&p, LANE_QUOTE, FUTU_OK);
    peer_pass(&p, 6 * NS_PER_S);
    ck_assert_uint_eq(gap_count(&p), 2);
    g = gap_event(&p, 1);
    ck_assert_int_eq(g->state, OVER);
    ck_assert(g->bootID == 77 && g->seq == 2 && !g->restarted);
    ck_assert_int_eq(g->beginMs, begin);
    ck_assert_int_ge(g->endMs, begin + 20000);
    ck_assert_uint_eq(g->n_lostList, 2);        /* by security */
    ck_assert(str_is(g->lostList[0].security->code, "00700"));
    ck_assert_uint_eq(g->lostList[0].n_subTypeList, 2);
    ck_assert_int_eq(g->lostList[0].beginMs, last);
    ck_assert_int_eq(g->lostList[1].beginMs, alive);
    ck_assert_int_eq(g->lostList[1].endMs, g->endMs);
    peer_free(&p);
}
END_TEST

/* The nth Notify of this type; NULL: there are not so many. */
static const Notify_S2C *notify_of(int32_t type, unsigned nth)
{
    for (unsigned i = 0; i < p.notifies.n; i++) {
        const Notify_Response *r = event_msg(&p, &p.notifies.all[i]);
        if (p.notifies.all[i].proto == PROTO_NOTIFY && r->s2c->type == type && nth-- == 0)
            return r->s2c;
    }
    return NULL;
}

static void expect_status(unsigned nth, bool qot, bool trd)
{
    const Notify_S2C *s2c = notify_of(Notify_NotifyType_ConnStatus, nth);
    ck_assert(s2c && s2c->connectStatus->qotLogined == qot &&
              s2c->connectStatus->trdLogined == trd);
}

START_TEST(notify_tells_people_what_was_lost)
{
    static const char *const texts[] = { "no quote connection", "1 securities: HK.00700" };
    start();
    gate_hold(&p, "00700", BASIC, 0);
    p.notifies.n = 0;
    lose();
    peer_pass(&p, 100 * NS_PER_MS);
    for (unsigned i = 0; i < 2; i++) {
        const Notify_S2C *m = notify_of(Notify_NotifyType_GtwEvent, i);
        ck_assert(m && strstr(m->event->desc.p, texts[i]));
    }
    ck_assert_ptr_null(notify_of(Notify_NotifyType_GtwEvent, 2));
    peer_free(&p);
}
END_TEST

START_TEST(notify_tells_which_connections_there_are)
{
    start();
    gate_hold(&p, "00700", BASIC, 0);
    p.notifies.n = 0;
    p.manual = true;
    lose();
    expect_status(0, false, true);
    ck_assert_uint_eq(p.notifies.n, 3);         /* not back before all is restored */
    peer_ok(&p, peer_need(&p, P_SUB));
    expect_status(1, true, true);
    peer_cut(&p, LANE_TRADE);
    expect_status(2, true, false);
    peer_pass(&p, 100 * NS_PER_MS);
    expect_status(3, true, true);
    peer_cut(&p, LANE_BULK);
    ck_assert_uint_eq(p.notifies.n, 12);        /* four, and four gap events, each with a text */
    peer_free(&p);
}
END_TEST

START_TEST(lost_again_while_restoring_is_one_gap)
{
    start();
    gate_hold(&p, "00700", TICKER, 0);
    push_ticks(&p, "00700", 1, 10, 1);
    int64_t last = p.time.wall_ns / NS_PER_MS;
    peer_pass(&p, NS_PER_S);
    lose();
    int64_t begin = gap_event(&p, 0)->beginMs;
    peer_need(&p, 3010);
    peer_cut(&p, LANE_QUOTE);                   /* while refilling */
    p.manual = true;
    peer_pass(&p, NS_PER_S);
    peer_need(&p, P_SUB);
    peer_cut(&p, LANE_QUOTE);                   /* while subscribing */
    p.manual = false;
    peer_pass(&p, 6 * NS_PER_S);
    ck_assert_uint_eq(gap_count(&p), 1);
    answer_ticks(&p, peer_need(&p, 3010), "00700", 1, 12);
    ck_assert_uint_eq(gap_count(&p), 2);
    ck_assert_str_eq(ticks_of(&p, event_last(&p.pushes)), "11 12");
    const Gateway_UpdateGap_S2C *g = gap_event(&p, 1);
    ck_assert_int_eq(g->beginMs, begin);
    ck_assert_int_eq(g->lostList[0].beginMs, last);
    ck_assert_uint_eq(g->seq, 2);
    peer_free(&p);
}
END_TEST

START_TEST(an_upstream_that_was_restarted_is_told)
{
    peer_prepare(&p);
    p.boot_id = 1;
    ck_assert_int_eq(peer_make(&p), FUTU_OK);
    peer_pass(&p, 6 * NS_PER_S);
    gate_hold(&p, "00700", BASIC, 0);
    lose();
    ck_assert(!gap_event(&p, 1)->restarted);
    p.boot_id = 2;
    lose();
    peer_pass(&p, NS_PER_S);
    ck_assert(gap_event(&p, 3)->restarted);
    lose();
    peer_pass(&p, NS_PER_S);
    ck_assert(!gap_event(&p, 5)->restarted);
    peer_free(&p);
}
END_TEST

START_TEST(a_failed_allocation_delays_and_loses_nothing)
{
    for (long n = 0; n < 60; n++) {
        start();
        gate_hold(&p, "00700", BASIC, 0);
        gate_hold(&p, "00005", BASIC, 0);
        gate_hold(&p, "00700", DAY, 1);
        peer_cut(&p, LANE_QUOTE);
        p.pushes.n = 0;
        mem_fail_at(n);
        peer_pass(&p, 100 * NS_PER_MS);
        mem_fail_at(-1);
        peer_pass(&p, 60 * NS_PER_S);
        ck_assert(peer_up(&p, LANE_QUOTE));
        push_quote(&p, "00700", 1);
        push_quote(&p, "00005", 1);
        push_bars(&p, "00700", 2, 1, 1, 1);
        ck_assert_uint_eq(p.pushes.n, 3);
        ck_assert(!p.r->gap[LANE_QUOTE].open);
        peer_free(&p);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, everything_is_subscribed_again);
    tcase_add_test(tc, one_refusal_does_not_keep_the_others_away);
    tcase_add_test(tc, what_was_refused_is_tried_again_soon_and_then_ever_later);
    tcase_add_test(tc, the_end_of_the_upstreams_own_gap_is_a_reason_to_try_again);
    tcase_add_test(tc, what_was_refused_may_be_closed);
    tcase_add_test(tc, no_answer_to_a_subscription_ends_the_restoring);
    tcase_add_test(tc, an_opening_waits_until_all_is_restored);
    tcase_add_test(tc, missed_tickers_are_pushed_by_sequence);
    tcase_add_test(tc, no_missed_ticker_is_no_push);
    tcase_add_test(tc, a_hole_in_the_tickers_is_reported);
    tcase_add_test(tc, tickers_that_count_anew_are_a_hole_without_an_end);
    tcase_add_test(tc, tickers_that_can_not_be_had_are_a_hole);
    tcase_add_test(tc, klines_are_refilled_from_the_last_one_on);
    tcase_add_test(tc, klines_that_do_not_reach_back_are_asked_for_again);
    tcase_add_test(tc, minutes_are_refilled_from_the_last_one_on);
    tcase_add_test(tc, what_never_came_is_not_refilled);
    tcase_add_test(tc, refills_go_out_a_few_at_a_time);
    tcase_add_test(tc, a_stream_may_be_closed_while_it_is_refilled);
    tcase_add_test(tc, a_gap_is_told_from_its_beginning_to_its_end);
    tcase_add_test(tc, notify_tells_people_what_was_lost);
    tcase_add_test(tc, notify_tells_which_connections_there_are);
    tcase_add_test(tc, lost_again_while_restoring_is_one_gap);
    tcase_add_test(tc, an_upstream_that_was_restarted_is_told);
    tcase_add_test(tc, a_failed_allocation_delays_and_loses_nothing);
}

int main(void)
{
    return run_tcase("restore", add);
}
