/* secret.c - see secret.h. */
#include "crypt/secret.h"

#include <sodium.h>

#include "base/mem.h"
#include "crypt/random.h"

futu_err secret_set(struct secret *s, const void *p, size_t n)
{
    random_ready();
    uint8_t *copy = n < SIZE_MAX && !mem_refused() ? sodium_malloc(n + 1) : NULL;
    if (!copy)
        return FUTU_ENOMEM;
    if (n)
        memcpy(copy, p, n);
    copy[n] = '\0';
    secret_wipe(s);
    *s = (struct secret){ copy, n };
    return FUTU_OK;
}

void secret_wipe(struct secret *s)
{
    sodium_free(s->p);      /* wipes; NULL is fine */
    *s = SECRET_NULL;
}

void wipe(void *p, size_t n)
{
    sodium_memzero(p, n);
}
