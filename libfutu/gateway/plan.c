/* plan.c - see plan.h. */
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

futu_err plan_check(struct plan *p)
{
    struct hub *h = p->c->hub;
    if (p->n_secs == 0)
        return fail(p, FUTU_EINVAL, "缺少必要的参数: securityList");
    if (p->n_types == 0)
        return fail(p, FUTU_EINVAL, "缺少必要的参数: subTypeList");
    if (p->n_secs > PLAN_PAIRS / p->n_types)
        return fail(p, FUTU_ELIMIT, "more than %d subscriptions in one request", PLAN_PAIRS);
    for (size_t i = 0; i < p->n_types; i++)
        if (!sub_type_known(p->types[i]))
            return fail(p, FUTU_EINVAL, "subTypeList[%zu]: %d is unknown", i, p->types[i]);
    p->wants = ARENA_ARRAY(&h->arena, struct want, p->n_secs * p->n_types);
    h->subs.mark++;
    return p->wants ? FUTU_OK : no_memory(p);
}

static void add(struct plan *p, struct pair *pair)
{
    uint32_t mark = p->c->hub->subs.mark;
    if (pair->mark == mark)
        return;
    pair->mark = mark;
    p->wants[p->n++] = (struct want){ pair, sub_of(p->c, pair), false };
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

static futu_err make_pairs(struct plan *p)
{
    struct hub *h = p->c->hub;
    uint32_t quota = subs_quota(h), used = h->subs.n_pairs;
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

futu_err plan_make(struct plan *p)
{
    futu_err err = make_pairs(p);
    for (size_t i = 0; i < p->n && !err; i++) {
        struct want *w = &p->wants[i];
        if (w->sub)
            continue;
        if (sub_new(p->c, w->pair, &w->sub))
            return no_memory(p);
        w->made = true;
    }
    return err;
}

uint32_t plan_rehabs(const struct plan *p, const struct pair *pair)
{
    return sub_type_kline(pair->sub_type) ? p->rehabs : 1;
}

/* A stream that is to be there afterwards: into the list when it is not open yet. */
static bool want_stream(struct plan *p, struct pair *pair, int rehab, bool reg)
{
    struct stream *st;
    if (pair_stream(p->c->hub, pair, rehab, &st) || (reg && reg_reserve(st)))
        return false;
    if (!st->open && !st->opening) {
        st->opening = true;
        p->keys[p->n_keys++] = st->key;
    }
    return true;
}

static bool list_streams(struct plan *p)
{
    p->keys = ARENA_ARRAY(&p->c->hub->arena, struct stream_key, MAX(p->n * REHABS, 1));
    if (!p->keys)
        return false;
    for (size_t i = 0; i < p->n; i++) {
        struct pair *pair = p->wants[i].pair;
        uint32_t rehabs = p->reg ? plan_rehabs(p, pair) : 0;
        if (!want_stream(p, pair, base_rehab(pair->sub_type), false))
            return false;
        for (int r = 0; r < REHABS; r++)
            if ((rehabs >> r & 1) && !want_stream(p, pair, r, true))
                return false;
    }
    return true;
}

static void opening_done(struct plan *p, bool open)
{
    for (size_t i = 0; i < p->n_keys; i++) {
        struct stream *st = subs_find(&p->c->hub->subs, &p->keys[i]);
        st->opening = false;
        st->open = open;
    }
}

futu_err plan_open(struct plan *p)
{
    struct upstream *up = p->c->hub->up;
    if (!list_streams(p)) {
        opening_done(p, false);
        return no_memory(p);
    }
    if (p->n_keys == 0)
        return FUTU_OK;
    futu_err err = up->ops->subscribe(up, p->keys, p->n_keys, true, p->why, sizeof(p->why));
    opening_done(p, err == FUTU_OK);
    if (err && !p->why[0])
        return fail(p, err, "%s", futu_strerror(err));
    return err;
}

void plan_undo(struct plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        struct want *w = &p->wants[i];
        if (w->made)
            sub_free(p->c->hub, w->sub);
        else
            pair_settle(p->c->hub, w->pair);
    }
    p->n = 0;
}
