/* patch.h - what the gateway learns from, and adds to, answers of the upstream.
 *
 * GetGlobalState: our version and the connection's id. UsedQuota: subscriptions in use. Unlocking:
 * which accounts are open. GetAccList: whose firm they are. PlaceOrder: times for the delay
 * statistics.
 */
#ifndef GATEWAY_PATCH_H
#define GATEWAY_PATCH_H

#include "gateway/call.h"

/* `body` is made to point at the changed answer, in hub.body, if there is something to change. */
void patch_reply(struct call *k, futu_str *body, int64_t net_ns);
/* What patch_reply() has to know of the request: a Gateway_GetInfo wants the stale securities
 * too. */
bool patch_flag(struct ask *a);
/* An order push: the end of an order's last measured stage. */
void patch_order_pushed(struct hub *h, const uint8_t *body, size_t len);

/* info.c: our hop of the chain, and behind it what the upstream answered (NULL: nothing). */
futu_err info_make(struct hub *h, struct arena *a, bool stale, const Gateway_GetInfo_S2C *up,
                   Gateway_GetInfo_S2C *s2c);

#endif
