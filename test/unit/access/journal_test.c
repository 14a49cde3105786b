/* journal_test.c - the memory of orders: what is written reads the same, what a crash cut off is
 * left out, what is not ours is refused with its line, and old entries go. */
#include "access/journal.h"

#include <stdio.h>

#include "../support.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define OTHER "ffffffffffffffffffffffffffffffff"
#define HEAD "futu-opend orders 1 " SECRET "\n"
#define D "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct journal j;
static struct buf text;
static const uint8_t digest[32] = { 1, 2, 3 };

static void setup(void)
{
    journal_init(&j, SECRET);
    text = (struct buf)BUF_INIT;
}

static void teardown(void)
{
    journal_free(&j);
    buf_free(&text);
}

static struct order_entry *put(const char *key, int64_t at_ms, const char *answer)
{
    struct order_entry *e = journal_add(&j, str_c(key), digest, at_ms);
    ck_assert_ptr_nonnull(e);
    if (answer)
        journal_answer(e, answer, strlen(answer));
    return e;
}

static void write_all(void)
{
    text.n = 0;
    ck_assert_int_eq(journal_write_all(&j, &text), FUTU_OK);
}

static futu_err reads(struct journal *into, const char *s, size_t *line)
{
    journal_init(into, OTHER);
    return journal_read(into, str_c(s), line);
}

/* Both have the same entries in the same order. */
static void same(const struct journal *a, const struct journal *b)
{
    struct list *x = a->all.next, *y = b->all.next;
    ck_assert_uint_eq(a->n, b->n);
    ck_assert_str_eq(a->secret, b->secret);
    for (; x != &a->all; x = x->next, y = y->next) {
        const struct order_entry *e = list_entry(x, struct order_entry, node);
        const struct order_entry *f = list_entry(y, struct order_entry, node);
        ck_assert_str_eq(e->key, f->key);
        ck_assert_mem_eq(e->digest, f->digest, 32);
        ck_assert_int_eq(e->at_ms, f->at_ms);
        ck_assert_int_eq(!e->answer, !f->answer);
        ck_assert_uint_eq(e->n, f->n);
        ck_assert(!e->answer || memcmp(e->answer, f->answer, e->n) == 0);
        ck_assert_ptr_eq(journal_find(b, str_c(e->key)), f);
    }
    ck_assert_ptr_eq(y, &b->all);
}

START_TEST(entries_are_found_by_their_keys)
{
    struct order_entry *e = put("one", 5, NULL);
    ck_assert_ptr_eq(journal_find(&j, STR("one")), e);
    ck_assert_ptr_null(journal_find(&j, STR("on")));
    ck_assert_ptr_null(journal_find(&j, STR("two")));
    ck_assert_ptr_null(e->answer);
    journal_answer(e, "abc", 3);
    ck_assert_uint_eq(e->n, 3);
    journal_answer(e, "de", 2);             /* the newest counts */
    ck_assert_uint_eq(e->n, 2);
    ck_assert_mem_eq(e->answer, "de", 2);
    journal_drop(&j, e);
    ck_assert_ptr_null(journal_find(&j, STR("one")));
    ck_assert_uint_eq(j.n, 0);
}
END_TEST

START_TEST(the_lines_are_as_documented)
{
    struct order_entry *e = put("k 1", 77, "\x08\xff");
    ck_assert_int_eq(journal_write_head(&j, &text), FUTU_OK);
    ck_assert_int_eq(journal_write_sent(e, &text), FUTU_OK);
    ck_assert_int_eq(journal_write_answer(e, &text), FUTU_OK);
    ck_assert_int_eq(journal_write_drop(e, &text), FUTU_OK);
    ck_assert_int_eq(buf_byte(&text, 0), FUTU_OK);
    ck_assert_str_eq((char *)text.p,
                     HEAD "+ 77 6b2031 0102030000000000000000000000000000000000000000000000000000"
                          "000000\n= 6b2031 08ff\n- 6b2031\n");
}
END_TEST

