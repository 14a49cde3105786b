/* rest.c - see rest.h: who asks for what, and how it is told. */
#include "surface/rest.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "base/mem.h"
#include "codec/json_text.h"
#include "crypt/secret.h"
#include "surface/mcp.h"
#include "surface/rest_state.h"

#define IDLE_MAX 256

/* ---- life ---- */

static futu_err make_mcp(struct rest *r, const struct rest_opts *o)
{
    struct mcp_opts m = { .hub = o->hub, .access = o->access, .clock = o->clock,
                          .timers = o->timers, .groups = o->mcp_groups, .direct = o->mcp_direct,
                          .short_list = o->mcp_short, .open_scopes = o->mcp_open_scopes,
                          .trade_pwd_md5 = o->mcp_trade_pwd_md5 };
    r->o.mcp_trade_pwd_md5 = NULL;
    return mcp_new(&r->mcp, &m);
}

futu_err rest_new(struct rest **out, const struct rest_opts *o)
{
    struct rest *r = mem_zalloc(sizeof(*r));
    *out = NULL;
    if (!r)
        return FUTU_ENOMEM;
    r->o = *o;
    r->origins = o->allowed_origins ? mem_strdup(o->allowed_origins) : NULL;
    if (o->allowed_origins && !r->origins) {
        mem_free(r);
        return FUTU_ENOMEM;
    }
    list_init(&r->calls);
    list_init(&r->idle);
    list_init(&r->mcp_sessions);
    list_init(&r->mcp_ended);
    idem_init(&r->idem);
    r->stop.fn = rest_stop_now;
    futu_err err = make_mcp(r, o);
    if (err)
        rest_free(r);
    else
        *out = r;
    return err;
}

void rest_free(struct rest *r)
{
    if (!r)
        return;
    rest_mcp_free(r);
    /* The hub answers what it still has with a NULL reply when it goes; here that comes first. */
    while (!list_empty(&r->calls)) {
        futu_http_call *k = list_entry(r->calls.next, futu_http_call, link);
        list_remove(&k->call.link);
        if (k->streams) {
            k->on_more(NULL, k->arg);
            http_give_back(k);
        } else {
            http_error(k, 503, "the gateway ends");
        }
    }
    while (!list_empty(&r->idle)) {
        futu_http_call *k = list_entry(r->idle.next, futu_http_call, link);
        list_remove(&k->link);
        mem_free(k);
    }
    timer_stop(r->o.timers, &r->stop);
    idem_free(&r->idem);
    hot_free(&r->hot);
    buf_free(&r->pb);
    buf_free(&r->json);
    buf_free(&r->text);
    buf_free(&r->sse);
    buf_free(&r->openapi);
    mem_free(r->origins);
    mem_free(r);
}

futu_http_call *http_take(struct rest *r, const futu_http_request *rq, futu_http_done_fn *done,
                          void *arg)
{
    futu_http_call *k;
    if (!list_empty(&r->idle)) {
        k = list_entry(r->idle.next, futu_http_call, link);
        list_remove(&k->link);
        r->n_idle--;
    } else {
        k = mem_alloc(sizeof(*k));
        if (!k)
            return NULL;
    }
    memset(k, 0, offsetof(futu_http_call, hot));
    k->hot.n = 0;
    k->rest = r;
    k->done = done;
    k->arg = arg;
    k->on_more = rq->on_more;
    k->inside = true;
    list_init(&k->link);
    list_init(&k->call.link);
    list_push(&r->calls, &k->link);
    str_copy(k->peer, sizeof(k->peer), str_c(rq->peer ? rq->peer : "-"));
    return k;
}

void http_give_back(futu_http_call *k)
{
    struct rest *r = k->rest;
    list_remove(&k->link);
    timer_stop(r->o.timers, &k->later);
    if (k->idem)                    /* it ended without an answer worth keeping */
        idem_answer(&r->idem, k->idem, STR_NULL, 0);
    buf_free(&k->kept);
    wipe(k->hot.text, k->hot.n);
    if (r->n_idle >= IDLE_MAX) {
        mem_free(k);
        return;
    }
    r->n_idle++;
    list_push(&r->idle, &k->link);
}

