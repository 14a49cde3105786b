/* sock_test.c - an outgoing connection against a listener on loopback that echoes. */
#include "io/sock.h"

#include <uv.h>

#include "../support.h"

#define BIG (3u << 20)

static futu_loop *loop;
static uv_tcp_t server;
static bool accepted, hang_up;
static int port;

static struct seen {
    bool connected, closed;
    futu_err err;
    uint64_t bytes, wrong;
} seen;

struct echo {
    uv_write_t write;
    char bytes[];
};

static void echo_done(uv_write_t *w, int rc)
{
    (void)rc;
    free(w->data);
}

static void free_peer(uv_handle_t *h)
{
    free(h);
}

static void server_alloc(uv_handle_t *h, size_t size, uv_buf_t *b)
{
    (void)h;
    *b = uv_buf_init(malloc(size), (unsigned)size);
}

static void server_read(uv_stream_t *h, ssize_t n, const uv_buf_t *b)
{
    if (n > 0) {
        struct echo *e = malloc(sizeof(*e) + (size_t)n);
        memcpy(e->bytes, b->base, (size_t)n);
        e->write.data = e;
        uv_buf_t out = uv_buf_init(e->bytes, (unsigned)n);
        ck_assert_int_eq(uv_write(&e->write, h, &out, 1, echo_done), 0);
    } else if (n < 0) {
        uv_close((uv_handle_t *)h, free_peer);
    }
    free(b->base);
}

static void on_accept(uv_stream_t *s, int rc)
{
    ck_assert_int_eq(rc, 0);
    uv_tcp_t *peer = malloc(sizeof(*peer));
    uv_tcp_init(s->loop, peer);
    ck_assert_int_eq(uv_accept(s, (uv_stream_t *)peer), 0);
    accepted = true;
    if (hang_up)
        uv_close((uv_handle_t *)peer, free_peer);
    else
        uv_read_start((uv_stream_t *)peer, server_alloc, server_read);
}

static void setup(void)
{
    struct sockaddr_in addr;
    int len = sizeof(addr);
    memset(&seen, 0, sizeof(seen));
    accepted = hang_up = false;
    ck_assert_int_eq(futu_loop_new(&loop), FUTU_OK);
    uv_tcp_init(futu_loop_uv(loop), &server);
    uv_ip4_addr("127.0.0.1", 0, &addr);
    ck_assert_int_eq(uv_tcp_bind(&server, (struct sockaddr *)&addr, 0), 0);
    ck_assert_int_eq(uv_listen((uv_stream_t *)&server, 8, on_accept), 0);
    uv_tcp_getsockname(&server, (struct sockaddr *)&addr, &len);
    port = ntohs(addr.sin_port);
}

static void close_peer(uv_handle_t *h, void *arg)
{
    (void)arg;
    if (h->type == UV_TCP && h != (uv_handle_t *)&server && !uv_is_closing(h))
        uv_close(h, free_peer);
}

/* By now the only other sockets of the loop are those of the echo. */
static void teardown(void)
{
    uv_walk(futu_loop_uv(loop), close_peer, NULL);
    futu_loop_free(loop);
}

static void on_connect(void *arg)
{
    (void)arg;
    seen.connected = true;
}

static void on_data(void *arg, const uint8_t *p, size_t n)
{
    (void)arg;
    for (size_t i = 0; i < n; i++)
        seen.wrong += p[i] != (uint8_t)((seen.bytes + i) % 251);
    seen.bytes += n;
}

static void on_close(void *arg, futu_err err, const char *why)
{
    (void)arg;
    ck_assert_uint_gt(strlen(why), 0);
    ck_assert(!seen.closed);
    seen.closed = true;
    seen.err = err;
}

static const struct sock_events events = { on_connect, on_data, on_close, NULL };

static void fill(struct buf *b, size_t n)
{
    size_t start = b->n;
    ck_assert_int_eq(buf_reserve(b, n), FUTU_OK);
    for (size_t i = 0; i < n; i++)
        b->p[start + i] = (uint8_t)((start + i) % 251);
    b->n += n;
}

START_TEST(bytes_go_out_and_come_back_in_order)
{
    struct sock *s;
    ck_assert_int_eq(sock_connect(&s, loop, "127.0.0.1", (uint32_t)port, NS_PER_S * 5, &events), 0);
    fill(sock_out(s), BIG);  /* more than the kernel takes at once, before the connection is up */
    while (seen.bytes < BIG && !seen.closed)
        futu_loop_poll(loop, 100);
    ck_assert(seen.connected);
    ck_assert_uint_eq(seen.bytes, BIG);
    ck_assert_uint_eq(seen.wrong, 0);
    ck_assert_uint_eq(sock_queued(s), 0);
    sock_close(s);
}
END_TEST

