/* fan.h - events to many clients: how many are delivered, how late, and what each costs the server.
 * What a client's bytes mean is the caller's. */
#ifndef TEST_BENCH_FAN_H
#define TEST_BENCH_FAN_H

#include "bench.h"

#define FAN_CLIENTS 1000
#define FAN_RATE 20             /* events a second, when few are sent */

/* All clients of one server. take() cuts the bytes of client i, and says fan_event() for each. */
struct fan {
    int fd[FAN_CLIENTS];
    bool told[FAN_CLIENTS];     /* has the event of this turn */
    void (*take)(struct fan *f, size_t i, const uint8_t *p, size_t n);
    uint64_t events, bytes;
    int ep;
};

static inline void fan_event(struct fan *f, size_t i)
{
    f->told[i] = true;
    f->events++;
}

struct fan_found {
    double per_second, bytes, cpu_ns;           /* at saturation, per event */
    double p50_us, p99_us, calm_cpu_us;         /* at FAN_RATE */
};

/* The signals to `source` are those of blast. The clients are connected; they are closed then. */
void fan_measure(struct fan *f, struct server *source, struct server *s, bool calmly,
                 struct fan_found *out);
void fan_print(const struct fan_found *us, const struct fan_found *them,
               const struct fan_found *gathered);

#endif
