/* flow_test.c - the course of a login, against the emulator in one process, with a clock of its own. */
#include "login_rig.h"

#include <stdio.h>

#define READY() ck_assert_msg(rig.readies == 1, "%s\n%s", rig.failure.why, rig.log)
#define NO_SMS "sms = no\n"

static const struct auth_result *result(void)
{
    const struct auth_result *r = flow_result(rig.flow);
    ck_assert_ptr_nonnull(r);
    return r;
}

/* The signature is one that the emulator knows, and the key is the one that goes with it. */
static void check_sig(const struct secret *sig, const struct secret *key, uint64_t user)
{
    struct auth_emu_session s;
    ck_assert(auth_emu_session(rig.emu, sig->p, sig->n, &s));
    ck_assert_uint_eq(s.user, user);
    ck_assert_uint_eq(key->n, sizeof(s.key));
    ck_assert_mem_eq(key->p, s.key, sizeof(s.key));
}

static void check_result(void)
{
    const struct auth_result *r = result();
    ck_assert_uint_eq(r->user_id, 9000001);
    check_sig(&r->client_sig, &r->client_key, 9000001);
    ck_assert_uint_eq(r->n_brokers, 2);
    for (size_t i = 0; i < r->n_brokers; i++) {
        ck_assert_msg(r->broker[i].err == FUTU_OK, "%s", r->broker[i].why);
        ck_assert_uint_eq(r->broker[i].customer_id, 90000010000 + (uint64_t)r->broker[i].broker_id);
        check_sig(&r->broker[i].client_sig, &r->broker[i].client_key, r->broker[i].customer_id);
    }
}

static void first_login(const char *scenario)
{
    rig_begin(scenario);
    rig_login((futu_login_opts){ 0 });
    rig_code("123456");
    READY();
}

START_TEST(a_known_device_logs_in_with_the_password)
{
    rig_begin(RIG_ACCOUNT NO_SMS);
    rig_login((futu_login_opts){ 0 });
    READY();
    check_result();
    ck_assert_str_eq(rig_calls(), "GET 127.0.0.1 /authority/salt\nPOST 127.0.0.1 /authority/\n"
                                  "POST 127.0.0.1 /broker_auth/client_auth\n"
                                  "POST 127.0.0.1 /broker_auth/client_auth\n");
    ck_assert_int_eq(result()->client_sig_until_s, rig.now.wall_ns / NS_PER_S + 86400);
    ck_assert_int_eq(result()->attribution, 1);
    rig_end();
}
END_TEST

START_TEST(without_salt32_the_short_key_serves)
{
    rig_begin("[auth]\nsalt32 = no\n" RIG_ACCOUNT NO_SMS);
    rig_login((futu_login_opts){ 0 });
    READY();
    check_result();
    rig_end();
}
END_TEST

START_TEST(a_new_device_is_verified_by_sms)
{
    rig_begin(RIG_CODE RIG_ACCOUNT);
    rig_login((futu_login_opts){ 0 });
    ck_assert_uint_eq(rig.sms, 1);          /* before anybody is asked */
    ck_assert_uint_eq(rig.asks, 1);
    ck_assert(!rig.ask.third && rig.ask.sent && !rig.ask.again);
    ck_assert_str_eq(rig.phone, "152****1234");
    ck_assert_ptr_nonnull(strstr(rig.log, "SMS sent to phone 152****1234; awaiting verification code "
                                          "via stdin"));
    ck_assert_int_eq(flow_code(rig.flow, STR(""), false), FUTU_EINVAL);
    ck_assert_int_eq(flow_code(rig.flow, STR("12a456"), false), FUTU_EINVAL);
    ck_assert_uint_eq(rig_count("/authority/verify_device_code"), 0);
    rig_code("123456");
    READY();
    check_result();
    ck_assert_uint_eq(rig_count("/authority/"), 1);
    rig_end();
}
END_TEST

