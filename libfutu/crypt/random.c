/* random.c - see random.h. */
#include "crypt/random.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

/* Without a source of random bytes no key that we hand out is one. */
static void set_up(void)
{
    if (sodium_init() < 0)
        abort();
}

void random_ready(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_up);
}

void random_bytes(void *p, size_t n)
{
    random_ready();
    randombytes_buf(p, n);
}

uint64_t random_u64(void)
{
    uint64_t v;
    random_bytes(&v, sizeof(v));
    return v;
}

void random_hex_upper(char *out, size_t n)
{
    random_bytes(out, n);
    for (size_t i = 0; i < n; i++)
        out[i] = "0123456789ABCDEF"[out[i] & 15];
    out[n] = '\0';
}
