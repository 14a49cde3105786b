/* state.h - the structs that the files of the relay share. Nothing outside includes it.
 *
 * Files:   relay.c life and ops; lane.c connections; request.c reads, cache.c what of them is kept;
 *          order.c orders and their fate, strip.c the marks by which they are found; stream.c the
 *          ledger of subscriptions, restore.c after a loss, refill.c what pushes missed; push.c
 *          pushes on their way up; trade.c accounts; watch.c silence; gap.c what clients are told.
 */
#ifndef UPSTREAM_RELAY_STATE_H
#define UPSTREAM_RELAY_STATE_H

#include "access/mark.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "client/client.h"
#include "codec/splice.h"
#include "upstream/relay/relay.h"

#define CALL_LIMIT (9 * NS_PER_S)       /* of a read; the gateway's own limit is 10 s */
#define WRITE_LIMIT (60 * NS_PER_S)
#define HOLD_LIMIT (3 * NS_PER_S)       /* how long a request waits for a connection */
#define SUB_LEAST (60 * NS_PER_S)       /* the upstream's minute before giving up a subscription */
#define REHABS 3
#define TAIL_TICKS 50                   /* of a first push of tickers */

/* Protocols the relay speaks of its own accord. */
enum { P_GLOBAL_STATE = 1002, P_ACC_LIST = 2001, P_SUB_ACC = 2008, P_ORDER_LIST = 2201,
       P_ORDER_PUSH = 2208, P_FILL_LIST = 2211, P_FILL_PUSH = 2218, P_HIST_ORDERS = 2221,
       P_SUB = 3001, P_REG_PUSH = 3002, P_SUB_INFO = 3003, P_TICKER_PUSH = 3011,
       P_SUB_EVENT = 3455 };
/* Tags of the envelope. */
enum { TAG_C2S = 1, TAG_S2C = 4 };

enum lane_id { LANE_QUOTE, LANE_TRADE, LANE_BULK, LANES };

struct lane {
    struct relay *r;
    enum lane_id id;
    futu_client *c;
    bool up;
    bool tried;                     /* an attempt has ended, well or not */
    futu_err why;                   /* of the last loss */
    int64_t since_ms;               /* of the present state, UTC */
    int64_t lost_ns;                /* monotonic; 0: it is up or was never tried */
    uint64_t losses, requests, pushes;
    char error[256];
    struct list held;               /* struct out: waiting for the connection */
};

/* A request of a client on its way. */
struct out {
    struct list node;               /* in lane.held, relay.flying or relay.pool */
    struct lane *lane;
    struct upstream_request *rq;
    struct call *call;              /* while it is sent */
    int64_t deadline;               /* of waiting for a connection */
    struct timer timer;
};

/* A request that a new connection must hear again. */
struct sticky {
    struct list node;
    struct buf body;
};

struct pair;

struct stream {
    struct pair *pair;
    int rehab;
    bool wanted;                    /* the gateway has it open */
    bool on;                        /* registered upstream, on this connection */
    bool first_due;                 /* the next push tells the present value */
    bool refilling;                 /* live tickers are dropped until the refill has come */
    int64_t first_until, refilled_ns;
    struct buf last;                /* the last push */
    uint32_t proto;                 /* its protocol */
    int64_t last_ns;                /* when it came; 0: never */
    int64_t gap_ms;                 /* stream_last_ms() when the connection was lost */
    char bar[24];                   /* time of the last k-line or minute pushed */
    int64_t sequence;               /* of the last ticker; 0: none */
    int64_t after, before;          /* tickers between these are lost for good */
    bool lost;
    struct buf tail;                /* the last tickers, as records of the list */
    unsigned n_tail;
};

/* The map's key is its bytes up to the end of the code. */
struct pair_key {
    int32_t market, sub_type;
    char code[SECURITY_CODE_MAX + 1];
};

struct pair {
    struct list node;
    struct pair_key key;
    struct stream_opts opts;
    struct stream *streams[REHABS];
    bool subscribed;                /* on this connection */
    bool busy;                      /* in a request that is under way */
    uint32_t ask;                   /* what that asks for: bits 1 << rehab */
    struct stream_opts ask_opts;
    int64_t since;
    struct timer unsub;             /* nobody holds it: given up when the minute is over */
    bool in_gap;                    /* its loss has been told, its return not yet */
    char error[160];
    struct pair *of_group;          /* the next one of its struct group */
    struct relay *r;
};

