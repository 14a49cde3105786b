/* opend.c - see opend.h. */
#include "opend.h"

#include <arpa/inet.h>
#include <check.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define READY_MS (10000 * SLOW)
#define STOP_MS (2000 * SLOW)
#define RACES 5

int64_t now_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

int free_port(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    close(fd);
    return ntohs(a.sin_port);
}

/* A file of this process in the folder FUTU_TEST_LOGS; -1 when there is no such folder. */
static int open_kept(const char *kind)
{
    const char *folder = getenv("FUTU_TEST_LOGS");
    char path[1024];
    if (!folder || snprintf(path, sizeof(path), "%s/opend-%d.%s", folder, (int)getpid(), kind) >=
                       (int)sizeof(path))
        return -1;
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* With FUTU_TEST_LOGS each daemon leaves what it said on standard error there, for log_scan.py;
 * else it goes where the test's own goes. */
static void keep_errors(void)
{
    int fd = open_kept("log");
    if (fd < 0)
        return;
    dup2(fd, STDERR_FILENO);
}

const char *opend_log_level(void)
{
    return getenv("FUTU_TEST_LOGS") ? "trace" : "error";
}

void opend_secret(const char *secret)
{
    int fd = open_kept("secrets");
    if (fd < 0)
        return;
    ck_assert_int_gt(dprintf(fd, "%s\n", secret), 0);
    close(fd);
}

/* Starts the program with its output in a pipe, whose other end is returned. */
static int spawn(pid_t *pid, const char *const *args, bool with_errors)
{
    const char *program = getenv("FUTU_OPEND");
    int p[2];
    ck_assert_msg(program != NULL, "FUTU_OPEND is not set");
    ck_assert_int_eq(pipe2(p, O_CLOEXEC), 0);
    *pid = fork();
    ck_assert_int_ge(*pid, 0);
    if (*pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);       /* a test that fails leaves no daemon behind */
        dup2(p[1], STDOUT_FILENO);
        if (with_errors)
            dup2(p[1], STDERR_FILENO);
        else
            keep_errors();
        execv(program, (char *const *)args);
        _exit(127);
    }
    close(p[1]);
    return p[0];
}

/* Milliseconds from now until `end`, 0 when it is past. */
static int left(int64_t end)
{
    int64_t ms = end - now_ms();
    return ms > 0 ? (int)ms : 0;
}

/* Reads until `word` is there (NULL: until the end); false when the output ended before. */
static bool read_until(int fd, const char *word, char *text, size_t size, int64_t end)
{
    size_t n = 0;
    text[0] = '\0';
    for (;;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        ck_assert_msg(poll(&p, 1, left(end)) > 0, "futu-opend: no \"%s\" in time: %s",
                      word ? word : "end", text);
        ssize_t got = read(fd, text + n, size - 1 - n);
        if (got <= 0)
            return false;
        n += (size_t)got;
        text[n] = '\0';
        if (word && strstr(text, word))
            return true;
    }
}

static int reap(pid_t pid, int64_t end)
{
    int status;
    pid_t done;
    while ((done = waitpid(pid, &status, WNOHANG)) == 0) {
        if (left(end) == 0) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            ck_abort_msg("futu-opend did not end in time");
        }
        poll(NULL, 0, 5);
    }
    ck_assert_int_eq(done, pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* The port on the line that begins with `word`, 0: there is no such line. */
static int port_after(const char *banner, const char *word)
{
    const char *line = strstr(banner, word);
    if (!line)
        return 0;
    size_t n = strcspn(line, "(\n");
    const char *colon = memrchr(line, ':', n);
    ck_assert_msg(colon != NULL, "no port in the banner: %s", banner);
    return (int)strtol(colon + 1, NULL, 10);
}

static void read_ports(struct opend *d)
{
    d->port = port_after(d->banner, "  FTAPI ");
    d->ws_port = port_after(d->banner, "  WebSocket ");
    d->rest_port = port_after(d->banner, "  REST ");
}

/* False: it ended by itself with status 1, as it does when a port is taken. */
static bool start_once(struct opend *d, const char *const *argv)
{
    d->out = spawn(&d->pid, argv, false);
    if (read_until(d->out, "\nready", d->banner, sizeof(d->banner), now_ms() + READY_MS))
        return true;
    close(d->out);
    ck_assert_int_eq(reap(d->pid, now_ms() + STOP_MS), 1);
    return false;
}

/* Puts `args` behind the first n of `argv`. */
static void append(const char **argv, size_t n, const char *const *args)
{
    for (; args && *args; args++) {
        ck_assert_uint_lt(n, OPEND_MAX_ARGS - 1);
        argv[n++] = *args;
    }
}

static bool start_paper(struct opend *d, const char *const *args)
{
    char ws[16], rest[16];
    const char *argv[OPEND_MAX_ARGS] = {
        "futu-opend", "--paper", "--paper-clock", "always-open", "--frequency-limits", "off",
        "--port", "0", "--log-level", opend_log_level(), "--websocket-port", ws, "--rest-port",
        rest,
    };
    snprintf(ws, sizeof(ws), "%d", free_port());
    snprintf(rest, sizeof(rest), "%d", free_port());
    append(argv, 14, args);
    return start_once(d, argv);
}

void opend_start(struct opend *d, const char *const *args)
{
    int races = 0;
    while (!start_paper(d, args))
        ck_assert_msg(++races < RACES, "futu-opend can't start");
    read_ports(d);
}

void opend_start_as(struct opend *d, const char *const *args)
{
    const char *argv[OPEND_MAX_ARGS] = { "futu-opend" };
    append(argv, 1, args);
    ck_assert_msg(start_once(d, argv), "futu-opend can't start");
    read_ports(d);
}

void opend_kill(struct opend *d)
{
    kill(d->pid, SIGKILL);
    ck_assert_int_eq(waitpid(d->pid, NULL, 0), d->pid);
    close(d->out);
}

void opend_stop(struct opend *d)
{
    kill(d->pid, SIGTERM);
    ck_assert_int_eq(reap(d->pid, now_ms() + STOP_MS), 0);
    close(d->out);
}

int opend_run_until(const char *const *args, const char *word, char *text, size_t size)
{
    const char *argv[OPEND_MAX_ARGS] = { "futu-opend" };
    pid_t pid;
    append(argv, 1, args);
    int fd = spawn(&pid, argv, true);
    int64_t end = now_ms() + READY_MS;
    bool said = read_until(fd, word, text, size, end);
    close(fd);
    if (!said)
        return reap(pid, end);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return -1;
}

int opend_run(const char *const *args, char *text, size_t size)
{
    return opend_run_until(args, NULL, text, size);
}

long opend_rss_kb(const struct opend *d)
{
    char path[64], line[256];
    long kb = -1;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)d->pid);
    FILE *f = fopen(path, "r");
    ck_assert(f != NULL);
    while (kb < 0 && fgets(line, sizeof(line), f))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kb = strtol(line + 6, NULL, 10);
    fclose(f);
    ck_assert_int_gt(kb, 0);
    return kb;
}
