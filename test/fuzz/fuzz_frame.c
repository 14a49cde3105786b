/* fuzz_frame.c - any bytes in any split: never more than was given is taken, and the frames are
 * those of the same bytes in one piece. The first byte chooses the splits. */
#include <stdlib.h>

#include "wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_BODY (1u << 16)

static void check(bool ok)
{
    if (!ok)
        abort();
}

/* The next frame of the bytes that are left, in one piece. */
static futu_err next_whole(struct framer *fr, const uint8_t **p, size_t *n, struct frame *f)
{
    size_t used;
    futu_err err = framer_feed(fr, *p, *n, &used, f);
    check(used <= *n);
    *p += used;
    *n -= used;
    return err;
}

static void check_same(const struct frame *a, const struct frame *b)
{
    check(a->proto == b->proto && a->serial == b->serial && a->len == b->len && a->fmt == b->fmt);
    check(a->len <= MAX_BODY);
    check(memcmp(a->sha1, b->sha1, sizeof(a->sha1)) == 0);
    check(memcmp(a->body, b->body, a->len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct framer pieces, whole;
    struct frame f, g;
    futu_err err = FUTU_EAGAIN;
    if (size < 1)
        return 0;
    size_t step = 1 + data[0], left = size - 1;
    const uint8_t *p = data + 1;
    framer_init(&pieces, MAX_BODY);
    framer_init(&whole, MAX_BODY);
    for (size_t off = 1, used; off < size && (!err || err == FUTU_EAGAIN); off += used) {
        err = framer_feed(&pieces, data + off, MIN(step, size - off), &used, &f);
        check(used <= step && pieces.part.cap <= MAX(2 * size, 256u));
        if (err == FUTU_OK) {
            check(next_whole(&whole, &p, &left, &g) == FUTU_OK);
            check_same(&f, &g);
        }
    }
    check(next_whole(&whole, &p, &left, &g) == (err == FUTU_EPROTO ? FUTU_EPROTO : FUTU_EAGAIN));
    framer_free(&pieces);
    framer_free(&whole);
    return 0;
}
