/* auth_answer_test.c - answers of the auth servers, read strictly; their redaction for logs. */
#include "upstream/broker/auth_answer.h"

#include <stdio.h>

#include "../../support.h"
#include "upstream/broker/auth_log.h"

static struct auth_answer a;
static char why[200];

static futu_err parse(const char *text)
{
    return auth_answer_parse(&a, str_c(text), why, sizeof(why));
}

static void check_text(const struct secret *s, const char *text)
{
    ck_assert_uint_eq(s->n, strlen(text));
    ck_assert_mem_eq(s->p, text, s->n);
}

static const char login[] =
    "{\"error\":null,\"other\":[1,{\"uid\":2}],\"result\":{\"uid\":\"9000001\","
    "\"svr_time\":1700000000,\"client_sig\":\"QUJD\",\"client_key\":\"S0VZ\","
    "\"tgtgt_new\":\"t\\u0041\",\"rand_key_new\":\"r\","
    "\"device_sig_new\":\"\",\"web_sig_new\":\"w\",\"cltsig_invalidtime\":86400,\"unknown\":{},"
    "\"auth_code_list\":[{\"broker_id\":1001,\"auth_code\":\"c1\",\"invalid_time\":5},"
    "{\"broker_id\":\"1007\",\"auth_code\":\"c2\"},{\"broker_id\":1008},7,"
    "{\"broker_id\":1001,\"auth_code\":\"again\"}]}}";

START_TEST(a_login_is_read_with_its_brokers)
{
    ck_assert_msg(parse(login) == FUTU_OK, "%s", why);
    ck_assert_int_eq(a.code, 0);
    ck_assert(a.has_result);
    ck_assert_uint_eq(a.uid, 9000001);
    ck_assert_uint_eq(a.server_time_s, 1700000000);
    ck_assert_uint_eq(a.sig_life_s, 86400);
    check_text(&a.client_sig, "QUJD");
    check_text(&a.ticket, "tA");
    check_text(&a.web_sig, "w");
    ck_assert_uint_eq(a.device_sig.n, 0);
    ck_assert_uint_eq(a.n_codes, 2);        /* malformed and repeated ones are passed over */
    ck_assert_int_eq(a.codes[1].broker_id, 1007);
    check_text(&a.codes[0].code, "c1");
    ck_assert_uint_eq(a.codes[0].invalid_s, 5);
    auth_answer_free(&a);
}
END_TEST

START_TEST(an_error_is_read_with_what_the_next_call_needs)
{
    ck_assert_int_eq(parse("{\"result\":null,\"error\":{\"error_code\":20,\"error_msg\":\"a\\nb\","
                           "\"device_verify_sig\":\"dvs\",\"uid\":7,"
                           "\"phone_no\":\"152****1234\"}}"), FUTU_OK);
    ck_assert_int_eq(a.code, 20);
    ck_assert_str_eq(a.msg, "a b");
    ck_assert_str_eq(a.phone, "152****1234");
    check_text(&a.verify_sig, "dvs");
    ck_assert_uint_eq(a.uid, 7);
    auth_answer_free(&a);
    ck_assert_int_eq(parse("{\"error\":{\"error_code\":-102}}"), FUTU_OK);
    ck_assert_int_eq(a.code, -102);
    auth_answer_free(&a);
}
END_TEST

START_TEST(what_is_no_answer_is_refused_by_name)
{
    static const struct { const char *text, *names; } all[] = {
        { "", "object" }, { "[]", "object" }, { "{", "" }, { "{}", "neither" },
        { "{\"result\":null,\"error\":null}", "neither" },
        { "{\"result\":{\"uid\":1}} x", "follows" },
        { "{\"result\":{\"uid\":1.5}}", "uid" }, { "{\"result\":{\"uid\":-1}}", "uid" },
        { "{\"result\":{\"uid\":[]}}", "uid" }, { "{\"result\":{\"salt\":3}}", "salt" },
        { "{\"result\":{\"uid\":1,\"uid\":2}}", "twice" },
        { "{\"result\":{\"uid\":1},\"result\":{\"uid\":1}}", "twice" },
        { "{\"result\":5}", "object" }, { "{\"error\":{\"error_code\":\"x\"}}", "error_code" },
        { "{\"result\":{\"auth_code_list\":{}}}", "auth_code_list" },
        { "{\"result\":{\"broker_id\":4294967296}}", "broker_id" },
        { "{\"result\":{\"salt\":\"\xff\"}}", "salt" },
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        ck_assert_msg(parse(all[i].text) == FUTU_EFORMAT, "%s", all[i].text);
        ck_assert_msg(strstr(why, all[i].names) != NULL, "%s: %s", all[i].text, why);
    }
}
END_TEST

