/* trd_unlock.c - the trade password of the paper accounts.
 *
 * Only the password is checked here, by its digest; the gateway keeps which accounts it has opened.
 * There is no token, so that a one-time password is neither asked for nor looked at. A simulated
 * account needs no unlocking: naming it does no harm.
 * Tests:   test/unit/upstream/paper/trd_unlock_test.c
 */
#include "crypt/digest.h"
#include "upstream/paper/trd.h"

static const struct account_def *find(uint64_t id)
{
    for (size_t i = 0; i < ACCOUNTS; i++)
        if (account_defs[i].id == id)
            return &account_defs[i];
    return NULL;
}

static bool of_firm(const Trd_UnlockTrade_C2S *q, const struct account_def *d)
{
    return !q->has_securityFirm || !q->securityFirm || d->firm == q->securityFirm;
}

static void add(Trd_UnlockTrade_S2C *s2c, uint64_t id, const struct account_def *d)
{
    Trd_UnlockTrade_AccResult *out = &s2c->accResultList[s2c->n_accResultList++];
    SET(out, accID, id);
    SET(out, success, d != NULL);
    if (d)
        SET(out, trdEnv, d->env);
    if (d && d->firm)
        SET(out, securityFirm, d->firm);
    if (!d)
        out->errorMsg = STR("unknown account");
}

/* The real accounts, or those named; of both those of the firm. */
static futu_err choose(struct call *c, const Trd_UnlockTrade_C2S *q, Trd_UnlockTrade_S2C *s2c)
{
    s2c->accResultList = ARENA_ARRAY(c->arena, Trd_UnlockTrade_AccResult,
                                     ACCOUNTS + q->n_accIDList);
    if (!s2c->accResultList)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < q->n_accIDList; i++) {
        const struct account_def *d = find(q->accIDList[i]);
        if (q->accIDList[i] == 0)
            return call_fail(c, "accIDList[%zu] is 0", i);
        if (!d || of_firm(q, d))
            add(s2c, q->accIDList[i], d);
    }
    for (size_t i = 0; i < ACCOUNTS && q->n_accIDList == 0; i++)
        if (account_defs[i].env == Trd_Common_TrdEnv_Real && of_firm(q, &account_defs[i]))
            add(s2c, account_defs[i].id, &account_defs[i]);
    return FUTU_OK;
}

/* What there is, for someone who has chosen nothing of it; who has named accounts is told of these
 * alone, since an API key may be limited to them. */
static futu_err none_chosen(struct call *c, const Trd_UnlockTrade_C2S *q)
{
    struct buf text = BUF_MAX(300);
    for (size_t i = 0; i < ACCOUNTS && q->n_accIDList == 0; i++)
        if (account_defs[i].env == Trd_Common_TrdEnv_Real)
            buf_printf(&text, "%s%llu (securityFirm %d)", text.n ? ", " : "",
                       (unsigned long long)account_defs[i].id, account_defs[i].firm);
    for (size_t i = 0; i < q->n_accIDList; i++) {
        const struct account_def *d = find(q->accIDList[i]);
        buf_printf(&text, "%s%llu ", text.n ? ", " : "", (unsigned long long)q->accIDList[i]);
        if (d && d->firm)
            buf_printf(&text, "is of securityFirm %d", d->firm);
        else
            buf_puts(&text, d ? "is simulated" : "is unknown");
    }
    futu_err err = q->n_accIDList
                       ? call_fail(c, "there is no such account: " STR_FMT, STR_ARG(buf_str(&text)))
                       : call_fail(c, "no real account of securityFirm %d; there is " STR_FMT,
                                   q->securityFirm, STR_ARG(buf_str(&text)));
    buf_free(&text);
    return err;
}

static bool any_good(const Trd_UnlockTrade_S2C *s2c)
{
    for (size_t i = 0; i < s2c->n_accResultList; i++)
        if (s2c->accResultList[i].success)
            return true;
    return false;
}

static futu_err check_password(struct paper *p, struct call *c, const Trd_UnlockTrade_C2S *q)
{
    struct trade *t = p->trade;
    int64_t now = clock_mono(p->sys);
    int left = trade_pwd_left(&t->guard, now);
    if (q->pwdMD5.n == 0)
        return call_missing(c, "pwdMD5");
    if (left)
        return call_fail(c, TRADE_PWD_PAUSED, left);
    if (!hex_md5_equal_ct(q->pwdMD5.p, q->pwdMD5.n, (const char *)t->pwd_md5.p)) {
        trade_pwd_wrong(&t->guard, now);
        return call_fail(c, "%s", TRADE_PWD_WRONG);
    }
    trade_pwd_right(&t->guard);
    return FUTU_OK;
}

futu_err trd_unlock(struct paper *p, struct call *c)
{
    const Trd_UnlockTrade_C2S *q = CALL_C2S(c, Trd_UnlockTrade);
    Trd_UnlockTrade_S2C *s2c = CALL_S2C(c, Trd_UnlockTrade);
    futu_err err = s2c ? choose(c, q, s2c) : FUTU_ENOMEM;
    if (err)
        return err;
    if (!any_good(s2c))
        return none_chosen(c, q);
    return q->unlock ? check_password(p, c, q) : FUTU_OK;
}
