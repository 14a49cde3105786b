/* sdkws_test.c - messages of the SDK's WebSocket protocol, and WebSocket headers. */
#include "wire/sdkws.h"

#include "crypt/random.h"
#include "vectors.h"

/* cJSON keeps numbers as doubles; the largest section is not one. */
static uint64_t section_of(const cJSON *row)
{
    double d = vec_num(row, "section");
    return d >= 9.2e18 ? (uint64_t)INT64_MAX : (uint64_t)d;
}

static void check_message(const cJSON *row)
{
    uint8_t bytes[VEC_MAX], body[VEC_MAX], head[SDKWS_REPLY_HEAD];
    struct sdkws m = { 0 };
    size_t n = vec_hex(row, "message", bytes), bn = vec_hex(row, "body", body);
    bool request = strcmp(vec_str(row, "direction"), "C>S") == 0;
    size_t hn = request ? SDKWS_REQUEST_HEAD : SDKWS_REPLY_HEAD;
    ck_assert_uint_eq(hn, (size_t)vec_num(row, "header_len"));
    ck_assert(sdkws_is(bytes, n));
    if (request) {
        ck_assert_int_eq(sdkws_read_request(bytes, n, &m), FUTU_OK);
        sdkws_write_request(head, m.command, m.section);
    } else {
        ck_assert_int_eq(sdkws_read_reply(bytes, n, &m), FUTU_OK);
        ck_assert_int_eq(m.error, (int)vec_num(row, "error"));
        sdkws_write_reply(head, m.command, m.section, m.error, vec_str(row, "errmsg"));
    }
    ck_assert_uint_eq(m.command, (uint32_t)vec_num(row, "cmd"));
    ck_assert_uint_eq(m.section, section_of(row));
    ck_assert_uint_eq(m.len, bn);
    if (bn)
        ck_assert_mem_eq(m.body, body, bn);
    ck_assert_mem_eq(head, bytes, hn);
    for (size_t cut = 0; cut < hn; cut++)
        ck_assert_int_eq(request ? sdkws_read_request(bytes, cut, &m)
                                 : sdkws_read_reply(bytes, cut, &m), FUTU_EPROTO);
}

START_TEST(every_message_of_the_vectors)
{
    cJSON *all = vec_load(), *row;
    int rows = 0;
    cJSON_ArrayForEach(row, vec_get(vec_get(all, "websocket"), "messages")) {
        check_message(row);
        rows++;
    }
    ck_assert_int_eq(rows, 11);
    cJSON_Delete(all);
}
END_TEST

START_TEST(another_sign_is_another_protocol)
{
    uint8_t m[SDKWS_REPLY_HEAD];
    struct sdkws out;
    for (size_t i = 0; i < 8; i++) {
        sdkws_write_reply(m, 1, 2, 0, NULL);
        ck_assert(sdkws_is(m, 8) && !sdkws_is(m, 7));
        m[i] ^= 0x20;
        ck_assert(!sdkws_is(m, sizeof(m)));
        ck_assert_int_eq(sdkws_read_request(m, sizeof(m), &out), FUTU_EPROTO);
        ck_assert_int_eq(sdkws_read_reply(m, sizeof(m), &out), FUTU_EPROTO);
    }
    ck_assert(!sdkws_is((const uint8_t *)"FT\xe9\x03\0\0\0\0", 8));
}
END_TEST

START_TEST(error_text_is_ascii_and_cut)
{
    uint8_t m[SDKWS_REPLY_HEAD + 1];
    static const char zeros[20];
    memset(m, 'x', sizeof(m));
    sdkws_write_reply(m, 1, 2, -1, "a text that is longer than twenty");
    ck_assert_mem_eq(m + 24, "a text that is longe", 20);
    ck_assert_int_eq(m[SDKWS_REPLY_HEAD], 'x');
    sdkws_write_reply(m, 1, 2, -1, "\xe6\x9c\xaa key\n\x7f");
    ck_assert_mem_eq(m + 24, "??? key??\0\0\0\0\0\0\0\0\0\0\0", 20);
    sdkws_write_reply(m, 1, 2, -1, NULL);
    ck_assert_mem_eq(m + 24, zeros, 20);
    ck_assert_mem_eq(m + 20, "\xff\xff\xff\xff", 4);
}
END_TEST

START_TEST(websocket_headers_in_three_sizes)
{
    static const struct {
        uint64_t len;
        const char *hex;
    } rows[] = {
        { 0, "8200" },          { 1, "8201" },
        { 125, "827d" },        { 126, "827e007e" },
        { 65535, "827effff" },  { 65536, "827f0000000000010000" },
        { UINT64_C(0x7fffffffffffffff), "827f7fffffffffffffff" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t out[10], expected[10];
        size_t n = unhex(rows[i].hex, expected, sizeof(expected));
        ck_assert_uint_eq(ws_head_write(out, 2, rows[i].len), n);
        ck_assert_mem_eq(out, expected, n);
    }
    uint8_t out[10];
    ck_assert_uint_eq(ws_head_write(out, 0x8a, 3), 2);      /* a pong; the high bit is dropped */
    ck_assert_mem_eq(out, "\x8a\x03", 2);
}
END_TEST

START_TEST(garbage_is_read_within_bounds)
{
    for (int round = 0; round < 2000; round++) {
        uint8_t junk[64];
        struct sdkws m;
        random_bytes(junk, sizeof(junk));
        size_t n = junk[0] % sizeof(junk);
        if (round % 2)
            memcpy(junk, "ft-v1.0", 8);
        futu_err err = sdkws_read_reply(junk, n, &m);
        ck_assert_int_eq(err, round % 2 && n >= SDKWS_REPLY_HEAD ? FUTU_OK : FUTU_EPROTO);
        if (!err)
            ck_assert_uint_eq(m.len, n - SDKWS_REPLY_HEAD);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, every_message_of_the_vectors);
    tcase_add_test(tc, another_sign_is_another_protocol);
    tcase_add_test(tc, error_text_is_ascii_and_cut);
    tcase_add_test(tc, websocket_headers_in_three_sizes);
    tcase_add_test(tc, garbage_is_read_within_bounds);
}

int main(void)
{
    return run_tcase("wire/sdkws", add);
}
