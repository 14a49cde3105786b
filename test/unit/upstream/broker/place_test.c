/* place_test.c - what becomes of orders whose answer does not come: each is told truthfully, and
 * none is placed twice. */
#include "broker_world.h"

struct order {
    struct bw_ask a;
    Common_PacketID id;
    Trd_Common_TrdHeader h;
    Trd_PlaceOrder_C2S c2s;
};

static void fill(struct order *o, const char *key)
{
    memset(o, 0, sizeof(*o));
    o->a.rq = (struct upstream_request){ .proto = 2202, .conn_id = 77, .done = bw_done };
    str_copy(o->a.rq.key, sizeof(o->a.rq.key), str_c(key));
    SET(&o->id, connID, 77);
    SET(&o->id, serialNo, 1);
    o->h = bw_header(HK_ACC, 1);
    o->c2s.packetID = &o->id;
    o->c2s.header = &o->h;
    SET(&o->c2s, trdSide, Trd_Common_TrdSide_Buy);
    SET(&o->c2s, orderType, Trd_Common_OrderType_Normal);
    o->c2s.code = STR("00700");
    SET(&o->c2s, qty, 100);
    SET(&o->c2s, price, 300);           /* far below the market: it stays */
    o->c2s.remark = STR("mine");
}

static void encode(struct order *o)
{
    const Trd_PlaceOrder_Request q = { .c2s = &o->c2s };
    ck_assert_int_eq(codec_encode(&Trd_PlaceOrder_Request_msg, &q, &o->a.sent, NULL), FUTU_OK);
    o->a.rq.body = o->a.sent.p;
    o->a.rq.len = o->a.sent.n;
}

static void send(struct bw *w, struct order *o)
{
    encode(o);
    w->up->ops->request(w->up, &o->a.rq);
    rig_pump(&w->rig);
}

static void begin(struct bw *w, struct order *o, const char *key)
{
    bw_init(w);
    ck_assert_int_eq(bw_ret(bw_unlock(w, TRADE_PWD, 0, NULL)), RET_OK);
    fill(o, key);
}

static const Trd_PlaceOrder_Response *placed(struct bw *w, struct order *o)
{
    const Trd_PlaceOrder_Response *r = bw_answer(w, &o->a);
    ck_assert_msg(r->retType == RET_OK, "%s", bw_msg(r));
    return r;
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

START_TEST(an_order_taken_before_the_connection_broke_is_answered_as_placed)
{
    static const char *const keys[] = { "key-1", "" };      /* with and without one */
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct bw w;
        struct order o;
        begin(&w, &o, keys[i]);
        emu_scene(w.rig.emu)->lose_after = 1;
        send(&w, &o);
        ck_assert_uint_eq(o.a.done, 0);
        rig_pass(&w.rig, 10 * NS_PER_S);
        const Trd_PlaceOrder_Response *r = placed(&w, &o);
        const Trd_GetOrderList_S2C *l = orders(&w);
        ck_assert_uint_eq(l->n_orderList, 1);
        ck_assert_str_eq(l->orderList[0].orderIDEx.p, r->s2c->orderIDEx.p);
        ck_assert_uint_eq(r->s2c->orderID, l->orderList[0].orderID);
        ck_assert_uint_eq(r->s2c->header->accID, HK_ACC);
        ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_ORDER_NEW), 1);
        bw_free(&w);
    }
}
END_TEST

START_TEST(an_order_that_is_taken_and_never_answered_is_found_on_the_same_connection)
{
    struct bw w;
    struct order o;
    begin(&w, &o, "key-1");
    emu_scene(w.rig.emu)->lose_answer = 1;
    send(&w, &o);
    rig_pass(&w.rig, 12 * NS_PER_S);
    placed(&w, &o);
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_ORDER_NEW), 1);
    ck_assert_uint_eq(emu_orders(w.rig.emu, 1001), 1);
    bw_free(&w);
}
END_TEST

