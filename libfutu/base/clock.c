/* clock.c - see clock.h. */
#include "base/clock.h"

#include <time.h>

static int64_t read_ns(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

static int64_t system_mono(void *arg)
{
    (void)arg;
    return read_ns(CLOCK_MONOTONIC);
}

static int64_t system_wall(void *arg)
{
    (void)arg;
    return read_ns(CLOCK_REALTIME);
}

const struct clock clock_system = { system_mono, system_wall, NULL };

static int64_t fake_mono(void *arg)
{
    return ((struct clock_fake *)arg)->mono_ns;
}

static int64_t fake_wall(void *arg)
{
    return ((struct clock_fake *)arg)->wall_ns;
}

struct clock clock_fake(struct clock_fake *f)
{
    return (struct clock){ fake_mono, fake_wall, f };
}

void clock_fake_advance(struct clock_fake *f, int64_t ns)
{
    f->mono_ns += ns;
    f->wall_ns += ns;
}
