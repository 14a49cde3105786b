/* rest_call_test.c - calls over REST: bodies, keys of repeats, cards, and how they end. */
#include "rest_rig.h"

/* ---- calls ---- */

START_TEST(a_call_goes_up_and_comes_back_in_an_envelope)
{
    keys();
    web_ask(&g, &(struct want){ .target = "/api/market-state?symbol=HK.00700", .token = "qot" });
    ck_assert_uint_eq(g.times, 0);
    rig_answer(&k.r, 3223, HEX_EMPTY);
    answered(200, "{\"ret_type\":0,\"ret_msg\":null,\"err_code\":null,\"s2c\":{");
    ck_assert_str_eq(g.type, "application/json");
    web_ask(&g, &(struct want){ .target = "/api/market-state", .token = "qot",
                                .body = "{\"symbols\":[\"HK.00700\"]}" });
    rig_answer(&k.r, 3223, REFUSED);
    answered(200, "{\"ret_type\":-1,\"ret_msg\":\"no!\"");
    ask(&(struct want){ .target = "/api/market-state", .body = "{\"symbolz\":[]}", .token = "qot" },
        400, "unknown field");
    ask(&(struct want){ .target = "/api/market-state?symbolz=1", .token = "qot" }, 400,
        "unknown field");
    ask(&(struct want){ .target = "/api/funds", .token = "mine",
                        .body = "{\"trd_env\":0,\"trd_market\":1,\"acc_id\":1002}" },
        403, "forbidden");
    stop();
}
END_TEST

START_TEST(what_only_another_gateway_knows_goes_up_as_it_came)
{
    static const struct {
        const char *body, *up;
    } rows[] = {
        { "{\"inner\":{\"a\":1}}", "{\"c2s\":{\"inner\":{\"a\":1}}}" },
        { "{\"c2s\":{\"a\":1}}", "{\"c2s\":{\"a\":1}}" },
        { "{\"a\":\"\\\"c2s\\\"\"}", "{\"c2s\":{\"a\":\"\\\"c2s\\\"\"}}" },
        { " {} ", "{\"c2s\": {} }" },
        { NULL, "{\"c2s\":{}}" },
    };
    static const char *const bad[] = { "x", "[]", "{", "{}}", "{}{}", "{\"a\":1,}", "{\"a\"}" };
    keys();
    k.r.fake.up.forwards = true;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        web_ask(&g, &(struct want){ .method = "POST", .target = "/api/cash-log", .token = "all",
                                    .body = rows[i].body });
        const struct upstream_request *rq = k.r.fake.calls[k.r.fake.n_calls - 1];
        ck_assert_uint_eq(rq->proto, 22701);
        ck_assert_uint_eq(rq->len, strlen(rows[i].up));
        ck_assert_mem_eq(rq->body, rows[i].up, rq->len);
        rig_answer(&k.r, 22701, "7b7d");
        answered(200, "{}");
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        ask(&(struct want){ .target = "/api/cash-log", .token = "all", .body = bad[i] }, 400,
            "not a JSON object");
    ask(&(struct want){ .target = "/api/cash-log", .token = "mine" }, 403, "forbidden");
    stop();
}
END_TEST

START_TEST(long_numbers_come_as_asked_for)
{
    keys();
    web_ask(&g, &(struct want){ .target = "/api/order", .body = ORDER, .token = "all" });
    rails_written(&k);
    rig_answer(&k.r, 2202, PLACED);
    answered(200, "\"acc_id\":279290902274595371,");
    web_ask(&g, &(struct want){ .target = "/api/order", .body = ORDER, .token = "all",
                                .accept = "application/json;int64=string" });
    rails_written(&k);
    rig_answer(&k.r, 2202, PLACED);
    answered(200, "\"acc_id\":\"279290902274595371\"");
    stop();
}
END_TEST

static void order(struct got *to, const char *token, const char *word, const char *body)
{
    web_ask(to, &(struct want){ .target = "/api/order", .body = body, .token = token,
                                .word = word });
    rails_written(&k);
}

