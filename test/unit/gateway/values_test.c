/* values_test.c - numbers of a trade write that are none: refused by name, before any limit. */
#include "guard_rig.h"

#include <math.h>

static const double wrong[] = { NAN, INFINITY, -INFINITY, -0.01 };

static void bad(const char *member)
{
    refused(DENY_ARGUMENT);
    ck_assert_msg(strncmp(t.text, member, strlen(member)) == 0, "%s: %s", member, t.text);
    ck_assert_uint_eq(trail_count(&k, "limit"), 0);
}

static void place_is_bad(const struct place *o, const char *member)
{
    trail_clear(&k);
    told_place(&t, c, o);
    bad(member);
}

START_TEST(a_value_that_is_none_is_named_before_any_limit)
{
    /* every limit of this key would say no */
    start(ALL, ",\"max_order_value\":0.01,\"max_daily_value\":0.01,\"max_orders_per_minute\":1,"
               "\"allowed_markets\":[\"US\"],\"allowed_trd_sides\":[\"SELL\"]");
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        place_is_bad(&(struct place){ .qty = wrong[i], .price = 1 }, "c2s.qty: ");
        place_is_bad(&(struct place){ .price = wrong[i] }, "c2s.price: ");
        place_is_bad(&(struct place){ .type = 2, .price = wrong[i] }, "c2s.price: ");
        place_is_bad(&(struct place){ .type = 10, .aux = wrong[i] }, "c2s.auxPrice: ");
        place_is_bad(&(struct place){ .type = 2, .amount = wrong[i] }, "c2s.amount: ");
    }
    place_refused(&(struct place){ .price = 1 }, DENY_MARKET);
    stop();
}
END_TEST

START_TEST(a_bad_value_counts_for_no_rate_and_no_frequency)
{
    start(ALL, ",\"max_orders_per_minute\":1");
    for (int i = 0; i < 40; i++)
        place_is_bad(&(struct place){ .price = NAN }, "c2s.price: ");
    placed_ok(&(struct place){ .price = 1 });
    stop();
}
END_TEST

START_TEST(a_change_is_held_to_the_same)
{
    start(ALL, "");
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        modify(&t, Trd_Common_ModifyOrderOp_Normal, wrong[i], 1);
        bad("c2s.qty: ");
        modify(&t, Trd_Common_ModifyOrderOp_Cancel, 1, wrong[i]);
        bad("c2s.price: ");
    }
    modify(&t, Trd_Common_ModifyOrderOp_Normal, 100, 1);
    sent(2205);
    stop();
}
END_TEST

START_TEST(a_combination_may_be_sold_for_a_credit)
{
    start(ALL, "");
    combo(&t, -1, 1);
    bad("c2s.qty: ");
    combo(&t, 1, NAN);
    bad("c2s.price: a finite number is expected");
    combo(&t, 1, -INFINITY);
    bad("c2s.price: a finite number is expected");
    combo(&t, 1, -10);
    sent(2227);
    stop();
}
END_TEST

START_TEST(the_member_is_named_as_the_surface_spells_it)
{
    start(ALL, "");
    c = rails_caller(&k, IFACE_REST, "key");
    place_is_bad(&(struct place){ .type = 10, .aux = -1 }, "c2s.aux_price: ");
    c = rails_caller(&k, IFACE_MCP, "key");
    place_is_bad(&(struct place){ .type = 10, .aux = -1 }, "c2s.aux_price: ");
    stop();
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_value_that_is_none_is_named_before_any_limit);
    tcase_add_test(tc, a_bad_value_counts_for_no_rate_and_no_frequency);
    tcase_add_test(tc, a_change_is_held_to_the_same);
    tcase_add_test(tc, a_combination_may_be_sold_for_a_credit);
    tcase_add_test(tc, the_member_is_named_as_the_surface_spells_it);
}

int main(void)
{
    return run_tcase("values", add);
}
