/* doctor_local.c - what futu_doctor() looks at on this machine: limits, folder, keychain, keys. */
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "access/file.h"
#include "api/doctor.h"
#include "futu/keys.h"
#include "login/cred.h"
#include "login/keychain.h"

#define FILES_ENOUGH 1024
#define LOCKED_ENOUGH (64u << 10)
#define DISK_ENOUGH (64u << 20)
#define KEYCHAIN_WAIT_MS 3000       /* nobody may be there to answer its dialog */
#define DAY_S 86400

enum { OK = FUTU_FINDING_OK, SKIP = FUTU_FINDING_SKIP, WARN = FUTU_FINDING_WARN,
       FAIL = FUTU_FINDING_FAIL };

/* ---- the machine ---- */

static void look_at_limits(const struct doctor *d)
{
    struct rlimit files, locked;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        bool few = files.rlim_cur < FILES_ENOUGH;
        doctor_say(d, "open files", few ? WARN : OK,
                   few ? "ulimit -n 4096, or LimitNOFILE=4096 in the systemd unit: each client "
                         "takes one" : NULL,
                   "at most %llu", (unsigned long long)files.rlim_cur);
    }
    if (getrlimit(RLIMIT_MEMLOCK, &locked) == 0) {
        bool few = locked.rlim_cur < LOCKED_ENOUGH;
        doctor_say(d, "locked memory", few ? WARN : OK,
                   few ? "ulimit -l 64, or LimitMEMLOCK=64K in the systemd unit: passwords could "
                         "be swapped out" : NULL,
                   "%llu KiB at most", (unsigned long long)locked.rlim_cur >> 10);
    }
}

void doctor_machine(const struct doctor *d)
{
    char id[256];
    bool known = futu_machine_id(id, sizeof(id)) == FUTU_OK;
    look_at_limits(d);
    doctor_say(d, "machine id", known ? OK : WARN,
               known ? NULL : "systemd-machine-id-setup: without one, API keys that are bound to a "
                              "machine are refused, and there is no keychain file",
               known ? "there is one" : "/etc/machine-id can't be read");
}

/* ---- the state folder ---- */

static bool folder_of(const struct doctor *d, char *out, size_t size)
{
    if (d->o->state_dir)
        return str_copy(out, size, str_c(d->o->state_dir));
    return state_default_dir(out, size) == FUTU_OK;
}

static void look_at_space(const struct doctor *d, const char *dir)
{
    struct statvfs v;
    if (statvfs(dir, &v) != 0)
        return;
    unsigned long long left = (unsigned long long)v.f_bavail * v.f_frsize;
    bool little = left < DISK_ENOUGH;
    doctor_say(d, "disk space", little ? WARN : OK,
               little ? "make room: orders are refused when the journal can't be written" : NULL,
               "%llu MiB beside %s", left >> 20, dir);
}

static void look_at_login(const struct doctor *d, const struct state *s)
{
    struct cred c = { 0 };
    char why[600];
    int64_t now = (int64_t)time(NULL);
    futu_err err = cred_load(&c, s, &d->account, &d->server, NULL, why, sizeof(why));
    int64_t left = err ? 0 : cred_ticket_left(&c, now);
    if (err == FUTU_ENOTFOUND || (!err && !cred_can_resume(&c, now) && left >= 0))
        doctor_say(d, "saved login", WARN,
                   "futu-opend --setup-only --login-account ... on a terminal, once: an SMS code "
                   "will be asked for", "there is none of this account");
    else if (err)
        doctor_say(d, "saved login", FAIL, "remove that file, then futu-opend --setup-only", "%s",
                   why);
    else if (left < 0)
        doctor_say(d, "saved login", WARN, "futu-opend --setup-only, on a terminal",
                   "it ended %lld days ago", (long long)(-left / DAY_S));
    else if (cred_ticket_warning(&c, now, why, sizeof(why)))
        doctor_say(d, "saved login", WARN, "start the gateway before: it renews it", "%s", why);
    else if (left == INT64_MAX)
        doctor_say(d, "saved login", OK, NULL, "there is one");
    else
        doctor_say(d, "saved login", OK, NULL, "good for %lld more days",
                   (long long)(left / DAY_S));
    cred_wipe(&c);
}

static void look_inside(const struct doctor *d, const char *dir)
{
    struct state s = STATE_NULL;
    char why[600];
    if (state_open(&s, dir, why, sizeof(why))) {
        doctor_say(d, "state folder", FAIL, "--state-dir names another, which is the gateway's own",
                   "%s", why);
        return;
    }
    bool passing = state_ephemeral(&s, why, sizeof(why));
    doctor_say(d, "state folder", passing ? WARN : OK,
               passing ? "mount a volume there, or every start will ask for an SMS code" : NULL,
               "%s", passing ? why : dir);
    if (d->has_account && state_lock(&s, &d->account, why, sizeof(why)))
        doctor_say(d, "account lock", WARN,
                   "a second gateway on this account would throw the first one out", "%s", why);
    if (d->has_account)
        look_at_login(d, &s);
    state_close(&s);
}

