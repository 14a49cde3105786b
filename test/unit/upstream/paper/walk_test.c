/* Every protocol of the registry gets exactly one answer that its Response descriptor accepts. */
#include "harness.h"

/* Fills required fields of a message with something, numbers with what may be a market, a type or a
 * count; what is optional stays away. */
static void *make_message(struct arena *a, const futu_msg *m, int32_t number)
{
    char *out = arena_alloc(a, m->size);
    for (size_t i = 0; i < m->n_fields; i++) {
        const struct pb_field *f = &m->fields[i];
        if (f->label != PB_REQUIRED)
            continue;
        if (f->type == PB_MESSAGE)
            *(void **)(void *)(out + f->off) = make_message(a, f->sub, number);
        else if (f->type == PB_STRING || f->type == PB_BYTES)
            *(futu_str *)(void *)(out + f->off) = STR("00700");
        else
            *(bool *)(out + f->off_has) = true;
        if (f->type == PB_INT32)
            *(int32_t *)(void *)(out + f->off) = number;
    }
    return out;
}

static bool hub_answers(uint32_t id)
{
    static const uint32_t ids[] = { 1001, 1004, 1007, 2008, 3001, 3002, 3003 };
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        if (ids[i] == id)
            return true;
    return false;
}

struct envelope {
    int32_t ret_type;
    futu_str msg;
    bool s2c, can_have;
};

static struct envelope envelope_of(const futu_msg *m, const void *response)
{
    struct envelope e = { 0 };
    const char *p = response;
    for (size_t i = 0; i < m->n_fields; i++) {
        const struct pb_field *f = &m->fields[i];
        if (f->tag == 1)
            e.ret_type = *(const int32_t *)(const void *)(p + f->off);
        else if (f->tag == 2)
            e.msg = *(const futu_str *)(const void *)(p + f->off);
        else if (f->tag == 4) {
            e.can_have = true;
            e.s2c = *(void *const *)(const void *)(p + f->off) != NULL;
        }
    }
    return e;
}

static void assert_envelope(const struct proto_row *row, const void *response)
{
    struct envelope e = envelope_of(row->response, response);
    ck_assert_msg(e.ret_type == 0 || e.ret_type == -1, "%s: retType %d", row->name, e.ret_type);
    if (e.ret_type == 0) {
        ck_assert_msg(e.s2c, "%s: success without s2c", row->name);
    } else {
        ck_assert_msg(e.msg.p && e.msg.n > 0, "%s: failure without a text", row->name);
        ck_assert_msg(!e.s2c, "%s: failure with s2c", row->name);
    }
}

static void walk(const char *clock, int64_t wall, int32_t number)
{
    struct harness h;
    size_t n;
    harness_start(&h, clock, wall, 0);
    const struct proto_row *rows = proto_rows(&n);
    ck_assert_uint_gt(n, 150);
    for (size_t i = 0; i < n; i++) {
        const struct proto_row *row = &rows[i];
        if (!row->request || !row->response || row->kind != PROTO_REQUEST || hub_answers(row->id))
            continue;
        void *request = make_message(&h.arena, row->request, number);
        assert_envelope(row, harness_ask(&h, row->id, request));
        arena_reset(&h.arena);
    }
    harness_stop(&h);
}

START_TEST(every_protocol_is_answered_in_the_session)
{
    walk(NULL, WEDNESDAY_10_HK, HK);
}
END_TEST

START_TEST(every_protocol_is_answered_with_all_markets_closed)
{
    walk(NULL, WEDNESDAY_10_HK + 4 * 24 * 3600 * NS_PER_S, SH);      /* a Sunday */
}
END_TEST

START_TEST(every_protocol_is_answered_when_always_open)
{
    walk("always-open", WEDNESDAY_10_HK + 4 * 24 * 3600 * NS_PER_S, SZ);
}
END_TEST

START_TEST(a_body_that_is_no_message_is_refused_in_the_vendors_words)
{
    struct harness h;
    size_t n;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    const struct proto_row *rows = proto_rows(&n);
    for (size_t i = 0; i < n; i++) {
        const struct proto_row *row = &rows[i];
        if (!row->request || !row->response || row->kind != PROTO_REQUEST)
            continue;
        struct envelope e = envelope_of(row->response,
                                        harness_send(&h, row->id, (const uint8_t *)"\xff\xff", 2));
        ck_assert_int_eq(e.ret_type, -1);
        ck_assert_msg(strstr(e.msg.p, "解析protobuf协议失败") || strstr(e.msg.p, row->name),
                      "%s: %s", row->name, e.msg.p);
        arena_reset(&h.arena);
    }
    harness_stop(&h);
}
END_TEST

static void unknown_done(struct upstream_request *rq, const uint8_t *body, size_t len)
{
    Qot_GetKL_Response r;
    struct arena a = ARENA_INIT;
    ck_assert_int_eq(codec_decode(&Qot_GetKL_Response_msg, &a, body, len, &r, NULL, NULL), FUTU_OK);
    ck_assert_int_eq(r.retType, -1);
    ck_assert(str_is(r.retMsg, "未知的协议ID"));
    arena_free(&a);
    *(int *)rq->upstream_data += 1;
}

START_TEST(unknown_push_and_bodiless_ids_are_unknown_protocols)
{
    static const uint32_t ids[] = { 0, 999, 1003, 1009, 3005, 3019, 2208, 9999, UINT32_MAX };
    struct harness h;
    int answers = 0;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
        struct upstream_request rq = { .proto = ids[i], .body = (const uint8_t *)"", .len = 0,
                                       .done = unknown_done, .upstream_data = &answers };
        h.up->ops->request(h.up, &rq);
    }
    ck_assert_int_eq(answers, ARRAY_LEN(ids));
    harness_stop(&h);
}
END_TEST

