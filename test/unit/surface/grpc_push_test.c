/* grpc_push_test.c - the streams of SubscribePush; and gRPC without memory. */
#include "grpc_rig.h"

/* ---- streams ---- */

START_TEST(pushes_come_as_events)
{
    begin(true);
    subscribe("qot");
    say(&b, &(struct want){ .path = PUSHES, .token = "qot" }, "", 0);
    ck_assert_uint_eq(b.ends, 0);
    ck_assert_uint_eq(trail_count(&k, "\"allow\"", "SubscribePush", "\"qot\""), 1);
    rig_push(&k.r, 3005, 1, 0, "0800", false);
    rig_turn(&k.r);
    ck_assert_uint_ge(b.outputs, 1);
    futu_str m = next(&b);
    ck_assert_uint_eq(number(m, 1), 3005);
    ck_assert(str_is(bytes_of(m, 2), "1_00700"));
    ck_assert_uint_eq(number(m, 3), 1);
    ck_assert(str_eq(bytes_of(m, 4), (futu_str){ "\x08\x00", 2 }));
    ck_assert(str_is(bytes_of(m, 5), "quote"));
    ck_assert_uint_eq(number(m, 6), 0);
    ck_assert_uint_eq(number(m, 7), 0);
    ck_assert_uint_eq(number(m, 9), 1);
    ck_assert_ptr_null(next(&b).p);
    stop();
}
END_TEST

START_TEST(either_read_scope_opens_the_stream)
{
    begin(true);
    say(&b, &(struct want){ .path = PUSHES, .token = "acc" }, "", 0);
    ck_assert_uint_eq(b.ends, 0);
    say(&b, &(struct want){ .path = PUSHES, .token = "sim" }, "", 0);
    ended(&b, FUTU_GRPC_PERMISSION_DENIED, "forbidden");
    stop();
}
END_TEST

START_TEST(a_slow_reader_gets_the_newest_quote)
{
    begin(true);
    subscribe("qot");
    say(&b, &(struct want){ .path = PUSHES, .token = "qot" }, "", 0);
    static char big[8 + 2 * 4000 + 1] = "1aa01f";       /* one field of 4000 bytes */
    memset(big + 6, '0', 2 * 4000);
    big[6 + 2 * 4000] = '\0';
    for (int i = 0; i < 1000; i++)
        rig_push(&k.r, 3005, 1, 0, big, false);
    size_t n = 0;
    uint64_t seq = 0;
    for (futu_str m; (m = next(&b)).p; n++)
        seq = number(m, 9);
    ck_assert_uint_lt(n, 100);
    ck_assert_uint_eq(seq, 1000);
    ck_assert_uint_eq(b.ends, 0);
    stop();
}
END_TEST

static void order_event(void)
{
    struct arena mem = ARENA_INIT;
    struct buf pb = BUF_INIT;
    Trd_UpdateOrder_Response *rsp = rails_filled(&Trd_UpdateOrder_Response_msg, &mem);
    rsp->s2c = rails_filled(&Trd_UpdateOrder_S2C_msg, &mem);
    rsp->s2c->header->accID = 1001;
    ck_assert_int_eq(codec_encode(&Trd_UpdateOrder_Response_msg, rsp, &pb, NULL), FUTU_OK);
    k.r.events.trade(k.r.events.arg, 1001, 2208, pb.p, pb.n);
    buf_free(&pb);
    arena_free(&mem);
}

START_TEST(who_would_lose_an_order_gets_the_others_and_the_reason)
{
    uint64_t seq = 0, sent = 0;
    begin(true);
    ask(&a, &(struct want){ .path = GENERIC, .token = "all" }, 2008, "\x0a\x03\x08\xe9\x07", 5);
    ended(&a, FUTU_GRPC_OK, "");
    say(&b, &(struct want){ .path = PUSHES, .token = "all" }, "", 0);
    for (; b.ends == 0 && sent < 200000; sent++) {
        order_event();
        hub_flush(k.r.hub);
    }
    ended(&b, FUTU_GRPC_RESOURCE_EXHAUSTED, "reads too slowly");
    for (futu_str m; (m = next(&b)).p;)
        ck_assert_uint_eq(number(m, 9), ++seq);
    ck_assert_uint_eq(seq, sent - 1);
    stop();
}
END_TEST

