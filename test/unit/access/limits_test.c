/* limits_test.c - what a key may do with an order; and that no interleaving of orders, answers,
 * reloads and days passes a cap, against a model that remembers everything. */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "access/access.h"
#include "crypt/digest.h"

#define START_MS INT64_C(1767225600000)     /* 2026-01-01 00:00 UTC */
#define N_IDS 3
#define N_FILES 2

static struct access *a;
static struct clock_fake now;
static char dir[64], path[N_FILES][96], why[256], reason[160];
static struct access_hold hold;

static void setup(void)
{
    struct access_opts o = { .raw_machine_id = NULL };
    ck_assert_int_eq(setenv("TZ", "Asia/Hong_Kong", 1), 0);
    now = (struct clock_fake){ 5 * NS_PER_S, START_MS * NS_PER_MS };
    o.clock = clock_fake(&now);
    ck_assert_int_eq(access_new(&a, &o), FUTU_OK);
    snprintf(dir, sizeof(dir), "/tmp/limits_test.XXXXXX");
    ck_assert(mkdtemp(dir) != NULL);
    for (int i = 0; i < N_FILES; i++)
        snprintf(path[i], sizeof(path[i]), "%s/keys%d.json", dir, i);
}

static void teardown(void)
{
    access_free(a);
    for (int i = 0; i < N_FILES; i++)
        unlink(path[i]);
    ck_assert_int_eq(rmdir(dir), 0);
}

static void put_key(FILE *f, int i, const char *more)
{
    uint8_t hash[32];
    char hex[65], token[16];
    size_t n = (size_t)snprintf(token, sizeof(token), "token%d", i);
    sha256(token, n, hash);
    hex_lower(hash, sizeof(hash), hex);
    fprintf(f, "%s{\"id\":\"id%d\",\"hash\":\"%s\",\"scopes\":[\"trade:real\"]%s}", i ? "," : "", i,
            hex, more);
}

/* One file with the one key id0. */
static struct api_key *key_with(const char *more)
{
    struct api_key *k;
    FILE *f = fopen(path[0], "w");
    ck_assert(f != NULL);
    fprintf(f, "{\"version\":1,\"keys\":[");
    put_key(f, 0, more);
    fprintf(f, "]}");
    fclose(f);
    futu_err err = access_path(a, 0)
                       ? access_reload(a, why, sizeof(why))
                       : access_add_file(a, 1u << IFACE_REST, path[0], why, sizeof(why));
    ck_assert_msg(err == FUTU_OK, "%s", why);
    ck_assert_int_eq(access_open(a, IFACE_REST, STR("token0"), &k), DENY_NONE);
    return k;
}

static enum deny check(struct api_key *k, struct access_order o)
{
    return access_check(a, k, &o, &hold, reason, sizeof(reason));
}

static enum deny check_value(struct api_key *k, double value)
{
    return check(k, (struct access_order){ .has_value = true, .value = value });
}

/* ---- one limit at a time ---- */

