/* upstream.h - the one interface between the gateway and where data and trading come from.
 *
 * Requests go down by calls, events come up through the table given at creation. All bodies are
 * protobuf: whole Request messages down, whole Response messages up, so that an upstream which only
 * passes bytes on needs no decoding.
 *
 * The gateway answers itself, and never sends down: InitConnect, KeepAlive, GetDelayStatistics,
 * Qot_Sub, Qot_RegQotPush, Qot_GetSubInfo, Trd_SubAccPush. It checks, before it sends down:
 * frequency limits, packetID replay, idempotency keys, the own subscription of real-time reads, and
 * that trading of the real account is unlocked (it learns that from Trd_UnlockTrade replies and
 * from `locked` below), unless the upstream forwards and so is asked that itself.
 *
 * Threads: the gateway's loop thread only.
 */
#ifndef UPSTREAM_UPSTREAM_H
#define UPSTREAM_UPSTREAM_H

#include "access/journal.h"
#include "base/clock.h"
#include "base/timer.h"
#include "codec/registry.h"

struct upstream;

/* Protocols that the gateway and its upstreams speak of. */
enum { PROTO_GATEWAY_INFO = PROTO_GATEWAY_GET_INFO, PROTO_GAP = PROTO_GATEWAY_UPDATE_GAP };

#define SECURITY_CODE_MAX 31
/* What InitConnect and GetGlobalState tell as serverVer. */
#define UPSTREAM_SERVER_VER 1002

/* One push stream: a security, a sub type and, for k-lines, a rehab type (0 none, 1 forward,
 * 2 backward; always 0 for other sub types). Compare with stream_key_eq(). */
struct stream_key {
    int32_t market, sub_type, rehab;
    char code[SECURITY_CODE_MAX + 1];
};

/* How a stream is to be subscribed, beside its key: what Qot_Sub says for US securities, for single
 * orders in a book, and about whose account asks. */
struct stream_opts {
    int32_t session, firm;          /* 0: absent */
    bool extended, detail;
};

struct stream_want {
    struct stream_key key;
    struct stream_opts opts;
};

/* One request on its way down; owned by whoever made it. Exactly one done() per request that was
 * not cancelled, perhaps from inside ops->request(); the body is borrowed until return. */
struct upstream_request {
    uint32_t proto;
    uint64_t conn_id;               /* the client's connection, 0: the gateway itself */
    const uint8_t *body;            /* valid until done() or cancel() */
    size_t len;
    /* The form of the body and of the answer. JSON only for ids that are not in the registry, which
     * nobody can convert; an upstream that answers them with its own failure sets PROTOBUF. */
    uint8_t fmt;
    /* Of a write that places an order: what names it for good, "": nothing does. */
    char key[ORDER_KEY_MAX + 1];
    /* It may have been sent before, by a process that has ended: find out first. */
    bool resumed;
    /* Set before done(): it certainly did not reach the exchange, and may be sent again. */
    bool unsent;
    void (*done)(struct upstream_request *rq, const uint8_t *body, size_t len);
    void *upstream_data;            /* the upstream's own, between request and done */
};

/* Streams to be opened, all or none; owned by whoever made it. Exactly one done(), perhaps from
 * inside ops->open(), none once the upstream is being freed. */
struct upstream_open {
    const struct stream_want *wants;    /* valid until done() */
    size_t n;
    /* FUTU_ENOTFOUND (unknown security), FUTU_ENOTSUP (sub type not for this security), FUTU_EAUTH
     * (no right), FUTU_EREFUSED, FUTU_ENOTCONN, FUTU_ETIMEDOUT, FUTU_ENOMEM; then `why` holds text
     * for the client, or is empty. */
    void (*done)(struct upstream_open *o, futu_err err, const char *why);
    void *upstream_data;
};

/* All accounts whose trade pushes anybody wants, in place of those named before. As above. */
struct upstream_watch {
    const uint64_t *ids;            /* valid until done() */
    size_t n;
    void (*done)(struct upstream_watch *w, futu_err err, const char *why);
    void *upstream_data;
};

