/* guard_test.c - who may ask for what: scopes by the registry, accounts of reads, keys that change
 * under an open connection, cards. */
#include "keys_rig.h"

#include <stdio.h>

#include "access/rules.h"

/* ---- scopes ---- */

/* A key of each single scope, in its order. */
static size_t key_of_each_scope(uint32_t bits[8], char ids[8][24])
{
    uint32_t bit;
    size_t n = 0;
    for (const char *name; (name = rule_scope_at(n, &bit)) != NULL; n++) {
        char quoted[40];
        snprintf(ids[n], sizeof(ids[n]), "k%u", (unsigned)n);
        snprintf(quoted, sizeof(quoted), "\"%s\"", name);
        rails_key(&k, ids[n], quoted, "");
        bits[n] = bit;
    }
    return n;
}

/* The body does not matter: what is refused by scope is refused before it is read. */
static void ask_with(const char *id, uint32_t proto, uint32_t bit, uint32_t scopes)
{
    futu_conn *c = rails_caller(&k, IFACE_GRPC, id);
    bool allowed = scopes == 0 || (scopes & bit);
    trail_clear(&k);
    told_ask_bytes(&t, c, proto, "\xff", 1);
    rails_written(&k);
    ck_assert_uint_eq(t.times, 1);
    ck_assert_msg((t.deny != DENY_SCOPE) == allowed, "%u with %s", proto, id);
    if (!allowed)
        ck_assert_uint_eq(trail_count(&k, "\"reject\"", "\"forbidden\""), 1);
}

START_TEST(each_scope_opens_what_the_registry_says)
{
    uint32_t bits[8];
    char ids[8][24];
    size_t n_rows;
    const struct proto_row *rows = proto_rows(&n_rows);
    begin();
    size_t n = key_of_each_scope(bits, ids);
    ck_assert_uint_eq(n, 7);
    open_all();
    k.r.fake.up.forwards = true;            /* old ids are served too */
    for (size_t i = 0; i < n_rows; i++)
        for (size_t s = 0; s < n; s++)
            if (rows[i].kind == PROTO_REQUEST && rows[i].request)
                ask_with(ids[s], rows[i].id, bits[s], rows[i].scopes);
    stop();
}
END_TEST

START_TEST(without_keys_callers_read_and_do_nothing_else)
{
    size_t n;
    const struct proto_row *rows = proto_rows(&n);
    begin();
    rails_open(&k, NULL);
    k.r.fake.up.forwards = true;
    futu_conn *c = rails_caller(&k, IFACE_GRPC, NULL);
    for (size_t i = 0; i < n; i++) {
        if (rows[i].kind != PROTO_REQUEST || !rows[i].request)
            continue;
        bool reads = !rows[i].scopes || (rows[i].scopes & (SCOPE_QOT_READ | SCOPE_ACC_READ));
        told_ask_bytes(&t, c, rows[i].id, "\xff", 1);
        ck_assert_msg((t.deny == DENY_NONE) == reads, "%s", rows[i].name);
    }
    told_ask_bytes(&t, c, 3999, "", 0);
    ck_assert_int_eq(t.deny, DENY_OPEN_MODE);
    ck_assert_uint_eq(k.r.fake.requests, 0);
    stop();
}
END_TEST

START_TEST(what_nobody_knows_needs_the_right_to_trade)
{
    uint32_t bits[8];
    char ids[8][24];
    begin();
    size_t n = key_of_each_scope(bits, ids);
    open_all();
    k.r.fake.up.forwards = true;
    k.r.fake.at_once = true;
    k.r.fake.answer = HEX_OK;
    for (size_t s = 0; s < n; s++) {
        ask_with(ids[s], 3999, bits[s], SCOPE_TRADE_REAL);
        ask_with(ids[s], 22701, bits[s], SCOPE_ACC_READ);
    }
    stop();
}
END_TEST

/* ---- accounts ---- */

