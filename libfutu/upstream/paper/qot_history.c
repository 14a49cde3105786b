/* qot_history.c - history k-lines with pages and quota, rehab factors, trading days.
 *
 * Page key: 16 bytes, the start of the next bar and a digest of the request it continues, so that a
 * key can't be carried over to another security or period. Absent on the last page.
 * Quota: one per security and window of seven days, counted by the first request that succeeds.
 * Rehab: the paper exchange knows no corporate actions, so the three rehab types are equal.
 *
 * Threads: the gateway's loop thread only.
 */
#include "upstream/paper/qot.h"

#include <stdio.h>

#include "base/mem.h"

#define PAGE_MAX 10000      /* bars when the asker names no number: about 1 MB */
#define DEPTH_MINUTES (8 * INT64_C(366) * 24 * 3600 * NS_PER_S)
#define DEPTH_DAYS (20 * INT64_C(366) * 24 * 3600 * NS_PER_S)
#define TRADE_DAYS_MAX (20 * 366)

struct page_key {
    int64_t next;
    uint64_t digest;
};

futu_err check_rehab(struct call *c, int32_t rehab)
{
    if (rehab >= Qot_Common_RehabType_None && rehab <= Qot_Common_RehabType_Backward)
        return FUTU_OK;
    return call_fail(c, "rehabType: %d is not in 0..2", (int)rehab);
}

static void quota_expire(struct paper *p)
{
    struct qot *q = p->qot;
    int64_t oldest = clock_wall(p->sys) - KL_QUOTA_WINDOW_S * NS_PER_S;
    size_t n = 0;
    for (size_t i = 0; i < q->n_kl_used; i++)
        if (q->kl_used[i].first > oldest)
            q->kl_used[n++] = q->kl_used[i];
    q->n_kl_used = n;
}

size_t history_quota_used(struct paper *p)
{
    quota_expire(p);
    return p->qot->n_kl_used;
}

/* Takes the security's quota unless it has been taken within the window. */
static futu_err quota_take(struct paper *p, struct call *c, const struct security *s)
{
    struct qot *q = p->qot;
    quota_expire(p);
    for (size_t i = 0; i < q->n_kl_used; i++)
        if (q->kl_used[i].sec == s)
            return FUTU_OK;
    if (q->n_kl_used == PAPER_KL_QUOTA)
        return call_fail(c, "历史K线额度不足: %d securities within 7 days are used up", PAPER_KL_QUOTA);
    q->kl_used[q->n_kl_used++] = (struct kl_used){ .sec = s, .first = clock_wall(p->sys) };
    return FUTU_OK;
}

struct range {
    int64_t begin, end;     /* labels, both inclusive */
    int64_t from, to;       /* starts of bars that can have such labels */
    size_t max;
    uint64_t digest;
};

static uint64_t request_digest(const Qot_RequestHistoryKL_C2S *q)
{
    char text[160];
    int n = snprintf(text, sizeof(text), "%d|%d|%d|" STR_FMT "|" STR_FMT "|" STR_FMT,
                     (int)q->rehabType, (int)q->klType, (int)q->security->market,
                     (int)MIN(q->security->code.n, 32), q->security->code.p,
                     (int)MIN(q->beginTime.n, 24), q->beginTime.p, (int)MIN(q->endTime.n, 24),
                     q->endTime.p);
    return str_hash((futu_str){ text, (size_t)CLAMP(n, 0, (int)sizeof(text) - 1) });
}

static futu_err read_key(struct call *c, futu_str key, struct range *r)
{
    struct page_key k;
    if (!key.p || key.n == 0)
        return FUTU_OK;
    if (key.n != sizeof(k))
        return call_fail(c, "nextReqKey: not a key of this gateway");
    memcpy(&k, key.p, sizeof(k));
    if (k.digest != r->digest || k.next < r->from || k.next > r->to)
        return call_fail(c, "nextReqKey: belongs to another request");
    r->from = k.next;
    return FUTU_OK;
}

