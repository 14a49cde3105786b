/* cred_test.c - which saved login counts, what happens to one that does not, and how old it is. */
#include "login/cred.h"

#include "folder.h"

#define NOW INT64_C(1790000000)
#define FILE_NAME "credentials-25d55ad283aa400a.json"
#define KEY "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="         /* 32 bytes */

static char why[512];
static struct cred c;

/* One as futu-opend-rs may have written it: members in another order, some that we don't know. */
static const char whole[] =
    "{\n"
    "  \"account\": \"12345678\", \"device_id\": \"ABCDEF0123456789\",\n"
    "  \"device_sig\": \"sig\\/1\", \"tgtgt\": \"dGlja2V0\", \"rand_key\": \"" KEY "\",\n"
    "  \"uid\": 18446744073709551615, \"user_attribution\": \"Hk\",\n"
    "  \"web_sig\": \"web\", \"moomoo_web_sig\": null, \"nested\": {\"a\": [1, {\"b\": \"}\"}]},\n"
    "  \"device_verify_sig\": \"dvs\", \"device_verify_sig_ts\": 1790000000,\n"
    "  \"device_code_sig\": \"dcs\", \"device_code_sig_ts\": 1790000100, \"schema_version\": 1\n"
    "}\n";

static void setup(void)
{
    folder_make("12345678");
    memset(&c, 0, sizeof(c));
}

static void teardown(void)
{
    cred_wipe(&c);
    folder_remove();
}

static futu_err parse(const char *text)
{
    cred_wipe(&c);
    why[0] = '\0';
    return cred_parse(&c, str_c(text), why, sizeof(why));
}

static futu_err load_from(const char *text)
{
    folder_put(FILE_NAME, text, 0600);
    cred_wipe(&c);
    why[0] = '\0';
    return cred_load(&c, &st, &acc, NULL, NULL, why, sizeof(why));
}

#define IS(field, text) ck_assert_str_eq((const char *)c.field.p, text)

START_TEST(every_member_is_read)
{
    ck_assert_msg(parse(whole) == FUTU_OK, "%s", why);
    ck_assert_str_eq(c.account, "12345678");
    ck_assert_str_eq(c.device_id, "abcdef0123456789");
    IS(device_sig, "sig/1");
    IS(tgtgt, "dGlja2V0");
    IS(rand_key, "0123456789abcdef0123456789abcdef");
    ck_assert_uint_eq(c.rand_key.n, CRED_RAND_KEY);
    ck_assert(c.uid == UINT64_MAX);
    ck_assert_uint_eq(c.attribution, 6);
    IS(web_sig, "web");
    ck_assert_ptr_null(c.moomoo_web_sig.p);
    IS(device_verify_sig, "dvs");
    IS(device_code_sig, "dcs");
    ck_assert_int_eq(c.device_verify_sig_s, NOW);
    ck_assert_int_eq(c.device_code_sig_s, NOW + 100);
    ck_assert_uint_eq(c.schema, 1);
}
END_TEST

START_TEST(what_was_saved_is_loaded_again)
{
    ck_assert_int_eq(load_from(whole), FUTU_OK);
    c.ticket_s = NOW;
    ck_assert_int_eq(secret_set(&c.moomoo_client_sig, "\"quoted\\\"", 9), FUTU_OK);
    ck_assert_int_eq(cred_save(&c, &st, &acc, why, sizeof(why)), FUTU_OK);
    ck_assert_uint_eq(folder_mode(FILE_NAME), 0600);
    cred_wipe(&c);
    ck_assert_msg(cred_load(&c, &st, &acc, NULL, NULL, why, sizeof(why)) == FUTU_OK, "%s", why);
    IS(device_sig, "sig/1");
    IS(rand_key, "0123456789abcdef0123456789abcdef");
    IS(moomoo_client_sig, "\"quoted\\\"");
    IS(device_code_sig, "dcs");
    ck_assert(c.uid == UINT64_MAX);
    ck_assert_int_eq(c.ticket_s, NOW);
    ck_assert_int_eq(c.device_code_sig_s, NOW + 100);
    ck_assert_str_eq(c.device_id, "abcdef0123456789");
}
END_TEST

START_TEST(an_older_name_of_the_user_id_is_read)
{
    ck_assert_int_eq(parse("{\"user_id\": 7}"), FUTU_OK);
    ck_assert_uint_eq(c.uid, 7);
    ck_assert_int_eq(parse("{\"user_id\": 7, \"uid\": 7}"), FUTU_EFORMAT);
}
END_TEST

