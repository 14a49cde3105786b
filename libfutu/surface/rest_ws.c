/* rest_ws.c - /ws: who may open it, and what its clients may say.
 *
 * Texts of a client: {"op":"subscribe","id":1,"symbols":["HK.00700"],"sub_type_list":[1]}; beside
 * `op` and `id` stand the members of the protocol behind the op. Each is answered by
 * {"type":"reply","op":...,"id":...,"ret_type":0,...}. A text that can't be read is answered with
 * {"type":"error","error":...}; the connection stays.
 * Tests:   test/unit/surface/ws_text_test.c, test/fuzz/fuzz_ws_text.c
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "codec/json_lex.h"
#include "codec/json_text.h"
#include "crypt/secret.h"
#include "surface/body.h"
#include "surface/rest_state.h"

#define ID_MAX 64               /* bytes of an id as it stands in the text */
#define TOKEN_MAX 512

static const struct op {
    const char *name;
    uint32_t proto;             /* 0: answered here */
    const char *preset;
} ops[] = {
    { "subscribe", PROTO_QOT_SUB, "\"isSubOrUnSub\":true,\"isRegOrUnRegPush\":true" },
    { "unsubscribe", PROTO_QOT_SUB, "\"isSubOrUnSub\":false" },
    { "sub_info", PROTO_QOT_GET_SUB_INFO, "\"isReqAllConn\":false" },
    { "sub_acc_push", PROTO_TRD_SUB_ACC_PUSH, "" },
    { "ping", 0, NULL },
};

/* One text under way. */
struct said {
    struct hub_call call;
    futu_conn *c;
    struct rest *rest;
    const struct op *op;
    const struct proto_row *row;
    char id[ID_MAX + 1];        /* "" when it had none */
};

/* A text taken apart; rest is what is left as an object, in r->text. */
struct parts {
    const struct op *op;
    futu_str id;
};

static void say(futu_conn *c, struct rest *r, const char *type, futu_str id, const char *text)
{
    struct buf *b = &r->json;
    b->n = 0;
    futu_err err = buf_printf(b, "{\"type\":\"%s\",", type);
    if (!err && id.n)
        err = buf_printf(b, "\"id\":%.*s,", STR_ARG(id));
    if (!err)
        err = buf_puts(b, "\"error\":");
    if (!err)
        err = json_put_string(b, str_c(text));
    if (!err)
        err = buf_byte(b, '}');
    if (!err)
        hub_events_send(c, buf_str(b));
}

/* ---- taking a text apart ---- */

static const struct op *find_op(futu_str name)
{
    for (size_t i = 0; i < ARRAY_LEN(ops); i++)
        if (str_is(name, ops[i].name))
            return &ops[i];
    return NULL;
}

static const char *take_op(futu_str value, struct parts *p)
{
    struct json_lex lx = { value.p, value.p + value.n };
    futu_str name;
    char tmp[32];
    if (p->op)
        return "op: the member is there twice";
    if (json_name(&lx, tmp, sizeof(tmp), &name))
        return "op: a text is expected";
    p->op = find_op(name);
    return p->op ? NULL : "op: one of subscribe, unsubscribe, sub_info, sub_acc_push, ping";
}

/* It comes back as it is, so that it must be plain: digits, or a text without escapes. */
static const char *take_id(futu_str v, struct parts *p)
{
    bool text = v.n > 2 && v.p[0] == '"';
    if (p->id.n)
        return "id: the member is there twice";
    if (v.n == 0 || v.n > ID_MAX || (v.n > 1 && v.p[0] == '0'))
        return "id: a number or a short text is expected";
    for (size_t i = text; i + text < v.n; i++) {
        uint8_t c = (uint8_t)v.p[i];
        if (text ? c < ' ' || c == '\\' || c == '"' || c >= 0x7f : c < '0' || c > '9')
            return "id: a number or a short text is expected";
    }
    p->id = v;
    return NULL;
}

