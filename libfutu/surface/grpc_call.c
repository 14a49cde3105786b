/* grpc_call.c - calls of the registry over gRPC: a message to a Request, hub, Response.
 *
 * A body is the whole Request or its C2S alone. A write with an idempotency-key is answered from
 * what was kept; orders also carry the key to the hub, which knows them longer. Only success is
 * kept: a refusal may be tried again. A read of what is subscribed is answered alike until the next
 * event, without the hub.
 */
#include <stdio.h>

#include "base/mem.h"
#include "codec/splice.h"
#include "surface/grpc_state.h"
#include "wire/frame.h"


/* ---- answers ---- */

/* ret_type, ret_msg, proto_id, body of FutuResponse, but for the body's own bytes. */
static void put_wrapped(futu_grpc_call *k, const uint8_t *body, size_t len)
{
    int32_t ret = response_ret(body, len);
    futu_str text = response_text(body, len);
    uint8_t head[4 * PB_MAX_SCALAR], tail[4 * PB_MAX_SCALAR], *p = head, *q = tail;
    if (ret)
        p = pb_put_scalar(p, 1, PB_INT32, &ret);
    if (text.n)
        p = pb_put_varint(pb_put_key(p, 2, PB_WIRE_BYTES), text.n);
    if (k->call.proto)
        q = pb_put_scalar(q, 3, PB_UINT32, &k->call.proto);
    q = pb_put_varint(pb_put_key(q, 4, PB_WIRE_BYTES), len);
    uint8_t *out = grpc_put(k, (size_t)(p - head) + text.n + (size_t)(q - tail) + len);
    if (!out)
        return;
    const struct {
        const void *p;
        size_t n;
    } parts[] = {
        { head, (size_t)(p - head) }, { text.p, text.n }, { tail, (size_t)(q - tail) },
        { body, len },
    };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (parts[i].n)
            memcpy(out, parts[i].p, parts[i].n);
        out += parts[i].n;
    }
}

static void answer(futu_grpc_call *k, const uint8_t *body, size_t len)
{
    if (k->typed) {
        uint8_t *out = grpc_put(k, len);
        if (out)
            memcpy(out, body, len);
    } else {
        put_wrapped(k, body, len);
    }
    grpc_told(k);
    grpc_ok(k);
}

static void keep(futu_grpc_call *k, const struct hub_reply *r)
{
    struct grpc *g = k->grpc;
    futu_str body = STR_NULL;
    if (r && !r->deny && hub_answer_whole(k->row, r->body, r->len))
        body = (futu_str){ (const char *)r->body, r->len };
    if (k->idem)
        idem_answer(&g->idem, k->idem, body, clock_mono(&g->o.clock));
    k->idem = NULL;
}

/* ---- reads that stand ---- */

/* True: it has been answered. Who may not read has been refused before. */
static bool stands(futu_grpc_call *k, futu_str body)
{
    struct grpc *g = k->grpc;
    struct hot_request rq;
    const futu_str parts[] = { str_c(k->endpoint), str_c(k->key ? k->key->rules->id : ""), body };
    if (!k->row || !hot_row(k->row))
        return false;
    k->version = hub_version(g->o.hub);
    hot_request_of(&rq, parts, ARRAY_LEN(parts));
    int64_t at = clock_mono(&g->o.clock);
    const struct hot_entry *e = hot_find(&g->hot, &rq, k->version, at);
    if (e) {
        const struct proto_row *row = k->row;
        size_t len = e->len;        /* the next call may come from within answer() */
        answer(k, e->answer.p, e->answer.n);
        hub_count_call(g->o.hub, row, IFACE_GRPC, len, at);
        return true;
    }
    const size_t n = offsetof(struct hot_request, text) + rq.n;
    k->hot = rq.n ? mem_alloc(n) : NULL;
    if (k->hot)
        memcpy(k->hot, &rq, n);
    return false;
}

static void keep_hot(futu_grpc_call *k, const struct hub_reply *r)
{
    struct grpc *g = k->grpc;
    struct hot_entry e = { .version = k->version, .row = k->row, .key = k->key, .len = r->len };
    e.until = clock_mono(&g->o.clock) + HOT_LIFE_NS;
    if (k->hot && response_ret(r->body, r->len) == RET_OK)
        hot_keep(&g->hot, k->hot, &e, (futu_str){ (const char *)r->body, r->len });
}

static void on_reply(struct hub_call *c, const struct hub_reply *r)
{
    futu_grpc_call *k = container_of(c, futu_grpc_call, call);
    k->asked = false;
    keep(k, r);
    if (k->given_up) {
        grpc_call_free(k);
        return;
    }
    if (k->ended)                   /* its deadline is over */
        return;
    if (!r)
        grpc_end(k, FUTU_GRPC_UNAVAILABLE, "the gateway or the API key has ended; what was asked "
                                           "may have been done");
    else if (r->deny)
        grpc_deny(k, r->deny, r->text);
    else {
        keep_hot(k, r);
        answer(k, r->body, r->len);
    }
}

