/* random.h - bytes nobody can guess (libsodium). Any thread. */
#ifndef CRYPT_RANDOM_H
#define CRYPT_RANDOM_H

#include "base/base.h"

void random_bytes(void *p, size_t n);
uint64_t random_u64(void);
void random_hex_upper(char *out, size_t n);     /* n characters, then a NUL */

/* Sets libsodium up, once per process; everything here and in secret.h calls it. */
void random_ready(void);

#endif
