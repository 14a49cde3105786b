/* mcp_sse.c - /sse and /mcp/sse: MCP over HTTP as revision 2024-11-05 has it. A GET is the session:
 * its first event, "endpoint", names where texts are to be posted; every answer, note and push is
 * an event of it, a POST is only accepted (202). When the reader goes the session ends.
 *
 * Limits:  those of sessions, see mcp_web.h; WEB_ANSWER_BYTES wait for the reader, then no more
 *          texts are taken; WEB_BEGIN_NS until initialize.
 * Tests:   test/unit/surface/mcp_sse_test.c, test/mcp/
 */
#include "surface/mcp_json.h"
#include "surface/mcp_web.h"

#define EVENTS "text/event-stream"

/* Of a batch each answer is an event of its own. */
static void on_out(enum mcp_out kind, futu_str text, void *arg)
{
    if (kind == MCP_NOTE || kind == MCP_ANSWER || kind == MCP_BAD)
        web_stream_put_each(arg, text);
}

static void get(futu_http_call *k, const futu_http_request *rq)
{
    if (!k->on_more) {
        http_answer(k, 405, NULL, "Allow: POST, OPTIONS\r\n", STR_NULL);
        return;
    }
    if (!accepts(rq->accept, EVENTS)) {
        http_error(k, 406, "Accept: text/event-stream is expected");
        return;
    }
    struct web_session *w = web_session_new(k);
    if (!w) {
        http_error(k, 503, "too many sessions, or out of memory");
        return;
    }
    w->old = k->route->path;
    web_stream_read(w->own, k);
}

static void post(futu_http_call *k, const futu_http_request *rq, futu_str query)
{
    futu_str id = query_value(query, WEB_QUERY);
    struct web_session *w = web_session_find(k->rest, id, k->key, true);
    if (!id.p)
        http_error(k, 400, WEB_QUERY " is missing: begin with GET, which names it");
    else if (!w)
        http_error(k, 404, "no such session: begin again with GET");
    else if (rq->body.n > MCP_TEXT_MAX)
        http_error(k, 413, "a message has at most 1048576 bytes");
    else if (!mcp_json_valid(rq->body))
        http_error(k, 400, "no JSON");
    else if (w->own->sse.bytes > WEB_ANSWER_BYTES)
        http_error(k, 503, "the stream of this session is not read");
    else {
        mcp_session_text(w->s, rq->body, bearer_of(rq->authorization), on_out, w->own);
        http_answer(k, 202, NULL, NULL, STR_NULL);
    }
}

void rest_mcp_sse(futu_http_call *k, const futu_http_request *rq, futu_str query)
{
    if (str_is(rq->method, "GET"))
        get(k, rq);
    else if (str_is(rq->method, "POST"))
        post(k, rq, query);
    else
        http_answer(k, 405, NULL, "Allow: GET, POST, OPTIONS\r\n", STR_NULL);
}
