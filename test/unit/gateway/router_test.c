/* router_test.c - every id gets exactly one answer in its request's form; limits, time limits, and
 * what the gateway adds to answers of the upstream. */
#include "rig.h"

#include <stdio.h>

#include "wire/sdkws.h"

static struct rig r;
static struct peer a;

static void setup(void)
{
    rig_init(&r, NULL);
    peer_open(&a, &r, FUTU_WIRE_TCP);
    peer_init(&a, CIPHER_NONE, 0, false);
}

static void teardown(void)
{
    if (a.c)
        peer_close(&a);
    rig_free(&r);
}

/* ---- a request with every required field, made from the descriptor ---- */

static void fill_required(const futu_msg *m, void *out, struct arena *mem)
{
    for (size_t i = 0; i < m->n_fields; i++) {
        const struct pb_field *f = &m->fields[i];
        char *at = (char *)out + f->off;
        if (f->label != PB_REQUIRED)
            continue;
        if (f->type == PB_MESSAGE) {
            void *sub = arena_alloc(mem, f->sub->size);
            fill_required(f->sub, sub, mem);
            *(void **)at = sub;
        } else if (f->type == PB_STRING || f->type == PB_BYTES) {
            *(futu_str *)at = STR("1");
        } else {
            *((bool *)out + f->off_has) = true;
            if (strcmp(f->name, "connID") == 0)
                *(uint64_t *)at = RIG_FIRST_ID;
            else if (strcmp(f->name, "klType") == 0)
                *(int32_t *)at = 2;
        }
    }
}

/* Protobuf and JSON of it. */
static void make_request(const struct proto_row *row, struct buf *pb, struct buf *json)
{
    struct arena mem = ARENA_INIT;
    void *rq = arena_alloc(&mem, row->request->size);
    pb->n = json->n = 0;
    fill_required(row->request, rq, &mem);
    ck_assert_int_eq(codec_encode(row->request, rq, pb, NULL), FUTU_OK);
    ck_assert_int_eq(codec_to_json(row->request, pb->p, pb->n, CODEC_DECLARED, json, NULL, NULL),
                     FUTU_OK);
    arena_free(&mem);
}

/* One frame of output, no more; its envelope must hold. */
static void one_reply(struct peer *p, const struct proto_row *row, uint8_t fmt, uint32_t serial)
{
    struct frame f;
    ck_assert_msg(peer_next(p, &f), "%s: no reply", row->name);
    ck_assert_uint_eq(f.proto, row->id);
    ck_assert_uint_eq(f.serial, serial);
    ck_assert_uint_eq(f.fmt, fmt);
    ck_assert_uint_gt(f.len, 0);
    const futu_msg *m = row->response ? row->response : &KeepAlive_Response_msg;
    struct codec_error e = { "", "" };
    struct buf pb = BUF_INIT;
    futu_str body = { (const char *)f.body, f.len };
    if (fmt == FRAME_JSON) {
        ck_assert_ptr_nonnull(memmem(body.p, body.n, "\"retType\":", 10));
        ck_assert_int_eq(codec_from_json(m, body, CODEC_DECLARED, &pb, NULL, &e), FUTU_OK);
    } else {
        futu_err err = codec_check(m, f.body, f.len, NULL, &e);
        ck_assert_msg(err == FUTU_OK, "%s: %s: %s", row->name, e.path, e.what);
    }
    buf_free(&pb);
    peer_nothing(p);
}

START_TEST(every_id_is_answered_once_in_its_own_form)
{
    struct buf pb = BUF_INIT, json = BUF_INIT;
    struct hub_opts o = { .frequency_limits_off = true };
    size_t n;
    const struct proto_row *rows = proto_rows(&n);
    teardown();
    rig_init(&r, &o);
    peer_open(&a, &r, FUTU_WIRE_TCP);
    peer_init(&a, CIPHER_NONE, 0, false);
    r.fake.at_once = true;
    r.fake.answer = "08ffffffffffffffffff01 1203 6e6f21 1800";
    ck_assert_uint_gt(n, 150);
    for (size_t i = 0; i < n; i++) {
        if (rows[i].request)
            make_request(&rows[i], &pb, &json);
        else
            pb.n = json.n = 0;
        peer_send(&a, rows[i].id, FRAME_PROTOBUF, (uint32_t)(100 + i), pb.p, pb.n);
        one_reply(&a, &rows[i], FRAME_PROTOBUF, (uint32_t)(100 + i));
        clock_fake_advance(&r.time, NS_PER_S);      /* past the least distance of orders */
        peer_send(&a, rows[i].id, FRAME_JSON, (uint32_t)(900 + i), json.p, json.n);
        one_reply(&a, &rows[i], FRAME_JSON, (uint32_t)(900 + i));
        clock_fake_advance(&r.time, NS_PER_S);
    }
    ck_assert_uint_gt(r.fake.requests, 200);
    buf_free(&pb);
    buf_free(&json);
}
END_TEST

