/* loop.c - see loop.h and futu/loop.h. Only this folder knows libuv.
 *
 * Sleep:   a uv_prepare handle ends each turn: it runs the hooks, then sets the uv_timer to the
 *          earliest of the timers. libuv counts in ms, the timers in ns: rounded up.
 * Life:    prepare and async are unreferenced, so that a loop with nothing to wait for ends.
 * Errors:  FUTU_ENOMEM; FUTU_EIO when libuv can't make its descriptors.
 */
#include "io/loop.h"

#include <signal.h>

#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

#include "base/log.h"
#include "base/mem.h"

struct task {
    struct task *next;
    futu_task_fn *fn;
    void *arg;
};

struct futu_loop {
    uv_loop_t uv;
    uv_prepare_t prepare;
    uv_idle_t idle;
    uv_async_t async;
    uv_timer_t timer, limit;
    int64_t timer_at;           /* what `timer` is set to; TIMER_NEVER: not set */
    struct timers timers;
    struct list hooks;
    atomic_bool stop;
    bool running, in_hooks;
    pthread_mutex_t lock;       /* guards first and last */
    struct task *first, *last;
    uint8_t read_buffer[LOOP_READ_SIZE];
};

struct timers *loop_timers(futu_loop *l)
{
    return &l->timers;
}

const struct clock *loop_clock(futu_loop *l)
{
    (void)l;
    return &clock_system;
}

int64_t loop_now(futu_loop *l)
{
    return clock_mono(loop_clock(l));
}

bool loop_running(const futu_loop *l)
{
    return l->running;
}

uint8_t *loop_read_buffer(futu_loop *l)
{
    return l->read_buffer;
}

uv_loop_t *futu_loop_uv(futu_loop *l)
{
    return &l->uv;
}

void loop_hook_add(futu_loop *l, struct loop_hook *h, void (*fn)(struct loop_hook *h))
{
    h->fn = fn;
    list_push(&l->hooks, &h->node);
}

void loop_hook_remove(struct loop_hook *h)
{
    if (h->node.next)
        list_remove(&h->node);
}

static void on_idle(uv_idle_t *h)
{
    (void)h;
}

void loop_again(futu_loop *l)
{
    uv_idle_start(&l->idle, on_idle);
}

void loop_output(futu_loop *l)
{
    if (l->in_hooks)
        loop_again(l);
}

void loop_wake(futu_loop *l)
{
    uv_async_send(&l->async);
}

static void on_timer(uv_timer_t *h)
{
    futu_loop *l = h->data;
    l->timer_at = TIMER_NEVER;
    timers_run(&l->timers, loop_now(l));
}

static void set_timer(futu_loop *l)
{
    int64_t at = timers_next(&l->timers);
    if (at == l->timer_at)
        return;
    l->timer_at = at;
    if (at == TIMER_NEVER) {
        uv_timer_stop(&l->timer);
        return;
    }
    uv_update_time(&l->uv);
    int64_t ms = (at + NS_PER_MS - 1) / NS_PER_MS - (int64_t)uv_now(&l->uv);
    uv_timer_start(&l->timer, on_timer, (uint64_t)MAX(ms, 0), 0);
}

/* The list of the walk is cut off first: what a hook adds runs in the next turn, what it removes is
 * unlinked from whichever list holds it. */
static void run_hooks(futu_loop *l)
{
    struct list todo;
    list_init(&todo);
    if (!list_empty(&l->hooks)) {
        todo = l->hooks;
        todo.next->prev = todo.prev->next = &todo;
        list_init(&l->hooks);
    }
    l->in_hooks = true;
    while (!list_empty(&todo)) {
        struct loop_hook *h = list_entry(todo.next, struct loop_hook, node);
        list_remove(&h->node);
        list_push(&l->hooks, &h->node);
        h->fn(h);
    }
    l->in_hooks = false;
}

/* libuv's timers count in milliseconds: what is due already must not wait for the next one. */
static void end_turn(futu_loop *l)
{
    uv_idle_stop(&l->idle);
    if (timers_next(&l->timers) != TIMER_NEVER && timers_next(&l->timers) <= loop_now(l)) {
        timers_run(&l->timers, loop_now(l));
        loop_again(l);          /* who waits for what a timer did must not sleep first */
    }
    run_hooks(l);
    set_timer(l);
}

static void on_prepare(uv_prepare_t *h)
{
    end_turn(h->data);
}

static struct task *take_tasks(futu_loop *l)
{
    pthread_mutex_lock(&l->lock);
    struct task *t = l->first;
    l->first = l->last = NULL;
    pthread_mutex_unlock(&l->lock);
    return t;
}

static void run_tasks(futu_loop *l)
{
    struct task *t = take_tasks(l);
    while (t) {
        struct task *next = t->next;
        t->fn(t->arg);
        mem_free(t);
        t = next;
    }
}

static void on_async(uv_async_t *h)
{
    run_tasks(h->data);
}

