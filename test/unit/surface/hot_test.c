/* hot_test.c - answers that stand until the next event. */
#include "surface/hot.h"

#include "base/mem.h"
#include "support.h"

static struct hot t;

static void teardown(void)
{
    hot_free(&t);
}

static futu_http_request ask(const char *target, const char *body)
{
    futu_http_request rq = FUTU_HTTP_REQUEST_INIT;
    rq.method = STR("POST");
    rq.target = str_c(target);
    rq.body = str_c(body);
    return rq;
}

static void keep(const futu_http_request *rq, uint64_t version, const char *answer)
{
    struct hot_request k;
    struct hot_entry e = { .version = version, .until = 100 };
    hot_request(&k, rq);
    hot_keep(&t, &k, &e, str_c(answer));
}

static const char *find(const futu_http_request *rq, uint64_t version, int64_t now)
{
    static char text[64];
    struct hot_request k;
    hot_request(&k, rq);
    const struct hot_entry *e = hot_find(&t, &k, version, now);
    if (!e)
        return NULL;
    ck_assert(str_copy(text, sizeof(text), buf_str(&e->answer)));
    return text;
}

START_TEST(the_same_request_gets_the_answer_until_the_next_event_or_its_time)
{
    futu_http_request rq = ask("/api/quote", "{\"symbol\":\"HK.00700\"}");
    ck_assert_ptr_null(find(&rq, 1, 0));
    keep(&rq, 1, "one");
    ck_assert_str_eq(find(&rq, 1, 99), "one");
    ck_assert_ptr_null(find(&rq, 2, 99));
    ck_assert_ptr_null(find(&rq, 1, 100));
    keep(&rq, 2, "two");
    ck_assert_str_eq(find(&rq, 2, 0), "two");
}
END_TEST

START_TEST(another_key_host_target_or_body_is_another_request)
{
    futu_http_request rq = ask("/api/quote", "{}"), other = rq;
    rq.authorization = STR("Bearer a");
    keep(&rq, 1, "a's");
    ck_assert_ptr_null(find(&other, 1, 0));
    other.authorization = STR("Bearer b");
    ck_assert_ptr_null(find(&other, 1, 0));
    other = rq;
    other.host = STR("evil.example");
    ck_assert_ptr_null(find(&other, 1, 0));
    other = rq;
    other.target = STR("/api/quote{}");
    other.body = STR("");
    ck_assert_ptr_null(find(&other, 1, 0));
    ck_assert_str_eq(find(&rq, 1, 0), "a's");
}
END_TEST

START_TEST(what_is_long_or_comes_from_a_page_is_not_kept)
{
    static char big[HOT_ANSWER + 2], body[HOT_REQUEST + 2];
    futu_http_request rq = ask("/api/quote", "{}");
    memset(big, 'x', sizeof(big) - 1);
    memset(body, 'x', sizeof(body) - 1);
    keep(&rq, 1, big);
    ck_assert_ptr_null(find(&rq, 1, 0));
    rq.body = str_c(body);
    keep(&rq, 1, "long");
    ck_assert_ptr_null(find(&rq, 1, 0));
    rq = ask("/api/quote", "{}");
    rq.origin = STR("http://localhost");
    keep(&rq, 1, "page");
    ck_assert_ptr_null(find(&rq, 1, 0));
}
END_TEST

START_TEST(without_memory_nothing_is_kept_and_nothing_breaks)
{
    futu_http_request rq = ask("/api/quote", "{}");
    for (long i = 1; i < 5; i++) {
        hot_free(&t);
        mem_fail_at(i);
        keep(&rq, 1, "kept");
        bool failed = mem_failed();
        mem_fail_at(-1);
        const char *found = find(&rq, 1, 0);
        ck_assert(failed ? !found : strcmp(found, "kept") == 0);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, NULL, teardown);
    tcase_add_test(tc, the_same_request_gets_the_answer_until_the_next_event_or_its_time);
    tcase_add_test(tc, another_key_host_target_or_body_is_another_request);
    tcase_add_test(tc, what_is_long_or_comes_from_a_page_is_not_kept);
    tcase_add_test(tc, without_memory_nothing_is_kept_and_nothing_breaks);
}

int main(void)
{
    return run_tcase("hot", add);
}
