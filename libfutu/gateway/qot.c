/* qot.c - Qot_Sub, Qot_RegQotPush, and the gate of the real-time reads.
 *
 * A change of subscriptions happens for all securities and sub types of the request, or for none.
 * Giving up what is not subscribed is no error; giving up anything younger than 60 s refuses the
 * whole request, isUnsubAll included.
 * Tests:   test/unit/gateway/qot_test.c
 */
#include <stdio.h>

#include "gateway/plan.h"
#include "market/market.h"

static const char *sec_name(int32_t market, futu_str code, char *out, size_t size)
{
    const char *prefix = market_prefix(market);
    if (prefix)
        snprintf(out, size, "%s.%.*s", prefix, (int)MIN(code.n, 64), code.p);
    else
        snprintf(out, size, "%d.%.*s", market, (int)MIN(code.n, 64), code.p);
    return out;
}

/* Rehab types of a request as bits; `absent` when it names none. */
static bool rehab_bits(struct ask *a, const char *field, const int32_t *list, size_t n,
                       uint32_t absent, uint32_t *out)
{
    *out = n ? 0 : absent;
    for (size_t i = 0; i < n; i++) {
        if (list[i] < 0 || list[i] >= REHABS) {
            reply_refuse(a, "%s[%zu]: %d is unknown", field, i, list[i]);
            return false;
        }
        *out |= 1u << list[i];
    }
    return true;
}

static bool old_enough(struct ask *a, const struct sub *s)
{
    char name[96];
    int64_t left = s->since + SUB_LEAST_NS - a->c->hub->now;
    if (left <= 0)
        return true;
    reply_refuse(a, "订阅后至少1分钟才能取消订阅: %s %s, %d seconds left",
                 sec_name(s->pair->sec->market, str_c(s->pair->sec->code), name, sizeof(name)),
                 sub_type_name(s->pair->sub_type), (int)((left + NS_PER_S - 1) / NS_PER_S));
    return false;
}

static void unsub_all(struct ask *a)
{
    struct futu_conn *c = a->c;
    struct list *it, *tmp;
    list_each(it, tmp, &c->subs)
        if (!old_enough(a, list_entry(it, struct sub, in_conn)))
            return;
    while (!list_empty(&c->subs))
        sub_free(c->hub, list_entry(c->subs.next, struct sub, in_conn));
    reply_empty(a);
}

static void unsub(struct ask *a, struct plan *p)
{
    if (plan_check(p) || plan_find(p)) {
        reply_refuse(a, "%s", p->why);
        return;
    }
    for (size_t i = 0; i < p->n; i++)
        if (p->wants[i].sub && !old_enough(a, p->wants[i].sub))
            return;
    for (size_t i = 0; i < p->n; i++)
        if (p->wants[i].sub)
            sub_free(a->c->hub, p->wants[i].sub);
    reply_empty(a);
}

static void register_all(struct plan *p, bool on)
{
    for (size_t i = 0; i < p->n; i++) {
        struct want *w = &p->wants[i];
        uint32_t rehabs = plan_rehabs(p, w->pair);
        for (int r = 0; r < REHABS; r++) {
            if (!(rehabs >> r & 1) || !w->pair->streams[r] || !w->sub)
                continue;
            if (on)
                reg_add(w->pair->streams[r], w->sub);
            else
                reg_remove(w->pair->streams[r], w->sub);
        }
        if (!on)
            pair_settle(p->c->hub, w->pair);
    }
}

static void first_pushes(struct plan *p)
{
    for (size_t i = 0; i < p->n; i++) {
        struct pair *pair = p->wants[i].pair;
        uint32_t rehabs = plan_rehabs(p, pair);
        for (int r = 0; r < REHABS; r++)
            if (rehabs >> r & 1)
                fanout_first(p->c, pair->streams[r]);
    }
}

/* p->reg says whether pushes are wanted, `unreg` whether they are not; neither leaves it as it
 * is. */
static void subscribe(struct ask *a, struct plan *p, bool unreg, bool first)
{
    futu_err err = plan_check(p);
    if (!err)
        err = plan_make(p);
    if (!err)
        err = plan_open(p);
    if (err) {
        plan_undo(p);
        reply_refuse(a, "%s", p->why);
        return;
    }
    if (p->reg || unreg)
        register_all(p, p->reg);
    reply_empty(a);
    if (p->reg && first)
        first_pushes(p);
}

