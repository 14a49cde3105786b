/* rest_admin.c - what the gateway answers for itself: health, metrics, the OpenAPI document, and
 * what an operator may do. */
#include <inttypes.h>
#include <stdio.h>

#include "codec/json_lex.h"
#include "codec/json_text.h"
#include "gateway/metrics.h"
#include "surface/openapi.h"
#include "surface/rest_state.h"

#define STOP_AFTER_NS NS_PER_S

static void plain(futu_http_call *k, int status, const char *text)
{
    http_answer(k, status, "text/plain; charset=utf-8", NULL, str_c(text));
}

static void put_json(futu_http_call *k, futu_err err)
{
    if (err)
        http_error(k, 500, "out of memory");
    else
        http_answer(k, 200, "application/json", NULL, buf_str(&k->rest->text));
}

static void health(futu_http_call *k, const futu_http_request *rq)
{
    (void)rq;
    plain(k, 200, "ok\n");
}

static void ready(futu_http_call *k, const futu_http_request *rq)
{
    struct hub_status s;
    char why[300], text[400];
    (void)rq;
    futu_err err = k->rest->o.upstream_state(k->rest->o.arg, why, sizeof(why));
    hub_status(k->rest->o.hub, &s);
    if (!err && s.qot_logined) {
        plain(k, 200, "ready\n");
        return;
    }
    snprintf(text, sizeof(text), "not ready: %s\n",
             err && why[0] ? why : "the upstream has no quotes");
    plain(k, 503, text);
}

static void ping(futu_http_call *k, const futu_http_request *rq)
{
    struct buf *b = &k->rest->text;
    struct hub_status s;
    (void)rq;
    hub_status(k->rest->o.hub, &s);
    b->n = 0;
    put_json(k, buf_printf(b,
                           "{\"ok\":true,\"version\":\"%s\",\"upstream\":\"%s\",\"online\":%s,"
                           "\"time_ms\":%" PRId64 "}",
                           futu_version(), s.upstream, s.qot_logined ? "true" : "false",
                           clock_wall(&k->rest->o.clock) / NS_PER_MS));
}

static futu_err put_renewals(struct rest *r)
{
    struct rest_renewals n;
    if (!r->o.renewals)
        return FUTU_OK;
    r->o.renewals(r->o.arg, &n);
    return buf_printf(&r->text,
                      ",\"login_renewal\":{\"failures\":%u,\"attempts\":%" PRIu64
                      ",\"next_s\":%" PRId64 ",\"circuit_open_until_s\":%" PRId64 "}",
                      n.failures, n.tries, n.next_s, n.circuit_s);
}

static void push_info(futu_http_call *k, const futu_http_request *rq)
{
    struct buf *b = &k->rest->text;
    struct hub_status s;
    (void)rq;
    hub_status(k->rest->o.hub, &s);
    b->n = 0;
    futu_err err = buf_printf(b,
                           "{\"healthy\":%s,\"qot_logined\":%s,\"last_push_ms\":%" PRId64
                           ",\"pushes_received\":%" PRIu64 ",\"pushes_sent\":%" PRIu64
                           ",\"subscriptions\":%" PRIu64 ",\"stale_securities\":%d"
                           ",\"gaps\":%" PRIu64
                           ",\"conflated\":%" PRIu64 ",\"slow_clients_cut\":%" PRIu64,
                           s.qot_logined && s.stale == 0 ? "true" : "false",
                           s.qot_logined ? "true" : "false", s.last_push_ms, s.pushes_in,
                           s.pushes_out, s.subscriptions, s.stale, s.gaps, s.conflated,
                           s.cut_slow);
    if (!err)
        err = put_renewals(k->rest);
    put_json(k, err ? err : buf_puts(b, "}"));
}

