/* seal.c - see seal.h. */
#include "crypt/seal.h"

#include <nettle/cbc.h>

#include "crypt/digest.h"
#include "crypt/secret.h"

#define BLOCK 16

struct seal_keys {
    size_t n;
    void (*set)(struct seal *s, const uint8_t *key);
    nettle_cipher_func *encrypt, *decrypt;
};

static void set128(struct seal *s, const uint8_t *key)
{
    aes128_set_encrypt_key(&s->enc.k128, key);
    aes128_invert_key(&s->dec.k128, &s->enc.k128);
}

static void set192(struct seal *s, const uint8_t *key)
{
    aes192_set_encrypt_key(&s->enc.k192, key);
    aes192_invert_key(&s->dec.k192, &s->enc.k192);
}

static void set256(struct seal *s, const uint8_t *key)
{
    aes256_set_encrypt_key(&s->enc.k256, key);
    aes256_invert_key(&s->dec.k256, &s->enc.k256);
}

#define CIPHER(name) ((nettle_cipher_func *)(name))
static const struct seal_keys kinds[] = {
    { 16, set128, CIPHER(aes128_encrypt), CIPHER(aes128_decrypt) },
    { 24, set192, CIPHER(aes192_encrypt), CIPHER(aes192_decrypt) },
    { 32, set256, CIPHER(aes256_encrypt), CIPHER(aes256_decrypt) },
};

void seal_none(struct seal *s)
{
    memset(s, 0, sizeof(*s));
}

void seal_wipe(struct seal *s)
{
    wipe(s, sizeof(*s));
}

futu_err seal_init(struct seal *s, const struct seal_form *form, const void *key, size_t n)
{
    seal_none(s);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (kinds[i].n != n)
            continue;
        kinds[i].set(s, key);
        s->kind = &kinds[i];
        s->form = form;
        return FUTU_OK;
    }
    return FUTU_EINVAL;
}

static size_t whole_blocks(size_t n)
{
    return (n + BLOCK - 1) / BLOCK * BLOCK;
}

static size_t tail_size(const struct seal *s)
{
    return s->form->digest ? 2 * BLOCK : BLOCK;
}

size_t seal_size(const struct seal *s, size_t n)
{
    return seal_is_none(s) ? n : whole_blocks(n) + tail_size(s);
}

futu_err seal_close(const struct seal *s, const void *p, size_t n, struct buf *out)
{
    uint8_t chain[BLOCK];
    if (seal_is_none(s))
        return buf_put(out, p, n);
    if (n > SIZE_MAX - 4 * BLOCK)
        return FUTU_ELIMIT;
    size_t size = seal_size(s, n);
    futu_err err = buf_reserve(out, size);
    if (err)
        return err;
    uint8_t *to = out->p + out->n;
    if (n)
        memcpy(to, p, n);
    memset(to + n, 0, size - n);
    if (s->form->digest)
        md5(p, n, to + whole_blocks(n));
    to[size - 1] = (uint8_t)(n % BLOCK);
    memcpy(chain, s->form->iv, BLOCK);
    cbc_encrypt(&s->enc, s->kind->encrypt, BLOCK, chain, size, to, to);
    out->n += size;
    return FUTU_OK;
}

/* The length of the data in `size` deciphered bytes; SIZE_MAX: they are malformed. */
static size_t judge(const struct seal *s, const uint8_t *p, size_t size)
{
    uint8_t digest[BLOCK];
    size_t blocks = size - tail_size(s);
    size_t used = p[size - 1];
    if (used >= BLOCK || (used && blocks == 0))
        return SIZE_MAX;
    size_t n = used ? blocks - BLOCK + used : blocks;
    if (!s->form->digest)
        return n;
    md5(p, n, digest);
    return equal_ct(digest, p + blocks, BLOCK) ? n : SIZE_MAX;
}

futu_err seal_open(const struct seal *s, const void *p, size_t n, struct buf *out)
{
    uint8_t chain[BLOCK];
    if (seal_is_none(s))
        return buf_put(out, p, n);
    if (n % BLOCK || n < tail_size(s))
        return FUTU_EFORMAT;
    futu_err err = buf_reserve(out, n);
    if (err)
        return err;
    uint8_t *to = out->p + out->n;
    memcpy(chain, s->form->iv, BLOCK);
    cbc_decrypt(&s->dec, s->kind->decrypt, BLOCK, chain, n, to, p);
    size_t plain = judge(s, to, n);
    if (plain == SIZE_MAX) {
        wipe(to, n);
        return FUTU_EFORMAT;
    }
    out->n += plain;
    return FUTU_OK;
}
