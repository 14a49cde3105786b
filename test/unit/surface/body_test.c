/* body_test.c - what callers write, against the Request that they mean. */
#include "surface/body.h"

#include "../support.h"

static struct buf pb, json, out;
static struct body_extra extra;
static struct body_error error;
static struct body_fill with;

static void setup(void)
{
    pb = json = out = (struct buf)BUF_INIT;
    with = (struct body_fill){ .conn_id = 77, .serial = 5 };
}

static void teardown(void)
{
    buf_free(&pb);
    buf_free(&json);
    buf_free(&out);
}

static futu_err to_pb(uint32_t proto, const char *text)
{
    error.text[0] = '\0';
    return body_to_pb(proto_find(proto), str_c(text), &with, &pb, &extra, &error);
}

/* The Request that `text` gives, as JSON with declared names in the order of the tags. */
static void gives(uint32_t proto, const char *text, const char *want)
{
    const struct proto_row *row = proto_find(proto);
    futu_err err = to_pb(proto, text);
    ck_assert_msg(err == FUTU_OK, "%s: %s", text, error.text);
    out.n = 0;
    ck_assert_int_eq(codec_to_json(row->request, pb.p, pb.n, CODEC_DECLARED, &out, NULL, NULL),
                     FUTU_OK);
    ck_assert_int_eq(buf_byte(&out, 0), FUTU_OK);
    ck_assert_str_eq((char *)out.p, want);
}

static void refused(uint32_t proto, const char *text, const char *code, const char *want)
{
    ck_assert_msg(to_pb(proto, text) != FUTU_OK, "%s", text);
    ck_assert_str_eq(error.text, want);
    ck_assert_str_eq(error.code, code);
    ck_assert_uint_eq(pb.n, 0);
}

START_TEST(c2s_and_the_flat_object_are_the_same)
{
    static const char want[] = "{\"c2s\":{\"securityList\":[{\"market\":1,\"code\":\"00700\"}]}}";
    gives(3004, "{\"c2s\":{\"securityList\":[{\"market\":1,\"code\":\"00700\"}]}}", want);
    gives(3004, "{\"c2s\":{\"security_list\":[{\"market\":1,\"code\":\"00700\"}]}}", want);
    gives(3004, " {\"security_list\":[{\"market\":1,\"code\":\"00700\"}]} ", want);
    gives(3004, "{\"security_list\":[\"HK.00700\"]}", want);
    gives(3004, "{\"codes\":[\"hk.00700\"]}", want);
    gives(3004, "{\"stocks\":[\"HK.00700\"],\"sub_type_list\":[1]}", want);
    gives(3004, "{\"symbol\":\"HK.00700\"}", want);
    gives(3004, "{\"c2s\":{\"code\":{\"market\":1,\"code\":\"00700\"}}}", want);
}
END_TEST

START_TEST(an_empty_body_is_an_empty_object)
{
    gives(3003, "", "{\"c2s\":{}}");
    gives(3003, " \n", "{\"c2s\":{}}");
    gives(3003, "{}", "{\"c2s\":{}}");
    gives(3003, "{\"c2s\":{}}", "{\"c2s\":{}}");
    ck_assert_int_eq(body_to_pb(proto_find(3003), STR_NULL, &with, &pb, &extra, &error), FUTU_OK);
    gives(1002, "", "{\"c2s\":{\"userID\":\"0\"}}");
    refused(3008, "", "missing_field", "c2s.security: required and missing");
}
END_TEST

