/* append.c - see append.h.
 *
 * Tests:   test/unit/io/store_test.c, test/unit/io/trail_test.c
 */
#include "io/append.h"

#include <errno.h>
#include <sys/uio.h>

#include "base/mem.h"

#define VECTORS 64

static struct append_rec *rec_of(const struct list *l)
{
    return list_entry((struct list *)l, struct append_rec, node);
}

bool append_write(int fd, const struct list *it, const struct list *end, int64_t *at)
{
    size_t skip = 0;            /* what is written of the first one */
    while (it != end) {
        struct iovec v[VECTORS];
        int n = 0;
        for (const struct list *l = it; l != end && n < VECTORS; l = l->next, skip = 0)
            v[n++] = (struct iovec){ rec_of(l)->p + skip, rec_of(l)->n - skip };
        skip = rec_of(it)->n - v[0].iov_len;
        ssize_t put = pwritev(fd, v, n, *at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        *at += put;
        for (skip += (size_t)put; it != end && skip >= rec_of(it)->n; it = it->next)
            skip -= rec_of(it)->n;
    }
    return true;
}

void append_init(struct append *a)
{
    list_init(&a->next);
    list_init(&a->now);
    a->work.data = a;
}

static void drop(struct append *a, struct append_rec *r)
{
    list_remove(&r->node);
    a->bytes -= r->n;
    mem_free(r);
}

/* Once for each; a callback may close all this: then the rest is told nothing. */
static void tell(const struct append *a, struct append_rec *r, futu_err err)
{
    void (*done)(void *arg, futu_err e) = r->done;
    r->done = NULL;
    if (done && !a->closing)
        done(r->arg, err);
}

static void tell_all(struct append *a, struct list *recs, size_t written, futu_err err)
{
    struct list *it, *tmp;
    list_each(it, tmp, recs) {
        struct append_rec *r = rec_of(it);
        bool ok = written > 0;
        written -= ok;
        tell(a, r, ok ? FUTU_OK : err);
        if (ok || !a->keep)
            drop(a, r);
    }
}

/* In front of those that came meanwhile. */
static void put_back(struct append *a, struct list *kept)
{
    struct list later;
    if (list_empty(kept))
        return;
    list_take(&later, &a->next);
    list_take(&a->next, kept);
    while (!list_empty(&later)) {
        struct list *l = later.next;
        list_remove(l);
        list_push(&a->next, l);
    }
}

/* a->bytes goes on telling the owner what was lost. */
static void finish(struct append *a)
{
    size_t lost = a->bytes;
    while (!list_empty(&a->next))
        drop(a, rec_of(a->next.next));
    a->bytes = lost;
    a->ops->gone(a->arg);
}

static void on_thread(uv_work_t *w)
{
    struct append *a = w->data;
    a->written = 0;
    a->result = a->ops->write(a->arg, &a->now, &a->written);
}

static void on_written(uv_work_t *work, int status);

static void start(struct append *a)
{
    list_take(&a->now, &a->next);
    a->fresh = 0;
    a->busy = true;
    if (uv_queue_work(futu_loop_uv(a->loop), &a->work, on_thread, on_written)) {
        a->broken = true;       /* only with wrong arguments */
        a->busy = false;
        put_back(a, &a->now);
    }
}

/* After a success the next write begins before anyone is told; a callback that adds begins it when
 * there is none. After a failure all are told first, since those that are kept go in front. */
static void on_written(uv_work_t *work, int status)
{
    struct append *a = work->data;
    struct list recs;
    futu_err err = status ? FUTU_EIO : a->result;
    size_t written = status ? 0 : a->written;
    a->busy = false;
    a->broken = err == FUTU_FATAL;
    err = a->broken ? FUTU_EIO : err;
    list_take(&recs, &a->now);
    a->ops->wrote(a->arg, err);
    a->telling = true;
    if (!err && a->fresh > 0)
        start(a);
    tell_all(a, &recs, written, err);
    put_back(a, &recs);
    if (a->broken)
        tell_all(a, &a->next, 0, FUTU_EIO);
    a->telling = false;
    if (a->fresh > 0 && !a->busy && !a->broken)
        start(a);
    if (a->closing && !a->busy)
        finish(a);
}

futu_err append_add(struct append *a, const void *p, size_t n, int64_t at_ns,
                    void (*done)(void *arg, futu_err err), void *arg)
{
    if (a->broken)
        return FUTU_EIO;
    if (a->max && n > a->max - MIN(a->bytes, a->max))
        return FUTU_ELIMIT;
    struct append_rec *r = mem_alloc(sizeof(*r) + n);
    if (!r)
        return FUTU_ENOMEM;
    *r = (struct append_rec){ .done = done, .arg = arg, .at_ns = at_ns, .n = n };
    memcpy(r->p, p, n);
    list_push(&a->next, &r->node);
    a->bytes += n;
    a->fresh++;
    if (!a->busy && !a->telling)
        start(a);
    return a->broken ? FUTU_EIO : FUTU_OK;
}

void append_close(struct append *a)
{
    a->closing = true;
    if (!a->busy && !a->telling && !list_empty(&a->next) && !a->broken)
        start(a);               /* kept ones get a last chance */
    if (!a->busy && !a->telling)
        finish(a);              /* else on_written() does */
}
