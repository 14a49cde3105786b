/* delay_test.c - GetDelayStatistics: what was measured, through the hub with a clock that we
 * move. */
#include "gateway/histo.h"
#include "rig.h"

#define PUSH "0800120018002200"
#define MS NS_PER_MS

static struct rig r;
static struct peer a;

static void setup(void)
{
    rig_init(&r, NULL);
    peer_open(&a, &r, FUTU_WIRE_TCP);
    peer_init(&a, CIPHER_NONE, 0, false);
}

static void teardown(void)
{
    peer_close(&a);
    rig_free(&r);
}

static GetDelayStatistics_S2C *report(const char *hex)
{
    peer_send_hex(&a, 1007, 9, hex);
    GetDelayStatistics_Response *rsp = peer_reply(&a, 1007, 9);
    ck_assert_int_eq(rsp->retType, 0);
    return rsp->s2c;
}

/* Made `before` ms before it comes in, taken by the client `after` ms later. */
static void push(int32_t type, uint32_t proto, int64_t before, int64_t after)
{
    struct frame f;
    struct upstream_push p = { .proto = proto, .key = { 1, type, 0, "00700" },
                               .body = (const uint8_t *)"\x08", .len = 1,
                               .made_ns = r.time.mono_ns - before * MS };
    r.events.push(r.events.arg, &p);
    clock_fake_advance(&r.time, after * MS);
    ck_assert(peer_next(&a, &f));
    ck_assert_uint_eq(f.proto, proto);
}

START_TEST(pushes_by_stage)
{
    peer_sub(&a, 2, &(struct sub_args){ "00700", TYPES(1, 2, 5), true, 1, 0, -1, false });
    peer_ok(&a, 3001, 2);
    push(1, 3005, 5, 2);
    push(1, 3005, 7, 0);
    push(2, 3013, 300, 900);
    push(5, 3009, 1, 1);                                /* not of the four kinds */
    GetDelayStatistics_S2C *s = report("0a04 0801 1004");       /* pushes, SS2CS */
    ck_assert_uint_eq(s->n_qotPushStatisticsList, 2);
    ck_assert_uint_eq(s->n_reqReplyStatisticsList, 0);
    GetDelayStatistics_DelayStatistics *q = &s->qotPushStatisticsList[0];
    ck_assert_int_eq(q->qotPushType, 1);
    ck_assert_int_eq(q->count, 2);
    ck_assert_float_eq_tol(q->delayAvg, 7, 0.001f);
    ck_assert_uint_eq(q->n_itemList, 54);
    ck_assert_int_eq(q->itemList[3].begin, 6);
    ck_assert_int_eq(q->itemList[3].end, 8);
    ck_assert_int_eq(q->itemList[3].count, 2);
    ck_assert_float_eq_tol(q->itemList[3].proportion, 100, 0.001f);
    ck_assert_float_eq_tol(q->itemList[2].cumulativeRatio, 0, 0.001f);
    ck_assert_int_eq(q->itemList[53].end, -1);
    ck_assert_float_eq_tol(q[1].delayAvg, 1200, 0.01f);
    ck_assert_int_eq(q[1].itemList[52].count, 1);       /* 1000 to 2000 */
    s = report("0a04 0801 1003");                               /* CR2CS */
    ck_assert_float_eq_tol(s->qotPushStatisticsList[0].delayAvg, 1, 0.001f);
    ck_assert_float_eq_tol(s->qotPushStatisticsList[1].delayAvg, 900, 0.01f);
    s = report("0a04 0801 1002");                               /* SS2CR */
    ck_assert_float_eq_tol(s->qotPushStatisticsList[0].delayAvg, 6, 0.001f);
    s = report("0a04 0801 1001");                               /* SR2SS: nobody knows */
    ck_assert_uint_eq(s->n_qotPushStatisticsList, 0);
    s = report("0a08 0801 1803 1806 180a");
    q = &s->qotPushStatisticsList[0];
    ck_assert_uint_eq(q->n_itemList, 3);
    ck_assert_int_eq(q->itemList[1].begin, 3);
    ck_assert_int_eq(q->itemList[1].end, 6);
    ck_assert_int_eq(q->itemList[2].count, 2);
    ck_assert_int_eq(q[1].itemList[2].count, 0);        /* beyond the last class */
}
END_TEST

START_TEST(segments_must_rise)
{
    peer_send_hex(&a, 1007, 3, "0a04 1806 1803");
    peer_refused(&a, 1007, 3, -1, "segmentList");
    peer_send_hex(&a, 1007, 4, "0a0d 18ffffffffffffffffff01 1803");
    peer_refused(&a, 1007, 4, -1, "segmentList");
}
END_TEST

