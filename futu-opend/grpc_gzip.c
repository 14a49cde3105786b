/* grpc_gzip.c - see grpc_gzip.h. */
#include "grpc_gzip.h"

#include <zlib.h>

#define GZIP_WINDOW (15 + 16)       /* 32 KiB, with the head and trailer of gzip */
#define LEVEL 1                     /* the loop waits for it */
#define MEMORY 8
#define STEP 16384
#define SMALLEST 18                 /* head and trailer */

static uint32_t length_inside(const uint8_t *p, size_t n)
{
    const uint8_t *q = p + n - 4;
    return (uint32_t)q[0] | (uint32_t)q[1] << 8 | (uint32_t)q[2] << 16 | (uint32_t)q[3] << 24;
}

static z_stream *inflater(void)
{
    static z_stream z;
    static bool made;
    if (!made)
        made = inflateInit2(&z, GZIP_WINDOW) == Z_OK;
    return made && inflateReset(&z) == Z_OK ? &z : NULL;
}

static z_stream *deflater(void)
{
    static z_stream z;
    static bool made;
    if (!made)
        made = deflateInit2(&z, LEVEL, Z_DEFLATED, GZIP_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) == Z_OK;
    return made && deflateReset(&z) == Z_OK ? &z : NULL;
}

/* The length that its last bytes tell is the room it gets; it may not lie. */
enum gzip_result gzip_unpack(const void *p, size_t n, size_t max, struct bytes *out)
{
    if (n < SMALLEST || n > UINT32_MAX)
        return GZIP_BAD;
    size_t told = length_inside(p, n);
    if (told > max || told > GZIP_FREE + n * GZIP_RATIO)
        return GZIP_TOO_LARGE;
    z_stream *z = inflater();
    bytes_clear(out, STEP);
    if (!z || !bytes_reserve(out, told + 1))        /* one more shows what is longer */
        return GZIP_NO_MEMORY;
    z->next_in = (Bytef *)(uintptr_t)p;
    z->avail_in = (uInt)n;
    z->next_out = (Bytef *)out->p;
    z->avail_out = (uInt)told + 1;
    int r = inflate(z, Z_FINISH);
    out->n = told + 1 - z->avail_out;
    if (r == Z_MEM_ERROR)
        return GZIP_NO_MEMORY;
    return r == Z_STREAM_END && z->avail_in == 0 && out->n == told ? GZIP_OK : GZIP_BAD;
}

bool gzip_pack(const void *p, size_t n, struct bytes *out)
{
    z_stream *z = deflater();
    if (!z || n <= SMALLEST || n > UINT32_MAX || !bytes_reserve(out, n))
        return false;
    z->next_in = (Bytef *)(uintptr_t)p;
    z->avail_in = (uInt)n;
    z->next_out = (Bytef *)out->p + out->n;
    z->avail_out = (uInt)n - 1;
    if (deflate(z, Z_FINISH) != Z_STREAM_END)
        return false;
    out->n += n - 1 - z->avail_out;
    return true;
}
