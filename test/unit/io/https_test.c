/* https_test.c - single calls against a server on loopback, plain and over TLS. */
#include "io/https.h"

#include <stdio.h>
#include <unistd.h>
#include <uv.h>

#include "../support.h"
#include "futu-opend/tls.h"
#include "io/url.h"
#include "test/emulator/cert.h"
#include "test/emulator/web.h"

static futu_loop *loop;
static struct https *https;
static struct web *web;
static struct tls_server *server;
static char dir[64], ca[96], url[64], request_seen[4096];

static struct plan {
    int status;
    const char *body, *raw;
    bool hang_up, silent;
} plan;

static struct seen {
    bool done;
    futu_err err;
    enum https_stage stage;
    int status;
    char body[256], why[320];
} seen;

static void on_request(void *arg, const struct web_request *rq)
{
    (void)arg;
    snprintf(request_seen, sizeof(request_seen), STR_FMT STR_FMT, STR_ARG(rq->head),
             STR_ARG(rq->body));
    if (plan.raw)
        web_raw(rq->conn, str_c(plan.raw));
    else if (plan.hang_up)
        web_hang_up(rq->conn);
    else if (!plan.silent)
        web_answer(rq->conn, plan.status, str_c(plan.body), 0);
}

static void begin(const char *host, bool tls, enum cert_kind kind)
{
    char why[200], path[2][128];
    memset(&seen, 0, sizeof(seen));
    plan = (struct plan){ .status = 200, .body = "{\"a\":1}" };
    ck_assert_int_eq(futu_loop_new(&loop), FUTU_OK);
    snprintf(dir, sizeof(dir), "/tmp/https_test.XXXXXX");
    ck_assert(mkdtemp(dir) != NULL);
    if (tls) {
        ck_assert_msg(cert_make(dir, kind, why, sizeof(why)), "%s", why);
        snprintf(ca, sizeof(ca), "%s/ca.pem", dir);
        snprintf(path[0], sizeof(path[0]), "%s/cert.pem", dir);
        snprintf(path[1], sizeof(path[1]), "%s/key.pem", dir);
        server = tls_server_new(path[0], path[1], why, sizeof(why));
        ck_assert_msg(server != NULL, "%s", why);
    }
    web = web_start(futu_loop_uv(loop), 0, server, on_request, NULL, why, sizeof(why));
    ck_assert_msg(web != NULL, "%s", why);
    snprintf(url, sizeof(url), "%s://%s:%d", tls ? "https" : "http", host, web_port(web));
    ck_assert_int_eq(https_new(&https, loop, tls ? ca : NULL), FUTU_OK);
}

static void end(void)
{
    char cmd[3][128];
    const char *names[] = { "ca.pem", "cert.pem", "key.pem" };
    https_free(https);
    web_stop(web);
    futu_loop_poll(loop, 0);
    futu_loop_poll(loop, 0);
    futu_loop_free(loop);
    tls_server_free(server);
    server = NULL;
    for (size_t i = 0; i < 3; i++) {
        snprintf(cmd[i], sizeof(cmd[i]), "%s/%s", dir, names[i]);
        unlink(cmd[i]);
    }
    rmdir(dir);
}

static void on_done(void *arg, const struct https_reply *r)
{
    (void)arg;
    ck_assert(!seen.done);
    seen.done = true;
    seen.err = r->err;
    seen.stage = r->stage;
    seen.status = r->status;
    snprintf(seen.body, sizeof(seen.body), STR_FMT, STR_ARG(r->body));
    snprintf(seen.why, sizeof(seen.why), "%s", r->why);
}

static futu_err send_to(const char *to, struct https_call **c)
{
    static const struct https_header headers[] = { { "X-Test", "yes" } };
    return https_send(https, c, &(struct https_request){
        .method = "POST", .url = str_c(to), .target = STR("/authority/?x=1"), .headers = headers,
        .n_headers = 1, .body = STR("{\"q\":2}"), .max_body = 100 }, on_done, NULL);
}

