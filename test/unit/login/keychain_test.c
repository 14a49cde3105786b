/* keychain_test.c - where a password is kept and looked for, what is said when it can't be, and
 * services that are locked, broken, or silent. The real one is asked in test/integration. */
#include "login/keychain.h"

#include "fake_secret.h"
#include "folder.h"
#include "login/vault.h"

#define ENTRY "login-password.12345678"
#define MACHINE "0123456789abcdef0123456789abcdef"

static struct keychain k;
static char why[512];
static const char *where;
static struct secret out;

static void setup(void)
{
    folder_make("12345678");
    fake_reset(FAKE_FINE);
    k = (struct keychain){ .dir = folder, .machine_id = MACHINE, .timeout_ms = 5000,
                           .lib = &fake_lib };
    out = SECRET_NULL;
    where = NULL;
}

static void teardown(void)
{
    fake_settle();
    secret_wipe(&out);
    folder_remove();
}

static futu_err get(const char *entry)
{
    return keychain_get(&k, entry, &out, &where, why, sizeof(why));
}

static futu_err set(const char *password)
{
    return keychain_set(&k, ENTRY, str_c(password), &where, why, sizeof(why));
}

static futu_err clear(void)
{
    return keychain_clear(&k, ENTRY, why, sizeof(why));
}

static futu_err to_file(const char *password)
{
    return vault_write(folder, MACHINE, ENTRY, str_c(password), why, sizeof(why));
}

START_TEST(entries_have_the_names_that_the_other_program_uses)
{
    char entry[KEYCHAIN_ENTRY_MAX + 1];
    keychain_entry(KEYCHAIN_LOGIN, "+86-13900000000", entry);
    ck_assert_str_eq(entry, "login-password.+86-13900000000");
    keychain_entry(KEYCHAIN_TRADE, "1", entry);
    ck_assert_str_eq(entry, "trade-password.1");
    keychain_entry(KEYCHAIN_TRADE, NULL, entry);
    ck_assert_str_eq(entry, "trade-password");
}
END_TEST

START_TEST(what_the_service_keeps_it_gives_back)
{
    ck_assert_int_eq(set("one"), FUTU_OK);
    ck_assert_str_eq(where, "the Secret Service");
    ck_assert_str_eq(fake.service, "futu-opend-rs");
    ck_assert_str_eq(fake.entry[0], ENTRY);
    ck_assert_int_eq(get(ENTRY), FUTU_OK);
    ck_assert_str_eq((const char *)out.p, "one");
    ck_assert_int_eq(set("two"), FUTU_OK);
    ck_assert_int_eq(get(ENTRY), FUTU_OK);
    ck_assert_str_eq((const char *)out.p, "two");
    ck_assert_int_eq(clear(), FUTU_OK);
    ck_assert_int_eq(clear(), FUTU_ENOTFOUND);
    ck_assert_int_eq(get(ENTRY), FUTU_ENOTFOUND);
    ck_assert_ptr_nonnull(strstr(why, "no entry " ENTRY));
}
END_TEST

