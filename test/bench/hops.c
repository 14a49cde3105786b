/* hops.c - what can stand between a client and its upstream: socat and haproxy, which only carry
 * bytes, and futu-opend as a relay. And the upstream that has only pushes. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

const char *const hop_names[N_HOPS] = { "direct", "socat", "haproxy", "relay" };

static bool start_socat(struct server *s, int upstream)
{
    char from[80], to[80];
    s->port = server_free_port();
    snprintf(from, sizeof(from), "TCP-LISTEN:%d,bind=127.0.0.1,reuseaddr,nodelay,backlog=1000,fork",
             s->port);
    snprintf(to, sizeof(to), "TCP:127.0.0.1:%d,nodelay", upstream);
    const char *argv[] = { "socat", "-b", "65536", from, to, NULL };
    return server_spawn(s, argv) && server_await_port(s);
}

static bool start_haproxy(struct server *s, int upstream, const char *dir)
{
    char path[60];
    snprintf(path, sizeof(path), "%s/haproxy.cfg", dir);
    FILE *f = fopen(path, "w");
    if (!f)
        return false;
    s->port = server_free_port();
    fprintf(f,
            "global\n    nbthread 1\n    maxconn 4000\n"
            "defaults\n    mode tcp\n    timeout connect 5s\n    timeout client 60s\n"
            "    timeout server 60s\n"
            "listen hop\n    bind 127.0.0.1:%d\n    server upstream 127.0.0.1:%d\n",
            s->port, upstream);
    fclose(f);
    const char *argv[] = { "haproxy", "-db", "-f", path, NULL };
    return server_spawn(s, argv) && server_await_port(s);
}

static bool start_relay(struct server *s, int upstream, const char *dir, const char *bin)
{
    char to[40], text[4096];
    snprintf(to, sizeof(to), "127.0.0.1:%d", upstream);
    const char *argv[] = { bin,   "--upstream",         to,    "--state-dir", dir,   "--port",
                           "0",   "--frequency-limits", "off", "--log-level", "off", NULL };
    if (!server_spawn(s, argv) || !server_await(s, "ready", text, sizeof(text)))
        return false;
    s->port = server_port_in(text);
    return s->port > 0;
}

static struct hop *running[N_HOPS];

/* When the bench gives up, what a hop keeps on disk goes too. */
static void stop_all(void)
{
    for (int i = 0; i < N_HOPS; i++)
        if (running[i])
            hop_stop(running[i]);
}

bool hop_start(struct hop *h, enum hop_kind kind, int upstream_port, const char *bin)
{
    static bool registered;
    if (!registered)
        registered = atexit(stop_all) == 0;
    memset(h, 0, sizeof(*h));
    running[kind] = h;
    snprintf(h->dir, sizeof(h->dir), "/tmp/futu-bench-XXXXXX");
    if (kind == HOP_NONE || kind == HOP_SOCAT || !mkdtemp(h->dir))
        h->dir[0] = '\0';
    h->s.port = upstream_port;
    h->up = kind == HOP_NONE || (kind == HOP_SOCAT && start_socat(&h->s, upstream_port)) ||
            (kind == HOP_HAPROXY && start_haproxy(&h->s, upstream_port, h->dir)) ||
            (kind == HOP_RELAY && start_relay(&h->s, upstream_port, h->dir, bin));
    if (!h->up) {
        printf("  no %s: it did not start\n", hop_names[kind]);
        hop_stop(h);
    }
    return h->up;
}

void hop_stop(struct hop *h)
{
    for (int i = 0; i < N_HOPS; i++)
        if (running[i] == h)
            running[i] = NULL;
    server_stop(&h->s);
    if (h->dir[0])
        dir_remove(h->dir);
    h->up = false;
}

bool blast_start(struct server *s)
{
    char path[PATH_MAX], text[400];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 8);
    if (n <= 0)
        return false;
    path[n] = '\0';
    snprintf(strrchr(path, '/'), 8, "/blast");
    const char *argv[] = { path, NULL };
    if (!server_spawn(s, argv) || !server_await(s, "ready", text, sizeof(text)))
        return false;
    s->port = server_port_in(text);
    return true;
}

void blast_go(const struct server *s)
{
    kill(s->pid, SIGUSR1);
}

void blast_one(const struct server *s)
{
    kill(s->pid, SIGHUP);
}

uint64_t blast_end(const struct server *s)
{
    char text[100];
    kill(s->pid, SIGUSR2);
    if (!server_await(s, "sent ", text, sizeof(text)))
        return 0;
    return strtoull(strstr(text, "sent ") + 5, NULL, 10);
}
