/* qot_static.c - what does not move: static info, market state, and lists that are truly empty.
 *
 * The paper exchange has no suspensions, warrants, futures, code changes, new listings or holders'
 * reports: those lists are empty for every security that it does have.
 *
 * Threads: the gateway's loop thread only.
 */
#include "upstream/paper/qot.h"

#define STATIC_MAX 200
#define STATE_MAX 400

static futu_err static_of_list(struct paper *p, struct call *c, const Qot_GetStaticInfo_C2S *q,
                               Qot_GetStaticInfo_S2C *s2c)
{
    const struct security **secs;
    futu_err err = call_securities(p, c, q->securityList, q->n_securityList, STATIC_MAX, &secs);
    if (err)
        return err;
    s2c->staticInfoList = ARENA_ARRAY(c->arena, Qot_Common_SecurityStaticInfo, q->n_securityList);
    if (!s2c->staticInfoList)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < q->n_securityList && !err; i++)
        err = fill_static(c->arena, secs[i], &s2c->staticInfoList[s2c->n_staticInfoList++]);
    return err;
}

static futu_err static_of_market(struct paper *p, struct call *c, const Qot_GetStaticInfo_C2S *q,
                                 Qot_GetStaticInfo_S2C *s2c)
{
    size_t total = exchange_count(p->exchange);
    futu_err err = FUTU_OK;
    s2c->staticInfoList = ARENA_ARRAY(c->arena, Qot_Common_SecurityStaticInfo, total);
    if (!s2c->staticInfoList)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < total && !err; i++) {
        const struct security *s = exchange_at(p->exchange, i);
        bool wanted = s->market == q->market && (q->secType == 0 || s->sec_type == q->secType);
        if (wanted)
            err = fill_static(c->arena, s, &s2c->staticInfoList[s2c->n_staticInfoList++]);
    }
    return err;
}

futu_err call_market(struct call *c, int32_t market)
{
    if (market == MARKET_HK || market == MARKET_US || market == MARKET_SH || market == MARKET_SZ)
        return FUTU_OK;
    return call_fail(c, "market: the paper exchange has no QotMarket %d, only 1, 11, 21 and 22",
                     (int)market);
}

futu_err qot_static_info(struct paper *p, struct call *c)
{
    const Qot_GetStaticInfo_C2S *q = CALL_C2S(c, Qot_GetStaticInfo);
    Qot_GetStaticInfo_S2C *s2c = CALL_S2C(c, Qot_GetStaticInfo);
    if (!s2c)
        return FUTU_ENOMEM;
    if (q->n_securityList > 0)
        return static_of_list(p, c, q, s2c);
    if (!q->has_market)
        return call_missing(c, "market");
    futu_err err = call_market(c, q->market);
    return err ? err : static_of_market(p, c, q, s2c);
}

futu_err qot_market_state(struct paper *p, struct call *c)
{
    const Qot_GetMarketState_C2S *q = CALL_C2S(c, Qot_GetMarketState);
    Qot_GetMarketState_S2C *s2c = CALL_S2C(c, Qot_GetMarketState);
    const struct security **secs;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = call_securities(p, c, q->securityList, q->n_securityList, STATE_MAX, &secs);
    if (err)
        return err;
    s2c->marketInfoList = ARENA_ARRAY(c->arena, Qot_GetMarketState_MarketInfo, q->n_securityList);
    if (!s2c->marketInfoList)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < q->n_securityList; i++) {
        Qot_GetMarketState_MarketInfo *m = &s2c->marketInfoList[s2c->n_marketInfoList++];
        m->security = make_security(c->arena, secs[i]);
        if (!m->security)
            return FUTU_ENOMEM;
        m->name = secs[i]->name;
        SET(m, marketState, exchange_market_state(p->exchange, secs[i]->market));
    }
    return FUTU_OK;
}

futu_err qot_suspend(struct paper *p, struct call *c)
{
    const Qot_GetSuspend_C2S *q = CALL_C2S(c, Qot_GetSuspend);
    Qot_GetSuspend_S2C *s2c = CALL_S2C(c, Qot_GetSuspend);
    const struct security **secs;
    int64_t begin, end;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = call_securities(p, c, q->securityList, q->n_securityList, STATE_MAX, &secs);
    if (!err)
        err = call_time(c, MARKET_HK, "beginTime", q->beginTime, false, &begin);
    if (!err)
        err = call_time(c, MARKET_HK, "endTime", q->endTime, true, &end);
    if (err)
        return err;
    s2c->SecuritySuspendList = ARENA_ARRAY(c->arena, Qot_GetSuspend_SecuritySuspend,
                                           q->n_securityList);
    if (!s2c->SecuritySuspendList)
        return FUTU_ENOMEM;
    s2c->n_SecuritySuspendList = q->n_securityList;
    for (size_t i = 0; i < q->n_securityList; i++) {
        s2c->SecuritySuspendList[i].security = make_security(c->arena, secs[i]);
        if (!s2c->SecuritySuspendList[i].security)
            return FUTU_ENOMEM;
    }
    return FUTU_OK;
}

futu_err qot_reference(struct paper *p, struct call *c)
{
    const Qot_GetReference_C2S *q = CALL_C2S(c, Qot_GetReference);
    const struct security *s;
    if (!CALL_S2C(c, Qot_GetReference))
        return FUTU_ENOMEM;
    if (q->referenceType != Qot_GetReference_ReferenceType_Warrant &&
        q->referenceType != Qot_GetReference_ReferenceType_Future)
        return call_fail(c, "referenceType: %d is not 1 or 2", (int)q->referenceType);
    return call_security(p, c, q->security, &s);
}

futu_err qot_holding_change(struct paper *p, struct call *c)
{
    const Qot_GetHoldingChangeList_C2S *q = CALL_C2S(c, Qot_GetHoldingChangeList);
    Qot_GetHoldingChangeList_S2C *s2c = CALL_S2C(c, Qot_GetHoldingChangeList);
    const struct security *s;
    if (!s2c)
        return FUTU_ENOMEM;
    futu_err err = call_security(p, c, q->security, &s);
    if (!err)
        s2c->security = make_security(c->arena, s);
    return err;
}

futu_err qot_code_change(struct paper *p, struct call *c)
{
    const Qot_GetCodeChange_C2S *q = CALL_C2S(c, Qot_GetCodeChange);
    const struct security *s;
    if (!CALL_S2C(c, Qot_GetCodeChange))
        return FUTU_ENOMEM;
    futu_err err = FUTU_OK;
    for (size_t i = 0; i < q->n_securityList && !err; i++)
        err = call_security(p, c, &q->securityList[i], &s);
    return err;
}

futu_err qot_ipo_list(struct paper *p, struct call *c)
{
    (void)p;
    const Qot_GetIpoList_C2S *q = CALL_C2S(c, Qot_GetIpoList);
    if (!CALL_S2C(c, Qot_GetIpoList))
        return FUTU_ENOMEM;
    return call_market(c, q->market);
}

/* No security of the paper exchange is a future, so each code is unknown to this call. */
futu_err qot_future_info(struct paper *p, struct call *c)
{
    (void)p;
    const Qot_GetFutureInfo_C2S *q = CALL_C2S(c, Qot_GetFutureInfo);
    if (q->n_securityList == 0)
        return call_missing(c, "securityList");
    return call_unknown(c, q->securityList[0].code);
}
