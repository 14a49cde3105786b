/* call.c - see call.h.
 *
 * Limits:  10 s, on the SDK's WebSocket 4.5 s: its clients give up after 12 s and 5 s.
 * Threads: none.
 * Tests:   test/unit/gateway/router_test.c, test/unit/gateway/trade_test.c
 */
#include "gateway/call.h"

#include "gateway/patch.h"

#define LIMIT_NS (10 * NS_PER_S)
#define LIMIT_SDK_NS (4500 * NS_PER_MS)
#define KEEP_BODY 4096              /* a larger buffer is not kept for reuse */

static void on_timeout(struct timer *t, int64_t now);
static void on_done(struct upstream_request *rq, const uint8_t *body, size_t len);

static struct call *call_new(const struct ask *a)
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
    *k = (struct call){ .ask = *a, .body = body };
    k->body.n = 0;
    k->timer.fn = on_timeout;
    list_init(&k->followers);
    list_push(&a->c->calls, &k->link);
    a->c->n_calls++;
    timer_set(h->o.timers, &k->timer,
              a->at + (a->c->kind == KIND_WS_SDK ? LIMIT_SDK_NS : LIMIT_NS));
    return k;
}

static void call_free(struct call *k)
{
    struct hub *h = k->ask.c->hub;
    timer_stop(h->o.timers, &k->timer);
    list_remove(&k->link);
    k->ask.c->n_calls--;
    list_remove(&k->followers);
    if (k->replay)
        k->replay->call = NULL;
    if (k->body.cap > KEEP_BODY)
        buf_free(&k->body);
    list_push(&h->idle_calls, &k->link);
}

void call_start(const struct ask *a, struct replay_entry *replay)
{
    struct hub *h = a->c->hub;
    struct call *k = call_new(a);
    if (!k || buf_put(&k->body, a->body, a->len)) {
        if (k)
            call_free(k);
        if (replay)
            replay_drop(&a->c->replay, replay);
        reply_refuse(a, "out of memory");
        return;
    }
    k->replay = replay;
    if (replay)
        replay->call = k;
    k->unlock = patch_unlock_asked(a);
    k->rq = (struct upstream_request){ .proto = a->proto, .conn_id = a->c->id, .body = k->body.p,
                                       .len = k->body.n, .done = on_done };
    k->sent_at = h->now;
    h->up->ops->request(h->up, &k->rq);
}

void call_follow(const struct ask *a, struct call *leader)
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
    struct upstream *up = k->ask.c->hub->up;
    if (!k->leader)
        up->ops->cancel(up, &k->rq);
    call_free(k);
}

static void answer_followers(struct call *k, const uint8_t *body, size_t len, int64_t net_ns)
{
    struct list *it, *tmp;
    list_each(it, tmp, &k->followers) {
        struct call *f = list_entry(it, struct call, followers);
        reply_body(&f->ask, body, len, net_ns);
        call_free(f);
    }
}

static void on_done(struct upstream_request *rq, const uint8_t *body, size_t len)
{
    struct call *k = container_of(rq, struct call, rq);
    struct hub *h = k->ask.c->hub;
    futu_str b = { (const char *)body, len };
    int64_t net_ns = MAX(hub_now(h) - k->sent_at, NS_PER_US);
    patch_reply(k, &b, net_ns);
    body = (const uint8_t *)b.p;
    if (k->replay)
        replay_answer(k->replay, body, b.n);
    if (!k->timed_out)
        reply_body(&k->ask, body, b.n, net_ns);
    answer_followers(k, body, b.n, net_ns);
    call_free(k);
}

static void on_timeout(struct timer *t, int64_t now)
{
    struct call *k = container_of(t, struct call, timer);
    struct hub *h = k->ask.c->hub;
    bool write = k->ask.row->write;
    (void)now;
    hub_now(h);
    reply_failure(&k->ask, RET_TIMEOUT,
                  write ? "业务处理超时没返回，结果未知" : "业务处理超时没返回");
    if (write && !k->leader)
        k->timed_out = true;
    else
        call_cancel(k);
}
