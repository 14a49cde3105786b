/* clock_test.c - market time: real, always open, accelerated. */
#include "../../support.h"

#include "upstream/paper/clock.h"

static struct clock_fake fake;
static struct clock sys;
static char why[160];

static struct paper_clock make(const char *text)
{
    struct paper_clock c;
    fake = (struct clock_fake){ 5000, INT64_C(1700000000) * NS_PER_S };
    sys = clock_fake(&fake);
    ck_assert_int_eq(paper_clock_init(&c, text, &sys, why, sizeof(why)), FUTU_OK);
    return c;
}

START_TEST(words)
{
    ck_assert(!make(NULL).always_open);
    ck_assert(!make("real").always_open);
    ck_assert(make("always-open").always_open);
    ck_assert_int_eq(make("x60").factor, 60);
    struct paper_clock c = make("always-open,x10");
    ck_assert(c.always_open && c.factor == 10);
    c = make("x10,always-open");
    ck_assert(c.always_open && c.factor == 10);
    static const char *const bad[] = { "", "x", "x0", "x3601", "x-1", "x1.5", "fast",
                                       "always-open,",
                                       "real,,x2", "X10", "x99999999999999999999" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        why[0] = '\0';
        ck_assert_int_eq(paper_clock_init(&c, bad[i], &sys, why, sizeof(why)), FUTU_EFORMAT);
        ck_assert_ptr_nonnull(strstr(why, "always-open"));
    }
}
END_TEST

START_TEST(real_time_is_the_wall_clock)
{
    struct paper_clock c = make("real");
    fake.wall_ns += 7 * NS_PER_S;       /* set by hand: monotonic time stands still */
    ck_assert_int_eq(paper_clock_now(&c), INT64_C(1700000007) * NS_PER_S);
    ck_assert_int_eq(paper_clock_until(&c, INT64_C(1700000009) * NS_PER_S), 2 * NS_PER_S);
    ck_assert_int_eq(paper_clock_until(&c, INT64_C(1700000001) * NS_PER_S), 0);
}
END_TEST

START_TEST(accelerated_time_runs_from_the_start)
{
    struct paper_clock c = make("x60");
    ck_assert_int_eq(paper_clock_now(&c), INT64_C(1700000000) * NS_PER_S);
    clock_fake_advance(&fake, NS_PER_S);
    ck_assert_int_eq(paper_clock_now(&c), INT64_C(1700000060) * NS_PER_S);
    ck_assert_int_eq(paper_clock_until(&c, INT64_C(1700000120) * NS_PER_S), NS_PER_S);
    int64_t just = INT64_C(1700000060) * NS_PER_S + 1;
    ck_assert_int_eq(paper_clock_until(&c, just), 1);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, words);
    tcase_add_test(tc, real_time_is_the_wall_clock);
    tcase_add_test(tc, accelerated_time_runs_from_the_start);
}

int main(void)
{
    return run_tcase("paper clock", add);
}
