/* History k-lines: pages, keys, ranges, fields, quota; trading days. */
#include "harness.h"

struct history {
    Qot_Common_Security s;
    Qot_RequestHistoryKL_C2S q;
};

static void history_init(struct history *x, int32_t type, const char *begin, const char *end)
{
    memset(x, 0, sizeof(*x));
    x->s = sec(HK, "00700");
    x->q.security = &x->s;
    x->q.beginTime = str_c(begin);
    x->q.endTime = str_c(end);
    SET(&x->q, rehabType, 1);
    SET(&x->q, klType, type);
}

static Qot_RequestHistoryKL_S2C *page(struct harness *h, struct history *x)
{
    Qot_RequestHistoryKL_Response *r = ASK(h, 3103, Qot_RequestHistoryKL, &x->q);
    assert_ok(r);
    return r->s2c;
}

/* Walks all pages and checks that they are the rows of one unpaged answer. */
static void assert_pages(struct harness *h, int32_t type, const char *begin, const char *end,
                         int max)
{
    struct history x;
    history_init(&x, type, begin, end);
    Qot_RequestHistoryKL_S2C *all = page(h, &x);
    ck_assert_ptr_null(all->nextReqKey.p);
    ck_assert_uint_gt(all->n_klList, 0);
    size_t n = 0;
    SET(&x.q, maxAckKLNum, max);
    for (int pages = 1;; pages++) {
        Qot_RequestHistoryKL_S2C *one = page(h, &x);
        ck_assert_uint_le(one->n_klList, (size_t)max);
        for (size_t i = 0; i < one->n_klList; i++, n++) {
            ck_assert_uint_lt(n, all->n_klList);
            ck_assert(str_eq(one->klList[i].time, all->klList[n].time));
            ck_assert_double_eq(one->klList[i].closePrice, all->klList[n].closePrice);
        }
        if (!one->nextReqKey.p) {
            ck_assert_int_eq(pages, ((int)all->n_klList + max - 1) / max);
            break;
        }
        ck_assert_uint_gt(one->nextReqKey.n, 0);
        x.q.nextReqKey = one->nextReqKey;
    }
    ck_assert_uint_eq(n, all->n_klList);
}

START_TEST(pages_make_the_whole)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    assert_pages(&h, 2, "2024-01-01", "2024-12-31", 100);
    assert_pages(&h, 2, "2024-01-01", "2024-12-31", 1);
    assert_pages(&h, 3, "2024-01-01", "2024-12-31", 7);
    assert_pages(&h, 1, "2025-03-10", "2025-03-11", 100);
    assert_pages(&h, 1, "2025-03-11 10:00:00", "2025-03-11 11:00:00", 61);
    assert_pages(&h, 9, "2025-03-03", "2025-03-12", 5);
    harness_stop(&h);
}
END_TEST

START_TEST(ranges_are_by_label_and_inclusive)
{
    struct harness h;
    struct history x;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    history_init(&x, 1, "2025-03-11 10:00:00", "2025-03-11 10:05:00");
    Qot_RequestHistoryKL_S2C *r = page(&h, &x);
    ck_assert_uint_eq(r->n_klList, 6);
    ck_assert_str_eq(r->klList[0].time.p, "2025-03-11 10:00:00");
    ck_assert_str_eq(r->klList[5].time.p, "2025-03-11 10:05:00");
    history_init(&x, 2, "2025-03-10", "2025-03-11");
    r = page(&h, &x);
    ck_assert_uint_eq(r->n_klList, 2);
    ck_assert_str_eq(r->klList[1].time.p, "2025-03-11 00:00:00");
    history_init(&x, 2, "2025-03-08", "2025-03-09");        /* a weekend */
    ck_assert_uint_eq(page(&h, &x)->n_klList, 0);
    history_init(&x, 2, "2030-01-01", "2030-02-01");        /* not yet */
    ck_assert_uint_eq(page(&h, &x)->n_klList, 0);
    harness_stop(&h);
}
END_TEST

