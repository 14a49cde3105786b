/* stream.c - see stream.h. */
#include "stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "tls.h"

#define PIECES 64
#define DRAIN_MS 5000
#define LINGER_MS 2000
#define READ_SIZE 65536
#define HANDSHAKE_MS 10000

static void on_closed(uv_handle_t *h)
{
    struct stream *s = h->data;
    if (s->link) {
        *s->link = s->next;
        if (s->next)
            s->next->link = s->link;
    }
    if (s->later_link) {
        *s->later_link = s->later;
        if (s->later)
            s->later->later_link = s->later_link;
    }
    if (s->turns)
        turns_leave(s->turns, &s->turn);
    if (s->count)
        --*s->count;
    tls_free(s->tls);
    s->ops->on_end(s);
}

void stream_close(struct stream *s)
{
    if (s->closing)
        return;
    s->closing = true;
    uv_close((uv_handle_t *)&s->tcp, on_closed);
}

void stream_drain(struct stream *s)
{
    if (s->draining || s->closing)
        return;
    s->draining = true;
    s->drain_until = uv_now(s->tcp.loop) + DRAIN_MS;
    if (s->linger)
        stream_resume(s);
    else
        stream_pause(s);
    stream_kick(s);
}

static void on_written(uv_write_t *wr, int status)
{
    struct stream *s = wr->data;
    size_t n = s->writing;
    s->writing = 0;
    if (status == UV_ECANCELED)
        return;
    if (status < 0) {
        stream_close(s);
        return;
    }
    if (s->tls)
        tls_written(s->tls);
    else
        s->ops->sent(s, n);
    stream_kick(s);
}

static void start_write(struct stream *s, const uv_buf_t *bufs, size_t n, size_t mark)
{
    s->writing = mark;
    s->wr.data = s;
    if (uv_write(&s->wr, (uv_stream_t *)&s->tcp, bufs, (unsigned)n, on_written) < 0) {
        s->writing = 0;
        stream_close(s);
    }
}

/* uv_try_write() goes through the file calls, which cost more. Below 0: -errno. */
static ssize_t send_now(int fd, struct iovec *iov, size_t n)
{
    struct msghdr m = { .msg_iov = iov, .msg_iovlen = n };
    ssize_t done = n == 1 ? send(fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL | MSG_DONTWAIT)
                          : sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
    return done < 0 ? -errno : done;
}

static void write_later(struct stream *s, const struct iovec *iov, size_t n)
{
    uv_buf_t bufs[PIECES];
    size_t total = 0;
    for (size_t i = 0; i < n; i++) {
        bufs[i] = uv_buf_init(iov[i].iov_base, (unsigned)iov[i].iov_len);
        total += iov[i].iov_len;
    }
    start_write(s, bufs, n, total);
}

/* Writes what the socket takes; the rest goes out by uv_write(), since it waits for the socket. */
static void kick_plain(struct stream *s)
{
    struct iovec iov[PIECES];
    size_t n;
    int fd;
    if (uv_fileno((uv_handle_t *)&s->tcp, &fd) != 0)
        return;
    while (!s->closing && (n = s->ops->output(s, iov, PIECES)) > 0) {
        ssize_t done = send_now(fd, iov, n);
        if (done == -EAGAIN || done == -ENOBUFS || done == -EINTR) {
            write_later(s, iov, n);
            return;
        }
        if (done < 0) {
            stream_close(s);
            return;
        }
        s->ops->sent(s, (size_t)done);
    }
}

static void kick_tls(struct stream *s)
{
    struct iovec iov[PIECES];
    size_t n;
    while (tls_room(s->tls) && (n = s->ops->output(s, iov, PIECES)) > 0) {
        ssize_t taken = tls_put(s->tls, iov, n);
        if (taken < 0) {
            stream_close(s);
            return;
        }
        if (taken == 0)
            break;
        s->ops->sent(s, (size_t)taken);
    }
    struct iovec out = tls_output(s->tls);
    if (out.iov_len > 0) {
        uv_buf_t b = uv_buf_init(out.iov_base, (unsigned)out.iov_len);
        start_write(s, &b, 1, 1);
    }
}

static void on_shutdown(uv_shutdown_t *rq, int status)
{
    if (status < 0 && status != UV_ECANCELED)
        stream_close(rq->data);
}

