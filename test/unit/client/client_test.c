/* client_test.c - the engine against the real hub: every mode of encryption and both formats, loss,
 * reconnect and what is restored, keep-alive, time limits, allocations that fail. */
#include "world.h"

#include <stdio.h>

#include "wire/handshake.h"

enum { BASIC = Qot_Common_SubType_Basic, TICKER = Qot_Common_SubType_Ticker };

static struct world w;

static const struct world_opts plain = { .algo = CIPHER_NONE };

#define HEADER "\"header\":{\"trdEnv\":0,\"accID\":\"1\",\"trdMarket\":1}"
static const char order_json[] = "{\"c2s\":{" HEADER ",\"trdSide\":1,\"orderType\":1,\"code\":"
                                 "\"00700\",\"qty\":100,\"price\":300,\"secMarket\":1}}";

static void use_everything(void)
{
    struct outcome sub = { 0 };
    world_connect(&w);
    ck_assert_uint_ge(w.c->conn_id, RIG_FIRST_ID);
    ck_assert_uint_eq(w.c->user_id, 10000001);
    ck_assert_int_gt(w.c->server_ver, 0);
    ck_assert_int_eq(world_subscribe(&w, BASIC, &sub), FUTU_OK);
    world_pump(&w);
    ck_assert_uint_eq(sub.n, 1);
    ck_assert_int_eq(sub.err, FUTU_OK);
    ck_assert_msg(sub.ret == 0, "%s", sub.text);
    world_quote(&w, 321.4);
    ck_assert_uint_eq(w.pushes, 1);
    ck_assert_uint_eq(w.bad_pushes, 0);
    ck_assert_double_eq_tol(w.last_price, 321.4, 1e-9);
    world_pass(&w, 120 * NS_PER_S);  /* kept alive: the hub closes after 30 s of silence */
    ck_assert_int_eq(world_state(&w), FUTU_STATE_READY);
    ck_assert_uint_eq(w.n_states, 2);
}

START_TEST(every_mode_byte_by_byte)
{
    static const int algos[] = { CIPHER_NONE, CIPHER_FTAES_ECB, CIPHER_AES_ECB, CIPHER_AES_CBC };
    for (size_t key = 0; key < 2; key++)
        for (size_t a = 0; a < (key ? ARRAY_LEN(algos) : 1); a++)
            for (int format = 0; format < 2; format++)
                for (size_t chunk = 0; chunk < 2; chunk++) {
                    const struct world_opts o = { .gateway_key = key, .client_key = key,
                                                  .algo = algos[a], .format = format,
                                                  .chunk = chunk };
                    world_init(&w, &o);
                    use_everything();
                    ck_assert_int_eq(w.c->cipher.algo, algos[a]);
                    world_free(&w);
                }
}
END_TEST

START_TEST(a_gateway_with_a_key_refuses_a_client_without)
{
    world_init(&w, &(struct world_opts){ .gateway_key = true });
    ck_assert_int_eq(client_start(w.c), FUTU_OK);
    world_pass(&w, NS_PER_S / 10);
    ck_assert_int_eq(world_state(&w), FUTU_STATE_LOST);
    ck_assert_int_eq(world_err(&w), FUTU_EAUTH);
    ck_assert_ptr_nonnull(strstr(w.c->error, "InitConnect refused: "));
    world_free(&w);
}
END_TEST

START_TEST(a_client_with_a_key_is_not_led_into_plain)
{
    world_init(&w, &(struct world_opts){ .client_key = true, .algo = CIPHER_AES_CBC,
                                         .scripted = true, .no_reconnect = true });
    InitConnect_S2C s2c = { .connAESKey = STR(RIG_KEY), .aesCBCiv = STR(RIG_IV) };
    InitConnect_Response r = { .s2c = &s2c };
    struct buf body = BUF_INIT;
    SET(&r, retType, 0);
    SET(&s2c, serverVer, 1003);
    SET(&s2c, loginUserID, 1);
    SET(&s2c, connID, 2);
    SET(&s2c, keepAliveInterval, 10);
    ck_assert_int_eq(codec_encode(&InitConnect_Response_msg, &r, &body, NULL), FUTU_OK);
    ck_assert_int_eq(client_start(w.c), FUTU_OK);
    world_pass(&w, NS_PER_S / 10);
    ck_assert_int_eq(frame_write(&w.pipe->in, 1001, 0, 1, body.p, body.n, NULL), FUTU_OK);
    world_pump(&w);
    ck_assert_int_eq(world_state(&w), FUTU_STATE_STOPPED);
    ck_assert_int_eq(world_err(&w), FUTU_EAUTH);
    buf_free(&body);
    world_free(&w);
}
END_TEST

