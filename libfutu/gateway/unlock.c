/* unlock.c - see unlock.h: the states of the accounts. What is kept under a key is in
 * unlock_kept.c. */
#include "gateway/unlock.h"

#include <stdio.h>

#include "codec/splice.h"
#include "gateway/unlock_kept.h"

/* What a locked account is: an upstream that forwards is asked again. */
static uint8_t locked_state(const struct hub *h)
{
    return h->up->forwards ? UNLOCK_UNKNOWN : UNLOCK_SHUT;
}

/* ---- the list ---- */

static struct unlock_account *find(const struct hub *h, uint64_t id)
{
    const struct unlocks *u = &h->unlocks;
    for (uint32_t i = 0; i < u->n; i++)
        if (u->list[i].id == id)
            return &u->list[i];
    return NULL;
}

/* The account's, made when it is not there. NULL: out of memory, or there are too many. */
static struct unlock_account *take(struct hub *h, uint64_t id)
{
    struct unlocks *u = &h->unlocks;
    struct unlock_account *a = find(h, id);
    if (a || u->n == UNLOCK_ACCOUNTS)
        return a;
    if (u->n == u->cap) {
        uint32_t cap = u->cap ? u->cap * 2 : 8;
        struct unlock_account *list = mem_array(cap, sizeof(*list));
        if (!list)
            return NULL;
        if (u->n)
            memcpy(list, u->list, u->n * sizeof(*list));
        mem_free(u->list);
        u->list = list;
        u->cap = cap;
    }
    a = &u->list[u->n++];
    *a = (struct unlock_account){ .id = id, .state = u->others, .round = u->others_round };
    return a;
}

static bool passes(const struct hub *h, uint8_t state)
{
    return state == UNLOCK_OPEN || (state == UNLOCK_UNKNOWN && h->up->forwards);
}

bool unlock_is_open(const struct hub *h, uint64_t acc_id)
{
    const struct unlock_account *a = find(h, acc_id);
    return passes(h, a ? a->state : h->unlocks.others);
}

const char *unlock_why(const struct hub *h, uint64_t acc_id)
{
    const struct unlock_account *a = find(h, acc_id);
    return a ? a->why : "";
}

size_t unlock_count(const struct hub *h)
{
    size_t n = 0;
    for (uint32_t i = 0; i < h->unlocks.n; i++)
        n += h->unlocks.list[i].state == UNLOCK_OPEN;
    return n;
}

bool unlock_any(const struct hub *h)
{
    return h->unlocks.others == UNLOCK_OPEN || unlock_count(h) > 0;
}

static void say(struct unlock_account *a, futu_str why)
{
    str_copy(a->why, sizeof(a->why), why.p ? why : STR(""));
}

static void shut(struct hub *h, struct unlock_account *a, uint8_t state, const char *why)
{
    a->state = state;
    a->round = h->unlocks.round;
    say(a, str_c(why));
}

static void open_it(struct unlock_account *a, uint64_t round)
{
    if (a->round > round)           /* locked while it was under way */
        return;
    a->state = UNLOCK_OPEN;
    a->why[0] = '\0';
}

/* ---- answers that tell accounts apart ---- */

static bool take_result(struct hub *h, bool unlocks, const Trd_UnlockTrade_AccResult *r)
{
    if (r->has_trdEnv && r->trdEnv == Trd_Common_TrdEnv_Simulate)
        return true;
    struct unlock_account *a = take(h, r->accID);
    if (!a)
        return !r->success;
    if (r->has_securityFirm)
        a->firm = r->securityFirm;
    if (!r->success)
        say(a, r->errorMsg);
    else if (unlocks)
        open_it(a, UINT64_MAX);     /* in the order in which the upstream has done it */
    else
        shut(h, a, locked_state(h), "");
    return true;
}

static bool take_results(struct hub *h, bool unlocks, const Trd_UnlockTrade_S2C *s2c)
{
    bool ok = true;
    for (size_t i = 0; i < s2c->n_accResultList; i++)
        ok = take_result(h, unlocks, &s2c->accResultList[i]) && ok;
    return ok;
}

/* ---- answers that do not ---- */

static bool named(const Trd_UnlockTrade_C2S *q, uint64_t id)
{
    for (size_t i = 0; i < q->n_accIDList; i++)
        if (q->accIDList[i] == id)
            return true;
    return false;
}

static int32_t firm_of(const Trd_UnlockTrade_C2S *q)
{
    return q->has_securityFirm ? q->securityFirm : 0;
}

static bool is_other_firm(const Trd_UnlockTrade_C2S *q, const struct unlock_account *a)
{
    return firm_of(q) && a->firm && a->firm != firm_of(q);
}

static bool is_about_all(const Trd_UnlockTrade_C2S *q)
{
    return !q->n_accIDList && !firm_of(q);
}

