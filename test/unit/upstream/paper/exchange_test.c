/* exchange_test.c - the exchange as its users call it: looking, watching, time, memory. */
#include "market_time.h"

#include <stdio.h>
#include <time.h>

#include "upstream/paper/rng.h"

static struct world w;

/* ---- the same ticks for everyone ---- */

#define GATHERED 40000

struct gathered {
    struct tick t[GATHERED];
    size_t n;
};

static void gather(struct world *in, const struct security *s, struct gathered *g)
{
    const struct tick *t;
    size_t n;
    int64_t after = g->n ? g->t[g->n - 1].seq : 0;
    ck_assert_int_eq(exchange_ticks(in->x, s, after, 5000, &in->arena, &t, &n), FUTU_OK);
    ck_assert_uint_le(g->n + n, GATHERED);
    if (n)
        memcpy(&g->t[g->n], t, n * sizeof(*t));
    g->n += n;
    arena_reset(&in->arena);
}

/* Follows one security over two days, or one long one, with a style of looking of its own. */
static void follow(bool always, uint64_t seed, uint64_t style, struct gathered *g)
{
    const struct security *s = sec(MARKET_HK, "00005"),
                          *others[] = { sec(MARKET_HK, "00700"), sec(MARKET_US, "AAPL") };
    world_open(&w, always ? "2026-11-19 00:10:00" : "2026-11-19 09:40:00",
               always ? "always-open" : "real", seed);
    int64_t end = w.fake.wall_ns + (always ? 23 : 27) * HOUR;
    memset(g, 0, sizeof(*g));
    if (style & 1)
        exchange_watch(w.x, s);
    for (uint64_t k = 0; w.fake.wall_ns < end; k++) {
        uint64_t r = rng_at(style, k);
        int64_t step = MIN(1 + (int64_t)(r % (uint64_t)(5 * MINUTE)), end - w.fake.wall_ns);
        gather(&w, s, g);
        world_go(&w, step);
        if (style & 1)
            exchange_run(w.x, 1 + (int64_t)(r >> 50));
        if ((r >> 40 & 3) == 0)
            quote_of(&w, others[r >> 43 & 1]);
    }
    exchange_run(w.x, 0);
    gather(&w, s, g);
    world_close(&w);
}

START_TEST(the_same_seed_and_clock_give_the_same_ticks)
{
    static struct gathered a, b, c;
    for (int always = 0; always < 2; always++) {
        follow(always, 42, 1, &a);
        follow(always, 42, 6, &b);
        follow(always, 43, 1, &c);
        ck_assert_uint_gt(a.n, 5000);
        ck_assert_uint_eq(a.n, b.n);
        ck_assert_mem_eq(a.t, b.t, a.n * sizeof(a.t[0]));
        ck_assert(a.n != c.n || memcmp(a.t, c.t, a.n * sizeof(a.t[0])) != 0);
        for (size_t k = 1; k < a.n; k++)
            MUST(a.t[k].seq > a.t[k - 1].seq && a.t[k].time >= a.t[k - 1].time);
    }
}
END_TEST

START_TEST(ticks_are_the_newest_after_a_number)
{
    const struct security *s = sec(MARKET_HK, "00700");
    const struct tick *all, *t;
    size_t n, k;
    world_open(&w, "2026-11-20 11:00:00", "real", 1);
    ck_assert_int_eq(exchange_ticks(w.x, s, 0, SIZE_MAX, &w.arena, &all, &n), FUTU_OK);
    ck_assert_uint_ge(n, 1000);
    for (size_t i = 0; i < n; i++)
        MUST(all[i].turnover == all[i].px * all[i].qty && all[i].dir >= 1 && all[i].dir <= 3);
    ck_assert_int_eq(all[n - 1].px, quote_of(&w, s).last);
    ck_assert_int_eq(exchange_ticks(w.x, s, 0, 10, &w.arena, &t, &k), FUTU_OK);
    ck_assert_uint_eq(k, 10);
    ck_assert_mem_eq(t, all + n - 10, 10 * sizeof(*t));
    ck_assert_int_eq(exchange_ticks(w.x, s, all[n - 4].seq, 10, &w.arena, &t, &k), FUTU_OK);
    ck_assert_uint_eq(k, 3);
    ck_assert_int_eq(exchange_ticks(w.x, s, all[n - 1].seq, 10, &w.arena, &t, &k), FUTU_OK);
    ck_assert_uint_eq(k, 0);
    world_close(&w);
}
END_TEST

