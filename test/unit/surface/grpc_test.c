/* grpc_test.c - the gRPC services without HTTP/2: who may call what, bodies, and how calls end. */
#include "grpc_rig.h"
#include "surface/hot.h"

/* ---- methods and keys ---- */

START_TEST(a_generic_call_wraps_the_response)
{
    begin(true);
    for (int alone = 0; alone < 2; alone++) {
        if (alone)
            ask(&a, &(struct want){ .path = GENERIC, .token = "qot" }, 3223, MARKET_STATE_C2S);
        else
            ask(&a, &(struct want){ .path = GENERIC, .token = "qot" }, 3223, MARKET_STATE);
        ck_assert_uint_eq(a.ends, 0);
        ck_assert_uint_eq(rig_waiting(&k.r, 3223), 1);
        rig_answer(&k.r, 3223, alone ? REFUSED : HEX_EMPTY);
        ended(&a, FUTU_GRPC_OK, "");
        futu_str m = next(&a), body = bytes_of(m, 4);
        ck_assert_int_eq((int32_t)number(m, 1), alone ? -1 : 0);
        ck_assert(str_is(bytes_of(m, 2), alone ? "no!" : ""));
        ck_assert_uint_eq(number(m, 3), 3223);
        ck_assert_int_eq(response_ret((const uint8_t *)body.p, body.n), alone ? -1 : 0);
        ck_assert_ptr_null(next(&a).p);
    }
    stop();
}
END_TEST

START_TEST(a_typed_call_is_answered_by_the_response_itself)
{
    begin(true);
    say(&a, &(struct want){ .path = TYPED, .token = "qot" }, MARKET_STATE);
    rig_answer(&k.r, 3223, HEX_EMPTY);
    ended(&a, FUTU_GRPC_OK, "");
    futu_str m = next(&a);
    ck_assert_int_eq(response_ret((const uint8_t *)m.p, m.n), RET_OK);
    ck_assert_uint_ge(a.outputs, 1);
    say(&a, &(struct want){ .path = TYPED, .token = "qot" }, MARKET_STATE_C2S);
    ended(&a, FUTU_GRPC_INVALID_ARGUMENT, "c2s");
    stop();
}
END_TEST

START_TEST(every_protocol_has_its_method)
{
    static const char *const services[] = { "System", "Quote", "Trade" };
    size_t n;
    const struct proto_row *rows = proto_rows(&n);
    begin(true);
    for (size_t i = 0; i < n; i++) {
        const char *name = rows[i].name;
        int s = strncmp(name, "Qot_", 4) == 0 ? 1 : strncmp(name, "Trd_", 4) == 0 ? 2 : 0;
        char path[128];
        bool callable = rows[i].kind == PROTO_REQUEST && rows[i].request && rows[i].id != 1001;
        snprintf(path, sizeof(path), "/futu.v1.%s/%s", services[s], s ? name + 4 : name);
        open_call(&a, &(struct want){ .path = path, .token = "all" });
        ck_assert_msg(a.ends == !callable, "%s", path);
        if (!callable)
            ended(&a, FUTU_GRPC_UNIMPLEMENTED, "no method");
    }
    stop();
}
END_TEST

START_TEST(what_is_no_method_is_unimplemented)
{
    static const char *const paths[] = {
        "", "/", "/futu.service.FutuOpenD/request", "/futu.service.FutuOpenD", "/futu.v1.Quote/",
        "/futu.v1.Quote/getmarketstate", "/futu.v1.Quote/PlaceOrder", "/futu.v1.System/Qot_Sub",
        "/futu.v1.Quote/UpdateBasicQot", "/futu.v1.System/InitConnect", "/x.y/Z",
    };
    begin(true);
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        open_call(&a, &(struct want){ .path = paths[i], .token = "all" });
        ended(&a, FUTU_GRPC_UNIMPLEMENTED, "no method");
    }
    ck_assert_uint_eq(trail_count(&k, "unknown method", "\"all\"", "\"grpc\""), ARRAY_LEN(paths));
    stop();
}
END_TEST

