/* flow_test.c - the course of a login, against the emulator in one process, with its own clock. */
#include "login_rig.h"

#include <stdio.h>

START_TEST(a_known_device_logs_in_with_the_password)
{
    lrig_begin(LRIG_ACCOUNT NO_SMS);
    lrig_login((futu_login_opts){ 0 });
    READY();
    lrig_check_result();
    ck_assert_str_eq(lrig_calls(), "GET 127.0.0.1 /authority/salt\nPOST 127.0.0.1 /authority/\n"
                                  "POST 127.0.0.1 /broker_auth/client_auth\n"
                                  "POST 127.0.0.1 /broker_auth/client_auth\n");
    ck_assert_int_eq(lrig_result()->client_sig_until_s, lrig.now.wall_ns / NS_PER_S + 86400);
    ck_assert_int_eq(lrig_result()->attribution, 1);
    lrig_end();
}
END_TEST

START_TEST(without_salt32_the_short_key_serves)
{
    lrig_begin("[auth]\nsalt32 = no\n" LRIG_ACCOUNT NO_SMS);
    lrig_login((futu_login_opts){ 0 });
    READY();
    lrig_check_result();
    lrig_end();
}
END_TEST

START_TEST(a_new_device_is_verified_by_sms)
{
    lrig_begin(LRIG_CODE LRIG_ACCOUNT);
    lrig_login((futu_login_opts){ 0 });
    ck_assert_uint_eq(lrig.sms, 1);          /* before anybody is asked */
    ck_assert_uint_eq(lrig.asks, 1);
    ck_assert(!lrig.ask.third && lrig.ask.sent && !lrig.ask.again);
    ck_assert_str_eq(lrig.phone, "152****1234");
    ck_assert_ptr_nonnull(strstr(lrig.log, "SMS sent to phone; awaiting verification code via "
                                           "stdin"));
    ck_assert_ptr_nonnull(strstr(lrig.log, "it went to 152****1234"));
    ck_assert_ptr_nonnull(strstr(lrig.log, "device not authorized"));
    ck_assert_int_eq(flow_code(lrig.flow, STR(""), false), FUTU_EINVAL);
    ck_assert_int_eq(flow_code(lrig.flow, STR("12a456"), false), FUTU_EINVAL);
    ck_assert_uint_eq(lrig_count("/authority/verify_device_code"), 0);
    lrig_code("123456");
    READY();
    lrig_check_result();
    ck_assert_uint_eq(lrig_count("/authority/"), 1);
    lrig_end();
}
END_TEST

START_TEST(the_next_start_needs_neither_password_nor_sms)
{
    lrig_first_login(LRIG_CODE LRIG_ACCOUNT);
    lrig_stop();
    unsigned salts = lrig_count("/authority/salt");
    for (int i = 0; i < 3; i++) {
        lrig_wait(3600);
        lrig_login((futu_login_opts){ .pwd_md5 = "00000000000000000000000000000000" });
        READY();
        lrig_check_result();
        lrig_stop();
    }
    ck_assert_uint_eq(lrig_count("/authority/salt"), salts);
    ck_assert_uint_eq(lrig.sms, 1);
    lrig_end();
}
END_TEST

START_TEST(a_stopped_start_goes_on_with_the_code_without_another_sms_or_login)
{
    lrig_begin(LRIG_CODE LRIG_ACCOUNT);
    lrig_login((futu_login_opts){ .setup_only = 1 });
    ck_assert_uint_eq(lrig.asks, 1);
    flow_no_code(lrig.flow, "there is no terminal");
    ck_assert_uint_eq(lrig.failures, 1);
    ck_assert_int_eq(lrig.failure.err, FUTU_ECANCELED);
    ck_assert_str_eq(lrig.failure.stage, "code");
    lrig_stop();
    lrig_wait(50);
    lrig_login((futu_login_opts){ .setup_only = 1 });
    ck_assert_uint_eq(lrig.asks, 1);
    ck_assert(!lrig.ask.sent);
    lrig_code("123456");
    READY();
    ck_assert_uint_eq(lrig.sms, 1);
    ck_assert_uint_eq(lrig_count("/authority/"), 1);
    ck_assert_uint_eq(lrig_count("/authority/req_device_code"), 1);
    lrig_end();
}
END_TEST

