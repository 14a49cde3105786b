/* stream.c - the ledger of subscriptions upstream: pairs of security and sub type, and of each the
 * streams by rehab type.
 *
 * Open:    needs the connection; while there is none, or while it is being restored, an opening
 *          waits up to HOLD_LIMIT. A pair that is still subscribed costs no request.
 * Close:   the upstream lets go of a subscription after a minute at the earliest; until then a pair
 *          that nobody holds stays, and can be opened again at once.
 * Quota:   what the upstream says is left, asked after every change, and what is held here.
 * Tests:   test/unit/upstream/relay/stream_test.c
 */
#include <stdio.h>

#include "upstream/relay/state.h"
#include "upstream/sub_type.h"

/* An upstream_open on its way. */
struct opening {
    struct list node;               /* in relay.openings */
    struct relay *r;
    struct upstream_open *o;
    struct timer timer;
    bool sent;
    bool lost;                      /* the connection broke: it is tried again on the next */
    size_t left;                    /* pairs that have not been answered */
    futu_err err;
    char why[420];
    struct pair **pairs;            /* each once */
    size_t n;
};

static futu_str key_bytes(const struct pair_key *k)
{
    return (futu_str){ (const char *)k, offsetof(struct pair_key, code) + strlen(k->code) };
}

bool pair_wanted(const struct pair *p)
{
    for (int i = 0; i < REHABS; i++)
        if (p->streams[i] && p->streams[i]->wanted)
            return true;
    return false;
}

static void stream_free(struct stream *st)
{
    buf_free(&st->last);
    buf_free(&st->tail);
    mem_free(st);
}

static void pair_free(struct pair *p)
{
    struct relay *r = p->r;
    timer_stop(r->o.timers, &p->unsub);
    map_del(&r->pairs, key_bytes(&p->key));
    list_remove(&p->node);
    r->n_pairs--;
    for (int i = 0; i < REHABS; i++)
        if (p->streams[i])
            stream_free(p->streams[i]);
    mem_free(p);
}

struct pair *pair_find(struct relay *r, const struct pair_key *key)
{
    return map_get(&r->pairs, key_bytes(key));
}

/* The rest of the room is zero, so that keys can be compared as they are. */
static struct pair_key key_of(int32_t market, futu_str code, int32_t sub_type)
{
    struct pair_key k;
    memset(&k, 0, sizeof(k));
    k.market = market;
    k.sub_type = sub_type;
    str_copy(k.code, sizeof(k.code), code);
    return k;
}

static struct pair_key key_of_stream(const struct stream_key *k)
{
    return key_of(k->market, str_c(k->code), k->sub_type);
}

struct stream *stream_find(struct relay *r, int32_t market, futu_str code, int32_t sub_type,
                           int rehab)
{
    const struct pair_key key = key_of(market, code, sub_type);
    struct pair *p = pair_find(r, &key);
    return p && rehab >= 0 && rehab < REHABS ? p->streams[rehab] : NULL;
}

int64_t stream_last_ms(const struct stream *st)
{
    const struct relay *r = st->pair->r;
    return st->last_ns ? relay_now_ms(r) - (relay_now(r) - st->last_ns) / NS_PER_MS : 0;
}

futu_err pairs_by_security(struct relay *r, struct arena *a, struct group **out, size_t *n)
{
    struct map seen = MAP_INIT;
    struct list *it, *tmp;
    futu_err err = FUTU_OK;
    *n = 0;
    *out = ARENA_ARRAY(a, struct group, r->n_pairs + 1);
    if (!*out)
        return FUTU_ENOMEM;
    list_each(it, tmp, &r->pair_list) {
        struct pair *p = list_entry(it, struct pair, node);
        if (err || !pair_wanted(p))
            continue;
        futu_str key = str_printf(a, "%d:%s", p->key.market, p->key.code);
        struct group *g = key.p ? map_get(&seen, key) : NULL;
        if (!g) {
            g = &(*out)[(*n)++];
            SET(&g->security, market, p->key.market);
            g->security.code = str_c(p->key.code);
            err = key.p ? map_put(&seen, key, g) : FUTU_ENOMEM;
        }
        p->of_group = g->first;
        g->first = p;
        g->n++;
    }
    map_free(&seen);
    return err;
}

/* ---- giving up ---- */

static void ignore(futu_client *c, futu_err err, uint8_t fmt, const uint8_t *body, size_t n,
                   void *arg)
{
    struct relay *r = arg;
    (void)c, (void)fmt;
    if (r->freeing)
        return;
    if (!err && response_ret(body, n) != RET_OK)
        log_info("upstream %s: it keeps a subscription: " STR_FMT, r->name,
                 STR_ARG(response_text(body, n)));
    quota_ask(r);
}