START_TEST(every_id_over_the_sdks_websocket)
{
    struct buf pb = BUF_INIT, json = BUF_INIT;
    struct peer w;
    uint8_t m[4096];
    size_t n;
    const struct proto_row *rows = proto_rows(&n);
    peer_open(&w, &r, FUTU_WIRE_WS);
    sdkws_write_request(m, SDKWS_INIT, 2);
    ck_assert_int_eq(peer_feed(&w, m, SDKWS_REQUEST_HEAD), FUTU_OK);
    peer_take(&w);
    r.fake.at_once = true;
    r.fake.answer = HEX_OK;
    for (size_t i = 0; i < n; i++) {
        struct sdkws got;
        pb.n = 0;
        if (rows[i].request)
            make_request(&rows[i], &pb, &json);
        sdkws_write_request(m, rows[i].id, 1000 + i);
        memcpy(m + SDKWS_REQUEST_HEAD, pb.p, pb.n);
        w.in.n = w.at = 0;
        ck_assert_int_eq(peer_feed(&w, m, SDKWS_REQUEST_HEAD + pb.n), FUTU_OK);
        peer_take(&w);
        size_t head = w.in.p[1] < 126 ? 2 : 4;
        size_t len = head == 2 ? w.in.p[1] : (size_t)w.in.p[2] << 8 | w.in.p[3];
        ck_assert_uint_eq(w.in.n, head + len);      /* one message, no more */
        ck_assert_int_eq(sdkws_read_reply(w.in.p + head, len, &got), FUTU_OK);
        ck_assert_uint_eq(got.command, rows[i].id);
        ck_assert_uint_eq(got.section, 1000 + i);
        ck_assert_int_eq(got.error, 0);
        ck_assert_uint_gt(got.len, 0);
    }
    buf_free(&pb);
    buf_free(&json);
    peer_close(&w);
}
END_TEST

START_TEST(unknown_ids_and_pushes)
{
    static const uint32_t ids[] = { 0, 1012, 9999, UINT32_MAX, 1003, 2208, 3005, 1009, 3100, 3200 };
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        peer_send_hex(&a, ids[i], 7, "0a00");
        peer_expect(&a, ids[i], 0, 7,
                    "08ffffffffffffffffff01 1211 e69caae79fa5e79a84e58d8fe8aeae4944 1800");
    }
    peer_send(&a, 1012, FRAME_JSON, 8, "{}", 2);
    struct frame f;
    static const char want[] = "{\"retType\":-1,\"retMsg\":\"未知的协议ID\",\"errCode\":0}";
    ck_assert(peer_next(&a, &f));
    ck_assert_uint_eq(f.len, strlen(want));
    ck_assert_mem_eq(f.body, want, f.len);
    ck_assert_uint_eq(r.fake.requests, 0);
}
END_TEST

START_TEST(an_exposed_port_serves_quotes_but_no_trade)
{
    size_t n, refused = 0;
    const struct proto_row *rows = proto_rows(&n);
    struct peer b;
    peer_open_at(&b, &r, FUTU_WIRE_TCP, true);
    peer_init(&b, CIPHER_NONE, 0, false);
    for (size_t i = 0; i < n; i++) {
        if (!rows[i].request || strncmp(rows[i].name, "Trd_", 4) != 0)
            continue;
        peer_send_hex(&b, rows[i].id, 9, "0a00");
        peer_refused(&b, rows[i].id, 9, RET_FAILED, "no trade calls");
        refused++;
    }
    ck_assert_uint_gt(refused, 10);
    ck_assert_uint_eq(r.fake.requests, 0);
    peer_send_hex(&b, 3219, 10, "0a180801 1209323032362d30312d30 1a09323032362d30312d39");
    ck_assert_uint_eq(r.fake.requests, 1);
    peer_close(&b);
}
END_TEST