START_TEST(limits_hold)
{
    static char text[AUTH_ANSWER_MAX + 2];
    memset(text, ' ', sizeof(text) - 1);
    ck_assert_int_eq(parse(text), FUTU_EFORMAT);
    memset(text, 0, sizeof(text));
    size_t n = (size_t)snprintf(text, sizeof(text), "{\"result\":{\"salt\":\"");
    memset(text + n, 'a', AUTH_TEXT_MAX + 1);
    memcpy(text + n + AUTH_TEXT_MAX + 1, "\"}}", 3);
    ck_assert_int_eq(parse(text), FUTU_EFORMAT);
    ck_assert_ptr_nonnull(strstr(why, "salt: too long"));
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    for (long n = 0; test_alloc_fail_at(n); n++) {
        futu_err err = parse(login);
        ck_assert(err == FUTU_OK || err == FUTU_ENOMEM);
        auth_answer_free(&a);
    }
}
END_TEST

static const char *redact(const char *text)
{
    static char out[2048];
    struct buf b = BUF_INIT;
    ck_assert_int_eq(auth_log_redact(str_c(text), &b), FUTU_OK);
    str_copy(out, sizeof(out), buf_str(&b));
    buf_free(&b);
    return out;
}

START_TEST(logs_show_who_and_hide_what_proves_it)
{
    static const struct { const char *in, *out; } all[] = {
        { "{\"account\":\"1\",\"tgtgt\":\"abc\",\"uid\":5}",
          "{\"account\":\"1\",\"tgtgt\":\"<REDACTED len=3>\",\"uid\":5}" },
        { "{\"result\":{\"salt\":\"s\", \"svr_time\": 9,\"client_key\" : \"kk\"}}",
          "{\"result\":{\"salt\":\"<REDACTED len=1>\", \"svr_time\": 9,\"client_key\" : "
          "\"<REDACTED len=2>\"}}" },
        { "{\"salt32\":null,\"web_sig_new\":{\"a\":1}}",
          "{\"salt32\":null,\"web_sig_new\":\"<REDACTED len=7>\"}" },
        { "{\"device_code\":123456}", "{\"device_code\":\"<REDACTED len=6>\"}" },
        { "{\"moomoo_web_sig_new\":\"xy\"}", "{\"moomoo_web_sig_new\":\"<REDACTED len=2>\"}" },
        { "/authority/req_device_code?dvs=abcd&send_mode=0",
          "/authority/req_device_code?dvs=<REDACTED len=4>&send_mode=0" },
        { "/authority/salt?account=1&ret_no_uid=true",
          "/authority/salt?account=1&ret_no_uid=true" },
        { "<html>secret</html>", "<REDACTED len=19>" },
        { "{\"tgtgt\":\"abc", "<REDACTED len=13>" },
        { "", "" },
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        ck_assert_str_eq(redact(all[i].in), all[i].out);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_login_is_read_with_its_brokers);
    tcase_add_test(tc, an_error_is_read_with_what_the_next_call_needs);
    tcase_add_test(tc, what_is_no_answer_is_refused_by_name);
    tcase_add_test(tc, limits_hold);
    tcase_add_test(tc, every_failed_allocation_is_clean);
    tcase_add_test(tc, logs_show_who_and_hide_what_proves_it);
}

int main(void)
{
    return run_tcase("auth_answer", add);
}
