/* password_test.c - the seven layers in their order, each told of by its name alone; and the file's
 * rules. */
#include "login/password.h"

#include "crypt/digest.h"
#include "fake_secret.h"
#include "folder.h"

#define MACHINE "0123456789abcdef0123456789abcdef"
#define ABC "900150983cd24fb0d6963f7d28e17f72"          /* md5("abc") */
#define ENTRY "login-password.12345678"

static struct pwd p;
static struct keychain k;
static char why[1024];

static struct {
    bool there;
    const char *lines[4];           /* NULL: the input ends */
    int asked;
    char question[256];
} tty;

static bool present(void *arg)
{
    (void)arg;
    return tty.there;
}

static futu_err ask(void *arg, const char *question, bool echo, struct secret *out)
{
    (void)arg;
    ck_assert(!echo);
    snprintf(tty.question, sizeof(tty.question), "%s", question);
    const char *line = tty.lines[tty.asked++];
    return line ? secret_set(out, line, strlen(line)) : FUTU_ECANCELED;
}

static const struct terminal term = { present, ask, NULL, NULL };

static void setup(void)
{
    folder_make("12345678");
    fake_reset(FAKE_FINE);
    memset(&tty, 0, sizeof(tty));
    k = (struct keychain){ .machine_id = MACHINE, .timeout_ms = 5000, .lib = &fake_lib };
    p = PWD_NULL;
}

static void teardown(void)
{
    fake_settle();
    pwd_wipe(&p);
    folder_remove();
}

static futu_err begin(struct pwd_given g)
{
    pwd_wipe(&p);
    why[0] = '\0';
    return pwd_begin(&p, &g, why, sizeof(why));
}

static futu_err get(void)
{
    return pwd_get(&p, &acc, &k, &term, why, sizeof(why));
}

static void came_from(enum pwd_layer layer, const char *password)
{
    uint8_t digest[16];
    char hex[33];
    md5(password, strlen(password), digest);
    hex_lower(digest, sizeof(digest), hex);
    ck_assert_int_eq(p.layer, layer);
    ck_assert_uint_eq(p.md5.n, 32);
    ck_assert_str_eq((const char *)p.md5.p, hex);
}

START_TEST(the_first_of_the_seven_layers_that_has_one_wins)
{
    const char *file = folder_path("pwd");
    char path[512];
    struct pwd_given g = { NULL, "plain", ABC, "variable" };
    snprintf(path, sizeof(path), "%s", file);
    g.file = path;
    folder_put("pwd", "of the file\n", 0600);
    snprintf(fake.entry[0], sizeof(fake.entry[0]), ENTRY);
    snprintf(fake.password[0], sizeof(fake.password[0]), "of the keychain");
    tty.there = true;
    tty.lines[0] = "typed";
    ck_assert_int_eq(begin(g), FUTU_OK);
    came_from(PWD_FILE, "of the file");
    g.file = NULL;
    ck_assert_int_eq(begin(g), FUTU_OK);
    came_from(PWD_PLAIN, "plain");
    g.plain = NULL;
    ck_assert_int_eq(begin(g), FUTU_OK);
    came_from(PWD_MD5, "abc");
    g.md5 = NULL;
    ck_assert_int_eq(begin(g), FUTU_OK);
    came_from(PWD_ENV, "variable");
    ck_assert_int_eq(get(), FUTU_OK);
    came_from(PWD_ENV, "variable");
    ck_assert_int_eq(fake.calls, 0);
    g.env = "";
    ck_assert_int_eq(begin(g), FUTU_OK);
    ck_assert_int_eq(p.layer, PWD_NONE);
    ck_assert_int_eq(get(), FUTU_OK);
    came_from(PWD_KEYCHAIN, "of the keychain");
    ck_assert_int_eq(tty.asked, 0);
    fake.entry[0][0] = '\0';
    pwd_wipe(&p);
    ck_assert_int_eq(get(), FUTU_OK);
    came_from(PWD_PROMPT, "typed");
    ck_assert_str_eq(tty.question, "Login password for account 12345678: ");
    tty.there = false;
    pwd_wipe(&p);
    ck_assert_int_eq(get(), FUTU_ENOTFOUND);
    ck_assert_ptr_nonnull(strstr(why, "none of --login-pwd-file, --login-pwd, --login-pwd-md5 and "
                                      "FUTU_PWD"));
    ck_assert_ptr_nonnull(strstr(why, "futucli set-login-pwd --account 12345678"));
}
END_TEST

