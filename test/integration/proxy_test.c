/* proxy_test.c - the breaking proxy before a server that sends back what it gets: each fault does
 * what its name says, and nothing happens without one.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "peer.h"
#include "proxy.h"
#include "support.h"

#define MB (1024 * 1024)

static pid_t echo_pid;
static int echo_port;
static struct proxy px;

/* ---- the echo server ---- */

static void echo_until_the_end(int fd)
{
    static char buf[65536];
    struct peer p = { .fd = fd };
    ssize_t n;
    while ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
        if (!peer_try_send(&p, buf, (size_t)n))
            break;
    _exit(0);
}

/* A process for each connection: they must not wait for one another. */
static void echo_serve(int listener)
{
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0 && fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            echo_until_the_end(fd);
        }
        close(fd);
    }
}

static void echo_start(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    ck_assert_int_eq(listen(fd, 64), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    echo_port = ntohs(a.sin_port);
    echo_pid = fork();
    ck_assert_int_ge(echo_pid, 0);
    if (echo_pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        echo_serve(fd);
    }
    close(fd);
}

static void echo_stop(void)
{
    kill(echo_pid, SIGKILL);
    waitpid(echo_pid, NULL, 0);
}

static void start(void)
{
    echo_start();
    proxy_start(&px, echo_port);
}

static void stop(void)
{
    proxy_stop(&px);
    echo_stop();
}

/* ---- helpers ---- */

static uint8_t sent[MB], seen[MB];

static void fill_sent(void)
{
    for (uint32_t i = 0, x = 7; i < MB; i++)
        sent[i] = (uint8_t)((x = x * 1664525u + 1013904223u) >> 24);
}

/* `n` bytes go there and come back unchanged, 32 KB at a time. */
static void comes_back(struct peer *p, size_t n)
{
    fill_sent();
    for (size_t at = 0, part; at < n; at += part) {
        part = MIN(n - at, 32768);
        peer_send(p, sent + at, part);
        peer_read(p, seen + at, part);
    }
    ck_assert_mem_eq(sent, seen, n);
}

static bool refused(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)px.port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool no = connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0 && errno == ECONNREFUSED;
    close(fd);
    return no;
}

static void connected(struct peer *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        peer_connect(&p[i], px.port);
        comes_back(&p[i], 100);
    }
}

/* ---- tests ---- */

START_TEST(bytes_pass_unchanged)
{
    struct peer p[3];
    struct proxy_counts c;
    connected(p, 3);
    comes_back(&p[0], MB);
    proxy_counts(&px, &c);
    ck_assert_uint_eq(c.accepted, 3);
    ck_assert_uint_eq(c.live, 3);
    ck_assert_uint_eq(c.cut, 0);
    ck_assert_uint_eq(c.bytes[PROXY_TO_CLIENT], MB + 300);
    ck_assert_uint_eq(c.bytes[PROXY_TO_SERVER], MB + 300);
    ck_assert_uint_eq(c.dropped, 0);
    peer_close(&p[0]);
    peer_close(&p[1]);
    comes_back(&p[2], 1000);
    for (int64_t end = now_ms() + WAIT_MS; c.live != 1; proxy_counts(&px, &c))
        ck_assert_msg(now_ms() < end, "closed connections stay");
    peer_close(&p[2]);
}
END_TEST

static int end_of(struct peer *p)
{
    char c;
    struct pollfd f = { .fd = p->fd, .events = POLLIN };
    ck_assert_msg(poll(&f, 1, WAIT_MS) > 0, "the connection is still there");
    ssize_t n = recv(p->fd, &c, 1, 0);
    ck_assert_int_le(n, 0);
    return n == 0 ? 0 : errno;
}

START_TEST(a_cut_ends_all_connections_by_reset_or_regularly)
{
    struct peer p[2];
    struct proxy_counts c;
    for (int how = 0; how < 4; how++) {
        connected(p, 2);
        proxy_cut(&px, how);
        for (int i = 0; i < 2; i++) {
            ck_assert_int_eq(end_of(&p[i]), how & PROXY_FIN ? 0 : ECONNRESET);
            peer_close(&p[i]);
        }
    }
    proxy_counts(&px, &c);
    ck_assert_uint_eq(c.cut, 8);
    ck_assert_uint_eq(c.live, 0);
}
END_TEST

static void wait_held(uint64_t bytes)
{
    struct proxy_counts c;
    proxy_counts(&px, &c);
    for (int64_t end = now_ms() + WAIT_MS; c.held != bytes; proxy_counts(&px, &c))
        ck_assert_msg(now_ms() < end, "the proxy does not read");
}

