/* decode_test.c - protobuf bytes to structs: every type, every rule of the wire form, every error
 * with its path, limits, memory. codec_check() must say the same as codec_decode() each time. */
#include "../support.h"

#include "all_msg.h"
#include "base/arena.h"
#include "base/buf.h"
#include "codec/registry.h"

static struct arena arena = ARENA_INIT;

static void setup(void)
{
    arena = (struct arena)ARENA_INIT;
}

static void teardown(void)
{
    arena_free(&arena);
}

static void decode(const futu_msg *m, const char *hex, void *out)
{
    uint8_t pb[512];
    struct codec_error e;
    size_t n = unhex(hex, pb, sizeof(pb));
    futu_err err = codec_decode(m, &arena, pb, n, out, NULL, &e);
    memset(pb, 0xee, sizeof(pb));       /* nothing may point into the bytes */
    ck_assert_msg(err == FUTU_OK, "%s: %s: %s", hex, e.path, e.what);
    unhex(hex, pb, sizeof(pb));
    ck_assert_int_eq(codec_check(m, pb, n, NULL, NULL), FUTU_OK);
}

static void expect_error(const futu_msg *m, const char *hex, const char *path, const char *what)
{
    uint8_t pb[512], *copy;
    uint64_t out[64];
    struct codec_error e;
    size_t n = unhex(hex, pb, sizeof(pb));
    ck_assert_uint_ge(sizeof(out), m->size);
    copy = malloc(n ? n : 1);           /* a read behind the end is seen by the sanitizer */
    memcpy(copy, pb, n);
    ck_assert_msg(codec_decode(m, &arena, copy, n, out, NULL, &e) == FUTU_EFORMAT, "%s", hex);
    ck_assert_str_eq(e.path, path);
    ck_assert_str_eq(e.what, what);
    ck_assert_int_eq(codec_check(m, copy, n, NULL, &e), FUTU_EFORMAT);
    ck_assert_str_eq(e.path, path);
    ck_assert_str_eq(e.what, what);
    ck_assert_int_eq(codec_check(m, copy, n, NULL, NULL), FUTU_EFORMAT);
    free(copy);
}

START_TEST(singular_values)
{
    All m;
    decode(&All_msg, "08ffffffffffffffffff01 10ffffffffffffffff7f 18ffffffff0f"
                     "20ffffffffffffffffff01 2802 350000c03f 39000000000000f83f 4203616263"
                     "4a0200ff 52020805", &m);
    ck_assert(m.has_i32 && m.i32 == -1);
    ck_assert(m.has_i64 && m.i64 == INT64_MAX);
    ck_assert(m.has_u32 && m.u32 == UINT32_MAX);
    ck_assert(m.has_u64 && m.u64 == UINT64_MAX);
    ck_assert(m.has_b && m.b);
    ck_assert(m.has_f && m.f == 1.5f);
    ck_assert(m.has_d && m.d == 1.5);
    ck_assert(str_is(m.s, "abc") && m.s.p[3] == '\0');
    ck_assert(m.y.n == 2 && memcmp(m.y.p, "\0\xff", 3) == 0);
    ck_assert(m.sub && m.sub->has_a && m.sub->a == 5);
    ck_assert(m.n_ri32 == 0 && !m.ri32);
    decode(&All_msg, "", &m);
    ck_assert(!m.has_i32 && !m.s.p && !m.sub);
    decode(&All_msg, "4200", &m);
    ck_assert(m.s.p && m.s.n == 0);
    ck_assert_int_eq(codec_decode(&All_msg, &arena, NULL, 0, &m, NULL, NULL), FUTU_OK);
}
END_TEST

START_TEST(a_negative_int32_in_five_bytes_is_taken)
{
    All m;
    decode(&All_msg, "08ffffffff0f", &m);
    ck_assert_int_eq(m.i32, -1);
    decode(&All_msg, "0880808080f8ffffffff01", &m);
    ck_assert_int_eq(m.i32, INT32_MIN);
}
END_TEST

START_TEST(the_last_of_several_values_wins)
{
    All m;
    decode(&All_msg, "0801 4201 61 0802 4201 62", &m);
    ck_assert_int_eq(m.i32, 2);
    ck_assert(str_is(m.s, "b"));
}
END_TEST

