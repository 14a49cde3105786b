/* synth_test.c - days that nobody saw: always the same, on step, minutes that add up. */
#include "market_time.h"

#include "upstream/paper/synth.h"

/* Every n-th security, so that all markets, step tables and kinds come up. */
#define EVERY 41

static void check_minute(const struct security *s, const struct minute *m)
{
    MUST(m->low <= MIN(m->open, m->close));
    MUST(m->high >= MAX(m->open, m->close));
    MUST(m->low > 0);
    MUST(m->qty >= 0);
    MUST(m->qty % s->lot == 0);
    MUST(m->turnover >= m->low * m->qty);
    MUST(m->turnover <= m->high * m->qty);
    const int64_t px[] = { m->open, m->high, m->low, m->close };
    for (size_t i = 0; i < ARRAY_LEN(px); i++)
        MUST(market_round_px(s->step_table, px[i], false) == px[i]);
}

static void check_day(const struct fair *f, int32_t date, int32_t minutes)
{
    static struct minute m[DAY_MINUTES_MAX];
    struct minute day, sum = { 0 };
    struct shape s;
    fair_shape(f, date, fair_close(f, day_prev(f->always_open, f->sec->market, date)), &s);
    synth_day(f, &s, &day);
    synth_minutes(f, &s, minutes, m);
    sum.open = m[0].open;
    sum.close = m[minutes - 1].close;
    sum.high = sum.low = m[0].open;
    int64_t last = s.last_close;
    for (int32_t i = 0; i < minutes; i++) {
        check_minute(f->sec, &m[i]);
        if (m[i].qty == 0)
            MUST(m[i].open == last && m[i].high == last && m[i].low == last && m[i].close == last);
        else
            sum.high = MAX(sum.high, m[i].high), sum.low = MIN(sum.low, m[i].low);
        last = m[i].close;
        sum.qty += m[i].qty;
        sum.turnover += m[i].turnover;
    }
    ck_assert_mem_eq(&sum, &day, sizeof(day));
    ck_assert_int_eq(day.close, fair_close(f, date));
}

START_TEST(minutes_add_up_to_the_day)
{
    static const int32_t dates[] = { 20010105, 20151224, 20240209, 20260701, 20261120 };
    for (size_t i = 0; i < universe_count; i += EVERY)
        for (size_t k = 0; k < ARRAY_LEN(dates); k++)
            for (int always = 0; always < 2; always++) {
                struct fair f;
                struct day d;
                fair_init(&f, &universe[i], 7 + k, always);
                int32_t date = day_next(always, f.sec->market, dates[k]);
                ck_assert(day_make(&d, always, f.sec->market, date));
                check_day(&f, date, d.minutes);
            }
}
END_TEST

START_TEST(half_days_and_summer_time_days_add_up_too)
{
    static const struct {
        int32_t market;
        const char *code;
        int32_t date;
        bool always;
        int32_t minutes;
    } cases[] = {
        { MARKET_HK, "00700", 20261224, false, 150 }, { MARKET_US, "AAPL", 20261127, false, 210 },
        { MARKET_US, "AAPL", 20260308, true, 1380 },  { MARKET_US, "AAPL", 20261101, true, 1500 },
        { MARKET_SZ, "300750", 20261120, false, 240 }, { MARKET_HK, "02821", 20261120, false, 330 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct fair f;
        struct day d;
        fair_init(&f, sec(cases[i].market, cases[i].code), 3, cases[i].always);
        ck_assert(day_make(&d, cases[i].always, cases[i].market, cases[i].date));
        ck_assert_int_eq(d.minutes, cases[i].minutes);
        check_day(&f, cases[i].date, d.minutes);
    }
}
END_TEST

START_TEST(prices_stay_near_the_base_and_move_like_the_market)
{
    for (size_t i = 0; i < universe_count; i += EVERY) {
        struct fair f;
        fair_init(&f, &universe[i], 42, false);
        double base = (double)universe[i].base_px, sum = 0;
        int64_t last = fair_close(&f, 20251231);
        for (int32_t k = 0, date = 20260101; k < 250; k++, date = date_add(date, 1)) {
            int64_t c = fair_close(&f, date);
            MUST(c >= f.floor_px);
            double ratio = (double)c / base, step = (double)(c - last) / (double)last;
            MUST(ratio > 0.2 && ratio < 6);
            MUST(step > -0.35 && step < 0.35);
            sum += step * step;
            last = c;
        }
        ck_assert_msg(sum < 250 * 9 * (f.vol + 0.01) * (f.vol + 0.01), "%s", universe[i].code);
    }
}
END_TEST

START_TEST(the_seed_decides)
{
    struct fair a, b, c;
    const struct security *s = sec(MARKET_HK, "00700");
    fair_init(&a, s, 1, false);
    fair_init(&b, s, 1, false);
    fair_init(&c, s, 2, false);
    int differ = 0;
    for (int32_t date = 20200101; date < 20200131; date++) {
        ck_assert_int_eq(fair_close(&a, date), fair_close(&b, date));
        differ += fair_close(&a, date) != fair_close(&c, date);
    }
    ck_assert_int_gt(differ, 20);
}
END_TEST

START_TEST(the_path_runs_from_open_to_close)
{
    struct fair f;
    struct shape s;
    fair_init(&f, sec(MARKET_US, "MSFT"), 5, false);
    fair_shape(&f, 20261120, fair_close(&f, 20261119), &s);
    ck_assert(fair_at(&s, 0, 390) == (double)s.open);
    ck_assert(fair_at(&s, 390, 390) == (double)s.close);
    for (int32_t m = 0; m < 390; m++) {
        double step = fair_at(&s, m + 1, 390) - fair_at(&s, m, 390);
        MUST(step < s.sigma && step > -s.sigma);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, minutes_add_up_to_the_day);
    tcase_add_test(tc, half_days_and_summer_time_days_add_up_too);
    tcase_add_test(tc, prices_stay_near_the_base_and_move_like_the_market);
    tcase_add_test(tc, the_seed_decides);
    tcase_add_test(tc, the_path_runs_from_open_to_close);
}

int main(void)
{
    return run_tcase("synth", add);
}
