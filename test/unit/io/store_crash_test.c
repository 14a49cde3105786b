/* store_crash_test.c - a process that writes its file anew ends at each of its calls to the disk,
 * in front of it and behind it: what is there is the old file or the new one, with every record
 * that was told to be there. */
#include "io/store.h"

#include "crash.h"

#define NAME "daily.log"

static int *told;                   /* records whose done() ran */
static char dir[] = "/tmp/futu-store-crash-XXXXXX";

static void on_told(void *arg, futu_err err)
{
    if (err)
        _exit(3);
    *told = *(const int *)arg;
    if (*told == 3)
        _exit(0);
}

/* The first record is on its way when the others come: they are one write. */
static void write_and_end(void)
{
    static const int number[] = { 1, 2, 3 };
    char why[400];
    struct store *s;
    futu_loop *l;
    if (futu_loop_new(&l) || store_open(&s, l, dir, NAME, why, sizeof(why)))
        _exit(2);
    if (store_append(s, "1\n", 2, on_told, (void *)(uintptr_t)&number[0]) ||
        store_append(s, "2\n", 2, on_told, (void *)(uintptr_t)&number[1]) ||
        store_rewrite(s, "0 1 2\n", 6) ||
        store_append(s, "3\n", 2, on_told, (void *)(uintptr_t)&number[2]))
        _exit(4);
    futu_loop_run(l);
    _exit(5);
}

/* The index of what is there; -1: something else. */
static int found(void)
{
    static const char *const states[] = { "0\n", "0\n1\n", "0 1 2\n", "0 1 2\n3\n" };
    char path[64];
    size_t n;
    snprintf(path, sizeof(path), "%s/" NAME, dir);
    char *text = read_file(path, &n);
    int at = -1;
    for (int i = 0; i < (int)ARRAY_LEN(states); i++)
        if (strcmp(text, states[i]) == 0)
            at = i;
    free(text);
    return at;
}

static void put_old(void)
{
    char path[64];
    snprintf(path, sizeof(path), "%s/" NAME, dir);
    FILE *f = fopen(path, "w");
    ck_assert(f && fputs("0\n", f) >= 0 && fclose(f) == 0);
    snprintf(path, sizeof(path), "%s/" NAME ".new", dir);
    unlink(path);
}

START_TEST(whenever_it_ends_the_old_file_or_the_new_one_is_there)
{
    static const int least[] = { 0, 1, 2, 3 };      /* state by what was told; 2: with the third */
    int n = 0, status, seen = 0;
    ck_assert_ptr_nonnull(mkdtemp(dir));
    told = shared_number();
    put_old();
    while ((status = run_until(n, write_and_end)) == 9) {
        int at = found();
        ck_assert_msg(at >= least[*told], "call %d: state %d, %d told", n, at, *told);
        seen |= 1 << at;
        n++;
        *told = 0;
        put_old();
    }
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(found(), 3);
    ck_assert_int_eq(seen, 15);
    ck_assert_int_eq(n, 16);        /* two writes and their syncs, and four of the new file */
    put_old();
    char path[64];
    snprintf(path, sizeof(path), "%s/" NAME, dir);
    unlink(path);
    ck_assert_int_eq(rmdir(dir), 0);
    munmap(told, sizeof(*told));
}
END_TEST

static void add(TCase *tc)
{
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, whenever_it_ends_the_old_file_or_the_new_one_is_there);
}

int main(void)
{
    return run_tcase("store_crash", add);
}
