/* shbuf.c - see shbuf.h. */
#include "base/shbuf.h"

#include "base/mem.h"

#define FIRST_CLASS 64

static unsigned class_of(size_t n)
{
    unsigned c = 0;
    while (c < SHBUF_CLASSES && n > (size_t)FIRST_CLASS << c)
        c++;
    return c;
}

static struct shbuf *make(size_t room, size_t n, struct shbuf_pool *owner)
{
    struct shbuf *b = room <= UINT32_MAX ? mem_alloc(sizeof(*b) + room) : NULL;
    if (!b)
        return NULL;
    b->refs = 1;
    b->n = (uint32_t)n;
    b->owner = owner;
    return b;
}

struct shbuf *shbuf_new(size_t n)
{
    return make(n, n, NULL);
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

struct shbuf *shbuf_get(struct shbuf_pool *pool, size_t n)
{
    unsigned c = class_of(n);
    if (c == SHBUF_CLASSES)
        return shbuf_new(n);
    struct shbuf *b = pool->free[c];
    if (!b)
        return make((size_t)FIRST_CLASS << c, n, pool);
    pool->free[c] = b->owner;
    pool->held -= (size_t)FIRST_CLASS << c;
    b->refs = 1;
    b->n = (uint32_t)n;
    b->owner = pool;
    return b;
}

static void give_back(struct shbuf *b)
{
    struct shbuf_pool *pool = b->owner;
    unsigned c = class_of(b->n);
    size_t size = (size_t)FIRST_CLASS << c;
    if (pool->held + size > pool->max) {
        mem_free(b);
        return;
    }
    pool->held += size;
    b->owner = pool->free[c];
    pool->free[c] = b;
}

void shbuf_unref(struct shbuf *b)
{
    if (!b || --b->refs)
        return;
    if (b->owner)
        give_back(b);
    else
        mem_free(b);
}

void shbuf_pool_free(struct shbuf_pool *pool)
{
    for (unsigned c = 0; c < SHBUF_CLASSES; c++) {
        struct shbuf *b = pool->free[c];
        while (b) {
            struct shbuf *next = b->owner;
            mem_free(b);
            b = next;
        }
        pool->free[c] = NULL;
    }
    pool->held = 0;
}
