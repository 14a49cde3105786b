/* subs.h - what a client has subscribed to, so that a new connection can be told again.
 *
 * In:      requests that succeeded: Qot_Sub, Qot_RegQotPush, Trd_SubAccPush, as protobuf.
 * Out:     the same state as the fewest requests: one Qot_Sub for all securities that share a sub
 *          type and its options (at most SUBS_PER_CALL each), one Trd_SubAccPush.
 * Errors:  FUTU_ENOMEM, FUTU_EFORMAT. What was not remembered is not restored.
 */
#ifndef CLIENT_SUBS_H
#define CLIENT_SUBS_H

#include "base/list.h"
#include "base/map.h"
#include "codec/registry.h"

#define SUBS_PER_CALL 100

struct subs {
    struct list list;           /* in the order of subscribing */
    struct map by_key;
    uint64_t *accounts;
    size_t n_accounts;
};

void subs_init(struct subs *s);
void client_subs_free(struct subs *s);
size_t subs_count(const struct subs *s);        /* pairs of security and sub type */

/* True for the three protocols whose requests are to be remembered. */
bool subs_cares(uint32_t proto);
futu_err subs_note(struct subs *s, uint32_t proto, const uint8_t *request, size_t n);

/* Calls `send` with each Request struct; ends with its first error. */
typedef futu_err subs_send_fn(void *arg, uint32_t proto, const void *request);
futu_err subs_replay(struct subs *s, subs_send_fn *send, void *arg);

#endif
