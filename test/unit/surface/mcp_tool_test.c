/* mcp_tool_test.c - accounts that are found out, protocols without published messages, trading
 * without keys, and results as a model reads them. */
#include <math.h>

#include "mcp_rig.h"

/* The oldest request of a protocol that waits upstream. */
static const struct upstream_request *waiting(uint32_t proto)
{
    for (uint32_t i = 0; i < k.r.fake.n_calls; i++)
        if (k.r.fake.calls[i] && k.r.fake.calls[i]->proto == proto)
            return k.r.fake.calls[i];
    ck_abort_msg("%u is not asked: %s", proto, body());
    return NULL;
}

/* Answers it with JSON as it is. */
static void answer_json(uint32_t proto, const char *json)
{
    char hex[2000] = "";
    size_t n = strlen(json);
    ck_assert(2 * n < sizeof(hex));
    for (size_t i = 0; i < n; i++)
        snprintf(hex + 2 * i, 3, "%02x", (unsigned char)json[i]);
    rig_answer(&k.r, proto, hex);
}

/* ---- accounts ---- */

static void answer_accounts(void)
{
    static int32_t hk[] = { 1 }, both[] = { 1, 2 };
    Trd_Common_TrdAcc list[] = {
        { .trdEnv = 0, .accID = 11, .trdMarketAuthList = hk, .n_trdMarketAuthList = 1 },
        { .trdEnv = 1, .accID = 21, .trdMarketAuthList = both, .n_trdMarketAuthList = 2,
          .cardNum = STR("1001234500001111") },
        { .trdEnv = 1, .accID = 22, .trdMarketAuthList = both, .n_trdMarketAuthList = 2,
          .cardNum = STR("1001234500002222"), .uniCardNum = STR("9991234500001111") },
    };
    Trd_GetAccList_S2C s2c = { .n_accList = ARRAY_LEN(list), .accList = list };
    Trd_GetAccList_Response rsp = { .has_retType = true, .s2c = &s2c };
    for (size_t i = 0; i < ARRAY_LEN(list); i++)
        list[i].has_trdEnv = list[i].has_accID = true;
    while (rig_waiting(&k.r, 2001))         /* the hub itself asks too, for the keys' cards */
        rig_answer_msg(&k.r, 2001, &rsp);
    rig_turn(&k.r);
}

static uint64_t account_asked(uint32_t proto)
{
    const struct upstream_request *rq = waiting(proto);
    struct arena a = { .first = NULL };
    Trd_GetFunds_Request funds;
    ck_assert_int_eq(codec_decode(&Trd_GetFunds_Request_msg, &a, rq->body, rq->len, &funds, NULL,
                                  NULL), FUTU_OK);
    uint64_t id = funds.c2s->header->accID;
    arena_free(&a);
    return id;
}

