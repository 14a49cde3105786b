/* rest_mcp.c - /mcp: the Model Context Protocol over HTTP. Each POST is one text, its answer is one
 * JSON object; there is no stream, so that GET is answered with 405.
 *
 * Session: made by initialize, named by Mcp-Session-Id, of one key. At most MCP_SESSIONS: then the
 *          one that has been idle longest goes, and its client is told so by 404.
 * Tests:   test/unit/surface/rest_mcp_test.c, test/mcp/
 */
#include <stdio.h>

#include "base/mem.h"
#include "crypt/digest.h"
#include "crypt/random.h"
#include "surface/mcp.h"
#include "surface/mcp_json.h"
#include "surface/rest_state.h"

#define MCP_SESSIONS 256
#define MCP_ID 32               /* hex digits */

struct http_session {
    char id[MCP_ID + 1];
    const struct api_key *key;
    struct mcp_session *s;
    int64_t used;
    struct list link;
};

/* ---- sessions ---- */

static struct http_session *session_new(struct rest *r, futu_http_call *k)
{
    uint8_t raw[MCP_ID / 2];
    struct http_session *h = mem_zalloc(sizeof(*h));
    if (!h || mcp_session_new(r->mcp, &h->s, k->peer)) {
        mem_free(h);
        return NULL;
    }
    random_bytes(raw, sizeof(raw));
    hex_lower(raw, sizeof(raw), h->id);
    h->key = k->key;
    h->used = clock_mono(&r->o.clock);
    list_push(&r->mcp_sessions, &h->link);
    r->n_mcp_sessions++;
    return h;
}

/* Its requests that are under way are answered. */
static void session_free(struct rest *r, struct http_session *h)
{
    struct list *it, *tmp;
    mcp_session_free(h->s);
    h->s = NULL;
    list_each(it, tmp, &r->calls) {
        futu_http_call *k = list_entry(it, futu_http_call, link);
        if (k->mcp == h && !k->answered) {
            k->mcp = NULL;
            http_error(k, 404, "the session has ended");
        }
    }
    list_remove(&h->link);
    r->n_mcp_sessions--;
    mem_free(h);
}

static struct http_session *session_find(struct rest *r, futu_str id, const struct api_key *key)
{
    struct list *it, *tmp;
    struct http_session *found = NULL;
    list_each(it, tmp, &r->mcp_sessions) {
        struct http_session *h = list_entry(it, struct http_session, link);
        if (id.n == MCP_ID && equal_ct(h->id, id.p, MCP_ID) && h->key == key)
            found = h;
    }
    if (found)
        found->used = clock_mono(&r->o.clock);
    return found;
}

/* The one that was idle longest makes room. False: all are busy. */
static bool make_room(struct rest *r)
{
    struct list *it, *tmp;
    struct http_session *idle = NULL;
    if (r->n_mcp_sessions < MCP_SESSIONS)
        return true;
    list_each(it, tmp, &r->mcp_sessions) {
        struct http_session *h = list_entry(it, struct http_session, link);
        if (!mcp_session_busy(h->s) && (!idle || h->used < idle->used))
            idle = h;
    }
    if (idle)
        session_free(r, idle);
    return idle != NULL;
}

void rest_mcp_free(struct rest *r)
{
    while (!list_empty(&r->mcp_sessions))
        session_free(r, list_entry(r->mcp_sessions.next, struct http_session, link));
    mcp_free(r->mcp);
    r->mcp = NULL;
}

/* ---- requests ---- */

static void on_out(enum mcp_out kind, futu_str text, void *arg)
{
    futu_http_call *k = arg;
    char headers[128] = "";
    if (kind == MCP_NOTE)
        return;                         /* there is no stream to put it on */
    if (k->mcp && k->mcp_begins && mcp_session_begun(k->mcp->s))
        snprintf(headers, sizeof(headers), "Mcp-Session-Id: %s\r\n"
                 "Access-Control-Expose-Headers: Mcp-Session-Id\r\n", k->mcp->id);
    if (kind == MCP_NOTHING || kind == MCP_DROPPED)
        http_answer(k, 202, NULL, NULL, STR_NULL);
    else
        http_answer(k, 200, "application/json", headers, text);
}

static bool accepts_json(futu_str accept)
{
    return !accept.p || memmem(accept.p, accept.n, "application/json", 16) ||
           memmem(accept.p, accept.n, "*/*", 3) || memmem(accept.p, accept.n, "application/*", 13);
}

static void rpc_error(futu_http_call *k, int status, int code, const char *text)
{
    char body[200];
    snprintf(body, sizeof(body), "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":%d,"
             "\"message\":\"%s\"}}", code, text);
    http_answer(k, status, "application/json", NULL, str_c(body));
}

static void begin(futu_http_call *k, const futu_http_request *rq)
{
    struct rest *r = k->rest;
    struct http_session *h = make_room(r) ? session_new(r, k) : NULL;
    if (!h) {
        http_error(k, 503, "too many sessions");
        return;
    }
    k->mcp = h;
    k->mcp_begins = true;
    mcp_session_text(h->s, rq->body, bearer_of(rq->authorization), on_out, k);
    if (!mcp_session_begun(h->s))
        session_free(r, h);
}

static void post(futu_http_call *k, const futu_http_request *rq)
{
    if (!accepts_json(rq->accept)) {
        http_error(k, 406, "Accept: application/json, text/event-stream is expected");
    } else if (rq->body.n > MCP_TEXT_MAX) {
        http_error(k, 413, "a message has at most 1048576 bytes");
    } else if (!mcp_json_valid(rq->body)) {
        rpc_error(k, 400, -32700, "no JSON");
    } else if (mcp_begins(rq->body)) {
        begin(k, rq);
    } else if (!rq->session_id.p) {
        rpc_error(k, 400, -32600, "Mcp-Session-Id is missing: begin with initialize");
    } else if (!(k->mcp = session_find(k->rest, rq->session_id, k->key))) {
        rpc_error(k, 404, -32600, "no such session: begin again with initialize");
    } else {
        mcp_session_text(k->mcp->s, rq->body, bearer_of(rq->authorization), on_out, k);
    }
}

static void end(futu_http_call *k, const futu_http_request *rq)
{
    struct http_session *h = session_find(k->rest, rq->session_id, k->key);
    if (!h) {
        http_error(k, rq->session_id.p ? 404 : 400, "Mcp-Session-Id: no such session");
        return;
    }
    session_free(k->rest, h);
    http_answer(k, 204, NULL, NULL, STR_NULL);
}

void rest_mcp(futu_http_call *k, const futu_http_request *rq)
{
    if (rq->mcp_version.p && !mcp_revision_known(rq->mcp_version))
        http_error(k, 400, "MCP-Protocol-Version: not known here");
    else if (str_is(rq->method, "DELETE"))
        end(k, rq);
    else
        post(k, rq);
}
