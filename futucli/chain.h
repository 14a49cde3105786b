/* chain.h - the gateways behind the one that is asked: its upstream, that one's upstream, and so
 * on; and which securities no data comes in for. */
#ifndef CLI_CHAIN_H
#define CLI_CHAIN_H

#include "cli.h"

/* {"gateway":"HOST:PORT","latencyUs":N,"hopList":[...],"staleList":[...]}: the lists as
 * Gateway_GetInfo answers them, without hops when the gateway does not know that protocol. The
 * connection must stand. NULL after its message; *code then is the exit code. */
cJSON *chain_fetch(struct cli *c, int *code);
/* As a table. description: what the gateway says of its upstream elsewhere, for one without hops;
 * NULL: nothing. all: every stale security, not just the first ones. */
void chain_print(const struct cli *c, const cJSON *chain, const char *description, bool all);

#endif
