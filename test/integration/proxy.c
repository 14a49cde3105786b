/* proxy.c - see proxy.h: the side of the test, which starts the process and sends commands. */
#include "proxy.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "opend.h"
#include "proxy_child.h"

#define ANSWER_MS (5000 * SLOW)

static int bound(int port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_int_ge(fd, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    return fd;
}

static int port_of(int fd)
{
    struct sockaddr_in a;
    socklen_t n = sizeof(a);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    return ntohs(a.sin_port);
}

static void command(struct proxy *p, const struct proxy_cmd *c, struct proxy_counts *out)
{
    struct pollfd f = { .fd = p->ctl, .events = POLLIN };
    struct proxy_counts counts;
    ck_assert_int_eq(send(p->ctl, c, sizeof(*c), MSG_NOSIGNAL), sizeof(*c));
    ck_assert_msg(poll(&f, 1, ANSWER_MS) > 0, "the proxy does not answer");
    ck_assert_int_eq(recv(p->ctl, &counts, sizeof(counts), 0), sizeof(counts));
    if (out)
        *out = counts;
}

static void simple(struct proxy *p, int op, uint64_t a, uint64_t b)
{
    struct proxy_cmd c = { .op = op, .a = a, .b = b };
    command(p, &c, NULL);
}

/* A copy of somebody's connection in the child would keep it open when its owner closes it. */
static void close_others(int a, int b)
{
    unsigned lo = (unsigned)MIN(a, b), hi = (unsigned)MAX(a, b);
    close_range(STDERR_FILENO + 1, lo - 1, 0);      /* an empty range is refused, and no harm */
    close_range(lo + 1, hi - 1, 0);
    close_range(hi + 1, ~0U, 0);
}

void proxy_start(struct proxy *p, int target_port)
{
    int pair[2], hold = bound(0);       /* keeps the port while no listener does */
    p->port = port_of(hold);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    fflush(NULL);
    p->pid = fork();
    ck_assert_int_ge(p->pid, 0);
    if (p->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close_others(hold, pair[1]);
        proxy_child_run(pair[1], p->port, target_port);
        _exit(0);
    }
    close(pair[1]);
    close(hold);
    p->ctl = pair[0];
    simple(p, PROXY_OP_NONE, 0, 0);     /* it listens */
}

void proxy_stop(struct proxy *p)
{
    simple(p, PROXY_OP_CUT, PROXY_RST, 0);
    kill(p->pid, SIGKILL);
    waitpid(p->pid, NULL, 0);
    close(p->ctl);
}

void proxy_target(struct proxy *p, int port)
{
    simple(p, PROXY_OP_TARGET, (uint64_t)port, 0);
}

void proxy_cut(struct proxy *p, int how)
{
    simple(p, PROXY_OP_CUT, (uint64_t)how, 0);
}

void proxy_refuse(struct proxy *p, bool on)
{
    simple(p, PROXY_OP_REFUSE, on, 0);
}

void proxy_half_open(struct proxy *p, bool on)
{
    simple(p, PROXY_OP_HALF_OPEN, on, 0);
}

void proxy_answer(struct proxy *p, const char *text)
{
    struct proxy_cmd c = { .op = PROXY_OP_ANSWER };
    if (text)
        snprintf(c.text, sizeof(c.text), "%s", text);
    command(p, &c, NULL);
}

void proxy_garbage(struct proxy *p, int direction, uint32_t n)
{
    simple(p, PROXY_OP_GARBAGE, (uint64_t)direction, n);
}

void proxy_hold(struct proxy *p, int direction, bool on)
{
    simple(p, PROXY_OP_HOLD, (uint64_t)direction, on);
}

void proxy_delay(struct proxy *p, uint32_t ms)
{
    simple(p, PROXY_OP_DELAY, ms, 0);
}

void proxy_rate(struct proxy *p, uint32_t bytes_per_s)
{
    simple(p, PROXY_OP_RATE, bytes_per_s, 0);
}

void proxy_split(struct proxy *p, uint32_t max)
{
    simple(p, PROXY_OP_SPLIT, max, 0);
}

void proxy_chaos(struct proxy *p, const struct proxy_chaos *o)
{
    struct proxy_cmd c = { .op = PROXY_OP_CHAOS, .chaos = *o };
    command(p, &c, NULL);
}

void proxy_counts(struct proxy *p, struct proxy_counts *out)
{
    struct proxy_cmd c = { .op = PROXY_OP_NONE };
    command(p, &c, out);
}
