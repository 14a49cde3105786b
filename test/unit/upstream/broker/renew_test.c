/* renew_test.c - when a refused login is renewed: brokers at once, the platform by its watchdog. */
#include "broker_world.h"

static enum channel_state of(struct bw *w, size_t i)
{
    struct broker_channel c[4];
    ck_assert_uint_gt(broker_channels(w->up, c, 4), i);
    return c[i].info.state;
}

static void refuse(struct bw *w, int32_t identity, unsigned times)
{
    emu_scene(w->rig.emu)->turn_away.identity = identity;
    emu_scene(w->rig.emu)->turn_away.times = times;
    emu_scene(w->rig.emu)->turn_away.code = 7;
}

static void answer(struct bw *w, futu_err err)
{
    struct broker_renew *q = w->renewing;
    ck_assert_ptr_nonnull(q);
    w->renewing = NULL;
    q->done(q, err, err ? "refused" : "", err ? NULL : &w->auth);
    rig_pump(&w->rig);
}

START_TEST(a_brokers_refused_login_is_renewed_over_http_and_tried_at_once)
{
    struct bw w;
    bw_prepare(&w);
    emu_scene(w.rig.emu)->turn_away.identity = 1001;
    emu_scene(w.rig.emu)->turn_away.times = 1;
    emu_scene(w.rig.emu)->turn_away.code = 7;
    bw_start(&w);
    ck_assert_uint_eq(w.renewals, 1);
    ck_assert_ptr_nonnull(w.renewing);
    ck_assert_int_eq(w.renewing->broker_id, 1001);
    ck_assert_int_eq(of(&w, 1), CHANNEL_WAITING);
    struct broker_renew *q = w.renewing;
    w.renewing = NULL;
    q->done(q, FUTU_OK, "", &w.auth);
    rig_pump(&w.rig);
    ck_assert_int_eq(of(&w, 1), CHANNEL_UP);
    bw_free(&w);
}
END_TEST

/* Fails every renewal for so long, and notes when each was asked for. */
static unsigned fail_for(struct bw *w, int64_t seconds, int64_t at[], unsigned max)
{
    unsigned n = 0;
    for (int64_t i = 0; i < 2 * seconds; i++) {
        if (w->renewing) {
            ck_assert_uint_lt(n, max);
            at[n++] = w->rig.time.mono_ns / NS_PER_S;
            answer(w, FUTU_EAUTH);
        }
        rig_pass(&w->rig, NS_PER_S / 2);
    }
    return n;
}

START_TEST(the_platforms_watchdog_renews_with_growing_pauses)
{
    static const int64_t least[] = { 60, 120, 240, 600 };
    struct bw w;
    int64_t at[16];
    bw_prepare(&w);
    refuse(&w, 1, 100000);
    bw_start(&w);
    ck_assert_uint_eq(w.renewals, 0);   /* it may be a limit, which this would make worse */
    rig_pass(&w.rig, 29 * NS_PER_S);
    ck_assert_uint_eq(w.renewals, 0);
    rig_pass(&w.rig, 2 * NS_PER_S);
    ck_assert_uint_eq(w.renewals, 1);
    unsigned n = fail_for(&w, 1200, at, 16);
    ck_assert_uint_ge(n, 4);
    for (unsigned i = 1; i < n; i++) {
        int64_t pause = at[i] - at[i - 1], want = least[MIN(i - 1, 3)];
        ck_assert_msg(pause >= want - 1 && pause <= want + 31, "%u: %d s", i, (int)pause);
    }
    bw_free(&w);
}
END_TEST

START_TEST(five_failures_are_followed_by_ten_minutes_without_a_try)
{
    struct bw w;
    int64_t at[32];
    bw_prepare(&w);
    for (size_t i = 0; i < RENEW_PAUSES; i++)
        w.o.renew_pauses_ms[i] = 1000;
    refuse(&w, 1, 100000);
    bw_start(&w);
    unsigned n = fail_for(&w, 1000, at, 32);
    ck_assert_uint_ge(n, 8);
    for (unsigned i = 1; i < n; i++) {
        int64_t pause = at[i] - at[i - 1];
        ck_assert_msg(i == 5 ? pause >= 600 && pause <= 631 : pause <= 31, "%u: %d s", i,
                      (int)pause);
    }
    bw_free(&w);
}
END_TEST

