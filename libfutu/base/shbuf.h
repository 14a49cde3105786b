/* shbuf.h - immutable bytes shared by reference count within one loop thread. */
#ifndef BASE_SHBUF_H
#define BASE_SHBUF_H

#include "base/base.h"

struct shbuf {
    uint32_t refs;
    uint32_t n;
    uint8_t p[];
};

struct shbuf *shbuf_new(size_t n);              /* one reference, bytes to be filled; NULL: no memory */
struct shbuf *shbuf_copy(const void *p, size_t n);
struct shbuf *shbuf_ref(struct shbuf *b);
void shbuf_unref(struct shbuf *b);              /* NULL is fine */

#endif