START_TEST(an_order_that_did_not_arrive_is_told_so_and_may_be_sent_again)
{
    struct bw w;
    struct order o;
    begin(&w, &o, "key-1");
    emu_scene(w.rig.emu)->lose_before = 1;
    send(&w, &o);
    rig_pass(&w.rig, 25 * NS_PER_S);
    ck_assert_uint_eq(o.a.done, 0);     /* a list may miss it still */
    rig_pass(&w.rig, 10 * NS_PER_S);
    const struct bw_head *r = bw_answer(&w, &o.a);
    ck_assert_int_eq(bw_ret(r), RET_FAILED);
    ck_assert(o.a.rq.unsent);
    ck_assert_str_eq(bw_msg(r), "connection: closed by the peer; the order did not arrive and may "
                                "be sent again");
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_HISTORY_ORDERS), 1);
    ck_assert_uint_eq(emu_orders(w.rig.emu, 1001), 0);
    ck_assert_int_eq(bw_ret(bw_unlock(&w, TRADE_PWD, 0, NULL)), RET_OK);
    fill(&o, "key-1");
    send(&w, &o);
    placed(&w, &o);
    ck_assert_uint_eq(emu_orders(w.rig.emu, 1001), 1);
    bw_free(&w);
}
END_TEST

START_TEST(a_list_that_misses_a_new_order_is_asked_until_it_shows_it)
{
    struct bw w;
    struct order o;
    begin(&w, &o, "key-1");
    emu_scene(w.rig.emu)->lose_after = 1;
    emu_scene(w.rig.emu)->lists_late_ms = 20000;
    send(&w, &o);
    rig_pass(&w.rig, 15 * NS_PER_S);
    ck_assert_uint_eq(o.a.done, 0);
    rig_pass(&w.rig, 10 * NS_PER_S);
    placed(&w, &o);
    bw_free(&w);
}
END_TEST

START_TEST(without_a_connection_its_fate_becomes_unknown)
{
    struct bw w;
    struct order o;
    begin(&w, &o, "key-1");
    emu_scene(w.rig.emu)->lose_after = 1;
    rig_host(&w.rig, "10.1.0.1", RIG_REFUSES);
    send(&w, &o);
    rig_pass(&w.rig, 290 * NS_PER_S);
    ck_assert_uint_eq(o.a.done, 0);
    rig_pass(&w.rig, 20 * NS_PER_S);
    const struct bw_head *r = bw_answer(&w, &o.a);
    ck_assert_int_eq(bw_ret(r), RET_TIMEOUT);
    ck_assert(!o.a.rq.unsent);
    ck_assert_ptr_nonnull(strstr(bw_msg(r), "whether the order was placed is not known"));
    bw_free(&w);
}
END_TEST

/* The gateway ends while the order is under way, and another takes its place. */
static void restart(struct bw *w)
{
    w->up->ops->free(w->up);
    bw_start(w);
}

START_TEST(an_order_of_a_process_that_has_ended_is_found_and_not_sent_again)
{
    struct bw w;
    struct order o;
    begin(&w, &o, "key-1");
    emu_scene(w.rig.emu)->lose_answer = 1;
    send(&w, &o);
    restart(&w);
    buf_free(&o.a.sent);
    fill(&o, "key-1");
    o.a.rq.resumed = true;
    send(&w, &o);                       /* locked: looking needs no unlock */
    placed(&w, &o);
    ck_assert_uint_eq(emu_asked(w.rig.emu, CMD_ORDER_NEW), 1);
    ck_assert_uint_eq(emu_orders(w.rig.emu, 1001), 1);
    bw_free(&w);
}
END_TEST

START_TEST(one_that_was_not_sent_is_sent_after_a_while_and_only_unlocked)
{
    struct bw w;
    struct order o;
    begin(&w, &o, "key-1");
    restart(&w);
    o.a.rq.resumed = true;
    send(&w, &o);
    rig_pass(&w.rig, 25 * NS_PER_S);
    ck_assert_uint_eq(o.a.done, 0);
    rig_pass(&w.rig, 10 * NS_PER_S);
    const struct bw_head *r = bw_answer(&w, &o.a);
    ck_assert_int_eq(bw_ret(r), RET_FAILED);
    ck_assert_ptr_nonnull(strstr(bw_msg(r), "is locked"));
    ck_assert(o.a.rq.unsent);
    ck_assert_int_eq(bw_ret(bw_unlock(&w, TRADE_PWD, 0, NULL)), RET_OK);
    fill(&o, "key-1");
    o.a.rq.resumed = true;
    send(&w, &o);                       /* the process is old enough by now */
    placed(&w, &o);
    ck_assert_uint_eq(emu_orders(w.rig.emu, 1001), 1);
    bw_free(&w);
}
END_TEST