START_TEST(the_next_start_needs_neither_password_nor_sms)
{
    first_login(RIG_CODE RIG_ACCOUNT);
    rig_stop();
    unsigned salts = rig_count("/authority/salt");
    for (int i = 0; i < 3; i++) {
        rig_wait(3600);
        rig_login((futu_login_opts){ .pwd_md5 = "00000000000000000000000000000000" });
        READY();
        check_result();
        rig_stop();
    }
    ck_assert_uint_eq(rig_count("/authority/salt"), salts);
    ck_assert_uint_eq(rig.sms, 1);
    rig_end();
}
END_TEST

START_TEST(a_stopped_start_goes_on_with_the_code_without_another_sms_or_login)
{
    rig_begin(RIG_CODE RIG_ACCOUNT);
    rig_login((futu_login_opts){ .setup_only = 1 });
    ck_assert_uint_eq(rig.asks, 1);
    flow_no_code(rig.flow, "there is no terminal");
    ck_assert_uint_eq(rig.failures, 1);
    ck_assert_int_eq(rig.failure.err, FUTU_ECANCELED);
    ck_assert_str_eq(rig.failure.stage, "code");
    rig_stop();
    rig_wait(50);
    rig_login((futu_login_opts){ .setup_only = 1 });
    ck_assert_uint_eq(rig.asks, 1);
    ck_assert(!rig.ask.sent);
    rig_code("123456");
    READY();
    ck_assert_uint_eq(rig.sms, 1);
    ck_assert_uint_eq(rig_count("/authority/"), 1);
    ck_assert_uint_eq(rig_count("/authority/req_device_code"), 1);
    rig_end();
}
END_TEST

START_TEST(after_300_seconds_the_verification_begins_anew)
{
    rig_begin(RIG_CODE RIG_ACCOUNT);
    rig_login((futu_login_opts){ 0 });
    rig_stop();
    rig_wait(301);
    rig_login((futu_login_opts){ 0 });
    ck_assert_uint_eq(rig.sms, 2);
    ck_assert_uint_eq(rig_count("/authority/"), 2);
    rig_code("123456");
    READY();
    rig_end();
}
END_TEST

START_TEST(when_the_sms_request_failed_the_next_start_asks_for_it_without_a_login)
{
    rig_begin("[fault]\ncall = send-code\ndrop = yes\n" RIG_CODE RIG_ACCOUNT);
    rig_login((futu_login_opts){ 0 });
    ck_assert_uint_eq(rig.failures, 1);
    ck_assert_str_eq(rig.failure.stage, "http");
    rig_stop();
    rig_login((futu_login_opts){ 0 });
    ck_assert_uint_eq(rig_count("/authority/"), 1);
    ck_assert_uint_eq(rig.sms, 1);
    rig_code("123456");
    READY();
    rig_end();
}
END_TEST

START_TEST(nobody_brings_a_code_in_time)
{
    rig_begin(RIG_CODE RIG_ACCOUNT);
    rig_login((futu_login_opts){ 0 });
    ck_assert_int_eq(rig.ask.until_s, rig.now.wall_ns / NS_PER_S + 300);
    rig_wait(299);
    ck_assert_uint_eq(rig.failures, 0);
    rig_wait(2);
    ck_assert_uint_eq(rig.failures, 1);
    ck_assert_int_eq(rig.failure.err, FUTU_ETIMEDOUT);
    ck_assert_int_eq(flow_code(rig.flow, STR("123456"), false), FUTU_ENOTFOUND);
    rig_end();
}
END_TEST

