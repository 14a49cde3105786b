/* bframe.c - see bframe.h. */
#include "wire/bframe.h"

#include "base/bytes.h"

#define KEEP 4096       /* a larger buffer goes with its frame: idle connections stay small */

static const uint8_t magic[2] = { 'F', 'T' };

static uint16_t get_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

futu_err bframe_head_read(const uint8_t in[BFRAME_HEAD], struct bframe *f)
{
    if (memcmp(in, magic, sizeof(magic)) != 0)
        return FUTU_EPROTO;
    f->version = in[2];
    f->client_type = in[3];
    f->client_version = get_be16(in + 4);
    f->language = in[6];
    f->user_id = get_be32(in + 7);
    f->flags = in[11];
    f->serial = get_be32(in + 12);
    f->command = get_be16(in + 16);
    f->len = get_be32(in + 18);
    memcpy(f->reserved, in + 22, BFRAME_RESERVED);
    f->n_ext = get_be16(in + 30);
    f->push = f->version == BFRAME_VERSION && (f->flags & BFRAME_PUSH);
    f->packed = f->version == BFRAME_VERSION && (f->flags & BFRAME_PACKED);
    f->ext = f->body = NULL;
    return f->n_ext > f->len ? FUTU_EPROTO : FUTU_OK;
}

void bframe_head_write(uint8_t out[BFRAME_HEAD], const struct bframe *f)
{
    memcpy(out, magic, sizeof(magic));
    out[2] = f->version;
    out[3] = f->client_type;
    put_be16(out + 4, f->client_version);
    out[6] = f->language;
    put_be32(out + 7, f->user_id);
    out[11] = f->flags;
    put_be32(out + 12, f->serial);
    put_be16(out + 16, f->command);
    put_be32(out + 18, f->len);
    memcpy(out + 22, f->reserved, BFRAME_RESERVED);
    put_be16(out + 30, f->n_ext);
}

futu_err bframe_write(struct buf *out, struct bframe *f, const void *body, size_t n)
{
    if (n > BFRAME_MAX - f->n_ext)
        return FUTU_ELIMIT;
    f->len = (uint32_t)(f->n_ext + n);
    futu_err err = buf_reserve(out, BFRAME_HEAD + f->len);
    if (err)
        return err;
    bframe_head_write(out->p + out->n, f);
    out->n += BFRAME_HEAD;
    err = f->n_ext ? buf_put(out, f->ext, f->n_ext) : FUTU_OK;      /* room is there */
    return err || !n ? err : buf_put(out, body, n);
}

void bframer_init(struct bframer *fr, uint32_t max)
{
    memset(fr, 0, sizeof(*fr));
    fr->max = max;
}

void bframer_free(struct bframer *fr)
{
    buf_free(&fr->part);
}

static void start_next(struct bframer *fr)
{
    fr->got = 0;
    fr->done = false;
    fr->part.n = 0;
    if (fr->part.cap > KEEP)
        buf_free(&fr->part);
}

static futu_err feed_head(struct bframer *fr, const uint8_t *p, size_t n, size_t *used)
{
    size_t take = MIN(n, (size_t)BFRAME_HEAD - fr->got);
    if (take)
        memcpy(fr->head + fr->got, p, take);
    fr->got = (uint8_t)(fr->got + take);
    *used = take;
    if (memcmp(fr->head, magic, MIN(fr->got, sizeof(magic))) != 0)
        return FUTU_EPROTO;
    return fr->got < BFRAME_HEAD ? FUTU_EAGAIN : FUTU_OK;
}

static futu_err hand_out(struct bframer *fr, const uint8_t *p, struct bframe *f)
{
    f->ext = p;
    f->body = p ? p + f->n_ext : NULL;
    fr->done = true;
    return FUTU_OK;
}

static futu_err feed_rest(struct bframer *fr, const uint8_t *p, size_t n, size_t *used,
                          struct bframe *f)
{
    size_t here = n - *used;
    if (fr->part.n == 0 && here >= f->len) {
        const uint8_t *at = p + *used;
        *used += f->len;
        return hand_out(fr, at, f);
    }
    fr->part.max = f->len;
    size_t take = MIN(here, f->len - fr->part.n);
    futu_err err = take ? buf_put(&fr->part, p + *used, take) : FUTU_OK;
    if (err)
        return err;
    *used += take;
    return fr->part.n < f->len ? FUTU_EAGAIN : hand_out(fr, fr->part.p, f);
}

futu_err bframer_feed(struct bframer *fr, const uint8_t *p, size_t n, size_t *used,
                      struct bframe *f)
{
    if (fr->done)
        start_next(fr);
    futu_err err = feed_head(fr, p, n, used);
    if (!err)
        err = bframe_head_read(fr->head, f);
    if (err)
        return err;
    return f->len > fr->max ? FUTU_EPROTO : feed_rest(fr, p, n, used, f);
}