START_TEST(unreadable_bodies_name_the_place)
{
    static const char json[] =
        "{\"c2s\":{\"securityList\":[{\"market\":1,\"code\":\"x\"},{\"market\":"
        "\"one\",\"code\":\"y\"}]}}";
    struct frame f;
    peer_send_hex(&a, 3203, 3, "0a04 0a02 0801");
    peer_refused(&a, 3203, 3, -1, "解析protobuf协议失败: c2s.securityList[0].code");
    peer_send_hex(&a, 3203, 4, "ff");
    peer_refused(&a, 3203, 4, -1, "解析protobuf协议失败");
    peer_send(&a, 3203, FRAME_JSON, 5, json, strlen(json));
    ck_assert(peer_next(&a, &f));
    ck_assert_ptr_nonnull(memmem(f.body, f.len, "c2s.securityList[1].market", 26));
    peer_send(&a, 3203, FRAME_JSON, 6, "{\"c2s\":{}, \"\xff\xfe\":1}", 19);
    ck_assert(peer_next(&a, &f));                   /* whatever it sent, the reply is JSON */
    ck_assert_mem_eq(f.body, "{\"retType\":-1,", 14);
    peer_send(&a, 3203, 7, 8, "x", 1);
    peer_refused(&a, 3203, 8, -1, "body format 7");
    ck_assert_uint_eq(r.fake.requests, 0);
}
END_TEST

START_TEST(answers_come_in_any_order_with_their_own_serial)
{
    for (uint32_t i = 0; i < 10; i++)
        peer_send_hex(&a, i % 2 ? 1005 : 3223, 50 + i,
                      i % 2 ? "0a00" : "0a0b 0a09080112053030373030");
    for (uint32_t i = 1; i < 10; i += 2) {
        rig_answer(&r, 1005, HEX_EMPTY);
        peer_expect(&a, 1005, 0, 50 + i, HEX_EMPTY);
    }
    for (uint32_t i = 0; i < 10; i += 2) {
        rig_answer(&r, 3223, HEX_EMPTY);
        peer_expect(&a, 3223, 0, 50 + i, HEX_EMPTY);
    }
    peer_send_hex(&a, 1005, 50, "0a00");            /* a repeated serial is nothing special */
    rig_answer(&r, 1005, HEX_OK);
    peer_expect(&a, 1005, 0, 50, HEX_OK);
    peer_send_hex(&a, 1005, 51, "0a00");
    rig_answer(&r, 1005, "");
    peer_refused(&a, 1005, 51, -1, "empty");
}
END_TEST

START_TEST(a_silent_upstream_ends_in_a_timeout)
{
    struct peer w;
    uint8_t m[64];
    peer_open(&w, &r, FUTU_WIRE_WS);
    sdkws_write_request(m, SDKWS_INIT, 2);
    peer_feed(&w, m, SDKWS_REQUEST_HEAD);
    sdkws_write_request(m, 1005, 3);
    unhex("0a00", m + SDKWS_REQUEST_HEAD, 2);
    peer_feed(&w, m, SDKWS_REQUEST_HEAD + 2);
    peer_send_hex(&a, 1005, 5, "0a00");
    peer_take(&w);
    w.in.n = 0;
    rig_pass(&r, 4500 * NS_PER_MS);
    peer_take(&w);
    ck_assert_uint_gt(w.in.n, 0);
    ck_assert_ptr_nonnull(memmem(w.in.p, w.in.n, "业务处理超时没返回", 27));
    ck_assert_uint_eq(r.fake.cancelled, 1);
    rig_pass(&r, 5499 * NS_PER_MS);
    peer_nothing(&a);
    rig_pass(&r, 1 * NS_PER_MS);
    peer_refused(&a, 1005, 5, -100, "业务处理超时没返回");
    ck_assert_uint_eq(r.fake.cancelled, 2);
    ck_assert_uint_eq(rig_waiting(&r, 1005), 0);
    rig_pass(&r, 20 * NS_PER_S);
    peer_nothing(&a);
    peer_close(&w);
}
END_TEST

