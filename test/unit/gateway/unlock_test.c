/* unlock_test.c - real accounts are opened and locked one by one: by answers that tell them apart
 * and by those that do not, by losses and by the operator; what is kept under a key. */
#include <stdio.h>

#include "access/trade_pwd.h"
#include "unlock_rig.h"

#define RESULTS(...) ((const struct result[]){ __VA_ARGS__, { .id = 0 } })
/* "Wrong password, 8 tries are left." */
#define PWD_SAYS "08ffffffffffffffffff01 1221 57726f6e672070617373776f72642c20"                   \
                 "3820747269657320617265206c6566742e 1800"

static struct rig r;
static struct peer a;

static void setup(void)
{
    ur_begin(&r, &a, false);
}

static void teardown(void)
{
    ur_end(&r, &a);
}

static void forwarding(void)
{
    ur_begin(&r, &a, true);
}

static struct hub_status status(void)
{
    struct hub_status s;
    hub_status(r.hub, &s);
    return s;
}

static void ask_ok(uint32_t serial, const struct want *w, const struct result *all)
{
    ur_ask(&a, serial, w);
    if (all)
        ur_results(&r, 0, "", all);
    else
        rig_answer(&r, 2005, HEX_EMPTY);
    peer_ok(&a, 2005, serial);
}

START_TEST(each_account_is_as_the_results_say)
{
    ask_ok(1, &(struct want){ .lock = false },
           RESULTS({ 11, true, 1, NULL }, { 12, true, 1, NULL }, { 21, false, 2, "no cipher" }));
    ck_assert(ur_open(&a, 11) && ur_open(&a, 12));
    ck_assert(!ur_goes_up(&a, 21));
    const Trd_PlaceOrder_Response *m = peer_reply(&a, 2202, ur_number);
    ck_assert_int_eq(m->retType, -1);
    ck_assert_int_eq(m->errCode, -401);
    ck_assert_str_eq(m->retMsg.p, "没有解锁交易，请先解锁交易 (unlock needed: account 21 is locked: no "
                                  "cipher)");
    ck_assert(!ur_open(&a, 99));
    ck_assert_uint_eq(status().unlocked_accounts, 2);
    ck_assert(status().unlocked);
}
END_TEST

START_TEST(an_unlock_of_some_opens_no_others)
{
    ask_ok(1, &(struct want){ .ids = { 11 } }, RESULTS({ 11, true, 1, NULL }));
    ck_assert(ur_open(&a, 11) && !ur_open(&a, 12) && !ur_open(&a, 21));
    ask_ok(2, &(struct want){ .firm = 2 }, RESULTS({ 21, true, 2, NULL }));
    ck_assert(ur_open(&a, 11) && !ur_open(&a, 12) && ur_open(&a, 21));
    ask_ok(3, &(struct want){ .lock = true, .ids = { 11 } }, RESULTS({ 11, true, 1, NULL }));
    ck_assert(!ur_open(&a, 11) && ur_open(&a, 21));
    ask_ok(4, &(struct want){ .lock = true }, RESULTS({ 11, true, 1, NULL }));
    ck_assert(!ur_open(&a, 11) && !ur_open(&a, 21));    /* though nobody has named it */
    ck_assert(!status().unlocked);
}
END_TEST

START_TEST(a_failed_unlock_leaves_open_what_was_open)
{
    ask_ok(1, &(struct want){ .ids = { 11 } }, RESULTS({ 11, true, 1, NULL }));
    ur_ask(&a, 2, &(struct want){ .lock = false });
    rig_answer(&r, 2005, HEX_NO);
    peer_refused(&a, 2005, 2, -1, "no!");
    ur_ask(&a, 3, &(struct want){ .lock = false });
    ur_results(&r, -1, "all failed", RESULTS({ 11, false, 1, "late" }, { 12, false, 1, "late" }));
    peer_refused(&a, 2005, 3, -1, "all failed");
    ck_assert(ur_open(&a, 11) && !ur_open(&a, 12));
}
END_TEST

START_TEST(a_simulated_account_is_none_that_is_opened)
{
    Trd_UnlockTrade_AccResult out = { 0 };
    Trd_UnlockTrade_S2C s2c = { .accResultList = &out, .n_accResultList = 1 };
    Trd_UnlockTrade_Response rsp = { .retMsg = STR(""), .s2c = &s2c };
    SET(&out, accID, 5);
    SET(&out, success, true);
    SET(&out, trdEnv, 0);
    SET(&rsp, retType, 0);
    SET(&rsp, errCode, 0);
    ur_ask(&a, 1, &(struct want){ .ids = { 5 } });
    rig_answer_msg(&r, 2005, &rsp);
    peer_ok(&a, 2005, 1);
    ck_assert(!ur_open(&a, 5) && !status().unlocked);
}
END_TEST

