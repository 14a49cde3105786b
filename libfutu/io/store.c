/* store.c - see store.h.
 *
 * Tests:   test/unit/io/store_test.c
 */
#include "io/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"

struct waiter {
    struct list node;
    void (*done)(void *arg, futu_err err);
    void *arg;
};

struct store {
    futu_loop *loop;
    int fd, dir;
    char *name;
    struct buf next;            /* for the next write */
    struct list next_waiters;
    struct buf now;             /* being written */
    struct list now_waiters;
    uv_work_t work;
    bool busy, closing, failed;
    bool telling;               /* on_written() is not through with it */
    futu_err result;
    int64_t at;                 /* length of the file */
};

static futu_err complain(char *why, size_t size, futu_err err, const char *what, const char *path)
{
    char text[96];
    snprintf(why, size, "state: %s %s: %s", what, path,
             err == FUTU_EBUSY ? "another futu-opend uses it; give each its own --state-dir"
             : strerror_r(errno, text, sizeof(text)));
    return err;
}

/* Each folder of the path that is missing. */
static bool make_dirs(const char *path)
{
    char part[1024];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof(part)) {
        errno = ENAMETOOLONG;
        return false;
    }
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0700) && errno != EEXIST)
            return false;
    }
    return true;
}

static futu_err open_files(struct store *s, const char *dir, char *why, size_t size)
{
    struct stat st, now;
    if (!make_dirs(dir))
        return complain(why, size, FUTU_EIO, "making", dir);
    s->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->dir < 0)
        return complain(why, size, FUTU_EIO, "opening", dir);
    s->fd = openat(s->dir, s->name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->fd < 0 || fstat(s->fd, &st))
        return complain(why, size, FUTU_EIO, "opening", s->name);
    if (flock(s->fd, LOCK_EX | LOCK_NB))
        return complain(why, size, FUTU_EBUSY, "locking", s->name);
    /* Whoever held it may have put another file in its place meanwhile, and hold that. */
    if (fstatat(s->dir, s->name, &now, 0) || now.st_ino != st.st_ino)
        return complain(why, size, FUTU_EBUSY, "locking", s->name);
    if (st.st_size > (off_t)STORE_MAX) {
        snprintf(why, size, "state: %s is larger than %u MiB; move it away", s->name,
                 STORE_MAX >> 20);
        return FUTU_ELIMIT;
    }
    s->at = st.st_size;
    return FUTU_OK;
}

static void release(struct store *s)
{
    if (s->fd >= 0)
        close(s->fd);
    if (s->dir >= 0)
        close(s->dir);
    buf_free(&s->next);
    buf_free(&s->now);
    mem_free(s->name);
    mem_free(s);
}

futu_err store_open(struct store **out, futu_loop *l, const char *dir, const char *name, char *why,
                    size_t size)
{
    struct store *s = *out = mem_zalloc(sizeof(*s));
    if (!s)
        return FUTU_ENOMEM;
    s->loop = l;
    s->fd = s->dir = -1;
    list_init(&s->next_waiters);
    list_init(&s->now_waiters);
    s->name = mem_strdup(name);
    futu_err err = s->name ? open_files(s, dir, why, size) : FUTU_ENOMEM;
    if (err) {
        release(s);
        *out = NULL;
    }
    return err;
}

futu_err store_read(struct store *s, struct buf *out)
{
    futu_err err = buf_reserve(out, (size_t)s->at);
    for (int64_t at = 0; at < s->at && !err;) {
        ssize_t n = pread(s->fd, out->p + out->n, (size_t)(s->at - at), at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return FUTU_EIO;
        out->n += (size_t)n;
        at += n;
    }
    return err;
}

static bool write_all(int fd, const uint8_t *p, size_t n, int64_t at)
{
    while (n > 0) {
        ssize_t done = pwrite(fd, p, n, at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
        at += done;
    }
    return true;
}

/* The lock goes with the file: the new one is locked before it takes the name. */
futu_err store_replace(struct store *s, const void *p, size_t n)
{
    char temp[256];
    if (snprintf(temp, sizeof(temp), "%s.new", s->name) >= (int)sizeof(temp))
        return FUTU_EINVAL;
    int fd = openat(s->dir, temp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return FUTU_EIO;
    if (flock(fd, LOCK_EX | LOCK_NB) || !write_all(fd, p, n, 0) || fsync(fd) ||
        renameat(s->dir, temp, s->dir, s->name) || fsync(s->dir)) {
        close(fd);
        return FUTU_EIO;
    }
    close(s->fd);
    s->fd = fd;
    s->at = (int64_t)n;
    return FUTU_OK;
}

/* ---- appending ---- */

static void on_thread(uv_work_t *w)
{
    struct store *s = w->data;
    bool ok = write_all(s->fd, s->now.p, s->now.n, s->at) && fdatasync(s->fd) == 0;
    s->result = ok ? FUTU_OK : FUTU_EIO;
}

static void start(struct store *s);

/* A callback may close the store: then the rest is told nothing. */
static void tell(const struct store *s, struct list *waiters, futu_err err)
{
    while (!list_empty(waiters)) {
        struct waiter *w = list_entry(waiters->next, struct waiter, node);
        list_remove(&w->node);
        if (!s->closing)
            w->done(w->arg, err);
        mem_free(w);
    }
}

static void on_written(uv_work_t *work, int status)
{
    struct store *s = work->data;
    struct list waiters;
    futu_err err = status ? FUTU_EIO : s->result;
    s->busy = false;
    if (err) {
        /* What is there of a record goes, so that there can be a next one: the disk was full. */
        s->failed = ftruncate(s->fd, s->at) != 0;
        log_error("state: %s can't be written; is the disk full?", s->name);
    } else {
        s->at += (int64_t)s->now.n;
    }
    s->now.n = 0;
    list_take(&waiters, &s->now_waiters);
    /* A callback may append; that begins the next write, unless there is one to begin already. */
    if (!s->failed && s->next.n > 0)
        start(s);
    s->telling = true;
    tell(s, &waiters, err);
    if (s->failed)
        tell(s, &s->next_waiters, FUTU_EIO);
    s->telling = false;
    if (s->closing && !s->busy)
        release(s);
}

static void start(struct store *s)
{
    struct buf spare = s->now;
    s->now = s->next;
    s->next = spare;
    list_take(&s->now_waiters, &s->next_waiters);
    s->busy = true;
    s->work.data = s;
    if (uv_queue_work(futu_loop_uv(s->loop), &s->work, on_thread, on_written)) {
        s->failed = true;       /* only with wrong arguments */
        s->busy = false;
    }
}

futu_err store_append(struct store *s, const void *p, size_t n,
                      void (*done)(void *arg, futu_err err), void *arg)
{
    if (s->failed)
        return FUTU_EIO;
    struct waiter *w = mem_alloc(sizeof(*w));
    if (!w || buf_put(&s->next, p, n)) {
        mem_free(w);
        return FUTU_ENOMEM;
    }
    *w = (struct waiter){ .done = done, .arg = arg };
    list_push(&s->next_waiters, &w->node);
    if (!s->busy)
        start(s);
    return s->failed ? FUTU_EIO : FUTU_OK;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    s->closing = true;
    if (s->busy || s->telling)
        return;                 /* on_written() ends it */
    tell(s, &s->next_waiters, FUTU_ECANCELED);
    release(s);
}
