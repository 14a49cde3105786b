/* file_test.c - keys.json: both spellings, what is refused and how it says so, what is written. */
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/rules.h"
#include "codec/registry.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define HEX2 "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define FP "aaaabbbbccccddddeeeeffff0000111122223333444455556666777788889999"
#define FILE_OF(keys) "{\"version\":1,\"keys\":[" keys "]}"
#define KEY(more) "{\"id\":\"alpha\",\"hash\":\"" HEX "\",\"scopes\":[\"qot:read\"]" more "}"

static struct key_list list;
static char why[256];

static futu_err parse(const char *text)
{
    why[0] = '\0';
    return keys_parse(str_c(text), &list, why, sizeof(why));
}

static const struct key_rules *parsed(const char *text)
{
    futu_err err = parse(text);
    ck_assert_msg(err == FUTU_OK, "%s", why);
    ck_assert_uint_eq(list.n, 1);
    return &list.keys[0];
}

static void refused(const char *text, const char *said)
{
    ck_assert_msg(parse(text) == FUTU_EFORMAT, "%s was read", text);
    ck_assert_msg(strstr(why, said) != NULL, "%s: \"%s\" says nothing of \"%s\"", text, why, said);
    ck_assert(list.n == 0 && list.keys == NULL);
}

static const char full[] = FILE_OF(
    "{\"id\":\"alpha\",\"hash\":\"sha256:" HEX "\","
    "\"scopes\":[\"qot:read\",\"trade:real\",\"metrics:read\"],"
    "\"allowed_markets\":[\"HK\",\"US\"],\"allowed_symbols\":[\"HK.00700\"],"
    "\"allowed_trd_sides\":[\"BUY\",\"BUY_BACK\"],\"max_order_value\":1000.5,"
    "\"max_daily_value\":5e4,\"max_orders_per_minute\":3,\"hours_window\":\"22:30-05:00\","
    "\"allowed_acc_ids\":[281756460287246337,18446744073709551615],"
    "\"allowed_card_nums\":[\"1234567890123456\",\"7890\"],\"allowed_machines\":[\"fp_" FP "\"],"
    "\"created_at\":\"2026-01-02T03:04:05.678Z\",\"expires_at\":\"2030-01-01T08:00:00+08:00\","
    "\"note\":\"a \\\"note\\\" \\u00e9\"}");

static void check_full(const struct key_rules *k)
{
    ck_assert_str_eq(k->id, "alpha");
    ck_assert_uint_eq(k->hash[0], 0x01);
    ck_assert_uint_eq(k->hash[31], 0xef);
    ck_assert_uint_eq(k->scopes, SCOPE_QOT_READ | SCOPE_TRADE_REAL | SCOPE_METRICS_READ);
    ck_assert(k->n_markets == 2 && k->n_symbols == 1 && k->n_sides == 2 && k->n_cards == 2);
    ck_assert_str_eq(k->markets[1], "US");
    ck_assert_str_eq(k->sides[1], "BUY_BACK");
    ck_assert_uint_eq(k->n_acc_ids, 2);
    ck_assert(k->acc_ids[0] == UINT64_C(281756460287246337) && k->acc_ids[1] == UINT64_MAX);
    ck_assert(k->has_machines && k->n_machines == 1);
    ck_assert_str_eq(k->machines[0], FP);
    ck_assert(k->has_order_value && k->max_order_value == 1000.5);
    ck_assert(k->has_daily_value && k->max_daily_value == 50000);
    ck_assert(k->has_rate && k->max_orders_per_minute == 3);
    ck_assert(k->has_hours && k->hours_from == 1350 && k->hours_to == 300);
    ck_assert_int_eq(k->created_ms, INT64_C(1767323045678));
    ck_assert_int_eq(k->expires_ms, INT64_C(1893456000000));
    ck_assert_str_eq(k->note, "a \"note\" \xc3\xa9");
}

START_TEST(every_member_is_read)
{
    check_full(parsed(full));
    keys_free(&list);
}
END_TEST

