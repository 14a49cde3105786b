/* trail.c - see trail.h.
 *
 * Tests:   test/unit/io/trail_test.c, trail_crash_test.c
 */
#include "io/trail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"
#include "base/log.h"
#include "base/mem.h"
#include "io/append.h"
#include "io/trail_file.h"

#define DAY_NS (INT64_C(86400) * NS_PER_S)
#define NAME_SIZE 256
#define DAY_SIZE sizeof("2026-11-24")
#define PREFIX_N (sizeof(TRAIL_DAILY) - 1)

/* While a write is under way its thread has all but `append` and `path`. */
struct trail {
    struct append append;
    char *path;                 /* as given, for messages */
    futu_str head;
    int dir, fd;                /* fd -1: none is open */
    bool daily;
    char name[NAME_SIZE];       /* of the file in use */
    int64_t cut;                /* bytes of an unfinished line that were removed; not told yet */
    char trouble[160];          /* why the last write failed */
    bool failing;               /* and that it was told */
};

/* ---- names ---- */

static bool is_folder(const char *path)
{
    struct stat st;
    const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
    const char *dot = strrchr(last, '.');
    return *last == '\0' || !dot || dot == last || strcmp(last, "..") == 0 ||
           (stat(path, &st) == 0 && S_ISDIR(st.st_mode));
}

static void daily_name(int64_t day, char out[NAME_SIZE])
{
    char when[RFC3339_SIZE];
    rfc3339_ms(day * DAY_NS, when);
    snprintf(out, NAME_SIZE, TRAIL_DAILY "%.*s", (int)DAY_SIZE - 1, when);
}