/* The pairs of one security that somebody wants. */
struct group {
    Qot_Common_Security security;
    struct pair *first;
    size_t n;
};

struct relay {
    struct upstream base;
    struct relay_opts o;
    char name[280], secret[JOURNAL_SECRET + 1];
    struct lane lanes[LANES];
    bool freeing;

    struct list flying, pool;       /* struct out */
    struct cache *cache;
    struct list orders;             /* struct order */
    struct timer settle;            /* orders that are being looked for */

    int64_t rx_ns;                  /* when the bytes came that are being read */
    struct map pairs;
    struct list pair_list;          /* in the order of subscribing */
    size_t n_pairs;
    struct list openings;           /* struct opening: waiting, or under way */
    uint32_t remain;                /* the upstream's quota that is left */
    bool remain_known, asking_quota, ask_again;
    struct list sticky;             /* requests of 3455, to be repeated on a new connection */
    size_t n_sticky;
    struct restore *restore;        /* under way */
    struct timer retry;             /* of what could not be restored */
    unsigned retries;

    struct list watches;            /* struct watching: answers that are awaited */
    bool naming;                    /* accounts are on their way up */
    uint64_t *accounts;
    size_t n_accounts;

    /* Gaps, by lane: quote and trade. */
    struct {
        bool open;
        int64_t begin_ms;
    } gap[2];
    uint64_t gap_seq;
    bool restarted;                 /* the upstream is another process than before the gap */
    uint64_t upstream_boot;
    bool far_down;                  /* the upstream has told us of a gap of its own */
    char far_name[128];
    struct {
        uint64_t boot, seq;
    } far_seen[16];                 /* gap events of gateways behind us, the last ones */
    unsigned n_far_seen;

    struct timer look;              /* watch.c */
    struct probe {
        bool asked, suspect;
        uint64_t pushes;            /* of the quote lane when it was asked */
        struct pair_key key;        /* the pair that was read last, and its value */
        uint64_t mark;
    } probe;

    bool far_qot, far_trd;          /* as the upstream says */
    bool told, told_qot, told_trd;  /* what clients heard last by Notify */
    uint64_t user_id;               /* of the last connection */
    int32_t server_ver;
    struct buf global;              /* its last GetGlobalState */
    struct buf text, body;          /* scratch */
    struct arena arena;
};

/* lane.c */
futu_err lane_open(struct relay *r, enum lane_id id);
bool lane_up(const struct lane *k);
const char *lane_name(enum lane_id id);
enum lane_id lane_of(uint32_t proto);
/* Why there is no connection, naming the stage and what to do. */
const char *lane_error(const struct lane *k);
/* Trying again will hardly help: no such host, another key, no FTAPI. */
bool hopeless(futu_err err);
/* Sends a request of our own; false: it could not be sent. */
bool lane_ask(struct lane *k, uint32_t proto, const void *request, client_raw_fn *done, void *arg);
int64_t relay_now(const struct relay *r);
int64_t relay_now_ms(const struct relay *r);

/* request.c */
void request_up(struct upstream *u, struct upstream_request *rq);
void request_cancel(struct upstream *u, struct upstream_request *rq);
void request_fail(struct relay *r, struct upstream_request *rq, int32_t ret, const char *text);
/* The connection is there: what waited goes out. */
void requests_release(struct lane *k);
void requests_free(struct relay *r);

/* cache.c */
futu_err cache_new(struct cache **out, int64_t life);
void cache_free(struct cache *c);
bool cache_keeps(uint32_t proto);
/* NULL: not there, or too old. */
const struct buf *cache_find(struct cache *c, uint32_t proto, futu_str request, int64_t now);
void cache_put(struct cache *c, uint32_t proto, futu_str request, const uint8_t *body, size_t n,
               int64_t now);
void cache_clear(struct cache *c);

/* order.c */
void order_send(struct relay *r, struct upstream_request *rq);
void order_forget(struct relay *r, struct upstream_request *rq);
void orders_seek(struct relay *r);      /* the trade lane is up */
void orders_forget_all(struct relay *r);

