/* firm_test.c - accounts of several brokers, and unlocking them each on its own. */
#include "broker_world.h"

static const Trd_GetAccList_S2C *accounts(struct bw *w)
{
    Trd_GetAccList_C2S c2s = { .has_userID = true };
    const Trd_GetAccList_Request q = { .c2s = &c2s };
    const Trd_GetAccList_Response *r = bw_call(w, 2001, &q);
    ck_assert_int_eq(r->retType, RET_OK);
    return r->s2c;
}

static bool unlocked(struct bw *w, uint64_t id)
{
    const struct account *a = account_by_id(w->b, id);
    return a && a->cipher.n != 0;
}

START_TEST(accounts_of_all_brokers_stand_in_one_list)
{
    struct bw w;
    bw_init(&w);
    const Trd_GetAccList_S2C *s = accounts(&w);
    ck_assert_uint_eq(s->n_accList, 2);
    ck_assert_uint_eq(s->accList[0].accID, HK_ACC);
    ck_assert_int_eq(s->accList[0].trdEnv, Trd_Common_TrdEnv_Real);
    ck_assert_int_eq(s->accList[0].securityFirm, 1);
    ck_assert_int_eq(s->accList[0].accStatus, Trd_Common_TrdAccStatus_Active);
    ck_assert_uint_eq(s->accList[0].n_trdMarketAuthList, 1);
    ck_assert_uint_eq(s->accList[1].accID, US_ACC);
    ck_assert_int_eq(s->accList[1].securityFirm, 2);
    ck_assert_str_eq(s->accList[1].cardNum.p, "US-7002");
    bw_free(&w);
}
END_TEST

START_TEST(an_unlock_reaches_every_broker_and_tells_each_account)
{
    struct bw w;
    bw_init(&w);
    const Trd_UnlockTrade_Response *r = bw_unlock(&w, TRADE_PWD, 0, NULL);
    ck_assert_int_eq(r->retType, RET_OK);
    ck_assert_uint_eq(r->s2c->n_accResultList, 2);
    ck_assert(r->s2c->accResultList[0].success && r->s2c->accResultList[1].success);
    ck_assert_int_eq(r->s2c->accResultList[1].securityFirm, 2);
    ck_assert(unlocked(&w, HK_ACC) && unlocked(&w, US_ACC));
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_UNLOCK), 2);
    bw_free(&w);
}
END_TEST

START_TEST(a_broker_with_a_bad_account_does_not_block_the_other)
{
    static const struct emu_account bad = { 1007, 7003, 2, "US-BAD", 9100002,
                                            Trd_Common_TrdEnv_Simulate, true };
    struct bw w;
    bw_prepare(&w);
    ck_assert(emu_add_account(w.rig.emu, &bad));
    bw_start(&w);
    const Trd_UnlockTrade_Response *r = bw_unlock(&w, TRADE_PWD, 0, NULL);
    ck_assert_int_eq(r->retType, RET_OK);
    ck_assert_uint_eq(r->s2c->n_accResultList, 3);
    ck_assert(r->s2c->accResultList[0].success);
    ck_assert(!r->s2c->accResultList[1].success && !r->s2c->accResultList[2].success);
    ck_assert_str_eq(r->s2c->accResultList[1].errorMsg.p,
                     "the broker refuses with code -20416: no permission for an account");
    ck_assert_ptr_nonnull(strstr(bw_msg(r), "broker 1007: the broker refuses with code"));
    ck_assert(unlocked(&w, HK_ACC) && !unlocked(&w, US_ACC));
    /* The good account alone. */
    uint64_t id = US_ACC;
    char hex[33];
    str_copy(hex, sizeof(hex), str_c(emu_scene(w.rig.emu)->trade_pwd_md5));
    Trd_UnlockTrade_C2S c2s = { .pwdMD5 = str_c(hex), .n_accIDList = 1, .accIDList = &id };
    SET(&c2s, unlock, true);
    const Trd_UnlockTrade_Request q = { .c2s = &c2s };
    r = bw_call(&w, 2005, &q);
    ck_assert_int_eq(r->retType, RET_OK);
    ck_assert_uint_eq(r->s2c->n_accResultList, 1);
    ck_assert(unlocked(&w, US_ACC));
    bw_free(&w);
}
END_TEST

