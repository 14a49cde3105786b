/* bodies.c - see bodies.h. */
#include "bodies.h"

#include <stdio.h>

#define MOST 1024

static void set_ok(int32_t *ret, bool *has_ret)
{
    *ret = RET_OK;
    *has_ret = true;
}
#define OK(rsp) set_ok(&(rsp)->retType, &(rsp)->has_retType)

static Qot_Common_Security security(const char *code)
{
    Qot_Common_Security s = { .code = str_c(code) };
    SET(&s, market, Qot_Common_QotMarket_HK_Security);
    return s;
}

/* ---- quotes ---- */

static Qot_Common_BasicQot quote(Qot_Common_Security *s, double price)
{
    Qot_Common_BasicQot b = { .security = s, .updateTime = STR(""), .listTime = STR("") };
    SET(&b, isSuspended, false);
    SET(&b, priceSpread, 0.2);
    SET(&b, highPrice, price);
    SET(&b, openPrice, price);
    SET(&b, lowPrice, price);
    SET(&b, curPrice, price);
    SET(&b, lastClosePrice, price);
    SET(&b, volume, 1);
    SET(&b, turnover, price);
    SET(&b, turnoverRate, 0);
    SET(&b, amplitude, 0);
    return b;
}

void push_quotes(struct peer *p, const char *const *codes, size_t n, double price)
{
    Qot_Common_Security s[16];
    Qot_Common_BasicQot b[16];
    Qot_UpdateBasicQot_S2C s2c = { .basicQotList = b, .n_basicQotList = n };
    Qot_UpdateBasicQot_Response r = { .retMsg = STR(""), .s2c = &s2c };
    OK(&r);
    for (size_t i = 0; i < n; i++) {
        s[i] = security(codes[i]);
        b[i] = quote(&s[i], price);
    }
    peer_push_msg(p, LANE_QUOTE, 3005, &r);
}

void push_quote(struct peer *p, const char *code, double price)
{
    push_quotes(p, &code, 1, price);
}

void answer_quote(struct peer *p, struct asked *a, const char *code, double price)
{
    Qot_Common_Security s = security(code);
    Qot_Common_BasicQot b = quote(&s, price);
    Qot_GetBasicQot_S2C s2c = { .basicQotList = &b, .n_basicQotList = 1 };
    Qot_GetBasicQot_Response r = { .retMsg = STR(""), .s2c = &s2c };
    OK(&r);
    peer_answer_msg(p, a, &r);
}

static Qot_Common_Ticker *ticks(int64_t first, size_t n, int32_t type)
{
    static Qot_Common_Ticker list[MOST];
    ck_assert_uint_le(n, MOST);
    for (size_t i = 0; i < n; i++) {
        list[i] = (Qot_Common_Ticker){ .time = STR("2026-01-01 10:00:00") };
        SET(&list[i], sequence, first + (int64_t)i);
        SET(&list[i], dir, 1);
        SET(&list[i], price, 300);
        SET(&list[i], volume, 100);
        SET(&list[i], turnover, 30000);
        if (type)
            SET(&list[i], pushDataType, type);
    }
    return list;
}

void push_ticks(struct peer *p, const char *code, int64_t first, size_t n, int32_t type)
{
    Qot_Common_Security s = security(code);
    Qot_UpdateTicker_S2C s2c = { .security = &s, .tickerList = ticks(first, n, type),
                                 .n_tickerList = n };
    Qot_UpdateTicker_Response r = { .retMsg = STR(""), .s2c = &s2c };
    OK(&r);
    peer_push_msg(p, LANE_QUOTE, 3011, &r);
}

void answer_ticks(struct peer *p, struct asked *a, const char *code, int64_t first, size_t n)
{
    Qot_Common_Security s = security(code);
    Qot_GetTicker_S2C s2c = { .security = &s, .tickerList = ticks(first, n, 0), .n_tickerList = n,
                              .name = STR("Tencent") };
    Qot_GetTicker_Response r = { .retMsg = STR(""), .s2c = &s2c };
    OK(&r);
    peer_answer_msg(p, a, &r);
}

static futu_str time_of(int i)
{
    static char room[60][32];
    snprintf(room[i % 60], sizeof(room[0]), "2026-01-01 00:%02d:00", i % 60);
    return str_c(room[i % 60]);
}

static Qot_Common_KLine *bars(int first, size_t n)
{
    static Qot_Common_KLine list[60];
    ck_assert_uint_le(n, ARRAY_LEN(list));
    for (size_t i = 0; i < n; i++) {
        list[i] = (Qot_Common_KLine){ .time = time_of(first + (int)i) };
        SET(&list[i], isBlank, false);
    }
    return list;
}

void push_bars(struct peer *p, const char *code, int32_t kl_type, int rehab, int first, size_t n)
{
    Qot_Common_Security s = security(code);
    Qot_UpdateKL_S2C s2c = { .security = &s, .klList = bars(first, n), .n_klList = n };
    Qot_UpdateKL_Response r = { .retMsg = STR(""), .s2c = &s2c };
    OK(&r);
    SET(&s2c, rehabType, rehab);
    SET(&s2c, klType, kl_type);
    peer_push_msg(p, LANE_QUOTE, 3007, &r);
}

