/* password.h - the login password: seven layers, the first that has one wins.
 *
 *          file, plain, md5, environment, keychain, prompt; then an error that names them all.
 *
 * When:    the first four are read and judged at once by pwd_begin(), so that a wrong option ends
 *          the start and plain texts can be wiped; the keychain and the prompt are asked by
 *          pwd_get(), which a login with saved credentials never calls.
 * Out:     MD5 of the password, 32 lower-case hex digits in a struct secret. Nothing else is kept.
 * File:    PWD_FILE_MAX bytes at most; one line break at the end is no part of it; an empty one is
 *          an error. What others may read is warned of.
 * Log:     the layer's name alone.
 * Errors:  FUTU_EINVAL (an option, `why` begins with its name), FUTU_EIO (the file), FUTU_ENOTFOUND
 *          (no layer has one), FUTU_ECANCELED (prompt), FUTU_ENOMEM.
 * Threads: none.
 * Tests:   test/unit/login/password_test.c
 */
#ifndef LOGIN_PASSWORD_H
#define LOGIN_PASSWORD_H

#include "crypt/secret.h"
#include "login/account.h"
#include "login/keychain.h"
#include "login/terminal.h"

#define PWD_FILE_MAX 1024

enum pwd_layer { PWD_NONE, PWD_FILE, PWD_PLAIN, PWD_MD5, PWD_ENV, PWD_KEYCHAIN, PWD_PROMPT };

/* NULL: not given. An empty `env` counts as not given; an empty option is an error. */
struct pwd_given {
    const char *file, *plain, *md5, *env;
};

struct pwd {
    enum pwd_layer layer;       /* which one it came from; PWD_NONE: not known yet */
    struct secret md5;
};

#define PWD_NULL ((struct pwd){ PWD_NONE, SECRET_NULL })

futu_err pwd_begin(struct pwd *p, const struct pwd_given *g, char *why, size_t size);
/* FUTU_OK at once when there is one. keychain, terminal: NULL leaves that layer out. */
futu_err pwd_get(struct pwd *p, const struct account *a, const struct keychain *keychain,
                 const struct terminal *terminal, char *why, size_t size);
void pwd_wipe(struct pwd *p);

#endif
