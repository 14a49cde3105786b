/* judge_login.c - the options of a direct login: what they need, what the library says to them, and
 * where a password should not have been. */
#include <futu/login.h>
#include <string.h>

#include "config.h"
#include "option_table.h"

static enum option_source source_of(struct opend_conf *c, const char *name)
{
    return option_origin(c, option_find(name, strlen(name)))->source;
}

/* A file may have them for the day on which another upstream is not chosen on the command line. */
static bool judge_need(struct opend_conf *c, char *why, size_t size)
{
    static const char *const needs[] = {
        "platform", "login-pwd-file", "login-pwd", "login-pwd-md5", "auth-server", "auth-ca",
        "login-region", "broker-addr", "conf-key", "device-id", "verify-code",
        "verify-code-file", "client-sig-proactive-refresh", "client-sig-reactive-refresh",
        "qot-relogin-backoff-ms", "reset-device", "setup-only",
    };
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        if (c->login_account || source_of(c, needs[i]) <= FROM_FILE)
            continue;
        snprintf(why, size, "--%s needs --login-account", needs[i]);
        return false;
    }
    return true;
}

/* As in the vendor's own file: of both in one the digest counts. */
static void choose_in_file(struct opend_conf *c)
{
    if (c->login_pwd && c->login_pwd_md5 && source_of(c, "login-pwd") == FROM_FILE &&
        source_of(c, "login-pwd-md5") == FROM_FILE)
        option_clear(c, "login-pwd");
}

static void warn_of(struct opend_conf *c, const char *name)
{
    struct option_origin *from = option_origin(c, option_find(name, strlen(name)));
    if (from->source == FROM_ARGS)
        conf_note(c, FUTU_LOG_WARN, "--%s: who was quick has seen it (ps aux), and it stays in the "
                                    "shell's history; store it once with: futucli set-login-pwd "
                                    "--account %s", name, c->login_account);
    else if (from->source == FROM_FILE)
        conf_note(c, FUTU_LOG_WARN, "%s, line %u: the password stands there for all who can read "
                                    "the file; store it once with: futucli set-login-pwd --account "
                                    "%s", from->where, from->line, c->login_account);
}

bool judge_login(struct opend_conf *c, char *why, size_t size)
{
    if (!judge_need(c, why, size))
        return false;
    if (!c->login_account)
        return true;
    choose_in_file(c);
    futu_login_opts o = options_login(c);
    if (futu_login_check(&o, why, size) != FUTU_OK)
        return false;
    warn_of(c, "login-pwd");
    warn_of(c, "login-pwd-md5");
    if (c->login_region && c->platform && strcmp(c->platform, "moomoo") == 0)
        conf_note(c, FUTU_LOG_WARN, "--login-region has no effect with --platform moomoo");
    return true;
}