START_TEST(one_firm_can_be_unlocked_alone)
{
    struct bw w;
    bw_init(&w);
    ck_assert_int_eq(bw_ret(bw_unlock(&w, TRADE_PWD, 2, NULL)), RET_OK);
    ck_assert(!unlocked(&w, HK_ACC) && unlocked(&w, US_ACC));
    ck_assert_str_eq(bw_msg(bw_unlock(&w, TRADE_PWD, 3, NULL)),
                     "there is no such account; there is 281756455982340953 (securityFirm 1, Futu "
                     "HK), 283445310137572186 (securityFirm 2, Futu US)");
    bw_free(&w);
}
END_TEST

START_TEST(a_lock_forgets_the_ciphers)
{
    struct bw w;
    bw_init(&w);
    bw_unlock(&w, TRADE_PWD, 0, NULL);
    Trd_UnlockTrade_C2S c2s = { .has_unlock = true };
    const Trd_UnlockTrade_Request q = { .c2s = &c2s };
    ck_assert_int_eq(bw_ret(bw_call(&w, 2005, &q)), RET_OK);
    ck_assert(!unlocked(&w, HK_ACC) && !unlocked(&w, US_ACC));
    bw_free(&w);
}
END_TEST

START_TEST(two_wrong_passwords_in_a_row_are_followed_by_a_minute_of_rest)
{
    struct bw w;
    bw_init(&w);
    const struct bw_head *r = (const void *)bw_unlock(&w, "wrong", 0, NULL);
    ck_assert_int_eq(bw_ret(r), RET_FAILED);
    ck_assert_str_eq(bw_msg(r), "broker 1001: " TRADE_PWD_WRONG);  /* once for both brokers */
    bw_unlock(&w, "wrong", 0, NULL);
    unsigned asked = emu_asked(w.rig.emu, CMD_UNLOCK);
    r = (const void *)bw_unlock(&w, TRADE_PWD, 0, NULL);
    ck_assert_ptr_nonnull(strstr(bw_msg(r), "too many wrong trade passwords): try again in 60 s"));
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_UNLOCK), asked);
    rig_pass(&w.rig, 61 * NS_PER_S);
    ck_assert_int_eq(bw_ret(bw_unlock(&w, TRADE_PWD, 0, NULL)), RET_OK);
    bw_free(&w);
}
END_TEST

/* Unlocks some accounts, or locks them. */
static Trd_UnlockTrade_Response *some(struct bw *w, bool on, int32_t firm, const uint64_t *ids,
                                      size_t n)
{
    char hex[33];
    str_copy(hex, sizeof(hex), str_c(emu_scene(w->rig.emu)->trade_pwd_md5));
    Trd_UnlockTrade_C2S c2s = { .pwdMD5 = str_c(on ? hex : ""), .n_accIDList = n,
                                .accIDList = (uint64_t *)ids };
    SET(&c2s, unlock, on);
    if (firm)
        SET(&c2s, securityFirm, firm);
    const Trd_UnlockTrade_Request q = { .c2s = &c2s };
    return bw_call(w, 2005, &q);
}

