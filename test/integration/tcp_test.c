/* tcp_test.c - FTAPI over TCP against the real daemon: every byte that the protocol fixes, in each
 * encryption mode, in protobuf and in JSON, and in every split.
 *
 * KeepAlive stands for all calls where bytes are compared: its reply is known but for the time.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "codec/codec.h"
#include "peer.h"
#include "support.h"

#define RSA_PEM "test/data/rsa1024.pem"
static const char *const rsa_args[] = { "--rsa-private-key", RSA_PEM, NULL };

static struct opend d;

static void start(void)
{
    opend_start(&d, NULL);
}

static void start_rsa(void)
{
    opend_start(&d, rsa_args);
}

static void stop(void)
{
    opend_stop(&d);
}

/* InitConnect request: clientVer 300, clientID "Test", recvNotify, packetEncAlgo (none when it is
 * NULL), pushProtoFmt. */
static size_t init_body(uint8_t *out, const int *algo, uint8_t push_fmt)
{
    size_t n = hex_bytes("0a00 08ac02 1204 54657374 1801", out, 64);
    if (algo) {
        out[n++] = 0x20;
        n += put_varint(out + n, (uint64_t)(int64_t)*algo);
    }
    out[n++] = 0x28;
    out[n++] = push_fmt;
    out[1] = (uint8_t)(n - 2);
    return n;
}

/* ---- bytes ---- */

START_TEST(the_reply_to_a_known_init_connect)
{
    struct peer p;
    struct got g;
    uint8_t frame[128], head[16];
    size_t n = hex_bytes("4654e90300000000e1100000260000004d698c15ec3857ebffeefeee5b1047040700c6dd"
                         "0000000000000000" PYTHON_INIT, frame, sizeof(frame));
    peer_connect(&p, d.port);
    peer_send(&p, frame, n);
    peer_frame(&p, &g);
    hex_bytes("4654 e9030000 00 00 e1100000", head, sizeof(head));
    ck_assert_mem_eq(g.head, head, 12);
    ck_assert_uint_eq(g.len, g.n);
    ck_assert_mem_eq(g.body, "\x08\0\x12\0\x18\0\x22", 7);
    peer_agree(&p, &g, ALGO_NONE);
    got_free(&g);
    peer_keep_alive(&p);
    peer_close(&p);
}
END_TEST

START_TEST(a_keep_alive_reply_is_58_known_bytes)
{
    struct peer p;
    uint8_t frame[64], want[64], reply[64];
    /* Serial 4322, time 1775000000. */
    size_t n = hex_bytes("4654ec03000000 00e2100000080000000000000000000000000000000000000000000000"
                         "0000000000000000 0a0608c0b3b1ce06", frame, sizeof(frame));
    ck_assert_uint_eq(n, HEAD + 8);
    oracle_sha1(frame + HEAD, 8, frame + 16);
    peer_login(&p, d.port);
    peer_send(&p, frame, n);
    peer_read(&p, reply, HEAD + 14);
    hex_bytes("4654ec03000000 00e21000000e0000000000000000000000000000000000000000000000"
              "0000000000000000 08001200180022060800000000", want, sizeof(want));
    uint64_t at = varint_at(reply + HEAD + 8, 6, 1);
    ck_assert_uint_le(at, (uint64_t)time(NULL));
    ck_assert_uint_eq(put_varint(want + HEAD + 9, at), 5);
    oracle_sha1(want + HEAD, 14, want + 16);
    ck_assert_mem_eq(reply, want, HEAD + 14);
    peer_close(&p);
}
END_TEST

START_TEST(failures_are_known_bytes_too)
{
    static const struct { uint32_t proto; const char *body, *text; } cases[] = {
        { 1012, "0a00", "未知的协议ID" },                /* no such id */
        { 1003, "0a00", "未知的协议ID" },                /* a push */
        { 3100, "0a00", "未知的协议ID" },                /* gone for good */
        { 4000000000u, "", "未知的协议ID" },
    };
    struct peer p;
    struct got g;
    uint8_t body[64], frame[128];
    peer_login(&p, d.port);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t n = hex_bytes(cases[i].body, body, sizeof(body));
        peer_call(&p, cases[i].proto, 0, body, n, &g);
        expect_failure(&g, cases[i].text);
        got_free(&g);
    }
    size_t n = peer_make(&p, frame, 1004, 0, ++p.serial, "\x0a\x02\x08\x01", 4);
    frame[16] ^= 1;
    peer_send(&p, frame, n);
    peer_frame(&p, &g);
    ck_assert_uint_eq(g.serial, p.serial);
    expect_failure(&g, "The packet body SHA1 signature is incorrect");
    got_free(&g);
    peer_keep_alive(&p);
    peer_close(&p);
}
END_TEST

