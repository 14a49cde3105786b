/* seal_test.c - the broker's cipher: what goes in comes out, and nothing else does. */
#include "crypt/seal.h"

#include "crypt/random.h"
#include "support.h"

static const struct seal_form plain_form = { .digest = false };
static const struct seal_form digest_form = { .digest = true };
static const uint8_t key[32] = "0123456789abcdef0123456789abcdef";

START_TEST(the_first_block_is_aes_as_the_standard_has_it)
{
    /* FIPS 197, appendix C: with a zero IV the first block of CBC is the bare cipher. */
    static const char *const want[] = { "69c4e0d86a7b0430d8cdb78070b4c55a",
                                        "dda97ca4864cdfe06eaf70a0ec0d7191",
                                        "8ea2b7ca516745bfeafc49904b496089" };
    uint8_t k[32], plain[16], block[16];
    for (int i = 0; i < 3; i++) {
        struct seal s;
        struct buf out = BUF_INIT;
        unhex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", k, sizeof(k));
        unhex("00112233445566778899aabbccddeeff", plain, sizeof(plain));
        unhex(want[i], block, sizeof(block));
        ck_assert_int_eq(seal_init(&s, &plain_form, k, 16 + 8 * (size_t)i), FUTU_OK);
        ck_assert_int_eq(seal_close(&s, plain, 16, &out), FUTU_OK);
        ck_assert_uint_eq(out.n, 32);
        ck_assert_mem_eq(out.p, block, 16);
        buf_free(&out);
    }
}
END_TEST

START_TEST(every_length_comes_back_with_every_key_and_form)
{
    uint8_t data[100];
    random_bytes(data, sizeof(data));
    for (size_t n_key = 16; n_key <= 32; n_key += 8)
        for (size_t n = 0; n <= sizeof(data); n++)
            for (int digest = 0; digest < 2; digest++) {
                struct seal s;
                struct buf sealed = BUF_INIT, out = BUF_INIT;
                ck_assert_int_eq(buf_puts(&out, "x"), FUTU_OK);
                ck_assert_int_eq(seal_init(&s, digest ? &digest_form : &plain_form, key, n_key),
                                 FUTU_OK);
                ck_assert_int_eq(seal_close(&s, data, n, &sealed), FUTU_OK);
                ck_assert_uint_eq(sealed.n, seal_size(&s, n));
                ck_assert_int_eq(seal_open(&s, sealed.p, sealed.n, &out), FUTU_OK);
                ck_assert_uint_eq(out.n, n + 1);
                ck_assert_mem_eq(out.p + 1, data, n);
                buf_free(&sealed);
                buf_free(&out);
            }
}
END_TEST

START_TEST(another_key_a_changed_bit_or_a_cut_is_an_error)
{
    struct seal s, other;
    struct buf sealed = BUF_INIT, out = BUF_INIT;
    ck_assert_int_eq(seal_init(&s, &digest_form, key, 32), FUTU_OK);
    ck_assert_int_eq(seal_init(&other, &digest_form, "another key 16 b", 16), FUTU_OK);
    ck_assert_int_eq(seal_close(&s, "some bytes to be kept", 21, &sealed), FUTU_OK);
    ck_assert_int_eq(seal_open(&other, sealed.p, sealed.n, &out), FUTU_EFORMAT);
    for (size_t i = 0; i < sealed.n; i++) {
        ck_assert_int_eq(seal_open(&s, sealed.p, i, &out), FUTU_EFORMAT);
        if (i >= 48)        /* the last block tells a number alone; its other bytes are free */
            continue;
        sealed.p[i] ^= 1;
        ck_assert_int_eq(seal_open(&s, sealed.p, sealed.n, &out), FUTU_EFORMAT);
        sealed.p[i] ^= 1;
    }
    ck_assert_uint_eq(out.n, 0);
    buf_free(&sealed);
    buf_free(&out);
}
END_TEST

START_TEST(more_than_fifteen_bytes_in_the_last_block_are_refused)
{
    struct seal s;
    struct buf sealed = BUF_INIT, out = BUF_INIT;
    uint8_t block[16] = { 0 };
    ck_assert_int_eq(seal_init(&s, &plain_form, key, 16), FUTU_OK);
    /* Without a digest and for whole blocks the tail is a block of zeros, so its CBC form is the
     * chain of one more zero block: changing the cipher text before it changes the number. */
    ck_assert_int_eq(seal_close(&s, block, 16, &sealed), FUTU_OK);
    sealed.p[15] ^= 16;
    ck_assert_int_eq(seal_open(&s, sealed.p, sealed.n, &out), FUTU_EFORMAT);
    sealed.p[15] ^= 16 ^ 15;
    ck_assert_int_eq(seal_open(&s, sealed.p, sealed.n, &out), FUTU_OK);
    ck_assert_uint_eq(out.n, 15);
    out.n = 0;
    /* A number without a block that it could be of. */
    sealed.n = 0;
    ck_assert_int_eq(seal_close(&s, block, 15, &sealed), FUTU_OK);
    ck_assert_int_eq(seal_open(&s, sealed.p + 16, 16, &out), FUTU_EFORMAT);
    buf_free(&sealed);
    buf_free(&out);
}
END_TEST

START_TEST(keys_of_other_lengths_leave_no_cipher)
{
    struct seal s;
    for (size_t n = 0; n <= 33; n++) {
        bool fits = n == 16 || n == 24 || n == 32;
        ck_assert_int_eq(seal_init(&s, &digest_form, key, n), fits ? FUTU_OK : FUTU_EINVAL);
        ck_assert_int_eq(seal_is_none(&s), !fits);
        seal_wipe(&s);
        ck_assert(seal_is_none(&s));
    }
}
END_TEST

START_TEST(none_leaves_the_bytes_as_they_are)
{
    struct seal s;
    struct buf out = BUF_INIT;
    seal_none(&s);
    ck_assert_int_eq(seal_close(&s, "abc", 3, &out), FUTU_OK);
    ck_assert_int_eq(seal_open(&s, "def", 3, &out), FUTU_OK);
    ck_assert_uint_eq(out.n, 6);
    ck_assert_mem_eq(out.p, "abcdef", 6);
    buf_free(&out);
}
END_TEST

static futu_err both_ways(void)
{
    struct seal s;
    struct buf sealed = BUF_INIT, out = BUF_INIT;
    futu_err err = seal_init(&s, &digest_form, key, 24);
    if (!err)
        err = seal_close(&s, key, 32, &sealed);
    if (!err)
        err = seal_open(&s, sealed.p, sealed.n, &out);
    buf_free(&sealed);
    buf_free(&out);
    return err;
}

START_TEST(every_failed_allocation_is_clean)
{
    for (long n = 0; test_alloc_fail_at(n); n++) {
        futu_err err = both_ways();
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, the_first_block_is_aes_as_the_standard_has_it);
    tcase_add_test(tc, every_length_comes_back_with_every_key_and_form);
    tcase_add_test(tc, another_key_a_changed_bit_or_a_cut_is_an_error);
    tcase_add_test(tc, more_than_fifteen_bytes_in_the_last_block_are_refused);
    tcase_add_test(tc, keys_of_other_lengths_leave_no_cipher);
    tcase_add_test(tc, none_leaves_the_bytes_as_they_are);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("seal", add);
}
