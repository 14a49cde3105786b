/* loss.c - what clients are told of a loss: Gateway_UpdateGap when it begins and when it is over,
 * and Notify with the same for people and with the state of the connections.
 *
 * Quotes:  from the loss of the platform until all streams are subscribed again. Trades between are
 *          gone for good: no command that fetches them is known.
 * Trading: from the loss of a broker until its orders and fills have been read again.
 * Tests:   test/unit/upstream/broker/gap_test.c
 */
#include <stdio.h>

#include "base/log.h"
#include "upstream/broker/state.h"

static int64_t wall_ms(const struct broker *b)
{
    return clock_wall(&b->o.clock) / NS_PER_MS;
}

static void send(struct broker *b, uint32_t proto, const futu_msg *m, void *s2c)
{
    struct buf out = BUF_INIT;
    struct arena a = ARENA_INIT;
    if (put_push(m, &a, s2c, &out) == FUTU_OK)
        b->o.events.notify(b->o.events.arg, proto, out.p, out.n);
    else
        log_error("broker: a gap can't be told: out of memory");
    arena_free(&a);
    buf_free(&out);
}

static void send_gap(struct broker *b, Gateway_UpdateGap_S2C *s2c, const char *link,
                     const char *text)
{
    Notify_GtwEvent event = { .desc = str_c(text) };
    Notify_S2C note = { .event = &event };
    SET(s2c, bootID, b->o.boot_id);
    SET(s2c, seq, ++b->gap_seq);
    s2c->link = str_c(link);
    s2c->upstream = str_c(b->name);
    s2c->desc = str_c(text);
    send(b, PROTO_GAP, &Gateway_UpdateGap_Response_msg, s2c);
    SET(&note, type, Notify_NotifyType_GtwEvent);
    SET(&event, eventType, Notify_GtwEventType_None);
    send(b, PROTO_NOTIFY, &Notify_Response_msg, &note);
}

static void begin(struct broker *b, struct gap *g, const char *link, int64_t since_ms,
                  const char *why)
{
    Gateway_UpdateGap_S2C s2c = { 0 };
    char text[CHANNEL_WHY + 100];
    if (g->open)
        return;
    g->open = true;
    g->begin_ms = since_ms;
    SET(&s2c, state, Gateway_UpdateGap_GapState_Began);
    SET(&s2c, beginMs, since_ms);
    snprintf(text, sizeof(text), "%s: %s", link, why);
    send_gap(b, &s2c, link, text);
}

/* ---- quotes ---- */

void loss_quote_begin(struct broker *b, const char *why)
{
    int64_t silent = b->last_push ? (broker_now(b) - b->last_push) / NS_PER_MS : 0;
    if (quote_streams(b))
        begin(b, &b->gap, "quote", wall_ms(b) - MAX(silent, 0), why);
}

static void add_lost(const struct stock *s, const struct gap *g, int64_t now_ms,
                     Gateway_UpdateGap_Lost *out)
{
    static const int32_t subs[KINDS] = { Qot_Common_SubType_Basic, Qot_Common_SubType_OrderBook,
                                         Qot_Common_SubType_Ticker };
    SET(out, beginMs, g->begin_ms);
    SET(out, endMs, now_ms);
    for (int k = 0; k < KINDS; k++) {
        if (!s->wanted[k])
            continue;
        out->subTypeList[out->n_subTypeList++] = subs[k];
        if (s->last_ms[k])
            SET(out, beginMs, MIN(out->beginMs, s->last_ms[k]));
    }
    if (!s->wanted[KIND_TICKS])
        return;
    SET(out, tickersLost, true);
    SET(out, sequenceAfter, s->last_seq);
}

