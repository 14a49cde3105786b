/* info.c - what the relay knows of itself, for Gateway_GetInfo: its links, and what is stale. */
#include <stdio.h>

#include "upstream/relay/state.h"

static void fill_link(const struct lane *k, Gateway_GetInfo_Link *out)
{
    bool restoring = k->id == LANE_QUOTE && (k->r->restore || k->r->gap[LANE_QUOTE].open);
    out->name = str_c(lane_name(k->id));
    SET(out, state, !lane_up(k)  ? Gateway_GetInfo_LinkState_Connecting
                    : restoring ? Gateway_GetInfo_LinkState_Restoring
                                : Gateway_GetInfo_LinkState_Up);
    SET(out, sinceMs, k->since_ms);
    if (lane_up(k) && k->c->latency)
        SET(out, latencyUs, k->c->latency / NS_PER_US);
    SET(out, losses, k->losses);
    if (k->error[0])
        out->lastError = str_c(k->error);
    SET(out, requests, k->requests);
    SET(out, pushes, k->pushes);
}

/* The stale securities; `list` false: only how many. */
static futu_err find_stale(struct relay *r, struct arena *a, bool list, int32_t *n,
                           Gateway_GetInfo_S2C *out)
{
    struct list *it, *tmp;
    *n = 0;
    if (list)
        out->staleList = ARENA_ARRAY(a, Gateway_GetInfo_Stale, r->n_pairs + 1);
    if (list && !out->staleList)
        return FUTU_ENOMEM;
    list_each(it, tmp, &r->pair_list) {
        struct pair *p = list_entry(it, struct pair, node);
        const struct stream *st = NULL;
        char why[220];
        for (int i = 0; i < REHABS; i++)
            if (p->streams[i] && p->streams[i]->wanted)
                st = p->streams[i];
        if (!st || !stream_stale(st, why, sizeof(why)))
            continue;
        ++*n;
        if (!list)
            continue;
        Gateway_GetInfo_Stale *x = &out->staleList[out->n_staleList++];
        x->security = ARENA_NEW(a, Qot_Common_Security);
        x->reason = str_dup(a, str_c(why));
        if (!x->security || !x->reason.p)
            return FUTU_ENOMEM;
        SET(x->security, market, p->market);
        x->security->code = str_c(p->code);
        SET(x, lastMs, st->last_ms);
    }
    return FUTU_OK;
}

/* The vendor's gateway says nothing of itself; its version is known from InitConnect. */
static futu_err add_unknown(struct relay *r, struct arena *a, Gateway_GetInfo_S2C *out)
{
    int v = r->lanes[LANE_QUOTE].c->server_ver;
    if (v == 0 || out->n_hopList != 1)
        return FUTU_OK;
    Gateway_GetInfo_Hop *hop = &out->hopList[1];    /* room is there for two */
    hop->name = str_printf(a, "FTAPI gateway %d.%02d", v / 100, v % 100);
    hop->upstream = STR("");
    SET(hop, bootID, 0);
    out->n_hopList = 2;
    return hop->name.p ? FUTU_OK : FUTU_ENOMEM;
}

futu_err relay_info(struct upstream *u, struct arena *a, bool stale, Gateway_GetInfo_Hop *hop,
                    Gateway_GetInfo_S2C *out)
{
    struct relay *r = container_of(u, struct relay, base);
    int32_t n_stale;
    hop->upstream = str_c(r->name);
    hop->linkList = ARENA_ARRAY(a, Gateway_GetInfo_Link, LANES);
    if (!hop->linkList)
        return FUTU_ENOMEM;
    for (int i = 0; i < LANES; i++)
        fill_link(&r->lanes[i], &hop->linkList[hop->n_linkList++]);
    SET(hop, subscriptions, (int32_t)r->n_pairs);
    SET(hop, gaps, r->gap_seq);
    futu_err err = find_stale(r, a, stale, &n_stale, out);
    SET(hop, stale, n_stale);
    return err ? err : add_unknown(r, a, out);
}

static void on_boot(futu_client *c, futu_err err, uint8_t fmt, const uint8_t *body, size_t n,
                    void *arg)
{
    struct relay *r = arg;
    struct arena a = ARENA_INIT;
    Gateway_GetInfo_Response rsp = { .s2c = NULL };
    (void)c, (void)fmt;
    if (r->freeing)
        return;
    bool ok = !err && response_ret(body, n) == RET_OK &&
              !codec_decode(&Gateway_GetInfo_Response_msg, &a, body, n, &rsp, NULL, NULL);
    uint64_t boot = ok && rsp.s2c && rsp.s2c->n_hopList > 0 ? rsp.s2c->hopList[0].bootID : 0;
    arena_free(&a);
    if (boot && r->upstream_boot && boot != r->upstream_boot) {
        r->restarted = true;
        cache_clear(r->cache);
    }
    r->upstream_boot = boot ? boot : r->upstream_boot;
}

void boot_ask(struct relay *r)
{
    Gateway_GetInfo_C2S c2s = { .has_stale = true, .stale = false };
    const Gateway_GetInfo_Request rq = { .c2s = &c2s };
    lane_ask(&r->lanes[LANE_QUOTE], PROTO_GATEWAY_INFO, &rq, on_boot, r);
}
