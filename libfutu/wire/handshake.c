/* handshake.c - see handshake.h. */
#include "wire/handshake.h"

#include "crypt/digest.h"

static bool has_digest(const uint8_t *p, size_t n, const uint8_t expected[20])
{
    uint8_t digest[20];
    sha1(p, n, digest);
    return memcmp(digest, expected, sizeof(digest)) == 0;
}

/* FUTU_EFORMAT: not RSA, or not with this key. */
static futu_err open_rsa(const struct frame *f, struct rsa_key *key, struct buf *plain)
{
    if (!rsa_fits(key, f->len) || f->len / rsa_key_size(key) > HANDSHAKE_MAX_BLOCKS)
        return FUTU_EFORMAT;
    size_t start = plain->n;
    futu_err err = rsa_decrypt(key, f->body, f->len, plain);
    if (!err && !has_digest(plain->p + start, plain->n - start, f->sha1))
        err = FUTU_EFORMAT;
    if (err)
        plain->n = start;
    return err;
}

futu_err handshake_open(const struct frame *f, struct rsa_key *key, struct buf *plain,
                        bool *was_rsa)
{
    *was_rsa = false;
    if (key) {
        futu_err err = open_rsa(f, key, plain);
        *was_rsa = err == FUTU_OK;
        if (err != FUTU_EFORMAT)
            return err;
    }
    if (!has_digest(f->body, f->len, f->sha1))
        return FUTU_EFORMAT;
    futu_err err = buf_put(plain, f->body, f->len);
    if (err)
        return err;
    return key ? FUTU_EAUTH : FUTU_OK;
}

futu_err handshake_choose(struct handshake *h, const int32_t *asked, bool has_key, bool was_rsa)
{
    int algo = asked ? *asked : has_key ? CIPHER_FTAES_ECB : CIPHER_NONE;
    if (algo < CIPHER_NONE || algo > CIPHER_AES_CBC)
        return FUTU_ENOTSUP;
    h->algo = algo;
    /* A client that has a key but wants no encryption sends RSA and reads the reply as plain. */
    h->reply_rsa = was_rsa && algo != CIPHER_NONE;
    /* A present IV means CBC to the SDK, an absent one FTAES_ECB; in plain it is unread. */
    h->send_iv = algo == CIPHER_AES_CBC || algo == CIPHER_NONE;
    return FUTU_OK;
}

futu_err handshake_write(struct buf *out, uint32_t proto, uint8_t fmt, uint32_t serial,
                         const void *body, size_t n, struct rsa_key *key)
{
    if (!key)
        return frame_write(out, proto, fmt, serial, body, n, NULL);
    if (rsa_blocks(key, n) > HANDSHAKE_MAX_BLOCKS)
        return FUTU_ELIMIT;
    size_t start = out->n;
    futu_err err = buf_reserve(out, FRAME_HEAD);
    if (err)
        return err;
    out->n += FRAME_HEAD;
    err = rsa_encrypt(key, body, n, out);
    if (err) {
        out->n = start;
        return err;
    }
    uint8_t digest[20];
    sha1(body, n, digest);
    frame_head_write(out->p + start, proto, fmt, serial, (uint32_t)(out->n - start - FRAME_HEAD),
                     digest);
    return FUTU_OK;
}
