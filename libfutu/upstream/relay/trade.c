/* trade.c - accounts whose pushes are wanted, and what of them was missed.
 *
 * After a loss the accounts are named again; then today's orders and fills of each are fetched, and
 * those that changed since the connection was last alive are pushed. A client may so see a state
 * twice, but misses none.
 * Tests:   test/unit/upstream/relay/trade_test.c
 */
#include <stdio.h>

#include "upstream/relay/state.h"

#define BACK_MS 2000                    /* clocks differ, and the last sign of life was earlier */

struct watching {
    struct list node;
    struct relay *r;
    struct upstream_watch *w;
    struct timer timer;                 /* of waiting for a connection */
    int64_t since;                      /* when it was asked */
};

/* The fetching after a loss: one list after the other. */
struct round {
    struct relay *r;
    int64_t since_ms;
    size_t left;                        /* answers that are out */
    struct kind {
        struct round *round;
        bool fills;
    } kinds[2];                         /* what an answer is about */
};

static void answer(struct watching *x, futu_err err, const char *why)
{
    struct upstream_watch *w = x->w;
    timer_stop(x->r->o.timers, &x->timer);
    list_remove(&x->node);
    mem_free(x);
    w->done(w, err, why);
}

/* One that has waited long enough does not wait for yet another connection. */
static void wait_for_lane(struct watching *x)
{
    const struct lane *k = &x->r->lanes[LANE_TRADE];
    int64_t now = relay_now(x->r), since = k->tried && k->lost_ns ? k->lost_ns : now;
    bool late = now - x->since >= CALL_LIMIT;
    timer_set(x->r->o.timers, &x->timer, late ? now : MAX(since + HOLD_LIMIT, now));
}

static void on_hold_time(struct timer *t, int64_t now)
{
    struct watching *x = container_of(t, struct watching, timer);
    const struct lane *k = &x->r->lanes[LANE_TRADE];
    char why[420];
    (void)now;
    if (lane_up(k))
        return;                         /* the call's own limit ends it */
    snprintf(why, sizeof(why), "no trade connection to the upstream %s: %s", x->r->name,
             lane_error(k));
    answer(x, FUTU_ENOTCONN, why);
}

static futu_err take_ids(struct relay *r, const struct upstream_watch *w)
{
    uint64_t *ids = mem_array(w->n + 1, sizeof(*ids));
    if (!ids)
        return FUTU_ENOMEM;
    memcpy(ids, w->ids, w->n * sizeof(*ids));
    mem_free(r->accounts);
    r->accounts = ids;
    r->n_accounts = w->n;
    return FUTU_OK;
}

static void name_next(struct relay *r);

/* The lists go up one after the other, and each is in force once it has been taken. */
static void on_named(futu_client *c, futu_err err, uint8_t fmt, const uint8_t *body, size_t n,
                     void *arg)
{
    struct watching *x = arg;
    struct relay *r = x->r;
    char why[256] = "";
    (void)c, (void)fmt;
    if (r->freeing)
        return;
    r->naming = false;
    if (err == FUTU_ENOTCONN) {
        wait_for_lane(x);               /* the next connection is told */
        return;
    }
    if (!err && response_ret(body, n) != RET_OK) {
        err = FUTU_EREFUSED;
        str_copy(why, sizeof(why), response_text(body, n));
    }
    if (!err)
        err = take_ids(r, x->w);
    answer(x, err, why);
    name_next(r);
}

static void on_named_again(futu_client *c, futu_err err, uint8_t fmt, const uint8_t *body, size_t n,
                           void *arg)
{
    struct relay *r = arg;
    (void)c, (void)fmt;
    if (r->freeing)
        return;
    r->naming = false;
    if (err == FUTU_ENOTCONN)
        return;
    if (err || response_ret(body, n) != RET_OK)
        log_warn("upstream %s: it does not push orders of our accounts any more: " STR_FMT, r->name,
                 STR_ARG(err ? str_c(futu_strerror(err)) : response_text(body, n)));
    name_next(r);
}

static bool name_accounts(struct relay *r, const uint64_t *ids, size_t n, client_raw_fn *done,
                          void *arg)
{
    Trd_SubAccPush_C2S c2s = { .accIDList = (uint64_t *)ids, .n_accIDList = n };
    const Trd_SubAccPush_Request rq = { .c2s = &c2s };
    r->naming = lane_ask(&r->lanes[LANE_TRADE], P_SUB_ACC, &rq, done, arg);
    return r->naming;
}

