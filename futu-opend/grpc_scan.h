/* grpc_scan.h - frames that HTTP/2 forbids and a client library sends all the same, left out of
 * what a connection reads: RST_STREAM of a stream that has not begun. The C++ library of gRPC,
 * which is Python's too, has it of a call that was given up before its headers went, and the whole
 * connection would end by it.
 *
 * Owns:    nothing. Frames may come in any parts.
 * Threads: none; one per connection.
 * Tests:   test/unit/opend/grpc_scan_test.c, test/fuzz/fuzz_grpc_h2.c, test/grpc/python/
 */
#ifndef OPEND_GRPC_SCAN_H
#define OPEND_GRPC_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCAN_HEAD 9

struct grpc_scan {
    uint32_t left;                  /* of the frame that is read */
    bool drop;                      /* it is left out */
    uint8_t head[SCAN_HEAD];        /* of the next one, as far as it has come */
    unsigned n_head;
    uint32_t begun;                 /* the newest stream of the client */
};

/* What is to be read comes to pass(), for each frame that is not left_out(); either may end it by
 * false, which is returned. */
struct grpc_scan_ops {
    bool (*pass)(void *arg, const uint8_t *p, size_t n);
    bool (*left_out)(void *arg);
};

void grpc_scan_init(struct grpc_scan *s);
bool grpc_scan(struct grpc_scan *s, const uint8_t *p, size_t n, const struct grpc_scan_ops *ops,
               void *arg);

#endif
