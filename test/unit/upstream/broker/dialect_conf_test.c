/* dialect_conf_test.c - the remote configuration as JSON. */
#include "upstream/broker/dialect_conf.h"

#include <stdio.h>

#include "base/buf.h"
#include "support.h"

static struct remote_conf conf;

static const char *parse(const char *text)
{
    static char why[200];
    why[0] = '\0';
    futu_err err = conf_parse(&conf, str_c(text), why, sizeof(why));
    ck_assert_int_eq(err == FUTU_OK, why[0] == '\0');
    ck_assert(!err || conf.n == 0);
    return why;
}

static const char *guaranteed(int32_t identity, size_t i)
{
    static char text[ADDR_TEXT];
    const struct conf_addrs *a = conf_of(&conf, identity);
    return a && i < a->guaranteed.n ? addr_text(&a->guaranteed.a[i], text) : "none";
}

START_TEST(lists_for_each_identity_in_every_form)
{
    ck_assert_str_eq(parse("{\"code\":0,\"conf_info\":{\"other\":[1,{}],"
                           "\"guaranteed_ip_for_conn\":{"
                           "\"1\":[\"10.0.0.1:9595\",\"10.0.0.2\",{\"ip\":\"10.0.0.3\","
                           "\"port\":\"443\"}],"
                           "\"1001\":\"[\\\"10.1.0.1\\\",{\\\"ip\\\":\\\"::1\\\",\\\"port\\\":8}]\""
                           ","
                           "\"1007\":null,\"6\":\"\",\"note\":\"x\"}}}"), "");
    ck_assert_str_eq(guaranteed(1, 0), "10.0.0.1:9595");
    ck_assert_str_eq(guaranteed(1, 1), "10.0.0.2:9595");
    ck_assert_str_eq(guaranteed(1, 2), "10.0.0.3:443");
    ck_assert_str_eq(guaranteed(1001, 0), "10.1.0.1:443");
    ck_assert_str_eq(guaranteed(1001, 1), "[::1]:8");
    ck_assert_str_eq(guaranteed(1007, 0), "none");
    ck_assert_str_eq(guaranteed(6, 0), "none");
    ck_assert_int_eq(conf.again_s, CONF_AGAIN_MAX_S);
}
END_TEST

START_TEST(the_whole_value_may_be_text_null_or_a_list_of_the_platform)
{
    ck_assert_str_eq(parse("{\"conf_info\":{\"guaranteed_ip_for_conn\":"
                           "\"{\\\"2\\\":[\\\"10.0.0.9\\\"]}\"}}"), "");
    ck_assert_str_eq(guaranteed(2, 0), "10.0.0.9:9595");
    ck_assert_str_eq(parse("{\"conf_info\":{\"guaranteed_ip_for_conn\":null,"
                           "\"forced_ip_for_conn\":null,\"limit_time\":null}}"), "");
    ck_assert_uint_eq(conf.n, 0);
    ck_assert_str_eq(parse("{\"conf_info\":{\"guaranteed_ip_for_conn\":[\"10.0.0.8:1\"]}}"), "");
    ck_assert_str_eq(guaranteed(5, 0), "10.0.0.8:1");
    ck_assert_str_eq(guaranteed(1001, 0), "none");
    ck_assert_str_eq(parse("{\"conf_info\":\"{\\\"limit_time\\\":600}\"}"), "");
    ck_assert_int_eq(conf.again_s, 600);
}
END_TEST

START_TEST(forced_addresses_are_the_platforms_or_are_named)
{
    ck_assert_str_eq(parse("{\"conf_info\":{\"forced_ip_for_conn\":{\"ip\":\"10.0.0.5\","
                           "\"port\":9595,\"expire_ts\":\"1775000100\"}}}"), "");
    ck_assert_str_eq(conf_of(&conf, 1)->forced.host, "10.0.0.5");
    ck_assert_int_eq(conf_of(&conf, 1)->forced_until_s, 1775000100);
    ck_assert_ptr_null(conf_of(&conf, 1001));
    ck_assert_str_eq(parse("{\"conf_info\":{\"forced_ip_for_conn\":\"{\\\"1001\\\":{\\\"ip\\\":"
                           "\\\"10.1.0.5\\\",\\\"expire_ts\\\":7}}\"}}"), "");
    ck_assert_uint_eq(conf_of(&conf, 1001)->forced.port, 443);
    ck_assert_ptr_null(conf_of(&conf, 1));
    ck_assert_str_eq(parse("{\"conf_info\":{\"forced_ip_for_conn\":{\"ip\":\"\"}}}"), "");
    ck_assert_uint_eq(conf.n, 0);
}
END_TEST