static const GetDelayStatistics_ReqReplyStatisticsItem *of(const GetDelayStatistics_S2C *s,
                                                           int32_t proto)
{
    for (size_t i = 0; i < s->n_reqReplyStatisticsList; i++)
        if (s->reqReplyStatisticsList[i].protoID == proto)
            return &s->reqReplyStatisticsList[i];
    ck_abort_msg("nothing about %d", proto);
    return NULL;
}

START_TEST(calls_in_the_gateway_and_upstream)
{
    peer_send_hex(&a, 1005, 3, "0a00");
    clock_fake_advance(&r.time, 40 * MS);
    rig_answer(&r, 1005, HEX_OK);
    clock_fake_advance(&r.time, 2 * MS);
    peer_ok(&a, 1005, 3);
    peer_send_hex(&a, 1005, 4, "0a00");
    rig_answer(&r, 1005, HEX_OK);
    peer_ok(&a, 1005, 4);
    peer_send_hex(&a, 1004, 5, "0a020801");
    clock_fake_advance(&r.time, 4 * MS);
    peer_ok(&a, 1004, 5);
    GetDelayStatistics_S2C *s = report("0a02 0802");
    ck_assert_uint_eq(s->n_qotPushStatisticsList, 0);
    const GetDelayStatistics_ReqReplyStatisticsItem *i = of(s, 1005);
    ck_assert_int_eq(i->count, 2);
    ck_assert_float_eq_tol(i->totalCostAvg, 21, 0.01f);
    ck_assert_float_eq_tol(i->netDelayAvg, 20, 0.01f);
    ck_assert_float_eq_tol(i->openDCostAvg, 1, 0.01f);
    ck_assert(!i->isLocalReply);
    i = of(s, 1004);
    ck_assert_float_eq_tol(i->totalCostAvg, 4, 0.01f);
    ck_assert_float_eq_tol(i->netDelayAvg, 0, 0.01f);
    ck_assert(i->isLocalReply);
    ck_assert_int_eq(of(s, 1001)->count, 1);
}
END_TEST

/* Its surface takes 2 ms to write the answer. */
static void written(struct hub_call *call, const struct hub_reply *reply)
{
    (void)call;
    ck_assert_ptr_nonnull(reply);
    clock_fake_advance(&r.time, 2 * MS);
}

START_TEST(calls_of_every_surface)
{
    static const enum iface ifaces[] = { IFACE_REST, IFACE_GRPC, IFACE_MCP };
    static const uint8_t info[] = { 0x0a, 0 }, alive[] = { 0x0a, 2, 8, 1 };
    for (size_t n = 0; n < ARRAY_LEN(ifaces); n++) {
        struct hub_call up = { .proto = 1005, .fmt = FRAME_PROTOBUF, .body = info, .len = 2,
                               .endpoint = "test", .done = written };
        struct hub_call here = { .proto = 1004, .fmt = FRAME_PROTOBUF, .body = alive, .len = 4,
                                 .endpoint = "test", .done = written };
        futu_conn *c;
        ck_assert_int_eq(hub_caller(r.hub, ifaces[n], NULL, &c), FUTU_OK);
        hub_call(c, &up);
        clock_fake_advance(&r.time, 40 * MS);
        rig_answer(&r, 1005, HEX_OK);
        hub_call(c, &here);
        const GetDelayStatistics_S2C *s = report("0a02 0802");
        const GetDelayStatistics_ReqReplyStatisticsItem *i = of(s, 1005);
        ck_assert_int_eq(i->count, n + 1);
        ck_assert_float_eq_tol(i->totalCostAvg, 42, 0.01f);
        ck_assert_float_eq_tol(i->netDelayAvg, 40, 0.01f);
        ck_assert_float_eq_tol(i->openDCostAvg, 2, 0.01f);
        ck_assert(!i->isLocalReply);
        i = of(s, 1004);
        ck_assert_int_eq(i->count, n + 1);
        ck_assert_float_eq_tol(i->totalCostAvg, 2, 0.01f);
        ck_assert(i->isLocalReply);
    }
}
END_TEST

START_TEST(answers_that_a_surface_had_kept)
{
    int64_t at = r.time.mono_ns;
    clock_fake_advance(&r.time, 3 * MS);
    hub_count_call(r.hub, proto_find(3004), IFACE_REST, 100, at);
    const GetDelayStatistics_ReqReplyStatisticsItem *i = of(report("0a02 0802"), 3004);
    ck_assert_int_eq(i->count, 1);
    ck_assert_float_eq_tol(i->totalCostAvg, 3, 0.01f);
    ck_assert(i->isLocalReply);
}
END_TEST

