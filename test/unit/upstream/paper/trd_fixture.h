/* trd_fixture.h - the paper upstream as the gateway sees it, on a fake exchange or the real one.
 *
 * Requests go in as protobuf and come out decoded; replies and trade pushes are logged in the order
 * in which they came, so that tests can ask for it.
 */
#ifndef TEST_TRD_FIXTURE_H
#define TEST_TRD_FIXTURE_H

#include <stdio.h>

#include "../../support.h"
#include "base/clock.h"
#include "base/timer.h"
#include "codec/codec.h"
#include "codec/registry.h"
#include "upstream/paper/account.h"
#include "upstream/paper/paper.h"

#define HK_SIM account_defs[1].id
#define US_SIM account_defs[2].id
#define CN_SIM account_defs[3].id
#define REAL account_defs[0].id
#define LOG_MAX 4096

struct seen {                   /* a reply (proto of the request) or a push (2208, 2218) */
    uint32_t proto;
    uint64_t acc_id, order_id;
    int32_t status, side, env;
    double fill_qty, qty, price;
};

static struct {
    struct upstream *up;
    struct timers timers;
    struct clock_fake ticks;
    struct clock clock;
    struct arena arena;
    struct seen log[LOG_MAX];
    size_t n_log;
    int32_t ret_type;
    char msg[512];
    void *s2c;
    const struct proto_row *row;
    unsigned replies;
} fx;

static void *envelope_s2c(const futu_msg *m, void *response, int32_t *ret_type, futu_str *msg)
{
    char *base = response;
    void *s2c = NULL;
    for (size_t i = 0; i < m->n_fields; i++) {
        const struct pb_field *f = &m->fields[i];
        if (f->tag == 1)
            memcpy(ret_type, base + f->off, sizeof(*ret_type));
        if (f->tag == 2)
            memcpy(msg, base + f->off, sizeof(*msg));
        if (f->tag == 4)
            memcpy(&s2c, base + f->off, sizeof(void *));
    }
    return s2c;
}

static void *decode(const futu_msg *m, const uint8_t *body, size_t len)
{
    struct codec_error e;
    void *out = arena_alloc(&fx.arena, m->size);
    if (!out || codec_decode(m, &fx.arena, body, len, out, NULL, &e))
        return NULL;
    return out;
}

static struct seen *note(uint32_t proto)
{
    ck_assert_uint_lt(fx.n_log, LOG_MAX);
    struct seen *s = &fx.log[fx.n_log++];
    memset(s, 0, sizeof(*s));
    s->proto = proto;
    return s;
}

static void on_done(struct upstream_request *rq, const uint8_t *body, size_t len)
{
    futu_str msg = STR_NULL;
    fx.replies++;
    note(rq->proto);
    fx.ret_type = -1;
    fx.s2c = NULL;
    fx.msg[0] = '\0';
    void *r = decode(fx.row->response, body, len);
    if (!r)
        return;
    fx.s2c = envelope_s2c(fx.row->response, r, &fx.ret_type, &msg);
    str_copy(fx.msg, sizeof(fx.msg), msg);
}

static void on_trade(void *arg, uint64_t acc_id, uint32_t proto, const uint8_t *body, size_t len)
{
    (void)arg;
    struct seen *s = note(proto);
    s->acc_id = acc_id;
    if (proto == 2208) {
        const Trd_UpdateOrder_Response *r = decode(&Trd_UpdateOrder_Response_msg, body, len);
        if (!r)
            return;
        s->order_id = r->s2c->order->orderID;
        s->status = r->s2c->order->orderStatus;
        s->side = r->s2c->order->trdSide;
        s->fill_qty = r->s2c->order->fillQty;
        s->qty = r->s2c->order->qty;
        s->price = r->s2c->order->price;
        s->env = r->s2c->header->trdEnv;
    } else {
        const Trd_UpdateOrderFill_Response *r =
            decode(&Trd_UpdateOrderFill_Response_msg, body, len);
        if (!r)
            return;
        s->order_id = r->s2c->orderFill->orderID;
        s->qty = r->s2c->orderFill->qty;
        s->price = r->s2c->orderFill->price;
        s->side = r->s2c->orderFill->trdSide;
    }
}

