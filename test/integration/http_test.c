/* http_test.c - the REST port of the real daemon: what a client sees on the wire. The routes are
 * tested elsewhere; here one of them stands for all. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support.h"
#include "ws.h"

#define GET(target) "GET " target " HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define CLIENTS 1000

static struct opend d;

static void start(void)
{
    opend_start(&d, NULL);
}

/* Whatever a test did, the others are served. */
static void health(struct peer *p);

static void stop(void)
{
    struct peer p;
    peer_connect(&p, d.rest_port);
    health(&p);
    peer_close(&p);
    opend_stop(&d);
}

static void say(struct peer *p, const char *text)
{
    peer_send(p, text, strlen(text));
}

struct answer {
    char head[2048];
    int status;
    size_t length;
};

/* The head of the next answer; its body stays to be read. */
static void read_head(struct peer *p, struct answer *a)
{
    size_t n = 0;
    while (n < 4 || memcmp(a->head + n - 4, "\r\n\r\n", 4) != 0) {
        ck_assert_uint_lt(n, sizeof(a->head) - 1);
        peer_read(p, a->head + n++, 1);
    }
    a->head[n] = '\0';
    ck_assert_msg(strncmp(a->head, "HTTP/1.1 ", 9) == 0, "%s", a->head);
    a->status = (int)strtol(a->head + 9, NULL, 10);
    const char *length = strstr(a->head, "\r\nContent-Length: ");
    a->length = length ? strtoul(length + 18, NULL, 10) : 0;
}

static void drop_body(struct peer *p, const struct answer *a)
{
    char c;
    for (size_t i = 0; i < a->length; i++)
        peer_read(p, &c, 1);
}

static void expect_status(struct peer *p, int status)
{
    struct answer a;
    read_head(p, &a);
    ck_assert_msg(a.status == status, "not %d: %s", status, a.head);
    drop_body(p, &a);
}

static void health(struct peer *p)
{
    struct answer a;
    char body[4];
    say(p, GET("/health"));
    read_head(p, &a);
    ck_assert_int_eq(a.status, 200);
    ck_assert_uint_eq(a.length, 3);
    peer_read(p, body, 3);
    ck_assert_mem_eq(body, "ok\n", 3);
}

START_TEST(health_is_known_bytes)
{
    static const char before[] = "HTTP/1.1 200 OK\r\nCache-Control: no-store\r\n"
                                 "X-Content-Type-Options: nosniff\r\nDate: ";
    static const char behind[] = " GMT\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                 "Content-Length: 3\r\n\r\n";
    struct peer p;
    char got[512] = "";
    size_t n = strlen(before) + 25 + strlen(behind);
    peer_connect(&p, d.rest_port);
    say(&p, "HEAD /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    peer_read(&p, got, n);
    ck_assert_mem_eq(got, before, strlen(before));
    ck_assert_str_eq(got + strlen(before) + 25, behind);
    health(&p);
    peer_close(&p);
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order)
{
    struct peer p;
    char target[64], body[4];
    struct answer a;
    peer_connect(&p, d.rest_port);
    for (int i = 0; i < 300; i++) {
        snprintf(target, sizeof(target), GET("%s"), i % 3 ? "/health" : "/no-such-path");
        say(&p, target);
    }
    for (int i = 0; i < 300; i++) {
        read_head(&p, &a);
        ck_assert_int_eq(a.status, i % 3 ? 200 : 404);
        if (i % 3)
            peer_read(&p, body, 3);
        else
            drop_body(&p, &a);
    }
    peer_close(&p);
}
END_TEST

START_TEST(wrong_requests_end_their_connection)
{
    static const struct { const char *text; int status; } cases[] = {
        { "nonsense\r\n\r\n", 400 },
        { "\x16\x03\x01\x02", 400 },
        { "GET / HTTP/9.9\r\n\r\n", 505 },
        { "GET /health HTTP/1.1\r\n\r\n", 400 },
        { "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
          "Transfer-Encoding: chunked\r\n\r\n", 400 },
        { "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\n\r\n", 413 },
        { "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
          "300000\r\n", 413 },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct peer p;
        peer_connect(&p, d.rest_port);
        say(&p, cases[i].text);
        expect_status(&p, cases[i].status);
        ck_assert(peer_closed(&p, WAIT_MS));
        peer_close(&p);
    }
}
END_TEST

START_TEST(a_half_closed_client_is_answered)
{
    struct peer p;
    peer_connect(&p, d.rest_port);
    say(&p, GET("/api/global-state") GET("/health"));
    shutdown(p.fd, SHUT_WR);
    expect_status(&p, 200);
    expect_status(&p, 200);
    ck_assert(peer_closed(&p, WAIT_MS));
    peer_close(&p);
}
END_TEST

START_TEST(a_thousand_connections_are_served)
{
    static struct peer all[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        peer_connect(&all[i], d.rest_port);
    for (int i = 0; i < CLIENTS; i++)
        say(&all[i], GET("/health"));
    for (int i = 0; i < CLIENTS; i++)
        expect_status(&all[i], 200);
    for (int i = 0; i < CLIENTS; i++)
        health(&all[i]);
    for (int i = 0; i < CLIENTS; i++)
        peer_close(&all[i]);
}
END_TEST

START_TEST(a_reader_that_does_not_read_costs_little)
{
    struct peer p;
    long before = opend_rss_kb(&d);
    int64_t end = now_ms() + 1000;
    peer_connect(&p, d.rest_port);
    /* Nothing more is taken once reading pauses: the send buffer fills, poll() says so. */
    struct pollfd pfd = { .fd = p.fd, .events = POLLOUT };
    while (now_ms() < end && poll(&pfd, 1, 200) > 0)
        if (send(p.fd, GET("/api/openapi.json"), strlen(GET("/api/openapi.json")),
                 MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
            break;
    ck_assert_int_lt(opend_rss_kb(&d) - before, 40000 * SLOW);
    peer_close(&p);
}
END_TEST

START_TEST(the_push_stream_takes_texts_alone)
{
    struct peer p;
    char answer[256] = "";
    peer_connect(&p, d.rest_port);
    say(&p, "GET /ws HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
            "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n");
    peer_read(&p, answer, strlen(ws_answer));
    ck_assert_str_eq(answer, ws_answer);
    ws_send(&p, WS_FIN | WS_BINARY, "x", 1);
    ws_expect_close(&p, 1003);
    peer_close(&p);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, start, stop);
    tcase_add_test(tc, health_is_known_bytes);
    tcase_add_test(tc, pipelined_requests_are_answered_in_order);
    tcase_add_test(tc, wrong_requests_end_their_connection);
    tcase_add_test(tc, a_half_closed_client_is_answered);
    tcase_add_test(tc, a_thousand_connections_are_served);
    tcase_add_test(tc, a_reader_that_does_not_read_costs_little);
    tcase_add_test(tc, the_push_stream_takes_texts_alone);
}

int main(void)
{
    return run_tcase("http", add);
}
