/* relay_test.c - quotes through relays whose links are cut again and again: what is lost is told,
 * what is told comes back, and in time.
 *
 * A relay whose link did not last waits up to 5 s before it connects again. So that a thousand cuts
 * fit into a minute there are many chains beside each other, all behind one exchange.
 */
#include <poll.h>
#include <stdio.h>

#include "chain.h"
#include "support.h"
#include "watcher.h"

#define CHAINS (SLOW > 1 ? 4 : 16)
#define CUTS (SLOW > 1 ? 100 : 1000)
#define CUTS_MS (60000 * SLOW)
#define LINK_BYTES 200000       /* a link lives for so many bytes, or for so long, at most */
#define LINK_MS 1000
#define BACK_MS (20000 * SLOW)

#define MANY_CODES 500          /* of four streams each: the quota of 2,000 */
#define MANY_RELAYS (SLOW > 1 ? 2 : 6)
#define MANY_CUTS (SLOW > 1 ? 4 : 30)
#define LASTING_MS 5200         /* after so long a link is replaced at once */
#define RESTORE_MS (2000 * SLOW)

static const char *const busy[] = {
    "HK.00700", "HK.09988", "HK.00005", "HK.03690", "HK.00941", "HK.01299", "HK.00388",
    "HK.02318", "HK.00939", "HK.01398", "US.AAPL",  "US.NVDA",  "US.TSLA",  "US.MSFT",
    "US.AMZN",  "US.META",  "SH.600519", "SH.601318", "SZ.000858", "SZ.300750",
};
static const int32_t busy_types[] = { Qot_Common_SubType_Basic, Qot_Common_SubType_Ticker,
                                      Qot_Common_SubType_KL_1Min, Qot_Common_SubType_KL_Day };
/* Their logs would be most of what these machines have to do. */
static const char *const calm[] = { "--log-level", "warn", NULL };
static const char *const fast[] = { "--paper-clock", "always-open,x20", "--log-level", "warn",
                                    NULL };
static futu_loop *loop;
static struct opend paper;
static struct chain ch[16];
static struct watcher far[16], near;    /* behind the relays; at the exchange itself */
static size_t chains;

static void run_for(int64_t ms)
{
    for (int64_t end = now_ms() + ms, left; (left = end - now_ms()) > 0;)
        futu_loop_poll(loop, (uint32_t)left);
}

static void start(const char *const *args, size_t n, size_t relays)
{
    ck_assert_uint_le(n, ARRAY_LEN(ch));
    chains = n;
    ck_assert_int_eq(futu_loop_new(&loop), FUTU_OK);
    opend_start(&paper, args);
    watcher_start(&near, loop, paper.port);
    for (size_t i = 0; i < chains; i++) {
        chain_start(&ch[i], relays, &paper);
        watcher_start(&far[i], loop, chain_port(&ch[i]));
    }
}

static void stop(void)
{
    for (size_t i = 0; i < chains; i++) {
        watcher_stop(&far[i]);
        chain_stop(&ch[i]);
    }
    watcher_stop(&near);
    futu_loop_free(loop);
    opend_stop(&paper);
}

/* ---- a thousand cuts ---- */

static uint64_t connections_cut(void)
{
    struct proxy_counts c;
    uint64_t cut = 0;
    for (size_t i = 0; i < chains; i++) {
        for (size_t k = 0; k < ch[i].n; k++) {
            proxy_counts(&ch[i].link[k], &c);
            cut += c.cut;
        }
    }
    return cut;
}

static void chaos(uint32_t cuts)
{
    for (size_t i = 0; i < chains; i++) {
        for (size_t k = 0; k < ch[i].n; k++) {
            struct proxy_chaos o = { .seed = 1000 * k + i, .cuts = cuts, .max_bytes = LINK_BYTES,
                                     .max_ms = LINK_MS };
            proxy_chaos(&ch[i].link[k], &o);
        }
    }
}

static void cut_at_random(void)
{
    chaos(1000000);
    for (int64_t end = now_ms() + CUTS_MS; connections_cut() < CUTS; run_for(100))
        ck_assert_msg(now_ms() < end, "only %llu cuts were possible in %d ms",
                      (unsigned long long)connections_cut(), CUTS_MS);
    chaos(0);
}

/* Of all relays of the chain; `info` is of the first one that is not, with its place. */
static bool is_up(const struct chain *c, struct chain_info *info, size_t *at)
{
    for (*at = 0; *at < c->n; ++*at) {
        chain_info(c, *at, info);
        if (!info->up || info->stale > 0)
            return false;
    }
    return true;
}

static void wait_up(void)
{
    struct chain_info info = { .up = false };
    int64_t end = now_ms() + BACK_MS;
    for (size_t i = 0, k = 0; i < chains; i += is_up(&ch[i], &info, &k)) {
        ck_assert_msg(now_ms() < end, "relay %zu of chain %zu: links up %d, %d stale: %s", k, i,
                      info.up, info.stale, info.error);
        run_for(20);
    }
}

