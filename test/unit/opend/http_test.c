/* http_test.c - the REST listener on loopback with a gateway that answers when the test says so. */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_gateway.h"
#include "http_time.h"
#include "line.h"

#define MANY 100000
#define GET(target) "GET " target " HTTP/1.1\r\nHost: x\r\n\r\n"
#define FIXED "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nDate: *\r\n"
#define TEXT(n, connection, body) "HTTP/1.1 200 OK\r\n" FIXED                                      \
    "Content-Type: text/plain\r\nContent-Length: " n "\r\n" connection "\r\n" body
#define WS(target) "GET " target " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"                  \
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"                                         \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
#define OPENED "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

static void start(void)
{
    fake_reset();
    line_start(&listener_http, MANY);
}

static void stop(void)
{
    line_stop();
    ck_assert_uint_eq(fake.conns, 0);
    for (unsigned i = 0; i < fake.held; i++)
        ck_assert_msg(fake.calls[i] == NULL, "request %u was not given up", i);
}

START_TEST(answers_are_known_bytes_and_the_connection_stays)
{
    int fd = line_connect();
    line_say(fd, GET("/a?b"));
    line_expect(fd, TEXT("8", "", "GET /a?b"));
    line_say(fd, "POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
    line_expect(fd, TEXT("11", "", "POST /p abc"));
    line_say(fd, "HEAD /h HTTP/1.1\r\nHost: x\r\n\r\n");
    line_expect(fd, TEXT("7", "", ""));
    line_say(fd, GET("/none"));
    line_expect(fd, "HTTP/1.1 204 No Content\r\n" FIXED "\r\n");
    line_silent(fd);
    close(fd);
}
END_TEST

START_TEST(http_1_0_and_close_end_the_connection)
{
    int fd = line_connect();
    line_say(fd, "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    line_expect(fd, TEXT("6", "Connection: keep-alive\r\n", "GET /a"));
    line_say(fd, "GET /a HTTP/1.0\r\n\r\n" GET("/never"));
    line_expect(fd, TEXT("6", "Connection: close\r\n", "GET /a"));
    line_ended(fd);
    fd = line_connect();
    line_say(fd, "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    line_expect(fd, TEXT("6", "Connection: close\r\n", "GET /a"));
    line_ended(fd);
    ck_assert_uint_eq(fake.requests, 3);
}
END_TEST

START_TEST(answers_keep_the_order_of_the_requests)
{
    int fd = line_connect();
    line_say(fd, GET("/1") GET("/hold2") GET("/3") GET("/hold4") GET("/5"));
    line_expect(fd, TEXT("6", "", "GET /1"));
    line_silent(fd);
    line_await(fake.requests == 5);
    fake_answer(1, "four");
    line_silent(fd);
    fake_answer(0, "two");
    line_expect(fd, TEXT("3", "", "two") TEXT("6", "", "GET /3") TEXT("4", "", "four")
                    TEXT("6", "", "GET /5"));
    close(fd);
}
END_TEST

START_TEST(bodies_may_be_chunked_and_asked_for)
{
    int fd = line_connect();
    line_say(fd, "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n");
    line_expect(fd, TEXT("13", "", "POST /c abcde"));
    line_say(fd, GET("/hold") "POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                 "Content-Length: 2\r\n\r\n");
    line_await(fake.held == 1);
    line_silent(fd);
    fake_answer(0, "first");
    line_expect(fd, TEXT("5", "", "first") "HTTP/1.1 100 Continue\r\n\r\n");
    line_say(fd, "ok");
    line_expect(fd, TEXT("10", "", "POST /e ok"));
    close(fd);
}
END_TEST

static void refused(const char *request, const char *status)
{
    char head[1024];
    int fd = line_connect();
    line_say(fd, request);
    line_head(fd, head, sizeof(head));
    ck_assert_msg(strncmp(head, status, strlen(status)) == 0, "%s: %s", request, head);
    ck_assert(strstr(head, "Content-Type: application/json\r\n") != NULL);
    ck_assert(strstr(head, "Connection: close\r\n") != NULL);
    line_skip(fd, (size_t)strtoul(strstr(head, "Length: ") + 8, NULL, 10));
    line_ended(fd);
}

START_TEST(wrong_requests_are_answered_and_end_the_connection)
{
    refused("nonsense\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n");
    refused("GET / HTTP/3.0\r\n\r\n", "HTTP/1.1 505 ");
    refused("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2097153\r\n\r\nx",
            "HTTP/1.1 413 Content Too Large\r\n");
    refused("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2097153\r\nExpect: 100-continue\r\n\r\n",
            "HTTP/1.1 413 ");
    refused("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
            "0\r\n\r\n" GET("/smuggled"), "HTTP/1.1 400 ");
    ck_assert_uint_eq(fake.requests, 0);
}
END_TEST

/* Who is refused while they still send must be able to read why: no reset takes it away. */
START_TEST(a_refusal_arrives_although_the_body_is_on_its_way)
{
    static char body[300000];
    char head[1024];
    int fd = line_connect();
    memset(body, 'x', sizeof(body));
    line_say(fd, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n");
    line_send(fd, body, sizeof(body));
    line_head(fd, head, sizeof(head));
    ck_assert(strncmp(head, "HTTP/1.1 413 ", 13) == 0);
    close(fd);
}
END_TEST

START_TEST(sixty_four_requests_are_under_way_then_reading_pauses)
{
    static char many[200 * 64];
    size_t n = 0;
    int fd = line_connect();
    for (int i = 0; i < 150; i++)
        n += (size_t)snprintf(many + n, sizeof(many) - n, GET("/hold%d"), i);
    line_send(fd, many, n);
    line_await(fake.held == 64);
    fake_answer(1, "x");
    line_turn();
    ck_assert_uint_eq(fake.held, 64);
    for (unsigned i = 0; i < 150; i++) {
        line_await(fake.held > i);
        if (i != 1)
            fake_answer(i, "x");
        line_turn();
        line_expect(fd, TEXT("1", "", "x"));
        ck_assert_uint_le(fake.held, 64 + i + 2);
    }
    ck_assert_uint_eq(fake.held, 150);
    close(fd);
}
END_TEST

START_TEST(a_slow_reader_pauses_its_own_requests)
{
    static char many[64 * 64];
    size_t n = 0;
    int fd = line_connect();
    fake.big = 2u << 20;
    for (int i = 0; i < 60; i++)
        n += (size_t)snprintf(many + n, sizeof(many) - n, GET("/big%d"), i);
    line_send(fd, many, n);
    line_await(fake.requests > 0);
    line_turn();
    ck_assert_uint_lt(fake.requests, 10);
    line_tick(HTTP_TAKE_MS - 1000);
    line_tick(0);
    for (int i = 0; i < 60; i++) {
        char head[1024];
        line_head(fd, head, sizeof(head));
        line_skip(fd, fake.big);
    }
    ck_assert_uint_eq(fake.requests, 60);
    line_silent(fd);
    close(fd);
}
END_TEST

START_TEST(who_takes_nothing_is_closed)
{
    int fd = line_connect();
    fake.big = 3u << 20;
    line_say(fd, GET("/big") GET("/big") GET("/big"));
    line_await(fake.requests > 0);
    line_tick(HTTP_TAKE_MS - 1000);
    ck_assert(!listener_idle(&line));
    line_tick(HTTP_TAKE_MS + 1000);
    line_await(listener_idle(&line));
    close(fd);
}
END_TEST

START_TEST(who_only_closes_their_side_is_answered)
{
    int fd = line_connect();
    line_say(fd, GET("/hold") GET("/2"));
    shutdown(fd, SHUT_WR);
    line_await(fake.requests == 2);
    line_silent(fd);
    fake_answer(0, "late");
    line_expect(fd, TEXT("4", "", "late") TEXT("6", "", "GET /2"));
    line_ended(fd);
}
END_TEST

START_TEST(what_a_client_left_is_given_up)
{
    struct linger hard = { 1, 0 };
    int fd = line_connect();
    line_say(fd, GET("/hold") GET("/hold"));
    line_await(fake.held == 2);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    close(fd);
    line_await(listener_idle(&line));
    ck_assert_uint_eq(fake.abandoned, 2);
}
END_TEST

START_TEST(slow_senders_are_told_and_closed)
{
    char head[1024];
    int idle = line_connect(), slow = line_connect(), body = line_connect(), held = line_connect();
    /* The answer to what comes first tells that the rest has come too. */
    line_say(slow, GET("/1") "GET / HT");
    line_expect(slow, TEXT("6", "", "GET /1"));
    line_say(body, GET("/1") "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nabc");
    line_expect(body, TEXT("6", "", "GET /1"));
    line_say(held, GET("/hold"));
    line_await(fake.held == 1);
    line_tick(HTTP_HEAD_MS - 1000);
    line_silent(slow);
    line_tick(HTTP_HEAD_MS);
    line_head(slow, head, sizeof(head));
    ck_assert(strncmp(head, "HTTP/1.1 408 Request Timeout\r\n", 30) == 0);
    line_tick(HTTP_BODY_MS - 1000);
    line_silent(body);
    line_tick(HTTP_BODY_MS);
    line_head(body, head, sizeof(head));
    ck_assert(strncmp(head, "HTTP/1.1 408 ", 13) == 0);
    line_silent(idle);
    line_tick(HTTP_IDLE_MS);
    line_ended(idle);
    line_silent(held);
    close(slow);
    close(body);
    close(held);
}
END_TEST

START_TEST(a_connection_too_many_gets_503)
{
    char head[1024];
    line.count_max = 2;
    int a = line_connect(), b = line_connect(), c = line_connect();
    line_head(c, head, sizeof(head));
    ck_assert(strncmp(head, "HTTP/1.1 503 ", 13) == 0);
    line_say(a, GET("/a"));
    line_expect(a, TEXT("6", "", "GET /a"));
    close(a);
    close(b);
    close(c);
}
END_TEST

START_TEST(a_drain_answers_what_is_under_way)
{
    int idle = line_connect(), busy = line_connect(), ws = line_connect();
    line_say(busy, GET("/1") GET("/hold") GET("/hold"));
    line_expect(busy, TEXT("6", "", "GET /1"));
    line_say(ws, WS("/ws"));
    line_expect(ws, OPENED);
    line_await(fake.held == 2);
    listener_drain(&line);
    line_ended(idle);
    line_expect_bytes(ws, "\x88\x12\x03\xe9the gateway ends", 20);
    line_ended(ws);
    ck_assert(!listener_idle(&line));
    fake_answer(0, "x");
    fake_answer(1, "y");
    line_expect(busy, TEXT("1", "", "x") TEXT("1", "Connection: close\r\n", "y"));
    line_ended(busy);
    line_await(listener_idle(&line));
}
END_TEST

#define STREAM "HTTP/1.1 200 OK\r\n" FIXED                                                         \
    "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

START_TEST(a_stream_comes_in_chunks_and_the_connection_stays)
{
    int fd = line_connect();
    line_say(fd, GET("/1") GET("/stream") GET("/2"));
    line_expect(fd, TEXT("6", "", "GET /1") STREAM);
    line_silent(fd);
    fake_put(0, 3);
    line_expect(fd, "3\r\nsss\r\n");
    fake_put(0, 1);
    fake_put(0, 17);
    line_expect(fd, "1\r\ns\r\n11\r\nsssssssssssssssss\r\n");
    line_tick(HTTP_IDLE_MS);                /* nothing to tell is no fault of the client */
    line_silent(fd);
    fake_over(0);
    line_expect(fd, "0\r\n\r\n" TEXT("6", "", "GET /2"));
    ck_assert_uint_eq(fake.abandoned, 1);
    line_say(fd, GET("/3"));
    line_expect(fd, TEXT("6", "", "GET /3"));
    close(fd);
}
END_TEST

START_TEST(a_stream_waits_for_its_turn)
{
    int fd = line_connect();
    line_say(fd, GET("/hold") GET("/stream") GET("/stream"));
    line_await(fake.held == 3);
    fake_put(1, 2);
    fake_put(2, 2);
    fake_over(2);
    line_silent(fd);
    ck_assert_uint_eq(fake.taken, 0);
    fake_answer(0, "x");
    line_expect(fd, TEXT("1", "", "x") STREAM "2\r\nss\r\n");
    line_silent(fd);
    fake_over(1);
    line_expect(fd, "0\r\n\r\n" STREAM "2\r\nss\r\n0\r\n\r\n");
    line_silent(fd);
    close(fd);
}
END_TEST

START_TEST(of_a_stream_no_more_is_taken_than_its_reader_takes)
{
    static const size_t all = 2000 * 5000;
    int fd = line_connect();
    line_say(fd, GET("/stream"));
    line_expect(fd, STREAM);
    for (int i = 0; i < 2000; i++)
        fake_put(0, 5000);
    line_turn();
    line_turn();
    ck_assert_uint_lt(fake.taken, all / 2);
    line_tick(HTTP_TAKE_MS - 1000);
    ck_assert(!listener_idle(&line));
    for (int i = 0; i < 2000; i++)
        line_skip(fd, 4 + 2 + 5000 + 2);
    line_silent(fd);
    ck_assert_uint_eq(fake.taken, all);
    for (int i = 0; i < 2000; i++)
        fake_put(0, 5000);
    line_turn();
    line_tick(HTTP_TAKE_MS + 1000);         /* stuck */
    line_await(listener_idle(&line));
    ck_assert_uint_eq(fake.abandoned, 1);
    close(fd);
}
END_TEST

START_TEST(who_closes_a_stream_is_gone)
{
    int fd = line_connect();
    line_say(fd, GET("/stream"));
    line_expect(fd, STREAM);
    shutdown(fd, SHUT_WR);
    line_ended(fd);
    ck_assert_uint_eq(fake.abandoned, 1);
}
END_TEST

START_TEST(http_1_0_has_no_streams)
{
    int fd = line_connect();
    line_say(fd, "GET /a HTTP/1.0\r\n\r\n");
    line_expect(fd, TEXT("6", "Connection: close\r\n", "GET /a"));
    line_ended(fd);
    ck_assert(!fake.streams);
    fd = line_connect();
    line_say(fd, "GET /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    line_expect(fd, "HTTP/1.1 200 OK\r\n" FIXED "Content-Type: text/event-stream\r\n"
                    "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
    ck_assert(fake.streams);
    fake_put(0, 1);
    fake_over(0);
    line_expect(fd, "1\r\ns\r\n0\r\n\r\n");
    line_ended(fd);
}
END_TEST

START_TEST(a_drain_lets_streams_say_goodbye)
{
    int fd = line_connect();
    line_say(fd, GET("/stream") GET("/stream"));
    line_expect(fd, STREAM);
    fake_put(0, 1);
    line_await(fake.held == 2);
    listener_drain(&line);
    line_expect(fd, "1\r\ns\r\n0\r\n\r\n" STREAM "0\r\n\r\n");
    line_ended(fd);
    line_await(listener_idle(&line));
}
END_TEST

/* Masked with zeros, so that the text stands in it. */
static void say_frame(int fd, int op, const char *text, size_t n)
{
    char f[256] = { (char)(0x80 | op), (char)(0x80 | n) };
    memcpy(f + 6, text, n);
    line_send(fd, f, n + 6);
}

START_TEST(a_websocket_carries_texts_both_ways)
{
    int fd = line_connect();
    static const char both[] = GET("/a") WS("/ws") "\x81\x82\0\0\0";
    line_send(fd, both, sizeof(both) - 1);
    line_expect(fd, TEXT("6", "", "GET /a") OPENED);
    line_send(fd, "\0hi", 3);
    say_frame(fd, 1, "there", 5);
    line_await(strcmp(fake.messages, "|hi|there") == 0);
    fake_send("\x81\x02{}", 4);
    say_frame(fd, 9, "?", 1);
    line_expect_bytes(fd, "\x81\x02{}\x8a\x01?", 7);
    line_tick(20000);
    line_expect_bytes(fd, "\x89\0", 2);
    line_tick(60000);
    line_ended(fd);
}
END_TEST

static void closes(int op, const char *text, size_t n, const char *frame, size_t n_frame)
{
    int fd = line_connect();
    line_say(fd, WS("/ws"));
    line_expect(fd, OPENED);
    say_frame(fd, op, text, n);
    line_expect_bytes(fd, frame, n_frame);
    line_ended(fd);
}

START_TEST(wrong_messages_close_a_websocket)
{
    static const char huge[] = "\x81\xff\0\0\0\0\0\x01\0\x01\0\0\0\0x";
    closes(2, "bytes", 5, "\x88\x14\x03\xebtext messages only", 22);
    closes(1, "\xff\xfe", 2, "\x88\x02\x03\xef", 4);
    closes(1, "bad", 3, "\x88\x02\x03\xea", 4);
    closes(8, "\x03\xe8", 2, "\x88\x02\x03\xe8", 4);
    int fd = line_connect();
    line_say(fd, WS("/ws"));
    line_expect(fd, OPENED);
    line_send(fd, huge, sizeof(huge) - 1);
    line_expect_bytes(fd, "\x88\x02\x03\xf1", 4);
    line_ended(fd);
}
END_TEST

static void ended_by_gateway(futu_err err, const char *frame)
{
    int fd = line_connect();
    line_say(fd, WS("/ws"));
    line_expect(fd, OPENED);
    fake_end(err, "why");
    line_expect_bytes(fd, frame, 7);
    line_ended(fd);
}

START_TEST(the_gateway_says_why_it_closes)
{
    ended_by_gateway(FUTU_EAUTH, "\x88\x05\x03\xf0why");
    ended_by_gateway(FUTU_ELIMIT, "\x88\x05\x03\xf5why");
    ended_by_gateway(FUTU_ECANCELED, "\x88\x05\x03\xe9why");
}
END_TEST

START_TEST(a_websocket_that_is_refused_leaves_the_connection)
{
    int fd = line_connect();
    line_say(fd, WS("/no"));
    line_expect(fd, "HTTP/1.1 401 Unauthorized\r\n" FIXED
                    "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nno");
    fake.refuse = FUTU_ELIMIT;
    line_say(fd, WS("/ws"));
    char head[1024];
    line_head(fd, head, sizeof(head));
    ck_assert(strncmp(head, "HTTP/1.1 503 ", 13) == 0);
    close(fd);
    refused("GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
            "HTTP/1.1 400 ");
    fd = line_connect();
    line_say(fd, GET("/hold") WS("/ws"));
    line_await(fake.held == 1);
    fake_answer(0, "x");
    line_expect(fd, TEXT("1", "", "x") "HTTP/1.1 400 ");
    close(fd);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, start, stop);
    tcase_add_test(tc, answers_are_known_bytes_and_the_connection_stays);
    tcase_add_test(tc, http_1_0_and_close_end_the_connection);
    tcase_add_test(tc, answers_keep_the_order_of_the_requests);
    tcase_add_test(tc, bodies_may_be_chunked_and_asked_for);
    tcase_add_test(tc, wrong_requests_are_answered_and_end_the_connection);
    tcase_add_test(tc, a_refusal_arrives_although_the_body_is_on_its_way);
    tcase_add_test(tc, sixty_four_requests_are_under_way_then_reading_pauses);
    tcase_add_test(tc, a_slow_reader_pauses_its_own_requests);
    tcase_add_test(tc, who_takes_nothing_is_closed);
    tcase_add_test(tc, who_only_closes_their_side_is_answered);
    tcase_add_test(tc, what_a_client_left_is_given_up);
    tcase_add_test(tc, slow_senders_are_told_and_closed);
    tcase_add_test(tc, a_connection_too_many_gets_503);
    tcase_add_test(tc, a_drain_answers_what_is_under_way);
    tcase_add_test(tc, a_stream_comes_in_chunks_and_the_connection_stays);
    tcase_add_test(tc, a_stream_waits_for_its_turn);
    tcase_add_test(tc, of_a_stream_no_more_is_taken_than_its_reader_takes);
    tcase_add_test(tc, who_closes_a_stream_is_gone);
    tcase_add_test(tc, http_1_0_has_no_streams);
    tcase_add_test(tc, a_drain_lets_streams_say_goodbye);
    tcase_add_test(tc, a_websocket_carries_texts_both_ways);
    tcase_add_test(tc, wrong_messages_close_a_websocket);
    tcase_add_test(tc, the_gateway_says_why_it_closes);
    tcase_add_test(tc, a_websocket_that_is_refused_leaves_the_connection);
}

int main(void)
{
    return run_tcase("http", add);
}