bool trail_is_daily(const char *name)
{
    const char *form = "0000-00-00", *day = name + PREFIX_N;
    if (strncmp(name, TRAIL_DAILY, PREFIX_N) != 0 || strlen(day) != DAY_SIZE - 1)
        return false;
    for (size_t i = 0; form[i]; i++)
        if (form[i] == '0' ? day[i] < '0' || day[i] > '9' : day[i] != form[i])
            return false;
    return true;
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* The newest file older than `below` (empty: of all); out is empty when there is none. *alone:
 * there is nothing else in the folder. */
static futu_err newest(const struct trail *t, const char *below, char out[NAME_SIZE], bool *alone)
{
    int fd = openat(t->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    out[0] = '\0';
    *alone = true;
    if (!d) {
        if (fd >= 0)
            close(fd);
        return FUTU_EIO;
    }
    for (const struct dirent *e; (e = readdir(d));) {
        if (!trail_is_daily(e->d_name)) {
            *alone &= is_dots(e->d_name);
            continue;
        }
        if ((!*below || strcmp(e->d_name, below) < 0) && strcmp(e->d_name, out) > 0)
            str_copy(out, NAME_SIZE, str_c(e->d_name));
    }
    closedir(d);
    return FUTU_OK;
}

/* ---- the file of now ---- */

static void explain(struct trail *t, futu_err err, const char *name)
{
    char text[64];
    const char *what = err == FUTU_EBUSY    ? "another process writes it"
                       : err == FUTU_EFORMAT ? "it has other lines than those of a trail; name "
                                               "another file, or move this one away"
                       : err == FUTU_ENOMEM || errno == 0 ? futu_strerror(err)
                       : errno == ELOOP ? "a symbolic link; name the file itself"
                                        : strerror_r(errno, text, sizeof(text));
    snprintf(t->trouble, sizeof(t->trouble), "%.64s: %s", name, what);
}

static futu_err switch_to(struct trail *t, const char *name)
{
    int fd;
    int64_t cut;
    errno = 0;
    futu_err err = trail_file_open(t->dir, name, t->head, &fd, &cut);
    if (err) {
        explain(t, err, name);
        return err;
    }
    if (t->fd >= 0)
        close(t->fd);
    t->fd = fd;
    t->cut += cut;
    str_copy(t->name, sizeof(t->name), str_c(name));
    return FUTU_OK;
}

/* False: logrotate has moved it away, or somebody has removed it. */
static bool in_place(const struct trail *t)
{
    struct stat named, open;
    return t->fd >= 0 && fstatat(t->dir, t->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           fstat(t->fd, &open) == 0 && named.st_ino == open.st_ino && named.st_dev == open.st_dev;
}

static futu_err use_day(struct trail *t, int64_t day)
{
    char name[NAME_SIZE] = "";
    if (t->daily)
        daily_name(day, name);
    if (strcmp(name, t->name) > 0)
        return switch_to(t, name);
    str_copy(name, sizeof(name), str_c(t->name));
    return in_place(t) ? FUTU_OK : switch_to(t, name);
}

/* ---- writing, on the other thread ---- */

static struct append_rec *rec_of(const struct list *l)
{
    return list_entry((struct list *)l, struct append_rec, node);
}

static int64_t day_of(const struct append_rec *r)
{
    return r->at_ns / DAY_NS;
}

/* Records [it, end) go to the open file, all or none. Its length is asked for each time, since
 * whoever rotates it may have cut it as well. */
static futu_err write_some(struct trail *t, const struct list *it, const struct list *end)
{
    struct stat st;
    int64_t at;
    if (fstat(t->fd, &st) == 0) {
        at = st.st_size;
        if (append_write(t->fd, it, end, &at) && fdatasync(t->fd) == 0)
            return FUTU_OK;
        explain(t, FUTU_EIO, t->name);
        /* What is there of a line must go; if it can't now, opening the file again repairs it. */
        if (ftruncate(t->fd, st.st_size) == 0)
            return FUTU_EIO;
    }
    close(t->fd);
    t->fd = -1;
    return FUTU_EIO;
}

static futu_err write_recs(void *arg, const struct list *recs, size_t *n)
{
    struct trail *t = arg;
    futu_err err = FUTU_OK;
    for (const struct list *it = recs->next, *end; it != recs && !err; it = end) {
        int64_t day = day_of(rec_of(it));
        size_t some = 0;
        for (end = it; end != recs && (!t->daily || day_of(rec_of(end)) == day); end = end->next)
            some++;
        err = use_day(t, day);
        if (!err)
            err = write_some(t, it, end);
        if (!err)
            *n += some;
    }
    return err;
}

/* ---- on the loop ---- */

static void tell_cut(struct trail *t)
{
    if (t->cut)
        log_warn("audit log: %s: its last line was cut off, perhaps by a crash; %lld bytes were "
                 "removed", t->name, (long long)t->cut);
    t->cut = 0;
}

static void on_wrote(void *arg, futu_err err)
{
    struct trail *t = arg;
    tell_cut(t);
    if (err && !t->failing)
        log_error("audit log: %s; lines wait until it can be written", t->trouble);
    else if (!err && t->failing)
        log_warn("audit log: %s is written again", t->name);
    t->failing = err != FUTU_OK;
}

static void release(void *arg)
{
    struct trail *t = arg;
    if (t->append.bytes)
        log_error("audit log: %zu bytes of lines could not be written", t->append.bytes);
    if (t->fd >= 0)
        close(t->fd);
    if (t->dir >= 0)
        close(t->dir);
    mem_free(t->path);
    mem_free(t);
}

static const struct append_ops ops = { write_recs, on_wrote, release };

/* ---- opening ---- */

/* Anybody could put a file or link of that name there. */
static void warn_open_folders(const char *folder)
{
    char path[PATH_MAX];
    struct stat st;
    if (!realpath(folder, path))
        return;
    for (size_t n = strlen(path); n > 0; n--) {
        if (path[n] != '/' && path[n] != '\0')
            continue;
        path[n] = '\0';
        if (stat(path, &st) == 0 && (st.st_mode & S_IWOTH)) {
            log_warn("audit log: %s is writable by everybody; a trail belongs in a folder of its "
                     "own", path);
            return;
        }
    }
}

/* A folder that others use too keeps its mode, be it /tmp or /var/log. */
static void tighten_folder(const struct trail *t, bool alone)
{
    struct stat st;
    if (fstat(t->dir, &st) == 0 && (st.st_mode & 077) && (!alone || !trail_tighten(t->dir)))
        log_warn("audit log: %s is open to others; a trail belongs in a folder of its own",
                 t->path);
}

static futu_err open_folder(struct trail *t, const char *folder)
{
    errno = 0;
    if (disk_make_dirs(folder))
        t->dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (t->dir < 0) {
        explain(t, FUTU_EIO, folder);
        return FUTU_EIO;
    }
    warn_open_folders(folder);
    return FUTU_OK;
}

/* The newest file is taken into use; the last line may stand in an older one, if it is empty. */
static futu_err newest_line(struct trail *t, struct buf *last, bool *alone)
{
    char first[NAME_SIZE], name[NAME_SIZE], older[NAME_SIZE];
    futu_err err = newest(t, "", first, alone);
    str_copy(name, sizeof(name), str_c(first));
    while (!err && name[0] && last->n == 0) {
        err = newest(t, name, older, alone);
        if (!err)
            err = switch_to(t, name);
        if (!err)
            err = trail_file_last(t->fd, last);
        if (!err)
            str_copy(name, sizeof(name), str_c(older));
    }
    if (!err && strcmp(first, t->name) != 0)
        err = switch_to(t, first);
    return err;
}

/* The folder is locked too: two processes could each begin with the file of another day. Where
 * folders have no locks those of the files must do. */
static futu_err open_daily(struct trail *t, int64_t wall_ns, struct buf *last)
{
    char today[NAME_SIZE];
    bool alone;
    if (flock(t->dir, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
        explain(t, FUTU_EBUSY, t->path);
        return FUTU_EBUSY;
    }
    futu_err err = newest_line(t, last, &alone);
    if (err)
        return err;
    tighten_folder(t, alone);
    daily_name(wall_ns / DAY_NS, today);
    if (strcmp(t->name, today) > 0)
        log_warn("audit log: %s is of a later day than the clock's", t->name);
    return use_day(t, wall_ns / DAY_NS);
}

static futu_err open_one(struct trail *t, struct buf *last)
{
    char name[NAME_SIZE];
    str_copy(name, sizeof(name), str_c(t->name));
    futu_err err = switch_to(t, name);
    return err ? err : trail_file_last(t->fd, last);
}

/* "a/b.log" is the folder "a" and the file "b.log". */
static futu_err open_path(struct trail *t, int64_t wall_ns, struct buf *last)
{
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(t->path, '/');
    t->daily = is_folder(t->path);
    bool fits = t->daily ? str_copy(folder, sizeof(folder), str_c(t->path))
                         : str_copy(t->name, sizeof(t->name), str_c(slash ? slash + 1 : t->path));
    if (fits && !t->daily && slash)
        fits = str_copy(folder, sizeof(folder),
                        (futu_str){ t->path, MAX((size_t)(slash - t->path), 1) });
    if (!fits) {
        errno = ENAMETOOLONG;
        explain(t, FUTU_EIO, t->path);
        return FUTU_EIO;
    }
    futu_err err = open_folder(t, folder);
    if (err)
        return err;
    return t->daily ? open_daily(t, wall_ns, last) : open_one(t, last);
}

futu_err trail_open(struct trail **out, futu_loop *l, const char *path, futu_str head,
                    int64_t wall_ns, struct buf *last, char *why, size_t size)
{
    struct trail *t = *out = mem_zalloc(sizeof(*t));
    if (!t)
        return FUTU_ENOMEM;
    t->append = (struct append){ .ops = &ops, .arg = t, .loop = l, .keep = true,
                                 .max = TRAIL_MAX };
    append_init(&t->append);
    t->fd = t->dir = -1;
    t->head = head;
    t->path = mem_strdup(path);
    last->n = 0;
    futu_err err = t->path ? open_path(t, wall_ns, last) : FUTU_ENOMEM;
    tell_cut(t);
    if (err) {
        snprintf(why, size, "audit log: %s", t->trouble[0] ? t->trouble : futu_strerror(err));
        release(t);
        *out = NULL;
    }
    return err;
}

futu_err trail_append(void *trail, const char *line, size_t n, int64_t wall_ns,
                      void (*done)(void *arg, futu_err err), void *arg)
{
    return append_add(&((struct trail *)trail)->append, line, n, wall_ns, done, arg);
}

/* While a write is under way there is nothing to do: the next one looks. */
void trail_reopen(struct trail *t)
{
    if (t->append.busy || in_place(t))
        return;
    char name[NAME_SIZE];
    str_copy(name, sizeof(name), str_c(t->name));
    if (switch_to(t, name))
        log_error("audit log: %s", t->trouble);
    tell_cut(t);
}

void trail_close(struct trail *t)
{
    if (t)
        append_close(&t->append);
}
