/* unlock.c - Trd_UnlockTrade: the trade password to every broker at once, each on its own.
 *
 * One account without permission fails its broker's whole request, and no other's. What a broker
 * gives is a cipher for each account, which every order carries; it ends with the connection.
 * Guard:   after WRONG_PWDS wrong passwords in a row none is sent for a minute: the server locks
 *          accounts after a few more.
 * Tests:   test/unit/upstream/broker/firm_test.c
 */
#include <stdio.h>

#include "crypt/digest.h"
#include "upstream/broker/state.h"

#define WRONG_PWDS 2
#define PWD_PAUSE (60 * NS_PER_S)

/* The asking of one broker. */
struct part {
    struct job *j;
    struct firm *f;
    struct channel_ask ask;
    struct account **accounts;
    size_t n;
    bool token;                         /* the second step is under way */
    bool wrong;                         /* the broker says that the password is */
};

struct unlock {
    struct part *parts;
    size_t n;
    struct bk_pswd *pswds;              /* room for one broker's */
};

/* ---- the answer ---- */

static void drop(struct job *j)
{
    struct unlock *u = j->state;
    for (size_t i = 0; u && i < u->n; i++)
        channel_cancel(&u->parts[i].ask);
}

static bool add_result(struct job *j, Trd_UnlockTrade_S2C *s2c, const struct account *a,
                       struct buf *text)
{
    Trd_UnlockTrade_AccResult *out = &s2c->accResultList[s2c->n_accResultList++];
    SET(out, accID, a->id);
    SET(out, success, a->cipher.n != 0);
    SET(out, securityFirm, a->firm->info->security_firm);
    if (a->cipher.n)
        return true;
    out->errorMsg = str_dup(&j->arena, str_c(a->locked_why));
    return out->errorMsg.p && !buf_printf(text, "%saccount %llu (broker %d): %s",
                                          text->n ? "; " : "", (unsigned long long)a->id,
                                          a->firm->broker_id, a->locked_why);
}

static void note_password(struct broker *b, const struct unlock *u, size_t good)
{
    bool wrong = false;
    for (size_t i = 0; i < u->n; i++)
        wrong = wrong || u->parts[i].wrong;
    if (good)
        b->wrong_pwds = 0;
    else if (wrong && ++b->wrong_pwds >= WRONG_PWDS)
        b->pwd_pause = broker_now(b) + PWD_PAUSE;
}

static void finish(struct job *j)
{
    struct unlock *u = j->state;
    Trd_UnlockTrade_S2C *s2c = JOB_S2C(j, Trd_UnlockTrade);
    struct buf text = BUF_MAX(2048);
    size_t total = 0, good = 0;
    for (size_t i = 0; i < u->n; i++)
        total += u->parts[i].n;
    if (s2c)
        s2c->accResultList = ARENA_ARRAY(&j->arena, Trd_UnlockTrade_AccResult, total + 1);
    bool ok = s2c && s2c->accResultList;
    for (size_t i = 0; i < u->n; i++)
        for (size_t k = 0; ok && k < u->parts[i].n; k++) {
            const struct account *a = u->parts[i].accounts[k];
            good += a->cipher.n != 0;
            ok = add_result(j, s2c, a, &text) || text.n;
        }
    note_password(j->b, u, good);
    if (!ok)
        job_fail(j, RET_FAILED, "%s", futu_strerror(FUTU_ENOMEM));
    else if (good == 0)
        job_fail(j, RET_FAILED, "no account was unlocked: %.*s", (int)text.n,
                 text.n ? (const char *)text.p : "");
    else
        job_ok_text(j, buf_str(&text).p ? buf_str(&text) : STR(""));
    buf_free(&text);
}

static void part_done(struct part *p)
{
    struct job *j = p->j;
    if (--j->parts == 0)
        finish(j);
}

static void part_failed(struct part *p, const char *why)
{
    for (size_t i = 0; i < p->n; i++) {
        account_lock(p->accounts[i]);
        snprintf(p->accounts[i]->locked_why, sizeof(p->accounts[i]->locked_why), "%s", why);
    }
    part_done(p);
}

/* ---- one broker ---- */