START_TEST(what_is_written_reads_the_same)
{
    struct buf one = BUF_INIT, two = BUF_INIT;
    parsed(full);
    ck_assert_int_eq(keys_write(&list, &one), FUTU_OK);
    keys_free(&list);
    ck_assert_int_eq(keys_parse(buf_str(&one), &list, why, sizeof(why)), FUTU_OK);
    check_full(&list.keys[0]);
    ck_assert_int_eq(keys_write(&list, &two), FUTU_OK);
    ck_assert(str_eq(buf_str(&one), buf_str(&two)));
    ck_assert(memmem(one.p, one.n, "\"hash\": \"sha256:" HEX "\"", 80) != NULL);
    ck_assert(memmem(one.p, one.n, "limits", 6) == NULL);
    keys_free(&list);
    buf_free(&one);
    buf_free(&two);
}
END_TEST

START_TEST(limits_may_be_nested)
{
    const struct key_rules *k = parsed(FILE_OF(KEY(
        ",\"limits\":{\"allowed_markets\":[\"US\"],\"max_orders_per_minute\":7,"
        "\"hours_window\":null,\"allowed_acc_ids\":[5]},\"note\":\"n\"")));
    ck_assert(k->n_markets == 1 && k->has_rate && k->max_orders_per_minute == 7);
    ck_assert(!k->has_hours && k->n_acc_ids == 1 && k->acc_ids[0] == 5);
    keys_free(&list);
    refused(FILE_OF(KEY(",\"limits\":{\"max_order_value\":1},\"max_order_value\":2")),
            "key alpha: max_order_value: given twice");
    refused(FILE_OF(KEY(",\"limits\":{\"limits\":{}}")), "limits: unknown member");
    refused(FILE_OF(KEY(",\"limits\":{\"note\":\"x\"}")), "note: unknown member");
    refused(FILE_OF(KEY(",\"limits\":3")), "key alpha: limits: an object");
}
END_TEST

START_TEST(what_is_null_or_empty_limits_nothing_but_machines)
{
    const struct key_rules *k = parsed(FILE_OF(KEY(
        ",\"allowed_markets\":[],\"allowed_symbols\":null,\"allowed_acc_ids\":[],"
        "\"max_order_value\":null,\"max_daily_value\":null,\"max_orders_per_minute\":null,"
        "\"hours_window\":null,\"allowed_machines\":[],\"expires_at\":null,\"limits\":null")));
    ck_assert(!k->n_markets && !k->n_symbols && !k->n_acc_ids && !k->has_order_value);
    ck_assert(!k->has_daily_value && !k->has_rate && !k->has_hours && !k->expires_ms);
    ck_assert(k->has_machines && k->n_machines == 0);
    struct buf out = BUF_INIT;
    ck_assert_int_eq(keys_write(&list, &out), FUTU_OK);
    ck_assert(memmem(out.p, out.n, "\"allowed_machines\": []", 22) != NULL);
    buf_free(&out);
    keys_free(&list);
    ck_assert(!parsed(FILE_OF(KEY(",\"allowed_machines\":null")))->has_machines);
    keys_free(&list);
}
END_TEST

START_TEST(aliases_are_stored_as_the_scope_they_mean)
{
    const struct key_rules *k = parsed(FILE_OF("{\"id\":\"b\",\"hash\":\"" HEX "\",\"scopes\":"
                                               "[\"quote\",\"trade:read\"]}"));
    struct buf out = BUF_INIT;
    ck_assert_uint_eq(k->scopes, SCOPE_QOT_READ | SCOPE_ACC_READ);
    ck_assert_int_eq(keys_write(&list, &out), FUTU_OK);
    ck_assert(memmem(out.p, out.n, "[\"qot:read\", \"acc:read\"]", 24) != NULL);
    buf_free(&out);
    keys_free(&list);
}
END_TEST

START_TEST(account_ids_are_exact_and_may_be_text)
{
    const struct key_rules *k = parsed(FILE_OF(KEY(
        ",\"allowed_acc_ids\":[9007199254740993,\"9007199254740995\",9007199254740993]")));
    ck_assert_uint_eq(k->n_acc_ids, 2);
    ck_assert(k->acc_ids[0] == UINT64_C(9007199254740993));
    ck_assert(k->acc_ids[1] == UINT64_C(9007199254740995));
    keys_free(&list);
}
END_TEST

