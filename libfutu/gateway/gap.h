/* gap.h - what a connection with a key is told of a gap: its own securities and accounts.
 *
 * Threads: the hub's.
 * Tests:   test/unit/gateway/events_test.c
 */
#ifndef GATEWAY_GAP_H
#define GATEWAY_GAP_H

#include "gateway/state.h"

/* Appends the Response that is for this connection. False: nothing of it is, or memory is out. */
bool gap_for(struct futu_conn *c, const uint8_t *body, size_t len, struct buf *out);

#endif
