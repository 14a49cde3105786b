/* relay_test.c - quotes through two relays whose links are cut again and again: what is lost is
 * told, what is told comes back, and in time.
 */
#include <stdio.h>

#include "chain.h"
#include "support.h"
#include "watcher.h"

#define CUTS (SLOW > 1 ? 200 : 1000)
#define CUTS_MS (45000 * SLOW)
#define BACK_MS (20000 * SLOW)
#define MANY_CODES 500          /* of four streams each: the quota of 2,000 */
#define MANY_CUTS (SLOW > 1 ? 5 : 30)
#define RESTORE_MS (2000 * SLOW)

static const char *const busy[] = {
    "HK.00700", "HK.09988", "HK.00005", "HK.03690", "HK.00941", "HK.01299", "HK.00388",
    "HK.02318", "HK.00939", "HK.01398", "US.AAPL",  "US.NVDA",  "US.TSLA",  "US.MSFT",
    "US.AMZN",  "US.META",  "SH.600519", "SH.601318", "SZ.000858", "SZ.300750",
};
static const int32_t busy_types[] = { Qot_Common_SubType_Basic, Qot_Common_SubType_Ticker,
                                      Qot_Common_SubType_KL_1Min, Qot_Common_SubType_KL_Day };
static const char *const fast[] = { "--paper-clock", "always-open,x20", NULL };
static struct chain ch;
static struct watcher far, near;        /* behind the relays; at the exchange itself */

/* ---- a thousand cuts ---- */

static void run_both(void)
{
    watcher_run(&far, 5);
    watcher_run(&near, 0);
}

static uint64_t cuts_left(void)
{
    struct proxy_counts c;
    uint64_t left = 0;
    for (size_t i = 0; i < ch.n; i++) {
        proxy_counts(&ch.link[i], &c);
        left += c.to_cut;
    }
    return left;
}

static void cut_at_random(void)
{
    for (size_t i = 0; i < ch.n; i++) {
        struct proxy_chaos o = { .seed = 100 + i, .cuts = CUTS / (uint32_t)ch.n,
                                 .max_bytes = 40000, .max_ms = 60 };
        proxy_chaos(&ch.link[i], &o);
    }
    uint64_t left = CUTS;
    for (int64_t end = now_ms() + CUTS_MS; left > 0;) {
        for (int64_t next = now_ms() + 50; now_ms() < next;)
            run_both();
        left = cuts_left();
        ck_assert_msg(now_ms() < end, "%llu of %d cuts were not possible in %d ms",
                      (unsigned long long)left, CUTS, CUTS_MS);
    }
}

static bool chain_is_up(void)
{
    struct chain_info info;
    for (size_t i = 0; i < ch.n; i++) {
        chain_info(&ch, i, &info);
        if (!info.up || info.stale > 0)
            return false;
    }
    return true;
}

static void wait_up_watching(void)
{
    int64_t end = now_ms() + BACK_MS;
    while (!chain_is_up()) {
        ck_assert_msg(now_ms() < end, "the relays did not come back");
        for (int64_t next = now_ms() + 50; now_ms() < next;)
            run_both();
    }
}

/* Every stream is pushed anew. */
static void all_streams_flow(void)
{
    char missing[64];
    int64_t end = now_ms() + BACK_MS;
    watcher_reset(&far);
    while (!watcher_all_pushed(&far, busy_types, ARRAY_LEN(busy_types), missing)) {
        ck_assert_msg(now_ms() < end, "nothing comes any more: %s", missing);
        run_both();
    }
}

/* How many streams others than the asking connection hold. */
static size_t held_by_others(const Qot_GetSubInfo_S2C *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_connSubInfoList; i++) {
        const Qot_Common_ConnSubInfo *c = &m->connSubInfoList[i];
        for (size_t k = 0; k < c->n_subInfoList && !c->isOwnConnData; k++)
            n += c->subInfoList[k].n_securityList;
    }
    return n;
}

/* A connection that was cut leaves its subscriptions for a minute, so there may be more. */
static void exchange_lists_them_all(void)
{
    futu_reply *r;
    ck_assert_int_eq(futu_get_subscriptions_sync(near.c, true, &r), FUTU_OK);
    const Qot_GetSubInfo_Response *m = futu_reply_msg(r);
    ck_assert_uint_ge(held_by_others(m->s2c), ARRAY_LEN(busy) * ARRAY_LEN(busy_types));
    futu_reply_free(r);
}

