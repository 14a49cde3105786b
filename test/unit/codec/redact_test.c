/* redact_test.c - secrets leave a mask with their length; all else stays as it is. */
#include "codec/redact.h"

#include "../support.h"
#include "codec/registry.h"

static const struct {
    const char *in, *out;
} texts[] = {
    /* JSON */
    { "", "" },
    { "{\"a\":1,\"b\":[\"x\",{\"c\":null}]}", "{\"a\":1,\"b\":[\"x\",{\"c\":null}]}" },
    { "{\"password\":\"abc\"}", "{\"password\":\"<redacted:3>\"}" },
    { " { \"pwdMD5\" : \"\" , \"x\":1 }", " { \"pwdMD5\" : \"<redacted:0>\" , \"x\":1 }" },
    { "{\"token\":\"a\\\"b\\u20ac\",\"x\":\"y\"}", "{\"token\":\"<redacted:6>\",\"x\":\"y\"}" },
    { "{\"to\\u006ben\":\"abc\"}", "{\"to\\u006ben\":\"<redacted:3>\"}" },
    { "{\"secret\":12345,\"x\":1}", "{\"secret\":\"<redacted:5>\",\"x\":1}" },
    { "{\"secret\":{\"a\":[1,\"}\"]},\"x\":1}", "{\"secret\":\"<redacted:13>\",\"x\":1}" },
    { "[{\"api_key\":\"k\"},{\"apiKey\":\"kk\"}]",
      "[{\"api_key\":\"<redacted:1>\"},{\"apiKey\":\"<redacted:2>\"}]" },
    { "{\"c2s\":{\"userOtp\":\"123456\"}}", "{\"c2s\":{\"userOtp\":\"<redacted:6>\"}}" },
    { "{\"hotPlate\":\"x\",\"code\":\"00700\"}", "{\"hotPlate\":\"x\",\"code\":\"00700\"}" },
    { "{\"password\":\"ab", "{\"password\":\"<redacted:3>\"" },
    { "{\"password\":\"ab\\", "{\"password\":\"<redacted:4>\"" },
    { "{\"password\" ", "{\"password\" " },
    { "{\"password\":", "{\"password\":" },
    { "{\"password\":junk \"ab\"}", "{\"password\":\"<redacted:9>\"}" },
    { "{\"x\":\"password\",\"y\":\"password\"}", "{\"x\":\"password\",\"y\":\"password\"}" },
    /* lines */
    { "GET /ws?token=fc_12&x=1 HTTP/1.1\r\nHost: a:1\r\nauthorization:  bearer fc_12\r\nA: b\r\n",
      "GET /ws?token=<redacted:5>&x=1 HTTP/1.1\r\nHost: a:1\r\nauthorization:  bearer "
      "<redacted:5>\r\nA: b\r\n" },
    { "Authorization: fc_12", "Authorization: <redacted:5>" },
    { "X-Api-Key: ab cd\nX: y", "X-Api-Key: <redacted:5>\nX: y" },
    { "Cookie: a=b; c=d", "Cookie: <redacted:8>" },
    { "?token=abc", "?token=<redacted:3>" },
    { "a=1&%74oken=abc&b=2", "a=1&%74oken=<redacted:3>&b=2" },
    { "user=me&password=a,b;c'd", "user=me&password=<redacted:7>" },
    { "password = abc", "password = <redacted:3>" },
    { "key Bearer abc is unknown", "key Bearer <redacted:3> is unknown" },
    { "GET /api/quote?symbol=HK.00700 HTTP/1.1", "GET /api/quote?symbol=HK.00700 HTTP/1.1" },
};

START_TEST(what_stands_behind_a_secret_name_is_masked)
{
    struct buf out = BUF_INIT;
    ck_assert_int_eq(buf_puts(&out, "> "), FUTU_OK);
    ck_assert_int_eq(redact_text(str_c(texts[_i].in), &out), FUTU_OK);
    ck_assert_int_eq(buf_byte(&out, '\0'), FUTU_OK);
    ck_assert_str_eq((const char *)out.p + 2, texts[_i].out);
    buf_free(&out);
}
END_TEST

START_TEST(names_of_secrets)
{
    static const char *const yes[] = {
        "pwdMD5", "loginPwd", "loginPwdMD5", "login_pwd_md5", "password", "trade_password",
        "passwd", "token", "accessToken", "secret", "client-secret", "Authorization",
        "Proxy-Authorization", "api_key", "apikey", "X-API-Key", "otp", "OTP", "smsOtp", "otp_code",
        "connAESKey", "conn_aes_key", "aesCBCiv", "aes_cbciv", "websocketKey", "RSAPrivateKey",
        "rsa_private_key", "Set-Cookie",
    };
    static const char *const no[] = { "", "code", "key", "key_id", "idempotency_key", "nextReqKey",
                                      "hotPlate", "optional", "robotPush", "potp", "security",
                                      "accID", "user" };
    for (size_t i = 0; i < ARRAY_LEN(yes); i++)
        ck_assert_msg(redact_is_secret(str_c(yes[i])), "%s", yes[i]);
    for (size_t i = 0; i < ARRAY_LEN(no); i++)
        ck_assert_msg(!redact_is_secret(str_c(no[i])), "%s", no[i]);
}
END_TEST

