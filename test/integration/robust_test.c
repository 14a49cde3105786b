/* robust_test.c - clients that die, lie, flood or never read: the others are served in time all the
 * same, by the connection they have and by new ones.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"
#include "ws.h"

#define IN_TIME_MS (1000 * SLOW)
#define CONNECTIONS 5000
#define MB (1024 * 1024)

static const char *const fast_args[] = { "--paper-clock", "always-open,x30", NULL };
static struct opend d;
static struct peer tcp, ws;

static void start_with(const char *const *args)
{
    opend_start(&d, args);
    peer_login(&tcp, d.port);
    sdk_login(&ws, d.ws_port);
}

static void start(void)
{
    start_with(NULL);
}

static void start_fast(void)
{
    start_with(fast_args);
}

static void in_time(int64_t since, const char *what)
{
    ck_assert_msg(now_ms() - since <= IN_TIME_MS, "%s took %lld ms", what,
                  (long long)(now_ms() - since));
}

/* The connections that were there, and new ones, are answered in time. */
static void serves(void)
{
    struct peer p;
    int64_t at = now_ms();
    peer_keep_alive(&tcp);
    in_time(at, "KeepAlive over TCP");
    at = now_ms();
    sdk_keep_alive(&ws);
    in_time(at, "KeepAlive over WebSocket");
    at = now_ms();
    peer_login(&p, d.port);
    peer_keep_alive(&p);
    in_time(at, "a new connection");
    peer_close(&p);
}

static void stop(void)
{
    serves();
    peer_close(&tcp);
    peer_close(&ws);
    opend_stop(&d);
}

/* ---- garbage ---- */

static void closes(const void *data, size_t n, bool logged_in)
{
    struct peer p;
    peer_connect(&p, d.port);
    if (logged_in)
        peer_init(&p);
    peer_try_send(&p, data, n);         /* it may be closed before all of it is out */
    ck_assert_msg(peer_closed(&p, WAIT_MS), "%zu bytes of garbage did not end the connection", n);
    peer_close(&p);
    serves();
}

START_TEST(garbage_on_the_tcp_port)
{
    static uint8_t noise[MB];
    uint32_t x = 12345;
    for (size_t i = 0; i < sizeof(noise); i++)
        noise[i] = (uint8_t)((x = x * 1664525u + 1013904223u) >> 24);
    noise[0] = 'X';
    for (int in = 0; in < 2; in++) {
        closes("GET / HTTP/1.1\r\nHost: x\r\n\r\n", 27, in);
        closes("\x16\x03\x01\x02\x01\x01", 6, in);
        closes("X", 1, in);
        closes("FX", 2, in);
        closes("ft-v1.0\0\0\0\0\x01\0\0\0\0\0\0\0\x02", 20, in);
        closes(noise, sizeof(noise), in);
        noise[0] = 'F';                 /* one byte that is right */
        closes(noise, sizeof(noise), in);
        noise[0] = 'X';
    }
}
END_TEST

START_TEST(a_body_header_of_50_mb)
{
    uint8_t frame[HEAD + 8];
    struct peer none = { .algo = ALGO_NONE };
    long before = opend_rss_kb(&d);
    peer_make(&none, frame, 1001, 0, 1, "\x0a\0", 2);
    memcpy(frame + 12, "\x80\xf0\xfa\x02", 4);
    closes(frame, HEAD, false);
    closes(frame, HEAD, true);
    memcpy(frame + 12, "\xff\xff\xff\xff", 4);
    closes(frame, HEAD, true);
    ck_assert_int_lt(opend_rss_kb(&d) - before, 8192 * SLOW);
}
END_TEST

/* 10 MB are announced and allowed: memory follows what arrives, not what is announced. */
START_TEST(announced_bodies_cost_nothing_until_they_come)
{
    static struct peer p[200];
    uint8_t frame[HEAD + 8];
    struct peer none = { .algo = ALGO_NONE };
    long before = opend_rss_kb(&d);
    peer_make(&none, frame, 1002, 0, 1, "\x0a\0", 2);
    memcpy(frame + 12, "\0\0\xa0\0", 4);
    for (size_t i = 0; i < 200; i++) {
        peer_login(&p[i], d.port);
        peer_send(&p[i], frame, HEAD + 2);
    }
    serves();
    ck_assert_int_lt(opend_rss_kb(&d) - before, 20480 * SLOW);
    for (size_t i = 0; i < 200; i++)
        peer_close(&p[i]);
}
END_TEST

/* ---- death ---- */

