/* fuzz_journal.c - any bytes as an order journal: an error names a line that is there, and what was
 * read and written again reads the same. */
#include <stdlib.h>

#include "access/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static const char new_secret[] = "00000000000000000000000000000000";

static size_t lines_of(const uint8_t *p, size_t n)
{
    size_t lines = 0;
    for (size_t i = 0; i < n; i++)
        lines += p[i] == '\n';
    return lines;
}

static void check_entries(const struct journal *j)
{
    struct list *it, *tmp;
    size_t n = 0;
    list_each(it, tmp, &j->all) {
        struct order_entry *e = list_entry(it, struct order_entry, node);
        check(e->key[0] && strlen(e->key) <= ORDER_KEY_MAX && e->at_ms >= 0 && !e->call);
        check(journal_find(j, str_c(e->key)) == e);
        check(!e->answer || e->n > 0);
        n++;
    }
    check(n == j->n && strlen(j->secret) == JOURNAL_SECRET);
}

static void write_again(const struct journal *j)
{
    struct buf one = BUF_INIT, two = BUF_INIT;
    struct journal again;
    size_t line;
    check(journal_write_all(j, &one) == FUTU_OK);
    journal_init(&again, new_secret);
    check(journal_read(&again, buf_str(&one), &line) == FUTU_OK && again.n == j->n);
    check_entries(&again);
    check(journal_write_all(&again, &two) == FUTU_OK);
    check(one.n == two.n && memcmp(one.p, two.p, one.n) == 0);
    journal_free(&again);
    buf_free(&one);
    buf_free(&two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct journal j;
    size_t line;
    journal_init(&j, new_secret);
    futu_err err = journal_read(&j, (futu_str){ (const char *)data, size }, &line);
    check(err == FUTU_OK || err == FUTU_EFORMAT);
    check(line <= lines_of(data, size) && (err == FUTU_OK || line > 0));
    check_entries(&j);
    if (err == FUTU_OK) {
        write_again(&j);
        journal_expire(&j, INT64_MAX);
        check_entries(&j);
    }
    journal_free(&j);
    return 0;
}
