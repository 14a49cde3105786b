/* grpc_calm_test.c - how many frames without a call a client has, and how it gets more. */
#include "grpc_calm.h"
#include "support.h"

static struct grpc_calm c;

/* How many pings, or frames of this price, are taken at this time. */
static unsigned pings(uint64_t now)
{
    unsigned n = 0;
    while (grpc_calm_ping(&c, now))
        n++;
    return n;
}

static unsigned frames(unsigned price, uint64_t now)
{
    unsigned n = 0;
    while (grpc_calm_frame(&c, price, now))
        n++;
    return n;
}

START_TEST(there_are_some_at_once_and_then_some_a_second)
{
    grpc_calm_init(&c, 5000);
    ck_assert_uint_eq(frames(CALM_CONTROL, 5000), CALM_BURST);
    ck_assert_uint_eq(frames(CALM_CONTROL, 5009), 0);
    ck_assert_uint_eq(frames(CALM_CONTROL, 5010), 1);
    ck_assert_uint_eq(frames(CALM_CONTROL, 6010), CALM_RATE);
    ck_assert_uint_eq(pings(5000), PING_BURST);
    ck_assert_uint_eq(pings(5999), 0);
    ck_assert_uint_eq(pings(8500), 3);
    ck_assert_uint_eq(pings(9000), 1);      /* halves of a second are not lost */
    for (int i = 0; i < RESET_BURST; i++)
        ck_assert(grpc_calm_reset(&c, 5000));
    ck_assert(!grpc_calm_reset(&c, 5000));
    ck_assert(grpc_calm_reset(&c, 5025));
}
END_TEST

START_TEST(what_costs_more_is_taken_less_often)
{
    grpc_calm_init(&c, 0);
    ck_assert_uint_eq(frames(CALM_SETTINGS, 0), CALM_BURST / CALM_SETTINGS);
}
END_TEST

START_TEST(more_than_the_first_ones_is_never_kept)
{
    grpc_calm_init(&c, 0);
    for (int i = 0; i < 10000; i++) {
        grpc_calm_went(&c);
        grpc_calm_came(&c);
    }
    ck_assert_uint_eq(frames(CALM_CONTROL, UINT64_C(1) << 50), CALM_BURST);
    ck_assert_uint_eq(pings(UINT64_C(1) << 50), PING_BURST);
}
END_TEST

START_TEST(data_gives_back)
{
    grpc_calm_init(&c, 0);
    ck_assert_uint_eq(frames(CALM_CONTROL, 0), CALM_BURST);
    ck_assert_uint_eq(pings(0), PING_BURST);
    grpc_calm_came(&c);
    ck_assert_uint_eq(frames(CALM_CONTROL, 0), CALM_CAME);
    ck_assert_uint_eq(pings(0), 0);
    grpc_calm_went(&c);
    ck_assert_uint_eq(frames(CALM_CONTROL, 0), CALM_WENT);
    ck_assert_uint_eq(pings(0), 1);
}
END_TEST

START_TEST(a_clock_that_goes_back_takes_nothing)
{
    grpc_calm_init(&c, 5000);
    ck_assert(grpc_calm_frame(&c, CALM_CONTROL, 1000));
    ck_assert_uint_eq(frames(CALM_CONTROL, 5000), CALM_BURST - 1);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, there_are_some_at_once_and_then_some_a_second);
    tcase_add_test(tc, what_costs_more_is_taken_less_often);
    tcase_add_test(tc, more_than_the_first_ones_is_never_kept);
    tcase_add_test(tc, data_gives_back);
    tcase_add_test(tc, a_clock_that_goes_back_takes_nothing);
}

int main(void)
{
    return run_tcase("grpc_calm", add);
}
