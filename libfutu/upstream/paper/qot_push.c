/* qot_push.c - first pushes and pushes: one per stream and slice.
 *
 * In:      qot.dirty with what changed, the slice, current() of the gateway.
 * Out:     events.push() per stream whose data changed; quotes, order books and broker queues no
 *          more often than push_interval_ms; ticks never thinned, only gathered.
 *
 * Memory:  pushes are built in p->arena and encoded into p->out, which are kept: once warm, a push
 *          allocates nothing.
 * First:   a first push of ticks ends where the stream stands, so that the pushes which follow
 *          neither repeat nor miss one.
 * Threads: the gateway's loop thread only. events.push() must not call open().
 */
#include "upstream/paper/qot.h"

#include "base/log.h"

#define FIRST_TICKS 50          /* of a first push */
#define TICKS_PER_PUSH 1000
#define TICKS_MAX (1u << 20)
#define KL_PER_PUSH 1000

/* The builders below make the push of a stream in `out`. `first`: a first push, which tells the
 * present value and leaves the stream where it is. FUTU_EAGAIN: nothing to tell. */
typedef futu_err build_fn(struct paper *p, const struct security *s, struct stream *st, bool first,
                          struct buf *out);

static futu_err build_basic(struct paper *p, const struct security *s, struct stream *st,
                            bool first, struct buf *out)
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
    futu_err err =
        exchange_bars(p->exchange, s, kl_type, first ? 0 : st->last_bar, exchange_now(p->exchange),
                      first ? 1 : KL_PER_PUSH, true, &p->arena, &bars, &s2c->n_klList);
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
static futu_err push_ticks(struct paper *p, const struct security *s, struct stream *st,
                           int64_t now)
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
        return err == FUTU_ENOMEM;
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
