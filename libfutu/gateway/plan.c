/* plan.c - see plan.h.
 *
 * Tests:   test/unit/gateway/qot_test.c, test/unit/gateway/plan_test.c
 */
#include "gateway/plan.h"

#include <stdarg.h>
#include <stdio.h>

static futu_err fail(struct plan *p, futu_err err, const char *fmt, ...) PRINTF_LIKE(3, 4);
static futu_err fail(struct plan *p, futu_err err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(p->why, sizeof(p->why), fmt, ap);
    va_end(ap);
    return err;
}

static futu_err no_memory(struct plan *p)
{
    return fail(p, FUTU_ENOMEM, "out of memory");
}

struct plan *plan_new(struct futu_conn *c)
{
    struct plan *p = mem_zalloc(sizeof(*p));
    if (!p)
        return NULL;
    p->c = c;
    p->arena.chunk = 1024;
    list_init(&p->waiting);
    return p;
}

/* Pairs that nothing holds any more go with it. */
static void unpin(struct plan *p, struct hub *h)
{
    for (size_t i = 0; i < p->n; i++) {
        p->wants[i].pair->pins--;
        pair_settle(h, p->wants[i].pair);
    }
    p->n = 0;
}

static void release(struct plan *p)
{
    arena_free(&p->arena);
    mem_free(p);
}

void plan_free(struct plan *p)
{
    unpin(p, p->c->hub);
    release(p);
}

futu_err plan_check(struct plan *p)
{
    if (p->n_secs == 0)
        return fail(p, FUTU_EINVAL, "缺少必要的参数: securityList");
    if (p->n_types == 0)
        return fail(p, FUTU_EINVAL, "缺少必要的参数: subTypeList");
    if (p->n_secs > PLAN_PAIRS / p->n_types)
        return fail(p, FUTU_ELIMIT, "more than %d subscriptions in one request", PLAN_PAIRS);
    for (size_t i = 0; i < p->n_types; i++)
        if (!sub_type_known(p->types[i]))
            return fail(p, FUTU_EINVAL, "subTypeList[%zu]: %d is unknown", i, p->types[i]);
    p->wants = ARENA_ARRAY(&p->arena, struct want, p->n_secs * p->n_types);
    p->c->hub->subs.mark++;
    return p->wants ? FUTU_OK : no_memory(p);
}

static void add(struct plan *p, struct pair *pair)
{
    uint32_t mark = p->c->hub->subs.mark;
    if (pair->mark == mark)
        return;
    pair->mark = mark;
    pair->pins++;
    p->wants[p->n++] = (struct want){ pair, false };
}

futu_err plan_find(struct plan *p)
{
    for (size_t i = 0; i < p->n_secs; i++)
        for (size_t k = 0; k < p->n_types; k++) {
            struct pair *pair = subs_find_pair(&p->c->hub->subs, p->secs[i].market,
                                               p->secs[i].code, p->types[k]);
            if (pair)
                add(p, pair);
        }
    return FUTU_OK;
}

futu_err plan_make(struct plan *p)
{
    struct hub *h = p->c->hub;
    uint32_t quota = subs_quota(h), used = h->subs.n_pairs;
    p->make = true;
    for (size_t i = 0; i < p->n_secs; i++)
        for (size_t k = 0; k < p->n_types; k++) {
            struct pair *pair;
            size_t before = p->n;
            futu_err err = subs_pair(h, p->secs[i].market, p->secs[i].code, p->types[k], &pair);
            if (err == FUTU_ENOMEM)
                return no_memory(p);
            if (err)
                return fail(p, FUTU_ENOTFOUND, "未知股票 %.*s", (int)MIN(p->secs[i].code.n, 64),
                            p->secs[i].code.p);
            add(p, pair);
            used += p->n > before && list_empty(&pair->subs);
            if (used > quota)
                return fail(p, FUTU_ELIMIT,
                            "订阅额度不足: %u of %u are in use, this request needs more",
                            h->subs.n_pairs, quota);
        }
    return FUTU_OK;
}

uint32_t plan_rehabs(const struct plan *p, const struct pair *pair)
{
    return sub_type_kline(pair->sub_type) ? p->rehabs : 1;
}

/* ---- running ---- */

/* Once: what is given up while the plan is under way stays given up. */
static futu_err make_subs(struct plan *p)
{
    bool make = p->make;
    p->make = false;
    for (size_t i = 0; i < p->n && make; i++) {
        struct want *w = &p->wants[i];
        struct sub *s = sub_of(p->pend.c, w->pair);
        if (s)
            continue;
        if (sub_new(p->pend.c, w->pair, &s))
            return no_memory(p);
        w->made = true;
    }
    return FUTU_OK;
}

/* Options are those of the pair: one change of them at a time. */
static bool being_opened(const struct pair *pair)
{
    for (int r = 0; r < REHABS; r++)
        if (pair->streams[r] && pair->streams[r]->opening)
            return true;
    return false;
}

/* A stream that is to be there afterwards: into the list when it is not open as it should be. */
static futu_err want_stream(struct plan *p, struct pair *pair, int rehab, bool reg)
{
    struct stream *st;
    struct stream_opts opts = stream_opts_union(pair->opts, p->opts);
    if (pair_stream(p->pend.hub, pair, rehab, &st) || (reg && reg_reserve(st)))
        return no_memory(p);
    if (being_opened(pair))
        p->wait = true;
    else if (!st->open || !stream_opts_eq(opts, pair->opts))
        p->keys[p->n_keys++] = (struct stream_want){ st->key, opts };
    return FUTU_OK;
}