START_TEST(after_300_seconds_the_verification_begins_anew)
{
    lrig_begin(LRIG_CODE LRIG_ACCOUNT);
    lrig_login((futu_login_opts){ 0 });
    lrig_stop();
    lrig_wait(301);
    lrig_login((futu_login_opts){ 0 });
    ck_assert_uint_eq(lrig.sms, 2);
    ck_assert_uint_eq(lrig_count("/authority/"), 2);
    lrig_code("123456");
    READY();
    lrig_end();
}
END_TEST

START_TEST(when_the_sms_request_failed_the_next_start_asks_for_it_without_a_login)
{
    lrig_begin("[fault]\ncall = send-code\ndrop = yes\n" LRIG_CODE LRIG_ACCOUNT);
    lrig_login((futu_login_opts){ 0 });
    ck_assert_uint_eq(lrig.failures, 1);
    ck_assert_str_eq(lrig.failure.stage, "http");
    lrig_stop();
    lrig_login((futu_login_opts){ 0 });
    ck_assert_uint_eq(lrig_count("/authority/"), 1);
    ck_assert_uint_eq(lrig.sms, 1);
    lrig_code("123456");
    READY();
    lrig_end();
}
END_TEST

START_TEST(nobody_brings_a_code_in_time)
{
    lrig_begin(LRIG_CODE LRIG_ACCOUNT);
    lrig_login((futu_login_opts){ 0 });
    ck_assert_int_eq(lrig.ask.until_s, lrig.now.wall_ns / NS_PER_S + 300);
    lrig_wait(299);
    ck_assert_uint_eq(lrig.failures, 0);
    lrig_wait(2);
    ck_assert_uint_eq(lrig.failures, 1);
    ck_assert_int_eq(lrig.failure.err, FUTU_ETIMEDOUT);
    ck_assert_int_eq(flow_code(lrig.flow, STR("123456"), false), FUTU_ENOTFOUND);
    lrig_end();
}
END_TEST

START_TEST(a_wrong_code_brings_another_device_id_twice_at_most)
{
    char ids[3][DEVICE_ID + 1];
    lrig_begin(LRIG_CODE LRIG_ACCOUNT);
    lrig_login((futu_login_opts){ 0 });
    for (int i = 0; i < 3; i++) {
        memcpy(ids[i], lrig.login.device_id, sizeof(ids[i]));
        ck_assert_uint_eq(lrig.asks, (unsigned)i + 1);
        ck_assert(lrig.ask.again == (i > 0));
        lrig_code("999999");
    }
    ck_assert_str_ne(ids[0], ids[1]);
    ck_assert_str_ne(ids[1], ids[2]);
    ck_assert_uint_eq(lrig.failures, 1);
    ck_assert_int_eq(lrig.failure.code, 21);
    ck_assert_int_eq(lrig.failure.err, FUTU_EAUTH);
    ck_assert_ptr_nonnull(strstr(lrig.failure.hint, "newest SMS"));
    lrig_end();
}
END_TEST

START_TEST(after_a_wrong_code_the_right_one_logs_in)
{
    lrig_begin(LRIG_CODE LRIG_ACCOUNT);
    lrig_login((futu_login_opts){ 0 });
    lrig_code("999999");
    lrig_code("123456");
    READY();
    lrig_check_result();
    lrig_stop();
    lrig_login((futu_login_opts){ 0 });      /* and what was saved belongs to the new device id */
    READY();
    ck_assert_uint_eq(lrig.sms, 2);
    lrig_end();
}
END_TEST