START_TEST(lists_come_plain_packed_and_mixed)
{
    All m;
    decode(&All_msg, "a80101 aa0102ac02 a80103", &m);
    ck_assert_uint_eq(m.n_ri32, 3);
    ck_assert(m.ri32[0] == 1 && m.ri32[1] == 300 && m.ri32[2] == 3);
    decode(&All_msg, "ca01020001 d201080000803f00000040 da0108000000000000f03f", &m);
    ck_assert(m.n_rb == 2 && !m.rb[0] && m.rb[1]);
    ck_assert(m.n_rf == 2 && m.rf[0] == 1.0f && m.rf[1] == 2.0f);
    ck_assert(m.n_rd == 1 && m.rd[0] == 1.0);
    decode(&All_msg, "aa0100", &m);
    ck_assert(m.n_ri32 == 0 && !m.ri32);
}
END_TEST

START_TEST(scattered_lists_are_put_together)
{
    All m;
    decode(&All_msg, "e2010161 f201020801 0807 e2010162 f201020802 a80109 e2010163", &m);
    ck_assert(m.n_rs == 3 && str_is(m.rs[0], "a") && str_is(m.rs[1], "b") && str_is(m.rs[2], "c"));
    ck_assert(m.n_rsub == 2 && m.rsub[0].a == 1 && m.rsub[1].a == 2);
    ck_assert(m.i32 == 7 && m.n_ri32 == 1);
}
END_TEST

START_TEST(the_parts_of_a_message_are_merged)
{
    All m;
    /* the required `a` is in the second part only; lists are joined; the sub's own sub, too */
    decode(&All_msg, "52061001 1a021005 0801 52061002 1a020803 52020804", &m);
    ck_assert(m.sub && m.sub->a == 4 && m.sub->n_list == 2 && m.sub->list[1] == 2);
    ck_assert(m.sub->sub && m.sub->sub->a == 3 && m.sub->sub->n_list == 1);
    ck_assert_int_eq(m.sub->sub->list[0], 5);
    expect_error(&All_msg, "52021001 52021002", "sub.a", "required and missing");
}
END_TEST

START_TEST(unknown_fields_are_skipped)
{
    All m;
    decode(&All_msg, "f80201 0805 fa02020102 fd0200000000 f9020000000000000000", &m);
    ck_assert_int_eq(m.i32, 5);
}
END_TEST

START_TEST(a_tag_over_two_bytes)
{
    All m;
    decode(&All_msg, "5209 0801 82d4610178 1007", &m);
    ck_assert(str_is(m.sub->text, "x"));
}
END_TEST

START_TEST(broken_records)
{
    static const char key[] = "a field key is cut off or too large";
    static const char varint[] = "a varint is cut off or over 64 bits";
    expect_error(&All_msg, "80", "", key);
    expect_error(&All_msg, "ffffffffff7f", "", key);
    expect_error(&All_msg, "0001", "", "field number 0");
    expect_error(&All_msg, "08", "", varint);
    expect_error(&All_msg, "08ff", "", varint);
    expect_error(&All_msg, "08ffffffffffffffffff02", "", varint);
    expect_error(&All_msg, "08ffffffffffffffffffff01", "", varint);
    expect_error(&All_msg, "3900000000000000", "", "a 64-bit number is cut off");
    expect_error(&All_msg, "35000000", "", "a 32-bit number is cut off");
    expect_error(&All_msg, "4202 61", "", "a length goes past the end");
    expect_error(&All_msg, "42ffffffffffffffffff01", "", "a length goes past the end");
    expect_error(&All_msg, "53", "", "groups are not part of the protocol");
    expect_error(&All_msg, "54", "", "groups are not part of the protocol");
    expect_error(&All_msg, "56", "", "unknown wire type");
    expect_error(&All_msg, "5202 08ff", "sub", varint);
    expect_error(&All_msg, "f201020801 f2010108", "rsub[1]", varint);
}
END_TEST