START_TEST(what_names_no_account_is_refused_by_its_place)
{
    struct want w = { .ids = { 11, 0, 12 }, .n = 3 };
    Trd_UnlockTrade_C2S c2s = { .has_unlock = true, .unlock = true };
    const Trd_UnlockTrade_Request rq = { .c2s = &c2s };
    static uint64_t many[257];
    ur_ask(&a, 1, &w);
    peer_refused(&a, 2005, 1, -1, "accIDList[1] is 0");
    c2s.accIDList = many;
    c2s.n_accIDList = 257;
    peer_send_msg(&a, 2, 2005, &rq);
    peer_refused(&a, 2005, 2, -1, "accIDList has more than 256 accounts");
    ck_assert_uint_eq(r.fake.requests, 0);
}
END_TEST

/* ---- locked without being asked ---- */

static void lose(const uint64_t *ids, size_t n)
{
    r.events.locked(r.events.arg, ids, n, "broker 1007 is not connected");
}

START_TEST(a_loss_locks_its_accounts_and_says_so)
{
    static const uint64_t gone[] = { 21, 22 };
    ask_ok(1, &(struct want){ .lock = false },
           RESULTS({ 11, true, 1, NULL }, { 21, true, 2, NULL }));
    lose(gone, 2);
    const Notify_Response *m = peer_reply(&a, 1003, 0);
    ck_assert_int_eq(m->s2c->type, Notify_NotifyType_GtwEvent);
    ck_assert_str_eq(m->s2c->event->desc.p, "trading of real accounts is locked: broker 1007 is "
                                            "not connected; unlock again");
    ck_assert(ur_open(&a, 11) && !ur_open(&a, 21));
    ck_assert_uint_eq(status().unlocked_accounts, 1);
    lose(gone, 2);
    peer_nothing(&a);                           /* nothing was open */
    lose(NULL, 0);
    peer_reply(&a, 1003, 0);
    ck_assert(!ur_open(&a, 11));
}
END_TEST

START_TEST(the_operator_locks_all_here_and_upstream)
{
    ask_ok(1, &(struct want){ .lock = false },
           RESULTS({ 11, true, 1, NULL }, { 21, true, 2, NULL }));
    ck_assert_uint_eq(hub_lock(r.hub), 2);
    ck_assert(!ur_open(&a, 11) && !ur_open(&a, 21));
    ck_assert_uint_eq(rig_waiting(&r, 2005), 1);
    ck_assert_uint_eq(hub_lock(r.hub), 0);      /* one is under way */
    ck_assert_uint_eq(rig_waiting(&r, 2005), 1);
    rig_answer(&r, 2005, HEX_EMPTY);
    peer_nothing(&a);
    ck_assert_uint_eq(hub_lock(r.hub), 0);      /* and another one ends with the hub */
}
END_TEST

START_TEST(an_unlock_ends_though_nobody_waits_for_its_answer)
{
    ur_ask(&a, 1, &(struct want){ .ids = { 11 } });
    peer_close(&a);
    ck_assert_uint_eq(r.fake.cancelled, 0);
    ur_results(&r, 0, "", RESULTS({ 11, true, 1, NULL }));
    ck_assert_uint_eq(status().unlocked_accounts, 1);
    peer_open(&a, &r, FUTU_WIRE_TCP);
    peer_init(&a, CIPHER_NONE, 0, false);
    ck_assert(ur_open(&a, 11));
    ur_ask(&a, 2, &(struct want){ .ids = { 12 } });
    rig_pass(&r, 10 * NS_PER_S);
    peer_refused(&a, 2005, 2, -100, "结果未知");
    ur_results(&r, 0, "", RESULTS({ 12, true, 1, NULL }));
    peer_nothing(&a);
    ck_assert(ur_open(&a, 12));
}
END_TEST

/* ---- in front of another gateway ---- */

START_TEST(an_upstream_that_forwards_is_asked_as_long_as_nothing_is_known)
{
    ck_assert(ur_open(&a, 11));
    ask_ok(1, &(struct want){ .lock = false }, NULL);
    ck_assert(ur_open(&a, 11) && status().unlocked);
    ask_ok(2, &(struct want){ .lock = true }, NULL);
    ck_assert(ur_open(&a, 11) && !status().unlocked);
    ck_assert_uint_eq(hub_lock(r.hub), 0);              /* it is not ours alone */
    ck_assert_uint_eq(rig_waiting(&r, 2005), 0);
}
END_TEST

