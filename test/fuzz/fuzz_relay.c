/* fuzz_relay.c - what an upstream may send to a relay on its three lanes, with reads, orders,
 * subscriptions and accounts under way.
 *
 * The input is a list of steps of three bytes and a body: an answer to something that waits, a
 * push, or raw bytes; time that passes, with a lane that is lost; or something that the gateway
 * asks, opens, closes or gives up. Whatever comes, each request ends once, each order is sent once
 * at the most, and what the relay writes is made of whole frames.
 */
#include "upstream/relay/relay.h"

#include <stdlib.h>

#include "base/mem.h"
#include "upstream/relay/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define ASKS 40
#define SECRET "0123456789abcdef0123456789abcdef"

struct pipe_link {
    struct link link;
    struct buf out;
    bool open, coming_up;
};

static struct pipe_link *pipes[LANES];
static unsigned n_pipes, begun, ended;
static unsigned sent[ASKS];             /* by the number of the order */
static struct clock_fake fake_time;
static struct timers timers;

static futu_err pipe_open(struct link *k, int64_t timeout)
{
    struct pipe_link *p = container_of(k, struct pipe_link, link);
    (void)timeout;
    p->open = p->coming_up = true;
    p->out.n = 0;
    return FUTU_OK;
}

static struct buf *pipe_out(struct link *k)
{
    return &container_of(k, struct pipe_link, link)->out;
}

static void pipe_close(struct link *k)
{
    struct pipe_link *p = container_of(k, struct pipe_link, link);
    p->open = p->coming_up = false;
}

static void pipe_free(struct link *k)
{
    struct pipe_link *p = container_of(k, struct pipe_link, link);
    buf_free(&p->out);
    mem_free(p);
}

static const struct link_ops ops = { pipe_open, pipe_out, pipe_close, pipe_free };

static futu_err make_link(struct link **out, void *arg)
{
    struct pipe_link *p = mem_zalloc(sizeof(*p));
    (void)arg;
    if (!p || n_pipes == LANES)
        abort();
    p->link.ops = &ops;
    pipes[n_pipes++] = p;
    *out = &p->link;
    return FUTU_OK;
}

static uint64_t no_random(void)
{
    return 0;
}

/* ---- the gateway ---- */

static void on_push(void *arg, const struct upstream_push *p)
{
    (void)arg;
    if (!p->body || p->len == 0 || p->key.rehab < 0 || p->key.rehab >= REHABS)
        abort();
}

static void on_trade(void *arg, uint64_t account, uint32_t proto, const uint8_t *body, size_t n)
{
    (void)arg, (void)account, (void)body, (void)n;
    if (proto != P_ORDER_PUSH && proto != P_FILL_PUSH)
        abort();
}

static void on_notify(void *arg, uint32_t proto, const uint8_t *body, size_t n)
{
    (void)arg, (void)body, (void)n;
    if (proto_find(proto) && proto_find(proto)->kind != PROTO_PUSH)
        abort();
}

static void request_done(struct upstream_request *rq, const uint8_t *body, size_t n)
{
    if ((!body && n) || rq->upstream_data == rq)
        abort();
    rq->upstream_data = rq;             /* a second end would be seen */
    ended++;
}

static void open_done(struct upstream_open *o, futu_err err, const char *why)
{
    if (!why || err > 0 || o->upstream_data)
        abort();
    o->upstream_data = o;
    ended++;
}

static void watch_done(struct upstream_watch *w, futu_err err, const char *why)
{
    if (!why || err > 0 || w->upstream_data)
        abort();
    w->upstream_data = w;
    ended++;
}

/* ---- the upstream ---- */

/* Orders have keys by their number, "k00" and so on. */
static void note_sent(const struct frame *f)
{
    for (unsigned i = 0; f->proto == 2202 && i < ASKS; i++) {
        const char key[] = { 'k', (char)('0' + i / 10), (char)('0' + i % 10) };
        if (memmem(f->body, f->len, key, sizeof(key)) && ++sent[i] > 1)
            abort();
    }
}

/* The relay's own output is well-formed. */
static void take_output(struct pipe_link *p)
{
    struct framer fr;
    struct frame f;
    framer_init(&fr, FRAME_MAX_BODY);
    for (size_t at = 0, used; at < p->out.n; at += used) {
        if (framer_feed(&fr, p->out.p + at, p->out.n - at, &used, &f) != FUTU_OK)
            abort();
        note_sent(&f);
    }
    framer_free(&fr);
    p->out.n = 0;
}

