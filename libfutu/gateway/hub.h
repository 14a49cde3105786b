/* hub.h - the heart of a gateway: who is connected, what they asked for, who gets which push.
 *
 * In:      bytes of clients (hub_conn_feed), events of one upstream (hub_events), time (timers).
 * Out:     queued frames (hub_conn_output), requests to the upstream, callbacks from hub_flush().
 * Owns:    connections, subscriptions, quotas, limits, queues, counters. Not: sockets, the
 *          upstream, the RSA key, the timers.
 * Order:   hub_new(), upstream created with hub_events(), hub_set_upstream(), connections ...,
 *          hub_free(), then the upstream is freed.
 * Turn:    feed what was read, run due timers, hub_flush(), write, sleep until timers_next().
 * Threads: one; no locks, no waiting. No callback of a connection runs but from hub_flush() and
 *          hub_free().
 */
#ifndef GATEWAY_HUB_H
#define GATEWAY_HUB_H

#include "access/audit.h"
#include "crypt/rsa.h"
#include "futu/gateway.h"
#include "upstream/upstream.h"

struct hub;
struct metrics;
struct shbuf;

/* Where changes of the journal go. append() copies; done() says that it is on disk, later, from the
 * loop, not after hub_free(). rewrite() copies what takes the place of all that was appended; NULL:
 * that is the owner's business. */
struct hub_store {
    futu_err (*append)(void *arg, const void *p, size_t n, void (*done)(void *arg, futu_err err),
                       void *done_arg);
    void *arg;
    futu_err (*rewrite)(void *arg, const void *p, size_t n);
};

struct hub_opts {
    struct clock clock;             /* copied; its arg is borrowed */
    struct timers *timers;          /* borrowed; whoever runs the loop runs them */
    struct rsa_key *rsa;            /* borrowed; NULL: InitConnect in plain only */
    const char *websocket_key_md5;  /* 32 hex digits, copied; NULL: any key */
    bool frequency_limits_off;
    uint32_t push_proto_fmt;        /* as in futu_gateway_opts, from here on */
    uint32_t push_interval_ms;
    uint32_t keep_alive_s;
    uint32_t max_connections;
    uint32_t sub_quota;
    /* Orders by their keys, kept over restarts; borrowed. NULL: in memory, and only orders that
     * bring a key. `store` goes with it: append NULL keeps nothing on disk. */
    struct journal *journal;
    struct hub_store store;
    /* Keys and the trail; borrowed. NULL: nobody has a key, nothing is written down. */
    struct access *access;
    struct audit *audit;
    uint32_t mcp_open_scopes;       /* what callers of MCP may do without a key beside reading */
    struct hub_store daily;         /* what keys have used of their day; append NULL: in memory */
    uint64_t boot_id;               /* of this run of the program; 0: a random one */
    /* Source of connection ids, keys and IVs; NULL: random_bytes(). Tests bring their own. */
    void (*random)(void *p, size_t n);
};

/* *out is the caller's to free. FUTU_EINVAL: timers NULL, websocket_key_md5 not 32 hex digits,
 * push_proto_fmt above 1; FUTU_ENOMEM. */
futu_err hub_new(struct hub **out, const struct hub_opts *opts);
/* Closes every connection: on_close(FUTU_ECANCELED), in which the owner may free it; those that are
 * not freed by then are freed here. Cancels what is under way upstream. NULL is fine. */
void hub_free(struct hub *h);

/* The table to give to the upstream at its creation; its arg is the hub. */
struct upstream_events hub_events(struct hub *h);
/* Borrowed; needed before the first connection is made. */
void hub_set_upstream(struct hub *h, struct upstream *u);

/* Once per loop turn, before it sleeps: on_output of connections that have new output, on_close of
 * those that end. The callbacks may make and free connections. */
void hub_flush(struct hub *h);
/* Something waits for hub_flush(): the loop must not sleep before it. */
bool hub_pending(const struct hub *h);

/* The public functions of the same name say what these do. */
futu_err hub_stats_get(const struct hub *h, futu_gateway_stats *out);
futu_err hub_conn_new(struct hub *h, futu_conn **out, const futu_conn_opts *opts);
futu_err hub_conn_feed(futu_conn *c, const void *p, size_t n);
size_t hub_conn_output(futu_conn *c, struct iovec *iov, size_t max);
void hub_conn_sent(futu_conn *c, size_t n);
size_t hub_conn_queued(const futu_conn *c);
bool hub_conn_at_boundary(const futu_conn *c);
void hub_conn_free(futu_conn *c);

/* ---- callers without a wire: REST, gRPC, and those who watch their pushes ---- */

/* What a caller is told: the Response in protobuf (raw_json: in JSON, of an id without published
 * messages), or why it was refused. All borrowed until done() returns. */
struct hub_reply {
    const uint8_t *body;
    size_t len;
    bool raw_json;
    bool repeat;                    /* the answer of an earlier write */
    enum deny deny;                 /* DENY_NONE: the body is what counts */
    const char *text;               /* with deny: one line for the caller */
    uint32_t retry_s;               /* refused for being too early, by the key's rules (deny) or as
                                     * too frequent: in so many seconds it will not be; 0: no */
};

/* One request; owned by the caller. Exactly one done(), perhaps from inside hub_call(), which must
 * not call the hub; with a NULL reply when the hub goes first. */
struct hub_call {
    uint32_t proto;
    uint8_t fmt;                    /* FRAME_JSON only for ids without published messages */
    const uint8_t *body;            /* borrowed until hub_call() returns */
    size_t len;
    const char *endpoint, *peer;    /* for the audit trail; borrowed until done(). peer may be
                                     * NULL */
    bool keyed;                     /* the caller keeps its answer under an idempotency key */
    void (*done)(struct hub_call *k, const struct hub_reply *r);
    struct list link;
    struct call *read;              /* the hub's own: what is asked upstream and may be dropped */
};

