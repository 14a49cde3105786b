/* http_write_test.c - answers byte for byte. */
#include "http_write.h"

#include "support.h"

#define NOW 784111777           /* Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110 */
#define FIXED "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n" \
              "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

static void gives(futu_http_answer a, int flags, const char *want)
{
    struct bytes out = { 0 };
    a.size = sizeof(a);
    ck_assert(bytes_put(&out, "before", 6));
    ck_assert(http_write(&out, &a, flags, NOW));
    ck_assert_uint_eq(out.n, 6 + strlen(want));
    ck_assert_mem_eq(out.p + 6, want, strlen(want));
    bytes_free(&out);
}

START_TEST(answers_are_known_bytes)
{
    futu_http_answer a = { .status = 200, .content_type = "application/json", .headers = "",
                           .body = { "{\"a\":1}", 7 } };
    gives(a, 0, "HTTP/1.1 200 OK\r\n" FIXED
                "Content-Type: application/json\r\nContent-Length: 7\r\n\r\n{\"a\":1}");
    gives(a, HTTP_CLOSE, "HTTP/1.1 200 OK\r\n" FIXED "Content-Type: application/json\r\n"
                         "Content-Length: 7\r\nConnection: close\r\n\r\n{\"a\":1}");
    gives(a, HTTP_NO_BODY | HTTP_KEEP,
          "HTTP/1.1 200 OK\r\n" FIXED "Content-Type: application/json\r\nContent-Length: 7\r\n"
          "Connection: keep-alive\r\n\r\n");
    a.status = 401;
    a.headers = "WWW-Authenticate: Bearer\r\nVary: Origin\r\n";
    a.body = (futu_str){ "", 0 };
    gives(a, 0, "HTTP/1.1 401 Unauthorized\r\n" FIXED "Content-Type: application/json\r\n"
                "Content-Length: 0\r\nWWW-Authenticate: Bearer\r\nVary: Origin\r\n\r\n");
    a.content_type = NULL;
    a.status = 204;
    a.headers = NULL;
    gives(a, 0, "HTTP/1.1 204 No Content\r\n" FIXED "\r\n");
    a.status = 299;
    gives(a, 0, "HTTP/1.1 299 Status\r\n" FIXED "Content-Length: 0\r\n\r\n");
}
END_TEST

START_TEST(large_bodies_and_many_headers_fit)
{
    static char body[100000], lines[20001];
    struct bytes out = { 0 };
    futu_http_answer a = { .size = sizeof(a), .status = 200, .content_type = "text/plain",
                           .headers = lines, .body = { body, sizeof(body) } };
    memset(body, 'x', sizeof(body));
    memset(lines, 'y', sizeof(lines) - 1);
    ck_assert(http_write(&out, &a, 0, NOW));
    ck_assert_uint_gt(out.n, sizeof(body) + sizeof(lines));
    ck_assert_uint_le(out.n, out.cap);
    ck_assert_mem_eq(out.p + out.n - sizeof(body), body, sizeof(body));
    bytes_free(&out);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, answers_are_known_bytes);
    tcase_add_test(tc, large_bodies_and_many_headers_fit);
}

int main(void)
{
    return run_tcase("http_write", add);
}