START_TEST(a_limited_key_reads_its_own_accounts_alone)
{
    size_t n_rows, seen = 0;
    const struct proto_row *rows = proto_rows(&n_rows);
    uint8_t body[512];
    begin();
    rails_key(&k, "key", "\"acc:read\"", ",\"allowed_acc_ids\":[1001]");
    open_all();
    k.r.fake.at_once = true;
    k.r.fake.answer = HEX_OK;
    futu_conn *c = rails_caller(&k, IFACE_GRPC, "key");
    for (size_t i = 0; i < n_rows; i++) {
        const struct proto_row *row = &rows[i];
        if (row->kind != PROTO_REQUEST || !row->request || row->scopes != SCOPE_ACC_READ)
            continue;
        bool header = codec_field(codec_field(row->request, STR("c2s"))->sub, STR("header"));
        told_ask_bytes(&t, c, row->id, body, rails_request(row, 1002, body));
        ck_assert_msg((t.deny == DENY_ACCOUNT) == header, "%s", row->name);
        told_ask_bytes(&t, c, row->id, body, rails_request(row, 1001, body));
        ck_assert_msg(t.deny == DENY_NONE, "%s", row->name);
        seen += header;
    }
    ck_assert_uint_ge(seen, 10);
    stop();
}
END_TEST

START_TEST(a_header_that_comes_twice_is_taken_as_a_reader_takes_it)
{
    /* c2s { header { env 0, acc 1001, market 1 } header { acc 1002 } } */
    static const uint8_t twice[] = { 0x0a, 0x0e, 0x0a, 7, 8, 0, 0x10, 0xe9, 7, 0x18, 1,
                                     0x0a, 3, 0x10, 0xea, 7 };
    begin();
    rails_key(&k, "key", "\"acc:read\"", ",\"allowed_acc_ids\":[1001]");
    open_all();
    told_ask_bytes(&t, rails_caller(&k, IFACE_GRPC, "key"), 2101, twice, sizeof(twice));
    ck_assert_int_eq(t.deny, DENY_ACCOUNT);
    stop();
}
END_TEST

START_TEST(pushes_are_asked_for_ones_own_accounts)
{
    uint64_t ids[] = { 1001, 1002 };
    Trd_SubAccPush_C2S c2s = { .accIDList = ids, .n_accIDList = 2 };
    Trd_SubAccPush_Request rq = { &c2s };
    begin();
    rails_key(&k, "key", "\"acc:read\"", ",\"allowed_acc_ids\":[1001]");
    open_all();
    futu_conn *c = rails_caller(&k, IFACE_REST, "key");
    told_ask(&t, c, 2008, &rq);
    ck_assert_int_eq(t.deny, DENY_ACCOUNT);
    c2s.n_accIDList = 1;
    told_ask(&t, c, 2008, &rq);
    ck_assert(t.deny == DENY_NONE && t.ret == 0);
    stop();
}
END_TEST

START_TEST(account_lists_are_cut_down)
{
    static const uint64_t ids[] = { 1000, 1001, 1002 };
    uint64_t first;
    begin();
    rails_key(&k, "key", "\"acc:read\"", ",\"allowed_acc_ids\":[1001,7]");
    rails_key(&k, "free", "\"acc:read\"", "");
    open_all();
    told_ask_bytes(&t, rails_caller(&k, IFACE_REST, "key"), 2001, "\x0a\x02\x08\x00", 4);
    rails_accounts(&k, ids, 3, -1);
    ck_assert_uint_eq(accounts_told(&first), 1);
    ck_assert_uint_eq(first, 1001);
    told_ask_bytes(&t, rails_caller(&k, IFACE_REST, "free"), 2001, "\x0a\x02\x08\x00", 4);
    rails_accounts(&k, ids, 3, -1);
    ck_assert_uint_eq(accounts_told(&first), 3);
    stop();
}
END_TEST

