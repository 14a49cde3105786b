/* h2.c - see h2.h. */
#include "h2.h"

#include <check.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static void put_be(uint8_t *p, uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        p[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
}

static uint32_t get_be(const uint8_t *p, unsigned n)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

/* ---- frames ---- */

size_t h2_put(uint8_t *out, uint8_t type, uint8_t flags, uint32_t id, const void *p, size_t n)
{
    put_be(out, n, 3);
    out[3] = type;
    out[4] = flags;
    put_be(out + 5, id, 4);
    if (n)
        memcpy(out + H2_HEAD, p, n);
    return H2_HEAD + n;
}

void h2_send(struct h2 *c, uint8_t type, uint8_t flags, uint32_t id, const void *p, size_t n)
{
    static uint8_t out[H2_HEAD + (5u << 20)];
    ck_assert_uint_le(n, sizeof(out) - H2_HEAD);
    peer_try_send(&c->p, out, h2_put(out, type, flags, id, p, n));
}

void h2_connect(struct h2 *c, int port)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    *c = (struct h2){ .next_id = 1 };
    peer_connect(&c->p, port);
    peer_send(&c->p, preface, sizeof(preface) - 1);
    h2_send(c, H2_SETTINGS, 0, 0, NULL, 0);
    ck_assert_int_eq(nghttp2_hd_inflate_new(&c->inflater), 0);
}

void h2_close(struct h2 *c)
{
    peer_close(&c->p);
    nghttp2_hd_inflate_del(c->inflater);
    c->inflater = NULL;
}

void h2_setting(struct h2 *c, uint16_t id, uint32_t value)
{
    uint8_t p[6];
    put_be(p, id, 2);
    put_be(p + 2, value, 4);
    h2_send(c, H2_SETTINGS, 0, 0, p, sizeof(p));
}

void h2_window(struct h2 *c, uint32_t id, uint32_t more)
{
    uint8_t p[4];
    put_be(p, more, 4);
    h2_send(c, H2_WINDOW_UPDATE, 0, id, p, sizeof(p));
}

static bool read_all(struct h2 *c, void *out, size_t n, int64_t end)
{
    uint8_t *at = out;
    while (n > 0) {
        struct pollfd f = { .fd = c->p.fd, .events = POLLIN };
        int64_t left = end - now_ms();
        if (poll(&f, 1, left > 0 ? (int)left : 0) <= 0)
            return false;
        ssize_t got = recv(c->p.fd, at, n, 0);
        if (got <= 0)
            return false;
        at += got;
        n -= (size_t)got;
    }
    return true;
}

bool h2_next(struct h2 *c, struct h2_frame *f, int ms)
{
    uint8_t head[H2_HEAD];
    int64_t end = now_ms() + ms;
    if (!read_all(c, head, sizeof(head), end))
        return false;
    f->len = get_be(head, 3);
    f->type = head[3];
    f->flags = head[4];
    f->id = get_be(head + 5, 4);
    ck_assert_uint_le(f->len, H2_PAYLOAD_MAX);
    if (!read_all(c, f->payload, f->len, end))
        return false;
    f->payload[f->len] = 0;
    if (!c->mute && f->type == H2_SETTINGS && !(f->flags & H2_ACK))
        h2_send(c, H2_SETTINGS, H2_ACK, 0, NULL, 0);
    if (!c->mute && f->type == H2_PING && !(f->flags & H2_ACK))
        h2_send(c, H2_PING, H2_ACK, 0, f->payload, 8);
    return true;
}

int64_t h2_goaway(struct h2 *c, char text[256])
{
    struct h2_frame f;
    while (h2_next(c, &f, WAIT_MS)) {
        if (f.type != H2_GOAWAY)
            continue;
        size_t n = f.len - 8 < 255 ? f.len - 8 : 255;
        memcpy(text, f.payload + 8, n);
        text[n] = '\0';
        return get_be(f.payload + 4, 4);
    }
    return -1;
}

/* ---- calls ---- */

static size_t put_text(uint8_t *out, const char *text)
{
    size_t n = strlen(text), k = 1;
    out[0] = (uint8_t)(n < 127 ? n : 127);
    for (size_t v = n - 127; n >= 127 && k < 4; v >>= 7) {
        out[k++] = (uint8_t)(v < 128 ? v : v | 128);
        if (v < 128)
            break;
    }
    memcpy(out + k, text, n);
    return k + n;
}

size_t h2_field(uint8_t *out, const char *name, const char *value)
{
    out[0] = 0;
    size_t n = 1 + put_text(out + 1, name);
    return n + put_text(out + n, value);
}

size_t h2_request(uint8_t *out, const char *path, const void *more, size_t n)
{
    size_t k = h2_field(out, ":method", "POST");
    k += h2_field(out + k, ":scheme", "http");
    k += h2_field(out + k, ":path", path);
    k += h2_field(out + k, ":authority", "localhost");
    k += h2_field(out + k, "content-type", "application/grpc");
    k += h2_field(out + k, "te", "trailers");
    if (n)
        memcpy(out + k, more, n);
    return k + n;
}

