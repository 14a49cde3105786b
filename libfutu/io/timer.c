/* timer.c - futu_timer: a timer of the loop as an object of its own.
 *
 * A repeating timer keeps its beat: the next time is counted from the last due time, and what a
 * busy loop has missed is left out rather than made up for.
 */
#include "base/mem.h"
#include "io/loop.h"

struct futu_timer {
    struct timer timer;
    futu_loop *loop;
    int64_t every;
    futu_task_fn *fn;
    void *arg;
};

static void on_due(struct timer *t, int64_t now)
{
    futu_timer *ft = container_of(t, futu_timer, timer);
    if (ft->every) {
        int64_t next = t->at + ft->every;
        timer_set(loop_timers(ft->loop), t, next > now ? next : now + ft->every);
    }
    ft->fn(ft->arg);        /* it may free ft */
}

static int64_t from_ms(uint64_t ms)
{
    return (int64_t)MIN(ms, (uint64_t)(INT64_MAX / 4 / NS_PER_MS)) * NS_PER_MS;
}

futu_err futu_timer_new(futu_loop *l, futu_timer **out, uint64_t after_ms, uint64_t every_ms,
                        futu_task_fn *fn, void *arg)
{
    futu_timer *ft = *out = mem_zalloc(sizeof(*ft));
    if (!ft)
        return FUTU_ENOMEM;
    ft->loop = l;
    ft->every = from_ms(every_ms);
    ft->fn = fn;
    ft->arg = arg;
    ft->timer.fn = on_due;
    timer_set(loop_timers(l), &ft->timer, loop_now(l) + from_ms(after_ms));
    return FUTU_OK;
}

void futu_timer_free(futu_timer *ft)
{
    if (!ft)
        return;
    timer_stop(loop_timers(ft->loop), &ft->timer);
    mem_free(ft);
}
