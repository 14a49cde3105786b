/* relay_test.c - three lanes that don't touch each other, what the relay tells of them, and its end
 * at any moment. */
#include "bodies.h"

static struct peer p;

START_TEST(three_connections_each_with_its_requests)
{
    struct ask a[4] = { { .done = 0 } };
    peer_init(&p);
    for (int i = 0; i < LANES; i++)
        ck_assert_uint_eq(p.links[i]->opened, 1);
    gate_ask(&p, &a[0], 3004, "\x0a\x00", 2);
    gate_ask(&p, &a[1], 2101, "\x0a\x00", 2);
    gate_ask(&p, &a[2], 3103, "\x0a\x00", 2);
    gate_ask(&p, &a[3], 59999, "\x0a\x00", 2);
    ck_assert_int_eq(peer_need(&p, 3004)->lane, LANE_QUOTE);
    ck_assert_int_eq(peer_need(&p, 2101)->lane, LANE_TRADE);
    ck_assert_int_eq(peer_need(&p, 3103)->lane, LANE_BULK);
    ck_assert_int_eq(peer_need(&p, 59999)->lane, LANE_QUOTE);
    peer_free(&p);
}
END_TEST

START_TEST(only_the_quote_connection_asks_for_notify)
{
    peer_init(&p);
    for (unsigned i = 0; i < p.n_asked; i++) {
        if (p.asked[i].proto != 1001)
            continue;
        const InitConnect_Request *rq = peer_request(&p, &p.asked[i]);
        ck_assert_int_eq(rq->c2s->recvNotify, p.asked[i].lane == LANE_QUOTE);
        ck_assert_int_eq(rq->c2s->pushProtoFmt, FRAME_PROTOBUF);
    }
    ck_assert_uint_eq(peer_count(&p, 1001), LANES);
    peer_free(&p);
}
END_TEST

START_TEST(the_loss_of_one_lane_leaves_the_others)
{
    for (int lost = 0; lost < LANES; lost++) {
        peer_init(&p);
        peer_block(&p, (enum lane_id)lost, FUTU_EREFUSED);
        for (int i = 0; i < LANES; i++) {
            ck_assert_int_eq(peer_up(&p, (enum lane_id)i), i != lost);
            ck_assert_uint_eq(p.r->lanes[i].losses, i == lost);
        }
        peer_pass(&p, 30 * NS_PER_S);
        for (int i = 0; i < LANES; i++)
            if (i != lost)
                ck_assert_uint_eq(p.links[i]->opened, 1);
        peer_block(&p, (enum lane_id)lost, FUTU_OK);
        peer_pass(&p, 6 * NS_PER_S);
        ck_assert(peer_up(&p, (enum lane_id)lost));
        peer_free(&p);
    }
}
END_TEST

static struct upstream_state state_of(void)
{
    struct upstream_state s;
    p.up->ops->state(p.up, &s);
    return s;
}

START_TEST(state_tells_what_there_is)
{
    peer_init(&p);
    struct upstream_state s = state_of();
    ck_assert(p.up->forwards);
    ck_assert(s.qot_logined && s.trd_logined);
    ck_assert_uint_eq(s.user_id, 10000001);
    ck_assert_int_eq(s.server_ver, 1003);
    ck_assert_uint_eq(s.sub_quota, 100);
    ck_assert_str_eq(s.name, PEER_NAME);
    peer_block(&p, LANE_TRADE, FUTU_EREFUSED);
    s = state_of();
    ck_assert(s.qot_logined && !s.trd_logined);
    peer_block(&p, LANE_QUOTE, FUTU_EREFUSED);
    s = state_of();
    ck_assert(!s.qot_logined && !s.trd_logined);
    ck_assert_uint_eq(s.user_id, 10000001);     /* as it was told last */
    ck_assert_int_eq(s.server_ver, 1003);
    peer_free(&p);
}
END_TEST

static const Gateway_GetInfo_Hop *info_of(Gateway_GetInfo_S2C *out)
{
    Gateway_GetInfo_Hop *hops = ARENA_ARRAY(&p.arena, Gateway_GetInfo_Hop, 4);
    *out = (Gateway_GetInfo_S2C){ .hopList = hops, .n_hopList = 1 };
    ck_assert_int_eq(p.up->ops->info(p.up, &p.arena, true, &hops[0], out), FUTU_OK);
    return hops;
}

