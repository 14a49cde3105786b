/* grpc_gzip_test.c - messages as gzip: there and back, and what is refused. */
#include <string.h>

#include "grpc_gzip.h"
#include "support.h"

#define MOST (4u << 20)

static struct bytes packed, plain;
static char text[100000];

static void setup(void)
{
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)("0123456789abcdef"[(i * i >> 3) & 15]);
}

static void teardown(void)
{
    bytes_free(&packed);
    bytes_free(&plain);
}

static enum gzip_result unpack(size_t max)
{
    return gzip_unpack(packed.p, packed.n, max, &plain);
}

START_TEST(what_is_packed_is_unpacked_again)
{
    for (int i = 0; i < 3; i++) {
        packed.n = 0;
        ck_assert(gzip_pack(text, sizeof(text), &packed));
        ck_assert_uint_lt(packed.n, sizeof(text));
        ck_assert_int_eq(unpack(MOST), GZIP_OK);
        ck_assert_uint_eq(plain.n, sizeof(text));
        ck_assert_mem_eq(plain.p, text, sizeof(text));
    }
}
END_TEST

START_TEST(packing_appends)
{
    ck_assert(bytes_put(&packed, "head", 4));
    ck_assert(gzip_pack(text, sizeof(text), &packed));
    ck_assert_mem_eq(packed.p, "head", 4);
    ck_assert_int_eq(gzip_unpack(packed.p + 4, packed.n - 4, MOST, &plain), GZIP_OK);
    ck_assert_uint_eq(plain.n, sizeof(text));
}
END_TEST

START_TEST(what_would_not_shrink_stays)
{
    uint32_t x = 1;
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)((x = x * 1664525u + 1013904223u) >> 24);
    ck_assert(!gzip_pack(text, sizeof(text), &packed));
    ck_assert(!gzip_pack(text, 10, &packed));
    ck_assert(!gzip_pack(text, 0, &packed));
}
END_TEST

START_TEST(the_length_inside_is_bounded_before_anything_is_unpacked)
{
    ck_assert(gzip_pack(text, sizeof(text), &packed));
    ck_assert_int_eq(unpack(sizeof(text)), GZIP_OK);
    bytes_free(&plain);
    ck_assert_int_eq(unpack(sizeof(text) - 1), GZIP_TOO_LARGE);
    ck_assert_uint_eq(plain.cap, 0);
}
END_TEST

START_TEST(a_small_message_may_not_become_a_large_one)
{
    static char zeros[1u << 20];
    ck_assert(gzip_pack(zeros, sizeof(zeros), &packed));
    ck_assert_uint_lt(packed.n, 8192);
    ck_assert_int_eq(unpack(MOST), GZIP_TOO_LARGE);
    packed.n = 0;
    ck_assert(gzip_pack(zeros, GZIP_FREE, &packed));
    ck_assert_int_eq(unpack(MOST), GZIP_OK);
}
END_TEST

/* Its last four bytes say less, or more, than there is. */
START_TEST(a_length_that_lies_is_no_gzip)
{
    ck_assert(gzip_pack(text, 1000, &packed));
    char *len = packed.p + packed.n - 4;
    for (int d = -999; d <= 999; d += 333) {
        int told = 1000 + d;
        len[0] = (char)told;
        len[1] = (char)(told >> 8);
        ck_assert_int_eq(unpack(MOST), d == 0 ? GZIP_OK : GZIP_BAD);
    }
}
END_TEST

START_TEST(no_byte_may_be_missing_too_many_or_wrong)
{
    ck_assert(gzip_pack(text, 1000, &packed));
    size_t n = packed.n;
    for (packed.n = 0; packed.n < n; packed.n++)
        ck_assert_int_ne(unpack(MOST), GZIP_OK);
    packed.n = n;
    for (size_t i = 10; i < n; i++) {       /* before are name, time and system, which are free */
        packed.p[i] ^= 0x20;
        ck_assert_int_ne(unpack(MOST), GZIP_OK);
        packed.p[i] ^= 0x20;
    }
    ck_assert_int_eq(unpack(MOST), GZIP_OK);
    ck_assert(bytes_put(&packed, packed.p + n - 4, 4));
    ck_assert_int_eq(unpack(MOST), GZIP_BAD);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, what_is_packed_is_unpacked_again);
    tcase_add_test(tc, packing_appends);
    tcase_add_test(tc, what_would_not_shrink_stays);
    tcase_add_test(tc, the_length_inside_is_bounded_before_anything_is_unpacked);
    tcase_add_test(tc, a_small_message_may_not_become_a_large_one);
    tcase_add_test(tc, a_length_that_lies_is_no_gzip);
    tcase_add_test(tc, no_byte_may_be_missing_too_many_or_wrong);
}

int main(void)
{
    return run_tcase("grpc_gzip", add);
}
