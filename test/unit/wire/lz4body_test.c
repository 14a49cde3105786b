/* lz4body_test.c - compressed bodies, whole and broken. */
#include "wire/lz4body.h"

#include <lz4.h>

#include "base/bytes.h"
#include "support.h"

static size_t pack(const uint8_t *p, size_t n, uint8_t *out, size_t size)
{
    put_be32(out, (uint32_t)n);
    int got = LZ4_compress_default((const char *)p, (char *)out + 4, (int)n, (int)size - 4);
    ck_assert_int_gt(got, 0);
    return 4 + (size_t)got;
}

START_TEST(what_was_compressed_comes_back_behind_what_was_there)
{
    uint8_t data[5000], in[6000];
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * i >> 7);
    for (size_t n = 0; n <= sizeof(data); n += 1 + n / 3) {
        size_t size = pack(data, n, in, sizeof(in));
        out.n = 0;
        ck_assert_int_eq(buf_puts(&out, "ab"), FUTU_OK);
        ck_assert_int_eq(lz4body_open(in, size, &out), FUTU_OK);
        ck_assert_uint_eq(out.n, n + 2);
        ck_assert_mem_eq(out.p, "ab", 2);
        ck_assert_mem_eq(out.p + 2, data, n);
    }
    buf_free(&out);
}
END_TEST

START_TEST(twelve_mebibytes_are_the_most)
{
    size_t size = LZ4_COMPRESSBOUND(LZ4BODY_MAX + 1) + 4;
    uint8_t *data = calloc(1, LZ4BODY_MAX + 1), *in = malloc(size);
    struct buf out = BUF_INIT;
    ck_assert_int_eq(lz4body_open(in, pack(data, LZ4BODY_MAX, in, size), &out), FUTU_OK);
    ck_assert_uint_eq(out.n, LZ4BODY_MAX);
    buf_free(&out);
    ck_assert_int_eq(lz4body_open(in, pack(data, LZ4BODY_MAX + 1, in, size), &out), FUTU_ELIMIT);
    ck_assert_uint_eq(out.cap, 0);
    free(data);
    free(in);
}
END_TEST

START_TEST(a_size_that_the_block_can_never_reach_takes_no_memory)
{
    static const uint8_t in[] = { 0, 0xC0, 0, 0, 0x10, 'x' };
    struct buf out = BUF_INIT;
    ck_assert_int_eq(lz4body_open(in, sizeof(in), &out), FUTU_EFORMAT);
    ck_assert_uint_eq(out.cap, 0);
}
END_TEST

START_TEST(cuts_and_other_sizes_are_errors_that_change_nothing)
{
    uint8_t data[300], in[400];
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i % 7 * (i / 50));
    size_t size = pack(data, sizeof(data), in, sizeof(in));
    for (size_t n = 0; n < size; n++)
        ck_assert_int_eq(lz4body_open(in, n, &out), FUTU_EFORMAT);
    put_be32(in, sizeof(data) - 1);
    ck_assert_int_eq(lz4body_open(in, size, &out), FUTU_EFORMAT);
    put_be32(in, sizeof(data) + 1);
    ck_assert_int_eq(lz4body_open(in, size, &out), FUTU_EFORMAT);
    ck_assert_uint_eq(out.n, 0);
    buf_free(&out);
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    uint8_t in[64];
    size_t size = pack((const uint8_t *)"aaaaaaaaaaaaaaaaaaaaaaaa", 24, in, sizeof(in));
    for (long n = 0; test_alloc_fail_at(n); n++) {
        struct buf out = BUF_INIT;
        futu_err err = lz4body_open(in, size, &out);
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        buf_free(&out);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, what_was_compressed_comes_back_behind_what_was_there);
    tcase_add_test(tc, twelve_mebibytes_are_the_most);
    tcase_add_test(tc, a_size_that_the_block_can_never_reach_takes_no_memory);
    tcase_add_test(tc, cuts_and_other_sizes_are_errors_that_change_nothing);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("lz4body", add);
}
