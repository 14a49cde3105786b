/* account.h - who logs in: a numeric id, +REGION-NUMBER, or an e-mail address, strictly.
 *
 * In:      text of a user; blanks at both ends are no part of it, letter case is kept.
 * Out:     the normalised name that goes to the auth server and names the files: of a phone the
 *          number alone. So both spellings of one phone share files, and two regions with the same
 *          number do too: account_is() tells those apart.
 * Errors:  FUTU_EINVAL; `why` shows the right form, without an option's name in front.
 * Threads: none; no state.
 * Tests:   test/unit/login/account_test.c, test/fuzz/fuzz_account.c
 */
#ifndef LOGIN_ACCOUNT_H
#define LOGIN_ACCOUNT_H

#include "base/str.h"

#define ACCOUNT_MAX 128
#define ACCOUNT_REGION_MAX 4
#define ACCOUNT_HASH 16             /* hex digits */

enum account_kind { ACCOUNT_ID, ACCOUNT_PHONE, ACCOUNT_EMAIL };

struct account {
    enum account_kind kind;
    char typed[ACCOUNT_MAX + 1];
    char name[ACCOUNT_MAX + 1];             /* normalised */
    char region[ACCOUNT_REGION_MAX + 1];    /* digits of a phone's region; "" of the others */
    char hash[ACCOUNT_HASH + 1];            /* md5(name), lower case */
};

futu_err account_parse(struct account *out, const char *text, char *why, size_t size);

/* Whether `stored`, as typed or normalised, may be the same account: the normalised forms are
 * equal, and where both name a region, these too. */
bool account_is(const struct account *a, futu_str stored);

#endif
