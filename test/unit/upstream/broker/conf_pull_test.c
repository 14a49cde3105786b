/* conf_pull_test.c - when the remote configuration is asked for, and what comes of each answer. */
#include "upstream/broker/conf_pull.h"

#include <stdio.h>

#include "crypt/totp.h"
#include "support.h"

static struct {
    struct clock_fake time;
    struct timers timers;
    struct auth_server server;
    struct conf_pull pull;
    unsigned sent, changed, first;
    futu_err refuse;
    char url[300], target[300], body[300];
    https_done *done;           /* NULL: nothing is under way */
    void *done_arg;
    char host[64];              /* that came, of identity 1 */
    int64_t again_s;
} w;

static futu_err send_call(void *arg, void **call, const struct https_request *rq, https_done *done,
                          void *done_arg)
{
    (void)arg;
    if (w.refuse)
        return w.refuse;
    w.sent++;
    str_copy(w.url, sizeof(w.url), rq->url);
    str_copy(w.target, sizeof(w.target), rq->target);
    str_copy(w.body, sizeof(w.body), rq->body);
    w.done = done;
    w.done_arg = done_arg;
    *call = &w;
    return FUTU_OK;
}

static void cancel_call(void *arg, void *call)
{
    (void)arg, (void)call;
    w.done = NULL;
}

static void on_changed(void *arg, const struct remote_conf *c)
{
    (void)arg;
    w.changed++;
    w.again_s = c->again_s;
    const struct conf_addrs *a = conf_of(c, 1);
    str_copy(w.host, sizeof(w.host), str_c(a && a->guaranteed.n ? a->guaranteed.a[0].host : ""));
}

static void on_first(void *arg)
{
    (void)arg;
    w.first++;
}

static void begin(const char *url, const char *key)
{
    char why[200];
    memset(&w, 0, sizeof(w));
    w.time = (struct clock_fake){ 1000 * NS_PER_S, INT64_C(1775000000) * NS_PER_S };
    ck_assert_int_eq(auth_server_choose(&w.server, url, NULL, why, sizeof(why)), FUTU_OK);
    w.pull = (struct conf_pull){
        .clock = clock_fake(&w.time), .timers = &w.timers,
        .http = { send_call, cancel_call, NULL }, .server = &w.server,
        .changed = on_changed, .first = on_first,
    };
    if (key)
        ck_assert_int_eq(conf_key_read(&w.pull.key, str_c(key)), FUTU_OK);
}

static void pass(int64_t s)
{
    clock_fake_advance(&w.time, s * NS_PER_S);
    timers_run(&w.timers, w.time.mono_ns);
}

static void answer(futu_err err, int status, const char *body)
{
    https_done *done = w.done;
    ck_assert_ptr_nonnull(done);
    w.done = NULL;
    done(w.done_arg, &(struct https_reply){ .err = err, .why = "tcp: no", .status = status,
                                            .body = str_c(body) });
}

#define GOOD                                                                                       \
    "{\"conf_info\":{\"guaranteed_ip_for_conn\":{\"1\":[\"10.0.0.1\"]},\"limit_time\":600}}"

START_TEST(it_is_asked_for_with_the_code_of_the_servers_time)
{
    char code[TOTP_DIGITS + 1], want[80];
    begin("http://127.0.0.1:4000", "the key");
    conf_pull_start(&w.pull, 90);
    totp("the key", 7, 1775000090, code);
    snprintf(want, sizeof(want), "{\"auth_token\":\"%s\"}", code);
    ck_assert_str_eq(w.url, "http://127.0.0.1:4000");
    ck_assert_str_eq(w.target, "/v2/conf/select_all");
    ck_assert_str_eq(w.body, want);
    ck_assert_uint_eq(w.first, 0);
    answer(FUTU_OK, 200, GOOD);
    ck_assert_uint_eq(w.first, 1);
    ck_assert_uint_eq(w.changed, 1);
    ck_assert_str_eq(w.host, "10.0.0.1");
    pass(599);
    ck_assert_uint_eq(w.sent, 1);
    pass(1);
    ck_assert_uint_eq(w.sent, 2);
    answer(FUTU_OK, 200, GOOD);
    ck_assert_uint_eq(w.first, 1);
    ck_assert_uint_eq(w.changed, 2);
    conf_pull_stop(&w.pull);
}
END_TEST

