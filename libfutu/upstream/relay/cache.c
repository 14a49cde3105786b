/* cache.c - answers of reference data that does not change during a day, kept for a stated time.
 *
 * Key:     the protocol and the request's bytes. Only successes are kept.
 * Limit:   CACHE_BYTES in all, CACHE_ONE each; the oldest go first.
 * Tests:   test/unit/upstream/relay/cache_test.c
 */
#include "upstream/relay/state.h"

#define CACHE_BYTES (16u << 20)
#define CACHE_ONE (4u << 20)

struct kept {
    struct list node;               /* oldest first */
    struct buf key, body;
    int64_t until;
};

struct cache {
    struct map by_key;
    struct list all;
    size_t bytes;
    int64_t life;
    struct buf key;                 /* scratch */
};

/* Static data, plates, trading days, code changes, futures. */
bool cache_keeps(uint32_t proto)
{
    static const uint32_t kept[] = { 3202, 3204, 3207, 3216, 3218, 3219 };
    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        if (kept[i] == proto)
            return true;
    return false;
}

futu_err cache_new(struct cache **out, int64_t life)
{
    struct cache *c = *out = mem_zalloc(sizeof(*c));
    if (!c)
        return FUTU_ENOMEM;
    list_init(&c->all);
    c->life = life;
    return FUTU_OK;
}

static size_t size_of(const struct kept *k)
{
    return sizeof(*k) + k->key.n + k->body.n;
}

static void drop(struct cache *c, struct kept *k)
{
    map_del(&c->by_key, buf_str(&k->key));
    list_remove(&k->node);
    c->bytes -= size_of(k);
    buf_free(&k->key);
    buf_free(&k->body);
    mem_free(k);
}

void cache_clear(struct cache *c)
{
    while (!list_empty(&c->all))
        drop(c, list_entry(c->all.next, struct kept, node));
}

void cache_free(struct cache *c)
{
    if (!c)
        return;
    cache_clear(c);
    map_free(&c->by_key);
    buf_free(&c->key);
    mem_free(c);
}

static bool make_key(struct cache *c, uint32_t proto, futu_str request)
{
    c->key.n = 0;
    return !buf_put(&c->key, &proto, sizeof(proto)) && !buf_put(&c->key, request.p, request.n);
}

const struct buf *cache_find(struct cache *c, uint32_t proto, futu_str request, int64_t now)
{
    struct kept *k = make_key(c, proto, request) ? map_get(&c->by_key, buf_str(&c->key)) : NULL;
    if (!k)
        return NULL;
    if (k->until > now)
        return &k->body;
    drop(c, k);
    return NULL;
}

void cache_put(struct cache *c, uint32_t proto, futu_str request, const uint8_t *body, size_t n,
               int64_t now)
{
    if (c->life <= 0 || n > CACHE_ONE || !make_key(c, proto, request))
        return;
    struct kept *k = map_get(&c->by_key, buf_str(&c->key));
    if (k)
        drop(c, k);
    k = mem_zalloc(sizeof(*k));
    if (!k)
        return;
    list_init(&k->node);
    k->until = now + c->life;
    if (buf_put(&k->key, c->key.p, c->key.n) || buf_put(&k->body, body, n) ||
        map_put(&c->by_key, buf_str(&k->key), k)) {
        buf_free(&k->key);
        buf_free(&k->body);
        mem_free(k);
        return;
    }
    list_push(&c->all, &k->node);
    c->bytes += size_of(k);
    while (c->bytes > CACHE_BYTES)
        drop(c, list_entry(c->all.next, struct kept, node));
}
