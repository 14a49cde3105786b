/* console_login_test.c - what the console does about a direct login, and how it tells the end. */
#include "console_rig.h"

static void direct(void)
{
    desk_open(false, true);
}

static void phase(enum console_phase at, const char *why)
{
    login.at = at;
    snprintf(login.why, sizeof(login.why), "%s", why);
}

START_TEST(a_code_is_brought_and_the_end_of_the_login_awaited)
{
    phase(PHASE_CODE, "code: the SMS to 1");
    login_then = PHASE_BUSY;
    desk_feed(&one, "input_phone_verify_code -code=123456\nupdate\n", 44);
    ck_assert_str_eq(login_code, "123456");
    rig_pass(&k.r, NS_PER_S);
    ck_assert_str_eq(one.text, "");                     /* the next command waits too */
    phase(PHASE_READY, "");
    rig_pass(&k.r, 60 * NS_PER_MS);
    ck_assert_msg(strstr(one.text, "logged in as user 9\r\nthis is version") == one.text, "%s",
                  one.text);
    ck_assert_uint_eq(trail_count(&k, "input_phone_verify_code", "\"success\""), 1);
    ck_assert_uint_eq(trail_count(&k, "123456"), 0);
}
END_TEST

START_TEST(how_a_login_ends_is_told_by_command)
{
    static const struct {
        const char *line;
        enum console_phase at;
        const char *says;
        bool fine;
    } all[] = {
        { "input_phone_verify_code 1234", PHASE_CODE, "the code was wrong, a new SMS was sent: W;",
          false },
        { "input_phone_verify_code 1234", PHASE_TOKEN, "the code of the SMS was right: W;", true },
        { "input_phone_verify_code 1234", PHASE_FAILED, "the login has failed: W\r\nH1\r\nH2\r\n",
          false },
        { "req_phone_verify_code", PHASE_CODE, "W; give it with: input_phone_verify_code", true },
        { "relogin", PHASE_CODE, "W; give it with", false },
        { "relogin", PHASE_READY, "the login could not be renewed: W", false },
        { "relogin", PHASE_FAILED, "the login has failed: W", false },
    };
    size_t good = 0, bad = 0;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        phase(PHASE_BUSY, "W");
        snprintf(login.hint, sizeof(login.hint), "H1\nH2");
        login_then = all[i].at;
        SAYS(all[i].line, all[i].says);
        good += all[i].fine;
        bad += !all[i].fine;
    }
    ck_assert_uint_eq(trail_count(&k, "\"console\"", "\"success\""), good);
    ck_assert_uint_eq(trail_count(&k, "\"console\"", "\"failure\""), bad);
}
END_TEST

START_TEST(what_is_refused_at_once_says_why)
{
    static const struct {
        futu_err err;
        const char *says;
    } all[] = {
        { FUTU_EINVAL, "4 to 8 digits" },         { FUTU_ENOTFOUND, "waits for no code" },
        { FUTU_EBUSY, "a login is under way" },   { FUTU_EEXIST, "is done and waits for no code" },
        { FUTU_ENOTCONN, "waits for a code" },    { FUTU_ENOTSUP, "a token's code" },
        { FUTU_EREFUSED, "relogin with" },        { FUTU_ENOMEM, "out of memory" },
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        login_err = all[i].err;
        SAYS("relogin", all[i].says);
        rig_pass(&k.r, 3600 * NS_PER_S / 9);
        if (!one.c) {
            ck_assert_int_eq(desk_connect(&one), FUTU_OK);
            desk_take(&one);
        }
    }
    ck_assert_uint_eq(again_calls, ARRAY_LEN(all));
}
END_TEST

START_TEST(a_password_goes_on_as_its_md5_and_is_neither_kept_nor_shown)
{
    static const char md5[] = "5ebe2294ecd0e0f08eab7690d2a6ee69";    /* of "secret" */
    SAYS("relogin", "logged in as user 9");
    ck_assert_str_eq(login_md5, "none");
    SAYS("relogin -login_pwd=secret", "logged in");
    ck_assert_str_eq(login_md5, md5);
    SAYS("relogin -login_pwd_md5=5EBE2294ECD0E0F08EAB7690D2A6EE69", "logged in");
    ck_assert_str_eq(login_md5, md5);
    SAYS("relogin -login_pwd=\"a b\"", "logged in");
    ck_assert_str_ne(login_md5, md5);
    again_calls = 0;
    SAYS("relogin -login_pwd_md5=5ebe", "32 hex digits");
    SAYS("relogin -login_pwd_md5=5ebe2294ecd0e0f08eab7690d2a6ee6x", "32 hex digits");
    SAYS("relogin -login_pwd=a -login_pwd_md5=5ebe2294ecd0e0f08eab7690d2a6ee69", "32 hex digits");
    SAYS("relogin -login_pwd=", "32 hex digits");
    SAYS("relogin secret -login_pwd=secret", "stands twice");
    SAYS("relogin -pwd=secret", "no such argument");
    ck_assert_uint_eq(again_calls, 0);
    ck_assert_ptr_null(strstr(one.text, "secret"));
    ck_assert_uint_eq(trail_count(&k, "secret"), 0);
    ck_assert_uint_eq(trail_count(&k, "5ebe"), 0);
}
END_TEST

