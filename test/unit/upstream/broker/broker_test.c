/* broker_test.c - the upstream as a whole: states, what is not served, offline, renewal. */
#include "broker_world.h"

#include <stdio.h>

static struct upstream_state state(struct bw *w)
{
    struct upstream_state s;
    w->up->ops->state(w->up, &s);
    return s;
}

static enum channel_state of(struct bw *w, size_t i)
{
    struct broker_channel c[4];
    ck_assert_uint_gt(broker_channels(w->up, c, 4), i);
    return c[i].info.state;
}

static GetGlobalState_S2C *global_state(struct bw *w)
{
    GetGlobalState_C2S c2s = { .has_userID = true };
    const GetGlobalState_Request q = { .c2s = &c2s };
    GetGlobalState_Response *r = bw_call(w, 1002, &q);
    ck_assert_int_eq(r->retType, RET_OK);
    return r->s2c;
}

START_TEST(a_login_brings_all_channels_up)
{
    struct bw w;
    struct broker_channel c[4];
    char why[200];
    bw_init(&w);
    ck_assert_uint_eq(broker_channels(w.up, c, 4), 3);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(c[i].info.state, CHANNEL_UP);
    ck_assert_int_eq(c[0].identity, 1);
    ck_assert_int_eq(c[1].identity, 1001);
    ck_assert_str_eq(c[1].name, "broker 1001");
    ck_assert_uint_eq(c[1].accounts, 1);
    ck_assert(state(&w).qot_logined && state(&w).trd_logined);
    ck_assert_uint_eq(state(&w).user_id, RIG_USER);
    ck_assert_int_eq(broker_health(w.up, why, sizeof(why)), FUTU_OK);
    bw_free(&w);
}
END_TEST

START_TEST(the_global_state_tells_the_platforms_markets)
{
    struct bw w;
    bw_init(&w);
    const GetGlobalState_S2C *s = global_state(&w);
    ck_assert_int_ne(s->marketHK, 0);
    ck_assert_int_ne(s->marketUS, 0);
    ck_assert(s->qotLogined && s->trdLogined);
    ck_assert_int_eq(s->programStatus->type, Common_ProgramStatusType_Ready);
    ck_assert_str_eq(s->qotSvrIpAddr.p, "10.0.0.1:9595");
    ck_assert_int_eq(s->time, RIG_WALL / NS_PER_S);
    bw_free(&w);
}
END_TEST

START_TEST(what_is_not_served_is_refused_by_its_name)
{
    struct bw w;
    struct bw_ask a = { .rq = { .proto = 3103, .done = bw_done } };
    bw_init(&w);
    w.up->ops->request(w.up, &a.rq);
    const struct bw_head *h = bw_answer(&w, &a);
    ck_assert_str_eq(bw_msg(h), "not supported over the direct login: Qot_RequestHistoryKL");
    struct bw_ask b = { .rq = { .proto = 4711, .done = bw_done } };
    w.up->ops->request(w.up, &b.rq);
    ck_assert_uint_eq(b.done, 1);
    ck_assert(memmem(b.answer.p, b.answer.n, "direct login: protocol 4711", 27) != NULL);
    buf_free(&b.answer);
    bw_free(&w);
}
END_TEST

static bool served(uint32_t proto)
{
    for (size_t i = 0; i < broker_rows_n; i++)
        if (broker_rows[i].proto == proto)
            return true;
    return false;
}

