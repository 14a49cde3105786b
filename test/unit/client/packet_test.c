/* packet_test.c - packetID in the three forms of a request. */
#include "client/packet.h"

#include "codec/registry.h"
#include "support.h"

static const struct packet_id id = { 300, 7 };
#define MARK "0a0508ac021007"       /* connID 300, serialNo 7 */

static void expect_bytes(const char *in, const char *want)
{
    uint8_t a[512], b[512];
    struct buf out = BUF_INIT;
    size_t n = unhex(in, a, sizeof(a)), m = unhex(want, b, sizeof(b));
    ck_assert_int_eq(packet_fill(id, a, n, &out), FUTU_OK);
    ck_assert_uint_eq(out.n, m);
    if (m)
        ck_assert_mem_eq(out.p, b, m);
    buf_free(&out);
}

START_TEST(bytes_get_a_mark)
{
    expect_bytes("0a00", "0a07" MARK);
    expect_bytes("0a021801", "0a09" MARK "1801");
    expect_bytes("0a0b 11 0102030405060708 1801", "0a12" MARK "11 0102030405060708 1801");
    expect_bytes("0a07 25 01020304 1801", "0a0e" MARK "25 01020304 1801");
}
END_TEST

START_TEST(marked_or_unreadable_bytes_stay)
{
    static const char *const same[] = {
        "0a07" MARK, "0a04 1801 0a00", "", "0a", "0a05 1801", "1001", "0a00 1001", "0a01 80",
        "0a02 1b1c", "0a03 220501", "0a0bffffffffffffffffffffff",
    };
    for (size_t i = 0; i < ARRAY_LEN(same); i++)
        expect_bytes(same[i], same[i]);
}
END_TEST

START_TEST(a_length_that_grows_by_a_byte)
{
    uint8_t in[2 + 125] = { 0x0a, 125, 0x22, 123 };
    struct buf out = BUF_INIT;
    ck_assert_int_eq(packet_fill(id, in, sizeof(in), &out), FUTU_OK);
    ck_assert_uint_eq(out.n, 3 + 7 + 125);
    ck_assert_uint_eq(out.p[1], 0x84);
    ck_assert_uint_eq(out.p[2], 0x01);
    buf_free(&out);
}
END_TEST

static void expect_json(const char *in, const char *want)
{
    struct buf out = BUF_INIT;
    ck_assert_int_eq(packet_fill_json(id, str_c(in), &out), want ? FUTU_OK : FUTU_EFORMAT);
    if (want) {
        ck_assert_int_eq(buf_byte(&out, 0), FUTU_OK);
        ck_assert_str_eq((const char *)out.p, want);
    }
    buf_free(&out);
}

#define JSON_MARK "\"packetID\":{\"connID\":\"300\",\"serialNo\":7}"

START_TEST(json_gets_a_mark)
{
    expect_json("{\"c2s\":{}}", "{\"c2s\":{" JSON_MARK "}}");
    expect_json("{\"c2s\":{\"a\":1}}", "{\"c2s\":{" JSON_MARK ",\"a\":1}}");
    expect_json(" {\n \"c2s\" : { } }", " {\n \"c2s\" : {" JSON_MARK " } }");
    expect_json("{\"a\":{\"c2s\":{}},\"b\":\"\\\"c2s\\\":{\",\"c2s\":{\"x\":\"}\"}}",
                "{\"a\":{\"c2s\":{}},\"b\":\"\\\"c2s\\\":{\",\"c2s\":{" JSON_MARK ",\"x\":\"}\"}}");
    static const char *const not[] = { "", "{}", "[]", "{\"c2s\":1}", "{\"c2s\"", "{\"c2s\":",
                                       "{\"c2", "\"c2s\":{}", "{\"b\":\"\\" };
    for (size_t i = 0; i < ARRAY_LEN(not); i++)
        expect_json(not[i], NULL);
}
END_TEST

/* The byte form counts on the tags, the others on the names. */
START_TEST(every_write_has_its_mark_in_front)
{
    size_t n, writes = 0;
    const struct proto_row *rows = proto_rows(&n);
    for (size_t i = 0; i < n; i++) {
        if (!rows[i].write)
            continue;
        const struct pb_field *c2s = codec_field(rows[i].request, STR("c2s"));
        const struct pb_field *mark = codec_field(c2s->sub, STR("packetID"));
        ck_assert_uint_eq(rows[i].request->n_fields, 1);
        ck_assert_uint_eq(c2s->tag, 1);
        ck_assert_ptr_nonnull(mark);
        ck_assert_uint_eq(mark->tag, 1);
        ck_assert_ptr_eq(mark->sub, &Common_PacketID_msg);
        writes++;
    }
    ck_assert_uint_eq(writes, 4);
}
END_TEST

START_TEST(structs_stay_as_they_are)
{
    Trd_Common_TrdHeader h = { 0 };
    Trd_ReconfirmOrder_C2S c2s = { .header = &h };
    Trd_ReconfirmOrder_Request rq = { .c2s = &c2s };
    Common_PacketID own = { 0 };
    SET(&h, trdEnv, 0);
    SET(&h, accID, 1);
    SET(&h, trdMarket, 1);
    SET(&c2s, orderID, 5);
    SET(&c2s, reconfirmReason, 1);
    SET(&own, connID, 1);
    SET(&own, serialNo, 2);
    for (int given = 0; given < 2; given++)
        for (long n = 0; test_alloc_fail_at(n); n++) {
            struct buf out = BUF_INIT;
            struct arena a = ARENA_INIT;
            Trd_ReconfirmOrder_Request got;
            c2s.packetID = given ? &own : NULL;
            futu_err err = packet_encode(id, &Trd_ReconfirmOrder_Request_msg, &rq, &out, NULL);
            ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
            ck_assert_ptr_eq(c2s.packetID, given ? &own : NULL);
            if (!err) {
                mem_fail_at(-1);
                ck_assert_int_eq(codec_decode(&Trd_ReconfirmOrder_Request_msg, &a, out.p, out.n,
                                              &got, NULL, NULL), FUTU_OK);
                ck_assert_uint_eq(got.c2s->packetID->connID, given ? 1 : 300);
            }
            arena_free(&a);
            buf_free(&out);
        }
    rq.c2s = NULL;
    struct buf out = BUF_INIT;
    ck_assert_int_eq(packet_encode(id, &Trd_ReconfirmOrder_Request_msg, &rq, &out, NULL),
                     FUTU_EFORMAT);
    buf_free(&out);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, bytes_get_a_mark);
    tcase_add_test(tc, marked_or_unreadable_bytes_stay);
    tcase_add_test(tc, a_length_that_grows_by_a_byte);
    tcase_add_test(tc, json_gets_a_mark);
    tcase_add_test(tc, every_write_has_its_mark_in_front);
    tcase_add_test(tc, structs_stay_as_they_are);
}

int main(void)
{
    return run_tcase("packet", add);
}
