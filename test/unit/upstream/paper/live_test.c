/* live_test.c - one security's day: sound books, ticks that agree with everything, the same however
 * the way through the day is cut; days that follow each other.
 */
#include "market_time.h"

#include <stdio.h>
#include <time.h>

#include "upstream/paper/live.h"
#include "upstream/paper/rng.h"

static const struct {
    int32_t market;
    const char *code;
} some[] = {
    { MARKET_HK, "00700" },  { MARKET_HK, "00002" },  { MARKET_HK, "00099" },
    { MARKET_HK, "08001" },  { MARKET_HK, "02800" },  { MARKET_HK, "02821" },
    { MARKET_HK, "00823" },  { MARKET_HK, "800000" }, { MARKET_US, "AAPL" },
    { MARKET_US, "MMM" },    { MARKET_US, "SPY" },    { MARKET_US, ".DJI" },
    { MARKET_SH, "600519" }, { MARKET_SH, "688981" }, { MARKET_SZ, "300750" },
    { MARKET_SH, "510300" },
};

static void check_side(const struct live *l, int side)
{
    const struct side *s = &l->book.side[side];
    MUST(s->n >= BOOK_LEVELS);
    for (int i = 0; i < s->n; i++) {
        int64_t px = book_key(side, s->lv[i].key);
        MUST(i == 0 || s->lv[i - 1].key < s->lv[i].key);
        MUST(s->lv[i].qty > 0 && s->lv[i].orders > 0);
        MUST(px > 0 && market_round_px(l->fair.sec->step_table, px, false) == px);
    }
}

static void check_book(const struct live *l)
{
    if (l->fair.sec->kind == KIND_INDEX)
        return;
    check_side(l, BID);
    check_side(l, ASK);
    MUST(book_best(&l->book, BID)->key + book_best(&l->book, ASK)->key < 0);
}

static struct live *with_record(const struct security *s, uint64_t seed, bool always, int64_t now)
{
    struct live *l = live_new(s, seed, always, now);
    ck_assert_ptr_nonnull(l);
    ck_assert_int_eq(live_record(l), FUTU_OK);
    return l;
}

/* Minutes add up to the totals; the newest ticks lie within them. */
static void check_totals(const struct live *l)
{
    int64_t qty = 0, turnover = 0, high = 0, low = INT64_MAX, last = 0, open = 0;
    for (int32_t i = 0; i < l->day.minutes; i++) {
        const struct minute_record *m = &l->record->minutes[i];
        if (m->qty == 0)
            continue;
        open = open ? open : l->shape.last_close + m->open;
        high = MAX(high, l->shape.last_close + m->high);
        low = MIN(low, l->shape.last_close + m->low);
        last = l->shape.last_close + m->close;
        qty += m->qty;
        turnover += m->turnover;
        MUST(m->low <= MIN(m->open, m->close) && m->high >= MAX(m->open, m->close));
    }
    ck_assert_int_eq(qty, l->sum.qty);
    ck_assert_int_eq(turnover, l->sum.turnover);
    ck_assert_int_eq(open, l->sum.open);
    ck_assert_int_eq(high, l->sum.high);
    ck_assert_int_eq(low, l->sum.low);
    ck_assert_int_eq(last, l->sum.last);
}

static bool in_session(const struct day *d, int64_t t)
{
    for (size_t i = 0; i < d->n; i++)
        if (t >= d->s[i].from && t < d->s[i].to)
            return true;
    return false;
}

