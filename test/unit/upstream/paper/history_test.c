/* history_test.c - bars of every period agree with the minutes; ranges, pages, chained closes. */
#include "market_time.h"

#include "upstream/paper/day.h"

enum { K1 = 1, KDAY, KWEEK, KMONTH, KYEAR, K5, K15, K30, K60, K3, KQUARTER, K10, K120, K180, K240 };

static struct world w;

static void add_bar(struct bar *sum, const struct bar *b)
{
    if (b->blank)
        return;
    if (sum->blank) {
        sum->open = b->open;
        sum->high = b->high;
        sum->low = b->low;
    }
    sum->blank = false;
    sum->high = MAX(sum->high, b->high);
    sum->low = MIN(sum->low, b->low);
    sum->close = b->close;
    sum->qty += b->qty;
    sum->turnover += b->turnover;
}

static void agree(const struct bar *a, const struct bar *b)
{
    double off = a->turnover - b->turnover;
    MUST(a->blank == b->blank && a->qty == b->qty);
    MUST(a->blank ||
         (a->open == b->open && a->high == b->high && a->low == b->low && a->close == b->close));
    MUST(off < 1e-9 * a->turnover + 1e-6 && -off < 1e-9 * a->turnover + 1e-6);
}

/* Each bar is the sum of the finer bars in [time, end). */
static void check_sums(const struct bar *coarse, size_t n, const struct bar *fine, size_t n_fine)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        struct bar sum = { .blank = true };
        MUST(coarse[i].time < coarse[i].end);
        MUST(i == 0 || coarse[i - 1].end <= coarse[i].time);
        for (; k < n_fine && fine[k].time < coarse[i].end; k++) {
            MUST(fine[k].time >= coarse[i].time);
            add_bar(&sum, &fine[k]);
        }
        agree(&coarse[i], &sum);
    }
    ck_assert_uint_eq(k, n_fine);
}

static void check_chain(const struct bar *b, size_t n)
{
    for (size_t i = 1; i < n; i++)
        MUST(b[i].last_close == b[i - 1].close);
}

/* All periods up to a day over some days that end in the running one. */
static void check_minutes(const struct security *s, const char *from, const char *to)
{
    static const struct {
        int32_t type, minutes;
    } types[] = { { K3, 3 }, { K5, 5 }, { K10, 10 }, { K15, 15 }, { K30, 30 }, { K60, 60 },
                  { K120, 120 }, { K180, 180 }, { K240, 240 } };
    const struct bar *one, *day, *b;
    size_t n1 = bars_of(&w, s, K1, from, to, &one);
    size_t nd = bars_of(&w, s, KDAY, from, to, &day);
    ck_assert_uint_gt(nd, 1);
    check_sums(day, nd, one, n1);
    check_chain(one, n1);
    check_chain(day, nd);
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        size_t n = bars_of(&w, s, types[i].type, from, to, &b);
        check_sums(b, n, one, n1);
        check_chain(b, n);
        for (size_t k = 0; k < n; k++)
            MUST(b[k].end - b[k].time <= types[i].minutes * MINUTE);
    }
    for (size_t i = 0; i < n1; i++)
        MUST(one[i].end == one[i].time + MINUTE);
}

START_TEST(minute_periods_agree)
{
    static const char *const clocks[] = { "real", "always-open" };
    for (size_t k = 0; k < ARRAY_LEN(clocks); k++) {
        world_open(&w, "2026-11-20 14:20:30", clocks[k], 11);
        check_minutes(sec(MARKET_HK, "00700"), "2026-11-18", "2026-11-20 14:21:00");
        check_minutes(sec(MARKET_HK, "08001"), "2026-11-18", "2026-11-20 14:21:00");
        check_minutes(sec(MARKET_HK, "800000"), "2026-11-18", "2026-11-20 14:21:00");
        check_minutes(sec(MARKET_SZ, "300750"), "2026-11-18", "2026-11-20 14:21:00");
        check_minutes(sec(MARKET_US, "AAPL"), "2026-11-18", "2026-11-20 01:21:00");
        world_close(&w);
    }
}
END_TEST

