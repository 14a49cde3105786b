/* state_test.c - the state folder: modes, whole files or none, one gateway an account, and whether
 * it lasts. fstatfs(), fchmod() and fsync() are this file's own where a test says. */
#include "login/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "folder.h"

static long fs_type;                /* 0: the true one */
static bool no_modes, no_sync, stranger;

int fstatfs(int fd, struct statfs *out)
{
    int rc = (int)syscall(SYS_fstatfs, fd, out);
    if (fs_type)
        out->f_type = fs_type;
    return rc;
}

int fchmod(int fd, mode_t mode)
{
    return no_modes ? 0 : (int)syscall(SYS_fchmod, fd, mode);
}

uid_t geteuid(void)
{
    return stranger ? 65534 : (uid_t)syscall(SYS_geteuid);
}

int fsync(int fd)
{
    errno = EIO;
    return no_sync ? -1 : (int)syscall(SYS_fsync, fd);
}

static char why[512];

static void setup(void)
{
    unsetenv("container");
    folder_make("12345678");
}

static void teardown(void)
{
    fs_type = 0;
    no_modes = no_sync = stranger = false;
    folder_remove();
}

static void reopen(futu_err want, const char *part)
{
    state_close(&st);
    ck_assert_int_eq(state_open(&st, folder, why, sizeof(why)), want);
    ck_assert_msg(strstr(why, part) != NULL, "\"%s\" is not in \"%s\"", part, why);
}

START_TEST(the_folder_is_made_and_kept_for_its_owner_alone)
{
    ck_assert_uint_eq(folder_mode(""), 0700);
    ck_assert_int_eq(chmod(folder, 0755), 0);
    reopen(FUTU_OK, "");
    ck_assert_uint_eq(folder_mode(""), 0700);
}
END_TEST

START_TEST(secret_files_are_tightened_and_others_are_let_be)
{
    folder_put("credentials-0123456789abcdef.json", "x", 0644);
    folder_put("credentials-0123456789abcdef.json.bak", "x", 0640);
    folder_put("device-0123456789abcdef.dat", "x", 0666);
    folder_put("keychain-0123456789abcdef.box", "x", 0604);
    folder_put("notes.txt", "x", 0644);
    reopen(FUTU_OK, "");
    ck_assert_uint_eq(folder_mode("credentials-0123456789abcdef.json"), 0600);
    ck_assert_uint_eq(folder_mode("credentials-0123456789abcdef.json.bak"), 0600);
    ck_assert_uint_eq(folder_mode("device-0123456789abcdef.dat"), 0600);
    ck_assert_uint_eq(folder_mode("keychain-0123456789abcdef.box"), 0600);
    ck_assert_uint_eq(folder_mode("notes.txt"), 0644);
    ck_assert_ptr_nonnull(strstr(logged, "device-0123456789abcdef.dat could be read by others"));
}
END_TEST

START_TEST(a_link_in_the_folder_is_not_followed)
{
    folder_put("notes.txt", "x", 0644);
    ck_assert_int_eq(symlink("notes.txt", folder_path("credentials-x.json")), 0);
    reopen(FUTU_OK, "");
    ck_assert_uint_eq(folder_mode("notes.txt"), 0644);
    struct secret text = SECRET_NULL;
    ck_assert_int_eq(state_read(&st, "credentials-x.json", &text, why, sizeof(why)), FUTU_EIO);
}
END_TEST

START_TEST(a_folder_that_others_use_is_refused_rather_than_closed_to_them)
{
    ck_assert_int_eq(mkdir(folder_path("other"), 0755), 0);
    reopen(FUTU_OK, "");                /* 0700 already: it is ours alone */
    ck_assert_int_eq(chmod(folder, 0755), 0);
    reopen(FUTU_EIO, "holds other folders");
    ck_assert_uint_eq(folder_mode(""), 0755);
    ck_assert_int_eq(rmdir(folder_path("other")), 0);
    ck_assert_int_eq(chmod(folder, 01777), 0);
    reopen(FUTU_EIO, "choose a folder of its own");
    ck_assert_uint_eq(folder_mode(""), 01777);
}
END_TEST

