/* auth_error.h - the broker's error codes of a login: what each means and what is to be done.
 *
 * Tests:   test/unit/upstream/broker/auth_call_test.c
 */
#ifndef UPSTREAM_BROKER_AUTH_ERROR_H
#define UPSTREAM_BROKER_AUTH_ERROR_H

#include "base/base.h"
#include "login/platform.h"

#define AUTH_HINT_MAX 900

enum auth_reaction {
    ARE_FINAL,              /* tell the user */
    ARE_RETRY_PASSWORD,     /* of a saved login: try the password; else tell */
    ARE_VERIFY,             /* an SMS */
    ARE_WRONG_CODE,         /* another device id, from the start */
    ARE_THIRD,              /* a third factor */
    ARE_LIMITED,            /* nobody may ask again for a while */
    ARE_NO_CUSTOMER,        /* one broker has no such customer */
};

struct auth_code_row {
    int code;
    enum auth_reaction reaction;
    const char *name;       /* "account/password mismatch" */
    const char *hint;       /* lines for the user; NULL: none */
};

#define AUTH_LIMITED_S 60           /* how long after ARE_LIMITED */
#define AUTH_NO_CUSTOMER 20029

/* Never NULL: what is not listed is final and has no hint. */
const struct auth_code_row *auth_error_row(int64_t code);
/* The hints of a code on that server, lines separated by breaks; "" when there are none. */
void auth_error_hint(int64_t code, const struct auth_server *server, char *out, size_t size);

#endif
