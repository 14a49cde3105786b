/* client.h - the FTAPI client engine, without sockets and without a loop of its own.
 *
 * In:      bytes and events of a link, time by timers, calls.
 * Out:     frames into the link, replies and pushes to the callbacks.
 * Owns:    the link, the key, pending calls, the memory of subscriptions.
 *
 * Phases:  IDLE -start-> LINKING -up-> INIT -InitConnect answered-> RESTORE -all subscriptions
 *          answered-> READY. A loss in any of them leads to WAIT, and after a pause to LINKING
 *          again; without reconnect, and by stop(), to STOPPED. Outside they are FUTU_STATE_*.
 * Reentry: callbacks may call, stop and start. A closed connection keeps its buffers until the next
 *          one is opened, so that what a callback was given stays valid while it runs.
 *
 * Files:   client.c the phases; init.c InitConnect; call.c requests and replies; receive.c frames
 *          in; alive.c KeepAlive; resub.c what to restore; packet.c marks of writes; reply.c
 *          answers.
 * Threads: none.
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include <stdatomic.h>

#include "base/clock.h"
#include "base/timer.h"
#include "client/link.h"
#include "client/packet.h"
#include "client/reply.h"
#include "client/resub.h"
#include "crypt/rsa.h"
#include "io/loop.h"
#include "wire/frame.h"

struct client_opts {
    struct clock clock;
    struct timers *timers;          /* borrowed */
    struct link *link;              /* owned, also when client_new() fails */
    struct rsa_key *rsa;            /* likewise; NULL: plain */
    int algo;                       /* enum cipher_algo to ask for; read only with rsa */
    int format;                     /* FRAME_PROTOBUF or FRAME_JSON */
    int64_t timeout;                /* ns, of connecting and of each call */
    const char *client_id;          /* copied */
    bool no_notify, no_reconnect;
    /* For who passes bytes on: nothing is decoded, pushes go to on_raw, calls are
     * client_send_raw(), no subscription is remembered. */
    bool raw;
    int64_t dead_after;             /* ns of silence; 0: three keep-alive intervals */
    void (*on_raw)(futu_client *c, const struct frame *f, const uint8_t *body, size_t n, void *arg);
    void (*on_state)(futu_client *c, int state, futu_err err, void *arg);
    void (*on_push)(futu_client *c, uint32_t proto, const void *body, size_t len, const void *msg,
                    void *arg);
    void *arg;
    uint64_t (*random)(void);       /* of the pause between attempts */
};

enum client_phase { PHASE_IDLE, PHASE_WAIT, PHASE_LINKING, PHASE_INIT, PHASE_RESTORE, PHASE_READY,
                    PHASE_STOPPED };

/* The end of a raw call. err as in futu_reply_fn; the body is in format `fmt`, borrowed. */
typedef void client_raw_fn(futu_client *c, futu_err err, uint8_t fmt, const uint8_t *body, size_t n,
                           void *arg);

/* A request under way. */
struct call {
    struct list node;               /* in pending order, or in the pool */
    struct timer timer;
    futu_client *c;
    const struct proto_row *row;    /* NULL: outside the registry */
    uint32_t proto, serial;
    futu_reply_fn *fn;
    client_raw_fn *raw;             /* in place of fn */
    void *arg;
    struct buf request;             /* only of what resub_cares() for */
};

struct futu_client {
    struct client_opts o;
    enum client_phase phase;
    uint32_t epoch;                 /* counts connections: a callback may have ended this one */
    unsigned attempts;              /* since the last connection that lasted */
    int64_t ready_at, last_rx, alive_every, alive_limit;
    int64_t alive_sent, latency;    /* of the last KeepAlive: when, and its round trip; 0: none */
    enum client_phase lost_in;      /* the phase in which the connection was lost last */
    struct timer retry, alive;

    struct framer framer;
    struct cipher cipher;
    /* scratch: decrypted, from JSON, encoded, to JSON */
    struct buf plain, push_body, request, json;
    struct arena push_arena;

    struct map by_key;              /* (proto, serial) -> struct call */
    struct list pending, pool;
    struct futu_reply *replies;     /* pool */
    unsigned n_replies;
    uint32_t serial;