START_TEST(who_may_not_call_hears_why)
{
    static const struct {
        const char *token;
        uint32_t proto;
        int status;
        const char *part;
    } rows[] = {
        { NULL, 3223, FUTU_GRPC_UNAUTHENTICATED, "authorization: Bearer" },
        { "nobody", 3223, FUTU_GRPC_UNAUTHENTICATED, "not valid" },
        { "old", 3223, FUTU_GRPC_UNAUTHENTICATED, "not valid" },
        { "acc", 3223, FUTU_GRPC_PERMISSION_DENIED, "forbidden" },
        { "qot", 2001, FUTU_GRPC_PERMISSION_DENIED, "forbidden" },
        { "qot", 1006, FUTU_GRPC_PERMISSION_DENIED, "forbidden" },
        { "all", 9999, FUTU_GRPC_NOT_FOUND, "9999" },
        { "all", 3005, FUTU_GRPC_NOT_FOUND, "3005" },
        { "all", 1001, FUTU_GRPC_NOT_FOUND, "1001" },
    };
    begin(true);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ask(&a, &(struct want){ .path = GENERIC, .token = rows[i].token }, rows[i].proto,
            MARKET_STATE);
        ended(&a, rows[i].status, rows[i].part);
    }
    ck_assert_uint_eq(trail_count(&k, "\"reject\"", "\"grpc\""), 6);
    ck_assert_uint_eq(trail_count(&k, "\"reject\"", "\"<missing>\""), 1);
    stop();
}
END_TEST

START_TEST(without_keys_reads_are_open_and_writes_are_not)
{
    uint8_t order[512];
    static const uint32_t closed[] = { 2202, 2005, 2008, 1006 };
    begin(false);
    ask(&a, &(struct want){ .path = GENERIC }, 3223, MARKET_STATE);
    rig_answer(&k.r, 3223, HEX_EMPTY);
    ended(&a, FUTU_GRPC_OK, "");
    size_t n = place_bytes(0, &(struct place){ .price = 10 }, order);
    for (size_t i = 0; i < ARRAY_LEN(closed); i++) {
        ask(&a, &(struct want){ .path = GENERIC }, closed[i], order, n);
        ended(&a, FUTU_GRPC_UNAUTHENTICATED, "--grpc-keys-file");
    }
    stop();
}
END_TEST

/* ---- bodies ---- */

START_TEST(bodies_that_can_not_be_read_are_invalid)
{
    begin(true);
    say(&a, &(struct want){ .path = GENERIC, .token = "all" }, "\x08", 1);
    ended(&a, FUTU_GRPC_INVALID_ARGUMENT, "FutuRequest");
    say(&a, &(struct want){ .path = GENERIC, .token = "all" }, "\x0a\x00", 2);
    ended(&a, FUTU_GRPC_INVALID_ARGUMENT, "proto_id");
    say(&a, &(struct want){ .path = GENERIC, .token = "all" }, "\x10\x00", 2);
    ended(&a, FUTU_GRPC_INVALID_ARGUMENT, "body");
    ask(&a, &(struct want){ .path = GENERIC, .token = "all" }, 3006, "\xff\xff", 2);
    ended(&a, FUTU_GRPC_INVALID_ARGUMENT, "as its C2S alone");
    open_call(&a, &(struct want){ .path = GENERIC, .token = "all" });
    grpc_half_close(a.call);
    ended(&a, FUTU_GRPC_UNIMPLEMENTED, "none came");
    open_call(&a, &(struct want){ .path = GENERIC, .token = "all" });
    grpc_message(a.call, "", 0);
    grpc_message(a.call, "", 0);
    ended(&a, FUTU_GRPC_UNIMPLEMENTED, "one message");
    ck_assert_uint_eq(k.r.fake.requests, 1);        /* of the accounts */
    stop();
}
END_TEST

START_TEST(an_order_may_come_without_its_number)
{
    uint8_t bytes[512];
    struct pb_rec c2s, id;
    begin(true);
    size_t n = place_bytes(0, &limit, bytes);
    ck_assert(pb_first((futu_str){ (const char *)bytes, n }, 1, &c2s));
    ck_assert(pb_inner(bytes, n, 1, 1, &id));
    const uint8_t *rest = id.p + id.n;              /* packetID is the first */
    ask(&a, &(struct want){ .path = GENERIC, .token = "all" }, 2202, rest,
        (size_t)(bytes + n - rest));
    rails_written(&k);
    ck_assert_uint_eq(rig_waiting(&k.r, 2202), 1);
    rig_answer(&k.r, 2202, PLACED);
    ended(&a, FUTU_GRPC_OK, "");
    ck_assert_int_eq((int32_t)number(next(&a), 1), 0);
    stop();
}
END_TEST