START_TEST(an_account_is_found_by_its_card_or_as_the_only_one)
{
    static const struct {
        const char *args;
        uint64_t id;            /* 0: refused with `why` */
        const char *why;
    } rows[] = {
        { "{\"market\":\"HK\",\"env\":\"SIMULATE\"}", 11, NULL },
        { "{\"market\":\"HK\",\"card_num\":\"1001234500001111\"}", 21, NULL },
        { "{\"market\":\"HK\",\"card_num\":\"2222\"}", 22, NULL },
        { "{\"market\":\"HK\",\"card_num\":\"2222\",\"acc_id\":22}", 22, NULL },
        { "{\"market\":\"HK\",\"card_num\":\"2222\",\"acc_id\":21}", 0, "no account of this acc" },
        { "{\"market\":\"HK\",\"card_num\":\"1111\"}", 0, "several accounts have it (21, 22)" },
        { "{\"market\":\"HK\",\"card_num\":\"0000\"}", 0, "no account has it" },
        { "{\"market\":\"HK\"}", 0, "acc_id: required, since several accounts fit: 21, 22" },
        { "{\"market\":\"US\",\"env\":0}", 0, "no account of this env and market" },
    };
    struct arena mem = { .first = NULL };
    keyed(NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[400];
        snprintf(text, sizeof(text), CALL("futu_get_funds", "%s"), rows[i].args);
        say_as("token-all", text);
        answer_accounts();
        if (rows[i].why) {
            has(rows[i].why);
            ck_assert_uint_eq(rig_waiting(&k.r, 2101), 0);
            continue;
        }
        ck_assert_uint_eq(account_asked(2101), rows[i].id);
        Trd_GetFunds_Response *rsp = rails_filled(&Trd_GetFunds_Response_msg, &mem);
        rsp->s2c = rails_filled(&Trd_GetFunds_S2C_msg, &mem);
        rig_answer_msg(&k.r, 2101, rsp);
        has("\"isError\":false");
    }
    ask("token-sim", CALL("futu_place_order", "{\"env\":0,\"symbol\":\"HK.00700\",\"side\":\"BUY\","
        "\"order_type\":\"NORMAL\",\"qty\":100,\"price\":1}"),
        "acc_id: required: this API key may not list accounts");
    arena_free(&mem);
    stop();
}
END_TEST

START_TEST(what_is_shown_is_what_is_confirmed_also_for_an_account_that_was_found)
{
#define ORDER(more)                                                                                \
    CALL("futu_place_order", "{\"env\":1,\"card_num\":\"2222\",\"symbol\":\"HK.00700\","          \
         "\"side\":\"BUY\",\"order_type\":\"NORMAL\",\"qty\":100,\"price\":1" more "}")
    char text[500], token[33];
    keyed(&(struct mcp_opts){ PWD });
    unlock();
    say_as("token-all", ORDER(""));
    answer_accounts();
    has("NOT SENT YET: Buy 100 of 00700");
    has("account 22 (Real)");
    memcpy(token, strstr(body(), "\"confirm_token\":\"") + 17, 32);
    token[32] = '\0';
    snprintf(text, sizeof(text), ORDER(",\"confirm_token\":\"%s\""), token);
    say_as("token-all", text);
    answer_accounts();
    rails_written(&k);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 1);
    rig_answer(&k.r, 2202, PLACED);
    has("\"sent\":true");
    stop();
}
END_TEST

/* ---- protocols without published messages ---- */

START_TEST(queries_that_only_another_gateway_knows_go_up_as_json)
{
    keyed(NULL);
    ask("token-all", CALL("futu_get_cash_log", "{\"acc_id\":5}"),
        "futu_get_cash_log is not offered by this gateway's upstream: protocol 22701");
    k.r.fake.up.forwards = true;
    say_as("token-all", CALL("futu_get_cash_log", "{\"acc_id\":\"5\",\"env\":\"REAL\",\"in_out\":1,"
           "\"keyword\":\"a\\\"b\"}"));
    const struct upstream_request *rq = waiting(22701);
    static const char want[] = "{\"c2s\":{\"acc_id\":5,\"trd_env\":1,\"inner\":{\"in_out\":1,"
                               "\"keyword\":\"a\\\"b\"}}}";
    ck_assert_int_eq(rq->fmt, FRAME_JSON);
    ck_assert_msg(rq->len == sizeof(want) - 1 && memcmp(rq->body, want, rq->len) == 0, "%.*s",
                  (int)rq->len, (const char *)rq->body);
    answer_json(22701, "{\"retType\":0,\"s2c\":{\"log_list\":[],\"next_log_id\":\"7\"}}");
    has("\"structuredContent\":{\"log_list\":[],\"next_log_id\":\"7\"}");
    say_as("token-all", CALL("futu_get_margin_info", "{\"inner\":{\"a\":[1]},\"env\":0}"));
    answer_accounts();
    rq = waiting(22704);
    static const char inner[] = "\"acc_id\":11,\"trd_env\":0,\"inner\":{\"a\":[1]}";
    ck_assert_ptr_nonnull(memmem(rq->body, rq->len, inner, sizeof(inner) - 1));
    answer_json(22704, "{\"ret_type\":-1,\"ret_msg\":\"no margin here\"}");
    has("no margin here");
    stop();
}
END_TEST

