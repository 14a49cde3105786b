/* random_msg.h - random structs of any message, and their comparison, both by descriptor. Included
 * by the tests that need them; the same seed gives the same struct on every machine. */
#ifndef TEST_UNIT_CODEC_RANDOM_MSG_H
#define TEST_UNIT_CODEC_RANDOM_MSG_H

#include <float.h>
#include <math.h>
#include <stdio.h>

#include "../support.h"
#include "base/arena.h"
#include "codec/ctx.h"

static uint64_t rnd_state = 1;

static inline uint64_t rnd(void)
{
    rnd_state ^= rnd_state << 13;
    rnd_state ^= rnd_state >> 7;
    rnd_state ^= rnd_state << 17;
    return rnd_state * UINT64_C(0x2545f4914f6cdd1d);
}

static inline uint64_t rnd_below(uint64_t n)
{
    return (rnd() >> 11) % n;
}

/* Prices, edges, and any bits. */
static inline double rnd_double(void)
{
    static const double edge[] = { 0, -0.0, 1, -1, 0.1, 1e15, 1e-6, 123456789.25, DBL_MAX, DBL_MIN,
                                   4.9e-324, 9007199254740993.0, 1e22, 1e23, 0.30000000000000004 };
    double d;
    uint64_t bits = rnd();
    switch (rnd_below(4)) {
    case 0:
        return edge[rnd_below(ARRAY_LEN(edge))];
    case 1:
        memcpy(&d, &bits, sizeof(d));
        return isnan(d) ? (double)NAN : d;
    default:
        return (double)(int64_t)rnd_below(100000000) / 1000 * (rnd_below(2) ? 1 : -1);
    }
}

static inline uint64_t rnd_integer(void)
{
    static const uint64_t edge[] = { 0, 1, 127, 128, UINT64_MAX, INT64_MAX, (uint64_t)INT64_MIN,
                                     INT32_MAX, UINT32_MAX, 300 };
    return rnd_below(3) ? rnd() >> rnd_below(64) : edge[rnd_below(ARRAY_LEN(edge))];
}

static inline futu_str rnd_text(struct arena *a, bool utf8)
{
    static const char *const parts[] = { "00700", "\xe8\x85\xbe\xe8\xae\xaf", "\"", "\\", "\n",
                                         "\x01", "\xf0\x9f\x93\x88", "a b", "\x7f", "/",
                                         "\xc3\xa9" };
    size_t n = 0, want = rnd_below(4) ? rnd_below(6) : rnd_below(60);
    char *p = arena_alloc(a, want * 8 + 1);
    for (size_t i = 0; i < want; i++) {
        const char *s = parts[rnd_below(ARRAY_LEN(parts))];
        if (utf8) {
            memcpy(p + n, s, strlen(s));
            n += strlen(s);
        } else {
            p[n++] = (char)rnd();
        }
    }
    return (futu_str){ p, n };
}

static inline void rnd_message(struct arena *a, const futu_msg *m, void *out, int depth);

static inline void rnd_value(struct arena *a, const struct pb_field *f, char *at, int depth)
{
    uint64_t v = rnd_integer();
    double d = rnd_double();
    float s = (float)d;
    switch ((enum pb_type)f->type) {
    case PB_BOOL:
        *(bool *)at = v & 1;
        break;
    case PB_INT32:
    case PB_UINT32:
        memcpy(at, &v, 4);
        break;
    case PB_INT64:
    case PB_UINT64:
        memcpy(at, &v, 8);
        break;
    case PB_FLOAT:
        memcpy(at, &s, 4);
        break;
    case PB_DOUBLE:
        memcpy(at, &d, 8);
        break;
    case PB_STRING:
    case PB_BYTES:
        *(futu_str *)(void *)at = rnd_text(a, f->type == PB_STRING);
        break;
    case PB_MESSAGE:
        rnd_message(a, f->sub, at, depth);
        break;
    }
}

static inline void rnd_field(struct arena *a, const struct pb_field *f, char *out, int depth)
{
    if (f->label == PB_REPEATED) {
        size_t n = depth > 4 ? 0 : rnd_below(4), step = pb_value_size(f);
        char *p = n ? arena_array(a, n, step) : NULL;
        for (size_t i = 0; i < n; i++)
            rnd_value(a, f, p + i * step, depth + 1);
        pb_put_ptr(out + f->off, p);
        memcpy(out + f->off_has, &n, sizeof(n));
    } else if (f->type == PB_MESSAGE) {
        char *p = arena_alloc(a, f->sub->size);
        rnd_value(a, f, p, depth + 1);
        pb_put_ptr(out + f->off, p);
    } else {
        rnd_value(a, f, out + f->off, depth);
        if (f->type < PB_STRING)
            *(bool *)(out + f->off_has) = true;
    }
}

/* Every required field and about half of the others. */
static inline void rnd_message(struct arena *a, const futu_msg *m, void *out, int depth)
{
    for (size_t i = 0; i < m->n_fields; i++)
        if (m->fields[i].label == PB_REQUIRED || rnd_below(2))
            rnd_field(a, &m->fields[i], out, depth);
}

static inline bool same_message(const futu_msg *m, const void *a, const void *b);

static inline bool same_value(const struct pb_field *f, const char *a, const char *b)
{
    if (f->type == PB_MESSAGE)
        return same_message(f->sub, a, b);
    if (f->type != PB_STRING && f->type != PB_BYTES)
        return memcmp(a, b, pb_value_size(f)) == 0;
    const futu_str *s = (const void *)a, *t = (const void *)b;
    return (s->p != NULL) == (t->p != NULL) && str_eq(*s, *t);
}

static inline bool same_field(const struct pb_field *f, const char *a, const char *b)
{
    size_t n, nb, step = pb_value_size(f);
    if (f->label == PB_REPEATED) {
        memcpy(&n, a + f->off_has, sizeof(n));
        memcpy(&nb, b + f->off_has, sizeof(nb));
        const char *p = pb_get_ptr(a + f->off), *q = pb_get_ptr(b + f->off);
        for (size_t i = 0; n == nb && i < n; i++)
            if (!same_value(f, p + i * step, q + i * step))
                return false;
        return n == nb;
    }
    if (f->type == PB_MESSAGE) {
        const char *p = pb_get_ptr(a + f->off), *q = pb_get_ptr(b + f->off);
        return p && q ? same_message(f->sub, p, q) : p == q;
    }
    if (f->type < PB_STRING && *(const bool *)(a + f->off_has) != *(const bool *)(b + f->off_has))
        return false;
    return same_value(f, a + f->off, b + f->off);
}

static inline bool same_message(const futu_msg *m, const void *a, const void *b)
{
    for (size_t i = 0; i < m->n_fields; i++)
        if (!same_field(&m->fields[i], a, b)) {
            fprintf(stderr, "%s.%s differs\n", m->name, m->fields[i].name);
            return false;
        }
    return true;
}

#endif
