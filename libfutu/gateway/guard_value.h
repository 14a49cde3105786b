/* guard_value.h - what a trade write of a key is worth, and which security and side it is for; then
 * the limits.
 *
 * Value:   quantity times price; of orders without a price of their own, quantity times the last
 *          price, or the trigger price when that is more. A change of an order counts like an order
 *          of the new size. What can't be valued is refused when a cap asks for it.
 * Threads: the hub's.
 * Tests:   test/unit/gateway/guard_write_test.c, guard_random_test.c
 */
#ifndef GATEWAY_GUARD_VALUE_H
#define GATEWAY_GUARD_VALUE_H

#include "gateway/guard.h"

/* One of those below follows, at once. */
void guard_value(struct guarded *g, struct ask *a);

/* guard_write.c: the limits with what is known now; the write goes on or is refused. */
void guard_judge(struct guarded *g, struct ask *a);
/* Asks for the last price of the security; then quantity g->qty times that, by g->least_price and
 * g->least_value at least, and guard_judge(). */
void guard_ask_price(struct guarded *g, struct ask *a, int32_t market, futu_str code);
void guard_turn_down(struct guarded *g, struct ask *a, enum deny d, const char *reason);

#endif
