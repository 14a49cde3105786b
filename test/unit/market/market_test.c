/* market_test.c - codes, zones, calendars, sessions, price steps. */
#include "../support.h"

#include "market/market.h"

static int64_t at(int32_t market, const char *text)
{
    int64_t t;
    ck_assert_int_eq(market_parse_time(market, str_c(text), &t), FUTU_OK);
    return t;
}

START_TEST(codes)
{
    int32_t market;
    futu_str code;
    ck_assert_int_eq(market_parse_code(STR("HK.00700"), &market, &code), FUTU_OK);
    ck_assert_int_eq(market, MARKET_HK);
    ck_assert(str_is(code, "00700"));
    ck_assert_int_eq(market_parse_code(STR("us..DJI"), &market, &code), FUTU_OK);
    ck_assert_int_eq(market, MARKET_US);
    ck_assert(str_is(code, ".DJI"));
    static const char *const bad[] = { "", "HK", "HK.", "XX.1", "HK00700", ".DJI", "H.K.1" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        ck_assert_int_eq(market_parse_code(str_c(bad[i]), &market, &code), FUTU_EFORMAT);
    ck_assert_str_eq(market_prefix(MARKET_SZ), "SZ");
    ck_assert_ptr_null(market_prefix(5));
    ck_assert_int_eq(market_sec_market(MARKET_SH), 31);
    ck_assert_int_eq(market_trd_market(MARKET_SZ), 3);
    ck_assert_int_eq(market_of_sec_market(32), MARKET_SZ);
    ck_assert_int_eq(market_of_sec_market(99), 0);
}
END_TEST

START_TEST(us_summer_time_changes_on_the_right_second)
{
    /* 2026: from 8 March 07:00 UTC to 1 November 06:00 UTC. */
    static const struct {
        const char *utc;
        int32_t offset;
    } cases[] = {
        { "2026-03-08 06:59:59", -5 }, { "2026-03-08 07:00:00", -4 },
        { "2026-11-01 05:59:59", -4 }, { "2026-11-01 06:00:00", -5 },
        { "2025-03-09 06:59:59", -5 }, { "2025-03-09 07:00:00", -4 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t utc = at(MARKET_HK, cases[i].utc) + 8 * 3600 * NS_PER_S;
        ck_assert_int_eq(zone_offset(MARKET_US, utc), cases[i].offset * 3600);
        ck_assert_int_eq(zone_offset(MARKET_HK, utc), 8 * 3600);
    }
    ck_assert_int_eq(zone_offset(MARKET_AU, at(MARKET_HK, "2026-01-15 00:00:00")), 11 * 3600);
    ck_assert_int_eq(zone_offset(MARKET_AU, at(MARKET_HK, "2026-07-15 00:00:00")), 10 * 3600);
}
END_TEST

START_TEST(civil_time_round_trips_in_every_hour_of_years)
{
    static const int32_t markets[] = { MARKET_HK, MARKET_US, MARKET_AU, MARKET_JP };
    for (size_t m = 0; m < ARRAY_LEN(markets); m++) {
        int64_t back = 0;
        for (int64_t t = at(MARKET_HK, "2023-12-31 00:00:00");
             t < at(MARKET_HK, "2027-01-02 00:00:00"); t += 3600 * NS_PER_S) {
            struct civil c = market_civil(markets[m], t);
            int64_t again = market_instant(markets[m], &c);
            back += again != t;
            ck_assert(again == t || again == t - 3600 * NS_PER_S);
            ck_assert_int_eq(c.weekday, date_weekday(market_date(markets[m], t)));
        }
        /* Only the doubled hour of autumn is not told apart, once a year. */
        ck_assert_int_le(back, 3);
    }
}
END_TEST

START_TEST(dates)
{
    ck_assert_int_eq(date_add(20240228, 1), 20240229);
    ck_assert_int_eq(date_add(20240301, -1), 20240229);
    ck_assert_int_eq(date_add(20251231, 1), 20260101);
    ck_assert_int_eq(date_weekday(20261122), 0);
    ck_assert(date_valid(20240229));
    ck_assert(!date_valid(20230229));
    ck_assert(!date_valid(20231301));
    ck_assert(date_valid(22001231) && !date_valid(22010101));
    for (int32_t d = -30000; d < 30000; d++)
        ck_assert_int_eq(date_days(date_of_days(d)), d);
}
END_TEST

START_TEST(time_text)
{
    char text[24];
    int64_t t = at(MARKET_US, "2026-07-06 09:30:00.250");
    market_time_text(MARKET_US, t, true, text);
    ck_assert_str_eq(text, "2026-07-06 09:30:00.250");
    market_time_text(MARKET_HK, t, false, text);
    ck_assert_str_eq(text, "2026-07-06 21:30:00");
    ck_assert_int_eq(at(MARKET_HK, "2026-07-06"), at(MARKET_HK, "2026-07-06 00:00:00"));
    static const char *const bad[] = { "2026-7-6",
                                       "2026-02-30",
                                       "2026-07-06 24:00:00",
                                       "2026-07-06T09:30:00",
                                       "2026-07-06 09:30",
                                       "2026-07-06 09:30:00.25",
                                       "",
                                       "abcd-ef-gh" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        ck_assert_int_eq(market_parse_time(MARKET_HK, str_c(bad[i]), &t), FUTU_EFORMAT);
}
END_TEST

START_TEST(calendars)
{
    ck_assert(!market_is_trading_day(MARKET_HK, 20260101));
    ck_assert(!market_is_trading_day(MARKET_HK, 20261122));     /* Sunday */
    ck_assert(market_is_trading_day(MARKET_HK, 20261123));
    ck_assert(!market_is_trading_day(MARKET_US, 20261126));     /* Thanksgiving */
    ck_assert(market_is_trading_day(MARKET_HK, 20261126));
    ck_assert(!market_is_trading_day(MARKET_SH, 20251001));
    ck_assert(!market_is_trading_day(MARKET_SZ, 20251001));
    ck_assert_int_eq(market_next_trading_day(MARKET_US, 20261125), 20261127);
    ck_assert_int_eq(market_prev_trading_day(MARKET_US, 20261127), 20261125);
    ck_assert_int_eq(market_prev_trading_day(MARKET_SH, 20251009), 20250930);
    ck_assert(!market_is_trading_day(5, 20261123));
    /* Outside the table: weekends and the fixed days. */
    ck_assert(!market_is_trading_day(MARKET_HK, 20301225));
    ck_assert(market_is_trading_day(MARKET_HK, 20050103));
    ck_assert(market_is_trading_day(MARKET_US, 20100618));
}
END_TEST

START_TEST(sessions)
{
    struct session s[3];
    ck_assert_uint_eq(market_sessions(MARKET_HK, 20261123, s), 2);
    ck_assert_int_eq(s[0].from, at(MARKET_HK, "2026-11-23 09:30:00"));
    ck_assert_int_eq(s[0].to, at(MARKET_HK, "2026-11-23 12:00:00"));
    ck_assert_int_eq(s[1].from, at(MARKET_HK, "2026-11-23 13:00:00"));
    ck_assert_int_eq(s[1].to, at(MARKET_HK, "2026-11-23 16:00:00"));
    ck_assert_uint_eq(market_sessions(MARKET_HK, 20261224, s), 1);
    ck_assert_int_eq(s[0].to, at(MARKET_HK, "2026-12-24 12:00:00"));
    ck_assert_int_eq(market_trade_date_type(MARKET_HK, 20261224), 1);
    ck_assert_int_eq(market_trade_date_type(MARKET_HK, 20261223), 0);
    ck_assert_uint_eq(market_sessions(MARKET_US, 20261127, s), 1);
    ck_assert_int_eq(s[0].to, at(MARKET_US, "2026-11-27 13:00:00"));
    ck_assert_uint_eq(market_sessions(MARKET_SH, 20261123, s), 2);
    ck_assert_int_eq(s[0].to, at(MARKET_SH, "2026-11-23 11:30:00"));
    ck_assert_uint_eq(market_sessions(MARKET_HK, 20261122, s), 0);
    ck_assert_uint_eq(market_sessions(MARKET_JP, 20241101, s), 2);
    ck_assert_int_eq(s[1].to, at(MARKET_JP, "2024-11-01 15:00:00"));
}
END_TEST

START_TEST(states)
{
    static const struct {
        int32_t market;
        const char *time;
        int32_t state;
    } cases[] = {
        { MARKET_HK, "2026-11-23 08:59:59", 6 },  { MARKET_HK, "2026-11-23 09:00:00", 1 },
        { MARKET_HK, "2026-11-23 09:25:00", 2 },  { MARKET_HK, "2026-11-23 09:30:00", 3 },
        { MARKET_HK, "2026-11-23 12:00:00", 4 },  { MARKET_HK, "2026-11-23 13:00:00", 5 },
        { MARKET_HK, "2026-11-23 15:59:59", 5 },  { MARKET_HK, "2026-11-23 16:00:00", 19 },
        { MARKET_HK, "2026-11-23 16:10:00", 6 },  { MARKET_HK, "2026-11-22 11:00:00", 6 },
        { MARKET_HK, "2026-12-24 12:00:00", 19 }, { MARKET_US, "2026-11-23 03:59:59", 37 },
        { MARKET_US, "2026-11-23 04:00:00", 8 },  { MARKET_US, "2026-11-23 09:30:00", 5 },
        { MARKET_US, "2026-11-23 16:00:00", 10 }, { MARKET_US, "2026-11-23 20:00:00", 37 },
        { MARKET_US, "2026-11-27 21:00:00", 6 },  { MARKET_US, "2026-11-27 13:00:00", 10 },
        { MARKET_SH, "2026-11-23 09:20:00", 1 },  { MARKET_SH, "2026-11-23 11:30:00", 4 },
        { MARKET_SZ, "2026-11-23 14:57:00", 30 }, { MARKET_SZ, "2026-11-23 15:00:00", 6 },
        { MARKET_JP, "2026-11-24 10:00:00", 3 },  { 7, "2026-11-24 10:00:00", 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        ck_assert_msg(market_state(cases[i].market, at(cases[i].market, cases[i].time)) ==
                          cases[i].state,
                      "%s: %d", cases[i].time,
                      market_state(cases[i].market, at(cases[i].market, cases[i].time)));
}
END_TEST

/* price, step: every boundary and its neighbours. */
START_TEST(every_step_boundary)
{
    static const struct {
        uint8_t table;
        int64_t px, step, next;
    } cases[] = {
        { 1, 10, 10, 20 },                { 1, 2490, 10, 2500 },
        { 1, 2500, 10, 2550 },            { 1, 4950, 50, 5000 },
        { 1, 5000, 50, 5100 },            { 1, 99900, 100, 100000 },
        { 1, 100000, 100, 100100 },       { 1, 200000, 100, 200200 },
        { 1, 500000, 200, 500500 },       { 1, 1000000, 500, 1001000 },
        { 1, 2000000, 1000, 2002000 },    { 1, 5000000, 2000, 5005000 },
        { 1, 10000000, 5000, 10010000 },  { 1, 20000000, 10000, 20020000 },
        { 1, 50000000, 20000, 50050000 }, { 3, 1000000, 500, 1000500 },
        { 5, 10000, 10, 10020 },          { 5, 50000, 20, 50050 },
        { 5, 100000, 50, 100100 },        { 5, 200000, 100, 200200 },
        { 5, 1000000, 200, 1000500 },     { 5, 2000000, 500, 2001000 },
        { 5, 5000000, 1000, 5002000 },    { 5, 10000000, 2000, 10005000 },
        { 5, 20000000, 5000, 20010000 },  { 20, 9999, 1, 10000 },
        { 20, 10000, 100, 10100 },        { 21, 100000, 100, 100100 },
        { 22, 40000, 10, 40010 },         { 30, 250000000, 100, 250000100 },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t t = cases[i].table;
        ck_assert_int_eq(market_step(t, cases[i].px), cases[i].step);
        ck_assert_int_eq(market_grid_px(t, market_grid(t, cases[i].px) + 1), cases[i].next);
        ck_assert_int_eq(market_round_px(t, cases[i].px + 1, true), cases[i].next);
        ck_assert_int_eq(market_round_px(t, cases[i].next - 1, false), cases[i].px);
        ck_assert_int_eq(market_round_px(t, cases[i].px, true), cases[i].px);
    }
}
END_TEST

START_TEST(the_grid_is_dense_and_rising)
{
    static const uint8_t tables[] = { 1, 3, 5, 20, 21, 22, 30 };
    for (size_t k = 0; k < ARRAY_LEN(tables); k++) {
        int64_t before = 0;
        for (int64_t i = 1; i < 25000; i++) {
            int64_t px = market_grid_px(tables[k], i);
            ck_assert_int_gt(px, before);
            ck_assert_int_eq(market_grid(tables[k], px), i);
            ck_assert_int_eq(market_grid(tables[k], px - 1), i - 1);
            before = px;
        }
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, codes);
    tcase_add_test(tc, us_summer_time_changes_on_the_right_second);
    tcase_add_test(tc, civil_time_round_trips_in_every_hour_of_years);
    tcase_add_test(tc, dates);
    tcase_add_test(tc, time_text);
    tcase_add_test(tc, calendars);
    tcase_add_test(tc, sessions);
    tcase_add_test(tc, states);
    tcase_add_test(tc, every_step_boundary);
    tcase_add_test(tc, the_grid_is_dense_and_rising);
}

int main(void)
{
    return run_tcase("market", add);
}
