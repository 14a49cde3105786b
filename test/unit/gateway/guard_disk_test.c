/* guard_disk_test.c - trade writes of keys: what a day and a minute allow, what is on disk before
 * the upstream hears of it, what becomes of it, and memory that is out. */
#include "guard_rig.h"

#include <stdio.h>

/* ---- what a day and a minute allow ---- */

START_TEST(a_day_holds_what_is_under_way_and_gives_back_what_is_refused)
{
    start(ALL, ",\"max_daily_value\":1000");
    told_place(&t, c, &(struct place){ .qty = 60, .price = 10 });
    told_place(&u, c, &(struct place){ .qty = 60, .price = 10 });
    ck_assert_int_eq(u.deny, DENY_DAILY);
    sent(2202);
    rig_answer(&k.r, 2202, REFUSED);
    ck_assert_int_eq(t.ret, RET_FAILED);
    placed_ok(&(struct place){ .qty = 60, .price = 10 });
    told_place(&u, c, &(struct place){ .qty = 60, .price = 10 });
    ck_assert_int_eq(u.deny, DENY_DAILY);
    placed_ok(&(struct place){ .qty = 40, .price = 10 });
    rig_pass(&k.r, 24 * 3600 * NS_PER_S);
    placed_ok(&(struct place){ .qty = 100, .price = 10 });
    stop();
}
END_TEST

START_TEST(what_nobody_knows_counts_against_the_day)
{
    start(ALL, ",\"max_daily_value\":1000");
    told_place(&t, c, &(struct place){ .qty = 60, .price = 10 });
    sent(2202);
    rig_pass(&k.r, 30 * NS_PER_S);
    ck_assert_int_eq(t.ret, RET_TIMEOUT);
    ck_assert_uint_eq(trail_count(&k, "\"unknown\""), 1);
    told_place(&t, c, &(struct place){ .qty = 60, .price = 10 });
    ck_assert_int_eq(t.deny, DENY_DAILY);
    stop();
}
END_TEST

START_TEST(a_repeat_counts_once_and_is_answered_past_every_cap)
{
    struct place o = { .qty = 100, .price = 10, .word = "one" };
    start(ALL, ",\"max_daily_value\":1000,\"max_orders_per_minute\":1");
    told_place(&t, c, &o);
    told_place(&u, c, &o);              /* while the first one is being written down */
    rails_written(&k);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 1);
    told_place(&u, c, &o);              /* while it is under way */
    ck_assert_uint_eq(u.times, 0);
    rig_answer(&k.r, 2202, PLACED);
    ck_assert_int_eq(t.ret, 0);
    ck_assert(u.times == 1 && u.ret == 0 && u.repeat && !t.repeat);
    told_place(&u, c, &o);              /* afterwards */
    ck_assert(u.times == 1 && u.ret == 0 && u.repeat);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 0);
    ck_assert_uint_eq(trail_count(&k, "\"request\""), 1);
    ck_assert_uint_eq(trail_count(&k, "\"success\"", "\"executed\""), 1);
    ck_assert_uint_eq(trail_count(&k, "\"success\"", "\"cached\""), 2);
    stop();
}
END_TEST

START_TEST(who_asks_again_for_an_unknown_end_is_not_stopped_by_its_value)
{
    struct place o = { .qty = 100, .price = 10, .word = "one" };
    start(ALL, ",\"max_daily_value\":1000");
    told_place(&t, c, &o);
    sent(2202);
    rig_answer(&k.r, 2202, TIMED_OUT);
    ck_assert_int_eq(t.ret, RET_TIMEOUT);
    told_place(&t, c, &o);
    sent(2202);
    rig_answer(&k.r, 2202, PLACED);
    ck_assert(t.deny == DENY_NONE && t.ret == 0);
    told_place(&t, c, &(struct place){ .qty = 1, .price = 1 });
    ck_assert_int_eq(t.deny, DENY_DAILY);
    stop();
}
END_TEST

START_TEST(two_keys_may_use_the_same_word)
{
    struct place o = { .qty = 100, .price = 10, .word = "one" };
    rails_begin(&k);
    rails_key(&k, "key", ALL, "");
    rails_key(&k, "other", ALL, "");
    rails_save(&k);
    rails_open(&k, NULL);
    c = rails_caller(&k, IFACE_GRPC, "key");
    memset(&t, 0, sizeof(t));
    memset(&u, 0, sizeof(u));
    told_place(&t, c, &o);
    sent(2202);
    struct told other = { .times = 0 };
    told_place(&other, rails_caller(&k, IFACE_GRPC, "other"), &o);
    rails_written(&k);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 2);
    told_place(&u, rails_caller(&k, IFACE_REST, "key"), &o);     /* the same key elsewhere */
    rails_written(&k);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 2);
    rig_answer(&k.r, 2202, PLACED);
    ck_assert(u.times == 1 && u.ret == 0 && u.repeat);
    rig_answer(&k.r, 2202, PLACED);
    ck_assert(other.times == 1 && other.ret == 0 && !other.repeat);
    told_free(&other);
    stop();
}
END_TEST