static futu_err init_handles(futu_loop *l)
{
    int rc = uv_async_init(&l->uv, &l->async, on_async);
    if (rc)
        return rc == UV_ENOMEM ? FUTU_ENOMEM : FUTU_EIO;
    uv_prepare_init(&l->uv, &l->prepare);
    uv_idle_init(&l->uv, &l->idle);
    uv_timer_init(&l->uv, &l->timer);
    uv_timer_init(&l->uv, &l->limit);
    l->async.data = l->prepare.data = l->timer.data = l->limit.data = l;
    uv_prepare_start(&l->prepare, on_prepare);
    uv_unref((uv_handle_t *)&l->async);
    uv_unref((uv_handle_t *)&l->prepare);
    return FUTU_OK;
}

futu_err futu_loop_new(futu_loop **out)
{
    *out = NULL;
    futu_loop *l = mem_zalloc(sizeof(*l));
    if (!l)
        return FUTU_ENOMEM;
    int rc = uv_loop_init(&l->uv);
    if (rc) {
        mem_free(l);
        return rc == UV_ENOMEM ? FUTU_ENOMEM : FUTU_EIO;
    }
    list_init(&l->hooks);
    l->timer_at = TIMER_NEVER;
    futu_err err = init_handles(l);
    if (err) {
        uv_loop_close(&l->uv);
        mem_free(l);
        return err;
    }
    pthread_mutex_init(&l->lock, NULL);
    *out = l;
    return FUTU_OK;
}

static void close_handle(uv_handle_t *h, void *arg)
{
    (void)arg;
    if (!uv_is_closing(h))
        uv_close(h, NULL);
}

/* Handles that the program added and forgot are closed too, or the wait below might never end. */
void futu_loop_free(futu_loop *l)
{
    if (!l)
        return;
    do {
        uv_walk(&l->uv, close_handle, NULL);
    } while (uv_run(&l->uv, UV_RUN_ONCE));
    if (uv_loop_close(&l->uv))
        log_error("loop: handles are still open");
    for (struct task *t = take_tasks(l), *next; t; t = next) {
        next = t->next;
        mem_free(t);
    }
    pthread_mutex_destroy(&l->lock);
    mem_free(l);
}

/* One turn; false when nothing is left to wait for. libuv does not even look when none of its
 * handles is active, so the timers and hooks get their chance to make one so. */
static bool turn(futu_loop *l, uv_run_mode mode)
{
    l->running = true;
    run_tasks(l);
    if (!uv_loop_alive(&l->uv))
        end_turn(l);
    bool alive = uv_run(&l->uv, mode) != 0;
    l->running = false;
    return alive || timers_next(&l->timers) != TIMER_NEVER;
}

/* A peer that resets its connection while we write raises SIGPIPE, which would end a program that
 * knows nothing of it. It is blocked while the loop runs, and taken back when it came. */
struct pipe_guard {
    sigset_t old;
    bool was_pending;
};

static void pipe_only(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGPIPE);
}

static void guard(struct pipe_guard *g)
{
    sigset_t set;
    sigpending(&set);
    g->was_pending = sigismember(&set, SIGPIPE) == 1;
    pipe_only(&set);
    pthread_sigmask(SIG_BLOCK, &set, &g->old);
}

static void unguard(const struct pipe_guard *g)
{
    const struct timespec now = { 0, 0 };
    sigset_t set;
    pipe_only(&set);
    while (!g->was_pending && sigtimedwait(&set, NULL, &now) > 0)
        ;
    pthread_sigmask(SIG_SETMASK, &g->old, NULL);
}

void futu_loop_run(futu_loop *l)
{
    struct pipe_guard g;
    if (l->running)
        return;
    guard(&g);
    while (!atomic_exchange(&l->stop, false))
        if (!turn(l, UV_RUN_ONCE) && !atomic_load(&l->stop))
            break;
    unguard(&g);
}

futu_err loop_run_until(futu_loop *l, const bool *done)
{
    struct pipe_guard g;
    futu_err err = FUTU_OK;
    if (l->running)
        return FUTU_EBUSY;
    guard(&g);
    while (!*done && !err)
        if (!turn(l, UV_RUN_ONCE) && !*done)
            err = FUTU_ECANCELED;
    unguard(&g);
    return err;
}

static void on_limit(uv_timer_t *h)
{
    (void)h;
}

void futu_loop_poll(futu_loop *l, uint32_t timeout_ms)
{
    struct pipe_guard g;
    if (l->running)
        return;
    guard(&g);
    uv_update_time(&l->uv);
    if (timeout_ms)
        uv_timer_start(&l->limit, on_limit, timeout_ms, 0);
    turn(l, timeout_ms ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    uv_timer_stop(&l->limit);
    l->running = true;
    end_turn(l);            /* what the events caused goes out before the program goes on */
    l->running = false;
    unguard(&g);
}

void futu_loop_stop(futu_loop *l)
{
    atomic_store(&l->stop, true);
    loop_wake(l);
}

futu_err futu_loop_post(futu_loop *l, futu_task_fn *fn, void *arg)
{
    struct task *t = mem_alloc(sizeof(*t));
    if (!t)
        return FUTU_ENOMEM;
    *t = (struct task){ NULL, fn, arg };
    pthread_mutex_lock(&l->lock);
    if (l->last)
        l->last->next = t;
    else
        l->first = t;
    l->last = t;
    pthread_mutex_unlock(&l->lock);
    loop_wake(l);
    return FUTU_OK;
}
