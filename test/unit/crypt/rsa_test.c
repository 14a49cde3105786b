/* rsa_test.c - the RSA of InitConnect: every vector, key forms, bad blocks. */
#include "crypt/rsa.h"

#include <mbedtls/pk.h>
#include <stdio.h>
#include <unistd.h>

#include "crypt/random.h"
#include "vectors.h"

static int rng(void *arg, unsigned char *p, size_t n)
{
    (void)arg;
    random_bytes(p, n);
    return 0;
}

static struct rsa_key *vector_key(void)
{
    struct rsa_key *k;
    cJSON *all = vec_load();
    char *pem = vec_rsa_pem(all);
    ck_assert_int_eq(rsa_key_parse(&k, str_c(pem)), FUTU_OK);
    free(pem);
    cJSON_Delete(all);
    return k;
}

/* A fresh key of `bits`, as PEM text. */
static void new_pem(unsigned bits, char *pem, size_t size)
{
    mbedtls_pk_context pk;
    mbedtls_pk_init(&pk);
    ck_assert_int_eq(mbedtls_pk_setup(&pk, mbedtls_pk_info_from_type(MBEDTLS_PK_RSA)), 0);
    ck_assert_int_eq(mbedtls_rsa_gen_key(mbedtls_pk_rsa(pk), rng, NULL, bits, 65537), 0);
    ck_assert_int_eq(mbedtls_pk_write_key_pem(&pk, (unsigned char *)pem, size), 0);
    mbedtls_pk_free(&pk);
}

START_TEST(every_case_of_the_vectors)
{
    cJSON *all = vec_load(), *v;
    struct rsa_key *k = vector_key();
    int rows = 0;
    ck_assert_uint_eq(rsa_key_size(k), 128);
    cJSON_ArrayForEach(v, vec_get(vec_get(all, "rsa_pkcs1_v15"), "cases")) {
        uint8_t plain[VEC_MAX], cipher[VEC_MAX];
        size_t pn = vec_hex(v, "plain", plain), cn = vec_hex(v, "cipher", cipher);
        struct buf out = BUF_INIT;
        ck_assert_uint_eq(cn, (size_t)vec_num(v, "cipher_len"));
        ck_assert(rsa_fits(k, cn));
        ck_assert_int_eq(buf_puts(&out, "ab"), FUTU_OK);
        ck_assert_int_eq(rsa_decrypt(k, cipher, cn, &out), FUTU_OK);
        ck_assert_uint_eq(out.n, pn + 2);
        ck_assert_mem_eq(out.p + 2, plain, pn);
        if (vec_num(v, "chunk") == 100)
            ck_assert_uint_eq(rsa_blocks(k, pn), cn / 128);
        buf_free(&out);
        rows++;
    }
    ck_assert_int_eq(rows, 10);
    rsa_key_free(k);
    cJSON_Delete(all);
}
END_TEST

static void check_round_trip(struct rsa_key *k, size_t n)
{
    uint8_t plain[256];
    struct buf cipher = BUF_INIT, back = BUF_INIT;
    for (size_t i = 0; i < n; i++)
        plain[i] = (uint8_t)(i * 7);        /* zeros too: they end the filler, not the text */
    ck_assert_int_eq(rsa_encrypt(k, plain, n, &cipher), FUTU_OK);
    ck_assert_uint_eq(cipher.n, rsa_blocks(k, n) * rsa_key_size(k));
    if (n == 0) {
        ck_assert_uint_eq(cipher.n, 0);
    } else {
        ck_assert_int_eq(rsa_decrypt(k, cipher.p, cipher.n, &back), FUTU_OK);
        ck_assert_uint_eq(back.n, n);
        ck_assert_mem_eq(back.p, plain, n);
    }
    buf_free(&cipher);
    buf_free(&back);
}

START_TEST(round_trip_of_all_lengths)
{
    struct rsa_key *k = vector_key();
    for (size_t n = 0; n <= 205; n++)
        check_round_trip(k, n);
    rsa_key_free(k);
}
END_TEST

