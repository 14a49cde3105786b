/* trade_test.c - accounts whose pushes are wanted, those pushes, and what a loss made them miss. */
#include "bodies.h"

#define NOW_S ((double)(p.time.wall_ns / NS_PER_S))

static struct peer p;
static const uint64_t accounts[] = { ACCOUNT, ACCOUNT + 1 };

static void start(void)
{
    peer_init(&p);
    peer_pass(&p, 6 * NS_PER_S);                /* a loss is followed by an attempt at once */
}

static void expect_end(const struct watched *w, futu_err err, const char *part)
{
    ck_assert_uint_eq(w->done, 1);
    ck_assert_msg(w->err == err, "%s: %s", futu_strerror(w->err), w->why);
    ck_assert_msg(!part || strstr(w->why, part), "%s", w->why);
}

static const Trd_SubAccPush_C2S *named(void)
{
    return ((Trd_SubAccPush_Request *)peer_request(&p, peer_last(&p, P_SUB_ACC)))->c2s;
}

START_TEST(accounts_are_named_in_place_of_those_before)
{
    struct watched w[3] = { { .done = 0 } };
    start();
    gate_watch(&p, &w[0], accounts, 1);
    expect_end(&w[0], FUTU_OK, NULL);
    ck_assert_int_eq(peer_last(&p, P_SUB_ACC)->lane, LANE_TRADE);
    ck_assert_uint_eq(named()->n_accIDList, 1);
    gate_watch(&p, &w[1], accounts, 2);
    expect_end(&w[1], FUTU_OK, NULL);
    ck_assert_uint_eq(named()->n_accIDList, 2);
    ck_assert_uint_eq(named()->accIDList[1], ACCOUNT + 1);
    gate_watch(&p, &w[2], accounts, 0);
    expect_end(&w[2], FUTU_OK, NULL);
    ck_assert_uint_eq(named()->n_accIDList, 0);
    peer_free(&p);
}
END_TEST

START_TEST(a_refusal_is_told_in_the_upstreams_words)
{
    struct watched w = { .done = 0 };
    start();
    p.manual = true;
    gate_watch(&p, &w, accounts, 1);
    peer_refuse(&p, peer_need(&p, P_SUB_ACC), "no such account");
    expect_end(&w, FUTU_EREFUSED, "no such account");
    peer_free(&p);
}
END_TEST

START_TEST(accounts_wait_for_a_connection)
{
    struct watched w = { .done = 0 };
    peer_prepare(&p);
    ck_assert_int_eq(peer_make(&p), FUTU_OK);
    gate_watch(&p, &w, accounts, 1);
    ck_assert_uint_eq(w.done, 0);
    peer_pass(&p, 100 * NS_PER_MS);
    expect_end(&w, FUTU_OK, NULL);
    peer_free(&p);
}
END_TEST

START_TEST(accounts_wait_no_longer_than_other_requests)
{
    struct watched w[2] = { { .done = 0 } };
    start();
    peer_block(&p, LANE_TRADE, FUTU_EREFUSED);
    gate_watch(&p, &w[0], accounts, 1);
    peer_pass(&p, 2900 * NS_PER_MS);
    ck_assert_uint_eq(w[0].done, 0);
    peer_pass(&p, 200 * NS_PER_MS);
    expect_end(&w[0], FUTU_ENOTCONN, "no trade connection to the upstream " PEER_NAME);
    gate_watch(&p, &w[1], accounts, 1);
    expect_end(&w[1], FUTU_ENOTCONN, "tcp: nothing listens there");
    peer_block(&p, LANE_TRADE, FUTU_OK);
    peer_pass(&p, 6 * NS_PER_S);
    ck_assert_uint_eq(peer_count(&p, P_SUB_ACC), 0);     /* they were told that it failed */
    peer_free(&p);
}
END_TEST

START_TEST(accounts_whose_answer_is_lost_are_named_again)
{
    struct watched w = { .done = 0 };
    start();
    p.manual = true;
    gate_watch(&p, &w, accounts, 1);
    peer_cut(&p, LANE_TRADE);
    ck_assert_uint_eq(w.done, 0);
    peer_pass(&p, 100 * NS_PER_MS);
    peer_ok(&p, peer_need(&p, P_SUB_ACC));
    expect_end(&w, FUTU_OK, NULL);
    peer_free(&p);
}
END_TEST

START_TEST(accounts_do_not_wait_for_one_connection_after_another)
{
    struct watched w = { .done = 0 };
    start();
    p.manual = true;
    gate_watch(&p, &w, accounts, 1);
    for (int i = 0; i < 4 && !w.done; i++) {
        peer_pass(&p, 5 * NS_PER_S);
        peer_cut(&p, LANE_TRADE);
        peer_pass(&p, 300 * NS_PER_MS);
    }
    expect_end(&w, FUTU_ENOTCONN, NULL);
    peer_free(&p);
}
END_TEST

