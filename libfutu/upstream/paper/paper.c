/* paper.c - the paper exchange as an upstream: routes each request to its handler.
 *
 * In:      upstream_ops calls of the gateway, the slice timer.
 * Out:     rq->done() before request() returns; pushes from the slice timer.
 * Owns:    the exchange, the trade state, the quote state, the handler table.
 *
 * A protocol without a handler is answered with a failure that names it: the paper exchange never
 * makes up data that it has not.
 *
 * Errors:  a request whose body can't be decoded is answered as the vendor does.
 * Threads: the gateway's loop thread only.
 * Tests:   test/unit/upstream/paper/qot_test.c
 */
#include "upstream/paper/paper.h"

#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "upstream/paper/handlers.h"
#include "upstream/paper/qot.h"

#define SLICE_NS (30 * NS_PER_MS)   /* between two looks at what the exchange did */
#define SLICE_BUDGET (10 * NS_PER_MS)
#define KEEP_BYTES (1u << 20)       /* a reply buffer that has grown past this is given back */

static const char text_undecodable[] = "解析protobuf协议失败";
static const char text_unknown_id[] = "未知的协议ID";

/* A whole Response, for when there is no memory to make one: retType -1, retMsg, errCode 0. */
static const uint8_t no_memory_body[] = "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                                        "\x12\x0dout of memory\x18";    /* the NUL is errCode */

static void put_failure(struct buf *out, int32_t ret_type, int32_t code, futu_str text)
{
    out->n = 0;
    if (codec_failure(out, ret_type, code, text) != FUTU_OK)
        out->n = 0;
}

static void put_result(struct call *c, struct buf *out, futu_err err)
{
    struct codec_error e = { .what = "" };
    if (!err) {
        paper_set_envelope(c->row->response, c->response);
        out->n = 0;
        err = codec_encode(c->row->response, c->response, out, &e);
    }
    if (!err)
        return;
    if (err == FUTU_EREFUSED && c->ret_msg.p) {
        put_failure(out, c->ret_type, c->err_code, c->ret_msg);
        return;
    }
    log_error("paper: %s: %s %s", c->row->name, futu_strerror(err), e.what);
    put_failure(out, RET_FAILED, 0, str_c(futu_strerror(err)));
}

static futu_err run_handler(struct paper *p, struct call *c, struct upstream_request *rq)
{
    const struct handler *h = map_get_u64(&p->handlers, rq->proto);
    if (!h)
        return call_fail(c, "%s: the paper exchange has no such data", c->row->name);
    void *request = arena_alloc(c->arena, c->row->request->size);
    c->response = arena_alloc(c->arena, c->row->response->size);
    if (!request || !c->response)
        return FUTU_ENOMEM;
    struct codec_error e;
    futu_err err = codec_decode(c->row->request, c->arena, rq->body, rq->len, request, NULL, &e);
    if (err == FUTU_ENOMEM)
        return err;
    if (err)
        return call_fail(c, "%s", text_undecodable);
    c->request = request;
    return h->fn(p, c);
}

static bool paper_busy(const struct paper *p)
{
    return qot_busy(p) || trade_busy(p->trade);
}

static void answer(struct paper *p, struct upstream_request *rq, struct arena *a, struct buf *out)
{
    struct call c = { .row = proto_find(rq->proto), .conn_id = rq->conn_id, .arena = a };
    if (!c.row || c.row->kind != PROTO_REQUEST || !c.row->request)
        put_failure(out, RET_FAILED, 0, str_c(text_unknown_id));
    else
        put_result(&c, out, run_handler(p, &c, rq));
    if (out->n > 0)
        rq->done(rq, out->p, out->n);
    else
        rq->done(rq, no_memory_body, sizeof(no_memory_body));
    if (c.after)
        c.after(p, c.after_arg);
    /* What an order has traded is told to all watchers at once, not with the next slice. */
    if (c.row && c.row->write && paper_busy(p))
        timer_set(p->timers, &p->slice, clock_mono(p->sys));
}

/* done() may ask again at once: the inner call then has its own memory. */
static void paper_request(struct upstream *u, struct upstream_request *rq)
{
    struct paper *p = container_of(u, struct paper, base);
    if (p->in_call) {
        struct arena a = ARENA_INIT;
        struct buf out = BUF_INIT;
        answer(p, rq, &a, &out);
        arena_free(&a);
        buf_free(&out);
        return;
    }
    p->in_call = true;
    p->reply.n = 0;
    answer(p, rq, &p->call_arena, &p->reply);
    arena_reset(&p->call_arena);
    if (p->reply.cap > KEEP_BYTES)
        buf_free(&p->reply);
    p->in_call = false;
}

/* Nothing is ever under way: request() has answered before it returns. */
static void paper_cancel(struct upstream *u, struct upstream_request *rq)
{
    (void)u;
    (void)rq;
}

static futu_err paper_subscribe(struct upstream *u, const struct stream_key *keys, size_t n,
                                bool on, char *why, size_t why_size)
{
    struct paper *p = container_of(u, struct paper, base);
    futu_err err = qot_subscribe(p, keys, n, on, why, why_size);
    paper_wake(p);
    return err;
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
    .subscribe = paper_subscribe,
    .current = paper_current,
    .state = paper_state,
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
    p->timers = o->timers;
    p->sys = o->sys;
    p->events = o->events;
    p->push_interval_ms = o->push_interval_ms;
    p->seed = o->seed;
    p->slice.fn = on_slice;
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