START_TEST(what_is_malformed_is_refused_with_its_place)
{
    static const struct {
        const char *text, *part;
    } all[] = {
        { "", "line 1: an object" },
        { "[]", "line 1: an object" },
        { "{", "line 1: a member's name" },
        { "{\"account\"}", "line 1: a colon" },
        { "{\n\"uid\": 1\n\"x\": 2}", "line 3: a comma or }" },
        { "{} x", "line 1: something follows" },
        { "{\"login_platform\": \"x\"}", "login_platform: futunn or moomoo" },
        { "{\"uid\": 1,}", "line 1: a member's name" },
        { "{\"tgtgt\": \"a", "line 1: the string does not end" },
        { "{\"tgtgt\": 1}", "tgtgt: a text is expected" },
        { "{\"tgtgt\": \"a b\"}", "tgtgt: a character" },
        { "{\"tgtgt\": \"a\\u0000\"}", "tgtgt: a character" },
        { "{\"tgtgt\": \"a\", \"tgtgt\": \"a\"}", "tgtgt: stands twice" },
        { "{\"uid\": \"1\"}", "uid: a whole number" },
        { "{\"uid\": -1}", "uid: a whole number" },
        { "{\"uid\": 1.5}", "uid: a whole number" },
        { "{\"uid\": 01}", "uid: a whole number" },
        { "{\"uid\": 18446744073709551616}", "uid: a whole number" },
        { "{\"schema_version\": 4294967296}", "schema_version: a whole number" },
        { "{\"device_verify_sig_ts\": 100000000001}", "device_verify_sig_ts: a whole number" },
        { "{\"rand_key\": \"????\"}", "rand_key: no base64" },
        { "{\"device_id\": \"abc\"}", "device_id: 16 hex digits" },
        { "{\"user_attribution\": \"Xy\"}", "user_attribution: no attribution" },
        { "{\"user_attribution\": 6}", "user_attribution: a text" },
        { "{\"other\": [1}", "line 1: " },
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        ck_assert_msg(parse(all[i].text) == FUTU_EFORMAT, "%s was taken", all[i].text);
        ck_assert_msg(strstr(why, all[i].part) != NULL, "%s: %s", all[i].text, why);
    }
}
END_TEST

START_TEST(a_text_of_any_length_is_taken_or_refused_whole)
{
    static char text[CRED_TEXT_MAX + 64];
    int n = snprintf(text, sizeof(text), "{\"tgtgt\": \"");
    memset(text + n, 'x', CRED_TEXT_MAX);
    snprintf(text + n + CRED_TEXT_MAX, 8, "\"}");
    ck_assert_int_eq(parse(text), FUTU_OK);
    ck_assert_uint_eq(c.tgtgt.n, CRED_TEXT_MAX);
    snprintf(text + n + CRED_TEXT_MAX, 8, "x\"}");
    ck_assert_int_eq(parse(text), FUTU_EFORMAT);
    ck_assert_str_eq(why, "tgtgt: the text is too long");
}
END_TEST

START_TEST(what_no_file_may_have_is_not_written)
{
    ck_assert_int_eq(load_from(whole), FUTU_OK);
    c.attribution = 0;
    ck_assert_int_eq(cred_save(&c, &st, &acc, why, sizeof(why)), FUTU_EINVAL);
    c.attribution = 6;
    c.rand_key.n = 16;
    ck_assert_int_eq(cred_save(&c, &st, &acc, why, sizeof(why)), FUTU_EINVAL);
    c.rand_key.n = CRED_RAND_KEY;
    ck_assert_int_eq(secret_set(&c.web_sig, "a\nb", 3), FUTU_OK);
    ck_assert_int_eq(cred_save(&c, &st, &acc, why, sizeof(why)), FUTU_EINVAL);
    ck_assert(folder_is(FILE_NAME, whole));
}
END_TEST

/* ---- which one counts ---- */

static void left_out(const char *text, const char *part)
{
    ck_assert_int_eq(load_from(text), FUTU_ENOTFOUND);
    ck_assert_msg(strstr(why, part) != NULL, "\"%s\" is not in \"%s\"", part, why);
    ck_assert_ptr_null(c.rand_key.p);
    ck_assert(folder_is(FILE_NAME, text));      /* it is left as it is */
}

#define REST "\"tgtgt\": \"t\", \"uid\": 1, \"rand_key\": \"" KEY "\""

START_TEST(no_file_is_no_login)
{
    ck_assert_int_eq(cred_load(&c, &st, &acc, NULL, NULL, why, sizeof(why)), FUTU_ENOTFOUND);
}
END_TEST

