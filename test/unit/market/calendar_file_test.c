/* calendar_file_test.c - a calendar of one's own: what is taken, what is refused by line. */
#include "../support.h"

#include <stdio.h>
#include <unistd.h>

#include "market/calendar_file.h"
#include "market/hint.h"

#define HEAD "market\tdate\tkind\tlocal_close\n"

static char why[256];

static void refuses(const char *text, const char *word)
{
    struct calendar_set s;
    why[0] = '\0';
    ck_assert_int_eq(calendar_set_parse(&s, str_c(text), why, sizeof(why)), FUTU_EFORMAT);
    ck_assert_msg(strstr(why, word) != NULL, "no \"%s\" in \"%s\"", word, why);
    ck_assert_ptr_null(s.days);
}

START_TEST(rows_in_any_order_become_tables_by_date)
{
    struct calendar_set s;
    futu_str text = STR("# ours\r\n\r\nmarket\tdate\tkind\tlocal_close\r\n"
                        "HK\t2027-12-31\tearly_close\t12:00\n"
                        "JP\t2026-01-02\tclosed\t\n"
                        "HK\t2026-01-01\tclosed\n"
                        "CN\t2026-05-04\tclosed\t");
    ck_assert_int_eq(calendar_set_parse(&s, text, why, sizeof(why)), FUTU_OK);
    const struct calendar_table *hk = &s.tables[CALENDAR_HK];
    ck_assert_uint_eq(hk->n, 2);
    ck_assert_int_eq(hk->days[0].date, 20260101);
    ck_assert_int_eq(hk->days[0].close, 0);
    ck_assert_int_eq(hk->days[1].date, 20271231);
    ck_assert_int_eq(hk->days[1].close, 12 * 60);
    ck_assert_int_eq(hk->first_year, 2026);
    ck_assert_int_eq(hk->last_year, 2027);
    ck_assert_uint_eq(s.tables[CALENDAR_JP].n, 1);
    ck_assert_uint_eq(s.tables[CALENDAR_US].n, 0);
    calendar_set_free(&s);
}
END_TEST

START_TEST(what_is_wrong_is_named_with_its_line)
{
    refuses("", "no day");
    refuses(HEAD, "no day");
    refuses("HK\t2026-01-01\tclosed\t\n", "line 1: the head line");
    refuses("market,date,kind,local_close\n", "line 1: the head line");
    refuses(HEAD "HK\t2026-01-01\tclosed\t\nUK\t2026-01-01\tclosed\t\n",
            "line 3: no market \"UK\"; did you mean HK?");
    refuses(HEAD "EUREX\t2026-01-01\tclosed\t\n", "one of HK");
    refuses(HEAD "\t2026-01-01\tclosed\t\n", "no market \"\"");
    refuses(HEAD "SH\t2026-01-01\tclosed\t\n", "CN stands for both");
    refuses(HEAD "hk\t2026-01-01\tclosed\t\n", "line 2");
    refuses(HEAD "HK\t2026-02-30\tclosed\t\n", "line 2: the date");
    refuses(HEAD "HK\t2026-1-1\tclosed\t\n", "line 2: the date");
    refuses(HEAD "HK\t20260101\tclosed\t\n", "line 2: the date");
    refuses(HEAD "HK\t1960-01-04\tclosed\t\n", "line 2: the date");
    refuses(HEAD "HK\t2026-11-21\tclosed\t\n", "2026-11-21 is a Saturday");
    refuses(HEAD "HK\t2026-11-22\tclosed\t\n", "2026-11-22 is a Sunday");
    refuses(HEAD "HK\t2026-01-01\topen\t\n", "closed or early_close");
    refuses(HEAD "HK\t2026-01-01\t\t\n", "closed or early_close");
    refuses(HEAD "HK\t2026-01-01\tclosed\t12:00\n", "no local_close");
    refuses(HEAD "HK\t2026-01-01\tearly_close\t\n", "HH:MM");
    refuses(HEAD "HK\t2026-01-01\tearly_close\t12.00\n", "HH:MM");
    refuses(HEAD "HK\t2026-01-01\tearly_close\t24:00\n", "HH:MM");
    refuses(HEAD "HK\t2026-01-01\tearly_close\t1:00\n", "HH:MM");
    refuses(HEAD "HK\t2026-01-01\tearly_close\t09:30\n", "after 09:30 and before 16:00");
    refuses(HEAD "HK\t2026-01-01\tearly_close\t16:00\n", "after 09:30 and before 16:00");
    refuses(HEAD "JP\t2024-11-01\tearly_close\t15:00\n", "before 15:00");
    refuses(HEAD "HK\t2026-01-01\tclosed\t\t\tx\n", "four columns");
    refuses(HEAD "HK\t2026-01-02\tclosed\t\nHK\t2026-01-01\tclosed\t\n"
                 "HK\t2026-01-02\tearly_close\t12:00\n",
            "line 4: HK 2026-01-02 stands on line 2 already");
}
END_TEST