START_TEST(an_order_outside_of_a_list_is_refused)
{
    struct api_key *k = key_with(
        ",\"allowed_acc_ids\":[7],\"allowed_markets\":[\"HK\",\"FUTURES\"],"
        "\"allowed_symbols\":[\"HK.700\",\"US.AAPL\"],"
        "\"allowed_trd_sides\":[\"BUY\",\"SELL_SHORT\"]");
    ck_assert_int_eq(check(k, (struct access_order){ .has_acc = true, .acc_id = 8 }), DENY_ACCOUNT);
    ck_assert_str_eq(reason, "limit: account 8 is not allowed");
    ck_assert_int_eq(check(k, (struct access_order){ .market = "US" }), DENY_MARKET);
    ck_assert_str_eq(reason, "limit: market US is not allowed");
    ck_assert_int_eq(check(k, (struct access_order){ .market = "Futures" }), DENY_NONE);
    ck_assert_int_eq(check(k, (struct access_order){ .symbol = STR("US.TSLA") }), DENY_SYMBOL);
    ck_assert_str_eq(reason, "limit: symbol US.TSLA is not allowed");
    ck_assert_int_eq(check(k, (struct access_order){ .symbol = STR("HK.00700") }), DENY_NONE);
    ck_assert_int_eq(check(k, (struct access_order){ .symbol = STR("HK.07000") }), DENY_SYMBOL);
    ck_assert_int_eq(check(k, (struct access_order){ .symbol = STR("700") }), DENY_SYMBOL);
    ck_assert_int_eq(check(k, (struct access_order){ .symbol = STR("us.aapl") }), DENY_NONE);
    ck_assert_int_eq(check(k, (struct access_order){ .side = 2 }), DENY_SIDE);
    ck_assert_str_eq(reason, "limit: side SELL is not allowed");
    ck_assert_int_eq(check(k, (struct access_order){ .side = 9 }), DENY_SIDE);
    ck_assert_int_eq(check(k, (struct access_order){ .side = 3 }), DENY_NONE);
    ck_assert_int_eq(check(k, (struct access_order){ .side = 0 }), DENY_NONE);
    ck_assert_str_eq(reason, "");
}
END_TEST

START_TEST(limits_are_checked_in_the_documented_order)
{
    struct api_key *k = key_with(
        ",\"allowed_acc_ids\":[7],\"allowed_markets\":[\"HK\"],\"allowed_symbols\":[\"HK.700\"],"
        "\"allowed_trd_sides\":[\"BUY\"],\"hours_window\":\"09:00-10:00\",\"max_order_value\":100,"
        "\"max_orders_per_minute\":0,\"max_daily_value\":10");
    struct access_order o = { 8, true, "US", STR("US.AAPL"), 2, true, 101 };
    ck_assert_int_eq(check(k, o), DENY_ACCOUNT);
    o.acc_id = 7;
    ck_assert_int_eq(check(k, o), DENY_MARKET);
    o.market = "HK";
    ck_assert_int_eq(check(k, o), DENY_SYMBOL);
    o.symbol = STR("HK.00700");
    ck_assert_int_eq(check(k, o), DENY_SIDE);
    o.side = 1;
    ck_assert_int_eq(check(k, o), DENY_HOURS);      /* 08:00 in Hong Kong */
    now.wall_ns += 3600 * NS_PER_S;
    ck_assert_int_eq(check(k, o), DENY_PER_ORDER);
    o.value = 50;
    ck_assert_int_eq(check(k, o), DENY_RATE);
    key_with(",\"max_daily_value\":10");
    ck_assert_int_eq(check(k, o), DENY_DAILY);
    o.value = 10;
    ck_assert_int_eq(check(k, o), DENY_NONE);
}
END_TEST

START_TEST(hours_are_local_and_may_cross_midnight)
{
    static const struct {
        const char *window;
        int minute;
        bool open;
    } rows[] = {
        { "09:30-16:00", 569, false }, { "09:30-16:00", 570, true }, { "09:30-16:00", 959, true },
        { "09:30-16:00", 960, false }, { "22:30-05:00", 1349, false },
        { "22:30-05:00", 1350, true }, { "22:30-05:00", 0, true }, { "22:30-05:00", 299, true },
        { "22:30-05:00", 300, false }, { "00:00-24:00", 0, true }, { "00:00-24:00", 1439, true },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char more[64];
        snprintf(more, sizeof(more), ",\"hours_window\":\"%s\"", rows[i].window);
        struct api_key *k = key_with(more);
        /* 00:00 in Hong Kong is 16:00 of the day before in UTC. */
        now.wall_ns = (START_MS / 1000 + 16 * 3600 + rows[i].minute * 60 + 59) * NS_PER_S;
        ck_assert_msg((check_value(k, 1) == DENY_NONE) == rows[i].open, "%s at %d", rows[i].window,
                      rows[i].minute);
    }
    struct api_key *k = key_with(",\"hours_window\":\"09:30-16:00\"");
    now.wall_ns = (START_MS / 1000 + 9 * 3600 + 120) * NS_PER_S;
    ck_assert_int_eq(check_value(k, 1), DENY_HOURS);
    ck_assert_str_eq(reason, "limit: 17:02 is outside hours window 09:30-16:00");
}
END_TEST

