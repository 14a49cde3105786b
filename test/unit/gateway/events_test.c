/* events_test.c - the events of /ws: their form, their numbers, slow readers, and what a key may
 * not see. */
#include "rails.h"

#include <stdio.h>


static struct rails k;
static struct told t;
static struct peer v;

static void begin(const char *scopes, const char *more)
{
    rails_begin(&k);
    rails_key(&k, "key", scopes, more);
    rails_save(&k);
    rails_open(&k, NULL);
    rig_answer(&k.r, 2001, REFUSED);
    memset(&t, 0, sizeof(t));
}

static void stop(void)
{
    told_free(&t);
    rails_close(&k);
}

static void sub(futu_conn *c, const char *code, int32_t type)
{
    Qot_Common_Security sec = { .code = str_c(code) };
    Qot_Sub_C2S c2s = { .securityList = &sec, .n_securityList = 1, .subTypeList = &type,
                        .n_subTypeList = 1 };
    Qot_Sub_Request rq = { &c2s };
    SET(&sec, market, 1);
    SET(&c2s, isSubOrUnSub, true);
    SET(&c2s, isRegOrUnRegPush, true);
    SET(&c2s, isFirstPush, false);
    told_ask(&t, c, 3001, &rq);
    ck_assert_msg(t.deny == DENY_NONE && t.ret == 0, "%s", t.text);
}

static void name_accounts(futu_conn *c, uint64_t *ids, size_t n)
{
    Trd_SubAccPush_C2S c2s = { .accIDList = ids, .n_accIDList = n };
    Trd_SubAccPush_Request rq = { &c2s };
    told_ask(&t, c, 2008, &rq);
    ck_assert_msg(t.deny == DENY_NONE && t.ret == 0, "%s", t.text);
}

static futu_conn *rest(void)
{
    return rails_caller(&k, IFACE_REST, "key");
}

/* A quote of n bytes. */
static void push(const char *code, int32_t type, size_t n, bool lossless)
{
    static uint8_t body[1 << 17];
    struct upstream_push p = { .proto = lossless ? 3011 : 3005,
                               .key = { .market = 1, .sub_type = type }, .body = body, .len = n,
                               .made_ns = k.r.time.mono_ns, .lossless = lossless };
    snprintf(p.key.code, sizeof(p.key.code), "%s", code);
    k.r.events.push(k.r.events.arg, &p);
}

static void trade(uint64_t acc_id, int32_t market)
{
    struct arena mem = ARENA_INIT;
    struct buf b = BUF_INIT;
    Trd_UpdateOrder_Response *rsp = rails_filled(&Trd_UpdateOrder_Response_msg, &mem);
    rsp->s2c = rails_filled(&Trd_UpdateOrder_S2C_msg, &mem);
    rsp->s2c->header->accID = acc_id;
    rsp->s2c->header->trdMarket = market;
    ck_assert_int_eq(codec_encode(&Trd_UpdateOrder_Response_msg, rsp, &b, NULL), FUTU_OK);
    k.r.events.trade(k.r.events.arg, acc_id, 2208, b.p, b.n);
    buf_free(&b);
    arena_free(&mem);
}

static void notify(uint32_t proto)
{
    k.r.events.notify(k.r.events.arg, proto, (const uint8_t *)"\x08\x00", 2);
}

static const char *next(void)
{
    const char *text = viewer_next(&v);
    ck_assert_ptr_nonnull(text);
    return text;
}

static void nothing(void)
{
    const char *text = viewer_next(&v);
    ck_assert_msg(!text, "%s", text);
}

#define READ "\"qot:read\",\"acc:read\""

START_TEST(each_kind_has_its_members)
{
    uint64_t id = 1001;
    begin(READ, "");
    viewer_open(&v, &k, "key", false);
    sub(rest(), "00700", 1);
    name_accounts(rest(), &id, 1);
    push("00700", 1, 1, false);
    ck_assert_str_eq(next(), "{\"type\":\"quote\",\"proto_id\":3005,\"sec_key\":\"1_00700\","
                             "\"sub_type\":1,\"rehab_type\":0,\"seq\":1,\"body_b64\":\"AA==\"}");
    trade(1001, 1);
    const char *text = next();
    ck_assert_ptr_eq(strstr(text, "{\"type\":\"trade\",\"proto_id\":2208,\"acc_id\":1001,"
                                  "\"trd_market\":\"HK\",\"seq\":1,\"body_b64\":\""), text);
    trade(1001, 99);
    ck_assert_ptr_nonnull(strstr(next(), "\"acc_id\":1001,\"seq\":2,"));
    notify(1003);
    ck_assert_str_eq(next(), "{\"type\":\"notify\",\"proto_id\":1003,\"seq\":1,"
                             "\"body_b64\":\"CAA=\"}");
    notify(3019);
    ck_assert_ptr_nonnull(strstr(next(), "\"proto_id\":3019,\"seq\":2"));
    nothing();
    peer_close(&v);
    stop();
}
END_TEST