START_TEST(accounts_and_firm_together_mean_their_intersection)
{
    static const uint64_t both[] = { HK_ACC, US_ACC }, hk[] = { HK_ACC }, odd[] = { HK_ACC, 5 };
    struct bw w;
    bw_init(&w);
    const Trd_UnlockTrade_Response *r = some(&w, true, 2, both, 2);
    ck_assert_uint_eq(r->s2c->n_accResultList, 1);
    ck_assert_uint_eq(r->s2c->accResultList[0].accID, US_ACC);
    ck_assert(!unlocked(&w, HK_ACC) && unlocked(&w, US_ACC));
    r = some(&w, true, 2, hk, 1);
    ck_assert_int_eq(r->retType, RET_FAILED);
    /* And nothing of those that were not named. */
    ck_assert_str_eq(bw_msg(r), "there is no such account: 281756455982340953 is of securityFirm 1 "
                                "(Futu HK)");
    r = some(&w, true, 0, &odd[1], 1);
    ck_assert_str_eq(bw_msg(r), "there is no such account: 5 is unknown");
    r = some(&w, true, 0, odd, 2);
    ck_assert_int_eq(r->retType, RET_OK);
    ck_assert_uint_eq(r->s2c->n_accResultList, 2);
    ck_assert_str_eq(r->s2c->accResultList[1].errorMsg.p, "unknown account");
    ck_assert(unlocked(&w, HK_ACC));
    r = some(&w, false, 0, hk, 1);
    ck_assert_uint_eq(r->s2c->n_accResultList, 1);
    ck_assert(r->s2c->accResultList[0].success);
    ck_assert(!unlocked(&w, HK_ACC) && unlocked(&w, US_ACC));
    r = some(&w, false, 2, hk, 1);
    ck_assert_int_eq(r->retType, RET_FAILED);
    ck_assert(unlocked(&w, US_ACC));
    bw_free(&w);
}
END_TEST

START_TEST(a_failed_unlock_leaves_open_what_was_open)
{
    struct bw w;
    bw_init(&w);
    bw_unlock(&w, TRADE_PWD, 0, NULL);
    ck_assert_int_eq(bw_ret(bw_unlock(&w, "wrong", 0, NULL)), RET_FAILED);
    ck_assert(unlocked(&w, HK_ACC) && unlocked(&w, US_ACC));
    ck_assert_uint_eq(w.n_locked, 0);
    bw_free(&w);
}
END_TEST

/* The request goes up, and is not yet answered when the next thing happens. */
static void send_now(struct bw *w, struct bw_ask *a, bool on)
{
    char hex[33];
    str_copy(hex, sizeof(hex), str_c(emu_scene(w->rig.emu)->trade_pwd_md5));
    Trd_UnlockTrade_C2S c2s = { .pwdMD5 = str_c(on ? hex : "") };
    SET(&c2s, unlock, on);
    const Trd_UnlockTrade_Request q = { .c2s = &c2s };
    *a = (struct bw_ask){ .rq = { .proto = 2005, .done = bw_done } };
    ck_assert_int_eq(codec_encode(&Trd_UnlockTrade_Request_msg, &q, &a->sent, NULL), FUTU_OK);
    a->rq.body = a->sent.p;
    a->rq.len = a->sent.n;
    w->up->ops->request(w->up, &a->rq);
}

START_TEST(a_lock_wins_over_an_unlock_that_was_sent_before)
{
    struct bw w;
    struct bw_ask open, lock;
    bw_init(&w);
    send_now(&w, &open, true);
    send_now(&w, &lock, false);
    ck_assert_uint_eq(lock.done, 1);
    ck_assert_uint_eq(open.done, 0);
    rig_pump(&w.rig);
    ck_assert_int_eq(bw_ret(bw_answer(&w, &lock)), RET_OK);
    const Trd_UnlockTrade_Response *r = bw_answer(&w, &open);
    ck_assert_int_eq(r->retType, RET_FAILED);
    ck_assert_str_eq(r->s2c->accResultList[0].errorMsg.p, "it was locked meanwhile");
    ck_assert(!unlocked(&w, HK_ACC) && !unlocked(&w, US_ACC));
    ck_assert_int_eq(bw_ret(bw_unlock(&w, TRADE_PWD, 0, NULL)), RET_OK);
    bw_free(&w);
}
END_TEST

