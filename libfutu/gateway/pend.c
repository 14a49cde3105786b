/* pend.c - see pend.h.
 *
 * Limits:  10 s, on the SDK's WebSocket 4.5 s: its clients give up after 12 s and 5 s. Those that
 *          have had their answer count until the upstream has answered too.
 * Tests:   test/unit/gateway/plan_test.c, test/unit/gateway/accounts_test.c
 */
#include "gateway/pend.h"

#define LIMIT_NS (10 * NS_PER_S)
#define LIMIT_SDK_NS (4500 * NS_PER_MS)

int64_t answer_limit(const struct futu_conn *c)
{
    return c->kind == KIND_WS_SDK ? LIMIT_SDK_NS : LIMIT_NS;
}

static void on_timeout(struct timer *t, int64_t now)
{
    struct pend *p = container_of(t, struct pend, timer);
    (void)now;
    hub_now(p->hub);
    p->answered = true;
    reply_failure(&p->ask, RET_TIMEOUT, 0, "业务处理超时没返回");
    p->late(p);
}

bool pend_room(struct ask *a)
{
    if (a->c->n_pends < CALLS_PER_CONN)
        return true;
    reply_refuse(a, "more than %d calls are under way on this connection", CALLS_PER_CONN);
    return false;
}

void pend_begin(struct pend *p, struct ask *a)
{
    struct futu_conn *c = a->c;
    p->ask = *a;
    p->ask.body = NULL;
    p->ask.msg = NULL;
    p->hub = c->hub;
    p->c = c;
    p->timer.fn = on_timeout;
    list_init(&p->in_kind);
    list_push(&c->hub->pends, &p->in_hub);
    list_push(&c->pends, &p->in_conn);
    c->n_pends++;
    timer_set(c->hub->o.timers, &p->timer, a->at + answer_limit(c));
}

bool pend_end(struct pend *p)
{
    timer_stop(p->hub->o.timers, &p->timer);
    list_remove(&p->in_hub);
    list_remove(&p->in_conn);
    if (p->c)
        p->c->n_pends--;
    return p->c && !p->answered;
}

void pend_conn_gone(struct futu_conn *c)
{
    struct list *it, *tmp;
    list_each(it, tmp, &c->pends) {
        struct pend *p = list_entry(it, struct pend, in_conn);
        timer_stop(c->hub->o.timers, &p->timer);
        list_remove(&p->in_conn);
        p->c = NULL;
    }
}

void pend_drop_all(struct hub *h)
{
    while (!list_empty(&h->pends)) {
        struct pend *p = list_entry(h->pends.next, struct pend, in_hub);
        pend_end(p);
        p->drop(p);
    }
}