/* ---- idempotency-key ---- */

static void replay(futu_grpc_call *k, const struct idem_entry *e)
{
    struct audit_event event = { .iface = IFACE_GRPC, .endpoint = k->endpoint, .peer = k->peer,
                                 .key_id = grpc_key_id(k), .outcome = OUTCOME_SUCCESS,
                                 .cache_outcome = "cached", .trade = true };
    hub_audit(k->grpc->o.hub, &event, DENY_NONE);
    answer(k, e->answer.p, e->answer.n);
}

/* False: it has been answered. */
static bool idempotent(futu_grpc_call *k, futu_str body)
{
    struct grpc *g = k->grpc;
    futu_str word = str_c(k->word);
    struct idem_entry *e;
    if (!k->has_word || !k->row || !(k->row->write || k->row->id == PROTO_TRD_UNLOCK_TRADE))
        return true;
    if (!word_ok(word)) {
        grpc_end(k, FUTU_GRPC_INVALID_ARGUMENT, "idempotency-key: 1 to %d printable characters",
                 ORDER_KEY_MAX);
        return false;
    }
    struct idem_ask ask = { k->key ? k->key->rules->id : "", word, str_c(k->row->name), body,
                            hub_answer_mark(g->o.hub, k->row) };
    switch (idem_look(&g->idem, &ask, clock_mono(&g->o.clock), &e)) {
    case IDEM_NEW:
        k->idem = e;
        k->call.keyed = true;
        return true;
    case IDEM_ANSWERED:
        replay(k, e);
        return false;
    case IDEM_WAITING:
        grpc_end(k, FUTU_GRPC_ABORTED, "the first request with this idempotency-key has no answer "
                                       "yet; ask again in a second");
        return false;
    case IDEM_OTHER:
        grpc_end(k, FUTU_GRPC_ALREADY_EXISTS, "this idempotency-key was used for another request; "
                                              "use a new one");
        return false;
    default:
        grpc_end(k, FUTU_GRPC_RESOURCE_EXHAUSTED, "too many requests with an idempotency-key are "
                                                  "under way");
        return false;
    }
}

/* ---- the body ---- */

/* The packetID of a write says whose connection it is of, which a caller of gRPC can't know:
 * absent, or with connID 0, it is filled in. A body in which it can't be put is refused by the
 * check that follows. */
static futu_err number_order(futu_grpc_call *k, uint64_t conn_id)
{
    struct grpc *g = k->grpc;
    const struct pb_field *c2s = codec_field(k->row->request, STR("c2s"));
    const struct pb_field *f = c2s ? codec_field(c2s->sub, STR("packetID")) : NULL;
    uint8_t inner[2 * PB_MAX_SCALAR], record[3 * PB_MAX_SCALAR];
    struct pb_rec had, of;
    if (!f || (pb_inner(g->pb.p, g->pb.n, c2s->tag, f->tag, &had) &&
               pb_first((futu_str){ (const char *)had.p, had.n }, 1, &of) && of.v != 0))
        return FUTU_OK;
    uint32_t serial = ++g->serial;
    uint8_t *end = pb_put_scalar(inner, 1, PB_UINT64, &conn_id);
    end = pb_put_scalar(end, 2, PB_UINT32, &serial);
    futu_str id = { (const char *)inner, (size_t)(end - inner) };
    struct pb_edit edit = { f->tag, record, 0 };
    edit.n = (size_t)(pb_put_text(record, f->tag, id) - record);
    g->spare.n = 0;
    futu_err err = pb_splice(g->pb.p, g->pb.n, c2s->tag, &edit, 1, &g->spare);
    if (err)
        return err == FUTU_EFORMAT ? FUTU_OK : err;
    struct buf swap = g->pb;
    g->pb = g->spare;
    g->spare = swap;
    return FUTU_OK;
}

/* The Request in g->pb from the body, which is its member `outer`, or the whole with outer 0. */
static futu_err try_body(futu_grpc_call *k, futu_str body, uint32_t outer, uint64_t conn_id,
                         struct codec_error *e)
{
    struct grpc *g = k->grpc;
    g->pb.n = 0;
    futu_err err = outer ? pb_append(&g->pb, outer, body.p, body.n)
                         : buf_put(&g->pb, body.p, body.n);
    if (!err)
        err = number_order(k, conn_id);
    return err ? err : codec_check(k->row->request, g->pb.p, g->pb.n, NULL, e);
}