static void expect_states(const int *want, unsigned n)
{
    ck_assert_uint_eq(w.n_states, n);
    for (unsigned i = 0; i < n; i++)
        ck_assert_int_eq(w.states[i], want[i]);
}

START_TEST(a_cut_connection_comes_back_with_its_subscriptions)
{
    static const int states[] = { FUTU_STATE_CONNECTING, FUTU_STATE_READY, FUTU_STATE_LOST,
                                  FUTU_STATE_CONNECTING, FUTU_STATE_READY };
    struct outcome sub = { 0 };
    world_init(&w, &plain);
    world_connect(&w);
    ck_assert_int_eq(world_subscribe(&w, BASIC, &sub), FUTU_OK);
    world_pass(&w, 10 * NS_PER_S);
    ck_assert_int_eq(sub.err, FUTU_OK);
    uint64_t first = w.c->conn_id;
    world_cut(&w);
    world_pass(&w, NS_PER_S / 10);              /* it had lasted: at once */
    expect_states(states, ARRAY_LEN(states));
    ck_assert_int_eq(w.errs[2], FUTU_ENOTCONN);
    ck_assert_int_eq(w.errs[4], FUTU_OK);
    ck_assert_uint_ne(w.c->conn_id, first);
    world_quote(&w, 9.5);
    ck_assert_double_eq_tol(w.last_price, 9.5, 1e-9);
    world_free(&w);
}
END_TEST

START_TEST(calls_under_way_end_with_the_connection)
{
    struct outcome o[3] = { 0 };
    world_init(&w, &plain);
    world_connect(&w);
    for (size_t i = 0; i < ARRAY_LEN(o); i++)
        ck_assert_int_eq(client_call_json(w.c, "GetUserInfo", "{\"c2s\":{}}", note_outcome, &o[i]),
                         FUTU_OK);
    world_pump(&w);
    ck_assert_uint_eq(rig_waiting(&w.rig, 1005), 3);
    world_cut(&w);
    for (size_t i = 0; i < ARRAY_LEN(o); i++) {
        ck_assert_uint_eq(o[i].n, 1);
        ck_assert_int_eq(o[i].err, FUTU_ENOTCONN);
    }
    ck_assert_int_eq(client_call_json(w.c, "GetUserInfo", "{\"c2s\":{}}", note_outcome, &o[0]),
                     FUTU_ENOTCONN);
    world_free(&w);
}
END_TEST

START_TEST(attempts_are_spaced_out)
{
    world_init(&w, &plain);
    w.pipe->refuse = FUTU_EREFUSED;
    ck_assert_int_eq(client_start(w.c), FUTU_OK);
    for (int i = 0; i < 600; i++) {
        w.pipe->refuse = FUTU_EREFUSED;         /* every time */
        world_pass(&w, 100 * NS_PER_MS);
    }
    ck_assert_uint_ge(w.pipe->opened, 12);
    ck_assert_uint_le(w.pipe->opened, 60);
    for (unsigned i = 1; i < w.pipe->opened; i++) {
        int64_t gap = w.pipe->opened_at[i] - w.pipe->opened_at[i - 1];
        ck_assert_int_ge(gap, 200 * NS_PER_MS);
        ck_assert_int_le(gap, 5200 * NS_PER_MS);
    }
    w.pipe->refuse = FUTU_OK;
    world_pass(&w, 6 * NS_PER_S);
    ck_assert_int_eq(world_state(&w), FUTU_STATE_READY);
    world_free(&w);
}
END_TEST

START_TEST(without_reconnect_a_loss_is_final)
{
    world_init(&w, &(struct world_opts){ .algo = CIPHER_NONE, .no_reconnect = true });
    world_connect(&w);
    world_cut(&w);
    world_pass(&w, 30 * NS_PER_S);
    ck_assert_int_eq(world_state(&w), FUTU_STATE_STOPPED);
    ck_assert_int_eq(world_err(&w), FUTU_ENOTCONN);
    ck_assert_uint_eq(w.pipe->opened, 1);
    world_connect(&w);                          /* by hand it goes on */
    world_free(&w);
}
END_TEST

