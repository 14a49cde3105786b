/* qot_push.c - push streams: what is watched, what changed, and one push per stream and slice.
 *
 * In:      subscribe() and current() of the gateway, changes from exchange_run(), the slice.
 * Out:     events.push() per stream whose data changed; quotes, order books and broker queues no
 *          more often than push_interval_ms; ticks never thinned, only gathered.
 * Owns:    struct watched per security with streams or reminders, struct stream per stream.
 *
 * Memory:  pushes are built in p->arena and encoded into p->out, which are kept: once warm, a push
 *          allocates nothing.
 * First:   a first push of ticks ends where the stream stands, so that the pushes which follow
 *          neither repeat nor miss one.
 * Threads: the gateway's loop thread only. events.push() must not call subscribe().
 */
#include "upstream/paper/qot.h"

#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"

#define FIRST_TICKS 50          /* of a first push */
#define TICKS_PER_PUSH 1000
#define TICKS_MAX (1u << 20)
#define BARS_MAX 1000

static void on_changed(void *arg, const struct security *s, unsigned what)
{
    struct paper *p = arg;
    struct watched *w = p->qot->watched[s->index];
    if (!w)
        return;
    w->changed |= what;
    if (list_empty(&w->dirty))
        list_push(&p->qot->dirty, &w->dirty);
}

futu_err qot_new(struct paper *p)
{
    struct qot *q = p->qot = mem_zalloc(sizeof(*q));
    if (!q)
        return FUTU_ENOMEM;
    list_init(&q->dirty);
    q->next_reminder_key = 1;
    q->n_watched = exchange_count(p->exchange);
    q->watched = mem_array(q->n_watched, sizeof(struct watched *));
    q->kl_used = mem_array(PAPER_KL_QUOTA, sizeof(*q->kl_used));
    if (!q->watched || !q->kl_used)
        return FUTU_ENOMEM;
    watch_lists_new(p);
    struct exchange_events ev = { .changed = on_changed, .arg = p };
    exchange_set_events(p->exchange, &ev);
    return plates_new(p);
}

struct watched *qot_watch(struct paper *p, const struct security *s)
{
    struct watched **slot = &p->qot->watched[s->index];
    if (*slot)
        return *slot;
    struct watched *w = mem_zalloc(sizeof(*w));
    if (!w || exchange_watch(p->exchange, s) != FUTU_OK) {
        mem_free(w);
        return NULL;
    }
    w->sec = s;
    list_init(&w->dirty);
    list_init(&w->streams);
    list_init(&w->reminders);
    *slot = w;
    return w;
}

void qot_unwatch(struct paper *p, struct watched *w)
{
    if (!list_empty(&w->streams) || !list_empty(&w->reminders))
        return;
    exchange_unwatch(p->exchange, w->sec);
    list_remove(&w->dirty);
    p->qot->watched[w->sec->index] = NULL;
    mem_free(w);
}

static struct stream *find_stream(const struct watched *w, const struct stream_key *key)
{
    struct list *it, *tmp;
    list_each(it, tmp, &w->streams) {
        struct stream *st = list_entry(it, struct stream, node);
        if (stream_key_eq(&st->key, key))
            return st;
    }
    return NULL;
}

static void close_stream(struct paper *p, struct watched *w, struct stream *st)
{
    list_remove(&st->node);
    mem_free(st);
    p->qot->n_streams--;
    qot_unwatch(p, w);
}

void qot_free(struct paper *p)
{
    struct qot *q = p->qot;
    if (!q)
        return;
    if (q->watched)
        reminders_free(p);
    for (size_t i = 0; q->watched && i < q->n_watched; i++) {
        struct watched *w = q->watched[i];
        struct list *it, *tmp;
        if (!w)
            continue;
        list_each(it, tmp, &w->streams) {
            list_remove(it);
            mem_free(list_entry(it, struct stream, node));
        }
        qot_unwatch(p, w);
    }
    plates_free(p);
    mem_free(q->watched);
    mem_free(q->kl_used);
    mem_free(q);
    p->qot = NULL;
}

