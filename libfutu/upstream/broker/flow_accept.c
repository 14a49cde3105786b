/* flow_accept.c - what is kept of a server's answers: keys, tickets, signatures, and the file. */
#include "upstream/broker/flow_in.h"

#include "base/log.h"
#include "codec/base64.h"

#define CLOCK_WARN_S 30

/* ---- bytes as text ---- */

futu_err flow_unseal(const struct secret *key, const struct secret *text, struct secret *out)
{
    struct secret raw = SECRET_NULL;
    struct buf plain = BUF_INIT;
    struct seal seal;
    size_t n;
    futu_err err = secret_set(&raw, text->p, text->n);
    if (!err)
        err = buf_reserve(&plain, text->n + 1);
    if (!err && !base64_read(raw.p, (const char *)text->p, text->n, &n))
        err = FUTU_EFORMAT;
    if (!err)
        err = seal_init(&seal, &dialect_seal, key->p, key->n);
    if (!err) {
        err = seal_open(&seal, raw.p, n, &plain);
        seal_wipe(&seal);
    }
    if (!err)
        err = secret_set(out, plain.p, plain.n);
    if (plain.p)
        wipe(plain.p, plain.cap);
    buf_free(&plain);
    secret_wipe(&raw);
    return err;
}

/* base64(seal(key, plain)) */
static futu_err seal_text(const struct secret *key, const struct secret *plain, struct secret *out)
{
    struct buf sealed = BUF_INIT;
    struct seal seal;
    futu_err err = seal_init(&seal, &dialect_seal, key->p, key->n);
    if (err)
        return err;
    err = seal_close(&seal, plain->p, plain->n, &sealed);
    if (!err)
        err = secret_room(out, BASE64_SIZE(sealed.n));
    if (!err)
        base64_write((char *)out->p, sealed.p, sealed.n);
    seal_wipe(&seal);
    buf_free(&sealed);
    return err;
}

static enum flow_event no_memory(struct flow *f, futu_err err)
{
    return err ? flow_fail(f, err, "auth", "%s", futu_strerror(err)) : FE_OK;
}

static futu_err seal_ticket(struct flow *f, const struct secret *md5)
{
    struct secret key = SECRET_NULL, plain = SECRET_NULL;
    int64_t now = flow_now(f) + f->result.server_ahead_s;
#define S(s) (futu_str){ (const char *)(s).p, (s).n }
    futu_err err = dialect_ticket_key(S(*md5), S(f->salt), S(f->salt32), &key);
    const struct dialect_ticket t = {
        .platform = f->o.login->server.platform, .account = str_c(f->o.login->account.name),
        .md5 = S(*md5), .rand_key = S(f->rand_key), .made_s = (uint32_t)now,
        .ends_s = (uint32_t)(now + DIALECT_TICKET_S),
    };
#undef S
    if (!err)
        err = dialect_ticket(&t, &plain);
    if (!err)
        err = seal_text(&key, &plain, &f->ticket);
    secret_wipe(&plain);
    secret_wipe(&key);
    return err;
}

enum flow_event flow_make_ticket(struct flow *f)
{
    const struct secret *md5;
    char why[320];
    futu_err err = login_password(f->o.login, &md5, why, sizeof(why));
    if (err)
        return flow_fail(f, err, "password", "%s", why);
    return no_memory(f, seal_ticket(f, md5));
}

/* ---- the salts ---- */

static void take_time(struct flow *f, const struct auth_answer *a)
{
    if (!a->server_time_s || a->server_time_s > INT32_MAX * UINT64_C(2))
        return;
    int64_t ahead = (int64_t)a->server_time_s - flow_now(f);
    bool known = f->result.server_ahead_s != 0;
    f->result.server_ahead_s = ahead;
    if (!known && (ahead > CLOCK_WARN_S || ahead < -CLOCK_WARN_S))
        log_warn("login: this machine's clock is %lld seconds %s: set it right",
                 (long long)(ahead < 0 ? -ahead : ahead), ahead < 0 ? "ahead" : "behind");
}

