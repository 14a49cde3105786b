/* wire_out.c - see wire_out.h. */
#include "codec/wire_out.h"

#include "codec/codec.h"

uint8_t *pb_put_scalar(uint8_t *p, uint32_t tag, uint8_t type, const void *in)
{
    uint64_t v = 0;
    uint32_t w = 0;
    switch ((enum pb_type)type) {
    case PB_INT32:                      /* a negative one takes ten bytes */
        return pb_put_varint(pb_put_key(p, tag, PB_WIRE_VARINT),
                             (uint64_t)(int64_t) * (const int32_t *)in);
    case PB_UINT32:
        return pb_put_varint(pb_put_key(p, tag, PB_WIRE_VARINT), *(const uint32_t *)in);
    case PB_INT64:
    case PB_UINT64:
        memcpy(&v, in, sizeof(v));
        return pb_put_varint(pb_put_key(p, tag, PB_WIRE_VARINT), v);
    case PB_BOOL:
        return pb_put_varint(pb_put_key(p, tag, PB_WIRE_VARINT), *(const bool *)in);
    case PB_FLOAT:
        memcpy(&w, in, sizeof(w));
        return pb_put_fixed(pb_put_key(p, tag, PB_WIRE_32), w, 4);
    case PB_DOUBLE:
        memcpy(&v, in, sizeof(v));
        return pb_put_fixed(pb_put_key(p, tag, PB_WIRE_64), v, 8);
    case PB_STRING:
    case PB_BYTES:
    case PB_MESSAGE:
        break;                          /* not numbers */
    }
    assert(!"pb_put_scalar: not a number");
    return p;
}

futu_err pb_open(struct buf *out, uint32_t tag, size_t *at)
{
    futu_err err = buf_reserve(out, PB_MAX_SCALAR);
    if (err)
        return err;
    uint8_t *p = pb_put_key(out->p + out->n, tag, PB_WIRE_BYTES);
    *p++ = 0;
    *at = out->n = (size_t)(p - out->p);
    return FUTU_OK;
}

futu_err pb_close(struct buf *out, size_t at)
{
    size_t n = out->n - at;
    uint8_t length[PB_MAX_VARINT];
    size_t k = (size_t)(pb_put_varint(length, n) - length);
    if (k > 1) {
        futu_err err = buf_reserve(out, k - 1);
        if (err)
            return err;
        memmove(out->p + at + k - 1, out->p + at, n);
        out->n += k - 1;
    }
    memcpy(out->p + at - 1, length, k);
    return FUTU_OK;
}
