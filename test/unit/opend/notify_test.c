/* notify_test.c - what a service manager hears, and that one which is not there costs nothing. */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support.h"

#include "notify.h"             /* behind it: uv.h brings macros of the same names */

static char dir[] = "/tmp/futu-notify-XXXXXX", path[64];
static int manager;

static int listen_at(const char *name, size_t n)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    memcpy(at.sun_path, name, n);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)), 0);
    return fd;
}

static void setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/notify", dir);
    manager = listen_at(path, strlen(path));
    setenv("NOTIFY_SOCKET", path, 1);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

static void teardown(void)
{
    close(manager);
    unlink(path);
    rmdir(dir);
}

static const char *heard(int fd)
{
    static char text[64];
    ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

START_TEST(a_message_is_one_datagram_as_it_is)
{
    ck_assert(notify_say(NOTIFY_READY));
    ck_assert(notify_say(NOTIFY_STOPPING));
    ck_assert_str_eq(heard(manager), "READY=1");
    ck_assert_str_eq(heard(manager), "STOPPING=1");
    ck_assert_str_eq(heard(manager), "");
}
END_TEST

START_TEST(an_abstract_socket_is_named_with_an_at_sign)
{
    char name[64] = "", text[66];
    snprintf(name + 1, sizeof(name) - 1, "futu-notify-%ld", (long)getpid());
    snprintf(text, sizeof(text), "@%s", name + 1);
    int fd = listen_at(name, 1 + strlen(name + 1));
    setenv("NOTIFY_SOCKET", text, 1);
    ck_assert(notify_say(NOTIFY_READY));
    ck_assert_str_eq(heard(fd), "READY=1");
    close(fd);
}
END_TEST

START_TEST(without_a_manager_nothing_is_wrong)
{
    unsetenv("NOTIFY_SOCKET");
    ck_assert(notify_say(NOTIFY_READY));
    setenv("NOTIFY_SOCKET", "", 1);
    ck_assert(notify_say(NOTIFY_READY));
}
END_TEST

START_TEST(a_manager_that_can_t_be_told_is_known_by_its_reason)
{
    char text[512];
    const char *const bad[] = { "relative", "/", "@" };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        setenv("NOTIFY_SOCKET", bad[i], 1);
        errno = 0;
        ck_assert(!notify_say(NOTIFY_READY));
        ck_assert_int_eq(errno, EINVAL);
    }
    memset(text, 'x', sizeof(text) - 1);
    text[0] = '/';
    text[sizeof(text) - 1] = '\0';
    setenv("NOTIFY_SOCKET", text, 1);
    ck_assert(!notify_say(NOTIFY_READY));
    setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
    ck_assert(!notify_say(NOTIFY_READY));
    ck_assert_int_eq(errno, ENOENT);
}
END_TEST

START_TEST(a_manager_that_reads_nothing_is_not_waited_for)
{
    int said = 0;
    while (said < 100000 && notify_say(NOTIFY_READY))
        said++;
    ck_assert_int_lt(said, 100000);     /* its queue was full, and we are still here */
    ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

static void on_idle(uv_idle_t *h)
{
    (void)h;
}

static void turn_until_heard(uv_loop_t *loop)
{
    struct pollfd p = { .fd = manager, .events = POLLIN };
    while (poll(&p, 1, 0) == 0)
        uv_run(loop, UV_RUN_NOWAIT);
}

START_TEST(the_watchdog_hears_of_the_loop_until_it_is_closed)
{
    char pid[16];
    uv_loop_t loop;
    uv_idle_t work;             /* the watchdog alone keeps no loop going */
    struct notify n = { .open = false };
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    uv_idle_init(&loop, &work);
    uv_idle_start(&work, on_idle);
    setenv("WATCHDOG_USEC", "2000", 1);
    snprintf(pid, sizeof(pid), "%ld", (long)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    notify_watch(&n, &loop);
    ck_assert(n.open);
    for (int i = 0; i < 3; i++) {
        turn_until_heard(&loop);
        ck_assert_str_eq(heard(manager), "WATCHDOG=1");
    }
    uv_close((uv_handle_t *)&work, NULL);
    notify_close(&n);
    notify_close(&n);
    uv_run(&loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&loop), 0);
}
END_TEST

START_TEST(no_watchdog_runs_for_another_process_or_without_a_number)
{
    static const struct {
        const char *usec, *pid;
    } none[] = { { "2000", "1" }, { "0", NULL }, { "2s", NULL }, { "-5", NULL }, { "", NULL },
                 { "99999999999999999999999", NULL }, { NULL, NULL } };
    uv_loop_t loop;
    struct notify n = { .open = false };
    ck_assert_int_eq(uv_loop_init(&loop), 0);
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        unsetenv("WATCHDOG_USEC");
        unsetenv("WATCHDOG_PID");
        if (none[i].usec)
            setenv("WATCHDOG_USEC", none[i].usec, 1);
        if (none[i].pid)
            setenv("WATCHDOG_PID", none[i].pid, 1);
        notify_watch(&n, &loop);
        ck_assert(!n.open);
    }
    ck_assert_int_eq(uv_loop_close(&loop), 0);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_message_is_one_datagram_as_it_is);
    tcase_add_test(tc, an_abstract_socket_is_named_with_an_at_sign);
    tcase_add_test(tc, without_a_manager_nothing_is_wrong);
    tcase_add_test(tc, a_manager_that_can_t_be_told_is_known_by_its_reason);
    tcase_add_test(tc, a_manager_that_reads_nothing_is_not_waited_for);
    tcase_add_test(tc, the_watchdog_hears_of_the_loop_until_it_is_closed);
    tcase_add_test(tc, no_watchdog_runs_for_another_process_or_without_a_number);
}

int main(void)
{
    return run_tcase("notify", add);
}
