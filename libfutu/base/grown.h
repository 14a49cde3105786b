/* grown.h - when a file that grows by a record for each change is to begin anew: once it holds
 * twice of what it held then, so that writing it all costs no more than the records did. */
#ifndef BASE_GROWN_H
#define BASE_GROWN_H

#include "base/base.h"

#define GROWN_LEAST (256u << 10)

struct grown {
    size_t size, most;          /* bytes of the file; with how many it begins anew */
};

/* The file has begun with so many bytes. */
static inline void grown_from(struct grown *g, size_t n)
{
    *g = (struct grown){ n, MAX(2 * n, GROWN_LEAST) };
}

/* So many have come. True: it is to begin anew. */
static inline bool grown_by(struct grown *g, size_t n)
{
    g->size += n;
    return g->size > g->most;
}

#endif
