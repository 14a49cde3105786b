/* ws_text_test.c - clients of /ws: who may open it, what they may say, what they are told. */
#include "web.h"

static struct peer v;
static struct got g;

static void keys(void)
{
    rails_begin(&k);
    rails_key(&k, "key", "\"qot:read\",\"acc:read\"", ",\"allowed_acc_ids\":[1001]");
    rails_key(&k, "qot", "\"qot:read\"", "");
    rails_key(&k, "acc", "\"acc:read\"", "");
    rails_save(&k);
    web_open(NULL, false);
    rig_answer(&k.r, 2001, REFUSED);
}

static void stop(void)
{
    buf_free(&g.body);
    web_close();
}

static futu_err open_as(const struct want *w)
{
    char token[96];
    futu_conn_opts o = FUTU_CONN_OPTS_INIT;
    futu_http_request rq = request_of(w, token);
    g.times = 0;
    peer_listen(&v, &k.r, &o);
    v.wire = FUTU_WIRE_EVENTS;
    return rest_upgrade(rest, &rq, &o, &v.c, on_answer, &g);
}

static const char *next(void)
{
    const char *text = viewer_next(&v);
    ck_assert_ptr_nonnull(text);
    return text;
}

static void open_key(const char *id)
{
    ck_assert_int_eq(open_as(&(struct want){ .target = "/ws", .token = id }), FUTU_OK);
    const char *text = next();
    static const char head[] = "{\"type\":\"hello\",\"version\":\"" FUTU_VERSION
                               "\",\"boot_id\":\"";
    ck_assert_msg(strncmp(text, head, sizeof(head) - 1) == 0, "%s", text);
}

static void say(const char *text)
{
    ck_assert_int_eq(hub_conn_feed(v.c, text, strlen(text)), FUTU_OK);
}

static void told(const char *said, const char *answer)
{
    say(said);
    const char *text = next();
    ck_assert_msg(strcmp(text, answer) == 0, "%s\n%s\n%s", said, text, answer);
    ck_assert_ptr_null(viewer_next(&v));
}

static void told_part(const char *said, const char *part)
{
    say(said);
    const char *text = next();
    ck_assert_msg(strstr(text, part), "%s\n%s\n%s", said, text, part);
    ck_assert_ptr_null(viewer_next(&v));
}

static void refused(const struct want *w, int status)
{
    ck_assert_int_eq(open_as(w), FUTU_EREFUSED);
    ck_assert_ptr_null(v.c);
    ck_assert_uint_eq(g.times, 1);
    ck_assert_int_eq(g.status, status);
    ck_assert_int_eq(((const char *)g.body.p)[0], '{');
}

START_TEST(who_may_open_it)
{
    static const struct want good[] = {
        { .target = "/ws", .token = "qot" }, { .target = "/ws?token=token-qot" },
        { .target = "/ws?format=json&token=token-qot" },
        { .target = "/ws", .token = "qot", .origin = "http://localhost:1" },
    };
    static const struct {
        struct want want;
        int status;
    } bad[] = {
        { { .target = "/ws" }, 401 }, { { .target = "/ws", .token = "nobody" }, 401 },
        { { .target = "/ws?token=" }, 401 }, { { .target = "/ws?token=x" }, 401 },
        { { .target = "/ws", .token = "acc" }, 403 },
        /* a header that is there counts, not the query */
        { { .target = "/ws?token=token-qot", .token = "nobody" }, 401 },
        { { .target = "/ws?format=xml", .token = "qot" }, 400 },
        { { .target = "/api/quote", .token = "qot" }, 404 },
        { { .target = "/wss", .token = "qot" }, 404 },
        { { .target = "/ws", .token = "qot", .origin = "https://evil.example" }, 403 },
    };
    keys();
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        ck_assert_int_eq(open_as(&good[i]), FUTU_OK);
        ck_assert_ptr_nonnull(strstr(next(), "\"type\":\"hello\""));
        peer_close(&v);
    }
    ck_assert_uint_eq(trail_count(&k, "\"allow\"", "\"endpoint\":\"/ws\"", "\"qot\""), 4);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        refused(&bad[i].want, bad[i].status);
    ck_assert_uint_eq(trail_count(&k, "\"reject\""), 6);
    stop();
}
END_TEST

START_TEST(without_keys_pages_of_others_are_kept_out)
{
    rails_begin(&k);
    web_open(NULL, false);
    refused(&(struct want){ .target = "/ws", .origin = "https://evil.example" }, 403);
    refused(&(struct want){ .target = "/ws", .host = "evil.example" }, 403);
    open_key(NULL);
    told_part("{\"op\":\"sub_acc_push\",\"acc_id_list\":[1]}", "\"type\":\"error\"");
    peer_close(&v);
    stop();
}
END_TEST