START_TEST(the_only_code_there_is_is_not_tried_again)
{
    lrig_begin(LRIG_CODE LRIG_ACCOUNT);
    lrig_login((futu_login_opts){ 0 });
    ck_assert_int_eq(flow_code(lrig.flow, STR("999999"), true), FUTU_OK);
    lrig_pump();
    ck_assert_uint_eq(lrig.failures, 1);
    ck_assert_uint_eq(lrig_count("/authority/"), 1);
    lrig_end();
}
END_TEST

START_TEST(an_expired_code_counts_as_a_wrong_one)
{
    lrig_begin("[auth]\ncode = 123456\ncode-life = 60\n" LRIG_ACCOUNT);
    lrig_login((futu_login_opts){ 0 });
    lrig_wait(61);
    lrig_code("123456");
    ck_assert_uint_eq(lrig.asks, 2);
    ck_assert_uint_eq(lrig.sms, 2);
    lrig_code("123456");
    READY();
    lrig_end();
}
END_TEST

START_TEST(a_locked_device_is_told_with_its_causes_and_nothing_is_sent_for_a_minute)
{
    lrig_begin(LRIG_ACCOUNT "locked = yes\n");
    lrig_login((futu_login_opts){ 0 });
    ck_assert_uint_eq(lrig.failures, 1);
    ck_assert_int_eq(lrig.failure.code, 15);
    ck_assert_ptr_nonnull(strstr(lrig.failure.why, "rate limited until 2026-11-24T09:01:00.000Z"));
    ck_assert_ptr_nonnull(strstr(lrig.failure.hint, "[0] another gateway"));
    ck_assert_ptr_nonnull(strstr(lrig.failure.hint, "--reset-device"));
    unsigned before = lrig_count(NULL);
    flow_start(lrig.flow);
    lrig_pump();
    ck_assert_uint_eq(lrig.failures, 2);
    ck_assert_int_eq(lrig.failure.err, FUTU_ELIMIT);
    ck_assert_uint_eq(lrig_count(NULL), before);
    lrig_wait(60);
    flow_start(lrig.flow);
    lrig_pump();
    ck_assert_uint_gt(lrig_count(NULL), before);
    lrig_end();
}
END_TEST

START_TEST(a_saved_login_that_has_ended_leads_to_an_sms_and_not_to_a_second_login_call)
{
    lrig_first_login("[auth]\ncode = 123456\nticket-life = 1000\nabuse-window = 60\n" LRIG_ACCOUNT);
    lrig_stop();
    lrig_wait(2000);
    lrig_login((futu_login_opts){ 0 });
    ck_assert_uint_eq(lrig_count("/authority/"), 2);
    ck_assert_uint_eq(lrig.asks, 1);
    lrig_code("123456");
    READY();
    lrig_check_result();
    lrig_end();
}
END_TEST

START_TEST(a_saved_login_of_more_than_30_days_is_not_even_tried)
{
    lrig_first_login(LRIG_CODE LRIG_ACCOUNT);
    lrig_stop();
    lrig_wait(31 * 86400);
    lrig_login((futu_login_opts){ 0 });
    ck_assert_uint_eq(lrig_count("/authority/salt"), 2);
    READY();
    lrig_end();
}
END_TEST

START_TEST(a_saved_login_that_is_refused_gives_way_to_the_password)
{
    lrig_first_login("[fault]\ncall = login\nnth = 2\nerror = 23\n" LRIG_CODE LRIG_ACCOUNT);
    lrig_stop();
    lrig_wait(100);
    lrig_login((futu_login_opts){ 0 });
    READY();
    ck_assert_uint_eq(lrig_count("/authority/"), 3);
    lrig_end();
}
END_TEST

START_TEST(a_wrong_password_is_final_and_names_the_platform)
{
    lrig_begin(LRIG_ACCOUNT NO_SMS);
    lrig_login((futu_login_opts){ .pwd = "wrong", .auth_server = "" });
    ck_assert_uint_eq(lrig.failures, 1);
    ck_assert_int_eq(lrig.failure.code, 2);
    ck_assert_ptr_nonnull(strstr(lrig.failure.why, "account/password mismatch (error_code=2"));
    ck_assert_ptr_nonnull(strstr(lrig.failure.hint, "--platform moomoo"));
    ck_assert_uint_eq(lrig_count("/authority/"), 1);
    lrig_end();
}
END_TEST

