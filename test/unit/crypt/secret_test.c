/* secret_test.c - secrets are copied whole, replaced and wiped. */
#include "crypt/secret.h"

#include "support.h"

START_TEST(set_copies_and_ends_with_a_nul)
{
    struct secret s = SECRET_NULL;
    ck_assert_int_eq(secret_set(&s, "pass\0word", 9), FUTU_OK);
    ck_assert_uint_eq(s.n, 9);
    ck_assert_mem_eq(s.p, "pass\0word", 10);
    secret_wipe(&s);
    ck_assert_ptr_null(s.p);
    ck_assert_uint_eq(s.n, 0);
    secret_wipe(&s);
}
END_TEST

START_TEST(empty_is_not_absent)
{
    struct secret s = SECRET_NULL;
    ck_assert_int_eq(secret_set(&s, NULL, 0), FUTU_OK);
    ck_assert_ptr_nonnull(s.p);
    ck_assert_uint_eq(s.n, 0);
    ck_assert_int_eq(s.p[0], '\0');
    secret_wipe(&s);
}
END_TEST

START_TEST(may_be_set_from_itself)
{
    struct secret s = SECRET_NULL;
    ck_assert_int_eq(secret_set(&s, "abcdef", 6), FUTU_OK);
    ck_assert_int_eq(secret_set(&s, s.p + 2, 3), FUTU_OK);
    ck_assert_uint_eq(s.n, 3);
    ck_assert_mem_eq(s.p, "cde", 4);
    secret_wipe(&s);
}
END_TEST

START_TEST(without_memory_the_old_one_stays)
{
    struct secret s = SECRET_NULL;
    ck_assert_int_eq(secret_set(&s, "old", 3), FUTU_OK);
    mem_fail_at(0);
    ck_assert_int_eq(secret_set(&s, "new one", 7), FUTU_ENOMEM);
    mem_fail_at(-1);
    ck_assert_int_eq(secret_set(&s, "x", SIZE_MAX), FUTU_ENOMEM);
    ck_assert_mem_eq(s.p, "old", 4);
    secret_wipe(&s);
}
END_TEST

START_TEST(room_is_zeroed_and_takes_the_place_of_what_was_there)
{
    struct secret s = SECRET_NULL;
    static const uint8_t zeros[101];
    ck_assert_int_eq(secret_set(&s, "old", 3), FUTU_OK);
    mem_fail_at(0);
    ck_assert_int_eq(secret_room(&s, 100), FUTU_ENOMEM);
    mem_fail_at(-1);
    ck_assert_mem_eq(s.p, "old", 4);
    ck_assert_int_eq(secret_room(&s, 100), FUTU_OK);
    ck_assert_uint_eq(s.n, 100);
    ck_assert_mem_eq(s.p, zeros, 101);
    secret_wipe(&s);
}
END_TEST

START_TEST(wipe_clears)
{
    char a[8] = "secret!";
    wipe(a, 6);
    ck_assert_mem_eq(a, "\0\0\0\0\0\0!", 8);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, set_copies_and_ends_with_a_nul);
    tcase_add_test(tc, empty_is_not_absent);
    tcase_add_test(tc, may_be_set_from_itself);
    tcase_add_test(tc, without_memory_the_old_one_stays);
    tcase_add_test(tc, room_is_zeroed_and_takes_the_place_of_what_was_there);
    tcase_add_test(tc, wipe_clears);
}

int main(void)
{
    return run_tcase("crypt/secret", add);
}