START_TEST(a_wrong_password_counts_also_when_nobody_waits_for_the_answer)
{
    struct bw w;
    struct bw_ask a;
    bw_init(&w);
    for (int i = 0; i < 2; i++) {
        str_copy(emu_scene(w.rig.emu)->trade_pwd_md5, 33, STR("00000000000000000000000000000000"));
        send_now(&w, &a, true);
        str_copy(emu_scene(w.rig.emu)->trade_pwd_md5, 33, STR("11111111111111111111111111111111"));
        w.up->ops->cancel(w.up, &a.rq);
        buf_free(&a.sent);
        rig_pump(&w.rig);
        ck_assert_uint_eq(a.done, 0);
    }
    ck_assert_ptr_nonnull(strstr(bw_msg(bw_unlock(&w, TRADE_PWD, 0, NULL)), "try again in 60 s"));
    bw_free(&w);
}
END_TEST

START_TEST(each_broker_counts_wrong_passwords_on_its_own)
{
    struct bw w;
    bw_init(&w);
    for (int i = 0; i < 2; i++)
        ck_assert_str_eq(bw_msg(bw_unlock(&w, "wrong", 2, NULL)), "broker 1007: " TRADE_PWD_WRONG);
    unsigned asked = emu_asked(w.rig.emu, CMD_UNLOCK);
    const Trd_UnlockTrade_Response *r = bw_unlock(&w, TRADE_PWD, 0, NULL);
    ck_assert_int_eq(r->retType, RET_OK);
    ck_assert(r->s2c->accResultList[0].success && !r->s2c->accResultList[1].success);
    ck_assert_ptr_nonnull(strstr(r->s2c->accResultList[1].errorMsg.p, "try again in 60 s"));
    ck_assert(unlocked(&w, HK_ACC) && !unlocked(&w, US_ACC));
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_UNLOCK), asked + 1);
    bw_free(&w);
}
END_TEST

enum { AT_ONCE = 5 };

/* So many at once; how many of them get what they ask for. */
static size_t at_once(struct bw *w, struct bw_ask a[AT_ONCE])
{
    size_t good = 0;
    for (int i = 0; i < AT_ONCE; i++)
        send_now(w, &a[i], true);
    str_copy(emu_scene(w->rig.emu)->trade_pwd_md5, 33, STR("11111111111111111111111111111111"));
    rig_pump(&w->rig);
    for (int i = 0; i < AT_ONCE; i++) {
        const Trd_UnlockTrade_Response *r = bw_answer(w, &a[i]);
        good += r->retType == RET_OK && unlocked(w, HK_ACC) && unlocked(w, US_ACC);
    }
    return good;
}

START_TEST(of_many_at_once_no_more_are_sent_than_may_be_wrong)
{
    struct bw w;
    struct bw_ask a[AT_ONCE];
    bw_init(&w);
    str_copy(emu_scene(w.rig.emu)->trade_pwd_md5, 33, STR("00000000000000000000000000000000"));
    ck_assert_uint_eq(at_once(&w, a), 0);
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_UNLOCK), 2 * TRADE_PWD_TRIES);
    rig_pass(&w.rig, 61 * NS_PER_S);
    ck_assert_uint_eq(at_once(&w, a), AT_ONCE);
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_UNLOCK), 2 * TRADE_PWD_TRIES + 2 * AT_ONCE);
    send_now(&w, &a[0], true);          /* and some end with it, under way and waiting */
    send_now(&w, &a[1], true);
    send_now(&w, &a[2], true);
    bw_free(&w);
    for (int i = 0; i < 3; i++) {
        buf_free(&a[i].sent);
        buf_free(&a[i].answer);
    }
}
END_TEST

