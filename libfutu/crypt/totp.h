/* totp.h - one-time codes by time (RFC 6238): HMAC-SHA1, six digits, steps of 30 s.
 *
 * Threads: none; no state.
 * Tests:   test/unit/crypt/totp_test.c
 */
#ifndef CRYPT_TOTP_H
#define CRYPT_TOTP_H

#include "base/base.h"

#define TOTP_STEP_S 30
#define TOTP_DIGITS 6

/* The code of that second since 1970; a time before it counts as 0. */
void totp(const void *key, size_t n, int64_t unix_s, char out[TOTP_DIGITS + 1]);

#endif
