/* websocket_test.c - the WebSocket port's listener: tokens, and refusals before the upgrade. */
#include <stdio.h>
#include <unistd.h>

#include "fake_gateway.h"
#include "line.h"

#define ASK(target, lines) "GET " target " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"          \
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" lines                                   \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
#define OPENED "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

static void start(void)
{
    fake_reset();
    line_start(&listener_websocket, 1000);
}

static void stop(void)
{
    line_stop();
    ck_assert_uint_eq(fake.conns, 0);
}

static void brings(const char *request, const char *token)
{
    int fd = line_connect();
    line_say(fd, request);
    line_expect(fd, OPENED);
    ck_assert_str_eq(fake.token, token);
    close(fd);
}

START_TEST(a_token_comes_by_header_or_query)
{
    brings(ASK("/", ""), "-");
    brings(ASK("/", "Authorization: Bearer abc\r\n"), "abc");
    brings(ASK("/", "authorization: bEARER  a-b_c \r\n"), "a-b_c");
    brings(ASK("/", "Authorization: Basic abc\r\n"), "-");
    brings(ASK("/?token=xyz", ""), "xyz");
    brings(ASK("/?a=b&token=x%2Fz&token=other", ""), "x/z");
    brings(ASK("/?mytoken=xyz", ""), "-");
    brings(ASK("/?token=x%2", ""), "-");
    brings(ASK("/?token=%zz", ""), "-");
    brings(ASK("/?token=xyz", "Authorization: Bearer abc\r\n"), "abc");
}
END_TEST

START_TEST(a_token_that_is_too_long_is_none)
{
    char request[2000], token[514];
    for (size_t n = 512; n <= 513; n++) {
        memset(token, 't', n);
        token[n] = '\0';
        snprintf(request, sizeof(request), ASK("/?token=%s", ""), token);
        brings(request, n == 512 ? token : "-");
        snprintf(request, sizeof(request), ASK("/", "Authorization: Bearer %s\r\n"), token);
        brings(request, n == 512 ? token : "-");
    }
}
END_TEST

static void refused(futu_err err, const char *begin)
{
    char head[512];
    int fd = line_connect();
    fake.refuse = err;
    line_say(fd, ASK("/", ""));
    line_head(fd, head, sizeof(head));
    ck_assert_msg(strncmp(head, begin, strlen(begin)) == 0, "%s", head);
    ck_assert(strstr(head, "Content-Type: application/json\r\n") != NULL);
    size_t n = strtoul(strstr(head, "Length: ") + 8, NULL, 10);
    line_expect_bytes(fd, "{\"error\":\"", 10);
    line_skip(fd, n - 10);
    line_ended(fd);
}

START_TEST(refusals_come_before_the_upgrade)
{
    refused(FUTU_EAUTH, "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\n");
    refused(FUTU_EREFUSED, "HTTP/1.1 403 Forbidden\r\n");
    refused(FUTU_ELIMIT, "HTTP/1.1 503 Service Unavailable\r\n");
    refused(FUTU_ENOMEM, "HTTP/1.1 503 ");
    refused(FUTU_EINVAL, "HTTP/1.1 500 ");
}
END_TEST

START_TEST(who_never_asks_is_closed)
{
    int fd = line_connect();
    line_say(fd, "GET / HT");
    line_tick(9000);
    line_silent(fd);
    line_tick(11000);
    line_ended(fd);
}
END_TEST

/* Masked with zeros: the payload as it is. */
static size_t put_frame(char *out, int opcode, const char *text)
{
    size_t n = strlen(text);
    out[0] = (char)(0x80 | opcode);
    out[1] = (char)(0x80 | n);
    memset(out + 2, 0, 4);
    memcpy(out + 6, text, n);
    return 6 + n;
}

/* Pongs up to the one with this text; how many there were. */
static int pongs_until(int fd, const char *last)
{
    for (int n = 1;; n++) {
        char text[126] = "", head[2];
        line_read(fd, head, 2);
        ck_assert_msg((uint8_t)head[0] == 0x8a, "no pong: %02x", (uint8_t)head[0]);
        line_read(fd, text, (uint8_t)head[1]);
        if (strcmp(text, last) == 0)
            return n;
    }
}

START_TEST(of_a_burst_of_pings_the_last_is_answered_and_nothing_is_closed)
{
    enum { PINGS = 5000, SIZE = 6 + 100 };
    static char burst[PINGS * SIZE];
    char text[101], last[101];
    size_t n = 0;
    int fd = line_connect();
    line_say(fd, ASK("/", ""));
    line_expect(fd, OPENED);
    for (int i = 0; i < PINGS; i++) {
        snprintf(text, sizeof(text), "%0100d", i);
        n += put_frame(burst + n, 9, text);
    }
    snprintf(last, sizeof(last), "%0100d", PINGS - 1);
    for (size_t at = 0; at < n; at += 30000)
        line_send(fd, burst + at, MIN(n - at, 30000u));
    ck_assert_int_lt(pongs_until(fd, last), PINGS / 2);
    line_send(fd, text, put_frame(text, 2, "still here"));
    line_await(strcmp(fake.messages, "|still here") == 0);
    close(fd);
}
END_TEST

START_TEST(one_ping_is_answered_behind_the_frame_that_is_being_written)
{
    char ping[32];
    int fd = line_connect();
    line_say(fd, ASK("/", ""));
    line_expect(fd, OPENED);
    line_send(fd, ping, put_frame(ping, 9, "a"));
    ck_assert_int_eq(pongs_until(fd, "a"), 1);
    line_send(fd, ping, put_frame(ping, 9, ""));
    ck_assert_int_eq(pongs_until(fd, ""), 1);
    /* a ping before a goodbye is owed no answer, and none comes behind the close frame */
    size_t n = put_frame(ping, 9, "b");
    memcpy(ping + n, "\x88\x82\0\0\0\0\x03\xe8", 8);
    line_send(fd, ping, n + 8);
    line_expect_bytes(fd, "\x88\x02\x03\xe8", 4);
    line_ended(fd);
}
END_TEST

START_TEST(a_drain_says_goodbye)
{
    int ws = line_connect(), fresh = line_connect();
    line_say(ws, ASK("/", ""));
    line_expect(ws, OPENED);
    fake_send("\x82\x01x", 3);
    listener_drain(&line);
    line_expect_bytes(ws, "\x82\x01x\x88\x12\x03\xe9the gateway ends", 23);
    line_ended(ws);
    line_ended(fresh);
    line_await(listener_idle(&line));
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, start, stop);
    tcase_add_test(tc, a_token_comes_by_header_or_query);
    tcase_add_test(tc, a_token_that_is_too_long_is_none);
    tcase_add_test(tc, refusals_come_before_the_upgrade);
    tcase_add_test(tc, who_never_asks_is_closed);
    tcase_add_test(tc, of_a_burst_of_pings_the_last_is_answered_and_nothing_is_closed);
    tcase_add_test(tc, one_ping_is_answered_behind_the_frame_that_is_being_written);
    tcase_add_test(tc, a_drain_says_goodbye);
}

int main(void)
{
    return run_tcase("websocket", add);
}
