/* crash.h - a process that ends at each of its calls to the disk in turn, in front of it and behind
 * it. What the parent is to know of it stands in memory that they share. */
#ifndef TEST_UNIT_IO_CRASH_H
#define TEST_UNIT_IO_CRASH_H

#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support.h"

static int calls, end_at = -1;      /* the process ends at this call, odd: behind it */

/* In front of a call, and behind it. Past _exit(), where ThreadSanitizer rests for a second. */
static void step(void)
{
    if (calls++ == end_at)
        syscall(SYS_exit_group, 9);
}

#define STEPPED(call)                                                                              \
    do {                                                                                           \
        step();                                                                                    \
        ssize_t r_ = (call);                                                                       \
        step();                                                                                    \
        return r_;                                                                                 \
    } while (0)

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    STEPPED(syscall(SYS_pwrite64, fd, p, n, at));
}

ssize_t pwritev(int fd, const struct iovec *v, int n, off_t at)
{
    STEPPED(syscall(SYS_pwritev, fd, v, n, at, 0));
}

/* What a process wrote outlives it: the wait for the disk is left out. */
int fsync(int fd)
{
    STEPPED(fd < 0 ? -1 : 0);
}

int fdatasync(int fd)
{
    STEPPED(fd < 0 ? -1 : 0);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    STEPPED((int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0));
}

static inline int *shared_number(void)
{
    void *p = mmap(NULL, sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    return p;
}

/* The exit status of a process that does this and ends at that call: 9, or its own. */
static inline int run_until(int call, void (*body)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        end_at = call;
        body();
        _exit(6);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#endif