START_TEST(bad_bodies_are_refused_and_the_connection_stays)
{
    static const struct { uint32_t proto; uint8_t fmt; const char *hex, *word; } cases[] = {
        { 1004, 0, "0a00", "c2s.time" },                        /* required and missing */
        { 1004, 0, "", "c2s" },
        { 1004, 0, "0aff", "解析protobuf协议失败" },               /* cut */
        { 1004, 0, "0a0208", "解析protobuf协议失败" },
        { 1004, 0, "0a0a08ffffffffffffffffff", "解析protobuf协议失败" },   /* a number without end */
        { 1004, 1, "0a020801", "解析" },                        /* no JSON */
        { 1004, 1, "7b2263327322 3a7b7d7d", "c2s.time" },       /* {"c2s":{}} */
        { 1004, 7, "0a020801", "7" },                           /* a format that nobody knows */
        { 1001, 0, "0a06 08ac02 120158", NULL },                /* a second InitConnect */
    };
    struct peer p;
    struct got g;
    uint8_t body[64];
    peer_login(&p, d.port);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t n = hex_bytes(cases[i].hex, body, sizeof(body));
        peer_request(&p, cases[i].proto, cases[i].fmt, body, n);
        peer_frame(&p, &g);
        ck_assert_uint_eq(g.proto, cases[i].proto);
        ck_assert_uint_eq(g.serial, p.serial);
        if (g.fmt == 0)
            expect_refused(&g, cases[i].word);
        else
            ck_assert_msg(strstr((char *)g.body, cases[i].word) != NULL, "%s", (char *)g.body);
        got_free(&g);
        peer_keep_alive(&p);
    }
    peer_close(&p);
}
END_TEST

START_TEST(nothing_is_answered_before_init_connect)
{
    static const uint32_t protos[] = { 1002, 1004, 2001, 3001, 3004, 1012 };
    struct peer p;
    struct got g;
    peer_connect(&p, d.port);
    for (size_t i = 0; i < sizeof(protos) / sizeof(protos[0]); i++) {
        peer_call(&p, protos[i], 0, "\x0a\x02\x08\x01", 4, &g);
        expect_failure(&g, "not initialised: InitConnect comes first");
        got_free(&g);
    }
    peer_init(&p);
    peer_keep_alive(&p);
    peer_close(&p);
}
END_TEST

/* ---- splits ---- */

/* The daemon has one loop: when `other` has its answer, what was sent before has been read. */
static void in_two_parts(struct peer *p, struct peer *other, const uint8_t *frame, size_t n,
                         size_t at)
{
    struct got g;
    peer_send(p, frame, at);
    peer_keep_alive(other);
    peer_send(p, frame + at, n - at);
    peer_frame(p, &g);
    ck_assert_uint_eq(g.proto, 1004);
    ck_assert_uint_eq(g.serial, p->serial);
    ck_assert_mem_eq(g.body, "\x08\0\x12\0\x18\0\x22", 7);
    got_free(&g);
}

START_TEST(a_request_may_be_split_anywhere)
{
    struct peer p, other;
    uint8_t frame[64];
    peer_login(&p, d.port);
    peer_login(&other, d.port);
    for (size_t at = 1; at < HEAD + 8; at++) {
        size_t n = peer_make(&p, frame, 1004, 0, ++p.serial, "\x0a\x06\x08\xc0\xb3\xb1\xce\x06", 8);
        ck_assert_uint_eq(n, HEAD + 8);
        in_two_parts(&p, &other, frame, n, at);
    }
    peer_close(&p);
    peer_close(&other);
}
END_TEST

