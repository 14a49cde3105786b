/* grpc.c - see grpc.h: which method, whose key, and how a call ends. */
#include "surface/grpc.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/uio.h>

#include "base/mem.h"
#include "surface/grpc_state.h"

static const struct grpc_method methods[] = {
    { "/futu.service.FutuOpenD/Request", grpc_request, false, false },
    { "/futu.service.FutuOpenD/SubscribePush", grpc_subscribe_push, false, false },
    { "/grpc.health.v1.Health/Check", grpc_health_check, true, false },
    { "/grpc.health.v1.Health/Watch", grpc_health_watch, true, false },
    { "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", grpc_reflect, true, true },
    { "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", grpc_reflect, true, true },
};
static const struct grpc_method typed_method = { NULL, grpc_typed, false, false };

/* ---- life ---- */

futu_err grpc_new(struct grpc **out, const struct grpc_opts *o)
{
    struct grpc *g = *out = mem_zalloc(sizeof(*g));
    if (!g)
        return FUTU_ENOMEM;
    g->o = *o;
    list_init(&g->calls);
    idem_init(&g->idem);
    return FUTU_OK;
}

/* Nothing of the gateway refers to the call any more. */
static void let_go(futu_grpc_call *k)
{
    struct grpc *g = k->grpc;
    if (!g)
        return;
    timer_stop(g->o.timers, &k->deadline);
    timer_stop(g->o.timers, &k->watch);
    if (k->idem)                    /* it ended without an answer worth keeping */
        idem_answer(&g->idem, k->idem, STR_NULL, 0);
    k->idem = NULL;
    hub_conn_free(k->conn);
    k->conn = NULL;
    list_remove(&k->link);
    k->grpc = NULL;
}

static void destroy(futu_grpc_call *k)
{
    let_go(k);
    buf_free(&k->in);
    buf_free(&k->out);
    mem_free(k->hot);
    mem_free(k);
}

void grpc_free(struct grpc *g)
{
    if (!g)
        return;
    while (!list_empty(&g->calls)) {
        futu_grpc_call *k = list_entry(g->calls.next, futu_grpc_call, link);
        list_remove(&k->call.link);
        k->asked = false;
        if (k->given_up) {
            destroy(k);
            continue;
        }
        grpc_end(k, FUTU_GRPC_UNAVAILABLE, "the gateway ends");
        let_go(k);
    }
    idem_free(&g->idem);
    hot_free(&g->hot);
    buf_free(&g->pb);
    buf_free(&g->spare);
    mem_free(g);
}

/* What was only to be read need not be read on. */
static void drop_read(futu_grpc_call *k)
{
    if (k->asked && hub_call_drop(&k->call))
        k->asked = false;
}

void grpc_call_free(futu_grpc_call *k)
{
    if (!k)
        return;
    k->ended = k->given_up = true;
    drop_read(k);
    if (!k->asked) {
        destroy(k);
        return;
    }
    timer_stop(k->grpc->o.timers, &k->deadline);
}

/* ---- how it ends ---- */

static void tell_end(futu_grpc_call *k, int status, const char *text)
{
    k->ended = true;
    timer_stop(k->grpc->o.timers, &k->deadline);
    k->on_end(k, status, text, k->arg);
}

void grpc_end(futu_grpc_call *k, int status, const char *fmt, ...)
{
    char text[600];
    va_list ap;
    if (k->ended)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    tell_end(k, status, text);
}

void grpc_ok(futu_grpc_call *k)
{
    if (!k->ended)
        tell_end(k, FUTU_GRPC_OK, "");
}

void grpc_deny(futu_grpc_call *k, enum deny d, const char *text)
{
    static const struct {
        int http, grpc;
    } codes[] = {
        { 401, FUTU_GRPC_UNAUTHENTICATED }, { 403, FUTU_GRPC_PERMISSION_DENIED },
        { 429, FUTU_GRPC_RESOURCE_EXHAUSTED }, { 400, FUTU_GRPC_INVALID_ARGUMENT },
    };
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        if (codes[i].http == deny_status(d))
            grpc_end(k, codes[i].grpc, "%s", text);
}

const char *grpc_key_id(const futu_grpc_call *k)
{
    return k->key ? k->key->rules->id : "<none>";
}

