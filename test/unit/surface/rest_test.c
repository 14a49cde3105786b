/* rest_test.c - who may ask for which path, and how it is told; calls with their keys, cards and
 * ends. */
#include <stdio.h>

#include "surface/route.h"
#include "web.h"

static struct got g, g2;

#define ALL "\"qot:read\",\"acc:read\",\"trade:simulate\",\"trade:real\",\"trade:unlock\",\"admin\"," \
            "\"metrics:read\""
#define ORDER "{\"acc_id\":1001,\"trd_env\":0,\"trd_market\":1,\"trd_side\":1,\"order_type\":1," \
              "\"code\":\"00700\",\"qty\":100,\"price\":10}"

static void keys(void)
{
    rails_begin(&k);
    rails_key(&k, "all", ALL, "");
    rails_key(&k, "other", ALL, "");
    rails_key(&k, "qot", "\"qot:read\"", "");
    rails_key(&k, "acc", "\"acc:read\"", "");
    rails_key(&k, "sim", "\"trade:simulate\"", "");
    rails_key(&k, "old", ALL, ",\"expires_at\":\"2020-01-01T00:00:00Z\"");
    rails_key(&k, "mine", ALL, ",\"allowed_acc_ids\":[1001]");
    rails_save(&k);
    web_open(NULL, false);
    rig_answer(&k.r, 2001, REFUSED);
}

static void open_mode(void)
{
    rails_begin(&k);
    web_open(NULL, false);
}

static void stop(void)
{
    buf_free(&g.body);
    buf_free(&g2.body);
    web_close();
}

static void answered(int status, const char *part)
{
    ck_assert_uint_eq(g.times, 1);
    ck_assert_msg(g.status == status, "%d, not %d: %s", g.status, status, body_of(&g));
    ck_assert_msg(strstr(body_of(&g), part), "%s is not in %s", part, body_of(&g));
}

static void ask(const struct want *w, int status, const char *part)
{
    web_ask(&g, w);
    answered(status, part);
}

/* ---- every path, method and key ---- */

static bool may(const struct route *r, uint32_t scopes)
{
    return r->open || r->scopes == 0 || (r->scopes & scopes);
}

/* The answer of the judge: 0 when the request got past it. */
static int judged(const char *method, const char *path, const char *token)
{
    char text[128];
    snprintf(text, sizeof(text), "%s", path);
    web_ask(&g, &(struct want){ .method = method, .target = text, .token = token });
    if (g.call) {
        rest_abandon(g.call);
        return 0;
    }
    return g.status == 401 || g.status == 403 || g.status == 404 || g.status == 405 ? g.status : 0;
}

static void check_route(const struct route *r)
{
    static const struct {
        const char *name;
        unsigned bit;
    } methods[] = { { "GET", METHOD_GET }, { "HEAD", METHOD_GET }, { "POST", METHOD_POST },
                    { "PUT", 0 }, { "DELETE", 0 }, { "get", 0 }, { "", 0 } };
    static const struct {
        const char *token;
        uint32_t scopes;
        int status;             /* whatever the path is, but for open ones; 0: by scope */
    } who[] = {
        { NULL, 0, 401 }, { "nobody", 0, 401 }, { "old", 0, 401 }, { "all", 127, 0 },
        { "qot", SCOPE_QOT_READ, 0 }, { "acc", SCOPE_ACC_READ, 0 }, { "sim", SCOPE_TRADE_SIMULATE, 0 },
    };
    for (size_t m = 0; m < ARRAY_LEN(methods); m++)
        for (size_t i = 0; i < ARRAY_LEN(who); i++) {
            if (r->kind == ROUTE_SHUTDOWN || r->kind == ROUTE_RELOAD)
                continue;       /* done below */
            int want = !(r->methods & methods[m].bit) ? 405
                       : r->open                      ? 0
                       : who[i].status                ? who[i].status
                       : may(r, who[i].scopes)        ? 0 : 403;
            int is = judged(methods[m].name, r->path, who[i].token);
            ck_assert_msg(is == want, "%s %s with %s: %d, not %d", methods[m].name, r->path,
                          who[i].token ? who[i].token : "nothing", is, want);
            if (want == 401)
                ck_assert_ptr_nonnull(strstr(g.headers, "WWW-Authenticate: Bearer"));
            if (want == 403)
                ck_assert_str_eq(body_of(&g), "{\"error\":\"forbidden\"}");
            if (want == 405)
                ck_assert_ptr_nonnull(strstr(g.headers, "Allow: "));
        }
}

