/* timer_test.c - the timer heap: order, moves, and what callbacks may do. */
#include "base/timer.h"

#include "support.h"

#define MANY 500

struct job {
    struct timer t;
    struct timers *ts;
    struct job *other;          /* stopped when this one runs */
    int64_t again;              /* sets itself to now + again; 0: not */
    int ran;
    int64_t ran_at;
};

static int64_t last_due;

static void on_job(struct timer *t, int64_t now)
{
    struct job *j = container_of(t, struct job, t);
    ck_assert(!t->armed);
    ck_assert_int_ge(t->at, last_due);
    last_due = t->at;
    j->ran++;
    j->ran_at = now;
    if (j->again)
        timer_set(j->ts, t, now + j->again);
    if (j->other)
        timer_stop(j->ts, &j->other->t);
}

static struct job job(struct timers *ts)
{
    last_due = INT64_MIN;
    return (struct job){ .t = { .fn = on_job }, .ts = ts };
}

START_TEST(earliest_first_and_only_when_due)
{
    struct timers ts = { 0 };
    struct job a = job(&ts), b = job(&ts), c = job(&ts);
    ck_assert_int_eq(timers_next(&ts), TIMER_NEVER);
    timer_set(&ts, &a.t, 30);
    timer_set(&ts, &b.t, 10);
    timer_set(&ts, &c.t, 20);
    ck_assert_int_eq(timers_next(&ts), 10);
    timers_run(&ts, 9);
    ck_assert_int_eq(a.ran + b.ran + c.ran, 0);
    timers_run(&ts, 20);
    ck_assert(b.ran == 1 && c.ran == 1 && a.ran == 0);
    ck_assert_int_eq(timers_next(&ts), 30);
    timers_run(&ts, 1000);
    ck_assert(a.ran == 1 && a.ran_at == 1000 && b.ran == 1);
    ck_assert_int_eq(timers_next(&ts), TIMER_NEVER);
}
END_TEST

START_TEST(setting_again_moves)
{
    struct timers ts = { 0 };
    struct job a = job(&ts), b = job(&ts);
    timer_set(&ts, &a.t, 10);
    timer_set(&ts, &b.t, 20);
    timer_set(&ts, &a.t, 30);
    ck_assert_int_eq(timers_next(&ts), 20);
    timer_set(&ts, &a.t, 5);
    ck_assert_int_eq(timers_next(&ts), 5);
    timers_run(&ts, 20);
    ck_assert(a.ran == 1 && b.ran == 1);
}
END_TEST

START_TEST(stop_is_final_and_repeatable)
{
    struct timers ts = { 0 };
    struct job a = job(&ts), b = job(&ts);
    timer_stop(&ts, &a.t);
    timer_set(&ts, &a.t, 10);
    timer_set(&ts, &b.t, 10);
    timer_stop(&ts, &a.t);
    timer_stop(&ts, &a.t);
    ck_assert(!a.t.armed && b.t.armed);
    timers_run(&ts, 10);
    ck_assert(a.ran == 0 && b.ran == 1);
}
END_TEST

START_TEST(rearming_waits_for_the_next_run)
{
    struct timers ts = { 0 };
    struct job a = job(&ts);
    a.again = -100;             /* always in the past */
    timer_set(&ts, &a.t, 10);
    for (int64_t now = 10; now < 20; now++) {
        timers_run(&ts, now);
        ck_assert_int_eq(a.ran, now - 9);
        ck_assert_int_eq(timers_next(&ts), now + 1);
    }
    timer_stop(&ts, &a.t);
}
END_TEST

START_TEST(a_callback_may_stop_another)
{
    struct timers ts = { 0 };
    struct job a = job(&ts), b = job(&ts);
    a.other = &b;
    timer_set(&ts, &a.t, 10);
    timer_set(&ts, &b.t, 11);
    timers_run(&ts, 100);
    ck_assert(a.ran == 1 && b.ran == 0);
    ck_assert_int_eq(timers_next(&ts), TIMER_NEVER);
}
END_TEST

static int64_t earliest(const struct job *jobs)
{
    int64_t at = TIMER_NEVER;
    for (int i = 0; i < MANY; i++)
        if (jobs[i].t.armed)
            at = MIN(at, jobs[i].t.at);
    return at;
}

/* Random sets, moves and stops; on_job() checks the order. */
START_TEST(many_timers_in_any_order)
{
    static struct job jobs[MANY];
    struct timers ts = { 0 };
    uint32_t x = 77;
    for (int i = 0; i < MANY; i++)
        jobs[i] = job(&ts);
    for (int64_t now = 0; now < 300; now++) {
        for (int k = 0; k < 60; k++) {
            x = x * 1664525u + 1013904223u;
            struct job *j = &jobs[(x >> 8) % MANY];
            if ((x >> 28) < 3)
                timer_stop(&ts, &j->t);
            else
                timer_set(&ts, &j->t, now + (x >> 20) % 50);
        }
        ck_assert_int_eq(timers_next(&ts), earliest(jobs));
        last_due = INT64_MIN;
        timers_run(&ts, now);
        ck_assert_int_gt(timers_next(&ts), now);
    }
    last_due = INT64_MIN;
    timers_run(&ts, 1000);
    int ran = 0;
    for (int i = 0; i < MANY; i++) {
        ck_assert(!jobs[i].t.armed);
        ran += jobs[i].ran;
    }
    ck_assert_int_gt(ran, MANY);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, earliest_first_and_only_when_due);
    tcase_add_test(tc, setting_again_moves);
    tcase_add_test(tc, stop_is_final_and_repeatable);
    tcase_add_test(tc, rearming_waits_for_the_next_run);
    tcase_add_test(tc, a_callback_may_stop_another);
    tcase_add_test(tc, many_timers_in_any_order);
}

int main(void)
{
    return run_tcase("base/timer", add);
}
