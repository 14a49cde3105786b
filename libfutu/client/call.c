/* call.c - requests on their way and their answers.
 *
 * Calls and replies come from pools, so that a steady stream of small requests allocates nothing.
 * A call leaves the table before its callback runs: the callback may start others, and may end the
 * connection.
 */
#include "base/log.h"
#include "base/mem.h"
#include "client/client.h"
#include "crypt/secret.h"

#define MAX_REPLIES 16
#define KEEP 65536          /* a larger scratch buffer goes with its request */

static uint64_t key_of(uint32_t proto, uint32_t serial)
{
    return (uint64_t)proto << 32 | serial;
}

struct call *client_find_call(futu_client *c, uint32_t proto, uint32_t serial)
{
    return map_get_u64(&c->by_key, key_of(proto, serial));
}

futu_reply *client_keep(futu_reply *r)
{
    r->kept = true;
    return r;
}

static futu_reply *get_reply(futu_client *c)
{
    futu_reply *r = c->replies;
    if (!r)
        return reply_new();
    c->replies = r->next;
    c->n_replies--;
    return r;
}

static void put_reply(futu_client *c, futu_reply *r)
{
    if (!r || r->kept)
        return;
    if (c->n_replies >= MAX_REPLIES) {
        futu_reply_free(r);
        return;
    }
    reply_reset(r);
    r->next = c->replies;
    c->replies = r;
    c->n_replies++;
}

static void put_call(futu_client *c, struct call *call)
{
    timer_stop(c->o.timers, &call->timer);
    map_del_u64(&c->by_key, key_of(call->proto, call->serial));
    list_remove(&call->node);
    buf_free(&call->request);
    list_push(&c->pool, &call->node);
}

/* Without an answer. */
static void end_call(futu_client *c, struct call *call, futu_err err)
{
    futu_reply_fn *fn = call->fn;
    client_raw_fn *raw = call->raw;
    void *arg = call->arg;
    put_call(c, call);
    if (raw)
        raw(c, err, FRAME_PROTOBUF, NULL, 0, arg);
    else
        fn(c, err, NULL, arg);
}

static void on_timeout(struct timer *t, int64_t now)
{
    struct call *call = container_of(t, struct call, timer);
    futu_client *c = call->c;
    (void)now;
    client_fail(c, FUTU_ETIMEDOUT, "%s: no answer in time", call->row ? call->row->name : "call");
    end_call(c, call, FUTU_ETIMEDOUT);
}

static struct call *get_call(futu_client *c)
{
    struct call *call;
    if (list_empty(&c->pool)) {
        call = mem_zalloc(sizeof(*call));
        if (!call)
            return NULL;
        call->c = c;
        call->timer.fn = on_timeout;
        list_init(&call->node);
        return call;
    }
    call = list_entry(c->pool.next, struct call, node);
    list_remove(&call->node);
    return call;
}

/* The call stands in the table, under the serial that was foreseen. */
static futu_err add_call(futu_client *c, struct call **out, uint32_t proto, futu_reply_fn *fn,
                         void *arg)
{
    struct call *call = get_call(c);
    if (!call)
        return FUTU_ENOMEM;
    call->proto = proto;
    call->serial = client_next_serial(c);
    call->row = proto_find(proto);
    call->fn = fn;
    call->raw = NULL;
    call->arg = arg;
    list_push(&c->pending, &call->node);
    *out = call;
    return map_put_u64(&c->by_key, key_of(proto, call->serial), call);
}

static futu_err write_frame(futu_client *c, const struct call *call, const uint8_t *p, size_t n)
{
    struct buf *out = c->o.link->ops->out(c->o.link);
    uint8_t fmt = (uint8_t)c->o.format;
    if (fmt == FRAME_PROTOBUF)
        return frame_write(out, call->proto, fmt, call->serial, p, n, &c->cipher);
    if (!call->row || !call->row->request)
        return client_fail(c, FUTU_ENOTFOUND, "id %u has no message to write as JSON", call->proto);
    struct codec_error why = { "", "" };
    if (c->json.cap > KEEP)
        buf_free(&c->json);
    c->json.n = 0;
    futu_err err = codec_to_json(call->row->request, p, n, CODEC_DECLARED, &c->json, NULL, &why);
    if (err)
        return client_fail(c, err, "%s: %s: %s", call->row->name, why.path, why.what);
    return frame_write(out, call->proto, fmt, call->serial, c->json.p, c->json.n, &c->cipher);
}

