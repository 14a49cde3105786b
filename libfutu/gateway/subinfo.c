/* subinfo.c - Qot_GetSubInfo: who holds what. Subscriptions whose connection has closed count as
 * used quota, and are listed for nobody. */
#include "gateway/state.h"

static bool add_type(struct arena *a, const struct futu_conn *c, int32_t type,
                     Qot_Common_ConnSubInfo *out)
{
    struct list *it, *tmp;
    Qot_Common_SubInfo *info = NULL;
    list_each(it, tmp, &c->subs) {
        const struct pair *p = list_entry(it, struct sub, in_conn)->pair;
        if (p->sub_type != type)
            continue;
        if (!info) {
            info = &out->subInfoList[out->n_subInfoList++];
            SET(info, subType, type);
            info->securityList = ARENA_ARRAY(a, Qot_Common_Security, c->n_subs);
            if (!info->securityList)
                return false;
        }
        Qot_Common_Security *s = &info->securityList[info->n_securityList++];
        SET(s, market, p->sec->market);
        s->code = str_c(p->sec->code);
    }
    return true;
}

static bool add_conn(struct arena *a, const struct futu_conn *c, bool own,
                     Qot_Common_ConnSubInfo *out)
{
    SET(out, usedQuota, (int32_t)c->n_subs);
    SET(out, isOwnConnData, own);
    out->subInfoList = ARENA_ARRAY(a, Qot_Common_SubInfo, SUB_TYPES);
    if (!out->subInfoList)
        return false;
    for (int32_t t = 0; t < SUB_TYPES; t++)
        if (!add_type(a, c, t, out))
            return false;
    return true;
}

static bool fill(struct ask *a, bool all, Qot_GetSubInfo_S2C *out)
{
    struct hub *h = a->c->hub;
    struct list *it, *tmp;
    out->connSubInfoList = ARENA_ARRAY(&h->arena, Qot_Common_ConnSubInfo, h->n_conns);
    if (!out->connSubInfoList ||
        !add_conn(&h->arena, a->c, true, &out->connSubInfoList[out->n_connSubInfoList++]))
        return false;
    if (!all)
        return true;
    list_each(it, tmp, &h->conns) {
        struct futu_conn *c = list_entry(it, struct futu_conn, link);
        if (c == a->c || c->n_subs == 0)
            continue;
        if (!add_conn(&h->arena, c, false, &out->connSubInfoList[out->n_connSubInfoList++]))
            return false;
    }
    return true;
}

void on_sub_info(struct ask *a)
{
    struct hub *h = a->c->hub;
    const Qot_GetSubInfo_C2S *q = ((const Qot_GetSubInfo_Request *)a->msg)->c2s;
    Qot_GetSubInfo_S2C s2c = { .n_connSubInfoList = 0 };
    Qot_GetSubInfo_Response rsp = { .retMsg = STR(""), .s2c = &s2c };
    uint32_t quota = subs_quota(h), used = h->subs.n_pairs;
    if (!fill(a, q->isReqAllConn, &s2c)) {
        reply_refuse(a, "out of memory");
        return;
    }
    SET(&rsp, retType, RET_OK);
    SET(&rsp, errCode, 0);
    SET(&s2c, totalUsedQuota, (int32_t)used);
    SET(&s2c, remainQuota, (int32_t)(quota > used ? quota - used : 0));
    reply_msg(a, &rsp);
}