/* The connection that stands for a key on a surface (NULL: for all who have none): its
 * subscriptions stay as long as the key does. FUTU_ENOMEM, FUTU_ELIMIT. */
futu_err hub_caller(struct hub *h, enum iface iface, struct api_key *key, futu_conn **out);
/* Whether a caller may ask for it here at all: a request of the registry, or any id when the
 * upstream is another gateway. */
bool hub_knows(const struct hub *h, uint32_t proto);
void hub_call(futu_conn *caller, struct hub_call *k);
/* Nobody waits for the answer any more. True: the read is dropped, upstream as well, and done()
 * runs no more. False: it goes on as before, since it may change something. */
bool hub_call_drop(struct hub_call *k);
uint64_t hub_conn_id(const futu_conn *c);
uint64_t hub_boot_id(const struct hub *h);
/* See struct upstream. */
bool hub_is_paper(const struct hub *h);
bool hub_is_relay(const struct hub *h);
bool hub_own_hours(const struct hub *h);
/* Another number after each event that may have changed what a real-time read is answered: events
 * of the upstream, subscriptions, keys. */
uint64_t hub_version(const struct hub *h);
/* For who keeps answers: a complete success, of an unlock that of every account. */
bool hub_answer_whole(const struct proto_row *row, const uint8_t *body, size_t len);
/* Another number once an answer like this may no longer be true: of Trd_UnlockTrade, whenever
 * something was locked. */
uint64_t hub_answer_mark(const struct hub *h, const struct proto_row *row);
/* A call that came at `at` (monotonic) was answered without asking the hub, with so many bytes of
 * protobuf. */
void hub_count_call(struct hub *h, const struct proto_row *row, enum iface iface, size_t len,
                    int64_t at);

/* One push, for who writes its text. */
struct event {
    uint32_t proto;
    const struct stream_key *key;   /* of a quote */
    uint64_t acc_id;                /* of a trade event, 0: none */
    const char *market;             /* of a trade event; NULL: not known */
    uint64_t seq;
    const uint8_t *body;            /* the Response */
    size_t len;
    futu_str json;                  /* the body as JSON, for a form that has it so */
    uint32_t lost;                  /* no push: so many quotes gave way to newer ones */
};

/* Kinds of events, or-ed. */
enum hub_kind { HUB_QUOTE = 1, HUB_TRADE = 2, HUB_NOTIFY = 4, HUB_GAP = 8, HUB_ALL_KINDS = 15 };

/* A client of /ws, or a stream of gRPC: gets the pushes of the caller with the same key, and of its
 * own subscriptions. on_text gets each message of the client. o->wire is FUTU_WIRE_EVENTS. */
struct hub_events_opts {
    struct api_key *key;
    bool decoded;                   /* "body" as JSON in place of "body_b64" */
    bool grpc;                      /* PushEvents behind their five bytes, in place of texts */
    futu_str greeting;              /* a text before everything else; borrowed until
                                     * hub_events_new() returns; p NULL: none */
    /* A session of MCP: pushes of its own subscriptions and accounts alone, each a text that this
     * appends; one and the same function for all. FUTU_ENOMEM ends the connection, after another
     * error the push is left out. */
    futu_err (*write)(const struct event *e, struct buf *out);
    uint32_t kinds;                 /* of events that a session of MCP wants: enum hub_kind */
    void (*on_text)(futu_conn *c, futu_str text, void *arg);
    void *arg;
};
futu_err hub_events_new(struct hub *h, futu_conn **out, const futu_conn_opts *o,
                        const struct hub_events_opts *e);
/* Queues one text message; never conflated. */
void hub_events_send(futu_conn *c, futu_str text);
/* Of a session of MCP: the next text, one reference, as long as it has not ended; NULL: none. What
 * is not taken gives way as with every slow reader, in the end with on_close(FUTU_ELIMIT). */
struct shbuf *hub_events_take(futu_conn *c);
bool hub_events_waits(const futu_conn *c);      /* there is one */
void hub_events_want(futu_conn *c, uint32_t kinds);
/* The accounts of its last Trd_SubAccPush; borrowed. */
const uint64_t *hub_accounts(const futu_conn *c, size_t *n);
bool hub_has_subscriptions(const futu_conn *c);

void hub_set_daily(struct hub *h, struct hub_store store);
/* The keys have been read again: ends what was opened with one that is gone, and looks cards up
 * anew. */
void hub_keys_changed(struct hub *h);
/* A decision that fell outside the hub: counted, and written to the trail. */
void hub_audit(struct hub *h, const struct audit_event *e, enum deny deny);
struct metrics *hub_metrics(struct hub *h);
/* What a caller is told of a refusal; static. */
const char *deny_text(enum deny d);

/* Numbers for an operator. */
struct hub_status {
    const char *upstream;           /* "paper"; static or the upstream's */
    bool qot_logined, trd_logined;
    bool unlocked;                  /* some real account is */
    uint64_t unlocked_accounts;     /* that are known to be */
    uint64_t user_id, accounts, connections, requests, subscriptions, quota_used;
    int32_t attribution, stale;
    uint64_t pushes_in, pushes_out, gaps, conflated, cut_slow;
    int64_t started_ms, last_push_ms;       /* UTC; last_push_ms 0: none yet */
};
void hub_status(struct hub *h, struct hub_status *out);
/* Locks all real accounts, here and upstream, and returns how many were open. An upstream that
 * forwards is left as it is: others use it too. */
size_t hub_lock(struct hub *h);

#endif