START_TEST(anothers_or_an_incomplete_one_is_left_out_and_stays)
{
    left_out("{\"account\": \"12345679\", \"user_attribution\": \"Hk\", " REST "}",
             "belongs to another account");
    left_out("{" REST "}", "names no region");
    left_out("{\"user_attribution\": \"Hk\", \"rand_key\": \"MDEyMzQ1Njc4OWFiY2RlZg==\"}",
             "has a key of an older kind");
    left_out("{\"user_attribution\": \"Hk\"}", "has a key of an older kind");
    left_out("{\"schema_version\": 2, \"user_attribution\": \"Hk\", " REST "}",
             "was written by a newer version");
}
END_TEST

START_TEST(one_of_the_other_platform_counts_only_when_none_was_chosen)
{
    struct auth_server server;
    const char *text = "{\"user_attribution\": \"Us\", " REST "}";
    ck_assert_int_eq(load_from(text), FUTU_OK);
    ck_assert_int_eq(auth_server_choose(&server, NULL, NULL, why, sizeof(why)), FUTU_OK);
    cred_wipe(&c);
    ck_assert_int_eq(cred_load(&c, &st, &acc, &server, NULL, why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(auth_server_choose(&server, NULL, "futunn", why, sizeof(why)), FUTU_OK);
    cred_wipe(&c);
    ck_assert_int_eq(cred_load(&c, &st, &acc, &server, NULL, why, sizeof(why)), FUTU_ENOTFOUND);
    ck_assert_ptr_nonnull(strstr(why, "other platform"));
    ck_assert_int_eq(auth_server_choose(&server, "http://127.0.0.1:1", "futunn", why, sizeof(why)),
                     FUTU_OK);
    ck_assert_int_eq(cred_load(&c, &st, &acc, &server, NULL, why, sizeof(why)), FUTU_OK);
}
END_TEST

/* Of that platform and user: what a login there would save. */
static void save_on(enum platform p, uint64_t uid)
{
    ck_assert_int_eq(parse(whole), FUTU_OK);
    c.platform = CRED_PLATFORM(p);
    c.uid = uid;
    ck_assert_msg(cred_save(&c, &st, &acc, why, sizeof(why)) == FUTU_OK, "%s", why);
}

/* The user of the login that a start with --platform would use; 0: none. */
static uint64_t user_on(const char *url, const char *platform)
{
    struct auth_server server;
    ck_assert_int_eq(auth_server_choose(&server, url, platform, why, sizeof(why)), FUTU_OK);
    cred_wipe(&c);
    return cred_load(&c, &st, &acc, &server, NULL, why, sizeof(why)) == FUTU_OK ? c.uid : 0;
}

static bool nobody(void *arg)
{
    (void)arg;
    return false;
}

START_TEST(each_platform_keeps_its_login_of_one_account)
{
    static const char *const urls[] = { NULL, "http://127.0.0.1:1" };
    const struct terminal none = { .present = nobody };
    const char *url = urls[_i];
    save_on(PLATFORM_FUTUNN, 1);
    ck_assert(user_on(url, "futunn") == 1 && user_on(url, "moomoo") == 0);
    save_on(PLATFORM_MOOMOO, 2);
    ck_assert(folder_has("credentials-25d55ad283aa400a.futunn.json"));
    ck_assert_uint_eq(folder_mode("credentials-25d55ad283aa400a.futunn.json"), 0600);
    ck_assert(user_on(url, "futunn") == 1 && user_on(url, "moomoo") == 2);
    ck_assert(user_on(url, NULL) == 1);
    save_on(PLATFORM_MOOMOO, 3);
    ck_assert(user_on(url, "futunn") == 1 && user_on(url, "moomoo") == 3);
    save_on(PLATFORM_FUTUNN, 4);
    ck_assert(!folder_has("credentials-25d55ad283aa400a.futunn.json"));
    ck_assert(user_on(url, "futunn") == 4 && user_on(url, "moomoo") == 3);
    ck_assert_int_eq(device_reset(&st, &acc, &none, why, sizeof(why)), FUTU_OK);
    ck_assert(user_on(url, "futunn") == 0 && user_on(url, "moomoo") == 0);
    ck_assert(!folder_has("credentials-25d55ad283aa400a.moomoo.json"));
}
END_TEST

START_TEST(a_side_file_that_is_broken_leaves_the_other_platform_alone)
{
    save_on(PLATFORM_MOOMOO, 2);
    folder_put("credentials-25d55ad283aa400a.futunn.json", "{", 0600);
    ck_assert(user_on(NULL, "futunn") == 0);
    ck_assert(folder_has("credentials-25d55ad283aa400a.futunn.json.bad-1"));
    ck_assert(user_on(NULL, "moomoo") == 2);
}
END_TEST

START_TEST(no_failed_allocation_loses_a_platform)
{
    save_on(PLATFORM_FUTUNN, 1);
    for (long n = 0; test_alloc_fail_at(n); n++) {
        c.platform = CRED_PLATFORM(PLATFORM_MOOMOO);
        c.uid = 2;
        futu_err err = cred_save(&c, &st, &acc, why, sizeof(why));
        ck_assert(err == FUTU_OK || (mem_failed() && err == FUTU_ENOMEM));
    }
    ck_assert(user_on(NULL, "futunn") == 1 && user_on(NULL, "moomoo") == 2);
}
END_TEST

START_TEST(one_of_another_device_does_not_count)
{
    folder_put(FILE_NAME, whole, 0600);
    ck_assert_int_eq(cred_load(&c, &st, &acc, NULL, "0011223344556677", why, sizeof(why)),
                     FUTU_ENOTFOUND);
    ck_assert_ptr_nonnull(strstr(why, "another device id"));
    ck_assert_int_eq(cred_load(&c, &st, &acc, NULL, "abcdef0123456789", why, sizeof(why)), FUTU_OK);
}
END_TEST

START_TEST(one_number_in_another_region_is_another_account)
{
    static const char name[] = "credentials-61d11d0759ec1196.json";
    struct account us;
    ck_assert_int_eq(account_parse(&us, "+1-4155551234", why, sizeof(why)), FUTU_OK);
    folder_put(name, "{\"account\": \"+86-4155551234\", \"user_attribution\": \"Cn\", " REST "}",
               0600);
    ck_assert_int_eq(cred_load(&c, &st, &us, NULL, NULL, why, sizeof(why)), FUTU_ENOTFOUND);
    folder_put(name, "{\"account\": \"4155551234\", \"user_attribution\": \"Us\", " REST "}", 0600);
    ck_assert_int_eq(cred_load(&c, &st, &us, NULL, NULL, why, sizeof(why)), FUTU_OK);
    ck_assert_str_eq(c.account, "+1-4155551234");
}
END_TEST

START_TEST(an_old_one_without_an_account_counts_and_gets_it)
{
    size_t n;
    ck_assert_int_eq(load_from("{\"user_attribution\": \"Hk\", " REST "}"), FUTU_OK);
    char *text = read_file(folder_path(FILE_NAME), &n);
    ck_assert_ptr_nonnull(strstr(text, "\"account\": \"12345678\""));
    ck_assert_ptr_nonnull(strstr(text, "\"schema_version\": 1"));
    free(text);
}
END_TEST

START_TEST(a_corrupt_one_is_set_aside_and_explained)
{
    ck_assert_int_eq(load_from("{\"account\": \"12345678\", \"tgt"), FUTU_ENOTFOUND);
    ck_assert(!folder_has(FILE_NAME));
    ck_assert(folder_is(FILE_NAME ".bad-1", "{\"account\": \"12345678\", \"tgt"));
    ck_assert_ptr_nonnull(strstr(logged, "2 state: " FILE_NAME " can't be used: line 1: "));
    ck_assert_ptr_nonnull(strstr(logged, "kept as " FILE_NAME ".bad-1"));
    ck_assert_int_eq(load_from("{\"uid\": \"1\"}"), FUTU_ENOTFOUND);
    ck_assert(folder_has(FILE_NAME ".bad-2"));
}
END_TEST

START_TEST(one_that_is_too_large_is_set_aside)
{
    folder_put(FILE_NAME, "", 0600);
    ck_assert_int_eq(truncate(folder_path(FILE_NAME), STATE_FILE_MAX + 1), 0);
    ck_assert_int_eq(cred_load(&c, &st, &acc, NULL, NULL, why, sizeof(why)), FUTU_ENOTFOUND);
    ck_assert(folder_has(FILE_NAME ".bad-1") && !folder_has(FILE_NAME));
}
END_TEST

START_TEST(one_of_a_newer_version_is_set_aside_not_written_over)
{
    ck_assert_int_eq(parse(whole), FUTU_OK);
    folder_put(FILE_NAME, "{\"schema_version\": 2}", 0600);
    ck_assert_int_eq(cred_save(&c, &st, &acc, why, sizeof(why)), FUTU_OK);
    ck_assert(folder_is(FILE_NAME ".bad-1", "{\"schema_version\": 2}"));
    cred_wipe(&c);
    ck_assert_int_eq(cred_load(&c, &st, &acc, NULL, NULL, why, sizeof(why)), FUTU_OK);
}
END_TEST

/* ---- ages ---- */

START_TEST(a_ticket_lasts_thirty_days_and_warns_three_days_before)
{
    char text[256];
    ck_assert_int_eq(parse(whole), FUTU_OK);
    ck_assert(cred_can_resume(&c, NOW));            /* of unknown age: worth a try */
    ck_assert(cred_ticket_left(&c, NOW) == INT64_MAX);
    ck_assert(!cred_ticket_warning(&c, NOW, text, sizeof(text)));
    c.ticket_s = NOW;
    ck_assert_int_eq(cred_ticket_left(&c, NOW), CRED_TICKET_S);
    ck_assert(!cred_ticket_warning(&c, NOW + 27 * 86400 - 1, text, sizeof(text)));
    ck_assert(cred_ticket_warning(&c, NOW + 27 * 86400, text, sizeof(text)));
    ck_assert_ptr_nonnull(strstr(text, "ends in 72 hours"));
    ck_assert(cred_can_resume(&c, NOW + CRED_TICKET_S - 1));
    ck_assert(!cred_can_resume(&c, NOW + CRED_TICKET_S));
    ck_assert(cred_ticket_warning(&c, NOW + CRED_TICKET_S, text, sizeof(text)));
    ck_assert_ptr_nonnull(strstr(text, "has ended"));
    secret_wipe(&c.tgtgt);
    ck_assert(!cred_can_resume(&c, NOW));
}
END_TEST

START_TEST(a_verification_waits_for_300_seconds)
{
    ck_assert_int_eq(parse(whole), FUTU_OK);
    ck_assert(cred_verify_fresh(&c, NOW) && cred_verify_fresh(&c, NOW + 299));
    ck_assert(!cred_verify_fresh(&c, NOW + 300) && !cred_verify_fresh(&c, NOW - 1));
    ck_assert(!cred_code_fresh(&c, NOW + 99));      /* its time is still to come */
    ck_assert(cred_code_fresh(&c, NOW + 100) && cred_code_fresh(&c, NOW + 299));
    ck_assert(!cred_code_fresh(&c, NOW + 300));     /* what it belongs to has ended */
    secret_wipe(&c.device_verify_sig);
    ck_assert(!cred_verify_fresh(&c, NOW + 100) && !cred_code_fresh(&c, NOW + 100));
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    folder_put(FILE_NAME, whole, 0600);
    for (long n = 0; test_alloc_fail_at(n); n++) {
        futu_err err = cred_load(&c, &st, &acc, NULL, NULL, why, sizeof(why));
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        if (mem_failed())
            ck_assert_ptr_null(c.tgtgt.p);
    }
    for (long n = 0; test_alloc_fail_at(n); n++) {
        futu_err err = cred_save(&c, &st, &acc, why, sizeof(why));
        ck_assert(err == FUTU_OK || (mem_failed() && err == FUTU_ENOMEM));
    }
    ck_assert(!folder_has(FILE_NAME ".bad-1"));
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, every_member_is_read);
    tcase_add_test(tc, what_was_saved_is_loaded_again);
    tcase_add_test(tc, an_older_name_of_the_user_id_is_read);
    tcase_add_test(tc, what_is_malformed_is_refused_with_its_place);
    tcase_add_test(tc, a_text_of_any_length_is_taken_or_refused_whole);
    tcase_add_test(tc, what_no_file_may_have_is_not_written);
    tcase_add_test(tc, no_file_is_no_login);
    tcase_add_test(tc, anothers_or_an_incomplete_one_is_left_out_and_stays);
    tcase_add_test(tc, one_of_the_other_platform_counts_only_when_none_was_chosen);
    tcase_add_loop_test(tc, each_platform_keeps_its_login_of_one_account, 0, 2);
    tcase_add_test(tc, a_side_file_that_is_broken_leaves_the_other_platform_alone);
    tcase_add_test(tc, no_failed_allocation_loses_a_platform);
    tcase_add_test(tc, one_of_another_device_does_not_count);
    tcase_add_test(tc, one_number_in_another_region_is_another_account);
    tcase_add_test(tc, an_old_one_without_an_account_counts_and_gets_it);
    tcase_add_test(tc, a_corrupt_one_is_set_aside_and_explained);
    tcase_add_test(tc, one_that_is_too_large_is_set_aside);
    tcase_add_test(tc, one_of_a_newer_version_is_set_aside_not_written_over);
    tcase_add_test(tc, a_ticket_lasts_thirty_days_and_warns_three_days_before);
    tcase_add_test(tc, a_verification_waits_for_300_seconds);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("cred", add);
}