/* Makes a request of JSON and says how it is logged. */
static void logged_is(const char *proto, bool response, const char *json, size_t max,
                      const char *want)
{
    const struct proto_row *row = proto_by_name(str_c(proto));
    const futu_msg *m = response ? row->response : row->request;
    struct buf pb = BUF_INIT, out = BUF_INIT;
    ck_assert_int_eq(codec_from_json(m, str_c(json), CODEC_DECLARED, &pb, NULL, NULL), FUTU_OK);
    ck_assert_int_eq(redact_json(m, pb.p, pb.n, max, &out), FUTU_OK);
    ck_assert_int_eq(buf_byte(&out, '\0'), FUTU_OK);
    ck_assert_str_eq((const char *)out.p, want);
    buf_free(&pb);
    buf_free(&out);
}

START_TEST(messages_are_logged_without_their_secrets)
{
    logged_is("Trd_UnlockTrade", false, "{\"c2s\":{\"unlock\":true,\"pwdMD5\":\"0123\"}}", 1000,
              "{\"c2s\":{\"unlock\":true,\"pwdMD5\":\"<redacted:4>\"}}");
    logged_is("InitConnect", true,
              "{\"retType\":0,\"s2c\":{\"serverVer\":1,\"loginUserID\":\"2\",\"connID\":\"3\","
              "\"connAESKey\":\"0123456789abcdef\",\"keepAliveInterval\":10,\"aesCBCiv\":\"x\"}}",
              1000,
              "{\"retType\":0,\"s2c\":{\"serverVer\":1,\"loginUserID\":\"2\",\"connID\":\"3\","
              "\"connAESKey\":\"<redacted:16>\",\"keepAliveInterval\":10,"
              "\"aesCBCiv\":\"<redacted:1>\"}}");
    logged_is("Qot_GetBasicQot", false,
              "{\"c2s\":{\"securityList\":[{\"market\":1,\"code\":\"00700\"}]}}", 1000,
              "{\"c2s\":{\"securityList\":[{\"market\":1,\"code\":\"00700\"}]}}");
    logged_is("Verification", false, "{\"c2s\":{\"type\":2,\"op\":2,\"code\":\"123456\"}}", 1000,
              "{\"c2s\":{\"type\":2,\"op\":2,\"code\":\"<redacted:6>\"}}");
}
END_TEST

#define HEAD "{\"c2s\":{\"clientVer\":1,\"clientID\":\""

START_TEST(long_messages_are_cut_between_characters)
{
    static const char json[] = HEAD "\xe2\x82\xac\xe2\x82\xac\"}}";
    logged_is("InitConnect", false, json, 1000, json);
    logged_is("InitConnect", false, json, sizeof(json) - 1, json);
    logged_is("InitConnect", false, json, 41, HEAD "\xe2\x82\xac...");
    logged_is("InitConnect", false, json, 40, HEAD "\xe2\x82\xac...");
    logged_is("InitConnect", false, json, 39, HEAD "...");
    logged_is("InitConnect", false, json, 2, "..");
}
END_TEST

START_TEST(what_is_no_message_is_counted)
{
    struct buf out = BUF_INIT;
    ck_assert_int_eq(redact_json(NULL, (const uint8_t *)"abc", 3, 99, &out), FUTU_OK);
    ck_assert_int_eq(redact_json(proto_find(1002)->request, (const uint8_t *)"abc", 3, 99, &out),
                     FUTU_OK);
    ck_assert(str_is(buf_str(&out), "<3 bytes><3 bytes>"));
    buf_free(&out);
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    struct buf pb = BUF_INIT;
    const futu_msg *m = proto_by_name(STR("Trd_UnlockTrade"))->request;
    ck_assert_int_eq(codec_from_json(m, STR("{\"c2s\":{\"unlock\":true,\"pwdMD5\":\"0123\"}}"),
                                     CODEC_DECLARED, &pb, NULL, NULL), FUTU_OK);
    for (long n = 0; test_alloc_fail_at(n); n++) {
        struct buf out = BUF_INIT;
        futu_err err = redact_json(m, pb.p, pb.n, 1000, &out);
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        ck_assert(!err == (out.n > 0));
        buf_free(&out);
    }
    buf_free(&pb);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, what_stands_behind_a_secret_name_is_masked, 0, (int)ARRAY_LEN(texts));
    tcase_add_test(tc, names_of_secrets);
    tcase_add_test(tc, messages_are_logged_without_their_secrets);
    tcase_add_test(tc, long_messages_are_cut_between_characters);
    tcase_add_test(tc, what_is_no_message_is_counted);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("redact", add);
}
