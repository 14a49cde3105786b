/* paper.c - the paper exchange as an upstream: its parts, and the timer that moves them.
 *
 * In:      upstream_ops calls of the gateway, the slice timer.
 * Out:     replies (route.c), pushes of what the exchange did in a slice (qot_push.c, trade.c).
 * Owns:    the exchange, the trade state, the quote state, the handler table.
 *
 * Threads: the gateway's loop thread only.
 */
#include "upstream/paper/paper.h"

#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "upstream/paper/handlers.h"
#include "upstream/paper/qot.h"
#include "upstream/paper/route.h"

#define SLICE_NS (30 * NS_PER_MS)   /* between two looks at what the exchange did */
#define SLICE_BUDGET (10 * NS_PER_MS)

bool paper_busy(const struct paper *p)
{
    return qot_busy(p) || trade_busy(p->trade);
}

static void paper_request(struct upstream *u, struct upstream_request *rq)
{
    route_request(container_of(u, struct paper, base), rq);
}

static void paper_cancel(struct upstream *u, struct upstream_request *rq)
{
    route_cancel(container_of(u, struct paper, base), rq);
}

static void paper_open(struct upstream *u, struct upstream_open *o)
{
    struct paper *p = container_of(u, struct paper, base);
    char why[256] = "";
    futu_err err = qot_open(p, o->wants, o->n, why, sizeof(why));
    paper_wake(p);
    o->done(o, err, why);
}

static void paper_close(struct upstream *u, const struct stream_key *key)
{
    struct paper *p = container_of(u, struct paper, base);
    qot_close(p, key);
    paper_wake(p);
}

/* Every order's events go up; the gateway knows who wants them. */
static void paper_watch(struct upstream *u, struct upstream_watch *w)
{
    (void)u;
    w->done(w, FUTU_OK, NULL);
}

static futu_err paper_current(struct upstream *u, const struct stream_key *key, struct buf *out)
{
    return qot_current(container_of(u, struct paper, base), key, out);
}

static void paper_state(struct upstream *u, struct upstream_state *out)
{
    struct paper *p = container_of(u, struct paper, base);
    *out = (struct upstream_state){
        .qot_logined = true,
        .trd_logined = true,
        .user_id = PAPER_USER_ID,
        .user_attribution = Common_UserAttribution_NN,
        .sub_quota = PAPER_SUB_QUOTA,
        .history_kl_quota = PAPER_KL_QUOTA,
        .name = "paper",
        .securities = exchange_count(p->exchange),
    };
}

static futu_err paper_info(struct upstream *u, struct arena *a, bool stale,
                           Gateway_GetInfo_Hop *hop, Gateway_GetInfo_S2C *out)
{
    (void)u;
    (void)a;
    (void)stale;                /* its data is never late */
    (void)out;
    hop->upstream = STR("paper");
    return FUTU_OK;
}

void paper_wake(struct paper *p)
{
    if (!p->slice.armed && paper_busy(p))
        timer_set(p->timers, &p->slice, clock_mono(p->sys) + SLICE_NS);
}

static void on_slice(struct timer *t, int64_t now)
{
    struct paper *p = container_of(t, struct paper, slice);
    bool done = exchange_run(p->exchange, SLICE_BUDGET);
    trade_run(p->trade);
    qot_run(p, now);
    if (paper_busy(p))
        timer_set(p->timers, &p->slice, done ? now + SLICE_NS : now);
}

static void paper_free(struct upstream *u)
{
    struct paper *p = container_of(u, struct paper, base);
    timer_stop(p->timers, &p->slice);
    route_free(p);
    trade_free(p->trade);
    qot_free(p);
    exchange_free(p->exchange);
    map_free(&p->handlers);
    arena_free(&p->arena);
    arena_free(&p->call_arena);
    buf_free(&p->out);
    buf_free(&p->reply);
    mem_free(p);
}

static const struct upstream_ops paper_ops = {
    .request = paper_request,
    .cancel = paper_cancel,
    .open = paper_open,
    .close = paper_close,
    .watch = paper_watch,
    .current = paper_current,
    .state = paper_state,
    .info = paper_info,
    .free = paper_free,
};

static futu_err add_handlers(struct paper *p, const struct handler *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        /* The map's values are not const; nobody writes through them. */
        futu_err err = map_put_u64(&p->handlers, rows[i].proto, (void *)(uintptr_t)&rows[i]);
        if (err)
            return err;
    }
    return FUTU_OK;
}

static futu_err start(struct paper *p, const struct paper_opts *o, char *why, size_t why_size)
{
    struct exchange_opts xo = { .clock = o->clock, .seed = o->seed, .sys = o->sys };
    futu_err err = exchange_new(&p->exchange, &xo, why, why_size);
    if (!err)
        err = add_handlers(p, qot_handlers, qot_handlers_n);
    if (!err)
        err = add_handlers(p, trd_handlers, trd_handlers_n);
    if (!err)
        err = qot_new(p);
    if (!err)
        err = trade_new(&p->trade, p);
    return err;
}

futu_err paper_new(struct upstream **out, const struct paper_opts *o, char *why, size_t why_size)
{
    *out = NULL;
    if (why_size > 0)
        why[0] = '\0';
    struct paper *p = mem_zalloc(sizeof(*p));
    if (!p)
        return FUTU_ENOMEM;
    p->base.ops = &paper_ops;
    p->base.paper = true;
    p->base.own_hours = o->clock && strcmp(o->clock, "real") != 0;
    p->timers = o->timers;
    p->sys = o->sys;
    p->events = o->events;
    p->push_interval_ms = o->push_interval_ms;
    p->seed = o->seed;
    p->slice.fn = on_slice;
    p->later.fn = route_later;
    list_init(&p->pending);
    p->arena.chunk = p->call_arena.chunk = 64 * 1024;
    futu_err err = FUTU_EFORMAT;
    if (str_copy(p->trade_pwd, sizeof(p->trade_pwd), str_c(o->trade_pwd ? o->trade_pwd : "paper")))
        err = start(p, o, why, why_size);
    else
        snprintf(why, why_size, "paper-trade-pwd: longer than %zu bytes", sizeof(p->trade_pwd) - 1);
    if (err) {
        paper_free(&p->base);
        return err;
    }
    *out = &p->base;
    return FUTU_OK;
}
