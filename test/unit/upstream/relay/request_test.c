/* request_test.c - requests on their way: byte for byte, waiting for a connection, sent again after
 * a loss, and what is said when nothing can be asked. */
#include "bodies.h"

static struct peer p;

/* A c2s and an s2c with fields that no message has. */
static const uint8_t odd_request[] = { 0x0a, 5, 0xfa, 0x3e, 2, 'h', 'i', 0x7a, 1, 'x' };
static const uint8_t odd_answer[] = { 8, 0, 0x22, 6, 0xfa, 0x3e, 3, 'y', 'o', 'u', 0xf8, 1, 7 };

static void ask_quote(struct ask *a)
{
    gate_ask(&p, a, 3004, odd_request, sizeof(odd_request));
}

START_TEST(bytes_go_up_and_down_as_they_are)
{
    static const uint32_t protos[] = { 3004, 2101, 3103, 59999 };
    for (size_t chunk = 0; chunk < 2; chunk++) {
        peer_init(&p);
        p.chunk = chunk;
        for (size_t i = 0; i < ARRAY_LEN(protos); i++) {
            struct ask a = { .done = 0 };
            gate_ask(&p, &a, protos[i], odd_request, sizeof(odd_request));
            struct asked *up = peer_need(&p, protos[i]);
            ck_assert_uint_eq(up->n, sizeof(odd_request));
            ck_assert_mem_eq(up->body, odd_request, up->n);
            ck_assert_uint_eq(a.done, 0);
            peer_answer(&p, up, odd_answer, sizeof(odd_answer));
            ck_assert_uint_eq(a.done, 1);
            ck_assert_uint_eq(a.n, sizeof(odd_answer));
            ck_assert_mem_eq(a.body, odd_answer, a.n);
            ck_assert_int_eq(a.rq.fmt, FRAME_PROTOBUF);
        }
        peer_free(&p);
    }
}
END_TEST

START_TEST(json_of_an_unknown_id_goes_through)
{
    static const char body[] = "{\"c2s\":{\"new\":1}}", answer[] = "{\"retType\":0}";
    struct ask a = { .rq.fmt = FRAME_JSON };
    peer_init(&p);
    gate_ask(&p, &a, 59999, body, strlen(body));
    struct asked *up = peer_need(&p, 59999);
    ck_assert_int_eq(up->fmt, FRAME_JSON);
    ck_assert_mem_eq(up->body, body, strlen(body));
    peer_answer(&p, up, answer, strlen(answer));
    ck_assert_uint_eq(a.done, 1);
    ck_assert_int_eq(a.rq.fmt, FRAME_JSON);
    ck_assert_mem_eq(a.body, answer, strlen(answer));
    peer_free(&p);
}
END_TEST

START_TEST(an_answer_in_another_format_is_a_failure)
{
    struct ask a = { .rq.fmt = FRAME_JSON };
    peer_init(&p);
    gate_ask(&p, &a, 59999, "{}", 2);
    struct asked *up = peer_need(&p, 59999);
    up->fmt = FRAME_PROTOBUF;
    peer_ok(&p, up);
    ck_assert_uint_eq(a.done, 1);
    ck_assert_int_eq(a.rq.fmt, FRAME_PROTOBUF);
    ck_assert_int_eq(a.ret, RET_FAILED);
    peer_free(&p);
}
END_TEST

START_TEST(answers_may_come_in_any_order)
{
    struct ask a[2] = { { .done = 0 } };
    peer_init(&p);
    ask_quote(&a[0]);
    ask_quote(&a[1]);
    peer_ok(&p, peer_last(&p, 3004));
    ck_assert(!a[0].done && a[1].done == 1);
    peer_ok(&p, peer_need(&p, 3004));
    ck_assert(a[0].done == 1 && a[1].done == 1);
    peer_free(&p);
}
END_TEST