START_TEST(quote_and_book_agree)
{
    struct px_level bid[BOOK_LEVELS], ask[BOOK_LEVELS];
    size_t n_bid, n_ask;
    world_open(&w, "2026-11-20 11:00:00", "real", 1);
    for (size_t i = 0; i < exchange_count(w.x); i += 53) {
        const struct security *s = exchange_at(w.x, i);
        struct quote q = quote_of(&w, s);
        ck_assert_int_eq(exchange_book(w.x, s, bid, &n_bid, ask, &n_ask), FUTU_OK);
        int64_t high, low;
        ck_assert_int_eq(exchange_year(w.x, s, &high, &low), FUTU_OK);
        MUST(low <= q.low && high >= q.high);
        MUST(q.low <= q.last && q.last <= q.high);
        if (s->kind == KIND_INDEX)
            continue;
        MUST(n_bid == BOOK_LEVELS && n_ask == BOOK_LEVELS);
        MUST(q.bid == bid[0].px && q.ask == ask[0].px && q.bid < q.ask);
        MUST(q.bid_qty == bid[0].qty && q.ask_qty == ask[0].qty);
        for (int k = 1; k < BOOK_LEVELS; k++)
            MUST(bid[k].px < bid[k - 1].px && ask[k].px > ask[k - 1].px);
    }
    ck_assert_ptr_null(exchange_at(w.x, exchange_count(w.x)));
    ck_assert_ptr_eq(exchange_find(w.x, MARKET_HK, STR("00700")), sec(MARKET_HK, "00700"));
    ck_assert_ptr_null(exchange_find(w.x, MARKET_HK, STR("00000")));
    world_close(&w);
}
END_TEST

/* A glance has no minutes, a look has them; the security is the same. */
START_TEST(the_price_some_minutes_ago_is_that_of_the_bars)
{
    static const char *const at_times[] = { "2026-11-20 09:15:00", "2026-11-20 09:30:20",
                                            "2026-11-20 09:33:59", "2026-11-20 12:30:00",
                                            "2026-11-20 13:02:10", "2026-11-20 15:59:59",
                                            "2026-11-20 20:00:00" };
    for (size_t k = 0; k < ARRAY_LEN(at_times); k++) {
        world_open(&w, at_times[k], "real", 1);
        for (size_t i = 0; i < exchange_count(w.x); i += 71) {
            const struct security *s = exchange_at(w.x, i);
            const struct bar *b;
            int64_t px, midnight = market_minute_instant(
                            s->market, exchange_trading_date(w.x, s->market), 0);
            ck_assert_int_eq(exchange_minutes_ago(w.x, s, 5, &px), FUTU_OK);
            struct quote q = quote_of(&w, s);
            struct arena a = ARENA_INIT;
            size_t n;
            ck_assert_int_eq(exchange_bars(w.x, s, 1, midnight, exchange_now(w.x), 6, true, &a, &b,
                                           &n), FUTU_OK);
            ck_assert_int_eq(px, n > 0 ? b[0].close : q.last_close);
            arena_free(&a);
        }
        world_close(&w);
    }
}
END_TEST

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

START_TEST(a_whole_market_is_seen_again_without_living_its_day_anew)
{
    double ms[2];
    world_open(&w, "2026-11-20 15:00:00", "real", 1);
    for (int round = 0; round < 2; round++) {
        double begin = cpu_ms();
        for (size_t i = 0; i < exchange_count(w.x); i++)
            quote_of(&w, exchange_at(w.x, i));
        ms[round] = cpu_ms() - begin;
    }
    printf("%zu quotes: %.0f ms, and again %.1f ms\n", exchange_count(w.x), ms[0], ms[1]);
    ck_assert(ms[1] < ms[0] / 10);
    world_close(&w);
}
END_TEST

START_TEST(broker_queues_follow_the_book)
{
    struct px_level bid[BOOK_LEVELS], ask[BOOK_LEVELS];
    const struct queue_broker *q;
    size_t n_bid, n_ask, n;
    const struct security *s = sec(MARKET_HK, "00700");
    world_open(&w, "2026-11-20 11:00:00", "real", 1);
    ck_assert_int_eq(exchange_book(w.x, s, bid, &n_bid, ask, &n_ask), FUTU_OK);
    for (int side = 0; side < 2; side++) {
        const struct px_level *l = side ? ask : bid;
        ck_assert_int_eq(exchange_brokers(w.x, s, side, &w.arena, &q, &n), FUTU_OK);
        ck_assert_uint_gt(n, 0);
        int32_t count = 0;
        for (size_t i = 0; i < n; i++) {
            MUST(q[i].id > 0 && q[i].name && q[i].pos >= 1 && q[i].pos <= BOOK_LEVELS);
            MUST(i == 0 || q[i].pos >= q[i - 1].pos);
            count += q[i].pos == 1;
        }
        ck_assert_int_eq(count, MIN(l[0].orders, 40));
    }
    ck_assert_int_eq(exchange_brokers(w.x, sec(MARKET_US, "AAPL"), true, &w.arena, &q, &n),
                     FUTU_OK);
    ck_assert_uint_eq(n, 0);
    world_close(&w);
}
END_TEST

