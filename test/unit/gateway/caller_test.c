/* caller_test.c - callers without a wire: their connection, their subscriptions, and the clients of
 * /ws that watch them. */
#include "rails.h"

#include <stdio.h>
#include <sys/uio.h>

#include "gateway/state.h"

#define PUSH "0800120018002203aabbcc"
#define PRESENT "0800120018002203ddeeff"

static struct rails k;
static struct told t;
static struct peer v, w;

static void setup(void)
{
    rails_begin(&k);
    rails_key(&k, "key", "\"qot:read\",\"acc:read\"", "");
    rails_key(&k, "other", "\"qot:read\",\"acc:read\"", "");
    rails_save(&k);
    rails_open(&k, NULL);
    rig_answer(&k.r, 2001, REFUSED);
    memset(&t, 0, sizeof(t));
}

static void teardown(void)
{
    told_free(&t);
    rails_close(&k);
}

static void sub(futu_conn *c, const char *code, const int32_t *types, bool on, int first)
{
    Qot_Common_Security sec = { .code = str_c(code) };
    int32_t list[8];
    Qot_Sub_C2S c2s = { .securityList = &sec, .n_securityList = 1, .subTypeList = list };
    Qot_Sub_Request rq = { &c2s };
    SET(&sec, market, 1);
    for (; *types != -1; types++)
        list[c2s.n_subTypeList++] = *types;
    SET(&c2s, isSubOrUnSub, on);
    SET(&c2s, isRegOrUnRegPush, true);
    SET(&c2s, isFirstPush, first);
    told_ask(&t, c, 3001, &rq);
    ck_assert_msg(t.times == 1 && t.deny == DENY_NONE && t.ret == 0, "%s", t.text);
}

static futu_conn *rest(const char *id)
{
    return rails_caller(&k, IFACE_REST, id);
}

static void push(const char *hex)
{
    rig_push(&k.r, 3005, 1, 0, hex, false);
}

static void got(struct peer *p, const char *part)
{
    const char *text = viewer_next(p);
    ck_assert_msg(text && strstr(text, part), "%s is not in %s", part, text ? text : "nothing");
}

static void nothing(struct peer *p)
{
    const char *text = viewer_next(p);
    ck_assert_msg(!text, "%s", text);
}

START_TEST(one_connection_stands_for_a_key_on_a_surface)
{
    ck_assert_ptr_eq(rest("key"), rest("key"));
    ck_assert_ptr_ne(rest("key"), rest("other"));
    ck_assert_ptr_ne(rest("key"), rails_caller(&k, IFACE_GRPC, "key"));
    ck_assert_ptr_ne(rest(NULL), rest("key"));
    ck_assert_uint_ne(hub_conn_id(rest("key")), hub_conn_id(rest("other")));
    futu_gateway_stats st = { .size = sizeof(st) };
    hub_stats_get(k.r.hub, &st);
    ck_assert_uint_eq(st.connections, 4);
}
END_TEST

static void never(struct hub_call *call, const struct hub_reply *r)
{
    (void)call;
    (void)r;
    ck_abort_msg("it has been dropped");
}

START_TEST(a_read_that_nobody_waits_for_is_dropped_upstream)
{
    static const char body[] = "\x0a\x0b\x0a\x09\x08\x01\x12\x05" "00700";
    struct hub_call call = { .proto = 3223, .fmt = FRAME_PROTOBUF, .body = (const uint8_t *)body,
                             .len = sizeof(body) - 1, .endpoint = "test", .done = never };
    hub_call(rest("key"), &call);
    ck_assert_uint_eq(rig_waiting(&k.r, 3223), 1);
    ck_assert(hub_call_drop(&call));
    ck_assert_uint_eq(rig_waiting(&k.r, 3223), 0);
    ck_assert(!hub_call_drop(&call));
    rig_pass(&k.r, 20 * NS_PER_S);
}
END_TEST

START_TEST(subscriptions_outlive_their_calls)
{
    sub(rest("key"), "00700", TYPES(1), true, 0);
    ck_assert_str_eq((char *)k.r.fake.log.p, "+1.00700/1/0 ");
    rig_pass(&k.r, 3600 * NS_PER_S);
    ck_assert_str_eq((char *)k.r.fake.log.p, "+1.00700/1/0 ");
    told_ask_bytes(&t, rest("key"), 3003, "\x0a\x02\x08\x00", 4);
    ck_assert_ptr_nonnull(memmem(t.body.p, t.body.n, "00700", 5));
    told_ask_bytes(&t, rest("other"), 3003, "\x0a\x02\x08\x00", 4);
    ck_assert_ptr_null(memmem(t.body.p, t.body.n, "00700", 5));
    sub(rest("key"), "00700", TYPES(1), false, 0);
    ck_assert_ptr_nonnull(strstr((char *)k.r.fake.log.p, "-1.00700/1/0"));
}
END_TEST

