/* upstream.h - the one interface between the gateway and where data and trading come from.
 *
 * Requests go down by calls, events come up through the table given at creation. All bodies are
 * protobuf: whole Request messages down, whole Response messages up, so that an upstream which only
 * passes bytes on needs no decoding.
 *
 * The gateway answers itself, and never sends down: InitConnect, KeepAlive, GetDelayStatistics,
 * Qot_Sub, Qot_RegQotPush, Qot_GetSubInfo, Trd_SubAccPush. It checks, before it sends down:
 * frequency limits, packetID replay, the own subscription of real-time reads, and that trading of
 * a real account is unlocked (it learns that from successful Trd_UnlockTrade replies).
 *
 * Threads: the gateway's loop thread only.
 */
#ifndef UPSTREAM_UPSTREAM_H
#define UPSTREAM_UPSTREAM_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/timer.h"

struct upstream;

#define SECURITY_CODE_MAX 31
/* What InitConnect and GetGlobalState tell as serverVer. */
#define UPSTREAM_SERVER_VER 1002

/* One push stream: a security, a sub type and, for k-lines, a rehab type (0 none, 1 forward,
 * 2 backward; always 0 for other sub types). Compare with stream_key_eq(). */
struct stream_key {
    int32_t market, sub_type, rehab;
    char code[SECURITY_CODE_MAX + 1];
};

/* One request on its way down; owned by whoever made it. Exactly one done() per request that was
 * not cancelled, perhaps from inside ops->request(); the body is borrowed until return. */
struct upstream_request {
    uint32_t proto;
    uint64_t conn_id;               /* the client's connection, 0: the gateway itself */
    const uint8_t *body;            /* valid until done() or cancel() */
    size_t len;
    void (*done)(struct upstream_request *rq, const uint8_t *body, size_t len);
    void *upstream_data;            /* the upstream's own, between request and done */
};

/* A quote push: body is the Response of push protocol `proto` for the stream `key`. */
struct upstream_push {
    uint32_t proto;
    struct stream_key key;
    const uint8_t *body;
    size_t len;
    int64_t made_ns;                /* monotonic time at which the event came to be known */
    bool lossless;                  /* tickers: must never be conflated */
};

/* None of these may call the upstream from inside. */
struct upstream_events {
    void (*push)(void *arg, const struct upstream_push *p);
    /* Order and fill pushes (2208, 2218), whole Response, of one account. */
    void (*trade)(void *arg, uint64_t acc_id, uint32_t proto, const uint8_t *body, size_t len);
    /* What belongs to no stream and no account, whole Response of push protocol `proto`: Notify
     * (1003), for the connections that asked for it, and Qot_UpdatePriceReminder (3019), for
     * all. */
    void (*notify)(void *arg, uint32_t proto, const uint8_t *body, size_t len);
    void *arg;
};

struct upstream_state {
    bool qot_logined, trd_logined;
    uint64_t user_id;
    int32_t user_attribution;       /* Common.UserAttribution */
    uint32_t sub_quota, history_kl_quota;
    const char *name;               /* "paper" */
    uint64_t securities;            /* how many it knows; 0: it does not say */
};

struct upstream_ops {
    /* Answers with rq->done(). What it can't do it answers with a failure that says so by name. */
    void (*request)(struct upstream *u, struct upstream_request *rq);
    /* The asker is gone: done() will not run. Writes go on upstream all the same. */
    void (*cancel)(struct upstream *u, struct upstream_request *rq);
    /* Opens (on) or closes streams; a stream is opened once however many clients want it. All or
     * nothing: on an error no stream changed, and `why` holds text for the client.
     * FUTU_ENOTFOUND (unknown security), FUTU_ENOTSUP (sub type not for this security), FUTU_EAUTH
     * (no right), FUTU_ENOMEM. */
    futu_err (*subscribe)(struct upstream *u, const struct stream_key *keys, size_t n, bool on,
                          char *why, size_t why_size);
    /* Appends the Response of the push protocol that tells the stream's present value, for a first
     * push (tickers with pushDataType 3). FUTU_EAGAIN: no data yet. */
    futu_err (*current)(struct upstream *u, const struct stream_key *key, struct buf *out);
    void (*state)(struct upstream *u, struct upstream_state *out);
    void (*free)(struct upstream *u);
};

struct upstream {
    const struct upstream_ops *ops;
};

static inline bool stream_key_eq(const struct stream_key *a, const struct stream_key *b)
{
    return a->market == b->market && a->sub_type == b->sub_type && a->rehab == b->rehab &&
           strcmp(a->code, b->code) == 0;
}

#endif