START_TEST(a_repeat_with_the_key_gets_the_first_bytes)
{
    keys();
    order(&g, "all", "one", ORDER);
    order(&g2, "all", "one", ORDER);
    ck_assert_int_eq(g2.status, 409);           /* no answer yet */
    rig_answer(&k.r, 2202, PLACED);
    answered(200, "\"ret_type\":0");
    order(&g2, "all", "one", ORDER);
    ck_assert_int_eq(g2.status, 200);
    ck_assert_str_eq(body_of(&g2), body_of(&g));
    ck_assert_ptr_nonnull(strstr(g2.headers, "Idempotent-Replayed: true"));
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 0);
    ck_assert_uint_eq(trail_count(&k, "\"success\"", "\"cached\""), 1);
    ck_assert_uint_eq(trail_count(&k, "\"success\"", "\"executed\""), 1);
    order(&g2, "all", "one", ORDER " ");
    ck_assert_int_eq(g2.status, 409);
    rig_pass(&k.r, 91 * NS_PER_S);              /* the hub knows it longer */
    order(&g2, "all", "one", ORDER);
    ck_assert_int_eq(g2.status, 200);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 0);
    stop();
}
END_TEST

START_TEST(another_caller_does_not_see_it)
{
    keys();
    order(&g, "all", "one", ORDER);
    order(&g2, "other", "one", ORDER);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 2);
    rig_answer(&k.r, 2202, PLACED);
    rig_answer(&k.r, 2202, REFUSED);
    answered(200, "\"ret_type\":0");
    ck_assert_ptr_nonnull(strstr(body_of(&g2), "\"ret_type\":-1"));
    stop();
}
END_TEST

START_TEST(what_was_refused_may_be_tried_again)
{
    keys();
    order(&g, "all", "one", ORDER);
    rig_answer(&k.r, 2202, REFUSED);
    answered(200, "\"ret_type\":-1");
    order(&g, "sim", "two", "{\"acc_id\":1,\"trd_env\":1,\"trd_market\":1,\"trd_side\":1,"
                            "\"order_type\":1,\"code\":\"00700\",\"qty\":1}");
    answered(403, "forbidden");
    order(&g, "all", "three", "{\"nonsense\":1}");
    answered(400, "unknown field");
    static const char *const words[] = { "one", "two", "three" };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        order(&g, i == 1 ? "sim" : "all", words[i], ORDER);
        rig_answer(&k.r, 2202, PLACED);
        answered(200, "\"ret_type\":0");
    }
    stop();
}
END_TEST

START_TEST(keys_of_repeats_are_checked)
{
    char longest[ORDER_KEY_MAX + 2];
    memset(longest, 'x', sizeof(longest));
    longest[ORDER_KEY_MAX + 1] = '\0';
    keys();
    order(&g, "all", longest, ORDER);
    answered(400, "Idempotency-Key");
    order(&g, "all", "", ORDER);
    answered(400, "Idempotency-Key");
    order(&g, "all", "a b", ORDER);
    answered(400, "Idempotency-Key");
    longest[ORDER_KEY_MAX] = '\0';
    order(&g, "all", longest, ORDER);
    rig_answer(&k.r, 2202, PLACED);
    answered(200, "\"ret_type\":0");
    stop();
}
END_TEST

START_TEST(queries_are_part_of_what_a_key_stands_for)
{
    keys();
    static const char path[] = "/api/order?acc_id=1001&trd_env=0&trd_market=1&trd_side=1&"
                               "order_type=1&code=00700&price=10&qty=";
    char first[160], second[160];
    snprintf(first, sizeof(first), "%s100", path);
    snprintf(second, sizeof(second), "%s200", path);
    web_ask(&g, &(struct want){ .method = "POST", .target = first, .token = "all", .word = "q" });
    rails_written(&k);
    rig_answer(&k.r, 2202, PLACED);
    answered(200, "\"ret_type\":0");
    web_ask(&g, &(struct want){ .method = "POST", .target = second, .token = "all", .word = "q" });
    answered(409, "another request");
    web_ask(&g, &(struct want){ .method = "POST", .target = first, .token = "all", .word = "q" });
    answered(200, "\"ret_type\":0");
    stop();
}
END_TEST

