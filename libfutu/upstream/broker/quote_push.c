/* quote_push.c - what comes on the streams (command 6212): entries of security, data bit, payload.
 *
 * Pushes are differences: fields that are missing keep their value. Equal payloads for the same
 * security and bit within SAME_NS are one, since first pushes repeat. UNREAD_TRIP in a row that
 * can't be read are a loss of quotes; they are then subscribed again (quote.c).
 * Tests:   test/unit/upstream/broker/quote_test.c, test/fuzz/fuzz_broker.c
 */
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "crypt/digest.h"
#include "upstream/broker/state.h"
#include "upstream/sub_type.h"

#define SAME_NS (5 * NS_PER_S)
#define UNREAD_WARN 5
#define UNREAD_TRIP 20

/* ---- messages up ---- */

Qot_Common_Security *stock_security(const struct stock *s, struct arena *a)
{
    Qot_Common_Security *out = ARENA_NEW(a, Qot_Common_Security);
    if (!out)
        return NULL;
    SET(out, market, s->market);
    out->code = str_c(s->code);
    return out;
}

static futu_str time_text(struct arena *a, int32_t market, int64_t ms, bool millis)
{
    char text[24];
    market_time_text(market, ms * NS_PER_MS, millis, text);
    return str_dup(a, str_c(text));
}

static double px(int64_t v)
{
    return (double)v / UNIT_PRICE;
}

static double amplitude(const struct bk_quote *q)
{
    if (q->has_amplitude)
        return (double)q->amplitude / UNIT_RATE;
    return q->last_close ? (double)(q->high - q->low) / (double)q->last_close * 100 : 0;
}

futu_err fill_basic(const struct stock *s, struct arena *a, Qot_Common_BasicQot *out)
{
    const struct bk_quote *q = &s->quote;
    char date[11];
    date_text(market_date(s->market, s->list_time * NS_PER_S), date);
    out->security = stock_security(s, a);
    out->name = str_c(s->name);
    SET(out, isSuspended, q->suspended);
    out->listTime = str_dup(a, (futu_str){ date, 10 });
    SET(out, listTimestamp, (double)s->list_time);
    SET(out, priceSpread, px(q->spread));
    out->updateTime = time_text(a, s->market, (int64_t)q->time_ms, false);
    SET(out, updateTimestamp, (double)q->time_ms / 1000);
    SET(out, highPrice, px(q->high));
    SET(out, openPrice, px(q->open));
    SET(out, lowPrice, px(q->low));
    SET(out, curPrice, px(q->price));
    SET(out, lastClosePrice, px(q->last_close));
    SET(out, volume, q->volume);
    SET(out, turnover, (double)q->turnover / UNIT_TURNOVER);
    SET(out, turnoverRate, (double)q->turnover_rate / UNIT_RATE);
    SET(out, amplitude, amplitude(q));
    return out->security && out->listTime.p && out->updateTime.p ? FUTU_OK : FUTU_ENOMEM;
}

static Qot_Common_OrderBook *levels(struct arena *a, const struct bk_level *from, size_t n)
{
    Qot_Common_OrderBook *to = ARENA_ARRAY(a, Qot_Common_OrderBook, n + 1);
    for (size_t i = 0; to && i < n; i++) {
        SET(&to[i], price, px(from[i].price));
        SET(&to[i], volume, from[i].volume);
        SET(&to[i], orederCount, from[i].orders);
    }
    return to;
}

futu_err fill_book(const struct stock *s, struct arena *a, size_t most, Qot_GetOrderBook_S2C *out)
{
    out->security = stock_security(s, a);
    out->name = str_c(s->name);
    out->n_orderBookAskList = MIN(s->n_asks, most);
    out->n_orderBookBidList = MIN(s->n_bids, most);
    out->orderBookAskList = levels(a, s->asks, out->n_orderBookAskList);
    out->orderBookBidList = levels(a, s->bids, out->n_orderBookBidList);
    futu_str at = s->book_ms ? time_text(a, s->market, (int64_t)s->book_ms, true) : STR("");
    out->svrRecvTimeBid = out->svrRecvTimeAsk = at;
    SET(out, svrRecvTimeBidTimestamp, (double)s->book_ms / 1000);
    SET(out, svrRecvTimeAskTimestamp, (double)s->book_ms / 1000);
    SET(out, orderBookType, Qot_Common_OrderBookType_Normal);
    return out->security && out->orderBookAskList && out->orderBookBidList && at.p ? FUTU_OK
                                                                                   : FUTU_ENOMEM;
}

