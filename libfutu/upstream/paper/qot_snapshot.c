/* qot_snapshot.c - market snapshots, and the figures that the stock filter takes from them.
 *
 * All or nothing: one unknown code fails the call. Earnings, book values and dividends are 0, since
 * the paper exchange has no company reports; shares in issue and market values are its own.
 *
 * Threads: the gateway's loop thread only.
 */
#include "upstream/paper/qot.h"

#define SNAPSHOT_MAX 400
#define VOLUME_RATIO_DAYS 5

/* Volume of today against the average of the days before, both per traded minute of the day. */
static double volume_ratio(const struct bar *days, size_t n, const struct quote *q, double passed)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)days[i].qty;
    if (n == 0 || sum <= 0 || passed <= 0)
        return 0;
    return (double)q->qty / passed / (sum / (double)n);
}

/* The part of the trading day that is over, 0 to 1. */
static double day_passed(const struct paper *p, const struct security *s)
{
    struct session session[3];
    int64_t now = exchange_now(p->exchange), total = 0, passed = 0;
    int32_t date = exchange_trading_date(p->exchange, s->market);
    size_t n = exchange_sessions(p->exchange, s->market, date, session);
    for (size_t i = 0; i < n; i++) {
        total += session[i].to - session[i].from;
        passed += CLAMP(now, session[i].from, session[i].to) - session[i].from;
    }
    return total > 0 ? (double)passed / (double)total : 1.0;
}

static futu_err read_ratio(struct paper *p, struct arena *a, const struct security *s,
                           struct facts *f)
{
    const struct bar *days;
    size_t n;
    futu_err err = exchange_bars(p->exchange, s, Qot_Common_KLType_Day, 0, day_start(p, s) - 1,
                                 VOLUME_RATIO_DAYS, true, a, &days, &n);
    if (!err)
        f->volume_ratio = volume_ratio(days, n, &f->q, day_passed(p, s));
    return err;
}

static futu_err read_depth(struct paper *p, const struct security *s, struct facts *f)
{
    struct px_level bid[BOOK_LEVELS], ask[BOOK_LEVELS];
    size_t n_bid = 0, n_ask = 0;
    double buy = 0, sell = 0;
    futu_err err = FUTU_OK;
    if (s->kind != KIND_INDEX)
        err = exchange_book(p->exchange, s, bid, &n_bid, ask, &n_ask);
    if (err)
        return err;
    for (size_t i = 0; i < n_bid; i++)
        buy += (double)bid[i].qty;
    for (size_t i = 0; i < n_ask; i++)
        sell += (double)ask[i].qty;
    f->bid_ask_ratio = percent(buy - sell, buy + sell);
    return FUTU_OK;
}

futu_err facts_read(struct paper *p, struct arena *a, const struct security *s, unsigned want,
                    struct facts *f)
{
    *f = (struct facts){ .sec = s };
    futu_err err = exchange_quote(p->exchange, s, &f->q);
    if (!err && (want & FACT_5MIN))
        err = exchange_minutes_ago(p->exchange, s, 5, &f->px_5min);
    if (!err && (want & FACT_YEAR))
        err = exchange_year(p->exchange, s, &f->high52, &f->low52);
    if (!err && (want & FACT_VOLUME_RATIO))
        err = read_ratio(p, a, s, f);
    if (!err && (want & FACT_BID_ASK_RATIO))
        err = read_depth(p, s, f);
    f->amplitude = percent((double)(f->q.high - f->q.low), (double)f->q.last_close);
    f->turnover_rate = percent((double)f->q.qty, (double)s->shares);
    f->market_value = px_double(f->q.last) * (double)s->shares;
    return err;
}

