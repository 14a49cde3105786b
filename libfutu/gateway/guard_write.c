/* guard_write.c - a trade write between its arrival and its way upstream; see guard.h.
 *
 * In turn: environment and account, the value (guard_value.c, which may ask the last price), the
 *          limits, the records on disk. Where nothing has to be waited for it goes on at once, and
 *          nothing is copied.
 * Waits:   no longer than a client waits for an answer; what is late is not sent any more.
 * Tests:   test/unit/gateway/guard_write_test.c, guard_disk_test.c, guard_random_test.c
 */
#include <stdio.h>

#include "codec/splice.h"
#include "crypt/digest.h"
#include "crypt/secret.h"
#include "gateway/guard_value.h"
#include "gateway/orders.h"
#include "gateway/pend.h"

#define GUARDED_MAX 65536           /* writes that wait or are under way, of all connections */

static void on_late(struct timer *t, int64_t now);

static struct guarded *take(struct hub *h)
{
    struct guarded *g;
    if (h->n_guarded >= GUARDED_MAX)
        return NULL;
    if (!list_empty(&h->idle_guarded)) {
        g = list_entry(h->idle_guarded.next, struct guarded, link);
        list_remove(&g->link);
        struct buf body = g->body;
        *g = (struct guarded){ .body = body };
        g->body.n = 0;
    } else {
        g = mem_zalloc(sizeof(*g));
    }
    if (!g)
        return NULL;
    g->hub = h;
    g->timer.fn = on_late;
    list_init(&g->link);
    list_push(&h->guarded, &g->link);
    h->n_guarded++;
    return g;
}

static void give_back(struct guarded *g)
{
    timer_stop(g->hub->o.timers, &g->timer);
    list_remove(&g->link);
    g->hub->n_guarded--;
    wipe(g->body.p, g->body.n);             /* an unlock's digest was in it */
    if (g->body.cap > 4096)
        buf_free(&g->body);
    list_push(&g->hub->idle_guarded, &g->link);
}

static void note(struct guarded *g, enum audit_outcome o, const char *reason, futu_str order_id,
                 void (*done)(void *arg, futu_err err))
{
    struct hub *h = g->hub;
    const char *id = g->key ? g->key->rules->id : "<none>";
    struct audit_event e = { .iface = g->iface, .endpoint = g->endpoint, .key_id = id,
                             .outcome = o, .reason = reason, .args_hash = g->args_hash,
                             .peer = g->peer, .trade = true, .acc_id = g->acc_id,
                             .order_id = order_id };
    if (o != OUTCOME_REQUEST)
        e.cache_outcome = g->repeat ? "cached" : g->keyed ? "executed" : "no_key";
    metrics_event(&h->metrics, g->iface, o, id);
    if (!h->o.audit)
        return;
    futu_err err = audit_event(h->o.audit, &e, done, g);
    if (!err && done)
        g->waits++;
    if (err && done)
        g->disk = err;
}

/* What the key has used of its day goes to disk with each change. */
static void note_daily(struct guarded *g, struct key_count *count,
                       void (*done)(void *arg, futu_err err))
{
    struct hub *h = g->hub;
    struct buf b = BUF_INIT;
    if (!count || !h->o.daily.append)
        return;
    futu_err err = access_write_daily(h->o.access, count, &b);
    if (!err)
        err = h->o.daily.append(h->o.daily.arg, b.p, b.n, done, g);
    buf_free(&b);
    if (!err)
        g->waits++;
    else
        g->disk = err;
}

static void ignore(void *arg, futu_err err)
{
    (void)arg;
    if (err)
        log_error("the daily values of API keys can't be written: %s", futu_strerror(err));
}

static void settle(struct guarded *g, bool accepted)
{
    struct hub *h = g->hub;
    struct key_count *count = g->hold.count;
    struct buf b = BUF_INIT;
    if (!count)
        return;
    access_settle(h->o.access, &g->hold, accepted);
    if (accepted || !h->o.daily.append)
        return;                     /* the file has it already */
    if (access_write_daily(h->o.access, count, &b) == FUTU_OK)
        h->o.daily.append(h->o.daily.arg, b.p, b.n, ignore, NULL);
    buf_free(&b);
}

static bool unknown(int32_t ret)
{
    return ret == RET_TIMEOUT || ret == RET_DISCONNECTED || ret == RET_UNKNOWN;
}