/* Subscribes to `n` busy Hong Kong securities with pushes. */
static void subscribe(struct peer *p, bool all)
{
    static const char *const codes[] = { "00700", "09988", "00005", "03690", "00941",
                                         "01299", "00388", "02318", "00939", "01398" };
    uint8_t body[256] = { 0x0a, 0 };
    struct got g;
    size_t n = 3, count = all ? 10 : 1;
    for (size_t i = 0; i < count; i++) {
        n += hex_bytes("0a09 0801 1205", body + n, sizeof(body) - n);
        memcpy(body + n, codes[i], 5);
        n += 5;
    }
    n += hex_bytes("1001 1002 1004 1005 100b 100e 1801 2001 3001", body + n, sizeof(body) - n);
    body[1] = (uint8_t)((n - 3) | 0x80);
    body[2] = (uint8_t)((n - 3) >> 7);
    peer_call(p, 3001, 0, body, n, &g);
    expect_success(&g, "", 0);
    got_free(&g);
}

/* A client that takes pushes until it is killed; says so on the pipe once they flow. */
static pid_t subscriber(int *told)
{
    int fd[2];
    ck_assert_int_eq(pipe2(fd, O_CLOEXEC), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        struct peer p;
        struct got g;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        peer_login(&p, d.port);
        subscribe(&p, true);
        for (int i = 0;; i++) {
            peer_frame(&p, &g);
            got_free(&g);
            if (i == 20 && write(fd[1], "x", 1) != 1)
                _exit(1);
        }
    }
    close(fd[1]);
    *told = fd[0];
    return pid;
}

START_TEST(kill_9_of_clients_in_mid_stream)
{
    pid_t pid[5];
    int told[5];
    char c;
    for (int i = 0; i < 5; i++)
        pid[i] = subscriber(&told[i]);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(read(told[i], &c, 1), 1);
    for (int i = 0; i < 5; i++) {
        kill(pid[i], SIGKILL);
        waitpid(pid[i], NULL, 0);
        close(told[i]);
        serves();
    }
}
END_TEST

START_TEST(resets_in_the_middle_of_requests)
{
    uint8_t frame[HEAD + 8];
    struct linger hard = { .l_onoff = 1, .l_linger = 0 };
    for (size_t cut = 1; cut < HEAD + 8; cut += 5) {
        struct peer p;
        peer_login(&p, d.port);
        peer_make(&p, frame, 1004, 0, 1, "\x0a\x06\x08\xc0\xb3\xb1\xce\x06", 8);
        peer_send(&p, frame, cut);
        setsockopt(p.fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
        peer_close(&p);         /* RST instead of FIN */
    }
    serves();
}
END_TEST

/* ---- not reading ---- */

static void small_window(struct peer *p)
{
    int size = 4096;
    memset(p, 0, sizeof(*p));
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)d.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    p->algo = ALGO_NONE;
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(p->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    ck_assert_int_eq(connect(p->fd, (struct sockaddr *)&a, sizeof(a)), 0);
}

/* Ten securities at 30 times their speed, and nobody reads: the gateway holds what fits, or ends
 * that connection; another subscriber gets its pushes all the while. */
START_TEST(a_subscriber_that_never_reads)
{
    struct peer deaf;
    struct got g;
    long before = opend_rss_kb(&d);
    small_window(&deaf);
    peer_init(&deaf);
    subscribe(&deaf, true);
    subscribe(&tcp, false);
    int64_t end = now_ms() + 6000, at = now_ms();
    unsigned pushes = 0;
    while (now_ms() < end) {
        peer_frame(&tcp, &g);
        ck_assert_msg(now_ms() - at <= WAIT_MS, "no push for %lld ms", (long long)(now_ms() - at));
        at = now_ms();
        pushes += g.serial == 0;
        got_free(&g);
    }
    ck_assert_uint_gt(pushes, 20);
    serves();
    ck_assert_int_lt(opend_rss_kb(&d) - before, 65536 * SLOW);
    peer_close(&deaf);
}
END_TEST

/* Answers of some hundred kB each are asked for and left lying: beyond its bound the queue ends the
 * connection. */
START_TEST(a_caller_that_never_reads)
{
    struct peer deaf;
    uint8_t frame[HEAD + 8];
    long before = opend_rss_kb(&d);
    bool taken = true;
    small_window(&deaf);
    peer_init(&deaf);
    size_t n = peer_make(&deaf, frame, 3202, 0, 9, "\x0a\x04\x08\x01\x10\x03", 6);
    int64_t end = now_ms() + 4 * WAIT_MS;
    while (taken && now_ms() < end)
        taken = peer_try_send(&deaf, frame, n);
    ck_assert_msg(!taken, "the gateway takes requests without end");
    serves();
    ck_assert_int_lt(opend_rss_kb(&d) - before, 65536 * SLOW);
    peer_close(&deaf);
}
END_TEST

/* ---- long calls ---- */

/* Calls that look at thousands of securities: the others do not wait for their end. */
START_TEST(long_calls_leave_room_for_the_others)
{
    struct peer busy;
    struct got g;
    uint8_t body[16];
    peer_login(&busy, d.port);
    for (int market = 1; market <= 21; market += 10) {      /* HK 1, US 11, SH 21 */
        size_t n = hex_bytes("0a06 0800 1005 1800", body, sizeof(body));
        body[n - 1] = (uint8_t)market;
        peer_request(&busy, 3215, 0, body, n);
    }
    for (int i = 0; i < 20; i++) {
        serves();
        poll(NULL, 0, 20);
    }
    for (int i = 0; i < 3; i++) {
        peer_expect(&busy, 3215, &g);
        /* Success, or -100 where a slow build does not make it within the gateway's limit. */
        bool late = SLOW > 1 && g.body[1] == 0x9c;
        ck_assert(late || memcmp(g.body, "\x08\0\x12\0\x18\0\x22", 7) == 0);
        got_free(&g);
    }
    peer_close(&busy);
}
END_TEST

/* ---- many ---- */

static void raise_files(void)
{
    struct rlimit r;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &r), 0);
    ck_assert_msg(r.rlim_max >= CONNECTIONS + 200, "only %lu open files are allowed",
                  (unsigned long)r.rlim_max);
    r.rlim_cur = r.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &r), 0);
}