futu_err client_send(futu_client *c, uint32_t proto, const uint8_t *body, size_t n,
                     futu_reply_fn *fn, void *arg)
{
    struct call *call = NULL;
    futu_err err = add_call(c, &call, proto, fn, arg);
    if (!err && resub_cares(proto) && !c->o.raw)
        err = buf_put(&call->request, body, n);
    if (!err)
        err = write_frame(c, call, body, n);
    if (err) {
        if (call)
            put_call(c, call);
        return err;
    }
    timer_set(c->o.timers, &call->timer, client_now(c) + c->o.timeout);
    return FUTU_OK;
}

struct call *client_send_raw(futu_client *c, uint32_t proto, uint8_t fmt, const uint8_t *body,
                             size_t n, int64_t timeout, client_raw_fn *raw, void *arg)
{
    struct call *call = NULL;
    futu_err err = add_call(c, &call, proto, NULL, arg);
    if (!err)
        err = frame_write(c->o.link->ops->out(c->o.link), proto, fmt, call->serial, body, n,
                          &c->cipher);
    if (err) {
        if (call)
            put_call(c, call);
        return NULL;
    }
    call->raw = raw;
    timer_set(c->o.timers, &call->timer, client_now(c) + timeout);
    return call;
}

void client_forget(futu_client *c, struct call *call)
{
    put_call(c, call);
}

static struct buf *scratch(futu_client *c)
{
    if (c->request.cap > KEEP)
        buf_free(&c->request);
    c->request.n = 0;
    return &c->request;
}

futu_err client_send_msg(futu_client *c, uint32_t proto, const void *request, futu_reply_fn *fn,
                         void *arg)
{
    struct buf *b = scratch(c);
    futu_err err = codec_encode(proto_find(proto)->request, request, b, NULL);
    return err ? err : client_send(c, proto, b->p, b->n, fn, arg);
}

void client_wipe_scratch(futu_client *c)
{
    if (c->request.cap)
        wipe(c->request.p, c->request.cap);
    if (c->json.cap)
        wipe(c->json.p, c->json.cap);
}

/* ---- calls of users ---- */

static futu_err check_ready(futu_client *c, futu_reply_fn *fn)
{
    if (!fn)
        return client_fail(c, FUTU_EINVAL, "a call needs a function for its answer");
    return c->phase == PHASE_READY ? FUTU_OK
                                   : client_fail(c, FUTU_ENOTCONN, "not connected to a gateway");
}

static struct packet_id packet_id(const futu_client *c)
{
    return (struct packet_id){ c->conn_id, client_serial_after(c->serial) };
}

futu_err client_call(futu_client *c, uint32_t proto, const void *body, size_t n, futu_reply_fn *fn,
                     void *arg)
{
    const struct proto_row *row = proto_find(proto);
    futu_err err = check_ready(c, fn);
    if (err || !row || !row->write)
        return err ? err : client_send(c, proto, body, n, fn, arg);
    struct buf *b = scratch(c);
    err = packet_fill(packet_id(c), body, n, b);
    return err ? err : client_send(c, proto, b->p, b->n, fn, arg);
}

static futu_err encoded(futu_client *c, const struct proto_row *row, futu_err err,
                        const struct codec_error *why, futu_reply_fn *fn, void *arg)
{
    if (err == FUTU_EFORMAT || err == FUTU_ELIMIT)
        return client_fail(c, err, "%s: %s: %s", row->name, why->path, why->what);
    return err ? err : client_send(c, row->id, c->request.p, c->request.n, fn, arg);
}

