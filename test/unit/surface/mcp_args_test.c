/* mcp_args_test.c - arguments of the tools: names, aliases, values, bounds; and that the schema
 * which is listed says of each argument what the check of it does. */
#include "mcp_rig.h"

#include <math.h>

#include "surface/mcp_rule.h"

#define NOW (1767605400 * NS_PER_S)     /* 2026-01-05T09:30:00Z */

/* What arguments become: the body, or why they are refused. */
static const char *body_for(const char *tool, const char *args)
{
    static char text[900];
    struct buf json = BUF_INIT;
    struct mcp_args extra;
    struct body_error e;
    futu_err err = mcp_body(mcp_tool(str_c(tool)), str_c(args), NOW, &json, &extra, &e);
    ck_assert_int_eq(!err, !e.text[0]);
    snprintf(text, sizeof(text), "%.*s", err ? (int)strlen(e.text) : (int)json.n,
             err ? e.text : (char *)json.p);
    buf_free(&json);
    return text;
}

struct example {
    const char *tool, *args, *want;     /* want: a part of it */
};

static void expect(const struct example *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *is = body_for(rows[i].tool, rows[i].args);
        ck_assert_msg(strstr(is, rows[i].want), "row %zu, %s: %s", i, rows[i].args, is);
    }
}

START_TEST(names_and_values_in_the_words_of_the_tools)
{
    static const struct example rows[] = {
        { "futu_get_kline", "{\"symbol\":\"US.AAPL\",\"kl_type\":\"day\",\"num\":3}",
          "{\"security\":\"US.AAPL\",\"klType\":2,\"reqNum\":3}" },
        { "futu_get_kline", "{\"code\":\"US.AAPL\",\"ktype\":\"K_1M\",\"autype\":\"QFQ\"}",
          "{\"security\":\"US.AAPL\",\"klType\":1,\"rehabType\":1}" },
        { "futu_get_kline", "{\"symbol\":\"us.AAPL\",\"kl_type\":2}", "\"klType\":2}" },
        { "futu_get_kline", "{\"symbol\":\"US.AAPL\",\"kl_type\":\"2\"}", "\"klType\":2}" },
        { "futu_get_snapshot", "{\"stocks\":[\"US.AAPL\"]}", "{\"securityList\":[\"US.AAPL\"]}" },
        { "futu_get_snapshot", "{\"symbol\":\"US.AAPL\"}", "{\"securityList\":[\"US.AAPL\"]}" },
        { "futu_subscribe", "{\"symbols\":[],\"sub_types\":[\"Basic\",\"ORDER_BOOK\",4]}",
          "\"securityList\":[],\"subTypeList\":[1,2,4]}" },
        { "futu_place_order",
          "{\"env\":\"simulate\",\"market\":\"HK\",\"side\":\"SELL_SHORT\",\"qty\":\"100\","
          "\"acc_id\":\"281756455983234\",\"order_type\":\"normal\",\"time_in_force\":\"gtc\","
          "\"symbol\":\"HK.00700\",\"remark\":null}",
          "{\"trdEnv\":0,\"trdMarket\":1,\"trdSide\":3,\"qty\":100,\"accID\":281756455983234,"
          "\"orderType\":1,\"timeInForce\":1,\"code\":\"HK.00700\"}" },
        { "futu_get_history_orders",
          "{\"market\":\"HK\",\"acc_id\":1,\"symbol\":\"HK.00700\",\"start\":\"2026-01-01\","
          "\"end\":\"2026-01-02\",\"status\":\"Submitted\"}",
          "\"filterStatusList\":[5],\"filterConditions\":{\"codeList\":[\"HK.00700\"],"
          "\"beginTime\":\"2026-01-01\",\"endTime\":\"2026-01-02\"}}" },
        { "futu_get_orders", "{\"market\":1,\"acc_id\":1,\"symbols\":[\"00700\",\"00005\"]}",
          "\"filterConditions\":{\"codeList\":[\"00700\",\"00005\"]}}" },
        { "futu_list_plates", "{\"market\":\"SH\",\"plate_set\":\"concept\"}",
          "{\"market\":21,\"plateSetType\":3}" },
        { "futu_unlock_trade", "{\"acc_ids\":[1,\"2\"],\"security_firm\":\"FutuHK\"}",
          "{\"accIDList\":[1,2],\"securityFirm\":1}" },
        { "futu_set_price_reminder",
          "{\"symbol\":\"HK.00700\",\"op\":\"ADD\",\"reminder_type\":\"price_up\"}",
          "\"op\":1,\"type\":1}" },
        { "futu_get_option_chain", "{\"symbol\":\"HK.00700\",\"start\":\"2026-01-05\",\"end\":"
          "\"2026-01-30\",\"option_type\":\"all\",\"data_filter\":{\"delta_min\":\"0.5\"}}",
          "\"type\":0,\"dataFilter\":{\"deltaMin\":0.5}}" },
        { "futu_get_stock_filter", "{\"market\":\"HK\",\"base_filter_list\":[{\"field_name\":"
          "\"CUR_PRICE\",\"filter_min\":1,\"sort_dir\":2}]}",
          "\"baseFilterList\":[{\"fieldName\":3,\"filterMin\":1,\"sortDir\":2}]}" },
        { "futu_get_stock_filter", "{\"market\":\"HK\",\"num\":10.0,\"begin\":-0}",
          "\"num\":10,\"begin\":0}" },
        { "futu_get_cash_log", "{\"acc_id\":1,\"in_out\":2,\"keyword\":\"a\\\"b\"}",
          "{\"accID\":1,\"in_out\":2,\"keyword\":\"a\\\"b\"}" },
        { "futu_get_bond_total_asset", "{\"inner\":{\"a\":[1,{}]}}",
          "{\"inner\":{\"a\":[1,{}]},\"accID\":0}" },
    };
    expect(rows, ARRAY_LEN(rows));
}
END_TEST

