/* password.c - see password.h. */
#include "login/password.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "crypt/digest.h"

#define MD5_HEX 32
#define PROMPTS 3               /* an empty line is asked again */

static const char *const layers[] = {
    [PWD_FILE] = "--login-pwd-file", [PWD_PLAIN] = "--login-pwd",
    [PWD_MD5] = "--login-pwd-md5",   [PWD_ENV] = "FUTU_PWD",
    [PWD_PROMPT] = "the prompt",
};

void pwd_wipe(struct pwd *p)
{
    secret_wipe(&p->md5);
    p->layer = PWD_NONE;
}

static futu_err set_digest(struct pwd *p, enum pwd_layer layer, const void *text, size_t n)
{
    uint8_t digest[16];
    char hex[MD5_HEX + 1];
    md5(text, n, digest);
    hex_lower(digest, sizeof(digest), hex);
    futu_err err = secret_set(&p->md5, hex, MD5_HEX);
    wipe(digest, sizeof(digest));
    wipe(hex, sizeof(hex));
    if (!err)
        p->layer = layer;
    return err;
}

/* ---- what is given ---- */

/* Also from a pipe, until its end. One byte more than is allowed shows what is too long. */
static futu_err read_all(int fd, struct secret *text, char *why, size_t size)
{
    char reason[96];
    size_t n = 0;
    futu_err err = secret_room(text, PWD_FILE_MAX + 1);
    while (!err && n < text->n) {
        ssize_t got = read(fd, text->p + n, text->n - n);
        if (got == 0)
            break;
        if (got > 0)
            n += (size_t)got;
        else if (errno != EINTR)
            err = FUTU_EIO;
    }
    if (err == FUTU_EIO)
        snprintf(why, size, "%s", strerror_r(errno, reason, sizeof(reason)));
    if (!err && n > PWD_FILE_MAX) {
        snprintf(why, size, "longer than %d bytes", PWD_FILE_MAX);
        err = FUTU_EINVAL;
    }
    if (!err)
        text->n = n;
    return err;
}

/* systemd's credentials belong to root and are read by an access list, which shows as the group's
 * right to read. */
static void warn_of_mode(int fd, const char *path)
{
    struct stat st;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode))
        return;
    if ((st.st_mode & 027) || ((st.st_mode & 040) && st.st_uid == geteuid()))
        log_warn("--login-pwd-file: others can read or change %s; chmod 600", path);
}

/* One line break, as an editor or echo leaves it. */
static size_t without_break(const struct secret *text)
{
    size_t n = text->n;
    if (n && text->p[n - 1] == '\n')
        n--;
    if (n && text->p[n - 1] == '\r')
        n--;
    return n;
}

static futu_err take_file(struct pwd *p, const char *path, char *why, size_t size)
{
    struct secret text = SECRET_NULL;
    char reason[96];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        snprintf(why, size, "--login-pwd-file: %s: %s", path,
                 strerror_r(errno, reason, sizeof(reason)));
        return FUTU_EIO;
    }
    warn_of_mode(fd, path);
    futu_err err = read_all(fd, &text, reason, sizeof(reason));
    close(fd);
    size_t n = err ? 0 : without_break(&text);
    if (!err && (n == 0 || memchr(text.p, '\0', n))) {
        snprintf(reason, sizeof(reason), n ? "holds a NUL byte" : "is empty");
        err = FUTU_EINVAL;
    }
    if (err && err != FUTU_ENOMEM)
        snprintf(why, size, "--login-pwd-file: %s: %s", path, reason);
    if (!err)
        err = set_digest(p, PWD_FILE, text.p, n);
    secret_wipe(&text);
    return err;
}

static futu_err take_plain(struct pwd *p, const char *text, char *why, size_t size)
{
    if (*text)
        return set_digest(p, PWD_PLAIN, text, strlen(text));
    snprintf(why, size, "--login-pwd: is empty");
    return FUTU_EINVAL;
}

static futu_err take_md5(struct pwd *p, const char *hex, char *why, size_t size)
{
    if (strlen(hex) != MD5_HEX || strspn(hex, "0123456789abcdef") != MD5_HEX) {
        snprintf(why, size, "--login-pwd-md5: 32 hex digits in lower case, as printed by: "
                            "printf %%s PASSWORD | md5sum");
        return FUTU_EINVAL;
    }
    futu_err err = secret_set(&p->md5, hex, MD5_HEX);
    if (!err)
        p->layer = PWD_MD5;
    return err;
}