/* ---- cards ---- */

static void accounts(void)
{
    struct arena mem = ARENA_INIT;
    static const struct {
        uint64_t id;
        const char *card;
    } rows[] = { { 1001, "1000000000001001" }, { 1002, "1000000000001002" },
                 { 1003, "2000000000001002" }, { 0, "1000000000000007" } };
    Trd_GetAccList_Response *rsp = rails_filled(&Trd_GetAccList_Response_msg, &mem);
    Trd_Common_TrdAcc list[ARRAY_LEN(rows)] = { { .accID = 0 } };
    Trd_GetAccList_S2C s2c = { .accList = list, .n_accList = ARRAY_LEN(rows) };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        SET(&list[i], trdEnv, 0);
        SET(&list[i], accID, rows[i].id);
        list[i].cardNum = str_c(rows[i].card);
    }
    SET(rsp, retType, 0);
    rsp->s2c = &s2c;
    rig_answer_msg(&k.r, 2001, rsp);
    arena_free(&mem);
}

#define BY_CARD(card) "{\"card_num\":\"" card "\",\"trd_env\":0,\"trd_market\":1,\"trd_side\":1," \
                      "\"order_type\":1,\"code\":\"00700\",\"qty\":100,\"price\":10}"

START_TEST(a_card_stands_for_its_account)
{
    static const struct {
        const char *body, *part;
    } bad[] = {
        { BY_CARD("9999"), "no account has it" }, { BY_CARD("1002"), "several accounts" },
        { BY_CARD("0007"), "no account has it" },
    };
    keys();
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        order(&g, "all", "card", bad[i].body);
        accounts();
        answered(400, bad[i].part);             /* and the key is free again */
    }
    order(&g, "all", "card", BY_CARD("1001"));
    accounts();
    rig_turn(&k.r);
    rails_written(&k);
    ck_assert_uint_eq(trail_count(&k, "\"request\"", "\"acc_id\":\"1001\""), 1);
    rig_answer(&k.r, 2202, PLACED);
    answered(200, "\"ret_type\":0");
    order(&g, "mine", NULL, BY_CARD("1000000000001002"));
    accounts();
    answered(400, "no account has it");         /* it is not told that there is one */
    order(&g, "all", NULL, BY_CARD("1001"));
    rig_answer(&k.r, 2001, REFUSED);
    answered(503, "not known");
    stop();
}
END_TEST

START_TEST(a_card_of_a_query_with_a_key)
{
    keys();
    web_ask(&g, &(struct want){ .method = "POST", .token = "all", .word = "q", .target =
        "/api/order?card_num=1000000000001001&trd_env=0&trd_market=1&trd_side=1&order_type=1&"
        "code=00700&price=10&qty=100&remark=0123456789012345678901234567890123456789" });
    accounts();
    rig_turn(&k.r);
    rails_written(&k);
    ck_assert_uint_eq(trail_count(&k, "\"request\"", "\"acc_id\":\"1001\""), 1);
    rig_answer(&k.r, 2202, PLACED);
    answered(200, "\"ret_type\":0");
    stop();
}
END_TEST

/* ---- ends ---- */

START_TEST(an_abandoned_order_goes_on)
{
    keys();
    web_ask(&g, &(struct want){ .target = "/api/order", .body = ORDER, .token = "all",
                                .word = "x" });
    rest_abandon(g.call);
    rails_written(&k);
    rig_answer(&k.r, 2202, PLACED);
    ck_assert_uint_eq(g.times, 0);
    order(&g, "all", "x", ORDER);               /* the client comes back and asks */
    answered(200, "\"ret_type\":0");
    ck_assert_ptr_nonnull(strstr(g.headers, "Idempotent-Replayed"));
    rest_abandon(NULL);
    stop();
}
END_TEST

