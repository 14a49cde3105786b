/* route.c - takes a request to its handler and the result back.
 *
 * In:      requests of the gateway, the timer of calls that go on later.
 * Out:     exactly one rq->done() per request that was not cancelled: mostly before route_request()
 *          returns, else from the timer.
 * Owns:    calls that are under way, each with the arena it has begun to fill.
 *
 * A protocol without a handler is answered with a failure that names it: the paper exchange never
 * makes up data that it has not.
 *
 * Errors:  a request whose body can't be decoded is answered as the vendor does.
 * Threads: the gateway's loop thread only.
 * Tests:   test/unit/upstream/paper/walk_test.c
 */
#include "upstream/paper/route.h"

#include "base/log.h"
#include "base/mem.h"

#define TURN_NS (5 * NS_PER_MS)     /* work of one call in one loop turn */
#define KEEP_BYTES (1u << 20)       /* a reply buffer that has grown past this is given back */

static const char text_undecodable[] = "解析protobuf协议失败";
static const char text_unknown_id[] = "未知的协议ID";

/* A whole Response, for when there is no memory to make one: retType -1, retMsg, errCode 0. */
static const uint8_t no_memory_body[] = "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                                        "\x12\x0dout of memory\x18";    /* the NUL is errCode */

/* A call that goes on in a later loop turn. */
struct pending {
    struct list node;
    struct upstream_request *rq;
    const struct handler *handler;
    struct arena arena;
    struct call c;
};

static void put_failure(struct buf *out, int32_t ret_type, int32_t code, futu_str text)
{
    out->n = 0;
    if (codec_failure(out, ret_type, code, text) != FUTU_OK)
        out->n = 0;
}

static void put_result(struct call *c, struct buf *out, futu_err err)
{
    struct codec_error e = { .what = "" };
    out->n = 0;
    if (!err) {
        paper_set_envelope(c->row->response, c->response);
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

static futu_err begin_call(struct call *c, const struct upstream_request *rq)
{
    struct codec_error e;
    void *request = arena_alloc(c->arena, c->row->request->size);
    c->response = arena_alloc(c->arena, c->row->response->size);
    c->request = request;
    if (!request || !c->response)
        return FUTU_ENOMEM;
    futu_err err = codec_decode(c->row->request, c->arena, rq->body, rq->len, request, NULL, &e);
    return err && err != FUTU_ENOMEM ? call_fail(c, "%s", text_undecodable) : err;
}

/* The call keeps what it has made so far; the arena it came with is left empty. */
static futu_err put_off(struct paper *p, const struct call *c, const struct handler *h,
                        struct upstream_request *rq)
{
    struct pending *later = mem_zalloc(sizeof(*later));
    if (!later)
        return FUTU_ENOMEM;
    later->rq = rq;
    later->handler = h;
    later->c = *c;
    later->arena = *c->arena;
    later->c.arena = &later->arena;
    *c->arena = (struct arena){ .chunk = c->arena->chunk };
    list_push(&p->pending, &later->node);
    timer_set(p->timers, &p->later, clock_mono(p->sys));
    return FUTU_EAGAIN;
}

static futu_err run_call(struct paper *p, struct call *c, struct upstream_request *rq)
{
    const struct handler *h = map_get_u64(&p->handlers, rq->proto);
    if (!h)
        return call_fail(c, "%s: the paper exchange has no such data", c->row->name);
    futu_err err = begin_call(c, rq);
    if (!err)
        err = h->fn(p, c);
    return err == FUTU_EAGAIN ? put_off(p, c, h, rq) : err;
}

static void send(struct paper *p, const struct call *c, struct upstream_request *rq,
                 const struct buf *out)
{
    bool write = c->row && c->row->write;
    if (out->n > 0)
        rq->done(rq, out->p, out->n);
    else
        rq->done(rq, no_memory_body, sizeof(no_memory_body));
    if (c->after)
        c->after(p, c->after_arg);
    /* What an order has traded is told to all watchers at once, not with the next slice. */
    if (write && paper_busy(p))
        timer_set(p->timers, &p->slice, clock_mono(p->sys));
}

static void answer(struct paper *p, struct upstream_request *rq, struct arena *a, struct buf *out)
{
    struct call c = { .row = proto_find(rq->proto), .conn_id = rq->conn_id, .arena = a };
    c.deadline = clock_mono(p->sys) + TURN_NS;
    if (!c.row || c.row->kind != PROTO_REQUEST || !c.row->request) {
        put_failure(out, RET_FAILED, 0, str_c(text_unknown_id));
    } else {
        futu_err err = run_call(p, &c, rq);
        if (err == FUTU_EAGAIN)
            return;
        put_result(&c, out, err);
    }
    send(p, &c, rq, out);
}

static void trim(struct buf *b)
{
    if (b->cap > KEEP_BYTES)
        buf_free(b);
}

static void forget(struct arena *a, uint32_t proto)
{
    if (proto == PROTO_TRD_UNLOCK_TRADE)
        arena_wipe(a);                  /* the digest of a password */
    else
        arena_reset(a);
}

/* done() may ask again at once: the inner call then has its own memory. */
void route_request(struct paper *p, struct upstream_request *rq)
{
    const uint32_t proto = rq->proto;   /* done() may free it */
    if (p->in_call) {
        struct arena a = ARENA_INIT;
        struct buf out = BUF_INIT;
        answer(p, rq, &a, &out);
        forget(&a, proto);
        arena_free(&a);
        buf_free(&out);
        return;
    }
    p->in_call = true;
    p->reply.n = 0;
    answer(p, rq, &p->call_arena, &p->reply);
    forget(&p->call_arena, proto);
    trim(&p->reply);
    p->in_call = false;
}

static void drop(struct pending *later)
{
    list_remove(&later->node);
    arena_free(&later->arena);
    mem_free(later);
}

/* Goes on with the oldest call. */
void route_later(struct timer *t, int64_t now)
{
    struct paper *p = container_of(t, struct paper, later);
    if (list_empty(&p->pending))
        return;
    struct pending *later = list_entry(p->pending.next, struct pending, node);
    later->c.deadline = now + TURN_NS;
    futu_err err = later->handler->fn(p, &later->c);
    if (err != FUTU_EAGAIN) {
        p->in_call = true;
        list_remove(&later->node);      /* done() may cancel others, not this one any more */
        put_result(&later->c, &p->reply, err);
        send(p, &later->c, later->rq, &p->reply);
        drop(later);
        trim(&p->reply);
        p->in_call = false;
    }
    if (!list_empty(&p->pending))
        timer_set(p->timers, &p->later, now);
}

void route_cancel(struct paper *p, const struct upstream_request *rq)
{
    struct list *it, *tmp;
    list_each(it, tmp, &p->pending) {
        struct pending *later = list_entry(it, struct pending, node);
        if (later->rq == rq) {
            drop(later);
            return;
        }
    }
}

void route_free(struct paper *p)
{
    timer_stop(p->timers, &p->later);
    while (!list_empty(&p->pending))
        drop(list_entry(p->pending.next, struct pending, node));
}