/* ---- pushes ---- */

START_TEST(pushes_go_up_with_their_account)
{
    const struct order_in o = { 1, "hello", 100, 300, 0, NULL, 0 };
    start();
    push_order(&p, LANE_TRADE, &o);
    push_fill(&p, 3);
    ck_assert_uint_eq(p.trades.n, 2);
    ck_assert_uint_eq(p.trades.all[0].proto, P_ORDER_PUSH);
    ck_assert_uint_eq(p.trades.all[1].proto, P_FILL_PUSH);
    for (unsigned i = 0; i < 2; i++)
        ck_assert_uint_eq(p.trades.all[i].account, ACCOUNT);
    const Trd_UpdateOrder_Response *r = event_msg(&p, &p.trades.all[0]);
    ck_assert(str_is(r->s2c->order->remark, "hello"));
    peer_push(&p, LANE_TRADE, P_ORDER_PUSH, "\x08\x00", 2);     /* of no account */
    ck_assert_uint_eq(p.trades.all[2].account, 0);
    peer_free(&p);
}
END_TEST

/* ---- after a loss ---- */

/* The connection is away for ten seconds while ACCOUNT is watched. */
static void lose(int32_t env)
{
    struct watched w = { .done = 0 };
    start();
    gate_watch(&p, &w, accounts, 1);
    peer_block(&p, LANE_TRADE, FUTU_EREFUSED);
    peer_pass(&p, 10 * NS_PER_S);
    p.n_asked = 0;
    peer_block(&p, LANE_TRADE, FUTU_OK);
    peer_pass(&p, 6 * NS_PER_S);
    ck_assert_uint_eq(named()->n_accIDList, 1);
    answer_accounts(&p, peer_need(&p, P_ACC_LIST), ACCOUNT, env);
}

START_TEST(orders_and_fills_that_changed_are_pushed)
{
    lose(Trd_Common_TrdEnv_Real);
    const struct order_in orders[] = { { 1, "old", 100, 300, NOW_S - 60, NULL, 0 },
                                       { 2, "new", 100, 300, NOW_S - 5, NULL, 0 },
                                       { 3, "untold", 100, 300, 0, NULL, 0 } };
    const uint64_t fills[] = { 11, 12 };
    const double changed[] = { NOW_S - 60, NOW_S - 5 };
    ck_assert_uint_eq(gap_count(&p), 1);
    const Trd_GetOrderList_Request *rq = peer_request(&p, peer_need(&p, P_ORDER_LIST));
    ck_assert_uint_eq(rq->c2s->header->accID, ACCOUNT);
    ck_assert_int_eq(rq->c2s->header->trdMarket, Trd_Common_TrdMarket_HK);
    answer_orders(&p, peer_need(&p, P_ORDER_LIST), orders, 3);
    ck_assert_uint_eq(p.trades.n, 2);
    const Trd_UpdateOrder_Response *o = event_msg(&p, &p.trades.all[0]);
    ck_assert_uint_eq(o->s2c->order->orderID, 2);
    ck_assert_uint_eq(o->s2c->header->accID, ACCOUNT);
    ck_assert_uint_eq(p.trades.all[0].account, ACCOUNT);
    answer_fills(&p, peer_need(&p, P_FILL_LIST), fills, changed, 2);
    ck_assert_uint_eq(p.trades.n, 3);
    const Trd_UpdateOrderFill_Response *f = event_msg(&p, &p.trades.all[2]);
    ck_assert_uint_eq(f->s2c->orderFill->fillID, 12);

    ck_assert_uint_eq(gap_count(&p), 2);
    const Gateway_UpdateGap_S2C *gap = gap_event(&p, 1);
    ck_assert(str_is(gap->link, "trade"));
    ck_assert_uint_eq(gap->n_accIDList, 1);
    ck_assert_uint_eq(gap->accIDList[0], ACCOUNT);
    ck_assert_uint_eq(gap->n_lostList, 0);
    peer_free(&p);
}
END_TEST

START_TEST(simulated_accounts_have_no_fills)
{
    lose(Trd_Common_TrdEnv_Simulate);
    ck_assert_uint_eq(peer_count(&p, P_FILL_LIST), 0);
    answer_orders(&p, peer_need(&p, P_ORDER_LIST), NULL, 0);
    ck_assert_uint_eq(gap_count(&p), 2);
    peer_free(&p);
}
END_TEST

START_TEST(lists_that_are_refused_end_the_gap_too)
{
    lose(Trd_Common_TrdEnv_Real);
    peer_refuse(&p, peer_need(&p, P_ORDER_LIST), "too frequent");
    ck_assert_uint_eq(gap_count(&p), 1);
    peer_refuse(&p, peer_need(&p, P_FILL_LIST), "too frequent");
    ck_assert_uint_eq(gap_count(&p), 2);
    peer_free(&p);
}
END_TEST

