/* hub_fanout.c - how many pushes the hub alone delivers in a second of processor time: no socket,
 * no kernel. Each push goes to all connections, each connection hands out its frames 32 at a time,
 * as a listener gathers them. Printed per number of connections and form. */
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>

#include "codec/registry.h"
#include "gateway/hub.h"
#include "wire/cipher.h"
#include "wire/frame.h"

#define PUSHES_PER_TURN 32
#define RUN_NS (NS_PER_S / 2)
#define MAX_CONNS 1000

static void up_request(struct upstream *u, struct upstream_request *rq)
{
    static const uint8_t ok[] = { 8, 0, 18, 0, 24, 0 };
    (void)u;
    rq->done(rq, ok, sizeof(ok));
}

static void up_cancel(struct upstream *u, struct upstream_request *rq)
{
    (void)u, (void)rq;
}

static void up_open(struct upstream *u, struct upstream_open *o)
{
    (void)u;
    o->done(o, FUTU_OK, NULL);
}

static void up_close(struct upstream *u, const struct stream_key *key)
{
    (void)u, (void)key;
}

static futu_err up_current(struct upstream *u, const struct stream_key *key, struct buf *out)
{
    (void)u, (void)key, (void)out;
    return FUTU_EAGAIN;
}

static void up_state(struct upstream *u, struct upstream_state *out)
{
    (void)u;
    *out = (struct upstream_state){ .qot_logined = true,
                                    .trd_logined = true,
                                    .user_id = 1,
                                    .user_attribution = 1,
                                    .sub_quota = 100,
                                    .history_kl_quota = 100,
                                    .name = "bench" };
}

static const struct upstream_ops ops = { .request = up_request, .cancel = up_cancel,
                                         .open = up_open, .close = up_close,
                                         .current = up_current, .state = up_state };

struct form {
    const char *name;
    int wire, algo;
    uint8_t fmt;
};

static const struct form forms[] = {
    { "protobuf", FUTU_WIRE_TCP, CIPHER_NONE, FRAME_PROTOBUF },
    { "JSON", FUTU_WIRE_TCP, CIPHER_NONE, FRAME_JSON },
    { "protobuf in WebSocket", FUTU_WIRE_WS, CIPHER_NONE, FRAME_PROTOBUF },
    { "protobuf, AES_CBC", FUTU_WIRE_TCP, CIPHER_AES_CBC, FRAME_PROTOBUF },
};

static struct timers timers;
static struct upstream up = { .ops = &ops };
static futu_conn *conns[MAX_CONNS];

static size_t drain(futu_conn *c)
{
    struct iovec iov[32];
    size_t n = hub_conn_output(c, iov, 32), all = 0;
    for (size_t i = 0; i < n; i++)
        all += iov[i].iov_len;
    if (n > 0)
        hub_conn_sent(c, all);
    return n;
}

static void drain_all(futu_conn *c)
{
    while (drain(c) > 0)
        ;
}

static void feed(futu_conn *c, uint32_t proto, const void *body, size_t n, const struct cipher *k)
{
    struct buf out = BUF_INIT;
    if (frame_write(&out, proto, FRAME_PROTOBUF, 1, body, n, k) == FUTU_OK)
        hub_conn_feed(c, out.p, out.n);
    buf_free(&out);
    drain_all(c);
}

/* The key is what same_random() makes. */
static void same_random(void *p, size_t n)
{
    memset(p, 0x11, n);
}