/* Local clock times of America/New_York, where 2026 has no 02:30 on March 8 and two 01:30 on
 * November 1. */
START_TEST(outside_its_hours_a_key_is_told_when_they_begin)
{
    static const struct {
        int month, day, hour, minute, second, isdst;
        const char *window;
        uint32_t retry_s;
    } cases[] = {
        { 1, 5, 9, 29, 59, 0, "09:30-16:00", 1 },
        { 1, 5, 16, 0, 0, 0, "09:30-16:00", 17 * 3600 + 1800 },
        { 1, 5, 12, 0, 30, 0, "22:00-04:00", 36000 - 30 },
        { 3, 7, 16, 0, 0, 0, "09:30-16:00", 17 * 3600 + 1800 - 3600 },
        { 10, 31, 16, 0, 0, 1, "09:30-16:00", 17 * 3600 + 1800 + 3600 },
        { 12, 31, 23, 59, 0, 0, "00:01-23:58", 120 },
    };
    ck_assert_int_eq(setenv("TZ", "America/New_York", 1), 0);
    tzset();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char more[64];
        struct tm tm = { .tm_year = 126, .tm_mon = cases[i].month - 1, .tm_mday = cases[i].day,
                         .tm_hour = cases[i].hour, .tm_min = cases[i].minute,
                         .tm_sec = cases[i].second, .tm_isdst = cases[i].isdst };
        snprintf(more, sizeof(more), ",\"hours_window\":\"%s\"", cases[i].window);
        struct api_key *k = key_with(more);
        now.wall_ns = mktime(&tm) * NS_PER_S;
        ck_assert_msg(check_value(k, 1) == DENY_HOURS, "case %zu", i);
        ck_assert_msg(hold.retry_s == cases[i].retry_s, "case %zu: %u", i, hold.retry_s);
        now.wall_ns += (hold.retry_s - 1) * NS_PER_S;
        ck_assert_int_eq(check_value(k, 1), DENY_HOURS);
        now.wall_ns += NS_PER_S;
        ck_assert_int_eq(check_value(k, 1), DENY_NONE);
    }
}
END_TEST

START_TEST(a_value_that_is_none_is_refused_with_or_without_a_cap)
{
    static const double wrong[] = { NAN, INFINITY, -INFINITY, -0.01 };
    for (int capped = 0; capped < 2; capped++) {
        struct api_key *k = key_with(capped ? ",\"max_order_value\":100" : "");
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
            ck_assert_int_eq(check_value(k, wrong[i]), DENY_PER_ORDER);
            ck_assert(hold.count == NULL);
        }
        ck_assert_int_eq(check_value(k, 100), DENY_NONE);
        ck_assert_int_eq(check_value(k, 100.01), capped ? DENY_PER_ORDER : DENY_NONE);
        ck_assert_int_eq(check(k, (struct access_order){ .value = NAN }), DENY_NONE);
        ck_assert(access_needs_value(k) == (capped == 1));
    }
}
END_TEST