/* These alone: the upstream may have opened all, which those who were not named do not get. */
static bool open_named(struct hub *h, const Trd_UnlockTrade_C2S *q, uint64_t round)
{
    struct unlocks *u = &h->unlocks;
    bool ok = true;
    for (size_t i = 0; i < q->n_accIDList; i++) {
        struct unlock_account *a = take(h, q->accIDList[i]);
        ok = a && ok;
        if (a && !is_other_firm(q, a))
            open_it(a, round);
    }
    for (uint32_t i = 0; i < u->n; i++) {
        struct unlock_account *a = &u->list[i];
        if (a->state == UNLOCK_UNKNOWN && (!named(q, a->id) || is_other_firm(q, a)))
            a->state = UNLOCK_SHUT;
    }
    if (u->others == UNLOCK_UNKNOWN)
        u->others = UNLOCK_SHUT;
    return ok;
}

static bool open_asked(struct hub *h, const Trd_UnlockTrade_C2S *q, uint64_t round)
{
    struct unlocks *u = &h->unlocks;
    if (q->n_accIDList)
        return open_named(h, q, round);
    for (uint32_t i = 0; i < u->n; i++)
        if (!firm_of(q) || u->list[i].firm == firm_of(q))
            open_it(&u->list[i], round);
    if (is_about_all(q) && u->others_round <= round)
        u->others = UNLOCK_OPEN;
    return true;
}

/* Of an account that is not known to be meant nothing is known any more when it was open. */
static void lock_one(struct hub *h, const Trd_UnlockTrade_C2S *q, struct unlock_account *a)
{
    int32_t firm = firm_of(q);
    bool other = is_other_firm(q, a);
    if (q->n_accIDList && named(q, a->id) && !other)
        shut(h, a, UNLOCK_SHUT, "");
    else if (!q->n_accIDList && (!firm || a->firm == firm))
        shut(h, a, locked_state(h), "");
    else if (!other && (!q->n_accIDList || a->state == UNLOCK_OPEN))
        shut(h, a, a->state == UNLOCK_SHUT ? UNLOCK_SHUT : locked_state(h), "");
}

/* The upstream has locked at least these, and maybe more. */
static void shut_asked(struct hub *h, const Trd_UnlockTrade_C2S *q)
{
    struct unlocks *u = &h->unlocks;
    for (size_t i = 0; i < q->n_accIDList; i++)
        if (!take(h, q->accIDList[i]))
            u->others = UNLOCK_SHUT;    /* no room to tell it from the others */
    for (uint32_t i = 0; i < u->n; i++)
        lock_one(h, q, &u->list[i]);
    if (q->n_accIDList && u->others != UNLOCK_OPEN)
        return;
    if (is_about_all(q) || u->others != UNLOCK_SHUT)
        u->others = locked_state(h);
    u->others_round = u->round;
}

/* ---- in ---- */

static bool accounts_ok(struct ask *a, const Trd_UnlockTrade_C2S *q)
{
    if (q->n_accIDList > UNLOCK_NAMED) {
        reply_refuse(a, "accIDList has more than %d accounts", UNLOCK_NAMED);
        return false;
    }
    for (size_t i = 0; i < q->n_accIDList; i++)
        if (q->accIDList[i] == 0) {
            reply_refuse(a, "accIDList[%zu] is 0", i);
            return false;
        }
    return true;
}

bool unlock_may_go(struct ask *a)
{
    struct hub *h = a->c->hub;
    const Trd_UnlockTrade_C2S *q = ((const Trd_UnlockTrade_Request *)a->msg)->c2s;
    if (!accounts_ok(a, q) || (q->unlock && !kept_look(a, q)))
        return false;
    int left = q->unlock && h->up->forwards ? trade_pwd_left(&h->unlocks.guard, h->now) : 0;
    if (left)
        reply_refuse(a, TRADE_PWD_PAUSED, left);
    return !left;
}

/* How many tries are left is not passed on. */
static void guard_password(struct hub *h, const Trd_UnlockTrade_Response *rsp, futu_str *body)
{
    if (rsp->retType == RET_OK) {
        trade_pwd_right(&h->unlocks.guard);
    } else if (trade_pwd_refusal(rsp->retMsg)) {
        trade_pwd_wrong(&h->unlocks.guard, h->now);
        if (!rsp->s2c)
            unlock_fail(h, TRADE_PWD_WRONG, body);
    }
}

void unlock_fail(struct hub *h, const char *why, futu_str *body)
{
    h->body.n = 0;
    if (codec_failure(&h->body, RET_FAILED, 0, str_c(why)) == FUTU_OK)
        *body = buf_str(&h->body);
}

static bool take_answer(struct call *k, const Trd_UnlockTrade_C2S *q,
                        const Trd_UnlockTrade_Response *rsp)
{
    struct hub *h = k->hub;
    bool ok = true;
    if (rsp->retType == RET_OK && !q->unlock)
        h->unlocks.round++;
    bool tells = rsp->s2c && rsp->s2c->n_accResultList;
    if (tells)
        ok = take_results(h, q->unlock, rsp->s2c);
    else if (rsp->retType == RET_OK && q->unlock)
        ok = open_asked(h, q, k->round);
    if (rsp->retType == RET_OK && !q->unlock && (!tells || is_about_all(q)))
        shut_asked(h, q);
    return ok;
}