START_TEST(no_answer_is_told_before_the_gateways_own_limit)
{
    struct ask a = { .done = 0 };
    peer_init(&p);
    ask_quote(&a);
    peer_pass(&p, 8900 * NS_PER_MS);
    ck_assert_uint_eq(a.done, 0);
    peer_pass(&p, 200 * NS_PER_MS);
    ck_assert_uint_eq(a.done, 1);
    ck_assert_int_eq(a.ret, RET_TIMEOUT);
    ck_assert(peer_up(&p, LANE_QUOTE));         /* KeepAlive was answered */
    peer_free(&p);
}
END_TEST

/* ---- without a connection ---- */

START_TEST(a_read_waits_for_the_first_connection)
{
    struct ask a = { .done = 0 }, late = { .done = 0 };
    peer_prepare(&p);
    ck_assert_int_eq(peer_make(&p), FUTU_OK);
    ask_quote(&a);
    ck_assert_uint_eq(a.done, 0);
    peer_pass(&p, 100 * NS_PER_MS);
    peer_ok(&p, peer_need(&p, 3004));
    ck_assert_uint_eq(a.done, 1);
    peer_free(&p);

    peer_prepare(&p);
    ck_assert_int_eq(peer_make(&p), FUTU_OK);
    p.links[LANE_QUOTE]->mute = true;
    ask_quote(&late);
    peer_pass(&p, 2900 * NS_PER_MS);
    ck_assert_uint_eq(late.done, 0);
    peer_pass(&p, 200 * NS_PER_MS);
    ck_assert_uint_eq(late.done, 1);
    ck_assert_int_eq(late.ret, RET_DISCONNECTED);
    ck_assert_ptr_nonnull(strstr(late.text, "no quote connection to the upstream " PEER_NAME));
    peer_free(&p);
}
END_TEST

START_TEST(a_read_waits_three_seconds_after_a_loss)
{
    struct ask a = { .done = 0 }, at_once = { .done = 0 }, other = { .done = 0 };
    peer_init(&p);
    peer_pass(&p, 6 * NS_PER_S);
    peer_block(&p, LANE_QUOTE, FUTU_EREFUSED);
    peer_pass(&p, NS_PER_S);
    ask_quote(&a);
    peer_pass(&p, 1900 * NS_PER_MS);
    ck_assert_uint_eq(a.done, 0);
    peer_pass(&p, 200 * NS_PER_MS);
    ck_assert_uint_eq(a.done, 1);
    ck_assert_int_eq(a.ret, RET_DISCONNECTED);
    ck_assert_ptr_nonnull(strstr(a.text, "tcp: nothing listens there"));
    ask_quote(&at_once);
    ck_assert_uint_eq(at_once.done, 1);
    ck_assert_int_eq(at_once.ret, RET_DISCONNECTED);
    gate_ask(&p, &other, 3103, "\x0a\x00", 2);  /* another lane */
    ck_assert_uint_eq(other.done, 0);
    ck_assert_ptr_nonnull(peer_find(&p, 3103));
    peer_free(&p);
}
END_TEST

START_TEST(a_read_under_way_is_sent_again_after_a_loss)
{
    struct ask a = { .done = 0 };
    peer_init(&p);
    peer_pass(&p, 6 * NS_PER_S);
    ask_quote(&a);
    peer_cut(&p, LANE_QUOTE);
    ck_assert_uint_eq(a.done, 0);
    peer_pass(&p, 100 * NS_PER_MS);
    ck_assert_uint_eq(peer_count(&p, 3004), 2);
    peer_answer(&p, peer_need(&p, 3004), odd_answer, sizeof(odd_answer));
    ck_assert_uint_eq(a.done, 1);
    ck_assert_mem_eq(a.body, odd_answer, sizeof(odd_answer));
    peer_free(&p);
}
END_TEST

START_TEST(a_read_under_way_fails_when_no_connection_comes)
{
    struct ask a = { .done = 0 };
    peer_init(&p);
    ask_quote(&a);
    peer_block(&p, LANE_QUOTE, FUTU_EREFUSED);
    peer_pass(&p, 2900 * NS_PER_MS);
    ck_assert_uint_eq(a.done, 0);
    peer_pass(&p, 200 * NS_PER_MS);
    ck_assert_uint_eq(a.done, 1);
    ck_assert_int_eq(a.ret, RET_DISCONNECTED);
    ck_assert_uint_eq(peer_count(&p, 3004), 1);
    peer_free(&p);
}
END_TEST

