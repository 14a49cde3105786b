/* password.c - see password.h. */
#include "password.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* Where a password is about to stand: not swapped, as far as the system allows, and in no core
 * file. */
static void guard(void *p, size_t n)
{
    struct rlimit none = { 0, 0 };
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    mlock(p, n);
}

futu_keychain_opts password_keychain(const struct args *a)
{
    futu_keychain_opts o = FUTU_KEYCHAIN_OPTS_INIT;
    const char *env = getenv("FUTU_KEYCHAIN");
    o.keychain = arg(a, "keychain");
    o.state_dir = arg(a, "state-dir");
    if (!o.keychain && env && *env)
        o.keychain = env;
    return o;
}

/* Without a buffer, so that no copy of it stays behind. */
int password_from_stdin(char *out, size_t size)
{
    guard(out, size);
    setvbuf(stdin, NULL, _IONBF, 0);
    if (!fgets(out, (int)size, stdin))
        return failure("--from-stdin: standard input is empty");
    size_t n = strcspn(out, "\r\n");
    if (!out[n] && n == size - 1)
        return failure("--from-stdin: the line is longer than %zu bytes", size - 2);
    out[n] = '\0';
    return CLI_OK;
}

static int explain(futu_err err)
{
    if (err == FUTU_ENOTSUP)
        return usage_error("standard input is no terminal to ask on; pipe the password with "
                           "--from-stdin");
    if (err == FUTU_ELIMIT)
        return failure("the password is longer than %d bytes", PASSWORD_SIZE - 1);
    return failure("no password was entered");
}

int password_ask(const char *question, const char *again, char *out, size_t size)
{
    char second[PASSWORD_SIZE];
    guard(out, size);
    guard(second, sizeof(second));
    futu_err err = futu_ask_secret(question, out, size);
    if (err || !again)
        return err ? explain(err) : CLI_OK;
    err = futu_ask_secret(again, second, sizeof(second));
    bool same = !err && strcmp(out, second) == 0;
    explicit_bzero(second, sizeof(second));
    if (err)
        return explain(err);
    return same ? CLI_OK : failure("the two passwords differ; nothing was changed");
}

/* ---- the trade password ---- */

static bool from_env(char *out, size_t size)
{
    const char *env = getenv("FUTU_TRADE_PWD");
    if (!env)
        return false;
    env += strspn(env, " \t\r\n");
    size_t n = strlen(env);
    while (n > 0 && strchr(" \t\r\n", env[n - 1]))
        n--;
    snprintf(out, size, "%.*s", (int)n, env);
    return n > 0;
}

futu_err password_stored_for_trade(const struct args *a, const char *account, char *out,
                                   size_t size)
{
    futu_keychain_opts o = password_keychain(a);
    const char *where;
    char why[512];
    guard(out, size);
    if (from_env(out, size))
        return FUTU_OK;
    futu_err err = futu_keychain_get(FUTU_PASSWORD_TRADE, account, out, size, &o, &where, why,
                                     sizeof(why));
    if (err == FUTU_ENOTSUP)
        err = FUTU_ENOTFOUND;
    if (err && err != FUTU_ENOTFOUND)
        fprintf(stderr, "futucli: the keychain: %s\n", why);
    return err;
}

int password_for_trade(const struct args *a, char *out, size_t size)
{
    if (arg_given(a, "from-stdin"))
        return password_from_stdin(out, size);
    futu_err err = password_stored_for_trade(a, arg(a, "account"), out, size);
    if (err == FUTU_EINVAL)
        return CLI_USAGE;
    if (err == FUTU_OK)
        return CLI_OK;
    err = futu_ask_secret("Trade password: ", out, size);
    if (err == FUTU_ENOTSUP)
        return usage_error("no password: type it at the prompt, pipe it with --from-stdin, set "
                           "FUTU_TRADE_PWD, or store it with futucli set-trade-pwd");
    return err ? explain(err) : CLI_OK;
}
