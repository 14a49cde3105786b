/* forward_test.c - in front of another gateway: what we don't know passes byte for byte, both ways
 * and in both forms. */
#include "rig.h"

#include <stdio.h>

#include "wire/sdkws.h"

/* Neither protobuf nor JSON: nobody looks into it. */
static const char odd[] = "\xff{\"c2s\" : {  \"x\":1.50,}}\x01\xfe";

static struct rig r;
static struct peer a;

static void setup(void)
{
    rig_init(&r, NULL);
    r.fake.up.forwards = true;
    peer_open(&a, &r, FUTU_WIRE_TCP);
    peer_init(&a, CIPHER_NONE, 0, false);
}

static void teardown(void)
{
    if (a.c)
        peer_close(&a);
    rig_free(&r);
}

static struct upstream_request *waiting(uint32_t proto)
{
    ck_assert_uint_eq(rig_waiting(&r, proto), 1);
    for (uint32_t i = 0; i < r.fake.n_calls; i++)
        if (r.fake.calls[i] && r.fake.calls[i]->proto == proto)
            return r.fake.calls[i];
    return NULL;
}

/* Ends the request that waits; the body is text, not hex. */
static void answer(uint32_t proto, const char *text)
{
    char hex[512] = "";
    for (size_t i = 0; text[i]; i++)
        snprintf(hex + 2 * i, sizeof(hex) - 2 * i, "%02x", (uint8_t)text[i]);
    rig_answer(&r, proto, hex);
}

static void expect_text(struct peer *p, uint32_t proto, uint8_t fmt, uint32_t serial,
                        const char *text)
{
    struct frame f;
    ck_assert(peer_next(p, &f));
    ck_assert_uint_eq(f.proto, proto);
    ck_assert_uint_eq(f.serial, serial);
    ck_assert_uint_eq(f.fmt, fmt);
    ck_assert_uint_eq(f.len, strlen(text));
    ck_assert_mem_eq(f.body, text, f.len);
    peer_nothing(p);
}

/* Unknown ones, and two whose messages were never published. */
static const uint32_t ids[] = { 0, 1012, 9999, UINT32_MAX, 1009, 3200 };

START_TEST(what_we_do_not_know_passes_byte_for_byte)
{
    for (uint8_t fmt = FRAME_PROTOBUF; fmt <= FRAME_JSON; fmt++) {
        peer_send(&a, ids[_i], fmt, 7, odd, sizeof(odd) - 1);
        struct upstream_request *rq = waiting(ids[_i]);
        ck_assert_uint_eq(rq->fmt, fmt);
        ck_assert_uint_eq(rq->conn_id, a.id);
        ck_assert_uint_eq(rq->len, sizeof(odd) - 1);
        ck_assert_mem_eq(rq->body, odd, rq->len);
        peer_nothing(&a);
        answer(ids[_i], odd);
        expect_text(&a, ids[_i], fmt, 7, odd);
    }
    peer_send(&a, ids[_i], FRAME_PROTOBUF, 8, NULL, 0);
    ck_assert_uint_eq(waiting(ids[_i])->len, 0);
    answer(ids[_i], "x");
    expect_text(&a, ids[_i], FRAME_PROTOBUF, 8, "x");
}
END_TEST

START_TEST(without_another_gateway_it_is_refused)
{
    r.fake.up.forwards = false;
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        peer_send(&a, ids[i], FRAME_PROTOBUF, 7, odd, sizeof(odd) - 1);
        peer_refused(&a, ids[i], 7, -1, "未知的协议ID");
    }
    ck_assert_uint_eq(r.fake.requests, 0);
}
END_TEST

START_TEST(pushes_are_no_requests_there_either)
{
    static const uint32_t pushes[] = { 1003, 2208, 3005, 3019, 60002 };
    for (size_t i = 0; i < ARRAY_LEN(pushes); i++) {
        peer_send(&a, pushes[i], FRAME_PROTOBUF, 7, "\x0a\x00", 2);
        peer_refused(&a, pushes[i], 7, -1, "未知的协议ID");
    }
    ck_assert_uint_eq(r.fake.requests, 0);
}
END_TEST

#define LEGACY                                                                                     \
    "0a27 0801 1002 1a09080112053030373030 220a323032362d30312d3031 2a0a323032362d30322d3031"
static const char legacy_json[] =
    "{\"c2s\":{\"rehabType\":1,\"klType\":2,\"security\":{\"market\":1,\"code\":\"00700\"},"
    "\"beginTime\":\"2026-01-01\",\"endTime\":\"2026-02-01\"}}";