/* InitConnect is behind a new connection: the handshake has a fuzz target of its own. */
static void settle(struct relay *r)
{
    for (int i = 0; i < LANES; i++) {
        struct pipe_link *p = pipes[i];
        futu_client *c = r->lanes[i].c;
        if (p->open && p->coming_up) {
            p->coming_up = false;
            p->link.events.up(p->link.events.arg);
            take_output(p);
            c->conn_id = 1;
            client_alive_start(c, 10);
            client_init_done(c);
        }
        take_output(p);
    }
}

static void pass(struct relay *r, int64_t ns)
{
    for (; ns > 0; ns -= 500 * NS_PER_MS) {
        clock_fake_advance(&fake_time, MIN(ns, 500 * NS_PER_MS));
        timers_run(&timers, fake_time.mono_ns);
        settle(r);
    }
}

static const struct call *pending(const futu_client *c, size_t nth)
{
    const struct list *it;
    size_t n = 0;
    for (it = c->pending.next; it != &c->pending; it = it->next)
        n++;
    if (n == 0)
        return NULL;
    for (it = c->pending.next, nth %= n; nth > 0; nth--)
        it = it->next;
    return list_entry(it, const struct call, node);
}

static void send_frame(struct relay *r, int lane, uint32_t proto, uint32_t serial, bool wrap,
                       const uint8_t *b, size_t n)
{
    struct buf body = BUF_INIT, frame = BUF_INIT;
    size_t at = 0;
    if (wrap && push_begin(&body, &at))
        abort();
    if (buf_put(&body, b, n) || (wrap && pb_close(&body, at)) ||
        frame_write(&frame, proto, FRAME_PROTOBUF, serial, body.p, body.n, NULL))
        abort();
    pipes[lane]->link.events.data(pipes[lane]->link.events.arg, frame.p, frame.n);
    buf_free(&body);
    buf_free(&frame);
    settle(r);
}

/* ---- what the gateway does ---- */

static struct upstream_request asks[ASKS];
static struct upstream_open opens[ASKS];
static struct upstream_watch watches[8];    /* they go up one after the other, 9 s at the most */
static unsigned n_asks, n_opens, n_watches;

static void ask(struct upstream *u, uint32_t proto)
{
    static const char order[] = "\x0a\x0c\x12\x06\x08\x01\x10\x07\x18\x01\x5a\x02hi";
    struct upstream_request *rq = &asks[n_asks];
    if (n_asks == ASKS)
        return;
    *rq = (struct upstream_request){ .proto = proto, .body = (const uint8_t *)order,
                                     .len = sizeof(order) - 1, .done = request_done };
    if (proto == 2202)
        str_copy(rq->key, sizeof(rq->key),
                 (futu_str){ (char[]){ 'k', (char)('0' + n_asks / 10), (char)('0' + n_asks % 10) },
                             3 });
    rq->resumed = proto == 2202 && n_asks % 3 == 2;
    n_asks++;
    begun++;
    u->ops->request(u, rq);
}

static void cancel(struct upstream *u, unsigned nth)
{
    struct upstream_request *rq = n_asks ? &asks[nth % n_asks] : NULL;
    if (!rq || rq->upstream_data == rq)
        return;
    u->ops->cancel(u, rq);
    rq->upstream_data = rq;
    ended++;
}

static const struct stream_want wants[] = {
    { .key = { 1, 1, 0, "1" } },  { .key = { 1, 2, 0, "1" } },
    { .key = { 1, 4, 0, "1" } },  { .key = { 1, 6, 1, "1" } },
    { .key = { 1, 6, 0, "1" } },  { .key = { 1, 5, 0, "1" } },
    { .key = { 1, 4, 0, "2" } },  { .key = { 1, 2, 0, "1" }, .opts = { .detail = true } },
};

static void open_some(struct upstream *u, size_t from, size_t n)
{
    struct upstream_open *o = &opens[n_opens];
    if (n_opens == ASKS)
        return;
    from %= ARRAY_LEN(wants);
    *o = (struct upstream_open){ .wants = wants + from, .done = open_done,
                                 .n = 1 + n % (ARRAY_LEN(wants) - from) };
    n_opens++;
    begun++;
    u->ops->open(u, o);
}

