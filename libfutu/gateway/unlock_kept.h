/* unlock_kept.h - what the two files of unlock.h share. */
#ifndef GATEWAY_UNLOCK_KEPT_H
#define GATEWAY_UNLOCK_KEPT_H

#include "gateway/call.h"

/* Looks an unlock up by its idempotencyKey. False: it has been answered. */
bool kept_look(struct ask *a, const Trd_UnlockTrade_C2S *q);
/* Keeps the answer if it has a key and is a complete success. */
void kept_put(struct call *k, const Trd_UnlockTrade_C2S *q, const Trd_UnlockTrade_Response *rsp,
              futu_str body);
void kept_free(struct unlocks *u);
/* A failure in place of the answer, in h->body. */
void unlock_fail(struct hub *h, const char *why, futu_str *body);

#endif
