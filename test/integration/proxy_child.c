/* proxy_child.c - see proxy_child.h: one poll loop over two sockets a connection.
 *
 * A lane is one direction of a connection with the bytes that it holds. It is read when it is empty
 * and written at once, unless a fault says otherwise; so a writer that is faster than its reader is
 * held back as without a proxy.
 */
#include "proxy_child.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "opend.h"

#define LANE_MAX 65536
#define RATE_STEP_MS 20         /* a slow reader takes its share in steps of this */
#define SLOW_WINDOW 4096        /* receive buffer of a slow reader */

enum { CLIENT, SERVER };        /* side of a connection; lane PROXY_TO_CLIENT is read from SERVER */

struct lane {
    uint8_t buf[LANE_MAX];
    size_t at, n;               /* held: buf[at..n) */
    int64_t due;                /* not written before */
    size_t tokens;              /* bytes that a slow reader may still read in this step */
    bool ended;                 /* its source has closed */
};

struct link {
    int fd[2];
    struct lane lane[2];
    bool live, mute, answered;
};

static struct {
    int ctl, listener, port, target;
    bool half_open, hold[2];
    uint32_t delay_ms, rate, split;
    char answer[PROXY_TEXT_MAX];
    struct proxy_chaos chaos;
    uint64_t seed;
    int64_t chaos_at;           /* the next cut is due by time */
    size_t chaos_bytes;         /* ... or when so many more have been written */
    int64_t refill_at;
    struct proxy_counts counts;
    struct link links[PROXY_LINKS];
} px;

static uint32_t pick(uint32_t below)
{
    px.seed ^= px.seed << 13;
    px.seed ^= px.seed >> 7;
    px.seed ^= px.seed << 17;
    return below ? (uint32_t)(px.seed >> 32) % below : 0;
}

static int tcp_socket(void)
{
    int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static void listen_again(void)
{
    struct sockaddr_in a = loopback(px.port);
    px.listener = tcp_socket();
    if (bind(px.listener, (struct sockaddr *)&a, sizeof(a)) || listen(px.listener, PROXY_LINKS))
        _exit(1);               /* the test's next command then fails */
}

/* ---- connections ---- */

static int connect_target(void)
{
    struct sockaddr_in a = loopback(px.target);
    int fd = tcp_socket();
    if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 || errno == EINPROGRESS)
        return fd;
    close(fd);
    return -1;
}

static struct link *free_link(void)
{
    for (size_t i = 0; i < PROXY_LINKS; i++)
        if (!px.links[i].live)
            return &px.links[i];
    return NULL;
}

