/* fuzz_lz4body.c - any bytes as a compressed body: what comes out has the size that was announced,
 * and an error changes nothing. */
#include <stdlib.h>

#include "base/bytes.h"
#include "wire/lz4body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf out = BUF_INIT;
    if (buf_puts(&out, "ab") != FUTU_OK)
        abort();
    futu_err err = lz4body_open(data, size, &out);
    size_t want = err ? 2 : 2 + (size_t)get_be32(data);
    if (out.n != want || memcmp(out.p, "ab", 2) != 0 || out.cap > 512 + 300 * size)
        abort();
    buf_free(&out);
    return 0;
}
