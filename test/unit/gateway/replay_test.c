/* replay_test.c - no number is ever accepted twice, whatever the order; answers are kept. */
#include "gateway/replay.h"

#include "support.h"

#define RANGE 100000

static void digest_of(uint32_t number, uint8_t out[32])
{
    replay_digest(2202, (const uint8_t *)&number, sizeof(number), out);
}

START_TEST(never_the_same_number_twice)
{
    static bool used[RANGE];
    struct replay r = { NULL, 0, 0 };
    struct replay_entry *hit;
    uint64_t rnd = 11;
    uint8_t digest[32];
    size_t accepted = 0, repeats = 0, stale = 0;
    for (uint32_t i = 0; i < 200000; i++) {
        rnd = rnd * UINT64_C(6364136223846793005) + 1442695040888963407u;
        uint32_t around = i / 2 % RANGE, back = (uint32_t)(rnd >> 40) % 3000;
        uint32_t number = back > around ? 0 : around - back;
        digest_of(number, digest);
        switch (replay_look(&r, number, digest, &hit)) {
        case REPLAY_NEW:
            ck_assert(!used[number]);
            used[number] = true;
            ck_assert_ptr_nonnull(replay_add(&r, number, digest));
            accepted++;
            break;
        case REPLAY_REPEAT:
            ck_assert(used[number]);
            ck_assert_uint_eq(hit->serial, number);
            repeats++;
            break;
        case REPLAY_STALE:
            stale++;
            break;
        default:
            ck_abort_msg("the body was the same");
        }
        ck_assert_uint_le(r.n, REPLAY_WINDOW);
    }
    ck_assert_uint_gt(accepted, 20000);
    ck_assert_uint_gt(repeats, 10000);
    ck_assert_uint_gt(stale, 10000);
    replay_free(&r);
}
END_TEST

START_TEST(another_body_or_protocol_is_told_apart)
{
    struct replay r = { NULL, 0, 0 };
    struct replay_entry *hit;
    uint8_t a[32], b[32];
    replay_digest(2202, (const uint8_t *)"x", 1, a);
    replay_digest(2205, (const uint8_t *)"x", 1, b);
    struct replay_entry *e = replay_add(&r, 0, a);
    ck_assert_int_eq(replay_look(&r, 0, b, &hit), REPLAY_OTHER_BODY);
    ck_assert_int_eq(replay_look(&r, 0, a, &hit), REPLAY_REPEAT);
    ck_assert_ptr_eq(hit, e);
    replay_answer(e, (const uint8_t *)"yes", 3);
    ck_assert_uint_eq(hit->n, 3);
    ck_assert_mem_eq(hit->answer, "yes", 3);
    replay_drop(&r, e);
    ck_assert_int_eq(replay_look(&r, 0, b, &hit), REPLAY_NEW);
    replay_free(&r);
}
END_TEST

START_TEST(no_memory_is_a_refusal)
{
    uint8_t digest[32] = { 0 };
    struct replay r = { NULL, 0, 0 };
    for (uint32_t i = 0; i < 16; i++)
        ck_assert_ptr_nonnull(replay_add(&r, i, digest));
    mem_fail_at(0);
    ck_assert_ptr_null(replay_add(&r, 100, digest));
    mem_fail_at(1);
    ck_assert_ptr_null(replay_add(&r, 100, digest));
    mem_fail_at(0);
    replay_answer(r.entries[3], (const uint8_t *)"yes", 3);
    ck_assert_ptr_null(r.entries[3]->answer);
    mem_fail_at(-1);
    ck_assert_uint_eq(r.n, 16);
    replay_free(&r);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, never_the_same_number_twice);
    tcase_add_test(tc, another_body_or_protocol_is_told_apart);
    tcase_add_test(tc, no_memory_is_a_refusal);
}

int main(void)
{
    return run_tcase("replay", add);
}