START_TEST(a_wrong_code_brings_another_device_id_twice_at_most)
{
    char ids[3][DEVICE_ID + 1];
    rig_begin(RIG_CODE RIG_ACCOUNT);
    rig_login((futu_login_opts){ 0 });
    for (int i = 0; i < 3; i++) {
        memcpy(ids[i], rig.login.device_id, sizeof(ids[i]));
        ck_assert_uint_eq(rig.asks, (unsigned)i + 1);
        ck_assert(rig.ask.again == (i > 0));
        rig_code("999999");
    }
    ck_assert_str_ne(ids[0], ids[1]);
    ck_assert_str_ne(ids[1], ids[2]);
    ck_assert_uint_eq(rig.failures, 1);
    ck_assert_int_eq(rig.failure.code, 21);
    ck_assert_int_eq(rig.failure.err, FUTU_EAUTH);
    ck_assert_ptr_nonnull(strstr(rig.failure.hint, "newest SMS"));
    rig_end();
}
END_TEST

START_TEST(after_a_wrong_code_the_right_one_logs_in)
{
    rig_begin(RIG_CODE RIG_ACCOUNT);
    rig_login((futu_login_opts){ 0 });
    rig_code("999999");
    rig_code("123456");
    READY();
    check_result();
    rig_stop();
    rig_login((futu_login_opts){ 0 });      /* and what was saved belongs to the new device id */
    READY();
    ck_assert_uint_eq(rig.sms, 2);
    rig_end();
}
END_TEST

START_TEST(the_only_code_there_is_is_not_tried_again)
{
    rig_begin(RIG_CODE RIG_ACCOUNT);
    rig_login((futu_login_opts){ 0 });
    ck_assert_int_eq(flow_code(rig.flow, STR("999999"), true), FUTU_OK);
    rig_pump();
    ck_assert_uint_eq(rig.failures, 1);
    ck_assert_uint_eq(rig_count("/authority/"), 1);
    rig_end();
}
END_TEST

START_TEST(an_expired_code_counts_as_a_wrong_one)
{
    rig_begin("[auth]\ncode = 123456\ncode-life = 60\n" RIG_ACCOUNT);
    rig_login((futu_login_opts){ 0 });
    rig_wait(61);
    rig_code("123456");
    ck_assert_uint_eq(rig.asks, 2);
    ck_assert_uint_eq(rig.sms, 2);
    rig_code("123456");
    READY();
    rig_end();
}
END_TEST

START_TEST(a_locked_device_is_told_with_its_causes_and_nothing_is_sent_for_a_minute)
{
    rig_begin(RIG_ACCOUNT "locked = yes\n");
    rig_login((futu_login_opts){ 0 });
    ck_assert_uint_eq(rig.failures, 1);
    ck_assert_int_eq(rig.failure.code, 15);
    ck_assert_ptr_nonnull(strstr(rig.failure.why, "rate limited until 2026-11-24T09:01:00.000Z"));
    ck_assert_ptr_nonnull(strstr(rig.failure.hint, "[0] another gateway"));
    ck_assert_ptr_nonnull(strstr(rig.failure.hint, "--reset-device"));
    unsigned before = rig_count(NULL);
    flow_start(rig.flow);
    rig_pump();
    ck_assert_uint_eq(rig.failures, 2);
    ck_assert_int_eq(rig.failure.err, FUTU_ELIMIT);
    ck_assert_uint_eq(rig_count(NULL), before);
    rig_wait(60);
    flow_start(rig.flow);
    rig_pump();
    ck_assert_uint_gt(rig_count(NULL), before);
    rig_end();
}
END_TEST

START_TEST(a_saved_login_that_has_ended_leads_to_an_sms_and_not_to_a_second_login_call)
{
    first_login("[auth]\ncode = 123456\nticket-life = 1000\nabuse-window = 60\n" RIG_ACCOUNT);
    rig_stop();
    rig_wait(2000);
    rig_login((futu_login_opts){ 0 });
    ck_assert_uint_eq(rig_count("/authority/"), 2);
    ck_assert_uint_eq(rig.asks, 1);
    rig_code("123456");
    READY();
    check_result();
    rig_end();
}
END_TEST