START_TEST(what_may_change_something_is_not_sent_twice)
{
    static const uint32_t protos[] = { 59999, 3214, 3220, 3309, 1008 };
    for (size_t i = 0; i < ARRAY_LEN(protos); i++) {
        struct ask a = { .done = 0 };
        peer_init(&p);
        gate_ask(&p, &a, protos[i], odd_request, sizeof(odd_request));
        ck_assert_ptr_nonnull(peer_find(&p, protos[i]));
        peer_cut(&p, LANE_QUOTE);
        ck_assert_uint_eq(a.done, 1);
        ck_assert_int_eq(a.ret, RET_DISCONNECTED);
        ck_assert_ptr_nonnull(strstr(a.text, "结果未知"));
        peer_pass(&p, 6 * NS_PER_S);
        ck_assert_uint_eq(peer_count(&p, protos[i]), 1);
        peer_free(&p);
    }
}
END_TEST

START_TEST(the_asker_may_go)
{
    struct ask a[3] = { { .done = 0 } };
    peer_init(&p);
    ask_quote(&a[0]);
    gate_cancel(&p, &a[0]);
    peer_ok(&p, peer_need(&p, 3004));
    peer_block(&p, LANE_QUOTE, FUTU_EREFUSED);
    ask_quote(&a[1]);
    gate_cancel(&p, &a[1]);
    peer_block(&p, LANE_QUOTE, FUTU_OK);
    peer_pass(&p, 6 * NS_PER_S);
    ck_assert_uint_eq(peer_count(&p, 3004), 1);
    gate_place(&p, &a[2], "key-1", NULL);       /* an order goes on all the same */
    gate_cancel(&p, &a[2]);
    answer_placed(&p, peer_need(&p, 2202), 1);
    for (size_t i = 0; i < ARRAY_LEN(a); i++)
        ck_assert_uint_eq(a[i].done, 0);
    peer_free(&p);
}
END_TEST

static struct ask next[3];

static void cancel_the_next_and_ask(struct ask *a)
{
    (void)a;
    gate_cancel(&p, &next[0]);
    ask_quote(&next[2]);
}

START_TEST(an_end_may_cancel_others_and_ask_anew)
{
    for (int lost = 0; lost < 2; lost++) {
        struct ask a = { .then = cancel_the_next_and_ask };
        memset(next, 0, sizeof(next));
        peer_init(&p);
        ask_quote(&a);
        ask_quote(&next[0]);
        ask_quote(&next[1]);
        if (lost) {
            peer_block(&p, LANE_QUOTE, FUTU_EREFUSED);
            peer_pass(&p, 4 * NS_PER_S);
        }
        for (int i = 0; i < 4 && !lost; i++)
            if (peer_find(&p, 3004))
                peer_ok(&p, peer_find(&p, 3004));
        ck_assert_uint_eq(a.done, 1);
        ck_assert_uint_eq(next[0].done, 0);
        ck_assert_uint_eq(next[1].done, 1);
        ck_assert_uint_eq(next[2].done, 1);
        peer_free(&p);
    }
}
END_TEST

/* ---- GetGlobalState ---- */

static void answer_global(bool qot, bool trd)
{
    GetGlobalState_S2C s2c = { .qotSvrIpAddr = STR("1.2.3.4") };
    GetGlobalState_Response r = { .retMsg = STR(""), .s2c = &s2c };
    SET(&r, retType, RET_OK);
    SET(&s2c, marketHK, 5);
    SET(&s2c, marketUS, 6);
    SET(&s2c, marketSH, 0);
    SET(&s2c, marketSZ, 0);
    SET(&s2c, marketHKFuture, 0);
    SET(&s2c, qotLogined, qot);
    SET(&s2c, trdLogined, trd);
    SET(&s2c, serverVer, 1003);
    SET(&s2c, serverBuildNo, 1);
    SET(&s2c, time, 1);
    peer_answer_msg(&p, peer_need(&p, P_GLOBAL_STATE), &r);
}

