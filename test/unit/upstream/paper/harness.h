/* harness.h - a paper upstream under a clock that stands still, for the tests of this folder.
 *
 * Requests go through upstream_ops and the real codec; each reply and push is decoded, which checks
 * its required fields.
 */
#ifndef TEST_UNIT_PAPER_HARNESS_H
#define TEST_UNIT_PAPER_HARNESS_H

#include "codec/registry.h"
#include "support.h"
#include "upstream/paper/paper.h"

#define HK 1
#define US 11
#define SH 21
#define SZ 22

struct got_push {
    uint32_t proto;
    struct stream_key key;
    bool lossless;
    void *response;             /* decoded, in the harness's arena */
    size_t len;
};

struct harness {
    struct clock_fake fake;
    int64_t per_read;           /* ns that each look at the monotonic clock takes */
    struct clock clock;
    struct timers timers;
    struct upstream *up;
    struct arena arena;
    struct got_push push[4096];
    size_t n_push;
    uint32_t notified;          /* protocol of the last one */
    void *notice;
    size_t n_notice;
    bool keep;                  /* false: pushes are counted only */
    int done;
    void *response;
};

struct ask {
    struct upstream_request rq;
    struct harness *h;
    const struct proto_row *row;
};

static inline void *decode_with(struct harness *h, const futu_msg *m, const uint8_t *p, size_t n)
{
    struct codec_error e;
    void *out = arena_alloc(&h->arena, m->size);
    ck_assert_ptr_nonnull(out);
    futu_err err = codec_decode(m, &h->arena, p, n, out, NULL, &e);
    ck_assert_msg(err == FUTU_OK, "%s: %s %s", m->name, e.path, e.what);
    return out;
}

static inline void harness_push(void *arg, const struct upstream_push *p)
{
    struct harness *h = arg;
    if (!h->keep) {
        h->n_push++;
        return;
    }
    ck_assert_uint_lt(h->n_push, ARRAY_LEN(h->push));
    struct got_push *g = &h->push[h->n_push++];
    *g = (struct got_push){
        .proto = p->proto, .key = p->key, .lossless = p->lossless, .len = p->len
    };
    g->response = decode_with(h, proto_find(p->proto)->response, p->body, p->len);
}

static inline void harness_notify(void *arg, uint32_t proto, const uint8_t *body, size_t len)
{
    struct harness *h = arg;
    h->notified = proto;
    h->n_notice++;
    h->notice = decode_with(h, proto_find(proto)->response, body, len);
}

static inline void harness_trade(void *arg, uint64_t acc, uint32_t proto, const uint8_t *b,
                                 size_t n)
{
    (void)acc;
    decode_with(arg, proto_find(proto)->response, b, n);
}

/* 2025-03-12 is a Wednesday: 10:00 in Hong Kong, Shanghai and Shenzhen. */
#define WEDNESDAY_10_HK (INT64_C(1741744800) * NS_PER_S)
/* 10:00 in New York on the same day, summer time. */
#define WEDNESDAY_10_US (INT64_C(1741788000) * NS_PER_S)

static inline int64_t harness_mono(void *arg)
{
    struct harness *h = arg;
    return h->fake.mono_ns += h->per_read;
}

static inline int64_t harness_wall(void *arg)
{
    struct harness *h = arg;
    return h->fake.wall_ns;
}

static inline void harness_start(struct harness *h, const char *clock, int64_t wall,
                                 uint32_t interval)
{
    char why[160] = "";
    memset(h, 0, sizeof(*h));
    h->keep = true;
    h->fake = (struct clock_fake){ .mono_ns = NS_PER_S, .wall_ns = wall };
    h->clock = (struct clock){ harness_mono, harness_wall, h };
    h->arena.chunk = 1 << 20;
    struct paper_opts o = {
        .clock = clock,
        .seed = 7,
        .push_interval_ms = interval,
        .sys = &h->clock,
        .timers = &h->timers,
        .events = { harness_push, harness_trade, harness_notify, h },
    };
    futu_err err = paper_new(&h->up, &o, why, sizeof(why));
    ck_assert_msg(err == FUTU_OK, "%s", why);
}

static inline void harness_stop(struct harness *h)
{
    h->up->ops->free(h->up);
    ck_assert(timers_next(&h->timers) == TIMER_NEVER);
    arena_free(&h->arena);
}

/* Lets time pass in steps of 10 ms, running timers. */
static inline void harness_run(struct harness *h, int64_t ms)
{
    for (int64_t i = 0; i < ms; i += 10) {
        clock_fake_advance(&h->fake, 10 * NS_PER_MS);
        timers_run(&h->timers, h->fake.mono_ns);
    }
}

static inline void harness_done(struct upstream_request *rq, const uint8_t *body, size_t len)
{
    struct ask *a = container_of(rq, struct ask, rq);
    a->h->done++;
    a->h->response = decode_with(a->h, a->row->response, body, len);
}

static inline void *harness_send(struct harness *h, uint32_t proto, const uint8_t *p, size_t n)
{
    struct ask a = { .h = h, .row = proto_find(proto) };
    a.rq = (struct upstream_request){ .proto = proto, .conn_id = 77, .body = p, .len = n,
                                      .done = harness_done };
    h->done = 0;
    h->up->ops->request(h->up, &a.rq);
    ck_assert_int_eq(h->done, 1);
    return h->response;
}

static inline void *harness_ask(struct harness *h, uint32_t proto, const void *request)
{
    struct codec_error e;
    struct buf b = BUF_INIT;
    futu_err err = codec_encode(proto_find(proto)->request, request, &b, &e);
    ck_assert_msg(err == FUTU_OK, "%s %s", e.path, e.what);
    void *response = harness_send(h, proto, b.p, b.n);
    buf_free(&b);
    return response;
}

/* The Response to a C2S struct. */
#define ASK(h, id, name, c2s_ptr)                                                                  \
    ((name##_Response *)harness_ask((h), (id), &(name##_Request){ .c2s = (c2s_ptr) }))

/* `r` is evaluated once. */
#define assert_ok(r)                                                                               \
    do {                                                                                           \
        const __typeof__(*(r)) *r_ = (r);                                                          \
        ck_assert_msg(r_->retType == 0, "%.*s", STR_ARG(r_->retMsg));                              \
        ck_assert(r_->has_retType && r_->has_errCode && r_->retMsg.p);                             \
        ck_assert_ptr_nonnull(r_->s2c);                                                            \
    } while (0)
#define assert_refused(r, text)                                                                    \
    do {                                                                                           \
        const __typeof__(*(r)) *r_ = (r);                                                          \
        ck_assert_int_eq(r_->retType, -1);                                                         \
        ck_assert_ptr_null(r_->s2c);                                                               \
        ck_assert_msg(r_->retMsg.p && strstr(r_->retMsg.p, (text)), "\"%s\" is not in \"%s\"",     \
                      (text), r_->retMsg.p ? r_->retMsg.p : "");                                   \
    } while (0)

static inline Qot_Common_Security sec(int32_t market, const char *code)
{
    return (Qot_Common_Security){ .market = market, .has_market = true, .code = str_c(code) };
}

static inline struct stream_key key(int32_t market, const char *code, int32_t sub_type,
                                    int32_t rehab)
{
    struct stream_key k = { .market = market, .sub_type = sub_type, .rehab = rehab };
    str_copy(k.code, sizeof(k.code), str_c(code));
    return k;
}

static inline size_t count_push(const struct harness *h, uint32_t proto)
{
    size_t n = 0;
    for (size_t i = 0; i < h->n_push; i++)
        n += h->push[i].proto == proto;
    return n;
}

#endif