static void name_next(struct relay *r)
{
    while (!r->naming && !list_empty(&r->watches) && lane_up(&r->lanes[LANE_TRADE])) {
        struct watching *x = list_entry(r->watches.next, struct watching, node);
        timer_stop(r->o.timers, &x->timer);
        if (!name_accounts(r, x->w->ids, x->w->n, on_named, x))
            answer(x, FUTU_ELIMIT, "");
    }
}

void trade_watch(struct upstream *u, struct upstream_watch *w)
{
    struct relay *r = container_of(u, struct relay, base);
    const struct lane *k = &r->lanes[LANE_TRADE];
    struct watching *x = mem_zalloc(sizeof(*x));
    if (!x) {
        w->done(w, FUTU_ENOMEM, "");
        return;
    }
    *x = (struct watching){ .r = r, .w = w, .timer.fn = on_hold_time, .since = relay_now(r) };
    list_push(&r->watches, &x->node);
    if (lane_up(k))
        name_next(r);
    else if (k->tried && k->lost_ns + HOLD_LIMIT <= relay_now(r))
        on_hold_time(&x->timer, 0);
    else
        wait_for_lane(x);
}

/* ---- pushes ---- */

static uint64_t account_of(const uint8_t *body, size_t n)
{
    struct pb_rec h, v;
    if (!pb_inner(body, n, TAG_S2C, 1, &h) || h.wire != PB_WIRE_BYTES ||
        !pb_first((futu_str){ (const char *)h.p, h.n }, 2, &v))
        return 0;
    return v.v;
}

void trade_push(struct relay *r, uint32_t proto, const uint8_t *body, size_t n)
{
    uint64_t account = account_of(body, n);
    struct buf *b = &r->body;
    if (proto == P_ORDER_PUSH && marks_strip(r->secret, 2, body, n, b)) {
        body = b->p;
        n = b->n;
    }
    r->o.events.trade(r->o.events.arg, account, proto, body, n);
}

/* ---- what was missed ---- */

static void ended(struct round *x)
{
    struct relay *r = x->r;
    if (--x->left > 0)
        return;
    mem_free(x);
    if (lane_up(&r->lanes[LANE_TRADE]))
        gap_over(r, LANE_TRADE);
}

/* UTC seconds at which the record was changed last: its update, else its creation; 0: not told. */
static double changed_at(futu_str m, uint32_t update, uint32_t create)
{
    struct pb_rec v;
    double d = 0;
    if ((pb_first(m, update, &v) || pb_first(m, create, &v)) && v.wire == PB_WIRE_64)
        memcpy(&d, &v.v, sizeof(d));
    return d;
}

/* One element of a list as a push: header 1, element 2, in both kinds. */
static void push_element(struct relay *r, uint32_t proto, const struct pb_rec *header,
                         const struct pb_rec *x)
{
    struct buf *b = &r->text;
    size_t s2c;
    b->n = 0;
    futu_err err = push_begin(b, &s2c);
    if (!err)
        err = pb_append(b, 1, header->p, header->n);
    if (!err)
        err = pb_append(b, 2, x->p, x->n);
    if (!err && !pb_close(b, s2c))
        trade_push(r, proto, b->p, b->n);
}

static void push_changes(struct round *x, bool fills, const uint8_t *body, size_t n)
{
    futu_str s2c;
    struct pb_rec header, e;
    if (!body_s2c(body, n, &s2c) || !pb_first(s2c, 1, &header) || header.wire != PB_WIRE_BYTES)
        return;
    struct pb_in in = pb_in_str(s2c);
    while (in.p < in.end && !pb_next(&in, &e)) {
        futu_str m = { (const char *)e.p, e.n };
        if (e.tag != 2 || e.wire != PB_WIRE_BYTES)
            continue;
        double at = fills ? changed_at(m, 15, 14) : changed_at(m, 17, 16);
        if (at == 0 || at * 1000 >= (double)(x->since_ms - BACK_MS))
            push_element(x->r, fills ? P_FILL_PUSH : P_ORDER_PUSH, &header, &e);
    }
}