START_TEST(a_name_is_looked_up)
{
    struct sock *s;
    ck_assert_int_eq(sock_connect(&s, loop, "localhost", (uint32_t)port, NS_PER_S * 5, &events), 0);
    while (!seen.connected && !seen.closed)
        futu_loop_poll(loop, 100);
    ck_assert(seen.connected);
    sock_close(s);
}
END_TEST

START_TEST(closing_during_the_look_up)
{
    struct sock *s;
    ck_assert_int_eq(sock_connect(&s, loop, "localhost", (uint32_t)port, NS_PER_S * 5, &events), 0);
    sock_close(s);
    uv_close((uv_handle_t *)&server, NULL);
    futu_loop_run(loop);
    ck_assert(!seen.connected && !seen.closed);
}
END_TEST

START_TEST(a_refused_connection_says_so)
{
    struct sock *s;
    uv_close((uv_handle_t *)&server, NULL);
    futu_loop_poll(loop, 0);
    ck_assert_int_eq(sock_connect(&s, loop, "127.0.0.1", (uint32_t)port, NS_PER_S * 5, &events), 0);
    futu_loop_run(loop);
    ck_assert(seen.closed);
    ck_assert_int_eq(seen.err, FUTU_EREFUSED);
    sock_close(s);
}
END_TEST

START_TEST(the_peer_hangs_up)
{
    struct sock *s;
    hang_up = true;
    ck_assert_int_eq(sock_connect(&s, loop, "127.0.0.1", (uint32_t)port, NS_PER_S * 5, &events), 0);
    while (!seen.closed)
        futu_loop_poll(loop, 100);
    ck_assert(accepted);
    ck_assert_int_eq(seen.err, FUTU_ENOTCONN);
    sock_close(s);
}
END_TEST

static void on_late(void *arg, futu_err err, const char *why)
{
    (void)arg;
    (void)why;
    seen.closed = true;
    seen.err = err;
}

/* A listener whose queue is full leaves further connections without an answer. */
START_TEST(connecting_takes_too_long)
{
    uv_tcp_t *silent = malloc(sizeof(*silent));
    struct sockaddr_in addr;
    int len = sizeof(addr);
    struct sock *s[8];
    static const struct sock_events late = { on_connect, on_data, on_late, NULL };
    uv_tcp_init(futu_loop_uv(loop), silent);
    uv_ip4_addr("127.0.0.1", 0, &addr);
    ck_assert_int_eq(uv_tcp_bind(silent, (struct sockaddr *)&addr, 0), 0);
    uv_os_fd_t fd;
    uv_tcp_getsockname(silent, (struct sockaddr *)&addr, &len);
    ck_assert_int_eq(uv_fileno((uv_handle_t *)silent, &fd), 0);
    ck_assert_int_eq(listen(fd, 0), 0);
    for (size_t i = 0; i < ARRAY_LEN(s); i++)
        ck_assert_int_eq(sock_connect(&s[i], loop, "127.0.0.1", ntohs(addr.sin_port),
                                      50 * NS_PER_MS, &late), 0);
    while (!seen.closed)
        futu_loop_poll(loop, 100);
    ck_assert_int_eq(seen.err, FUTU_ETIMEDOUT);
    for (size_t i = 0; i < ARRAY_LEN(s); i++)
        sock_close(s[i]);
}
END_TEST

START_TEST(the_next_address_is_tried_when_one_refuses)
{
    static const char *const hosts[] = { "127.0.0.8", "::1", "127.0.0.9", "127.0.0.1" };
    struct sock *s;
    ck_assert_int_eq(sock_connect_any(&s, loop, hosts, 4, (uint32_t)port, NS_PER_S * 5, &events),
                     0);
    while (!seen.connected && !seen.closed)
        futu_loop_poll(loop, 100);
    ck_assert(seen.connected);
    buf_puts(sock_out(s), "x");
    while (seen.bytes < 1)
        futu_loop_poll(loop, 100);
    sock_close(s);
}
END_TEST

START_TEST(when_all_refuse_the_last_one_is_told)
{
    static const char *const hosts[] = { "127.0.0.8", "127.0.0.9" };
    struct sock *s;
    ck_assert_int_eq(sock_connect_any(&s, loop, hosts, 2, (uint32_t)port, NS_PER_S * 5, &events),
                     0);
    while (!seen.closed)
        futu_loop_poll(loop, 100);
    ck_assert_int_eq(seen.err, FUTU_EREFUSED);
    sock_close(s);
    ck_assert_int_eq(sock_connect_any(&s, loop, hosts, 0, 1, NS_PER_S, &events), FUTU_EINVAL);
    static const char *const name[] = { "localhost" };
    ck_assert_int_eq(sock_connect_any(&s, loop, name, 1, 1, NS_PER_S, &events), FUTU_EINVAL);
}
END_TEST

