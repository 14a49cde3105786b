/* broker_world.h - the broker upstream against the emulator, with the gateway's place taken by a
 * list of what came up. Platform 1 is at 10.0.0.1, broker 1001 at 10.1.0.1, 1007 at 10.7.0.1. */
#ifndef TEST_UNIT_UPSTREAM_BROKER_BROKER_WORLD_H
#define TEST_UNIT_UPSTREAM_BROKER_BROKER_WORLD_H

#include "crypt/digest.h"
#include "rig.h"
#include "upstream/broker/state.h"

#define HK_ACC BK_ACC_ID(1001, 1, 7001)
#define US_ACC BK_ACC_ID(1007, 2, 7002)
#define EVENTS 4096
#define TRADE_PWD "654321"

struct bw_event {
    uint32_t proto;
    uint64_t account;
    struct stream_key key;
    struct buf body;
};

struct bw {
    struct rig rig;
    struct broker_opts o;
    struct upstream *up;
    struct broker *b;                   /* the same */
    struct auth_result auth;
    struct bw_event events[EVENTS];
    size_t n_events;
    uint64_t locked[16];                /* accounts that a loss has locked, in turn */
    size_t n_locked;
    char locked_why[200];
    struct broker_renew *renewing;      /* asked of the HTTP half */
    unsigned renewals;
    struct arena arena;                 /* of decoded answers */
    uint32_t serial;
};

/* One request and its answer. */
struct bw_ask {
    struct upstream_request rq;
    struct buf sent, answer;
    unsigned done;
};

static inline void bw_keep(struct bw *w, uint32_t proto, uint64_t account,
                           const struct stream_key *key, const uint8_t *p, size_t n)
{
    if (w->n_events == EVENTS)
        return;
    struct bw_event *e = &w->events[w->n_events++];
    *e = (struct bw_event){ .proto = proto, .account = account };
    if (key)
        e->key = *key;
    buf_put(&e->body, p, n);
}

static inline void bw_push(void *arg, const struct upstream_push *p)
{
    bw_keep(arg, p->proto, 0, &p->key, p->body, p->len);
}

static inline void bw_trade(void *arg, uint64_t acc, uint32_t proto, const uint8_t *body, size_t n)
{
    bw_keep(arg, proto, acc, NULL, body, n);
}

static inline void bw_notify(void *arg, uint32_t proto, const uint8_t *body, size_t n)
{
    bw_keep(arg, proto, 0, NULL, body, n);
}

static inline void bw_locked(void *arg, const uint64_t *ids, size_t n, const char *why)
{
    struct bw *w = arg;
    for (size_t i = 0; i < n && w->n_locked < ARRAY_LEN(w->locked); i++)
        w->locked[w->n_locked++] = ids[i];
    str_copy(w->locked_why, sizeof(w->locked_why), str_c(why));
}

static inline void bw_renew(void *arg, struct broker_renew *q)
{
    struct bw *w = arg;
    w->renewing = q;
    w->renewals++;
}

static inline void bw_renew_cancel(void *arg, struct broker_renew *q)
{
    struct bw *w = arg;
    if (w->renewing == q)
        w->renewing = NULL;
}

static inline void bw_random(void *p, size_t n)
{
    memset(p, 0x5a, n);
}

static inline void bw_auth(struct bw *w)
{
    static const int32_t brokers[] = { 1001, 1007 };
    const struct emu_login *l = rig_login(1);
    w->auth.user_id = l->user_id;
    w->auth.attribution = 1;
    secret_set(&w->auth.client_sig, l->sig, strlen(l->sig));
    secret_set(&w->auth.client_key, l->key, l->n_key);
    for (size_t i = 0; i < ARRAY_LEN(brokers); i++) {
        struct auth_broker *b = &w->auth.broker[w->auth.n_brokers++];
        l = rig_login(brokers[i]);
        b->broker_id = brokers[i];
        b->customer_id = l->user_id;
        secret_set(&b->client_sig, l->sig, strlen(l->sig));
        secret_set(&b->client_key, l->key, l->n_key);
    }
}

/* Everything but the upstream itself; w->o may be changed. */
static inline void bw_prepare(struct bw *w)
{
    uint8_t digest[16];
    memset(w, 0, sizeof(*w));
    rig_init(&w->rig);
    bw_auth(w);
    md5(TRADE_PWD, strlen(TRADE_PWD), digest);
    hex_lower(digest, 16, emu_scene(w->rig.emu)->trade_pwd_md5);
    w->o = (struct broker_opts){
        .clock = w->rig.clock, .timers = &w->rig.timers, .net = &w->rig.net,
        .events = { bw_push, bw_trade, bw_notify, w, bw_locked },
        .renewer = { bw_renew, bw_renew_cancel, w },
        .secret = "00112233445566778899aabbccddeeff",
        .only_addrs = true, .auth = &w->auth, .random = bw_random,
    };
    ck_assert(broker_read_addrs(&w->o, STR("1=10.0.0.1:9595")));
    ck_assert(broker_read_addrs(&w->o, STR("1001=10.1.0.1:443")));
    ck_assert(broker_read_addrs(&w->o, STR("1007=10.7.0.1:443,10.7.0.2:443")));
}

