/* subs.h - who subscribed what: securities, pairs, streams, subscriptions, registrations.
 *
 * A pair is a security and a sub type: the unit of quota, counted once however many connections
 * hold it. A subscription is one connection's hold on a pair. A stream is a pair and a rehab type:
 * what the upstream opens and what pushes are registered for; pairs other than k-lines have stream
 * 0 only.
 *
 * A stream is open upstream while someone is registered for it, and a pair's base stream (0,
 * forward adjusted for k-lines) as long as the pair is held.
 *
 * A subscription lives at least 60 s: it can't be given up earlier, and that of a connection which
 * closes earlier stays, without an owner, until then.
 */
#ifndef GATEWAY_SUBS_H
#define GATEWAY_SUBS_H

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "upstream/sub_type.h"
#include "upstream/upstream.h"

#define SUB_TYPES 23                /* Qot_Common.SubType numbers are below */
#define REHABS 3
#define SUB_LEAST_NS (60 * NS_PER_S)
#define REG_NONE UINT32_MAX

struct futu_conn;
struct hub;

struct reg {                        /* a connection's registration for a stream's pushes */
    struct futu_conn *c;
    struct sub *sub;
    uint64_t queued;                /* place of its newest push in the connection's queue */
    bool first;                     /* it waits for a first push */
};

struct stream {
    struct stream_key key;
    struct pair *pair;
    struct reg *regs;
    uint32_t n, cap;
    uint64_t seq;                   /* pushes told */
    bool open;                      /* upstream */
    bool opening;                   /* a plan's, until the upstream has answered */
    /* Thinning: the newest push that is being held back. */
    bool held;
    struct buf body;
    uint32_t proto;
    int64_t made_ns, next_at;
    struct timer timer;
    struct hub *hub;
};

struct pair {
    struct sec *sec;
    int32_t sub_type;
    uint32_t mark;                  /* of the request that names it, to see duplicates */
    uint32_t pins;                  /* plans that name it */
    struct stream_opts opts;        /* its streams are open with these */
    struct list subs;               /* struct sub.in_pair */
    struct sub *orphan;             /* the one without an owner: the youngest stands for all */
    struct stream *streams[REHABS];
};

struct sec {
    int32_t market;
    uint32_t n_pairs;
    struct pair *pairs[SUB_TYPES];
    size_t key_len;
    char key[sizeof(int32_t) + SECURITY_CODE_MAX];      /* market, code: the map's key */
    char code[SECURITY_CODE_MAX + 1];
};

struct sub {
    struct pair *pair;
    struct futu_conn *c;            /* NULL: closed before its 60 s were over */
    int64_t since;
    struct list in_conn, in_pair;
    uint32_t reg_at[REHABS];        /* index into the stream's regs; REG_NONE */
    struct timer expire;
    struct hub *hub;
};

struct subs {
    struct map secs;
    uint32_t n_pairs;               /* with a holder: the quota in use */
    uint32_t n_subs;
    uint32_t mark;
};

bool sub_type_known(int32_t sub_type);
const char *sub_type_name(int32_t sub_type);        /* Basic, KL_5Min; "?" when unknown */

/* NULL: no such stream at present. */
struct stream *subs_find(const struct subs *s, const struct stream_key *key);
struct pair *subs_find_pair(const struct subs *s, int32_t market, futu_str code, int32_t sub_type);
/* Finds or makes; FUTU_ENOMEM, FUTU_EINVAL (code too long or empty). A pair without holders and
 * registrations is to be given to pair_settle() afterwards. */
futu_err subs_pair(struct hub *h, int32_t market, futu_str code, int32_t sub_type,
                   struct pair **out);
futu_err pair_stream(struct hub *h, struct pair *p, int rehab, struct stream **out);
/* Closes streams that nobody needs any more, and frees what is left empty: streams, pair,
 * security. */
void pair_settle(struct hub *h, struct pair *p);

struct sub *sub_of(const struct futu_conn *c, const struct pair *p);    /* NULL: not subscribed */
futu_err sub_new(struct futu_conn *c, struct pair *p, struct sub **out);
/* Ends it now, with its registrations, and settles the pair. */
void sub_free(struct hub *h, struct sub *s);
/* The owner is gone: ends now, or when its 60 s are over. */
void sub_orphan(struct hub *h, struct sub *s);

/* Room for one more registration, so that reg_add() can't fail. FUTU_ENOMEM. */
futu_err reg_reserve(struct stream *st);
void reg_add(struct stream *st, struct sub *s);         /* fine when it is there */
void reg_remove(struct stream *st, struct sub *s);      /* fine when it is not */

uint32_t subs_quota(const struct hub *h);
void subs_free(struct hub *h);

#endif
