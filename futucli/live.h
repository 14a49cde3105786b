/* live.h - the live view: quotes, sparklines, the first security's book and trades, redrawn in
 * place. */
#ifndef CLI_LIVE_H
#define CLI_LIVE_H

#include "cli.h"

extern const struct cmd_opt sub_opts[];
int run_sub(struct cli *c, const struct args *a);

/* A Qot_GetOrderBook or Qot_UpdateOrderBook s2c as a two-sided table. */
void book_print(const struct cli *c, const cJSON *s2c, int depth);

#endif