START_TEST(bodies_can_be_had_as_json)
{
    uint64_t id = 1001;
    begin(READ, "");
    viewer_open(&v, &k, "key", true);
    name_accounts(rest(), &id, 1);
    trade(1001, 1);
    const char *text = next();
    ck_assert_ptr_nonnull(strstr(text, "\"seq\":1,\"body\":{\"header\":{\"trd_env\":0,"
                                       "\"acc_id\":1001,\"trd_market\":1},\"order\":{"));
    ck_assert_str_eq(text + strlen(text) - 2, "}}");
    ck_assert_ptr_null(strstr(text, "body_b64"));
    /* what is no message of its protocol is not sent as one */
    sub(rest(), "00700", 1);
    push("00700", 1, 3, false);
    notify(3019);
    notify(9999);
    nothing();
    trade(1001, 1);
    ck_assert_ptr_nonnull(strstr(next(), "\"seq\":2"));
    peer_close(&v);
    stop();
}
END_TEST

START_TEST(each_stream_and_account_has_numbers_of_its_own)
{
    uint64_t ids[] = { 1001, 1002 };
    begin(READ, "");
    viewer_open(&v, &k, "key", false);
    sub(rest(), "00700", 1);
    sub(rest(), "00005", 1);
    name_accounts(rest(), ids, 2);
    for (int i = 1; i <= 3; i++) {
        push("00700", 1, 1, false);
        ck_assert_int_eq(text_number(next(), "seq"), i);
        trade(1001, 1);
        ck_assert_int_eq(text_number(next(), "seq"), i);
    }
    push("00005", 1, 1, false);
    ck_assert_int_eq(text_number(next(), "seq"), 1);
    trade(1002, 1);
    ck_assert_int_eq(text_number(next(), "seq"), 1);
    peer_close(&v);
    stop();
}
END_TEST

START_TEST(a_slow_viewer_gets_the_newest_and_hears_of_the_rest)
{
    begin(READ, "");
    viewer_open(&v, &k, "key", false);
    sub(rest(), "00700", 1);
    sub(rest(), "00005", 1);
    v.stalled = true;
    for (int i = 0; i < 100; i++) {
        push("00700", 1, 6000, false);
        push("00005", 1, 6000, false);
        hub_flush(k.r.hub);
    }
    ck_assert_uint_lt(hub_conn_queued(v.c), 300 << 10);
    futu_gateway_stats st = { .size = sizeof(st) };
    hub_stats_get(k.r.hub, &st);
    ck_assert_uint_gt(st.conflated, 100);
    v.stalled = false;
    int64_t last[2] = { 0, 0 };
    for (const char *text; (text = viewer_next(&v)) != NULL;) {
        int64_t seq = text_number(text, "seq"), *of = &last[strstr(text, "00005") != NULL];
        ck_assert_int_gt(seq, *of);
        *of = seq;
    }
    ck_assert(last[0] == 100 && last[1] == 100);
    push("00700", 1, 6000, false);              /* there is room again */
    ck_assert_int_eq(text_number(next(), "seq"), 101);
    char want[80];
    snprintf(want, sizeof(want), "{\"type\":\"gap\",\"reason\":\"slow reader\",\"lost\":%u}",
             (unsigned)st.conflated);
    ck_assert_str_eq(next(), want);
    push("00700", 1, 6000, false);
    next();
    nothing();
    ck_assert_double_eq(metric(&k, "futu_gateway_qot_push_dropped_total"), st.conflated);
    peer_close(&v);
    stop();
}
END_TEST

START_TEST(tickers_are_never_replaced)
{
    begin(READ, "");
    viewer_open(&v, &k, "key", false);
    sub(rest(), "00700", 4);
    v.stalled = true;
    for (int i = 0; i < 100; i++)
        push("00700", 4, 6000, true);
    v.stalled = false;
    for (int i = 1; i <= 100; i++)
        ck_assert_int_eq(text_number(next(), "seq"), i);
    nothing();
    peer_close(&v);
    stop();
}
END_TEST