START_TEST(a_saved_login_of_more_than_30_days_is_not_even_tried)
{
    first_login(RIG_CODE RIG_ACCOUNT);
    rig_stop();
    rig_wait(31 * 86400);
    rig_login((futu_login_opts){ 0 });
    ck_assert_uint_eq(rig_count("/authority/salt"), 2);
    READY();
    rig_end();
}
END_TEST

START_TEST(a_saved_login_that_is_refused_gives_way_to_the_password)
{
    first_login("[fault]\ncall = login\nnth = 2\nerror = 23\n" RIG_CODE RIG_ACCOUNT);
    rig_stop();
    rig_wait(100);
    rig_login((futu_login_opts){ 0 });
    READY();
    ck_assert_uint_eq(rig_count("/authority/"), 3);
    rig_end();
}
END_TEST

START_TEST(a_wrong_password_is_final_and_names_the_platform)
{
    rig_begin(RIG_ACCOUNT NO_SMS);
    rig_login((futu_login_opts){ .pwd = "wrong", .auth_server = "" });
    ck_assert_uint_eq(rig.failures, 1);
    ck_assert_int_eq(rig.failure.code, 2);
    ck_assert_ptr_nonnull(strstr(rig.failure.why, "account/password mismatch (error_code=2"));
    ck_assert_ptr_nonnull(strstr(rig.failure.hint, "--platform moomoo"));
    ck_assert_uint_eq(rig_count("/authority/"), 1);
    rig_end();
}
END_TEST

START_TEST(the_account_s_region_leads_to_the_other_server)
{
    rig_begin(RIG_ACCOUNT NO_SMS "attribution = 3\n");
    rig_login((futu_login_opts){ .auth_server = "" });
    READY();
    check_result();
    ck_assert_str_eq(rig_calls(), "GET auth.futunn.com /authority/salt\n"
                                  "GET auth.moomoo.com /authority/salt\n"
                                  "POST auth.moomoo.com /authority/\n"
                                  "POST authority.futuhk.com /broker_auth/client_auth\n"
                                  "POST authority.us.moomoo.com /broker_auth/client_auth\n");
    rig_stop();
    rig_login((futu_login_opts){ .auth_server = "" });      /* the file names the region */
    READY();
    ck_assert_uint_eq(rig_count("/authority/salt"), 2);
    rig_end();
}
END_TEST

START_TEST(the_platform_that_is_named_is_asked_first)
{
    rig_begin(RIG_ACCOUNT NO_SMS "attribution = 2\n");
    rig_login((futu_login_opts){ .auth_server = "", .platform = "moomoo" });
    READY();
    ck_assert_ptr_null(strstr(rig_calls(), "auth.futunn.com"));
    rig_end();
}
END_TEST

START_TEST(two_servers_that_send_the_account_to_each_other_are_told)
{
    rig_begin("[fault]\ncall = salt\nnth = 2\nbody = {\"result\":{\"salt\":\"a\","
              "\"user_attribution\":1}}\n" RIG_ACCOUNT NO_SMS "attribution = 3\n");
    rig_login((futu_login_opts){ .auth_server = "" });
    ck_assert_uint_eq(rig.failures, 1);
    ck_assert_ptr_nonnull(strstr(rig.failure.why, "each other"));
    rig_end();
}
END_TEST

START_TEST(a_server_of_the_user_s_own_is_kept_for_every_call)
{
    rig_begin(RIG_ACCOUNT NO_SMS "attribution = 3\n");
    rig_login((futu_login_opts){ 0 });
    READY();
    ck_assert_ptr_null(strstr(rig_calls(), "moomoo"));
    ck_assert_ptr_null(strstr(rig_calls(), "futu"));
    ck_assert_int_eq(result()->attribution, 3);
    rig_end();
}
END_TEST

