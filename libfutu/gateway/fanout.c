/* fanout.c - one push to all that want it: framed once per form, shared, queued.
 *
 * Quotes:  to the registrations of their stream. A reader that is behind by more than QUEUE_SOFT
 *          gets the newest push of each stream in the place of the one that waits; tickers always
 *          queue.
 * Trade:   to connections that named the account; queued or, past QUEUE_HARD, the connection is
 *          cut.
 * Cost:    per delivery one reference, one queue entry, no search and no allocation.
 * Tests:   test/unit/gateway/fanout_test.c, test/bench/hub_fanout.c
 */
#include "gateway/state.h"

#include "crypt/digest.h"
#include "gateway/trace.h"

struct fan {
    struct hub *h;
    uint32_t proto;
    const uint8_t *body;
    size_t len;
    /* DONE: text in h->json; FAILED: this body has none; NONE: nor has any of its protocol. */
    enum { JSON_NOT_YET, JSON_DONE, JSON_FAILED, JSON_NONE } json;
    bool optional;                  /* who can't have it goes on without */
    bool digested[2];               /* by format: FRAME_PROTOBUF, FRAME_JSON */
    uint8_t digest[2][20];
    struct shbuf *forms[FORM_N];    /* one reference each */
    struct out_mark mark;
};

static void fan_init(struct fan *f, struct hub *h, uint32_t proto, const uint8_t *body, size_t len)
{
    f->h = h;
    f->proto = proto;
    f->body = body;
    f->len = len;
    f->json = JSON_NOT_YET;
    f->optional = false;
    memset(f->digested, 0, sizeof(f->digested));
    memset(f->forms, 0, sizeof(f->forms));
    memset(&f->mark, 0, sizeof(f->mark));
}

static void fan_done(struct fan *f)
{
    for (size_t i = 0; i < FORM_N; i++)
        shbuf_unref(f->forms[i]);
}

static bool to_json(struct fan *f)
{
    const struct proto_row *row = proto_find(f->proto);
    struct codec_error e = { "", "" };
    char text[400];
    if (f->json != JSON_NOT_YET)
        return f->json == JSON_DONE;
    f->json = row && row->response ? JSON_FAILED : JSON_NONE;
    f->h->json.n = 0;
    if (f->json == JSON_NONE)
        return false;
    if (codec_to_json(row->response, f->body, f->len, CODEC_DECLARED, &f->h->json, NULL, &e)) {
        log_warn("push %u can't be written as JSON: %s", f->proto,
                 codec_error_text(&e, text, sizeof(text)));
        return false;
    }
    f->json = JSON_DONE;
    return true;
}

static struct shbuf *make_frame(struct fan *f, struct futu_conn *c)
{
    uint8_t fmt = c->form == FORM_TCP_JSON || c->form == FORM_WS_JSON ? FRAME_JSON : FRAME_PROTOBUF;
    futu_str body = { (const char *)f->body, f->len };
    if (fmt == FRAME_JSON) {
        if (!to_json(f))
            return NULL;
        body = buf_str(&f->h->json);
    }
    const uint8_t *p = (const uint8_t *)body.p;
    trace_push(c, f->proto, fmt, p, body.n);
    if (c->kind == KIND_WS_SDK)
        return frame_for(c, f->proto, fmt, 0, p, body.n);
    if (!f->digested[fmt])
        sha1(p, body.n, f->digest[fmt]);
    f->digested[fmt] = true;
    return frame_with_digest(c, f->proto, fmt, 0, p, body.n, f->digest[fmt]);
}

/* One reference for this connection; NULL: it can't have this push. */
static struct shbuf *frame_of(struct fan *f, struct futu_conn *c)
{
    struct shbuf *b = c->cipher ? NULL : f->forms[c->form];
    if (b)
        return shbuf_ref(b);
    b = make_frame(f, c);
    if (b && !c->cipher)
        f->forms[c->form] = shbuf_ref(b);
    return b;
}

/* key NULL: must not be lost. *at: place of the stream's last push in this queue. */
static void deliver(struct fan *f, struct futu_conn *c, const void *key, uint64_t *at)
{
    struct hub *h = f->h;
    if (c->ended)
        return;
    struct out_entry e = { frame_of(f, c), key, f->mark };
    if (!e.b && (f->json == JSON_NONE || (f->json == JSON_FAILED && (key || f->optional))))
        return;     /* the next quote may do better */
    if (!e.b) {
        conn_die(c, FUTU_ENOMEM, "a push can't be framed");
        return;
    }
    h->pushes++;
    h->push_bytes += e.b->n;
    if (key && c->out.bytes > QUEUE_SOFT && outq_replace(&c->out, *at, &e))
        h->conflated++;
    else
        conn_put(c, &e, at);
}