START_TEST(who_would_lose_an_order_is_cut_with_a_reason)
{
    uint64_t id = 1001;
    begin(READ, "");
    viewer_open(&v, &k, "key", false);
    name_accounts(rest(), &id, 1);
    v.stalled = true;
    int sent = 0;
    while (v.closes == 0 && sent < 100000) {
        trade(1001, 1);
        sent++;
        hub_flush(k.r.hub);
    }
    ck_assert_int_lt(sent, 100000);
    ck_assert_int_eq(v.closed, FUTU_ELIMIT);
    ck_assert_ptr_nonnull(strstr(v.reason, "reads too slowly"));
    v.stalled = false;
    for (int i = 1; i < sent; i++)          /* all before that are there */
        ck_assert_int_eq(text_number(next(), "seq"), i);
    peer_close(&v);
    stop();
}
END_TEST

/* ---- keys ---- */

#define FILTERED(scope) "futu_ws_filtered_pushes_total{required_scope=\"" scope "\",key_id=\"key\"}"

START_TEST(without_a_scope_its_pushes_pass_by)
{
    uint64_t id = 1001;
    begin("\"qot:read\",\"acc:read\"", "");
    viewer_open(&v, &k, "key", false);
    sub(rest(), "00700", 1);
    name_accounts(rest(), &id, 1);
    rails_key(&k, "key", "\"acc:read\"", "");
    rails_save(&k);
    rails_reload(&k);
    push("00700", 1, 1, false);
    notify(1003);
    nothing();
    trade(1001, 1);
    next();
    ck_assert_double_eq(metric(&k, FILTERED("qot:read")), 2);
    rails_key(&k, "key", "\"qot:read\"", "");
    rails_save(&k);
    rails_reload(&k);
    trade(1001, 1);
    nothing();
    push("00700", 1, 1, false);
    next();
    ck_assert_double_eq(metric(&k, FILTERED("acc:read")), 1);
    peer_close(&v);
    stop();
}
END_TEST

START_TEST(accounts_and_markets_that_are_not_listed_pass_by)
{
    uint64_t ids[] = { 1001, 1002 };
    begin(READ, "");
    viewer_open(&v, &k, "key", false);
    name_accounts(rest(), ids, 2);
    rails_key(&k, "key", READ, ",\"allowed_acc_ids\":[1001],\"allowed_markets\":[\"US\"]");
    rails_save(&k);
    rails_reload(&k);
    trade(1002, 2);
    trade(1001, 1);
    nothing();
    trade(1001, 2);
    ck_assert_ptr_nonnull(strstr(next(), "\"trd_market\":\"US\",\"seq\":2"));
    trade(1001, 99);                        /* an unknown market is not held back */
    ck_assert_int_eq(text_number(next(), "seq"), 3);
    ck_assert_double_eq(metric(&k, FILTERED("acc:read")), 2);
    peer_close(&v);
    stop();
}
END_TEST

/* ---- gaps ---- */

static Gateway_UpdateGap_Lost lost_of(Qot_Common_Security *sec, const char *code, int32_t *type)
{
    Gateway_UpdateGap_Lost l = { .security = sec, .subTypeList = type, .n_subTypeList = 1 };
    sec->code = str_c(code);
    SET(sec, market, 1);
    SET(&l, beginMs, 1);
    SET(&l, endMs, 2);
    return l;
}

/* A gap of HK.00700 and HK.00005, or of accounts 1001 and 1002, or of neither. */
static void gap(const char *link, bool lists)
{
    struct arena mem = ARENA_INIT;
    struct buf b = BUF_INIT;
    Qot_Common_Security secs[2] = { { .code = STR("") }, { .code = STR("") } };
    int32_t type = 1;
    uint64_t ids[] = { 1001, 1002 };
    Gateway_UpdateGap_Lost lost[] = { lost_of(&secs[0], "00700", &type),
                                      lost_of(&secs[1], "00005", &type) };
    Gateway_UpdateGap_Response *rsp = rails_filled(&Gateway_UpdateGap_Response_msg, &mem);
    rsp->s2c = rails_filled(&Gateway_UpdateGap_S2C_msg, &mem);
    rsp->s2c->link = str_c(link);
    rsp->s2c->desc = STR("for all");
    if (lists && strcmp(link, "quote") == 0) {
        rsp->s2c->lostList = lost;
        rsp->s2c->n_lostList = 2;
    } else if (lists) {
        rsp->s2c->accIDList = ids;
        rsp->s2c->n_accIDList = 2;
    }
    ck_assert_int_eq(codec_encode(&Gateway_UpdateGap_Response_msg, rsp, &b, NULL), FUTU_OK);
    k.r.events.notify(k.r.events.arg, PROTO_GAP, b.p, b.n);
    buf_free(&b);
    arena_free(&mem);
}

