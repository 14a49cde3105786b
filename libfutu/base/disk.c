/* disk.c - see disk.h. */
#include "base/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

bool disk_make_dirs(const char *path)
{
    char part[PATH_MAX];
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

/* A volume that belongs to another user than the container's is the usual reason. */
static void say_whose(const char *path, char *why, size_t size)
{
    struct stat st;
    size_t n = strlen(why);
    if (stat(path, &st) == 0 && st.st_uid != geteuid())
        snprintf(why + n, size - n, "; it belongs to user %u, and this is user %u",
                 (unsigned)st.st_uid, (unsigned)geteuid());
}

int disk_open_dir(const char *path, char *why, size_t size)
{
    char text[96];
    bool made = disk_make_dirs(path);
    int fd = made ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int reason = errno;
    if (fd >= 0)
        return fd;
    snprintf(why, size, "state: %s %s: %s", made ? "opening" : "making", path,
             strerror_r(reason, text, sizeof(text)));
    if (made && reason == EACCES)
        say_whose(path, why, size);
    return -1;
}

futu_err disk_lock(int dir, const char *name, int fd)
{
    struct stat st, now;
    if (flock(fd, LOCK_EX | LOCK_NB))
        return FUTU_EBUSY;
    /* Whoever held it may have put another file in its place meanwhile, and hold that. */
    if (fstat(fd, &st) || fstatat(dir, name, &now, 0) ||
        now.st_ino != st.st_ino || now.st_dev != st.st_dev)
        return FUTU_EBUSY;
    return FUTU_OK;
}

bool disk_read(int fd, void *p, size_t n, int64_t at)
{
    for (char *to = p; n > 0;) {
        ssize_t got = pread(fd, to, n, at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        to += got;
        n -= (size_t)got;
        at += got;
    }
    return true;
}

bool disk_write(int fd, const void *p, size_t n, int64_t at)
{
    for (const char *from = p; n > 0;) {
        ssize_t put = pwrite(fd, from, n, at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        from += put;
        n -= (size_t)put;
        at += put;
    }
    return true;
}
