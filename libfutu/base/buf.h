/* buf.h - a growing run of bytes with a bound.
 *
 * Errors:  FUTU_ENOMEM; FUTU_ELIMIT when `max` would be passed. A failed call changes nothing.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/base.h"
#include "base/str.h"

struct buf {
    uint8_t *p;
    size_t n, cap;
    size_t max;             /* 0: no bound */
};

#define BUF_INIT { NULL, 0, 0, 0 }
#define BUF_MAX(limit) { NULL, 0, 0, (limit) }

/* buf_reserve() when there is too little room. */
futu_err buf_grow(struct buf *b, size_t more);

/* Room for `more` bytes behind p + n; the caller then raises n itself. */
static inline futu_err buf_reserve(struct buf *b, size_t more)
{
    return more <= b->cap - b->n ? FUTU_OK : buf_grow(b, more);
}

futu_err buf_put(struct buf *b, const void *p, size_t n);
futu_err buf_byte(struct buf *b, uint8_t c);
futu_err buf_puts(struct buf *b, const char *s);
futu_err buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_consume(struct buf *b, size_t n);      /* drops the first n bytes */
void buf_free(struct buf *b);

static inline futu_str buf_str(const struct buf *b)
{
    return (futu_str){ (const char *)b->p, b->n };
}

#endif