START_TEST(a_cut_drops_what_is_held_or_writes_it_first)
{
    struct peer p;
    struct proxy_counts before, after;
    for (int flush = 0; flush < 2; flush++) {
        connected(&p, 1);
        proxy_counts(&px, &before);
        proxy_hold(&px, PROXY_TO_SERVER, true);
        peer_send(&p, "held", 4);
        wait_held(4);
        proxy_cut(&px, PROXY_FIN | (flush ? PROXY_FLUSH : 0));
        proxy_counts(&px, &after);
        ck_assert_uint_eq(after.bytes[PROXY_TO_SERVER] - before.bytes[PROXY_TO_SERVER],
                          flush ? 4 : 0);
        ck_assert_uint_eq(after.dropped, 4);
        proxy_hold(&px, PROXY_TO_SERVER, false);
        peer_close(&p);
    }
}
END_TEST

START_TEST(one_direction_can_be_held)
{
    struct peer p;
    char back[4];
    for (int d = 0; d < 2; d++) {
        connected(&p, 1);
        proxy_hold(&px, d, true);
        peer_send(&p, "wait", 4);
        wait_held(4);
        ck_assert(peer_silent(&p, 10));
        proxy_hold(&px, d, false);
        peer_read(&p, back, 4);
        ck_assert_mem_eq(back, "wait", 4);
        peer_close(&p);
    }
}
END_TEST

START_TEST(new_connections_can_be_refused_and_the_port_stays)
{
    struct peer old, fresh;
    connected(&old, 1);
    for (int i = 0; i < 3; i++) {
        proxy_refuse(&px, true);
        ck_assert(refused());
        comes_back(&old, 1000);
        proxy_refuse(&px, false);
        connected(&fresh, 1);
        peer_close(&fresh);
    }
    peer_close(&old);
}
END_TEST

START_TEST(the_target_can_change)
{
    struct peer old, fresh;
    connected(&old, 1);
    proxy_target(&px, free_port());
    peer_connect(&fresh, px.port);
    ck_assert(peer_closed(&fresh, WAIT_MS));
    peer_close(&fresh);
    comes_back(&old, 1000);
    proxy_target(&px, echo_port);
    connected(&fresh, 1);
    peer_close(&fresh);
    peer_close(&old);
}
END_TEST

START_TEST(a_half_open_connection_is_silent_and_stays)
{
    struct peer old, fresh, later;
    struct proxy_counts c;
    connected(&old, 1);
    proxy_half_open(&px, true);
    peer_connect(&fresh, px.port);
    peer_send(&old, sent, 1000);
    peer_send(&fresh, sent, 1000);
    proxy_counts(&px, &c);
    for (int64_t end = now_ms() + WAIT_MS; c.dropped != 2000; proxy_counts(&px, &c))
        ck_assert_msg(now_ms() < end, "it is not swallowed");
    proxy_half_open(&px, false);
    connected(&later, 1);
    ck_assert(peer_silent(&old, 50));
    ck_assert(peer_silent(&fresh, 0));
    proxy_cut(&px, PROXY_RST);
    ck_assert(peer_closed(&old, WAIT_MS) && peer_closed(&fresh, WAIT_MS));
    peer_close(&old);
    peer_close(&fresh);
    peer_close(&later);
}
END_TEST