static void watch_both(void)
{
    watcher_start(&near, ch.paper.port);
    watcher_start(&far, chain_port(&ch));
    watcher_subscribe(&near, busy, ARRAY_LEN(busy), busy_types, ARRAY_LEN(busy_types));
    watcher_subscribe(&far, busy, ARRAY_LEN(busy), busy_types, ARRAY_LEN(busy_types));
}

START_TEST(every_ticker_that_a_thousand_cuts_lose_is_told)
{
    chain_start(&ch, 2, fast);
    watch_both();
    all_streams_flow();
    ck_assert_uint_eq(far.began, 0);
    cut_at_random();
    wait_up_watching();
    all_streams_flow();
    exchange_lists_them_all();
    size_t missing = watcher_check_tickers(&far);
    watcher_compare(&far, &near);
    size_t bars = watcher_compare_bars(&far, &near);
    ck_assert_uint_gt(far.began, 0);
    ck_assert_uint_gt(far.over, 0);
    ck_assert_uint_gt(bars, 0);
    printf("relay: %llu gaps told, %zu tickers lost in them, %zu candles whole\n",
           (unsigned long long)far.over, missing, bars);
    watcher_stop(&far);
    watcher_stop(&near);
    chain_stop(&ch);
}
END_TEST

/* ---- restoring many ---- */

/* The first shares of Hong Kong, as codes with their market. */
static size_t some_codes(futu_client *c, const char **codes, size_t max)
{
    static char text[MANY_CODES][24];
    futu_reply *r;
    ck_assert_int_eq(futu_client_call_json_sync(c, "Qot_GetStaticInfo",
                                                "{\"market\":1,\"secType\":3}", &r), FUTU_OK);
    const Qot_GetStaticInfo_Response *m = futu_reply_msg(r);
    size_t n = MIN(max, m->s2c->n_staticInfoList);
    for (size_t i = 0; i < n; i++) {
        futu_str code = m->s2c->staticInfoList[i].basic->security->code;
        snprintf(text[i], sizeof(text[i]), "HK.%.*s", (int)code.n, code.p);
        codes[i] = text[i];
    }
    futu_reply_free(r);
    return n;
}

/* Milliseconds from a cut to the event that says it is over. */
static int64_t restored_after_a_cut(uint64_t number)
{
    uint64_t over = far.over;
    int64_t at = now_ms(), end = at + BACK_MS;
    proxy_cut(&ch.link[0], number % 2 ? PROXY_RST : PROXY_FIN);
    while (far.over == over) {
        ck_assert_msg(now_ms() < end, "cut %llu: no end of it", (unsigned long long)number);
        watcher_run(&far, 20);
    }
    ck_assert_msg(far.failed == 0, "not restored: %s", far.last_error);
    return far.last_over_ms - at;
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

START_TEST(two_thousand_subscriptions_are_back_in_two_seconds)
{
    static const int32_t types[] = { Qot_Common_SubType_Basic, Qot_Common_SubType_OrderBook,
                                     Qot_Common_SubType_Ticker, Qot_Common_SubType_KL_1Min };
    static const char *codes[MANY_CODES];
    int64_t ms[MANY_CUTS];
    chain_start(&ch, 1, NULL);
    watcher_start(&far, chain_port(&ch));
    size_t n = some_codes(far.c, codes, MANY_CODES);
    ck_assert_uint_eq(n, MANY_CODES);
    watcher_subscribe(&far, codes, n, types, ARRAY_LEN(types));
    for (size_t i = 0; i < MANY_CUTS; i++) {
        ms[i] = restored_after_a_cut(i);
        for (int64_t next = now_ms() + 100; now_ms() < next;)
            watcher_run(&far, 20);
    }
    watcher_check_tickers(&far);
    qsort(ms, MANY_CUTS, sizeof(ms[0]), by_size);
    int64_t p99 = ms[MANY_CUTS * 99 / 100];
    printf("relay: %zu streams back after %lld ms (median), %lld ms (p99)\n",
           n * ARRAY_LEN(types), (long long)ms[MANY_CUTS / 2], (long long)p99);
    ck_assert_int_lt(p99, RESTORE_MS);
    watcher_stop(&far);
    chain_stop(&ch);
}
END_TEST

static void add(TCase *tc)
{
    tcase_set_timeout(tc, 120 * SLOW);
    tcase_add_test(tc, every_ticker_that_a_thousand_cuts_lose_is_told);
    tcase_add_test(tc, two_thousand_subscriptions_are_back_in_two_seconds);
}

int main(void)
{
    return run_tcase("relay", add);
}
