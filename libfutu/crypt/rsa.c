/* rsa.c - see rsa.h. mbedTLS takes its big numbers straight from libc, not from base/mem.h. */
#include "crypt/rsa.h"

#include <mbedtls/pk.h>
#include <mbedtls/rsa.h>
#include <stdio.h>

#include "base/mem.h"
#include "crypt/random.h"
#include "crypt/secret.h"

#define PIECE 100               /* what the SDKs cut */
#define OVERHEAD 11             /* 00 02, at least eight bytes of filler, 00 */
#define MIN_BITS 512
#define MAX_BITS 4096
#define MAX_FILE (64 * 1024)

struct rsa_key {
    mbedtls_pk_context pk;
    mbedtls_rsa_context *rsa;   /* inside pk */
    size_t size;
};

static int rng(void *arg, unsigned char *p, size_t n)
{
    (void)arg;
    random_bytes(p, n);
    return 0;
}

/* mbedTLS adds the number of the cause, below 0x80, to that of the operation. */
static bool out_of_memory(int ret)
{
    return (-ret & 0x7f) == -MBEDTLS_ERR_MPI_ALLOC_FAILED || ret == MBEDTLS_ERR_PK_ALLOC_FAILED;
}

/* `text` has n bytes and a NUL behind, which mbedTLS takes for the sign of PEM and counts. */
static futu_err parse(struct rsa_key *k, const char *text, size_t n)
{
    int ret = mbedtls_pk_parse_key(&k->pk, (const unsigned char *)text, n + 1, NULL, 0);
    if (ret)
        return out_of_memory(ret) ? FUTU_ENOMEM : FUTU_EFORMAT;
    if (mbedtls_pk_get_type(&k->pk) != MBEDTLS_PK_RSA)
        return FUTU_EFORMAT;
    k->rsa = mbedtls_pk_rsa(k->pk);
    k->size = mbedtls_rsa_get_len(k->rsa);
    size_t bits = mbedtls_pk_get_bitlen(&k->pk);
    if (bits < MIN_BITS || bits > MAX_BITS || mbedtls_rsa_check_privkey(k->rsa))
        return FUTU_EFORMAT;
    mbedtls_rsa_set_padding(k->rsa, MBEDTLS_RSA_PKCS_V15, 0);
    return FUTU_OK;
}

futu_err rsa_key_parse(struct rsa_key **out, futu_str pem)
{
    *out = NULL;
    if (pem.n > MAX_FILE)
        return FUTU_EFORMAT;
    char *text = mem_zalloc(pem.n + 1);
    struct rsa_key *k = text ? mem_zalloc(sizeof(*k)) : NULL;
    if (!k) {
        mem_free(text);
        return FUTU_ENOMEM;
    }
    if (pem.n)
        memcpy(text, pem.p, pem.n);
    mbedtls_pk_init(&k->pk);
    futu_err err = parse(k, text, pem.n);
    wipe(text, pem.n);
    mem_free(text);
    if (err)
        rsa_key_free(k);
    else
        *out = k;
    return err;
}

futu_err rsa_key_load(struct rsa_key **out, const char *path)
{
    *out = NULL;
    char *text = mem_alloc(MAX_FILE + 1);
    if (!text)
        return FUTU_ENOMEM;
    futu_err err = FUTU_EIO;
    FILE *f = fopen(path, "rb");
    if (f) {
        setvbuf(f, NULL, _IONBF, 0);    /* no second copy of the key */
        size_t n = fread(text, 1, MAX_FILE + 1, f);
        if (!ferror(f))
            err = rsa_key_parse(out, (futu_str){ text, n });
        fclose(f);
        wipe(text, n);
    }
    mem_free(text);
    return err;
}

void rsa_key_free(struct rsa_key *k)
{
    if (!k)
        return;
    mbedtls_pk_free(&k->pk);
    mem_free(k);
}

size_t rsa_key_size(const struct rsa_key *k)
{
    return k->size;
}

bool rsa_fits(const struct rsa_key *k, size_t n)
{
    return n > 0 && n % k->size == 0;
}

static size_t piece_len(const struct rsa_key *k)
{
    return MIN((size_t)PIECE, k->size - OVERHEAD);
}

size_t rsa_blocks(const struct rsa_key *k, size_t n)
{
    return n / piece_len(k) + (n % piece_len(k) != 0);
}

futu_err rsa_encrypt(struct rsa_key *k, const uint8_t *p, size_t n, struct buf *out)
{
    size_t piece = piece_len(k), blocks = rsa_blocks(k, n), start = out->n;
    futu_err err = blocks > SIZE_MAX / k->size ? FUTU_ENOMEM : buf_reserve(out, blocks * k->size);
    if (err)
        return err;
    for (size_t at = 0; at < n; at += piece) {
        int ret = mbedtls_rsa_rsaes_pkcs1_v15_encrypt(k->rsa, rng, NULL, MBEDTLS_RSA_PUBLIC,
                                                      MIN(piece, n - at), p + at, out->p + out->n);
        if (ret) {
            out->n = start;
            return out_of_memory(ret) ? FUTU_ENOMEM : FUTU_EIO;
        }
        out->n += k->size;
    }
    return FUTU_OK;
}

futu_err rsa_decrypt(struct rsa_key *k, const uint8_t *p, size_t n, struct buf *out)
{
    if (!rsa_fits(k, n))
        return FUTU_EFORMAT;
    futu_err err = buf_reserve(out, n);
    if (err)
        return err;
    uint8_t *to = out->p + out->n;
    size_t total = 0;
    int bad = 0;
    /* All of them: which one is the first bad one must not show. */
    for (size_t at = 0; at < n; at += k->size) {
        size_t len = 0;
        bad |= mbedtls_rsa_rsaes_pkcs1_v15_decrypt(k->rsa, rng, NULL, MBEDTLS_RSA_PRIVATE, &len,
                                                   p + at, to + total, k->size - OVERHEAD);
        total += len;
    }
    if (bad) {
        wipe(to, total);
        return FUTU_EFORMAT;
    }
    out->n += total;
    return FUTU_OK;
}
