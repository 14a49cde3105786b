/* report.c - see report.h. */
#include "gateway/report.h"

#include <inttypes.h>
#include <stdio.h>

#include "gateway/metrics_text.h"
#include "gateway/state.h"
#include "market/market.h"

#define CODES_PER_LINE 8

struct text {
    struct buf *out;
    futu_err err;
};

#define PUT(t, ...) ((t)->err = (t)->err ? (t)->err : buf_printf((t)->out, __VA_ARGS__))

/* ---- connections ---- */

static void put_code(struct text *t, const struct sec *s)
{
    const char *prefix = market_prefix(s->market);
    if (prefix)
        PUT(t, " %s.%s", prefix, s->code);
    else
        PUT(t, " %d.%s", s->market, s->code);
}

static void put_type(struct text *t, const struct futu_conn *c, int32_t type)
{
    struct list *it, *tmp;
    unsigned n = 0;
    list_each(it, tmp, &c->subs) {
        const struct pair *p = list_entry(it, struct sub, in_conn)->pair;
        if (p->sub_type != type)
            continue;
        if (n++ % CODES_PER_LINE == 0)
            PUT(t, "%s  %-10s", n > 1 ? "\n" : "", n > 1 ? "" : sub_type_name(type));
        put_code(t, p->sec);
    }
    if (n)
        PUT(t, "\n");
}

static const char *kind_name(const struct futu_conn *c)
{
    static const char *const names[] = {
        [KIND_NONE] = "WebSocket", [KIND_TCP] = "TCP", [KIND_WS_FT] = "WebSocket",
        [KIND_WS_SDK] = "WebSocket", [KIND_CALL] = "calls", [KIND_EVENTS] = "events",
    };
    return names[c->kind];
}

static void put_conn(struct text *t, const struct futu_conn *c)
{
    PUT(t, "%" PRIu64 "  %s %s %s%s%s%s, %u of the quota", c->id, iface_name(c->iface),
        kind_name(c), c->peer, c->key ? ", key " : "", c->key ? c->key->rules->id : "",
        c->ready ? "" : ", not initialised", c->n_subs);
    if (c->n_accounts)
        PUT(t, ", pushes of %u accounts", c->n_accounts);
    PUT(t, "\n");
    for (int32_t type = 0; type < SUB_TYPES && c->n_subs; type++)
        put_type(t, c, type);
}

futu_err report_subscriptions(struct hub *h, uint64_t id, struct buf *out)
{
    struct text t = { out, FUTU_OK };
    struct list *it, *tmp;
    uint32_t quota = subs_quota(h), used = h->subs.n_pairs;
    unsigned n = 0;
    list_each(it, tmp, &h->conns) {
        const struct futu_conn *c = list_entry(it, struct futu_conn, link);
        if (c->ended || (id ? c->id != id : c->kind == KIND_CALL && c->n_subs == 0))
            continue;
        put_conn(&t, c);
        n++;
    }
    if (id)
        return n ? t.err : FUTU_ENOTFOUND;
    PUT(&t, "%u connections; quota %u used, %u left\n", n, used, quota > used ? quota - used : 0);
    return t.err;
}

size_t hub_close_conns(struct hub *h, uint64_t id, const char *reason)
{
    struct list *it, *tmp;
    size_t n = 0;
    list_each(it, tmp, &h->conns) {
        struct futu_conn *c = list_entry(it, struct futu_conn, link);
        if (c->ended || c->kind == KIND_CALL || (id && c->id != id))
            continue;
        conn_die(c, FUTU_ECANCELED, "%s", reason);
        n++;
    }
    return n;
}

/* ---- delays ---- */

static void put_pushes(struct text *t, const GetDelayStatistics_S2C *s, int32_t stage)
{
    static const char *const stages[] = { "?", "sr2ss", "ss2cr", "cr2cs", "ss2cs", "sr2cs" };
    static const char *const types[] = { "?", "price", "ticker", "order book", "broker queue" };
    PUT(t, "pushes, %s\n", stages[stage > 0 && stage < 6 ? stage : 0]);
    if (s->n_qotPushStatisticsList == 0)
        PUT(t, "  none was measured%s\n",
            stage == 1 ? ": no source tells when the exchange's server had it" : "");
    for (size_t i = 0; i < s->n_qotPushStatisticsList; i++) {
        const GetDelayStatistics_DelayStatistics *d = &s->qotPushStatisticsList[i];
        PUT(t, "  %-12s %10d, average %.3f ms\n", types[CLAMP(d->qotPushType, 0, 4)], d->count,
            (double)d->delayAvg);
        for (size_t k = 0; k < d->n_itemList; k++) {
            const GetDelayStatistics_DelayStatisticsItem *it = &d->itemList[k];
            char end[16] = "";
            if (it->count == 0)
                continue;
            if (it->end >= 0)
                snprintf(end, sizeof(end), "%d", it->end);
            PUT(t, "    %5d..%-5s ms %10d  %6.2f%%  %6.2f%%\n", it->begin, end, it->count,
                (double)it->proportion, (double)it->cumulativeRatio);
        }
    }
}