static const char *take_member(struct json_lex *lx, struct parts *p, struct buf *rest)
{
    const char *from = lx->p;
    char tmp[64];
    futu_str name, value;
    json_blanks(lx);
    const char *bad = json_name(lx, tmp, sizeof(tmp), &name);
    if (bad)
        return bad;
    if (!json_take(lx, ':') || !json_skip(lx, &value))
        return "a value is expected";
    if (str_is(name, "op"))
        return take_op(value, p);
    if (str_is(name, "id"))
        return take_id(value, p);
    if (rest->n > 1 && buf_byte(rest, ','))
        return "out of memory";
    return buf_put(rest, from, (size_t)(lx->p - from)) ? "out of memory" : NULL;
}

static const char *take_apart(futu_str text, struct parts *p, struct buf *rest)
{
    struct json_lex lx = { text.p, text.p + text.n };
    const char *bad = NULL;
    rest->n = 0;
    if (!json_take(&lx, '{') || buf_byte(rest, '{'))
        return "an object is expected";
    if (!json_take(&lx, '}')) {
        do
            bad = take_member(&lx, p, rest);
        while (!bad && json_take(&lx, ','));
        if (!bad && !json_take(&lx, '}'))
            bad = "',' or '}' is expected";
    }
    json_blanks(&lx);
    if (!bad && lx.p != lx.end)
        bad = "there is something behind the object";
    if (!bad && !p->op)
        bad = "op is missing: one of subscribe, unsubscribe, sub_info, sub_acc_push, ping";
    if (!bad && buf_byte(rest, '}'))
        bad = "out of memory";
    return bad;
}

/* ---- answers ---- */

static void reply(struct said *s, const struct hub_reply *h)
{
    struct buf *b = &s->rest->json;
    struct body_error e;
    b->n = 0;
    futu_err err = buf_printf(b, "{\"type\":\"reply\",\"op\":\"%s\",", s->op->name);
    if (!err && s->id[0])
        err = buf_printf(b, "\"id\":%s,", s->id);
    size_t at = b->n;
    if (!err)
        err = body_envelope(s->row, h->body, h->len, false, b, &e);
    if (err) {
        say(s->c, s->rest, "error", str_c(s->id), "the answer can't be written");
        return;
    }
    memmove(b->p + at, b->p + at + 1, b->n - at - 1);   /* its opening brace is there already */
    b->n--;
    hub_events_send(s->c, buf_str(b));
}

static void on_reply(struct hub_call *call, const struct hub_reply *h)
{
    struct said *s = container_of(call, struct said, call);
    if (h && h->deny)
        say(s->c, s->rest, "error", str_c(s->id), h->text);
    else if (h)
        reply(s, h);
    mem_free(s);
}

static void pong(futu_conn *c, struct rest *r, futu_str id)
{
    char text[160];
    int n = snprintf(text, sizeof(text), "{\"type\":\"pong\",%s%.*s%s\"time_ms\":%" PRId64 "}",
                     id.n ? "\"id\":" : "", STR_ARG(id), id.n ? "," : "",
                     clock_wall(&r->o.clock) / NS_PER_MS);
    hub_events_send(c, (futu_str){ text, (size_t)n });
}

/* ---- asking ---- */

static void ask(futu_conn *c, struct rest *r, const struct parts *p)
{
    const struct proto_row *row = proto_find(p->op->proto);
    struct body_fill fill = { .preset = str_c(p->op->preset), .fixed = true };
    struct body_extra extra;
    struct body_error e = { "", "" };
    if (body_to_pb(row, buf_str(&r->text), &fill, &r->pb, &extra, &e)) {
        say(c, r, "error", p->id, e.text[0] ? e.text : "out of memory");
        return;
    }
    struct said *s = mem_zalloc(sizeof(*s));
    if (!s) {
        say(c, r, "error", p->id, "out of memory");
        return;
    }
    s->c = c;
    s->rest = r;
    s->op = p->op;
    s->row = row;
    str_copy(s->id, sizeof(s->id), p->id);
    s->call = (struct hub_call){ .proto = row->id, .body = r->pb.p, .len = r->pb.n,
                                 .endpoint = "/ws", .done = on_reply };
    list_init(&s->call.link);
    hub_call(c, &s->call);
}

