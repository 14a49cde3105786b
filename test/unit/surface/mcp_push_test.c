/* mcp_push_test.c - orders, fills and quotes as log messages of a session: who gets which, how they
 * read, what gives way, and how they end. */
#include "base/shbuf.h"
#include "mcp_rig.h"
#include "mcp_events.h"
#include "surface/mcp_state.h"

#define SUB_ACC(ids) CALL("futu_sub_acc_push", ids)
#define UNSUB_ACC(ids) CALL("futu_unsub_acc_push", ids)
#define QUOTES(more) "{\"symbols\":[\"HK.00700\"],\"sub_types\":[1]" more "}"

static unsigned pushes;
static struct {
    unsigned times;
    futu_err err;
    char reason[128];
} end;

static void on_push(void *arg)
{
    ck_assert_ptr_eq(arg, &pushes);
    pushes++;
}

static void on_end(void *arg, futu_err err, const char *reason)
{
    ck_assert_ptr_eq(arg, &pushes);
    end.times++;
    end.err = err;
    str_copy(end.reason, sizeof(end.reason), str_c(reason));
}

static void hear(void)
{
    pushes = end.times = 0;
    mcp_session_hear(s, &(struct mcp_ears){ on_push, on_end, &pushes });
}

/* The next text; NULL: none. */
static const char *next(void)
{
    static char text[65536];
    ck_assert((mcp_session_waits(s)));
    struct shbuf *b = mcp_session_take(s);
    ck_assert_ptr_nonnull(b);
    futu_str t = { (const char *)b->p, b->n };
    ck_assert(mcp_json_valid(t));
    ck_assert_ptr_null(memchr(t.p, '\n', t.n));
    str_copy(text, sizeof(text), t);
    shbuf_unref(b);
    return text;
}

static void nothing(void)
{
    ck_assert(!mcp_session_waits(s));
    ck_assert_ptr_null(mcp_session_take(s));
}

static void says(const char *text, const char *part)
{
    ck_assert_msg(strstr(text, part), "%s is not in %s", part, text);
}

/* One subscription takes two answers of the hub: the session's and the key's. */
static void subscribed(const char *token, const char *args)
{
    char text[300];
    snprintf(text, sizeof(text), CALL("futu_subscribe", "%s"), args);
    say_as(token, text);
    rig_turn(&k.r);
    has("\"isError\":false");
}

/* ---- orders and fills ---- */

START_TEST(orders_of_the_accounts_come_as_log_messages)
{
    keyed(NULL);
    hear();
    ask("token-all", SUB_ACC("{\"acc_ids\":[1001,\"1002\"]}"), "acc_ids");
    has("\"structuredContent\":{\"acc_ids\":[\"1001\",\"1002\"]}");
    order_event(1003, 2208);
    nothing();
    order_event(1001, 2208);
    ck_assert_uint_ge(pushes, 1);
    const char *t = next();
    says(t, "\"method\":\"notifications/message\",\"params\":{\"level\":\"notice\","
            "\"logger\":\"futu.trade\",\"data\":{\"type\":\"trade\",\"proto_id\":2208,\"seq\":1,"
            "\"acc_id\":1001,\"acc_id_str\":\"1001\",\"market\":\"HK\",\"event\":{");
    says(t, "\"order\":{");
    says(t, "\"order_id_str\":");
    says(t, "\"body_b64\":\"");
    order_event(1002, 2218);
    says(next(), "\"order_fill\":{");
    nothing();
    stop();
}
END_TEST

START_TEST(without_a_list_it_is_every_account_of_the_key)
{
    struct arena mem = { .first = NULL };
    keyed(NULL);
    hear();
    rig_answer(&k.r, 2001, HEX_EMPTY);  /* what the hub asks for itself */
    say_as("token-all", SUB_ACC("{}"));
    ck_assert_uint_eq(got.times, 0);
    Trd_Common_TrdAcc *acc = rails_filled(&Trd_Common_TrdAcc_msg, &mem);
    acc->accID = 77;
    Trd_GetAccList_S2C s2c = { .accList = acc, .n_accList = 1 };
    Trd_GetAccList_Response rsp = { .retMsg = STR(""), .s2c = &s2c };
    SET(&rsp, retType, 0);
    rig_answer_msg(&k.r, 2001, &rsp);
    rig_turn(&k.r);
    has("\"acc_ids\":[\"77\"");
    order_event(77, 2208);
    says(next(), "\"acc_id\":77,");
    say_as("token-all", SUB_ACC("{\"acc_ids\":[]}"));
    s2c.n_accList = 0;
    rig_answer_msg(&k.r, 2001, &rsp);
    rig_turn(&k.r);
    has("may see no account");
    arena_free(&mem);
    stop();
}
END_TEST