START_TEST(accounts_of_cards_give_way_to_those_the_user_wrote)
{
    const struct key_rules *k = parsed(FILE_OF(KEY(
        ",\"raw_explicit_acc_ids\":[7],\"allowed_acc_ids\":[7,8],"
        "\"allowed_card_nums\":[\"1234\"]")));
    ck_assert(k->n_acc_ids == 1 && k->acc_ids[0] == 7);
    keys_free(&list);
    k = parsed(FILE_OF(KEY(",\"raw_explicit_acc_ids\":null,\"allowed_acc_ids\":[7,8]")));
    ck_assert_uint_eq(k->n_acc_ids, 2);
    keys_free(&list);
}
END_TEST

static const struct {
    const char *more, *said;
} wrong_members[] = {
    { ",\"alowed_markets\":[]", "key alpha: alowed_markets: unknown member; did you mean "
                                "allowed_markets?" },
    { ",\"zzzzzzzzzzzzzz\":1", "key alpha: zzzzzzzzzzzzzz: unknown member" },
    { ",\"note\":\"a\",\"note\":\"b\"", "key alpha: note: given twice" },
    { ",\"note\":\"a\\u0000b\"", "key alpha: note: at most 256 bytes" },
    { ",\"allowed_markets\":[\"HH\"]", "allowed_markets: HH is no market; did you mean HK?" },
    { ",\"allowed_markets\":[\"hk\"]", "hk is no market" },
    { ",\"allowed_markets\":[\"SH\"]", "CN" },
    { ",\"allowed_markets\":\"HK\"", "key alpha: allowed_markets: a list is expected" },
    { ",\"allowed_markets\":[1]", "key alpha: allowed_markets: a text is expected" },
    { ",\"allowed_symbols\":[\"00700\"]", "00700 is not MARKET.CODE" },
    { ",\"allowed_symbols\":[\"HK.\"]", "is not MARKET.CODE" },
    { ",\"allowed_trd_sides\":[\"BUYBACK\"]", "BUYBACK is no side; did you mean BUY_BACK?" },
    { ",\"allowed_trd_sides\":[\"buy\"]", "buy is no side" },
    { ",\"max_order_value\":-1", "max_order_value: a number from 0" },
    { ",\"max_order_value\":1e999", "max_order_value: a number from 0" },
    { ",\"max_order_value\":\"5\"", "max_order_value: a number from 0" },
    { ",\"max_daily_value\":2e12", "max_daily_value: a number from 0" },
    { ",\"max_orders_per_minute\":1.5", "max_orders_per_minute: a whole number from 0 to 60000" },
    { ",\"max_orders_per_minute\":60001", "max_orders_per_minute: a whole number" },
    { ",\"max_orders_per_minute\":-1", "max_orders_per_minute: a whole number" },
    { ",\"hours_window\":\"9:30-16:00\"", "hours_window: HH:MM-HH:MM" },
    { ",\"hours_window\":\"09:30-24:01\"", "hours_window: HH:MM-HH:MM" },
    { ",\"hours_window\":\"24:00-09:00\"", "hours_window: HH:MM-HH:MM" },
    { ",\"hours_window\":\"09:30-09:30\"", "hours_window: HH:MM-HH:MM" },
    { ",\"allowed_acc_ids\":[18446744073709551616]", "allowed_acc_ids: a whole number" },
    { ",\"allowed_acc_ids\":[-1]", "allowed_acc_ids: a whole number" },
    { ",\"allowed_acc_ids\":[1.0]", "allowed_acc_ids: a whole number" },
    { ",\"allowed_acc_ids\":[1e3]", "allowed_acc_ids: a whole number" },
    { ",\"allowed_acc_ids\":[\"x\"]", "allowed_acc_ids: a whole number" },
    { ",\"allowed_card_nums\":[\"12a4\"]", "12a4 is neither a card number" },
    { ",\"allowed_card_nums\":[\"123\"]", "123 is neither a card number" },
    { ",\"allowed_machines\":[\"fp_12\"]", "fp_12 is no fingerprint" },
    { ",\"expires_at\":\"2030-02-30T00:00:00Z\"", "expires_at: a time such as" },
    { ",\"expires_at\":\"2030-01-01\"", "expires_at: a time such as" },
    { ",\"expires_at\":\"2030-01-01T00:00:00\"", "expires_at: a time such as" },
    { ",\"expires_at\":1893456000", "expires_at: a text is expected" },
    { ",\"created_at\":\"1969-12-31T00:00:00Z\"", "created_at: a time such as" },
};