START_TEST(of_one_that_opens_all_those_who_were_not_named_stay_shut)
{
    ask_ok(1, &(struct want){ .ids = { 11 } }, NULL);
    ck_assert(ur_open(&a, 11) && !ur_open(&a, 12) && !ur_open(&a, 21));
    ask_ok(2, &(struct want){ .ids = { 12 } }, NULL);
    ck_assert(ur_open(&a, 11) && ur_open(&a, 12) && !ur_open(&a, 21));
    ask_ok(3, &(struct want){ .lock = true, .ids = { 12 } }, NULL);
    ck_assert(ur_open(&a, 11) && !ur_open(&a, 12) && !ur_open(&a, 21));
    ask_ok(4, &(struct want){ .lock = false }, NULL);
    ck_assert(ur_open(&a, 11) && ur_open(&a, 12) && ur_open(&a, 21));
}
END_TEST

START_TEST(whose_firm_an_account_is_is_known_from_the_account_list)
{
    static const uint64_t ids[] = { 11, 12, 21 };
    ur_accounts(&r, &a, ids, 3);
    ask_ok(1, &(struct want){ .ids = { 11, 21 }, .firm = 1 }, NULL);
    ck_assert(ur_open(&a, 11) && !ur_open(&a, 12) && !ur_open(&a, 21));
    ask_ok(2, &(struct want){ .firm = 2 }, NULL);
    ck_assert(ur_open(&a, 11) && !ur_open(&a, 12) && ur_open(&a, 21) && !ur_open(&a, 99));
    ask_ok(3, &(struct want){ .lock = true, .firm = 1 }, NULL);
    ck_assert_uint_eq(status().unlocked_accounts, 1);
    ck_assert(ur_open(&a, 21) && !ur_open(&a, 99));
}
END_TEST

START_TEST(of_one_that_tells_accounts_apart_it_decides)
{
    ask_ok(1, &(struct want){ .ids = { 11 } }, RESULTS({ 11, true, 1, NULL }));
    ck_assert(ur_open(&a, 12));                 /* up it goes, and is refused there */
    ck_assert_uint_eq(status().unlocked_accounts, 1);
    lose(NULL, 0);
    peer_reply(&a, 1003, 0);
    ck_assert(!status().unlocked);
}
END_TEST

START_TEST(a_lock_wins_over_an_unlock_that_was_sent_before)
{
    ur_ask(&a, 1, &(struct want){ .lock = false });
    ur_ask(&a, 2, &(struct want){ .lock = true, .ids = { 11 } });
    rig_answer_one(&r, 1, HEX_EMPTY);
    peer_ok(&a, 2005, 2);
    rig_answer_one(&r, 0, HEX_EMPTY);
    peer_ok(&a, 2005, 1);
    ck_assert(!ur_open(&a, 11) && ur_open(&a, 12));
}
END_TEST

START_TEST(two_wrong_passwords_in_a_row_are_followed_by_a_minute_of_rest)
{
    for (uint32_t i = 1; i <= 3; i++) {
        ur_ask(&a, i, &(struct want){ .lock = false });
        rig_answer(&r, 2005, i == 2 ? HEX_NO : PWD_SAYS);       /* other failures do not count */
        peer_refused(&a, 2005, i, -1, i == 2 ? "no!" : TRADE_PWD_WRONG);
    }
    uint32_t asked = r.fake.requests;
    ur_ask(&a, 4, &(struct want){ .lock = false });
    peer_refused(&a, 2005, 4, -1, "try again in 60 s");
    ck_assert_uint_eq(r.fake.requests, asked);
    ask_ok(5, &(struct want){ .lock = true }, NULL);            /* needs none */
    rig_pass(&r, 60 * NS_PER_S);
    peer_close(&a);
    peer_open(&a, &r, FUTU_WIRE_TCP);
    peer_init(&a, CIPHER_NONE, 0, false);
    ask_ok(6, &(struct want){ .lock = false }, NULL);
    ur_ask(&a, 7, &(struct want){ .lock = false });
    rig_answer(&r, 2005, PWD_SAYS);
    peer_refused(&a, 2005, 7, -1, "wrong trade password");
    ask_ok(8, &(struct want){ .lock = false }, NULL);           /* one is not yet a row */
}
END_TEST

/* ---- what is kept under a key ---- */

