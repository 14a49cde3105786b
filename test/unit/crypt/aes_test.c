/* aes_test.c - AES-128 against FIPS 197 and SP 800-38A. */
#include "crypt/aes.h"

#include "support.h"

static const char key_hex[] = "2b7e151628aed2a6abf7158809cf4f3c";
static const char iv_hex[] = "000102030405060708090a0b0c0d0e0f";
static const char plain_hex[] = "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51"
                                "30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710";
static const char ecb_hex[] = "3ad77bb40d7a3660a89ecaf32466ef97 f5d3d58503b9699de785895a96fdbaaf"
                              "43b1cd7f598ece23881b00e3ed030688 7b0c785e27e8ad3f8223207104725dd4";
static const char cbc_hex[] = "7649abac8119b246cee98e9b12e9197d 5086cb9b507219ee95db113a917678b2"
                              "73bed6b8e3c1743b7116e69e22229516 3ff1caa1681fac09120eca307586e1a7";

static struct aes aes;
static uint8_t iv[16], plain[64], ecb[64], cbc[64];

static void set_up(void)
{
    uint8_t key[16];
    unhex(key_hex, key, sizeof(key));
    unhex(iv_hex, iv, sizeof(iv));
    ck_assert_uint_eq(unhex(plain_hex, plain, sizeof(plain)), 64);
    unhex(ecb_hex, ecb, sizeof(ecb));
    unhex(cbc_hex, cbc, sizeof(cbc));
    aes_init(&aes, key);
}

START_TEST(fips_197)
{
    uint8_t key[16], in[16], out[16], expected[16];
    unhex("000102030405060708090a0b0c0d0e0f", key, 16);
    unhex("00112233445566778899aabbccddeeff", in, 16);
    unhex("69c4e0d86a7b0430d8cdb78070b4c55a", expected, 16);
    aes_init(&aes, key);
    aes_ecb_encrypt(&aes, in, 16, out);
    ck_assert_mem_eq(out, expected, 16);
    aes_ecb_decrypt(&aes, out, 16, out);
    ck_assert_mem_eq(out, in, 16);
}
END_TEST

START_TEST(ecb_both_ways)
{
    uint8_t out[64];
    set_up();
    aes_ecb_encrypt(&aes, plain, 64, out);
    ck_assert_mem_eq(out, ecb, 64);
    aes_ecb_decrypt(&aes, ecb, 64, out);
    ck_assert_mem_eq(out, plain, 64);
}
END_TEST

START_TEST(cbc_both_ways_leaves_the_iv)
{
    uint8_t out[64], before[16];
    set_up();
    memcpy(before, iv, 16);
    aes_cbc_encrypt(&aes, iv, plain, 64, out);
    ck_assert_mem_eq(out, cbc, 64);
    aes_cbc_decrypt(&aes, iv, cbc, 64, out);
    ck_assert_mem_eq(out, plain, 64);
    ck_assert_mem_eq(iv, before, 16);
}
END_TEST

START_TEST(in_place)
{
    uint8_t io[64];
    set_up();
    memcpy(io, plain, 64);
    aes_cbc_encrypt(&aes, iv, io, 64, io);
    ck_assert_mem_eq(io, cbc, 64);
    aes_cbc_decrypt(&aes, iv, io, 64, io);
    ck_assert_mem_eq(io, plain, 64);
    aes_ecb_encrypt(&aes, io, 64, io);
    ck_assert_mem_eq(io, ecb, 64);
    aes_ecb_decrypt(&aes, io, 64, io);
    ck_assert_mem_eq(io, plain, 64);
}
END_TEST

START_TEST(no_block_writes_nothing)
{
    uint8_t out[16] = { 1, 2, 3 }, before[16];
    set_up();
    memcpy(before, out, 16);
    aes_ecb_encrypt(&aes, plain, 0, out);
    aes_ecb_decrypt(&aes, plain, 0, out);
    aes_cbc_encrypt(&aes, iv, plain, 0, out);
    aes_cbc_decrypt(&aes, iv, plain, 0, out);
    ck_assert_mem_eq(out, before, 16);
}
END_TEST

START_TEST(a_copy_works_and_wipe_clears)
{
    uint8_t out[64];
    set_up();
    struct aes copy = aes;
    aes_wipe(&aes);
    for (size_t i = 0; i < sizeof(aes); i++)
        ck_assert_uint_eq(((uint8_t *)&aes)[i], 0);
    aes_ecb_encrypt(&copy, plain, 64, out);
    ck_assert_mem_eq(out, ecb, 64);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, fips_197);
    tcase_add_test(tc, ecb_both_ways);
    tcase_add_test(tc, cbc_both_ways_leaves_the_iv);
    tcase_add_test(tc, in_place);
    tcase_add_test(tc, no_block_writes_nothing);
    tcase_add_test(tc, a_copy_works_and_wipe_clears);
}

int main(void)
{
    return run_tcase("crypt/aes", add);
}
