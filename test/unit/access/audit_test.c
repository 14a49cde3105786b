/* audit_test.c - the lines of the trail, their chain, and how a break in it is found. */
#include "access/audit.h"

#include <stdio.h>

#include "../support.h"
#include "base/log.h"

#define AT_NS (INT64_C(1795512600123) * NS_PER_MS)      /* 2026-11-24T09:30:00.123Z */
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static struct audit a;
static struct clock_fake now;
static struct buf lines;
static futu_err sink_says;
static void (*told)(void *, futu_err);
static int n_done;

static futu_err take(void *arg, const char *line, size_t n, int64_t wall_ns,
                     void (*done)(void *, futu_err), void *done_arg)
{
    ck_assert_ptr_eq(arg, &lines);
    ck_assert_ptr_eq(done_arg, &n_done);
    ck_assert_int_eq(wall_ns, now.wall_ns);
    ck_assert_int_eq(line[n - 1], '\n');
    told = done;
    return sink_says ? sink_says : buf_put(&lines, line, n);
}

static void setup(void)
{
    struct clock c = clock_fake(&now);
    now = (struct clock_fake){ 0, AT_NS };
    audit_init(&a, &c);
    a.sink = take;
    a.arg = &lines;
    sink_says = FUTU_OK;
    lines = (struct buf)BUF_INIT;
    n_done = 0;
}

static void teardown(void)
{
    audit_free(&a);
    buf_free(&lines);
}

static void on_done(void *arg, futu_err err)
{
    ck_assert_ptr_eq(arg, &n_done);
    ck_assert_int_eq(err, FUTU_OK);
    n_done++;
}

static futu_err put(const struct audit_event *e)
{
    return audit_event(&a, e, on_done, &n_done);
}

static const struct audit_event plain = {
    .iface = IFACE_REST, .endpoint = "/api/funds", .key_id = "reader", .outcome = OUTCOME_ALLOW,
    .scope = "acc:read",
};

static void put_plain(int n)
{
    for (int i = 0; i < n; i++) {
        ck_assert_int_eq(put(&plain), FUTU_OK);
        clock_fake_advance(&now, NS_PER_S);
    }
}

static void is(const char *want)
{
    ck_assert_int_eq(buf_byte(&lines, '\0'), FUTU_OK);
    ck_assert_str_eq((const char *)lines.p, want);
    lines.n--;
}

START_TEST(a_line_has_its_members_in_order_and_only_those_that_are_known)
{
    put_plain(1);
    is("{\"timestamp\":\"2026-11-24T09:30:00.123Z\",\"level\":\"INFO\",\"target\":\"futu_audit\","
       "\"iface\":\"rest\",\"endpoint\":\"/api/funds\",\"key_id\":\"reader\","
       "\"outcome\":\"allow\",\"scope\":\"acc:read\",\"prev\":\"" ZEROS "\"}\n");
}
END_TEST

START_TEST(a_trade_says_what_is_known_of_it)
{
    struct audit_event e = { .iface = IFACE_GRPC, .endpoint = "proto_id=2202", .key_id = "bot",
                             .outcome = OUTCOME_SUCCESS, .reason = "r", .args_hash = "0a1b2c3d",
                             .cache_outcome = "executed", .peer = "127.0.0.1", .trade = true,
                             .acc_id = UINT64_C(281756460288713754), .order_id = STR("77") };
    ck_assert_int_eq(put(&e), FUTU_OK);
    is("{\"timestamp\":\"2026-11-24T09:30:00.123Z\",\"level\":\"WARN\",\"target\":\"futu_audit\","
       "\"iface\":\"grpc\",\"endpoint\":\"proto_id=2202\",\"key_id\":\"bot\","
       "\"outcome\":\"success\",\"reason\":\"r\",\"args_hash\":\"0a1b2c3d\","
       "\"cache_outcome\":\"executed\",\"peer\":\"127.0.0.1\",\"acc_id\":\"281756460288713754\","
       "\"order_id\":\"77\",\"prev\":\"" ZEROS "\"}\n");
}
END_TEST

static const struct {
    enum audit_outcome outcome;
    bool trade;
    const char *level;
} levels[] = {
    { OUTCOME_ALLOW, false, "INFO" },   { OUTCOME_REJECT, false, "WARN" },
    { OUTCOME_ALLOW, true, "WARN" },    { OUTCOME_REQUEST, true, "WARN" },
    { OUTCOME_FAILURE, true, "WARN" },  { OUTCOME_SUCCESS, false, "INFO" },
};

static int logged;
static char log_line[2048];

static void on_log(int level, const char *line, void *arg)
{
    (void)arg;
    logged = level;
    snprintf(log_line, sizeof(log_line), "%s", line);
}

