/* mcp_call_test.c - calls of tools: keys, results, previews of real orders, pages, ends. */
#include "mcp_rig.h"

/* ---- tools/call ---- */

START_TEST(a_quote_subscribes_first_and_comes_with_its_currency)
{
    struct arena mem = { .first = NULL };
    keyed(NULL);
    say_as("token-qot", CALL("futu_get_quote", "{\"symbol\":\"HK.00700\"}"));
    ck_assert_uint_eq(got.times, 0);
    ck_assert_ptr_nonnull(k.r.fake.log.p);
    ck_assert_ptr_nonnull(memmem(k.r.fake.log.p, k.r.fake.log.n, "+1.00700/1", 10));
    rig_turn(&k.r);
    Qot_GetBasicQot_Response *rsp = rails_filled(&Qot_GetBasicQot_Response_msg, &mem);
    Qot_GetBasicQot_S2C s2c = { .n_basicQotList = 1 };
    s2c.basicQotList = rails_filled(&Qot_Common_BasicQot_msg, &mem);
    s2c.basicQotList->security->market = 1;
    s2c.basicQotList->security->code = STR("00700");
    s2c.basicQotList->curPrice = 110;
    s2c.basicQotList->lastClosePrice = 100;
    rsp->s2c = &s2c;
    rig_answer_msg(&k.r, 3004, rsp);
    has("\\\"symbol\\\":\\\"HK.00700\\\"");
    has("\"isError\":false");
    has("\\\"cur_price\\\":110");
    has("\"structuredContent\":{\"symbol\":\"HK.00700\"");
    has("\"last_close\":100,\"change_rate\":10.0000");
    has("HK.00700: 110 HKD, +10.00% on the last close");
    has("times in Asia/Hong_Kong (UTC+08:00)");
    arena_free(&mem);
    stop();
}
END_TEST

START_TEST(failures_are_results_that_say_so)
{
    keyed(NULL);
    ask("token-qot", CALL("futu_get_qoute", "{}"), "did you mean futu_get_quote?");
    has("\"isError\":true");
    has("\\\"status\\\":\\\"error\\\"");
    lacks("structuredContent");
    ask("token-qot", CALL("futu_get_funds", "{}"), "no scope");
    ask(NULL, CALL("futu_get_quote", "{}"), "an API key is needed");
    ask("token-none", CALL("futu_get_quote", "{}"), "not valid");
    ask("token-old", CALL("futu_get_quote", "{}"), "not valid");
    ask("token-qot", CALL("futu_get_quote", "{}"), "symbol: required and missing");
    ask("token-qot", CALL("futu_get_quote", "{\"symbol\":\"700\"}"), "\"isError\":true");
    ask("token-all", CALL("futu_get_quote", "{\"api_key\":\"token-none\"}"), "not valid");
    ask("token-none", CALL("futu_get_quote", "{\"api_key\":\"token-qot\"}"), "required");
    ck_assert_uint_eq(trail_count(&k, "\"iface\":\"mcp\"", "<missing>", "futu_get_quote"), 1);
    ck_assert_uint_eq(trail_count(&k, "\"iface\":\"mcp\"", "\"reject\"", "futu_get_funds"), 1);
    say_as("token-qot", CALL("futu_get_market_state", "{\"symbols\":\"HK.00700\"}"));
    rig_answer(&k.r, 3223, REFUSED);
    has("no! (retType -1)");
    stop();
    open_mode("2025-06-18");
    ask(NULL, CALL("futu_place_order", "{}"), "may trade");
    ask(NULL, CALL("futu_unlock_trade", "{}"), "may trade");
    stop();
}
END_TEST

START_TEST(the_start_key_counts_when_there_is_no_other)
{
    keyed(&(struct mcp_opts){ .api_key = "token-qot" });
    ask(NULL, CALL("futu_get_quote", "{}"), "required and missing");
    ask("token-none", CALL("futu_get_quote", "{}"), "not valid");
    stop();
}
END_TEST

START_TEST(long_ids_and_enums_can_be_read)
{
    keyed(NULL);
    say_as("token-all", CALL("futu_place_order", "{\"env\":\"SIMULATE\",\"acc_id\":1001,"
           "\"market\":\"HK\",\"side\":\"BUY\",\"order_type\":\"NORMAL\",\"symbol\":\"HK.00700\","
           "\"qty\":100,\"price\":10}"));
    rails_written(&k);
    rig_answer(&k.r, 2202, PLACED);
    has("\\\"acc_id_str\\\":\\\"279290902274595371\\\"");
    has("\\\"trd_env_name\\\":\\\"Simulate\\\"");
    has("HK: prices in HKD");
    ck_assert_uint_eq(trail_count(&k, "\"success\"", "futu_place_order", "\"iface\":\"mcp\""), 1);
    stop();
}
END_TEST

