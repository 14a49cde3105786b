/* watch_test.c - silence: the connection's, the market's, and that of pushes which have stopped. */
#include "bodies.h"

static struct peer p;

static void start(void)
{
    peer_init(&p);
    peer_pass(&p, 6 * NS_PER_S);                /* a loss is followed by an attempt at once */
}

START_TEST(a_connection_that_says_nothing_is_lost)
{
    for (int lane = 0; lane < LANES; lane++) {
        start();
        p.links[lane]->mute = true;
        int64_t since = p.r->lanes[lane].c->last_rx;
        for (int i = 0; i < 200 && peer_up(&p, (enum lane_id)lane); i++)
            peer_pass(&p, 100 * NS_PER_MS);
        ck_assert_int_ge(p.time.mono_ns - since, 9 * NS_PER_S);
        ck_assert_int_le(p.time.mono_ns - since, 9200 * NS_PER_MS);
        ck_assert_ptr_nonnull(strstr(p.r->lanes[lane].error, "has been silent for 9 s"));
        ck_assert_uint_eq(p.r->lanes[lane].losses, 1);
        ck_assert_uint_eq(gap_count(&p), lane != LANE_BULK);
        peer_free(&p);
    }
}
END_TEST

START_TEST(answered_keep_alives_keep_it)
{
    start();
    peer_pass(&p, 120 * NS_PER_S);
    for (int i = 0; i < LANES; i++) {
        ck_assert(peer_up(&p, (enum lane_id)i));
        ck_assert_uint_eq(p.r->lanes[i].losses, 0);
    }
    ck_assert_uint_eq(p.n_asked, peer_count(&p, 1001) + peer_count(&p, 1004) +
                                     peer_count(&p, PROTO_GATEWAY_INFO) +
                                     peer_count(&p, P_SUB_INFO));   /* and nothing is read */
    peer_free(&p);
}
END_TEST

/* ---- pushes that have stopped ---- */

/* Reads the value as often as the relay asks within `ns`; the price moves by `step` each time. */
static unsigned answer_reads(int64_t ns, double step)
{
    static double price = 100;
    unsigned n = 0;
    for (int64_t t = 0; t < ns; t += 100 * NS_PER_MS) {
        struct asked *a = peer_find(&p, 3004);
        if (a) {
            n++;
            answer_quote(&p, a, "00700", price += step);
        }
        peer_pass(&p, 100 * NS_PER_MS);
    }
    return n;
}

START_TEST(pushes_that_stop_while_the_data_changes_are_a_loss)
{
    start();
    gate_hold(&p, "00700", BASIC, 0);
    push_quote(&p, "00700", 100);
    answer_reads(9 * NS_PER_S, 1);
    ck_assert_uint_eq(peer_count(&p, 3004), 0);
    answer_reads(11 * NS_PER_S, 1);
    ck_assert_uint_eq(p.r->lanes[LANE_QUOTE].losses, 1);
    ck_assert_uint_eq(gap_count(&p), 2);
    const Gateway_UpdateGap_S2C *gap = gap_event(&p, 0);
    ck_assert_ptr_nonnull(strstr(gap->desc.p, "pushes have stopped although the data changes"));
    peer_free(&p);
}
END_TEST

START_TEST(a_quiet_market_is_no_loss)
{
    start();
    gate_hold(&p, "00700", BASIC, 0);
    push_quote(&p, "00700", 100);
    ck_assert_uint_gt(answer_reads(60 * NS_PER_S, 0), 5);
    ck_assert_uint_eq(p.r->lanes[LANE_QUOTE].losses, 0);
    peer_free(&p);
}
END_TEST

START_TEST(a_push_in_time_is_no_loss)
{
    start();
    gate_hold(&p, "00700", BASIC, 0);
    for (int i = 0; i < 5; i++) {
        push_quote(&p, "00700", i);
        answer_reads(12 * NS_PER_S, 1);         /* one or two readings */
        ck_assert_uint_eq(p.r->lanes[LANE_QUOTE].losses, 0);
    }
    peer_free(&p);
}
END_TEST

