/* metrics_text.c - Prometheus text, format 0.0.4: one table of plain numbers, then what has labels.
 *
 * Names of our own begin with futu_gateway_; futu_auth_events_total, futu_auth_limit_rejects_total
 * and futu_ws_filtered_pushes_total are the documented ones.
 */
#include <inttypes.h>
#include <stdio.h>

#include "crypt/digest.h"
#include "gateway/metrics_text.h"
#include "gateway/state.h"

struct text {
    struct buf *out;
    bool plain_ids;
    futu_err err;
};

#define PUT(t, ...) ((t)->err = (t)->err ? (t)->err : buf_printf((t)->out, __VA_ARGS__))

static void head(struct text *t, const char *name, const char *type, const char *help)
{
    PUT(t, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value: backslash, quote and line break escaped. */
static void label(struct text *t, const char *value)
{
    for (; *value && !t->err; value++) {
        if (*value == '\\' || *value == '"')
            t->err = buf_byte(t->out, '\\');
        if (!t->err)
            t->err = *value == '\n' ? buf_puts(t->out, "\\n") : buf_byte(t->out, (uint8_t)*value);
    }
}

/* Ids in brackets ("<none>") are nobody's. */
static void key_label(struct text *t, const char *id)
{
    uint8_t digest[32];
    char hex[65];
    if (t->plain_ids || id[0] == '<') {
        label(t, id);
        return;
    }
    sha256(id, strlen(id), digest);
    hex_lower(digest, sizeof(digest), hex);
    PUT(t, "kh_%.8s", hex);
}

static void push_name(char *out, size_t size, const char *kind, const char *tail)
{
    snprintf(out, size, "futu_gateway_backend_pushes_cmd_%s%s", kind, tail);
}

/* ---- plain numbers ---- */

struct values {
    struct hub *h;
    struct upstream_state up;
    uint64_t queued, queued_max, kinds[KIND_EVENTS + 1], accounts;
};

static void survey(struct hub *h, struct values *v)
{
    struct list *it, *tmp;
    *v = (struct values){ .h = h };
    if (h->up)
        h->up->ops->state(h->up, &v->up);
    list_each(it, tmp, &h->conns) {
        const struct futu_conn *c = list_entry(it, struct futu_conn, link);
        v->queued += c->out.bytes;
        v->queued_max = MAX(v->queued_max, c->out.bytes);
        v->kinds[c->kind]++;
        v->accounts += c->n_accounts;
    }
}

static void numbers(struct text *t, const struct values *v)
{
    const struct hub *h = v->h;
    const struct metrics *m = &h->metrics;
    uint32_t quota = h->up ? subs_quota(h) : 0;
    const struct {
        const char *name, *type, *help;
        uint64_t value;
    } rows[] = {
        { "start_time_seconds", "gauge", "When this gateway started, Unix time.",
          (uint64_t)(h->started_ms / 1000) },
        { "connections_total", "counter", "Connections opened.", m->total_connections },
        { "disconnections_total", "counter", "Connections closed.", m->total_disconnections },
        { "connections_rejected_total", "counter", "Connections over the limit.",
          m->rejected_connections },
        { "keepalive_timeouts_total", "counter", "Connections closed for their silence.",
          m->keep_alive_timeouts },
        { "requests_total", "counter", "Requests.", h->requests },
        { "request_errors_total", "counter", "Requests that the gateway itself refused.",
          h->refused },
        { "response_bytes_total", "counter", "Bytes of answers, as protobuf.", m->response_bytes },
        { "backend_online", "gauge", "1 when quotes can be had of the upstream.",
          v->up.qot_logined },
        { "backend_trade_online", "gauge", "1 when the upstream can trade.", v->up.trd_logined },
        { "pushes_sent_total", "counter", "Pushes queued to clients.", h->pushes },
        { "push_bytes_total", "counter", "Bytes of these pushes, framed.", h->push_bytes },
        { "qot_push_dropped_total", "counter",
          "Quote pushes that a newer one replaced in a slow client's queue.", h->conflated },
        { "slow_clients_cut_total", "counter", "Connections ended since they read too slowly.",
          h->cut_slow },
        { "qot_subscribe_ops_total", "counter", "Subscribe requests.", m->sub_ops },
        { "qot_unsubscribe_ops_total", "counter", "Unsubscribe requests.", m->unsub_ops },
        { "subscriptions", "gauge", "Subscriptions of all connections.", h->subs.n_subs },
        { "sub_quota_used", "gauge", "Pairs of security and sub type in use.", h->subs.n_pairs },
        { "sub_quota", "gauge", "Pairs that may be used.", quota },
        { "trade_unlocked", "gauge", "1 when trading of some real account is unlocked.",
          unlock_any(h) },
        { "unlocked_accounts", "gauge", "Real accounts that are known to be unlocked.",
          unlock_count(h) },
        { "push_accounts", "gauge", "Accounts whose pushes clients wait for.", v->accounts },
        { "console_sessions_total", "counter", "Sessions of the console.", m->console_sessions },
        { "console_sessions", "gauge", "Those that are open.", m->console_open },
        { "console_rejected_total", "counter", "Those over the limit.", m->console_rejected },
        { "console_commands_total", "counter", "Commands run on them.", m->console_commands },
        { "queued_bytes", "gauge", "Output that waits for clients to read it.", v->queued },
        { "queued_bytes_max", "gauge", "The longest of these queues.", v->queued_max },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char name[64];
        snprintf(name, sizeof(name), "futu_gateway_%s", rows[i].name);
        head(t, name, rows[i].type, rows[i].help);
        PUT(t, "%s %" PRIu64 "\n", name, rows[i].value);
    }
}

static void connections(struct text *t, const struct values *v)
{
    static const char *const kinds[] = { "websocket_new", "tcp", "websocket_ftapi", "websocket_sdk",
                                         "callers", "ws_events" };
    head(t, "futu_gateway_connections", "gauge", "Connections by kind.");
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        PUT(t, "futu_gateway_connections{kind=\"%s\"} %" PRIu64 "\n", kinds[i], v->kinds[i]);
}

static void pushes(struct text *t, const struct metrics *m)
{
    static const char *const kinds[] = { "quote", "trade_legacy", "trade_new", "msg_center",
                                         "other" };
    char name[80];
    head(t, "futu_gateway_backend_pushes_received_total", "counter", "Pushes of the upstream.");
    uint64_t sum = 0;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        sum += m->pushes_in[i];
    PUT(t, "futu_gateway_backend_pushes_received_total %" PRIu64 "\n", sum);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        push_name(name, sizeof(name), kinds[i], "_total");
        head(t, name, "counter", "Pushes of the upstream of this kind.");
        PUT(t, "%s %" PRIu64 "\n", name, m->pushes_in[i]);
    }
    for (size_t i = 0; i < PUSHED_OTHER; i++)
        for (size_t hour = 0; hour < 24; hour++) {
            char tail[24];
            snprintf(tail, sizeof(tail), "_by_hour_%zu", hour);
            push_name(name, sizeof(name), kinds[i], tail);
            head(t, name, "untyped", "The same within this hour of the day, UTC.");
            PUT(t, "%s %" PRIu64 "\n", name, m->pushes_by_hour[i][hour]);
        }
}

static void dropped(struct text *t, const struct metrics *m)
{
    head(t, "futu_gateway_qot_client_push_backpressure_drops_total", "counter",
         "Quote pushes replaced for slow clients, by sub type.");
    for (int32_t i = 0; i < SUB_TYPES; i++)
        if (sub_type_known(i))
            PUT(t, "futu_gateway_qot_client_push_backpressure_drops_total{sub_type=\"%s\"} "
                   "%" PRIu64 "\n", sub_type_name(i), m->dropped[i]);
}

/* ---- times ---- */

static void times_row(struct text *t, const struct proto_row *row, enum iface iface,
                      const struct metric_times *x)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < METRIC_BUCKETS; i++) {
        sum += x->buckets[i];
        PUT(t, "futu_gateway_request_duration_seconds_bucket{proto=\"%s\",iface=\"%s\",le=\"%g\"} "
               "%" PRIu64 "\n", row->name, iface_name(iface), metric_bounds_us[i] / 1e6, sum);
    }
    PUT(t, "futu_gateway_request_duration_seconds_bucket{proto=\"%s\",iface=\"%s\",le=\"+Inf\"} "
           "%" PRIu64 "\n", row->name, iface_name(iface), x->count);
    PUT(t, "futu_gateway_request_duration_seconds_sum{proto=\"%s\",iface=\"%s\"} %.9g\n", row->name,
        iface_name(iface), x->sum_s);
    PUT(t, "futu_gateway_request_duration_seconds_count{proto=\"%s\",iface=\"%s\"} %" PRIu64 "\n",
        row->name, iface_name(iface), x->count);
}

