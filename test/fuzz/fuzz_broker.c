/* fuzz_broker.c - the broker upstream against servers that say anything: frames, extended heads,
 * compressed bodies, pushes, answers to what it asks, in any order. Whatever comes, no request is
 * answered twice, and what goes up is well-formed.
 *
 * Input:   steps of a kind, an argument, a length and so many bytes.
 */
#include <stdlib.h>

#include "upstream/broker/state.h"
#include "wire/bframe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINKS 16
#define REQUESTS 64
#define OPENS 16

struct fz_link {
    struct link link;
    struct world *w;
    struct bframer framer;
    struct buf out;
    bool used, open, up;
    bool asked;                         /* command and serial are of its newest request */
    uint16_t command;
    uint32_t serial;
};

struct fz_request {
    struct upstream_request rq;
    unsigned done;
};

struct fz_open {
    struct upstream_open o;
    struct stream_want want[2];
    unsigned done;
};

struct world {
    struct clock_fake time;
    struct clock clock;
    struct timers timers;
    struct net net;
    struct fz_link links[LINKS];
    struct fz_request requests[REQUESTS];
    struct fz_open opens[OPENS];
    size_t n_requests, n_opens;
    struct upstream *up;
};

static const char key[] = "0123456789abcdef0123456789abcdef";

static void check(bool ok)
{
    if (!ok)
        abort();
}

/* ---- the network ---- */

static futu_err link_open(struct link *link, int64_t timeout)
{
    (void)timeout;
    ((struct fz_link *)link)->open = true;
    return FUTU_OK;
}

static struct buf *link_out(struct link *link)
{
    return &((struct fz_link *)link)->out;
}

static void link_close(struct link *link)
{
    ((struct fz_link *)link)->open = false;
}

static void link_free(struct link *link)
{
    struct fz_link *k = (struct fz_link *)link;
    bframer_free(&k->framer);
    buf_free(&k->out);
    k->used = k->open = k->up = k->asked = false;
}

static const struct link_ops link_ops = { link_open, link_out, link_close, link_free };

static futu_err make_link(void *arg, struct link **out, const struct net_addr *a)
{
    struct world *w = arg;
    (void)a;
    for (int i = 0; i < LINKS; i++) {
        struct fz_link *k = &w->links[i];
        if (k->used)
            continue;
        *k = (struct fz_link){ .link = { .ops = &link_ops }, .w = w, .used = true };
        bframer_init(&k->framer, BFRAME_MAX);
        *out = &k->link;
        return FUTU_OK;
    }
    return FUTU_ENOMEM;
}

static futu_err lookup(void *arg, struct net_lookup *q, const char *name)
{
    (void)arg, (void)q, (void)name;
    return FUTU_ENOTFOUND;
}

static void lookup_cancel(void *arg, struct net_lookup *q)
{
    (void)arg, (void)q;
}

static void say(struct fz_link *k, struct bframe *f, const uint8_t *ext, size_t n_ext,
                const uint8_t *body, size_t n)
{
    struct buf out = BUF_INIT;
    f->version = BFRAME_VERSION;
    f->ext = ext;
    f->n_ext = (uint16_t)n_ext;
    check(bframe_write(&out, f, body, n) == FUTU_OK);
    if (k->up)
        k->link.events.data(k->link.events.arg, out.p, out.n);
    buf_free(&out);
}

static void let_in(struct fz_link *k, const struct bframe *ask)
{
    struct bk_login_rsp r = { .has_ret_type = true, .has_keep_alive = true, .keep_alive = 5 };
    struct bframe f = { .command = ask->command, .serial = ask->serial };
    struct buf plain = BUF_INIT, sealed = BUF_INIT;
    struct seal s;
    check(seal_init(&s, &dialect_seal, key, 32) == FUTU_OK);
    check(codec_encode(&bk_login_rsp_msg, &r, &plain, NULL) == FUTU_OK);
    check(seal_close(&s, plain.p, plain.n, &sealed) == FUTU_OK);
    say(k, &f, NULL, 0, sealed.p, sealed.n);
    buf_free(&plain);
    buf_free(&sealed);
}

/* What the client has written: logins are let in, of other requests the newest is kept. */
static bool read_out(struct fz_link *k)
{
    struct bframe f;
    size_t used;
    if (!k->up || !k->out.n)
        return false;
    futu_err err = bframer_feed(&k->framer, k->out.p, k->out.n, &used, &f);
    check(err == FUTU_OK);
    buf_consume(&k->out, used);
    if (f.command == 6001 || f.command == 1001) {
        let_in(k, &f);
        return true;
    }
    k->asked = true;
    k->command = f.command;
    k->serial = f.serial;
    return true;
}

static bool move(struct fz_link *k)
{
    if (!k->used || !k->open)
        return false;
    if (k->up)
        return read_out(k);
    k->up = true;
    k->link.events.up(k->link.events.arg);
    return true;
}

static void pump(struct world *w)
{
    for (int turns = 0; turns < 1000; turns++) {
        bool moved = false;
        clock_fake_advance(&w->time, 1);
        timers_run(&w->timers, w->time.mono_ns);
        for (int i = 0; i < LINKS; i++)
            moved = move(&w->links[i]) || moved;
        if (!moved)
            return;
    }
}

/* ---- the gateway ---- */

static void on_push(void *arg, const struct upstream_push *p)
{
    (void)arg;
    check(codec_check(proto_find(p->proto)->response, p->body, p->len, NULL, NULL) == FUTU_OK);
}

