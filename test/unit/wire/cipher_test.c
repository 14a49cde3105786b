/* cipher_test.c - the three body ciphers: every vector, every length, every reject. */
#include "wire/cipher.h"

#include "crypt/random.h"
#include "vectors.h"

static const uint8_t key[16] = "0123456789ABCDEF", iv[16] = "FEDCBA9876543210";
static const int algos[] = { CIPHER_NONE, CIPHER_FTAES_ECB, CIPHER_AES_ECB, CIPHER_AES_CBC };

static struct cipher cipher_of(int algo)
{
    struct cipher c;
    ck_assert_int_eq(cipher_init(&c, algo, key, iv), FUTU_OK);
    return c;
}

static void check_case(const struct cipher *c, const cJSON *v)
{
    uint8_t plain[VEC_MAX], wire[VEC_MAX];
    size_t pn = vec_hex(v, "plain", plain), wn = vec_hex(v, "cipher", wire);
    struct buf out = BUF_INIT;
    ck_assert_uint_eq(cipher_len(c, pn), wn);
    ck_assert_int_eq(cipher_encrypt(c, plain, pn, &out), FUTU_OK);
    ck_assert_uint_eq(out.n, wn);
    ck_assert_mem_eq(out.p, wire, wn);
    ck_assert_int_eq(cipher_decrypt(c, wire, wn, &out), FUTU_OK);
    ck_assert_uint_eq(out.n, wn + pn);
    if (pn)
        ck_assert_mem_eq(out.p + wn, plain, pn);
    buf_free(&out);
}

static void check_reject(const struct cipher *c, const cJSON *v)
{
    uint8_t wire[VEC_MAX];
    size_t wn = vec_hex(v, "cipher", wire);
    struct buf out = BUF_INIT;
    ck_assert_int_eq(buf_puts(&out, "kept"), FUTU_OK);
    ck_assert_msg(cipher_decrypt(c, wire, wn, &out) == FUTU_EFORMAT, "%s", vec_str(v, "why"));
    ck_assert_uint_eq(out.n, 4);
    buf_free(&out);
}

static void check_group(const char *name, int algo, int cases, int rejects)
{
    cJSON *all = vec_load(), *group = vec_get(all, name), *v;
    struct cipher c = cipher_of(algo);
    int seen = 0;
    ck_assert_str_eq(vec_str(group, "key_ascii"), "0123456789ABCDEF");
    cJSON_ArrayForEach(v, vec_get(group, "cases")) {
        check_case(&c, v);
        seen++;
    }
    ck_assert_int_eq(seen, cases);
    seen = 0;
    cJSON_ArrayForEach(v, cJSON_GetObjectItem(group, "reject")) {
        check_reject(&c, v);
        seen++;
    }
    ck_assert_int_eq(seen, rejects);
    cJSON_Delete(all);
}

START_TEST(vectors_ftaes_ecb)
{
    check_group("ftaes_ecb", CIPHER_FTAES_ECB, 9, 4);
}
END_TEST

START_TEST(vectors_aes_cbc)
{
    check_group("aes_cbc", CIPHER_AES_CBC, 9, 5);
}
END_TEST

START_TEST(vectors_aes_ecb)
{
    check_group("aes_ecb", CIPHER_AES_ECB, 9, 0);
}
END_TEST

static void check_round_trip(const struct cipher *c, size_t n)
{
    uint8_t plain[100];
    struct buf wire = BUF_INIT, back = BUF_INIT;
    random_bytes(plain, sizeof(plain));
    ck_assert_int_eq(cipher_encrypt(c, plain, n, &wire), FUTU_OK);
    ck_assert_uint_eq(wire.n, cipher_len(c, n));
    ck_assert_int_eq(cipher_decrypt(c, wire.p, wire.n, &back), FUTU_OK);
    ck_assert_uint_eq(back.n, n);
    if (n)
        ck_assert_mem_eq(back.p, plain, n);
    buf_free(&wire);
    buf_free(&back);
}

START_TEST(round_trip_of_all_lengths)
{
    for (size_t a = 0; a < ARRAY_LEN(algos); a++) {
        struct cipher c = cipher_of(algos[a]);
        for (size_t n = 0; n <= 100; n++)
            check_round_trip(&c, n);
        cipher_wipe(&c);
        ck_assert_int_eq(c.algo, CIPHER_NONE);
    }
}
END_TEST

