/* order_test.c - orders, lists, funds and positions of the broker upstream, and its pushes. */
#include "broker_orders.h"

static const struct bw_head *modify(struct bw *w, uint64_t number, const char *id, int32_t op,
                                    double price)
{
    Common_PacketID pid = { .has_connID = true, .has_serialNo = true, .serialNo = 9 };
    Trd_Common_TrdHeader h = bw_header(HK_ACC, 1);
    Trd_ModifyOrder_C2S c2s = { .packetID = &pid, .header = &h, .orderIDEx = str_c(id) };
    SET(&c2s, orderID, number);
    SET(&c2s, modifyOrderOp, op);
    SET(&c2s, qty, 200);
    SET(&c2s, price, price);
    const Trd_ModifyOrder_Request q = { .c2s = &c2s };
    return bw_call(w, 2205, &q);
}

START_TEST(an_order_is_placed_listed_changed_and_cancelled)
{
    struct bw w;
    bw_init(&w);
    ck_assert_int_eq(bw_ret(bw_unlock(&w, TRADE_PWD, 0, NULL)), RET_OK);
    const Trd_PlaceOrder_Response *p = place(&w, "");
    ck_assert_msg(p->retType == RET_OK, "%s", bw_msg(p));
    ck_assert_uint_gt(p->s2c->orderIDEx.n, 4);
    ck_assert_uint_eq(p->s2c->orderID, dialect_order_number(p->s2c->orderIDEx));
    const Trd_GetOrderList_S2C *l = orders(&w);
    ck_assert_uint_eq(l->n_orderList, 1);
    const Trd_Common_Order *o = &l->orderList[0];
    ck_assert_uint_eq(o->orderID, p->s2c->orderID);
    ck_assert_int_eq(o->orderStatus, Trd_Common_OrderStatus_Submitted);
    ck_assert_str_eq(o->code.p, "00700");
    ck_assert(o->qty == 100 && o->price == 300);
    ck_assert_str_eq(o->remark.p, "from the test");
    ck_assert_int_eq(o->secMarket, 1);
    ck_assert_int_eq(o->trdMarket, 1);
    const struct bw_head *m = modify(&w, o->orderID, NULL, Trd_Common_ModifyOrderOp_Normal, 301);
    ck_assert_msg(bw_ret(m) == RET_OK, "%s", bw_msg(m));
    l = orders(&w);
    ck_assert(l->orderList[0].qty == 200 && l->orderList[0].price == 301);
    m = modify(&w, 0, l->orderList[0].orderIDEx.p, Trd_Common_ModifyOrderOp_Cancel, 0);
    ck_assert_msg(bw_ret(m) == RET_OK, "%s", bw_msg(m));
    rig_pass(&w.rig, NS_PER_S);
    ck_assert_int_eq(orders(&w)->orderList[0].orderStatus, Trd_Common_OrderStatus_Cancelled_All);
    bw_free(&w);
}
END_TEST

START_TEST(a_change_whose_asker_has_gone_goes_on)
{
    struct bw w;
    struct bw_ask a = { .rq = { .proto = 2205, .done = bw_done, .key = "k" } };
    bw_init(&w);
    bw_unlock(&w, TRADE_PWD, 0, NULL);
    const Trd_PlaceOrder_Response *p = place(&w, "");
    ck_assert_int_eq(p->retType, RET_OK);
    orders_free(w.b);                   /* as if it were of an earlier session */
    Common_PacketID pid = { .has_connID = true, .has_serialNo = true };
    Trd_Common_TrdHeader h = bw_header(HK_ACC, 1);
    Trd_ModifyOrder_C2S c2s = { .packetID = &pid, .header = &h };
    SET(&c2s, orderID, p->s2c->orderID);
    SET(&c2s, modifyOrderOp, Trd_Common_ModifyOrderOp_Cancel);
    const Trd_ModifyOrder_Request q = { .c2s = &c2s };
    ck_assert_int_eq(codec_encode(&Trd_ModifyOrder_Request_msg, &q, &a.sent, NULL), FUTU_OK);
    a.rq.body = a.sent.p, a.rq.len = a.sent.n;
    w.up->ops->request(w.up, &a.rq);
    w.up->ops->cancel(w.up, &a.rq);
    memset(&a.rq, 0xee, sizeof(a.rq));  /* it is the gateway's again */
    rig_pass(&w.rig, NS_PER_S);
    ck_assert_uint_eq(a.done, 0);
    ck_assert_int_eq(orders(&w)->orderList[0].orderStatus, Trd_Common_OrderStatus_Cancelled_All);
    buf_free(&a.sent);
    bw_free(&w);
}
END_TEST

