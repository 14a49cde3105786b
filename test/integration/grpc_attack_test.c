/* grpc_attack_test.c - hostile HTTP/2 against the gRPC port of the real daemon. Each attack is cut
 * off with the right words; meanwhile another client is served in time, and the memory that the
 * daemon takes is bounded. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <zlib.h>

#include "h2.h"
#include "support.h"

#define SERVED_MS (2000 * SLOW)
#define GROWTH_KB (24 * 1024 * SLOW)
#define HELD_KB (64 * 1024 * SLOW)      /* where 32 MiB of answers are held */
#define LONGEST (8u << 20)              /* bytes of an attack that nobody stops */
#define CHUNK 65536

enum { PROTOCOL_ERROR = 1, FLOW_CONTROL_ERROR = 3, FRAME_SIZE_ERROR = 6, COMPRESSION_ERROR = 9,
       CALM = 11 };

static struct opend d;
static int port;
static struct h2 good, bad;
static long before, growth;

static void setup(void)
{
    char number[16];
    port = free_port();
    snprintf(number, sizeof(number), "%d", port);
    opend_start(&d, (const char *[]){ "--grpc-port", number, NULL });
    h2_connect(&good, port);
    h2_health(&good);
    before = opend_rss_kb(&d);
    growth = GROWTH_KB;
    h2_connect(&bad, port);
}

static void served(void)
{
    int64_t at = now_ms();
    h2_health(&good);
    ck_assert_int_lt(now_ms() - at, SERVED_MS);
}

static void teardown(void)
{
    served();
    ck_assert_int_lt(opend_rss_kb(&d) - before, growth);
    h2_close(&bad);
    h2_close(&good);
    opend_stop(&d);
}