START_TEST(the_rate_slides_over_sixty_seconds)
{
    struct api_key *k = key_with(",\"max_orders_per_minute\":3");
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(check_value(k, 1), DENY_NONE);
        clock_fake_advance(&now, 10 * NS_PER_S);
    }
    ck_assert_int_eq(check_value(k, 1), DENY_RATE);
    ck_assert_str_eq(reason, "limit: rate limit exceeded: 4 in 60s (cap 3)");
    ck_assert_uint_eq(hold.retry_s, 30);
    clock_fake_advance(&now, 30 * NS_PER_S - 1);
    ck_assert_int_eq(check_value(k, 1), DENY_RATE);         /* what is refused does not count */
    ck_assert_uint_eq(hold.retry_s, 1);
    clock_fake_advance(&now, 1);
    ck_assert_int_eq(check_value(k, 1), DENY_NONE);
    ck_assert_uint_eq(hold.retry_s, 0);
    ck_assert_int_eq(check_value(k, 1), DENY_RATE);
    ck_assert_uint_eq(hold.retry_s, 10);
    now.wall_ns += 3600 * NS_PER_S;                         /* the wall clock says nothing here */
    ck_assert_int_eq(check_value(k, 1), DENY_RATE);
}
END_TEST

START_TEST(a_lower_rate_waits_for_all_that_are_too_many)
{
    struct api_key *k = key_with("");
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(check_value(k, 1), DENY_NONE);
        clock_fake_advance(&now, NS_PER_S);
    }
    key_with(",\"max_orders_per_minute\":5");
    ck_assert_int_eq(check_value(k, 1), DENY_RATE);
    ck_assert_uint_eq(hold.retry_s, 55);            /* the 16th of the 20 */
    clock_fake_advance(&now, 55 * NS_PER_S);
    ck_assert_int_eq(check_value(k, 1), DENY_NONE);
}
END_TEST

START_TEST(a_rate_that_a_reload_brings_counts_what_was_before)
{
    struct api_key *k = key_with("");
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(check_value(k, 1), DENY_NONE);
    key_with(",\"max_orders_per_minute\":101");
    ck_assert_int_eq(check_value(k, 1), DENY_NONE);
    ck_assert_int_eq(check_value(k, 1), DENY_RATE);
    ck_assert_str_eq(reason, "limit: rate limit exceeded: 102 in 60s (cap 101)");
}
END_TEST

START_TEST(the_ring_of_times_is_bounded)
{
    struct api_key *k = key_with("");
    for (unsigned i = 0; i < 2 * KEY_RATE_MAX + 5; i++)
        ck_assert_int_eq(check_value(k, 0), DENY_NONE);
    key_with(",\"max_orders_per_minute\":60000");
    ck_assert_int_eq(check_value(k, 0), DENY_RATE);
    ck_assert_str_eq(reason, "limit: rate limit exceeded: 60001 in 60s (cap 60000)");
    clock_fake_advance(&now, 60 * NS_PER_S);
    for (unsigned i = 0; i < KEY_RATE_MAX; i++)
        ck_assert_int_eq(check_value(k, 0), DENY_NONE);
    ck_assert_int_eq(check_value(k, 0), DENY_RATE);
}
END_TEST

START_TEST(a_time_that_cannot_be_counted_is_refused_if_it_must_be)
{
    struct api_key *k = key_with(",\"max_orders_per_minute\":100");
    mem_fail_at(0);
    for (int i = 0; i < 8; i++)                 /* a few need no memory */
        ck_assert_int_eq(check_value(k, 1), DENY_NONE);
    ck_assert_int_eq(check_value(k, 1), DENY_RATE);
    ck_assert_str_eq(reason, "limit: rate can't be counted: out of memory");
    ck_assert(hold.count == NULL);
    mem_fail_at(-1);
    ck_assert_int_eq(check_value(k, 1), DENY_NONE);
    k = key_with("");
    for (int i = 0; i < 7; i++)
        ck_assert_int_eq(check_value(k, 1), DENY_NONE);
    mem_fail_at(0);
    ck_assert_int_eq(check_value(k, 1), DENY_NONE);
    mem_fail_at(-1);
}
END_TEST

