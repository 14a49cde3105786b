/* race_test.c - three at a time, the first wins. */
#include "upstream/broker/race.h"

#include <stdio.h>

#include "rig.h"

struct track {
    struct rig rig;
    struct race race;
    struct addr_list list;
    unsigned done;
    futu_err err;
    char why[200];
    struct link *link;
    struct net_addr won;
};

static void on_done(struct race *r, futu_err err, const char *why, struct link *link,
                    const struct net_addr *addr)
{
    struct track *t = container_of(r, struct track, race);
    t->done++;
    t->err = err;
    str_copy(t->why, sizeof(t->why), str_c(why));
    t->link = link;
    if (addr)
        t->won = *addr;
}

static void begin(struct track *t, size_t n)
{
    char host[16];
    memset(t, 0, sizeof(*t));
    rig_init(&t->rig);
    for (size_t i = 0; i < n; i++) {
        snprintf(host, sizeof(host), "10.0.0.%zu", i);
        addr_add(&t->list, host, 1);
    }
    t->race = (struct race){ .net = &t->rig.net, .done = on_done, .timers = &t->rig.timers,
                             .timeout_ns = DIALECT_CONNECT_NS };
}

static void end(struct track *t)
{
    race_stop(&t->race);
    if (t->link)
        t->link->ops->free(t->link);
    rig_free(&t->rig);
}

static void start(struct track *t, size_t from, size_t rounds)
{
    race_start(&t->race, &t->list, from, rounds, t->rig.time.mono_ns);
}

static void hosts(struct track *t, size_t from, size_t to, enum rig_how how)
{
    for (size_t i = from; i < to; i++)
        rig_host(&t->rig, t->list.a[i].host, how);
}

START_TEST(the_first_of_three_wins_and_the_others_are_closed)
{
    struct track t;
    begin(&t, 5);
    hosts(&t, 0, 1, RIG_DEAD);
    start(&t, 0, 3);
    ck_assert_uint_eq(t.done, 0);
    rig_pump(&t.rig);
    ck_assert_uint_eq(t.done, 1);
    ck_assert_int_eq(t.err, FUTU_OK);
    ck_assert_str_eq(t.won.host, "10.0.0.1");
    ck_assert_uint_eq(t.rig.n_dialled, 3);
    ck_assert_uint_eq(rig_connected(&t.rig), 1);
    end(&t);
}
END_TEST

START_TEST(the_next_three_follow_when_all_of_a_round_have_failed)
{
    struct track t;
    begin(&t, 8);
    hosts(&t, 0, 6, RIG_DEAD);
    start(&t, 0, 3);
    rig_pass(&t.rig, DIALECT_CONNECT_NS - NS_PER_MS);
    ck_assert_uint_eq(t.rig.n_dialled, 3);
    rig_pass(&t.rig, NS_PER_MS);
    ck_assert_uint_eq(t.rig.n_dialled, 6);
    rig_pass(&t.rig, DIALECT_CONNECT_NS);
    ck_assert_str_eq(t.won.host, "10.0.0.6");
    end(&t);
}
END_TEST

START_TEST(nine_addresses_are_the_most_and_the_last_is_named)
{
    struct track t;
    begin(&t, 12);
    hosts(&t, 0, 12, RIG_REFUSES);
    start(&t, 0, 3);
    rig_pump(&t.rig);
    ck_assert_uint_eq(t.done, 1);
    ck_assert_int_eq(t.err, FUTU_EREFUSED);
    ck_assert_str_eq(t.why, "10.0.0.8:1: connection refused");
    ck_assert_uint_eq(t.rig.n_dialled, 9);
    ck_assert_uint_eq(rig_connected(&t.rig), 0);
    end(&t);
}
END_TEST

START_TEST(it_begins_where_it_is_told_and_goes_round)
{
    struct track t;
    begin(&t, 4);
    hosts(&t, 0, 4, RIG_REFUSES);
    start(&t, 7, 1);
    rig_pump(&t.rig);
    ck_assert_uint_eq(t.rig.n_dialled, 3);
    ck_assert_str_eq(t.rig.dialled[0].host, "10.0.0.3");
    ck_assert_str_eq(t.rig.dialled[1].host, "10.0.0.0");
    ck_assert_str_eq(t.rig.dialled[2].host, "10.0.0.1");
    end(&t);
}
END_TEST

START_TEST(no_address_fails_from_the_loop_and_not_at_once)
{
    struct track t;
    begin(&t, 0);
    start(&t, 0, 3);
    ck_assert_uint_eq(t.done, 0);
    rig_pump(&t.rig);
    ck_assert_uint_eq(t.done, 1);
    ck_assert_int_eq(t.err, FUTU_ENOTFOUND);
    end(&t);
}
END_TEST

START_TEST(links_that_can_not_be_made_fail_the_race)
{
    struct track t;
    begin(&t, 12);
    t.rig.link_err = FUTU_ENOMEM;
    start(&t, 0, 3);
    rig_pump(&t.rig);
    ck_assert_int_eq(t.err, FUTU_ENOMEM);
    ck_assert_str_eq(t.why, "10.0.0.8:1: out of memory");
    end(&t);
}
END_TEST

START_TEST(a_race_that_is_stopped_tells_nothing)
{
    struct track t;
    begin(&t, 3);
    start(&t, 0, 3);
    race_stop(&t.race);
    rig_pass(&t.rig, 30 * NS_PER_S);
    ck_assert_uint_eq(t.done, 0);
    end(&t);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, the_first_of_three_wins_and_the_others_are_closed);
    tcase_add_test(tc, the_next_three_follow_when_all_of_a_round_have_failed);
    tcase_add_test(tc, nine_addresses_are_the_most_and_the_last_is_named);
    tcase_add_test(tc, it_begins_where_it_is_told_and_goes_round);
    tcase_add_test(tc, no_address_fails_from_the_loop_and_not_at_once);
    tcase_add_test(tc, links_that_can_not_be_made_fail_the_race);
    tcase_add_test(tc, a_race_that_is_stopped_tells_nothing);
}

int main(void)
{
    return run_tcase("race", add);
}
