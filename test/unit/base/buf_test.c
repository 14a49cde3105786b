/* buf_test.c - growing bytes with a bound. */
#include "base/buf.h"

#include "support.h"

START_TEST(bytes_keep_their_order)
{
    struct buf b = BUF_INIT;
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(buf_byte(&b, (uint8_t)i), FUTU_OK);
    ck_assert_int_eq(buf_puts(&b, "tail"), FUTU_OK);
    ck_assert_int_eq(buf_put(&b, NULL, 0), FUTU_OK);
    ck_assert_uint_eq(b.n, 1004);
    for (int i = 0; i < 1000; i++)
        ck_assert_uint_eq(b.p[i], (uint8_t)i);
    ck_assert(str_eq((futu_str){ buf_str(&b).p + 1000, 4 }, STR("tail")));
    buf_free(&b);
    ck_assert(b.n == 0 && b.cap == 0 && !b.p);
    buf_free(&b);
}
END_TEST

START_TEST(growth_is_geometric)
{
    struct buf b = BUF_INIT;
    size_t grown = 0, cap = 0;
    for (int i = 0; i < 1 << 20; i++) {
        ck_assert_int_eq(buf_byte(&b, 0), FUTU_OK);
        grown += b.cap != cap;
        cap = b.cap;
    }
    ck_assert_uint_le(grown, 14);
    ck_assert_uint_le(b.cap, 2u << 20);
    buf_free(&b);
}
END_TEST

START_TEST(the_bound_holds_to_the_byte)
{
    for (size_t max = 1; max < 600; max += 13) {
        struct buf b = BUF_MAX(max);
        for (size_t i = 0; i < max; i++)
            ck_assert_int_eq(buf_byte(&b, 1), FUTU_OK);
        ck_assert_int_eq(buf_byte(&b, 1), FUTU_ELIMIT);
        ck_assert_int_eq(buf_put(&b, "xy", 2), FUTU_ELIMIT);
        ck_assert(b.n == max && b.cap == max);
        buf_consume(&b, 1);
        ck_assert_int_eq(buf_byte(&b, 1), FUTU_OK);
        buf_free(&b);
    }
    struct buf b = BUF_MAX(100);
    mem_fail_at(0);
    ck_assert_int_eq(buf_reserve(&b, 101), FUTU_ELIMIT);
    ck_assert(!mem_failed());
    mem_fail_at(-1);
}
END_TEST

START_TEST(a_failed_call_changes_nothing)
{
    struct buf b = BUF_INIT;
    ck_assert_int_eq(buf_puts(&b, "abc"), FUTU_OK);
    ck_assert_int_eq(buf_reserve(&b, SIZE_MAX), FUTU_ENOMEM);
    ck_assert_int_eq(buf_reserve(&b, SIZE_MAX - 2), FUTU_ENOMEM);
    mem_fail_at(0);
    ck_assert_int_eq(buf_reserve(&b, 1000), FUTU_ENOMEM);
    ck_assert_int_eq(buf_printf(&b, "%0500d", 1), FUTU_ENOMEM);
    mem_fail_at(-1);
    ck_assert_uint_eq(b.n, 3);
    ck_assert_mem_eq(b.p, "abc", 3);
    buf_free(&b);
}
END_TEST

START_TEST(printf_appends)
{
    struct buf b = BUF_INIT;
    ck_assert_int_eq(buf_printf(&b, "%d-%s", 7, "x"), FUTU_OK);
    ck_assert_int_eq(buf_printf(&b, "%s", ""), FUTU_OK);
    ck_assert_int_eq(buf_printf(&b, "%01000d", 5), FUTU_OK);
    ck_assert_uint_eq(b.n, 1003);
    ck_assert_mem_eq(b.p, "7-x000", 6);
    ck_assert_uint_eq(b.p[1002], '5');
    buf_free(&b);
}
END_TEST

START_TEST(consume_drops_the_front)
{
    struct buf b = BUF_INIT;
    ck_assert_int_eq(buf_puts(&b, "abcdef"), FUTU_OK);
    buf_consume(&b, 0);
    buf_consume(&b, 2);
    ck_assert(str_is(buf_str(&b), "cdef"));
    buf_consume(&b, 4);
    ck_assert_uint_eq(b.n, 0);
    buf_consume(&b, 0);
    buf_free(&b);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, bytes_keep_their_order);
    tcase_add_test(tc, growth_is_geometric);
    tcase_add_test(tc, the_bound_holds_to_the_byte);
    tcase_add_test(tc, a_failed_call_changes_nothing);
    tcase_add_test(tc, printf_appends);
    tcase_add_test(tc, consume_drops_the_front);
}

int main(void)
{
    return run_tcase("base/buf", add);
}