START_TEST(each_layer_is_told_of_by_its_name_and_nothing_else)
{
    static const char *const words[] = { "of the file", "plainword", ABC, "variable", "typed",
                                         "of the keychain" };
    char path[512];
    snprintf(path, sizeof(path), "%s", folder_path("pwd"));
    folder_put("pwd", "of the file\n", 0600);
    const struct pwd_given all[] = { { .file = path }, { .plain = "plainword" }, { .md5 = ABC },
                                     { .env = "variable" } };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        ck_assert_int_eq(begin(all[i]), FUTU_OK);
    snprintf(fake.entry[0], sizeof(fake.entry[0]), ENTRY);
    snprintf(fake.password[0], sizeof(fake.password[0]), "of the keychain");
    pwd_wipe(&p);
    ck_assert_int_eq(get(), FUTU_OK);
    fake.entry[0][0] = '\0';
    tty.there = true;
    tty.lines[0] = "typed";
    pwd_wipe(&p);
    ck_assert_int_eq(get(), FUTU_OK);
    ck_assert_ptr_nonnull(strstr(logged, "login password: from --login-pwd-file\n"));
    ck_assert_ptr_nonnull(strstr(logged, "login password: from --login-pwd\n"));
    ck_assert_ptr_nonnull(strstr(logged, "login password: from --login-pwd-md5\n"));
    ck_assert_ptr_nonnull(strstr(logged, "login password: from FUTU_PWD\n"));
    ck_assert_ptr_nonnull(strstr(logged, "login password: from the Secret Service\n"));
    ck_assert_ptr_nonnull(strstr(logged, "login password: from the prompt\n"));
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        ck_assert_ptr_null(strstr(logged, words[i]));
}
END_TEST

static void file_is(const char *text, size_t n, futu_err want, const char *password_or_reason)
{
    char path[512];
    snprintf(path, sizeof(path), "%s", folder_path("pwd"));
    FILE *f = fopen(path, "wbe");
    ck_assert_ptr_nonnull(f);
    fwrite(text, 1, n, f);
    fclose(f);
    ck_assert_int_eq(chmod(path, 0600), 0);
    ck_assert_int_eq(begin((struct pwd_given){ .file = path }), want);
    if (!want)
        came_from(PWD_FILE, password_or_reason);
    else
        ck_assert_msg(strstr(why, password_or_reason) && strstr(why, "--login-pwd-file: ") == why,
                      "%s", why);
}

START_TEST(one_line_break_at_the_end_of_a_file_is_no_part_of_it)
{
    static char text[PWD_FILE_MAX + 1];
    file_is("abc", 3, FUTU_OK, "abc");
    file_is("abc\n", 4, FUTU_OK, "abc");
    file_is("abc\r\n", 5, FUTU_OK, "abc");
    file_is("abc\r", 4, FUTU_OK, "abc");
    file_is("abc\n\n", 5, FUTU_OK, "abc\n");
    file_is(" abc ", 5, FUTU_OK, " abc ");
    file_is("", 0, FUTU_EINVAL, "is empty");
    file_is("\n", 1, FUTU_EINVAL, "is empty");
    file_is("a\0c", 3, FUTU_EINVAL, "holds a NUL byte");
    memset(text, 'x', PWD_FILE_MAX);
    file_is(text, PWD_FILE_MAX, FUTU_OK, text);
    file_is(text, PWD_FILE_MAX + 1, FUTU_EINVAL, "longer than 1024 bytes");
}
END_TEST

START_TEST(a_file_that_others_can_read_is_warned_of)
{
    char path[512];
    snprintf(path, sizeof(path), "%s", folder_path("pwd"));
    folder_put("pwd", "abc", 0640);
    ck_assert_int_eq(begin((struct pwd_given){ .file = path }), FUTU_OK);
    ck_assert_ptr_nonnull(strstr(logged, "2 --login-pwd-file: others can read or change "));
    logged[0] = '\0';
    chmod(path, 0400);
    ck_assert_int_eq(begin((struct pwd_given){ .file = path }), FUTU_OK);
    ck_assert_ptr_null(strstr(logged, "others"));
}
END_TEST

START_TEST(a_file_that_is_missing_ends_the_start)
{
    ck_assert_int_eq(begin((struct pwd_given){ .file = "/nowhere/pwd", .env = "x" }), FUTU_EIO);
    ck_assert_str_eq(why, "--login-pwd-file: /nowhere/pwd: No such file or directory");
    ck_assert_int_eq(p.layer, PWD_NONE);
    ck_assert_int_eq(begin((struct pwd_given){ .file = folder }), FUTU_EIO);
    ck_assert_ptr_nonnull(strstr(why, "Is a directory"));
}
END_TEST