START_TEST(codes_that_are_none_are_not_sent)
{
    login_err = FUTU_EINVAL;
    SAYS("input_phone_verify_code", "4 to 8 digits");
    SAYS("input_phone_verify_code -code=1234567890123456", "4 to 8 digits");
    ck_assert_uint_eq(code_calls, 1);       /* the empty one is judged by the login */
}
END_TEST

START_TEST(a_login_that_takes_its_time_is_not_waited_for_for_ever)
{
    phase(PHASE_BUSY, "");
    login_then = PHASE_BUSY;
    desk_feed(&one, "relogin\nupdate\n", 15);
    rig_pass(&k.r, 59 * NS_PER_S);
    ck_assert_str_eq(one.text, "");
    rig_pass(&k.r, 2 * NS_PER_S);
    ck_assert_ptr_nonnull(strstr(one.text, "relogin is still under way; ask again with: status"));
    ck_assert_ptr_nonnull(strstr(one.text, "this is version"));
    ck_assert_uint_eq(trail_count(&k, "relogin", "\"unknown\""), 1);
}
END_TEST

START_TEST(who_sends_too_much_meanwhile_is_cut)
{
    char lines[4096];
    memset(lines, '\n', sizeof(lines));
    login_then = PHASE_BUSY;
    desk_feed(&one, "relogin\n", 8);
    for (int i = 0; i < 4; i++)
        desk_feed(&one, lines, sizeof(lines));
    ck_assert_int_eq(one.err, FUTU_OK);
    desk_feed(&one, "\n", 1);
    ck_assert_int_eq(one.err, FUTU_ECANCELED);
    ck_assert_str_eq(one.text, "too much input waits for its turn\r\n");
}
END_TEST

START_TEST(who_closes_meanwhile_still_hears_the_end)
{
    login_then = PHASE_BUSY;
    desk_feed(&one, "relogin\nupdate\n", 15);
    ck_assert_int_eq(futu_console_eof(one.c), FUTU_OK);
    rig_pass(&k.r, NS_PER_S);
    phase(PHASE_READY, "");
    rig_pass(&k.r, NS_PER_S);
    ck_assert_uint_eq(one.closes, 1);
    ck_assert_ptr_nonnull(strstr(one.text, "logged in as user 9\r\nthis is version"));
}
END_TEST

START_TEST(the_state_of_the_login_is_shown)
{
    SAYS("status", "login: done\r\n  user 9\r\n");
    phase(PHASE_TOKEN, "code: a token's");
    SAYS("status", "login: waits: code: a token's\r\n  give it with: input_phone_verify_code");
    phase(PHASE_FAILED, "auth: no");
    snprintf(login.hint, sizeof(login.hint), "do this");
    SAYS("status", "login: failed: auth: no\r\ndo this\r\n");
    SAYS("req_pic_verify_code", "login: failed: auth: no");
    SAYS("input_pic_verify_code -code=ab12", "can't show a picture");
    SAYS("request_highest_quote_right", "is not public");
    SAYS("ping", "the last round trip of each channel");
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, direct, desk_close);
    tcase_add_test(tc, a_code_is_brought_and_the_end_of_the_login_awaited);
    tcase_add_test(tc, how_a_login_ends_is_told_by_command);
    tcase_add_test(tc, what_is_refused_at_once_says_why);
    tcase_add_test(tc, a_password_goes_on_as_its_md5_and_is_neither_kept_nor_shown);
    tcase_add_test(tc, codes_that_are_none_are_not_sent);
    tcase_add_test(tc, a_login_that_takes_its_time_is_not_waited_for_for_ever);
    tcase_add_test(tc, who_sends_too_much_meanwhile_is_cut);
    tcase_add_test(tc, who_closes_meanwhile_still_hears_the_end);
    tcase_add_test(tc, the_state_of_the_login_is_shown);
}

int main(void)
{
    return run_tcase("console_login", add);
}
