/* grpc_gzip.h - messages as gzip, by zlib.
 *
 * Limits:  what comes out is bounded before it is made: by `max`, and by GZIP_FREE bytes with
 *          GZIP_RATIO for each byte that came in, so that a small message can't cost much time.
 * Owns:    one state for each direction, made at the first use and kept.
 * Threads: the loop's.
 * Tests:   test/unit/opend/grpc_gzip_test.c, test/fuzz/fuzz_grpc.c
 */
#ifndef OPEND_GRPC_GZIP_H
#define OPEND_GRPC_GZIP_H

#include "bytes.h"

#define GZIP_FREE (64u << 10)
#define GZIP_RATIO 64

enum gzip_result { GZIP_OK, GZIP_BAD, GZIP_TOO_LARGE, GZIP_NO_MEMORY };

/* One whole gzip member. *out has nothing that matters unless GZIP_OK. */
enum gzip_result gzip_unpack(const void *p, size_t n, size_t max, struct bytes *out);
/* Appends. False: it would not be smaller, or memory is out. */
bool gzip_pack(const void *p, size_t n, struct bytes *out);

#endif
