/* map.c - see map.h. Linear probing with backward-shift deletion: no tombstones. */
#include "base/map.h"

#include "base/mem.h"

#define FIRST_CAP 16

static uint64_t hash_u64(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* A u64 key lives in the slot's `n`, with p NULL: it needs no memory of its own. */
static futu_str u64_key(uint64_t key)
{
    return (futu_str){ NULL, (size_t)key };
}

static bool same_key(const struct map_slot *s, uint64_t hash, futu_str key)
{
    if (s->hash != hash || s->key.n != key.n)
        return false;
    return !key.p || !s->key.p ? key.p == s->key.p : memcmp(s->key.p, key.p, key.n) == 0;
}

static struct map_slot *find(const struct map *m, uint64_t hash, futu_str key)
{
    size_t mask = m->cap - 1;
    size_t i = hash & mask;
    while (m->slots[i].value && !same_key(&m->slots[i], hash, key))
        i = (i + 1) & mask;
    return &m->slots[i];
}

static futu_err grow(struct map *m)
{
    struct map big = { NULL, m->n, m->cap ? m->cap * 2 : FIRST_CAP };
    big.slots = mem_array(big.cap, sizeof(*big.slots));
    if (!big.slots)
        return FUTU_ENOMEM;
    for (size_t i = 0; i < m->cap; i++)
        if (m->slots[i].value)
            *find(&big, m->slots[i].hash, m->slots[i].key) = m->slots[i];
    mem_free(m->slots);
    *m = big;
    return FUTU_OK;
}

static void *get(const struct map *m, uint64_t hash, futu_str key)
{
    return m->cap ? find(m, hash, key)->value : NULL;
}

static futu_err put(struct map *m, uint64_t hash, futu_str key, void *value)
{
    assert(value);
    if ((m->n + 1) * 4 > m->cap * 3) {
        futu_err err = grow(m);
        if (err)
            return err;
    }
    struct map_slot *s = find(m, hash, key);
    if (!s->value)
        m->n++;
    *s = (struct map_slot){ key, hash, value };
    return FUTU_OK;
}

static void *del(struct map *m, uint64_t hash, futu_str key)
{
    if (!m->cap)
        return NULL;
    struct map_slot *s = find(m, hash, key);
    void *value = s->value;
    if (!value)
        return NULL;
    size_t mask = m->cap - 1, hole = (size_t)(s - m->slots);
    for (size_t i = (hole + 1) & mask; m->slots[i].value; i = (i + 1) & mask) {
        size_t home = m->slots[i].hash & mask;
        if (((i - home) & mask) < ((i - hole) & mask))
            continue;
        m->slots[hole] = m->slots[i];
        hole = i;
    }
    m->slots[hole] = (struct map_slot){ STR_NULL, 0, NULL };
    m->n--;
    return value;
}

void *map_get(const struct map *m, futu_str key)
{
    return get(m, str_hash(key), key);
}

futu_err map_put(struct map *m, futu_str key, void *value)
{
    return put(m, str_hash(key), key, value);
}

void *map_del(struct map *m, futu_str key)
{
    return del(m, str_hash(key), key);
}

void *map_get_u64(const struct map *m, uint64_t key)
{
    return get(m, hash_u64(key), u64_key(key));
}

futu_err map_put_u64(struct map *m, uint64_t key, void *value)
{
    return put(m, hash_u64(key), u64_key(key), value);
}

void *map_del_u64(struct map *m, uint64_t key)
{
    return del(m, hash_u64(key), u64_key(key));
}

void *map_next(const struct map *m, size_t *i)
{
    while (*i < m->cap) {
        void *value = m->slots[(*i)++].value;
        if (value)
            return value;
    }
    return NULL;
}

void map_free(struct map *m)
{
    mem_free(m->slots);
    *m = (struct map)MAP_INIT;
}
