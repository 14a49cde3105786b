/* login_test.c - everything that a login needs, from the options: what is judged at once, what the
 * folder brings, and what is asked for only when it is needed. */
#include "login/login.h"

#include "folder.h"

static struct login l;
static futu_login_opts o;
static char why[1024];

static struct {
    bool there;
    const char *lines[4];
    int asked;
} tty;

static bool present(void *arg)
{
    (void)arg;
    return tty.there;
}

static futu_err ask(void *arg, const char *question, bool echo, struct secret *out)
{
    (void)arg, (void)question, (void)echo;
    const char *line = tty.lines[tty.asked++];
    return line ? secret_set(out, line, strlen(line)) : FUTU_ECANCELED;
}

static const struct terminal term = { present, ask, NULL, NULL };

static void setup(void)
{
    folder_make("12345678");
    unsetenv("DBUS_SESSION_BUS_ADDRESS");
    unsetenv("XDG_RUNTIME_DIR");
    memset(&tty, 0, sizeof(tty));
    memset(&l, 0, sizeof(l));
    o = (futu_login_opts)FUTU_LOGIN_OPTS_INIT;
    o.account = "12345678";
    o.state_dir = folder;
}

static void teardown(void)
{
    login_close(&l);
    folder_remove();
}

static futu_err reopen(void)
{
    login_close(&l);
    why[0] = '\0';
    return login_open(&l, &o, &term, why, sizeof(why));
}

static void opens(void)
{
    futu_err err = reopen();
    ck_assert_msg(err == FUTU_OK, "%s", why);
}

START_TEST(each_option_is_judged_by_name_before_anything_is_made)
{
    static const struct {
        futu_login_opts o;
        const char *part;
    } all[] = {
        { { .account = NULL }, "--login-account: is empty" },
        { { .account = "+8613900000000" }, "--login-account: +8613900000000 lacks the dash" },
        { { .account = "1", .platform = "futu" }, "--platform: " },
        { { .account = "1", .auth_server = "x" }, "--auth-server: " },
        { { .account = "1", .device_id = "x" }, "--device-id: " },
        { { .account = "1", .verify_code = "" }, "--verify-code: " },
        { { .account = "1", .verify_code = "123" }, "--verify-code: " },
        { { .account = "1", .verify_code = "123456789" }, "--verify-code: " },
        { { .account = "1", .verify_code = "12345a" }, "--verify-code: " },
        { { .account = "1", .region = "us" }, "--login-region: " },
        { { .account = "1", .keychain = "on" }, "--keychain: " },
        { { .account = "1", .pwd_md5 = "x" }, "--login-pwd-md5: " },
        { { .account = "1", .pwd = "" }, "--login-pwd: " },
    };
    char dir[128];
    snprintf(dir, sizeof(dir), "%s/none", folder_top);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        o = all[i].o;
        o.size = sizeof(o);
        o.state_dir = dir;
        ck_assert_int_eq(login_check(&o, why, sizeof(why)), FUTU_EINVAL);
        ck_assert_msg(strncmp(why, all[i].part, strlen(all[i].part)) == 0, "%s", why);
        ck_assert_int_eq(reopen(), FUTU_EINVAL);
        ck_assert_int_ne(access(dir, F_OK), 0);
    }
    o = (futu_login_opts){ .size = sizeof(o), .account = "1", .verify_code = "123456",
                           .pwd_file = "/nowhere" };
    ck_assert_int_eq(login_check(&o, why, sizeof(why)), FUTU_EIO);
}
END_TEST

START_TEST(the_first_start_has_a_new_device_and_no_saved_login)
{
    o.platform = "moomoo";
    o.verify_code = "123456";
    opens();
    ck_assert(!l.has_cred);
    ck_assert_uint_eq(strlen(l.device_id), DEVICE_ID);
    ck_assert_str_eq(l.server.url, "https://auth.moomoo.com");
    ck_assert_str_eq(l.verify_code, "123456");
    ck_assert_str_eq(l.region, "gz");
    ck_assert_ptr_nonnull(strstr(logged, "login: account 12345678, platform moomoo, auth server "
                                         "https://auth.moomoo.com, state in "));
}
END_TEST

