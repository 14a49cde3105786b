/* utf8.h - where a well-formed UTF-8 character ends. For the library alone. */
#ifndef CODEC_UTF8_H
#define CODEC_UTF8_H

#include "base/base.h"

/* Bytes of the character at the start of p (n > 0), 0: not well-formed (cut off, overlong, a
 * surrogate, above U+10FFFF). */
static inline size_t utf8_next(const unsigned char *p, size_t n)
{
    size_t k = p[0] < 0x80   ? 1
               : p[0] < 0xc2 ? 0
               : p[0] < 0xe0 ? 2
               : p[0] < 0xf0 ? 3
               : p[0] < 0xf5 ? 4
                             : 0;
    if (k == 0 || k > n)
        return 0;
    for (size_t i = 1; i < k; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return k;
}

/* Writes the character `c`, which is no surrogate; returns its 1 to 4 bytes. */
static inline size_t utf8_put(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t k = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    for (size_t i = k; --i > 0; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(lead[k] | c);
    return k;
}

#endif