START_TEST(a_silent_peer_is_given_up)
{
    struct outcome o = { 0 };
    world_init(&w, &plain);
    world_connect(&w);
    w.pipe->muted = true;
    ck_assert_int_eq(client_call_json(w.c, "GetUserInfo", "{\"c2s\":{}}", note_outcome, &o), 0);
    world_pass(&w, 11 * NS_PER_S);
    ck_assert_int_eq(o.err, FUTU_ETIMEDOUT);    /* the call's own limit comes first */
    ck_assert_int_eq(world_state(&w), FUTU_STATE_READY);
    world_pass(&w, 24 * NS_PER_S);
    ck_assert_int_eq(w.states[2], FUTU_STATE_LOST);
    ck_assert_int_eq(w.errs[2], FUTU_ETIMEDOUT);
    w.pipe->muted = false;
    world_pass(&w, 20 * NS_PER_S);
    ck_assert_int_eq(world_state(&w), FUTU_STATE_READY);
    ck_assert_uint_eq(o.n, 1);
    world_free(&w);
}
END_TEST

START_TEST(init_without_an_answer_is_given_up)
{
    world_init(&w, &(struct world_opts){ .algo = CIPHER_NONE, .no_reconnect = true });
    w.pipe->muted = true;
    ck_assert_int_eq(client_start(w.c), FUTU_OK);
    world_pass(&w, 9 * NS_PER_S);
    ck_assert_int_eq(world_state(&w), FUTU_STATE_CONNECTING);
    world_pass(&w, 2 * NS_PER_S);
    ck_assert_int_eq(world_state(&w), FUTU_STATE_STOPPED);
    ck_assert_int_eq(world_err(&w), FUTU_ETIMEDOUT);
    world_free(&w);
}
END_TEST

START_TEST(late_answers_are_dropped)
{
    struct outcome o = { 0 };
    world_init(&w, &plain);
    world_connect(&w);
    w.pipe->stuffed = true;
    ck_assert_int_eq(client_call_json(w.c, "GetUserInfo", "{\"c2s\":{}}", note_outcome, &o), 0);
    uint32_t serial = w.c->serial;
    world_pass(&w, 11 * NS_PER_S);
    ck_assert_int_eq(o.err, FUTU_ETIMEDOUT);
    ck_assert_int_eq(frame_write(&w.pipe->in, 1005, 0, serial, "\x08\x00", 2, NULL), FUTU_OK);
    world_pump(&w);
    ck_assert_uint_eq(o.n, 1);
    ck_assert_int_eq(world_state(&w), FUTU_STATE_READY);
    world_free(&w);
}
END_TEST

START_TEST(answers_may_come_in_any_order)
{
    struct outcome user = { 0 }, quota = { 0 };
    world_init(&w, &plain);
    world_connect(&w);
    ck_assert_int_eq(client_call_json(w.c, "GetUserInfo", "{\"c2s\":{}}", note_outcome, &user), 0);
    ck_assert_int_eq(client_call_json(w.c, "UsedQuota", "{\"c2s\":{}}", note_outcome, &quota), 0);
    world_pump(&w);
    rig_answer(&w.rig, 1010, HEX_OK);           /* no s2c: an empty one is made */
    world_pump(&w);
    ck_assert_uint_eq(user.n, 0);
    ck_assert_uint_eq(quota.n, 1);
    rig_answer(&w.rig, 1005, "08ffffffffffffffffff01120462616420");    /* retType -1, "bad " */
    world_pump(&w);
    ck_assert_int_eq(user.err, FUTU_OK);
    ck_assert_int_eq(user.ret, -1);
    ck_assert_str_eq(user.text, "bad ");
    world_free(&w);
}
END_TEST

START_TEST(a_success_without_its_content_is_malformed)
{
    struct outcome o = { 0 };
    world_init(&w, &plain);
    world_connect(&w);
    ck_assert_int_eq(client_call_json(w.c, "Trd_PlaceOrder", order_json, note_outcome, &o), 0);
    world_pump(&w);
    rig_answer(&w.rig, 2202, HEX_OK);
    world_pump(&w);
    ck_assert_int_eq(o.err, FUTU_EFORMAT);
    ck_assert_ptr_nonnull(strstr(w.c->error, "Trd_PlaceOrder: s2c"));
    world_free(&w);
}
END_TEST

