/* unlock.c - Trd_UnlockTrade: the trade password to every broker at once, each on its own.
 *
 * One account without permission fails its broker's whole request, and no other's. What a broker
 * gives is a cipher for each account, which every order carries; it ends with the connection.
 * Failure: leaves open what was open.
 * Lock:    wins over unlocks that were sent before it.
 * Guard:   see access/trade_pwd.h; each broker has its own, since each counts on its own.
 * Tests:   test/unit/upstream/broker/firm_test.c
 */
#include <stdio.h>

#include "crypt/digest.h"
#include "upstream/broker/state.h"

/* What became of one account. */
struct outcome {
    struct account *a;
    bool given;                         /* a cipher */
    const char *why;                    /* not given; NULL: what is said of its broker */
};

/* The asking of one broker. */
struct part {
    struct list node;                   /* in the firm's unlocks while it waits */
    struct job *j;
    struct firm *f;
    struct channel_ask ask;
    struct outcome *each;
    size_t n;
    bool asked;                         /* one of the firm's asking */
    bool token;                         /* the second step is under way */
    bool otp;                           /* it wants a one-time password, and none was given */
    char why[CHANNEL_WHY];              /* all of it failed; "" */
};

struct unlock {
    struct part *parts;
    size_t n;
    uint64_t round;                     /* locks from later ones on win */
    struct bk_pswd *pswds;              /* room for one broker's */
};

/* ---- the answer ---- */

static void drop(struct job *j)
{
    struct unlock *u = j->state;
    for (size_t i = 0; u && i < u->n; i++) {
        struct part *p = &u->parts[i];
        channel_cancel(&p->ask);
        list_remove(&p->node);
        p->f->asking -= p->asked;
        p->asked = false;
    }
}

/* NULL: it may trade. */
static const char *failure_of(const struct unlock *u, const struct part *p,
                              const struct outcome *o)
{
    if (!o->given)
        return o->why ? o->why : p->why;
    if (o->a->cipher.n)
        return NULL;
    return o->a->lock_round > u->round ? "it was locked meanwhile"
                                       : "the connection was lost meanwhile";
}

static Trd_UnlockTrade_AccResult *add_result(Trd_UnlockTrade_S2C *s2c, uint64_t id,
                                             const struct firm *f, const char *why)
{
    Trd_UnlockTrade_AccResult *out = &s2c->accResultList[s2c->n_accResultList++];
    SET(out, accID, id);
    SET(out, success, !why);
    if (f)
        SET(out, securityFirm, f->info->security_firm);
    if (why)
        out->errorMsg = str_c(why);     /* of the part, or static: encoded before it goes */
    return out;
}

/* "broker 1007: ...", unless another one has failed for the same reason: then that alone. */
static void add_text(struct buf *text, const struct part *p, const char *why)
{
    futu_str had = buf_str(text);
    if (had.n >= strlen(why) && memmem(had.p, had.n, why, strlen(why)))
        return;
    buf_printf(text, "%sbroker %d: %s", text->n ? "; " : "", p->f->broker_id, why);
}

static size_t tell_part(const struct unlock *u, struct part *p, Trd_UnlockTrade_S2C *s2c,
                        struct buf *text)
{
    size_t good = 0;
    for (size_t i = 0; i < p->n; i++) {
        struct account *a = p->each[i].a;
        const char *why = failure_of(u, p, &p->each[i]);
        Trd_UnlockTrade_AccResult *out = add_result(s2c, a->id, p->f, why);
        good += !why;
        if (why && p->otp)
            SET(out, otpNeeded, true);
        if (why)
            add_text(text, p, why);
        snprintf(a->locked_why, sizeof(a->locked_why), "%s", why ? why : "");
    }
    return good;
}

/* Accounts that were named and that nobody has. */
static void tell_strays(const struct job *j, Trd_UnlockTrade_S2C *s2c, struct buf *text)
{
    const Trd_UnlockTrade_C2S *c2s = JOB_C2S(j, Trd_UnlockTrade);
    for (size_t i = 0; i < c2s->n_accIDList; i++) {
        const struct account *a = account_by_id(j->b, c2s->accIDList[i]);
        if (a && (a->state == 1 || !c2s->unlock))
            continue;
        add_result(s2c, c2s->accIDList[i], a ? a->firm : NULL,
                   a ? "the account is closed" : "unknown account");
        buf_printf(text, "%saccount %llu is not there", text->n ? "; " : "",
                   (unsigned long long)c2s->accIDList[i]);
    }
}

