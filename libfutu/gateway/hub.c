/* hub.c - see hub.h: the gateway's beginning, its turn and its end.
 *
 * Tests:   test/unit/gateway/conn_test.c
 */
#include "gateway/hub.h"

#include "crypt/random.h"
#include "gateway/call.h"
#include "gateway/guard.h"
#include "gateway/patch.h"
#include "gateway/pend.h"

#define POOL_BYTES (4u << 20)
#define MAX_CONNECTIONS 8192
#define SCRATCH_KEEP (256u << 10)   /* a scratch buffer above this is given back each turn */

static bool hex_md5_ok(const char *s)
{
    return strlen(s) == 32 && strspn(s, "0123456789abcdefABCDEF") == 32;
}

static void fill_defaults(struct hub_opts *o)
{
    if (!o->keep_alive_s)
        o->keep_alive_s = 10;
    if (!o->max_connections)
        o->max_connections = MAX_CONNECTIONS;
    if (!o->boot_id)
        o->boot_id = random_u64();
    if (!o->random)
        o->random = random_bytes;
}

static void init_lists(struct hub *h)
{
    list_init(&h->conns);
    list_init(&h->dirty);
    list_init(&h->dying);
    list_init(&h->traders);
    list_init(&h->idle_calls);
    list_init(&h->orders);
    list_init(&h->pends);
    list_init(&h->waiting);
    list_init(&h->watches);
    list_init(&h->guarded);
    list_init(&h->idle_guarded);
}

futu_err hub_new(struct hub **out, const struct hub_opts *opts)
{
    const char *md5 = opts->websocket_key_md5;
    *out = NULL;
    if (!opts->timers || opts->push_proto_fmt > 1 || (md5 && !hex_md5_ok(md5)))
        return FUTU_EINVAL;
    struct hub *h = mem_zalloc(sizeof(*h));
    if (!h)
        return FUTU_ENOMEM;
    h->o = *opts;
    h->o.websocket_key_md5 = NULL;      /* the copy below */
    fill_defaults(&h->o);
    for (size_t i = 0; md5 && i < 32; i++)
        h->key_md5[i] = (char)(md5[i] >= 'A' && md5[i] <= 'F' ? md5[i] - 'A' + 'a' : md5[i]);
    init_lists(h);
    journal_init(&h->own_journal, "00000000000000000000000000000000");
    h->journal = h->o.journal ? h->o.journal : &h->own_journal;
    h->pool.max = POOL_BYTES;
    h->started_ms = clock_wall(&h->o.clock) / NS_PER_MS;
    if (limits_init(&h->limits) || delay_init(&h->delay)) {
        limits_free(&h->limits);
        mem_free(h);
        return FUTU_ENOMEM;
    }
    *out = h;
    return FUTU_OK;
}

static void close_conns(struct hub *h)
{
    struct list *it, *tmp;
    list_each(it, tmp, &h->conns)
        conn_die(list_entry(it, struct futu_conn, link), FUTU_ECANCELED, "the gateway ends");
    timer_stop(h->o.timers, &h->key_timer);
    hub_flush(h);
    while (!list_empty(&h->conns))
        hub_conn_free(list_entry(h->conns.next, struct futu_conn, link));
}

static void free_idle_calls(struct hub *h)
{
    struct list *it, *tmp;
    list_each(it, tmp, &h->idle_calls) {
        struct call *k = list_entry(it, struct call, link);
        buf_free(&k->body);
        mem_free(k);
    }
}

void hub_free(struct hub *h)
{
    if (!h)
        return;
    close_conns(h);
    pend_drop_all(h);
    call_drop_orders(h);
    guard_free(h);
    cards_free(h);
    unlock_free(h);
    free_idle_calls(h);
    subs_free(h);
    journal_free(&h->own_journal);
    limits_free(&h->limits);
    delay_free(&h->delay);
    metrics_free(&h->metrics);
    map_free(&h->callers);
    guard_free_allowed(h);
    map_free(&h->account_seq);
    buf_free(&h->plain);
    buf_free(&h->pb);
    buf_free(&h->body);
    buf_free(&h->json);
    buf_free(&h->enc);
    buf_free(&h->spare);
    arena_free(&h->arena);
    arena_free(&h->events);
    shbuf_pool_free(&h->pool);
    mem_free(h);
}

static void pushed(struct hub *h, enum push_kind kind)
{
    h->version++;
    metrics_pushed(&h->metrics, kind, hub_now(h), &h->o.clock);
}

static void on_push(void *arg, const struct upstream_push *p)
{
    struct hub *h = arg;
    pushed(h, PUSHED_QUOTE);
    fanout_push(h, p);
}

static void on_trade(void *arg, uint64_t acc_id, uint32_t proto, const uint8_t *body, size_t len)
{
    struct hub *h = arg;
    pushed(h, PUSHED_TRADE);
    fanout_trade(h, acc_id, proto, body, len);
    if (proto == PROTO_TRD_UPDATE_ORDER)
        patch_order_pushed(h, body, len);
}