START_TEST(every_change_of_an_order_is_pushed_once)
{
    struct bw w;
    bw_init(&w);
    bw_unlock(&w, TRADE_PWD, 0, NULL);
    struct order o;
    fill(&o, HK_ACC, 1, "00700", 900, 100);     /* far above: filled at once */
    const Trd_PlaceOrder_Response *p = place_with(&w, &o.c2s, "");
    ck_assert_msg(p->retType == RET_OK, "%s", bw_msg(p));
    rig_pass(&w.rig, 3 * NS_PER_S);
    ck_assert_uint_ge(bw_count(&w, 2208), 1);
    ck_assert_uint_ge(bw_count(&w, 2218), 1);
    const Trd_UpdateOrder_Response *u = bw_last(&w, 2208);
    ck_assert_uint_eq(u->s2c->header->accID, HK_ACC);
    ck_assert_int_eq(u->s2c->header->trdEnv, Trd_Common_TrdEnv_Real);
    ck_assert_int_eq(u->s2c->order->orderStatus, Trd_Common_OrderStatus_Filled_All);
    const Trd_UpdateOrderFill_Response *f = bw_last(&w, 2218);
    ck_assert_uint_eq(f->s2c->orderFill->orderID, p->s2c->orderID);
    ck_assert(f->s2c->orderFill->qty == 100);
    size_t before = bw_count(&w, 2208) + bw_count(&w, 2218);
    emu_drop(w.rig.emu, 1001);
    rig_pass(&w.rig, 10 * NS_PER_S);
    ck_assert_uint_eq(bw_count(&w, 2208) + bw_count(&w, 2218), before);
    bw_free(&w);
}
END_TEST

START_TEST(what_happened_during_a_loss_is_pushed_after_it)
{
    struct bw w;
    bw_init(&w);
    bw_unlock(&w, TRADE_PWD, 0, NULL);
    ck_assert_int_eq(place(&w, "")->retType, RET_OK);
    rig_pass(&w.rig, 2 * NS_PER_S);
    size_t before = bw_count(&w, 2208);
    ck_assert_uint_ge(before, 1);
    emu_drop(w.rig.emu, 1001);
    emu_cancel_all(w.rig.emu, 1001);
    rig_pass(&w.rig, 10 * NS_PER_S);
    ck_assert_uint_eq(bw_count(&w, 2208), before + 1);
    const Trd_UpdateOrder_Response *u = bw_last(&w, 2208);
    ck_assert_int_eq(u->s2c->order->orderStatus, Trd_Common_OrderStatus_Cancelled_All);
    bw_free(&w);
}
END_TEST

START_TEST(orders_that_were_there_before_are_not_pushed)
{
    struct bw w;
    bw_init(&w);
    bw_unlock(&w, TRADE_PWD, 0, NULL);
    ck_assert_int_eq(place(&w, "")->retType, RET_OK);
    rig_pass(&w.rig, 2 * NS_PER_S);
    size_t before = bw_count(&w, 2208);
    broker_relogin(w.up);
    rig_pass(&w.rig, 5 * NS_PER_S);
    ck_assert_uint_eq(bw_count(&w, 2208), before);
    w.up->ops->free(w.up);              /* another gateway of the same user */
    bw_start(&w);
    rig_pass(&w.rig, 5 * NS_PER_S);
    ck_assert_uint_eq(bw_count(&w, 2208), before);
    ck_assert_uint_eq(orders(&w)->n_orderList, 1);
    bw_free(&w);
}
END_TEST

START_TEST(a_locked_account_places_nothing)
{
    struct bw w;
    bw_init(&w);
    bw_unlock(&w, TRADE_PWD, 2, NULL);
    const struct bw_head *p = (const void *)place(&w, "");
    ck_assert_int_eq(bw_ret(p), RET_FAILED);
    ck_assert_ptr_nonnull(strstr(bw_msg(p), "is locked)"));
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_ORDER_NEW), 0);
    bw_free(&w);
}
END_TEST

