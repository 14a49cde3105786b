/* fuzz_grpc.c - any bytes in any split give the same messages and the same end as in one piece. The
 * first byte chooses the split; the bytes are a timeout, a status text and gzip as well. */
#include <stdlib.h>
#include <string.h>

#include "grpc_gzip.h"
#include "grpc_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static uint64_t mix(uint64_t h, const void *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        h = (h ^ ((const uint8_t *)p)[i]) * 1099511628211u;
    return (h ^ n) * 1099511628211u;
}

/* What all of it means, as one number. Each piece is memory of its own. */
static uint64_t run(const uint8_t *data, size_t size, size_t step)
{
    struct grpc_in in = { .gzip = true };
    enum grpc_step s = GRPC_MORE;
    uint64_t h = 14695981039346656037u;
    for (size_t at = 0; at < size && s <= GRPC_MESSAGE; at += step) {
        size_t n = size - at < step ? size - at : step;
        uint8_t *piece = malloc(n);
        const uint8_t *p = memcpy(piece, data + at, n);
        do {
            s = grpc_feed(&in, &p, &n);
            if (s == GRPC_MESSAGE) {
                h = mix(h, in.body.p, in.body.n);
                grpc_next(&in);
            }
        } while (s == GRPC_MESSAGE && n > 0);
        check(s != GRPC_MORE || n == 0);
        check(in.body.n <= size);
        free(piece);
    }
    h = mix(h, s > GRPC_MESSAGE ? "bad" : "fine", 3 + (s <= GRPC_MESSAGE));
    h += grpc_partial(&in);
    grpc_in_free(&in);
    return h;
}

static void texts(const uint8_t *data, size_t size)
{
    static char text[2 * GRPC_TEXT_MAX], out[3 * GRPC_TEXT_MAX];
    size_t n = size < sizeof(text) - 1 ? size : sizeof(text) - 1;
    memcpy(text, data, n);
    text[n] = '\0';
    size_t len = grpc_escape(text, out);
    check(len <= sizeof(out));
    for (size_t i = 0; i < len; i++)
        check(out[i] >= ' ' && out[i] < 0x7f);
    check(grpc_timeout((futu_str){ (const char *)data, size }) >= -1);
}

/* As gzip itself, and there and back. */
static void zipped(const uint8_t *data, size_t size)
{
    struct bytes out = { 0 }, packed = { 0 };
    if (gzip_unpack(data, size, 1u << 20, &out) == GZIP_OK)
        check(out.n <= 1u << 20 && out.n <= GZIP_FREE + size * GZIP_RATIO);
    if (gzip_pack(data, size, &packed)) {
        check(packed.n < size);
        enum gzip_result r = gzip_unpack(packed.p, packed.n, size, &out);
        check(r == GZIP_TOO_LARGE || r == GZIP_OK);
        check(r != GZIP_OK || (out.n == size && memcmp(out.p, data, size) == 0));
    }
    bytes_free(&out);
    bytes_free(&packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t step = data[0] % 16 + 1;
    check(run(data + 1, size - 1, step) == run(data + 1, size - 1, size));
    texts(data + 1, size - 1);
    zipped(data + 1, size - 1);
    return 0;
}