START_TEST(what_is_written_reads_the_same)
{
    char longest[ORDER_KEY_MAX + 1];
    struct journal again;
    size_t line;
    memset(longest, 'z', ORDER_KEY_MAX);
    longest[ORDER_KEY_MAX] = '\0';
    put("one", 0, NULL);
    put("two \xe4\xb8\xad", INT64_MAX, "answer");
    put(longest, 3, "y");
    put("#7-1", 2, "x");
    journal_drop(&j, put("gone", 3, "x"));
    write_all();
    journal_init(&again, OTHER);
    ck_assert_int_eq(journal_read(&again, buf_str(&text), &line), FUTU_OK);
    ck_assert_uint_eq(line, 1 + 4 + 3);
    same(&j, &again);
    journal_free(&again);
}
END_TEST

START_TEST(an_empty_file_keeps_the_new_secret)
{
    struct journal b;
    size_t line;
    ck_assert_int_eq(reads(&b, "", &line), FUTU_OK);
    ck_assert_uint_eq(b.n, 0);
    ck_assert_str_eq(b.secret, OTHER);
    journal_free(&b);
    ck_assert_int_eq(reads(&b, HEAD, &line), FUTU_OK);
    ck_assert_str_eq(b.secret, SECRET);
    journal_free(&b);
}
END_TEST

START_TEST(a_drop_ends_an_entry_and_may_come_late)
{
    struct journal b;
    size_t line;
    ck_assert_int_eq(reads(&b, HEAD "+ 1 61 " D "\n- 61\n- 62\n+ 2 61 " D "\n= 61 00\n", &line),
                     FUTU_OK);
    ck_assert_uint_eq(b.n, 1);
    ck_assert_int_eq(journal_find(&b, STR("a"))->at_ms, 2);
    ck_assert_uint_eq(journal_find(&b, STR("a"))->n, 1);
    journal_free(&b);
}
END_TEST

/* It had expired meanwhile, or was pushed out: neither writes a line. */
START_TEST(a_key_that_is_sent_again_begins_anew)
{
    struct journal b;
    size_t line;
    ck_assert_int_eq(reads(&b, HEAD "+ 1 61 " D "\n= 61 00\n+ 2 62 " D "\n+ 86400002 61 " D "\n",
                           &line), FUTU_OK);
    ck_assert_uint_eq(b.n, 2);
    ck_assert_int_eq(journal_find(&b, STR("a"))->at_ms, 86400002);
    ck_assert_ptr_null(journal_find(&b, STR("a"))->answer);
    ck_assert_str_eq(list_entry(b.all.next, struct order_entry, node)->key, "b");
    journal_free(&b);
}
END_TEST

START_TEST(a_last_line_cut_off_anywhere_is_left_out)
{
    struct order_entry *e = put("one", 1, NULL);
    ck_assert_int_eq(journal_write_head(&j, &text), FUTU_OK);
    size_t head = text.n;
    ck_assert_int_eq(journal_write_sent(e, &text), FUTU_OK);
    size_t sent = text.n;
    journal_answer(e, "answer", 6);
    ck_assert_int_eq(journal_write_answer(e, &text), FUTU_OK);
    for (size_t n = 0; n <= text.n; n++) {
        struct journal b;
        size_t line;
        journal_init(&b, OTHER);
        ck_assert_int_eq(journal_read(&b, (futu_str){ (char *)text.p, n }, &line), FUTU_OK);
        ck_assert_str_eq(b.secret, n < head ? OTHER : SECRET);
        ck_assert_uint_eq(b.n, n >= sent);
        e = journal_find(&b, STR("one"));
        ck_assert(!e || !e->answer == (n < text.n));
        journal_free(&b);
    }
}
END_TEST

