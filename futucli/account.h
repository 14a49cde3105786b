/* account.h - which trading account a verb means, and the header its calls carry. */
#ifndef CLI_ACCOUNT_H
#define CLI_ACCOUNT_H

#include "cli.h"
#include "names.h"

/* For the tables of verbs that work on one account. */
#define ACCOUNT_OPTS                                                                               \
    { "env", "ENV", "simulate", "simulate or real" },                                              \
    { "acc-id", "ID", NULL, "the account; the first one that fits when absent" },                  \
    { "market", "MARKET", NULL, "HK, US or CN: picks an account that trades there" }

/* {"trdEnv","accID","trdMarket"} of the account that --env, --acc-id and --market name; trd_market:
 * the market the account must trade in, 0: --market's, or any. NULL after its message; *code then
 * is the exit code. */
cJSON *account_header(struct cli *c, const struct args *a, int trd_market, int *code);

#endif
