/* peer.h - a relay against an upstream that the test plays: three links without sockets, a clock
 * that stands still, and in place of the gateway a list of all that came up.
 *
 * By itself the upstream answers InitConnect, KeepAlive, Gateway_GetInfo and Qot_GetSubInfo, and,
 * unless `manual`, Qot_Sub, Qot_RegQotPush and Trd_SubAccPush. All else waits for the test. The
 * links are known by the order in which the relay asks for them.
 */
#ifndef TEST_UNIT_UPSTREAM_RELAY_PEER_H
#define TEST_UNIT_UPSTREAM_RELAY_PEER_H

#include "support.h"
#include "upstream/relay/state.h"

#define PEER_ASKED 4096
#define PEER_EVENTS 512
#define PEER_NAME "there:11111"
#define PEER_SECRET "0123456789abcdef0123456789abcdef"
#define PEER_WALL (INT64_C(1775000000) * NS_PER_S)

struct peer;

struct peer_link {
    struct link link;
    struct peer *p;
    struct framer framer;
    struct buf out;
    bool open, coming_up;
    bool mute;                  /* takes everything, says nothing */
    futu_err refuse;            /* openings go down with this until it is cleared */
    const char *init_text;      /* InitConnect is refused with this */
    unsigned opened;            /* counts connections */
};

/* A request that came to the upstream. */
struct asked {
    enum lane_id lane;
    unsigned conn;
    uint32_t proto, serial;
    uint8_t fmt;
    const uint8_t *body;
    size_t n;
    bool answered;
};

/* What came up to the gateway. */
struct event {
    uint32_t proto;
    struct stream_key key;      /* of a push */
    uint64_t account;           /* of a trade event */
    const uint8_t *body;
    size_t n;
    bool first, lossless, sha1;
};

struct events {
    struct event all[PEER_EVENTS];
    unsigned n;
};

struct peer {
    struct clock_fake time;
    struct timers timers;
    struct relay_opts opts;
    struct upstream *up;
    struct relay *r;            /* the same */
    struct peer_link *links[LANES];
    unsigned n_links;
    struct asked asked[PEER_ASKED];
    unsigned n_asked;
    struct events pushes, trades, notifies;
    size_t chunk;               /* bytes delivered at once; 0: all */
    uint64_t boot_id;           /* 0: the upstream does not know Gateway_GetInfo */
    bool far_down;              /* with boot_id: its own upstream, "far:11111", is not there */
    int32_t remain;             /* quota that Qot_GetSubInfo tells */
    bool manual;
    bool inside;                /* of a callback: what is asked there moves nothing yet */
    const char *no_right;       /* a Qot_Sub that names this code is refused */
    struct kept *kept;
    struct buf encoded;         /* scratch */
    struct arena arena;
};

/* peer_prepare() sets p->opts, which the test may change; peer_make() makes the relay. */
void peer_prepare(struct peer *p);
futu_err peer_make(struct peer *p);
void peer_init(struct peer *p);             /* both, and all lanes are up */
void peer_free(struct peer *p);
void peer_pump(struct peer *p);             /* until nothing moves */
void peer_pass(struct peer *p, int64_t ns); /* in steps of 100 ms, pumping */
bool peer_up(const struct peer *p, enum lane_id lane);
void peer_cut(struct peer *p, enum lane_id lane);
/* The upstream is not to be reached on this lane, from now on or not any more. */
void peer_block(struct peer *p, enum lane_id lane, futu_err err);

/* The oldest request of the protocol that waits on a living connection; NULL: none. */
struct asked *peer_find(struct peer *p, uint32_t proto);
struct asked *peer_need(struct peer *p, uint32_t proto);    /* the same; none fails the test */
struct asked *peer_last(struct peer *p, uint32_t proto);    /* the newest, answered or not */
unsigned peer_count(struct peer *p, uint32_t proto);  /* ever */
void *peer_request(struct peer *p, const struct asked *a);  /* its Request struct */
void peer_answer(struct peer *p, struct asked *a, const void *body, size_t n);
void peer_answer_msg(struct peer *p, struct asked *a, const void *response);
void peer_ok(struct peer *p, struct asked *a);
void peer_refuse(struct peer *p, struct asked *a, const char *text);
void peer_push(struct peer *p, enum lane_id lane, uint32_t proto, const void *body, size_t n);
void peer_push_msg(struct peer *p, enum lane_id lane, uint32_t proto, const void *response);
void peer_bytes(struct peer *p, enum lane_id lane, const void *bytes, size_t n);
const uint8_t *peer_keep(struct peer *p, const void *bytes, size_t n);
const uint8_t *peer_encode(struct peer *p, const futu_msg *m, const void *msg, size_t *n);
void *peer_decode(struct peer *p, const futu_msg *m, const uint8_t *body, size_t n);

/* ---- the gateway's side: gate.c ---- */

struct upstream_events gate_events(struct peer *p);

/* `then`, when there is one, runs inside done() and may ask, open, close and cancel. */
struct ask {
    struct upstream_request rq;
    void (*then)(struct ask *a);
    struct peer *p;
    unsigned done;
    int32_t ret;
    char text[512];
    const uint8_t *body;
    size_t n;
};
void gate_ask(struct peer *p, struct ask *a, uint32_t proto, const void *body, size_t n);
void gate_ask_msg(struct peer *p, struct ask *a, uint32_t proto, const void *request);
void gate_cancel(struct peer *p, struct ask *a);

struct opened {
    struct upstream_open o;
    void (*then)(struct opened *x);
    struct peer *p;
    struct stream_want wants[16];
    unsigned done;
    futu_err err;
    char why[512];
};
/* Adds HK.`code` to what is to be opened; o.wants may point to more than fits here. */
void gate_want(struct opened *x, const char *code, int32_t sub_type, int rehab);
void gate_open(struct peer *p, struct opened *x);
void gate_open_one(struct peer *p, struct opened *x, const char *code, int32_t sub_type, int rehab);
void gate_close(struct peer *p, const char *code, int32_t sub_type, int rehab);
/* Opens a stream that must come to be open. */
void gate_hold(struct peer *p, const char *code, int32_t sub_type, int rehab);

struct watched {
    struct upstream_watch w;
    unsigned done;
    futu_err err;
    char why[512];
};
void gate_watch(struct peer *p, struct watched *x, const uint64_t *ids, size_t n);
/* The newest event; none fails the test. */
const struct event *event_last(const struct events *e);
/* Its Response struct, in the peer's arena. */
void *event_msg(struct peer *p, const struct event *e);

#endif
