/* keyring_test.c - passwords in a real gnome-keyring: this program starts itself again in a D-Bus
 * session of its own, with a keyring that is unlocked, and then with one that is locked and has
 * nobody to unlock it. */
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../support.h"
#include "crypt/random.h"
#include "login/keychain.h"

#define ENTRY "login-password.12345678"

static char why[512];
static const char *where;
static struct secret out;
static struct keychain k = { .kind = KEYCHAIN_SERVICE_ONLY, .timeout_ms = 60000 };

static futu_err get(const char *entry)
{
    return keychain_get(&k, entry, &out, &where, why, sizeof(why));
}

static futu_err set(const char *entry, const char *password)
{
    return keychain_set(&k, entry, str_c(password), &where, why, sizeof(why));
}

static futu_err clear(const char *entry)
{
    return keychain_clear(&k, entry, why, sizeof(why));
}

#define IS(call, want) ck_assert_msg((call) == (want), "%s", why)

START_TEST(what_is_stored_is_read_replaced_and_removed)
{
    IS(get(ENTRY), FUTU_ENOTFOUND);
    IS(clear(ENTRY), FUTU_ENOTFOUND);
    IS(set(ENTRY, "first"), FUTU_OK);
    ck_assert_str_eq(where, "the Secret Service");
    IS(get(ENTRY), FUTU_OK);
    ck_assert_str_eq((const char *)out.p, "first");
    IS(set(ENTRY, "s\xc3\xa9" "cond \"'\\ "), FUTU_OK);
    IS(get(ENTRY), FUTU_OK);
    ck_assert_str_eq((const char *)out.p, "s\xc3\xa9" "cond \"'\\ ");
    IS(set("trade-password", "other"), FUTU_OK);
    IS(get(ENTRY), FUTU_OK);
    ck_assert_uint_eq(out.n, 12);
    IS(clear(ENTRY), FUTU_OK);
    IS(get(ENTRY), FUTU_ENOTFOUND);
    IS(get("trade-password"), FUTU_OK);
    ck_assert_str_eq((const char *)out.p, "other");
    IS(clear("trade-password"), FUTU_OK);
    secret_wipe(&out);
}
END_TEST

/* With the attributes that the keyring library of futu-opend-rs gives an entry. */
START_TEST(an_entry_of_another_program_is_found_and_replaced)
{
    static const char add_one[] =
        "import dbus, sys\n"
        "bus = dbus.SessionBus()\n"
        "root = bus.get_object('org.freedesktop.secrets', '/org/freedesktop/secrets')\n"
        "service = dbus.Interface(root, 'org.freedesktop.Secret.Service')\n"
        "_, session = service.OpenSession('plain', dbus.String('', variant_level=1))\n"
        "path = service.ReadAlias('default')\n"
        "collection = dbus.Interface(bus.get_object('org.freedesktop.secrets', path),\n"
        "                            'org.freedesktop.Secret.Collection')\n"
        "item = 'org.freedesktop.Secret.Item.'\n"
        "attributes = dbus.Dictionary({'service': 'futu-opend-rs', 'target': 'default',\n"
        "    'username': '" ENTRY "', 'application': 'rust-keyring'}, signature='ss')\n"
        "collection.CreateItem({item + 'Label': 'x', item + 'Attributes': attributes},\n"
        "    (session, b'', b'from elsewhere', 'text/plain'), True)\n";
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        execl("/usr/bin/python3", "python3", "-c", add_one, (char *)NULL);
        _exit(127);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    IS(get(ENTRY), FUTU_OK);
    ck_assert_str_eq((const char *)out.p, "from elsewhere");
    IS(set(ENTRY, "ours"), FUTU_OK);
    IS(get(ENTRY), FUTU_OK);
    ck_assert_str_eq((const char *)out.p, "ours");
    IS(clear(ENTRY), FUTU_OK);
    IS(get(ENTRY), FUTU_ENOTFOUND);
    secret_wipe(&out);
}
END_TEST