START_TEST(a_security_may_be_a_code_wherever_one_is_expected)
{
    gives(3209, "{\"owner\":\"HK.00700\",\"begin_time\":\"2026-01-01\","
                "\"end_time\":\"2026-02-01\"}",
          "{\"c2s\":{\"owner\":{\"market\":1,\"code\":\"00700\"},\"beginTime\":\"2026-01-01\","
          "\"endTime\":\"2026-02-01\"}}");
    gives(3209, "{\"code\":\"US.AAPL\",\"start\":\"2026-01-01\",\"end\":\"2026-02-01\"}",
          "{\"c2s\":{\"owner\":{\"market\":11,\"code\":\"AAPL\"},\"beginTime\":\"2026-01-01\","
          "\"endTime\":\"2026-02-01\"}}");
    gives(3205, "{\"plate\":\"HK.BK1001\"}",
          "{\"c2s\":{\"plate\":{\"market\":1,\"code\":\"BK1001\"}}}");
    gives(3205, "{\"plate_code\":\"HK.BK1001\"}",
          "{\"c2s\":{\"plate\":{\"market\":1,\"code\":\"BK1001\"}}}");
    gives(3006, "{\"symbol\":\"HK.\\u0030700\",\"ktype\":2,\"autype\":1,\"num\":3}",
          "{\"c2s\":{\"rehabType\":1,\"klType\":2,\"security\":{\"market\":1,\"code\":\"0700\"},"
          "\"reqNum\":3}}");
    refused(3006, "{\"symbol\":\"00700\",\"kl_type\":2,\"rehab_type\":1,\"req_num\":3}",
            "bad_value",
            "c2s.security: a code with its market is expected, such as HK.00700");
    refused(3004, "{\"codes\":[\"HK.00700\",\"XX.1\"]}", "bad_value",
            "c2s.security_list[1]: a code with its market is expected, such as HK.00700");
    refused(3004, "{\"codes\":\"HK.00700\"}", "bad_value", "c2s.security_list: a list is expected");
}
END_TEST

START_TEST(an_order_may_be_flat)
{
    static const char want[] =
        "{\"c2s\":{\"packetID\":{\"connID\":\"77\",\"serialNo\":5},\"header\":{\"trdEnv\":0,"
        "\"accID\":\"9100002\",\"trdMarket\":2},\"trdSide\":1,\"orderType\":1,\"code\":\"MSFT\","
        "\"qty\":1,\"price\":10.5,\"secMarket\":2}}";
    gives(2202, "{\"acc_id\":9100002,\"trd_env\":0,\"trd_market\":2,\"trd_side\":1,"
                "\"order_type\":1,"
                "\"code\":\"US.MSFT\",\"qty\":1,\"price\":10.5}", want);
    gives(2202, "{\"acc_id\":9100002,\"env\":0,\"side\":1,\"order_type\":1,\"symbol\":\"us.MSFT\","
                "\"qty\":1,\"price\":10.5}", want);
    gives(2202, "{\"c2s\":{\"header\":{\"trd_env\":0,\"accID\":\"9100002\"},\"trdMarket\":2,"
                "\"trd_side\":1,\"order_type\":1,\"code\":\"MSFT\",\"qty\":1,\"price\":10.5,"
                "\"sec_market\":2}}", want);
    gives(2202, "{\"header\":{\"env\":0},\"acc_id\":9100002,\"c2s\":{\"market\":2,\"trd_side\":1,"
                "\"order_type\":1,\"code\":\"US.MSFT\",\"qty\":1,\"price\":10.5}}", want);
}
END_TEST

START_TEST(a_given_packet_id_stays)
{
    gives(2237, "{\"packet_id\":{\"conn_id\":1,\"serial_no\":2},\"acc_id\":18446744073709551615,"
                "\"trd_env\":0,\"trd_market\":1,\"order_id\":9007199254740993,"
                "\"reconfirm_reason\":1}",
          "{\"c2s\":{\"packetID\":{\"connID\":\"1\",\"serialNo\":2},\"header\":{\"trdEnv\":0,"
          "\"accID\":\"18446744073709551615\",\"trdMarket\":1},\"orderID\":\"9007199254740993\","
          "\"reconfirmReason\":1}}");
}
END_TEST