bool qot_busy(const struct paper *p)
{
    return p->qot->n_streams > 0 || p->qot->n_reminders > 0;
}

/* A k-line stream takes one quota however many rehab types of it are open. */
size_t streams_quota(const struct paper *p)
{
    const struct qot *q = p->qot;
    size_t n = 0;
    for (size_t i = 0; i < q->n_watched; i++) {
        struct list *it, *tmp;
        uint64_t seen = 0;
        if (!q->watched[i])
            continue;
        list_each(it, tmp, &q->watched[i]->streams)
            seen |= UINT64_C(1) << list_entry(it, struct stream, node)->key.sub_type;
        for (; seen; seen &= seen - 1)
            n++;
    }
    return n;
}

/* What a sub type listens to, and the protocol of its pushes. */
static const struct sub_row {
    int32_t sub_type;
    uint32_t proto;
    unsigned what;
    bool thin;
} sub_rows[] = {
    { Qot_Common_SubType_Basic, 3005, CHANGED_QUOTE, true },
    { Qot_Common_SubType_OrderBook, 3013, CHANGED_BOOK, true },
    { Qot_Common_SubType_Ticker, 3011, CHANGED_TICKS, false },
    { Qot_Common_SubType_RT, 3009, CHANGED_BARS, false },
    { Qot_Common_SubType_Broker, 3015, CHANGED_BOOK, true },
};
static const struct sub_row kl_row = { 0, 3007, CHANGED_BARS, false };

static const struct sub_row *sub_row(int32_t sub_type)
{
    if (kl_of_sub_type(sub_type))
        return &kl_row;
    for (size_t i = 0; i < ARRAY_LEN(sub_rows); i++)
        if (sub_rows[i].sub_type == sub_type)
            return &sub_rows[i];
    return NULL;
}

static futu_err check_key(const struct paper *p, const struct stream_key *k,
                          const struct security **s, char *why, size_t size)
{
    *s = exchange_find(p->exchange, k->market, str_c(k->code));
    if (!*s) {
        snprintf(why, size, "未知股票 %s", k->code);
        return FUTU_ENOTFOUND;
    }
    if (k->sub_type == Qot_Common_SubType_OrderBook_Odd)
        snprintf(why, size, "%s: the paper exchange has no odd lot book", k->code);
    else if (!sub_row(k->sub_type))
        snprintf(why, size, "%s: there is no SubType %d", k->code, (int)k->sub_type);
    else if (k->sub_type == Qot_Common_SubType_OrderBook && (*s)->kind == KIND_INDEX)
        snprintf(why, size, "%s is an index, it has no OrderBook", k->code);
    else if (k->sub_type == Qot_Common_SubType_Broker &&
             ((*s)->kind == KIND_INDEX || k->market != MARKET_HK))
        snprintf(why, size, "%s has no Broker queue, only shares in Hong Kong have", k->code);
    else
        return FUTU_OK;
    return FUTU_ENOTSUP;
}

/* A new stream starts at the present: what was before is the first push's business. */
static futu_err start_stream(struct paper *p, const struct security *s, struct stream *st)
{
    futu_err err = FUTU_OK;
    arena_reset(&p->arena);
    if (st->key.sub_type == Qot_Common_SubType_Ticker) {
        const struct tick *t;
        size_t n;
        err = exchange_ticks(p->exchange, s, 0, 1, &p->arena, &t, &n);
        st->last_seq = !err && n > 0 ? t[n - 1].seq : 0;
    } else {
        st->last_bar = exchange_now(p->exchange);
    }
    return err;
}

static futu_err open_stream(struct paper *p, const struct security *s, const struct stream_key *key)
{
    struct watched *w = qot_watch(p, s);
    if (!w)
        return FUTU_ENOMEM;
    if (find_stream(w, key))
        return FUTU_OK;
    struct stream *st = mem_zalloc(sizeof(*st));
    if (!st) {
        qot_unwatch(p, w);
        return FUTU_ENOMEM;
    }
    st->key = *key;
    st->fresh = true;
    list_push(&w->streams, &st->node);
    p->qot->n_streams++;
    return start_stream(p, s, st);
}

