/* mark_test.c - marks in remarks of orders: made, found, told apart, taken off. */
#include "support.h"

#include <stdio.h>

#include "access/mark.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define OTHER_SECRET "fedcba9876543210fedcba9876543210"

static char own[MARK_LEN + 1], foreign[MARK_LEN + 1];

static void make_marks(void)
{
    mark_make(SECRET, "key-1", own);
    mark_make(OTHER_SECRET, "key-1", foreign);
}

START_TEST(a_mark_depends_on_key_and_secret)
{
    char again[MARK_LEN + 1], another[MARK_LEN + 1];
    make_marks();
    mark_make(SECRET, "key-1", again);
    mark_make(SECRET, "key-2", another);
    ck_assert_uint_eq(strlen(own), MARK_LEN);
    ck_assert_int_eq(own[0], '~');
    ck_assert_str_eq(own, again);
    ck_assert_str_ne(own, another);
    ck_assert_str_ne(own, foreign);
}
END_TEST

static bool has_mark(const char *before, const char *mark, const char *after)
{
    char text[128];
    snprintf(text, sizeof(text), "%s%s%s", before, mark, after);
    futu_str m = mark_in(str_c(text));
    ck_assert(!m.p || m.n == MARK_LEN);
    return m.p;
}

START_TEST(a_mark_stands_at_the_end_and_alone)
{
    make_marks();
    ck_assert(has_mark("", own, ""));
    ck_assert(has_mark("hello ", own, ""));
    ck_assert(has_mark("ünïcode ", foreign, ""));
    ck_assert(!has_mark("hello", own, ""));
    ck_assert(!has_mark("", own, " "));
    ck_assert(!has_mark("", own + 1, ""));
    ck_assert(!has_mark("", "~abcdefghijklmnop1", ""));         /* no 1 in base 32 */
    ck_assert(!has_mark("", "~ABCDEFGHIJKLMNOPQ", ""));
    ck_assert(has_mark("", "~abcdefghijklmnopq", ""));          /* whoever made it */
    ck_assert(!has_mark("", "", ""));
}
END_TEST

START_TEST(whose_it_is_only_the_secret_tells)
{
    make_marks();
    ck_assert(mark_is_own(SECRET, str_c(own)));
    ck_assert(!mark_is_own(SECRET, str_c(foreign)));
    ck_assert(!mark_is_own(OTHER_SECRET, str_c(own)));
    own[MARK_LEN - 1] = own[MARK_LEN - 1] == 'a' ? 'b' : 'a';
    ck_assert(!mark_is_own(SECRET, str_c(own)));
}
END_TEST

START_TEST(the_rest_is_the_remark)
{
    char text[64];
    make_marks();
    snprintf(text, sizeof(text), "hello there %s", own);
    ck_assert(str_is(mark_less(str_c(text)), "hello there"));
    ck_assert_uint_eq(mark_less(str_c(own)).n, 0);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_mark_depends_on_key_and_secret);
    tcase_add_test(tc, a_mark_stands_at_the_end_and_alone);
    tcase_add_test(tc, whose_it_is_only_the_secret_tells);
    tcase_add_test(tc, the_rest_is_the_remark);
}

int main(void)
{
    return run_tcase("mark", add);
}