START_TEST(a_prefix_decides_the_markets)
{
#define MAX_QTYS(env, code, more) \
    "{\"acc_id\":1,\"trd_env\":" env ",\"order_type\":1,\"price\":1,\"code\":\"" code "\"" more "}"
#define WANT(env, market, code, sec) \
    "{\"c2s\":{\"header\":{\"trdEnv\":" env ",\"accID\":\"1\",\"trdMarket\":" market "}," \
    "\"orderType\":1,\"code\":\"" code "\",\"price\":1,\"secMarket\":" sec "}}"
    gives(2111, MAX_QTYS("0", "HK.00700", ""), WANT("0", "1", "00700", "1"));
    gives(2111, MAX_QTYS("0", "SH.600519", ""), WANT("0", "3", "600519", "31"));
    gives(2111, MAX_QTYS("1", "SZ.000001", ",\"trd_market\":4"), WANT("1", "4", "000001", "32"));
    gives(2111, MAX_QTYS("0", "BRK.B", ",\"trd_market\":2,\"sec_market\":2"),
          WANT("0", "2", "BRK.B", "2"));
    refused(2111, MAX_QTYS("1", "SZ.000001", ""), "missing_field",
            "c2s.header.trd_market: required and missing");
    refused(2111, MAX_QTYS("0", "SZ.000001", ",\"sec_market\":31"), "bad_value",
            "c2s.sec_market: SZ has sec_market 32");
}
END_TEST

START_TEST(filter_codes_lose_their_market)
{
    gives(2201, "{\"acc_id\":1,\"trd_env\":0,\"trd_market\":1,\"filter_conditions\":{\"code_list\":"
                "[\"HK.00700\",\"00005\",\"BRK.B\"]}}",
          "{\"c2s\":{\"header\":{\"trdEnv\":0,\"accID\":\"1\",\"trdMarket\":1},"
          "\"filterConditions\":"
          "{\"codeList\":[\"00700\",\"00005\",\"BRK.B\"]}}}");
}
END_TEST

START_TEST(a_card_number_stands_for_the_account)
{
    gives(2101, "{\"card_num\":\"PAPER-SIM-HK\",\"trd_env\":0,\"trd_market\":1}",
          "{\"c2s\":{\"header\":{\"trdEnv\":0,\"accID\":\"0\",\"trdMarket\":1}}}");
    ck_assert(str_is(extra.card_num, "PAPER-SIM-HK"));
    gives(2101, "{\"acc_id\":1,\"trd_env\":0,\"trd_market\":1}",
          "{\"c2s\":{\"header\":{\"trdEnv\":0,\"accID\":\"1\",\"trdMarket\":1}}}");
    ck_assert_ptr_null(extra.card_num.p);
    refused(2101, "{\"card_num\":\"X\",\"acc_id\":1,\"trd_env\":0,\"trd_market\":1}", "bad_value",
            "c2s.header.acc_id: card_num names the account already");
    refused(2101, "{\"card_num\":7}", "bad_value",
            "c2s.card_num: a card number in quotes is expected");
    refused(2101, "{\"card_num\":\"\"}", "bad_value",
            "c2s.card_num: a card number in quotes is expected");
    refused(2101, "{\"card_num\":\"a\\n\"}", "bad_value",
            "c2s.card_num: a card number in quotes is expected");
    refused(2101, "{\"card_num\":\"a\",\"header\":{\"card_num\":\"b\"}}", "bad_value",
            "c2s.card_num: the member is there twice");
    refused(3004, "{\"card_num\":\"X\"}", "unknown_field", "c2s.card_num: unknown field");
}
END_TEST