START_TEST(the_account_s_region_leads_to_the_other_server)
{
    lrig_begin(LRIG_ACCOUNT NO_SMS "attribution = 3\n");
    lrig_login((futu_login_opts){ .auth_server = "" });
    READY();
    lrig_check_result();
    ck_assert_str_eq(lrig_calls(), "GET auth.futunn.com /authority/salt\n"
                                  "GET auth.moomoo.com /authority/salt\n"
                                  "POST auth.moomoo.com /authority/\n"
                                  "POST authority.futuhk.com /broker_auth/client_auth\n"
                                  "POST authority.us.moomoo.com /broker_auth/client_auth\n");
    lrig_stop();
    lrig_login((futu_login_opts){ .auth_server = "" });      /* the file names the region */
    READY();
    ck_assert_uint_eq(lrig_count("/authority/salt"), 2);
    lrig_end();
}
END_TEST

START_TEST(the_platform_that_is_named_is_asked_first)
{
    lrig_begin(LRIG_ACCOUNT NO_SMS "attribution = 2\n");
    lrig_login((futu_login_opts){ .auth_server = "", .platform = "moomoo" });
    READY();
    ck_assert_ptr_null(strstr(lrig_calls(), "auth.futunn.com"));
    lrig_end();
}
END_TEST

START_TEST(two_servers_that_send_the_account_to_each_other_are_told)
{
    lrig_begin("[fault]\ncall = salt\nnth = 2\nbody = {\"result\":{\"salt\":\"a\","
              "\"user_attribution\":1}}\n" LRIG_ACCOUNT NO_SMS "attribution = 3\n");
    lrig_login((futu_login_opts){ .auth_server = "" });
    ck_assert_uint_eq(lrig.failures, 1);
    ck_assert_ptr_nonnull(strstr(lrig.failure.why, "each other"));
    lrig_end();
}
END_TEST

START_TEST(a_server_of_the_user_s_own_is_kept_for_every_call)
{
    lrig_begin(LRIG_ACCOUNT NO_SMS "attribution = 3\n");
    lrig_login((futu_login_opts){ 0 });
    READY();
    ck_assert_ptr_null(strstr(lrig_calls(), "moomoo"));
    ck_assert_ptr_null(strstr(lrig_calls(), "futu"));
    ck_assert_int_eq(lrig_result()->attribution, 3);
    lrig_end();
}
END_TEST

START_TEST(an_unknown_region_keeps_the_server_with_a_warning)
{
    lrig_begin(LRIG_ACCOUNT NO_SMS "attribution = 77\n");
    lrig_login((futu_login_opts){ 0 });
    READY();
    ck_assert_ptr_nonnull(strstr(lrig.log, "region 77"));
    lrig_end();
}
END_TEST

START_TEST(a_phone_is_sent_without_its_region)
{
    lrig_begin("[account]\nname = 13900000000\nregion = 86\npassword = secret\nsms = no\n");
    lrig_login((futu_login_opts){ .account = "+86-13900000000" });
    READY();
    lrig_end();
}
END_TEST

START_TEST(a_third_factor_is_asked_for)
{
    lrig_begin(LRIG_ACCOUNT NO_SMS "otp = 778899\n");
    lrig_login((futu_login_opts){ 0 });
    ck_assert_uint_eq(lrig.asks, 1);
    ck_assert(lrig.ask.third);
    lrig_code("778899");
    READY();
    lrig_check_result();
    lrig_end();
}
END_TEST

START_TEST(a_client_that_is_too_old_is_told_so)
{
    lrig_begin("[auth]\nclient-version = 2000\n" LRIG_ACCOUNT);
    lrig_login((futu_login_opts){ 0 });
    ck_assert_int_eq(lrig.failure.code, 45);
    ck_assert_ptr_nonnull(strstr(lrig.failure.hint, "too old"));
    lrig_end();
}
END_TEST