static void on_trade(void *arg, uint64_t acc, uint32_t proto, const uint8_t *body, size_t n)
{
    (void)arg, (void)acc;
    check(codec_check(proto_find(proto)->response, body, n, NULL, NULL) == FUTU_OK);
}

static void on_notify(void *arg, uint32_t proto, const uint8_t *body, size_t n)
{
    (void)arg, (void)proto, (void)body, (void)n;
}

static void on_done(struct upstream_request *rq, const uint8_t *body, size_t len)
{
    struct fz_request *r = container_of(rq, struct fz_request, rq);
    check(++r->done == 1 && body && len);
}

static void on_open(struct upstream_open *o, futu_err err, const char *why)
{
    (void)err;
    check(++container_of(o, struct fz_open, o)->done == 1 && why);
}

static void request(struct world *w, uint8_t which, const uint8_t *p, size_t n)
{
    if (w->n_requests == REQUESTS)
        return;
    struct fz_request *r = &w->requests[w->n_requests++];
    r->rq = (struct upstream_request){ .proto = broker_rows[which % broker_rows_n].proto,
                                       .body = p, .len = n, .done = on_done };
    r->rq.resumed = which >> 7;         /* as after a crash */
    if (which & 0x40)
        str_copy(r->rq.key, sizeof(r->rq.key), STR("key"));
    w->up->ops->request(w->up, &r->rq);
}

static void open_two(struct world *w, uint8_t which)
{
    static const int32_t subs[] = { 1, 2, 4 };
    if (w->n_opens == OPENS)
        return;
    struct fz_open *x = &w->opens[w->n_opens++];
    x->want[0].key = (struct stream_key){ MARKET_HK, subs[which % 3], 0, "00700" };
    x->want[1].key = (struct stream_key){ MARKET_US, subs[which / 3 % 3], 0, "AAPL" };
    x->o = (struct upstream_open){ .wants = x->want, .n = 2, .done = on_open };
    w->up->ops->open(w->up, &x->o);
}

/* ---- the steps ---- */

static void reply(struct fz_link *k, bool ext, const uint8_t *p, size_t n)
{
    struct bframe f = { .command = k->command, .serial = k->serial };
    if (!k->asked)
        return;
    k->asked = false;
    say(k, &f, ext ? p : NULL, ext ? MIN(n, UINT16_MAX) : 0, ext ? NULL : p, ext ? 0 : n);
}

static void push(struct fz_link *k, uint8_t which, const uint8_t *p, size_t n)
{
    static const uint16_t commands[] = { CMD_QUOTE_PUSH, CMD_ORDERS_PUSH, CMD_FIRM_CHANGE,
                                         CMD_ASSETS_PUSH, CMD_RIGHTS_CHANGE, CMD_ADDR_CHANGE };
    struct bframe f = { .command = commands[which % ARRAY_LEN(commands)], .flags = BFRAME_PUSH };
    f.flags |= which & 0x80 ? BFRAME_PACKED : 0;
    say(k, &f, NULL, 0, p, n);
}

static void step(struct world *w, uint8_t kind, uint8_t arg, const uint8_t *p, size_t n)
{
    struct fz_link *k = &w->links[kind >> 3 & 1];
    switch (kind & 7) {
    case 0:
        if (k->up && n)
            k->link.events.data(k->link.events.arg, p, n);
        break;
    case 1:
    case 2:
        reply(k, (kind & 7) == 2, p, n);
        break;
    case 3:
        push(k, arg, p, n);
        break;
    case 4:
        clock_fake_advance(&w->time, arg * NS_PER_S / 4);
        break;
    case 5:
        request(w, arg, p, n);
        break;
    case 6:
        open_two(w, arg);
        break;
    default:
        if (k->up)
            k->link.events.down(k->link.events.arg, FUTU_ENOTCONN, "gone");
    }
    pump(w);
}

static void fake_random(void *p, size_t n)
{
    memset(p, 7, n);
}

static void begin(struct world *w)
{
    static struct auth_result auth;
    auth = (struct auth_result){ .user_id = 1, .attribution = 1, .n_brokers = 1 };
    auth.broker[0].broker_id = 1001;
    auth.broker[0].customer_id = 2;
    check(!secret_set(&auth.client_sig, "s", 1) && !secret_set(&auth.client_key, key, 32) &&
          !secret_set(&auth.broker[0].client_sig, "s", 1) &&
          !secret_set(&auth.broker[0].client_key, key, 32));
    w->time = (struct clock_fake){ NS_PER_S, INT64_C(1775000000) * NS_PER_S };
    w->clock = clock_fake(&w->time);
    w->net = (struct net){ make_link, lookup, lookup_cancel, w };
    struct broker_opts o = {
        .clock = w->clock, .timers = &w->timers, .net = &w->net, .auth = &auth,
        .events = { on_push, on_trade, on_notify, w }, .only_addrs = true, .random = fake_random,
    };
    check(broker_read_addrs(&o, STR("1=10.0.0.1")) && broker_read_addrs(&o, STR("1001=10.0.0.2")));
    check(broker_new(&w->up, &o) == FUTU_OK);
    auth_result_free(&auth);
    pump(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w;
    memset(&w, 0, sizeof(w));
    begin(&w);
    while (size >= 4) {
        size_t n = MIN(size - 4, (size_t)(data[2] | data[3] << 8));
        step(&w, data[0], data[1], data + 4, n);
        data += 4 + n;
        size -= 4 + n;
    }
    w.up->ops->free(w.up);
    for (size_t i = 0; i < w.n_requests; i++)
        check(w.requests[i].done <= 1);
    return 0;
}