void unlock_answered(struct call *k, futu_str *body)
{
    struct hub *h = k->hub;
    Trd_UnlockTrade_Request rq;
    Trd_UnlockTrade_Response rsp;
    arena_reset(&h->events);
    if (codec_decode(&Trd_UnlockTrade_Request_msg, &h->events, k->rq.body, k->rq.len, &rq, NULL,
                     NULL) ||
        codec_decode(&Trd_UnlockTrade_Response_msg, &h->events, body->p, body->n, &rsp, NULL, NULL))
        return;
    if (!take_answer(k, rq.c2s, &rsp)) {
        unlock_fail(h, "out of memory", body);
        return;
    }
    if (rsp.retType == RET_OK)
        log_info("trading of real accounts: %s; %zu are open, %s", rq.c2s->unlock ? "unlocked"
                 : "locked", unlock_count(h), h->unlocks.others == UNLOCK_OPEN ? "and all others"
                 : "no others");
    if (rq.c2s->unlock && h->up->forwards)
        guard_password(h, &rsp, body);
    if (rq.c2s->unlock)
        kept_put(k, rq.c2s, &rsp, *body);
}

void unlock_learn(struct hub *h, futu_str body)
{
    Trd_GetAccList_Response rsp;
    if (!h->up->forwards)
        return;
    arena_reset(&h->events);
    if (codec_decode(&Trd_GetAccList_Response_msg, &h->events, body.p, body.n, &rsp, NULL, NULL) ||
        rsp.retType != RET_OK || !rsp.s2c)
        return;
    for (size_t i = 0; i < rsp.s2c->n_accList; i++) {
        const Trd_Common_TrdAcc *acc = &rsp.s2c->accList[i];
        struct unlock_account *a = NULL;
        if (acc->trdEnv != Trd_Common_TrdEnv_Simulate && acc->has_securityFirm)
            a = take(h, acc->accID);
        if (a)
            a->firm = acc->securityFirm;
    }
}

/* ---- locked without being asked ---- */

static void tell(struct hub *h, const char *why)
{
    char text[320];
    Notify_GtwEvent event = { .desc = STR("") };
    Notify_S2C note = { .event = &event };
    Notify_Response rsp = { .retMsg = STR(""), .s2c = &note };
    struct buf out = BUF_INIT;
    snprintf(text, sizeof(text), "trading of real accounts is locked: %s; unlock again", why);
    log_warn("%s", text);
    event.desc = str_c(text);
    SET(&event, eventType, Notify_GtwEventType_None);
    SET(&note, type, Notify_NotifyType_GtwEvent);
    SET(&rsp, retType, RET_OK);
    SET(&rsp, errCode, 0);
    if (codec_encode(&Notify_Response_msg, &rsp, &out, NULL) == FUTU_OK)
        fanout_notify(h, PROTO_NOTIFY, out.p, out.n);
    buf_free(&out);
}

void unlock_lost(struct hub *h, const uint64_t *ids, size_t n, const char *why)
{
    struct unlocks *u = &h->unlocks;
    const Trd_UnlockTrade_C2S q = { .accIDList = (uint64_t *)ids, .n_accIDList = n };
    bool was = false;
    u->round++;
    for (uint32_t i = 0; i < u->n; i++) {
        struct unlock_account *a = &u->list[i];
        if (a->state != UNLOCK_OPEN || (n && !named(&q, a->id)))
            continue;
        was = true;
        shut(h, a, locked_state(h), why);
    }
    if (n == 0 && u->others == UNLOCK_OPEN) {
        was = true;
        u->others = locked_state(h);
        u->others_round = u->round;
    }
    if (was)
        tell(h, why);
}

/* ---- by the operator ---- */

static void on_locked(struct upstream_request *rq, const uint8_t *body, size_t len)
{
    struct unlocks *u = container_of(rq, struct unlocks, locking);
    u->is_locking = false;
    if (response_ret(body, len) != RET_OK)
        log_error("the upstream has not locked trading: " STR_FMT,
                  STR_ARG(response_text(body, len)));
}

size_t hub_lock(struct hub *h)
{
    static const uint8_t body[] = { 0x0a, 2, 8, 0 };    /* unlock false */
    struct unlocks *u = &h->unlocks;
    size_t n = unlock_count(h);
    if (!h->up || h->up->forwards)
        return 0;
    n += n == 0 && u->others == UNLOCK_OPEN;
    u->round++;
    for (uint32_t i = 0; i < u->n; i++)
        shut(h, &u->list[i], UNLOCK_SHUT, "");
    u->others = UNLOCK_SHUT;
    u->others_round = u->round;
    if (u->is_locking)
        return n;
    u->is_locking = true;
    u->locking = (struct upstream_request){ .proto = PROTO_TRD_UNLOCK_TRADE, .body = body,
                                            .len = sizeof(body), .done = on_locked };
    h->up->ops->request(h->up, &u->locking);
    return n;
}

void unlock_free(struct hub *h)
{
    struct unlocks *u = &h->unlocks;
    if (u->is_locking)
        h->up->ops->cancel(h->up, &u->locking);
    kept_free(u);
    mem_free(u->list);
}
