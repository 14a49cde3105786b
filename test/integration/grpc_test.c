/* grpc_test.c - the gRPC port of the real daemon: many streams, readers that stop, compression,
 * flow control, and the end of the gateway, frame by frame. Calls are tested in test/grpc/. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "h2.h"
#include "support.h"

#define STREAMS 1000
#define SERVED_MS (1000 * SLOW)
#define PUSHES "/futu.service.FutuOpenD/SubscribePush"

static struct opend d;
static int port;
static struct h2 c;
static struct h2_status s;

static void setup(void)
{
    char number[16];
    port = free_port();
    snprintf(number, sizeof(number), "%d", port);
    opend_start(&d, (const char *[]){ "--grpc-port", number, NULL });
    h2_connect(&c, port);
}

static void teardown(void)
{
    h2_health(&c);
    h2_close(&c);
    opend_stop(&d);
}

/* The quotes, order books and tickers of some stocks; pushes go to all streams without a key. */
static void subscribe(struct h2 *h)
{
    static const char *const codes[] = { "00700", "00005", "09988", "03690", "00941", "01299" };
    uint8_t c2s[256], body[300], message[320], out[256];
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        n += (size_t)snprintf((char *)c2s + n, sizeof(c2s) - n, "\x0a\x09\x08\x01\x12\x05%s",
                              codes[i]);
    static const char how[] = "\x10\x01\x10\x02\x10\x04\x18\x01\x20\x01";
    memcpy(c2s + n, how, sizeof(how) - 1);
    n += sizeof(how) - 1;
    body[0] = 1 << 3 | 2;
    body[1] = (uint8_t)n;
    memcpy(body + 2, c2s, n);
    n = h2_wrap(message, 3001, body, 2 + n);
    uint32_t id = h2_ask(h, "/futu.service.FutuOpenD/Request", message, n);
    h2_finish(h, id, &s, out, sizeof(out));
    ck_assert_msg(s.grpc == 0, "%s", s.text);
    ck_assert_uint_eq(out[5], 3 << 3);          /* no ret_type: success */
}

/* Reads until each of the n streams of a connection has had some data. */
static void all_get_data(struct h2 *h, size_t n)
{
    static bool got[2 * STREAMS + 8];
    struct h2_frame f;
    int64_t end = now_ms() + 20000 * SLOW;
    memset(got, 0, sizeof(got));
    for (size_t count = 0; count < n;) {
        ck_assert_msg(now_ms() < end && h2_next(h, &f, WAIT_MS), "%zu of %zu streams", count, n);
        if (f.type == H2_HEADERS)
            h2_read_status(h, &f, &s);
        if (f.type != H2_DATA || f.len == 0)
            continue;
        ck_assert_uint_lt(f.id, ARRAY_LEN(got));
        count += !got[f.id];
        got[f.id] = true;
        h2_window(h, 0, f.len);
    }
}

START_TEST(a_thousand_streams_of_one_connection)
{
    struct h2 other;
    h2_connect(&other, port);
    long before = opend_rss_kb(&d);
    for (int i = 0; i < STREAMS - 1; i++)
        h2_ask(&c, PUSHES, "", 0);
    subscribe(&other);
    all_get_data(&c, STREAMS - 1);
    h2_health(&c);
    h2_health(&other);
    ck_assert_int_lt(opend_rss_kb(&d) - before, 64 * 1024 * SLOW);
    h2_close(&other);
    h2_close(&c);
    h2_connect(&c, port);
}
END_TEST

START_TEST(a_thousand_streams_of_ten_connections)
{
    static struct h2 all[10];
    for (size_t k = 0; k < ARRAY_LEN(all); k++) {
        h2_connect(&all[k], port);
        for (int i = 0; i < STREAMS / 10; i++)
            h2_ask(&all[k], PUSHES, "", 0);
        h2_health(&all[k]);
    }
    subscribe(&c);
    for (size_t k = 0; k < ARRAY_LEN(all); k++)
        all_get_data(&all[k], STREAMS / 10);
    for (size_t k = 0; k < ARRAY_LEN(all); k++)
        h2_close(&all[k]);
}
END_TEST