START_TEST(every_path_and_method_with_every_kind_of_key)
{
    size_t n;
    const struct route *r = routes(&n);
    keys();
    for (size_t i = 0; i < n; i++)
        check_route(&r[i]);
    stop();
}
END_TEST

START_TEST(without_keys_reads_are_free_and_writes_are_not)
{
    size_t n;
    const struct route *r = routes(&n);
    open_mode();
    for (size_t i = 0; i < n; i++) {
        const char *method = r[i].methods & METHOD_GET ? "GET" : "POST";
        int want = !r[i].closed ? 0 : r[i].proto == 2008 ? 403 : 401;
        ck_assert_msg(judged(method, r[i].path, NULL) == want, "%s", r[i].path);
        ck_assert_msg(judged(method, r[i].path, "any") == want, "%s", r[i].path);
        if (want)
            ck_assert_ptr_nonnull(strstr(body_of(&g), "--rest-keys-file"));
    }
    ck_assert_uint_eq(shutdowns + reloads, 0);
    stop();
}
END_TEST

START_TEST(the_word_bearer_may_be_in_any_case)
{
    static const struct {
        const char *header;
        int status;
    } rows[] = {
        { "bearer token-all", 200 }, { "BEARER token-all", 200 }, { "Bearer   token-all", 200 },
        { "Bearer", 401 }, { "Bearer ", 401 }, { "Basic token-all", 401 }, { "token-all", 401 },
        { "Bearer token-all x", 401 }, { "Bearer token-al", 401 }, { "", 401 },
    };
    keys();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        futu_http_request rq = FUTU_HTTP_REQUEST_INIT;
        rq.method = STR("GET");
        rq.target = STR("/api/ping");
        rq.authorization = str_c(rows[i].header);
        g.times = 0;
        ck_assert_int_eq(rest_request(rest, &rq, on_answer, &g, &g.call), FUTU_OK);
        ck_assert_msg(g.status == rows[i].status, "%s: %d", rows[i].header, g.status);
    }
    ck_assert_uint_eq(trail_count(&k, "<missing>"), 5);
    ck_assert_uint_eq(trail_count(&k, "<invalid>"), 2);
    stop();
}
END_TEST

START_TEST(unknown_paths_name_the_nearest)
{
    keys();
    ask(&(struct want){ .target = "/api/ordr", .token = "all" }, 404, "did you mean /api/order");
    ask(&(struct want){ .target = "/xyzzy/plugh/nothing", .token = "all" }, 404, "openapi.json");
    ask(&(struct want){ .target = "/api/order/", .token = "all" }, 404, "no such path");
    ask(&(struct want){ .target = "", .token = "all" }, 404, "no such path");
    ask(&(struct want){ .target = "?x", .token = "all" }, 404, "no such path");
    ask(&(struct want){ .target = "/api/call/Nothing" }, 404, "no such path");
    ck_assert_uint_eq(trail_count(&k, "unknown path", "\"key_id\":\"all\""), 5);
    ck_assert_uint_eq(trail_count(&k, "unknown path", "<missing>"), 1);
    stop();
}
END_TEST

/* ---- pages ---- */

START_TEST(origins_and_hosts)
{
    static const struct {
        const char *origin, *host;
        bool keyed, open;       /* allowed with keys, without */
    } rows[] = {
        { NULL, NULL, true, true },
        { NULL, "127.0.0.1:22222", true, true },
        { NULL, "[::1]:22222", true, true },
        { NULL, "localhost", true, true },
        { NULL, "192.168.1.5:22222", true, true },
        { NULL, "page.example", true, true },           /* the host of an allowed origin */
        { NULL, "evil.example:22222", true, false },
        { NULL, "127.0.0.1.evil.example", true, false },
        { "http://localhost:3000", "localhost", true, true },
        { "http://127.0.0.1", "localhost", true, true },
        { "http://[::1]:80", "localhost", true, true },
        { "https://app.localhost", "localhost", true, true },
        { "https://page.example", "localhost", true, true },
        { "https://PAGE.example", "localhost", true, true },
        { "http://page.example", "localhost", false, false },
        { "https://page.example:8443", "localhost", false, false },
        { "https://page.example.evil", "localhost", false, false },
        { "https://localhost.evil.example", "localhost", false, false },
        { "https://evil.example", "localhost", false, false },
        { "null", "localhost", false, false },
        { "", "localhost", false, false },
        { "http://localhost\r\nX: y", "localhost", false, false },
    };
    for (int keyed = 0; keyed < 2; keyed++) {
        rails_begin(&k);
        if (keyed)
            rails_key(&k, "all", ALL, "");
        if (keyed)
            rails_save(&k);
        web_open("https://page.example/, https://other.example", false);
        for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
            bool ok = keyed ? rows[i].keyed : rows[i].open;
            web_ask(&g, &(struct want){ .target = "/api/ping", .token = "all",
                                        .origin = rows[i].origin, .host = rows[i].host });
            ck_assert_msg(g.status == (ok ? 200 : 403), "%s %s: %d", rows[i].origin, rows[i].host,
                          g.status);
            bool cors = strstr(g.headers, "Access-Control-Allow-Origin: ") != NULL;
            ck_assert_msg(cors == (ok && rows[i].origin), "%s", rows[i].origin);
        }
        stop();
    }
}
END_TEST