START_TEST(unlock_may_name_its_accounts)
{
    gives(2005, "{\"unlock\":true,\"acc_ids\":[1,\"18446744073709551615\"]}",
          "{\"c2s\":{\"unlock\":true,\"accIDList\":[\"1\",\"18446744073709551615\"]}}");
    gives(2005, "{\"unlock\":true,\"acc_id\":9}",
          "{\"c2s\":{\"unlock\":true,\"accIDList\":[\"9\"]}}");
    gives(2005, "{\"unlock\":true,\"acc_ids\":[]}", "{\"c2s\":{\"unlock\":true}}");
    gives(2005, "{\"unlock\":true}", "{\"c2s\":{\"unlock\":true}}");
    refused(2005, "{\"unlock\":true,\"acc_ids\":[1,-1]}", "bad_value",
            "c2s.acc_id_list[1]: out of the range of uint64");
    refused(2005, "{\"unlock\":true,\"acc_ids\":[1 2]}", "bad_json",
            "c2s.acc_id_list[0]: ',' or ']' is expected at byte 28");
    refused(2005, "{\"unlock\":true,\"acc_ids\":1}", "bad_value",
            "c2s.acc_id_list: a list is expected");
}
END_TEST

START_TEST(a_preset_yields_to_the_caller)
{
    with.preset = STR("\"isReqAllConn\":true");
    gives(3003, "", "{\"c2s\":{\"isReqAllConn\":true}}");
    gives(3003, "{\"is_req_all_conn\":false}", "{\"c2s\":{\"isReqAllConn\":false}}");
    with.preset = STR("\"modifyOrderOp\":2,\"forAll\":true,\"orderID\":0");
    gives(2205, "{\"acc_id\":1,\"trd_env\":0,\"trd_market\":1}",
          "{\"c2s\":{\"packetID\":{\"connID\":\"77\",\"serialNo\":5},\"header\":{\"trdEnv\":0,"
          "\"accID\":\"1\",\"trdMarket\":1},\"orderID\":\"0\",\"modifyOrderOp\":2,\"forAll\":true,"
          "\"trdMarket\":1}}");
    with.preset = STR("\"modifyOrderOp\":2");
    gives(2205, "{\"header\":{\"acc_id\":1,\"trd_env\":0,\"trd_market\":1},\"order_id_ex\":\"E1\"}",
          "{\"c2s\":{\"packetID\":{\"connID\":\"77\",\"serialNo\":5},\"header\":{\"trdEnv\":0,"
          "\"accID\":\"1\",\"trdMarket\":1},\"orderID\":\"0\",\"modifyOrderOp\":2,"
          "\"orderIDEx\":\"E1\"}}");
    refused(2205, "{\"header\":{\"acc_id\":1,\"trd_env\":0,\"trd_market\":1}}", "missing_field",
            "c2s.order_id: required and missing");
}
END_TEST

START_TEST(what_a_path_means_can_t_be_changed_in_the_body)
{
    with.preset = STR("\"modifyOrderOp\":2");
    with.fixed = true;
    refused(2205,
            "{\"header\":{\"acc_id\":1,\"trd_env\":0,\"trd_market\":1},\"order_id\":1,"
            "\"modify_order_op\":1}",
            "bad_value", "c2s.modify_order_op: is 2 on this path, leave it out");
    gives(2205,
          "{\"header\":{\"acc_id\":1,\"trd_env\":0,\"trd_market\":1},\"order_id\":1,"
          "\"modify_order_op\":2}",
          "{\"c2s\":{\"packetID\":{\"connID\":\"77\",\"serialNo\":5},\"header\":{\"trdEnv\":0,"
          "\"accID\":\"1\",\"trdMarket\":1},\"orderID\":\"1\",\"modifyOrderOp\":2}}");
    with.fixed = false;
}
END_TEST

START_TEST(the_user_of_the_account_list_is_filled_in)
{
    gives(2001, "", "{\"c2s\":{\"userID\":\"0\"}}");
    gives(2001, "{\"user_id\":3}", "{\"c2s\":{\"userID\":\"3\"}}");
}
END_TEST

START_TEST(a_request_without_c2s_is_flat)
{
    gives(3801, "{\"stock_symbol\":\"HK.00700\",\"time_range\":1}",
          "{\"stock_symbol\":\"HK.00700\",\"time_range\":1}");
    gives(3801, "", "{}");
    refused(3801, "{\"c2s\":{}}", "unknown_field", "c2s: unknown field");
}
END_TEST

