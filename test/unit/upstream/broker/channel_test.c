/* channel_test.c - a channel against the emulator's servers: login, heartbeat, requests, losses. */
#include "channel_world.h"

START_TEST(a_login_goes_through_its_states)
{
    struct world w;
    begin(&w, 1, 3);
    ck_assert_uint_eq(w.n_states, 3);
    ck_assert_int_eq(w.states[0], CHANNEL_CONNECTING);
    ck_assert_int_eq(w.states[1], CHANNEL_LOGIN);
    ck_assert_int_eq(w.states[2], CHANNEL_UP);
    ck_assert_uint_eq(emu_logins(w.rig.emu, 1), 1);
    struct channel_info info;
    channel_info(w.c, &info);
    ck_assert_uint_eq(info.keep_alive_s, 30);
    ck_assert_str_eq(info.addr, "10.0.0.1:9595");
    ck_assert_str_eq(info.why, "");
    end(&w);
}
END_TEST

START_TEST(a_broker_logs_in_with_its_customer_and_a_shorter_key)
{
    struct world w;
    begin(&w, 1007, 1);
    ck_assert(is(&w, CHANNEL_UP));
    ck_assert_uint_eq(emu_logins(w.rig.emu, 1007), 1);
    end(&w);
}
END_TEST

START_TEST(a_request_gets_its_answer_with_and_without_a_session_key_in_any_split)
{
    for (int clear = 0; clear < 2; clear++)
        for (size_t chunk = 0; chunk < 40; chunk += 13) {
            struct world w;
            struct ask a, b;
            prepare(&w, 1);
            emu_scene(w.rig.emu)->no_session_key = clear;
            w.rig.chunk = chunk;
            ck_assert_int_eq(make(&w, 1), FUTU_OK);
            channel_start(w.c);
            rig_pump(&w.rig);
            ck_assert_int_eq(ask(&w, &a, CMD_STATES), FUTU_OK);
            ck_assert_int_eq(ask(&w, &b, CMD_FIRMS), FUTU_OK);      /* a sealed one */
            rig_pump(&w.rig);
            ck_assert_uint_eq(a.done, 1);
            ck_assert_uint_eq(b.done, 1);
            ck_assert_int_eq(a.err, FUTU_OK);
            ck_assert_int_eq(b.err, FUTU_OK);
            ck_assert_uint_gt(a.n, 4);
            ck_assert_uint_eq(b.n, 10);     /* code, empty text, two numbers of two bytes */
            end(&w);
        }
}
END_TEST

START_TEST(a_command_that_is_not_served_is_a_soft_failure)
{
    struct world w;
    struct ask a;
    begin(&w, 1, 1);
    ck_assert_int_eq(ask(&w, &a, 4701), FUTU_OK);
    rig_pump(&w.rig);
    ck_assert_uint_eq(a.done, 1);
    ck_assert_int_eq(a.err, FUTU_EREFUSED);
    ck_assert_int_eq(a.code, -102);
    ck_assert_str_eq(a.why, "this channel does not serve command 4701");
    ck_assert(is(&w, CHANNEL_UP));
    end(&w);
}
END_TEST

START_TEST(a_request_without_an_answer_ends_in_time)
{
    struct world w;
    struct ask a, b;
    begin(&w, 1, 1);
    emu_scene(w.rig.emu)->mute_calls = 1;
    ck_assert_int_eq(ask(&w, &a, CMD_STATES), FUTU_OK);
    rig_pass(&w.rig, dialect_timeout_ns - NS_PER_MS);
    ck_assert_uint_eq(a.done, 0);
    ck_assert_int_eq(ask(&w, &b, CMD_STATES), FUTU_OK);
    rig_pass(&w.rig, NS_PER_MS);
    ck_assert_uint_eq(a.done, 1);
    ck_assert_int_eq(a.err, FUTU_ETIMEDOUT);
    ck_assert_int_eq(b.err, FUTU_OK);
    ck_assert(is(&w, CHANNEL_UP));
    end(&w);
}
END_TEST

START_TEST(a_cancelled_request_hears_nothing)
{
    struct world w;
    struct ask a;
    begin(&w, 1, 1);
    ck_assert_int_eq(ask(&w, &a, CMD_STATES), FUTU_OK);
    channel_cancel(&a.q);
    channel_cancel(&a.q);
    rig_pass(&w.rig, 20 * NS_PER_S);
    ck_assert_uint_eq(a.done, 0);
    end(&w);
}
END_TEST