static void place(uint32_t number)
{
    uint8_t bytes[128];
    size_t n = unhex("0a26 0a0c 088180f09d99ddbf92611063 1206 0800 1001 1801 1801 2001 2a0178"
                     " 310000000000005940", bytes, sizeof(bytes));
    bytes[15] = (uint8_t)number;
    peer_send(&a, 2202, 0, number, bytes, n);
}

static void order_push(const char *id)
{
    Trd_Common_TrdHeader header = { .trdEnv = 0 };
    Trd_Common_Order order = { .orderIDEx = str_c(id), .code = STR("x"), .name = STR("x"),
                               .createTime = STR(""), .updateTime = STR("") };
    Trd_UpdateOrder_S2C s2c = { .header = &header, .order = &order };
    Trd_UpdateOrder_Response rsp = { .s2c = &s2c };
    struct buf body = BUF_INIT;
    SET(&rsp, retType, 0);
    SET(&header, trdEnv, 0);
    SET(&header, accID, 1);
    SET(&header, trdMarket, 1);
    SET(&order, trdSide, 1);
    SET(&order, orderType, 1);
    SET(&order, orderStatus, 5);
    SET(&order, orderID, 1);
    SET(&order, qty, 1);
    ck_assert_int_eq(codec_encode(&Trd_UpdateOrder_Response_msg, &rsp, &body, NULL), FUTU_OK);
    r.events.trade(r.events.arg, 1, 2208, body.p, body.n);
    buf_free(&body);
}

START_TEST(orders_until_their_first_push)
{
    place(1);
    clock_fake_advance(&r.time, 30 * MS);
    rig_answer(&r, 2202, "080012001800220e 0a06 0800 1001 1801 1001 1a02 4131");
    peer_ok(&a, 2202, 1);
    clock_fake_advance(&r.time, 100 * MS);
    place(2);
    rig_answer(&r, 2202, "080012001800220e 0a06 0800 1001 1801 1002 1a02 4132");
    peer_ok(&a, 2202, 2);
    clock_fake_advance(&r.time, 50 * MS);
    order_push("A1");
    clock_fake_advance(&r.time, 50 * MS);
    order_push("A1");                               /* only the first one counts */
    GetDelayStatistics_S2C *s = report("0a02 0803");
    ck_assert_uint_eq(s->n_placeOrderStatisticsList, 2);
    GetDelayStatistics_PlaceOrderStatisticsItem *o = s->placeOrderStatisticsList;
    ck_assert_str_eq(o[0].orderID.p, "A1");
    ck_assert_float_eq_tol(o[0].totalCost, 30, 0.01f);
    ck_assert_float_eq_tol(o[0].netDelay, 30, 0.01f);
    ck_assert_float_eq_tol(o[0].updateCost, 150, 0.01f);
    ck_assert_str_eq(o[1].orderID.p, "A2");
    ck_assert_float_eq_tol(o[1].updateCost, 0, 0.01f);
}
END_TEST

START_TEST(histogram_classes)
{
    static struct histo h;
    static const int64_t ms[] = { -5, 0, 1, 1, 1023, 1024, 1031, 1032, 5000, 1 << 19, 1 << 30 };
    for (size_t i = 0; i < ARRAY_LEN(ms); i++)
        histo_add(&h, ms[i] * MS);
    ck_assert_uint_eq(h.count, 11);
    ck_assert_uint_eq(histo_between(&h, 0, 1), 2);
    ck_assert_uint_eq(histo_between(&h, 1, 2), 2);
    ck_assert_uint_eq(histo_between(&h, 2, 1024), 1);
    ck_assert_uint_eq(histo_between(&h, 1024, 1032), 2);
    ck_assert_uint_eq(histo_between(&h, 1032, 6000), 2);
    ck_assert_uint_eq(histo_between(&h, 6000, -1), 2);
    ck_assert_uint_eq(histo_between(&h, 0, -1), 11);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, pushes_by_stage);
    tcase_add_test(tc, segments_must_rise);
    tcase_add_test(tc, calls_in_the_gateway_and_upstream);
    tcase_add_test(tc, calls_of_every_surface);
    tcase_add_test(tc, answers_that_a_surface_had_kept);
    tcase_add_test(tc, orders_until_their_first_push);
    tcase_add_test(tc, histogram_classes);
}

int main(void)
{
    return run_tcase("delay", add);
}