START_TEST(values_are_held_until_they_are_settled)
{
    struct api_key *k = key_with(",\"max_daily_value\":1000");
    ck_assert_int_eq(check_value(k, 600), DENY_NONE);
    struct access_hold first = hold;
    ck_assert_int_eq(check_value(k, 400.01), DENY_DAILY);
    ck_assert_str_eq(reason, "limit: daily value exceeded: 600.00 + 400.01 (cap 1000.00)");
    ck_assert_int_eq(check_value(k, 400), DENY_NONE);
    struct access_hold second = hold;
    access_settle(a, &first, false);
    ck_assert(first.count == NULL);
    access_settle(a, &first, false);                    /* an empty one changes nothing */
    ck_assert_int_eq(check_value(k, 600.01), DENY_DAILY);
    access_settle(a, &second, true);
    ck_assert_int_eq(check_value(k, 600.01), DENY_DAILY);
    ck_assert_int_eq(check_value(k, 600), DENY_NONE);
    access_settle(a, &hold, true);
    ck_assert_int_eq(check_value(k, 0.01), DENY_DAILY);
    ck_assert_int_eq(check_value(k, 0), DENY_NONE);
}
END_TEST

START_TEST(a_refused_order_counts_nowhere)
{
    struct api_key *k = key_with(",\"max_daily_value\":10,\"max_orders_per_minute\":1");
    ck_assert_int_eq(check_value(k, 11), DENY_DAILY);
    ck_assert_int_eq(check_value(k, 10), DENY_NONE);
    ck_assert_int_eq(check_value(k, 0), DENY_RATE);
}
END_TEST

START_TEST(sums_are_exact_in_decimals)
{
    struct api_key *k = key_with(",\"max_daily_value\":1.1");
    for (int i = 0; i < 11; i++)
        ck_assert_int_eq(check_value(k, 0.1), DENY_NONE);
    ck_assert_int_eq(check_value(k, 1e-12), DENY_DAILY);        /* however little */
}
END_TEST

START_TEST(a_day_begins_at_midnight_in_utc)
{
    struct api_key *k = key_with(",\"max_daily_value\":100");
    now.wall_ns = (START_MS / 1000 + 86399) * NS_PER_S;
    ck_assert_int_eq(check_value(k, 100), DENY_NONE);
    struct access_hold late = hold;
    ck_assert_int_eq(check_value(k, 1), DENY_DAILY);
    ck_assert_uint_eq(hold.retry_s, 1);
    now.wall_ns += NS_PER_S;
    ck_assert_int_eq(check_value(k, 60), DENY_NONE);
    access_settle(a, &late, false);                     /* yesterday's: gives nothing back today */
    ck_assert_int_eq(check_value(k, 41), DENY_DAILY);
    ck_assert_int_eq(check_value(k, 40), DENY_NONE);
    now.wall_ns -= NS_PER_S;                            /* the clock was set back over midnight */
    ck_assert_int_eq(check_value(k, 101), DENY_DAILY);
    ck_assert_int_eq(check_value(k, 100), DENY_NONE);
    now.wall_ns += NS_PER_S;
    ck_assert_int_eq(check_value(k, 1), DENY_DAILY);
}
END_TEST

START_TEST(a_hold_of_a_day_that_was_forgotten_gives_nothing_back)
{
    struct api_key *k = key_with(",\"max_daily_value\":100");
    ck_assert_int_eq(check_value(k, 70), DENY_NONE);
    struct access_hold old = hold;
    for (int i = 0; i < 3; i++) {
        now.wall_ns += 86400 * NS_PER_S;
        ck_assert_int_eq(check_value(k, 1), DENY_NONE);
    }
    now.wall_ns = START_MS * NS_PER_MS;                 /* that day anew */
    ck_assert_int_eq(check_value(k, 100), DENY_NONE);
    access_settle(a, &old, false);
    ck_assert_int_eq(check_value(k, 1), DENY_DAILY);
}
END_TEST

