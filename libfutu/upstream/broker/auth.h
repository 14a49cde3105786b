/* auth.h - what a login over HTTP leaves behind for the channels: who the user is, and with which
 * signatures and keys each TCP channel logs in.
 *
 * Owns:    its secrets; auth_result_free() wipes them. A copy is made with auth_result_copy().
 * Times:   seconds since 1970 on this machine's clock; 0: the server named none.
 * Threads: none.
 */
#ifndef UPSTREAM_BROKER_AUTH_H
#define UPSTREAM_BROKER_AUTH_H

#include "base/base.h"
#include "crypt/secret.h"

#define AUTH_BROKERS_MAX 16
#define AUTH_WHY_MAX 160

/* One broker of the user: what logs its channel in (command 1001), or why that is not known. */
struct auth_broker {
    int32_t broker_id;
    futu_err err;                       /* FUTU_OK: what follows is there */
    char why[AUTH_WHY_MAX];             /* of err, one line for people */
    uint64_t customer_id;               /* stands in the frame header in place of the user id */
    struct secret client_sig, client_key;
    int64_t until_s;                    /* end of client_sig, about 30 minutes */
};

struct auth_result {
    uint64_t user_id;
    int attribution;                    /* as the server numbers it; the platform's conn_identity */
    struct secret client_sig, client_key;   /* of the platform channel (command 6001) */
    int64_t client_sig_until_s;
    int64_t server_ahead_s;             /* the server's clock less this machine's */
    struct auth_broker broker[AUTH_BROKERS_MAX];
    size_t n_brokers;
};

void auth_result_free(struct auth_result *r);       /* wipes; a zeroed one is fine */
/* *to is empty before. FUTU_ENOMEM: it is empty still. */
futu_err auth_result_copy(struct auth_result *to, const struct auth_result *from);
/* NULL: no such broker. */
struct auth_broker *auth_result_broker(struct auth_result *r, int32_t broker_id);
void auth_broker_free(struct auth_broker *b);

#endif
