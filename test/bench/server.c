/* server.c - starts the servers under test and looks at them. */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static bool spawn(struct server *s, const char *const argv[])
{
    int pipes[2];
    if (pipe2(pipes, O_CLOEXEC) != 0)
        return false;
    s->pid = fork();
    if (s->pid == 0) {
        int null = open("/dev/null", O_WRONLY);
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

/* Reads its output until `word`; the port follows "127.0.0.1:" on the way. */
static bool await(struct server *s, const char *word)
{
    char text[4096];
    size_t n = 0;
    double end = now_s() + 20;
    while (now_s() < end && n + 1 < sizeof(text)) {
        struct pollfd p = { s->out, POLLIN, 0 };
        if (poll(&p, 1, 100) <= 0)
            continue;
        ssize_t got = read(s->out, text + n, sizeof(text) - 1 - n);
        if (got <= 0)
            return false;
        n += (size_t)got;
        text[n] = '\0';
        if (!strstr(text, word))
            continue;
        const char *at = strstr(text, "FTAPI       127.0.0.1:");
        if (at)
            s->port = (int)strtol(strchr(at, ':') + 1, NULL, 10);
        return true;
    }
    return false;
}

bool server_start_futu(struct server *s, const char *bin, const char *clock)
{
    const char *argv[] = { bin,   "--paper", "--paper-clock",      clock,
                     "--port",      "0",       "--frequency-limits", "off",
                     "--log-level", "off",     "--sub-quota",        "100000",
                     NULL };
    double start = now_s();
    if (!spawn(s, argv) || !await(s, "ready"))
        return false;
    s->ready_ms = (now_s() - start) * 1e3;
    return true;
}

static int free_port(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bind(fd, (struct sockaddr *)&a, sizeof(a));
    getsockname(fd, (struct sockaddr *)&a, &len);
    close(fd);
    return ntohs(a.sin_port);
}

bool server_start_redis(struct server *s)
{
    char port[16];
    s->port = free_port();
    snprintf(port, sizeof(port), "%d", s->port);
    const char *argv[] = { "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "",
                     "--appendonly", "no", "--client-output-buffer-limit", "pubsub 0 0 0",
                     "--maxclients", "4000", NULL };
    double start = now_s();
    if (!spawn(s, argv) || !await(s, "Ready to accept"))
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