/* False: it has been answered. */
static bool read_body(futu_grpc_call *k, futu_str body, uint64_t conn_id)
{
    const struct pb_field *c2s = codec_field(k->row->request, STR("c2s"));
    struct codec_error whole = { "", "" }, alone = { "", "" };
    char text[400], other[400];
    bool both = c2s && !k->typed;
    futu_err err = try_body(k, body, 0, conn_id, &whole);
    if (err == FUTU_EFORMAT && both)
        err = try_body(k, body, c2s->tag, conn_id, &alone);
    if (!err)
        return true;
    if (err == FUTU_ENOMEM)
        grpc_end(k, FUTU_GRPC_RESOURCE_EXHAUSTED, "out of memory");
    else if (!both || !alone.what[0])
        grpc_end(k, FUTU_GRPC_INVALID_ARGUMENT, "%s", codec_error_text(&whole, text, sizeof(text)));
    else
        grpc_end(k, FUTU_GRPC_INVALID_ARGUMENT,
                 "body: as a whole Request: %.200s; as its C2S alone: %.200s",
                 codec_error_text(&whole, text, sizeof(text)),
                 codec_error_text(&alone, other, sizeof(other)));
    return false;
}

/* ---- the call ---- */

static void send(futu_grpc_call *k, futu_conn *caller, futu_str pb)
{
    k->call.fmt = FRAME_PROTOBUF;
    k->call.body = (const uint8_t *)pb.p;
    k->call.len = pb.n;
    k->call.endpoint = k->endpoint;
    k->call.peer = k->peer;
    k->call.done = on_reply;
    k->asked = true;
    hub_call(caller, &k->call);
}

/* What is not in the registry might place orders. */
static bool closed(const struct proto_row *row)
{
    return !row || row->write || row->id == PROTO_TRD_SUB_ACC_PUSH ||
           (row->scopes & (SCOPE_TRADE_UNLOCK | SCOPE_ADMIN));
}

static bool may(futu_grpc_call *k)
{
    enum deny d = DENY_NONE;
    if (grpc_open_mode(k->grpc))
        d = closed(k->row) ? DENY_OPEN_MODE : DENY_NONE;
    else if (!access_scope(k->key, k->row ? k->row->scopes : SCOPE_TRADE_REAL))
        d = DENY_SCOPE;
    if (d)
        grpc_refuse(k, d);
    return d == DENY_NONE;
}

static void no_caller(futu_grpc_call *k, futu_err err)
{
    grpc_end(k, FUTU_GRPC_RESOURCE_EXHAUSTED, "%s",
             err == FUTU_ELIMIT ? "too many connections" : "out of memory");
}

static void call(futu_grpc_call *k, futu_str body)
{
    struct grpc *g = k->grpc;
    bool known = k->row && k->row->request;
    futu_conn *caller;
    if (!may(k) || stands(k, body))
        return;
    futu_err err = hub_caller(g->o.hub, IFACE_GRPC, k->key, &caller);
    if (err) {
        no_caller(k, err);
        return;
    }
    if ((known && !read_body(k, body, hub_conn_id(caller))) || !idempotent(k, body))
        return;
    if (known && k->has_word)
        err = word_into_order(k->row, str_c(k->word), &g->pb, &g->spare);
    if (err)
        no_caller(k, err);
    else
        send(k, caller, known ? buf_str(&g->pb) : body);
}

void grpc_typed(futu_grpc_call *k, futu_str message)
{
    k->call.proto = k->row->id;
    if (hub_knows(k->grpc->o.hub, k->row->id))
        call(k, message);
    else
        grpc_end(k, FUTU_GRPC_UNIMPLEMENTED, "this gateway does not serve %s", k->row->name);
}

/* proto_id and body of a FutuRequest; of a field that comes twice the last counts. */
static const char *read_request(futu_str message, uint32_t *proto, futu_str *body)
{
    struct pb_in in = pb_in_str(message);
    struct pb_rec r;
    *proto = 0;
    *body = STR("");
    while (in.p < in.end) {
        const char *bad = pb_next(&in, &r);
        if (bad)
            return bad;
        if (r.tag == 1 && r.wire == PB_WIRE_VARINT && r.v <= UINT32_MAX)
            *proto = (uint32_t)r.v;
        else if (r.tag == 2 && r.wire == PB_WIRE_BYTES)
            *body = (futu_str){ (const char *)r.p, r.n };
        else if (r.tag == 1 || r.tag == 2)
            return r.tag == 1 ? "proto_id: a uint32 is expected" : "body: bytes are expected";
    }
    return NULL;
}

void grpc_request(futu_grpc_call *k, futu_str message)
{
    futu_str body;
    uint32_t proto;
    const char *bad = read_request(message, &proto, &body);
    if (bad) {
        grpc_end(k, FUTU_GRPC_INVALID_ARGUMENT, "FutuRequest: %s", bad);
        return;
    }
    size_t n = strlen(k->endpoint);
    snprintf(k->endpoint + n, sizeof(k->endpoint) - n, " proto_id=%u", proto);
    k->call.proto = proto;
    k->row = proto_find(proto);
    if (proto == PROTO_INIT_CONNECT || !hub_knows(k->grpc->o.hub, proto))
        grpc_end(k, FUTU_GRPC_NOT_FOUND, "no request has the proto_id %u", proto);
    else
        call(k, body);
}