START_TEST(an_unknown_region_keeps_the_server_with_a_warning)
{
    rig_begin(RIG_ACCOUNT NO_SMS "attribution = 77\n");
    rig_login((futu_login_opts){ 0 });
    READY();
    ck_assert_ptr_nonnull(strstr(rig.log, "region 77"));
    rig_end();
}
END_TEST

START_TEST(a_phone_is_sent_without_its_region)
{
    rig_begin("[account]\nname = 13900000000\nregion = 86\npassword = secret\nsms = no\n");
    rig_login((futu_login_opts){ .account = "+86-13900000000" });
    READY();
    rig_end();
}
END_TEST

START_TEST(a_third_factor_is_asked_for)
{
    rig_begin(RIG_ACCOUNT NO_SMS "otp = 778899\n");
    rig_login((futu_login_opts){ 0 });
    ck_assert_uint_eq(rig.asks, 1);
    ck_assert(rig.ask.third);
    rig_code("778899");
    READY();
    check_result();
    rig_end();
}
END_TEST

START_TEST(a_client_that_is_too_old_is_told_so)
{
    rig_begin("[auth]\nclient-version = 2000\n" RIG_ACCOUNT);
    rig_login((futu_login_opts){ 0 });
    ck_assert_int_eq(rig.failure.code, 45);
    ck_assert_ptr_nonnull(strstr(rig.failure.hint, "too old"));
    rig_end();
}
END_TEST

START_TEST(a_captcha_is_no_reason_to_ask_again)
{
    rig_begin("[fault]\ncall = login\nerror = 11\n" RIG_ACCOUNT);
    rig_login((futu_login_opts){ 0 });
    ck_assert_int_eq(rig.failure.code, 11);
    ck_assert_uint_eq(rig_count("/authority/"), 1);
    rig_end();
}
END_TEST

START_TEST(one_broker_that_fails_keeps_nobody_from_starting)
{
    rig_begin(RIG_ACCOUNT NO_SMS "bad-brokers = 1007\n");
    rig_login((futu_login_opts){ 0 });
    READY();
    struct auth_result r;
    ck_assert_int_eq(auth_result_copy(&r, result()), FUTU_OK);
    ck_assert_int_eq(auth_result_broker(&r, 1001)->err, FUTU_OK);
    ck_assert_int_eq(auth_result_broker(&r, 1007)->err, FUTU_EAUTH);
    ck_assert_ptr_nonnull(strstr(auth_result_broker(&r, 1007)->why, "20029"));
    ck_assert_ptr_null(auth_result_broker(&r, 1));
    auth_result_free(&r);
    ck_assert_int_eq(flow_last_failure(rig.flow)->err, FUTU_OK);
    rig_end();
}
END_TEST

START_TEST(a_broker_s_used_code_is_renewed)
{
    first_login(RIG_CODE RIG_ACCOUNT);
    ck_assert_int_eq(flow_broker_again(rig.flow, 1001), FUTU_OK);
    ck_assert_int_eq(flow_broker_again(rig.flow, 9), FUTU_ENOTFOUND);
    rig_pump();
    ck_assert_uint_eq(rig.brokers, 1);      /* the code's answer has no web_sig: see the reason */
    struct auth_result copy;
    ck_assert_int_eq(auth_result_copy(&copy, result()), FUTU_OK);
    ck_assert_ptr_nonnull(strstr(auth_result_broker(&copy, 1001)->why, "web_sig"));
    auth_result_free(&copy);
    ck_assert_int_eq(flow_renew(rig.flow), FUTU_OK);
    rig_pump();
    ck_assert_uint_eq(rig.renewals, 1);
    for (unsigned i = 2; i < 4; i++) {      /* first the list's code, then one that is pulled */
        ck_assert_int_eq(flow_broker_again(rig.flow, 1001), FUTU_OK);
        ck_assert_int_eq(flow_broker_again(rig.flow, 1001), FUTU_EBUSY);
        rig_pump();
        ck_assert_uint_eq(rig.brokers, i);
        check_result();
    }
    ck_assert_uint_eq(rig_count("/authority/repull_auth_code"), 1);
    rig_end();
}
END_TEST