START_TEST(a_reading_that_fails_is_no_loss)
{
    start();
    gate_hold(&p, "00700", BASIC, 0);
    push_quote(&p, "00700", 100);
    for (int i = 0; i < 30; i++) {
        struct asked *a = peer_find(&p, 3004);
        if (a && i % 2)
            peer_refuse(&p, a, "too frequent");
        peer_pass(&p, 2 * NS_PER_S);
    }
    ck_assert_uint_gt(peer_count(&p, 3004), 3);
    ck_assert_uint_eq(p.r->lanes[LANE_QUOTE].losses, 0);
    peer_free(&p);
}
END_TEST

START_TEST(the_liveliest_stream_is_read)
{
    start();
    gate_hold(&p, "00005", BASIC, 0);
    gate_hold(&p, "00700", TICKER, 0);
    gate_hold(&p, "00006", DAY, 1);
    push_quote(&p, "00005", 1);
    push_bars(&p, "00006", 2, 1, 1, 1);
    peer_pass(&p, 2 * NS_PER_S);
    push_ticks(&p, "00700", 1, 3, 1);
    peer_pass(&p, 13 * NS_PER_S);
    answer_ticks(&p, peer_need(&p, 3010), "00700", 3, 1);
    ck_assert_uint_eq(peer_count(&p, 3004) + peer_count(&p, 3006), 0);
    peer_pass(&p, 2 * NS_PER_S);
    answer_ticks(&p, peer_need(&p, 3010), "00700", 4, 1);
    ck_assert_uint_eq(p.r->lanes[LANE_QUOTE].losses, 0);
    peer_pass(&p, 2 * NS_PER_S);
    ck_assert_uint_eq(p.r->lanes[LANE_QUOTE].losses, 1);
    peer_free(&p);
}
END_TEST

START_TEST(a_suspicion_goes_with_its_connection)
{
    start();
    gate_hold(&p, "00700", BASIC, 0);
    push_quote(&p, "00700", 100);
    for (int i = 0; i < 200 && !p.r->probe.suspect; i++)
        answer_reads(100 * NS_PER_MS, 1);
    ck_assert(p.r->probe.suspect);
    peer_cut(&p, LANE_QUOTE);
    peer_pass(&p, 4 * NS_PER_S);
    ck_assert(peer_up(&p, LANE_QUOTE));
    ck_assert_uint_eq(p.r->lanes[LANE_QUOTE].losses, 1);
    peer_free(&p);
}
END_TEST

/* ---- stale ---- */

static const Gateway_GetInfo_S2C *info_of(void)
{
    Gateway_GetInfo_S2C *out = ARENA_NEW(&p.arena, Gateway_GetInfo_S2C);
    out->hopList = ARENA_ARRAY(&p.arena, Gateway_GetInfo_Hop, 4);
    out->n_hopList = 1;
    ck_assert_int_eq(p.up->ops->info(p.up, &p.arena, true, &out->hopList[0], out), FUTU_OK);
    ck_assert_uint_eq(out->n_staleList, (size_t)out->hopList[0].stale);
    return out;
}

static void expect_stale(const char *code, const char *part)
{
    const Gateway_GetInfo_S2C *s = info_of();
    for (size_t i = 0; i < s->n_staleList; i++)
        if (str_is(s->staleList[i].security->code, code)) {
            ck_assert_msg(strstr(s->staleList[i].reason.p, part), "%s", s->staleList[i].reason.p);
            return;
        }
    ck_abort_msg("%s is not stale", code);
}

static void start_at(int64_t wall)
{
    peer_prepare(&p);
    p.time.wall_ns = wall;
    ck_assert_int_eq(peer_make(&p), FUTU_OK);
    peer_pass(&p, 6 * NS_PER_S);
    gate_hold(&p, "00700", BASIC, 0);
    gate_hold(&p, "00005", BASIC, 0);
    push_quote(&p, "00700", 1);
}

#define HK_MORNING (INT64_C(1775010000) * NS_PER_S)     /* 1 April 2026, 10:20 in Hong Kong */
#define HK_LUNCH (INT64_C(1775017200) * NS_PER_S)       /* 12:20 */
#define HK_NIGHT PEER_WALL