START_TEST(a_resumed_order_waits_for_its_broker_and_is_never_called_unsent)
{
    struct bw w;
    struct order o;
    begin(&w, &o, "key-1");
    emu_scene(w.rig.emu)->lose_answer = 1;
    send(&w, &o);
    rig_host(&w.rig, "10.1.0.1", RIG_REFUSES);
    restart(&w);
    buf_free(&o.a.sent);
    fill(&o, "key-1");
    o.a.rq.resumed = true;
    send(&w, &o);
    rig_pass(&w.rig, 60 * NS_PER_S);
    ck_assert_uint_eq(o.a.done, 0);
    rig_host(&w.rig, "10.1.0.1", RIG_UP);
    rig_pass(&w.rig, 60 * NS_PER_S);
    placed(&w, &o);
    ck_assert_uint_eq(emu_orders(w.rig.emu, 1001), 1);
    bw_free(&w);
}
END_TEST

START_TEST(a_remark_without_room_for_a_mark_is_compared_whole)
{
    struct bw w;
    struct order o, other;
    begin(&w, &o, "");
    fill(&other, "");
    other.c2s.remark = o.c2s.remark =
        STR("0123456789012345678901234567890123456789012345678901234567890123");
    SET(&other.c2s, qty, 200);
    send(&w, &other);
    placed(&w, &other);
    emu_scene(w.rig.emu)->lose_after = 1;
    send(&w, &o);
    rig_pass(&w.rig, 10 * NS_PER_S);
    const Trd_PlaceOrder_Response *r = placed(&w, &o);
    ck_assert_int_eq(bw_ret(bw_unlock(&w, TRADE_PWD, 0, NULL)), RET_OK);
    const Trd_GetOrderList_S2C *l = orders(&w);
    for (size_t i = 0; i < l->n_orderList; i++)
        ck_assert((strcmp(l->orderList[i].orderIDEx.p, r->s2c->orderIDEx.p) == 0) ==
                  (l->orderList[i].qty == 100));
    fill(&o, "");                       /* its twin: which of the two it is nobody can say */
    o.c2s.remark = other.c2s.remark;
    emu_scene(w.rig.emu)->lose_after = 1;
    send(&w, &o);
    rig_pass(&w.rig, 10 * NS_PER_S);
    ck_assert_int_eq(bw_ret(bw_answer(&w, &o.a)), RET_TIMEOUT);
    bw_free(&w);
}
END_TEST

START_TEST(nobody_sees_the_mark)
{
    struct bw w;
    struct order o;
    begin(&w, &o, "key-1");
    send(&w, &o);
    placed(&w, &o);
    rig_pass(&w.rig, 2 * NS_PER_S);
    ck_assert_str_eq(orders(&w)->orderList[0].remark.p, "mine");
    const Trd_UpdateOrder_Response *u = bw_last(&w, 2208);
    ck_assert_str_eq(u->s2c->order->remark.p, "mine");
    bw_free(&w);
}
END_TEST

START_TEST(a_list_right_after_an_order_has_it)
{
    struct bw w;
    struct order o;
    begin(&w, &o, "");
    emu_scene(w.rig.emu)->lists_late_ms = 20000;
    send(&w, &o);
    const Trd_PlaceOrder_Response *r = placed(&w, &o);
    const Trd_GetOrderList_S2C *l = orders(&w);
    ck_assert_uint_eq(l->n_orderList, 1);
    ck_assert_str_eq(l->orderList[0].orderIDEx.p, r->s2c->orderIDEx.p);
    ck_assert_int_eq(l->orderList[0].orderStatus, Trd_Common_OrderStatus_Submitting);
    ck_assert(l->orderList[0].qty == 100 && l->orderList[0].price == 300);
    ck_assert_str_eq(l->orderList[0].remark.p, "mine");
    ck_assert_int_eq(l->orderList[0].secMarket, 1);
    int32_t filled = Trd_Common_OrderStatus_Filled_All;
    Trd_Common_TrdHeader h = bw_header(HK_ACC, 1);
    Trd_GetOrderList_C2S c2s = { .header = &h, .n_filterStatusList = 1,
                                 .filterStatusList = &filled };
    const Trd_GetOrderList_Request q = { .c2s = &c2s };
    ck_assert_uint_eq(((const Trd_GetOrderList_Response *)bw_call(&w, 2201, &q))->s2c->n_orderList,
                      0);
    size_t pushed = bw_count(&w, 2208);
    rig_pass(&w.rig, 31 * NS_PER_S);    /* no notice comes any more; the look finds it */
    ck_assert_uint_gt(bw_count(&w, 2208), pushed);
    l = orders(&w);
    ck_assert_uint_eq(l->n_orderList, 1);
    ck_assert_int_eq(l->orderList[0].orderStatus, Trd_Common_OrderStatus_Submitted);
    ck_assert(list_empty(&w.b->flights));
    bw_free(&w);
}
END_TEST

