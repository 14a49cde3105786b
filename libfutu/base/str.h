/* str.h - helpers for futu_str, a borrowed run of bytes with its length.
 *
 * Text that the codec or str_dup() puts into an arena has a NUL behind it, not counted by `n`.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/base.h"

struct arena;

#define STR(lit) ((futu_str){ (lit), sizeof(lit) - 1 })
#define STR_NULL ((futu_str){ NULL, 0 })
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).n, (s).p

static inline futu_str str_c(const char *s)
{
    return (futu_str){ s, s ? strlen(s) : 0 };
}

static inline bool str_eq(futu_str a, futu_str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_is(futu_str a, const char *b)
{
    return str_eq(a, str_c(b));
}

/* A copy in the arena; .p NULL when memory is out. */
futu_str str_dup(struct arena *a, futu_str s);
futu_str str_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* FNV-1a, for tables whose keys do not come from a peer that could aim at it. */
uint64_t str_hash(futu_str s);

/* Decimal digits only, the whole string; false on anything else or on overflow. */
bool str_to_u64(futu_str s, uint64_t *out);

/* 0 to 15, in any case; -1: none. */
static inline int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Takes the next byte of percent-encoded text off s->n > 0 bytes; -1: it is malformed. */
int str_percent(futu_str *s);

/* Visible ASCII alone, and some of it. */
bool str_visible(futu_str s);

/* Copies with truncation and always ends with a NUL; true when everything fitted. */
bool str_copy(char *dst, size_t size, futu_str s);

#endif
