/* call.c - see call.h.
 *
 * Threads: none.
 * Tests:   test/unit/gateway/router_test.c, test/unit/gateway/trade_test.c
 */
#include "gateway/call.h"

#include "crypt/secret.h"
#include "gateway/closed.h"
#include "gateway/guard.h"
#include "gateway/orders.h"
#include "gateway/patch.h"
#include "gateway/pend.h"

#define KEEP_BODY 4096              /* a larger buffer is not kept for reuse */

static void on_timeout(struct timer *t, int64_t now);
static void on_done(struct upstream_request *rq, const uint8_t *body, size_t len);

static struct call *call_new(struct ask *a)
{
    struct hub *h = a->c->hub;
    struct call *k;
    if (!list_empty(&h->idle_calls)) {
        k = list_entry(h->idle_calls.next, struct call, link);
        list_remove(&k->link);
    } else {
        k = mem_zalloc(sizeof(*k));
        if (!k)
            return NULL;
    }
    struct buf body = k->body;
    *k = (struct call){ .hub = h, .ask = *a, .body = body };
    k->body.n = 0;
    k->timer.fn = on_timeout;
    list_init(&k->followers);
    list_push(&a->c->calls, &k->link);
    a->c->n_calls++;
    timer_set(h->o.timers, &k->timer, a->at + answer_limit(a->c));
    return k;
}

static void call_free(struct call *k)
{
    struct hub *h = k->hub;
    timer_stop(h->o.timers, &k->timer);
    list_remove(&k->link);
    if (k->ask.c)
        k->ask.c->n_calls--;
    list_remove(&k->followers);
    if (k->replay)
        k->replay->call = NULL;
    if (k->order)
        k->order->call = NULL;
    if (k->ask.proto == PROTO_TRD_UNLOCK_TRADE)      /* the digest of a password */
        wipe(k->body.p, k->body.n);
    if (k->body.cap > KEEP_BODY)
        buf_free(&k->body);
    list_push(&h->idle_calls, &k->link);
}

/* Ready to be sent; NULL after the refusal. */
static struct call *prepare(struct ask *a, struct replay_entry *replay)
{
    struct call *k = call_new(a);
    if (!k || buf_put(&k->body, a->body, a->len)) {
        if (k)
            call_free(k);
        if (replay)
            replay_drop(&a->c->replay, replay);
        reply_refuse(a, "out of memory");
        return NULL;
    }
    bool raw = !a->row || !a->row->request;
    k->replay = replay;
    if (replay)
        replay->call = k;
    k->flag = patch_flag(a);
    k->market = order_market(a);
    k->rq = (struct upstream_request){ .proto = a->proto, .conn_id = a->c->id, .body = k->body.p,
                                       .len = k->body.n, .done = on_done,
                                       .fmt = raw ? a->fmt : FRAME_PROTOBUF };
    k->sent_at = a->c->hub->now;
    k->round = a->c->hub->unlocks.round;
    return k;
}

/* What it has done is learnt from its answer, so that it is waited for. */
static bool lasts(const struct call *k)
{
    return k->order || k->ask.proto == PROTO_TRD_UNLOCK_TRADE;
}

static bool droppable(const struct proto_row *row)
{
    return row && !row->write && row->id != PROTO_TRD_UNLOCK_TRADE;
}

void call_start(struct ask *a, struct replay_entry *replay)
{
    struct call *k = prepare(a, replay);
    if (!k)
        return;
    if (a->call && droppable(a->row))
        a->call->read = k;
    k->hub->up->ops->request(k->hub->up, &k->rq);
}

void call_start_order(struct ask *a, struct replay_entry *replay, struct order_entry *e,
                      bool resume)
{
    struct call *k = prepare(a, replay);
    if (k) {
        k->order = e;
        orders_begin(k, resume);
    } else if (!resume) {
        journal_drop(a->c->hub->journal, e);
    }
}

void call_follow(struct ask *a, struct call *leader)
{
    struct call *k = call_new(a);
    if (!k) {
        reply_refuse(a, "out of memory");
        return;
    }
    k->leader = leader;
    list_push(&leader->followers, &k->followers);
}

