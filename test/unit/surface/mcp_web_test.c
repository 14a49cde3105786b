/* mcp_web_test.c - sessions of /mcp and their own streams: pushes as events, readers that come
 * again, and what ends them. */
#include "mcp_web_rig.h"

/* ---- the session's stream ---- */

START_TEST(pushes_are_events_of_the_session)
{
    keys();
    begin("all", "2025-11-25");
    opened(0, "all", NULL);
    is(0, "id: 0-0\ndata: \n\n");
    is(0, "");
    say("all", ACCOUNTS, 200, "1001");
    order_event(1001, 2208);
    ck_assert_uint_eq(reader[0].mores, 1);
    order_event(1001, 2218);
    ck_assert_uint_eq(reader[0].mores, 1);      /* it is known already */
    says(0, "event: message\nid: 0-1\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/m");
    says(0, "id: 0-2\n");
    is(0, "");
    order_event(1001, 2208);
    ck_assert_uint_eq(reader[0].mores, 2);
    says(0, "id: 0-3\n");
    leave(0);
    done();
}
END_TEST

START_TEST(older_revisions_get_no_empty_event)
{
    static const char *const revisions[] = { "2024-11-05", "2025-03-26", "2025-06-18" };
    keys();
    for (size_t i = 0; i < ARRAY_LEN(revisions); i++) {
        begin("all", revisions[i]);
        opened(0, "all", NULL);
        is(0, "");
        leave(0);
    }
    done();
}
END_TEST

START_TEST(a_reader_that_comes_again_misses_nothing)
{
    keys();
    begin("all", "2025-11-25");
    say("all", ACCOUNTS, 200, "1001");
    order_event(1001, 2208);                    /* nobody is there yet */
    opened(0, "all", NULL);
    is(0, "id: 0-0\ndata: \n\n");
    for (int i = 0; i < 3; i++)
        order_event(1001, 2208);
    says(0, "id: 0-1\n");
    says(0, "id: 0-2\n");
    leave(0);                                   /* 0-2 may have been lost on its way */
    order_event(1001, 2208);
    opened(1, "all", "0-1");
    is(1, "id: 0-1\ndata: \n\n");
    says(1, "id: 0-2\n");
    says(1, "id: 0-3\n");
    /* The old connection is not known to be gone: the new one takes its place. */
    opened(2, "all", "0-3");
    is(1, "end");
    is(2, "id: 0-3\ndata: \n\n");
    says(2, "id: 0-4\n");
    says(2, "id: 0-5\n");
    is(2, "");
    leave(2);
    done();
}
END_TEST

START_TEST(who_comes_too_late_is_told_what_is_lost)
{
    keys();
    begin("all", "2025-11-25");
    say("all", ACCOUNTS, 200, "1001");
    opened(0, "all", NULL);
    next(0);
    for (int i = 0; i < 3000; i++) {
        order_event(1001, 2208);
        ck_assert_str_ne(next(0), "");
    }
    leave(0);
    opened(0, "all", "0-10");
    next(0);
    const char *t = next(0);
    ck_assert_ptr_nonnull(strstr(t, "\"reason\":\"resumed too late\",\"lost\":"));
    ck_assert_ptr_null(strstr(t, "id:"));
    unsigned lost = (unsigned)strtoul(strstr(t, "\"lost\":") + 7, NULL, 10), n = 0;
    char part[32];
    snprintf(part, sizeof(part), "id: 0-%u\n", 11 + lost);
    says(0, part);
    while (*next(0))
        n++;
    ck_assert_uint_eq(11 + lost + n, 3000);
    ck_assert_uint_le(n, WEB_KEEP_EVENTS);
    leave(0);
    done();
}
END_TEST

START_TEST(wrong_readers_are_told_why)
{
    static const struct {
        struct want w;
        int status;
    } rows[] = {
        { { .accept = "application/json" }, 406 }, { { .accept = "text/event-stream;q=0" }, 406 },
        { { .session = "" }, 404 }, { { .token = "other" }, 404 }, { { .token = "nobody" }, 401 },
        { { .last_id = "0-1" }, 400 }, { { .last_id = "7-0" }, 400 }, { { .last_id = "x" }, 400 },
        { { .last_id = "" }, 400 }, { { .version = "2025-06-18" }, 400 },
        { { .version = "1999-01-01" }, 400 }, { { .origin = "https://evil.example" }, 403 },
    };
    keys();
    begin("all", "2025-11-25");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct want w = rows[i].w;
        w.method = "GET";
        w.target = "/mcp";
        w.streams = true;
        w.token = w.token ? w.token : "all";
        w.session = w.session ? w.session : id;
        w.accept = w.accept ? w.accept : EVENTS;
        ask(&w, rows[i].status, "");
    }
    ask(&(struct want){ .method = "GET", .target = "/mcp", .token = "all", .accept = EVENTS,
                        .streams = true }, 400, "Mcp-Session-Id");
    ask(&(struct want){ .method = "GET", .target = "/mcp", .token = "all", .session = id,
                        .accept = EVENTS }, 405, "");
    opened(0, "all", NULL);
    open_as(1, "all", NULL);
    ck_assert_int_eq(reader[1].status, 409);
    leave(0);
    opened(1, "all", NULL);
    leave(1);
    done();
}
END_TEST

