/* fanout.c - one push to all that want it: framed once per form, shared, queued.
 *
 * Quotes:  to the registrations of their stream. A reader that is behind by more than QUEUE_SOFT
 *          gets the newest push of each stream in the place of the one that waits; tickers always
 *          queue.
 * Trade:   to connections that named the account; queued or, past QUEUE_HARD, the connection is
 *          cut.
 * Cost:    per delivery one reference, one queue entry, no search and no allocation.
 * Keys:    what a connection's key may not see passes it by, and is counted.
 * Tests:   test/unit/gateway/fanout_test.c, test/bench/hub_fanout.c
 */
#include <stdio.h>

#include "codec/splice.h"
#include "crypt/digest.h"
#include "gateway/gap.h"
#include "gateway/guard.h"
#include "gateway/trace.h"

#define PLACES_LEAST 64

/* DONE: the text is there; FAILED: this body has none; NONE: nor has any of its protocol. */
enum json_state { JSON_NOT_YET, JSON_DONE, JSON_FAILED, JSON_NONE };

struct fan {
    struct hub *h;
    struct event e;                 /* what it is, for /ws and for the rules of keys */
    uint32_t scope;                 /* that a key needs: SCOPE_* */
    enum json_state json, event_json;       /* in h->json; the S2C alone, in h->pb */
    enum json_state text;           /* of MCP, in its frame */
    bool optional;                  /* who can't have it goes on without */
    bool digested[2];               /* by format: FRAME_PROTOBUF, FRAME_JSON */
    uint8_t digest[2][20];
    struct shbuf *forms[FORM_N];    /* one reference each */
    struct out_mark mark;
};

static void fan_init(struct fan *f, struct hub *h, uint32_t proto, const uint8_t *body, size_t len)
{
    f->h = h;
    f->e = (struct event){ .proto = proto, .body = body, .len = len };
    f->scope = SCOPE_QOT_READ;
    f->json = f->event_json = f->text = JSON_NOT_YET;
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
    const struct proto_row *row = proto_find(f->e.proto);
    struct codec_error e = { "", "" };
    char text[400];
    if (f->json != JSON_NOT_YET)
        return f->json == JSON_DONE;
    f->json = row && row->response ? JSON_FAILED : JSON_NONE;
    f->h->json.n = 0;
    if (f->json == JSON_NONE)
        return false;
    if (codec_to_json(row->response, f->e.body, f->e.len, CODEC_DECLARED, &f->h->json, NULL, &e)) {
        log_warn("push %u can't be written as JSON: %s", f->e.proto,
                 codec_error_text(&e, text, sizeof(text)));
        return false;
    }
    f->json = JSON_DONE;
    return true;
}

/* The S2C alone, as clients of /ws get it. Scratch of its own, since a push may have both forms. */
static bool to_event_json(struct fan *f)
{
    const struct proto_row *row = proto_find(f->e.proto);
    const futu_msg *m = row ? row->response : NULL;
    const struct pb_field *s2c = m ? codec_field(m, STR("s2c")) : NULL;
    struct pb_rec r;
    if (f->event_json != JSON_NOT_YET)
        return f->event_json == JSON_DONE;
    f->h->pb.n = 0;
    f->event_json = JSON_NONE;
    if (!s2c || !pb_first((futu_str){ (const char *)f->e.body, f->e.len }, s2c->tag, &r))
        return false;
    f->event_json = JSON_FAILED;
    if (codec_to_json(s2c->sub, r.p, r.n, CODEC_REST, &f->h->pb, NULL, NULL))
        return false;
    f->e.json = buf_str(&f->h->pb);
    f->event_json = JSON_DONE;
    return true;
}

/* What can't be written is left out, whatever it is. */
static struct shbuf *make_text(struct fan *f, struct futu_conn *c)
{
    struct buf *b = &f->h->enc;
    if (f->text == JSON_NONE)
        return NULL;
    b->n = 0;
    futu_err err = c->events.write(&f->e, b);
    f->text = err && err != FUTU_ENOMEM ? JSON_NONE : JSON_DONE;
    if (f->text == JSON_NONE)
        log_warn("push %u can't be written for MCP: %s", f->e.proto, futu_strerror(err));
    struct shbuf *out = err ? NULL : shbuf_get(&f->h->pool, b->n);
    if (out)
        memcpy(out->p, b->p, b->n);
    return out;
}

