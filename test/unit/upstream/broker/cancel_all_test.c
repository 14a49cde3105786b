/* cancel_all_test.c - all open orders of an account are cancelled, and no other. */
#include "broker_orders.h"

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