START_TEST(accounts_are_added_and_given_up)
{
    keyed(NULL);
    hear();
    ask("token-all", UNSUB_ACC("{}"), "\"structuredContent\":{\"acc_ids\":[]}");
    ask("token-all", SUB_ACC("{\"acc_ids\":[1]}"), "\"structuredContent\":{\"acc_ids\":[\"1\"]}");
    ask("token-all", SUB_ACC("{\"acc_ids\":[2,1,2]}"), "{\"acc_ids\":[\"1\",\"2\"]}");
    ask("token-all", SUB_ACC("{\"acc_ids\":[3]}"), "{\"acc_ids\":[\"1\",\"2\",\"3\"]}");
    ask("token-all", UNSUB_ACC("{\"acc_ids\":[1,9]}"), "{\"acc_ids\":[\"2\",\"3\"]}");
    order_event(1, 2208);
    nothing();
    order_event(3, 2208);
    says(next(), "\"acc_id\":3,");
    ask("token-all", UNSUB_ACC("{}"), "{\"acc_ids\":[]}");
    order_event(3, 2208);
    nothing();
    stop();
}
END_TEST

START_TEST(a_key_registers_its_own_accounts_alone)
{
    rails_begin(&k);
    rails_key(&k, "mine", "\"acc:read\"", ",\"allowed_acc_ids\":[1001],"
                          "\"allowed_markets\":[\"US\"]");
    rails_key(&k, "qot", "\"qot:read\"", "");
    rails_key(&k, "all", "\"acc:read\"", "");
    rails_save(&k);
    make(NULL);
    begin("2025-06-18");
    hear();
    ask("token-qot", SUB_ACC("{\"acc_ids\":[1001]}"), "unauthorized");
    ask("token-mine", SUB_ACC("{\"acc_ids\":[1002]}"), "unauthorized");
    ask("token-mine", SUB_ACC("{\"acc_ids\":[1001]}"), "[\"1001\"]");
    order_event(1001, 2208);            /* of a market that the key does not name */
    nothing();
    /* The other key's registration is another one, in the same session. */
    ask("token-all", SUB_ACC("{\"acc_ids\":[1002]}"), "{\"acc_ids\":[\"1002\"]}");
    order_event(1002, 2208);
    says(next(), "\"acc_id\":1002,");
    nothing();
    stop();
}
END_TEST

START_TEST(what_cannot_be_decoded_is_not_delivered)
{
    keyed(NULL);
    hear();
    ask("token-all", SUB_ACC("{\"acc_ids\":[1001]}"), "[\"1001\"]");
    k.r.events.trade(k.r.events.arg, 1001, 2208, (const uint8_t *)"\xff\xff", 2);
    rig_turn(&k.r);
    nothing();
    order_event(1001, 2208);
    says(next(), "\"seq\":2");
    stop();
}
END_TEST

/* ---- quotes ---- */

START_TEST(quotes_come_to_the_session_that_asked_for_pushes)
{
    struct mcp_session *first, *second;
    keyed(NULL);
    first = s;
    begin("2025-11-25");
    second = s;
    hear();
    subscribed("token-qot", QUOTES(""));
    quote(300);
    nothing();
    subscribed("token-qot", QUOTES(",\"push\":true,\"is_first_push\":false"));
    quote(301.5);
    const char *t = next();
    says(t, "\"level\":\"info\",\"logger\":\"futu.quote\",\"data\":{\"type\":\"quote\","
            "\"proto_id\":3005,\"seq\":");
    says(t, "\"symbol\":\"HK.00700\",\"sub_type\":1,\"rehab_type\":0,\"event\":{"
            "\"basic_qot_list\":[{\"symbol\":\"HK.00700\"");
    says(t, "\"cur_price\":301.5");
    ck_assert_ptr_null(strstr(t, "body_b64"));
    nothing();
    s = first;
    nothing();
    mcp_session_free(first);
    s = second;
    ask("token-qot", CALL("futu_unsubscribe", QUOTES("")), "\"isError\":true");
    quote(302);
    says(next(), "302");
    rig_pass(&k.r, 61 * NS_PER_S);
    say_as("token-qot", CALL("futu_unsubscribe", QUOTES("")));
    rig_turn(&k.r);
    has("\"isError\":false");
    quote(303);
    nothing();
    ck_assert_uint_eq(k.r.fake.log.n > 0, 1);
    stop();
}
END_TEST