/* orderIDEx of the Response of a placed or changed order. */
static futu_str order_of(uint32_t proto, const uint8_t *body, size_t n)
{
    enum { S2C = 4, ORDER_ID_EX = 3 };
    struct pb_rec r;
    if ((proto != PROTO_TRD_PLACE_ORDER && proto != PROTO_TRD_MODIFY_ORDER) || n == 0 ||
        !pb_inner(body, n, S2C, ORDER_ID_EX, &r))
        return STR_NULL;
    return (futu_str){ (const char *)r.p, r.n };
}

void guard_end(struct ask *a, const uint8_t *body, size_t n)
{
    struct guarded *g = a->guarded;
    int32_t ret = n ? response_ret(body, n) : RET_UNKNOWN;
    char reason[200] = "";
    a->guarded = NULL;
    a->repeat = g->repeat;
    settle(g, !g->repeat && (ret == RET_OK || unknown(ret)));
    if (ret != RET_OK)
        str_copy(reason, sizeof(reason), n ? response_text(body, n) : STR("no answer"));
    note(g, ret == RET_OK ? OUTCOME_SUCCESS : unknown(ret) ? OUTCOME_UNKNOWN : OUTCOME_FAILURE,
         ret == RET_OK ? NULL : reason, order_of(a->proto, body, n), NULL);
    give_back(g);
}

/* It was never sent. */
static void drop(struct guarded *g, const char *reason)
{
    settle(g, false);
    note(g, OUTCOME_FAILURE, reason, STR_NULL, NULL);
    give_back(g);
}

void guard_turn_down(struct guarded *g, struct ask *a, enum deny d, const char *reason)
{
    a->guarded = NULL;
    give_back(g);
    guard_deny(a, d, reason);
}

/* ---- waiting for a price and for the disk ---- */

/* The asker waits no longer than for any answer. */
static bool keep(struct guarded *g, struct ask *a)
{
    g->ask = *a;
    g->ask.msg = NULL;
    timer_set(g->hub->o.timers, &g->timer, a->at + answer_limit(a->c));
    if (a->body == g->body.p)
        return true;                /* it has waited before */
    g->body.n = 0;
    return buf_put(&g->body, a->body, a->len) == FUTU_OK;
}

/* The ask as it was, read once more: scratch has been used by others meanwhile. */
static bool restore(struct guarded *g, struct ask *a)
{
    struct hub *h = g->hub;
    hub_now(h);
    *a = g->ask;
    a->body = g->body.p;
    a->len = g->body.n;
    arena_reset(&h->arena);
    a->msg = arena_alloc(&h->arena, a->row->request->size);
    return a->msg && codec_decode(a->row->request, &h->arena, a->body, a->len, a->msg, NULL,
                                  NULL) == FUTU_OK;
}

static void resume(struct guarded *g)
{
    struct ask a = g->ask;
    struct hub *h = g->hub;
    const bool unlock = a.proto == PROTO_TRD_UNLOCK_TRADE;
    timer_stop(h->o.timers, &g->timer);
    if (!a.c) {
        drop(g, "nobody waits for it any more; nothing was sent");
    } else if (g->disk) {
        reply_refuse(&a, "nothing was sent: the audit trail or the daily values can't be written; "
                         "is the disk full?");
    } else if (!restore(g, &a)) {
        a = g->ask;
        reply_refuse(&a, "out of memory");
    } else {
        g->ask.c = NULL;            /* from here on the call is its connection's */
        g->go(&a);
        if (unlock)
            forget_password(h);
    }
}

/* The answer is owed now. What waits for the disk stays until that is done, and is not sent. */
static void on_late(struct timer *t, int64_t now)
{
    struct guarded *g = container_of(t, struct guarded, timer);
    struct hub *h = g->hub;
    struct ask a = g->ask;
    (void)now;
    hub_now(h);
    if (g->pricing) {
        g->pricing = false;
        h->up->ops->cancel(h->up, &g->rq);
        guard_turn_down(g, &a, DENY_PER_ORDER,
                        "limit: no last price came in time to value the order at");
        return;
    }
    g->ask.c = NULL;
    a.guarded = NULL;
    reply_failure(&a, RET_FAILED, 0,
                  "nothing was sent: the audit trail or the daily values can't be written in time");
}

static void on_disk(void *arg, futu_err err)
{
    struct guarded *g = arg;
    if (err)
        g->disk = err;
    if (--g->waits == 0)
        resume(g);
}