/* ---- time ---- */

START_TEST(market_time_and_states)
{
    struct session s[3];
    world_open(&w, "2026-11-21 10:00:00", "real", 1);       /* a Saturday */
    ck_assert_int_eq(exchange_trading_date(w.x, MARKET_HK), 20261120);
    ck_assert(!exchange_is_trading(w.x, MARKET_HK));
    ck_assert(!exchange_is_trading_day(w.x, MARKET_HK, 20261121));
    ck_assert_uint_eq(exchange_sessions(w.x, MARKET_HK, 20261120, s), 2);
    ck_assert_int_eq(exchange_market_state(w.x, MARKET_HK), 6);
    ck_assert_int_eq(quote_of(&w, sec(MARKET_HK, "00700")).time,
                     at(MARKET_HK, "2026-11-20 15:59:59.999"));
    world_close(&w);
    world_open(&w, "2026-11-21 10:00:00", "always-open,x60", 1);
    ck_assert_int_eq(exchange_trading_date(w.x, MARKET_HK), 20261121);
    ck_assert_int_eq(exchange_trading_date(w.x, MARKET_US), 20261120);
    ck_assert(exchange_is_trading(w.x, MARKET_HK) && exchange_is_trading(w.x, MARKET_US));
    ck_assert(!exchange_is_trading(w.x, 7) && !exchange_is_trading_day(w.x, 7, 20261120));
    ck_assert_uint_eq(exchange_sessions(w.x, MARKET_HK, 20261122, s), 1);
    ck_assert_int_eq(s[0].to - s[0].from, 24 * HOUR);
    ck_assert_int_eq(exchange_market_state(w.x, MARKET_HK), 3);
    ck_assert_int_eq(exchange_market_state(w.x, MARKET_US), 5);
    int64_t now = exchange_now(w.x);
    world_go(&w, SECOND);
    ck_assert_int_eq(exchange_now(w.x), now + MINUTE);
    ck_assert_int_eq(exchange_until(w.x, now + 2 * MINUTE), SECOND);
    world_close(&w);
    char why[160];
    struct exchange *x;
    struct exchange_opts o = { .clock = "sometimes", .sys = &w.sys };
    ck_assert_int_eq(exchange_new(&x, &o, why, sizeof(why)), FUTU_EFORMAT);
    ck_assert_ptr_null(x);
}
END_TEST

/* ---- watching ---- */

static struct {
    int calls;
    unsigned what;
    const struct security *drop[2];     /* to unwatch from inside */
} seen;

static void changed(void *arg, const struct security *s, unsigned what)
{
    struct world *in = arg;
    seen.calls++;
    seen.what |= what;
    quote_of(in, s);
    for (int i = 0; i < 2; i++)
        if (seen.drop[i]) {
            exchange_unwatch(in->x, seen.drop[i]);
            seen.drop[i] = NULL;
        }
}

static void listen(void)
{
    struct exchange_events ev = { changed, &w };
    memset(&seen, 0, sizeof(seen));
    exchange_set_events(w.x, &ev);
}

START_TEST(watched_securities_report_what_changed)
{
    const struct security *s = sec(MARKET_HK, "00700");
    world_open(&w, "2026-11-20 11:00:00", "real", 1);
    listen();
    ck_assert_int_eq(exchange_watch(w.x, s), FUTU_OK);
    ck_assert_int_eq(exchange_watch(w.x, s), FUTU_OK);
    ck_assert(exchange_run(w.x, 0));
    ck_assert_int_eq(seen.calls, 1);
    ck_assert_uint_eq(seen.what, CHANGED_QUOTE | CHANGED_BOOK | CHANGED_TICKS | CHANGED_BARS);
    ck_assert(exchange_run(w.x, 0));
    ck_assert_int_eq(seen.calls, 1);            /* nothing new */
    exchange_unwatch(w.x, s);
    world_go(&w, MINUTE);
    exchange_run(w.x, 0);
    ck_assert_int_eq(seen.calls, 2);
    exchange_unwatch(w.x, s);
    exchange_unwatch(w.x, s);                   /* once too often is harmless */
    world_go(&w, MINUTE);
    exchange_run(w.x, 0);
    ck_assert_int_eq(seen.calls, 2);
    world_close(&w);
}
END_TEST

