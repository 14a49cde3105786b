/* keys_test.c - keys made, listed, bound and revoked through the public functions. */
#include "futu/keys.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support.h"
#include "access/file.h"
#include "crypt/digest.h"

#define PRINT "aaaabbbbccccddddeeeeffff0000111122223333444455556666777788889999"
#define PRINT2 "baaabbbbccccddddeeeeffff0000111122223333444455556666777788889999"

static char dir[64], path[96], why[256];
static futu_new_key made;
static futu_keys *keys;

static void setup(void)
{
    snprintf(dir, sizeof(dir), "/tmp/keys_test.XXXXXX");
    ck_assert(mkdtemp(dir) != NULL);
    snprintf(path, sizeof(path), "%s/keys.json", dir);
}

static void teardown(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(dir), 0);            /* nothing else was left behind */
}

static futu_err add_spec(futu_key_spec spec)
{
    why[0] = '\0';
    return futu_keys_add(path, &spec, &made, why, sizeof(why));
}

static void add_id(const char *id)
{
    futu_key_spec spec = FUTU_KEY_SPEC_INIT;
    spec.id = id;
    spec.scopes = "qot:read";
    ck_assert_msg(add_spec(spec) == FUTU_OK, "%s", why);
}

/* The first key of the file, until keys_done(). */
static futu_key_info first(void)
{
    futu_key_info k = FUTU_KEY_INFO_INIT;
    ck_assert_msg(futu_keys_open(&keys, path, why, sizeof(why)) == FUTU_OK, "%s", why);
    ck_assert_int_eq(futu_keys_get(keys, 0, &k), FUTU_OK);
    return k;
}

static void keys_done(void)
{
    futu_keys_free(keys);
    keys = NULL;
}

START_TEST(a_key_is_made_and_listed)
{
    futu_key_spec s = FUTU_KEY_SPEC_INIT;
    s.id = "bot";
    s.scopes = "quote, trade:real";
    s.allowed_markets = "hk,US";
    s.allowed_symbols = "hk.00700";
    s.allowed_trd_sides = "buy,SELL_SHORT";
    s.allowed_acc_ids = " 9007199254740993 ,7,7";
    s.allowed_card_nums = "1234";
    s.allowed_machines = PRINT;
    s.max_order_value = "1e3";
    s.max_daily_value = "5000.5";
    s.max_orders_per_minute = "3";
    s.hours_window = "22:30-05:00";
    s.expires = "2d";
    s.note = "n\xc3\xb6te";
    ck_assert_msg(add_spec(s) == FUTU_OK, "%s", why);
    ck_assert_str_eq(made.id, "bot");
    futu_key_info k = first();
    ck_assert_str_eq(k.id, "bot");
    ck_assert_str_eq(k.scopes, "qot:read,trade:real");
    ck_assert(k.n_markets == 2 && k.n_symbols == 1 && k.n_sides == 2 && k.n_cards == 1);
    ck_assert_str_eq(k.markets[0], "HK");
    ck_assert_str_eq(k.symbols[0], "HK.00700");
    ck_assert_str_eq(k.sides[0], "BUY");
    ck_assert(k.n_acc_ids == 2 && k.acc_ids[0] == UINT64_C(9007199254740993));
    ck_assert(k.bound == 1 && k.n_machines == 1 && !k.expired);
    ck_assert(k.max_order_value == 1000 && k.max_daily_value == 5000.5);
    ck_assert_int_eq(k.max_orders_per_minute, 3);
    ck_assert_str_eq(k.hours_window, "22:30-05:00");
    ck_assert_int_eq(k.expires_ms - k.created_ms, INT64_C(2) * 86400000);
    ck_assert_str_eq(k.note, s.note);
    ck_assert_int_eq(futu_keys_get(keys, 1, &k), FUTU_ENOTFOUND);
    ck_assert_uint_eq(futu_keys_count(keys), 1);
    keys_done();
}
END_TEST

START_TEST(what_is_not_said_limits_nothing)
{
    add_id(NULL);
    ck_assert_uint_eq(strlen(made.id), 12);
    ck_assert(strncmp(made.id, "key-", 4) == 0);
    futu_key_info k = first();
    ck_assert(k.n_markets == 0 && k.n_acc_ids == 0 && !k.bound && k.expires_ms == 0);
    ck_assert(k.max_order_value < 0 && k.max_daily_value < 0 && k.max_orders_per_minute < 0);
    ck_assert(k.hours_window == NULL);
    ck_assert_str_eq(k.note, "");
    keys_done();
}
END_TEST

