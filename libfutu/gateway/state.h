/* state.h - the structs that the files of the gateway share. Nothing outside includes it.
 *
 * Who calls whom: conn.c cuts and decrypts, session.c begins, router.c decides who answers, call.c
 * speaks with the upstream, reply.c and fanout.c frame and queue. Nothing in here calls a listener
 * but hub.c, in hub_flush() and hub_free().
 */
#ifndef GATEWAY_STATE_H
#define GATEWAY_STATE_H

#include "base/arena.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "codec/registry.h"
#include "gateway/delay.h"
#include "gateway/hub.h"
#include "gateway/limits.h"
#include "gateway/metrics.h"
#include "gateway/outq.h"
#include "gateway/replay.h"
#include "gateway/subs.h"
#include "gateway/unlock.h"
#include "wire/cipher.h"
#include "wire/frame.h"

#define HANDSHAKE_LIMIT_NS (30 * NS_PER_S)
#define CALLS_PER_CONN 1024         /* of each kind under way at a time; one more is refused */
#define ACCOUNTS_PER_CONN 256       /* in one Trd_SubAccPush */
/* Above SOFT newer quotes take the place of older ones; nothing is queued beyond HARD. */
#define QUEUE_SOFT (256u << 10)
#define QUEUE_HARD (8u << 20)

/* How a connection speaks. NONE: a WebSocket before its first message. CALL: not at all, it stands
 * for the callers with one key. EVENTS: a client of /ws, a stream of gRPC, a
 * session of MCP. */
enum conn_kind { KIND_NONE, KIND_TCP, KIND_WS_FT, KIND_WS_SDK, KIND_CALL, KIND_EVENTS };
#define WIRE_CALL 3                 /* beside FUTU_WIRE_* */

/* Forms in which a push is framed once and shared; encrypted connections have their own copies. */
enum { FORM_TCP_PB, FORM_TCP_JSON, FORM_WS_PB, FORM_WS_JSON, FORM_SDK, FORM_EVENT_B64,
       FORM_EVENT_JSON, FORM_EVENT_GRPC, FORM_EVENT_MCP, FORM_N };

struct futu_conn {
    struct hub *hub;
    futu_conn_opts o;
    char *peer;
    uint64_t id;
    uint8_t kind, form;             /* enum conn_kind; FORM_* of its pushes, set when ready */
    bool ready;                     /* InitConnect or InitWebSocket has succeeded */
    bool notify;                    /* recvNotify */
    bool ended;                     /* no more input, no more output is queued */
    bool closing;                   /* on_close waits for the flush */
    futu_err why;
    char reason[128];
    struct framer framer;
    struct cipher *cipher;          /* NULL: plain */
    struct outq out;
    int64_t last_rx;
    struct timer timer;             /* handshake, then silence */
    struct list link, dirty, dying, trader;     /* in hub's lists, or in none */
    struct list calls;              /* struct call.link */
    struct list pends;              /* struct pend.in_conn */
    uint32_t n_calls, n_pends, n_subs;
    struct map sub_of_pair;         /* by the pair's address */
    struct list subs;               /* struct sub.in_conn, oldest first */
    uint64_t *accounts;             /* whose trade pushes it wants */
    uint32_t n_accounts;
    struct replay replay;
    uint8_t iface;                  /* enum iface */
    struct api_key *key;            /* NULL: none is needed here */
    /* Of KIND_CALL: what is under way, and who watches. */
    struct list asked;              /* struct hub_call.link */
    struct list viewers;            /* struct futu_conn.viewer */
    /* Of KIND_EVENTS. */
    struct futu_conn *caller;       /* whose pushes it gets too; NULL: gone with its key */
    struct list viewer;
    struct hub_events_opts events;
    struct map places;              /* by stream: place of its newest push of `caller`'s, while more
                                     * than QUEUE_SOFT waits */
    uint32_t lost;                  /* pushes that gave way since the last gap event */
};

