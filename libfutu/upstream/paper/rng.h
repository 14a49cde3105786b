/* rng.h - random numbers by position: number n of a stream is a function of its key and n alone, so
 * that any point of any stream can be had without the ones before it.
 */
#ifndef UPSTREAM_PAPER_RNG_H
#define UPSTREAM_PAPER_RNG_H

#include "base/base.h"

static inline uint64_t rng_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static inline uint64_t rng_at(uint64_t key, uint64_t n)
{
    return rng_mix(key + (n + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

/* 0 <= u < 1 */
static inline double rng_unit(uint64_t r)
{
    return (double)(r >> 11) * 0x1p-53;
}

/* Nearly normal with variance 1, never beyond 3.5: the sum of the four quarters of r. */
static inline double rng_bell(uint64_t r)
{
    int64_t sum = (int64_t)((r & 0xffff) + ((r >> 16) & 0xffff) + ((r >> 32) & 0xffff) + (r >> 48));
    return (double)(sum - 2 * 65535) * (1.7320508075688772 / 65536.0);
}

#endif
