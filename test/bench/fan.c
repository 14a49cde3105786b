/* fan.c - see fan.h. One receiver, on the core of the load.
 *
 * Latency: from the signal for one event to its arrival in each client, all clients counted. So few
 *          a second that nothing waits.
 * CPU:     of the server alone, per event delivered.
 */
#include "fan.h"

#include <errno.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define WARM_S 1.0
#define RUN_S 4.0
#define EVENTS 200

static uint8_t input[CONN_BUF];

static void receive(struct fan *f, size_t i)
{
    ssize_t got = recv(f->fd[i], input, sizeof(input), MSG_DONTWAIT);
    if (got > 0)
        f->take(f, i, input, (size_t)got);
    else if (got == 0 || errno != EAGAIN)
        die("a connection with events");
}

static void watch_all(struct fan *f)
{
    f->ep = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < FAN_CLIENTS; i++) {
        struct epoll_event e = { EPOLLIN, { .u64 = i } };
        epoll_ctl(f->ep, EPOLL_CTL_ADD, f->fd[i], &e);
    }
}

static void receive_for(struct fan *f, double seconds)
{
    struct epoll_event ready[256];
    for (double end = now_s() + seconds; now_s() < end;) {
        int n = epoll_wait(f->ep, ready, 256, 10);
        for (int i = 0; i < n; i++)
            receive(f, ready[i].data.u64);
    }
}

static void saturate(struct fan *f, struct server *source, struct server *s, struct fan_found *out)
{
    blast_go(source);
    receive_for(f, WARM_S);
    uint64_t n = f->events, bytes = f->bytes;
    double cpu = server_cpu_s(s), start = now_s();
    receive_for(f, RUN_S);
    double took = now_s() - start;
    cpu = server_cpu_s(s) - cpu;
    n = f->events - n;
    out->per_second = (double)n / took;
    out->bytes = (double)(f->bytes - bytes) / (double)n;
    out->cpu_ns = cpu * 1e9 / (double)n;
    blast_end(source);
    do {
        n = f->events;
        receive_for(f, 0.3);
    } while (f->events != n);
}

static size_t one_event(struct fan *f, struct server *source, float *samples)
{
    struct epoll_event ready[256];
    size_t told = 0;
    double start = now_s(), end = start + 5;
    for (size_t i = 0; i < FAN_CLIENTS; i++)
        f->told[i] = false;
    blast_one(source);
    while (told < FAN_CLIENTS && now_s() < end) {
        int n = epoll_wait(f->ep, ready, 256, 100);
        for (int i = 0; i < n; i++) {
            size_t k = ready[i].data.u64;
            bool before = f->told[k];
            receive(f, k);
            if (f->told[k] && !before)
                samples[told++] = (float)(now_s() - start);
        }
    }
    if (told < FAN_CLIENTS)
    die("an event to all");
    return told;
}

static void go_calmly(struct fan *f, struct server *source, struct server *s, struct fan_found *out)
{
    static float samples[EVENTS * FAN_CLIENTS];
    struct load_result r;
    size_t n = 0;
    double cpu = server_cpu_s(s), next = now_s();
    for (int i = 0; i < EVENTS; i++) {
        n += one_event(f, source, samples + n);
        next += 1.0 / FAN_RATE;
        double rest = next - now_s();
        if (rest > 0)
            receive_for(f, rest);
    }
    out->calm_cpu_us = (server_cpu_s(s) - cpu) * 1e6 / (double)n;
    load_percentiles(samples, n, &r);
    out->p50_us = r.p50_us;
    out->p99_us = r.p99_us;
}

void fan_measure(struct fan *f, struct server *source, struct server *s, bool calmly,
                 struct fan_found *out)
{
    watch_all(f);
    receive_for(f, 0.3);
    if (calmly)
        go_calmly(f, source, s, out);
    saturate(f, source, s, out);
    close(f->ep);
    for (size_t i = 0; i < FAN_CLIENTS; i++)
        close(f->fd[i]);
}

void fan_print(const struct fan_found *us, const struct fan_found *them,
               const struct fan_found *gathered)
{
    char what[80];
    table_row("delivered per second, as many as can be", us->per_second, them->per_second, true);
    table_row("  server's processor, nanoseconds each", us->cpu_ns, them->cpu_ns, false);
    table_row("  beside a peer that gathers 16", us->per_second, gathered->per_second, true);
    table_row("  server's processor, nanoseconds each", us->cpu_ns, gathered->cpu_ns, false);
    snprintf(what, sizeof(what), "%d a second: p50, microseconds", FAN_RATE);
    table_row(what, us->p50_us, them->p50_us, false);
    table_row("  p99, microseconds", us->p99_us, them->p99_us, false);
    table_row("  server's processor, microseconds each", us->calm_cpu_us, them->calm_cpu_us, false);
}
