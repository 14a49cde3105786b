/* opts_test.c - options structs of older and newer callers. */
#include "api/opts.h"

#include "support.h"

struct known {
    size_t size;
    uint64_t first, second, added;
};
#define LEAST OPTS_END(struct known, second)

START_TEST(older_same_and_newer)
{
    struct {
        struct known k;
        uint64_t unknown;
    } given = { { 0, 1, 2, 3 }, 0 };
    struct known got;
    for (size_t size = 0; size <= sizeof(given); size += sizeof(uint64_t)) {
        given.k.size = size;
        memset(&got, 0xff, sizeof(got));
        futu_err err = opts_copy(&got, sizeof(got), LEAST, &given);
        ck_assert_int_eq(err, size < LEAST ? FUTU_EINVAL : FUTU_OK);
        if (err)
            continue;
        ck_assert_uint_eq(got.size, sizeof(got));
        ck_assert_uint_eq(got.second, 2);
        ck_assert_uint_eq(got.added, size < sizeof(got) ? 0 : 3);
    }
    given.unknown = 1;          /* a wish that this library can't know */
    ck_assert_int_eq(opts_copy(&got, sizeof(got), LEAST, &given), FUTU_EINVAL);
    ck_assert_int_eq(opts_copy(&got, sizeof(got), LEAST, NULL), FUTU_EINVAL);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, older_same_and_newer);
}

int main(void)
{
    return run_tcase("opts", add);
}
