/* store_test.c - records on disk before their owner goes on: order, one sync for many, failures,
 * the lock, and closing at any time. fdatasync(), ftruncate() and flock() are this file's own, so
 * that a write lasts as long as a test needs it to, and fails when it is to. */
#include "io/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../support.h"

static struct store *s;

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool shut, fails;               /* of fdatasync() */
    bool stuck;                     /* ftruncate() fails */
    bool replaced;                  /* s gets a new file just before the next flock() */
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
    return fails ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int ftruncate(int fd, off_t n)
{
    return disk.stuck ? -1 : (int)syscall(SYS_ftruncate, fd, n);
}

int flock(int fd, int how)
{
    bool replaced = disk.replaced;
    disk.replaced = false;
    if (replaced)
        ck_assert_int_eq(store_replace(s, "new\n", 4), FUTU_OK);
    return (int)syscall(SYS_flock, fd, how);
}

/* While it is shut no write ends. */
static void set_disk(bool shut, bool fails)
{
    pthread_mutex_lock(&disk.lock);
    disk.shut = shut;
    disk.fails = fails;
    pthread_cond_broadcast(&disk.changed);
    pthread_mutex_unlock(&disk.lock);
}

#define NAME "orders.journal"

static futu_loop *loop;
static char top[64], dir[128];

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static futu_err open_in(struct store **out, const char *in, const char *part)
{
    char why[400] = "";
    futu_err err = store_open(out, loop, in, NAME, why, sizeof(why));
    ck_assert(!err == !!*out);
    ck_assert_msg(!err || err == FUTU_ENOMEM || (strstr(why, part) && !strchr(why, '\n')),
                  "\"%s\" is not in \"%s\"", part, why);
    return err;
}

static void reopen(void)
{
    store_close(s);
    futu_loop_run(loop);            /* until a write under way has ended */
    ck_assert_int_eq(open_in(&s, dir, ""), FUTU_OK);
}

static void setup(void)
{
    snprintf(top, sizeof(top), "/tmp/futu-store-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(top));
    snprintf(dir, sizeof(dir), "%s/a/b", top);
    ck_assert_int_eq(futu_loop_new(&loop), FUTU_OK);
    ck_assert_int_eq(open_in(&s, dir, ""), FUTU_OK);
    disk.syncs = 0;
}

static void teardown(void)
{
    set_disk(false, false);
    store_close(s);
    futu_loop_free(loop);
    unlink(path_of(NAME));
    unlink(path_of(NAME ".new"));
    rmdir(dir);
    *strrchr(dir, '/') = '\0';
    rmdir(dir);
    ck_assert_int_eq(rmdir(top), 0);
}

static void file_is(const char *want)
{
    size_t n;
    char *got = read_file(path_of(NAME), &n);
    ck_assert_str_eq(got, want);
    free(got);
}

static void store_is(const char *want)
{
    struct buf b = BUF_INIT;
    ck_assert_int_eq(store_read(s, &b), FUTU_OK);
    ck_assert_uint_eq(b.n, strlen(want));
    ck_assert(b.n == 0 || memcmp(b.p, want, b.n) == 0);
    buf_free(&b);
}

/* One record on its way. */
struct rec {
    const char *text;
    int told;                       /* its place among all that were told; 0: not yet */
    futu_err err;
    struct rec *then;               /* appended by the callback */
    bool close;                     /* the store is closed by the callback */
    bool last;
};

static int n_told;
static bool all_told;

static futu_err append(struct rec *r);

static void on_done(void *arg, futu_err err)
{
    struct rec *r = arg;
    ck_assert_int_eq(r->told, 0);
    r->told = ++n_told;
    r->err = err;
    if (r->then)
        append(r->then);
    if (r->close) {
        store_close(s);
        s = NULL;
    }
    all_told |= r->last;
}

static futu_err append(struct rec *r)
{
    int before = r->told;
    futu_err err = store_append(s, r->text, strlen(r->text), on_done, r);
    ck_assert_int_eq(r->told, before);      /* never from inside */
    return err;
}

static void append_all(struct rec *r, size_t n)
{
    n_told = 0;
    all_told = false;
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(append(&r[i]), FUTU_OK);
}

static void wait_last(void)
{
    ck_assert_int_eq(loop_run_until(loop, &all_told), FUTU_OK);
}

START_TEST(records_are_told_in_order_once_they_are_on_disk)
{
    struct rec r[] = { { .text = "1\n" }, { .text = "2\n" }, { .text = "three\n", .last = true } };
    set_disk(true, false);
    append_all(r, 3);
    futu_loop_poll(loop, 0);
    ck_assert_int_eq(n_told, 0);            /* not before the disk has it */
    set_disk(false, false);
    wait_last();
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(r[i].told, i + 1);
        ck_assert_int_eq(r[i].err, FUTU_OK);
    }
    file_is("1\n2\nthree\n");
}
END_TEST