START_TEST(a_pipe_with_the_password_is_not_emptied_by_the_check)
{
    const struct secret *md5;
    int fds[2];
    char path[64];
    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(write(fds[1], "abc\n", 4), 4);
    close(fds[1]);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
    o.pwd_file = path;
    ck_assert_int_eq(login_check(&o, why, sizeof(why)), FUTU_OK);
    opens();
    ck_assert_int_eq(login_password(&l, &md5, why, sizeof(why)), FUTU_OK);
    ck_assert_str_eq((const char *)md5->p, "900150983cd24fb0d6963f7d28e17f72");
    close(fds[0]);
}
END_TEST

START_TEST(two_of_one_account_can_not_be_open)
{
    struct login other;
    opens();
    memset(&other, 0, sizeof(other));
    ck_assert_int_eq(login_open(&other, &o, &term, why, sizeof(why)), FUTU_EBUSY);
    ck_assert_ptr_nonnull(strstr(why, "in use by another futu-opend, process "));
    login_close(&other);
}
END_TEST

static void fill(uint8_t attribution)
{
    l.cred.uid = 7;
    l.cred.attribution = attribution;
    ck_assert_int_eq(secret_set(&l.cred.tgtgt, "ticket", 6), FUTU_OK);
    ck_assert_int_eq(secret_room(&l.cred.rand_key, CRED_RAND_KEY), FUTU_OK);
}

START_TEST(a_saved_login_is_there_at_the_next_start_and_knows_its_server)
{
    char id[DEVICE_ID + 1];
    opens();
    fill(2);
    memcpy(id, l.device_id, sizeof(id));
    ck_assert_int_eq(login_save(&l, why, sizeof(why)), FUTU_OK);
    ck_assert(l.has_cred);
    opens();
    ck_assert(l.has_cred);
    ck_assert_uint_eq(l.cred.uid, 7);
    ck_assert_str_eq(l.cred.account, "12345678");
    ck_assert_str_eq(l.cred.device_id, id);
    ck_assert_str_eq(l.server.url, "https://auth.moomoo.com");
    o.auth_server = "http://127.0.0.1:1";
    opens();
    ck_assert(l.has_cred);
    ck_assert_str_eq(l.server.url, "http://127.0.0.1:1");
}
END_TEST

START_TEST(a_lost_device_file_comes_back_from_the_saved_login)
{
    char id[DEVICE_ID + 1], name[STATE_NAME_MAX];
    opens();
    fill(6);
    memcpy(id, l.device_id, sizeof(id));
    ck_assert_int_eq(login_save(&l, why, sizeof(why)), FUTU_OK);
    device_file(&acc, name);
    ck_assert_int_eq(unlink(folder_path(name)), 0);
    opens();
    ck_assert_str_eq(l.device_id, id);
    ck_assert(l.has_cred);
}
END_TEST

START_TEST(another_device_id_makes_the_saved_login_void)
{
    opens();
    fill(6);
    ck_assert_int_eq(login_save(&l, why, sizeof(why)), FUTU_OK);
    o.device_id = "abcdef0123456789";
    opens();
    ck_assert(!l.has_cred);
    ck_assert_str_eq(l.device_id, "abcdef0123456789");
    o.device_id = NULL;
    opens();
    ck_assert(!l.has_cred);             /* the device file says so too */
    ck_assert_str_eq(l.device_id, "abcdef0123456789");
    ck_assert_ptr_nonnull(strstr(logged, "made for another device id and is not used"));
}
END_TEST

START_TEST(a_reset_forgets_device_and_login_once_it_is_confirmed)
{
    char id[DEVICE_ID + 1];
    opens();
    fill(6);
    memcpy(id, l.device_id, sizeof(id));
    ck_assert_int_eq(login_save(&l, why, sizeof(why)), FUTU_OK);
    o.reset_device = 1;
    tty.there = true;
    tty.lines[0] = "n";
    ck_assert_int_eq(reopen(), FUTU_ECANCELED);
    tty.asked = 0;
    tty.lines[0] = "y";
    opens();
    ck_assert(!l.has_cred);
    ck_assert_str_ne(l.device_id, id);
}
END_TEST

