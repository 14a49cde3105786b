/* relay_inflight_test.c - one order that is on its way when something breaks, at each place where
 * it can be: the client is told what became of it, and a repeat places nothing twice.
 */
#include <poll.h>
#include <stdio.h>

#include "chain.h"
#include "peer.h"
#include "support.h"
#include "trader.h"

#define ANSWER_MS (20000 * SLOW)

static struct opend paper;
static struct chain ch;
static struct trader tr;

static void start(size_t relays)
{
    opend_start(&paper, NULL);
    chain_start(&ch, relays, &paper);
    trader_start(&tr, chain_port(&ch), 1);
}

static void stop(void)
{
    trader_check(&tr, paper.port);
    trader_stop(&tr);
    chain_stop(&ch);
    opend_stop(&paper);
}

/* Sends it, and waits until the proxy of this link holds it or its answer. */
static void send_into(size_t link, int direction)
{
    struct proxy_counts c;
    proxy_hold(&ch.link[link], direction, true);
    proxy_counts(&ch.link[link], &c);
    /* More than a KeepAlive or its answer. */
    uint64_t enough = c.held + (direction == PROXY_TO_SERVER ? 105 : 80);
    for (int64_t end = now_ms() + ANSWER_MS; c.held < enough;
         proxy_counts(&ch.link[link], &c)) {
        ck_assert_msg(now_ms() < end, "the order does not come to link %zu", link);
        trader_run(&tr, tr.sent ? 0 : 1, 5);
    }
    ck_assert_uint_eq(tr.done, 0);
}

/* The order itself passes here; KeepAlives may be held too, so it is looked for. */
static void arrives(void)
{
    for (int64_t end = now_ms() + ANSWER_MS; trader_count(paper.port) == 0;) {
        ck_assert_msg(now_ms() < end, "the order does not arrive");
        trader_run(&tr, 0, 5);
    }
}

static void break_link(size_t link, int direction)
{
    proxy_cut(&ch.link[link], PROXY_RST);
    proxy_hold(&ch.link[link], direction, false);
}

/* The first answer, without a repeat. */
static void answered(void)
{
    for (int64_t end = now_ms() + ANSWER_MS; tr.in_flight > 0; trader_run(&tr, 0, 10))
        ck_assert_msg(now_ms() < end, "the client is told nothing");
}

static void repeated_until_done(void)
{
    for (int64_t end = now_ms() + ANSWER_MS; tr.done == 0; trader_run(&tr, 1, 10))
        ck_assert_msg(now_ms() < end, "it is never placed: %s", tr.last_text);
}

/* ---- the link to the upstream breaks ---- */

START_TEST(an_order_whose_answer_is_lost_is_found)
{
    for (size_t relays = 1; relays <= 2; relays++) {
        for (size_t link = 0; link < relays; link++) {
            start(relays);
            send_into(link, PROXY_TO_CLIENT);
            arrives();
            break_link(link, PROXY_TO_CLIENT);
            answered();
            ck_assert_msg(tr.done == 1, "told instead of its number: %s", tr.last_text);
            stop();
        }
    }
}
END_TEST

START_TEST(an_order_that_did_not_arrive_is_not_said_to_be_unknown)
{
    for (size_t relays = 1; relays <= 2; relays++) {
        for (size_t link = 0; link < relays; link++) {
            start(relays);
            send_into(link, PROXY_TO_SERVER);
            ck_assert_uint_eq(trader_count(paper.port), 0);
            break_link(link, PROXY_TO_SERVER);
            answered();
            ck_assert_msg(tr.unknown == 0 && tr.lost_answers == 0, "%s", tr.last_text);
            ck_assert(tr.done == 1 || tr.last_text[0]);
            repeated_until_done();
            stop();
        }
    }
}
END_TEST

/* ---- a relay is killed ---- */

static void killed_at(size_t relays, size_t victim, size_t link, int direction)
{
    start(relays);
    send_into(link, direction);
    if (direction == PROXY_TO_CLIENT)
        arrives();
    chain_kill(&ch, victim);
    break_link(link, direction);
    answered();
    repeated_until_done();
    stop();
}

START_TEST(an_order_whose_relay_is_killed_is_placed_once)
{
    for (size_t relays = 1; relays <= 2; relays++)
        for (size_t victim = 0; victim < relays; victim++)
            for (size_t link = 0; link <= relays; link++)
                for (int direction = 0; direction < 2; direction++)
                    killed_at(relays, victim, link, direction);
}
END_TEST

/* ---- one key, twice ---- */

START_TEST(one_key_on_two_connections_at_once_is_one_order)
{
    struct trader other;
    start(1);
    trader_start(&other, chain_port(&ch), 1);
    proxy_hold(&ch.link[0], PROXY_TO_SERVER, true);
    trader_run(&tr, 1, 20);
    trader_run(&other, 1, 20);
    proxy_hold(&ch.link[0], PROXY_TO_SERVER, false);
    for (int64_t end = now_ms() + ANSWER_MS; tr.done + other.done < 2;) {
        ck_assert_msg(now_ms() < end, "done: %zu, %zu; %s%s", tr.done, other.done, tr.last_text,
                      other.last_text);
        trader_run(&tr, 1, 5);
        trader_run(&other, 1, 5);
    }
    ck_assert_uint_eq(tr.o[0].id, other.o[0].id);
    trader_stop(&other);
    stop();
}
END_TEST

START_TEST(one_key_with_another_order_is_refused)
{
    struct trader other;
    start(1);
    repeated_until_done();
    chain_kill(&ch, 0);
    trader_start(&other, chain_port(&ch), 1);
    other.qty = 2;
    for (int64_t end = now_ms() + ANSWER_MS; other.failed == 0; trader_run(&other, 1, 5))
        ck_assert_msg(now_ms() < end && other.done == 0, "it is not refused");
    ck_assert_msg(strstr(other.last_text, "idempotencyKey") != NULL, "%s", other.last_text);
    trader_stop(&other);
    stop();
}
END_TEST

static void add(TCase *tc)
{
    tcase_set_timeout(tc, 100 * SLOW);
    tcase_add_test(tc, an_order_whose_answer_is_lost_is_found);
    tcase_add_test(tc, an_order_that_did_not_arrive_is_not_said_to_be_unknown);
    tcase_add_test(tc, an_order_whose_relay_is_killed_is_placed_once);
    tcase_add_test(tc, one_key_on_two_connections_at_once_is_one_order);
    tcase_add_test(tc, one_key_with_another_order_is_refused);
}

int main(void)
{
    return run_tcase("relay, orders in flight", add);
}