typedef void times_fn(struct text *t, const struct proto_row *row, enum iface iface,
                      const struct metric_times *x);

static void each_times(struct text *t, const struct metrics *m, times_fn *fn)
{
    size_t n;
    const struct proto_row *rows = proto_rows(&n);
    for (size_t i = 0; m->times && i < n * IFACES; i++)
        if (m->times[i])
            fn(t, &rows[i / IFACES], i % IFACES, m->times[i]);
}

static void failures_row(struct text *t, const struct proto_row *row, enum iface iface,
                         const struct metric_times *x)
{
    PUT(t, "futu_gateway_request_failures_total{proto=\"%s\",iface=\"%s\"} %" PRIu64 "\n",
        row->name, iface_name(iface), x->failures);
}

static void times(struct text *t, const struct metrics *m)
{
    head(t, "futu_gateway_request_duration_seconds", "histogram",
         "From a request's arrival to its answer, by protocol and surface.");
    each_times(t, m, times_row);
    head(t, "futu_gateway_request_failures_total", "counter",
         "Answers with a retType other than 0, by protocol and surface.");
    each_times(t, m, failures_row);
}

/* ---- events about keys ---- */

static void events(struct text *t, const struct metrics *m)
{
    static const struct {
        const char *name, *label, *help;
    } series[SERIES_N] = {
        [SERIES_AUTH] = { "futu_auth_events_total", "outcome",
                          "Decisions about API keys, and trade events." },
        [SERIES_LIMIT] = { "futu_auth_limit_rejects_total", "reason",
                           "Refusals by a limit of a key." },
        [SERIES_FILTERED] = { "futu_ws_filtered_pushes_total", "required_scope",
                              "Pushes withheld from clients whose key may not see them." },
    };
    for (size_t s = 0; s < SERIES_N; s++) {
        const struct metric_event *e;
        size_t i = 0;
        head(t, series[s].name, "counter", series[s].help);
        while ((e = map_next(&m->events, &i)) != NULL) {
            if (e->series != s)
                continue;
            PUT(t, "%s{", series[s].name);
            if (s != SERIES_FILTERED)
                PUT(t, "iface=\"%s\",", iface_name(e->iface));
            PUT(t, "%s=\"%s\",key_id=\"", series[s].label, e->what);
            key_label(t, e->key_id);
            PUT(t, "\"} %" PRIu64 "\n", e->count);
        }
    }
}

