/* session_test.c - InitConnect in every form, InitWebSocket, and how a silent client is found
 * out. */
#include "rig.h"
#include "vectors.h"
#include "wire/handshake.h"
#include "wire/sdkws.h"

#include <stdio.h>

#include "crypt/digest.h"

/* The vectors' gateway calls itself 1011, this one 1002: two bytes of the body, and the digest. */
static size_t init_reply(const cJSON *row, uint8_t *frame)
{
    size_t n = vec_hex(row, "frame", frame);
    for (size_t i = FRAME_HEAD; i + 1 < n; i++)
        if (frame[i] == 0xf3 && frame[i + 1] == 0x07)
            frame[i] = 0xea;
    sha1(frame + FRAME_HEAD, n - FRAME_HEAD, frame + 16);
    return n;
}

static const cJSON *frame_row(const cJSON *all, const char *name)
{
    cJSON *row;
    cJSON_ArrayForEach(row, vec_get(all, "tcp_frames")) {
        if (strncmp(vec_str(row, "name"), name, strlen(name)) == 0)
            return row;
    }
    ck_abort_msg("no vector \"%s\"", name);
    return NULL;
}

static void expect_bytes(struct peer *p, const uint8_t *want, size_t n)
{
    peer_take(p);
    ck_assert_uint_eq(p->in.n - p->at, n);
    ck_assert_mem_eq(p->in.p + p->at, want, n);
    p->at += n;
}

START_TEST(the_python_session_byte_for_byte)
{
    static const char *const steps[] = { "InitConnect", "KeepAlive" };
    cJSON *all = vec_load();
    struct rig r;
    struct peer p;
    rig_init(&r, NULL);
    peer_open(&p, &r, FUTU_WIRE_TCP);
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        uint8_t in[VEC_MAX], out[VEC_MAX];
        char name[64];
        snprintf(name, sizeof(name), "%s request", steps[i]);
        size_t n = vec_hex(frame_row(all, name), "frame", in);
        ck_assert_int_eq(peer_feed(&p, in, n), FUTU_OK);
        snprintf(name, sizeof(name), "%s reply", steps[i]);
        n = i == 0 ? init_reply(frame_row(all, name), out)
                   : vec_hex(frame_row(all, name), "frame", out);
        expect_bytes(&p, out, n);
    }
    peer_close(&p);
    rig_free(&r);
    cJSON_Delete(all);
}
END_TEST

static const struct { int algo; const char *name; } ciphers[] = {
    { CIPHER_FTAES_ECB, "FTAES_ECB" }, { CIPHER_AES_ECB, "AES_ECB" }, { CIPHER_AES_CBC, "AES_CBC" },
};

START_TEST(every_cipher_byte_for_byte)
{
    cJSON *all = vec_load();
    struct rig r;
    struct peer p;
    uint8_t in[VEC_MAX], out[VEC_MAX], body[VEC_MAX];
    char name[64];
    rig_init(&r, NULL);
    peer_open(&p, &r, FUTU_WIRE_TCP);
    peer_init(&p, ciphers[_i].algo, 0, false);
    snprintf(name, sizeof(name), "KeepAlive request under %s", ciphers[_i].name);
    ck_assert_int_eq(peer_feed(&p, in, vec_hex(frame_row(all, name), "frame", in)), FUTU_OK);
    snprintf(name, sizeof(name), "KeepAlive reply under %s", ciphers[_i].name);
    expect_bytes(&p, out, vec_hex(frame_row(all, name), "frame", out));
    peer_sub(&p, 5, &(struct sub_args){ "00700", TYPES(1), true, 1, 0, -1, false });
    peer_ok(&p, 3001, 5);
    snprintf(name, sizeof(name), "BasicQot push under %s", ciphers[_i].name);
    struct upstream_push push = { .proto = 3005, .key = { 1, 1, 0, "00700" }, .body = body };
    push.len = vec_hex(frame_row(all, name), "plain_body", body);
    r.events.push(r.events.arg, &push);
    expect_bytes(&p, out, vec_hex(frame_row(all, name), "frame", out));
    peer_close(&p);
    rig_free(&r);
    cJSON_Delete(all);
}
END_TEST