START_TEST(what_is_wrong_is_refused_by_its_name)
{
    static const struct example rows[] = {
        { "futu_get_kline", "{\"symbol\":\"US.AAPL\",\"kl_type\":\"dy\"}",
          "invalid parameters: kl_type: unknown value, one of K_1M, K_DAY, K_WEEK" },
        { "futu_get_kline", "{\"symbol\":\"US.AAPL\",\"kl_type\":0}", "kl_type: unknown value" },
        { "futu_get_kline", "{\"symbol\":\"US.AAPL\",\"kl_type\":\"unknown\"}", "unknown value" },
        { "futu_get_kline", "{\"symbol\":\"US.AAPL\",\"kl_type\":2.5}", "unknown value" },
        { "futu_get_kline", "{\"symbol\":\"US.AAPL\",\"kl_type\":true}", "unknown value" },
        { "futu_get_kline", "{\"symbol\":\"US.AAPL\",\"kl_type\":\"\"}", "unknown value" },
        { "futu_get_kline", "{\"stock\":\"US.AAPL\"}",
          "stock: unknown field; did you mean symbol?" },
        { "futu_get_snapshot", "{\"stock_list\":[]}",
          "stock_list: unknown field; did you mean symbols?" },
        { "futu_get_kline", "{\"klType\":2}", "klType: unknown field; did you mean kl_type?" },
        { "futu_get_kline", "{\"zzzzzzzzzzzz\":2}", "zzzzzzzzzzzz: unknown field" },
        { "futu_get_kline", "{\"symbol\":\"US.AAPL\"}", "kl_type: required and missing" },
        { "futu_get_kline", "{\"symbol\":\"AAPL\"}", "symbol: MARKET.CODE is expected" },
        { "futu_get_kline", "{\"symbol\":\"XX.AAPL\"}", "symbol: MARKET.CODE is expected" },
        { "futu_get_kline", "{\"symbol\":5}", "symbol: a string is expected" },
        { "futu_get_kline", "{\"symbol\":\"US.AAPL\",\"code\":\"US.AAPL\"}",
          "code: it is there twice, perhaps by another name" },
        { "futu_get_kline", "{\"num\":0}", "num: 1 to 1000 is expected" },
        { "futu_get_kline", "{\"num\":1001}", "num: 1 to 1000 is expected" },
        { "futu_get_kline", "{\"num\":1.5}", "num: an integer is expected" },
        { "futu_get_kline", "{\"num\":\"ten\"}", "num: an integer is expected" },
        { "futu_get_kline", "{\"num\":[1]}", "num: an integer is expected" },
        { "futu_get_kline", "{\"extended_time\":1}", "extended_time: unknown field" },
        { "futu_get_snapshot", "{\"symbols\":[\"HK.00700\",7]}", "symbols[1]: a string" },
        { "futu_get_snapshot", "{}", "symbols: required and missing" },
        { "futu_subscribe", "{\"is_sub_or_un_sub\":false}", "is_sub_or_un_sub: unknown field" },
        { "futu_subscribe", "{\"symbols\":\"HK.00700\",\"push\":\"true\"}", "true or false" },
        { "futu_get_history_kline", "{\"start\":\"tomorrow\"}", "start: yyyy-mm-dd or" },
        { "futu_get_history_kline", "{\"start\":\"2026-1-5\"}", "start: yyyy-mm-dd or" },
        { "futu_get_history_kline", "{\"max_count\":5001}", "max_count: 1 to 5000" },
        { "futu_place_order", "{\"qty\":0}", "qty: above 0 is expected" },
        { "futu_place_order", "{\"qty\":\"NaN\"}", "qty: a number is expected" },
        { "futu_place_order", "{\"qty\":1e999}", "qty: the number is too large" },
        { "futu_place_order", "{\"symbol\":\"\"}", "symbol: a code is expected" },
        { "futu_place_order", "{\"card_num\":\"123456789012345678901234567890123\"}",
          "card_num: at most 32 characters" },
        { "futu_unlock_trade", "{\"acc_ids\":[5,0]}", "acc_ids[1]: 0 is not the id" },
        { "futu_unlock_trade", "{\"acc_ids\":[\"x\"]}", "acc_ids[0]: an id is expected" },
        { "futu_unlock_trade", "{\"acc_ids\":[99999999999999999999]}", "not the id of anything" },
        { "futu_unlock_trade", "{\"pwd_md5\":\"x\"}", "pwd_md5: unknown field" },
        { "futu_unlock_trade", "{\"otp\":\"x\"}", "otp: unknown field" },
        { "futu_get_quote", "{\"api_key\":1}", "api_key: a string is expected" },
        { "futu_get_quote", "{\"confirm_token\":\"x\"}", "confirm_token: unknown field" },
        { "futu_set_price_reminder", "{\"note\":\"123456789012345678901\"}", "at most 20 char" },
        { "futu_get_stock_filter", "{\"market\":\"HK\",\"base_filter_list\":[{}]}",
          "base_filter_list[0].field_name: required and missing" },
        { "futu_get_stock_filter", "{\"base_filter_list\":[{\"field\":1}]}",
          "base_filter_list[0].field: unknown field" },
        { "futu_get_stock_filter", "{\"base_filter_list\":[{\"field_name\":1,\"field_name\":1}]}",
          "base_filter_list[0].field_name: it is there twice" },
        { "futu_get_stock_filter", "{\"base_filter_list\":[5]}", "[0]: an object is expected" },
        { "futu_get_stock_filter", "{\"pattern_filter_list\":[]}", "unknown field" },
        { "futu_get_bond_total_asset", "{\"inner\":[]}", "inner: an object is expected" },
    };
    expect(rows, ARRAY_LEN(rows));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        ck_assert(strncmp(body_for(rows[i].tool, rows[i].args), "invalid parameters: ", 20) == 0);
}
END_TEST

