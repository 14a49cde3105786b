/* terminal_test.c - a child asks on a pseudo terminal, and this side types, sends signals, and
 * looks at what the terminal shows and at its modes afterwards. */
#include "login/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "../support.h"

static int master = -1;
static pid_t child;
static char screen[4096];           /* all that the terminal showed */

/* What the child's exit status says. */
enum { GOT_LINE = 10, GOT_CANCEL, GOT_LIMIT, GOT_NOTSUP, GOT_OTHER };

static int judge(futu_err err, const struct secret *s, const char *want)
{
    if (!err)
        return s->n == strlen(want) && memcmp(s->p, want, s->n) == 0 ? GOT_LINE : GOT_OTHER;
    return err == FUTU_ECANCELED ? GOT_CANCEL : err == FUTU_ELIMIT ? GOT_LIMIT
           : err == FUTU_ENOTSUP ? GOT_NOTSUP : GOT_OTHER;
}

static void on_term(int signum)
{
    (void)signum;
}

enum { DIES, SURVIVES, IGNORES };

static void ask_in_child(bool echo, const char *want, int on_sigterm)
{
    struct secret s = SECRET_NULL;
    signal(SIGINT, SIG_DFL);        /* check has handlers of its own */
    signal(SIGTERM, SIG_DFL);
    if (on_sigterm != DIES)
        signal(SIGTERM, on_sigterm == SURVIVES ? on_term : SIG_IGN);
    futu_err err = terminal_ask(&terminal_system, "Password: ", echo, &s);
    int code = judge(err, &s, want);
    secret_wipe(&s);
    _exit(code);
}

/* A job in the background has begun with some of them ignored, and hands that on. */
static void all_signals_count(void)
{
    static const int fatal[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
    for (size_t i = 0; i < ARRAY_LEN(fatal); i++)
        signal(fatal[i], SIG_DFL);
}

static void start(bool echo, const char *want, int on_sigterm)
{
    char name[64];
    master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    ck_assert_int_ge(master, 0);
    ck_assert_int_eq(grantpt(master), 0);
    ck_assert_int_eq(unlockpt(master), 0);
    ck_assert_int_eq(ptsname_r(master, name, sizeof(name)), 0);
    screen[0] = '\0';
    child = fork();
    if (child == 0) {
        all_signals_count();
        setsid();
        int fd = open(name, O_RDWR);
        ioctl(fd, TIOCSCTTY, 0);
        for (int i = 0; i < 3; i++)
            dup2(fd, i);
        ask_in_child(echo, want, on_sigterm);
    }
}

/* Reads until the text was shown `times` times. */
static void until_shown(const char *text, int times)
{
    for (;;) {
        int seen = 0;
        for (const char *p = screen; (p = strstr(p, text)) != NULL; p++)
            seen++;
        if (seen >= times)
            return;
        size_t n = strlen(screen);
        struct pollfd p = { .fd = master, .events = POLLIN };
        ck_assert_msg(poll(&p, 1, 10000) == 1, "only \"%s\" was shown", screen);
        ssize_t got = read(master, screen + n, sizeof(screen) - 1 - n);
        ck_assert_int_gt(got, 0);
        screen[n + (size_t)got] = '\0';
    }
}

static void type(const char *text)
{
    ck_assert_int_eq(write(master, text, strlen(text)), (ssize_t)strlen(text));
}

static bool echo_is_on(void)
{
    struct termios t;
    ck_assert_int_eq(tcgetattr(master, &t), 0);
    return (t.c_lflag & ECHO) != 0;
}

/* Takes what is still shown, then the status. The master end still has the terminal's modes. */
static int finish(void)
{
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(echo_is_on());
    size_t n = strlen(screen);
    struct pollfd p = { .fd = master, .events = POLLIN };
    while (poll(&p, 1, 0) == 1 && (p.revents & POLLIN)) {
        ssize_t got = read(master, screen + n, sizeof(screen) - 1 - n);
        if (got <= 0)
            break;
        n += (size_t)got;
        screen[n] = '\0';
    }
    close(master);
    return status;
}

static void ended_with(int code)
{
    int status = finish();
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == code, "status %x", status);
}

