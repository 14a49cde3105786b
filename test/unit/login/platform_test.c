/* platform_test.c - which auth server is asked, and when an attribution changes it. */
#include "login/platform.h"

#include "../support.h"

static struct auth_server s;
static char why[256];

static void choose(const char *url, const char *platform, const char *want)
{
    futu_err err = auth_server_choose(&s, url, platform, why, sizeof(why));
    ck_assert_msg(err == FUTU_OK, "%s: %s", url ? url : "-", why);
    ck_assert_str_eq(s.url, want);
}

START_TEST(the_server_option_is_stronger_than_the_platform_and_that_than_the_default)
{
    choose(NULL, NULL, "https://auth.futunn.com");
    ck_assert(!s.chosen && s.standard && s.tls);
    ck_assert_uint_eq(s.port, 443);
    choose(NULL, "moomoo", "https://auth.moomoo.com");
    ck_assert(s.chosen && s.standard);
    ck_assert_int_eq(s.platform, PLATFORM_MOOMOO);
    choose("http://127.0.0.1:19998", "moomoo", "http://127.0.0.1:19998");
    ck_assert(s.chosen && !s.standard && !s.tls);
    ck_assert_int_eq(s.platform, PLATFORM_MOOMOO);      /* the client's kind follows it still */
    ck_assert_str_eq(s.host, "127.0.0.1");
    ck_assert_uint_eq(s.port, 19998);
}
END_TEST

START_TEST(a_standard_host_by_its_address_is_its_platform)
{
    choose("https://auth.moomoo.com", "futunn", "https://auth.moomoo.com");
    ck_assert(s.standard);
    ck_assert_int_eq(s.platform, PLATFORM_MOOMOO);
    choose("HTTPS://Auth.FutuNN.com:443/", NULL, "https://auth.futunn.com");
    ck_assert(s.standard);
    choose("http://auth.futunn.com", NULL, "http://auth.futunn.com");
    ck_assert(!s.standard);
    choose("https://auth.futunn.com:8443", NULL, "https://auth.futunn.com:8443");
    ck_assert(!s.standard);
}
END_TEST

START_TEST(addresses_in_all_their_spellings)
{
    choose("https://proxy.example", NULL, "https://proxy.example");
    ck_assert_uint_eq(s.port, 443);
    choose("http://proxy.example:80/", NULL, "http://proxy.example");
    choose("http://[::1]:8080", NULL, "http://[::1]:8080");
    ck_assert_str_eq(s.host, "::1");
    choose("https://[2001:DB8::7]", NULL, "https://[2001:db8::7]");
}
END_TEST

START_TEST(anything_else_is_no_address)
{
    static const char *const wrong[] = {
        "", "auth.futunn.com", "ftp://a.example", "https://", "https:///", "https://:443",
        "https://a.example:0", "https://a.example:65536", "https://a.example:x",
        "https://a.example:", "https://a.example/path", "https://a.example?x=1",
        "https://user@a.example", "https://a b", "https://[::1", "https://[::1]x", "https://[x]",
        "https://[]", "https://.a", "https://-a", "https://a.example//",
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        ck_assert_msg(auth_server_choose(&s, wrong[i], NULL, why, sizeof(why)) == FUTU_EINVAL,
                      "%s was taken", wrong[i]);
        ck_assert_ptr_nonnull(strstr(why, "--auth-server: http://HOST"));
    }
    ck_assert_int_eq(auth_server_choose(&s, NULL, "futu", why, sizeof(why)), FUTU_EINVAL);
    ck_assert_str_eq(why, "--platform: futu is neither futunn nor moomoo");
}
END_TEST

START_TEST(a_host_of_any_length_fits_or_is_refused)
{
    char url[400];
    memcpy(url, "https://", 8);
    memset(url + 8, 'a', sizeof(url) - 8);
    url[8 + AUTH_HOST_MAX] = '\0';
    ck_assert_int_eq(auth_server_choose(&s, url, NULL, why, sizeof(why)), FUTU_OK);
    ck_assert_str_eq(s.url, url);
    memcpy(url + 8 + AUTH_HOST_MAX, "a", 2);
    ck_assert_int_eq(auth_server_choose(&s, url, NULL, why, sizeof(why)), FUTU_EINVAL);
}
END_TEST