/* ---- real orders ---- */

#define REAL(qty, more)                                                                            \
    "{\"env\":\"REAL\",\"acc_id\":\"1001\",\"market\":\"HK\",\"side\":\"BUY\",\"order_type\":"     \
    "\"NORMAL\",\"symbol\":\"HK.00700\",\"qty\":" qty ",\"price\":10" more "}"

static void preview(const char *token, char out[33])
{
    ask(token, CALL("futu_place_order", REAL("100", "")), "\"sent\":false");
    has("NOT SENT YET: Buy 100 of 00700 (market HK), order type Normal, price 10 HKD, value 1000 "
        "HKD, valid DAY, account 1001 (Real)");
    const char *at = strstr(body(), "\"confirm_token\":\"");
    ck_assert_ptr_nonnull(at);
    memcpy(out, at + 17, 32);
    out[32] = '\0';
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 0);
}

static void confirm(const char *key, const char *token, const char *qty)
{
    char text[500], args[400];
    snprintf(args, sizeof(args), REAL("%s", ",\"confirm_token\":\"%s\""), qty, token);
    snprintf(text, sizeof(text), CALL("futu_place_order", "%s"), args);
    say_as(key, text);
    rails_written(&k);
}

START_TEST(a_real_order_goes_in_two_steps)
{
    char token[33], other[33];
    keyed(&(struct mcp_opts){ PWD });
    unlock();
    preview("token-all", token);
    preview("token-all", other);
    ck_assert_str_ne(token, other);
    confirm("token-all", token, "100");
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 1);
    rig_answer(&k.r, 2202, PLACED);
    has("\"isError\":false");
    confirm("token-all", token, "100");
    has("no such preview, or it was used");
    confirm("token-other", other, "100");
    has("no such preview");
    confirm("token-all", other, "200");
    has("other arguments");
    confirm("token-all", other, "100");
    has("no such preview, or it was used");
    preview("token-all", token);
    rig_pass(&k.r, 61 * NS_PER_S);
    confirm("token-all", token, "100");
    has("older than 60 seconds");
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 0);
    ask("token-all", CALL("futu_cancel_all_order", "{\"env\":1,\"acc_id\":1,\"market\":1}"),
        "NOT SENT YET: Cancel all orders, account 1 (Real)");
    ask("token-all", CALL("futu_cancel_order", "{\"env\":1,\"acc_id\":1,\"market\":1,"
        "\"order_id\":5}"), "NOT SENT YET: Cancel order 5");
    ask("token-all", CALL("futu_reconfirm_order", "{\"env\":1,\"acc_id\":1,\"market\":1,"
        "\"order_id\":5,\"reason\":1}"), "NOT SENT YET: Confirm order 5");
    stop();
}
END_TEST

START_TEST(without_the_step_between_it_is_sent_at_once)
{
    keyed(&(struct mcp_opts){ .direct = true, PWD });
    unlock();
    say_as("token-all", CALL("futu_place_order", REAL("100", "")));
    rails_written(&k);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 1);
    rig_answer(&k.r, 2202, PLACED);
    has("\"isError\":false");
    stop();
}
END_TEST

START_TEST(the_password_is_the_operators)
{
    keyed(NULL);
    ask("token-all", CALL("futu_unlock_trade", "{}"), "FUTU_TRADE_PWD");
    stop();
    keyed(&(struct mcp_opts){ PWD });
    ask("token-all", CALL("futu_unlock_trade", "{\"pwd_md5\":\"x\"}"), "unknown field");
    say_as("token-all", CALL("futu_unlock_trade", "{}"));
    rails_written(&k);
    ck_assert_uint_eq(rig_waiting(&k.r, 2005), 1);
    rig_answer(&k.r, 2005, HEX_EMPTY);
    has("\"isError\":false");
    lacks("0123456789abcdef");
    stop();
}
END_TEST

/* ---- pages, cancelling, ends ---- */