START_TEST(wrong_wire_types)
{
    expect_error(&All_msg, "0a00", "i32", "a varint is expected");
    expect_error(&All_msg, "3001", "f", "a 32-bit number is expected");
    expect_error(&All_msg, "3801", "d", "a 64-bit number is expected");
    expect_error(&All_msg, "4001", "s", "bytes with their length are expected");
    expect_error(&All_msg, "e00101", "rs", "bytes with their length are expected");
    expect_error(&All_msg, "52050801 1a0208", "sub", "a length goes past the end");
    expect_error(&All_msg, "52060801 1a020a00", "sub.sub.a", "a varint is expected");
    expect_error(&All_msg, "f201020801 f201020d00", "rsub[1]", "a 32-bit number is cut off");
    expect_error(&All_msg, "f201020801 f201050d00000000", "rsub[1].a", "a varint is expected");
    expect_error(&Qot_Common_Security_msg, "0a00", "market", "a varint is expected");
}
END_TEST

START_TEST(numbers_that_do_not_fit)
{
    expect_error(&All_msg, "088080808010", "i32", "the number does not fit into int32");
    expect_error(&All_msg, "08fffffffff7ffffffff01", "i32", "the number does not fit into int32");
    expect_error(&All_msg, "188080808010", "u32", "the number does not fit into uint32");
    expect_error(&All_msg, "aa0106018080808010", "ri32[1]", "the number does not fit into int32");
    expect_error(&All_msg, "aa010180", "ri32", "packed numbers are cut off");
    expect_error(&All_msg, "d20103000000", "rf", "packed numbers are cut off");
    expect_error(&All_msg, "aa010bffffffffffffffffffff01", "ri32[0]",
                 "a packed number is cut off or too large");
}
END_TEST

START_TEST(missing_required_fields)
{
    expect_error(&InitConnect_Request_msg, "", "c2s", "required and missing");
    expect_error(&InitConnect_Request_msg, "0a0308ac02", "c2s.clientID", "required and missing");
    expect_error(&Qot_GetBasicQot_Request_msg, "0a0b 0a040801 1200 0a031201 78",
                 "c2s.securityList[1].market", "required and missing");
    expect_error(&All_msg, "f201020801 f20100", "rsub[1].a", "required and missing");
}
END_TEST

START_TEST(limits)
{
    uint8_t pb[512], big[4000];
    struct codec_limits lim = codec_limits_default;
    struct codec_error e;
    All m;
    size_t n = unhex("520a 0801 1a06 0801 1a02 0801", pb, sizeof(pb));
    lim.depth = 4;
    ck_assert_int_eq(codec_decode(&All_msg, &arena, pb, n, &m, &lim, &e), FUTU_OK);
    ck_assert_int_eq(codec_check(&All_msg, pb, n, &lim, &e), FUTU_OK);
    lim.depth = 3;
    ck_assert_int_eq(codec_decode(&All_msg, &arena, pb, n, &m, &lim, &e), FUTU_ELIMIT);
    ck_assert_str_eq(e.path, "sub.sub.sub");
    ck_assert_int_eq(codec_check(&All_msg, pb, n, &lim, &e), FUTU_ELIMIT);
    lim = codec_limits_default;

    n = unhex("aa0103010203 a80104 f201020801", pb, sizeof(pb));
    lim.count = 5;
    ck_assert_int_eq(codec_check(&All_msg, pb, n, &lim, &e), FUTU_OK);
    lim.count = 4;
    ck_assert_int_eq(codec_decode(&All_msg, &arena, pb, n, &m, &lim, &e), FUTU_ELIMIT);
    ck_assert_str_eq(e.path, "rsub");
    lim.count = 2;
    ck_assert_int_eq(codec_check(&All_msg, pb, n, &lim, &e), FUTU_ELIMIT);
    ck_assert_str_eq(e.path, "ri32");
    ck_assert_str_eq(e.what, "more than 2 elements in all lists together");

    /* 1,000 empty strings are 3,000 bytes on the wire and 16,000 of memory */
    lim = codec_limits_default;
    for (n = 0; n < 3000; n += 3)
        memcpy(big + n, "\xe2\x01\x00", 3);
    arena_reset(&arena);
    lim.size = 15999;
    ck_assert_int_eq(codec_decode(&All_msg, &arena, big, n, &m, &lim, &e), FUTU_ELIMIT);
    ck_assert_str_eq(e.path, "rs");
    ck_assert_uint_eq(arena.used, 0);           /* refused before it is taken */
    lim.size = 17000;
    ck_assert_int_eq(codec_decode(&All_msg, &arena, big, n, &m, &lim, &e), FUTU_OK);
    arena_reset(&arena);
    arena.limit = 10000;
    ck_assert_int_eq(codec_decode(&All_msg, &arena, big, n, &m, NULL, &e), FUTU_ELIMIT);
}
END_TEST

