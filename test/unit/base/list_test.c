/* list_test.c - intrusive lists. */
#include "base/list.h"

#include "support.h"

struct item {
    int v;
    struct list node;
};

static int digits_in_order(struct list *head)
{
    struct list *it, *tmp;
    int sum = 0;
    list_each(it, tmp, head)
        sum = sum * 10 + list_entry(it, struct item, node)->v;
    return sum;
}

START_TEST(push_remove_and_walk)
{
    struct list head;
    struct item a = { .v = 1 }, b = { .v = 2 }, c = { .v = 3 };
    list_init(&head);
    ck_assert(list_empty(&head));
    ck_assert_int_eq(digits_in_order(&head), 0);
    list_push(&head, &a.node);
    list_push(&head, &b.node);
    list_push(&head, &c.node);
    ck_assert_int_eq(digits_in_order(&head), 123);
    list_remove(&b.node);
    ck_assert_int_eq(digits_in_order(&head), 13);
    list_remove(&b.node);
    ck_assert_int_eq(digits_in_order(&head), 13);
    list_push(&head, &b.node);
    ck_assert_int_eq(digits_in_order(&head), 132);
    list_remove(&a.node);
    list_remove(&c.node);
    list_remove(&b.node);
    ck_assert(list_empty(&head));
}
END_TEST

START_TEST(the_walk_may_remove)
{
    struct list head, *it, *tmp;
    struct item items[9];
    list_init(&head);
    for (int i = 0; i < 9; i++) {
        items[i].v = i + 1;
        list_push(&head, &items[i].node);
    }
    list_each(it, tmp, &head)
        if (list_entry(it, struct item, node)->v % 2)
            list_remove(it);
    ck_assert_int_eq(digits_in_order(&head), 2468);
    list_each(it, tmp, &head)
        list_remove(it);
    ck_assert(list_empty(&head));
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, push_remove_and_walk);
    tcase_add_test(tc, the_walk_may_remove);
}

int main(void)
{
    return run_tcase("base/list", add);
}