START_TEST(what_can_not_be_restored_is_told)
{
    struct outcome sub = { 0 };
    world_init(&w, &plain);
    world_connect(&w);
    ck_assert_int_eq(world_subscribe(&w, BASIC, &sub), FUTU_OK);
    world_pass(&w, 61 * NS_PER_S);              /* the hub lets go of it with the connection */
    w.rig.fake.refuse = FUTU_EAUTH;
    w.rig.fake.why = "no right to this";
    world_cut(&w);
    world_pass(&w, NS_PER_S / 10);
    ck_assert_int_eq(world_state(&w), FUTU_STATE_READY);
    ck_assert_int_eq(world_err(&w), FUTU_EREFUSED);
    ck_assert_ptr_nonnull(strstr(w.c->error, "no right to this"));
    world_cut(&w);                              /* it is tried again */
    world_pass(&w, NS_PER_S);
    ck_assert_int_eq(world_err(&w), FUTU_OK);
    world_quote(&w, 7.25);
    ck_assert_double_eq_tol(w.last_price, 7.25, 1e-9);
    world_free(&w);
}
END_TEST

START_TEST(what_is_not_ftapi_ends_the_connection)
{
    static const char garbage[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
    world_init(&w, &plain);
    world_connect(&w);
    ck_assert_int_eq(buf_puts(&w.pipe->in, garbage), FUTU_OK);
    world_pump(&w);
    ck_assert_int_eq(world_state(&w), FUTU_STATE_LOST);
    ck_assert_int_eq(world_err(&w), FUTU_EPROTO);
    world_free(&w);
}
END_TEST

START_TEST(a_wrong_digest_ends_the_connection)
{
    world_init(&w, &plain);
    world_connect(&w);
    ck_assert_int_eq(frame_write(&w.pipe->in, 3005, 0, 0, "\x08\x00", 2, NULL), FUTU_OK);
    w.pipe->in.p[w.pipe->in.n - 1] ^= 1;
    world_pump(&w);
    ck_assert_int_eq(world_state(&w), FUTU_STATE_LOST);
    ck_assert_int_eq(world_err(&w), FUTU_EPROTO);
    world_free(&w);
}
END_TEST

START_TEST(pushes_the_client_does_not_know)
{
    world_init(&w, &plain);
    world_connect(&w);
    ck_assert_int_eq(frame_write(&w.pipe->in, 7777, 0, 0, "\x08\x00", 2, NULL), FUTU_OK);
    world_pump(&w);
    ck_assert_uint_eq(w.pushes, 1);             /* without a struct */
    ck_assert_uint_eq(w.last_push, 7777);
    ck_assert_uint_eq(w.bad_pushes, 0);
    ck_assert_int_eq(frame_write(&w.pipe->in, 3005, 0, 0, "\xff\xff", 2, NULL), FUTU_OK);
    world_pump(&w);
    ck_assert_int_eq(frame_write(&w.pipe->in, 2208, 0, 0, "\x08\x00", 2, NULL), FUTU_OK);
    world_pump(&w);
    ck_assert_uint_eq(w.pushes, 1);             /* malformed, or without content: dropped */
    ck_assert_int_eq(world_state(&w), FUTU_STATE_READY);
    world_free(&w);
}
END_TEST

static void stop_when_ready(struct world *x, int state)
{
    if (state == FUTU_STATE_READY)
        client_stop(x->c, FUTU_OK);
}

static void stop_when_connecting(struct world *x, int state)
{
    if (state == FUTU_STATE_CONNECTING)
        client_stop(x->c, FUTU_OK);
}

START_TEST(stopping_from_inside_a_callback)
{
    void (*const when[])(struct world *, int) = { stop_when_ready, stop_when_connecting };
    for (size_t i = 0; i < ARRAY_LEN(when); i++) {
        world_init(&w, &plain);
        w.on_state = when[i];
        ck_assert_int_eq(client_start(w.c), FUTU_OK);
        ck_assert_int_eq(client_start(w.c), FUTU_EEXIST);
        world_pass(&w, 10 * NS_PER_S);
        ck_assert_int_eq(world_state(&w), FUTU_STATE_STOPPED);
        ck_assert_int_eq(world_err(&w), FUTU_OK);
        ck_assert_uint_le(w.pipe->opened, 1);
        world_free(&w);
    }
}
END_TEST

/* ---- writes ---- */

static void expect_packet_id(void)
{
    const struct upstream_request *rq = NULL;
    struct arena a = ARENA_INIT;
    Trd_PlaceOrder_Request m;
    world_pump(&w);
    for (uint32_t i = 0; i < w.rig.fake.n_calls; i++)
        if (w.rig.fake.calls[i] && w.rig.fake.calls[i]->proto == 2202)
            rq = w.rig.fake.calls[i];
    ck_assert_ptr_nonnull(rq);
    ck_assert_int_eq(codec_decode(&Trd_PlaceOrder_Request_msg, &a, rq->body, rq->len, &m, NULL,
                                  NULL), FUTU_OK);
    ck_assert_uint_eq(m.c2s->packetID->connID, w.c->conn_id);
    ck_assert_uint_eq(m.c2s->packetID->serialNo, w.c->serial);
    arena_free(&a);
    rig_answer(&w.rig, 2202, "080012001800 2208 0a06 080010011801");
    world_pass(&w, NS_PER_S);
}

START_TEST(writes_get_their_packet_id)
{
    struct outcome o = { 0 };
    struct buf body = BUF_INIT;
    struct arena a = ARENA_INIT;
    Trd_PlaceOrder_Request m;
    world_init(&w, &plain);
    world_connect(&w);
    ck_assert_msg(!client_call_json(w.c, "Trd_PlaceOrder", order_json, note_outcome, &o), "%s",
                  w.c->error);
    expect_packet_id();
    /* The same as bytes and as a struct, from a request whose mark is then taken out. */
    char marked[400];
    snprintf(marked, sizeof(marked), "{\"c2s\":{\"packetID\":{\"connID\":\"1\",\"serialNo\":1},%s",
             order_json + 8);
    ck_assert_int_eq(codec_from_json(&Trd_PlaceOrder_Request_msg, str_c(marked), CODEC_DECLARED,
                                     &body, NULL, NULL), FUTU_OK);
    ck_assert_int_eq(codec_decode(&Trd_PlaceOrder_Request_msg, &a, body.p, body.n, &m, NULL, NULL),
                     FUTU_OK);
    m.c2s->packetID = NULL;
    ck_assert_int_eq(client_call_msg(w.c, 2202, &m, note_outcome, &o), FUTU_OK);
    expect_packet_id();
    ck_assert_ptr_null(m.c2s->packetID);
    /* c2s is one field of less than 128 bytes, packetID its first of 6 */
    ck_assert_uint_eq(body.p[2], 0x0a);
    uint8_t bare[256] = { 0x0a, (uint8_t)(body.p[1] - 6) };
    memcpy(bare + 2, body.p + 8, body.n - 8);
    ck_assert_int_eq(client_call(w.c, 2202, bare, body.n - 6, note_outcome, &o), FUTU_OK);
    expect_packet_id();
    ck_assert_uint_eq(o.n, 3);
    ck_assert_int_eq(o.err, FUTU_OK);
    arena_free(&a);
    buf_free(&body);
    world_free(&w);
}
END_TEST

START_TEST(bad_calls_say_what_is_wrong)
{
    struct outcome o = { 0 };
    world_init(&w, &plain);
    world_connect(&w);
    ck_assert_int_eq(client_call_json(w.c, "Qot_Nothing", "{}", note_outcome, &o), FUTU_ENOTFOUND);
    ck_assert_int_eq(
        client_call_json(w.c, "Qot_GetKL", "{\"c2s\":{\"klTyp\":1}}", note_outcome, &o),
        FUTU_EFORMAT);
    ck_assert_ptr_nonnull(strstr(w.c->error, "klTyp"));
    ck_assert_int_eq(client_call_json(w.c, "Qot_GetKL", "{\"c2s\":{}}", note_outcome, &o),
                     FUTU_EFORMAT);
    ck_assert_int_eq(client_call_json(w.c, "Trd_PlaceOrder", "[]", note_outcome, &o), FUTU_EFORMAT);
    ck_assert_int_eq(client_call_msg(w.c, 3005, &o, note_outcome, &o), FUTU_ENOTFOUND);
    ck_assert_uint_eq(o.n, 0);
    ck_assert(list_empty(&w.c->pending));
    world_free(&w);
}
END_TEST

/* ---- memory ---- */

START_TEST(a_steady_stream_allocates_nothing)
{
    struct outcome o = { 0 };
    world_init(&w, &plain);
    world_connect(&w);
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(client_call_json(w.c, "GetUserInfo", "{\"c2s\":{}}", note_outcome, &o), 0);
    world_pump(&w);
    for (int i = 0; i < 20; i++)
        rig_answer(&w.rig, 1005, HEX_EMPTY);
    world_pump(&w);
    ck_assert_uint_eq(o.n, 20);
    static const uint8_t body[] = { 0x0a, 0x00 };
    ck_assert_int_eq(buf_reserve(&w.pipe->out, 4096), FUTU_OK);
    for (int i = 0; i < 10; i++) {              /* the engine alone: nothing is pumped meanwhile */
        w.pipe->out.n = 0;
        mem_fail_at(0);
        ck_assert_int_eq(client_call(w.c, 1005, body, sizeof(body), note_outcome, &o), FUTU_OK);
        struct call *call = client_find_call(w.c, 1005, w.c->serial);
        ck_assert_ptr_nonnull(call);
        client_answer(w.c, call, FRAME_PROTOBUF, (const uint8_t *)"\x08\x00", 2);
        ck_assert(!mem_failed());
        mem_fail_at(-1);
    }
    ck_assert_uint_eq(o.n, 30);
    ck_assert_int_eq(o.err, FUTU_OK);
    world_free(&w);
}
END_TEST

/* All that the engine does, as far as memory lasts. */
static void whole_life(const struct world_opts *o)
{
    struct outcome out = { 0 };
    if (world_try(&w, o))
        return;
    client_start(w.c);
    world_pass(&w, NS_PER_S / 10);
    world_subscribe(&w, BASIC, &out);
    client_call_json(w.c, "Trd_PlaceOrder", order_json, note_outcome, &out);
    client_call_json(w.c, "GetUserInfo", "{\"c2s\":{}}", note_outcome, &out);
    client_call_json(w.c, "Trd_SubAccPush", "{\"c2s\":{\"accIDList\":[1]}}", note_outcome, &out);
    world_pump(&w);
    if (rig_waiting(&w.rig, 1005))
        rig_answer(&w.rig, 1005, HEX_EMPTY);
    world_quote(&w, 1.5);
    world_pass(&w, 9 * NS_PER_S);
    world_cut(&w);
    world_pass(&w, 2 * NS_PER_S);
    if (!mem_failed())
        ck_assert_int_eq(world_state(&w), FUTU_STATE_READY);
    world_free(&w);
}

START_TEST(every_failed_allocation_is_clean)
{
    for (int json = 0; json < 2; json++)
        for (long n = 0; test_alloc_fail_at(n); n++) {
            const struct world_opts o = { .gateway_key = true, .client_key = true,
                                          .algo = CIPHER_AES_CBC, .format = json };
            whole_life(&o);
        }
}
END_TEST

/* Memory that comes back: the client recovers by itself. */
START_TEST(memory_that_comes_back)
{
    for (long n = 0; n < 60; n++) {
        world_init(&w, &plain);
        client_start(w.c);
        mem_fail_at(n);
        world_pass(&w, NS_PER_S);
        mem_fail_at(-1);
        world_pass(&w, 20 * NS_PER_S);
        ck_assert_int_eq(world_state(&w), FUTU_STATE_READY);
        world_free(&w);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, every_mode_byte_by_byte);
    tcase_add_test(tc, a_gateway_with_a_key_refuses_a_client_without);
    tcase_add_test(tc, a_client_with_a_key_is_not_led_into_plain);
    tcase_add_test(tc, a_cut_connection_comes_back_with_its_subscriptions);
    tcase_add_test(tc, calls_under_way_end_with_the_connection);
    tcase_add_test(tc, attempts_are_spaced_out);
    tcase_add_test(tc, without_reconnect_a_loss_is_final);
    tcase_add_test(tc, a_silent_peer_is_given_up);
    tcase_add_test(tc, init_without_an_answer_is_given_up);
    tcase_add_test(tc, late_answers_are_dropped);
    tcase_add_test(tc, answers_may_come_in_any_order);
    tcase_add_test(tc, a_success_without_its_content_is_malformed);
    tcase_add_test(tc, what_can_not_be_restored_is_told);
    tcase_add_test(tc, what_is_not_ftapi_ends_the_connection);
    tcase_add_test(tc, a_wrong_digest_ends_the_connection);
    tcase_add_test(tc, pushes_the_client_does_not_know);
    tcase_add_test(tc, stopping_from_inside_a_callback);
    tcase_add_test(tc, writes_get_their_packet_id);
    tcase_add_test(tc, bad_calls_say_what_is_wrong);
    tcase_add_test(tc, a_steady_stream_allocates_nothing);
    tcase_add_test(tc, every_failed_allocation_is_clean);
    tcase_add_test(tc, memory_that_comes_back);
}

int main(void)
{
    return run_tcase("client", add);
}