START_TEST(a_volume_of_another_owner_is_used_with_a_warning_unless_all_may_write)
{
    ck_assert_int_eq(mkdir(folder_path("lost+found"), 0700), 0);
    ck_assert_int_eq(chmod(folder, 02775), 0);
    stranger = true;
    reopen(FUTU_OK, "");
    ck_assert_uint_eq(folder_mode(""), 02775);
    ck_assert_ptr_nonnull(strstr(logged, "2 state: "));
    ck_assert_ptr_nonnull(strstr(logged, "belongs to another user"));
    no_modes = true;                    /* as if the system refused */
    ck_assert_int_eq(chmod(folder, 0777), 0);
    reopen(FUTU_EIO, "keeps no modes");
    stranger = no_modes = false;
    reopen(FUTU_OK, "");
    ck_assert_uint_eq(folder_mode(""), 0700);
}
END_TEST

START_TEST(a_file_system_without_modes_is_refused)
{
    ck_assert_int_eq(chmod(folder, 0777), 0);
    no_modes = true;
    reopen(FUTU_EIO, "keeps no modes");
}
END_TEST

START_TEST(what_is_no_folder_can_not_be_opened)
{
    folder_put("file", "x", 0600);
    struct state s;
    ck_assert_int_eq(state_open(&s, folder_path("file"), why, sizeof(why)), FUTU_EIO);
    ck_assert_ptr_nonnull(strstr(why, "Not a directory"));
    state_close(&s);
}
END_TEST