START_TEST(notes_count_characters_and_lists_have_an_end)
{
    struct buf args = BUF_INIT;
    const char *is = body_for("futu_set_price_reminder",
                              "{\"symbol\":\"HK.00700\",\"op\":1,\"note\":\"十十十十十十十十十十"
                              "十十十十十十十十十十\"}");
    ck_assert_msg(strstr(is, "\"note\":"), "%s", is);
    for (int more = 0; more < 2; more++) {
        args.n = 0;
        buf_puts(&args, "{\"symbols\":[\"US.A\"");
        for (int i = 0; i < 399 + more; i++)
            buf_puts(&args, ",\"US.A\"");
        buf_put(&args, "]}", 3);
        is = body_for("futu_get_snapshot", (const char *)args.p);
        ck_assert_int_eq(!strstr(is, "symbols: at most 400"), !more);
    }
    buf_free(&args);
}
END_TEST

START_TEST(a_span_that_is_left_out_is_the_last_ninety_days)
{
    static const struct example rows[] = {
        { "futu_get_history_orders", "{\"market\":\"HK\",\"acc_id\":1}",
          "\"filterConditions\":{\"beginTime\":\"2025-10-07 00:00:00\","
          "\"endTime\":\"2026-01-06 23:59:59\"}}" },
        { "futu_get_history_deals", "{\"market\":\"HK\",\"acc_id\":1,\"start\":\"2026-01-01\"}",
          "{\"beginTime\":\"2026-01-01\",\"endTime\":\"2026-01-06 23:59:59\"}" },
        { "futu_get_orders", "{\"market\":\"HK\",\"acc_id\":1}",
          "{\"trdMarket\":1,\"accID\":1}" },
    };
    expect(rows, ARRAY_LEN(rows));
}
END_TEST

