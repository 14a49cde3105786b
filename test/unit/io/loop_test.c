/* loop_test.c - turns, timers, posting and stopping from other threads, life and death of
 * handles. */
#include "io/loop.h"

#include <pthread.h>
#include <uv.h>

#include "../support.h"

static futu_loop *loop;

static void setup(void)
{
    ck_assert_int_eq(futu_loop_new(&loop), FUTU_OK);
}

static void teardown(void)
{
    futu_loop_free(loop);
}

struct trace {
    int n, order[8];
};

struct step {
    struct trace *trace;
    int id;
};

static void note(void *arg)
{
    struct step *s = arg;
    s->trace->order[s->trace->n++] = s->id;
}

START_TEST(an_empty_loop_ends_at_once)
{
    futu_loop_run(loop);
    futu_loop_poll(loop, 0);
    ck_assert(!loop_running(loop));
}
END_TEST

START_TEST(tasks_run_in_order_of_posting)
{
    struct trace t = { 0 };
    struct step s[3] = { { &t, 0 }, { &t, 1 }, { &t, 2 } };
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(futu_loop_post(loop, note, &s[i]), FUTU_OK);
    futu_loop_run(loop);
    ck_assert_int_eq(t.n, 3);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(t.order[i], i);
}
END_TEST

START_TEST(tasks_that_never_ran_are_freed)
{
    struct trace t = { 0 };
    struct step s = { &t, 0 };
    ck_assert_int_eq(futu_loop_post(loop, note, &s), FUTU_OK);
    teardown();
    ck_assert_int_eq(t.n, 0);
    setup();
}
END_TEST

START_TEST(timers_run_by_time)
{
    struct trace t = { 0 };
    struct step s[2] = { { &t, 0 }, { &t, 1 } };
    futu_timer *late, *soon;
    ck_assert_int_eq(futu_timer_new(loop, &late, 12, 0, note, &s[1]), FUTU_OK);
    ck_assert_int_eq(futu_timer_new(loop, &soon, 3, 0, note, &s[0]), FUTU_OK);
    int64_t start = loop_now(loop);
    futu_loop_run(loop);
    ck_assert_int_ge(loop_now(loop) - start, 12 * NS_PER_MS);
    ck_assert_int_eq(t.n, 2);
    ck_assert_int_eq(t.order[0], 0);
    futu_timer_free(late);
    futu_timer_free(soon);
}
END_TEST

static struct {
    futu_timer *timer;
    int fired;
} beat;

static void on_beat(void *arg)
{
    (void)arg;
    if (++beat.fired == 3)
        futu_timer_free(beat.timer);
}

START_TEST(a_repeating_timer_is_freed_from_inside)
{
    beat.fired = 0;
    ck_assert_int_eq(futu_timer_new(loop, &beat.timer, 1, 1, on_beat, NULL), FUTU_OK);
    futu_loop_run(loop);
    ck_assert_int_eq(beat.fired, 3);
}
END_TEST

struct hook_probe {
    struct loop_hook hook;
    int runs, again;
};

static void on_hook(struct loop_hook *h)
{
    struct hook_probe *p = container_of(h, struct hook_probe, hook);
    p->runs++;
    if (p->again-- > 0)
        loop_again(loop);
    else
        loop_hook_remove(h);
}

START_TEST(a_hook_asks_for_another_turn_and_leaves)
{
    struct hook_probe p = { .again = 4 };
    loop_hook_add(loop, &p.hook, on_hook);
    futu_loop_run(loop);
    futu_loop_poll(loop, 0);
    ck_assert_int_ge(p.runs, 5);
    ck_assert_int_lt(p.again, 0);
    int before = p.runs;
    futu_loop_poll(loop, 0);
    ck_assert_int_eq(p.runs, before);
}
END_TEST

static void *stop_it(void *arg)
{
    futu_loop_stop(arg);
    return NULL;
}

