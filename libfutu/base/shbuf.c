/* shbuf.c - see shbuf.h. */
#include "base/shbuf.h"

#include "base/mem.h"

struct shbuf *shbuf_new(size_t n)
{
    struct shbuf *b = n <= UINT32_MAX ? mem_alloc(sizeof(*b) + n) : NULL;
    if (!b)
        return NULL;
    b->refs = 1;
    b->n = (uint32_t)n;
    return b;
}

struct shbuf *shbuf_copy(const void *p, size_t n)
{
    struct shbuf *b = shbuf_new(n);
    if (b && n)
        memcpy(b->p, p, n);
    return b;
}

struct shbuf *shbuf_ref(struct shbuf *b)
{
    b->refs++;
    return b;
}

void shbuf_unref(struct shbuf *b)
{
    if (b && --b->refs == 0)
        mem_free(b);
}