static void write_down(struct guarded *g, struct ask *a)
{
    bool trail = g->hub->o.audit && g->hub->o.audit->sink;
    note(g, OUTCOME_REQUEST, NULL, STR_NULL, trail ? on_disk : NULL);
    note_daily(g, g->hold.count, on_disk);
    if (g->waits == 0 && !g->disk) {
        g->go(a);
        return;
    }
    if (!keep(g, a)) {
        g->disk = FUTU_ENOMEM;
        g->ask = *a;
    }
    if (g->waits == 0)
        resume(g);
}

void guard_judge(struct guarded *g, struct ask *a)
{
    char reason[160] = "";
    enum deny d = DENY_NONE;
    if (g->key)
        d = access_check(g->hub->o.access, g->key, &g->order, &g->hold, reason, sizeof(reason));
    a->retry_s = g->hold.retry_s;
    if (d)
        guard_turn_down(g, a, d, reason);
    else
        write_down(g, a);
}

/* ---- waiting for a price ---- */

static double last_price(struct hub *h, const uint8_t *body, size_t len)
{
    Qot_GetSecuritySnapshot_Response rsp;
    arena_reset(&h->events);
    if (codec_decode(&Qot_GetSecuritySnapshot_Response_msg, &h->events, body, len, &rsp, NULL,
                     NULL) || rsp.retType != RET_OK || !rsp.s2c || rsp.s2c->n_snapshotList == 0 ||
        !rsp.s2c->snapshotList[0].basic)
        return 0;
    return rsp.s2c->snapshotList[0].basic->curPrice;
}

static void on_price(struct upstream_request *rq, const uint8_t *body, size_t len)
{
    struct guarded *g = container_of(rq, struct guarded, rq);
    double price = len ? last_price(g->hub, body, len) : 0;
    struct ask a = g->ask;
    g->pricing = false;
    if (!restore(g, &a)) {
        a = g->ask;
        reply_refuse(&a, "out of memory");
        return;
    }
    /* It waits no more, unless for the disk again; once it goes up it is its call's to answer. */
    timer_stop(g->hub->o.timers, &g->timer);
    g->ask.c = NULL;
    g->order.has_value = true;
    g->order.value = MAX(g->qty * MAX(price, g->least_price), g->least_value);
    if (price > 0)
        guard_judge(g, &a);
    else
        guard_turn_down(g, &a, DENY_PER_ORDER,
                        "limit: there is no last price to value the order at");
}

void guard_ask_price(struct guarded *g, struct ask *a, int32_t market, futu_str code)
{
    struct hub *h = g->hub;
    Qot_Common_Security sec = { .code = code };
    Qot_GetSecuritySnapshot_C2S c2s = { .n_securityList = 1, .securityList = &sec };
    Qot_GetSecuritySnapshot_Request rq = { .c2s = &c2s };
    struct buf b = BUF_INIT;
    SET(&sec, market, market);
    futu_err err = codec_encode(&Qot_GetSecuritySnapshot_Request_msg, &rq, &b, NULL);
    size_t own = a->len;
    if (err || !keep(g, a) || buf_put(&g->body, b.p, b.n)) {
        buf_free(&b);
        reply_refuse(a, "out of memory");
        return;
    }
    /* Both bodies stay in one buffer; the order's is what counts afterwards. */
    g->body.n = own;
    g->rq = (struct upstream_request){ .proto = PROTO_QOT_GET_SECURITY_SNAPSHOT,
                                       .body = g->body.p + own, .len = b.n, .done = on_price,
                                       .fmt = FRAME_PROTOBUF };
    buf_free(&b);
    g->pricing = true;
    h->up->ops->request(h->up, &g->rq);
}

/* ---- in ---- */

static const Trd_Common_TrdHeader *header_of(struct ask *a)
{
    Trd_Common_TrdHeader *const *header = c2s_field(a, "header");
    return header ? *header : NULL;
}

/* A password that is guessed could be checked against even these few digits: it stays out. */
static void digest_args(const struct ask *a, uint8_t out[32])
{
    enum { C2S = 1, PWD_MD5 = 2 };
    const struct pb_edit gone = { .tag = PWD_MD5 };
    struct buf b = BUF_INIT;
    bool whole = a->proto != PROTO_TRD_UNLOCK_TRADE;
    if (!whole && pb_splice(a->body, a->len, C2S, &gone, 1, &b))
        b.n = 0;
    sha256(whole ? a->body : b.p, whole ? a->len : b.n, out);
    buf_free(&b);
}

