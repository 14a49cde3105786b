/* orders_rig.h - what the tests of orders with keys share: two clients, orders, and answers. */
#ifndef TEST_UNIT_GATEWAY_ORDERS_RIG_H
#define TEST_UNIT_GATEWAY_ORDERS_RIG_H

#include "rig.h"

#define PLACED                                                                                     \
    "080012001800221d 0a0d 0800 10abb4cdd888b38ff00318 01 1085 08 1a 07 46 41 31 32 33 34 35"
#define REFUSED "08ffffffffffffffffff01 1203 6e6f21 1800"
#define TIMED_OUT "089cffffffffffffffff01 1200 1800"
#define DISCONNECTED "08b8feffffffffffffff01 1200 1800"
#define UNKNOWN "08f0fcffffffffffffff01 1200 1800"

static struct rig r;
static struct peer a, b;

static inline void open_both(const struct hub_opts *o)
{
    rig_init(&r, o);
    peer_open(&a, &r, FUTU_WIRE_TCP);
    peer_open(&b, &r, FUTU_WIRE_TCP);
    peer_init(&a, CIPHER_NONE, 0, false);
    peer_init(&b, CIPHER_NONE, 0, false);
}

static inline void close_both(void)
{
    if (a.c)
        peer_close(&a);
    if (b.c)
        peer_close(&b);
    rig_free(&r);
}

struct order {
    const char *key;            /* NULL: none */
    uint64_t conn_id;           /* of its packetID; 0: the client's own */
    uint32_t number;
    double qty;                 /* 0: 100 */
    const char *remark;
    int32_t env;
};

/* The request as bytes. */
static inline size_t order_bytes(const struct peer *p, const struct order *o, uint8_t out[512])
{
    Common_PacketID id = { .connID = 0 };
    Trd_Common_TrdHeader header = { .trdEnv = 0 };
    Trd_PlaceOrder_C2S c2s = { .packetID = &id, .header = &header, .code = STR("00700"),
                               .idempotencyKey = str_c(o->key), .remark = str_c(o->remark) };
    Trd_PlaceOrder_Request rq = { &c2s };
    struct buf body = BUF_INIT;
    SET(&id, connID, o->conn_id ? o->conn_id : p->id);
    SET(&id, serialNo, o->number);
    SET(&header, trdEnv, o->env);
    SET(&header, accID, 281756457888247915);
    SET(&header, trdMarket, 1);
    SET(&c2s, trdSide, 1);
    SET(&c2s, orderType, 1);
    SET(&c2s, qty, o->qty ? o->qty : 100);
    ck_assert_int_eq(codec_encode(&Trd_PlaceOrder_Request_msg, &rq, &body, NULL), FUTU_OK);
    size_t n = body.n;
    ck_assert_uint_le(n, 512);
    memcpy(out, body.p, n);
    buf_free(&body);
    return n;
}

static inline void place(struct peer *p, uint32_t serial, const struct order *o)
{
    uint8_t bytes[512];
    size_t n = order_bytes(p, o, bytes);
    ck_assert_int_eq(peer_send(p, 2202, FRAME_PROTOBUF, serial, bytes, n), FUTU_OK);
}

/* The one order that waits upstream. */
static inline struct upstream_request *waiting(void)
{
    ck_assert_uint_eq(rig_waiting(&r, 2202), 1);
    for (uint32_t i = 0; i < r.fake.n_calls; i++)
        if (r.fake.calls[i] && r.fake.calls[i]->proto == 2202)
            return r.fake.calls[i];
    return NULL;
}

static inline void answer(const char *hex)
{
    waiting();
    rig_answer(&r, 2202, hex);
}

static inline void placed(struct peer *p, uint32_t serial)
{
    peer_expect(p, 2202, 0, serial, PLACED);
}

/* Allocates nothing itself. */
static inline void feed_order(struct peer *p, const uint8_t *bytes, size_t n)
{
    static uint8_t room[1024];
    struct buf out = { room, 0, sizeof(room), sizeof(room) };
    ck_assert_int_eq(frame_write(&out, 2202, 0, 5, bytes, n, NULL), FUTU_OK);
    hub_conn_feed(p->c, out.p, out.n);
}

#endif