static enum flow_event follow(struct flow *f)
{
    struct login *l = f->o.login;
    char text[ATTRIBUTION_TEXT];
    attribution_text(f->attribution, text);
    switch (auth_server_follow(&l->server, f->attribution)) {
    case ATTRIBUTION_SWITCHED:
        if (f->switched)
            return flow_fail(f, FUTU_EPROTO, "auth", "the two servers send this account to each "
                                                     "other (region %s)", text);
        f->switched = true;
        log_info("login: the account is of region %s: going on at %s", text, l->server.url);
        return FE_SWITCH;
    case ATTRIBUTION_UNKNOWN:
        log_warn("login: the account is of region %u, which this version does not know: %s is kept",
                 f->attribution, l->server.url);
        return FE_OK;
    default:
        return FE_OK;
    }
}

static enum flow_event accept_salt(struct flow *f, struct auth_answer *a)
{
    take_time(f, a);
    if (!a->salt.n && !a->salt32.n)
        return flow_fail(f, FUTU_EPROTO, "auth", "the server's answer has no salt");
    if (a->attribution == 0 || a->attribution > UINT8_MAX) {
        /* The file needs one, and a platform's first region is as good as any on it. */
        f->attribution = f->o.login->server.platform == PLATFORM_MOOMOO ? 2 : 1;
        log_warn("login: the server names no region of the account");
    } else {
        f->attribution = (uint8_t)a->attribution;
    }
    enum flow_event e = follow(f);
    if (e != FE_OK)
        return e;
    secret_wipe(&f->salt);
    secret_wipe(&f->salt32);
    f->salt = a->salt;
    f->salt32 = a->salt32;
    a->salt = a->salt32 = SECRET_NULL;
    f->salted = true;
    return FE_OK;
}

/* ---- device verification ---- */

static void move(struct secret *to, struct secret *from)
{
    secret_wipe(to);
    *to = *from;
    *from = SECRET_NULL;
}

static futu_err save(struct flow *f)
{
    char why[320];
    futu_err err = login_save(f->o.login, why, sizeof(why));
    if (err)
        log_error("login: %s", why);
    return err;
}

/* Signature, key and ticket are replaced together: of two logins they do not fit. A ticket that the
 * server has not yet let in is not kept, or the next start would try it. When the file can't be
 * written the login goes on: only a later process would have needed it. */
void flow_keep_verify(struct flow *f, struct auth_answer *a)
{
    struct cred *c = &f->o.login->cred;
    f->uid = a->uid ? a->uid : f->uid;
    str_copy(f->phone, sizeof(f->phone), str_c(a->phone));
    if (f->state != FLOW_RESUME) {
        secret_wipe(&c->tgtgt);
        secret_wipe(&c->device_sig);
        c->ticket_s = 0;
    }
    move(&c->device_verify_sig, &a->verify_sig);
    secret_wipe(&c->device_code_sig);
    c->device_verify_sig_s = flow_now(f);
    c->device_code_sig_s = 0;
    c->uid = f->uid;
    c->attribution = f->attribution;
    if (!secret_set(&c->rand_key, f->rand_key.p, f->rand_key.n))
        save(f);
}

static enum flow_event accept_sent(struct flow *f, struct auth_answer *a)
{
    struct cred *c = &f->o.login->cred;
    if (!a->code_sig.n)
        return flow_fail(f, FUTU_EPROTO, "auth", "the server's answer has no device_code_sig");
    move(&c->device_code_sig, &a->code_sig);
    c->device_code_sig_s = flow_now(f);
    f->sms_sent = true;
    save(f);
    /* These first words are what scripts wait for. */
    log_info("login: SMS sent to phone; awaiting verification code via stdin, --verify-code, "
             "console, REST or file%s%s", f->phone[0] ? "; it went to " : "", f->phone);
    return FE_OK;
}

/* ---- success ---- */

/* Encrypted with the key of this login; anything but 32 bytes would spoil the file. It belongs to
 * the ticket that comes with it, so without one it is of no use. */
static futu_err take_rand_key(struct flow *f, struct auth_answer *a)
{
    struct secret fresh = SECRET_NULL;
    if (!a->rand_key.n || !a->ticket.n)
        return FUTU_OK;
    futu_err err = flow_unseal(&f->rand_key, &a->rand_key, &fresh);
    if (err == FUTU_ENOMEM)
        return err;
    if (!err && fresh.n == CRED_RAND_KEY)
        move(&f->rand_key, &fresh);
    else
        log_warn("login: the renewed key (rand_key_new) is not usable and is not kept");
    secret_wipe(&fresh);
    return FUTU_OK;
}

