/* bytes.c - see bytes.h. */
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

#define FIRST 512

bool bytes_reserve(struct bytes *b, size_t more)
{
    if (more <= b->cap - b->n)
        return true;
    size_t cap = b->cap ? b->cap : FIRST;
    while (cap - b->n < more) {
        if (cap > SIZE_MAX / 2)
            return false;
        cap *= 2;
    }
    char *p = malloc(cap);
    if (!p)
        return false;
    if (b->n)
        memcpy(p, b->p, b->n);
    if (b->p)
        explicit_bzero(b->p, b->n);
    free(b->p);
    b->p = p;
    b->cap = cap;
    return true;
}

bool bytes_put(struct bytes *b, const void *p, size_t n)
{
    if (!bytes_reserve(b, n))
        return false;
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
    return true;
}

void bytes_clear(struct bytes *b, size_t keep)
{
    if (b->p)
        explicit_bzero(b->p, b->n);
    b->n = 0;
    if (b->cap > keep)
        bytes_free(b);
}

void bytes_free(struct bytes *b)
{
    if (b->p)
        explicit_bzero(b->p, b->n);
    free(b->p);
    *b = (struct bytes){ 0 };
}