START_TEST(what_comes_meanwhile_costs_one_sync)
{
    static struct rec r[200];
    for (size_t i = 0; i < ARRAY_LEN(r); i++)
        r[i] = (struct rec){ .text = "x", .last = i + 1 == ARRAY_LEN(r) };
    set_disk(true, false);
    append_all(r, ARRAY_LEN(r));
    set_disk(false, false);
    wait_last();
    ck_assert_int_eq(n_told, (int)ARRAY_LEN(r));
    ck_assert_int_eq(disk.syncs, 2);        /* the first record's, and one for all others */
}
END_TEST

START_TEST(a_callback_appends)
{
    struct rec third = { .text = "3", .last = true };
    struct rec second = { .text = "2", .then = &third };
    struct rec r[] = { { .text = "0", .then = &second }, { .text = "1" } };
    append_all(r, 2);
    wait_last();
    ck_assert_int_eq(n_told, 4);
    ck_assert_int_eq(third.told, 4);
    file_is("0123");
}
END_TEST

START_TEST(what_was_written_is_read_and_goes_on)
{
    struct rec r = { .text = "one\n", .last = true }, q = { .text = "two\n", .last = true };
    store_is("");
    append_all(&r, 1);
    wait_last();
    store_is("one\n");
    reopen();
    store_is("one\n");
    append_all(&q, 1);
    wait_last();
    reopen();
    store_is("one\ntwo\n");
}
END_TEST

START_TEST(a_file_is_replaced_at_once_and_stays_locked)
{
    struct rec r = { .text = "old and long\n", .last = true };
    struct rec q = { .text = "more\n", .last = true };
    struct store *other;
    append_all(&r, 1);
    wait_last();
    reopen();
    ck_assert_int_eq(store_replace(s, "new\n", 4), FUTU_OK);
    file_is("new\n");
    store_is("new\n");
    ck_assert_int_eq(access(path_of(NAME ".new"), F_OK), -1);
    ck_assert_int_eq(open_in(&other, dir, "another futu-opend uses it"), FUTU_EBUSY);
    append_all(&q, 1);
    wait_last();
    file_is("new\nmore\n");
    reopen();
    ck_assert_int_eq(store_replace(s, NULL, 0), FUTU_OK);
    file_is("");
}
END_TEST

/* What a file may grow to from now on; RLIM_INFINITY: as far as it likes. */
static void limit_files(rlim_t n)
{
    struct rlimit l;
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &l), 0);
    l.rlim_cur = MIN(n, l.rlim_max);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &l), 0);
}

START_TEST(a_replacement_that_fails_leaves_the_old)
{
    struct rec r = { .text = "old\n", .last = true }, q = { .text = "more\n", .last = true };
    append_all(&r, 1);
    wait_last();
    reopen();
    limit_files(4);
    ck_assert_int_eq(store_replace(s, "new new\n", 8), FUTU_EIO);
    limit_files(RLIM_INFINITY);
    file_is("old\n");
    append_all(&q, 1);
    wait_last();
    file_is("old\nmore\n");
}
END_TEST

/* The first record's write is under way when the others come, and the new beginning among them. */
static void append_around(struct rec *r)
{
    append_all(r, 1);
    append(&r[1]);
    ck_assert_int_eq(store_rewrite(s, "all\n", 4), FUTU_OK);
    append(&r[2]);
    set_disk(false, false);
    wait_last();
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(r[i].told, i + 1);
        ck_assert_int_eq(r[i].err, FUTU_OK);
    }
}

START_TEST(a_file_begins_anew_between_two_records)
{
    struct rec r[] = { { .text = "1\n" }, { .text = "2\n" }, { .text = "3\n", .last = true } };
    struct rec late = { .text = "4\n", .last = true };
    struct store *other;
    set_disk(true, false);
    append_around(r);
    file_is("all\n3\n");
    ck_assert_int_eq(access(path_of(NAME ".new"), F_OK), -1);
    ck_assert_int_eq(open_in(&other, dir, "another futu-opend uses it"), FUTU_EBUSY);
    append_all(&late, 1);
    wait_last();
    file_is("all\n3\n4\n");
    store_is("all\n3\n4\n");
}
END_TEST

