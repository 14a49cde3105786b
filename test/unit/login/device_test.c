/* device_test.c - one device id per account: kept, given, replaced, forgotten. */
#include "login/device.h"

#include "folder.h"
#include "login/cred.h"

static char why[512], id[DEVICE_ID + 1], file[STATE_NAME_MAX];

static void setup(void)
{
    folder_make("12345678");
    device_file(&acc, file);
}

static futu_err load(const char *given, const char *known)
{
    return device_load(&st, &acc, given, known, id, why, sizeof(why));
}

START_TEST(a_new_one_is_written_first_and_then_stays)
{
    char first[DEVICE_ID + 1];
    ck_assert_int_eq(load(NULL, NULL), FUTU_OK);
    ck_assert_str_eq(file, "device-25d55ad283aa400a.dat");
    ck_assert(folder_is(file, id));
    ck_assert_uint_eq(folder_mode(file), 0600);
    ck_assert_uint_eq(strspn(id, "0123456789abcdef"), DEVICE_ID);
    memcpy(first, id, sizeof(id));
    ck_assert_int_eq(load(NULL, "0123456789abcdef"), FUTU_OK);
    ck_assert_str_eq(id, first);
}
END_TEST

START_TEST(a_given_one_is_written_over_it)
{
    ck_assert_int_eq(load(NULL, NULL), FUTU_OK);
    ck_assert_int_eq(load("ABCDEF0123456789", NULL), FUTU_OK);
    ck_assert_str_eq(id, "abcdef0123456789");
    ck_assert(folder_is(file, "abcdef0123456789"));
    ck_assert_int_eq(load(NULL, NULL), FUTU_OK);
    ck_assert_str_eq(id, "abcdef0123456789");
}
END_TEST

START_TEST(a_given_one_of_another_shape_ends_the_start_and_changes_nothing)
{
    static const char *const wrong[] = { "", "abcdef012345678", "abcdef01234567890",
                                         "abcdef012345678g", "0xabcdef01234567" };
    folder_put(file, "0011223344556677", 0600);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        ck_assert_int_eq(load(wrong[i], NULL), FUTU_EINVAL);
        ck_assert_str_eq(why, "--device-id: 16 hex digits, such as abcdef0123456789");
    }
    ck_assert(folder_is(file, "0011223344556677"));
}
END_TEST

START_TEST(that_of_saved_credentials_is_taken_when_the_file_is_lost)
{
    ck_assert_int_eq(load(NULL, "0123456789abcdef"), FUTU_OK);
    ck_assert_str_eq(id, "0123456789abcdef");
    ck_assert(folder_is(file, "0123456789abcdef"));
}
END_TEST

START_TEST(blanks_behind_it_and_upper_case_are_taken)
{
    folder_put(file, "ABCDEF0123456789 \r\n", 0600);
    ck_assert_int_eq(load(NULL, NULL), FUTU_OK);
    ck_assert_str_eq(id, "abcdef0123456789");
}
END_TEST

START_TEST(a_file_with_anything_else_is_set_aside_and_told_of)
{
    char aside[STATE_NAME_MAX + 8];
    folder_put(file, "not an id", 0600);
    ck_assert_int_eq(load(NULL, NULL), FUTU_OK);
    snprintf(aside, sizeof(aside), "%s.bad-1", file);
    ck_assert(folder_is(aside, "not an id") && folder_is(file, id));
    ck_assert_ptr_nonnull(strstr(logged, "2 state: device-25d55ad283aa400a.dat is not 16 hex"));
}
END_TEST

START_TEST(a_rotated_one_is_another)
{
    char first[DEVICE_ID + 1];
    ck_assert_int_eq(load(NULL, NULL), FUTU_OK);
    memcpy(first, id, sizeof(id));
    ck_assert_int_eq(device_rotate(&st, &acc, id, why, sizeof(why)), FUTU_OK);
    ck_assert_str_ne(id, first);
    ck_assert(folder_is(file, id));
}
END_TEST

/* ---- forgetting it ---- */

static bool there;
static const char *reply;
static char asked[512];

static bool present(void *arg)
{
    (void)arg;
    return there;
}

static futu_err answer(void *arg, const char *question, bool echo, struct secret *out)
{
    (void)arg;
    ck_assert(echo);
    snprintf(asked, sizeof(asked), "%s", question);
    return secret_set(out, reply, strlen(reply));
}

static const struct terminal term = { present, answer, NULL, NULL };

static futu_err reset(bool terminal, const char *say)
{
    there = terminal;
    reply = say;
    asked[0] = '\0';
    folder_put(file, "0011223344556677", 0600);
    folder_put("credentials-25d55ad283aa400a.json", "{}", 0600);
    return device_reset(&st, &acc, &term, why, sizeof(why));
}

static bool all_gone(void)
{
    return !folder_has(file) && !folder_has("credentials-25d55ad283aa400a.json");
}

START_TEST(forgetting_asks_on_a_terminal_and_only_yes_is_a_yes)
{
    static const char *const no[] = { "", "n", "no", "yess", "j" };
    for (size_t i = 0; i < ARRAY_LEN(no); i++) {
        ck_assert_int_eq(reset(true, no[i]), FUTU_ECANCELED);
        ck_assert(folder_has(file) && folder_has("credentials-25d55ad283aa400a.json"));
    }
    ck_assert_ptr_nonnull(strstr(asked, "account 12345678? "));
    ck_assert_ptr_nonnull(strstr(asked, "(y/N) "));
    ck_assert_int_eq(reset(true, "y"), FUTU_OK);
    ck_assert(all_gone());
    ck_assert_int_eq(reset(true, "YES"), FUTU_OK);
    ck_assert(all_gone());
}
END_TEST

START_TEST(forgetting_without_a_terminal_goes_on_with_a_warning)
{
    ck_assert_int_eq(reset(false, ""), FUTU_OK);
    ck_assert(all_gone());
    ck_assert_ptr_nonnull(strstr(logged, "2 --reset-device: there is no terminal"));
    ck_assert_str_eq(asked, "");
}
END_TEST

START_TEST(forgetting_what_is_not_there_is_fine)
{
    there = false;
    ck_assert_int_eq(device_reset(&st, &acc, &term, why, sizeof(why)), FUTU_OK);
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    folder_put(file, "0011223344556677", 0600);
    for (long n = 0; test_alloc_fail_at(n); n++)
        ck_assert_int_eq(load(NULL, NULL), mem_failed() ? FUTU_ENOMEM : FUTU_OK);
    ck_assert(folder_is(file, "0011223344556677"));
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, folder_remove);
    tcase_add_test(tc, a_new_one_is_written_first_and_then_stays);
    tcase_add_test(tc, a_given_one_is_written_over_it);
    tcase_add_test(tc, a_given_one_of_another_shape_ends_the_start_and_changes_nothing);
    tcase_add_test(tc, that_of_saved_credentials_is_taken_when_the_file_is_lost);
    tcase_add_test(tc, blanks_behind_it_and_upper_case_are_taken);
    tcase_add_test(tc, a_file_with_anything_else_is_set_aside_and_told_of);
    tcase_add_test(tc, a_rotated_one_is_another);
    tcase_add_test(tc, forgetting_asks_on_a_terminal_and_only_yes_is_a_yes);
    tcase_add_test(tc, forgetting_without_a_terminal_goes_on_with_a_warning);
    tcase_add_test(tc, forgetting_what_is_not_there_is_fine);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("device", add);
}