/* strip.c */
/* Takes our own marks out of the orders of a body: in S2C's field `list`. `out` holds the result
 * when this is true, else the body had none. */
bool marks_strip(const char *secret, uint32_t list, const uint8_t *body, size_t n, struct buf *out);

/* stream.c */
void stream_open(struct upstream *u, struct upstream_open *o);
void stream_close(struct upstream *u, const struct stream_key *key);
futu_err stream_current(struct upstream *u, const struct stream_key *key, struct buf *out);
struct stream *stream_find(struct relay *r, int32_t market, futu_str code, int32_t sub_type,
                           int rehab);
struct pair *pair_find(struct relay *r, const struct pair_key *key);        /* NULL: none */
/* When its last data came, UTC milliseconds; 0: never. */
int64_t stream_last_ms(const struct stream *st);
void streams_lost(struct relay *r);     /* the quote lane is down */
void streams_free(struct relay *r);
void openings_wake(struct relay *r);    /* those that wait are looked at again */
void quota_ask(struct relay *r);
void quota_took(struct relay *r, int n);    /* until the upstream is asked: n of it are used more */
/* All wanted pairs, by security. Memory from the arena; until the next call. FUTU_ENOMEM. */
futu_err pairs_by_security(struct relay *r, struct arena *a, struct group **out, size_t *n);
bool pair_wanted(const struct pair *p);
/* Nobody may hold it any more: it goes, or will when the upstream's minute is over. Of one that is
 * held, rehab types that nobody wants are given up. */
void pair_release(struct pair *p);

/* batch.c: Qot_Sub for many pairs, as their `ask` and `ask_opts` say. done() runs once per pair,
 * perhaps from inside; `split`: a refusal is tried again in halves, to find whom it is about. */
typedef void pair_fn(struct pair *p, futu_err err, futu_str text, void *arg);
futu_err batch_subscribe(struct relay *r, struct pair *const *pairs, size_t n, bool split,
                         pair_fn *done, void *arg);

/* restore.c */
void restore_begin(struct relay *r);
void restore_again(struct relay *r);    /* what could not be restored, now */
void restore_stop(struct relay *r);
void restore_free(struct relay *r);
/* refill.c: `done` runs once, perhaps at once. What of the stream was missed can be fetched: */
bool refill_wanted(const struct stream *st);
void refill(struct relay *r, struct stream *st, void (*done)(void *arg), void *arg);

/* push.c */
/* Begins a push: retType 0, no text, errCode 0, and its s2c, which pb_close() ends. */
futu_err push_begin(struct buf *out, size_t *s2c);
void push_take(struct relay *r, const struct frame *f, const uint8_t *body, size_t n);
/* Remembers a push of the stream and gives it to the gateway. */
void push_deliver(struct relay *r, struct stream *st, uint32_t proto, const uint8_t *body, size_t n,
                  const uint8_t *sha1, bool first);
/* Sequence of a Ticker record. */
int64_t ticker_sequence(const struct pb_rec *ticker);
/* The records of a list in the S2C of a body, one by one: pb_first() and pb_next() do the rest. */
bool body_s2c(const uint8_t *body, size_t n, futu_str *s2c);

/* trade.c */
void trade_watch(struct upstream *u, struct upstream_watch *w);
void trade_up(struct relay *r);
void trade_down(struct relay *r);
void trade_forget(struct relay *r);
void trade_push(struct relay *r, uint32_t proto, const uint8_t *body, size_t n);

/* gap.c */
void gap_begin(struct relay *r, enum lane_id id);
void gap_over(struct relay *r, enum lane_id id);
void gap_tell_state(struct relay *r);       /* Notify: which connections are there */
/* One of the upstream's own, or from behind it. False: it came already, on another lane. */
bool gap_passing(struct relay *r, const uint8_t *body, size_t n);

/* watch.c */
void watch_start(struct relay *r);
/* Whether the data of this security is stale, and why. */
bool stream_stale(const struct stream *st, char *why, size_t size);

/* info.c */
void boot_ask(struct relay *r);         /* whether it is the same process as before */
futu_err relay_info(struct upstream *u, struct arena *a, bool stale, Gateway_GetInfo_Hop *hop,
                    Gateway_GetInfo_S2C *out);

#endif
