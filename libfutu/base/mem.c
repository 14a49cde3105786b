/* mem.c - see mem.h. */
#include "base/mem.h"

#include <stdlib.h>

static futu_allocator allocator = { malloc, realloc, free };
static long fail_in = -1;       /* allocations until failure; negative: never */
static bool failed;

void futu_set_allocator(const futu_allocator *a)
{
    static const futu_allocator libc = { malloc, realloc, free };
    allocator = a ? *a : libc;
}

void mem_fail_at(long n)
{
    fail_in = n;
    failed = false;
}

bool mem_failed(void)
{
    return failed;
}

bool mem_refused(void)
{
    if (fail_in < 0)
        return false;
    if (fail_in > 0) {
        fail_in--;
        return false;
    }
    failed = true;
    return true;
}

void *mem_alloc(size_t size)
{
    return mem_refused() ? NULL : allocator.alloc(size ? size : 1);
}

void *mem_realloc(void *p, size_t size)
{
    return mem_refused() ? NULL : allocator.realloc(p, size ? size : 1);
}

void *mem_zalloc(size_t size)
{
    void *p = mem_alloc(size);
    if (p)
        memset(p, 0, size);
    return p;
}

void *mem_array(size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size)
        return NULL;
    return mem_zalloc(n * size);
}

char *mem_strdup(const char *s)
{
    size_t n = strlen(s) + 1;
    char *p = mem_alloc(n);
    if (p)
        memcpy(p, s, n);
    return p;
}

void mem_free(void *p)
{
    allocator.free(p);
}
