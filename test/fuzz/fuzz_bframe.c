/* fuzz_bframe.c - any bytes in any split: never more than was given is taken, and the frames are
 * those of the same bytes in one piece. The first byte chooses the splits. */
#include <stdlib.h>

#include "wire/bframe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST (1u << 16)

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void check_same(const struct bframe *a, const struct bframe *b)
{
    check(a->command == b->command && a->serial == b->serial && a->len == b->len);
    check(a->n_ext == b->n_ext && a->push == b->push && a->packed == b->packed);
    check(a->len <= MOST && a->n_ext <= a->len);
    check(a->n_ext == 0 || memcmp(a->ext, b->ext, a->n_ext) == 0);
    check(bframe_body_size(a) == 0 || memcmp(a->body, b->body, bframe_body_size(a)) == 0);
}

/* What was read is written as it was. */
static void check_written(const struct bframe *f)
{
    struct buf out = BUF_INIT;
    struct bframe again = *f;
    uint8_t head[BFRAME_HEAD];
    check(bframe_write(&out, &again, f->body, bframe_body_size(f)) == FUTU_OK);
    bframe_head_write(head, f);
    check(out.n == BFRAME_HEAD + f->len && memcmp(out.p, head, BFRAME_HEAD) == 0);
    check(f->len == 0 || memcmp(out.p + BFRAME_HEAD, f->ext, f->len) == 0);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bframer pieces, whole;
    struct bframe f, g;
    futu_err err = FUTU_EAGAIN;
    if (size < 1)
        return 0;
    size_t step = 1 + data[0], left = size - 1, took;
    const uint8_t *p = data + 1;
    bframer_init(&pieces, MOST);
    bframer_init(&whole, MOST);
    for (size_t off = 1, used; off < size && (!err || err == FUTU_EAGAIN); off += used) {
        err = bframer_feed(&pieces, data + off, MIN(step, size - off), &used, &f);
        check(used <= step && pieces.part.cap <= MAX(2 * size, 256u));
        if (err)
            continue;
        check(bframer_feed(&whole, p, left, &took, &g) == FUTU_OK);
        p += took, left -= took;
        check_same(&f, &g);
        check_written(&f);
    }
    check(bframer_feed(&whole, p, left, &took, &g) == (err == FUTU_EPROTO ? err : FUTU_EAGAIN));
    bframer_free(&pieces);
    bframer_free(&whole);
    return 0;
}