START_TEST(long_periods_agree_with_days)
{
    world_open(&w, "2026-11-20 14:20:30", "real", 11);
    static const int32_t types[] = { KWEEK, KMONTH, KQUARTER, KYEAR };
    const struct security *s = sec(MARKET_HK, "00700");
    const struct bar *day, *b;
    size_t nd = bars_of(&w, s, KDAY, "2018-01-01", "2026-11-20", &day);
    ck_assert_uint_gt(nd, 8 * 240);
    check_chain(day, nd);
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        size_t n = bars_of(&w, s, types[i], "2018-01-01", "2026-11-20", &b), first = 0;
        check_chain(b, n);
        while (day[first].time < b[0].time) /* a period that began before the range is not in it */
            first++;
        check_sums(b, n, day + first, nd - first);
        for (size_t k = 0; k < n; k++) {
            int32_t d = market_date(MARKET_HK, b[k].time);
            MUST(market_is_trading_day(MARKET_HK, d));
            MUST(types[i] != KWEEK || b[k].end - b[k].time <= 5 * 24 * HOUR);
            MUST(types[i] != KYEAR || d % 10000 < 110);
        }
    }
    ck_assert_uint_eq(bars_of(&w, s, KYEAR, "2018-01-01", "2026-11-20", &b), 9);
    world_close(&w);
}
END_TEST

START_TEST(minutes_keep_to_the_sessions)
{
    world_open(&w, "2026-11-20 14:20:30", "real", 11);
    const struct security *s = sec(MARKET_HK, "00700");
    const struct bar *b;
    size_t n = bars_of(&w, s, K1, "2026-11-19", "2026-11-19 23:00:00", &b);
    ck_assert_uint_eq(n, 330);
    ck_assert_int_eq(b[0].time, at(MARKET_HK, "2026-11-19 09:30:00"));
    ck_assert_int_eq(b[149].end, at(MARKET_HK, "2026-11-19 12:00:00"));
    ck_assert_int_eq(b[150].time, at(MARKET_HK, "2026-11-19 13:00:00"));
    ck_assert_int_eq(b[329].end, at(MARKET_HK, "2026-11-19 16:00:00"));
    /* Today ends with the running minute. */
    n = bars_of(&w, s, K1, "2026-11-20", "2026-11-21", &b);
    ck_assert_int_eq(b[n - 1].time, at(MARKET_HK, "2026-11-20 14:20:00"));
    /* 60 minutes: 09:30, 10:30, 11:30 to 12:00, 13:00, 14:00, 15:00. */
    n = bars_of(&w, s, K60, "2026-11-19", "2026-11-19 23:00:00", &b);
    ck_assert_uint_eq(n, 6);
    ck_assert_int_eq(b[2].end, at(MARKET_HK, "2026-11-19 12:00:00"));
    ck_assert_int_eq(b[3].time, at(MARKET_HK, "2026-11-19 13:00:00"));
    n = bars_of(&w, sec(MARKET_HK, "00005"), K1, "2025-12-24", "2025-12-24 23:00:00", &b);
    ck_assert_uint_eq(n, 150);
    /* Saturday, holiday, future. */
    ck_assert_uint_eq(bars_of(&w, s, K1, "2026-11-21", "2026-11-22", &b), 0);
    ck_assert_uint_eq(bars_of(&w, s, KDAY, "2026-04-03", "2026-04-03", &b), 0);
    ck_assert_uint_eq(bars_of(&w, s, KDAY, "2027-04-03", "2027-05-03", &b), 0);
    ck_assert_uint_eq(bars_of(&w, s, KDAY, "1990-01-01", "1999-12-31", &b), 0);
    ck_assert_uint_eq(bars_of(&w, s, KDAY, "2026-11-19", "2026-11-18", &b), 0);
    ck_assert_uint_eq(bars_of(&w, s, 0, "2026-11-18", "2026-11-19", &b), 0);
    ck_assert_uint_eq(bars_of(&w, s, 16, "2026-11-18", "2026-11-19", &b), 0);
    world_close(&w);
}
END_TEST

/* All bars of a range in pages of `page`, forwards by time or backwards from the end. */
static void check_pages(const struct security *s, int32_t type, const char *from, const char *to,
                        size_t page)
{
    const struct bar *all, *b;
    size_t n = bars_of(&w, s, type, from, to, &all), got;
    int64_t begin = at(s->market, from), end = at(s->market, to);
    for (size_t i = 0; i < n; i += got) {
        ck_assert_int_eq(exchange_bars(w.x, s, type, begin, end, page, false, &w.arena, &b, &got),
                         FUTU_OK);
        ck_assert_uint_eq(got, MIN(page, n - i));
        ck_assert_mem_eq(b, all + i, got * sizeof(*b));
        begin = b[got - 1].time + 1;
    }
    ck_assert_int_eq(exchange_bars(w.x, s, type, begin, end, page, false, &w.arena, &b, &got),
                     FUTU_OK);
    ck_assert_uint_eq(got, 0);
    begin = at(s->market, from);
    for (size_t left = n; left > 0; left -= got) {
        ck_assert_int_eq(exchange_bars(w.x, s, type, begin, end, page, true, &w.arena, &b, &got),
                         FUTU_OK);
        ck_assert_uint_eq(got, MIN(page, left));
        ck_assert_mem_eq(b, all + left - got, got * sizeof(*b));
        end = b[0].time - 1;
    }
}

