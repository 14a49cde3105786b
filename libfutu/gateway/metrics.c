/* metrics.c - see metrics.h: counting. metrics_text.c writes it out. */
#include "gateway/metrics.h"

#include <stdio.h>

#include "base/mem.h"
#include "gateway/metrics_text.h"

/* Upper bounds of the buckets in microseconds; above the last one there is no bucket of its own. */
const uint32_t metric_bounds_us[METRIC_BUCKETS] = {
    50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000,
    2500000, 10000000,
};

void metrics_free(struct metrics *m)
{
    size_t n, i = 0;
    struct metric_event *e;
    proto_rows(&n);
    for (size_t k = 0; m->times && k < n * IFACES; k++)
        mem_free(m->times[k]);
    mem_free(m->times);
    m->times = NULL;
    while ((e = map_next(&m->events, &i)) != NULL)
        mem_free(e);
    map_free(&m->events);
}

static struct metric_times *times_of(struct metrics *m, const struct proto_row *row,
                                     enum iface iface)
{
    size_t n, at;
    const struct proto_row *rows = proto_rows(&n);
    if (!m->times)
        m->times = mem_array(n * IFACES, sizeof(struct metric_times *));
    if (!m->times)
        return NULL;
    at = (size_t)(row - rows) * IFACES + iface;
    if (!m->times[at])
        m->times[at] = mem_zalloc(sizeof(struct metric_times));
    return m->times[at];
}

void metrics_request(struct metrics *m, const struct proto_row *row, enum iface iface, int64_t ns,
                     bool failed)
{
    struct metric_times *t = row ? times_of(m, row, iface) : NULL;
    uint64_t us = (uint64_t)MAX(ns, 0) / 1000;
    size_t i = 0;
    if (!t)
        return;
    t->count++;
    t->failures += failed;
    t->sum_s += (double)MAX(ns, 0) / 1e9;
    while (i < METRIC_BUCKETS && us > metric_bounds_us[i])
        i++;
    if (i < METRIC_BUCKETS)
        t->buckets[i]++;
}

static struct metric_event *make(struct metrics *m, enum metric_series series, enum iface iface,
                                 const char *what, const char *key_id, futu_str key)
{
    struct metric_event *e;
    if (m->events.n >= METRIC_EVENTS_MAX || (e = mem_zalloc(sizeof(*e) + key.n + 1)) == NULL)
        return NULL;
    memcpy(e->key, key.p, key.n);
    e->series = series;
    e->iface = iface;
    str_copy(e->what, sizeof(e->what), str_c(what));
    str_copy(e->key_id, sizeof(e->key_id), str_c(key_id));
    if (map_put(&m->events, (futu_str){ e->key, key.n }, e) == FUTU_OK)
        return e;
    mem_free(e);
    return NULL;
}

static uint64_t *count_of(struct metrics *m, enum metric_series series, enum iface iface,
                          const char *what, const char *key_id)
{
    char key[160];
    if (!key_id)
        key_id = "<none>";
    int n = snprintf(key, sizeof(key), "%d|%d|%s|%s", (int)series, (int)iface, what, key_id);
    futu_str k = { key, (size_t)MIN(n, (int)sizeof(key) - 1) };
    struct metric_event *e = map_get(&m->events, k);
    if (!e)
        e = make(m, series, iface, what, key_id, k);
    return e ? &e->count : NULL;
}

static void add(struct metrics *m, enum metric_series series, enum iface iface, const char *what,
                const char *key_id)
{
    uint64_t *count = count_of(m, series, iface, what, key_id);
    if (count)
        ++*count;
}

uint64_t *metrics_event_count(struct metrics *m, enum iface iface, enum audit_outcome outcome,
                              const char *key_id)
{
    return count_of(m, SERIES_AUTH, iface, outcome_name(outcome), key_id);
}

void metrics_event(struct metrics *m, enum iface iface, enum audit_outcome outcome,
                   const char *key_id)
{
    add(m, SERIES_AUTH, iface, outcome_name(outcome), key_id);
}

void metrics_limit(struct metrics *m, enum iface iface, const char *key_id, const char *category)
{
    add(m, SERIES_LIMIT, iface, category, key_id);
}

void metrics_filtered(struct metrics *m, const char *scope, const char *key_id)
{
    add(m, SERIES_FILTERED, IFACE_WS, scope, key_id);
}

void metrics_pushed(struct metrics *m, enum push_kind kind, int64_t now, const struct clock *clock)
{
    if (!m->wall_ns || now - m->wall_at >= NS_PER_S) {
        m->wall_at = now;
        m->wall_ns = clock_wall(clock);
    }
    int64_t wall_ns = m->wall_ns + (now - m->wall_at);
    m->pushes_in[kind]++;
    m->last_push_ms = wall_ns / NS_PER_MS;
    m->pushes_by_hour[kind][MAX(wall_ns, 0) / (3600 * NS_PER_S) % 24]++;
}
