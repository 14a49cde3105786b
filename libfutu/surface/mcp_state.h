/* mcp_state.h - what the files of the engine share. Nothing outside includes it.
 *
 * mcp.c reads messages and answers them, mcp_list.c lists the tools, mcp_call.c runs one with
 * mcp_account.c (whose account), mcp_pages.c (several requests) and mcp_raw.c (protocols without
 * published messages), mcp_push.c has the pushes of a session, mcp_preview.c keeps the previews of
 * real orders.
 */
#ifndef SURFACE_MCP_STATE_H
#define SURFACE_MCP_STATE_H

#include "base/list.h"
#include "base/timer.h"
#include "crypt/secret.h"
#include "surface/mcp.h"
#include "surface/mcp_tools.h"

#define PEER_MAX 64
#define MCP_NOTES 8
#define MCP_PUSH_KEYS 8         /* of one session, with which pushes are registered */
#define PREVIEWS 64
#define PREVIEW_NS (60 * NS_PER_S)
#define PREVIEW_TOKEN 32        /* hex digits */

/* JSON-RPC error codes. */
enum { RPC_PARSE = -32700, RPC_REQUEST = -32600, RPC_METHOD = -32601, RPC_PARAMS = -32602,
       RPC_INTERNAL = -32603 };

struct preview {
    char token[PREVIEW_TOKEN + 1];      /* empty: the place is free */
    const struct api_key *key;
    const struct mcp_tool *tool;
    uint8_t hash[32];                   /* of the request without its packetID's numbers */
    int64_t until;
};

/* The entries of tools/list one behind the other; at[i] begins that of tool i. Written once, for
 * sessions with and without structured results. */
#define MCP_TOOLS_MAX 96
struct mcp_entries {
    struct buf text;
    size_t at[MCP_TOOLS_MAX + 1];
};

struct mcp {
    struct mcp_opts o;
    struct mcp_entries entries[2];
    struct secret api_key, trade_pwd;
    struct list sessions, orphans;      /* calls whose session has ended */
    struct preview previews[PREVIEWS];
    size_t next_preview;
    uint32_t serial;
    struct buf text, json, lines, body, pb;     /* scratch of one message */
};

struct mcp_session {
    struct mcp *m;
    const struct revision *rev;         /* NULL: not initialised */
    int level;                          /* of log messages; -1: none are sent */
    unsigned n_calls;
    struct list calls, posts;
    struct list link;
    char peer[PEER_MAX];
    /* mcp_push.c */
    struct mcp_ears ears;
    struct list pushes;                 /* struct mcp_push.link */
    size_t n_pushes, n_notes;
    struct shbuf *notes[MCP_NOTES];     /* told to no text, oldest first */
};

/* One text and where its answers go. */
struct post {
    struct mcp_session *s;
    mcp_out_fn *out;                    /* NULL: nobody listens any more */
    void *arg;
    bool batch, failed;                 /* failed: memory was out for an answer */
    bool bad;                           /* the answer names no request */
    bool dropped;                       /* a request of it was cancelled */
    unsigned open;                      /* answers that are still to come */
    struct buf answers;
    struct list link;
};

struct mcp_call {
    struct mcp *m;
    struct mcp_session *s;              /* NULL: the session has ended */
    struct post *post;                  /* NULL: cancelled */
    struct buf id, progress;            /* as they stood in the request; may be empty */
    const struct mcp_tool *tool;
    const struct proto_row *row;
    struct api_key *key;
    struct hub_call call;
    struct timer later;
    void (*step)(struct mcp_call *k);   /* in the next turn */
    struct mcp_args args;
    struct buf body, pb, sum;           /* the arguments, the request; pages so far */
    int32_t env, market;                /* of the account that is looked for */
    uint64_t acc_id;                    /* that was said beside a card */
    int64_t asked_at;                   /* when the last request was sent */
    uint64_t account;                   /* that was found; 0: none was looked for */
    size_t rows, wanted;
    bool more;                          /* rows were left behind */
    bool grew;                          /* by the last page */
    char peer[PEER_MAX];
    struct list link;
};

struct revision {
    const char *name;
    bool batches, structured, primes;   /* primes: see mcp_revision_primes() */
};

