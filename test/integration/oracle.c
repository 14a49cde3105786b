/* oracle.c - see oracle.h. */
#include "oracle.h"

#include <check.h>
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/pk.h>
#include <nettle/aes.h>
#include <nettle/cbc.h>
#include <nettle/sha1.h>
#include <string.h>

#define PIECE 100

void oracle_sha1(const uint8_t *p, size_t n, uint8_t out[20])
{
    struct sha1_ctx c;
    sha1_init(&c);
    sha1_update(&c, n, p);
    sha1_digest(&c, 20, out);
}

static void encrypt_blocks(int algo, const uint8_t key[16], const uint8_t iv[16], uint8_t *p,
                           size_t n)
{
    struct aes128_ctx aes;
    uint8_t chain[16];
    aes128_set_encrypt_key(&aes, key);
    if (algo != ALGO_AES_CBC) {
        aes128_encrypt(&aes, n, p, p);
        return;
    }
    memcpy(chain, iv, 16);
    cbc_encrypt(&aes, (nettle_cipher_func *)aes128_encrypt, 16, chain, n, p, p);
}

static void decrypt_blocks(int algo, const uint8_t key[16], const uint8_t iv[16], uint8_t *p,
                           size_t n)
{
    struct aes128_ctx aes;
    uint8_t chain[16];
    aes128_set_decrypt_key(&aes, key);
    if (algo != ALGO_AES_CBC) {
        aes128_decrypt(&aes, n, p, p);
        return;
    }
    memcpy(chain, iv, 16);
    cbc_decrypt(&aes, (nettle_cipher_func *)aes128_decrypt, 16, chain, n, p, p);
}

size_t oracle_encrypt(int algo, const uint8_t key[16], const uint8_t iv[16], const uint8_t *p,
                      size_t n, uint8_t *out)
{
    size_t rest = n % 16, pad = 16 - rest, len = n + pad;
    memcpy(out, p, n);
    if (algo == ALGO_NONE)
        return n;
    if (algo == ALGO_FTAES_ECB) {
        len = (n + 15) / 16 * 16;
        memset(out + n, 0, len + 16 - n);
        encrypt_blocks(algo, key, iv, out, len);
        out[len + 15] = (uint8_t)rest;
        return len + 16;
    }
    memset(out + n, (int)pad, pad);
    encrypt_blocks(algo, key, iv, out, len);
    return len;
}

size_t oracle_decrypt(int algo, const uint8_t key[16], const uint8_t iv[16], const uint8_t *p,
                      size_t n, uint8_t *out)
{
    memcpy(out, p, n);
    if (algo == ALGO_NONE)
        return n;
    ck_assert_uint_ge(n, 16);
    ck_assert_uint_eq(n % 16, 0);
    if (algo == ALGO_FTAES_ECB) {
        static const uint8_t zero[15];
        uint8_t used = p[n - 1];
        ck_assert_mem_eq(p + n - 16, zero, 15);
        ck_assert_uint_lt(used, 16);
        decrypt_blocks(algo, key, iv, out, n - 16);
        return used ? n - 32 + used : n - 16;
    }
    decrypt_blocks(algo, key, iv, out, n);
    uint8_t pad = out[n - 1];
    ck_assert(pad >= 1 && pad <= 16);
    for (size_t i = n - pad; i < n; i++)
        ck_assert_uint_eq(out[i], pad);
    return n - pad;
}

struct rsa {
    mbedtls_pk_context pk;
    mbedtls_entropy_context entropy;
    mbedtls_ctr_drbg_context rng;
};

static mbedtls_rsa_context *rsa_open(struct rsa *r, const char *pem)
{
    mbedtls_pk_init(&r->pk);
    mbedtls_entropy_init(&r->entropy);
    mbedtls_ctr_drbg_init(&r->rng);
    ck_assert_int_eq(mbedtls_ctr_drbg_seed(&r->rng, mbedtls_entropy_func, &r->entropy, NULL, 0), 0);
    ck_assert_int_eq(mbedtls_pk_parse_keyfile(&r->pk, pem, NULL), 0);
    return mbedtls_pk_rsa(r->pk);
}

static void rsa_close(struct rsa *r)
{
    mbedtls_pk_free(&r->pk);
    mbedtls_ctr_drbg_free(&r->rng);
    mbedtls_entropy_free(&r->entropy);
}

size_t oracle_rsa_encrypt(const char *pem, const uint8_t *p, size_t n, uint8_t *out, size_t size)
{
    struct rsa r;
    mbedtls_rsa_context *key = rsa_open(&r, pem);
    size_t block = mbedtls_rsa_get_len(key), len = 0;
    for (size_t i = 0; i < n; i += PIECE, len += block) {
        size_t piece = n - i < PIECE ? n - i : PIECE;
        ck_assert_uint_le(len + block, size);
        ck_assert_int_eq(mbedtls_rsa_pkcs1_encrypt(key, mbedtls_ctr_drbg_random, &r.rng,
                                                   MBEDTLS_RSA_PUBLIC, piece, p + i, out + len), 0);
    }
    rsa_close(&r);
    return len;
}

size_t oracle_rsa_decrypt(const char *pem, const uint8_t *p, size_t n, uint8_t *out, size_t size)
{
    struct rsa r;
    mbedtls_rsa_context *key = rsa_open(&r, pem);
    size_t block = mbedtls_rsa_get_len(key), len = 0, got;
    ck_assert_uint_eq(n % block, 0);
    for (size_t i = 0; i < n; i += block, len += got)
        ck_assert_int_eq(mbedtls_rsa_pkcs1_decrypt(key, mbedtls_ctr_drbg_random, &r.rng,
                                                   MBEDTLS_RSA_PRIVATE, &got, p + i, out + len,
                                                   size - len), 0);
    rsa_close(&r);
    return len;
}
