/* rest_mcp.c - /mcp: the Model Context Protocol as streamable HTTP. A POST brings one text, a GET
 * opens the session's stream or goes on with one that broke off, a DELETE ends the session.
 *
 * Answers: one JSON object when the text is answered within WEB_LATE_NS without a note before it,
 *          else a stream, if the client takes one; 202 when nothing is to be answered, 400 when the
 *          text is no message. The client's Accept decides between the two where it names one.
 * Tests:   test/unit/surface/rest_mcp_test.c, test/mcp/
 */
#include <stdio.h>

#include "surface/mcp_json.h"
#include "surface/mcp_web.h"

#define JSON "application/json"
#define EVENTS "text/event-stream"

static void rpc_error(futu_http_call *k, int status, int code, const char *text)
{
    char body[240];
    snprintf(body, sizeof(body), "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":%d,"
             "\"message\":\"%s\"}}", code, text);
    http_answer(k, status, JSON, NULL, str_c(body));
}

/* ---- answers ---- */

static void answer_json(struct mcp_stream *t, enum mcp_out kind, futu_str text)
{
    futu_http_call *k = t->reader;
    char headers[128] = "";
    if (t->begins && mcp_session_begun(t->of->s))
        snprintf(headers, sizeof(headers), "Mcp-Session-Id: %s\r\n"
                 "Access-Control-Expose-Headers: Mcp-Session-Id\r\n", t->of->id);
    web_stream_drop(t);
    if (!k)
        return;
    if (kind == MCP_ANSWER || kind == MCP_BAD)
        http_answer(k, kind == MCP_BAD ? 400 : 200, JSON, headers, text);
    else
        http_answer(k, 202, NULL, NULL, STR_NULL);
}

static void on_out(enum mcp_out kind, futu_str text, void *arg)
{
    struct mcp_stream *t = arg;
    if (kind == MCP_NOTE) {
        web_stream_begin(t);
        if (t->begun)
            web_stream_put(t, text);
    } else if (!t->begun) {
        answer_json(t, kind, text);
    } else {
        if (kind == MCP_ANSWER || kind == MCP_BAD)
            web_stream_put_each(t, text);
        web_stream_end(t);
    }
}

/* ---- requests ---- */

/* NULL: it has been answered. */
static struct web_session *session_of(futu_http_call *k, const futu_http_request *rq)
{
    struct web_session *w = web_session_find(k->rest, rq->session_id, k->key, false);
    if (!rq->session_id.p)
        rpc_error(k, 400, -32600, "Mcp-Session-Id is missing: begin with initialize");
    else if (!w)
        rpc_error(k, 404, -32600, "no such session: begin again with initialize");
    else if (rq->mcp_version.p && !str_eq(rq->mcp_version, mcp_session_revision(w->s))) {
        rpc_error(k, 400, -32600, "MCP-Protocol-Version: the session has agreed on another one");
        w = NULL;
    }
    return w;
}

/* Answers one text; may: as a stream, too. */
static void work(futu_http_call *k, const futu_http_request *rq, struct web_session *w, bool begins)
{
    bool json = accepts(rq->accept, JSON);
    bool may = k->on_more && accepts(rq->accept, EVENTS);
    struct mcp_stream *t = web_answer_new(w, k, may);
    if (!t) {
        http_error(k, 503, "out of memory");
        return;
    }
    t->begins = begins;
    if (!json)
        web_stream_begin(t);
    mcp_session_text(w->s, rq->body, bearer_of(rq->authorization), on_out, t);
}

static void begin(futu_http_call *k, const futu_http_request *rq)
{
    struct web_session *w = web_session_new(k);
    if (!w) {
        http_error(k, 503, "too many sessions, or out of memory");
        return;
    }
    work(k, rq, w, true);
    if (!mcp_session_begun(w->s))
        web_session_end(w, NULL);
}

static void post(futu_http_call *k, const futu_http_request *rq)
{
    struct web_session *w;
    bool streams = k->on_more && accepts(rq->accept, EVENTS);
    if (!accepts(rq->accept, JSON) && !streams)
        http_error(k, 406, "Accept: application/json, text/event-stream is expected");
    else if (rq->body.n > MCP_TEXT_MAX)
        http_error(k, 413, "a message has at most 1048576 bytes");
    else if (!mcp_json_valid(rq->body))
        rpc_error(k, 400, -32700, "no JSON");
    else if (mcp_begins(rq->body))
        begin(k, rq);
    else if ((w = session_of(k, rq)) != NULL)
        work(k, rq, w, false);
}

static void resume(futu_http_call *k, struct web_session *w, futu_str id)
{
    uint32_t no;
    uint64_t seen, lost = 0;
    struct mcp_stream *t = sse_id(id, &no, &seen) ? web_stream_find(w, no) : NULL;
    if (!t || !sse_resume(&t->sse, seen, &lost)) {
        http_error(k, 400, "Last-Event-ID: no such event, or it is too long ago");
        return;
    }
    if (t->over && !sse_waits(&t->sse)) {       /* a stream without an event would be tried again */
        http_answer(k, 405, NULL, "Allow: POST, DELETE, OPTIONS\r\n", STR_NULL);
        return;
    }
    t->lost = lost;
    web_stream_read(t, k);
}

static void get(futu_http_call *k, const futu_http_request *rq)
{
    struct web_session *w;
    if (!k->on_more)
        http_answer(k, 405, NULL, "Allow: POST, DELETE, OPTIONS\r\n", STR_NULL);
    else if (!accepts(rq->accept, EVENTS))
        http_error(k, 406, "Accept: text/event-stream is expected");
    else if ((w = session_of(k, rq)) == NULL)
        return;
    else if (rq->last_event_id.p)
        resume(k, w, rq->last_event_id);
    else if (w->own->reader)
        http_error(k, 409, "the stream of this session is being read already");
    else
        web_stream_read(w->own, k);
}

static void end(futu_http_call *k, const futu_http_request *rq)
{
    struct web_session *w = session_of(k, rq);
    if (!w)
        return;
    web_session_end(w, NULL);
    http_answer(k, 204, NULL, NULL, STR_NULL);
}

void rest_mcp(futu_http_call *k, const futu_http_request *rq)
{
    if (rq->mcp_version.p && !mcp_revision_known(rq->mcp_version))
        rpc_error(k, 400, -32600, "MCP-Protocol-Version: not known here");
    else if (str_is(rq->method, "DELETE"))
        end(k, rq);
    else if (str_is(rq->method, "GET"))
        get(k, rq);
    else if (str_is(rq->method, "POST"))
        post(k, rq);
    else
        http_answer(k, 405, NULL, "Allow: GET, POST, DELETE, OPTIONS\r\n", STR_NULL);
}