START_TEST(the_refresh_is_kept_within_its_limits)
{
    ck_assert_str_eq(parse("{\"conf_info\":{\"limit_time\":1}}"), "");
    ck_assert_int_eq(conf.again_s, CONF_AGAIN_MIN_S);
    ck_assert_str_eq(parse("{\"conf_info\":{\"limit_time\":\"999999\"}}"), "");
    ck_assert_int_eq(conf.again_s, CONF_AGAIN_MAX_S);
}
END_TEST

START_TEST(what_is_wrong_is_named_and_nothing_is_taken)
{
    static const char *const rows[][2] = {
        { "[]", "an object is expected" },
        { "{}", "it has no conf_info" },
        { "{\"conf_info\":{}} x", "something follows the object" },
        { "{\"conf_info\":{\"limit_time\":-1}}", "a whole number is expected" },
        { "{\"conf_info\":{\"guaranteed_ip_for_conn\":{\"1\":[\"evil.example.com:1\"]}}}",
          "an IP address is expected" },
        { "{\"conf_info\":{\"guaranteed_ip_for_conn\":{\"1\":[\"10.0.0.1:0\"]}}}",
          "IP:PORT is expected" },
        { "{\"conf_info\":{\"guaranteed_ip_for_conn\":{\"1\":[\"10.0.0.1:1\"],\"2\":[7]}}}",
          "a text is expected" },
        { "{\"conf_info\":{\"guaranteed_ip_for_conn\":{\"1\":\"[] []\"}}}",
          "something follows the value" },
        { "{\"conf_info\":{\"forced_ip_for_conn\":{\"ip\":\"10.0.0.1\",\"port\":65536}}}",
          "a whole number is expected" },
        { "{\"conf_info\":{\"forced_ip_for_conn\":{\"ip\":\"host\",\"port\":1}}}",
          "an IP address is expected" },
        { "{\"conf_info\":{\"guaranteed_ip_for_conn\":{\"1\":[", "a text is expected" },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char want[200];
        snprintf(want, sizeof(want), "the configuration can't be read: %s", rows[i][1]);
        ck_assert_str_eq(parse(rows[i][0]), want);
    }
}
END_TEST

START_TEST(more_identities_and_addresses_than_there_is_room_for)
{
    struct buf b = BUF_INIT;
    char why[200];
    buf_puts(&b, "{\"conf_info\":{\"guaranteed_ip_for_conn\":[");
    for (int i = 0; i < 2 * ADDR_MAX; i++)
        buf_printf(&b, "%s\"10.0.0.%d:1\"", i ? "," : "", i);
    buf_puts(&b, "]}}");
    ck_assert_int_eq(conf_parse(&conf, buf_str(&b), why, sizeof(why)), FUTU_OK);
    ck_assert_uint_eq(conf_of(&conf, 1)->guaranteed.n, ADDR_MAX);
    b.n = 0;
    buf_puts(&b, "{\"conf_info\":{\"guaranteed_ip_for_conn\":{");
    for (int i = 1; i <= CONF_IDENTITIES + 1; i++)
        buf_printf(&b, "%s\"%d\":[\"10.0.0.1:1\"]", i > 1 ? "," : "", i);
    buf_puts(&b, "}}}");
    ck_assert_int_eq(conf_parse(&conf, buf_str(&b), why, sizeof(why)), FUTU_EFORMAT);
    ck_assert_str_eq(why, "the configuration can't be read: it names too many identities");
    buf_free(&b);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, lists_for_each_identity_in_every_form);
    tcase_add_test(tc, the_whole_value_may_be_text_null_or_a_list_of_the_platform);
    tcase_add_test(tc, forced_addresses_are_the_platforms_or_are_named);
    tcase_add_test(tc, the_refresh_is_kept_within_its_limits);
    tcase_add_test(tc, what_is_wrong_is_named_and_nothing_is_taken);
    tcase_add_test(tc, more_identities_and_addresses_than_there_is_room_for);
}

int main(void)
{
    return run_tcase("broker configuration", add);
}