START_TEST(an_order_that_no_list_ever_shows_is_looked_for_five_minutes)
{
    struct bw w;
    struct order o;
    begin(&w, &o, "");
    emu_scene(w.rig.emu)->lists_late_ms = 3600000;
    send(&w, &o);
    placed(&w, &o);
    rig_pass(&w.rig, 31 * NS_PER_S);
    ck_assert_uint_eq(orders(&w)->n_orderList, 0);      /* no longer told as it was sent */
    ck_assert(!list_empty(&w.b->flights));
    rig_pass(&w.rig, 300 * NS_PER_S);
    ck_assert(list_empty(&w.b->flights));
    unsigned asked = emu_asked(w.rig.emu, dialect_order_list);
    rig_pass(&w.rig, 120 * NS_PER_S);
    ck_assert_uint_eq(emu_asked(w.rig.emu, dialect_order_list), asked);
    bw_free(&w);
}
END_TEST

START_TEST(an_asker_that_has_gone_leaves_nothing_behind)
{
    struct bw w;
    struct order o;
    begin(&w, &o, "key-1");
    emu_scene(w.rig.emu)->lose_after = 1;
    send(&w, &o);
    w.up->ops->cancel(w.up, &o.a.rq);
    rig_pass(&w.rig, 60 * NS_PER_S);
    ck_assert_uint_eq(o.a.done, 0);
    ck_assert(list_empty(&w.b->jobs));
    buf_free(&o.a.sent);
    bw_free(&w);
}
END_TEST

/* True: no allocation failed. */
static bool lose_at(long fail_at)
{
    struct bw w;
    struct order o;
    begin(&w, &o, "key-1");
    emu_scene(w.rig.emu)->lose_after = 1;
    encode(&o);
    mem_fail_at(fail_at);
    w.up->ops->request(w.up, &o.a.rq);
    rig_pass(&w.rig, 340 * NS_PER_S);
    bool failed = mem_failed();
    mem_fail_at(-1);
    ck_assert_uint_eq(o.a.done, 1);
    unsigned there = emu_orders(w.rig.emu, 1001);
    ck_assert_uint_le(there, 1);
    if (o.a.rq.unsent)
        ck_assert_uint_eq(there, 0);
    buf_free(&o.a.answer);
    buf_free(&o.a.sent);
    bw_free(&w);
    return !failed;
}

START_TEST(every_failed_allocation_is_clean)
{
    for (long n = 0; n < 2000 && !lose_at(n); n += 1 + n / 16)
        ;
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, an_order_taken_before_the_connection_broke_is_answered_as_placed);
    tcase_add_test(tc, an_order_that_is_taken_and_never_answered_is_found_on_the_same_connection);
    tcase_add_test(tc, an_order_that_did_not_arrive_is_told_so_and_may_be_sent_again);
    tcase_add_test(tc, a_list_that_misses_a_new_order_is_asked_until_it_shows_it);
    tcase_add_test(tc, without_a_connection_its_fate_becomes_unknown);
    tcase_add_test(tc, an_order_of_a_process_that_has_ended_is_found_and_not_sent_again);
    tcase_add_test(tc, one_that_was_not_sent_is_sent_after_a_while_and_only_unlocked);
    tcase_add_test(tc, a_resumed_order_waits_for_its_broker_and_is_never_called_unsent);
    tcase_add_test(tc, a_remark_without_room_for_a_mark_is_compared_whole);
    tcase_add_test(tc, nobody_sees_the_mark);
    tcase_add_test(tc, a_list_right_after_an_order_has_it);
    tcase_add_test(tc, an_order_that_no_list_ever_shows_is_looked_for_five_minutes);
    tcase_add_test(tc, an_asker_that_has_gone_leaves_nothing_behind);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("broker orders and their fate", add);
}
