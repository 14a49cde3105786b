/* place.c - placing orders, and finding out what became of those whose answer did not come.
 *
 * Sent:    at most once, with a mark in its remark (access/mark.h). The request id is made of the
 *          order's key, so that even a repeat would be answered by the server's own memory.
 * Lost:    when the connection breaks, the answer is late or says nothing, the order is looked for
 *          in today's list, then in the history: by its mark, or, when the remark has no room for
 *          one, by all that is known of it. What is there is answered as placed. Lists may miss an
 *          order for SETTLE_NS; after that what is not there has not arrived, and the client is
 *          told that it may send it again. After LOST_NS nobody knows.
 * Resumed: an order that a process before this one may have sent is looked for first, and sent when
 *          it is not there.
 * Locked:  looking needs no unlock; sending does.
 * Tests:   test/unit/upstream/broker/place_test.c, test/sdk/direct_orders.test.mjs
 */
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "upstream/broker/state.h"

#define SETTLE_NS (30 * NS_PER_S)       /* how long lists are told to miss new orders */
#define LOST_NS (300 * NS_PER_S)
#define AGAIN_NS (2 * NS_PER_S)         /* between two looks */
#define WAIT_NS (NS_PER_S / 4)          /* until the broker's connection is there */
#define PAGES 50
#define HISTORY_S 90000                 /* a key is remembered for a day */
#define CLOCKS_US INT64_C(60000000)     /* how far the server's clock and ours may be apart */

struct placing {
    struct job *j;
    struct timer timer;                 /* of the next look */
    char remark[REMARK_MAX + 1];        /* as sent */
    struct bk_order_new_req q;
    int64_t sent_us;                    /* of the server's clock; 0: another process sent it */
    int64_t since, settled;             /* became unknown; what is not there then is nowhere */
    bool resumed, history;
    size_t pages;
    char why[CHANNEL_WHY];
    struct bk_order_list_req *list;
};

static const Trd_PlaceOrder_C2S *c2s_of(const struct job *j)
{
    return JOB_C2S(j, Trd_PlaceOrder);
}

/* Of an order that may be there already nothing may be said as if it were not. */
static void no_memory(struct job *j)
{
    const struct placing *p = j->state;
    bool sent = p ? p->resumed || p->sent_us : j->rq && j->rq->resumed;
    if (j->rq)
        j->rq->unsent = !sent;
    job_fail(j, sent ? RET_TIMEOUT : RET_FAILED, "%s", futu_strerror(FUTU_ENOMEM));
}

/* ---- it is placed ---- */

static void answer(struct job *j, futu_str id)
{
    Trd_PlaceOrder_S2C *s2c = JOB_S2C(j, Trd_PlaceOrder);
    futu_str own = str_dup(&j->arena, id);
    order_note(j->b, id);
    if (!s2c || !own.p) {
        no_memory(j);
        return;
    }
    s2c->header = (Trd_Common_TrdHeader *)(uintptr_t)j->header;
    SET(s2c, orderID, dialect_order_number(own));
    s2c->orderIDEx = own;
    job_ok(j);
}

static void lost(struct job *j, const char *why);

/* As the list will tell it, once it does. */
static void keep(struct job *j, futu_str id)
{
    const struct placing *p = j->state;
    const Trd_PlaceOrder_C2S *c = c2s_of(j);
    const struct bk_order_new_req *q = &p->q;
    struct bk_order o = {
        .order_id = id, .symbol = q->symbol, .name = q->symbol, .price = q->price, .qty = q->qty,
        .aux_price = q->aux_price, .remark = q->remark, .trail_value = q->trail_value,
        .trail_spread = q->trail_spread,
    };
    int32_t sec_market = order_sec_market(c->header, c->has_secMarket, c->secMarket, c->code);
    SET(&o, side, q->side);
    SET(&o, type, q->type);
    SET(&o, state, BK_ORDER_PENDING);
    SET(&o, time_in_force, q->time_in_force);
    SET(&o, outside_rth, q->outside_rth);
    if (q->has_session)
        SET(&o, session, q->session);
    if (q->has_trail_type)
        SET(&o, trail_type, q->trail_type);
    SET(&o, market_code, bk_state_id(market_of_sec_market(sec_market)));
    SET(&o, trade_market, c->header->trdMarket);
    SET(&o, created_us, (uint64_t)p->sent_us);
    SET(&o, updated_us, (uint64_t)p->sent_us);
    flight_add(j->account, &o);
}

static void on_placed(struct job *j, const struct channel_reply *r)
{
    const struct bk_order_rsp *a = job_decode(j, r, &bk_order_rsp_msg);
    if (!a || !job_server_ok(j, a->has_result_code, a->result_code, a->err_msg))
        return;
    if (!a->order_id.n) {
        lost(j, "the broker took the order and named no id for it");
        return;
    }
    keep(j, a->order_id);
    answer(j, a->order_id);
}

