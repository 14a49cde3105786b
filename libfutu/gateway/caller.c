/* caller.c - callers without a wire: one connection for all that come with the same key on the same
 * surface, and the clients of /ws and streams of gRPC that watch it.
 *
 * Life:    a caller's connection is made at its first call and stays until its key is gone, so that
 *          what was subscribed over REST outlives the HTTP connection.
 * Tests:   test/unit/gateway/caller_test.c
 */
#include "gateway/call.h"
#include "gateway/guard.h"
#include "wire/sdkws.h"

static futu_err make(struct hub *h, enum iface iface, struct api_key *key, futu_conn **out)
{
    futu_conn_opts o = FUTU_CONN_OPTS_INIT;
    o.wire = WIRE_CALL;
    o.peer = iface_name(iface);
    futu_err err = hub_conn_new(h, out, &o);
    if (err)
        return err;
    (*out)->iface = (uint8_t)iface;
    (*out)->key = key;
    caller_key_watch(h, key);
    err = map_put_u64(&h->callers, key_on(iface, key), *out);
    if (err) {
        hub_conn_free(*out);
        *out = NULL;
    }
    return err;
}

futu_err hub_caller(struct hub *h, enum iface iface, struct api_key *key, futu_conn **out)
{
    *out = map_get_u64(&h->callers, key_on(iface, key));
    return *out ? FUTU_OK : make(h, iface, key, out);
}

uint64_t hub_conn_id(const futu_conn *c)
{
    return c->id;
}

void hub_call(futu_conn *c, struct hub_call *k)
{
    struct ask a = { .c = c, .row = proto_find(k->proto), .proto = k->proto, .fmt = k->fmt,
                     .at = hub_now(c->hub), .call = k };
    k->read = NULL;
    list_push(&c->asked, &k->link);
    route(&a, k->body, k->len);
}

void caller_reply(struct ask *a, const uint8_t *body, size_t len, int64_t net_ns)
{
    struct hub *h = a->c->hub;
    struct out_mark m = delay_mark(a->row, a->at, net_ns);
    struct hub_call *k = a->call;
    struct hub_reply r = { .body = body, .len = len, .raw_json = a->raw_json, .deny = a->deny,
                           .text = a->deny_text, .repeat = a->repeat, .retry_s = a->retry_s };
    a->call = NULL;
    k->read = NULL;
    list_remove(&k->link);
    k->done(k, &r);
    delay_sent(&h->delay, &m, hub_now(h));
}

bool hub_call_drop(struct hub_call *k)
{
    if (!k->read)
        return false;
    hub_now(k->read->hub);
    call_cancel(k->read);
    k->read = NULL;
    list_remove(&k->link);
    return true;
}

uint64_t hub_version(const struct hub *h)
{
    return h->version;
}

void hub_count_call(struct hub *h, const struct proto_row *row, enum iface iface, size_t len,
                    int64_t at)
{
    struct out_mark m = delay_mark(row, at, 0);
    h->requests++;
    h->metrics.response_bytes += len;
    metrics_request(&h->metrics, row, iface, hub_now(h) - at, false);
    delay_sent(&h->delay, &m, h->now);
}

uint64_t hub_boot_id(const struct hub *h)
{
    return h->o.boot_id;
}

bool hub_is_paper(const struct hub *h)
{
    return h->up->paper;
}

bool hub_is_relay(const struct hub *h)
{
    return h->up->forwards;
}

bool hub_own_hours(const struct hub *h)
{
    return h->up->own_hours;
}

/* The connection is being freed: whoever still waits hears that. */
void caller_gone(struct futu_conn *c)
{
    if (c->kind == KIND_CALL)
        map_del_u64(&c->hub->callers, key_on(c->iface, c->key));
    while (!list_empty(&c->viewers)) {
        struct futu_conn *v = list_entry(c->viewers.next, struct futu_conn, viewer);
        list_remove(&v->viewer);
        v->caller = NULL;
        conn_die(v, FUTU_ECANCELED, "what it watched has ended");
    }
    while (!list_empty(&c->asked)) {
        struct hub_call *k = list_entry(c->asked.next, struct hub_call, link);
        k->read = NULL;
        list_remove(&k->link);
        k->done(k, NULL);
    }
}

/* ---- who watches a caller ---- */

/* What the caller holds now is shown first, so that nobody waits for the next tick. */
static void show_present(struct futu_conn *c, struct futu_conn *caller)
{
    struct list *it, *tmp;
    list_each(it, tmp, &caller->subs) {
        const struct sub *s = list_entry(it, struct sub, in_conn);
        for (int rehab = 0; rehab < REHABS && !c->ended; rehab++)
            if (s->reg_at[rehab] != REG_NONE)
                fanout_present(s->pair->streams[rehab], c);
    }
}

