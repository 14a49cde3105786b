/* world.c - see world.h. */
#include "world.h"

#include <stdio.h>
#include <sys/uio.h>

#include "base/mem.h"

/* ---- the pipe ---- */

static struct pipe_link *of(struct link *k)
{
    return container_of(k, struct pipe_link, link);
}

static void conn_output(futu_conn *c, void *arg)
{
    (void)c;
    (void)arg;
}

static void conn_close(futu_conn *c, futu_err err, const char *reason, void *arg)
{
    struct pipe_link *p = arg;
    (void)reason;
    hub_conn_free(c);
    p->conn = NULL;
    p->refuse = err;            /* the pump tells the client */
}

static futu_err pipe_open(struct link *k, int64_t timeout)
{
    struct pipe_link *p = of(k);
    (void)timeout;
    if (p->opened < ARRAY_LEN(p->opened_at) && p->rig)
        p->opened_at[p->opened] = p->rig->time.mono_ns;
    p->opened++;
    p->in.n = p->out.n = 0;
    if (p->rig && !p->refuse) {
        futu_conn_opts o = FUTU_CONN_OPTS_INIT;
        o.on_output = conn_output;
        o.on_close = conn_close;
        o.arg = p;
        futu_err err = hub_conn_new(p->rig->hub, &p->conn, &o);
        if (err)
            return err;
    }
    p->open = p->coming_up = true;
    return FUTU_OK;
}

static struct buf *pipe_out(struct link *k)
{
    return &of(k)->out;
}

static void pipe_close(struct link *k)
{
    struct pipe_link *p = of(k);
    hub_conn_free(p->conn);
    p->conn = NULL;
    p->open = p->coming_up = false;
}

static void pipe_free(struct link *k)
{
    struct pipe_link *p = of(k);
    pipe_close(k);
    buf_free(&p->out);
    buf_free(&p->in);
    mem_free(p);
}

static const struct link_ops pipe_ops = { pipe_open, pipe_out, pipe_close, pipe_free };

static void go_down(struct pipe_link *p, futu_err err)
{
    if (p->open)
        p->link.events.down(p->link.events.arg, err, "the pipe is cut");
}

static void feed_hub(struct pipe_link *p)
{
    struct buf sent = p->out;
    p->out = (struct buf)BUF_INIT;
    p->to_gateway += sent.n;
    for (size_t at = 0; at < sent.n && p->conn && !p->stuffed;) {
        size_t n = MIN(p->chunk ? p->chunk : sent.n, sent.n - at);
        futu_err err = hub_conn_feed(p->conn, sent.p + at, n);
        at += n;
        if (err) {
            hub_conn_free(p->conn);
            p->conn = NULL;
            p->refuse = err;
        }
    }
    buf_free(&sent);
}

static bool take_hub(struct pipe_link *p)
{
    struct iovec iov[5];
    size_t n;
    bool any = false;
    while (p->conn && (n = hub_conn_output(p->conn, iov, ARRAY_LEN(iov))) != 0) {
        size_t all = 0;
        for (size_t i = 0; i < n; i++) {
            if (!p->muted && buf_put(&p->in, iov[i].iov_base, iov[i].iov_len))
                p->refuse = FUTU_ENOMEM;
            all += iov[i].iov_len;
        }
        hub_conn_sent(p->conn, all);
        any = true;
    }
    return any;
}

static void deliver(struct pipe_link *p)
{
    struct buf got = p->in;
    unsigned opened = p->opened;
    p->in = (struct buf)BUF_INIT;
    for (size_t at = 0; at < got.n && p->open && p->opened == opened;) {
        size_t n = MIN(p->chunk ? p->chunk : got.n, got.n - at);
        p->link.events.data(p->link.events.arg, got.p + at, n);
        at += n;
    }
    buf_free(&got);
}

/* One round; false: nothing moved. */
static bool pump_once(struct pipe_link *p)
{
    bool moved = false;
    if (p->open && p->refuse) {
        futu_err err = p->refuse;
        if (!p->coming_up)
            p->refuse = FUTU_OK;        /* a cut is over with the connection */
        deliver(p);
        go_down(p, err);
        return true;
    }
    if (p->open && p->coming_up) {
        p->coming_up = false;
        p->link.events.up(p->link.events.arg);
        moved = true;
    }
    if (p->conn && p->out.n) {
        feed_hub(p);
        moved = true;
    }
    if (p->rig)
        rig_turn(p->rig);
    moved |= take_hub(p);
    if (p->in.n) {
        deliver(p);
        moved = true;
    }
    return moved;
}

void world_pump(struct world *w)
{
    for (int i = 0; i < 1000; i++)
        if (!pump_once(w->pipe) && !pump_once(w->pipe))
            return;
    ck_abort_msg("the world does not come to rest");
}

void world_pass(struct world *w, int64_t ns)
{
    world_pump(w);
    while (ns > 0) {
        int64_t step = MIN(ns, 100 * NS_PER_MS);
        clock_fake_advance(&w->rig.time, step);
        timers_run(&w->rig.timers, w->rig.time.mono_ns);
        world_pump(w);
        ns -= step;
    }
}

/* ---- the client ---- */

static void on_state(futu_client *c, int state, futu_err err, void *arg)
{
    struct world *w = arg;
    (void)c;
    if (w->n_states < WORLD_LOG) {
        w->states[w->n_states] = state;
        w->errs[w->n_states++] = err;
    }
    if (w->on_state)
        w->on_state(w, state);
}