static void take(struct part *p, const struct bk_unlock_rsp *r)
{
    for (size_t i = 0; i < p->n; i++) {
        struct account *a = p->accounts[i];
        account_lock(a);
        snprintf(a->locked_why, sizeof(a->locked_why), "the broker gave no cipher for it");
        for (size_t k = 0; k < r->n_ciphers; k++) {
            futu_str c = r->ciphers[k].cipher;
            if (r->ciphers[k].account != a->number || !c.n)
                continue;
            if (secret_set(&a->cipher, c.p, c.n))
                snprintf(a->locked_why, sizeof(a->locked_why), "out of memory");
        }
    }
    part_done(p);
}

static void send(struct part *p, futu_str sig);

static void on_reply(struct channel_ask *q, const struct channel_reply *rp)
{
    struct part *p = container_of(q, struct part, ask);
    const Trd_UnlockTrade_C2S *c2s = JOB_C2S(p->j, Trd_UnlockTrade);
    struct bk_unlock_rsp r;
    char why[CHANNEL_WHY];
    if (rp->err) {
        part_failed(p, rp->why);
        return;
    }
    if (codec_decode(&bk_unlock_rsp_msg, &p->j->arena, rp->body, rp->n, &r, NULL, NULL) ||
        !r.has_result_code) {
        part_failed(p, "the broker's answer can't be read");
        return;
    }
    bool otp = r.result_code == CODE_OTP || r.result_code == CODE_OTP_MOOMOO;
    if (r.result_code == 0) {
        take(p, &r);
    } else if (otp && r.auth_pswd_sig.n && !p->token && c2s->otp.n) {
        send(p, r.auth_pswd_sig);
    } else if (otp && !p->token) {
        part_failed(p, "the broker wants a one-time password (otp) as well");
    } else {
        p->wrong = r.result_code != CODE_NO_PERMISSION;
        snprintf(why, sizeof(why), "the broker refuses with code %d%s" STR_FMT, r.result_code,
                 r.err_msg.n ? ": " : "", (int)MIN(r.err_msg.n, 120),
                 r.err_msg.p ? r.err_msg.p : "");
        part_failed(p, why);
    }
}

static futu_err encode(struct part *p, futu_str sig, struct buf *body)
{
    struct job *j = p->j;
    struct unlock *u = j->state;
    const Trd_UnlockTrade_C2S *c2s = JOB_C2S(j, Trd_UnlockTrade);
    for (size_t i = 0; i < p->n; i++) {
        u->pswds[i] = (struct bk_pswd){ .pswd = c2s->pwdMD5 };
        SET(&u->pswds[i], account, p->accounts[i]->number);
    }
    j->account = p->accounts[0];
    struct bk_header *h = job_header(j, false, STR_NULL);
    if (!h)
        return FUTU_ENOMEM;
    h->has_account = false;             /* it is about all of them */
    const struct bk_unlock_req first = { .header = h, .n_pswds = p->n, .pswds = u->pswds };
    const struct bk_token_req second = { .header = h, .token = c2s->otp, .auth_pswd_sig = sig,
                                         .n_pswds = p->n, .pswds = u->pswds };
    return sig.n ? codec_encode(&bk_token_req_msg, &second, body, NULL)
                 : codec_encode(&bk_unlock_req_msg, &first, body, NULL);
}

static void send(struct part *p, futu_str sig)
{
    char text[CHANNEL_WHY + 80];
    struct buf body = BUF_INIT;
    p->token = sig.n != 0;
    p->ask.command = sig.n ? CMD_TOKEN : CMD_UNLOCK;
    p->ask.done = on_reply;
    futu_err err = encode(p, sig, &body);
    if (!err)
        err = channel_send(p->f->c, &p->ask, body.p, body.n);
    if (body.p)
        wipe(body.p, body.cap);
    buf_free(&body);
    if (err == FUTU_ENOTCONN)
        part_failed(p, channel_down(p->f->c, text));
    else if (err)
        part_failed(p, futu_strerror(err));
}

/* ---- which ones ---- */

static bool named(const Trd_UnlockTrade_C2S *c2s, uint64_t id)
{
    for (size_t i = 0; i < c2s->n_accIDList; i++)
        if (c2s->accIDList[i] == id)
            return true;
    return c2s->n_accIDList == 0;
}

static bool of_firm(const Trd_UnlockTrade_C2S *c2s, const struct firm *f)
{
    return !c2s->has_securityFirm || c2s->securityFirm == f->info->security_firm;
}

