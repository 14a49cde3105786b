/* mcp_answer_test.c - answers of /mcp: as one object or as a stream, found again, cancelled. */
#include "mcp_web_rig.h"

START_TEST(an_answer_that_takes_long_is_a_stream)
{
    keys();
    begin("qot", "2025-11-25");
    post_as(0, "qot", STATE, BOTH);
    ck_assert_uint_eq(reader[0].times, 0);
    rig_answer(&k.r, 3223, HEX_EMPTY);
    ck_assert_int_eq(reader[0].status, 200);
    ck_assert_str_eq(reader[0].type, "application/json");
    post_as(0, "qot", STATE, BOTH);
    rig_pass(&k.r, WEB_LATE_NS);
    ck_assert(reader[0].stream);
    ck_assert_str_eq(reader[0].type, "text/event-stream");
    const char *prime = next(0);
    char first[32], no[16];
    ck_assert_uint_gt(strlen(prime), 4);
    str_copy(no, sizeof(no), (futu_str){ prime + 4, strcspn(prime + 4, "-") });
    snprintf(first, sizeof(first), "id: %s-0\ndata: \n\n", no);
    ck_assert_str_eq(prime, first);
    is(0, "");
    leave(0);                                   /* which does not cancel it */
    rig_answer(&k.r, 3223, HEX_EMPTY);
    char last[32];
    snprintf(last, sizeof(last), "%s-0", no);
    opened(1, "qot", last);
    ck_assert_str_eq(next(1), first);
    says(1, "-1\ndata: {\"jsonrpc\":\"2.0\",\"id\":3,\"result\":");
    is(1, "end");
    snprintf(last, sizeof(last), "%s-1", no);
    open_as(1, "qot", last);
    ck_assert_int_eq(reader[1].status, 405);    /* all of it has been told */
    snprintf(last, sizeof(last), "%s-0", no);
    opened(1, "qot", last);
    next(1);
    says(1, "\"id\":3,\"result\"");
    leave(1);
    rig_pass(&k.r, WEB_KEEP_NS + 10 * NS_PER_S);
    open_as(1, "qot", last);
    ck_assert_int_eq(reader[1].status, 400);
    done();
}
END_TEST

static void page(struct arena *mem, bool more)
{
    Qot_RequestHistoryKL_Response *rsp = rails_filled(&Qot_RequestHistoryKL_Response_msg, mem);
    Qot_RequestHistoryKL_S2C *s2c = rails_filled(&Qot_RequestHistoryKL_S2C_msg, mem);
    s2c->klList = rails_filled(&Qot_Common_KLine_msg, mem);
    s2c->n_klList = 1;
    s2c->nextReqKey = more ? STR("next") : STR_NULL;
    rsp->s2c = s2c;
    rig_answer_msg(&k.r, 3103, rsp);
    rig_turn(&k.r);
}

#define HISTORY                                                                                    \
    "{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"tools/call\",\"params\":{"                         \
    "\"_meta\":{\"progressToken\":5},\"name\":\"futu_get_history_kline\",\"arguments\":{"          \
    "\"symbol\":\"US.AAPL\",\"kl_type\":\"day\",\"start\":\"2020-01-01\",\"end\":\"2026-01-01\"}}}"

START_TEST(progress_makes_a_stream_where_one_is_taken)
{
    struct arena mem = { .first = NULL };
    keys();
    begin("qot", "2025-06-18");
    post_as(0, "qot", HISTORY, BOTH);
    page(&mem, true);
    ck_assert(reader[0].stream);
    says(0, "\"notifications/progress\",\"params\":{\"progressToken\":5,\"progress\":1,");
    is(0, "");
    page(&mem, false);
    says(0, "\"progress\":2,");
    says(0, "\"id\":8,\"result\"");
    is(0, "end");
    post_as(0, "qot", HISTORY, "application/json");
    page(&mem, true);
    rig_pass(&k.r, 3 * NS_PER_S);
    page(&mem, false);
    ck_assert(!reader[0].stream);
    ck_assert_str_eq(reader[0].type, "application/json");
    arena_free(&mem);
    done();
}
END_TEST

START_TEST(the_client_says_what_it_takes)
{
    static const struct {
        const char *accept;
        int status;
        bool stream;
    } rows[] = {
        { NULL, 200, false }, { "*/*", 200, false }, { "application/*", 200, false },
        { "Application/JSON", 200, false }, { BOTH, 200, false },
        { "text/event-stream", 200, true }, { "text/*", 200, true },
        { "application/json;q=0, text/event-stream", 200, true },
        { "application/json; q=0.5 , text/event-stream;q=0.0", 200, false },
        { "text/html", 406, false }, { "", 406, false },
        { "application/json;q=0,text/event-stream;q=0", 406, false },
        { "application/jsonl", 406, false },
    };
    keys();
    begin("qot", "2025-11-25");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        post_as(0, "qot", PING, rows[i].accept);
        ck_assert_msg(reader[0].status == rows[i].status, "%s: %d", rows[i].accept,
                      reader[0].status);
        ck_assert_msg(reader[0].stream == rows[i].stream, "%s", rows[i].accept);
        if (!rows[i].stream)
            continue;
        next(0);
        says(0, "\"id\":2,\"result\":{}");
        is(0, "end");
    }
    done();
}
END_TEST

