/* json_test.c - protobuf to JSON and back: vectors, spellings, errors with their path, limits. */
#include "../vectors.h"

#include <stdio.h>

#include "all_msg.h"
#include "base/buf.h"
#include "codec/codec.h"
#include "codec/registry.h"

static const futu_msg *message_named(const char *name)
{
    size_t n;
    const struct proto_row *rows = proto_rows(&n);
    for (size_t i = 0; i < n; i++) {
        if (rows[i].request && strcmp(rows[i].request->name, name) == 0)
            return rows[i].request;
        if (rows[i].response && strcmp(rows[i].response->name, name) == 0)
            return rows[i].response;
    }
    ck_abort_msg("no message %s", name);
}

/* The JSON of protobuf bytes given in hex; the caller's to free. */
static struct buf json_of(const futu_msg *m, const char *hex, enum codec_spelling spelling)
{
    uint8_t pb[2048];
    size_t n = unhex(hex, pb, sizeof(pb));
    struct buf out = BUF_INIT;
    struct codec_error e;
    futu_err err = codec_to_json(m, pb, n, spelling, &out, NULL, &e);
    ck_assert_msg(err == FUTU_OK, "%s: %s", e.path, e.what);
    return out;
}

static void expect_json(const futu_msg *m, const char *hex, const char *json)
{
    struct buf out = json_of(m, hex, CODEC_DECLARED);
    ck_assert_msg(str_is(buf_str(&out), json), "got  " STR_FMT "\nwant %s", STR_ARG(buf_str(&out)),
                  json);
    buf_free(&out);
}

static void expect_pb(const futu_msg *m, const char *json, enum codec_spelling spelling,
                      const char *hex)
{
    uint8_t want[2048];
    size_t n = unhex(hex, want, sizeof(want));
    struct buf out = BUF_INIT;
    struct codec_error e;
    futu_err err = codec_from_json(m, str_c(json), spelling, &out, NULL, &e);
    ck_assert_msg(err == FUTU_OK, "%s: %s", e.path, e.what);
    ck_assert_msg(out.n == n && (n == 0 || memcmp(out.p, want, n) == 0), "%s", json);
    buf_free(&out);
}

static void expect_error(const futu_msg *m, const char *json, enum codec_spelling spelling,
                         const char *text)
{
    struct buf out = BUF_INIT;
    struct codec_error e;
    char got[400];
    ck_assert_int_eq(buf_puts(&out, "kept"), FUTU_OK);
    futu_err err = codec_from_json(m, str_c(json), spelling, &out, NULL, &e);
    ck_assert_msg(err == FUTU_EFORMAT, "%s: %s", json, futu_err_name(err));
    codec_error_text(&e, got, sizeof(got));
    ck_assert_msg(strcmp(got, text) == 0, "%s\ngot  %s\nwant %s", json, got, text);
    ck_assert_uint_eq(out.n, 4);
    buf_free(&out);
}

START_TEST(the_vectors)
{
    cJSON *all = vec_load(), *row;
    cJSON *rows = vec_get(all, "json_bodies");
    ck_assert_int_ge(cJSON_GetArraySize(rows), 3);
    cJSON_ArrayForEach(row, rows)
    {
        const futu_msg *m = message_named(vec_str(row, "message"));
        expect_json(m, vec_str(row, "pb"), vec_str(row, "json"));
        expect_pb(m, vec_str(row, "json"), CODEC_DECLARED, vec_str(row, "pb"));
    }
    cJSON_Delete(all);
}
END_TEST

#define SUB                                                                                        \
    "{\"c2s\":{\"securityList\":[{\"market\":1,\"code\":\"00700\"}],\"subTypeList\":[1,2],"        \
    "\"isSubOrUnSub\":true}}"
#define SUB_HEX "0a110a09080112053030373030100110021801"

