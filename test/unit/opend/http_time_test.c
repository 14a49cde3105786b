/* http_time_test.c - who may keep an HTTP connection waiting, and how long. */
#include "http_time.h"

#include "support.h"

#define T0 1000000u

static enum http_late after(struct http_wait w, uint64_t ms)
{
    w.since_ms = T0;
    return http_late(&w, T0 + ms);
}

START_TEST(an_idle_connection_ends_after_75_s)
{
    struct http_wait w = { 0 };
    ck_assert_int_eq(after(w, 74999), HTTP_IN_TIME);
    ck_assert_int_eq(after(w, 75000), HTTP_IDLE);
}
END_TEST

START_TEST(a_head_has_10_s)
{
    struct http_wait w = { .head = true };
    ck_assert_int_eq(after(w, 9999), HTTP_IN_TIME);
    ck_assert_int_eq(after(w, 10000), HTTP_SLOW_SENDER);
}
END_TEST

START_TEST(a_body_has_30_s_and_then_a_rate)
{
    struct http_wait w = { .body = true };
    ck_assert_int_eq(after(w, 29999), HTTP_IN_TIME);
    ck_assert_int_eq(after(w, 30000), HTTP_SLOW_SENDER);
    w.got = 30 * HTTP_BODY_RATE;
    ck_assert_int_eq(after(w, 30000), HTTP_IN_TIME);
    ck_assert_int_eq(after(w, 31000), HTTP_SLOW_SENDER);
    w.got = 2000 * HTTP_BODY_RATE;
    ck_assert_int_eq(after(w, 2000000), HTTP_IN_TIME);
}
END_TEST

START_TEST(the_gateway_may_take_its_time)
{
    struct http_wait w = { .answers = true, .head = true };
    ck_assert_int_eq(after(w, 10000000), HTTP_IN_TIME);
}
END_TEST

START_TEST(a_reader_that_takes_nothing_for_30_s_ends)
{
    struct http_wait w = { .output = true, .answers = true, .taken_ms = T0 + 50000 };
    ck_assert_int_eq(after(w, 79999), HTTP_IN_TIME);
    ck_assert_int_eq(after(w, 80000), HTTP_SLOW_READER);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, an_idle_connection_ends_after_75_s);
    tcase_add_test(tc, a_head_has_10_s);
    tcase_add_test(tc, a_body_has_30_s_and_then_a_rate);
    tcase_add_test(tc, the_gateway_may_take_its_time);
    tcase_add_test(tc, a_reader_that_takes_nothing_for_30_s_ends);
}

int main(void)
{
    return run_tcase("http_time", add);
}