static const GetGlobalState_S2C *global_of(const struct ask *a)
{
    static GetGlobalState_Response r;
    ck_assert_uint_eq(a->done, 1);
    ck_assert_int_eq(a->ret, RET_OK);
    ck_assert_int_eq(codec_decode(&GetGlobalState_Response_msg, &p.arena, a->body, a->n, &r, NULL,
                                  NULL), FUTU_OK);
    return r.s2c;
}

static const GetGlobalState_S2C *ask_global(struct ask *a, bool answered, bool qot, bool trd)
{
    memset(a, 0, sizeof(*a));
    gate_ask(&p, a, P_GLOBAL_STATE, "\x0a\x00", 2);
    if (answered)
        answer_global(qot, trd);
    return global_of(a);
}

START_TEST(logins_are_true_only_with_our_own_connections)
{
    struct ask a;
    peer_init(&p);
    const GetGlobalState_S2C *s = ask_global(&a, true, true, true);
    ck_assert(s->qotLogined && s->trdLogined);
    ck_assert_int_eq(s->marketHK, 5);
    s = ask_global(&a, true, false, true);
    ck_assert(!s->qotLogined && s->trdLogined);
    peer_block(&p, LANE_TRADE, FUTU_EREFUSED);
    s = ask_global(&a, true, true, true);
    ck_assert(s->qotLogined && !s->trdLogined);
    peer_free(&p);
}
END_TEST

START_TEST(the_state_is_told_without_a_connection)
{
    struct ask a;
    peer_prepare(&p);
    ck_assert_int_eq(peer_make(&p), FUTU_OK);
    p.links[LANE_QUOTE]->refuse = FUTU_EREFUSED;
    peer_pass(&p, 100 * NS_PER_MS);
    const GetGlobalState_S2C *s = ask_global(&a, false, false, false);
    ck_assert(!s->qotLogined && !s->trdLogined);
    ck_assert_int_eq(s->programStatus->type, Common_ProgramStatusType_Loging);
    ck_assert_ptr_nonnull(strstr(s->programStatus->strExtDesc.p, "tcp: nothing listens there"));
    ck_assert_int_eq(s->time, p.time.wall_ns / NS_PER_S);
    peer_block(&p, LANE_QUOTE, FUTU_OK);
    peer_pass(&p, 6 * NS_PER_S);
    ask_global(&a, true, true, true);
    peer_block(&p, LANE_QUOTE, FUTU_EREFUSED);
    s = ask_global(&a, false, false, false);
    ck_assert(!s->qotLogined && s->trdLogined);
    ck_assert_int_eq(s->marketHK, 5);           /* as it was told last */
    ck_assert(str_is(s->qotSvrIpAddr, "1.2.3.4"));
    peer_free(&p);
}
END_TEST

START_TEST(a_state_that_was_waited_for_in_vain_is_told_too)
{
    struct ask a = { .done = 0 }, under_way = { .done = 0 };
    peer_prepare(&p);
    ck_assert_int_eq(peer_make(&p), FUTU_OK);
    p.links[LANE_QUOTE]->mute = true;
    gate_ask(&p, &a, P_GLOBAL_STATE, "\x0a\x00", 2);
    peer_pass(&p, 3100 * NS_PER_MS);
    ck_assert(!global_of(&a)->qotLogined);
    peer_free(&p);
    peer_init(&p);
    gate_ask(&p, &under_way, P_GLOBAL_STATE, "\x0a\x00", 2);
    peer_block(&p, LANE_QUOTE, FUTU_EREFUSED);
    peer_pass(&p, 3100 * NS_PER_MS);
    ck_assert(!global_of(&under_way)->qotLogined);
    peer_free(&p);
}
END_TEST

/* ---- what the upstream says ---- */

