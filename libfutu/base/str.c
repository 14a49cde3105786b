/* str.c - see str.h. */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"

futu_str str_dup(struct arena *a, futu_str s)
{
    char *p = arena_copy(a, s.p, s.n);
    return (futu_str){ p, p ? s.n : 0 };
}

futu_str str_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
    if (!p)
        return STR_NULL;
    va_start(ap, fmt);
    vsnprintf(p, (size_t)n + 1, fmt, ap);
    va_end(ap);
    return (futu_str){ p, (size_t)n };
}

uint64_t str_hash(futu_str s)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (unsigned char)s.p[i]) * UINT64_C(1099511628211);
    return h;
}

bool str_to_u64(futu_str s, uint64_t *out)
{
    uint64_t v = 0;
    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned d = (unsigned)(s.p[i] - '0');
        if (d > 9 || v > (UINT64_MAX - d) / 10)
            return false;
        v = v * 10 + d;
    }
    *out = v;
    return true;
}

int str_percent(futu_str *s)
{
    int c = (unsigned char)*s->p, hi, lo;
    size_t n = 1;
    if (c == '%') {
        hi = s->n > 2 ? hex_digit(s->p[1]) : -1;
        lo = s->n > 2 ? hex_digit(s->p[2]) : -1;
        if (hi < 0 || lo < 0)
            return -1;
        c = hi << 4 | lo;
        n = 3;
    }
    s->p += n;
    s->n -= n;
    return c;
}

bool str_visible(futu_str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f)
            return false;
    return s.n > 0;
}

bool str_copy(char *dst, size_t size, futu_str s)
{
    size_t n = MIN(s.n, size - 1);
    if (n)
        memcpy(dst, s.p, n);
    dst[n] = '\0';
    return n == s.n;
}

unsigned futu_word_distance(futu_str a, futu_str b)
{
    unsigned row[32];
    if (a.n > 31 || b.n > 31)
        return 99;
    for (unsigned j = 0; j <= b.n; j++)
        row[j] = j;
    for (size_t i = 0; i < a.n; i++) {
        unsigned corner = row[0];
        row[0] = (unsigned)i + 1;
        for (size_t j = 0; j < b.n; j++) {
            unsigned change = corner + (a.p[i] != b.p[j]);
            corner = row[j + 1];
            row[j + 1] = MIN(change, MIN(row[j], row[j + 1]) + 1);
        }
    }
    return row[b.n];
}