futu_err hub_events_new(struct hub *h, futu_conn **out, const futu_conn_opts *o,
                        const struct hub_events_opts *e)
{
    futu_conn *caller = NULL;
    enum iface iface = e->write ? IFACE_MCP : e->grpc ? IFACE_GRPC : IFACE_REST;
    futu_err err = e->write ? FUTU_OK : hub_caller(h, iface, e->key, &caller);
    *out = NULL;
    if (!err)
        err = hub_conn_new(h, out, o);
    if (err)
        return err;
    struct futu_conn *c = *out;
    c->iface = (uint8_t)iface;
    c->key = e->key;
    caller_key_watch(h, e->key);
    c->events = *e;
    c->events.greeting = STR_NULL;
    c->form = e->write ? FORM_EVENT_MCP : e->grpc ? FORM_EVENT_GRPC
              : e->decoded ? FORM_EVENT_JSON : FORM_EVENT_B64;
    c->notify = true;
    c->caller = caller;
    if (!caller)
        return FUTU_OK;
    list_push(&caller->viewers, &c->viewer);
    if (e->greeting.p)
        hub_events_send(c, e->greeting);
    show_present(c, caller);
    return FUTU_OK;
}

void hub_events_send(futu_conn *c, futu_str text)
{
    uint8_t head[10];
    struct out_mark m = { 0, DELAY_NONE, 0 };
    size_t n = ws_head_write(head, 1, text.n);
    struct shbuf *b = shbuf_get(&c->hub->pool, n + text.n);
    if (b) {
        memcpy(b->p, head, n);
        memcpy(b->p + n, text.p, text.n);
    }
    conn_queue(c, b, &m);
}

/* ---- sessions of MCP ---- */

struct shbuf *hub_events_take(futu_conn *c)
{
    struct hub *h = c->hub;
    struct out_entry e;
    if (!outq_take(&c->out, &e))
        return NULL;
    hub_now(h);
    delay_sent(&h->delay, &e.mark, h->now);
    return e.b;
}

bool hub_events_waits(const futu_conn *c)
{
    return c->out.bytes > 0;
}

void hub_events_want(futu_conn *c, uint32_t kinds)
{
    c->events.kinds = kinds;
}

const uint64_t *hub_accounts(const futu_conn *c, size_t *n)
{
    *n = c->n_accounts;
    return c->accounts;
}

bool hub_has_subscriptions(const futu_conn *c)
{
    return c->n_subs > 0;
}

/* ---- keys that change ---- */

#define KEY_LOOK_MS 60000               /* the wall clock may be set meanwhile */

static void end_of_keys(struct hub *h);

void hub_set_daily(struct hub *h, struct hub_store store)
{
    h->o.daily = store;
}

static void end_by_key(struct futu_conn *c, enum deny d)
{
    struct audit_event e = { .iface = c->iface, .endpoint = "stream", .key_id = c->key->rules->id,
                             .outcome = OUTCOME_REJECT, .reason = deny_text(d), .peer = c->peer };
    if (c->kind != KIND_CALL)
        hub_audit(c->hub, &e, d);
    conn_die(c, FUTU_EAUTH, "the API key is %s", d == DENY_EXPIRED ? "expired" : "revoked");
}

static void on_key_time(struct timer *t, int64_t now)
{
    struct hub *h = container_of(t, struct hub, key_timer);
    (void)now;
    end_of_keys(h);
}

void caller_key_watch(struct hub *h, const struct api_key *k)
{
    int64_t ms = k ? k->rules->expires_ms : 0;
    if (!ms)
        return;
    int64_t left = ms - clock_wall(&h->o.clock) / NS_PER_MS;
    int64_t at = h->now + MIN(MAX(left, 0), KEY_LOOK_MS) * NS_PER_MS;
    h->key_timer.fn = on_key_time;
    if (!h->key_timer.armed || at < h->key_timer.at)
        timer_set(h->o.timers, &h->key_timer, at);
}

/* Ends what was opened with a key that holds no more. */
static void end_of_keys(struct hub *h)
{
    struct list *it, *tmp;
    hub_now(h);
    h->version++;
    timer_stop(h->o.timers, &h->key_timer);
    list_each(it, tmp, &h->conns) {
        struct futu_conn *c = list_entry(it, struct futu_conn, link);
        enum deny d = c->key ? access_alive(h->o.access, c->key) : DENY_NONE;
        if (c->ended)
            continue;
        if (d)
            end_by_key(c, d);
        else
            caller_key_watch(h, c->key);
    }
}

void hub_keys_changed(struct hub *h)
{
    end_of_keys(h);
    cards_refresh(h);
}
