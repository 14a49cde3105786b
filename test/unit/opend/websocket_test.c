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
    tcase_add_test(tc, a_drain_says_goodbye);
}

int main(void)
{
    return run_tcase("websocket", add);
}