START_TEST(answers_of_such_queries_are_judged)
{
    static const char *const rows[][2] = {
        { "{\"retType\":0}", "\"structuredContent\":{}" },
        { "{\"retType\":0,\"s2c\":[]}", "\"structuredContent\":{}" },
        { "{\"retType\":0,", "answer is no JSON" }, { "[]", "answer is no JSON" },
        { "{}", "refused" }, { "{\"retType\":\"0\"}", "refused" },
    };
    keyed(NULL);
    k.r.fake.up.forwards = true;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        say_as("token-all", CALL("futu_get_biz_group", "{\"acc_id\":5}"));
        answer_json(22703, rows[i][0]);
        has(rows[i][1]);
    }
    stop();
}
END_TEST

/* ---- without keys ---- */

static void opened(uint32_t open_scopes, bool direct)
{
    struct hub_opts h = { .mcp_open_scopes = open_scopes };
    rails_begin(&k);
    rails_open(&k, &h);
    struct mcp_opts o = { .hub = k.r.hub, .clock = clock_fake(&k.r.time), .timers = &k.r.timers,
                          .open_scopes = open_scopes, .direct = direct, PWD };
    ck_assert_int_eq(mcp_new(&m, &o), FUTU_OK);
    begin("2025-06-18");
}

#define OPEN_ORDER(env)                                                                            \
    CALL("futu_place_order", "{\"env\":" env ",\"acc_id\":5,\"symbol\":\"HK.00700\","             \
         "\"side\":\"BUY\",\"order_type\":\"NORMAL\",\"qty\":100,\"price\":1}")

START_TEST(without_keys_trading_is_what_was_opened)
{
    for (int direct = 0; direct < 2; direct++) {
        opened(0, direct);
        ask(NULL, OPEN_ORDER("0"), "without a keys file nothing here may trade");
        stop();
        opened(SCOPE_TRADE_SIMULATE, direct);
        ask(NULL, RPC("tools/list", "{}"), "\"futu_place_order\"");
        lacks("\"futu_unlock_trade\"");
        ask(NULL, OPEN_ORDER("1"), "real accounts are closed to trading");
        ask(NULL, CALL("futu_unlock_trade", "{}"), "unauthorized");
        say_as(NULL, OPEN_ORDER("0"));
        rails_written(&k);
        ck_assert_uint_eq(rig_waiting(&k.r, 2202), 1);
        rig_answer(&k.r, 2202, PLACED);
        has("\"sent\":true");
        stop();
    }
    opened(SCOPE_TRADE_SIMULATE | SCOPE_TRADE_REAL | SCOPE_TRADE_UNLOCK, true);
    say_as(NULL, CALL("futu_unlock_trade", "{}"));
    rails_written(&k);
    rig_answer(&k.r, 2005, HEX_EMPTY);
    has("\"isError\":false");
    say_as(NULL, OPEN_ORDER("1"));
    rails_written(&k);
    rig_answer(&k.r, 2202, PLACED);
    has("\"sent\":true");
    stop();
}
END_TEST

