/* mcp_sse_test.c - /sse: sessions that are their readers, as revision 2024-11-05 has them. */
#include "mcp_web_rig.h"

#define INIT                                                                                       \
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"                         \
    "\"protocolVersion\":\"2024-11-05\"}}"

static char target[64];

/* Keeps where the event says that texts go. */
static void names(const char *piece)
{
    const char *path = strchr(piece, '/');
    ck_assert_ptr_nonnull(path);
    str_copy(target, sizeof(target), (futu_str){ path, strcspn(path, "\n") });
}

static void get(int i, const char *token, const char *path)
{
    web_ask(&reader[i], &(struct want){ .method = "GET", .target = path, .token = token,
                                        .accept = EVENTS, .streams = true });
}

/* Reader i, whose first event says where to post. */
static void connects(int i, const char *token, const char *path)
{
    char head[64];
    get(i, token, path);
    ck_assert_msg(reader[i].stream && reader[i].status == 200, "%d", reader[i].status);
    ck_assert_str_eq(reader[i].type, "text/event-stream");
    const char *piece = next(i);
    int n = snprintf(head, sizeof(head), "event: endpoint\ndata: %s?session_id=", path);
    ck_assert_msg(strncmp(piece, head, (size_t)n) == 0, "%s", piece);
    names(piece);
    ck_assert_uint_eq(strlen(target), strlen(path) + 12 + WEB_ID);
    str_copy(id, sizeof(id), (futu_str){ target + strlen(target) - WEB_ID, WEB_ID });
}

static void post(const char *token, const char *body, int status, const char *part)
{
    ask(&(struct want){ .target = target, .body = body, .token = token }, status, part);
}