static const struct {
    const char *text;
    size_t line;
} corrupt[] = {
    { "\n", 1 },
    { "futu-opend orders 2 " SECRET "\n", 1 },
    { "futu-opend orders 1 " SECRET "0\n", 1 },
    { "futu-opend orders 1 0123456789abcdef0123456789abcdeg\n", 1 },
    { "futu-opend orders 1 0123456789ABCDEF0123456789abcdef\n", 1 },
    { "+ 1 61 " D "\n", 1 },
    { HEAD "\n", 2 },
    { HEAD HEAD, 2 },
    { HEAD "+\n", 2 },
    { HEAD "+ \n", 2 },
    { HEAD "* 61\n", 2 },
    { HEAD "+61 1 " D "\n", 2 },
    { HEAD "+ -1 61 " D "\n", 2 },
    { HEAD "+ 1x 61 " D "\n", 2 },
    { HEAD "+ 9223372036854775808 61 " D "\n", 2 },
    { HEAD "+ 1 6 " D "\n", 2 },
    { HEAD "+ 1 6G " D "\n", 2 },
    { HEAD "+ 1  " D "\n", 2 },
    { HEAD "+ 1 00 " D "\n", 2 },
    { HEAD "+ 1 610061 " D "\n", 2 },
    { HEAD "+ 1 " D D "61 " D "\n", 2 },
    { HEAD "+ 1 61 " D "00\n", 2 },
    { HEAD "+ 1 61 0011\n", 2 },
    { HEAD "+ 1 61 " D " \n", 2 },
    { HEAD "+ 1 61 " D "\r\n", 2 },
    { HEAD "= 61 00\n", 2 },
    { HEAD "+ 1 61 " D "\n= 61\n", 3 },
    { HEAD "+ 1 61 " D "\n= 61 \n", 3 },
    { HEAD "+ 1 61 " D "\n= 61 0\n", 3 },
    { HEAD "+ 1 61 " D "\n= 61 0g\n", 3 },
    { HEAD "+ 1 61 " D "\n= 61 00 \n", 3 },
    { HEAD "+ 1 61 " D "\n= 62 00\n", 3 },
    { HEAD "+ 1 61 " D "\n- 61 00\n", 3 },
    { HEAD "+ 1 61 " D "\n- \n", 3 },
    { HEAD "+ 1 61 " D "\n- 61\nabc\n", 4 },
    { HEAD "+ 1 61 " D "\n\n- 61\n", 3 },
};

START_TEST(a_corrupt_line_is_told_by_its_number)
{
    struct journal b;
    size_t line;
    ck_assert_int_eq(reads(&b, corrupt[_i].text, &line), FUTU_EFORMAT);
    ck_assert_uint_eq(line, corrupt[_i].line);
    journal_free(&b);
}
END_TEST

START_TEST(an_answer_has_a_bound)
{
    static char big[2 * 65537 + 200];
    static uint8_t bytes[65537];
    struct order_entry *e = put("a", 1, "old");
    struct journal b;
    size_t line;
    journal_answer(e, bytes, sizeof(bytes));        /* too long to be kept: the entry stays */
    ck_assert_uint_eq(e->n, 3);
    journal_answer(e, bytes, sizeof(bytes) - 1);
    ck_assert_uint_eq(e->n, 65536);
    write_all();
    ck_assert_int_eq(buf_byte(&text, 0), FUTU_OK);
    ck_assert_int_eq(reads(&b, (char *)text.p, &line), FUTU_OK);
    ck_assert_uint_eq(journal_find(&b, STR("a"))->n, 65536);
    journal_free(&b);
    int n = snprintf(big, sizeof(big), HEAD "+ 1 61 " D "\n= 61 ");
    memset(big + n, '0', 2 * 65537);
    big[n + 2 * 65537] = '\n';
    ck_assert_int_eq(reads(&b, big, &line), FUTU_EFORMAT);
    ck_assert_uint_eq(line, 3);
    journal_free(&b);
}
END_TEST

