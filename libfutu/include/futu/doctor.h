/* futu/doctor.h - looks at all that a gateway needs around it, and says what to do where something
 * is missing.
 *
 * Nothing is changed, no password is read out, nobody is logged in. Of the network it asks what a
 * login would: the auth server (one GET, no account in it), and whether the connection points let
 * one in.
 *
 * Threads: [any thread], as long as no other thread is inside futu_doctor().
 */
#ifndef FUTU_DOCTOR_H
#define FUTU_DOCTOR_H

#include "futu/base.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    FUTU_FINDING_OK,
    FUTU_FINDING_SKIP,          /* not looked at, `text` says why */
    FUTU_FINDING_WARN,          /* works, but not for long or not as it should */
    FUTU_FINDING_FAIL           /* will not work */
};

/* Borrowed until the callback returns; texts are one line without a secret. */
typedef struct futu_finding {
    const char *check;          /* "state folder" */
    int level;                  /* FUTU_FINDING_* */
    const char *text;
    const char *remedy;         /* what to do; NULL: nothing */
} futu_finding;
typedef void futu_finding_fn(const futu_finding *f, void *arg);

/* All borrowed during the call. */
typedef struct futu_doctor_opts {
    size_t size;                /* from FUTU_DOCTOR_OPTS_INIT; fields are only appended */
    const char *account;        /* NULL: what depends on an account is left out */
    const char *platform;       /* "futunn" (NULL) or "moomoo" */
    const char *auth_server;    /* http(s)://HOST[:PORT] in place of the platform's own */
    const char *ca_file;        /* PEM of trusted roots; NULL: the system's */
    const char *keychain;       /* as in futu_login_opts */
    const char *state_dir;      /* NULL: FUTU_STATE_DIR, else ~/.futu-opend-rs */
    const char *const *keys_files;
    size_t n_keys_files;
    const char *const *listen;  /* "PORT" or "ADDRESS:PORT" that a daemon will open */
    size_t n_listen;
    const char *const *conn;    /* "HOST:PORT" in place of the platform's connection points */
    size_t n_conn;
    const char *upstream;       /* "HOST:PORT" of another gateway; the broker's servers are then
                                   not asked */
    uint32_t timeout_ms;        /* of each step on the network; 0: 10000 */
    uint32_t reserved;
} futu_doctor_opts;
#define FUTU_DOCTOR_OPTS_INIT FUTU_SIZED_INIT(futu_doctor_opts)

/* Calls `found` for each finding as it is made. FUTU_OK: all was looked at, whatever was found.
 * FUTU_EINVAL: an option, `why` (size bytes) begins with its name; FUTU_ENOMEM. */
FUTU_API futu_err futu_doctor(const futu_doctor_opts *opts, futu_finding_fn *found, void *arg,
                              char *why, size_t size);

#ifdef __cplusplus
}
#endif

#endif