static void metrics(futu_http_call *k, const futu_http_request *rq)
{
    struct rest *r = k->rest;
    (void)rq;
    r->text.n = 0;
    if (metrics_write(r->o.hub, r->o.metrics_public, &r->text))
        http_error(k, 500, "out of memory");
    else
        http_answer(k, 200, "text/plain; version=0.0.4; charset=utf-8", NULL, buf_str(&r->text));
}

static void openapi(futu_http_call *k, const futu_http_request *rq)
{
    struct rest *r = k->rest;
    (void)rq;
    if (r->openapi.n == 0 && openapi_write(&r->openapi)) {
        r->openapi.n = 0;
        http_error(k, 500, "out of memory");
        return;
    }
    http_answer(k, 200, "application/json", NULL, buf_str(&r->openapi));
}

static void allowed(futu_http_call *k)
{
    struct audit_event e = { .iface = IFACE_REST, .endpoint = k->endpoint, .peer = k->peer,
                             .key_id = k->key ? k->key->rules->id : "<none>",
                             .outcome = OUTCOME_ALLOW, .scope = "admin" };
    hub_audit(k->rest->o.hub, &e, DENY_NONE);
}

/* The documented members come first. */
static void status(futu_http_call *k, const futu_http_request *rq)
{
    struct rest *r = k->rest;
    struct buf *b = &r->text;
    struct hub_status s;
    char why[300];
    (void)rq;
    allowed(k);
    hub_status(r->o.hub, &s);
    futu_err up = r->o.upstream_state(r->o.arg, why, sizeof(why));
    b->n = 0;
    futu_err err = buf_printf(
        b,
        "{\"version\":\"%s\",\"login\":{\"online\":%s,\"user_id\":%" PRIu64 ",\"attribution\":%d},"
        "\"platform\":{\"connected\":%s},\"brokers\":[",
        futu_version(), s.qot_logined ? "true" : "false", s.user_id, s.attribution,
        up ? "false" : "true");
    if (!err && r->o.brokers)
        err = r->o.brokers(r->o.arg, b);
    if (!err)
        err = buf_printf(
            b,
            "],\"cache\":{\"trade_unlocked\":%s,"
            "\"cached_cipher_count\":%" PRIu64 ",\"cached_account_count\":%" PRIu64
            "},\"upstream\":{"
            "\"kind\":\"%s\",\"message\":",
            s.unlocked ? "true" : "false", s.unlocked_accounts, s.accounts, s.upstream);
    if (!err)
        err = json_put_string(b, str_c(why));
    if (!err)
        err = buf_printf(b,
                         "},\"started_ms\":%" PRId64 ",\"connections\":%" PRIu64
                         ",\"requests\":%" PRIu64 ",\"subscriptions\":%" PRIu64
                         ",\"quota_used\":%" PRIu64 ",\"keys\":%zu}",
                         s.started_ms, s.connections, s.requests, s.subscriptions, s.quota_used,
                         r->o.access ? access_n_keys(r->o.access) : 0);
    put_json(k, err);
}

static void reload(futu_http_call *k, const futu_http_request *rq)
{
    struct rest *r = k->rest;
    struct buf *b = &r->text;
    char why[400] = "";
    (void)rq;
    allowed(k);
    size_t was = hub_lock(r->o.hub);
    futu_err err = r->o.reload(r->o.arg, why, sizeof(why));
    if (err && err != FUTU_ENOTFOUND) {
        http_error(k, 500, "the old keys stay: %s", why);
        return;
    }
    b->n = 0;
    put_json(k, buf_printf(b,
                           "{\"ok\":true,\"ciphers_dropped\":%zu,\"keys\":%zu,"
                           "\"message\":\"%s\"}",
                           was, r->o.access ? access_n_keys(r->o.access) : 0,
                           was ? "keys read again, trading locked" : "keys read again"));
}

void rest_stop_now(struct timer *t, int64_t now)
{
    struct rest *r = container_of(t, struct rest, stop);
    (void)now;
    r->o.shutdown(r->o.shutdown_arg);
}

