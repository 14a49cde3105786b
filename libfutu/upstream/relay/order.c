/* order.c - writes on their way: sent at most once, and never a guess about what became of them.
 *
 * Sent:    with the packetID of our own connection, with the order's key, and with a mark in its
 *          remark. Without a trade connection nothing is sent and the client is told so at once.
 * Lost:    when the connection breaks before the answer, an order is looked for in the upstream's
 *          list on the new connection: by its mark, or, when the remark has no room for one, by all
 *          that is known of it; an older twin leaves it unknown. What is not there is looked for
 *          again after SETTLE, since the request may still have been in a buffer; then it has not
 *          arrived.
 * Resumed: an order that another process may have sent is looked for first, and sent when it is not
 *          there.
 * Other writes (modify, cancel) that were under way are answered as unknown: the order's state
 *          tells.
 * Tests:   test/unit/upstream/relay/order_test.c, test/integration/relay_order_test.c
 */
#include <stdio.h>

#include "upstream/relay/state.h"

#define SETTLE NS_PER_S
#define AGAIN (2 * NS_PER_S)            /* after a list that could not be had */
#define LOOK_LIMIT (60 * NS_PER_S)      /* then the outcome stays unknown */
#define CLOCKS_MS 60000                 /* how far the exchange's clock and ours may be apart */

enum { TAG_PACKET = 1, TAG_HEADER = 2, TAG_KEY = 900 };

enum fate { FATE_SENT, FATE_LOOK, FATE_ASKED };

struct header {
    int32_t env, market;
    uint64_t acc;
};

struct order {
    struct list node;                   /* in relay.orders */
    struct relay *r;
    struct upstream_request *rq;        /* NULL: nobody waits any more */
    struct call *call;
    enum fate fate;
    bool places;                        /* it has a remark: it can be looked for */
    bool looked;                        /* once, without finding it */
    bool resumed;
    struct header header;
    char remark[REMARK_MAX + 1];        /* as sent */
    char code[SECURITY_CODE_MAX + 1];   /* for one without a mark */
    double qty, price;
    int32_t side;
    int64_t sent_ms;                    /* UTC; 0: another process sent it, if any */
    int64_t due, since;                 /* of the next look; when it became unknown */
};

static uint32_t remark_tag(uint32_t proto)
{
    return proto == 2202 ? 11 : proto == 2227 ? 9 : 0;
}

static void order_free(struct order *o)
{
    list_remove(&o->node);
    if (o->rq)
        o->rq->upstream_data = NULL;
    mem_free(o);
}

static void end(struct order *o, const uint8_t *body, size_t n)
{
    struct upstream_request *rq = o->rq;
    order_free(o);
    if (rq)
        rq->done(rq, body, n);
}

static void end_with(struct order *o, int32_t ret, bool unsent, const char *text)
{
    struct relay *r = o->r;
    struct upstream_request *rq = o->rq;
    order_free(o);
    if (!rq)
        return;
    rq->unsent = unsent;
    request_fail(r, rq, ret, text);
}

/* ---- what is known of it ---- */

static bool read_header(futu_str c2s, struct header *h)
{
    struct pb_rec rec, v;
    if (!pb_first(c2s, TAG_HEADER, &rec) || rec.wire != PB_WIRE_BYTES)
        return false;
    futu_str m = { (const char *)rec.p, rec.n };
    h->env = pb_first(m, 1, &v) ? (int32_t)v.v : 0;
    h->acc = pb_first(m, 2, &v) ? v.v : 0;
    h->market = pb_first(m, 3, &v) ? (int32_t)v.v : 0;
    return true;
}

static double read_double(futu_str m, uint32_t tag)
{
    struct pb_rec v;
    double d = 0;
    if (pb_first(m, tag, &v) && v.wire == PB_WIRE_64)
        memcpy(&d, &v.v, sizeof(d));
    return d;
}

static futu_str read_text(futu_str m, uint32_t tag)
{
    struct pb_rec v;
    bool there = pb_first(m, tag, &v) && v.wire == PB_WIRE_BYTES;
    return there ? (futu_str){ (const char *)v.p, v.n } : STR("");
}

static void read_order(struct order *o, futu_str c2s)
{
    uint32_t tag = remark_tag(o->rq->proto);
    o->places = read_header(c2s, &o->header) && tag && o->rq->key[0] &&
                mark_put(o->r->secret, o->rq->key, read_text(c2s, tag), o->remark);
    if (o->rq->proto != 2202)
        return;
    struct pb_rec v;
    o->side = pb_first(c2s, 3, &v) ? (int32_t)v.v : 0;
    str_copy(o->code, sizeof(o->code), read_text(c2s, 5));
    o->qty = read_double(c2s, 6);
    o->price = read_double(c2s, 7);
}

