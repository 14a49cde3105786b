/* vault_test.c - a password in an encrypted file: bound to its machine and its entry. */
#include "login/vault.h"

#include "folder.h"

#define ENTRY "login-password.12345678"
#define MACHINE "0123456789abcdef0123456789abcdef"

static char why[512], name[VAULT_NAME];
static struct secret out;

static void setup(void)
{
    folder_make("12345678");
    vault_name(ENTRY, name);
    out = SECRET_NULL;
}

static void teardown(void)
{
    secret_wipe(&out);
    folder_remove();
}

static futu_err put(const char *password)
{
    return vault_write(folder, MACHINE, ENTRY, str_c(password), why, sizeof(why));
}

static futu_err get(const char *machine, const char *entry)
{
    return vault_read(folder, machine, entry, &out, why, sizeof(why));
}

START_TEST(what_was_written_is_read_and_does_not_stand_in_the_file)
{
    size_t n;
    ck_assert_int_eq(put("correct horse"), FUTU_OK);
    ck_assert_uint_eq(folder_mode(name), 0600);
    ck_assert_int_eq(get(MACHINE, ENTRY), FUTU_OK);
    ck_assert_str_eq((const char *)out.p, "correct horse");
    char *file = read_file(folder_path(name), &n);
    ck_assert_ptr_null(memmem(file, n, "correct", 7));
    ck_assert_ptr_null(memmem(file, n, "12345678", 8));
    free(file);
}
END_TEST

START_TEST(the_same_password_twice_makes_two_files_that_differ)
{
    size_t n;
    ck_assert_int_eq(put("x"), FUTU_OK);
    char *one = read_file(folder_path(name), &n);
    ck_assert_int_eq(put("x"), FUTU_OK);
    char *two = read_file(folder_path(name), &n);
    ck_assert(memcmp(one + 8, two + 8, n - 8) != 0);
    free(one);
    free(two);
}
END_TEST

START_TEST(on_another_machine_it_stays_shut)
{
    ck_assert_int_eq(put("x"), FUTU_OK);
    ck_assert_int_eq(get("another", ENTRY), FUTU_EAUTH);
    ck_assert_ptr_nonnull(strstr(why, "made on another machine"));
    ck_assert_ptr_null(out.p);
}
END_TEST

START_TEST(a_file_under_the_name_of_another_entry_stays_shut)
{
    char from[512], other[VAULT_NAME];
    ck_assert_int_eq(put("x"), FUTU_OK);
    snprintf(from, sizeof(from), "%s", folder_path(name));
    vault_name("login-password.1", other);
    ck_assert_int_eq(rename(from, folder_path(other)), 0);
    ck_assert_int_eq(get(MACHINE, "login-password.1"), FUTU_EAUTH);
}
END_TEST

START_TEST(a_machine_without_an_id_has_none)
{
    ck_assert_int_eq(vault_write(folder, NULL, ENTRY, STR("x"), why, sizeof(why)), FUTU_ENOTSUP);
    ck_assert_int_eq(vault_write(folder, "", ENTRY, STR("x"), why, sizeof(why)), FUTU_ENOTSUP);
    ck_assert(!folder_has(name));
    ck_assert_int_eq(put("x"), FUTU_OK);
    ck_assert_int_eq(get(NULL, ENTRY), FUTU_ENOTSUP);
    ck_assert_ptr_nonnull(strstr(why, "/etc/machine-id"));
}
END_TEST

START_TEST(any_changed_byte_and_any_cut_keeps_it_shut)
{
    uint8_t file[VAULT_FILE_MAX + 1];
    size_t n;
    ck_assert_int_eq(vault_seal(MACHINE, ENTRY, STR("word"), file, &n), FUTU_OK);
    ck_assert_uint_eq(n, VAULT_FILE_MAX - VAULT_MAX + 4);
    for (size_t i = 0; i < n; i++) {
        file[i] ^= 1;
        futu_err err = vault_open(MACHINE, ENTRY, (futu_str){ (char *)file, n }, &out);
        ck_assert_int_eq(err, i < 8 ? FUTU_EFORMAT : FUTU_EAUTH);
        file[i] ^= 1;
    }
    for (size_t i = 0; i < n; i++)
        ck_assert_int_ne(vault_open(MACHINE, ENTRY, (futu_str){ (char *)file, i }, &out), FUTU_OK);
    ck_assert_int_eq(vault_open(MACHINE, ENTRY, (futu_str){ (char *)file, sizeof(file) }, &out),
                     FUTU_EFORMAT);
    ck_assert_int_eq(vault_open(MACHINE, ENTRY, (futu_str){ (char *)file, n }, &out), FUTU_OK);
    ck_assert_str_eq((const char *)out.p, "word");
}
END_TEST

START_TEST(a_password_of_any_length_is_taken_or_refused)
{
    static char text[VAULT_MAX + 2];
    memset(text, 'x', VAULT_MAX);
    ck_assert_int_eq(put(text), FUTU_OK);
    ck_assert_int_eq(get(MACHINE, ENTRY), FUTU_OK);
    ck_assert_uint_eq(out.n, VAULT_MAX);
    text[VAULT_MAX] = 'x';
    ck_assert_int_eq(put(text), FUTU_ELIMIT);
    ck_assert_ptr_nonnull(strstr(why, "longer than 1024"));
}
END_TEST

START_TEST(looking_for_one_makes_no_folder)
{
    char none[128];
    snprintf(none, sizeof(none), "%s/none", folder_top);
    ck_assert_int_eq(vault_read(none, MACHINE, ENTRY, &out, why, sizeof(why)), FUTU_ENOTFOUND);
    ck_assert_int_eq(vault_remove(none, ENTRY, why, sizeof(why)), FUTU_ENOTFOUND);
    ck_assert_int_ne(access(none, F_OK), 0);
}
END_TEST

START_TEST(it_is_removed_by_its_entry)
{
    ck_assert_int_eq(put("x"), FUTU_OK);
    ck_assert_int_eq(vault_remove(folder, "login-password.1", why, sizeof(why)), FUTU_ENOTFOUND);
    ck_assert_int_eq(vault_remove(folder, ENTRY, why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(get(MACHINE, ENTRY), FUTU_ENOTFOUND);
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    ck_assert_int_eq(put("x"), FUTU_OK);
    for (long n = 0; test_alloc_fail_at(n); n++)
        ck_assert_int_eq(get(MACHINE, ENTRY), mem_failed() ? FUTU_ENOMEM : FUTU_OK);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, what_was_written_is_read_and_does_not_stand_in_the_file);
    tcase_add_test(tc, the_same_password_twice_makes_two_files_that_differ);
    tcase_add_test(tc, on_another_machine_it_stays_shut);
    tcase_add_test(tc, a_file_under_the_name_of_another_entry_stays_shut);
    tcase_add_test(tc, a_machine_without_an_id_has_none);
    tcase_add_test(tc, any_changed_byte_and_any_cut_keeps_it_shut);
    tcase_add_test(tc, a_password_of_any_length_is_taken_or_refused);
    tcase_add_test(tc, looking_for_one_makes_no_folder);
    tcase_add_test(tc, it_is_removed_by_its_entry);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("vault", add);
}
