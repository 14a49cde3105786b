/* The real-time reads, snapshots and static answers: what they say, that they agree, what they
 * refuse. */
#include "harness.h"

#include <math.h>

static Qot_Common_BasicQot *get_basic(struct harness *h, int32_t market, const char *code)
{
    Qot_Common_Security s = sec(market, code);
    Qot_GetBasicQot_C2S q = { .n_securityList = 1, .securityList = &s };
    Qot_GetBasicQot_Response *r = ASK(h, 3004, Qot_GetBasicQot, &q);
    assert_ok(r);
    ck_assert_uint_eq(r->s2c->n_basicQotList, 1);
    return r->s2c->basicQotList;
}

static Qot_GetKL_S2C *get_kl(struct harness *h, int32_t market, const char *code, int32_t type,
                             int num)
{
    Qot_Common_Security s = sec(market, code);
    Qot_GetKL_C2S q = { .security = &s };
    SET(&q, rehabType, 1);
    SET(&q, klType, type);
    SET(&q, reqNum, num);
    Qot_GetKL_Response *r = ASK(h, 3006, Qot_GetKL, &q);
    assert_ok(r);
    return r->s2c;
}

static Qot_GetRT_S2C *get_rt(struct harness *h, int32_t market, const char *code)
{
    Qot_Common_Security s = sec(market, code);
    Qot_GetRT_C2S q = { .security = &s };
    Qot_GetRT_Response *r = ASK(h, 3008, Qot_GetRT, &q);
    assert_ok(r);
    return r->s2c;
}

static Qot_GetTicker_S2C *get_ticks(struct harness *h, int32_t market, const char *code, int num)
{
    Qot_Common_Security s = sec(market, code);
    Qot_GetTicker_C2S q = { .security = &s };
    SET(&q, maxRetNum, num);
    Qot_GetTicker_Response *r = ASK(h, 3010, Qot_GetTicker, &q);
    assert_ok(r);
    return r->s2c;
}

static Qot_GetOrderBook_S2C *get_book(struct harness *h, int32_t market, const char *code, int num)
{
    Qot_Common_Security s = sec(market, code);
    Qot_GetOrderBook_C2S q = { .security = &s };
    SET(&q, num, num);
    Qot_GetOrderBook_Response *r = ASK(h, 3012, Qot_GetOrderBook, &q);
    assert_ok(r);
    return r->s2c;
}

static Qot_GetSecuritySnapshot_Snapshot *get_snapshot(struct harness *h, int32_t market,
                                                      const char *code)
{
    Qot_Common_Security s = sec(market, code);
    Qot_GetSecuritySnapshot_C2S q = { .n_securityList = 1, .securityList = &s };
    Qot_GetSecuritySnapshot_Response *r = ASK(h, 3203, Qot_GetSecuritySnapshot, &q);
    assert_ok(r);
    ck_assert_uint_eq(r->s2c->n_snapshotList, 1);
    return r->s2c->snapshotList;
}

static void assert_time(futu_str t)
{
    ck_assert_uint_ge(t.n, 19);
    ck_assert(t.p[4] == '-' && t.p[7] == '-' && t.p[10] == ' ' && t.p[13] == ':' && t.p[16] == ':');
}

