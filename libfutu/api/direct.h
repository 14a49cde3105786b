/* direct.h - the parts of a gateway on a direct login. */
#ifndef API_DIRECT_H
#define API_DIRECT_H

#include "api/gateway.h"
#include "futu/gateway.h"

struct direct;

/* Judges the login's options, locks the account, reads what is saved; nothing is sent. Errors as
 * futu_login_setup(). */
futu_err direct_open(struct direct **out, const futu_gateway_opts *o, futu_gateway *g, char *why,
                     size_t size);
/* Makes the upstream, offline as yet. */
futu_err direct_upstream(struct direct *d, struct upstream_events events, struct upstream **out,
                         char *why, size_t size);
void direct_start(struct direct *d);            /* the login begins */
void direct_free(struct direct *d);             /* after the upstream; NULL is fine */

const char *direct_account_hash(const struct direct *d);
futu_err direct_state(const struct direct *d, char *why, size_t size);
futu_err direct_code(struct direct *d, const char *code, bool only);
void direct_again(struct direct *d);

#endif
