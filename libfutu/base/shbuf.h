/* shbuf.h - immutable bytes shared by reference count within one loop thread.
 *
 * A pool keeps the memory of released ones for the next of about the same size, so that a steady
 * flow of frames allocates nothing.
 */
#ifndef BASE_SHBUF_H
#define BASE_SHBUF_H

#include "base/base.h"

#define SHBUF_CLASSES 11        /* 64 bytes to 64 KiB; larger ones are not kept */

struct shbuf_pool {
    struct shbuf *free[SHBUF_CLASSES];
    size_t held, max;           /* bytes kept, and how many at most */
};

struct shbuf {
    uint32_t refs;
    uint32_t n;
    void *owner;                /* its pool; in the pool's list: the next one */
    uint8_t p[];
};

struct shbuf *shbuf_new(size_t n);              /* one reference, bytes not set; NULL: no memory */
struct shbuf *shbuf_copy(const void *p, size_t n);
struct shbuf *shbuf_ref(struct shbuf *b);
void shbuf_unref(struct shbuf *b);              /* NULL is fine */

/* As shbuf_new(); the pool must outlive it. */
struct shbuf *shbuf_get(struct shbuf_pool *pool, size_t n);
/* Frees what is kept; all that came from the pool must have been released. */
void shbuf_pool_free(struct shbuf_pool *pool);

#endif