START_TEST(limits_have_their_statuses)
{
    begin(true);
    order(&a, "hk", NULL, &limit);
    ended(&a, FUTU_GRPC_PERMISSION_DENIED, "market");
    order(&a, "mine", NULL, &(struct place){ .price = 10, .acc_id = 1002 });
    ended(&a, FUTU_GRPC_PERMISSION_DENIED, "forbidden");
    order(&a, "sim", NULL, &(struct place){ .price = 10, .env = Trd_Common_TrdEnv_Real });
    ended(&a, FUTU_GRPC_PERMISSION_DENIED, "");
    order(&a, "slow", NULL, &limit);
    rig_answer(&k.r, 2202, PLACED);
    ended(&a, FUTU_GRPC_OK, "");
    order(&a, "slow", NULL, &(struct place){ .price = 10, .serial = 8 });
    ended(&a, FUTU_GRPC_RESOURCE_EXHAUSTED, "minute");
    stop();
}
END_TEST

START_TEST(a_repeat_with_the_key_is_answered_from_what_was_kept)
{
    begin(true);
    order(&a, "all", "one", &limit);
    order(&b, "all", "one", &limit);
    ended(&b, FUTU_GRPC_ABORTED, "no answer yet");
    rig_answer(&k.r, 2202, PLACED);
    ended(&a, FUTU_GRPC_OK, "");
    uint32_t sent = k.r.fake.requests;
    order(&b, "all", "one", &limit);
    ended(&b, FUTU_GRPC_OK, "");
    ck_assert_uint_eq(k.r.fake.requests, sent);
    ck_assert(str_eq(next(&a), next(&b)));
    order(&b, "all", "one", &(struct place){ .price = 11, .serial = 7 });
    ended(&b, FUTU_GRPC_ALREADY_EXISTS, "another request");
    order(&b, "all", "two words", &limit);
    ended(&b, FUTU_GRPC_INVALID_ARGUMENT, "idempotency-key");
    order(&b, "all", "a-word-of-65-bytes-0000000000000000000000000000000000000000000000", &limit);
    ended(&b, FUTU_GRPC_INVALID_ARGUMENT, "idempotency-key");
    stop();
}
END_TEST

/* ---- how they end ---- */

/* Whether the gateway behind was asked; it is answered then. */
static bool read_quote(const char *token, bool generic)
{
    const struct want w = { .path = generic ? GENERIC : "/futu.v1.Quote/GetBasicQot",
                            .token = token };
    if (generic)
        ask(&a, &w, 3004, MARKET_STATE);
    else
        say(&a, &w, MARKET_STATE);
    bool asked = rig_waiting(&k.r, 3004) > 0;
    if (asked)
        rig_answer(&k.r, 3004, HEX_EMPTY);
    ended(&a, FUTU_GRPC_OK, "");
    return asked;
}

START_TEST(a_read_stands_until_the_next_event)
{
    begin(true);
    subscribe("qot");
    for (int generic = 0; generic < 2; generic++) {
        ck_assert(read_quote("qot", generic));
        futu_str m = next(&a);
        char first[64];
        size_t n = m.n;
        ck_assert_uint_lt(n, sizeof(first));
        memcpy(first, m.p, n);
        ck_assert(!read_quote("qot", generic));
        m = next(&a);
        ck_assert_mem_eq(m.p, first, n);
        ck_assert_uint_eq(m.n, n);
        ck_assert_ptr_null(next(&a).p);
    }
    rig_push(&k.r, 3005, 1, 0, "0800", false);
    ck_assert(read_quote("qot", false));
    ck_assert(!read_quote("qot", false));
    rig_pass(&k.r, HOT_LIFE_NS);
    ck_assert(read_quote("qot", false));
    stop();
}
END_TEST