START_TEST(a_thousand_calls_at_a_time)
{
    static bool ended[2 * STREAMS + 8];
    struct h2_frame f;
    for (int i = 0; i < STREAMS; i++)
        h2_ask(&c, "/grpc.health.v1.Health/Check", "", 0);
    for (int n = 0; n < STREAMS;) {
        ck_assert(h2_next(&c, &f, WAIT_MS));
        if (f.type == H2_HEADERS)
            h2_read_status(&c, &f, &s);
        if (f.type != H2_HEADERS || !(f.flags & H2_END_STREAM))
            continue;
        ck_assert_int_eq(s.grpc, 0);
        ck_assert(!ended[f.id]);
        ended[f.id] = true;
        n++;
    }
}
END_TEST

/* Its streams are open, its socket is full: what it does not take costs little, and nobody else
 * notices. */
START_TEST(a_client_that_stops_reading)
{
    struct h2 deaf;
    h2_connect(&deaf, port);
    long before = opend_rss_kb(&d);
    for (int i = 0; i < 200; i++)
        h2_ask(&deaf, PUSHES, "", 0);
    h2_window(&deaf, 0, 0x7fff0000 - 65535);
    subscribe(&c);
    h2_ask(&c, PUSHES, "", 0);
    int64_t end = now_ms() + 5000;
    while (now_ms() < end) {
        int64_t at = now_ms();
        h2_health(&c);
        ck_assert_int_lt(now_ms() - at, SERVED_MS);
    }
    ck_assert_int_lt(opend_rss_kb(&d) - before, 48 * 1024 * SLOW);
    h2_close(&deaf);
}
END_TEST

/* ---- compression ---- */

static uint32_t ask_with(const char *path, const char *field, const char *value, const void *p,
                         size_t n)
{
    uint8_t more[128], block[512], body[64] = { 0 };
    uint32_t id = c.next_id;
    c.next_id += 2;
    size_t k = h2_field(more, field, value);
    h2_send(&c, H2_HEADERS, H2_END_HEADERS, id, block, h2_request(block, path, more, k));
    body[4] = (uint8_t)n;
    memcpy(body + 5, p, n);
    h2_send(&c, H2_DATA, H2_END_STREAM, id, body, 5 + n);
    return id;
}

#define LARGE "/futu.v1.Quote/GetStaticInfo"
static const uint8_t large[] = { 0x0a, 4, 0x08, 1, 0x10, 3 };

START_TEST(large_answers_are_packed_for_who_takes_gzip)
{
    static uint8_t plain[4u << 20], packed[4u << 20], again[4u << 20];
    size_t n = h2_finish(&c, h2_ask(&c, LARGE, large, sizeof(large)), &s, plain, sizeof(plain));
    ck_assert_str_eq(s.encoding, "");
    ck_assert_uint_eq(plain[0], 0);
    uint32_t id = ask_with(LARGE, "grpc-accept-encoding", "identity, deflate ,gzip", large,
                           sizeof(large));
    size_t k = h2_finish(&c, id, &s, packed, sizeof(packed));
    ck_assert_str_eq(s.encoding, "gzip");
    ck_assert_int_eq(s.grpc, 0);
    ck_assert_uint_eq(packed[0], 1);
    ck_assert_uint_lt(k, n / 2);
    z_stream z = { .next_in = packed + 5, .avail_in = (uInt)k - 5, .next_out = again,
                   .avail_out = sizeof(again) };
    ck_assert_int_eq(inflateInit2(&z, 15 + 16), Z_OK);
    ck_assert_int_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
    inflateEnd(&z);
    ck_assert_uint_eq(sizeof(again) - z.avail_out, n - 5);
    ck_assert_mem_eq(again, plain + 5, n - 5);
}
END_TEST

