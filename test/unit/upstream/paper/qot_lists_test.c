/* Plates, watch lists, the stock filter and price reminders. */
#include "harness.h"

static Qot_GetPlateSet_S2C *plate_set(struct harness *h, int32_t market, int32_t type)
{
    Qot_GetPlateSet_C2S q = { 0 };
    SET(&q, market, market);
    SET(&q, plateSetType, type);
    Qot_GetPlateSet_Response *r = ASK(h, 3204, Qot_GetPlateSet, &q);
    assert_ok(r);
    return r->s2c;
}

static const Qot_Common_PlateInfo *plate_named(const Qot_GetPlateSet_S2C *s, const char *name)
{
    for (size_t i = 0; i < s->n_plateInfoList; i++)
        if (str_is(s->plateInfoList[i].name, name))
            return &s->plateInfoList[i];
    ck_abort_msg("no plate %s", name);
    return NULL;
}

static Qot_GetPlateSecurity_S2C *members(struct harness *h, Qot_Common_Security *plate,
                                         int32_t sort, bool ascend)
{
    Qot_GetPlateSecurity_C2S q = { .plate = plate };
    SET(&q, sortField, sort);
    SET(&q, ascend, ascend);
    Qot_GetPlateSecurity_Response *r = ASK(h, 3205, Qot_GetPlateSecurity, &q);
    assert_ok(r);
    return r->s2c;
}

static bool is_member(const Qot_GetPlateSecurity_S2C *m, const char *code)
{
    for (size_t i = 0; i < m->n_staticInfoList; i++)
        if (str_is(m->staticInfoList[i].basic->security->code, code))
            return true;
    return false;
}

START_TEST(plates_and_their_members_agree_both_ways)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    Qot_GetPlateSet_S2C *us = plate_set(&h, US, 0);
    ck_assert_uint_gt(us->n_plateInfoList, 100);
    const Qot_Common_PlateInfo *energy = plate_named(us, "Energy");
    Qot_GetPlateSecurity_S2C *m = members(&h, energy->plate, 1, true);
    ck_assert_uint_eq(m->n_staticInfoList, 21);
    ck_assert(is_member(m, "XOM") && !is_member(m, "AAPL"));
    Qot_Common_Security s[] = { sec(US, "XOM"), sec(SZ, "300750"), sec(HK, "08001") };
    Qot_GetOwnerPlate_C2S q = { .n_securityList = 3, .securityList = s };
    Qot_GetOwnerPlate_Response *r = ASK(&h, 3207, Qot_GetOwnerPlate, &q);
    assert_ok(r);
    ck_assert_uint_eq(r->s2c->n_ownerPlateList, 3);
    ck_assert_uint_eq(r->s2c->ownerPlateList[0].n_plateInfoList, 2);
    bool found = false;
    for (size_t i = 0; i < 2; i++)
        found |=
            str_eq(r->s2c->ownerPlateList[0].plateInfoList[i].plate->code, energy->plate->code);
    ck_assert(found);
    ck_assert(str_is(r->s2c->ownerPlateList[1].plateInfoList[0].name, "创业板"));
    ck_assert(str_is(r->s2c->ownerPlateList[2].plateInfoList[0].name, "GEM"));
    harness_stop(&h);
}
END_TEST

START_TEST(plates_of_the_two_chinese_exchanges_are_shared)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    Qot_GetPlateSet_S2C *sh = plate_set(&h, SH, 0), *sz = plate_set(&h, SZ, 4);
    ck_assert_uint_eq(sh->n_plateInfoList, 5);      /* four boards and the ETFs */
    ck_assert_uint_eq(sz->n_plateInfoList, 5);
    Qot_Common_Security star = *plate_named(sz, "科创板")->plate;
    Qot_GetPlateSecurity_S2C *m = members(&h, &star, 1, true);
    ck_assert_uint_gt(m->n_staticInfoList, 5);
    for (size_t i = 0; i < m->n_staticInfoList; i++)
        ck_assert_int_eq(memcmp(m->staticInfoList[i].basic->security->code.p, "688", 3), 0);
    ck_assert_uint_eq(plate_set(&h, HK, 1)->n_plateInfoList, 0);
    harness_stop(&h);
}
END_TEST