static futu_err fx_open_clock(const char *clock)
{
    char why[160];
    memset(&fx, 0, sizeof(fx));
    fx.ticks.wall_ns = INT64_C(1780000000) * NS_PER_S;
    fx.clock = clock_fake(&fx.ticks);
    struct paper_opts o = { .clock = clock, .seed = 1, .sys = &fx.clock, .timers = &fx.timers,
                            .events = { .trade = on_trade } };
    return paper_new(&fx.up, &o, why, sizeof(why));
}

static void fx_close(void)
{
    if (fx.up)
        fx.up->ops->free(fx.up);
    fx.up = NULL;
    arena_free(&fx.arena);
}

/* Slices of the paper exchange for `ms` of real time. */
static void fx_run(int64_t ms)
{
    for (int64_t i = 0; i < ms; i += 10) {
        clock_fake_advance(&fx.ticks, 10 * NS_PER_MS);
        timers_run(&fx.timers, fx.ticks.mono_ns);
    }
}

/* Sends one request; retType of the reply, whose s2c is in fx.s2c and text in fx.msg. */
static int32_t fx_call(uint32_t proto, void *c2s)
{
    struct buf body = BUF_INIT;
    struct codec_error e;
    fx.row = proto_find(proto);
    void *request = arena_alloc(&fx.arena, fx.row->request->size);
    fx.replies = 0;
    fx.ret_type = -1;
    if (!request)
        return -1;
    char *at = (char *)request + fx.row->request->fields[0].off;
    memcpy(at, &c2s, sizeof(c2s));
    if (codec_encode(fx.row->request, request, &body, &e) == FUTU_OK) {
        struct upstream_request rq = { .proto = proto, .conn_id = 1, .body = body.p, .len = body.n,
                                       .done = on_done };
        fx.up->ops->request(fx.up, &rq);
        ck_assert_uint_eq(fx.replies, 1);
    }
    buf_free(&body);
    return fx.ret_type;
}

/* Makes a header of an account in its main market, or in `market` when that is not 0. */
static Trd_Common_TrdHeader fx_header(uint64_t acc, int32_t market)
{
    Trd_Common_TrdHeader h = { 0 };
    const struct account_def *d = account_defs;
    while (d->id != acc)
        d++;
    SET(&h, trdEnv, d->env);
    SET(&h, accID, acc);
    SET(&h, trdMarket, market ? market : d->markets[0]);
    SET(&h, jpAccType, 1);
    return h;
}

static Trd_Common_TrdHeader fx_last_header;
static Common_PacketID fx_packet;

/* A limit order (or what the caller then makes of it) of the account, side 1 or 2. */
static Trd_PlaceOrder_C2S fx_order(uint64_t acc, int32_t sec_market, const char *code, int32_t side,
                                   double qty, double price)
{
    Trd_PlaceOrder_C2S q = { 0 };
    int32_t market = sec_market == 31 || sec_market == 32 ? (acc == REAL ? 4 : 3) : sec_market;
    SET(&fx_packet, connID, 1);
    SET(&fx_packet, serialNo, 1);
    fx_last_header = fx_header(acc, market);
    q.header = &fx_last_header;
    q.packetID = &fx_packet;
    SET(&q, trdSide, side);
    SET(&q, orderType, Trd_Common_OrderType_Normal);
    q.code = str_c(code);
    SET(&q, qty, qty);
    SET(&q, price, price);
    SET(&q, secMarket, sec_market);
    return q;
}

static uint64_t fx_place(Trd_PlaceOrder_C2S *q)
{
    if (fx_call(2202, q) != 0)
        return 0;
    const Trd_PlaceOrder_S2C *s2c = fx.s2c;
    ck_assert(s2c->header && s2c->has_orderID && s2c->orderIDEx.n > 0);
    return s2c->orderID;
}

static uint64_t fx_limit(uint64_t acc, int32_t sec_market, const char *code, int32_t side,
                         double qty, double price)
{
    Trd_PlaceOrder_C2S q = fx_order(acc, sec_market, code, side, qty, price);
    return fx_place(&q);
}