START_TEST(a_wrong_member_is_named_with_its_key)
{
    char text[512];
    snprintf(text, sizeof(text), FILE_OF(KEY("%s")), wrong_members[_i].more);
    refused(text, wrong_members[_i].said);
    ck_assert_msg(strstr(why, "key alpha: ") == why, "%s", why);
}
END_TEST

static const struct {
    const char *text, *said;
} wrong_files[] = {
    { "", "line 1: an object" },
    { "[]", "line 1: an object" },
    { "{}", "version: missing" },
    { "{\"version\":1}", "keys: missing" },
    { "{\"keys\":[]}", "version: missing" },
    { "{\"version\":2,\"keys\":[]}", "version: 1 is expected" },
    { "{\"version\":1,\"keys\":[],\"keys\":[]}", "keys: version and keys are expected" },
    { "{\"version\":1,\"keys\":[],\"kez\":[]}", "kez: version and keys are expected" },
    { "{\"version\":1,\n\"keys\":[]\n}x", "line 3: nothing is expected" },
    { "{\"version\":1,\n\"keys\":[\n{]}", "line 3: a member's name" },
    { FILE_OF("{}"), "key number 1: id: missing" },
    { FILE_OF(KEY("") ",{\"id\":\"b\",\"scopes\":[],\"hash\":\"" HEX "\"}"),
      "key b: hash: key alpha has the same" },
    { FILE_OF(KEY("") ",{\"id\":\"alpha\",\"scopes\":[],\"hash\":\"" HEX2 "\"}"),
      "key alpha: id: two keys have it" },
    { FILE_OF("{\"scopes\":[\"x\"],\"hash\":\"" HEX "\",\"id\":\"late\"}"),
      "key late: scopes: x is" },
    { FILE_OF("{\"id\":\"a b\"}"), "key number 1: id: 1 to 64 visible" },
    { FILE_OF("{\"id\":\"<none>\"}"), "key number 1: id: 1 to 64 visible" },
    { FILE_OF("{\"id\":\"\"}"), "key number 1: id: 1 to 64 visible" },
    { FILE_OF("{\"id\":\"a\",\"scopes\":[]}"), "key a: hash: missing" },
    { FILE_OF("{\"id\":\"a\",\"hash\":\"" HEX "\"}"), "key a: scopes: missing" },
    { FILE_OF("{\"id\":\"a\",\"hash\":\"" HEX "0\",\"scopes\":[]}"),
      "key a: hash: sha256: and 64" },
    { FILE_OF("{\"id\":\"a\",\"hash\":\"sha1:" HEX "\",\"scopes\":[]}"), "key a: hash: sha256:" },
    { FILE_OF("{\"id\":\"a\",\"hash\":null,\"scopes\":[]}"), "key a: hash: a text is expected" },
    { FILE_OF("{\"id\":\"a\",\"hash\":\"" HEX "\",\"scopes\":[\"trade\"]}"), "trade:simulate" },
    { FILE_OF("{\"id\":\"a\",\"hash\":\"" HEX "\",\"scopes\":[\"qot:raed\"]}"),
      "key a: scopes: qot:raed is no scope; did you mean qot:read?" },
    { FILE_OF(KEY(",\"x\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]")),
      "line 1: nested too deeply" },
    { FILE_OF("{\"id\":\"a\xff\"}"), "line 1: not UTF-8" },
    { FILE_OF(KEY(",\n\"max_order_value\":NaN")), "line 2: a value is expected" },
};

START_TEST(a_wrong_file_says_where)
{
    refused(wrong_files[_i].text, wrong_files[_i].said);
}
END_TEST

START_TEST(a_file_without_keys_is_fine)
{
    struct buf out = BUF_INIT;
    ck_assert_int_eq(parse(FILE_OF("")), FUTU_OK);
    ck_assert_uint_eq(list.n, 0);
    ck_assert_int_eq(keys_write(&list, &out), FUTU_OK);
    ck_assert_int_eq(keys_parse(buf_str(&out), &list, why, sizeof(why)), FUTU_OK);
    buf_free(&out);
}
END_TEST

