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
    for (size_t i = 0; i < p->n; i++) {
        const struct sub *s = sub_of(a->c, p->wants[i].pair);
        if (s && !old_enough(a, s))
            return;
    }
    for (size_t i = 0; i < p->n; i++) {
        struct sub *s = sub_of(a->c, p->wants[i].pair);
        if (s)
            sub_free(a->c->hub, s);
    }
    reply_empty(a);
}

/* p->reg says whether pushes are wanted, p->unreg whether they are not; neither leaves it as it
 * is. */
static bool subscribe(struct ask *a, struct plan *p)
{
    if (plan_check(p) || plan_make(p)) {
        reply_refuse(a, "%s", p->why);
        return false;
    }
    plan_run(p, a);
    return true;
}

static void fill_sub(struct plan *p, const Qot_Sub_C2S *q)
{
    p->secs = q->securityList;
    p->n_secs = q->n_securityList;
    p->types = q->subTypeList;
    p->n_types = q->n_subTypeList;
    p->reg = q->has_isRegOrUnRegPush && q->isRegOrUnRegPush;
    p->unreg = q->has_isRegOrUnRegPush && !q->isRegOrUnRegPush;
    p->first = !q->has_isFirstPush || q->isFirstPush;
    p->opts = (struct stream_opts){ q->session, q->header ? q->header->securityFirm : 0,
                                    q->extendedTime, q->isSubOrderBookDetail };
}

/* True: the plan is under way, and no longer ours. */
static bool do_sub(struct ask *a, const Qot_Sub_C2S *q, struct plan *p)
{
    fill_sub(p, q);
    if (!rehab_bits(a, "regPushRehabTypeList", q->regPushRehabTypeList, q->n_regPushRehabTypeList,
                    p->unreg ? 7 : 1u << Qot_Common_RehabType_Forward, &p->rehabs))
        return false;
    if (q->isSubOrUnSub && q->has_session && (q->session < 0 || q->session > Common_Session_ALL))
        reply_refuse(a, "session: %d can't be subscribed", q->session);
    else if (q->isSubOrUnSub)
        return subscribe(a, p);
    else if (q->isUnsubAll)
        unsub_all(a);
    else
        unsub(a, p);
    return false;
}

void on_sub(struct ask *a)
{
    struct metrics *m = &a->c->hub->metrics;
    if (!pend_room(a))
        return;
    if (((const Qot_Sub_Request *)a->msg)->c2s->isSubOrUnSub)
        m->sub_ops++;
    else
        m->unsub_ops++;
    struct plan *p = plan_new(a->c);
    if (!p)
        reply_refuse(a, "out of memory");
    else if (!do_sub(a, ((const Qot_Sub_Request *)a->msg)->c2s, p))
        plan_free(p);
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

static bool do_reg(struct ask *a, const Qot_RegQotPush_C2S *q, struct plan *p)
{
    p->secs = q->securityList;
    p->n_secs = q->n_securityList;
    p->types = q->subTypeList;
    p->n_types = q->n_subTypeList;
    p->reg = q->isRegOrUnReg;
    p->unreg = !q->isRegOrUnReg;
    p->first = !q->has_isFirstPush || q->isFirstPush;
    if (!rehab_bits(a, "rehabTypeList", q->rehabTypeList, q->n_rehabTypeList,
                    p->reg ? 1u << Qot_Common_RehabType_Forward : 7, &p->rehabs))
        return false;
    futu_err err = plan_check(p);
    if (!err && p->reg && !all_own(a, p))
        return false;
    if (!err)
        err = plan_find(p);
    if (err) {
        reply_refuse(a, "%s", p->why);
        return false;
    }
    plan_run(p, a);
    return true;
}

void on_reg_push(struct ask *a)
{
    if (!pend_room(a))
        return;
    struct plan *p = plan_new(a->c);
    if (!p)
        reply_refuse(a, "out of memory");
    else if (!do_reg(a, ((const Qot_RegQotPush_Request *)a->msg)->c2s, p))
        plan_free(p);
}

/* What a real-time read needs, and how the vendor calls it. */
struct read_needs {
    const Qot_Common_Security *secs;
    size_t n;
    int32_t sub_type;
    const char *what;
};

static struct read_needs needs_of(struct ask *a)
{
    const void *m = a->msg;
    switch (a->proto) {
    case PROTO_QOT_GET_BASIC_QOT: {
        const Qot_GetBasicQot_C2S *q = ((const Qot_GetBasicQot_Request *)m)->c2s;
        return (struct read_needs){ q->securityList, q->n_securityList, 1, "实时报价" };
    }
    case PROTO_QOT_GET_KL: {
        const Qot_GetKL_C2S *q = ((const Qot_GetKL_Request *)m)->c2s;
        return (struct read_needs){ q->security, 1, sub_type_of_kl_type(q->klType), "实时K线" };
    }
    case PROTO_QOT_GET_RT:
        return (struct read_needs){ ((const Qot_GetRT_Request *)m)->c2s->security, 1, 5, "实时分时" };
    case PROTO_QOT_GET_TICKER:
        return (struct read_needs){ ((const Qot_GetTicker_Request *)m)->c2s->security, 1, 4,
                                    "实时逐笔" };
    case PROTO_QOT_GET_ORDER_BOOK: {
        const Qot_GetOrderBook_C2S *q = ((const Qot_GetOrderBook_Request *)m)->c2s;
        return (struct read_needs){ q->security, 1, q->orderBookType == 1 ? 22 : 2, "实时摆盘" };
    }
    case PROTO_QOT_GET_BROKER:
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
        /* The vendor's words, then those that a user of REST looks for. */
        reply_refuse(a, "请求获取%s接口前，请先订阅%s数据 (no subscription: subscribe first, with "
                        "Qot_Sub or POST /api/subscribe)", r.what, sub_type_name(r.sub_type));
        return false;
    }
    return true;
}
