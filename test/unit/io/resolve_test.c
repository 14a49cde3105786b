/* resolve_test.c - names of this machine; no other is asked. */
#include "io/resolve.h"

#include <netdb.h>
#include <netinet/in.h>

#include "support.h"

struct asked {
    futu_loop *loop;
    unsigned done;
    futu_err err;
    size_t n;
    char first[RESOLVE_ADDR];
};

static void on_done(void *arg, futu_err err, const char (*found)[RESOLVE_ADDR], size_t n)
{
    struct asked *a = arg;
    a->done++;
    a->err = err;
    a->n = n;
    if (n)
        str_copy(a->first, sizeof(a->first), str_c(found[0]));
    futu_loop_stop(a->loop);
}

START_TEST(localhost_is_found_ipv4_first)
{
    struct asked a = { .done = 0 };
    struct resolving *r;
    ck_assert_int_eq(futu_loop_new(&a.loop), FUTU_OK);
    ck_assert_int_eq(resolve_name(&r, a.loop, "localhost", on_done, &a), FUTU_OK);
    ck_assert_uint_eq(a.done, 0);
    futu_loop_run(a.loop);
    ck_assert_uint_eq(a.done, 1);
    ck_assert_int_eq(a.err, FUTU_OK);
    ck_assert_str_eq(a.first, "127.0.0.1");
    futu_loop_free(a.loop);
}
END_TEST

START_TEST(both_families_are_tried_by_turns)
{
    struct sockaddr_in v4[3] = { { .sin_family = AF_INET } };
    struct sockaddr_in6 v6[2] = { { .sin6_family = AF_INET6 } };
    struct addrinfo all[5] = {
        { .ai_family = AF_INET6, .ai_addr = (struct sockaddr *)&v6[0], .ai_next = &all[1] },
        { .ai_family = AF_INET6, .ai_addr = (struct sockaddr *)&v6[1], .ai_next = &all[2] },
        { .ai_family = AF_INET, .ai_addr = (struct sockaddr *)&v4[0], .ai_next = &all[3] },
        { .ai_family = AF_INET, .ai_addr = (struct sockaddr *)&v4[1], .ai_next = &all[4] },
        { .ai_family = AF_INET, .ai_addr = (struct sockaddr *)&v4[2] },
    };
    const struct sockaddr *out[8];
    ck_assert_uint_eq(resolve_mix(all, out, 8), 5);
    ck_assert(out[0] == all[2].ai_addr && out[1] == all[0].ai_addr);
    ck_assert(out[2] == all[3].ai_addr && out[3] == all[1].ai_addr);
    ck_assert(out[4] == all[4].ai_addr);
    ck_assert_uint_eq(resolve_mix(all, out, 3), 3);
    ck_assert_uint_eq(resolve_mix(&all[2], out, 8), 3);
    ck_assert_uint_eq(resolve_mix(NULL, out, 8), 0);
}
END_TEST

START_TEST(a_numeric_address_is_itself)
{
    struct asked a = { .done = 0 };
    struct resolving *r;
    ck_assert_int_eq(futu_loop_new(&a.loop), FUTU_OK);
    ck_assert_int_eq(resolve_name(&r, a.loop, "127.0.0.9", on_done, &a), FUTU_OK);
    futu_loop_run(a.loop);
    ck_assert_uint_eq(a.n, 1);
    ck_assert_str_eq(a.first, "127.0.0.9");
    futu_loop_free(a.loop);
}
END_TEST

START_TEST(what_is_no_name_is_not_found)
{
    struct asked a = { .done = 0 };
    struct resolving *r;
    ck_assert_int_eq(futu_loop_new(&a.loop), FUTU_OK);
    ck_assert_int_eq(resolve_name(&r, a.loop, "no name at all", on_done, &a), FUTU_OK);
    futu_loop_run(a.loop);
    ck_assert_int_eq(a.err, FUTU_ENOTFOUND);
    ck_assert_uint_eq(a.n, 0);
    futu_loop_free(a.loop);
}
END_TEST

START_TEST(a_cancelled_question_tells_nothing)
{
    struct asked a = { .done = 0 };
    struct resolving *r;
    ck_assert_int_eq(futu_loop_new(&a.loop), FUTU_OK);
    ck_assert_int_eq(resolve_name(&r, a.loop, "localhost", on_done, &a), FUTU_OK);
    resolve_cancel(r);
    resolve_cancel(NULL);
    futu_loop_run(a.loop);
    ck_assert_uint_eq(a.done, 0);
    futu_loop_free(a.loop);
}
END_TEST

START_TEST(a_failed_allocation_is_clean)
{
    struct asked a = { .done = 0 };
    struct resolving *r;
    ck_assert_int_eq(futu_loop_new(&a.loop), FUTU_OK);
    mem_fail_at(0);
    ck_assert_int_eq(resolve_name(&r, a.loop, "localhost", on_done, &a), FUTU_ENOMEM);
    mem_fail_at(-1);
    ck_assert_ptr_null(r);
    futu_loop_free(a.loop);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, localhost_is_found_ipv4_first);
    tcase_add_test(tc, both_families_are_tried_by_turns);
    tcase_add_test(tc, a_numeric_address_is_itself);
    tcase_add_test(tc, what_is_no_name_is_not_found);
    tcase_add_test(tc, a_cancelled_question_tells_nothing);
    tcase_add_test(tc, a_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("resolve", add);
}
