/* splice_test.c - edits inside an envelope: what is named changes, every other byte stays. */
#include "codec/splice.h"

#include "../support.h"

static struct buf out;

static void setup(void)
{
    out = (struct buf)BUF_INIT;
}

static void teardown(void)
{
    buf_free(&out);
}

/* An edit from hex; its bytes live as long as `room`. */
static struct pb_edit edit(uint32_t tag, const char *hex, uint8_t room[64])
{
    struct pb_edit e = { .tag = tag, .p = hex ? room : NULL };
    e.n = hex ? unhex(hex, room, 64) : 0;
    return e;
}

static void expect(const char *hex)
{
    uint8_t want[4096];
    size_t n = unhex(hex, want, sizeof(want));
    ck_assert_uint_eq(out.n, n);
    ck_assert_mem_eq(out.p, want, n);
}

/* Splices `in` with one edit; on success the output is to be `want`. */
static futu_err one(const char *in, uint32_t outer, uint32_t tag, const char *record)
{
    uint8_t bytes[4096], room[64];
    size_t n = unhex(in, bytes, sizeof(bytes));
    struct pb_edit e = edit(tag, record, room);
    out.n = 0;
    return pb_splice(bytes, n, outer, &e, 1, &out);
}

static void changes(const char *in, uint32_t outer, uint32_t tag, const char *record,
                    const char *want)
{
    ck_assert_int_eq(one(in, outer, tag, record), FUTU_OK);
    expect(want);
}

START_TEST(a_field_is_replaced_where_it_stands)
{
    changes("0a06 0801 1002 1803", 1, 2, "1063", "0a06 0801 1063 1803");
    changes("0a06 0801 1002 1803", 1, 2, "10ffff03", "0a08 0801 10ffff03 1803");
    changes("0a06 0801 1002 1803", 1, 2, "120141", "0a07 0801 120141 1803");    /* another type */
}
END_TEST

START_TEST(a_field_is_removed)
{
    changes("0a06 0801 1002 1803", 1, 2, NULL, "0a04 0801 1803");
    changes("0a04 0801 1803", 1, 2, NULL, "0a04 0801 1803");        /* it was not there */
    changes("0a02 1002", 1, 2, NULL, "0a00");
}
END_TEST

START_TEST(an_absent_field_comes_at_the_end)
{
    changes("0a04 0801 1803", 1, 2, "1063", "0a06 0801 1803 1063");
    changes("0a00", 1, 2, "1063", "0a02 1063");
}
END_TEST

START_TEST(of_duplicates_one_is_left_in_the_place_of_the_first)
{
    changes("0a0a 1001 0801 1002 1803 1003", 1, 2, "1063", "0a06 1063 0801 1803");
    changes("0a0a 1001 0801 1002 1803 1003", 1, 2, NULL, "0a04 0801 1803");
}
END_TEST

/* Every wire type, unknown tags, swapped order, overlong varints: nothing of it is touched. */
#define STRANGE "f80701 c53e01020304 c13e0102030405060708 ca3e02ffff 0880808000"

START_TEST(what_is_not_named_stays_byte_for_byte)
{
    changes("1203 616263" "0a21" STRANGE "2a00 1001" "a206 01 78", 1, 2, "1063",
            "1203 616263" "0a21" STRANGE "2a00 1063" "a206 01 78");
    changes("2a00" "0a1d" STRANGE, 1, 2, "1063", "2a00" "0a1f" STRANGE "1063");
}
END_TEST

START_TEST(only_the_named_member_is_looked_into)
{
    /* member 1 has a field 2 as well; of member 4 the second one stays */
    changes("0a02 1001 2202 1001 2202 1002", 4, 2, "1063", "0a02 1001 2202 1063 2202 1002");
    /* a number with the member's tag is no message */
    changes("2005 2202 1001", 4, 2, "1063", "2005 2202 1063");
}
END_TEST

START_TEST(many_edits_at_a_time)
{
    uint8_t bytes[64], room[PB_EDITS][64];
    struct pb_edit edits[PB_EDITS + 1];
    size_t n = unhex("0a08 0801 1002 1803 2004", bytes, sizeof(bytes));
    edits[0] = edit(3, "1833", room[0]);
    edits[1] = edit(1, NULL, room[1]);
    edits[2] = edit(5, "2855", room[2]);
    edits[3] = edit(4, "2044", room[3]);
    ck_assert_int_eq(pb_splice(bytes, n, 1, edits, 4, &out), FUTU_OK);
    expect("0a08 1002 1833 2044 2855");
    out.n = 0;
    ck_assert_int_eq(pb_splice(bytes, n, 1, edits, 0, &out), FUTU_OK);
    expect("0a08 0801 1002 1803 2004");
    for (size_t i = 0; i < PB_EDITS; i++)
        edits[i] = (struct pb_edit){ (uint32_t)(100 + i), room[0], 2 };
    out.n = 0;
    ck_assert_int_eq(pb_splice(bytes, n, 1, edits, PB_EDITS, &out), FUTU_OK);
    ck_assert_uint_eq(out.n, n + 2 * PB_EDITS);
    ck_assert_int_eq(pb_splice(bytes, n, 1, edits, PB_EDITS + 1, &out), FUTU_EINVAL);
    ck_assert_uint_eq(out.n, n + 2 * PB_EDITS);         /* as before */
}
END_TEST