START_TEST(both_spellings)
{
    static const char snake[] =
        "{\"c2s\":{\"security_list\":[{\"market\":1,\"code\":\"00700\"}],\"sub_type_list\":[1,2],"
        "\"is_sub_or_un_sub\":true}}";
    struct buf out = json_of(&Qot_Sub_Request_msg, SUB_HEX, CODEC_SNAKE);
    ck_assert(str_is(buf_str(&out), snake));
    buf_free(&out);
    expect_pb(&Qot_Sub_Request_msg, snake, CODEC_SNAKE, SUB_HEX);
    expect_pb(&Qot_Sub_Request_msg, SUB, CODEC_SNAKE, SUB_HEX);
    expect_pb(&Qot_Sub_Request_msg, SUB, CODEC_DECLARED, SUB_HEX);
    expect_error(&Qot_Sub_Request_msg, snake, CODEC_DECLARED, "c2s.security_list: unknown field; "
                                                              "did you mean 'securityList'?");
    expect_error(&Qot_Sub_Request_msg, "{\"c2s\":{\"sub_type_list\":[true]}}", CODEC_SNAKE,
                 "c2s.sub_type_list[0]: an integer is expected");
    /* a declared name with an underscore, and its camel form */
    const char *td = "{\"td_buyQty\":1.5}", *camel = "{\"tdBuyQty\":1.5}";
    const struct pb_field *f = codec_field(&Trd_Common_Position_msg, STR("td_buyQty"));
    ck_assert_ptr_nonnull(f);
    ck_assert_str_eq(f->camel, "tdBuyQty");
    ck_assert_str_eq(f->snake, "td_buy_qty");
    expect_error(&Trd_Common_Position_msg, td, CODEC_DECLARED, "positionID: required and missing");
    expect_error(&Trd_Common_Position_msg, camel, CODEC_DECLARED,
                 "positionID: required and missing");
    expect_error(&Trd_Common_Position_msg, "{\"td_buyQty\":1,\"tdBuyQty\":1}", CODEC_DECLARED,
                 "td_buyQty: the member is there twice");
}
END_TEST

START_TEST(what_the_python_sdk_sends)
{
    expect_pb(&InitConnect_Request_msg,
              "{\n  \"c2s\": {\n    \"clientVer\": 300,\n    \"clientID\": "
              "\"Py\\u817e\\ud83d\\udcc8\",\n    \"recvNotify\": true,\n    \"packetEncAlgo\": -1\n"
              "  }\n}\n",
              CODEC_DECLARED, "0a1b08ac0212095079e885bef09f9388180120ffffffffffffffffff01");
}
END_TEST

START_TEST(every_kind_of_value)
{
    static const char json[] =
        "{\"i32\":-1,\"i64\":\"-9223372036854775808\",\"u32\":4294967295,"
        "\"u64\":\"18446744073709551615\",\"b\":true,\"f\":1.5,\"d\":0.1,\"s\":\"\",\"y\":\"AP8=\","
        "\"sub\":{\"a\":5},\"ri32\":[1,-2],\"ri64\":[\"3\"],\"ru32\":[4],\"ru64\":[\"5\"],"
        "\"rb\":[false,true],\"rf\":[0.1],\"rd\":[\"NaN\",\"Infinity\",\"-Infinity\",-0.0],"
        "\"rs\":[\"\",\"x\"],\"ry\":[\"\"],\"rsub\":[{\"a\":1,\"list\":[7]},{\"a\":2}],"
        "\"td_buyQty\":9}";
    static const char hex[] =
        "08ffffffffffffffffff01 1080808080808080808001 18ffffffff0f 20ffffffffffffffffff01 2801"
        "350000c03f 399a9999999999b93f 4200 4a0200ff 52020805 a80101 a801feffffffffffffffff01"
        "b00103 b80104 c00105 c80100 c80101 d501cdcccc3d d901000000000000f87f"
        "d901000000000000f07f d901000000000000f0ff d9010000000000000080 e20100 e2010178 ea0100"
        "f2010408011007 f201020802 c00209";
    expect_json(&All_msg, hex, json);
    expect_pb(&All_msg, json, CODEC_DECLARED, hex);
    expect_json(&All_msg, "", "{}");
    expect_pb(&All_msg, " {\t}\r\n", CODEC_DECLARED, "");
    expect_pb(&All_msg, "{\"rs\":[],\"ri32\":[ ]}", CODEC_DECLARED, "");
}
END_TEST

