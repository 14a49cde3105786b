/* hint_test.c - generic texts, the hint behind them in every market, the next open; and the zones
 * against the system's own tables. */
#include "../support.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "market/hint.h"

#define HINT "\n【hint】"

static int64_t at(int32_t market, const char *text)
{
    int64_t t;
    ck_assert_int_eq(market_parse_time(market, str_c(text), &t), FUTU_OK);
    return t;
}

START_TEST(texts_without_a_cause_are_generic)
{
    static const char *const texts[] = {
        "", "  ", ".", "[err_code=-1]", "Please retry later", "please retry later.",
        "PLEASE TRY AGAIN LATER!", " request timeout ", "Request timed out.",
        "[err_code=-1] Please retry later.", "[err_code=none] Request timeout",
        "[err_code=-1] (backend_code=12) System busy, please try again later.",
        "(backend_code=0)unknown error", "Timeout", "Internal error; please retry",
        "Failed to place the order. Please try again later.", "请稍后重试", "请稍后重试。", "請稍後再試",
        "请求超时", "系统繁忙，请稍后再试！", "[err_code=-1]网络异常，请稍后重试", "下单失败",
        "下單失敗：請求超時", "系統錯誤", "網絡超時，請稍後重試。", "請求逾時",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        ck_assert_msg(hint_generic(str_c(texts[i])), "precise: %s", texts[i]);
    ck_assert(hint_generic(STR_NULL));
}
END_TEST

START_TEST(texts_with_a_cause_are_not_generic)
{
    static const char *const texts[] = {
        "Insufficient buying power", "Insufficient buying power, please try again later",
        "Order failed: price is not a multiple of 0.2", "Timeout of 30 seconds was exceeded",
        "please unlock trading first", "购买力不足", "下单失败：购买力不足", "请先解锁交易",
        "[err_code=-401] trading is locked", "[err_code=-1", "unknown stock HK.99999", "a", "later",
        "retry later with a lot of 100", "系统繁忙度", "too many requests", "超时限价单", "error 12",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        ck_assert_msg(!hint_generic(str_c(texts[i])), "generic: %s", texts[i]);
    char blanks[400];
    memset(blanks, ' ', sizeof(blanks));
    ck_assert(!hint_generic((futu_str){ blanks, sizeof(blanks) }));
    ck_assert(!hint_generic((futu_str){ "\0", 1 }));
}
END_TEST

/* Local times. `why` NULL: the market takes orders and nothing is appended; `open` is when the next
 * session begins, from that instant on. */
static const struct instant {
    int32_t market;
    const char *when, *why, *open;
} instants[] = {
    { MARKET_HK, "2026-11-22 12:00:00", "the weekend (Sunday)",
      "Monday 2026-11-23 09:30 HKT (2026-11-23 01:30 UTC)" },
    { MARKET_HK, "2026-10-01 10:00:00", "an exchange holiday", "Friday 2026-10-02 09:30 HKT" },
    { MARKET_HK, "2026-11-24 12:30:00", "the lunch break until 13:00",
      "Tuesday 2026-11-24 13:00 HKT" },
    { MARKET_HK, "2026-11-24 08:59:59", "before the open", "Tuesday 2026-11-24 09:30 HKT" },
    { MARKET_HK, "2026-11-24 09:00:00", NULL, NULL },   /* opening auction */
    { MARKET_HK, "2026-11-24 09:25:00", NULL, NULL },
    { MARKET_HK, "2026-11-24 16:05:00", NULL, NULL },   /* closing auction */
    { MARKET_HK, "2026-11-24 16:10:00", "after the close", "Wednesday 2026-11-25 09:30 HKT" },
    { MARKET_HK, "2026-12-24 11:59:59", NULL, NULL },
    { MARKET_HK, "2026-12-24 12:05:00", NULL, NULL },   /* closing auction of half a day */
    { MARKET_HK, "2026-12-24 13:30:00", "ended early today, at 12:00",
      "Monday 2026-12-28 09:30 HKT" },
    { MARKET_HK, "2026-12-31 15:00:00", "ended early today, at 12:00",
      "Monday 2027-01-04 09:30 HKT" },

    { MARKET_US, "2026-11-21 12:00:00", "the weekend (Saturday)",
      "Monday 2026-11-23 09:30 EST (2026-11-23 14:30 UTC)" },
    { MARKET_US, "2026-11-26 12:00:00", "an exchange holiday", "Friday 2026-11-27 09:30 EST" },
    { MARKET_US, "2026-11-24 04:00:00", "pre-market", "Tuesday 2026-11-24 09:30 EST" },
    { MARKET_US, "2026-11-24 16:00:00", "after hours", "Wednesday 2026-11-25 09:30 EST" },
    { MARKET_US, "2026-11-24 20:00:00", "overnight session", "Wednesday 2026-11-25 09:30 EST" },
    { MARKET_US, "2026-11-22 21:00:00", "overnight session", "Monday 2026-11-23 09:30 EST" },
    { MARKET_US, "2026-11-24 12:30:00", NULL, NULL },
    { MARKET_US, "2026-11-27 12:59:59", NULL, NULL },
    { MARKET_US, "2026-11-27 13:00:00", "ended early today, at 13:00",
      "Monday 2026-11-30 09:30 EST" },
    { MARKET_US, "2026-11-27 18:00:00", "ended early today, at 13:00",
      "Monday 2026-11-30 09:30 EST" },
    { MARKET_US, "2026-03-07 12:00:00", "the weekend",
      "Monday 2026-03-09 09:30 EDT (2026-03-09 13:30 UTC)" },
    { MARKET_US, "2026-10-31 12:00:00", "the weekend",
      "Monday 2026-11-02 09:30 EST (2026-11-02 14:30 UTC)" },
    { MARKET_US, "2026-12-31 20:30:00", "after the close", "Monday 2027-01-04 09:30 EST" },

    { MARKET_SH, "2026-11-22 12:00:00", "the weekend (Sunday)",
      "Monday 2026-11-23 09:30 CST (2026-11-23 01:30 UTC)" },
    { MARKET_SH, "2026-10-01 10:00:00", "an exchange holiday", "Thursday 2026-10-08 09:30 CST" },
    { MARKET_SH, "2026-11-24 11:30:00", "the lunch break until 13:00",
      "Tuesday 2026-11-24 13:00 CST" },
    { MARKET_SH, "2026-11-24 09:14:59", "before the open", "Tuesday 2026-11-24 09:30 CST" },
    { MARKET_SH, "2026-11-24 09:15:00", NULL, NULL },
    { MARKET_SZ, "2026-11-24 09:25:00", "the opening auction is over",
      "Tuesday 2026-11-24 09:30 CST" },
    { MARKET_SZ, "2026-11-24 14:57:00", NULL, NULL },
    { MARKET_SZ, "2026-11-24 15:00:00", "after the close", "Wednesday 2026-11-25 09:30 CST" },
    { MARKET_SZ, "2026-02-13 15:30:00", "after the close", "Tuesday 2026-02-24 09:30 CST" },
    { MARKET_SZ, "2026-12-31 15:30:00", "after the close",
      "Monday 2027-01-04 09:30 CST (2027-01-04 01:30 UTC)"
      ", unless that is a holiday: the calendar ends with 2026" },

    { MARKET_SG, "2026-11-22 12:00:00", "the weekend",
      "Monday 2026-11-23 09:00 SGT (2026-11-23 01:00 UTC)" },
    { MARKET_SG, "2026-08-10 10:00:00", "an exchange holiday", "Tuesday 2026-08-11 09:00 SGT" },
    { MARKET_SG, "2026-11-24 12:00:00", "the lunch break until 13:00",
      "Tuesday 2026-11-24 13:00 SGT" },
    { MARKET_SG, "2026-11-24 08:59:59", "before the open", "Tuesday 2026-11-24 09:00 SGT" },
    { MARKET_SG, "2026-11-24 09:00:00", NULL, NULL },
    { MARKET_SG, "2026-11-24 16:59:59", NULL, NULL },
    { MARKET_SG, "2026-11-24 17:00:00", "after the close", "Wednesday 2026-11-25 09:00 SGT" },
    { MARKET_SG, "2026-02-16 13:30:00", "ended early today, at 12:00",
      "Thursday 2026-02-19 09:00 SGT" },
    { MARKET_SG, "2026-12-24 11:59:59", NULL, NULL },
    { MARKET_SG, "2026-04-02 17:30:00", "after the close", "Monday 2026-04-06 09:00 SGT" },
    { MARKET_SG, "2026-12-31 18:00:00", "ended early today, at 12:00",
      "Monday 2027-01-04 09:00 SGT" },

    { MARKET_JP, "2026-11-21 12:00:00", "the weekend",
      "Tuesday 2026-11-24 09:00 JST (2026-11-24 00:00 UTC)" },
    { MARKET_JP, "2026-11-23 10:00:00", "an exchange holiday", "Tuesday 2026-11-24 09:00 JST" },
    { MARKET_JP, "2026-11-24 11:30:00", "the lunch break until 12:30",
      "Tuesday 2026-11-24 12:30 JST" },
    { MARKET_JP, "2026-11-24 08:30:00", "before the open", "Tuesday 2026-11-24 09:00 JST" },
    { MARKET_JP, "2026-11-24 15:29:59", NULL, NULL },
    { MARKET_JP, "2026-11-24 15:30:00", "after the close", "Wednesday 2026-11-25 09:00 JST" },
    { MARKET_JP, "2024-11-01 15:00:00", "after the close", "Tuesday 2024-11-05 09:00 JST" },
    { MARKET_JP, "2024-11-01 14:59:59", NULL, NULL },
    { MARKET_JP, "2024-11-05 15:10:00", NULL, NULL },
    { MARKET_JP, "2026-12-31 10:00:00", "an exchange holiday", "Monday 2027-01-04 09:00 JST" },

    { MARKET_AU, "2026-11-22 12:00:00", "the weekend",
      "Monday 2026-11-23 10:00 AEDT (2026-11-22 23:00 UTC)" },
    { MARKET_AU, "2026-06-08 12:00:00", "an exchange holiday",
      "Tuesday 2026-06-09 10:00 AEST (2026-06-09 00:00 UTC)" },
    { MARKET_AU, "2026-11-24 09:59:59", "before the open", "Tuesday 2026-11-24 10:00 AEDT" },
    { MARKET_AU, "2026-11-24 12:30:00", NULL, NULL },
    { MARKET_AU, "2026-11-24 16:00:00", "after the close", "Wednesday 2026-11-25 10:00 AEDT" },
    { MARKET_AU, "2026-12-24 14:09:59", NULL, NULL },
    { MARKET_AU, "2026-12-24 14:10:00", "ended early today, at 14:10",
      "Tuesday 2026-12-29 10:00 AEDT" },
    { MARKET_AU, "2026-04-04 12:00:00", "the weekend",
      "Tuesday 2026-04-07 10:00 AEST (2026-04-07 00:00 UTC)" },
    { MARKET_AU, "2026-10-03 12:00:00", "the weekend",
      "Monday 2026-10-05 10:00 AEDT (2026-10-04 23:00 UTC)" },
    { MARKET_AU, "2026-12-31 15:00:00", "ended early today, at 14:10",
      "Monday 2027-01-04 10:00 AEDT" },

    { MARKET_CA, "2026-11-22 12:00:00", "the weekend",
      "Monday 2026-11-23 09:30 EST (2026-11-23 14:30 UTC)" },
    { MARKET_CA, "2026-07-01 12:00:00", "an exchange holiday",
      "Thursday 2026-07-02 09:30 EDT (2026-07-02 13:30 UTC)" },
    { MARKET_CA, "2026-11-26 12:00:00", NULL, NULL },   /* no Thanksgiving of the US */
    { MARKET_CA, "2026-11-24 09:29:59", "before the open", "Tuesday 2026-11-24 09:30 EST" },
    { MARKET_CA, "2026-11-24 16:00:00", "after the close", "Wednesday 2026-11-25 09:30 EST" },
    { MARKET_CA, "2026-12-24 12:59:59", NULL, NULL },
    { MARKET_CA, "2026-12-24 13:00:00", "ended early today, at 13:00",
      "Tuesday 2026-12-29 09:30 EST" },
    { MARKET_CA, "2026-03-07 12:00:00", "the weekend", "Monday 2026-03-09 09:30 EDT" },
    { MARKET_CA, "2026-10-31 12:00:00", "the weekend", "Monday 2026-11-02 09:30 EST" },
    { MARKET_CA, "2026-12-31 16:30:00", "after the close", "Monday 2027-01-04 09:30 EST" },

    { MARKET_MY, "2026-11-22 12:00:00", "the weekend",
      "Monday 2026-11-23 09:00 MYT (2026-11-23 01:00 UTC)" },
    { MARKET_MY, "2026-08-31 12:00:00", "an exchange holiday", "Tuesday 2026-09-01 09:00 MYT" },
    { MARKET_MY, "2026-11-24 12:30:00", "the lunch break until 14:30",
      "Tuesday 2026-11-24 14:30 MYT" },
    { MARKET_MY, "2026-11-24 08:59:59", "before the open", "Tuesday 2026-11-24 09:00 MYT" },
    { MARKET_MY, "2026-11-24 16:59:59", NULL, NULL },
    { MARKET_MY, "2026-11-24 17:00:00", "after the close", "Wednesday 2026-11-25 09:00 MYT" },
    { MARKET_MY, "2026-03-20 12:29:59", NULL, NULL },
    { MARKET_MY, "2026-03-20 13:00:00", "ended early today, at 12:30",
      "Tuesday 2026-03-24 09:00 MYT" },
    { MARKET_MY, "2026-02-16 15:00:00", "ended early today, at 12:30",
      "Thursday 2026-02-19 09:00 MYT" },
    { MARKET_MY, "2026-12-31 18:00:00", "after the close", "Monday 2027-01-04 09:00 MYT" },
};

static void check_instant(const struct instant *i)
{
    struct buf b = BUF_INIT;
    ck_assert_int_eq(buf_puts(&b, "timeout"), FUTU_OK);
    ck_assert_int_eq(hint_append(&b, i->market, at(i->market, i->when)), FUTU_OK);
    ck_assert_int_eq(buf_byte(&b, '\0'), FUTU_OK);
    const char *text = (const char *)b.p;
    if (!i->why) {
        ck_assert_msg(strcmp(text, "timeout") == 0, "%d %s: %s", i->market, i->when, text);
    } else {
        char open[200];
        snprintf(open, sizeof(open), "opens next on %s", i->open);
        ck_assert_msg(strncmp(text, "timeout" HINT, strlen("timeout" HINT)) == 0, "%s", text);
        ck_assert_msg(strstr(text, i->why) && strstr(text, open), "%d %s: %s", i->market, i->when,
                      text);
        ck_assert(strstr(text, "fill_outside_rth") && strstr(text, "keeps none"));
        ck_assert_int_eq(strstr(text, "AUCTION orders") != NULL, i->market == MARKET_HK);
    }
    buf_free(&b);
}

START_TEST(the_hint_says_why_it_is_closed_and_when_it_opens)
{
    for (size_t i = 0; i < ARRAY_LEN(instants); i++)
        check_instant(&instants[i]);
}
END_TEST

START_TEST(one_line_says_so_where_nothing_failed)
{
    for (size_t i = 0; i < ARRAY_LEN(instants); i++) {
        const struct instant *t = &instants[i];
        struct buf b = BUF_INIT;
        ck_assert_int_eq(hint_closed(&b, t->market, at(t->market, t->when)), FUTU_OK);
        ck_assert_int_eq(hint_open(t->market, at(t->market, t->when)), t->why == NULL);
        ck_assert_int_eq(b.n == 0, t->why == NULL);
        buf_byte(&b, 0);
        const char *text = (const char *)b.p;
        ck_assert_msg(!t->why || (strstr(text, " is closed now: ") && strstr(text, t->why)), "%s",
                      text);
        ck_assert_msg(!t->why || strchr(text, '\n') == text + strlen(text) - 1, "%s", text);
        buf_free(&b);
    }
    struct buf b = BUF_INIT;
    ck_assert_int_eq(hint_closed(&b, 99, 0), FUTU_OK);
    ck_assert(b.n == 0 && !hint_open(99, 0));
    for (long n = 0; test_alloc_fail_at(n); n++) {
        struct buf c = BUF_INIT;
        futu_err err = hint_closed(&c, MARKET_HK, at(MARKET_HK, "2026-11-22 12:00:00"));
        ck_assert(err == FUTU_ENOMEM ? c.n == 0 : err == FUTU_OK && c.n > 100);
        buf_free(&c);
    }
}
END_TEST

START_TEST(an_unknown_market_has_no_hint)
{
    struct buf b = BUF_INIT;
    ck_assert_int_eq(hint_append(&b, 99, 0), FUTU_OK);
    ck_assert_uint_eq(b.n, 0);
    ck_assert_int_eq(market_next_open(99, 0), 0);
}
END_TEST

START_TEST(the_next_open_is_the_first_at_or_after_the_instant)
{
    static const struct {
        int32_t market;
        const char *when, *open;
    } cases[] = {
        { MARKET_HK, "2026-11-24 09:30:00", "2026-11-24 09:30:00" },
        { MARKET_HK, "2026-11-24 09:30:01", "2026-11-24 13:00:00" },
        { MARKET_HK, "2026-11-24 13:00:01", "2026-11-25 09:30:00" },
        { MARKET_US, "2026-11-25 10:00:00", "2026-11-27 09:30:00" },
        { MARKET_AU, "2030-12-24 17:00:00", "2030-12-27 10:00:00" },    /* by fixed holidays */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        ck_assert_int_eq(market_next_open(cases[i].market, at(cases[i].market, cases[i].when)),
                         at(cases[i].market, cases[i].open));
}
END_TEST

START_TEST(every_failed_allocation_leaves_the_text_as_it_was)
{
    for (long n = 0; test_alloc_fail_at(n); n++) {
        struct buf b = BUF_INIT;
        futu_err err = hint_append(&b, MARKET_HK, at(MARKET_HK, "2026-11-22 12:00:00"));
        ck_assert(err == FUTU_ENOMEM ? b.n == 0 : err == FUTU_OK && b.n > 100);
        buf_free(&b);
    }
}
END_TEST

START_TEST(a_bound_leaves_the_text_as_it_was)
{
    struct buf b = BUF_MAX(64);
    ck_assert_int_eq(hint_append(&b, MARKET_HK, at(MARKET_HK, "2026-11-22 12:00:00")), FUTU_ELIMIT);
    ck_assert_uint_eq(b.n, 0);
    buf_free(&b);
}
END_TEST

/* Every half hour of eight years, by the C library from the system's zone files. */
START_TEST(zones_are_those_of_the_system)
{
    static const struct {
        int32_t market;
        const char *zone;
    } zones[] = {
        { MARKET_HK, "Asia/Hong_Kong" },   { MARKET_US, "America/New_York" },
        { MARKET_SH, "Asia/Shanghai" },    { MARKET_SZ, "Asia/Shanghai" },
        { MARKET_SG, "Asia/Singapore" },   { MARKET_JP, "Asia/Tokyo" },
        { MARKET_AU, "Australia/Sydney" }, { MARKET_MY, "Asia/Kuala_Lumpur" },
        { MARKET_CA, "America/Toronto" },
    };
    const time_t from = 1577836800, to = 1830297600;    /* 2020-01-01 to 2028-01-01 */
    for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
        char file[64];
        snprintf(file, sizeof(file), "/usr/share/zoneinfo/%s", zones[i].zone);
        ck_assert_msg(access(file, R_OK) == 0, "%s: the package tzdata is missing", file);
        setenv("TZ", zones[i].zone, 1);         /* each test is a process of its own */
        tzset();
        for (time_t t = from; t < to; t += 1800) {
            struct tm tm;
            localtime_r(&t, &tm);
            ck_assert_int_eq(zone_offset(zones[i].market, t * NS_PER_S), tm.tm_gmtoff);
        }
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, texts_without_a_cause_are_generic);
    tcase_add_test(tc, texts_with_a_cause_are_not_generic);
    tcase_add_test(tc, the_hint_says_why_it_is_closed_and_when_it_opens);
    tcase_add_test(tc, one_line_says_so_where_nothing_failed);
    tcase_add_test(tc, an_unknown_market_has_no_hint);
    tcase_add_test(tc, the_next_open_is_the_first_at_or_after_the_instant);
    tcase_add_test(tc, every_failed_allocation_leaves_the_text_as_it_was);
    tcase_add_test(tc, a_bound_leaves_the_text_as_it_was);
    tcase_add_test(tc, zones_are_those_of_the_system);
}

int main(void)
{
    return run_tcase("hint", add);
}
