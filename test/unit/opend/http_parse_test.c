/* http_parse_test.c - heads and bodies of HTTP requests in any split, and all that is refused. */
#include "http_parse.h"

#include <stdio.h>

#include "support.h"

#define HEAD(rest) "GET / HTTP/1.1\r\nHost: x\r\n" rest "\r\n"
#define POST(rest) "POST / HTTP/1.1\r\nHost: x\r\n" rest

/* Runs the parser over all of it, `step` bytes at a time; the last event that is not HTTP_MORE.
 * Each piece is a copy of its own, so that a view into one that is gone is seen. */
static enum http_event run(struct http_parser *p, const char *d, size_t n, size_t step)
{
    static char piece[65536 * 8];
    enum http_event last = HTTP_MORE;
    for (size_t at = 0; at < n; at += step) {
        size_t len = n - at < step ? n - at : step, off = 0, used;
        enum http_event e;
        ck_assert_uint_le(len, sizeof(piece));
        memcpy(piece, d + at, len);
        while ((e = http_parse(p, piece + off, len - off, &used)) != HTTP_MORE) {
            ck_assert_uint_le(used, len - off);
            last = e;
            off += used;
            if (e == HTTP_BAD || (e == HTTP_REQUEST_DONE && at + off == n))
                return e;
        }
        memset(piece, 'Z', len);
    }
    return last;
}

static void is(futu_str s, const char *text)
{
    ck_assert_msg(s.p != NULL, "absent, not %s", text);
    ck_assert_uint_eq(s.n, strlen(text));
    ck_assert_mem_eq(s.p, text, s.n);
}

static const char full[] =
    "POST /api/order?x=y HTTP/1.1\r\nHost: 127.0.0.1:22222\r\nAUTHORIZATION:\t Bearer abc \t\r\n"
    "Content-Type: application/json\r\nOrigin: http://localhost\r\nIdempotency-Key: k1\r\n"
    "Accept: a\r\nAccept: b\r\nX-Empty:\r\nAccess-Control-Request-Method: POST\r\n"
    "Content-Length: 11\r\n\r\nhello world";

START_TEST(every_split_gives_the_same_request)
{
    for (size_t step = 1; step <= sizeof(full); step++) {
        struct http_parser p;
        http_init(&p, 100);
        ck_assert_int_eq(run(&p, full, sizeof(full) - 1, step), HTTP_REQUEST_DONE);
        is(p.field[HTTP_METHOD], "POST");
        is(p.field[HTTP_TARGET], "/api/order?x=y");
        is(p.field[HTTP_AUTHORIZATION], "Bearer abc");
        is(p.field[HTTP_CONTENT_TYPE], "application/json");
        is(p.field[HTTP_ORIGIN], "http://localhost");
        is(p.field[HTTP_IDEMPOTENCY_KEY], "k1");
        is(p.field[HTTP_ACCEPT], "a");
        is(p.field[HTTP_ASKED_METHOD], "POST");
        is(p.body, "hello world");
        ck_assert(p.keep_alive && p.minor1 && !p.websocket && !p.expects);
        http_free(&p);
    }
}
END_TEST

static const char chunks[] =
    POST("Transfer-Encoding: Chunked\r\n\r\n")
    "5\r\nhello\r\n1;name=\"v\"\r\n \r\n00000A\r\nthe worlds\r\n0\r\nX-Trailer: dropped\r\n\r\n";

START_TEST(chunks_are_put_together_in_every_split)
{
    for (size_t step = 1; step < sizeof(chunks); step++) {
        struct http_parser p;
        http_init(&p, 16);
        ck_assert_int_eq(run(&p, chunks, sizeof(chunks) - 1, step), HTTP_REQUEST_DONE);
        is(p.body, "hello the worlds");
        http_free(&p);
    }
}
END_TEST

