/* auth_call_test.c - requests by the dialect's tables; its keys, tickets, numbers; error codes. */
#include "upstream/broker/auth_call.h"

#include "../../support.h"
#include "base/bytes.h"
#include "crypt/digest.h"
#include "upstream/broker/auth_error.h"

static struct auth_values values(void)
{
    struct auth_values v = { .uid = 42, .broker_id = 1001 };
    static const char *const texts[AV_VALUES] = {
        [AV_ACCOUNT] = "user@example.com", [AV_REGION] = "86", [AV_TICKET] = "T\"t",
        [AV_DEVICE_ID] = "0123456789abcdef", [AV_DEVICE_SIG] = "ds", [AV_VERIFY_SIG] = "d v/s+=",
        [AV_CODE_SIG] = "cs", [AV_CODE] = "123456", [AV_THIRD_SIG] = "ts", [AV_WEB_SIG] = "ws",
        [AV_AUTH_CODE] = "ac", [AV_ALIAS] = "a", [AV_DEVICE_TYPE] = "PC", [AV_OS_VER] = "o",
    };
    for (size_t i = 0; i < AV_VALUES; i++)
        v.text[i] = str_c(texts[i]);
    return v;
}

static void check(enum auth_call call, const struct auth_values *v, const char *target,
                  const char *body)
{
    struct auth_request rq;
    ck_assert_int_eq(auth_request_build(&rq, call, v), FUTU_OK);
    ck_assert(str_is(buf_str(&rq.target), target));
    ck_assert_uint_eq(rq.body.n, strlen(body));
    if (rq.body.n)
        ck_assert_mem_eq(rq.body.p, body, rq.body.n);
    auth_request_free(&rq);
}

START_TEST(each_call_carries_its_fields)
{
    struct auth_values v = values();
    check(AUTH_SALT, &v, "/authority/salt?account=user%40example.com&ret_no_uid=true", "");
    check(AUTH_SEND_CODE, &v, "/authority/req_device_code?dvs=d%20v%2Fs%2B%3D&send_mode=0"
                              "&is_send_no_wait=False", "");
    check(AUTH_LOGIN, &v, "/authority/",
          "{\"uid\":42,\"tgtgt\":\"T\\\"t\",\"device_id\":\"0123456789abcdef\","
          "\"device_sig\":\"ds\",\"device_alias\":\"a\",\"device_type\":\"PC\",\"os_ver\":\"o\","
          "\"sens_state\":\"true\"}");
    check(AUTH_CHECK_CODE, &v, "/authority/verify_device_code",
          "{\"uid\":42,\"device_id\":\"0123456789abcdef\",\"verify_mode\":0,\"device_alias\":\"a\","
          "\"sens_state\":\"true\",\"device_type\":\"PC\",\"device_code_sig\":\"cs\","
          "\"device_code\":\"123456\",\"tgtgt\":\"T\\\"t\"}");
    check(AUTH_REPULL, &v, "/authority/repull_auth_code",
          "{\"uid\":42,\"device_id\":\"0123456789abcdef\",\"web_sig\":\"ws\",\"broker_id\":1001}");
    check(AUTH_BROKER, &v, "/broker_auth/client_auth",
          "{\"uid\":42,\"auth_code\":\"ac\",\"device_id\":\"0123456789abcdef\","
          "\"broker_id\":1001}");
}
END_TEST

START_TEST(a_phone_without_uid_has_its_own_fields)
{
    struct auth_values v = values();
    v.uid = 0;
    v.phone = true;
    v.text[AV_ACCOUNT] = STR("13900000000");
    v.text[AV_DEVICE_SIG] = STR_NULL;
    check(AUTH_SALT, &v, "/authority/salt?account=13900000000&ret_no_uid=true&is_phone=true"
                         "&region_no=86", "");
    v.text[AV_LOGIN_REGION] = STR("sh");
    check(AUTH_LOGIN, &v, "/authority/",
          "{\"account\":\"13900000000\",\"is_phone\":\"true\",\"region_no\":\"86\","
          "\"login_region\":\"sh\",\"tgtgt\":\"T\\\"t\",\"device_id\":\"0123456789abcdef\","
          "\"device_alias\":\"a\",\"device_type\":\"PC\",\"os_ver\":\"o\","
          "\"sens_state\":\"true\"}");
}
END_TEST

START_TEST(an_empty_code_is_never_sent)
{
    struct auth_values v = values();
    struct auth_request rq;
    v.text[AV_CODE] = STR_NULL;
    ck_assert_int_eq(auth_request_build(&rq, AUTH_CHECK_CODE, &v), FUTU_EINVAL);
    ck_assert_int_eq(auth_request_build(&rq, AUTH_THIRD, &v), FUTU_EINVAL);
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    for (long n = 0; test_alloc_fail_at(n); n++) {
        struct auth_values v = values();
        struct auth_request rq = { 0 };
        futu_err err = auth_request_build(&rq, AUTH_LOGIN, &v);
        ck_assert(err == FUTU_OK || err == FUTU_ENOMEM);
        auth_request_free(&rq);
    }
}
END_TEST