/* Runs a day in steps of one minute; checks every new tick and the book at each step. */
static void walk_day(struct live *l)
{
    int64_t seen = 0, before = 0;
    int64_t end = l->day.s[l->day.n - 1].to;
    for (int64_t t = l->day.start; t < end; t += t + MINUTE < end ? MINUTE : MAX(end - 1 - t, 1)) {
        live_advance(l, t, INT64_MAX);
        check_book(l);
        MUST(l->sum.trades - seen <= LIVE_TICKS);
        for (; seen < l->sum.trades; seen++) {
            const struct tick_record *r = &l->record->ticks[seen & (LIVE_TICKS - 1)];
            int64_t when = l->day.start + (int64_t)(r->ms_dir >> 2) * NS_PER_MS;
            int64_t px = l->shape.last_close + r->px;
            MUST(when >= before && when <= t && in_session(&l->day, when));
            MUST(r->qty > 0 && (r->ms_dir & 3) != 0);
            MUST(market_round_px(l->fair.sec->step_table, px, false) == px);
            before = when;
        }
    }
    ck_assert_int_eq(l->phase, PHASE_DONE);
    ck_assert_int_eq(l->sum.last, l->shape.close);
    ck_assert_int_eq(l->sum.open, l->shape.open);
    check_totals(l);
}

START_TEST(a_day_is_sound_from_open_to_close)
{
    for (size_t i = 0; i < ARRAY_LEN(some); i++) {
        const struct security *s = sec(some[i].market, some[i].code);
        struct live *l = with_record(s, 42, false, at(s->market, "2026-11-20 09:00:00"));
        ck_assert_int_eq(l->day.date, 20261120);
        walk_day(l);
        live_free(l);
    }
}
END_TEST

START_TEST(half_days_and_whole_clock_days_are_sound)
{
    struct live *l =
        with_record(sec(MARKET_HK, "00005"), 1, false, at(MARKET_HK, "2026-12-24 09:00:00"));
    walk_day(l);
    ck_assert_int_le(l->sum.time, at(MARKET_HK, "2026-12-24 12:00:00"));
    live_free(l);
    static const char *const dates[] = { "2026-03-08 00:00:00", "2026-11-01 00:00:00",
                                         "2026-11-22 00:00:00" };
    for (size_t i = 0; i < ARRAY_LEN(dates); i++) {
        l = with_record(sec(MARKET_US, "MMM"), 1, true, at(MARKET_US, dates[i]));
        walk_day(l);
        live_free(l);
    }
}
END_TEST

START_TEST(one_year_of_days_of_many_securities_keeps_its_books)
{
    for (size_t i = 0; i < universe_count; i += 97) {
        const struct security *s = &universe[i];
        for (int32_t date = 20260105; date < 20270101; date = date_add(date, 61)) {
            int32_t day = market_next_trading_day(s->market, date);
            struct live *l =
                with_record(s, i, false, market_minute_instant(s->market, day, 9 * 60 + 25));
            live_advance(l, l->day.s[0].from + 45 * MINUTE, INT64_MAX);
            check_book(l);
            live_advance(l, l->day.s[l->day.n - 1].to - 1, INT64_MAX);
            check_book(l);
            check_totals(l);
            live_free(l);
        }
    }
}
END_TEST

/* Of its record: the tick ring and today's minutes. */
static size_t seen_size(const struct live *l)
{
    return sizeof(*l->record) + (size_t)l->day.minutes * sizeof(l->record->minutes[0]);
}

/* Everything that an observer can see. */
static bool same(const struct live *a, const struct live *b)
{
    bool eq = a->sum.trades == b->sum.trades && a->sum.qty == b->sum.qty &&
              a->sum.last == b->sum.last && a->sum.time == b->sum.time && a->next == b->next &&
              a->day.date == b->day.date && memcmp(a->record, b->record, seen_size(a)) == 0;
    for (int side = BID; side <= ASK; side++)
        eq = eq && a->book.side[side].n == b->book.side[side].n &&
             memcmp(a->book.side[side].lv, b->book.side[side].lv,
                    (size_t)a->book.side[side].n * sizeof(struct level)) == 0;
    return eq;
}