void on_sub(struct ask *a)
{
    const Qot_Sub_C2S *q = ((const Qot_Sub_Request *)a->msg)->c2s;
    struct plan p = { .c = a->c, .secs = q->securityList, .n_secs = q->n_securityList,
                      .types = q->subTypeList, .n_types = q->n_subTypeList };
    bool unreg = q->has_isRegOrUnRegPush && !q->isRegOrUnRegPush;
    p.reg = q->has_isRegOrUnRegPush && q->isRegOrUnRegPush;
    if (!rehab_bits(a, "regPushRehabTypeList", q->regPushRehabTypeList, q->n_regPushRehabTypeList,
                    unreg ? 7 : 1u << Qot_Common_RehabType_Forward, &p.rehabs))
        return;
    if (!q->isSubOrUnSub && q->isUnsubAll)
        unsub_all(a);
    else if (!q->isSubOrUnSub)
        unsub(a, &p);
    else if (q->has_session && (q->session < 0 || q->session > Common_Session_ALL))
        reply_refuse(a, "session: %d can't be subscribed", q->session);
    else
        subscribe(a, &p, unreg, !q->has_isFirstPush || q->isFirstPush);
}

/* All pairs must be the connection's own before pushes can be registered. */
static bool all_own(struct ask *a, const struct plan *p)
{
    char name[96];
    for (size_t i = 0; i < p->n_secs; i++)
        for (size_t k = 0; k < p->n_types; k++) {
            const Qot_Common_Security *s = &p->secs[i];
            struct pair *pair = subs_find_pair(&a->c->hub->subs, s->market, s->code, p->types[k]);
            if (pair && sub_of(a->c, pair))
                continue;
            reply_refuse(a, "注册推送前，请先订阅%s的%s数据",
                         sec_name(s->market, s->code, name, sizeof(name)),
                         sub_type_name(p->types[k]));
            return false;
        }
    return true;
}

void on_reg_push(struct ask *a)
{
    const Qot_RegQotPush_C2S *q = ((const Qot_RegQotPush_Request *)a->msg)->c2s;
    struct plan p = { .c = a->c, .secs = q->securityList, .n_secs = q->n_securityList,
                      .types = q->subTypeList, .n_types = q->n_subTypeList,
                      .reg = q->isRegOrUnReg };
    if (!rehab_bits(a, "rehabTypeList", q->rehabTypeList, q->n_rehabTypeList,
                    p.reg ? 1u << Qot_Common_RehabType_Forward : 7, &p.rehabs))
        return;
    futu_err err = plan_check(&p);
    if (!err && p.reg && !all_own(a, &p))
        return;
    if (!err)
        err = plan_find(&p);
    if (!err && p.reg)
        err = plan_open(&p);
    if (err) {
        plan_undo(&p);
        reply_refuse(a, "%s", p.why);
        return;
    }
    register_all(&p, p.reg);
    reply_empty(a);
    if (p.reg && (!q->has_isFirstPush || q->isFirstPush))
        first_pushes(&p);
}

/* What a real-time read needs, and how the vendor calls it. */
struct read_needs {
    const Qot_Common_Security *secs;
    size_t n;
    int32_t sub_type;
    const char *what;
};

static struct read_needs needs_of(const struct ask *a)
{
    const void *m = a->msg;
    switch (a->proto) {
    case 3004: {
        const Qot_GetBasicQot_C2S *q = ((const Qot_GetBasicQot_Request *)m)->c2s;
        return (struct read_needs){ q->securityList, q->n_securityList, 1, "实时报价" };
    }
    case 3006: {
        const Qot_GetKL_C2S *q = ((const Qot_GetKL_Request *)m)->c2s;
        return (struct read_needs){ q->security, 1, sub_type_of_kl_type(q->klType), "实时K线" };
    }
    case 3008:
        return (struct read_needs){ ((const Qot_GetRT_Request *)m)->c2s->security, 1, 5, "实时分时" };
    case 3010:
        return (struct read_needs){ ((const Qot_GetTicker_Request *)m)->c2s->security, 1, 4,
                                    "实时逐笔" };
    case 3012: {
        const Qot_GetOrderBook_C2S *q = ((const Qot_GetOrderBook_Request *)m)->c2s;
        return (struct read_needs){ q->security, 1, q->orderBookType == 1 ? 22 : 2, "实时摆盘" };
    }
    case 3014:
        return (struct read_needs){ ((const Qot_GetBroker_Request *)m)->c2s->security, 1, 14,
                                    "实时经纪队列" };
    default:
        return (struct read_needs){ NULL, 0, 0, NULL };
    }
}

bool gate_real_time_read(struct ask *a)
{
    struct read_needs r = needs_of(a);
    if (r.what && !sub_type_known(r.sub_type)) {
        reply_refuse(a, "c2s.klType: %d is unknown", *(const int32_t *)c2s_field(a, "klType"));
        return false;
    }
    for (size_t i = 0; i < r.n; i++) {
        struct pair *p = subs_find_pair(&a->c->hub->subs, r.secs[i].market, r.secs[i].code,
                                        r.sub_type);
        if (p && sub_of(a->c, p))
            continue;
        reply_refuse(a, "请求获取%s接口前，请先订阅%s数据", r.what, sub_type_name(r.sub_type));
        return false;
    }
    return true;
}
