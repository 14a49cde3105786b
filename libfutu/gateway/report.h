/* report.h - what an operator is shown as plain text: who is connected and holds what, delays,
 * counters, the links to the upstream; and the closing of connections.
 *
 * Out:     lines, appended to `out`. FUTU_ENOMEM; FUTU_ELIMIT: `out` is at its bound.
 * Threads: the loop's.
 * Tests:   test/unit/gateway/report_test.c
 */
#ifndef GATEWAY_REPORT_H
#define GATEWAY_REPORT_H

#include "gateway/hub.h"

/* Connections with their subscriptions, and the quota. id: one connection alone, whose clients know
 * it as connID; 0: all. FUTU_ENOTFOUND: there is no such connection. */
futu_err report_subscriptions(struct hub *h, uint64_t id, struct buf *out);
/* What GetDelayStatistics answers, since the start. stage: GetDelayStatistics.QotPushStage. */
futu_err report_delays(struct hub *h, int32_t stage, struct buf *out);
/* The numbers of /metrics, one a line, without the buckets of the times. */
futu_err report_metrics(struct hub *h, struct buf *out);
/* Each link to the upstream: its state, and its last round trip. */
futu_err report_links(struct hub *h, struct buf *out);

/* Ends a client's connection, or with 0 all of them, in the next hub_flush(); how many there were.
 * What stands for the callers of a key stays: there is no connection behind it. */
size_t hub_close_conns(struct hub *h, uint64_t id, const char *reason);

#endif
