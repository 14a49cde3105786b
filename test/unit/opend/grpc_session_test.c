/* grpc_session_test.c - the gRPC port without its sockets, on a clock that stands still: its times,
 * and what it does with answers that nobody takes. */
#include <string.h>

#include "fake_grpc.h"
#include "grpc.h"
#include "support.h"

#define MINUTE_MS 60000
#define DATA 0
#define HEADERS 1
#define RST_STREAM 3
#define PING 6
#define GOAWAY 7

static struct grpc_sums sums;
static struct grpc_conn c;
static struct bytes out;
static bool wants;
static uint32_t next_id;

static void later(struct grpc_conn *k)
{
    ck_assert_ptr_eq(k, &c);
    wants = true;
}

/* What it sends now, in `out`. */
static void turn(void)
{
    size_t was;
    bytes_free(&out);
    wants = false;
    ck_assert(grpc_serve(&c));
    do {
        was = out.n;
        ck_assert(grpc_send(&c, &out, was + 65536));
    } while (out.n > was);
}

/* Bytes of a string with NULs. */
#define SAY(lit) grpc_receive(&c, (const uint8_t *)(lit), sizeof(lit) - 1)
#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define SETTINGS "\0\0\0\4\0\0\0\0\0"
#define NO_WINDOWS "\0\0\6\4\0\0\0\0\0\0\4\0\0\0\0"

static void setup(void)
{
    memset(&c, 0, sizeof(c));
    memset(&fake_grpc, 0, sizeof(fake_grpc));
    c.sums = &sums;
    c.later = later;
    c.now_ms = 1000;
    next_id = 1;
    ck_assert(grpc_conn_open(&c));
}

static void teardown(void)
{
    grpc_conn_close(&c);
    bytes_free(&out);
    ck_assert_uint_eq(fake_grpc.open, 0);
    ck_assert_uint_eq(sums.streams, 0);
    ck_assert_uint_eq(sums.held, 0);
}

/* The first frame of this type in `out`; NULL: none. */
static const uint8_t *sent(uint8_t type)
{
    const uint8_t *p = (const uint8_t *)out.p;
    for (size_t at = 0; at < out.n;) {
        const uint8_t *f = p + at;
        if (f[3] == type)
            return f;
        at += 9 + ((size_t)f[0] << 16 | (size_t)f[1] << 8 | f[2]);
    }
    return NULL;
}

static void frame(uint8_t type, uint8_t flags, uint32_t id, const void *p, size_t n)
{
    static uint8_t f[9 + 16384];
    const uint8_t head[9] = { 0, (uint8_t)(n >> 8), (uint8_t)n, type, flags, 0, 0,
                              (uint8_t)(id >> 8), (uint8_t)id };
    memcpy(f, head, 9);
    if (n)
        memcpy(f + 9, p, n);
    grpc_receive(&c, f, 9 + n);
}

static uint32_t begin(const char *path)
{
    uint8_t b[128] = "\x83\x86\x01\x01x\x04\x05";     /* POST, http, authority, the path */
    uint32_t id = next_id;
    next_id += 2;
    memcpy(b + 7, path, 5);
    memcpy(b + 12, "\x0f\x10\x10" "application/grpc", 19);
    frame(1, 4, id, b, 31);
    return id;
}

static uint32_t ask(const char *path, size_t n)
{
    static uint8_t m[5 + 16000];
    uint32_t id = begin(path);
    m[3] = (uint8_t)(n >> 8);
    m[4] = (uint8_t)n;
    frame(DATA, 1, id, m, 5 + n);
    return id;
}

/* Time passes in seconds; false: the client is given up. */
static bool pass(uint64_t ms)
{
    for (uint64_t end = c.now_ms + ms; c.now_ms < end;) {
        c.now_ms += 1000;
        if (!grpc_tick(&c))
            return false;
    }
    turn();
    return true;
}

START_TEST(a_call_is_answered)
{
    SAY(PREFACE SETTINGS);
    ask("/echo", 3);
    turn();
    ck_assert_uint_eq(c.n_streams, 0);
    ck_assert_uint_eq(c.held, 0);
    const uint8_t *f = sent(DATA);
    ck_assert_mem_eq(f, "\0\0\x08\0\0\0\0\0\1" "\0\0\0\0\3\0\0\0", 17);
}
END_TEST