/* Sends a piece without waiting for ever; false: the daemon has closed, or takes no more. */
static bool push(struct h2 *c, const uint8_t *p, size_t n)
{
    while (n > 0) {
        struct pollfd f = { .fd = c->p.fd, .events = POLLOUT };
        if (poll(&f, 1, 500) <= 0)
            return false;
        ssize_t done = send(c->p.fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
    }
    return true;
}

/* Repeats what `make` puts together, `make(out, i)`, until the daemon has had enough. The good
 * client is served all the while. */
static void flood(size_t (*make)(uint8_t *out, uint32_t i))
{
    static uint8_t out[CHUNK + 2 * H2_PAYLOAD_MAX];
    uint32_t i = 0;
    for (size_t sent = 0; sent < LONGEST;) {
        size_t n = 0;
        while (n < CHUNK)
            n += make(out + n, i++);
        sent += n;
        if (!push(&bad, out, n))
            break;
        served();
    }
}

static void condemned(uint32_t code, const char *part)
{
    char text[256] = "";
    int64_t got = h2_goaway(&bad, text);
    ck_assert_msg(got == code, "GOAWAY %d %s, not %u", (int)got, text, code);
    ck_assert_msg(strstr(text, part), "%s", text);
    ck_assert(peer_closed(&bad.p, WAIT_MS));
}

/* ---- floods ---- */

/* A call, and behind it a frame of four bytes on its stream. */
static size_t make_call_and(uint8_t *out, uint32_t i, uint8_t type, const uint8_t p[4])
{
    uint8_t block[256];
    size_t n = h2_request(block, "/grpc.health.v1.Health/Watch", NULL, 0);
    n = h2_put(out, H2_HEADERS, H2_END_HEADERS, 2 * i + 1, block, n);
    return n + h2_put(out + n, type, 0, 2 * i + 1, p, 4);
}

static size_t make_reset(uint8_t *out, uint32_t i)
{
    static const uint8_t cancel[4] = { 0, 0, 0, 8 };
    return make_call_and(out, i, H2_RST_STREAM, cancel);
}

START_TEST(rapid_reset)
{
    flood(make_reset);
    condemned(CALM, "too_many_resets");
}
END_TEST

static size_t make_settings(uint8_t *out, uint32_t i)
{
    uint8_t p[6] = { 0, H2_INITIAL_WINDOW_SIZE, 0, 0, (uint8_t)(i >> 8), (uint8_t)i };
    return h2_put(out, H2_SETTINGS, 0, 0, p, sizeof(p));
}

START_TEST(settings_flood)
{
    flood(make_settings);
    condemned(CALM, "");
}
END_TEST

static size_t make_ping(uint8_t *out, uint32_t i)
{
    (void)i;
    return h2_put(out, H2_PING, 0, 0, "01234567", 8);
}

START_TEST(ping_flood)
{
    flood(make_ping);
    condemned(CALM, "too_many_pings");
}
END_TEST

static size_t make_pong(uint8_t *out, uint32_t i)
{
    (void)i;
    return h2_put(out, H2_PING, H2_ACK, 0, "01234567", 8);
}

START_TEST(answers_to_pings_that_nobody_sent)
{
    flood(make_pong);
    condemned(CALM, "too_many_frames");
}
END_TEST

static size_t make_priority(uint8_t *out, uint32_t i)
{
    uint8_t p[5] = { 0, 0, 0, 0, 16 };
    return h2_put(out, H2_PRIORITY, 0, 2 * i + 1, p, sizeof(p));
}

START_TEST(priority_flood)
{
    flood(make_priority);
    condemned(CALM, "too_many_frames");
}
END_TEST

static size_t make_continuation(uint8_t *out, uint32_t i)
{
    uint8_t block[256];
    if (i == 0)
        return h2_put(out, H2_HEADERS, 0, 1, block, h2_request(block, "/x", NULL, 0));
    return h2_put(out, H2_CONTINUATION, 0, 1, block, h2_field(block, "x", "y"));
}

START_TEST(continuation_flood)
{
    flood(make_continuation);
    condemned(CALM, "");
}
END_TEST

static size_t make_empty_data(uint8_t *out, uint32_t i)
{
    static const uint8_t padding[4] = { 3 };
    if (i % 2)
        return h2_put(out, H2_DATA, H2_PADDED, 1, padding, sizeof(padding));
    return h2_put(out, H2_DATA, 0, 1, NULL, 0);
}

START_TEST(empty_data_flood)
{
    h2_begin(&bad, "/grpc.health.v1.Health/Check");
    flood(make_empty_data);
    condemned(CALM, "too_many_frames");
}
END_TEST

static size_t make_empty_headers(uint8_t *out, uint32_t i)
{
    return h2_put(out, H2_HEADERS, H2_END_HEADERS | H2_END_STREAM, 2 * i + 1, NULL, 0);
}

START_TEST(empty_headers_flood)
{
    flood(make_empty_headers);
    condemned(CALM, "too_many_frames");
}
END_TEST

/* Each makes the daemon reset the stream itself. */
static size_t make_provoked_reset(uint8_t *out, uint32_t i)
{
    static const uint8_t all[4] = { 0x7f, 0xff, 0xff, 0xff };
    return make_call_and(out, i, H2_WINDOW_UPDATE, all);
}

START_TEST(resets_that_the_daemon_is_made_to_send)
{
    flood(make_provoked_reset);
    condemned(CALM, "too_many_frames");
}
END_TEST

static size_t make_window(uint8_t *out, uint32_t i)
{
    static const uint8_t one[4] = { 0, 0, 0, 1 };
    (void)i;
    return h2_put(out, H2_WINDOW_UPDATE, 0, 0, one, 4);
}

START_TEST(window_flood)
{
    flood(make_window);
    condemned(CALM, "too_many_frames");
}
END_TEST

static size_t make_unknown(uint8_t *out, uint32_t i)
{
    return h2_put(out, (uint8_t)(0x20 + i % 64), 0xff, i & 0x7fffffff, "x", 1);
}

/* Frames of later versions are to be passed over, and cost nothing but their reading. */
START_TEST(unknown_frames_are_passed_over)
{
    flood(make_unknown);
    h2_health(&bad);
}
END_TEST

/* ---- windows ---- */

/* All Hong Kong stocks: some hundred KB. */
static const uint8_t statics[] = { 0x0a, 4, 0x08, 1, 0x10, 3 };

static uint32_t ask_large(void)
{
    return h2_ask(&bad, "/futu.v1.Quote/GetStaticInfo", statics, sizeof(statics));
}

START_TEST(zero_windows_hold_only_so_much)
{
    h2_setting(&bad, H2_INITIAL_WINDOW_SIZE, 0);
    for (int i = 0; i < 990; i++) {
        ask_large();
        if (i % 20 == 0)            /* behind the answers that are being made */
            served();
    }
    served();
    /* What is above the bound is answered at once, by a status alone. */
    struct h2_status s;
    uint32_t id = ask_large();
    h2_finish(&bad, id, &s, NULL, 0);
    ck_assert_int_eq(s.grpc, 8);
    ck_assert_ptr_nonnull(strstr(s.text, "wait to be read"));
    growth = HELD_KB;
}
END_TEST

static size_t make_dribble(uint8_t *out, uint32_t i)
{
    static const uint8_t one[4] = { 0, 0, 0, 1 };
    (void)i;
    return h2_put(out, H2_WINDOW_UPDATE, 0, 1, one, 4);
}

START_TEST(windows_of_one_byte)
{
    h2_setting(&bad, H2_INITIAL_WINDOW_SIZE, 0);
    ask_large();
    flood(make_dribble);
    condemned(CALM, "too");
}
END_TEST

START_TEST(the_same_one_by_one)
{
    struct h2_frame f;
    h2_setting(&bad, H2_INITIAL_WINDOW_SIZE, 0);
    uint32_t id = ask_large(), sent = 0;
    while (sent < 10000 && h2_next(&bad, &f, WAIT_MS) && f.type != H2_GOAWAY)
        if (f.id == id && (f.type == H2_HEADERS || f.type == H2_DATA)) {
            sent++;
            h2_window(&bad, id, 1);
        }
    ck_assert_uint_gt(sent, 10);
    ck_assert_uint_lt(sent, 2000);
    ck_assert_int_eq(f.type, H2_GOAWAY);
    ck_assert_uint_eq(f.payload[7], CALM);
}
END_TEST

START_TEST(a_window_beyond_its_end)
{
    struct h2_status s;
    uint32_t id = h2_begin(&bad, "/grpc.health.v1.Health/Check");
    h2_window(&bad, id, 0x7fffffff);
    h2_finish(&bad, id, &s, NULL, 0);
    ck_assert(s.reset);
    ck_assert_uint_eq(s.code, FLOW_CONTROL_ERROR);
    h2_health(&bad);
    h2_window(&bad, 0, 0x7fffffff);
    condemned(FLOW_CONTROL_ERROR, "");
}
END_TEST

START_TEST(questions_whose_answers_are_not_read)
{
    static const char question[] = "\0\0\0\0\x17\x22\x15" "futu.v1.Quote.GetKLine";
    static uint8_t out[CHUNK];
    size_t n = 0;
    h2_setting(&bad, H2_INITIAL_WINDOW_SIZE, 0);
    uint32_t id = h2_begin(&bad, "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
    for (int i = 0; i < 500; i++)
        n += h2_put(out + n, H2_DATA, 0, id, question, sizeof(question) - 1);
    for (int i = 0; i < 500 && push(&bad, out, n); i++)
        if (i % 50 == 0)
            served();
    growth = HELD_KB;
}
END_TEST

/* ---- headers ---- */

START_TEST(more_headers_than_are_taken)
{
    static char value[9000];
    static uint8_t more[20000], block[21000];
    struct h2_status s;
    memset(value, 'v', sizeof(value) - 1);
    size_t n = h2_field(more, "x-one", value);
    n += h2_field(more + n, "x-two", value);
    uint32_t id = bad.next_id;
    bad.next_id += 2;
    n = h2_request(block, "/grpc.health.v1.Health/Check", more, n);
    h2_send(&bad, H2_HEADERS, 0, id, block, 16000);
    h2_send(&bad, H2_CONTINUATION, H2_END_HEADERS, id, block + 16000, n - 16000);
    h2_finish(&bad, id, &s, NULL, 0);
    ck_assert_int_eq(s.http, 431);
    ck_assert_int_eq(s.grpc, 8);
    h2_health(&bad);
}
END_TEST

/* One field of 4 KB is put into the decoder's table, and then named by one byte again and again. */
START_TEST(a_block_that_unfolds)
{
    static uint8_t block[H2_PAYLOAD_MAX];
    static char value[4000];
    memset(value, 'v', sizeof(value) - 1);
    size_t n = h2_request(block, "/x", NULL, 0), at = n;
    n += h2_field(block + n, "x", value);
    block[at] = 0x40;               /* with indexing */
    memset(block + n, 0x80 | 62, sizeof(block) - n);
    h2_send(&bad, H2_HEADERS, H2_END_HEADERS, 1, block, sizeof(block));
    condemned(CALM, "headers without end");
}
END_TEST

START_TEST(blocks_that_are_none)
{
    h2_send(&bad, H2_HEADERS, H2_END_HEADERS, 1, "\xff\xff\xff\xff\xff\xff", 6);
    condemned(COMPRESSION_ERROR, "");
}
END_TEST

/* ---- streams ---- */

START_TEST(calls_that_never_begin)
{
    struct h2_frame f;
    uint32_t refused = 0;
    bad.mute = true;                /* and so does not agree to the limit */
    for (int i = 0; i < 1200; i++)
        h2_begin(&bad, "/futu.v1.Quote/GetKLine");
    while (refused == 0 && h2_next(&bad, &f, WAIT_MS))
        refused += f.type == H2_RST_STREAM || f.type == H2_GOAWAY;
    ck_assert_uint_eq(refused, 1);
    served();
}
END_TEST

/* ---- malformed frames ---- */

static const struct {
    const char *name;
    uint8_t type, flags;
    uint32_t id;
    const char *payload;
    size_t n;
    uint32_t code;
} malformed[] = {
    { "data of no stream", H2_DATA, 0, 0, "x", 1, PROTOCOL_ERROR },
    { "data of an idle stream", H2_DATA, 0, 7, "x", 1, PROTOCOL_ERROR },
    { "padding beyond the end", H2_DATA, H2_PADDED, 1, "\xff", 1, PROTOCOL_ERROR },
    { "an even stream", H2_HEADERS, H2_END_HEADERS, 2, "\x83", 1, PROTOCOL_ERROR },
    { "a continuation of nothing", H2_CONTINUATION, H2_END_HEADERS, 1, "\x83", 1, PROTOCOL_ERROR },
    { "a promise", H2_PUSH_PROMISE, H2_END_HEADERS, 1, "\0\0\0\2\x83", 5, PROTOCOL_ERROR },
    { "a reset of no stream", H2_RST_STREAM, 0, 0, "\0\0\0\0", 4, PROTOCOL_ERROR },
    { "a reset of an even stream", H2_RST_STREAM, 0, 2, "\0\0\0\0", 4, PROTOCOL_ERROR },
    { "a short reset", H2_RST_STREAM, 0, 1, "\0\0\0", 3, FRAME_SIZE_ERROR },
    { "half a setting", H2_SETTINGS, 0, 0, "\0\4\0", 3, FRAME_SIZE_ERROR },
    { "settings of a stream", H2_SETTINGS, 0, 1, "", 0, PROTOCOL_ERROR },
    { "agreed settings with some", H2_SETTINGS, H2_ACK, 0, "\0\4\0\0\0\0", 6, FRAME_SIZE_ERROR },
    { "a window too large", H2_SETTINGS, 0, 0, "\0\4\xff\xff\xff\xff", 6, FLOW_CONTROL_ERROR },
    { "frames too large", H2_SETTINGS, 0, 0, "\0\5\xff\xff\xff\xff", 6, PROTOCOL_ERROR },
    { "a short ping", H2_PING, 0, 0, "1234", 4, FRAME_SIZE_ERROR },
    { "a ping of a stream", H2_PING, 0, 1, "12345678", 8, PROTOCOL_ERROR },
    { "no more window", H2_WINDOW_UPDATE, 0, 0, "\0\0\0\0", 4, PROTOCOL_ERROR },
    { "a short window", H2_WINDOW_UPDATE, 0, 0, "\0\0", 2, FRAME_SIZE_ERROR },
    { "a short goaway", H2_GOAWAY, 0, 0, "\0\0", 2, FRAME_SIZE_ERROR },
    { "too long a frame", H2_DATA, 0, 1, NULL, H2_PAYLOAD_MAX + 1, FRAME_SIZE_ERROR },
};

START_TEST(malformed_frames_end_their_connection)
{
    static uint8_t zeros[H2_PAYLOAD_MAX + 1];
    for (size_t i = 0; i < ARRAY_LEN(malformed); i++) {
        char text[256] = "";
        h2_close(&bad);
        h2_connect(&bad, port);
        h2_begin(&bad, "/grpc.health.v1.Health/Check");
        h2_send(&bad, malformed[i].type, malformed[i].flags, malformed[i].id,
                malformed[i].payload ? (const void *)malformed[i].payload : zeros, malformed[i].n);
        int64_t code = h2_goaway(&bad, text);
        ck_assert_msg(code == malformed[i].code, "%s: %d %s", malformed[i].name, (int)code, text);
        ck_assert_msg(peer_closed(&bad.p, WAIT_MS), "%s", malformed[i].name);
    }
}
END_TEST

START_TEST(what_is_no_http2_is_told_so)
{
    static const char *const says[] = {
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSN\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    };
    for (size_t i = 0; i < ARRAY_LEN(says); i++) {
        struct h2 c = { .next_id = 1 };
        char text[256] = "";
        peer_connect(&c.p, port);
        peer_send(&c.p, says[i], strlen(says[i]));
        ck_assert_int_eq(h2_goaway(&c, text), PROTOCOL_ERROR);
        ck_assert_ptr_nonnull(strstr(text, "HTTP/2"));
        ck_assert(peer_closed(&c.p, WAIT_MS));
        peer_close(&c.p);
    }
}
END_TEST

/* ---- messages ---- */

static size_t zip(const void *p, size_t n, uint8_t *out, size_t size)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)p, .avail_in = (uInt)n, .next_out = out,
                   .avail_out = (uInt)size };
    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return size - z.avail_out;
}