START_TEST(with_the_switch_three_refusals_are_enough_once)
{
    struct bw w;
    bw_prepare(&w);
    w.o.renew_reactive = true;
    refuse(&w, 1, 3);
    bw_start(&w);
    rig_pass(&w.rig, 8 * NS_PER_S);
    ck_assert_uint_eq(w.renewals, 0);
    rig_pass(&w.rig, 2 * NS_PER_S);     /* refused at 0, 3 and 9 s */
    ck_assert_uint_eq(w.renewals, 1);
    answer(&w, FUTU_OK);
    ck_assert_int_eq(of(&w, 0), CHANNEL_UP);
    refuse(&w, 1, 1);
    emu_drop(w.rig.emu, 1);
    rig_pass(&w.rig, 15 * NS_PER_S);
    ck_assert_int_eq(of(&w, 0), CHANNEL_UP);    /* one is not */
    ck_assert_uint_eq(w.renewals, 1);
    bw_free(&w);
}
END_TEST

START_TEST(a_login_that_is_over_is_renewed_at_once)
{
    struct bw w;
    bw_prepare(&w);
    w.auth.client_sig_until_s = RIG_WALL / NS_PER_S + 100;
    bw_start(&w);
    ck_assert_int_eq(of(&w, 0), CHANNEL_UP);
    rig_pass(&w.rig, 101 * NS_PER_S);
    ck_assert_uint_eq(w.renewals, 0);           /* the connection goes on */
    emu_drop(w.rig.emu, 1);
    rig_pass(&w.rig, 4 * NS_PER_S);
    ck_assert_uint_eq(w.renewals, 1);
    w.auth.client_sig_until_s = 0;
    answer(&w, FUTU_OK);
    rig_pass(&w.rig, 4 * NS_PER_S);
    ck_assert_int_eq(of(&w, 0), CHANNEL_UP);
    bw_free(&w);
}
END_TEST

START_TEST(a_relogin_by_hand_ends_the_pauses)
{
    struct bw w;
    int64_t at[8];
    bw_prepare(&w);
    refuse(&w, 1, 100000);
    bw_start(&w);
    fail_for(&w, 60, at, 8);
    unsigned before = w.renewals;
    broker_relogin(w.up);
    rig_pass(&w.rig, 31 * NS_PER_S);
    ck_assert_uint_eq(w.renewals, before + 1);
    bw_free(&w);
}
END_TEST

START_TEST(pauses_are_read_strictly)
{
    static const char *const bad[] = { "", "1", "1,2,3", "1,2,3,4,5", "0,1,2,3", "1,2,3,", "1,,2,3",
                                       "1,2,3,x", "1,2,3,86400001", " 1,2,3,4" };
    int64_t ms[RENEW_PAUSES];
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        ck_assert_msg(!broker_read_pauses(ms, str_c(bad[i])), "%s", bad[i]);
    ck_assert(broker_read_pauses(ms, STR("1,20,300,4000")));
    ck_assert(ms[0] == 1 && ms[1] == 20 && ms[2] == 300 && ms[3] == 4000);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_brokers_refused_login_is_renewed_over_http_and_tried_at_once);
    tcase_add_test(tc, the_platforms_watchdog_renews_with_growing_pauses);
    tcase_add_test(tc, five_failures_are_followed_by_ten_minutes_without_a_try);
    tcase_add_test(tc, with_the_switch_three_refusals_are_enough_once);
    tcase_add_test(tc, a_login_that_is_over_is_renewed_at_once);
    tcase_add_test(tc, a_relogin_by_hand_ends_the_pauses);
    tcase_add_test(tc, pauses_are_read_strictly);
}

int main(void)
{
    return run_tcase("broker renewals", add);
}
