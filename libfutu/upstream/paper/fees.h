/* fees.h - what a fill costs on the paper account that charges: a fixed, documented schedule.
 *
 * The figures follow the usual retail tariff of each market and are meant to be plausible, not to
 * be any broker's price list. Fees are those of the whole order so far; a fill pays the difference.
 *
 * Money:   int64, 1/10000 of the currency unit, each item rounded up to 1/100 of the unit.
 * Threads: none; no state.
 */
#ifndef UPSTREAM_PAPER_FEES_H
#define UPSTREAM_PAPER_FEES_H

#include "upstream/paper/exchange.h"

#define FEES_MAX 8

struct fee_item {
    const char *title;
    int64_t value;
};

struct fees {
    struct fee_item item[FEES_MAX];
    size_t n;
    int64_t total;
};

/* Of an order in `sec` that has traded `qty` for `amount`; nothing traded costs nothing. */
void fees_of(const struct security *sec, bool buy, int64_t qty, int64_t amount, struct fees *out);

#endif
