/* rails.h - what a gateway needs for its keys: the keys themselves, the watch over their files, the
 * audit trail, the daily values on disk; and the REST API that asks them.
 *
 * Order:   rails_open(), hub and upstream made, rails_start() ...; rails_stop(), hub and upstream
 *          freed, rails_close(). The last two do with whatever of it has succeeded.
 * Threads: the loop's.
 * Tests:   test/integration/keys.sh, test/rest/
 */
#ifndef API_RAILS_H
#define API_RAILS_H

#include "api/gateway.h"

/* Before the hub is made: the keys files, the trail. As futu_gateway_new(). */
futu_err rails_open(futu_gateway *g, const futu_gateway_opts *o, char *why, size_t size);
/* Where the hub keeps the daily values. */
struct hub_store rails_daily(futu_gateway *g);
/* Once hub and upstream are there. */
futu_err rails_start(futu_gateway *g, const futu_gateway_opts *o);
/* Before the hub goes, and after it. */
void rails_stop(futu_gateway *g);
void rails_close(futu_gateway *g);

#endif
