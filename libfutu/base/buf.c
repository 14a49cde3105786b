/* buf.c - see buf.h. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"

#define FIRST_CAP 256

futu_err buf_grow(struct buf *b, size_t more)
{
    if (more > SIZE_MAX / 2 - b->n)
        return FUTU_ENOMEM;
    size_t need = b->n + more;
    if (b->max && need > b->max)
        return FUTU_ELIMIT;
    size_t cap = MAX(need, b->cap ? b->cap * 2 : FIRST_CAP);
    if (b->max)
        cap = MIN(cap, b->max);
    uint8_t *p = mem_realloc(b->p, cap);
    if (!p)
        return FUTU_ENOMEM;
    b->p = p;
    b->cap = cap;
    return FUTU_OK;
}

futu_err buf_put(struct buf *b, const void *p, size_t n)
{
    futu_err err = buf_reserve(b, n);
    if (err)
        return err;
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
    return FUTU_OK;
}

futu_err buf_byte(struct buf *b, uint8_t c)
{
    return buf_put(b, &c, 1);
}

futu_err buf_puts(struct buf *b, const char *s)
{
    return buf_put(b, s, strlen(s));
}

futu_err buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        return FUTU_EINVAL;
    futu_err err = buf_reserve(b, (size_t)n + 1);
    if (err)
        return err;
    va_start(ap, fmt);
    vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->n += (size_t)n;
    return FUTU_OK;
}

void buf_consume(struct buf *b, size_t n)
{
    assert(n <= b->n);
    b->n -= n;
    if (b->n)
        memmove(b->p, b->p + n, b->n);
}

void buf_free(struct buf *b)
{
    mem_free(b->p);
    b->p = NULL;
    b->n = b->cap = 0;
}
