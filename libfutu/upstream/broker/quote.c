/* quote.c - streams: which securities' data is wanted, and telling the server so.
 *
 * Requests: one for each market, order books in requests of their own (command 6211), SUB_BATCH
 *           securities each. Opening sends them one after the other and answers with the last.
 * Back:     after a loss everything wanted is subscribed again.
 * Silence:  streams are open and nothing has come for a minute, or nothing that can be read: they
 *           are subscribed again.
 * Tests:    test/unit/upstream/broker/quote_test.c
 */
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "upstream/broker/state.h"

#define SUB_BATCH 200
#define SILENT_NS (60 * NS_PER_S)
#define LEAVE_NS (30 * NS_PER_S)

static const struct {
    int32_t sub_type;
    int32_t bits[3];
    size_t n_bits;
} kinds[KINDS] = {
    [KIND_BASIC] = { Qot_Common_SubType_Basic, { BIT_PRICE, BIT_QUOTE_A, BIT_QUOTE_B }, 3 },
    [KIND_BOOK] = { Qot_Common_SubType_OrderBook, { BIT_BOOK }, 1 },
    [KIND_TICKS] = { Qot_Common_SubType_Ticker, { BIT_TICKS }, 1 },
};

/* A subscription under way: of an opening, or (o NULL) of all that is wanted after a loss. */
struct opening {
    struct list node;
    struct broker *b;
    struct upstream_open *o;
    struct resolve resolve;
    Qot_Common_Security *secs;
    struct channel_ask ask;
    struct item {
        struct stock *s;
        enum stock_kind kind;
        bool sent;
    } *items;
    size_t n;
};

enum stock_kind kind_of_sub(int32_t sub_type)
{
    for (int k = 0; k < KINDS; k++)
        if (kinds[k].sub_type == sub_type)
            return (enum stock_kind)k;
    return KINDS;
}

/* ---- one request ---- */

static futu_err add_item(struct arena *a, struct bk_sub_req *q, const struct item *it)
{
    struct bk_sub_item *to = NULL;
    for (size_t i = 0; i < q->n_items && !to; i++)
        if (q->items[i].stock_id == it->s->id)
            to = &q->items[i];
    if (!to) {
        to = &q->items[q->n_items++];
        SET(to, stock_id, it->s->id);
        to->bits = arena_array(a, 8, sizeof(*to->bits));
    }
    if (!to->bits)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < kinds[it->kind].n_bits; i++)
        to->bits[to->n_bits++] = kinds[it->kind].bits[i];
    return FUTU_OK;
}

/* The first that is not sent, and all that go with it. FUTU_EAGAIN: there is none. */
static futu_err fill_request(struct opening *x, struct arena *a, struct bk_sub_req *q,
                             int32_t *market)
{
    const struct item *first = NULL;
    futu_err err = FUTU_OK;
    q->items = arena_array(a, SUB_BATCH, sizeof(*q->items));
    if (!q->items)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < x->n && !err && q->n_items < SUB_BATCH; i++) {
        struct item *it = &x->items[i];
        if (it->sent)
            continue;
        first = first ? first : it;
        if (it->s->market != first->s->market ||
            (it->kind == KIND_BOOK) != (first->kind == KIND_BOOK))
            continue;
        err = add_item(a, q, it);
        it->sent = true;
    }
    *market = first ? first->s->market : 0;
    return err ? err : first ? FUTU_OK : FUTU_EAGAIN;
}

/* reserved[0] of the header: the market's number there as far as it is documented; 0: it is not. */
static uint8_t header_market(int32_t qot_market)
{
    static const int32_t known[] = { 0, MARKET_HK, MARKET_US, MARKET_SH, MARKET_SZ };
    for (uint8_t i = 1; i < ARRAY_LEN(known); i++)
        if (known[i] == qot_market)
            return i;
    return 0;
}

