/* fuzz_gateway.c - two clients, an upstream, a disk and a clock do what the input says. Whatever it
 * is: each well framed request gets exactly one reply, and what is written is whole frames; streams
 * are opened one at a time and closed only when they are open; no order is twice under way. The
 * length of the input says whether the upstream is another gateway, takes its time to open streams,
 * and whether orders are stored. */
#include <stdlib.h>
#include <sys/uio.h>

#include "codec/registry.h"
#include "gateway/hub.h"
#include "wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CALLS 256
#define STREAMS 512
#define WAITS 64

struct client {
    futu_conn *c;
    bool ended;
    uint32_t asked, replies;
    struct framer out;
};

static struct world {
    struct upstream up;
    struct clock_fake time;
    struct timers timers;
    struct hub *hub;
    struct upstream_events events;
    struct client clients[2];
    struct upstream_request *calls[CALLS];
    size_t n_calls;
    bool slow;                  /* open() and watch() wait */
    struct upstream_open *opens[WAITS];
    struct upstream_watch *watches[WAITS];
    struct {
        void (*done)(void *arg, futu_err err);
        void *arg;
    } stores[WAITS];
    size_t n_opens, n_watches, n_stores;
    struct stream_key open[STREAMS];
    size_t n_open;
    bool lost_count;            /* there were more streams than that */
} w;

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void up_request(struct upstream *u, struct upstream_request *rq)
{
    static const uint8_t no[] = { 8, 1, 18, 0, 24, 0 };
    (void)u;
    const struct proto_row *row = proto_find(rq->proto);
    check(rq->done && (w.up.forwards || (row && row->request)));
    check(rq->fmt == FRAME_PROTOBUF || !row || !row->request);
    for (size_t i = 0; i < w.n_calls && rq->key[0]; i++)
        check(strcmp(w.calls[i]->key, rq->key) != 0);
    rq->unsent = false;
    if (w.n_calls == CALLS || rq->len % 3 == 0)
        rq->done(rq, no, sizeof(no));
    else
        w.calls[w.n_calls++] = rq;
}

static void up_cancel(struct upstream *u, struct upstream_request *rq)
{
    (void)u;
    for (size_t i = 0; i < w.n_calls; i++) {
        if (w.calls[i] != rq)
            continue;
        w.calls[i] = w.calls[--w.n_calls];
        return;
    }
    abort();
}

static size_t find_open(const struct stream_key *key)
{
    size_t i = 0;
    while (i < w.n_open && !stream_key_eq(&w.open[i], key))
        i++;
    return i;
}

static void end_open(size_t at, bool fails)
{
    struct upstream_open *o = w.opens[at];
    w.opens[at] = w.opens[--w.n_opens];
    for (size_t i = 0; i < o->n && !fails; i++) {
        if (find_open(&o->wants[i].key) < w.n_open)
            continue;
        if (w.n_open < STREAMS)
            w.open[w.n_open++] = o->wants[i].key;
        else
            w.lost_count = true;
    }
    o->done(o, fails ? FUTU_ENOTFOUND : FUTU_OK, fails ? "no" : NULL);
}

static bool opening(const struct stream_key *key)
{
    for (size_t i = 0; i < w.n_opens; i++)
        for (size_t k = 0; k < w.opens[i]->n; k++)
            if (stream_key_eq(&w.opens[i]->wants[k].key, key))
                return true;
    return false;
}

static void up_open(struct upstream *u, struct upstream_open *o)
{
    (void)u;
    check(o->n > 0 && w.n_opens < WAITS);
    for (size_t i = 0; i < o->n; i++)
        check(o->wants[i].key.sub_type > 0 && !opening(&o->wants[i].key));
    w.opens[w.n_opens++] = o;
    if (!w.slow || w.n_opens == WAITS)
        end_open(w.n_opens - 1, o->wants[0].key.code[0] == 'x');
}

static void up_close(struct upstream *u, const struct stream_key *key)
{
    size_t i = find_open(key);
    (void)u;
    check((i < w.n_open || w.lost_count) && !opening(key));
    if (i < w.n_open)
        w.open[i] = w.open[--w.n_open];
}

static void end_watch(bool fails)
{
    struct upstream_watch *o = w.watches[0];
    memmove(w.watches, w.watches + 1, --w.n_watches * sizeof(w.watches[0]));
    o->done(o, fails ? FUTU_EAUTH : FUTU_OK, NULL);
}