START_TEST(quote_ticks_bars_and_snapshot_agree)
{
    static const struct {
        int32_t market;
        const char *code;
        int64_t wall;
    } rows[] = { { HK, "00700", WEDNESDAY_10_HK }, { SH, "600519", WEDNESDAY_10_HK },
                 { SZ, "300750", WEDNESDAY_10_HK }, { US, "AAPL", WEDNESDAY_10_US } };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct harness h;
        harness_start(&h, NULL, rows[i].wall, 0);
        Qot_Common_BasicQot *b = get_basic(&h, rows[i].market, rows[i].code);
        Qot_GetTicker_S2C *t = get_ticks(&h, rows[i].market, rows[i].code, 1000);
        Qot_GetKL_S2C *day = get_kl(&h, rows[i].market, rows[i].code, 2, 1);
        Qot_GetRT_S2C *rt = get_rt(&h, rows[i].market, rows[i].code);
        Qot_GetSecuritySnapshot_Snapshot *s = get_snapshot(&h, rows[i].market, rows[i].code);

        ck_assert_int_gt(b->volume, 0);
        ck_assert_uint_gt(t->n_tickerList, 0);
        ck_assert_double_eq(t->tickerList[t->n_tickerList - 1].price, b->curPrice);
        ck_assert_uint_eq(day->n_klList, 1);
        ck_assert_double_eq(day->klList[0].closePrice, b->curPrice);
        ck_assert_double_eq(day->klList[0].openPrice, b->openPrice);
        ck_assert_double_eq(day->klList[0].highPrice, b->highPrice);
        ck_assert_double_eq(day->klList[0].lowPrice, b->lowPrice);
        ck_assert_double_eq(day->klList[0].lastClosePrice, b->lastClosePrice);
        ck_assert_int_eq(day->klList[0].volume, b->volume);
        ck_assert_double_eq(s->basic->curPrice, b->curPrice);
        ck_assert_int_eq(s->basic->volume, b->volume);
        ck_assert_double_eq(s->basic->turnover, b->turnover);
        int64_t volume = 0;
        for (size_t k = 0; k < rt->n_rtList; k++)
            volume += rt->rtList[k].volume;
        ck_assert_int_eq(volume, b->volume);
        ck_assert_double_eq(rt->rtList[rt->n_rtList - 1].price, b->curPrice);
        ck_assert_double_eq_tol(rt->rtList[rt->n_rtList - 1].avgPrice,
                                b->turnover / (double)b->volume, 1e-9);
        harness_stop(&h);
    }
}
END_TEST

START_TEST(the_quote_is_inside_its_book)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    Qot_GetOrderBook_S2C *k = get_book(&h, HK, "00700", 10);
    Qot_GetSecuritySnapshot_Snapshot *s = get_snapshot(&h, HK, "00700");
    ck_assert_uint_eq(k->n_orderBookAskList, 10);
    ck_assert_uint_eq(k->n_orderBookBidList, 10);
    ck_assert_double_eq(k->orderBookAskList[0].price, s->basic->askPrice);
    ck_assert_double_eq(k->orderBookBidList[0].price, s->basic->bidPrice);
    ck_assert_int_eq(k->orderBookBidList[0].volume, s->basic->bidVol);
    for (int i = 1; i < 10; i++) {
        ck_assert_double_gt(k->orderBookAskList[i].price, k->orderBookAskList[i - 1].price);
        ck_assert_double_lt(k->orderBookBidList[i].price, k->orderBookBidList[i - 1].price);
        ck_assert_int_gt(k->orderBookAskList[i].orederCount, 0);
    }
    assert_time(k->svrRecvTimeBid);
    assert_time(k->svrRecvTimeAsk);
    ck_assert(k->has_svrRecvTimeBidTimestamp && k->has_svrRecvTimeAskTimestamp);
    ck_assert_uint_eq(get_book(&h, HK, "00700", 3)->n_orderBookBidList, 3);
    harness_stop(&h);
}
END_TEST