/* Whether an opening that has not ended wants it; rehab -1: any of its streams. */
static bool awaited(const struct pair *p, int rehab)
{
    struct list *it, *tmp;
    list_each(it, tmp, &p->r->openings) {
        const struct upstream_open *o = list_entry(it, struct opening, node)->o;
        for (size_t i = 0; i < o->n; i++) {
            const struct stream_key *k = &o->wants[i].key;
            if (k->market == p->key.market && k->sub_type == p->key.sub_type &&
                (rehab < 0 || k->rehab == rehab) && strcmp(k->code, p->key.code) == 0)
                return true;
        }
    }
    return false;
}

static void on_unsub(struct timer *t, int64_t now)
{
    struct pair *p = container_of(t, struct pair, unsub);
    struct relay *r = p->r;
    Qot_Common_Security sec = { .code = str_c(p->key.code) };
    Qot_Sub_C2S c2s = { .securityList = &sec, .n_securityList = 1, .subTypeList = &p->key.sub_type,
                        .n_subTypeList = 1 };
    const Qot_Sub_Request rq = { .c2s = &c2s };
    (void)now;
    if (p->busy || awaited(p, -1))
        return;                         /* who has it in hand releases it */
    SET(&sec, market, p->key.market);
    SET(&c2s, isSubOrUnSub, false);
    if (p->subscribed && lane_ask(&r->lanes[LANE_QUOTE], P_SUB, &rq, ignore, r))
        quota_took(r, -1);
    pair_free(p);
}

/* Pushes of one rehab type are not wanted any more, those of another still are. */
static void unregister(struct stream *st)
{
    struct pair *p = st->pair;
    int32_t rehab = st->rehab;
    Qot_Common_Security sec = { .code = str_c(p->key.code) };
    Qot_RegQotPush_C2S c2s = { .securityList = &sec, .n_securityList = 1,
                               .subTypeList = &p->key.sub_type, .n_subTypeList = 1,
                               .rehabTypeList = &rehab, .n_rehabTypeList = 1 };
    const Qot_RegQotPush_Request rq = { .c2s = &c2s };
    SET(&sec, market, p->key.market);
    SET(&c2s, isRegOrUnReg, false);
    if (st->on)
        lane_ask(&p->r->lanes[LANE_QUOTE], P_REG_PUSH, &rq, ignore, p->r);
    p->streams[rehab] = NULL;
    stream_free(st);
}

void pair_release(struct pair *p)
{
    struct relay *r = p->r;
    if (p->busy)
        return;
    if (pair_wanted(p)) {
        for (int i = 0; i < REHABS; i++)
            if (p->streams[i] && !p->streams[i]->wanted && !awaited(p, i))
                unregister(p->streams[i]);
        return;
    }
    if (!p->subscribed)
        pair_free(p);
    else if (!p->unsub.armed)
        timer_set(r->o.timers, &p->unsub, MAX(p->since + SUB_LEAST, relay_now(r)));
}

void stream_close(struct upstream *u, const struct stream_key *key)
{
    struct relay *r = container_of(u, struct relay, base);
    struct stream *st = stream_find(r, key->market, str_c(key->code), key->sub_type, key->rehab);
    if (!st)
        return;
    st->wanted = false;
    pair_release(st->pair);
}

/* ---- opening ---- */

static struct pair *pair_make(struct relay *r, const struct stream_key *k)
{
    const struct pair_key key = key_of_stream(k);
    struct pair *p = pair_find(r, &key);
    if (p)
        return p;
    p = mem_zalloc(sizeof(*p));
    if (!p)
        return NULL;
    p->r = r;
    p->key = key;
    p->unsub.fn = on_unsub;
    if (map_put(&r->pairs, key_bytes(&p->key), p)) {
        mem_free(p);
        return NULL;
    }
    list_push(&r->pair_list, &p->node);
    r->n_pairs++;
    return p;
}

static struct stream *stream_make(struct pair *p, int rehab)
{
    if (p->streams[rehab])
        return p->streams[rehab];
    struct stream *st = mem_zalloc(sizeof(*st));
    if (!st)
        return NULL;
    st->pair = p;
    st->rehab = rehab;
    return p->streams[rehab] = st;
}

static void opening_free(struct opening *op)
{
    timer_stop(op->r->o.timers, &op->timer);
    list_remove(&op->node);
    mem_free(op->pairs);
    mem_free(op);
}