START_TEST(the_same_key_places_one_order)
{
    struct bw w;
    bw_init(&w);
    bw_unlock(&w, TRADE_PWD, 0, NULL);
    const Trd_PlaceOrder_Response *a = place(&w, "key-1"), *b = place(&w, "key-1");
    ck_assert_int_eq(a->retType, RET_OK);
    ck_assert_int_eq(b->retType, RET_OK);
    ck_assert_str_eq(a->s2c->orderIDEx.p, b->s2c->orderIDEx.p);
    ck_assert_int_eq(place(&w, "")->retType, RET_OK);
    ck_assert_int_eq(place(&w, "")->retType, RET_OK);
    ck_assert_uint_eq(orders(&w)->n_orderList, 3);
    bw_free(&w);
}
END_TEST

START_TEST(an_order_to_a_broker_that_is_not_there_is_certainly_unsent)
{
    struct bw w;
    struct order o;
    struct bw_ask a;
    bw_init(&w);
    bw_unlock(&w, TRADE_PWD, 0, NULL);
    emu_kick(w.rig.emu, 1001);
    rig_pump(&w.rig);
    fill(&o, HK_ACC, 1, "00700", 300, 100);
    const Trd_PlaceOrder_Request q = { .c2s = &o.c2s };
    bw_send(&w, &a, 2202, &q);
    ck_assert(a.rq.unsent);
    const struct bw_head *r = bw_answer(&w, &a);
    ck_assert_int_eq(bw_ret(r), RET_DISCONNECTED);
    ck_assert_str_eq(bw_msg(r),
                     "broker 1001 is not connected (kicked: the server ended the login)");
    bw_free(&w);
}
END_TEST

START_TEST(what_an_order_asks_for_and_no_message_carries_is_named)
{
    struct bw w;
    struct order o;
    bw_init(&w);
    bw_unlock(&w, TRADE_PWD, 0, NULL);
    fill(&o, HK_ACC, 1, "00700", 300, 100);
    SET(&o.c2s, adjustPrice, true);
    ck_assert_str_eq(bw_msg(place_with(&w, &o.c2s, "")),
                     "not supported over the direct login: adjustPrice");
    fill(&o, HK_ACC, Trd_Common_TrdMarket_Futures, "HSImain", 300, 1);
    ck_assert_str_eq(bw_msg(place_with(&w, &o.c2s, "")),
                     "not supported over the direct login: orders of futures");
    fill(&o, HK_ACC, 1, "00700", 300, -1);
    ck_assert_str_eq(bw_msg(place_with(&w, &o.c2s, "")), "qty: a number above 0 is expected");
    fill(&o, 42, 1, "00700", 300, 1);
    ck_assert_str_eq(bw_msg(place_with(&w, &o.c2s, "")), "account 42 is not known");
    fill(&o, HK_ACC, 1, "00700", 300, 1);
    SET(&o.h, trdEnv, 0);
    ck_assert_ptr_nonnull(strstr(bw_msg(place_with(&w, &o.c2s, "")), "trdEnv must be 1"));
    ck_assert_ptr_nonnull(strstr(bw_msg(modify(&w, 1, NULL, Trd_Common_ModifyOrderOp_Disable, 1)),
                                 "not supported over the direct login: modifyOrderOp 3 (disable)"));
    ck_assert_ptr_nonnull(strstr(bw_msg(modify(&w, 1, NULL, Trd_Common_ModifyOrderOp_Delete, 1)),
                                 "modifyOrderOp 5 (delete)"));
    ck_assert_ptr_nonnull(strstr(bw_msg(modify(&w, 1, NULL, Trd_Common_ModifyOrderOp_Cancel, 0)),
                                 "order 1 is not one of account"));
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_ORDER_NEW), 0);
    bw_free(&w);
}
END_TEST

START_TEST(a_refusal_carries_the_brokers_words)
{
    struct bw w;
    struct order o;
    bw_init(&w);
    bw_unlock(&w, TRADE_PWD, 0, NULL);
    fill(&o, HK_ACC, 1, "00700", 300, 7);       /* no whole lot */
    const struct bw_head *r = (const void *)place_with(&w, &o.c2s, "");
    ck_assert_int_eq(bw_ret(r), RET_FAILED);
    ck_assert_ptr_nonnull(strstr(bw_msg(r), "the broker refuses with code 2: "));
    bw_free(&w);
}
END_TEST