START_TEST(an_answer_of_its_own)
{
    static const char text[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    struct peer p;
    char got[sizeof(text)] = "";
    proxy_answer(&px, text);
    peer_connect(&p, px.port);
    ck_assert(peer_silent(&p, 20));
    peer_send(&p, "FT", 2);
    peer_read(&p, got, sizeof(text) - 1);
    ck_assert_str_eq(got, text);
    ck_assert_int_eq(end_of(&p), 0);
    peer_close(&p);
    proxy_answer(&px, NULL);
    connected(&p, 1);
    peer_close(&p);
}
END_TEST

START_TEST(garbage_comes_in_between)
{
    struct peer p;
    connected(&p, 1);
    proxy_garbage(&px, PROXY_TO_CLIENT, 1000);
    peer_read(&p, seen, 1000);
    proxy_garbage(&px, PROXY_TO_SERVER, 500);
    peer_read(&p, seen + 1000, 500);            /* the echo of it */
    ck_assert(memcmp(seen, seen + 1000, 500) != 0);
    comes_back(&p, 1000);
    peer_close(&p);
}
END_TEST

START_TEST(a_delay_holds_each_batch)
{
    struct peer p;
    connected(&p, 1);
    proxy_delay(&px, 50);
    int64_t at = now_ms();
    comes_back(&p, 1000);
    ck_assert_int_ge(now_ms() - at, 100);       /* once in each direction */
    peer_close(&p);
}
END_TEST

START_TEST(a_slow_reader_holds_the_writer_back)
{
    struct peer p;
    struct proxy_counts c;
    int size = 8192;
    fill_sent();
    peer_connect(&p, px.port);
    setsockopt(p.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    proxy_rate(&px, 10000);
    int64_t at = now_ms();
    while (now_ms() - at < 300)
        if (send(p.fd, sent, sizeof(sent), MSG_DONTWAIT | MSG_NOSIGNAL) <= 0)
            poll(NULL, 0, 5);
    proxy_counts(&px, &c);
    int64_t ms = now_ms() - at;
    ck_assert_uint_gt(c.bytes[PROXY_TO_SERVER], 500);
    ck_assert_int_le((int64_t)c.bytes[PROXY_TO_SERVER], 10 * ms + 400);
    peer_close(&p);
}
END_TEST

START_TEST(writes_can_be_split_down_to_single_bytes)
{
    struct peer p;
    connected(&p, 1);
    proxy_split(&px, 1);
    comes_back(&p, 5000);
    proxy_split(&px, 300);
    comes_back(&p, 100000);
    proxy_split(&px, 0);
    comes_back(&p, MB);
    peer_close(&p);
}
END_TEST

/* Connections made again as they are cut, with an echo that stays right until then. */
static uint64_t cut_many(uint64_t seed, uint32_t cuts)
{
    struct proxy_chaos o = { .seed = seed, .cuts = cuts, .max_bytes = 3000, .max_ms = 20 };
    struct proxy_counts c;
    uint8_t back[64];
    proxy_chaos(&px, &o);
    do {
        struct peer p;
        bool there = peer_try_connect(&p, px.port);     /* a cut may come before it is through */
        for (size_t at = 0; there && at + 64 <= sizeof(sent); at += 64) {
            if (!peer_try_send(&p, sent + at, 64) || recv(p.fd, back, 64, MSG_WAITALL) != 64)
                break;
            ck_assert_mem_eq(back, sent + at, 64);
        }
        if (there)
            peer_close(&p);
        proxy_counts(&px, &c);
    } while (c.to_cut > 0);
    return c.bytes[PROXY_TO_SERVER] % 64;
}

START_TEST(random_cuts_are_as_many_as_asked_and_anywhere)
{
    struct proxy_counts c;
    unsigned odd = 0;
    fill_sent();
    for (uint64_t seed = 1; seed <= 20; seed++)
        odd += cut_many(seed, 25) != 0;
    proxy_counts(&px, &c);
    ck_assert_uint_eq(c.cuts, 500);
    ck_assert_uint_ge(c.cut, 500);
    ck_assert_uint_gt(c.dropped, 0);
    ck_assert_uint_gt(odd, 0);          /* in the middle of 64 bytes */
    struct peer p;
    connected(&p, 1);
    comes_back(&p, MB);
    peer_close(&p);
}
END_TEST

static void add(TCase *tc)
{
    tcase_set_timeout(tc, 60 * SLOW);
    tcase_add_checked_fixture(tc, start, stop);
    tcase_add_test(tc, bytes_pass_unchanged);
    tcase_add_test(tc, a_cut_ends_all_connections_by_reset_or_regularly);
    tcase_add_test(tc, a_cut_drops_what_is_held_or_writes_it_first);
    tcase_add_test(tc, one_direction_can_be_held);
    tcase_add_test(tc, new_connections_can_be_refused_and_the_port_stays);
    tcase_add_test(tc, the_target_can_change);
    tcase_add_test(tc, a_half_open_connection_is_silent_and_stays);
    tcase_add_test(tc, an_answer_of_its_own);
    tcase_add_test(tc, garbage_comes_in_between);
    tcase_add_test(tc, a_delay_holds_each_batch);
    tcase_add_test(tc, a_slow_reader_holds_the_writer_back);
    tcase_add_test(tc, writes_can_be_split_down_to_single_bytes);
    tcase_add_test(tc, random_cuts_are_as_many_as_asked_and_anywhere);
}

int main(void)
{
    return run_tcase("proxy", add);
}