START_TEST(so_many_orders_a_minute_over_all_surfaces)
{
    start(ALL, ",\"max_orders_per_minute\":2");
    placed_ok(&(struct place){ .price = 1 });
    c = rails_caller(&k, IFACE_REST, "key");
    modify(&t, Trd_Common_ModifyOrderOp_Cancel, 0, 0);
    sent(2205);
    rig_answer(&k.r, 2205, REFUSED);
    trail_clear(&k);
    told_place(&t, c, &(struct place){ .price = 1 });
    ck_assert_int_eq(t.deny, DENY_RATE);
    ck_assert_uint_eq(trail_count(&k, "limit: rate limit exceeded: 3 in 60s (cap 2)"), 1);
    rig_pass(&k.r, 60 * NS_PER_S);
    placed_ok(&(struct place){ .price = 1 });
    stop();
}
END_TEST

/* ---- on disk first ---- */

START_TEST(nothing_is_sent_before_it_is_written_down)
{
    start(ALL, ",\"max_daily_value\":1000");
    told_place(&t, c, &(struct place){ .qty = 10, .price = 10 });
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 0);
    ck_assert(k.trail.n == 1 && k.daily.n == 1);
    ck_assert_uint_eq(trail_count(&k, "\"request\"", "\"key_id\":\"key\"", "\"args_hash\":\"",
                                  "\"acc_id\":\"1001\"", "\"WARN\"", "/test", "10.0.0.1"), 1);
    ck_assert_ptr_nonnull(memmem(k.daily.text.p, k.daily.text.n, " 100000000 key\n", 15));
    disk_end(&k.daily, FUTU_OK);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 0);
    disk_end(&k.trail, FUTU_OK);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 1);
    rig_answer(&k.r, 2202, REFUSED);
    ck_assert_ptr_nonnull(memmem(k.daily.text.p, k.daily.text.n, " 0 key\n", 7));
    ck_assert_uint_eq(trail_count(&k, "\"failure\"", "\"reason\":\"no!\"", "\"no_key\""), 1);
    stop();
}
END_TEST

static void not_written(void)
{
    ck_assert_uint_eq(t.times, 1);
    ck_assert_int_eq(t.ret, RET_FAILED);
    ck_assert_ptr_nonnull(strstr(t.text, "nothing was sent"));
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 0);
}

START_TEST(a_disk_that_fails_lets_no_order_pass)
{
    start(ALL, ",\"max_daily_value\":1000");
    for (int which = 0; which < 4; which++) {
        k.trail.refuse = which == 0 ? FUTU_EIO : FUTU_OK;
        k.daily.refuse = which == 1 ? FUTU_EIO : FUTU_OK;
        told_place(&t, c, &(struct place){ .qty = 100, .price = 10 });
        while (k.trail.n > 0)
            disk_end(&k.trail, which == 2 ? FUTU_EIO : FUTU_OK);
        while (k.daily.n > 0)
            disk_end(&k.daily, which == 3 ? FUTU_EIO : FUTU_OK);
        not_written();
        k.trail.refuse = k.daily.refuse = FUTU_OK;
        rails_written(&k);
    }
    k.trail.refuse = k.daily.refuse = FUTU_EIO;
    told_place(&t, c, &(struct place){ .qty = 100, .price = 10 });
    not_written();
    k.trail.refuse = k.daily.refuse = FUTU_OK;
    placed_ok(&(struct place){ .qty = 100, .price = 10 });      /* all was given back */
    stop();
}
END_TEST

START_TEST(a_disk_that_hangs_is_answered_for_and_its_order_is_never_sent)
{
    start(ALL, ",\"max_daily_value\":1000");
    told_place(&t, c, &(struct place){ .qty = 100, .price = 10 });
    rig_pass(&k.r, 60 * NS_PER_S);
    not_written();
    rails_written(&k);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 0);
    ck_assert_uint_eq(t.times, 1);
    ck_assert_uint_eq(trail_count(&k, "\"failure\"", "nothing was sent"), 1);
    rails_written(&k);
    placed_ok(&(struct place){ .qty = 100, .price = 10 });
    stop();
}
END_TEST

