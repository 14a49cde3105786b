/* digest.h - SHA-1, MD5, SHA-256 and constant-time comparison.
 *
 * The digests are nettle's: it uses the CPU's SHA instructions where there are some, and every
 * frame pays SHA-1 once when it is written and once when it is read.
 */
#ifndef CRYPT_DIGEST_H
#define CRYPT_DIGEST_H

#include "base/str.h"

void sha1(const void *p, size_t n, uint8_t out[20]);
void md5(const void *p, size_t n, uint8_t out[16]);
void sha256(const void *p, size_t n, uint8_t out[32]);
void hex_lower(const uint8_t *p, size_t n, char *out);      /* 2n characters and a NUL */
/* Of 2n digits in any case; false: it is anything else. */
bool hex_read(futu_str hex, uint8_t *out, size_t n);
/* Time depends on n alone. */
bool equal_ct(const void *a, const void *b, size_t n);
/* `given` against a stored lower-case hex digest of 32 characters, any case, constant time. */
bool hex_md5_equal_ct(const char *given, size_t n, const char *stored);

#endif