void call_cancel(struct call *k)
{
    struct upstream *up = k->hub->up;
    if (!k->leader)
        up->ops->cancel(up, &k->rq);
    if (k->ask.guarded)
        guard_end(&k->ask, NULL, 0);
    call_free(k);
}

void call_leave(struct call *k)
{
    if (!lasts(k)) {
        call_cancel(k);
        return;
    }
    timer_stop(k->hub->o.timers, &k->timer);
    list_remove(&k->link);
    list_push(&k->hub->orders, &k->link);
    k->ask.c->n_calls--;
    k->ask.c = NULL;
    if (k->replay)
        k->replay->call = NULL;
    k->replay = NULL;
}

void call_drop_orders(struct hub *h)
{
    while (!list_empty(&h->orders)) {
        struct call *k = list_entry(h->orders.next, struct call, link);
        if (k->storing && k->ask.guarded)
            guard_end(&k->ask, NULL, 0);
        if (k->storing)
            call_free(k);       /* the upstream has not heard of it */
        else
            call_cancel(k);
    }
}

/* The body in the form of the request, when nobody here can convert it. */
static void reply_raw(struct ask *a, const uint8_t *body, size_t len, int64_t net_ns)
{
    struct ask as_it_is = *a;
    as_it_is.fmt = FRAME_PROTOBUF;
    as_it_is.raw_json = a->fmt == FRAME_JSON;
    reply_body(&as_it_is, body, len, net_ns);
}

static void answer(const struct call *k, struct ask *a, const uint8_t *body, size_t len,
                   int64_t net_ns)
{
    futu_str b = { (const char *)body, len };
    guard_reply(a, &b);
    body = (const uint8_t *)b.p;
    len = b.n;
    if (k->rq.fmt == FRAME_JSON && len > 0)
        reply_raw(a, body, len, net_ns);
    else
        reply_body(a, body, len, net_ns);
}

static void answer_followers(struct call *k, const uint8_t *body, size_t len, int64_t net_ns)
{
    struct list *it, *tmp;
    list_each(it, tmp, &k->followers) {
        struct call *f = list_entry(it, struct call, followers);
        answer(k, &f->ask, body, len, net_ns);
        call_free(f);
    }
}

/* The number of a write: it gives its repeats the answer, or is as if it had not been used. */
static void end_replay(struct call *k, bool keep, const uint8_t *body, size_t n)
{
    if (!k->replay)
        return;
    if (keep)
        replay_answer(k->replay, body, n);
    else
        replay_drop(&k->ask.c->replay, k->replay);
    k->replay = NULL;
}

static void on_done(struct upstream_request *rq, const uint8_t *body, size_t len)
{
    struct call *k = container_of(rq, struct call, rq);
    struct hub *h = k->hub;
    futu_str b = { (const char *)body, len };
    int64_t net_ns = MAX(hub_now(h) - k->sent_at, NS_PER_US);
    if (rq->fmt == FRAME_PROTOBUF) {
        patch_reply(k, &b, net_ns);
        closed_hint(h, k->market, &b);
    }
    body = (const uint8_t *)b.p;
    bool known = !k->order || orders_end(k, body, b.n);
    end_replay(k, known && !rq->unsent, body, b.n);
    if (k->ask.c && !k->timed_out)
        answer(k, &k->ask, body, b.n, net_ns);
    else if (k->ask.guarded)
        guard_end(&k->ask, body, b.n);
    answer_followers(k, body, b.n, net_ns);
    call_free(k);
}

static void on_timeout(struct timer *t, int64_t now)
{
    struct call *k = container_of(t, struct call, timer);
    bool write = lasts(k) || (k->ask.row && k->ask.row->write);
    (void)now;
    hub_now(k->hub);
    reply_failure(&k->ask, RET_TIMEOUT, 0,
                  write ? "业务处理超时没返回，结果未知" : "业务处理超时没返回");
    if (write && !k->leader)
        k->timed_out = true;
    else
        call_cancel(k);
}
