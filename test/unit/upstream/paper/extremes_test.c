/* Extremes found by looking at few days are those of all days. */
#include "support.h"
#include "upstream/paper/history.h"

static struct minute scratch[DAY_MINUTES_MAX];

static struct history history_at(const struct security *s, uint64_t seed, bool always,
                                 int32_t today)
{
    struct history h = { .today = today, .scratch = scratch };
    h.now = market_minute_instant(s->market, today, 600);
    fair_init(&h.fair, s, seed, always);
    return h;
}

static void brute(const struct history *h, int32_t from, int64_t *high, int64_t *low)
{
    struct bar b;
    *high = 0;
    *low = INT64_MAX;
    for (int32_t d = from; d < h->today; d = date_add(d, 1)) {
        if (!day_is(h->fair.always_open, h->fair.sec->market, d) || !history_day(h, d, &b))
            continue;
        *high = MAX(*high, b.high);
        *low = MIN(*low, b.low);
    }
}

static void compare(const struct history *h, int32_t from)
{
    int64_t high, low, high2, low2;
    brute(h, from, &high, &low);
    history_extremes(h, from, &high2, &low2);
    ck_assert_msg(high == high2 && low == low2, "%s from %d: %lld..%lld, not %lld..%lld",
                  h->fair.sec->code, (int)from, (long long)low2, (long long)high2, (long long)low,
                  (long long)high);
}

static void each_security(size_t step, void (*fn)(const struct security *s, uint64_t seed))
{
    struct clock_fake fake = { .mono_ns = 1, .wall_ns = INT64_C(1741744800) * NS_PER_S };
    struct clock clock = clock_fake(&fake);
    struct exchange_opts o = { .sys = &clock, .seed = 3 };
    struct exchange *x;
    char why[100];
    ck_assert_int_eq(exchange_new(&x, &o, why, sizeof(why)), FUTU_OK);
    for (size_t i = 0; i < exchange_count(x); i += step)
        fn(exchange_at(x, i), i);
    exchange_free(x);
}

static void one_year(const struct security *s, uint64_t seed)
{
    struct history h = history_at(s, seed, false, 20250312);
    compare(&h, 20240312);
}

static void all_years(const struct security *s, uint64_t seed)
{
    struct history h = history_at(s, seed, seed & 1, 20250312);
    compare(&h, HISTORY_BEGIN);
}

START_TEST(of_a_year)
{
    each_security(3, one_year);
}
END_TEST

START_TEST(of_all_days)
{
    each_security(31, all_years);
}
END_TEST

static void short_spans(const struct security *s, uint64_t seed)
{
    struct history h = history_at(s, seed, false, 20250312);
    compare(&h, 20250311);
    compare(&h, 20250301);
    int64_t high, low;
    history_extremes(&h, 20250312, &high, &low);
    ck_assert(high == 0 && low == INT64_MAX);
}

START_TEST(of_few_days)
{
    each_security(100, short_spans);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, of_a_year);
    tcase_add_test(tc, of_all_days);
    tcase_add_test(tc, of_few_days);
}

int main(void)
{
    return run_tcase("paper extremes", add);
}