static struct gathered got;

static void gather_more(void *arg, const struct security *s, unsigned what)
{
    if (what & CHANGED_TICKS)
        gather(arg, s, &got);
}

START_TEST(a_watcher_misses_no_tick_at_midnight)
{
    const struct security *s = sec(MARKET_HK, "00700");
    struct exchange_events ev = { gather_more, &w };
    world_open(&w, "2026-11-20 22:00:00", "always-open,x1000", 1);
    exchange_set_events(w.x, &ev);
    exchange_watch(w.x, s);
    exchange_run(w.x, 0);
    got.n = 0;
    for (int i = 0; i < 100; i++) {             /* a minute and a half of market time each */
        world_go(&w, 90 * NS_PER_MS);
        if (i % 3 == 0)
            quote_of(&w, s);
        exchange_run(w.x, 0);
    }
    int days = 0;
    for (size_t i = 1; i < got.n; i++) {
        if (got.t[i].seq == got.t[i - 1].seq + 1)
            continue;
        ck_assert_int_eq(got.t[i].seq, INT64_C(20261121) * 100000000 + 1);
        ck_assert_int_eq(got.t[i - 1].time, at(MARKET_HK, "2026-11-20 23:59:59.999"));
        ck_assert_int_eq(got.t[i].time, at(MARKET_HK, "2026-11-21 00:00:00"));
        days++;
    }
    ck_assert_int_eq(days, 1);
    world_close(&w);
}
END_TEST

START_TEST(a_look_in_between_loses_no_change)
{
    const struct security *s = sec(MARKET_HK, "00700");
    world_open(&w, "2026-11-20 11:00:00", "real", 1);
    listen();
    exchange_watch(w.x, s);
    exchange_run(w.x, 0);
    seen.what = 0;
    world_go(&w, MINUTE);
    quote_of(&w, s);
    exchange_run(w.x, 0);
    ck_assert_int_eq(seen.calls, 2);
    ck_assert_uint_eq(seen.what & CHANGED_TICKS, CHANGED_TICKS);
    world_close(&w);
}
END_TEST

START_TEST(watches_may_end_inside_a_report)
{
    const struct security *a = sec(MARKET_HK, "00700"), *b = sec(MARKET_HK, "00005"),
                          *c = sec(MARKET_HK, "03690");
    world_open(&w, "2026-11-20 11:00:00", "real", 1);
    listen();
    exchange_watch(w.x, a);
    exchange_watch(w.x, b);
    exchange_watch(w.x, c);
    seen.drop[0] = a;       /* the one that reports, and the one that comes next */
    seen.drop[1] = b;
    ck_assert(exchange_run(w.x, 0));
    ck_assert_int_eq(seen.calls, 2);
    world_go(&w, MINUTE);
    ck_assert(exchange_run(w.x, 0));
    ck_assert_int_eq(seen.calls, 3);
    world_close(&w);
}
END_TEST

/* A clock that moves with each look, so that a budget is used up. */
static int64_t ticking(void *arg)
{
    return ((struct clock_fake *)arg)->mono_ns += NS_PER_MS;
}

START_TEST(a_budget_spreads_the_work_over_calls)
{
    world_open(&w, "2026-11-20 15:00:00", "real", 1);
    w.sys.mono = ticking;
    listen();
    for (size_t i = 0; i < 200; i++)
        exchange_watch(w.x, exchange_at(w.x, i));
    int calls = 1;
    while (!exchange_run(w.x, 3 * NS_PER_MS))
        calls++;
    ck_assert_int_gt(calls, 5);
    exchange_run(w.x, 0);
    ck_assert_int_eq(seen.calls, 200);
    world_close(&w);
}
END_TEST

/* ---- memory ---- */

static size_t held, most;

static void *count_alloc(size_t n)
{
    size_t *p = malloc(n + 16);
    if (!p)
        return NULL;
    *p = n;
    held += n;
    most = MAX(most, held);
    return (char *)p + 16;
}

static void count_free(void *p)
{
    if (!p)
        return;
    held -= *(size_t *)((char *)p - 16);
    free((char *)p - 16);
}

static void *count_realloc(void *p, size_t n)
{
    void *q = count_alloc(n);
    if (q && p) {
        memcpy(q, p, MIN(n, *(size_t *)((char *)p - 16)));
        count_free(p);
    }
    return q;
}

