/* login.c - see login.h. */
#include "login/login.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

#include "base/log.h"
#include "futu/keys.h"

#define CODE_MIN 4
#define CODE_MAX 8
#define CODE_PROMPTS 3

/* ---- options ---- */

static futu_err wrong(char *why, size_t size, const char *what)
{
    snprintf(why, size, "%s", what);
    return FUTU_EINVAL;
}

static futu_err take_account(struct login *l, const futu_login_opts *o, char *why, size_t size)
{
    char reason[320];
    futu_err err = account_parse(&l->account, o->account ? o->account : "", reason, sizeof(reason));
    if (err)
        snprintf(why, size, "--login-account: %s", reason);
    return err;
}

static futu_err take_server(struct login *l, const futu_login_opts *o, char *why, size_t size)
{
    return auth_server_choose(&l->server, o->auth_server, o->platform, why, size);
}

static futu_err take_password(struct login *l, const futu_login_opts *o, char *why, size_t size)
{
    const struct pwd_given g = { o->pwd_file, o->pwd, o->pwd_md5, o->pwd_env };
    return pwd_begin(&l->pwd, &g, why, size);
}

static futu_err take_keychain(struct login *l, const futu_login_opts *o, char *why, size_t size)
{
    if (keychain_kind_read(o->keychain, &l->keychain.kind))
        return FUTU_OK;
    return wrong(why, size, "--keychain: auto, secret-service, file or off");
}

static futu_err take_device(struct login *l, const futu_login_opts *o, char *why, size_t size)
{
    if (o->device_id && !device_id_read(str_c(o->device_id), l->device_id))
        return wrong(why, size, "--device-id: 16 hex digits, such as abcdef0123456789");
    return FUTU_OK;
}

static bool is_code(const char *text)
{
    size_t n = strspn(text, "0123456789");
    return !text[n] && n >= CODE_MIN && n <= CODE_MAX;
}

static futu_err take_code(struct login *l, const futu_login_opts *o, char *why, size_t size)
{
    if (o->verify_code && !is_code(o->verify_code))
        return wrong(why, size, "--verify-code: the 4 to 8 digits of the SMS");
    str_copy(l->verify_code, sizeof(l->verify_code), str_c(o->verify_code));
    return FUTU_OK;
}

static futu_err take_region(struct login *l, const futu_login_opts *o, char *why, size_t size)
{
    static const char *const regions[] = { "gz", "sh", "hk" };
    const char *text = o->region ? o->region : regions[0];
    for (size_t i = 0; i < ARRAY_LEN(regions); i++)
        if (strcmp(regions[i], text) == 0) {
            str_copy(l->region, sizeof(l->region), str_c(text));
            return FUTU_OK;
        }
    return wrong(why, size, "--login-region: gz, sh or hk");
}

static futu_err take_options(struct login *l, const futu_login_opts *o, char *why, size_t size)
{
    static futu_err (*const all[])(struct login *, const futu_login_opts *, char *, size_t) = {
        take_account, take_server, take_device, take_code, take_region, take_keychain,
        take_password,
    };
    futu_err err = FUTU_OK;
    memset(l, 0, sizeof(*l));
    l->state = (struct state)STATE_NULL;
    l->setup_only = o->setup_only;
    for (size_t i = 0; i < ARRAY_LEN(all) && !err; i++)
        err = all[i](l, o, why, size);
    return err;
}