START_TEST(a_one_time_password_goes_in_a_second_step)
{
    struct bw w;
    bw_init(&w);
    str_copy(emu_scene(w.rig.emu)->otp, 16, STR("112233"));
    const struct bw_head *r = (const void *)bw_unlock(&w, TRADE_PWD, 0, NULL);
    ck_assert_int_eq(bw_ret(r), RET_FAILED);
    ck_assert_str_eq(bw_msg(r), "broker 1001: the broker wants a one-time password (otp) as well");
    const Trd_UnlockTrade_S2C *s = ((const Trd_UnlockTrade_Response *)(const void *)r)->s2c;
    ck_assert(s->accResultList[0].otpNeeded && s->accResultList[1].otpNeeded);
    for (int i = 0; i < 3; i++)         /* a wrong code is no wrong password */
        ck_assert_int_eq(bw_ret(bw_unlock(&w, TRADE_PWD, 0, "000000")), RET_FAILED);
    ck_assert_int_eq(bw_ret(bw_unlock(&w, TRADE_PWD, 0, "112233")), RET_OK);
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_TOKEN), 8);
    ck_assert(unlocked(&w, HK_ACC) && unlocked(&w, US_ACC));
    bw_free(&w);
}
END_TEST

START_TEST(one_broker_alone_may_want_a_one_time_password)
{
    struct bw w;
    bw_init(&w);
    str_copy(emu_scene(w.rig.emu)->otp, 16, STR("112233"));
    emu_scene(w.rig.emu)->otp_broker = 1007;
    const Trd_UnlockTrade_Response *r = bw_unlock(&w, TRADE_PWD, 0, NULL);
    ck_assert_int_eq(r->retType, RET_OK);
    ck_assert(unlocked(&w, HK_ACC) && !unlocked(&w, US_ACC));
    ck_assert(r->s2c->accResultList[0].success && !r->s2c->accResultList[0].otpNeeded);
    ck_assert(!r->s2c->accResultList[1].success && r->s2c->accResultList[1].otpNeeded);
    ck_assert_int_eq(bw_ret(bw_unlock(&w, TRADE_PWD, 0, "112233")), RET_OK);
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_TOKEN), 1);
    ck_assert(unlocked(&w, HK_ACC) && unlocked(&w, US_ACC));
    bw_free(&w);
}
END_TEST

START_TEST(a_loss_locks_the_accounts_of_its_broker_alone)
{
    struct bw w;
    bw_init(&w);
    bw_unlock(&w, TRADE_PWD, 0, NULL);
    emu_drop(w.rig.emu, 1007);
    rig_pass(&w.rig, 4 * NS_PER_S);
    ck_assert(unlocked(&w, HK_ACC) && !unlocked(&w, US_ACC));
    ck_assert_uint_eq(w.n_locked, 1);
    ck_assert_uint_eq(w.locked[0], US_ACC);
    ck_assert_ptr_nonnull(strstr(w.locked_why, "the connection to broker 1007 was lost ("));
    struct broker_channel c[3];
    broker_channels(w.up, c, 3);
    ck_assert_uint_eq(c[1].unlocked, 1);
    ck_assert_uint_eq(c[2].unlocked, 0);
    bw_free(&w);
}
END_TEST

START_TEST(a_broker_that_is_not_connected_is_told_and_the_other_unlocked)
{
    struct bw w;
    bw_init(&w);
    emu_kick(w.rig.emu, 1007);
    rig_pump(&w.rig);
    const Trd_UnlockTrade_Response *r = bw_unlock(&w, TRADE_PWD, 0, NULL);
    ck_assert_int_eq(r->retType, RET_OK);
    ck_assert_str_eq(r->s2c->accResultList[1].errorMsg.p,
                     "broker 1007 is not connected (kicked: the server ended the login)");
    bw_free(&w);
}
END_TEST

START_TEST(what_is_no_password_is_refused_here)
{
    struct bw w;
    uint64_t zero[] = { HK_ACC, 0 };
    bw_init(&w);
    Trd_UnlockTrade_C2S c2s = { .pwdMD5 = STR("short") };
    SET(&c2s, unlock, true);
    const Trd_UnlockTrade_Request q = { .c2s = &c2s };
    ck_assert_str_eq(bw_msg(bw_call(&w, 2005, &q)), "pwdMD5: 32 hex digits are expected");
    c2s.pwdMD5 = STR("0123456789abcdef0123456789abcdef");
    c2s.n_accIDList = 2;
    c2s.accIDList = zero;
    ck_assert_str_eq(bw_msg(bw_call(&w, 2005, &q)), "accIDList[1] is 0");
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_UNLOCK), 0);
    bw_free(&w);
}
END_TEST

