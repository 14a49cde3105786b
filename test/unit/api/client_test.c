/* client_test.c - futu_client over loopback TCP and attached: the calls that wait, stop from
 * another thread, loss and return of the gateway, what is refused. */
#include <pthread.h>

#include "host.h"

static struct host host;

static struct seen {
    unsigned ready, lost, stopped, pushes, replies;
    futu_err err, inside;
    double price;
} seen;

static void on_state(futu_client *c, int state, futu_err err, void *arg)
{
    (void)c;
    (void)arg;
    seen.ready += state == FUTU_STATE_READY;
    seen.lost += state == FUTU_STATE_LOST;
    seen.stopped += state == FUTU_STATE_STOPPED;
    if (state != FUTU_STATE_CONNECTING)
        seen.err = err;
}

static void on_push(futu_client *c, uint32_t proto, const void *body, size_t len, const void *msg,
                    void *arg)
{
    (void)c;
    (void)body;
    (void)len;
    (void)arg;
    if (proto != 3005)
        return;
    seen.price = ((const Qot_UpdateBasicQot_Response *)msg)->s2c->basicQotList[0].curPrice;
    seen.pushes++;
}

enum way { ATTACHED, DIALLED };

static futu_client *make_client(enum way way, const char *key, int encryption, int format)
{
    futu_client_opts o = FUTU_CLIENT_OPTS_INIT;
    futu_client *c;
    o.loop = host.loop;
    o.gateway = way == ATTACHED ? host.gateway : NULL;
    o.port = host.port;
    o.rsa_key = key;
    o.encryption = encryption;
    o.format = format;
    o.on_state = on_state;
    o.on_push = on_push;
    memset(&seen, 0, sizeof(seen));
    ck_assert_int_eq(futu_client_new(&c, &o), FUTU_OK);
    return c;
}

static void subscribe(futu_client *c)
{
    static const char *const codes[] = { "HK.00700", "HK.00005" };
    static const int32_t type = Qot_Common_SubType_Basic;
    futu_reply *r;
    futu_err err = futu_subscribe_sync(c, codes, 2, &type, 1, FUTU_SUB_PUSH, &r);
    ck_assert_msg(err == FUTU_OK, "%s", futu_client_error(c));
    ck_assert_int_eq(futu_reply_ret(r), 0);
    futu_reply_free(r);
}

static void use(futu_client *c)
{
    static const char *const codes[] = { "HK.00700" };
    futu_reply *r;
    size_t len;
    futu_err err = futu_client_connect(c);
    ck_assert_msg(err == FUTU_OK, "%s", futu_client_error(c));
    ck_assert_uint_ne(futu_client_conn_id(c), 0);
    ck_assert_int_gt(futu_client_server_ver(c), 0);
    ck_assert_int_eq(futu_client_connect(c), FUTU_OK);      /* already */
    subscribe(c);
    host_until(&host, &seen.pushes, 3);
    ck_assert_double_gt(seen.price, 0);
    ck_assert_int_eq(futu_get_quotes_sync(c, codes, 1, &r), FUTU_OK);
    const Qot_GetBasicQot_Response *m = futu_reply_msg(r);
    ck_assert_uint_eq(m->s2c->n_basicQotList, 1);
    ck_assert_ptr_nonnull(futu_reply_body(r, &len));
    ck_assert_uint_gt(len, 0);
    ck_assert_ptr_nonnull(strstr(futu_reply_json(r), "\"curPrice\":"));
    ck_assert_ptr_eq(futu_reply_json(r), futu_reply_json(r));
    ck_assert_str_eq(futu_reply_text(r), "");
    ck_assert_int_eq(futu_reply_err_code(r), 0);
    futu_reply_free(r);
}