START_TEST(a_captcha_is_no_reason_to_ask_again)
{
    lrig_begin("[fault]\ncall = login\nerror = 11\n" LRIG_ACCOUNT);
    lrig_login((futu_login_opts){ 0 });
    ck_assert_int_eq(lrig.failure.code, 11);
    ck_assert_uint_eq(lrig_count("/authority/"), 1);
    lrig_end();
}
END_TEST

START_TEST(setup_only_ends_before_the_brokers)
{
    lrig_begin(LRIG_ACCOUNT NO_SMS);
    lrig_login((futu_login_opts){ .setup_only = 1 });
    READY();
    ck_assert_uint_eq(lrig_count("/broker_auth/client_auth"), 0);
    lrig_wait(40 * 86400);
    ck_assert_uint_eq(lrig_count("/authority/"), 1);
    lrig_end();
}
END_TEST

START_TEST(failures_of_the_network_name_their_stage)
{
    static const struct { futu_err err; enum https_stage stage; const char *why, *name; } all[] = {
        { FUTU_ENOTFOUND, HTTPS_DNS, "dns: no such host", "dns" },
        { FUTU_ETIMEDOUT, HTTPS_TCP, "tcp: no answer in time", "tcp" },
        { FUTU_EAUTH, HTTPS_TLS, "tls: the certificate has expired", "tls" },
        { FUTU_EPROTO, HTTPS_HTTP, "http: closed without an answer", "http" },
    };
    lrig_begin(LRIG_ACCOUNT NO_SMS);
    lrig_login((futu_login_opts){ 0 });
    READY();
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        lrig_stop();
        lrig_break(all[i].err, all[i].stage, all[i].why);
        lrig_login((futu_login_opts){ 0 });
        ck_assert_uint_eq(lrig.failures, 1);
        ck_assert_int_eq(lrig.failure.err, all[i].err);
        ck_assert_str_eq(lrig.failure.stage, all[i].name);
        ck_assert_msg(strncmp(lrig.failure.why, all[i].name, strlen(all[i].name)) == 0, "%s",
                      lrig.failure.why);
        ck_assert_ptr_nonnull(strstr(lrig.failure.why, strchr(all[i].why, ' ')));
    }
    lrig_break(FUTU_OK, HTTPS_DNS, NULL);
    flow_start(lrig.flow);                   /* and the saved login is still there */
    lrig_pump();
    READY();
    lrig_end();
}
END_TEST

START_TEST(what_is_no_answer_is_refused)
{
    static const char *const all[] = {
        "status = 502\nbody = <html>\n", "status = 200\nbody = {}\n", "body = {\"result\":{}}\n",
        "body = {\"result\":[]}\n", "body = {\"result\":{\"salt\":5}}\n",
        "status = 302\nbody = x\n",
        "status = 500\nbody = {\"result\":{\"salt\":\"a\",\"user_attribution\":1}}\n",
    };
    char text[512];
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        snprintf(text, sizeof(text), "[fault]\ncall = salt\n%s" LRIG_ACCOUNT, all[i]);
        lrig_begin(text);
        lrig_login((futu_login_opts){ 0 });
        ck_assert_uint_eq(lrig.failures, 1);
        ck_assert_msg(lrig.failure.err == FUTU_EPROTO || lrig.failure.err == FUTU_EFORMAT,
                      "%zu: %s", i, lrig.failure.why);
        lrig_end();
    }
}
END_TEST

START_TEST(no_secret_is_logged)
{
    static const char *const never[] = { "secret", "123456\"", "5ebe2294ecd0e0f08eab7690d2a6ee69" };
    lrig_first_login(LRIG_CODE LRIG_ACCOUNT);
    for (size_t i = 0; i < ARRAY_LEN(never); i++)
        ck_assert_msg(!strstr(lrig.log, never[i]), "%s is in:\n%s", never[i], lrig.log);
    ck_assert_ptr_nonnull(strstr(lrig.log, "POST raw: {\"account\":\"12345678\","
                                           "\"tgtgt\":\"<REDACTED len="));
    ck_assert_ptr_nonnull(strstr(lrig.log, "\"salt\":\"<REDACTED len=16>\""));
    ck_assert_ptr_nonnull(strstr(lrig.log, "error_code=20"));
    ck_assert_ptr_nonnull(strstr(lrig.log, lrig.login.device_id));
    lrig_end();
}
END_TEST