START_TEST(what_else_is_taken_for_a_value)
{
    expect_pb(&All_msg, "{\"i32\":\"-1\"}", CODEC_DECLARED, "08ffffffffffffffffff01");
    expect_pb(&All_msg, "{\"i64\":7,\"u64\":8,\"u32\":\"9\",\"i32\":-0}", CODEC_DECLARED,
              "1007 2008 1809 0800");
    expect_pb(&All_msg, "{\"d\":\"1.5\"}", CODEC_DECLARED, "39000000000000f83f");
    expect_pb(&All_msg, "{\"d\":1}", CODEC_DECLARED, "39000000000000f03f");
    expect_pb(&All_msg, "{\"d\":15E-1,\"f\":1e+1}", CODEC_DECLARED,
              "39000000000000f83f 3500002041");
    expect_pb(&All_msg, "{\"y\":\"_-8=\"}", CODEC_DECLARED, "4a02ffef");
    expect_pb(&All_msg, "{\"y\":\"\\/+8=\"}", CODEC_DECLARED, "4a02ffef");
    expect_pb(&All_msg, "{\"\\u0073\":\"x\",\"td_buy\\u0051ty\":1}", CODEC_DECLARED,
              "420178 c00201");
    expect_pb(&All_msg, "{\"td_buy_qty\":1}", CODEC_SNAKE, "c00201");
    expect_pb(&All_msg, "{\"tdBuyQty\":1}", CODEC_DECLARED, "c00201");
    /* members in another order than the fields */
    expect_pb(&All_msg, "{\"u64\":1,\"i32\":2,\"sub\":{\"list\":[1],\"a\":3}}", CODEC_DECLARED,
              "2001 0802 520410010803");
}
END_TEST

START_TEST(text_keeps_every_character)
{
    expect_pb(&All_msg, "{\"s\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u00e9\\u817E\\ud83d\\udcc8\"}",
              CODEC_DECLARED, "4212 22 5c 2f 08 0c 0a 0d 09 00 c3a9 e885be f09f9388");
    expect_json(&All_msg, "420e 22 5c 2f 08 0c 0a 0d 09 00 1f 7f c3a9 61",
                "{\"s\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\xc3\xa9" "a\"}");
}
END_TEST

#define FFFD "\xef\xbf\xbd"

START_TEST(text_that_is_not_utf8_becomes_valid)
{
    expect_json(&All_msg, "4203 61ff62", "{\"s\":\"a" FFFD "b\"}");
    expect_json(&All_msg, "4202 e4bd", "{\"s\":\"" FFFD FFFD "\"}");
    expect_json(&All_msg, "4203 eda080", "{\"s\":\"" FFFD FFFD FFFD "\"}");
    expect_json(&All_msg, "4202 c080", "{\"s\":\"" FFFD FFFD "\"}");
}
END_TEST