/* ---- sending ---- */

/* What the request asks for and no message of the server carries, as far as it is known. */
static const char *not_carried(const Trd_PlaceOrder_C2S *c)
{
    if (c->has_adjustPrice && c->adjustPrice)
        return "adjustPrice";
    if (c->has_positionID)
        return "positionID";
    if (c->has_amount)
        return "amount";
    return c->has_predSide ? "predSide" : NULL;
}

static bool place_ok(struct job *j, const Trd_PlaceOrder_C2S *c)
{
    const char *field = not_carried(c);
    if (field) {
        job_not_served(j, field);
        return false;
    }
    if (c->remark.n > REMARK_MAX) {
        job_fail(j, RET_FAILED, "remark: %d bytes at most", REMARK_MAX);
        return false;
    }
    return order_number_ok(j, "qty", true, c->qty) &&
           order_number_ok(j, "price", c->has_price && c->price != 0, c->price) &&
           order_number_ok(j, "auxPrice", c->has_auxPrice, c->auxPrice);
}

static bool fill_new(struct job *j, const Trd_PlaceOrder_C2S *c, struct bk_order_new_req *q)
{
    struct placing *p = j->state;
    struct arena *a = &j->arena;
    q->symbol = c->code;
    SET(q, side, c->trdSide);
    SET(q, type, c->orderType);
    q->qty = dec_text(a, c->qty);
    q->price = c->has_price && c->price != 0 ? dec_text(a, c->price) : STR("0");
    if (c->has_auxPrice)
        q->aux_price = dec_text(a, c->auxPrice);
    SET(q, time_in_force, c->timeInForce);
    SET(q, outside_rth, c->fillOutsideRTH);
    if (c->has_session)
        SET(q, session, c->session);
    if (c->has_trailType)
        SET(q, trail_type, c->trailType);
    if (c->has_trailValue)
        q->trail_value = dec_text(a, c->trailValue);
    if (c->has_trailSpread)
        q->trail_spread = dec_text(a, c->trailSpread);
    q->expire_date = c->expireTime;
    q->header = job_header(j, true, order_request_id(j));
    if (!q->header)
        return false;
    if (!p->remark[0])                  /* without a key the request itself is what is marked */
        mark_put(j->b->secret, q->header->request_id.p, c->remark, p->remark);
    q->remark = str_c(p->remark);
    return q->qty.p && q->price.p && (!c->has_auxPrice || q->aux_price.p) &&
           (!c->has_trailValue || q->trail_value.p) && (!c->has_trailSpread || q->trail_spread.p);
}

static void send(struct job *j)
{
    const Trd_PlaceOrder_C2S *c = c2s_of(j);
    struct placing *p = j->state;
    struct traded what;
    if (!job_account(j, c->header) || order_locked(j) || !place_ok(j, c))
        return;
    int32_t sec_market = order_sec_market(c->header, c->has_secMarket, c->secMarket, c->code);
    if (!order_traded(j, sec_market, c->code, &what))
        return;
    SET(&p->q, security_type, what.security_type);
    SET(&p->q, exchange_code, what.exchange.code);
    p->q.exchange = str_c(what.exchange.text);
    if (!fill_new(j, c, &p->q)) {
        no_memory(j);
        return;
    }
    p->sent_us = clock_wall(&j->b->o.clock) / NS_PER_US + j->b->auth.server_ahead_s * 1000000;
    j->lost = lost;
    job_send(j, j->account->firm->c, CMD_ORDER_NEW, &bk_order_new_req_msg, &p->q, on_placed);
}

/* ---- looking for it ---- */

static void look_at(struct placing *p, int64_t ns)
{
    timer_set(p->j->b->o.timers, &p->timer, broker_now(p->j->b) + ns);
}

static void unknown(struct job *j)
{
    const struct placing *p = j->state;
    job_fail(j, RET_TIMEOUT, "结果未知: whether the order was placed is not known: %s", p->why);
}

/* It has not arrived: certainly, by the limits above. */
static void absent(struct job *j)
{
    struct placing *p = j->state;
    if (p->resumed) {
        log_info("order %s: it had not arrived", j->key);
        p->resumed = false;
        send(j);
        return;
    }
    log_info("order %s: it has not arrived: %s", j->key, p->why);
    if (j->rq)
        j->rq->unsent = true;
    job_fail(j, RET_FAILED, "%s; the order did not arrive and may be sent again", p->why);
}

/* Without a mark: the same words, numbers and side, and not older than the request. */
static bool is_it(const struct placing *p, const struct bk_order *o)
{
    const Trd_PlaceOrder_C2S *c = c2s_of(p->j);
    if (!str_is(o->remark, p->remark))
        return false;
    if (mark_in(o->remark).p)
        return true;
    return str_eq(o->symbol, c->code) && o->side == c->trdSide && dec_num(o->qty) == c->qty &&
           dec_num(o->price) == (c->has_price ? c->price : 0) &&
           (!p->sent_us || (int64_t)o->created_us >= p->sent_us - CLOCKS_US);
}

