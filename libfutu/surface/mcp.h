/* mcp.h - the Model Context Protocol without a transport: JSON-RPC texts in, texts out.
 *
 * In:      one JSON-RPC 2.0 text at a time (a line of stdio, the body of a POST): a message, or in
 *          revision 2025-03-26 a batch.
 * Out:     a callback for each text: notes while it is worked on, then the answer; perhaps later.
 * Owns:    sessions, calls that are under way, previews of real orders, connections of the hub for
 *          the pushes of sessions: one for each key that registers some.
 * Keys:    of a call, highest first: its api_key argument, the bearer of its text, the start-up
 *          key. Without a keys file reads are open, and of what trades only open_scopes.
 * Orders:  for a real account the first call answers with a preview and a token that is bound to
 *          the key and the exact arguments, for one use within 60 s; the second one sends.
 * Errors:  a bad text is answered and nothing ends.
 * Limits:  MCP_TEXT_MAX bytes, MCP_BATCH_MAX messages, MCP_CALLS_MAX calls of a session under way.
 * Threads: the loop's.
 * Tests:   test/unit/surface/mcp_test.c, test/unit/surface/mcp_push_test.c, test/fuzz/fuzz_mcp.c
 */
#ifndef SURFACE_MCP_H
#define SURFACE_MCP_H

#include "gateway/hub.h"

#define MCP_TEXT_MAX (1u << 20)
#define MCP_BATCH_MAX 50
#define MCP_CALLS_MAX 64

struct mcp;
struct mcp_session;

struct mcp_opts {
    struct hub *hub;                /* borrowed */
    struct access *access;          /* borrowed; NULL: open mode */
    struct clock clock;             /* copied; its arg is borrowed */
    struct timers *timers;          /* borrowed */
    uint32_t groups;                /* enum mcp_group, or-ed; 0: all tools */
    bool direct;                    /* real orders are sent without a preview */
    bool short_list;                /* tools are listed without outputSchema */
    uint32_t open_scopes;           /* what may be done without keys beside reading */
    const char *api_key;            /* of the start; copied; NULL: none */
    const char *trade_pwd_md5;      /* 32 hex digits, copied; NULL: no tool can unlock */
    size_t page;                    /* tools in one answer of tools/list; 0: 100 */
};

futu_err mcp_new(struct mcp **out, const struct mcp_opts *o);       /* FUTU_ENOMEM */
/* Ends all sessions. Before the hub goes. NULL is fine. */
void mcp_free(struct mcp *m);

/* MCP_NOTE: a notification that belongs to the text. Then exactly one of: MCP_ANSWER, the response
 * or the batch of them; MCP_BAD, the text is no message that could be answered by its id;
 * MCP_NOTHING, there was nothing to answer; MCP_DROPPED, the request was cancelled. */
enum mcp_out { MCP_NOTE, MCP_ANSWER, MCP_BAD, MCP_NOTHING, MCP_DROPPED };
/* `text` is borrowed. Must not call the engine. */
typedef void mcp_out_fn(enum mcp_out kind, futu_str text, void *arg);

/* `peer` is copied, for the audit trail. FUTU_ENOMEM. */
futu_err mcp_session_new(struct mcp *m, struct mcp_session **out, const char *peer);
/* What is under way goes on, nobody hears of it. NULL is fine. */
void mcp_session_free(struct mcp_session *s);
/* It is initialised. */
bool mcp_session_begun(const struct mcp_session *s);
bool mcp_session_busy(const struct mcp_session *s);     /* a text has no answer yet */

/* What a session tells beside the answers to its texts; from the loop, not from inside a text but
 * for on_push. */
struct mcp_ears {
    void (*on_push)(void *arg);     /* something waits for mcp_session_take(); may be NULL */
    /* The key of mcp_session_watch() holds no more (FUTU_EAUTH), or the pushes were not taken
     * (FUTU_ELIMIT). May free the session. `reason` is one line. */
    void (*on_end)(void *arg, futu_err err, const char *reason);
    void *arg;
};
void mcp_session_hear(struct mcp_session *s, const struct mcp_ears *ears);
/* Watches the key (NULL in open mode) from now on. FUTU_ENOMEM, FUTU_ELIMIT (connections). */
futu_err mcp_session_watch(struct mcp_session *s, struct api_key *key);
/* The next push, or another notification that belongs to no text: one reference; NULL: none. Quotes
 * that are not taken give way to newer ones; before anything else would be lost, the pushes end. */
struct shbuf *mcp_session_take(struct mcp_session *s);
bool mcp_session_waits(const struct mcp_session *s);        /* there is one */
/* The revision that was agreed on; p NULL: none yet. */
futu_str mcp_session_revision(const struct mcp_session *s);
/* A log message as a notification: one line, for the level "error". NULL: no memory. */
struct shbuf *mcp_last_word(const char *reason);
/* Clients of that revision know streams that begin with an empty event and are asked for again. */
bool mcp_revision_primes(futu_str revision);

/* Works on one text. out() may run from inside. `token` (p NULL: none) is the bearer's. */
void mcp_session_text(struct mcp_session *s, futu_str text, futu_str token, mcp_out_fn *out,
                      void *arg);
/* Texts under way with this arg: out() will not run for them. */
void mcp_session_forget(struct mcp_session *s, const void *arg);

/* The text is one initialize request: it begins a session. */
bool mcp_begins(futu_str text);
bool mcp_revision_known(futu_str revision);

#endif
