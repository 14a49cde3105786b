/* watch.c - silence: whether it is the market's or the connection's.
 *
 * Stale:   a security whose connection is down, that could not be restored, or whose market trades
 *          and which has sent nothing for STALE_AFTER.
 * Watch:   a connection may answer KeepAlives and yet push nothing. When no push has come for
 *          QUIET, the value of a stream is read again and again; if it changes from one reading to
 *          the next and still nothing is pushed a moment later, the connection counts as lost.
 * Tests:   test/unit/upstream/relay/watch_test.c
 */
#include <stdio.h>

#include "market/market.h"
#include "upstream/relay/state.h"
#include "upstream/sub_type.h"

#define LOOK_EVERY (2 * NS_PER_S)
#define QUIET (10 * NS_PER_S)
#define STALE_AFTER (60 * NS_PER_S)

static bool in_session(int32_t market, int64_t utc_ns)
{
    struct session s[3];
    size_t n = market_prefix(market) ? market_sessions(market, market_date(market, utc_ns), s) : 0;
    for (size_t i = 0; i < n; i++)
        if (utc_ns >= s[i].from && utc_ns < s[i].to)
            return true;
    return false;
}

bool stream_stale(const struct stream *st, char *why, size_t size)
{
    const struct pair *p = st->pair;
    const struct relay *r = p->r;
    int64_t silent = relay_now(r) - MAX(st->last_ns, p->since);
    if (!lane_up(&r->lanes[LANE_QUOTE]) || r->gap[LANE_QUOTE].open)
        snprintf(why, size, "no quote connection to %s", r->name);
    else if (r->far_down)
        snprintf(why, size, "the upstream has lost %s", r->far_name);
    else if (p->error[0])
        snprintf(why, size, "not restored: %s", p->error);
    else if (silent > STALE_AFTER && in_session(p->key.market, clock_wall(&r->o.clock)))
        snprintf(why, size, "nothing for %d s although its market trades",
                 (int)(silent / NS_PER_S));
    else
        return false;
    return true;
}

/* ---- is it the connection? ---- */

static uint64_t number(futu_str m, uint32_t tag)
{
    struct pb_rec v;
    return pb_first(m, tag, &v) && v.wire != PB_WIRE_BYTES ? v.v : 0;
}

/* What changes with every trade: the sequence of the last ticker, volume and price of a quote or of
 * the last k-line. 0: the answer has none. */
static uint64_t mark_of(int32_t sub_type, const uint8_t *body, size_t n)
{
    bool basic = sub_type == Qot_Common_SubType_Basic;
    uint64_t mark = 0;
    futu_str s2c;
    struct pb_rec r;
    if (!body_s2c(body, n, &s2c))
        return 0;
    struct pb_in in = pb_in_str(s2c);
    while (in.p < in.end && !pb_next(&in, &r)) {
        if (r.tag != (basic ? 1 : 2) || r.wire != PB_WIRE_BYTES)
            continue;
        futu_str m = { (const char *)r.p, r.n };
        if (sub_type == Qot_Common_SubType_Ticker)
            mark = (uint64_t)ticker_sequence(&r);
        else
            mark = number(m, basic ? 11 : 8) * 31 + number(m, basic ? 9 : 6) + 1;
    }
    return mark;
}

struct probe_call {
    struct relay *r;
    struct pair_key key;
    int rehab;
};

static void on_read(futu_client *c, futu_err err, uint8_t fmt, const uint8_t *body, size_t n,
                    void *arg)
{
    struct probe_call p = *(struct probe_call *)arg;
    struct relay *r = p.r;
    (void)c, (void)fmt;
    mem_free(arg);
    if (r->freeing)
        return;
    r->probe.asked = false;
    struct pair *pair = pair_find(r, &p.key);
    struct stream *st = pair ? pair->streams[p.rehab] : NULL;
    if (err || !st || response_ret(body, n) != RET_OK ||
        r->lanes[LANE_QUOTE].pushes != r->probe.pushes)
        return;
    uint64_t mark = mark_of(pair->key.sub_type, body, n);
    bool same = memcmp(&p.key, &r->probe.key, sizeof(p.key)) == 0;
    r->probe.suspect = same && mark && r->probe.mark && mark != r->probe.mark;
    r->probe.mark = mark;
    r->probe.key = p.key;
}