START_TEST(fields_are_those_asked_for)
{
    struct harness h;
    struct history x;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    history_init(&x, 2, "2025-03-10", "2025-03-11");
    SET(&x.q, needKLFieldsFlag, Qot_Common_KLFields_Close | Qot_Common_KLFields_Volume);
    const Qot_Common_KLine *k = page(&h, &x)->klList;
    ck_assert(k->has_closePrice && k->has_volume && !k->has_openPrice && !k->has_turnover);
    SET(&x.q, needKLFieldsFlag, 0);
    k = page(&h, &x)->klList;
    ck_assert(k->has_closePrice && k->has_openPrice && k->has_pe && k->has_lastClosePrice);
    harness_stop(&h);
}
END_TEST

START_TEST(foreign_keys_and_bad_ranges_are_refused)
{
    struct harness h;
    struct history x, y;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    history_init(&x, 2, "2024-01-01", "2024-12-31");
    SET(&x.q, maxAckKLNum, 10);
    futu_str k = page(&h, &x)->nextReqKey;
    history_init(&y, 3, "2024-01-01", "2024-12-31");
    y.q.nextReqKey = k;
    assert_refused(ASK(&h, 3103, Qot_RequestHistoryKL, &y.q), "nextReqKey");
    y.q.nextReqKey = STR("junk");
    assert_refused(ASK(&h, 3103, Qot_RequestHistoryKL, &y.q), "nextReqKey");
    history_init(&y, 2, "2024-02-01", "2024-01-01");
    assert_refused(ASK(&h, 3103, Qot_RequestHistoryKL, &y.q), "beginTime");
    history_init(&y, 2, "", "2024-01-01");
    assert_refused(ASK(&h, 3103, Qot_RequestHistoryKL, &y.q), "缺少必要的参数: beginTime");
    history_init(&y, 2, "2024-01-01", "yesterday");
    assert_refused(ASK(&h, 3103, Qot_RequestHistoryKL, &y.q), "endTime");
    history_init(&y, 99, "2024-01-01", "2024-01-02");
    assert_refused(ASK(&h, 3103, Qot_RequestHistoryKL, &y.q), "klType");
    history_init(&y, 2, "2024-01-01", "9999-12-31");
    SET(&y.q, maxAckKLNum, 5);
    ck_assert_uint_eq(page(&h, &y)->n_klList, 5);
    harness_stop(&h);
}
END_TEST

static Qot_RequestHistoryKLQuota_S2C *quota(struct harness *h)
{
    Qot_RequestHistoryKLQuota_C2S q = { 0 };
    SET(&q, bGetDetail, true);
    Qot_RequestHistoryKLQuota_Response *r = ASK(h, 3104, Qot_RequestHistoryKLQuota, &q);
    assert_ok(r);
    return r->s2c;
}

START_TEST(quota_counts_securities_within_seven_days)
{
    struct harness h;
    struct history x;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    int32_t whole = quota(&h)->remainQuota;
    ck_assert_int_eq(quota(&h)->usedQuota, 0);
    history_init(&x, 2, "2025-01-01", "2025-03-01");
    page(&h, &x);
    SET(&x.q, klType, 5);
    page(&h, &x);
    x.s = sec(US, "AAPL");
    page(&h, &x);
    x.s = sec(US, "NOSUCH");
    assert_refused(ASK(&h, 3103, Qot_RequestHistoryKL, &x.q), "未知股票 NOSUCH");
    Qot_RequestHistoryKLQuota_S2C *s = quota(&h);
    ck_assert_int_eq(s->usedQuota, 2);
    ck_assert_int_eq(s->remainQuota, whole - 2);
    ck_assert_uint_eq(s->n_detailList, 2);
    ck_assert(str_is(s->detailList[0].security->code, "00700"));
    ck_assert_str_eq(s->detailList[0].requestTime.p, "2025-03-12 10:00:00");
    ck_assert_str_eq(s->detailList[1].requestTime.p, "2025-03-11 22:00:00");   /* in New York */
    clock_fake_advance(&h.fake, 7 * 24 * 3600 * NS_PER_S);
    ck_assert_int_eq(quota(&h)->usedQuota, 0);
    harness_stop(&h);
}
END_TEST