START_TEST(members_are_sorted_as_asked)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_US, 0);
    Qot_Common_Security p = *plate_named(plate_set(&h, US, 0), "Utilities")->plate;
    Qot_GetPlateSecurity_S2C *m = members(&h, &p, Qot_Common_SortField_CurPrice, false);
    double before = 1e18;
    for (size_t i = 0; i < m->n_staticInfoList; i++) {
        Qot_GetBasicQot_C2S q = { .n_securityList = 1,
                                  .securityList = m->staticInfoList[i].basic->security };
        Qot_GetBasicQot_Response *r = ASK(&h, 3004, Qot_GetBasicQot, &q);
        assert_ok(r);
        ck_assert_double_le(r->s2c->basicQotList[0].curPrice, before);
        before = r->s2c->basicQotList[0].curPrice;
    }
    Qot_GetPlateSecurity_C2S q = { .plate = &p };
    SET(&q, sortField, Qot_Common_SortField_Premium);
    assert_refused(ASK(&h, 3205, Qot_GetPlateSecurity, &q), "sortField");
    Qot_Common_Security none = sec(US, "LIST00000");
    q.plate = &none;
    assert_refused(ASK(&h, 3205, Qot_GetPlateSecurity, &q), "未知股票 LIST00000");
    harness_stop(&h);
}
END_TEST

static size_t group_size(struct harness *h, const char *name)
{
    Qot_GetUserSecurity_C2S q = { .groupName = str_c(name) };
    Qot_GetUserSecurity_Response *r = ASK(h, 3213, Qot_GetUserSecurity, &q);
    assert_ok(r);
    return r->s2c->n_staticInfoList;
}

static Qot_ModifyUserSecurity_Response *edit(struct harness *h, const char *group, int32_t op,
                                             Qot_Common_Security *s, size_t n)
{
    Qot_ModifyUserSecurity_C2S q = { .groupName = str_c(group), .n_securityList = n,
                                     .securityList = s };
    SET(&q, op, op);
    return ASK(h, 3214, Qot_ModifyUserSecurity, &q);
}

START_TEST(watch_lists_change_as_told)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    Qot_Common_Security s[] = { sec(HK, "00001"), sec(US, "MSFT"), sec(HK, "99999") };
    size_t own = group_size(&h, "paper"), all = group_size(&h, "全部"), us = group_size(&h, "美股");
    assert_ok(edit(&h, "paper", 1, s, 2));
    assert_ok(edit(&h, "paper", 1, s, 2));                  /* again: no double */
    ck_assert_uint_eq(group_size(&h, "paper"), own + 2);
    ck_assert_uint_eq(group_size(&h, "全部"), all + 2);
    ck_assert_uint_eq(group_size(&h, "美股"), us + 1);
    assert_ok(edit(&h, "paper", 3, s, 1));                  /* moved out: still among all */
    ck_assert_uint_eq(group_size(&h, "paper"), own + 1);
    ck_assert_uint_eq(group_size(&h, "全部"), all + 2);
    assert_ok(edit(&h, "paper", 2, s, 2));
    ck_assert_uint_eq(group_size(&h, "paper"), own);
    ck_assert_uint_eq(group_size(&h, "全部"), all);
    assert_refused(edit(&h, "paper", 1, s, 3), "未知股票 99999");
    ck_assert_uint_eq(group_size(&h, "paper"), own);
    assert_refused(edit(&h, "港股", 1, s, 1), "groupName");
    assert_refused(edit(&h, "paper", 4, s, 1), "op");
    assert_refused(edit(&h, "paper", 1, s, 0), "缺少必要的参数");
    Qot_GetUserSecurity_C2S q = { .groupName = STR("no such") };
    assert_refused(ASK(&h, 3213, Qot_GetUserSecurity, &q), "no such");
    harness_stop(&h);
}
END_TEST