START_TEST(a_phone_is_looked_for_as_typed_and_then_by_its_number)
{
    struct account phone;
    ck_assert_int_eq(account_parse(&phone, "+86-13900000000", why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(keychain_set(&k, "login-password.13900000000", STR("by number"), &where, why,
                                  sizeof(why)), FUTU_OK);
    ck_assert_int_eq(keychain_password(&k, KEYCHAIN_LOGIN, &phone, &out, &where, why, sizeof(why)),
                     FUTU_OK);
    ck_assert_str_eq((const char *)out.p, "by number");
    ck_assert_int_eq(keychain_set(&k, "login-password.+86-13900000000", STR("as typed"), &where,
                                  why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(keychain_password(&k, KEYCHAIN_LOGIN, &phone, &out, &where, why, sizeof(why)),
                     FUTU_OK);
    ck_assert_str_eq((const char *)out.p, "as typed");
    ck_assert_int_eq(keychain_password(&k, KEYCHAIN_TRADE, &phone, &out, &where, why, sizeof(why)),
                     FUTU_ENOTFOUND);
    fake_reset(FAKE_BROKEN);
    ck_assert_int_eq(vault_write(folder, MACHINE, "login-password.13900000000", STR("in the file"),
                                 why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(keychain_password(&k, KEYCHAIN_LOGIN, &phone, &out, &where, why, sizeof(why)),
                     FUTU_OK);
    ck_assert_str_eq((const char *)out.p, "in the file");
}
END_TEST

START_TEST(a_locked_and_a_broken_one_are_told_apart_in_one_line)
{
    fake_reset(FAKE_LOCKED);
    ck_assert_int_eq(get(ENTRY), FUTU_EREFUSED);
    ck_assert_str_eq(why, "the Secret Service is locked: it is locked");
    ck_assert_int_eq(set("x"), FUTU_EREFUSED);
    ck_assert_int_eq(clear(), FUTU_EREFUSED);
    fake_reset(FAKE_BROKEN);
    ck_assert_int_eq(get(ENTRY), FUTU_ENOTSUP);
    ck_assert_str_eq(why, "the Secret Service does not work here: no such name");
}
END_TEST

START_TEST(a_slow_one_is_cancelled_in_time)
{
    fake_reset(FAKE_SLOW);
    k.timeout_ms = 20;
    ck_assert_int_eq(get(ENTRY), FUTU_ETIMEDOUT);
    ck_assert_ptr_nonnull(strstr(why, "did not answer within 1 seconds"));
    ck_assert_int_eq(set("x"), FUTU_ETIMEDOUT);
    fake_settle();
}
END_TEST

START_TEST(one_that_ignores_the_cancelling_is_left_behind)
{
    fake_reset(FAKE_DEAF);
    k.timeout_ms = 20;
    ck_assert_int_eq(get(ENTRY), FUTU_ETIMEDOUT);
    ck_assert_int_eq(fake.living, 1);           /* its thread still has it; teardown ends it */
}
END_TEST

START_TEST(the_file_is_read_where_it_is_and_the_service_has_none)
{
    ck_assert_int_eq(to_file("from the file"), FUTU_OK);
    ck_assert_int_eq(get(ENTRY), FUTU_OK);
    ck_assert_str_eq((const char *)out.p, "from the file");
    ck_assert_str_eq(where, "the keychain file");
    ck_assert_int_eq(set("from the service"), FUTU_OK);
    ck_assert_int_eq(get(ENTRY), FUTU_OK);
    ck_assert_str_eq((const char *)out.p, "from the service");
    fake_reset(FAKE_BROKEN);
    ck_assert_int_eq(get(ENTRY), FUTU_OK);
    ck_assert_str_eq((const char *)out.p, "from the file");
    k.kind = KEYCHAIN_SERVICE_ONLY;
    ck_assert_int_eq(get(ENTRY), FUTU_ENOTSUP);
}
END_TEST

START_TEST(a_file_of_another_machine_is_told_of)
{
    ck_assert_int_eq(to_file("x"), FUTU_OK);
    k.machine_id = "another";
    ck_assert_int_eq(get(ENTRY), FUTU_EAUTH);
    ck_assert_ptr_nonnull(strstr(why, "another machine"));
}
END_TEST

START_TEST(the_file_is_written_only_when_it_is_asked_for)
{
    char name[VAULT_NAME];
    vault_name(ENTRY, name);
    fake_reset(FAKE_BROKEN);
    ck_assert_int_eq(set("x"), FUTU_ENOTSUP);
    ck_assert_ptr_nonnull(strstr(why, "--keychain file"));
    ck_assert(!folder_has(name));
    k.kind = KEYCHAIN_SERVICE_ONLY;
    ck_assert_int_eq(set("x"), FUTU_ENOTSUP);
    ck_assert_ptr_null(strstr(why, "--keychain file"));
    k.kind = KEYCHAIN_FILE;
    fake.calls = 0;
    ck_assert_int_eq(set("x"), FUTU_OK);
    ck_assert_str_eq(where, "the keychain file");
    ck_assert(folder_has(name));
    ck_assert_int_eq(get(ENTRY), FUTU_OK);
    ck_assert_int_eq(fake.calls, 0);            /* nobody asked the service */
}
END_TEST

START_TEST(clearing_reaches_all_that_the_kind_covers)
{
    ck_assert_int_eq(set("x"), FUTU_OK);
    ck_assert_int_eq(to_file("x"), FUTU_OK);
    ck_assert_int_eq(clear(), FUTU_OK);
    ck_assert_int_eq(get(ENTRY), FUTU_ENOTFOUND);
    ck_assert_int_eq(to_file("x"), FUTU_OK);
    ck_assert_int_eq(clear(), FUTU_OK);         /* in the file alone */
    ck_assert_int_eq(to_file("x"), FUTU_OK);
    fake_reset(FAKE_BROKEN);
    ck_assert_int_eq(clear(), FUTU_OK);         /* a service that is not there has none */
    ck_assert_int_eq(clear(), FUTU_ENOTSUP);
    k.kind = KEYCHAIN_FILE;
    ck_assert_int_eq(clear(), FUTU_ENOTFOUND);
}
END_TEST

START_TEST(without_a_folder_there_is_no_file)
{
    k.dir = NULL;
    ck_assert_int_eq(get(ENTRY), FUTU_ENOTFOUND);
    k.kind = KEYCHAIN_FILE;
    ck_assert_int_eq(get(ENTRY), FUTU_ENOTFOUND);
    ck_assert_int_eq(set("x"), FUTU_ENOTSUP);
}
END_TEST

START_TEST(what_is_off_is_not_asked)
{
    k.kind = KEYCHAIN_OFF;
    ck_assert_int_eq(get(ENTRY), FUTU_ENOTSUP);
    ck_assert_int_eq(set("x"), FUTU_ENOTSUP);
    ck_assert_int_eq(clear(), FUTU_ENOTSUP);
    ck_assert_int_eq(fake.calls, 0);
}
END_TEST

START_TEST(without_a_session_bus_nothing_is_loaded)
{
    unsetenv("DBUS_SESSION_BUS_ADDRESS");
    setenv("XDG_RUNTIME_DIR", folder, 1);
    k.lib = NULL;
    ck_assert_int_eq(get(ENTRY), FUTU_ENOTSUP);
    ck_assert_ptr_nonnull(strstr(why, "no session bus"));
    FILE *maps = fopen("/proc/self/maps", "re");
    char line[512];
    ck_assert_ptr_nonnull(maps);
    while (fgets(line, sizeof(line), maps))
        ck_assert_ptr_null(strstr(line, "libsecret"));
    fclose(maps);
    folder_put("bus", "", 0600);
    ck_assert(service_bus(why, sizeof(why)));
}
END_TEST

START_TEST(every_kind_is_read_by_its_name)
{
    static const struct {
        const char *text;
        enum keychain_kind kind;
    } all[] = { { NULL, KEYCHAIN_AUTO }, { "auto", KEYCHAIN_AUTO }, { "file", KEYCHAIN_FILE },
                { "secret-service", KEYCHAIN_SERVICE_ONLY }, { "off", KEYCHAIN_OFF } };
    enum keychain_kind kind;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        ck_assert(keychain_kind_read(all[i].text, &kind));
        ck_assert_int_eq(kind, all[i].kind);
    }
    ck_assert(!keychain_kind_read("", &kind));
    ck_assert(!keychain_kind_read("files", &kind));
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    ck_assert_int_eq(set("x"), FUTU_OK);
    k.kind = KEYCHAIN_SERVICE_ONLY;
    for (long n = 0; test_alloc_fail_at(n); n++)
        ck_assert_int_eq(get(ENTRY), mem_failed() ? FUTU_ENOMEM : FUTU_OK);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, entries_have_the_names_that_the_other_program_uses);
    tcase_add_test(tc, what_the_service_keeps_it_gives_back);
    tcase_add_test(tc, a_phone_is_looked_for_as_typed_and_then_by_its_number);
    tcase_add_test(tc, a_locked_and_a_broken_one_are_told_apart_in_one_line);
    tcase_add_test(tc, a_slow_one_is_cancelled_in_time);
    tcase_add_test(tc, one_that_ignores_the_cancelling_is_left_behind);
    tcase_add_test(tc, the_file_is_read_where_it_is_and_the_service_has_none);
    tcase_add_test(tc, a_file_of_another_machine_is_told_of);
    tcase_add_test(tc, the_file_is_written_only_when_it_is_asked_for);
    tcase_add_test(tc, clearing_reaches_all_that_the_kind_covers);
    tcase_add_test(tc, without_a_folder_there_is_no_file);
    tcase_add_test(tc, what_is_off_is_not_asked);
    tcase_add_test(tc, without_a_session_bus_nothing_is_loaded);
    tcase_add_test(tc, every_kind_is_read_by_its_name);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("keychain", add);
}