static void narrow(int fd)
{
    int size = SLOW_WINDOW;
    if (px.rate && fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

static void take_connection(void)
{
    int on = 1, fd = accept4(px.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct link *l = free_link();
    if (fd < 0)
        return;
    px.counts.accepted++;
    bool alone = px.half_open || px.answer[0];
    int server = l && !alone ? connect_target() : -1;
    if (!l || (server < 0 && !alone)) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    memset(l, 0, offsetof(struct link, lane));
    for (int d = 0; d < 2; d++)
        memset((uint8_t *)&l->lane[d] + LANE_MAX, 0, sizeof(l->lane[d]) - LANE_MAX);
    l->fd[CLIENT] = fd;
    l->fd[SERVER] = server;
    l->live = true;
    l->mute = px.half_open;
    l->answered = false;
    narrow(fd);
    narrow(server);
}

static size_t held(const struct lane *a)
{
    return a->n - a->at;
}

static void end_link(struct link *l, bool reset)
{
    struct linger hard = { .l_onoff = 1, .l_linger = 0 };
    for (int i = 0; i < 2; i++) {
        px.counts.dropped += held(&l->lane[i]);
        if (l->fd[i] < 0)
            continue;
        if (reset)
            setsockopt(l->fd[i], SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
        else
            shutdown(l->fd[i], SHUT_WR);
        close(l->fd[i]);
    }
    l->live = false;
}

static size_t put(struct link *l, int d, const uint8_t *p, size_t n)
{
    int to = d == PROXY_TO_CLIENT ? CLIENT : SERVER;
    ssize_t done = l->fd[to] < 0 ? -1 : send(l->fd[to], p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done <= 0)
        return 0;
    px.counts.bytes[d] += (uint64_t)done;
    return (size_t)done;
}

static void cut_link(struct link *l, int how)
{
    for (int d = 0; d < 2 && (how & PROXY_FLUSH) && !l->mute; d++)
        l->lane[d].at += put(l, d, l->lane[d].buf + l->lane[d].at, held(&l->lane[d]));
    px.counts.cut++;
    end_link(l, !(how & PROXY_FIN));
}

static size_t cut_all(int how)
{
    size_t n = 0;
    for (size_t i = 0; i < PROXY_LINKS; i++) {
        if (px.links[i].live) {
            cut_link(&px.links[i], how);
            n++;
        }
    }
    return n;
}

static size_t live_links(void)
{
    size_t n = 0;
    for (size_t i = 0; i < PROXY_LINKS; i++)
        n += px.links[i].live;
    return n;
}

/* ---- cuts at random ---- */

static void arm(int64_t now)
{
    px.chaos_at = now + 1 + pick(px.chaos.max_ms);
    px.chaos_bytes = 1 + pick(px.chaos.max_bytes);
}

static void cut_at_random(struct link *l)
{
    int how = (int)pick(4);
    if (pick(2))
        cut_link(l, how);
    else
        cut_all(how);
    px.counts.cuts++;
    px.chaos.cuts--;
    arm(now_ms());
}

/* By time. Without a connection the cut stays due. */
static void chaos_turn(int64_t now)
{
    size_t n = live_links();
    if (!px.chaos.cuts || now < px.chaos_at || n == 0)
        return;
    size_t chosen = pick((uint32_t)n);
    for (size_t i = 0; i < PROXY_LINKS; i++) {
        if (px.links[i].live && chosen-- == 0) {
            cut_at_random(&px.links[i]);
            return;
        }
    }
}

/* ---- bytes ---- */

static size_t write_size(size_t n)
{
    size_t part = px.split ? 1 + pick(px.split) : n;
    n = MIN(n, part);
    if (px.chaos.cuts)
        n = MIN(n, px.chaos_bytes);
    return n;
}

static void drain(struct link *l, int d)
{
    struct lane *a = &l->lane[d];
    size_t done = put(l, d, a->buf + a->at, write_size(held(a)));
    a->at += done;
    if (held(a) == 0)
        a->at = a->n = 0;
    if (!px.chaos.cuts || done == 0)
        return;
    px.chaos_bytes -= done;
    if (px.chaos_bytes == 0)
        cut_at_random(l);
}

static void answer_alone(struct link *l)
{
    if (l->answered)
        return;
    l->answered = true;
    put(l, PROXY_TO_CLIENT, (const uint8_t *)px.answer, strlen(px.answer));
    shutdown(l->fd[CLIENT], SHUT_WR);
}

/* One batch from the source of the lane. */
static void fill(struct link *l, int d, int64_t now)
{
    struct lane *a = &l->lane[d];
    int from = d == PROXY_TO_CLIENT ? SERVER : CLIENT;
    size_t room = px.rate ? MIN(a->tokens, LANE_MAX - a->n) : LANE_MAX - a->n;
    ssize_t n = recv(l->fd[from], a->buf + a->n, room, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        a->ended = true;
        return;
    }
    a->tokens -= px.rate ? (size_t)n : 0;
    if (l->mute || l->fd[SERVER] < 0) {
        px.counts.dropped += (uint64_t)n;
        if (!l->mute)
            answer_alone(l);
        return;
    }
    a->n += (size_t)n;
    a->due = now + px.delay_ms;
}

static bool readable(const struct link *l, int d)
{
    const struct lane *a = &l->lane[d];
    return l->fd[d == PROXY_TO_CLIENT ? SERVER : CLIENT] >= 0 && !a->ended && held(a) == 0 &&
           (!px.rate || a->tokens > 0);
}

static bool writable(const struct link *l, int d, int64_t now)
{
    return !l->mute && !px.hold[d] && held(&l->lane[d]) > 0 && now >= l->lane[d].due;
}

/* What its peer has ended is ended here when everything is through; a mute one never is. */
static void end_if_over(struct link *l)
{
    for (int d = 0; d < 2; d++) {
        if (l->live && !l->mute && l->lane[d].ended && held(&l->lane[d]) == 0)
            end_link(l, false);
    }
}

/* ---- commands ---- */

static void refuse(bool on)
{
    if (on && px.listener >= 0)
        close(px.listener);
    if (on)
        px.listener = -1;
    else if (px.listener < 0)
        listen_again();
}

static void half_open(bool on)
{
    px.half_open = on;
    for (size_t i = 0; on && i < PROXY_LINKS; i++)
        px.links[i].mute = true;
}

static void garbage(int d, size_t n)
{
    for (size_t i = 0; i < PROXY_LINKS; i++) {
        struct lane *a = &px.links[i].lane[d];
        for (size_t k = 0; px.links[i].live && k < n && a->n < LANE_MAX; k++)
            a->buf[a->n++] = (uint8_t)pick(256);
    }
}

static void rate(uint32_t bytes_per_s)
{
    px.rate = bytes_per_s;
    for (size_t i = 0; i < PROXY_LINKS; i++) {
        if (!px.links[i].live)
            continue;
        narrow(px.links[i].fd[CLIENT]);
        narrow(px.links[i].fd[SERVER]);
    }
}

static void start_chaos(const struct proxy_chaos *o)
{
    px.chaos = *o;
    px.seed = o->seed | 1;
    pick(1);
    arm(now_ms());
}

static void obey(const struct proxy_cmd *c)
{
    switch (c->op) {
    case PROXY_OP_TARGET: px.target = (int)c->a; break;
    case PROXY_OP_CUT: cut_all((int)c->a); break;
    case PROXY_OP_REFUSE: refuse(c->a != 0); break;
    case PROXY_OP_HALF_OPEN: half_open(c->a != 0); break;
    case PROXY_OP_ANSWER: memcpy(px.answer, c->text, sizeof(px.answer)); break;
    case PROXY_OP_GARBAGE: garbage((int)c->a, (size_t)c->b); break;
    case PROXY_OP_HOLD: px.hold[c->a & 1] = c->b != 0; break;
    case PROXY_OP_DELAY: px.delay_ms = (uint32_t)c->a; break;
    case PROXY_OP_RATE: rate((uint32_t)c->a); break;
    case PROXY_OP_SPLIT: px.split = (uint32_t)c->a; break;
    case PROXY_OP_CHAOS: start_chaos(&c->chaos); break;
    default: break;
    }
}

static void count_now(void)
{
    px.counts.live = live_links();
    px.counts.to_cut = px.chaos.cuts;
    px.counts.held = 0;
    for (size_t i = 0; i < PROXY_LINKS; i++)
        for (int d = 0; d < 2 && px.links[i].live; d++)
            px.counts.held += held(&px.links[i].lane[d]);
}

static bool take_command(void)
{
    struct proxy_cmd c;
    if (recv(px.ctl, &c, sizeof(c), 0) != (ssize_t)sizeof(c))
        return false;
    obey(&c);
    count_now();
    return send(px.ctl, &px.counts, sizeof(px.counts), MSG_NOSIGNAL) > 0;
}

/* ---- the loop ---- */

static void refill(int64_t now)
{
    if (!px.rate || now < px.refill_at)
        return;
    px.refill_at = now + RATE_STEP_MS;
    for (size_t i = 0; i < PROXY_LINKS; i++)
        for (int d = 0; d < 2; d++)
            px.links[i].lane[d].tokens = MAX(1u, px.rate * RATE_STEP_MS / 1000);
}

static int earlier(int ms, int64_t at, int64_t now)
{
    return (int)CLAMP(at - now, 0, ms);
}

/* How long poll() may wait: until the next batch, step or cut. */
static int patience(int64_t now)
{
    int ms = 1000;
    if (px.chaos.cuts && live_links() > 0)
        ms = earlier(ms, px.chaos_at, now);
    if (px.rate)
        ms = earlier(ms, px.refill_at, now);
    for (size_t i = 0; i < PROXY_LINKS; i++)
        for (int d = 0; d < 2; d++)
            if (px.links[i].live && !px.links[i].mute && held(&px.links[i].lane[d]) > 0 &&
                px.links[i].lane[d].due > now)
                ms = earlier(ms, px.links[i].lane[d].due, now);
    return ms;
}

#define POLL_FIXED 2
static struct pollfd polled[POLL_FIXED + 2 * PROXY_LINKS];

static void watch(int64_t now)
{
    polled[0] = (struct pollfd){ .fd = px.ctl, .events = POLLIN };
    polled[1] = (struct pollfd){ .fd = px.listener, .events = POLLIN };
    for (size_t i = 0; i < PROXY_LINKS; i++) {
        const struct link *l = &px.links[i];
        for (int side = 0; side < 2; side++) {
            int in = side == CLIENT ? PROXY_TO_SERVER : PROXY_TO_CLIENT, out = !in;
            int events = (l->live && readable(l, in) ? POLLIN : 0) |
                         (l->live && writable(l, out, now) ? POLLOUT : 0);
            /* Without events even an error is none of our business yet: it would spin. */
            polled[POLL_FIXED + 2 * i + (size_t)side] =
                (struct pollfd){ .fd = events ? l->fd[side] : -1, .events = (short)events };
        }
    }
}

static void serve_link(struct link *l, const struct pollfd *f, int64_t now)
{
    for (int d = 0; d < 2 && l->live; d++) {
        int from = d == PROXY_TO_CLIENT ? SERVER : CLIENT;
        if (f[from].revents && readable(l, d))
            fill(l, d, now);
        if (l->live && writable(l, d, now))
            drain(l, d);
        /* A lane whose reader is gone can't be emptied. */
        if (l->live && (f[!from].revents & (POLLERR | POLLHUP)) && held(&l->lane[d]) > 0)
            end_link(l, true);
    }
    end_if_over(l);
}

static void turn(void)
{
    int64_t now = now_ms();
    refill(now);
    watch(now);
    poll(polled, ARRAY_LEN(polled), patience(now));
    now = now_ms();
    for (size_t i = 0; i < PROXY_LINKS; i++)
        if (px.links[i].live)
            serve_link(&px.links[i], &polled[POLL_FIXED + 2 * i], now);
    chaos_turn(now);
    if (polled[1].revents && px.listener >= 0)
        take_connection();
}

void proxy_child_run(int ctl, int port, int target_port)
{
    px.ctl = ctl;
    px.port = port;
    px.target = target_port;
    px.seed = 1;
    listen_again();
    for (;;) {
        turn();
        if ((polled[0].revents & POLLHUP) || ((polled[0].revents & POLLIN) && !take_command()))
            return;
    }
}
