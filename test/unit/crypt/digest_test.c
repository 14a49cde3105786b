/* digest_test.c - digests against the vectors, and comparisons. */
#include "crypt/digest.h"

#include "vectors.h"

START_TEST(every_digest_of_the_vectors)
{
    cJSON *all = vec_load(), *v;
    int rows = 0;
    cJSON_ArrayForEach(v, vec_get(all, "digests")) {
        uint8_t in[VEC_MAX], out[20];
        char hex[41];
        size_t n = vec_hex(v, "in", in);
        bool is_sha1 = strcmp(vec_str(v, "alg"), "sha1") == 0;
        ck_assert(is_sha1 || strcmp(vec_str(v, "alg"), "md5") == 0);
        if (is_sha1)
            sha1(in, n, out);
        else
            md5(in, n, out);
        hex_lower(out, is_sha1 ? 20 : 16, hex);
        ck_assert_str_eq(hex, vec_str(v, "out"));
        rows++;
    }
    ck_assert_int_eq(rows, 6);
    cJSON_Delete(all);
}
END_TEST

START_TEST(sha256_of_abc)
{
    uint8_t out[32];
    char hex[65];
    sha256("abc", 3, out);
    hex_lower(out, sizeof(out), hex);
    ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

START_TEST(hex_ends_with_a_nul)
{
    char hex[5] = "xxxx";
    hex_lower((const uint8_t *)"\x0f\xa0", 2, hex);
    ck_assert_str_eq(hex, "0fa0");
    hex_lower(NULL, 0, hex);
    ck_assert_str_eq(hex, "");
}
END_TEST

START_TEST(hex_is_read_whole_or_not_at_all)
{
    static const char *const wrong[] = { "", "0", "0fa", "0fa0f",
                                         "0fg0", "0f 0", "-fa0", "0f0\xe0" };
    uint8_t out[2];
    ck_assert(hex_read(STR("0fA0"), out, 2) && out[0] == 0x0f && out[1] == 0xa0);
    ck_assert(hex_read(STR(""), out, 0));
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        ck_assert_msg(!hex_read(str_c(wrong[i]), out, 2), "%s", wrong[i]);
}
END_TEST

START_TEST(equal_sees_every_byte)
{
    uint8_t a[20], b[20];
    memset(a, 7, sizeof(a));
    memset(b, 7, sizeof(b));
    ck_assert(equal_ct(a, b, sizeof(a)));
    for (size_t i = 0; i < sizeof(a); i++) {
        b[i] ^= 0x80;
        ck_assert(!equal_ct(a, b, sizeof(a)));
        b[i] ^= 0x80;
    }
    ck_assert(equal_ct(a, b, 0));
}
END_TEST

START_TEST(md5_text_in_any_case)
{
    const char *stored = "e10adc3949ba59abbe56e057f20f883e";
    ck_assert(hex_md5_equal_ct("e10adc3949ba59abbe56e057f20f883e", 32, stored));
    ck_assert(hex_md5_equal_ct("E10ADC3949BA59ABBE56E057F20F883E", 32, stored));
    ck_assert(!hex_md5_equal_ct("e10adc3949ba59abbe56e057f20f883", 31, stored));
    ck_assert(!hex_md5_equal_ct("e10adc3949ba59abbe56e057f20f883e0", 33, stored));
    ck_assert(!hex_md5_equal_ct("", 0, stored));
    /* 0x11 + 0x20 is '1': only letters may be folded. */
    ck_assert(!hex_md5_equal_ct("e\x11" "0adc3949ba59abbe56e057f20f883e", 32, stored));
    ck_assert(!hex_md5_equal_ct("f10adc3949ba59abbe56e057f20f883e", 32, stored));
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, every_digest_of_the_vectors);
    tcase_add_test(tc, sha256_of_abc);
    tcase_add_test(tc, hex_ends_with_a_nul);
    tcase_add_test(tc, hex_is_read_whole_or_not_at_all);
    tcase_add_test(tc, equal_sees_every_byte);
    tcase_add_test(tc, md5_text_in_any_case);
}

int main(void)
{
    return run_tcase("crypt/digest", add);
}