struct hub {
    struct hub_opts o;
    char key_md5[33];
    int64_t started_ms;             /* UTC */
    struct upstream *up;
    int64_t now;                    /* of the turn's last reading; see hub_now() */
    struct list conns, dirty, dying;
    struct list traders;            /* connections with accounts */
    uint32_t n_conns;
    struct list idle_calls;
    struct list orders;             /* struct call.link: orders whose askers are gone */
    struct list pends;              /* struct pend.in_hub */
    struct list watches;            /* struct pend.in_kind of changes of accounts */
    struct list waiting;            /* struct plan.waiting: until another plan has ended */
    struct shbuf_pool pool;
    /* Scratch, for one request or push at a time; each user says until when. */
    struct buf plain;               /* decrypted input */
    struct buf pb;                  /* request converted from JSON */
    struct buf body;                /* reply made here */
    struct buf json, enc;           /* reply or push on its way out */
    struct buf spare;               /* an order whose key was changed, until it is sent */
    struct arena arena;             /* decoded request and the structs of its reply */
    struct arena events;            /* decoded answers and events of the upstream */
    struct subs subs;
    struct limits limits;
    struct delay delay;
    struct journal *journal;        /* the owner's, or own_journal */
    struct journal own_journal;
    struct unlocks unlocks;         /* trading of real accounts */
    uint64_t version;               /* see hub_version() */
    uint64_t requests, refused, pushes, push_bytes, conflated, cut_slow;
    struct map callers;             /* of hub_caller() */
    struct list guarded;            /* struct guarded.link */
    struct list idle_guarded;
    uint32_t n_guarded;
    struct map allowed;             /* struct allowed by key and surface, see guard.c */
    struct timer key_timer;         /* the next end of a key that a connection has */
    struct metrics metrics;
    int64_t strangers_at;           /* second of the last line of the trail, */
    uint32_t strangers;             /* and the refusals without a key in it */
    struct map account_seq;         /* trade pushes told so far, by account */
    uint64_t notify_seq;
    struct cards *cards;            /* the look-up of cards; NULL: none is needed */
};

/* It has named the account in its Trd_SubAccPush. */
static inline bool conn_named(const struct futu_conn *c, uint64_t acc_id)
{
    for (uint32_t i = 0; i < c->n_accounts; i++)
        if (c->accounts[i] == acc_id)
            return true;
    return false;
}

static inline int64_t hub_now(struct hub *h)
{
    return h->now = clock_mono(&h->o.clock);
}

/* One request, as long as it is being handled: where its answer goes, and what it says. */
struct ask {
    struct futu_conn *c;
    const struct proto_row *row;    /* NULL: not in the registry */
    uint32_t proto;
    uint64_t serial;                /* frame serial, or section of the SDK's WebSocket */
    uint8_t fmt;                    /* FRAME_PROTOBUF, FRAME_JSON */
    bool raw_json;                  /* of an answer: it is JSON already, whatever fmt says */
    int64_t at;                     /* received */
    const uint8_t *body;            /* protobuf, once the router has it */
    size_t len;
    void *msg;                      /* decoded Request where a handler needs it, in hub.arena */
    struct hub_call *call;          /* asked without a wire; else NULL */
    struct guarded *guarded;        /* a trade write that is being watched; see guard.h */
    bool repeat;                    /* its reply is that of an earlier write */
    enum deny deny;                 /* its reply is a refusal by the key's rules */
    const char *deny_text;
    uint32_t retry_s;               /* after which it may be asked again; 0: not known */
};