START_TEST(optional_fields_that_sdks_read_are_there)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_US, 0);
    Qot_Common_BasicQot *b = get_basic(&h, US, "AAPL");
    assert_time(b->updateTime);
    ck_assert(b->name.n > 0 && b->listTime.n == 10);
    const Qot_GetKL_S2C *k = get_kl(&h, US, "AAPL", 1, 5);
    for (size_t i = 0; i < k->n_klList; i++) {
        const Qot_Common_KLine *l = &k->klList[i];
        ck_assert(l->has_openPrice && l->has_highPrice && l->has_lowPrice && l->has_closePrice);
        ck_assert(l->has_volume && l->has_turnover && l->has_pe && l->has_turnoverRate);
        ck_assert(l->has_lastClosePrice && l->has_timestamp && l->has_changeRate);
        ck_assert(!l->isBlank);
        assert_time(l->time);
        ck_assert_str_eq(l->time.p + 17, "00");
    }
    const Qot_GetTicker_S2C *t = get_ticks(&h, US, "AAPL", 10);
    for (size_t i = 0; i < t->n_tickerList; i++) {
        ck_assert(t->tickerList[i].has_recvTime && t->tickerList[i].has_pushDataType);
        ck_assert_double_eq_tol(t->tickerList[i].turnover,
                                t->tickerList[i].price * (double)t->tickerList[i].volume, 0.01);
        assert_time(t->tickerList[i].time);
    }
    const Qot_GetSecuritySnapshot_Snapshot *s = get_snapshot(&h, US, "AAPL");
    const Qot_GetSecuritySnapshot_SnapshotBasicData *d = s->basic;
    ck_assert(d->has_amplitude && d->has_avgPrice && d->has_bidAskRatio && d->has_volumeRatio);
    ck_assert(d->has_highest52WeeksPrice && d->has_lowest52WeeksPrice && d->has_closePrice5Minute);
    ck_assert(d->has_highestHistoryPrice && d->has_lowestHistoryPrice);
    ck_assert_double_ge(d->highestHistoryPrice, d->highest52WeeksPrice);
    ck_assert_double_le(d->lowestHistoryPrice, d->lowest52WeeksPrice);
    ck_assert(d->afterMarket && d->afterMarket->has_volume && d->afterMarket->has_turnover);
    ck_assert(s->equityExData && s->equityExData->has_dividendTTM);
    ck_assert(s->equityExData->has_dividendLFYRatio && s->equityExData->has_dividendRatioTTM);
    ck_assert_ptr_nonnull(get_snapshot(&h, HK, "02800")->trustExData);
    harness_stop(&h);
}
END_TEST

START_TEST(k_lines_of_every_type_are_in_order_and_no_more_than_asked)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_HK + 3 * 3600 * NS_PER_S, 0);
    for (int32_t type = 1; type <= 15; type++) {
        const Qot_GetKL_S2C *k = get_kl(&h, HK, "00700", type, 20);
        ck_assert_uint_eq(k->n_klList, 20);
        for (size_t i = 1; i < k->n_klList; i++) {
            ck_assert_double_gt(k->klList[i].timestamp, k->klList[i - 1].timestamp);
            ck_assert_double_eq(k->klList[i].lastClosePrice, k->klList[i - 1].closePrice);
        }
        bool day = type >= 2 && type <= 5;
        if (day || type == 11)
            ck_assert_ptr_nonnull(strstr(k->klList[0].time.p, " 00:00:00"));
    }
    harness_stop(&h);
}
END_TEST

START_TEST(minute_bars_are_named_by_their_end)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_HK + 30 * NS_PER_S, 0);
    const Qot_GetKL_S2C *k = get_kl(&h, HK, "00700", 1, 1);
    ck_assert_str_eq(k->klList[0].time.p, "2025-03-12 10:01:00");
    const Qot_GetRT_S2C *rt = get_rt(&h, HK, "00700");
    ck_assert_str_eq(rt->rtList[0].time.p, "2025-03-12 09:31:00");
    ck_assert_int_eq(rt->rtList[0].minute, 9 * 60 + 31);
    ck_assert_uint_eq(rt->n_rtList, 31);
    const Qot_GetKL_S2C *d = get_kl(&h, HK, "00700", 2, 1);
    ck_assert_str_eq(d->klList[0].time.p, "2025-03-12 00:00:00");
    ck_assert_double_eq(d->klList[0].timestamp, 1741708800.0);
    harness_stop(&h);
}
END_TEST

