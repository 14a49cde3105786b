/* box_test.c - sealed bytes open with their key alone, and unchanged alone. */
#include "crypt/box.h"

#include "../support.h"
#include "crypt/digest.h"

static const uint8_t nonce[BOX_NONCE] = { 7 };

/* From NaCl's own test of crypto_secretbox. */
START_TEST(the_published_vector)
{
    uint8_t key[BOX_KEY], n[BOX_NONCE], plain[131], want[147], out[147], back[131];
    unhex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389", key, sizeof(key));
    unhex("69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37", n, sizeof(n));
    unhex("be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a"
          "1ac728d45e6c61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057"
          "e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040"
          "e082f937763848645e0705", plain, sizeof(plain));
    unhex("f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4"
          "476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738"
          "b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de"
          "56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5", want, sizeof(want));
    box_seal(key, n, plain, sizeof(plain), out);
    ck_assert_mem_eq(out, want, sizeof(want));
    ck_assert(box_open(key, n, out, sizeof(out), back));
    ck_assert_mem_eq(back, plain, sizeof(plain));
}
END_TEST

START_TEST(any_changed_bit_and_any_cut_keeps_it_shut)
{
    uint8_t key[BOX_KEY] = { 1 }, sealed[5 + BOX_MAC], back[5];
    box_seal(key, nonce, "hello", 5, sealed);
    for (size_t i = 0; i < 8 * sizeof(sealed); i++) {
        sealed[i / 8] ^= (uint8_t)(1u << i % 8);
        ck_assert(!box_open(key, nonce, sealed, sizeof(sealed), back));
        sealed[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    for (size_t n = 0; n < sizeof(sealed); n++)
        ck_assert(!box_open(key, nonce, sealed, n, back));
    ck_assert(box_open(key, nonce, sealed, sizeof(sealed), back));
    ck_assert_mem_eq(back, "hello", 5);
}
END_TEST

START_TEST(text_salt_and_purpose_each_make_another_key)
{
    uint8_t a[BOX_KEY], b[BOX_KEY];
    const uint8_t salt[BOX_SALT] = { 1 }, other[BOX_SALT] = { 2 };
    box_key(STR("machine"), salt, STR("purpose"), a);
    box_key(STR("machine"), salt, STR("purpose"), b);
    ck_assert(equal_ct(a, b, sizeof(a)));
    box_key(STR("machinf"), salt, STR("purpose"), b);
    ck_assert(!equal_ct(a, b, sizeof(a)));
    box_key(STR("machine"), other, STR("purpose"), b);
    ck_assert(!equal_ct(a, b, sizeof(a)));
    box_key(STR("machine"), salt, STR("purposf"), b);
    ck_assert(!equal_ct(a, b, sizeof(a)));
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, the_published_vector);
    tcase_add_test(tc, any_changed_bit_and_any_cut_keeps_it_shut);
    tcase_add_test(tc, text_salt_and_purpose_each_make_another_key);
}

int main(void)
{
    return run_tcase("box", add);
}