static void on_notify(void *arg, uint32_t proto, const uint8_t *body, size_t len)
{
    struct hub *h = arg;
    pushed(h, proto == PROTO_NOTIFY ? PUSHED_MESSAGE : PUSHED_OTHER);
    fanout_notify(h, proto, body, len);
}

static void on_locked(void *arg, const uint64_t *ids, size_t n, const char *why)
{
    unlock_lost(arg, ids, n, why);
}

struct upstream_events hub_events(struct hub *h)
{
    return (struct upstream_events){ on_push, on_trade, on_notify, h, on_locked };
}

void hub_set_upstream(struct hub *h, struct upstream *u)
{
    h->up = u;
    cards_refresh(h);
}

static void trim(struct buf *b)
{
    if (b->cap > SCRATCH_KEEP)
        buf_free(b);
}

void hub_flush(struct hub *h)
{
    struct list now;        /* what a callback queues waits for the next turn */
    list_take(&now, &h->dirty);
    while (!list_empty(&now)) {
        struct futu_conn *c = list_entry(now.next, struct futu_conn, dirty);
        list_remove(&c->dirty);
        if (c->o.on_output)
            c->o.on_output(c, c->o.arg);
    }
    list_take(&now, &h->dying);
    while (!list_empty(&now)) {
        struct futu_conn *c = list_entry(now.next, struct futu_conn, dying);
        list_remove(&c->dying);
        log_debug("%s: closed: %s", c->peer, c->reason);
        if (c->o.on_close)
            c->o.on_close(c, c->why, c->reason, c->o.arg);
        else if (c->kind == KIND_CALL)
            hub_conn_free(c);
    }
    trim(&h->plain);
    trim(&h->pb);
    trim(&h->body);
    trim(&h->json);
    trim(&h->enc);
    trim(&h->spare);
}

int32_t hub_server_ver(const struct hub *h)
{
    struct upstream_state st = { .name = "" };
    h->up->ops->state(h->up, &st);
    return st.server_ver ? st.server_ver : UPSTREAM_SERVER_VER;
}

bool hub_pending(const struct hub *h)
{
    return !list_empty(&h->dirty) || !list_empty(&h->dying);
}

/* Counted when it is asked for: the operator's questions are rare, requests are not. */
static uint64_t count_waiting(const struct hub *h)
{
    uint64_t n = 0;
    for (const struct list *c = h->conns.next; c != &h->conns; c = c->next) {
        const struct futu_conn *conn = container_of(c, struct futu_conn, link);
        for (const struct list *k = conn->calls.next; k != &conn->calls; k = k->next)
            n += !container_of(k, struct call, link)->timed_out;
        for (const struct list *p = conn->pends.next; p != &conn->pends; p = p->next)
            n += !container_of(p, struct pend, in_conn)->answered;
    }
    return n;
}

futu_err hub_stats_get(const struct hub *h, futu_gateway_stats *out)
{
    futu_gateway_stats st = { .size = sizeof(st) };
    size_t size = out->size;
    if (size < sizeof(size))
        return FUTU_EINVAL;
    struct upstream_state up = { .name = "" };
    uint32_t quota = h->up ? subs_quota(h) : 0;
    if (h->up)
        h->up->ops->state(h->up, &up);
    st.connections = h->n_conns;
    st.requests = h->requests;
    st.refused = h->refused;
    st.pushes = h->pushes;
    st.push_bytes = h->push_bytes;
    st.conflated = h->conflated;
    st.cut_slow = h->cut_slow;
    st.subscriptions = h->subs.n_subs;
    st.quota_used = h->subs.n_pairs;
    st.quota_left = quota > h->subs.n_pairs ? quota - h->subs.n_pairs : 0;
    st.securities = up.securities;
    st.waiting = count_waiting(h);
    memcpy(out, &st, MIN(size, sizeof(st)));
    out->size = size;
    return FUTU_OK;
}

void hub_status(struct hub *h, struct hub_status *out)
{
    struct upstream_state up = { .name = "" };
    Gateway_GetInfo_S2C s2c = { .n_hopList = 0 };
    Gateway_GetInfo_Hop hop = { .stale = 0 };
    h->up->ops->state(h->up, &up);
    arena_reset(&h->events);
    if (h->up->ops->info(h->up, &h->events, false, &hop, &s2c))
        hop = (Gateway_GetInfo_Hop){ .stale = 0 };
    *out = (struct hub_status){
        .upstream = up.name,
        .qot_logined = up.qot_logined,
        .trd_logined = up.trd_logined,
        .unlocked = unlock_any(h),
        .unlocked_accounts = unlock_count(h),
        .user_id = up.user_id,
        .attribution = up.user_attribution,
        .connections = h->n_conns,
        .requests = h->requests,
        .subscriptions = h->subs.n_subs,
        .quota_used = h->subs.n_pairs,
        .stale = hop.stale,
        .gaps = hop.gaps,
        .pushes_out = h->pushes,
        .conflated = h->conflated,
        .cut_slow = h->cut_slow,
        .started_ms = h->started_ms,
        .last_push_ms = h->metrics.last_push_ms,
        .accounts = cards_count(h),
    };
    for (size_t i = 0; i <= PUSHED_OTHER; i++)
        out->pushes_in += h->metrics.pushes_in[i];
}