static void up_watch(struct upstream *u, struct upstream_watch *o)
{
    (void)u;
    check(w.n_watches < WAITS);
    w.watches[w.n_watches++] = o;
    if (!w.slow || w.n_watches == WAITS)
        end_watch(false);
}

static futu_err store_append(void *arg, const void *p, size_t n,
                             void (*done)(void *arg, futu_err err), void *done_arg)
{
    (void)arg, (void)p;
    check(n > 0);
    if (w.n_stores == WAITS)
        return FUTU_EIO;
    w.stores[w.n_stores].done = done;
    w.stores[w.n_stores++].arg = done_arg;
    return FUTU_OK;
}

static void end_store(bool fails)
{
    void (*done)(void *arg, futu_err err) = w.stores[0].done;
    void *arg = w.stores[0].arg;
    memmove(w.stores, w.stores + 1, --w.n_stores * sizeof(w.stores[0]));
    done(arg, fails ? FUTU_EIO : FUTU_OK);
}

static futu_err up_current(struct upstream *u, const struct stream_key *key, struct buf *out)
{
    (void)u;
    return key->sub_type % 2 ? FUTU_EAGAIN : buf_put(out, "\x08\x00", 2);
}

static void up_state(struct upstream *u, struct upstream_state *out)
{
    (void)u;
    *out = (struct upstream_state){ true, true, 1, 1, 50, 50, "fuzz", 1, 0 };
}

static futu_err up_info(struct upstream *u, struct arena *a, bool stale, Gateway_GetInfo_Hop *hop,
                        Gateway_GetInfo_S2C *out)
{
    (void)u, (void)a, (void)stale, (void)out;
    hop->upstream = STR("fuzz");
    return FUTU_OK;
}

static const struct upstream_ops ops = { .request = up_request, .cancel = up_cancel,
                                         .open = up_open, .close = up_close, .watch = up_watch,
                                         .current = up_current, .state = up_state,
                                         .info = up_info };

static void on_close(futu_conn *c, futu_err err, const char *reason, void *arg)
{
    (void)c, (void)err, (void)reason;
    ((struct client *)arg)->ended = true;
}

static void same_random(void *p, size_t n)
{
    memset(p, 2, n);
}

static void count_replies(struct client *k, const uint8_t *p, size_t n)
{
    struct frame f;
    for (size_t used; n > 0; p += used, n -= used) {
        futu_err err = framer_feed(&k->out, p, n, &used, &f);
        check(err == FUTU_OK || err == FUTU_EAGAIN);
        k->replies += err == FUTU_OK && f.serial != 0;
    }
    check(k->replies <= k->asked);
}

/* The client reads at most this many pieces, and of the last one a part when `half`. */
static void take(struct client *k, size_t pieces, bool half)
{
    struct iovec iov[8];
    size_t n = k->c ? hub_conn_output(k->c, iov, MIN(pieces, ARRAY_LEN(iov))) : 0, all = 0;
    for (size_t i = 0; i < n; i++) {
        size_t part = half && i + 1 == n ? iov[i].iov_len / 2 : iov[i].iov_len;
        count_replies(k, iov[i].iov_base, part);
        all += part;
    }
    if (n > 0)
        hub_conn_sent(k->c, all);
}

static void feed(struct client *k, const uint8_t *p, size_t n)
{
    if (k->c && !k->ended && hub_conn_feed(k->c, p, n))
        k->ended = true;
}

static void ask(struct client *k, uint32_t proto, uint8_t fmt, const uint8_t *body, size_t n)
{
    static uint8_t room[FRAME_HEAD + 256];
    struct buf out = { room, 0, sizeof(room), sizeof(room) };
    k->asked += k->c && !k->ended;
    check(frame_write(&out, proto, fmt, k->asked, body, n, NULL) == FUTU_OK);
    feed(k, out.p, out.n);
}

static void open_client(struct client *k)
{
    futu_conn_opts o = FUTU_CONN_OPTS_INIT;
    o.on_close = on_close;
    o.arg = k;
    *k = (struct client){ .c = NULL };
    framer_init(&k->out, FRAME_MAX_BODY);
    check(hub_conn_new(w.hub, &k->c, &o) == FUTU_OK);
    ask(k, 1001, FRAME_PROTOBUF, (const uint8_t *)"\x0a\x08\x08\xac\x02\x12\x01t\x18\x01", 10);
}

