/* mcp_web.h - sessions of /mcp and /sse, and their streams. Internal to surface/.
 *
 * Session: made by initialize, named by Mcp-Session-Id, of one key, whose end is its own. At most
 *          WEB_SESSIONS, and WEB_KEY_SESSIONS of one key: then the one that has been idle longest
 *          goes, and its client is told so by 404. Without a request and a reader for WEB_IDLE_NS
 *          it ends. Of /sse (`old`) it is made and ended by its reader, and named in the query.
 * Streams: one of the session itself (GET), for its pushes; one for each POST, for the notes of its
 *          text and the answer, unless that comes soon enough to be one JSON object. A reader may
 *          go and come again with Last-Event-ID while the stream is kept.
 * Kept:    of the session's stream WEB_KEEP_EVENTS events and WEB_KEEP_BYTES behind the reader; of
 *          a session's answers WEB_KEEP_ANSWERS streams and WEB_ANSWER_BYTES, for WEB_KEEP_NS.
 * Queue:   pushes wait in the hub until the connection takes them: see mcp_session_take().
 * Threads: the loop's.
 * Tests:   test/unit/surface/rest_mcp_test.c, test/unit/surface/mcp_web_test.c, test/mcp/
 */
#ifndef SURFACE_MCP_WEB_H
#define SURFACE_MCP_WEB_H

#include "surface/mcp.h"
#include "surface/rest_state.h"
#include "surface/sse.h"

#define WEB_SESSIONS 256
#define WEB_KEY_SESSIONS 64
#define WEB_QUERY "session_id"          /* of /sse, as Mcp-Session-Id of /mcp */
#define WEB_BEGIN_NS (60 * NS_PER_S)    /* a reader of /sse has so long for its initialize */
#define WEB_IDLE_NS (30 * 60 * NS_PER_S)
#define WEB_ID 32                       /* hex digits */
#define WEB_KEEP_EVENTS 1024
#define WEB_KEEP_BYTES (1u << 20)
#define WEB_KEEP_ANSWERS 32
#define WEB_ANSWER_BYTES (4u << 20)
#define WEB_KEEP_NS (5 * 60 * NS_PER_S)
#define WEB_LATE_NS NS_PER_S            /* then an answer is a stream */
#define WEB_PING_NS (15 * NS_PER_S)
#define WEB_READ_NS (60 * 60 * NS_PER_S)    /* then a reader is asked to come again */
#define WEB_RETRY_MS 1000

struct web_session {
    struct rest *rest;
    char id[WEB_ID + 1];
    struct api_key *key;
    struct mcp_session *s;
    const char *old;                    /* the path whose reader it is of; NULL: of /mcp */
    int64_t used;
    struct mcp_stream *own;
    struct list streams;                /* all, the own one too */
    uint32_t last_no;
    struct list link;
};

struct mcp_stream {
    struct rest *rest;
    struct web_session *of;             /* NULL: ended; the stream stays for its reader */
    futu_http_call *reader;             /* NULL: nobody is there */
    struct sse sse;
    bool own;                           /* not of a POST */
    bool begins;                        /* of the initialize request */
    bool may;                           /* the reader takes a stream */
    bool begun;                         /* it is one */
    bool over;                          /* nothing more will be put */
    bool prime, ping, leaving, parted;  /* pieces that are due, or were given */
    uint64_t lost;                      /* to be told */
    int64_t since, said, over_at;       /* of the reader: come, last piece */
    struct timer late;
    struct list link;
};

/* mcp_web.c: NULL: no room, or no memory. */
struct web_session *web_session_new(futu_http_call *k);
/* `last`: one line for whoever reads its stream; NULL: none. */
void web_session_end(struct web_session *w, const char *last);
/* That of this key, and of /sse or not; it counts as used. NULL: none. */
struct web_session *web_session_find(struct rest *r, futu_str id, const struct api_key *key,
                                     bool old);

/* The answer to `k`. NULL: no memory. */
struct mcp_stream *web_answer_new(struct web_session *w, futu_http_call *k, bool may);
struct mcp_stream *web_stream_find(struct web_session *w, uint32_t no);
/* k reads it from now on, in the place of whoever did: the head goes out. */
void web_stream_read(struct mcp_stream *t, futu_http_call *k);
/* Without memory the stream is over without it. */
void web_stream_put(struct mcp_stream *t, futu_str text);
/* Each element of a batch: clients read one message an event. */
void web_stream_put_each(struct mcp_stream *t, futu_str text);
/* An answer becomes a stream, if it may. */
void web_stream_begin(struct mcp_stream *t);
/* An answer is complete: what was put will be read. */
void web_stream_end(struct mcp_stream *t);
/* An answer that is no stream, and was told. */
void web_stream_drop(struct mcp_stream *t);

#endif
