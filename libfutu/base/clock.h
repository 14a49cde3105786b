/* clock.h - time as an argument: tests and the paper exchange bring their own. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/base.h"

struct clock {
    int64_t (*mono)(void *arg);     /* ns, never goes back */
    int64_t (*wall)(void *arg);     /* ns since 1970, UTC */
    void *arg;
};

extern const struct clock clock_system;

/* A clock that stands still until it is told; mono and wall move together. */
struct clock_fake {
    int64_t mono_ns, wall_ns;
};
struct clock clock_fake(struct clock_fake *f);
void clock_fake_advance(struct clock_fake *f, int64_t ns);

static inline int64_t clock_mono(const struct clock *c)
{
    return c->mono(c->arg);
}

static inline int64_t clock_wall(const struct clock *c)
{
    return c->wall(c->arg);
}

/* "2026-11-24T09:30:00.123Z" of milliseconds since 1970, years 0 to 9999, and its NUL; and of
 * nanoseconds. */
#define RFC3339_SIZE 25
void rfc3339_text(int64_t ms, char out[RFC3339_SIZE]);
void rfc3339_ms(int64_t wall_ns, char out[RFC3339_SIZE]);

#endif