START_TEST(lists_are_bounded)
{
    struct buf out = BUF_INIT;
    buf_puts(&out, "{\"version\":1,\"keys\":[{\"id\":\"a\",\"hash\":\"" HEX "\",\"scopes\":[],"
                   "\"allowed_acc_ids\":[1");
    for (int i = 2; i <= KEY_LIST_MAX + 1; i++)
        buf_printf(&out, ",%d", i);
    buf_puts(&out, "]}]}");
    ck_assert_int_eq(keys_parse(buf_str(&out), &list, why, sizeof(why)), FUTU_EFORMAT);
    ck_assert(strstr(why, "key a: allowed_acc_ids: more than 1000") != NULL);
    ck_assert_int_eq(keys_parse((futu_str){ "", KEYS_FILE_MAX + 1 }, &list, why, sizeof(why)),
                     FUTU_ELIMIT);
    buf_free(&out);
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    struct buf out = BUF_INIT;
    for (long n = 0; test_alloc_fail_at(n); n++) {
        futu_err err = parse(full);
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        if (err)
            continue;
        out.n = 0;
        ck_assert_int_eq(keys_write(&list, &out), mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        keys_free(&list);
        buf_free(&out);
    }
}
END_TEST

/* ---- times ---- */

START_TEST(times_are_rfc_3339)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        { "1970-01-01T00:00:00Z", 0 },
        { "2000-02-29T23:59:59z", INT64_C(951868799000) },
        { "2016-12-31T23:59:60Z", INT64_C(1483228799000) },
        { "2026-01-01t00:00:00.5-05:30", INT64_C(1767245400500) },
        { "2026-01-01T00:00:00.123456789+00:00", INT64_C(1767225600123) },
        { "9999-12-31T23:59:59Z", INT64_C(253402300799000) },
    };
    static const char *const wrong[] = {
        "", "2026", "2026-13-01T00:00:00Z", "2025-02-29T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z", "2026-01-01T00:00:61Z", "2026-01-01 00:00:00Z",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+1:00",
        "2026-01-01T00:00:00ZZ", "1970-01-01T00:00:00+01:00", "-026-01-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "9999-12-31T23:59:59-00:01",
    };
    int64_t ms;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        ck_assert_msg(rule_time(str_c(good[i].text), &ms), "%s", good[i].text);
        ck_assert_int_eq(ms, good[i].ms);
    }
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        ck_assert_msg(!rule_time(str_c(wrong[i]), &ms), "%s", wrong[i]);
}
END_TEST

START_TEST(times_are_written_as_they_read)
{
    static const int64_t times[] = { 0, 1, 999, 1000, INT64_C(1767323045678),
                                     INT64_C(253402300799999) };
    char text[32];
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        int64_t again;
        rule_time_text(times[i], text);
        ck_assert_msg(rule_time(str_c(text), &again), "%s", text);
        ck_assert_int_eq(again, times[i]);
    }
}
END_TEST

/* ---- files ---- */

static char dir[64], path[128];

static void make_dir(void)
{
    snprintf(dir, sizeof(dir), "/tmp/file_test.XXXXXX");
    ck_assert(mkdtemp(dir) != NULL);
    snprintf(path, sizeof(path), "%s/a/b/keys.json", dir);
}

static void drop_dir(void)
{
    unlink(path);
    snprintf(path, sizeof(path), "%s/a/b", dir);
    rmdir(path);
    snprintf(path, sizeof(path), "%s/a", dir);
    rmdir(path);
    ck_assert_int_eq(rmdir(dir), 0);       /* nothing else was left behind */
}

static unsigned mode_of(const char *p)
{
    struct stat st;
    ck_assert_int_eq(stat(p, &st), 0);
    return st.st_mode & 0777;
}

START_TEST(a_file_is_saved_and_loaded)
{
    char folder[128];
    parsed(full);
    umask(0);
    ck_assert_int_eq(keys_save(path, &list, why, sizeof(why)), FUTU_OK);
    keys_free(&list);
    ck_assert_uint_eq(mode_of(path), 0600);
    snprintf(folder, sizeof(folder), "%s/a/b", dir);
    ck_assert_uint_eq(mode_of(folder), 0700);
    ck_assert_int_eq(keys_load(path, &list, why, sizeof(why)), FUTU_OK);
    check_full(&list.keys[0]);
    keys_free(&list);
}
END_TEST