static inline void bw_start(struct bw *w)
{
    ck_assert_int_eq(broker_new(&w->up, &w->o), FUTU_OK);
    w->b = container_of(w->up, struct broker, base);
    rig_pump(&w->rig);
}

static inline void bw_init(struct bw *w)
{
    bw_prepare(w);
    bw_start(w);
}

static inline void bw_free(struct bw *w)
{
    if (w->up)
        w->up->ops->free(w->up);
    for (size_t i = 0; i < w->n_events; i++)
        buf_free(&w->events[i].body);
    auth_result_free(&w->auth);
    arena_free(&w->arena);
    rig_free(&w->rig);
}

/* ---- requests ---- */

static inline void bw_done(struct upstream_request *rq, const uint8_t *body, size_t len)
{
    struct bw_ask *a = container_of(rq, struct bw_ask, rq);
    a->done++;
    buf_put(&a->answer, body, len);
}

static inline void bw_send(struct bw *w, struct bw_ask *a, uint32_t proto, const void *request)
{
    *a = (struct bw_ask){ .rq = { .proto = proto, .conn_id = 77, .done = bw_done } };
    ck_assert_int_eq(codec_encode(proto_find(proto)->request, request, &a->sent, NULL), FUTU_OK);
    a->rq.body = a->sent.p;
    a->rq.len = a->sent.n;
    w->up->ops->request(w->up, &a->rq);
    rig_pump(&w->rig);
}

/* The answer as a struct, from the world's arena. */
static inline void *bw_answer(struct bw *w, struct bw_ask *a)
{
    const struct proto_row *row = proto_find(a->rq.proto);
    void *r = arena_alloc(&w->arena, row->response->size);
    ck_assert_uint_eq(a->done, 1);
    ck_assert_int_eq(codec_decode(row->response, &w->arena, a->answer.p, a->answer.n, r, NULL,
                                  NULL), FUTU_OK);
    buf_free(&a->answer);
    buf_free(&a->sent);
    return r;
}

static inline void *bw_call(struct bw *w, uint32_t proto, const void *request)
{
    struct bw_ask a;
    bw_send(w, &a, proto, request);
    return bw_answer(w, &a);
}

/* Every Response begins with these. */
struct bw_head {
    int32_t ret_type;
    futu_str ret_msg;
};

static inline int32_t bw_ret(const void *response)
{
    return ((const struct bw_head *)response)->ret_type;
}

static inline const char *bw_msg(const void *response)
{
    const struct bw_head *h = response;
    return h->ret_msg.p ? h->ret_msg.p : "";
}

static inline Trd_UnlockTrade_Response *bw_unlock(struct bw *w, const char *password, int32_t firm,
                                                  const char *otp)
{
    char hex[33];
    uint8_t digest[16];
    md5(password, strlen(password), digest);
    hex_lower(digest, 16, hex);
    Trd_UnlockTrade_C2S c2s = { .pwdMD5 = str_c(hex), .otp = str_c(otp) };
    SET(&c2s, unlock, true);
    if (firm)
        SET(&c2s, securityFirm, firm);
    const Trd_UnlockTrade_Request q = { .c2s = &c2s };
    return bw_call(w, 2005, &q);
}

static inline Trd_Common_TrdHeader bw_header(uint64_t account, int32_t market)
{
    Trd_Common_TrdHeader h = { 0 };
    SET(&h, trdEnv, Trd_Common_TrdEnv_Real);
    SET(&h, accID, account);
    SET(&h, trdMarket, market);
    return h;
}

static inline size_t bw_count(const struct bw *w, uint32_t proto)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n_events; i++)
        n += w->events[i].proto == proto;
    return n;
}

/* The newest event of a protocol as a struct; NULL: none has come. */
static inline void *bw_last(struct bw *w, uint32_t proto)
{
    const struct proto_row *row = proto_find(proto);
    for (size_t i = w->n_events; i-- > 0;) {
        if (w->events[i].proto != proto)
            continue;
        void *r = arena_alloc(&w->arena, row->response->size);
        ck_assert_int_eq(codec_decode(row->response, &w->arena, w->events[i].body.p,
                                      w->events[i].body.n, r, NULL, NULL), FUTU_OK);
        return r;
    }
    return NULL;
}

#endif