START_TEST(whose_account_may_be_left_open)
{
    struct buf json = BUF_INIT;
    struct mcp_args out;
    struct body_error e;
    const struct mcp_tool *t = mcp_tool(STR("futu_get_funds"));
    ck_assert_int_eq(mcp_body(t, STR("{\"market\":\"HK\",\"card_num\":\"1234\"}"), NOW, &json,
                              &out, &e), FUTU_OK);
    ck_assert(out.no_account);
    ck_assert_str_eq(out.card, "1234");
    ck_assert(str_is(buf_str(&json), "{\"trdMarket\":1,\"accID\":0}"));
    ck_assert_int_eq(mcp_body(t, STR("{\"market\":\"HK\",\"acc_id\":5}"), NOW, &json, &out, &e),
                     FUTU_OK);
    ck_assert(!out.no_account && !out.card[0]);
    t = mcp_tool(STR("futu_cancel_order"));
    ck_assert_int_eq(mcp_body(t, STR("{\"env\":0,\"market\":1,\"acc_id\":5,\"order_id\":1,"
                              "\"confirm_token\":\"abc\",\"api_key\":\"fc_x\"}"), NOW, &json,
                              &out, &e), FUTU_OK);
    ck_assert_str_eq(out.confirm, "abc");
    ck_assert(!memmem(json.p, json.n, "fc_x", 4) && !memmem(json.p, json.n, "abc", 3));
    buf_free(&json);
}
END_TEST

/* ---- every tool ---- */

static void good_value(struct doc *d, const struct mcp_rule *r)
{
    char room[64];
    size_t i = 0;
    switch (r->kind) {
    case MCP_SYMBOL:
    case MCP_CODE:
        doc_put(d, "\"HK.00700\"");
        break;
    case MCP_ENUM:
        while (!mcp_value_name(r->numbers, i, room))
            i++;
        doc_text(d, mcp_value_name(r->numbers, i, room));
        break;
    case MCP_TIME:
        doc_put(d, "\"2026-01-05\"");
        break;
    case MCP_TEXT:
        doc_put(d, "\"1\"");
        break;
    case MCP_BOOL:
        doc_put(d, "true");
        break;
    case MCP_OBJECT:
    case MCP_ANY:
        doc_put(d, "{}");
        break;
    default:
        doc_put(d, isnan(r->least) ? "100" : "1");
    }
}

/* A value that no rule of the kind takes. */
static const char *bad_value(const struct mcp_rule *r)
{
    return r->kind == MCP_TEXT || r->kind == MCP_BOOL ? "17" : "\"no such\"";
}

static futu_err try_args(const struct mcp_tool *t, const struct buf *args, struct body_error *e,
                         bool whole)
{
    struct buf json = BUF_INIT, pb = BUF_INIT;
    struct mcp_args extra;
    struct body_extra more;
    struct body_fill fill = { 1, 2, str_c(t->preset ? t->preset : ""), false };
    futu_err err = mcp_body(t, buf_str(args), NOW, &json, &extra, e);
    if (!err && whole && !(t->flags & MCP_RAW))
        err = body_to_pb(proto_find(t->proto), buf_str(&json), &fill, &pb, &more, e);
    buf_free(&json);
    buf_free(&pb);
    return err;
}

/* All that is required, and of the rest the field `with`, perhaps with a bad value. */
static void put_args(struct buf *out, const struct mcp_tool *t, const struct mcp_field *with,
                     bool bad)
{
    struct doc d = { .out = out };
    struct mcp_shape sh;
    struct mcp_field f = { MCP_AT_NONE, NULL, NULL };
    struct mcp_rule r;
    mcp_shape(&sh, t);
    out->n = 0;
    doc_put(&d, "{");
    while (mcp_next(&sh, &f)) {
        bool is = with && with->place == f.place && with->f == f.f;
        if (!is && mcp_optional(&sh, &f))
            continue;
        mcp_rule(&sh, &f, &r);
        doc_key(&d, mcp_arg_name(&sh, &f));
        if (is && bad)
            doc_put(&d, bad_value(&r));
        else
            good_value(&d, &r);
    }
    doc_put(&d, "}");
}