START_TEST(a_repeat_with_the_key_gets_the_first_answer)
{
    const struct want one = { .ids = { 11 }, .key = "k1" };
    ask_ok(1, &one, RESULTS({ 11, true, 1, NULL }));
    ur_ask(&a, 2, &one);
    const Trd_UnlockTrade_Response *m = peer_reply(&a, 2005, 2);
    ck_assert_uint_eq(m->s2c->accResultList[0].accID, 11);
    ck_assert_uint_eq(r.fake.requests, 1);
    ur_ask(&a, 3, &(struct want){ .ids = { 12 }, .key = "k1" });
    peer_refused(&a, 2005, 3, -1, "idempotencyKey: k1 has been used for another request");
    ask_ok(4, &(struct want){ .lock = true, .ids = { 12 } }, RESULTS({ 12, true, 1, NULL }));
    ask_ok(5, &one, RESULTS({ 11, true, 1, NULL }));            /* something was locked since */
    rig_pass(&r, 8 * NS_PER_S);
    ur_ask(&a, 6, &one);
    peer_ok(&a, 2005, 6);
    ck_assert_uint_eq(r.fake.requests, 3);
    r.time.mono_ns += 90 * NS_PER_S;
    ask_ok(7, &one, RESULTS({ 11, true, 1, NULL }));
    ur_ask(&a, 8, &(struct want){ .key = "" });
    peer_refused(&a, 2005, 8, -1, "idempotencyKey: 1 to");
}
END_TEST

START_TEST(only_a_complete_success_is_kept)
{
    const struct want all = { .key = "k" };
    ask_ok(1, &all, RESULTS({ 11, true, 1, NULL }, { 12, false, 1, "no" }));
    ask_ok(2, &all, RESULTS({ 11, true, 1, NULL }, { 12, true, 1, NULL }));
    ur_ask(&a, 3, &all);
    peer_ok(&a, 2005, 3);
    ck_assert_uint_eq(r.fake.requests, 2);
    for (uint32_t i = 0; i < 70; i++) {                         /* the oldest give way */
        char key[16];
        snprintf(key, sizeof(key), "n%u", i);
        ask_ok(10 + i, &(struct want){ .key = key }, RESULTS({ 11, true, 1, NULL }));
        clock_fake_advance(&r.time, NS_PER_MS);
    }
    ask_ok(90, &all, RESULTS({ 11, true, 1, NULL }));
    ur_ask(&a, 91, &(struct want){ .key = "n69" });
    peer_ok(&a, 2005, 91);
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    for (long n = 0; n < 40; n++) {
        ur_ask(&a, 1, &(struct want){ .ids = { 11 }, .key = "x" });
        r.fake.fail_at = n;
        ur_results(&r, 0, "", RESULTS({ 11, true, 1, NULL }, { 12, true, 1, NULL }));
        bool failed = mem_failed();
        mem_fail_at(r.fake.fail_at = -1);
        struct frame f;
        while (a.c && !a.closes && peer_next(&a, &f))
            ;
        ck_assert(failed || status().unlocked_accounts == 2);
        teardown();
        setup();
        if (!failed)
            break;
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, each_account_is_as_the_results_say);
    tcase_add_test(tc, an_unlock_of_some_opens_no_others);
    tcase_add_test(tc, a_failed_unlock_leaves_open_what_was_open);
    tcase_add_test(tc, a_simulated_account_is_none_that_is_opened);
    tcase_add_test(tc, what_names_no_account_is_refused_by_its_place);
    tcase_add_test(tc, a_loss_locks_its_accounts_and_says_so);
    tcase_add_test(tc, the_operator_locks_all_here_and_upstream);
    tcase_add_test(tc, an_unlock_ends_though_nobody_waits_for_its_answer);
    tcase_add_test(tc, a_repeat_with_the_key_gets_the_first_answer);
    tcase_add_test(tc, only_a_complete_success_is_kept);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

static void add_forwarding(TCase *tc)
{
    tcase_add_checked_fixture(tc, forwarding, teardown);
    tcase_add_test(tc, an_upstream_that_forwards_is_asked_as_long_as_nothing_is_known);
    tcase_add_test(tc, of_one_that_opens_all_those_who_were_not_named_stay_shut);
    tcase_add_test(tc, whose_firm_an_account_is_is_known_from_the_account_list);
    tcase_add_test(tc, of_one_that_tells_accounts_apart_it_decides);
    tcase_add_test(tc, a_lock_wins_over_an_unlock_that_was_sent_before);
    tcase_add_test(tc, two_wrong_passwords_in_a_row_are_followed_by_a_minute_of_rest);
}

int main(void)
{
    return run_tcase("unlock", add) || run_tcase("unlock behind a gateway", add_forwarding);
}
