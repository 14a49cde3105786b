/* metrics.h - counts for Prometheus: requests and their times, decisions about keys, pushes.
 *
 * Owns:    one row of times per protocol and surface that was used; one count per key, surface and
 *          kind of event.
 * Memory:  when it is out a new series stays uncounted; nothing else is disturbed.
 * Tests:   test/unit/gateway/metrics_test.c; promtool over the whole text, test/rest/
 */
#ifndef GATEWAY_METRICS_H
#define GATEWAY_METRICS_H

#include "access/audit.h"
#include "base/buf.h"
#include "base/map.h"
#include "codec/registry.h"

struct hub;

#define METRIC_BUCKETS 16

struct metric_times {
    uint64_t count, failures;
    double sum_s;
    uint64_t buckets[METRIC_BUCKETS];       /* not cumulative */
};

struct metrics {
    struct metric_times **times;            /* registry rows times surfaces; NULL: none yet */
    struct map events;                      /* struct metric_event by its labels */
    uint64_t response_bytes, keep_alive_timeouts, rejected_connections;
    uint64_t total_connections, total_disconnections;
    uint64_t sub_ops, unsub_ops;
    uint64_t console_sessions, console_open, console_rejected, console_commands;
    uint64_t pushes_in[5], pushes_by_hour[5][24];   /* by enum push_kind */
    int64_t last_push_ms;                   /* UTC */
    int64_t wall_at, wall_ns;               /* the wall clock, read at this monotonic time */
    uint64_t dropped[32];                   /* quote pushes that gave way, by sub type */
};

enum push_kind { PUSHED_QUOTE, PUSHED_TRADE_OLD, PUSHED_TRADE, PUSHED_MESSAGE, PUSHED_OTHER };

void metrics_free(struct metrics *m);
/* A request was answered after `ns`; row NULL is not counted. */
void metrics_request(struct metrics *m, const struct proto_row *row, enum iface iface, int64_t ns,
                     bool failed);
/* futu_auth_events_total. key_id NULL: "<none>". */
void metrics_event(struct metrics *m, enum iface iface, enum audit_outcome outcome,
                   const char *key_id);
/* The same count, to be raised by whoever holds it until metrics_free(). NULL: no memory. */
uint64_t *metrics_event_count(struct metrics *m, enum iface iface, enum audit_outcome outcome,
                              const char *key_id);
/* futu_auth_limit_rejects_total, of a deny that has a category. */
void metrics_limit(struct metrics *m, enum iface iface, const char *key_id, const char *category);
/* futu_ws_filtered_pushes_total. */
void metrics_filtered(struct metrics *m, const char *scope, const char *key_id);
/* `now`: monotonic; the wall clock is read once a second. */
void metrics_pushed(struct metrics *m, enum push_kind kind, int64_t now, const struct clock *clock);
/* The whole text, format 0.0.4. `plain_ids`: key ids as they are, else "kh_" and 8 hex digits of
 * their SHA-256. FUTU_ENOMEM. */
futu_err metrics_write(struct hub *h, bool plain_ids, struct buf *out);

#endif