static size_t use_quota(struct harness *h, int32_t market, size_t room)
{
    struct history x;
    Qot_GetStaticInfo_C2S q = { 0 };
    SET(&q, market, market);
    SET(&q, secType, 3);
    Qot_GetStaticInfo_Response *r = ASK(h, 3202, Qot_GetStaticInfo, &q);
    assert_ok(r);
    size_t n = MIN(room, r->s2c->n_staticInfoList);
    history_init(&x, 2, "2025-03-08", "2025-03-09");
    for (size_t i = 0; i < n; i++) {
        x.s = *r->s2c->staticInfoList[i].basic->security;
        page(h, &x);
    }
    return n;
}

START_TEST(a_used_up_quota_refuses_new_securities_only)
{
    struct harness h;
    struct history x;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    size_t room = (size_t)quota(&h)->remainQuota;
    ck_assert_uint_eq(use_quota(&h, HK, room), room);
    history_init(&x, 2, "2025-03-08", "2025-03-09");
    x.s = sec(US, "AAPL");
    assert_refused(ASK(&h, 3103, Qot_RequestHistoryKL, &x.q), "额度不足");
    x.s = sec(HK, "00001");
    page(&h, &x);
    harness_stop(&h);
}
END_TEST

static Qot_RequestTradeDate_S2C *dates(struct harness *h, int32_t market, const char *from,
                                       const char *to)
{
    Qot_RequestTradeDate_C2S q = { .beginTime = str_c(from), .endTime = str_c(to) };
    SET(&q, market, market);
    Qot_RequestTradeDate_Response *r = ASK(h, 3219, Qot_RequestTradeDate, &q);
    assert_ok(r);
    return r->s2c;
}

START_TEST(trading_days_and_half_days)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    Qot_RequestTradeDate_S2C *d = dates(&h, 1, "2024-12-23", "2024-12-27");
    ck_assert_uint_eq(d->n_tradeDateList, 3);                   /* 23, 24 (half), 27 */
    ck_assert_str_eq(d->tradeDateList[1].time.p, "2024-12-24");
    ck_assert_int_eq(d->tradeDateList[0].tradeDateType, Qot_Common_TradeDateType_Whole);
    ck_assert_int_eq(d->tradeDateList[1].tradeDateType, Qot_Common_TradeDateType_Morning);
    ck_assert(d->tradeDateList[1].has_tradeDateType);
    ck_assert_uint_eq(dates(&h, 2, "2025-01-09", "2025-01-09")->n_tradeDateList, 0);
    ck_assert_uint_eq(dates(&h, 3, "2025-10-01", "2025-10-08")->n_tradeDateList, 0);
    Qot_RequestTradeDate_C2S q = { .beginTime = STR("2025-01-01"), .endTime = STR("2025-01-05") };
    SET(&q, market, 6);
    assert_refused(ASK(&h, 3219, Qot_RequestTradeDate, &q), "market");
    SET(&q, market, 1);
    q.endTime = STR("9999-01-01");
    assert_refused(ASK(&h, 3219, Qot_RequestTradeDate, &q), "days");
    harness_stop(&h);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, pages_make_the_whole);
    tcase_add_test(tc, ranges_are_by_label_and_inclusive);
    tcase_add_test(tc, fields_are_those_asked_for);
    tcase_add_test(tc, foreign_keys_and_bad_ranges_are_refused);
    tcase_add_test(tc, quota_counts_securities_within_seven_days);
    tcase_add_test(tc, a_used_up_quota_refuses_new_securities_only);
    tcase_add_test(tc, trading_days_and_half_days);
}

int main(void)
{
    return run_tcase("paper history", add);
}
