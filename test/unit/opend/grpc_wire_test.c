/* grpc_wire_test.c - messages out of bytes, timeouts, and the text of a status. */
#include <string.h>

#include "grpc_wire.h"
#include "support.h"

static struct grpc_in in;
static const uint8_t *p;
static size_t n;

#define FEED(lit) (p = (const uint8_t *)(lit), n = sizeof(lit) - 1, grpc_feed(&in, &p, &n))

START_TEST(messages_are_cut_out_of_bytes)
{
    ck_assert_int_eq(FEED("\0\0\0"), GRPC_MORE);
    ck_assert(grpc_partial(&in));
    ck_assert_int_eq(FEED("\0\2a"), GRPC_MORE);
    ck_assert_int_eq(FEED("b\0\0\0\0\0\0"), GRPC_MESSAGE);
    ck_assert_uint_eq(in.body.n, 2);
    ck_assert_int_eq(memcmp(in.body.p, "ab", 2), 0);
    ck_assert_uint_eq(n, 6);
    grpc_next(&in);
    ck_assert_int_eq(grpc_feed(&in, &p, &n), GRPC_MESSAGE);
    ck_assert_uint_eq(in.body.n, 0);
    grpc_next(&in);
    ck_assert_int_eq(grpc_feed(&in, &p, &n), GRPC_MORE);
    ck_assert_uint_eq(n, 0);
    ck_assert(grpc_partial(&in));
    grpc_in_free(&in);
    ck_assert(!grpc_partial(&in));
}
END_TEST

START_TEST(what_is_compressed_or_too_large_is_refused_by_its_head)
{
    ck_assert_int_eq(FEED("\1\0\0\0\0"), GRPC_COMPRESSED);
    grpc_in_free(&in);
    in.gzip = true;
    ck_assert_int_eq(FEED("\1\0\0\0\1x"), GRPC_MESSAGE);
    ck_assert(grpc_packed(&in));
    grpc_next(&in);
    ck_assert_int_eq(FEED("\0\0\0\0\0"), GRPC_MESSAGE);
    ck_assert(!grpc_packed(&in));
    grpc_next(&in);
    ck_assert_int_eq(FEED("\2\0\0\0\0"), GRPC_COMPRESSED);
    grpc_in_free(&in);
    in.gzip = false;
    ck_assert_int_eq(FEED("\0\0\x40\0\1"), GRPC_TOO_LARGE);
    ck_assert_uint_eq(in.body.cap, 0);
    grpc_in_free(&in);
    ck_assert_int_eq(FEED("\0\0\x40\0\0"), GRPC_MORE);      /* 4 MiB are fine, */
    ck_assert_uint_eq(in.body.cap, 0);                      /* and cost what has come */
    grpc_in_free(&in);
}
END_TEST

START_TEST(a_message_has_five_bytes_before_it)
{
    uint8_t head[GRPC_HEAD];
    grpc_head(head, true, 0x01020304);
    ck_assert_mem_eq(head, "\1\1\2\3\4", GRPC_HEAD);
    grpc_head(head, false, 5);
    ck_assert_mem_eq(head, "\0\0\0\0\5", GRPC_HEAD);
}
END_TEST

START_TEST(timeouts_have_a_unit)
{
    static const struct {
        const char *text;
        int64_t ns;
    } rows[] = {
        { "1n", 1 }, { "20u", 20000 }, { "100m", 100000000 }, { "5S", INT64_C(5000000000) },
        { "2M", INT64_C(120000000000) }, { "1H", INT64_C(3600000000000) }, { "0S", 0 },
        { "99999999H", INT64_MAX }, { "00000001n", 1 },
        { "", -1 }, { "n", -1 }, { "1", -1 }, { "1x", -1 }, { "-1S", -1 }, { "1 S", -1 },
        { "100000000n", -1 }, { "1.5S", -1 }, { "1s", -1 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        ck_assert_msg(grpc_timeout((futu_str){ rows[i].text, strlen(rows[i].text) }) == rows[i].ns,
                      "%s", rows[i].text);
}
END_TEST

START_TEST(a_status_text_is_escaped)
{
    char out[3 * GRPC_TEXT_MAX + 1], text[GRPC_TEXT_MAX + 10];
    size_t len = grpc_escape("50% of \xc3\xa9\n", out);
    out[len] = '\0';
    ck_assert_str_eq(out, "50%25 of %C3%A9%0A");
    memset(text, '%', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    ck_assert_uint_eq(grpc_escape(text, out), 3 * GRPC_TEXT_MAX);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, messages_are_cut_out_of_bytes);
    tcase_add_test(tc, what_is_compressed_or_too_large_is_refused_by_its_head);
    tcase_add_test(tc, a_message_has_five_bytes_before_it);
    tcase_add_test(tc, timeouts_have_a_unit);
    tcase_add_test(tc, a_status_text_is_escaped);
}

int main(void)
{
    return run_tcase("grpc_wire", add);
}
