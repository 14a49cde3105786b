/* qot_watch.c - watch lists: groups, members, changes. Kept in memory, gone with the program.
 *
 * Groups:  "全部" holds everything; "港股", "美股", "沪深" are views of it by market; "paper" is the one
 *          group that clients may edit, as the vendor lets them edit their own groups only.
 * Threads: the gateway's loop thread only.
 */
#include "upstream/paper/qot.h"

static const struct view {
    const char *name;
    int32_t market[2];      /* 0: every market */
} views[] = {
    { "全部", { 0, 0 } },
    { "港股", { MARKET_HK, MARKET_HK } },
    { "美股", { MARKET_US, MARKET_US } },
    { "沪深", { MARKET_SH, MARKET_SZ } },
};

static const struct {
    int32_t market;
    const char *code;
} first_members[] = {
    { MARKET_HK, "00700" }, { MARKET_HK, "00005" },  { MARKET_US, "AAPL" },
    { MARKET_US, "NVDA" },  { MARKET_SH, "600519" }, { MARKET_SZ, "300750" },
};

static size_t position(const struct watch_group *g, const struct security *s)
{
    for (size_t i = 0; i < g->n; i++)
        if (g->list[i] == s)
            return i;
    return g->n;
}

static void add(struct watch_group *g, const struct security *s)
{
    if (position(g, s) == g->n && g->n < WATCH_MAX)
        g->list[g->n++] = s;
}

static void drop(struct watch_group *g, const struct security *s)
{
    size_t i = position(g, s);
    if (i == g->n)
        return;
    g->n--;
    memmove(&g->list[i], &g->list[i + 1], (g->n - i) * sizeof(g->list[0]));
}

void watch_lists_new(struct paper *p)
{
    struct qot *q = p->qot;
    q->all.name = views[0].name;
    q->own.name = "paper";
    for (size_t i = 0; i < ARRAY_LEN(first_members); i++) {
        const struct security *s = exchange_find(p->exchange, first_members[i].market,
                                                 str_c(first_members[i].code));
        if (s) {
            add(&q->all, s);
            add(&q->own, s);
        }
    }
}

static bool in_view(const struct view *v, const struct security *s)
{
    return v->market[0] == 0 || s->market == v->market[0] || s->market == v->market[1];
}

static const struct view *find_view(futu_str name)
{
    for (size_t i = 0; i < ARRAY_LEN(views); i++)
        if (str_is(name, views[i].name))
            return &views[i];
    return NULL;
}

futu_err qot_user_security(struct paper *p, struct call *c)
{
    const Qot_GetUserSecurity_C2S *q = CALL_C2S(c, Qot_GetUserSecurity);
    Qot_GetUserSecurity_S2C *s2c = CALL_S2C(c, Qot_GetUserSecurity);
    const struct view *view = find_view(q->groupName);
    const struct watch_group *g = view ? &p->qot->all : &p->qot->own;
    if (!s2c)
        return FUTU_ENOMEM;
    if (!view && !str_is(q->groupName, g->name))
        return call_fail(c, "groupName: there is no group \"" STR_FMT "\"",
                         (int)MIN(q->groupName.n, 60), q->groupName.p);
    s2c->staticInfoList = ARENA_ARRAY(c->arena, Qot_Common_SecurityStaticInfo, g->n);
    if (!s2c->staticInfoList)
        return FUTU_ENOMEM;
    futu_err err = FUTU_OK;
    for (size_t i = 0; i < g->n && !err; i++)
        if (!view || in_view(view, g->list[i]))
            err = fill_static(c->arena, g->list[i], &s2c->staticInfoList[s2c->n_staticInfoList++]);
    return err;
}

static void modify(struct qot *q, int32_t op, const struct security *s)
{
    if (op == Qot_ModifyUserSecurity_ModifyUserSecurityOp_Add) {
        add(&q->all, s);
        add(&q->own, s);
        return;
    }
    drop(&q->own, s);
    if (op == Qot_ModifyUserSecurity_ModifyUserSecurityOp_Del)
        drop(&q->all, s);
}

futu_err qot_modify_user_security(struct paper *p, struct call *c)
{
    const Qot_ModifyUserSecurity_C2S *q = CALL_C2S(c, Qot_ModifyUserSecurity);
    const struct security **secs;
    if (!CALL_S2C(c, Qot_ModifyUserSecurity))
        return FUTU_ENOMEM;
    if (q->op < Qot_ModifyUserSecurity_ModifyUserSecurityOp_Add ||
        q->op > Qot_ModifyUserSecurity_ModifyUserSecurityOp_MoveOut)
        return call_fail(c, "op: %d is not in 1..3", (int)q->op);
    if (!str_is(q->groupName, p->qot->own.name))
        return call_fail(c, "groupName: only the group \"%s\" can be changed", p->qot->own.name);
    futu_err err = call_securities(p, c, q->securityList, q->n_securityList, WATCH_MAX, &secs);
    if (err)
        return err;
    if (q->op == Qot_ModifyUserSecurity_ModifyUserSecurityOp_Add &&
        p->qot->all.n + q->n_securityList > WATCH_MAX)
        return call_fail(c, "securityList: a group holds at most %d securities", WATCH_MAX);
    for (size_t i = 0; i < q->n_securityList; i++)
        modify(p->qot, q->op, secs[i]);
    return FUTU_OK;
}

futu_err qot_user_security_group(struct paper *p, struct call *c)
{
    const Qot_GetUserSecurityGroup_C2S *q = CALL_C2S(c, Qot_GetUserSecurityGroup);
    Qot_GetUserSecurityGroup_S2C *s2c = CALL_S2C(c, Qot_GetUserSecurityGroup);
    Qot_GetUserSecurityGroup_GroupData *g = ARENA_ARRAY(
        c->arena, Qot_GetUserSecurityGroup_GroupData, ARRAY_LEN(views) + 1);
    if (!s2c || !g)
        return FUTU_ENOMEM;
    const int32_t custom = Qot_GetUserSecurityGroup_GroupType_Custom;
    const int32_t fixed = Qot_GetUserSecurityGroup_GroupType_System;
    if (q->groupType < custom || q->groupType > Qot_GetUserSecurityGroup_GroupType_All)
        return call_fail(c, "groupType: %d is not in 1..3", (int)q->groupType);
    s2c->groupList = g;
    if (q->groupType != fixed) {
        g[s2c->n_groupList].groupName = str_c(p->qot->own.name);
        SET(&g[s2c->n_groupList], groupType, custom);
        s2c->n_groupList++;
    }
    for (size_t i = 0; i < ARRAY_LEN(views) && q->groupType != custom; i++) {
        g[s2c->n_groupList].groupName = str_c(views[i].name);
        SET(&g[s2c->n_groupList], groupType, fixed);
        s2c->n_groupList++;
    }
    return FUTU_OK;
}