START_TEST(records_in_any_order)
{
    /* a list in three places, between other fields and other lists */
    expect_json(&All_msg, "e2010161 f201020801 0807 e2010162 f201020802 a80109 e2010163",
                "{\"i32\":7,\"ri32\":[9],\"rs\":[\"a\",\"b\",\"c\"],"
                "\"rsub\":[{\"a\":1},{\"a\":2}]}");
    /* packed and plain together; unknown fields in between do not part a list */
    expect_json(&All_msg, "a80101 f80301 aa0102ac02 a80103", "{\"ri32\":[1,300,3]}");
    expect_json(&All_msg, "aa0100 0801 aa0100", "{\"i32\":1}");
    expect_json(&All_msg, "aa010101 aa0100 aa010102 0801", "{\"ri32\":[1,2],\"i32\":1}");
    /* the last value of a number counts */
    expect_json(&All_msg, "0801 1002 0803 420161 0804 420162",
                "{\"i64\":\"2\",\"i32\":4,\"s\":\"b\"}");
    /* a message in parts */
    expect_json(&All_msg, "52061001 1a021005 0801 52061002 1a020803 52020804",
                "{\"sub\":{\"a\":4,\"list\":[1,2],\"sub\":{\"list\":[5],\"a\":3}},\"i32\":1}");
    /* a message in parts whose list is scattered, around a list that is open */
    expect_json(&All_msg, "a80101 52021001 a80102 52041002 0803",
                "{\"sub\":{\"list\":[1,2],\"a\":3},\"ri32\":[1,2]}");
}
END_TEST

struct bad_json {
    const char *json, *error;
};

static const struct bad_json bad_values[] = {
    { "{\"i32\":1.0}", "i32: an integer is expected" },
    { "{\"i32\":1e3}", "i32: an integer is expected" },
    { "{\"i32\":\"1.5\"}", "i32: an integer is expected" },
    { "{\"i32\":\"\"}", "i32: an integer is expected" },
    { "{\"i32\":\" 1\"}", "i32: an integer is expected" },
    { "{\"i32\":\"01\"}", "i32: an integer is expected" },
    { "{\"i32\":\"\\u0031\"}", "i32: an integer is expected" },
    { "{\"i32\":true}", "i32: an integer is expected" },
    { "{\"i32\":[1]}", "i32: an integer is expected" },
    { "{\"i32\":{}}", "i32: an integer is expected" },
    { "{\"i32\":-}", "i32: an integer is expected" },
    { "{\"i32\":\"NaN\"}", "i32: an integer is expected" },
    { "{\"i32\":null}", "i32: null is not a value; leave the member out" },
    { "{\"ri32\":null}", "ri32: null is not a value; leave the member out" },
    { "{\"ri32\":[1,null]}", "ri32[1]: null is not a value; leave the member out" },
    { "{\"sub\":null}", "sub: null is not a value; leave the member out" },
    { "{\"i32\":2147483648}", "i32: out of the range of int32" },
    { "{\"i32\":-2147483649}", "i32: out of the range of int32" },
    { "{\"i32\":\"99999999999999999999\"}", "i32: out of the range of int32" },
    { "{\"u32\":-1}", "u32: out of the range of uint32" },
    { "{\"u32\":4294967296}", "u32: out of the range of uint32" },
    { "{\"i64\":9223372036854775808}", "i64: out of the range of int64" },
    { "{\"i64\":\"-9223372036854775809\"}", "i64: out of the range of int64" },
    { "{\"u64\":18446744073709551616}", "u64: out of the range of uint64" },
    { "{\"u64\":-1}", "u64: out of the range of uint64" },
    { "{\"d\":1e309}", "d: out of the range of double" },
    { "{\"d\":\"1e309\"}", "d: out of the range of double" },
    { "{\"f\":3.5e38}", "f: out of the range of float" },
    { "{\"d\":\"nan\"}", "d: a number is expected" },
    { "{\"d\":NaN}", "d: a number is expected" },
    { "{\"d\":\"\"}", "d: a number is expected" },
    { "{\"d\":.5}", "d: a number is expected" },
    { "{\"d\":+1}", "d: a number is expected" },
    { "{\"b\":1}", "b: true or false is expected" },
    { "{\"b\":\"true\"}", "b: true or false is expected" },
    { "{\"b\":True}", "b: true or false is expected" },
    { "{\"s\":1}", "s: a string is expected" },
    { "{\"s\":[\"a\"]}", "s: a string is expected" },
    { "{\"y\":1}", "y: a string is expected" },
    { "{\"y\":\"A\"}", "y: base64 with its padding is expected" },
    { "{\"y\":\"AB==\"}", "y: base64 with its padding is expected" },
    { "{\"y\":\"AA\"}", "y: base64 with its padding is expected" },
    { "{\"sub\":1}", "sub: an object is expected" },
    { "{\"sub\":[]}", "sub: an object is expected" },
    { "{\"sub\":{}}", "sub.a: required and missing" },
    { "{\"sub\":{\"a\":1,\"sub\":{\"a\":2,\"list\":[1,2,\"x\"]}}}",
      "sub.sub.list[2]: an integer is expected" },
    { "{\"ri32\":1}", "ri32: a list is expected" },
    { "{\"ri32\":{}}", "ri32: a list is expected" },
    { "{\"ri32\":[[1]]}", "ri32[0]: an integer is expected" },
    { "{\"rsub\":[{\"a\":1},{\"a\":2},{}]}", "rsub[2].a: required and missing" },
    { "{\"rsub\":[{\"a\":1},{\"a\":1,\"a\":2}]}", "rsub[1].a: the member is there twice" },
    { "{\"nope\":1}", "nope: unknown field" },
    { "{\"sub\":{\"texd\":1}}", "sub.texd: unknown field; did you mean 'text'?" },
    { "{\"\\u0000xyz\":1}", "?xyz: unknown field" },
    { "{\"\":1}", "\"\": unknown field" },
};

