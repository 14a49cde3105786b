/* trade_pwd_test.c - which refusals speak of a wrong trade password, and the rest after two. */
#include "access/trade_pwd.h"
#include "support.h"

static const struct {
    const char *text;
    bool wrong;
} texts[] = {
    { "交易密码错误", true },
    { "解锁失败: 交易密码不正确，您还有 8 次机会", true },
    { TRADE_PWD_WRONG, true },
    { "broker 1001: " TRADE_PWD_WRONG, true },
    { "Wrong Password, 9 tries left", true },
    { "unlock_trade failed: incorrect trade password", true },
    { "Invalid pswd", true },
    { "", false },
    { NULL, false },
    { "交易密码错误次数过多 (too many wrong trade passwords): try again in 60 s", false },
    { "wrong one-time password", false },
    { "动态密码错误", false },
    { "no permission for an account", false },
    { "pwdMD5: 32 hex digits are expected", false },
    { "the broker wants a one-time password (otp) as well", false },
    { "请先设置交易密码", false },
    { "network error", false },
};

START_TEST(a_refusal_is_told_by_its_text)
{
    ck_assert_msg(trade_pwd_refusal(str_c(texts[_i].text)) == texts[_i].wrong, "%s",
                  texts[_i].text ? texts[_i].text : "NULL");
}
END_TEST

START_TEST(a_long_text_is_read_as_far_as_it_goes)
{
    char text[2000];
    memset(text, 'x', sizeof(text));
    memcpy(text, "wrong password", 14);
    ck_assert(trade_pwd_refusal((futu_str){ text, sizeof(text) }));
    memset(text, 'x', 14);
    memcpy(text + 1900, "wrong password", 14);
    ck_assert(!trade_pwd_refusal((futu_str){ text, sizeof(text) }));
}
END_TEST

START_TEST(each_wrong_one_from_the_second_on_begins_a_minute)
{
    struct trade_pwd g = { .wrong = 0 };
    trade_pwd_wrong(&g, 5);
    ck_assert_int_eq(trade_pwd_left(&g, 5), 0);
    trade_pwd_wrong(&g, NS_PER_S);
    ck_assert_int_eq(trade_pwd_left(&g, NS_PER_S), 60);
    ck_assert_int_eq(trade_pwd_left(&g, 60 * NS_PER_S + 1), 1);
    ck_assert_int_eq(trade_pwd_left(&g, 61 * NS_PER_S), 0);
    trade_pwd_wrong(&g, 70 * NS_PER_S);
    ck_assert_int_eq(trade_pwd_left(&g, 70 * NS_PER_S), 60);
    trade_pwd_right(&g);
    ck_assert_int_eq(trade_pwd_left(&g, 70 * NS_PER_S), 0);
    trade_pwd_wrong(&g, 71 * NS_PER_S);
    ck_assert_int_eq(trade_pwd_left(&g, 71 * NS_PER_S), 0);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, a_refusal_is_told_by_its_text, 0, ARRAY_LEN(texts));
    tcase_add_test(tc, a_long_text_is_read_as_far_as_it_goes);
    tcase_add_test(tc, each_wrong_one_from_the_second_on_begins_a_minute);
}

int main(void)
{
    return run_tcase("trade password", add);
}
