/* random_test.c - random bytes fill what they are asked to fill, and no more. */
#include "crypt/random.h"

#include "support.h"

START_TEST(bytes_fill_exactly)
{
    uint8_t a[64] = { 0 }, seen[32] = { 0 };
    for (int round = 0; round < 64; round++) {
        random_bytes(a, 32);
        for (size_t i = 0; i < 32; i++)
            seen[i] |= a[i];
    }
    for (size_t i = 0; i < 32; i++)
        ck_assert_msg(seen[i] != 0, "byte %zu is always 0", i);
    for (size_t i = 32; i < 64; i++)
        ck_assert_uint_eq(a[i], 0);
}
END_TEST

START_TEST(numbers_differ)
{
    uint64_t a = random_u64();
    ck_assert(a != random_u64() || a != random_u64());
}
END_TEST

START_TEST(hex_is_upper_case_and_ends)
{
    static const char digits[] = "0123456789ABCDEF";
    char s[18];
    unsigned seen = 0;
    for (int round = 0; round < 64; round++) {
        memset(s, 'x', sizeof(s));
        random_hex_upper(s, 16);
        ck_assert_uint_eq(strspn(s, digits), 16);
        ck_assert_int_eq(s[16], '\0');
        ck_assert_int_eq(s[17], 'x');
        for (size_t i = 0; i < 16; i++)
            seen |= 1u << (strchr(digits, s[i]) - digits);
    }
    ck_assert_uint_eq(seen, 0xffff);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, bytes_fill_exactly);
    tcase_add_test(tc, numbers_differ);
    tcase_add_test(tc, hex_is_upper_case_and_ends);
}

int main(void)
{
    return run_tcase("crypt/random", add);
}
