/* secret.c - see secret.h. */
#include "crypt/secret.h"

#include <sodium.h>

#include "base/mem.h"
#include "crypt/random.h"

/* n bytes of any content and a NUL. */
static uint8_t *locked(size_t n)
{
    random_ready();
    uint8_t *p = n < SIZE_MAX && !mem_refused() ? sodium_malloc(n + 1) : NULL;
    if (p)
        p[n] = '\0';
    return p;
}

futu_err secret_set(struct secret *s, const void *p, size_t n)
{
    uint8_t *copy = locked(n);
    if (!copy)
        return FUTU_ENOMEM;
    if (n)
        memcpy(copy, p, n);
    secret_wipe(s);
    *s = (struct secret){ copy, n };
    return FUTU_OK;
}

futu_err secret_room(struct secret *s, size_t n)
{
    uint8_t *room = locked(n);
    if (!room)
        return FUTU_ENOMEM;
    memset(room, 0, n);
    secret_wipe(s);
    *s = (struct secret){ room, n };
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
