/* trail_file.c - see trail_file.h. Files may be huge: only their ends are read.
 *
 * Tests:   test/unit/io/trail_test.c
 */
#include "io/trail_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/disk.h"
#include "io/trail.h"

#define OTHERS 077
#define PIECE 4096

bool trail_tighten(int fd)
{
    struct stat st;
    if (fstat(fd, &st))
        return false;
    return (st.st_mode & OTHERS) == 0 || fchmod(fd, st.st_mode & 0700) == 0;
}

/* Behind the last line break before `end`; 0: there is none. Goes back a little further than a line
 * can be long. -1: can't be read. */
static int64_t line_start(int fd, int64_t end)
{
    char piece[PIECE];
    for (int64_t stop = end - (int64_t)TRAIL_LINE_MAX; end > 0 && end >= stop;) {
        size_t n = (size_t)MIN(end, PIECE);
        end -= (int64_t)n;
        if (!disk_read(fd, piece, n, end))
            return -1;
        const char *nl = memrchr(piece, '\n', n);
        if (nl)
            return end + (nl - piece) + 1;
    }
    return end;
}

/* Whether bytes [at, end) can be a line of a trail, or the beginning of one. */
static bool fits(int fd, futu_str head, int64_t at, int64_t end)
{
    char got[64];
    size_t n = (size_t)MIN(end - at, (int64_t)MIN(head.n, sizeof(got)));
    return end - at <= (int64_t)TRAIL_LINE_MAX && disk_read(fd, got, n, at) &&
           memcmp(got, head.p, n) == 0;
}

/* A file that does not look like a trail may be anything, and its end is worth keeping. */
static futu_err repair(int fd, futu_str head, int64_t size, int64_t *cut)
{
    int64_t end = line_start(fd, size);
    int64_t start = end > 0 ? line_start(fd, end - 1) : 0;
    if (end < 0 || start < 0)
        return FUTU_EIO;
    if (!fits(fd, head, end, size) || !fits(fd, head, start, end))
        return FUTU_EFORMAT;
    if (end == size)
        return FUTU_OK;
    if (ftruncate(fd, end) || fsync(fd))
        return FUTU_EIO;
    *cut = size - end;
    return FUTU_OK;
}

static futu_err take(int dir, const char *name, futu_str head, int fd, int64_t *cut)
{
    struct stat st;
    futu_err err = disk_lock(dir, name, fd);
    if (err)
        return err;
    if (fstat(fd, &st))
        return FUTU_EIO;
    if (!S_ISREG(st.st_mode))
        return FUTU_EFORMAT;
    if (st.st_size > 0)
        err = repair(fd, head, st.st_size, cut);
    if (err)
        return err;
    trail_tighten(fd);
    return fsync(dir) ? FUTU_EIO : FUTU_OK;
}

/* Not blocking: the name may be that of a pipe. */
futu_err trail_file_open(int dir, const char *name, futu_str head, int *fd, int64_t *cut)
{
    *cut = 0;
    *fd = openat(dir, name,
                 O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                 0600);
    if (*fd < 0)
        return FUTU_EIO;
    futu_err err = take(dir, name, head, *fd, cut);
    if (err) {
        int why = errno;
        close(*fd);
        *fd = -1;
        errno = why;
    }
    return err;
}

futu_err trail_file_last(int fd, struct buf *last)
{
    struct stat st;
    if (fstat(fd, &st))
        return FUTU_EIO;
    last->n = 0;
    if (st.st_size == 0)
        return FUTU_OK;
    int64_t start = line_start(fd, st.st_size - 1);
    if (start < 0)
        return FUTU_EIO;
    size_t n = (size_t)(st.st_size - 1 - start);    /* opened, so no longer than a line may be */
    futu_err err = buf_reserve(last, n);
    if (err)
        return err;
    if (!disk_read(fd, last->p, n, start))
        return FUTU_EIO;
    last->n = n;
    return FUTU_OK;
}
