/* events.c - a push as the JSON text that clients of /ws get, in a server frame of its own.
 *
 * {"type":"quote","proto_id":3005,"sec_key":"1_00700","sub_type":1,"rehab_type":0,"seq":7,
 *  "body_b64":"..."}; decoded: "body" with the S2C in snake names in place of body_b64.
 * `seq` counts the events of the same stream, account, or kind "notify" that this gateway has told
 * anyone, so that a client sees how many were passed over.
 * Tests:   test/unit/gateway/events_test.c
 */
#include <stdio.h>

#include "codec/base64.h"
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

/* Codes are printable ASCII without quotes in every market; what is not stays out. */
static void code_text(char *out, const char *code)
{
    for (; *code; code++)
        if (*code > ' ' && *code < 0x7f && *code != '"' && *code != '\\')
            *out++ = *code;
    *out = '\0';
}

static size_t head_of(const struct event *e, char out[HEAD_MAX])
{
    char code[SECURITY_CODE_MAX + 1];
    int n = snprintf(out, HEAD_MAX, "{\"type\":\"%s\",\"proto_id\":%u", type_of(e), e->proto);
    if (e->key) {
        code_text(code, e->key->code);
        n += snprintf(out + n, HEAD_MAX - (size_t)n,
                      ",\"sec_key\":\"%d_%s\",\"sub_type\":%d,\"rehab_type\":%d", e->key->market,
                      code, e->key->sub_type, e->key->rehab);
    }
    if (e->acc_id)
        n += snprintf(out + n, HEAD_MAX - (size_t)n, ",\"acc_id\":%llu",
                      (unsigned long long)e->acc_id);
    if (e->market)
        n += snprintf(out + n, HEAD_MAX - (size_t)n, ",\"trd_market\":\"%s\"", e->market);
    n += snprintf(out + n, HEAD_MAX - (size_t)n, ",\"seq\":%llu,", (unsigned long long)e->seq);
    return (size_t)n;
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
