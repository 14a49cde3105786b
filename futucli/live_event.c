/* live_event.c - see live_event.h. */
#include "live_event.h"

#include <futu/futu.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "names.h"
#include "when.h"

enum { NOTIFY = 1003, GAP = 60002 };
#define LOST_SHOWN 2
/* Sequences of some gateways are no counters: a larger difference says nothing about how many. */
#define COUNTABLE 1000000

static void add(struct live_event *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(struct live_event *e, const char *fmt, ...)
{
    size_t n = strlen(e->text);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(e->text + n, sizeof(e->text) - n, fmt, ap);
    va_end(ap);
}

static const char *text_or(futu_str s, const char *none)
{
    return s.p && s.n ? s.p : none;
}

static void add_code(struct live_event *e, const Qot_Common_Security *s)
{
    const char *market = name_of(names_market, s->market);
    add(e, "%s.%s", market ? market : "?", text_or(s->code, "?"));
}

static void add_tickers(struct live_event *e, const Gateway_UpdateGap_Lost *lost)
{
    int64_t n = lost->sequenceBefore - lost->sequenceAfter - 1;
    add(e, ", ");
    if (lost->has_sequenceBefore && lost->has_sequenceAfter && n > 0 && n < COUNTABLE)
        add(e, "%lld ", (long long)n);
    add(e, "%s of ", n == 1 ? "ticker" : "tickers");
    add_code(e, lost->security);
    add(e, " lost");
}

static void add_all_lost(struct live_event *e, const Gateway_UpdateGap_S2C *m)
{
    size_t shown = 0, more = 0;
    for (size_t i = 0; i < m->n_lostList; i++) {
        const Gateway_UpdateGap_Lost *lost = &m->lostList[i];
        if (!lost->tickersLost && !text_or(lost->error, NULL))
            continue;
        if (shown++ >= LOST_SHOWN) {
            more++;
            continue;
        }
        if (lost->tickersLost)
            add_tickers(e, lost);
        if (!text_or(lost->error, NULL))
            continue;
        add(e, ", ");
        add_code(e, lost->security);
        add(e, " stays stale: %s", lost->error.p);
    }
    if (more > 0)
        add(e, ", and %zu more", more);
}

static bool read_gap(const Gateway_UpdateGap_S2C *m, struct live_event *out)
{
    char begin[WHEN_TEXT], end[WHEN_TEXT];
    bool trade = strcmp(text_or(m->link, ""), "trade") == 0;
    clock_text((double)m->beginMs, begin);
    snprintf(out->about, sizeof(out->about), "%llu %.16s", (unsigned long long)m->bootID,
             text_or(m->link, ""));
    out->type = "gap";
    out->at = time(NULL);
    out->going_on = m->state == Gateway_UpdateGap_GapState_Began;
    if (out->going_on) {
        add(out, "no %s from %s since %s, reconnecting", trade ? "order events" : "data",
            text_or(m->upstream, "the upstream"), begin);
        return true;
    }
    add(out, "%sgap %s-%s over", trade ? "trade " : "", begin,
        clock_text((double)(m->has_endMs ? m->endMs : m->beginMs), end));
    if (m->restarted)
        add(out, ", %s has been restarted", text_or(m->upstream, "the upstream"));
    if (m->n_lostList > 0)
        add(out, ", %zu %s", m->n_lostList, m->n_lostList == 1 ? "security" : "securities");
    if (m->n_accIDList > 0)
        add(out, ", %zu %s", m->n_accIDList, m->n_accIDList == 1 ? "account" : "accounts");
    add_all_lost(out, m);
    return true;
}

void event_links(bool quotes, bool trading, struct live_event *out)
{
    char clock[WHEN_TEXT];
    *out = (struct live_event){ .type = "connection", .about = "connection", .at = time(NULL),
                                .going_on = !quotes || !trading };
    add(out, "the gateway says at %s: quotes %s, trading %s",
        clock_text((double)out->at * 1000, clock), quotes ? "up" : "down",
        trading ? "up" : "down");
}

static bool read_notify(const Notify_S2C *m, struct live_event *out)
{
    const Notify_ConnectStatus *s = m->connectStatus;
    if (m->type != Notify_NotifyType_ConnStatus || !s)
        return false;
    event_links(s->qotLogined, s->trdLogined, out);
    return true;
}

bool event_read(uint32_t proto, const void *msg, struct live_event *out)
{
    memset(out, 0, sizeof(*out));
    if (proto == GAP)
        return read_gap(((const Gateway_UpdateGap_Response *)msg)->s2c, out);
    if (proto == NOTIFY)
        return read_notify(((const Notify_Response *)msg)->s2c, out);
    return false;
}

/* ---- the lines on the screen, the oldest first, empty places last ---- */

static void drop(struct live_event list[EVENT_LINES], int i)
{
    memmove(&list[i], &list[i + 1], (size_t)(EVENT_LINES - 1 - i) * sizeof(*list));
    list[EVENT_LINES - 1] = (struct live_event){ .at = 0 };
}

static int count(const struct live_event list[EVENT_LINES])
{
    int n = 0;
    while (n < EVENT_LINES && list[n].text[0])
        n++;
    return n;
}

void event_keep(struct live_event list[EVENT_LINES], const struct live_event *e)
{
    int n = count(list), out = n == EVENT_LINES ? 0 : -1;
    for (int i = n - 1; i >= 0 && out >= 0; i--)
        if (!list[i].going_on)
            out = i;
    for (int i = 0; i < n; i++)
        if (strcmp(list[i].about, e->about) == 0)
            out = i;
    if (out >= 0) {
        drop(list, out);
        n--;
    }
    list[n] = *e;
}

int event_settle(struct live_event list[EVENT_LINES])
{
    int64_t now = time(NULL);
    for (int i = count(list) - 1; i >= 0; i--)
        if (!list[i].going_on && now - list[i].at >= EVENT_SECONDS)
            drop(list, i);
    return count(list);
}
