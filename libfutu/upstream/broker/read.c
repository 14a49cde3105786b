/* read.c - quote calls that are answered from what the streams and the platform have brought.
 *
 * Tests:   test/unit/upstream/broker/quote_test.c
 */
#include <stdio.h>

#include "upstream/broker/state.h"

#define READ_MAX 1000
#define FIRST_DATA_NS (3 * NS_PER_S)

static void no_memory(struct job *j)
{
    job_fail(j, RET_FAILED, "%s", futu_strerror(FUTU_ENOMEM));
}

static void end(struct job *j, futu_err err)
{
    if (err)
        job_fail(j, RET_FAILED, "%s", futu_strerror(err));
    else
        job_ok(j);
}

/* ---- states ---- */

static const char *status_text(struct job *j, char out[CHANNEL_WHY + 80])
{
    out[0] = '\0';
    if (channel_state(j->b->platform) != CHANNEL_UP)
        channel_down(j->b->platform, out);
    return out;
}

static int32_t status_of(const struct broker *b)
{
    switch (channel_state(b->platform)) {
    case CHANNEL_UP:
        return Common_ProgramStatusType_Ready;
    case CHANNEL_KICKED:
        return Common_ProgramStatusType_ForceLogout;
    default:
        return Common_ProgramStatusType_Loging;
    }
}

static void fill_states(const struct broker *b, GetGlobalState_S2C *s)
{
    SET(s, marketHK, market_state_of(b, MARKET_HK));
    SET(s, marketUS, market_state_of(b, MARKET_US));
    SET(s, marketSH, market_state_of(b, MARKET_SH));
    SET(s, marketSZ, market_state_of(b, MARKET_SZ));
    SET(s, marketSG, market_state_of(b, MARKET_SG));
    SET(s, marketHKFuture, futures_state_of(b, 110, 119));
    SET(s, marketUSFuture, futures_state_of(b, 60, 109));
    SET(s, marketSGFuture, futures_state_of(b, 160, 179));
    SET(s, marketJPFuture, futures_state_of(b, 185, 194));
}

void on_global_state(struct job *j)
{
    GetGlobalState_S2C *s2c = JOB_S2C(j, GetGlobalState);
    Common_ProgramStatus *status = ARENA_NEW(&j->arena, Common_ProgramStatus);
    char text[CHANNEL_WHY + 80];
    struct channel_info info;
    struct upstream_state st;
    int64_t wall = clock_wall(&j->b->o.clock);
    if (!s2c || !status) {
        no_memory(j);
        return;
    }
    j->b->base.ops->state(&j->b->base, &st);
    channel_info(j->b->platform, &info);
    fill_states(j->b, s2c);
    SET(s2c, qotLogined, st.qot_logined);
    SET(s2c, trdLogined, st.trd_logined);
    SET(s2c, serverVer, UPSTREAM_SERVER_VER);
    SET(s2c, serverBuildNo, DIALECT_CLIENT_EX_VERSION);
    SET(s2c, time, wall / NS_PER_S + j->b->auth.server_ahead_s);
    SET(s2c, localTime, (double)wall / (double)NS_PER_S);
    SET(s2c, connID, j->rq ? j->rq->conn_id : 0);
    SET(status, type, status_of(j->b));
    status->strExtDesc = str_dup(&j->arena, str_c(status_text(j, text)));
    s2c->programStatus = status;
    s2c->qotSvrIpAddr = str_dup(&j->arena, str_c(info.addr));
    end(j, status->strExtDesc.p && s2c->qotSvrIpAddr.p ? FUTU_OK : FUTU_ENOMEM);
}

void on_user_info(struct job *j)
{
    GetUserInfo_S2C *s2c = JOB_S2C(j, GetUserInfo);
    if (!s2c) {
        no_memory(j);
        return;
    }
    /* Quote rights are not read yet (command 6024 has no layout that is known). */
    SET(s2c, userID, (int64_t)j->b->auth.user_id);
    SET(s2c, userAttribution, j->b->auth.attribution);
    SET(s2c, isAppNNOrMM, j->b->auth.attribution == 1 || j->b->auth.attribution == 6);
    job_ok(j);
}

/* ---- what the streams have brought ---- */

/* A stream that was opened a moment ago has not brought its first data yet: the read waits for it,
 * since programs subscribe and then read at once. */
