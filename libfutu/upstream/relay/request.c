/* request.c - requests of clients on their way: byte for byte up, byte for byte down.
 *
 * Waiting: without a connection a read waits up to HOLD_LIMIT for one, counted from when it came or
 *          from when the connection was lost, whichever is later; then it fails with the reason.
 *          A read whose connection broke is sent again; what may change something is not. Orders
 *          never wait; see order.c.
 * Cost:    per request one struct from a pool.
 * Tests:   test/unit/upstream/relay/request_test.c
 */
#include <stdio.h>

#include "upstream/relay/state.h"

#define UNKNOWN_ID "未知的协议ID"

static void on_time(struct timer *t, int64_t now);
static void answer_global_state(struct relay *r, struct upstream_request *rq);

static struct out *out_new(struct relay *r)
{
    struct out *x;
    if (list_empty(&r->pool)) {
        x = mem_zalloc(sizeof(*x));
        if (!x)
            return NULL;
        list_init(&x->node);
        x->timer.fn = on_time;
        return x;
    }
    x = list_entry(r->pool.next, struct out, node);
    list_remove(&x->node);
    return x;
}

static void out_free(struct out *x)
{
    struct relay *r = x->lane->r;
    timer_stop(r->o.timers, &x->timer);
    list_remove(&x->node);
    if (x->rq)
        x->rq->upstream_data = NULL;
    x->rq = NULL;
    x->call = NULL;
    list_push(&r->pool, &x->node);
}

void request_fail(struct relay *r, struct upstream_request *rq, int32_t ret, const char *text)
{
    struct buf *b = &r->text;
    b->n = 0;
    rq->fmt = FRAME_PROTOBUF;
    if (codec_failure(b, ret, 0, str_c(text)))
        b->n = 0;
    rq->done(rq, b->p, b->n);
}

static void give_up(struct out *x)
{
    struct relay *r = x->lane->r;
    struct upstream_request *rq = x->rq;
    char text[420];
    snprintf(text, sizeof(text), "no %s connection to the upstream %s: %s", lane_name(x->lane->id),
             r->name, lane_error(x->lane));
    out_free(x);
    if (rq->proto == P_GLOBAL_STATE)
        answer_global_state(r, rq);
    else
        request_fail(r, rq, RET_DISCONNECTED, text);
}

static void on_time(struct timer *t, int64_t now)
{
    (void)now;
    give_up(container_of(t, struct out, timer));
}

static void hold(struct out *x)
{
    struct relay *r = x->lane->r;
    list_push(&x->lane->held, &x->node);
    timer_set(r->o.timers, &x->timer, x->deadline);
}

/* The upstream is older than the protocol: say so, in its words and ours. */
static bool too_old(struct relay *r, const struct upstream_request *rq, const uint8_t *body,
                    size_t n)
{
    const struct proto_row *row = proto_find(rq->proto);
    return row && response_ret(body, n) == RET_FAILED &&
           str_eq(response_text(body, n), STR(UNKNOWN_ID)) && lane_up(&r->lanes[LANE_QUOTE]);
}

static void tell_too_old(struct relay *r, struct upstream_request *rq)
{
    int v = r->lanes[lane_of(rq->proto)].c->server_ver;
    char text[440];
    snprintf(text, sizeof(text),
             UNKNOWN_ID ": the upstream %s (version %d.%02d) does not know %s; a newer one may",
             r->name, v / 100, v % 100, proto_find(rq->proto)->name);
    request_fail(r, rq, RET_FAILED, text);
}

/* Orders go down without the marks that went up with them. */
static const struct buf *without_marks(struct relay *r, uint32_t proto, const uint8_t *body,
                                       size_t n)
{
    bool lists = proto == P_ORDER_LIST || proto == P_HIST_ORDERS;
    return lists && marks_strip(r->secret, 2, body, n, &r->body) ? &r->body : NULL;
}

/* qotLogined and trdLogined are true only when our own connections are there too. */
static const struct buf *true_state(struct relay *r, const uint8_t *body, size_t n)
{
    enum { QOT = 6, TRD = 7 };
    uint8_t q[PB_MAX_SCALAR], t[PB_MAX_SCALAR];
    struct pb_rec v;
    r->far_qot = pb_inner(body, n, TAG_S2C, QOT, &v) && v.v;
    r->far_trd = pb_inner(body, n, TAG_S2C, TRD, &v) && v.v;
    bool qot = r->far_qot && lane_up(&r->lanes[LANE_QUOTE]) && !r->gap[LANE_QUOTE].open;
    bool trd = r->far_trd && lane_up(&r->lanes[LANE_TRADE]);
    const struct pb_edit edits[] = {
        { QOT, q, (size_t)(pb_put_scalar(q, QOT, PB_BOOL, &qot) - q) },
        { TRD, t, (size_t)(pb_put_scalar(t, TRD, PB_BOOL, &trd) - t) },
    };
    r->body.n = 0;
    if (pb_splice(body, n, TAG_S2C, edits, 2, &r->body))
        return NULL;
    r->global.n = 0;
    buf_put(&r->global, body, n);
    return &r->body;
}