START_TEST(info_tells_of_each_link)
{
    Gateway_GetInfo_S2C s2c;
    peer_init(&p);
    gate_hold(&p, "00700", BASIC, 0);
    push_quote(&p, "00700", 1);
    const Gateway_GetInfo_Hop *hop = info_of(&s2c);
    ck_assert(str_is(hop->upstream, PEER_NAME));
    ck_assert_uint_eq(hop->n_linkList, LANES);
    ck_assert(str_is(hop->linkList[1].name, "trade"));
    ck_assert_int_eq(hop->linkList[0].state, Gateway_GetInfo_LinkState_Up);
    ck_assert_uint_eq(hop->linkList[0].pushes, 1);
    ck_assert_int_gt(hop->linkList[0].latencyUs + 1, 0);
    ck_assert_int_eq(hop->subscriptions, 1);
    ck_assert_int_eq(hop->stale, 0);
    ck_assert_uint_eq(s2c.n_hopList, 2);        /* the vendor's own says nothing of itself */
    ck_assert(str_is(s2c.hopList[1].name, "FTAPI gateway 10.03"));

    peer_block(&p, LANE_QUOTE, FUTU_EREFUSED);
    hop = info_of(&s2c);
    ck_assert_int_eq(hop->linkList[0].state, Gateway_GetInfo_LinkState_Connecting);
    ck_assert_uint_eq(hop->linkList[0].losses, 1);
    ck_assert_ptr_nonnull(strstr(hop->linkList[0].lastError.p, "tcp: "));
    ck_assert_int_eq(hop->stale, 1);
    ck_assert_uint_eq(s2c.n_staleList, 1);
    ck_assert(str_is(s2c.staleList[0].security->code, "00700"));
    ck_assert_int_eq(s2c.staleList[0].lastMs, p.time.wall_ns / NS_PER_MS);
    ck_assert_uint_eq(hop->gaps, 1);

    p.manual = true;
    peer_block(&p, LANE_QUOTE, FUTU_OK);
    peer_pass(&p, 6 * NS_PER_S);
    hop = info_of(&s2c);
    ck_assert_int_eq(hop->linkList[0].state, Gateway_GetInfo_LinkState_Restoring);
    peer_free(&p);
}
END_TEST

/* ---- health ---- */

static void expect_health(futu_err want, const char *part)
{
    char why[512] = "";
    futu_err err = relay_health(p.up, why, sizeof(why));
    ck_assert_msg(err == want, "%s: %s", futu_strerror(err), why);
    ck_assert_msg(!part || strstr(why, part), "%s", why);
    ck_assert_msg(err || !why[0], "nothing is wrong, but: %s", why);
}

static void start_with(futu_err refuse, const char *init_text, bool mute)
{
    peer_prepare(&p);
    ck_assert_int_eq(peer_make(&p), FUTU_OK);
    expect_health(FUTU_EAGAIN, NULL);
    for (int i = 0; i < LANES; i++) {
        p.links[i]->refuse = refuse;
        p.links[i]->init_text = init_text;
        p.links[i]->mute = mute;
    }
    peer_pass(&p, 100 * NS_PER_MS);
}

START_TEST(health_names_the_stage)
{
    start_with(FUTU_OK, NULL, false);
    expect_health(FUTU_OK, NULL);
    for (int i = 0; i < LANES; i++) {               /* any of them counts */
        peer_block(&p, (enum lane_id)i, FUTU_EREFUSED);
        expect_health(FUTU_ENOTCONN, "tcp: nothing listens there");
        peer_block(&p, (enum lane_id)i, FUTU_OK);
        peer_pass(&p, 6 * NS_PER_S);
        expect_health(FUTU_OK, NULL);
    }
    peer_free(&p);

    start_with(FUTU_EREFUSED, NULL, false);
    expect_health(FUTU_ENOTCONN, "tcp: nothing listens there");
    expect_health(FUTU_ENOTCONN, PEER_NAME);
    peer_free(&p);

    start_with(FUTU_ENOTFOUND, NULL, false);
    expect_health(FUTU_ENOTFOUND, "dns: ");
    peer_free(&p);

    start_with(FUTU_OK, "encryption is required", false);
    expect_health(FUTU_EAUTH, "encryption is required");
    expect_health(FUTU_EAUTH, "--upstream-rsa-key");
    peer_free(&p);
}
END_TEST