START_TEST(calls_of_a_client_that_goes_are_cancelled)
{
    for (uint32_t i = 0; i < 5; i++)
        peer_send_hex(&a, 1005, i, "0a00");
    rig_answer(&r, 1005, HEX_OK);
    peer_close(&a);
    ck_assert_uint_eq(r.fake.cancelled, 4);
    rig_pass(&r, 20 * NS_PER_S);
}
END_TEST

START_TEST(calls_under_way_are_bounded)
{
    for (uint32_t i = 0; i < 1024; i++)
        peer_send_hex(&a, 1005, i, "0a00");
    peer_nothing(&a);
    peer_send_hex(&a, 1005, 5000, "0a00");
    peer_refused(&a, 1005, 5000, -1, "1024 calls");
    rig_answer(&r, 1005, HEX_OK);
    peer_ok(&a, 1005, 0);
    peer_send_hex(&a, 1005, 5001, "0a00");
    peer_nothing(&a);
    peer_send_hex(&a, 1004, 5002, "0a020801");      /* our own answers still come */
    peer_ok(&a, 1004, 5002);
}
END_TEST

/* ---- frequency ---- */

#define SNAPSHOT "0a0b 0a09080112053030373030"

START_TEST(sixty_snapshots_in_thirty_seconds)
{
    r.fake.at_once = true;
    r.fake.answer = HEX_OK;
    for (uint32_t i = 0; i < 60; i++) {
        peer_send_hex(&a, 3203, i, SNAPSHOT);
        peer_ok(&a, 3203, i);
        clock_fake_advance(&r.time, 100 * NS_PER_MS);
    }
    struct peer b;
    peer_open(&b, &r, FUTU_WIRE_TCP);               /* one count for the whole gateway */
    peer_init(&b, CIPHER_NONE, 0, false);
    for (uint32_t i = 0; i < 3; i++) {
        peer_send_hex(&b, 3203, i, SNAPSHOT);
        peer_refused(&b, 3203, i, -1, "获取市场快照频率太高，请求失败，每30秒最多60次。");
    }
    clock_fake_advance(&r.time, 24 * NS_PER_S);     /* exactly 30 s after the first */
    peer_send_hex(&a, 3203, 70, SNAPSHOT);
    peer_refused(&a, 3203, 70, -1, "频率太高");
    clock_fake_advance(&r.time, 1);
    peer_send_hex(&a, 3203, 71, SNAPSHOT);          /* refused ones did not count */
    peer_ok(&a, 3203, 71);
    ck_assert_uint_eq(r.fake.requests, 61);
    peer_close(&b);
}
END_TEST

START_TEST(unreadable_requests_do_not_count)
{
    r.fake.at_once = true;
    r.fake.answer = HEX_OK;
    for (uint32_t i = 0; i < 100; i++) {
        peer_send_hex(&a, 3203, i, "0a04 0a02 0801");
        peer_refused(&a, 3203, i, -1, "code");
    }
    peer_send_hex(&a, 3203, 200, SNAPSHOT);
    peer_ok(&a, 3203, 200);
}
END_TEST

/* header {0, 77, 1} */
#define HEADER "0a06 0800 104d 1801"

START_TEST(only_refreshing_lists_count)
{
    r.fake.at_once = true;
    r.fake.answer = HEX_OK;
    for (uint32_t i = 0; i < 50; i++) {
        peer_send_hex(&a, 2101, i, "0a08" HEADER);
        peer_ok(&a, 2101, i);
    }
    for (uint32_t i = 0; i < 10; i++) {
        peer_send_hex(&a, 2101, i, "0a0a" HEADER "1001");
        peer_ok(&a, 2101, i);
    }
    peer_send_hex(&a, 2101, 90, "0a0a" HEADER "1001");
    peer_refused(&a, 2101, 90, -1, "最多10次");
    peer_send_hex(&a, 2101, 91, "0a0a" HEADER "1000");
    peer_ok(&a, 2101, 91);
}
END_TEST