START_TEST(the_platforms_own_host_is_asked)
{
    begin(NULL, "k");
    conf_pull_start(&w.pull, 0);
    ck_assert_str_eq(w.url, "https://api.futunn.com");
    conf_pull_stop(&w.pull);
    begin("https://auth.moomoo.com", "k");
    conf_pull_start(&w.pull, 0);
    ck_assert_str_eq(w.url, "https://api.moomoo.com");
    conf_pull_stop(&w.pull);
}
END_TEST

START_TEST(without_a_key_nothing_is_sent)
{
    begin(NULL, NULL);
    conf_pull_start(&w.pull, 0);
    ck_assert_uint_eq(w.first, 1);
    pass(100000);
    conf_pull_start(&w.pull, 0);
    ck_assert_uint_eq(w.sent, 0);
    ck_assert_uint_eq(w.first, 1);
    conf_pull_stop(&w.pull);
}
END_TEST

START_TEST(a_failure_stops_nothing_and_is_followed_by_another_try)
{
    static const struct {
        futu_err err;
        int status;
        const char *body;
    } rows[] = { { FUTU_ETIMEDOUT, 0, "" }, { FUTU_OK, 403, "{}" }, { FUTU_OK, 200, "{" },
                 { FUTU_OK, 200, "{\"conf_info\":7}" } };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        begin(NULL, "k");
        conf_pull_start(&w.pull, 0);
        answer(rows[i].err, rows[i].status, rows[i].body);
        ck_assert_uint_eq(w.first, 1);
        ck_assert_uint_eq(w.changed, 0);
        pass(CONF_AGAIN_MIN_S);
        ck_assert_uint_eq(w.sent, 2);
        answer(FUTU_OK, 200, GOOD);
        ck_assert_uint_eq(w.changed, 1);
        conf_pull_stop(&w.pull);
    }
    begin(NULL, "k");
    w.refuse = FUTU_ENOMEM;
    conf_pull_start(&w.pull, 0);
    ck_assert_uint_eq(w.first, 1);
    w.refuse = FUTU_OK;
    pass(CONF_AGAIN_MIN_S);
    ck_assert_uint_eq(w.sent, 1);
    conf_pull_stop(&w.pull);
}
END_TEST

START_TEST(a_late_answer_is_not_waited_for_and_still_counts)
{
    begin(NULL, "k");
    conf_pull_start(&w.pull, 0);
    pass(2);
    ck_assert_uint_eq(w.first, 0);
    pass(1);
    ck_assert_uint_eq(w.first, 1);
    answer(FUTU_OK, 200, GOOD);
    ck_assert_uint_eq(w.first, 1);
    ck_assert_uint_eq(w.changed, 1);
    conf_pull_stop(&w.pull);
    ck_assert_uint_eq(w.sent, 1);
}
END_TEST

START_TEST(stopping_cancels)
{
    begin(NULL, "k");
    conf_pull_start(&w.pull, 0);
    conf_pull_stop(&w.pull);
    ck_assert(w.done == NULL);
    pass(100000);
    ck_assert_uint_eq(w.sent, 1);
    struct conf_pull never = { .begun = false };
    conf_pull_stop(&never);
}
END_TEST

START_TEST(keys_are_text_or_hex)
{
    struct secret s = SECRET_NULL;
    ck_assert_int_eq(conf_key_read(&s, STR("abc")), FUTU_OK);
    ck_assert_uint_eq(s.n, 3);
    ck_assert_int_eq(conf_key_read(&s, STR("hex:00ff")), FUTU_OK);
    ck_assert_uint_eq(s.n, 2);
    ck_assert_uint_eq(s.p[1], 0xff);
    secret_wipe(&s);
    static const char *const bad[] = { "", "hex:", "hex:0", "hex:0g" };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        ck_assert_int_eq(conf_key_read(&s, str_c(bad[i])), FUTU_EINVAL);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, it_is_asked_for_with_the_code_of_the_servers_time);
    tcase_add_test(tc, the_platforms_own_host_is_asked);
    tcase_add_test(tc, without_a_key_nothing_is_sent);
    tcase_add_test(tc, a_failure_stops_nothing_and_is_followed_by_another_try);
    tcase_add_test(tc, a_late_answer_is_not_waited_for_and_still_counts);
    tcase_add_test(tc, stopping_cancels);
    tcase_add_test(tc, keys_are_text_or_hex);
}

int main(void)
{
    return run_tcase("broker configuration, asked for", add);
}
