/* audit_test.c - futu_audit_verify(): files, folders, pieces, hashes, what is said of a break. */
#include "futu/audit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support.h"
#include "access/audit.h"
#include "base/buf.h"
#include "crypt/digest.h"

static char top[64];
static struct buf text;
static struct audit a;
static struct clock_fake now;
static futu_audit_result r;

static futu_err keep(void *arg, const char *line, size_t n, int64_t wall_ns,
                     void (*done)(void *, futu_err), void *done_arg)
{
    (void)arg, (void)wall_ns, (void)done, (void)done_arg;
    return buf_put(&text, line, n);
}

static const char *in_top(const char *name)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", top, name);
    return path;
}

static void setup(void)
{
    struct clock c = clock_fake(&now);
    now.wall_ns = INT64_C(1795512600123) * NS_PER_MS;
    snprintf(top, sizeof(top), "/tmp/futu-audit-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(top));
    audit_init(&a, &c);
    a.sink = keep;
    text = (struct buf)BUF_INIT;
    r = (futu_audit_result)FUTU_AUDIT_RESULT_INIT;
}

static void teardown(void)
{
    static const char *const names[] = { "a", "b", "futu-audit.log.2026-11-24",
                                         "futu-audit.log.2026-11-25", "futu-audit.log.2026-12-01",
                                         "notes" };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        unlink(in_top(names[i]));
    ck_assert_int_eq(rmdir(top), 0);
    audit_free(&a);
    buf_free(&text);
}

/* The next n lines of the trail. */
static void lines(int n)
{
    static const struct audit_event e = { .iface = IFACE_MCP, .endpoint = "tool", .key_id = "k" };
    text.n = 0;
    for (; n > 0; n--, clock_fake_advance(&now, NS_PER_S))
        ck_assert_int_eq(audit_event(&a, &e, NULL, NULL), FUTU_OK);
}

static void write_to(const char *name)
{
    FILE *f = fopen(in_top(name), "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(text.p, 1, text.n, f), text.n);
    ck_assert_int_eq(fclose(f), 0);
}

static void write_lines(const char *name, int n)
{
    lines(n);
    write_to(name);
}

static futu_err verify(const char *one, const char *two, const char *since)
{
    char first[128], second[128] = "";
    const char *paths[] = { first, second };
    snprintf(first, sizeof(first), "%s", in_top(one));
    if (two)
        snprintf(second, sizeof(second), "%s", in_top(two));
    futu_err err = futu_audit_verify(paths, two ? 2 : 1, since, &r);
    ck_assert_int_eq(err == FUTU_OK, r.why[0] == '\0');
    return err;
}

static void last_is_that_of_the_trail(void)
{
    char hex[65];
    hex_lower(a.prev, 32, hex);
    ck_assert_str_eq(r.last_hash, hex);
}

START_TEST(files_in_their_order_are_one_trail)
{
    write_lines("a", 3);
    write_lines("b", 2);
    ck_assert_int_eq(verify("a", "b", NULL), FUTU_OK);
    ck_assert_uint_eq(r.files, 2);
    ck_assert_uint_eq(r.lines, 5);
    ck_assert_str_eq(r.first_time, "2026-11-24T09:30:00.123Z");
    ck_assert_str_eq(r.last_time, "2026-11-24T09:30:04.123Z");
    last_is_that_of_the_trail();
    ck_assert_int_eq(verify("b", "a", NULL), FUTU_EFORMAT);
    ck_assert_uint_eq(r.bad_line, 1);
    ck_assert_str_eq(r.bad_file, in_top("b"));
}
END_TEST

START_TEST(an_earlier_hash_must_be_in_a_whole_trail)
{
    char hash[65];
    write_lines("a", 3);
    hex_lower(a.prev, 32, hash);
    write_lines("b", 2);
    ck_assert_int_eq(verify("a", "b", hash), FUTU_OK);
    ck_assert_uint_eq(r.lines, 5);
    last_is_that_of_the_trail();
    ck_assert_int_eq(verify("a", NULL, hash), FUTU_OK);
    ck_assert_int_eq(verify("b", NULL, hash), FUTU_OK);
    ck_assert_uint_eq(r.lines, 2);
    hash[7] = hash[7] == '0' ? '1' : '0';
    ck_assert_int_eq(verify("a", "b", hash), FUTU_EFORMAT);
    ck_assert_uint_eq(r.bad_line, 0);
    ck_assert_ptr_nonnull(strstr(r.why, "written anew"));
    ck_assert_int_eq(verify("b", NULL, hash), FUTU_EFORMAT);
    ck_assert_uint_eq(r.bad_line, 1);
}
END_TEST

START_TEST(a_folder_is_its_daily_files_oldest_first)
{
    write_lines("futu-audit.log.2026-11-24", 3);
    write_lines("futu-audit.log.2026-11-25", 0);
    write_lines("futu-audit.log.2026-12-01", 2);
    lines(1);
    write_to("notes");
    ck_assert_int_eq(verify("", NULL, NULL), FUTU_OK);
    ck_assert_uint_eq(r.files, 3);
    ck_assert_uint_eq(r.lines, 5);
    text.n--;
    write_to("futu-audit.log.2026-12-01");
    ck_assert_int_eq(verify("", NULL, NULL), FUTU_EFORMAT);
    ck_assert_uint_eq(r.bad_line, 1);
    ck_assert_uint_eq(r.lines, 3);
    ck_assert_ptr_nonnull(strstr(r.bad_file, "2026-12-01"));
}
END_TEST

START_TEST(a_folder_without_a_trail_is_told)
{
    ck_assert_int_eq(verify("", NULL, NULL), FUTU_ENOTFOUND);
}
END_TEST

START_TEST(a_file_larger_than_a_piece_is_read_whole)
{
    write_lines("a", 20000);
    ck_assert_uint_gt(text.n, 4u << 20);
    ck_assert_int_eq(verify("a", NULL, NULL), FUTU_OK);
    ck_assert_uint_eq(r.lines, 20000);
    last_is_that_of_the_trail();
    text.p[text.n - 300] ^= 1;
    write_to("a");
    ck_assert_int_eq(verify("a", NULL, NULL), FUTU_EFORMAT);
    ck_assert_uint_ge(r.bad_line, 19998);
    text.n--;
    text.p[text.n - 299] ^= 1;
    write_to("a");
    ck_assert_int_eq(verify("a", NULL, NULL), FUTU_EFORMAT);
    ck_assert_str_eq(r.why, "the last line is cut off");
    ck_assert_uint_eq(r.bad_line, 20000);
}
END_TEST

START_TEST(a_line_without_end_is_told)
{
    text.n = 0;
    ck_assert_int_eq(buf_reserve(&text, 1u << 20), FUTU_OK);
    memset(text.p, 'x', 1u << 20);
    text.n = 1u << 20;
    write_to("a");
    ck_assert_int_eq(verify("a", NULL, NULL), FUTU_EFORMAT);
    ck_assert_ptr_nonnull(strstr(r.why, "longer"));
}
END_TEST

START_TEST(a_later_part_is_checked_behind_a_hash)
{
    char hash[65];
    write_lines("a", 3);
    ck_assert_int_eq(verify("a", NULL, NULL), FUTU_OK);
    snprintf(hash, sizeof(hash), "%s", r.last_hash);
    write_lines("b", 2);
    ck_assert_int_eq(verify("b", NULL, hash), FUTU_OK);
    ck_assert_uint_eq(r.lines, 2);
    for (char *p = hash; *p; p++)
        *p = *p >= 'a' ? (char)(*p - 32) : *p;
    ck_assert_int_eq(verify("b", NULL, hash), FUTU_OK);
    hash[0] = hash[0] == '0' ? '1' : '0';
    ck_assert_int_eq(verify("b", NULL, hash), FUTU_EFORMAT);
    ck_assert_uint_eq(r.bad_line, 1);
}
END_TEST

START_TEST(wrong_arguments_are_told)
{
    const char *none = "x";
    write_lines("a", 1);
    ck_assert_int_eq(verify("a", NULL, "12"), FUTU_EINVAL);
    ck_assert_int_eq(verify("a", NULL,
                            "g000000000000000000000000000000000000000000000000000000000000000"),
                     FUTU_EINVAL);
    ck_assert_int_eq(futu_audit_verify(&none, 0, NULL, &r), FUTU_EINVAL);
    r.size--;
    ck_assert_int_eq(futu_audit_verify(&none, 1, NULL, &r), FUTU_EINVAL);
    ck_assert_int_eq(futu_audit_verify(&none, 1, NULL, NULL), FUTU_EINVAL);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_told)
{
    ck_assert_int_eq(verify("b", NULL, NULL), FUTU_EIO);
    ck_assert_str_eq(r.why, "No such file or directory");
    ck_assert_str_eq(r.bad_file, in_top("b"));
    ck_assert_uint_eq(r.bad_line, 0);
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    write_lines("futu-audit.log.2026-11-24", 3);
    for (long n = 0; test_alloc_fail_at(n); n++)
        ck_assert_int_eq(verify("", NULL, NULL), mem_failed() ? FUTU_ENOMEM : FUTU_OK);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, files_in_their_order_are_one_trail);
    tcase_add_test(tc, an_earlier_hash_must_be_in_a_whole_trail);
    tcase_add_test(tc, a_folder_is_its_daily_files_oldest_first);
    tcase_add_test(tc, a_folder_without_a_trail_is_told);
    tcase_add_test(tc, a_file_larger_than_a_piece_is_read_whole);
    tcase_add_test(tc, a_line_without_end_is_told);
    tcase_add_test(tc, a_later_part_is_checked_behind_a_hash);
    tcase_add_test(tc, wrong_arguments_are_told);
    tcase_add_test(tc, a_file_that_is_not_there_is_told);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("api/audit", add);
}
