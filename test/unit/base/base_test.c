/* base_test.c - errors, the log sink, memory, the fake clock, bytes in order: the small words. */
#include <stdio.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "support.h"

START_TEST(every_error_has_a_name_and_a_text)
{
#define X(name, value, text)                                                                       \
    ck_assert_int_eq(FUTU_##name, value);                                                          \
    ck_assert_str_eq(futu_strerror(FUTU_##name), text);                                            \
    ck_assert_str_eq(futu_err_name(FUTU_##name), "FUTU_" #name);
    FUTU_ERR_MAP(X)
#undef X
    ck_assert_str_eq(futu_strerror((futu_err)-500), "unknown error");
    ck_assert_str_eq(futu_err_name((futu_err)1), "FUTU_?");
}
END_TEST

START_TEST(the_version_is_one)
{
    char text[32];
    snprintf(text, sizeof(text), "%d.%d.%d", FUTU_VERSION_MAJOR, FUTU_VERSION_MINOR,
             FUTU_VERSION_PATCH);
    ck_assert_str_eq(futu_version(), text);
}
END_TEST

static char line[64];
static int lines, level;

static void sink(int at, const char *text, void *arg)
{
    ck_assert_ptr_eq(arg, &lines);
    lines++;
    level = at;
    snprintf(line, sizeof(line), "%s", text);
}

static int evaluated(void)
{
    static int n;
    return ++n;
}

START_TEST(lines_above_the_level_cost_nothing)
{
    log_error("nobody listens %d", evaluated());
    futu_set_log(sink, FUTU_LOG_INFO, &lines);
    log_info("port %d", 11111);
    ck_assert(lines == 1 && level == FUTU_LOG_INFO);
    ck_assert_str_eq(line, "port 11111");
    log_debug("not formatted %d", evaluated());
    ck_assert_int_eq(lines, 1);
    futu_set_log(NULL, FUTU_LOG_TRACE, NULL);
    log_error("silence %d", evaluated());
    ck_assert_int_eq(lines, 1);
    ck_assert_int_eq(evaluated(), 1);
}
END_TEST

static int calls;

static void *count_alloc(size_t size)
{
    calls++;
    return malloc(size);
}

static void *count_realloc(void *p, size_t size)
{
    calls++;
    return realloc(p, size);
}

START_TEST(all_memory_goes_through_the_allocator)
{
    static const futu_allocator counting = { count_alloc, count_realloc, free };
    futu_set_allocator(&counting);
    char *s = mem_strdup("abc");
    ck_assert_str_eq(s, "abc");
    s = mem_realloc(s, 100);
    uint8_t *z = mem_array(10, 10);
    for (int i = 0; i < 100; i++)
        ck_assert_uint_eq(z[i], 0);
    ck_assert_ptr_null(mem_array(SIZE_MAX / 2, 3));
    void *none = mem_alloc(0);
    ck_assert_ptr_nonnull(none);
    ck_assert_int_eq(calls, 4);
    mem_free(none);
    mem_free(s);
    mem_free(z);
    mem_free(NULL);
    futu_set_allocator(NULL);
}
END_TEST

START_TEST(failures_begin_where_they_are_told)
{
    mem_fail_at(2);
    void *a = mem_alloc(1);
    ck_assert(!mem_refused());
    ck_assert(!mem_failed());
    ck_assert_ptr_null(mem_strdup("x"));
    ck_assert_ptr_null(mem_zalloc(1));
    ck_assert_ptr_null(mem_realloc(a, 10));
    ck_assert(mem_refused() && mem_failed());
    mem_fail_at(-1);
    ck_assert(!mem_failed());
    mem_free(a);
}
END_TEST

START_TEST(the_fake_clock_stands_still)
{
    struct clock_fake f = { .mono_ns = 5, .wall_ns = 1775000000 * NS_PER_S };
    struct clock c = clock_fake(&f);
    ck_assert_int_eq(clock_mono(&c), 5);
    ck_assert_int_eq(clock_mono(&c), 5);
    clock_fake_advance(&f, NS_PER_MS);
    ck_assert_int_eq(clock_mono(&c), 5 + NS_PER_MS);
    ck_assert_int_eq(clock_wall(&c), 1775000000 * NS_PER_S + NS_PER_MS);
    int64_t before = clock_mono(&clock_system);
    ck_assert_int_ge(clock_mono(&clock_system), before);
    ck_assert_int_gt(clock_wall(&clock_system), 1600000000 * NS_PER_S);
}
END_TEST

START_TEST(integers_in_both_orders)
{
    uint8_t p[9] = { 0 };
    put_le32(p + 1, 0x81828384);
    ck_assert_mem_eq(p + 1, "\x84\x83\x82\x81", 4);
    ck_assert_uint_eq(get_le32(p + 1), 0x81828384);
    ck_assert_uint_eq(get_be32(p + 1), 0x84838281);
    put_be16(p + 1, 0x8182);
    ck_assert_mem_eq(p + 1, "\x81\x82\x82\x81", 4);
    put_be32(p + 1, 0x81828384);
    ck_assert_mem_eq(p + 1, "\x81\x82\x83\x84", 4);
    put_be64(p + 1, UINT64_C(0x8182838485868788));
    ck_assert_mem_eq(p + 1, "\x81\x82\x83\x84\x85\x86\x87\x88", 8);
    ck_assert_uint_eq(get_be64(p + 1), UINT64_C(0x8182838485868788));
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, every_error_has_a_name_and_a_text);
    tcase_add_test(tc, the_version_is_one);
    tcase_add_test(tc, lines_above_the_level_cost_nothing);
    tcase_add_test(tc, all_memory_goes_through_the_allocator);
    tcase_add_test(tc, failures_begin_where_they_are_told);
    tcase_add_test(tc, the_fake_clock_stands_still);
    tcase_add_test(tc, integers_in_both_orders);
}

int main(void)
{
    return run_tcase("base/base", add);
}