static void note_sticky(struct relay *r, const struct upstream_request *rq)
{
    struct sticky *s = r->n_sticky < 256 ? mem_zalloc(sizeof(*s)) : NULL;
    if (!s)
        return;
    if (buf_put(&s->body, rq->body, rq->len)) {
        mem_free(s);
        return;
    }
    list_push(&r->sticky, &s->node);
    r->n_sticky++;
}

static void answer(struct relay *r, struct upstream_request *rq, const uint8_t *body, size_t n)
{
    const struct buf *changed = NULL;
    if (too_old(r, rq, body, n)) {
        tell_too_old(r, rq);
        return;
    }
    bool ok = response_ret(body, n) == RET_OK;
    if (ok && cache_keeps(rq->proto))
        cache_put(r->cache, rq->proto, (futu_str){ (const char *)rq->body, rq->len }, body, n,
                  relay_now(r));
    if (ok && rq->proto == P_SUB_EVENT)
        note_sticky(r, rq);
    if (ok && rq->proto == P_GLOBAL_STATE)
        changed = true_state(r, body, n);
    else if (ok)
        changed = without_marks(r, rq->proto, body, n);
    if (changed)
        rq->done(rq, changed->p, changed->n);
    else
        rq->done(rq, body, n);
}

/* Nobody knows what an id outside the registry does; the others here are no writes of orders, but
 * change something all the same. */
static bool repeatable(uint32_t proto)
{
    static const uint32_t changes[] = { 1006, 1008, 1009, 3214, 3220, 3309 };
    for (size_t i = 0; i < ARRAY_LEN(changes); i++)
        if (changes[i] == proto)
            return false;
    return proto_find(proto) != NULL;
}

static void fail_with(struct relay *r, struct upstream_request *rq, futu_err err)
{
    if (err == FUTU_ENOTCONN)
        request_fail(r, rq, RET_DISCONNECTED,
                     "结果未知: the connection to the upstream broke while the request was under way");
    else
        request_fail(r, rq, RET_TIMEOUT, "业务处理超时没返回");
}

static void on_reply(futu_client *c, futu_err err, uint8_t fmt, const uint8_t *body, size_t n,
                     void *arg)
{
    struct out *x = arg;
    struct relay *r = x->lane->r;
    struct upstream_request *rq = x->rq;
    (void)c;
    x->call = NULL;
    if (r->freeing)
        return;
    if (err == FUTU_ENOTCONN && repeatable(rq->proto)) {
        list_remove(&x->node);
        x->deadline = relay_now(r) + HOLD_LIMIT;
        hold(x);
        return;
    }
    out_free(x);
    if (err == FUTU_OK && fmt != rq->fmt)
        request_fail(r, rq, RET_FAILED, "the upstream answered in another format");
    else if (err == FUTU_OK && fmt == FRAME_PROTOBUF)
        answer(r, rq, body, n);
    else if (err == FUTU_OK)
        rq->done(rq, body, n);
    else
        fail_with(r, rq, err);
}

static void send(struct out *x)
{
    struct lane *k = x->lane;
    struct relay *r = k->r;
    struct upstream_request *rq = x->rq;
    list_push(&r->flying, &x->node);
    k->requests++;
    x->call = client_send_raw(k->c, rq->proto, rq->fmt, rq->body, rq->len, CALL_LIMIT, on_reply, x);
    if (x->call)
        return;
    out_free(x);
    request_fail(r, rq, RET_FAILED, "the upstream takes no more requests, or memory is out");
}

static void fill_down(struct relay *r, GetGlobalState_S2C *s2c, Common_ProgramStatus *status)
{
    SET(s2c, qotLogined, false);
    SET(s2c, trdLogined, r->far_trd && lane_up(&r->lanes[LANE_TRADE]));
    SET(s2c, time, relay_now_ms(r) / 1000);
    SET(s2c, localTime, (double)relay_now_ms(r) / 1000);
    SET(status, type, Common_ProgramStatusType_Loging);
    status->strExtDesc = str_c(lane_error(&r->lanes[LANE_QUOTE]));
    s2c->programStatus = status;
}