START_TEST(silence_of_a_market_that_trades_is_stale)
{
    start_at(HK_MORNING);
    peer_pass(&p, 50 * NS_PER_S);
    ck_assert_uint_eq(info_of()->n_staleList, 0);
    push_quote(&p, "00700", 2);
    peer_pass(&p, 12 * NS_PER_S);
    ck_assert_uint_eq(info_of()->n_staleList, 1);
    expect_stale("00005", "nothing for 62 s although its market trades");
    push_quote(&p, "00005", 2);
    ck_assert_uint_eq(info_of()->n_staleList, 0);
    peer_free(&p);
}
END_TEST

START_TEST(silence_of_a_market_that_is_closed_is_not)
{
    static const int64_t times[] = { HK_LUNCH, HK_NIGHT };
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        start_at(times[i]);
        peer_pass(&p, 600 * NS_PER_S);
        ck_assert_uint_eq(info_of()->n_staleList, 0);
        peer_free(&p);
    }
}
END_TEST

START_TEST(what_is_not_restored_is_stale)
{
    start_at(HK_NIGHT);
    p.no_right = "00005";
    peer_cut(&p, LANE_QUOTE);
    expect_stale("00700", "no quote connection to " PEER_NAME);
    peer_pass(&p, NS_PER_S);
    ck_assert_uint_eq(info_of()->n_staleList, 1);
    expect_stale("00005", "not restored: no right for this security");
    peer_free(&p);
}
END_TEST

static void push_gap(int32_t state)
{
    Gateway_UpdateGap_S2C s2c = { .link = STR("quote"), .upstream = STR("far:11111") };
    Gateway_UpdateGap_Response r = { .retMsg = STR(""), .s2c = &s2c };
    SET(&r, retType, RET_OK);
    SET(&s2c, bootID, 5);
    SET(&s2c, seq, 1);
    SET(&s2c, state, state);
    SET(&s2c, beginMs, 1);
    peer_push_msg(&p, LANE_QUOTE, PROTO_GAP, &r);
}

START_TEST(a_gap_of_the_upstream_makes_all_stale)
{
    start_at(HK_NIGHT);
    push_gap(Gateway_UpdateGap_GapState_Began);
    ck_assert_uint_eq(gap_count(&p), 1);        /* it is passed on */
    ck_assert_uint_eq(gap_event(&p, 0)->bootID, 5);
    expect_stale("00700", "the upstream has lost far:11111");
    push_gap(Gateway_UpdateGap_GapState_Over);
    ck_assert_uint_eq(gap_count(&p), 2);
    ck_assert_uint_eq(info_of()->n_staleList, 0);
    peer_free(&p);
}
END_TEST

START_TEST(an_end_of_it_that_was_missed_is_asked_for)
{
    start_at(HK_NIGHT);
    p.boot_id = 9;
    push_gap(Gateway_UpdateGap_GapState_Began);
    peer_cut(&p, LANE_QUOTE);
    peer_pass(&p, NS_PER_S);
    ck_assert_uint_eq(info_of()->n_staleList, 0);       /* its links are up again */
    p.far_down = true;
    peer_cut(&p, LANE_QUOTE);
    peer_pass(&p, 6 * NS_PER_S);
    expect_stale("00700", "the upstream has lost far:11111");
    peer_free(&p);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_connection_that_says_nothing_is_lost);
    tcase_add_test(tc, answered_keep_alives_keep_it);
    tcase_add_test(tc, pushes_that_stop_while_the_data_changes_are_a_loss);
    tcase_add_test(tc, a_quiet_market_is_no_loss);
    tcase_add_test(tc, a_push_in_time_is_no_loss);
    tcase_add_test(tc, a_reading_that_fails_is_no_loss);
    tcase_add_test(tc, the_liveliest_stream_is_read);
    tcase_add_test(tc, a_suspicion_goes_with_its_connection);
    tcase_add_test(tc, silence_of_a_market_that_trades_is_stale);
    tcase_add_test(tc, silence_of_a_market_that_is_closed_is_not);
    tcase_add_test(tc, what_is_not_restored_is_stale);
    tcase_add_test(tc, a_gap_of_the_upstream_makes_all_stale);
    tcase_add_test(tc, an_end_of_it_that_was_missed_is_asked_for);
}

int main(void)
{
    return run_tcase("watch", add);
}