START_TEST(an_old_gateway_may_still_serve_what_is_gone)
{
    uint8_t want[64];
    size_t n = unhex(LEGACY, want, sizeof(want));
    for (uint8_t fmt = FRAME_PROTOBUF; fmt <= FRAME_JSON; fmt++) {
        peer_send(&a, 3100, fmt, 7, fmt ? (const void *)legacy_json : want,
                  fmt ? strlen(legacy_json) : n);
        struct upstream_request *rq = waiting(3100);
        ck_assert_uint_eq(rq->fmt, FRAME_PROTOBUF);     /* these messages we do know */
        ck_assert_uint_eq(rq->len, n);
        ck_assert_mem_eq(rq->body, want, n);
        rig_answer(&r, 3100, "08ffffffffffffffffff01 1203 6e6f21 1800");
        if (fmt)
            expect_text(&a, 3100, fmt, 7, "{\"retType\":-1,\"retMsg\":\"no!\",\"errCode\":0}");
        else
            peer_refused(&a, 3100, 7, -1, "no!");
    }
    peer_send(&a, 3100, FRAME_PROTOBUF, 8, "\x0a\x00", 2);
    peer_refused(&a, 3100, 8, -1, "c2s.rehabType");
    r.fake.up.forwards = false;
    peer_send(&a, 3100, FRAME_PROTOBUF, 9, want, n);
    peer_refused(&a, 3100, 9, -1, "未知的协议ID");
    ck_assert_uint_eq(r.fake.requests, 2);
}
END_TEST

/* Protobuf, whatever form was asked. */
START_TEST(a_failure_of_the_upstreams_own_is_told_in_the_form_of_the_request)
{
    peer_send(&a, 9999, FRAME_JSON, 7, "{}", 2);
    waiting(9999)->fmt = FRAME_PROTOBUF;
    rig_answer(&r, 9999, "08b8feffffffffffffff01 1203 6e6f21 1800");
    expect_text(&a, 9999, FRAME_JSON, 7, "{\"retType\":-200,\"retMsg\":\"no!\",\"errCode\":0}");
}
END_TEST

START_TEST(an_empty_answer_is_told_in_the_form_of_the_request)
{
    struct frame f;
    peer_send(&a, 9999, FRAME_PROTOBUF, 7, NULL, 0);
    answer(9999, "");
    peer_refused(&a, 9999, 7, -1, "the upstream's answer is empty");
    peer_send(&a, 9999, FRAME_JSON, 8, "{}", 2);
    answer(9999, "");
    ck_assert(peer_next(&a, &f));
    ck_assert_uint_eq(f.fmt, FRAME_JSON);
    ck_assert_mem_eq(f.body, "{\"retType\":-1,", 14);
}
END_TEST

START_TEST(encryption_is_ours)
{
    struct peer c;
    peer_open(&c, &r, FUTU_WIRE_TCP);
    peer_init(&c, CIPHER_AES_CBC, 0, false);
    peer_send(&c, 9999, FRAME_JSON, 7, odd, sizeof(odd) - 1);
    ck_assert_mem_eq(waiting(9999)->body, odd, sizeof(odd) - 1);
    answer(9999, odd);
    expect_text(&c, 9999, FRAME_JSON, 7, odd);
    peer_close(&c);
}
END_TEST

START_TEST(the_sdks_websocket_passes_it_too)
{
    struct peer w;
    struct sdkws got;
    uint8_t m[128];
    peer_open(&w, &r, FUTU_WIRE_WS);
    sdkws_write_request(m, SDKWS_INIT, 2);
    peer_feed(&w, m, SDKWS_REQUEST_HEAD);
    peer_take(&w);
    w.in.n = w.at = 0;
    sdkws_write_request(m, 9999, 3);
    memcpy(m + SDKWS_REQUEST_HEAD, odd, sizeof(odd) - 1);
    peer_feed(&w, m, SDKWS_REQUEST_HEAD + sizeof(odd) - 1);
    ck_assert_uint_eq(waiting(9999)->fmt, FRAME_PROTOBUF);
    answer(9999, odd);
    peer_take(&w);
    ck_assert_int_eq(sdkws_read_reply(w.in.p + 2, w.in.n - 2, &got), FUTU_OK);
    ck_assert_uint_eq(got.section, 3);
    ck_assert_uint_eq(got.len, sizeof(odd) - 1);
    ck_assert_mem_eq(got.body, odd, got.len);
    peer_close(&w);
}
END_TEST

START_TEST(the_usual_limits_hold)
{
    struct peer c;
    peer_open(&c, &r, FUTU_WIRE_TCP);
    peer_send(&c, 9999, FRAME_PROTOBUF, 1, "x", 1);
    peer_refused(&c, 9999, 1, -1, "not initialised");
    peer_init(&c, CIPHER_NONE, 0, false);
    peer_send(&c, 9999, FRAME_JSON, 2, "{}", 2);
    rig_pass(&r, 10 * NS_PER_S);
    expect_text(&c, 9999, FRAME_JSON, 2,
                "{\"retType\":-100,\"retMsg\":\"业务处理超时没返回\",\"errCode\":0}");
    ck_assert_uint_eq(r.fake.cancelled, 1);
    for (uint32_t i = 0; i < 1024; i++)
        peer_send(&c, 9999, FRAME_PROTOBUF, i, "x", 1);
    peer_send(&c, 9999, FRAME_PROTOBUF, 5000, "x", 1);
    peer_refused(&c, 9999, 5000, -1, "1024 calls");
    peer_close(&c);
    ck_assert_uint_eq(r.fake.cancelled, 1025);
}
END_TEST

