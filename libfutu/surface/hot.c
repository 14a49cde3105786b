/* hot.c - see hot.h. Direct-mapped: a collision costs the older answer, nothing else. */
#include "surface/hot.h"

#include "base/mem.h"
#include "crypt/digest.h"
#include "crypt/secret.h"

#define KEEP 2048       /* a larger buffer is not kept for a smaller answer */

/* A request has its API key in it. */
static void forget(struct hot_entry *e)
{
    wipe(e->request.p, e->request.n);
    e->request.n = 0;
    e->until = 0;
}

void hot_free(struct hot *t)
{
    for (size_t i = 0; t->entries && i < HOT_ENTRIES; i++) {
        forget(&t->entries[i]);
        buf_free(&t->entries[i].request);
        buf_free(&t->entries[i].answer);
    }
    mem_free(t->entries);
    t->entries = NULL;
}

/* Eight bytes at a time; whoever makes collisions on purpose loses his own answers. */
static uint64_t hash_of(const uint8_t *p, size_t n)
{
    uint64_t h = n * UINT64_C(0x9e3779b97f4a7c15), w;
    for (; n >= 8; p += 8, n -= 8) {
        memcpy(&w, p, 8);
        h = (h ^ w) * UINT64_C(0xff51afd7ed558ccd);
        h ^= h >> 32;
    }
    w = 0;
    memcpy(&w, p, n);
    h = (h ^ w) * UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ h >> 29;
}

/* Each part with its length in front, so that no two requests look the same. */
static bool add(struct hot_request *out, futu_str s)
{
    uint16_t n = (uint16_t)s.n;
    if (s.n > HOT_REQUEST || out->n + sizeof(n) + s.n > HOT_REQUEST)
        return false;
    memcpy(out->text + out->n, &n, sizeof(n));
    memcpy(out->text + out->n + sizeof(n), s.p ? s.p : "", s.n);
    out->n += sizeof(n) + s.n;
    return true;
}

/* A token is not kept in plain. */
static bool add_secret(struct hot_request *out, futu_str s)
{
    uint8_t digest[32];
    if (!s.p)
        return add(out, STR_NULL);
    sha256(s.p, s.n, digest);
    return add(out, (futu_str){ (const char *)digest, sizeof(digest) });
}

void hot_request(struct hot_request *out, const futu_http_request *rq)
{
    out->n = 0;
    bool fits = !rq->origin.p && !rq->idempotency_key.p && add(out, rq->method) &&
                add(out, rq->target) && add_secret(out, rq->authorization) && add(out, rq->host) &&
                add(out, rq->content_type) && add(out, rq->accept) && add(out, rq->body);
    if (!fits)
        out->n = 0;
    out->hash = hash_of(out->text, out->n);
}

void hot_request_of(struct hot_request *out, const futu_str *parts, size_t n)
{
    bool fits = true;
    out->n = 0;
    for (size_t i = 0; i < n && fits; i++)
        fits = add(out, parts[i]);
    if (!fits)
        out->n = 0;
    out->hash = hash_of(out->text, out->n);
}

bool hot_row(const struct proto_row *row)
{
    static const uint32_t protos[] = {
        PROTO_QOT_GET_BASIC_QOT, PROTO_QOT_GET_KL, PROTO_QOT_GET_RT, PROTO_QOT_GET_TICKER,
        PROTO_QOT_GET_ORDER_BOOK, PROTO_QOT_GET_BROKER,
    };
    for (size_t i = 0; i < ARRAY_LEN(protos); i++)
        if (protos[i] == row->id)
            return true;
    return false;
}

const struct hot_entry *hot_find(const struct hot *t, const struct hot_request *rq,
                                 uint64_t version, int64_t now)
{
    if (!t->entries || rq->n == 0)
        return NULL;
    const struct hot_entry *e = &t->entries[rq->hash % HOT_ENTRIES];
    if (e->hash != rq->hash || e->version != version || e->until <= now ||
        e->request.n != rq->n || memcmp(e->request.p, rq->text, rq->n) != 0)
        return NULL;
    return e;
}

static bool put(struct buf *b, const void *p, size_t n)
{
    if (b->cap > KEEP && n < KEEP)
        buf_free(b);
    b->n = 0;
    return buf_put(b, p, n) == FUTU_OK;
}

void hot_keep(struct hot *t, const struct hot_request *rq, const struct hot_entry *what,
              futu_str answer)
{
    if (rq->n == 0 || answer.n > HOT_ANSWER)
        return;
    if (!t->entries)
        t->entries = mem_array(HOT_ENTRIES, sizeof(*t->entries));
    if (!t->entries)
        return;
    struct hot_entry *e = &t->entries[rq->hash % HOT_ENTRIES];
    forget(e);
    if (!put(&e->request, rq->text, rq->n) || !put(&e->answer, answer.p, answer.n))
        return;
    e->hash = rq->hash;
    e->version = what->version;
    e->until = what->until;
    e->row = what->row;
    e->key = what->key;
    e->len = what->len;
}
