/* peer.c - see peer.h. */
#include "peer.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "codec/codec.h"

static void put_le32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static uint32_t get_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

size_t put_varint(uint8_t *out, uint64_t v)
{
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        out[n++] = (uint8_t)(v | 0x80);
    out[n++] = (uint8_t)v;
    return n;
}

size_t hex_bytes(const char *hex, uint8_t *out, size_t size)
{
    size_t n = 0;
    for (; *hex; hex += *hex == ' ' ? 1 : 2) {
        char pair[3] = { hex[0], hex[0] == ' ' ? '\0' : hex[1], '\0' };
        if (*hex == ' ')
            continue;
        ck_assert_uint_lt(n, size);
        out[n++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return n;
}

bool peer_try_connect(struct peer *p, int port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int on = 1;
    memset(p, 0, sizeof(*p));
    p->algo = ALGO_NONE;
    p->serial = 1000;
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(p->fd, 0);
    if (connect(p->fd, (struct sockaddr *)&a, sizeof(a))) {
        close(p->fd);
        p->fd = -1;
        return false;
    }
    setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return true;
}

void peer_connect(struct peer *p, int port)
{
    ck_assert_msg(peer_try_connect(p, port), "connect: %s", strerror(errno));
}

void peer_close(struct peer *p)
{
    close(p->fd);
    p->fd = -1;
}

bool peer_try_send(struct peer *p, const void *data, size_t n)
{
    const uint8_t *at = data;
    while (n > 0) {
        ssize_t done = send(p->fd, at, n, MSG_NOSIGNAL);
        if (done <= 0)
            return false;
        at += done;
        n -= (size_t)done;
    }
    return true;
}

void peer_send(struct peer *p, const void *data, size_t n)
{
    ck_assert_msg(peer_try_send(p, data, n), "send: %s", strerror(errno));
}

static bool wait_input(struct peer *p, int ms)
{
    struct pollfd f = { .fd = p->fd, .events = POLLIN };
    return poll(&f, 1, ms) > 0;
}

void peer_read(struct peer *p, void *out, size_t n)
{
    uint8_t *at = out;
    while (n > 0) {
        ck_assert_msg(wait_input(p, WAIT_MS), "no answer within %d ms", WAIT_MS);
        ssize_t got = recv(p->fd, at, n, 0);
        ck_assert_msg(got > 0, "the connection is closed, %zu bytes are missing", n);
        at += got;
        n -= (size_t)got;
    }
}

bool peer_closed(struct peer *p, int ms)
{
    static uint8_t sink[65536];
    int64_t end = now_ms() + ms;
    for (;;) {
        int64_t rest = end - now_ms();
        if (rest <= 0 || !wait_input(p, (int)rest))
            return false;
        if (recv(p->fd, sink, sizeof(sink), 0) <= 0)
            return true;
    }
}

bool peer_silent(struct peer *p, int ms)
{
    return !wait_input(p, ms);
}

size_t peer_make(const struct peer *p, uint8_t *out, uint32_t proto, uint8_t fmt, uint32_t serial,
                 const void *body, size_t n)
{
    size_t len = oracle_encrypt(p->algo, p->key, p->iv, body, n, out + HEAD);
    memset(out, 0, HEAD);
    out[0] = 'F';
    out[1] = 'T';
    put_le32(out + 2, proto);
    out[6] = fmt;
    put_le32(out + 8, serial);
    put_le32(out + 12, (uint32_t)len);
    oracle_sha1(body, n, out + 16);
    return HEAD + len;
}

void peer_request(struct peer *p, uint32_t proto, uint8_t fmt, const void *body, size_t n)
{
    uint8_t *frame = malloc(HEAD + n + 32);
    ck_assert(frame != NULL);
    peer_send(p, frame, peer_make(p, frame, proto, fmt, ++p->serial, body, n));
    free(frame);
}

void got_free(struct got *g)
{
    free(g->wire);
    free(g->body);
    memset(g, 0, sizeof(*g));
}

void peer_frame(struct peer *p, struct got *g)
{
    static const uint8_t reserved[8];
    uint8_t digest[20];
    memset(g, 0, sizeof(*g));
    peer_read(p, g->head, HEAD);
    ck_assert_mem_eq(g->head, "FT", 2);
    g->proto = get_le32(g->head + 2);
    g->fmt = g->head[6];
    ck_assert_uint_eq(g->head[7], 0);
    g->serial = get_le32(g->head + 8);
    g->len = get_le32(g->head + 12);
    ck_assert_mem_eq(g->head + 36, reserved, 8);
    ck_assert(g->len > 0 && g->len <= 10 * BODY_MAX);
    g->wire = malloc(g->len);
    g->body = malloc(g->len + 1);
    ck_assert(g->wire && g->body);
    peer_read(p, g->wire, g->len);
    g->n = oracle_decrypt(p->algo, p->key, p->iv, g->wire, g->len, g->body);
    g->body[g->n] = '\0';
    oracle_sha1(g->body, g->n, digest);
    ck_assert_mem_eq(g->head + 16, digest, 20);
}

void peer_expect(struct peer *p, uint32_t proto, struct got *g)
{
    int64_t end = now_ms() + 4 * WAIT_MS;
    for (;;) {
        peer_frame(p, g);
        if (g->proto == proto)
            return;
        got_free(g);
        ck_assert_msg(now_ms() < end, "no frame %u", proto);
    }
}

void peer_call(struct peer *p, uint32_t proto, uint8_t fmt, const void *body, size_t n,
               struct got *g)
{
    peer_request(p, proto, fmt, body, n);
    peer_expect(p, proto, g);
    ck_assert_uint_eq(g->serial, p->serial);
    ck_assert_uint_eq(g->fmt, fmt);
}

void peer_agree(struct peer *p, const struct got *g, int algo)
{
    struct arena a = ARENA_INIT;
    InitConnect_Response r;
    ck_assert_int_eq(codec_decode(&InitConnect_Response_msg, &a, g->body, g->n, &r, NULL, NULL),
                     FUTU_OK);
    ck_assert_int_eq(r.retType, 0);
    ck_assert(r.s2c != NULL);
    ck_assert(r.retMsg.p && r.has_errCode);
    ck_assert_uint_eq(r.s2c->connAESKey.n, 16);
    ck_assert(r.s2c->connID > 0 && r.s2c->connID >> 63 == 0);
    ck_assert_int_gt(r.s2c->serverVer, 0);
    ck_assert_int_gt(r.s2c->keepAliveInterval, 0);
    memcpy(p->key, r.s2c->connAESKey.p, 16);
    if (algo == ALGO_AES_CBC)
        ck_assert_uint_eq(r.s2c->aesCBCiv.n, 16);
    if (algo == ALGO_FTAES_ECB)
        ck_assert(r.s2c->aesCBCiv.p == NULL);
    if (r.s2c->aesCBCiv.p) {
        ck_assert_uint_eq(r.s2c->aesCBCiv.n, 16);
        memcpy(p->iv, r.s2c->aesCBCiv.p, 16);
    }
    p->conn_id = r.s2c->connID;
    p->algo = algo;
    arena_free(&a);
}

void peer_init(struct peer *p)
{
    uint8_t plain[64];
    struct got g;
    size_t n = hex_bytes(PYTHON_INIT, plain, sizeof(plain));
    peer_call(p, 1001, 0, plain, n, &g);
    peer_agree(p, &g, ALGO_NONE);
    got_free(&g);
}

void peer_login(struct peer *p, int port)
{
    peer_connect(p, port);
    peer_init(p);
}

uint64_t varint_at(const uint8_t *p, size_t n, uint32_t field)
{
    uint64_t v = 0;
    ck_assert(n >= 2 && p[0] == field << 3);
    for (size_t i = 1, shift = 0; i < n; i++, shift += 7) {
        v |= (uint64_t)(p[i] & 0x7f) << shift;
        if (!(p[i] & 0x80))
            return v;
    }
    ck_abort_msg("a number that does not end");
}

void expect_success(const struct got *g, const void *s2c, size_t n)
{
    uint8_t want[256] = { 0x08, 0, 0x12, 0, 0x18, 0, 0x22, (uint8_t)n };
    ck_assert_uint_lt(n, 128);
    memcpy(want + 8, s2c, n);
    ck_assert_uint_eq(g->n, 8 + n);
    ck_assert_mem_eq(g->body, want, 8 + n);
}

void expect_failure(const struct got *g, const char *text)
{
    uint8_t want[512];
    size_t n = hex_bytes("08 ffffffffffffffffff01 12", want, sizeof(want)), len = strlen(text);
    ck_assert_uint_lt(len, 400);
    n += put_varint(want + n, len);
    memcpy(want + n, text, len);
    n += len;
    want[n++] = 0x18;
    want[n++] = 0;
    ck_assert_uint_eq(g->n, n);
    ck_assert_mem_eq(g->body, want, n);
}

void expect_refused(const struct got *g, const char *word)
{
    struct arena a = ARENA_INIT;
    KeepAlive_Response r;
    ck_assert_int_eq(codec_decode(&KeepAlive_Response_msg, &a, g->body, g->n, &r, NULL, NULL),
                     FUTU_OK);
    ck_assert_int_eq(r.retType, -1);
    ck_assert(r.s2c == NULL);
    ck_assert(r.retMsg.p && r.retMsg.n > 0);
    if (word)
        ck_assert_msg(memmem(r.retMsg.p, r.retMsg.n, word, strlen(word)) != NULL, "no %s in %.*s",
                      word, (int)r.retMsg.n, r.retMsg.p);
    arena_free(&a);
}

void peer_keep_alive(struct peer *p)
{
    uint8_t body[16] = { 0x0a, 0, 0x08 }, s2c[16] = { 0x08 };
    struct got g;
    size_t n = put_varint(body + 3, (uint64_t)time(NULL));
    body[1] = (uint8_t)(1 + n);
    peer_call(p, 1004, 0, body, 3 + n, &g);
    ck_assert_uint_gt(g.n, 8);
    uint64_t at = varint_at(g.body + 8, g.n - 8, 1);
    int64_t off = (int64_t)at - (int64_t)time(NULL);
    ck_assert_msg(off >= -5 && off <= 1, "the gateway's time is %lld s off", (long long)off);
    expect_success(&g, s2c, 1 + put_varint(s2c + 1, at));
    got_free(&g);
}