/* ---- sending ---- */

static void became_unknown(struct order *o);

static void on_reply(futu_client *c, futu_err err, uint8_t fmt, const uint8_t *body, size_t n,
                     void *arg)
{
    struct order *o = arg;
    (void)c;
    (void)fmt;
    o->call = NULL;
    if (o->r->freeing)
        return;
    if (err == FUTU_OK)
        end(o, body, n);
    else
        became_unknown(o);
}

static void refuse(struct order *o, const char *why)
{
    char text[460];
    snprintf(text, sizeof(text), "not sent: %s", why);
    end_with(o, RET_FAILED, true, text);
}

/* The request as our connection sends it. */
static futu_err translate(struct order *o, struct buf *out)
{
    const struct upstream_request *rq = o->rq;
    futu_client *c = o->r->lanes[LANE_TRADE].c;
    uint32_t serial = client_serial_after(c->serial);
    uint8_t id[2 * PB_MAX_SCALAR + PB_MAX_SCALAR], inner[2 * PB_MAX_SCALAR];
    uint8_t remark[REMARK_MAX + PB_MAX_SCALAR], key[ORDER_KEY_MAX + PB_MAX_SCALAR];
    uint8_t *p = pb_put_scalar(inner, 1, PB_UINT64, &c->conn_id);
    size_t len = (size_t)(pb_put_scalar(p, 2, PB_UINT32, &serial) - inner);
    p = pb_put_text(id, TAG_PACKET, (futu_str){ (const char *)inner, len });
    struct pb_edit edits[3] = { { TAG_PACKET, id, (size_t)(p - id) } };
    size_t n = 1;
    if (o->places) {
        uint32_t tag = remark_tag(rq->proto);
        p = pb_put_text(remark, tag, str_c(o->remark));
        edits[n++] = (struct pb_edit){ tag, remark, (size_t)(p - remark) };
        p = pb_put_text(key, TAG_KEY, str_c(rq->key[0] == '#' ? rq->key + 1 : rq->key));
        edits[n++] = (struct pb_edit){ TAG_KEY, key, (size_t)(p - key) };
    }
    out->n = 0;
    return pb_splice(rq->body, rq->len, TAG_C2S, edits, n, out);
}

static void send_now(struct order *o)
{
    struct lane *k = &o->r->lanes[LANE_TRADE];
    struct buf *b = &o->r->body;
    futu_err err = translate(o, b);
    o->fate = FATE_SENT;
    o->sent_ms = relay_now_ms(o->r);
    o->resumed = o->looked = false;     /* whatever comes of it, it is not sent again */
    if (err) {
        refuse(o, futu_strerror(err));
        return;
    }
    k->requests++;
    o->call = client_send_raw(k->c, o->rq->proto, FRAME_PROTOBUF, b->p, b->n, WRITE_LIMIT, on_reply,
                              o);
    if (!o->call)
        refuse(o, "the upstream takes no more requests, or memory is out");
}

void order_send(struct relay *r, struct upstream_request *rq)
{
    struct lane *k = &r->lanes[LANE_TRADE];
    struct order *o = mem_zalloc(sizeof(*o));
    struct pb_rec c2s;
    if (!o) {
        rq->unsent = true;
        request_fail(r, rq, RET_FAILED, "not sent: out of memory");
        return;
    }
    o->r = r;
    o->rq = rq;
    rq->upstream_data = o;
    list_push(&r->orders, &o->node);
    if (pb_first((futu_str){ (const char *)rq->body, rq->len }, TAG_C2S, &c2s) &&
        c2s.wire == PB_WIRE_BYTES)
        read_order(o, (futu_str){ (const char *)c2s.p, c2s.n });
    if (rq->resumed && o->places) {
        o->resumed = true;
        became_unknown(o);
    } else if (lane_up(k)) {
        send_now(o);
    } else {
        char why[420];
        snprintf(why, sizeof(why), "no trade connection to the upstream %s: %s", r->name,
                 lane_error(k));
        refuse(o, why);
    }
}

void order_forget(struct relay *r, struct upstream_request *rq)
{
    struct order *o = rq->upstream_data;
    (void)r;
    if (!o)
        return;
    o->rq = NULL;
    rq->upstream_data = NULL;
    if (o->fate != FATE_SENT && o->fate != FATE_ASKED)
        order_free(o);                  /* nobody asks what became of it */
}