/* All is written: the end, or with `linger` the end of our side alone. */
static void end_output(struct stream *s)
{
    if (s->shut)
        return;
    s->shutdown.data = s;
    s->shut = s->linger &&
              uv_shutdown(&s->shutdown, (uv_stream_t *)&s->tcp, on_shutdown) == 0;
    if (s->shut)
        s->drain_until = uv_now(s->tcp.loop) + LINGER_MS;
    else
        stream_close(s);
}

void stream_kick(struct stream *s)
{
    if (s->writing || s->closing)
        return;
    if (s->tls)
        kick_tls(s);
    else
        kick_plain(s);
    if (s->draining && !s->writing)
        end_output(s);
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    static char shared[READ_SIZE];      /* what arrives is handled before the next read */
    (void)h;
    (void)suggested;
    *buf = uv_buf_init(shared, sizeof(shared));
}

/* TLS records in, plain bytes out to the owner, handshake answers to the peer. Nothing is read
 * while the handshake waits for its turn. */
static bool read_tls(struct stream *s)
{
    uint8_t *plain;
    ssize_t got;
    while ((got = tls_read(s->tls, &plain)) > 0) {
        bool fine = s->ops->on_data(s, plain, (size_t)got);
        explicit_bzero(plain, (size_t)got);
        if (!fine)
            return false;
    }
    if (got == 0 && tls_waits(s->tls)) {
        stream_pause(s);
        turns_wait(s->turns, &s->turn);
    }
    return got == 0;
}

static void on_turn(struct turn *t)
{
    struct stream *s = (struct stream *)((char *)t - offsetof(struct stream, turn));
    if (s->closing || s->draining)
        return;
    tls_allow(s->tls);
    stream_resume(s);
    if (read_tls(s))
        stream_kick(s);
    else
        stream_drain(s);
}

bool stream_stalls(const struct stream *s, uint64_t now_ms)
{
    return s->tls && !tls_open(s->tls) && !turn_waits(&s->turn) &&
           now_ms - s->since_ms >= HANDSHAKE_MS;
}

static void on_read(uv_stream_t *tcp, ssize_t n, const uv_buf_t *buf)
{
    struct stream *s = tcp->data;
    if (n == 0 || s->closing)
        return;
    if (n == UV_EOF && s->ops->on_eof && !s->draining) {
        stream_pause(s);
        s->ops->on_eof(s);
        return;
    }
    if (n < 0) {
        stream_close(s);
        return;
    }
    if (s->draining)            /* lingering */
        return;
    const uint8_t *p = (const uint8_t *)buf->base;
    if (s->tls)
        tls_feed(s->tls, p, (size_t)n);
    bool fine = s->tls ? read_tls(s) : s->ops->on_data(s, p, (size_t)n);
    explicit_bzero(buf->base, (size_t)n);       /* keys and passwords pass through here */
    if (!fine)
        stream_drain(s);
    else if (s->tls)
        stream_kick(s);
}

void stream_pause(struct stream *s)
{
    uv_read_stop((uv_stream_t *)&s->tcp);
}

void stream_resume(struct stream *s)
{
    if (!s->closing)
        uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read);
}

bool stream_accept(struct stream *s, uv_stream_t *server, const struct stream_ops *ops,
                   struct tls_server *tls, struct turns *turns)
{
    s->ops = ops;
    s->turns = turns;
    s->turn.fn = on_turn;
    s->since_ms = uv_now(server->loop);
    uv_tcp_init(server->loop, &s->tcp);
    s->tcp.data = s;
    bool fine = uv_accept(server, (uv_stream_t *)&s->tcp) == 0;
    if (fine && tls)
        fine = (s->tls = tls_new(tls)) != NULL;
    fine = fine && uv_tcp_nodelay(&s->tcp, 1) == 0 &&
           uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read) == 0;
    if (!fine)
        stream_close(s);
    return fine;
}

void stream_peer(const struct stream *s, char *out, size_t size)
{
    struct sockaddr_storage a;
    char ip[64] = "?";
    int len = sizeof(a), port = 0;
    memset(&a, 0, sizeof(a));
    if (uv_tcp_getpeername(&s->tcp, (struct sockaddr *)&a, &len) == 0) {
        uv_ip_name((const struct sockaddr *)&a, ip, sizeof(ip));
        port = ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
                                             : ((struct sockaddr_in *)&a)->sin_port);
    }
    snprintf(out, size, "%s:%d", ip, port);
}
