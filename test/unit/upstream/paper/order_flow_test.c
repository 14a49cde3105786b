/* order_flow_test.c - clients' orders in the flow: fills, queues, breaks, auctions, days. */
#include "market_time.h"

#include "upstream/paper/rng.h"

static struct world w;

struct mine {
    struct client_order o;
    int64_t filled, first_time, last_px;
    int fills, makes;
};

static void on_fill(struct client_order *o, int64_t px, int64_t qty, int64_t time, bool maker)
{
    struct mine *m = (struct mine *)o;
    MUST(qty > 0 && o->left >= 0);
    MUST(o->market || (o->buy ? px <= o->px : px >= o->px));
    MUST(time <= exchange_now(w.x));
    m->first_time = m->fills ? m->first_time : time;
    m->fills++;
    m->makes += maker;
    m->filled += qty;
    m->last_px = px;
}

static void place(struct mine *m, const struct security *s, bool buy, int64_t px, int64_t qty)
{
    *m = (struct mine){
        .o = { .sec = s, .buy = buy, .market = px == 0, .px = px, .left = qty, .on_fill = on_fill }
    };
    ck_assert_int_eq(exchange_order_add(w.x, &m->o), FUTU_OK);
    ck_assert_int_eq(m->filled + m->o.left, qty);
}

struct book_view {
    struct px_level bid[BOOK_LEVELS], ask[BOOK_LEVELS];
    size_t n_bid, n_ask;
};

static struct book_view view(const struct security *s)
{
    struct book_view v;
    ck_assert_int_eq(exchange_book(w.x, s, v.bid, &v.n_bid, v.ask, &v.n_ask), FUTU_OK);
    MUST(v.n_bid == 0 || v.n_ask == 0 || v.bid[0].px < v.ask[0].px);
    return v;
}

/* In steps of five seconds, which leaves each step's book to be checked. */
static void run_for(const struct security *s, int64_t ns)
{
    for (int64_t t = 0; t < ns; t += 5 * SECOND) {
        world_go(&w, 5 * SECOND);
        exchange_run(w.x, 0);
        view(s);
    }
}

START_TEST(a_market_order_takes_what_the_book_has)
{
    const struct security *s = sec(MARKET_HK, "00700");
    struct mine m;
    world_open(&w, "2026-11-20 11:00:00", "real", 1);
    struct book_view v = view(s);
    struct quote before = quote_of(&w, s);
    int64_t qty = v.ask[0].qty + v.ask[1].qty + 100;
    place(&m, s, true, 0, qty);
    ck_assert_int_eq(m.filled, qty);
    ck_assert_int_eq(m.fills, 3);
    ck_assert_int_eq(m.makes, 0);
    ck_assert_int_eq(m.last_px, v.ask[2].px);
    ck_assert(!m.o.resting);
    struct quote q = quote_of(&w, s);
    ck_assert_int_eq(q.qty, before.qty + qty);
    ck_assert_int_eq(q.last, v.ask[2].px);
    ck_assert_int_ge(q.high, v.ask[2].px);
    const struct tick *t;
    size_t n;
    ck_assert_int_eq(exchange_ticks(w.x, s, 0, 3, &w.arena, &t, &n), FUTU_OK);
    ck_assert_int_eq(t[0].qty, v.ask[0].qty);
    ck_assert_int_eq(t[2].qty, 100);
    ck_assert_int_eq(t[2].dir, 1);
    /* More than there is: the rest is left to the caller. */
    place(&m, s, false, 0, INT64_C(1000000000));
    ck_assert_int_gt(m.filled, 0);
    ck_assert_int_gt(m.o.left, 0);
    ck_assert(!m.o.resting);
    ck_assert_uint_eq(view(s).n_bid, BOOK_LEVELS);
    world_close(&w);
}
END_TEST

START_TEST(a_resting_order_is_filled_in_its_turn)
{
    const struct security *s = sec(MARKET_HK, "00700");
    struct mine first, second;
    world_open(&w, "2026-11-20 10:00:00", "real", 1);
    struct book_view v = view(s);
    place(&first, s, true, v.bid[0].px, 2000);
    place(&second, s, true, v.bid[0].px, 2000);
    ck_assert_int_eq(first.filled, 0);
    ck_assert_int_eq(first.o.ahead, v.bid[0].qty);
    ck_assert_int_eq(second.o.ahead, v.bid[0].qty + 2000);
    struct book_view after = view(s);
    ck_assert_int_eq(after.bid[0].qty, v.bid[0].qty + 4000);
    ck_assert_int_eq(after.bid[0].orders, v.bid[0].orders + 2);
    for (int i = 0; i < 4000 && second.o.resting; i++) {
        run_for(s, 5 * SECOND);
        MUST(second.filled == 0 || first.o.left == 0);
    }
    ck_assert_int_eq(first.filled, 2000);
    ck_assert_int_eq(second.filled, 2000);
    ck_assert_int_le(first.first_time, second.first_time);
    ck_assert_int_gt(first.makes, 0);
    world_close(&w);
}
END_TEST