static futu_err fill_tick(const struct stock *s, struct arena *a, const struct bk_tick *t,
                          int32_t kind, Qot_Common_Ticker *out)
{
    out->time = time_text(a, s->market, (int64_t)t->time_ms, true);
    SET(out, sequence, t->sequence);
    SET(out, dir, t->dir);
    SET(out, price, px(t->price));
    SET(out, volume, t->volume);
    SET(out, turnover, (double)t->turnover / UNIT_TURNOVER);
    SET(out, type, t->type);
    SET(out, pushDataType, kind);
    SET(out, timestamp, (double)t->time_ms / 1000);
    return out->time.p ? FUTU_OK : FUTU_ENOMEM;
}

/* The newest `most`, oldest first. */
futu_err fill_ticks(const struct stock *s, struct arena *a, size_t most, int32_t kind,
                    Qot_UpdateTicker_S2C *out)
{
    size_t n = MIN(s->n_ticks, most);
    futu_err err = FUTU_OK;
    out->security = stock_security(s, a);
    out->name = str_c(s->name);
    out->tickerList = ARENA_ARRAY(a, Qot_Common_Ticker, n + 1);
    if (!out->security || !out->tickerList)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < n && !err; i++) {
        size_t at = (s->ticks_at + TICKS_KEPT - n + i) % TICKS_KEPT;
        err = fill_tick(s, a, &s->ticks[at], kind, &out->tickerList[out->n_tickerList++]);
    }
    return err;
}

static futu_err put_basic(const struct stock *s, struct arena *a, struct buf *out)
{
    Qot_Common_BasicQot q = { 0 };
    Qot_UpdateBasicQot_S2C s2c = { .n_basicQotList = 1, .basicQotList = &q };
    futu_err err = fill_basic(s, a, &q);
    return err ? err : put_push(&Qot_UpdateBasicQot_Response_msg, a, &s2c, out);
}

static futu_err put_book(const struct stock *s, struct arena *a, struct buf *out)
{
    Qot_GetOrderBook_S2C b = { 0 };
    futu_err err = fill_book(s, a, BOOK_LEVELS, &b);
    Qot_UpdateOrderBook_S2C s2c = {
        .security = b.security, .name = b.name,
        .n_orderBookAskList = b.n_orderBookAskList, .orderBookAskList = b.orderBookAskList,
        .n_orderBookBidList = b.n_orderBookBidList, .orderBookBidList = b.orderBookBidList,
        .svrRecvTimeBid = b.svrRecvTimeBid, .svrRecvTimeAsk = b.svrRecvTimeAsk,
    };
    SET(&s2c, svrRecvTimeBidTimestamp, b.svrRecvTimeBidTimestamp);
    SET(&s2c, svrRecvTimeAskTimestamp, b.svrRecvTimeAskTimestamp);
    SET(&s2c, orderBookType, b.orderBookType);
    return err ? err : put_push(&Qot_UpdateOrderBook_Response_msg, a, &s2c, out);
}

static futu_err put_ticks(const struct stock *s, struct arena *a, size_t most, int32_t kind,
                          struct buf *out)
{
    Qot_UpdateTicker_S2C s2c = { 0 };
    futu_err err = fill_ticks(s, a, most, kind, &s2c);
    return err ? err : put_push(&Qot_UpdateTicker_Response_msg, a, &s2c, out);
}

