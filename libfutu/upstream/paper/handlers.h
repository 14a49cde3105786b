/* handlers.h - what the handlers of the paper upstream share; private to this folder.
 *
 * A handler gets the decoded Request and fills the zeroed Response's s2c, all in the call's arena.
 * paper.c adds retType, retMsg and errCode, encodes and answers:
 *
 *     futu_err qot_get_x(struct paper *p, struct call *c)
 *     {
 *         const Qot_GetX_C2S *q = CALL_C2S(c, Qot_GetX);
 *         Qot_GetX_S2C *s2c = CALL_S2C(c, Qot_GetX);
 *         if (!s2c)
 *             return FUTU_ENOMEM;
 *         if (!q->has_kind)
 *             return call_fail(c, "缺少必要的参数: kind");
 *         ...
 *         return FUTU_OK;
 *     }
 *
 * Result:  FUTU_OK answers success, and s2c must be set; call_fail() answers that text; any other
 *          error answers its own text.
 * Long:    work over many securities returns FUTU_EAGAIN when call_out_of_time(); it is called
 *          again in a later loop turn, with what it keeps in c->state (in the arena).
 * Pushes:  what must follow the reply is sent from c->after, which runs behind rq->done().
 * Threads: the gateway's loop thread only.
 */
#ifndef UPSTREAM_PAPER_HANDLERS_H
#define UPSTREAM_PAPER_HANDLERS_H

#include "base/arena.h"
#include "base/list.h"
#include "base/map.h"
#include "codec/codec.h"
#include "codec/registry.h"
#include "upstream/paper/exchange.h"
#include "upstream/paper/paper.h"

#define PAPER_USER_ID UINT64_C(10000001)

struct trade;
struct qot;

struct paper {
    struct upstream base;
    struct exchange *exchange;
    struct timers *timers;
    const struct clock *sys;
    struct upstream_events events;
    uint32_t push_interval_ms;
    uint64_t seed;
    char trade_pwd[64];
    struct trade *trade;
    struct qot *qot;            /* streams, watch lists, reminders, quotas */
    struct map handlers;        /* protocol id to struct handler */
    struct timer slice, later;
    struct list pending;        /* calls that go on later, oldest first */
    struct arena arena;         /* of pushes; reset before each */
    struct arena call_arena;    /* of the outermost request; an inner one brings its own */
    struct buf out;             /* encoded pushes */
    struct buf reply;
    bool in_call;
};

struct call {
    const struct proto_row *row;
    uint64_t conn_id;
    const void *request;        /* the decoded Request struct of row->request */
    void *response;             /* the Response struct of row->response, zeroed */
    struct arena *arena;        /* lives until the reply has gone out */
    int32_t ret_type, err_code;
    futu_str ret_msg;           /* of a failure */
    void *state;                /* of a handler that goes on later; NULL at first */
    int64_t deadline;           /* monotonic; a long handler yields after it */
    void (*after)(struct paper *p, void *arg);  /* runs once the reply has gone out */
    void *after_arg;            /* not in the arena */
};

struct handler {
    uint32_t proto;
    futu_err (*fn)(struct paper *p, struct call *c);
};

/* The trade part's protocols; paper.c answers 2xxx ids that are not here as unsupported. */
extern const struct handler trd_handlers[];
extern const size_t trd_handlers_n;
/* `p` has its exchange, timers, sys, events, seed and trade_pwd set. FUTU_ENOMEM. */
futu_err trade_new(struct trade **out, struct paper *p);
void trade_free(struct trade *t);       /* NULL is fine; before the exchange goes */
/* After each exchange_run(): sends what is due (order pushes, expiries). */
void trade_run(struct trade *t);
/* True while trade_run() wants to be called: open orders, waiting triggers. paper_wake()
 * restarts. */
bool trade_busy(const struct trade *t);

/* The quote part. */
extern const struct handler qot_handlers[];
extern const size_t qot_handlers_n;

/* Starts the slice timer when something wants it; call it after what may have made it so. */
void paper_wake(struct paper *p);

/* Failure with retType -1; returns FUTU_EREFUSED, for `return call_fail(...)`. */
futu_err call_fail(struct call *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
futu_err call_fail_code(struct call *c, int32_t err_code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The handler has used its share of this loop turn: keep the state, return FUTU_EAGAIN. */
bool call_out_of_time(const struct paper *p, const struct call *c);
/* Failure texts that several handlers give. */
futu_err call_missing(struct call *c, const char *name);        /* a parameter */
futu_err call_unknown(struct call *c, futu_str code);           /* a security */

/* c2s is a required field, so decoding has made sure that it is there. */
#define CALL_C2S(c, name) (((const name##_Request *)(c)->request)->c2s)
/* Makes an empty s2c and hangs it into the Response; NULL when memory is out. */
#define CALL_S2C(c, name) \
    (((name##_Response *)(c)->response)->s2c = ARENA_NEW((c)->arena, name##_S2C))

/* The security of a message, NULL when the exchange has none such. */
const struct security *paper_find(const struct paper *p, const Qot_Common_Security *s);
/* Encodes a push as a successful Response with `s2c`: into p->out, or behind what `out` has. `m` is
 * the Response descriptor; p->arena is used. FUTU_ENOMEM; FUTU_EFORMAT is a mistake of ours. */
futu_err paper_encode_push(struct paper *p, const futu_msg *m, void *s2c);
futu_err paper_append_push(struct paper *p, const futu_msg *m, void *s2c, struct buf *out);
/* retType 0, retMsg "", errCode 0. */
void paper_set_envelope(const futu_msg *m, void *response);

/* "yyyy-MM-dd HH:mm:ss" of the market's zone, in the arena; .p NULL when memory is out. */
futu_str paper_time_text(struct arena *a, int32_t market, int64_t utc_ns);
futu_str paper_millis_text(struct arena *a, int32_t market, int64_t utc_ns);    /* with ".SSS" */
/* "yyyy-MM-dd"; an unknown date (0) reads 1970-01-01, as with the vendor. */
futu_str paper_date_text(struct arena *a, int32_t date);
/* Midnight of a yyyymmdd in the market's zone; 0 when unknown. */
int64_t paper_date_instant(int32_t market, int32_t date);
static inline double paper_timestamp(int64_t utc_ns)
{
    return (double)utc_ns / (double)NS_PER_S;
}
static inline double px_double(int64_t px)
{
    return (double)px / (double)PX_ONE;
}

#endif
