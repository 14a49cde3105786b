/* bytes.h - a run of bytes that grows.
 *
 * Owns:    its memory; {0} is empty. Growing and dropping wipe what is left behind, since tokens
 *          and passwords pass through here.
 * Errors:  false when memory is out; the bytes are as before.
 * Threads: none.
 */
#ifndef OPEND_BYTES_H
#define OPEND_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
    char *p;
    size_t n, cap;
};

/* Room for `more` bytes behind the n that are there. */
bool bytes_reserve(struct bytes *b, size_t more);
bool bytes_put(struct bytes *b, const void *p, size_t n);
/* Empty again; memory above `keep` bytes is given back. */
void bytes_clear(struct bytes *b, size_t keep);
void bytes_free(struct bytes *b);

#endif