START_TEST(what_is_under_way_when_it_ends_is_told)
{
    struct got all[4] = { { .times = 0 } };
    keys();
    web_ask(&all[0], &(struct want){ .target = "/api/order", .body = ORDER, .token = "all",
                                     .word = "x" });
    rails_written(&k);
    web_ask(&all[1], &(struct want){ .target = "/api/market-state?symbol=HK.00700",
                                     .token = "all" });
    web_ask(&all[2], &(struct want){ .target = "/api/order", .body = BY_CARD("1001"),
                                     .token = "all" });
    accounts();                                 /* its second half waits for the turn */
    web_ask(&all[3], &(struct want){ .target = "/api/order", .body = ORDER, .token = "all" });
    rest_free(rest);
    rest = NULL;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        ck_assert(all[i].times == 1 && all[i].status == 503);
        buf_free(&all[i].body);
    }
    stop();
}
END_TEST

START_TEST(a_key_that_goes_ends_its_calls)
{
    keys();
    web_ask(&g, &(struct want){ .target = "/api/market-state?symbol=HK.00700", .token = "all" });
    rails_key(&k, "other", ALL, "");
    rails_save(&k);
    rails_reload(&k);
    rig_turn(&k.r);
    answered(503, "the API key has ended");
    ask(&(struct want){ .target = "/api/ping", .token = "all" }, 401, "not valid");
    stop();
}
END_TEST

static void order_once(long n, bool *failed)
{
    static const struct want w = { .target = "/api/order", .token = "all", .word = "w",
                                   .body = BY_CARD("1001") };
    keys();
    k.trail.deaf = k.daily.deaf = true;
    char token[96];
    futu_http_request rq = request_of(&w, token);
    g.times = 0;
    mem_fail_at(n);
    futu_err err = rest_request(rest, &rq, on_answer, &g, &g.call);
    *failed = mem_failed();
    mem_fail_at(-1);
    if (err) {
        ck_assert_int_eq(err, FUTU_ENOMEM);
        stop();
        return;
    }
    if (rig_waiting(&k.r, 2001))
        accounts();
    mem_fail_at(n);
    timers_run(&k.r.timers, k.r.time.mono_ns);
    *failed |= mem_failed();
    mem_fail_at(-1);
    rails_written(&k);
    if (rig_waiting(&k.r, 2202))
        rig_answer(&k.r, 2202, PLACED);
    rig_turn(&k.r);
    ck_assert_uint_eq(g.times, 1);
    order(&g, "all", "w", BY_CARD("1001"));     /* its key is not stuck */
    ck_assert(g.times == 0 || g.status != 409);
    stop();
}

START_TEST(every_failed_allocation_is_answered)
{
    bool failed = true;
    for (long n = 0; failed; n++)
        order_once(n, &failed);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_call_goes_up_and_comes_back_in_an_envelope);
    tcase_add_test(tc, what_only_another_gateway_knows_goes_up_as_it_came);
    tcase_add_test(tc, long_numbers_come_as_asked_for);
    tcase_add_test(tc, a_repeat_with_the_key_gets_the_first_bytes);
    tcase_add_test(tc, another_caller_does_not_see_it);
    tcase_add_test(tc, what_was_refused_may_be_tried_again);
    tcase_add_test(tc, keys_of_repeats_are_checked);
    tcase_add_test(tc, queries_are_part_of_what_a_key_stands_for);
    tcase_add_test(tc, a_card_stands_for_its_account);
    tcase_add_test(tc, a_card_of_a_query_with_a_key);
    tcase_add_test(tc, an_abandoned_order_goes_on);
    tcase_add_test(tc, what_is_under_way_when_it_ends_is_told);
    tcase_add_test(tc, a_key_that_goes_ends_its_calls);
    tcase_add_test(tc, every_failed_allocation_is_answered);
}

int main(void)
{
    return run_tcase("rest_call", add);
}