static void on_push(futu_client *c, uint32_t proto, const void *body, size_t len, const void *msg,
                    void *arg)
{
    struct world *w = arg;
    (void)c;
    w->pushes++;
    w->last_push = proto;
    w->bad_pushes += !body || !len || !msg != !proto_find(proto);
    if (proto == 3005 && msg)
        w->last_price = ((const Qot_UpdateBasicQot_Response *)msg)->s2c->basicQotList[0].curPrice;
}

static uint64_t fixed_random(void)
{
    static uint64_t x = 12345;
    x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return x >> 16;
}

static futu_err make_client(struct world *w, const struct world_opts *o)
{
    struct client_opts e = {
        .clock = clock_fake(&w->rig.time), .timers = &w->rig.timers, .algo = o->algo,
        .format = o->format, .timeout = 10 * NS_PER_S, .client_id = "test",
        .no_reconnect = o->no_reconnect, .on_state = on_state, .on_push = on_push, .arg = w,
        .random = fixed_random,
    };
    struct pipe_link *p = mem_zalloc(sizeof(*p));
    if (!p)
        return FUTU_ENOMEM;
    p->link.ops = &pipe_ops;
    p->rig = o->scripted ? NULL : &w->rig;
    p->chunk = o->chunk;
    e.link = &p->link;
    if (o->client_key) {
        futu_err err = rsa_key_load(&e.rsa, TEST_KEY);
        if (err) {
            mem_free(p);
            return err;
        }
    }
    futu_err err = client_new(&w->c, &e);
    w->pipe = err ? NULL : p;
    return err;
}

static struct rsa_key *gateway_key;

futu_err world_try(struct world *w, const struct world_opts *o)
{
    struct hub_opts h = { .sub_quota = 0 };
    memset(w, 0, sizeof(*w));
    gateway_key = NULL;
    if (o->gateway_key) {
        futu_err err = rsa_key_load(&gateway_key, TEST_KEY);
        if (err)
            return err;
    }
    h.rsa = gateway_key;
    futu_err err = rig_try(&w->rig, &h);
    if (err) {
        rsa_key_free(gateway_key);
        return err;
    }
    err = make_client(w, o);
    if (err)
        world_free(w);
    return err;
}

void world_init(struct world *w, const struct world_opts *o)
{
    ck_assert_int_eq(world_try(w, o), FUTU_OK);
}

void world_free(struct world *w)
{
    client_free(w->c);
    rig_free(&w->rig);
    rsa_key_free(gateway_key);
    gateway_key = NULL;
}

int world_state(const struct world *w)
{
    return w->n_states ? w->states[w->n_states - 1] : 0;
}

futu_err world_err(const struct world *w)
{
    return w->n_states ? w->errs[w->n_states - 1] : FUTU_OK;
}

void world_connect(struct world *w)
{
    ck_assert_int_eq(client_start(w->c), FUTU_OK);
    world_pass(w, 100 * NS_PER_MS);
    ck_assert_int_eq(world_state(w), FUTU_STATE_READY);
}

void world_cut(struct world *w)
{
    w->pipe->refuse = FUTU_ENOTCONN;
    w->pipe->in.n = 0;
    world_pump(w);
}

void note_outcome(futu_client *c, futu_err err, futu_reply *r, void *arg)
{
    struct outcome *o = arg;
    (void)c;
    o->n++;
    o->err = err;
    if (!r)
        return;
    o->ret = futu_reply_ret(r);
    snprintf(o->text, sizeof(o->text), "%s", futu_reply_text(r));
}

futu_err world_subscribe(struct world *w, int32_t sub_type, struct outcome *o)
{
    Qot_Common_Security s = { .code = STR("00700") };
    Qot_Sub_C2S q = { .securityList = &s, .n_securityList = 1, .subTypeList = &sub_type,
                      .n_subTypeList = 1 };
    const Qot_Sub_Request request = { .c2s = &q };
    SET(&s, market, 1);
    SET(&q, isSubOrUnSub, true);
    SET(&q, isRegOrUnRegPush, true);
    return client_call_msg(w->c, 3001, &request, note_outcome, o);
}

void world_quote(struct world *w, double price)
{
    Qot_Common_Security s = { .code = STR("00700") };
    Qot_Common_BasicQot b = { .security = &s, .updateTime = STR(""), .listTime = STR("") };
    Qot_UpdateBasicQot_S2C s2c = { .basicQotList = &b, .n_basicQotList = 1 };
    Qot_UpdateBasicQot_Response r = { .s2c = &s2c };
    struct buf body = BUF_INIT;
    SET(&s, market, 1);
    SET(&b, isSuspended, false);
    SET(&b, priceSpread, 0.2);
    SET(&b, highPrice, price);
    SET(&b, openPrice, price);
    SET(&b, lowPrice, price);
    SET(&b, curPrice, price);
    SET(&b, lastClosePrice, price);
    SET(&b, volume, 1);
    SET(&b, turnover, price);
    SET(&b, turnoverRate, 0);
    SET(&b, amplitude, 0);
    SET(&r, retType, 0);
    if (codec_encode(&Qot_UpdateBasicQot_Response_msg, &r, &body, NULL) == FUTU_OK) {
        struct upstream_push p = { .proto = 3005, .key = { 1, 1, 0, "00700" }, .body = body.p,
                                   .len = body.n, .made_ns = w->rig.time.mono_ns };
        w->rig.events.push(w->rig.events.arg, &p);
    }
    buf_free(&body);
    world_pump(w);
}
