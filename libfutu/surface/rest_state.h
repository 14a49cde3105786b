/* rest_state.h - what the files of the REST API share. Nothing outside includes it.
 *
 * rest.c judges a request, rest_call.c asks the hub, rest_admin.c answers for the gateway itself,
 * rest_ws.c serves the clients of /ws, rest_mcp.c those of /mcp, mcp_sse.c those of /sse.
 */
#ifndef SURFACE_REST_STATE_H
#define SURFACE_REST_STATE_H

#include "base/list.h"
#include "base/timer.h"
#include "surface/header.h"
#include "surface/hot.h"
#include "surface/idem.h"
#include "surface/rest.h"
#include "surface/route.h"

#define PEER_MAX 64
#define ORIGIN_MAX 256
#define CARD_MAX 64

struct mcp_stream;              /* of /mcp */
struct mcp;

struct rest {
    struct rest_opts o;
    char *origins;
    struct list calls, idle;        /* struct futu_http_call.link */
    uint32_t n_idle, serial;
    struct idem idem;
    struct hot hot;
    struct buf pb, json, text;      /* scratch of one request */
    struct buf openapi;             /* made at the first request for it */
    struct timer stop;              /* of the shutdown */
    struct mcp *mcp;
    struct list mcp_sessions;       /* struct web_session.link */
    struct list mcp_ended;          /* struct mcp_stream.link: read though the session ended */
    size_t n_mcp_sessions;
    struct timer mcp_timer;
    struct buf sse;                 /* one piece of a stream */
};

struct futu_http_call {
    struct rest *rest;
    futu_http_done_fn *done;        /* NULL: abandoned */
    void *arg;
    bool inside, answered;          /* inside rest_request(): the call is given back there */
    struct hub_call call;
    struct route room;              /* of an alias */
    const struct route *route;
    const struct proto_row *row;
    struct api_key *key;
    bool int64_text;
    struct idem_entry *idem;        /* that its answer is kept under */
    /* Of /mcp: what it reads, or the answer it waits for. */
    struct mcp_stream *stream;
    void (*on_more)(futu_http_call *k, void *arg);
    bool streams, told;             /* the head is out; on_more() has run since the last look */
    /* A card is looked up before the call: the Request without its account, and what is found. */
    struct buf kept;
    char card[CARD_MAX + 1];
    uint64_t account;
    struct timer later;
    char endpoint[96], peer[PEER_MAX], origin[ORIGIN_MAX];
    struct list link;
    uint64_t version;               /* of the hub, when the request came */
    struct hot_request hot;         /* last: it is not zeroed with the rest */
};

/* Answers and ends the call. `headers` may be NULL. */
void http_answer(futu_http_call *k, int status, const char *type, const char *headers,
                 futu_str body);
/* {"error":"..."}, with what the status asks for. */
void http_error(futu_http_call *k, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);
void http_deny(futu_http_call *k, enum deny d, const char *text, uint32_t retry_s);
/* 429: too early, by retry_s seconds. */
void http_too_early(futu_http_call *k, const char *text, uint32_t retry_s);
/* The same, with one line in the trail. */
void http_refuse(futu_http_call *k, enum deny d, const char *reason);

/* The head of an answer whose body is a stream. The call stays until it is abandoned. */
void http_stream(futu_http_call *k, const char *type, const char *headers);

/* The struct has all members that are read. */
bool sized(const futu_http_request *rq);
/* The value of a query parameter as it stands, not decoded; p NULL: absent. */
futu_str query_value(futu_str query, const char *name);
/* Parts the target and finds its route (k->route NULL: none), then origin_ok(). */
bool http_aim(futu_http_call *k, const futu_http_request *rq, futu_str *path, futu_str *query);
/* Origin and host of a browser. False: it has been answered. */
bool origin_ok(futu_http_call *k, const futu_http_request *rq);
/* The key behind a token, with one of the scopes: k->key is set. False: it has been answered. */
bool key_ok(futu_http_call *k, futu_str token, const struct route *route);
futu_http_call *http_take(struct rest *r, const futu_http_request *rq, futu_http_done_fn *done,
                          void *arg);
void http_give_back(futu_http_call *k);

/* rest_trace.c: nothing below trace level. */
void trace_http_request(const futu_http_request *rq);
void trace_http_answer(const char *peer, int status, futu_str body);
/* rest_call.c */
void rest_call(futu_http_call *k, const futu_http_request *rq, futu_str query);
/* rest_admin.c */
void rest_admin(futu_http_call *k, const futu_http_request *rq);
/* rest_mcp.c */
void rest_mcp(futu_http_call *k, const futu_http_request *rq);
/* mcp_sse.c */
void rest_mcp_sse(futu_http_call *k, const futu_http_request *rq, futu_str query);
/* mcp_web.c */
void rest_mcp_free(struct rest *r);
/* The reader of a stream, or of an answer, is gone. */
void rest_mcp_left(futu_http_call *k);
void rest_stop_now(struct timer *t, int64_t now);

#endif
