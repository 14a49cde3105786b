/* guard_write.c - a trade write between its arrival and its way upstream; see guard.h.
 *
 * In turn: environment and account, the value (asking the last price when it needs one), the
 *          limits, the records on disk. Where nothing has to be waited for it goes on at once, and
 *          nothing is copied.
 * Waits:   no longer than a client waits for an answer; what is late is not sent any more.
 * Value:   quantity times price; of orders without a price of their own, quantity times the last
 *          price, or the trigger price when that is more. A change of an order counts like an order
 *          of the new size. What can't be valued is refused when a cap asks for it.
 * Tests:   test/unit/gateway/guard_write_test.c, guard_disk_test.c, guard_random_test.c
 */
#include <math.h>
#include <stdio.h>

#include "codec/splice.h"
#include "crypt/digest.h"
#include "crypt/secret.h"
#include "gateway/closed.h"
#include "gateway/guard.h"
#include "gateway/orders.h"
#include "gateway/pend.h"
#include "market/market.h"

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
    if ((proto != 2202 && proto != 2205) || n == 0 || !pb_inner(body, n, S2C, ORDER_ID_EX, &r))
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

static void deny(struct guarded *g, struct ask *a, enum deny d, const char *reason)
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
    timer_stop(g->hub->o.timers, &g->timer);
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
    }
}

static void deny(struct guarded *g, struct ask *a, enum deny d, const char *reason);

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
        deny(g, &a, DENY_PER_ORDER, "limit: no last price came in time to value the order at");
        return;
    }
    g->ask.c = NULL;
    a.guarded = NULL;
    reply_failure(&a, RET_FAILED,
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

static void judge(struct guarded *g, struct ask *a)
{
    char reason[160] = "";
    enum deny d = DENY_NONE;
    if (g->key)
        d = access_check(g->hub->o.access, g->key, &g->order, &g->hold, reason, sizeof(reason));
    if (d)
        deny(g, a, d, reason);
    else
        write_down(g, a);
}

/* ---- the value ---- */

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
        judge(g, &a);
    else
        deny(g, &a, DENY_PER_ORDER, "limit: there is no last price to value the order at");
}

static void ask_price(struct guarded *g, struct ask *a, int32_t market, futu_str code)
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
    g->rq = (struct upstream_request){ .proto = 3203, .body = g->body.p + own, .len = b.n,
                                       .done = on_price, .fmt = FRAME_PROTOBUF };
    buf_free(&b);
    g->pricing = true;
    h->up->ops->request(h->up, &g->rq);
}

/* Orders that fill at their price or better. All others, also those of types to come, fill at what
 * the market gives. */
static bool has_limit(int32_t order_type)
{
    static const int32_t types[] = {
        Trd_Common_OrderType_Normal, Trd_Common_OrderType_AbsoluteLimit,
        Trd_Common_OrderType_AuctionLimit, Trd_Common_OrderType_SpecialLimit,
        Trd_Common_OrderType_SpecialLimit_All, Trd_Common_OrderType_StopLimit,
        Trd_Common_OrderType_LimitifTouched, Trd_Common_OrderType_TWAP_LIMIT,
        Trd_Common_OrderType_VWAP_LIMIT,
    };
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (types[i] == order_type)
            return true;
    return false;
}

static void set_symbol(struct guarded *g, int32_t market, futu_str code)
{
    const char *prefix = market_prefix(market);
    if (!prefix || !code.p)
        return;
    int n = snprintf(g->symbol, sizeof(g->symbol), "%s.%.*s", prefix, (int)MIN(code.n, 32), code.p);
    g->order.symbol = (futu_str){ g->symbol, (size_t)n };
}

/* A security of another market than its account's: that market must be allowed too. Mainland
 * securities come under HKCC as well; where a future trades is not said by its account. */