START_TEST(errors_of_values)
{
    for (size_t i = 0; i < ARRAY_LEN(bad_values); i++)
        expect_error(&All_msg, bad_values[i].json, CODEC_DECLARED, bad_values[i].error);
}
END_TEST

static const struct bad_json bad_texts[] = {
    { "", "an object is expected" },
    { "[]", "an object is expected" },
    { "null", "an object is expected" },
    { "\xef\xbb\xbf{}", "an object is expected" },
    { "{} x", "text behind the object at byte 3" },
    { "{}{}", "text behind the object at byte 2" },
    { "{", "a member's name in quotes is expected at byte 1" },
    { "{i32:1}", "a member's name in quotes is expected at byte 1" },
    { "{'i32':1}", "a member's name in quotes is expected at byte 1" },
    { "{\"i32\":1,}", "a member's name in quotes is expected at byte 9" },
    { "{,\"i32\":1}", "a member's name in quotes is expected at byte 1" },
    { "{\"i32\" 1}", "i32: ':' is expected at byte 7" },
    { "{\"i32\"", "i32: ':' is expected at byte 6" },
    { "{\"i32\":1", "',' or '}' is expected at byte 8" },
    { "{\"i32\":1 \"i64\":2}", "',' or '}' is expected at byte 9" },
    { "{\"i32\":01}", "',' or '}' is expected at byte 8" },
    { "{\"i32\":1x}", "',' or '}' is expected at byte 8" },
    { "{\"b\":truex}", "',' or '}' is expected at byte 9" },
    { "{\"i32\":1]", "',' or '}' is expected at byte 8" },
    { "{\"i32\":/**/1}", "i32: an integer is expected" },
    { "{\"i32\":", "i32: an integer is expected" },
    { "{\"ri32\":[1", "ri32[0]: ',' or ']' is expected at byte 10" },
    { "{\"ri32\":[1,]}", "ri32[1]: an integer is expected" },
    { "{\"ri32\":[1}", "ri32[0]: ',' or ']' is expected at byte 10" },
    { "{\"s\":\"abc", "s: the string does not end at byte 9" },
    { "{\"s\":\"abc\\", "s: the string does not end at byte 10" },
    { "{\"s\":\"a\nb\"}", "s: a control character in a string at byte 7" },
    { "{\"s\":\"\\x41\"}", "s: unknown escape at byte 8" },
    { "{\"s\":\"\\u12g4\"}", "s: four hex digits are expected at byte 11" },
    { "{\"s\":\"\\u12", "s: four hex digits are expected at byte 8" },
    { "{\"s\":\"\\ud83d\"}", "s: half of a surrogate pair at byte 12" },
    { "{\"s\":\"\\udcc8\"}", "s: half of a surrogate pair at byte 12" },
    { "{\"s\":\"\\ud83d\\u0041\"}", "s: half of a surrogate pair at byte 18" },
    { "{\"s\":\"\\ud83dabcdef\"}", "s: half of a surrogate pair at byte 12" },
    { "{\"s\":\"\xff\"}", "s: not UTF-8 at byte 6" },
    { "{\"s\":\"\xe4\xbd\"}", "s: not UTF-8 at byte 6" },
    { "{\"\xff\":1}", "not UTF-8 at byte 2" },
    { "{\"s", "the string does not end at byte 3" },
    { "{\"s\\", "the string does not end at byte 4" },
};

