/* resub_test.c - what is remembered of subscribing, and the requests that restore it. */
#include "client/resub.h"

#include <stdio.h>

#include "base/buf.h"
#include "support.h"

static struct resub r;
static struct buf log_text;

static void setup(void)
{
    resub_init(&r);
    log_text = (struct buf)BUF_INIT;
}

static void teardown(void)
{
    resub_free(&r);
    buf_free(&log_text);
}

static void note(uint32_t proto, const char *json)
{
    struct buf body = BUF_INIT;
    ck_assert_int_eq(codec_from_json(proto_find(proto)->request, str_c(json), CODEC_DECLARED, &body,
                                     NULL, NULL), FUTU_OK);
    ck_assert(resub_cares(proto));
    ck_assert_int_eq(resub_note(&r, proto, body.p, body.n), FUTU_OK);
    buf_free(&body);
}

/* Each request as a line of JSON. */
static futu_err log_request(void *arg, uint32_t proto, const void *request)
{
    struct buf body = BUF_INIT;
    const futu_msg *m = proto_find(proto)->request;
    (void)arg;
    ck_assert_int_eq(codec_encode(m, request, &body, NULL), FUTU_OK);
    ck_assert_int_eq(codec_to_json(m, body.p, body.n, CODEC_DECLARED, &log_text, NULL, NULL), 0);
    ck_assert_int_eq(buf_byte(&log_text, '\n'), FUTU_OK);
    buf_free(&body);
    return FUTU_OK;
}

static void expect(const char *want)
{
    log_text.n = 0;
    ck_assert_int_eq(resub_replay(&r, log_request, NULL), FUTU_OK);
    ck_assert_int_eq(buf_byte(&log_text, 0), FUTU_OK);
    ck_assert_str_eq((const char *)log_text.p, want);
}

#define SEC(code) "{\"market\":1,\"code\":\"" code "\"}"
#define SUB(list, types, more)                                                                     \
    "{\"c2s\":{\"securityList\":[" list "],\"subTypeList\":[" types "],\"isSubOrUnSub\":true" more \
    "}}"
#define UNSUB(list, types)                                                                         \
    "{\"c2s\":{\"securityList\":[" list "],\"subTypeList\":[" types "],\"isSubOrUnSub\":false}}"
#define OUT(list, type, push, rehabs, first, more)                                                 \
    "{\"c2s\":{\"securityList\":[" list "],\"subTypeList\":[" type "],\"isSubOrUnSub\":true,"      \
    "\"isRegOrUnRegPush\":" push "," rehabs "\"isFirstPush\":" first                               \
    ",\"isSubOrderBookDetail\":false,\"extendedTime\":false" more "}}\n"
#define PUSH ",\"isRegOrUnRegPush\":true"

START_TEST(nothing_gives_nothing)
{
    expect("");
    ck_assert(!resub_cares(3004));
}
END_TEST

START_TEST(calls_are_merged_by_sub_type_and_options)
{
    note(3001, SUB(SEC("00700"), "1,4", PUSH));
    note(3001, SUB(SEC("00005"), "1", PUSH));
    note(3001, SUB(SEC("09988"), "1", ""));
    ck_assert_uint_eq(resub_count(&r), 4);
    expect(OUT(SEC("00700") "," SEC("00005"), "1", "true", "", "true", "")
           OUT(SEC("00700"), "4", "true", "", "true", "")
           OUT(SEC("09988"), "1", "false", "", "true", ""));
}
END_TEST

START_TEST(the_last_options_count)
{
    note(3001, SUB(SEC("00700"), "1", PUSH ",\"isFirstPush\":false"));
    note(3001, SUB(SEC("00700"), "1", ",\"session\":3,\"header\":{\"securityFirm\":2}"));
    ck_assert_uint_eq(resub_count(&r), 1);
    expect(OUT(SEC("00700"), "1", "true", "", "false",
               ",\"session\":3,\"header\":{\"securityFirm\":2}"));
}
END_TEST

START_TEST(unsubscribing_forgets)
{
    note(3001, SUB(SEC("00700") "," SEC("00005"), "1,4", PUSH));
    note(3001, UNSUB(SEC("00700"), "1,4,5"));
    expect(OUT(SEC("00005"), "1", "true", "", "true", "")
           OUT(SEC("00005"), "4", "true", "", "true", ""));
    note(3001, "{\"c2s\":{\"isSubOrUnSub\":false,\"isUnsubAll\":true}}");
    expect("");
}
END_TEST

