/* futu/http.h - the REST API, /mcp and /sse of a gateway without sockets: requests in, answers out.
 *
 * A listener reads HTTP/1.1, hands each request over and writes what is answered; futu-opend is
 * such a listener. Keys, limits, routes, CORS, audit and metrics are the library's.
 *
 * Threads: the thread of the gateway's loop.
 */
#ifndef FUTU_HTTP_H
#define FUTU_HTTP_H

#include "futu/gateway.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct futu_http_call futu_http_call;

/* Bodies above this are to be refused with 413 by the listener, before memory is taken. */
#define FUTU_HTTP_BODY_MAX (2u << 20)

typedef struct futu_http_request {
    size_t size;                /* from FUTU_HTTP_REQUEST_INIT */
    futu_str method, target;    /* as in the request line: "POST", "/api/order?x=y" */
    futu_str body;              /* p NULL: none */
    /* Header values without blanks around them; p NULL: absent. */
    futu_str authorization, content_type, origin, idempotency_key, accept;
    futu_str request_method;    /* Access-Control-Request-Method */
    const char *peer;           /* remote address for log and audit; may be NULL */
    futu_str host;              /* header; p NULL: not looked at. In open mode it must be an IP
                                 * address, localhost, or the host of an allowed origin, so that
                                 * no web page can reach the gateway under a name of its own */
    futu_str session_id, mcp_version;   /* Mcp-Session-Id, MCP-Protocol-Version; p NULL: absent */
    futu_str last_event_id;             /* Last-Event-ID; p NULL: absent */
    /* Of an answer whose body is a stream: futu_http_more() has something again. At any time on the
     * loop's thread; must not call the gateway. `call` NULL: the gateway goes, and the call with
     * it. `arg` is that of done(). NULL: the listener can't stream; then there are answers in one
     * piece alone, and no GET of /mcp and /sse. */
    void (*on_more)(futu_http_call *call, void *arg);
} futu_http_request;
#define FUTU_HTTP_REQUEST_INIT FUTU_SIZED_INIT(futu_http_request)

typedef struct futu_http_answer {
    size_t size;
    int status;                 /* 200, 401 ... */
    const char *content_type;   /* NULL: the answer has no body */
    const char *headers;        /* further header lines, each with its CRLF; "" when none */
    futu_str body;              /* all valid until the callback returns */
    uint32_t stream;            /* 1: the body comes by futu_http_more(); until it is over the call
                                 * is the listener's to abandon */
    uint32_t reserved;
} futu_http_answer;

typedef void futu_http_done_fn(const futu_http_answer *a, void *arg);

/* Takes one request; nothing of it is kept. done() runs exactly once, perhaps before this returns
 * (then *out is NULL), or never after futu_http_abandon(); it must not call the gateway. A gateway
 * that is freed answers what is under way with 503. FUTU_EINVAL, FUTU_ENOMEM: done() does not
 * run. */
FUTU_API futu_err futu_gateway_http(futu_gateway *g, const futu_http_request *rq,
                                    futu_http_done_fn *done, void *arg, futu_http_call **out);
/* The client is gone: done() will not run. What is under way goes on; an order is not taken back.
 * Of a stream: nothing more of it is wanted, perhaps since it is over. NULL is fine. */
FUTU_API void futu_http_abandon(futu_http_call *call);

/* The next piece of a streamed body, whole events, valid until the next call for it. A listener
 * takes no more than it can write: what waits gives way to newer values or, before an order would
 * be lost, ends the stream with its reason. FUTU_EAGAIN: there is none, on_more() will run.
 * FUTU_ENOTCONN: that was all, end the body and futu_http_abandon() the call. */
FUTU_API futu_err futu_http_more(futu_http_call *call, futu_str *piece);
/* The connection is to end soon: a stream says when to come back, and is over for this one. No
 * effect on other calls; NULL is fine. */
FUTU_API void futu_http_leave(futu_http_call *call);

/* A request for a WebSocket (GET /ws with `Upgrade: websocket`): judged by Origin, key and scope.
 * FUTU_OK: *out is a connection of FUTU_WIRE_EVENTS, the caller's to free, to be used like any
 * other futu_conn (o->wire and o->token are set here). FUTU_EREFUSED: done() has run with the
 * answer to send. FUTU_EINVAL, FUTU_ELIMIT (max_connections), FUTU_ENOMEM. */
FUTU_API futu_err futu_gateway_http_upgrade(futu_gateway *g, const futu_http_request *rq,
                                            const futu_conn_opts *o, futu_conn **out,
                                            futu_http_done_fn *done, void *arg);

#ifdef __cplusplus
}
#endif

#endif