START_TEST(keys_of_512_bits_cut_smaller_pieces)
{
    char pem[4096];
    struct rsa_key *k;
    new_pem(512, pem, sizeof(pem));
    ck_assert_int_eq(rsa_key_parse(&k, str_c(pem)), FUTU_OK);
    ck_assert_uint_eq(rsa_key_size(k), 64);
    ck_assert_uint_eq(rsa_blocks(k, 53), 1);
    ck_assert_uint_eq(rsa_blocks(k, 54), 2);
    for (size_t n = 50; n < 60; n++)
        check_round_trip(k, n);
    rsa_key_free(k);
}
END_TEST

/* SEQUENCE { 0, { rsaEncryption, NULL }, OCTET STRING { PKCS#1 key } } with two-byte lengths. */
static char *pkcs8_pem(const uint8_t *der, size_t n)
{
    static const uint8_t alg[] = { 0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48,
                                   0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };
    uint8_t out[VEC_MAX] = { 0x30, 0x82 };
    size_t inner = sizeof(alg) + 4 + n;
    out[2] = (uint8_t)(inner >> 8);
    out[3] = (uint8_t)inner;
    memcpy(out + 4, alg, sizeof(alg));
    uint8_t *p = out + 4 + sizeof(alg);
    p[0] = 0x04;
    p[1] = 0x82;
    p[2] = (uint8_t)(n >> 8);
    p[3] = (uint8_t)n;
    memcpy(p + 4, der, n);
    return pem_of("PRIVATE KEY", out, 4 + inner);
}

START_TEST(pkcs8_is_the_same_key)
{
    cJSON *all = vec_load(), *rsa = vec_get(all, "rsa_pkcs1_v15");
    uint8_t der[VEC_MAX], cipher[VEC_MAX];
    char *pem = pkcs8_pem(der, vec_hex(vec_get(rsa, "key"), "private_der", der));
    struct rsa_key *k;
    struct buf out = BUF_INIT;
    ck_assert_int_eq(rsa_key_parse(&k, str_c(pem)), FUTU_OK);
    size_t n = vec_hex(vec_get(rsa, "cases")->child, "cipher", cipher);
    ck_assert_int_eq(rsa_decrypt(k, cipher, n, &out), FUTU_OK);
    buf_free(&out);
    rsa_key_free(k);
    free(pem);
    cJSON_Delete(all);
}
END_TEST

START_TEST(what_is_no_key)
{
    static const char *const bad[] = { "", "x", "-----BEGIN RSA PRIVATE KEY-----\n",
        "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n" };
    struct rsa_key *k = (struct rsa_key *)bad;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ck_assert_int_eq(rsa_key_parse(&k, str_c(bad[i])), FUTU_EFORMAT);
        ck_assert_ptr_null(k);
    }
    cJSON *all = vec_load();
    uint8_t der[VEC_MAX];
    cJSON *key = vec_get(vec_get(all, "rsa_pkcs1_v15"), "key");
    char *pem = pem_of("PUBLIC KEY", der, vec_hex(key, "public_spki_der", der));
    ck_assert_int_eq(rsa_key_parse(&k, str_c(pem)), FUTU_EFORMAT);
    free(pem);
    size_t n = vec_hex(key, "private_der", der);
    der[40] ^= 1;           /* a modulus that does not belong to its primes */
    pem = pem_of("RSA PRIVATE KEY", der, n);
    ck_assert_int_eq(rsa_key_parse(&k, str_c(pem)), FUTU_EFORMAT);
    free(pem);
    cJSON_Delete(all);
}
END_TEST

START_TEST(wrong_kinds_of_key)
{
    char pem[4096];
    struct rsa_key *k;
    new_pem(384, pem, sizeof(pem));
    ck_assert_int_eq(rsa_key_parse(&k, str_c(pem)), FUTU_EFORMAT);
    mbedtls_pk_context pk;
    mbedtls_pk_init(&pk);
    ck_assert_int_eq(mbedtls_pk_setup(&pk, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY)), 0);
    mbedtls_ecp_keypair *ec = mbedtls_pk_ec(pk);
    ck_assert_int_eq(mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, ec, rng, NULL), 0);
    ck_assert_int_eq(mbedtls_pk_write_key_pem(&pk, (unsigned char *)pem, sizeof(pem)), 0);
    mbedtls_pk_free(&pk);
    ck_assert_int_eq(rsa_key_parse(&k, str_c(pem)), FUTU_EFORMAT);
}
END_TEST

