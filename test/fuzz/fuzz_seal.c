/* fuzz_seal.c - any bytes under any key: opening them is an error that changes nothing, or gives
 * bytes that fit into them; and what was closed opens. The first byte chooses key and form. */
#include <stdlib.h>

#include "crypt/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[32] = "0123456789abcdef0123456789abcdef";
    struct seal s;
    struct buf out = BUF_INIT, sealed = BUF_INIT;
    if (size < 1)
        return 0;
    const struct seal_form form = { .digest = data[0] & 1 };
    check(seal_init(&s, &form, key, 16 + 8u * ((data[0] >> 1) % 3u)) == FUTU_OK);
    futu_err err = seal_open(&s, data + 1, size - 1, &out);
    check(out.n <= size && (!err || out.n == 0));
    out.n = 0;
    check(seal_close(&s, data + 1, size - 1, &sealed) == FUTU_OK);
    check(sealed.n == seal_size(&s, size - 1));
    check(seal_open(&s, sealed.p, sealed.n, &out) == FUTU_OK && out.n == size - 1);
    check(out.n == 0 || memcmp(out.p, data + 1, out.n) == 0);
    buf_free(&out);
    buf_free(&sealed);
    return 0;
}