START_TEST(requests_behind_each_other_are_told_apart)
{
    static const char two[] = "\r\n" POST("Content-Length: 2\r\n\r\nab")
        HEAD("Connection: close\r\n");
    struct http_parser p;
    size_t used, at = 0, n = sizeof(two) - 1;
    http_init(&p, 16);
    ck_assert(http_between(&p));
    ck_assert_int_eq(http_parse(&p, two, n, &used), HTTP_HEAD_DONE);
    ck_assert(!http_between(&p));
    at += used;
    ck_assert_int_eq(http_parse(&p, two + at, n - at, &used), HTTP_REQUEST_DONE);
    is(p.body, "ab");
    ck_assert(http_between(&p) && p.keep_alive);
    at += used;
    ck_assert_int_eq(http_parse(&p, two + at, n - at, &used), HTTP_HEAD_DONE);
    at += used;
    ck_assert_int_eq(http_parse(&p, two + at, n - at, &used), HTTP_REQUEST_DONE);
    ck_assert_uint_eq(at + used, n);
    ck_assert(p.body.p == NULL && !p.keep_alive && p.field[HTTP_LENGTH].p == NULL);
    http_free(&p);
}
END_TEST

START_TEST(what_a_head_says_about_its_connection)
{
    static const struct { const char *head; bool keep, upgrade; } cases[] = {
        { "GET / HTTP/1.0\r\n\r\n", false, false },
        { "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true, false },
        { HEAD("Connection: foo, CLOSE ,bar\r\n"), false, false },
        { HEAD("Connection: closer\r\n"), true, false },
        { HEAD("Connection: Upgrade\r\nUpgrade: WebSocket\r\n"), true, true },
        { HEAD("Connection: keep-alive, upgrade\r\nUpgrade: h2c, websocket\r\n"), true, true },
        { HEAD("Upgrade: websocket\r\n"), true, false },
        { HEAD("Connection: Upgrade\r\nUpgrade: h2c\r\n"), true, false },
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct http_parser p;
        http_init(&p, 16);
        ck_assert_int_eq(run(&p, cases[i].head, strlen(cases[i].head), 7), HTTP_REQUEST_DONE);
        ck_assert_msg(p.keep_alive == cases[i].keep, "%s", cases[i].head);
        ck_assert_msg(p.websocket == cases[i].upgrade, "%s", cases[i].head);
        http_free(&p);
    }
}
END_TEST

START_TEST(an_absolute_target_is_cut_to_its_path)
{
    static const char text[] = "GET HTTP://x:1/a?b HTTP/1.1\r\nHost: x\r\n\r\n";
    struct http_parser p;
    http_init(&p, 16);
    ck_assert_int_eq(run(&p, text, sizeof(text) - 1, 100), HTTP_REQUEST_DONE);
    is(p.field[HTTP_TARGET], "/a?b");
    http_free(&p);
}
END_TEST

/* What two servers in a row could read in two ways, and what is no HTTP at all. */
static const struct { const char *text; int status; } bad[] = {
    { POST("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), 400 },
    { POST("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"), 400 },
    { POST("Content-Length: 1\r\nContent-Length: 1\r\n\r\n"), 400 },
    { POST("Content-Length: 1, 1\r\n\r\n"), 400 },
    { POST("Content-Length: +1\r\n\r\n"), 400 },
    { POST("Content-Length: -1\r\n\r\n"), 400 },
    { POST("Content-Length: 0x1\r\n\r\n"), 400 },
    { POST("Content-Length: 1 1\r\n\r\n"), 400 },
    { POST("Content-Length:\r\n\r\n"), 400 },
    { POST("Content-Length : 1\r\n\r\n"), 400 },
    { POST("Content-Length: 17\r\n\r\n"), 413 },
    { POST("Content-Length: 99999999999999999999999999999999\r\n\r\n"), 400 },
    { POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), 400 },
    { POST("Transfer-Encoding: gzip, chunked\r\n\r\n"), 501 },
    { POST("Transfer-Encoding: xchunked\r\n\r\n"), 501 },
    { POST("Transfer-Encoding: identity\r\n\r\n"), 501 },
    { POST("Transfer-Encoding\t: chunked\r\n\r\n"), 400 },
    { POST("Transfer-Encoding: \x0b" "chunked\r\n\r\n"), 400 },
    { POST("Transfer-Encoding:\r\n chunked\r\n\r\n"), 400 },
    { "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
    { "GET / HTTP/1.1\nHost: x\n\n", 400 },
    { "GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n", 400 },
    { "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n", 400 },
    { "GET / HTTP/1.1\r\nHost: x\r\n A: b\r\n\r\n", 400 },
    { "GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", 400 },
    { "GET / HTTP/1.1\r\nHost: x\r\n: empty\r\n\r\n", 400 },
    { "GET / HTTP/1.1\r\nHost: x\r\na(b): c\r\n\r\n", 400 },
    { "GET / HTTP/1.1\r\nHost: x\r\nA: b\x01\r\n\r\n", 400 },
    { "GET / HTTP/1.1\r\n\r\n", 400 },
    { "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400 },
    { HEAD("Authorization: Bearer a\r\nauthorization: Bearer b\r\n"), 400 },
    { HEAD("Origin: a\r\nOrigin: a\r\n"), 400 },
    { HEAD("Idempotency-Key: a\r\nIdempotency-Key: b\r\n"), 400 },
    { POST("Expect: 200-ok\r\nContent-Length: 1\r\n\r\n"), 417 },
    { "GET x HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
    { "GET http://x HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
    { "GET /\x80 HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
    { "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
    { "GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505 },
    { "GET / HTTP/1.2\r\nHost: x\r\n\r\n", 505 },
    { "GET / RTSP/1.0\r\nHost: x\r\n\r\n", 400 },
    { "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505 },
    { "GET /\r\n\r\n", 400 },
    { "nonsense\r\n\r\n", 400 },
    { "JUMP / HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
    { "CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
    { "\x16\x03\x01", 400 },
    { "\r\n\r\n\r\n", 400 },
#define CHUNKED(rest) POST("Transfer-Encoding: chunked\r\n\r\n" rest)
    { CHUNKED("5\nhello"), 400 },
    { CHUNKED("1\r\nab"), 400 },
    { CHUNKED("1\r\na\n"), 400 },
    { CHUNKED("1\r\na\rX"), 400 },
    { CHUNKED("\r\n"), 400 },
    { CHUNKED("g\r\n"), 400 },
    { CHUNKED("-1\r\n"), 400 },
    { CHUNKED("0x1\r\n"), 400 },
    { CHUNKED("1 \r\n"), 400 },
    { CHUNKED("000000001\r\n"), 400 },
    { CHUNKED("1;\x01\r\n"), 400 },
    { CHUNKED("1;a\nb\r\n"), 400 },
    { CHUNKED("11\r\n"), 413 },
    { CHUNKED("ffffffff\r\n"), 413 },
    { CHUNKED("8\r\n12345678\r\n9\r\n"), 413 },
    { CHUNKED("0\r\nx\ny\r\n"), 400 },
    { CHUNKED("0\r\n\rx"), 400 },
};

START_TEST(what_is_ambiguous_or_wrong_is_refused_in_every_split)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        for (size_t step = 1; step < 400; step = step * 3 + 1) {
            struct http_parser p;
            size_t used;
            http_init(&p, 16);
            ck_assert_msg(run(&p, bad[i].text, strlen(bad[i].text), step) == HTTP_BAD, "%s",
                          bad[i].text);
            ck_assert_msg(p.status == bad[i].status, "%d: %s", p.status, bad[i].text);
            ck_assert(p.why != NULL && p.why[0]);
            ck_assert_int_eq(http_parse(&p, "GET", 3, &used), HTTP_BAD);
            http_free(&p);
        }
    }
}
END_TEST

static char text[HTTP_HEAD_MAX * 2];

static int status_of(size_t step)
{
    struct http_parser p;
    http_init(&p, 16);
    enum http_event e = run(&p, text, strlen(text), step);
    int status = e == HTTP_BAD ? p.status : e == HTTP_REQUEST_DONE ? 200 : 0;
    ck_assert_uint_le(p.head.cap, 2 * HTTP_HEAD_MAX);
    http_free(&p);
    return status;
}

/* A head of `all` bytes with a target of n; all 0: as short as can be. */
static void make_head(size_t n, size_t all)
{
    size_t at = 5;
    memcpy(text, "GET /", 5);
    memset(text + at, 'a', n - 1);
    at += n - 1;
    at += (size_t)snprintf(text + at, sizeof(text) - at, " HTTP/1.1\r\nHost: x\r\n%s",
                           all ? "X: " : "\r\n");
    if (!all)
        return;
    memset(text + at, 'b', all - 4 - at);
    snprintf(text + all - 4, 5, "\r\n\r\n");
}

START_TEST(targets_and_heads_have_limits)
{
    static const size_t steps[] = { 1, 1000, sizeof(text) };
    for (size_t i = 0; i < 3; i++) {
        make_head(HTTP_TARGET_MAX, 0);
        ck_assert_int_eq(status_of(steps[i]), 200);
        make_head(HTTP_TARGET_MAX + 1, 0);
        ck_assert_int_eq(status_of(steps[i]), 414);
        make_head(HTTP_HEAD_MAX + 1000, 0);
        ck_assert_int_eq(status_of(steps[i]), 414);
        make_head(10, HTTP_HEAD_MAX);
        ck_assert_int_eq(status_of(steps[i]), 200);
        make_head(10, HTTP_HEAD_MAX + 1);
        ck_assert_int_eq(status_of(steps[i]), 431);
    }
}
END_TEST

static void make_lines(int n)
{
    size_t at = (size_t)snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: x\r\n");
    for (int i = 1; i < n; i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "A%d: b\r\n", i);
    snprintf(text + at, sizeof(text) - at, "\r\n");
}

START_TEST(a_hundred_lines_are_enough)
{
    make_lines(HTTP_HEADERS_MAX);
    ck_assert_int_eq(status_of(50), 200);
    make_lines(HTTP_HEADERS_MAX + 1);
    ck_assert_int_eq(status_of(50), 431);
}
END_TEST

static void make_chunk(const char *before, size_t n, const char *behind)
{
    size_t at = (size_t)snprintf(text, sizeof(text), "%s%s",
                                 POST("Transfer-Encoding: chunked\r\n\r\n"), before);
    memset(text + at, 'e', n);
    snprintf(text + at + n, sizeof(text) - at - n, "%s", behind);
}

START_TEST(extensions_and_trailers_have_limits)
{
    make_chunk("1;", HTTP_EXTENSION_MAX, "\r\na\r\n0\r\n\r\n");
    ck_assert_int_eq(status_of(100), 200);
    make_chunk("1;", HTTP_EXTENSION_MAX + 1, "\r\na\r\n0\r\n\r\n");
    ck_assert_int_eq(status_of(100), 400);
    make_chunk("0\r\n", HTTP_TRAILER_MAX - 3, "\r\n\r\n");
    ck_assert_int_eq(status_of(100), 200);
    make_chunk("0\r\n", HTTP_TRAILER_MAX, "\r\n\r\n");
    ck_assert_int_eq(status_of(100), 431);
}
END_TEST

START_TEST(a_length_alone_takes_no_memory)
{
    static const char head[] = POST("Content-Length: 1000000\r\nExpect: 100-Continue\r\n\r\nx");
    struct http_parser p;
    http_init(&p, 1000000);
    ck_assert_int_eq(run(&p, head, sizeof(head) - 1, 1000), HTTP_HEAD_DONE);
    ck_assert(p.expects);
    ck_assert_uint_le(p.text.cap, 4096);
    http_free(&p);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, every_split_gives_the_same_request);
    tcase_add_test(tc, chunks_are_put_together_in_every_split);
    tcase_add_test(tc, requests_behind_each_other_are_told_apart);
    tcase_add_test(tc, what_a_head_says_about_its_connection);
    tcase_add_test(tc, an_absolute_target_is_cut_to_its_path);
    tcase_add_test(tc, what_is_ambiguous_or_wrong_is_refused_in_every_split);
    tcase_add_test(tc, targets_and_heads_have_limits);
    tcase_add_test(tc, a_hundred_lines_are_enough);
    tcase_add_test(tc, extensions_and_trailers_have_limits);
    tcase_add_test(tc, a_length_alone_takes_no_memory);
}

int main(void)
{
    return run_tcase("http_parse", add);
}
