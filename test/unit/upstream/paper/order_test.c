/* order_test.c - the state table: what is allowed, and that nothing else is. */
#include "upstream/paper/order.h"

#include "../../support.h"
#include "futu/proto.h"

static const int32_t all[] = { -1, 0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15, 21, 22, 23, 24 };

/* From, to: every edge of the published states' graph, and no other. */
static const int8_t edges[][2] = {
    { 0, 1 },   { 0, 2 },   { 0, 21 },  { 1, 2 },   { 1, 15 },  { 1, 14 },  { 1, 22 },  { 1, 3 },
    { 1, 21 },  { 2, 3 },   { 2, 21 },  { 2, 4 },   { 4, 5 },   { 4, 10 },  { 4, 11 },  { 4, 15 },
    { 4, 21 },  { 2, 5 },   { 2, 10 },  { 2, 11 },  { 5, 10 },  { 5, 11 },  { 10, 10 }, { 10, 11 },
    { 5, 13 },  { 13, 15 }, { 13, 5 },  { 13, 10 }, { 13, 11 }, { 10, 12 }, { 12, 14 }, { 12, 10 },
    { 12, 11 }, { 2, 15 },  { 5, 15 },  { 2, 14 },  { 10, 14 }, { 5, 22 },  { 10, 22 }, { 22, 1 },
    { 22, 2 },  { 3, 23 },  { 15, 23 }, { 21, 23 }, { 22, 23 }, { 11, 24 }, { 10, 24 },
};

static bool edge(int32_t from, int32_t to)
{
    for (size_t i = 0; i < ARRAY_LEN(edges); i++)
        if (edges[i][0] == from && edges[i][1] == to)
            return true;
    return false;
}

START_TEST(every_state_and_event_has_one_answer)
{
    bool used[ARRAY_LEN(edges)] = { false };
    for (size_t s = 0; s < ARRAY_LEN(all); s++) {
        for (int ev = 0; ev < EV_COUNT; ev++) {
            for (int filled = 0; filled < 2; filled++) {
                int32_t to = order_next(all[s], (enum order_event)ev, filled);
                if (to == STATUS_ILLEGAL)
                    continue;
                ck_assert_msg(edge(all[s], to), "%d -> %d on event %d", all[s], to, ev);
                for (size_t i = 0; i < ARRAY_LEN(edges); i++)
                    used[i] |= edges[i][0] == all[s] && edges[i][1] == to;
            }
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(edges); i++)
        ck_assert_msg(used[i], "no event leads from %d to %d", edges[i][0], edges[i][1]);
}
END_TEST

START_TEST(final_states_only_go_to_deleted_or_reversed)
{
    for (size_t s = 0; s < ARRAY_LEN(all); s++) {
        for (int ev = 0; ev < EV_COUNT; ev++) {
            int32_t to = order_next(all[s], (enum order_event)ev, false);
            if (order_final(all[s]) && to != STATUS_ILLEGAL)
                ck_assert(to == 23 || to == 24);
        }
        if (order_may_change(all[s]))
            ck_assert(!order_final(all[s]));
    }
}
END_TEST

START_TEST(orders_with_fills_are_never_deleted)
{
    for (size_t s = 0; s < ARRAY_LEN(all); s++)
        ck_assert_int_eq(order_next(all[s], EV_DELETE, true), STATUS_ILLEGAL);
}
END_TEST

START_TEST(an_illegal_event_changes_nothing)
{
    struct order o = { .s = { .status = 11, .updated = 5, .filled = 1, .qty = 1 } };
    ck_assert(!order_event(&o, EV_CANCEL, 9));
    ck_assert_int_eq(o.s.status, 11);
    ck_assert_int_eq(o.s.updated, 5);
}
END_TEST

START_TEST(order_types)
{
    ck_assert_ptr_null(order_type(0));
    ck_assert_ptr_null(order_type(3));
    for (int32_t t = 16; t <= 19; t++)
        ck_assert_ptr_null(order_type(t));
    for (int32_t t = 5; t <= 15; t++) {
        ck_assert_ptr_nonnull(order_type(t));
        ck_assert(!(order_type(t)->flags & OT_SIM));
        ck_assert_int_eq(!!(order_type(t)->flags & OT_HK), t <= 9);
        ck_assert_int_eq(!!(order_type(t)->flags & OT_TRIGGER), t >= 10);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, every_state_and_event_has_one_answer);
    tcase_add_test(tc, final_states_only_go_to_deleted_or_reversed);
    tcase_add_test(tc, orders_with_fills_are_never_deleted);
    tcase_add_test(tc, an_illegal_event_changes_nothing);
    tcase_add_test(tc, order_types);
}

int main(void)
{
    return run_tcase("order", add);
}