/* ---- ends ---- */

START_TEST(delete_ends_the_streams)
{
    keys();
    begin("all", "2025-06-18");
    opened(0, "all", NULL);
    post_as(1, "all", STATE, EVENTS);
    post_as(2, "all", OTHER, BOTH);
    is(0, "");
    ask(&(struct want){ .method = "DELETE", .target = "/mcp", .token = "other", .session = id },
        404, "no such session");
    ask(&(struct want){ .method = "DELETE", .target = "/mcp", .token = "all", .session = id,
                        .version = "2025-06-18" }, 204, "");
    ck_assert_uint_eq(reader[0].mores, 1);
    is(0, "end");
    is(1, "end");
    ck_assert_int_eq(reader[2].status, 404);
    rig_answer(&k.r, 3223, HEX_EMPTY);
    open_as(0, "all", NULL);
    ck_assert_int_eq(reader[0].status, 404);
    done();
}
END_TEST

START_TEST(a_session_ends_with_its_key)
{
    char other[33];
    keys();
    begin("other", "2025-11-25");
    memcpy(other, id, sizeof(id));
    opened(3, "other", NULL);
    begin("all", "2025-11-25");
    say("all", ACCOUNTS, 200, "1001");
    opened(0, "all", NULL);
    next(0);
    is(0, "");
    post_as(1, "all", STATE, BOTH);
    order_event(1001, 2208);
    rails_key(&k, "other", ALL, "");
    rails_save(&k);
    rails_reload(&k);
    rig_turn(&k.r);
    /* What waited is not told any more. */
    says(0, "id: 0-1\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/message\",\"params\":{"
            "\"level\":\"error\",\"logger\":\"futu.end\",\"data\":{\"type\":\"end\","
            "\"reason\":\"the session has ended: the API key is revoked\"}}}");
    is(0, "end");
    ck_assert_uint_eq(reader[1].times, 1);
    say("all", PING, 401, "");
    memcpy(id, other, sizeof(id));
    next(3);
    is(3, "");
    say("other", PING, 200, "{}");
    leave(3);
    done();
}
END_TEST

START_TEST(a_session_whose_events_nobody_takes_ends_before_one_is_lost)
{
    keys();
    begin("all", "2025-11-25");
    say("all", ACCOUNTS, 200, "1001");
    opened(0, "all", NULL);
    next(0);
    unsigned n = 0;
    for (; !reader[0].call || reader[0].call->stream->of; n++)
        order_event(1001, 2208);
    ck_assert_uint_gt(n, 1000);
    says(0, "the session has ended: reads too slowly: ");
    is(0, "end");
    say("all", PING, 404, "no such session");
    done();
}
END_TEST

START_TEST(idle_sessions_end_and_those_that_are_read_do_not)
{
    char other[33];
    keys();
    begin("all", "2025-06-18");
    memcpy(other, id, sizeof(id));
    begin("qot", "2025-06-18");
    opened(0, "qot", NULL);
    for (int64_t t = 0; t < WEB_IDLE_NS + 10 * NS_PER_S; t += 5 * NS_PER_S) {
        is(0, t >= WEB_PING_NS && t % WEB_PING_NS == 0 ? ":\n\n" : "");
        if (t >= WEB_PING_NS && t % WEB_PING_NS == 0)
            is(0, "");
        rig_pass(&k.r, 5 * NS_PER_S);
    }
    say("qot", PING, 200, "{}");
    leave(0);
    memcpy(id, other, sizeof(id));
    say("all", PING, 404, "no such session");
    done();
}
END_TEST

START_TEST(a_reader_that_stays_long_is_asked_to_come_again)
{
    keys();
    begin("all", "2025-11-25");
    say("all", ACCOUNTS, 200, "1001");
    opened(0, "all", NULL);
    next(0);
    order_event(1001, 2208);
    says(0, "id: 0-1\n");
    rig_pass(&k.r, WEB_READ_NS + 10 * NS_PER_S);
    order_event(1001, 2208);
    is(0, "retry: 1000\n\n");
    is(0, "end");
    opened(0, "all", "0-1");
    next(0);
    says(0, "id: 0-2\n");
    /* And when its connection has to end. */
    rest_leave(reader[0].call);
    is(0, "retry: 1000\n\n");
    is(0, "end");
    rest_leave(NULL);
    done();
}
END_TEST