/* NULL: it is not there. *twins: which of several it is can't be said. */
static const struct bk_order *find(const struct placing *p, const struct bk_order_list_rsp *a,
                                   bool *twins)
{
    const struct bk_order *one = NULL;
    *twins = false;
    for (size_t i = 0; i < a->n_orders; i++) {
        if (!is_it(p, &a->orders[i]))
            continue;
        *twins = one != NULL;
        one = &a->orders[i];
    }
    return one;
}

static void ask_list(struct placing *p, futu_str page);

static void judge(struct placing *p, const struct bk_order_list_rsp *a)
{
    struct job *j = p->j;
    int64_t now = broker_now(j->b);
    bool twins;
    const struct bk_order *o = find(p, a, &twins);
    if (twins) {
        unknown(j);
    } else if (o) {
        log_info("order %s: it had arrived: " STR_FMT, j->key, STR_ARG(o->order_id));
        answer(j, o->order_id);
    } else if (a->next_page.n && ++p->pages < PAGES) {
        ask_list(p, a->next_page);
    } else if (now < p->settled) {
        look_at(p, MIN(p->settled - now, AGAIN_NS));
    } else if (!p->history) {
        p->history = true;
        ask_list(p, STR_NULL);
    } else {
        absent(j);
    }
}

static void on_list(struct channel_ask *q, const struct channel_reply *r)
{
    struct job *j = container_of(q, struct job, ask);
    struct placing *p = j->state;
    struct arena a = ARENA_INIT;
    struct bk_order_list_rsp s;
    bool fine = !r->err && !codec_decode(&bk_order_list_rsp_msg, &a, r->body, r->n, &s, NULL,
                                         NULL) && s.has_result_code && s.result_code == 0;
    if (fine)
        judge(p, &s);                   /* which may end the job */
    else
        look_at(p, AGAIN_NS);
    arena_free(&a);
}

static void ask_list(struct placing *p, futu_str page)
{
    struct job *j = p->j;
    struct bk_order_list_req *q = p->list;
    uint16_t command = p->history ? CMD_HISTORY_ORDERS : dialect_order_list;
    int64_t now_s = clock_wall(&j->b->o.clock) / NS_PER_S + j->b->auth.server_ahead_s;
    q->page = page;
    if (p->history) {
        SET(q, page_size, 100);
        SET(q, time_begin, (uint64_t)(now_s - HISTORY_S) * 1000000);
        SET(q, time_end, (uint64_t)now_s * 1000000);
    }
    j->ask.done = on_list;
    if (job_ask(&j->ask, j->account->firm->c, command, &bk_order_list_req_msg, q))
        look_at(p, AGAIN_NS);
}

/* From today's list on, with whatever connection there is now. */
static void look(struct placing *p)
{
    struct job *j = p->j;
    const Trd_Common_TrdHeader *h = c2s_of(j)->header;
    struct account *a = account_by_id(j->b, h->accID);
    p->history = false;
    p->pages = 0;
    if (!j->rq || broker_now(j->b) - p->since >= LOST_NS) {
        unknown(j);                     /* nobody asks any more, or it is over */
        return;
    }
    if (!a || channel_state(a->firm->c) != CHANNEL_UP) {
        look_at(p, WAIT_NS);
        return;
    }
    j->account = a;
    j->header = h;
    if (!p->list)
        p->list = list_request(j);
    if (p->list)
        ask_list(p, STR_NULL);
    else
        look_at(p, AGAIN_NS);
}

static void on_timer(struct timer *t, int64_t now)
{
    (void)now;
    look(container_of(t, struct placing, timer));
}

static void begin_looking(struct placing *p, const char *why, int64_t settled)
{
    snprintf(p->why, sizeof(p->why), "%s", why);
    p->since = broker_now(p->j->b);
    p->settled = settled;
    look(p);
}

static void lost(struct job *j, const char *why)
{
    begin_looking(j->state, why, broker_now(j->b) + SETTLE_NS);
}

/* ---- the request ---- */

static void drop(struct job *j)
{
    struct placing *p = j->state;
    timer_stop(j->b->o.timers, &p->timer);
}

void on_place(struct job *j)
{
    const Trd_PlaceOrder_C2S *c = c2s_of(j);
    struct placing *p = j->state = ARENA_NEW(&j->arena, struct placing);
    if (!p) {
        no_memory(j);
        return;
    }
    p->j = j;
    p->timer.fn = on_timer;
    p->resumed = j->rq->resumed;
    j->drop = drop;
    if (j->key[0])
        mark_put(j->b->secret, j->key, c->remark, p->remark);
    if (p->resumed)
        begin_looking(p, "it may have been sent before the gateway was started",
                      j->b->born + SETTLE_NS);
    else
        send(j);
}
