/* mcp_test.c - JSON-RPC texts in, texts out: revisions, batches, garbage, the list of tools. */
#include "mcp_rig.h"
#include "surface/mcp_state.h"

/* ---- messages ---- */

START_TEST(revisions_are_agreed_on)
{
    static const struct {
        const char *ask, *get;
    } rows[] = {
        { "2024-11-05", "2024-11-05" }, { "2025-03-26", "2025-03-26" },
        { "2025-06-18", "2025-06-18" }, { "2025-11-25", "2025-11-25" },
        { "1999-01-01", "2025-11-25" }, { "", "2025-11-25" },
    };
    rails_begin(&k);
    make(NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char part[64];
        ck_assert_int_eq(mcp_session_new(m, &s, NULL), FUTU_OK);
        char text[160];
        snprintf(text, sizeof(text), RPC("initialize", "{\"protocolVersion\":\"%s\"}"),
                 rows[i].ask);
        snprintf(part, sizeof(part), "\"protocolVersion\":\"%s\"", rows[i].get);
        ask(NULL, text, part);
        ask(NULL, text, "initialised already");
        mcp_session_free(s);
    }
    ck_assert_int_eq(mcp_session_new(m, &s, NULL), FUTU_OK);
    ask(NULL, RPC("initialize", "{}"), "-32602");
    ask(NULL, RPC("tools/list", "{}"), "not initialised");
    ask(NULL, RPC("ping", "{}"), "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{}}");
    stop();
}
END_TEST

START_TEST(what_is_no_message_is_answered_and_nothing_ends)
{
    static const struct {
        const char *text, *part;
    } rows[] = {
        { "", "-32700" }, { "{", "-32700" }, { "nonsense", "-32700" }, { "{\"a\":NaN}", "-32700" },
        { "{\"a\":Infinity}", "-32700" }, { "{\"a\":1}}", "-32700" }, { "{\"a\":01}", "-32700" },
        { "{\"a\":1.}", "-32700" }, { "{\"a\":1e}", "-32700" }, { "{\"a\":.5}", "-32700" },
        { "{\"a\":\"\x80\"}", "-32700" }, { "{'a':1}", "-32700" }, { "{\"a\":1,}", "-32700" },
        { "[1,]", "-32700" }, { "{\"a\" 1}", "-32700" }, { "{1:1}", "-32700" },
        { "{\"a\":tru}", "-32700" }, { "\"\\ud800\"", "-32700" },
        { "1", "-32600" }, { "null", "-32600" }, { "{}", "-32600" }, { "\"text\"", "-32600" },
        { "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", "-32600" },
        { "{\"id\":1,\"method\":\"ping\"}", "\"id\":1,\"error\":{\"code\":-32600" },
        { "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", "-32600" },
        { "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}", "-32600" },
        { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":2}", "-32600" },
        { "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":[]}", "-32602" },
        { RPC("resources/list", "{}"), "-32601" }, { RPC("", "{}"), "-32601" },
        { RPC("tools/call", "{}"), "-32602" }, { RPC("tools/call", "{\"name\":1}"), "-32602" },
        { RPC("tools/call", "{\"name\":\"futu_ping\",\"arguments\":[]}"), "-32602" },
        { RPC("tools/list", "{\"cursor\":\"x\"}"), "-32602" },
        { RPC("tools/list", "{\"cursor\":\"t999\"}"), "-32602" },
        { RPC("tools/list", "{\"cursor\":3}"), "-32602" },
        { RPC("logging/setLevel", "{\"level\":\"loud\"}"), "-32602" },
        { RPC("logging/setLevel", "{}"), "-32602" },
        { "[" RPC("ping", "{}") "]", "no batches" },
        { "[]", "no batches" },
    };
    open_mode("2025-06-18");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ask(NULL, rows[i].text, rows[i].part);
    ask(NULL, RPC("ping", "{}"), "\"result\":{}");
    stop();
}
END_TEST

START_TEST(values_that_are_nested_too_deep_are_no_json)
{
    char text[200];
    open_mode("2025-06-18");
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    text[128] = '\0';
    ask(NULL, text, "-32700");
    char *big = mem_alloc(MCP_TEXT_MAX + 2);
    memset(big, ' ', MCP_TEXT_MAX + 1);
    big[MCP_TEXT_MAX + 1] = '\0';
    ask(NULL, big, "at most 1048576 bytes");
    mem_free(big);
    stop();
}
END_TEST

START_TEST(responses_and_notifications_are_not_answered)
{
    static const char *const rows[] = {
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":\"\"}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":9}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\"}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/other\",\"params\":{}}",
    };
    open_mode("2025-11-25");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        say_as(NULL, rows[i]);
        ck_assert_uint_eq(got.times, 1);
        ck_assert_int_eq(got.kind, MCP_NOTHING);
    }
    stop();
}
END_TEST

