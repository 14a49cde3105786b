/* trd_property_test.c - thousands of random steps on the fake exchange; everything holds after
 * each. */
#include "fake_exchange.h"
#include "trd_invariants.h"

#define STEPS 6000

static uint64_t state;

static uint64_t rnd(uint64_t n)
{
    state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = state;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (z ^ (z >> 31)) % n;
}

static const struct {
    int acc;
    int32_t sec_market, market;
    const char *code;
    double lot, step;
} pairs[] = {
    { 1, 1, MARKET_HK, "00700", 100, 0.2 },  { 0, 1, MARKET_HK, "00700", 100, 0.2 },
    { 2, 2, MARKET_US, "AAPL", 1, 0.01 },    { 0, 2, MARKET_US, "AAPL", 1, 0.01 },
    { 3, 31, MARKET_SH, "600519", 100, 0.01 }, { 0, 31, MARKET_SH, "600519", 100, 0.01 },
};

static const struct security *sec_of(size_t i)
{
    return universe_find(pairs[i].market, str_c(pairs[i].code));
}

static double near_px(size_t i)
{
    const struct security *s = sec_of(i);
    int64_t px = fake_sec(s)->q.last / 100 * (97 + (int64_t)rnd(7));
    return (double)market_round_px(s->step_table, px, rnd(2)) / 1e4;
}

static void set_trail(Trd_PlaceOrder_C2S *q)
{
    SET(q, trailType, 1 + (int32_t)rnd(2));
    SET(q, trailValue, 1 + (double)rnd(3));
    SET(q, trailSpread, (double)rnd(3));
}

static void place(void)
{
    static const int32_t types[] = { 1, 1, 1, 1, 2, 2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
    size_t i = rnd(ARRAY_LEN(pairs));
    Trd_PlaceOrder_C2S q = fx_order(account_defs[pairs[i].acc].id, pairs[i].sec_market,
                                    pairs[i].code, 1 + (int32_t)rnd(2),
                                    pairs[i].lot * (double)(1 + rnd(30)), near_px(i));
    q.orderType = types[rnd(pairs[i].acc ? 6 : ARRAY_LEN(types))];
    SET(&q, auxPrice, near_px(i));
    if (q.orderType >= 14)
        set_trail(&q);
    if (pairs[i].acc == 0)
        SET(&q, timeInForce, (int32_t)rnd(3));
    fx_call(2202, &q);
}

static void change(void)
{
    const struct trade *t = the_trade();
    if (t->ledger.n_orders == 0)
        return;
    const struct order *o =
        t->ledger.orders[t->ledger.n_orders - 1 - rnd(MIN(t->ledger.n_orders, 30))];
    Trd_ModifyOrder_C2S q = fx_change(o->acc->def->id, o->id, 1 + (int32_t)rnd(5));
    size_t i = 0;
    while (sec_of(i) != o->x.sec)
        i++;
    SET(&q, qty, pairs[i].lot * (double)(1 + rnd(40)));
    SET(&q, price, near_px(i));
    SET(&q, forAll, rnd(100) == 0);
    fx_call(2205, &q);
}

static void market_moves(void)
{
    size_t i = rnd(ARRAY_LEN(pairs));
    const struct security *s = sec_of(i);
    struct fake_sec *f = fake_sec(s);
    int64_t px = market_round_px(s->step_table, f->q.last / 100 * (98 + (int64_t)rnd(5)), false);
    px = CLAMP(px, s->base_px / 2, s->base_px * 2);
    px = market_round_px(s->step_table, px, false);
    int64_t step = market_step(s->step_table, px), lot = (int64_t)pairs[i].lot;
    if (f->n_ticks == FAKE_TICKS) {
        memmove(f->tick, f->tick + FAKE_TICKS / 2, sizeof(f->tick) / 2);
        f->n_ticks = FAKE_TICKS / 2;
    }
    fake_trade(s, px, lot * (int64_t)(1 + rnd(40)));
    f->tick[f->n_ticks - 1].seq = f->n_ticks > 1 ? f->tick[f->n_ticks - 2].seq + 1 : 1;
    fake_book(s, rnd(10) ? px - step : 0, lot * (int64_t)(1 + rnd(50)), rnd(10) ? px + step : 0,
              lot * (int64_t)(1 + rnd(50)));
}

static void time_passes(void)
{
    static const int32_t phases[] = { Qot_Common_QotMarketState_Morning,
                                      Qot_Common_QotMarketState_Auction,
                                      Qot_Common_QotMarketState_Closed };
    fake.now += (int64_t)rnd(7200) * NS_PER_S;
    fake.state = phases[rnd(4) ? 0 : rnd(3)];
    fake.trading = fake.state == Qot_Common_QotMarketState_Morning;
}

static void step(void)
{
    switch (rnd(10)) {
    case 0:
    case 1:
    case 2:
        place();
        break;
    case 3:
    case 4:
        change();
        break;
    case 5:
        if (rnd(8) == 0)
            time_passes();
        break;
    default:
        if (fake.trading)
            market_moves();
        fx_run(40);
    }
}

static void walk(uint64_t seed, int steps, bool starve)
{
    static int32_t last_status[STEPS + 1];
    static double last_fill[STEPS + 1];
    memset(last_status, 0, sizeof(last_status));
    memset(last_fill, 0, sizeof(last_fill));
    state = seed;
    open_fx();
    for (int i = 0; i < steps; i++) {
        if (starve && rnd(3) == 0)
            mem_fail_at((long)rnd(60));
        step();
        mem_fail_at(-1);
        check_all();
        if (!starve)
            check_pushes(last_status, last_fill, STEPS + 1);
        fx.n_log = 0;
        arena_reset(&fx.arena);
    }
    const struct ledger *l = &the_trade()->ledger;
    ck_assert_uint_gt(l->n_orders, (size_t)steps / 20);
    ck_assert_uint_gt(l->n_fills, (size_t)steps / 20);
    fx_close();
}

START_TEST(everything_holds_after_every_step)
{
    for (uint64_t seed = 1; seed <= 4; seed++)
        walk(seed, 1500, false);
}
END_TEST

START_TEST(everything_holds_while_memory_runs_out)
{
    for (uint64_t seed = 11; seed <= 13; seed++)
        walk(seed, 1000, true);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, everything_holds_after_every_step);
    tcase_add_test(tc, everything_holds_while_memory_runs_out);
}

int main(void)
{
    return run_tcase("trd_property", add);
}