static Trd_UnlockTrade_S2C *s2c_for(struct job *j, size_t most)
{
    Trd_UnlockTrade_S2C *s2c = JOB_S2C(j, Trd_UnlockTrade);
    const size_t n = most + JOB_C2S(j, Trd_UnlockTrade)->n_accIDList + 1;
    if (s2c)
        s2c->accResultList = ARENA_ARRAY(&j->arena, Trd_UnlockTrade_AccResult, n);
    return s2c && s2c->accResultList ? s2c : NULL;
}

static void finish(struct job *j)
{
    struct unlock *u = j->state;
    struct buf text = BUF_MAX(2048);
    size_t total = 0, good = 0;
    for (size_t i = 0; i < u->n; i++)
        total += u->parts[i].n;
    Trd_UnlockTrade_S2C *s2c = s2c_for(j, total);
    for (size_t i = 0; s2c && i < u->n; i++)
        good += tell_part(u, &u->parts[i], s2c, &text);
    if (!s2c) {
        job_fail(j, RET_FAILED, "%s", futu_strerror(FUTU_ENOMEM));
        return;
    }
    tell_strays(j, s2c, &text);
    futu_str said = text.p ? buf_str(&text) : STR("");
    if (good == 0)
        job_fail_told(j, RET_FAILED, said);
    else
        job_ok_text(j, said);
    buf_free(&text);
}

static void next_waiting(struct firm *f);

static void part_done(struct part *p)
{
    struct job *j = p->j;
    struct firm *f = p->f;
    bool asked = p->asked;
    p->asked = false;
    f->asking -= asked;
    if (--j->parts == 0)
        finish(j);
    if (asked)
        next_waiting(f);
}

static void part_failed(struct part *p, const char *why)
{
    snprintf(p->why, sizeof(p->why), "%s", why);
    part_done(p);
}

/* ---- one broker ---- */

static void take_cipher(const struct unlock *u, struct outcome *o, futu_str cipher)
{
    if (o->a->lock_round > u->round)
        o->why = "it was locked meanwhile";
    else if (secret_set(&o->a->cipher, cipher.p, cipher.n))
        o->why = "out of memory";
    else
        o->given = true;
}

static void take(struct part *p, const struct bk_unlock_rsp *r)
{
    trade_pwd_right(&p->f->guard);
    for (size_t i = 0; i < p->n; i++) {
        p->each[i].why = "the broker gave no cipher for it";
        for (size_t k = 0; k < r->n_ciphers; k++)
            if (r->ciphers[k].account == p->each[i].a->number && r->ciphers[k].cipher.n)
                take_cipher(p->j->state, &p->each[i], r->ciphers[k].cipher);
    }
    part_done(p);
}

static void send(struct part *p, futu_str sig);

/* A code of its own for a wrong password is not known: its text has to speak of it, or there is
 * none. How many tries are left is not passed on. */
static void refused_by_broker(struct part *p, const struct bk_unlock_rsp *r)
{
    char why[CHANNEL_WHY];
    bool wrong = r->err_msg.n ? trade_pwd_refusal(r->err_msg) : !p->token;
    if (wrong && r->result_code != CODE_NO_PERMISSION) {
        trade_pwd_wrong(&p->f->guard, broker_now(p->j->b));
        part_failed(p, TRADE_PWD_WRONG);
        return;
    }
    snprintf(why, sizeof(why), "the broker refuses with code %d%s" STR_FMT, r->result_code,
             r->err_msg.n ? ": " : "", (int)MIN(r->err_msg.n, 120),
             r->err_msg.p ? r->err_msg.p : "");
    part_failed(p, why);
}

static void on_reply(struct channel_ask *q, const struct channel_reply *rp)
{
    struct part *p = container_of(q, struct part, ask);
    const Trd_UnlockTrade_C2S *c2s = JOB_C2S(p->j, Trd_UnlockTrade);
    struct bk_unlock_rsp r;
    if (rp->err) {
        part_failed(p, rp->why);
        return;
    }
    if (codec_decode(&bk_unlock_rsp_msg, &p->j->arena, rp->body, rp->n, &r, NULL, NULL) ||
        !r.has_result_code) {
        part_failed(p, "the broker's answer can't be read");
        return;
    }
    bool otp = (r.result_code == CODE_OTP || r.result_code == CODE_OTP_MOOMOO) && !p->token;
    if (r.result_code == 0) {
        take(p, &r);
    } else if (otp && r.auth_pswd_sig.n && c2s->otp.n) {
        send(p, r.auth_pswd_sig);
    } else if (otp) {
        p->otp = !c2s->otp.n;
        part_failed(p, p->otp ? "the broker wants a one-time password (otp) as well"
                              : "the broker wants a one-time password, and does not say for what");
    } else {
        refused_by_broker(p, &r);
    }
}