/* After a failure closes what this call has opened, else makes it stay. */
static void settle(struct paper *p, const struct stream_key *keys, size_t n, bool keep)
{
    for (size_t i = 0; i < n; i++) {
        const struct security *s = exchange_find(p->exchange, keys[i].market, str_c(keys[i].code));
        struct watched *w = s ? p->qot->watched[s->index] : NULL;
        struct stream *st = w ? find_stream(w, &keys[i]) : NULL;
        if (st && st->fresh && !keep)
            close_stream(p, w, st);
        else if (st)
            st->fresh = false;
    }
}

static void close_all(struct paper *p, const struct stream_key *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct security *s = exchange_find(p->exchange, keys[i].market, str_c(keys[i].code));
        struct watched *w = s ? p->qot->watched[s->index] : NULL;
        struct stream *st = w ? find_stream(w, &keys[i]) : NULL;
        if (st)
            close_stream(p, w, st);
    }
}

futu_err qot_subscribe(struct paper *p, const struct stream_key *keys, size_t n, bool on, char *why,
                       size_t why_size)
{
    const struct security *s;
    futu_err err = FUTU_OK;
    if (!on) {
        close_all(p, keys, n);
        return FUTU_OK;
    }
    for (size_t i = 0; i < n && !err; i++)
        err = check_key(p, &keys[i], &s, why, why_size);
    if (err)
        return err;
    for (size_t i = 0; i < n && !err; i++)
        err = open_stream(p, exchange_find(p->exchange, keys[i].market, str_c(keys[i].code)),
                          &keys[i]);
    settle(p, keys, n, err == FUTU_OK);
    if (err)
        snprintf(why, why_size, "%s", futu_strerror(err));
    return err;
}

/* The builders below make the push of a stream in `out`. `first`: a first push, which tells the
 * present value and leaves the stream where it is. FUTU_EAGAIN: nothing to tell. */
typedef futu_err build_fn(struct paper *p, const struct security *s, struct stream *st, bool first,
                          struct buf *out);

static futu_err build_basic(struct paper *p, const struct security *s, struct stream *st, bool first,
                            struct buf *out)
{
    (void)st;
    (void)first;
    Qot_UpdateBasicQot_S2C *s2c = ARENA_NEW(&p->arena, Qot_UpdateBasicQot_S2C);
    Qot_Common_BasicQot *q = ARENA_NEW(&p->arena, Qot_Common_BasicQot);
    if (!s2c || !q)
        return FUTU_ENOMEM;
    s2c->basicQotList = q;
    s2c->n_basicQotList = 1;
    futu_err err = fill_basic_qot(p, &p->arena, s, q);
    return err ? err : paper_append_push(p, &Qot_UpdateBasicQot_Response_msg, s2c, out);
}

static futu_err build_book(struct paper *p, const struct security *s, struct stream *st, bool first,
                           struct buf *out)
{
    (void)st;
    (void)first;
    Qot_UpdateOrderBook_S2C *s2c = ARENA_NEW(&p->arena, Qot_UpdateOrderBook_S2C);
    struct book_lists l;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = make_book(p, &p->arena, s, BOOK_LEVELS, &l);
    if (err)
        return err;
    int64_t now = exchange_now(p->exchange);
    s2c->security = make_security(&p->arena, s);
    s2c->name = s->name;
    s2c->orderBookAskList = l.ask;
    s2c->n_orderBookAskList = l.n_ask;
    s2c->orderBookBidList = l.bid;
    s2c->n_orderBookBidList = l.n_bid;
    s2c->svrRecvTimeBid = s2c->svrRecvTimeAsk = paper_millis_text(&p->arena, s->market, now);
    SET(s2c, svrRecvTimeBidTimestamp, paper_timestamp(now));
    SET(s2c, svrRecvTimeAskTimestamp, paper_timestamp(now));
    SET(s2c, orderBookType, Qot_Common_OrderBookType_Normal);
    return paper_append_push(p, &Qot_UpdateOrderBook_Response_msg, s2c, out);
}

