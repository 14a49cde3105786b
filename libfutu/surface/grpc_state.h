/* grpc_state.h - what the files of the gRPC services share. Nothing outside includes it.
 *
 * grpc.c opens and ends calls, grpc_call.c asks the hub, grpc_push.c streams what the hub pushes,
 * grpc_health.c and grpc_reflect.c are the standard services.
 */
#ifndef SURFACE_GRPC_STATE_H
#define SURFACE_GRPC_STATE_H

#include "access/journal.h"
#include "base/list.h"
#include "base/timer.h"
#include "surface/grpc.h"
#include "surface/header.h"
#include "surface/hot.h"
#include "surface/idem.h"

#define GRPC_HEAD 5                 /* before each message: compressed flag, length */
#define GRPC_PEER_MAX 64

struct grpc {
    struct grpc_opts o;
    struct list calls;              /* struct futu_grpc_call.link */
    struct idem idem;
    struct hot hot;                 /* answers of reads, as Responses */
    uint32_t serial;
    struct buf pb, spare;           /* scratch of one request */
};

/* One method; all but the streams of several messages wait until the client has sent all. */
struct grpc_method {
    const char *path;               /* NULL: of a protocol's own service */
    void (*run)(futu_grpc_call *k, futu_str message);
    bool open;                      /* needs no key */
    bool each;                      /* takes many messages, each when it comes */
};

struct futu_grpc_call {
    struct grpc *grpc;              /* NULL: it is gone */
    void (*on_output)(futu_grpc_call *call, void *arg);
    void (*on_end)(futu_grpc_call *call, int status, const char *text, void *arg);
    void *arg;
    bool ended, given_up;           /* given_up: freed, but the hub still has its call */
    const struct grpc_method *method;
    const struct proto_row *row;    /* of a protocol's own method; then of what was asked */
    bool typed;                     /* answered by the Response alone */
    struct api_key *key;
    unsigned n_messages;
    bool all_sent;
    struct buf in;                  /* its message, until the client has sent all */
    struct buf out;
    size_t out_at;
    futu_conn *conn;                /* of SubscribePush */
    bool all_goes;                  /* ended by its slowness alone: what has queued still goes */
    struct hub_call call;
    bool asked;                     /* `call` is with the hub */
    struct idem_entry *idem;        /* that its answer is kept under */
    struct hot_request *hot;        /* that its answer may stand for; NULL: none */
    uint64_t version;               /* of the hub, when that was asked */
    bool has_word;
    char word[ORDER_KEY_MAX + 2];   /* its idempotency-key; one that is too long stays so */
    struct timer deadline, watch;
    uint8_t health;                 /* of a watch: what it was told last */
    char watched[64];
    char endpoint[96], peer[GRPC_PEER_MAX];
    struct list link;
};

/* Ends the call; the text is for people. */
void grpc_end(futu_grpc_call *k, int status, const char *fmt, ...) PRINTF_LIKE(3, 4);
void grpc_ok(futu_grpc_call *k);
void grpc_deny(futu_grpc_call *k, enum deny d, const char *text);
/* The same, with one line in the trail. */
void grpc_refuse(futu_grpc_call *k, enum deny d);
bool grpc_open_mode(const struct grpc *g);
const char *grpc_key_id(const futu_grpc_call *k);
/* Room for one message of n bytes at the end of the output, its five bytes written; NULL: no
 * memory, the call has ended. grpc_end() or grpc_told() tells the listener of it. */
uint8_t *grpc_put(futu_grpc_call *k, size_t n);
void grpc_told(futu_grpc_call *k);

/* grpc_call.c */
void grpc_request(futu_grpc_call *k, futu_str message);
void grpc_typed(futu_grpc_call *k, futu_str message);
/* grpc_push.c */
void grpc_subscribe_push(futu_grpc_call *k, futu_str message);
/* grpc_health.c, grpc_reflect.c */
void grpc_health_check(futu_grpc_call *k, futu_str message);
void grpc_health_watch(futu_grpc_call *k, futu_str message);
void grpc_reflect(futu_grpc_call *k, futu_str message);

#endif