START_TEST(stop_from_another_thread_ends_a_sleeping_loop)
{
    futu_timer *far;
    struct trace t = { 0 };
    struct step s = { &t, 0 };
    pthread_t other;
    ck_assert_int_eq(futu_timer_new(loop, &far, 3600000, 0, note, &s), FUTU_OK);
    ck_assert_int_eq(pthread_create(&other, NULL, stop_it, loop), 0);
    futu_loop_run(loop);
    pthread_join(other, NULL);
    ck_assert_int_eq(t.n, 0);
    futu_loop_stop(loop);       /* remembered */
    futu_loop_run(loop);
    futu_timer_free(far);
}
END_TEST

#define POSTS 200

static void count(void *arg)
{
    (*(int *)arg)++;
}

struct poster {
    futu_loop *loop;
    int *counter;
};

static void *post_many(void *arg)
{
    struct poster *p = arg;
    for (int i = 0; i < POSTS; i++)
        if (futu_loop_post(p->loop, count, p->counter))
            abort();
    return NULL;
}

START_TEST(posts_from_many_threads_all_arrive)
{
    int counter = 0;
    pthread_t threads[4];
    struct poster p = { loop, &counter };
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, post_many, &p), 0);
    while (counter < POSTS * (int)ARRAY_LEN(threads))
        futu_loop_poll(loop, 50);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(counter, POSTS * (int)ARRAY_LEN(threads));
}
END_TEST

static void set_true(void *arg)
{
    *(bool *)arg = true;
}

static void wait_inside(void *arg)
{
    bool never = false;
    *(futu_err *)arg = loop_run_until(loop, &never);
}

START_TEST(waiting_for_a_state)
{
    bool done = false, never = false;
    futu_err inside = FUTU_OK;
    ck_assert_int_eq(futu_loop_post(loop, wait_inside, &inside), FUTU_OK);
    ck_assert_int_eq(futu_loop_post(loop, set_true, &done), FUTU_OK);
    ck_assert_int_eq(loop_run_until(loop, &done), FUTU_OK);
    ck_assert_int_eq(inside, FUTU_EBUSY);
    ck_assert_int_eq(loop_run_until(loop, &never), FUTU_ECANCELED);
}
END_TEST

START_TEST(poll_waits_no_longer_than_told)
{
    futu_timer *far;
    ck_assert_int_eq(futu_timer_new(loop, &far, 3600000, 0, count, NULL), FUTU_OK);
    int64_t start = loop_now(loop);
    futu_loop_poll(loop, 20);
    int64_t took = loop_now(loop) - start;
    ck_assert_int_ge(took, 15 * NS_PER_MS);
    ck_assert_int_lt(took, 3600 * NS_PER_S);
    futu_timer_free(far);
}
END_TEST

START_TEST(a_forgotten_handle_does_not_hold_the_end)
{
    static uv_timer_t own;
    uv_timer_init(futu_loop_uv(loop), &own);
    uv_timer_start(&own, (uv_timer_cb)abort, 3600000, 0);
    teardown();
    setup();
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    for (long n = 0; test_alloc_fail_at(n); n++) {
        futu_loop *l;
        futu_timer *t = NULL;
        bool done = false;
        futu_err err = futu_loop_new(&l);
        if (!err)
            err = futu_timer_new(l, &t, 0, 0, set_true, &done);
        if (!err)
            err = futu_loop_post(l, set_true, &done);
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        futu_timer_free(t);
        futu_loop_free(l);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, an_empty_loop_ends_at_once);
    tcase_add_test(tc, tasks_run_in_order_of_posting);
    tcase_add_test(tc, tasks_that_never_ran_are_freed);
    tcase_add_test(tc, timers_run_by_time);
    tcase_add_test(tc, a_repeating_timer_is_freed_from_inside);
    tcase_add_test(tc, a_hook_asks_for_another_turn_and_leaves);
    tcase_add_test(tc, stop_from_another_thread_ends_a_sleeping_loop);
    tcase_add_test(tc, posts_from_many_threads_all_arrive);
    tcase_add_test(tc, waiting_for_a_state);
    tcase_add_test(tc, poll_waits_no_longer_than_told);
    tcase_add_test(tc, a_forgotten_handle_does_not_hold_the_end);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("loop", add);
}