static futu_err build_broker(struct paper *p, const struct security *s, struct stream *st,
                             bool first, struct buf *out)
{
    (void)st;
    (void)first;
    Qot_UpdateBroker_S2C *s2c = ARENA_NEW(&p->arena, Qot_UpdateBroker_S2C);
    if (!s2c)
        return FUTU_ENOMEM;
    s2c->security = make_security(&p->arena, s);
    s2c->name = s->name;
    futu_err err = make_brokers(p, &p->arena, s, true, &s2c->brokerAskList, &s2c->n_brokerAskList);
    if (!err)
        err = make_brokers(p, &p->arena, s, false, &s2c->brokerBidList, &s2c->n_brokerBidList);
    return err ? err : paper_append_push(p, &Qot_UpdateBroker_Response_msg, s2c, out);
}

static futu_err build_rt(struct paper *p, const struct security *s, struct stream *st, bool first,
                         struct buf *out)
{
    Qot_UpdateRT_S2C *s2c = ARENA_NEW(&p->arena, Qot_UpdateRT_S2C);
    int64_t last = st->last_bar;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = make_rt(p, &p->arena, s, first ? 0 : st->last_bar, &s2c->rtList, &s2c->n_rtList,
                           &last);
    if (err)
        return err;
    if (s2c->n_rtList == 0)
        return FUTU_EAGAIN;
    if (first) {
        s2c->rtList += s2c->n_rtList - 1;
        s2c->n_rtList = 1;
    } else {
        st->last_bar = last;
    }
    s2c->security = make_security(&p->arena, s);
    s2c->name = s->name;
    return paper_append_push(p, &Qot_UpdateRT_Response_msg, s2c, out);
}

/* From the bar that was current at the last push on: that one, closed by now perhaps, and newer. */
static futu_err build_kl(struct paper *p, const struct security *s, struct stream *st, bool first,
                         struct buf *out)
{
    Qot_UpdateKL_S2C *s2c = ARENA_NEW(&p->arena, Qot_UpdateKL_S2C);
    int32_t kl_type = kl_of_sub_type(st->key.sub_type);
    const struct bar *bars;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = exchange_bars(p->exchange, s, kl_type, first ? 0 : st->last_bar,
                                 exchange_now(p->exchange), first ? 1 : BARS_MAX, true, &p->arena,
                                 &bars, &s2c->n_klList);
    if (!err && s2c->n_klList == 0)
        return FUTU_EAGAIN;
    if (!err)
        err = make_klines(&p->arena, s, kl_type, 0, bars, s2c->n_klList, &s2c->klList);
    if (err)
        return err;
    if (!first)
        st->last_bar = bars[s2c->n_klList - 1].time;
    SET(s2c, rehabType, st->key.rehab);
    SET(s2c, klType, kl_type);
    s2c->security = make_security(&p->arena, s);
    s2c->name = s->name;
    return paper_append_push(p, &Qot_UpdateKL_Response_msg, s2c, out);
}

static futu_err append_ticks(struct paper *p, const struct security *s, int32_t push_type,
                             const struct tick *ticks, size_t n, struct buf *out)
{
    Qot_UpdateTicker_S2C *s2c = ARENA_NEW(&p->arena, Qot_UpdateTicker_S2C);
    if (!s2c)
        return FUTU_ENOMEM;
    s2c->security = make_security(&p->arena, s);
    s2c->name = s->name;
    s2c->n_tickerList = n;
    futu_err err = make_ticks(p, &p->arena, s, push_type, ticks, n, &s2c->tickerList);
    return err ? err : paper_append_push(p, &Qot_UpdateTicker_Response_msg, s2c, out);
}

static futu_err first_ticks(struct paper *p, const struct security *s, const struct stream *st,
                            struct buf *out)
{
    const struct tick *ticks;
    size_t n;
    futu_err err = exchange_ticks(p->exchange, s, 0, TICKS_PER_PUSH, &p->arena, &ticks, &n);
    if (err)
        return err;
    while (n > 0 && ticks[n - 1].seq > st->last_seq)
        n--;
    if (n == 0)
        return FUTU_EAGAIN;
    size_t skip = n > FIRST_TICKS ? n - FIRST_TICKS : 0;
    return append_ticks(p, s, Qot_Common_PushDataType_Cache, ticks + skip, n - skip, out);
}