static void put(const char *path, const char *text, size_t n)
{
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(text, 1, n, f), n);
    fclose(f);
}

START_TEST(a_loaded_calendar_replaces_the_markets_that_it_names)
{
    char path[] = "/tmp/calendar-XXXXXX";
    const char *text = HEAD "HK\t2026-11-24\tclosed\t\nHK\t2026-11-25\tearly_close\t11:00\n";
    struct session s[3];
    close(mkstemp(path));
    put(path, text, strlen(text));
    ck_assert_int_eq(market_calendar_load(path, why, sizeof(why)), FUTU_OK);
    ck_assert(!market_is_trading_day(MARKET_HK, 20261124));
    ck_assert(market_is_trading_day(MARKET_HK, 20261225));      /* the file does not name it */
    ck_assert(!market_is_trading_day(MARKET_US, 20261126));     /* as built in */
    ck_assert_uint_eq(market_sessions(MARKET_HK, 20261125, s), 1);
    ck_assert_int_eq(s[0].to - s[0].from, 90 * 60 * NS_PER_S);
    put(path, "rubbish", 7);
    ck_assert_int_eq(market_calendar_load(path, why, sizeof(why)), FUTU_EFORMAT);
    ck_assert(strstr(why, path) && strstr(why, "line 1"));
    ck_assert(!market_is_trading_day(MARKET_HK, 20261124));     /* still the loaded one */
    ck_assert_int_eq(market_calendar_load(NULL, NULL, 0), FUTU_OK);
    ck_assert(market_is_trading_day(MARKET_HK, 20261124));
    ck_assert(!market_is_trading_day(MARKET_HK, 20261225));
    unlink(path);
}
END_TEST

START_TEST(the_built_in_table_is_such_a_file)
{
    const char *path = "libfutu/market/data/calendars.tsv";
    ck_assert_int_eq(market_calendar_load(path, why, sizeof(why)), FUTU_OK);
    ck_assert(!market_is_trading_day(MARKET_HK, 20261225));
    for (int32_t i = 0; i < CALENDARS; i++) {
        const struct calendar_table *a = calendar_table(i), *b = &calendar_tables[i];
        ck_assert_ptr_ne(a, b);
        ck_assert_uint_eq(a->n, b->n);
        ck_assert_int_eq(a->first_year, b->first_year);
        ck_assert_int_eq(a->last_year, b->last_year);
        ck_assert_mem_eq(a->days, b->days, a->n * sizeof(a->days[0]));
    }
    market_calendar_load(NULL, NULL, 0);
}
END_TEST

START_TEST(files_that_cant_be_read_are_errors)
{
    ck_assert_int_eq(market_calendar_load("/nonexistent", why, sizeof(why)), FUTU_EIO);
    ck_assert_str_eq(why, "/nonexistent: No such file or directory");
    ck_assert_int_eq(market_calendar_load("/tmp", why, sizeof(why)), FUTU_EIO);
    char path[] = "/tmp/calendar-XXXXXX";
    size_t n = CALENDAR_FILE_MAX + 1;
    char *text = malloc(n);
    memset(text, '\n', n);
    close(mkstemp(path));
    put(path, text, n);
    ck_assert_int_eq(market_calendar_load(path, why, sizeof(why)), FUTU_EFORMAT);
    ck_assert_msg(strstr(why, "larger than 1048576 bytes") != NULL, "%s", why);
    free(text);
    unlink(path);
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    const char *path = "libfutu/market/data/calendars.tsv";
    for (long n = 0; test_alloc_fail_at(n); n++) {
        futu_err err = market_calendar_load(path, why, sizeof(why));
        ck_assert(err == FUTU_OK || err == FUTU_ENOMEM);
        ck_assert(err == FUTU_OK || strstr(why, "out of memory"));
    }
    market_calendar_load(NULL, NULL, 0);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, rows_in_any_order_become_tables_by_date);
    tcase_add_test(tc, what_is_wrong_is_named_with_its_line);
    tcase_add_test(tc, a_loaded_calendar_replaces_the_markets_that_it_names);
    tcase_add_test(tc, the_built_in_table_is_such_a_file);
    tcase_add_test(tc, files_that_cant_be_read_are_errors);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("calendar_file", add);
}