START_TEST(each_op_is_answered_under_its_id)
{
    keys();
    open_key("key");
    told("{\"op\":\"ping\",\"id\":7}",
         "{\"type\":\"pong\",\"id\":7,\"time_ms\":1775000000000}");
    told("{\"op\":\"ping\"}", "{\"type\":\"pong\",\"time_ms\":1775000000000}");
    told("{\"op\":\"subscribe\",\"id\":\"a-1\",\"symbols\":[\"HK.00700\"],\"sub_types\":[1]}",
         "{\"type\":\"reply\",\"op\":\"subscribe\",\"id\":\"a-1\",\"ret_type\":0,\"ret_msg\":null,"
         "\"err_code\":null,\"s2c\":{}}");
    ck_assert_ptr_nonnull(strstr((char *)k.r.fake.log.p, "+1.00700/1/0"));
    rig_push(&k.r, 3005, 1, 0, "0800", false);
    ck_assert_ptr_nonnull(strstr(next(), "\"type\":\"quote\""));
    told_part("{\"id\":2,\"op\":\"sub_info\"}", "\"op\":\"sub_info\",\"id\":2,\"ret_type\":0");
    told_part(" { \"symbols\" : [ \"HK.00700\" ] , \"op\" : \"unsubscribe\" , "
              "\"sub_types\" : [1] } ",
              "\"op\":\"unsubscribe\",\"ret_type\":");
    told_part("{\"op\":\"sub_acc_push\",\"acc_id_list\":[1001]}", "\"ret_type\":0");
    told_part("{\"op\":\"sub_acc_push\",\"id\":5,\"acc_id_list\":[1002]}",
              "{\"type\":\"error\",\"id\":5,\"error\":\"forbidden\"}");
    peer_close(&v);
    stop();
}
END_TEST

START_TEST(a_refusal_leaves_the_connection)
{
    keys();
    open_key("qot");
    told("{\"op\":\"sub_acc_push\",\"id\":1,\"acc_id_list\":[1]}",
         "{\"type\":\"error\",\"id\":1,\"error\":\"forbidden\"}");
    ck_assert_uint_eq(trail_count(&k, "\"reject\"", "\"endpoint\":\"/ws\"", "\"qot\""), 1);
    k.r.fake.refuse = FUTU_ENOTFOUND;
    told_part("{\"op\":\"subscribe\",\"symbols\":[\"HK.99999\"],\"sub_types\":[1]}",
              "\"ret_type\":-1,\"ret_msg\":\"");
    told_part("{\"op\":\"ping\"}", "pong");
    ck_assert_uint_eq(v.closes, 0);
    peer_close(&v);
    stop();
}
END_TEST

START_TEST(what_cant_be_read_is_told_why)
{
    static const struct {
        const char *text, *part;
    } rows[] = {
        { "", "an object is expected" },
        { "[]", "an object is expected" },
        { "{}", "op is missing" },
        { "{\"op\":\"ping\"", "is expected" },
        { "{\"op\":\"ping\"}x", "behind the object" },
        { "{\"op\":\"ping\"}{\"op\":\"ping\"}", "behind the object" },
        { "{\"op\":\"fly\"}", "op: one of subscribe" },
        { "{\"op\":5}", "op: a text is expected" },
        { "{\"op\":\"ping\",\"op\":\"ping\"}", "op: the member is there twice" },
        { "{\"op\":\"ping\",\"id\":1,\"id\":1}", "id: the member is there twice" },
        { "{\"op\":\"ping\",\"id\":-1}", "id: a number or a short text" },
        { "{\"op\":\"ping\",\"id\":1.5}", "id: a number or a short text" },
        { "{\"op\":\"ping\",\"id\":\"\"}", "id: a number or a short text" },
        { "{\"op\":\"ping\",\"id\":\"a\\\"b\"}", "id: a number or a short text" },
        { "{\"op\":\"ping\",\"id\":\"\xc3\xa4\"}", "id: a number or a short text" },
        { "{\"op\":\"ping\",\"id\":null}", "id: a number or a short text" },
        { "{\"op\":\"ping\",\"id\":{}}", "id: a number or a short text" },
        { "{\"op\":\"ping\",\"id\":\"12345678901234567890123456789012345678901234567890"
          "12345678901234\"}", "id: a number or a short text" },
        { "{\"op\":\"ping\",\"id\":007}", "error" },
        { "{\"op\":\"subscribe\",\"symbolz\":[]}", "unknown field" },
        { "{\"op\":\"subscribe\",\"card_num\":\"1234\"}", "unknown field" },
        { "{\"op\":\"sub_acc_push\",\"card_num\":\"1234\"}", "unknown field" },
        { "{\"op\":\"subscribe\",\"symbols\":[\"XX.1\"],\"sub_types\":[1]}", "error" },
        { "{\"op\":\"subscribe\",\"symbols\":\"HK.00700\",,}", "error" },
        { "{\"op\":\"subscribe\",\"id\":3,\"symbolz\":[]}", "{\"type\":\"error\",\"id\":3," },
        { "\xff\xfe", "an object is expected" },
        { "{\"\x01\":1}", "error" },
        { "{\"a\xff\":1,\"op\":\"sub_info\"}", "error" },
    };
    keys();
    open_key("key");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        say(rows[i].text);
        const char *text = next();
        ck_assert_msg(strncmp(text, "{\"type\":\"error\"", 15) == 0 && strstr(text, rows[i].part),
                      "%s: %s", rows[i].text, text);
        for (const char *p = text; *p; p++)
            ck_assert_msg((uint8_t)*p >= ' ' && (uint8_t)*p < 0x7f, "%s: %s", rows[i].text, text);
    }
    told_part("{\"op\":\"ping\"}", "pong");
    peer_close(&v);
    stop();
}
END_TEST