static void on_text(futu_conn *c, futu_str text, void *arg)
{
    struct rest *r = arg;
    struct parts p = { .op = NULL };
    const char *bad = take_apart(text, &p, &r->text);
    bool open = !r->o.access || !access_has_keys(r->o.access, IFACE_REST);
    if (bad)
        say(c, r, "error", p.id, bad);
    else if (p.op->proto == 0)
        pong(c, r, p.id);
    else if (p.op->proto == PROTO_TRD_SUB_ACC_PUSH && open)
        say(c, r, "error", p.id, deny_text(DENY_OPEN_MODE));
    else
        ask(c, r, &p);
}

/* ---- opening ---- */

#define HELLO_MAX 200

static futu_str hello(const struct rest *r, char room[HELLO_MAX])
{
    int n = snprintf(room, HELLO_MAX,
                     "{\"type\":\"hello\",\"version\":\"%s\",\"boot_id\":\"%" PRIu64
                     "\",\"time_ms\":%" PRId64 "}",
                     futu_version(), hub_boot_id(r->o.hub), clock_wall(&r->o.clock) / NS_PER_MS);
    return (futu_str){ room, (size_t)n };
}

static void note_opened(futu_http_call *k)
{
    struct audit_event e = { .iface = IFACE_REST, .endpoint = "/ws", .peer = k->peer,
                             .key_id = k->key ? k->key->rules->id : "<none>",
                             .outcome = OUTCOME_ALLOW, .scope = "qot:read" };
    hub_audit(k->rest->o.hub, &e, DENY_NONE);
}

static futu_err open_events(futu_http_call *k, futu_str query, const futu_conn_opts *o,
                            futu_conn **out)
{
    struct rest *r = k->rest;
    struct hub_events_opts e = { .key = k->key, .on_text = on_text, .arg = r };
    futu_conn_opts opts = *o;
    char room[HELLO_MAX];
    opts.wire = FUTU_WIRE_EVENTS;
    opts.token = STR_NULL;
    e.greeting = hello(r, room);
    e.decoded = str_is(query_value(query, "format"), "json");
    futu_err err = hub_events_new(r->o.hub, out, &opts, &e);
    if (!err)
        note_opened(k);
    return err;
}

/* The token of the query, percent-decoded as on the WebSocket port; none when that can't be. */
static futu_str token_of(futu_str query, char room[TOKEN_MAX])
{
    futu_str in = query_value(query, "token"), out = { room, 0 };
    while (in.n > 0) {
        int c = str_percent(&in);
        if (c < 0 || out.n == TOKEN_MAX)
            return STR_NULL;
        room[out.n++] = (char)c;
    }
    return in.p ? out : STR_NULL;
}

static futu_err upgrade(futu_http_call *k, const futu_http_request *rq, const futu_conn_opts *o,
                        futu_conn **out)
{
    char room[TOKEN_MAX];
    futu_str path, query, token = bearer_of(rq->authorization);
    if (!http_aim(k, rq, &path, &query))
        return FUTU_EREFUSED;
    if (!k->route || k->route->kind != ROUTE_WS) {
        http_error(k, 404, "the WebSocket is /ws");
        return FUTU_EREFUSED;
    }
    if (!token.p && !rq->authorization.p)
        token = token_of(query, room);
    bool known = key_ok(k, token, k->route);
    wipe(room, sizeof(room));
    if (!known)
        return FUTU_EREFUSED;
    futu_str format = query_value(query, "format");
    if (format.p && !str_is(format, "json")) {
        http_error(k, 400, "format: json, or none for bodies in protobuf");
        return FUTU_EREFUSED;
    }
    return open_events(k, query, o, out);
}

futu_err rest_upgrade(struct rest *r, const futu_http_request *rq, const futu_conn_opts *o,
                      futu_conn **out, futu_http_done_fn *done, void *arg)
{
    *out = NULL;
    if (!done || !o || !sized(rq))
        return FUTU_EINVAL;
    futu_http_call *k = http_take(r, rq, done, arg);
    if (!k)
        return FUTU_ENOMEM;
    futu_err err = upgrade(k, rq, o, out);
    http_give_back(k);
    return err;
}
