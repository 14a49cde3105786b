/* str_test.c - borrowed text. */
#include "base/str.h"

#include "base/arena.h"
#include "support.h"

START_TEST(equality_is_of_bytes)
{
    ck_assert(str_eq(STR("ab"), STR("ab")));
    ck_assert(!str_eq(STR("ab"), STR("abc")));
    ck_assert(!str_eq(STR("ab"), STR("aB")));
    ck_assert(str_eq(STR_NULL, STR("")));
    ck_assert(!str_eq((futu_str){ "a\0b", 3 }, (futu_str){ "a\0c", 3 }));
    ck_assert(str_is(STR("x"), "x"));
    ck_assert(str_eq(str_c(NULL), STR_NULL));
}
END_TEST

START_TEST(numbers_are_digits_only)
{
    static const char *const bad[] = { "", "-1", "+1", " 1", "1 ", "0x10", "1.0", "1e3", "a", "/",
                                       ":", "18446744073709551616", "99999999999999999999" };
    uint64_t v = 42;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        ck_assert_msg(!str_to_u64(str_c(bad[i]), &v), "\"%s\"", bad[i]);
    ck_assert_uint_eq(v, 42);
    ck_assert(str_to_u64(STR("0"), &v) && v == 0);
    ck_assert(str_to_u64(STR("007"), &v) && v == 7);
    ck_assert(str_to_u64(STR("18446744073709551615"), &v) && v == UINT64_MAX);
    ck_assert(str_to_u64((futu_str){ "123", 2 }, &v) && v == 12);
}
END_TEST

START_TEST(visible_is_ascii_without_blanks_and_controls)
{
    ck_assert(str_visible(STR("!~")));
    ck_assert(!str_visible(STR("")) && !str_visible(STR_NULL));
    ck_assert(!str_visible(STR("a b")) && !str_visible(STR("a\r")) && !str_visible(STR("\x7f")));
    ck_assert(!str_visible(STR("\xc3\xa4")) && !str_visible(STR("a\0b")));
}
END_TEST

START_TEST(percent_is_decoded_byte_by_byte)
{
    static const char *const wrong[] = { "%", "%4", "%4g", "%g4", "%%4" };
    futu_str s = STR("a%41%fF+%00");
    static const int want[] = { 'a', 'A', 0xff, '+', 0 };
    for (size_t i = 0; i < ARRAY_LEN(want); i++)
        ck_assert_int_eq(str_percent(&s), want[i]);
    ck_assert_uint_eq(s.n, 0);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        s = str_c(wrong[i]);
        ck_assert_int_eq(str_percent(&s), -1);
    }
}
END_TEST

START_TEST(copy_cuts_and_ends_with_a_nul)
{
    char d[4];
    memset(d, 'x', sizeof(d));
    ck_assert(str_copy(d, sizeof(d), STR("abc")));
    ck_assert_str_eq(d, "abc");
    ck_assert(!str_copy(d, sizeof(d), STR("abcd")));
    ck_assert_str_eq(d, "abc");
    ck_assert(str_copy(d, 1, STR_NULL));
    ck_assert_str_eq(d, "");
    ck_assert(!str_copy(d, 1, STR("a")));
    ck_assert_str_eq(d, "");
}
END_TEST

START_TEST(dup_and_printf_in_an_arena)
{
    struct arena a = ARENA_INIT;
    futu_str s = str_dup(&a, (futu_str){ "abcdef", 3 });
    ck_assert_uint_eq(s.n, 3);
    ck_assert_str_eq(s.p, "abc");
    s = str_printf(&a, "%s %d", "HK", 700);
    ck_assert_uint_eq(s.n, 6);
    ck_assert_str_eq(s.p, "HK 700");
    arena_free(&a);
    for (long n = 0; test_alloc_fail_at(n); n++) {
        s = str_dup(&a, STR("abc"));
        ck_assert_int_eq(s.p == NULL, mem_failed());
        ck_assert_uint_eq(s.n, s.p ? 3 : 0);
        s = str_printf(&a, "%05000d", 1);
        ck_assert_int_eq(s.p == NULL, mem_failed());
        ck_assert_uint_eq(s.n, s.p ? 5000 : 0);
        arena_free(&a);
    }
}
END_TEST

START_TEST(hash_is_fnv_1a)
{
    ck_assert_uint_eq(str_hash(STR("")), UINT64_C(0xcbf29ce484222325));
    ck_assert_uint_eq(str_hash(STR("a")), UINT64_C(0xaf63dc4c8601ec8c));
    ck_assert_uint_eq(str_hash(STR("foobar")), UINT64_C(0x85944171f73967e8));
}
END_TEST

START_TEST(distance_of_words)
{
    ck_assert_uint_eq(futu_word_distance(STR(""), STR("")), 0);
    ck_assert_uint_eq(futu_word_distance(STR("port"), STR("port")), 0);
    ck_assert_uint_eq(futu_word_distance(STR("prot"), STR("port")), 2);
    ck_assert_uint_eq(futu_word_distance(STR("kitten"), STR("sitting")), 3);
    ck_assert_uint_eq(futu_word_distance(STR(""), STR("abc")), 3);
    ck_assert_uint_eq(futu_word_distance(STR("abc"), STR("")), 3);
    char word[32];
    memset(word, 'a', sizeof(word));
    ck_assert_uint_eq(futu_word_distance((futu_str){ word, 31 }, STR("a")), 30);
    ck_assert_uint_ge(futu_word_distance((futu_str){ word, 32 }, STR("a")), 32);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, equality_is_of_bytes);
    tcase_add_test(tc, numbers_are_digits_only);
    tcase_add_test(tc, visible_is_ascii_without_blanks_and_controls);
    tcase_add_test(tc, percent_is_decoded_byte_by_byte);
    tcase_add_test(tc, copy_cuts_and_ends_with_a_nul);
    tcase_add_test(tc, dup_and_printf_in_an_arena);
    tcase_add_test(tc, hash_is_fnv_1a);
    tcase_add_test(tc, distance_of_words);
}

int main(void)
{
    return run_tcase("base/str", add);
}
