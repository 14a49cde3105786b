/* cipher.c - see cipher.h. */
#include "wire/cipher.h"

#include "crypt/secret.h"

#define BLOCK 16u

futu_err cipher_init(struct cipher *c, int algo, const uint8_t key[16], const uint8_t iv[16])
{
    memset(c, 0, sizeof(*c));
    c->algo = CIPHER_NONE;
    if (algo < CIPHER_NONE || algo > CIPHER_AES_CBC)
        return FUTU_EINVAL;
    c->algo = algo;
    if (algo != CIPHER_NONE)
        aes_init(&c->aes, key);
    if (algo == CIPHER_AES_CBC)
        memcpy(c->iv, iv, sizeof(c->iv));
    return FUTU_OK;
}

void cipher_wipe(struct cipher *c)
{
    wipe(c, sizeof(*c));
    c->algo = CIPHER_NONE;
}

size_t cipher_len(const struct cipher *c, size_t plain_len)
{
    if (c->algo == CIPHER_NONE)
        return plain_len;
    /* FTAES_ECB's trailer is a block of its own. */
    size_t up = c->algo == CIPHER_FTAES_ECB ? BLOCK - 1 : 0;
    return (plain_len + up) / BLOCK * BLOCK + BLOCK;
}

/* Whole blocks of p, then `last`, one block more; returns the bytes written. */
static size_t run_blocks(const struct cipher *c, const uint8_t *p, size_t whole,
                         const uint8_t last[BLOCK], uint8_t *to)
{
    if (c->algo == CIPHER_AES_CBC) {
        aes_cbc_encrypt(&c->aes, c->iv, p, whole, to);
        aes_cbc_encrypt(&c->aes, whole ? to + whole - BLOCK : c->iv, last, BLOCK, to + whole);
    } else {
        aes_ecb_encrypt(&c->aes, p, whole, to);
        aes_ecb_encrypt(&c->aes, last, BLOCK, to + whole);
    }
    return whole + BLOCK;
}

static size_t encrypt(const struct cipher *c, const uint8_t *p, size_t n, uint8_t *to)
{
    size_t rest = n % BLOCK, whole = n - rest;
    uint8_t last[BLOCK];
    if (c->algo != CIPHER_FTAES_ECB) {
        memset(last, (int)(BLOCK - rest), BLOCK);
        if (rest)
            memcpy(last, p + whole, rest);
        return run_blocks(c, p, whole, last, to);
    }
    memset(last, 0, BLOCK);
    if (rest) {
        memcpy(last, p + whole, rest);
        whole = run_blocks(c, p, whole, last, to);
    } else {
        aes_ecb_encrypt(&c->aes, p, whole, to);
    }
    memset(to + whole, 0, BLOCK - 1);
    to[whole + BLOCK - 1] = (uint8_t)rest;
    return whole + BLOCK;
}

futu_err cipher_encrypt(const struct cipher *c, const uint8_t *p, size_t n, struct buf *out)
{
    if (c->algo == CIPHER_NONE)
        return buf_put(out, p, n);
    if (n > SIZE_MAX - 2 * BLOCK)
        return FUTU_ENOMEM;
    futu_err err = buf_reserve(out, cipher_len(c, n));
    if (err)
        return err;
    out->n += encrypt(c, p, n, out->p + out->n);
    return FUTU_OK;
}

static futu_err ftaes_decrypt(const struct cipher *c, const uint8_t *p, size_t n, struct buf *out)
{
    size_t used = p[n - 1];         /* of the last block; 0: all of it */
    size_t data = n - BLOCK;
    if (used >= BLOCK || (used && !data))
        return FUTU_EFORMAT;
    futu_err err = buf_reserve(out, data);
    if (err)
        return err;
    if (data)                       /* else there may be no buffer at all */
        aes_ecb_decrypt(&c->aes, p, data, out->p + out->n);
    out->n += used ? data - BLOCK + used : data;
    return FUTU_OK;
}

/* Looks at all sixteen bytes for any padding. */
static bool pad_ok(const uint8_t last[BLOCK], size_t pad)
{
    unsigned diff = (pad == 0) | (pad > BLOCK);
    for (size_t i = 0; i < BLOCK; i++) {
        unsigned inside = i >= BLOCK - MIN(pad, (size_t)BLOCK);
        diff |= inside * (unsigned)(last[i] ^ pad);
    }
    return diff == 0;
}

static futu_err pkcs7_decrypt(const struct cipher *c, const uint8_t *p, size_t n, struct buf *out)
{
    futu_err err = buf_reserve(out, n);
    if (err)
        return err;
    uint8_t *to = out->p + out->n;
    if (c->algo == CIPHER_AES_CBC)
        aes_cbc_decrypt(&c->aes, c->iv, p, n, to);
    else
        aes_ecb_decrypt(&c->aes, p, n, to);
    size_t pad = to[n - 1];
    if (!pad_ok(to + n - BLOCK, pad))
        return FUTU_EFORMAT;
    out->n += n - pad;
    return FUTU_OK;
}

futu_err cipher_decrypt(const struct cipher *c, const uint8_t *p, size_t n, struct buf *out)
{
    if (c->algo == CIPHER_NONE)
        return buf_put(out, p, n);
    if (n == 0 || n % BLOCK)
        return FUTU_EFORMAT;
    return c->algo == CIPHER_FTAES_ECB ? ftaes_decrypt(c, p, n, out) : pkcs7_decrypt(c, p, n, out);
}