START_TEST(a_star_lets_every_page_in)
{
    rails_begin(&k);
    web_open("*", false);
    ask(&(struct want){ .target = "/api/ping", .origin = "https://any.example",
                        .host = "any.example" }, 200, "\"ok\":true");
    ck_assert_ptr_nonnull(strstr(g.headers, "Access-Control-Allow-Origin: https://any.example\r\n"
                                            "Vary: Origin\r\n"));
    stop();
}
END_TEST

START_TEST(preflights_need_no_key)
{
    keys();
    ask(&(struct want){ .method = "OPTIONS", .target = "/api/order",
                        .origin = "http://localhost:3000" }, 204, "");
    ck_assert_ptr_nonnull(strstr(g.headers, "Access-Control-Allow-Methods: POST, OPTIONS\r\n"));
    ck_assert_ptr_nonnull(strstr(g.headers, "Idempotency-Key"));
    ask(&(struct want){ .method = "OPTIONS", .target = "/api/quote" }, 204, "");
    ck_assert_ptr_nonnull(strstr(g.headers, "GET, HEAD, POST, OPTIONS"));
    ask(&(struct want){ .method = "OPTIONS", .target = "/api/order",
                        .origin = "https://evil.example" }, 403, "origin");
    stop();
}
END_TEST

START_TEST(a_body_must_say_that_it_is_json)
{
    static const struct {
        const char *type;
        bool ok;
    } rows[] = { { "application/json", true }, { "Application/JSON; charset=utf-8", true },
                 { "application/json ;x", true }, { "application/jsonp", false },
                 { "text/plain", false }, { "", false } };
    keys();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        web_ask(&g, &(struct want){ .target = "/api/quote", .token = "all", .body = "{",
                                    .type = rows[i].type });
        ck_assert_msg(g.status == (rows[i].ok ? 400 : 415), "%s: %d", rows[i].type, g.status);
    }
    stop();
}
END_TEST

/* ---- calls ---- */