START_TEST(errors_of_the_text)
{
    for (size_t i = 0; i < ARRAY_LEN(bad_texts); i++)
        expect_error(&All_msg, bad_texts[i].json, CODEC_DECLARED, bad_texts[i].error);
}
END_TEST

/* Every cut of a good text is an error, and reads nothing behind the cut. */
START_TEST(every_cut_of_a_text_is_an_error)
{
    static const char json[] = "{ \"i32\" : 1 , \"s\":\"a\\u817e\\n\xc3\xa9\", "
                               "\"rb\":[true,false], \"rd\":[1.5e-3,\"NaN\"],"
                               "\"rsub\":[{\"a\":1}],\"y\":\"AP8=\"}";
    for (size_t n = 0; n < sizeof(json) - 1; n++) {
        struct buf out = BUF_INIT;
        char *copy = malloc(n + 1);
        memcpy(copy, json, n);
        copy = realloc(copy, n ? n : 1);
        futu_str cut = { copy, n };
        ck_assert_int_eq(codec_from_json(&All_msg, cut, CODEC_DECLARED, &out, NULL, NULL),
                         FUTU_EFORMAT);
        ck_assert_uint_eq(out.n, 0);
        free(copy);
        buf_free(&out);
    }
    struct buf out = BUF_INIT;
    ck_assert_int_eq(codec_from_json(&All_msg, str_c(json), CODEC_DECLARED, &out, NULL, NULL),
                     FUTU_OK);
    buf_free(&out);
}
END_TEST

START_TEST(a_name_from_the_peer_is_shown_cleanly)
{
    static const char at[] = "\xe8\x85\xbe";
    char json[400], want[200];
    struct buf out = BUF_INIT;
    struct codec_error e;
    size_t n = (size_t)snprintf(json, sizeof(json), "{\"a\\u0007\\u007f");
    size_t k = (size_t)snprintf(want, sizeof(want), "a??");
    for (int i = 0; i < 40; i++) {              /* 3 bytes each: 63 characters are shown at most */
        memcpy(json + n, at, 3);
        n += 3;
        if (i < 20) {
            memcpy(want + k, at, 3);
            k += 3;
        }
    }
    want[k] = '\0';
    n += (size_t)snprintf(json + n, sizeof(json) - n, "\":1}");
    futu_str text = { json, n };
    ck_assert_int_eq(codec_from_json(&All_msg, text, CODEC_DECLARED, &out, NULL, &e), FUTU_EFORMAT);
    ck_assert_uint_le(strlen(e.path), 63);
    ck_assert_uint_ge(strlen(e.path), 57);
    ck_assert(strncmp(e.path, want, strlen(e.path)) == 0);
    ck_assert_uint_eq((strlen(e.path) - 3) % 3, 0);
    buf_free(&out);
}
END_TEST

