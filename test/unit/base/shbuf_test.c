/* shbuf_test.c - shared bytes, and the pool that keeps their memory. */
#include "base/shbuf.h"

#include "support.h"

START_TEST(the_last_reference_frees)
{
    struct shbuf *b = shbuf_copy("abc", 3);
    ck_assert_ptr_nonnull(b);
    ck_assert_uint_eq(b->n, 3);
    ck_assert_mem_eq(b->p, "abc", 3);
    ck_assert_ptr_eq(shbuf_ref(b), b);
    shbuf_unref(b);
    ck_assert_mem_eq(b->p, "abc", 3);
    shbuf_unref(b);
    shbuf_unref(NULL);
}
END_TEST

START_TEST(sizes_and_failed_allocations)
{
    struct shbuf_pool pool = { .max = 1024 };
    struct shbuf *b = shbuf_copy(NULL, 0);
    ck_assert(b && b->n == 0);
    shbuf_unref(b);
    ck_assert_ptr_null(shbuf_new((size_t)UINT32_MAX + 1));
    ck_assert_ptr_null(shbuf_get(&pool, SIZE_MAX));
    mem_fail_at(0);
    ck_assert_ptr_null(shbuf_new(10));
    ck_assert_ptr_null(shbuf_copy("abc", 3));
    ck_assert_ptr_null(shbuf_get(&pool, 10));
    ck_assert_ptr_null(shbuf_get(&pool, 1u << 20));
    mem_fail_at(-1);
    shbuf_pool_free(&pool);
}
END_TEST

START_TEST(a_pool_allocates_once_per_size)
{
    struct shbuf_pool pool = { .max = 1u << 20 };
    for (size_t n = 64; n <= 65536; n *= 2) {
        struct shbuf *b = shbuf_get(&pool, n);
        ck_assert_ptr_nonnull(b);
        memset(b->p, 0xff, n);
        shbuf_unref(b);
    }
    mem_fail_at(0);
    for (size_t n = 0; n <= 65536; n += 128) {
        struct shbuf *b = shbuf_get(&pool, n);
        ck_assert_ptr_nonnull(b);
        ck_assert_uint_eq(b->n, n);
        memset(b->p, 0xff, n);
        shbuf_unref(shbuf_ref(b));
        ck_assert_uint_eq(b->refs, 1);
        shbuf_unref(b);
    }
    ck_assert(!mem_failed());
    mem_fail_at(-1);
    shbuf_pool_free(&pool);
    ck_assert_uint_eq(pool.held, 0);
}
END_TEST

START_TEST(a_pool_keeps_no_more_than_its_max)
{
    struct shbuf_pool pool = { .max = 1000 };
    struct shbuf *b[20];
    for (size_t i = 0; i < ARRAY_LEN(b); i++)
        ck_assert_ptr_nonnull(b[i] = shbuf_get(&pool, 100));
    for (size_t i = 0; i < ARRAY_LEN(b); i++) {
        shbuf_unref(b[i]);
        ck_assert_uint_le(pool.held, pool.max);
    }
    ck_assert_uint_eq(pool.held, 7 * 128);
    struct shbuf *large = shbuf_get(&pool, 65537);      /* beyond the classes: never kept */
    ck_assert_ptr_nonnull(large);
    shbuf_unref(large);
    ck_assert_uint_eq(pool.held, 7 * 128);
    shbuf_pool_free(&pool);
}
END_TEST

START_TEST(two_in_use_are_two)
{
    struct shbuf_pool pool = { .max = 4096 };
    struct shbuf *a = shbuf_get(&pool, 10);
    shbuf_unref(a);
    a = shbuf_get(&pool, 10);
    struct shbuf *b = shbuf_get(&pool, 10);
    ck_assert(a && b && a != b);
    shbuf_unref(a);
    shbuf_unref(b);
    shbuf_pool_free(&pool);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, the_last_reference_frees);
    tcase_add_test(tc, sizes_and_failed_allocations);
    tcase_add_test(tc, a_pool_allocates_once_per_size);
    tcase_add_test(tc, a_pool_keeps_no_more_than_its_max);
    tcase_add_test(tc, two_in_use_are_two);
}

int main(void)
{
    return run_tcase("base/shbuf", add);
}