START_TEST(initialize_may_be_answered_by_a_stream)
{
    keys();
    web_ask(&reader[0], &(struct want){ .target = "/mcp", .token = "qot", .accept = EVENTS,
            .streams = true, .body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\","
            "\"params\":{\"protocolVersion\":\"2025-11-25\"}}" });
    ck_assert(reader[0].stream);
    const char *at = strstr(reader[0].headers, "Mcp-Session-Id: ");
    ck_assert_ptr_nonnull(at);
    str_copy(id, sizeof(id), (futu_str){ at + 16, 32 });
    says(0, "serverInfo");
    is(0, "end");
    say("qot", PING, 200, "\"result\":{}");
    web_ask(&reader[0], &(struct want){ .target = "/mcp", .token = "qot", .accept = EVENTS,
            .streams = true, .body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\"}" });
    says(0, "-32602");
    is(0, "end");
    done();
}
END_TEST

START_TEST(a_batch_is_a_list_or_an_event_each)
{
    keys();
    begin("qot", "2025-03-26");
    say("qot", "[" PING ",{\"jsonrpc\":\"2.0\",\"method\":\"x\"},{\"jsonrpc\":\"2.0\",\"id\":4,"
               "\"method\":\"ping\"}]", 200, "[{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}},"
                                             "{\"jsonrpc\":\"2.0\",\"id\":4,\"result\":{}}]");
    say("qot", "[{\"jsonrpc\":\"2.0\",\"method\":\"x\"}]", 202, "");
    say("qot", "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}]", 202, "");
    say("qot", "[]", 400, "empty batch");
    post_as(0, "qot", "[" PING "," STATE "]", BOTH);
    rig_pass(&k.r, WEB_LATE_NS);
    is(0, "");
    rig_answer(&k.r, 3223, HEX_EMPTY);
    says(0, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}\n\n");
    says(0, "data: {\"jsonrpc\":\"2.0\",\"id\":3,\"result\"");
    is(0, "end");
    done();
}
END_TEST

#define CANCEL "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{"          \
               "\"requestId\":3}}"

START_TEST(what_is_cancelled_has_no_answer)
{
    keys();
    begin("qot", "2025-11-25");
    post_as(0, "qot", STATE, BOTH);
    say("qot", CANCEL, 202, "");
    ck_assert_int_eq(reader[0].status, 202);
    ck_assert_uint_eq(rig_waiting(&k.r, 3223), 0);
    post_as(0, "qot", STATE, BOTH);
    rig_pass(&k.r, WEB_LATE_NS);
    next(0);
    is(0, "");
    say("qot", CANCEL, 202, "");
    is(0, "end");
    ck_assert_uint_eq(rig_waiting(&k.r, 3223), 0);
    say("qot", PING, 200, "{}");
    done();
}
END_TEST

START_TEST(only_so_many_answers_are_kept)
{
    char last[32];
    keys();
    begin("qot", "2025-06-18");
    for (int i = 0; i < 100; i++) {
        post_as(0, "qot", PING, EVENTS);
        next(0);
        is(0, "end");
    }
    unsigned kept = 0;
    for (int i = 1; i < 110; i++) {
        snprintf(last, sizeof(last), "%d-0", i);
        open_as(0, "qot", last);
        kept += reader[0].stream;
        if (reader[0].stream)
            leave(0);
        else
            ck_assert_int_eq(reader[0].status, 400);
    }
    ck_assert_uint_eq(kept, WEB_KEEP_ANSWERS);
    done();
}
END_TEST

static void tests(TCase *tc)
{
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, an_answer_that_takes_long_is_a_stream);
    tcase_add_test(tc, progress_makes_a_stream_where_one_is_taken);
    tcase_add_test(tc, the_client_says_what_it_takes);
    tcase_add_test(tc, initialize_may_be_answered_by_a_stream);
    tcase_add_test(tc, a_batch_is_a_list_or_an_event_each);
    tcase_add_test(tc, what_is_cancelled_has_no_answer);
    tcase_add_test(tc, only_so_many_answers_are_kept);
}

int main(void)
{
    return run_tcase("mcp answers", tests);
}
