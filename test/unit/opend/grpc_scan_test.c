/* grpc_scan_test.c - RST_STREAM of a stream that has not begun is left out, and nothing else, in
 * whatever parts the bytes come. */
#include <string.h>

#include "grpc_scan.h"
#include "support.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define SETTINGS "\0\0\6\4\0\0\0\0\0\0\4\0\0\0\0"
#define HEADERS(id) "\0\0\3\1\4\0\0\0" id "\x83\x86\x84"
#define DATA(id) "\0\0\5\0\1\0\0\0" id "\0\0\0\0\0"
#define RESET(id) "\0\0\4\3\0\0\0\0" id "\0\0\0\x08"

static uint8_t got[512];
static size_t n_got;
static unsigned n_out, most;

static bool pass(void *arg, const uint8_t *p, size_t n)
{
    (void)arg;
    ck_assert_uint_gt(n, 0);
    ck_assert_uint_le(n_got + n, sizeof(got));
    memcpy(got + n_got, p, n);
    n_got += n;
    return true;
}

static bool left_out(void *arg)
{
    (void)arg;
    return n_out++ < most;
}

static const struct grpc_scan_ops ops = { pass, left_out };

/* In parts of this size. */
static bool scan(const char *p, size_t n, size_t part)
{
    struct grpc_scan s;
    grpc_scan_init(&s);
    n_got = n_out = 0;
    for (size_t at = 0; at < n; at += part)
        if (!grpc_scan(&s, (const uint8_t *)p + at, part < n - at ? part : n - at, &ops, NULL))
            return false;
    return true;
}

static void becomes(const char *p, size_t n, const char *want, size_t n_want, unsigned out)
{
    most = 100;
    for (size_t part = 1; part <= n; part++) {
        ck_assert(scan(p, n, part));
        ck_assert_msg(n_got == n_want && memcmp(got, want, n_want) == 0, "in parts of %zu", part);
        ck_assert_uint_eq(n_out, out);
    }
}

#define BECOMES(in, want, out) becomes(in, sizeof(in) - 1, want, sizeof(want) - 1, out)

START_TEST(a_reset_of_what_has_not_begun_is_left_out)
{
    BECOMES(PREFACE SETTINGS RESET("\1") HEADERS("\1") DATA("\1"),
            PREFACE SETTINGS HEADERS("\1") DATA("\1"), 1);
    BECOMES(PREFACE SETTINGS HEADERS("\1") RESET("\5") RESET("\3") HEADERS("\3") RESET("\7"),
            PREFACE SETTINGS HEADERS("\1") HEADERS("\3"), 3);
}
END_TEST

START_TEST(all_else_is_as_it_came)
{
    BECOMES(PREFACE SETTINGS HEADERS("\3") DATA("\3") RESET("\3") RESET("\1") RESET("\2")
            RESET("\0") "\0\0\5\3\0\0\0\0\7" "\0\0\0\0\0" "\0\0\0\3\0\0\0\0\7",
            PREFACE SETTINGS HEADERS("\3") DATA("\3") RESET("\3") RESET("\1") RESET("\2")
            RESET("\0") "\0\0\5\3\0\0\0\0\7" "\0\0\0\0\0" "\0\0\0\3\0\0\0\0\7", 0);
    BECOMES("GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\n", 0);
}
END_TEST

START_TEST(too_many_end_it)
{
    static const char in[] = PREFACE RESET("\1") RESET("\1") RESET("\1");
    for (size_t part = 1; part < sizeof(in); part++) {
        most = 2;
        ck_assert(!scan(in, sizeof(in) - 1, part));
        most = 3;
        ck_assert(scan(in, sizeof(in) - 1, part));
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_reset_of_what_has_not_begun_is_left_out);
    tcase_add_test(tc, all_else_is_as_it_came);
    tcase_add_test(tc, too_many_end_it);
}

int main(void)
{
    return run_tcase("grpc_scan", add);
}