START_TEST(groups_by_type)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    size_t n[4];
    for (int32_t type = 1; type <= 3; type++) {
        Qot_GetUserSecurityGroup_C2S q = { 0 };
        SET(&q, groupType, type);
        Qot_GetUserSecurityGroup_Response *r = ASK(&h, 3222, Qot_GetUserSecurityGroup, &q);
        assert_ok(r);
        n[type] = r->s2c->n_groupList;
    }
    ck_assert_uint_eq(n[1], 1);
    ck_assert_uint_eq(n[3], n[1] + n[2]);
    Qot_GetUserSecurityGroup_C2S q = { 0 };
    SET(&q, groupType, 9);
    assert_refused(ASK(&h, 3222, Qot_GetUserSecurityGroup, &q), "groupType");
    harness_stop(&h);
}
END_TEST

static Qot_StockFilter_C2S filter_of(Qot_StockFilter_BaseFilter *f, size_t n)
{
    Qot_StockFilter_C2S q = { .n_baseFilterList = n, .baseFilterList = f };
    SET(&q, begin, 0);
    SET(&q, num, 200);
    SET(&q, market, US);
    return q;
}

START_TEST(the_filter_narrows_sorts_and_pages)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_US, 0);
    Qot_Common_Security plate = *plate_named(plate_set(&h, US, 0), "Energy")->plate;
    Qot_StockFilter_BaseFilter f = { 0 };
    SET(&f, fieldName, Qot_StockFilter_StockField_CurPrice);
    SET(&f, sortDir, Qot_StockFilter_SortDir_Descend);
    Qot_StockFilter_C2S q = filter_of(&f, 1);
    q.plate = &plate;
    Qot_StockFilter_Response *all = ASK(&h, 3215, Qot_StockFilter, &q);
    assert_ok(all);
    ck_assert_int_eq(all->s2c->allCount, 21);               /* isNoFilter absent: not narrowed */
    ck_assert(all->s2c->lastPage);
    for (size_t i = 1; i < 21; i++)
        ck_assert_double_le(all->s2c->dataList[i].baseDataList[0].value,
                            all->s2c->dataList[i - 1].baseDataList[0].value);
    double limit = all->s2c->dataList[10].baseDataList[0].value;
    SET(&f, isNoFilter, false);
    SET(&f, filterMin, limit);
    Qot_StockFilter_Response *some = ASK(&h, 3215, Qot_StockFilter, &q);
    assert_ok(some);
    ck_assert_int_eq(some->s2c->allCount, 11);
    SET(&q, begin, 5);
    SET(&q, num, 5);
    Qot_StockFilter_Response *part = ASK(&h, 3215, Qot_StockFilter, &q);
    assert_ok(part);
    ck_assert(!part->s2c->lastPage);
    ck_assert_uint_eq(part->s2c->n_dataList, 5);
    ck_assert(str_eq(part->s2c->dataList[0].security->code, some->s2c->dataList[5].security->code));
    harness_stop(&h);
}
END_TEST

START_TEST(figures_of_the_filter_are_those_of_the_snapshot)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_US, 0);
    Qot_Common_Security plate = *plate_named(plate_set(&h, US, 0), "Energy")->plate;
    Qot_StockFilter_BaseFilter f[] = { { 0 }, { 0 }, { 0 } };
    SET(&f[0], fieldName, Qot_StockFilter_StockField_CurPrice);
    SET(&f[1], fieldName, Qot_StockFilter_StockField_VolumeRatio);
    SET(&f[2], fieldName, Qot_StockFilter_StockField_MarketVal);
    Qot_StockFilter_AccumulateFilter a = { 0 };
    SET(&a, fieldName, Qot_StockFilter_AccumulateField_Volume);
    SET(&a, days, 1);
    Qot_StockFilter_C2S q = filter_of(f, 3);
    q.plate = &plate;
    q.n_accumulateFilterList = 1;
    q.accumulateFilterList = &a;
    Qot_StockFilter_Response *r = ASK(&h, 3215, Qot_StockFilter, &q);
    assert_ok(r);
    const Qot_StockFilter_StockData *d = r->s2c->dataList;
    Qot_GetSecuritySnapshot_C2S sq = { .n_securityList = 1, .securityList = d->security };
    Qot_GetSecuritySnapshot_Response *s = ASK(&h, 3203, Qot_GetSecuritySnapshot, &sq);
    assert_ok(s);
    ck_assert_double_eq(d->baseDataList[0].value, s->s2c->snapshotList->basic->curPrice);
    ck_assert_double_eq(d->baseDataList[1].value, s->s2c->snapshotList->basic->volumeRatio);
    ck_assert_double_eq(d->baseDataList[2].value,
                        s->s2c->snapshotList->equityExData->issuedMarketVal);
    ck_assert_double_eq(d->accumulateDataList[0].value,
                        (double)s->s2c->snapshotList->basic->volume);
    harness_stop(&h);
}
END_TEST

