/* watch_test.c - changes of files are told, each once; what is no change is not. */
#include "io/watch.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "../support.h"

static futu_loop *loop;
static struct watch *w;
static char dir[64], path[96], other[96];
static int told;

static void on_change(void *arg)
{
    (void)arg;
    told++;
    futu_loop_stop(loop);
}

static void put(const char *at, const char *text)
{
    FILE *f = fopen(at, "w");
    ck_assert(f != NULL);
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
}

static void setup(void)
{
    told = 0;
    ck_assert_int_eq(futu_loop_new(&loop), FUTU_OK);
    snprintf(dir, sizeof(dir), "/tmp/watch_test.XXXXXX");
    ck_assert(mkdtemp(dir) != NULL);
    snprintf(path, sizeof(path), "%s/keys.json", dir);
    snprintf(other, sizeof(other), "%s/other", dir);
    put(path, "one");
    ck_assert_int_eq(watch_new(&w, loop, on_change, NULL), FUTU_OK);
}

static void teardown(void)
{
    watch_free(w);
    futu_loop_free(loop);
    unlink(path);
    unlink(other);
    ck_assert_int_eq(rmdir(dir), 0);
}

static void stop_loop(void *arg)
{
    (void)arg;
    futu_loop_stop(loop);
}

/* Runs until a change was told, or until it can't come any more. */
static int changes(void)
{
    futu_timer *limit;
    int before = told;
    ck_assert_int_eq(futu_timer_new(loop, &limit, 10000, 0, stop_loop, NULL), FUTU_OK);
    futu_loop_run(loop);
    futu_timer_free(limit);
    return told - before;
}

/* Turns of the loop for four times the time that a change needs. */
static int changes_soon(void)
{
    futu_timer *limit;
    int before = told;
    ck_assert_int_eq(futu_timer_new(loop, &limit, 80, 0, stop_loop, NULL), FUTU_OK);
    futu_loop_run(loop);
    futu_timer_free(limit);
    return told - before;
}

START_TEST(a_file_written_in_place_is_told)
{
    ck_assert_int_eq(watch_add(w, path), FUTU_OK);
    put(path, "two");
    ck_assert_int_eq(changes(), 1);
    put(path, "three");
    ck_assert_int_eq(changes(), 1);
    ck_assert_int_eq(changes_soon(), 0);
}
END_TEST

START_TEST(a_file_replaced_by_rename_is_told)
{
    ck_assert_int_eq(watch_add(w, path), FUTU_OK);
    for (int i = 0; i < 3; i++) {               /* the watch outlives the file that it began with */
        put(other, "new");
        ck_assert_int_eq(rename(other, path), 0);
        ck_assert_int_eq(changes(), 1);
    }
}
END_TEST

START_TEST(a_file_that_was_missing_is_told_when_it_is_made)
{
    ck_assert_int_eq(watch_add(w, other), FUTU_OK);
    put(other, "first");
    ck_assert_int_eq(changes(), 1);
    ck_assert_int_eq(unlink(other), 0);
    ck_assert_int_eq(changes_soon(), 0);
    put(other, "again");
    ck_assert_int_eq(changes(), 1);
}
END_TEST

START_TEST(work_on_other_files_is_not_told)
{
    ck_assert_int_eq(watch_add(w, path), FUTU_OK);
    put(other, "x");
    ck_assert_int_eq(unlink(other), 0);
    ck_assert_int_eq(changes_soon(), 0);
}
END_TEST

START_TEST(many_writes_are_told_once)
{
    ck_assert_int_eq(watch_add(w, path), FUTU_OK);
    ck_assert_int_eq(watch_add(w, other), FUTU_OK);
    for (int i = 0; i < 20; i++) {
        put(path, "x");
        put(other, "y");
        futu_loop_poll(loop, 0);
    }
    ck_assert_int_eq(told, 0);
    ck_assert_int_eq(changes(), 1);
    ck_assert_int_eq(changes_soon(), 0);
}
END_TEST

static void write_more(void *arg)
{
    FILE *f = fopen(path, "a");
    (void)arg;
    ck_assert(f != NULL);
    fputc('x', f);
    fclose(f);
}