futu_err client_call_msg(futu_client *c, uint32_t proto, const void *request, futu_reply_fn *fn,
                         void *arg)
{
    const struct proto_row *row = proto_find(proto);
    struct codec_error why = { "", "" };
    futu_err err = check_ready(c, fn);
    if (err)
        return err;
    if (!row || !row->request)
        return client_fail(c, FUTU_ENOTFOUND, "id %u has no request message", proto);
    struct buf *b = scratch(c);
    if (row->write)
        err = packet_encode(packet_id(c), row->request, request, b, &why);
    else
        err = codec_encode(row->request, request, b, &why);
    return encoded(c, row, err, &why, fn, arg);
}

static futu_err from_json(futu_client *c, const struct proto_row *row, futu_str json, struct buf *b,
                          struct codec_error *why)
{
    futu_err err = codec_from_json(row->request, json, CODEC_DECLARED, b, NULL, why);
    if (err != FUTU_EFORMAT || !row->write || strcmp(why->path, "c2s.packetID") != 0)
        return err;
    struct buf full = BUF_INIT;
    err = packet_fill_json(packet_id(c), json, &full);
    if (!err)
        err = codec_from_json(row->request, buf_str(&full), CODEC_DECLARED, b, NULL, why);
    buf_free(&full);
    return err;
}

futu_err client_call_json(futu_client *c, const char *name, const char *json, futu_reply_fn *fn,
                          void *arg)
{
    const struct proto_row *row = proto_by_name(str_c(name));
    struct codec_error why = { "", "" };
    futu_err err = check_ready(c, fn);
    if (err)
        return err;
    if (!row || !row->request)
        return client_fail(c, FUTU_ENOTFOUND, "%s: no such protocol", name);
    struct buf *b = scratch(c);
    err = from_json(c, row, str_c(json), b, &why);
    return encoded(c, row, err, &why, fn, arg);
}

/* ---- answers ---- */

static futu_err take_reply(futu_client *c, struct call *call, futu_reply *r, uint8_t fmt,
                           const uint8_t *p, size_t n)
{
    struct codec_error why = { "", "" };
    if (!r)
        return FUTU_ENOMEM;
    futu_err err = reply_fill(r, call->row, fmt, p, n, &why);
    if (err && err != FUTU_ENOMEM)
        return client_fail(c, FUTU_EFORMAT, "answer of %s: %s: %s",
                           call->row ? call->row->name : "call", why.path, why.what);
    if (!err && r->ret == RET_OK && call->request.n)
        err = resub_note(&c->resub, call->proto, call->request.p, call->request.n);
    return err;
}

void client_answer(futu_client *c, struct call *call, uint8_t fmt, const uint8_t *p, size_t n)
{
    futu_reply_fn *fn = call->fn;
    client_raw_fn *raw = call->raw;
    void *arg = call->arg;
    if (raw) {
        put_call(c, call);
        raw(c, FUTU_OK, fmt, p, n, arg);
        return;
    }
    futu_reply *r = get_reply(c);
    futu_err err = take_reply(c, call, r, fmt, p, n);
    put_call(c, call);
    fn(c, err, err ? NULL : r, arg);
    put_reply(c, r);
}

/* Only those that were pending when it began: a callback may have opened a new connection. */
void client_end_calls(futu_client *c, futu_err err)
{
    struct list ending;
    list_init(&ending);
    while (!list_empty(&c->pending)) {
        struct call *call = list_entry(c->pending.next, struct call, node);
        timer_stop(c->o.timers, &call->timer);
        map_del_u64(&c->by_key, key_of(call->proto, call->serial));
        list_remove(&call->node);
        list_push(&ending, &call->node);
    }
    while (!list_empty(&ending)) {
        struct call *call = list_entry(ending.next, struct call, node);
        end_call(c, call, err);
    }
}

void client_free_calls(futu_client *c)
{
    while (!list_empty(&c->pool)) {
        struct call *call = list_entry(c->pool.next, struct call, node);
        list_remove(&call->node);
        mem_free(call);
    }
    while (c->replies) {
        futu_reply *r = c->replies;
        c->replies = r->next;
        futu_reply_free(r);
    }
    map_free(&c->by_key);
}