START_TEST(the_length_grows_past_one_byte)
{
    uint8_t bytes[600], record[200];
    struct pb_edit e = { 9, record, 0 };
    char text[180];
    bytes[0] = 0x0a;
    bytes[1] = 100;
    bytes[2] = 0x12;
    bytes[3] = 98;
    memset(bytes + 4, 'x', 98);
    memset(text, 'y', sizeof(text));
    e.n = (size_t)(pb_put_text(record, 9, (futu_str){ text, sizeof(text) }) - record);
    ck_assert_int_eq(pb_splice(bytes, 102, 1, &e, 1, &out), FUTU_OK);
    ck_assert_uint_eq(out.n, 3 + 100 + e.n);
    ck_assert_mem_eq(out.p + 3, bytes + 2, 100);
    ck_assert_mem_eq(out.p + 103, record, e.n);
    ck_assert_uint_eq(out.p[1] & 0x7f, (100 + e.n) & 0x7f);
    ck_assert_uint_eq(out.p[2], (100 + e.n) >> 7);
}
END_TEST

static const char *const malformed[] = {
    "",                             /* no such member */
    "1200",
    "0801",                         /* it is a number */
    "0a02 10",                      /* cut off */
    "0a",
    "0a05 1001",
    "0a02 1280",
    "0a02 0001",                    /* field number 0 */
    "0a02 0b0c",                    /* groups */
    "0a02 0f01",                    /* wire type 7 */
    "0a00 ff",                      /* behind it */
    "0a0b 10ffffffffffffffffff7f",  /* over 64 bits */
    "0a04 92800001",                /* a length past the end */
};

START_TEST(malformed_input_is_refused_and_nothing_is_left)
{
    uint8_t bytes[64], room[64];
    size_t n = unhex(malformed[_i], bytes, sizeof(bytes));
    struct pb_edit e = edit(2, "1063", room);
    ck_assert_int_eq(buf_puts(&out, "before"), FUTU_OK);
    ck_assert_int_eq(pb_splice(bytes, n, 1, &e, 1, &out), FUTU_EFORMAT);
    ck_assert_uint_eq(out.n, 6);
    ck_assert_mem_eq(out.p, "before", 6);
}
END_TEST

START_TEST(the_buffers_bound_holds)
{
    struct buf small = BUF_MAX(7);
    uint8_t bytes[64], room[64];
    size_t n = unhex("0a06 0801 1002 1803", bytes, sizeof(bytes));
    struct pb_edit e = edit(2, "1063", room);
    ck_assert_int_eq(pb_splice(bytes, n, 1, &e, 1, &small), FUTU_ELIMIT);
    ck_assert_uint_eq(small.n, 0);
    buf_free(&small);
}
END_TEST

START_TEST(the_first_record_of_a_tag)
{
    uint8_t bytes[64];
    size_t n = unhex("0801 2204 1001 1002 ff", bytes, sizeof(bytes));
    futu_str s = { (const char *)bytes, n - 1 };
    struct pb_rec r;
    ck_assert(pb_first(s, 1, &r) && r.v == 1);
    ck_assert(pb_first(s, 4, &r) && r.n == 4);
    ck_assert(!pb_first(s, 2, &r));
    ck_assert(!pb_first(STR_NULL, 1, &r));
    ck_assert(pb_inner(bytes, n, 4, 2, &r) && r.v == 1);
    ck_assert(!pb_inner(bytes, n, 4, 3, &r));
    ck_assert(!pb_inner(bytes, n, 5, 1, &r));       /* what is behind is no protobuf */
    ck_assert(!pb_inner(bytes, n, 1, 2, &r));       /* a number has no inside */
    ck_assert(!pb_inner(bytes, 3, 4, 2, &r));
}
END_TEST

START_TEST(records_for_edits)
{
    uint8_t p[64], want[64];
    size_t n = (size_t)(pb_put_text(p, 16, STR("key")) - p);
    ck_assert_uint_eq(n, unhex("8201 03 6b6579", want, sizeof(want)));
    ck_assert_mem_eq(p, want, n);
    ck_assert_int_eq(pb_put_text(p, 2, STR("")) - p, 2);
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    uint8_t bytes[300], room[64];
    struct pb_edit e = edit(2, "1063", room);
    memset(bytes, 0, sizeof(bytes));
    unhex("0aa902 12 a602", bytes, sizeof(bytes));
    for (long i = 0; test_alloc_fail_at(i); i++) {
        struct buf b = BUF_INIT;
        futu_err err = pb_splice(bytes, sizeof(bytes), 1, &e, 1, &b);
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        ck_assert(!err || b.n == 0);
        buf_free(&b);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_field_is_replaced_where_it_stands);
    tcase_add_test(tc, a_field_is_removed);
    tcase_add_test(tc, an_absent_field_comes_at_the_end);
    tcase_add_test(tc, of_duplicates_one_is_left_in_the_place_of_the_first);
    tcase_add_test(tc, what_is_not_named_stays_byte_for_byte);
    tcase_add_test(tc, only_the_named_member_is_looked_into);
    tcase_add_test(tc, many_edits_at_a_time);
    tcase_add_test(tc, the_length_grows_past_one_byte);
    tcase_add_loop_test(tc, malformed_input_is_refused_and_nothing_is_left, 0,
                        ARRAY_LEN(malformed));
    tcase_add_test(tc, the_buffers_bound_holds);
    tcase_add_test(tc, the_first_record_of_a_tag);
    tcase_add_test(tc, records_for_edits);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("splice", add);
}