static void put_requests(struct text *t, const GetDelayStatistics_S2C *s)
{
    PUT(t, "requests: number, average in ms in all, here, upstream\n");
    for (size_t i = 0; i < s->n_reqReplyStatisticsList; i++) {
        const GetDelayStatistics_ReqReplyStatisticsItem *r = &s->reqReplyStatisticsList[i];
        const struct proto_row *row = proto_find((uint32_t)r->protoID);
        PUT(t, "  %d %-32s %10d %9.3f %9.3f %9.3f%s\n", r->protoID, row ? row->name : "?", r->count,
            (double)r->totalCostAvg, (double)r->openDCostAvg, (double)r->netDelayAvg,
            r->isLocalReply ? "  answered here" : "");
    }
}

static void put_orders(struct text *t, const GetDelayStatistics_S2C *s)
{
    PUT(t, "orders: ms in all, here, upstream, until the first push\n");
    for (size_t i = 0; i < s->n_placeOrderStatisticsList; i++) {
        const GetDelayStatistics_PlaceOrderStatisticsItem *o = &s->placeOrderStatisticsList[i];
        PUT(t, "  %-24.*s %9.3f %9.3f %9.3f %9.3f\n", STR_ARG(o->orderID), (double)o->totalCost,
            (double)o->openDCost, (double)o->netDelay, (double)o->updateCost);
    }
}

futu_err report_delays(struct hub *h, int32_t stage, struct buf *out)
{
    struct text t = { out, FUTU_OK };
    GetDelayStatistics_C2S rq = { .n_typeList = 0 };
    char why[160];
    SET(&rq, qotPushStage, stage);
    arena_reset(&h->events);
    const GetDelayStatistics_S2C *s = delay_report(&h->delay, &rq, &h->events, why, sizeof(why));
    if (!s)
        return FUTU_ENOMEM;
    put_pushes(&t, s, stage);
    put_requests(&t, s);
    put_orders(&t, s);
    return t.err;
}

/* ---- counters ---- */

static bool one_of_many(futu_str name)
{
    return memmem(name.p, name.n, "_by_hour_", 9) || memmem(name.p, name.n, "{sub_type=", 10);
}

/* Of the format for Prometheus what a person wants to read. */
static void put_series(struct text *t, futu_str line)
{
    static const char own[] = "futu_gateway_";
    futu_str name = line;
    const char *value = line.p + line.n;
    if (line.n == 0 || line.p[0] == '#' || memmem(line.p, line.n, "_bucket{", 8))
        return;
    while (value > line.p && value[-1] != ' ')
        value--;
    name.n = value > line.p ? (size_t)(value - line.p) - 1 : 0;
    if (line.p + line.n - value == 1 && *value == '0' && one_of_many(name))
        return;
    if (name.n > sizeof(own) - 1 && memcmp(name.p, own, sizeof(own) - 1) == 0)
        name = (futu_str){ name.p + sizeof(own) - 1, name.n - (sizeof(own) - 1) };
    PUT(t, "%-60.*s %.*s\n", STR_ARG(name), (int)(line.p + line.n - value), value);
}

futu_err report_metrics(struct hub *h, struct buf *out)
{
    struct text t = { out, FUTU_OK };
    struct buf all = BUF_INIT;
    t.err = metrics_write(h, true, &all);
    for (size_t at = 0; at < all.n && !t.err;) {
        const char *p = (const char *)all.p + at, *end = memchr(p, '\n', all.n - at);
        size_t n = end ? (size_t)(end - p) : all.n - at;
        put_series(&t, (futu_str){ p, n });
        at += n + 1;
    }
    buf_free(&all);
    return t.err;
}

/* ---- links ---- */

static const char *link_state(int32_t s)
{
    static const char *const names[] = { "unknown", "connecting", "restoring", "up" };
    return names[CLAMP(s, 0, 3)];
}

futu_err report_links(struct hub *h, struct buf *out)
{
    struct text t = { out, FUTU_OK };
    Gateway_GetInfo_S2C s2c = { .n_hopList = 0 };
    Gateway_GetInfo_Hop hop = { .name = STR("") };
    arena_reset(&h->events);
    t.err = h->up->ops->info(h->up, &h->events, false, &hop, &s2c);
    for (size_t i = 0; i < hop.n_linkList && !t.err; i++) {
        const Gateway_GetInfo_Link *l = &hop.linkList[i];
        PUT(&t, "  %.*s: %s", STR_ARG(l->name), link_state(l->state));
        if (l->latencyUs)
            PUT(&t, ", %.3f ms", (double)l->latencyUs / 1e3);
        PUT(&t, ", lost %" PRIu64 " times%s%.*s\n", l->losses, l->lastError.n ? ", last: " : "",
            STR_ARG(l->lastError));
    }
    return t.err;
}