/* ---- looking for it ---- */

struct look {
    struct relay *r;
    struct header header;
    bool looked;                        /* of the orders that it is asked for */
};

static bool header_eq(const struct header *a, const struct header *b)
{
    return a->env == b->env && a->acc == b->acc && a->market == b->market;
}

static void became_unknown(struct order *o)
{
    struct relay *r = o->r;
    if (!o->rq) {
        order_free(o);
        return;
    }
    if (!o->places) {
        end_with(o, RET_DISCONNECTED, false,
                 "结果未知: the connection to the upstream broke while the request was under way; "
                 "the order's state tells what became of it");
        return;
    }
    o->fate = FATE_LOOK;
    o->since = o->due = relay_now(r);
    if (lane_up(&r->lanes[LANE_TRADE]))
        orders_seek(r);
}

static bool is_it(const struct order *o, const Trd_Common_Order *x)
{
    if (!str_is(x->remark, o->remark))
        return false;
    if (mark_in(x->remark).p)
        return true;
    return o->rq->proto == 2202 && x->qty == o->qty && x->price == o->price &&
           x->trdSide == o->side && str_is(x->code, o->code);
}

/* The newest order that it may be; NULL: none. */
static const Trd_Common_Order *find_in(const struct order *o, const Trd_GetOrderList_S2C *s2c)
{
    const Trd_Common_Order *best = NULL;
    for (size_t i = 0; s2c && o->rq && i < s2c->n_orderList; i++) {
        const Trd_Common_Order *x = &s2c->orderList[i];
        if (is_it(o, x) && (!best || x->createTimestamp > best->createTimestamp))
            best = x;
    }
    return best;
}

/* Without a mark, one that was there before it was sent is another one just like it. */
static bool is_twin(const struct order *o, const Trd_Common_Order *x)
{
    return !mark_in(x->remark).p && o->sent_ms && x->has_createTimestamp &&
           x->createTimestamp * 1000 < (double)(o->sent_ms - CLOCKS_MS);
}

static void found(struct order *o, const Trd_Common_Order *x)
{
    Trd_Common_TrdHeader header = { 0 };
    Trd_PlaceOrder_S2C s2c = { .header = &header, .orderIDEx = x->orderIDEx };
    Trd_PlaceOrder_Response rsp = { .retMsg = STR(""), .s2c = &s2c };
    Trd_PlaceComboOrder_S2C combo = { .header = &header, .orderIDEx = x->orderIDEx };
    Trd_PlaceComboOrder_Response crsp = { .retMsg = STR(""), .s2c = &combo };
    struct buf *b = &o->r->body;
    SET(&header, trdEnv, o->header.env);
    SET(&header, accID, o->header.acc);
    SET(&header, trdMarket, o->header.market);
    SET(&s2c, orderID, x->orderID);
    SET(&rsp, retType, RET_OK);
    SET(&rsp, errCode, 0);
    SET(&crsp, retType, RET_OK);
    SET(&crsp, errCode, 0);
    b->n = 0;
    bool combos = o->rq && o->rq->proto == 2227;
    futu_err err = combos ? codec_encode(&Trd_PlaceComboOrder_Response_msg, &crsp, b, NULL)
                          : codec_encode(&Trd_PlaceOrder_Response_msg, &rsp, b, NULL);
    log_info("order %s: it had arrived: " STR_FMT, o->rq ? o->rq->key : "?",
             STR_ARG(x->orderIDEx));
    if (err)
        end_with(o, RET_TIMEOUT, false, "业务处理超时没返回，结果未知");
    else
        end(o, b->p, b->n);
}

static void not_found(struct order *o)
{
    struct relay *r = o->r;
    if (!o->looked) {
        o->looked = true;
        o->fate = FATE_LOOK;
        o->due = relay_now(r) + SETTLE;
        return;
    }
    log_info("order %s: it had not arrived", o->rq ? o->rq->key : "?");
    if (o->resumed && o->rq && lane_up(&r->lanes[LANE_TRADE]))
        send_now(o);
    else
        end_with(o, RET_FAILED, true,
                 "the connection to the upstream broke and the order did not arrive; send it again "
                 "with the same key or packetID, so that it can't be placed twice");
}

