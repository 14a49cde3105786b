/* load.c - connections, request load and fan-out, the same code for every server. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

#define MAX_SAMPLES 2000000

bool conn_open(struct conn *c, int port)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct timeval patience = { .tv_sec = 10 };
    int one = 1;
    memset(c, 0, sizeof(*c));
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    c->in = malloc(CONN_BUF);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return c->in && connect(c->fd, (struct sockaddr *)&a, sizeof(a)) == 0;
}

void conn_close(struct conn *c)
{
    close(c->fd);
    free(c->in);
}

bool conn_write(struct conn *c, const void *p, size_t n)
{
    for (size_t off = 0; off < n;) {
        ssize_t done = send(c->fd, (const char *)p + off, n - off, MSG_NOSIGNAL);
        if (done <= 0 && errno != EAGAIN)
            return false;
        off += done > 0 ? (size_t)done : 0;
    }
    return true;
}

static void drop(struct conn *c, size_t n)
{
    c->n_in -= n;
    memmove(c->in, c->in + n, c->n_in);
}

size_t conn_read(struct conn *c, const struct proto *p, uint8_t *out, size_t size)
{
    for (;;) {
        size_t n = p->message(c->in, c->n_in);
        if (n > 0) {
            memcpy(out, c->in, n < size ? n : size);
            drop(c, n);
            return n;
        }
        ssize_t got = recv(c->fd, c->in + c->n_in, CONN_BUF - c->n_in, 0);
        if (got <= 0)
            return 0;
        c->n_in += (size_t)got;
    }
}

/* Whole messages in what has arrived; they are dropped. */
static unsigned count_messages(struct conn *c, const struct proto *p)
{
    unsigned messages = 0;
    size_t off = 0, n;
    while ((n = p->message(c->in + off, c->n_in - off)) > 0) {
        off += n;
        messages++;
    }
    if (off)
        drop(c, off);
    return messages;
}

static unsigned receive(struct conn *c, const struct proto *p)
{
    ssize_t got = recv(c->fd, c->in + c->n_in, CONN_BUF - c->n_in, MSG_DONTWAIT);
    if (got <= 0)
        return 0;
    c->n_in += (size_t)got;
    return count_messages(c, p);
}

static int make_epoll(struct conn *conns, size_t n)
{
    int ep = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < n; i++) {
        struct epoll_event e = { EPOLLIN, { .ptr = &conns[i] } };
        epoll_ctl(ep, EPOLL_CTL_ADD, conns[i].fd, &e);
    }
    return ep;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

void load_percentiles(float *seconds, size_t n, struct load_result *out)
{
    qsort(seconds, n, sizeof(*seconds), by_value);
    out->p50_us = n ? seconds[n / 2] * 1e6 : 0;
    out->p99_us = n ? seconds[n * 99 / 100] * 1e6 : 0;
}

static bool send_batch(struct conn *c, const uint8_t *batch, size_t len, unsigned depth)
{
    c->waiting = depth;
    c->batch_start = now_s();
    return conn_write(c, batch, len);
}

bool load_run(const struct proto *p, struct conn *conns, size_t n, const uint8_t *request,
              size_t request_len, unsigned depth, double seconds, struct load_result *out)
{
    struct epoll_event events[256];
    float *samples = malloc(MAX_SAMPLES * sizeof(*samples));
    uint8_t *batch = malloc(request_len * depth);
    size_t n_samples = 0;
    uint64_t answers = 0;
    int ep = make_epoll(conns, n);
    for (unsigned i = 0; i < depth; i++)
        memcpy(batch + i * request_len, request, request_len);
    double start = now_s(), end = start + seconds;
    bool fine = true;
    for (size_t i = 0; i < n && fine; i++)
        fine = send_batch(&conns[i], batch, request_len * depth, depth);
    while (fine && now_s() < end) {
        int ready = epoll_wait(ep, events, 256, 1000);
        fine = ready > 0;
        for (int i = 0; i < ready && fine; i++) {
            struct conn *c = events[i].data.ptr;
            unsigned got = receive(c, p);
            answers += got;
            c->waiting -= got < c->waiting ? got : c->waiting;
            if (c->waiting > 0)
                continue;
            if (n_samples < MAX_SAMPLES)
                samples[n_samples++] = (float)(now_s() - c->batch_start);
            fine = send_batch(c, batch, request_len * depth, depth);
        }
    }
    out->per_second = (double)answers / (now_s() - start);
    load_percentiles(samples, n_samples, out);
    close(ep);
    free(samples);
    free(batch);
    return fine;
}

uint64_t fanout_count(const struct proto *p, struct conn *conns, size_t n, double seconds,
                      void (*poke)(void *arg), void *arg)
{
    struct epoll_event events[256];
    uint64_t messages = 0;
    int ep = make_epoll(conns, n);
    double end = now_s() + seconds;
    while (now_s() < end) {
        if (poke)
            poke(arg);
        int ready = epoll_wait(ep, events, 256, poke ? 0 : 100);
        for (int i = 0; i < ready; i++)
            messages += receive(events[i].data.ptr, p);
    }
    close(ep);
    return messages;
}

double fanout_run(const struct proto *p, struct conn *conns, size_t n, double seconds,
                  void (*poke)(void *arg), void *arg)
{
    double start = now_s();
    uint64_t messages = fanout_count(p, conns, n, seconds, poke, arg);
    return (double)messages / (now_s() - start);
}

bool fanout_latency(const struct proto *p, struct conn *conns, size_t n, unsigned rounds,
                    bool (*fire)(void *arg), void *arg, struct load_result *out)
{
    struct epoll_event events[256];
    float *samples = calloc(rounds, sizeof(*samples));
    int ep = make_epoll(conns, n);
    bool fine = true;
    for (unsigned r = 0; r < rounds && fine; r++) {
        size_t left = n;
        for (size_t i = 0; i < n; i++)
            conns[i].waiting = 1;
        double start = now_s();
        fine = fire(arg);
        while (fine && left > 0) {
            int ready = epoll_wait(ep, events, 256, 5000);
            fine = ready > 0 && now_s() - start < 5;    /* a closed one is always ready */
            for (int i = 0; i < ready; i++) {
                struct conn *c = events[i].data.ptr;
                if (receive(c, p) > 0 && c->waiting) {
                    c->waiting = 0;
                    left--;
                }
            }
        }
        samples[r] = (float)(now_s() - start);
    }
    load_percentiles(samples, fine ? rounds : 0, out);
    close(ep);
    free(samples);
    return fine;
}