static futu_err send_request(struct opening *x, bool off, struct channel_ask *ask)
{
    struct arena a = ARENA_INIT;
    struct buf body = BUF_INIT;
    struct bk_sub_req q = { .n_items = 0 };
    int32_t market = 0;
    futu_err err = fill_request(x, &a, &q, &market);
    SET(&q, unsubscribe, off);
    if (!err)
        err = codec_encode(&bk_sub_req_msg, &q, &body, NULL);
    ask->command = CMD_SUB;
    ask->market = header_market(market);
    if (!err)
        err = channel_send(x->b->platform, ask, body.p, body.n);
    buf_free(&body);
    arena_free(&a);
    return err;
}

/* ---- an opening ---- */

static void opening_free(struct opening *x)
{
    list_remove(&x->node);
    resolve_stop(&x->resolve);
    channel_cancel(&x->ask);
    mem_free(x->items);
    mem_free(x->secs);
    mem_free(x);
}

static void finish(struct opening *x, futu_err err, const char *why)
{
    struct upstream_open *o = x->o;
    char text[CHANNEL_WHY + 80];
    str_copy(text, sizeof(text), str_c(why));
    for (size_t i = 0; i < x->n && o && !err; i++)
        x->items[i].s->wanted[x->items[i].kind] = true;
    struct broker *b = x->b;
    opening_free(x);
    if (o)
        o->done(o, err, text);
    else if (err)
        log_warn("broker: subscribing again: %s", text);
    else
        loss_quote_over(b);
}

static void next(struct opening *x);

static void on_reply(struct channel_ask *q, const struct channel_reply *r)
{
    struct opening *x = container_of(q, struct opening, ask);
    struct arena a = ARENA_INIT;
    struct bk_sub_rsp s;
    char why[CHANNEL_WHY];
    futu_err err = r->err;
    str_copy(why, sizeof(why), str_c(r->why));
    if (!err && codec_decode(&bk_sub_rsp_msg, &a, r->body, r->n, &s, NULL, NULL)) {
        err = FUTU_EREFUSED;
        snprintf(why, sizeof(why), "the broker's answer can't be read");
    } else if (!err && (!s.has_ret_code || s.ret_code != 0)) {
        err = FUTU_EREFUSED;
        snprintf(why, sizeof(why), "the broker refuses with code %d: " STR_FMT, s.ret_code,
                 (int)MIN(s.err_msg.n, 120), s.err_msg.p ? s.err_msg.p : "");
    }
    arena_free(&a);
    if (err)
        finish(x, err, why);
    else
        next(x);
}

static void next(struct opening *x)
{
    char text[CHANNEL_WHY + 80];
    x->ask.done = on_reply;
    futu_err err = send_request(x, false, &x->ask);
    if (err == FUTU_EAGAIN)
        finish(x, FUTU_OK, "");
    else if (err)
        finish(x, err, err == FUTU_ENOTCONN ? channel_down(x->b->platform, text)
                                            : futu_strerror(err));
}

static void on_resolved(struct resolve *r, futu_err err, const char *why)
{
    struct opening *x = container_of(r, struct opening, resolve);
    if (err) {
        finish(x, err, why);
        return;
    }
    for (size_t i = 0; i < x->n; i++) {
        struct item *it = &x->items[i];
        const struct stream_key *key = &x->o->wants[i].key;
        it->s = stock_find(x->b, key->market, str_c(key->code));
        it->kind = kind_of_sub(key->sub_type);
        it->sent = it->s->wanted[it->kind];     /* to widen its options says nothing new */
    }
    next(x);
}

static struct opening *opening_new(struct broker *b, size_t n)
{
    struct opening *x = mem_zalloc(sizeof(*x));
    if (!x)
        return NULL;
    x->b = b;
    x->items = mem_array(n + 1, sizeof(*x->items));
    x->secs = mem_array(n + 1, sizeof(*x->secs));
    list_init(&x->resolve.node);
    list_push(&b->openings, &x->node);
    if (!x->items || !x->secs) {
        opening_free(x);
        return NULL;
    }
    return x;
}