static void call(const char *to)
{
    struct https_call *c;
    ck_assert_int_eq(send_to(to, &c), FUTU_OK);
    ck_assert(!seen.done);
    ck_assert_int_eq(loop_run_until(loop, &seen.done), FUTU_OK);
}

START_TEST(a_plain_call_sends_the_request_and_gives_the_answer)
{
    begin("127.0.0.1", false, CERT_GOOD);
    call(url);
    ck_assert_msg(seen.err == FUTU_OK, "%s", seen.why);
    ck_assert_int_eq(seen.status, 200);
    ck_assert_str_eq(seen.body, "{\"a\":1}");
    ck_assert_ptr_nonnull(strstr(request_seen,
                                 "POST /authority/?x=1 HTTP/1.1\r\nHost: 127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(request_seen,
                                 "\r\nX-Test: yes\r\nContent-Length: 7\r\n\r\n{\"q\":2}"));
    end();
}
END_TEST

START_TEST(a_call_over_tls_checks_name_and_address)
{
    static const char *const hosts[] = { "localhost", "127.0.0.1" };
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        begin(hosts[i], true, CERT_GOOD);
        call(url);
        ck_assert_msg(seen.err == FUTU_OK, "%s", seen.why);
        ck_assert_str_eq(seen.body, "{\"a\":1}");
        end();
    }
}
END_TEST

START_TEST(a_certificate_of_another_or_of_yesterday_or_of_an_unknown_root_is_refused)
{
    static const struct { const char *host; enum cert_kind kind; const char *why; } bad[] = {
        { "localhost", CERT_OTHER_NAME, "does not match" },
        { "127.0.0.1", CERT_OTHER_NAME, "does not match" },
        { "localhost", CERT_EXPIRED, "expired" },
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        begin(bad[i].host, true, bad[i].kind);
        call(url);
        ck_assert_int_eq(seen.err, FUTU_EAUTH);
        ck_assert_int_eq(seen.stage, HTTPS_TLS);
        ck_assert_msg(strstr(seen.why, bad[i].why) != NULL, "%s", seen.why);
        ck_assert_uint_eq(web_requests(web), 0);
        end();
    }
    begin("localhost", true, CERT_GOOD);
    https_free(https);
    ck_assert_int_eq(https_new(&https, loop, NULL), FUTU_OK);   /* the system's roots */
    call(url);
    ck_assert_int_eq(seen.stage, HTTPS_TLS);
    ck_assert_uint_eq(web_requests(web), 0);
    end();
}
END_TEST

START_TEST(a_file_without_certificates_is_named)
{
    begin("localhost", true, CERT_GOOD);
    https_free(https);
    ck_assert_int_eq(https_new(&https, loop, "/nonexistent/ca.pem"), FUTU_OK);
    call(url);
    ck_assert_int_eq(seen.err, FUTU_ENOTFOUND);
    ck_assert_int_eq(seen.stage, HTTPS_TLS);
    ck_assert_ptr_nonnull(strstr(seen.why, "tls: /nonexistent/ca.pem"));
    end();
}
END_TEST

START_TEST(a_failure_says_at_which_stage)
{
    char closed[64];
    begin("127.0.0.1", false, CERT_GOOD);
    snprintf(closed, sizeof(closed), "http://127.0.0.1:%d", 1);
    call(closed);
    ck_assert_int_eq(seen.err, FUTU_EREFUSED);
    ck_assert_str_eq(seen.why, "tcp: connection refused");
    memset(&seen, 0, sizeof(seen));
    plan.hang_up = true;
    call(url);
    ck_assert_int_eq(seen.stage, HTTPS_HTTP);
    ck_assert_int_eq(seen.err, FUTU_EPROTO);
    memset(&seen, 0, sizeof(seen));
    snprintf(url, sizeof(url), "https://127.0.0.1:%d", web_port(web));
    call(url);                  /* TLS towards a plain server */
    ck_assert_int_eq(seen.stage, HTTPS_TLS);
    end();
}
END_TEST

