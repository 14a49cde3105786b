/* account_test.c - the three forms of an account, strictly; what they are normalised to, and the
 * hash that names the files. */
#include "login/account.h"

#include "../support.h"

static struct account a;
static char why[512];

static void is(const char *text, enum account_kind kind, const char *name, const char *region,
               const char *hash)
{
    ck_assert_msg(account_parse(&a, text, why, sizeof(why)) == FUTU_OK, "%s: %s", text, why);
    ck_assert_int_eq(a.kind, kind);
    ck_assert_str_eq(a.name, name);
    ck_assert_str_eq(a.region, region);
    ck_assert_str_eq(a.hash, hash);
}

START_TEST(each_form_has_the_name_and_hash_of_the_check_values)
{
    is("12345678", ACCOUNT_ID, "12345678", "", "25d55ad283aa400a");
    is("+86-13900000000", ACCOUNT_PHONE, "13900000000", "86", "46eec3f33e3d86a4");
    is("+1-4155551234", ACCOUNT_PHONE, "4155551234", "1", "61d11d0759ec1196");
    is("user@example.com", ACCOUNT_EMAIL, "user@example.com", "", "b58996c504c56387");
}
END_TEST

START_TEST(both_spellings_of_a_phone_share_a_hash)
{
    struct account b;
    ck_assert_int_eq(account_parse(&a, "+86-13900000000", why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(account_parse(&b, "13900000000", why, sizeof(why)), FUTU_OK);
    ck_assert_str_eq(a.hash, b.hash);
    ck_assert_str_ne(a.typed, b.typed);
}
END_TEST

START_TEST(blanks_around_go_and_letter_case_stays)
{
    ck_assert_int_eq(account_parse(&a, " \tUser.Name+x@Example.COM\n", why, sizeof(why)), FUTU_OK);
    ck_assert_str_eq(a.typed, "User.Name+x@Example.COM");
    ck_assert_str_eq(a.name, a.typed);
}
END_TEST

static void refused(const char *text, const char *part)
{
    ck_assert_msg(account_parse(&a, text, why, sizeof(why)) == FUTU_EINVAL, "%s was taken", text);
    ck_assert_msg(strstr(why, part) != NULL, "%s: \"%s\" is not in \"%s\"", text, part, why);
    ck_assert_ptr_null(strchr(why, '\n'));
    ck_assert_str_eq(a.typed, "");
}

START_TEST(what_is_none_of_the_forms_is_refused_with_the_right_one)
{
    refused("", "+86-13900000000");
    refused("   ", "an e-mail address");
    refused("abc", "a numeric id (12345678)");
    refused("0123", "1 to 19 digits");
    refused("12345678901234567890", "1 to 19 digits");
    refused("+8613900000000", "lacks the dash");
    refused("+", "lacks the dash");
    refused("+-13900000000", "+REGION-NUMBER");
    refused("+86-", "+REGION-NUMBER");
    refused("+86-139 0000 0000", "+REGION-NUMBER");
    refused("+86-139", "+REGION-NUMBER");
    refused("+086-13900000000", "+REGION-NUMBER");
    refused("+86 13900000000", "+REGION-NUMBER");
    refused("+12345-13900000000", "+REGION-NUMBER");
    refused("86-13900000000", "a numeric id");
    refused("+86-1390000000012345", "+REGION-NUMBER");
    refused("@example.com", "user@example.com");
    refused("user@", "user@example.com");
    refused("user@localhost", "user@example.com");
    refused("user@a..b", "user@example.com");
    refused("us er@example.com", "user@example.com");
    refused(".user@example.com", "user@example.com");
    refused("user@-example.com", "user@example.com");
    refused("user@@example.com", "user@example.com");
    refused("12\n34", "a numeric id");
    refused("abc\n", "a numeric id");
    refused("\xc3\xa9@example.com", "this is no e-mail");
}
END_TEST

START_TEST(what_is_too_long_is_refused)
{
    char text[ACCOUNT_MAX + 2];
    memset(text, '1', sizeof(text));
    text[ACCOUNT_MAX + 1] = '\0';
    refused(text, "longer than 128");
}
END_TEST

static bool same(const char *one, const char *stored)
{
    ck_assert_int_eq(account_parse(&a, one, why, sizeof(why)), FUTU_OK);
    return account_is(&a, str_c(stored));
}

START_TEST(a_stored_text_names_the_same_account_in_either_spelling)
{
    ck_assert(same("+86-13900000000", "13900000000"));
    ck_assert(same("13900000000", "+86-13900000000"));
    ck_assert(same("+39-0612345678", "0612345678"));
    ck_assert(same("user@example.com", "user@example.com"));
    ck_assert(!same("12345678", "12345679"));
    ck_assert(!same("user@example.com", "User@example.com"));
    ck_assert(!same("12345678", ""));
    ck_assert(!same("12345678", "no account"));
}
END_TEST

START_TEST(one_number_in_two_regions_is_two_accounts)
{
    ck_assert(!same("+86-4155551234", "+1-4155551234"));
    ck_assert(same("+1-4155551234", "+1-4155551234"));
}
END_TEST

START_TEST(a_stored_text_with_a_nul_or_without_end_is_nobodys)
{
    char text[200];
    memset(text, '1', sizeof(text));
    ck_assert_int_eq(account_parse(&a, "1", why, sizeof(why)), FUTU_OK);
    ck_assert(!account_is(&a, (futu_str){ text, sizeof(text) }));
    ck_assert(!account_is(&a, (futu_str){ "1\0", 2 }));
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, each_form_has_the_name_and_hash_of_the_check_values);
    tcase_add_test(tc, both_spellings_of_a_phone_share_a_hash);
    tcase_add_test(tc, blanks_around_go_and_letter_case_stays);
    tcase_add_test(tc, what_is_none_of_the_forms_is_refused_with_the_right_one);
    tcase_add_test(tc, what_is_too_long_is_refused);
    tcase_add_test(tc, a_stored_text_names_the_same_account_in_either_spelling);
    tcase_add_test(tc, one_number_in_two_regions_is_two_accounts);
    tcase_add_test(tc, a_stored_text_with_a_nul_or_without_end_is_nobodys);
}

int main(void)
{
    return run_tcase("account", add);
}