START_TEST(subscriptions_go_with_their_key)
{
    sub(rest("key"), "00700", TYPES(1), true, 0);
    rails_key(&k, "other", "\"qot:read\"", "");
    rails_save(&k);
    rails_reload(&k);
    rig_turn(&k.r);
    rig_pass(&k.r, 60 * NS_PER_S);
    ck_assert_ptr_nonnull(strstr((char *)k.r.fake.log.p, "-1.00700/1/0"));
}
END_TEST

START_TEST(viewers_see_what_their_caller_has)
{
    viewer_open(&v, &k, "key", false);
    viewer_open(&w, &k, "other", false);
    sub(rest("key"), "00700", TYPES(1), true, 0);
    push(PUSH);
    got(&v, "{\"type\":\"quote\",\"proto_id\":3005,\"sec_key\":\"1_00700\",\"sub_type\":1,"
            "\"rehab_type\":0,\"seq\":1,\"body_b64\":\"CAASABgAIgOqu8w=\"}");
    nothing(&w);
    rig_push(&k.r, 3013, 2, 0, PUSH, false);            /* not subscribed */
    nothing(&v);
    peer_close(&v);
    peer_close(&w);
    push(PUSH);
}
END_TEST

START_TEST(surfaces_do_not_share_their_viewers)
{
    viewer_open(&v, &k, "key", false);
    sub(rails_caller(&k, IFACE_GRPC, "key"), "00700", TYPES(1), true, 0);
    push(PUSH);
    nothing(&v);
    peer_close(&v);
}
END_TEST

START_TEST(a_viewer_is_shown_the_present_first)
{
    k.r.fake.current = PRESENT;
    sub(rest("key"), "00700", TYPES(1, 2), true, 0);
    viewer_open(&v, &k, "key", false);
    got(&v, "\"sub_type\":1,\"rehab_type\":0,\"seq\":0,\"body_b64\":\"CAASABgAIgPd7v8=\"");
    got(&v, "\"sub_type\":2,");
    nothing(&v);
    push(PUSH);
    got(&v, "\"seq\":1,\"body_b64\":\"CAASABgAIgOqu8w=\"");
    viewer_open(&w, &k, "key", false);
    got(&w, "\"sub_type\":1,\"rehab_type\":0,\"seq\":1,");
    peer_close(&v);
    peer_close(&w);
}
END_TEST

START_TEST(what_a_viewer_subscribed_itself_comes_once)
{
    viewer_open(&v, &k, "key", false);
    viewer_open(&w, &k, "key", false);
    sub(rest("key"), "00700", TYPES(1), true, 0);
    sub(v.c, "00700", TYPES(1), true, 0);
    push(PUSH);
    got(&v, "\"seq\":1");
    nothing(&v);
    got(&w, "\"seq\":1");
    sub(v.c, "00005", TYPES(1), true, 0);
    struct upstream_push p = { .proto = 3005, .key = { 1, 1, 0, "00005" },
                               .body = (const uint8_t *)"\x08\x00", .len = 2 };
    k.r.events.push(k.r.events.arg, &p);
    got(&v, "1_00005");
    nothing(&w);
    peer_close(&v);
    push(PUSH);
    got(&w, "\"seq\":2");
    peer_close(&w);
}
END_TEST

static void push_code(const char *code)
{
    struct upstream_push p = { .proto = 3005, .key = { 1, 1, 0, "" },
                               .body = (const uint8_t *)"\x08\x00", .len = 2 };
    str_copy(p.key.code, sizeof(p.key.code), str_c(code));
    k.r.events.push(k.r.events.arg, &p);
}

/* Subscribed, and pushed once. */
static void new_stream(int i)
{
    char code[8];
    snprintf(code, sizeof(code), "%05d", i);
    sub(rest("key"), code, TYPES(1), true, 0);
    push_code(code);
}

START_TEST(places_of_a_viewer_are_bounded_by_what_waits)
{
    enum { STREAMS = 100, BIG = 270000 };
    static char big[BIG];           /* more than QUEUE_SOFT */
    viewer_open(&v, &k, "key", false);
    for (int i = 0; i < STREAMS; i++) {
        new_stream(i);
        ck_assert_uint_eq(v.c->places.n, 0);        /* it is not behind */
        hub_conn_sent(v.c, hub_conn_queued(v.c));
    }
    memset(big, 'x', sizeof(big));
    hub_events_send(v.c, (futu_str){ big, BIG });
    for (int i = 0; i < STREAMS; i++) {
        size_t before;
        char code[8];
        snprintf(code, sizeof(code), "%05d", i);
        push_code(code);
        before = hub_conn_queued(v.c);
        ck_assert_uint_gt(v.c->places.n, 0);
        ck_assert_uint_le(v.c->places.n, 64 + 2 * 2 + 1);
        hub_events_send(v.c, (futu_str){ big, BIG });
        hub_conn_sent(v.c, before);                 /* still behind, by another text */
    }
    hub_conn_sent(v.c, hub_conn_queued(v.c));
    push_code("00001");
    ck_assert_uint_eq(v.c->places.n, 0);
    peer_close(&v);
}
END_TEST