/* A quote push: body is the Response of push protocol `proto` for the stream `key`. */
struct upstream_push {
    uint32_t proto;
    struct stream_key key;
    const uint8_t *body;
    size_t len;
    int64_t made_ns;                /* monotonic time at which the event came to be known */
    const uint8_t *sha1;            /* of the body, NULL: not known */
    bool lossless;                  /* tickers: must never be conflated */
    bool first;                     /* the present value, for those who wait for a first push */
};

/* None of these may call the upstream from inside. */
struct upstream_events {
    void (*push)(void *arg, const struct upstream_push *p);
    /* Order and fill pushes (2208, 2218), whole Response, of one account. */
    void (*trade)(void *arg, uint64_t acc_id, uint32_t proto, const uint8_t *body, size_t len);
    /* What belongs to no stream and no account, whole Response of push protocol `proto`: Notify
     * (1003), for the connections that asked for it; Gateway_UpdateGap, for those that wait for
     * pushes; Qot_UpdatePriceReminder (3019) and ids outside the registry, for all. */
    void (*notify)(void *arg, uint32_t proto, const uint8_t *body, size_t len);
    void *arg;
    /* These accounts (n 0: all) were open and are locked, without anyone having asked for it: `why`
     * is for people. NULL: nobody wants to know. */
    void (*locked)(void *arg, const uint64_t *ids, size_t n, const char *why);
};

struct upstream_state {
    bool qot_logined, trd_logined;
    uint64_t user_id;
    int32_t user_attribution;       /* Common.UserAttribution */
    uint32_t sub_quota, history_kl_quota;
    const char *name;               /* "paper" */
    uint64_t securities;            /* how many it knows; 0: it does not say */
    int32_t server_ver;             /* what it says of its own version; 0: UPSTREAM_SERVER_VER */
};

struct upstream_ops {
    /* Answers with rq->done(). What it can't do it answers with a failure that says so by name. */
    void (*request)(struct upstream *u, struct upstream_request *rq);
    /* The asker is gone: done() will not run. Writes go on upstream all the same. */
    void (*cancel)(struct upstream *u, struct upstream_request *rq);
    /* A stream is opened once however many clients want it; again, to widen its options. */
    void (*open)(struct upstream *u, struct upstream_open *o);
    void (*close)(struct upstream *u, const struct stream_key *key);
    void (*watch)(struct upstream *u, struct upstream_watch *w);
    /* Appends the Response of the push protocol that tells the stream's present value, for a first
     * push (tickers with pushDataType 3). FUTU_EAGAIN: no data yet; a push marked `first` follows
     * when there is. */
    futu_err (*current)(struct upstream *u, const struct stream_key *key, struct buf *out);
    void (*state)(struct upstream *u, struct upstream_state *out);
    /* What it knows of itself for Gateway_GetInfo: members of the hop, and with `stale` the list of
     * stale securities. Memory from the arena. FUTU_ENOMEM. */
    futu_err (*info)(struct upstream *u, struct arena *a, bool stale, Gateway_GetInfo_Hop *hop,
                     Gateway_GetInfo_S2C *out);
    void (*free)(struct upstream *u);
};

struct upstream {
    const struct upstream_ops *ops;
    /* It is another gateway: it keeps the lock of real accounts, and may know newer protocols. */
    bool forwards;
    /* What is traded on is a paper exchange, here or at the end of a chain of gateways. */
    bool paper;
    /* Its markets may keep hours of their own: what the calendar says of now need not be true of
     * them. */
    bool own_hours;
};

/* Options that serve both. */
static inline struct stream_opts stream_opts_union(struct stream_opts a, struct stream_opts b)
{
    return (struct stream_opts){ MAX(a.session, b.session), b.firm ? b.firm : a.firm,
                                 a.extended || b.extended, a.detail || b.detail };
}

static inline bool stream_opts_eq(struct stream_opts a, struct stream_opts b)
{
    return a.session == b.session && a.firm == b.firm && a.extended == b.extended &&
           a.detail == b.detail;
}

static inline bool stream_key_eq(const struct stream_key *a, const struct stream_key *b)
{
    return a->market == b->market && a->sub_type == b->sub_type && a->rehab == b->rehab &&
           strcmp(a->code, b->code) == 0;
}

#endif