START_TEST(the_file_has_the_hash_and_never_the_key)
{
    uint8_t hash[32];
    char hex[65];
    size_t n;
    struct stat st;
    add_id("bot");
    ck_assert_uint_eq(strlen(made.plain), 35);
    ck_assert(strncmp(made.plain, "fc_", 3) == 0 &&
              strspn(made.plain + 3, "0123456789abcdef") == 32);
    sha256(made.plain, strlen(made.plain), hash);
    hex_lower(hash, sizeof(hash), hex);
    char *text = read_file(path, &n);
    ck_assert(strstr(text, hex) != NULL && strstr(text, made.plain + 3) == NULL);
    free(text);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

START_TEST(a_taken_id_is_refused)
{
    futu_key_spec s = FUTU_KEY_SPEC_INIT;
    add_id("bot");
    s.id = "bot";
    s.scopes = "admin";
    ck_assert_int_eq(add_spec(s), FUTU_EEXIST);
    ck_assert(strstr(why, "key bot is there already") != NULL);
    ck_assert(!made.plain[0] && !made.id[0]);
    ck_assert_str_eq(first().scopes, "qot:read");
    keys_done();
}
END_TEST

#define SPEC(field, text) { offsetof(futu_key_spec, field), #field ": ", text }
static const struct {
    size_t off;
    const char *said, *text;
} wrong[] = {
    SPEC(id, ""), SPEC(id, "a b"), SPEC(id, "a\xff"), SPEC(scopes, ""), SPEC(scopes, "trade"),
    SPEC(scopes, "qot:read,"), SPEC(scopes, "qot:raed"), SPEC(allowed_markets, ""),
    SPEC(allowed_markets, "HK,,US"), SPEC(allowed_markets, "MARS"), SPEC(allowed_symbols, "700"),
    SPEC(allowed_symbols, "HK.\xc3\xb6"), SPEC(allowed_trd_sides, "HOLD"),
    SPEC(allowed_acc_ids, ""), SPEC(allowed_acc_ids, "-1"), SPEC(allowed_acc_ids, "0"),
    SPEC(allowed_acc_ids, "18446744073709551616"), SPEC(allowed_card_nums, ""),
    SPEC(allowed_card_nums, "abcd"), SPEC(allowed_machines, "fp"), SPEC(max_order_value, "-1"),
    SPEC(max_order_value, "nan"), SPEC(max_order_value, "inf"), SPEC(max_order_value, "1e99"),
    SPEC(max_order_value, "0x10"), SPEC(max_order_value, ""), SPEC(max_daily_value, "1,5"),
    SPEC(max_orders_per_minute, "1.5"), SPEC(max_orders_per_minute, "60001"),
    SPEC(hours_window, "9-17"), SPEC(hours_window, "09:00-09:00"), SPEC(expires, "0d"),
    SPEC(expires, "d"), SPEC(expires, "-1d"), SPEC(expires, "99999999999d"), SPEC(expires, "3w"),
    SPEC(expires, "2020-01-01T00:00:00Z"), SPEC(note, "\xff"),
};

START_TEST(a_wrong_field_is_named_and_nothing_is_written)
{
    futu_key_spec s = FUTU_KEY_SPEC_INIT;
    s.scopes = "qot:read";
    *(const char **)(void *)((char *)&s + wrong[_i].off) = wrong[_i].text;
    ck_assert_msg(add_spec(s) == FUTU_EINVAL, "%s%s", wrong[_i].said, wrong[_i].text);
    ck_assert_msg(strncmp(why, wrong[_i].said, strlen(wrong[_i].said)) == 0, "%s", why);
    ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

START_TEST(contradictions_are_refused)
{
    futu_key_spec s = FUTU_KEY_SPEC_INIT;
    ck_assert_int_eq(add_spec(s), FUTU_EINVAL);
    ck_assert_str_eq(why, "scopes: missing");
    s.scopes = "trade:real";
    s.max_order_value = "10";
    s.max_daily_value = "5";
    ck_assert_int_eq(add_spec(s), FUTU_EINVAL);
    s.max_daily_value = NULL;
    s.allowed_machines = PRINT;
    ck_assert_int_eq(add_spec(s), FUTU_EINVAL);
    ck_assert(strncmp(why, "allowed_machines: fingerprints are of one id", 30) == 0);
    s.allowed_machines = NULL;
    s.size = 8;
    ck_assert_int_eq(add_spec(s), FUTU_EINVAL);
}
END_TEST

START_TEST(a_key_is_revoked_and_the_others_stay)
{
    add_id("one");
    add_id("two");
    add_id("three");
    ck_assert_int_eq(futu_keys_revoke(path, "tow", why, sizeof(why)), FUTU_ENOTFOUND);
    ck_assert_msg(strstr(why, "no key tow; did you mean two?") != NULL, "%s", why);
    ck_assert_int_eq(futu_keys_revoke(path, "two", why, sizeof(why)), FUTU_OK);
    futu_key_info k = first();
    ck_assert_uint_eq(futu_keys_count(keys), 2);
    ck_assert_str_eq(k.id, "one");
    ck_assert_int_eq(futu_keys_get(keys, 1, &k), FUTU_OK);
    ck_assert_str_eq(k.id, "three");
    keys_done();
    ck_assert_int_eq(futu_keys_revoke(path, "one", why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(futu_keys_revoke(path, "three", why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(futu_keys_open(&keys, path, why, sizeof(why)), FUTU_OK);
    ck_assert_uint_eq(futu_keys_count(keys), 0);
    keys_done();
}
END_TEST

static futu_err bind_bot(int how, const char *machines, bool here)
{
    return futu_keys_bind(path, "bot", how, machines, here, why, sizeof(why));
}

static size_t machines_of(bool bound)
{
    futu_key_info k = first();
    size_t n = k.n_machines;
    ck_assert(k.bound == bound);
    keys_done();
    return n;
}

START_TEST(machines_are_added_replaced_cleared_and_frozen)
{
    add_id("bot");
    ck_assert_int_eq(bind_bot(FUTU_BIND_ADD, PRINT, false), FUTU_OK);
    ck_assert_uint_eq(machines_of(true), 1);
    ck_assert_int_eq(bind_bot(FUTU_BIND_ADD, PRINT "," PRINT2 "," PRINT, false), FUTU_OK);
    ck_assert_uint_eq(machines_of(true), 2);
    ck_assert_int_eq(bind_bot(FUTU_BIND_REPLACE, PRINT2, false), FUTU_OK);
    ck_assert_uint_eq(machines_of(true), 1);
    ck_assert_int_eq(bind_bot(FUTU_BIND_FREEZE, NULL, false), FUTU_OK);
    ck_assert_uint_eq(machines_of(true), 0);
    ck_assert_int_eq(bind_bot(FUTU_BIND_CLEAR, NULL, false), FUTU_OK);
    ck_assert_uint_eq(machines_of(false), 0);
    ck_assert_int_eq(bind_bot(FUTU_BIND_ADD, NULL, false), FUTU_EINVAL);
    ck_assert_int_eq(bind_bot(FUTU_BIND_REPLACE, NULL, false), FUTU_EINVAL);
    ck_assert_int_eq(bind_bot(FUTU_BIND_CLEAR, PRINT, false), FUTU_EINVAL);
    ck_assert_int_eq(bind_bot(FUTU_BIND_FREEZE, NULL, true), FUTU_EINVAL);
    ck_assert_int_eq(bind_bot(9, PRINT, false), FUTU_EINVAL);
    ck_assert_int_eq(bind_bot(FUTU_BIND_ADD, PRINT ",x", false), FUTU_EINVAL);
    ck_assert_uint_eq(machines_of(false), 0);               /* a failed one changes nothing */
    ck_assert_int_eq(futu_keys_bind(path, "bto", FUTU_BIND_FREEZE, NULL, false, why, sizeof(why)),
                     FUTU_ENOTFOUND);
}
END_TEST

/* Not every machine that runs tests has an id. */
START_TEST(this_machine_is_bound_by_its_print_for_that_key)
{
    char print[FUTU_FINGERPRINT_SIZE], raw[256];
    futu_key_spec s = FUTU_KEY_SPEC_INIT;
    s.scopes = "qot:read";
    s.bind_this_machine = 1;
    bool has_id = futu_machine_id(raw, sizeof(raw)) == FUTU_OK;
    ck_assert_int_eq(add_spec(s), has_id ? FUTU_OK : FUTU_ENOTFOUND);
    if (!has_id)
        return;
    ck_assert_int_eq(futu_machine_fingerprint(made.id, print), FUTU_OK);
    ck_assert_str_eq(first().machines[0], print);
    keys_done();
    ck_assert_int_eq(futu_machine_id(raw, 3), FUTU_ELIMIT);
    ck_assert_int_eq(futu_machine_fingerprint("a b", print), FUTU_EINVAL);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_an_error_to_all_but_add)
{
    ck_assert_int_eq(futu_keys_open(&keys, path, why, sizeof(why)), FUTU_EIO);
    ck_assert(keys == NULL && strstr(why, path) == why);
    ck_assert_int_eq(futu_keys_revoke(path, "a", why, sizeof(why)), FUTU_EIO);
    ck_assert_int_eq(bind_bot(FUTU_BIND_FREEZE, NULL, false), FUTU_EIO);
    add_id("a");
}
END_TEST

START_TEST(a_file_that_is_wrong_is_left_as_it_is)
{
    size_t n;
    FILE *f = fopen(path, "w");
    ck_assert(f != NULL);
    fputs("{\"version\":1,\"keys\":[],\"mine\":1}", f);
    fclose(f);
    futu_key_spec s = FUTU_KEY_SPEC_INIT;
    s.scopes = "qot:read";
    ck_assert_int_eq(add_spec(s), FUTU_EFORMAT);
    char *text = read_file(path, &n);
    ck_assert_str_eq(text, "{\"version\":1,\"keys\":[],\"mine\":1}");
    free(text);
}
END_TEST

START_TEST(edits_at_once_all_take_place)
{
    enum { PROCESSES = 8, EACH = 5 };
    pid_t pids[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        ck_assert_int_ge(pids[i], 0);
        for (int k = 0; pids[i] == 0 && k < EACH; k++) {
            futu_key_spec s = FUTU_KEY_SPEC_INIT;
            s.scopes = "qot:read";
            if (add_spec(s))
                _exit(1);
        }
        if (pids[i] == 0)
            _exit(0);
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert_int_eq(status, 0);
    }
    first();
    ck_assert_uint_eq(futu_keys_count(keys), PROCESSES * EACH);
    keys_done();
}
END_TEST

static futu_err work_once(void)
{
    futu_key_spec s = FUTU_KEY_SPEC_INIT;
    s.id = "new";
    s.scopes = "qot:read";
    s.allowed_markets = "HK,US,CN";
    s.allowed_acc_ids = "1,2,3";
    unlink(path);
    futu_err err = futu_keys_add(path, &s, &made, why, sizeof(why));
    if (!err)
        err = futu_keys_bind(path, "new", FUTU_BIND_ADD, PRINT, false, why, sizeof(why));
    if (!err)
        err = futu_keys_open(&keys, path, why, sizeof(why));
    futu_keys_free(keys);
    keys = NULL;
    return err ? err : futu_keys_revoke(path, "new", why, sizeof(why));
}

START_TEST(every_failed_allocation_is_clean)
{
    for (long n = 0; test_alloc_fail_at(n); n++)
        ck_assert_int_eq(work_once(), mem_failed() ? FUTU_ENOMEM : FUTU_OK);
}
END_TEST

START_TEST(the_default_path_is_in_the_users_configuration)
{
    char out[96];
    setenv("HOME", "/nowhere", 1);
    unsetenv("XDG_CONFIG_HOME");
    ck_assert_int_eq(futu_keys_default_path(out, sizeof(out)), FUTU_OK);
    ck_assert_str_eq(out, "/nowhere/.config/futu/keys.json");
    setenv("XDG_CONFIG_HOME", "relative", 1);
    ck_assert_int_eq(futu_keys_default_path(out, sizeof(out)), FUTU_OK);
    ck_assert_str_eq(out, "/nowhere/.config/futu/keys.json");
    setenv("XDG_CONFIG_HOME", "/conf", 1);
    ck_assert_int_eq(futu_keys_default_path(out, sizeof(out)), FUTU_OK);
    ck_assert_str_eq(out, "/conf/futu/keys.json");
    ck_assert_int_eq(futu_keys_default_path(out, 5), FUTU_ELIMIT);
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("HOME");
    ck_assert_int_eq(futu_keys_default_path(out, sizeof(out)), FUTU_ENOTFOUND);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_key_is_made_and_listed);
    tcase_add_test(tc, what_is_not_said_limits_nothing);
    tcase_add_test(tc, the_file_has_the_hash_and_never_the_key);
    tcase_add_test(tc, a_taken_id_is_refused);
    tcase_add_loop_test(tc, a_wrong_field_is_named_and_nothing_is_written, 0, ARRAY_LEN(wrong));
    tcase_add_test(tc, contradictions_are_refused);
    tcase_add_test(tc, a_key_is_revoked_and_the_others_stay);
    tcase_add_test(tc, machines_are_added_replaced_cleared_and_frozen);
    tcase_add_test(tc, this_machine_is_bound_by_its_print_for_that_key);
    tcase_add_test(tc, a_file_that_is_not_there_is_an_error_to_all_but_add);
    tcase_add_test(tc, a_file_that_is_wrong_is_left_as_it_is);
    tcase_add_test(tc, edits_at_once_all_take_place);
    tcase_add_test(tc, every_failed_allocation_is_clean);
    tcase_add_test(tc, the_default_path_is_in_the_users_configuration);
}

int main(void)
{
    return run_tcase("keys", add);
}