static Trd_ModifyOrder_C2S fx_change(uint64_t acc, uint64_t order, int32_t op)
{
    Trd_ModifyOrder_C2S q = { 0 };
    SET(&fx_packet, connID, 1);
    SET(&fx_packet, serialNo, 2);
    fx_last_header = fx_header(acc, 0);
    q.header = &fx_last_header;
    q.packetID = &fx_packet;
    SET(&q, orderID, order);
    SET(&q, modifyOrderOp, op);
    return q;
}

static int32_t fx_op(uint64_t acc, uint64_t order, int32_t op)
{
    Trd_ModifyOrder_C2S q = fx_change(acc, order, op);
    return fx_call(2205, &q);
}

/* The order as 2201 lists it; NULL when it does not. */
static const Trd_Common_Order *fx_find(uint64_t acc, uint64_t id)
{
    Trd_GetOrderList_C2S q = { 0 };
    Trd_Common_TrdHeader h = fx_header(acc, 0);
    q.header = &h;
    ck_assert_int_eq(fx_call(2201, &q), 0);
    const Trd_GetOrderList_S2C *s2c = fx.s2c;
    for (size_t i = 0; i < s2c->n_orderList; i++)
        if (s2c->orderList[i].orderID == id)
            return &s2c->orderList[i];
    return NULL;
}

static int32_t fx_status(uint64_t acc, uint64_t id)
{
    const Trd_Common_Order *o = fx_find(acc, id);
    return o ? o->orderStatus : -99;
}

static const Trd_Common_Funds *fx_funds(uint64_t acc)
{
    Trd_GetFunds_C2S q = { 0 };
    Trd_Common_TrdHeader h = fx_header(acc, 0);
    q.header = &h;
    ck_assert_int_eq(fx_call(2101, &q), 0);
    return ((const Trd_GetFunds_S2C *)fx.s2c)->funds;
}

static const Trd_Common_Position *fx_position(uint64_t acc, const char *code)
{
    Trd_GetPositionList_C2S q = { 0 };
    Trd_Common_TrdHeader h = fx_header(acc, 0);
    q.header = &h;
    ck_assert_int_eq(fx_call(2102, &q), 0);
    const Trd_GetPositionList_S2C *s2c = fx.s2c;
    for (size_t i = 0; i < s2c->n_positionList; i++)
        if (str_is(s2c->positionList[i].code, code))
            return &s2c->positionList[i];
    return NULL;
}

static bool fx_said(const char *part)
{
    return strstr(fx.msg, part) != NULL;
}

/* The log as text, "2202 2208:2 2208:5 2218", from entry `from` on; static. */
static const char *fx_log_text(size_t from)
{
    static char text[2048];
    size_t n = 0;
    text[0] = '\0';
    for (size_t i = from; i < fx.n_log && n < sizeof(text) - 32; i++) {
        const struct seen *s = &fx.log[i];
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%u", n ? " " : "", s->proto);
        if (s->proto == 2208)
            n += (size_t)snprintf(text + n, sizeof(text) - n, ":%d", s->status);
    }
    return text;
}

#ifdef TEST_FAKE_EXCHANGE_H
#define HK00700 universe_find(MARKET_HK, STR("00700"))
#define AAPL universe_find(MARKET_US, STR("AAPL"))
#define MOUTAI universe_find(MARKET_SH, STR("600519"))

/* 2026-06-03, a Wednesday, 10:30 in Hong Kong. */
#define MORNING (INT64_C(1780453800) * NS_PER_S)

/* The paper upstream in a morning session, with a book of two sides in three securities. */
static void open_fx(void)
{
    memset(&fake, 0, sizeof(fake));
    fake.trading = true;
    fake.state = Qot_Common_QotMarketState_Morning;
    fake.now = MORNING;
    ck_assert_int_eq(fx_open_clock("real"), FUTU_OK);
    fake_book(HK00700, 4998000, 1000, 5000000, 1000);
    fake_book(AAPL, 2619900, 100, 2620000, 100);
    fake_book(MOUTAI, 14499900, 100, 14500000, 100);
}
#endif

/* Unused in some tests. */
static inline void fx_unused(void)
{
    (void)fx_limit, (void)fx_op, (void)fx_status, (void)fx_funds, (void)fx_position, (void)fx_said;
    (void)fx_log_text, (void)fx_run, (void)fx_close, (void)fx_open_clock, (void)fx_find;
    (void)fx_change, (void)fx_place;
}

#endif