static void begins(int i, const char *token)
{
    connects(i, token, "/sse");
    post(token, INIT, 202, "");
    says(i, "\"protocolVersion\":\"2024-11-05\"");
    post(token, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", 202, "");
    is(i, "");
}

START_TEST(answers_are_events_of_the_reader)
{
    keys();
    begins(0, "all");
    post("all", PING, 202, "");
    is(0, "event: message\nid: 0-2\ndata: {\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}\n\n");
    post("all", STATE, 202, "");
    is(0, "");
    rig_answer(&k.r, 3223, HEX_EMPTY);
    says(0, "\"id\":3,\"result\"");
    post("all", "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"nothing\"}", 202, "");
    says(0, "\"id\":4,\"error\":{\"code\":-32601");
    leave(0);
    done();
}
END_TEST

START_TEST(both_paths_serve_it)
{
    keys();
    connects(0, "all", "/mcp/sse");
    post("all", PING, 202, "");
    says(0, "\"id\":2");
    leave(0);
    done();
}
END_TEST

START_TEST(pushes_come_beside_answers)
{
    keys();
    begins(0, "all");
    post("all", ACCOUNTS, 202, "");
    says(0, "1001");
    order_event(1001, 2208);
    says(0, "\"logger\":\"futu.trade\"");
    leave(0);
    done();
}
END_TEST

START_TEST(it_ends_with_its_reader)
{
    keys();
    begins(0, "all");
    post("all", STATE, 202, "");
    ck_assert_uint_eq(rest->n_mcp_sessions, 1);
    leave(0);
    ck_assert_uint_eq(rest->n_mcp_sessions, 0);
    rig_answer(&k.r, 3223, HEX_EMPTY);          /* nobody hears of it */
    post("all", PING, 404, "no such session");
    begins(0, "all");
    leave(0);
    done();
}
END_TEST

START_TEST(it_is_of_one_key_and_of_one_transport)
{
    char old[33];
    keys();
    get(0, NULL, "/sse");
    ck_assert_int_eq(reader[0].status, 401);
    get(0, "nobody", "/sse");
    ck_assert_int_eq(reader[0].status, 401);
    begins(0, "all");
    post("other", PING, 404, "no such session");
    post(NULL, PING, 401, "");
    say("all", PING, 404, "no such session");   /* of /mcp */
    memcpy(old, id, sizeof(old));
    begin("all", "2025-06-18");
    snprintf(target, sizeof(target), "/sse?session_id=%s", id);
    post("all", PING, 404, "no such session");
    snprintf(target, sizeof(target), "/sse?session_id=%s", old);
    post("all", PING, 202, "");
    says(0, "\"id\":2");
    leave(0);
    done();
}
END_TEST

START_TEST(it_ends_with_its_key)
{
    keys();
    begins(0, "all");
    post("all", PING, 202, "");
    rails_key(&k, "other", "\"qot:read\"", "");
    rails_save(&k);
    rails_reload(&k);
    rig_turn(&k.r);
    says(0, "\"logger\":\"futu.end\"");         /* what waited is not read any more */
    is(0, "end");
    ck_assert_uint_eq(rest->n_mcp_sessions, 0);
    done();
}
END_TEST

START_TEST(wrong_requests_are_told_why)
{
    keys();
    ask(&(struct want){ .method = "GET", .target = "/sse", .token = "all", .accept = "text/html",
                        .streams = true }, 406, "Accept");
    ask(&(struct want){ .method = "GET", .target = "/sse", .token = "all", .accept = EVENTS }, 405,
        "");
    ask(&(struct want){ .method = "HEAD", .target = "/sse", .token = "all" }, 405, "");
    ask(&(struct want){ .method = "DELETE", .target = "/sse", .token = "all" }, 405, "");
    ask(&(struct want){ .method = "GET", .target = "/sse", .token = "all", .accept = EVENTS,
                        .streams = true, .origin = "https://evil.example" }, 403, "origin");
    ask(&(struct want){ .target = "/sse", .token = "all", .body = PING }, 400, "session_id");
    ask(&(struct want){ .target = "/sse?session_id=", .token = "all", .body = PING }, 404,
        "no such session");
    begins(0, "all");
    post("all", "{", 400, "no JSON");
    post("all", "{}", 202, "");
    says(0, "-32600");
    ask(&(struct want){ .target = target, .token = "all", .body = PING, .type = "text/plain" }, 415,
        "application/json");
    ask(&(struct want){ .target = target, .token = "all", .body = PING,
                        .origin = "https://evil.example" }, 403, "origin");
    is(0, "");
    leave(0);
    done();
}
END_TEST

START_TEST(a_reader_has_a_minute_to_begin)
{
    keys();
    connects(0, "all", "/sse");
    rig_pass(&k.r, 50 * NS_PER_S);
    ck_assert_uint_eq(rest->n_mcp_sessions, 1);
    is(0, ":\n\n");
    rig_pass(&k.r, 20 * NS_PER_S);
    ck_assert_uint_eq(rest->n_mcp_sessions, 0);
    is(0, "end");
    begins(0, "all");
    rig_pass(&k.r, 2 * 60 * 60 * NS_PER_S);
    is(0, ":\n\n");                             /* it may read as long as it likes */
    is(0, "");
    leave(0);
    done();
}
END_TEST

START_TEST(what_nobody_reads_is_not_piled_up)
{
    int n = 0;
    keys();
    begins(0, "all");
    for (int status = 202; status == 202; n++) {
        web_ask(&g, &(struct want){ .target = target, .token = "all", .body =
                "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"tools/list\"}" });
        status = g.status;
        ck_assert_int_lt(n, 2000);
    }
    answered(503, "not read");
    ck_assert_int_gt(n, 10);
    for (int i = 0; i < n - 1; i++)
        says(0, "\"id\":5");
    is(0, "");
    post("all", PING, 202, "");
    says(0, "\"id\":2");
    leave(0);
    done();
}
END_TEST

START_TEST(no_more_sessions_than_there_is_room_for)
{
    static struct got many[WEB_KEY_SESSIONS];
    keys();
    for (int i = 0; i < WEB_KEY_SESSIONS; i++) {
        web_ask(&many[i], &(struct want){ .method = "GET", .target = "/sse", .token = "all",
                                          .accept = EVENTS, .streams = true });
        ck_assert_int_eq(many[i].status, 200);
    }
    get(0, "all", "/sse");
    ck_assert_int_eq(reader[0].status, 503);
    connects(1, "other", "/sse");
    leave(1);
    rest_abandon(many[7].call);
    connects(0, "all", "/sse");
    leave(0);
    for (int i = 0; i < WEB_KEY_SESSIONS; i++) {
        if (i != 7)
            rest_abandon(many[i].call);
        buf_free(&many[i].body);
    }
    done();
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    bool failed = true;
    for (long n = 0; failed; n++) {
        keys();
        k.trail.deaf = k.daily.deaf = true;
        mem_fail_at(n);
        try(&reader[0], &(struct want){ .method = "GET", .target = "/sse", .token = "all",
                                        .accept = EVENTS, .streams = true });
        const char *at = reader[0].stream ? next(0) : "end";
        bool told = strncmp(at, "event: endpoint\n", 16) == 0;
        if (told) {
            names(at);
            try(&g, &(struct want){ .target = target, .body = INIT, .token = "all" });
            try(&g, &(struct want){ .target = target, .body = PING, .token = "all" });
            read_all(&reader[0]);
            if (reader[0].call)
                leave(0);
        }
        failed = mem_failed();
        mem_fail_at(-1);
        ck_assert(failed || (told && g.status == 202));
        ck_assert_uint_eq(rest->n_mcp_sessions, 0);
        done();
        g.body = g2.body = reader[0].body = (struct buf)BUF_INIT;
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, answers_are_events_of_the_reader);
    tcase_add_test(tc, both_paths_serve_it);
    tcase_add_test(tc, pushes_come_beside_answers);
    tcase_add_test(tc, it_ends_with_its_reader);
    tcase_add_test(tc, it_is_of_one_key_and_of_one_transport);
    tcase_add_test(tc, it_ends_with_its_key);
    tcase_add_test(tc, wrong_requests_are_told_why);
    tcase_add_test(tc, a_reader_has_a_minute_to_begin);
    tcase_add_test(tc, what_nobody_reads_is_not_piled_up);
    tcase_add_test(tc, no_more_sessions_than_there_is_room_for);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("mcp_sse", add);
}
