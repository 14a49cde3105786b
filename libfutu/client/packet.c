/* packet.c - see packet.h.
 *
 * A request arrives in one of three forms, and each is completed as it is: protobuf bytes by one
 * member more in c2s, JSON text by one member in front, a struct by shallow copies of its two outer
 * levels.
 */
#include "client/packet.h"

#include "codec/wire_in.h"

#define FIRST_FIELD 1           /* c2s in a Request, packetID in a write's c2s */

/* False at the end, and on what is no protobuf. */
static bool next_record(struct pb_in *in, struct pb_rec *r)
{
    return in->p < in->end && !pb_next(in, r);
}

static bool is_first_message(const struct pb_rec *r)
{
    return r->tag == FIRST_FIELD && r->wire == PB_WIRE_BYTES;
}

/* Also of what can't be read: the gateway says what is wrong with it. */
static bool has_packet_id(const struct pb_rec *c2s)
{
    struct pb_in in = { c2s->p, c2s->p + c2s->n };
    struct pb_rec r;
    while (in.p < in.end)
        if (!next_record(&in, &r) || is_first_message(&r))
            return true;
    return false;
}

futu_err packet_fill(struct packet_id id, const uint8_t *p, size_t n, struct buf *out)
{
    struct pb_in in = { p, p + n };
    struct pb_rec c2s;
    /* A Request is c2s and nothing else. */
    if (!next_record(&in, &c2s) || !is_first_message(&c2s) || in.p != in.end ||
        has_packet_id(&c2s))
        return buf_put(out, p, n);
    uint8_t body[2 * PB_MAX_SCALAR], mark[PB_MAX_SCALAR + sizeof(body)], head[PB_MAX_SCALAR];
    uint8_t *b = pb_put_scalar(body, 1, PB_UINT64, &id.conn_id);
    size_t body_len = (size_t)(pb_put_scalar(b, 2, PB_UINT32, &id.serial) - body);
    uint8_t *m = pb_put_varint(pb_put_key(mark, FIRST_FIELD, PB_WIRE_BYTES), body_len);
    memcpy(m, body, body_len);
    size_t len = (size_t)(m - mark) + body_len;
    uint8_t *h = pb_put_varint(pb_put_key(head, FIRST_FIELD, PB_WIRE_BYTES), c2s.n + len);
    size_t head_len = (size_t)(h - head);
    futu_err err = buf_reserve(out, head_len + len + c2s.n);
    if (err)
        return err;
    buf_put(out, head, head_len);       /* room is there for all three */
    buf_put(out, mark, len);
    return buf_put(out, c2s.p, c2s.n);
}

static size_t skip_text(futu_str s, size_t i)
{
    for (i++; i < s.n && s.p[i] != '"'; i++)
        if (s.p[i] == '\\')
            i++;
    return i + 1;
}

static size_t skip_blank(futu_str s, size_t i)
{
    while (i < s.n && strchr(" \t\r\n", s.p[i]))
        i++;
    return i;
}

/* Behind the brace that opens the value of the outermost member "c2s"; 0: there is none. The text
 * has passed the parser's grammar check up to a missing member, so little can be wrong with it. */
static size_t find_c2s(futu_str s)
{
    int depth = 0;
    for (size_t i = 0; i < s.n;) {
        char c = s.p[i];
        if (c == '"') {
            size_t end = skip_text(s, i), colon = skip_blank(s, end);
            bool named =
                depth == 1 && end <= s.n && str_is((futu_str){ s.p + i, end - i }, "\"c2s\"");
            if (named && colon < s.n && s.p[colon] == ':') {
                size_t brace = skip_blank(s, colon + 1);
                return brace < s.n && s.p[brace] == '{' ? brace + 1 : 0;
            }
            i = end;
            continue;
        }
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        i++;
    }
    return 0;
}

futu_err packet_fill_json(struct packet_id id, futu_str json, struct buf *out)
{
    size_t at = find_c2s(json);
    if (!at)
        return FUTU_EFORMAT;
    size_t next = skip_blank(json, at);
    bool empty = next < json.n && json.p[next] == '}';
    futu_err err = buf_put(out, json.p, at);
    if (!err)
        err = buf_printf(out, "\"packetID\":{\"connID\":\"%llu\",\"serialNo\":%u}%s",
                         (unsigned long long)id.conn_id, id.serial, empty ? "" : ",");
    return err ? err : buf_put(out, json.p + at, json.n - at);
}

static futu_err encode_with(struct packet_id id, const futu_msg *m, const void *in, char *request,
                            char *c2s, struct buf *out, struct codec_error *why)
{
    const struct pb_field *outer = codec_field(m, STR("c2s"));
    const struct pb_field *inner = codec_field(outer->sub, STR("packetID"));
    Common_PacketID mark = { 0 };
    const void *mark_p = &mark, *c2s_p = c2s, *given, *old;
    SET(&mark, connID, id.conn_id);
    SET(&mark, serialNo, id.serial);
    memcpy(&given, (const char *)in + outer->off, sizeof(given));
    if (given)
        memcpy(&old, (const char *)given + inner->off, sizeof(old));
    if (!given || old)
        return codec_encode(m, in, out, why);
    memcpy(request, in, m->size);
    memcpy(c2s, given, outer->sub->size);
    memcpy(c2s + inner->off, &mark_p, sizeof(mark_p));
    memcpy(request + outer->off, &c2s_p, sizeof(c2s_p));
    return codec_encode(m, request, out, why);
}

futu_err packet_encode(struct packet_id id, const futu_msg *m, const void *in, struct buf *out,
                       struct codec_error *why)
{
    struct arena a = ARENA_INIT;
    const struct pb_field *outer = codec_field(m, STR("c2s"));
    char *request = arena_alloc(&a, m->size);
    char *c2s = arena_alloc(&a, outer->sub->size);
    futu_err err = FUTU_ENOMEM;
    if (request && c2s)
        err = encode_with(id, m, in, request, c2s, out, why);
    arena_free(&a);
    return err;
}
