/* line.c - see line.h. */
#include "line.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define TURNS 20
#define WAIT_TURNS 3000         /* of 1 ms */

struct listener line;
uv_loop_t line_loop;
static unsigned count;

void line_start(const struct listener_kind *kind, unsigned max)
{
    char why[200] = "";
    ck_assert_int_eq(uv_loop_init(&line_loop), 0);
    memset(&line, 0, sizeof(line));
    line.count = &count;
    line.count_max = max;
    ck_assert_msg(listener_start(&line, &line_loop, kind, (futu_gateway *)&line, "127.0.0.1", 0,
                                 why, sizeof(why)), "%s", why);
}

void line_stop(void)
{
    listener_stop(&line);
    uv_run(&line_loop, UV_RUN_DEFAULT);
    ck_assert(listener_idle(&line));
    ck_assert_uint_eq(count, 0);
    ck_assert_int_eq(uv_loop_close(&line_loop), 0);
}

void line_turn(void)
{
    struct pollfd due = { .fd = uv_backend_fd(&line_loop), .events = POLLIN };
    for (int i = 0; i < TURNS; i++) {
        /* What was just sent may still be on its way through the kernel. */
        if (i == 0)
            poll(&due, 1, 2);
        uv_run(&line_loop, UV_RUN_NOWAIT);
    }
}

int line_connect(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)line.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    line_turn();
    return fd;
}

void line_send(int fd, const char *p, size_t n)
{
    for (int i = 0; n > 0; i++) {
        ck_assert_int_lt(i, WAIT_TURNS);
        ssize_t done = send(fd, p, n, MSG_NOSIGNAL);
        ck_assert(done > 0 || errno == EAGAIN);
        if (done > 0) {
            p += done;
            n -= (size_t)done;
        }
        line_turn();
    }
}

void line_say(int fd, const char *text)
{
    line_send(fd, text, strlen(text));
}

/* One read, after as many turns as it takes; 0: the end. */
static size_t receive(int fd, char *p, size_t n)
{
    for (int i = 0; i < WAIT_TURNS; i++) {
        struct pollfd pfd = { .fd = fd, .events = POLLIN };
        line_turn();
        ssize_t got = recv(fd, p, n, 0);
        if (got >= 0 || errno == ECONNRESET)
            return got > 0 ? (size_t)got : 0;
        poll(&pfd, 1, 1);
    }
    ck_abort_msg("nothing comes");
    return 0;
}

void line_read(int fd, char *p, size_t n)
{
    for (size_t at = 0, got; at < n; at += got)
        ck_assert_msg((got = receive(fd, p + at, n - at)) > 0, "it ended after: %.*s", (int)at, p);
}

void line_head(int fd, char *head, size_t size)
{
    size_t n = 0;
    while (n < 4 || memcmp(head + n - 4, "\r\n\r\n", 4) != 0) {
        ck_assert_uint_lt(n, size - 1);
        line_read(fd, head + n++, 1);
    }
    head[n] = '\0';
}

/* Bytes behind a "Date: " are as many as a date has, whatever they are. */
void line_expect(int fd, const char *text)
{
    static const char date[] = "Date: *\r\n";
    const char *at;
    char got[64];
    while ((at = strstr(text, date)) != NULL) {
        line_expect_bytes(fd, text, (size_t)(at - text) + 6);
        line_read(fd, got, 31);
        ck_assert_mem_eq(got + 25, " GMT\r\n", 6);
        text = at + sizeof(date) - 1;
    }
    line_expect_bytes(fd, text, strlen(text));
}

void line_expect_bytes(int fd, const void *p, size_t n)
{
    char *got = malloc(n + 1);
    line_read(fd, got, n);
    got[n] = '\0';
    ck_assert_msg(memcmp(got, p, n) == 0, "came: %s", got);
    free(got);
}

void line_skip(int fd, size_t n)
{
    static char piece[65536];
    while (n > 0) {
        size_t got = receive(fd, piece, n < sizeof(piece) ? n : sizeof(piece));
        ck_assert_uint_gt(got, 0);
        n -= got;
    }
}

void line_ended(int fd)
{
    char c[2] = "";
    ck_assert_msg(receive(fd, c, 1) == 0, "not the end but %s", c);
    close(fd);
    line_turn();
}

void line_silent(int fd)
{
    char c;
    line_turn();
    ck_assert_int_lt(recv(fd, &c, 1, 0), 0);
    ck_assert_int_eq(errno, EAGAIN);
}

void line_tick(uint64_t ms)
{
    for (struct stream *s = line.streams; s; s = s->next)
        if (!s->closing && !s->draining)
            line.kind->tick(s, uv_now(&line_loop) + ms);
    line_turn();
}