START_TEST(one_frame_serves_all_viewers)
{
    struct iovec a[4], b[4];
    sub(rest("key"), "00700", TYPES(1), true, 0);
    viewer_open(&v, &k, "key", false);
    viewer_open(&w, &k, "key", false);
    push(PUSH);
    ck_assert_uint_eq(hub_conn_output(v.c, a, 4), 1);
    ck_assert_uint_eq(hub_conn_output(w.c, b, 4), 1);
    ck_assert_ptr_eq(a[0].iov_base, b[0].iov_base);
    peer_close(&v);
    peer_close(&w);
}
END_TEST

START_TEST(the_end_of_what_is_watched_is_told)
{
    viewer_open(&v, &k, "key", false);
    futu_conn *c = rest("key");
    mem_fail_at(0);                         /* an answer that can't be made ends its connection */
    told_ask_bytes(&t, c, 1004, "\x0a\x02\x08\x01", 4);
    mem_fail_at(-1);
    rig_turn(&k.r);
    rig_turn(&k.r);
    ck_assert(t.gone);
    ck_assert_uint_eq(v.closes, 1);
    peer_close(&v);
}
END_TEST

static void viewer_once(long n, bool *failed)
{
    futu_conn_opts o = FUTU_CONN_OPTS_INIT;
    struct hub_events_opts e = { .key = rails_api_key(&k, "key") };
    o.wire = FUTU_WIRE_EVENTS;
    peer_listen(&v, &k.r, &o);
    mem_fail_at(n);
    futu_err err = hub_events_new(k.r.hub, &v.c, &o, &e);
    *failed = mem_failed();
    mem_fail_at(-1);
    rig_turn(&k.r);
    if (!err)
        peer_close(&v);
    else
        ck_assert_int_eq(err, FUTU_ENOMEM);
}

START_TEST(every_failed_allocation_of_a_viewer_is_clean)
{
    bool failed = true;
    k.r.fake.current = NULL;
    for (long n = 0; failed; n++)
        viewer_once(n, &failed);
}
END_TEST

START_TEST(the_bound_of_connections_holds_for_callers_too)
{
    struct rails small;
    futu_conn *c;
    rails_begin(&small);
    struct hub_opts o = { .max_connections = 1 };
    rails_open(&small, &o);
    ck_assert_int_eq(hub_caller(small.r.hub, IFACE_REST, NULL, &c), FUTU_OK);
    ck_assert_int_eq(hub_caller(small.r.hub, IFACE_GRPC, NULL, &c), FUTU_ELIMIT);
    ck_assert_ptr_null(c);
    rails_close(&small);
}
END_TEST

START_TEST(a_hub_that_goes_tells_its_callers)
{
    told_ask_bytes(&t, rest("key"), 3223, "\x0a\x00", 2);
    ck_assert_uint_eq(t.times, 0);
    viewer_open(&v, &k, "key", false);
    v.free_on_close = true;
    hub_free(k.r.hub);
    k.r.hub = NULL;
    ck_assert(t.times == 1 && t.gone);
    ck_assert(v.closes == 1 && v.closed == FUTU_ECANCELED);
    buf_free(&v.in);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, one_connection_stands_for_a_key_on_a_surface);
    tcase_add_test(tc, a_read_that_nobody_waits_for_is_dropped_upstream);
    tcase_add_test(tc, subscriptions_outlive_their_calls);
    tcase_add_test(tc, subscriptions_go_with_their_key);
    tcase_add_test(tc, viewers_see_what_their_caller_has);
    tcase_add_test(tc, surfaces_do_not_share_their_viewers);
    tcase_add_test(tc, a_viewer_is_shown_the_present_first);
    tcase_add_test(tc, what_a_viewer_subscribed_itself_comes_once);
    tcase_add_test(tc, places_of_a_viewer_are_bounded_by_what_waits);
    tcase_add_test(tc, one_frame_serves_all_viewers);
    tcase_add_test(tc, the_end_of_what_is_watched_is_told);
    tcase_add_test(tc, every_failed_allocation_of_a_viewer_is_clean);
    tcase_add_test(tc, the_bound_of_connections_holds_for_callers_too);
    tcase_add_test(tc, a_hub_that_goes_tells_its_callers);
}

int main(void)
{
    return run_tcase("caller", add);
}