START_TEST(refusals_of_reads)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    Qot_Common_Security s[2] = { sec(HK, "00700"), sec(HK, "99999") };
    Qot_GetBasicQot_C2S b = { .n_securityList = 2, .securityList = s };
    assert_refused(ASK(&h, 3004, Qot_GetBasicQot, &b), "未知股票 99999");
    b.n_securityList = 0;
    assert_refused(ASK(&h, 3004, Qot_GetBasicQot, &b), "缺少必要的参数: securityList");
    Qot_GetSecuritySnapshot_C2S sn = { .n_securityList = 2, .securityList = s };
    assert_refused(ASK(&h, 3203, Qot_GetSecuritySnapshot, &sn), "未知股票 99999");
    Qot_GetKL_C2S k = { .security = s };
    SET(&k, rehabType, 0);
    SET(&k, klType, 16);
    SET(&k, reqNum, 10);
    assert_refused(ASK(&h, 3006, Qot_GetKL, &k), "klType");
    SET(&k, klType, 1);
    SET(&k, reqNum, 1001);
    assert_refused(ASK(&h, 3006, Qot_GetKL, &k), "reqNum");
    SET(&k, reqNum, 1);
    SET(&k, rehabType, 3);
    assert_refused(ASK(&h, 3006, Qot_GetKL, &k), "rehabType");
    Qot_GetTicker_C2S t = { .security = s };
    SET(&t, maxRetNum, 0);
    assert_refused(ASK(&h, 3010, Qot_GetTicker, &t), "maxRetNum");
    Qot_Common_Security index = sec(HK, "800000");
    Qot_GetOrderBook_C2S o = { .security = &index };
    SET(&o, num, 10);
    assert_refused(ASK(&h, 3012, Qot_GetOrderBook, &o), "index");
    o.security = s;
    SET(&o, orderBookType, 1);
    assert_refused(ASK(&h, 3012, Qot_GetOrderBook, &o), "odd lot");
    Qot_Common_Security apple = sec(US, "AAPL");
    Qot_GetBroker_C2S br = { .security = &apple };
    assert_refused(ASK(&h, 3014, Qot_GetBroker, &br), "broker queue");
    harness_stop(&h);
}
END_TEST

START_TEST(the_broker_queue_names_brokers_at_levels)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    Qot_Common_Security s = sec(HK, "00700");
    Qot_GetBroker_C2S q = { .security = &s };
    Qot_GetBroker_Response *r = ASK(&h, 3014, Qot_GetBroker, &q);
    assert_ok(r);
    ck_assert_uint_gt(r->s2c->n_brokerAskList, 0);
    ck_assert_uint_gt(r->s2c->n_brokerBidList, 0);
    ck_assert_uint_gt(r->s2c->brokerAskList[0].name.n, 0);
    ck_assert_int_eq(r->s2c->brokerAskList[0].pos, 1);
    harness_stop(&h);
}
END_TEST

START_TEST(global_state_has_all_it_needs_and_says_paper)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    GetGlobalState_C2S q = { 0 };
    SET(&q, userID, 1);
    GetGlobalState_Response *r = ASK(&h, 1002, GetGlobalState, &q);
    assert_ok(r);
    ck_assert_int_eq(r->s2c->marketHK, Qot_Common_QotMarketState_Morning);
    ck_assert_int_eq(r->s2c->marketSH, Qot_Common_QotMarketState_Morning);
    ck_assert(r->s2c->qotLogined && r->s2c->trdLogined);
    ck_assert_int_eq(r->s2c->time, WEDNESDAY_10_HK / NS_PER_S);
    ck_assert_uint_eq(r->s2c->connID, 77);
    ck_assert_int_eq(r->s2c->programStatus->type, Common_ProgramStatusType_Ready);
    ck_assert_ptr_nonnull(strstr(r->s2c->programStatus->strExtDesc.p, "paper"));
    GetUserInfo_C2S u = { 0 };
    GetUserInfo_Response *i = ASK(&h, 1005, GetUserInfo, &u);
    assert_ok(i);
    ck_assert(str_is(i->s2c->nickName, "paper"));
    struct upstream_state st;
    h.up->ops->state(h.up, &st);
    ck_assert_int_eq(i->s2c->subQuota, (int32_t)st.sub_quota);
    ck_assert_int_eq(i->s2c->historyKLQuota, (int32_t)st.history_kl_quota);
    ck_assert_uint_eq((uint64_t)i->s2c->userID, st.user_id);
    harness_stop(&h);
}
END_TEST