START_TEST(an_unknown_name_is_refused_with_the_nearest)
{
    refused(3004, "{\"securty_list\":[]}", "unknown_field",
            "c2s.securty_list: unknown field; did you mean 'security_list'?");
    refused(3004, "{\"c2s\":{\"symbolss\":[]}}", "unknown_field",
            "c2s.symbolss: unknown field; did you mean 'symbols'?");
    refused(2101, "{\"trd_evn\":1}", "unknown_field",
            "c2s.trd_evn: unknown field; did you mean 'trd_env'?");
    refused(2101, "{\"header\":{\"acc_idd\":1}}", "unknown_field",
            "c2s.header.acc_idd: unknown field; did you mean 'acc_id'?");
    refused(2101, "{\"header\":{\"currency\":1}}", "unknown_field",
            "c2s.header.currency: unknown field");
    refused(3004, "{\"security_list\":[{\"market\":1,\"cod\":\"1\"}]}", "unknown_field",
            "c2s.security_list[0].cod: unknown field; did you mean 'code'?");
    refused(3006, "{\"sub_type_list\":[1]}", "unknown_field", "c2s.sub_type_list: unknown field");
    refused(3004, "{\"nothing_like_it\":1}", "unknown_field", "c2s.nothing_like_it: unknown field");
}
END_TEST

START_TEST(a_member_stands_once)
{
    static const char twice[] = "c2s.security_list: the member is there twice";
    refused(3004, "{\"security_list\":[],\"securityList\":[]}", "bad_value", twice);
    refused(3004, "{\"symbols\":[],\"c2s\":{\"securityList\":[]}}", "bad_value", twice);
    refused(3004, "{\"c2s\":{},\"c2s\":{}}", "bad_value", "c2s: the member is there twice");
    refused(2101, "{\"acc_id\":1,\"header\":{\"accID\":1}}", "bad_value",
            "c2s.header.acc_id: the member is there twice");
    refused(2101, "{\"header\":{},\"c2s\":{\"header\":{}}}", "bad_value",
            "c2s.header: the member is there twice");
    refused(2005, "{\"acc_id\":1,\"acc_ids\":[1]}", "bad_value",
            "c2s.acc_id_list: the member is there twice");
}
END_TEST

START_TEST(text_that_is_no_json_names_the_byte)
{
    refused(3004, "x", "bad_json", "an object is expected at byte 0");
    refused(3004, "[]", "bad_json", "an object is expected at byte 0");
    refused(3004, "{", "bad_json", "a member's name in quotes is expected at byte 1");
    refused(3004, "{\"a", "bad_json", "the string does not end at byte 3");
    refused(3004, "{\"symbols\"}", "bad_json", "':' is expected at byte 10");
    refused(3004, "{\"symbols\":}", "bad_json", "a value is expected at byte 11");
    refused(3004, "{\"symbols\":[", "bad_json", "a value is expected at byte 12");
    refused(3004, "{\"symbols\":\"a", "bad_json", "a value is expected at byte 13");
    refused(3004, "{\"symbols\":\"\\", "bad_json", "a value is expected at byte 13");
    refused(3004, "{\"symbols\":[]", "bad_json", "',' or '}' is expected at byte 13");
    refused(3004, "{\"symbols\":[}}", "bad_value",
            "c2s.security_list[0]: an object is expected");
    refused(3004, "{\"symbols\":[]}}", "bad_json", "text behind the object at byte 14");
    refused(3004, "{\"symbols\":[] x}", "bad_json", "',' or '}' is expected at byte 14");
    refused(3004, "{\"symbols\":[\"HK.1\" x]}", "bad_json",
            "c2s.security_list[0]: ',' or ']' is expected at byte 19");
    refused(3004, "{\"c2s\":{\"symbols\":[]", "bad_json", "a value is expected at byte 20");
    refused(3004, "{\"c2s\":[]}", "bad_value", "c2s: an object is expected");
    refused(2101, "{\"header\":1}", "bad_value", "c2s.header: an object is expected");
    refused(3004, "{\"sub_type_list\":[1,}", "bad_value",
            "c2s.sub_type_list[1]: an integer is expected");
    refused(3004, "{\"sub_type_list\":7}", "bad_value", "c2s.sub_type_list: a list is expected");
}
END_TEST