/* Every stream is pushed anew. */
static void all_streams_flow(void)
{
    char missing[64];
    int64_t end = now_ms() + BACK_MS;
    for (size_t i = 0; i < chains; i++)
        watcher_reset(&far[i]);
    for (size_t i = 0; i < chains;) {
        ck_assert_msg(now_ms() < end, "chain %zu: nothing comes any more: %s", i, missing);
        run_for(20);
        i += watcher_all_pushed(&far[i], busy_types, ARRAY_LEN(busy_types), missing);
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
    ck_assert_uint_ge(held_by_others(m->s2c),
                      chains * ARRAY_LEN(busy) * ARRAY_LEN(busy_types));
    futu_reply_free(r);
}

/* How many candles could be compared. The last words on one may still be under way. */
static size_t whole_candles(size_t i)
{
    char why[128];
    size_t n;
    int64_t end = now_ms() + BACK_MS;
    while (!watcher_bars_agree(&far[i], &near, &n, why)) {
        ck_assert_msg(now_ms() < end, "chain %zu: %s", i, why);
        run_for(50);
    }
    return n;
}

/* Returns how many candles were compared: none when it did not take long. */
static size_t judge(void)
{
    size_t missing = 0, bars = 0;
    uint64_t gaps = 0;
    for (size_t i = 0; i < chains; i++) {
        missing += watcher_check_tickers(&far[i]);
        watcher_compare(&far[i], &near);
        bars += whole_candles(i);
        gaps += far[i].over;
        ck_assert_uint_gt(far[i].began, 0);
        ck_assert_uint_gt(far[i].over, 0);
    }
    printf("relay: %llu cuts, %llu gaps told, %zu tickers lost in them, %zu candles whole\n",
           (unsigned long long)connections_cut(), (unsigned long long)gaps, missing, bars);
    return bars;
}

/* A candle is three seconds long; however fast the cuts were, one must close while all watch. */
static void candles_close(void)
{
    for (int64_t end = now_ms() + BACK_MS; whole_candles(0) == 0; run_for(50))
        ck_assert_msg(now_ms() < end, "no candle closes");
}

static void start_watching(size_t n)
{
    start(fast, n, 2);
    watcher_subscribe(&near, busy, ARRAY_LEN(busy), busy_types, ARRAY_LEN(busy_types));
    for (size_t i = 0; i < chains; i++)
        watcher_subscribe(&far[i], busy, ARRAY_LEN(busy), busy_types, ARRAY_LEN(busy_types));
    all_streams_flow();
    for (size_t i = 0; i < chains; i++)
        ck_assert_uint_eq(far[i].began, 0);
}

START_TEST(every_ticker_that_a_thousand_cuts_lose_is_told)
{
    start_watching(CHAINS);
    cut_at_random();
    wait_up();
    all_streams_flow();
    exchange_lists_them_all();
    candles_close();
    ck_assert_uint_gt(judge(), 0);
    stop();
}
END_TEST

/* Its successor knows of no subscription; the relay behind it does. */
START_TEST(a_relay_that_is_killed_in_the_middle_of_a_chain)
{
    start_watching(1);
    for (int i = 0; i < 3; i++) {
        uint64_t over = far[0].over;
        chain_kill(&ch[0], 0);
        for (int64_t end = now_ms() + BACK_MS; far[0].over == over; run_for(20))
            ck_assert_msg(now_ms() < end, "the end of the gap is not told");
        all_streams_flow();
    }
    wait_up();
    judge();
    stop();
}
END_TEST

/* ---- restoring many ---- */

/* The first shares of Hong Kong, as codes with their market. */
static size_t some_codes(futu_client *c, const char **codes, size_t max)
{
    static char text[MANY_CODES][24];
    futu_reply *r;
    ck_assert_int_eq(futu_client_call_json_sync(c, "Qot_GetStaticInfo",
                                                "{\"c2s\":{\"market\":1,\"secType\":3}}", &r),
                     FUTU_OK);
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

/* Milliseconds from a cut of relay i to the event that says it is over. */
static int64_t restored_after_a_cut(size_t i, int how)
{
    uint64_t over = far[i].over;
    int64_t at = now_ms(), end = at + BACK_MS;
    proxy_cut(&ch[i].link[0], how);
    while (far[i].over == over) {
        ck_assert_msg(now_ms() < end, "relay %zu: no end of a gap", i);
        futu_loop_poll(loop, 20);
    }
    ck_assert_msg(far[i].failed == 0, "not restored: %s", far[i].last_error);
    return far[i].last_over_ms - at;
}

/* In turn, so that each link has lasted when it is cut. */
static void cut_in_turn(int64_t ms[MANY_CUTS])
{
    int64_t since[MANY_RELAYS];
    for (size_t i = 0; i < MANY_RELAYS; i++)
        since[i] = now_ms();
    for (size_t n = 0; n < MANY_CUTS; n++) {
        size_t i = n % MANY_RELAYS;
        run_for(MAX(since[i] + LASTING_MS - now_ms(), 50));
        ms[n] = restored_after_a_cut(i, n % 2 ? PROXY_RST : PROXY_FIN);
        since[i] = now_ms();
    }
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
    start(calm, MANY_RELAYS, 1);
    size_t n = some_codes(near.c, codes, MANY_CODES);
    ck_assert_uint_eq(n, MANY_CODES);
    for (size_t i = 0; i < MANY_RELAYS; i++)
        watcher_subscribe(&far[i], codes, n, types, ARRAY_LEN(types));
    cut_in_turn(ms);
    for (size_t i = 0; i < MANY_RELAYS; i++)
        watcher_check_tickers(&far[i]);
    qsort(ms, MANY_CUTS, sizeof(ms[0]), by_size);
    int64_t p99 = ms[MANY_CUTS * 99 / 100];
    printf("relay: %zu streams back after %lld ms (median), %lld ms (p99)\n",
           n * ARRAY_LEN(types), (long long)ms[MANY_CUTS / 2], (long long)p99);
    ck_assert_int_lt(p99, RESTORE_MS);
    stop();
}
END_TEST

static void add(TCase *tc)
{
    tcase_set_timeout(tc, 120 * SLOW);
    tcase_add_test(tc, every_ticker_that_a_thousand_cuts_lose_is_told);
    tcase_add_test(tc, a_relay_that_is_killed_in_the_middle_of_a_chain);
    tcase_add_test(tc, two_thousand_subscriptions_are_back_in_two_seconds);
}

int main(void)
{
    return run_tcase("relay", add);
}