START_TEST(every_mode_both_ways)
{
    host_init(&host, _i / 2 ? HOST_KEY : NULL);
    host_listen(&host);
    for (int way = ATTACHED; way <= DIALLED; way++)
        for (int enc = FUTU_ENC_FTAES_ECB; enc <= (_i / 2 ? FUTU_ENC_AES_CBC : 0); enc++) {
            futu_client *c = make_client(way, _i / 2 ? HOST_KEY : NULL, enc, _i % 2);
            use(c);
            futu_client_free(c);
        }
    host_free(&host);
}
END_TEST

START_TEST(the_three_forms_of_a_call)
{
    static const uint8_t body[] = { 0x0a, 0x02, 0x08, 0x00 };
    GetGlobalState_C2S c2s = { .has_userID = true };
    const GetGlobalState_Request rq = { &c2s };
    futu_reply *r[3];
    host_init(&host, NULL);
    futu_client *c = make_client(ATTACHED, NULL, 0, 0);
    ck_assert_int_eq(futu_client_call_sync(c, 1002, body, sizeof(body), &r[0]), FUTU_ENOTCONN);
    ck_assert_ptr_null(r[0]);
    ck_assert_int_eq(futu_client_connect(c), FUTU_OK);
    ck_assert_int_eq(futu_client_call_sync(c, 1002, body, sizeof(body), &r[0]), FUTU_OK);
    ck_assert_int_eq(futu_client_call_json_sync(c, "getglobalstate", "{\"c2s\":{\"userID\":0}}",
                                                &r[1]), FUTU_OK);
    ck_assert_int_eq(futu_client_call_msg_sync(c, 1002, &rq, &r[2]), FUTU_OK);
    for (size_t i = 0; i < ARRAY_LEN(r); i++) {
        const GetGlobalState_Response *m = futu_reply_msg(r[i]);
        ck_assert(m->s2c->qotLogined);
        futu_reply_free(r[i]);
    }
    ck_assert_int_eq(futu_client_call_json_sync(c, "Qot_GetBasicQot", "{\"c2s\":{\"securityList\":"
                                                "[{\"market\":1,\"code\":\"00700\"}]}}", &r[0]),
                     FUTU_EREFUSED);
    ck_assert_str_eq(futu_reply_text(r[0]), futu_client_error(c));
    ck_assert_uint_gt(strlen(futu_reply_text(r[0])), 0);
    futu_reply_free(r[0]);
    ck_assert_int_eq(futu_client_call_sync(c, 9999, body, sizeof(body), &r[0]), FUTU_EREFUSED);
    ck_assert_ptr_null(futu_reply_msg(r[0]));
    ck_assert_ptr_null(futu_reply_json(r[0]));
    futu_reply_free(r[0]);
    futu_client_free(c);
    host_free(&host);
}
END_TEST

static void wait_inside(futu_client *c, futu_err err, futu_reply *r, void *arg)
{
    futu_reply *out;
    (void)r;
    (void)arg;
    ck_assert_int_eq(err, FUTU_OK);
    seen.inside = futu_get_global_state_sync(c, &out);
    ck_assert_int_eq(futu_client_connect(c), FUTU_EBUSY);
    ck_assert_ptr_null(out);
    seen.replies++;
}

START_TEST(waiting_inside_a_callback_is_refused)
{
    host_init(&host, NULL);
    futu_client *c = make_client(ATTACHED, NULL, 0, 0);
    ck_assert_int_eq(futu_client_connect(c), FUTU_OK);
    ck_assert_int_eq(futu_get_global_state(c, wait_inside, NULL), FUTU_OK);
    host_until(&host, &seen.replies, 1);
    ck_assert_int_eq(seen.inside, FUTU_EBUSY);
    futu_client_free(c);
    host_free(&host);
}
END_TEST

static void *stop_client(void *arg)
{
    futu_client_stop(arg);
    return NULL;
}