/* mcp.c: answers of a request. `id` is JSON, p NULL: null. */
void mcp_fail(struct post *p, futu_str id, int code, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* `result` is a JSON object. */
void mcp_reply(struct post *p, futu_str id, futu_str result);
/* The request will have no answer. */
void mcp_no_reply(struct post *p);
/* A notification that belongs to the text of the request. */
void mcp_note(struct post *p, futu_str text);
/* A log message, when the client has asked for such a level: 0 debug ... 7 emergency. */
void mcp_log(struct post *p, int level, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* mcp_list.c */
bool mcp_open_mode(const struct mcp *m);
/* Whether open mode allows it: reads always, trading by m->o.open_scopes. */
bool mcp_open_scope(const struct mcp *m, uint32_t scopes);
/* The key of a token, or of the start. */
enum deny mcp_who(struct mcp *m, futu_str token, struct api_key **key);
/* The result of a tool: what is in m->json and m->lines. */
void mcp_tell(struct post *p, futu_str id, bool bad);
void mcp_tell_error(struct post *p, futu_str id, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* mcp_call.c */
void mcp_call(struct post *p, futu_str id, futu_str params, futu_str token);
void mcp_list(struct post *p, futu_str id, futu_str params, futu_str token);
void mcp_cancel(struct mcp_session *s, futu_str id);
/* The session goes: its calls lose it. */
void mcp_orphan(struct mcp_session *s);
void mcp_call_free(struct mcp_call *k);
/* Steps of a call. These two answer, and the call ends. */
void mcp_call_fail(struct mcp_call *k, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* `reply` is the Response; of mcp_raw.c the JSON of s2c. */
void mcp_call_finish(struct mcp_call *k, futu_str reply);
/* Tells the result, what is in m->json and m->lines, and the call ends. */
void mcp_call_tell(struct mcp_call *k);
/* False: it was no success, the call has ended with that. */
bool mcp_call_well(struct mcp_call *k, const struct hub_reply *h);
/* The hub may not be called from inside an answer. */
void mcp_call_next(struct mcp_call *k, void (*step)(struct mcp_call *k));
void mcp_call_send(struct mcp_call *k, futu_conn *on, uint32_t proto, futu_str pb,
                   void (*done)(struct hub_call *c, const struct hub_reply *h));
/* The same on the connection of the call's key, looked up anew: the key may have ended since. */
void mcp_call_ask(struct mcp_call *k, uint32_t proto, futu_str pb,
                  void (*done)(struct hub_call *c, const struct hub_reply *h));
/* The connection of the hub that stands for the call's key. NULL: the call has ended. */
futu_conn *mcp_caller(struct mcp_call *k);

/* k->body as a Request. */
futu_err mcp_call_request(struct mcp_call *k, uint64_t conn_id, uint32_t serial, struct buf *pb,
                          struct body_extra *extra, struct body_error *e);
/* Sends it, or shows its preview: once the account is known. */
void mcp_call_go(struct mcp_call *k);

/* mcp_account.c */
void mcp_account_find(struct mcp_call *k);
futu_err mcp_set_account(const struct proto_row *row, uint64_t id, struct buf *pb);

/* mcp_raw.c */
void mcp_raw(struct mcp_call *k);
/* The environment in a body. */
int32_t mcp_raw_env(futu_str body);

/* mcp_pages.c */
/* The call's request becomes that of the first page. FUTU_ENOMEM. */
futu_err mcp_first_page(struct mcp_call *k);
void mcp_on_page(struct hub_call *c, const struct hub_reply *h);

/* mcp_push.c */
/* Of a tool that is about pushes: true, the call is on its way. */
bool mcp_push_call(struct mcp_call *k);
void mcp_push_level(struct mcp_session *s);         /* the level of the client has changed */
void mcp_push_free(struct mcp_session *s);

/* mcp_preview.c */
/* For a real account: is this Request? */
bool mcp_is_real(const struct proto_row *row, futu_str pb);
/* Keeps a preview and returns its token. */
const char *mcp_preview(struct mcp *m, const struct api_key *key, const struct mcp_tool *tool,
                        futu_str pb);
/* Takes the preview out. NULL: it is the one; else why not. */
const char *mcp_confirm(struct mcp *m, futu_str token, const struct api_key *key,
                        const struct mcp_tool *tool, futu_str pb);
/* The order in a line, and its members: appended. */
futu_err mcp_preview_text(const struct proto_row *row, futu_str pb, struct buf *json,
                          struct buf *text);

#endif
