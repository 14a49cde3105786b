/* qot_global.c - who and what this gateway is: global state, user, used quota.
 *
 * Everything here says that it is paper. Time in GetGlobalState is the paper exchange's own.
 *
 * Threads: the gateway's loop thread only.
 */
#include "upstream/paper/qot.h"

futu_err qot_global_state(struct paper *p, struct call *c)
{
    GetGlobalState_S2C *s2c = CALL_S2C(c, GetGlobalState);
    Common_ProgramStatus *status = ARENA_NEW(c->arena, Common_ProgramStatus);
    if (!s2c || !status)
        return FUTU_ENOMEM;
    const struct exchange *x = p->exchange;
    SET(s2c, marketHK, exchange_market_state(x, MARKET_HK));
    SET(s2c, marketUS, exchange_market_state(x, MARKET_US));
    SET(s2c, marketSH, exchange_market_state(x, MARKET_SH));
    SET(s2c, marketSZ, exchange_market_state(x, MARKET_SZ));
    /* Markets that the paper exchange has not: always closed. */
    SET(s2c, marketHKFuture, Qot_Common_QotMarketState_FutureClose);
    SET(s2c, marketUSFuture, Qot_Common_QotMarketState_FutureClose);
    SET(s2c, marketSGFuture, Qot_Common_QotMarketState_FutureClose);
    SET(s2c, marketJPFuture, Qot_Common_QotMarketState_FutureClose);
    SET(s2c, marketSG, Qot_Common_QotMarketState_Closed);
    SET(s2c, marketMY, Qot_Common_QotMarketState_Closed);
    SET(s2c, marketJP, Qot_Common_QotMarketState_Closed);
    SET(s2c, qotLogined, true);
    SET(s2c, trdLogined, true);
    SET(s2c, serverVer, UPSTREAM_SERVER_VER);
    SET(s2c, serverBuildNo,
        FUTU_VERSION_MAJOR * 10000 + FUTU_VERSION_MINOR * 100 + FUTU_VERSION_PATCH);
    SET(s2c, time, exchange_now(x) / NS_PER_S);
    SET(s2c, localTime, paper_timestamp(clock_wall(p->sys)));
    SET(s2c, connID, c->conn_id);
    SET(status, type, Common_ProgramStatusType_Ready);
    status->strExtDesc = STR("paper exchange");
    s2c->programStatus = status;
    s2c->qotSvrIpAddr = STR("paper");
    s2c->trdSvrIpAddr = STR("paper");
    return FUTU_OK;
}

static void fill_rights(GetUserInfo_S2C *s2c)
{
    const int32_t none = Qot_Common_QotRight_No;
    SET(s2c, hkQotRight, Qot_Common_QotRight_Level2);
    SET(s2c, usQotRight, Qot_Common_QotRight_Level2);
    SET(s2c, cnQotRight, Qot_Common_QotRight_Level2);
    SET(s2c, shQotRight, Qot_Common_QotRight_Level2);
    SET(s2c, szQotRight, Qot_Common_QotRight_Level2);
    SET(s2c, usIndexQotRight, Qot_Common_QotRight_Level1);
    SET(s2c, hkOptionQotRight, none);
    SET(s2c, hasUSOptionQotRight, false);
    SET(s2c, usOptionQotRight, none);
    SET(s2c, hkFutureQotRight, none);
    SET(s2c, usFutureQotRight, none);
    SET(s2c, usOtcQotRight, none);
    SET(s2c, usCMEFutureQotRight, none);
    SET(s2c, usCBOTFutureQotRight, none);
    SET(s2c, usNYMEXFutureQotRight, none);
    SET(s2c, usCOMEXFutureQotRight, none);
    SET(s2c, usCBOEFutureQotRight, none);
    SET(s2c, sgFutureQotRight, none);
    SET(s2c, jpFutureQotRight, none);
    SET(s2c, ccQotRight, none);
    SET(s2c, sgStockQotRight, none);
    SET(s2c, myStockQotRight, none);
    SET(s2c, jpStockQotRight, none);
    SET(s2c, ecQotRight, none);
}

/* The flag that asks for parts only is not needed: the whole is small. */
futu_err qot_user_info(struct paper *p, struct call *c)
{
    (void)p;
    GetUserInfo_S2C *s2c = CALL_S2C(c, GetUserInfo);
    if (!s2c)
        return FUTU_ENOMEM;
    s2c->nickName = STR("paper");
    s2c->avatarUrl = STR("");
    s2c->apiLevel = STR("");
    s2c->webKey = STR("");
    s2c->webJumpUrlHead = STR("");
    s2c->updateWhatsNew = STR("");
    fill_rights(s2c);
    SET(s2c, isNeedAgreeDisclaimer, false);
    SET(s2c, userID, (int64_t)PAPER_USER_ID);
    SET(s2c, updateType, GetUserInfo_UpdateType_None);
    SET(s2c, subQuota, PAPER_SUB_QUOTA);
    SET(s2c, historyKLQuota, PAPER_KL_QUOTA);
    SET(s2c, userAttribution, Common_UserAttribution_NN);
    SET(s2c, isAppNNOrMM, true);
    return FUTU_OK;
}

futu_err qot_verification(struct paper *p, struct call *c)
{
    (void)p;
    return call_fail(c, "Verification: the paper exchange asks for no codes");
}

futu_err qot_test_cmd(struct paper *p, struct call *c)
{
    (void)p;
    const TestCmd_C2S *q = CALL_C2S(c, TestCmd);
    return call_fail(c, "TestCmd: the paper exchange has no command \"" STR_FMT "\"",
                     (int)MIN(q->cmd.n, 40), q->cmd.p);
}

futu_err qot_used_quota(struct paper *p, struct call *c)
{
    UsedQuota_S2C *s2c = CALL_S2C(c, UsedQuota);
    if (!s2c)
        return FUTU_ENOMEM;
    SET(s2c, usedSubQuota, (int32_t)streams_quota(p));
    SET(s2c, usedKLineQuota, (int32_t)history_quota_used(p));
    return FUTU_OK;
}