/* ---- the upstream ---- */

static void upstream(struct text *t, const struct values *v)
{
    struct hub *h = v->h;
    Gateway_GetInfo_S2C s2c = { .n_hopList = 0 };
    Gateway_GetInfo_Hop hop = { .name = STR("") };
    arena_reset(&h->events);
    if (!h->up || h->up->ops->info(h->up, &h->events, false, &hop, &s2c))
        return;
    head(t, "futu_gateway_upstream_info", "gauge", "Which upstream this gateway has; always 1.");
    PUT(t, "futu_gateway_upstream_info{kind=\"%s\",version=\"%s\"} 1\n", v->up.name,
        futu_version());
    head(t, "futu_gateway_upstream_link_up", "gauge", "1 when the link to the upstream is there.");
    for (size_t i = 0; i < hop.n_linkList; i++)
        PUT(t, "futu_gateway_upstream_link_up{link=\"%.*s\"} %d\n", STR_ARG(hop.linkList[i].name),
            hop.linkList[i].state == Gateway_GetInfo_LinkState_Up);
    head(t, "futu_gateway_backend_reconnects_total", "counter",
         "Losses of a link to the upstream.");
    for (size_t i = 0; i < hop.n_linkList; i++)
        PUT(t, "futu_gateway_backend_reconnects_total{link=\"%.*s\"} %" PRIu64 "\n",
            STR_ARG(hop.linkList[i].name), hop.linkList[i].losses);
    head(t, "futu_gateway_upstream_latency_seconds", "gauge", "The last round trip on a link.");
    for (size_t i = 0; i < hop.n_linkList; i++)
        PUT(t, "futu_gateway_upstream_latency_seconds{link=\"%.*s\"} %g\n",
            STR_ARG(hop.linkList[i].name), (double)hop.linkList[i].latencyUs / 1e6);
    head(t, "futu_gateway_stale_securities", "gauge", "Securities whose data does not come in.");
    PUT(t, "futu_gateway_stale_securities %d\n", hop.stale);
    head(t, "futu_gateway_gaps_total", "counter", "Gaps in the upstream's data so far.");
    PUT(t, "futu_gateway_gaps_total %" PRIu64 "\n", hop.gaps);
}

futu_err metrics_write(struct hub *h, bool plain_ids, struct buf *out)
{
    struct text t = { out, plain_ids, FUTU_OK };
    struct values v;
    survey(h, &v);
    numbers(&t, &v);
    connections(&t, &v);
    pushes(&t, &h->metrics);
    dropped(&t, &h->metrics);
    times(&t, &h->metrics);
    events(&t, &h->metrics);
    upstream(&t, &v);
    return t.err;
}