START_TEST(whoever_goes_while_the_disk_writes_places_nothing)
{
    struct peer p;
    uint8_t bytes[512];
    start(ALL, ",\"max_daily_value\":1000");
    ck_assert_int_eq(peer_open_as(&p, &k.r, "token-key"), FUTU_OK);
    peer_init(&p, CIPHER_NONE, 0, false);
    size_t n = place_bytes(p.id, &(struct place){ .price = 10 }, bytes);
    ck_assert_int_eq(peer_send(&p, 2202, 0, 5, bytes, n), FUTU_OK);
    peer_close(&p);
    rails_written(&k);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 0);
    ck_assert_uint_eq(trail_count(&k, "\"failure\"", "nothing was sent"), 1);
    rails_written(&k);
    placed_ok(&(struct place){ .qty = 100, .price = 10 });
    stop();
}
END_TEST

START_TEST(a_key_that_goes_takes_what_it_waits_for_along)
{
    start(ALL, ",\"max_daily_value\":1000");
    told_place(&t, c, &(struct place){ .price = 10 });
    rails_key(&k, "another", ALL, "");
    rails_save(&k);
    rails_reload(&k);
    rig_turn(&k.r);
    ck_assert(t.times == 1 && t.gone);
    rails_written(&k);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 0);
    stop();
}
END_TEST

START_TEST(a_hub_that_ends_while_all_kinds_wait)
{
    struct told v[4] = { { .times = 0 } };
    start(ALL, ",\"max_order_value\":10000");
    told_place(&v[0], c, &(struct place){ .price = 10, .word = "w" });
    sent(2202);
    told_place(&v[1], c, &(struct place){ .type = 2 });
    told_place(&v[2], c, &(struct place){ .price = 10 });
    told_place(&v[3], c, &(struct place){ .price = 10, .word = "w" });
    hub_free(k.r.hub);
    k.r.hub = NULL;
    for (size_t i = 0; i < 4; i++) {
        ck_assert_msg(v[i].times == 1 && v[i].gone, "%zu", i);
        told_free(&v[i]);
    }
    stop();
}
END_TEST

START_TEST(an_unlock_is_in_the_trail_and_locks_of_a_limited_key_name_accounts)
{
    uint64_t ids[] = { 1001, 1003 };
    Trd_UnlockTrade_C2S c2s = { .pwdMD5 = STR("0123456789abcdef0123456789abcdef") };
    Trd_UnlockTrade_Request rq = { &c2s };
    start(ALL, ",\"allowed_acc_ids\":[1001]");
    SET(&c2s, unlock, true);
    told_ask(&t, c, 2005, &rq);
    refused(DENY_ACCOUNT);
    c2s.accIDList = ids;
    c2s.n_accIDList = 2;
    told_ask(&t, c, 2005, &rq);
    refused(DENY_ACCOUNT);
    c2s.n_accIDList = 1;
    told_ask(&t, c, 2005, &rq);
    ck_assert_uint_eq(rig_waiting(&k.r, 2005), 0);
    sent(2005);
    rig_answer(&k.r, 2005, HEX_OK);
    ck_assert_int_eq(t.ret, 0);
    ck_assert_uint_eq(trail_count(&k, "\"request\"", "\"args_hash\""), 1);
    ck_assert_uint_eq(trail_count(&k, "\"success\""), 1);
    ck_assert_ptr_null(memmem(k.trail.text.p, k.trail.text.n, "0123456789abcdef0123", 20));
    stop();
}
END_TEST

START_TEST(an_order_that_needs_no_key_is_in_the_trail_too)
{
    struct peer p;
    uint8_t bytes[512];
    start(ALL, ",\"max_daily_value\":1");
    peer_open(&p, &k.r, FUTU_WIRE_TCP);
    peer_init(&p, CIPHER_NONE, 0, false);
    size_t n = place_bytes(p.id, &(struct place){ .price = 10 }, bytes);
    ck_assert_int_eq(peer_send(&p, 2202, 0, 5, bytes, n), FUTU_OK);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 0);
    sent(2202);
    rig_answer(&k.r, 2202, PLACED);
    peer_ok(&p, 2202, 5);
    ck_assert_uint_eq(trail_count(&k, "\"request\"", "\"tcp\"", "<none>", "proto_id=2202"), 1);
    ck_assert_uint_eq(trail_count(&k, "\"success\"", "\"tcp\"", "<none>"), 1);
    peer_close(&p);
    stop();
}
END_TEST

