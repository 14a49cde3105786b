/* turns_test.c - one costly step a turn of the loop, in order, with others' I/O in between. */
#include "support.h"

#include "turns.h"              /* behind it: uv.h brings macros of the same names */

#define N 4

static uv_loop_t loop;
static struct turns turns;
static struct {
    struct turn turn;
    int again;                  /* so often it waits once more */
} who[N];
static char order[64];
static unsigned wakeups;        /* of a handle that is always ready */

static void on_turn(struct turn *t)
{
    size_t i = (size_t)((char *)t - (char *)who) / sizeof(who[0]);
    size_t n = strlen(order);
    ck_assert(!turn_waits(t));
    order[n] = (char)('0' + i);
    order[n + 1] = '\0';
    if (who[i].again-- > 0)
        turns_wait(&turns, t);
}

static void setup(void)
{
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    turns_open(&turns, &loop);
    memset(who, 0, sizeof(who));
    for (int i = 0; i < N; i++)
        who[i].turn.fn = on_turn;
    order[0] = '\0';
    wakeups = 0;
}

static void teardown(void)
{
    turns_close(&turns);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
}

static void all_wait(void)
{
    for (int i = 0; i < N; i++)
        turns_wait(&turns, &who[i].turn);
}

START_TEST(one_comes_each_turn_in_order_and_behind_the_others_again)
{
    who[0].again = 1;
    all_wait();
    for (size_t n = 1; n <= N + 1; n++) {
        uv_run(&loop, UV_RUN_NOWAIT);
        ck_assert_uint_eq(strlen(order), n);
    }
    ck_assert_str_eq(order, "01230");
    uv_run(&loop, UV_RUN_DEFAULT);          /* nobody waits: nothing keeps the loop awake */
    ck_assert_str_eq(order, "01230");
}
END_TEST

START_TEST(who_waits_already_waits_once)
{
    all_wait();
    all_wait();
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_str_eq(order, "0123");
}
END_TEST

START_TEST(whoever_leaves_is_not_called)
{
    static const char *const left[] = { "123", "023", "013", "012" };
    for (int i = 0; i < N; i++) {
        order[0] = '\0';
        all_wait();
        turns_leave(&turns, &who[i].turn);
        turns_leave(&turns, &who[i].turn);
        ck_assert(!turn_waits(&who[i].turn));
        uv_run(&loop, UV_RUN_DEFAULT);
        ck_assert_str_eq(order, left[i]);
    }
    all_wait();
    for (int i = 0; i < N; i++)
        turns_leave(&turns, &who[i].turn);
    order[0] = '\0';
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_str_eq(order, "");
    turns_wait(&turns, &who[2].turn);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_str_eq(order, "2");
}
END_TEST

static void on_async(uv_async_t *a)
{
    if (++wakeups < N)
        uv_async_send(a);
}

START_TEST(input_is_seen_between_two_of_them)
{
    static uv_async_t ready;
    ck_assert_int_eq(uv_async_init(&loop, &ready, on_async), 0);
    uv_async_send(&ready);
    all_wait();
    for (unsigned n = 1; n <= N; n++) {
        uv_run(&loop, UV_RUN_NOWAIT);
        ck_assert_uint_eq(strlen(order), n);
        ck_assert_uint_eq(wakeups, n);
    }
    uv_close((uv_handle_t *)&ready, NULL);
}
END_TEST

START_TEST(those_who_wait_at_the_end_are_let_go)
{
    all_wait();
    turns_close(&turns);
    turns_leave(&turns, &who[1].turn);
    turns_wait(&turns, &who[1].turn);       /* from now on nobody waits */
    ck_assert(!turn_waits(&who[1].turn));
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_str_eq(order, "");
    for (int i = 0; i < N; i++)
        turns_leave(&turns, &who[i].turn);
    turns_close(&turns);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, one_comes_each_turn_in_order_and_behind_the_others_again);
    tcase_add_test(tc, who_waits_already_waits_once);
    tcase_add_test(tc, whoever_leaves_is_not_called);
    tcase_add_test(tc, input_is_seen_between_two_of_them);
    tcase_add_test(tc, those_who_wait_at_the_end_are_let_go);
}

int main(void)
{
    return run_tcase("turns", add);
}
