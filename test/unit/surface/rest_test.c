/* rest_test.c - who may ask for which path of the REST API, and what it answers for itself. */
#include "rest_rig.h"
#include "surface/route.h"

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
        { "qot", SCOPE_QOT_READ, 0 }, { "acc", SCOPE_ACC_READ, 0 },
        { "sim", SCOPE_TRADE_SIMULATE, 0 },
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
            ck_assert_msg(g.status == (ok ? 200 : 403), "row %zu: %d", i, g.status);
            bool cors = strstr(g.headers, "Access-Control-Allow-Origin: ") != NULL;
            ck_assert_msg(cors == (ok && rows[i].origin), "row %zu", i);
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
    tcase_add_test(tc, probes_status_and_metrics);
    tcase_add_test(tc, an_operator_reloads_and_stops);
    tcase_add_test(tc, a_request_must_be_of_our_size);
}

int main(void)
{
    return run_tcase("rest", add);
}
