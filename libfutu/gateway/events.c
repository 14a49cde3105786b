/* events.c - a push as the JSON text that clients of /ws get, in a server frame of its own; or as
 * the PushEvent of a gRPC stream, behind the five bytes that cut it from the next one.
 *
 * {"type":"quote","proto_id":3005,"sec_key":"1_00700","sub_type":1,"rehab_type":0,"seq":7,
 *  "body_b64":"..."}; decoded: "body" with the S2C in snake names in place of body_b64.
 * `seq` counts the events of the same stream, account, or kind "notify" that this gateway has told
 * anyone, so that a client sees how many were passed over.
 * Tests:   test/unit/gateway/events_test.c
 */
#include "codec/base64.h"
#include "codec/num.h"
#include "codec/wire_out.h"
#include "gateway/state.h"
#include "wire/sdkws.h"

#define HEAD_MAX 256
#define TEXT_FRAME 1

enum hub_kind event_kind(const struct event *e)
{
    if (e->key)
        return HUB_QUOTE;
    if (e->proto == PROTO_GAP || e->lost)
        return HUB_GAP;
    return e->acc_id ? HUB_TRADE : HUB_NOTIFY;
}

static const char *type_of(const struct event *e)
{
    static const char *const names[] = { [HUB_QUOTE] = "quote", [HUB_TRADE] = "trade",
                                         [HUB_NOTIFY] = "notify", [HUB_GAP] = "gap" };
    return names[event_kind(e)];
}

/* Once per push: texts are copied, not formatted. */
static char *put(char *p, const char *text)
{
    size_t n = strlen(text);
    memcpy(p, text, n);
    return p + n;
}

static char *put_number(char *p, const char *name, int64_t v)
{
    p = put(p, name);
    return p + num_write_i64(p, v);
}

static char *put_count(char *p, const char *name, uint64_t v)
{
    p = put(p, name);
    return p + num_write_u64(p, v);
}

/* Codes are printable ASCII without quotes in every market; what is not stays out. */
static char *put_code(char *p, const char *code)
{
    for (; *code; code++)
        if (*code > ' ' && *code < 0x7f && *code != '"' && *code != '\\')
            *p++ = *code;
    return p;
}

/* Names of markets have a few letters; all else has its limit: HEAD_MAX is never reached. */
static size_t head_of(const struct event *e, char out[HEAD_MAX])
{
    char *p = put(put(out, "{\"type\":\""), type_of(e));
    p = put_count(p, "\",\"proto_id\":", e->proto);
    if (e->key) {
        p = put_number(p, ",\"sec_key\":\"", e->key->market);
        *p++ = '_';
        p = put_code(p, e->key->code);
        p = put_number(p, "\",\"sub_type\":", e->key->sub_type);
        p = put_number(p, ",\"rehab_type\":", e->key->rehab);
    }
    if (e->acc_id)
        p = put_count(p, ",\"acc_id\":", e->acc_id);
    if (e->market)
        p = put(put(put(p, ",\"trd_market\":\""), e->market), "\"");
    p = put_count(p, ",\"seq\":", e->seq);
    *p++ = ',';
    return (size_t)(p - out);
}

static struct shbuf *text_frame(struct futu_conn *c, size_t n, uint8_t **text)
{
    uint8_t head[10];
    size_t k = ws_head_write(head, TEXT_FRAME, n);
    struct shbuf *b = shbuf_get(&c->hub->pool, k + n);
    if (!b)
        return NULL;
    memcpy(b->p, head, k);
    *text = b->p + k;
    return b;
}

/* ---- gRPC ---- */

/* Tags of futu.service.PushEvent. */
enum { EV_PROTO_ID = 1, EV_SEC_KEY, EV_SUB_TYPE, EV_BODY, EV_TYPE, EV_ACC_ID, EV_REHAB, EV_MARKET,
       EV_SEQ };
#define GRPC_HEAD 5

static uint8_t *put_varint(uint8_t *p, uint32_t tag, uint64_t v)
{
    return v ? pb_put_varint(pb_put_key(p, tag, PB_WIRE_VARINT), v) : p;
}

static uint8_t *put_text(uint8_t *p, uint32_t tag, futu_str text)
{
    p = pb_put_varint(pb_put_key(p, tag, PB_WIRE_BYTES), text.n);
    memcpy(p, text.p, text.n);
    return p + text.n;
}

static uint8_t *put_stream(uint8_t *p, const struct stream_key *key)
{
    char sec_key[SECURITY_CODE_MAX + 32], *end = put_number(sec_key, "", key->market);
    *end++ = '_';
    end = put_code(end, key->code);
    p = put_text(p, EV_SEC_KEY, (futu_str){ sec_key, (size_t)(end - sec_key) });
    p = put_varint(p, EV_SUB_TYPE, (uint64_t)(int64_t)key->sub_type);
    return put_varint(p, EV_REHAB, (uint64_t)(int64_t)key->rehab);
}

/* All but the body, which comes last: its order among the fields is free. */
static size_t grpc_fields(const struct event *e, uint8_t out[HEAD_MAX])
{
    uint8_t *p = put_varint(out, EV_PROTO_ID, e->proto);
    if (e->key)
        p = put_stream(p, e->key);
    p = put_text(p, EV_TYPE, str_c(type_of(e)));
    p = put_varint(p, EV_ACC_ID, e->acc_id);
    if (e->market)
        p = put_text(p, EV_MARKET, str_c(e->market));
    p = put_varint(p, EV_SEQ, e->seq);
    p = pb_put_key(p, EV_BODY, PB_WIRE_BYTES);
    return (size_t)(pb_put_varint(p, e->len) - out);
}

static struct shbuf *grpc_frame(struct futu_conn *c, const struct event *e)
{
    uint8_t head[HEAD_MAX];
    size_t n = grpc_fields(e, head);
    struct shbuf *b = shbuf_get(&c->hub->pool, GRPC_HEAD + n + e->len);
    if (!b)
        return NULL;
    b->p[0] = 0;
    for (unsigned i = 0; i < 4; i++)
        b->p[1 + i] = (uint8_t)((n + e->len) >> (24 - 8 * i));
    memcpy(b->p + GRPC_HEAD, head, n);
    memcpy(b->p + GRPC_HEAD + n, e->body, e->len);
    return b;
}

struct shbuf *event_frame(struct futu_conn *c, const struct event *e)
{
    if (c->form == FORM_EVENT_GRPC)
        return grpc_frame(c, e);
    static const char b64[] = "\"body_b64\":\"", json[] = "\"body\":";
    char head[HEAD_MAX];
    uint8_t *p;
    size_t n = head_of(e, head);
    if (c->form == FORM_EVENT_JSON) {
        struct shbuf *b = text_frame(c, n + sizeof(json) - 1 + e->json.n + 1, &p);
        if (!b)
            return NULL;
        memcpy(p, head, n);
        memcpy(p + n, json, sizeof(json) - 1);
        memcpy(p + n + sizeof(json) - 1, e->json.p, e->json.n);
        p[n + sizeof(json) - 1 + e->json.n] = '}';
        return b;
    }
    size_t size = BASE64_SIZE(e->len);
    struct shbuf *b = text_frame(c, n + sizeof(b64) - 1 + size + 2, &p);
    if (!b)
        return NULL;
    memcpy(p, head, n);
    memcpy(p + n, b64, sizeof(b64) - 1);
    base64_write((char *)p + n + sizeof(b64) - 1, e->body, e->len);
    memcpy(p + n + sizeof(b64) - 1 + size, "\"}", 2);
    return b;
}