static void assert_static_lists(struct harness *h)
{
    static const struct {
        int32_t market, type;
        size_t least;
    } rows[] = { { HK, 3, 2500 }, { HK, 4, 200 }, { HK, 6, 1 }, { US, 3, 400 }, { SH, 3, 100 } };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        Qot_GetStaticInfo_C2S q = { 0 };
        SET(&q, market, rows[i].market);
        SET(&q, secType, rows[i].type);
        Qot_GetStaticInfo_Response *r = ASK(h, 3202, Qot_GetStaticInfo, &q);
        assert_ok(r);
        ck_assert_uint_ge(r->s2c->n_staticInfoList, rows[i].least);
        for (size_t k = 0; k < r->s2c->n_staticInfoList; k++) {
            ck_assert_int_eq(r->s2c->staticInfoList[k].basic->secType, rows[i].type);
            ck_assert_int_eq(r->s2c->staticInfoList[k].basic->security->market, rows[i].market);
        }
    }
}

START_TEST(static_info_by_list_and_by_market)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    Qot_Common_Security s[] = { sec(HK, "00700"), sec(SH, "600519") };
    Qot_GetStaticInfo_C2S q = { .n_securityList = 2, .securityList = s };
    Qot_GetStaticInfo_Response *r = ASK(&h, 3202, Qot_GetStaticInfo, &q);
    assert_ok(r);
    ck_assert_int_eq(r->s2c->staticInfoList[0].basic->lotSize, 100);
    ck_assert(str_is(r->s2c->staticInfoList[0].basic->name, "TENCENT"));
    ck_assert(str_is(r->s2c->staticInfoList[1].basic->name, "贵州茅台"));
    assert_static_lists(&h);
    q = (Qot_GetStaticInfo_C2S){ 0 };
    assert_refused(ASK(&h, 3202, Qot_GetStaticInfo, &q), "缺少必要的参数: market");
    SET(&q, market, 41);
    assert_refused(ASK(&h, 3202, Qot_GetStaticInfo, &q), "market");
    harness_stop(&h);
}
END_TEST

START_TEST(market_states_of_securities)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_US, 0);
    Qot_Common_Security s[] = { sec(HK, "00700"), sec(US, "AAPL") };
    Qot_GetMarketState_C2S q = { .n_securityList = 2, .securityList = s };
    Qot_GetMarketState_Response *r = ASK(&h, 3223, Qot_GetMarketState, &q);
    assert_ok(r);
    ck_assert_int_eq(r->s2c->marketInfoList[0].marketState, Qot_Common_QotMarketState_Closed);
    ck_assert_int_eq(r->s2c->marketInfoList[1].marketState, Qot_Common_QotMarketState_Afternoon);
    harness_stop(&h);
}
END_TEST

START_TEST(lists_that_are_empty_by_nature)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    Qot_Common_Security s = sec(HK, "00700"), unknown = sec(HK, "99999");
    Qot_RequestRehab_C2S rehab = { .security = &s };
    Qot_RequestRehab_Response *a = ASK(&h, 3105, Qot_RequestRehab, &rehab);
    assert_ok(a);
    ck_assert_uint_eq(a->s2c->n_rehabList, 0);
    rehab.security = &unknown;
    assert_refused(ASK(&h, 3105, Qot_RequestRehab, &rehab), "未知股票 99999");
    Qot_GetSuspend_C2S su = { .n_securityList = 1, .securityList = &s,
                              .beginTime = STR("2025-01-01"), .endTime = STR("2025-02-01") };
    Qot_GetSuspend_Response *b = ASK(&h, 3201, Qot_GetSuspend, &su);
    assert_ok(b);
    ck_assert_uint_eq(b->s2c->n_SecuritySuspendList, 1);
    ck_assert_uint_eq(b->s2c->SecuritySuspendList[0].n_suspendList, 0);
    Qot_GetFutureInfo_C2S f = { .n_securityList = 1, .securityList = &s };
    assert_refused(ASK(&h, 3218, Qot_GetFutureInfo, &f), "未知股票 00700");
    harness_stop(&h);
}
END_TEST

static double net(const Qot_GetCapitalDistribution_S2C *d)
{
    return d->capitalInSuper + d->capitalInBig + d->capitalInMid + d->capitalInSmall -
           d->capitalOutSuper - d->capitalOutBig - d->capitalOutMid - d->capitalOutSmall;
}