/* The deepest folder on the way that is there. */
static void parent_of(char *path)
{
    char *slash;
    while ((slash = strrchr(path, '/')) != NULL && slash != path) {
        *slash = '\0';
        if (access(path, F_OK) == 0)
            return;
    }
    snprintf(path, 2, "%s", slash ? "/" : ".");
}

void doctor_state(const struct doctor *d)
{
    char dir[512], at[512];
    struct stat st;
    if (!folder_of(d, dir, sizeof(dir))) {
        doctor_say(d, "state folder", FAIL, "set HOME or FUTU_STATE_DIR, or give --state-dir",
                   "no folder is known");
        return;
    }
    memcpy(at, dir, sizeof(at));
    if (stat(dir, &st) != 0) {
        parent_of(at);
        bool can = errno == ENOENT && access(at, W_OK | X_OK) == 0;
        doctor_say(d, "state folder", can ? OK : FAIL,
                   can ? NULL : "make it as the user that runs the gateway, or give --state-dir",
                   can ? "%s: the first start makes it" : "%s can't be made", dir);
    } else if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || access(dir, W_OK | X_OK) != 0) {
        doctor_say(d, "state folder", FAIL, "chown and chmod 0700 it for the gateway's user",
                   "%s is not this user's to write", dir);
    } else {
        look_inside(d, dir);
    }
    look_at_space(d, at);
}

/* ---- the keychain ---- */

void doctor_keychain(const struct doctor *d)
{
    struct keychain k = { .timeout_ms = KEYCHAIN_WAIT_MS };
    struct secret word = SECRET_NULL;
    char dir[512], id[256], why[600];
    const char *where = NULL;
    keychain_kind_read(d->o->keychain, &k.kind);
    if (folder_of(d, dir, sizeof(dir)))
        k.dir = dir;
    if (futu_machine_id(id, sizeof(id)) == FUTU_OK)
        k.machine_id = id;
    if (k.kind == KEYCHAIN_OFF) {
        doctor_say(d, "keychain", SKIP, NULL, "it is off");
        return;
    }
    futu_err err = d->has_account
                       ? keychain_password(&k, KEYCHAIN_LOGIN, &d->account, &word, &where, why,
                                           sizeof(why))
                       : keychain_get(&k, "no-such-entry", &word, &where, why, sizeof(why));
    secret_wipe(&word);
    if (!err)
        doctor_say(d, "keychain", OK, NULL, "%s has the login password", where);
    else if (err == FUTU_ENOTFOUND)
        doctor_say(d, "keychain", OK,
                   d->has_account ? "futucli set-login-pwd --account ... keeps the login password "
                                    "there" : NULL,
                   d->has_account ? "it answers, and has no password of this account"
                                  : "it answers");
    else
        doctor_say(d, "keychain", err == FUTU_ENOTSUP ? SKIP : WARN,
                   err == FUTU_ENOTSUP ? "--login-pwd-file, FUTU_PWD, or --keychain file"
                                       : "unlock it, or use --login-pwd-file", "%s", why);
}

/* ---- keys files ---- */

static void look_at_keys(const struct doctor *d, const char *path)
{
    struct key_list l = { NULL, 0 };
    struct stat st;
    char why[600];
    int64_t now_ms = (int64_t)time(NULL) * 1000;
    size_t ended = 0;
    if (keys_load(path, &l, why, sizeof(why))) {
        doctor_say(d, "keys file", FAIL, "futucli gen-key --keys-file ... makes one; futucli "
                   "list-keys shows what is in it", "%s", why);
        return;
    }
    for (size_t i = 0; i < l.n; i++)
        ended += l.keys[i].expires_ms && l.keys[i].expires_ms <= now_ms;
    bool open = stat(path, &st) == 0 && (st.st_mode & 077);
    const char *remedy = open              ? "chmod 600 it"
                         : l.n == ended    ? "futucli gen-key makes a key: nobody gets in now"
                         : ended           ? "futucli revoke-key removes those that have expired"
                                           : NULL;
    doctor_say(d, "keys file", remedy ? WARN : OK, remedy, "%s: %zu keys%s, %zu expired", path, l.n,
               open ? ", others can read it" : "", ended);
    keys_free(&l);
}

void doctor_keys(const struct doctor *d)
{
    for (size_t i = 0; i < d->o->n_keys_files; i++)
        look_at_keys(d, d->o->keys_files[i]);
}