START_TEST(what_each_algorithm_says_of_the_iv)
{
    static const struct { int algo; bool iv; } rows[] = {
        { CIPHER_NONE, true }, { CIPHER_FTAES_ECB, false }, { CIPHER_AES_ECB, false },
        { CIPHER_AES_CBC, true },
    };
    struct rig r;
    rig_init(&r, NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct peer p;
        InitConnect_C2S c2s = { .clientID = STR("test") };
        InitConnect_Request rq = { &c2s };
        SET(&c2s, clientVer, 300);
        SET(&c2s, packetEncAlgo, rows[i].algo);
        peer_open(&p, &r, FUTU_WIRE_TCP);
        ck_assert_int_eq(peer_send_msg(&p, 9, 1001, &rq), FUTU_OK);
        InitConnect_Response *rsp = peer_reply(&p, 1001, 9);
        ck_assert_int_eq(rsp->s2c->serverVer, 1002);
        ck_assert_int_eq(rsp->s2c->keepAliveInterval, 10);
        ck_assert_uint_eq(rsp->s2c->connAESKey.n, 16);
        ck_assert_int_eq(rsp->s2c->aesCBCiv.p != NULL, rows[i].iv);
        if (rows[i].iv)
            ck_assert_str_eq(rsp->s2c->aesCBCiv.p, RIG_IV);
        peer_close(&p);
    }
    rig_free(&r);
}
END_TEST

static struct rsa_key *vector_key(const cJSON *all)
{
    struct rsa_key *k;
    char *pem = vec_rsa_pem(all);
    ck_assert_int_eq(rsa_key_parse(&k, str_c(pem)), FUTU_OK);
    free(pem);
    return k;
}

/* Opens the InitConnect reply in p->in. */
static void expect_init(struct peer *p, struct rsa_key *key, bool rsa, struct buf *plain)
{
    struct framer fr;
    struct frame f;
    size_t used;
    bool was_rsa;
    peer_take(p);
    framer_init(&fr, FRAME_MAX_BODY);
    ck_assert_int_eq(framer_feed(&fr, p->in.p + p->at, p->in.n - p->at, &used, &f), FUTU_OK);
    p->at += used;
    plain->n = 0;
    futu_err err = handshake_open(&f, key, plain, &was_rsa);
    ck_assert(err == FUTU_OK || (err == FUTU_EAUTH && !rsa));
    ck_assert_int_eq(was_rsa, rsa);
    ck_assert_mem_eq(plain->p, "\x08\x00", 2);
    framer_free(&fr);
}

START_TEST(the_vectors_requests_under_rsa)
{
    cJSON *all = vec_load(), *row;
    struct rsa_key *key = vector_key(all);
    struct hub_opts o = { .rsa = key };
    struct buf plain = BUF_INIT;
    struct rig r;
    int n = 0;
    rig_init(&r, &o);
    cJSON_ArrayForEach(row, vec_get(vec_get(all, "rsa_pkcs1_v15"), "frames")) {
        uint8_t in[VEC_MAX];
        struct peer p;
        if (strcmp(vec_str(row, "direction"), "C>S") != 0)
            continue;
        bool cbc = strstr(vec_str(row, "name"), "AES_CBC") != NULL;
        peer_open(&p, &r, FUTU_WIRE_TCP);
        ck_assert_int_eq(peer_feed(&p, in, vec_hex(row, "frame", in)), FUTU_OK);
        expect_init(&p, key, true, &plain);
        cipher_init(&p.cipher, cbc ? CIPHER_AES_CBC : CIPHER_FTAES_ECB, (const uint8_t *)RIG_KEY,
                    (const uint8_t *)RIG_IV);
        peer_send_hex(&p, 1004, 2, "0a0608c0b3b1ce06");
        peer_ok(&p, 1004, 2);
        peer_close(&p);
        n++;
    }
    ck_assert_int_eq(n, 2);
    buf_free(&plain);
    rig_free(&r);
    rsa_key_free(key);
    cJSON_Delete(all);
}
END_TEST

START_TEST(rsa_asked_without_encryption_is_answered_in_plain)
{
    cJSON *all = vec_load();
    struct rsa_key *key = vector_key(all);
    struct hub_opts o = { .rsa = key };
    struct buf out = BUF_INIT;
    struct rig r;
    struct peer p;
    uint8_t body[64];
    size_t n = unhex("0a2408ac02120850794e6f726d616c180120ffffffffffffffffff0128003206507974686f6e",
                     body, sizeof(body));
    rig_init(&r, &o);
    peer_open(&p, &r, FUTU_WIRE_TCP);
    ck_assert_int_eq(handshake_write(&out, 1001, 0, 3, body, n, key), FUTU_OK);
    ck_assert_int_eq(peer_feed(&p, out.p, out.n), FUTU_OK);
    peer_ok(&p, 1001, 3);
    peer_send_hex(&p, 1004, 4, "0a0608c0b3b1ce06");
    peer_ok(&p, 1004, 4);
    peer_close(&p);
    buf_free(&out);
    rig_free(&r);
    rsa_key_free(key);
    cJSON_Delete(all);
}
END_TEST

