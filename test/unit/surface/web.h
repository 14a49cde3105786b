/* web.h - a REST API on a rig with keys: requests in, answers out. */
#ifndef TEST_UNIT_SURFACE_WEB_H
#define TEST_UNIT_SURFACE_WEB_H

#include <stdio.h>

#include "gateway/rails.h"
#include "surface/rest.h"

static struct rails k;
static struct rest *rest;
static unsigned reloads, shutdowns;
static futu_err reload_err;
static bool upstream_down;

struct got {
    unsigned times;
    int status;
    char type[64], headers[512];
    struct buf body;                /* with a NUL behind */
    futu_http_call *call;           /* under way */
    bool stream, gone;              /* the body comes in pieces; the gateway went first */
    unsigned mores;                 /* that on_more() has run */
};

static inline void on_answer(const futu_http_answer *a, void *arg)
{
    struct got *g = arg;
    g->times++;
    g->status = a->status;
    g->body.n = 0;
    str_copy(g->type, sizeof(g->type), str_c(a->content_type ? a->content_type : ""));
    str_copy(g->headers, sizeof(g->headers), str_c(a->headers));
    g->stream = a->stream;
    buf_put(&g->body, a->body.p ? a->body.p : "", a->body.n);
    buf_byte(&g->body, 0);
}

static inline void on_more(futu_http_call *call, void *arg)
{
    struct got *g = arg;
    ck_assert(g->stream && (!call || call == g->call));
    g->mores++;
    g->gone |= !call;
}

static inline futu_err web_state(void *arg, char *why, size_t size)
{
    (void)arg;
    str_copy(why, size, upstream_down ? STR("the \"cable\" is cut") : STR(""));
    return upstream_down ? FUTU_ENOTCONN : FUTU_OK;
}

static inline futu_err web_reload(void *arg, char *why, size_t size)
{
    reloads++;
    str_copy(why, size, STR("keys.json: no"));
    if (!reload_err)
        rails_reload(arg);
    return reload_err;
}

static inline void web_shutdown(void *arg)
{
    (void)arg;
    shutdowns++;
}

static inline void web_open(const char *origins, bool metrics_public)
{
    rails_open(&k, NULL);
    struct rest_opts o = { .hub = k.r.hub, .access = k.access, .clock = clock_fake(&k.r.time),
                           .timers = &k.r.timers, .allowed_origins = origins,
                           .metrics_public = metrics_public, .upstream_state = web_state,
                           .reload = web_reload, .shutdown = web_shutdown, .arg = &k };
    reloads = shutdowns = 0;
    reload_err = FUTU_OK;
    upstream_down = false;
    ck_assert_int_eq(rest_new(&rest, &o), FUTU_OK);
}

static inline void web_close(void)
{
    rest_free(rest);
    rails_close(&k);
}

/* A request with the members that a test sets. */
struct want {
    const char *method, *target, *token, *body, *type, *origin, *host, *word, *accept;
    const char *session, *version, *last_id;    /* of /mcp */
    bool streams;                       /* the listener can stream */
};

static inline futu_http_request request_of(const struct want *w, char token[96])
{
    futu_http_request rq = FUTU_HTTP_REQUEST_INIT;
    rq.method = str_c(w->method ? w->method : w->body ? "POST" : "GET");
    rq.target = str_c(w->target);
    rq.body = str_c(w->body);
    rq.content_type = str_c(w->type ? w->type : w->body ? "application/json" : NULL);
    rq.origin = str_c(w->origin);
    rq.host = str_c(w->host);
    rq.idempotency_key = str_c(w->word);
    rq.accept = str_c(w->accept);
    rq.session_id = str_c(w->session);
    rq.mcp_version = str_c(w->version);
    rq.last_event_id = str_c(w->last_id);
    rq.on_more = w->streams ? on_more : NULL;
    rq.peer = "10.0.0.1";
    if (w->token) {
        snprintf(token, 96, "Bearer token-%s", w->token);
        rq.authorization = str_c(token);
    }
    return rq;
}

/* g is answered, perhaps later. */
static inline void web_ask(struct got *g, const struct want *w)
{
    char token[96];
    futu_http_request rq = request_of(w, token);
    struct buf room = g->body;
    *g = (struct got){ .body = room };
    ck_assert_int_eq(rest_request(rest, &rq, on_answer, g, &g->call), FUTU_OK);
    ck_assert(g->stream || (g->call == NULL) == (g->times == 1));
}

static inline const char *body_of(const struct got *g)
{
    return g->body.p ? (const char *)g->body.p : "";
}

#endif
