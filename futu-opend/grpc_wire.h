/* grpc_wire.h - what gRPC puts into HTTP/2: messages behind five bytes, timeouts, and texts of a
 * status.
 *
 * Limits:  a message of FUTU_GRPC_MESSAGE_MAX; memory is taken as its bytes come, not as its length
 *          says.
 * Tests:   test/unit/opend/grpc_wire_test.c, test/fuzz/fuzz_grpc.c
 */
#ifndef OPEND_GRPC_WIRE_H
#define OPEND_GRPC_WIRE_H

#include <futu/grpc.h>

#include "bytes.h"

#define GRPC_HEAD 5
#define GRPC_TEXT_MAX 600           /* of a status, before it is escaped */

/* Cuts the bytes of a stream into messages; {0} is the beginning. */
struct grpc_in {
    uint8_t head[GRPC_HEAD];
    uint8_t n_head;
    bool gzip;                      /* set by the owner: compressed messages are taken */
    struct bytes body;              /* of the message under way, as it came */
};

enum grpc_step {
    GRPC_MORE,                      /* all bytes are taken, none of it is a whole message yet */
    GRPC_MESSAGE,                   /* in->body is one; grpc_next() before the next step */
    /* The stream can't go on. COMPRESSED: by nothing that was agreed on. */
    GRPC_COMPRESSED, GRPC_TOO_LARGE, GRPC_NO_MEMORY,
};

/* At a message's beginning: its length with the five bytes when all of it is there and it is not
 * compressed, so that it need not be copied; else 0, and grpc_feed() is the way. */
size_t grpc_whole(const struct grpc_in *in, const uint8_t *p, size_t n);
enum grpc_step grpc_feed(struct grpc_in *in, const uint8_t **p, size_t *n);
/* The message is compressed. */
static inline bool grpc_packed(const struct grpc_in *in)
{
    return in->head[0] != 0;
}
void grpc_next(struct grpc_in *in);
/* The five bytes before a message, and the length that they tell. */
size_t grpc_length(const uint8_t head[GRPC_HEAD]);
void grpc_head(uint8_t out[GRPC_HEAD], bool packed, size_t n);
/* In the midst of a message. */
bool grpc_partial(const struct grpc_in *in);
void grpc_in_free(struct grpc_in *in);

/* "100m" in nanoseconds, at most INT64_MAX; -1: not a timeout. */
int64_t grpc_timeout(futu_str text);
/* The text of a status as a header may have it: "%" and what is not printable ASCII as %XX. */
size_t grpc_escape(const char *text, char out[3 * GRPC_TEXT_MAX]);

#endif