START_TEST(decisions_are_counted)
{
    start(ALL, ",\"max_order_value\":1000");
    placed_ok(&(struct place){ .price = 1 });
    place_refused(&(struct place){ .price = 100 }, DENY_PER_ORDER);
    told_place(&t, c, &(struct place){ .price = 1 });
    sent(2202);
    rig_answer(&k.r, 2202, REFUSED);
    told_place(&t, c, &(struct place){ .price = 1 });
    sent(2202);
    rig_answer(&k.r, 2202, TIMED_OUT);
    static const struct {
        const char *outcome;
        int n;
    } want[] = { { "request", 3 }, { "success", 1 }, { "failure", 1 }, { "unknown", 1 },
                 { "reject", 1 } };
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        char name[128];
        snprintf(name, sizeof(name),
                 "futu_auth_events_total{iface=\"grpc\",outcome=\"%s\",key_id=\"key\"}",
                 want[i].outcome);
        ck_assert_msg(metric(&k, name) == want[i].n, "%s %g", name, metric(&k, name));
    }
    ck_assert_double_eq(metric(&k, "futu_auth_limit_rejects_total{iface=\"grpc\","
                                   "reason=\"per_order\",key_id=\"key\"}"), 1);
    stop();
}
END_TEST

/* ---- out of memory ---- */

static void once(const char *more, long n, bool *failed)
{
    uint8_t bytes[512];
    start(ALL, more);
    k.trail.deaf = k.daily.deaf = true;
    size_t len = place_bytes(hub_conn_id(c), &(struct place){ .type = 2, .word = "x" }, bytes);
    mem_fail_at(n);
    told_ask_bytes(&t, c, 2202, bytes, len);
    *failed = mem_failed();
    mem_fail_at(-1);
    while (rig_waiting(&k.r, 3203) > 0)
        rails_price(&k, 10);
    rails_written(&k);
    while (rig_waiting(&k.r, 2202) > 0)
        rig_answer(&k.r, 2202, PLACED);
    rig_turn(&k.r);
    ck_assert_uint_eq(t.times, 1);
    stop();
}

START_TEST(every_failed_allocation_is_clean)
{
    static const char *const mores[] = {
        "", ",\"max_order_value\":100000,\"max_daily_value\":1e6",
    };
    for (size_t m = 0; m < ARRAY_LEN(mores); m++) {
        bool failed = true;
        for (long n = 0; failed; n++)
            once(mores[m], n, &failed);
        ck_assert(t.ret == 0 && t.deny == DENY_NONE);
    }
}
END_TEST

START_TEST(memory_that_is_out_when_the_price_or_the_disk_answers)
{
    for (int when = 0; when < 2; when++)
        for (long n = 0; n < 40; n++) {
            start(ALL, ",\"max_order_value\":100000,\"max_daily_value\":1e6");
            k.trail.deaf = k.daily.deaf = true;
            told_place(&t, c, &(struct place){ .type = 2, .word = "x" });
            if (when == 1)
                rails_price(&k, 10);
            mem_fail_at(n);
            if (when == 1)
                rails_written(&k);
            else
                rig_answer(&k.r, 3203, HEX_OK);
            mem_fail_at(-1);
            rails_written(&k);
            while (rig_waiting(&k.r, 2202) > 0)
                rig_answer(&k.r, 2202, PLACED);
            rig_turn(&k.r);
            ck_assert_uint_eq(t.times, 1);
            stop();
        }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_day_holds_what_is_under_way_and_gives_back_what_is_refused);
    tcase_add_test(tc, what_nobody_knows_counts_against_the_day);
    tcase_add_test(tc, a_repeat_counts_once_and_is_answered_past_every_cap);
    tcase_add_test(tc, who_asks_again_for_an_unknown_end_is_not_stopped_by_its_value);
    tcase_add_test(tc, two_keys_may_use_the_same_word);
    tcase_add_test(tc, so_many_orders_a_minute_over_all_surfaces);
    tcase_add_test(tc, nothing_is_sent_before_it_is_written_down);
    tcase_add_test(tc, a_disk_that_fails_lets_no_order_pass);
    tcase_add_test(tc, a_disk_that_hangs_is_answered_for_and_its_order_is_never_sent);
    tcase_add_test(tc, whoever_goes_while_the_disk_writes_places_nothing);
    tcase_add_test(tc, a_key_that_goes_takes_what_it_waits_for_along);
    tcase_add_test(tc, a_hub_that_ends_while_all_kinds_wait);
    tcase_add_test(tc, an_unlock_is_in_the_trail_and_locks_of_a_limited_key_name_accounts);
    tcase_add_test(tc, an_order_that_needs_no_key_is_in_the_trail_too);
    tcase_add_test(tc, decisions_are_counted);
    tcase_add_test(tc, every_failed_allocation_is_clean);
    tcase_add_test(tc, memory_that_is_out_when_the_price_or_the_disk_answers);
}

int main(void)
{
    return run_tcase("guard_disk", add);
}