/* The gateway hears last: it may open and close from inside. */
static void finish(struct opening *op)
{
    struct relay *r = op->r;
    struct upstream_open *o = op->o;
    futu_err err = op->err;
    char why[sizeof(op->why)];
    memcpy(why, op->why, sizeof(why));
    list_remove(&op->node);             /* it awaits nothing any more */
    for (size_t i = 0; i < o->n && !err; i++) {
        const struct stream_key *k = &o->wants[i].key;
        struct stream *st = stream_find(r, k->market, str_c(k->code), k->sub_type, k->rehab);
        st->wanted = true;
        timer_stop(r->o.timers, &st->pair->unsub);
    }
    for (size_t i = 0; i < o->n; i++) {
        const struct pair_key key = key_of_stream(&o->wants[i].key);
        struct pair *p = pair_find(r, &key);
        if (p)
            pair_release(p);
    }
    opening_free(op);
    o->done(o, err, why);
    quota_ask(r);
}

static void on_pair(struct pair *p, futu_err err, futu_str text, void *arg)
{
    struct opening *op = arg;
    (void)p;
    op->lost |= err == FUTU_ENOTCONN;
    if (err && err != FUTU_ENOTCONN && !op->err) {
        op->err = err;
        str_copy(op->why, sizeof(op->why), text);
    }
    if (--op->left > 0)
        return;
    op->sent = false;
    if (op->lost && !op->err && op->timer.armed)
        return;                     /* it waits for the next connection */
    if (op->lost && !op->err)
        op->err = FUTU_ENOTCONN;
    struct relay *r = op->r;
    finish(op);
    openings_wake(r);
}

/* Pairs and streams of all wants, and which of them need the upstream. False: no memory. */
static bool collect(struct opening *op, bool *busy)
{
    struct relay *r = op->r;
    op->n = 0;
    *busy = false;
    for (size_t i = 0; i < op->o->n; i++) {
        const struct stream_want *w = &op->o->wants[i];
        struct pair *p = pair_make(r, &w->key);
        struct stream *st = p ? stream_make(p, w->key.rehab) : NULL;
        if (!st)
            return false;
        *busy |= p->busy;
        if (p->busy)
            continue;                   /* what it asks for belongs to the request under way */
        struct stream_opts opts = stream_opts_union(p->opts, w->opts);
        if (st->on && p->subscribed && stream_opts_eq(opts, p->opts))
            continue;
        bool again = op->n > 0 && op->pairs[op->n - 1] == p;
        p->ask = (again ? p->ask : 0) | 1u << w->key.rehab;
        p->ask_opts = again ? stream_opts_union(p->ask_opts, opts) : opts;
        if (!again)
            op->pairs[op->n++] = p;
    }
    return true;
}

static void look(struct opening *op)
{
    struct relay *r = op->r;
    bool busy;
    if (op->sent || !lane_up(&r->lanes[LANE_QUOTE]) || r->restore)
        return;
    if (!collect(op, &busy)) {
        op->err = FUTU_ENOMEM;
        finish(op);
        return;
    }
    if (busy)
        return;
    if (op->n == 0) {
        finish(op);
        return;
    }
    op->sent = true;
    op->lost = false;
    op->left = op->n;
    futu_err err = batch_subscribe(r, op->pairs, op->n, false, on_pair, op);
    if (err) {
        op->err = err;
        finish(op);
    }
}

void openings_wake(struct relay *r)
{
    struct list now;
    list_take(&now, &r->openings);
    while (!list_empty(&now)) {
        struct opening *op = list_entry(now.next, struct opening, node);
        list_remove(&op->node);
        list_push(&r->openings, &op->node);
        look(op);
    }
}

static void on_hold_time(struct timer *t, int64_t now)
{
    struct opening *op = container_of(t, struct opening, timer);
    const struct lane *k = &op->r->lanes[LANE_QUOTE];
    (void)now;
    if (op->sent)
        return;                     /* the call's own limit ends it */
    op->err = FUTU_ENOTCONN;
    snprintf(op->why, sizeof(op->why), "no quote connection to the upstream %.100s: %s",
             op->r->name, lane_up(k) ? "it is still being restored" : lane_error(k));
    finish(op);
}

void stream_open(struct upstream *u, struct upstream_open *o)
{
    struct relay *r = container_of(u, struct relay, base);
    struct opening *op = mem_zalloc(sizeof(*op));
    struct pair **pairs = op ? mem_array(o->n, sizeof(struct pair *)) : NULL;
    if (!pairs) {
        mem_free(op);
        o->done(o, FUTU_ENOMEM, "");
        return;
    }
    op->r = r;
    op->o = o;
    op->pairs = pairs;
    op->timer.fn = on_hold_time;
    list_push(&r->openings, &op->node);
    timer_set(r->o.timers, &op->timer, relay_now(r) + HOLD_LIMIT);
    look(op);
}

