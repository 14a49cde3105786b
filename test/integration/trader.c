/* trader.c - see trader.h. */
#include "trader.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"

#define PLACE_ORDER 2202
#define ACCOUNT 9100002         /* the simulated one for the US */
#define CODE "AAPL"
#define LOW 1.0
#define GIVE_UP 10              /* one of so many is given up at the first failure */
#define RETRY_MS 100
#define CONNECT_MS (20000 * SLOW)

static const futu_account account = { .id = ACCOUNT, .env = Trd_Common_TrdEnv_Simulate,
                                      .market = Trd_Common_TrdMarket_US };

struct ask {                    /* one request under way */
    struct trader *t;
    size_t i;
};

static void on_state(futu_client *c, int state, futu_err err, void *arg)
{
    struct trader *t = arg;
    (void)c, (void)err;
    if (state == FUTU_STATE_STOPPED)
        t->lost = true;
}

/* The gateway may be between two lives: tried until it is there. */
static void connect_anew(struct trader *t)
{
    futu_client_opts o = FUTU_CLIENT_OPTS_INIT;
    o.port = (uint32_t)t->port;
    o.no_reconnect = 1;
    o.timeout_ms = CONNECT_MS;
    o.on_state = on_state;
    o.arg = t;
    futu_client_free(t->c);
    ck_assert_int_eq(futu_client_new(&t->c, &o), FUTU_OK);
    for (int64_t end = now_ms() + CONNECT_MS;;) {
        t->lost = false;
        if (futu_client_connect(t->c) == FUTU_OK)
            break;
        ck_assert_msg(now_ms() < end, "no connection: %s", futu_client_error(t->c));
        futu_loop_poll(futu_client_loop(t->c), 10);
    }
    t->connections++;
}

void trader_start(struct trader *t, int port, size_t orders)
{
    signal(SIGPIPE, SIG_IGN);       /* libuv leaves it to the program */
    memset(t, 0, sizeof(*t));
    t->port = port;
    t->qty = 1;
    t->n = orders;
    t->o = calloc(orders, sizeof(*t->o));
    ck_assert(t->o != NULL);
    connect_anew(t);
}

void trader_stop(struct trader *t)
{
    futu_client_free(t->c);
    free(t->o);
}

static void placed(struct trader *t, size_t i, const Trd_PlaceOrder_Response *m)
{
    struct trader_order *o = &t->o[i];
    ck_assert(m->s2c->has_orderID && m->s2c->orderID > 0);
    ck_assert_msg(o->id == 0 || o->id == m->s2c->orderID, "key %zu: order %llu, then order %llu", i,
                  (unsigned long long)o->id, (unsigned long long)m->s2c->orderID);
    o->id = m->s2c->orderID;
    t->done += !o->done;
    o->done = true;
}

/* Unknown as yet, or surely not. */
static void not_placed(struct trader *t, size_t i, futu_reply *r)
{
    struct trader_order *o = &t->o[i];
    int32_t ret = futu_reply_ret(r);
    snprintf(t->last_text, sizeof(t->last_text), "%d: %s", (int)ret, futu_reply_text(r));
    ck_assert_msg(ret == Common_RetType_TimeOut || ret == Common_RetType_Failed ||
                  ret == Common_RetType_DisConnect, "%s", t->last_text);
    ck_assert_msg(futu_reply_text(r)[0], "a failure without a word");
    ck_assert_msg(!o->done, "order %zu was placed, a repeat is told: %s", i, t->last_text);
    if (ret != Common_RetType_Failed) {
        t->unknown++;
        return;
    }
    t->failed++;
    if (i % GIVE_UP == GIVE_UP - 1) {
        o->done = o->given_up = true;
        t->done++;
        t->given_up++;
    }
}

static void on_answer(futu_client *c, futu_err err, futu_reply *r, void *arg)
{
    struct ask *a = arg;
    struct trader *t = a->t;
    struct trader_order *o = &t->o[a->i];
    (void)c;
    o->in_flight = false;
    o->not_before = now_ms() + RETRY_MS;
    t->in_flight--;
    if (err)
        t->lost_answers++;
    else if (futu_reply_ret(r) == 0)
        placed(t, a->i, futu_reply_msg(r));
    else
        not_placed(t, a->i, r);
    free(a);
}

