/* ledger_test.c - ids, look-ups, and that no fill is lost when memory is out. */
#include "upstream/paper/ledger.h"

#include "../../support.h"
#include "futu/proto.h"

static struct order *add_order(struct ledger *l)
{
    struct order *o = mem_zalloc(sizeof(*o));
    if (o && ledger_add(l, o, 20260603) != FUTU_OK) {
        mem_free(o);
        return NULL;
    }
    return o;
}

START_TEST(orders_are_found_by_both_ids)
{
    struct ledger l = { 0 };
    struct order *o[200];
    for (size_t i = 0; i < ARRAY_LEN(o); i++)
        o[i] = add_order(&l);
    for (size_t i = 0; i < ARRAY_LEN(o); i++) {
        ck_assert_ptr_eq(ledger_order(&l, o[i]->id), o[i]);
        ck_assert_ptr_eq(ledger_order_ex(&l, str_c(o[i]->id_ex)), o[i]);
        ck_assert_uint_eq(o[i]->id, LEDGER_ORDER_BASE + i + 1);
    }
    ck_assert_str_eq(o[0]->id_ex, "P20260603-000001");
    ck_assert_ptr_null(ledger_order(&l, 0));
    ck_assert_ptr_null(ledger_order(&l, LEDGER_ORDER_BASE));
    ck_assert_ptr_null(ledger_order(&l, LEDGER_ORDER_BASE + 201));
    ck_assert_ptr_null(ledger_order(&l, UINT64_MAX));
    ck_assert_ptr_null(ledger_order_ex(&l, STR("")));
    ck_assert_ptr_null(ledger_order_ex(&l, STR("P20260603-1")));
    ledger_undo(&l, o[199]);
    ck_assert_ptr_null(ledger_order(&l, LEDGER_ORDER_BASE + 200));
    ck_assert_uint_eq(l.n_open, 199);
    ledger_free(&l);
}
END_TEST

START_TEST(final_orders_leave_the_open_ones)
{
    struct ledger l = { 0 };
    struct order *a = add_order(&l), *b = add_order(&l), *c = add_order(&l);
    a->s.status = b->s.status = 5;
    c->s.status = 22;
    b->s.status = 15;
    ledger_sweep(&l);
    ck_assert_uint_eq(l.n_open, 2);
    ck_assert_ptr_eq(l.open[0], a);
    ck_assert_ptr_eq(l.open[1], c);
    ck_assert_ptr_eq(ledger_order(&l, b->id), b);
    ledger_free(&l);
}
END_TEST

START_TEST(no_fill_is_lost_without_memory)
{
    struct ledger l = { 0 };
    struct order *o[70];
    int64_t sum = 0;
    for (size_t i = 0; i < ARRAY_LEN(o); i++)
        o[i] = add_order(&l);
    mem_fail_at(0);
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < ARRAY_LEN(o); i++)
            ck_assert_ptr_nonnull(ledger_fill(&l, o[i], 100, 10, 1, 5, 20260603));
    mem_fail_at(-1);
    ck_assert_uint_eq(l.n_fills, ARRAY_LEN(o));         /* one each, and the rest added to it */
    for (size_t i = 0; i < l.n_fills; i++) {
        sum += l.fills[i]->qty;
        ck_assert_int_eq(l.fills[i]->amount, 3000);
        ck_assert_int_eq(l.fills[i]->fee, 3);
        ck_assert_int_eq(l.fills[i]->status, Trd_Common_OrderFillStatus_Changed);
    }
    ck_assert_int_eq(sum, 30 * (int64_t)ARRAY_LEN(o));
    struct fill *f = ledger_fill(&l, o[0], 100, 10, 1, 5, 20260603);
    ck_assert_ptr_eq(f, l.fills[ARRAY_LEN(o)]);
    ledger_free(&l);
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    for (long n = 0; test_alloc_fail_at(n); n++) {
        struct ledger l = { 0 };
        struct order *o = add_order(&l);
        mem_fail_at(-1);
        ck_assert_uint_eq(l.n_orders, o ? 1 : 0);
        ck_assert_uint_eq(l.n_open, o ? 1 : 0);
        ledger_free(&l);
        mem_fail_at(n);
        o = add_order(&l);
        ledger_free(&l);
    }
    mem_fail_at(-1);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, orders_are_found_by_both_ids);
    tcase_add_test(tc, final_orders_leave_the_open_ones);
    tcase_add_test(tc, no_fill_is_lost_without_memory);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("ledger", add);
}