START_TEST(the_same_however_it_is_looked_at)
{
    for (size_t i = 0; i < ARRAY_LEN(some); i++) {
        const struct security *s = sec(some[i].market, some[i].code);
        int64_t from = at(s->market, "2026-11-20 09:00:00"),
                to = at(s->market, "2026-11-20 14:11:12");
        struct live *a = with_record(s, 42, false, to), *b = with_record(s, 42, false, from);
        struct live *c = with_record(s, 43, false, to);
        live_advance(a, to, INT64_MAX);
        live_advance(c, to, INT64_MAX);
        for (uint64_t k = 0; from < to; k++) {          /* odd steps, and slices of few events */
            while (!live_advance(b, from, 1 + (int64_t)(k % 7)))
                ;
            from += (int64_t)(rng_at(1, k) % (uint64_t)(90 * SECOND));
        }
        live_advance(b, to, INT64_MAX);
        ck_assert(same(a, b));
        ck_assert(!same(a, c));
        live_free(a);
        live_free(b);
        live_free(c);
    }
}
END_TEST

START_TEST(a_second_day_does_not_depend_on_whether_the_first_was_seen)
{
    const struct security *s = sec(MARKET_HK, "00700");
    int64_t first = at(MARKET_HK, "2026-11-19 11:00:00"),
            second = at(MARKET_HK, "2026-11-20 11:00:00");
    struct live *a = with_record(s, 42, false, first), *b = with_record(s, 42, false, second);
    live_advance(a, first, INT64_MAX);
    live_advance(a, second, INT64_MAX);
    live_advance(b, second, INT64_MAX);
    /* The tick ring of `a` still has yesterday's ticks beyond today's: compare today's. */
    ck_assert_int_ge(b->sum.trades, LIVE_TICKS);
    ck_assert(same(a, b));
    int64_t last_close;
    const struct minute_record *m = live_minutes(a, 20261119, &last_close);
    ck_assert_ptr_nonnull(m);
    ck_assert_int_eq(last_close + m[329].close, a->shape.last_close);
    ck_assert_ptr_null(live_minutes(b, 20261119, &last_close));
    live_free(a);
    live_free(b);
}
END_TEST

/* Over a change of days as well, and with the closes of the last minutes. */
START_TEST(a_life_without_a_record_is_the_same_life)
{
    static const char *const when[] = { "2026-11-19 11:00:00", "2026-11-19 18:00:00",
                                        "2026-11-20 09:31:07", "2026-11-20 13:02:30",
                                        "2026-11-20 14:11:12" };
    for (size_t i = 0; i < ARRAY_LEN(some); i++) {
        const struct security *s = sec(some[i].market, some[i].code);
        struct live *a = with_record(s, 42, false, at(s->market, when[0]));
        struct live *b = live_new(s, 42, false, at(s->market, when[0]));
        for (size_t k = 0; k < ARRAY_LEN(when); k++) {
            live_advance(a, at(s->market, when[k]), INT64_MAX);
            live_advance(b, at(s->market, when[k]), INT64_MAX);
            ck_assert_ptr_null(b->record);
            ck_assert(memcmp(&a->sum, &b->sum, sizeof(a->sum)) == 0);
            ck_assert(a->next == b->next && a->flow.minute == b->flow.minute);
            for (int32_t m = MAX(a->flow.minute - 6, 0); m <= a->flow.minute; m++)
                ck_assert_int_eq(live_minute_close(a, m), live_minute_close(b, m));
        }
        ck_assert_int_eq(live_record(b), FUTU_OK);      /* lives the day again */
        live_advance(b, at(s->market, when[ARRAY_LEN(when) - 1]), INT64_MAX);
        ck_assert_int_eq(a->sum.trades, b->sum.trades);
        if (a->sum.trades >= LIVE_TICKS)
            ck_assert(same(a, b));
        live_free(a);
        live_free(b);
    }
}
END_TEST

