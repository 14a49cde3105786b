/* gap.c - what clients are told of a loss: Gateway_UpdateGap when it begins and when it is over,
 * Notify with the same for people and with the state of the connections.
 *
 * A gap is over when all subscriptions are back and what pushes missed has been pushed. Until then
 * a further loss is part of it.
 * Tests:   test/unit/upstream/relay/restore_test.c
 */
#include <stdio.h>
#include <time.h>

#include "market/market.h"
#include "upstream/relay/state.h"

static void send_gap(struct relay *r, Gateway_UpdateGap_S2C *s2c)
{
    Gateway_UpdateGap_Response rsp = { .retMsg = STR(""), .s2c = s2c };
    struct buf *b = &r->text;
    SET(&rsp, retType, RET_OK);
    SET(&rsp, errCode, 0);
    SET(s2c, bootID, r->o.boot_id);
    SET(s2c, seq, ++r->gap_seq);
    s2c->upstream = str_c(r->name);
    b->n = 0;
    if (codec_encode(&Gateway_UpdateGap_Response_msg, &rsp, b, NULL))
        log_error("upstream %s: a gap can't be told: out of memory", r->name);
    else
        r->o.events.notify(r->o.events.arg, PROTO_GAP, b->p, b->n);
}

static void send_notify(struct relay *r, Notify_S2C *s2c)
{
    Notify_Response rsp = { .retMsg = STR(""), .s2c = s2c };
    struct buf *b = &r->text;
    SET(&rsp, retType, RET_OK);
    SET(&rsp, errCode, 0);
    b->n = 0;
    if (!codec_encode(&Notify_Response_msg, &rsp, b, NULL))
        r->o.events.notify(r->o.events.arg, PROTO_NOTIFY, b->p, b->n);
}

/* The vendor has no type of event for it; programs show the text. */
static void tell_people(struct relay *r, const char *text)
{
    Notify_GtwEvent event = { .desc = str_c(text) };
    Notify_S2C s2c = { .event = &event };
    SET(&s2c, type, Notify_NotifyType_GtwEvent);
    SET(&event, eventType, Notify_GtwEventType_None);
    send_notify(r, &s2c);
}

static const char *clock_text(int64_t ms, char out[16])
{
    time_t s = (time_t)(ms / 1000);
    struct tm tm;
    gmtime_r(&s, &tm);
    snprintf(out, 16, "%02d:%02d:%02d.%03dZ", tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(ms % 1000));
    return out;
}

void gap_begin(struct relay *r, enum lane_id id)
{
    const struct lane *k = &r->lanes[id];
    Gateway_UpdateGap_S2C s2c = { .link = str_c(lane_name(id)) };
    int64_t silent_ms = (relay_now(r) - k->c->last_rx) / NS_PER_MS;
    char text[420];
    if (r->gap[id].open)
        return;
    r->gap[id].open = true;
    r->restarted = false;
    r->gap[id].begin_ms = relay_now_ms(r) - MAX(silent_ms, 0);
    SET(&s2c, state, Gateway_UpdateGap_GapState_Began);
    SET(&s2c, beginMs, r->gap[id].begin_ms);
    snprintf(text, sizeof(text), "no %s connection to %s: %s", lane_name(id), r->name,
             lane_error(k));
    s2c.desc = str_c(text);
    send_gap(r, &s2c);
    tell_people(r, text);
}

/* A pair of the security. */
static void add_lost(struct pair *p, int64_t now_ms, Gateway_UpdateGap_Lost *out)
{
    out->subTypeList[out->n_subTypeList++] = p->key.sub_type;
    SET(out, endMs, now_ms);
    if (p->error[0])
        out->error = str_c(p->error);
    p->in_gap = !p->subscribed;         /* its return is still to be told */
    for (int i = 0; i < REHABS; i++) {
        struct stream *st = p->streams[i];
        if (!st)
            continue;
        SET(out, beginMs, st->gap_ms ? MIN(out->beginMs, st->gap_ms) : out->beginMs);
        if (!st->lost)
            continue;
        SET(out, tickersLost, true);
        SET(out, sequenceAfter, st->after);
        if (st->before)
            SET(out, sequenceBefore, st->before);
        st->lost = false;
    }
}

static futu_err fill_list(struct relay *r, int64_t now_ms, Gateway_UpdateGap_S2C *s2c)
{
    struct group *groups;
    size_t n;
    arena_reset(&r->arena);
    futu_err err = pairs_by_security(r, &r->arena, &groups, &n);
    s2c->lostList = err ? NULL : ARENA_ARRAY(&r->arena, Gateway_UpdateGap_Lost, n + 1);
    for (size_t i = 0; s2c->lostList && i < n; i++) {
        Gateway_UpdateGap_Lost *x = &s2c->lostList[s2c->n_lostList];
        x->security = &groups[i].security;
        x->subTypeList = ARENA_ARRAY(&r->arena, int32_t, groups[i].n);
        if (!x->subTypeList)
            return FUTU_ENOMEM;
        SET(x, beginMs, r->gap[LANE_QUOTE].begin_ms);
        for (struct pair *p = groups[i].first; p; p = p->of_group)
            if (p->in_gap)
                add_lost(p, now_ms, x);
        s2c->n_lostList += x->n_subTypeList > 0;
    }
    return s2c->lostList ? FUTU_OK : FUTU_ENOMEM;
}

