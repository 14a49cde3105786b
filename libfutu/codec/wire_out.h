/* wire_out.h - protobuf's wire form, writing. For codec/, and for those who complete a
 * message without decoding it.
 *
 * A message is written in one pass: its length gets one byte ahead of it, and when it turns out to
 * need more the body moves up. Small messages, by far the most, never move.
 */
#ifndef CODEC_WIRE_OUT_H
#define CODEC_WIRE_OUT_H

#include "base/buf.h"
#include "codec/codec.h"

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

/* Little endian; the compiler makes one store of it. */
static inline uint8_t *pb_put_u32(uint8_t *p, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> 8 * i);
    return p + 4;
}

static inline uint8_t *pb_put_u64(uint8_t *p, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++)
        p[i] = (uint8_t)(v >> 8 * i);
    return p + 8;
}

/* The number of type `type` (enum pb_type) at `in` with its key. The caller has made room for
 * PB_MAX_SCALAR bytes. */
static inline uint8_t *pb_put_scalar(uint8_t *p, uint32_t tag, uint8_t type, const void *in)
{
    uint64_t v;
    uint32_t w;
    switch ((enum pb_type)type) {
    case PB_DOUBLE:
        memcpy(&v, in, sizeof(v));
        return pb_put_u64(pb_put_key(p, tag, PB_WIRE_64), v);
    case PB_FLOAT:
        memcpy(&w, in, sizeof(w));
        return pb_put_u32(pb_put_key(p, tag, PB_WIRE_32), w);
    case PB_INT32:                      /* a negative one takes ten bytes */
        v = (uint64_t)(int64_t) * (const int32_t *)in;
        break;
    case PB_UINT32:
        v = *(const uint32_t *)in;
        break;
    case PB_BOOL:
        v = *(const bool *)in;
        break;
    default:                            /* PB_INT64, PB_UINT64 */
        memcpy(&v, in, sizeof(v));
        break;
    }
    return pb_put_varint(pb_put_key(p, tag, PB_WIRE_VARINT), v);
}

/* Writes the key and one byte of length; *at is where the body starts. */
futu_err pb_open(struct buf *out, uint32_t tag, size_t *at);
/* Puts the right length in front of the body, which ends where `out` ends. */
futu_err pb_close(struct buf *out, size_t at);

#endif