static bool choose(struct job *j, struct unlock *u, struct firm *f)
{
    const Trd_UnlockTrade_C2S *c2s = JOB_C2S(j, Trd_UnlockTrade);
    struct part *p = &u->parts[u->n];
    *p = (struct part){ .j = j, .f = f };
    p->accounts = arena_array(&j->arena, f->n_accounts + 1, sizeof(struct account *));
    if (!p->accounts)
        return false;
    for (size_t i = 0; i < f->n_accounts; i++)
        if (f->accounts[i].state == 1 && named(c2s, f->accounts[i].id))
            p->accounts[p->n++] = &f->accounts[i];
    u->n += p->n > 0;
    return true;
}

static void lock(struct job *j)
{
    const Trd_UnlockTrade_C2S *c2s = JOB_C2S(j, Trd_UnlockTrade);
    struct list *it, *tmp;
    list_each(it, tmp, &j->b->firms) {
        struct firm *f = list_entry(it, struct firm, node);
        for (size_t i = 0; i < f->n_accounts; i++)
            if (of_firm(c2s, f) && named(c2s, f->accounts[i].id))
                account_lock(&f->accounts[i]);
    }
    if (JOB_S2C(j, Trd_UnlockTrade))
        job_ok(j);
    else
        job_fail(j, RET_FAILED, "%s", futu_strerror(FUTU_ENOMEM));
}

/* Which firms there are, for someone who named another. */
static void no_such_firm(struct job *j)
{
    struct buf text = BUF_MAX(400);
    struct list *it, *tmp;
    list_each(it, tmp, &j->b->firms) {
        const struct firm *f = list_entry(it, struct firm, node);
        if (f->n_accounts)
            buf_printf(&text, "%s%d (%s)", text.n ? ", " : "", f->info->security_firm,
                       f->info->name);
    }
    if (text.n)
        job_fail(j, RET_FAILED, "there is no such account to unlock; there are accounts at "
                 "securityFirm %.*s", (int)text.n, (const char *)text.p);
    else
        job_fail(j, RET_DISCONNECTED, "no accounts are known yet");
    buf_free(&text);
}

static bool refused(struct job *j)
{
    const Trd_UnlockTrade_C2S *c2s = JOB_C2S(j, Trd_UnlockTrade);
    int64_t left = j->b->pwd_pause - broker_now(j->b);
    uint8_t digest[16];
    if (!hex_read(c2s->pwdMD5, digest, sizeof(digest))) {
        job_fail(j, RET_FAILED, "pwdMD5: 32 hex digits are expected");
        return true;
    }
    for (size_t i = 0; i < c2s->n_accIDList; i++)
        if (c2s->accIDList[i] == 0) {
            job_fail(j, RET_FAILED, "accIDList[%zu] is 0", i);
            return true;
        }
    if (left > 0)
        job_fail(j, RET_FAILED, "the trade password was wrong %d times; none is sent for %d more "
                 "seconds, since the broker locks accounts", WRONG_PWDS,
                 (int)(left / NS_PER_S) + 1);
    return left > 0;
}

void on_unlock(struct job *j)
{
    const Trd_UnlockTrade_C2S *c2s = JOB_C2S(j, Trd_UnlockTrade);
    struct list *it, *tmp;
    size_t firms = 0;
    if (!c2s->unlock) {
        lock(j);
        return;
    }
    if (refused(j))
        return;
    list_each(it, tmp, &j->b->firms)
        firms++;
    struct unlock *u = j->state = ARENA_NEW(&j->arena, struct unlock);
    if (u) {
        u->parts = arena_array(&j->arena, firms + 1, sizeof(*u->parts));
        u->pswds = arena_array(&j->arena, FIRM_ACCOUNTS, sizeof(*u->pswds));
    }
    bool ok = u && u->parts && u->pswds;
    list_each(it, tmp, &j->b->firms)
        if (ok && of_firm(c2s, list_entry(it, struct firm, node)))
            ok = choose(j, u, list_entry(it, struct firm, node));
    if (!ok) {
        j->state = NULL;
        job_fail(j, RET_FAILED, "%s", futu_strerror(FUTU_ENOMEM));
    } else if (u->n == 0) {
        no_such_firm(j);
    } else {
        j->drop = drop;
        j->parts = u->n + 1;            /* and this, so that it does not end inside */
        for (size_t i = 0; i < u->n; i++)
            send(&u->parts[i], STR_NULL);
        if (--j->parts == 0)
            finish(j);
    }
}
