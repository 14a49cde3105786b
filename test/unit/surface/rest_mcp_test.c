/* rest_mcp_test.c - /mcp over HTTP: sessions, keys, headers, and what is no request. */
#include "rest_rig.h"

#define INIT "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"                \
             "\"protocolVersion\":\"2025-06-18\"}}"
#define PING "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}"
#define STATE                                                                                      \
    "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\",\"params\":{\"name\":"                \
    "\"futu_get_market_state\",\"arguments\":{\"symbols\":[\"HK.00700\"]}}}"
#define BOTH "application/json, text/event-stream"

static void begin(const char *token, char id[33])
{
    ask(&(struct want){ .target = "/mcp", .body = INIT, .token = token, .accept = BOTH }, 200,
        "\"protocolVersion\":\"2025-06-18\"");
    const char *at = strstr(g.headers, "Mcp-Session-Id: ");
    ck_assert_ptr_nonnull(at);
    memcpy(id, at + 16, 32);
    id[32] = '\0';
    ck_assert_int_eq(strcspn(id, "\r"), 32);
}

static void say(const char *token, const char *id, const char *body, int status, const char *part)
{
    ask(&(struct want){ .target = "/mcp", .body = body, .token = token, .session = id,
                        .accept = BOTH, .version = "2025-06-18" }, status, part);
}