static futu_err take_env(struct pwd *p, const char *text, char *why, size_t size)
{
    (void)why, (void)size;
    return *text ? set_digest(p, PWD_ENV, text, strlen(text)) : FUTU_ENOTFOUND;
}

/* Also those that lose are judged, so that a wrong one does not lie in wait. */
futu_err pwd_begin(struct pwd *p, const struct pwd_given *g, char *why, size_t size)
{
    const struct {
        const char *value;
        futu_err (*take)(struct pwd *p, const char *value, char *why, size_t size);
    } all[] = { { g->file, take_file }, { g->plain, take_plain }, { g->md5, take_md5 },
                { g->env, take_env } };
    *p = PWD_NULL;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        struct pwd one = PWD_NULL;
        futu_err err = all[i].value ? all[i].take(&one, all[i].value, why, size) : FUTU_ENOTFOUND;
        if (!err && p->layer == PWD_NONE) {
            *p = one;
            continue;
        }
        pwd_wipe(&one);
        if (!err || err == FUTU_ENOTFOUND)
            continue;
        pwd_wipe(p);
        if (err == FUTU_ENOMEM)
            snprintf(why, size, "out of memory");
        return err;
    }
    if (p->layer != PWD_NONE)
        log_info("login password: from %s", layers[p->layer]);
    return FUTU_OK;
}

/* ---- what is asked for ---- */

static futu_err ask_keychain(struct pwd *p, const struct account *a, const struct keychain *k,
                             char *why, size_t size)
{
    struct secret text = SECRET_NULL;
    const char *where = "";
    if (!k) {
        snprintf(why, size, "the keychain is off");
        return FUTU_ENOTFOUND;
    }
    log_info("login password: the keychain is asked; its first unlocking may take about 10 s");
    futu_err err = keychain_password(k, KEYCHAIN_LOGIN, a, &text, &where, why, size);
    if (!err && text.n == 0) {
        snprintf(why, size, "the password in the keychain is empty");
        err = FUTU_ENOTFOUND;
    }
    if (!err)
        err = set_digest(p, PWD_KEYCHAIN, text.p, text.n);
    if (!err)
        log_info("login password: from %s", where);
    secret_wipe(&text);
    return err;
}

static futu_err ask_user(struct pwd *p, const struct account *a, const struct terminal *t)
{
    struct secret text = SECRET_NULL;
    char question[ACCOUNT_MAX + 40];
    futu_err err = FUTU_OK;
    snprintf(question, sizeof(question), "Login password for account %s: ", a->typed);
    for (int i = 0; i < PROMPTS && !err && text.n == 0; i++)
        err = terminal_ask(t, question, false, &text);
    if (!err && text.n == 0)
        err = FUTU_ECANCELED;
    if (!err)
        err = set_digest(p, PWD_PROMPT, text.p, text.n);
    if (!err)
        log_info("login password: from %s", layers[PWD_PROMPT]);
    secret_wipe(&text);
    return err;
}

static void nothing(const struct account *a, const char *keychain, char *why, size_t size)
{
    snprintf(why, size, "no password for account %s: none of --login-pwd-file, --login-pwd, "
                        "--login-pwd-md5 and FUTU_PWD is given; %s; standard input is no terminal "
                        "to ask on. Store it once with: futucli set-login-pwd --account %s",
             a->typed, keychain, a->typed);
}

futu_err pwd_get(struct pwd *p, const struct account *a, const struct keychain *keychain,
                 const struct terminal *terminal, char *why, size_t size)
{
    char reason[320] = "the keychain has none";
    if (p->layer != PWD_NONE)
        return FUTU_OK;
    futu_err err = ask_keychain(p, a, keychain, reason, sizeof(reason));
    if (!err)
        return FUTU_OK;
    if (err != FUTU_ENOMEM) {
        log_info("login password: %s", reason);
        err = ask_user(p, a, terminal);
    }
    if (err == FUTU_ENOTSUP) {
        nothing(a, reason, why, size);
        return FUTU_ENOTFOUND;
    }
    if (err)
        snprintf(why, size, "no password for account %s: %s", a->typed, futu_strerror(err));
    return err;
}
