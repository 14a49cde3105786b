/* mcp_events.h - orders, fills and quotes that happen upstream, for tests that have a `k` of
 * rails.h. */
#ifndef TEST_UNIT_SURFACE_MCP_EVENTS_H
#define TEST_UNIT_SURFACE_MCP_EVENTS_H

/* Protobuf of an order's or a fill's push. */
static inline void order_body(struct arena *mem, uint64_t acc_id, uint32_t proto, struct buf *out)
{
    Trd_Common_TrdHeader *header = rails_filled(&Trd_Common_TrdHeader_msg, mem);
    header->accID = acc_id;
    header->trdMarket = 1;
    Trd_UpdateOrder_S2C order = { .header = header,
                                  .order = rails_filled(&Trd_Common_Order_msg, mem) };
    Trd_UpdateOrder_Response o = { .retMsg = STR(""), .s2c = &order };
    Trd_UpdateOrderFill_S2C fill = { .header = header,
                                     .orderFill = rails_filled(&Trd_Common_OrderFill_msg, mem) };
    Trd_UpdateOrderFill_Response f = { .retMsg = STR(""), .s2c = &fill };
    SET(&o, retType, 0);
    SET(&f, retType, 0);
    ck_assert_int_eq(proto == 2218 ? codec_encode(&Trd_UpdateOrderFill_Response_msg, &f, out, NULL)
                                   : codec_encode(&Trd_UpdateOrder_Response_msg, &o, out, NULL),
                     FUTU_OK);
}

static inline void order_event(uint64_t acc_id, uint32_t proto)
{
    struct arena mem = { .first = NULL };
    struct buf b = BUF_INIT;
    order_body(&mem, acc_id, proto, &b);
    k.r.events.trade(k.r.events.arg, acc_id, proto, b.p, b.n);
    rig_turn(&k.r);
    buf_free(&b);
    arena_free(&mem);
}

static inline void quote(double price)
{
    struct arena mem = { .first = NULL };
    struct buf b = BUF_INIT;
    Qot_Common_BasicQot *q = rails_filled(&Qot_Common_BasicQot_msg, &mem);
    q->security->market = 1;
    q->security->code = STR("00700");
    q->curPrice = price;
    Qot_UpdateBasicQot_S2C s2c = { .basicQotList = q, .n_basicQotList = 1 };
    Qot_UpdateBasicQot_Response rsp = { .retMsg = STR(""), .s2c = &s2c };
    SET(&rsp, retType, 0);
    ck_assert_int_eq(codec_encode(&Qot_UpdateBasicQot_Response_msg, &rsp, &b, NULL), FUTU_OK);
    char *hex = mem_alloc(2 * b.n + 1);
    for (size_t i = 0; i < b.n; i++)
        snprintf(hex + 2 * i, 3, "%02x", b.p[i]);
    rig_push(&k.r, 3005, 1, 0, hex, false);
    rig_turn(&k.r);
    mem_free(hex);
    buf_free(&b);
    arena_free(&mem);
}

#endif
