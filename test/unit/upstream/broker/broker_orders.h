/* broker_orders.h - orders of a test at the broker, and the list of them. */
#ifndef TEST_UNIT_UPSTREAM_BROKER_BROKER_ORDERS_H
#define TEST_UNIT_UPSTREAM_BROKER_BROKER_ORDERS_H

#include "broker_world.h"

static inline Trd_PlaceOrder_Response *place_with(struct bw *w, const Trd_PlaceOrder_C2S *with,
                                                  const char *key)
{
    struct bw_ask a = { .rq = { .proto = 2202, .conn_id = 77, .done = bw_done } };
    const Trd_PlaceOrder_Request q = { .c2s = (Trd_PlaceOrder_C2S *)(uintptr_t)with };
    str_copy(a.rq.key, sizeof(a.rq.key), str_c(key));
    ck_assert_int_eq(codec_encode(&Trd_PlaceOrder_Request_msg, &q, &a.sent, NULL), FUTU_OK);
    a.rq.body = a.sent.p;
    a.rq.len = a.sent.n;
    w->up->ops->request(w->up, &a.rq);
    rig_pump(&w->rig);
    return bw_answer(w, &a);
}

struct order {
    Common_PacketID id;
    Trd_Common_TrdHeader h;
    Trd_PlaceOrder_C2S c2s;
};

static inline void fill(struct order *o, uint64_t account, int32_t market, const char *code,
                        double price, double qty)
{
    memset(o, 0, sizeof(*o));
    SET(&o->id, connID, 77);
    SET(&o->id, serialNo, 1);
    o->h = bw_header(account, market);
    o->c2s.packetID = &o->id;
    o->c2s.header = &o->h;
    SET(&o->c2s, trdSide, Trd_Common_TrdSide_Buy);
    SET(&o->c2s, orderType, Trd_Common_OrderType_Normal);
    o->c2s.code = str_c(code);
    SET(&o->c2s, qty, qty);
    SET(&o->c2s, price, price);
    o->c2s.remark = STR("from the test");
}

/* Far below the market: it stays. */
static inline Trd_PlaceOrder_Response *place(struct bw *w, const char *key)
{
    struct order o;
    fill(&o, HK_ACC, 1, "00700", 300, 100);
    return place_with(w, &o.c2s, key);
}

static inline const Trd_GetOrderList_S2C *orders(struct bw *w)
{
    Trd_Common_TrdHeader h = bw_header(HK_ACC, 1);
    Trd_GetOrderList_C2S c2s = { .header = &h };
    const Trd_GetOrderList_Request q = { .c2s = &c2s };
    const Trd_GetOrderList_Response *r = bw_call(w, 2201, &q);
    ck_assert_msg(r->retType == RET_OK, "%s", bw_msg(r));
    return r->s2c;
}

#endif
