/* histo.c - see histo.h. */
#include "gateway/histo.h"

/* From 1024 ms on the top eight bits of the number choose the bucket. */
static size_t bucket_of(int64_t ms)
{
    unsigned shift = 3;
    if (ms < HISTO_EXACT)
        return (size_t)ms;
    while (ms >> shift >= 2 * HISTO_STEPS)
        shift++;
    size_t b = HISTO_EXACT + (shift - 3) * HISTO_STEPS + (size_t)(ms >> shift) - HISTO_STEPS;
    return MIN(b, (size_t)HISTO_BUCKETS - 1);
}

static int64_t lower_bound(size_t b)
{
    if (b < HISTO_EXACT)
        return (int64_t)b;
    size_t above = b - HISTO_EXACT;
    return (int64_t)(HISTO_STEPS + above % HISTO_STEPS) << (above / HISTO_STEPS + 3);
}

void histo_add(struct histo *h, int64_t ns)
{
    ns = MAX(ns, 0);
    h->count++;
    h->sum_ns += ns;
    h->n[bucket_of(ns / NS_PER_MS)]++;
}

uint64_t histo_between(const struct histo *h, int32_t from, int32_t to)
{
    uint64_t n = 0;
    for (size_t b = 0; b < HISTO_BUCKETS; b++)
        if (h->n[b] && lower_bound(b) >= from && (to < 0 || lower_bound(b) < to))
            n += h->n[b];
    return n;
}