START_TEST(settings_must_come_in_time)
{
    SAY(PREFACE);
    ck_assert(pass(10000));
    ck_assert_ptr_null(sent(GOAWAY));
    ck_assert(pass(1000));
    ck_assert_uint_eq(sent(GOAWAY)[9 + 7], NGHTTP2_SETTINGS_TIMEOUT);
    ck_assert(grpc_over(&c));
    ck_assert(!SAY(SETTINGS));
}
END_TEST

START_TEST(who_is_silent_is_asked_and_then_given_up)
{
    SAY(PREFACE SETTINGS);
    ask("/wait", 0);
    ck_assert(pass(MINUTE_MS));
    ck_assert_ptr_null(sent(PING));
    ck_assert(pass(1000));
    ck_assert_ptr_nonnull(sent(PING));
    SAY("\0\0\x08\6\1\0\0\0\0" "\0\0\0\0\0\0\0\0");
    ck_assert(pass(MINUTE_MS + 1000));
    ck_assert_ptr_nonnull(sent(PING));
    ck_assert(!pass(22000));
}
END_TEST

static void stay(uint64_t ms)
{
    for (; ms > 0; ms -= 30000) {
        ck_assert(pass(30000));
        SAY("\0\0\x08\6\1\0\0\0\0" "\0\0\0\0\0\0\0\0");
    }
}

START_TEST(a_connection_without_calls_ends_after_a_while)
{
    SAY(PREFACE SETTINGS);
    stay(5 * MINUTE_MS);
    ck_assert(!c.leaving);
    ck_assert(pass(1000));
    ck_assert_uint_eq(sent(GOAWAY)[9 + 7], NGHTTP2_NO_ERROR);
    ck_assert(c.leaving && c.n_streams == 0);
}
END_TEST

START_TEST(an_old_connection_gets_no_new_calls)
{
    SAY(PREFACE SETTINGS);
    c.max_age_ms = MINUTE_MS;
    ask("/wait", 0);
    stay(MINUTE_MS);
    ck_assert(!c.leaving);
    ck_assert(pass(1000));
    ck_assert_mem_eq(sent(GOAWAY) + 9, "\0\0\0\1\0\0\0\0", 8);
    stay(10 * MINUTE_MS);
    ck_assert_uint_eq(c.n_streams, 1);              /* what has begun goes on */
    fake_grpc_end(fake_grpc.last, FUTU_GRPC_OK, "");
    turn();
    ck_assert_uint_eq(c.n_streams, 0);
}
END_TEST

START_TEST(a_stream_that_waits_for_us_does_not_end)
{
    SAY(PREFACE SETTINGS);
    ask("/wait", 0);
    stay(60 * MINUTE_MS);
    ck_assert_uint_eq(c.n_streams, 1);
    ck_assert(!c.leaving);
}
END_TEST

START_TEST(a_request_that_does_not_come_is_ended)
{
    SAY(PREFACE SETTINGS);
    uint32_t id = begin("/echo");
    stay(MINUTE_MS);
    frame(DATA, 0, id, "\0", 1);
    stay(2 * MINUTE_MS);
    ck_assert_uint_eq(fake_grpc.open, 1);
    ck_assert(pass(1000));
    ck_assert_uint_eq(fake_grpc.open, 0);
    ck_assert_uint_eq(c.n_streams, 0);
}
END_TEST

START_TEST(an_answer_that_is_not_taken_is_reset)
{
    SAY(PREFACE NO_WINDOWS);
    uint32_t id = ask("/echo", 100);
    turn();
    ck_assert_uint_eq(c.held, 105);
    stay(MINUTE_MS);
    uint8_t more[4] = { 0, 0, 0, 5 };
    frame(8, 0, id, more, 4);
    turn();
    ck_assert_uint_eq(c.held, 100);
    stay(MINUTE_MS);
    ck_assert_uint_eq(c.n_streams, 1);
    ck_assert(pass(1000));
    ck_assert_uint_eq(sent(RST_STREAM)[9 + 3], NGHTTP2_ENHANCE_YOUR_CALM);
    ck_assert_uint_eq(c.n_streams, 0);
    ck_assert_uint_eq(c.held, 0);
}
END_TEST