/* Nor one without the scope, nor one that has not subscribed; a refusal does not stand. */
START_TEST(a_read_does_not_stand_for_another_key)
{
    begin(true);
    subscribe("qot");
    ck_assert(read_quote("qot", false));
    say(&a, &(struct want){ .path = "/futu.v1.Quote/GetBasicQot", .token = "acc" }, MARKET_STATE);
    ended(&a, FUTU_GRPC_PERMISSION_DENIED, "forbidden");
    for (int i = 0; i < 2; i++) {
        ck_assert(!read_quote("all", false));
        futu_str m = next(&a);
        ck_assert_int_eq(response_ret((const uint8_t *)m.p, m.n), -1);
    }
    subscribe("all");
    ck_assert(read_quote("all", false));
    stop();
}
END_TEST

START_TEST(a_deadline_ends_the_call_and_drops_the_read_upstream)
{
    begin(true);
    ask(&a, &(struct want){ .path = GENERIC, .token = "qot", .timeout_ns = NS_PER_S }, 3223,
        MARKET_STATE);
    rig_pass(&k.r, NS_PER_S - 1);
    ck_assert_uint_eq(a.ends, 0);
    rig_pass(&k.r, 1);
    ended(&a, FUTU_GRPC_DEADLINE_EXCEEDED, "the deadline is over");
    ck_assert_uint_eq(rig_waiting(&k.r, 3223), 0);      /* upstream too */
    ck_assert_ptr_null(next(&a).p);
    open_call(&a, &(struct want){ .path = PUSHES, .token = "qot", .timeout_ns = 1 });
    rig_pass(&k.r, 1);
    ended(&a, FUTU_GRPC_DEADLINE_EXCEEDED, "over");
    stop();
}
END_TEST

START_TEST(a_deadline_takes_no_order_back)
{
    begin(true);
    static const struct want w = { .path = GENERIC, .token = "all", .timeout_ns = NS_PER_S };
    uint8_t bytes[512];
    ask(&a, &w, 2202, bytes, place_bytes(0, &limit, bytes));
    rails_written(&k);
    rig_pass(&k.r, NS_PER_S);
    ended(&a, FUTU_GRPC_DEADLINE_EXCEEDED, "may still be done");
    rig_answer(&k.r, 2202, PLACED);
    ck_assert_uint_eq(a.ends, 1);
    ck_assert_ptr_null(next(&a).p);
    stop();
}
END_TEST

START_TEST(a_client_that_goes_drops_its_read)
{
    begin(true);
    ask(&a, &(struct want){ .path = GENERIC, .token = "qot" }, 3223, MARKET_STATE);
    say(&b, &(struct want){ .path = TYPED, .token = "qot" }, MARKET_STATE);
    drop(&a);
    ck_assert_uint_eq(rig_waiting(&k.r, 3223), 1);
    ck_assert_uint_eq(k.r.fake.cancelled, 1);
    drop(&b);
    ck_assert_uint_eq(rig_waiting(&k.r, 3223), 0);
    stop();
}
END_TEST

START_TEST(a_client_that_goes_takes_no_order_back)
{
    begin(true);
    order(&a, "all", "one", &limit);
    drop(&a);
    rig_answer(&k.r, 2202, PLACED);
    order(&b, "all", "one", &limit);
    ended(&b, FUTU_GRPC_OK, "");
    stop();
}
END_TEST

START_TEST(a_gateway_that_ends_says_so)
{
    begin(true);
    ask(&a, &(struct want){ .path = GENERIC, .token = "qot" }, 3223, MARKET_STATE);
    say(&b, &(struct want){ .path = PUSHES, .token = "qot" }, "", 0);
    grpc_free(grpc);
    grpc = NULL;
    ended(&a, FUTU_GRPC_UNAVAILABLE, "ends");
    ended(&b, FUTU_GRPC_UNAVAILABLE, "ends");
    stop();
}
END_TEST

START_TEST(a_request_of_a_wrong_size_is_refused)
{
    futu_grpc_request rq = FUTU_GRPC_REQUEST_INIT;
    futu_grpc_call *call;
    begin(true);
    ck_assert_int_eq(grpc_open(grpc, &rq, &call), FUTU_EINVAL);
    rq.on_output = on_output;
    rq.on_end = on_end;
    rq.size = 8;
    ck_assert_int_eq(grpc_open(grpc, &rq, &call), FUTU_EINVAL);
    stop();
}
END_TEST

/* ---- the standard services ---- */