/* ---- the present value ---- */

/* The last ticks as a first push: pushDataType is 3 in each. */
static futu_err first_ticks(const struct stream *st, struct buf *out)
{
    enum { SECURITY = 1, LIST = 2, TYPE = 10, CACHED = 3 };
    struct pb_in in = { st->tail.p, st->tail.p + st->tail.n };
    const int32_t cached = CACHED;
    uint8_t mark[PB_MAX_SCALAR];
    size_t n_mark = (size_t)(pb_put_scalar(mark, TYPE, PB_INT32, &cached) - mark), s2c;
    struct pb_rec r;
    futu_str body;
    if (!body_s2c(st->last.p, st->last.n, &body) || !pb_first(body, SECURITY, &r) ||
        r.wire != PB_WIRE_BYTES)
        return FUTU_EAGAIN;
    futu_err err = push_begin(out, &s2c);
    if (!err)
        err = pb_append(out, SECURITY, r.p, r.n);
    while (!err && in.p < in.end) {
        const struct pb_edit edit = { TYPE, mark, n_mark };
        const uint8_t *start = in.p;
        if (pb_next(&in, &r))
            break;
        /* The record stands alone, so it is its own envelope. */
        err = pb_splice(start, (size_t)(in.p - start), LIST, &edit, 1, out);
    }
    return err ? err : pb_close(out, s2c);
}

futu_err stream_current(struct upstream *u, const struct stream_key *key, struct buf *out)
{
    struct relay *r = container_of(u, struct relay, base);
    struct stream *st = stream_find(r, key->market, str_c(key->code), key->sub_type, key->rehab);
    if (!st || st->last.n == 0 || st->first_due)
        return FUTU_EAGAIN;
    if (st->proto == P_TICKER_PUSH && st->n_tail > 0)
        return first_ticks(st, out);
    return buf_put(out, st->last.p, st->last.n);
}

/* ---- loss, end, quota ---- */

void streams_lost(struct relay *r)
{
    struct list *it, *tmp;
    restore_stop(r);
    r->probe = (struct probe){ .asked = false };
    list_each(it, tmp, &r->pair_list) {
        struct pair *p = list_entry(it, struct pair, node);
        p->subscribed = false;
        p->in_gap |= pair_wanted(p);
        for (int i = 0; i < REHABS; i++) {
            struct stream *st = p->streams[i];
            if (!st)
                continue;
            st->on = st->first_due = st->refilling = false;
            if (!r->gap[LANE_QUOTE].open)
                st->gap_ms = stream_last_ms(st);
        }
        timer_stop(r->o.timers, &p->unsub);
        pair_release(p);
    }
}

void streams_free(struct relay *r)
{
    while (!list_empty(&r->openings))
        opening_free(list_entry(r->openings.next, struct opening, node));
    while (!list_empty(&r->pair_list))
        pair_free(list_entry(r->pair_list.next, struct pair, node));
    map_free(&r->pairs);
    while (!list_empty(&r->sticky)) {
        struct sticky *s = list_entry(r->sticky.next, struct sticky, node);
        list_remove(&s->node);
        buf_free(&s->body);
        mem_free(s);
    }
}

static void on_quota(futu_client *c, futu_err err, uint8_t fmt, const uint8_t *body, size_t n,
                     void *arg)
{
    enum { REMAIN = 3 };
    struct relay *r = arg;
    struct pb_rec v;
    (void)c, (void)fmt;
    if (r->freeing)
        return;
    r->asking_quota = false;
    if (r->ask_again) {
        r->ask_again = false;
        quota_ask(r);                   /* something has changed since */
        return;
    }
    if (err || response_ret(body, n) != RET_OK || !pb_inner(body, n, TAG_S2C, REMAIN, &v))
        return;
    r->remain = (uint32_t)MAX((int32_t)v.v, 0);
    r->remain_known = true;
}

void quota_took(struct relay *r, int n)
{
    int64_t left = (int64_t)r->remain - n;
    if (r->remain_known)
        r->remain = (uint32_t)MAX(left, 0);
}

/* One question at a time. */
void quota_ask(struct relay *r)
{
    Qot_GetSubInfo_C2S c2s = { .has_isReqAllConn = true, .isReqAllConn = false };
    const Qot_GetSubInfo_Request rq = { .c2s = &c2s };
    if (r->asking_quota) {
        r->ask_again = true;
        return;
    }
    r->asking_quota = lane_ask(&r->lanes[LANE_QUOTE], P_SUB_INFO, &rq, on_quota, r);
}