START_TEST(an_exposed_port_passes_nothing_unknown)
{
    struct peer c;
    peer_open_at(&c, &r, FUTU_WIRE_TCP, true);
    peer_init(&c, CIPHER_NONE, 0, false);
    peer_send(&c, 9999, FRAME_PROTOBUF, 2, "x", 1);
    peer_refused(&c, 9999, 2, -1, "no trade calls");
    peer_send(&c, 3200, FRAME_PROTOBUF, 3, "x", 1);
    waiting(3200);
    peer_close(&c);
}
END_TEST

/* ---- pushes ---- */

static void notify(uint32_t proto)
{
    r.events.notify(r.events.arg, proto, (const uint8_t *)odd, sizeof(odd) - 1);
}

START_TEST(unknown_pushes_go_to_all_but_those_who_read_json)
{
    static const uint32_t pushed[] = { 1012, 9999, UINT32_MAX, 1009, 3200 };
    struct peer pb, json, ws, secret, secret_json, fresh;
    peer_open(&json, &r, FUTU_WIRE_TCP);
    peer_init(&json, CIPHER_NONE, 1, true);
    peer_open(&pb, &r, FUTU_WIRE_TCP);
    peer_init(&pb, CIPHER_NONE, 0, true);
    peer_open(&ws, &r, FUTU_WIRE_WS);
    peer_open(&secret, &r, FUTU_WIRE_TCP);
    peer_init(&secret, CIPHER_AES_CBC, 0, false);
    peer_open(&secret_json, &r, FUTU_WIRE_TCP);
    peer_init(&secret_json, CIPHER_AES_CBC, 1, false);
    peer_open(&fresh, &r, FUTU_WIRE_TCP);
    for (size_t i = 0; i < ARRAY_LEN(pushed); i++) {
        notify(pushed[i]);
        expect_text(&a, pushed[i], FRAME_PROTOBUF, 0, odd);
        expect_text(&pb, pushed[i], FRAME_PROTOBUF, 0, odd);
        expect_text(&secret, pushed[i], FRAME_PROTOBUF, 0, odd);
        peer_nothing(&json);
        peer_nothing(&secret_json);
        peer_nothing(&fresh);                           /* not initialised */
        peer_nothing(&ws);
    }
    peer_send_hex(&json, 1004, 5, "0a020801");          /* and nobody was cut for it */
    peer_ok(&json, 1004, 5);
    ck_assert_uint_eq(json.closes + secret_json.closes, 0);
    struct peer *const all[] = { &pb, &json, &ws, &secret, &secret_json, &fresh };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        peer_close(all[i]);
}
END_TEST

START_TEST(gaps_are_told_to_those_who_wait_for_pushes)
{
    static const char gap[] = "080012001800 2220 0801 1001 1801 220571756f7465 2a0f3132372e302e30"
                              "2e313a3131313131 3005";
    uint8_t bytes[128];
    struct peer b, c;
    size_t n = unhex(gap, bytes, sizeof(bytes));
    peer_open(&b, &r, FUTU_WIRE_TCP);
    peer_init(&b, CIPHER_NONE, 0, false);
    peer_open(&c, &r, FUTU_WIRE_TCP);
    peer_init(&c, CIPHER_NONE, 0, true);                /* recvNotify is about another thing */
    peer_sub(&a, 2, &(struct sub_args){ "00700", TYPES(1), true, 0, 0, -1, false });
    peer_ok(&a, 3001, 2);
    peer_send_hex(&b, 2008, 3, "0a020801");
    peer_ok(&b, 2008, 3);
    r.events.notify(r.events.arg, PROTO_GAP, bytes, n);
    peer_expect(&a, PROTO_GAP, 0, 0, gap);
    peer_expect(&b, PROTO_GAP, 0, 0, gap);
    peer_nothing(&c);
    peer_close(&b);
    peer_close(&c);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, what_we_do_not_know_passes_byte_for_byte, 0, ARRAY_LEN(ids));
    tcase_add_test(tc, without_another_gateway_it_is_refused);
    tcase_add_test(tc, pushes_are_no_requests_there_either);
    tcase_add_test(tc, an_old_gateway_may_still_serve_what_is_gone);
    tcase_add_test(tc, a_failure_of_the_upstreams_own_is_told_in_the_form_of_the_request);
    tcase_add_test(tc, an_empty_answer_is_told_in_the_form_of_the_request);
    tcase_add_test(tc, encryption_is_ours);
    tcase_add_test(tc, the_sdks_websocket_passes_it_too);
    tcase_add_test(tc, the_usual_limits_hold);
    tcase_add_test(tc, an_exposed_port_passes_nothing_unknown);
    tcase_add_test(tc, unknown_pushes_go_to_all_but_those_who_read_json);
    tcase_add_test(tc, gaps_are_told_to_those_who_wait_for_pushes);
}

int main(void)
{
    return run_tcase("forward", add);
}
