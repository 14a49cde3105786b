/* patch.h - what the gateway learns from, and adds to, answers of the upstream.
 *
 * GetGlobalState: our version and the connection's id. UsedQuota: subscriptions in use. Unlocking:
 * whether trading is open. PlaceOrder: times for the delay statistics.
 */
#ifndef GATEWAY_PATCH_H
#define GATEWAY_PATCH_H

#include "gateway/call.h"

/* `body` is made to point at the changed answer, in hub.body, if there is something to change. */
void patch_reply(struct call *k, futu_str *body, int64_t net_ns);
/* True when `a` is a Trd_UnlockTrade that unlocks. */
bool patch_unlock_asked(const struct ask *a);
/* An order push: the end of an order's last measured stage. */
void patch_order_pushed(struct hub *h, const uint8_t *body, size_t len);

#endif