START_TEST(a_file_that_is_never_quiet_is_told_nevertheless)
{
    futu_timer *busy;
    ck_assert_int_eq(watch_add(w, path), FUTU_OK);
    ck_assert_int_eq(futu_timer_new(loop, &busy, 1, 5, write_more, NULL), FUTU_OK);
    int64_t start = loop_now(loop);
    ck_assert_int_eq(changes(), 1);
    ck_assert_int_ge(loop_now(loop) - start, WATCH_QUIET);
    futu_timer_free(busy);
}
END_TEST

/* As a cluster's secrets are laid out: the link in the middle is what changes. */
START_TEST(a_link_that_points_elsewhere_is_told)
{
    char a[96], b[96], middle[96], file[128];
    snprintf(a, sizeof(a), "%s/a", dir);
    snprintf(b, sizeof(b), "%s/b", dir);
    snprintf(middle, sizeof(middle), "%s/data", dir);
    ck_assert(mkdir(a, 0700) == 0 && mkdir(b, 0700) == 0 && symlink("a", middle) == 0);
    snprintf(file, sizeof(file), "%s/keys.json", a);
    put(file, "a");
    snprintf(file, sizeof(file), "%s/keys.json", b);
    put(file, "b");
    ck_assert_int_eq(symlink("data/keys.json", other), 0);
    ck_assert_int_eq(watch_add(w, other), FUTU_OK);
    snprintf(file, sizeof(file), "%s/new", dir);
    ck_assert_int_eq(symlink("b", file), 0);
    ck_assert_int_eq(rename(file, middle), 0);
    ck_assert_int_eq(changes(), 1);
    snprintf(file, sizeof(file), "%s/keys.json", a);
    unlink(file);
    snprintf(file, sizeof(file), "%s/keys.json", b);
    unlink(file);
    ck_assert(rmdir(a) == 0 && rmdir(b) == 0 && unlink(middle) == 0);
}
END_TEST

static void free_it(void *arg)
{
    (void)arg;
    watch_free(w);
    w = NULL;
    told++;
    futu_loop_stop(loop);
}

START_TEST(it_may_be_freed_from_inside)
{
    watch_free(w);
    ck_assert_int_eq(watch_new(&w, loop, free_it, NULL), FUTU_OK);
    ck_assert_int_eq(watch_add(w, path), FUTU_OK);
    put(path, "two");
    ck_assert_int_eq(changes(), 1);
    ck_assert(w == NULL);
}
END_TEST

START_TEST(it_may_be_freed_before_it_tells)
{
    ck_assert_int_eq(watch_add(w, path), FUTU_OK);
    put(path, "two");
    futu_loop_poll(loop, 0);
    watch_free(w);
    w = NULL;
    ck_assert_int_eq(changes_soon(), 0);
}
END_TEST

START_TEST(it_does_not_keep_the_loop_running)
{
    ck_assert_int_eq(watch_add(w, path), FUTU_OK);
    futu_loop_run(loop);                        /* returns */
    ck_assert_int_eq(told, 0);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_an_error)
{
    char missing[128];
    snprintf(missing, sizeof(missing), "%s/none/keys.json", dir);
    ck_assert_int_eq(watch_add(w, missing), FUTU_EIO);
    ck_assert_int_eq(watch_add(w, path), FUTU_OK);
    put(path, "two");
    ck_assert_int_eq(changes(), 1);
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    for (long n = 0; test_alloc_fail_at(n); n++) {
        struct watch *one;
        futu_err err = watch_new(&one, loop, on_change, NULL);
        if (!err)
            err = watch_add(one, path);
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        watch_free(one);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_file_written_in_place_is_told);
    tcase_add_test(tc, a_file_replaced_by_rename_is_told);
    tcase_add_test(tc, a_file_that_was_missing_is_told_when_it_is_made);
    tcase_add_test(tc, work_on_other_files_is_not_told);
    tcase_add_test(tc, many_writes_are_told_once);
    tcase_add_test(tc, a_file_that_is_never_quiet_is_told_nevertheless);
    tcase_add_test(tc, a_link_that_points_elsewhere_is_told);
    tcase_add_test(tc, it_may_be_freed_from_inside);
    tcase_add_test(tc, it_may_be_freed_before_it_tells);
    tcase_add_test(tc, it_does_not_keep_the_loop_running);
    tcase_add_test(tc, a_folder_that_is_not_there_is_an_error);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("watch", add);
}