static struct shbuf *make_event(struct fan *f, struct futu_conn *c)
{
    if (c->form == FORM_EVENT_MCP)
        return make_text(f, c);
    if (c->form == FORM_EVENT_JSON && !to_event_json(f))
        return NULL;
    trace_push(c, f->e.proto, FRAME_PROTOBUF, f->e.body, f->e.len);
    return event_frame(c, &f->e);
}

static struct shbuf *make_frame(struct fan *f, struct futu_conn *c)
{
    if (c->kind == KIND_EVENTS)
        return make_event(f, c);
    uint8_t fmt = c->form == FORM_TCP_JSON || c->form == FORM_WS_JSON ? FRAME_JSON : FRAME_PROTOBUF;
    futu_str body = { (const char *)f->e.body, f->e.len };
    if (fmt == FRAME_JSON) {
        if (!to_json(f))
            return NULL;
        body = buf_str(&f->h->json);
    }
    const uint8_t *p = (const uint8_t *)body.p;
    trace_push(c, f->e.proto, fmt, p, body.n);
    if (c->kind == KIND_WS_SDK)
        return frame_for(c, f->e.proto, fmt, 0, p, body.n);
    if (!f->digested[fmt])
        sha1(p, body.n, f->digest[fmt]);
    f->digested[fmt] = true;
    return frame_with_digest(c, f->e.proto, fmt, 0, p, body.n, f->digest[fmt]);
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

/* How it stands with the text that this connection's form needs. */
static enum json_state text_for(const struct fan *f, const struct futu_conn *c)
{
    switch (c->form) {
    case FORM_EVENT_JSON:
        return f->event_json;
    case FORM_EVENT_MCP:
        return f->text;
    case FORM_TCP_JSON:
    case FORM_WS_JSON:
        return f->json;
    default:
        return JSON_DONE;
    }
}

static void tell_lost_text(struct futu_conn *c)
{
    struct fan f;
    struct out_mark m = { 0, DELAY_NONE, 0 };
    fan_init(&f, c->hub, PROTO_GAP, NULL, 0);
    f.e.lost = c->lost;
    c->lost = 0;
    struct shbuf *b = c->events.kinds & HUB_GAP ? make_text(&f, c) : NULL;
    if (b)
        conn_queue(c, b, &m);
}

/* That newer pushes took the place of older ones is told once there is room again; with gRPC the
 * hole in `seq` says it. */
static void tell_lost(struct futu_conn *c)
{
    char text[128];
    if (c->form == FORM_EVENT_GRPC) {
        c->lost = 0;
        return;
    }
    if (c->form == FORM_EVENT_MCP) {
        tell_lost_text(c);
        return;
    }
    int n = snprintf(text, sizeof(text),
                     "{\"type\":\"gap\",\"reason\":\"slow reader\",\"lost\":%u}", c->lost);
    c->lost = 0;
    hub_events_send(c, (futu_str){ text, (size_t)n });
}

static void conflated(struct fan *f, struct futu_conn *c)
{
    f->h->conflated++;
    if (f->e.key && (uint32_t)f->e.key->sub_type < ARRAY_LEN(f->h->metrics.dropped))
        f->h->metrics.dropped[f->e.key->sub_type]++;
    c->lost++;
}

/* key NULL: must not be lost. *at: place of the stream's last push in this queue. */
static void deliver(struct fan *f, struct futu_conn *c, const void *key, uint64_t *at)
{
    struct hub *h = f->h;
    if (c->form == FORM_EVENT_MCP && !(c->events.kinds & event_kind(&f->e)))
        return;
    if (c->ended || (c->key && !guard_push(c, f->scope, f->e.acc_id, f->e.market)))
        return;
    struct out_entry e = { frame_of(f, c), key, f->mark };
    if (!e.b) {
        enum json_state text = text_for(f, c);
        if (text == JSON_NONE || (text == JSON_FAILED && (key || f->optional)))
            return;             /* the next quote may do better */
        conn_die(c, FUTU_ENOMEM, "a push can't be framed");
        return;
    }
    h->pushes++;
    h->push_bytes += e.b->n;
    if (key && c->out.bytes > QUEUE_SOFT && outq_replace(&c->out, *at, &e)) {
        conflated(f, c);
        return;
    }
    conn_put(c, &e, at);
    if (c->kind == KIND_EVENTS && c->lost > 0 && c->out.bytes <= QUEUE_SOFT)
        tell_lost(c);
}

/* A client of /ws that subscribed the stream itself gets it by that. */
static bool has_own(const struct futu_conn *c, const struct stream *st)
{
    const struct sub *s = c->n_subs > 0 && st ? sub_of(c, st->pair) : NULL;
    return s && s->reg_at[st->key.rehab] != REG_NONE;
}

/* Places of streams that are gone, or of pushes that have been read, say nothing any more: when
 * most must be such, all are forgotten. Without a place a push is just not replaced. */
static void keep_place(struct futu_conn *c, const struct stream *st, uint64_t at)
{
    if (c->places.n > 2 * (c->out.tail - c->out.head) + PLACES_LEAST)
        map_free(&c->places);
    map_put_u64(&c->places, (uint64_t)(uintptr_t)st, (void *)(uintptr_t)at);
}

/* To whoever watches this caller. Of each that is behind the place of a stream's newest push is
 * kept; whoever has caught up needs none. */
static void to_viewers(struct fan *f, struct futu_conn *caller, const struct stream *st,
                       bool lossless)
{
    struct list *it, *tmp;
    list_each(it, tmp, &caller->viewers) {
        struct futu_conn *c = list_entry(it, struct futu_conn, viewer);
        uint64_t at = 0;
        if (has_own(c, st))
            continue;
        if (!lossless && c->out.bytes > QUEUE_SOFT)
            at = (uint64_t)(uintptr_t)map_get_u64(&c->places, (uint64_t)(uintptr_t)st);
        deliver(f, c, lossless ? NULL : st, &at);
        if (lossless)
            continue;
        if (c->out.bytes > QUEUE_SOFT)
            keep_place(c, st, at);
        else if (c->places.n > 0)
            map_free(&c->places);
    }
}

void fanout_deliver(struct hub *h, struct stream *st, const struct upstream_push *p)
{
    struct fan f;
    uint32_t stat = delay_of_sub_type(st->key.sub_type);
    int64_t before = MAX(h->now - p->made_ns, 0) / NS_PER_US;
    fan_init(&f, h, p->proto, p->body, p->len);
    f.e.key = &st->key;
    f.e.seq = p->first ? st->seq : ++st->seq;
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
        if (r->c->kind == KIND_CALL)
            to_viewers(&f, r->c, st, p->lossless);
        else
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
    struct stream *st = subs_find(&h->subs, &p->key);
    if (st && st->n > 0 && !hold(h, st, p))
        fanout_deliver(h, st, p);
}

/* Its place is not remembered: a later push queues behind it, and only that is replaced. */
void fanout_first(struct stream *st, struct sub *s)
{
    futu_err err = fanout_present(st, s->c);
    if (err == FUTU_EAGAIN && s->reg_at[st->key.rehab] != REG_NONE)
        st->regs[s->reg_at[st->key.rehab]].first = true;
}

futu_err fanout_present(struct stream *st, struct futu_conn *c)
{
    struct hub *h = c->hub;
    struct fan f;
    uint64_t at;
    h->body.n = 0;
    futu_err err = h->up->ops->current(h->up, &st->key, &h->body);
    if (err == FUTU_ENOMEM)
        conn_die(c, err, "out of memory");
    if (err || h->body.n == 0)
        return err;
    fan_init(&f, h, push_proto(st->key.sub_type), h->body.p, h->body.n);
    f.e.key = &st->key;
    f.e.seq = st->seq;
    if (c->kind == KIND_CALL)
        to_viewers(&f, c, st, true);
    else
        deliver(&f, c, NULL, &at);
    fan_done(&f);
    return FUTU_OK;
}

static void trade_to_viewers(struct fan *f, struct futu_conn *caller)
{
    struct list *it, *tmp;
    uint64_t at;
    list_each(it, tmp, &caller->viewers) {
        struct futu_conn *c = list_entry(it, struct futu_conn, viewer);
        if (!conn_named(c, f->e.acc_id))
            deliver(f, c, NULL, &at);
    }
}

/* The market of an order or fill push, by its header; NULL: not known. */
static const char *market_of(const uint8_t *body, size_t len)
{
    enum { S2C = 4, HEADER = 1, TRD_MARKET = 3 };
    struct pb_rec header, market;
    if (!pb_inner(body, len, S2C, HEADER, &header) || !header.p ||
        !pb_first((futu_str){ (const char *)header.p, header.n }, TRD_MARKET, &market))
        return NULL;
    return trd_market_name((int32_t)market.v);
}

/* Out of memory the count starts anew, which a client takes for a loss: better than none. */
static uint64_t next_seq(struct hub *h, uint64_t acc_id)
{
    uintptr_t n = (uintptr_t)map_get_u64(&h->account_seq, acc_id) + 1;
    if (map_put_u64(&h->account_seq, acc_id, (void *)n))
        return 1;
    return n;
}

void fanout_trade(struct hub *h, uint64_t acc_id, uint32_t proto, const uint8_t *body, size_t len)
{
    struct list *it, *tmp;
    uint64_t at;
    struct fan f;
    fan_init(&f, h, proto, body, len);
    f.scope = SCOPE_ACC_READ;
    f.e.acc_id = acc_id;
    f.e.market = market_of(body, len);
    f.e.seq = next_seq(h, acc_id);
    list_each(it, tmp, &h->traders) {
        struct futu_conn *c = list_entry(it, struct futu_conn, trader);
        if (!conn_named(c, acc_id))
            continue;
        if (c->kind == KIND_CALL)
            trade_to_viewers(&f, c);
        else
            deliver(&f, c, NULL, &at);
    }
    fan_done(&f);
}

/* A key sees of a gap what it could have seen without one: a body of its own. */
static void tell_gap(struct futu_conn *c, struct fan *all)
{
    struct hub *h = c->hub;
    uint64_t at;
    struct fan f;
    h->body.n = 0;
    if (!gap_for(c, all->e.body, all->e.len, &h->body))
        return;
    fan_init(&f, h, PROTO_GAP, h->body.p, h->body.n);
    f.optional = true;
    f.scope = 0;
    f.e.seq = all->e.seq;
    deliver(&f, c, NULL, &at);
    fan_done(&f);
    /* Its texts stood where these may stand now. */
    if (all->json == JSON_DONE)
        all->json = JSON_NOT_YET;
    if (all->event_json == JSON_DONE)
        all->event_json = JSON_NOT_YET;
}

/* Notify goes to those who asked for it, gaps to those who wait for pushes, the rest to all. */
static bool wants_notify(const struct futu_conn *c, uint32_t proto)
{
    if (!c->ready || c->kind == KIND_CALL)
        return false;
    if (c->form == FORM_EVENT_MCP)      /* a session that waits for nothing hears of nothing */
        return c->n_subs > 0 || c->n_accounts > 0;
    if (proto == PROTO_GAP)
        return c->n_subs > 0 || c->n_accounts > 0 || c->kind == KIND_EVENTS;
    return c->notify || proto != PROTO_NOTIFY;
}

void fanout_notify(struct hub *h, uint32_t proto, const uint8_t *body, size_t len)
{
    struct list *it, *tmp;
    uint64_t at;
    struct fan f;
    fan_init(&f, h, proto, body, len);
    f.optional = true;
    f.e.seq = ++h->notify_seq;
    list_each(it, tmp, &h->conns) {
        struct futu_conn *c = list_entry(it, struct futu_conn, link);
        if (!wants_notify(c, proto))
            continue;
        if (proto == PROTO_GAP && c->key)
            tell_gap(c, &f);
        else
            deliver(&f, c, NULL, &at);
    }
    fan_done(&f);
}