START_TEST(refusals_and_trades_are_warnings_here_and_in_the_log)
{
    struct audit_event e = plain;
    char want[32];
    e.outcome = levels[_i].outcome;
    e.trade = levels[_i].trade;
    futu_set_log(on_log, FUTU_LOG_INFO, NULL);
    ck_assert_int_eq(put(&e), FUTU_OK);
    futu_set_log(NULL, 0, NULL);
    ck_assert_int_eq(buf_byte(&lines, '\0'), FUTU_OK);
    snprintf(want, sizeof(want), "\"level\":\"%s\"", levels[_i].level);
    ck_assert_ptr_nonnull(strstr((const char *)lines.p, want));
    ck_assert_int_eq(logged, levels[_i].level[0] == 'W' ? FUTU_LOG_WARN : FUTU_LOG_INFO);
    ck_assert_ptr_eq(strstr(log_line, "futu_audit: {\"iface\":\"rest\",\"endpoint\":"), log_line);
    ck_assert_int_eq(log_line[strlen(log_line) - 1], '}');
    ck_assert_ptr_null(strstr(log_line, "prev"));
}
END_TEST

START_TEST(any_text_gives_valid_json)
{
    struct audit_event e = plain;
    e.endpoint = "/a\"\\\b\f\n\r\t\x01\x1f\x7f\xff\xc3(\xe2\x82\xac\",\"prev\":\"x";
    ck_assert_int_eq(put(&e), FUTU_OK);
    ck_assert_int_eq(buf_byte(&lines, '\0'), FUTU_OK);
    ck_assert_ptr_nonnull(strstr((const char *)lines.p,
                                 "\"endpoint\":\"/a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\x7f"
                                 "\xef\xbf\xbd\xef\xbf\xbd(\xe2\x82\xac\\\",\\\"prev\\\":\\\"x\""));
    ck_assert_ptr_eq(memchr(lines.p, '\n', lines.n), lines.p + lines.n - 2);
}
END_TEST

START_TEST(text_of_others_is_cut_between_characters)
{
    char text[3 * AUDIT_TEXT_MAX] = "x";
    struct audit_event e = plain;
    for (size_t i = 1; i + 3 < sizeof(text); i += 3)
        memcpy(text + i, "\xe2\x82\xac", 4);
    e.endpoint = text;
    ck_assert_int_eq(put(&e), FUTU_OK);
    ck_assert_ptr_null(memmem(lines.p, lines.n, "\xef\xbf\xbd", 3));
    const char *p = memmem(lines.p, lines.n, "\"x", 2), *end = strchr(p + 1, '"');
    ck_assert_int_eq(end - (p + 1), 511);       /* 512 would be in the middle of one */
    memset(text, 1, sizeof(text) - 1);          /* the longest that a member can become */
    e = (struct audit_event){ .iface = IFACE_WS, .endpoint = text, .key_id = text, .reason = text,
                              .scope = text, .args_hash = text, .cache_outcome = text,
                              .peer = text, .acc_id = UINT64_MAX, .order_id = str_c(text) };
    ck_assert_int_eq(put(&e), FUTU_OK);
}
END_TEST

static bool verifies(struct audit_check *c)
{
    *c = (struct audit_check){ 0 };
    return audit_verify(c, buf_str(&lines));
}

START_TEST(lines_are_a_chain_and_the_check_says_how_many)
{
    struct audit_check c;
    ck_assert(verifies(&c));
    ck_assert_uint_eq(c.lines, 0);
    ck_assert_str_eq(c.first_time, "");
    put_plain(3);
    ck_assert(verifies(&c));
    ck_assert_uint_eq(c.lines, 3);
    ck_assert_uint_eq(c.bad_line, 0);
    ck_assert_str_eq(c.first_time, "2026-11-24T09:30:00.123Z");
    ck_assert_str_eq(c.last_time, "2026-11-24T09:30:02.123Z");
    ck_assert_mem_eq(c.last, a.prev, 32);
}
END_TEST

START_TEST(the_check_goes_on_from_piece_to_piece_and_from_a_hash)
{
    struct audit_check whole, c = { 0 };
    put_plain(5);
    ck_assert(verifies(&whole));
    for (size_t from = 0; from < lines.n;) {
        size_t n = (size_t)((uint8_t *)memchr(lines.p + from, '\n', lines.n - from) + 1 -
                            (lines.p + from));
        struct audit_check behind = { 0 };
        memcpy(behind.last, c.last, 32);
        futu_str rest = { (const char *)lines.p + from, lines.n - from };
        ck_assert(audit_verify(&behind, rest));
        ck_assert_mem_eq(behind.last, whole.last, 32);
        ck_assert(audit_verify(&c, (futu_str){ rest.p, n }));
        from += n;
    }
    ck_assert_mem_eq(&c, &whole, sizeof(c));
}
END_TEST