START_TEST(small_answers_and_other_clients_are_left_alone)
{
    static const char *const accepts[] = { "gzip", "identity", "gzipped,deflate", "" };
    for (size_t i = 0; i < ARRAY_LEN(accepts); i++) {
        bool small = i == 0;
        h2_finish(&c, ask_with(small ? "/grpc.health.v1.Health/Check" : LARGE,
                               "grpc-accept-encoding", accepts[i], large,
                               small ? 0 : sizeof(large)), &s, NULL, 0);
        ck_assert_int_eq(s.grpc, 0);
        ck_assert_str_eq(s.encoding, "");
    }
}
END_TEST

/* Which is how a quick client asks: all answers wait when the first headers go. */
START_TEST(answers_of_a_stream_asked_in_one_write_stay_messages_of_their_own)
{
    static const char *const symbols[] = { "futu.v1.Quote", "Qot_GetBasicQot.Request",
                                           "futu.v1.Trade" };
    static uint8_t out[256 << 10];
    uint8_t more[64], block[512], asked[1024], message[128];
    uint32_t id = c.next_id;
    size_t n = h2_field(more, "grpc-accept-encoding", "gzip"), at = 0, messages = 0;
    n = h2_request(block, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", more, n);
    n = h2_put(asked, H2_HEADERS, H2_END_HEADERS, id, block, n);
    for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
        uint8_t *p = message + at;
        int len = snprintf((char *)p + 5, sizeof(message) - at - 5, "\x22%c%s",
                           (int)strlen(symbols[i]), symbols[i]);
        memcpy(p, (uint8_t[]){ 0, 0, 0, 0, (uint8_t)len }, 5);
        at += 5 + (size_t)len;
    }
    n += h2_put(asked + n, H2_DATA, H2_END_STREAM, id, message, at);
    c.next_id += 2;
    peer_send(&c.p, asked, n);
    n = h2_finish(&c, id, &s, out, sizeof(out));
    ck_assert_int_eq(s.grpc, 0);
    ck_assert_str_eq(s.encoding, "");
    for (at = 0; at < n; at += 5 + ((size_t)out[at + 2] << 16 | out[at + 3] << 8 | out[at + 4]))
        messages++;
    ck_assert_uint_eq(at, n);
    ck_assert_uint_eq(messages, ARRAY_LEN(symbols));
}
END_TEST

START_TEST(an_encoding_that_is_not_known_is_told_with_those_that_are)
{
    uint32_t id = ask_with("/grpc.health.v1.Health/Check", "grpc-encoding", "snappy", "", 0);
    h2_finish(&c, id, &s, NULL, 0);
    ck_assert_int_eq(s.http, 200);
    ck_assert_int_eq(s.grpc, 12);
    ck_assert_str_eq(s.accept, "identity,gzip");
}
END_TEST

START_TEST(a_compressed_message_needs_an_encoding)
{
    uint32_t id = h2_begin(&c, "/grpc.health.v1.Health/Check");
    h2_send(&c, H2_DATA, H2_END_STREAM, id, "\1\0\0\0\1x", 6);
    h2_finish(&c, id, &s, NULL, 0);
    ck_assert_int_eq(s.grpc, 13);
    ck_assert_ptr_nonnull(strstr(s.text, "grpc-encoding"));
}
END_TEST

/* ---- flow ---- */

/* A message of 4 MiB needs 16 times the window that a stream begins with. */
START_TEST(windows_open_for_a_large_message)
{
    static uint8_t piece[H2_PAYLOAD_MAX];
    struct h2_frame f;
    int64_t stream = 65535, conn = 65535;
    size_t left = (4u << 20) + 5 - H2_PAYLOAD_MAX;
    uint32_t id = h2_begin(&c, "/grpc.health.v1.Health/Check");
    piece[2] = 0x40;                /* 4 MiB */
    h2_send(&c, H2_DATA, 0, id, piece, sizeof(piece));
    piece[2] = 0;
    stream -= sizeof(piece);
    conn -= sizeof(piece);
    while (left > 0) {
        while (stream < (int64_t)sizeof(piece) || conn < (int64_t)sizeof(piece)) {
            ck_assert(h2_next(&c, &f, WAIT_MS));
            const uint8_t *p = f.payload;
            uint32_t v = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
            if (f.type == H2_WINDOW_UPDATE)
                *(f.id ? &stream : &conn) += v;
            for (size_t i = 0; f.type == H2_SETTINGS && i + 6 <= f.len; i += 6)
                if (p[i + 1] == H2_INITIAL_WINDOW_SIZE)
                    stream += (256 << 10) - 65535;
        }
        size_t n = left < sizeof(piece) ? left : sizeof(piece);
        left -= n;
        h2_send(&c, H2_DATA, left ? 0 : H2_END_STREAM, id, piece, n);
        stream -= (int64_t)n;
        conn -= (int64_t)n;
    }
    h2_finish(&c, id, &s, NULL, 0);
    ck_assert_int_eq(s.grpc, 3);    /* zeros are no HealthCheckRequest */
}
END_TEST