/* A socket that takes connections and never says a word. */
START_TEST(a_bus_that_keeps_silent_is_given_up_in_time)
{
    char address[128];
    struct sockaddr_un sa = { .sun_family = AF_UNIX };
    struct timespec from, to;
    snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/silent", getenv("HOME"));
    snprintf(address, sizeof(address), "unix:path=%s", sa.sun_path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
    ck_assert_int_eq(listen(fd, 8), 0);
    setenv("DBUS_SESSION_BUS_ADDRESS", address, 1);
    k.timeout_ms = 200;
    clock_gettime(CLOCK_MONOTONIC, &from);
    IS(get(ENTRY), FUTU_ETIMEDOUT);
    clock_gettime(CLOCK_MONOTONIC, &to);
    ck_assert_int_lt(to.tv_sec - from.tv_sec, 30);      /* 2 of them for who ignores it */
    ck_assert_ptr_nonnull(strstr(why, "did not answer within 1 seconds"));
    close(fd);
}
END_TEST

START_TEST(a_bus_that_is_not_there_is_told_of_in_one_line)
{
    setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus", 1);
    IS(get(ENTRY), FUTU_ENOTSUP);
    ck_assert_ptr_nonnull(strstr(why, "the Secret Service does not work here: "));
    ck_assert_ptr_null(strchr(why, '\n'));
}
END_TEST

/* Nobody can answer the question that it asks. */
START_TEST(a_locked_one_gives_nothing_and_keeps_nobody_waiting)
{
    k.timeout_ms = 3000;
    futu_err err = set(ENTRY, "x");
    ck_assert_msg(err == FUTU_EREFUSED || err == FUTU_ENOTSUP || err == FUTU_ETIMEDOUT, "%s: %s",
                  futu_strerror(err), why);
    ck_assert(why[0] && !strchr(why, '\n'));
    ck_assert_int_ne(get(ENTRY), FUTU_OK);
}
END_TEST

static void add(TCase *tc)
{
    if (strcmp(getenv("FUTU_TEST_KEYRING"), "locked") == 0) {
        tcase_add_test(tc, a_locked_one_gives_nothing_and_keeps_nobody_waiting);
        return;
    }
    tcase_add_test(tc, what_is_stored_is_read_replaced_and_removed);
    tcase_add_test(tc, an_entry_of_another_program_is_found_and_replaced);
    tcase_add_test(tc, a_bus_that_keeps_silent_is_given_up_in_time);
    tcase_add_test(tc, a_bus_that_is_not_there_is_told_of_in_one_line);
}

/* In a session and a home of its own; everything of it ends with it. */
static int in_session(const char *self, const char *how, const char *start)
{
    static const char shell[] =
        "home=$(mktemp -d) || exit 1\n"
        "HOME=$home XDG_RUNTIME_DIR=$home XDG_DATA_HOME=$home FUTU_TEST_KEYRING=$2\n"
        "export HOME XDG_RUNTIME_DIR XDG_DATA_HOME FUTU_TEST_KEYRING\n"
        "unset DISPLAY WAYLAND_DISPLAY\n"
        "exec 3>&2 2>/dev/null\n"        /* the bus and its services talk a lot */
        "dbus-run-session -- sh -c \"$3\" sh \"$1\"; status=$?\n"
        "rm -rf \"$home\"; exit $status\n";
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", shell, "sh", self, how, start, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    return status;
}

#define KEYRING "gnome-keyring-daemon --components=secrets >/dev/null"

int main(int argc, char **argv)
{
    (void)argc;
    if (getenv("FUTU_TEST_KEYRING"))
        return run_tcase("keyring", add);
    setenv("TSAN_OPTIONS", "ignore_noninstrumented_modules=1", 1);      /* GLib's locks */
    int open = in_session(argv[0], "open",
                          "printf 'pw\\n' | " KEYRING " --unlock; exec \"$1\" 2>&3");
    int locked = in_session(argv[0], "locked", KEYRING " --start; exec \"$1\" 2>&3");
    return open || locked ? EXIT_FAILURE : EXIT_SUCCESS;
}