START_TEST(us_orders_go_to_the_us_broker)
{
    struct bw w;
    struct order o;
    bw_init(&w);
    bw_unlock(&w, TRADE_PWD, 0, NULL);
    fill(&o, US_ACC, 2, "AAPL", 10, 5);
    const Trd_PlaceOrder_Response *p = place_with(&w, &o.c2s, "");
    ck_assert_msg(p->retType == RET_OK, "%s", bw_msg(p));
    Trd_Common_TrdHeader h = bw_header(US_ACC, 2);
    Trd_GetOrderList_C2S c2s = { .header = &h };
    const Trd_GetOrderList_Request q = { .c2s = &c2s };
    const Trd_GetOrderList_Response *r = bw_call(&w, 2201, &q);
    ck_assert_uint_eq(r->s2c->n_orderList, 1);
    ck_assert_int_eq(r->s2c->orderList[0].secMarket, 2);
    ck_assert_uint_eq(orders(&w)->n_orderList, 0);
    bw_free(&w);
}
END_TEST

START_TEST(lists_pass_through_their_filters)
{
    struct bw w;
    struct order o;
    bw_init(&w);
    bw_unlock(&w, TRADE_PWD, 0, NULL);
    place(&w, "");
    fill(&o, HK_ACC, 1, "00005", 900, 400);
    place_with(&w, &o.c2s, "");
    rig_pass(&w.rig, 2 * NS_PER_S);
    futu_str code = STR("00005");
    int32_t filled = Trd_Common_OrderStatus_Filled_All;
    Trd_Common_TrdHeader h = bw_header(HK_ACC, 1);
    Trd_Common_TrdFilterConditions f = { .n_codeList = 1, .codeList = &code };
    Trd_GetOrderList_C2S c2s = { .header = &h, .filterConditions = &f };
    const Trd_GetOrderList_Request q = { .c2s = &c2s };
    const Trd_GetOrderList_Response *r = bw_call(&w, 2201, &q);
    ck_assert_uint_eq(r->s2c->n_orderList, 1);
    ck_assert_str_eq(r->s2c->orderList[0].code.p, "00005");
    f = (Trd_Common_TrdFilterConditions){ 0 };
    c2s.n_filterStatusList = 1;
    c2s.filterStatusList = &filled;
    r = bw_call(&w, 2201, &q);
    ck_assert_uint_eq(r->s2c->n_orderList, 1);
    ck_assert_int_eq(r->s2c->orderList[0].orderStatus, filled);
    c2s.n_filterStatusList = 0;
    f.beginTime = STR("tomorrow");
    ck_assert_str_eq(bw_msg(bw_call(&w, 2201, &q)),
                     "beginTime: yyyy-MM-dd HH:mm:ss is expected");
    Trd_GetOrderFillList_C2S f2s = { .header = &h };
    const Trd_GetOrderFillList_Request fq = { .c2s = &f2s };
    const Trd_GetOrderFillList_Response *fr = bw_call(&w, 2211, &fq);
    ck_assert_int_eq(fr->retType, RET_OK);
    ck_assert_uint_ge(fr->s2c->n_orderFillList, 1);
    ck_assert_str_eq(fr->s2c->orderFillList[0].code.p, "00005");
    bw_free(&w);
}
END_TEST

