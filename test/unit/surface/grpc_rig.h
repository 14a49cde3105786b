/* grpc_rig.h - the gRPC services on a rig with keys: calls in, messages and a status out. */
#ifndef TEST_UNIT_SURFACE_GRPC_RIG_H
#define TEST_UNIT_SURFACE_GRPC_RIG_H

#include <stdio.h>
#include <sys/uio.h>

#include "base/mem.h"
#include "codec/splice.h"
#include "gateway/rails.h"
#include "surface/grpc.h"

#define GENERIC "/futu.service.FutuOpenD/Request"
#define TYPED "/futu.v1.Quote/GetMarketState"
#define PUSHES "/futu.service.FutuOpenD/SubscribePush"
#define ALL                                                                                        \
    "\"qot:read\",\"acc:read\",\"trade:simulate\",\"trade:real\",\"trade:unlock\",\"admin\""

static struct rails k;
static struct grpc *grpc;

struct told_call {
    futu_grpc_call *call;
    unsigned outputs, ends;
    int status;
    char text[600];
    struct buf out;                 /* what has been taken */
    size_t at;
};
static struct told_call a, b;

static inline void on_output(futu_grpc_call *call, void *arg)
{
    struct told_call *t = arg;
    ck_assert_ptr_eq(call, t->call);
    t->outputs++;
}

static inline void on_end(futu_grpc_call *call, int status, const char *text, void *arg)
{
    struct told_call *t = arg;
    ck_assert_ptr_eq(call, t->call);
    t->ends++;
    t->status = status;
    str_copy(t->text, sizeof(t->text), str_c(text));
}

static inline void begin(bool with_keys)
{
    rails_begin(&k);
    if (with_keys) {
        rails_key(&k, "all", ALL, "");
        rails_key(&k, "qot", "\"qot:read\"", "");
        rails_key(&k, "acc", "\"acc:read\"", "");
        rails_key(&k, "sim", "\"trade:simulate\"", "");
        rails_key(&k, "old", ALL, ",\"expires_at\":\"2020-01-01T00:00:00Z\"");
        rails_key(&k, "mine", ALL, ",\"allowed_acc_ids\":[1001]");
        rails_key(&k, "hk", ALL, ",\"allowed_markets\":[\"US\"]");
        rails_key(&k, "slow", ALL, ",\"max_orders_per_minute\":1");
        rails_save(&k);
    }
    rails_open(&k, NULL);
    struct grpc_opts o = { .hub = k.r.hub, .access = k.access, .clock = clock_fake(&k.r.time),
                           .timers = &k.r.timers };
    ck_assert_int_eq(grpc_new(&grpc, &o), FUTU_OK);
}

static inline void drop(struct told_call *t)
{
    grpc_call_free(t->call);
    buf_free(&t->out);
    *t = (struct told_call){ .call = NULL };
}

static inline void stop(void)
{
    drop(&a);
    drop(&b);
    grpc_free(grpc);
    rails_close(&k);
}

struct want {
    const char *path, *token, *word;
    int64_t timeout_ns;             /* 0: none */
};

static inline void open_call(struct told_call *t, const struct want *w)
{
    char token[96];
    futu_grpc_request rq = FUTU_GRPC_REQUEST_INIT;
    drop(t);
    rq.path = str_c(w->path);
    rq.idempotency_key = str_c(w->word);
    rq.timeout_ns = w->timeout_ns ? w->timeout_ns : -1;
    rq.peer = "10.0.0.1";
    rq.on_output = on_output;
    rq.on_end = on_end;
    rq.arg = t;
    if (w->token) {
        snprintf(token, sizeof(token), "Bearer token-%s", w->token);
        rq.authorization = str_c(token);
    }
    ck_assert_int_eq(grpc_open(grpc, &rq, &t->call), FUTU_OK);
}

static inline void say(struct told_call *t, const struct want *w, const void *p, size_t n)
{
    open_call(t, w);
    grpc_message(t->call, p, n);
    grpc_half_close(t->call);
}

/* A FutuRequest around a body. */
static inline void ask(struct told_call *t, const struct want *w, uint32_t proto,
                       const void *p, size_t n)
{
    struct buf m = BUF_INIT;
    uint8_t head[PB_MAX_SCALAR];
    size_t len = (size_t)(pb_put_scalar(head, 1, PB_UINT32, &proto) - head);
    ck_assert_int_eq(buf_put(&m, head, len), FUTU_OK);
    ck_assert_int_eq(pb_append(&m, 2, p, n), FUTU_OK);
    say(t, w, m.p, m.n);
    buf_free(&m);
}

static inline void ended(const struct told_call *t, int status, const char *part)
{
    ck_assert_msg(t->ends == 1 && t->status == status && strstr(t->text, part),
                  "%u ends, status %d, %s; wanted %d, %s", t->ends, t->status, t->text, status,
                  part);
}

/* Takes what waits, and gives the next message; p NULL: none. */
static inline futu_str next(struct told_call *t)
{
    struct iovec iov[4];
    size_t n;
    while ((n = grpc_output(t->call, iov, 4)) > 0) {
        size_t sum = 0;
        for (size_t i = 0; i < n; i++) {
            ck_assert_int_eq(buf_put(&t->out, iov[i].iov_base, iov[i].iov_len), FUTU_OK);
            sum += iov[i].iov_len;
        }
        grpc_sent(t->call, sum);
    }
    if (t->at == t->out.n)
        return STR_NULL;
    const uint8_t *p = t->out.p + t->at;
    ck_assert_uint_ge(t->out.n - t->at, 5);
    ck_assert_uint_eq(p[0], 0);
    size_t len = (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4];
    ck_assert_uint_ge(t->out.n - t->at - 5, len);
    t->at += 5 + len;
    return (futu_str){ (const char *)p + 5, len };
}

static inline uint64_t number(futu_str m, uint32_t tag)
{
    struct pb_rec r;
    return pb_first(m, tag, &r) ? r.v : 0;
}

static inline futu_str bytes_of(futu_str m, uint32_t tag)
{
    struct pb_rec r;
    return pb_first(m, tag, &r) ? (futu_str){ (const char *)r.p, r.n } : STR("");
}

static const char market_state[] = "\x0a\x0b\x0a\x09\x08\x01\x12\x05" "00700";
#define MARKET_STATE market_state, sizeof(market_state) - 1
/* Its C2S alone. */
#define MARKET_STATE_C2S market_state + 2, sizeof(market_state) - 3

static inline void order(struct told_call *t, const char *token, const char *word,
                         const struct place *o)
{
    uint8_t bytes[512];
    size_t n = place_bytes(0, o, bytes);
    ask(t, &(struct want){ .path = GENERIC, .token = token, .word = word }, 2202, bytes, n);
    rails_written(&k);
}

static const struct place limit = { .price = 10, .serial = 7 };

static inline void subscribe(const char *token)
{
    static const char sub[] = "\x0a\x11\x0a\x09\x08\x01\x12\x05" "00700" "\x10\x01\x18\x01\x20\x01";
    ask(&a, &(struct want){ .path = GENERIC, .token = token }, 3001, sub, sizeof(sub) - 1);
    ended(&a, FUTU_GRPC_OK, "");
    ck_assert_int_eq((int32_t)number(next(&a), 1), 0);
}

#endif
