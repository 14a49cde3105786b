/* journal_anew_test.c - the file of a journal that begins anew while orders come: whatever comes in
 * between, what is in the file is what is remembered. */
#include "access/journal.h"

#include <stdio.h>

#include "../support.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define SMALL 3000                  /* bytes with which the file begins anew */

static struct journal j;
static struct buf file;             /* as it is on disk */
static struct buf line;
static unsigned begun, number;
static bool refuses;                /* the disk takes no new beginning */

static void setup(void)
{
    journal_init(&j, SECRET);
    file = line = (struct buf)BUF_INIT;
    begun = number = 0;
    refuses = false;
    ck_assert_int_eq(journal_write_head(&j, &file), FUTU_OK);
    j.file.most = SMALL;
}

static void teardown(void)
{
    journal_free(&j);
    buf_free(&file);
    buf_free(&line);
}

/* What the hub does with each change. */
static void filed(struct order_entry *e,
                  futu_err (*write)(const struct order_entry *e, struct buf *out))
{
    futu_str text;
    line.n = 0;
    ck_assert_int_eq(write(e, &line), FUTU_OK);
    ck_assert_int_eq(buf_put(&file, line.p, line.n), FUTU_OK);
    journal_filed(&j, e, buf_str(&line));
    if (!journal_anew(&j, &text))
        return;
    begun++;
    if (!refuses) {
        file.n = 0;
        ck_assert_int_eq(buf_put(&file, text.p, text.n), FUTU_OK);
    }
    journal_begun(&j, !refuses);
    if (!refuses)
        j.file.most = SMALL;        /* the real one is larger */
}

static struct order_entry *add(void)
{
    char key[24];
    uint8_t digest[32] = { 0 };
    snprintf(key, sizeof(key), "order-%u", number++);
    memcpy(digest, &number, sizeof(number));
    struct order_entry *e = journal_add(&j, str_c(key), digest, number);
    ck_assert_ptr_nonnull(e);
    return e;
}

static struct order_entry *sent(void)
{
    struct order_entry *e = add();
    filed(e, journal_write_sent);
    return e;
}

static void answered(struct order_entry *e)
{
    journal_answer(e, e->key, strlen(e->key));
    filed(e, journal_write_answer);
}

static void dropped(struct order_entry *e)
{
    filed(e, journal_write_drop);
    journal_drop(&j, e);
}

/* The file read again has just what is remembered. */
static void file_is_right(void)
{
    struct journal k;
    size_t at;
    journal_init(&k, SECRET);
    ck_assert_int_eq(journal_read(&k, buf_str(&file), &at), FUTU_OK);
    ck_assert_uint_eq(k.n, j.n);
    for (const struct list *it = j.all.next; it != &j.all; it = it->next) {
        const struct order_entry *e = list_entry((struct list *)it, struct order_entry, node);
        const struct order_entry *f = journal_find(&k, str_c(e->key));
        ck_assert_msg(f != NULL, "%s is lost", e->key);
        ck_assert_mem_eq(f->digest, e->digest, 32);
        ck_assert_int_eq(f->at_ms, e->at_ms);
        ck_assert_msg(!f->answer == !e->answer && f->n == e->n, "%s: its answer", e->key);
    }
    journal_free(&k);
}

static uint32_t seed;

static uint32_t random_below(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)seed * n >> 32);
}

/* One of those that are remembered. */
static struct order_entry *some(void)
{
    uint32_t n = random_below((uint32_t)j.n);
    struct list *it = j.all.next;
    while (n-- > 0)
        it = it->next;
    return j.n ? list_entry(it, struct order_entry, node) : sent();
}

START_TEST(a_file_that_has_grown_begins_anew)
{
    while (begun == 0) {
        dropped(sent());
        ck_assert_uint_lt(number, 1000);
    }
    file_is_right();
    ck_assert_uint_lt(file.n, 300);
    for (int i = 0; i < 5; i++)
        sent();
    file_is_right();
}
END_TEST