START_TEST(values_are_strict)
{
    refused(2101, "{\"acc_id\":1,\"trd_env\":\"SIMULATE\",\"trd_market\":1}", "bad_value",
            "c2s.header.trd_env: an integer is expected, one of 0 Simulate, 1 Real");
    refused(3001, "{\"is_sub_or_un_sub\":true,\"sub_type_list\":[1,\"K_DAY\"]}", "bad_value",
            "c2s.sub_type_list[1]: an integer is expected, one of 0 None, 1 Basic, 2 OrderBook, "
            "4 Ticker, 5 RT, 6 KL_Day, 7 KL_5Min, 8 KL_15Min, 9 KL_30Min, 10 KL_60Min, 11 KL_1Min, "
            "12 KL_Week, 13 KL_Month, 14 Broker, 15 KL_Qurater, 16 KL_Year, 17 KL_3Min, "
            "18 KL_10Min, 19 KL_120Min, 20 KL_180Min, 21 KL_240Min, 22 OrderBook_Odd");
    refused(2101, "{\"acc_id\":18446744073709551616,\"trd_env\":0,\"trd_market\":1}", "bad_value",
            "c2s.header.acc_id: out of the range of uint64");
    refused(2101, "{\"acc_id\":1.5,\"trd_env\":0,\"trd_market\":1}", "bad_value",
            "c2s.header.acc_id: an integer is expected");
    refused(2101, "{\"acc_id\":null,\"trd_env\":0,\"trd_market\":1}", "bad_value",
            "c2s.header.acc_id: null is not a value; leave the member out");
}
END_TEST

START_TEST(deep_nesting_is_refused)
{
    static char text[200001] = "{\"symbols\":";
    memset(text + 11, '[', 100000 - 11);
    memset(text + 100000, ']', 100000);
    ck_assert_int_ne(to_pb(3004, text), FUTU_OK);
}
END_TEST

/* The body that a query gives, and that the call takes it. */
static void query(uint32_t proto, const char *text, const char *want)
{
    const struct proto_row *row = proto_find(proto);
    ck_assert_int_eq(body_from_query(row, str_c(text), &json, &error), FUTU_OK);
    ck_assert_int_eq(body_to_pb(row, buf_str(&json), &with, &pb, &extra, &error), FUTU_OK);
    ck_assert_int_eq(buf_byte(&json, 0), FUTU_OK);
    ck_assert_str_eq((char *)json.p, want);
}

START_TEST(a_query_is_a_flat_body)
{
    query(3004, "symbol=HK.00700", "{\"symbol\":[\"HK.00700\"]}");
    query(3004, "symbols=HK.00700,US.AAPL", "{\"symbols\":[\"HK.00700\",\"US.AAPL\"]}");
    query(3004, "symbols=HK.00700%2CUS.AAPL&&", "{\"symbols\":[\"HK.00700\",\"US.AAPL\"]}");
    query(3004, "symbols=&sub_type_list=1,2", "{\"symbols\":[],\"sub_type_list\":[\"1\",\"2\"]}");
    query(3012, "symbol=HK.00700&num=10", "{\"symbol\":\"HK.00700\",\"num\":\"10\"}");
    query(3003, "is_req_all_conn=true", "{\"is_req_all_conn\":true}");
    query(3003, "", "{}");
    query(3213, "group_name=a+b%22%5c%0a%e4%b8%ad",
            "{\"group_name\":\"a b\\\"\\\\\\u000a\xe4\xb8\xad\"}");
    query(2101, "acc_id=9100001&trd_env=0&trd_market=1",
          "{\"acc_id\":\"9100001\",\"trd_env\":\"0\",\"trd_market\":\"1\"}");
    query(2201, "acc_id=1&trd_env=0&trd_market=1&filter_conditions=%7B%22id_list%22:[1,2]}",
          "{\"acc_id\":\"1\",\"trd_env\":\"0\",\"trd_market\":\"1\",\"filter_conditions\":"
          "{\"id_list\":[1,2]}}");
}
END_TEST

