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

/* The stream that makes the security stale, and why; NULL: none does. */
static const struct stream *stale_one(const struct group *g, char *why, size_t size)
{
    for (const struct pair *p = g->first; p; p = p->of_group)
        for (int i = 0; i < REHABS; i++) {
            const struct stream *st = p->streams[i];
            if (st && st->wanted && stream_stale(st, why, size))
                return st;
        }
    return NULL;
}

/* When any of its streams brought something last. */
static int64_t last_of(const struct group *g)
{
    int64_t last = 0;
    for (const struct pair *p = g->first; p; p = p->of_group)
        for (int i = 0; i < REHABS; i++)
            if (p->streams[i])
                last = MAX(last, stream_last_ms(p->streams[i]));
    return last;
}

/* The stale securities; `list` false: only how many. */
static futu_err find_stale(struct relay *r, struct arena *a, bool list, int32_t *n,
                           Gateway_GetInfo_S2C *out)
{
    struct group *groups;
    size_t n_groups;
    char why[320];
    *n = 0;
    futu_err err = pairs_by_security(r, a, &groups, &n_groups);
    if (!err && list)
        out->staleList = ARENA_ARRAY(a, Gateway_GetInfo_Stale, n_groups + 1);
    if (err || (list && !out->staleList))
        return FUTU_ENOMEM;
    for (size_t i = 0; i < n_groups; i++) {
        if (!stale_one(&groups[i], why, sizeof(why)))
            continue;
        ++*n;
        if (!list)
            continue;
        Gateway_GetInfo_Stale *x = &out->staleList[out->n_staleList++];
        x->security = &groups[i].security;
        x->reason = str_dup(a, str_c(why));
        if (!x->reason.p)
            return FUTU_ENOMEM;
        SET(x, lastMs, last_of(&groups[i]));
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

/* Whether the upstream has data itself: what it told of that before the connection broke may be
 * over, or have begun, meanwhile. */
static void take_far_state(struct relay *r, const Gateway_GetInfo_Hop *hop)
{
    for (size_t i = 0; i < hop->n_linkList; i++) {
        const Gateway_GetInfo_Link *k = &hop->linkList[i];
        if (!str_is(k->name, lane_name(LANE_QUOTE)))
            continue;
        r->far_down = k->state != Gateway_GetInfo_LinkState_Up;
        str_copy(r->far_name, sizeof(r->far_name), hop->upstream);
    }
}

/* Nobody says which hours a paper exchange keeps. */
static bool ends_on_paper(const Gateway_GetInfo_S2C *s2c)
{
    bool paper = false;
    for (size_t i = 0; i < s2c->n_hopList; i++)
        paper |= str_is(s2c->hopList[i].upstream, "paper");
    return paper;
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
    const Gateway_GetInfo_Hop *hop = ok && rsp.s2c && rsp.s2c->n_hopList ? rsp.s2c->hopList : NULL;
    uint64_t boot = hop ? hop->bootID : 0;
    if (hop) {
        take_far_state(r, hop);
        r->base.paper = r->base.own_hours = ends_on_paper(rsp.s2c);
    }
    arena_free(&a);
    if (boot && r->upstream_boot && boot != r->upstream_boot) {
        r->restarted = true;
        cache_clear(r->cache);
        if (r->o.events.locked)
            r->o.events.locked(r->o.events.arg, NULL, 0, "the upstream has started anew");
    }
    r->upstream_boot = boot ? boot : r->upstream_boot;
}

void boot_ask(struct relay *r)
{
    Gateway_GetInfo_C2S c2s = { .has_stale = true, .stale = false };
    const Gateway_GetInfo_Request rq = { .c2s = &c2s };
    lane_ask(&r->lanes[LANE_QUOTE], PROTO_GATEWAY_INFO, &rq, on_boot, r);
}
