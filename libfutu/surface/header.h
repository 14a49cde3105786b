/* header.h - what callers say beside the body, on every surface that has headers.
 *
 * Threads: none; no state.
 * Tests:   test/unit/surface/rest_test.c, test/unit/surface/rest_call_test.c,
 *          test/unit/surface/grpc_test.c
 */
#ifndef SURFACE_HEADER_H
#define SURFACE_HEADER_H

#include "base/buf.h"
#include "codec/registry.h"

/* The token of "Bearer TOKEN", the word in any case; p NULL: none. */
futu_str bearer_of(futu_str authorization);
/* An Accept header takes this media type, "text/html", in any case; of an absent one all are. */
bool accepts(futu_str accept, const char *type);
/* 1 to ORDER_KEY_MAX printable characters, as an idempotency key has. */
bool word_ok(futu_str word);
/* Puts the key into the order in `pb`, unless its body names one itself or can't have one; *spare
 * is scratch. FUTU_ENOMEM, FUTU_ELIMIT. */
futu_err word_into_order(const struct proto_row *row, futu_str word, struct buf *pb,
                         struct buf *spare);

#endif