static futu_err take_result(struct flow *f, struct auth_answer *a)
{
    struct auth_result *r = &f->result;
    struct secret key = SECRET_NULL, sig = SECRET_NULL;
    size_t n;
    futu_err err = flow_unseal(&f->rand_key, &a->client_key, &key);
    if (!err)
        err = secret_room(&sig, a->client_sig.n);
    if (!err && !base64_read(sig.p, (const char *)a->client_sig.p, a->client_sig.n, &n))
        err = FUTU_EFORMAT;
    if (!err)
        err = secret_set(&r->client_sig, sig.p, n);
    if (!err) {
        move(&r->client_key, &key);
        r->user_id = f->uid;
        r->attribution = f->attribution;
        r->client_sig_until_s = a->sig_life_s && a->sig_life_s < INT32_MAX && a->server_time_s
                                    ? (int64_t)(a->server_time_s + a->sig_life_s) -
                                          r->server_ahead_s
                                    : 0;
    }
    secret_wipe(&key);
    secret_wipe(&sig);
    return err;
}

/* The ticket that went with the code is good once the code was; of other calls only the server's
 * new one is kept. */
static bool take_ticket(struct flow *f, struct auth_answer *a)
{
    struct cred *c = &f->o.login->cred;
    if (!a->ticket.n && f->state != FLOW_CHECK_CODE && f->state != FLOW_THIRD)
        return false;
    move(&c->tgtgt, a->ticket.n ? &a->ticket : &f->ticket);
    if (a->device_sig.n)
        move(&c->device_sig, &a->device_sig);
    if (a->web_sig.n)
        move(&c->web_sig, &a->web_sig);
    if (a->moomoo_client_sig.n)
        move(&c->moomoo_client_sig, &a->moomoo_client_sig);
    if (a->moomoo_web_sig.n)
        move(&c->moomoo_web_sig, &a->moomoo_web_sig);
    c->ticket_s = flow_now(f);
    c->uid = f->uid;
    c->attribution = f->attribution;
    return true;
}

static futu_err keep_login(struct flow *f, struct auth_answer *a)
{
    struct cred *c = &f->o.login->cred;
    bool kept = take_ticket(f, a);
    bool waited = c->device_verify_sig.n > 0;
    secret_wipe(&c->device_verify_sig);
    secret_wipe(&c->device_code_sig);
    c->device_verify_sig_s = c->device_code_sig_s = 0;
    if (!kept)
        log_warn("login: the server gave no ticket to be saved: the next start may need a code");
    if (!kept && !waited)
        return FUTU_OK;
    futu_err err = secret_set(&c->rand_key, f->rand_key.p, f->rand_key.n);
    return err ? err : save(f);
}

static enum flow_event unusable(struct flow *f, futu_err err)
{
    if (err == FUTU_ENOMEM)
        return no_memory(f, err);
    return flow_fail(f, err, "auth", "the server's keys can't be decrypted (client_key): the saved "
                                     "login or the password's salt does not fit");
}

static enum flow_event accept_login(struct flow *f, struct auth_answer *a)
{
    take_time(f, a);
    f->uid = a->uid ? a->uid : f->uid;
    if (!a->client_sig.n || !a->client_key.n || !f->uid)
        return flow_fail(f, FUTU_EPROTO, "auth", "the server's answer lacks %s",
                         !f->uid ? "uid" : a->client_sig.n ? "client_key" : "client_sig");
    futu_err err = take_result(f, a);
    if (!err)
        err = take_rand_key(f, a);
    if (err)
        return unusable(f, err);
    err = keep_login(f, a);
    if (err && f->o.login->setup_only)
        return flow_fail(f, err, "state", "the login could not be saved");
    flow_brokers_take(f, a);
    log_info("login: logged in as user %llu", (unsigned long long)f->uid);
    return f->o.login->setup_only ? FE_SETUP_DONE : FE_OK;
}

enum flow_event flow_accept(struct flow *f, struct auth_answer *a)
{
    static enum flow_event (*const accept[FLOW_STATES])(struct flow *, struct auth_answer *) = {
        [FLOW_SALT] = accept_salt, [FLOW_CODE_SALT] = accept_salt,
        [FLOW_SEND_CODE] = accept_sent, [FLOW_RESUME] = accept_login,
        [FLOW_PASSWORD] = accept_login, [FLOW_CHECK_CODE] = accept_login,
        [FLOW_THIRD] = accept_login, [FLOW_RENEW] = accept_login,
    };
    return accept[f->state] ? accept[f->state](f, a) : FE_FINAL;
}