static void shut_down(futu_http_call *k, const futu_http_request *rq)
{
    struct rest *r = k->rest;
    (void)rq;
    allowed(k);
    if (!r->o.shutdown) {
        http_error(k, 501, "this program does not let itself be stopped by REST");
        return;
    }
    timer_set(r->o.timers, &r->stop, clock_mono(&r->o.clock) + STOP_AFTER_NS);
    http_answer(k, 200, "application/json", NULL,
                STR("{\"ok\":true,\"shutting_down_in_secs\":1}"));
}

/* ---- the direct login ---- */

static void answer_login(futu_http_call *k, futu_err err, const char *done)
{
    static const struct {
        futu_err err;
        int status;
        const char *text;
    } all[] = {
        { FUTU_ENOTSUP, 501, "this gateway has no direct login" },
        { FUTU_EINVAL, 400, "the code is 4 to 8 digits: {\"verify_code\":\"123456\"}" },
        { FUTU_ENOTFOUND, 409, "the login waits for no code" },
        { FUTU_EBUSY, 409, "a login is under way" },
        { FUTU_ENOTCONN, 409, "the login waits for a code" },
        { FUTU_EREFUSED, 409, "a renewal has failed a short while ago, or nothing is saved" },
    };
    char text[120];
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (all[i].err == err) {
            http_error(k, all[i].status, "%s", all[i].text);
            return;
        }
    if (err) {
        http_error(k, 500, "%s", futu_strerror(err));
        return;
    }
    int n = snprintf(text, sizeof(text), "{\"ok\":true,\"message\":\"%s\"}", done);
    http_answer(k, 200, "application/json", NULL, (futu_str){ text, (size_t)n });
}

static void relogin(futu_http_call *k, const futu_http_request *rq)
{
    struct rest *r = k->rest;
    (void)rq;
    allowed(k);
    answer_login(k, r->o.relogin ? r->o.relogin(r->o.arg) : FUTU_ENOTSUP,
                 "the login is under way; see /readyz");
}

/* {"verify_code":"123456"}, nothing else. */
static bool read_code(futu_str body, char *code, size_t size)
{
    struct json_lex lx = { body.p, body.p + body.n };
    char tmp[16];
    futu_str name, value;
    if (!json_take(&lx, '{') || json_peek(&lx) != '"' ||
        json_name(&lx, tmp, sizeof(tmp), &name) || !str_is(name, "verify_code") ||
        !json_take(&lx, ':') ||
        !json_skip(&lx, &value) || !json_take(&lx, '}') || json_peek(&lx) != '\0')
        return false;
    return value.n > 2 && value.p[0] == '"' &&
           str_copy(code, size, (futu_str){ value.p + 1, value.n - 2 });
}

static void verify_code(futu_http_call *k, const futu_http_request *rq)
{
    struct rest *r = k->rest;
    char code[16];
    allowed(k);
    futu_err err = !r->o.login_code                         ? FUTU_ENOTSUP
                   : read_code(rq->body, code, sizeof(code)) ? r->o.login_code(r->o.arg, code)
                                                             : FUTU_EINVAL;
    answer_login(k, err, "the code was sent; see /readyz for what became of it");
}

void rest_admin(futu_http_call *k, const futu_http_request *rq)
{
    static void (*const handlers[])(futu_http_call *k, const futu_http_request *rq) = {
        [ROUTE_HEALTH] = health,   [ROUTE_READY] = ready,     [ROUTE_PING] = ping,
        [ROUTE_PUSH_INFO] = push_info, [ROUTE_METRICS] = metrics, [ROUTE_OPENAPI] = openapi,
        [ROUTE_STATUS] = status,   [ROUTE_RELOAD] = reload,   [ROUTE_SHUTDOWN] = shut_down,
        [ROUTE_RELOGIN] = relogin, [ROUTE_VERIFY_CODE] = verify_code,
    };
    handlers[k->route->kind](k, rq);
}
