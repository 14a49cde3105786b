/* arena_test.c - arenas: alignment, limits, reuse. */
#include "base/arena.h"

#include <stdalign.h>

#include "support.h"

START_TEST(aligned_zeroed_and_apart)
{
    struct arena a = ARENA_INIT;
    uint8_t *last = NULL;
    for (size_t size = 0; size < 300; size++) {
        uint8_t *p = arena_alloc(&a, size);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq((uintptr_t)p % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            ck_assert_uint_eq(p[i], 0);
        memset(p, 0xff, size);
        if (last)
            ck_assert_uint_eq(last[0], 0xff);
        last = size ? p : NULL;
    }
    arena_free(&a);
}
END_TEST

START_TEST(larger_than_a_chunk)
{
    struct arena a = { .chunk = 64 };
    uint8_t *small = arena_alloc(&a, 16), *big = arena_alloc(&a, 10000);
    ck_assert(small && big);
    memset(big, 1, 10000);
    ck_assert_uint_eq(small[15], 0);
    ck_assert_uint_eq(a.used, 10016);
    arena_free(&a);
    ck_assert_uint_eq(a.used, 0);
}
END_TEST

START_TEST(a_reused_arena_stops_allocating)
{
    struct arena a = ARENA_INIT;
    ck_assert_ptr_nonnull(arena_alloc(&a, 4000));
    ck_assert_ptr_nonnull(arena_alloc(&a, 4000));   /* a second chunk, which the reset drops */
    arena_reset(&a);
    mem_fail_at(0);
    for (int round = 0; round < 10; round++) {
        uint8_t *p = arena_alloc(&a, 4000);
        ck_assert_ptr_nonnull(p);
        ck_assert_uint_eq(p[0] | p[3999], 0);       /* zeroed again */
        memset(p, 0xff, 4000);
        arena_reset(&a);
    }
    ck_assert(!mem_failed());
    mem_fail_at(-1);
    arena_free(&a);
    arena_reset(&a);
    arena_free(&a);
}
END_TEST

START_TEST(limit_overflow_and_failed_allocation)
{
    struct arena a = { .limit = 1024 };
    ck_assert_ptr_nonnull(arena_alloc(&a, 1000));
    ck_assert_ptr_null(arena_alloc(&a, 100));
    ck_assert_ptr_nonnull(arena_alloc(&a, 16));
    ck_assert_ptr_null(arena_alloc(&a, 1));
    ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX));
    ck_assert_ptr_null(arena_array(&a, SIZE_MAX / 8, 16));
    ck_assert_ptr_null(arena_copy(&a, "", SIZE_MAX));
    arena_free(&a);
    a.limit = 0;
    mem_fail_at(0);
    ck_assert_ptr_null(arena_alloc(&a, 1));
    mem_fail_at(-1);
    ck_assert_ptr_nonnull(arena_alloc(&a, 1));
    arena_free(&a);
}
END_TEST

START_TEST(copies_end_with_a_nul)
{
    struct arena a = ARENA_INIT;
    char *p = arena_copy(&a, "abc", 2);
    ck_assert_str_eq(p, "ab");
    ck_assert_str_eq(arena_copy(&a, NULL, 0), "");
    uint64_t *n = ARENA_ARRAY(&a, uint64_t, 3);
    ck_assert(n && n[2] == 0);
    ck_assert_ptr_nonnull(ARENA_ARRAY(&a, uint64_t, 0));
    ck_assert_ptr_nonnull(ARENA_NEW(&a, struct arena));
    arena_free(&a);
}
END_TEST

START_TEST(a_wiped_arena_holds_nothing_of_what_it_held)
{
    struct arena a = ARENA_INIT;
    a.chunk = 64;
    char *first = arena_copy(&a, "secret", 6), *second = arena_copy(&a, "another", 7);
    arena_wipe(&a);
    ck_assert_uint_eq(a.used, 0);
    for (size_t i = 0; i < 8; i++)
        ck_assert(first[i] == 0 && second[i] == 0);
    ck_assert_ptr_eq(arena_alloc(&a, 1), first);
    ck_assert_ptr_nonnull(arena_alloc(&a, 4096));   /* in a chunk of its own */
    arena_wipe(&a);
    ck_assert_ptr_eq(arena_alloc(&a, 1), first);
    arena_free(&a);
    arena_wipe(&a);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_wiped_arena_holds_nothing_of_what_it_held);
    tcase_add_test(tc, aligned_zeroed_and_apart);
    tcase_add_test(tc, larger_than_a_chunk);
    tcase_add_test(tc, a_reused_arena_stops_allocating);
    tcase_add_test(tc, limit_overflow_and_failed_allocation);
    tcase_add_test(tc, copies_end_with_a_nul);
}

int main(void)
{
    return run_tcase("base/arena", add);
}