/* Without a quote connection: what the upstream said last, and that it can't be asked. */
static void answer_global_state(struct relay *r, struct upstream_request *rq)
{
    const futu_msg *m = &GetGlobalState_Response_msg;
    GetGlobalState_Response rsp = { .retMsg = STR("") };
    GetGlobalState_S2C s2c = { .programStatus = NULL };
    Common_ProgramStatus status = { .strExtDesc = STR_NULL };
    arena_reset(&r->arena);
    bool known = r->global.n > 0 &&
                 !codec_decode(m, &r->arena, r->global.p, r->global.n, &rsp, NULL, NULL) && rsp.s2c;
    if (!known) {
        rsp = (GetGlobalState_Response){ .retMsg = STR(""), .s2c = &s2c };
        SET(&s2c, marketHK, 0);
        SET(&s2c, marketUS, 0);
        SET(&s2c, marketSH, 0);
        SET(&s2c, marketSZ, 0);
        SET(&s2c, marketHKFuture, 0);
        SET(&s2c, serverVer, UPSTREAM_SERVER_VER);
        SET(&s2c, serverBuildNo, 0);
    }
    SET(&rsp, retType, RET_OK);
    SET(&rsp, errCode, 0);
    fill_down(r, rsp.s2c, &status);
    r->body.n = 0;
    if (codec_encode(m, &rsp, &r->body, NULL))
        request_fail(r, rq, RET_FAILED, "out of memory");
    else
        rq->done(rq, r->body.p, r->body.n);
}

/* What needs no question upstream, or can't be asked there. */
static bool answer_at_once(struct relay *r, struct upstream_request *rq)
{
    const struct lane *k = &r->lanes[LANE_QUOTE];
    futu_str request = { (const char *)rq->body, rq->len };
    const struct buf *kept = NULL;
    if (cache_keeps(rq->proto))
        kept = cache_find(r->cache, rq->proto, request, relay_now(r));
    if (kept)
        rq->done(rq, kept->p, kept->n);
    else if (rq->proto == P_GLOBAL_STATE && !lane_up(k) && k->tried)
        answer_global_state(r, rq);
    else
        return false;
    return true;
}

void request_up(struct upstream *u, struct upstream_request *rq)
{
    struct relay *r = container_of(u, struct relay, base);
    const struct proto_row *row = proto_find(rq->proto);
    rq->upstream_data = NULL;
    if (row && row->write) {
        order_send(r, rq);
        return;
    }
    if (answer_at_once(r, rq))
        return;
    struct out *x = out_new(r);
    if (!x) {
        request_fail(r, rq, RET_FAILED, "out of memory");
        return;
    }
    struct lane *k = &r->lanes[lane_of(rq->proto)];
    x->lane = k;
    x->rq = rq;
    rq->upstream_data = x;
    x->deadline = (k->tried ? k->lost_ns : relay_now(r)) + HOLD_LIMIT;
    if (lane_up(k))
        send(x);
    else if (x->deadline <= relay_now(r))
        give_up(x);
    else
        hold(x);
}

void request_cancel(struct upstream *u, struct upstream_request *rq)
{
    struct relay *r = container_of(u, struct relay, base);
    const struct proto_row *row = proto_find(rq->proto);
    struct out *x = rq->upstream_data;
    if (row && row->write) {
        order_forget(r, rq);
        return;
    }
    if (!x)
        return;
    if (x->call)
        client_forget(x->lane->c, x->call);
    out_free(x);
}

void requests_release(struct lane *k)
{
    struct list now;
    list_take(&now, &k->held);
    while (!list_empty(&now)) {
        struct out *x = list_entry(now.next, struct out, node);
        timer_stop(k->r->o.timers, &x->timer);
        list_remove(&x->node);
        if (lane_up(k))
            send(x);
        else
            hold(x);            /* lost again by what a callback did */
    }
}

static void free_list(struct relay *r, struct list *l)
{
    while (!list_empty(l)) {
        struct out *x = list_entry(l->next, struct out, node);
        timer_stop(r->o.timers, &x->timer);
        list_remove(&x->node);
        mem_free(x);
    }
}

void requests_free(struct relay *r)
{
    for (int i = 0; i < LANES; i++)
        if (r->lanes[i].r)
            free_list(r, &r->lanes[i].held);
    free_list(r, &r->flying);
    free_list(r, &r->pool);
}
