/* ws_test.c - the WebSocket port of the real daemon: handshake and both protocols byte for byte,
 * and everything that a WebSocket peer can get wrong.
 */
#include <stdio.h>
#include <string.h>

#include "support.h"
#include "ws.h"

#define KEY_MD5 "e10adc3949ba59abbe56e057f20f883e"      /* of 123456 */
/* The failure reply to an id that nobody knows. */
#define UNKNOWN_ID "08ffffffffffffffffff01 1211 e69caae79fa5e79a84e58d8fe8aeae4944 1800"
static const char *const key_args[] = { "--websocket-key-md5", KEY_MD5, NULL };

static struct opend d;
static struct peer healthy;

static void start(void)
{
    opend_start(&d, NULL);
    sdk_login(&healthy, d.ws_port);
}

static void start_key(void)
{
    opend_secret(KEY_MD5);
    opend_start(&d, key_args);
}

/* Whatever a test did, the others are served. */
static void stop(void)
{
    sdk_keep_alive(&healthy);
    peer_close(&healthy);
    opend_stop(&d);
}

static void stop_key(void)
{
    opend_stop(&d);
}

START_TEST(init_calls_and_failures_are_known_bytes)
{
    static struct ws_msg m;
    struct peer p;
    uint8_t want[64];
    sdk_login(&p, d.ws_port);
    sdk_keep_alive(&p);
    sdk_call(&p, 1012, "", 0, &m);
    size_t n = hex_bytes(UNKNOWN_ID, want, sizeof(want));
    ck_assert_uint_eq(m.n, SDK_REPLY + n);
    ck_assert_mem_eq(m.p + SDK_REPLY, want, n);
    peer_close(&p);
}
END_TEST

START_TEST(the_right_key_is_accepted)
{
    static struct ws_msg m;
    struct peer p;
    uint8_t body[64] = { 0x0a, 34, 0x22, 32 };
    memcpy(body + 4, KEY_MD5, 32);
    ws_open(&p, d.ws_port);
    sdk_call(&p, 1, body, 36, &m);
    ck_assert_mem_eq(m.p + SDK_REPLY, "\x08\0\x12\0\x18\0\x22", 7);
    sdk_keep_alive(&p);
    peer_close(&p);
}
END_TEST

static void refused(const uint8_t *body, size_t n)
{
    static struct ws_msg m;
    struct peer p;
    uint8_t rq[128], want[64];
    ws_open(&p, d.ws_port);
    ws_send(&p, WS_FIN | WS_BINARY, rq, sdk_make(rq, 1, 2, body, n));
    ws_read(&p, &m);
    n = hex_bytes("66742d76312e3000 00000001 0000000000000002 ffffffff 696e76616c6964206b6579"
                  "000000000000000000", want, sizeof(want));
    ck_assert_int_eq(m.opcode, WS_BINARY);
    ck_assert_uint_eq(m.n, n);
    ck_assert_mem_eq(m.p, want, n);
    ws_expect_close(&p, 1008);
    peer_close(&p);
}

START_TEST(a_wrong_key_is_refused_with_known_bytes)
{
    uint8_t body[64] = { 0x0a, 34, 0x22, 32 };
    memcpy(body + 4, KEY_MD5, 32);
    body[4] ^= 1;
    refused(body, 36);
    refused((const uint8_t *)"\x0a\x02\x22\0", 4);
    refused((const uint8_t *)"\x0a\0", 2);
}
END_TEST

START_TEST(ftapi_frames_in_messages)
{
    static struct ws_msg m;
    struct peer p;
    uint8_t init[64], frame[128];
    size_t n = hex_bytes(PYTHON_INIT, init, sizeof(init));
    ws_open(&p, d.ws_port);
    ws_send(&p, WS_FIN | WS_BINARY, frame, peer_make(&p, frame, 1001, 0, 7, init, n));
    ws_read(&p, &m);
    ck_assert_mem_eq(m.p, "FT\xe9\x03\0\0\0\0\x07\0\0\0", 12);
    n = peer_make(&p, frame, 1012, 0, 8, "", 0);
    ws_send(&p, WS_FIN | WS_BINARY, frame, n);
    ws_read(&p, &m);
    n = hex_bytes(UNKNOWN_ID, init, sizeof(init));
    n = peer_make(&p, frame, 1012, 0, 8, init, n);
    ck_assert_uint_eq(m.n, n);
    ck_assert_mem_eq(m.p, frame, n);
    peer_close(&p);
}
END_TEST