START_TEST(a_limit_order_takes_up_to_its_price_and_stays)
{
    const struct security *s = sec(MARKET_HK, "00700");
    struct mine m;
    world_open(&w, "2026-11-20 11:00:00", "real", 1);
    struct book_view v = view(s);
    int64_t qty = v.ask[0].qty + v.ask[1].qty + 5000;
    place(&m, s, true, v.ask[1].px, qty);
    ck_assert_int_eq(m.filled, qty - 5000);
    ck_assert(m.o.resting);
    struct book_view after = view(s);
    ck_assert_int_eq(after.bid[0].px, v.ask[1].px);
    ck_assert_int_eq(after.bid[0].qty, 5000);
    ck_assert_int_gt(after.ask[0].px, v.ask[1].px);
    exchange_order_remove(w.x, &m.o);
    exchange_order_remove(w.x, &m.o);           /* a second time is fine */
    ck_assert(!m.o.resting);
    ck_assert_int_eq(view(s).bid[0].px, v.bid[0].px);
    world_close(&w);
}
END_TEST

START_TEST(clients_meet_each_other)
{
    const struct security *s = sec(MARKET_HK, "00099");
    struct mine buy, sell;
    world_open(&w, "2026-11-20 11:00:00", "real", 1);
    struct book_view v = view(s);
    int64_t px = v.bid[0].px;
    place(&buy, s, true, px, 10000);
    place(&sell, s, false, px, v.bid[0].qty + 4000);
    ck_assert_int_eq(sell.filled, v.bid[0].qty + 4000);
    ck_assert_int_eq(buy.filled, 4000);
    ck_assert_int_eq(buy.makes, 1);
    ck_assert_int_eq(sell.makes, 0);
    exchange_order_remove(w.x, &buy.o);
    world_close(&w);
}
END_TEST

START_TEST(orders_far_away_wait_beyond_the_book)
{
    const struct security *s = sec(MARKET_HK, "00700");
    struct mine low, high;
    world_open(&w, "2026-11-20 11:00:00", "real", 1);
    struct quote q = quote_of(&w, s);
    place(&low, s, true, market_round_px(1, q.last / 2, false), 100);
    place(&high, s, false, market_round_px(1, q.last * 2, true), 100);
    run_for(s, HOUR);
    ck_assert(low.o.resting && high.o.resting);
    ck_assert_int_eq(low.fills + high.fills, 0);
    exchange_order_remove(w.x, &low.o);
    exchange_order_remove(w.x, &high.o);
    world_close(&w);
}
END_TEST

START_TEST(orders_of_closed_hours_enter_at_the_open)
{
    const struct security *s = sec(MARKET_HK, "00700");
    struct mine buy, market, gone;
    world_open(&w, "2026-11-20 12:10:00", "real", 1);       /* the lunch break */
    struct book_view v = view(s);
    place(&buy, s, true, v.ask[0].px, 100);
    place(&market, s, true, 0, 100);
    place(&gone, s, true, v.ask[0].px, 100);
    ck_assert(buy.o.resting && !market.o.resting);
    ck_assert_int_eq(market.filled, 0);
    exchange_order_remove(w.x, &gone.o);
    world_go(&w, 49 * MINUTE);
    exchange_run(w.x, 0);
    ck_assert_int_eq(buy.fills, 0);
    world_go(&w, 2 * MINUTE);
    exchange_run(w.x, 0);
    ck_assert_int_eq(buy.filled, 100);
    ck_assert_int_eq(buy.first_time, at(MARKET_HK, "2026-11-20 13:00:00"));
    ck_assert_int_eq(gone.fills, 0);
    world_close(&w);
}
END_TEST

START_TEST(an_order_stands_over_days_and_is_filled_at_its_price)
{
    const struct security *s = sec(MARKET_HK, "00700");
    struct mine m, n;
    const struct bar *b;
    world_open(&w, "2026-11-02 15:00:00", "real", 1);
    /* A price that the coming days reach for the first time after some days. */
    int64_t px = quote_of(&w, s).last;
    struct world future;
    world_open(&future, "2026-11-21 12:00:00", "real", 1);
    size_t days = bars_of(&future, s, 2, "2026-11-03", "2026-11-20", &b), first = 0;
    ck_assert_uint_gt(days, 10);
    bool up = b[days - 1].high > px;
    for (size_t i = 1; i < days; i++)
        if (up ? b[i].high > b[first].high : b[i].low < b[first].low)
            first = i;
    px = up ? market_round_px(1, b[first].high - (b[first].high - b[0].high) / 4, false)
            : market_round_px(1, b[first].low + (b[0].low - b[first].low) / 4, true);
    world_close(&future);
    place(&m, s, !up, px, 300);
    place(&n, s, !up, px, 300);
    for (int i = 0; i < 19 * 24 && n.o.resting; i++) {
        world_go(&w, HOUR);
        exchange_run(w.x, 0);
        view(s);
    }
    ck_assert_int_eq(m.filled, 300);
    ck_assert_int_eq(n.filled, 300);
    ck_assert_int_le(m.first_time, n.first_time);
    ck_assert_int_gt(market_date(MARKET_HK, m.first_time), 20261102);
    world_close(&w);
}
END_TEST

