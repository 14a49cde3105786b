/* totp_test.c - one-time codes against the vectors of RFC 6238, of which six digits are kept. */
#include "crypt/totp.h"

#include "support.h"

START_TEST(the_vectors_of_the_rfc)
{
    static const struct {
        int64_t at;
        const char *code;
    } rows[] = {
        { 59, "287082" },         { 1111111109, "081804" }, { 1111111111, "050471" },
        { 1234567890, "005924" }, { 2000000000, "279037" }, { INT64_C(20000000000), "353130" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char code[TOTP_DIGITS + 1];
        totp("12345678901234567890", 20, rows[i].at, code);
        ck_assert_str_eq(code, rows[i].code);
    }
}
END_TEST

START_TEST(a_code_holds_for_its_step)
{
    char first[TOTP_DIGITS + 1], last[TOTP_DIGITS + 1], next[TOTP_DIGITS + 1];
    totp("key", 3, 300, first);
    totp("key", 3, 329, last);
    totp("key", 3, 330, next);
    ck_assert_str_eq(first, last);
    ck_assert_str_ne(first, next);
    totp("key", 3, -5, first);
    totp("key", 3, 0, last);
    ck_assert_str_eq(first, last);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, the_vectors_of_the_rfc);
    tcase_add_test(tc, a_code_holds_for_its_step);
}

int main(void)
{
    return run_tcase("totp", add);
}
