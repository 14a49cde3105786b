/* encode_test.c - structs to protobuf bytes. */
#include "../support.h"

#include "codec/codec.h"
#include "codec/registry.h"

static void expect_bytes(const struct buf *b, const char *hex)
{
    uint8_t want[512];
    size_t n = unhex(hex, want, sizeof(want));
    ck_assert_mem_eq(b->p, want, MIN(n, b->n));
    ck_assert_uint_eq(b->n, n);
}

START_TEST(a_login_is_the_bytes_of_the_vector)
{
    InitConnect_C2S c2s = { .clientID = STR("PyNormal"), .programmingLanguage = STR("Python") };
    InitConnect_Request rq = { .c2s = &c2s };
    struct buf b = BUF_INIT;
    SET(&c2s, clientVer, 300);
    SET(&c2s, recvNotify, true);
    SET(&c2s, packetEncAlgo, -1);
    SET(&c2s, pushProtoFmt, 0);
    ck_assert_int_eq(codec_encode(&InitConnect_Request_msg, &rq, &b, NULL), FUTU_OK);
    expect_bytes(&b, "0a2408ac02120850794e6f726d616c180120ffffffffffffffffff01"
                     "28003206507974686f6e");
    buf_free(&b);
}
END_TEST

START_TEST(a_body_over_127_bytes_gets_a_longer_length)
{
    char text[20000];
    Qot_Common_Security sec = { .code = { text, 0 } };
    Qot_GetBasicQot_C2S c2s = { .n_securityList = 1, .securityList = &sec };
    Qot_GetBasicQot_Request rq = { .c2s = &c2s };
    SET(&sec, market, 1);
    memset(text, '7', sizeof(text));
    for (size_t n = 0; n < sizeof(text); n = n < 300 ? n + 1 : n * 2) {
        struct buf b = BUF_INIT;
        struct arena a = ARENA_INIT;
        Qot_GetBasicQot_Request back;
        sec.code.n = n;
        ck_assert_int_eq(codec_encode(&Qot_GetBasicQot_Request_msg, &rq, &b, NULL), FUTU_OK);
        futu_err err = codec_decode(&Qot_GetBasicQot_Request_msg, &a, b.p, b.n, &back, NULL, NULL);
        ck_assert_int_eq(err, FUTU_OK);
        ck_assert_uint_eq(back.c2s->n_securityList, 1);
        ck_assert(str_eq(back.c2s->securityList[0].code, sec.code));
        buf_free(&b);
        arena_free(&a);
    }
}
END_TEST

START_TEST(a_missing_required_field_is_named_and_nothing_is_written)
{
    Qot_Common_KLine k[4] = { { .time = STR_NULL } };
    Qot_GetKL_S2C s2c = { .n_klList = 4, .klList = k };
    Qot_GetKL_Response r = { .s2c = &s2c };
    Qot_Common_Security sec = { .code = STR("00700") };
    struct buf b = BUF_INIT;
    struct codec_error e;
    SET(&r, retType, 0);
    SET(&sec, market, 1);
    s2c.security = &sec;
    for (size_t i = 0; i < 3; i++) {
        k[i].time = STR("2030-01-02 09:30:00");
        SET(&k[i], isBlank, false);
    }
    ck_assert_int_eq(buf_puts(&b, "kept"), FUTU_OK);
    ck_assert_int_eq(codec_encode(&Qot_GetKL_Response_msg, &r, &b, &e), FUTU_EFORMAT);
    ck_assert_str_eq(e.path, "s2c.klList[3].time");
    ck_assert_str_eq(e.what, "required and missing");
    ck_assert_uint_eq(b.n, 4);
    k[3].time = STR("");
    SET(&k[3], isBlank, true);
    r.has_retType = false;
    ck_assert_int_eq(codec_encode(&Qot_GetKL_Response_msg, &r, &b, &e), FUTU_EFORMAT);
    ck_assert_str_eq(e.path, "retType");
    SET(&r, retType, 0);
    ck_assert_int_eq(codec_encode(&Qot_GetKL_Response_msg, &r, &b, &e), FUTU_OK);
    buf_free(&b);
}
END_TEST

START_TEST(a_list_without_elements_behind_its_count_is_an_error)
{
    Qot_GetBasicQot_C2S c2s = { .n_securityList = 2 };
    Qot_GetBasicQot_Request rq = { .c2s = &c2s };
    struct buf b = BUF_INIT;
    struct codec_error e;
    ck_assert_int_eq(codec_encode(&Qot_GetBasicQot_Request_msg, &rq, &b, &e), FUTU_EFORMAT);
    ck_assert_str_eq(e.path, "c2s.securityList");
    buf_free(&b);
}
END_TEST

START_TEST(a_failure_has_type_text_and_code)
{
    struct buf b = BUF_INIT;
    ck_assert_int_eq(codec_failure(&b, RET_FAILED, 0, STR("no")), FUTU_OK);
    expect_bytes(&b, "08ffffffffffffffffff0112026e6f1800");
    b.n = 0;
    ck_assert_int_eq(codec_failure(&b, RET_TIMEOUT, 1019, STR_NULL), FUTU_OK);
    expect_bytes(&b, "089cffffffffffffffff01120018fb07");
    size_t n;
    for (const struct proto_row *row = proto_rows(&n), *end = row + n; row < end; row++)
        if (row->response)
            ck_assert_int_eq(codec_check(row->response, b.p, b.n, NULL, NULL), FUTU_OK);
    buf_free(&b);
}
END_TEST

START_TEST(a_full_buffer_leaves_what_was_there)
{
    InitConnect_C2S c2s = { .clientID = STR("a client with a long name") };
    InitConnect_Request rq = { .c2s = &c2s };
    SET(&c2s, clientVer, 300);
    for (size_t max = 1; max < 40; max++) {
        struct buf b = BUF_MAX(max);
        struct codec_error e;
        ck_assert_int_eq(buf_byte(&b, 'x'), FUTU_OK);
        if (codec_encode(&InitConnect_Request_msg, &rq, &b, &e) != FUTU_OK) {
            ck_assert_uint_eq(b.n, 1);
            ck_assert_ptr_nonnull(strstr(e.what, "over a limit"));
        }
        buf_free(&b);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_login_is_the_bytes_of_the_vector);
    tcase_add_test(tc, a_body_over_127_bytes_gets_a_longer_length);
    tcase_add_test(tc, a_missing_required_field_is_named_and_nothing_is_written);
    tcase_add_test(tc, a_list_without_elements_behind_its_count_is_an_error);
    tcase_add_test(tc, a_failure_has_type_text_and_code);
    tcase_add_test(tc, a_full_buffer_leaves_what_was_there);
}

int main(void)
{
    return run_tcase("encode", add);
}