START_TEST(huge_values_neither_overflow_nor_pass)
{
    struct api_key *k = key_with("");
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(check_value(k, 1e12), DENY_NONE);
        access_settle(a, &hold, true);
        ck_assert_int_eq(check_value(k, 1e300), DENY_NONE);
        ck_assert(hold.count == NULL);
    }
    key_with(",\"max_daily_value\":1000000000000");
    ck_assert_int_eq(check_value(k, 1e300), DENY_DAILY);
    ck_assert_int_eq(check_value(k, 1), DENY_DAILY);
}
END_TEST

START_TEST(nobody_in_open_mode_is_limited)
{
    ck_assert_int_eq(check_value(NULL, 1e9), DENY_NONE);
    ck_assert(hold.count == NULL);
    access_settle(a, &hold, true);
}
END_TEST

/* ---- against a model ---- */

#define MAX_TIMES 4000
#define MAX_HOLDS 64
#define CAP_NONE UINT32_MAX

static uint64_t seed;

static uint32_t draw(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % below;
}

struct model_id {
    int64_t times[MAX_TIMES];   /* of all passes */
    size_t n_times;
    int64_t micros[40];         /* by day: accepted or not yet settled */
};

struct model_hold {
    struct access_hold hold;
    int id, day;
    int64_t micros;
};

static struct {
    struct model_id ids[N_IDS];
    struct {
        uint32_t rate, daily;   /* CAP_NONE: none; daily in whole units */
        bool there;
    } caps[N_FILES][N_IDS];
    struct model_hold holds[MAX_HOLDS];
    size_t n_holds;
} m;

static void write_random_file(int file)
{
    FILE *f = fopen(path[file], "w");
    ck_assert(f != NULL);
    fprintf(f, "{\"version\":1,\"keys\":[");
    for (int i = 0; i < N_IDS; i++) {
        char rate[64] = "", daily[64] = "", more[160];
        m.caps[file][i].rate = draw(4) ? draw(12) : CAP_NONE;
        m.caps[file][i].daily = draw(4) ? draw(2000) : CAP_NONE;
        if (m.caps[file][i].rate != CAP_NONE)
            snprintf(rate, sizeof(rate), ",\"max_orders_per_minute\":%u", m.caps[file][i].rate);
        if (m.caps[file][i].daily != CAP_NONE)
            snprintf(daily, sizeof(daily), ",\"max_daily_value\":%u", m.caps[file][i].daily);
        snprintf(more, sizeof(more), "%s%s", rate, daily);
        put_key(f, i, more);
    }
    fprintf(f, "]}");
    fclose(f);
}

static void random_reload(void)
{
    write_random_file((int)draw(N_FILES));
    ck_assert_int_eq(access_reload(a, why, sizeof(why)), FUTU_OK);
}

static int day_now(void)
{
    return (int)((now.wall_ns / NS_PER_MS - START_MS) / 86400000);
}

static size_t passes_in_window(const struct model_id *id)
{
    size_t n = 0;
    for (size_t i = id->n_times; i-- > 0 && now.mono_ns - id->times[i] < 60 * NS_PER_S;)
        n++;
    return n;
}

static void random_check(void)
{
    static const enum iface surface[N_FILES] = { IFACE_REST, IFACE_GRPC };
    int file = (int)draw(N_FILES), i = (int)draw(N_IDS), day = day_now();
    struct model_id *id = &m.ids[i];
    struct api_key *k;
    char token[16];
    size_t n = (size_t)snprintf(token, sizeof(token), "token%d", i);
    uint32_t cents = draw(40000);
    int64_t micros = (int64_t)cents * 10000;
    ck_assert_int_eq(access_open(a, surface[file], (futu_str){ token, n }, &k), DENY_NONE);
    enum deny d = check_value(k, (double)cents / 100), want = DENY_NONE;
    uint32_t rate = m.caps[file][i].rate, daily = m.caps[file][i].daily;
    if (rate != CAP_NONE && passes_in_window(id) >= rate)
        want = DENY_RATE;
    else if (daily != CAP_NONE && id->micros[day] + micros > daily * INT64_C(1000000))
        want = DENY_DAILY;
    ck_assert_int_eq(d, want);
    if (d) {
        ck_assert(hold.count == NULL);
        return;
    }
    ck_assert_uint_lt(id->n_times, MAX_TIMES);
    id->times[id->n_times++] = now.mono_ns;
    id->micros[day] += micros;
    m.holds[m.n_holds++] = (struct model_hold){ hold, i, day, micros };
}