static bool open_conn(struct hub *h, const struct form *f, futu_conn **c)
{
    static const uint8_t sub[] = "\x0a\x15\x0a\x09\x08\x01\x12\x05"
                                 "00700\x10\x01\x18\x01\x20\x01\x30\x00\x28\x01";
    InitConnect_C2S c2s = { .clientID = STR("bench") };
    InitConnect_Request rq = { &c2s };
    futu_conn_opts o = FUTU_CONN_OPTS_INIT;
    struct buf body = BUF_INIT;
    struct cipher k;
    o.wire = f->wire;
    SET(&c2s, clientVer, 1);
    SET(&c2s, packetEncAlgo, f->algo);
    SET(&c2s, pushProtoFmt, f->fmt);
    cipher_init(&k, CIPHER_NONE, NULL, NULL);
    if (hub_conn_new(h, c, &o) || codec_encode(&InitConnect_Request_msg, &rq, &body, NULL))
        return false;
    feed(*c, 1001, body.p, body.n, &k);
    buf_free(&body);
    cipher_init(&k, f->algo, (const uint8_t *)"1111111111111111",
                (const uint8_t *)"1111111111111111");
    feed(*c, 3001, sub, sizeof(sub) - 1, &k);
    return true;
}

/* A quote of about the size the exchange sends. */
static size_t make_push(struct buf *body)
{
    Qot_Common_Security sec = { .code = STR("00700") };
    Qot_Common_BasicQot q = { .security = &sec, .listTime = STR("2004-06-16"),
                              .updateTime = STR("2026-04-01 10:00:00"), .name = STR("TENCENT") };
    Qot_UpdateBasicQot_S2C s2c = { 1, &q };
    Qot_UpdateBasicQot_Response rsp = { .retMsg = STR(""), .s2c = &s2c };
    SET(&rsp, retType, 0);
    SET(&rsp, errCode, 0);
    SET(&sec, market, 1);
    SET(&q, isSuspended, false);
    SET(&q, priceSpread, 0.2);
    SET(&q, highPrice, 510);
    SET(&q, openPrice, 500);
    SET(&q, lowPrice, 498.2);
    SET(&q, curPrice, 505.5);
    SET(&q, lastClosePrice, 499);
    SET(&q, volume, 12345678);
    SET(&q, turnover, 6.2e9);
    SET(&q, turnoverRate, 0.13);
    SET(&q, amplitude, 2.4);
    return codec_encode(&Qot_UpdateBasicQot_Response_msg, &rsp, body, NULL) ? 0 : body->n;
}

static void turn(struct hub *h, struct upstream_events *ev, struct upstream_push *p, size_t n)
{
    for (int i = 0; i < PUSHES_PER_TURN; i++) {
        p->made_ns = clock_mono(&clock_system);
        ev->push(ev->arg, p);
    }
    hub_flush(h);
    for (size_t i = 0; i < n; i++)
        drain_all(conns[i]);
}

static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static double run(const struct form *f, size_t n)
{
    struct hub *h;
    struct hub_opts o = { .clock = clock_system, .timers = &timers, .random = same_random };
    struct buf body = BUF_INIT;
    struct upstream_push p = { .proto = 3005, .key = { 1, 1, 0, "00700" } };
    uint64_t delivered = 0;
    if (hub_new(&h, &o))
        return 0;
    hub_set_upstream(h, &up);
    struct upstream_events ev = hub_events(h);
    for (size_t i = 0; i < n; i++)
        if (!open_conn(h, f, &conns[i]))
            return 0;
    p.len = make_push(&body);
    p.body = body.p;
    for (int i = 0; i < 5; i++)
        turn(h, &ev, &p, n);
    int64_t start = cpu_ns(), now = start;
    while (now - start < RUN_NS) {
        turn(h, &ev, &p, n);
        delivered += PUSHES_PER_TURN * n;
        now = cpu_ns();
    }
    for (size_t i = 0; i < n; i++)
        hub_conn_free(conns[i]);
    hub_free(h);
    buf_free(&body);
    return (double)delivered * 1e9 / (double)(now - start);
}

int main(void)
{
    static const size_t sizes[] = { 1, 100, 1000 };
    printf("%-24s %12s %14s\n", "form", "connections", "per CPU second");
    for (size_t i = 0; i < ARRAY_LEN(forms); i++)
        for (size_t k = 0; k < ARRAY_LEN(sizes); k++)
            printf("%-24s %12zu %14.0f\n", forms[i].name, sizes[k], run(&forms[i], sizes[k]));
    return 0;
}