static bool wait_for_data(struct job *j, const struct stock *s, enum stock_kind kind,
                          void (*again)(struct job *j))
{
    struct broker *b = j->b;
    int64_t now = broker_now(b);
    if (!s || !s->wanted[kind] || (j->wait_until && now >= j->wait_until))
        return false;
    if (!j->wait_until)
        j->wait_until = now + FIRST_DATA_NS;
    j->again = again;
    list_push(&b->waits, &j->wait);
    if (!b->waited.armed)
        timer_set(b->o.timers, &b->waited, j->wait_until);
    return true;
}

void reads_again(struct broker *b)
{
    struct list all;
    list_take(&all, &b->waits);
    while (!list_empty(&all)) {
        struct job *j = list_entry(all.next, struct job, wait);
        list_remove(&j->wait);
        j->again(j);
    }
}

void reads_late(struct timer *t, int64_t now)
{
    struct broker *b = container_of(t, struct broker, waited);
    reads_again(b);                     /* those whose time is over fail now */
    if (!list_empty(&b->waits) && !b->waited.armed)
        timer_set(b->o.timers, t, MAX(now, list_entry(b->waits.next, struct job,
                                                      wait)->wait_until));
}

static void no_data(struct job *j, const Qot_Common_Security *sec, enum stock_kind kind,
                    void (*again)(struct job *j))
{
    char text[CHANNEL_WHY + 80];
    if (channel_state(j->b->platform) != CHANNEL_UP)
        job_fail(j, RET_DISCONNECTED, "%s", channel_down(j->b->platform, text));
    else if (!wait_for_data(j, stock_find(j->b, sec->market, sec->code), kind, again))
        job_fail(j, RET_FAILED, "no such data of " STR_FMT " has come yet",
                 (int)MIN(sec->code.n, 40), sec->code.p);
}

/* What came before a loss is no answer to what is now. */
static struct stock *live(struct job *j, const Qot_Common_Security *sec)
{
    return channel_state(j->b->platform) == CHANNEL_UP ? stock_find(j->b, sec->market, sec->code)
                                                       : NULL;
}

void on_basic(struct job *j)
{
    const Qot_GetBasicQot_C2S *c2s = JOB_C2S(j, Qot_GetBasicQot);
    Qot_GetBasicQot_S2C *s2c = JOB_S2C(j, Qot_GetBasicQot);
    futu_err err = FUTU_OK;
    if (s2c)
        s2c->basicQotList = ARENA_ARRAY(&j->arena, Qot_Common_BasicQot, c2s->n_securityList + 1);
    if (!s2c || !s2c->basicQotList) {
        no_memory(j);
        return;
    }
    for (size_t i = 0; i < c2s->n_securityList && !err; i++) {
        const struct stock *s = live(j, &c2s->securityList[i]);
        if (!s || !s->quote.has_price || !s->quote.has_last_close) {
            no_data(j, &c2s->securityList[i], KIND_BASIC, on_basic);
            return;
        }
        err = fill_basic(s, &j->arena, &s2c->basicQotList[s2c->n_basicQotList++]);
    }
    end(j, err);
}

static bool count_ok(struct job *j, const char *name, int32_t n)
{
    if (n >= 1 && n <= READ_MAX)
        return true;
    job_fail(j, RET_FAILED, "%s: %d is not in 1..%d", name, n, READ_MAX);
    return false;
}

void on_book(struct job *j)
{
    const Qot_GetOrderBook_C2S *c2s = JOB_C2S(j, Qot_GetOrderBook);
    Qot_GetOrderBook_S2C *s2c = JOB_S2C(j, Qot_GetOrderBook);
    const struct stock *s = live(j, c2s->security);
    if (!count_ok(j, "num", c2s->num))
        return;
    if (c2s->has_orderBookType && c2s->orderBookType != Qot_Common_OrderBookType_Normal)
        job_not_served(j, "books of odd lots");
    else if (!s2c)
        no_memory(j);
    else if (!s || !s->has_book)
        no_data(j, c2s->security, KIND_BOOK, on_book);
    else
        end(j, fill_book(s, &j->arena, (size_t)c2s->num, s2c));
}

void on_ticker(struct job *j)
{
    const Qot_GetTicker_C2S *c2s = JOB_C2S(j, Qot_GetTicker);
    Qot_GetTicker_S2C *s2c = JOB_S2C(j, Qot_GetTicker);
    Qot_UpdateTicker_S2C t = { 0 };
    const struct stock *s = live(j, c2s->security);
    if (!count_ok(j, "maxRetNum", c2s->maxRetNum))
        return;
    if (!s2c) {
        no_memory(j);
        return;
    }
    if (!s || !s->n_ticks) {
        no_data(j, c2s->security, KIND_TICKS, on_ticker);
        return;
    }
    futu_err err = fill_ticks(s, &j->arena, (size_t)c2s->maxRetNum,
                              Qot_Common_PushDataType_Realtime, &t);
    s2c->security = t.security;
    s2c->name = t.name;
    s2c->n_tickerList = t.n_tickerList;
    s2c->tickerList = t.tickerList;
    end(j, err);
}