futu_err quote_current(struct broker *b, const struct stream_key *key, struct buf *out)
{
    struct stock *s = stock_find(b, key->market, str_c(key->code));
    struct arena a = ARENA_INIT;
    futu_err err = FUTU_EAGAIN;
    enum stock_kind kind = kind_of_sub(key->sub_type);
    if (s && kind == KIND_BASIC && s->quote.has_price)
        err = put_basic(s, &a, out);
    else if (s && kind == KIND_BOOK && s->has_book)
        err = put_book(s, &a, out);
    else if (s && kind == KIND_TICKS && s->n_ticks)
        err = put_ticks(s, &a, 50, Qot_Common_PushDataType_Cache, out);
    arena_free(&a);
    return err;
}

/* ---- pushes down ---- */

static void deliver(struct broker *b, const struct stock *s, enum stock_kind kind, futu_err err)
{
    static const int32_t subs[] = { Qot_Common_SubType_Basic, Qot_Common_SubType_OrderBook,
                                    Qot_Common_SubType_Ticker };
    struct upstream_push p = {
        .proto = push_proto(subs[kind]),
        .key = { .market = s->market, .sub_type = subs[kind] },
        .body = b->body.p,
        .len = b->body.n,
        .made_ns = broker_now(b),
        .lossless = kind == KIND_TICKS,
    };
    if (err) {
        log_error("broker: a push is lost: %s", futu_strerror(err));
        return;
    }
    str_copy(p.key.code, sizeof(p.key.code), str_c(s->code));
    b->o.events.push(b->o.events.arg, &p);
}

