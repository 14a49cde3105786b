/* attach.h - a link to a gateway in this process: no socket, one copy, no reentrancy.
 *
 * What the client sends is fed to the gateway at the end of the turn; what the gateway has queued
 * reaches the client at the end of a turn too. Neither ever runs inside a call of the other.
 */
#ifndef API_ATTACH_H
#define API_ATTACH_H

#include "api/gateway.h"
#include "client/link.h"

/* *out is freed with ops->free(). When the gateway is freed first, the link goes down for good
 * (FUTU_ECANCELED). FUTU_ENOMEM. */
futu_err attach_new(struct link **out, futu_gateway *g);
/* For futu_gateway_free(): all links of it forget it. */
void attach_drop_all(futu_gateway *g);

#endif