uint32_t h2_begin(struct h2 *c, const char *path)
{
    uint8_t block[512];
    uint32_t id = c->next_id;
    c->next_id += 2;
    h2_send(c, H2_HEADERS, H2_END_HEADERS, id, block, h2_request(block, path, NULL, 0));
    return id;
}

uint32_t h2_ask(struct h2 *c, const char *path, const void *message, size_t n)
{
    static uint8_t body[H2_PAYLOAD_MAX];
    uint32_t id = h2_begin(c, path);
    ck_assert_uint_le(n, sizeof(body) - 5);
    body[0] = 0;
    put_be(body + 1, n, 4);
    if (n)
        memcpy(body + 5, message, n);
    h2_send(c, H2_DATA, H2_END_STREAM, id, body, 5 + n);
    return id;
}

size_t h2_wrap(uint8_t *out, uint32_t proto, const void *body, size_t n)
{
    size_t k = 0;
    out[k++] = 1 << 3;
    k += put_varint(out + k, proto);
    out[k++] = 2 << 3 | 2;
    k += put_varint(out + k, n);
    memcpy(out + k, body, n);
    return k + n;
}

static bool named(const nghttp2_nv *nv, const char *name)
{
    return strlen(name) == nv->namelen && memcmp(nv->name, name, nv->namelen) == 0;
}

static void keep(char *out, size_t size, const nghttp2_nv *nv)
{
    size_t n = nv->valuelen < size - 1 ? nv->valuelen : size - 1;
    memcpy(out, nv->value, n);
    out[n] = '\0';
}

static void take_field(struct h2_status *s, const nghttp2_nv *nv)
{
    char number[16];
    keep(number, sizeof(number), nv);
    if (named(nv, ":status"))
        s->http = (int)strtol(number, NULL, 10);
    if (named(nv, "grpc-status"))
        s->grpc = (int)strtol(number, NULL, 10);
    if (named(nv, "grpc-message"))
        keep(s->text, sizeof(s->text), nv);
    if (named(nv, "grpc-encoding"))
        keep(s->encoding, sizeof(s->encoding), nv);
    if (named(nv, "grpc-accept-encoding"))
        keep(s->accept, sizeof(s->accept), nv);
}

void h2_read_status(struct h2 *c, const struct h2_frame *f, struct h2_status *s)
{
    const uint8_t *p = f->payload;
    size_t n = f->len;
    for (int flags = 0; !(flags & NGHTTP2_HD_INFLATE_FINAL);) {
        nghttp2_nv nv;
        ssize_t used = nghttp2_hd_inflate_hd2(c->inflater, &nv, &flags, p, n, 1);
        ck_assert_int_ge(used, 0);
        p += used;
        n -= (size_t)used;
        if (flags & NGHTTP2_HD_INFLATE_EMIT)
            take_field(s, &nv);
    }
    nghttp2_hd_inflate_end_headers(c->inflater);
}

/* Blocks of other calls are read too: the decoder must see them all. */
static bool is_end(struct h2 *c, const struct h2_frame *f, uint32_t id, struct h2_status *s)
{
    struct h2_status other;
    if (f->type == H2_HEADERS)
        h2_read_status(c, f, f->id == id ? s : &other);
    if (f->type != H2_RST_STREAM || f->id != id)
        return f->id == id && f->type == H2_HEADERS && (f->flags & H2_END_STREAM);
    s->reset = true;
    s->code = get_be(f->payload, 4);
    return true;
}

size_t h2_finish(struct h2 *c, uint32_t id, struct h2_status *s, uint8_t *out, size_t size)
{
    struct h2_frame f;
    size_t n = 0;
    *s = (struct h2_status){ .http = -1, .grpc = -1 };
    do {
        ck_assert_msg(h2_next(c, &f, WAIT_MS), "call %u does not end", id);
        if (f.type != H2_DATA || f.len == 0)
            continue;
        h2_window(c, 0, f.len);
        if (f.id != id)
            continue;
        h2_window(c, id, f.len);
        ck_assert(!out || n + f.len <= size);
        if (out)
            memcpy(out + n, f.payload, f.len);
        n += f.len;
    } while (!is_end(c, &f, id, s));
    return n;
}

void h2_health(struct h2 *c)
{
    struct h2_status s;
    uint8_t out[16];
    uint32_t id = h2_ask(c, "/grpc.health.v1.Health/Check", "", 0);
    ck_assert_uint_eq(h2_finish(c, id, &s, out, sizeof(out)), 7);
    ck_assert_mem_eq(out, "\0\0\0\0\2\x08\1", 7);
    ck_assert_int_eq(s.grpc, 0);
}