START_TEST(only_first_pages_count)
{
    static const char first[] = "0a27 0801 1002 1a09080112053030373030 220a323032362d30312d3031"
                                " 2a0a323032362d30322d3031";
    static const char next[] = "0a2a 0801 1002 1a09080112053030373030 220a323032362d30312d3031"
                               " 2a0a323032362d30322d3031 420178";
    r.fake.at_once = true;
    r.fake.answer = HEX_OK;
    for (uint32_t i = 0; i < 60; i++) {
        peer_send_hex(&a, 3103, i, first);
        peer_ok(&a, 3103, i);
    }
    peer_send_hex(&a, 3103, 90, first);
    peer_refused(&a, 3103, 90, -1, "获取历史K线频率太高");
    peer_send_hex(&a, 3103, 91, next);
    peer_ok(&a, 3103, 91);
}
END_TEST

/* ---- what is added to answers ---- */

START_TEST(global_state_carries_our_version_and_the_connection)
{
    peer_send_hex(&a, 1002, 3, "0a020800");
    rig_answer(&r, 1002,
               "080012001800221e 0801 1002 1803 2004 2805 3001 3801 4001 4801 50c0b3b1ce06"
               " 8001 00 98 01 07");
    GetGlobalState_Response *rsp = peer_reply(&a, 1002, 3);
    ck_assert_int_eq(rsp->s2c->serverVer, UPSTREAM_SERVER_VER);
    ck_assert_uint_eq(rsp->s2c->connID, a.id);
    ck_assert_int_eq(rsp->s2c->marketUS, 2);
    ck_assert_int_eq(rsp->s2c->marketSG, 7);
}
END_TEST

START_TEST(used_quota_is_ours)
{
    peer_sub(&a, 2, &(struct sub_args){ "00700", TYPES(1, 2), true, 0, 0, -1, false });
    peer_ok(&a, 3001, 2);
    peer_send_hex(&a, 1010, 3, "0a00");
    rig_answer(&r, 1010, "0800120018002202 1005");
    UsedQuota_Response *rsp = peer_reply(&a, 1010, 3);
    ck_assert_int_eq(rsp->s2c->usedSubQuota, 2);
    ck_assert_int_eq(rsp->s2c->usedKLineQuota, 5);
    peer_send_hex(&a, 1010, 4, "0a00");
    rig_answer(&r, 1010, "08ffffffffffffffffff01 1203 6e6f21 1800");
    rsp = peer_reply(&a, 1010, 4);
    ck_assert_int_eq(rsp->retType, 0);
    ck_assert_int_eq(rsp->s2c->usedSubQuota, 2);
    ck_assert(!rsp->s2c->has_usedKLineQuota);
}
END_TEST

START_TEST(counters)
{
    futu_gateway_stats st = { .size = sizeof(st) };
    peer_send_hex(&a, 1012, 1, "");
    peer_send_hex(&a, 1004, 2, "0a020801");
    ck_assert_int_eq(hub_stats_get(r.hub, &st), FUTU_OK);
    ck_assert_uint_eq(st.requests, 3);
    ck_assert_uint_eq(st.refused, 1);
    ck_assert_uint_eq(st.connections, 1);
    st.size = offsetof(futu_gateway_stats, pushes);     /* an older caller */
    st.pushes = 77;
    ck_assert_int_eq(hub_stats_get(r.hub, &st), FUTU_OK);
    ck_assert_uint_eq(st.pushes, 77);
    st.size = 3;
    ck_assert_int_eq(hub_stats_get(r.hub, &st), FUTU_EINVAL);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, every_id_is_answered_once_in_its_own_form);
    tcase_add_test(tc, every_id_over_the_sdks_websocket);
    tcase_add_test(tc, unknown_ids_and_pushes);
    tcase_add_test(tc, an_exposed_port_serves_quotes_but_no_trade);
    tcase_add_test(tc, unreadable_bodies_name_the_place);
    tcase_add_test(tc, answers_come_in_any_order_with_their_own_serial);
    tcase_add_test(tc, a_silent_upstream_ends_in_a_timeout);
    tcase_add_test(tc, calls_of_a_client_that_goes_are_cancelled);
    tcase_add_test(tc, calls_under_way_are_bounded);
    tcase_add_test(tc, sixty_snapshots_in_thirty_seconds);
    tcase_add_test(tc, unreadable_requests_do_not_count);
    tcase_add_test(tc, only_refreshing_lists_count);
    tcase_add_test(tc, only_first_pages_count);
    tcase_add_test(tc, global_state_carries_our_version_and_the_connection);
    tcase_add_test(tc, used_quota_is_ours);
    tcase_add_test(tc, counters);
}

int main(void)
{
    return run_tcase("router", add);
}