START_TEST(batches_are_answered_as_one)
{
    open_mode("2025-03-26");
    say_as(NULL, "[" RPC("ping", "{}") "," CALL("futu_get_market_state",
                 "{\"symbols\":[\"HK.00700\"]}") ",{\"jsonrpc\":\"2.0\",\"method\":\"x\"},1]");
    ck_assert_uint_eq(got.times, 0);
    rig_answer(&k.r, 3223, HEX_EMPTY);
    has("[{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{}},{");
    has("\"code\":-32600");
    has("\"id\":7,\"result\"");
    ck_assert_str_eq(body() + strlen(body()) - 2, "}]");
    ask(NULL, "[]", "an empty batch");
    say_as(NULL, "[{\"jsonrpc\":\"2.0\",\"method\":\"x\"}]");
    ck_assert_int_eq(got.kind, MCP_NOTHING);
    ask(NULL, "[" RPC("initialize", "{\"protocolVersion\":\"2025-03-26\"}") "]", "already");
    struct buf many = BUF_INIT;
    buf_puts(&many, "[1");
    for (int i = 0; i < MCP_BATCH_MAX; i++)
        buf_puts(&many, ",1");
    buf_put(&many, "]", 2);
    ask(NULL, (const char *)many.p, "at most 50");
    buf_free(&many);
    stop();
}
END_TEST

/* ---- tools/list ---- */

START_TEST(every_tool_of_the_registry_has_its_row)
{
    size_t n, n_tools;
    const struct proto_row *rows = proto_rows(&n);
    const struct mcp_tool *tools = mcp_tools(&n_tools);
    for (size_t i = 0; i < n; i++) {
        if (!rows[i].mcp)
            continue;
        const struct mcp_tool *t = mcp_tool(str_c(rows[i].mcp));
        /* A keep-alive ends at the next gateway; a ping is to go all the way. */
        uint32_t proto = rows[i].id == 1004 ? 1002 : rows[i].id;
        ck_assert_msg(t && t->proto == proto, "%s", rows[i].mcp);
    }
    ck_assert_uint_le(n_tools, MCP_TOOLS_MAX);
    for (size_t i = 0; i < n_tools; i++) {
        const struct proto_row *row = proto_find(tools[i].proto);
        ck_assert_msg(row && !row->request == !!(tools[i].flags & MCP_RAW), "%s", tools[i].name);
        ck_assert_msg(!row->write == !(tools[i].flags & MCP_ORDER), "%s", tools[i].name);
        ck_assert_ptr_eq(mcp_tool(str_c(tools[i].name)), &tools[i]);
    }
}
END_TEST

START_TEST(only_what_the_key_may_call_is_listed)
{
    keyed(NULL);
    ask("token-all", RPC("tools/list", "{}"), "futu_place_order");
    has("futu_unlock_trade");
    lacks("password\":");
    lacks("pwd");
    ask("token-qot", RPC("tools/list", "{}"), "futu_get_quote");
    lacks("\"futu_place_order\"");
    lacks("\"futu_get_funds\"");
    ask("token-old", RPC("tools/list", "{}"), "\"tools\":[]");
    ask("token-none", RPC("tools/list", "{}"), "\"tools\":[]");
    stop();
    open_mode("2025-06-18");
    ask(NULL, RPC("tools/list", "{}"), "futu_get_funds");
    lacks("\"futu_place_order\"");
    stop();
}
END_TEST

START_TEST(pages_of_the_list_make_up_the_whole)
{
    size_t n = 0, pages = 0;
    char text[120] = RPC("tools/list", "{}");
    keyed(&(struct mcp_opts){ .page = 7, .api_key = "token-all" });
    for (;;) {
        ask(NULL, text, "\"tools\":[");
        for (const char *at = body(); (at = strstr(at, "\"inputSchema\"")) != NULL; at++)
            n++;
        pages++;
        const char *next = strstr(body(), "\"nextCursor\":\"");
        if (!next)
            break;
        snprintf(text, sizeof(text), RPC("tools/list", "{\"cursor\":\"%.*s\"}"),
                 (int)strcspn(next + 14, "\""), next + 14);
    }
    size_t all;
    mcp_tools(&all);
    ck_assert_uint_eq(n, all);
    ck_assert_uint_eq(pages, (all + 6) / 7);
    stop();
}
END_TEST

START_TEST(groups_leave_tools_out)
{
    uint32_t groups;
    futu_str bad;
    ck_assert(!mcp_groups(STR("quote,acount"), &groups, &bad));
    ck_assert(str_is(bad, "acount"));
    ck_assert(mcp_groups(STR(""), &groups, &bad) && groups == MCP_ALL_GROUPS);
    ck_assert(mcp_groups(STR("quote,core"), &groups, &bad));
    keyed(&(struct mcp_opts){ .groups = groups });
    ask("token-all", RPC("tools/list", "{}"), "futu_get_quote");
    lacks("\"futu_get_funds\"");
    ask("token-all", CALL("futu_get_funds", "{}"), "unknown tool");
    stop();
}
END_TEST

static void tests(TCase *tc)
{
    tcase_add_test(tc, revisions_are_agreed_on);
    tcase_add_test(tc, what_is_no_message_is_answered_and_nothing_ends);
    tcase_add_test(tc, values_that_are_nested_too_deep_are_no_json);
    tcase_add_test(tc, responses_and_notifications_are_not_answered);
    tcase_add_test(tc, batches_are_answered_as_one);
    tcase_add_test(tc, every_tool_of_the_registry_has_its_row);
    tcase_add_test(tc, only_what_the_key_may_call_is_listed);
    tcase_add_test(tc, pages_of_the_list_make_up_the_whole);
    tcase_add_test(tc, groups_leave_tools_out);
}

int main(void)
{
    return run_tcase("mcp", tests);
}
