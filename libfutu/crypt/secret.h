/* secret.h - bytes that are locked in memory and wiped when they go. Never logged, never copied. */
#ifndef CRYPT_SECRET_H
#define CRYPT_SECRET_H

#include "base/base.h"

struct secret {
    uint8_t *p;             /* from sodium_malloc; a NUL stands behind the n bytes */
    size_t n;
};

#define SECRET_NULL ((struct secret){ NULL, 0 })

/* Replaces what `s` holds, which p may point into. FUTU_ENOMEM: s is as before. */
futu_err secret_set(struct secret *s, const void *p, size_t n);
/* The same with n zeros, to be filled in. */
futu_err secret_room(struct secret *s, size_t n);
void secret_wipe(struct secret *s);                                 /* the empty one is fine */
void wipe(void *p, size_t n);                                       /* not optimised away */

#endif
