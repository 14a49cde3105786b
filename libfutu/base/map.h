/* map.h - hash table from a short byte string or a u64 to a pointer; open addressing, bounded load.
 *
 * Owns:    its slots; not the keys' bytes nor the values. A key's bytes must outlive its entry.
 * Order:   none; deterministic for the same sequence of calls.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/base.h"
#include "base/str.h"

struct map_slot {
    futu_str key;
    uint64_t hash;
    void *value;            /* NULL: free slot */
};

struct map {
    struct map_slot *slots;
    size_t n, cap;          /* cap: 0 or a power of two */
};

#define MAP_INIT { NULL, 0, 0 }

void *map_get(const struct map *m, futu_str key);             /* NULL: not there */
futu_err map_put(struct map *m, futu_str key, void *value);   /* replaces; FUTU_ENOMEM */
void *map_del(struct map *m, futu_str key);                   /* the value, NULL: not there */
void map_free(struct map *m);

void *map_get_u64(const struct map *m, uint64_t key);
futu_err map_put_u64(struct map *m, uint64_t key, void *value);
void *map_del_u64(struct map *m, uint64_t key);

/* Walk: for (size_t i = 0; (v = map_next(m, &i)) != NULL;) - no put or del on the way. */
void *map_next(const struct map *m, size_t *i);

#endif