START_TEST(nothing_beyond_this_machine_is_dialled_here)
{
    static const char *const far[] = { "http://192.0.2.1", "https://auth.example.com",
                                       "http://[2001:db8::1]:80" };
    begin("127.0.0.1", false, CERT_GOOD);
    for (size_t i = 0; i < ARRAY_LEN(far); i++) {
        memset(&seen, 0, sizeof(seen));
        call(far[i]);
        ck_assert_int_eq(seen.err, FUTU_EREFUSED);
    }
    end();
}
END_TEST

/* The time is handed in: nobody waits. */
static void let_time_pass(int64_t ns)
{
    timers_run(loop_timers(loop), loop_now(loop) + ns);
}

START_TEST(a_server_that_says_nothing_is_given_up_after_ten_seconds)
{
    struct https_call *c;
    begin("127.0.0.1", false, CERT_GOOD);
    plan.silent = true;
    ck_assert_int_eq(send_to(url, &c), FUTU_OK);
    while (!web_requests(web))
        futu_loop_poll(loop, 100);
    let_time_pass(HTTPS_TIMEOUT_NS - NS_PER_S);
    ck_assert(!seen.done);
    let_time_pass(HTTPS_TIMEOUT_NS + NS_PER_S);
    ck_assert(seen.done);
    ck_assert_int_eq(seen.err, FUTU_ETIMEDOUT);
    ck_assert_str_eq(seen.why, "http: no answer in time");
    end();
}
END_TEST

START_TEST(a_cancelled_call_says_no_more)
{
    struct https_call *c;
    begin("127.0.0.1", false, CERT_GOOD);
    ck_assert_int_eq(send_to(url, &c), FUTU_OK);
    https_cancel(c);
    for (int i = 0; i < 5; i++)
        futu_loop_poll(loop, 1);
    ck_assert(!seen.done);
    end();
}
END_TEST

START_TEST(an_answer_over_the_limit_or_malformed_is_refused)
{
    static const struct { const char *raw; futu_err err; } bad[] = {
        { "HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n", FUTU_ELIMIT },
        { "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", FUTU_EPROTO },
        { "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc",
          FUTU_EPROTO },
        { "SSH-2.0-x\r\n", FUTU_EPROTO },
        { "HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", FUTU_EPROTO },
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        begin("127.0.0.1", false, CERT_GOOD);
        plan.raw = bad[i].raw;
        call(url);
        ck_assert_msg(seen.err == bad[i].err, "%zu: %s", i, seen.why);
        end();
    }
}
END_TEST

START_TEST(an_answer_may_be_in_chunks_or_end_with_the_connection)
{
    static const char *const good[] = {
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nabcd",
    };
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        begin("127.0.0.1", false, CERT_GOOD);
        plan.raw = good[i];
        call(url);
        ck_assert_msg(seen.err == FUTU_OK, "%zu: %s", i, seen.why);
        ck_assert_str_eq(seen.body, "abcd");
        end();
    }
}
END_TEST

START_TEST(over_tls_an_answer_must_not_just_break_off)
{
    begin("localhost", true, CERT_GOOD);
    plan.raw = "HTTP/1.1 200 OK\r\n\r\nabcd";   /* the server sends no close_notify */
    call(url);
    ck_assert_int_ne(seen.err, FUTU_OK);
    end();
}
END_TEST

START_TEST(a_redirect_is_an_answer_and_nothing_more)
{
    begin("127.0.0.1", false, CERT_GOOD);
    plan.raw = "HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n";
    call(url);
    ck_assert_int_eq(seen.err, FUTU_OK);
    ck_assert_int_eq(seen.status, 302);
    end();
}
END_TEST