void answer_bars(struct peer *p, struct asked *a, const char *code, int first, size_t n)
{
    Qot_Common_Security s = security(code);
    Qot_GetKL_S2C s2c = { .security = &s, .klList = bars(first, n), .n_klList = n,
                          .name = STR("Tencent") };
    Qot_GetKL_Response r = { .retMsg = STR(""), .s2c = &s2c };
    OK(&r);
    peer_answer_msg(p, a, &r);
}

static Qot_Common_TimeShare *minutes(int first, size_t n)
{
    static Qot_Common_TimeShare list[60];
    ck_assert_uint_le(n, ARRAY_LEN(list));
    for (size_t i = 0; i < n; i++) {
        list[i] = (Qot_Common_TimeShare){ .time = time_of(first + (int)i) };
        SET(&list[i], minute, first + (int)i);
        SET(&list[i], isBlank, false);
    }
    return list;
}

void push_minutes(struct peer *p, const char *code, int first, size_t n)
{
    Qot_Common_Security s = security(code);
    Qot_UpdateRT_S2C s2c = { .security = &s, .rtList = minutes(first, n), .n_rtList = n };
    Qot_UpdateRT_Response r = { .retMsg = STR(""), .s2c = &s2c };
    OK(&r);
    peer_push_msg(p, LANE_QUOTE, 3009, &r);
}

void answer_minutes(struct peer *p, struct asked *a, const char *code, int first, size_t n)
{
    Qot_Common_Security s = security(code);
    Qot_GetRT_S2C s2c = { .security = &s, .rtList = minutes(first, n), .n_rtList = n };
    Qot_GetRT_Response r = { .retMsg = STR(""), .s2c = &s2c };
    OK(&r);
    peer_answer_msg(p, a, &r);
}

/* ---- trade ---- */

static Trd_Common_TrdHeader header(void)
{
    Trd_Common_TrdHeader h = { 0 };
    SET(&h, trdEnv, Trd_Common_TrdEnv_Real);
    SET(&h, accID, ACCOUNT);
    SET(&h, trdMarket, Trd_Common_TrdMarket_HK);
    return h;
}

static Trd_Common_Order order(const struct order_in *in)
{
    static char ids[8][24];
    char *id = ids[in->id % 8];
    Trd_Common_Order o = { .code = str_c(in->code ? in->code : "00700"), .name = STR("Tencent"),
                           .createTime = STR(""), .updateTime = STR(""),
                           .remark = str_c(in->remark) };
    snprintf(id, sizeof(ids[0]), "EX%llu", (unsigned long long)in->id);
    o.orderIDEx = str_c(id);
    SET(&o, trdSide, in->side ? in->side : Trd_Common_TrdSide_Buy);
    SET(&o, orderType, 1);
    SET(&o, orderStatus, 5);
    SET(&o, orderID, in->id);
    SET(&o, qty, in->qty);
    SET(&o, price, in->price);
    if (in->changed > 0) {
        SET(&o, createTimestamp, in->changed);
        SET(&o, updateTimestamp, in->changed);
    }
    return o;
}

void answer_orders(struct peer *p, struct asked *a, const struct order_in *list, size_t n)
{
    Trd_Common_TrdHeader h = header();
    Trd_Common_Order orders[8];
    Trd_GetOrderList_S2C s2c = { .header = &h, .orderList = orders, .n_orderList = n };
    Trd_GetOrderList_Response r = { .retMsg = STR(""), .s2c = &s2c };
    OK(&r);
    ck_assert_uint_le(n, ARRAY_LEN(orders));
    for (size_t i = 0; i < n; i++)
        orders[i] = order(&list[i]);
    peer_answer_msg(p, a, &r);
}

void push_order(struct peer *p, enum lane_id lane, const struct order_in *in)
{
    Trd_Common_TrdHeader h = header();
    Trd_Common_Order o = order(in);
    Trd_UpdateOrder_S2C s2c = { .header = &h, .order = &o };
    Trd_UpdateOrder_Response r = { .retMsg = STR(""), .s2c = &s2c };
    OK(&r);
    peer_push_msg(p, lane, P_ORDER_PUSH, &r);
}

static Trd_Common_OrderFill fill(uint64_t id, double changed)
{
    Trd_Common_OrderFill f = { .fillIDEx = STR("F"), .code = STR("00700"), .name = STR("Tencent"),
                               .createTime = STR("") };
    SET(&f, trdSide, Trd_Common_TrdSide_Buy);
    SET(&f, fillID, id);
    SET(&f, qty, 100);
    SET(&f, price, 300);
    if (changed > 0)
        SET(&f, createTimestamp, changed);
    return f;
}

