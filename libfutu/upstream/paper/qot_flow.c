/* qot_flow.c - capital flow and distribution, from the day's ticks by the size of each trade.
 *
 * A trade that a buyer started is money in, one that a seller started is money out. Classes by
 * turnover in the currency of the security: super from 1,000,000, big from 200,000, mid from
 * 40,000. Flow items are sums from the day's start, one per minute, so the last one equals the
 * distribution.
 *
 * Threads: the gateway's loop thread only.
 */
#include "upstream/paper/qot.h"

#define TICKS_MAX 10000000

enum { SUPER, BIG, MID, SMALL, CLASSES };

struct flow {
    double in[CLASSES], out[CLASSES];
};

static int class_of(double turnover)
{
    if (turnover >= 1e6)
        return SUPER;
    if (turnover >= 2e5)
        return BIG;
    return turnover >= 4e4 ? MID : SMALL;
}

static void add_tick(struct flow *f, const struct tick *t)
{
    double turnover = px_double(t->turnover);
    int class = class_of(turnover);
    if (t->dir == Qot_Common_TickerDirection_Bid)
        f->in[class] += turnover;
    else if (t->dir == Qot_Common_TickerDirection_Ask)
        f->out[class] += turnover;
}

static futu_err read_ticks(struct paper *p, struct call *c, const Qot_Common_Security *sec,
                           const struct security **s, const struct tick **ticks, size_t *n)
{
    futu_err err = call_security(p, c, sec, s);
    if (!err)
        err = exchange_ticks(p->exchange, *s, 0, TICKS_MAX, c->arena, ticks, n);
    return err;
}

futu_err qot_capital_distribution(struct paper *p, struct call *c)
{
    const Qot_GetCapitalDistribution_C2S *q = CALL_C2S(c, Qot_GetCapitalDistribution);
    Qot_GetCapitalDistribution_S2C *s2c = CALL_S2C(c, Qot_GetCapitalDistribution);
    const struct security *s;
    const struct tick *ticks;
    struct flow f = { { 0 }, { 0 } };
    size_t n;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = read_ticks(p, c, q->security, &s, &ticks, &n);
    if (err)
        return err;
    for (size_t i = 0; i < n; i++)
        add_tick(&f, &ticks[i]);
    int64_t at = n > 0 ? ticks[n - 1].time : day_start(p, s);
    SET(s2c, capitalInSuper, f.in[SUPER]);
    SET(s2c, capitalInBig, f.in[BIG]);
    SET(s2c, capitalInMid, f.in[MID]);
    SET(s2c, capitalInSmall, f.in[SMALL]);
    SET(s2c, capitalOutSuper, f.out[SUPER]);
    SET(s2c, capitalOutBig, f.out[BIG]);
    SET(s2c, capitalOutMid, f.out[MID]);
    SET(s2c, capitalOutSmall, f.out[SMALL]);
    SET(s2c, updateTimestamp, paper_timestamp(at));
    s2c->updateTime = paper_time_text(c->arena, s->market, at);
    return s2c->updateTime.p ? FUTU_OK : FUTU_ENOMEM;
}

static futu_err fill_item(struct arena *a, int32_t market, int64_t minute, const struct flow *f,
                          Qot_GetCapitalFlow_CapitalFlowItem *out)
{
    double net[CLASSES];
    for (int i = 0; i < CLASSES; i++)
        net[i] = f->in[i] - f->out[i];
    SET(out, inFlow, net[SUPER] + net[BIG] + net[MID] + net[SMALL]);
    SET(out, mainInFlow, net[SUPER] + net[BIG]);
    SET(out, superInFlow, net[SUPER]);
    SET(out, bigInFlow, net[BIG]);
    SET(out, midInFlow, net[MID]);
    SET(out, smlInFlow, net[SMALL]);
    SET(out, timestamp, paper_timestamp(minute));
    out->time = paper_time_text(a, market, minute);
    return out->time.p ? FUTU_OK : FUTU_ENOMEM;
}

static int64_t minute_of(const struct tick *t)
{
    return t->time / (60 * NS_PER_S) * (60 * NS_PER_S);
}

static futu_err fill_items(struct arena *a, int32_t market, const struct tick *ticks, size_t n,
                           Qot_GetCapitalFlow_S2C *s2c)
{
    struct flow f = { { 0 }, { 0 } };
    size_t minutes = 0;
    for (size_t i = 0; i < n; i++)
        minutes += i + 1 == n || minute_of(&ticks[i]) != minute_of(&ticks[i + 1]);
    s2c->flowItemList = ARENA_ARRAY(a, Qot_GetCapitalFlow_CapitalFlowItem, minutes);
    if (!s2c->flowItemList)
        return FUTU_ENOMEM;
    futu_err err = FUTU_OK;
    for (size_t i = 0; i < n && !err; i++) {
        add_tick(&f, &ticks[i]);
        if (i + 1 == n || minute_of(&ticks[i]) != minute_of(&ticks[i + 1]))
            err = fill_item(a, market, minute_of(&ticks[i]), &f,
                            &s2c->flowItemList[s2c->n_flowItemList++]);
    }
    return err;
}

futu_err qot_capital_flow(struct paper *p, struct call *c)
{
    const Qot_GetCapitalFlow_C2S *q = CALL_C2S(c, Qot_GetCapitalFlow);
    Qot_GetCapitalFlow_S2C *s2c = CALL_S2C(c, Qot_GetCapitalFlow);
    const struct security *s;
    const struct tick *ticks;
    size_t n;
    if (!s2c)
        return FUTU_ENOMEM;
    if (q->has_periodType && q->periodType > Qot_Common_PeriodType_INTRADAY)
        return call_fail(c, "periodType: the paper exchange keeps trades of the current day only");
    futu_err err = read_ticks(p, c, q->security, &s, &ticks, &n);
    if (!err)
        err = fill_items(c->arena, s->market, ticks, n, s2c);
    if (err)
        return err;
    int64_t at = n > 0 ? ticks[n - 1].time : day_start(p, s);
    SET(s2c, lastValidTimestamp, paper_timestamp(at));
    s2c->lastValidTime = paper_time_text(c->arena, s->market, at);
    return s2c->lastValidTime.p ? FUTU_OK : FUTU_ENOMEM;
}
