/* state_crash_test.c - a process that saves a login is killed before and after each call that
 * changes the disk: what is there then is the old login or the new one, whole, and the next process
 * can go on. The calls are this file's own. */
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "folder.h"
#include "login/cred.h"

static int step = -1;               /* -1: nobody is killed; counts down to 0 */
static int cut = -1;                /* bytes that the next write gets to disk before it ends */

static void maybe_die(void)
{
    if (step >= 0 && step-- == 0)
        kill(getpid(), SIGKILL);
}

#define AROUND(call)                                                                               \
    do {                                                                                           \
        maybe_die();                                                                               \
        long rc = (call);                                                                          \
        maybe_die();                                                                               \
        return (int)rc;                                                                            \
    } while (0)

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    maybe_die();
    size_t most = cut >= 0 && (size_t)cut < n ? (size_t)cut : n;
    ssize_t rc = syscall(SYS_pwrite64, fd, p, most, at);
    if (cut >= 0)
        kill(getpid(), SIGKILL);
    maybe_die();
    return rc;
}

int ftruncate(int fd, off_t n)
{
    AROUND(syscall(SYS_ftruncate, fd, n));
}

int fchmod(int fd, mode_t mode)
{
    AROUND(syscall(SYS_fchmod, fd, mode));
}

int fsync(int fd)
{
    AROUND(syscall(SYS_fsync, fd));
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    AROUND(syscall(SYS_renameat, from_dir, from, to_dir, to));
}

static char why[512];

static void set(struct secret *s, const char *text)
{
    ck_assert_int_eq(secret_set(s, text, strlen(text)), FUTU_OK);
}

static void fill(struct cred *c, const char *ticket, uint64_t uid)
{
    memset(c, 0, sizeof(*c));
    c->uid = uid;
    c->attribution = 6;
    memcpy(c->device_id, "0123456789abcdef", DEVICE_ID + 1);
    str_copy(c->account, sizeof(c->account), str_c(acc.typed));
    set(&c->tgtgt, ticket);
    ck_assert_int_eq(secret_room(&c->rand_key, CRED_RAND_KEY), FUTU_OK);
}

/* Runs save() in a child that dies at that point. False: it came through. */
static bool killed_at(int at, int bytes, const struct cred *c)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        step = at;
        cut = bytes;
        _exit(cred_save(c, &st, &acc, why, sizeof(why)) ? 1 : 0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

static uint64_t uid_on_disk(void)
{
    struct cred c;
    ck_assert_msg(cred_load(&c, &st, &acc, NULL, NULL, why, sizeof(why)) == FUTU_OK, "%s", why);
    ck_assert_str_eq((const char *)c.tgtgt.p, c.uid == 1 ? "old-ticket" : "another-new-ticket");
    uint64_t uid = c.uid;
    cred_wipe(&c);
    return uid;
}

START_TEST(killed_at_any_point_the_old_or_the_new_login_is_there)
{
    struct cred old, new;
    int points = 0, kept = 0;
    folder_make("12345678");
    fill(&old, "old-ticket", 1);
    fill(&new, "another-new-ticket", 2);
    ck_assert_int_eq(cred_save(&old, &st, &acc, why, sizeof(why)), FUTU_OK);
    while (killed_at(points, -1, &new)) {
        points++;
        kept += uid_on_disk() == 1;
        ck_assert_int_eq(cred_save(&old, &st, &acc, why, sizeof(why)), FUTU_OK);
        ck_assert_uint_eq(uid_on_disk(), 1);
    }
    /* Before and after: fchmod, ftruncate, write, fsync, rename, and fsync of the folder. */
    ck_assert_int_eq(points, 12);
    ck_assert_int_eq(kept, 9);
    ck_assert_uint_eq(uid_on_disk(), 2);
    cred_wipe(&old);
    cred_wipe(&new);
    folder_remove();
}
END_TEST

START_TEST(killed_within_the_write_the_old_login_is_there)
{
    struct cred old, new;
    folder_make("12345678");
    fill(&old, "old-ticket", 1);
    fill(&new, "another-new-ticket", 2);
    ck_assert_int_eq(cred_save(&old, &st, &acc, why, sizeof(why)), FUTU_OK);
    for (int bytes = 0; bytes < 300; bytes += 23) {
        ck_assert(killed_at(-1, bytes, &new));
        ck_assert_uint_eq(uid_on_disk(), 1);
    }
    ck_assert_int_eq(cred_save(&new, &st, &acc, why, sizeof(why)), FUTU_OK);
    ck_assert_uint_eq(uid_on_disk(), 2);
    cred_wipe(&old);
    cred_wipe(&new);
    folder_remove();
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, killed_at_any_point_the_old_or_the_new_login_is_there);
    tcase_add_test(tc, killed_within_the_write_the_old_login_is_there);
}

int main(void)
{
    return run_tcase("state_crash", add);
}
