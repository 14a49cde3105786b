/* trd_unlock_test.c - the trade password of the paper accounts, and which of them it opens. */
#include "access/trade_pwd.h"
#include "crypt/digest.h"
#include "fake_exchange.h"
#include "trd_fixture.h"

static Trd_UnlockTrade_C2S q;
static char hex[33];

static int32_t ask(const char *pwd, int32_t firm, const uint64_t *ids, size_t n)
{
    uint8_t digest[16];
    hex[0] = '\0';
    if (pwd) {
        md5(pwd, strlen(pwd), digest);
        hex_lower(digest, 16, hex);
    }
    q = (Trd_UnlockTrade_C2S){ .pwdMD5 = str_c(hex), .accIDList = (uint64_t *)ids,
                               .n_accIDList = n, .otp = STR("123456") };    /* not looked at */
    SET(&q, unlock, true);
    if (firm)
        SET(&q, securityFirm, firm);
    return fx_call(2005, &q);
}

static int32_t unlock(const char *pwd, int32_t firm)
{
    return ask(pwd, firm, NULL, 0);
}

static const Trd_UnlockTrade_S2C *told(void)
{
    return fx.s2c;
}

START_TEST(the_password_alone_decides)
{
    open_fx();
    ck_assert_int_eq(unlock("paper", 1), 0);
    ck_assert_int_eq(unlock("paper", 0), 0);
    ck_assert_uint_eq(told()->n_accResultList, 1);
    ck_assert_uint_eq(told()->accResultList[0].accID, REAL);
    ck_assert(told()->accResultList[0].success);
    ck_assert_int_eq(told()->accResultList[0].securityFirm, 1);
    ck_assert_int_eq(unlock(NULL, 1), -1);
    ck_assert_msg(fx_said("缺少必要的参数: pwdMD5"), "%s", fx.msg);
    ck_assert_int_eq(unlock("Paper", 1), -1);
    ck_assert_str_eq(fx.msg, TRADE_PWD_WRONG);
    ck_assert_int_eq(unlock("paper", 1), 0);            /* sets the count back */
    fx_close();
}
END_TEST

START_TEST(two_wrong_passwords_in_a_row_are_followed_by_a_minute_of_rest)
{
    open_fx();
    ck_assert_int_eq(unlock("x", 1), -1);
    ck_assert_int_eq(unlock("paper", 3), -1);           /* another failure does not count */
    ck_assert_int_eq(unlock("y", 1), -1);
    ck_assert_int_eq(unlock("paper", 1), -1);
    ck_assert_msg(fx_said("try again in 60 s"), "%s", fx.msg);
    clock_fake_advance(&fx.ticks, 60 * NS_PER_S);
    ck_assert_int_eq(unlock("z", 1), -1);               /* the row goes on */
    ck_assert_int_eq(unlock("paper", 1), -1);
    clock_fake_advance(&fx.ticks, 60 * NS_PER_S);
    ck_assert_int_eq(unlock("paper", 1), 0);
    q = (Trd_UnlockTrade_C2S){ .pwdMD5 = STR("") };
    SET(&q, unlock, false);
    ck_assert_int_eq(fx_call(2005, &q), 0);
    ck_assert_uint_eq(told()->n_accResultList, 1);
    fx_close();
}
END_TEST

START_TEST(accounts_and_firm_together_mean_their_intersection)
{
    const uint64_t both[] = { REAL, US_SIM }, sim[] = { US_SIM }, odd[] = { REAL, 77 },
                   zero[] = { REAL, 0 }, none[] = { 77 };
    open_fx();
    ck_assert_int_eq(ask("paper", 0, both, 2), 0);
    ck_assert_uint_eq(told()->n_accResultList, 2);
    ck_assert(told()->accResultList[1].success);
    ck_assert_int_eq(told()->accResultList[1].trdEnv, Trd_Common_TrdEnv_Simulate);
    ck_assert_int_eq(ask("paper", 1, both, 2), 0);
    ck_assert_uint_eq(told()->n_accResultList, 1);
    ck_assert_int_eq(ask("paper", 1, sim, 1), -1);
    ck_assert_str_eq(fx.msg, "there is no such account: 9100002 is simulated");
    ck_assert_int_eq(ask("paper", 3, both, 1), -1);
    ck_assert_str_eq(fx.msg, "there is no such account: 281756455983234 is of securityFirm 1");
    ck_assert_int_eq(unlock("paper", 3), -1);
    ck_assert_str_eq(fx.msg, "no real account of securityFirm 3; there is 281756455983234 "
                             "(securityFirm 1)");
    ck_assert_int_eq(ask("paper", 0, odd, 2), 0);
    ck_assert(told()->accResultList[0].success && !told()->accResultList[1].success);
    ck_assert_str_eq(told()->accResultList[1].errorMsg.p, "unknown account");
    ck_assert_int_eq(ask("paper", 0, none, 1), -1);
    ck_assert_str_eq(fx.msg, "there is no such account: 77 is unknown");
    ck_assert_int_eq(ask("paper", 0, zero, 2), -1);
    ck_assert_str_eq(fx.msg, "accIDList[1] is 0");
    fx_close();
}
END_TEST

static void add(TCase *tc)
{
    (void)fake_trade;
    tcase_add_test(tc, the_password_alone_decides);
    tcase_add_test(tc, two_wrong_passwords_in_a_row_are_followed_by_a_minute_of_rest);
    tcase_add_test(tc, accounts_and_firm_together_mean_their_intersection);
}

int main(void)
{
    return run_tcase("trd_unlock", add);
}
