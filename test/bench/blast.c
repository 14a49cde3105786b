/* blast.c - see blast.h: its port and connections.
 *
 * usage: blast [PORT]
 *
 * Prints the port as futu-opend does. SIGUSR1 starts the pushes; SIGUSR2 ends them and prints how
 * many were sent; SIGHUP sends a single one on each connection. It ends by SIGTERM, or by itself
 * after LIFE_S.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "blast.h"

#define MAX_CONNS 64
#define LIFE_S 600

static struct blast_conn *conns[MAX_CONNS];
static size_t n_conns;
static uint64_t sent, last_id;
static volatile sig_atomic_t sending, asked, single;

static void on_signal(int sig)
{
    if (sig == SIGHUP) {
        single = 1;
        return;
    }
    sending = sig == SIGUSR1;
    asked = sig == SIGUSR2;
}

/* They are held back from now on; the mask to wait for them with. */
static sigset_t take_signals(void)
{
    static const int signals[] = { SIGUSR1, SIGUSR2, SIGHUP };
    struct sigaction act = { .sa_handler = on_signal };
    sigset_t ours, before;
    sigemptyset(&ours);
    for (size_t i = 0; i < 3; i++) {
        sigaddset(&ours, signals[i]);
        sigaction(signals[i], &act, NULL);
    }
    sigprocmask(SIG_BLOCK, &ours, &before);
    return before;
}

static int listen_at(uint16_t *port)
{
    struct sockaddr_in a = { .sin_family = AF_INET,
                             .sin_port = htons(*port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(a);
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&a, len) != 0 || listen(fd, MAX_CONNS) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &len) != 0)
        return -1;
    *port = ntohs(a.sin_port);
    return fd;
}

static void take_conn(int listener)
{
    int one = 1, fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    struct blast_conn *c = n_conns < MAX_CONNS ? calloc(1, sizeof(*c)) : NULL;
    if (!c) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    c->fd = fd;
    c->id = ++last_id;
    framer_init(&c->in, FRAME_MAX_BODY);
    conns[n_conns++] = c;
}

static void drop_conn(size_t i)
{
    struct blast_conn *c = conns[i];
    close(c->fd);
    framer_free(&c->in);
    buf_free(&c->out);
    buf_free(&c->lap);
    free(c);
    conns[i] = conns[--n_conns];
}

static bool read_conn(struct blast_conn *c)
{
    uint8_t in[65536];
    struct frame f;
    size_t used;
    ssize_t got = recv(c->fd, in, sizeof(in), 0);
    if (got <= 0)
        return got < 0 && (errno == EAGAIN || errno == EINTR);
    for (size_t off = 0; off < (size_t)got; off += used) {
        futu_err err = framer_feed(&c->in, in + off, (size_t)got - off, &used, &f);
        if (err != FUTU_OK && err != FUTU_EAGAIN)
            return false;
        if (err == FUTU_OK && !blast_answer(c, &f))
            return false;
    }
    return true;
}

/* `n` bytes of the lap are gone. The rest of a frame that went in part moves to c->out, so that an
 * answer never lands inside a frame. */
static bool pass_frames(struct blast_conn *c, size_t n)
{
    struct frame f;
    size_t end = c->at + n;
    while (c->at < end) {
        frame_head_read(c->lap.p + c->at, &f);
        c->at += FRAME_HEAD + f.len;
        sent++;
    }
    futu_err err = buf_put(&c->out, c->lap.p + end, c->at - end);
    if (c->at == c->lap.n)
        c->at = 0;
    return err == FUTU_OK;
}

static void queue_one(struct blast_conn *c)
{
    struct frame f;
    if (c->lap.n == 0)
        return;
    frame_head_read(c->lap.p + c->at, &f);
    size_t n = FRAME_HEAD + f.len;
    if (buf_put(&c->out, c->lap.p + c->at, n) == FUTU_OK)
        sent++;
    c->at = c->at + n == c->lap.n ? 0 : c->at + n;
}

static bool has_output(const struct blast_conn *c)
{
    return c->out.n > 0 || (sending && c->lap.n > 0);
}

static bool write_conn(struct blast_conn *c)
{
    struct iovec iov[2] = { { c->out.p, c->out.n }, { c->lap.p + c->at, 0 } };
    if (sending)
        iov[1].iov_len = MIN(c->lap.n - c->at, BLAST_WRITE);
    ssize_t done = writev(c->fd, iov, 2);
    if (done < 0)
        return errno == EAGAIN || errno == EINTR;
    size_t answers = MIN((size_t)done, c->out.n);
    buf_consume(&c->out, answers);
    return pass_frames(c, (size_t)done - answers);
}

/* One look at all sockets; signals come only while it waits. */
static void turn(int listener, const sigset_t *waiting)
{
    static const struct timespec patience = { 0, 100000000 };
    struct pollfd p[MAX_CONNS + 1];
    p[0] = (struct pollfd){ listener, POLLIN, 0 };
    for (size_t i = 0; i < n_conns; i++)
        p[i + 1] = (struct pollfd){ conns[i]->fd,
                                    (short)(POLLIN | (has_output(conns[i]) ? POLLOUT : 0)), 0 };
    if (ppoll(p, n_conns + 1, &patience, waiting) <= 0)
        return;
    for (size_t i = n_conns; i-- > 0;) {        /* backwards: dropping moves the last one */
        bool fine = true;
        if (p[i + 1].revents & (POLLIN | POLLHUP | POLLERR))
            fine = read_conn(conns[i]);
        if (fine && (p[i + 1].revents & POLLOUT))
            fine = write_conn(conns[i]);
        if (!fine)
            drop_conn(i);
    }
    if (p[0].revents)
        take_conn(listener);
}

int main(int argc, char **argv)
{
    uint16_t port = argc > 1 ? (uint16_t)strtoul(argv[1], NULL, 10) : 0;
    int listener = listen_at(&port);
    if (listener < 0) {
        fprintf(stderr, "blast: port %u: not free\n", port);
        return 1;
    }
    sigset_t waiting = take_signals();
    signal(SIGPIPE, SIG_IGN);
    alarm(LIFE_S);
    printf("  FTAPI       127.0.0.1:%u\nready\n", port);
    fflush(stdout);
    for (;;) {
        turn(listener, &waiting);
        for (size_t i = 0; single && i < n_conns; i++)
            queue_one(conns[i]);
        single = 0;
        if (asked) {
            printf("sent %llu\n", (unsigned long long)sent);
            fflush(stdout);
            asked = 0;
            sent = 0;
        }
    }
}
