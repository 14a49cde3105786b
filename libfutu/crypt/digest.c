/* digest.c - see digest.h. */
#include "crypt/digest.h"

#include <nettle/md5.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <sodium.h>

#define MD5_HEX 32

void sha1(const void *p, size_t n, uint8_t out[20])
{
    struct sha1_ctx c;
    sha1_init(&c);
    sha1_update(&c, n, p);
    sha1_digest(&c, SHA1_DIGEST_SIZE, out);
}

void md5(const void *p, size_t n, uint8_t out[16])
{
    struct md5_ctx c;
    md5_init(&c);
    md5_update(&c, n, p);
    md5_digest(&c, MD5_DIGEST_SIZE, out);
}

void sha256(const void *p, size_t n, uint8_t out[32])
{
    struct sha256_ctx c;
    sha256_init(&c);
    sha256_update(&c, n, p);
    sha256_digest(&c, SHA256_DIGEST_SIZE, out);
}

void hex_lower(const uint8_t *p, size_t n, char *out)
{
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = "0123456789abcdef"[p[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[p[i] & 15];
    }
    out[2 * n] = '\0';
}

bool hex_read(futu_str hex, uint8_t *out, size_t n)
{
    if (hex.n != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int hi = hex_digit(hex.p[2 * i]), lo = hex_digit(hex.p[2 * i + 1]);
        if (hi < 0 || lo < 0)
            return false;
        out[i] = (uint8_t)(hi << 4 | lo);
    }
    return true;
}

bool equal_ct(const void *a, const void *b, size_t n)
{
    return sodium_memcmp(a, b, n) == 0;
}

bool hex_md5_equal_ct(const char *given, size_t n, const char *stored)
{
    char lower[MD5_HEX];
    if (n != MD5_HEX)       /* the length of a digest is no secret */
        return false;
    for (size_t i = 0; i < MD5_HEX; i++) {
        unsigned c = (unsigned char)given[i];
        unsigned upper = (c - 'A' < 26u);
        lower[i] = (char)(c | upper << 5);
    }
    return equal_ct(lower, stored, MD5_HEX);
}
