/* watch.c - see watch.h.
 *
 * An event only says: look. What counts is whether the file differs from the one that was last
 * told of, so that others' work in the same folder costs a stat() and no call.
 */
#include "io/watch.h"

#include <sys/stat.h>
#include <uv.h>

#include "base/log.h"
#include "base/mem.h"

struct look {
    bool there;
    dev_t dev;
    ino_t ino;
    off_t size;
    int64_t mtime, ctime;
};

struct file {
    struct watch *watch;        /* NULL: being closed */
    struct file *next;
    uv_fs_event_t event;        /* of the folder */
    struct look seen, told;
    char path[];
};

struct watch {
    futu_loop *loop;
    struct file *files;
    struct timer timer;
    int64_t first;              /* sign of a change that is not told; 0: none */
    void (*fn)(void *arg);
    void *arg;
};

static int64_t ns_of(struct timespec t)
{
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static struct look look_at(const char *path)
{
    struct stat st;
    if (stat(path, &st))
        return (struct look){ .there = false };
    return (struct look){ true, st.st_dev, st.st_ino, st.st_size, ns_of(st.st_mtim),
                          ns_of(st.st_ctim) };
}

static bool same(const struct look *a, const struct look *b)
{
    return a->there == b->there && a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
           a->mtime == b->mtime && a->ctime == b->ctime;
}

static void on_quiet(struct timer *t, int64_t now)
{
    struct watch *w = container_of(t, struct watch, timer);
    bool changed = false;
    (void)now;
    w->first = 0;
    for (struct file *f = w->files; f; f = f->next) {
        f->seen = look_at(f->path);
        changed = changed || (f->seen.there && !same(&f->seen, &f->told));
        if (f->seen.there)
            f->told = f->seen;
    }
    if (changed)
        w->fn(w->arg);          /* it may free w */
}

static void on_event(uv_fs_event_t *h, const char *name, int events, int status)
{
    struct file *f = container_of(h, struct file, event);
    struct watch *w = f->watch;
    (void)name;
    (void)events;
    if (!w)
        return;
    if (status)
        log_warn("%s: its folder can't be watched any more: %s", f->path, uv_strerror(status));
    struct look now = look_at(f->path);
    if (same(&now, &f->seen))
        return;
    f->seen = now;
    int64_t at = loop_now(w->loop);
    if (!w->first)
        w->first = at;
    timer_set(loop_timers(w->loop), &w->timer, MIN(at + WATCH_QUIET, w->first + WATCH_LATEST));
}

futu_err watch_new(struct watch **out, futu_loop *l, void (*fn)(void *arg), void *arg)
{
    struct watch *w = *out = mem_zalloc(sizeof(*w));
    if (!w)
        return FUTU_ENOMEM;
    w->loop = l;
    w->fn = fn;
    w->arg = arg;
    w->timer.fn = on_quiet;
    return FUTU_OK;
}

static void on_closed(uv_handle_t *h)
{
    mem_free(container_of((uv_fs_event_t *)h, struct file, event));
}

static void file_close(struct file *f)
{
    f->watch = NULL;
    uv_close((uv_handle_t *)&f->event, on_closed);
}

/* The path is cut to its folder for the call. */
static int start(struct file *f)
{
    char *slash = strrchr(f->path, '/');
    if (!slash)
        return uv_fs_event_start(&f->event, on_event, ".", 0);
    char after = slash[1];
    slash[1] = '\0';
    int rc = uv_fs_event_start(&f->event, on_event, f->path, 0);
    slash[1] = after;
    return rc;
}

futu_err watch_add(struct watch *w, const char *path)
{
    size_t n = strlen(path) + 1;
    struct file *f = mem_zalloc(sizeof(*f) + n);
    if (!f)
        return FUTU_ENOMEM;
    memcpy(f->path, path, n);
    if (uv_fs_event_init(futu_loop_uv(w->loop), &f->event)) {
        mem_free(f);
        return FUTU_EIO;
    }
    int rc = start(f);
    if (rc) {
        file_close(f);
        return rc == UV_ENOMEM ? FUTU_ENOMEM : FUTU_EIO;
    }
    uv_unref((uv_handle_t *)&f->event);
    f->watch = w;
    f->told = f->seen = look_at(path);
    f->next = w->files;
    w->files = f;
    return FUTU_OK;
}

void watch_free(struct watch *w)
{
    if (!w)
        return;
    timer_stop(loop_timers(w->loop), &w->timer);
    for (struct file *f = w->files, *next; f; f = next) {
        next = f->next;
        file_close(f);
    }
    mem_free(w);
}