static bool market_ok(const struct guarded *g, const Trd_PlaceOrder_C2S *c)
{
    int32_t of_sec = c->has_secMarket ? market_trd_market(market_of_sec_market(c->secMarket)) : 0;
    const char *name = of_sec ? trd_market_name(of_sec) : NULL;
    if (!name || (of_sec == Trd_Common_TrdMarket_CN &&
                  c->header->trdMarket == Trd_Common_TrdMarket_HKCC) ||
        strcmp(g->order.market, "FUTURES") == 0)
        return true;
    return access_market(g->key, name);
}

/* Also of what is no number. */
static double at_least_0(double v)
{
    return v > 0 ? v : 0;
}

static void judge_place(struct guarded *g, struct ask *a)
{
    const Trd_PlaceOrder_C2S *c = ((const Trd_PlaceOrder_Request *)a->msg)->c2s;
    int32_t market = quote_market(c->header, c->has_secMarket ? c->secMarket : 0, c->code);
    double value = c->qty * c->price, amount = c->has_amount ? c->amount : 0;
    set_symbol(g, market, c->code);
    g->order.side = c->trdSide ? c->trdSide : -1;       /* 0 would say that it is not known */
    g->order.has_value = !g->resume;
    g->order.value = value >= 0 && amount > value ? amount : value;
    bool by_market = c->qty > 0 && !(has_limit(c->orderType) && c->price > 0);
    if (!market_ok(g, c)) {
        deny(g, a, DENY_MARKET, "limit: the security's market is not allowed");
    } else if (!g->order.symbol.p && g->key->rules->n_symbols > 0) {
        deny(g, a, DENY_SYMBOL, "limit: the security can't be told without secMarket");
    } else if (g->resume || !access_needs_value(g->key) || !by_market) {
        judge(g, a);
    } else {
        g->qty = c->qty;
        g->least_value = at_least_0(amount);
        g->least_price = MAX(at_least_0(c->auxPrice), at_least_0(c->price));
        ask_price(g, a, market, c->code);
    }
}

/* What takes an order out of the market, or back into it as it was. */
static bool changes_no_value(int32_t op)
{
    return op == Trd_Common_ModifyOrderOp_Cancel || op == Trd_Common_ModifyOrderOp_Disable ||
           op == Trd_Common_ModifyOrderOp_Enable || op == Trd_Common_ModifyOrderOp_Delete;
}

static void judge_modify(struct guarded *g, struct ask *a)
{
    const Trd_ModifyOrder_C2S *c = ((const Trd_ModifyOrder_Request *)a->msg)->c2s;
    if (changes_no_value(c->modifyOrderOp) || !access_needs_value(g->key)) {
        judge(g, a);
        return;
    }
    g->order.has_value = true;
    g->order.value = c->qty * c->price;
    if (c->has_qty && c->has_price && c->price > 0 && !c->forAll)
        judge(g, a);
    else
        deny(g, a, DENY_PER_ORDER, "limit: only a change of one order to a quantity and a price "
                                   "can be valued");
}

/* Whoever sells a combination gets its price, so it may be negative: what counts is its size. */
static void judge_combo(struct guarded *g, struct ask *a)
{
    const Trd_PlaceComboOrder_C2S *c = ((const Trd_PlaceComboOrder_Request *)a->msg)->c2s;
    bool limited = g->key->rules->n_symbols > 0 || g->key->rules->n_sides > 0;
    g->order.has_value = c->has_price && !g->resume;
    g->order.value = c->has_price ? fabs(c->qty * c->price) : 0;
    if (limited)
        deny(g, a, DENY_SYMBOL, "limit: the legs of a combination can't be judged one by one");
    else if (!g->resume && access_needs_value(g->key) && !(g->order.value > 0))
        deny(g, a, DENY_PER_ORDER, "limit: a combination without a price can't be valued");
    else
        judge(g, a);
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
    bool whole = a->proto != 2005;
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
        deny(g, a, DENY_SCOPE, "the key has no scope for this environment");
    else if (a->proto == 2202)
        judge_place(g, a);
    else if (a->proto == 2205)
        judge_modify(g, a);
    else if (a->proto == 2227)
        judge_combo(g, a);
    else
        judge(g, a);
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
