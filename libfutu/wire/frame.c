/* frame.c - see frame.h. */
#include "wire/frame.h"

#include "base/bytes.h"
#include "crypt/digest.h"

#define KEEP 4096       /* a larger buffer goes with its frame: idle connections stay small */

static const uint8_t magic[2] = { 'F', 'T' };

void frame_head_write(uint8_t out[FRAME_HEAD], uint32_t proto, uint8_t fmt, uint32_t serial,
                      uint32_t len, const uint8_t digest[20])
{
    memcpy(out, magic, sizeof(magic));
    put_le32(out + 2, proto);
    out[6] = fmt;
    out[7] = 0;
    put_le32(out + 8, serial);
    put_le32(out + 12, len);
    memcpy(out + 16, digest, 20);
    memset(out + 36, 0, 8);
}

futu_err frame_head_read(const uint8_t in[FRAME_HEAD], struct frame *f)
{
    if (memcmp(in, magic, sizeof(magic)) != 0)
        return FUTU_EPROTO;
    f->proto = get_le32(in + 2);
    f->fmt = in[6];
    f->ver = in[7];
    f->serial = get_le32(in + 8);
    f->len = get_le32(in + 12);
    memcpy(f->sha1, in + 16, sizeof(f->sha1));
    return FUTU_OK;
}

void framer_init(struct framer *fr, uint32_t max_body)
{
    memset(fr, 0, sizeof(*fr));
    fr->max_body = max_body;
}

void framer_free(struct framer *fr)
{
    buf_free(&fr->part);
}

static void start_next(struct framer *fr)
{
    fr->got = 0;
    fr->done = false;
    fr->part.n = 0;
    if (fr->part.cap > KEEP)
        buf_free(&fr->part);
}

static futu_err feed_head(struct framer *fr, const uint8_t *p, size_t n, size_t *used)
{
    size_t take = MIN(n, (size_t)FRAME_HEAD - fr->got);
    if (take)
        memcpy(fr->head + fr->got, p, take);
    fr->got = (uint8_t)(fr->got + take);
    *used = take;
    if (memcmp(fr->head, magic, MIN(fr->got, sizeof(magic))) != 0)
        return FUTU_EPROTO;
    return fr->got < FRAME_HEAD ? FUTU_EAGAIN : FUTU_OK;
}

static futu_err feed_body(struct framer *fr, const uint8_t *p, size_t n, size_t *used,
                          struct frame *f)
{
    size_t here = n - *used;
    if (fr->part.n == 0 && here >= f->len) {
        f->body = p + *used;
        *used += f->len;
        fr->done = true;
        return FUTU_OK;
    }
    fr->part.max = f->len;
    size_t take = MIN(here, f->len - fr->part.n);
    futu_err err = take ? buf_put(&fr->part, p + *used, take) : FUTU_OK;
    if (err)
        return err;
    *used += take;
    if (fr->part.n < f->len)
        return FUTU_EAGAIN;
    f->body = fr->part.p;
    fr->done = true;
    return FUTU_OK;
}

futu_err framer_feed(struct framer *fr, const uint8_t *p, size_t n, size_t *used, struct frame *f)
{
    if (fr->done)
        start_next(fr);
    futu_err err = feed_head(fr, p, n, used);
    if (err)
        return err;
    err = frame_head_read(fr->head, f);
    if (err)
        return err;
    if (f->len > fr->max_body)
        return FUTU_EPROTO;
    return feed_body(fr, p, n, used, f);
}

enum frame_sha1 frame_sha1_check(const struct frame *f, const uint8_t *plain, size_t n)
{
    uint8_t digest[20];
    sha1(plain, n, digest);
    if (memcmp(digest, f->sha1, sizeof(digest)) == 0)
        return FRAME_SHA1_PLAIN;
    if (plain == f->body)
        return FRAME_SHA1_BAD;
    sha1(f->body, f->len, digest);
    return memcmp(digest, f->sha1, sizeof(digest)) == 0 ? FRAME_SHA1_WIRE : FRAME_SHA1_BAD;
}

futu_err frame_write(struct buf *out, uint32_t proto, uint8_t fmt, uint32_t serial,
                     const void *body, size_t n, const struct cipher *c)
{
    uint8_t digest[20];
    if (n > FRAME_MAX_BODY)
        return FUTU_ELIMIT;
    size_t wire = c ? cipher_len(c, n) : n;
    if (wire > FRAME_MAX_BODY)
        return FUTU_ELIMIT;
    futu_err err = buf_reserve(out, FRAME_HEAD + wire);
    if (err)
        return err;
    sha1(body, n, digest);
    frame_head_write(out->p + out->n, proto, fmt, serial, (uint32_t)wire, digest);
    out->n += FRAME_HEAD;
    return c ? cipher_encrypt(c, body, n, out) : buf_put(out, body, n);     /* room is there */
}
