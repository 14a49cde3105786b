/* mem.h - the one way to memory; every allocation of the library passes here.
 *
 * Tests make the n-th allocation fail with mem_fail_at(). All functions return NULL on failure.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include "base/base.h"

void *mem_alloc(size_t size);
void *mem_zalloc(size_t size);                      /* zeroed */
void *mem_array(size_t n, size_t size);             /* zeroed; NULL when n * size overflows */
void *mem_realloc(void *p, size_t size);
char *mem_strdup(const char *s);
void mem_free(void *p);                             /* NULL is fine */

/* The allocation number n (from 0) and every later one fails; a negative n ends that. */
void mem_fail_at(long n);
/* True when an allocation has failed since mem_fail_at(). */
bool mem_failed(void);
/* Counts as an allocation: true when the one that another library is about to make must fail. */
bool mem_refused(void);

#endif