START_TEST(a_call_goes_up_and_comes_back_in_an_envelope)
{
    keys();
    web_ask(&g, &(struct want){ .target = "/api/market-state?symbol=HK.00700", .token = "qot" });
    ck_assert_uint_eq(g.times, 0);
    rig_answer(&k.r, 3223, HEX_EMPTY);
    answered(200, "{\"ret_type\":0,\"ret_msg\":null,\"err_code\":null,\"s2c\":{");
    ck_assert_str_eq(g.type, "application/json");
    web_ask(&g, &(struct want){ .target = "/api/market-state", .body = "{\"symbols\":[\"HK.00700\"]}",
                                .token = "qot" });
    rig_answer(&k.r, 3223, REFUSED);
    answered(200, "{\"ret_type\":-1,\"ret_msg\":\"no!\"");
    ask(&(struct want){ .target = "/api/market-state", .body = "{\"symbolz\":[]}", .token = "qot" },
        400, "unknown field");
    ask(&(struct want){ .target = "/api/market-state?symbolz=1", .token = "qot" }, 400,
        "unknown field");
    ask(&(struct want){ .target = "/api/funds", .body = "{\"trd_env\":0,\"trd_market\":1,\"acc_id\":1002}",
                        .token = "mine" }, 403, "forbidden");
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
    web_ask(to, &(struct want){ .target = "/api/order", .body = body, .token = token, .word = word });
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
    web_ask(&g, &(struct want){ .target = "/api/order", .body = ORDER, .token = "all", .word = "x" });
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
    web_ask(&all[1], &(struct want){ .target = "/api/market-state?symbol=HK.00700", .token = "all" });
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

/* ---- the gateway's own ---- */

START_TEST(probes_status_and_metrics)
{
    keys();
    ask(&(struct want){ .target = "/health" }, 200, "ok");
    ask(&(struct want){ .target = "/readyz" }, 200, "ready");
    upstream_down = true;
    ask(&(struct want){ .target = "/readyz" }, 503, "not ready: the \"cable\" is cut");
    ask(&(struct want){ .target = "/api/admin/status", .token = "all" }, 200,
        "\"message\":\"the \\\"cable\\\" is cut\"");
    upstream_down = false;
    k.r.fake.state.qot_logined = false;
    ask(&(struct want){ .target = "/readyz" }, 503, "no quotes");
    ask(&(struct want){ .target = "/health" }, 200, "ok");
    ask(&(struct want){ .target = "/api/ping", .token = "qot" }, 200, "\"online\":false");
    ask(&(struct want){ .target = "/api/push-subscriber-info", .token = "qot" }, 200,
        "\"healthy\":false");
    ask(&(struct want){ .target = "/metrics", .token = "all" }, 200, "kh_");
    ck_assert_str_eq(g.type, "text/plain; version=0.0.4; charset=utf-8");
    ask(&(struct want){ .target = "/api/openapi.json", .token = "sim" }, 200, "\"openapi\"");
    ask(&(struct want){ .target = "/ws", .token = "all" }, 426, "WebSocket");
    stop();
    rails_begin(&k);
    rails_key(&k, "all", ALL, "");
    rails_save(&k);
    web_open(NULL, true);
    ask(&(struct want){ .target = "/metrics" }, 200, "futu_gateway_");
    stop();
}
END_TEST

START_TEST(an_operator_reloads_and_stops)
{
    keys();
    ask(&(struct want){ .method = "POST", .target = "/api/admin/reload", .token = "qot" }, 403, "");
    ck_assert_uint_eq(reloads, 0);
    ask(&(struct want){ .method = "POST", .target = "/api/admin/reload", .token = "all" }, 200,
        "\"ciphers_dropped\":0,\"keys\":7");
    reload_err = FUTU_EFORMAT;
    ask(&(struct want){ .method = "POST", .target = "/api/admin/reload", .token = "all" }, 500,
        "the old keys stay: keys.json: no");
    ck_assert_uint_eq(reloads, 2);
    ask(&(struct want){ .method = "POST", .target = "/api/admin/shutdown", .token = "all" }, 200,
        "\"shutting_down_in_secs\":1");
    ck_assert_uint_eq(shutdowns, 0);
    rig_pass(&k.r, NS_PER_S);
    ck_assert_uint_eq(shutdowns, 1);
    ck_assert_uint_eq(trail_count(&k, "\"allow\"", "\"scope\":\"admin\""), 3);
    stop();
}
END_TEST

START_TEST(a_request_must_be_of_our_size)
{
    keys();
    futu_http_request rq = FUTU_HTTP_REQUEST_INIT;
    rq.method = rq.target = STR("GET");
    rq.size = 8;
    ck_assert_int_eq(rest_request(rest, &rq, on_answer, &g, &g.call), FUTU_EINVAL);
    rq.size = sizeof(rq);
    ck_assert_int_eq(rest_request(rest, &rq, NULL, &g, &g.call), FUTU_EINVAL);
    stop();
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, every_path_and_method_with_every_kind_of_key);
    tcase_add_test(tc, without_keys_reads_are_free_and_writes_are_not);
    tcase_add_test(tc, the_word_bearer_may_be_in_any_case);
    tcase_add_test(tc, unknown_paths_name_the_nearest);
    tcase_add_test(tc, origins_and_hosts);
    tcase_add_test(tc, a_star_lets_every_page_in);
    tcase_add_test(tc, preflights_need_no_key);
    tcase_add_test(tc, a_body_must_say_that_it_is_json);
    tcase_add_test(tc, a_call_goes_up_and_comes_back_in_an_envelope);
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
    tcase_add_test(tc, probes_status_and_metrics);
    tcase_add_test(tc, an_operator_reloads_and_stops);
    tcase_add_test(tc, a_request_must_be_of_our_size);
}

int main(void)
{
    return run_tcase("rest", add);
}