START_TEST(a_loss_fails_all_requests_at_once_and_the_channel_comes_back)
{
    struct world w;
    struct ask a, b, late;
    begin(&w, 1, 3);
    emu_scene(w.rig.emu)->mute_calls = 2;
    ck_assert_int_eq(ask(&w, &a, CMD_STATES), FUTU_OK);
    ck_assert_int_eq(ask(&w, &b, CMD_STATES), FUTU_OK);
    rig_pump(&w.rig);
    ck_assert_uint_eq(emu_drop(w.rig.emu, 0), 1);
    rig_pump(&w.rig);
    ck_assert_uint_eq(a.done, 1);
    ck_assert_int_eq(a.err, FUTU_ENOTCONN);
    ck_assert_str_eq(a.why, "connection: closed by the peer");
    ck_assert_uint_eq(b.done, 1);
    ck_assert(is(&w, CHANNEL_WAITING));
    ck_assert_int_eq(ask(&w, &late, CMD_STATES), FUTU_ENOTCONN);
    rig_pass(&w.rig, 3 * NS_PER_S - NS_PER_MS);
    ck_assert(is(&w, CHANNEL_WAITING));
    rig_pass(&w.rig, NS_PER_MS);
    ck_assert(is(&w, CHANNEL_UP));
    ck_assert_uint_eq(emu_logins(w.rig.emu, 1), 2);
    struct channel_info info;
    channel_info(w.c, &info);
    ck_assert_uint_eq(info.losses, 1);
    end(&w);
}
END_TEST

START_TEST(the_pause_doubles_to_a_minute_and_starts_anew_after_a_login)
{
    static const int64_t pauses[] = { 3, 6, 12, 24, 48, 60, 60 };
    struct world w;
    prepare(&w, 1);
    rig_host(&w.rig, hosts[0], RIG_REFUSES);
    ck_assert_int_eq(make(&w, 1), FUTU_OK);
    channel_start(w.c);
    rig_pump(&w.rig);
    for (size_t i = 0; i < ARRAY_LEN(pauses); i++) {
        ck_assert_uint_eq(w.rig.n_dialled, i + 1);
        rig_pass(&w.rig, pauses[i] * NS_PER_S - NS_PER_MS);
        ck_assert_uint_eq(w.rig.n_dialled, i + 1);
        rig_pass(&w.rig, NS_PER_MS);
    }
    ck_assert_str_eq(why(&w), "connect: 10.0.0.1:9595: connection refused");
    rig_host(&w.rig, hosts[0], RIG_UP);
    rig_pass(&w.rig, 60 * NS_PER_S);
    ck_assert(is(&w, CHANNEL_UP));
    emu_drop(w.rig.emu, 0);
    rig_pass(&w.rig, 3 * NS_PER_S);
    ck_assert(is(&w, CHANNEL_UP));
    end(&w);
}
END_TEST

START_TEST(three_heartbeats_without_an_answer_end_the_connection)
{
    struct world w;
    begin(&w, 1, 1);
    rig_pass(&w.rig, 100 * NS_PER_S);
    ck_assert_uint_eq(emu_asked(w.rig.emu, 6003), 3);
    ck_assert(is(&w, CHANNEL_UP));
    emu_scene(w.rig.emu)->mute_beats = 2;
    rig_pass(&w.rig, 120 * NS_PER_S);
    ck_assert(is(&w, CHANNEL_UP));
    emu_scene(w.rig.emu)->mute_beats = 3;
    rig_pass(&w.rig, 121 * NS_PER_S);
    struct channel_info info;
    channel_info(w.c, &info);
    ck_assert_uint_eq(info.losses, 1);
    ck_assert_uint_eq(emu_logins(w.rig.emu, 1), 2);
    end(&w);
}
END_TEST

START_TEST(a_redirect_is_followed_to_the_one_address_it_names)
{
    struct world w;
    prepare(&w, 3);
    ck_assert_int_eq(make(&w, 1), FUTU_OK);
    struct emu_scene *s = emu_scene(w.rig.emu);
    s->turn_away.times = 1;
    str_copy(s->turn_away.host, sizeof(s->turn_away.host), STR("10.7.7.7"));
    s->turn_away.port = 443;
    channel_start(w.c);
    rig_pump(&w.rig);
    ck_assert(is(&w, CHANNEL_UP));
    struct channel_info info;
    channel_info(w.c, &info);
    ck_assert_str_eq(info.addr, "10.7.7.7:443");
    end(&w);
}
END_TEST

START_TEST(redirects_without_an_end_are_an_error)
{
    struct world w;
    prepare(&w, 1);
    ck_assert_int_eq(make(&w, 1), FUTU_OK);
    struct emu_scene *s = emu_scene(w.rig.emu);
    s->turn_away.times = 1000;
    str_copy(s->turn_away.host, sizeof(s->turn_away.host), STR("10.7.7.7"));
    s->turn_away.port = 443;
    channel_start(w.c);
    rig_pump(&w.rig);
    ck_assert(is(&w, CHANNEL_WAITING));
    ck_assert_str_eq(why(&w), "login: sent from one server to the next too often");
    ck_assert_uint_eq(w.rig.n_dialled, 1 + dialect_redirects);
    end(&w);
}
END_TEST