static void on_list(futu_client *c, futu_err err, uint8_t fmt, const uint8_t *body, size_t n,
                    void *arg)
{
    const struct kind *k = arg;
    struct round *x = k->round;
    (void)c, (void)fmt;
    if (x->r->freeing) {
        if (--x->left == 0)
            mem_free(x);
        return;
    }
    if (!err && response_ret(body, n) == RET_OK)
        push_changes(x, k->fills, body, n);
    ended(x);
}

static void ask_lists(struct round *x, const Trd_Common_TrdAcc *acc, int32_t market)
{
    struct lane *k = &x->r->lanes[LANE_TRADE];
    Trd_Common_TrdHeader header = { 0 };
    Trd_GetOrderList_C2S orders = { .header = &header };
    Trd_GetOrderFillList_C2S fills = { .header = &header };
    const Trd_GetOrderList_Request orders_rq = { .c2s = &orders };
    const Trd_GetOrderFillList_Request fills_rq = { .c2s = &fills };
    SET(&header, trdEnv, acc->trdEnv);
    SET(&header, accID, acc->accID);
    SET(&header, trdMarket, market);
    x->left += lane_ask(k, P_ORDER_LIST, &orders_rq, on_list, &x->kinds[0]);
    if (acc->trdEnv != Trd_Common_TrdEnv_Simulate)      /* simulated accounts have no fills */
        x->left += lane_ask(k, P_FILL_LIST, &fills_rq, on_list, &x->kinds[1]);
}

static bool watched(const struct relay *r, uint64_t id)
{
    for (size_t i = 0; i < r->n_accounts; i++)
        if (r->accounts[i] == id)
            return true;
    return false;
}

static void on_accounts(futu_client *c, futu_err err, uint8_t fmt, const uint8_t *body, size_t n,
                        void *arg)
{
    struct round *x = arg;
    struct relay *r = x->r;
    struct arena a = ARENA_INIT;
    Trd_GetAccList_Response rsp = { .s2c = NULL };
    (void)c, (void)fmt;
    if (r->freeing) {
        mem_free(x);
        return;
    }
    bool ok = !err && response_ret(body, n) == RET_OK &&
              !codec_decode(&Trd_GetAccList_Response_msg, &a, body, n, &rsp, NULL, NULL) && rsp.s2c;
    for (size_t i = 0; ok && i < rsp.s2c->n_accList; i++) {
        const Trd_Common_TrdAcc *acc = &rsp.s2c->accList[i];
        for (size_t k = 0; k < acc->n_trdMarketAuthList && watched(r, acc->accID); k++)
            ask_lists(x, acc, acc->trdMarketAuthList[k]);
    }
    arena_free(&a);
    ended(x);
}

static void fetch_missed(struct relay *r)
{
    Trd_GetAccList_C2S c2s = { 0 };
    const Trd_GetAccList_Request rq = { .c2s = &c2s };
    struct round *x = mem_zalloc(sizeof(*x));
    SET(&c2s, userID, 0);
    SET(&c2s, needGeneralSecAccount, true);
    if (!x) {
        gap_over(r, LANE_TRADE);
        return;
    }
    *x = (struct round){ .r = r, .since_ms = r->gap[LANE_TRADE].begin_ms, .left = 1,
                         .kinds = { { x, false }, { x, true } } };
    if (!lane_ask(&r->lanes[LANE_TRADE], P_ACC_LIST, &rq, on_accounts, x)) {
        mem_free(x);
        gap_over(r, LANE_TRADE);
    }
}

void trade_up(struct relay *r)
{
    if (r->n_accounts > 0 &&
        !name_accounts(r, r->accounts, r->n_accounts, on_named_again, r)) {
        client_lose(r->lanes[LANE_TRADE].c, FUTU_ENOMEM, "out of memory");
        return;
    }
    name_next(r);
    if (r->gap[LANE_TRADE].open && r->n_accounts > 0)
        fetch_missed(r);
    else
        gap_over(r, LANE_TRADE);
    orders_seek(r);
    gap_tell_state(r);
}

void trade_down(struct relay *r)
{
    struct list *it, *tmp;
    timer_stop(r->o.timers, &r->settle);
    r->naming = false;
    list_each(it, tmp, &r->watches)
        wait_for_lane(list_entry(it, struct watching, node));
}

void trade_forget(struct relay *r)
{
    while (!list_empty(&r->watches)) {
        struct watching *x = list_entry(r->watches.next, struct watching, node);
        timer_stop(r->o.timers, &x->timer);
        list_remove(&x->node);
        mem_free(x);
    }
    mem_free(r->accounts);
}