static futu_err send_order(struct trader *t, size_t i, struct ask *a)
{
    char key[32], remark[32];
    Trd_Common_TrdHeader h = { 0 };
    Trd_PlaceOrder_C2S q = { 0 };
    Trd_PlaceOrder_Request request = { .c2s = &q };
    snprintf(key, sizeof(key), "key-%zu", i);
    snprintf(remark, sizeof(remark), "%zu", i);
    SET(&h, trdEnv, account.env);
    SET(&h, accID, account.id);
    SET(&h, trdMarket, account.market);
    q.header = &h;
    SET(&q, trdSide, Trd_Common_TrdSide_Buy);
    SET(&q, orderType, Trd_Common_OrderType_Normal);
    SET(&q, secMarket, Trd_Common_TrdSecMarket_US);
    SET(&q, qty, t->qty);
    SET(&q, price, LOW);
    q.code = str_c(CODE);
    q.remark = str_c(remark);
    q.idempotencyKey = str_c(key);
    return futu_client_call_msg(t->c, PLACE_ORDER, &request, on_answer, a);
}

/* False: not now, the connection is gone or full. */
static bool ask(struct trader *t, size_t i)
{
    struct ask *a = malloc(sizeof(*a));
    ck_assert(a != NULL);
    *a = (struct ask){ t, i };
    futu_err err = send_order(t, i, a);
    if (err) {
        ck_assert_msg(err == FUTU_ENOTCONN || err == FUTU_ELIMIT, "%s", futu_client_error(t->c));
        free(a);
        return false;
    }
    t->o[i].in_flight = true;
    t->in_flight++;
    t->sent++;
    return true;
}

static bool ready(const struct trader_order *o, int64_t now)
{
    return !o->done && !o->in_flight && now >= o->not_before;
}

void trader_run(struct trader *t, size_t window, uint32_t ms)
{
    int64_t now = now_ms();
    if (t->lost)
        connect_anew(t);
    while (t->next < t->n && t->o[t->next].done)
        t->next++;
    for (size_t i = t->next; i < t->n && t->in_flight < window; i++)
        if (ready(&t->o[i], now) && !ask(t, i))
            break;
    futu_loop_poll(futu_client_loop(t->c), ms);
}

void trader_repeat(struct trader *t, size_t i)
{
    ck_assert(t->o[i].done);
    if (!t->lost && !t->o[i].in_flight && !t->o[i].given_up)
        ask(t, i);
}

/* ---- judgement ---- */

static void find_each(const struct trader *t, const Trd_GetOrderList_S2C *m)
{
    uint8_t *seen = calloc(t->n, 1);
    ck_assert(seen != NULL);
    for (size_t k = 0; k < m->n_orderList; k++) {
        const Trd_Common_Order *o = &m->orderList[k];
        size_t i = strtoull(o->remark.p ? o->remark.p : "", NULL, 10);
        ck_assert_uint_lt(i, t->n);
        ck_assert_msg(!t->o[i].given_up, "order %zu is there, its client was told that it is not",
                      i);
        ck_assert_msg(!seen[i], "order %zu is there twice", i);
        ck_assert_msg(o->orderID == t->o[i].id, "order %zu is %llu, its client was told %llu", i,
                      (unsigned long long)o->orderID, (unsigned long long)t->o[i].id);
        seen[i] = 1;
    }
    for (size_t i = 0; i < t->n; i++)
        ck_assert_msg(seen[i] || t->o[i].given_up,
                      "order %zu is not there, its client was told that it is", i);
    free(seen);
}

/* The list of all orders; its client lives as long. */
static const Trd_GetOrderList_S2C *orders_at(int port, futu_client **c, futu_reply **r)
{
    futu_client_opts o = FUTU_CLIENT_OPTS_INIT;
    o.port = (uint32_t)port;
    o.timeout_ms = CONNECT_MS;
    ck_assert_int_eq(futu_client_new(c, &o), FUTU_OK);
    ck_assert_int_eq(futu_client_connect(*c), FUTU_OK);
    ck_assert_int_eq(futu_get_orders_sync(*c, &account, NULL, false, r), FUTU_OK);
    return ((const Trd_GetOrderList_Response *)futu_reply_msg(*r))->s2c;
}

size_t trader_count(int port)
{
    futu_client *c;
    futu_reply *r;
    size_t n = orders_at(port, &c, &r)->n_orderList;
    futu_reply_free(r);
    futu_client_free(c);
    return n;
}

void trader_check(const struct trader *t, int port)
{
    futu_client *c;
    futu_reply *r;
    find_each(t, orders_at(port, &c, &r));
    futu_reply_free(r);
    futu_client_free(c);
}