/* What can be read only once is left for login_open(). */
static bool is_pipe(const char *path)
{
    struct stat st;
    return path && stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

futu_err login_check(const futu_login_opts *o, char *why, size_t size)
{
    struct login l;
    futu_login_opts checked = *o;
    if (is_pipe(o->pwd_file))
        checked.pwd_file = NULL;
    futu_err err = take_options(&l, &checked, why, size);
    login_close(&l);
    return err;
}

/* ---- the folder ---- */

static futu_err open_state(struct login *l, const futu_login_opts *o, char *why, size_t size)
{
    char dir[sizeof(l->state.path)];
    futu_err err = FUTU_OK;
    if (o->state_dir)
        str_copy(dir, sizeof(dir), str_c(o->state_dir));
    else
        err = state_default_dir(dir, sizeof(dir));
    if (err || (o->state_dir && strcmp(dir, o->state_dir) != 0)) {
        snprintf(why, size, "--state-dir: %s", err == FUTU_ENOTFOUND ?
                 "neither it nor FUTU_STATE_DIR nor HOME is set" : "the path is too long");
        return FUTU_EINVAL;
    }
    err = state_open(&l->state, dir, why, size);
    return err ? err : state_lock(&l->state, &l->account, why, size);
}

static void open_keychain(struct login *l)
{
    l->keychain.dir = l->state.path;
    if (futu_machine_id(l->machine_id, sizeof(l->machine_id)) == FUTU_OK)
        l->keychain.machine_id = l->machine_id;
}

/* Saved credentials name the device they were made for, which the device file may have lost. */
static futu_err load_saved(struct login *l, const futu_login_opts *o, char *why, size_t size)
{
    futu_err err = cred_load(&l->cred, &l->state, &l->account, &l->server, o->device_id ?
                             l->device_id : NULL, why, size);
    if (err && err != FUTU_ENOTFOUND)
        return err;
    l->has_cred = !err;
    if (err)
        log_info("login: no saved login: %s", why);
    err = device_load(&l->state, &l->account, o->device_id, l->cred.device_id, l->device_id, why,
                      size);
    if (err || !l->has_cred || !l->cred.device_id[0] ||
        strcmp(l->cred.device_id, l->device_id) == 0)
        return err;
    log_info("login: the saved login was made for another device id and is not used");
    cred_wipe(&l->cred);
    l->has_cred = false;
    return FUTU_OK;
}

static void tell(const struct login *l)
{
    char why[320];
    if (state_ephemeral(&l->state, why, sizeof(why)))
        log_warn("%s", why);
    if (l->has_cred && cred_ticket_warning(&l->cred, time(NULL), why, sizeof(why)))
        log_warn("%s", why);
    log_info("login: account %s, platform %s, auth server %s, state in %s", l->account.typed,
             platform_name(l->server.platform), l->server.url, l->state.path);
}

futu_err login_open(struct login *l, const futu_login_opts *o, const struct terminal *terminal,
                    char *why, size_t size)
{
    futu_err err = take_options(l, o, why, size);
    l->terminal = terminal;
    if (!err)
        err = open_state(l, o, why, size);
    if (err)
        return err;
    open_keychain(l);
    if (o->reset_device)
        err = device_reset(&l->state, &l->account, terminal, why, size);
    if (!err)
        err = load_saved(l, o, why, size);
    if (err)
        return err;
    if (l->has_cred)
        auth_server_follow(&l->server, l->cred.attribution);
    tell(l);
    return FUTU_OK;
}

void login_close(struct login *l)
{
    pwd_wipe(&l->pwd);
    cred_wipe(&l->cred);
    wipe(l->verify_code, sizeof(l->verify_code));
    state_close(&l->state);
}

/* ---- when it is asked for ---- */

futu_err login_password(struct login *l, const struct secret **md5, char *why, size_t size)
{
    futu_err err = pwd_get(&l->pwd, &l->account,
                           l->keychain.kind == KEYCHAIN_OFF ? NULL : &l->keychain, l->terminal, why,
                           size);
    *md5 = err ? NULL : &l->pwd.md5;
    return err;
}

futu_err login_set_password(struct login *l, const struct secret *md5)
{
    futu_err err = secret_set(&l->pwd.md5, md5->p, md5->n);
    if (!err)
        l->pwd.layer = PWD_MD5;
    return err;
}

static futu_str trim(futu_str s)
{
    while (s.n && isspace((unsigned char)s.p[s.n - 1]))
        s.n--;
    while (s.n && isspace((unsigned char)s.p[0]))
        s = (futu_str){ s.p + 1, s.n - 1 };
    return s;
}

bool login_read_code(const struct secret *typed, char out[VERIFY_CODE_MAX + 1])
{
    const futu_str command = STR("input_phone_verify_code "), key = STR("-code=");
    futu_str s = trim((futu_str){ (const char *)typed->p, typed->n });
    if (s.n > command.n && strncasecmp(s.p, command.p, command.n) == 0)
        s = trim((futu_str){ s.p + command.n, s.n - command.n });
    if (s.n > key.n && memcmp(s.p, key.p, key.n) == 0)
        s = (futu_str){ s.p + key.n, s.n - key.n };
    return str_copy(out, VERIFY_CODE_MAX + 1, s) && is_code(out);
}

futu_err login_code(struct login *l, bool given_too, char out[VERIFY_CODE_MAX + 1], char *why,
                    size_t size)
{
    struct secret answer = SECRET_NULL;
    bool fine = false;
    futu_err err = FUTU_OK;
    if (given_too && l->verify_code[0]) {
        memcpy(out, l->verify_code, sizeof(l->verify_code));
        return FUTU_OK;
    }
    for (int i = 0; i < CODE_PROMPTS && !err && !fine; i++) {
        err = terminal_ask(l->terminal, i ? "The code is 4 to 8 digits: " :
                           "Code of the SMS: ", true, &answer);
        fine = !err && login_read_code(&answer, out);
    }
    secret_wipe(&answer);
    if (!err && !fine)
        err = FUTU_ECANCELED;
    if (err)
        snprintf(why, size, "%s", err == FUTU_ENOTSUP ?
                 "standard input is no terminal, and there is no --verify-code" :
                 "no code was entered");
    return err;
}

futu_err login_save(struct login *l, char *why, size_t size)
{
    str_copy(l->cred.account, sizeof(l->cred.account), str_c(l->account.typed));
    memcpy(l->cred.device_id, l->device_id, sizeof(l->device_id));
    l->cred.platform = CRED_PLATFORM(l->server.platform);
    futu_err err = cred_save(&l->cred, &l->state, &l->account, why, size);
    l->has_cred = l->has_cred || !err;
    return err;
}
