/* resub.h - what a client has subscribed to, so that a new connection can be told again.
 *
 * In:      requests that succeeded: Qot_Sub, Qot_RegQotPush, Trd_SubAccPush, as protobuf.
 * Out:     the same state as the fewest requests: one Qot_Sub for all securities that share a sub
 *          type and its options (at most RESUB_PER_CALL each), one Trd_SubAccPush.
 * Errors:  FUTU_ENOMEM, FUTU_EFORMAT. What was not remembered is not restored.
 */
#ifndef CLIENT_RESUB_H
#define CLIENT_RESUB_H

#include "base/list.h"
#include "base/map.h"
#include "codec/registry.h"

#define RESUB_PER_CALL 100

struct resub {
    struct list list;           /* in the order of subscribing */
    struct map by_key;
    uint64_t *accounts;
    size_t n_accounts;
};

void resub_init(struct resub *s);
void resub_free(struct resub *s);
size_t resub_count(const struct resub *s);        /* pairs of security and sub type */

/* True for the three protocols whose requests are to be remembered. */
bool resub_cares(uint32_t proto);
futu_err resub_note(struct resub *s, uint32_t proto, const uint8_t *request, size_t n);

/* Calls `send` with each Request struct; ends with its first error. */
typedef futu_err resub_send_fn(void *arg, uint32_t proto, const void *request);
futu_err resub_replay(struct resub *s, resub_send_fn *send, void *arg);

#endif
