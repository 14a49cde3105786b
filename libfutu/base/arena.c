/* arena.c - see arena.h. */
#include "base/arena.h"

#include <stdalign.h>

#include "base/mem.h"

#define ALIGN alignof(max_align_t)
#define DEFAULT_CHUNK 4096

struct arena_chunk {
    struct arena_chunk *next;
    size_t size, used;
    alignas(ALIGN) unsigned char data[];
};

static struct arena_chunk *add_chunk(struct arena *a, size_t need)
{
    size_t size = MAX(need, a->chunk ? a->chunk : DEFAULT_CHUNK);
    struct arena_chunk *c = mem_alloc(sizeof(*c) + size);
    if (!c)
        return NULL;
    c->next = NULL;
    c->size = size;
    c->used = 0;
    if (a->last)
        a->last->next = c;
    else
        a->first = c;
    a->last = c;
    return c;
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (a->limit && (size > a->limit || a->used > a->limit - size))
        return NULL;
    struct arena_chunk *c = a->last;
    if (!c || c->size - c->used < size)
        c = add_chunk(a, size);
    if (!c)
        return NULL;
    void *p = c->data + c->used;
    c->used += size;
    a->used += size;
    return memset(p, 0, size);
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size)
        return NULL;
    return arena_alloc(a, n * size);
}

void *arena_copy(struct arena *a, const void *p, size_t n)
{
    char *q = n < SIZE_MAX ? arena_alloc(a, n + 1) : NULL;
    if (q && n)
        memcpy(q, p, n);
    return q;
}

static void free_chunks(struct arena_chunk *c)
{
    while (c) {
        struct arena_chunk *next = c->next;
        mem_free(c);
        c = next;
    }
}

void arena_reset(struct arena *a)
{
    a->used = 0;
    if (!a->first)
        return;
    free_chunks(a->first->next);
    a->first->next = NULL;
    a->first->used = 0;
    a->last = a->first;
}

void arena_wipe(struct arena *a)
{
    for (struct arena_chunk *c = a->first; c; c = c->next)
        explicit_bzero(c->data, c->used);
    arena_reset(a);
}

void arena_free(struct arena *a)
{
    free_chunks(a->first);
    a->first = a->last = NULL;
    a->used = 0;
}