START_TEST(a_session_is_made_used_and_ended)
{
    char id[33];
    keys();
    begin("qot", id);
    say("qot", id, PING, 200, "\"result\":{}");
    ck_assert_ptr_null(strstr(g.headers, "Mcp-Session-Id"));
    say("qot", id, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", 202, "");
    web_ask(&g, &(struct want){ .target = "/mcp", .body = STATE, .token = "qot", .session = id });
    ck_assert_uint_eq(g.times, 0);
    rig_answer(&k.r, 3223, HEX_EMPTY);
    answered(200, "\"id\":3,\"result\"");
    ask(&(struct want){ .method = "DELETE", .target = "/mcp", .token = "qot", .session = id }, 204,
        "");
    say("qot", id, PING, 404, "no such session");
    ask(&(struct want){ .method = "DELETE", .target = "/mcp", .token = "qot", .session = id }, 404,
        "no such session");
    stop();
}
END_TEST

START_TEST(a_session_is_of_one_key)
{
    char id[33];
    keys();
    ask(&(struct want){ .target = "/mcp", .body = INIT }, 401, "");
    ask(&(struct want){ .target = "/mcp", .body = INIT, .token = "nobody" }, 401, "");
    begin("qot", id);
    say("acc", id, PING, 404, "no such session");
    say(NULL, id, PING, 401, "");
    say("qot", "00000000000000000000000000000000", PING, 404, "no such session");
    say("qot", "x", PING, 404, "no such session");
    say("qot", NULL, PING, 400, "Mcp-Session-Id is missing");
    stop();
}
END_TEST

START_TEST(what_is_no_request_fails_alone)
{
    char id[33];
    keys();
    begin("qot", id);
    say("qot", id, "{", 400, "\"code\":-32700");
    say("qot", id, "[" PING "]", 400, "no batches");
    say("qot", id, "{\"id\":1}", 200, "\"id\":1,\"error\"");
    say("qot", id, "{}", 400, "-32600");
    ask(&(struct want){ .target = "/mcp", .body = PING, .token = "qot", .session = id,
                        .accept = "text/html" }, 406, "Accept");
    ask(&(struct want){ .target = "/mcp", .body = PING, .token = "qot", .session = id,
                        .version = "1999-01-01" }, 400, "MCP-Protocol-Version");
    ask(&(struct want){ .target = "/mcp", .body = PING, .token = "qot", .session = id,
                        .type = "text/plain" }, 415, "application/json");
    ask(&(struct want){ .target = "/mcp", .body = PING, .token = "qot", .session = id,
                        .version = "2025-11-25" }, 400, "agreed on another");
    ask(&(struct want){ .target = "/mcp", .body = PING, .token = "qot", .session = id,
                        .type = "application/jsonp" }, 415, "application/json");
    ask(&(struct want){ .method = "POST", .target = "/mcp", .token = "qot", .session = id }, 400,
        "-32700");
    ask(&(struct want){ .target = "/mcp", .token = "qot", .session = id }, 405, "");
    ck_assert_ptr_nonnull(strstr(g.headers, "Allow: POST, DELETE, OPTIONS"));
    ask(&(struct want){ .method = "HEAD", .target = "/mcp", .token = "qot", .session = id }, 405,
        "");
    ask(&(struct want){ .method = "PUT", .target = "/mcp", .token = "qot", .session = id }, 405,
        "");
    ask(&(struct want){ .target = "/mcp", .token = "qot", .body = "{\"jsonrpc\":\"2.0\",\"id\":1,"
                        "\"method\":\"initialize\"}" }, 200, "-32602");
    ck_assert_ptr_null(strstr(g.headers, "Mcp-Session-Id"));
    ask(&(struct want){ .target = "/mcp", .body = INIT, .token = "qot",
                        .origin = "https://evil.example" }, 403, "origin");
    say("qot", id, PING, 200, "\"result\":{}");
    stop();
}
END_TEST

START_TEST(without_keys_a_page_with_another_name_gets_nothing)
{
    open_mode();
    ask(&(struct want){ .target = "/mcp", .body = INIT, .host = "evil.example" }, 403, "host name");
    ask(&(struct want){ .target = "/mcp", .body = INIT, .host = "127.0.0.1:1" }, 200, "futu-opend");
    stop();
}
END_TEST

START_TEST(the_oldest_idle_session_makes_room)
{
    char first[33], id[33];
    keys();
    begin("qot", first);
    for (int i = 0; i < 256; i++) {
        rig_pass(&k.r, 1);
        begin("qot", id);
    }
    say("qot", first, PING, 404, "no such session");
    say("qot", id, PING, 200, "\"result\":{}");
    stop();
}
END_TEST

START_TEST(what_is_under_way_is_answered_when_its_session_goes)
{
    char id[33];
    keys();
    begin("qot", id);
    web_ask(&g2, &(struct want){ .target = "/mcp", .body = STATE, .token = "qot", .session = id });
    ask(&(struct want){ .method = "DELETE", .target = "/mcp", .token = "qot", .session = id }, 204,
        "");
    ck_assert_int_eq(g2.status, 404);
    rig_answer(&k.r, 3223, HEX_EMPTY);
    begin("qot", id);
    web_ask(&g2, &(struct want){ .target = "/mcp", .body = STATE, .token = "qot", .session = id });
    rest_abandon(g2.call);
    rig_answer(&k.r, 3223, HEX_EMPTY);
    ck_assert_uint_eq(g2.times, 0);
    web_ask(&g2, &(struct want){ .target = "/mcp", .body = STATE, .token = "qot", .session = id });
    stop();
}
END_TEST

START_TEST(preflights_name_the_headers)
{
    keys();
    ask(&(struct want){ .method = "OPTIONS", .target = "/mcp", .origin = "http://localhost:1" },
        204, "");
    ck_assert_ptr_nonnull(strstr(g.headers, "Mcp-Session-Id, MCP-Protocol-Version, "
                                             "Last-Event-ID"));
    ck_assert_ptr_nonnull(strstr(g.headers, "GET, HEAD, DELETE, POST"));
    stop();
}
END_TEST

static void tests(TCase *tc)
{
    tcase_add_test(tc, a_session_is_made_used_and_ended);
    tcase_add_test(tc, a_session_is_of_one_key);
    tcase_add_test(tc, what_is_no_request_fails_alone);
    tcase_add_test(tc, without_keys_a_page_with_another_name_gets_nothing);
    tcase_add_test(tc, the_oldest_idle_session_makes_room);
    tcase_add_test(tc, what_is_under_way_is_answered_when_its_session_goes);
    tcase_add_test(tc, preflights_name_the_headers);
}

int main(void)
{
    return run_tcase("rest_mcp", tests);
}
