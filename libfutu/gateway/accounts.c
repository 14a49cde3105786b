/* accounts.c - Trd_SubAccPush: whose trade pushes a connection wants.
 *
 * The newest list of a connection takes the place of its last one. The upstream is told the union
 * of all lists when it grows, before the client is answered; that it has shrunk is told with the
 * next growth, since what nobody wants any more goes no further than here.
 * Tests:   test/unit/gateway/accounts_test.c, test/unit/gateway/trade_test.c
 */
#include "gateway/pend.h"

struct watch {
    struct upstream_watch up;
    struct pend pend;
    uint64_t *ids;              /* of the client's list; behind them the union */
    size_t n;
};

static bool among(const uint64_t *ids, size_t n, uint64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (ids[i] == id)
            return true;
    return false;
}

static size_t add_new(uint64_t *to, size_t n, const uint64_t *ids, size_t more)
{
    for (size_t i = 0; i < more; i++)
        if (!among(to, n, ids[i]))
            to[n++] = ids[i];
    return n;
}

static void on_done(struct upstream_watch *up, futu_err err, const char *why);

/* An upper bound of the union's size: lists that are in force, and those that are on their way. */
static size_t union_bound(struct hub *h)
{
    struct list *it, *tmp;
    size_t n = 0;
    list_each(it, tmp, &h->traders)
        n += list_entry(it, struct futu_conn, trader)->n_accounts;
    list_each(it, tmp, &h->watches)
        n += list_entry(it, struct watch, pend.in_kind)->n;
    return n;
}

/* What the upstream has been told, as far as it is still wanted. */
static size_t in_force(struct hub *h, uint64_t *to)
{
    struct list *it, *tmp;
    size_t n = 0;
    list_each(it, tmp, &h->traders) {
        const struct futu_conn *c = list_entry(it, struct futu_conn, trader);
        n = add_new(to, n, c->accounts, c->n_accounts);
    }
    return n;
}

/* Lists that the upstream is being told, and may refuse. */
static size_t add_on_the_way(struct hub *h, uint64_t *to, size_t n)
{
    struct list *it, *tmp;
    list_each(it, tmp, &h->watches) {
        const struct watch *w = list_entry(it, struct watch, pend.in_kind);
        n = add_new(to, n, w->ids, w->n);
    }
    return n;
}

static struct watch *watch_new(struct hub *h, const uint64_t *ids, size_t n)
{
    struct watch *w = mem_zalloc(sizeof(*w));
    if (!w)
        return NULL;
    w->ids = mem_array(2 * n + union_bound(h) + 1, sizeof(*w->ids));
    if (!w->ids) {
        mem_free(w);
        return NULL;
    }
    w->n = add_new(w->ids, 0, ids, n);
    return w;
}

static void watch_free(struct watch *w)
{
    list_remove(&w->pend.in_kind);
    mem_free(w->ids);
    mem_free(w);
}

/* The list is the connection's from now on. */
static void take_list(struct futu_conn *c, struct watch *w)
{
    mem_free(c->accounts);
    c->accounts = w->ids;
    c->n_accounts = (uint32_t)w->n;
    w->ids = NULL;
    list_remove(&c->trader);
    if (c->n_accounts > 0)
        list_push(&c->hub->traders, &c->trader);
}

static void on_done(struct upstream_watch *up, futu_err err, const char *why)
{
    struct watch *w = container_of(up, struct watch, up);
    hub_now(w->pend.hub);
    if (pend_end(&w->pend)) {
        if (err) {
            reply_refuse(&w->pend.ask, "%s", why && *why ? why : futu_strerror(err));
        } else {
            take_list(w->pend.c, w);
            reply_empty(&w->pend.ask);
        }
    }
    watch_free(w);
}

static void on_late(struct pend *p)
{
    (void)p;                    /* nothing was changed yet */
}

static void on_drop(struct pend *p)
{
    watch_free(container_of(p, struct watch, pend));
}

void on_sub_acc_push(struct ask *a)
{
    const Trd_SubAccPush_C2S *c2s = ((const Trd_SubAccPush_Request *)a->msg)->c2s;
    struct hub *h = a->c->hub;
    if (c2s->n_accIDList > ACCOUNTS_PER_CONN) {
        reply_refuse(a, "accIDList: more than %d accounts", ACCOUNTS_PER_CONN);
        return;
    }
    if (!pend_room(a))
        return;
    struct watch *w = watch_new(h, c2s->accIDList, c2s->n_accIDList);
    if (!w) {
        reply_refuse(a, "out of memory");
        return;
    }
    uint64_t *all = w->ids + w->n;
    size_t before = in_force(h, all), n = add_new(all, before, w->ids, w->n);
    bool grows = n > before;
    w->up = (struct upstream_watch){ .ids = all, .n = add_on_the_way(h, all, n), .done = on_done };
    w->pend.late = on_late;
    w->pend.drop = on_drop;
    pend_begin(&w->pend, a);
    list_push(&h->watches, &w->pend.in_kind);
    if (!grows)
        on_done(&w->up, FUTU_OK, NULL);
    else
        h->up->ops->watch(h->up, &w->up);
}
