/* cancel_all_test.c - all open orders of an account are cancelled, and no other. */
#include "broker_world.h"

static Trd_PlaceOrder_Response *place_with(struct bw *w, const Trd_PlaceOrder_C2S *with,
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

static void fill(struct order *o, uint64_t account, int32_t market, const char *code, double price,
                 double qty)
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
static Trd_PlaceOrder_Response *place(struct bw *w, const char *key)
{
    struct order o;
    fill(&o, HK_ACC, 1, "00700", 300, 100);
    return place_with(w, &o.c2s, key);
}

static const Trd_GetOrderList_S2C *orders(struct bw *w)
{
    Trd_Common_TrdHeader h = bw_header(HK_ACC, 1);
    Trd_GetOrderList_C2S c2s = { .header = &h };
    const Trd_GetOrderList_Request q = { .c2s = &c2s };
    const Trd_GetOrderList_Response *r = bw_call(w, 2201, &q);
    ck_assert_msg(r->retType == RET_OK, "%s", bw_msg(r));
    return r->s2c;
}

static const struct bw_head *cancel_all_of(struct bw *w, int32_t op, int32_t market)
{
    Common_PacketID pid = { .has_connID = true, .has_serialNo = true, .serialNo = 9 };
    Trd_Common_TrdHeader h = bw_header(HK_ACC, 1);
    Trd_ModifyOrder_C2S c2s = { .packetID = &pid, .header = &h };
    SET(&c2s, orderID, 0);
    SET(&c2s, modifyOrderOp, op);
    SET(&c2s, forAll, true);
    if (market)
        SET(&c2s, trdMarket, market);
    const Trd_ModifyOrder_Request q = { .c2s = &c2s };
    return bw_call(w, 2205, &q);
}

START_TEST(all_open_orders_are_cancelled_and_no_other)
{
    struct bw w;
    struct order o;
    bw_init(&w);
    ck_assert_ptr_nonnull(strstr(bw_msg(cancel_all_of(&w, 2, 0)), "is locked"));
    bw_unlock(&w, TRADE_PWD, 0, NULL);
    ck_assert_int_eq(bw_ret(cancel_all_of(&w, 2, 0)), RET_OK);      /* there is none */
    fill(&o, HK_ACC, 1, "00005", 900, 400);     /* filled at once */
    ck_assert_int_eq(place_with(&w, &o.c2s, "")->retType, RET_OK);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(place(&w, "")->retType, RET_OK);
    rig_pass(&w.rig, 2 * NS_PER_S);
    unsigned before = emu_asked(w.rig.emu, CMD_ORDER_CANCEL);
    ck_assert_int_eq(bw_ret(cancel_all_of(&w, 2, Trd_Common_TrdMarket_US)), RET_OK);
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_ORDER_CANCEL), before);
    ck_assert_int_eq(bw_ret(cancel_all_of(&w, 2, Trd_Common_TrdMarket_HK)), RET_OK);
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_ORDER_CANCEL), before + 5);
    rig_pass(&w.rig, NS_PER_S);
    const Trd_GetOrderList_S2C *l = orders(&w);
    ck_assert_uint_eq(l->n_orderList, 6);
    for (size_t i = 0; i < l->n_orderList; i++)
        ck_assert_int_eq(l->orderList[i].orderStatus,
                         strcmp(l->orderList[i].code.p, "00005") == 0
                             ? Trd_Common_OrderStatus_Filled_All
                             : Trd_Common_OrderStatus_Cancelled_All);
    ck_assert_str_eq(bw_msg(cancel_all_of(&w, 1, 0)), "forAll: only with modifyOrderOp 2 (cancel)");
    bw_free(&w);
}
END_TEST

START_TEST(a_loss_while_all_are_cancelled_is_told_as_unknown)
{
    struct bw w;
    bw_init(&w);
    bw_unlock(&w, TRADE_PWD, 0, NULL);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(place(&w, "")->retType, RET_OK);
    Common_PacketID pid = { .has_connID = true, .has_serialNo = true, .serialNo = 9 };
    Trd_Common_TrdHeader h = bw_header(HK_ACC, 1);
    Trd_ModifyOrder_C2S c2s = { .packetID = &pid, .header = &h };
    SET(&c2s, orderID, 0);
    SET(&c2s, modifyOrderOp, Trd_Common_ModifyOrderOp_Cancel);
    SET(&c2s, forAll, true);
    const Trd_ModifyOrder_Request q = { .c2s = &c2s };
    struct bw_ask a;
    emu_scene(w.rig.emu)->mute_cancels = 1;
    bw_send(&w, &a, 2205, &q);
    ck_assert_uint_eq(a.done, 0);
    emu_drop(w.rig.emu, 1001);
    rig_pass(&w.rig, NS_PER_S);
    const struct bw_head *r = bw_answer(&w, &a);
    ck_assert_int_eq(bw_ret(r), RET_DISCONNECTED);
    ck_assert_ptr_nonnull(strstr(bw_msg(r), "whether it was done is not known"));
    ck_assert(!a.rq.unsent);
    bw_free(&w);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, all_open_orders_are_cancelled_and_no_other);
    tcase_add_test(tc, a_loss_while_all_are_cancelled_is_told_as_unknown);
}

int main(void)
{
    return run_tcase("broker cancels all", add);
}
