/* cred.h - a saved login: credentials-HASH.json, with which no password and no SMS is needed, and
 * the verification that waits for its SMS code, for 300 seconds.
 *
 * File:    JSON object, strictly read; unknown members are skipped, so that files of futu-opend-rs
 *          are taken as they are. cred_text.c has the list of members.
 *          When the same account was used on the other platform last, what it had on this one is
 *          in credentials-HASH.PLATFORM.json: a switch costs no login, and no SMS.
 * Secret:  everything that proves something lies in locked memory, also while it is read and
 *          written.
 * Errors:  of cred_load(): FUTU_ENOTFOUND means "log in anew", `why` says which rule left it out.
 * Threads: none.
 * Tests:   test/unit/login/cred_test.c, test/fuzz/fuzz_cred.c
 */
#ifndef LOGIN_CRED_H
#define LOGIN_CRED_H

#include "crypt/secret.h"
#include "login/account.h"
#include "login/device.h"
#include "login/platform.h"
#include "login/state.h"

#define CRED_SCHEMA 1
#define CRED_RAND_KEY 32            /* bytes, always */
#define CRED_TEXT_MAX 8192          /* of a signature or ticket, as text */
#define CRED_TICKET_S (30 * 86400)
#define CRED_TICKET_EARLY_S (3 * 86400)     /* this long before its end the user is warned */
#define CRED_VERIFY_S 300
#define CRED_PLATFORM(p) ((uint8_t)((p) + 1))

struct cred {
    uint32_t schema;
    char account[ACCOUNT_MAX + 1];  /* as typed; "" only in old files, not after cred_load() */
    char device_id[DEVICE_ID + 1];
    uint64_t uid;
    uint8_t attribution;            /* never 0 */
    uint8_t platform;               /* CRED_PLATFORM() of where the login was; 0: not told */
    struct secret device_sig;       /* empty: moomoo accounts have none */
    struct secret tgtgt;            /* base64 text; empty: only a verification waits */
    struct secret rand_key;         /* CRED_RAND_KEY raw bytes */
    struct secret web_sig, moomoo_client_sig, moomoo_web_sig;   /* may be empty */
    int64_t ticket_s;               /* when tgtgt was issued, wall clock; 0: not known */
    struct secret device_verify_sig, device_code_sig;           /* may be empty */
    int64_t device_verify_sig_s, device_code_sig_s;
};

void cred_wipe(struct cred *c);     /* to the empty one, which is all zero */

void cred_file(const struct account *a, char out[STATE_NAME_MAX]);
/* Of a platform while cred_file() is of the other one. */
void cred_side_file(const struct account *a, enum platform p, char out[STATE_NAME_MAX]);

/* What the file of `a` holds, ready for `server` and `device_id` (NULL: any). FUTU_ENOTFOUND: there
 * is none that counts: no file, another account's, another platform's than the chosen one, another
 * device's, a newer schema, no attribution, a rand_key of another length. A file that is no JSON
 * object, or has a member of a wrong type, is set aside first. Else FUTU_EIO, FUTU_ENOMEM. */
futu_err cred_load(struct cred *out, const struct state *s, const struct account *a,
                   const struct auth_server *server, const char *device_id, char *why,
                   size_t size);
/* A file of a newer schema is set aside, not overwritten; one of the other platform is kept as its
 * side file. FUTU_EINVAL: a member that no file may
 * have (rand_key, attribution, a text that is too long). */
futu_err cred_save(const struct cred *c, const struct state *s, const struct account *a, char *why,
                   size_t size);

/* The text itself; FUTU_EFORMAT: `why` says what and where. Rules that depend on who asks are
 * cred_load()'s. */
futu_err cred_parse(struct cred *out, futu_str text, char *why, size_t size);
/* FUTU_EINVAL, FUTU_ENOMEM. */
futu_err cred_write(const struct cred *c, struct secret *out);

/* ---- ages; `now_s` is the wall clock ---- */

/* A login without password is worth a try: there is a ticket, and it has not ended for sure. */
bool cred_can_resume(const struct cred *c, int64_t now_s);
/* Seconds until the ticket ends; negative: it has; INT64_MAX: not known. */
int64_t cred_ticket_left(const struct cred *c, int64_t now_s);
/* Within CRED_TICKET_EARLY_S of its end: `why` says how long, and what to do. */
bool cred_ticket_warning(const struct cred *c, int64_t now_s, char *why, size_t size);

/* Whether the waiting verification may still be answered: without a new login call, and with
 * `code` without a new SMS either. */
bool cred_verify_fresh(const struct cred *c, int64_t now_s);
bool cred_code_fresh(const struct cred *c, int64_t now_s);

#endif