static void random_settle(void)
{
    if (m.n_holds == 0)
        return;
    struct model_hold *h = &m.holds[draw((uint32_t)m.n_holds)];
    bool accepted = draw(2);
    access_settle(a, &h->hold, accepted);
    if (!accepted)
        m.ids[h->id].micros[h->day] -= h->micros;
    *h = m.holds[--m.n_holds];
}

static void random_wait(void)
{
    static int64_t over_midnight;
    clock_fake_advance(&now, draw(20000) * NS_PER_MS);
    if (over_midnight) {                    /* a clock that was set back goes on behind midnight */
        now.wall_ns += over_midnight;
        over_midnight = 0;
    } else if (draw(100) == 0 && day_now() < 35) {
        now.wall_ns = (START_MS / 1000 + (day_now() + 1) * INT64_C(86400)) * NS_PER_S;
        if (draw(2)) {
            over_midnight = 2 * NS_PER_S;
            random_check();
            now.wall_ns -= NS_PER_S;
        }
    }
}

/* Every check is as the model says, so no sum and no window ever passes a cap. */
START_TEST(no_interleaving_passes_a_cap)
{
    seed = (uint64_t)_i * 7919 + 1;
    memset(&m, 0, sizeof(m));
    for (int i = 0; i < N_FILES; i++) {
        write_random_file(i);
        ck_assert_int_eq(access_add_file(a, 1u << (i ? IFACE_GRPC : IFACE_REST), path[i], why,
                                         sizeof(why)), FUTU_OK);
    }
    for (int step = 0; step < 4000; step++) {
        uint32_t what = draw(100);
        if (what < 55 && m.n_holds < MAX_HOLDS - 1)
            random_check();
        else if (what < 85)
            random_settle();
        else if (what < 97)
            random_wait();
        else
            random_reload();
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, an_order_outside_of_a_list_is_refused);
    tcase_add_test(tc, limits_are_checked_in_the_documented_order);
    tcase_add_test(tc, hours_are_local_and_may_cross_midnight);
    tcase_add_test(tc, a_value_that_is_none_is_refused_with_or_without_a_cap);
    tcase_add_test(tc, the_rate_slides_over_sixty_seconds);
    tcase_add_test(tc, a_lower_rate_waits_for_all_that_are_too_many);
    tcase_add_test(tc, outside_its_hours_a_key_is_told_when_they_begin);
    tcase_add_test(tc, a_rate_that_a_reload_brings_counts_what_was_before);
    tcase_add_test(tc, the_ring_of_times_is_bounded);
    tcase_add_test(tc, a_time_that_cannot_be_counted_is_refused_if_it_must_be);
    tcase_add_test(tc, values_are_held_until_they_are_settled);
    tcase_add_test(tc, a_refused_order_counts_nowhere);
    tcase_add_test(tc, sums_are_exact_in_decimals);
    tcase_add_test(tc, a_day_begins_at_midnight_in_utc);
    tcase_add_test(tc, a_hold_of_a_day_that_was_forgotten_gives_nothing_back);
    tcase_add_test(tc, huge_values_neither_overflow_nor_pass);
    tcase_add_test(tc, nobody_in_open_mode_is_limited);
    tcase_add_loop_test(tc, no_interleaving_passes_a_cap, 0, 30);
}

int main(void)
{
    return run_tcase("limits", add);
}
