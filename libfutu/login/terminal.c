/* terminal.c - see terminal.h.
 *
 * A handler of ours writes the signal's number into a pipe, which is waited for beside the
 * terminal: whichever thread gets the signal, the one that reads comes back and cleans up.
 */
#include "login/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <strings.h>
#include <termios.h>
#include <unistd.h>

#include "base/base.h"

static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGTTIN, SIGTTOU };
#define N_CAUGHT ARRAY_LEN(caught)

static int signal_pipe[2] = { -1, -1 };

struct asking {
    struct sigaction before[N_CAUGHT];
    struct termios mode;
    bool quiet;                 /* the mode was changed */
};

static void on_signal(int signum)
{
    int saved = errno;
    unsigned char c = (unsigned char)signum;
    if (write(signal_pipe[1], &c, 1) < 0) {
        /* It is full: the reader wakes up all the same. */
    }
    errno = saved;
}

static bool begin(struct asking *a, bool echo)
{
    struct sigaction sa = { .sa_handler = on_signal };
    a->quiet = false;
    if (pipe2(signal_pipe, O_CLOEXEC | O_NONBLOCK))
        return false;
    for (size_t i = 0; i < N_CAUGHT; i++) {
        sigaction(caught[i], &sa, &a->before[i]);
        if (a->before[i].sa_handler == SIG_IGN)     /* it stays ignored, as under nohup */
            sigaction(caught[i], &a->before[i], NULL);
    }
    if (echo || tcgetattr(STDIN_FILENO, &a->mode))
        return true;
    struct termios quiet = a->mode;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    a->quiet = tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
    return a->quiet;
}

static void finish(struct asking *a, bool newline)
{
    if (a->quiet) {
        /* From the background this would stop the process before the modes are back. */
        struct sigaction ignore = { .sa_handler = SIG_IGN };
        sigaction(SIGTTOU, &ignore, NULL);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &a->mode);
    }
    for (size_t i = 0; i < N_CAUGHT; i++)
        sigaction(caught[i], &a->before[i], NULL);
    close(signal_pipe[0]);
    close(signal_pipe[1]);
    if (newline && write(STDERR_FILENO, "\n", 1) < 0) {
        /* Nobody looks. */
    }
}

/* The next byte; FUTU_ECANCELED: the end, or a signal, which is then in *signum. */
static futu_err next_byte(char *c, int *signum)
{
    struct pollfd fds[] = { { .fd = signal_pipe[0], .events = POLLIN },
                            { .fd = STDIN_FILENO, .events = POLLIN } };
    unsigned char number;
    if (poll(fds, 2, -1) < 0 && errno != EINTR)
        return FUTU_EIO;
    if (read(signal_pipe[0], &number, 1) == 1) {
        *signum = number;
        return FUTU_ECANCELED;
    }
    if (!fds[1].revents)
        return FUTU_EAGAIN;
    ssize_t n = read(STDIN_FILENO, c, 1);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? FUTU_EAGAIN : FUTU_EIO;
    return n == 1 ? FUTU_OK : FUTU_ECANCELED;
}

/* A line in *n bytes of `line`, which has TERMINAL_LINE. All of a longer one is read. */
static futu_err read_line(char *line, size_t *n, int *signum)
{
    bool longer = false;
    char c = '\0';
    *n = 0;
    for (;;) {
        futu_err err = next_byte(&c, signum);
        if (err == FUTU_EAGAIN)
            continue;
        if (err)
            return err;
        if (c == '\n' || c == '\r')
            return longer ? FUTU_ELIMIT : FUTU_OK;
        longer = longer || *n == TERMINAL_LINE;
        if (!longer)
            line[(*n)++] = c;
    }
}

static futu_err ask_once(const char *question, bool echo, struct secret *out, int *signum)
{
    struct asking a;
    struct secret line = SECRET_NULL;
    size_t n = 0;
    futu_err err = secret_room(&line, TERMINAL_LINE);
    if (err)
        return err;
    bool begun = begin(&a, echo);
    err = begun ? FUTU_OK : FUTU_EIO;
    if (begun && write(STDERR_FILENO, question, strlen(question)) < 0)
        err = FUTU_EIO;
    if (!err)
        err = read_line((char *)line.p, &n, signum);
    if (signal_pipe[0] >= 0)
        finish(&a, !echo || *signum);
    signal_pipe[0] = signal_pipe[1] = -1;
    if (!err)
        err = secret_set(out, line.p, n);
    secret_wipe(&line);
    return err;
}

static bool stops(int signum)
{
    return signum == SIGTSTP || signum == SIGTTIN || signum == SIGTTOU;
}

static futu_err system_ask(void *arg, const char *question, bool echo, struct secret *out)
{
    futu_err err;
    int signum;
    (void)arg;
    do {
        signum = 0;
        err = ask_once(question, echo, out, &signum);
        if (signum)
            kill(getpid(), signum);     /* to whom it was meant before */
    } while (err == FUTU_ECANCELED && stops(signum));
    return err;
}

static bool system_present(void *arg)
{
    (void)arg;
    return isatty(STDIN_FILENO) == 1;
}

/* From the background a read would stop the process. */
static bool system_waits(void *arg)
{
    struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
    (void)arg;
    return tcgetpgrp(STDIN_FILENO) == getpgrp() && poll(&fd, 1, 0) == 1 && fd.revents & POLLIN;
}

const struct terminal terminal_system = { system_present, system_ask, NULL, system_waits };

bool terminal_confirm(const struct terminal *t, const char *question)
{
    struct secret answer = SECRET_NULL;
    char text[512];
    snprintf(text, sizeof(text), "%s (y/N) ", question);
    if (terminal_ask(t, text, true, &answer))
        return false;
    bool yes = strcasecmp((const char *)answer.p, "y") == 0 ||
               strcasecmp((const char *)answer.p, "yes") == 0;
    secret_wipe(&answer);
    return yes;
}