START_TEST(a_broker_that_left_the_users_list_is_closed)
{
    struct bw w;
    static const int32_t left[] = { 1001 };
    bw_init(&w);
    firms_keep(w.b, left, 1);
    rig_pass(&w.rig, 10 * NS_PER_S);
    struct broker_channel c[3];
    broker_channels(w.up, c, 3);
    ck_assert_int_eq(c[2].info.state, CHANNEL_OFF);
    ck_assert_str_eq(c[2].info.why, "the user has no account there any more");
    ck_assert_int_eq(c[1].info.state, CHANNEL_UP);
    bw_free(&w);
}
END_TEST

static bool unlock_with(long fail_at)
{
    struct bw w;
    struct bw_ask a = { .rq = { .proto = 2005, .done = bw_done } };
    char hex[33];
    bw_init(&w);
    str_copy(hex, sizeof(hex), str_c(emu_scene(w.rig.emu)->trade_pwd_md5));
    Trd_UnlockTrade_C2S c2s = { .pwdMD5 = str_c(hex) };
    SET(&c2s, unlock, true);
    const Trd_UnlockTrade_Request q = { .c2s = &c2s };
    ck_assert_int_eq(codec_encode(&Trd_UnlockTrade_Request_msg, &q, &a.sent, NULL), FUTU_OK);
    a.rq.body = a.sent.p, a.rq.len = a.sent.n;
    mem_fail_at(fail_at);
    w.up->ops->request(w.up, &a.rq);
    rig_pass(&w.rig, 11 * NS_PER_S);
    bool failed = mem_failed();
    mem_fail_at(-1);
    ck_assert_uint_eq(a.done, 1);
    ck_assert(failed || (unlocked(&w, HK_ACC) && unlocked(&w, US_ACC)));
    buf_free(&a.sent);
    buf_free(&a.answer);
    bw_free(&w);
    return !failed;
}

START_TEST(every_failed_allocation_is_clean)
{
    for (long n = 0; n < 300 && !unlock_with(n); n += 1 + n / 64)
        ;
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, accounts_of_all_brokers_stand_in_one_list);
    tcase_add_test(tc, an_unlock_reaches_every_broker_and_tells_each_account);
    tcase_add_test(tc, a_broker_with_a_bad_account_does_not_block_the_other);
    tcase_add_test(tc, one_firm_can_be_unlocked_alone);
    tcase_add_test(tc, a_lock_forgets_the_ciphers);
    tcase_add_test(tc, two_wrong_passwords_in_a_row_are_followed_by_a_minute_of_rest);
    tcase_add_test(tc, accounts_and_firm_together_mean_their_intersection);
    tcase_add_test(tc, a_failed_unlock_leaves_open_what_was_open);
    tcase_add_test(tc, a_lock_wins_over_an_unlock_that_was_sent_before);
    tcase_add_test(tc, a_wrong_password_counts_also_when_nobody_waits_for_the_answer);
    tcase_add_test(tc, one_broker_alone_may_want_a_one_time_password);
    tcase_add_test(tc, each_broker_counts_wrong_passwords_on_its_own);
    tcase_add_test(tc, of_many_at_once_no_more_are_sent_than_may_be_wrong);
    tcase_add_test(tc, a_one_time_password_goes_in_a_second_step);
    tcase_add_test(tc, a_loss_locks_the_accounts_of_its_broker_alone);
    tcase_add_test(tc, a_broker_that_is_not_connected_is_told_and_the_other_unlocked);
    tcase_add_test(tc, what_is_no_password_is_refused_here);
    tcase_add_test(tc, a_broker_that_left_the_users_list_is_closed);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("broker firms", add);
}