START_TEST(setup_only_ends_before_the_brokers)
{
    rig_begin(RIG_ACCOUNT NO_SMS);
    rig_login((futu_login_opts){ .setup_only = 1 });
    READY();
    ck_assert_uint_eq(rig_count("/broker_auth/client_auth"), 0);
    rig_wait(40 * 86400);
    ck_assert_uint_eq(rig_count("/authority/"), 1);
    rig_end();
}
END_TEST

START_TEST(the_saved_login_is_renewed_before_it_ends)
{
    rig_begin(RIG_ACCOUNT NO_SMS);
    rig_login((futu_login_opts){ 0 });
    READY();
    for (unsigned i = 1; i <= 4; i++) {
        rig_wait(27 * 86400 - 1);
        ck_assert_uint_eq(rig.renewals, i - 1);
        rig_wait(1);
        ck_assert_uint_eq(rig.renewals, i);
        check_sig(&result()->client_sig, &result()->client_key, 9000001);
    }
    ck_assert_uint_eq(rig_count("/authority/salt"), 1);
    rig_end();
}
END_TEST

START_TEST(renewals_back_off_and_rest_after_five_failures)
{
    static const int64_t pauses[] = { 60, 120, 240, 600, 600 };
    struct flow_health h;
    rig_begin("[fault]\ncall = login\nnth = 2\ncount = 6\nerror = 23\n" RIG_ACCOUNT NO_SMS);
    rig_login((futu_login_opts){ 0 });
    READY();
    rig_wait(27 * 86400);
    for (size_t i = 0; i < ARRAY_LEN(pauses); i++) {
        flow_health(rig.flow, &h);
        ck_assert_uint_eq(h.failures, i + 1);
        ck_assert(i == 4 ? h.circuit_s != 0 : h.circuit_s == 0);
        ck_assert_int_eq(h.next_s, rig.now.wall_ns / NS_PER_S + pauses[i]);
        ck_assert_int_eq(flow_renew(rig.flow), FUTU_EREFUSED);
        rig_wait(pauses[i] - 1);
        ck_assert_uint_eq(rig_count("/authority/"), i + 2);
        rig_wait(1);
        ck_assert_uint_eq(rig_count("/authority/"), i + 3);
    }
    rig_wait(600);
    ck_assert_uint_eq(rig.renewals, 1);
    flow_health(rig.flow, &h);
    ck_assert_uint_eq(h.failures, 0);
    ck_assert_uint_eq(rig.failures, 0);     /* the login itself stays up all the time */
    ck_assert_int_eq(flow_state(rig.flow), FLOW_READY);
    rig_end();
}
END_TEST

START_TEST(while_running_nobody_is_asked_for_a_code)
{
    first_login("[auth]\ncode = 123456\nticket-life = 500\n" RIG_ACCOUNT);
    rig_wait(600);
    ck_assert_int_eq(flow_renew(rig.flow), FUTU_OK);
    ck_assert_int_eq(flow_renew(rig.flow), FUTU_EBUSY);
    rig_pump();
    ck_assert_ptr_nonnull(strstr(rig.log, "error_code=20"));
    ck_assert_uint_eq(rig.sms, 1);
    ck_assert_uint_eq(rig.failures, 0);
    ck_assert_ptr_nonnull(flow_result(rig.flow));
    rig_end();
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
    rig_begin(RIG_ACCOUNT NO_SMS);
    rig_login((futu_login_opts){ 0 });
    READY();
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        rig_stop();
        rig_break(all[i].err, all[i].stage, all[i].why);
        rig_login((futu_login_opts){ 0 });
        ck_assert_uint_eq(rig.failures, 1);
        ck_assert_int_eq(rig.failure.err, all[i].err);
        ck_assert_str_eq(rig.failure.stage, all[i].name);
        ck_assert_msg(strncmp(rig.failure.why, all[i].name, strlen(all[i].name)) == 0, "%s",
                      rig.failure.why);
        ck_assert_ptr_nonnull(strstr(rig.failure.why, strchr(all[i].why, ' ')));
    }
    rig_break(FUTU_OK, HTTPS_DNS, NULL);
    flow_start(rig.flow);                   /* and the saved login is still there */
    rig_pump();
    READY();
    rig_end();
}
END_TEST