START_TEST(the_right_to_read_of_a_group_outlives_an_edit)
{
    list = (struct key_list){ NULL, 0 };
    ck_assert_int_eq(keys_save(path, &list, why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(chmod(path, 0640), 0);
    ck_assert_int_eq(keys_save(path, &list, why, sizeof(why)), FUTU_OK);
    ck_assert_uint_eq(mode_of(path), 0640);
    ck_assert_int_eq(chmod(path, 0666), 0);
    ck_assert_int_eq(keys_save(path, &list, why, sizeof(why)), FUTU_OK);
    ck_assert_uint_eq(mode_of(path), 0640);
}
END_TEST

START_TEST(a_link_stays_one)
{
    char link[128];
    struct stat st;
    list = (struct key_list){ NULL, 0 };
    snprintf(link, sizeof(link), "%s/link", dir);
    ck_assert_int_eq(keys_save(path, &list, why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(symlink(path, link), 0);
    parsed(full);
    ck_assert_int_eq(keys_save(link, &list, why, sizeof(why)), FUTU_OK);
    keys_free(&list);
    ck_assert(lstat(link, &st) == 0 && S_ISLNK(st.st_mode));
    ck_assert_int_eq(keys_load(path, &list, why, sizeof(why)), FUTU_OK);
    ck_assert_uint_eq(list.n, 1);
    keys_free(&list);
    unlink(link);
}
END_TEST

START_TEST(what_cannot_be_read_is_said_with_the_path)
{
    ck_assert_int_eq(keys_load(path, &list, why, sizeof(why)), FUTU_EIO);
    ck_assert(strstr(why, path) == why && strstr(why, "No such file") != NULL);
    ck_assert_int_eq(keys_load(dir, &list, why, sizeof(why)), FUTU_EIO);
    ck_assert(strstr(why, "not a file") != NULL);
    ck_assert_int_eq(keys_load("/dev/zero", &list, why, sizeof(why)), FUTU_EIO);
    char in_file[] = "/dev/null/keys.json";
    ck_assert_int_eq(keys_save(in_file, &list, why, sizeof(why)), FUTU_EIO);
    ck_assert(strstr(why, "can't be written") != NULL);
}
END_TEST

START_TEST(a_huge_file_is_refused_before_it_is_read)
{
    list = (struct key_list){ NULL, 0 };
    ck_assert_int_eq(keys_save(path, &list, why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(truncate(path, KEYS_FILE_MAX + 1), 0);
    ck_assert_int_eq(keys_load(path, &list, why, sizeof(why)), FUTU_ELIMIT);
    ck_assert(strstr(why, "larger than 16 MiB") != NULL);
    ck_assert_int_eq(truncate(path, 10), 0);
    ck_assert_int_eq(keys_load(path, &list, why, sizeof(why)), FUTU_EFORMAT);
    ck_assert(strstr(why, path) == why && strstr(why, "line ") != NULL);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, every_member_is_read);
    tcase_add_test(tc, what_is_written_reads_the_same);
    tcase_add_test(tc, limits_may_be_nested);
    tcase_add_test(tc, what_is_null_or_empty_limits_nothing_but_machines);
    tcase_add_test(tc, aliases_are_stored_as_the_scope_they_mean);
    tcase_add_test(tc, account_ids_are_exact_and_may_be_text);
    tcase_add_test(tc, accounts_of_cards_give_way_to_those_the_user_wrote);
    tcase_add_loop_test(tc, a_wrong_member_is_named_with_its_key, 0, ARRAY_LEN(wrong_members));
    tcase_add_loop_test(tc, a_wrong_file_says_where, 0, ARRAY_LEN(wrong_files));
    tcase_add_test(tc, a_file_without_keys_is_fine);
    tcase_add_test(tc, lists_are_bounded);
    tcase_add_test(tc, every_failed_allocation_is_clean);
    tcase_add_test(tc, times_are_rfc_3339);
    tcase_add_test(tc, times_are_written_as_they_read);
}

static void add_files(TCase *tc)
{
    tcase_add_checked_fixture(tc, make_dir, drop_dir);
    tcase_add_test(tc, a_file_is_saved_and_loaded);
    tcase_add_test(tc, the_right_to_read_of_a_group_outlives_an_edit);
    tcase_add_test(tc, a_link_stays_one);
    tcase_add_test(tc, what_cannot_be_read_is_said_with_the_path);
    tcase_add_test(tc, a_huge_file_is_refused_before_it_is_read);
}

int main(void)
{
    return run_tcase("keys.json", add) | run_tcase("keys.json on disk", add_files);
}
