/* map_test.c - the hash table, above all deletion, which shifts entries back. */
#include "base/map.h"

#include <stdio.h>

#include "support.h"

START_TEST(put_get_replace_delete)
{
    struct map m = MAP_INIT;
    int a, b;
    ck_assert_ptr_null(map_get(&m, STR("HK.00700")));
    ck_assert_ptr_null(map_del(&m, STR("HK.00700")));
    ck_assert_int_eq(map_put(&m, STR("HK.00700"), &a), FUTU_OK);
    ck_assert_int_eq(map_put(&m, STR("HK.00701"), &b), FUTU_OK);
    ck_assert_ptr_eq(map_get(&m, STR("HK.00700")), &a);
    ck_assert_ptr_null(map_get(&m, STR("HK.0070")));
    ck_assert_int_eq(map_put(&m, STR("HK.00700"), &b), FUTU_OK);
    ck_assert_ptr_eq(map_get(&m, STR("HK.00700")), &b);
    ck_assert_uint_eq(m.n, 2);
    ck_assert_ptr_eq(map_del(&m, STR("HK.00700")), &b);
    ck_assert_ptr_null(map_get(&m, STR("HK.00700")));
    ck_assert_ptr_eq(map_get(&m, STR("HK.00701")), &b);
    ck_assert_uint_eq(m.n, 1);
    map_free(&m);
    ck_assert_ptr_null(map_get(&m, STR("HK.00701")));
}
END_TEST

START_TEST(keys_are_bytes)
{
    struct map m = MAP_INIT;
    int a, b, c;
    ck_assert_int_eq(map_put(&m, (futu_str){ "a\0b", 3 }, &a), FUTU_OK);
    ck_assert_int_eq(map_put(&m, (futu_str){ "a\0c", 3 }, &b), FUTU_OK);
    ck_assert_int_eq(map_put(&m, (futu_str){ "", 0 }, &c), FUTU_OK);
    ck_assert_ptr_eq(map_get(&m, (futu_str){ "a\0b", 3 }), &a);
    ck_assert_ptr_eq(map_get(&m, (futu_str){ "a\0c", 3 }), &b);
    ck_assert_ptr_eq(map_get(&m, (futu_str){ "", 0 }), &c);
    ck_assert_ptr_null(map_get(&m, (futu_str){ "a", 1 }));
    map_free(&m);
}
END_TEST

#define KEYS 300

/* Random puts and deletions beside a plain array that says what must be there. */
START_TEST(any_sequence_against_an_array)
{
    static char names[KEYS][8];
    void *model[KEYS] = { NULL };
    struct map m = MAP_INIT;
    uint32_t x = 12345;
    size_t n = 0;
    for (int i = 0; i < KEYS; i++)
        snprintf(names[i], sizeof(names[i]), "%d", i);
    for (int step = 0; step < 60000; step++) {
        x = x * 1664525u + 1013904223u;
        /* Fills, drains, fills: the share of deletions swings. */
        unsigned i = (x >> 8) % KEYS, deletes = step / 6000 % 2 ? 12 : 4;
        futu_str key = str_c(names[i]);
        ck_assert_ptr_eq(map_get(&m, key), model[i]);
        if ((x >> 20) % 16 < deletes) {
            ck_assert_ptr_eq(map_del(&m, key), model[i]);
            n -= model[i] != NULL;
            model[i] = NULL;
        } else {
            n += model[i] == NULL;
            model[i] = &names[(x >> 4) % KEYS];
            ck_assert_int_eq(map_put(&m, key, model[i]), FUTU_OK);
        }
        ck_assert_uint_eq(m.n, n);
        if (step % 500 == 0)
            for (int k = 0; k < KEYS; k++)
                ck_assert_ptr_eq(map_get(&m, str_c(names[k])), model[k]);
    }
    map_free(&m);
}
END_TEST

/* Long runs of slots, also round the end of the table: each deletion leaves the rest findable. */
START_TEST(deletion_shifts_over_the_end)
{
    for (uint64_t first = 0; first < 64; first++) {
        struct map m = MAP_INIT;
        int values[12];
        for (uint64_t k = 0; k < 12; k++)
            ck_assert_int_eq(map_put_u64(&m, first + k, &values[k]), FUTU_OK);
        ck_assert_uint_eq(m.cap, 16);           /* three quarters full */
        for (uint64_t gone = 0; gone < 12; gone++) {
            ck_assert_ptr_eq(map_del_u64(&m, first + gone), &values[gone]);
            for (uint64_t k = 0; k < 12; k++)
                ck_assert_ptr_eq(map_get_u64(&m, first + k), k > gone ? &values[k] : NULL);
        }
        ck_assert_uint_eq(m.n, 0);
        for (size_t i = 0; i < m.cap; i++)
            ck_assert_ptr_null(m.slots[i].value);
        map_free(&m);
    }
}
END_TEST

START_TEST(numbers_of_64_bits)
{
    static const uint64_t keys[] = { 0, 1, UINT32_MAX, UINT64_C(1) << 32, UINT64_MAX, INT64_MAX };
    struct map m = MAP_INIT;
    int values[ARRAY_LEN(keys)];
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        ck_assert_int_eq(map_put_u64(&m, keys[i], &values[i]), FUTU_OK);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        ck_assert_ptr_eq(map_get_u64(&m, keys[i]), &values[i]);
    ck_assert_ptr_null(map_get_u64(&m, 2));
    map_free(&m);
}
END_TEST

START_TEST(walk_sees_each_once)
{
    struct map m = MAP_INIT;
    uint8_t seen[100] = { 0 }, *v;
    size_t i = 0;
    ck_assert_ptr_null(map_next(&m, &i));
    for (uint64_t k = 0; k < 100; k++)
        ck_assert_int_eq(map_put_u64(&m, k * 1000, &seen[k]), FUTU_OK);
    for (i = 0; (v = map_next(&m, &i)) != NULL;)
        (*v)++;
    for (size_t k = 0; k < 100; k++)
        ck_assert_uint_eq(seen[k], 1);
    map_free(&m);
}
END_TEST

START_TEST(without_memory_nothing_changes)
{
    struct map m = MAP_INIT;
    int v;
    mem_fail_at(0);
    ck_assert_int_eq(map_put_u64(&m, 1, &v), FUTU_ENOMEM);
    mem_fail_at(-1);
    for (uint64_t k = 0; k < 12; k++)
        ck_assert_int_eq(map_put_u64(&m, k, &v), FUTU_OK);
    mem_fail_at(0);
    ck_assert_int_eq(map_put_u64(&m, 12, &v), FUTU_ENOMEM);
    mem_fail_at(-1);
    ck_assert_uint_eq(m.n, 12);
    ck_assert_ptr_null(map_get_u64(&m, 12));
    ck_assert_ptr_eq(map_get_u64(&m, 11), &v);
    map_free(&m);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, put_get_replace_delete);
    tcase_add_test(tc, keys_are_bytes);
    tcase_add_test(tc, any_sequence_against_an_array);
    tcase_add_test(tc, deletion_shifts_over_the_end);
    tcase_add_test(tc, numbers_of_64_bits);
    tcase_add_test(tc, walk_sees_each_once);
    tcase_add_test(tc, without_memory_nothing_changes);
}

int main(void)
{
    return run_tcase("base/map", add);
}
