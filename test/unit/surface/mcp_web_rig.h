/* mcp_web_rig.h - what the tests of /mcp's streams share: a session, and readers. */
#ifndef TEST_UNIT_SURFACE_MCP_WEB_RIG_H
#define TEST_UNIT_SURFACE_MCP_WEB_RIG_H

#include "rest_rig.h"
#include "mcp_events.h"
#include "surface/mcp_web.h"

#define BOTH "application/json, text/event-stream"
#define EVENTS "text/event-stream"
#define PING "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}"
#define TOOL(name, args)                                                                           \
    "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\",\"params\":{\"name\":\"" name         \
    "\",\"arguments\":" args "}}"
#define STATE TOOL("futu_get_market_state", "{\"symbols\":[\"HK.00700\"]}")
#define ACCOUNTS TOOL("futu_sub_acc_push", "{\"acc_ids\":[1001]}")
#define OTHER                                                                                      \
    "{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"tools/call\",\"params\":{\"name\":"              \
    "\"futu_get_static\",\"arguments\":{\"symbols\":[\"HK.00700\"]}}}"
#define MAX_READERS 8

static struct got reader[MAX_READERS];
static char id[33];

static inline void begin(const char *token, const char *revision)
{
    char text[200];
    snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\","
             "\"params\":{\"protocolVersion\":\"%s\"}}", revision);
    ask(&(struct want){ .target = "/mcp", .body = text, .token = token, .accept = BOTH,
                        .streams = true }, 200, "serverInfo");
    const char *at = strstr(g.headers, "Mcp-Session-Id: ");
    ck_assert_ptr_nonnull(at);
    str_copy(id, sizeof(id), (futu_str){ at + 16, 32 });
}

static inline void say(const char *token, const char *body, int status, const char *part)
{
    ask(&(struct want){ .target = "/mcp", .body = body, .token = token, .session = id,
                        .accept = BOTH, .streams = true }, status, part);
}

/* The stream of the session is read by reader i. */
static inline void open_as(int i, const char *token, const char *last_id)
{
    web_ask(&reader[i], &(struct want){ .method = "GET", .target = "/mcp", .token = token,
                                        .session = id, .accept = EVENTS, .streams = true,
                                        .last_id = last_id });
}

static inline void opened(int i, const char *token, const char *last_id)
{
    open_as(i, token, last_id);
    ck_assert_msg(reader[i].stream && reader[i].status == 200, "%d", reader[i].status);
    ck_assert_str_eq(reader[i].type, "text/event-stream");
}

static inline void post_as(int i, const char *token, const char *body, const char *accept)
{
    web_ask(&reader[i], &(struct want){ .target = "/mcp", .body = body, .token = token,
                                        .session = id, .accept = accept, .streams = true });
}

/* The next piece; "": none; "end": it is over, and the reader has gone. */
static inline const char *next(int i)
{
    static char text[1 << 17];
    futu_str p;
    futu_err err = rest_more(reader[i].call, &p);
    if (err == FUTU_EAGAIN)
        return "";
    if (err == FUTU_OK) {
        ck_assert_uint_ge(p.n, 3);
        ck_assert_int_eq(memcmp(p.p + p.n - 2, "\n\n", 2), 0);
        str_copy(text, sizeof(text), p);
        return text;
    }
    ck_assert_int_eq(err, FUTU_ENOTCONN);
    rest_abandon(reader[i].call);
    return "end";
}

static inline void is(int i, const char *text)
{
    const char *piece = next(i);
    ck_assert_msg(strcmp(piece, text) == 0, "%s, not %s", piece, text);
}

static inline void says(int i, const char *part)
{
    const char *piece = next(i);
    ck_assert_msg(strstr(piece, part), "%s is not in %s", part, piece);
}

static inline void leave(int i)
{
    rest_abandon(reader[i].call);
}

/* One request of a client that may have no memory. */
static inline void try(struct got *r, const struct want *w)
{
    char token[96];
    futu_http_request rq = request_of(w, token);
    *r = (struct got){ .body = r->body };
    rest_request(rest, &rq, on_answer, r, &r->call);
}

static inline void read_all(struct got *r)
{
    futu_str piece;
    futu_err err = FUTU_OK;
    while (r->stream && !r->gone && r->call && err == FUTU_OK)
        err = rest_more(r->call, &piece);
    if (err == FUTU_ENOTCONN) {
        rest_abandon(r->call);
        r->call = NULL;
    }
}

static inline void done(void)
{
    for (int i = 0; i < MAX_READERS; i++)
        buf_free(&reader[i].body);
    stop();
}

#endif