START_TEST(stop_from_another_thread)
{
    pthread_t other;
    host_init(&host, NULL);
    host_listen(&host);
    futu_client *c = make_client(DIALLED, NULL, 0, 0);
    ck_assert_int_eq(futu_client_connect(c), FUTU_OK);
    ck_assert_int_eq(pthread_create(&other, NULL, stop_client, c), 0);
    host_until(&host, &seen.stopped, 1);
    pthread_join(other, NULL);
    ck_assert_int_eq(seen.err, FUTU_OK);
    ck_assert_uint_eq(futu_client_conn_id(c), 0);
    ck_assert_int_eq(futu_client_connect(c), FUTU_OK);      /* and once more */
    futu_client_free(c);
    host_free(&host);
}
END_TEST

START_TEST(the_gateway_goes_and_comes_back)
{
    host_init(&host, NULL);
    host_listen(&host);
    futu_client *c = make_client(DIALLED, NULL, 0, 0);
    ck_assert_int_eq(futu_client_connect(c), FUTU_OK);
    subscribe(c);
    host_until(&host, &seen.pushes, 1);
    host_cut(&host);
    host_until(&host, &seen.ready, 2);
    ck_assert_uint_eq(seen.lost, 1);
    ck_assert_uint_eq(host.accepted, 2);
    seen.pushes = 0;
    host_until(&host, &seen.pushes, 2);         /* without having asked again */
    host_close(&host);
    host_until(&host, &seen.lost, 4);
    ck_assert_int_eq(seen.err, FUTU_EREFUSED);
    host_listen(&host);
    host_until(&host, &seen.ready, 3);
    futu_client_free(c);
    host_free(&host);
}
END_TEST

START_TEST(nobody_listens)
{
    host_init(&host, NULL);
    host_listen(&host);
    host_close(&host);
    futu_client *c = make_client(DIALLED, NULL, 0, 0);
    ck_assert_int_eq(futu_client_connect(c), FUTU_EREFUSED);
    ck_assert_uint_gt(strlen(futu_client_error(c)), 0);
    host_listen(&host);
    host_until(&host, &seen.ready, 1);          /* it went on trying */
    futu_client_free(c);
    host_free(&host);
}
END_TEST

START_TEST(an_own_loop_and_no_gateway)
{
    futu_client_opts o = FUTU_CLIENT_OPTS_INIT;
    futu_client *c;
    host_init(&host, NULL);
    host_listen(&host);
    host_close(&host);
    o.port = host.port;
    o.host = "localhost";
    o.no_reconnect = 1;
    ck_assert_int_eq(futu_client_new(&c, &o), FUTU_OK);
    ck_assert_ptr_nonnull(futu_client_loop(c));
    ck_assert_int_eq(futu_client_connect(c), FUTU_EREFUSED);
    futu_loop_run(futu_client_loop(c));         /* nothing is left to do */
    futu_client_free(c);
    host_free(&host);
}
END_TEST

START_TEST(the_gateway_is_freed_before_the_client)
{
    host_init(&host, NULL);
    futu_client *c = make_client(ATTACHED, NULL, 0, 0);
    futu_client *idle = make_client(ATTACHED, NULL, 0, 0);
    ck_assert_int_eq(futu_client_connect(c), FUTU_OK);
    futu_gateway_free(host.gateway);
    host.gateway = NULL;
    host_until(&host, &seen.stopped, 1);
    ck_assert_int_eq(seen.err, FUTU_ECANCELED);
    ck_assert_int_eq(futu_client_connect(c), FUTU_ECANCELED);
    ck_assert_int_eq(futu_client_connect(idle), FUTU_ECANCELED);
    futu_client_free(idle);
    futu_client_free(c);
    host_free(&host);
}
END_TEST