void quote_open(struct broker *b, struct upstream_open *o)
{
    char why[160];
    for (size_t i = 0; i < o->n; i++) {
        if (kind_of_sub(o->wants[i].key.sub_type) != KINDS)
            continue;
        snprintf(why, sizeof(why), NOT_SERVED "sub type %d; only 1 (basic), 2 (order "
                 "book) and 4 (ticker)", o->wants[i].key.sub_type);
        o->done(o, FUTU_ENOTSUP, why);
        return;
    }
    struct opening *x = opening_new(b, o->n);
    if (!x) {
        o->done(o, FUTU_ENOMEM, "");
        return;
    }
    x->o = o;
    o->upstream_data = x;
    for (; x->n < o->n; x->n++) {
        SET(&x->secs[x->n], market, o->wants[x->n].key.market);
        x->secs[x->n].code = str_c(o->wants[x->n].key.code);
    }
    resolve_start(&x->resolve, b, x->secs, x->n, on_resolved);
}

static void on_closed(struct channel_ask *q, const struct channel_reply *r)
{
    struct opening *x = container_of(q, struct opening, ask);
    if (r->err)
        log_debug("broker: unsubscribing: %s", r->why);
    opening_free(x);
}

void quote_close(struct broker *b, const struct stream_key *key)
{
    struct stock *s = stock_find(b, key->market, str_c(key->code));
    enum stock_kind kind = kind_of_sub(key->sub_type);
    if (!s || kind == KINDS || !s->wanted[kind])
        return;
    s->wanted[kind] = false;
    struct opening *x = opening_new(b, 1);
    if (!x)
        return;
    x->items[x->n++] = (struct item){ .s = s, .kind = kind };
    x->ask.done = on_closed;
    if (send_request(x, true, &x->ask))
        opening_free(x);                /* what is not connected has no subscriptions */
}

/* ---- all of them ---- */

size_t quote_streams(const struct broker *b)
{
    size_t n = 0;
    for (const struct list *it = b->stocks.next; it != &b->stocks; it = it->next)
        for (int k = 0; k < KINDS; k++)
            n += list_entry(it, struct stock, node)->wanted[k];
    return n;
}

static void subscribe_all(struct broker *b)
{
    size_t n = quote_streams(b);
    struct list *it, *tmp;
    struct opening *x = n ? opening_new(b, n) : NULL;
    b->resub_at = broker_now(b);
    if (!x) {
        if (n)
            log_warn("broker: subscribing again: out of memory");
        else
            loss_quote_over(b);
        return;
    }
    list_each(it, tmp, &b->stocks) {
        struct stock *s = list_entry(it, struct stock, node);
        for (int k = 0; k < KINDS; k++)
            if (s->wanted[k])
                x->items[x->n++] = (struct item){ .s = s, .kind = (enum stock_kind)k };
    }
    next(x);
}

void quote_up(struct broker *b)
{
    b->last_push = broker_now(b);
    b->unread = 0;
    b->tripped = false;
    subscribe_all(b);
}

/* Nothing that was shown before the loss may pass for the present. */
void quote_down(struct broker *b, const char *why)
{
    struct list *it, *tmp;
    loss_quote_begin(b, why);
    reads_again(b);
    list_each(it, tmp, &b->stocks)
        memset(list_entry(it, struct stock, node)->seen, 0,
               sizeof(list_entry(it, struct stock, node)->seen));
}

void quote_look(struct broker *b, int64_t now)
{
    bool silent = now - b->last_push > SILENT_NS;
    if (!quote_streams(b) || !(silent || b->tripped) || now - b->resub_at < LEAVE_NS)
        return;
    if (silent)
        log_info("broker: no quote has come for %d s: subscribing again",
                 (int)((now - b->last_push) / NS_PER_S));
    subscribe_all(b);
}

void quote_free(struct broker *b)
{
    while (!list_empty(&b->openings))
        opening_free(list_entry(b->openings.next, struct opening, node));
}