START_TEST(a_file_may_be_a_pipe)
{
    int fds[2];
    char path[64];
    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(write(fds[1], "a", 1), 1);
    ck_assert_int_eq(write(fds[1], "bc\n", 3), 3);
    close(fds[1]);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
    ck_assert_int_eq(begin((struct pwd_given){ .file = path }), FUTU_OK);
    came_from(PWD_FILE, "abc");
    close(fds[0]);
}
END_TEST

START_TEST(a_digest_is_32_lower_case_hex_digits_or_the_start_ends)
{
    static const char *const wrong[] = {
        "", "900150983cd24fb0d6963f7d28e17f7", "900150983cd24fb0d6963f7d28e17f720",
        "900150983CD24FB0D6963F7D28E17F72", "900150983cd24fb0d6963f7d28e17f7g",
        " 900150983cd24fb0d6963f7d28e17f72",
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        /* Also where a stronger layer makes it superfluous. */
        ck_assert_int_eq(begin((struct pwd_given){ .md5 = wrong[i], .plain = "x" }), FUTU_EINVAL);
        ck_assert_ptr_nonnull(strstr(why, "--login-pwd-md5: 32 hex digits in lower case"));
        ck_assert(!wrong[i][0] || !strstr(why, wrong[i]));
        ck_assert_int_eq(p.layer, PWD_NONE);
        ck_assert_ptr_null(p.md5.p);
    }
}
END_TEST

START_TEST(an_empty_plain_one_ends_the_start)
{
    ck_assert_int_eq(begin((struct pwd_given){ .plain = "" }), FUTU_EINVAL);
    ck_assert_str_eq(why, "--login-pwd: is empty");
}
END_TEST

START_TEST(an_empty_line_is_asked_again_and_the_end_of_input_ends_it)
{
    fake_reset(FAKE_BROKEN);
    tty.there = true;
    tty.lines[2] = "at last";
    tty.lines[0] = tty.lines[1] = "";
    ck_assert_int_eq(get(), FUTU_OK);
    came_from(PWD_PROMPT, "at last");
    pwd_wipe(&p);
    tty.lines[2] = "";
    tty.asked = 0;
    ck_assert_int_eq(get(), FUTU_ECANCELED);
    ck_assert_int_eq(tty.asked, 3);
    tty.lines[0] = NULL;
    tty.asked = 0;
    ck_assert_int_eq(get(), FUTU_ECANCELED);
    ck_assert_int_eq(p.layer, PWD_NONE);
}
END_TEST

START_TEST(what_the_keychain_said_stands_in_the_error)
{
    fake_reset(FAKE_LOCKED);
    ck_assert_int_eq(get(), FUTU_ENOTFOUND);
    ck_assert_ptr_nonnull(strstr(why, "the Secret Service is locked"));
    ck_assert_int_eq(pwd_get(&p, &acc, NULL, NULL, why, sizeof(why)), FUTU_ENOTFOUND);
    ck_assert_ptr_nonnull(strstr(why, "the keychain is off"));
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    char path[512];
    snprintf(path, sizeof(path), "%s", folder_path("pwd"));
    folder_put("pwd", "abc", 0600);
    const struct pwd_given g = { path, "x", ABC, "y" };
    for (long n = 0; test_alloc_fail_at(n); n++)
        ck_assert_int_eq(begin(g), mem_failed() ? FUTU_ENOMEM : FUTU_OK);
    snprintf(fake.entry[0], sizeof(fake.entry[0]), ENTRY);
    snprintf(fake.password[0], sizeof(fake.password[0]), "x");
    for (long n = 0; test_alloc_fail_at(n); n++) {
        pwd_wipe(&p);
        ck_assert_int_eq(get(), mem_failed() ? FUTU_ENOMEM : FUTU_OK);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_first_of_the_seven_layers_that_has_one_wins);
    tcase_add_test(tc, each_layer_is_told_of_by_its_name_and_nothing_else);
    tcase_add_test(tc, one_line_break_at_the_end_of_a_file_is_no_part_of_it);
    tcase_add_test(tc, a_file_that_others_can_read_is_warned_of);
    tcase_add_test(tc, a_file_that_is_missing_ends_the_start);
    tcase_add_test(tc, a_file_may_be_a_pipe);
    tcase_add_test(tc, a_digest_is_32_lower_case_hex_digits_or_the_start_ends);
    tcase_add_test(tc, an_empty_plain_one_ends_the_start);
    tcase_add_test(tc, an_empty_line_is_asked_again_and_the_end_of_input_ends_it);
    tcase_add_test(tc, what_the_keychain_said_stands_in_the_error);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("password", add);
}
