/* idem_test.c - answers kept under their keys: who gets them, how long, how many. */
#include "support.h"

#include <stdio.h>

#include "base/clock.h"
#include "surface/idem.h"

static struct idem x;
static struct idem_entry *e;
static uint64_t mark;

static void setup(void)
{
    idem_init(&x);
}

static void teardown(void)
{
    idem_free(&x);
}

static enum idem_verdict look(const char *caller, const char *key, const char *path,
                              const char *body, int64_t now)
{
    const struct idem_ask a = { caller, str_c(key), str_c(path), str_c(body), mark };
    return idem_look(&x, &a, now, &e);
}

#define A "caller", "key", "/path", "body"

START_TEST(a_repeat_gets_the_first_answer)
{
    ck_assert_int_eq(look(A, 0), IDEM_NEW);
    struct idem_entry *first = e;
    ck_assert_int_eq(look(A, 0), IDEM_WAITING);
    idem_answer(&x, first, STR("answer"), 5);
    ck_assert_int_eq(look(A, 5), IDEM_ANSWERED);
    ck_assert_ptr_eq(e, first);
    ck_assert_uint_eq(e->answer.n, 6);
    ck_assert_mem_eq(e->answer.p, "answer", 6);
}
END_TEST

START_TEST(an_answer_under_another_mark_is_no_longer_true)
{
    ck_assert_int_eq(look(A, 0), IDEM_NEW);
    mark = 1;
    ck_assert_int_eq(look(A, 0), IDEM_WAITING);
    idem_answer(&x, e, STR("answer"), 5);
    ck_assert_int_eq(look(A, 5), IDEM_NEW);
    idem_answer(&x, e, STR("another"), 5);
    ck_assert_int_eq(look(A, 5), IDEM_ANSWERED);
    mark = 0;
    ck_assert_int_eq(look("caller", "key", "/path", "body2", 5), IDEM_NEW);
}
END_TEST

START_TEST(another_request_under_the_key_is_a_conflict)
{
    ck_assert_int_eq(look(A, 0), IDEM_NEW);
    ck_assert_int_eq(look("caller", "key", "/path", "body2", 0), IDEM_OTHER);
    ck_assert_int_eq(look("caller", "key", "/path2", "body", 0), IDEM_OTHER);
    ck_assert_int_eq(look("caller", "key", "/pathb", "ody", 0), IDEM_OTHER);
    ck_assert_int_eq(look("caller", "key", "/path", NULL, 0), IDEM_OTHER);
}
END_TEST

START_TEST(each_caller_has_keys_of_its_own)
{
    ck_assert_int_eq(look(A, 0), IDEM_NEW);
    ck_assert_int_eq(look("", "key", "/path", "body", 0), IDEM_NEW);
    ck_assert_int_eq(look("calle", "rkey", "/path", "body", 0), IDEM_NEW);
    ck_assert_int_eq(look("callerkey", "", "/path", "body", 0), IDEM_NEW);
}
END_TEST

START_TEST(an_answer_lives_ninety_seconds)
{
    ck_assert_int_eq(look(A, 0), IDEM_NEW);
    idem_answer(&x, e, STR("answer"), 1000);
    ck_assert_int_eq(look(A, 1000 + IDEM_LIFE_NS - 1), IDEM_ANSWERED);
    ck_assert_int_eq(look(A, 1000 + IDEM_LIFE_NS), IDEM_NEW);
    ck_assert_int_eq(look(A, 10 * IDEM_LIFE_NS), IDEM_WAITING);     /* as long as it must */
}
END_TEST

START_TEST(what_came_to_nothing_is_forgotten)
{
    ck_assert_int_eq(look(A, 0), IDEM_NEW);
    idem_answer(&x, e, STR_NULL, 0);
    ck_assert_uint_eq(x.by_id.n, 0);
    ck_assert_int_eq(look("caller", "key", "/path", "other", 0), IDEM_NEW);
}
END_TEST

static enum idem_verdict numbered(unsigned i, int64_t now)
{
    char key[16];
    snprintf(key, sizeof(key), "%u", i);
    return look("c", key, "/p", "b", now);
}

START_TEST(the_oldest_answer_gives_way_and_what_waits_does_not)
{
    for (unsigned i = 0; i < IDEM_MAX; i++) {
        ck_assert_int_eq(numbered(i, 0), IDEM_NEW);
        if (i == 10 || i == 20)
            idem_answer(&x, e, STR("a"), 0);
    }
    ck_assert_int_eq(numbered(10, 1), IDEM_ANSWERED);       /* a repeat takes no place */
    ck_assert_int_eq(numbered(0, 1), IDEM_WAITING);
    ck_assert_int_eq(numbered(IDEM_MAX, 1), IDEM_NEW);
    ck_assert_int_eq(numbered(20, 1), IDEM_ANSWERED);
    ck_assert_int_eq(numbered(IDEM_MAX + 1, 1), IDEM_NEW);
    ck_assert_int_eq(numbered(IDEM_MAX + 2, 1), IDEM_FULL);
    ck_assert_ptr_null(e);
    ck_assert_int_eq(numbered(1, 1), IDEM_WAITING);
    ck_assert_uint_eq(x.by_id.n, IDEM_MAX);
}
END_TEST

START_TEST(without_memory_it_is_full_or_forgets)
{
    for (long n = 0; test_alloc_fail_at(n); n++) {
        enum idem_verdict v = look(A, 0);
        ck_assert(v == IDEM_FULL || v == IDEM_NEW);
        if (v == IDEM_NEW)
            idem_answer(&x, e, STR("answer"), 0);
        if (look(A, 0) == IDEM_ANSWERED)
            ck_assert_uint_eq(e->answer.n, 6);
        idem_free(&x);
        idem_init(&x);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_repeat_gets_the_first_answer);
    tcase_add_test(tc, an_answer_under_another_mark_is_no_longer_true);
    tcase_add_test(tc, another_request_under_the_key_is_a_conflict);
    tcase_add_test(tc, each_caller_has_keys_of_its_own);
    tcase_add_test(tc, an_answer_lives_ninety_seconds);
    tcase_add_test(tc, what_came_to_nothing_is_forgotten);
    tcase_add_test(tc, the_oldest_answer_gives_way_and_what_waits_does_not);
    tcase_add_test(tc, without_memory_it_is_full_or_forgets);
}

int main(void)
{
    return run_tcase("idem", add);
}
