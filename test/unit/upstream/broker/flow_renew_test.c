/* flow_renew_test.c - a login that stays up: its renewals, and the brokers' signatures. */
#include "login_rig.h"

START_TEST(one_broker_that_fails_keeps_nobody_from_starting)
{
    lrig_begin(LRIG_ACCOUNT NO_SMS "bad-brokers = 1007\n");
    lrig_login((futu_login_opts){ 0 });
    READY();
    struct auth_result r;
    ck_assert_int_eq(auth_result_copy(&r, lrig_result()), FUTU_OK);
    ck_assert_int_eq(auth_result_broker(&r, 1001)->err, FUTU_OK);
    ck_assert_int_eq(auth_result_broker(&r, 1007)->err, FUTU_EAUTH);
    ck_assert_ptr_nonnull(strstr(auth_result_broker(&r, 1007)->why, "20029"));
    ck_assert_ptr_null(auth_result_broker(&r, 1));
    auth_result_free(&r);
    ck_assert_int_eq(flow_last_failure(lrig.flow)->err, FUTU_OK);
    lrig_end();
}
END_TEST

START_TEST(a_broker_s_used_code_is_renewed)
{
    lrig_first_login(LRIG_CODE LRIG_ACCOUNT);
    ck_assert_int_eq(flow_broker_again(lrig.flow, 1001), FUTU_OK);
    ck_assert_int_eq(flow_broker_again(lrig.flow, 9), FUTU_ENOTFOUND);
    lrig_pump();
    ck_assert_uint_eq(lrig.brokers, 1);      /* the code's answer has no web_sig: see the reason */
    struct auth_result copy;
    ck_assert_int_eq(auth_result_copy(&copy, lrig_result()), FUTU_OK);
    ck_assert_ptr_nonnull(strstr(auth_result_broker(&copy, 1001)->why, "web_sig"));
    auth_result_free(&copy);
    ck_assert_int_eq(flow_renew(lrig.flow), FUTU_OK);
    lrig_pump();
    ck_assert_uint_eq(lrig.renewals, 1);
    for (unsigned i = 2; i < 4; i++) {      /* first the list's code, then one that is pulled */
        ck_assert_int_eq(flow_broker_again(lrig.flow, 1001), FUTU_OK);
        ck_assert_int_eq(flow_broker_again(lrig.flow, 1001), FUTU_EBUSY);
        lrig_pump();
        ck_assert_uint_eq(lrig.brokers, i);
        lrig_check_result();
    }
    ck_assert_uint_eq(lrig_count("/authority/repull_auth_code"), 1);
    lrig_end();
}
END_TEST

START_TEST(the_saved_login_is_renewed_before_it_ends)
{
    lrig_begin(LRIG_ACCOUNT NO_SMS);
    lrig_login((futu_login_opts){ 0 });
    READY();
    for (unsigned i = 1; i <= 4; i++) {
        lrig_wait(27 * 86400 - 1);
        ck_assert_uint_eq(lrig.renewals, i - 1);
        lrig_wait(1);
        ck_assert_uint_eq(lrig.renewals, i);
        lrig_check_sig(&lrig_result()->client_sig, &lrig_result()->client_key, 9000001);
    }
    ck_assert_uint_eq(lrig_count("/authority/salt"), 1);
    lrig_end();
}
END_TEST

START_TEST(renewals_back_off_and_rest_after_five_failures)
{
    static const int64_t pauses[] = { 60, 120, 240, 600, 600 };
    struct flow_health h;
    lrig_begin("[fault]\ncall = login\nnth = 2\ncount = 6\nerror = 23\n" LRIG_ACCOUNT NO_SMS);
    lrig_login((futu_login_opts){ 0 });
    READY();
    lrig_wait(27 * 86400);
    for (size_t i = 0; i < ARRAY_LEN(pauses); i++) {
        flow_health(lrig.flow, &h);
        ck_assert_uint_eq(h.failures, i + 1);
        ck_assert(i == 4 ? h.circuit_s != 0 : h.circuit_s == 0);
        ck_assert_int_eq(h.next_s, lrig.now.wall_ns / NS_PER_S + pauses[i]);
        ck_assert_int_eq(flow_renew(lrig.flow), FUTU_EREFUSED);
        lrig_wait(pauses[i] - 1);
        ck_assert_uint_eq(lrig_count("/authority/"), i + 2);
        lrig_wait(1);
        ck_assert_uint_eq(lrig_count("/authority/"), i + 3);
    }
    lrig_wait(600);
    ck_assert_uint_eq(lrig.renewals, 1);
    flow_health(lrig.flow, &h);
    ck_assert_uint_eq(h.failures, 0);
    ck_assert_uint_eq(lrig.failures, 0);     /* the login itself stays up all the time */
    ck_assert_int_eq(flow_state(lrig.flow), FLOW_READY);
    lrig_end();
}
END_TEST

START_TEST(while_running_nobody_is_asked_for_a_code)
{
    lrig_first_login("[auth]\ncode = 123456\nticket-life = 500\n" LRIG_ACCOUNT);
    lrig_wait(600);
    ck_assert_int_eq(flow_renew(lrig.flow), FUTU_OK);
    ck_assert_int_eq(flow_renew(lrig.flow), FUTU_EBUSY);
    lrig_pump();
    ck_assert_ptr_nonnull(strstr(lrig.log, "error_code=20"));
    ck_assert_uint_eq(lrig.sms, 1);
    ck_assert_uint_eq(lrig.failures, 0);
    ck_assert_ptr_nonnull(flow_result(lrig.flow));
    lrig_end();
}
END_TEST

START_TEST(who_asks_for_it_has_the_signature_renewed_too)
{
    lrig_begin("[auth]\nsig-life = 86400\n" LRIG_ACCOUNT NO_SMS);
    lrig.renew_signature = true;
    lrig_login((futu_login_opts){ 0 });
    READY();
    int64_t first = lrig_result()->client_sig_until_s;
    lrig_wait(86400 - 3600 - 1);
    ck_assert_uint_eq(lrig.renewals, 0);
    lrig_wait(1);
    ck_assert_uint_eq(lrig.renewals, 1);
    ck_assert_int_gt(lrig_result()->client_sig_until_s, first);
    lrig_check_sig(&lrig_result()->client_sig, &lrig_result()->client_key, 9000001);
    lrig_end();
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, who_asks_for_it_has_the_signature_renewed_too);
    tcase_add_test(tc, one_broker_that_fails_keeps_nobody_from_starting);
    tcase_add_test(tc, a_broker_s_used_code_is_renewed);
    tcase_add_test(tc, the_saved_login_is_renewed_before_it_ends);
    tcase_add_test(tc, renewals_back_off_and_rest_after_five_failures);
    tcase_add_test(tc, while_running_nobody_is_asked_for_a_code);
}

int main(void)
{
    return run_tcase("flow_renew", add);
}