static const char *refusal(enum deny d)
{
    if (d == DENY_OPEN_MODE)
        return "this gateway has no API keys for gRPC, so that it takes no writes here: start it "
               "with --grpc-keys-file";
    return d == DENY_MISSING ? "an API key is needed: metadata authorization: Bearer KEY"
                             : deny_text(d);
}

void grpc_refuse(futu_grpc_call *k, enum deny d)
{
    struct audit_event e = { .iface = IFACE_GRPC, .endpoint = k->endpoint,
                             .key_id = grpc_key_id(k), .outcome = OUTCOME_REJECT,
                             .reason = refusal(d), .peer = k->peer };
    if (!k->key && d == DENY_MISSING)
        e.key_id = "<missing>";
    if (!k->key && d == DENY_INVALID)
        e.key_id = "<invalid>";
    hub_audit(k->grpc->o.hub, &e, d);
    grpc_deny(k, d, refusal(d));
}

static void on_deadline(struct timer *t, int64_t now)
{
    futu_grpc_call *k = container_of(t, futu_grpc_call, deadline);
    (void)now;
    drop_read(k);
    grpc_end(k, FUTU_GRPC_DEADLINE_EXCEEDED,
             k->asked ? "the deadline is over; what was asked may still be done"
                      : "the deadline is over");
}

/* ---- who, and what ---- */

/* Qot_GetBasicQot of /futu.v1.Quote/GetBasicQot, in its exact letters. */
static const struct proto_row *typed_row(futu_str path)
{
    static const struct {
        const char *service, *prefix;
    } services[] = {
        { "/futu.v1.Quote/", "Qot_" }, { "/futu.v1.Trade/", "Trd_" }, { "/futu.v1.System/", "" },
    };
    char name[96];
    if (path.n >= sizeof(name))
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(services); i++) {
        size_t n = strlen(services[i].service);
        if (path.n <= n || memcmp(path.p, services[i].service, n) != 0)
            continue;
        size_t k = strlen(services[i].prefix);
        memcpy(name, services[i].prefix, k);
        memcpy(name + k, path.p + n, path.n - n);
        name[k + path.n - n] = '\0';
        const struct proto_row *row = proto_by_name(str_c(name));
        bool fits = row && strcmp(row->name, name) == 0 && row->kind == PROTO_REQUEST &&
                    row->request && row->id != PROTO_INIT_CONNECT;
        bool own = fits && (services[i].prefix[0] || (strncmp(name, "Qot_", 4) != 0 &&
                                                      strncmp(name, "Trd_", 4) != 0));
        return own ? row : NULL;
    }
    return NULL;
}

static void find_method(futu_grpc_call *k, futu_str path)
{
    for (size_t i = 0; i < ARRAY_LEN(methods); i++)
        if (str_is(path, methods[i].path))
            k->method = &methods[i];
    if (k->method)
        return;
    k->row = typed_row(path);
    k->typed = k->row != NULL;
    if (k->typed)
        k->method = &typed_method;
}

bool grpc_open_mode(const struct grpc *g)
{
    return !g->o.access || !access_has_keys(g->o.access, IFACE_GRPC);
}

static void admit(futu_grpc_call *k, const futu_grpc_request *rq)
{
    struct grpc *g = k->grpc;
    enum deny d = DENY_NONE;
    if (!grpc_open_mode(g) && !(k->method && k->method->open))
        d = access_open(g->o.access, IFACE_GRPC, bearer_of(rq->authorization), &k->key);
    if (d) {
        grpc_refuse(k, d);
        return;
    }
    if (!k->method) {
        struct audit_event e = { .iface = IFACE_GRPC, .endpoint = k->endpoint,
                                 .key_id = grpc_key_id(k), .outcome = OUTCOME_REJECT,
                                 .reason = "unknown method", .peer = k->peer };
        hub_audit(g->o.hub, &e, DENY_NONE);
        grpc_end(k, FUTU_GRPC_UNIMPLEMENTED, "no method %.*s; proto/futu_service.proto lists them",
                 (int)MIN(rq->path.n, 200u), rq->path.p);
    }
}

