/* console_key_test.c - who may use the console: keys of scope admin, as long as they hold. */
#include "console_rig.h"
#include "surface/console_state.h"

static void keyed(void)
{
    desk_open(true, false);
}

START_TEST(with_keys_a_session_must_show_one_of_admin)
{
    for (size_t i = 0; i < console_n_cmds; i++) {
        bool open = console_cmds[i].flags & CMD_OPEN;
        const char *said = ask(console_cmds[i].run == cmd_auth ? "help" : console_cmds[i].name);
        if (strcmp(console_cmds[i].name, "quit") != 0)
            ck_assert_msg(!strstr(said, "a key with the scope admin is needed first") == open,
                          "%s: %s", console_cmds[i].name, said);
        if (one.err) {
            futu_console_free(one.c);
            ck_assert_int_eq(desk_connect(&one), FUTU_OK);
        }
    }
    ck_assert_uint_eq(shutdowns, 0);
    SAYS("auth", "usage: auth KEY");
    SAYS("auth token-reader", "lacks the scope admin");
    ck_assert_int_eq(one.err, FUTU_OK);
    SAYS("auth token-op", "key op\r\n");
    SAYS("update", "version");
    ck_assert_uint_eq(trail_count(&k, "\"console\"", "\"auth\"", "\"op\"", "allow"), 1);
    ck_assert_uint_eq(trail_count(&k, "\"console\"", "\"auth\"", "\"reader\"", "reject"), 1);
    ck_assert_uint_eq(trail_count(&k, "token-"), 0);
}
END_TEST

START_TEST(three_wrong_keys_end_the_session)
{
    SAYS("auth token-nobody", "not valid");
    SAYS("auth -key=token-old", "not valid");
    ck_assert_int_eq(one.err, FUTU_OK);
    SAYS("auth x", "not valid");
    ck_assert_int_eq(one.err, FUTU_ECANCELED);
}
END_TEST

START_TEST(a_minute_without_a_key_ends_it)
{
    rig_pass(&k.r, 59 * NS_PER_S);
    SAYS("help", "auth");
    rig_pass(&k.r, 3 * NS_PER_S);
    ck_assert_uint_eq(one.closes, 1);
    ck_assert_ptr_nonnull(strstr(one.text, "no key within a minute"));
}
END_TEST

START_TEST(the_end_of_the_key_is_the_end_of_the_session)
{
    SAYS("auth token-op", "key op");
    rails_key(&k, "op", "\"qot:read\"", "");
    rails_save(&k);
    rails_reload(&k);
    console_keys_changed(desk);
    rig_pass(&k.r, NS_PER_MS);
    ck_assert_uint_eq(one.closes, 1);
    ck_assert_ptr_nonnull(strstr(one.text, "the key op no longer holds"));
}
END_TEST

START_TEST(nothing_more_is_run_for_a_key_that_is_gone)
{
    SAYS("auth token-op", "key op");
    rails_key(&k, "other", "\"admin\"", "");
    rails_save(&k);
    rails_reload(&k);
    SAYS("exit", "the key op no longer holds");
    ck_assert_int_eq(one.err, FUTU_ECANCELED);
    ck_assert_uint_eq(shutdowns, 0);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, keyed, desk_close);
    tcase_add_test(tc, with_keys_a_session_must_show_one_of_admin);
    tcase_add_test(tc, three_wrong_keys_end_the_session);
    tcase_add_test(tc, a_minute_without_a_key_ends_it);
    tcase_add_test(tc, the_end_of_the_key_is_the_end_of_the_session);
    tcase_add_test(tc, nothing_more_is_run_for_a_key_that_is_gone);
}

int main(void)
{
    return run_tcase("console_key", add);
}