START_TEST(pages_are_parts_of_the_whole)
{
    world_open(&w, "2026-11-20 14:20:30", "real", 11);
    const struct security *s = sec(MARKET_HK, "00700");
    quote_of(&w, s);
    check_pages(s, K1, "2026-11-18 10:00:00", "2026-11-20 14:20:30", 77);
    check_pages(s, K60, "2026-10-01", "2026-11-20 14:20:30", 10);
    check_pages(s, KDAY, "2025-01-01", "2026-11-20", 33);
    check_pages(s, KWEEK, "2024-01-03", "2026-11-20", 7);
    check_pages(s, KMONTH, "2024-01-03", "2026-11-20", 5);
    check_pages(s, KYEAR, "2001-01-03", "2026-11-20", 4);
    world_close(&w);
}
END_TEST

START_TEST(history_and_today_agree_with_the_quote)
{
    world_open(&w, "2026-11-20 15:20:30", "real", 11);
    const struct security *s = sec(MARKET_HK, "03690");
    struct quote q = quote_of(&w, s);
    const struct bar *b;
    size_t n = bars_of(&w, s, KDAY, "2025-11-20", "2026-11-20", &b);
    ck_assert_int_eq(b[n - 1].close, q.last);
    ck_assert_int_eq(b[n - 1].qty, q.qty);
    ck_assert_int_eq(b[n - 2].close, q.last_close);
    int64_t high = 0, low = INT64_MAX, year_high, year_low;
    for (size_t i = 0; i < n; i++) {
        high = MAX(high, b[i].high);
        low = MIN(low, b[i].low);
    }
    ck_assert_int_eq(exchange_year(w.x, s, &year_high, &year_low), FUTU_OK);
    ck_assert_int_eq(year_high, high);
    ck_assert_int_eq(year_low, low);
    world_close(&w);
}
END_TEST

START_TEST(a_day_that_was_seen_stays_as_it_was)
{
    world_open(&w, "2026-11-18 09:00:00", "real", 11);
    const struct security *s = sec(MARKET_HK, "00700");
    ck_assert_int_eq(exchange_watch(w.x, s), FUTU_OK);
    world_go(&w, 8 * HOUR);
    exchange_run(w.x, 0);
    const struct bar *seen, *later;
    size_t n = bars_of(&w, s, K1, "2026-11-18", "2026-11-18 23:00:00", &seen);
    for (int day = 0; day < 2; day++) {
        world_go(&w, 24 * HOUR);
        exchange_run(w.x, 0);
        ck_assert_uint_eq(bars_of(&w, s, K1, "2026-11-18", "2026-11-18 23:00:00", &later), n);
        ck_assert_mem_eq(seen, later, n * sizeof(*seen));
        check_minutes(s, "2026-11-16", "2026-11-20 23:00:00");
    }
    world_close(&w);
}
END_TEST

START_TEST(without_memory_there_is_an_error)
{
    const struct security *s = sec(MARKET_HK, "00700");
    const struct bar *b;
    size_t n;
    for (long k = 0; test_alloc_fail_at(k); k++) {
        struct clock_fake fake = { 0, at(MARKET_HK, "2026-11-20 15:00:00") };
        struct clock sys = clock_fake(&fake);
        struct exchange_opts o = { .seed = 1, .sys = &sys };
        struct exchange *x;
        struct arena a = ARENA_INIT;
        char why[160];
        futu_err err = exchange_new(&x, &o, why, sizeof(why));
        if (!err)
            err = exchange_bars(x, s, KDAY, at(MARKET_HK, "2026-11-01"),
                                at(MARKET_HK, "2026-11-20"), 100, true, &a, &b, &n);
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        arena_free(&a);
        exchange_free(x);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, minute_periods_agree);
    tcase_add_test(tc, long_periods_agree_with_days);
    tcase_add_test(tc, minutes_keep_to_the_sessions);
    tcase_add_test(tc, pages_are_parts_of_the_whole);
    tcase_add_test(tc, history_and_today_agree_with_the_quote);
    tcase_add_test(tc, a_day_that_was_seen_stays_as_it_was);
    tcase_add_test(tc, without_memory_there_is_an_error);
}

int main(void)
{
    return run_tcase("history", add);
}