START_TEST(a_port_that_speaks_something_else_is_told)
{
    peer_prepare(&p);
    ck_assert_int_eq(peer_make(&p), FUTU_OK);
    for (int i = 0; i < LANES; i++)
        p.links[i]->mute = true;
    peer_pass(&p, 100 * NS_PER_MS);
    peer_bytes(&p, LANE_QUOTE, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
    expect_health(FUTU_EPROTO, "no FTAPI gateway");
    peer_free(&p);
}
END_TEST

START_TEST(silence_is_told_after_the_time_to_connect)
{
    start_with(FUTU_OK, NULL, true);
    expect_health(FUTU_EAGAIN, NULL);
    peer_pass(&p, 5 * NS_PER_S);
    expect_health(FUTU_ENOTCONN, "it is silent");
    peer_free(&p);
}
END_TEST

START_TEST(a_gateway_without_the_key_is_told)
{
    peer_prepare(&p);
    p.opts.rsa_key = "test/data/rsa1024.pem";
    ck_assert_int_eq(peer_make(&p), FUTU_OK);
    for (int i = 0; i < LANES; i++)
        p.links[i]->mute = true;
    peer_pass(&p, 100 * NS_PER_MS);
    p.links[0]->mute = false;
    peer_refuse(&p, peer_need(&p, 1001), "the request can't be read");
    expect_health(FUTU_EAUTH, "rsa: give --upstream-rsa-key the key file");
    peer_free(&p);
}
END_TEST

START_TEST(a_key_file_that_is_none_is_an_error_at_once)
{
    char why[256];
    peer_prepare(&p);
    p.opts.rsa_key = "test/data/no-such-file.pem";
    ck_assert_int_eq(relay_new(&p.up, &p.opts, why, sizeof(why)), FUTU_EIO);
    ck_assert_ptr_nonnull(strstr(why, "no-such-file.pem: it can't be read"));
    p.opts.rsa_key = "test/unit/support.h";
    ck_assert_int_eq(relay_new(&p.up, &p.opts, why, sizeof(why)), FUTU_EFORMAT);
    ck_assert_ptr_null(p.up);
    peer_free(&p);
}
END_TEST

/* ---- the end ---- */

/* Something of everything under way. */
static void begin_everything(struct ask *asks, struct opened *opens, struct watched *w)
{
    static const uint64_t account = ACCOUNT;
    gate_hold(&p, "00700", BASIC, 0);
    gate_hold(&p, "00700", TICKER, 0);
    push_ticks(&p, "00700", 1, 3, 1);
    p.manual = true;
    gate_ask(&p, &asks[0], 3004, "\x0a\x00", 2);
    gate_ask(&p, &asks[1], 3103, "\x0a\x00", 2);
    gate_ask(&p, &asks[2], 59999, "x", 1);
    gate_place(&p, &asks[3], "key-1", NULL);
    gate_modify(&p, &asks[4]);
    gate_open_one(&p, &opens[0], "00005", BASIC, 0);
    gate_open_one(&p, &opens[1], "00005", DAY, 1);
    gate_watch(&p, w, &account, 1);
}

START_TEST(it_is_freed_at_any_moment)
{
    for (int step = 0; step < 60; step++) {
        struct ask asks[5] = { { .done = 0 } };
        struct opened opens[2] = { { .done = 0 } };
        struct watched w = { .done = 0 };
        peer_init(&p);
        begin_everything(asks, opens, &w);
        for (int i = 0; i < step; i++) {
            if (i % 20 == 7)
                peer_cut(&p, LANE_QUOTE);
            if (i % 20 == 12)
                peer_cut(&p, LANE_TRADE);
            if (i == 33)
                p.manual = false;
            peer_pass(&p, 100 * NS_PER_MS);
        }
        peer_free(&p);
    }
}
END_TEST

START_TEST(every_failed_allocation_at_the_start_is_clean)
{
    for (long n = 0; test_alloc_fail_at(n); n++) {
        peer_prepare(&p);
        futu_err err = peer_make(&p);
        ck_assert(err == FUTU_OK || err == FUTU_ENOMEM);
        if (err == FUTU_OK)
            peer_pass(&p, 100 * NS_PER_MS);
        peer_free(&p);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, three_connections_each_with_its_requests);
    tcase_add_test(tc, only_the_quote_connection_asks_for_notify);
    tcase_add_test(tc, the_loss_of_one_lane_leaves_the_others);
    tcase_add_test(tc, state_tells_what_there_is);
    tcase_add_test(tc, info_tells_of_each_link);
    tcase_add_test(tc, health_names_the_stage);
    tcase_add_test(tc, a_port_that_speaks_something_else_is_told);
    tcase_add_test(tc, silence_is_told_after_the_time_to_connect);
    tcase_add_test(tc, a_gateway_without_the_key_is_told);
    tcase_add_test(tc, a_key_file_that_is_none_is_an_error_at_once);
    tcase_add_test(tc, it_is_freed_at_any_moment);
    tcase_add_test(tc, every_failed_allocation_at_the_start_is_clean);
}

int main(void)
{
    return run_tcase("relay", add);
}