static bool read_value(struct relay *r, const struct stream *st, struct probe_call *p)
{
    const struct pair *pair = st->pair;
    struct lane *k = &r->lanes[LANE_QUOTE];
    Qot_Common_Security sec = { .code = str_c(pair->key.code) };
    SET(&sec, market, pair->key.market);
    if (pair->key.sub_type == Qot_Common_SubType_Basic) {
        Qot_GetBasicQot_C2S c2s = { .securityList = &sec, .n_securityList = 1 };
        const Qot_GetBasicQot_Request rq = { .c2s = &c2s };
        return lane_ask(k, 3004, &rq, on_read, p);
    }
    if (pair->key.sub_type == Qot_Common_SubType_Ticker) {
        Qot_GetTicker_C2S c2s = { .security = &sec };
        const Qot_GetTicker_Request rq = { .c2s = &c2s };
        SET(&c2s, maxRetNum, 1);
        return lane_ask(k, 3010, &rq, on_read, p);
    }
    Qot_GetKL_C2S c2s = { .security = &sec };
    const Qot_GetKL_Request rq = { .c2s = &c2s };
    SET(&c2s, rehabType, st->rehab);
    SET(&c2s, klType, kl_type_of_sub_type(pair->key.sub_type));
    SET(&c2s, reqNum, 1);
    return lane_ask(k, 3006, &rq, on_read, p);
}

static bool readable(const struct stream *st)
{
    int32_t t = st->pair->key.sub_type;
    return st->wanted && st->on && st->last.n > 0 &&
           (t == Qot_Common_SubType_Basic || t == Qot_Common_SubType_Ticker || sub_type_kline(t));
}

/* The stream that was alive last: if any pushes, it does. */
static struct stream *liveliest(struct relay *r)
{
    struct list *it, *tmp;
    struct stream *best = NULL;
    list_each(it, tmp, &r->pair_list) {
        struct pair *p = list_entry(it, struct pair, node);
        for (int i = 0; i < REHABS; i++) {
            struct stream *st = p->streams[i];
            if (st && readable(st) && (!best || st->last_ns > best->last_ns))
                best = st;
        }
    }
    return best;
}

static void probe(struct relay *r)
{
    struct stream *st = liveliest(r);
    struct probe_call *p = NULL;
    if (!st || relay_now(r) - MAX(st->last_ns, st->pair->since) < QUIET)
        return;
    p = mem_zalloc(sizeof(*p));
    if (!p)
        return;
    *p = (struct probe_call){ .r = r, .key = st->pair->key, .rehab = st->rehab };
    if (r->probe.pushes != r->lanes[LANE_QUOTE].pushes)
        r->probe.mark = 0;              /* pushes came since the last reading */
    r->probe.pushes = r->lanes[LANE_QUOTE].pushes;
    r->probe.asked = read_value(r, st, p);
    if (!r->probe.asked)
        mem_free(p);
}

static void on_look(struct timer *t, int64_t now)
{
    struct relay *r = container_of(t, struct relay, look);
    struct lane *k = &r->lanes[LANE_QUOTE];
    timer_set(r->o.timers, t, now + LOOK_EVERY);
    if (!lane_up(k) || r->restore || r->probe.asked)
        return;
    if (r->probe.suspect && k->pushes == r->probe.pushes) {
        r->probe.suspect = false;
        client_lose(k->c, FUTU_ENOTCONN, "pushes have stopped although the data changes");
        return;
    }
    r->probe.suspect = false;
    probe(r);
}

void watch_start(struct relay *r)
{
    r->look.fn = on_look;
    timer_set(r->o.timers, &r->look, relay_now(r) + LOOK_EVERY);
}