START_TEST(a_day_later_a_key_is_forgotten)
{
    put("old", 1000, NULL);
    put("busy", 1000, NULL)->call = &j;             /* under way: stays however old */
    put("young", 1001, "x");
    journal_expire(&j, 1000 + JOURNAL_KEEP_MS);
    ck_assert_uint_eq(j.n, 3);
    journal_expire(&j, 1001 + JOURNAL_KEEP_MS);
    ck_assert_ptr_null(journal_find(&j, STR("old")));
    ck_assert_uint_eq(j.n, 2);
    journal_find(&j, STR("busy"))->call = NULL;
    journal_expire(&j, 2000 + JOURNAL_KEEP_MS);
    ck_assert_uint_eq(j.n, 0);
    journal_expire(&j, INT64_MAX);
}
END_TEST

START_TEST(a_full_journal_loses_the_oldest_that_is_answered)
{
    char key[32];
    put("unknown", 1, NULL);
    put("busy", 1, "x")->call = &j;
    put("first", 1, "x");
    put("second", 1, "x");
    for (int i = 0; j.n < JOURNAL_MAX; i++) {
        snprintf(key, sizeof(key), "%d", i);
        put(key, 2, NULL);
    }
    put("new", 3, NULL);
    ck_assert_uint_eq(j.n, JOURNAL_MAX);
    ck_assert_ptr_null(journal_find(&j, STR("first")));
    put("newer", 3, NULL);
    ck_assert_ptr_null(journal_find(&j, STR("second")));
    put("newest", 3, NULL);                         /* nothing may go: it grows instead */
    ck_assert_uint_eq(j.n, JOURNAL_MAX + 1);
    ck_assert_ptr_nonnull(journal_find(&j, STR("unknown")));
    ck_assert_ptr_nonnull(journal_find(&j, STR("busy")));
}
END_TEST

static futu_err everything(void)
{
    struct journal a, b = { .n = 0 };
    struct buf out = BUF_INIT;
    size_t line;
    futu_err err = FUTU_ENOMEM;
    journal_init(&a, SECRET);
    struct order_entry *e = journal_add(&a, STR("one"), digest, 1);
    if (e) {
        journal_answer(e, "abc", 3);
        err = e->answer ? journal_write_all(&a, &out) : FUTU_ENOMEM;
        if (!err)
            err = journal_write_drop(e, &out);
    }
    if (!err) {
        journal_init(&b, OTHER);
        err = journal_read(&b, buf_str(&out), &line);
    }
    journal_free(&a);
    journal_free(&b);
    buf_free(&out);
    return err;
}

START_TEST(every_failed_allocation_is_clean)
{
    int late = 0;
    for (long n = 0; test_alloc_fail_at(n); n++) {
        futu_err err = everything();
        /* only a copy of an answer may be missing without an error, as after a crash */
        late += mem_failed() && !err;
        ck_assert(err == FUTU_OK || (err == FUTU_ENOMEM && mem_failed()));
    }
    ck_assert_int_le(late, 1);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, entries_are_found_by_their_keys);
    tcase_add_test(tc, the_lines_are_as_documented);
    tcase_add_test(tc, what_is_written_reads_the_same);
    tcase_add_test(tc, an_empty_file_keeps_the_new_secret);
    tcase_add_test(tc, a_drop_ends_an_entry_and_may_come_late);
    tcase_add_test(tc, a_key_that_is_sent_again_begins_anew);
    tcase_add_test(tc, a_last_line_cut_off_anywhere_is_left_out);
    tcase_add_loop_test(tc, a_corrupt_line_is_told_by_its_number, 0, ARRAY_LEN(corrupt));
    tcase_add_test(tc, an_answer_has_a_bound);
    tcase_add_test(tc, a_day_later_a_key_is_forgotten);
    tcase_add_test(tc, a_full_journal_loses_the_oldest_that_is_answered);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("journal", add);
}