/* Bodies without anything in them: a served call says what is missing, or answers. */
START_TEST(every_protocol_is_served_or_refused_by_its_name_and_none_hangs)
{
    struct bw w;
    size_t n, refused = 0;
    const struct proto_row *rows = proto_rows(&n);
    bw_init(&w);
    for (size_t i = 0; i < n; i++) {
        struct bw_ask a = { .rq = { .proto = rows[i].id, .done = bw_done } };
        char want[160];
        if (rows[i].kind != PROTO_REQUEST)
            continue;
        w.up->ops->request(w.up, &a.rq);
        rig_pass(&w.rig, 15 * NS_PER_S);
        ck_assert_msg(a.done == 1, "%s hangs", rows[i].name);
        snprintf(want, sizeof(want), "not supported over the direct login: %s", rows[i].name);
        bool named = memmem(a.answer.p, a.answer.n, want, strlen(want)) != NULL;
        ck_assert_msg(named != served(rows[i].id), "%s", rows[i].name);
        refused += named;
        buf_free(&a.answer);
    }
    ck_assert_uint_gt(refused, 100);
    bw_free(&w);
}
END_TEST

START_TEST(without_a_login_everything_says_so)
{
    struct bw w;
    char why[200];
    bw_prepare(&w);
    w.o.auth = NULL;
    bw_start(&w);
    ck_assert(!state(&w).qot_logined && !state(&w).trd_logined);
    Trd_GetAccList_C2S c2s = { .has_userID = true };
    const Trd_GetAccList_Request q = { .c2s = &c2s };
    const struct bw_head *r = bw_call(&w, 2001, &q);
    ck_assert_int_eq(bw_ret(r), RET_DISCONNECTED);
    ck_assert_str_eq(bw_msg(r), "no accounts are known yet: the login is not done");
    ck_assert_int_eq(global_state(&w)->programStatus->type, Common_ProgramStatusType_Loging);
    ck_assert_int_ne(broker_health(w.up, why, sizeof(why)), FUTU_OK);
    ck_assert_str_eq(why, "platform is not connected (off)");
    ck_assert_int_eq(broker_login(w.up, &w.auth), FUTU_OK);
    rig_pump(&w.rig);
    ck_assert(state(&w).qot_logined && state(&w).trd_logined);
    bw_free(&w);
}
END_TEST

START_TEST(one_broker_that_fails_does_not_stop_the_others)
{
    struct bw w;
    bw_prepare(&w);
    rig_host(&w.rig, "10.1.0.1", RIG_REFUSES);
    w.auth.broker[1].err = FUTU_EAUTH;
    str_copy(w.auth.broker[1].why, AUTH_WHY_MAX, STR("no valid customer id (20029)"));
    bw_start(&w);
    ck_assert(state(&w).qot_logined && !state(&w).trd_logined);
    ck_assert_int_eq(of(&w, 1), CHANNEL_WAITING);
    ck_assert_int_eq(of(&w, 2), CHANNEL_OFF);
    struct broker_channel c[4];
    broker_channels(w.up, c, 4);
    ck_assert_str_eq(c[1].info.why, "connect: 10.1.0.1:443: connection refused");
    ck_assert_str_eq(c[2].info.why, "no valid customer id (20029)");
    rig_host(&w.rig, "10.1.0.1", RIG_UP);
    rig_pass(&w.rig, 3 * NS_PER_S);
    ck_assert(state(&w).trd_logined);
    bw_free(&w);
}
END_TEST

START_TEST(a_kick_out_leaves_the_gateway_offline_until_relogin)
{
    struct bw w;
    char why[200];
    bw_init(&w);
    emu_kick(w.rig.emu, 1);
    rig_pass(&w.rig, 120 * NS_PER_S);
    ck_assert(!state(&w).qot_logined && state(&w).trd_logined);
    ck_assert_int_eq(broker_health(w.up, why, sizeof(why)), FUTU_EAUTH);
    ck_assert_str_eq(why, "platform is not connected (kicked: the server ended the login)");
    ck_assert_int_eq(global_state(&w)->programStatus->type, Common_ProgramStatusType_ForceLogout);
    broker_relogin(w.up);
    rig_pump(&w.rig);
    ck_assert(state(&w).qot_logined);
    bw_free(&w);
}
END_TEST

