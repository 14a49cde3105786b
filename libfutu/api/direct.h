/* direct.h - a gateway's login at the broker: the HTTP half and the channels, joined.
 *
 * Start:   the login runs on the loop; the gateway's listeners may be up meanwhile, and everything
 *          answers truthfully that there is no login yet. A terminal is asked for codes and
 *          passwords only before the first login is done.
 * Failure: what a later try may cure (network, time-outs) is tried again after 3 s, doubling to 60,
 *          or when the server allows; what it can't (password, code, device) is not.
 * Renewal: the channels' refused logins are made anew; a newer login goes to the channels by
 *          itself.
 * Threads: the loop's.
 * Tests:   test/sdk/direct.test.mjs, over the built daemon
 */
#ifndef API_DIRECT_H
#define API_DIRECT_H

#include "crypt/secret.h"
#include "futu/gateway.h"
#include "futu/login.h"
#include "upstream/upstream.h"

struct direct;

struct direct_opts {
    futu_loop *loop;
    const futu_login_opts *login;       /* borrowed during direct_new() */
    const char *addrs;                  /* futu_gateway_opts.broker_addrs; NULL: all are known */
    struct upstream_events events;
    uint64_t boot_id;
    const char *secret;                 /* of the order journal */
};

/* *up is freed before the direct is. Errors as futu_login_setup()'s before anything is sent. */
futu_err direct_new(struct direct **out, struct upstream **up, const struct direct_opts *o,
                    char *why, size_t size);
void direct_stop(struct direct *d);     /* before the upstream is freed; NULL is fine */
void direct_free(struct direct *d);     /* NULL is fine */

/* As futu_gateway_login_code() and futu_gateway_relogin(). */
futu_err direct_code(struct direct *d, const char *code);
futu_err direct_again(struct direct *d);
/* A new login with this password, whatever is saved: a code that is awaited is given up. MD5, 32
 * hex digits, copied; kept for later logins. FUTU_EBUSY, FUTU_ENOMEM. */
futu_err direct_restart(struct direct *d, const struct secret *md5);
/* Another SMS, or of a login that has failed a new login, which asks for one. FUTU_EEXIST: it is
 * done; FUTU_EBUSY; FUTU_ENOTSUP: a token's code is awaited; FUTU_ENOMEM. */
futu_err direct_send_code(struct direct *d);
struct console_login;
void direct_console(const struct direct *d, struct console_login *out);
struct rest_renewals;
void direct_renewals(const struct direct *d, struct rest_renewals *out);

/* Appends a JSON object for each broker, commas between. FUTU_ENOMEM, FUTU_ELIMIT. */
futu_err direct_brokers(const struct direct *d, struct buf *out);

/* FUTU_OK: logged in; FUTU_EAGAIN: under way; else why not. report may be NULL. */
futu_err direct_state(const struct direct *d, futu_login_report *report, char *why, size_t size);

#endif
