/* loop.h - the inside of futu_loop: what other folders of the library hang on it.
 *
 * A turn is one round of the loop: events are handled, then, before the loop sleeps, every hook
 * runs once. Output is gathered by the callbacks and written by hooks, so that one turn costs one
 * write.
 *
 * Owns:    the uv_loop, one uv_timer that stands for all timers, the queue of posted tasks.
 * Threads: the loop's thread; loop_wake(), futu_loop_stop() and futu_loop_post() any.
 */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include "base/clock.h"
#include "base/list.h"
#include "base/timer.h"
#include "futu/loop.h"

#define LOOP_READ_SIZE (64u << 10)

/* Embedded by its owner. A hook may add and remove hooks, itself too. */
struct loop_hook {
    struct list node;
    void (*fn)(struct loop_hook *h);
};

/* Hooks run in the order in which they were added. */
void loop_hook_add(futu_loop *l, struct loop_hook *h, void (*fn)(struct loop_hook *h));
void loop_hook_remove(struct loop_hook *h);     /* a zeroed one is fine */

/* The next turn follows without sleeping; for a hook whose work became another hook's work. */
void loop_again(futu_loop *l);

/* Output was queued that a hook writes: if hooks are running, and that one perhaps has run
 * already, the next turn follows without sleeping. */
void loop_output(futu_loop *l);

/* [any thread] [signal handler] Ends the loop's sleep. */
void loop_wake(futu_loop *l);

struct timers *loop_timers(futu_loop *l);
const struct clock *loop_clock(futu_loop *l);
int64_t loop_now(futu_loop *l);                 /* monotonic ns */

/* True while the loop runs: a wait from inside a callback would never end. */
bool loop_running(const futu_loop *l);

/* Runs turns until *done, or until nothing is left that could change it. FUTU_EBUSY from inside a
 * callback; FUTU_ECANCELED when the loop ran dry. A futu_loop_stop() meanwhile is remembered. */
futu_err loop_run_until(futu_loop *l, const bool *done);

/* LOOP_READ_SIZE bytes shared by all readers of the loop: valid within one callback. */
uint8_t *loop_read_buffer(futu_loop *l);

#endif
