/* base64.c - see base64.h. */
#include "codec/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_write(char *out, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i += 3, out += 4) {
        size_t left = MIN(n - i, 3u);
        uint32_t v = (uint32_t)p[i] << 16;
        if (left > 1)
            v |= (uint32_t)p[i + 1] << 8;
        if (left > 2)
            v |= p[i + 2];
        out[0] = alphabet[v >> 18];
        out[1] = alphabet[v >> 12 & 63];
        out[2] = left > 1 ? alphabet[v >> 6 & 63] : '=';
        out[3] = left > 2 ? alphabet[v & 63] : '=';
    }
}

static int digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

bool base64_read(uint8_t *out, const char *p, size_t n, size_t *out_n)
{
    size_t pad = 0, k = 0;
    if (n % 4)
        return false;
    while (n && pad < 2 && p[n - 1 - pad] == '=')
        pad++;
    for (size_t i = 0; i < n; i += 4) {
        size_t left = i + 4 == n ? 4 - pad : 4;
        uint32_t v = 0;
        for (size_t j = 0; j < left; j++) {
            int d = digit(p[i + j]);
            if (d < 0)
                return false;
            v |= (uint32_t)d << (18 - 6 * j);
        }
        if (v & (left == 2 ? 0xffffu : left == 3 ? 0xffu : 0))      /* bits that mean nothing */
            return false;
        for (size_t j = 0; j + 1 < left; j++)
            out[k++] = (uint8_t)(v >> (16 - 8 * j));
    }
    *out_n = k;
    return true;
}