START_TEST(a_request_that_could_smuggle_lines_is_refused)
{
    struct https_call *c;
    static const struct https_header bad[] = { { "X", "a\r\nY: b" } };
    begin("127.0.0.1", false, CERT_GOOD);
    struct https_request rq = { .method = "GET", .url = str_c(url), .target = STR("/a b") };
    ck_assert_int_eq(https_send(https, &c, &rq, on_done, NULL), FUTU_EINVAL);
    rq.target = STR("/a");
    rq.headers = bad;
    rq.n_headers = 1;
    ck_assert_int_eq(https_send(https, &c, &rq, on_done, NULL), FUTU_EINVAL);
    rq.n_headers = 0;
    rq.url = STR("ftp://x");
    ck_assert_int_eq(https_send(https, &c, &rq, on_done, NULL), FUTU_EINVAL);
    end();
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    bool failed = true;
    for (long n = 0; failed; n++) {
        struct https_call *c;
        begin("localhost", true, CERT_GOOD);
        mem_fail_at(n);
        futu_err err = send_to(url, &c);
        if (!err)
            ck_assert_int_eq(loop_run_until(loop, &seen.done), FUTU_OK);
        failed = mem_failed();
        mem_fail_at(-1);
        ck_assert(failed || seen.status == 200);
        ck_assert(err == FUTU_OK || err == FUTU_ENOMEM);
        end();
    }
}
END_TEST

START_TEST(an_address_is_taken_apart)
{
    struct url u;
    ck_assert_ptr_null(url_parse(&u, STR("https://auth.futunn.com")));
    ck_assert(u.tls);
    ck_assert_str_eq(u.host, "auth.futunn.com");
    ck_assert_uint_eq(u.port, 443);
    ck_assert_ptr_null(url_parse(&u, STR("http://[::1]:19998/base/")));
    ck_assert(!u.tls);
    ck_assert_str_eq(u.host, "::1");
    ck_assert_uint_eq(u.port, 19998);
    ck_assert(str_is(u.path, "/base/"));
    static const char *const bad[] = {
        "", "x", "ftp://a", "http://", "http://a:0", "http://a:65536", "http://a b", "http://u@h",
        "http://a?b", "http://a#b", "http://[::1", "http://[x]", "http://a:", "http://a:1x",
        "https://:1",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        ck_assert_msg(url_parse(&u, str_c(bad[i])) != NULL, "%s", bad[i]);
}
END_TEST

static void add(TCase *tc)
{
    setenv("FUTU_LOOPBACK_ONLY", "1", 1);
    tcase_add_test(tc, a_plain_call_sends_the_request_and_gives_the_answer);
    tcase_add_test(tc, a_call_over_tls_checks_name_and_address);
    tcase_add_test(tc, a_certificate_of_another_or_of_yesterday_or_of_an_unknown_root_is_refused);
    tcase_add_test(tc, a_file_without_certificates_is_named);
    tcase_add_test(tc, a_failure_says_at_which_stage);
    tcase_add_test(tc, nothing_beyond_this_machine_is_dialled_here);
    tcase_add_test(tc, a_server_that_says_nothing_is_given_up_after_ten_seconds);
    tcase_add_test(tc, a_cancelled_call_says_no_more);
    tcase_add_test(tc, an_answer_over_the_limit_or_malformed_is_refused);
    tcase_add_test(tc, an_answer_may_be_in_chunks_or_end_with_the_connection);
    tcase_add_test(tc, over_tls_an_answer_must_not_just_break_off);
    tcase_add_test(tc, a_redirect_is_an_answer_and_nothing_more);
    tcase_add_test(tc, a_request_that_could_smuggle_lines_is_refused);
    tcase_add_test(tc, every_failed_allocation_is_clean);
    tcase_add_test(tc, an_address_is_taken_apart);
}

int main(void)
{
    return run_tcase("https", add);
}