START_TEST(a_trail_goes_on_after_a_restart)
{
    struct audit_check c;
    put_plain(2);
    const char *last = (const char *)memchr(lines.p, '\n', lines.n) + 1;
    futu_str line = { last, lines.n - 1 - (size_t)(last - (const char *)lines.p) };
    struct clock clock = a.clock;
    audit_free(&a);
    audit_init(&a, &clock);
    audit_resume(&a, line);
    a.sink = take;
    a.arg = &lines;
    put_plain(1);
    ck_assert(verifies(&c));
    ck_assert_uint_eq(c.lines, 3);
}
END_TEST

START_TEST(a_line_that_was_not_taken_is_no_link)
{
    struct audit_check c;
    put_plain(1);
    sink_says = FUTU_ELIMIT;
    ck_assert_int_eq(put(&plain), FUTU_ELIMIT);
    sink_says = FUTU_OK;
    put_plain(1);
    ck_assert(verifies(&c));
    ck_assert_uint_eq(c.lines, 2);
}
END_TEST

START_TEST(every_changed_byte_of_a_line_that_has_one_behind_it_is_found)
{
    struct audit_check c;
    put_plain(3);
    size_t n = (size_t)((uint8_t *)memrchr(lines.p, '\n', lines.n - 1) - lines.p);
    for (size_t i = 0; i < n; i++) {
        lines.p[i] ^= 1;
        ck_assert_msg(!verifies(&c), "byte %zu", i);
        ck_assert_uint_ge(c.bad_line, 1);
        ck_assert_uint_le(c.bad_line, 3);
        ck_assert_str_ne(c.why, "");
        ck_assert(!audit_verify(&c, STR("")));      /* broken stays broken */
        lines.p[i] ^= 1;
    }
    ck_assert(verifies(&c));
}
END_TEST

static size_t nth_line(int n)
{
    size_t at = 0;
    for (; n > 0; n--)
        at = (size_t)((uint8_t *)memchr(lines.p + at, '\n', lines.n - at) + 1 - lines.p);
    return at;
}

START_TEST(removed_inserted_and_exchanged_lines_are_found)
{
    struct audit_check c;
    put_plain(4);
    size_t one = nth_line(1), n = lines.n;
    char *copy = malloc(n);
    memcpy(copy, lines.p, n);
    buf_consume(&lines, one);                       /* the first is gone */
    ck_assert(!verifies(&c));
    ck_assert_uint_eq(c.bad_line, 1);
    ck_assert_ptr_nonnull(strstr(c.why, "does not begin here"));
    lines.n = 0;
    ck_assert_int_eq(buf_put(&lines, copy, n), FUTU_OK);
    size_t two = nth_line(2), three = nth_line(3);
    memmove(lines.p + two, lines.p + three, n - three);     /* the third */
    lines.n -= three - two;
    ck_assert(!verifies(&c));
    ck_assert_uint_eq(c.bad_line, 3);
    lines.n = 0;
    ck_assert_int_eq(buf_put(&lines, copy, two), FUTU_OK);
    ck_assert_int_eq(buf_put(&lines, copy, n), FUTU_OK);    /* two are there twice */
    ck_assert(!verifies(&c));
    ck_assert_uint_eq(c.bad_line, 3);
    lines.n = 0;
    ck_assert_int_eq(buf_put(&lines, copy, n), FUTU_OK);
    memcpy(lines.p + one, copy + two, three - two);         /* the second and third, exchanged */
    memcpy(lines.p + one + three - two, copy + one, two - one);
    ck_assert(!verifies(&c));
    ck_assert_uint_eq(c.bad_line, 2);
    free(copy);
}
END_TEST

START_TEST(lines_missing_at_the_end_leave_a_chain_but_another_hash)
{
    struct audit_check all, c;
    put_plain(3);
    ck_assert(verifies(&all));
    lines.n = nth_line(2);
    ck_assert(verifies(&c));
    ck_assert_mem_ne(c.last, all.last, 32);
}
END_TEST

START_TEST(a_cut_off_line_is_told)
{
    struct audit_check c;
    put_plain(2);
    lines.n -= 1 + (size_t)_i * 40;
    ck_assert(!verifies(&c));
    ck_assert_uint_eq(c.bad_line, 2);
    ck_assert_uint_eq(c.lines, 1);
    ck_assert_str_eq(c.why, "the last line is cut off");
}
END_TEST

