/* ws.c - see ws.h. */
#include "ws.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The key of RFC 6455, section 1.3, with the answer that stands there. */
const char ws_request[] = "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\n"
                          "connection: Upgrade\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                          "sec-websocket-version: 13\r\n"
                          "sec-websocket-extensions: permessage-deflate\r\n\r\n";
const char ws_answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                         "Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
                         "\r\n\r\n";
static const uint8_t sign[8] = "ft-v1.0";

void ws_open(struct peer *p, int port)
{
    char answer[sizeof(ws_answer)] = "";
    peer_connect(p, port);
    peer_send(p, ws_request, strlen(ws_request));
    peer_read(p, answer, strlen(ws_answer));
    ck_assert_str_eq(answer, ws_answer);
}

void ws_send(struct peer *p, int op, const void *data, size_t n)
{
    static const uint8_t mask[4] = { 0x12, 0x34, 0x56, 0x78 };
    uint8_t *f = malloc(n + 14);
    size_t at = 2;
    ck_assert(f != NULL);
    f[0] = (uint8_t)op;
    f[1] = 0x80 | (uint8_t)(n < 126 ? n : n < 65536 ? 126 : 127);
    for (int shift = n < 126 ? -8 : n < 65536 ? 8 : 56; shift >= 0; shift -= 8)
        f[at++] = (uint8_t)((uint64_t)n >> shift);
    memcpy(f + at, mask, 4);
    at += 4;
    for (size_t i = 0; i < n; i++)
        f[at + i] = ((const uint8_t *)data)[i] ^ mask[i % 4];
    peer_send(p, f, at + n);
    free(f);
}

void ws_read(struct peer *p, struct ws_msg *m)
{
    uint8_t head[8];
    uint64_t n;
    peer_read(p, head, 2);
    ck_assert_msg(head[0] & WS_FIN, "a fragment came");
    ck_assert_uint_eq(head[0] & 0x70, 0);
    ck_assert_msg(!(head[1] & 0x80), "a server's frame is masked");
    m->opcode = head[0] & 15;
    n = head[1];
    if (n >= 126) {
        size_t more = n == 126 ? 2 : 8;
        peer_read(p, head, more);
        n = 0;
        for (size_t i = 0; i < more; i++)
            n = n << 8 | head[i];
    }
    ck_assert_uint_lt(n, sizeof(m->p));
    m->n = n;
    peer_read(p, m->p, n);
}

void ws_expect(struct peer *p, int opcode, struct ws_msg *m)
{
    int64_t end = now_ms() + 4 * WAIT_MS;
    do {
        ck_assert_msg(now_ms() < end, "no frame with opcode %d", opcode);
        ws_read(p, m);
    } while (m->opcode != opcode);
}

void ws_expect_close(struct peer *p, int code)
{
    static struct ws_msg m;
    ws_expect(p, WS_CLOSE, &m);
    ck_assert_uint_ne(m.n, 1);
    ck_assert_int_eq(m.n ? m.p[0] << 8 | m.p[1] : 0, code);
    ck_assert(peer_closed(p, WAIT_MS));
}

static void put_be(uint8_t *p, uint64_t v, int n)
{
    for (int i = 0; i < n; i++)
        p[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
}

size_t sdk_make(uint8_t *out, uint32_t command, uint64_t section, const void *body, size_t n)
{
    memcpy(out, sign, 8);
    put_be(out + 8, command, 4);
    put_be(out + 12, section, 8);
    memcpy(out + SDK_REQUEST, body, n);
    return SDK_REQUEST + n;
}

/* The head of a reply without an error. */
static void expect_head(const struct ws_msg *m, uint32_t command, uint64_t section)
{
    uint8_t head[SDK_REPLY] = { 0 };
    sdk_make(head, command, section, "", 0);
    ck_assert_uint_gt(m->n, SDK_REPLY);
    ck_assert_mem_eq(m->p, head, SDK_REPLY);
}

void sdk_call(struct peer *p, uint32_t command, const void *body, size_t n, struct ws_msg *m)
{
    uint8_t rq[512];
    uint64_t section = ++p->serial;
    ck_assert_uint_lt(n, sizeof(rq) - SDK_REQUEST);
    ws_send(p, WS_FIN | WS_BINARY, rq, sdk_make(rq, command, section, body, n));
    do
        ws_expect(p, WS_BINARY, m);
    while (m->n >= SDK_REPLY && memcmp(m->p + 12, "\0\0\0\0\0\0\0\0", 8) == 0);     /* pushes */
    expect_head(m, command, section);
}

static bool close_to_now(uint64_t t)
{
    int64_t off = (int64_t)t - (int64_t)time(NULL);
    return off >= -5 && off <= 1;
}

void sdk_init(struct peer *p)
{
    static struct ws_msg m;
    uint8_t body[32], want[64] = { 0x08, 0, 0x12, 0, 0x18, 0, 0x22 };
    size_t n = hex_bytes("0a0e2200320a4a617661536372697074", body, sizeof(body));
    sdk_call(p, 1, body, n, &m);
    const uint8_t *r = m.p + SDK_REPLY + 8;
    uint64_t at = varint_at(r, m.n - SDK_REPLY - 8, 1);
    ck_assert(close_to_now(at));
    n = 8;
    want[n++] = 0x08;
    n += put_varint(want + n, at);
    p->conn_id = varint_at(m.p + SDK_REPLY + n, m.n - SDK_REPLY - n, 2);
    want[n++] = 0x10;
    n += put_varint(want + n, p->conn_id);
    want[7] = (uint8_t)(n - 8);
    ck_assert_uint_eq(m.n, SDK_REPLY + n);
    ck_assert_mem_eq(m.p + SDK_REPLY, want, n);
}

void sdk_login(struct peer *p, int port)
{
    ws_open(p, port);
    sdk_init(p);
}

void sdk_keep_alive(struct peer *p)
{
    static struct ws_msg m;
    uint8_t want[32] = { 0x08, 0, 0x12, 0, 0x18, 0, 0x22, 6, 0x08 };
    sdk_call(p, 1004, "\x0a\x06\x08\xc0\xb3\xb1\xce\x06", 8, &m);
    uint64_t at = varint_at(m.p + SDK_REPLY + 8, m.n - SDK_REPLY - 8, 1);
    ck_assert(close_to_now(at));
    ck_assert_uint_eq(put_varint(want + 9, at), 5);
    ck_assert_uint_eq(m.n, SDK_REPLY + 14);
    ck_assert_mem_eq(m.p + SDK_REPLY, want, 14);
}
