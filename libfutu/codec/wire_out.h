/* wire_out.h - protobuf's wire form, writing. Internal to codec/.
 *
 * A message is written in one pass: its length gets one byte ahead of it, and when it turns out to
 * need more the body moves up. Small messages, by far the most, never move.
 */
#ifndef CODEC_WIRE_OUT_H
#define CODEC_WIRE_OUT_H

#include "base/buf.h"

enum pb_wire {
    PB_WIRE_VARINT = 0, PB_WIRE_64 = 1, PB_WIRE_BYTES = 2, PB_WIRE_GROUP = 3, PB_WIRE_END_GROUP = 4,
    PB_WIRE_32 = 5,
};

#define PB_MAX_VARINT 10
#define PB_MAX_SCALAR (5 + PB_MAX_VARINT)       /* a key and its number */

static inline uint8_t *pb_put_varint(uint8_t *p, uint64_t v)
{
    while (v >= 0x80) {
        *p++ = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    *p++ = (uint8_t)v;
    return p;
}

static inline uint8_t *pb_put_key(uint8_t *p, uint32_t tag, enum pb_wire wire)
{
    return pb_put_varint(p, (uint64_t)tag << 3 | (uint64_t)wire);
}

/* Little endian, `n` of 4 or 8 bytes. */
static inline uint8_t *pb_put_fixed(uint8_t *p, uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        p[i] = (uint8_t)(v >> 8 * i);
    return p + n;
}

/* The number of type `type` (enum pb_type) at `in` with its key. The caller has made room for
 * PB_MAX_SCALAR bytes. */
uint8_t *pb_put_scalar(uint8_t *p, uint32_t tag, uint8_t type, const void *in);

/* Writes the key and one byte of length; *at is where the body starts. */
futu_err pb_open(struct buf *out, uint32_t tag, size_t *at);
/* Puts the right length in front of the body, which ends where `out` ends. */
futu_err pb_close(struct buf *out, size_t at);

#endif