START_TEST(other_lines_are_no_trail)
{
    static const char *const texts[] = {
        "\n", "x\n", "{}\n",
        "{\"timestamp\":\"2026-11-24T09:30:00.123Z\",\"prev\":\"" ZEROS "\"}x\n",
        "{\"timestamp\":\"2026-11-24T09:30:00.123+\",\"a\":1,\"prev\":\"" ZEROS "\"}\n",
        "{\"timestamp\":\"\x1b[2J11-24T09:30:00.123Z\",\"prev\":\"" ZEROS "\"}\n",
        "{\"timestamp\":\"2026-11-24T09:30:00.123Z\",\"a\":1,\"prev\":\"" ZEROS "\"]\n",
    };
    struct audit_check c = { 0 };
    ck_assert(!audit_verify(&c, str_c(texts[_i])));
    ck_assert_uint_eq(c.bad_line, 1);
    ck_assert_ptr_nonnull(strstr(c.why, "not a line of a trail"));
}
END_TEST

START_TEST(a_line_that_is_too_long_is_told)
{
    struct audit_check c = { 0 };
    size_t n = AUDIT_LINE_MAX + 2;
    char *text = malloc(n);
    memset(text, 'x', n);
    text[n - 1] = '\n';
    ck_assert(!audit_verify(&c, (futu_str){ text, n }));
    ck_assert_ptr_nonnull(strstr(c.why, "longer"));
    free(text);
}
END_TEST

START_TEST(without_a_file_all_is_in_the_log_and_nothing_is_waited_for)
{
    a.sink = NULL;
    futu_set_log(on_log, FUTU_LOG_INFO, NULL);
    logged = 0;
    put_plain(1);
    futu_set_log(NULL, 0, NULL);
    ck_assert_int_eq(logged, FUTU_LOG_INFO);
    ck_assert_int_eq(n_done, 1);
    ck_assert_int_eq(audit_event(&a, &plain, NULL, NULL), FUTU_OK);
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    struct audit_check c;
    for (long n = 0; test_alloc_fail_at(n); n++) {
        audit_free(&a);                 /* so that the line is allocated anew */
        futu_err err = put(&plain);
        ck_assert_int_eq(err, mem_failed() ? FUTU_ENOMEM : FUTU_OK);
    }
    mem_fail_at(-1);
    put_plain(1);
    ck_assert(verifies(&c));
}
END_TEST

START_TEST(names_of_outcomes)
{
    static const char *const names[] = { "allow", "reject", "request", "success", "failure",
                                         "unknown", "?" };
    for (int i = 0; i <= OUTCOMES; i++)
        ck_assert_str_eq(outcome_name((enum audit_outcome)i), names[i]);
}
END_TEST

START_TEST(times_before_1970_are_rounded_down)
{
    char out[RFC3339_SIZE];
    rfc3339_ms(-1, out);
    ck_assert_str_eq(out, "1969-12-31T23:59:59.999Z");
    rfc3339_ms(0, out);
    ck_assert_str_eq(out, "1970-01-01T00:00:00.000Z");
    rfc3339_ms(INT64_MAX, out);
    ck_assert_str_eq(out, "2262-04-11T23:47:16.854Z");
    rfc3339_ms(INT64_MIN, out);
    ck_assert_str_eq(out, "1677-09-21T00:12:43.145Z");
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_line_has_its_members_in_order_and_only_those_that_are_known);
    tcase_add_test(tc, a_trade_says_what_is_known_of_it);
    tcase_add_loop_test(tc, refusals_and_trades_are_warnings_here_and_in_the_log, 0,
                        (int)ARRAY_LEN(levels));
    tcase_add_test(tc, any_text_gives_valid_json);
    tcase_add_test(tc, text_of_others_is_cut_between_characters);
    tcase_add_test(tc, lines_are_a_chain_and_the_check_says_how_many);
    tcase_add_test(tc, the_check_goes_on_from_piece_to_piece_and_from_a_hash);
    tcase_add_test(tc, a_trail_goes_on_after_a_restart);
    tcase_add_test(tc, a_line_that_was_not_taken_is_no_link);
    tcase_add_test(tc, every_changed_byte_of_a_line_that_has_one_behind_it_is_found);
    tcase_add_test(tc, removed_inserted_and_exchanged_lines_are_found);
    tcase_add_test(tc, lines_missing_at_the_end_leave_a_chain_but_another_hash);
    tcase_add_loop_test(tc, a_cut_off_line_is_told, 0, 3);
    tcase_add_loop_test(tc, other_lines_are_no_trail, 0, 7);
    tcase_add_test(tc, a_line_that_is_too_long_is_told);
    tcase_add_test(tc, without_a_file_all_is_in_the_log_and_nothing_is_waited_for);
    tcase_add_test(tc, every_failed_allocation_is_clean);
    tcase_add_test(tc, names_of_outcomes);
    tcase_add_test(tc, times_before_1970_are_rounded_down);
}

int main(void)
{
    return run_tcase("audit", add);
}
