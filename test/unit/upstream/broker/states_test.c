/* states_test.c - market states: which of several is told, and what is not known. */
#include "broker_world.h"

static void told(struct bw *w, const int32_t (*rows)[2], size_t n)
{
    w->b->n_states = n;
    for (size_t i = 0; i < n; i++) {
        w->b->states[i].id = rows[i][0];
        w->b->states[i].state = rows[i][1];
    }
}
#define TOLD(w, ...)                                                                               \
    told(w, (const int32_t[][2]){ __VA_ARGS__ },                                                   \
         ARRAY_LEN(((const int32_t[][2]){ __VA_ARGS__ })))

static GetGlobalState_S2C *global_state(struct bw *w)
{
    GetGlobalState_C2S c2s = { .has_userID = true };
    const GetGlobalState_Request q = { .c2s = &c2s };
    return ((GetGlobalState_Response *)bw_call(w, 1002, &q))->s2c;
}

static const Qot_GetMarketState_Response *state_of(struct bw *w, int32_t market, const char *code)
{
    Qot_Common_Security sec = { .code = str_c(code), .has_market = true, .market = market };
    Qot_GetMarketState_C2S c2s = { .n_securityList = 1, .securityList = &sec };
    const Qot_GetMarketState_Request q = { .c2s = &c2s };
    return bw_call(w, 3223, &q);
}

START_TEST(of_several_ids_the_state_that_promises_least_is_told)
{
    struct bw w;
    bw_init(&w);
    TOLD(&w, { 1, 3 }, { 2, 6 }, { 3, 0 }, { 10, 0 }, { 30, 5 }, { 31, 4 });
    ck_assert_int_eq(market_state_of(w.b, MARKET_HK), 6);
    ck_assert_int_eq(market_state_of(w.b, MARKET_US), 0);
    ck_assert_int_eq(market_state_of(w.b, MARKET_SH), 4);
    ck_assert_int_eq(market_state_of(w.b, MARKET_SZ), 4);
    TOLD(&w, { 2, 4 }, { 1, 6 }, { 4, 3 }, { 5, 15 });
    ck_assert_int_eq(market_state_of(w.b, MARKET_HK), 6);       /* 5 is of futures */
    TOLD(&w, { 1, 0 }, { 2, 3 });
    ck_assert_int_eq(market_state_of(w.b, MARKET_HK), 3);
    ck_assert_int_eq(market_state_of(w.b, MARKET_AU), 0);       /* whose ids are not known */
    bw_free(&w);
}
END_TEST

START_TEST(of_futures_an_active_session_wins)
{
    struct bw w;
    bw_init(&w);
    TOLD(&w, { 110, 14 }, { 111, 13 }, { 112, 18 }, { 60, 6 }, { 70, 18 }, { 185, 15 });
    const GetGlobalState_S2C *s = global_state(&w);
    ck_assert_int_eq(s->marketHKFuture, 13);
    ck_assert_int_eq(s->marketUSFuture, 6);
    ck_assert_int_eq(s->marketJPFuture, 15);
    ck_assert_int_eq(s->marketSGFuture, 0);
    bw_free(&w);
}
END_TEST

START_TEST(five_kinds_of_markets_are_asked_for_and_merged)
{
    struct bw w;
    bw_init(&w);
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_STATES), STATE_ASKS);
    ck_assert_uint_eq(w.b->n_states, 8);        /* of which Hong Kong's answer has four */
    const GetGlobalState_S2C *s = global_state(&w);
    ck_assert_int_ne(s->marketHK, 0);
    ck_assert_int_ne(s->marketHKFuture, 0);
    rig_pass(&w.rig, 31 * NS_PER_S);
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_STATES), 2 * STATE_ASKS);
    bw_free(&w);
}
END_TEST

START_TEST(a_security_has_the_state_of_its_own_market_id)
{
    struct bw w;
    bw_init(&w);
    ck_assert_int_eq(state_of(&w, MARKET_HK, "00700")->retType, RET_OK);
    TOLD(&w, { 2, 6 }, { 1, 5 });
    const Qot_GetMarketState_Response *r = state_of(&w, MARKET_HK, "00700");
    ck_assert_int_eq(r->s2c->marketInfoList[0].marketState, 5);
    TOLD(&w, { 2, 6 });
    r = state_of(&w, MARKET_HK, "00700");
    ck_assert_int_eq(r->s2c->marketInfoList[0].marketState, 6);
    bw_free(&w);
}
END_TEST

START_TEST(what_was_not_told_is_said_to_be_unknown)
{
    struct bw w;
    bw_init(&w);
    ck_assert_int_eq(state_of(&w, MARKET_HK, "00700")->retType, RET_OK);
    TOLD(&w, { 10, 3 });
    const Qot_GetMarketState_Response *r = state_of(&w, MARKET_HK, "00700");
    ck_assert_int_eq(r->retType, RET_FAILED);
    ck_assert_str_eq(bw_msg(r), "the state of 00700's market is not known: the platform has not "
                                "told it");
    bw_free(&w);
}
END_TEST

START_TEST(a_loss_of_the_platform_forgets_them)
{
    struct bw w;
    bw_init(&w);
    emu_kick(w.rig.emu, 1);
    rig_pump(&w.rig);
    ck_assert_int_eq(global_state(&w)->marketHK, 0);
    broker_relogin(w.up);
    rig_pump(&w.rig);
    ck_assert_int_ne(global_state(&w)->marketHK, 0);
    bw_free(&w);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, of_several_ids_the_state_that_promises_least_is_told);
    tcase_add_test(tc, of_futures_an_active_session_wins);
    tcase_add_test(tc, five_kinds_of_markets_are_asked_for_and_merged);
    tcase_add_test(tc, a_security_has_the_state_of_its_own_market_id);
    tcase_add_test(tc, what_was_not_told_is_said_to_be_unknown);
    tcase_add_test(tc, a_loss_of_the_platform_forgets_them);
}

int main(void)
{
    return run_tcase("broker market states", add);
}
