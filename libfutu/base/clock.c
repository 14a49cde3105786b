/* clock.c - see clock.h. */
#include "base/clock.h"

#include <stdio.h>
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

void rfc3339_text(int64_t ms, char out[RFC3339_SIZE])
{
    int64_t rest = ms % 1000;
    time_t s = (time_t)(ms / 1000 - (rest < 0));
    char day[sizeof("2026-11-24T09:30:00")];
    struct tm tm;
    gmtime_r(&s, &tm);
    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out, RFC3339_SIZE, "%s.%03uZ", day, (unsigned)(rest < 0 ? rest + 1000 : rest) % 1000);
}

void rfc3339_ms(int64_t wall_ns, char out[RFC3339_SIZE])
{
    rfc3339_text(wall_ns / NS_PER_MS - (wall_ns % NS_PER_MS < 0), out);
}