/* A message of n zeros behind its five bytes. */
static size_t zipped(size_t n, uint8_t out[H2_PAYLOAD_MAX])
{
    static const uint8_t zeros[8u << 20];
    size_t k = zip(zeros, n, out + 5, H2_PAYLOAD_MAX - 5);
    memcpy(out, (const uint8_t[]){ 1, 0, 0, (uint8_t)(k >> 8), (uint8_t)k }, 5);
    return 5 + k;
}

static int ask_zipped(const uint8_t *message, size_t n)
{
    uint8_t more[64], block[512];
    struct h2_status s;
    uint32_t id = bad.next_id;
    bad.next_id += 2;
    size_t k = h2_field(more, "grpc-encoding", "gzip");
    h2_send(&bad, H2_HEADERS, H2_END_HEADERS, id, block,
            h2_request(block, "/grpc.health.v1.Health/Check", more, k));
    h2_send(&bad, H2_DATA, H2_END_STREAM, id, message, n);
    h2_finish(&bad, id, &s, NULL, 0);
    return s.grpc;
}

START_TEST(a_small_message_that_unpacks_to_a_large_one)
{
    static uint8_t some[H2_PAYLOAD_MAX], most[H2_PAYLOAD_MAX], none[H2_PAYLOAD_MAX];
    size_t n_some = zipped(2u << 20, some), n_most = zipped(8u << 20, most);
    for (int i = 0; i < 200; i++) {
        ck_assert_int_eq(i % 2 ? ask_zipped(some, n_some) : ask_zipped(most, n_most), 8);
        served();
    }
    ck_assert_int_eq(ask_zipped(none, zipped(0, none)), 0);
}
END_TEST