START_TEST(options_are_checked)
{
    futu_client *c;
    futu_loop *other;
    host_init(&host, NULL);
    ck_assert_int_eq(futu_loop_new(&other), FUTU_OK);
    const futu_client_opts fine = FUTU_CLIENT_OPTS_INIT;
    futu_client_opts bad[8];
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        bad[i] = fine;
    bad[0].size = 4;
    bad[1].port = 65536;
    bad[2].encryption = 3;
    bad[3].format = 2;
    bad[4].gateway = host.gateway;
    bad[4].loop = other;
    bad[5].format = -1;
    bad[6].encryption = -2;
    bad[7].size = 1;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        ck_assert_int_eq(futu_client_new(&c, &bad[i]), FUTU_EINVAL);
        ck_assert_ptr_null(c);
    }
    futu_client_opts o = fine;
    o.rsa_key = "test/data/no-such-file.pem";
    ck_assert_int_eq(futu_client_new(&c, &o), FUTU_EIO);
    o.rsa_key = "test/data/enums.tsv";
    ck_assert_int_eq(futu_client_new(&c, &o), FUTU_EFORMAT);
    futu_loop_free(other);
    host_free(&host);
}
END_TEST

START_TEST(the_gateway_checks_its_options)
{
    futu_gateway *g;
    char why[200];
    host_init(&host, NULL);
    const futu_gateway_opts fine = FUTU_GATEWAY_OPTS_INIT;
    futu_gateway_opts o[7];
    static const futu_err want[] = { FUTU_EINVAL, FUTU_EINVAL, FUTU_EINVAL, FUTU_EIO, FUTU_EFORMAT,
                                     FUTU_EFORMAT, FUTU_EINVAL };
    for (size_t i = 0; i < ARRAY_LEN(o); i++) {
        o[i] = fine;
        o[i].loop = host.loop;
        o[i].upstream = FUTU_UPSTREAM_PAPER;
    }
    o[0].loop = NULL;
    o[1].upstream = 0;
    o[2].push_proto_fmt = 2;
    o[3].rsa_private_key = "test/data/no-such-file.pem";
    o[4].rsa_private_key = "test/data/enums.tsv";
    o[5].paper_clock = "x0";
    o[6].websocket_key_md5 = "abc";
    for (size_t i = 0; i < ARRAY_LEN(o); i++) {
        ck_assert_int_eq(futu_gateway_new(&g, &o[i], why, sizeof(why)), want[i]);
        ck_assert_ptr_null(g);
        ck_assert_uint_gt(strlen(why), 0);
        ck_assert_int_eq(futu_gateway_new(&g, &o[i], NULL, 0), want[i]);
    }
    futu_gateway_stats st = { .size = sizeof(st) };
    ck_assert_int_eq(futu_gateway_stats_get(host.gateway, &st), FUTU_OK);
    ck_assert_uint_ge(st.securities, 3000);
    host_free(&host);
}
END_TEST

/* A client's life beside a gateway that is there already. */
static void live_once(void)
{
    futu_client_opts o = FUTU_CLIENT_OPTS_INIT;
    static const char *const codes[] = { "HK.00700" };
    static const int32_t type = Qot_Common_SubType_Basic;
    futu_client *c;
    futu_reply *r;
    o.gateway = host.gateway;
    o.rsa_key = HOST_KEY;
    o.no_reconnect = 1;
    o.timeout_ms = 2000;
    if (futu_client_new(&c, &o))
        return;
    if (futu_client_connect(c) == FUTU_OK) {
        futu_subscribe_sync(c, codes, 1, &type, 1, FUTU_SUB_PUSH, &r);
        futu_reply_free(r);
    }
    futu_client_free(c);
}

START_TEST(every_failed_allocation_is_clean)
{
    host_init(&host, HOST_KEY);
    live_once();
    for (long n = 0; test_alloc_fail_at(n); n++)
        live_once();
    host_free(&host);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, every_mode_both_ways, 0, 4);
    tcase_add_test(tc, the_three_forms_of_a_call);
    tcase_add_test(tc, waiting_inside_a_callback_is_refused);
    tcase_add_test(tc, stop_from_another_thread);
    tcase_add_test(tc, the_gateway_goes_and_comes_back);
    tcase_add_test(tc, nobody_listens);
    tcase_add_test(tc, an_own_loop_and_no_gateway);
    tcase_add_test(tc, the_gateway_is_freed_before_the_client);
    tcase_add_test(tc, options_are_checked);
    tcase_add_test(tc, the_gateway_checks_its_options);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("api client", add);
}
