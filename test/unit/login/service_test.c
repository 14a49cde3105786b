/* service_test.c - a machine without libsecret: dlopen() is this file's own. */
#include "login/service.h"

#include <dlfcn.h>

#include "folder.h"
#include "login/keychain.h"
#include "login/vault.h"

#define MACHINE "0123456789abcdef0123456789abcdef"

static int asked;

void *dlopen(const char *name, int flags)
{
    (void)flags;
    ck_assert_str_eq(name, "libsecret-1.so.0");
    asked++;
    return NULL;
}

START_TEST(without_the_library_its_package_is_named_and_the_file_still_read)
{
    char why[512];
    const char *where;
    struct secret out = SECRET_NULL;
    folder_make("12345678");
    setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere", 1);
    struct keychain k = { .kind = KEYCHAIN_AUTO, .dir = folder, .machine_id = MACHINE };
    ck_assert_int_eq(keychain_get(&k, "entry", &out, &where, why, sizeof(why)), FUTU_ENOTSUP);
    ck_assert_ptr_nonnull(strstr(why, "package libsecret-1-0"));
    ck_assert_int_eq(keychain_set(&k, "entry", STR("x"), &where, why, sizeof(why)), FUTU_ENOTSUP);
    ck_assert_ptr_nonnull(strstr(why, "--keychain file"));
    ck_assert_int_eq(asked, 1);         /* it does not come by itself */
    ck_assert_int_eq(vault_write(folder, MACHINE, "entry", STR("word"), why, sizeof(why)), FUTU_OK);
    ck_assert_int_eq(keychain_get(&k, "entry", &out, &where, why, sizeof(why)), FUTU_OK);
    ck_assert_str_eq((const char *)out.p, "word");
    secret_wipe(&out);
    folder_remove();
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, without_the_library_its_package_is_named_and_the_file_still_read);
}

int main(void)
{
    return run_tcase("service", add);
}