START_TEST(pushes_by_rehab_type)
{
    note(3001, SUB(SEC("00700"), "6", ""));
    note(3002, "{\"c2s\":{\"securityList\":[" SEC("00700") "],\"subTypeList\":[6],"
               "\"rehabTypeList\":[2,0],\"isRegOrUnReg\":true}}");
    expect(OUT(SEC("00700"), "6", "true", "\"regPushRehabTypeList\":[0,2],", "true", ""));
    note(3002, "{\"c2s\":{\"securityList\":[" SEC("00700") "],\"subTypeList\":[6],"
               "\"rehabTypeList\":[0],\"isRegOrUnReg\":false}}");
    expect(OUT(SEC("00700"), "6", "true", "\"regPushRehabTypeList\":[2],", "true", ""));
    note(3002, "{\"c2s\":{\"securityList\":[" SEC("00700") "," SEC("00001") "],\"subTypeList\":[6],"
               "\"isRegOrUnReg\":false}}");
    expect(OUT(SEC("00700"), "6", "false", "", "true", ""));
}
END_TEST

START_TEST(accounts_are_replaced)
{
    note(2008, "{\"c2s\":{\"accIDList\":[1,2]}}");
    note(2008, "{\"c2s\":{\"accIDList\":[3]}}");
    expect("{\"c2s\":{\"accIDList\":[\"3\"]}}\n");
    note(2008, "{\"c2s\":{}}");
    expect("");
}
END_TEST

START_TEST(long_lists_are_cut)
{
    char json[256];
    unsigned lines = 0;
    for (int i = 0; i < 2 * RESUB_PER_CALL + 1; i++) {
        snprintf(json, sizeof(json),
                 "{\"c2s\":{\"securityList\":[{\"market\":11,\"code\":\"X%d\"}],"
                 "\"subTypeList\":[1],\"isSubOrUnSub\":true}}", i);
        note(3001, json);
    }
    ck_assert_int_eq(resub_replay(&r, log_request, NULL), FUTU_OK);
    for (size_t i = 0; i < log_text.n; i++)
        lines += log_text.p[i] == '\n';
    ck_assert_uint_eq(lines, 3);
}
END_TEST

static futu_err refuse(void *arg, uint32_t proto, const void *request)
{
    (void)proto;
    (void)request;
    ++*(int *)arg;
    return FUTU_ELIMIT;
}

START_TEST(the_first_error_ends_it)
{
    int calls = 0;
    note(3001, SUB(SEC("00700"), "1,4", PUSH));
    note(2008, "{\"c2s\":{\"accIDList\":[1,2]}}");
    ck_assert_int_eq(resub_replay(&r, refuse, &calls), FUTU_ELIMIT);
    ck_assert_int_eq(calls, 1);
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    static const char *const json[] = { SUB(SEC("00700") "," SEC("00005"), "1,4,6", PUSH),
                                        "{\"c2s\":{\"accIDList\":[1,2]}}" };
    static const uint32_t protos[] = { 3001, 2008 };
    for (size_t i = 0; i < ARRAY_LEN(json); i++) {
        struct buf body = BUF_INIT;
        ck_assert_int_eq(codec_from_json(proto_find(protos[i])->request, str_c(json[i]),
                                         CODEC_DECLARED, &body, NULL, NULL), FUTU_OK);
        for (long n = 0; test_alloc_fail_at(n); n++) {
            struct resub own;
            resub_init(&own);
            futu_err err = resub_note(&own, protos[i], body.p, body.n);
            ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
            resub_free(&own);
        }
        buf_free(&body);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, nothing_gives_nothing);
    tcase_add_test(tc, calls_are_merged_by_sub_type_and_options);
    tcase_add_test(tc, the_last_options_count);
    tcase_add_test(tc, unsubscribing_forgets);
    tcase_add_test(tc, pushes_by_rehab_type);
    tcase_add_test(tc, accounts_are_replaced);
    tcase_add_test(tc, long_lists_are_cut);
    tcase_add_test(tc, the_first_error_ends_it);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("resub", add);
}
