/* lz4body.c - see lz4body.h. */
#include "wire/lz4body.h"

#include <lz4.h>

#include "base/bytes.h"

#define HEAD 4
/* The most that one byte of a block stands for: a length byte of a match. */
#define MOST_EACH 255

futu_err lz4body_open(const uint8_t *p, size_t n, struct buf *out)
{
    if (n < HEAD + 1 || n > LZ4_COMPRESSBOUND(LZ4BODY_MAX) + HEAD)
        return FUTU_EFORMAT;
    uint32_t size = get_be32(p);
    if (size > LZ4BODY_MAX)
        return FUTU_ELIMIT;
    if (size > (n - HEAD) * MOST_EACH)
        return FUTU_EFORMAT;
    /* An empty original is one byte of a block; LZ4 wants a place for it all the same. */
    futu_err err = buf_reserve(out, size + 1u);
    if (err)
        return err;
    int got = LZ4_decompress_safe((const char *)p + HEAD, (char *)out->p + out->n, (int)(n - HEAD),
                                  (int)size);
    if (got < 0 || (uint32_t)got != size)
        return FUTU_EFORMAT;
    out->n += size;
    return FUTU_OK;
}