static void watch(struct upstream *u, size_t n)
{
    static const uint64_t accounts[] = { 7, 8 };
    struct upstream_watch *w = &watches[n_watches];
    if (n_watches == ARRAY_LEN(watches))
        return;
    *w = (struct upstream_watch){ .ids = accounts, .n = n % 3, .done = watch_done };
    n_watches++;
    begun++;
    u->ops->watch(u, w);
}

static void begin(struct upstream *u)
{
    static const uint32_t protos[] = { 3004, P_GLOBAL_STATE, 3103, P_ORDER_LIST, 2202, 2205 };
    memset(sent, 0, sizeof(sent));
    n_asks = n_opens = n_watches = begun = ended = 0;
    open_some(u, 0, ARRAY_LEN(wants) - 1);
    watch(u, 1);
    for (size_t i = 0; i < ARRAY_LEN(protos); i++)
        ask(u, protos[i]);
}

static void gateway_step(struct relay *r, unsigned what, unsigned a, unsigned b)
{
    static const uint32_t protos[] = { 3004, P_GLOBAL_STATE, 3103, P_ORDER_LIST, 2202, 2205, 2227,
                                       59999, 3202, P_SUB_EVENT, 3220 };
    struct upstream *u = &r->base;
    struct buf out = BUF_INIT;
    switch (what % 6) {
    case 0:
        open_some(u, a, b);
        break;
    case 1:
        u->ops->close(u, &wants[a % ARRAY_LEN(wants)].key);
        break;
    case 2:
        ask(u, protos[a % ARRAY_LEN(protos)]);
        break;
    case 3:
        cancel(u, a);
        break;
    case 4:
        watch(u, a);
        break;
    default:
        if (!u->ops->current(u, &wants[a % ARRAY_LEN(wants)].key, &out) && out.n == 0)
            abort();
        break;
    }
    buf_free(&out);
    settle(r);
}

/* One step; returns the bytes it took. */
static size_t step(struct relay *r, const uint8_t *b, size_t n)
{
    static const uint32_t pushes[] = { 3005, 3007, 3009, 3011, 3013, 3015, 2208, 2218, 1003, 3019,
                                       PROTO_GAP, 59999 };
    int lane = b[0] & 3, lost = b[2] & 3;
    size_t len = MIN((size_t)b[1], n - 3);
    if (lane == 3 && b[0] >> 2) {
        gateway_step(r, (b[0] >> 2) - 1u, b[1], b[2]);
        return 3;
    }
    if (lane == 3) {
        if (lost < LANES && pipes[lost]->open)
            pipes[lost]->link.events.down(pipes[lost]->link.events.arg, FUTU_ENOTCONN, "cut");
        pass(r, b[1] * 100 * NS_PER_MS);
        return 3;
    }
    const struct call *call = pending(r->lanes[lane].c, b[2]);
    if (!pipes[lane]->open)
        return 3 + len;
    if (b[0] >> 4 == 15)
        pipes[lane]->link.events.data(pipes[lane]->link.events.arg, b + 3, len);
    else if (!(b[0] & 4))
        send_frame(r, lane, pushes[(b[0] >> 4) % ARRAY_LEN(pushes)], 0, b[0] & 8, b + 3, len);
    else if (call)
        send_frame(r, lane, call->proto, call->serial, b[0] & 8, b + 3, len);
    settle(r);
    return 3 + len;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct upstream *u;
    char why[128];
    fake_time = (struct clock_fake){ NS_PER_S, INT64_C(1775010000) * NS_PER_S };
    timers = (struct timers){ 0 };
    n_pipes = 0;
    const struct relay_opts o = {
        .clock = clock_fake(&fake_time), .timers = &timers,
        .events = { on_push, on_trade, on_notify, NULL }, .name = "fuzz:1",
        .make_link = make_link, .cache_ns = NS_PER_S, .boot_id = 1, .secret = SECRET,
        .random = no_random,
    };
    if (relay_new(&u, &o, why, sizeof(why)))
        abort();
    struct relay *r = container_of(u, struct relay, base);
    pass(r, NS_PER_S);
    begin(u);
    settle(r);
    for (size_t at = 0; size - at >= 3;)
        at += step(r, bytes + at, size - at);
    bool over = size > 0 && bytes[size - 1] & 1;
    if (over)
        pass(r, 150 * NS_PER_S);        /* the longest a request may take */
    if (over && ended != begun)
        abort();
    u->ops->free(u);
    if (timers.root)
        abort();
    return 0;
}
