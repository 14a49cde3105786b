/* values.h - whether the numbers of a trade write are numbers: prices, quantities, amounts.
 *
 * A value that is NaN, infinite, or negative where no sign has a meaning is a bad argument of the
 * call, on every surface and with any key; the limits are not asked about it.
 * Threads: the hub's.
 * Tests:   test/unit/gateway/values_test.c
 */
#ifndef GATEWAY_VALUES_H
#define GATEWAY_VALUES_H

#include "gateway/state.h"

/* Of a request that has been read; true of all but writes. False: it is refused by the name of the
 * member, as the surface spells it. */
bool values_ok(struct ask *a);

#endif