START_TEST(an_attribution_switches_between_the_two_standard_hosts_alone)
{
    static const struct {
        uint8_t number;
        const char *url;
    } all[] = { { 1, "https://auth.futunn.com" }, { 2, "https://auth.moomoo.com" },
                { 3, "https://auth.moomoo.com" }, { 4, "https://auth.moomoo.com" },
                { 5, "https://auth.moomoo.com" }, { 6, "https://auth.futunn.com" } };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        for (int moomoo = 0; moomoo < 2; moomoo++) {
            choose(NULL, moomoo ? "moomoo" : "futunn", platform_auth_url(moomoo));
            bool other = strcmp(s.url, all[i].url) != 0;
            ck_assert_int_eq(auth_server_follow(&s, all[i].number),
                             other ? ATTRIBUTION_SWITCHED : ATTRIBUTION_KEPT);
            ck_assert_str_eq(s.url, all[i].url);
            ck_assert(s.chosen && s.standard);
        }
    choose("http://127.0.0.1:1", NULL, "http://127.0.0.1:1");
    ck_assert_int_eq(auth_server_follow(&s, 2), ATTRIBUTION_KEPT);
    ck_assert_str_eq(s.url, "http://127.0.0.1:1");
}
END_TEST

START_TEST(an_unknown_attribution_changes_nothing)
{
    choose(NULL, NULL, "https://auth.futunn.com");
    ck_assert_int_eq(auth_server_follow(&s, 7), ATTRIBUTION_UNKNOWN);
    ck_assert_int_eq(auth_server_follow(&s, 0), ATTRIBUTION_UNKNOWN);
    ck_assert_str_eq(s.url, "https://auth.futunn.com");
}
END_TEST

START_TEST(every_attribution_is_read_as_it_is_written)
{
    char text[ATTRIBUTION_TEXT];
    for (unsigned i = 1; i <= UINT8_MAX; i++) {
        attribution_text((uint8_t)i, text);
        ck_assert_uint_eq(attribution_read(str_c(text)), i);
    }
    ck_assert_uint_eq(attribution_read(STR("HK")), 6);
    ck_assert_uint_eq(attribution_read(STR("cn")), 1);
    ck_assert_uint_eq(attribution_read(STR("256")), 0);
    ck_assert_uint_eq(attribution_read(STR("0")), 0);
    ck_assert_uint_eq(attribution_read(STR("Xx")), 0);
    ck_assert_uint_eq(attribution_read(STR("")), 0);
}
END_TEST

START_TEST(each_attribution_has_its_connection_points_and_default_broker)
{
    static const struct {
        uint8_t number;
        const char *code, *host;
        int32_t broker;
    } all[] = { { 1, "Cn", "nnconn.futunn.com", 1001 }, { 2, "Us", "usconn.moomoo.com", 1007 },
                { 3, "Sg", "sgconn.moomoo.com", 1008 }, { 4, "Au", "auconn.moomoo.com", 1009 },
                { 5, "Jp", "jpconn.moomoo.com", 1012 }, { 6, "Hk", "hkconn.futunn.com", 1001 } };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        const struct attribution *a = attribution_find(all[i].number);
        ck_assert_ptr_nonnull(a);
        ck_assert_str_eq(a->code, all[i].code);
        ck_assert_str_eq(a->conn_host, all[i].host);
        ck_assert_int_eq(a->broker, all[i].broker);
    }
    ck_assert_ptr_null(attribution_find(7));
}
END_TEST

START_TEST(the_hint_names_the_other_platform_for_two_codes)
{
    char hint[200];
    choose(NULL, NULL, "https://auth.futunn.com");
    ck_assert(auth_server_hint(&s, 2, hint, sizeof(hint)));
    ck_assert_ptr_nonnull(strstr(hint, "--platform moomoo"));
    ck_assert(auth_server_hint(&s, 15, hint, sizeof(hint)));
    ck_assert(!auth_server_hint(&s, 11, hint, sizeof(hint)));
    choose(NULL, "moomoo", "https://auth.moomoo.com");
    ck_assert(auth_server_hint(&s, 2, hint, sizeof(hint)));
    ck_assert_ptr_nonnull(strstr(hint, "--platform futunn"));
    choose("http://127.0.0.1:1", NULL, "http://127.0.0.1:1");
    ck_assert(auth_server_hint(&s, 2, hint, sizeof(hint)));
    ck_assert_ptr_nonnull(strstr(hint, "--platform moomoo"));
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, the_server_option_is_stronger_than_the_platform_and_that_than_the_default);
    tcase_add_test(tc, a_standard_host_by_its_address_is_its_platform);
    tcase_add_test(tc, addresses_in_all_their_spellings);
    tcase_add_test(tc, anything_else_is_no_address);
    tcase_add_test(tc, a_host_of_any_length_fits_or_is_refused);
    tcase_add_test(tc, an_attribution_switches_between_the_two_standard_hosts_alone);
    tcase_add_test(tc, an_unknown_attribution_changes_nothing);
    tcase_add_test(tc, every_attribution_is_read_as_it_is_written);
    tcase_add_test(tc, each_attribution_has_its_connection_points_and_default_broker);
    tcase_add_test(tc, the_hint_names_the_other_platform_for_two_codes);
}

int main(void)
{
    return run_tcase("platform", add);
}
