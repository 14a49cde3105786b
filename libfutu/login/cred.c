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

/* ---- which file counts ---- */

static bool another_platform(const struct cred *c, const struct auth_server *server)
{
    const struct attribution *a = attribution_find(c->attribution);
    return server && server->chosen && server->standard && a && a->platform != server->platform;
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

futu_err cred_load(struct cred *out, const struct state *s, const struct account *a,
                   const struct auth_server *server, const char *device_id, char *why,
                   size_t size)
{
    char name[STATE_NAME_MAX];
    memset(out, 0, sizeof(*out));
    cred_file(a, name);
    futu_err err = read_file(out, s, name, why, size);
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

/* What a newer version has written must not be lost to an older one, started by mistake. */
static futu_err keep_newer(const struct state *s, const char *name, char *why, size_t size)
{
    struct secret text = SECRET_NULL;
    struct cred old;
    char reason[160];
    memset(&old, 0, sizeof(old));
    futu_err err = state_read(s, name, &text, why, size);
    bool newer = !err &&
                 cred_parse(&old, (futu_str){ (const char *)text.p, text.n }, reason,
                            sizeof(reason)) == FUTU_OK && old.schema > CRED_SCHEMA;
    cred_wipe(&old);
    secret_wipe(&text);
    return newer ? set_aside(s, name, "a newer version wrote it", why, size) : FUTU_OK;
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
        err = keep_newer(s, name, why, size);
    if (!err)
        err = state_write(s, name, text.p, text.n, why, size);
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
