/* relay_orders_test.c - orders through links that are cut and relays that are killed: with one key
 * for each, every order is in the exchange exactly once, and the client knows its number.
 */
#include <stdio.h>

#include "chain.h"
#include "support.h"
#include "trader.h"

#define ORDERS (SLOW > 1 ? 800 : 10000)
#define FEWER (SLOW > 1 ? 800 : 3333)     /* enough for every cut and kill to come */
#define WINDOW 64
#define KILLS 4                 /* of each relay */
#define ALL_MS (60000 * SLOW)

static struct opend paper;
static struct chain ch;
static struct trader tr;

/* A relay that lost its link soon waits up to 5 s before it tries again: a few cuts are as many as
 * fit. The last link is the client's, who comes back at once. */
static void cut_everywhere(size_t links, uint32_t max_bytes, uint32_t max_ms)
{
    for (size_t i = 0; i < links; i++) {
        struct proxy_chaos o = { .seed = 7 + i, .cuts = i + 1 < links ? 8 : 40,
                                 .max_bytes = max_bytes, .max_ms = max_ms };
        proxy_chaos(&ch.link[i], &o);
    }
}

static void leave_alone(void)
{
    static const struct proxy_chaos none;
    for (size_t i = 0; i <= ch.n; i++)
        proxy_chaos(&ch.link[i], &none);
}

/* One relay after the other, each time that another part of the orders is done. */
static void maybe_kill(size_t *killed)
{
    size_t all = KILLS * ch.n;
    if (*killed < all && tr.done >= (*killed + 1) * tr.n / (all + 1))
        chain_kill(&ch, (*killed)++ % ch.n);
}

static void all_done(bool kills)
{
    size_t killed = 0;
    int64_t end = now_ms() + ALL_MS;
    while (tr.done < tr.n) {
        ck_assert_msg(now_ms() < end, "%zu of %zu orders are done; the last failure: %s", tr.done,
                      tr.n, tr.last_text);
        trader_run(&tr, WINDOW, 10);
        if (kills)
            maybe_kill(&killed);
        if (tr.next > 0 && tr.done % 10 == 5)
            trader_repeat(&tr, tr.next - 1);
    }
    ck_assert(!kills || killed == KILLS * ch.n);
}

/* Also what was placed long ago: the first answer is given again, after a restart of all too. */
static void repeats_are_answered_the_same(void)
{
    for (size_t i = 0; i < tr.n; i += 97) {
        trader_repeat(&tr, i);
        for (int64_t end = now_ms() + ALL_MS; tr.in_flight > 0 || tr.lost;) {
            ck_assert_msg(now_ms() < end, "a repeat is not answered");
            trader_run(&tr, WINDOW, 10);
        }
    }
}

static void start(size_t relays, size_t orders)
{
    opend_start(&paper, NULL);
    chain_start(&ch, relays, &paper);
    trader_start(&tr, chain_port(&ch), orders);
}

static void finish(const char *what)
{
    leave_alone();
    chain_wait_up(&ch);
    repeats_are_answered_the_same();
    trader_check(&tr, paper.port);
    printf("relay: %s: %zu orders, %llu requests, %llu connections; %llu answers lost, %llu "
           "unknown, %llu failures, %llu given up\n", what, tr.n, (unsigned long long)tr.sent,
           (unsigned long long)tr.connections, (unsigned long long)tr.lost_answers,
           (unsigned long long)tr.unknown, (unsigned long long)tr.failed,
           (unsigned long long)tr.given_up);
    trader_stop(&tr);
    chain_stop(&ch);
    opend_stop(&paper);
}

START_TEST(orders_in_peace)
{
    start(2, FEWER);
    all_done(false);
    ck_assert_uint_eq(tr.lost_answers + tr.unknown + tr.failed, 0);
    finish("in peace");
}
END_TEST

/* The exchange's own gateway keeps keys too. */
START_TEST(orders_straight_to_the_exchange_over_a_link_that_is_cut)
{
    start(0, FEWER);
    cut_everywhere(1, 30000, 400);
    all_done(false);
    finish("no relay");
}
END_TEST

START_TEST(orders_through_one_relay_that_is_cut_and_killed)
{
    start(1, ORDERS);
    cut_everywhere(2, 400000, 5000);
    all_done(true);
    finish("one relay");
}
END_TEST

START_TEST(orders_through_two_relays_that_are_cut_and_killed)
{
    start(2, FEWER);
    cut_everywhere(3, 1000000, 10000);
    all_done(true);
    finish("two relays");
}
END_TEST

static void add(TCase *tc)
{
    tcase_set_timeout(tc, 150 * SLOW);
    tcase_add_test(tc, orders_in_peace);
    tcase_add_test(tc, orders_straight_to_the_exchange_over_a_link_that_is_cut);
    tcase_add_test(tc, orders_through_one_relay_that_is_cut_and_killed);
    tcase_add_test(tc, orders_through_two_relays_that_are_cut_and_killed);
}

int main(void)
{
    return run_tcase("relay, orders", add);
}