#define CHECK "/grpc.health.v1.Health/Check"
#define WATCH "/grpc.health.v1.Health/Watch"
#define REFLECT "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"

START_TEST(health_is_told_without_a_key_and_watched)
{
    begin(true);
    k.r.fake.state.qot_logined = false;
    say(&a, &(struct want){ .path = CHECK }, "", 0);
    ended(&a, FUTU_GRPC_OK, "");
    ck_assert_uint_eq(number(next(&a), 1), 1);
    say(&a, &(struct want){ .path = CHECK }, "\x0a\x01x", 3);
    ended(&a, FUTU_GRPC_NOT_FOUND, "no such service");
    say(&a, &(struct want){ .path = CHECK }, "\x0a\x05x", 3);
    ended(&a, FUTU_GRPC_INVALID_ARGUMENT, "HealthCheckRequest");
    say(&b, &(struct want){ .path = WATCH }, "\x0a\x0d" "futu.v1.Quote", 15);
    ck_assert_uint_eq(number(next(&b), 1), 2);
    rig_pass(&k.r, 2 * NS_PER_S);
    ck_assert_ptr_null(next(&b).p);
    k.r.fake.state.qot_logined = true;
    rig_pass(&k.r, 2 * NS_PER_S);
    ck_assert_uint_eq(number(next(&b), 1), 1);
    ck_assert_uint_eq(b.ends, 0);
    stop();
}
END_TEST

START_TEST(reflection_answers_each_question)
{
    static const struct {
        const char *question;
        size_t n;
        uint32_t tag;               /* of its answer */
    } rows[] = {
        { "\x3a\x00", 2, 6 }, { "\x1a\x12" "futu_service.proto", 20, 4 },
        { "\x22\x16" "futu.service.FutuOpenD", 24, 4 }, { "\x22\x0c" "futu.service", 14, 7 },
        { "\x1a\x01x", 3, 7 }, { "\x32\x01x", 3, 7 }, { "", 0, 7 },
    };
    begin(true);
    open_call(&a, &(struct want){ .path = REFLECT });
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct pb_rec r;
        grpc_message(a.call, rows[i].question, rows[i].n);
        futu_str m = next(&a);
        ck_assert_msg(m.p && pb_first(m, rows[i].tag, &r), "row %zu", i);
        ck_assert_uint_eq(bytes_of(m, 2).n, rows[i].n);
    }
    grpc_half_close(a.call);
    ended(&a, FUTU_GRPC_OK, "");
    open_call(&a, &(struct want){ .path = REFLECT });
    grpc_message(a.call, "\x1a\x05", 2);
    ended(&a, FUTU_GRPC_INVALID_ARGUMENT, "ServerReflectionRequest");
    stop();
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, a_generic_call_wraps_the_response);
    tcase_add_test(tc, a_typed_call_is_answered_by_the_response_itself);
    tcase_add_test(tc, every_protocol_has_its_method);
    tcase_add_test(tc, what_is_no_method_is_unimplemented);
    tcase_add_test(tc, who_may_not_call_hears_why);
    tcase_add_test(tc, without_keys_reads_are_open_and_writes_are_not);
    tcase_add_test(tc, bodies_that_can_not_be_read_are_invalid);
    tcase_add_test(tc, an_order_may_come_without_its_number);
    tcase_add_test(tc, limits_have_their_statuses);
    tcase_add_test(tc, a_repeat_with_the_key_is_answered_from_what_was_kept);
    tcase_add_test(tc, a_read_stands_until_the_next_event);
    tcase_add_test(tc, a_read_does_not_stand_for_another_key);
    tcase_add_test(tc, a_deadline_ends_the_call_and_drops_the_read_upstream);
    tcase_add_test(tc, a_deadline_takes_no_order_back);
    tcase_add_test(tc, a_client_that_goes_drops_its_read);
    tcase_add_test(tc, a_client_that_goes_takes_no_order_back);
    tcase_add_test(tc, a_gateway_that_ends_says_so);
    tcase_add_test(tc, a_request_of_a_wrong_size_is_refused);
    tcase_add_test(tc, health_is_told_without_a_key_and_watched);
    tcase_add_test(tc, reflection_answers_each_question);
}

int main(void)
{
    return run_tcase("grpc", add);
}