static build_fn *builder(int32_t sub_type)
{
    switch (sub_type) {
    case Qot_Common_SubType_Basic: return build_basic;
    case Qot_Common_SubType_OrderBook: return build_book;
    case Qot_Common_SubType_Broker: return build_broker;
    case Qot_Common_SubType_RT: return build_rt;
    default: return build_kl;
    }
}

futu_err qot_current(struct paper *p, const struct stream_key *key, struct buf *out)
{
    const struct security *s;
    char why[128];
    struct stream closed = { .key = *key, .last_seq = INT64_MAX };
    futu_err err = check_key(p, key, &s, why, sizeof(why));
    if (err)
        return err;
    const struct watched *w = p->qot->watched[s->index];
    struct stream *st = w ? find_stream(w, key) : NULL;
    arena_reset(&p->arena);
    if (key->sub_type == Qot_Common_SubType_Ticker)
        return first_ticks(p, s, st ? st : &closed, out);
    return builder(key->sub_type)(p, s, st ? st : &closed, true, out);
}

static void emit(struct paper *p, const struct stream *st, uint32_t proto, int64_t now)
{
    struct upstream_push push = {
        .proto = proto,
        .key = st->key,
        .body = p->out.p,
        .len = p->out.n,
        .made_ns = now,
        .lossless = st->key.sub_type == Qot_Common_SubType_Ticker,
    };
    p->events.push(p->events.arg, &push);
}

/* All ticks since the last push, in as many messages as it takes. */
static futu_err push_ticks(struct paper *p, const struct security *s, struct stream *st, int64_t now)
{
    const struct tick *ticks;
    size_t n;
    futu_err err = exchange_ticks(p->exchange, s, st->last_seq, TICKS_MAX, &p->arena, &ticks, &n);
    for (size_t i = 0; i < n && !err; i += TICKS_PER_PUSH) {
        size_t part = MIN(n - i, TICKS_PER_PUSH);
        p->out.n = 0;
        err = append_ticks(p, s, Qot_Common_PushDataType_Realtime, ticks + i, part, &p->out);
        if (err)
            break;
        st->last_seq = ticks[i + part - 1].seq;
        emit(p, st, 3011, now);
    }
    return err;
}

static futu_err push_stream(struct paper *p, const struct security *s, struct stream *st,
                            const struct sub_row *row, int64_t now)
{
    arena_reset(&p->arena);
    p->out.n = 0;
    if (st->key.sub_type == Qot_Common_SubType_Ticker)
        return push_ticks(p, s, st, now);
    futu_err err = builder(st->key.sub_type)(p, s, st, false, &p->out);
    if (!err)
        emit(p, st, row->proto, now);
    return err;
}

/* True when the stream still has something to say: it is thinned, or memory was out. */
static bool flush_stream(struct paper *p, struct watched *w, struct stream *st, int64_t now)
{
    const struct sub_row *row = sub_row(st->key.sub_type);
    st->pending |= w->changed & row->what;
    if (!st->pending)
        return false;
    if (row->thin && now < st->next_at)
        return true;
    futu_err err = push_stream(p, w->sec, st, row, now);
    if (err && err != FUTU_EAGAIN) {
        log_error("paper: push of %s: %s", w->sec->code, futu_strerror(err));
        return true;
    }
    st->pending = 0;
    st->next_at = now + p->push_interval_ms * NS_PER_MS;
    return false;
}

void qot_run(struct paper *p, int64_t now)
{
    struct list *it, *tmp, *is, *ts;
    list_each(it, tmp, &p->qot->dirty) {
        struct watched *w = list_entry(it, struct watched, dirty);
        bool more = false;
        list_each(is, ts, &w->streams)
            more |= flush_stream(p, w, list_entry(is, struct stream, node), now);
        if (w->changed & (CHANGED_QUOTE | CHANGED_BOOK))
            reminders_check(p, w);
        w->changed = 0;
        if (!more)
            list_remove(&w->dirty);
    }
}