START_TEST(a_request_may_come_byte_by_byte)
{
    struct peer p, other;
    struct got g;
    uint8_t body[64], frame[128];
    int none = ALGO_NONE;
    peer_login(&other, d.port);
    peer_connect(&p, d.port);
    size_t n = peer_make(&p, frame, 1001, 0, ++p.serial, body, init_body(body, &none, 0));
    for (size_t i = 0; i < n; i++) {
        peer_send(&p, frame + i, 1);
        peer_keep_alive(&other);
    }
    peer_frame(&p, &g);
    peer_agree(&p, &g, ALGO_NONE);
    got_free(&g);
    peer_close(&p);
    peer_close(&other);
}
END_TEST

START_TEST(ten_requests_in_one_write)
{
    static const struct { uint32_t proto; uint8_t fmt; const char *body; size_t n; } rq[10] = {
        { 1004, 0, "\x0a\x02\x08\x01", 4 },         { 1002, 0, "\x0a\x02\x08\0", 4 },
        { 1004, 1, "{\"c2s\":{\"time\":1}}", 18 },    { 1012, 0, "", 0 },
        { 2001, 0, "\x0a\x02\x08\0", 4 },           { 1002, 1, "{\"c2s\":{\"userID\":\"0\"}}", 22 },
        { 3003, 0, "\x0a\x02\x08\x01", 4 },         { 1005, 0, "\x0a\0", 2 },
        { 1004, 0, "\x0a\0", 2 },                   { 1004, 0, "\x0a\x02\x08\x02", 4 },
    };
    struct peer p;
    struct got g;
    uint8_t all[1024];
    bool seen[10] = { false };
    size_t n = 0;
    peer_login(&p, d.port);
    for (uint32_t i = 0; i < 10; i++)
        n += peer_make(&p, all + n, rq[i].proto, rq[i].fmt, 5000 + i, rq[i].body, rq[i].n);
    peer_send(&p, all, n);
    for (size_t i = 0; i < 10; i++) {
        peer_frame(&p, &g);
        uint32_t k = g.serial - 5000;
        ck_assert_msg(k < 10 && !seen[k], "serial %u", g.serial);
        seen[k] = true;
        ck_assert_uint_eq(g.proto, rq[k].proto);
        ck_assert_uint_eq(g.fmt, rq[k].fmt);
        ck_assert_uint_eq(g.body[1] == 0xff, k == 3 || k == 8);    /* the two failures */
        got_free(&g);
    }
    peer_keep_alive(&p);
    peer_close(&p);
}
END_TEST

/* ---- JSON ---- */

static uint64_t json_time(const struct got *g)
{
    const char *at = strstr((char *)g->body, "\"time\":\"");
    ck_assert_msg(at != NULL, "%s", (char *)g->body);
    return strtoull(at + 8, NULL, 10);
}

START_TEST(json_in_and_out)
{
    static const char init[] = "{\n  \"c2s\": {\n    \"clientVer\": 300,\n"
                               "    \"clientID\": \"Py\\u0041\",\n    \"recvNotify\": true,\n"
                               "    \"packetEncAlgo\": -1,\n    \"pushProtoFmt\": 1,\n"
                               "    \"programmingLanguage\": \"Python\"\n  }\n}";
    static const char sub[] = "{\"c2s\":{\"securityList\":[{\"market\":1,\"code\":\"00700\"}],"
                              "\"subTypeList\":[1],\"isSubOrUnSub\":true,\"isRegOrUnRegPush\":true,"
                              "\"isFirstPush\":true}}";
    static const char ok[] = "{\"retType\":0,\"retMsg\":\"\",\"errCode\":0,\"s2c\":{}}";
    struct peer p;
    struct got g;
    char want[128];
    peer_connect(&p, d.port);
    peer_call(&p, 1001, 1, init, strlen(init), &g);
    ck_assert_msg(strncmp((char *)g.body, ok, sizeof(ok) - 4) == 0, "%s", (char *)g.body);
    ck_assert_msg(strncmp((char *)g.body + sizeof(ok) - 4, "{\"serverVer\":", 13) == 0, "%s",
                  (char *)g.body);
    got_free(&g);
    peer_call(&p, 1004, 1, "{\"c2s\":{\"time\":\"1775000000\"}}", 29, &g);
    snprintf(want, sizeof(want), "%.*s{\"time\":\"%llu\"}}", (int)sizeof(ok) - 4, ok,
             (unsigned long long)json_time(&g));
    ck_assert_str_eq((char *)g.body, want);
    got_free(&g);
    peer_call(&p, 1012, 1, "{}", 2, &g);
    ck_assert_str_eq((char *)g.body, "{\"retType\":-1,\"retMsg\":\"未知的协议ID\",\"errCode\":0}");
    got_free(&g);
    peer_call(&p, 3001, 1, sub, strlen(sub), &g);
    ck_assert_str_eq((char *)g.body, ok);
    got_free(&g);
    peer_expect(&p, 3005, &g);
    ck_assert_uint_eq(g.fmt, 1);
    ck_assert_uint_eq(g.serial, 0);
    ck_assert(strstr((char *)g.body, "\"code\":\"00700\"") != NULL);
    got_free(&g);
    peer_close(&p);
}
END_TEST