START_TEST(each_frame_starts_anew)
{
    struct cipher c = cipher_of(CIPHER_AES_CBC);
    struct buf out = BUF_INIT;
    ck_assert_int_eq(cipher_encrypt(&c, iv, 16, &out), FUTU_OK);
    ck_assert_int_eq(cipher_encrypt(&c, iv, 16, &out), FUTU_OK);
    ck_assert_uint_eq(out.n, 64);
    ck_assert_mem_eq(out.p, out.p + 32, 32);
    buf_free(&out);
}
END_TEST

START_TEST(unknown_algorithms)
{
    static const int bad[] = { -2, 3, 100, INT32_MIN, INT32_MAX };
    struct cipher c;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ck_assert_int_eq(cipher_init(&c, bad[i], key, iv), FUTU_EINVAL);
        ck_assert_int_eq(c.algo, CIPHER_NONE);
    }
}
END_TEST

START_TEST(bounds_and_failed_allocations)
{
    uint8_t block[32] = { 0 };
    for (size_t a = 0; a < ARRAY_LEN(algos); a++) {
        struct cipher c = cipher_of(algos[a]);
        struct buf out = BUF_MAX(15);
        mem_fail_at(0);
        ck_assert_int_eq(cipher_encrypt(&c, block, 16, &out), FUTU_ELIMIT);
        ck_assert(!mem_failed());
        out.max = 0;
        ck_assert_int_eq(cipher_encrypt(&c, block, 16, &out), FUTU_ENOMEM);
        ck_assert_int_eq(cipher_decrypt(&c, block, 32, &out), FUTU_ENOMEM);
        mem_fail_at(-1);
        ck_assert_uint_eq(out.n, 0);
        ck_assert_int_eq(cipher_encrypt(&c, block, SIZE_MAX, &out), FUTU_ENOMEM);
        buf_free(&out);
    }
}
END_TEST

/* PKCS#7 by its definition, byte by byte. */
static bool pad_is_sound(const uint8_t *p, size_t n)
{
    size_t pad = p[n - 1];
    if (pad < 1 || pad > 16)
        return false;
    for (size_t i = n - pad; i < n; i++)
        if (p[i] != pad)
            return false;
    return true;
}

START_TEST(every_padding_is_judged_as_defined)
{
    struct cipher c = cipher_of(CIPHER_AES_ECB);
    int sound = 0;
    for (unsigned pad = 0; pad < 256; pad++) {
        for (unsigned wrong = 0; wrong <= 16; wrong++) {    /* 16: none */
            uint8_t plain[32], wire[32];
            struct buf out = BUF_INIT;
            memset(plain, 0xee, 16);
            memset(plain + 16, (int)pad, 16);
            if (wrong < 15)
                plain[16 + wrong] ^= 1;
            aes_ecb_encrypt(&c.aes, plain, 32, wire);
            bool ok = cipher_decrypt(&c, wire, 32, &out) == FUTU_OK;
            ck_assert_int_eq(ok, pad_is_sound(plain, 32));
            if (ok)
                ck_assert_uint_eq(out.n, 32 - pad);
            sound += ok;
            buf_free(&out);
        }
    }
    ck_assert_int_gt(sound, 16);
}
END_TEST

START_TEST(garbage_is_refused_or_shorter)
{
    for (size_t a = 1; a < ARRAY_LEN(algos); a++) {
        struct cipher c = cipher_of(algos[a]);
        for (int round = 0; round < 3000; round++) {
            uint8_t wire[80];
            struct buf out = BUF_INIT;
            random_bytes(wire, sizeof(wire));
            size_t n = wire[0] % (sizeof(wire) + 1);
            futu_err err = cipher_decrypt(&c, wire, n, &out);
            ck_assert(err == FUTU_OK || err == FUTU_EFORMAT);
            if (err)
                ck_assert_uint_eq(out.n, 0);
            else
                ck_assert_uint_lt(out.n, n);
            buf_free(&out);
        }
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, vectors_ftaes_ecb);
    tcase_add_test(tc, vectors_aes_cbc);
    tcase_add_test(tc, vectors_aes_ecb);
    tcase_add_test(tc, round_trip_of_all_lengths);
    tcase_add_test(tc, each_frame_starts_anew);
    tcase_add_test(tc, unknown_algorithms);
    tcase_add_test(tc, bounds_and_failed_allocations);
    tcase_add_test(tc, every_padding_is_judged_as_defined);
    tcase_add_test(tc, garbage_is_refused_or_shorter);
}

int main(void)
{
    return run_tcase("wire/cipher", add);
}
