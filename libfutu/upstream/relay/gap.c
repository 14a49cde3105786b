/* gap.c - what clients are told of a loss: Gateway_UpdateGap when it begins and when it is over,
 * Notify with the state of the connections.
 *
 * A gap is over when all subscriptions are back and what pushes missed has been pushed. Until then
 * a further loss is part of it.
 * Tests:   test/unit/upstream/relay/restore_test.c
 */
#include <stdio.h>
#include <time.h>

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
}

/* The streams of one security stand together in no list; most securities have one or two, so that
 * each pair is told by itself. */
static void fill_lost(struct relay *r, struct pair *p, int64_t now_ms, Gateway_UpdateGap_Lost *out,
                      Qot_Common_Security *sec)
{
    int64_t begin = r->gap[LANE_QUOTE].begin_ms;
    SET(sec, market, p->market);
    sec->code = str_c(p->code);
    out->security = sec;
    out->subTypeList = &p->sub_type;
    out->n_subTypeList = 1;
    SET(out, endMs, now_ms);
    if (p->error[0])
        out->error = str_c(p->error);
    for (int i = 0; i < REHABS; i++) {
        struct stream *st = p->streams[i];
        if (!st)
            continue;
        begin = st->gap_ms ? MIN(begin, st->gap_ms) : begin;
        if (!st->lost)
            continue;
        SET(out, tickersLost, true);
        SET(out, sequenceAfter, st->after);
        if (st->before)
            SET(out, sequenceBefore, st->before);
        st->lost = false;
    }
    SET(out, beginMs, begin);
}

static futu_err fill_list(struct relay *r, int64_t now_ms, Gateway_UpdateGap_S2C *s2c)
{
    struct list *it, *tmp;
    Qot_Common_Security *secs;
    arena_reset(&r->arena);
    s2c->lostList = ARENA_ARRAY(&r->arena, Gateway_UpdateGap_Lost, r->n_pairs + 1);
    secs = ARENA_ARRAY(&r->arena, Qot_Common_Security, r->n_pairs + 1);
    if (!s2c->lostList || !secs)
        return FUTU_ENOMEM;
    list_each(it, tmp, &r->pair_list) {
        struct pair *p = list_entry(it, struct pair, node);
        size_t i = s2c->n_lostList;
        if (!pair_wanted(p))
            continue;
        s2c->n_lostList++;
        fill_lost(r, p, now_ms, &s2c->lostList[i], &secs[i]);
    }
    return FUTU_OK;
}

void gap_over(struct relay *r, enum lane_id id)
{
    Gateway_UpdateGap_S2C s2c = { .link = str_c(lane_name(id)) };
    int64_t now_ms = relay_now_ms(r), begin = r->gap[id].begin_ms;
    char text[400], from[16], to[16];
    if (!r->gap[id].open)
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
    snprintf(text, sizeof(text), "%s of %s: nothing came from %s to %s; %zu %s", lane_name(id),
             r->name, clock_text(begin, from), clock_text(now_ms, to),
             id == LANE_TRADE ? s2c.n_accIDList : s2c.n_lostList,
             id == LANE_TRADE ? "accounts" : "subscriptions");
    s2c.desc = str_c(text);
    log_info("upstream %s", text);
    send_gap(r, &s2c);
}

void gap_tell_state(struct relay *r)
{
    Notify_ConnectStatus status = { 0 };
    Notify_S2C s2c = { .connectStatus = &status };
    Notify_Response rsp = { .retMsg = STR(""), .s2c = &s2c };
    struct buf *b = &r->text;
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
    SET(&rsp, retType, RET_OK);
    SET(&rsp, errCode, 0);
    SET(&s2c, type, Notify_NotifyType_ConnStatus);
    SET(&status, qotLogined, qot);
    SET(&status, trdLogined, trd);
    b->n = 0;
    if (!codec_encode(&Notify_Response_msg, &rsp, b, NULL))
        r->o.events.notify(r->o.events.arg, PROTO_NOTIFY, b->p, b->n);
}

/* Its streams are stale for us too. */
void gap_passing(struct relay *r, const uint8_t *body, size_t n)
{
    struct arena a = ARENA_INIT;
    Gateway_UpdateGap_Response rsp;
    if (!codec_decode(&Gateway_UpdateGap_Response_msg, &a, body, n, &rsp, NULL, NULL) && rsp.s2c &&
        str_is(rsp.s2c->link, "quote")) {
        r->far_down = rsp.s2c->state == Gateway_UpdateGap_GapState_Began;
        r->far_since_ms = rsp.s2c->beginMs;
        str_copy(r->far_name, sizeof(r->far_name), rsp.s2c->upstream);
    }
    arena_free(&a);
}