static void no_query(const char *text, const char *want)
{
    ck_assert_int_eq(body_from_query(proto_find(3004), str_c(text), &json, &error), FUTU_EFORMAT);
    ck_assert_str_eq(error.text, want);
    ck_assert_str_eq(error.code, "bad_value");
}

START_TEST(a_query_that_is_none_is_refused)
{
    no_query("symbol", "symbol: NAME=VALUE is expected");
    no_query("symbol=%4", "symbol: percent-encoded text is expected");
    no_query("symbol=%zz", "symbol: percent-encoded text is expected");
    no_query("symbols=HK.1,%", "symbols: percent-encoded text is expected");
    no_query("%=1", "%: unknown field");
}
END_TEST

static const char *envelope(uint32_t proto, const char *hex, bool int64_text)
{
    uint8_t bytes[512];
    size_t n = unhex(hex, bytes, sizeof(bytes));
    out.n = 0;
    futu_err err = body_envelope(proto_find(proto), bytes, n, int64_text, &out, &error);
    if (err)
        return error.text;
    ck_assert_int_eq(buf_byte(&out, 0), FUTU_OK);
    return (char *)out.p;
}

START_TEST(an_envelope_has_its_four_members)
{
    /* retType 0, retMsg "", s2c { totalUsedQuota 1, remainQuota 2 } */
    ck_assert_str_eq(envelope(3003, "0800 1200 2204 1001 1802", false),
                     "{\"ret_type\":0,\"ret_msg\":null,\"err_code\":null,\"s2c\":"
                     "{\"total_used_quota\":1,\"remain_quota\":2}}");
    ck_assert_str_eq(envelope(3003, "0800", false),
                     "{\"ret_type\":0,\"ret_msg\":null,\"err_code\":null}");
    ck_assert_str_eq(envelope(3003, "08ffffffffffffffffff01 1203 61220a 182a", false),
                     "{\"ret_type\":-1,\"ret_msg\":\"a\\\"\\n\",\"err_code\":42}");
    ck_assert_str_eq(envelope(3003, "", false),
                     "{\"ret_type\":-400,\"ret_msg\":null,\"err_code\":null}");
    /* s2c in two parts is one */
    ck_assert_str_eq(envelope(3003, "0800 2202 1001 2202 1802", false),
                     "{\"ret_type\":0,\"ret_msg\":null,\"err_code\":null,\"s2c\":"
                     "{\"total_used_quota\":1,\"remain_quota\":2}}");
}
END_TEST

START_TEST(ids_are_numbers_or_texts)
{
    ck_assert_str_eq(envelope(2008, "0800 2200", false),
                     "{\"ret_type\":0,\"ret_msg\":null,\"err_code\":null,\"s2c\":{}}");
    /* s2c { header { trdEnv 0, accID 2^63, trdMarket 1 }, orderID 2^53 + 1 } */
    static const char hex[] = "0800 221a 0a0f 0800 1080808080808080808001 1801"
                              " 10 8180808080808010";
    ck_assert_str_eq(envelope(2205, hex, false),
                     "{\"ret_type\":0,\"ret_msg\":null,\"err_code\":null,\"s2c\":{\"header\":"
                     "{\"trd_env\":0,\"acc_id\":9223372036854775808,\"trd_market\":1},"
                     "\"order_id\":9007199254740993}}");
    ck_assert_str_eq(envelope(2205, hex, true),
                     "{\"ret_type\":0,\"ret_msg\":null,\"err_code\":null,\"s2c\":{\"header\":"
                     "{\"trd_env\":0,\"acc_id\":\"9223372036854775808\",\"trd_market\":1},"
                     "\"order_id\":\"9007199254740993\"}}");
}
END_TEST