void answer_fills(struct peer *p, struct asked *a, const uint64_t *ids, const double *changed,
                  size_t n)
{
    Trd_Common_TrdHeader h = header();
    Trd_Common_OrderFill fills[8];
    Trd_GetOrderFillList_S2C s2c = { .header = &h, .orderFillList = fills, .n_orderFillList = n };
    Trd_GetOrderFillList_Response r = { .retMsg = STR(""), .s2c = &s2c };
    OK(&r);
    ck_assert_uint_le(n, ARRAY_LEN(fills));
    for (size_t i = 0; i < n; i++)
        fills[i] = fill(ids[i], changed[i]);
    peer_answer_msg(p, a, &r);
}

void push_fill(struct peer *p, uint64_t id)
{
    Trd_Common_TrdHeader h = header();
    Trd_Common_OrderFill f = fill(id, 0);
    Trd_UpdateOrderFill_S2C s2c = { .header = &h, .orderFill = &f };
    Trd_UpdateOrderFill_Response r = { .retMsg = STR(""), .s2c = &s2c };
    OK(&r);
    peer_push_msg(p, LANE_TRADE, P_FILL_PUSH, &r);
}

void answer_accounts(struct peer *p, struct asked *a, uint64_t id, int32_t env)
{
    int32_t market = Trd_Common_TrdMarket_HK;
    Trd_Common_TrdAcc acc = { .trdMarketAuthList = &market, .n_trdMarketAuthList = 1 };
    Trd_GetAccList_S2C s2c = { .accList = &acc, .n_accList = 1 };
    Trd_GetAccList_Response r = { .retMsg = STR(""), .s2c = &s2c };
    OK(&r);
    SET(&acc, trdEnv, env);
    SET(&acc, accID, id);
    peer_answer_msg(p, a, &r);
}

void answer_placed(struct peer *p, struct asked *a, uint64_t id)
{
    Trd_Common_TrdHeader h = header();
    Trd_PlaceOrder_S2C s2c = { .header = &h };
    Trd_PlaceOrder_Response r = { .retMsg = STR(""), .s2c = &s2c };
    OK(&r);
    SET(&s2c, orderID, id);
    peer_answer_msg(p, a, &r);
}

static Common_PacketID packet(void)
{
    Common_PacketID id = { 0 };
    SET(&id, connID, 42);
    SET(&id, serialNo, 9);
    return id;
}

void gate_place(struct peer *p, struct ask *a, const char *key, const char *remark)
{
    Common_PacketID id = packet();
    Trd_Common_TrdHeader h = header();
    Trd_PlaceOrder_C2S c2s = { .packetID = &id, .header = &h, .code = STR("00700"),
                               .remark = str_c(remark) };
    const Trd_PlaceOrder_Request r = { .c2s = &c2s };
    SET(&c2s, trdSide, Trd_Common_TrdSide_Buy);
    SET(&c2s, orderType, 1);
    SET(&c2s, qty, 100);
    SET(&c2s, price, 300);
    str_copy(a->rq.key, sizeof(a->rq.key), str_c(key));
    gate_ask_msg(p, a, 2202, &r);
}

void gate_modify(struct peer *p, struct ask *a)
{
    Common_PacketID id = packet();
    Trd_Common_TrdHeader h = header();
    Trd_ModifyOrder_C2S c2s = { .packetID = &id, .header = &h };
    const Trd_ModifyOrder_Request r = { .c2s = &c2s };
    SET(&c2s, orderID, 5);
    SET(&c2s, modifyOrderOp, 2);
    gate_ask_msg(p, a, 2205, &r);
}

static futu_str sent_text(const struct asked *a, uint32_t tag)
{
    struct pb_rec r;
    return pb_inner(a->body, a->n, TAG_C2S, tag, &r) ? (futu_str){ (const char *)r.p, r.n }
                                                     : STR("");
}

futu_str sent_remark(const struct asked *a)
{
    return sent_text(a, 11);
}

futu_str sent_key(const struct asked *a)
{
    return sent_text(a, 900);
}

/* ---- what came up ---- */

unsigned gap_count(const struct peer *p)
{
    unsigned n = 0;
    for (unsigned i = 0; i < p->notifies.n; i++)
        n += p->notifies.all[i].proto == PROTO_GAP;
    return n;
}

const Gateway_UpdateGap_S2C *gap_event(struct peer *p, unsigned nth)
{
    for (unsigned i = 0; i < p->notifies.n; i++) {
        const struct event *e = &p->notifies.all[i];
        if (e->proto == PROTO_GAP && nth-- == 0)
            return ((Gateway_UpdateGap_Response *)event_msg(p, e))->s2c;
    }
    ck_abort_msg("there were not so many gap events");
    return NULL;
}

const char *ticks_of(struct peer *p, const struct event *e)
{
    static char text[16384];
    const Qot_UpdateTicker_Response *r = event_msg(p, e);
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < r->s2c->n_tickerList && at + 24 < sizeof(text); i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%lld", i ? " " : "",
                               (long long)r->s2c->tickerList[i].sequence);
    return text;
}
