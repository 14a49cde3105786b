/* futu/login.h - what a direct login to the broker is told, and the passwords kept for it.
 *
 * A password goes in as text, is kept as its MD5 in locked memory, and is never logged. In `why`
 * (size bytes, never NULL) stands one line for the user after an error, without a secret in it.
 *
 * Threads: [any thread], one at a time.
 */
#ifndef FUTU_LOGIN_H
#define FUTU_LOGIN_H

#include "futu/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- a login ---- */

typedef struct futu_login_opts {
    size_t size;                /* from FUTU_LOGIN_OPTS_INIT; fields are only appended */
    const char *account;        /* needed: a numeric id, +REGION-NUMBER, or an e-mail address */
    /* Where the password is, strongest first; NULL: not there. Without any of them the keychain,
     * then the terminal is asked, when the password is needed. */
    const char *pwd_file;       /* path; one line break at its end is no part of it */
    const char *pwd;
    const char *pwd_md5;        /* 32 lower-case hex digits */
    const char *pwd_env;        /* the value of FUTU_PWD; empty counts as NULL */
    const char *keychain;       /* "auto" (NULL), "secret-service", "file", "off" */
    const char *platform;       /* "futunn" (NULL) or "moomoo" */
    const char *auth_server;    /* http(s)://HOST[:PORT] in place of the platform's own */
    const char *region;         /* "gz" (NULL), "sh", "hk": of mainland phone accounts */
    const char *state_dir;      /* NULL: FUTU_STATE_DIR, else ~/.futu-opend-rs */
    const char *device_id;      /* 16 hex digits, written over the saved one */
    const char *verify_code;    /* of the SMS, 4 to 8 digits */
    uint32_t reset_device;      /* 1: forget device id and saved login of the account first */
    uint32_t setup_only;        /* 1: end after the login was saved */
    const char *auth_ca;        /* PEM file of roots to trust; NULL: the system's */
    /* Where the code of an SMS is awaited when verify_code is not given or was wrong, in place of
     * the terminal; the file is removed once it was read. NULL: no file. */
    const char *verify_code_file;
    uint32_t renew_signature;   /* of a gateway, 1: an hour before the channels' signature ends */
    /* Of a gateway, 1: a code may come by futu_gateway_login_code() or the console too, so that
     * nobody else to give it is no end; a terminal is listened to meanwhile. */
    uint32_t code_by_call;
    /* Of a gateway, 1: a login of the quotes' channel that was refused three times in a row is
     * renewed then; 0: when the watchdog looks next, every 30 s. */
    uint32_t renew_refused;
    /* Of a gateway: milliseconds between renewals that fail, four numbers with commas between.
     * NULL: 60000,120000,240000,600000. */
    const char *renew_pauses;
    /* Of a gateway: the key of the time codes with which the broker's remote configuration (which
     * servers to dial) is asked for; text, or hex: and digits. NULL: it is not asked for. */
    const char *conf_key;
} futu_login_opts;
#define FUTU_LOGIN_OPTS_INIT FUTU_SIZED_INIT(futu_login_opts)

/* Judges the options; reads the password file, makes nothing. FUTU_EINVAL: an option, `why` begins
 * with its name as the daemon has it; FUTU_EIO: the password file; FUTU_ENOMEM. */
FUTU_API futu_err futu_login_check(const futu_login_opts *opts, char *why, size_t size);

typedef struct futu_login_report {
    size_t size;                /* from FUTU_LOGIN_REPORT_INIT; fields are only appended */
    uint64_t user_id;           /* after FUTU_OK */
    int64_t server_code;        /* the server's own error code; 0: none */
    int64_t retry_s;            /* not to be tried before, seconds since 1970; 0: no limit */
    uint32_t attribution;       /* region, as the server numbers it */
    uint32_t code_sent;         /* 1: an SMS is on its way; start again with its code, soon */
    char hint[1024];            /* what to do, lines separated by breaks; may be empty */
} futu_login_report;
#define FUTU_LOGIN_REPORT_INIT FUTU_SIZED_INIT(futu_login_report)

/* Logs in over HTTP, saves the login, and ends: what a first start is for. Blocks, up to the answer
 * of the user: it asks the terminal for password and code where there is one. `why` begins with the
 * stage that failed (dns, tcp, tls, http, auth, password, code, state) or with an option's name.
 * FUTU_EINVAL (options); FUTU_EAUTH (the server, or its certificate); FUTU_ECANCELED (no code was
 * given, see code_sent, or --reset-device was not confirmed); FUTU_ELIMIT (see retry_s);
 * FUTU_ENOTFOUND (no such host, no password); FUTU_ETIMEDOUT, FUTU_EREFUSED, FUTU_ENOTCONN,
 * FUTU_EPROTO, FUTU_EFORMAT (on the way, or no proper answer); FUTU_EBUSY (another gateway has the
 * account); FUTU_EIO, FUTU_ENOMEM. */
FUTU_API futu_err futu_login_setup(const futu_login_opts *opts, futu_login_report *report,
                                   char *why, size_t size);

/* ---- the keychain ---- */

/* Of the trade password without an account: one for all. */
enum { FUTU_PASSWORD_LOGIN, FUTU_PASSWORD_TRADE };

typedef struct futu_keychain_opts {
    size_t size;                /* from FUTU_KEYCHAIN_OPTS_INIT; fields are only appended */
    const char *keychain;       /* as in futu_login_opts; "file" only writes where it is named */
    const char *state_dir;      /* of the keychain file, as in futu_login_opts */
    uint32_t timeout_ms;        /* of one question to the Secret Service; 0: 30000 */
    uint32_t reserved;
} futu_keychain_opts;
#define FUTU_KEYCHAIN_OPTS_INIT FUTU_SIZED_INIT(futu_keychain_opts)

/* Stores a password in place of an older one. `where` gets what holds it now, static text.
 * FUTU_EINVAL (what, account, an empty password, opts), FUTU_ELIMIT (1024 bytes), FUTU_ENOTSUP
 * (there is no such keychain here, `why` names the way out), FUTU_EREFUSED (it is locked),
 * FUTU_ETIMEDOUT, FUTU_EIO, FUTU_EBUSY, FUTU_ENOMEM. */
FUTU_API futu_err futu_keychain_set(int what, const char *account, const char *password,
                                    const futu_keychain_opts *opts, const char **where, char *why,
                                    size_t size);
/* Reads one into `out` (out_size bytes, 1025 are enough), which is the caller's to wipe; of the
 * trade password that of the account, then the one for all. FUTU_ENOTFOUND: there is none;
 * FUTU_EAUTH, FUTU_EFORMAT: the keychain file is another machine's, or damaged; else as above. */
FUTU_API futu_err futu_keychain_get(int what, const char *account, char *out, size_t out_size,
                                    const futu_keychain_opts *opts, const char **where, char *why,
                                    size_t size);
/* Removes it wherever `opts` looks. FUTU_ENOTFOUND: there was none; else as above. */
FUTU_API futu_err futu_keychain_clear(int what, const char *account,
                                      const futu_keychain_opts *opts, char *why, size_t size);

/* ---- asking ---- */

/* One line from the terminal without echo, for a password; the question goes to standard error. The
 * terminal is put back as it was, also when a signal ends the process. `out` is the caller's to
 * wipe. FUTU_ENOTSUP: standard input is no terminal; FUTU_ECANCELED: the input ended, or a signal
 * came; FUTU_ELIMIT: the line does not fit; FUTU_EIO, FUTU_ENOMEM. */
FUTU_API futu_err futu_ask_secret(const char *question, char *out, size_t size);

#ifdef __cplusplus
}
#endif

#endif