/* ---- encryption ---- */

/* What the two sides do after an agreed InitConnect: bytes of a reply, a push, a failure. */
static void talk(struct peer *p)
{
    uint8_t sub[64], wire[64];
    struct got g;
    peer_keep_alive(p);
    peer_call(p, 1004, 0, "\x0a\x06\x08\xc0\xb3\xb1\xce\x06", 8, &g);
    ck_assert_uint_eq(g.n, 14);
    ck_assert_uint_eq(oracle_encrypt(p->algo, p->key, p->iv, g.body, g.n, wire), g.len);
    ck_assert_mem_eq(g.wire, wire, g.len);
    got_free(&g);
    peer_call(p, 1012, 0, "", 0, &g);
    expect_failure(&g, "未知的协议ID");
    got_free(&g);
    size_t n = hex_bytes("0a150a0908011205303037303010011002180120013001", sub, sizeof(sub));
    peer_call(p, 3001, 0, sub, n, &g);
    expect_success(&g, "", 0);
    got_free(&g);
    peer_expect(p, 3005, &g);
    ck_assert_uint_eq(g.serial, 0);
    ck_assert_mem_eq(g.body, "\x08\0\x12\0\x18\0\x22", 7);
    got_free(&g);
}

/* InitConnect under RSA, asking for `algo`; the reply as it must be for it. */
static void init_rsa(struct peer *p, const int *algo, struct got *g)
{
    uint8_t body[64], blocks[256], frame[HEAD + 256];
    size_t n = init_body(body, algo, 0);
    size_t len = oracle_rsa_encrypt(RSA_PEM, body, n, blocks, sizeof(blocks));
    peer_make(p, frame, 1001, 0, ++p->serial, blocks, len);
    oracle_sha1(body, n, frame + 16);
    peer_send(p, frame, HEAD + len);
    uint8_t head[HEAD], wire[1024];
    peer_read(p, head, HEAD);
    size_t got = (size_t)head[12] | (size_t)head[13] << 8;
    ck_assert_uint_le(got, sizeof(wire));
    peer_read(p, wire, got);
    memset(g, 0, sizeof(*g));
    memcpy(g->head, head, HEAD);
    g->body = malloc(sizeof(wire));
    bool under_rsa = !algo || *algo != ALGO_NONE;
    if (under_rsa)
        g->n = oracle_rsa_decrypt(RSA_PEM, wire, got, g->body, sizeof(wire));
    else
        memcpy(g->body, wire, g->n = got);
    uint8_t digest[20];
    oracle_sha1(g->body, g->n, digest);
    ck_assert_mem_eq(head + 16, digest, 20);
}

static void rsa_mode(const int *algo, int agreed)
{
    struct peer p;
    struct got g;
    peer_connect(&p, d.port);
    init_rsa(&p, algo, &g);
    peer_agree(&p, &g, agreed);
    got_free(&g);
    talk(&p);
    peer_close(&p);
}

START_TEST(rsa_then_each_cipher)
{
    static const int algos[] = { ALGO_FTAES_ECB, ALGO_AES_ECB, ALGO_AES_CBC };
    for (size_t i = 0; i < 3; i++)
        rsa_mode(&algos[i], algos[i]);
}
END_TEST

START_TEST(rsa_without_a_cipher_is_answered_in_plain)
{
    int none = ALGO_NONE;
    rsa_mode(&none, ALGO_NONE);
}
END_TEST

START_TEST(rsa_without_an_algorithm_means_ftaes)
{
    rsa_mode(NULL, ALGO_FTAES_ECB);
}
END_TEST