START_TEST(every_tool_takes_what_it_needs_and_nothing_else)
{
    size_t n;
    const struct mcp_tool *tools = mcp_tools(&n);
    struct buf args = BUF_INIT;
    for (size_t i = 0; i < n; i++) {
        struct body_error e = { "", "" };
        put_args(&args, &tools[i], NULL, false);
        futu_err err = try_args(&tools[i], &args, &e, true);
        ck_assert_msg(!err || strstr(e.text, "order_id: required"), "%s: %s: %.*s", tools[i].name,
                      e.text, (int)args.n, (char *)args.p);
        args.n = 0;
        buf_puts(&args, "{\"zzzzzzzz\":1}");
        err = try_args(&tools[i], &args, &e, false);
        ck_assert_msg(err && strstr(e.text, "zzzzzzzz: unknown field"), "%s", tools[i].name);
    }
    buf_free(&args);
}
END_TEST

START_TEST(every_argument_takes_a_good_value_and_refuses_a_bad_one)
{
    size_t n, tried = 0;
    const struct mcp_tool *tools = mcp_tools(&n);
    struct buf args = BUF_INIT;
    for (size_t i = 0; i < n; i++) {
        struct mcp_shape sh;
        struct mcp_field f = { MCP_AT_NONE, NULL, NULL };
        mcp_shape(&sh, &tools[i]);
        while (mcp_next(&sh, &f)) {
            struct body_error e = { "", "" };
            struct mcp_rule r;
            mcp_rule(&sh, &f, &r);
            put_args(&args, &tools[i], &f, false);
            if (r.kind != MCP_OBJECT || r.sub->required.w[0] == 0)
                ck_assert_msg(!try_args(&tools[i], &args, &e, false), "%s: %s: %.*s",
                              tools[i].name, e.text, (int)args.n, (char *)args.p);
            put_args(&args, &tools[i], &f, true);
            ck_assert_msg(try_args(&tools[i], &args, &e, false), "%s: %.*s", tools[i].name,
                          (int)args.n, (char *)args.p);
            ck_assert_msg(strstr(e.text, mcp_arg_name(&sh, &f)), "%s: %s", tools[i].name, e.text);
            /* A number has bounds, or has none for a reason: amounts of a market. */
            ck_assert(r.kind != MCP_INTEGER || (!isnan(r.least) && !isnan(r.most)));
            tried++;
        }
    }
    ck_assert_uint_gt(tried, 400);
    buf_free(&args);
}
END_TEST

START_TEST(no_name_means_two_arguments)
{
    size_t n;
    const struct mcp_tool *tools = mcp_tools(&n);
    for (size_t i = 0; i < n; i++) {
        struct mcp_shape sh;
        struct mcp_field f = { MCP_AT_NONE, NULL, NULL };
        mcp_shape(&sh, &tools[i]);
        while (mcp_next(&sh, &f)) {
            struct mcp_field is = mcp_find(&sh, str_c(mcp_arg_name(&sh, &f)));
            ck_assert_msg(is.place == f.place && is.f == f.f, "%s: %s", tools[i].name,
                          mcp_arg_name(&sh, &f));
        }
    }
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    const struct mcp_tool *t = mcp_tool(STR("futu_get_history_orders"));
    futu_str args = STR("{\"market\":\"HK\",\"acc_id\":\"1\",\"symbol\":\"00700\",\"status\":[5]}");
    size_t rounds = 0;
    for (long n = 0; test_alloc_fail_at(n); n++) {
        struct buf json = BUF_INIT;
        struct mcp_args out;
        struct body_error e;
        futu_err err = mcp_body(t, args, NOW, &json, &out, &e);
        ck_assert(err == FUTU_ENOMEM ? e.text[0] != '\0' : err == FUTU_OK && !e.text[0]);
        rounds += err == FUTU_ENOMEM;
        buf_free(&json);
    }
    ck_assert_uint_gt(rounds, 2);
}
END_TEST

static void tests(TCase *tc)
{
    tcase_add_test(tc, names_and_values_in_the_words_of_the_tools);
    tcase_add_test(tc, what_is_wrong_is_refused_by_its_name);
    tcase_add_test(tc, notes_count_characters_and_lists_have_an_end);
    tcase_add_test(tc, a_span_that_is_left_out_is_the_last_ninety_days);
    tcase_add_test(tc, whose_account_may_be_left_open);
    tcase_add_test(tc, every_tool_takes_what_it_needs_and_nothing_else);
    tcase_add_test(tc, every_argument_takes_a_good_value_and_refuses_a_bad_one);
    tcase_add_test(tc, no_name_means_two_arguments);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("mcp arguments", tests);
}
