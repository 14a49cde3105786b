/* qot_stream.c - what is watched: securities with open streams or reminders, and the streams.
 *
 * In:      open() and close() of the gateway, changes from exchange_run().
 * Out:     qot.dirty, the securities that qot_push.c has to look at in this slice.
 * Owns:    struct watched per security with streams or reminders, struct stream per stream.
 *
 * Threads: the gateway's loop thread only.
 */
#include "upstream/paper/qot.h"

#include <stdio.h>

#include "base/mem.h"

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
    q->extremes = mem_array(q->n_watched, sizeof(*q->extremes));
    if (!q->watched || !q->kl_used || !q->extremes)
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

struct stream *find_stream(const struct watched *w, const struct stream_key *key)
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
    mem_free(q->extremes);
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

static const struct sub_row sub_rows[] = {
    { Qot_Common_SubType_Basic, 3005, CHANGED_QUOTE, true },
    { Qot_Common_SubType_OrderBook, 3013, CHANGED_BOOK, true },
    { Qot_Common_SubType_Ticker, 3011, CHANGED_TICKS, false },
    { Qot_Common_SubType_RT, 3009, CHANGED_BARS, false },
    { Qot_Common_SubType_Broker, 3015, CHANGED_BOOK, true },
};
static const struct sub_row kl_row = { 0, 3007, CHANGED_BARS, false };

const struct sub_row *sub_row(int32_t sub_type)
{
    if (kl_of_sub_type(sub_type))
        return &kl_row;
    for (size_t i = 0; i < ARRAY_LEN(sub_rows); i++)
        if (sub_rows[i].sub_type == sub_type)
            return &sub_rows[i];
    return NULL;
}

futu_err check_key(const struct paper *p, const struct stream_key *k,
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
    int64_t now = exchange_now(p->exchange);
    int32_t kl_type = kl_of_sub_type(st->key.sub_type);
    size_t n = 0;
    arena_reset(&p->arena);
    if (st->key.sub_type == Qot_Common_SubType_Ticker) {
        const struct tick *t;
        err = exchange_ticks(p->exchange, s, 0, 1, &p->arena, &t, &n);
        st->last_seq = !err && n > 0 ? t[n - 1].seq : 0;
    } else if (kl_type || st->key.sub_type == Qot_Common_SubType_RT) {
        const struct bar *b;
        err = exchange_bars(p->exchange, s, kl_type ? kl_type : Qot_Common_KLType_1Min, 0, now, 1,
                            true, &p->arena, &b, &n);
        st->last_bar = !err && n > 0 ? b[n - 1].time : now;
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

static struct stream *stream_of(struct paper *p, const struct stream_key *key, struct watched **w)
{
    const struct security *s = exchange_find(p->exchange, key->market, str_c(key->code));
    *w = s ? p->qot->watched[s->index] : NULL;
    return *w ? find_stream(*w, key) : NULL;
}

/* After a failure closes what this call has opened, else makes it stay. */
static void settle(struct paper *p, const struct stream_want *wants, size_t n, bool keep)
{
    for (size_t i = 0; i < n; i++) {
        struct watched *w;
        struct stream *st = stream_of(p, &wants[i].key, &w);
        if (st && st->fresh && !keep)
            close_stream(p, w, st);
        else if (st)
            st->fresh = false;
    }
}

void qot_close(struct paper *p, const struct stream_key *key)
{
    struct watched *w;
    struct stream *st = stream_of(p, key, &w);
    if (st)
        close_stream(p, w, st);
}

/* The options change nothing here: all trading is in the regular session, no book has single
 * orders. */
futu_err qot_open(struct paper *p, const struct stream_want *wants, size_t n, char *why,
                  size_t why_size)
{
    const struct security *s;
    futu_err err = FUTU_OK;
    for (size_t i = 0; i < n && !err; i++)
        err = check_key(p, &wants[i].key, &s, why, why_size);
    if (err)
        return err;
    for (size_t i = 0; i < n && !err; i++) {
        const struct stream_key *key = &wants[i].key;
        err = open_stream(p, exchange_find(p->exchange, key->market, str_c(key->code)), key);
    }
    settle(p, wants, n, err == FUTU_OK);
    if (err)
        snprintf(why, why_size, "%s", futu_strerror(err));
    return err;
}
