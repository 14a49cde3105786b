/* cmd_password.c - passwords in the keychain: set-login-pwd, clear-login-pwd, set-trade-pwd,
 * clear-trade-pwd. No gateway is asked. */
#include <string.h>

#include "password.h"
#include "rows.h"

#define ACCOUNT_NEEDED { "account", "ACCOUNT", NULL, "numeric id, +REGION-NUMBER, or e-mail" }
#define ACCOUNT_OF_MANY                                                                            \
    { "account", "ACCOUNT", NULL, "the login account; without it one password for all accounts" }
#define FROM_STDIN { "from-stdin", NULL, NULL, "read the password from standard input" }

static const struct cmd_opt set_login[] = { ACCOUNT_NEEDED, FROM_STDIN, PASSWORD_OPTS,
                                            { NULL, NULL, NULL, NULL } };
static const struct cmd_opt clear_login[] = { ACCOUNT_NEEDED, PASSWORD_OPTS,
                                              { NULL, NULL, NULL, NULL } };
static const struct cmd_opt set_trade[] = { ACCOUNT_OF_MANY, FROM_STDIN, PASSWORD_OPTS,
                                            { NULL, NULL, NULL, NULL } };
static const struct cmd_opt clear_trade[] = { ACCOUNT_OF_MANY, PASSWORD_OPTS,
                                              { NULL, NULL, NULL, NULL } };

static const char *const kinds[] = { [FUTU_PASSWORD_LOGIN] = "login",
                                     [FUTU_PASSWORD_TRADE] = "trade" };

static int done(const struct cli *c, int what, const char *account, const char *verb,
                const char *where)
{
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "password", kinds[what]);
    if (account)
        cJSON_AddStringToObject(o, "account", account);
    cJSON_AddStringToObject(o, "done", verb);
    if (where)
        cJSON_AddStringToObject(o, "where", where);
    if (!json_printed(c, o))
        printf("%s password of %s%s is %s%s%s\n", kinds[what], account ? "account " : "",
               account ? account : "all accounts", verb, where ? " in " : "", where ? where : "");
    cJSON_Delete(o);
    return CLI_OK;
}

/* What the library says of an option begins with its name. */
static int refused(futu_err err, const char *why)
{
    return err == FUTU_EINVAL ? usage_error("--%s", why) : failure("%s", why);
}

static int read_password(const struct args *a, int what, const char *account, char *out,
                         size_t size)
{
    char question[256];
    if (arg_given(a, "from-stdin"))
        return password_from_stdin(out, size);
    snprintf(question, sizeof(question), "%s password for %s%s: ",
             what == FUTU_PASSWORD_LOGIN ? "Login" : "Trade", account ? "account " : "",
             account ? account : "all accounts");
    return password_ask(question, "Again: ", out, size);
}

/* A wrong account or kind of keychain is told before anybody types a password. The library names
 * the daemon's options. */
static int check(int what, const char *account, const futu_keychain_opts *o)
{
    char why[512];
    futu_login_opts l = FUTU_LOGIN_OPTS_INIT;
    if (what == FUTU_PASSWORD_LOGIN && !account)
        return usage_error("which account? --account ACCOUNT");
    l.account = account ? account : "1";
    l.keychain = o->keychain;
    if (futu_login_check(&l, why, sizeof(why)) == FUTU_OK)
        return CLI_OK;
    const char *option = strncmp(why, "--login-", 8) == 0 ? why + 8 : why + 2;
    return usage_error("--%s", option);
}

static int set(struct cli *c, const struct args *a, int what)
{
    char password[PASSWORD_SIZE + 1] = "", why[512];
    const char *account = arg(a, "account"), *where = NULL;
    futu_keychain_opts o = password_keychain(a);
    int code = check(what, account, &o);
    if (code == CLI_OK)
        code = read_password(a, what, account, password, sizeof(password));
    if (code == CLI_OK && !*password)
        code = failure("an empty password is none; nothing was changed");
    if (code == CLI_OK) {
        futu_err err = futu_keychain_set(what, account, password, &o, &where, why, sizeof(why));
        code = err ? refused(err, why) : done(c, what, account, "stored", where);
    }
    explicit_bzero(password, sizeof(password));
    return code;
}

static int clear(struct cli *c, const struct args *a, int what)
{
    char why[512];
    const char *account = arg(a, "account");
    futu_keychain_opts o = password_keychain(a);
    int code = check(what, account, &o);
    if (code != CLI_OK)
        return code;
    futu_err err = futu_keychain_clear(what, account, &o, why, sizeof(why));
    return err ? refused(err, why) : done(c, what, account, "removed", NULL);
}

static int run_set_login(struct cli *c, const struct args *a)
{
    return set(c, a, FUTU_PASSWORD_LOGIN);
}

static int run_clear_login(struct cli *c, const struct args *a)
{
    return clear(c, a, FUTU_PASSWORD_LOGIN);
}

static int run_set_trade(struct cli *c, const struct args *a)
{
    return set(c, a, FUTU_PASSWORD_TRADE);
}

static int run_clear_trade(struct cli *c, const struct args *a)
{
    return clear(c, a, FUTU_PASSWORD_TRADE);
}

const struct cmd cmds_password[] = {
    { "set-login-pwd", run_set_login, 0, 0, "--account ACCOUNT", "store a login password",
      set_login, "Passwords" },
    { "clear-login-pwd", run_clear_login, 0, 0, "--account ACCOUNT", "remove it", clear_login,
      NULL },
    { "set-trade-pwd", run_set_trade, 0, 0, "[--account ACCOUNT]", "store a trade password",
      set_trade, NULL },
    { "clear-trade-pwd", run_clear_trade, 0, 0, "[--account ACCOUNT]", "remove it", clear_trade,
      NULL },
    { NULL, NULL, 0, 0, NULL, NULL, NULL, NULL },
};