/* At the port of the echo server, with a queue that is full. */
static void be_silent(const char *host, struct sock *fill_up[], size_t n)
{
    static const struct sock_events late = { on_connect, on_data, on_late, NULL };
    uv_tcp_t *silent = malloc(sizeof(*silent));
    struct sockaddr_in addr;
    uv_os_fd_t fd;
    uv_tcp_init(futu_loop_uv(loop), silent);
    uv_ip4_addr(host, port, &addr);
    ck_assert_int_eq(uv_tcp_bind(silent, (struct sockaddr *)&addr, 0), 0);
    ck_assert_int_eq(uv_fileno((uv_handle_t *)silent, &fd), 0);
    ck_assert_int_eq(listen(fd, 0), 0);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(sock_connect(&fill_up[i], loop, host, (uint32_t)port, NS_PER_S * 60,
                                      &late), 0);
    futu_loop_poll(loop, 50);
}

START_TEST(the_next_address_is_tried_when_one_is_silent)
{
    static const char *const hosts[] = { "127.0.0.8", "127.0.0.1" };
    struct sock *s, *fill_up[8];
    be_silent("127.0.0.8", fill_up, ARRAY_LEN(fill_up));
    seen = (struct seen){ .connected = false };
    int64_t start = loop_now(loop);
    ck_assert_int_eq(sock_connect_any(&s, loop, hosts, 2, (uint32_t)port, NS_PER_S * 30, &events),
                     0);
    while (!seen.connected && !seen.closed)
        futu_loop_poll(loop, 100);
    ck_assert(seen.connected);
    ck_assert_int_ge(loop_now(loop) - start, SOCK_STEP_NS);
    sock_close(s);
    for (size_t i = 0; i < ARRAY_LEN(fill_up); i++)
        sock_close(fill_up[i]);
}
END_TEST

START_TEST(closing_between_two_addresses)
{
    static const char *const hosts[] = { "127.0.0.8", "127.0.0.9", "127.0.0.7", "127.0.0.6" };
    for (int turns = 0; turns < 12; turns++) {
        struct sock *s;
        seen = (struct seen){ .connected = false };
        ck_assert_int_eq(sock_connect_any(&s, loop, hosts, 4, (uint32_t)port, NS_PER_S * 5,
                                          &events), 0);
        for (int i = 0; i < turns; i++)
            futu_loop_poll(loop, 0);
        sock_close(s);
        futu_loop_poll(loop, 0);
    }
}
END_TEST

static struct {
    struct loop_hook hook;
    struct sock *sock;
} writer;

static void write_once(struct loop_hook *h)
{
    ck_assert_int_eq(buf_puts(sock_out(writer.sock), "x"), FUTU_OK);
    loop_hook_remove(h);
}

/* The hook runs behind the socket's own: nothing else would wake the loop. */
START_TEST(what_a_hook_writes_goes_out_at_once)
{
    struct sock *s;
    ck_assert_int_eq(sock_connect(&s, loop, "127.0.0.1", (uint32_t)port, NS_PER_S * 5, &events), 0);
    while (!seen.connected)
        futu_loop_poll(loop, 100);
    int64_t start = loop_now(loop);
    writer.sock = s;
    loop_hook_add(loop, &writer.hook, write_once);
    while (seen.bytes < 1)
        futu_loop_poll(loop, 20000);
    ck_assert_int_lt(loop_now(loop) - start, 10 * NS_PER_S);
    sock_close(s);
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    for (long n = 0; test_alloc_fail_at(n); n++) {
        struct sock *s;
        futu_err err = sock_connect(&s, loop, "127.0.0.1", (uint32_t)port, NS_PER_S, &events);
        if (!err)
            err = buf_puts(sock_out(s), "x");
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        sock_close(s);
        futu_loop_poll(loop, 0);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, bytes_go_out_and_come_back_in_order);
    tcase_add_test(tc, a_name_is_looked_up);
    tcase_add_test(tc, closing_during_the_look_up);
    tcase_add_test(tc, a_refused_connection_says_so);
    tcase_add_test(tc, the_peer_hangs_up);
    tcase_add_test(tc, connecting_takes_too_long);
    tcase_add_test(tc, the_next_address_is_tried_when_one_refuses);
    tcase_add_test(tc, when_all_refuse_the_last_one_is_told);
    tcase_add_test(tc, the_next_address_is_tried_when_one_is_silent);
    tcase_add_test(tc, closing_between_two_addresses);
    tcase_add_test(tc, what_a_hook_writes_goes_out_at_once);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("sock", add);
}