START_TEST(a_status_needs_no_window)
{
    SAY(PREFACE NO_WINDOWS);
    ask("/wait", 0);
    fake_grpc_put(fake_grpc.last, "", 0);
    turn();
    ck_assert_uint_eq(c.held, 5);
    frame(8, 0, 1, "\0\0\0\5", 4);              /* just the message, */
    turn();
    ck_assert_ptr_nonnull(sent(DATA));
    ck_assert_uint_eq(c.held, 0);
    fake_grpc_end(fake_grpc.last, FUTU_GRPC_UNAVAILABLE, "reads too slowly");
    turn();
    ck_assert_ptr_nonnull(sent(HEADERS));
    ck_assert_uint_eq(c.n_streams, 0);
    ask("/wait", 0);
    fake_grpc_put(fake_grpc.last, "", 0);
    fake_grpc_end(fake_grpc.last, FUTU_GRPC_UNAVAILABLE, "reads too slowly");
    turn();
    ck_assert_uint_eq(c.n_streams, 1);              /* not in the midst of one */
}
END_TEST

/* 16000 bytes each, 32 MiB in all; no answer gets out. */
START_TEST(beyond_what_is_kept_calls_are_refused)
{
    SAY(PREFACE NO_WINDOWS);
    uint32_t id = begin("/each");
    static uint8_t m[16005];
    m[3] = 16000 >> 8;
    m[4] = (uint8_t)16000;
    for (int i = 0; i < 2000 && c.n_streams > 0; i++) {
        frame(DATA, 0, id, m, sizeof(m));
        turn();
        ck_assert_uint_lt(c.held, (32u << 20) + 64000);
    }
    ck_assert_uint_eq(c.n_streams, 0);              /* the greedy one is reset */
    ck_assert_uint_eq(c.held, 0);
    for (int i = 0; i < 1000; i++) {
        ask("/echo", 16000);
        turn();
    }
    ck_assert_uint_eq(c.n_streams, 1000);
    sums.held += 256u << 20;                        /* of other connections */
    frame(RST_STREAM, 0, id + 2, "\0\0\0\x08", 4);
    ask("/echo", 1);
    turn();
    ck_assert_uint_eq(c.n_streams, 999);
    sums.held -= 256u << 20;
}
END_TEST

START_TEST(what_was_asked_goes_with_the_client)
{
    SAY(PREFACE SETTINGS);
    for (int i = 0; i < 10; i++)
        ask("/wait", 0);
    ck_assert_uint_eq(fake_grpc.open, 10);
    frame(RST_STREAM, 0, 1, "\0\0\0\x08", 4);
    ck_assert_uint_eq(fake_grpc.open, 9);
    for (int i = 0; i < 30; i++)
        SAY("\0\0\x08\6\0\0\0\0\0" "\0\0\0\0\0\0\0\0");
    ck_assert_uint_eq(fake_grpc.open, 0);           /* it has pinged too often */
    turn();
    ck_assert_mem_eq(sent(GOAWAY) + 9 + 8, "too_many_pings", 14);
}
END_TEST

START_TEST(after_the_notice_calls_are_still_answered)
{
    SAY(PREFACE SETTINGS);
    ask("/wait", 0);
    grpc_notice(&c);
    turn();
    ck_assert_mem_eq(sent(GOAWAY) + 9, "\x7f\xff\xff\xff\0\0\0\0", 8);
    ask("/echo", 1);
    turn();
    ck_assert_ptr_nonnull(sent(DATA));
    grpc_farewell(&c);
    turn();
    ck_assert_mem_eq(sent(GOAWAY) + 9, "\0\0\0\3\0\0\0\0", 8);
    ck_assert_uint_eq(c.n_streams, 0);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_call_is_answered);
    tcase_add_test(tc, settings_must_come_in_time);
    tcase_add_test(tc, who_is_silent_is_asked_and_then_given_up);
    tcase_add_test(tc, a_connection_without_calls_ends_after_a_while);
    tcase_add_test(tc, an_old_connection_gets_no_new_calls);
    tcase_add_test(tc, a_stream_that_waits_for_us_does_not_end);
    tcase_add_test(tc, a_request_that_does_not_come_is_ended);
    tcase_add_test(tc, an_answer_that_is_not_taken_is_reset);
    tcase_add_test(tc, a_status_needs_no_window);
    tcase_add_test(tc, beyond_what_is_kept_calls_are_refused);
    tcase_add_test(tc, what_was_asked_goes_with_the_client);
    tcase_add_test(tc, after_the_notice_calls_are_still_answered);
}

int main(void)
{
    return run_tcase("grpc_session", add);
}
