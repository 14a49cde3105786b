/* metrics_text.h - what metrics.c counts and metrics_text.c writes. */
#ifndef GATEWAY_METRICS_TEXT_H
#define GATEWAY_METRICS_TEXT_H

#include "gateway/metrics.h"

#define METRIC_EVENTS_MAX 100000        /* series in all: ids that were once there stay */

extern const uint32_t metric_bounds_us[METRIC_BUCKETS];

enum metric_series { SERIES_AUTH, SERIES_LIMIT, SERIES_FILTERED, SERIES_N };

struct metric_event {
    uint64_t count;
    enum metric_series series;
    enum iface iface;
    char what[24], key_id[80];
    char key[];                         /* the map's */
};

#endif
