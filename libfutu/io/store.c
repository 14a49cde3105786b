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

#include "base/disk.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/append.h"

struct store {
    struct append append;
    int fd, dir;
    char *name;
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

static futu_err open_files(struct store *s, const char *dir, char *why, size_t size)
{
    struct stat st;
    s->dir = disk_open_dir(dir, why, size);
    if (s->dir < 0)
        return FUTU_EIO;
    s->fd = openat(s->dir, s->name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->fd < 0 || fstat(s->fd, &st))
        return complain(why, size, FUTU_EIO, "opening", s->name);
    if (disk_lock(s->dir, s->name, s->fd))
        return complain(why, size, FUTU_EBUSY, "locking", s->name);
    if (st.st_size > (off_t)STORE_MAX) {
        snprintf(why, size, "state: %s is larger than %u MiB; move it away", s->name,
                 STORE_MAX >> 20);
        return FUTU_ELIMIT;
    }
    s->at = st.st_size;
    return FUTU_OK;
}

static void release(void *arg)
{
    struct store *s = arg;
    if (s->fd >= 0)
        close(s->fd);
    if (s->dir >= 0)
        close(s->dir);
    mem_free(s->name);
    mem_free(s);
}

/* The lock goes with the file: the new one is locked before it takes the name. From then on it is
 * the file, even if the folder can't be synced. */
static futu_err replace(struct store *s, const void *p, size_t n)
{
    char temp[256];
    if (snprintf(temp, sizeof(temp), "%s.new", s->name) >= (int)sizeof(temp))
        return FUTU_EINVAL;
    int fd = openat(s->dir, temp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return FUTU_EIO;
    if (flock(fd, LOCK_EX | LOCK_NB) || !disk_write(fd, p, n, 0) || fsync(fd) ||
        renameat(s->dir, temp, s->dir, s->name)) {
        close(fd);
        unlinkat(s->dir, temp, 0);
        return FUTU_EIO;
    }
    close(s->fd);
    s->fd = fd;
    s->at = (int64_t)n;
    return fsync(s->dir) ? FUTU_EIO : FUTU_OK;
}

/* at_ns of a record that stands for all before it. */
#define WHOLE 1

static const struct append_rec *rec_of(const struct list *l)
{
    return list_entry((struct list *)l, struct append_rec, node);
}

static const struct list *next_whole(const struct list *it, const struct list *end)
{
    while (it != end && rec_of(it)->at_ns != WHOLE)
        it = it->next;
    return it;
}

/* Begins the file anew with the last such record; `from` is then what is still to be written. When
 * it can't be, the file goes on with the single records, which say the same. */
static futu_err begin_anew(struct store *s, const struct list *recs, const struct list **from)
{
    const struct list *last = recs, *it = next_whole(recs->next, recs);
    for (; it != recs; it = next_whole(it->next, recs))
        last = it;
    if (last == recs)
        return FUTU_OK;
    int was = s->fd;
    futu_err err = replace(s, rec_of(last)->p, rec_of(last)->n);
    if (s->fd == was)
        return FUTU_OK;
    *from = last->next;
    return err;
}

static bool write_from(const struct store *s, const struct list *it, const struct list *end,
                       int64_t *at)
{
    while (it != end) {
        const struct list *whole = next_whole(it, end);
        if (!append_write(s->fd, it, whole, at))
            return false;
        it = whole == end ? end : whole->next;
    }
    return true;
}

/* What is there of records that failed goes, so that there can be next ones: the disk was full. */
static futu_err write_recs(void *arg, const struct list *recs, size_t *n)
{
    struct store *s = arg;
    const struct list *from = recs->next;
    if (begin_anew(s, recs, &from))
        return FUTU_EIO;
    int64_t at = s->at;
    if (!write_from(s, from, recs, &at) || fdatasync(s->fd))
        return ftruncate(s->fd, s->at) ? FUTU_FATAL : FUTU_EIO;
    s->at = at;
    *n = SIZE_MAX;
    return FUTU_OK;
}

static void on_wrote(void *arg, futu_err err)
{
    const struct store *s = arg;
    if (err)
        log_error("state: %s can't be written; is the disk full?", s->name);
}

static const struct append_ops ops = { write_recs, on_wrote, release };

futu_err store_open(struct store **out, futu_loop *l, const char *dir, const char *name, char *why,
                    size_t size)
{
    struct store *s = *out = mem_zalloc(sizeof(*s));
    if (!s)
        return FUTU_ENOMEM;
    s->append = (struct append){ .ops = &ops, .arg = s, .loop = l };
    append_init(&s->append);
    s->fd = s->dir = -1;
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
    if (err)
        return err;
    if (!disk_read(s->fd, out->p + out->n, (size_t)s->at, 0))
        return FUTU_EIO;
    out->n += (size_t)s->at;
    return FUTU_OK;
}

futu_err store_replace(struct store *s, const void *p, size_t n)
{
    return replace(s, p, n);
}

futu_err store_append(struct store *s, const void *p, size_t n,
                      void (*done)(void *arg, futu_err err), void *arg)
{
    return append_add(&s->append, p, n, 0, done, arg);
}

futu_err store_rewrite(struct store *s, const void *p, size_t n)
{
    return append_add(&s->append, p, n, WHOLE, NULL, NULL);
}

void store_close(struct store *s)
{
    if (s)
        append_close(&s->append);
}
