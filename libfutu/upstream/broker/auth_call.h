/* auth_call.h - a request of the login as bytes, by the dialect's table of calls.
 *
 * Secrets: bodies and queries carry some: auth_request_free() wipes them.
 * Tests:   test/unit/upstream/broker/auth_call_test.c
 */
#ifndef UPSTREAM_BROKER_AUTH_CALL_H
#define UPSTREAM_BROKER_AUTH_CALL_H

#include "upstream/broker/dialect_auth.h"

/* text[AV_FIXED] is not used; AV_UID and AV_BROKER_ID are numbers of their own. All borrowed. */
struct auth_values {
    futu_str text[AV_VALUES];
    uint64_t uid;               /* 0: not known */
    int32_t broker_id;
    bool phone;
};

struct auth_request {
    const char *method;
    struct buf target, body;    /* body empty: none */
};

/* FUTU_EINVAL: a field that must be there is empty (its name is logged); FUTU_ENOMEM. */
futu_err auth_request_build(struct auth_request *rq, enum auth_call call,
                            const struct auth_values *v);
void auth_request_free(struct auth_request *rq);    /* a zeroed one is fine */

#endif