static futu_err encode(struct part *p, futu_str sig, struct buf *body)
{
    struct job *j = p->j;
    struct unlock *u = j->state;
    const Trd_UnlockTrade_C2S *c2s = JOB_C2S(j, Trd_UnlockTrade);
    for (size_t i = 0; i < p->n; i++) {
        u->pswds[i] = (struct bk_pswd){ .pswd = c2s->pwdMD5 };
        SET(&u->pswds[i], account, p->each[i].a->number);
    }
    j->account = p->each[0].a;
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

/* As many passwords may be under way as may turn out to be wrong before the pause. */
static bool has_to_wait(const struct firm *f)
{
    return f->asking && f->guard.wrong + f->asking >= TRADE_PWD_TRIES;
}

static void begin(struct part *p)
{
    char why[CHANNEL_WHY];
    struct firm *f = p->f;
    int left = trade_pwd_left(&f->guard, broker_now(f->b));
    if (left) {
        snprintf(why, sizeof(why), TRADE_PWD_PAUSED, left);
        part_failed(p, why);
    } else if (has_to_wait(f)) {
        list_push(&f->unlocks, &p->node);
    } else {
        p->asked = true;
        f->asking++;
        send(p, STR_NULL);
    }
}

static void next_waiting(struct firm *f)
{
    while (!list_empty(&f->unlocks) && !has_to_wait(f)) {
        struct part *p = list_entry(f->unlocks.next, struct part, node);
        list_remove(&p->node);
        begin(p);
    }
}

/* ---- which ones ---- */

static bool named(const Trd_UnlockTrade_C2S *c2s, uint64_t id)
{
    for (size_t i = 0; i < c2s->n_accIDList; i++)
        if (c2s->accIDList[i] == id)
            return true;
    return c2s->n_accIDList == 0;
}

static int32_t firm_of(const Trd_UnlockTrade_C2S *c2s)      /* 0: any */
{
    return c2s->has_securityFirm ? c2s->securityFirm : 0;
}

static bool of_firm(const Trd_UnlockTrade_C2S *c2s, const struct firm *f)
{
    return !firm_of(c2s) || firm_of(c2s) == f->info->security_firm;
}

static bool choose(struct job *j, struct unlock *u, struct firm *f)
{
    const Trd_UnlockTrade_C2S *c2s = JOB_C2S(j, Trd_UnlockTrade);
    struct part *p = &u->parts[u->n];
    *p = (struct part){ .j = j, .f = f };
    list_init(&p->node);
    p->each = arena_array(&j->arena, f->n_accounts + 1, sizeof(*p->each));
    if (!p->each)
        return false;
    for (size_t i = 0; i < f->n_accounts; i++)
        if (f->accounts[i].state == 1 && named(c2s, f->accounts[i].id))
            p->each[p->n++] = (struct outcome){ .a = &f->accounts[i] };
    u->n += p->n > 0;
    return true;
}

static void put_all(const struct broker *b, struct buf *text)
{
    struct list *it, *tmp;
    list_each(it, tmp, &b->firms) {
        const struct firm *f = list_entry(it, struct firm, node);
        for (size_t i = 0; i < f->n_accounts; i++)
            buf_printf(text, "%s%llu (securityFirm %d, %s)", text->n ? ", " : "",
                       (unsigned long long)f->accounts[i].id, f->info->security_firm,
                       f->info->name);
    }
}

static void put_named(const struct job *j, struct buf *text)
{
    const Trd_UnlockTrade_C2S *c2s = JOB_C2S(j, Trd_UnlockTrade);
    for (size_t i = 0; i < c2s->n_accIDList; i++) {
        const struct account *a = account_by_id(j->b, c2s->accIDList[i]);
        buf_printf(text, "%s%llu ", i ? ", " : "", (unsigned long long)c2s->accIDList[i]);
        if (!a)
            buf_puts(text, "is unknown");
        else if (!of_firm(c2s, a->firm))
            buf_printf(text, "is of securityFirm %d (%s)", a->firm->info->security_firm,
                       a->firm->info->name);
        else
            buf_puts(text, "is closed");
    }
}

/* What there is, for someone who has chosen nothing of it; who has named accounts is told of these
 * alone, since an API key may be limited to them. */
static void none_chosen(struct job *j)
{
    const Trd_UnlockTrade_C2S *c2s = JOB_C2S(j, Trd_UnlockTrade);
    struct buf all = BUF_MAX(400), named_ones = BUF_MAX(400);
    put_all(j->b, &all);
    put_named(j, &named_ones);
    if (!all.n)
        job_fail(j, RET_DISCONNECTED, "no accounts are known yet");
    else if (c2s->n_accIDList)
        job_fail(j, RET_FAILED, "there is no such account: " STR_FMT,
                 STR_ARG(buf_str(&named_ones)));
    else
        job_fail(j, RET_FAILED, "there is no such account; there is " STR_FMT,
                 STR_ARG(buf_str(&all)));
    buf_free(&all);
    buf_free(&named_ones);
}

static size_t lock_firm(struct job *j, struct firm *f, Trd_UnlockTrade_S2C *s2c)
{
    const Trd_UnlockTrade_C2S *c2s = JOB_C2S(j, Trd_UnlockTrade);
    size_t n = 0;
    for (size_t i = 0; i < f->n_accounts; i++) {
        struct account *a = &f->accounts[i];
        if (!of_firm(c2s, f) || !named(c2s, a->id))
            continue;
        account_lock(a);
        a->lock_round = j->b->lock_round;
        a->locked_why[0] = '\0';
        add_result(s2c, a->id, f, NULL);
        n++;
    }
    return n;
}

static void lock(struct job *j)
{
    struct list *it, *tmp;
    struct buf text = BUF_MAX(400);
    size_t n = 0;
    list_each(it, tmp, &j->b->firms)
        n += list_entry(it, struct firm, node)->n_accounts;
    Trd_UnlockTrade_S2C *s2c = s2c_for(j, n);
    if (!s2c) {
        job_fail(j, RET_FAILED, "%s", futu_strerror(FUTU_ENOMEM));
        return;
    }
    n = 0;
    j->b->lock_round++;
    list_each(it, tmp, &j->b->firms)
        n += lock_firm(j, list_entry(it, struct firm, node), s2c);
    tell_strays(j, s2c, &text);
    const Trd_UnlockTrade_C2S *c2s = JOB_C2S(j, Trd_UnlockTrade);
    if (n || (!firm_of(c2s) && c2s->n_accIDList == 0))      /* none is known: none is open */
        job_ok_text(j, text.p ? buf_str(&text) : STR(""));
    else
        none_chosen(j);
    buf_free(&text);
}

/* ---- in ---- */

static bool refused(struct job *j)
{
    const Trd_UnlockTrade_C2S *c2s = JOB_C2S(j, Trd_UnlockTrade);
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
    return false;
}

static bool prepare(struct job *j)
{
    const Trd_UnlockTrade_C2S *c2s = JOB_C2S(j, Trd_UnlockTrade);
    struct list *it, *tmp;
    size_t firms = 0;
    list_each(it, tmp, &j->b->firms)
        firms++;
    struct unlock *u = j->state = ARENA_NEW(&j->arena, struct unlock);
    if (u) {
        u->round = j->b->lock_round;
        u->parts = arena_array(&j->arena, firms + 1, sizeof(*u->parts));
        u->pswds = arena_array(&j->arena, FIRM_ACCOUNTS, sizeof(*u->pswds));
    }
    bool ok = u && u->parts && u->pswds;
    list_each(it, tmp, &j->b->firms)
        if (ok && of_firm(c2s, list_entry(it, struct firm, node)))
            ok = choose(j, u, list_entry(it, struct firm, node));
    return ok;
}

void on_unlock(struct job *j)
{
    if (!JOB_C2S(j, Trd_UnlockTrade)->unlock) {
        lock(j);
        return;
    }
    if (refused(j))
        return;
    bool ok = prepare(j);
    struct unlock *u = j->state;
    if (!ok) {
        j->state = NULL;
        job_fail(j, RET_FAILED, "%s", futu_strerror(FUTU_ENOMEM));
    } else if (u->n == 0) {
        none_chosen(j);
    } else {
        j->drop = drop;
        j->parts = u->n + 1;            /* and this, so that it does not end inside */
        for (size_t i = 0; i < u->n; i++)
            begin(&u->parts[i]);
        if (--j->parts == 0)
            finish(j);
    }
}
