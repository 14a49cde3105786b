/* fuzz_client.c - what a gateway may send to a client: the engine behind InitConnect, in each mode.
 *
 * The first byte picks format, encryption and how the rest arrives: as raw bytes, in splits that
 * they choose, or as bodies of frames with a right digest. A call and subscriptions are under way.
 * Whatever comes, each callback runs once, and what the client writes is made of whole frames.
 */
#include "client/client.h"

#include <stdlib.h>

#include "base/mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

struct pipe_link {
    struct link link;
    struct buf out;
    bool open;
};

static unsigned answered;

static futu_err pipe_open(struct link *k, int64_t timeout)
{
    (void)timeout;
    container_of(k, struct pipe_link, link)->open = true;
    return FUTU_OK;
}

static struct buf *pipe_out(struct link *k)
{
    return &container_of(k, struct pipe_link, link)->out;
}

static void pipe_close(struct link *k)
{
    container_of(k, struct pipe_link, link)->open = false;
}

static void pipe_free(struct link *k)
{
    struct pipe_link *p = container_of(k, struct pipe_link, link);
    buf_free(&p->out);
    mem_free(p);
}

static const struct link_ops ops = { pipe_open, pipe_out, pipe_close, pipe_free };

static uint64_t no_random(void)
{
    return 0;
}

static void on_push(futu_client *c, uint32_t proto, const void *body, size_t len, const void *msg,
                    void *arg)
{
    (void)c;
    (void)arg;
    if ((!body && len) || (!msg && proto_find(proto)))
        abort();
}

static void on_reply(futu_client *c, futu_err err, futu_reply *r, void *arg)
{
    (void)c;
    (void)arg;
    if ((err == FUTU_OK) != (r != NULL))
        abort();
    if (r)
        futu_reply_json(r);
    answered++;
}

/* The client's own output is well-formed. */
static void check_output(struct pipe_link *p)
{
    struct framer fr;
    struct frame f;
    framer_init(&fr, FRAME_MAX_BODY);
    for (size_t at = 0, used; at < p->out.n; at += used)
        if (framer_feed(&fr, p->out.p + at, p->out.n - at, &used, &f) != FUTU_OK)
            abort();
    framer_free(&fr);
    p->out.n = 0;
}

static void data(struct pipe_link *p, const uint8_t *b, size_t n)
{
    if (p->open && n)
        p->link.events.data(p->link.events.arg, b, n);
}

/* InitConnect is behind it: the handshake has a fuzz target of its own. */
static void make_ready(futu_client *c, struct pipe_link *p, const struct cipher *cipher)
{
    c->phase = PHASE_INIT;
    p->link.events.up(p->link.events.arg);
    check_output(p);
    c->cipher = *cipher;
    c->conn_id = 1;
    client_alive_start(c, 10);
    client_init_done(c);
}

static void as_frames(futu_client *c, struct pipe_link *p, const uint8_t *b, size_t n)
{
    static const uint32_t protos[] = { 3005, 3007, 2208, 1003, 3001, 1005, 1004, 9999 };
    while (n >= 3 && p->open) {
        uint32_t proto = protos[b[0] % 8];
        size_t len = MIN((size_t)b[1] << 1, n - 3);
        struct buf frame = BUF_INIT;
        uint32_t serial = b[2] & 1 ? c->serial - (b[2] >> 1) % 4 : 0;
        if (frame_write(&frame, proto, (uint8_t)(b[2] & 0x80 ? 1 : 0), serial, b + 3, len,
                        &c->cipher) == FUTU_OK)
            data(p, frame.p, frame.n);
        buf_free(&frame);
        b += 3 + len;
        n -= 3 + len;
    }
}

static void as_bytes(struct pipe_link *p, const uint8_t *b, size_t n)
{
    while (n) {
        size_t step = MIN(1 + (size_t)b[0] % 97, n);
        data(p, b, step);
        b += step;
        n -= step;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const uint8_t key[16] = "0123456789ABCDEF";
    static const char sub_json[] = "{\"c2s\":{\"securityList\":[{\"market\":1,\"code\":\"1\"}],"
                                   "\"subTypeList\":[1,2],\"isSubOrUnSub\":true}}";
    struct clock_fake time = { NS_PER_S, NS_PER_S };
    struct timers timers = { 0 };
    struct pipe_link *p = mem_zalloc(sizeof(*p));
    struct cipher cipher;
    futu_client *c;
    if (size == 0 || !p) {
        mem_free(p);
        return 0;
    }
    p->link.ops = &ops;
    const struct client_opts o = {
        .clock = clock_fake(&time), .timers = &timers, .link = &p->link, .algo = CIPHER_NONE,
        .format = bytes[0] & 1, .timeout = NS_PER_S, .client_id = "fuzz", .on_push = on_push,
        .random = no_random,
    };
    if (client_new(&c, &o) || cipher_init(&cipher, (bytes[0] >> 1) % 4 - 1, key, key))
        abort();
    client_start(c);
    timers_run(&timers, time.mono_ns);
    make_ready(c, p, &cipher);
    answered = 0;
    unsigned sent = 0;
    sent += client_call_json(c, "GetUserInfo", "{\"c2s\":{}}", on_reply, NULL) == FUTU_OK;
    sent += client_call_json(c, "Qot_Sub", sub_json, on_reply, NULL) == FUTU_OK;
    if (bytes[0] & 0x80)
        as_frames(c, p, bytes + 1, size - 1);
    else
        as_bytes(p, bytes + 1, size - 1);
    check_output(p);
    clock_fake_advance(&time, 3 * NS_PER_S);
    timers_run(&timers, time.mono_ns);
    if (answered != sent)
        abort();
    client_free(c);
    return 0;
}