START_TEST(a_stream_ends_with_its_key)
{
    begin(true);
    subscribe("qot");
    say(&b, &(struct want){ .path = PUSHES, .token = "qot" }, "", 0);
    rig_push(&k.r, 3005, 1, 0, "0800", false);
    struct iovec iov[4];
    ck_assert_uint_eq(grpc_output(b.call, iov, 4), 1);
    grpc_sent(b.call, 3);                           /* in the midst of a message */
    rig_push(&k.r, 3005, 1, 0, "0800", false);
    rails_key(&k, "all", ALL, "");
    rails_save(&k);
    rails_reload(&k);
    rig_turn(&k.r);
    ended(&b, FUTU_GRPC_UNAUTHENTICATED, "revoked");
    ck_assert_uint_eq(grpc_output(b.call, iov, 4), 1);
    grpc_sent(b.call, iov[0].iov_len);
    ck_assert_uint_eq(grpc_output(b.call, iov, 4), 0);
    stop();
}
END_TEST

/* ---- memory ---- */

START_TEST(every_failed_allocation_is_clean)
{
    bool failed = true;
    for (long n = 0; failed; n++) {
        futu_grpc_request rq = FUTU_GRPC_REQUEST_INIT;
        begin(true);
        rq.path = STR(GENERIC);
        rq.timeout_ns = -1;
        rq.authorization = STR("Bearer token-all");
        rq.idempotency_key = STR("word");
        rq.on_output = on_output;
        rq.on_end = on_end;
        rq.arg = &a;
        uint8_t bytes[520] = { 0x08, 0x9a, 0x11, 0x12 };
        size_t len = place_bytes(0, &limit, bytes + 5);
        bytes[4] = (uint8_t)len;
        ck_assert_uint_lt(len, 128);        /* its length takes one byte */
        k.trail.deaf = k.daily.deaf = true;
        mem_fail_at(n);
        if (grpc_open(grpc, &rq, &a.call) == FUTU_OK) {
            grpc_message(a.call, bytes, len + 5);
            grpc_half_close(a.call);
        }
        failed = mem_failed();
        mem_fail_at(-1);
        ck_assert(a.call || failed);
        ck_assert(a.ends <= 1);
        stop();
    }
}
END_TEST

START_TEST(a_stream_without_memory_ends)
{
    bool failed = true;
    for (long n = 0; failed; n++) {
        begin(true);
        subscribe("all");
        open_call(&b, &(struct want){ .path = PUSHES, .token = "all" });
        k.trail.deaf = true;
        mem_fail_at(n);
        grpc_message(b.call, "", 0);
        grpc_half_close(b.call);
        rig_push(&k.r, 3005, 1, 0, "0800", false);
        failed = mem_failed();
        mem_fail_at(-1);
        rig_turn(&k.r);
        ck_assert(b.ends == 0 || b.status == FUTU_GRPC_RESOURCE_EXHAUSTED ||
                  b.status == FUTU_GRPC_UNAVAILABLE);
        ck_assert(b.ends || failed || next(&b).p);
        stop();
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, pushes_come_as_events);
    tcase_add_test(tc, either_read_scope_opens_the_stream);
    tcase_add_test(tc, a_slow_reader_gets_the_newest_quote);
    tcase_add_test(tc, who_would_lose_an_order_gets_the_others_and_the_reason);
    tcase_add_test(tc, a_stream_ends_with_its_key);
    tcase_add_test(tc, every_failed_allocation_is_clean);
    tcase_add_test(tc, a_stream_without_memory_ends);
}

int main(void)
{
    return run_tcase("grpc_push", add);
}
