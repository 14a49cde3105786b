/* limits_test.c - the sliding window against a list of all counted calls. */
#include "gateway/limits.h"

#include "support.h"

static struct limits_no no;

static int64_t ceil_s(int64_t ns)
{
    return (ns + NS_PER_S - 1) / NS_PER_S;
}

START_TEST(never_more_than_n_in_any_30_s)
{
    static int64_t counted[100000];
    const struct proto_row *row = proto_find(3203);
    struct limits l;
    size_t n = 0;
    uint64_t rnd = 3;
    int64_t now = 0;
    ck_assert_int_eq(limits_init(&l), FUTU_OK);
    for (int i = 0; i < 100000; i++) {
        rnd = rnd * UINT64_C(6364136223846793005) + 1442695040888963407u;
        now += (int64_t)(rnd >> 40) % (NS_PER_S / 2);
        size_t recent = 0;
        for (size_t k = n; k-- > 0 && now - counted[k] <= 30 * NS_PER_S;)
            recent++;
        futu_err err = limits_take(&l, row, 0, now, &no);
        ck_assert_int_eq(err, recent < 60 ? FUTU_OK : FUTU_ELIMIT);
        if (err)
            ck_assert_int_eq(no.retry_s, ceil_s(counted[n - 60] + 30 * NS_PER_S + 1 - now));
        else
            counted[n++] = now;
    }
    ck_assert_uint_gt(n, 1000);
    ck_assert_uint_lt(n, 99000);
    limits_free(&l);
}
END_TEST

START_TEST(idle_accounts_make_room)
{
    const struct proto_row *row = proto_find(2202);
    struct limits l;
    ck_assert_int_eq(limits_init(&l), FUTU_OK);
    for (uint64_t acc = 0; acc < LIMITS_ACCOUNTS; acc++)
        ck_assert_int_eq(limits_take(&l, row, acc, 0, &no), FUTU_OK);
    ck_assert_int_eq(limits_take(&l, row, LIMITS_ACCOUNTS, NS_PER_S, &no),
                     FUTU_ELIMIT);
    ck_assert_int_eq(limits_take(&l, row, 5, NS_PER_S, &no), FUTU_OK);
    ck_assert_int_eq(limits_take(&l, row, LIMITS_ACCOUNTS, 31 * NS_PER_S, &no),
                     FUTU_OK);
    ck_assert_uint_eq(l.n_accounts, 2);         /* the new one, and 5, used since */
    limits_free(&l);
}
END_TEST

START_TEST(every_limit_of_the_table_holds)
{
    size_t n_rows, limited = 0;
    const struct proto_row *rows = proto_rows(&n_rows);
    struct limits l;
    ck_assert_int_eq(limits_init(&l), FUTU_OK);
    for (size_t i = 0; i < n_rows; i++) {
        int64_t now = 0;
        unsigned ok = 0;
        if (rows[i].freq_by == FREQ_NONE)
            continue;
        for (unsigned k = 0; k < rows[i].freq_n + 10u; k++, now += 50 * NS_PER_MS)
            ok += limits_take(&l, &rows[i], 1, now, &no) == FUTU_OK;
        ck_assert_uint_eq(ok, rows[i].freq_n);
        ck_assert_ptr_nonnull(strstr(no.text, rows[i].freq_text));
        limited++;
    }
    ck_assert_uint_gt(limited, 40);
    limits_free(&l);
}
END_TEST

START_TEST(a_refusal_says_when_the_call_is_let_through)
{
    size_t n_rows;
    const struct proto_row *rows = proto_rows(&n_rows);
    struct limits l;
    ck_assert_int_eq(limits_init(&l), FUTU_OK);
    for (size_t i = 0; i < n_rows; i++) {
        int64_t now = 5;
        if (rows[i].freq_by == FREQ_NONE)
            continue;
        while (limits_take(&l, &rows[i], 1, now, &no) == FUTU_OK)
            now += rows[i].freq_gap_ms * NS_PER_MS;
        ck_assert_uint_ge(no.retry_s, 1);
        ck_assert_uint_le(no.retry_s, 31);
        if (no.retry_s > 1) {
            int64_t before = now + (no.retry_s - 1) * NS_PER_S;
            uint32_t after = no.retry_s;
            ck_assert_int_eq(limits_take(&l, &rows[i], 1, before, &no), FUTU_ELIMIT);
            ck_assert_uint_eq(no.retry_s, 1);
            now += after * NS_PER_S;
        } else {
            now += NS_PER_S;
        }
        ck_assert_int_eq(limits_take(&l, &rows[i], 1, now, &no), FUTU_OK);
    }
    limits_free(&l);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, never_more_than_n_in_any_30_s);
    tcase_add_test(tc, a_refusal_says_when_the_call_is_let_through);
    tcase_add_test(tc, idle_accounts_make_room);
    tcase_add_test(tc, every_limit_of_the_table_holds);
}

int main(void)
{
    return run_tcase("limits", add);
}