START_TEST(filters_that_need_reports_are_refused_by_name)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    Qot_StockFilter_BaseFilter f = { 0 };
    SET(&f, fieldName, Qot_StockFilter_StockField_PeTTM);
    Qot_StockFilter_C2S q = filter_of(&f, 1);
    assert_refused(ASK(&h, 3215, Qot_StockFilter, &q), "PeTTM");
    SET(&f, fieldName, 99);
    assert_refused(ASK(&h, 3215, Qot_StockFilter, &q), "StockField 99");
    q = filter_of(NULL, 0);
    Qot_StockFilter_FinancialFilter ff = { 0 };
    SET(&ff, fieldName, 1);
    SET(&ff, quarter, 1);
    q.n_financialFilterList = 1;
    q.financialFilterList = &ff;
    assert_refused(ASK(&h, 3215, Qot_StockFilter, &q), "financialFilterList");
    q = filter_of(NULL, 0);
    SET(&q, num, 201);
    assert_refused(ASK(&h, 3215, Qot_StockFilter, &q), "num");
    harness_stop(&h);
}
END_TEST

static Qot_SetPriceReminder_C2S reminder(Qot_Common_Security *s, int32_t type, int32_t freq,
                                         double v)
{
    Qot_SetPriceReminder_C2S q = { .security = s, .note = STR("a note") };
    SET(&q, op, 1);
    SET(&q, type, type);
    SET(&q, freq, freq);
    SET(&q, value, v);
    return q;
}

static const Qot_GetPriceReminder_S2C *reminders(struct harness *h, Qot_Common_Security *s)
{
    Qot_GetPriceReminder_C2S q = { .security = s };
    Qot_GetPriceReminder_Response *r = ASK(h, 3221, Qot_GetPriceReminder, &q);
    assert_ok(r);
    return r->s2c;
}

START_TEST(a_reminder_that_is_met_is_pushed_once)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    Qot_Common_Security s = sec(HK, "00700");
    Qot_SetPriceReminder_C2S q = reminder(&s, Qot_Common_PriceReminderType_PriceUp, 3, 0.01);
    Qot_SetPriceReminder_Response *r = ASK(&h, 3220, Qot_SetPriceReminder, &q);
    assert_ok(r);
    harness_run(&h, 5000);
    ck_assert_uint_eq(h.n_notice, 1);
    ck_assert_uint_eq(h.notified, 3019);
    const Qot_UpdatePriceReminder_S2C *u = ((Qot_UpdatePriceReminder_Response *)h.notice)->s2c;
    ck_assert(u->has_key && u->has_type && u->has_setValue && u->has_curValue);
    ck_assert_int_eq(u->key, r->s2c->key);
    ck_assert_double_eq(u->curValue, u->price);
    ck_assert(str_is(u->note, "a note"));
    ck_assert_ptr_nonnull(strstr(u->content.p, "paper"));
    const Qot_GetPriceReminder_S2C *l = reminders(&h, &s);
    ck_assert_uint_eq(l->n_priceReminderList, 1);
    ck_assert(!l->priceReminderList[0].itemList[0].isEnable);
    harness_stop(&h);
}
END_TEST

START_TEST(a_reminder_that_is_not_met_stays_silent)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    Qot_Common_Security s = sec(HK, "00700");
    for (int32_t type = 1; type <= 15; type++) {
        bool down = type == Qot_Common_PriceReminderType_PriceDown ||
                    type == Qot_Common_PriceReminderType_AskPriceDown;
        Qot_SetPriceReminder_C2S q = reminder(&s, type, 1, down ? 0.0001 : 1e15);
        assert_ok(ASK(&h, 3220, Qot_SetPriceReminder, &q));
    }
    harness_run(&h, 5000);
    ck_assert_uint_eq(h.n_notice, 0);
    ck_assert_uint_eq(reminders(&h, &s)->priceReminderList[0].n_itemList, 15);
    harness_stop(&h);
}
END_TEST