/* The next one is not asked for before the next turn. */
static void page_now(struct arena *mem, size_t rows, bool more)
{
    Qot_RequestHistoryKL_Response *rsp = rails_filled(&Qot_RequestHistoryKL_Response_msg, mem);
    Qot_RequestHistoryKL_S2C *s2c = rails_filled(&Qot_RequestHistoryKL_S2C_msg, mem);
    Qot_Common_KLine *line = rails_filled(&Qot_Common_KLine_msg, mem);
    s2c->klList = arena_alloc(mem, rows * sizeof(*line));
    s2c->n_klList = rows;
    for (size_t i = 0; i < rows; i++)
        s2c->klList[i] = *line;
    s2c->nextReqKey = more ? STR("next") : STR_NULL;
    s2c->security->market = 11;
    s2c->security->code = STR("AAPL");
    rsp->s2c = s2c;
    rig_answer_msg(&k.r, 3103, rsp);
}

static void page(struct arena *mem, size_t rows, bool more)
{
    page_now(mem, rows, more);
    rig_turn(&k.r);
}

#define HISTORY(max)                                                                               \
    "{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"tools/call\",\"params\":{"                         \
    "\"_meta\":{\"progressToken\":\"p1\"},\"name\":\"futu_get_history_kline\","                    \
    "\"arguments\":{\"symbol\":\"US.AAPL\",\"kl_type\":\"day\",\"start\":\"2020-01-01\","          \
    "\"end\":\"2026-01-01\",\"max_count\":" max "}}}"

START_TEST(a_history_is_asked_for_in_pages)
{
    struct arena mem = { .first = NULL };
    keyed(NULL);
    say_as("token-qot", HISTORY("2500"));
    ck_assert_msg(got.times == 0, "%s", body());
    page(&mem, 1000, true);
    ck_assert_uint_eq(got.notes, 1);
    ck_assert_ptr_nonnull(strstr((char *)got.note.p, "\"progressToken\":\"p1\",\"progress\":1000"));
    page(&mem, 1000, true);
    page(&mem, 600, true);
    ck_assert_uint_eq(got.notes, 3);
    has("\"truncated\":\"kl_list: 2500 of 2600 rows\"");
    has("\"symbol\":\"US.AAPL\"");
    has("times in America/New_York");
    lacks("next_req_key");
    ck_assert_uint_eq(rig_waiting(&k.r, 3103), 0);
    say_as("token-qot", HISTORY("10"));
    page(&mem, 10, true);
    has("there are further rows");
    ask("token-qot", HISTORY("0"), "max_count: 1 to 5000");
    ask("token-qot", HISTORY("5001"), "max_count: 1 to 5000");
    arena_free(&mem);
    stop();
}
END_TEST

START_TEST(what_is_cancelled_is_not_answered)
{
    keyed(NULL);
    say_as("token-qot", CALL("futu_get_market_state", "{\"symbols\":\"HK.00700\"}"));
    ck_assert(mcp_session_busy(s));
    mcp_session_text(s, STR("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","
                            "\"params\":{\"requestId\":7}}"), STR_NULL, on_out, &got);
    ck_assert_uint_eq(got.times, 2);
    ck_assert_int_eq(got.kind, MCP_NOTHING);
    ck_assert(!mcp_session_busy(s));
    ck_assert_uint_eq(rig_waiting(&k.r, 3223), 0);      /* nor is it asked for any more */
    ck_assert_uint_eq(k.r.fake.cancelled, 1);
    ck_assert_uint_eq(got.times, 2);
    stop();
}
END_TEST

static void cancel(const char *id)
{
    char text[160];
    snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","
             "\"params\":{\"requestId\":%s}}", id);
    struct heard other = got;
    mcp_session_text(s, str_c(text), STR_NULL, on_out, &got);
    got.times = other.times;
}

START_TEST(a_history_that_is_cancelled_between_two_pages_asks_no_further)
{
    struct arena mem = { .first = NULL };
    keyed(NULL);
    say_as("token-qot", HISTORY("2500"));
    page_now(&mem, 1000, true);
    cancel("8");
    rig_turn(&k.r);
    rig_pass(&k.r, NS_PER_MS);
    ck_assert_uint_eq(rig_waiting(&k.r, 3103), 0);
    ck_assert(!mcp_session_busy(s));
    arena_free(&mem);
    stop();
}
END_TEST

START_TEST(an_order_that_is_cancelled_is_not_taken_back)
{
    keyed(NULL);
    say_as("token-sim", CALL("futu_place_order", "{\"env\":\"SIMULATE\",\"acc_id\":1,"
                             "\"market\":\"HK\",\"symbol\":\"HK.00700\",\"side\":\"BUY\","
                             "\"order_type\":\"NORMAL\",\"qty\":100,\"price\":300}"));
    rails_written(&k);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 1);
    cancel("7");
    cancel("7");
    cancel("99");
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 1);
    ck_assert_uint_eq(k.r.fake.cancelled, 0);
    got.times = 0;
    rig_answer(&k.r, 2202, HEX_EMPTY);
    ck_assert_uint_eq(got.times, 0);
    stop();
}
END_TEST

