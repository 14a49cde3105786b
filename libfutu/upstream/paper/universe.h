/* universe.h - the securities of the paper exchange: one constant table, sorted by market and
 * code. */
#ifndef UPSTREAM_PAPER_UNIVERSE_H
#define UPSTREAM_PAPER_UNIVERSE_H

#include "upstream/paper/exchange.h"

extern const struct security universe[];        /* made by gen_universe.py */
extern const size_t universe_count;

const struct security *universe_find(int32_t market, futu_str code);    /* NULL: unknown */

#endif