START_TEST(newer_quotes_give_way_and_it_is_told)
{
    keyed(NULL);
    hear();
    subscribed("token-qot", QUOTES(",\"push\":true"));
    ask("token-all", SUB_ACC("{\"acc_ids\":[1001]}"), "[\"1001\"]");
    for (int i = 1; i <= 2000; i++)
        quote(i);
    order_event(1001, 2208);
    unsigned quotes = 0, orders = 0, gaps = 0;
    char last[64] = "", part[32];
    for (int i = 2001; mcp_session_waits(s); i++) {
        const char *t = next();
        quotes += strstr(t, "futu.quote") != NULL;
        orders += strstr(t, "futu.trade") != NULL;
        gaps += strstr(t, "\"type\":\"gap\",\"reason\":\"slow reader\",\"lost\":") != NULL;
        const char *at = strstr(t, "\"cur_price\":");
        if (at)
            str_copy(last, sizeof(last), (futu_str){ at, strcspn(at, ",") });
        if (i == 2001)
            quote(5000);                /* there is room for the news that some gave way */
    }
    ck_assert_uint_lt(quotes, 1500);
    ck_assert_uint_eq(orders, 1);
    ck_assert_str_eq(last, "\"cur_price\":5000");
    snprintf(part, sizeof(part), "%u", gaps);
    quote(5001);
    while (mcp_session_waits(s))
        gaps += strstr(next(), "\"reason\":\"slow reader\"") != NULL;
    ck_assert_uint_ge(gaps, 1);
    ck_assert_uint_eq(end.times, 0);
    stop();
}
END_TEST

START_TEST(before_an_order_is_lost_the_pushes_end)
{
    keyed(NULL);
    hear();
    ask("token-all", SUB_ACC("{\"acc_ids\":[1001]}"), "[\"1001\"]");
    unsigned sent = 0, come = 0;
    for (; sent < 100000 && come == 0; sent++) {
        order_event(1001, 2208);
        if (s->n_notes > 0)
            come = 1;
    }
    ck_assert_uint_lt(sent, 100000);
    says(next(), "\"level\":\"error\",\"logger\":\"futu.end\",\"data\":{\"type\":\"end\","
                 "\"reason\":\"pushes have ended: reads too slowly: ");
    nothing();
    ask("token-all", SUB_ACC("{\"acc_ids\":[1001]}"), "[\"1001\"]");
    order_event(1001, 2208);
    says(next(), "\"acc_id\":1001");
    stop();
}
END_TEST

START_TEST(the_level_decides_what_is_heard)
{
    static const struct {
        const char *level;
        bool quotes, orders;
    } rows[] = { { "debug", true, true }, { "info", true, true }, { "notice", false, true },
                 { "warning", false, false }, { "emergency", false, false } };
    keyed(NULL);
    hear();
    subscribed("token-all", QUOTES(",\"push\":true"));
    ask("token-all", SUB_ACC("{\"acc_ids\":[1001]}"), "[\"1001\"]");
    while (mcp_session_waits(s))
        next();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[200];
        snprintf(text, sizeof(text), RPC("logging/setLevel", "{\"level\":\"%s\"}"),
                 rows[i].level);
        ask("token-all", text, "{}");
        quote(300 + (double)i);
        if (rows[i].quotes)
            says(next(), "futu.quote");
        order_event(1001, 2208);
        if (rows[i].orders)
            says(next(), "futu.trade");
        nothing();
    }
    stop();
}
END_TEST

/* ---- ends ---- */