START_TEST(an_id_is_used_once_at_a_time)
{
    keyed(NULL);
    say_as("token-qot", CALL("futu_get_market_state", "{\"symbols\":\"HK.00700\"}"));
    ask("token-qot", CALL("futu_get_quote", "{}"), "with this id is under way");
    rig_answer(&k.r, 3223, HEX_EMPTY);
    stop();
}
END_TEST

START_TEST(a_session_or_the_engine_may_go_first)
{
    struct mcp_session *first;
    keyed(NULL);
    first = s;
    say_as("token-qot", CALL("futu_get_market_state", "{\"symbols\":\"HK.00700\"}"));
    mcp_session_free(first);
    begin("2025-06-18");
    rig_answer(&k.r, 3223, HEX_EMPTY);
    say_as("token-qot", CALL("futu_get_market_state", "{\"symbols\":\"HK.00700\"}"));
    mcp_session_forget(s, &got);
    rig_answer(&k.r, 3223, HEX_EMPTY);
    ck_assert_uint_eq(got.times, 0);
    say_as("token-qot", CALL("futu_get_market_state", "{\"symbols\":\"HK.00700\"}"));
    stop();
}
END_TEST

START_TEST(log_messages_come_once_they_are_asked_for)
{
    keyed(NULL);
    ask("token-qot", CALL("futu_get_quote", "{}"), "required");
    ck_assert_uint_eq(got.notes, 0);
    ask("token-qot", RPC("logging/setLevel", "{\"level\":\"warning\"}"), "\"result\":{}");
    ask("token-qot", CALL("futu_get_quote", "{}"), "required");
    ck_assert_uint_eq(got.notes, 1);
    ck_assert_ptr_nonnull(strstr((char *)got.note.p, "\"level\":\"warning\""));
    stop();
}
END_TEST

START_TEST(every_failed_allocation_is_answered)
{
    static const char *const texts[] = {
        CALL("futu_get_quote", "{\"symbol\":\"HK.00700\"}"),
        CALL("futu_place_order", REAL("100", "")), RPC("ping", "{}"),
        RPC("logging/setLevel", "{\"level\":\"debug\"}"),
    };
    for (size_t t = 0; t < ARRAY_LEN(texts); t++) {
        keyed(NULL);
        buf_reserve(&got.text, 1 << 16);
        buf_reserve(&got.note, 1 << 16);
        buf_reserve(&k.trail.text, 1 << 18);
        for (long n = 0; test_alloc_fail_at(n); n++) {
            say_as("token-all", texts[t]);
            mem_fail_at(-1);
            if (got.times == 0) {
                rig_turn(&k.r);
                if (rig_waiting(&k.r, 3004))
                    rig_answer(&k.r, 3004, HEX_EMPTY);
            }
            ck_assert_msg(got.times == 1, "%zu, %ld", t, n);
            mem_fail_at(n);
        }
        mem_fail_at(-1);
        stop();
    }
}
END_TEST

static void tests(TCase *tc)
{
    tcase_add_test(tc, a_quote_subscribes_first_and_comes_with_its_currency);
    tcase_add_test(tc, failures_are_results_that_say_so);
    tcase_add_test(tc, the_start_key_counts_when_there_is_no_other);
    tcase_add_test(tc, long_ids_and_enums_can_be_read);
    tcase_add_test(tc, a_real_order_goes_in_two_steps);
    tcase_add_test(tc, without_the_step_between_it_is_sent_at_once);
    tcase_add_test(tc, the_password_is_the_operators);
    tcase_add_test(tc, a_history_is_asked_for_in_pages);
    tcase_add_test(tc, what_is_cancelled_is_not_answered);
    tcase_add_test(tc, a_history_that_is_cancelled_between_two_pages_asks_no_further);
    tcase_add_test(tc, an_order_that_is_cancelled_is_not_taken_back);
    tcase_add_test(tc, an_id_is_used_once_at_a_time);
    tcase_add_test(tc, a_session_or_the_engine_may_go_first);
    tcase_add_test(tc, log_messages_come_once_they_are_asked_for);
    tcase_add_test(tc, every_failed_allocation_is_answered);
}

int main(void)
{
    return run_tcase("mcp calls", tests);
}
