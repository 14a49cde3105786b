/* closed.h - the hint behind a failed order: the upstream's text names no cause, and the market is
 * closed.
 *
 * Threads: the hub's.
 * Tests:   test/unit/gateway/closed_test.c
 */
#ifndef GATEWAY_CLOSED_H
#define GATEWAY_CLOSED_H

#include "gateway/state.h"

/* The quote market (QotMarket) that a decoded trade write is about; 0: not known, or no write. */
int32_t order_market(struct ask *a);
/* Of an order: its security's market, else its account's, and in China by the code. */
int32_t quote_market(const Trd_Common_TrdHeader *header, int32_t sec_market, futu_str code);
/* Adds the hint to the text of a failed Response where one is due; *body may then point into
 * h->body. */
void closed_hint(struct hub *h, int32_t market, futu_str *body);

#endif