/* Something that could not be restored with the rest is back. */
static bool late_return(struct relay *r)
{
    struct list *it, *tmp;
    list_each(it, tmp, &r->pair_list) {
        const struct pair *p = list_entry(it, struct pair, node);
        if (p->in_gap && p->subscribed)
            return true;
    }
    return false;
}

/* The first securities by name; those with trades lost for good are marked. */
static void name_some(const Gateway_UpdateGap_S2C *s2c, char *out, size_t size)
{
    enum { MOST = 6 };
    for (size_t i = 0; i < s2c->n_lostList && size > 0; i++) {
        const Gateway_UpdateGap_Lost *x = &s2c->lostList[i];
        const char *prefix = market_prefix(x->security->market);
        int n = i == MOST ? snprintf(out, size, " and more")
                          : snprintf(out, size, "%s %s.%s%s", i ? "," : ":", prefix ? prefix : "?",
                                     x->security->code.p, x->tickersLost ? " (trades lost)" : "");
        out += MIN((size_t)n, size);
        size -= MIN((size_t)n, size);
        if (i == MOST)
            return;
    }
}

void gap_over(struct relay *r, enum lane_id id)
{
    Gateway_UpdateGap_S2C s2c = { .link = str_c(lane_name(id)) };
    int64_t now_ms = relay_now_ms(r), begin = r->gap[id].begin_ms;
    char text[400], from[16], to[16];
    if (!r->gap[id].open && !(id == LANE_QUOTE && late_return(r)))
        return;
    r->gap[id].open = false;
    SET(&s2c, state, Gateway_UpdateGap_GapState_Over);
    SET(&s2c, beginMs, begin);
    SET(&s2c, endMs, now_ms);
    SET(&s2c, restarted, r->restarted);
    if (id == LANE_QUOTE && fill_list(r, now_ms, &s2c))
        s2c.n_lostList = 0;
    if (id == LANE_TRADE) {
        s2c.accIDList = r->accounts;
        s2c.n_accIDList = r->n_accounts;
    }
    int n = snprintf(text, sizeof(text), "%s of %s: nothing came from %s to %s; %zu %s",
                     lane_name(id), r->name, clock_text(begin, from), clock_text(now_ms, to),
                     id == LANE_TRADE ? s2c.n_accIDList : s2c.n_lostList,
                     id == LANE_TRADE ? "accounts" : "securities");
    name_some(&s2c, text + n, sizeof(text) - (size_t)n);
    s2c.desc = str_c(text);
    log_info("upstream %s", text);
    send_gap(r, &s2c);
    tell_people(r, text);
}

void gap_tell_state(struct relay *r)
{
    Notify_ConnectStatus status = { 0 };
    Notify_S2C s2c = { .connectStatus = &status };
    bool qot = lane_up(&r->lanes[LANE_QUOTE]) && !r->gap[LANE_QUOTE].open;
    bool trd = lane_up(&r->lanes[LANE_TRADE]);
    if (r->told && r->told_qot == qot && r->told_trd == trd)
        return;
    bool first = !r->told;
    r->told = true;
    r->told_qot = qot;
    r->told_trd = trd;
    if (first)
        return;                         /* clients have seen nothing else yet */
    SET(&s2c, type, Notify_NotifyType_ConnStatus);
    SET(&status, qotLogined, qot);
    SET(&status, trdLogined, trd);
    send_notify(r, &s2c);
}

static bool seen(struct relay *r, const Gateway_UpdateGap_S2C *s2c)
{
    for (size_t i = 0; i < MIN(r->n_far_seen, ARRAY_LEN(r->far_seen)); i++)
        if (r->far_seen[i].boot == s2c->bootID && r->far_seen[i].seq == s2c->seq)
            return true;
    unsigned at = r->n_far_seen++ % ARRAY_LEN(r->far_seen);
    r->far_seen[at].boot = s2c->bootID;
    r->far_seen[at].seq = s2c->seq;
    return false;
}

/* Its streams are stale for us too. */
static void take_far(struct relay *r, const Gateway_UpdateGap_S2C *s2c)
{
    if (!str_is(s2c->link, "quote"))
        return;
    r->far_down = s2c->state == Gateway_UpdateGap_GapState_Began;
    str_copy(r->far_name, sizeof(r->far_name), s2c->upstream);
    if (!r->far_down && r->retry.armed)
        restore_again(r);
}

bool gap_passing(struct relay *r, const uint8_t *body, size_t n)
{
    struct arena a = ARENA_INIT;
    Gateway_UpdateGap_Response rsp;
    bool news = !codec_decode(&Gateway_UpdateGap_Response_msg, &a, body, n, &rsp, NULL, NULL) &&
                rsp.s2c && !seen(r, rsp.s2c);
    if (news)
        take_far(r, rsp.s2c);
    arena_free(&a);
    return news;
}