static futu_err to_json_within(const char *hex, size_t size, struct codec_error *e)
{
    uint8_t pb[512];
    struct codec_limits lim = codec_limits_default;
    struct buf out = BUF_INIT;
    size_t n = unhex(hex, pb, sizeof(pb));
    ck_assert_int_eq(buf_puts(&out, "kept"), FUTU_OK);
    lim.size = size;
    futu_err err = codec_to_json(&All_msg, pb, n, CODEC_DECLARED, &out, &lim, e);
    ck_assert_uint_eq(out.n, err ? 4 : 4 + size);
    buf_free(&out);
    return err;
}

static futu_err from_json_within(const char *json, size_t size, struct codec_error *e)
{
    struct codec_limits lim = codec_limits_default;
    struct buf out = BUF_INIT;
    ck_assert_int_eq(buf_puts(&out, "kept"), FUTU_OK);
    lim.size = size;
    futu_err err = codec_from_json(&All_msg, str_c(json), CODEC_DECLARED, &out, &lim, e);
    ck_assert_uint_eq(out.n, err ? 4 : 4 + size);
    buf_free(&out);
    return err;
}

START_TEST(limits)
{
    static const char hex[] = "0807 420361 0162 e2010178 4a01ff f201020801";
    static const char json[] = "{\"i32\":7,\"s\":\"a\\u0001b\",\"rs\":[\"x\"],\"y\":\"/w==\","
                               "\"rsub\":[{\"a\":1}]}";
    struct codec_limits lim = codec_limits_default;
    struct buf out = BUF_INIT;
    struct codec_error e;
    uint8_t pb[64];
    expect_json(&All_msg, hex, json);
    size_t n = unhex(hex, pb, sizeof(pb));
    for (size_t size = 0; size < sizeof(json) - 1; size++)
        ck_assert_int_eq(to_json_within(hex, size, &e), FUTU_ELIMIT);
    ck_assert_int_eq(to_json_within(hex, sizeof(json) - 1, &e), FUTU_OK);
    for (size_t size = 0; size < n; size++)
        ck_assert_int_eq(from_json_within(json, size, &e), FUTU_ELIMIT);
    ck_assert_int_eq(from_json_within(json, n, &e), FUTU_OK);

    lim.count = 1;
    futu_str one = STR("{\"ri32\":[1],\"rs\":[]}");
    ck_assert_int_eq(codec_from_json(&All_msg, one, CODEC_DECLARED, &out, &lim, &e), FUTU_OK);
    ck_assert_int_eq(codec_from_json(&All_msg, str_c(json), CODEC_DECLARED, &out, &lim, &e),
                     FUTU_ELIMIT);
    ck_assert_str_eq(e.path, "rsub[0]");
    ck_assert_int_eq(codec_to_json(&All_msg, pb, n, CODEC_DECLARED, &out, &lim, &e), FUTU_ELIMIT);
    ck_assert_str_eq(e.path, "rsub");
    lim = codec_limits_default;
    lim.depth = 1;
    ck_assert_int_eq(codec_from_json(&All_msg, str_c(json), CODEC_DECLARED, &out, &lim, &e),
                     FUTU_ELIMIT);
    ck_assert_str_eq(e.path, "rsub[0]");
    ck_assert_int_eq(codec_to_json(&All_msg, pb, n, CODEC_DECLARED, &out, &lim, &e), FUTU_ELIMIT);
    ck_assert_str_eq(e.path, "rsub[0]");
    buf_free(&out);
}
END_TEST