START_TEST(lists_that_make_no_sense_are_dropped)
{
    static const uint8_t number[] = { 8, 0, 0x22, 7, 8, 5, 0x12, 3, 0x20, 0x81, 7 };
    static const uint8_t cut[] = { 8, 0, 0x22, 4, 0x0a, 9, 8, 1 };
    lose(Trd_Common_TrdEnv_Real);
    peer_answer(&p, peer_need(&p, P_ORDER_LIST), number, sizeof(number));
    peer_answer(&p, peer_need(&p, P_FILL_LIST), cut, sizeof(cut));
    ck_assert_uint_eq(p.trades.n, 0);
    ck_assert_uint_eq(gap_count(&p), 2);
    peer_free(&p);
}
END_TEST

START_TEST(accounts_that_nobody_watches_are_not_fetched)
{
    struct watched w = { .done = 0 };
    start();
    peer_cut(&p, LANE_TRADE);
    peer_pass(&p, 300 * NS_PER_MS);
    ck_assert_uint_eq(peer_count(&p, P_ACC_LIST) + peer_count(&p, P_SUB_ACC), 0);
    ck_assert_uint_eq(gap_count(&p), 2);
    gate_watch(&p, &w, accounts, 1);
    peer_cut(&p, LANE_TRADE);
    peer_pass(&p, 6 * NS_PER_S);
    answer_accounts(&p, peer_need(&p, P_ACC_LIST), ACCOUNT + 7, Trd_Common_TrdEnv_Real);
    ck_assert_uint_eq(peer_count(&p, P_ORDER_LIST), 0);
    ck_assert_uint_eq(gap_count(&p), 4);
    peer_free(&p);
}
END_TEST

START_TEST(lost_again_while_fetching_is_one_gap)
{
    lose(Trd_Common_TrdEnv_Real);
    int64_t begin = gap_event(&p, 0)->beginMs;
    const struct order_in o = { 2, "new", 100, 300, NOW_S - 10, NULL, 0 };
    peer_cut(&p, LANE_TRADE);
    ck_assert_uint_eq(gap_count(&p), 1);
    peer_pass(&p, 6 * NS_PER_S);
    answer_accounts(&p, peer_need(&p, P_ACC_LIST), ACCOUNT, Trd_Common_TrdEnv_Real);
    answer_orders(&p, peer_need(&p, P_ORDER_LIST), &o, 1);
    ck_assert_uint_eq(p.trades.n, 1);
    answer_fills(&p, peer_need(&p, P_FILL_LIST), NULL, NULL, 0);
    ck_assert_uint_eq(gap_count(&p), 2);
    ck_assert_int_eq(gap_event(&p, 1)->beginMs, begin);
    peer_free(&p);
}
END_TEST

START_TEST(a_failed_allocation_ends_a_watch_once_and_each_gap)
{
    for (long n = 0; n < 40; n++) {
        struct watched w = { .done = 0 };
        start();
        mem_fail_at(n < 20 ? n : -1);
        gate_watch(&p, &w, accounts, 1);
        mem_fail_at(-1);
        peer_pass(&p, 10 * NS_PER_S);
        ck_assert_uint_eq(w.done, 1);
        peer_cut(&p, LANE_TRADE);
        mem_fail_at(n < 20 ? -1 : n - 20);
        peer_pass(&p, 300 * NS_PER_MS);
        mem_fail_at(-1);
        peer_pass(&p, 30 * NS_PER_S);
        ck_assert(peer_up(&p, LANE_TRADE));
        ck_assert(!p.r->gap[LANE_TRADE].open);
        if (w.err == FUTU_OK)
            ck_assert_uint_eq(peer_last(&p, P_SUB_ACC)->conn, p.links[LANE_TRADE]->opened);
        peer_free(&p);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, accounts_are_named_in_place_of_those_before);
    tcase_add_test(tc, a_refusal_is_told_in_the_upstreams_words);
    tcase_add_test(tc, accounts_wait_for_a_connection);
    tcase_add_test(tc, accounts_wait_no_longer_than_other_requests);
    tcase_add_test(tc, accounts_whose_answer_is_lost_are_named_again);
    tcase_add_test(tc, accounts_do_not_wait_for_one_connection_after_another);
    tcase_add_test(tc, pushes_go_up_with_their_account);
    tcase_add_test(tc, orders_and_fills_that_changed_are_pushed);
    tcase_add_test(tc, simulated_accounts_have_no_fills);
    tcase_add_test(tc, lists_that_are_refused_end_the_gap_too);
    tcase_add_test(tc, lists_that_make_no_sense_are_dropped);
    tcase_add_test(tc, accounts_that_nobody_watches_are_not_fetched);
    tcase_add_test(tc, lost_again_while_fetching_is_one_gap);
    tcase_add_test(tc, a_failed_allocation_ends_a_watch_once_and_each_gap);
}

int main(void)
{
    return run_tcase("trade", add);
}