START_TEST(a_file_is_read_back_as_it_was_written)
{
    struct secret text = SECRET_NULL;
    ck_assert_int_eq(state_write(&st, "a", "one", 3, why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(state_write(&st, "a", "second", 6, why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(state_read(&st, "a", &text, why, sizeof(why)), FUTU_OK);
    ck_assert_uint_eq(text.n, 6);
    ck_assert_mem_eq(text.p, "second", 7);
    ck_assert_uint_eq(folder_mode("a"), 0600);
    ck_assert(!folder_has("a.new"));
    ck_assert_int_eq(state_write(&st, "a", "", 0, why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(state_read(&st, "a", &text, why, sizeof(why)), FUTU_OK);
    ck_assert_uint_eq(text.n, 0);
    secret_wipe(&text);
}
END_TEST

START_TEST(what_a_crash_has_left_behind_is_written_over)
{
    folder_put("a.new", "half of something long", 0644);
    ck_assert_int_eq(state_write(&st, "a", "one", 3, why, sizeof(why)), FUTU_OK);
    ck_assert(folder_is("a", "one"));
    ck_assert_uint_eq(folder_mode("a"), 0600);
}
END_TEST

START_TEST(a_write_that_fails_leaves_the_old_content)
{
    ck_assert_int_eq(state_write(&st, "a", "one", 3, why, sizeof(why)), FUTU_OK);
    no_sync = true;
    ck_assert_int_eq(state_write(&st, "a", "second", 6, why, sizeof(why)), FUTU_EIO);
    ck_assert_ptr_nonnull(strstr(why, "writing a"));
    ck_assert(folder_is("a", "one"));
}
END_TEST

START_TEST(what_is_missing_too_large_or_no_file_is_told_apart)
{
    struct secret text = SECRET_NULL;
    ck_assert_int_eq(state_read(&st, "a", &text, why, sizeof(why)), FUTU_ENOTFOUND);
    folder_put("a", "", 0600);
    ck_assert_int_eq(truncate(folder_path("a"), STATE_FILE_MAX + 1), 0);
    ck_assert_int_eq(state_read(&st, "a", &text, why, sizeof(why)), FUTU_ELIMIT);
    ck_assert_int_eq(mkdir(folder_path("d"), 0700), 0);
    ck_assert_int_eq(state_read(&st, "d", &text, why, sizeof(why)), FUTU_EIO);
    ck_assert_int_eq(mkfifo(folder_path("p"), 0600), 0);
    ck_assert_int_eq(state_read(&st, "p", &text, why, sizeof(why)), FUTU_EIO);
    ck_assert_ptr_nonnull(strstr(why, "is not a file"));
    ck_assert_ptr_null(text.p);
}
END_TEST

START_TEST(files_are_removed_or_set_aside_under_a_free_name)
{
    char as[STATE_NAME_MAX];
    folder_put("a", "1", 0600);
    ck_assert_int_eq(state_set_aside(&st, "a", as, why, sizeof(why)), FUTU_OK);
    ck_assert_str_eq(as, "a.bad-1");
    folder_put("a", "2", 0600);
    ck_assert_int_eq(state_set_aside(&st, "a", as, why, sizeof(why)), FUTU_OK);
    ck_assert_str_eq(as, "a.bad-2");
    ck_assert(folder_is("a.bad-1", "1") && folder_is("a.bad-2", "2"));
    ck_assert_int_eq(state_remove(&st, "a.bad-2", why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(state_remove(&st, "a.bad-2", why, sizeof(why)), FUTU_ENOTFOUND);
    ck_assert_int_eq(state_set_aside(&st, "a", as, why, sizeof(why)), FUTU_EIO);
}
END_TEST

START_TEST(after_too_many_bad_files_the_user_is_asked_to_clean_up)
{
    char as[STATE_NAME_MAX];
    for (int i = 0; i < 99; i++) {
        folder_put("a", "x", 0600);
        ck_assert_int_eq(state_set_aside(&st, "a", as, why, sizeof(why)), FUTU_OK);
    }
    folder_put("a", "x", 0600);
    ck_assert_int_eq(state_set_aside(&st, "a", as, why, sizeof(why)), FUTU_ELIMIT);
    ck_assert(folder_has("a"));
}
END_TEST

/* Another process that holds the lock until the pipe is closed. */
static pid_t lock_elsewhere(int *end)
{
    int ready[2], go[2];
    char c;
    ck_assert_int_eq(pipe(ready), 0);
    ck_assert_int_eq(pipe(go), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct state other;
        close(go[1]);
        if (state_open(&other, folder, why, sizeof(why)) ||
            state_lock(&other, &acc, why, sizeof(why)) || write(ready[1], "x", 1) != 1 ||
            read(go[0], &c, 1) < 0)
            _exit(1);
        _exit(0);
    }
    close(ready[1]);
    close(go[0]);
    ck_assert_int_eq(read(ready[0], &c, 1), 1);
    close(ready[0]);
    *end = go[1];
    return pid;
}

START_TEST(two_gateways_on_one_account_are_told_apart_and_the_other_is_named)
{
    int end, status;
    char text[128];
    struct account other;
    pid_t pid = lock_elsewhere(&end);
    ck_assert_int_eq(state_lock(&st, &acc, why, sizeof(why)), FUTU_EBUSY);
    snprintf(text, sizeof(text), "account 12345678 is in use by another futu-opend, process %ld;",
             (long)pid);
    ck_assert_msg(strstr(why, text) != NULL, "%s", why);
    ck_assert_int_eq(account_parse(&other, "87654321", why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(state_lock(&st, &other, why, sizeof(why)), FUTU_OK);
    close(end);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    state_close(&st);
    ck_assert_int_eq(state_open(&st, folder, why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(state_lock(&st, &acc, why, sizeof(why)), FUTU_OK);
}
END_TEST

START_TEST(a_lock_is_gone_with_its_holder_and_only_its_own)
{
    ck_assert_int_eq(state_lock(&st, &acc, why, sizeof(why)), FUTU_OK);
    ck_assert(folder_has("lock-25d55ad283aa400a"));
    state_close(&st);
    ck_assert(!folder_has("lock-25d55ad283aa400a"));
    ck_assert_int_eq(state_open(&st, folder, why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(state_lock(&st, &acc, why, sizeof(why)), FUTU_OK);
    /* Somebody has cleaned up meanwhile, and another gateway has begun. */
    ck_assert_int_eq(unlink(folder_path("lock-25d55ad283aa400a")), 0);
    folder_put("lock-25d55ad283aa400a", "1", 0600);
    state_close(&st);
    ck_assert(folder_has("lock-25d55ad283aa400a"));
    ck_assert_int_eq(state_open(&st, folder, why, sizeof(why)), FUTU_OK);
}
END_TEST

START_TEST(memory_and_the_layer_of_a_container_do_not_last)
{
    fs_type = 0xef53;
    ck_assert(!state_ephemeral(&st, why, sizeof(why)));
    fs_type = 0x01021994;
    ck_assert(state_ephemeral(&st, why, sizeof(why)));
    ck_assert_ptr_nonnull(strstr(why, "lies in memory"));
    fs_type = 0x794c7630;
    setenv("container", "docker", 1);
    ck_assert(state_ephemeral(&st, why, sizeof(why)));
    ck_assert_ptr_nonnull(strstr(why, "mount a volume"));
    fs_type = 0xef53;
    ck_assert(!state_ephemeral(&st, why, sizeof(why)));
}
END_TEST

START_TEST(the_default_folder_is_that_of_the_variable_or_in_the_home)
{
    char dir[64];
    setenv("FUTU_STATE_DIR", "/var/lib/futu", 1);
    setenv("HOME", "/somebody", 1);
    ck_assert_int_eq(state_default_dir(dir, sizeof(dir)), FUTU_OK);
    ck_assert_str_eq(dir, "/var/lib/futu");
    unsetenv("FUTU_STATE_DIR");
    ck_assert_int_eq(state_default_dir(dir, sizeof(dir)), FUTU_OK);
    ck_assert_str_eq(dir, "/somebody/.futu-opend-rs");
    ck_assert_int_eq(state_default_dir(dir, 10), FUTU_ELIMIT);
    unsetenv("HOME");
    ck_assert_int_eq(state_default_dir(dir, sizeof(dir)), FUTU_ENOTFOUND);
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    folder_put("a", "text", 0600);
    for (long n = 0; test_alloc_fail_at(n); n++) {
        struct secret text = SECRET_NULL;
        futu_err err = state_read(&st, "a", &text, why, sizeof(why));
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        secret_wipe(&text);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_folder_is_made_and_kept_for_its_owner_alone);
    tcase_add_test(tc, secret_files_are_tightened_and_others_are_let_be);
    tcase_add_test(tc, a_link_in_the_folder_is_not_followed);
    tcase_add_test(tc, a_folder_that_others_use_is_refused_rather_than_closed_to_them);
    tcase_add_test(tc, a_volume_of_another_owner_is_used_with_a_warning_unless_all_may_write);
    tcase_add_test(tc, a_file_system_without_modes_is_refused);
    tcase_add_test(tc, what_is_no_folder_can_not_be_opened);
    tcase_add_test(tc, a_file_is_read_back_as_it_was_written);
    tcase_add_test(tc, what_a_crash_has_left_behind_is_written_over);
    tcase_add_test(tc, a_write_that_fails_leaves_the_old_content);
    tcase_add_test(tc, what_is_missing_too_large_or_no_file_is_told_apart);
    tcase_add_test(tc, files_are_removed_or_set_aside_under_a_free_name);
    tcase_add_test(tc, after_too_many_bad_files_the_user_is_asked_to_clean_up);
    tcase_add_test(tc, two_gateways_on_one_account_are_told_apart_and_the_other_is_named);
    tcase_add_test(tc, a_lock_is_gone_with_its_holder_and_only_its_own);
    tcase_add_test(tc, memory_and_the_layer_of_a_container_do_not_last);
    tcase_add_test(tc, the_default_folder_is_that_of_the_variable_or_in_the_home);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("state", add);
}