START_TEST(reminders_are_edited_by_key)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    Qot_Common_Security s = sec(HK, "00700");
    Qot_SetPriceReminder_C2S q = reminder(&s, 1, 1, 1e6);
    Qot_SetPriceReminder_Response *r = ASK(&h, 3220, Qot_SetPriceReminder, &q);
    assert_ok(r);
    Qot_SetPriceReminder_C2S e = { .security = &s };
    SET(&e, op, 4);
    assert_refused(ASK(&h, 3220, Qot_SetPriceReminder, &e), "缺少必要的参数: key");
    SET(&e, key, r->s2c->key);
    assert_ok(ASK(&h, 3220, Qot_SetPriceReminder, &e));
    ck_assert(!reminders(&h, &s)->priceReminderList[0].itemList[0].isEnable);
    SET(&e, op, 3);
    assert_ok(ASK(&h, 3220, Qot_SetPriceReminder, &e));
    ck_assert(reminders(&h, &s)->priceReminderList[0].itemList[0].isEnable);
    q.op = 5;
    SET(&q, key, r->s2c->key);
    SET(&q, value, 2e6);
    assert_ok(ASK(&h, 3220, Qot_SetPriceReminder, &q));
    ck_assert_double_eq(reminders(&h, &s)->priceReminderList[0].itemList[0].value, 2e6);
    SET(&e, op, 2);
    assert_ok(ASK(&h, 3220, Qot_SetPriceReminder, &e));
    assert_refused(ASK(&h, 3220, Qot_SetPriceReminder, &e), "no reminder");
    ck_assert_uint_eq(reminders(&h, &s)->n_priceReminderList, 0);
    harness_run(&h, 100);
    ck_assert(timers_next(&h.timers) == TIMER_NEVER);       /* nothing to look at any more */
    harness_stop(&h);
}
END_TEST

START_TEST(ten_reminders_of_a_type_and_no_more)
{
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    Qot_Common_Security s = sec(HK, "00700");
    Qot_SetPriceReminder_C2S q = reminder(&s, 1, 1, 1e6);
    for (int i = 0; i < 10; i++)
        assert_ok(ASK(&h, 3220, Qot_SetPriceReminder, &q));
    assert_refused(ASK(&h, 3220, Qot_SetPriceReminder, &q), "10 reminders");
    SET(&q, type, 2);
    SET(&q, value, 0.001);
    assert_ok(ASK(&h, 3220, Qot_SetPriceReminder, &q));
    SET(&q, op, 6);
    assert_ok(ASK(&h, 3220, Qot_SetPriceReminder, &q));
    ck_assert_uint_eq(reminders(&h, &s)->n_priceReminderList, 0);
    SET(&q, op, 1);
    SET(&q, type, 16);
    assert_refused(ASK(&h, 3220, Qot_SetPriceReminder, &q), "type");
    harness_stop(&h);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, plates_and_their_members_agree_both_ways);
    tcase_add_test(tc, plates_of_the_two_chinese_exchanges_are_shared);
    tcase_add_test(tc, members_are_sorted_as_asked);
    tcase_add_test(tc, watch_lists_change_as_told);
    tcase_add_test(tc, groups_by_type);
    tcase_add_test(tc, the_filter_narrows_sorts_and_pages);
    tcase_add_test(tc, figures_of_the_filter_are_those_of_the_snapshot);
    tcase_add_test(tc, filters_that_need_reports_are_refused_by_name);
    tcase_add_test(tc, a_reminder_that_is_met_is_pushed_once);
    tcase_add_test(tc, a_reminder_that_is_not_met_stays_silent);
    tcase_add_test(tc, reminders_are_edited_by_key);
    tcase_add_test(tc, ten_reminders_of_a_type_and_no_more);
}

int main(void)
{
    return run_tcase("paper lists", add);
}