START_TEST(pushes_end_with_their_key)
{
    keyed(NULL);
    hear();
    ck_assert_int_eq(mcp_session_watch(s, rails_api_key(&k, "all")), FUTU_OK);
    ask("token-other", SUB_ACC("{\"acc_ids\":[1001]}"), "[\"1001\"]");
    rails_key(&k, "all", "\"acc:read\"", "");
    rails_save(&k);
    rails_reload(&k);
    rig_turn(&k.r);
    ck_assert_uint_eq(end.times, 0);
    says(next(), "pushes have ended: the API key is revoked");
    order_event(1001, 2208);
    nothing();
    rails_key(&k, "qot", "\"acc:read\"", "");
    rails_save(&k);
    rails_reload(&k);
    rig_turn(&k.r);
    ck_assert_uint_eq(end.times, 1);
    ck_assert_int_eq(end.err, FUTU_EAUTH);
    ck_assert_str_eq(end.reason, "the API key is revoked");
    stop();
}
END_TEST

START_TEST(a_session_has_so_many_keys_and_no_more)
{
    char id[16], token[24];
    rails_begin(&k);
    for (int i = 0; i <= MCP_PUSH_KEYS; i++) {
        snprintf(id, sizeof(id), "k%d", i);
        rails_key(&k, id, "\"acc:read\"", "");
    }
    rails_save(&k);
    make(NULL);
    begin("2025-06-18");
    hear();
    for (int i = 0; i <= MCP_PUSH_KEYS; i++) {
        snprintf(token, sizeof(token), "token-k%d", i);
        ask(token, SUB_ACC("{\"acc_ids\":[1001]}"),
            i < MCP_PUSH_KEYS ? "[\"1001\"]" : "too many connections or keys");
    }
    order_event(1001, 2208);
    for (int i = 0; i < MCP_PUSH_KEYS; i++)
        says(next(), "\"acc_id\":1001");
    nothing();
    stop();
}
END_TEST

START_TEST(the_session_may_go_while_a_call_for_pushes_is_under_way)
{
    keyed(NULL);
    hear();
    k.r.fake.slow = true;
    say_as("token-all", SUB_ACC("{\"acc_ids\":[1001]}"));
    ck_assert_uint_eq(got.times, 0);
    mcp_session_free(s);
    rig_watched(&k.r, FUTU_OK, NULL);
    k.r.fake.slow = false;
    begin("2025-06-18");
    say_as("token-all", SUB_ACC("{}"));
    mcp_session_free(s);
    rig_answer(&k.r, 2001, HEX_EMPTY);
    rig_turn(&k.r);
    begin("2025-06-18");
    say_as("token-all", CALL("futu_subscribe", QUOTES(",\"push\":true")));
    mcp_session_free(s);
    rig_turn(&k.r);
    begin("2025-06-18");
    stop();
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    bool failed = true;
    for (long n = 0; failed; n++) {
        keyed(NULL);
        hear();
        buf_reserve(&got.text, 1 << 16);
        k.trail.deaf = k.daily.deaf = true;
        mem_fail_at(n);
        say_as("token-all", SUB_ACC("{\"acc_ids\":[1001]}"));
        rig_turn(&k.r);
        unsigned times = got.times;
        say_as("token-all", CALL("futu_subscribe", QUOTES(",\"push\":true")));
        rig_turn(&k.r);
        k.r.events.trade(k.r.events.arg, 1001, 2208, (const uint8_t *)"\x08\x00\x22\x00", 4);
        rig_turn(&k.r);
        failed = mem_failed();
        mem_fail_at(-1);
        ck_assert_uint_eq(times, 1);
        ck_assert_uint_eq(got.times, 1);
        for (struct shbuf *b; (b = mcp_session_take(s)) != NULL;)
            shbuf_unref(b);
        stop();
    }
}
END_TEST

static void tests(TCase *tc)
{
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, orders_of_the_accounts_come_as_log_messages);
    tcase_add_test(tc, without_a_list_it_is_every_account_of_the_key);
    tcase_add_test(tc, accounts_are_added_and_given_up);
    tcase_add_test(tc, a_key_registers_its_own_accounts_alone);
    tcase_add_test(tc, what_cannot_be_decoded_is_not_delivered);
    tcase_add_test(tc, quotes_come_to_the_session_that_asked_for_pushes);
    tcase_add_test(tc, newer_quotes_give_way_and_it_is_told);
    tcase_add_test(tc, before_an_order_is_lost_the_pushes_end);
    tcase_add_test(tc, the_level_decides_what_is_heard);
    tcase_add_test(tc, pushes_end_with_their_key);
    tcase_add_test(tc, a_session_has_so_many_keys_and_no_more);
    tcase_add_test(tc, the_session_may_go_while_a_call_for_pushes_is_under_way);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("mcp pushes", tests);
}