START_TEST(history_needs_its_times_and_covers_them)
{
    struct bw w;
    struct order o;
    bw_init(&w);
    bw_unlock(&w, TRADE_PWD, 0, NULL);
    fill(&o, HK_ACC, 1, "00005", 900, 400);
    place_with(&w, &o.c2s, "");
    rig_pass(&w.rig, 2 * NS_PER_S);
    char from[24], to[24];
    market_time_text(MARKET_HK, w.rig.time.wall_ns - 3600 * NS_PER_S, false, from);
    market_time_text(MARKET_HK, w.rig.time.wall_ns + 3600 * NS_PER_S, false, to);
    Trd_Common_TrdHeader h = bw_header(HK_ACC, 1);
    Trd_Common_TrdFilterConditions f = { .beginTime = str_c(from) };
    Trd_GetHistoryOrderList_C2S c2s = { .header = &h, .filterConditions = &f };
    const Trd_GetHistoryOrderList_Request q = { .c2s = &c2s };
    ck_assert_str_eq(bw_msg(bw_call(&w, 2221, &q)),
                     "filterConditions: beginTime and endTime are needed");
    f.endTime = str_c(to);
    const Trd_GetHistoryOrderList_Response *r = bw_call(&w, 2221, &q);
    ck_assert_msg(r->retType == RET_OK, "%s", bw_msg(r));
    ck_assert_uint_eq(r->s2c->n_orderList, 1);
    Trd_GetHistoryOrderFillList_C2S f2s = { .header = &h, .filterConditions = &f };
    const Trd_GetHistoryOrderFillList_Request fq = { .c2s = &f2s };
    const Trd_GetHistoryOrderFillList_Response *fr = bw_call(&w, 2222, &fq);
    ck_assert_uint_ge(fr->s2c->n_orderFillList, 1);
    bw_free(&w);
}
END_TEST

START_TEST(funds_positions_and_largest_quantities)
{
    struct bw w;
    struct order o;
    bw_init(&w);
    bw_unlock(&w, TRADE_PWD, 0, NULL);
    fill(&o, HK_ACC, 1, "00005", 900, 400);
    place_with(&w, &o.c2s, "");
    rig_pass(&w.rig, 2 * NS_PER_S);
    Trd_Common_TrdHeader h = bw_header(HK_ACC, 1);
    Trd_GetFunds_C2S f2s = { .header = &h };
    const Trd_GetFunds_Request fq = { .c2s = &f2s };
    const Trd_GetFunds_Response *f = bw_call(&w, 2101, &fq);
    ck_assert_msg(f->retType == RET_OK, "%s", bw_msg(f));
    ck_assert(f->s2c->funds->totalAssets > 1000000 && f->s2c->funds->power > 0);
    ck_assert_uint_gt(f->s2c->funds->n_cashInfoList, 0);
    Trd_GetPositionList_C2S p2s = { .header = &h };
    const Trd_GetPositionList_Request pq = { .c2s = &p2s };
    const Trd_GetPositionList_Response *p = bw_call(&w, 2102, &pq);
    ck_assert_uint_eq(p->s2c->n_positionList, 1);
    ck_assert_str_eq(p->s2c->positionList[0].code.p, "00005");
    ck_assert(p->s2c->positionList[0].qty == 400);
    Trd_GetMaxTrdQtys_C2S m2s = { .header = &h, .code = STR("00700") };
    SET(&m2s, orderType, 1);
    SET(&m2s, price, 400);
    const Trd_GetMaxTrdQtys_Request mq = { .c2s = &m2s };
    const Trd_GetMaxTrdQtys_Response *m = bw_call(&w, 2111, &mq);
    ck_assert_msg(m->retType == RET_OK, "%s", bw_msg(m));
    ck_assert(m->s2c->maxTrdQtys->maxCashBuy > 0);
    bw_free(&w);
}
END_TEST

START_TEST(a_general_failure_of_one_broker_means_no_fills)
{
    struct bw w;
    struct order o;
    bw_init(&w);
    bw_unlock(&w, TRADE_PWD, 0, NULL);
    Trd_Common_TrdHeader h = bw_header(US_ACC, 2);
    Trd_GetOrderFillList_C2S f2s = { .header = &h };
    const Trd_GetOrderFillList_Request fq = { .c2s = &f2s };
    const Trd_GetOrderFillList_Response *r = bw_call(&w, 2211, &fq);
    ck_assert_msg(r->retType == RET_OK, "%s", bw_msg(r));
    ck_assert_uint_eq(r->s2c->n_orderFillList, 0);
    ck_assert(account_by_id(w.b, US_ACC)->base);        /* which has read it, too */
    fill(&o, US_ACC, 2, "AAPL", 1000, 5);
    ck_assert_int_eq(place_with(&w, &o.c2s, "")->retType, RET_OK);
    rig_pass(&w.rig, 3 * NS_PER_S);
    ck_assert_uint_ge(bw_count(&w, 2218), 1);
    ck_assert(account_by_id(w.b, US_ACC)->traded);
    ck_assert(!fills_none(account_by_id(w.b, US_ACC), CODE_GENERAL));
    ck_assert(!fills_none(account_by_id(w.b, HK_ACC), CODE_GENERAL));
    bw_free(&w);
}
END_TEST