static futu_err fill_lost(struct broker *b, struct arena *a, int64_t now_ms,
                          Gateway_UpdateGap_S2C *s2c)
{
    struct list *it, *tmp;
    s2c->lostList = ARENA_ARRAY(a, Gateway_UpdateGap_Lost, b->by_key.n + 1);
    if (!s2c->lostList)
        return FUTU_ENOMEM;
    list_each(it, tmp, &b->stocks) {
        const struct stock *s = list_entry(it, struct stock, node);
        Gateway_UpdateGap_Lost *out = &s2c->lostList[s2c->n_lostList];
        if (!s->wanted[KIND_BASIC] && !s->wanted[KIND_BOOK] && !s->wanted[KIND_TICKS])
            continue;
        out->security = stock_security(s, a);
        out->subTypeList = ARENA_ARRAY(a, int32_t, KINDS);
        if (!out->security || !out->subTypeList)
            return FUTU_ENOMEM;
        add_lost(s, &b->gap, now_ms, out);
        s2c->n_lostList++;
    }
    return FUTU_OK;
}

void loss_quote_over(struct broker *b)
{
    Gateway_UpdateGap_S2C s2c = { 0 };
    struct arena a = ARENA_INIT;
    char text[120];
    int64_t now_ms = wall_ms(b);
    if (!b->gap.open || b->tripped)
        return;
    b->gap.open = false;
    SET(&s2c, state, Gateway_UpdateGap_GapState_Over);
    SET(&s2c, beginMs, b->gap.begin_ms);
    SET(&s2c, endMs, now_ms);
    if (fill_lost(b, &a, now_ms, &s2c))
        s2c.n_lostList = 0;
    snprintf(text, sizeof(text), "quotes: nothing came for %lld ms; %zu securities",
             (long long)(now_ms - b->gap.begin_ms), s2c.n_lostList);
    log_info("broker: %s", text);
    send_gap(b, &s2c, "quote", text);
    arena_free(&a);
    loss_tell_state(b);
}

/* ---- trading ---- */

void loss_trade_begin(struct firm *f, const char *why)
{
    if (f->known)
        begin(f->b, &f->gap, "trade", wall_ms(f->b), why);
}

void loss_trade_over(struct firm *f)
{
    Gateway_UpdateGap_S2C s2c = { 0 };
    uint64_t ids[FIRM_ACCOUNTS];
    char text[120];
    int64_t now_ms = wall_ms(f->b);
    if (!f->gap.open)
        return;
    f->gap.open = false;
    SET(&s2c, state, Gateway_UpdateGap_GapState_Over);
    SET(&s2c, beginMs, f->gap.begin_ms);
    SET(&s2c, endMs, now_ms);
    for (size_t i = 0; i < f->n_accounts; i++)
        ids[s2c.n_accIDList++] = f->accounts[i].id;
    s2c.accIDList = ids;
    snprintf(text, sizeof(text), "%s: nothing came for %lld ms; %zu accounts", f->name,
             (long long)(now_ms - f->gap.begin_ms), f->n_accounts);
    log_info("%s", text);
    send_gap(f->b, &s2c, "trade", text);
}

/* ---- states ---- */

/* Which rights there are now is not told in a form that is known: no push of rights is made up. */
void loss_tell_rights(struct broker *b)
{
    static const char text[] = "the platform has changed the quote rights of this login: another "
                               "terminal may have taken the highest; quotes may be of a lower "
                               "level, or stop";
    Notify_GtwEvent event = { .desc = STR(text) };
    Notify_S2C s2c = { .event = &event };
    log_warn("broker: %s", text);
    SET(&s2c, type, Notify_NotifyType_GtwEvent);
    SET(&event, eventType, Notify_GtwEventType_None);
    send(b, PROTO_NOTIFY, &Notify_Response_msg, &s2c);
}

void loss_tell_state(struct broker *b)
{
    Notify_ConnectStatus status = { 0 };
    Notify_S2C s2c = { .connectStatus = &status };
    struct upstream_state st;
    b->base.ops->state(&b->base, &st);
    bool qot = st.qot_logined && !b->gap.open;
    if (b->told && b->told_qot == qot && b->told_trd == st.trd_logined)
        return;
    bool first = !b->told;
    b->told = true;
    b->told_qot = qot;
    b->told_trd = st.trd_logined;
    if (first)
        return;                         /* clients have seen nothing else yet */
    SET(&s2c, type, Notify_NotifyType_ConnStatus);
    SET(&status, qotLogined, qot);
    SET(&status, trdLogined, st.trd_logined);
    send(b, PROTO_NOTIFY, &Notify_Response_msg, &s2c);
}
