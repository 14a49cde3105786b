/* unlock.h - the verb unlock-trade. */
#ifndef CLI_UNLOCK_H
#define CLI_UNLOCK_H

#include "cli.h"

extern const struct cmd_opt unlock_opts[];
int run_unlock(struct cli *c, const struct args *a);

#endif