static void set_deadline(futu_grpc_call *k, int64_t timeout_ns)
{
    struct grpc *g = k->grpc;
    int64_t now = clock_mono(&g->o.clock);
    if (timeout_ns < 0 || timeout_ns > INT64_MAX - now)
        return;
    k->deadline.fn = on_deadline;
    timer_set(g->o.timers, &k->deadline, now + timeout_ns);
}

futu_err grpc_open(struct grpc *g, const futu_grpc_request *rq, futu_grpc_call **out)
{
    *out = NULL;
    if (rq->size < offsetof(futu_grpc_request, arg) + sizeof(rq->arg) || !rq->on_output ||
        !rq->on_end)
        return FUTU_EINVAL;
    futu_grpc_call *k = *out = mem_zalloc(sizeof(*k));
    if (!k)
        return FUTU_ENOMEM;
    k->grpc = g;
    k->on_output = rq->on_output;
    k->on_end = rq->on_end;
    k->arg = rq->arg;
    list_init(&k->call.link);
    list_push(&g->calls, &k->link);
    str_copy(k->endpoint, sizeof(k->endpoint), rq->path);
    str_copy(k->peer, sizeof(k->peer), str_c(rq->peer ? rq->peer : "-"));
    k->has_word = rq->idempotency_key.p != NULL;
    if (k->has_word)
        str_copy(k->word, sizeof(k->word), rq->idempotency_key);
    set_deadline(k, rq->timeout_ns);
    find_method(k, rq->path);
    admit(k, rq);
    return FUTU_OK;
}

/* ---- messages ---- */

void grpc_message(futu_grpc_call *k, const void *p, size_t n)
{
    if (k->ended || k->all_sent)
        return;
    k->n_messages++;
    if (k->method->each)
        k->method->run(k, (futu_str){ p, n });
    else if (k->n_messages > 1)
        grpc_end(k, FUTU_GRPC_UNIMPLEMENTED, "this method takes one message");
    else if (buf_put(&k->in, p, n))
        grpc_end(k, FUTU_GRPC_RESOURCE_EXHAUSTED, "out of memory");
}

void grpc_half_close(futu_grpc_call *k)
{
    if (k->ended || k->all_sent)
        return;
    k->all_sent = true;
    if (k->method->each) {
        grpc_ok(k);
        return;
    }
    if (k->n_messages == 0) {
        grpc_end(k, FUTU_GRPC_UNIMPLEMENTED, "this method takes one message, and none came");
        return;
    }
    k->method->run(k, buf_str(&k->in));
    buf_free(&k->in);
}

uint8_t *grpc_put(futu_grpc_call *k, size_t n)
{
    if (n > UINT32_MAX || buf_reserve(&k->out, GRPC_HEAD + n)) {
        grpc_end(k, FUTU_GRPC_RESOURCE_EXHAUSTED, "out of memory");
        return NULL;
    }
    uint8_t *p = k->out.p + k->out.n;
    p[0] = 0;
    for (unsigned i = 0; i < 4; i++)
        p[1 + i] = (uint8_t)(n >> (24 - 8 * i));
    k->out.n += GRPC_HEAD + n;
    return p + GRPC_HEAD;
}

void grpc_told(futu_grpc_call *k)
{
    if (!k->ended)
        k->on_output(k, k->arg);
}

/* A stream that has ended still gets the rest of the message that it has begun, and what it was too
 * slow for. */
size_t grpc_output(futu_grpc_call *k, struct iovec *iov, size_t max)
{
    if (k->conn) {
        if (!k->ended || k->all_goes)
            return hub_conn_output(k->conn, iov, max);
        return hub_conn_at_boundary(k->conn) ? 0 : hub_conn_output(k->conn, iov, MIN(max, 1u));
    }
    if (k->out_at == k->out.n || max == 0)
        return 0;
    iov[0] = (struct iovec){ k->out.p + k->out_at, k->out.n - k->out_at };
    return 1;
}

size_t grpc_waiting(const futu_grpc_call *k)
{
    return k->out.n - k->out_at;
}

void grpc_sent(futu_grpc_call *k, size_t n)
{
    if (k->conn) {
        hub_conn_sent(k->conn, n);
        return;
    }
    k->out_at += MIN(n, k->out.n - k->out_at);
    if (k->out_at == k->out.n)
        k->out.n = k->out_at = 0;
}