static void later(struct order *o)
{
    int64_t now = relay_now(o->r);
    bool up = lane_up(&o->r->lanes[LANE_TRADE]);
    o->fate = FATE_LOOK;
    o->due = up ? now + AGAIN : now;    /* without a connection: as soon as there is one */
    if (now - o->since >= LOOK_LIMIT || !o->rq)
        end_with(o, RET_TIMEOUT, false, "业务处理超时没返回，结果未知");
}

/* Looks at every order that this list was asked for. Ending one runs the gateway, which may send
 * new ones; those are not in the state that is looked at here. */
static void judge(struct relay *r, const struct look *l, const Trd_GetOrderList_S2C *s2c)
{
    struct list *it, *tmp, now;
    list_init(&now);
    list_each(it, tmp, &r->orders) {
        struct order *o = list_entry(it, struct order, node);
        if (o->fate == FATE_ASKED && o->looked == l->looked && header_eq(&o->header, &l->header)) {
            list_remove(&o->node);
            list_push(&now, &o->node);
        }
    }
    while (!list_empty(&now)) {
        struct order *o = list_entry(now.next, struct order, node);
        const Trd_Common_Order *x = find_in(o, s2c);
        list_remove(&o->node);
        list_push(&r->orders, &o->node);
        if (x && !is_twin(o, x))
            found(o, x);
        else if (x && o->looked)
            end_with(o, RET_TIMEOUT, false, "业务处理超时没返回，结果未知");
        else if (s2c)
            not_found(o);
        else
            later(o);
    }
}

static void on_list(futu_client *c, futu_err err, uint8_t fmt, const uint8_t *body, size_t n,
                    void *arg)
{
    struct look l = *(struct look *)arg;
    struct relay *r = l.r;
    Trd_GetOrderList_Response rsp = { .s2c = NULL };
    struct arena a = ARENA_INIT;
    (void)c;
    (void)fmt;
    mem_free(arg);
    if (r->freeing)
        return;
    bool ok = !err && response_ret(body, n) == RET_OK &&
              !codec_decode(&Trd_GetOrderList_Response_msg, &a, body, n, &rsp, NULL, NULL);
    judge(r, &l, ok ? rsp.s2c : NULL);
    arena_free(&a);
    orders_seek(r);
}

/* One list for all orders of the same account and market that are due. */
static bool ask_for(struct relay *r, const struct order *first)
{
    struct header h = first->header;
    Trd_Common_TrdHeader header = { 0 };
    Trd_GetOrderList_C2S c2s = { .header = &header };
    const Trd_GetOrderList_Request rq = { .c2s = &c2s };
    struct look *l = mem_zalloc(sizeof(*l));
    struct list *it, *tmp;
    if (!l)
        return false;
    *l = (struct look){ r, h, first->looked };
    SET(&header, trdEnv, h.env);
    SET(&header, accID, h.acc);
    SET(&header, trdMarket, h.market);
    SET(&c2s, refreshCache, first->looked);
    if (!lane_ask(&r->lanes[LANE_TRADE], P_ORDER_LIST, &rq, on_list, l)) {
        mem_free(l);
        return false;
    }
    list_each(it, tmp, &r->orders) {
        struct order *o = list_entry(it, struct order, node);
        if (o->fate == FATE_LOOK && header_eq(&o->header, &h) &&
            o->due <= relay_now(r) && o->looked == first->looked)
            o->fate = FATE_ASKED;
    }
    return true;
}

static void on_settle(struct timer *t, int64_t now)
{
    (void)now;
    orders_seek(container_of(t, struct relay, settle));
}

void orders_seek(struct relay *r)
{
    struct list *it, *tmp;
    int64_t next = TIMER_NEVER, now = relay_now(r);
    r->settle.fn = on_settle;
    list_each(it, tmp, &r->orders) {
        struct order *o = list_entry(it, struct order, node);
        if (o->fate != FATE_LOOK)
            continue;
        bool asked = o->due <= now && lane_up(&r->lanes[LANE_TRADE]) && ask_for(r, o);
        if (!asked)
            next = MIN(next, MAX(o->due, now + AGAIN / 10));
    }
    if (next == TIMER_NEVER || !lane_up(&r->lanes[LANE_TRADE]))
        timer_stop(r->o.timers, &r->settle);    /* the lane calls when it is up */
    else
        timer_set(r->o.timers, &r->settle, next);
}

void orders_forget_all(struct relay *r)
{
    timer_stop(r->o.timers, &r->settle);
    while (!list_empty(&r->orders)) {
        struct order *o = list_entry(r->orders.next, struct order, node);
        o->rq = NULL;
        order_free(o);
    }
}