/* Minutes carry whole units of each of the four classes. */
#define ROUNDING 4.0

START_TEST(capital_flow_ends_at_the_distribution)
{
    static const int64_t hours[] = { 0, 2, 5, 7 };
    struct harness h;
    Qot_Common_Security s = sec(HK, "00700");
    Qot_GetCapitalDistribution_C2S dq = { .security = &s };
    Qot_GetCapitalFlow_C2S fq = { .security = &s };
    for (size_t i = 0; i < ARRAY_LEN(hours); i++) {
        harness_start(&h, NULL, WEDNESDAY_10_HK + hours[i] * 3600 * NS_PER_S, 0);
        Qot_GetCapitalDistribution_Response *d = ASK(&h, 3212, Qot_GetCapitalDistribution, &dq);
        assert_ok(d);
        assert_time(d->s2c->updateTime);
        Qot_GetCapitalFlow_Response *f = ASK(&h, 3211, Qot_GetCapitalFlow, &fq);
        assert_ok(f);
        ck_assert_uint_eq(f->s2c->n_flowItemList, get_rt(&h, HK, "00700")->n_rtList);
        const Qot_GetCapitalFlow_CapitalFlowItem *last =
            &f->s2c->flowItemList[f->s2c->n_flowItemList - 1];
        ck_assert_double_eq_tol(last->inFlow, net(d->s2c), ROUNDING);
        assert_time(last->time);
        ck_assert(last->has_superInFlow && last->has_bigInFlow && last->has_midInFlow);
        harness_stop(&h);
    }
}
END_TEST

START_TEST(capital_distribution_is_that_of_the_ticks)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_HK - 20 * 60 * NS_PER_S, 0);      /* 09:40 */
    Qot_Common_Security s = sec(HK, "00700");
    Qot_GetCapitalDistribution_C2S dq = { .security = &s };
    Qot_GetCapitalDistribution_Response *d = ASK(&h, 3212, Qot_GetCapitalDistribution, &dq);
    assert_ok(d);
    const Qot_GetTicker_S2C *t = get_ticks(&h, HK, "00700", 1000);
    ck_assert_uint_lt(t->n_tickerList, 1000);               /* so these are all */
    double in = 0, out = 0;
    for (size_t i = 0; i < t->n_tickerList; i++) {
        const Qot_Common_Ticker *k = &t->tickerList[i];
        in += k->dir == Qot_Common_TickerDirection_Bid ? k->turnover : 0;
        out += k->dir == Qot_Common_TickerDirection_Ask ? k->turnover : 0;
    }
    ck_assert_double_gt(in, 0);
    ck_assert_double_eq_tol(in - out, net(d->s2c), 0.01);
    Qot_GetCapitalFlow_C2S fq = { .security = &s };
    SET(&fq, periodType, 2);
    assert_refused(ASK(&h, 3211, Qot_GetCapitalFlow, &fq), "current day");
    harness_stop(&h);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, quote_ticks_bars_and_snapshot_agree);
    tcase_add_test(tc, the_quote_is_inside_its_book);
    tcase_add_test(tc, optional_fields_that_sdks_read_are_there);
    tcase_add_test(tc, k_lines_of_every_type_are_in_order_and_no_more_than_asked);
    tcase_add_test(tc, minute_bars_are_named_by_their_end);
    tcase_add_test(tc, refusals_of_reads);
    tcase_add_test(tc, the_broker_queue_names_brokers_at_levels);
    tcase_add_test(tc, global_state_has_all_it_needs_and_says_paper);
    tcase_add_test(tc, static_info_by_list_and_by_market);
    tcase_add_test(tc, market_states_of_securities);
    tcase_add_test(tc, lists_that_are_empty_by_nature);
    tcase_add_test(tc, capital_flow_ends_at_the_distribution);
    tcase_add_test(tc, capital_distribution_is_that_of_the_ticks);
}

int main(void)
{
    return run_tcase("paper quotes", add);
}