static void fill_prices(const struct facts *f, Qot_GetSecuritySnapshot_SnapshotBasicData *b)
{
    const struct quote *q = &f->q;
    SET(b, priceSpread, px_double(market_step(f->sec->step_table, q->last)));
    SET(b, highPrice, px_double(q->high));
    SET(b, openPrice, px_double(q->open));
    SET(b, lowPrice, px_double(q->low));
    SET(b, lastClosePrice, px_double(q->last_close));
    SET(b, curPrice, px_double(q->last));
    SET(b, volume, q->qty);
    SET(b, turnover, q->turnover);
    SET(b, turnoverRate, f->turnover_rate);
    SET(b, askPrice, px_double(q->ask));
    SET(b, bidPrice, px_double(q->bid));
    SET(b, askVol, q->ask_qty);
    SET(b, bidVol, q->bid_qty);
    SET(b, amplitude, f->amplitude);
    SET(b, avgPrice, q->qty > 0 ? q->turnover / (double)q->qty : 0.0);
    SET(b, bidAskRatio, f->bid_ask_ratio);
    SET(b, volumeRatio, f->volume_ratio);
    SET(b, highest52WeeksPrice, px_double(f->high52));
    SET(b, lowest52WeeksPrice, px_double(f->low52));
    SET(b, closePrice5Minute, px_double(f->px_5min));
    SET(b, hpVolume, (double)q->qty);
    SET(b, hpAskVol, (double)q->ask_qty);
    SET(b, hpBidVol, (double)q->bid_qty);
}

/* Of all days; those before today are looked up once a day. */
static futu_err fill_extremes(struct paper *p, const struct facts *f,
                              Qot_GetSecuritySnapshot_SnapshotBasicData *b)
{
    struct extremes *e = &p->qot->extremes[f->sec->index];
    int32_t date = exchange_trading_date(p->exchange, f->sec->market);
    if (e->date != date) {
        futu_err err = exchange_extremes(p->exchange, f->sec, &e->high, &e->low);
        if (err)
            return err;
        e->date = date;
    }
    SET(b, highestHistoryPrice, px_double(MAX(e->high, f->high52)));
    SET(b, lowestHistoryPrice, px_double(MIN(e->low, f->low52)));
    return FUTU_OK;
}

/* Nothing trades outside of the regular session here: the volumes are 0. */
static futu_err fill_outside(struct arena *a, const struct security *s,
                             Qot_GetSecuritySnapshot_SnapshotBasicData *b)
{
    if (s->market != MARKET_US)
        return FUTU_OK;
    Qot_Common_PreAfterMarketData *d = ARENA_NEW(a, Qot_Common_PreAfterMarketData);
    if (!d)
        return FUTU_ENOMEM;
    SET(d, volume, 0);
    SET(d, turnover, 0.0);
    b->preMarket = b->afterMarket = d;
    return FUTU_OK;
}

static futu_err fill_basic(struct paper *p, struct arena *a, const struct facts *f,
                           Qot_GetSecuritySnapshot_SnapshotBasicData *b)
{
    const struct security *s = f->sec;
    b->security = make_security(a, s);
    b->name = s->name;
    b->listTime = paper_date_text(a, s->list_date);
    b->updateTime = paper_time_text(a, s->market, f->q.time);
    if (!b->security || !b->listTime.p || !b->updateTime.p)
        return FUTU_ENOMEM;
    SET(b, type, s->sec_type);
    SET(b, isSuspend, false);
    SET(b, lotSize, (int32_t)s->lot);
    SET(b, listTimestamp, paper_timestamp(paper_date_instant(s->market, s->list_date)));
    SET(b, updateTimestamp, paper_timestamp(f->q.time));
    SET(b, enableShortSell, s->short_sell);
    SET(b, secStatus, Qot_Common_SecurityStatus_Normal);
    fill_prices(f, b);
    futu_err err = fill_extremes(p, f, b);
    return err ? err : fill_outside(a, s, b);
}

static futu_err fill_equity(struct arena *a, const struct facts *f,
                            Qot_GetSecuritySnapshot_Snapshot *o)
{
    Qot_GetSecuritySnapshot_EquitySnapshotExData *e =
        ARENA_NEW(a, Qot_GetSecuritySnapshot_EquitySnapshotExData);
    if (!e)
        return FUTU_ENOMEM;
    SET(e, issuedShares, f->sec->shares);
    SET(e, issuedMarketVal, f->market_value);
    SET(e, outstandingShares, f->sec->shares);
    SET(e, outstandingMarketVal, f->market_value);
    SET(e, netAsset, 0.0);
    SET(e, netProfit, 0.0);
    SET(e, earningsPershare, 0.0);
    SET(e, netAssetPershare, 0.0);
    SET(e, eyRate, 0.0);
    SET(e, peRate, 0.0);
    SET(e, pbRate, 0.0);
    SET(e, peTTMRate, 0.0);
    SET(e, dividendTTM, 0.0);
    SET(e, dividendRatioTTM, 0.0);
    SET(e, dividendLFY, 0.0);
    SET(e, dividendLFYRatio, 0.0);
    o->equityExData = e;
    return FUTU_OK;
}