/* ---- answers ---- */

static const char *cors_of(const futu_http_call *k, const char *headers, char *room, size_t size)
{
    if (!k->origin[0])
        return headers ? headers : "";
    snprintf(room, size, "Access-Control-Allow-Origin: %s\r\nVary: Origin\r\n%s", k->origin,
             headers ? headers : "");
    return room;
}

void http_answer(futu_http_call *k, int status, const char *type, const char *headers,
                 futu_str body)
{
    char room[1024];
    futu_http_answer a = { .size = sizeof(a), .status = status, .content_type = type,
                           .body = body };
    a.headers = cors_of(k, headers, room, sizeof(room));
    k->answered = true;
    trace_http_answer(k->peer, status, body);
    if (k->done)
        k->done(&a, k->arg);
    if (!k->inside)
        http_give_back(k);
}

void http_stream(futu_http_call *k, const char *type, const char *headers)
{
    char room[1024];
    futu_http_answer a = { .size = sizeof(a), .status = 200, .content_type = type, .stream = 1 };
    a.headers = cors_of(k, headers, room, sizeof(room));
    k->streams = k->told = true;        /* who is told of the head looks for the rest */
    trace_http_answer(k->peer, 200, STR_NULL);
    k->done(&a, k->arg);
}

static void error_body_until(futu_http_call *k, int status, const char *headers, const char *text,
                             uint32_t retry_s)
{
    struct buf *b = &k->rest->text;
    b->n = 0;
    futu_err err = buf_puts(b, "{\"error\":");
    if (!err)
        err = json_put_string(b, str_c(text));
    if (!err && retry_s)
        err = buf_printf(b, ",\"retry_after_s\":%u", retry_s);
    if (!err)
        err = buf_byte(b, '}');
    http_answer(k, status, "application/json", headers,
                err ? STR("{\"error\":\"out of memory\"}") : buf_str(b));
}

static void error_body(futu_http_call *k, int status, const char *headers, const char *text)
{
    error_body_until(k, status, headers, text, 0);
}

void http_too_early(futu_http_call *k, const char *text, uint32_t retry_s)
{
    char header[40];
    snprintf(header, sizeof(header), "Retry-After: %u\r\n", retry_s);
    error_body_until(k, 429, header, text, retry_s);
}

