/* server.c - starts the servers under test and looks at them. */
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

int core_server, core_load;

double now_s(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void pin_to(int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    sched_setaffinity(0, sizeof(set), &set);
}

bool server_spawn(struct server *s, const char *const argv[])
{
    int pipes[2];
    if (pipe2(pipes, O_CLOEXEC) != 0)
        return false;
    s->pid = fork();
    if (s->pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        prctl(PR_SET_PDEATHSIG, SIGTERM);       /* also when the bench gives up */
        pin_to(core_server);
        dup2(pipes[1], STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    close(pipes[1]);
    s->out = pipes[0];
    return s->pid > 0;
}

bool server_await(const struct server *s, const char *word, char *text, size_t size)
{
    size_t n = 0;
    double end = now_s() + 20;
    while (now_s() < end && n + 1 < size) {
        struct pollfd p = { s->out, POLLIN, 0 };
        if (poll(&p, 1, 100) <= 0)
            continue;
        ssize_t got = read(s->out, text + n, size - 1 - n);
        if (got <= 0)
            return false;
        n += (size_t)got;
        text[n] = '\0';
        if (strstr(text, word))
            return true;
    }
    return false;
}

int server_port_in(const char *text)
{
    const char *at = strstr(text, "FTAPI       127.0.0.1:");
    return at ? (int)strtol(strchr(at, ':') + 1, NULL, 10) : 0;
}

bool server_start_futu(struct server *s, const char *bin, const char *clock)
{
    const char *argv[] = { bin,   "--paper", "--paper-clock",      clock,
                     "--port",      "0",       "--frequency-limits", "off",
                     "--log-level", "off",     "--sub-quota",        "100000",
                     NULL };
    char text[4096];
    double start = now_s();
    if (!server_spawn(s, argv) || !server_await(s, "ready", text, sizeof(text)))
        return false;
    s->ready_ms = (now_s() - start) * 1e3;
    s->port = server_port_in(text);
    return true;
}

int server_free_port(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bind(fd, (struct sockaddr *)&a, sizeof(a));
    getsockname(fd, (struct sockaddr *)&a, &len);
    close(fd);
    return ntohs(a.sin_port);
}

bool server_await_port(struct server *s)
{
    struct conn c;
    double end = now_s() + 10;
    while (now_s() < end) {
        if (waitpid(s->pid, NULL, WNOHANG) != 0) {      /* no such program, or it refused */
            s->pid = 0;
            close(s->out);
            return false;
        }
        bool open = conn_open(&c, s->port);
        conn_close(&c);
        if (open)
            return true;
        usleep(10000);
    }
    return false;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

void dir_remove(const char *path)
{
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static char run_dir[40];

static void remove_run_dir(void)
{
    dir_remove(run_dir);
}

const char *bench_dir(void)
{
    if (!run_dir[0]) {
        snprintf(run_dir, sizeof(run_dir), "/tmp/futu-bench-XXXXXX");
        if (!mkdtemp(run_dir) || atexit(remove_run_dir) != 0)
            die("making a folder");
    }
    return run_dir;
}

bool server_start_redis(struct server *s)
{
    char port[16], text[4096];
    s->port = server_free_port();
    snprintf(port, sizeof(port), "%d", s->port);
    const char *argv[] = { "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "",
                     "--appendonly", "no", "--client-output-buffer-limit", "pubsub 0 0 0",
                     "--maxclients", "4000", NULL };
    double start = now_s();
    if (!server_spawn(s, argv) || !server_await(s, "Ready to accept", text, sizeof(text)))
        return false;
    s->ready_ms = (now_s() - start) * 1e3;
    return true;
}

void server_stop(struct server *s)
{
    if (s->pid <= 0)
        return;
    kill(s->pid, SIGTERM);
    waitpid(s->pid, NULL, 0);
    close(s->out);
    s->pid = 0;
}

long server_rss_kb(const struct server *s)
{
    char path[64], line[256];
    long kb = -1;
    snprintf(path, sizeof(path), "/proc/%d/status", (int)s->pid);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kb = strtol(line + 6, NULL, 10);
    if (f)
        fclose(f);
    return kb;
}

static double cpu_of(pid_t pid)
{
    struct timespec ts;
    clockid_t clock;
    if (pid <= 0 || clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &ts) != 0)
        return 0;
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

double server_cpu_s(const struct server *s)
{
    char path[64], line[4096] = "";
    double all = cpu_of(s->pid);
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)s->pid, (int)s->pid);
    FILE *f = fopen(path, "r");
    if (f && !fgets(line, sizeof(line), f))
        line[0] = '\0';
    if (f)
        fclose(f);
    char *at = line, *end = line;
    for (long pid; (pid = strtol(at, &end, 10)) > 0 && end != at; at = end)
        all += cpu_of((pid_t)pid);
    return all;
}

void server_pin(const struct server *s, int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    sched_setaffinity(s->pid, sizeof(set), &set);
}