START_TEST(a_gap_is_told_by_what_is_watched)
{
    uint64_t ids[] = { 1001 };
    begin(READ, "");
    viewer_open(&v, &k, "key", true);
    gap("quote", true);
    gap("trade", true);
    nothing();                              /* nothing of it is watched */
    gap("quote", false);
    ck_assert_ptr_nonnull(strstr(next(), "{\"type\":\"gap\",\"proto_id\":60002,\"seq\":3,"));
    sub(rest(), "00700", 1);
    gap("quote", true);
    const char *text = next();
    ck_assert_ptr_nonnull(strstr(text, "00700"));
    ck_assert_ptr_null(strstr(text, "00005"));
    ck_assert_ptr_null(strstr(text, "for all"));
    name_accounts(rest(), ids, 1);
    gap("trade", true);
    text = next();
    ck_assert_ptr_nonnull(strstr(text, "1001"));
    ck_assert_ptr_null(strstr(text, "1002"));
    rails_key(&k, "key", "\"qot:read\"", "");
    rails_save(&k);
    rails_reload(&k);
    gap("trade", true);
    gap("trade", false);
    nothing();
    peer_close(&v);
    stop();
}
END_TEST

/* The text for one with a key must not be told to those without. */
START_TEST(a_gap_of_a_key_does_not_reach_the_others)
{
    struct peer tcp, ws, secret;
    struct frame f;
    begin(READ, "");
    peer_open(&tcp, &k.r, FUTU_WIRE_TCP);
    peer_init(&tcp, CIPHER_NONE, 1, false);
    ck_assert_int_eq(peer_open_as(&ws, &k.r, "token-key"), FUTU_OK);
    peer_init(&ws, CIPHER_NONE, 1, false);
    peer_open(&secret, &k.r, FUTU_WIRE_TCP);
    peer_init(&secret, CIPHER_AES_CBC, 1, false);
    struct peer *all[] = { &tcp, &ws, &secret };
    for (size_t i = 0; i < 3; i++) {
        peer_sub(all[i], 2, &(struct sub_args){ "00700", TYPES(1), true, 1, 0, -1, false });
        peer_ok(all[i], 3001, 2);
    }
    gap("quote", true);
    for (size_t i = 0; i < 3; i++) {
        ck_assert(peer_next(all[i], &f));
        ck_assert_uint_eq(f.proto, PROTO_GAP);
        ck_assert_ptr_nonnull(memmem(f.body, f.len, "00700", 5));
        ck_assert((memmem(f.body, f.len, "00005", 5) != NULL) == (all[i] != &ws));
        peer_close(all[i]);
    }
    stop();
}
END_TEST

START_TEST(memory_that_is_out_ends_the_viewer_and_nothing_else)
{
    uint64_t id = 1001;
    bool failed = true;
    for (long n = 0; failed; n++) {
        begin(READ, "");
        viewer_open(&v, &k, "key", n % 2);
        name_accounts(rest(), &id, 1);
        sub(rest(), "00700", 1);
        mem_fail_at(n);
        push("00700", 1, 1000, false);
        k.r.events.notify(k.r.events.arg, 1003, (const uint8_t *)"\x08\x00", 2);
        k.r.events.trade(k.r.events.arg, 1001, 2208, (const uint8_t *)"\x08\x00", 2);
        failed = mem_failed();
        mem_fail_at(-1);
        rig_turn(&k.r);
        if (v.closes)
            ck_assert_int_eq(v.closed, FUTU_ENOMEM);
        peer_close(&v);
        stop();
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, each_kind_has_its_members);
    tcase_add_test(tc, bodies_can_be_had_as_json);
    tcase_add_test(tc, each_stream_and_account_has_numbers_of_its_own);
    tcase_add_test(tc, a_slow_viewer_gets_the_newest_and_hears_of_the_rest);
    tcase_add_test(tc, tickers_are_never_replaced);
    tcase_add_test(tc, who_would_lose_an_order_is_cut_with_a_reason);
    tcase_add_test(tc, without_a_scope_its_pushes_pass_by);
    tcase_add_test(tc, accounts_and_markets_that_are_not_listed_pass_by);
    tcase_add_test(tc, a_gap_is_told_by_what_is_watched);
    tcase_add_test(tc, a_gap_of_a_key_does_not_reach_the_others);
    tcase_add_test(tc, memory_that_is_out_ends_the_viewer_and_nothing_else);
}

int main(void)
{
    return run_tcase("events", add);
}