START_TEST(with_a_key_plain_is_refused_and_may_be_tried_again)
{
    cJSON *all = vec_load();
    struct rsa_key *key = vector_key(all);
    struct hub_opts o = { .rsa = key };
    struct rig r;
    struct peer p;
    rig_init(&r, &o);
    peer_open(&p, &r, FUTU_WIRE_TCP);
    peer_send_hex(&p, 1001, 7, "0a0908ac02120474657374");
    peer_refused(&p, 1001, 7, -1, "RSA");
    peer_send_hex(&p, 1004, 8, "0a0608c0b3b1ce06");
    peer_refused(&p, 1004, 8, -1, "not initialised");
    peer_close(&p);
    rig_free(&r);
    rsa_key_free(key);
    cJSON_Delete(all);
}
END_TEST

START_TEST(json_from_the_first_frame)
{
    static const char init[] =
        "{\n  \"c2s\": {\n    \"clientVer\": 300,\n    \"clientID\": \"x\",\n"
        "    \"packetEncAlgo\": -1, \"pushProtoFmt\": 1\n  }\n}";
    static const char alive[] = "{\"c2s\":{\"time\":\"1775000000\"}}";
    static const char want[] = "{\"retType\":0,\"retMsg\":\"\",\"errCode\":0,\"s2c\":"
                               "{\"time\":\"1775000000\"}}";
    struct rig r;
    struct peer p;
    struct frame f;
    rig_init(&r, NULL);
    peer_open(&p, &r, FUTU_WIRE_TCP);
    ck_assert_int_eq(peer_send(&p, 1001, FRAME_JSON, 4, init, strlen(init)), FUTU_OK);
    ck_assert(peer_next(&p, &f));
    ck_assert_uint_eq(f.fmt, FRAME_JSON);
    ck_assert_uint_eq(f.serial, 4);
    ck_assert_mem_eq(
        f.body, "{\"retType\":0,\"retMsg\":\"\",\"errCode\":0,\"s2c\":{\"serverVer\":1002", 60);
    ck_assert_int_eq(peer_send(&p, 1004, FRAME_JSON, 5, alive, strlen(alive)), FUTU_OK);
    ck_assert(peer_next(&p, &f));
    ck_assert_uint_eq(f.len, strlen(want));
    ck_assert_mem_eq(f.body, want, f.len);
    peer_close(&p);
    rig_free(&r);
}
END_TEST

START_TEST(failures_of_init)
{
    struct rig r;
    struct peer p;
    uint8_t bad[] = "FT\xe9\x03\0\0\0\0\x09\0\0\0\x02\0\0\0xxxxxxxxxxxxxxxxxxxx\0\0\0\0\0\0\0\0hi";
    rig_init(&r, NULL);
    peer_open(&p, &r, FUTU_WIRE_TCP);
    peer_send_hex(&p, 3001, 1, "0a021801");
    peer_refused(&p, 3001, 1, -1, "not initialised");
    ck_assert_int_eq(peer_feed(&p, bad, FRAME_HEAD + 2), FUTU_OK);
    peer_refused(&p, 1001, 9, -1, "The packet body SHA1 signature is incorrect");
    peer_send_hex(&p, 1001, 2, "0a0308ac02");
    peer_refused(&p, 1001, 2, -1, "解析protobuf协议失败: c2s.clientID");
    peer_send_hex(&p, 1001, 3, "0a0808ac02 120174 2007");
    peer_refused(&p, 1001, 3, -1, "packetEncAlgo");
    peer_send_hex(&p, 1001, 3, "0a0808ac02 120174 2802");
    peer_refused(&p, 1001, 3, -1, "pushProtoFmt: 2");
    peer_init(&p, CIPHER_AES_CBC, 0, false);
    peer_send_hex(&p, 1001, 4, "0a0608ac02120174");
    peer_refused(&p, 1001, 4, -1, "initialised already");
    peer_send_hex(&p, 1004, 5, "0a0608c0b3b1ce06");
    peer_ok(&p, 1004, 5);
    peer_close(&p);
    rig_free(&r);
}
END_TEST

