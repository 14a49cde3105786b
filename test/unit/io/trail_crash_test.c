/* trail_crash_test.c - a process that writes its trail as fast as it can is killed at any moment,
 * again and again: the chain holds, and every line whose done() ran is there. */
#include "io/trail.h"

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support.h"
#include "access/audit.h"

static struct trail *t;
static char path[] = "/tmp/futu-trail-XXXXXX.log";
static uint64_t *n_sure;            /* shared with the child: lines whose done() ran */
static struct audit au;

static void more(void);

static void on_sure(void *arg, futu_err err)
{
    (void)arg;
    if (err)
        _exit(3);
    __atomic_add_fetch(n_sure, 1, __ATOMIC_SEQ_CST);
    more();
}

static void more(void)
{
    static const struct audit_event e = { .iface = IFACE_TCP, .endpoint = "proto_id=2202",
                                          .key_id = "<none>", .outcome = OUTCOME_REQUEST,
                                          .trade = true };
    if (audit_event(&au, &e, on_sure, NULL))
        _exit(4);
}

static futu_err to_trail(void *arg, const char *line, size_t n, int64_t wall_ns,
                         void (*done)(void *arg, futu_err err), void *done_arg)
{
    return trail_append(arg, line, n, wall_ns, done, done_arg);
}

static void write_until_killed(void)
{
    char why[400];
    futu_loop *l;
    struct buf newest = BUF_INIT;
    audit_init(&au, &clock_system);
    if (futu_loop_new(&l) || trail_open(&t, l, path, STR(AUDIT_HEAD), 0, &newest, why, sizeof(why)))
        _exit(2);
    if (newest.n)
        audit_resume(&au, buf_str(&newest));
    au.sink = to_trail;
    au.arg = t;
    for (int i = 0; i < 100; i++)
        more();
    futu_loop_run(l);
    _exit(5);
}

static void wait_for_growth(uint64_t by)
{
    uint64_t from = __atomic_load_n(n_sure, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(n_sure, __ATOMIC_SEQ_CST) < from + by)
        usleep(100);
}

START_TEST(after_any_crash_the_chain_holds_and_what_was_told_is_there)
{
    struct audit_check c = { 0 };
    char why[400];
    futu_loop *l;
    struct buf last = BUF_INIT;
    int fd = mkstemps(path, 4);
    size_t n;
    ck_assert_int_ge(fd, 0);
    close(fd);
    n_sure = mmap(NULL, sizeof(*n_sure), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 50; i++) {
        int status;
        pid_t pid = fork();
        if (pid == 0)
            write_until_killed();
        wait_for_growth(1 + (uint64_t)i * 7 % 300);
        usleep((useconds_t)(i * 397 % 3000));   /* anywhere in a write */
        kill(pid, SIGKILL);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFSIGNALED(status));
        if (i % 5 == 4) {                       /* the crash of a machine leaves parts of a line */
            FILE *f = fopen(path, "a");
            fprintf(f, "%.*s", 1 + i, "{\"timestamp\":\"2026-11-24T09:30:00.000Z\",\"level\":");
            fclose(f);
        }
    }
    ck_assert_int_eq(futu_loop_new(&l), FUTU_OK);
    ck_assert_int_eq(trail_open(&t, l, path, STR(AUDIT_HEAD), 0, &last, why, sizeof(why)), FUTU_OK);
    char *text = read_file(path, &n);
    ck_assert_msg(audit_verify(&c, (futu_str){ text, n }), "line %llu: %s",
                  (unsigned long long)c.bad_line, c.why);
    ck_assert_uint_ge(c.lines, *n_sure);
    ck_assert_uint_gt(*n_sure, 50);
    free(text);
    trail_close(t);
    futu_loop_free(l);
    buf_free(&last);
    unlink(path);
    munmap(n_sure, sizeof(*n_sure));
}
END_TEST

static void add(TCase *tc)
{
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, after_any_crash_the_chain_holds_and_what_was_told_is_there);
}

int main(void)
{
    return run_tcase("trail_crash", add);
}
