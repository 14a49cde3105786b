/* api/login.c - the bodies of futu/login.h. */
#include <stdio.h>

#include "api/opts.h"
#include "futu/keys.h"
#include "futu/login.h"
#include "login/login.h"

_Static_assert((int)FUTU_PASSWORD_LOGIN == (int)KEYCHAIN_LOGIN &&
                   (int)FUTU_PASSWORD_TRADE == (int)KEYCHAIN_TRADE,
               "the same numbers");

futu_err futu_login_check(const futu_login_opts *opts, char *why, size_t size)
{
    futu_login_opts o = { 0 };
    if (!opts || opts_copy(&o, sizeof(o), OPTS_END(futu_login_opts, setup_only), opts)) {
        snprintf(why, size, "futu_login_opts is not set up");
        return FUTU_EINVAL;
    }
    return login_check(&o, why, size);
}

/* ---- the keychain ---- */

struct place {
    struct keychain keychain;
    struct account account;
    char dir[sizeof(((struct state *)0)->path)], machine_id[256];
};

static futu_err wrong(char *why, size_t size, const char *what)
{
    snprintf(why, size, "%s", what);
    return FUTU_EINVAL;
}

static void find_folder(struct place *p, const char *dir)
{
    bool fits = dir ? str_copy(p->dir, sizeof(p->dir), str_c(dir))
                    : state_default_dir(p->dir, sizeof(p->dir)) == FUTU_OK;
    p->keychain.dir = fits ? p->dir : NULL;
    if (futu_machine_id(p->machine_id, sizeof(p->machine_id)) == FUTU_OK)
        p->keychain.machine_id = p->machine_id;
}

static futu_err find_account(struct place *p, int what, const char *account, char *why, size_t size)
{
    char reason[320];
    if (what != FUTU_PASSWORD_LOGIN && what != FUTU_PASSWORD_TRADE)
        return wrong(why, size, "no such kind of password");
    if (!account)
        return what == FUTU_PASSWORD_TRADE ? FUTU_OK : wrong(why, size, "account: none is named");
    futu_err err = account_parse(&p->account, account, reason, sizeof(reason));
    if (err)
        snprintf(why, size, "account: %s", reason);
    return err;
}

static futu_err begin(struct place *p, int what, const char *account,
                      const futu_keychain_opts *opts, char *why, size_t size)
{
    futu_keychain_opts o = FUTU_KEYCHAIN_OPTS_INIT;
    memset(p, 0, sizeof(*p));
    if (opts && opts_copy(&o, sizeof(o), OPTS_END(futu_keychain_opts, reserved), opts))
        return wrong(why, size, "futu_keychain_opts is not set up");
    if (!keychain_kind_read(o.keychain, &p->keychain.kind))
        return wrong(why, size, "keychain: auto, secret-service, file or off");
    if (o.timeout_ms > 3600000)
        return wrong(why, size, "timeout_ms: an hour at most");
    p->keychain.timeout_ms = (int)o.timeout_ms;
    find_folder(p, o.state_dir);
    return find_account(p, what, account, why, size);
}

futu_err futu_keychain_set(int what, const char *account, const char *password,
                           const futu_keychain_opts *opts, const char **where, char *why,
                           size_t size)
{
    struct place p;
    char entry[KEYCHAIN_ENTRY_MAX + 1];
    futu_err err = begin(&p, what, account, opts, why, size);
    if (err)
        return err;
    if (!password || !*password)
        return wrong(why, size, "the password is empty");
    if (strlen(password) > PWD_FILE_MAX) {
        snprintf(why, size, "the password is longer than %d bytes", PWD_FILE_MAX);
        return FUTU_ELIMIT;
    }
    keychain_entry((enum keychain_what)what, account ? p.account.typed : NULL, entry);
    return keychain_set(&p.keychain, entry, str_c(password), where, why, size);
}

static futu_err get_older(struct place *p, struct secret *out, const char **where, char *why,
                          size_t size)
{
    char entry[KEYCHAIN_ENTRY_MAX + 1];
    keychain_entry(KEYCHAIN_TRADE, NULL, entry);
    return keychain_get(&p->keychain, entry, out, where, why, size);
}

futu_err futu_keychain_get(int what, const char *account, char *out, size_t out_size,
                           const futu_keychain_opts *opts, const char **where, char *why,
                           size_t size)
{
    struct place p;
    struct secret password = SECRET_NULL;
    futu_err err = begin(&p, what, account, opts, why, size);
    if (err)
        return err;
    err = account ? keychain_password(&p.keychain, (enum keychain_what)what, &p.account, &password,
                                      where, why, size)
                  : FUTU_ENOTFOUND;
    if ((err == FUTU_ENOTFOUND || err == FUTU_ENOTSUP) && what == FUTU_PASSWORD_TRADE)
        err = get_older(&p, &password, where, why, size);
    if (!err && !str_copy(out, out_size, (futu_str){ (const char *)password.p, password.n })) {
        wipe(out, out_size);
        snprintf(why, size, "the password is longer than the room for it");
        err = FUTU_ELIMIT;
    }
    secret_wipe(&password);
    return err;
}

futu_err futu_keychain_clear(int what, const char *account, const futu_keychain_opts *opts,
                             char *why, size_t size)
{
    struct place p;
    char entry[KEYCHAIN_ENTRY_MAX + 1];
    futu_err err = begin(&p, what, account, opts, why, size);
    if (err)
        return err;
    keychain_entry((enum keychain_what)what, account ? p.account.typed : NULL, entry);
    err = keychain_clear(&p.keychain, entry, why, size);
    if (!account || strcmp(p.account.typed, p.account.name) == 0 ||
        (err && err != FUTU_ENOTFOUND && err != FUTU_ENOTSUP))
        return err;
    /* An entry under the number alone would be found as well. */
    keychain_entry((enum keychain_what)what, p.account.name, entry);
    futu_err other = keychain_clear(&p.keychain, entry, why, size);
    return other == FUTU_ENOTFOUND || other == FUTU_ENOTSUP ? err : other;
}

/* ---- asking ---- */

futu_err futu_ask_secret(const char *question, char *out, size_t size)
{
    struct secret line = SECRET_NULL;
    futu_err err = terminal_ask(&terminal_system, question, false, &line);
    if (!err && !str_copy(out, size, (futu_str){ (const char *)line.p, line.n })) {
        wipe(out, size);
        err = FUTU_ELIMIT;
    }
    secret_wipe(&line);
    return err;
}