/* ---- securities ---- */

static futu_err fill_static(struct arena *a, const struct stock *s,
                            Qot_Common_SecurityStaticInfo *out)
{
    Qot_Common_SecurityStaticBasic *b = ARENA_NEW(a, Qot_Common_SecurityStaticBasic);
    char date[11];
    if (!b)
        return FUTU_ENOMEM;
    date_text(market_date(s->market, s->list_time * NS_PER_S), date);
    b->security = stock_security(s, a);
    SET(b, id, (int64_t)s->id);
    SET(b, lotSize, s->lot_size);
    SET(b, secType, s->sec_type);
    b->name = str_c(s->name);
    b->listTime = str_dup(a, (futu_str){ date, 10 });
    SET(b, delisting, s->delisted);
    SET(b, listTimestamp, (double)s->list_time);
    out->basic = b;
    return b->security && b->listTime.p ? FUTU_OK : FUTU_ENOMEM;
}

static void resolve_failed(struct job *j, futu_err err, const char *why)
{
    job_fail(j, err == FUTU_ENOTCONN    ? RET_DISCONNECTED
                : err == FUTU_ETIMEDOUT ? RET_TIMEOUT
                                        : RET_FAILED, "%s", why);
}

static void on_static_known(struct resolve *r, futu_err err, const char *why)
{
    struct job *j = container_of(r, struct job, resolve);
    Qot_GetStaticInfo_S2C *s2c = JOB_S2C(j, Qot_GetStaticInfo);
    if (err) {
        resolve_failed(j, err, why);
        return;
    }
    if (s2c)
        s2c->staticInfoList = ARENA_ARRAY(&j->arena, Qot_Common_SecurityStaticInfo, r->n + 1);
    if (!s2c || !s2c->staticInfoList) {
        no_memory(j);
        return;
    }
    for (size_t i = 0; i < r->n && !err; i++)
        err = fill_static(&j->arena, stock_find(j->b, r->secs[i].market, r->secs[i].code),
                          &s2c->staticInfoList[s2c->n_staticInfoList++]);
    end(j, err);
}

void on_static(struct job *j)
{
    const Qot_GetStaticInfo_C2S *c2s = JOB_C2S(j, Qot_GetStaticInfo);
    if (c2s->n_securityList == 0)
        job_not_served(j, "Qot_GetStaticInfo of a whole market; only of securityList");
    else
        resolve_start(&j->resolve, j->b, c2s->securityList, c2s->n_securityList, on_static_known);
}

static void on_state_known(struct resolve *r, futu_err err, const char *why)
{
    struct job *j = container_of(r, struct job, resolve);
    Qot_GetMarketState_S2C *s2c = JOB_S2C(j, Qot_GetMarketState);
    if (err) {
        resolve_failed(j, err, why);
        return;
    }
    if (s2c)
        s2c->marketInfoList = ARENA_ARRAY(&j->arena, Qot_GetMarketState_MarketInfo, r->n + 1);
    if (!s2c || !s2c->marketInfoList) {
        no_memory(j);
        return;
    }
    for (size_t i = 0; i < r->n && !err; i++) {
        const struct stock *s = stock_find(j->b, r->secs[i].market, r->secs[i].code);
        Qot_GetMarketState_MarketInfo *out = &s2c->marketInfoList[s2c->n_marketInfoList++];
        int32_t state = stock_state_of(j->b, s);
        if (!state) {                   /* 0 would say that nothing is traded */
            job_fail(j, RET_FAILED, "the state of %s's market is not known: the platform has not "
                     "told it", s->code);
            return;
        }
        out->security = stock_security(s, &j->arena);
        out->name = str_c(s->name);
        SET(out, marketState, state);
        err = out->security ? FUTU_OK : FUTU_ENOMEM;
    }
    end(j, err);
}

void on_market_state(struct job *j)
{
    const Qot_GetMarketState_C2S *c2s = JOB_C2S(j, Qot_GetMarketState);
    resolve_start(&j->resolve, j->b, c2s->securityList, c2s->n_securityList, on_state_known);
}