static futu_err read_range(struct paper *p, struct call *c, const Qot_RequestHistoryKL_C2S *q,
                           const struct security *s, struct range *r)
{
    int64_t now = exchange_now(p->exchange);
    int64_t minutes = period_minutes(q->klType);
    futu_err err = call_time(c, s->market, "beginTime", q->beginTime, false, &r->begin);
    if (!err)
        err = call_time(c, s->market, "endTime", q->endTime, true, &r->end);
    if (err)
        return err;
    if (r->begin > r->end)
        return call_fail(c, "beginTime is after endTime");
    if (q->has_maxAckKLNum && q->maxAckKLNum < 0)
        return call_fail(c, "maxAckKLNum: %d is negative", (int)q->maxAckKLNum);
    r->max = q->maxAckKLNum > 0 ? (size_t)MIN(q->maxAckKLNum, PAGE_MAX) : PAGE_MAX;
    r->begin = MAX(r->begin, now - (minutes ? DEPTH_MINUTES : DEPTH_DAYS));
    r->digest = request_digest(q);
    /* A minute bar is named by its end, a longer one by the midnight before it starts. */
    r->from = r->begin - minutes * 60 * NS_PER_S;
    r->to = now;
    if (r->end < now)
        r->to = MIN(now, minutes ? r->end : r->end + 24 * 3600 * NS_PER_S);
    return read_key(c, q->nextReqKey, r);
}

/* Drops bars at both ends whose label is outside of what was asked. */
static void trim(int32_t kl_type, const struct range *r, const struct bar **bars, size_t *n)
{
    while (*n > 0 && bar_label(kl_type, *bars) < r->begin) {
        ++*bars;
        --*n;
    }
    while (*n > 0 && bar_label(kl_type, &(*bars)[*n - 1]) > r->end)
        --*n;
}

static futu_err put_key(struct arena *a, const struct range *r, int64_t next, futu_str *out)
{
    struct page_key k = { .next = next, .digest = r->digest };
    out->p = arena_copy(a, &k, sizeof(k));
    out->n = sizeof(k);
    return out->p ? FUTU_OK : FUTU_ENOMEM;
}

static futu_err history_page(struct paper *p, struct call *c, const Qot_RequestHistoryKL_C2S *q,
                             const struct security *s, const struct range *r)
{
    Qot_RequestHistoryKL_S2C *s2c = CALL_S2C(c, Qot_RequestHistoryKL);
    const struct bar *bars = NULL;
    size_t n = 0;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = FUTU_OK;
    if (r->from <= r->to)       /* 2 more: one may be trimmed in front, one tells of a next page */
        err = exchange_bars(p->exchange, s, q->klType, r->from, r->to, r->max + 2, false, c->arena,
                            &bars, &n);
    if (err)
        return err;
    trim(q->klType, r, &bars, &n);
    if (n > r->max)
        err = put_key(c->arena, r, bars[r->max].time, &s2c->nextReqKey);
    s2c->n_klList = MIN(n, r->max);
    s2c->security = make_security(c->arena, s);
    s2c->name = s->name;
    if (err)
        return err;
    return make_klines(c->arena, s, q->klType, q->needKLFieldsFlag, bars, s2c->n_klList,
                       &s2c->klList);
}

futu_err qot_history_kl(struct paper *p, struct call *c)
{
    const Qot_RequestHistoryKL_C2S *q = CALL_C2S(c, Qot_RequestHistoryKL);
    const struct security *s;
    struct range r;
    futu_err err = call_security(p, c, q->security, &s);
    if (err)
        return err;
    if (!kl_type_valid(q->klType))
        return call_fail(c, "klType: %d is not a k-line type", (int)q->klType);
    err = check_rehab(c, q->rehabType);
    if (!err)
        err = read_range(p, c, q, s, &r);
    if (!err)
        err = quota_take(p, c, s);
    return err ? err : history_page(p, c, q, s, &r);
}

static futu_err fill_detail(struct call *c, const struct kl_used *u,
                            Qot_RequestHistoryKLQuota_DetailItem *d)
{
    d->security = make_security(c->arena, u->sec);
    d->name = u->sec->name;
    d->requestTime = paper_time_text(c->arena, u->sec->market, u->first);
    SET(d, requestTimeStamp, u->first / NS_PER_S);
    return d->security && d->requestTime.p ? FUTU_OK : FUTU_ENOMEM;
}