START_TEST(a_reply_without_s2c_is_its_own)
{
    ck_assert_str_eq(envelope(3801, "0800 2a0161", false),
                     "{\"ret_type\":0,\"ret_msg\":null,\"err_code\":null,\"s2c\":"
                     "{\"ret_type\":0,\"content\":\"a\"}}");
}
END_TEST

START_TEST(a_broken_reply_is_an_error)
{
    ck_assert_str_eq(envelope(3003, "08", false), "a varint is cut off or over 64 bits");
    ck_assert_uint_eq(out.n, 0);
    ck_assert_str_eq(envelope(3003, "0800 2200", false),
                     "total_used_quota: required and missing");
    ck_assert_uint_eq(out.n, 0);
}
END_TEST

static futu_err both_ways(void)
{
    uint8_t bytes[64];
    size_t n = unhex("0800 2202 1001 2202 1802", bytes, sizeof(bytes));
    futu_err err = body_from_query(proto_find(3004), STR("symbols=HK.00700"), &json, &error);
    if (!err)
        err = body_to_pb(proto_find(3004), buf_str(&json), &with, &pb, &extra, &error);
    if (!err)
        err = body_envelope(proto_find(3003), bytes, n, false, &out, &error);
    return err;
}

START_TEST(every_failed_allocation_is_clean)
{
    for (long n = 0; test_alloc_fail_at(n); n++) {
        teardown();
        pb = json = out = (struct buf)BUF_INIT;
        futu_err err = both_ways();
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
    }
    ck_assert_int_eq(both_ways(), FUTU_OK);
}
END_TEST

START_TEST(a_second_call_takes_no_memory)
{
    ck_assert_int_eq(both_ways(), FUTU_OK);
    const void *p = pb.p, *q = json.p;
    ck_assert_int_eq(both_ways(), FUTU_OK);
    ck_assert(pb.p == p && json.p == q);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, c2s_and_the_flat_object_are_the_same);
    tcase_add_test(tc, an_empty_body_is_an_empty_object);
    tcase_add_test(tc, a_security_may_be_a_code_wherever_one_is_expected);
    tcase_add_test(tc, an_order_may_be_flat);
    tcase_add_test(tc, a_given_packet_id_stays);
    tcase_add_test(tc, a_prefix_decides_the_markets);
    tcase_add_test(tc, filter_codes_lose_their_market);
    tcase_add_test(tc, a_card_number_stands_for_the_account);
    tcase_add_test(tc, unlock_may_name_its_accounts);
    tcase_add_test(tc, a_preset_yields_to_the_caller);
    tcase_add_test(tc, what_a_path_means_can_t_be_changed_in_the_body);
    tcase_add_test(tc, the_user_of_the_account_list_is_filled_in);
    tcase_add_test(tc, a_request_without_c2s_is_flat);
    tcase_add_test(tc, an_unknown_name_is_refused_with_the_nearest);
    tcase_add_test(tc, a_member_stands_once);
    tcase_add_test(tc, text_that_is_no_json_names_the_byte);
    tcase_add_test(tc, values_are_strict);
    tcase_add_test(tc, deep_nesting_is_refused);
    tcase_add_test(tc, a_query_is_a_flat_body);
    tcase_add_test(tc, a_query_that_is_none_is_refused);
    tcase_add_test(tc, an_envelope_has_its_four_members);
    tcase_add_test(tc, ids_are_numbers_or_texts);
    tcase_add_test(tc, a_reply_without_s2c_is_its_own);
    tcase_add_test(tc, a_broken_reply_is_an_error);
    tcase_add_test(tc, every_failed_allocation_is_clean);
    tcase_add_test(tc, a_second_call_takes_no_memory);
}

int main(void)
{
    return run_tcase("body", add);
}