START_TEST(an_account_list_that_cant_be_read_is_not_told_at_all)
{
    begin();
    rails_key(&k, "key", "\"acc:read\"", ",\"allowed_acc_ids\":[1001]");
    open_all();
    told_ask_bytes(&t, rails_caller(&k, IFACE_REST, "key"), 2001, "\x0a\x02\x08\x00", 4);
    rig_answer(&k.r, 2001, "0800 12001800 2203 0a01ff");
    ck_assert(t.times == 1 && t.ret == RET_FAILED && strstr(t.text, "empty"));
    stop();
}
END_TEST

START_TEST(without_a_published_message_a_limited_key_sees_nothing)
{
    begin();
    rails_key(&k, "key", "\"acc:read\",\"trade:real\"", ",\"allowed_acc_ids\":[1001]");
    open_all();
    k.r.fake.up.forwards = true;
    for (int i = 0; i < IFACES; i++) {
        if (i != IFACE_REST && i != IFACE_GRPC && i != IFACE_MCP)
            continue;
        futu_conn *c = rails_caller(&k, i, "key");
        told_ask_bytes(&t, c, 22701, "\x0a\x02\x08\x01", 4);
        ck_assert_int_eq(t.deny, DENY_ACCOUNT);
        told_ask_bytes(&t, c, 3999, "\x0a\x02\x08\x01", 4);
        ck_assert_int_eq(t.deny, DENY_ACCOUNT);
    }
    ck_assert_uint_eq(k.r.fake.requests, 1);        /* the look-up of cards */
    stop();
}
END_TEST

/* ---- keys that change under an open connection ---- */

static struct peer p;
static struct peer v;

static void open_clients(void)
{
    ck_assert_int_eq(peer_open_as(&p, &k.r, "token-key"), FUTU_OK);
    peer_init(&p, CIPHER_NONE, 0, false);
    viewer_open(&v, &k, "key", false);
}

static void close_clients(void)
{
    peer_close(&p);
    peer_close(&v);
}

START_TEST(a_websocket_needs_a_key_that_reads_quotes)
{
    begin();
    rails_key(&k, "key", "\"qot:read\"", "");
    rails_key(&k, "acc", "\"acc:read\"", "");
    rails_key(&k, "old", "\"qot:read\"", ",\"expires_at\":\"2020-01-01T00:00:00Z\"");
    open_all();
    ck_assert_int_eq(peer_open_as(&p, &k.r, NULL), FUTU_EAUTH);
    ck_assert_uint_eq(trail_count(&k, "\"reject\"", "<missing>", "\"ws\"", "handshake"), 1);
    ck_assert_int_eq(peer_open_as(&p, &k.r, "wrong"), FUTU_EAUTH);
    ck_assert_uint_eq(trail_count(&k, "\"reject\"", "<invalid>"), 1);
    ck_assert_int_eq(peer_open_as(&p, &k.r, "token-old"), FUTU_EAUTH);
    ck_assert_uint_eq(trail_count(&k, "\"reject\"", "\"key_id\":\"old\""), 1);
    ck_assert_int_eq(peer_open_as(&p, &k.r, "token-acc"), FUTU_EREFUSED);
    ck_assert_int_eq(peer_open_as(&p, &k.r, "token-key"), FUTU_OK);
    ck_assert_uint_eq(trail_count(&k, "\"allow\"", "\"key_id\":\"key\"", "handshake"), 1);
    peer_close(&p);
    stop();
}
END_TEST

START_TEST(a_revoked_key_ends_its_connections_in_the_same_turn)
{
    begin();
    rails_key(&k, "key", "\"qot:read\"", "");
    open_all();
    open_clients();
    rails_caller(&k, IFACE_GRPC, "key");
    rails_key(&k, "other", "\"qot:read\"", "");
    rails_save(&k);
    rails_reload(&k);
    hub_flush(k.r.hub);
    ck_assert(p.closes == 1 && p.closed == FUTU_EAUTH && strstr(p.reason, "revoked"));
    ck_assert(v.closes == 1 && v.closed == FUTU_EAUTH);
    ck_assert_uint_eq(trail_count(&k, "\"reject\"", "\"stream\"", "\"key_id\":\"key\""), 2);
    close_clients();
    futu_gateway_stats st = { .size = sizeof(st) };
    hub_stats_get(k.r.hub, &st);
    ck_assert_uint_eq(st.connections, 0);
    stop();
}
END_TEST

