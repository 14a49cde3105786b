/* events.c - a push as the JSON text that clients of /ws get, in a server frame of its own.
 *
 * {"type":"quote","proto_id":3005,"sec_key":"1_00700","sub_type":1,"rehab_type":0,"seq":7,
 *  "body_b64":"..."}; decoded: "body" with the S2C in snake names in place of body_b64.
 * `seq` counts the events of the same stream, account, or kind "notify" that this gateway has told
 * anyone, so that a client sees how many were passed over.
 * Tests:   test/unit/gateway/events_test.c
 */
#include "codec/base64.h"
#include "codec/num.h"
#include "codec/splice.h"
#include "gateway/state.h"
#include "wire/sdkws.h"

#define HEAD_MAX 256
#define TEXT_FRAME 1

static const char *type_of(const struct event *e)
{
    if (e->key)
        return "quote";
    if (e->proto == PROTO_GAP)
        return "gap";
    return e->acc_id ? "trade" : "notify";
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

struct shbuf *event_frame(struct futu_conn *c, const struct event *e)
{
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
