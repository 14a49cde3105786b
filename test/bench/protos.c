/* protos.c - the two protocols of the benchmark: RESP and FTAPI. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "codec/registry.h"
#include "crypt/digest.h"
#include "wire/frame.h"

/* Length of a RESP element, 0: not complete. Enough for +OK, $bulk, *array and :number. */
static size_t resp(const uint8_t *p, size_t n)
{
    const uint8_t *end = n ? memchr(p, '\n', n) : NULL;
    if (!end)
        return 0;
    size_t head = (size_t)(end - p) + 1;
    long count = strtol((const char *)p + 1, NULL, 10);
    if (*p == '$') {
        size_t all = count < 0 ? head : head + (size_t)count + 2;
        return all <= n ? all : 0;
    }
    for (long i = 0; *p == '*' && i < count; i++) {
        size_t one = resp(p + head, n - head);
        if (one == 0)
            return 0;
        head += one;
    }
    return head;
}

static size_t ftapi(const uint8_t *p, size_t n)
{
    if (n < FRAME_HEAD)
        return 0;
    size_t all = FRAME_HEAD + ((size_t)p[12] | (size_t)p[13] << 8 | (size_t)p[14] << 16);
    return all <= n ? all : 0;
}

const struct proto proto_redis = { "redis", resp };
const struct proto proto_futu = { "futu-opend", ftapi };

size_t futu_call_json(uint8_t *out, size_t size, const char *name, const char *json)
{
    static uint32_t serial;
    struct buf body = BUF_INIT;
    struct codec_error e;
    uint8_t digest[20];
    char why[400];
    const struct proto_row *row = proto_by_name(str_c(name));
    if (codec_from_json(row->request, str_c(json), CODEC_DECLARED, &body, NULL, &e) != FUTU_OK ||
        FRAME_HEAD + body.n > size) {
        fprintf(stderr, "%s: %s\n", name, codec_error_text(&e, why, sizeof(why)));
        exit(1);
    }
    sha1(body.p, body.n, digest);
    frame_head_write(out, row->id, FRAME_PROTOBUF, ++serial, (uint32_t)body.n, digest);
    memcpy(out + FRAME_HEAD, body.p, body.n);
    size_t n = FRAME_HEAD + body.n;
    buf_free(&body);
    return n;
}

size_t futu_init_connect(uint8_t *out, size_t size)
{
    return futu_call_json(
        out, size, "InitConnect",
        "{\"c2s\":{\"clientVer\":100,\"clientID\":\"bench\",\"packetEncAlgo\":-1}}");
}

size_t futu_keep_alive(uint8_t *out, size_t size)
{
    return futu_call_json(out, size, "KeepAlive", "{\"c2s\":{\"time\":1775000000}}");
}

static int market_of(const char *code)
{
    return strncmp(code, "US.", 3) == 0 ? 11 : 1;
}

size_t futu_sub(uint8_t *out, size_t size, const char *const *codes, size_t n, const int *types,
                size_t n_types, bool push)
{
    static char json[65536];
    size_t at = (size_t)snprintf(json, sizeof(json), "{\"c2s\":{\"securityList\":[");
    for (size_t i = 0; i < n; i++)
        at += (size_t)snprintf(json + at, sizeof(json) - at, "%s{\"market\":%d,\"code\":\"%s\"}",
                               i ? "," : "", market_of(codes[i]), codes[i] + 3);
    at += (size_t)snprintf(json + at, sizeof(json) - at, "],\"subTypeList\":[");
    for (size_t i = 0; i < n_types; i++)
        at += (size_t)snprintf(json + at, sizeof(json) - at, "%s%d", i ? "," : "", types[i]);
    snprintf(json + at, sizeof(json) - at,
             "],\"isSubOrUnSub\":true,\"isRegOrUnRegPush\":%s,\"isFirstPush\":false}}",
             push ? "true" : "false");
    return futu_call_json(out, size, "Qot_Sub", json);
}

size_t futu_basic_qot(uint8_t *out, size_t size, const char *code)
{
    char json[200];
    snprintf(json, sizeof(json), "{\"c2s\":{\"securityList\":[{\"market\":%d,\"code\":\"%s\"}]}}",
             market_of(code), code + 3);
    return futu_call_json(out, size, "Qot_GetBasicQot", json);
}

size_t futu_order(uint8_t *out, size_t size, uint64_t conn_id, unsigned serial, const char *code)
{
    char json[400];
    snprintf(json, sizeof(json),
             "{\"c2s\":{\"packetID\":{\"connID\":\"%llu\",\"serialNo\":%u},"
             "\"header\":{\"trdEnv\":0,\"accID\":\"9100001\",\"trdMarket\":1},\"trdSide\":%u,"
             "\"orderType\":2,\"code\":\"%s\",\"qty\":%d,\"secMarket\":1}}",
             (unsigned long long)conn_id, serial, 1 + serial % 2, code + 3, BENCH_QUIET_LOT);
    return futu_call_json(out, size, "Trd_PlaceOrder", json);
}

uint64_t futu_conn_id(const uint8_t *frame, size_t n)
{
    struct arena a = ARENA_INIT;
    InitConnect_Response r;
    uint64_t id = 0;
    if (n > FRAME_HEAD && codec_decode(&InitConnect_Response_msg, &a, frame + FRAME_HEAD,
                                       n - FRAME_HEAD, &r, NULL, NULL) == FUTU_OK && r.s2c)
        id = r.s2c->connID;
    arena_free(&a);
    return id;
}

/* Whether the frame answers a request to the protocol. A reply's first field is retType. */
static bool answers(const uint8_t *frame, size_t n, uint32_t proto, const char *what)
{
    struct frame f;
    if (frame_head_read(frame, &f) != FUTU_OK)
        die(what);
    if (f.proto != proto)
        return false;
    if (n < FRAME_HEAD + 2 || frame[FRAME_HEAD] != 8 || frame[FRAME_HEAD + 1] != RET_OK) {
        fprintf(stderr, "%s: %.*s\n", what, n > FRAME_HEAD ? (int)(n - FRAME_HEAD) : 0,
                (const char *)frame + FRAME_HEAD);
        die(what);
    }
    return true;
}

void futu_await(struct conn *c, const uint8_t *request, const char *what)
{
    static uint8_t answer[CONN_BUF];
    struct frame f;
    size_t n;
    if (frame_head_read(request, &f) != FUTU_OK)
        die(what);
    do {
        n = conn_read(c, &proto_futu, answer, sizeof(answer));
        if (n == 0)
            die(what);
    } while (!answers(answer, n, f.proto, what));
}

void futu_ask(struct conn *c, const uint8_t *request, size_t len, const char *what)
{
    if (!conn_write(c, request, len))
        die(what);
    futu_await(c, request, what);
}

void futu_open(struct conn *c, int port, const char *what)
{
    uint8_t request[300];
    if (!conn_open(c, port))
        die(what);
    futu_ask(c, request, futu_init_connect(request, sizeof(request)), what);
}