START_TEST(an_upstream_that_is_too_old_is_named)
{
    struct ask a[3] = { { .done = 0 } };
    peer_init(&p);
    ask_quote(&a[0]);
    peer_refuse(&p, peer_need(&p, 3004), "未知的协议ID");
    ck_assert_int_eq(a[0].ret, RET_FAILED);
    ck_assert_ptr_nonnull(strstr(a[0].text, "未知的协议ID"));
    ck_assert_ptr_nonnull(strstr(a[0].text, PEER_NAME " (version 10.03)"));
    ck_assert_ptr_nonnull(strstr(a[0].text, "Qot_GetBasicQot"));
    gate_ask(&p, &a[1], 59999, "x", 1);         /* nobody knows whether it is the id */
    peer_refuse(&p, peer_need(&p, 59999), "未知的协议ID");
    ck_assert_str_eq(a[1].text, "未知的协议ID");
    ask_quote(&a[2]);
    peer_refuse(&p, peer_need(&p, 3004), "another reason");
    ck_assert_str_eq(a[2].text, "another reason");
    peer_free(&p);
}
END_TEST

START_TEST(subscriptions_to_events_are_repeated)
{
    struct ask a[2] = { { .done = 0 } };
    peer_init(&p);
    gate_ask(&p, &a[0], P_SUB_EVENT, odd_request, sizeof(odd_request));
    peer_ok(&p, peer_need(&p, P_SUB_EVENT));
    gate_ask(&p, &a[1], P_SUB_EVENT, "\x0a\x00", 2);
    peer_refuse(&p, peer_need(&p, P_SUB_EVENT), "no");
    peer_cut(&p, LANE_QUOTE);
    peer_pass(&p, NS_PER_S);
    ck_assert_uint_eq(peer_count(&p, P_SUB_EVENT), 3);
    ck_assert_mem_eq(peer_last(&p, P_SUB_EVENT)->body, odd_request, sizeof(odd_request));
    peer_ok(&p, peer_need(&p, P_SUB_EVENT));
    peer_free(&p);
}
END_TEST

START_TEST(a_failed_allocation_ends_a_request_once)
{
    for (long n = 0; n < 12; n++) {
        struct ask a = { .done = 0 };
        peer_init(&p);
        mem_fail_at(n);
        gate_ask(&p, &a, 3004, odd_request, sizeof(odd_request));
        mem_fail_at(-1);
        struct asked *up = peer_find(&p, 3004);
        if (up)
            peer_ok(&p, up);
        peer_pass(&p, 10 * NS_PER_S);
        ck_assert_uint_eq(a.done, 1);
        peer_free(&p);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, bytes_go_up_and_down_as_they_are);
    tcase_add_test(tc, json_of_an_unknown_id_goes_through);
    tcase_add_test(tc, an_answer_in_another_format_is_a_failure);
    tcase_add_test(tc, answers_may_come_in_any_order);
    tcase_add_test(tc, no_answer_is_told_before_the_gateways_own_limit);
    tcase_add_test(tc, a_read_waits_for_the_first_connection);
    tcase_add_test(tc, a_read_waits_three_seconds_after_a_loss);
    tcase_add_test(tc, a_read_under_way_is_sent_again_after_a_loss);
    tcase_add_test(tc, a_read_under_way_fails_when_no_connection_comes);
    tcase_add_test(tc, what_may_change_something_is_not_sent_twice);
    tcase_add_test(tc, the_asker_may_go);
    tcase_add_test(tc, an_end_may_cancel_others_and_ask_anew);
    tcase_add_test(tc, logins_are_true_only_with_our_own_connections);
    tcase_add_test(tc, the_state_is_told_without_a_connection);
    tcase_add_test(tc, a_state_that_was_waited_for_in_vain_is_told_too);
    tcase_add_test(tc, an_upstream_that_is_too_old_is_named);
    tcase_add_test(tc, subscriptions_to_events_are_repeated);
    tcase_add_test(tc, a_failed_allocation_ends_a_request_once);
}

int main(void)
{
    return run_tcase("request", add);
}
