/* trail_test.c - lines in their files: paths, days, failures, logrotate, locks, modes.
 * fdatasync() and ftruncate() are this file's own, so that a write lasts as long as a test needs it
 * to, and fails when it is to. */
#include "io/trail.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support.h"
#include "base/log.h"

#define DAY_NS (INT64_C(86400) * NS_PER_S)
#define DAY0 (INT64_C(20781) * DAY_NS)          /* 2026-11-24 */
#define HEAD STR("{\"t\":")

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool shut, fails;               /* of fdatasync() */
    bool stuck;                     /* ftruncate() fails */
    int syncs;
} disk = { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

int fdatasync(int fd)
{
    pthread_mutex_lock(&disk.lock);
    while (disk.shut)
        pthread_cond_wait(&disk.changed, &disk.lock);
    disk.syncs++;
    bool fails = disk.fails;
    pthread_mutex_unlock(&disk.lock);
    errno = ENOSPC;
    return fails ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int ftruncate(int fd, off_t n)
{
    pthread_mutex_lock(&disk.lock);
    bool stuck = disk.stuck;
    pthread_mutex_unlock(&disk.lock);
    return stuck ? -1 : (int)syscall(SYS_ftruncate, fd, n);
}

/* While it is shut no write ends. */
static void set_disk(bool shut, bool fails, bool stuck)
{
    pthread_mutex_lock(&disk.lock);
    disk.shut = shut;
    disk.fails = fails;
    disk.stuck = stuck;
    pthread_cond_broadcast(&disk.changed);
    pthread_mutex_unlock(&disk.lock);
}

static futu_loop *loop;
static struct trail *t;
static struct buf last;
static char top[64], path[128], logged[4096];
static int n_done, n_wanted;
static bool all_done;
static futu_err errs[4096];

static void on_log(int level, const char *line, void *arg)
{
    (void)arg;
    (void)level;
    size_t n = strlen(logged);
    snprintf(logged + n, sizeof(logged) - n, "%s\n", line);
}

static const char *in_top(const char *name)
{
    static char names[4][160];
    static int next;
    char *p = names[next++ % 4];
    snprintf(p, sizeof(names[0]), "%s/%s", top, name);
    return p;
}

static futu_err open_why(const char *at, int64_t wall_ns, const char *part)
{
    char why[400] = "";
    futu_err err = trail_open(&t, loop, at, HEAD, wall_ns, &last, why, sizeof(why));
    ck_assert(!err == !!t);
    ck_assert_msg(!err || err == FUTU_ENOMEM || (strstr(why, part) && !strchr(why, '\n')),
                  "\"%s\" is not in \"%s\"", part, why);
    return err;
}

static void open_at(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", top, name);
    ck_assert_int_eq(open_why(path, DAY0, ""), FUTU_OK);
}

static void close_now(void)
{
    trail_close(t);
    t = NULL;
    futu_loop_run(loop);
}

static void reopen(void)
{
    close_now();
    ck_assert_int_eq(open_why(path, DAY0, ""), FUTU_OK);
}

static void setup(void)
{
    /* Not below /tmp: that it is open to all is what one test is about. */
    snprintf(top, sizeof(top), "trail-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(top));
    ck_assert_int_eq(futu_loop_new(&loop), FUTU_OK);
    last = (struct buf)BUF_INIT;
    logged[0] = '\0';
    futu_set_log(on_log, FUTU_LOG_INFO, NULL);
}

static void teardown(void)
{
    set_disk(false, false, false);
    trail_close(t);
    futu_loop_free(loop);
    futu_set_log(NULL, 0, NULL);
    buf_free(&last);
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", top, (char *)NULL);
        _exit(1);
    }
    waitpid(pid, NULL, 0);
}

static void on_done(void *arg, futu_err err)
{
    ck_assert_int_eq((int)(intptr_t)arg, n_done);       /* in order, and once */
    errs[n_done++] = err;
    all_done = n_done == n_wanted;
}

static void begin(int n)
{
    n_done = 0;
    n_wanted = n;
    all_done = false;
}

static futu_err put(int i, const char *line, int64_t at)
{
    int before = n_done;
    futu_err err = trail_append(t, line, strlen(line), at, on_done, (void *)(intptr_t)i);
    ck_assert_int_eq(n_done, before);                   /* never from inside */
    return err;
}

static void wait_all(void)
{
    ck_assert_int_eq(loop_run_until(loop, &all_done), FUTU_OK);
}

static futu_err put_one(const char *line, int64_t at)
{
    begin(1);
    ck_assert_int_eq(put(0, line, at), FUTU_OK);
    wait_all();
    return errs[0];
}

static void file_is(const char *name, const char *want)
{
    size_t n;
    char *got = read_file(in_top(name), &n);
    ck_assert_str_eq(got, want);
    free(got);
}

static void make_file(const char *name, const char *text)
{
    FILE *f = fopen(in_top(name), "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
}

static unsigned mode_of(const char *name)
{
    struct stat st;
    ck_assert_int_eq(stat(in_top(name), &st), 0);
    return st.st_mode & 07777;
}

#define L1 "{\"t\":1}\n"
#define L2 "{\"t\":2}\n"
#define L3 "{\"t\":3}\n"

START_TEST(a_name_with_an_extension_is_a_file_that_is_appended_to)
{
    open_at("new/deep/audit.jsonl");
    ck_assert_uint_eq(last.n, 0);
    ck_assert_int_eq(put_one(L1, DAY0), FUTU_OK);
    ck_assert_int_eq(put_one(L2, DAY0 + DAY_NS), FUTU_OK);
    file_is("new/deep/audit.jsonl", L1 L2);
    reopen();
    ck_assert(str_is(buf_str(&last), "{\"t\":2}"));
    ck_assert_int_eq(put_one(L3, DAY0), FUTU_OK);
    file_is("new/deep/audit.jsonl", L1 L2 L3);
    ck_assert_uint_eq(mode_of("new/deep"), 0700);
    ck_assert_uint_eq(mode_of("new/deep/audit.jsonl"), 0600);
}
END_TEST

static const char *const folders[] = { "trail", "trail/", "has.dot", "new.dot/", ".hidden" };

START_TEST(a_folder_has_a_file_for_each_day)
{
    char name[80];
    mkdir(in_top("has.dot"), 0755);
    open_at(folders[_i]);
    begin(3);
    set_disk(true, false, false);
    ck_assert_int_eq(put(0, L1, DAY0), FUTU_OK);
    ck_assert_int_eq(put(1, L2, DAY0 + DAY_NS - 1), FUTU_OK);
    ck_assert_int_eq(put(2, L3, DAY0 + DAY_NS), FUTU_OK);       /* in one write with the second */
    set_disk(false, false, false);
    wait_all();
    snprintf(name, sizeof(name), "%s/futu-audit.log.2026-11-24", folders[_i]);
    file_is(name, L1 L2);
    ck_assert_uint_eq(mode_of(name), 0600);
    snprintf(name, sizeof(name), "%s/futu-audit.log.2026-11-25", folders[_i]);
    file_is(name, L3);
    ck_assert_uint_eq(mode_of(folders[_i]), 0700);
}
END_TEST

START_TEST(the_last_line_is_that_of_the_newest_file_that_has_one)
{
    mkdir(in_top("d"), 0700);
    make_file("d/futu-audit.log.2026-11-20", L1);
    make_file("d/futu-audit.log.2026-11-22", L1 L2);
    make_file("d/futu-audit.log.2026-11-23", "");
    make_file("d/futu-audit.log.2026-11-23.gz", L3);
    make_file("d/futu-audit.log.2026-11-2x", L3);
    open_at("d");
    ck_assert(str_is(buf_str(&last), "{\"t\":2}"));
    ck_assert_int_eq(put_one(L3, DAY0), FUTU_OK);
    file_is("d/futu-audit.log.2026-11-24", L3);
    file_is("d/futu-audit.log.2026-11-22", L1 L2);
}
END_TEST

START_TEST(the_day_never_goes_back)
{
    mkdir(in_top("d"), 0700);
    make_file("d/futu-audit.log.2026-12-01", L1);
    open_at("d");
    ck_assert(str_is(buf_str(&last), "{\"t\":1}"));
    ck_assert_ptr_nonnull(strstr(logged, "is of a later day than the clock's"));
    ck_assert_int_eq(put_one(L2, DAY0), FUTU_OK);
    file_is("d/futu-audit.log.2026-12-01", L1 L2);
    ck_assert_int_eq(put_one(L3, DAY0 + 8 * DAY_NS), FUTU_OK);
    file_is("d/futu-audit.log.2026-12-02", L3);
}
END_TEST

START_TEST(what_comes_meanwhile_costs_one_sync)
{
    open_at("a.log");
    disk.syncs = 0;
    set_disk(true, false, false);
    begin(1000);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(put(i, L1, DAY0), FUTU_OK);
    set_disk(false, false, false);
    wait_all();
    ck_assert_int_eq(disk.syncs, 2);
    struct stat st;
    ck_assert_int_eq(stat(in_top("a.log"), &st), 0);
    ck_assert_int_eq(st.st_size, 1000 * (int)strlen(L1));
}
END_TEST

START_TEST(lines_that_failed_go_in_front_of_the_next)
{
    open_at(_i ? "a.log" : "d");
    const char *name = _i ? "a.log" : "d/futu-audit.log.2026-11-24";
    ck_assert_int_eq(put_one(L1, DAY0), FUTU_OK);
    set_disk(false, true, false);
    ck_assert_int_eq(put_one(L2, DAY0), FUTU_EIO);
    file_is(name, L1);                                  /* no part of it */
    ck_assert_int_eq(put_one(L3, DAY0), FUTU_EIO);
    ck_assert_ptr_nonnull(strstr(logged, "lines wait until it can be written"));
    ck_assert_ptr_eq(strstr(strstr(logged, "lines wait") + 1, "lines wait"), NULL);
    set_disk(false, false, false);
    ck_assert_int_eq(put_one(L1, DAY0), FUTU_OK);
    file_is(name, L1 L2 L3 L1);
    ck_assert_ptr_nonnull(strstr(logged, "is written again"));
}
END_TEST

START_TEST(days_that_were_written_are_not_written_again)
{
    open_at("d");
    ck_assert_int_eq(put_one(L1, DAY0), FUTU_OK);
    mkdir(in_top("d/futu-audit.log.2026-11-25"), 0700);     /* in the way of the next day */
    set_disk(true, false, false);
    begin(3);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(put(i, i < 2 ? L2 : L3, DAY0 + i / 2 * DAY_NS), FUTU_OK);
    set_disk(false, false, false);
    wait_all();
    ck_assert_int_eq(errs[0], FUTU_OK);
    ck_assert_int_eq(errs[1], FUTU_OK);
    ck_assert_int_eq(errs[2], FUTU_EIO);
    ck_assert_int_eq(rmdir(in_top("d/futu-audit.log.2026-11-25")), 0);
    ck_assert_int_eq(put_one(L1, DAY0 + DAY_NS), FUTU_OK);
    file_is("d/futu-audit.log.2026-11-24", L1 L2 L2);
    file_is("d/futu-audit.log.2026-11-25", L3 L1);
}
END_TEST

START_TEST(a_part_that_can_not_be_removed_at_once_is_removed_later)
{
    open_at("a.log");
    ck_assert_int_eq(put_one(L1, DAY0), FUTU_OK);
    set_disk(false, true, true);
    ck_assert_int_eq(put_one(L2, DAY0), FUTU_EIO);
    ck_assert_int_eq(truncate(in_top("a.log"), (off_t)strlen(L1) + 3), 0);
    set_disk(false, false, false);
    ck_assert_int_eq(put_one(L3, DAY0), FUTU_OK);
    file_is("a.log", L1 L2 L3);
    ck_assert_ptr_nonnull(strstr(logged, "a.log: its last line was cut off, perhaps by a crash; "
                                         "3 bytes were removed"));
}
END_TEST

START_TEST(what_waits_is_bounded)
{
    static char line[60000];
    memset(line, 'x', sizeof(line) - 1);
    open_at("a.log");
    begin((int)(TRAIL_MAX / (sizeof(line) - 1)));
    set_disk(true, false, false);
    for (int i = 0; i < n_wanted; i++)
        ck_assert_int_eq(put(i, line, DAY0), FUTU_OK);
    ck_assert_int_eq(put(-1, line, DAY0), FUTU_ELIMIT);
    set_disk(false, false, false);
    wait_all();
    ck_assert_int_eq(put_one(line, DAY0), FUTU_OK);
}
END_TEST

START_TEST(closing_writes_what_waits)
{
    open_at("a.log");
    set_disk(false, true, false);
    ck_assert_int_eq(put_one(L1, DAY0), FUTU_EIO);
    set_disk(false, false, false);
    if (_i)                                     /* else only what failed before */
        ck_assert_int_eq(put(0, L2, DAY0), FUTU_OK);
    begin(0);
    close_now();
    ck_assert_int_eq(n_done, 0);
    file_is("a.log", _i ? L1 L2 : L1);
}
END_TEST

START_TEST(lines_that_never_could_be_written_are_told_at_the_end)
{
    open_at("a.log");
    set_disk(false, true, false);
    ck_assert_int_eq(put_one(L1, DAY0), FUTU_EIO);
    close_now();
    ck_assert_ptr_nonnull(strstr(logged, "8 bytes of lines could not be written"));
}
END_TEST

START_TEST(a_file_that_was_moved_away_is_made_anew)
{
    open_at("a.log");
    ck_assert_int_eq(put_one(L1, DAY0), FUTU_OK);
    ck_assert_int_eq(rename(in_top("a.log"), in_top("a.log.1")), 0);
    if (_i) {
        trail_reopen(t);
        file_is("a.log", "");
        trail_reopen(t);                        /* nothing more to do */
    }
    ck_assert_int_eq(put_one(L2, DAY0), FUTU_OK);
    file_is("a.log", L2);
    file_is("a.log.1", L1);
    ck_assert_int_eq(unlink(in_top("a.log")), 0);
    make_file("a.log", "");                     /* as logrotate's `create` does */
    chmod(in_top("a.log"), 0644);
    ck_assert_int_eq(put_one(L3, DAY0), FUTU_OK);
    file_is("a.log", L3);
    ck_assert_uint_eq(mode_of("a.log"), 0600);
}
END_TEST

START_TEST(a_file_that_was_emptied_is_gone_on_with)
{
    open_at("a.log");
    ck_assert_int_eq(put_one(L1, DAY0), FUTU_OK);
    ck_assert_int_eq(truncate(in_top("a.log"), 0), 0);
    set_disk(false, true, false);
    ck_assert_int_eq(put_one(L2, DAY0), FUTU_EIO);
    file_is("a.log", "");
    set_disk(false, false, false);
    ck_assert_int_eq(put_one(L3, DAY0), FUTU_OK);
    file_is("a.log", L2 L3);
}
END_TEST

START_TEST(an_unfinished_last_line_is_removed_at_the_start)
{
    const char *name = _i ? "a.log" : "d/futu-audit.log.2026-11-23";
    mkdir(in_top("d"), 0700);
    make_file(name, L1 L2 "{\"t\":3");
    open_at(_i ? "a.log" : "d");
    file_is(name, L1 L2);
    ck_assert(str_is(buf_str(&last), "{\"t\":2}"));
    ck_assert_ptr_nonnull(strstr(logged, "6 bytes were removed"));
    close_now();
    make_file(name, "{\"t");
    ck_assert_int_eq(open_why(path, DAY0, ""), FUTU_OK);
    file_is(name, "");
    ck_assert_uint_eq(last.n, 0);
}
END_TEST

START_TEST(other_files_are_left_as_they_are)
{
    static const char *const texts[] = { "text without an end", "{\"keys\":[]}", "a\nb\n",
                                         "a\n{\"t\":", L1 "x", "\n", L1 "\n" };
    make_file("a.log", texts[_i]);
    ck_assert_int_eq(open_why(in_top("a.log"), DAY0, "a.log: it has other lines"), FUTU_EFORMAT);
    file_is("a.log", texts[_i]);
}
END_TEST

START_TEST(only_the_end_of_a_file_is_read)
{
    int fd = open(in_top("a.log"), O_CREAT | O_WRONLY, 0600);
    off_t far = INT64_C(1) << 40;               /* a hole; reading it would take hours */
    ck_assert_int_eq(pwrite(fd, "\n" L1, sizeof(L1), far), sizeof(L1));
    open_at("a.log");
    ck_assert(str_is(buf_str(&last), "{\"t\":1}"));
    close_now();
    ck_assert_int_eq(truncate(in_top("a.log"), far), 0);
    close(fd);
    ck_assert_int_eq(open_why(path, DAY0, "other lines"), FUTU_EFORMAT);
}
END_TEST

START_TEST(one_process_at_a_time)
{
    struct trail *first;
    open_at(_i ? "a.log" : "d");
    first = t;
    ck_assert_int_eq(open_why(path, DAY0, "another process writes it"), FUTU_EBUSY);
    /* A folder on another day, too. */
    ck_assert_int_eq(open_why(path, DAY0 + DAY_NS, "another process writes it"), FUTU_EBUSY);
    t = first;
    reopen();
}
END_TEST

START_TEST(links_pipes_and_folders_are_refused)
{
    make_file("real.log", L1);
    ck_assert_int_eq(symlink("real.log", in_top("link.log")), 0);
    ck_assert_int_eq(open_why(in_top("link.log"), DAY0, "a symbolic link"), FUTU_EIO);
    ck_assert_int_eq(mkfifo(in_top("pipe.log"), 0600), 0);
    ck_assert_int_eq(open_why(in_top("pipe.log"), DAY0, "pipe.log: it has other"), FUTU_EFORMAT);
    make_file("plain", L1);
    ck_assert_int_eq(open_why(in_top("plain"), DAY0, "plain: "), FUTU_EIO);
    ck_assert_int_eq(open_why(in_top("plain/x.log"), DAY0, "Not a directory"), FUTU_EIO);
    char longest[5000];
    memset(longest, 'x', sizeof(longest));
    memcpy(longest + sizeof(longest) - 3, ".l", 3);
    ck_assert_int_eq(open_why(longest, DAY0, "too long"), FUTU_EIO);
}
END_TEST

START_TEST(modes_are_only_tightened)
{
    make_file("a.log", L1);
    chmod(in_top("a.log"), 0646);
    chmod(top, 0750);
    open_at("a.log");
    ck_assert_uint_eq(mode_of("a.log"), 0600);
    ck_assert_uint_eq(mode_of("."), 0750);              /* not ours alone */
    close_now();
    mkdir(in_top("d"), 0755);
    open_at("d");
    ck_assert_uint_eq(mode_of("d"), 0700);
    close_now();
    chmod(in_top("d"), 0500);
    chmod(in_top("d/futu-audit.log.2026-11-24"), 0600);
    open_at("d");
    ck_assert_uint_eq(mode_of("d"), 0500);
    close_now();
    ck_assert_ptr_null(strstr(logged, "is open to others"));
    chmod(in_top("d"), 0755);
    make_file("d/other", "x");
    open_at("d");
    ck_assert_uint_eq(mode_of("d"), 0755);
    ck_assert_ptr_nonnull(strstr(logged, "is open to others"));
}
END_TEST

START_TEST(a_folder_that_is_open_to_all_is_warned_of)
{
    chmod(top, 01777);
    open_at("deep/er/a.log");
    ck_assert_ptr_nonnull(strstr(logged, "is writable by everybody"));
    ck_assert_uint_eq(mode_of("."), 01777);
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    make_file("a.log", L1);
    snprintf(path, sizeof(path), "%s/a.log", top);
    for (long n = 0; test_alloc_fail_at(n); n++) {
        begin(1);
        buf_free(&last);
        futu_err err = open_why(path, DAY0, "");
        if (!err)
            err = put(0, L2, DAY0);
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        if (!err)
            wait_all();
        close_now();
    }
    mem_fail_at(-1);
    file_is("a.log", L1 L2);
    trail_close(NULL);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_name_with_an_extension_is_a_file_that_is_appended_to);
    tcase_add_loop_test(tc, a_folder_has_a_file_for_each_day, 0, (int)ARRAY_LEN(folders));
    tcase_add_test(tc, the_last_line_is_that_of_the_newest_file_that_has_one);
    tcase_add_test(tc, the_day_never_goes_back);
    tcase_add_test(tc, what_comes_meanwhile_costs_one_sync);
    tcase_add_loop_test(tc, lines_that_failed_go_in_front_of_the_next, 0, 2);
    tcase_add_test(tc, days_that_were_written_are_not_written_again);
    tcase_add_test(tc, a_part_that_can_not_be_removed_at_once_is_removed_later);
    tcase_add_test(tc, what_waits_is_bounded);
    tcase_add_loop_test(tc, closing_writes_what_waits, 0, 2);
    tcase_add_test(tc, lines_that_never_could_be_written_are_told_at_the_end);
    tcase_add_loop_test(tc, a_file_that_was_moved_away_is_made_anew, 0, 2);
    tcase_add_test(tc, a_file_that_was_emptied_is_gone_on_with);
    tcase_add_loop_test(tc, an_unfinished_last_line_is_removed_at_the_start, 0, 2);
    tcase_add_loop_test(tc, other_files_are_left_as_they_are, 0, 7);
    tcase_add_test(tc, only_the_end_of_a_file_is_read);
    tcase_add_loop_test(tc, one_process_at_a_time, 0, 2);
    tcase_add_test(tc, links_pipes_and_folders_are_refused);
    tcase_add_test(tc, modes_are_only_tightened);
    tcase_add_test(tc, a_folder_that_is_open_to_all_is_warned_of);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("trail", add);
}