void fanout_deliver(struct hub *h, struct stream *st, const struct upstream_push *p)
{
    struct fan f;
    uint32_t stat = delay_of_sub_type(st->key.sub_type);
    int64_t before = MAX(h->now - p->made_ns, 0) / NS_PER_US;
    fan_init(&f, h, p->proto, p->body, p->len);
    if (p->sha1) {
        f.digested[FRAME_PROTOBUF] = true;
        memcpy(f.digest[FRAME_PROTOBUF], p->sha1, sizeof(f.digest[0]));
    }
    f.mark = (struct out_mark){ h->now, stat, (uint32_t)MIN(before, UINT32_MAX) };
    delay_push_received(&h->delay, stat, p->made_ns, h->now);
    for (uint32_t i = 0; i < st->n; i++) {
        struct reg *r = &st->regs[i];
        if (p->first && !r->first)
            continue;
        r->first = false;
        deliver(&f, r->c, p->lossless ? NULL : st, &r->queued);
    }
    fan_done(&f);
}

static bool thinned(int32_t sub_type)
{
    return sub_type == Qot_Common_SubType_Basic || sub_type == Qot_Common_SubType_OrderBook ||
           sub_type == Qot_Common_SubType_OrderBook_Odd || sub_type == Qot_Common_SubType_Broker;
}

/* True: kept back, until the interval since the last delivery is over. */
static bool hold(struct hub *h, struct stream *st, const struct upstream_push *p)
{
    int64_t interval = h->o.push_interval_ms * NS_PER_MS;
    if (interval == 0 || p->lossless || p->first || !thinned(st->key.sub_type))
        return false;
    if (h->now >= st->next_at && !st->held) {
        st->next_at = h->now + interval;
        return false;
    }
    st->body.n = 0;
    if (buf_put(&st->body, p->body, p->len))
        return false;               /* no memory to keep it: rather too often than never */
    st->proto = p->proto;
    st->made_ns = p->made_ns;
    if (!st->held)
        timer_set(h->o.timers, &st->timer, st->next_at);
    st->held = true;
    return true;
}

void fanout_push(struct hub *h, const struct upstream_push *p)
{
    hub_now(h);
    struct stream *st = subs_find(&h->subs, &p->key);
    if (st && st->n > 0 && !hold(h, st, p))
        fanout_deliver(h, st, p);
}

/* Its place is not remembered: a later push queues behind it, and only that is replaced. */
void fanout_first(struct stream *st, struct sub *s)
{
    struct futu_conn *c = s->c;
    struct hub *h = c->hub;
    uint32_t proto = push_proto(st->key.sub_type);
    struct fan f;
    uint64_t at;
    h->body.n = 0;
    futu_err err = h->up->ops->current(h->up, &st->key, &h->body);
    if (err == FUTU_ENOMEM)
        conn_die(c, err, "out of memory");
    if (err == FUTU_EAGAIN && s->reg_at[st->key.rehab] != REG_NONE)
        st->regs[s->reg_at[st->key.rehab]].first = true;
    if (err || h->body.n == 0)
        return;
    fan_init(&f, h, proto, h->body.p, h->body.n);
    deliver(&f, c, NULL, &at);
    fan_done(&f);
}

static bool named(const struct futu_conn *c, uint64_t acc_id)
{
    for (uint32_t i = 0; i < c->n_accounts; i++)
        if (c->accounts[i] == acc_id)
            return true;
    return false;
}

void fanout_trade(struct hub *h, uint64_t acc_id, uint32_t proto, const uint8_t *body, size_t len)
{
    struct list *it, *tmp;
    uint64_t at;
    struct fan f;
    fan_init(&f, h, proto, body, len);
    list_each(it, tmp, &h->traders) {
        struct futu_conn *c = list_entry(it, struct futu_conn, trader);
        if (named(c, acc_id))
            deliver(&f, c, NULL, &at);
    }
    fan_done(&f);
}

/* Notify goes to those who asked for it, gaps to those who wait for pushes, the rest to all. */
static bool wants_notify(const struct futu_conn *c, uint32_t proto)
{
    if (!c->ready)
        return false;
    if (proto == PROTO_GAP)
        return c->n_subs > 0 || c->n_accounts > 0;
    return c->notify || proto != PROTO_NOTIFY;
}

void fanout_notify(struct hub *h, uint32_t proto, const uint8_t *body, size_t len)
{
    struct list *it, *tmp;
    uint64_t at;
    struct fan f;
    fan_init(&f, h, proto, body, len);
    f.optional = true;
    list_each(it, tmp, &h->conns) {
        struct futu_conn *c = list_entry(it, struct futu_conn, link);
        if (wants_notify(c, proto))
            deliver(&f, c, NULL, &at);
    }
    fan_done(&f);
}