START_TEST(a_key_has_its_share_of_the_sessions)
{
    char first[33], foreign[33];
    keys();
    begin("qot", "2025-06-18");
    memcpy(foreign, id, sizeof(id));
    begin("all", "2025-06-18");
    memcpy(first, id, sizeof(id));
    opened(0, "all", NULL);             /* it is being read, and stays */
    rig_pass(&k.r, NS_PER_MS);
    begin("all", "2025-06-18");
    memcpy(g2.headers, id, sizeof(id));
    for (int i = 0; i < WEB_KEY_SESSIONS - 1; i++) {
        rig_pass(&k.r, NS_PER_MS);
        begin("all", "2025-06-18");
    }
    memcpy(id, g2.headers, sizeof(id));
    say("all", PING, 404, "no such session");
    memcpy(id, first, sizeof(id));
    say("all", PING, 200, "{}");
    memcpy(id, foreign, sizeof(id));
    say("qot", PING, 200, "{}");
    leave(0);
    done();
}
END_TEST

START_TEST(readers_hear_it_when_the_gateway_goes)
{
    keys();
    begin("all", "2025-11-25");
    opened(0, "all", NULL);
    post_as(1, "all", STATE, EVENTS);
    post_as(2, "all", OTHER, BOTH);
    done();
    ck_assert(reader[0].gone && reader[1].gone);
    ck_assert_uint_eq(reader[2].times, 1);
}
END_TEST

START_TEST(without_keys_sessions_work_as_well)
{
    open_mode();
    begin(NULL, "2025-11-25");
    opened(0, NULL, NULL);
    next(0);
    say(NULL, ACCOUNTS, 200, "1001");
    order_event(1001, 2208);
    says(0, "\"acc_id\":1001");
    leave(0);
    done();
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    static const char text[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\","
                               "\"params\":{\"protocolVersion\":\"2025-11-25\"}}";
    bool failed = true;
    for (long n = 0; failed; n++) {
        keys();
        k.trail.deaf = k.daily.deaf = true;
        mem_fail_at(n);
        try(&g, &(struct want){ .target = "/mcp", .body = text, .token = "all", .accept = BOTH,
                                .streams = true });
        const char *at = strstr(g.headers, "Mcp-Session-Id: ");
        str_copy(id, sizeof(id), at ? (futu_str){ at + 16, 32 } : STR(""));
        try(&reader[0], &(struct want){ .method = "GET", .target = "/mcp", .token = "all",
                                        .session = id, .accept = EVENTS, .streams = true });
        try(&reader[1], &(struct want){ .target = "/mcp", .body = ACCOUNTS, .token = "all",
                                        .session = id, .accept = EVENTS, .streams = true });
        rig_turn(&k.r);
        k.r.events.trade(k.r.events.arg, 1001, 2208, (const uint8_t *)"\x08\x00", 2);
        rig_turn(&k.r);
        read_all(&reader[0]);
        read_all(&reader[1]);
        failed = mem_failed();
        mem_fail_at(-1);
        ck_assert(failed || (at && reader[0].stream && reader[1].stream));
        done();
        g.body = g2.body = reader[0].body = reader[1].body = (struct buf)BUF_INIT;
    }
}
END_TEST

static void tests(TCase *tc)
{
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, pushes_are_events_of_the_session);
    tcase_add_test(tc, older_revisions_get_no_empty_event);
    tcase_add_test(tc, a_reader_that_comes_again_misses_nothing);
    tcase_add_test(tc, who_comes_too_late_is_told_what_is_lost);
    tcase_add_test(tc, wrong_readers_are_told_why);
    tcase_add_test(tc, delete_ends_the_streams);
    tcase_add_test(tc, a_session_ends_with_its_key);
    tcase_add_test(tc, a_session_whose_events_nobody_takes_ends_before_one_is_lost);
    tcase_add_test(tc, idle_sessions_end_and_those_that_are_read_do_not);
    tcase_add_test(tc, a_reader_that_stays_long_is_asked_to_come_again);
    tcase_add_test(tc, a_key_has_its_share_of_the_sessions);
    tcase_add_test(tc, readers_hear_it_when_the_gateway_goes);
    tcase_add_test(tc, without_keys_sessions_work_as_well);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("mcp streams", tests);
}