START_TEST(an_expired_key_ends_its_connections_at_its_time)
{
    begin();
    rails_key(&k, "key", "\"qot:read\"", ",\"expires_at\":\"2026-04-01T00:33:20Z\"");
    open_all();
    ck_assert_int_eq(RIG_WALL / NS_PER_S, 1775000000);      /* an hour before */
    open_clients();
    rig_pass(&k.r, 3600 * NS_PER_S - NS_PER_MS);
    ck_assert(p.closes == 0 && v.closes == 0);
    rig_pass(&k.r, NS_PER_MS);
    ck_assert(p.closes == 1 && strstr(p.reason, "expired"));
    ck_assert(v.closes == 1);
    close_clients();
    stop();
}
END_TEST

START_TEST(a_key_that_ends_in_thousands_of_years_is_looked_at_once_a_minute)
{
    begin();
    rails_key(&k, "key", "\"qot:read\"", ",\"expires_at\":\"9999-12-31T23:59:59Z\"");
    open_all();
    open_clients();
    for (int i = 0; i < 200; i++) {
        ck_assert_int_gt(timers_next(&k.r.timers), k.r.time.mono_ns);
        rig_pass(&k.r, NS_PER_S);
    }
    ck_assert(p.closes == 0 && v.closes == 0);
    close_clients();
    stop();
}
END_TEST

START_TEST(scopes_that_go_are_missed_at_the_next_request)
{
    begin();
    rails_key(&k, "key", "\"qot:read\",\"acc:read\"", "");
    open_all();
    open_clients();
    peer_send_hex(&p, 3223, 2, "0a00");
    ck_assert_uint_eq(rig_waiting(&k.r, 3223), 1);
    rig_answer(&k.r, 3223, HEX_EMPTY);
    peer_ok(&p, 3223, 2);
    rails_key(&k, "key", "\"acc:read\"", "");
    rails_save(&k);
    rails_reload(&k);
    hub_flush(k.r.hub);
    ck_assert_uint_eq(p.closes, 0);
    peer_send_hex(&p, 3223, 3, "0a00");
    peer_refused(&p, 3223, 3, RET_FAILED, "forbidden");
    ck_assert_uint_eq(p.closes, 0);
    close_clients();
    stop();
}
END_TEST

START_TEST(a_request_with_a_dead_key_ends_its_connection)
{
    begin();
    rails_key(&k, "key", "\"qot:read\"", ",\"expires_at\":\"2026-03-31T23:33:25Z\"");
    open_all();
    open_clients();
    clock_fake_advance(&k.r.time, 6 * NS_PER_S);    /* the timer has not run yet */
    peer_send_hex(&p, 3223, 2, "0a00");
    peer_refused(&p, 3223, 2, RET_FAILED, "not valid");
    ck_assert_uint_eq(p.closes, 1);
    ck_assert_uint_eq(trail_count(&k, "\"reject\"", "the key is expired"), 1);
    close_clients();
    stop();
}
END_TEST

/* ---- cards ---- */

static void may_read(const char *id, uint64_t acc_id, bool allowed)
{
    uint8_t body[512];
    futu_conn *c = rails_caller(&k, IFACE_GRPC, id);
    k.r.fake.at_once = true;
    k.r.fake.answer = HEX_OK;
    told_ask_bytes(&t, c, 2101, body, rails_request(proto_find(2101), acc_id, body));
    k.r.fake.at_once = false;
    ck_assert_msg((t.deny == DENY_NONE) == allowed, "%s, %u", id, (unsigned)acc_id);
}