/* By hand: S2 = MD5("5ebe...69" "salt"), S3 = SHA-256(hex(S2) "salt32"). */
START_TEST(the_key_of_a_ticket_follows_the_documented_form)
{
    const futu_str md5_hex = STR("5ebe2294ecd0e0f08eab7690d2a6ee69");
    struct secret key = SECRET_NULL;
    uint8_t s2[16], s3[32];
    char text[64];
    md5("5ebe2294ecd0e0f08eab7690d2a6ee69salt", 36, s2);
    ck_assert_int_eq(dialect_ticket_key(md5_hex, STR("salt"), STR(""), &key), FUTU_OK);
    ck_assert_uint_eq(key.n, 16);
    ck_assert_mem_eq(key.p, s2, 16);
    hex_lower(s2, 16, text);
    memcpy(text + 32, "salt32", 6);
    sha256(text, 38, s3);
    ck_assert_int_eq(dialect_ticket_key(md5_hex, STR("salt"), STR("salt32"), &key), FUTU_OK);
    ck_assert_uint_eq(key.n, 32);
    ck_assert_mem_eq(key.p, s3, 32);
    secret_wipe(&key);
}
END_TEST

START_TEST(a_rand_key_is_32_digits_and_another_each_time)
{
    struct secret a = SECRET_NULL, b = SECRET_NULL;
    ck_assert_int_eq(dialect_rand_key(&a), FUTU_OK);
    ck_assert_int_eq(dialect_rand_key(&b), FUTU_OK);
    ck_assert_uint_eq(a.n, DIALECT_RAND_KEY);
    for (size_t i = 0; i < a.n; i++)
        ck_assert(a.p[i] >= '0' && a.p[i] <= '9');
    ck_assert(memcmp(a.p, b.p, a.n) != 0);
    secret_wipe(&a);
    secret_wipe(&b);
}
END_TEST

START_TEST(a_ticket_is_laid_out_as_told)
{
    struct secret t = SECRET_NULL;
    struct dialect_ticket in = {
        .account = STR("12345678"), .md5 = STR("5ebe2294ecd0e0f08eab7690d2a6ee69"),
        .rand_key = STR("01234567890123456789012345678901"), .made_s = 0x01020304,
        .ends_s = 0x01020304 + DIALECT_TICKET_S,
    };
    ck_assert_int_eq(dialect_ticket(&in, &t), FUTU_OK);
    ck_assert_uint_eq(t.n, 8 + 8 + 16 + 4 + 32 + 8);
    ck_assert_mem_eq(t.p, "\x08\0\0\0\0\0\0\x08" "12345678\x5e\xbe\x22\x94", 20);
    ck_assert_mem_eq(t.p + t.n - 8, "\x01\x02\x03\x04", 4);
    ck_assert_uint_eq(get_be32(t.p + t.n - 4), 0x01020304 + 30 * 86400);
    secret_wipe(&t);
    in.md5 = STR("x");
    ck_assert_int_eq(dialect_ticket(&in, &t), FUTU_EINVAL);
}
END_TEST

START_TEST(a_code_s_end_is_a_time_or_a_life)
{
    ck_assert_int_eq(dialect_code_end(0, 1700000000, 0), 0);
    ck_assert_int_eq(dialect_code_end(2592000, 1700000000, 50), 1700000000 + 2592000);
    ck_assert_int_eq(dialect_code_end(1702592000, 1700000000, 50), 1702592000 - 50);
    ck_assert_int_eq(dialect_code_end(UINT64_MAX, 1700000000, 50), 0);
}
END_TEST

START_TEST(brokers_are_known_by_number)
{
    ck_assert_str_eq(dialect_broker(1001)->host, "authority.futuhk.com");
    ck_assert_int_eq(dialect_broker(1012)->firm, 7);
    ck_assert_ptr_null(dialect_broker(1022)->host);
    ck_assert_ptr_null(dialect_broker(1));
}
END_TEST

START_TEST(codes_have_their_reactions)
{
    static const struct { int code; enum auth_reaction reaction; } all[] = {
        { 2, ARE_RETRY_PASSWORD }, { 11, ARE_FINAL }, { 15, ARE_LIMITED }, { 20, ARE_VERIFY },
        { 21, ARE_WRONG_CODE }, { 33, ARE_THIRD }, { 45, ARE_FINAL }, { 99, ARE_FINAL },
        { 20029, ARE_NO_CUSTOMER }, { 12345, ARE_RETRY_PASSWORD },
    };
    struct auth_server s;
    char hint[AUTH_HINT_MAX];
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        ck_assert_int_eq(auth_error_row(all[i].code)->reaction, all[i].reaction);
    auth_server_set(&s, PLATFORM_MOOMOO);
    auth_error_hint(2, &s, hint, sizeof(hint));
    ck_assert_ptr_nonnull(strstr(hint, "--platform futunn"));
    auth_error_hint(15, &s, hint, sizeof(hint));
    ck_assert_ptr_nonnull(strstr(hint, "[4]"));         /* nothing of it is cut off */
    ck_assert_ptr_nonnull(strstr(hint, "ask its support"));
    ck_assert_ptr_null(strstr(hint, "password is wrong"));
    auth_error_hint(12345, &s, hint, sizeof(hint));
    ck_assert_str_eq(hint, "");
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, each_call_carries_its_fields);
    tcase_add_test(tc, a_phone_without_uid_has_its_own_fields);
    tcase_add_test(tc, an_empty_code_is_never_sent);
    tcase_add_test(tc, every_failed_allocation_is_clean);
    tcase_add_test(tc, the_key_of_a_ticket_follows_the_documented_form);
    tcase_add_test(tc, a_rand_key_is_32_digits_and_another_each_time);
    tcase_add_test(tc, a_ticket_is_laid_out_as_told);
    tcase_add_test(tc, a_code_s_end_is_a_time_or_a_life);
    tcase_add_test(tc, brokers_are_known_by_number);
    tcase_add_test(tc, codes_have_their_reactions);
}

int main(void)
{
    return run_tcase("auth_call", add);
}