START_TEST(whatever_comes_meanwhile_the_file_is_right)
{
    seed = 7;
    for (int i = 0; i < 20000; i++) {
        uint32_t what = random_below(100);
        if (what < 40 && j.n < 400)
            sent();
        else if (what < 65)
            answered(some());
        else
            dropped(some());
        if (i % 7 == 0)
            file_is_right();
    }
    file_is_right();
    ck_assert_uint_gt(begun, 10);
}
END_TEST

START_TEST(each_line_brings_a_few_entries)
{
    j.file.most = SIZE_MAX / 2;
    for (int i = 0; i < 1000; i++)
        answered(sent());
    j.file.most = 0;
    unsigned lines = 0;
    size_t before = 0;
    for (; begun == 0; lines++) {
        sent();
        ck_assert_msg(begun || j.anew.n - before < 20000, "%zu", j.anew.n - before);
        before = j.anew.n;
    }
    ck_assert_uint_ge(lines, 1000 / 32);
    ck_assert_uint_le(lines, 1000 / 31 + 2);
    file_is_right();
}
END_TEST

/* Its turn comes before its own line; then it is refused, or filed after all. */
START_TEST(an_order_that_was_not_sent_yet_is_not_in_the_file)
{
    j.file.most = SIZE_MAX / 2;
    for (int i = 0; i < 10; i++)
        sent();
    struct order_entry *refused = add(), *early = add(), *late = add();
    for (int i = 0; i < 30; i++)
        sent();
    j.file.most = 0;
    sent();
    ck_assert_ptr_nonnull(j.turn);
    ck_assert(refused->round == j.round && late->round == j.round);
    filed(early, journal_write_sent);
    ck_assert_uint_eq(begun, 1);
    journal_drop(&j, refused);
    filed(late, journal_write_sent);
    file_is_right();
}
END_TEST

START_TEST(what_is_pushed_out_meanwhile_does_not_come_back)
{
    j.file.most = SIZE_MAX / 2;
    struct order_entry *first = sent();
    for (int i = 0; i < 100; i++)
        answered(sent());
    j.file.most = 0;
    sent();
    ck_assert_uint_eq(first->round, j.round);
    journal_expire(&j, JOURNAL_KEEP_MS + 50);           /* those that came first, and the next */
    ck_assert_uint_lt(j.n, 60);
    while (begun == 0)
        sent();
    file_is_right();
}
END_TEST

START_TEST(a_disk_that_takes_no_new_beginning_is_asked_again_later)
{
    refuses = true;
    while (begun == 0)
        dropped(sent());
    size_t was = file.n;
    ck_assert_uint_ge(j.file.most, 2 * was);
    file_is_right();
    refuses = false;
    while (begun == 1)
        dropped(sent());
    ck_assert_uint_lt(file.n, was);
    file_is_right();
}
END_TEST

START_TEST(without_memory_the_file_goes_on_as_it_is)
{
    bool failed = true;
    for (long n = 0; failed; n++) {
        teardown();
        setup();
        j.file.most = SIZE_MAX / 2;
        for (int i = 0; i < 40; i++) {
            struct order_entry *e = sent();
            if (i % 3)
                answered(e);
        }
        j.file.most = 0;
        struct order_entry *e = add();
        ck_assert_int_eq(buf_reserve(&line, 4096), FUTU_OK);
        ck_assert_int_eq(buf_reserve(&file, 65536), FUTU_OK);
        mem_fail_at(n);
        filed(e, journal_write_sent);
        filed(e, journal_write_sent);
        failed = mem_failed();
        mem_fail_at(-1);
        ck_assert(failed || begun == 1);
        file_is_right();
        while (begun == 0)
            dropped(sent());
        file_is_right();
    }
}
END_TEST

static void add_tests(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, a_file_that_has_grown_begins_anew);
    tcase_add_test(tc, whatever_comes_meanwhile_the_file_is_right);
    tcase_add_test(tc, each_line_brings_a_few_entries);
    tcase_add_test(tc, an_order_that_was_not_sent_yet_is_not_in_the_file);
    tcase_add_test(tc, what_is_pushed_out_meanwhile_does_not_come_back);
    tcase_add_test(tc, a_disk_that_takes_no_new_beginning_is_asked_again_later);
    tcase_add_test(tc, without_memory_the_file_goes_on_as_it_is);
}

int main(void)
{
    return run_tcase("journal_anew", add_tests);
}
