/* journal_crash_test.c - the order journal begins anew while orders come, and the process ends at
 * each of its calls to the disk, in front of it and behind it: every order that was told to be on
 * disk is there, and the file can be read. */
#include "access/journal.h"

#include "crash.h"
#include "io/store.h"

#define NAME "orders.journal"
#define SECRET "0123456789abcdef0123456789abcdef"
#define ORDERS 60                   /* more than one new beginning takes at a line */

static int *told;                   /* orders whose line is on disk */
static char dir[] = "/tmp/futu-journal-crash-XXXXXX";

static struct journal journal;
static struct store *store;
static struct order_entry *entries[ORDERS];
static int begun;

static void next(void);

static void on_told(void *arg, futu_err err)
{
    if (err)
        _exit(3);
    if (arg)
        ++*told;
    if (*told == ORDERS)
        _exit(begun > 0 ? 0 : 7);
    if (arg)
        next();
}

static void put(struct order_entry *e, void *arg,
                futu_err (*write)(const struct order_entry *e, struct buf *out))
{
    struct buf line = BUF_INIT;
    futu_str text;
    if (write(e, &line) || store_append(store, line.p, line.n, on_told, arg))
        _exit(4);
    journal_filed(&journal, e, buf_str(&line));
    buf_free(&line);
    if (journal_anew(&journal, &text)) {
        begun++;
        journal_begun(&journal, store_rewrite(store, text.p, text.n) == FUTU_OK);
        journal.file.most = journal.file.size + 4000;
    }
}

/* Another order, and the end of an earlier one. */
static void next(void)
{
    static const uint8_t digest[32] = { 1 };
    int i = *told;
    char key[24];
    snprintf(key, sizeof(key), "order-%d", i);
    entries[i] = journal_add(&journal, str_c(key), digest, 1);
    if (!entries[i])
        _exit(4);
    put(entries[i], entries[i], journal_write_sent);
    if (i % 6 == 1) {
        journal_answer(entries[i - 1], "done", 4);
        put(entries[i - 1], NULL, journal_write_answer);
    } else if (i % 6 == 4) {
        put(entries[i - 1], NULL, journal_write_drop);
        journal_drop(&journal, entries[i - 1]);
    }
}

static void write_and_end(void)
{
    char why[400];
    futu_loop *l;
    if (futu_loop_new(&l) || store_open(&store, l, dir, NAME, why, sizeof(why)))
        _exit(2);
    struct buf head = BUF_INIT;
    journal_init(&journal, SECRET);
    if (journal_write_head(&journal, &head) || store_replace(store, head.p, head.n))
        _exit(4);
    buf_free(&head);
    journal.file.most = 2500;
    next();
    futu_loop_run(l);
}

static char *path_of(const char *name)
{
    static char path[80];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

/* Each order that was told is there, with the end that was written before a later one was told. */
static void check_file(int call)
{
    struct journal j;
    size_t n, line;
    char *text = read_file(path_of(NAME), &n);
    journal_init(&j, SECRET);
    futu_err err = journal_read(&j, (futu_str){ text, n }, &line);
    ck_assert_msg(err == FUTU_OK, "call %d: line %zu: %s", call, line, futu_strerror(err));
    for (int i = 0; i < *told; i++) {
        char key[24];
        snprintf(key, sizeof(key), "order-%d", i);
        const struct order_entry *e = journal_find(&j, str_c(key));
        bool drops = i % 6 == 3, over = i + 2 < *told;
        ck_assert_msg(e || drops, "call %d: %s of %d is lost", call, key, *told);
        ck_assert_msg(!(e && drops && over), "call %d: %s of %d is there", call, key, *told);
        ck_assert_msg(i % 6 != 0 || !over || e->answer, "call %d: answer of %s", call, key);
    }
    journal_free(&j);
    free(text);
}

START_TEST(whenever_it_ends_no_order_is_lost)
{
    int n = 0, status;
    ck_assert_ptr_nonnull(mkdtemp(dir));
    told = shared_number();
    while ((status = run_until(n, write_and_end)) == 9) {
        check_file(n);
        *told = 0;
        unlink(path_of(NAME));
        unlink(path_of(NAME ".new"));
        n++;
    }
    ck_assert_int_eq(status, 0);
    check_file(n);
    ck_assert_int_ge(n, 4 * ORDERS);
    unlink(path_of(NAME));
    unlink(path_of(NAME ".new"));
    ck_assert_int_eq(rmdir(dir), 0);
    munmap(told, sizeof(*told));
}
END_TEST

static void add(TCase *tc)
{
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, whenever_it_ends_no_order_is_lost);
}

int main(void)
{
    return run_tcase("journal_crash", add);
}
