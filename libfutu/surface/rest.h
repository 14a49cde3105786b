/* rest.h - the REST API: one request in, one answer out; and the clients of /ws.
 *
 * In turn: origin, route, method, key and scope, content type, then what the route does. Business
 *          failures are answered with 200 and the envelope; other codes say that the request did
 *          not get that far.
 * Owns:    calls that are under way, the answers kept for their Idempotency-Key.
 * Threads: the loop's.
 * Tests:   test/unit/surface/rest_test.c, test/unit/surface/ws_text_test.c, test/rest/
 */
#ifndef SURFACE_REST_H
#define SURFACE_REST_H

#include "futu/http.h"
#include "gateway/hub.h"

struct rest;

/* How the renewals of a direct login go. Times in seconds since 1970; 0: none. */
struct rest_renewals {
    unsigned failures;              /* in a row */
    uint64_t tries;
    int64_t next_s, circuit_s;      /* planned; nothing is tried until */
};

struct rest_opts {
    struct hub *hub;                /* borrowed */
    struct access *access;          /* borrowed; NULL: open mode */
    struct clock clock;             /* copied; its arg is borrowed */
    struct timers *timers;          /* borrowed */
    const char *allowed_origins;    /* copied; comma-separated, "*": any; NULL: loopback alone */
    bool metrics_public;
    /* Of /mcp: the tools (enum mcp_group, or-ed; 0: all), real orders without a preview, tools
     * without outputSchema, MD5 of the trade password for futu_unlock_trade (copied; NULL: none).
     */
    uint32_t mcp_groups;
    bool mcp_direct, mcp_short;
    uint32_t mcp_open_scopes;
    const char *mcp_trade_pwd_md5;
    /* One line for the user in `why` when it is not FUTU_OK. */
    futu_err (*upstream_state)(void *arg, char *why, size_t size);
    futu_err (*reload)(void *arg, char *why, size_t size);
    void (*shutdown)(void *arg);    /* NULL: not by REST */
    /* As futu_gateway_login_code() and futu_gateway_relogin(); NULL: there is no direct login. */
    futu_err (*login_code)(void *arg, const char *code);
    futu_err (*relogin)(void *arg);
    void (*renewals)(void *arg, struct rest_renewals *out);     /* likewise */
    /* Appends what is known of each broker as JSON objects, commas between; NULL likewise. */
    futu_err (*brokers)(void *arg, struct buf *out);
    void *arg;                      /* of all but shutdown */
    void *shutdown_arg;
};

futu_err rest_new(struct rest **out, const struct rest_opts *o);    /* FUTU_ENOMEM */
/* What is under way is answered with 503. Before the hub goes. NULL is fine. */
void rest_free(struct rest *r);

/* As futu_gateway_http() and so on. */
futu_err rest_request(struct rest *r, const futu_http_request *rq, futu_http_done_fn *done,
                      void *arg, futu_http_call **out);
void rest_abandon(futu_http_call *k);
futu_err rest_more(futu_http_call *k, futu_str *piece);
void rest_leave(futu_http_call *k);
futu_err rest_upgrade(struct rest *r, const futu_http_request *rq, const futu_conn_opts *o,
                      futu_conn **out, futu_http_done_fn *done, void *arg);

#endif