void http_error(futu_http_call *k, int status, const char *fmt, ...)
{
    char text[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    error_body(k, status, NULL, text);
}

void http_deny(futu_http_call *k, enum deny d, const char *text, uint32_t retry_s)
{
    int status = deny_status(d);
    if (retry_s) {
        http_too_early(k, text, retry_s);
        return;
    }
    /* The documented answer to this one call in open mode. */
    if (d == DENY_OPEN_MODE && k->route && k->route->proto == PROTO_TRD_SUB_ACC_PUSH)
        status = 403;
    error_body(k, status,
               status == 401 ? "WWW-Authenticate: Bearer realm=\"futu-opend\"\r\n" : NULL, text);
}

static const char *caller_id(const futu_http_call *k, enum deny d)
{
    if (k->key)
        return k->key->rules->id;
    if (d == DENY_INVALID)
        return "<invalid>";
    return d == DENY_MISSING ? "<missing>" : "<none>";
}

void http_refuse(futu_http_call *k, enum deny d, const char *reason)
{
    struct audit_event e = { .iface = IFACE_REST, .endpoint = k->endpoint,
                             .key_id = caller_id(k, d), .outcome = OUTCOME_REJECT,
                             .reason = reason ? reason : deny_text(d), .peer = k->peer };
    hub_audit(k->rest->o.hub, &e, d);
    http_deny(k, d, deny_text(d), 0);
}

/* ---- what a request says ---- */

futu_str query_value(futu_str query, const char *name)
{
    size_t n = strlen(name);
    while (query.n > 0) {
        const char *amp = memchr(query.p, '&', query.n);
        size_t len = amp ? (size_t)(amp - query.p) : query.n;
        if (len > n && memcmp(query.p, name, n) == 0 && query.p[n] == '=')
            return (futu_str){ query.p + n + 1, len - n - 1 };
        query.p += len + (amp != NULL);
        query.n -= len + (amp != NULL);
    }
    return STR_NULL;
}

static unsigned method_of(futu_str m)
{
    static const struct {
        const char *name;
        unsigned bit;
    } methods[] = {
        { "GET", METHOD_GET }, { "POST", METHOD_POST }, { "OPTIONS", METHOD_OPTIONS },
        { "HEAD", METHOD_HEAD }, { "DELETE", METHOD_DELETE },
    };
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (str_is(m, methods[i].name))
            return methods[i].bit;
    return 0;
}

static bool json_type(futu_str type)
{
    static const char word[] = "application/json";
    size_t n = sizeof(word) - 1;
    return type.p && type.n >= n && strncasecmp(type.p, word, n) == 0 &&
           (type.n == n || type.p[n] == ';' || type.p[n] == ' ');
}

/* ---- judging ---- */

/* Of a key that is known only now: who was refused. */
bool key_ok(futu_http_call *k, futu_str token, const struct route *route)
{
    struct rest *r = k->rest;
    if (!r->o.access || !access_has_keys(r->o.access, IFACE_REST)) {
        if (route->closed)
            http_refuse(k, DENY_OPEN_MODE, NULL);
        return !route->closed;
    }
    if (route->open || (route->kind == ROUTE_METRICS && r->o.metrics_public))
        return true;
    enum deny d = access_open(r->o.access, IFACE_REST, token, &k->key);
    if (d == DENY_NONE && !access_scope(k->key, route->scopes))
        d = DENY_SCOPE;
    if (d == DENY_NONE)
        return true;
    http_refuse(k, d, NULL);
    return false;
}

static void preflight(futu_http_call *k, const struct route *route)
{
    char text[300];
    snprintf(text, sizeof(text),
             "Access-Control-Allow-Methods: %s%s%s\r\n"
             "Access-Control-Allow-Headers: Authorization, Content-Type, Idempotency-Key%s\r\n"
             "Access-Control-Max-Age: 600\r\n",
             route->methods & METHOD_GET ? "GET, HEAD, " : "",
             route->methods & METHOD_DELETE ? "DELETE, " : "",
             route->methods & METHOD_POST ? "POST, OPTIONS" : "OPTIONS",
             route->kind == ROUTE_MCP || route->kind == ROUTE_MCP_SSE
                 ? ", Mcp-Session-Id, MCP-Protocol-Version, Last-Event-ID" : "");
    http_answer(k, 204, NULL, text, STR_NULL);
}

static void wrong_method(futu_http_call *k, const struct route *route)
{
    char text[64];
    snprintf(text, sizeof(text), "Allow: %s%s%sOPTIONS\r\n",
             route->methods & METHOD_GET ? "GET, HEAD, " : "",
             route->methods & METHOD_DELETE ? "DELETE, " : "",
             route->methods & METHOD_POST ? "POST, " : "");
    error_body(k, 405, text, "this path has other methods, see Allow");
}

static void unknown_path(futu_http_call *k, futu_str path, futu_str token)
{
    struct rest *r = k->rest;
    const char *near = route_nearest(path);
    struct audit_event e = { .iface = IFACE_REST, .endpoint = k->endpoint,
                             .outcome = OUTCOME_REJECT, .reason = "unknown path",
                             .peer = k->peer };
    enum deny d = DENY_NONE;
    if (r->o.access && access_has_keys(r->o.access, IFACE_REST))
        d = access_open(r->o.access, IFACE_REST, token, &k->key);
    e.key_id = caller_id(k, d);
    hub_audit(r->o.hub, &e, DENY_NONE);
    if (near)
        http_error(k, 404, "no such path; did you mean %s?", near);
    else
        http_error(k, 404, "no such path; GET /api/openapi.json lists them all");
}

static void dispatch(futu_http_call *k, const futu_http_request *rq, futu_str query)
{
    if (k->route->kind == ROUTE_CALL)
        rest_call(k, rq, query);
    else if (k->route->kind == ROUTE_MCP)
        rest_mcp(k, rq);
    else if (k->route->kind == ROUTE_MCP_SSE)
        rest_mcp_sse(k, rq, query);
    else if (k->route->kind == ROUTE_WS)
        error_body(k, 426, "Upgrade: websocket\r\n", "this path is a WebSocket");
    else
        rest_admin(k, rq);
}

bool http_aim(futu_http_call *k, const futu_http_request *rq, futu_str *path, futu_str *query)
{
    const char *mark = rq->target.n ? memchr(rq->target.p, '?', rq->target.n) : NULL;
    *path = rq->target;
    *query = STR("");
    if (mark) {
        path->n = (size_t)(mark - rq->target.p);
        *query = (futu_str){ mark + 1, rq->target.n - path->n - 1 };
    }
    str_copy(k->endpoint, sizeof(k->endpoint), *path);
    k->route = route_find(*path, &k->room);
    return origin_ok(k, rq);
}

static void handle(futu_http_call *k, const futu_http_request *rq)
{
    futu_str path, query, token = bearer_of(rq->authorization);
    unsigned method = method_of(rq->method);
    if (!http_aim(k, rq, &path, &query))
        return;
    if (!k->route)
        unknown_path(k, path, token);
    else if (method == METHOD_OPTIONS)
        preflight(k, k->route);
    else if (!(k->route->methods & (method == METHOD_HEAD ? METHOD_GET : method)))
        wrong_method(k, k->route);
    else if (!key_ok(k, token, k->route))
        return;
    else if (rq->body.n > 0 && !json_type(rq->content_type))
        http_error(k, 415, "a body must come with Content-Type: application/json");
    else
        dispatch(k, rq, query);
}

/* False: it must be asked. */
static bool answer_hot(struct rest *r, const struct hot_request *rq, futu_http_done_fn *done,
                       void *arg)
{
    int64_t at = clock_mono(&r->o.clock);
    const struct hot_entry *e = hot_find(&r->hot, rq, hub_version(r->o.hub), at);
    if (!e || (e->key && access_alive(r->o.access, e->key) != DENY_NONE))
        return false;
    futu_http_answer a = { .size = sizeof(a), .status = 200, .content_type = "application/json",
                           .headers = "", .body = buf_str(&e->answer) };
    const struct proto_row *row = e->row;
    size_t len = e->len;            /* the next request may come from within done() */
    trace_http_answer("kept", 200, a.body);
    done(&a, arg);
    hub_count_call(r->o.hub, row, IFACE_REST, len, at);
    return true;
}

bool sized(const futu_http_request *rq)
{
    return rq->size >= offsetof(futu_http_request, on_more) + sizeof(rq->on_more);
}

futu_err rest_request(struct rest *r, const futu_http_request *rq, futu_http_done_fn *done,
                      void *arg, futu_http_call **out)
{
    *out = NULL;
    if (!done || !sized(rq))
        return FUTU_EINVAL;
    struct hot_request hot;
    trace_http_request(rq);
    hot_request(&hot, rq);
    if (answer_hot(r, &hot, done, arg))
        return FUTU_OK;
    futu_http_call *k = http_take(r, rq, done, arg);
    if (!k)
        return FUTU_ENOMEM;
    if (hot.n > 0)
        memcpy(&k->hot, &hot, offsetof(struct hot_request, text) + hot.n);
    wipe(hot.text, hot.n);
    k->version = hub_version(r->o.hub);
    handle(k, rq);
    k->inside = false;
    if (k->answered)
        http_give_back(k);
    else
        *out = k;
    return FUTU_OK;
}

void rest_abandon(futu_http_call *k)
{
    if (k && k->stream)
        rest_mcp_left(k);
    else if (k && k->streams)
        http_give_back(k);
    else if (k)
        k->done = NULL;
}
