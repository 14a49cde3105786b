/* h2.c - see h2.h. */
#include "h2.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

enum { DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY };
#define ACK 1
#define END_STREAM 1
#define END_HEADERS 4
#define WINDOW 0x7fffffffu

static uint8_t *put(uint8_t *p, const void *bytes, size_t n)
{
    memcpy(p, bytes, n);
    return p + n;
}

static uint8_t *put_be(uint8_t *p, uint32_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        *p++ = (uint8_t)(v >> (8 * (n - 1 - i)));
    return p;
}

static uint32_t get_be(const uint8_t *p, unsigned n)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

static uint8_t *put_head(uint8_t *p, size_t n, uint8_t type, uint8_t flags, uint32_t stream)
{
    p = put_be(p, (uint32_t)n, 3);
    *p++ = type;
    *p++ = flags;
    return put_be(p, stream, 4);
}

/* A text of less than 127 bytes, as it is. */
static uint8_t *put_text(uint8_t *p, const char *text)
{
    *p++ = (uint8_t)strlen(text);
    return put(p, text, strlen(text));
}

/* HPACK of the static table, nothing remembered: RFC 7541, appendix A. */
static size_t headers(uint8_t *out, const char *path)
{
    static const uint8_t post_http[] = { 0x83, 0x86 }, content_type[] = { 0x0f, 16 };
    uint8_t *p = put(out, post_http, 2);
    *p++ = 4;                                   /* :path */
    p = put_text(p, path);
    *p++ = 1;                                   /* :authority */
    p = put_text(p, "127.0.0.1");
    p = put_text(put(p, content_type, 2), "application/grpc");
    *p++ = 0;
    p = put_text(put_text(p, "te"), "trailers");
    return (size_t)(p - out);
}

size_t h2_call(uint8_t *out, size_t size, const char *path, const uint8_t *message, size_t n)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    uint8_t block[300], *p = out;
    if (strlen(path) > 120 || n + 500 > size)
        die("a call that large");
    p = put(p, preface, sizeof(preface) - 1);
    p = put_be(put_be(put_head(p, 6, SETTINGS, 0, 0), 4, 2), WINDOW, 4);
    p = put_be(put_head(p, 4, 8, 0, 0), WINDOW - 65535, 4);
    size_t n_block = headers(block, path);
    p = put(put_head(p, n_block, HEADERS, END_HEADERS, 1), block, n_block);
    p = put_head(p, H2_GRPC_HEAD + n, DATA, END_STREAM, 1);
    *p++ = 0;
    p = put(put_be(p, (uint32_t)n, 4), message, n);
    return (size_t)(p - out);
}

/* ---- what comes back ---- */

static void take_data(struct h2 *c, const uint8_t *p, size_t n)
{
    while (n > 0) {
        if (c->body_left == 0 && c->n_grpc < H2_GRPC_HEAD) {
            c->grpc[c->n_grpc++] = *p++;
            n--;
            if (c->n_grpc < H2_GRPC_HEAD)
                continue;
            c->body_left = get_be(c->grpc + 1, 4);
            c->bytes += c->body_left;
        }
        size_t k = n < c->body_left ? n : c->body_left;
        if (c->keep && k <= c->keep_size - c->n_keep) {
            memcpy(c->keep + c->n_keep, p, k);
            c->n_keep += k;
        }
        c->body_left -= (uint32_t)k;
        p += k;
        n -= k;
        if (c->body_left > 0)
            continue;
        c->n_grpc = 0;
        c->messages++;
    }
}

static void say(struct h2 *c, const uint8_t *p, size_t n)
{
    if (send(c->fd, p, n, MSG_NOSIGNAL) != (ssize_t)n)
        die("an answer of HTTP/2");
}

static void end_frame(struct h2 *c)
{
    uint8_t out[H2_HEAD + 8], type = c->head[3], flags = c->head[4];
    if (type == SETTINGS && !(flags & ACK))
        say(c, out, (size_t)(put_head(out, 0, SETTINGS, ACK, 0) - out));
    if (type == PING && !(flags & ACK))
        say(c, out, (size_t)(put(put_head(out, 8, PING, ACK, 0), c->small, 8) - out));
    if (type == RST || type == GOAWAY)
        die("a stream of HTTP/2");
    c->opened = c->opened || type == HEADERS;
    if ((type == DATA || type == HEADERS) && (flags & END_STREAM))
        c->ended = true;
    c->n_head = 0;
}

static size_t take_payload(struct h2 *c, const uint8_t *p, size_t n)
{
    size_t k = n < c->left ? n : c->left;
    if (c->head[3] == DATA)
        take_data(c, p, k);
    if (c->head[3] == PING && c->left <= 8)
        memcpy(c->small + 8 - c->left, p, k);
    c->left -= (uint32_t)k;
    return k;
}

void h2_take(struct h2 *c, const uint8_t *p, size_t n)
{
    while (n > 0) {
        size_t k = 1;
        if (c->n_head < H2_HEAD) {
            c->head[c->n_head++] = *p;
            c->left = get_be(c->head, 3);
        } else {
            k = take_payload(c, p, n);
        }
        p += k;
        n -= k;
        if (c->n_head == H2_HEAD && c->left == 0)
            end_frame(c);
    }
}

size_t h2_ask(int port, const char *path, const uint8_t *message, size_t n, uint8_t *out,
              size_t size)
{
    static uint8_t bytes[70000];
    struct conn c;
    struct h2 h = { .keep = out, .keep_size = size };
    n = h2_call(bytes, sizeof(bytes), path, message, n);
    if (!conn_open(&c, port) || !conn_write(&c, bytes, n))
        die(path);
    h.fd = c.fd;
    while (!h.ended) {
        ssize_t got = recv(c.fd, bytes, sizeof(bytes), 0);
        if (got <= 0)
            die(path);
        h2_take(&h, bytes, (size_t)got);
    }
    conn_close(&c);
    if (h.messages != 1 || h.n_keep != h.bytes || h.n_keep < 2 || out[0] != 8 || out[1] != 0) {
        fprintf(stderr, "%s: %llu messages, %zu bytes\n", path, (unsigned long long)h.messages,
                h.n_keep);
        die(path);
    }
    return h.n_keep;
}