/* The hub does not rely on what the engine has looked at. */
START_TEST(the_hub_itself_keeps_real_accounts_closed)
{
    struct told t = { .times = 0 };
    struct hub_opts h = { .mcp_open_scopes = SCOPE_TRADE_SIMULATE };
    Trd_Common_TrdHeader header = { .trdEnv = 1, .accID = 5, .trdMarket = 1, .has_trdEnv = true,
                                    .has_accID = true, .has_trdMarket = true };
    Common_PacketID id = { .has_connID = true, .has_serialNo = true };
    Trd_PlaceOrder_C2S c2s = { .packetID = &id, .header = &header, .code = STR("00700"),
                               .has_trdSide = true, .trdSide = 1, .has_orderType = true,
                               .orderType = 1, .has_qty = true, .qty = 1 };
    Trd_PlaceOrder_Request rq = { .c2s = &c2s };
    rails_begin(&k);
    rails_open(&k, &h);
    futu_conn *c = rails_caller(&k, IFACE_MCP, NULL);
    told_ask(&t, c, 2202, &rq);
    ck_assert_uint_eq(t.times, 1);
    ck_assert_int_eq(t.deny, DENY_OPEN_MODE);
    told_free(&t);
    t = (struct told){ .times = 0 };
    c = rails_caller(&k, IFACE_REST, NULL);
    header.trdEnv = 0;
    told_ask(&t, c, 2202, &rq);
    ck_assert_int_eq(t.deny, DENY_OPEN_MODE);
    told_free(&t);
    rails_close(&k);
}
END_TEST

/* ---- results ---- */

static struct buf json, lines;

/* The result of a tool for a Response. */
static const char *result_of(struct mcp_result *r, const char *tool, const void *response)
{
    struct buf pb = BUF_INIT;
    r->tool = mcp_tool(str_c(tool));
    r->row = proto_find(r->tool->proto);
    ck_assert_int_eq(codec_encode(r->row->response, response, &pb, NULL), FUTU_OK);
    r->reply = buf_str(&pb);
    json.n = lines.n = 0;
    ck_assert_int_eq(mcp_result(r, &json, &lines), FUTU_OK);
    ck_assert(mcp_json_valid(buf_str(&json)));
    buf_byte(&json, 0);
    buf_byte(&lines, 0);
    buf_free(&pb);
    return (const char *)json.p;
}

static void in(const void *text, const char *part)
{
    ck_assert_msg(strstr(text, part), "%s is not in %.2000s", part, (const char *)text);
}

static Qot_RequestHistoryKL_Response candles(Qot_RequestHistoryKL_S2C *s2c, Qot_Common_KLine *list,
                                             size_t n, Qot_Common_Security *sec)
{
    *s2c = (Qot_RequestHistoryKL_S2C){ .security = sec, .klList = list, .n_klList = n };
    sec->has_market = true;
    for (size_t i = 0; i < n; i++) {
        list[i].has_isBlank = true;
        SET(&list[i], closePrice, 1.5);
    }
    return (Qot_RequestHistoryKL_Response){ .has_retType = true, .s2c = s2c };
}

START_TEST(times_have_their_offset_and_numbers_that_are_none_are_left_out)
{
    struct mcp_result r = { .now_ns = 1767605400 * NS_PER_S };      /* a Monday, 09:30 UTC */
    Qot_Common_Security us = { .market = 11, .code = STR("AAPL") };
    Qot_Common_KLine list[] = { { .time = STR("2025-12-01 16:00:00") },
                                { .time = STR("2025-07-01 16:00:00") }, { .time = STR("soon") } };
    Qot_RequestHistoryKL_S2C s2c;
    Qot_RequestHistoryKL_Response rsp = candles(&s2c, list, 3, &us);
    list[1].closePrice = (double)NAN;
    const char *is = result_of(&r, "futu_get_history_kline", &rsp);
    in(is, "{\"symbol\":\"US.AAPL\",\"currency\":\"USD\",\"kl_list\":[");
    in(is, "\"time\":\"2025-12-01T16:00:00-05:00\",\"is_blank\":false,\"close_price\":1.5}");
    in(is, "\"time\":\"2025-07-01T16:00:00-04:00\",\"is_blank\":false}");
    in(is, "\"time\":\"soon\"");
    in(is, "\"markets\":[{\"market\":\"US\",\"currency\":\"USD\",\"time_zone\":"
           "\"America/New_York\",\"utc_offset\":\"-05:00\",\"open\":false,"
           "\"next_open\":\"2026-01-05T09:30:00-05:00\"}]");
    in(lines.p, "The US market is closed now: it is pre-market");
    r.own_hours = true;
    is = result_of(&r, "futu_get_history_kline", &rsp);
    ck_assert(!strstr(is, "\"open\":") && !strstr((const char *)lines.p, "closed"));
    buf_free(&json);
    buf_free(&lines);
}
END_TEST