START_TEST(decimal_text_is_short_and_exact)
{
    static const struct {
        double v;
        const char *want;
    } rows[] = { { 380.2, "380.2" }, { 0, "0" }, { 100, "100" }, { 0.001, "0.001" },
                 { 123456789012, "123456789012" }, { 1.5, "1.5" }, { 0.0000001, "0.0000001" } };
    struct arena a = ARENA_INIT;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ck_assert_str_eq(dec_text(&a, rows[i].v).p, rows[i].want);
        ck_assert(dec_num(str_c(rows[i].want)) == rows[i].v);
    }
    arena_free(&a);
}
END_TEST

static void on_watch(struct upstream_watch *x, futu_err err, const char *why)
{
    (void)why;
    *(futu_err *)x->upstream_data = err;
}

START_TEST(accounts_whose_pushes_are_wanted_must_be_known)
{
    struct bw w;
    uint64_t ids[] = { HK_ACC, 42 };
    futu_err err = FUTU_EAGAIN;
    struct upstream_watch x = { .ids = ids, .n = 2, .done = on_watch };
    x.upstream_data = &err;
    bw_init(&w);
    w.up->ops->watch(w.up, &x);
    ck_assert_int_eq(err, FUTU_ENOTFOUND);
    x.n = 1;
    w.up->ops->watch(w.up, &x);
    ck_assert_int_eq(err, FUTU_OK);
    bw_free(&w);
}
END_TEST

static bool place_at(long fail_at)
{
    struct bw w;
    struct order o;
    struct bw_ask a = { .rq = { .proto = 2202, .done = bw_done } };
    bw_init(&w);
    bw_unlock(&w, TRADE_PWD, 0, NULL);
    fill(&o, HK_ACC, 1, "00700", 900, 100);
    const Trd_PlaceOrder_Request q = { .c2s = &o.c2s };
    ck_assert_int_eq(codec_encode(&Trd_PlaceOrder_Request_msg, &q, &a.sent, NULL), FUTU_OK);
    a.rq.body = a.sent.p, a.rq.len = a.sent.n;
    mem_fail_at(fail_at);
    w.up->ops->request(w.up, &a.rq);
    rig_pass(&w.rig, 340 * NS_PER_S);   /* what is lost is looked for */
    bool failed = mem_failed();
    mem_fail_at(-1);
    ck_assert_uint_eq(a.done, 1);
    buf_free(&a.sent);
    buf_free(&a.answer);
    bw_free(&w);
    return !failed;
}

START_TEST(every_failed_allocation_is_clean)
{
    for (long n = 0; n < 300 && !place_at(n); n += 1 + n / 64)
        ;
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, an_order_is_placed_listed_changed_and_cancelled);
    tcase_add_test(tc, a_change_whose_asker_has_gone_goes_on);
    tcase_add_test(tc, every_change_of_an_order_is_pushed_once);
    tcase_add_test(tc, what_happened_during_a_loss_is_pushed_after_it);
    tcase_add_test(tc, orders_that_were_there_before_are_not_pushed);
    tcase_add_test(tc, a_locked_account_places_nothing);
    tcase_add_test(tc, the_same_key_places_one_order);
    tcase_add_test(tc, an_order_to_a_broker_that_is_not_there_is_certainly_unsent);
    tcase_add_test(tc, what_an_order_asks_for_and_no_message_carries_is_named);
    tcase_add_test(tc, a_refusal_carries_the_brokers_words);
    tcase_add_test(tc, us_orders_go_to_the_us_broker);
    tcase_add_test(tc, lists_pass_through_their_filters);
    tcase_add_test(tc, history_needs_its_times_and_covers_them);
    tcase_add_test(tc, funds_positions_and_largest_quantities);
    tcase_add_test(tc, a_general_failure_of_one_broker_means_no_fills);
    tcase_add_test(tc, decimal_text_is_short_and_exact);
    tcase_add_test(tc, accounts_whose_pushes_are_wanted_must_be_known);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("broker orders", add);
}