static void close_client(struct client *k)
{
    hub_conn_free(k->c);
    framer_free(&k->out);
    k->c = NULL;
}

static void pass(int64_t ns)
{
    for (int64_t step; ns > 0; ns -= step) {
        step = MIN(ns, NS_PER_S);
        clock_fake_advance(&w.time, step);
        timers_run(&w.timers, w.time.mono_ns);
        hub_flush(w.hub);
    }
}

static void push(uint8_t what, const uint8_t *body, size_t n)
{
    struct upstream_push p = { .proto = what % 2 ? 3005 : 3011,
                               .key = { 1, what % 2 ? 1 : 4, 0, "00700" }, .body = body, .len = n,
                               .made_ns = w.time.mono_ns, .lossless = what % 2 == 0 };
    if (n == 0)
        return;
    if (what & 4)
        w.events.trade(w.events.arg, what, 2208, body, n);
    else if (what & 8)
        w.events.notify(w.events.arg, what & 16 ? 1003 : 9999, body, n);
    else
        w.events.push(w.events.arg, &p);
}

/* What waits upstream or for the disk ends: an answer of n bytes, or a success or failure. */
static void end_one(uint8_t what, uint16_t number, const uint8_t *p, size_t n)
{
    bool fails = number & 1;
    if (what == 8 && w.n_opens > 0) {
        end_open(number / 2 % w.n_opens, fails);
    } else if (what == 16 && w.n_watches > 0) {
        end_watch(fails);
    } else if (what == 24 && w.n_stores > 0) {
        end_store(fails);
    } else if (w.n_calls > 0) {
        struct upstream_request *rq = w.calls[number % w.n_calls];
        w.calls[number % w.n_calls] = w.calls[w.n_calls - 1];
        w.n_calls--;
        rq->unsent = what == 32;
        rq->done(rq, p, n);
    }
}

/* One step: what to do, with which client, a number, and n bytes behind. */
static void step(uint8_t op, uint16_t number, const uint8_t *p, size_t n)
{
    struct client *k = &w.clients[op >> 7];
    switch (op % 8) {
    case 0:
        feed(k, p, n);              /* raw: from here on nobody can count its requests */
        k->asked = UINT32_MAX / 2;
        break;
    case 1:
        take(k, number, op & 64);
        break;
    case 2:
        pass((int64_t)number * NS_PER_MS);
        break;
    case 3:
        end_one(op & 56, number, p, n);
        break;
    case 4:
        push((uint8_t)number, p, n);
        break;
    case 5:
        close_client(k);
        open_client(k);
        break;
    default:
        ask(k, number, op & 64 ? FRAME_JSON : FRAME_PROTOBUF, p, n);
    }
}

/* After 12 s at most all is answered, whatever the upstream does; a client that was cut for its
 * own reasons is excused. */
static void settle(struct client *k)
{
    pass(12 * NS_PER_S);
    while (k->c && hub_conn_queued(k->c) > 0)
        take(k, 8, false);
    check(k->ended || k->asked >= UINT32_MAX / 2 || k->replies == k->asked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    memset(&w, 0, sizeof(w));
    w.up.ops = &ops;
    w.up.forwards = size / 2 % 2;
    w.slow = size / 4 % 2;
    w.time = (struct clock_fake){ NS_PER_S, NS_PER_S };
    struct hub_opts o = { .clock = clock_fake(&w.time), .timers = &w.timers,
                          .random = same_random, .push_interval_ms = size % 2 ? 300 : 0 };
    if (size / 8 % 2)
        o.store.append = store_append;
    check(hub_new(&w.hub, &o) == FUTU_OK);
    w.events = hub_events(w.hub);
    hub_set_upstream(w.hub, &w.up);
    open_client(&w.clients[0]);
    open_client(&w.clients[1]);
    while (size >= 4) {             /* op, number (2), length */
        size_t n = MIN((size_t)data[3], size - 4);
        step(data[0], (uint16_t)(data[1] | data[2] << 8), data + 4, n);
        data += 4 + n;
        size -= 4 + n;
    }
    settle(&w.clients[0]);
    settle(&w.clients[1]);
    close_client(&w.clients[0]);
    while (w.n_opens > 1)           /* one is left for the end */
        end_open(0, w.n_opens % 3 == 0);
    close_client(&w.clients[1]);
    hub_free(w.hub);
    check(timers_next(&w.timers) == TIMER_NEVER);
    return 0;
}