START_TEST(pings_are_answered)
{
    struct h2_frame f;
    h2_send(&c, H2_PING, 0, 0, "abcdefgh", 8);
    do
        ck_assert(h2_next(&c, &f, WAIT_MS));
    while (f.type != H2_PING);
    ck_assert_uint_eq(f.flags, H2_ACK);
    ck_assert_mem_eq(f.payload, "abcdefgh", 8);
}
END_TEST

START_TEST(a_call_that_is_given_up_leaves_room)
{
    for (int i = 0; i < 900; i++) {
        uint32_t id = h2_ask(&c, PUSHES, "", 0);
        h2_send(&c, H2_RST_STREAM, 0, id, "\0\0\0\x08", 4);
    }
    h2_health(&c);
    for (int i = 0; i < 999; i++)
        h2_ask(&c, PUSHES, "", 0);
    h2_health(&c);
}
END_TEST

/* ---- the end ---- */

START_TEST(the_end_of_the_gateway_is_told_twice)
{
    struct h2_frame f;
    struct h2 last;
    unsigned goaways = 0;
    bool closed = false;
    h2_connect(&last, port);
    uint32_t id = h2_ask(&last, PUSHES, "", 0);
    do
        ck_assert(h2_next(&last, &f, WAIT_MS));
    while (f.type != H2_HEADERS);
    h2_read_status(&last, &f, &s);
    kill(d.pid, SIGTERM);
    while (h2_next(&last, &f, WAIT_MS)) {
        if (f.type == H2_HEADERS) {
            h2_read_status(&last, &f, &s);
            ck_assert_uint_eq(f.id, id);
            ck_assert_int_eq(s.grpc, 14);
            closed = true;
        }
        if (f.type == H2_GOAWAY) {
            static const char *const ids[] = { "\x7f\xff\xff\xff", "\0\0\0\1" };
            ck_assert_uint_lt(goaways, 2);
            ck_assert_mem_eq(f.payload, ids[goaways], 4);
            ck_assert_mem_eq(f.payload + 4, "\0\0\0\0", 4);
            goaways++;
        }
    }
    ck_assert_uint_eq(goaways, 2);
    ck_assert(closed);
    h2_close(&last);
    h2_close(&c);
    int status;
    ck_assert_int_eq(waitpid(d.pid, &status, 0), d.pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(d.out);
    setup();
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_thousand_streams_of_one_connection);
    tcase_add_test(tc, a_thousand_streams_of_ten_connections);
    tcase_add_test(tc, a_thousand_calls_at_a_time);
    tcase_add_test(tc, a_client_that_stops_reading);
    tcase_add_test(tc, large_answers_are_packed_for_who_takes_gzip);
    tcase_add_test(tc, answers_of_a_stream_asked_in_one_write_stay_messages_of_their_own);
    tcase_add_test(tc, small_answers_and_other_clients_are_left_alone);
    tcase_add_test(tc, an_encoding_that_is_not_known_is_told_with_those_that_are);
    tcase_add_test(tc, a_compressed_message_needs_an_encoding);
    tcase_add_test(tc, windows_open_for_a_large_message);
    tcase_add_test(tc, pings_are_answered);
    tcase_add_test(tc, a_call_that_is_given_up_leaves_room);
    tcase_add_test(tc, the_end_of_the_gateway_is_told_twice);
}

int main(void)
{
    return run_tcase("grpc", add);
}