START_TEST(a_client_that_goes_first_is_not_answered)
{
    keys();
    k.r.fake.slow = true;
    open_key("key");
    say("{\"op\":\"subscribe\",\"symbols\":[\"HK.00700\"],\"sub_types\":[1]}");
    ck_assert_ptr_null(viewer_next(&v));
    peer_close(&v);
    rig_opened(&k.r, FUTU_OK, "");
    k.r.fake.slow = false;
    rig_pass(&k.r, 90 * NS_PER_S);
    stop();
}
END_TEST

static void subscribe_by_rest(const char *id)
{
    static const char body[] = "\x0a\x11\x0a\x09\x08\x01\x12\x05" "00700"
                               "\x10\x01\x18\x01\x20\x01";
    struct told t = { .times = 0 };
    told_ask_bytes(&t, rails_caller(&k, IFACE_REST, id), 3001, body, sizeof(body) - 1);
    ck_assert_msg(t.times == 1 && t.ret == 0, "%s", t.text);
    told_free(&t);
}

START_TEST(the_greeting_comes_before_what_is_known)
{
    keys();
    k.r.fake.current = "0800120018002203ddeeff";
    subscribe_by_rest("qot");
    open_key("qot");
    ck_assert_ptr_nonnull(strstr(next(), "\"sec_key\":\"1_00700\""));
    ck_assert_ptr_null(viewer_next(&v));
    peer_close(&v);
    stop();
}
END_TEST

START_TEST(every_failed_allocation_is_clean)
{
    static const char text[] = "{\"op\":\"subscribe\",\"id\":1,\"symbols\":[\"HK.00700\"],"
                               "\"sub_types\":[1]}";
    bool failed = true;
    for (long n = 0; failed; n++) {
        keys();
        k.trail.deaf = true;
        open_key("key");
        mem_fail_at(n);
        hub_conn_feed(v.c, text, sizeof(text) - 1);
        failed = mem_failed();
        mem_fail_at(-1);
        rig_turn(&k.r);
        peer_close(&v);
        stop();
    }
    failed = true;
    for (long n = 0; failed; n++) {
        keys();
        k.trail.deaf = true;
        mem_fail_at(n);
        futu_err err = open_as(&(struct want){ .target = "/ws", .token = "key" });
        failed = mem_failed();
        mem_fail_at(-1);
        rig_turn(&k.r);
        if (!err)
            peer_close(&v);
        stop();
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, who_may_open_it);
    tcase_add_test(tc, without_keys_pages_of_others_are_kept_out);
    tcase_add_test(tc, each_op_is_answered_under_its_id);
    tcase_add_test(tc, a_refusal_leaves_the_connection);
    tcase_add_test(tc, what_cant_be_read_is_told_why);
    tcase_add_test(tc, a_client_that_goes_first_is_not_answered);
    tcase_add_test(tc, the_greeting_comes_before_what_is_known);
    tcase_add_test(tc, every_failed_allocation_is_clean);
}

int main(void)
{
    return run_tcase("ws_text", add);
}