START_TEST(five_thousand_connections)
{
    static struct peer p[CONNECTIONS];
    uint8_t body[64];
    size_t n = hex_bytes(PYTHON_INIT, body, sizeof(body));
    struct got g;
    raise_files();
    for (size_t i = 0; i < CONNECTIONS; i++) {
        peer_connect(&p[i], d.port);
        peer_request(&p[i], 1001, 0, body, n);
    }
    for (size_t i = 0; i < CONNECTIONS; i++) {
        peer_frame(&p[i], &g);
        peer_agree(&p[i], &g, ALGO_NONE);
        got_free(&g);
    }
    serves();
    for (size_t i = 0; i < CONNECTIONS; i++)
        peer_request(&p[i], 1004, 0, "\x0a\x02\x08\x01", 4);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        peer_frame(&p[i], &g);
        ck_assert_uint_eq(g.serial, p[i].serial);
        got_free(&g);
    }
    serves();
    for (size_t i = 0; i < CONNECTIONS; i++)
        peer_close(&p[i]);
}
END_TEST

START_TEST(more_connections_than_allowed)
{
    static const char *const few[] = { "--max-connections", "3", NULL };
    struct opend small;
    struct peer p[3], more;
    opend_start(&small, few);
    for (int i = 0; i < 3; i++)
        peer_login(&p[i], small.port);
    peer_connect(&more, small.port);
    ck_assert(peer_closed(&more, WAIT_MS));
    peer_close(&more);
    peer_close(&p[0]);
    /* Its place is free once the gateway has seen the end; until then new ones are closed. */
    for (int64_t end = now_ms() + WAIT_MS;; peer_close(&more)) {
        ck_assert_msg(now_ms() < end, "the place of a closed connection stays taken");
        peer_connect(&more, small.port);
        if (peer_silent(&more, 50))
            break;
    }
    peer_init(&more);
    peer_keep_alive(&more);
    peer_keep_alive(&p[1]);
    peer_close(&more);
    for (int i = 1; i < 3; i++)
        peer_close(&p[i]);
    opend_stop(&small);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, start, stop);
    tcase_add_test(tc, garbage_on_the_tcp_port);
    tcase_add_test(tc, a_body_header_of_50_mb);
    tcase_add_test(tc, announced_bodies_cost_nothing_until_they_come);
    tcase_add_test(tc, kill_9_of_clients_in_mid_stream);
    tcase_add_test(tc, resets_in_the_middle_of_requests);
    tcase_add_test(tc, a_caller_that_never_reads);
    tcase_add_test(tc, long_calls_leave_room_for_the_others);
    tcase_add_test(tc, five_thousand_connections);
    tcase_add_test(tc, more_connections_than_allowed);
}

static void add_fast(TCase *tc)
{
    tcase_add_checked_fixture(tc, start_fast, stop);
    tcase_add_test(tc, a_subscriber_that_never_reads);
}

int main(void)
{
    int real = run_tcase("robust", add);
    int fast = run_tcase("robust, fast clock", add_fast);
    return real ? real : fast;
}