static futu_err fill_trust(struct arena *a, const struct facts *f,
                           Qot_GetSecuritySnapshot_Snapshot *o)
{
    Qot_GetSecuritySnapshot_TrustSnapshotExData *t =
        ARENA_NEW(a, Qot_GetSecuritySnapshot_TrustSnapshotExData);
    if (!t)
        return FUTU_ENOMEM;
    SET(t, dividendYield, 0.0);
    SET(t, aum, f->market_value);
    SET(t, outstandingUnits, f->sec->shares);
    SET(t, netAssetValue, px_double(f->q.last));
    SET(t, premium, 0.0);
    SET(t, assetClass, Qot_Common_AssetClass_Stock);
    o->trustExData = t;
    return FUTU_OK;
}

/* Members of an index are not in the security lists, so none of them rose or fell. */
static futu_err fill_index(struct arena *a, Qot_GetSecuritySnapshot_Snapshot *o)
{
    Qot_GetSecuritySnapshot_IndexSnapshotExData *x =
        ARENA_NEW(a, Qot_GetSecuritySnapshot_IndexSnapshotExData);
    if (!x)
        return FUTU_ENOMEM;
    SET(x, raiseCount, 0);
    SET(x, fallCount, 0);
    SET(x, equalCount, 0);
    o->indexExData = x;
    return FUTU_OK;
}

static futu_err fill_snapshot(struct paper *p, struct arena *a, const struct security *s,
                              Qot_GetSecuritySnapshot_Snapshot *o)
{
    struct facts f;
    futu_err err = facts_read(p, a, s, FACT_ALL, &f);
    if (err)
        return err;
    o->basic = ARENA_NEW(a, Qot_GetSecuritySnapshot_SnapshotBasicData);
    if (!o->basic)
        return FUTU_ENOMEM;
    err = fill_basic(p, a, &f, o->basic);
    if (err)
        return err;
    if (s->sec_type == Qot_Common_SecurityType_Eqty)
        return fill_equity(a, &f, o);
    if (s->sec_type == Qot_Common_SecurityType_Trust)
        return fill_trust(a, &f, o);
    return s->sec_type == Qot_Common_SecurityType_Index ? fill_index(a, o) : FUTU_OK;
}

/* Securities that nobody has looked at take time: 400 of them more than a loop turn should have. */
futu_err qot_snapshot(struct paper *p, struct call *c)
{
    const Qot_GetSecuritySnapshot_C2S *q = CALL_C2S(c, Qot_GetSecuritySnapshot);
    const struct security **secs = c->state;
    if (!secs) {
        Qot_GetSecuritySnapshot_S2C *made = CALL_S2C(c, Qot_GetSecuritySnapshot);
        if (!made)
            return FUTU_ENOMEM;
        futu_err err = call_securities(p, c, q->securityList, q->n_securityList, SNAPSHOT_MAX,
                                       &secs);
        if (err)
            return err;
        made->snapshotList = ARENA_ARRAY(c->arena, Qot_GetSecuritySnapshot_Snapshot,
                                         q->n_securityList);
        if (!made->snapshotList)
            return FUTU_ENOMEM;
        c->state = secs;
    }
    Qot_GetSecuritySnapshot_S2C *s2c = ((Qot_GetSecuritySnapshot_Response *)c->response)->s2c;
    while (s2c->n_snapshotList < q->n_securityList) {
        size_t i = s2c->n_snapshotList++;
        futu_err err = fill_snapshot(p, c->arena, secs[i], &s2c->snapshotList[i]);
        if (err)
            return err;
        if (call_out_of_time(p, c) && s2c->n_snapshotList < q->n_securityList)
            return FUTU_EAGAIN;
    }
    return FUTU_OK;
}