START_TEST(prices_have_the_currency_that_is_certain)
{
    static const struct {
        const char *code, *want;
    } rows[] = {
        { "00700", "\"symbol\":\"HK.00700\",\"currency\":\"HKD\"" },
        { "80700", "\"symbol\":\"HK.80700\",\"currency\":\"CNY\"" },
        { "09074", "\"symbol\":\"HK.09074\",\"kl_list\"" },
        { "09988", "\"symbol\":\"HK.09988\",\"currency\":\"HKD\"" },
        { "800000", "\"symbol\":\"HK.800000\",\"currency\":\"HKD\"" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct mcp_result r = { .now_ns = 0 };
        Qot_Common_Security hk = { .market = 1, .code = str_c(rows[i].code) };
        Qot_Common_KLine list[1] = { { .time = STR("2025-12-01 16:00:00") } };
        Qot_RequestHistoryKL_S2C s2c;
        Qot_RequestHistoryKL_Response rsp = candles(&s2c, list, 1, &hk);
        in(result_of(&r, "futu_get_history_kline", &rsp), rows[i].want);
    }
    buf_free(&json);
    buf_free(&lines);
}
END_TEST

START_TEST(long_lists_are_cut_and_say_so)
{
    enum { N = 600 };
    static Qot_Common_KLine list[N];
    static char note[2000];
    struct mcp_result r = { .now_ns = 0 };
    Qot_Common_Security us = { .market = 11, .code = STR("AAPL") };
    Qot_RequestHistoryKL_S2C s2c;
    memset(note, 'x', sizeof(note));
    for (size_t i = 0; i < N; i++)
        list[i].time = STR("2025-12-01 16:00:00");
    Qot_RequestHistoryKL_Response rsp = candles(&s2c, list, N, &us);
    in(result_of(&r, "futu_get_history_kline", &rsp), "\"truncated\":\"kl_list: 500 of 600 rows\"");
    in(lines.p, "kl_list: 500 of 600 rows are shown.");
    for (size_t i = 0; i < N; i++)
        list[i].time = (futu_str){ note, sizeof(note) };
    const char *is = result_of(&r, "futu_get_history_kline", &rsp);
    in(is, "of 600 rows\"");
    ck_assert_uint_lt(strlen(is), MCP_BYTES + 4096);
    r.rows = N;                         /* asked for */
    is = result_of(&r, "futu_get_history_kline", &rsp);
    ck_assert(!strstr(is, "truncated") && strlen(is) > N * sizeof(note));
    buf_free(&json);
    buf_free(&lines);
}
END_TEST

static void tests(TCase *tc)
{
    tcase_add_test(tc, an_account_is_found_by_its_card_or_as_the_only_one);
    tcase_add_test(tc, what_is_shown_is_what_is_confirmed_also_for_an_account_that_was_found);
    tcase_add_test(tc, queries_that_only_another_gateway_knows_go_up_as_json);
    tcase_add_test(tc, answers_of_such_queries_are_judged);
    tcase_add_test(tc, without_keys_trading_is_what_was_opened);
    tcase_add_test(tc, the_hub_itself_keeps_real_accounts_closed);
    tcase_add_test(tc, times_have_their_offset_and_numbers_that_are_none_are_left_out);
    tcase_add_test(tc, prices_have_the_currency_that_is_certain);
    tcase_add_test(tc, long_lists_are_cut_and_say_so);
}

int main(void)
{
    return run_tcase("mcp tools", tests);
}
