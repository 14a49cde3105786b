/* qot_flow.c - capital flow and distribution of the day, by the size of each trade.
 *
 * Flow items are sums from the day's start, one per minute, so the last one is the distribution's
 * money in less money out.
 *
 * Threads: the gateway's loop thread only.
 */
#include "upstream/paper/qot.h"

futu_err qot_capital_distribution(struct paper *p, struct call *c)
{
    const Qot_GetCapitalDistribution_C2S *q = CALL_C2S(c, Qot_GetCapitalDistribution);
    Qot_GetCapitalDistribution_S2C *s2c = CALL_S2C(c, Qot_GetCapitalDistribution);
    const struct security *s;
    struct quote quote;
    struct money m;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = call_security(p, c, q->security, &s);
    if (!err)
        err = exchange_quote(p->exchange, s, &quote);
    if (!err)
        err = exchange_money(p->exchange, s, &m);
    if (err)
        return err;
    SET(s2c, capitalInSuper, px_double(m.in[MONEY_SUPER]));
    SET(s2c, capitalInBig, px_double(m.in[MONEY_BIG]));
    SET(s2c, capitalInMid, px_double(m.in[MONEY_MID]));
    SET(s2c, capitalInSmall, px_double(m.in[MONEY_SMALL]));
    SET(s2c, capitalOutSuper, px_double(m.out[MONEY_SUPER]));
    SET(s2c, capitalOutBig, px_double(m.out[MONEY_BIG]));
    SET(s2c, capitalOutMid, px_double(m.out[MONEY_MID]));
    SET(s2c, capitalOutSmall, px_double(m.out[MONEY_SMALL]));
    SET(s2c, updateTimestamp, paper_timestamp(quote.time));
    s2c->updateTime = paper_time_text(c->arena, s->market, quote.time);
    return s2c->updateTime.p ? FUTU_OK : FUTU_ENOMEM;
}

static futu_err fill_item(struct arena *a, int32_t market, int64_t at,
                          const int64_t net[MONEY_CLASSES], Qot_GetCapitalFlow_CapitalFlowItem *out)
{
    SET(out, superInFlow, (double)net[MONEY_SUPER]);
    SET(out, bigInFlow, (double)net[MONEY_BIG]);
    SET(out, midInFlow, (double)net[MONEY_MID]);
    SET(out, smlInFlow, (double)net[MONEY_SMALL]);
    SET(out, mainInFlow, out->superInFlow + out->bigInFlow);
    SET(out, inFlow, out->mainInFlow + out->midInFlow + out->smlInFlow);
    SET(out, timestamp, paper_timestamp(at));
    out->time = paper_time_text(a, market, at);
    return out->time.p ? FUTU_OK : FUTU_ENOMEM;
}

static futu_err fill_items(struct paper *p, struct arena *a, const struct security *s,
                           Qot_GetCapitalFlow_S2C *s2c)
{
    const struct money_minute *m;
    int64_t net[MONEY_CLASSES] = { 0 };
    size_t n;
    futu_err err = exchange_money_minutes(p->exchange, s, a, &m, &n);
    if (err)
        return err;
    s2c->flowItemList = ARENA_ARRAY(a, Qot_GetCapitalFlow_CapitalFlowItem, n);
    if (!s2c->flowItemList)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < n && !err; i++) {
        for (int k = 0; k < MONEY_CLASSES; k++)
            net[k] += m[i].net[k];
        err = fill_item(a, s->market, m[i].end, net, &s2c->flowItemList[s2c->n_flowItemList++]);
    }
    return err;
}

futu_err qot_capital_flow(struct paper *p, struct call *c)
{
    const Qot_GetCapitalFlow_C2S *q = CALL_C2S(c, Qot_GetCapitalFlow);
    Qot_GetCapitalFlow_S2C *s2c = CALL_S2C(c, Qot_GetCapitalFlow);
    const struct security *s;
    struct quote quote;
    if (!s2c)
        return FUTU_ENOMEM;
    if (q->has_periodType && q->periodType > Qot_Common_PeriodType_INTRADAY)
        return call_fail(c, "periodType: the paper exchange knows the flow of the current day");
    futu_err err = call_security(p, c, q->security, &s);
    if (!err)
        err = exchange_quote(p->exchange, s, &quote);
    if (!err)
        err = fill_items(p, c->arena, s, s2c);
    if (err)
        return err;
    SET(s2c, lastValidTimestamp, paper_timestamp(quote.time));
    s2c->lastValidTime = paper_time_text(c->arena, s->market, quote.time);
    return s2c->lastValidTime.p ? FUTU_OK : FUTU_ENOMEM;
}