/* Runs a login with everything in it, with one failing allocation in one of its steps; true: one
 * did fail. */
static bool run_failing(unsigned step, long n)
{
    bool failed = false;
    lrig_begin(LRIG_CODE LRIG_ACCOUNT);
    lrig.hold = true;
    lrig_login((futu_login_opts){ 0 });
    for (unsigned i = 0; lrig.readies + lrig.failures == 0 && i < 40; i++) {
        if (i == step)
            mem_fail_at(n);
        if (!lrig_step() && lrig.asks)
            flow_code(lrig.flow, STR("123456"), false);
        failed = failed || (i == step && mem_failed());
        mem_fail_at(-1);
    }
    lrig_pump();
    ck_assert_uint_eq(lrig.readies + lrig.failures, 1);
    lrig_end();
    return failed;
}

START_TEST(every_failed_allocation_is_clean)
{
    for (unsigned step = 0; step < 8; step++)
        for (long n = 0; run_failing(step, n); n++)
            ck_assert_int_lt(n, 2000);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_known_device_logs_in_with_the_password);
    tcase_add_test(tc, without_salt32_the_short_key_serves);
    tcase_add_test(tc, a_new_device_is_verified_by_sms);
    tcase_add_test(tc, the_next_start_needs_neither_password_nor_sms);
    tcase_add_test(tc, a_stopped_start_goes_on_with_the_code_without_another_sms_or_login);
    tcase_add_test(tc, after_300_seconds_the_verification_begins_anew);
    tcase_add_test(tc, when_the_sms_request_failed_the_next_start_asks_for_it_without_a_login);
    tcase_add_test(tc, nobody_brings_a_code_in_time);
    tcase_add_test(tc, a_wrong_code_brings_another_device_id_twice_at_most);
    tcase_add_test(tc, after_a_wrong_code_the_right_one_logs_in);
    tcase_add_test(tc, the_only_code_there_is_is_not_tried_again);
    tcase_add_test(tc, an_expired_code_counts_as_a_wrong_one);
    tcase_add_test(tc, a_locked_device_is_told_with_its_causes_and_nothing_is_sent_for_a_minute);
    tcase_add_test(tc, a_saved_login_that_has_ended_leads_to_an_sms_and_not_to_a_second_login_call);
    tcase_add_test(tc, a_saved_login_of_more_than_30_days_is_not_even_tried);
    tcase_add_test(tc, a_saved_login_that_is_refused_gives_way_to_the_password);
    tcase_add_test(tc, a_wrong_password_is_final_and_names_the_platform);
    tcase_add_test(tc, the_account_s_region_leads_to_the_other_server);
    tcase_add_test(tc, the_platform_that_is_named_is_asked_first);
    tcase_add_test(tc, two_servers_that_send_the_account_to_each_other_are_told);
    tcase_add_test(tc, a_server_of_the_user_s_own_is_kept_for_every_call);
    tcase_add_test(tc, an_unknown_region_keeps_the_server_with_a_warning);
    tcase_add_test(tc, a_phone_is_sent_without_its_region);
    tcase_add_test(tc, a_third_factor_is_asked_for);
    tcase_add_test(tc, a_client_that_is_too_old_is_told_so);
    tcase_add_test(tc, a_captcha_is_no_reason_to_ask_again);
    tcase_add_test(tc, setup_only_ends_before_the_brokers);
    tcase_add_test(tc, failures_of_the_network_name_their_stage);
    tcase_add_test(tc, what_is_no_answer_is_refused);
    tcase_add_test(tc, no_secret_is_logged);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("flow", add);
}