START_TEST(of_several_new_beginnings_the_last_is_there)
{
    struct rec r[] = { { .text = "1\n" }, { .text = "2\n" }, { .text = "3\n", .last = true } };
    set_disk(true, false);
    append_all(r, 1);
    ck_assert_int_eq(store_rewrite(s, "all 1\n", 6), FUTU_OK);
    append(&r[1]);
    ck_assert_int_eq(store_rewrite(s, "all 1 2\n", 8), FUTU_OK);
    append(&r[2]);
    set_disk(false, false);
    wait_last();
    file_is("all 1 2\n3\n");
}
END_TEST

START_TEST(a_new_beginning_that_fails_leaves_every_record)
{
    struct rec r[] = { { .text = "1\n" }, { .text = "2\n" }, { .text = "3\n", .last = true } };
    /* its name is taken by a folder */
    ck_assert_int_eq(mkdir(path_of(NAME ".new"), 0700), 0);
    set_disk(true, false);
    append_around(r);
    ck_assert_int_eq(rmdir(path_of(NAME ".new")), 0);
    file_is("1\n2\n3\n");
}
END_TEST

static void fails_then_works(struct rec *r, struct rec *late)
{
    set_disk(false, disk.fails);
    wait_last();
    limit_files(RLIM_INFINITY);
    set_disk(false, false);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(r[i].told, i + 1);
        ck_assert_int_eq(r[i].err, FUTU_EIO);
    }
    all_told = false;
    ck_assert_int_eq(append(late), FUTU_OK);
    wait_last();
    ck_assert_int_eq(late->err, FUTU_OK);
}

START_TEST(after_a_failed_write_the_next_follows_what_is_whole)
{
    struct rec ok = { .text = "ok\n", .last = true }, late = { .text = "late\n", .last = true };
    struct rec r[] = { { .text = "1\n" }, { .text = "2\n" }, { .text = "three\n", .last = true } };
    append_all(&ok, 1);
    wait_last();
    set_disk(true, _i);
    limit_files(_i ? RLIM_INFINITY : 4);    /* the disk is full, or does not sync */
    append_all(r, 3);
    fails_then_works(r, &late);
    file_is("ok\nlate\n");
}
END_TEST

START_TEST(when_a_part_of_a_record_can_not_be_removed_all_later_ones_fail)
{
    struct rec r[] = { { .text = "1\n" }, { .text = "2\n" }, { .text = "three\n", .last = true } };
    struct rec late = { .text = "late" };
    set_disk(true, true);
    disk.stuck = true;
    r[0].then = &late;
    append_all(r, 3);
    set_disk(false, true);
    wait_last();
    set_disk(false, false);
    disk.stuck = false;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(r[i].told, i + 1);
        ck_assert_int_eq(r[i].err, FUTU_EIO);
    }
    ck_assert_int_eq(append(&late), FUTU_EIO);
    futu_loop_run(loop);
    ck_assert_int_eq(late.told, 0);
}
END_TEST

