/* login_test.c - the public calls for passwords: what they refuse, and the keychain file that they
 * keep where no service runs. */
#include <futu/login.h>
#include <stdio.h>
#include <unistd.h>

#include "../support.h"

static char dir[64], why[512], out[1025];
static futu_keychain_opts o;
static const char *where;

static void setup(void)
{
    unsetenv("DBUS_SESSION_BUS_ADDRESS");
    unsetenv("XDG_RUNTIME_DIR");
    snprintf(dir, sizeof(dir), "/tmp/futu-login-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    o = (futu_keychain_opts)FUTU_KEYCHAIN_OPTS_INIT;
    o.state_dir = dir;
    o.keychain = "file";
}

static void teardown(void)
{
    rmdir(dir);
}

static futu_err set(int what, const char *account, const char *password)
{
    return futu_keychain_set(what, account, password, &o, &where, why, sizeof(why));
}

static futu_err get(int what, const char *account)
{
    return futu_keychain_get(what, account, out, sizeof(out), &o, &where, why, sizeof(why));
}

static futu_err clear(int what, const char *account)
{
    return futu_keychain_clear(what, account, &o, why, sizeof(why));
}

START_TEST(what_is_stored_for_an_account_is_found_in_both_its_spellings)
{
    ck_assert_msg(set(FUTU_PASSWORD_LOGIN, "13900000000", "secret") == FUTU_OK, "%s", why);
    ck_assert_str_eq(where, "the keychain file");
    ck_assert_int_eq(get(FUTU_PASSWORD_LOGIN, "+86-13900000000"), FUTU_OK);
    ck_assert_str_eq(out, "secret");
    ck_assert_int_eq(get(FUTU_PASSWORD_TRADE, "13900000000"), FUTU_ENOTFOUND);
    ck_assert_int_eq(set(FUTU_PASSWORD_LOGIN, "+86-13900000000", "other"), FUTU_OK);
    ck_assert_int_eq(get(FUTU_PASSWORD_LOGIN, "+86-13900000000"), FUTU_OK);
    ck_assert_str_eq(out, "other");
    ck_assert_int_eq(clear(FUTU_PASSWORD_LOGIN, "+86-13900000000"), FUTU_OK);
    ck_assert_int_eq(get(FUTU_PASSWORD_LOGIN, "13900000000"), FUTU_ENOTFOUND);
    ck_assert_int_eq(clear(FUTU_PASSWORD_LOGIN, "+86-13900000000"), FUTU_ENOTFOUND);
}
END_TEST

START_TEST(the_trade_password_of_an_account_is_stronger_than_that_of_all)
{
    ck_assert_int_eq(set(FUTU_PASSWORD_TRADE, NULL, "for all"), FUTU_OK);
    ck_assert_int_eq(get(FUTU_PASSWORD_TRADE, "1"), FUTU_OK);
    ck_assert_str_eq(out, "for all");
    ck_assert_int_eq(set(FUTU_PASSWORD_TRADE, "1", "for one"), FUTU_OK);
    ck_assert_int_eq(get(FUTU_PASSWORD_TRADE, "1"), FUTU_OK);
    ck_assert_str_eq(out, "for one");
    ck_assert_int_eq(get(FUTU_PASSWORD_TRADE, NULL), FUTU_OK);
    ck_assert_str_eq(out, "for all");
    ck_assert_int_eq(clear(FUTU_PASSWORD_TRADE, "1"), FUTU_OK);
    ck_assert_int_eq(clear(FUTU_PASSWORD_TRADE, NULL), FUTU_OK);
    ck_assert_int_eq(get(FUTU_PASSWORD_TRADE, "1"), FUTU_ENOTFOUND);
}
END_TEST

START_TEST(what_can_not_be_meant_is_refused)
{
    char text[1026];
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    ck_assert_int_eq(set(2, "1", "x"), FUTU_EINVAL);
    ck_assert_int_eq(set(FUTU_PASSWORD_LOGIN, NULL, "x"), FUTU_EINVAL);
    ck_assert_int_eq(set(FUTU_PASSWORD_LOGIN, "+861", "x"), FUTU_EINVAL);
    ck_assert_ptr_nonnull(strstr(why, "account: +861 lacks the dash"));
    ck_assert_int_eq(set(FUTU_PASSWORD_LOGIN, "1", ""), FUTU_EINVAL);
    ck_assert_int_eq(set(FUTU_PASSWORD_LOGIN, "1", NULL), FUTU_EINVAL);
    ck_assert_int_eq(set(FUTU_PASSWORD_LOGIN, "1", text), FUTU_ELIMIT);
    o.keychain = "on";
    ck_assert_int_eq(get(FUTU_PASSWORD_LOGIN, "1"), FUTU_EINVAL);
    o.keychain = NULL;
    o.size = 1;
    ck_assert_int_eq(get(FUTU_PASSWORD_LOGIN, "1"), FUTU_EINVAL);
    ck_assert_int_eq(futu_login_check(NULL, why, sizeof(why)), FUTU_EINVAL);
}
END_TEST

START_TEST(without_a_service_the_way_out_is_named)
{
    o.keychain = NULL;
    ck_assert_int_eq(set(FUTU_PASSWORD_LOGIN, "1", "x"), FUTU_ENOTSUP);
    ck_assert_ptr_nonnull(strstr(why, "no session bus"));
    ck_assert_ptr_nonnull(strstr(why, "--keychain file"));
    ck_assert_int_eq(get(FUTU_PASSWORD_LOGIN, "1"), FUTU_ENOTSUP);
}
END_TEST

START_TEST(a_password_that_does_not_fit_is_not_cut)
{
    char small[4];
    ck_assert_int_eq(set(FUTU_PASSWORD_LOGIN, "1", "secret"), FUTU_OK);
    ck_assert_int_eq(futu_keychain_get(FUTU_PASSWORD_LOGIN, "1", small, sizeof(small), &o, &where,
                                       why, sizeof(why)), FUTU_ELIMIT);
    ck_assert_mem_eq(small, "\0\0\0", 4);
    ck_assert_int_eq(clear(FUTU_PASSWORD_LOGIN, "1"), FUTU_OK);
}
END_TEST

START_TEST(options_of_a_login_are_judged)
{
    futu_login_opts l = FUTU_LOGIN_OPTS_INIT;
    l.account = "1";
    ck_assert_int_eq(futu_login_check(&l, why, sizeof(why)), FUTU_OK);
    l.platform = "x";
    ck_assert_int_eq(futu_login_check(&l, why, sizeof(why)), FUTU_EINVAL);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, what_is_stored_for_an_account_is_found_in_both_its_spellings);
    tcase_add_test(tc, the_trade_password_of_an_account_is_stronger_than_that_of_all);
    tcase_add_test(tc, what_can_not_be_meant_is_refused);
    tcase_add_test(tc, without_a_service_the_way_out_is_named);
    tcase_add_test(tc, a_password_that_does_not_fit_is_not_cut);
    tcase_add_test(tc, options_of_a_login_are_judged);
}

int main(void)
{
    return run_tcase("api_login", add);
}