START_TEST(broken_protobuf_gives_no_text)
{
    static const struct { const char *hex, *path, *what; } rows[] = {
        { "08", "", "a varint is cut off or over 64 bits" },
        { "0a00", "i32", "a varint is expected" },
        { "f201020801 f20100", "rsub[1].a", "required and missing" },
        { "f201020801 f201030801 80", "rsub[1]", "a field key is cut off or too large" },
        { "088080808010", "i32", "the number does not fit into int32" },
        { "088080808010 0801", "i32", "the number does not fit into int32" },
        { "aa010bffffffffffffffffffff01", "ri32[0]", "a packed number is cut off or too large" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint8_t pb[64];
        struct buf out = BUF_INIT;
        struct codec_error e;
        size_t n = unhex(rows[i].hex, pb, sizeof(pb));
        ck_assert_int_eq(codec_to_json(&All_msg, pb, n, CODEC_DECLARED, &out, NULL, &e),
                         FUTU_EFORMAT);
        ck_assert_str_eq(e.path, rows[i].path);
        ck_assert_str_eq(e.what, rows[i].what);
        ck_assert_uint_eq(out.n, 0);
        buf_free(&out);
    }
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    /* scattered, in parts, and long enough that the output grows often */
    static const char hex[] = "e2010161 f201020801 0807 e2010162 52061001 1a020805 52040802 1003";
    uint8_t pb[64];
    char json[1200], *p = json;
    size_t n = unhex(hex, pb, sizeof(pb));
    p += snprintf(p, 40, "{\"sub\":{\"a\":1,\"text\":\"");
    memset(p, 'x', 1000);
    memcpy(p + 1000, "\"}}", 4);
    for (long i = 0; test_alloc_fail_at(i); i++) {
        struct buf out = BUF_INIT;
        struct codec_error e;
        futu_err err = codec_to_json(&All_msg, pb, n, CODEC_DECLARED, &out, NULL, &e);
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        buf_free(&out);
    }
    for (long i = 0; test_alloc_fail_at(i); i++) {
        struct buf out = BUF_INIT;
        struct codec_error e;
        futu_err err = codec_from_json(&All_msg, str_c(json), CODEC_DECLARED, &out, NULL, &e);
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        buf_free(&out);
    }
    for (long i = 0; test_alloc_fail_at(i); i++) {
        struct buf out = BUF_INIT;
        Sub sub = { .a = 1, .has_a = true, .text = { p, 1000 } };
        All all = { .sub = &sub };
        futu_err err = codec_encode(&All_msg, &all, &out, NULL);
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        if (!err)
            err = codec_failure(&out, RET_FAILED, 0, (futu_str){ p, 1000 });
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        buf_free(&out);
    }
}
END_TEST

START_TEST(a_reused_buffer_takes_no_memory)
{
    uint8_t pb[64];
    struct buf out = BUF_INIT;
    size_t n = unhex("0807 4203616262 e2010178 f201020801", pb, sizeof(pb));
    ck_assert_int_eq(buf_reserve(&out, 200), FUTU_OK);
    mem_fail_at(0);
    ck_assert_int_eq(codec_to_json(&All_msg, pb, n, CODEC_DECLARED, &out, NULL, NULL), FUTU_OK);
    futu_str json = buf_str(&out);
    ck_assert_int_eq(codec_from_json(&All_msg, json, CODEC_DECLARED, &out, NULL, NULL), FUTU_OK);
    mem_fail_at(-1);
    ck_assert_uint_eq(out.n, json.n + n);
    ck_assert_mem_eq(out.p + json.n, pb, n);
    buf_free(&out);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, the_vectors);
    tcase_add_test(tc, both_spellings);
    tcase_add_test(tc, what_the_python_sdk_sends);
    tcase_add_test(tc, every_kind_of_value);
    tcase_add_test(tc, what_else_is_taken_for_a_value);
    tcase_add_test(tc, text_keeps_every_character);
    tcase_add_test(tc, text_that_is_not_utf8_becomes_valid);
    tcase_add_test(tc, records_in_any_order);
    tcase_add_test(tc, errors_of_values);
    tcase_add_test(tc, errors_of_the_text);
    tcase_add_test(tc, every_cut_of_a_text_is_an_error);
    tcase_add_test(tc, a_name_from_the_peer_is_shown_cleanly);
    tcase_add_test(tc, limits);
    tcase_add_test(tc, broken_protobuf_gives_no_text);
    tcase_add_test(tc, every_failed_allocation_is_clean);
    tcase_add_test(tc, a_reused_buffer_takes_no_memory);
}

int main(void)
{
    return run_tcase("json", add);
}