/* hub.c: what clients are told as serverVer. */
int32_t hub_server_ver(const struct hub *h);
/* conn.c */
void conn_die(struct futu_conn *c, futu_err err, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* session.c: on_frame of 1001 before success, and command 1 of the SDK. */
futu_err session_init(struct futu_conn *c, const struct frame *f);
void session_init_websocket(struct futu_conn *c, struct ask *a);
void session_watch(struct futu_conn *c);
/* router.c: takes a whole request, `in` as it came (JSON or protobuf, already decrypted). */
void route(struct ask *a, const uint8_t *in, size_t n);
/* Of a request with one: what was decoded of it. */
void forget_password(struct hub *h);
/* The member c2s.NAME of the decoded request (a value, or for messages the pointer to it); NULL
 * when its message has no such field. */
const void *c2s_field(struct ask *a, const char *name);
/* qot.c, subinfo.c, system.c, accounts.c, info.c: handlers of what the gateway answers itself. */
typedef void handler(struct ask *a);
handler on_keep_alive, on_delay_statistics, on_second_init, on_sub_acc_push;
handler on_sub, on_reg_push, on_sub_info, on_gateway_info;
/* False: the answer is on its way. */
bool gate_real_time_read(struct ask *a);
/* What a write needs to go up. */
struct write {
    uint8_t digest[32];             /* of the whole request, and its number: for replay_add() */
    uint32_t serial;
    bool own;                       /* its packetID is of this connection */
    bool resume;
    struct order_entry *order;      /* of an order with a key */
};
/* False: the answer is on its way. */
bool gate_write(struct ask *a, struct write *w);
/* reply.c: each queues exactly one reply; out of memory ends the connection. */
void reply_body(struct ask *a, const uint8_t *body, size_t len, int64_t net_ns);
void reply_failure(struct ask *a, int32_t ret_type, int32_t err_code, const char *text);
void reply_refuse(struct ask *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
void reply_msg(struct ask *a, const void *response);      /* struct of a->row->response */
void reply_empty(struct ask *a);                          /* success with an empty S2C */
/* A frame of a connection, one reference. `serial` is the section with KIND_WS_SDK. NULL: no
 * memory. */
struct shbuf *frame_for(struct futu_conn *c, uint32_t proto, uint8_t fmt, uint64_t serial,
                        const uint8_t *body, size_t len);
/* The same for FTAPI frames, when the SHA-1 of the body is known. */
struct shbuf *frame_with_digest(struct futu_conn *c, uint32_t proto, uint8_t fmt, uint32_t serial,
                                const uint8_t *body, size_t len, const uint8_t digest[20]);
/* Queues a reply; takes over the reference. NULL: memory is out, which ends the connection. */
void conn_queue(struct futu_conn *c, struct shbuf *b, const struct out_mark *m);
/* Queues what may be overtaken by a KeepAlive, of a connection that has not ended; *at: its
 * place. */
void conn_put(struct futu_conn *c, const struct out_entry *e, uint64_t *at);
/* A key on a surface, for maps: pointers leave the low bits free. */
static inline uint64_t key_on(enum iface iface, const struct api_key *key)
{
    _Static_assert(IFACES <= 8, "three bits");
    return (uint64_t)(uintptr_t)key << 3 | iface;
}
/* caller.c: hands the reply to whoever called; the ask is over. */
void caller_reply(struct ask *a, const uint8_t *body, size_t len, int64_t net_ns);
void caller_gone(struct futu_conn *c);
/* A connection has this key: it ends when the key does. */
void caller_key_watch(struct hub *h, const struct api_key *k);
/* cards.c: asks the upstream for its accounts when a key names cards. */
void cards_refresh(struct hub *h);
void cards_free(struct hub *h);
size_t cards_count(const struct hub *h);        /* accounts of the last answer */
/* events.c: one event as a server frame in c's form, one reference; NULL: no memory. */
struct shbuf *event_frame(struct futu_conn *c, const struct event *e);
enum hub_kind event_kind(const struct event *e);
/* fanout.c */
void fanout_push(struct hub *h, const struct upstream_push *p);
/* The same, without holding back. */
void fanout_deliver(struct hub *h, struct stream *st, const struct upstream_push *p);
/* The present value to the registration of `s`: now, or as soon as there is one. */
void fanout_first(struct stream *st, struct sub *s);
/* The present value to a connection, or to those who watch a caller. FUTU_EAGAIN: there is none
 * yet; FUTU_ENOMEM: the connection has ended. */
futu_err fanout_present(struct stream *st, struct futu_conn *c);
void fanout_trade(struct hub *h, uint64_t acc_id, uint32_t proto, const uint8_t *body, size_t len);
void fanout_notify(struct hub *h, uint32_t proto, const uint8_t *body, size_t len);

#endif