static struct guarded *begin(struct ask *a, void (*go)(struct ask *a))
{
    struct futu_conn *c = a->c;
    uint8_t digest[32];
    char hex[65];
    struct guarded *g = take(c->hub);
    if (!g)
        return NULL;
    g->go = go;
    g->key = c->key;
    g->iface = c->iface;
    digest_args(a, digest);
    hex_lower(digest, sizeof(digest), hex);
    memcpy(g->args_hash, hex, 8);
    str_copy(g->peer, sizeof(g->peer), str_c(a->call && a->call->peer ? a->call->peer : c->peer));
    if (a->call)
        str_copy(g->endpoint, sizeof(g->endpoint), str_c(a->call->endpoint));
    else
        snprintf(g->endpoint, sizeof(g->endpoint), "proto_id=%u", a->proto);
    const futu_str *word = c2s_field(a, "idempotencyKey");
    g->keyed = (word && word->p) || (a->call && a->call->keyed);
    a->guarded = g;
    return g;
}

static uint32_t scope_of(const Trd_Common_TrdHeader *header)
{
    return header->trdEnv == Trd_Common_TrdEnv_Simulate ? SCOPE_TRADE_SIMULATE : SCOPE_TRADE_REAL;
}

/* Without a key: what guard_admit() let pass may be for the other environment. */
static bool nobody_may(const struct ask *a, const Trd_Common_TrdHeader *header)
{
    const struct futu_conn *c = a->c;
    return c->key || !header || c->kind != KIND_CALL ||
           guard_nobody(c->hub, c->iface, scope_of(header));
}

static void judge_write(struct guarded *g, struct ask *a, const Trd_Common_TrdHeader *header)
{
    const char *market = trd_market_name(header->trdMarket);
    g->order.market = market ? market : "unknown";      /* which no list allows */
    if (!access_scope(g->key, scope_of(header)))
        guard_turn_down(g, a, DENY_SCOPE, "the key has no scope for this environment");
    else
        guard_value(g, a);
}

/* A repeat gets the answer of the first one, and counts no more; of one that nobody knows the end
 * of the value is counted already. */
static void judge_new(struct guarded *g, struct ask *a, const Trd_Common_TrdHeader *header)
{
    enum orders_seen seen = orders_seen(a);
    g->resume = seen == ORDERS_SEEN_UNKNOWN;
    if (seen != ORDERS_SEEN_ANSWERED) {
        judge_write(g, a, header);
        return;
    }
    g->repeat = true;
    g->go(a);
}

void guard_write(struct ask *a, void (*go)(struct ask *a))
{
    struct hub *h = a->c->hub;
    const Trd_Common_TrdHeader *header = header_of(a);
    if (!nobody_may(a, header)) {
        guard_deny(a, DENY_OPEN_MODE, "without a key not for this environment");
        return;
    }
    if (!a->c->key && !h->o.audit) {
        go(a);
        return;
    }
    struct guarded *g = begin(a, go);
    if (!g) {
        reply_refuse(a, "out of memory");
        return;
    }
    if (header) {
        g->acc_id = g->order.acc_id = header->accID;
        g->order.has_acc = true;
    }
    if (a->row->write && header && g->key)
        judge_new(g, a, header);
    else
        write_down(g, a);       /* an unlock, whose scope and accounts were looked at before */
}

void guard_conn_gone(struct futu_conn *c)
{
    struct upstream *up = c->hub->up;
    struct list *it, *tmp;
    list_each(it, tmp, &c->hub->guarded) {
        struct guarded *g = list_entry(it, struct guarded, link);
        if (g->ask.c != c)
            continue;
        g->ask.c = NULL;
        timer_stop(c->hub->o.timers, &g->timer);
        if (!g->pricing)
            continue;               /* seen when the disk answers */
        g->pricing = false;
        up->ops->cancel(up, &g->rq);
        drop(g, "the client has gone; nothing was sent");
    }
}

void guard_free(struct hub *h)
{
    struct list *lists[] = { &h->guarded, &h->idle_guarded };
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        while (!list_empty(lists[i])) {
            struct guarded *g = list_entry(lists[i]->next, struct guarded, link);
            if (g->pricing)
                h->up->ops->cancel(h->up, &g->rq);
            timer_stop(h->o.timers, &g->timer);
            list_remove(&g->link);
            if (g->hold.count)
                access_settle(h->o.access, &g->hold, true);
            buf_free(&g->body);
            mem_free(g);
        }
}