START_TEST(cards_stand_for_accounts_once_these_are_known)
{
    static const uint64_t ids[] = { 1001, 1002 };
    begin();
    rails_key(&k, "key", "\"acc:read\"", ",\"allowed_card_nums\":[\"1001\"]");
    rails_key(&k, "none", "\"acc:read\"", ",\"allowed_card_nums\":[\"9999\"]");
    rails_save(&k);
    rails_open(&k, NULL);
    may_read("key", 1001, false);
    may_read("none", 0, false);
    rig_answer(&k.r, 2001, REFUSED);
    may_read("key", 1001, false);
    rig_pass(&k.r, 5 * NS_PER_S);           /* asked again */
    rails_accounts(&k, ids, 2, -1);
    may_read("key", 1001, true);
    may_read("key", 1002, false);
    may_read("none", 1001, false);
    may_read("none", 0, false);
    rails_key(&k, "key", "\"acc:read\"", ",\"allowed_card_nums\":[\"1000000000001002\"]");
    rails_save(&k);
    rails_reload(&k);
    may_read("key", 1002, true);            /* by the list that is known */
    may_read("key", 1001, false);
    rails_accounts(&k, ids, 2, -1);
    may_read("key", 1002, true);
    stop();
}
END_TEST

START_TEST(without_keys_no_account_is_asked_for)
{
    begin();
    rails_open(&k, NULL);
    ck_assert_uint_eq(k.r.fake.requests, 0);
    hub_keys_changed(k.r.hub);
    ck_assert_uint_eq(k.r.fake.requests, 0);
    stop();
}
END_TEST

static void begin_once(long n, bool *failed)
{
    static const uint64_t ids[] = { 1001, 1002 };
    begin();
    rails_key(&k, "key", "\"acc:read\"", ",\"allowed_card_nums\":[\"1001\"]");
    rails_save(&k);
    mem_fail_at(n);
    futu_err err = rails_try(&k, NULL);
    *failed = mem_failed();
    mem_fail_at(-1);
    if (err) {
        k.r.hub = NULL;
        stop();
        return;
    }
    may_read("key", 1001, false);
    hub_keys_changed(k.r.hub);
    rails_accounts(&k, ids, 2, -1);
    may_read("key", 1001, true);
    stop();
}

START_TEST(cards_recover_from_memory_that_was_out)
{
    bool failed = true;
    for (long n = 0; failed; n++)
        begin_once(n, &failed);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, each_scope_opens_what_the_registry_says);
    tcase_add_test(tc, without_keys_callers_read_and_do_nothing_else);
    tcase_add_test(tc, what_nobody_knows_needs_the_right_to_trade);
    tcase_add_test(tc, a_limited_key_reads_its_own_accounts_alone);
    tcase_add_test(tc, a_header_that_comes_twice_is_taken_as_a_reader_takes_it);
    tcase_add_test(tc, pushes_are_asked_for_ones_own_accounts);
    tcase_add_test(tc, account_lists_are_cut_down);
    tcase_add_test(tc, an_account_list_that_cant_be_read_is_not_told_at_all);
    tcase_add_test(tc, without_a_published_message_a_limited_key_sees_nothing);
    tcase_add_test(tc, a_websocket_needs_a_key_that_reads_quotes);
    tcase_add_test(tc, a_revoked_key_ends_its_connections_in_the_same_turn);
    tcase_add_test(tc, an_expired_key_ends_its_connections_at_its_time);
    tcase_add_test(tc, a_key_that_ends_in_thousands_of_years_is_looked_at_once_a_minute);
    tcase_add_test(tc, scopes_that_go_are_missed_at_the_next_request);
    tcase_add_test(tc, a_request_with_a_dead_key_ends_its_connection);
    tcase_add_test(tc, cards_stand_for_accounts_once_these_are_known);
    tcase_add_test(tc, without_keys_no_account_is_asked_for);
    tcase_add_test(tc, cards_recover_from_memory_that_was_out);
}

int main(void)
{
    return run_tcase("guard", add);
}