START_TEST(the_file_is_for_its_owner_only)
{
    struct stat st;
    mode_t old = umask(0);
    store_close(s);
    unlink(path_of(NAME));
    rmdir(dir);
    ck_assert_int_eq(open_in(&s, dir, ""), FUTU_OK);
    umask(old);
    ck_assert_int_eq(stat(path_of(NAME), &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    ck_assert_int_eq(stat(dir, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0700);
    ck_assert_int_eq(store_replace(s, "x", 1), FUTU_OK);
    ck_assert_int_eq(stat(path_of(NAME), &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
}
END_TEST

START_TEST(one_at_a_time)
{
    struct store *other;
    ck_assert_int_eq(open_in(&other, dir, "another futu-opend uses it"), FUTU_EBUSY);
    reopen();
    ck_assert_int_eq(open_in(&other, dir, "--state-dir"), FUTU_EBUSY);
}
END_TEST

START_TEST(a_file_that_is_replaced_while_another_opens_it_is_still_locked)
{
    struct store *other;
    disk.replaced = true;
    ck_assert_int_eq(open_in(&other, dir, "another futu-opend uses it"), FUTU_EBUSY);
    ck_assert(!disk.replaced);
    file_is("new\n");
}
END_TEST

START_TEST(what_can_not_be_opened_is_told)
{
    char longest[1200];
    struct store *other;
    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    ck_assert_int_eq(open_in(&other, longest, "state: making x"), FUTU_EIO);
    ck_assert_int_eq(open_in(&other, path_of(NAME), "state: opening"), FUTU_EIO);
    ck_assert_int_eq(open_in(&other, path_of(NAME "/deeper"), "state: making"), FUTU_EIO);
    store_close(s);
    ck_assert_int_eq(truncate(path_of(NAME), (off_t)STORE_MAX + 1), 0);
    ck_assert_int_eq(open_in(&s, dir, "larger than 256 MiB"), FUTU_ELIMIT);
    ck_assert_int_eq(truncate(path_of(NAME), 0), 0);
    ck_assert_int_eq(open_in(&s, dir, ""), FUTU_OK);
}
END_TEST

START_TEST(closing_while_busy_writes_all_and_tells_nothing)
{
    struct rec r[] = { { .text = "one\n" }, { .text = "two\n" }, { .text = "three\n" } };
    set_disk(true, false);
    append_all(r, 3);
    store_close(s);
    set_disk(false, false);
    futu_loop_run(loop);
    ck_assert_int_eq(n_told, 0);
    file_is("one\ntwo\nthree\n");
    ck_assert_int_eq(open_in(&s, dir, ""), FUTU_OK);     /* nobody has it any more */
}
END_TEST

START_TEST(closing_from_a_callback_tells_no_more)
{
    struct rec late = { .text = "late\n" };
    struct rec r[] = { { .text = "one\n" }, { .text = "two\n", .close = true, .last = true },
                       { .text = "three\n" } };
    r[_i].then = &late;
    set_disk(true, false);
    append_all(r, 3);
    set_disk(false, false);
    futu_loop_run(loop);
    ck_assert_int_eq(r[1].told, 2);
    ck_assert_int_eq(r[2].told, 0);
    ck_assert_int_eq(late.told, 0);
    file_is("one\ntwo\nthree\nlate\n");
    ck_assert_int_eq(open_in(&s, dir, ""), FUTU_OK);
}
END_TEST

START_TEST(the_loop_may_go_before_the_write_has_ended)
{
    struct rec r = { .text = "one\n" };
    append_all(&r, 1);
    store_close(s);
    futu_loop_free(loop);
    ck_assert_int_eq(r.told, 0);
    file_is("one\n");
    ck_assert_int_eq(futu_loop_new(&loop), FUTU_OK);
    ck_assert_int_eq(open_in(&s, dir, ""), FUTU_OK);
}
END_TEST

START_TEST(closing_nothing_is_fine)
{
    store_close(NULL);
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    store_close(s);
    s = NULL;
    for (long n = 0; test_alloc_fail_at(n); n++) {
        struct rec r = { .text = "x", .last = true };
        struct buf b = BUF_INIT;
        n_told = 0;
        all_told = false;
        futu_err err = open_in(&s, dir, "");
        if (!err)
            err = store_read(s, &b);
        if (!err)
            err = append(&r);
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        if (!err)
            wait_last();
        ck_assert_int_eq(n_told, !err);
        store_close(s);
        s = NULL;
        futu_loop_run(loop);
        buf_free(&b);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, records_are_told_in_order_once_they_are_on_disk);
    tcase_add_test(tc, what_comes_meanwhile_costs_one_sync);
    tcase_add_test(tc, a_callback_appends);
    tcase_add_test(tc, what_was_written_is_read_and_goes_on);
    tcase_add_test(tc, a_file_is_replaced_at_once_and_stays_locked);
    tcase_add_test(tc, a_replacement_that_fails_leaves_the_old);
    tcase_add_test(tc, a_file_begins_anew_between_two_records);
    tcase_add_test(tc, of_several_new_beginnings_the_last_is_there);
    tcase_add_test(tc, a_new_beginning_that_fails_leaves_every_record);
    tcase_add_loop_test(tc, after_a_failed_write_the_next_follows_what_is_whole, 0, 2);
    tcase_add_test(tc, when_a_part_of_a_record_can_not_be_removed_all_later_ones_fail);
    tcase_add_test(tc, the_file_is_for_its_owner_only);
    tcase_add_test(tc, one_at_a_time);
    tcase_add_test(tc, a_file_that_is_replaced_while_another_opens_it_is_still_locked);
    tcase_add_test(tc, what_can_not_be_opened_is_told);
    tcase_add_test(tc, closing_while_busy_writes_all_and_tells_nothing);
    tcase_add_loop_test(tc, closing_from_a_callback_tells_no_more, 0, 2);
    tcase_add_test(tc, the_loop_may_go_before_the_write_has_ended);
    tcase_add_test(tc, closing_nothing_is_fine);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("store", add);
}
