/* packet.c - see packet.h.
 *
 * A request arrives in one of three forms, and each is completed as it is: protobuf bytes by one
 * member more in c2s, JSON text by one member in front, a struct by shallow copies of its two outer
 * levels.
 */
#include "client/packet.h"

#define TAG_C2S 0x0a            /* field 1, length-delimited; in c2s the same for packetID */
#define VARINT_MAX 10

static size_t put_varint(uint8_t *p, uint64_t v)
{
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        p[n++] = (uint8_t)(v | 0x80);
    p[n++] = (uint8_t)v;
    return n;
}

static bool get_varint(futu_str *s, uint64_t *v)
{
    *v = 0;
    for (unsigned shift = 0; s->n && shift < 64; shift += 7) {
        uint8_t c = (uint8_t)*s->p++;
        s->n--;
        *v |= (uint64_t)(c & 0x7f) << shift;
        if (!(c & 0x80))
            return true;
    }
    return false;
}

static bool skip(futu_str *s, uint64_t n)
{
    if (n > s->n)
        return false;
    s->p += n;
    s->n -= (size_t)n;
    return true;
}

/* Steps over one field; *tag is its key. False on what is no protobuf. */
static bool next_field(futu_str *s, uint64_t *tag, futu_str *value)
{
    uint64_t n;
    if (!get_varint(s, tag))
        return false;
    switch (*tag & 7) {
    case 0:
        return get_varint(s, &n);
    case 1:
        return skip(s, 8);
    case 2:
        if (!get_varint(s, &n))
            return false;
        *value = (futu_str){ s->p, (size_t)n };
        return skip(s, n);
    case 5:
        return skip(s, 4);
    default:
        return false;
    }
}

static bool has_packet_id(futu_str c2s)
{
    uint64_t tag;
    futu_str value;
    while (c2s.n)
        if (!next_field(&c2s, &tag, &value) || tag == TAG_C2S)
            return true;        /* also when it is unreadable: leave it alone */
    return false;
}

futu_err packet_fill(struct packet_id id, const uint8_t *p, size_t n, struct buf *out)
{
    futu_str rest = { (const char *)p, n }, c2s = STR_NULL;
    uint64_t tag;
    /* A Request is c2s and nothing else. */
    if (!next_field(&rest, &tag, &c2s) || tag != TAG_C2S || rest.n || has_packet_id(c2s))
        return buf_put(out, p, n);
    uint8_t head[1 + VARINT_MAX], mark[2 + 2 * (1 + VARINT_MAX)];
    size_t len = 2;
    mark[0] = TAG_C2S;
    mark[len++] = 1 << 3;       /* connID */
    len += put_varint(mark + len, id.conn_id);
    mark[len++] = 2 << 3;       /* serialNo */
    len += put_varint(mark + len, id.serial);
    mark[1] = (uint8_t)(len - 2);
    head[0] = TAG_C2S;
    size_t head_len = 1 + put_varint(head + 1, c2s.n + len);
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