static void add_floods(TCase *tc)
{
    tcase_add_test(tc, rapid_reset);
    tcase_add_test(tc, settings_flood);
    tcase_add_test(tc, ping_flood);
    tcase_add_test(tc, answers_to_pings_that_nobody_sent);
    tcase_add_test(tc, priority_flood);
    tcase_add_test(tc, continuation_flood);
    tcase_add_test(tc, empty_data_flood);
    tcase_add_test(tc, empty_headers_flood);
    tcase_add_test(tc, resets_that_the_daemon_is_made_to_send);
    tcase_add_test(tc, window_flood);
    tcase_add_test(tc, unknown_frames_are_passed_over);
}

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60 * SLOW);
    add_floods(tc);
    tcase_add_test(tc, zero_windows_hold_only_so_much);
    tcase_add_test(tc, windows_of_one_byte);
    tcase_add_test(tc, the_same_one_by_one);
    tcase_add_test(tc, a_window_beyond_its_end);
    tcase_add_test(tc, questions_whose_answers_are_not_read);
    tcase_add_test(tc, more_headers_than_are_taken);
    tcase_add_test(tc, a_block_that_unfolds);
    tcase_add_test(tc, blocks_that_are_none);
    tcase_add_test(tc, calls_that_never_begin);
    tcase_add_test(tc, malformed_frames_end_their_connection);
    tcase_add_test(tc, what_is_no_http2_is_told_so);
    tcase_add_test(tc, a_small_message_that_unpacks_to_a_large_one);
}

int main(void)
{
    return run_tcase("grpc_attack", add);
}