START_TEST(ciphers_without_rsa)
{
    static const int algos[] = { ALGO_FTAES_ECB, ALGO_AES_ECB, ALGO_AES_CBC };
    for (size_t i = 0; i < 3; i++) {
        struct peer p;
        struct got g;
        uint8_t body[64];
        peer_connect(&p, d.port);
        peer_call(&p, 1001, 0, body, init_body(body, &algos[i], 0), &g);
        peer_agree(&p, &g, algos[i]);
        got_free(&g);
        talk(&p);
        peer_close(&p);
    }
}
END_TEST

START_TEST(an_unknown_algorithm_is_refused_and_may_be_asked_anew)
{
    struct peer p;
    struct got g;
    uint8_t body[64];
    int algo = 3;
    peer_connect(&p, d.port);
    peer_call(&p, 1001, 0, body, init_body(body, &algo, 0), &g);
    expect_refused(&g, "packetEncAlgo");
    got_free(&g);
    peer_init(&p);
    peer_keep_alive(&p);
    peer_close(&p);
}
END_TEST

START_TEST(with_a_key_plain_init_connect_is_refused)
{
    struct peer p;
    struct got g;
    uint8_t body[128];
    int none = ALGO_NONE;
    peer_connect(&p, d.port);
    peer_call(&p, 1001, 0, body, init_body(body, &none, 0), &g);
    expect_refused(&g, "RSA");
    got_free(&g);
    memset(body, 0x5a, sizeof(body));       /* a block that is no RSA of ours */
    peer_call(&p, 1001, 0, body, sizeof(body), &g);
    expect_refused(&g, NULL);
    got_free(&g);
    peer_call(&p, 1004, 0, "\x0a\x02\x08\x01", 4, &g);
    expect_failure(&g, "not initialised: InitConnect comes first");
    got_free(&g);
    peer_close(&p);
}
END_TEST

START_TEST(a_body_that_does_not_decrypt_ends_the_connection)
{
    struct peer p;
    struct got g;
    uint8_t body[64], frame[128];
    int cbc = ALGO_AES_CBC;
    peer_connect(&p, d.port);
    peer_call(&p, 1001, 0, body, init_body(body, &cbc, 0), &g);
    peer_agree(&p, &g, cbc);
    got_free(&g);
    size_t n = peer_make(&p, frame, 1004, 0, ++p.serial, "\x0a\x02\x08\x01", 4);
    memset(frame + HEAD, 0xa5, n - HEAD);
    peer_send(&p, frame, n);
    peer_frame(&p, &g);
    ck_assert_uint_eq(g.serial, p.serial);
    expect_refused(&g, NULL);
    got_free(&g);
    ck_assert(peer_closed(&p, WAIT_MS));
    peer_close(&p);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, start, stop);
    tcase_add_test(tc, the_reply_to_a_known_init_connect);
    tcase_add_test(tc, a_keep_alive_reply_is_58_known_bytes);
    tcase_add_test(tc, failures_are_known_bytes_too);
    tcase_add_test(tc, bad_bodies_are_refused_and_the_connection_stays);
    tcase_add_test(tc, nothing_is_answered_before_init_connect);
    tcase_add_test(tc, a_request_may_be_split_anywhere);
    tcase_add_test(tc, a_request_may_come_byte_by_byte);
    tcase_add_test(tc, ten_requests_in_one_write);
    tcase_add_test(tc, json_in_and_out);
    tcase_add_test(tc, ciphers_without_rsa);
    tcase_add_test(tc, an_unknown_algorithm_is_refused_and_may_be_asked_anew);
    tcase_add_test(tc, a_body_that_does_not_decrypt_ends_the_connection);
}

static void add_rsa(TCase *tc)
{
    tcase_add_checked_fixture(tc, start_rsa, stop);
    tcase_add_test(tc, rsa_then_each_cipher);
    tcase_add_test(tc, rsa_without_a_cipher_is_answered_in_plain);
    tcase_add_test(tc, rsa_without_an_algorithm_means_ftaes);
    tcase_add_test(tc, with_a_key_plain_init_connect_is_refused);
}

int main(void)
{
    int plain = run_tcase("tcp", add);
    int rsa = run_tcase("tcp, rsa", add_rsa);
    return plain ? plain : rsa;
}