START_TEST(orders_change_no_other_security_and_wash_out_the_next_day)
{
    const struct security *s = sec(MARKET_HK, "00700"), *other = sec(MARKET_HK, "00005");
    struct mine m;
    struct quote q[2][2];
    for (int traded = 0; traded < 2; traded++) {
        world_open(&w, "2026-11-19 11:00:00", "real", 1);
        if (traded)
            place(&m, s, true, 0, 3000);
        world_go(&w, 24 * HOUR);
        q[traded][0] = quote_of(&w, s);
        q[traded][1] = quote_of(&w, other);
        world_close(&w);
    }
    ck_assert_mem_eq(&q[0][1], &q[1][1], sizeof(q[0][1]));
    ck_assert_int_eq(q[0][0].qty, q[1][0].qty);
    ck_assert_int_eq(q[0][0].last_close, q[1][0].last_close);
    ck_assert_int_eq(q[0][0].last, q[1][0].last);
}
END_TEST

/* Bars, ticks and quote count clients' trades; what clients do is never lost to the bound on
 * memory. */
START_TEST(a_traded_security_is_not_made_anew)
{
    const struct security *s = sec(MARKET_HK, "00700");
    struct mine m;
    const struct bar *b;
    world_open(&w, "2026-11-20 11:00:00", "real", 1);
    struct quote before = quote_of(&w, s);
    place(&m, s, true, 0, 5000);
    for (size_t i = 0; i < exchange_count(w.x); i += 2)
        quote_of(&w, exchange_at(w.x, i));
    struct quote q = quote_of(&w, s);
    ck_assert_int_eq(q.qty, before.qty + 5000);
    size_t n = bars_of(&w, s, 1, "2026-11-20", "2026-11-20 11:00:30", &b);
    int64_t qty = 0;
    for (size_t i = 0; i < n; i++)
        qty += b[i].qty;
    ck_assert_int_eq(qty, q.qty);
    world_close(&w);
}
END_TEST

START_TEST(many_orders_at_random_keep_the_book_sound)
{
    static struct mine m[40];
    const struct security *all[] = { sec(MARKET_HK, "00700"), sec(MARKET_US, "AAPL"),
                                     sec(MARKET_HK, "00099") };
    int64_t filled = 0;
    world_open(&w, "2026-11-20 09:31:00", "always-open", 5);
    memset(m, 0, sizeof(m));
    for (uint64_t i = 0; i < 6000; i++) {
        uint64_t r = rng_at(77, i);
        struct mine *o = &m[r % ARRAY_LEN(m)];
        const struct security *s = all[r >> 10 & 1 ? 0 : (r >> 11) % 3];
        if (o->o.resting) {
            exchange_order_remove(w.x, &o->o);
        } else {
            struct quote q = quote_of(&w, s);
            int64_t px = market_round_px(
                s->step_table, q.last + q.last * ((int64_t)(r >> 20 & 63) - 32) / 5000, false);
            filled += o->filled;
            place(o, s, r >> 30 & 1, (r >> 31 & 15) == 0 ? 0 : px,
                  s->lot * (1 + (int64_t)(r >> 36 & 63)));
        }
        world_go(&w, (int64_t)(r >> 44) * NS_PER_MS / 200);
        if (r >> 43 & 1)
            exchange_run(w.x, 0);
        view(s);
    }
    ck_assert_int_gt(filled, 100000);
    world_close(&w);
}
END_TEST

START_TEST(without_memory_an_order_is_refused)
{
    const struct security *s = sec(MARKET_HK, "00700");
    for (long k = 0; test_alloc_fail_at(k); k++) {
        struct clock_fake fake = { 0, at(MARKET_HK, "2026-11-20 15:00:00") };
        struct clock sys = clock_fake(&fake);
        struct exchange_opts o = { .seed = 1, .sys = &sys };
        struct mine m = {
            .o = { .sec = s, .buy = true, .px = PX_ONE, .left = 100, .on_fill = on_fill }
        };
        char why[160];
        futu_err err = exchange_new(&w.x, &o, why, sizeof(why));
        if (!err)
            err = exchange_order_add(w.x, &m.o);
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        exchange_free(w.x);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_market_order_takes_what_the_book_has);
    tcase_add_test(tc, a_resting_order_is_filled_in_its_turn);
    tcase_add_test(tc, a_limit_order_takes_up_to_its_price_and_stays);
    tcase_add_test(tc, clients_meet_each_other);
    tcase_add_test(tc, orders_far_away_wait_beyond_the_book);
    tcase_add_test(tc, orders_of_closed_hours_enter_at_the_open);
    tcase_add_test(tc, an_order_stands_over_days_and_is_filled_at_its_price);
    tcase_add_test(tc, orders_change_no_other_security_and_wash_out_the_next_day);
    tcase_add_test(tc, a_traded_security_is_not_made_anew);
    tcase_add_test(tc, many_orders_at_random_keep_the_book_sound);
    tcase_add_test(tc, without_memory_an_order_is_refused);
}

int main(void)
{
    return run_tcase("order flow", add);
}