START_TEST(what_the_exchange_has_not_is_refused_by_name)
{
    static const struct {
        uint32_t id;
        const char *name;
    } rows[] = { { 3209, "Qot_GetOptionChain" }, { 3210, "Qot_GetWarrant" },
                 { 3252, "Qot_StockScreen" },    { 3401, "Qot_GetEarningsCalendar" } };
    struct harness h;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct proto_row *row = proto_find(rows[i].id);
        struct envelope e = envelope_of(
            row->response, harness_ask(&h, row->id, make_message(&h.arena, row->request, 1)));
        ck_assert_int_eq(e.ret_type, -1);
        ck_assert_ptr_nonnull(strstr(e.msg.p, rows[i].name));
        ck_assert_ptr_nonnull(strstr(e.msg.p, "paper exchange"));
    }
    harness_stop(&h);
}
END_TEST

struct nested {
    struct ask outer;
    int depth;
};

/* A request from inside done() must not disturb the reply that is being given. */
static void nested_done(struct upstream_request *rq, const uint8_t *body, size_t len)
{
    struct nested *n = container_of(rq, struct nested, outer.rq);
    struct harness *h = n->outer.h;
    Qot_GetStaticInfo_C2S q = { .market = HK, .has_market = true };
    Qot_GetStaticInfo_Response *inner = ASK(h, 3202, Qot_GetStaticInfo, &q);
    assert_ok(inner);
    Qot_GetMarketState_Response *r = decode_with(h, &Qot_GetMarketState_Response_msg, body, len);
    assert_ok(r);
    n->depth++;
}

START_TEST(a_request_from_inside_a_reply_has_its_own_memory)
{
    struct harness h;
    struct buf b = BUF_INIT;
    harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
    Qot_Common_Security s = sec(HK, "00700");
    Qot_GetMarketState_C2S q = { .n_securityList = 1, .securityList = &s };
    Qot_GetMarketState_Request rq = { .c2s = &q };
    ck_assert_int_eq(codec_encode(&Qot_GetMarketState_Request_msg, &rq, &b, NULL), FUTU_OK);
    struct nested n = { .outer = { .h = &h } };
    n.outer.rq = (struct upstream_request){ .proto = 3223, .body = b.p, .len = b.n,
                                            .done = nested_done };
    h.up->ops->request(h.up, &n.outer.rq);
    ck_assert_int_eq(n.depth, 1);
    buf_free(&b);
    harness_stop(&h);
}
END_TEST

static void no_memory_done(struct upstream_request *rq, const uint8_t *body, size_t len)
{
    mem_fail_at(-1);
    GetUserInfo_Response r;
    struct arena a = ARENA_INIT;
    ck_assert_int_eq(codec_decode(&GetUserInfo_Response_msg, &a, body, len, &r, NULL, NULL),
                     FUTU_OK);
    *(int *)rq->upstream_data = r.retType;
    ck_assert_ptr_nonnull(r.retMsg.p);
    arena_free(&a);
}

START_TEST(every_failed_allocation_is_answered)
{
    static const uint8_t body[] = { 0x0a, 0x00 };
    int ret = -1;
    for (long n = 0; ret != 0; n++) {
        struct harness h;
        harness_start(&h, NULL, WEDNESDAY_10_HK, 0);
        struct upstream_request rq = { .proto = 1005, .body = body, .len = sizeof(body),
                                       .done = no_memory_done, .upstream_data = &ret };
        mem_fail_at(n);
        h.up->ops->request(h.up, &rq);
        ck_assert(ret == 0 || ret == -1);
        harness_stop(&h);
        ck_assert_int_lt(n, 50);
    }
}
END_TEST

START_TEST(a_failed_creation_leaves_nothing)
{
    struct clock_fake fake = { .mono_ns = 1, .wall_ns = WEDNESDAY_10_HK };
    struct clock clock = clock_fake(&fake);
    struct timers timers = { 0 };
    struct paper_opts o = { .sys = &clock, .timers = &timers };
    struct upstream *u;
    char why[128];
    for (long n = 0; test_alloc_fail_at(n); n++) {
        futu_err err = paper_new(&u, &o, why, sizeof(why));
        ck_assert(err == FUTU_OK || err == FUTU_ENOMEM);
        if (!err)
            u->ops->free(u);
    }
    o.clock = "sundial";
    ck_assert_int_eq(paper_new(&u, &o, why, sizeof(why)), FUTU_EFORMAT);
    ck_assert_ptr_nonnull(strstr(why, "always-open"));
    ck_assert_ptr_null(u);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, every_protocol_is_answered_in_the_session);
    tcase_add_test(tc, every_protocol_is_answered_with_all_markets_closed);
    tcase_add_test(tc, every_protocol_is_answered_when_always_open);
    tcase_add_test(tc, a_body_that_is_no_message_is_refused_in_the_vendors_words);
    tcase_add_test(tc, unknown_push_and_bodiless_ids_are_unknown_protocols);
    tcase_add_test(tc, what_the_exchange_has_not_is_refused_by_name);
    tcase_add_test(tc, a_request_from_inside_a_reply_has_its_own_memory);
    tcase_add_test(tc, every_failed_allocation_is_answered);
    tcase_add_test(tc, a_failed_creation_leaves_nothing);
}

int main(void)
{
    return run_tcase("paper walk", add);
}