START_TEST(the_password_is_asked_for_only_when_it_is_needed)
{
    const struct secret *md5;
    tty.there = true;
    tty.lines[0] = "abc";
    o.keychain = "off";
    opens();
    ck_assert_int_eq(tty.asked, 0);
    ck_assert_int_eq(login_password(&l, &md5, why, sizeof(why)), FUTU_OK);
    ck_assert_str_eq((const char *)md5->p, "900150983cd24fb0d6963f7d28e17f72");
    ck_assert_int_eq(login_password(&l, &md5, why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(tty.asked, 1);
    tty.there = false;
    opens();
    ck_assert_int_eq(login_password(&l, &md5, why, sizeof(why)), FUTU_ENOTFOUND);
    ck_assert_ptr_nonnull(strstr(why, "the keychain is off"));
    ck_assert_ptr_null(md5);
}
END_TEST

START_TEST(a_code_comes_from_the_option_or_the_terminal_and_is_never_empty)
{
    char code[VERIFY_CODE_MAX + 1];
    opens();
    ck_assert_int_eq(login_code(&l, true, code, why, sizeof(why)), FUTU_ENOTSUP);
    ck_assert_ptr_nonnull(strstr(why, "no terminal, and there is no --verify-code"));
    tty.there = true;
    tty.lines[0] = "";
    tty.lines[1] = "12 34";
    tty.lines[2] = " 654321 ";
    ck_assert_int_eq(login_code(&l, true, code, why, sizeof(why)), FUTU_OK);
    ck_assert_str_eq(code, "654321");
    tty.asked = 0;
    tty.lines[0] = "input_phone_verify_code -code=";
    tty.lines[1] = "input_phone_verify_codes -code=123456";
    tty.lines[2] = "Input_phone_verify_code  -code=123456";     /* as for the vendor's console */
    ck_assert_int_eq(login_code(&l, true, code, why, sizeof(why)), FUTU_OK);
    ck_assert_str_eq(code, "123456");
    tty.asked = 0;
    tty.lines[0] = "";
    tty.lines[1] = "12 34";
    tty.lines[2] = "";
    ck_assert_int_eq(login_code(&l, true, code, why, sizeof(why)), FUTU_ECANCELED);
    tty.asked = 0;
    tty.lines[0] = "111111";
    o.verify_code = "222222";
    opens();
    ck_assert_int_eq(login_code(&l, true, code, why, sizeof(why)), FUTU_OK);
    ck_assert_str_eq(code, "222222");
    ck_assert_int_eq(login_code(&l, true, code, why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(login_code(&l, false, code, why, sizeof(why)), FUTU_OK);
    ck_assert_str_eq(code, "111111");
}
END_TEST

START_TEST(a_login_that_ends_soon_is_told_of_at_the_start)
{
    opens();
    fill(6);
    l.cred.ticket_s = 1;
    ck_assert_int_eq(login_save(&l, why, sizeof(why)), FUTU_OK);
    opens();
    ck_assert(l.has_cred && !cred_can_resume(&l.cred, 1790000000));
    ck_assert_ptr_nonnull(strstr(logged, "2 the saved login has ended"));
}
END_TEST

START_TEST(without_a_folder_it_says_which_options_name_one)
{
    o.state_dir = NULL;
    unsetenv("FUTU_STATE_DIR");
    unsetenv("HOME");
    ck_assert_int_eq(reopen(), FUTU_EINVAL);
    ck_assert_str_eq(why, "--state-dir: neither it nor FUTU_STATE_DIR nor HOME is set");
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    o.pwd = "abc";
    opens();
    fill(6);
    ck_assert_int_eq(login_save(&l, why, sizeof(why)), FUTU_OK);
    for (long n = 0; test_alloc_fail_at(n); n++)
        ck_assert_int_eq(reopen(), mem_failed() ? FUTU_ENOMEM : FUTU_OK);
    ck_assert(l.has_cred);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, each_option_is_judged_by_name_before_anything_is_made);
    tcase_add_test(tc, the_first_start_has_a_new_device_and_no_saved_login);
    tcase_add_test(tc, a_pipe_with_the_password_is_not_emptied_by_the_check);
    tcase_add_test(tc, two_of_one_account_can_not_be_open);
    tcase_add_test(tc, a_saved_login_is_there_at_the_next_start_and_knows_its_server);
    tcase_add_test(tc, a_lost_device_file_comes_back_from_the_saved_login);
    tcase_add_test(tc, another_device_id_makes_the_saved_login_void);
    tcase_add_test(tc, a_reset_forgets_device_and_login_once_it_is_confirmed);
    tcase_add_test(tc, the_password_is_asked_for_only_when_it_is_needed);
    tcase_add_test(tc, a_code_comes_from_the_option_or_the_terminal_and_is_never_empty);
    tcase_add_test(tc, a_login_that_ends_soon_is_told_of_at_the_start);
    tcase_add_test(tc, without_a_folder_it_says_which_options_name_one);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("login", add);
}
