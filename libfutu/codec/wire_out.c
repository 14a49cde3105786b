/* wire_out.c - see wire_out.h. */
#include "codec/wire_out.h"

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