START_TEST(an_undecryptable_body_is_told_and_ends_the_connection)
{
    struct rig r;
    struct peer p;
    struct buf out = BUF_INIT;
    rig_init(&r, NULL);
    peer_open(&p, &r, FUTU_WIRE_TCP);
    peer_init(&p, CIPHER_AES_CBC, 0, false);
    frame_write(&out, 1004, 0, 6, "seventeen bytes!!", 17, NULL);
    ck_assert_int_eq(peer_feed(&p, out.p, out.n), FUTU_OK);
    peer_refused(&p, 1004, 6, -1, "decrypted");
    ck_assert_uint_eq(p.closes, 1);
    ck_assert_int_eq(p.closed, FUTU_EPROTO);
    buf_free(&out);
    peer_close(&p);
    rig_free(&r);
}
END_TEST

START_TEST(a_wrong_digest_is_told_and_survived)
{
    struct rig r;
    struct peer p;
    uint8_t head[FRAME_HEAD + 8] = { 0 };
    const uint8_t zero[20] = { 0 };
    rig_init(&r, NULL);
    peer_open(&p, &r, FUTU_WIRE_TCP);
    peer_init(&p, CIPHER_NONE, 0, false);
    frame_head_write(head, 1004, 0, 5, 8, zero);
    unhex("0a0608c0b3b1ce06", head + FRAME_HEAD, 8);
    ck_assert_int_eq(peer_feed(&p, head, sizeof(head)), FUTU_OK);
    peer_refused(&p, 1004, 5, -1, "The packet body SHA1 signature is incorrect");
    peer_send_hex(&p, 1004, 6, "0a0608c0b3b1ce06");
    peer_ok(&p, 1004, 6);
    peer_close(&p);
    rig_free(&r);
}
END_TEST

START_TEST(no_init_within_30_s_ends_it)
{
    struct rig r;
    struct peer p, q;
    rig_init(&r, NULL);
    peer_open(&p, &r, FUTU_WIRE_TCP);
    peer_open(&q, &r, FUTU_WIRE_WS);
    peer_feed(&p, "FT\xe9\x03", 4);         /* a header that never comes whole */
    rig_pass(&r, 29 * NS_PER_S);
    ck_assert_uint_eq(p.closes, 0);
    peer_feed(&p, "\0", 1);
    rig_pass(&r, 1 * NS_PER_S);
    ck_assert_uint_eq(p.closes, 1);
    ck_assert_int_eq(p.closed, FUTU_ETIMEDOUT);
    ck_assert_uint_eq(q.closes, 1);
    ck_assert_int_eq(peer_feed(&p, "\0", 1), FUTU_OK);      /* too late, and harmless */
    peer_close(&p);
    peer_close(&q);
    rig_free(&r);
}
END_TEST

START_TEST(silence_ends_tcp_only)
{
    static const struct {
        uint32_t interval, limit;
    } rows[] = { { 0, 30 }, { 10, 30 }, { 20, 60 } };
    struct hub_opts o = { .keep_alive_s = rows[_i].interval };
    int64_t limit = rows[_i].limit * NS_PER_S;
    struct rig r;
    struct peer p, q;
    rig_init(&r, &o);
    peer_open(&p, &r, FUTU_WIRE_TCP);
    peer_open(&q, &r, FUTU_WIRE_WS);
    peer_init(&p, CIPHER_NONE, 0, false);
    peer_init(&q, CIPHER_NONE, 0, false);
    rig_pass(&r, limit - NS_PER_S);
    peer_send_hex(&p, 1004, 2, "0a0608c0b3b1ce06");
    peer_ok(&p, 1004, 2);
    rig_pass(&r, limit - NS_PER_S);
    ck_assert_uint_eq(p.closes, 0);
    rig_pass(&r, NS_PER_S);
    ck_assert_uint_eq(p.closes, 1);
    ck_assert_int_eq(p.closed, FUTU_ETIMEDOUT);
    rig_pass(&r, 10 * limit);
    ck_assert_uint_eq(q.closes, 0);
    peer_close(&p);
    peer_close(&q);
    rig_free(&r);
}
END_TEST

/* ---- the SDK's WebSocket ---- */

static size_t ws_vector(const cJSON *all, const char *name, uint8_t *out)
{
    cJSON *row;
    cJSON_ArrayForEach(row, vec_get(vec_get(all, "websocket"), "messages")) {
        if (strncmp(vec_str(row, "name"), name, strlen(name)) == 0)
            return vec_hex(row, "message", out);
    }
    ck_abort_msg("no vector \"%s\"", name);
    return 0;
}

static void expect_message(struct peer *p, const uint8_t *want, size_t n)
{
    uint8_t framed[VEC_MAX];
    size_t head = ws_head_write(framed, 2, n);
    memcpy(framed + head, want, n);
    expect_bytes(p, framed, head + n);
}

