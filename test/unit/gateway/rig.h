/* rig.h - a hub with a clock that stands still, an upstream that does as it is told, and clients
 * without sockets. Random numbers are those of test/data/vectors.json: connection ids count up from
 * 7000000000000000001, keys are 0123456789ABCDEF, IVs FEDCBA9876543210. */
#ifndef TEST_UNIT_GATEWAY_RIG_H
#define TEST_UNIT_GATEWAY_RIG_H

#include "base/arena.h"
#include "base/buf.h"
#include "codec/registry.h"
#include "gateway/hub.h"
#include "support.h"
#include "wire/cipher.h"
#include "wire/frame.h"

#define RIG_CALLS 4096
#define RIG_KEY "0123456789ABCDEF"
#define RIG_IV "FEDCBA9876543210"
#define RIG_FIRST_ID UINT64_C(7000000000000000001)
#define RIG_WALL (INT64_C(1775000000) * NS_PER_S)

struct fake {
    struct upstream up;
    struct upstream_state state;
    struct upstream_request *calls[RIG_CALLS];  /* waiting, in order; NULL: done or cancelled */
    uint32_t n_calls, cancelled, requests;
    bool at_once;               /* answer with `answer` from inside request() */
    const char *answer;         /* hex of a Response */
    struct buf log;             /* "+1.00700/1/0 " per opened stream, "-..." per closed one */
    futu_err refuse;            /* of the next open() */
    bool slow;                  /* open() and watch() wait for rig_opened() and rig_watched() */
    struct upstream_open *opens[64];
    uint32_t n_opens;
    struct stream_opts last_opts;
    struct upstream_watch *watches[8];
    uint32_t n_watches;
    uint64_t watched[64];       /* of the last watch() that has ended */
    size_t n_watched;
    const char *why;
    long fail_at;               /* which allocation fails from done() of rig_answer_msg(); -1 */
    const char *current;        /* hex of current()'s Response; NULL: no data */
};

struct rig {
    struct clock_fake time;
    struct timers timers;
    struct fake fake;
    struct upstream_events events;
    struct hub *hub;
};

/* opts may be NULL; clock, timers and random are set here. */
void rig_init(struct rig *r, const struct hub_opts *opts);
/* As rig_init(), but reports the error; then there is nothing to free. */
futu_err rig_try(struct rig *r, const struct hub_opts *opts);
void rig_free(struct rig *r);
/* Lets time pass in steps of at most 1 s, running timers and the hub's turn. */
void rig_pass(struct rig *r, int64_t ns);
void rig_turn(struct rig *r);
/* Answers the oldest waiting request of this protocol. */
void rig_answer(struct rig *r, uint32_t proto, const char *hex);
/* The call in this place, which waits. */
void rig_answer_one(struct rig *r, uint32_t at, const char *hex);
/* The same with a struct of its Response. */
void rig_answer_msg(struct rig *r, uint32_t proto, const void *response);
/* Ends the oldest open(), or watch(), that waits. */
void rig_opened(struct rig *r, futu_err err, const char *why);
void rig_watched(struct rig *r, futu_err err, const char *why);
uint32_t rig_waiting(const struct rig *r, uint32_t proto);
/* A push of HK.00700 with the given Response bytes. */
void rig_push(struct rig *r, uint32_t proto, int32_t sub_type, int rehab, const char *hex,
              bool lossless);

struct peer {
    struct rig *r;
    futu_conn *c;
    int wire;
    struct buf in;              /* what it has been sent and has not looked at */
    size_t at;
    struct cipher cipher;
    uint64_t id;
    unsigned outputs, closes;
    futu_err closed;
    char reason[128];
    bool stalled;               /* takes no output */
    bool free_on_close;
    struct arena arena;
};

void peer_open(struct peer *p, struct rig *r, int wire);
/* no_trade: a port that others can listen in on. */
void peer_open_at(struct peer *p, struct rig *r, int wire, bool no_trade);
/* A WebSocket with a token (NULL: none), which may be refused: then there is nothing to close. */
futu_err peer_open_as(struct peer *p, struct rig *r, const char *token);
/* What a peer hears of its connection; *o for hub_conn_new() and its like. */
void peer_listen(struct peer *p, struct rig *r, futu_conn_opts *o);
void peer_close(struct peer *p);                /* the client goes */
futu_err peer_feed(struct peer *p, const void *bytes, size_t n);
/* InitConnect in plain; algo CIPHER_NONE for no encryption. Checks the reply. */
void peer_init(struct peer *p, int algo, uint8_t push_fmt, bool notify);
/* A frame, encrypted as agreed. */
futu_err peer_send(struct peer *p, uint32_t proto, uint8_t fmt, uint32_t serial, const void *body,
                   size_t n);
futu_err peer_send_hex(struct peer *p, uint32_t proto, uint32_t serial, const char *hex);
futu_err peer_send_msg(struct peer *p, uint32_t serial, uint32_t proto, const void *request);
/* Takes all output that waits. */
void peer_take(struct peer *p);
/* The next frame, its body decrypted; false: none. Valid until the next call. */
bool peer_next(struct peer *p, struct frame *f);
/* The next frame must be this one. */
void peer_expect(struct peer *p, uint32_t proto, uint8_t fmt, uint32_t serial, const char *hex);
/* The next frame must answer this, and be decodable: its Response struct, in the peer's arena. */
void *peer_reply(struct peer *p, uint32_t proto, uint32_t serial);
/* The next frame must be the refusal of this request with a text that contains `part`. */
void peer_refused(struct peer *p, uint32_t proto, uint32_t serial, int32_t ret, const char *part);
void peer_ok(struct peer *p, uint32_t proto, uint32_t serial);      /* ... or its success */
void peer_nothing(struct peer *p);                                  /* no frame waits */

/* Qot_Sub of HK codes (blank separated) and sub types (-1 ends); 3001 with the given flags. */
struct sub_args {
    const char *codes;
    const int32_t *types;
    bool on;
    int push;                   /* 1 register, 0 unregister, -1 absent */
    int first;                  /* 1, 0, -1 absent */
    int rehab;                  /* -1: none named */
    bool all;
};
void peer_sub(struct peer *p, uint32_t serial, const struct sub_args *a);
#define TYPES(...) ((const int32_t[]){ __VA_ARGS__, -1 })

/* A minimal success of any protocol: retType 0, no s2c. */
#define HEX_OK "080012001800"
#define HEX_EMPTY "0800120018002200"

#endif