futu_err qot_history_quota(struct paper *p, struct call *c)
{
    const Qot_RequestHistoryKLQuota_C2S *q = CALL_C2S(c, Qot_RequestHistoryKLQuota);
    Qot_RequestHistoryKLQuota_S2C *s2c = CALL_S2C(c, Qot_RequestHistoryKLQuota);
    if (!s2c)
        return FUTU_ENOMEM;
    size_t used = history_quota_used(p);
    SET(s2c, usedQuota, (int32_t)used);
    SET(s2c, remainQuota, (int32_t)(PAPER_KL_QUOTA - used));
    if (!q->bGetDetail)
        return FUTU_OK;
    s2c->detailList = ARENA_ARRAY(c->arena, Qot_RequestHistoryKLQuota_DetailItem, used);
    if (!s2c->detailList)
        return FUTU_ENOMEM;
    futu_err err = FUTU_OK;
    for (size_t i = 0; i < used && !err; i++)
        err = fill_detail(c, &p->qot->kl_used[i], &s2c->detailList[s2c->n_detailList++]);
    return err;
}

futu_err qot_rehab(struct paper *p, struct call *c)
{
    const Qot_RequestRehab_C2S *q = CALL_C2S(c, Qot_RequestRehab);
    const struct security *s;
    if (!CALL_S2C(c, Qot_RequestRehab))
        return FUTU_ENOMEM;
    return call_security(p, c, q->security, &s);
}

/* The one or two markets that must be open on a day of a TradeDateMarket; 0: not one of ours. */
static bool trade_date_markets(int32_t which, int32_t market[2])
{
    static const int32_t rows[][3] = {
        { Qot_Common_TradeDateMarket_HK, MARKET_HK, MARKET_HK },
        { Qot_Common_TradeDateMarket_US, MARKET_US, MARKET_US },
        { Qot_Common_TradeDateMarket_CN, MARKET_SH, MARKET_SH },
        { Qot_Common_TradeDateMarket_NT, MARKET_SH, MARKET_HK },    /* Stock Connect: both open */
        { Qot_Common_TradeDateMarket_ST, MARKET_HK, MARKET_SH },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        market[0] = rows[i][1];
        market[1] = rows[i][2];
        if (rows[i][0] == which)
            return true;
    }
    return false;
}

static futu_err fill_trade_date(struct paper *p, struct call *c, int32_t market, int32_t date,
                                Qot_RequestTradeDate_TradeDate *d)
{
    bool whole = exchange_always_open(p->exchange);
    d->time = paper_date_text(c->arena, date);
    SET(d, timestamp, paper_timestamp(paper_date_instant(market, date)));
    SET(d, tradeDateType,
        whole ? Qot_Common_TradeDateType_Whole : market_trade_date_type(market, date));
    return d->time.p ? FUTU_OK : FUTU_ENOMEM;
}

static futu_err list_trade_dates(struct paper *p, struct call *c, const int32_t market[2],
                                 int32_t from, int32_t to)
{
    Qot_RequestTradeDate_S2C *s2c = CALL_S2C(c, Qot_RequestTradeDate);
    size_t days = 0;
    if (!s2c)
        return FUTU_ENOMEM;
    for (int32_t d = from; d <= to; d = date_add(d, 1))
        if (++days > TRADE_DAYS_MAX)
            return call_fail(c, "beginTime to endTime: more than %d days", TRADE_DAYS_MAX);
    s2c->tradeDateList = ARENA_ARRAY(c->arena, Qot_RequestTradeDate_TradeDate, days);
    if (!s2c->tradeDateList)
        return FUTU_ENOMEM;
    futu_err err = FUTU_OK;
    for (int32_t d = from; d <= to && !err; d = date_add(d, 1))
        if (exchange_is_trading_day(p->exchange, market[0], d) &&
            exchange_is_trading_day(p->exchange, market[1], d))
            err = fill_trade_date(p, c, market[0], d, &s2c->tradeDateList[s2c->n_tradeDateList++]);
    return err;
}

futu_err qot_trade_date(struct paper *p, struct call *c)
{
    const Qot_RequestTradeDate_C2S *q = CALL_C2S(c, Qot_RequestTradeDate);
    const struct security *s = NULL;
    int32_t market[2];
    int64_t begin, end;
    futu_err err = q->security ? call_security(p, c, q->security, &s) : FUTU_OK;
    if (err)
        return err;
    if (s)
        market[0] = market[1] = s->market;
    else if (!trade_date_markets(q->market, market))
        return call_fail(c, "market: the paper exchange has no calendar of TradeDateMarket %d",
                         (int)q->market);
    err = call_time(c, market[0], "beginTime", q->beginTime, false, &begin);
    if (!err)
        err = call_time(c, market[0], "endTime", q->endTime, true, &end);
    if (err)
        return err;
    return list_trade_dates(p, c, market, market_date(market[0], begin),
                            market_date(market[0], end));
}
