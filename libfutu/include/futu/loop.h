/* futu/loop.h - the loop that runs gateways and clients.
 *
 * Threads: a loop and all that was created on it belong to the thread that runs it; only calls
 * marked [any thread] may come from elsewhere. Loops share no state.
 */
#ifndef FUTU_LOOP_H
#define FUTU_LOOP_H

#include "futu/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct futu_loop futu_loop;

/* *out is the caller's to free; NULL on error: FUTU_ENOMEM, FUTU_EIO (no descriptors left). */
FUTU_API futu_err futu_loop_new(futu_loop **out);

/* Free what was created on the loop first. NULL is fine. */
FUTU_API void futu_loop_free(futu_loop *l);

/* Runs until futu_loop_stop(), or until nothing is left that could ever happen. */
FUTU_API void futu_loop_run(futu_loop *l);

/* Runs what is ready and waits for more at most timeout_ms (0: not at all); returns after the first
 * batch of events. For programs with a loop of their own. */
FUTU_API void futu_loop_poll(futu_loop *l, uint32_t timeout_ms);

/* [any thread] [signal handler] Makes futu_loop_run() return soon; remembered if it is not
 * running. */
FUTU_API void futu_loop_stop(futu_loop *l);

/* [any thread] Runs fn(arg) once on the loop's thread, in order of posting. FUTU_ENOMEM. */
typedef void futu_task_fn(void *arg);
FUTU_API futu_err futu_loop_post(futu_loop *l, futu_task_fn *fn, void *arg);

/* Calls fn(arg) after `after_ms`, then every `every_ms`; every_ms 0: once. *out is freed with
 * futu_timer_free(), also from inside fn. FUTU_ENOMEM. */
typedef struct futu_timer futu_timer;
FUTU_API futu_err futu_timer_new(futu_loop *l, futu_timer **out, uint64_t after_ms,
                                 uint64_t every_ms, futu_task_fn *fn, void *arg);
FUTU_API void futu_timer_free(futu_timer *t);   /* NULL is fine */

/* The libuv loop inside, for programs that add handles of their own. Run it with futu_loop_run()
 * or futu_loop_poll(), not with uv_run(). Close your handles before futu_loop_free(), which closes
 * what is left without telling. */
struct uv_loop_s;
FUTU_API struct uv_loop_s *futu_loop_uv(futu_loop *l);

#ifdef __cplusplus
}
#endif

#endif
