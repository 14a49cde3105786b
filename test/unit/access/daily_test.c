/* daily_test.c - what keys have used of their day, over a restart and in a file read late. */
#include "support.h"

#include <stdio.h>
#include <unistd.h>

#include "access/access.h"
#include "crypt/digest.h"

#define START_MS INT64_C(1767225600000)     /* 2026-01-01 00:00 UTC */

static struct access *a;
static struct clock_fake now;
static char path[64];
static struct access_hold hold;

static void open_access(void)
{
    struct access_opts o = { .clock = clock_fake(&now) };
    ck_assert_int_eq(access_new(&a, &o), FUTU_OK);
}

static void setup(void)
{
    now = (struct clock_fake){ 5 * NS_PER_S, START_MS * NS_PER_MS };
    snprintf(path, sizeof(path), "/tmp/daily_test.XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    open_access();
}

static void teardown(void)
{
    access_free(a);
    unlink(path);
}

/* The one key id0. */
static struct api_key *key_with(const char *more)
{
    struct api_key *k;
    uint8_t hash[32];
    char hex[65], why[256];
    FILE *f = fopen(path, "w");
    ck_assert(f != NULL);
    sha256("token", 5, hash);
    hex_lower(hash, sizeof(hash), hex);
    fprintf(f, "{\"version\":1,\"keys\":[{\"id\":\"id0\",\"hash\":\"%s\",\"scopes\":"
               "[\"trade:real\"]%s}]}", hex, more);
    fclose(f);
    ck_assert_msg(access_add_file(a, 1u << IFACE_REST, path, why, sizeof(why)) == FUTU_OK, "%s",
                  why);
    ck_assert_int_eq(access_open(a, IFACE_REST, STR("token"), &k), DENY_NONE);
    return k;
}

static enum deny check_value(struct api_key *k, double value)
{
    char reason[160];
    struct access_order o = { .has_value = true, .value = value };
    return access_check(a, k, &o, &hold, reason, sizeof(reason));
}

static void restart(void)
{
    access_free(a);
    open_access();
}

START_TEST(the_days_values_outlive_a_restart)
{
    struct buf file = BUF_INIT;
    size_t line;
    struct api_key *k = key_with(",\"max_daily_value\":100");
    ck_assert_int_eq(check_value(k, 30), DENY_NONE);
    access_settle(a, &hold, true);
    ck_assert_int_eq(access_write_daily(a, k->count, &file), FUTU_OK);
    ck_assert_int_eq(check_value(k, 40), DENY_NONE);            /* under way when it ends */
    ck_assert_int_eq(access_write_daily(a, k->count, &file), FUTU_OK);
    ck_assert_int_eq(buf_puts(&file, "20260101 9"), FUTU_OK);   /* cut off */
    ck_assert(str_is(buf_str(&file), "20260101 30000000 id0\n20260101 70000000 id0\n20260101 9"));
    restart();
    ck_assert_int_eq(access_read_daily(a, buf_str(&file), &line), FUTU_OK);
    k = key_with(",\"max_daily_value\":100");
    ck_assert_int_eq(check_value(k, 30.01), DENY_DAILY);
    file.n = 0;
    ck_assert_int_eq(access_write_all_daily(a, &file), FUTU_OK);
    ck_assert(str_is(buf_str(&file), "20260101 70000000 id0\n"));
    ck_assert_int_eq(check_value(k, 30), DENY_NONE);
    now.wall_ns += 86400 * NS_PER_S;
    restart();
    ck_assert_int_eq(access_read_daily(a, buf_str(&file), &line), FUTU_OK);
    k = key_with(",\"max_daily_value\":100");
    ck_assert_int_eq(check_value(k, 100), DENY_NONE);           /* another day */
    buf_free(&file);
}
END_TEST

START_TEST(a_file_that_is_read_later_adds_to_what_was_used_since)
{
    struct buf file = BUF_INIT;
    size_t line;
    struct api_key *k = key_with("");       /* no cap yet */
    ck_assert_int_eq(check_value(k, 30), DENY_NONE);
    access_settle(a, &hold, true);
    for (int i = 0; i < 2; i++) {
        futu_str text = STR("20260101 10000000 id0\n20260101 50000000 id0\n");
        ck_assert_int_eq(access_read_daily(a, text, &line), FUTU_OK);
        file.n = 0;
        ck_assert_int_eq(access_write_all_daily(a, &file), FUTU_OK);
        ck_assert(str_is(buf_str(&file), "20260101 80000000 id0\n"));
    }
    buf_free(&file);
}
END_TEST

START_TEST(a_line_that_is_not_ours_is_named)
{
    static const char *const wrong[] = {
        "x 1 id0", "20260101 id0", "20260101 1 ", "20260101 -1 id0", "20260101 1 id 0",
        "20260101 9223372036854775807 id0", "", "120260101 1 id0", "20260101  1 id0",
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        char text[96];
        size_t line;
        snprintf(text, sizeof(text), "20260101 1 id0\n%s\n", wrong[i]);
        ck_assert_msg(access_read_daily(a, str_c(text), &line) == FUTU_EFORMAT, "%s", text);
        ck_assert_uint_eq(line, 2);
    }
    size_t line;
    ck_assert_int_eq(access_read_daily(a, STR("20260101 1 id0\nhello"), &line), FUTU_EFORMAT);
    ck_assert_uint_eq(line, 2);
    ck_assert_int_eq(access_read_daily(a, STR("20260101 1 id0\n\0\0\0"), &line), FUTU_OK);
}
END_TEST

START_TEST(reading_values_without_memory_is_clean)
{
    struct access_opts o = { .clock = clock_fake(&now) };
    size_t line;
    for (long n = 0; test_alloc_fail_at(n); n++) {
        struct access *other;
        futu_err err = access_new(&other, &o);
        if (!err)
            err = access_read_daily(other, STR("20260101 1 a\n20260101 2 b\n"), &line);
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        access_free(other);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_days_values_outlive_a_restart);
    tcase_add_test(tc, a_file_that_is_read_later_adds_to_what_was_used_since);
    tcase_add_test(tc, a_line_that_is_not_ours_is_named);
    tcase_add_test(tc, reading_values_without_memory_is_clean);
}

int main(void)
{
    return run_tcase("daily", add);
}
