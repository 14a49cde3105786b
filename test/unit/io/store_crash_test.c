/* store_crash_test.c - a process that writes its file anew ends at each of its calls to the disk,
 * in front of it and behind it: what is there is the old file or the new one, with every record
 * that was told to be there. */
#include "io/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support.h"

#define NAME "daily.log"

static int calls, end_at = -1;      /* the process ends at this call, odd: behind it */
static int *told;                   /* shared with the child: records whose done() ran */
static char dir[] = "/tmp/futu-store-crash-XXXXXX";

/* In front of a call, and behind it. */
static void step(void)
{
    if (calls++ == end_at)
        _exit(9);
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

int fsync(int fd)
{
    STEPPED((int)syscall(SYS_fsync, fd));
}

int fdatasync(int fd)
{
    STEPPED((int)syscall(SYS_fdatasync, fd));
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    STEPPED((int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0));
}

static void on_told(void *arg, futu_err err)
{
    if (err)
        _exit(3);
    *told = *(const int *)arg;
    if (*told == 3)
        _exit(0);
}

/* The first record is on its way when the others come: they are one write. */
static void write_and_end(void)
{
    static const int number[] = { 1, 2, 3 };
    char why[400];
    struct store *s;
    futu_loop *l;
    if (futu_loop_new(&l) || store_open(&s, l, dir, NAME, why, sizeof(why)))
        _exit(2);
    if (store_append(s, "1\n", 2, on_told, (void *)(uintptr_t)&number[0]) ||
        store_append(s, "2\n", 2, on_told, (void *)(uintptr_t)&number[1]) ||
        store_rewrite(s, "0 1 2\n", 6) ||
        store_append(s, "3\n", 2, on_told, (void *)(uintptr_t)&number[2]))
        _exit(4);
    futu_loop_run(l);
    _exit(5);
}

/* The index of what is there; -1: something else. */
static int found(void)
{
    static const char *const states[] = { "0\n", "0\n1\n", "0 1 2\n", "0 1 2\n3\n" };
    char path[64];
    size_t n;
    snprintf(path, sizeof(path), "%s/" NAME, dir);
    char *text = read_file(path, &n);
    int at = -1;
    for (int i = 0; i < (int)ARRAY_LEN(states); i++)
        if (strcmp(text, states[i]) == 0)
            at = i;
    free(text);
    return at;
}

static void put_old(void)
{
    char path[64];
    snprintf(path, sizeof(path), "%s/" NAME, dir);
    FILE *f = fopen(path, "w");
    ck_assert(f && fputs("0\n", f) >= 0 && fclose(f) == 0);
    snprintf(path, sizeof(path), "%s/" NAME ".new", dir);
    unlink(path);
}

/* Its exit status. */
static int run_until(int call)
{
    int status;
    *told = 0;
    put_old();
    pid_t pid = fork();
    if (pid == 0) {
        end_at = call;
        write_and_end();
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    return WEXITSTATUS(status);
}

START_TEST(whenever_it_ends_the_old_file_or_the_new_one_is_there)
{
    static const int least[] = { 0, 1, 2, 3 };      /* state by what was told; 2: with the third */
    int n = 0, status, seen = 0;
    ck_assert_ptr_nonnull(mkdtemp(dir));
    told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    while ((status = run_until(n)) == 9) {
        int at = found();
        ck_assert_msg(at >= least[*told], "call %d: state %d, %d told", n, at, *told);
        seen |= 1 << at;
        n++;
    }
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(found(), 3);
    ck_assert_int_eq(seen, 15);
    ck_assert_int_eq(n, 16);        /* two writes and their syncs, and four of the new file */
    put_old();
    char path[64];
    snprintf(path, sizeof(path), "%s/" NAME, dir);
    unlink(path);
    ck_assert_int_eq(rmdir(dir), 0);
    munmap(told, sizeof(*told));
}
END_TEST

static void add(TCase *tc)
{
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, whenever_it_ends_the_old_file_or_the_new_one_is_there);
}

int main(void)
{
    return run_tcase("store_crash", add);
}
