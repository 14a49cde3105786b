/* sse_test.c - numbered events: handed out in turn, kept behind the reader, found by their id. */
#include "support.h"
#include "surface/sse.h"

static struct sse s;
static struct buf out;

static void put(const char *text)
{
    ck_assert_int_eq(sse_room(&s), FUTU_OK);
    sse_put(&s, shbuf_copy(text, strlen(text)));
}

static void is(const char *text)
{
    ck_assert_int_eq(sse_take(&s, &out), FUTU_OK);
    ck_assert_msg(str_is(buf_str(&out), text), "%.*s", (int)out.n, (char *)out.p);
}

static void begin(void)
{
    sse_init(&s, 3);
}

static void end(void)
{
    sse_free(&s);
    buf_free(&out);
}

START_TEST(events_come_in_turn_with_their_ids)
{
    ck_assert_int_eq(sse_take(&s, &out), FUTU_EAGAIN);
    put("a");
    put("b");
    is("event: message\nid: 3-1\ndata: a\n\n");
    is("event: message\nid: 3-2\ndata: b\n\n");
    ck_assert(!sse_waits(&s));
    ck_assert_int_eq(sse_take(&s, &out), FUTU_EAGAIN);
}
END_TEST

START_TEST(a_reader_goes_on_behind_what_it_has_seen)
{
    uint64_t lost;
    for (int i = 0; i < 20; i++)
        put("x");
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(sse_take(&s, &out), FUTU_OK);
    ck_assert(sse_resume(&s, 4, &lost));
    ck_assert_uint_eq(lost, 0);
    ck_assert_int_eq(sse_prime(&s, &out), FUTU_OK);
    ck_assert(str_is(buf_str(&out), "id: 3-4\ndata: \n\n"));
    is("event: message\nid: 3-5\ndata: x\n\n");
    ck_assert(sse_resume(&s, 0, &lost));
    is("event: message\nid: 3-1\ndata: x\n\n");
    ck_assert(sse_resume(&s, 20, &lost));
    ck_assert(!sse_waits(&s));
    ck_assert(!sse_resume(&s, 21, &lost));
    ck_assert(!sse_resume(&s, UINT64_MAX - 1, &lost));
}
END_TEST

START_TEST(what_was_handed_out_is_kept_within_bounds)
{
    uint64_t lost;
    for (int i = 0; i < 100; i++)
        put("0123456789");
    sse_trim(&s, 10, 1000);             /* nobody has had any */
    ck_assert_uint_eq(s.first, 1);
    for (int i = 0; i < 60; i++)
        ck_assert_int_eq(sse_take(&s, &out), FUTU_OK);
    sse_trim(&s, 50, 1000000);
    ck_assert_uint_eq(s.first, 51);
    ck_assert_uint_eq(s.bytes, 500);
    sse_trim(&s, 50, 450);
    ck_assert_uint_eq(s.first, 56);
    ck_assert(sse_resume(&s, 40, &lost));
    ck_assert_uint_eq(lost, 15);
    is("event: message\nid: 3-56\ndata: 0123456789\n\n");
    ck_assert(sse_resume(&s, 55, &lost));
    ck_assert_uint_eq(lost, 0);
}
END_TEST

START_TEST(ids_are_read_strictly)
{
    static const struct {
        const char *text;
        bool fine;
        uint32_t no;
        uint64_t seen;
    } rows[] = {
        { "3-17", true, 3, 17 }, { "0-0", true, 0, 0 }, { "4294967295-9", true, UINT32_MAX, 9 },
        { "4294967296-9", false, 0, 0 }, { "3-18446744073709551615", false, 0, 0 },
        { "3-18446744073709551614", true, 3, UINT64_MAX - 1 },
        { "3-99999999999999999999", false, 0, 0 }, { "", false, 0, 0 }, { "3", false, 0, 0 },
        { "-", false, 0, 0 }, { "3-", false, 0, 0 }, { "-3", false, 0, 0 },
        { "3-1-1", false, 0, 0 },
        { " 3-1", false, 0, 0 }, { "3-1 ", false, 0, 0 }, { "3--1", false, 0, 0 },
        { "+3-1", false, 0, 0 }, { "a-1", false, 0, 0 },
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        uint32_t no;
        uint64_t seen;
        ck_assert_msg(sse_id(str_c(rows[i].text), &no, &seen) == rows[i].fine, "%s", rows[i].text);
        if (rows[i].fine) {
            ck_assert_uint_eq(no, rows[i].no);
            ck_assert_uint_eq(seen, rows[i].seen);
        }
    }
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    for (long n = 0; test_alloc_fail_at(n); n++) {
        for (int i = 0; i < 20; i++) {
            struct shbuf *b = shbuf_copy("text", 4);
            if (b && sse_room(&s) == FUTU_OK)
                sse_put(&s, b);
            else
                shbuf_unref(b);
        }
        uint64_t had = s.at;
        futu_err err = sse_take(&s, &out);
        ck_assert_uint_eq(s.at, had + (err == FUTU_OK));
        end();
    }
}
END_TEST

static void tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, events_come_in_turn_with_their_ids);
    tcase_add_test(tc, a_reader_goes_on_behind_what_it_has_seen);
    tcase_add_test(tc, what_was_handed_out_is_kept_within_bounds);
    tcase_add_test(tc, ids_are_read_strictly);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("sse", tests);
}