START_TEST(what_is_no_answer_is_refused)
{
    static const char *const all[] = {
        "status = 502\nbody = <html>\n", "status = 200\nbody = {}\n", "body = {\"result\":{}}\n",
        "body = {\"result\":[]}\n", "body = {\"result\":{\"salt\":5}}\n", "status = 302\nbody = x\n",
        "status = 500\nbody = {\"result\":{\"salt\":\"a\",\"user_attribution\":1}}\n",
    };
    char text[512];
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        snprintf(text, sizeof(text), "[fault]\ncall = salt\n%s" RIG_ACCOUNT, all[i]);
        rig_begin(text);
        rig_login((futu_login_opts){ 0 });
        ck_assert_uint_eq(rig.failures, 1);
        ck_assert_msg(rig.failure.err == FUTU_EPROTO || rig.failure.err == FUTU_EFORMAT, "%zu: %s",
                      i, rig.failure.why);
        rig_end();
    }
}
END_TEST

START_TEST(no_secret_is_logged)
{
    static const char *const never[] = { "secret", "123456\"", "5ebe2294ecd0e0f08eab7690d2a6ee69" };
    first_login(RIG_CODE RIG_ACCOUNT);
    for (size_t i = 0; i < ARRAY_LEN(never); i++)
        ck_assert_msg(!strstr(rig.log, never[i]), "%s is in:\n%s", never[i], rig.log);
    ck_assert_ptr_nonnull(strstr(rig.log, "POST raw: {\"account\":\"12345678\",\"tgtgt\":\"<REDACTED len="));
    ck_assert_ptr_nonnull(strstr(rig.log, "\"salt\":\"<REDACTED len=16>\""));
    ck_assert_ptr_nonnull(strstr(rig.log, "error_code=20"));
    ck_assert_ptr_nonnull(strstr(rig.log, rig.login.device_id));
    rig_end();
}
END_TEST

/* Runs a login with everything in it, with one failing allocation in one of its steps; true: one did
 * fail. */
static bool run_failing(unsigned step, long n)
{
    bool failed = false;
    rig_begin(RIG_CODE RIG_ACCOUNT);
    rig.hold = true;
    rig_login((futu_login_opts){ 0 });
    for (unsigned i = 0; rig.readies + rig.failures == 0 && i < 40; i++) {
        if (i == step)
            mem_fail_at(n);
        if (!rig_step() && rig.asks)
            flow_code(rig.flow, STR("123456"), false);
        failed = failed || (i == step && mem_failed());
        mem_fail_at(-1);
    }
    rig_pump();
    ck_assert_uint_eq(rig.readies + rig.failures, 1);
    rig_end();
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
    tcase_add_test(tc, one_broker_that_fails_keeps_nobody_from_starting);
    tcase_add_test(tc, a_broker_s_used_code_is_renewed);
    tcase_add_test(tc, setup_only_ends_before_the_brokers);
    tcase_add_test(tc, the_saved_login_is_renewed_before_it_ends);
    tcase_add_test(tc, renewals_back_off_and_rest_after_five_failures);
    tcase_add_test(tc, while_running_nobody_is_asked_for_a_code);
    tcase_add_test(tc, failures_of_the_network_name_their_stage);
    tcase_add_test(tc, what_is_no_answer_is_refused);
    tcase_add_test(tc, no_secret_is_logged);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("flow", add);
}