START_TEST(nothing_moves_while_the_market_rests)
{
    const struct security *s = sec(MARKET_HK, "00700");
    struct live *l = live_new(s, 42, false, at(MARKET_HK, "2026-11-20 12:00:00"));
    live_advance(l, at(MARKET_HK, "2026-11-20 12:00:00"), INT64_MAX);
    int64_t trades = l->sum.trades;
    ck_assert_int_gt(trades, 0);
    live_advance(l, at(MARKET_HK, "2026-11-20 12:59:59"), INT64_MAX);
    ck_assert_int_eq(l->sum.trades, trades);
    ck_assert_int_eq(live_next(l), at(MARKET_HK, "2026-11-20 13:00:00"));
    live_advance(l, at(MARKET_HK, "2026-11-20 13:10:00"), INT64_MAX);
    ck_assert_int_gt(l->sum.trades, trades);
    live_advance(l, at(MARKET_HK, "2026-11-22 20:00:00"), INT64_MAX);
    ck_assert_int_eq(l->day.date, 20261120);
    ck_assert_int_eq(live_next(l), at(MARKET_HK, "2026-11-23 09:00:00"));
    live_advance(l, at(MARKET_HK, "2026-11-23 09:10:00"), INT64_MAX);
    ck_assert_int_eq(l->day.date, 20261123);
    ck_assert_int_eq(l->sum.trades, 0);
    ck_assert_int_eq(l->sum.last, l->shape.last_close);
    live_free(l);
}
END_TEST

START_TEST(without_memory_nothing_is_left_behind)
{
    const struct security *s = sec(MARKET_HK, "00700");
    for (long n = 0; test_alloc_fail_at(n); n++)
        live_free(live_new(s, 1, false, at(MARKET_HK, "2026-11-20 12:00:00")));
    struct live *bare = live_new(s, 1, false, at(MARKET_HK, "2026-11-20 12:00:00"));
    live_advance(bare, at(MARKET_HK, "2026-11-20 12:00:00"), INT64_MAX);
    const struct live before = *bare;
    mem_fail_at(0);
    ck_assert_int_eq(live_record(bare), FUTU_ENOMEM);
    mem_fail_at(-1);
    ck_assert(memcmp(&before, bare, sizeof(before)) == 0);
    live_free(bare);
    /* The day's end needs memory to keep its minutes, and does without. */
    struct live *l = with_record(s, 1, false, at(MARKET_HK, "2026-11-19 12:00:00"));
    mem_fail_at(0);
    live_advance(l, at(MARKET_HK, "2026-11-20 12:00:00"), INT64_MAX);
    mem_fail_at(-1);
    int64_t last_close;
    ck_assert_int_eq(l->day.date, 20261120);
    ck_assert_ptr_null(live_minutes(l, 20261119, &last_close));
    live_free(l);
}
END_TEST

static double replay_ms(const struct security *s, bool always)
{
    struct timespec a, b;
    struct live *l = live_new(
        s, 42, always, at(s->market, always ? "2026-11-20 00:00:00" : "2026-11-20 09:10:00"));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    live_advance(l, l->day.s[l->day.n - 1].to - 1, INT64_MAX);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    ck_assert_int_eq(l->phase, PHASE_DONE);
    live_free(l);
    return (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
}

START_TEST(a_whole_day_is_replayed_in_milliseconds)
{
    static const char *const codes[] = { "00700", "00002", "00099" };
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        const struct security *s = sec(MARKET_HK, codes[i]);
        double day = replay_ms(s, false), around = replay_ms(s, true);
        printf("replay of a whole day, class %c: %.2f ms, always open: %.2f ms\n", s->liquidity,
               day, around);
        /* Wide, for sanitizers and busy machines; the aim is 5 and 10 ms. */
        ck_assert(day < 250 && around < 500);
    }
    printf("bytes of a live security: %zu, of its record: %zu\n", sizeof(struct live),
           sizeof(struct record) + 330 * sizeof(struct minute_record));
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_day_is_sound_from_open_to_close);
    tcase_add_test(tc, half_days_and_whole_clock_days_are_sound);
    tcase_add_test(tc, one_year_of_days_of_many_securities_keeps_its_books);
    tcase_add_test(tc, the_same_however_it_is_looked_at);
    tcase_add_test(tc, a_second_day_does_not_depend_on_whether_the_first_was_seen);
    tcase_add_test(tc, a_life_without_a_record_is_the_same_life);
    tcase_add_test(tc, nothing_moves_while_the_market_rests);
    tcase_add_test(tc, without_memory_nothing_is_left_behind);
    tcase_add_test(tc, a_whole_day_is_replayed_in_milliseconds);
}

int main(void)
{
    return run_tcase("live", add);
}