START_TEST(addresses_from_the_server_are_not_taken_when_only_given_ones_may_be_dialled)
{
    struct bw w;
    bw_prepare(&w);
    ck_assert(emu_set_addresses(w.rig.emu, 1, "10.9.9.9:9595"));
    bw_start(&w);
    ck_assert_uint_eq(w.b->book.learned.n, 0);
    bw_free(&w);
    bw_prepare(&w);
    w.o.only_addrs = false;
    ck_assert(emu_set_addresses(w.rig.emu, 1, "10.9.9.9:9595,10.9.9.8"));
    bw_start(&w);
    ck_assert_uint_eq(w.b->book.learned.n, 2);
    ck_assert_str_eq(w.b->book.learned.a[0].host, "10.9.9.9");
    bw_free(&w);
}
END_TEST

/* What a remote configuration says, for the next attempts. */
static void configure(struct bw *w, const char *json)
{
    static struct remote_conf c;
    char why[200];
    ck_assert_int_eq(conf_parse(&c, str_c(json), why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(broker_conf(w->up, &c), FUTU_OK);
}

static bool dialled(const struct bw *w, const char *host)
{
    for (size_t i = 0; i < w->rig.n_dialled; i++)
        if (strcmp(w->rig.dialled[i].host, host) == 0)
            return true;
    return false;
}

START_TEST(the_remote_configuration_says_where_the_servers_are)
{
    struct bw w;
    bw_prepare(&w);
    w.o.only_addrs = false;
    w.o.n_addrs = 1;                    /* the platform's is given: it wins */
    w.o.auth = NULL;
    bw_start(&w);
    configure(&w, "{\"conf_info\":{\"guaranteed_ip_for_conn\":{\"1\":[\"10.6.6.6\"],"
                  "\"1001\":[\"10.1.0.9\"],\"1007\":[\"10.7.0.9\"]},\"forced_ip_for_conn\":"
                  "{\"1007\":{\"ip\":\"10.7.0.8\",\"expire_ts\":1775000060}}}}");
    rig_host(&w.rig, "10.7.0.8", RIG_REFUSES);
    ck_assert_int_eq(broker_login(w.up, &w.auth), FUTU_OK);
    rig_pump(&w.rig);
    ck_assert_int_eq(of(&w, 0), CHANNEL_UP);
    ck_assert(dialled(&w, "10.0.0.1") && !dialled(&w, "10.6.6.6"));
    ck_assert_int_eq(of(&w, 1), CHANNEL_UP);
    ck_assert(dialled(&w, "10.1.0.9") && !dialled(&w, "10.1.0.1"));
    rig_pass(&w.rig, 50 * NS_PER_S);
    ck_assert_int_ne(of(&w, 2), CHANNEL_UP);        /* forced: no other is tried */
    ck_assert(dialled(&w, "10.7.0.8") && !dialled(&w, "10.7.0.9"));
    rig_pass(&w.rig, 70 * NS_PER_S);
    ck_assert_int_eq(of(&w, 2), CHANNEL_UP);        /* it has expired */
    ck_assert(dialled(&w, "10.7.0.9"));
    bw_free(&w);
}
END_TEST

START_TEST(a_configuration_changes_nothing_when_only_given_servers_may_be_dialled)
{
    struct bw w;
    bw_init(&w);
    configure(&w, "{\"conf_info\":{\"guaranteed_ip_for_conn\":{\"1\":[\"10.6.6.6\"]}}}");
    emu_drop(w.rig.emu, 1);
    rig_pass(&w.rig, 5 * NS_PER_S);
    ck_assert_int_eq(of(&w, 0), CHANNEL_UP);
    ck_assert(!dialled(&w, "10.6.6.6"));
    bw_free(&w);
}
END_TEST

START_TEST(a_cancelled_read_is_forgotten)
{
    struct bw w;
    struct bw_ask a;
    bw_init(&w);
    emu_scene(w.rig.emu)->mute_calls = 1;
    Trd_Common_TrdHeader h = bw_header(HK_ACC, 1);
    Trd_GetFunds_C2S c2s = { .header = &h };
    const Trd_GetFunds_Request q = { .c2s = &c2s };
    bw_send(&w, &a, 2101, &q);
    ck_assert_uint_eq(a.done, 0);
    w.up->ops->cancel(w.up, &a.rq);
    rig_pass(&w.rig, 20 * NS_PER_S);
    ck_assert_uint_eq(a.done, 0);
    buf_free(&a.sent);
    bw_free(&w);
}
END_TEST

START_TEST(links_are_told_for_the_operator)
{
    struct bw w;
    struct arena a = ARENA_INIT;
    Gateway_GetInfo_Hop hop = { 0 };
    Gateway_GetInfo_S2C out = { 0 };
    bw_init(&w);
    emu_drop(w.rig.emu, 1007);
    rig_pump(&w.rig);
    ck_assert_int_eq(w.up->ops->info(w.up, &a, false, &hop, &out), FUTU_OK);
    ck_assert_uint_eq(hop.n_linkList, 3);
    ck_assert_str_eq(hop.linkList[0].name.p, "platform");
    ck_assert_int_eq(hop.linkList[0].state, Gateway_GetInfo_LinkState_Up);
    ck_assert_int_eq(hop.linkList[2].state, Gateway_GetInfo_LinkState_Connecting);
    ck_assert_str_eq(hop.linkList[2].lastError.p, "connection: closed by the peer");
    arena_free(&a);
    bw_free(&w);
}
END_TEST

START_TEST(addresses_are_read_strictly)
{
    static const char *const bad[] = { "", "1", "1=", "x=1.1.1.1", "1=1.1.1.1:0", "1=,", "=1.1.1.1",
                                       "1=1.1.1.1,1.1.1.1" };
    struct broker_opts o = { .n_addrs = 0 };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        ck_assert_msg(!broker_read_addrs(&o, str_c(bad[i])), "%s", bad[i]);
    ck_assert_uint_eq(o.n_addrs, 0);
    ck_assert(broker_read_addrs(&o, STR("1001=127.0.0.1")));
    ck_assert_int_eq(o.addrs[0].identity, 1001);
    ck_assert_uint_eq(o.addrs[0].list.a[0].port, 443);
}
END_TEST

/* True: no allocation failed. */
static bool whole_life(long fail_at)
{
    struct bw w;
    bw_prepare(&w);
    mem_fail_at(fail_at);
    futu_err err = broker_new(&w.up, &w.o);
    if (!err) {
        w.b = container_of(w.up, struct broker, base);
        rig_pump(&w.rig);
        rig_pass(&w.rig, 4 * NS_PER_S);
    }
    bool failed = mem_failed();
    ck_assert(failed || state(&w).trd_logined);
    mem_fail_at(-1);
    bw_free(&w);
    return !failed;
}

START_TEST(every_failed_allocation_is_clean)
{
    for (long n = 0; n < 2000 && !whole_life(n); n += 1 + n / 64)
        ;
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_login_brings_all_channels_up);
    tcase_add_test(tc, the_global_state_tells_the_platforms_markets);
    tcase_add_test(tc, what_is_not_served_is_refused_by_its_name);
    tcase_add_test(tc, every_protocol_is_served_or_refused_by_its_name_and_none_hangs);
    tcase_add_test(tc, without_a_login_everything_says_so);
    tcase_add_test(tc, one_broker_that_fails_does_not_stop_the_others);
    tcase_add_test(tc, a_kick_out_leaves_the_gateway_offline_until_relogin);
    tcase_add_test(tc, addresses_from_the_server_are_not_taken_when_only_given_ones_may_be_dialled);
    tcase_add_test(tc, the_remote_configuration_says_where_the_servers_are);
    tcase_add_test(tc, a_configuration_changes_nothing_when_only_given_servers_may_be_dialled);
    tcase_add_test(tc, a_cancelled_read_is_forgotten);
    tcase_add_test(tc, links_are_told_for_the_operator);
    tcase_add_test(tc, addresses_are_read_strictly);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("broker", add);
}