START_TEST(a_secret_is_read_without_being_shown)
{
    start(false, "correct horse", DIES);
    until_shown("Password: ", 1);
    ck_assert(!echo_is_on());
    type("correct horse\n");
    ended_with(GOT_LINE);
    ck_assert_ptr_null(strstr(screen, "horse"));
    ck_assert_str_eq(screen, "Password: \r\n");
}
END_TEST

START_TEST(a_code_is_shown_while_it_is_typed)
{
    start(true, "123456", DIES);
    until_shown("Password: ", 1);
    ck_assert(echo_is_on());
    type("123456\n");
    ended_with(GOT_LINE);
    ck_assert_ptr_nonnull(strstr(screen, "123456"));
}
END_TEST

START_TEST(the_end_of_input_is_no_answer)
{
    start(false, "", DIES);
    until_shown("Password: ", 1);
    type("\004");
    ended_with(GOT_CANCEL);
}
END_TEST

START_TEST(a_signal_ends_the_program_and_the_terminal_is_as_it_was)
{
    static const int fatal[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
    for (size_t i = 0; i < ARRAY_LEN(fatal); i++) {
        start(false, "", DIES);
        until_shown("Password: ", 1);
        ck_assert_int_eq(kill(child, fatal[i]), 0);
        int status = finish();
        ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == fatal[i], "status %x", status);
    }
}
END_TEST

START_TEST(control_c_on_the_terminal_does_so_too)
{
    start(false, "", DIES);
    until_shown("Password: ", 1);
    type("secr\003");
    int status = finish();
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    ck_assert_ptr_null(strstr(screen, "secr"));
}
END_TEST

START_TEST(a_signal_that_the_program_survives_cancels_the_question)
{
    start(false, "", SURVIVES);
    until_shown("Password: ", 1);
    ck_assert_int_eq(kill(child, SIGTERM), 0);
    ended_with(GOT_CANCEL);
}
END_TEST

START_TEST(a_signal_that_is_ignored_changes_nothing)
{
    start(false, "word", IGNORES);
    until_shown("Password: ", 1);
    ck_assert_int_eq(kill(child, SIGTERM), 0);
    type("word\n");
    ended_with(GOT_LINE);
}
END_TEST

START_TEST(a_program_that_was_stopped_asks_again)
{
    int status;
    start(false, "word", DIES);
    until_shown("Password: ", 1);
    ck_assert_int_eq(kill(child, SIGTSTP), 0);
    /* An orphaned group is not stopped by SIGTSTP; it asks again all the same. */
    until_shown("Password: ", 1);
    if (waitpid(child, &status, WUNTRACED | WNOHANG) == child && WIFSTOPPED(status)) {
        ck_assert(echo_is_on());
        ck_assert_int_eq(kill(child, SIGCONT), 0);
    }
    until_shown("Password: ", 2);
    ck_assert(!echo_is_on());
    type("word\n");
    ended_with(GOT_LINE);
}
END_TEST

START_TEST(a_line_that_is_too_long_is_refused)
{
    char line[600];
    start(false, "", DIES);
    until_shown("Password: ", 1);
    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    type(line);
    type(line);
    type("\n");
    ended_with(GOT_LIMIT);
}
END_TEST

START_TEST(without_a_terminal_nobody_is_asked)
{
    int status;
    child = fork();
    if (child == 0) {
        int fd = open("/dev/null", O_RDONLY);
        dup2(fd, 0);
        ask_in_child(false, "", DIES);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == GOT_NOTSUP);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_secret_is_read_without_being_shown);
    tcase_add_test(tc, a_code_is_shown_while_it_is_typed);
    tcase_add_test(tc, the_end_of_input_is_no_answer);
    tcase_add_test(tc, a_signal_ends_the_program_and_the_terminal_is_as_it_was);
    tcase_add_test(tc, control_c_on_the_terminal_does_so_too);
    tcase_add_test(tc, a_signal_that_the_program_survives_cancels_the_question);
    tcase_add_test(tc, a_signal_that_is_ignored_changes_nothing);
    tcase_add_test(tc, a_program_that_was_stopped_asks_again);
    tcase_add_test(tc, a_line_that_is_too_long_is_refused);
    tcase_add_test(tc, without_a_terminal_nobody_is_asked);
}

int main(void)
{
    return run_tcase("terminal", add);
}
