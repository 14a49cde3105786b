/* cred.c - a saved login on disk: which file counts, and how old it is. See cred.h; the text is
 * cred_text.c's. */
#include "login/cred.h"

#include <stdio.h>

#include "base/log.h"

void cred_wipe(struct cred *c)
{
    struct secret *all[] = {
        &c->device_sig, &c->tgtgt, &c->rand_key, &c->web_sig, &c->moomoo_client_sig,
        &c->moomoo_web_sig, &c->device_verify_sig, &c->device_code_sig,
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        secret_wipe(all[i]);
    memset(c, 0, sizeof(*c));
}

void cred_file(const struct account *a, char out[STATE_NAME_MAX])
{
    snprintf(out, STATE_NAME_MAX, "credentials-%s.json", a->hash);
}

void cred_side_file(const struct account *a, enum platform p, char out[STATE_NAME_MAX])
{
    snprintf(out, STATE_NAME_MAX, "credentials-%s.%s.json", a->hash, platform_name(p));
}

/* ---- which file counts ---- */

/* A file that does not tell its platform has that of its region, but at a server of one's own any
 * region may be. 0: not known. */
static uint8_t platform_of(const struct cred *c, bool standard)
{
    const struct attribution *a = attribution_find(c->attribution);
    return c->platform ? c->platform : standard && a ? CRED_PLATFORM(a->platform) : 0;
}

static bool is_elsewhere(const struct cred *c, const struct auth_server *server)
{
    uint8_t p = server ? platform_of(c, server->standard) : 0;
    return p && p != CRED_PLATFORM(server->platform);
}

static bool another_platform(const struct cred *c, const struct auth_server *server)
{
    return is_elsewhere(c, server) && server->chosen;
}

/* NULL: it counts. */
static const char *judge(const struct cred *c, const struct account *a,
                         const struct auth_server *server, const char *device_id)
{
    if (c->schema > CRED_SCHEMA)
        return "was written by a newer version";
    if (c->account[0] && !account_is(a, str_c(c->account)))
        return "belongs to another account";
    if (!c->attribution)
        return "names no region (user_attribution)";
    if (another_platform(c, server))
        return "belongs to the other platform";
    if (c->rand_key.n != CRED_RAND_KEY)
        return "has a key of an older kind";
    if (device_id && c->device_id[0] && strcmp(c->device_id, device_id) != 0)
        return "was made for another device id";
    return NULL;
}

/* Out of the way, never deleted: who wrote it may want to know. */
static futu_err set_aside(const struct state *s, const char *name, const char *reason, char *why,
                          size_t size)
{
    char as[STATE_NAME_MAX];
    futu_err err = state_set_aside(s, name, as, why, size);
    if (err)
        return err;
    log_warn("state: %s can't be used: %s; it is kept as %s, and the next login needs the password",
             name, reason, as);
    return FUTU_OK;
}

static futu_err read_file(struct cred *out, const struct state *s, const char *name, char *why,
                          size_t size)
{
    struct secret text = SECRET_NULL;
    char reason[160] = "too large";
    futu_err err = state_read(s, name, &text, why, size);
    if (!err)
        err = cred_parse(out, (futu_str){ (const char *)text.p, text.n }, reason, sizeof(reason));
    secret_wipe(&text);
    if (err != FUTU_EFORMAT && err != FUTU_ELIMIT)
        return err;
    err = set_aside(s, name, reason, why, size);
    if (err)
        return err;
    snprintf(why, size, "state: %s can't be used: %s", name, reason);
    return FUTU_ENOTFOUND;
}

/* The file of the platform that is meant, else that of the other one. */
static futu_err read_either(struct cred *out, const struct state *s, const struct account *a,
                            const struct auth_server *server, char *name, char *why, size_t size)
{
    struct cred side;
    char other[STATE_NAME_MAX], reason[256];
    cred_file(a, name);
    futu_err err = read_file(out, s, name, why, size);
    if (err || !is_elsewhere(out, server))
        return err;
    memset(&side, 0, sizeof(side));
    cred_side_file(a, server->platform, other);
    err = read_file(&side, s, other, reason, sizeof(reason));
    if (err == FUTU_ENOTFOUND)
        return FUTU_OK;
    cred_wipe(out);
    *out = side;
    str_copy(name, STATE_NAME_MAX, str_c(other));
    if (err)
        snprintf(why, size, "%s", reason);
    return err;
}

futu_err cred_load(struct cred *out, const struct state *s, const struct account *a,
                   const struct auth_server *server, const char *device_id, char *why,
                   size_t size)
{
    char name[STATE_NAME_MAX];
    memset(out, 0, sizeof(*out));
    futu_err err = read_either(out, s, a, server, name, why, size);
    if (err)
        return err;
    const char *wrong = judge(out, a, server, device_id);
    if (wrong) {
        snprintf(why, size, "state: %s is not used: it %s", name, wrong);
        cred_wipe(out);
        return FUTU_ENOTFOUND;
    }
    bool old = !out->account[0];
    str_copy(out->account, sizeof(out->account), str_c(a->typed));
    if (old && cred_save(out, s, a, why, size))
        log_warn("%s", why);            /* it counts all the same */
    return FUTU_OK;
}

/* Beside: what it is worth does not end with a login on the other platform. A crash before the main
 * file is replaced leaves two alike, of which the main one counts. */
static futu_err put_beside(const struct cred *old, const struct secret *text, const struct state *s,
                           const struct account *a, char *why, size_t size)
{
    char name[STATE_NAME_MAX];
    cred_side_file(a, old->platform - CRED_PLATFORM(0), name);
    return state_write(s, name, text->p, text->n, why, size);
}

/* What a newer version has written must not be lost to an older one, started by mistake; nor what
 * belongs to the account on the other platform. */
static futu_err keep_old(const struct cred *c, const struct state *s, const struct account *a,
                         const char *name, char *why, size_t size)
{
    struct secret text = SECRET_NULL;
    struct cred old;
    char reason[160];
    memset(&old, 0, sizeof(old));
    futu_err err = state_read(s, name, &text, why, size);
    if (!err)
        err = cred_parse(&old, (futu_str){ (const char *)text.p, text.n }, reason, sizeof(reason));
    if (!err)
        old.platform = platform_of(&old, true);
    if (!err && old.schema > CRED_SCHEMA)
        err = set_aside(s, name, "a newer version wrote it", why, size);
    else if (!err && c->platform && old.platform && old.platform != c->platform &&
             account_is(a, str_c(old.account)))
        err = put_beside(&old, &text, s, a, why, size);
    else if (err != FUTU_ENOMEM)
        err = FUTU_OK;          /* there is nothing that is worth keeping */
    cred_wipe(&old);
    secret_wipe(&text);
    return err;
}

/* What the main file now has; that it can't be removed is no failure of the login. */
static void drop_side(const struct cred *c, const struct state *s, const struct account *a)
{
    char name[STATE_NAME_MAX], why[256];
    if (!c->platform)
        return;
    cred_side_file(a, c->platform - CRED_PLATFORM(0), name);
    futu_err err = state_remove(s, name, why, sizeof(why));
    if (err && err != FUTU_ENOTFOUND)
        log_warn("%s", why);
}

futu_err cred_save(const struct cred *c, const struct state *s, const struct account *a, char *why,
                   size_t size)
{
    struct secret text = SECRET_NULL;
    char name[STATE_NAME_MAX];
    cred_file(a, name);
    futu_err err = cred_write(c, &text);
    if (err)
        snprintf(why, size, "state: %s: %s", name, futu_strerror(err));
    if (!err)
        err = keep_old(c, s, a, name, why, size);
    if (!err)
        err = state_write(s, name, text.p, text.n, why, size);
    if (!err)
        drop_side(c, s, a);
    secret_wipe(&text);
    return err;
}

/* ---- ages ---- */

int64_t cred_ticket_left(const struct cred *c, int64_t now_s)
{
    return c->ticket_s > 0 ? c->ticket_s - now_s + CRED_TICKET_S : INT64_MAX;
}

bool cred_can_resume(const struct cred *c, int64_t now_s)
{
    return c->tgtgt.n > 0 && c->uid && cred_ticket_left(c, now_s) > 0;
}

bool cred_ticket_warning(const struct cred *c, int64_t now_s, char *why, size_t size)
{
    int64_t left = cred_ticket_left(c, now_s);
    if (!c->tgtgt.n || left > CRED_TICKET_EARLY_S)
        return false;
    if (left <= 0)
        snprintf(why, size, "the saved login has ended, 30 days after it was made: this start "
                            "needs the password, and maybe an SMS code");
    else
        snprintf(why, size, "the saved login ends in %lld hours; when it can't be renewed by then, "
                            "a start needs the password, and maybe an SMS code: run --setup-only "
                            "in time", (long long)((left + 3599) / 3600));
    return true;
}

/* A time that is still to come tells of a clock that was set back. */
static bool fresh(const struct secret *sig, int64_t at_s, int64_t now_s)
{
    return sig->n > 0 && at_s > 0 && now_s >= at_s && now_s - at_s < CRED_VERIFY_S;
}

bool cred_verify_fresh(const struct cred *c, int64_t now_s)
{
    return fresh(&c->device_verify_sig, c->device_verify_sig_s, now_s);
}

bool cred_code_fresh(const struct cred *c, int64_t now_s)
{
    return cred_verify_fresh(c, now_s) && fresh(&c->device_code_sig, c->device_code_sig_s, now_s);
}