START_TEST(from_a_file)
{
    struct rsa_key *k;
    cJSON *all = vec_load();
    char *pem = vec_rsa_pem(all), path[] = "/tmp/futu-rsa-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, pem, strlen(pem)), (ssize_t)strlen(pem));
    ck_assert_int_eq(rsa_key_load(&k, path), FUTU_OK);
    ck_assert_uint_eq(rsa_key_size(k), 128);
    rsa_key_free(k);
    ck_assert_int_eq(ftruncate(fd, 70000), 0);
    ck_assert_int_eq(rsa_key_load(&k, path), FUTU_EFORMAT);
    close(fd);
    unlink(path);
    ck_assert_int_eq(rsa_key_load(&k, path), FUTU_EIO);
    ck_assert_ptr_null(k);
    ck_assert_int_eq(rsa_key_load(&k, "/"), FUTU_EIO);
    rsa_key_free(NULL);
    free(pem);
    cJSON_Delete(all);
}
END_TEST

START_TEST(any_bad_block_is_one_error)
{
    struct rsa_key *k = vector_key();
    uint8_t plain[250], spoiled[384];
    struct buf cipher = BUF_INIT, out = BUF_INIT;
    memset(plain, 1, sizeof(plain));
    ck_assert_int_eq(rsa_encrypt(k, plain, sizeof(plain), &cipher), FUTU_OK);
    ck_assert_uint_eq(cipher.n, sizeof(spoiled));
    ck_assert_int_eq(buf_puts(&out, "kept"), FUTU_OK);
    for (size_t block = 0; block < 3; block++) {
        memcpy(spoiled, cipher.p, sizeof(spoiled));
        memset(spoiled + block * 128, 0xff, 128);       /* above the modulus */
        ck_assert_int_eq(rsa_decrypt(k, spoiled, sizeof(spoiled), &out), FUTU_EFORMAT);
        memset(spoiled + block * 128, 0, 128);          /* decrypts to zeros */
        ck_assert_int_eq(rsa_decrypt(k, spoiled, sizeof(spoiled), &out), FUTU_EFORMAT);
    }
    for (size_t n = 0; n < sizeof(spoiled); n++)
        if (n % 128 || n == 0)
            ck_assert_int_eq(rsa_decrypt(k, cipher.p, n, &out), FUTU_EFORMAT);
    ck_assert_uint_eq(out.n, 4);
    ck_assert_mem_eq(out.p, "kept", 4);
    buf_free(&cipher);
    buf_free(&out);
    rsa_key_free(k);
}
END_TEST

START_TEST(bounds_and_failed_allocations)
{
    struct rsa_key *k = NULL;
    cJSON *all = vec_load();
    char *pem = vec_rsa_pem(all);
    for (long n = 0; test_alloc_fail_at(n); n++)
        if (rsa_key_parse(&k, str_c(pem)) == FUTU_OK)
            ck_assert(!mem_failed());
        else
            ck_assert(mem_failed() && !k);
    ck_assert_ptr_nonnull(k);
    struct buf out = BUF_MAX(127);
    ck_assert_int_eq(rsa_encrypt(k, (const uint8_t *)"a", 1, &out), FUTU_ELIMIT);
    ck_assert_int_eq(rsa_decrypt(k, (const uint8_t *)pem, 128, &out), FUTU_ELIMIT);
    out.max = 0;
    mem_fail_at(0);
    ck_assert_int_eq(rsa_encrypt(k, (const uint8_t *)"a", 1, &out), FUTU_ENOMEM);
    ck_assert_int_eq(rsa_decrypt(k, (const uint8_t *)pem, 128, &out), FUTU_ENOMEM);
    mem_fail_at(-1);
    ck_assert_uint_eq(out.n, 0);
    rsa_key_free(k);
    free(pem);
    cJSON_Delete(all);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, every_case_of_the_vectors);
    tcase_add_test(tc, round_trip_of_all_lengths);
    tcase_add_test(tc, keys_of_512_bits_cut_smaller_pieces);
    tcase_add_test(tc, pkcs8_is_the_same_key);
    tcase_add_test(tc, what_is_no_key);
    tcase_add_test(tc, wrong_kinds_of_key);
    tcase_add_test(tc, from_a_file);
    tcase_add_test(tc, any_bad_block_is_one_error);
    tcase_add_test(tc, bounds_and_failed_allocations);
}

int main(void)
{
    return run_tcase("crypt/rsa", add);
}
