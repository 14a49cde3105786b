/* login.h - everything that a direct login needs before a byte is sent, from the options.
 *
 * In:      futu_login_opts; the terminal and the machine's id, which tests bring themselves.
 * Out:     who, where, on which device, with which saved login; the password when it is asked for.
 * Order:   options judged, folder opened, account locked, --reset-device, device id, credentials.
 * Errors:  FUTU_EINVAL (an option, `why` begins with its name), FUTU_EBUSY (another gateway has the
 *          account), FUTU_ECANCELED (--reset-device was not confirmed), FUTU_EIO, FUTU_ENOMEM.
 * Threads: none.
 * Tests:   test/unit/login/login_test.c
 */
#ifndef LOGIN_LOGIN_H
#define LOGIN_LOGIN_H

#include "futu/login.h"
#include "login/cred.h"
#include "login/password.h"

#define VERIFY_CODE_MAX 16

struct login {
    struct account account;
    struct auth_server server;      /* of the saved attribution when there are credentials */
    struct state state;
    struct keychain keychain;
    struct pwd pwd;
    const struct terminal *terminal;
    char machine_id[256];
    char device_id[DEVICE_ID + 1];
    char verify_code[VERIFY_CODE_MAX + 1];  /* "": none was given */
    char region[4];                 /* --login-region: "gz", "sh", "hk" */
    bool setup_only;
    bool has_cred;
    struct cred cred;
};

/* Judges the options alone: nothing is read but the password file, nothing is made. */
futu_err login_check(const futu_login_opts *o, char *why, size_t size);

/* terminal: &terminal_system outside of tests. *l needs login_close() in either case. */
futu_err login_open(struct login *l, const futu_login_opts *o, const struct terminal *terminal,
                    char *why, size_t size);
void login_close(struct login *l);

/* MD5 of the password as 32 hex digits, asked for only now; borrowed until login_close(). */
futu_err login_password(struct login *l, const struct secret **md5, char *why, size_t size);

/* Takes the place of the password that there was; 32 hex digits, copied. FUTU_ENOMEM: the old one
 * stays. */
futu_err login_set_password(struct login *l, const struct secret *md5);

/* The code of an SMS: --verify-code when `given_too`, else from the terminal, where an empty line
 * is asked again, never sent. FUTU_ENOTSUP: neither is there. 4 to 8 digits. */
futu_err login_code(struct login *l, bool given_too, char out[VERIFY_CODE_MAX + 1], char *why,
                    size_t size);

/* A code as it is typed: digits with blanks around them, or with the vendor's command in front,
 * input_phone_verify_code -code=. False: it is none. */
bool login_read_code(const struct secret *typed, char out[VERIFY_CODE_MAX + 1]);

/* Writes l->cred, and sets has_cred. */
futu_err login_save(struct login *l, char *why, size_t size);

#endif