#define TAKE(field)                                                                                \
    if (from->has_##field)                                                                         \
    SET(to, field, from->field)

static void merge(struct bk_quote *to, const struct bk_quote *from)
{
    TAKE(price);
    TAKE(open);
    TAKE(high);
    TAKE(low);
    TAKE(last_close);
    TAKE(spread);
    TAKE(volume);
    TAKE(turnover);
    TAKE(turnover_rate);
    TAKE(amplitude);
    TAKE(time_ms);
    TAKE(suspended);
}

/* A quote is shown once its price and its last close are there. */
static futu_err on_quote(struct broker *b, struct stock *s, futu_str payload)
{
    struct bk_quote q;
    futu_err err = codec_decode(&bk_quote_msg, &b->arena, payload.p, payload.n, &q, NULL, NULL);
    if (err)
        return err;
    merge(&s->quote, &q);
    s->last_ms[KIND_BASIC] = clock_wall(&b->o.clock) / NS_PER_MS;
    if (s->wanted[KIND_BASIC] && s->quote.has_price && s->quote.has_last_close)
        deliver(b, s, KIND_BASIC, put_basic(s, &b->arena, &b->body));
    return FUTU_OK;
}

static size_t take_levels(struct bk_level *to, const struct bk_level *from, size_t n)
{
    n = MIN(n, BOOK_LEVELS);
    if (n)
        memcpy(to, from, n * sizeof(*to));
    return n;
}

static futu_err on_levels(struct broker *b, struct stock *s, futu_str payload)
{
    struct bk_book k;
    futu_err err = codec_decode(&bk_book_msg, &b->arena, payload.p, payload.n, &k, NULL, NULL);
    if (err)
        return err;
    if (!s->asks)
        s->asks = mem_array((size_t)2 * BOOK_LEVELS, sizeof(*s->asks));
    if (!s->asks)
        return FUTU_ENOMEM;
    s->bids = s->asks + BOOK_LEVELS;
    s->n_asks = take_levels(s->asks, k.asks, k.n_asks);
    s->n_bids = take_levels(s->bids, k.bids, k.n_bids);
    s->book_ms = k.has_time_ms ? k.time_ms : s->book_ms;
    s->has_book = true;
    s->last_ms[KIND_BOOK] = clock_wall(&b->o.clock) / NS_PER_MS;
    if (s->wanted[KIND_BOOK])
        deliver(b, s, KIND_BOOK, put_book(s, &b->arena, &b->body));
    return FUTU_OK;
}

static futu_err on_tick_list(struct broker *b, struct stock *s, futu_str payload)
{
    struct bk_ticks t;
    size_t fresh = 0;
    futu_err err = codec_decode(&bk_ticks_msg, &b->arena, payload.p, payload.n, &t, NULL, NULL);
    if (err)
        return err;
    if (!s->ticks)
        s->ticks = mem_array(TICKS_KEPT, sizeof(*s->ticks));
    for (size_t i = 0; s->ticks && i < t.n_ticks; i++) {
        if (t.ticks[i].sequence <= s->last_seq && t.ticks[i].time_ms <= s->last_tick_ms)
            continue;                   /* told before */
        s->last_seq = t.ticks[i].sequence;
        s->last_tick_ms = t.ticks[i].time_ms;
        s->ticks[s->ticks_at] = t.ticks[i];
        s->ticks_at = (s->ticks_at + 1) % TICKS_KEPT;
        s->n_ticks = MIN(s->n_ticks + 1, TICKS_KEPT);
        fresh++;
    }
    s->last_ms[KIND_TICKS] = clock_wall(&b->o.clock) / NS_PER_MS;
    if (s->wanted[KIND_TICKS] && fresh)
        deliver(b, s, KIND_TICKS,
                put_ticks(s, &b->arena, fresh, Qot_Common_PushDataType_Realtime, &b->body));
    return FUTU_OK;
}

static const struct {
    int32_t bit;
    futu_err (*fn)(struct broker *b, struct stock *s, futu_str payload);
} bits[KINDS + 2] = {
    { BIT_PRICE, on_quote }, { BIT_QUOTE_A, on_quote }, { BIT_QUOTE_B, on_quote },
    { BIT_BOOK, on_levels }, { BIT_TICKS, on_tick_list },
};

static bool repeats(struct broker *b, struct stock *s, size_t bit, futu_str payload)
{
    uint8_t digest[16];
    int64_t now = broker_now(b);
    md5(payload.p, payload.n, digest);
    bool same = s->seen[bit].at && now - s->seen[bit].at < SAME_NS &&
                memcmp(digest, s->seen[bit].digest, sizeof(digest)) == 0;
    memcpy(s->seen[bit].digest, digest, sizeof(digest));
    s->seen[bit].at = now;
    return same;
}

/* Pushes that can't be read: clients hear of it as of a loss, until one can be read again. */
static void note_health(struct broker *b, futu_err err)
{
    if (err == FUTU_ENOMEM)
        return;
    b->unread = err ? b->unread + 1 : 0;
    if (b->unread == UNREAD_WARN)
        log_warn("broker: %u quote pushes in a row can't be read", b->unread);
    if (b->unread == UNREAD_TRIP) {
        log_error("broker: %u quote pushes in a row can't be read: quotes are given up until one "
                  "can", b->unread);
        b->tripped = true;
        loss_quote_begin(b, "what the platform pushes can't be read");
    }
    if (!err && b->tripped) {
        b->tripped = false;
        loss_quote_over(b);
    }
}

static void on_entry(struct broker *b, const struct bk_push_entry *e)
{
    struct stock *s = stock_by_id(b, e->stock_id);
    for (size_t i = 0; s && i < ARRAY_LEN(bits); i++) {
        if (bits[i].bit != e->bit || repeats(b, s, i, e->payload))
            continue;
        b->body.n = 0;
        note_health(b, bits[i].fn(b, s, e->payload));
    }
}

void quote_push(struct broker *b, const uint8_t *body, size_t n)
{
    struct arena a = ARENA_INIT;
    struct bk_push p;
    futu_err err = codec_decode(&bk_push_msg, &a, body, n, &p, NULL, NULL);
    if (err) {
        log_debug("broker: a quote push of %zu bytes can't be read", n);
        note_health(b, err);
        p.n_entries = 0;
    }
    for (size_t i = 0; i < p.n_entries; i++) {
        arena_reset(&b->arena);
        on_entry(b, &p.entries[i]);
    }
    arena_free(&a);
    reads_again(b);
}