START_TEST(requests_before_init_are_refused)
{
    static struct ws_msg m;
    struct peer p;
    ws_open(&p, d.ws_port);
    sdk_call(&p, 1002, "\x0a\x02\x08\0", 4, &m);
    ck_assert_mem_eq(m.p + SDK_REPLY, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x12", 12);
    sdk_init(&p);
    sdk_keep_alive(&p);
    peer_close(&p);
}
END_TEST

START_TEST(fragments_with_a_ping_in_between)
{
    static struct ws_msg m;
    struct peer p;
    uint8_t rq[64];
    sdk_login(&p, d.ws_port);
    size_t n = sdk_make(rq, 1004, 77, "\x0a\x02\x08\x01", 4);
    ws_send(&p, WS_BINARY, rq, 5);
    ws_send(&p, WS_FIN | WS_PING, "still there?", 12);
    ws_read(&p, &m);
    ck_assert_int_eq(m.opcode, WS_PONG);
    ck_assert_uint_eq(m.n, 12);
    ck_assert_mem_eq(m.p, "still there?", 12);
    for (size_t i = 5; i < n - 1; i++)
        ws_send(&p, WS_MORE, rq + i, 1);
    ws_send(&p, WS_FIN | WS_MORE, rq + n - 1, 1);
    ws_expect(&p, WS_BINARY, &m);
    ck_assert_mem_eq(m.p, "ft-v1.0\0\0\0\x03\xec\0\0\0\0\0\0\0\x4d", 20);
    peer_close(&p);
}
END_TEST

START_TEST(the_handshake_may_come_byte_by_byte_with_the_first_message_behind)
{
    static struct ws_msg m;
    struct peer p;
    char answer[256] = "";
    uint8_t rq[64];
    peer_connect(&p, d.ws_port);
    for (size_t i = 0; i < strlen(ws_request) - 1; i++) {
        peer_send(&p, ws_request + i, 1);
        if (i % 16 == 0)
            sdk_keep_alive(&healthy);       /* one loop: so it has been read by itself */
    }
    /* The last byte of the head and the first message in one write. */
    uint8_t both[128] = { '\n', 0x82, 0x80 | 36, 0, 0, 0, 0 };
    size_t n = sdk_make(rq, 1, 2, "\x0a\x0e\x22\0\x32\x0aJavaScript", 16);
    memcpy(both + 7, rq, n);
    peer_send(&p, both, 7 + n);
    peer_read(&p, answer, strlen(ws_answer));
    ck_assert_str_eq(answer, ws_answer);
    ws_read(&p, &m);
    ck_assert_mem_eq(m.p, "ft-v1.0\0\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0\0", 24);
    peer_close(&p);
}
END_TEST

START_TEST(what_is_no_websocket_gets_an_http_error_and_the_end)
{
    static char long_head[17000];
    static const struct { const char *request, *status; } cases[] = {
        { "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 426 Upgrade Required\r\n" },
        { "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 426 " },
        { "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
          "HTTP/1.1 426 " },
        { "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
          "HTTP/1.1 400 " },
        { "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
          "HTTP/1.1 400 Bad Request\r\nSec-WebSocket-Version: 13\r\n" },
        { "\r\n\r\nnonsense\r\n\r\n", "HTTP/1.1 400 " },
        { "FT\xe9\x03\x01\x02\x03\x04\x05\x06", "HTTP/1.1 400 " },
        { "\x16\x03\x01\x02\x01\x01", "HTTP/1.1 400 " },       /* the beginning of a TLS hello */
        { long_head, "HTTP/1.1 431 " },
    };
    snprintf(long_head, sizeof(long_head), "GET / HTTP/1.1\r\nX: ");
    memset(long_head + strlen(long_head), 'x', sizeof(long_head) - strlen(long_head) - 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct peer p;
        char answer[128] = "";
        peer_connect(&p, d.ws_port);
        peer_send(&p, cases[i].request, strlen(cases[i].request));
        peer_read(&p, answer, strlen(cases[i].status));
        ck_assert_str_eq(answer, cases[i].status);
        ck_assert(peer_closed(&p, WAIT_MS));
        peer_close(&p);
        sdk_keep_alive(&healthy);
    }
}
END_TEST

/* After a login the message `p`, sent with opcode `op`, ends the connection with a close code. */
static void ends(int op, const void *data, size_t n, int code)
{
    struct peer p;
    sdk_login(&p, d.ws_port);
    ws_send(&p, op, data, n);
    ws_expect_close(&p, code);
    peer_close(&p);
    sdk_keep_alive(&healthy);
}

START_TEST(bad_messages_end_their_connection_alone)
{
    uint8_t frame[128];
    struct peer none = { .algo = ALGO_NONE };
    size_t n = peer_make(&none, frame, 1004, 0, 1, "\x0a\x02\x08\x01", 4);
    ends(WS_FIN | WS_TEXT, "hello", 5, 1003);
    ends(WS_FIN | WS_BINARY, "ft-v1.0\0\0\0", 10, 1002);           /* too short */
    ends(WS_FIN | WS_BINARY, "", 0, 1002);
    ends(WS_FIN | WS_BINARY, "gt-v1.0\0\0\0\x03\xec\0\0\0\0\0\0\0\x4d", 20, 1002);
    ends(WS_FIN | WS_BINARY, frame, n, 1002);               /* FTAPI on an SDK connection */
    ends(WS_FIN | WS_MORE, "x", 1, 1002);                   /* nothing to continue */
    ends(WS_FIN | 0x40 | WS_BINARY, "x", 1, 1002);          /* compressed, which nobody agreed on */
    ends(WS_FIN | 3, "x", 1, 1002);                         /* reserved opcode */
    ends(WS_PING, "x", 1, 0);                               /* a fragmented ping */
}
END_TEST

START_TEST(an_unmasked_frame_ends_the_connection)
{
    struct peer p;
    sdk_login(&p, d.ws_port);
    peer_send(&p, "\x82\x01x", 3);
    ck_assert(peer_closed(&p, WAIT_MS));
    peer_close(&p);
}
END_TEST

START_TEST(a_message_of_50_mb_is_refused_by_its_head)
{
    /* 127: eight bytes of length; the mask; one byte of the message. */
    static const uint8_t head[] = { 0x82, 0xff, 0, 0, 0, 0, 0x02, 0xfa, 0xf0, 0x80, 1, 2, 3, 4, 5 };
    struct peer p;
    long before = opend_rss_kb(&d);
    sdk_login(&p, d.ws_port);
    peer_send(&p, head, sizeof(head));
    ws_expect_close(&p, 1009);
    ck_assert_int_lt(opend_rss_kb(&d) - before, 8192 * SLOW);
    peer_close(&p);
}
END_TEST

START_TEST(a_close_is_answered)
{
    struct peer p;
    sdk_login(&p, d.ws_port);
    ws_send(&p, WS_FIN | WS_CLOSE, "\x03\xe8" "bye", 5);
    ws_expect_close(&p, 1000);
    peer_close(&p);
}
END_TEST

/* Of many the last is answered: what waits does not grow with them. */
START_TEST(a_flood_of_pings_without_reading_costs_nothing)
{
    /* AddressSanitizer keeps what is freed for a while. */
    enum { PINGS = SLOW > 1 ? 10000 : 200000 };
    struct peer p;
    struct ws_msg m;
    uint8_t ping[131] = { 0x89, 0x80 | 125 };
    long before = opend_rss_kb(&d);
    sdk_login(&p, d.ws_port);
    for (int i = 0; i < PINGS; i++)
        peer_send(&p, ping, sizeof(ping));
    ck_assert_int_lt(opend_rss_kb(&d) - before, 2048 * SLOW);
    ws_send(&p, WS_FIN | WS_PING, "last", 4);
    do
        ws_expect(&p, WS_PONG, &m);
    while (m.n != 4 || memcmp(m.p, "last", 4) != 0);
    sdk_keep_alive(&p);
    peer_close(&p);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, start, stop);
    tcase_add_test(tc, init_calls_and_failures_are_known_bytes);
    tcase_add_test(tc, ftapi_frames_in_messages);
    tcase_add_test(tc, requests_before_init_are_refused);
    tcase_add_test(tc, fragments_with_a_ping_in_between);
    tcase_add_test(tc, the_handshake_may_come_byte_by_byte_with_the_first_message_behind);
    tcase_add_test(tc, what_is_no_websocket_gets_an_http_error_and_the_end);
    tcase_add_test(tc, bad_messages_end_their_connection_alone);
    tcase_add_test(tc, an_unmasked_frame_ends_the_connection);
    tcase_add_test(tc, a_message_of_50_mb_is_refused_by_its_head);
    tcase_add_test(tc, a_close_is_answered);
    tcase_add_test(tc, a_flood_of_pings_without_reading_costs_nothing);
}

static void add_key(TCase *tc)
{
    tcase_add_checked_fixture(tc, start_key, stop_key);
    tcase_add_test(tc, the_right_key_is_accepted);
    tcase_add_test(tc, a_wrong_key_is_refused_with_known_bytes);
}

int main(void)
{
    int open = run_tcase("websocket", add);
    int key = run_tcase("websocket, key", add_key);
    return open ? open : key;
}