START_TEST(a_path_that_is_too_long_is_cut)
{
    uint8_t pb[512], *end = pb + sizeof(pb), *p = end;
    struct codec_error e;
    char text[40];
    struct codec_limits lim = codec_limits_default;
    lim.depth = 200;
    *--p = 0x80;                                /* the innermost of 50 messages is broken */
    for (size_t i = 0; i < 50; i++) {
        size_t n = (size_t)(end - p);
        if (n > 127)
            *--p = 1;
        *--p = (uint8_t)(n > 127 ? n | 0x80 : n);
        *--p = i < 49 ? 0x1a : 0x52;
        if (i < 49) {
            *--p = 1;                           /* a: 1 */
            *--p = 8;
        }
    }
    ck_assert_int_eq(codec_check(&All_msg, p, (size_t)(end - p), &lim, &e), FUTU_EFORMAT);
    ck_assert_uint_eq(strlen(e.path), sizeof(e.path) - 1);
    ck_assert_str_eq(codec_error_text(&e, text, 12), "sub.sub.sub");
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    uint8_t pb[512];
    size_t n = unhex("e2010161 f201020801 0807 e2010162 52061001 1a020805 52040802 1003", pb,
                     sizeof(pb));
    for (long i = 0; test_alloc_fail_at(i); i++) {
        struct arena a = ARENA_INIT;
        struct codec_error e;
        All m;
        a.chunk = 16;
        futu_err err = codec_decode(&All_msg, &a, pb, n, &m, NULL, &e);
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        err = codec_check(&All_msg, pb, n, NULL, &e);
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
        arena_free(&a);
    }
}
END_TEST

START_TEST(a_reused_arena_takes_no_memory)
{
    uint8_t pb[512];
    size_t n = unhex("e2010161 f201020801 0807 e2010162 52020801", pb, sizeof(pb));
    All m;
    ck_assert_int_eq(codec_decode(&All_msg, &arena, pb, n, &m, NULL, NULL), FUTU_OK);
    arena_reset(&arena);
    mem_fail_at(0);
    ck_assert_int_eq(codec_decode(&All_msg, &arena, pb, n, &m, NULL, NULL), FUTU_OK);
    ck_assert_int_eq(codec_check(&All_msg, pb, n, NULL, NULL), FUTU_OK);
    mem_fail_at(-1);
}
END_TEST

START_TEST(fields_are_found_by_name)
{
    for (size_t i = 0; i < All_msg.n_fields; i++)
        ck_assert_ptr_eq(codec_field(&All_msg, str_c(all_fields[i].name)), &all_fields[i]);
    ck_assert_ptr_null(codec_field(&All_msg, STR("i3")));
    ck_assert_ptr_null(codec_field(&All_msg, STR("i322")));
    ck_assert_ptr_null(codec_field(&All_msg, STR("")));
    ck_assert_ptr_null(codec_field(&All_msg, STR("zz")));
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, singular_values);
    tcase_add_test(tc, a_negative_int32_in_five_bytes_is_taken);
    tcase_add_test(tc, the_last_of_several_values_wins);
    tcase_add_test(tc, lists_come_plain_packed_and_mixed);
    tcase_add_test(tc, scattered_lists_are_put_together);
    tcase_add_test(tc, the_parts_of_a_message_are_merged);
    tcase_add_test(tc, unknown_fields_are_skipped);
    tcase_add_test(tc, a_tag_over_two_bytes);
    tcase_add_test(tc, broken_records);
    tcase_add_test(tc, wrong_wire_types);
    tcase_add_test(tc, numbers_that_do_not_fit);
    tcase_add_test(tc, missing_required_fields);
    tcase_add_test(tc, limits);
    tcase_add_test(tc, a_path_that_is_too_long_is_cut);
    tcase_add_test(tc, every_failed_allocation_is_clean);
    tcase_add_test(tc, a_reused_arena_takes_no_memory);
    tcase_add_test(tc, fields_are_found_by_name);
}

int main(void)
{
    return run_tcase("decode", add);
}
