/* flow_again_test.c - what an operator may ask of a login: another SMS, and a login made anew by a
 * password; against the emulator in one process, with its own clock. */
#include "login_rig.h"

#include "crypt/digest.h"

static void set_password(const char *text)
{
    uint8_t raw[16];
    char hex[33];
    struct secret s = SECRET_NULL;
    md5(text, strlen(text), raw);
    hex_lower(raw, sizeof(raw), hex);
    ck_assert_int_eq(secret_set(&s, hex, 32), FUTU_OK);
    ck_assert_int_eq(login_set_password(&lrig.login, &s), FUTU_OK);
    secret_wipe(&s);
}

static void restart(void)
{
    ck_assert(flow_may_restart(lrig.flow));
    flow_restart(lrig.flow);
    lrig_pump();
}

START_TEST(another_sms_is_sent_while_the_code_of_one_is_awaited)
{
    lrig_begin(LRIG_CODE LRIG_ACCOUNT);
    lrig_login((futu_login_opts){ 0 });
    lrig_wait(100);
    unsigned logins = lrig_count("/authority/");
    ck_assert_int_eq(flow_resend(lrig.flow), FUTU_OK);
    ck_assert_int_eq(flow_resend(lrig.flow), FUTU_ENOTFOUND);   /* it is under way */
    lrig_pump();
    ck_assert_uint_eq(lrig.sms, 2);
    ck_assert_uint_eq(lrig.asks, 2);
    ck_assert_uint_eq(lrig_count("/authority/"), logins);
    lrig_code("123456");
    READY();
    ck_assert_int_eq(flow_resend(lrig.flow), FUTU_ENOTFOUND);
    lrig_end();
}
END_TEST

START_TEST(another_sms_does_not_prolong_what_the_server_granted)
{
    lrig_begin(LRIG_CODE LRIG_ACCOUNT);
    lrig_login((futu_login_opts){ 0 });
    lrig_wait(200);
    ck_assert_int_eq(flow_resend(lrig.flow), FUTU_OK);
    lrig_pump();
    lrig_wait(99);
    ck_assert_uint_eq(lrig.failures, 0);
    lrig_wait(2);
    ck_assert_uint_eq(lrig.failures, 1);
    ck_assert_int_eq(lrig.failure.err, FUTU_ETIMEDOUT);
    lrig_end();
}
END_TEST

START_TEST(a_login_that_is_done_is_made_anew_by_another_password)
{
    lrig_first_login(LRIG_CODE LRIG_ACCOUNT);
    unsigned salts = lrig_count("/authority/salt");
    restart();
    ck_assert_uint_eq(lrig.readies, 2);
    ck_assert_uint_eq(lrig_count("/authority/salt"), salts + 1);   /* not by the saved login */
    lrig_check_result();
    lrig_end();
}
END_TEST

START_TEST(a_wrong_password_leaves_the_saved_login_to_be_gone_on_with)
{
    lrig_begin(LRIG_ACCOUNT NO_SMS);
    lrig_login((futu_login_opts){ 0 });
    READY();
    set_password("wrong");
    restart();
    ck_assert_uint_eq(lrig.failures, 1);
    ck_assert_int_eq(lrig.failure.code, 2);
    ck_assert_ptr_null(flow_result(lrig.flow));
    ck_assert_int_eq(flow_renew(lrig.flow), FUTU_ENOTCONN);
    flow_start(lrig.flow);
    lrig_pump();
    ck_assert_uint_eq(lrig.readies, 2);
    lrig_check_result();
    lrig_end();
}
END_TEST

START_TEST(a_code_that_is_awaited_is_given_up_for_a_new_login)
{
    lrig_begin(LRIG_CODE LRIG_ACCOUNT);
    lrig_login((futu_login_opts){ 0 });
    lrig_wait(250);
    restart();
    ck_assert_uint_eq(lrig.sms, 2);
    lrig_wait(60);                          /* the first one's time is over */
    ck_assert_uint_eq(lrig.failures, 0);
    lrig_code("123456");
    ck_assert_uint_eq(lrig.failures, 0);
    lrig_end();
}
END_TEST

START_TEST(nothing_begins_anew_while_a_call_is_under_way)
{
    lrig_begin(LRIG_ACCOUNT NO_SMS);
    lrig.hold = true;
    lrig_login((futu_login_opts){ 0 });
    for (bool more = true; more && flow_state(lrig.flow) != FLOW_READY; more = lrig_step()) {
        unsigned calls = lrig_count(NULL);
        ck_assert(!flow_may_restart(lrig.flow));
        flow_restart(lrig.flow);
        ck_assert_uint_eq(lrig_count(NULL), calls);
    }
    lrig_pump();
    READY();
    lrig_end();
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, another_sms_is_sent_while_the_code_of_one_is_awaited);
    tcase_add_test(tc, another_sms_does_not_prolong_what_the_server_granted);
    tcase_add_test(tc, a_login_that_is_done_is_made_anew_by_another_password);
    tcase_add_test(tc, a_wrong_password_leaves_the_saved_login_to_be_gone_on_with);
    tcase_add_test(tc, a_code_that_is_awaited_is_given_up_for_a_new_login);
    tcase_add_test(tc, nothing_begins_anew_while_a_call_is_under_way);
}

int main(void)
{
    return run_tcase("flow_again", add);
}
