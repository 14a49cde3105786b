/* lz4body.h - compressed bodies of the broker's channel: the original size in 4 bytes, big endian,
 * then one raw LZ4 block.
 *
 * Limit:   an announced size above LZ4BODY_MAX, or above what the block could ever become, fails
 *          before anything is allocated.
 * Threads: none.
 * Tests:   test/unit/wire/lz4body_test.c, test/fuzz/fuzz_lz4body.c
 */
#ifndef WIRE_LZ4BODY_H
#define WIRE_LZ4BODY_H

#include "base/buf.h"

#define LZ4BODY_MAX (12u << 20)

/* Appends the original bytes to `out`, which p must not lie in. FUTU_EFORMAT: the block is
 * malformed or gives another size; FUTU_ELIMIT; FUTU_ENOMEM. A failed call leaves `out` as it
 * was. */
futu_err lz4body_open(const uint8_t *p, size_t n, struct buf *out);

#endif