static futu_err list_streams(struct plan *p)
{
    futu_err err = FUTU_OK;
    p->n_keys = 0;
    p->wait = false;
    if (!p->keys)
        p->keys = ARENA_ARRAY(&p->arena, struct stream_want, MAX(p->n * REHABS, 1));
    if (!p->keys)
        return no_memory(p);
    for (size_t i = 0; i < p->n && !err; i++) {
        struct pair *pair = p->wants[i].pair;
        if (!sub_of(p->pend.c, pair))
            continue;
        uint32_t rehabs = p->reg ? plan_rehabs(p, pair) : 0;
        uint32_t base = 1u << base_rehab(pair->sub_type);
        for (int r = 0; r < REHABS && !err; r++)
            if ((rehabs | base) >> r & 1)
                err = want_stream(p, pair, r, rehabs >> r & 1);
    }
    return err;
}

static void set_streams(struct plan *p, bool opening, bool open)
{
    for (size_t i = 0; i < p->n_keys; i++) {
        struct stream *st = subs_find(&p->pend.hub->subs, &p->keys[i].key);
        st->opening = opening;
        if (opening)
            continue;
        st->open = st->open || open;
        if (open)
            st->pair->opts = p->keys[i].opts;
    }
}

static void register_all(struct plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        struct pair *pair = p->wants[i].pair;
        struct sub *s = sub_of(p->pend.c, pair);
        uint32_t rehabs = plan_rehabs(p, pair);
        for (int r = 0; r < REHABS && s; r++) {
            if (!(rehabs >> r & 1) || !pair->streams[r])
                continue;
            if (p->reg)
                reg_add(pair->streams[r], s);
            else
                reg_remove(pair->streams[r], s);
        }
    }
}

static void first_pushes(struct plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        struct pair *pair = p->wants[i].pair;
        struct sub *s = sub_of(p->pend.c, pair);
        uint32_t rehabs = plan_rehabs(p, pair);
        for (int r = 0; r < REHABS && s; r++)
            if (rehabs >> r & 1)
                fanout_first(pair->streams[r], s);
    }
}

static void undo(struct plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        struct want *w = &p->wants[i];
        struct sub *s = p->pend.c && w->made ? sub_of(p->pend.c, w->pair) : NULL;
        w->made = false;
        if (s)
            sub_free(p->pend.hub, s);
    }
}

static void look(struct plan *p);

/* Each that waits is looked at once; it may end by that, or wait again. */
static void wake_waiting(struct hub *h)
{
    struct list now;
    list_take(&now, &h->waiting);
    while (!list_empty(&now)) {
        struct plan *p = list_entry(now.next, struct plan, waiting);
        list_remove(&p->waiting);
        look(p);
    }
}

static void finish(struct plan *p, futu_err err)
{
    struct hub *h = p->pend.hub;
    bool answer = pend_end(&p->pend);
    if (err || !answer)
        undo(p);
    if (answer && err)
        reply_refuse(&p->pend.ask, "%s", p->why[0] ? p->why : futu_strerror(err));
    if (answer && !err) {
        if (p->reg || p->unreg)
            register_all(p);
        reply_empty(&p->pend.ask);
        if (p->reg && p->first)
            first_pushes(p);
    }
    unpin(p, h);
    release(p);
    wake_waiting(h);
}

static void on_open(struct upstream_open *o, futu_err err, const char *why)
{
    struct plan *p = container_of(o, struct plan, open);
    struct hub *h = p->pend.hub;
    hub_now(h);
    set_streams(p, false, err == FUTU_OK);
    if (err) {
        snprintf(p->why, sizeof(p->why), "%s", why ? why : "");
        finish(p, err);
        return;
    }
    /* Meanwhile others may have closed what was open, or taken the room that was reserved. */
    look(p);
    wake_waiting(h);
}

/* Whether it can be done now, must wait, or needs the upstream first. */
static void look(struct plan *p)
{
    struct hub *h = p->pend.hub;
    futu_err err = p->pend.c && !p->pend.answered ? make_subs(p) : FUTU_ECANCELED;
    if (!err)
        err = list_streams(p);
    if (err) {
        finish(p, err);
    } else if (p->wait) {
        list_push(&h->waiting, &p->waiting);
    } else if (p->n_keys == 0) {
        finish(p, FUTU_OK);
    } else {
        set_streams(p, true, false);
        p->open = (struct upstream_open){ .wants = p->keys, .n = p->n_keys, .done = on_open };
        h->up->ops->open(h->up, &p->open);
    }
}

/* The client has been told that it failed: what was made for it must not stay. */
static void on_late(struct pend *pend)
{
    undo(container_of(pend, struct plan, pend));
}

static void on_drop(struct pend *pend)
{
    struct plan *p = container_of(pend, struct plan, pend);
    list_remove(&p->waiting);
    unpin(p, pend->hub);
    release(p);
}

void plan_run(struct plan *p, struct ask *a)
{
    p->pend.late = on_late;
    p->pend.drop = on_drop;
    pend_begin(&p->pend, a);
    look(p);
}
