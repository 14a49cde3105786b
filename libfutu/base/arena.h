/* arena.h - memory that is released all at once.
 *
 * Owns:    a chain of chunks; arena_reset() keeps the first, so a reused arena stops allocating.
 * Errors:  NULL when memory is out or `limit` is passed.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/base.h"

struct arena_chunk;

struct arena {
    struct arena_chunk *first, *last;
    size_t used;            /* bytes handed out since the last reset */
    size_t limit;           /* most bytes to hand out; 0: no limit */
    size_t chunk;           /* size of a new chunk; 0: 4096 */
};

#define ARENA_INIT { NULL, NULL, 0, 0, 0 }

void *arena_alloc(struct arena *a, size_t size);            /* zeroed, aligned for any type */
void *arena_array(struct arena *a, size_t n, size_t size);  /* NULL also when n * size overflows */
void *arena_copy(struct arena *a, const void *p, size_t n); /* with a NUL behind */
void arena_reset(struct arena *a);
void arena_wipe(struct arena *a);       /* arena_reset() of what held a secret */
void arena_free(struct arena *a);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_array((a), (n), sizeof(type)))

#endif