START_TEST(a_refused_login_is_told_and_a_newer_one_tried_at_once)
{
    struct world w;
    prepare(&w, 1);
    ck_assert_int_eq(make(&w, 1), FUTU_OK);
    emu_scene(w.rig.emu)->turn_away.times = 1;
    emu_scene(w.rig.emu)->turn_away.code = 11;
    channel_start(w.c);
    rig_pump(&w.rig);
    ck_assert_uint_eq(w.refused, 1);
    ck_assert_str_eq(w.refusal, "refused with code 11: as the scene wants it");
    ck_assert(is(&w, CHANNEL_WAITING));
    ck_assert_int_eq(give_login(&w, 1, 0), FUTU_OK);
    rig_pump(&w.rig);
    ck_assert(is(&w, CHANNEL_UP));
    end(&w);
}
END_TEST

START_TEST(a_login_whose_time_is_over_is_not_even_dialled)
{
    struct world w;
    prepare(&w, 1);
    ck_assert_int_eq(make(&w, 1), FUTU_OK);
    ck_assert_int_eq(give_login(&w, 1, RIG_WALL), FUTU_OK);
    channel_start(w.c);
    rig_pump(&w.rig);
    ck_assert_uint_eq(w.refused, 1);
    ck_assert_str_eq(w.refusal, "its time is over");
    ck_assert_uint_eq(w.rig.n_dialled, 0);
    end(&w);
}
END_TEST

START_TEST(a_kicked_channel_stays_offline_until_it_is_started)
{
    struct world w;
    begin(&w, 1, 1);
    ck_assert_uint_eq(emu_kick(w.rig.emu, 1), 1);
    rig_pass(&w.rig, 300 * NS_PER_S);
    ck_assert(is(&w, CHANNEL_KICKED));
    ck_assert_uint_eq(emu_logins(w.rig.emu, 1), 1);
    ck_assert_str_eq(why(&w), "the server ended the login");
    channel_start(w.c);
    rig_pump(&w.rig);
    ck_assert(is(&w, CHANNEL_UP));
    end(&w);
}
END_TEST

START_TEST(a_stopped_channel_fails_its_requests_and_dials_no_more)
{
    struct world w;
    struct ask a;
    begin(&w, 1, 1);
    emu_scene(w.rig.emu)->mute_calls = 1;
    ck_assert_int_eq(ask(&w, &a, CMD_STATES), FUTU_OK);
    channel_stop(w.c, "no longer on the list");
    ck_assert_uint_eq(a.done, 1);
    ck_assert_str_eq(a.why, "no longer on the list");
    rig_pass(&w.rig, 100 * NS_PER_S);
    ck_assert(is(&w, CHANNEL_OFF));
    ck_assert_uint_eq(w.rig.n_dialled, 1);
    end(&w);
}
END_TEST

/* True when no allocation failed. */
static bool login_and_ask(long fail_at)
{
    struct world w;
    struct ask a = { .done = 0 };
    prepare(&w, 2);             /* the emulator's making is not what is tried */
    mem_fail_at(fail_at);
    if (make(&w, 1) == FUTU_OK) {
        channel_start(w.c);
        rig_pump(&w.rig);
        if (is(&w, CHANNEL_UP) && ask(&w, &a, CMD_FIRMS) == FUTU_OK)
            rig_pump(&w.rig);
    }
    bool failed = mem_failed();
    mem_fail_at(-1);
    ck_assert(failed || (a.done == 1 && a.err == FUTU_OK));
    channel_free(w.c);
    rig_free(&w.rig);
    return !failed;
}

START_TEST(every_failed_allocation_is_clean)
{
    for (long n = 0; !login_and_ask(n); n++)
        ck_assert_int_lt(n, 1000);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_login_goes_through_its_states);
    tcase_add_test(tc, a_broker_logs_in_with_its_customer_and_a_shorter_key);
    tcase_add_test(tc, a_request_gets_its_answer_with_and_without_a_session_key_in_any_split);
    tcase_add_test(tc, a_command_that_is_not_served_is_a_soft_failure);
    tcase_add_test(tc, a_request_without_an_answer_ends_in_time);
    tcase_add_test(tc, a_cancelled_request_hears_nothing);
    tcase_add_test(tc, a_loss_fails_all_requests_at_once_and_the_channel_comes_back);
    tcase_add_test(tc, the_pause_doubles_to_a_minute_and_starts_anew_after_a_login);
    tcase_add_test(tc, three_heartbeats_without_an_answer_end_the_connection);
    tcase_add_test(tc, a_redirect_is_followed_to_the_one_address_it_names);
    tcase_add_test(tc, redirects_without_an_end_are_an_error);
    tcase_add_test(tc, a_refused_login_is_told_and_a_newer_one_tried_at_once);
    tcase_add_test(tc, a_login_whose_time_is_over_is_not_even_dialled);
    tcase_add_test(tc, a_kicked_channel_stays_offline_until_it_is_started);
    tcase_add_test(tc, a_stopped_channel_fails_its_requests_and_dials_no_more);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("channel", add);
}