START_TEST(the_javascript_session_byte_for_byte)
{
    struct hub_opts o = { .websocket_key_md5 = "E10ADC3949BA59ABBE56E057F20F883E" };
    cJSON *all = vec_load();
    uint8_t in[VEC_MAX], out[VEC_MAX];
    struct rig r;
    struct peer p;
    rig_init(&r, &o);
    peer_open(&p, &r, FUTU_WIRE_WS);
    ck_assert_int_eq(peer_feed(&p, in, ws_vector(all, "init, key 123456", in)), FUTU_OK);
    sdkws_write_reply(out, 1, 2, 0, NULL);
    size_t n = 44 + unhex("0800120018002210 08c0b3b1ce06 108180f09d99ddbf9261", out + 44, 64);
    expect_message(&p, out, n);
    ck_assert_int_eq(peer_feed(&p, in, ws_vector(all, "Qot_Sub request", in)), FUTU_OK);
    sdkws_write_reply(out, 3001, 6, 0, NULL);
    expect_message(&p, out, 44 + unhex(HEX_EMPTY, out + 44, 8));
    n = ws_vector(all, "BasicQot push, section 0", out);
    struct upstream_push push = { .proto = 3005, .key = { 1, 1, 0, "00700" }, .body = out + 44,
                                  .len = n - 44 };
    r.events.push(r.events.arg, &push);
    expect_message(&p, out, n);
    peer_close(&p);
    rig_free(&r);
    cJSON_Delete(all);
}
END_TEST

START_TEST(a_wrong_websocket_key_is_refused_and_ends_it)
{
    struct hub_opts o = { .websocket_key_md5 = "d41d8cd98f00b204e9800998ecf8427e" };
    cJSON *all = vec_load();
    uint8_t in[VEC_MAX], out[VEC_MAX];
    struct rig r;
    static const char *const inits[] = { "init, key 123456", "init, no key" };
    rig_init(&r, &o);
    for (size_t i = 0; i < 2; i++) {
        struct peer p;
        peer_open(&p, &r, FUTU_WIRE_WS);
        ck_assert_int_eq(peer_feed(&p, in, ws_vector(all, inits[i], in)), FUTU_OK);
        expect_message(&p, out, ws_vector(all, "init refused", out));
        ck_assert_uint_eq(p.closes, 1);
        ck_assert_int_eq(p.closed, FUTU_EAUTH);
        peer_close(&p);
    }
    rig_free(&r);
    cJSON_Delete(all);
}
END_TEST

START_TEST(without_a_configured_key_any_is_fine)
{
    cJSON *all = vec_load();
    uint8_t in[VEC_MAX];
    struct rig r;
    struct peer p;
    rig_init(&r, NULL);
    peer_open(&p, &r, FUTU_WIRE_WS);
    peer_feed(&p, in, ws_vector(all, "GetGlobalState request", in));
    peer_take(&p);
    ck_assert_ptr_nonnull(memmem(p.in.p, p.in.n, "not initialised", 15));
    peer_feed(&p, in, ws_vector(all, "init, no key", in));
    peer_take(&p);
    p.in.n = p.at = 0;
    peer_feed(&p, in, ws_vector(all, "init, no key", in));
    peer_take(&p);
    ck_assert_ptr_nonnull(memmem(p.in.p, p.in.n, "initialised already", 19));
    peer_close(&p);
    rig_free(&r);
    cJSON_Delete(all);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, the_python_session_byte_for_byte);
    tcase_add_loop_test(tc, every_cipher_byte_for_byte, 0, 3);
    tcase_add_test(tc, what_each_algorithm_says_of_the_iv);
    tcase_add_test(tc, the_vectors_requests_under_rsa);
    tcase_add_test(tc, rsa_asked_without_encryption_is_answered_in_plain);
    tcase_add_test(tc, with_a_key_plain_is_refused_and_may_be_tried_again);
    tcase_add_test(tc, json_from_the_first_frame);
    tcase_add_test(tc, failures_of_init);
    tcase_add_test(tc, an_undecryptable_body_is_told_and_ends_the_connection);
    tcase_add_test(tc, a_wrong_digest_is_told_and_survived);
    tcase_add_test(tc, no_init_within_30_s_ends_it);
    tcase_add_loop_test(tc, silence_ends_tcp_only, 0, 3);
    tcase_add_test(tc, the_javascript_session_byte_for_byte);
    tcase_add_test(tc, a_wrong_websocket_key_is_refused_and_ends_it);
    tcase_add_test(tc, without_a_configured_key_any_is_fine);
}

int main(void)
{
    return run_tcase("session", add);
}