    struct resub resub;
    unsigned restoring;             /* answers that are still out */
    futu_err restore_err;

    uint64_t conn_id, user_id;
    int server_ver, attribution;
    char client_id[64];
    char error[256];

    /* Of api/: the loop and what waits on it. */
    futu_loop *loop;
    bool owns_loop;
    struct loop_hook hook;
    atomic_bool stop_asked;
    bool settled;                   /* READY, LOST or STOPPED came while connect waits */
    futu_err settled_err;
    void (*user_on_state)(futu_client *c, int state, futu_err err, void *arg);
};

/* ---- client.c ---- */
/* *out NULL on error: FUTU_EINVAL, FUTU_ENOMEM. */
futu_err client_new(futu_client **out, const struct client_opts *o);
/* Pending calls end with FUTU_ECANCELED; no state is announced. NULL is fine. */
void client_free(futu_client *c);
futu_err client_start(futu_client *c);          /* FUTU_EEXIST */
void client_stop(futu_client *c, futu_err err);
/* The connection is no good any more: why, for people. Calls end with FUTU_ENOTCONN. */
void client_lose(futu_client *c, futu_err err, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The same, where client_fail() has said why. */
void client_drop(futu_client *c, futu_err err);
void client_init_done(futu_client *c);          /* goes on to RESTORE and READY */
/* Sets the text of futu_client_error() and returns err. */
futu_err client_fail(futu_client *c, futu_err err, const char *fmt, ...) PRINTF_LIKE(3, 4);
int64_t client_now(const futu_client *c);

/* Counts up over all connections; 0 is left to pushes. */
static inline uint32_t client_serial_after(uint32_t serial)
{
    return serial == UINT32_MAX ? 1 : serial + 1;
}

static inline uint32_t client_next_serial(futu_client *c)
{
    return c->serial = client_serial_after(c->serial);
}

/* ---- init.c ---- */
futu_err client_init_send(futu_client *c);
/* The first frame of a connection. */
void client_init_frame(futu_client *c, const struct frame *f);

/* ---- call.c ---- */
/* Sends a protobuf Request in the connection's format, in any phase that has a connection. */
futu_err client_send(futu_client *c, uint32_t proto, const uint8_t *body, size_t n,
                     futu_reply_fn *fn, void *arg);
futu_err client_send_msg(futu_client *c, uint32_t proto, const void *request, futu_reply_fn *fn,
                         void *arg);
/* Bytes as they are, in either format. NULL: it could not be sent, raw() will not run. */
struct call *client_send_raw(futu_client *c, uint32_t proto, uint8_t fmt, const uint8_t *body,
                             size_t n, int64_t timeout, client_raw_fn *raw, void *arg);
/* Its answer is of no interest any more. */
void client_forget(futu_client *c, struct call *call);
/* The calls of users: only when READY, with packetID. */
futu_err client_call(futu_client *c, uint32_t proto, const void *body, size_t n, futu_reply_fn *fn,
                     void *arg);
futu_err client_call_json(futu_client *c, const char *name, const char *json, futu_reply_fn *fn,
                          void *arg);
futu_err client_call_msg(futu_client *c, uint32_t proto, const void *request, futu_reply_fn *fn,
                         void *arg);
struct call *client_find_call(futu_client *c, uint32_t proto, uint32_t serial);
/* Ends the call with the answer in `p`. */
void client_answer(futu_client *c, struct call *call, uint8_t fmt, const uint8_t *p, size_t n);
void client_end_calls(futu_client *c, futu_err err);
void client_free_calls(futu_client *c);
/* Nothing of the last request stays in the engine's buffers. */
void client_wipe_scratch(futu_client *c);
/* The reply outlives the callback; the caller frees it. */
futu_reply *client_keep(futu_reply *r);

/* ---- receive.c ---- */
void client_receive(futu_client *c, const uint8_t *p, size_t n);

/* ---- alive.c ---- */
void client_alive_start(futu_client *c, int32_t interval_s);
void client_alive_stop(futu_client *c);

#endif