static int64_t newest_tick(struct world *o, const struct security *s)
{
    struct arena a = ARENA_INIT;
    const struct tick *t;
    size_t n;
    ck_assert_int_eq(exchange_ticks(o->x, s, 0, 1, &a, &t, &n), FUTU_OK);
    int64_t seq = n ? t->seq : 0;
    arena_free(&a);
    return seq;
}

START_TEST(memory_is_bounded_and_steady)
{
    static const futu_allocator counting = { count_alloc, count_realloc, count_free };
    futu_set_allocator(&counting);
    world_open(&w, "2026-11-20 10:00:00", "real", 1);
    size_t empty = held;
    ck_assert_uint_lt(empty, 200 * 1024);
    for (size_t i = 0; i < exchange_count(w.x) + 300; i++)
        quote_of(&w, exchange_at(w.x, i % exchange_count(w.x)));
    ck_assert_uint_lt(most, 14u << 20);
    for (size_t i = 0; i < exchange_count(w.x) + 300; i++)
        newest_tick(&w, exchange_at(w.x, i % exchange_count(w.x)));
    ck_assert_uint_lt(most, 40u << 20);
    for (size_t i = 0; i < 100; i++)
        exchange_watch(w.x, exchange_at(w.x, i));
    exchange_run(w.x, 0);
    mem_fail_at(0);                     /* whoever allocates now would fail */
    for (int i = 0; i < 100; i++) {
        world_go(&w, MINUTE);
        exchange_run(w.x, 0);
    }
    ck_assert(!mem_failed());
    mem_fail_at(-1);
    printf("empty exchange: %zu bytes, most: %zu bytes\n", empty, most);
    world_close(&w);
    ck_assert_uint_eq(held, 0);
    futu_set_allocator(NULL);
}
END_TEST

START_TEST(without_memory_each_call_says_so)
{
    const struct security *s = sec(MARKET_HK, "00700");
    struct px_level levels[2][BOOK_LEVELS];
    const struct queue_broker *brokers;
    const struct tick *t;
    struct quote q;
    size_t n, n2;
    for (int call = 0; call < 5; call++)
        for (long k = 0; test_alloc_fail_at(k); k++) {
            struct clock_fake fake = { 0, at(MARKET_HK, "2026-11-20 15:00:00") };
            struct clock sys = clock_fake(&fake);
            struct exchange_opts o = { .seed = 1, .sys = &sys };
            struct exchange *x;
            struct arena a = ARENA_INIT;
            char why[160];
            futu_err err = exchange_new(&x, &o, why, sizeof(why));
            if (!err && call == 0)
                err = exchange_quote(x, s, &q);
            if (!err && call == 1)
                err = exchange_book(x, s, levels[0], &n, levels[1], &n2);
            if (!err && call == 2)
                err = exchange_ticks(x, s, 0, 100, &a, &t, &n);
            if (!err && call == 3)
                err = exchange_brokers(x, s, false, &a, &brokers, &n);
            if (!err && call == 4)
                err = exchange_watch(x, s);
            ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
            arena_free(&a);
            exchange_free(x);
        }
}
END_TEST

START_TEST(a_start_costs_next_to_nothing)
{
    struct timespec a, b;
    clock_gettime(CLOCK_MONOTONIC, &a);
    world_open(&w, "2026-11-20 15:00:00", "real", 1);
    clock_gettime(CLOCK_MONOTONIC, &b);
    double ms = (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
    printf("start of an exchange of %zu securities: %.3f ms\n", exchange_count(w.x), ms);
    ck_assert(ms < 50);
    world_close(&w);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, the_same_seed_and_clock_give_the_same_ticks);
    tcase_add_test(tc, ticks_are_the_newest_after_a_number);
    tcase_add_test(tc, quote_and_book_agree);
    tcase_add_test(tc, the_price_some_minutes_ago_is_that_of_the_bars);
    tcase_add_test(tc, a_whole_market_is_seen_again_without_living_its_day_anew);
    tcase_add_test(tc, broker_queues_follow_the_book);
    tcase_add_test(tc, market_time_and_states);
    tcase_add_test(tc, watched_securities_report_what_changed);
    tcase_add_test(tc, a_watcher_misses_no_tick_at_midnight);
    tcase_add_test(tc, a_look_in_between_loses_no_change);
    tcase_add_test(tc, watches_may_end_inside_a_report);
    tcase_add_test(tc, a_budget_spreads_the_work_over_calls);
    tcase_add_test(tc, memory_is_bounded_and_steady);
    tcase_add_test(tc, without_memory_each_call_says_so);
    tcase_add_test(tc, a_start_costs_next_to_nothing);
}

int main(void)
{
    return run_tcase("exchange", add);
}
