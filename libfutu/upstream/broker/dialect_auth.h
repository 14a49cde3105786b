/* dialect_auth.h - the login over HTTP as bytes: what is public and, marked with its reason in
 * dialect_auth.c, what is not. The rest of the login depends on none of the spellings; the cipher's
 * inner form is in dialect.c, with the channel's.
 *
 * Threads: none.
 * Tests:   test/unit/upstream/broker/auth_call_test.c; the emulator reads the same tables.
 */
#ifndef UPSTREAM_BROKER_DIALECT_AUTH_H
#define UPSTREAM_BROKER_DIALECT_AUTH_H

#include "base/buf.h"
#include "crypt/secret.h"
#include "login/platform.h"

/* ---- calls ---- */

enum auth_call {
    AUTH_SALT,              /* salts, attribution, time */
    AUTH_LOGIN,             /* with a ticket made of the password, or the saved one */
    AUTH_SEND_CODE,         /* sends the SMS */
    AUTH_CHECK_CODE,
    AUTH_THIRD,             /* third factor */
    AUTH_REPULL,            /* another one-time code for one broker */
    AUTH_BROKER,            /* that code against the broker's signature and key */
    AUTH_CONF,              /* remote configuration, at another host: dialect_conf_url() */
    AUTH_CALLS,
};

/* What a request can carry; how each is spelled is a matter of the call. */
enum auth_value {
    AV_ACCOUNT, AV_UID, AV_REGION, AV_LOGIN_REGION, AV_TICKET, AV_DEVICE_ID, AV_DEVICE_SIG,
    AV_VERIFY_SIG, AV_CODE_SIG, AV_CODE, AV_THIRD_SIG, AV_WEB_SIG, AV_BROKER_ID, AV_AUTH_CODE,
    AV_ALIAS, AV_DEVICE_TYPE, AV_OS_VER, AV_AUTH_TOKEN, AV_FIXED, AV_VALUES,
};

enum auth_rule {
    AR_ALWAYS,
    AR_IF_SET,              /* left out when the value is empty */
    AR_PHONE,               /* of phone accounts alone */
    AR_NO_UID,              /* while the user's number is not known */
};

struct dialect_field {
    const char *name;
    enum auth_value value;
    enum auth_rule rule;
    const char *fixed;      /* of AV_FIXED */
    bool number;            /* without quotes in JSON */
};

struct dialect_call {
    const char *method, *path;
    const struct dialect_field *fields;     /* in the query of a GET, in a JSON body else */
    size_t n;
};

extern const struct dialect_call dialect_calls[AUTH_CALLS];

/* ---- who this client says it is ---- */

#define DIALECT_AUTH_VERSION "1002"

extern const char *const dialect_client_types[2];   /* by enum platform */
extern const char dialect_user_agent[], dialect_device_type[], dialect_os_ver[];
extern const char dialect_alias[];          /* in the mobile app's list of devices */

/* ---- passwords and tickets ---- */

#define DIALECT_RAND_KEY 32
#define DIALECT_TICKET_S (30 * 86400)

/* md5: 32 lower-case hex digits. The key of the ticket: 16 bytes, or 32 with a salt32.
 * FUTU_ENOMEM. */
futu_err dialect_ticket_key(futu_str md5, futu_str salt, futu_str salt32, struct secret *key);
/* 32 ASCII digits. */
futu_err dialect_rand_key(struct secret *out);

struct dialect_ticket {
    enum platform platform;
    futu_str account, md5, rand_key;
    uint32_t made_s, ends_s;        /* wall clock */
};
/* Plain; the caller seals and wipes it. */
futu_err dialect_ticket(const struct dialect_ticket *t, struct secret *out);

/* ---- times ---- */

/* When a code of auth_code_list ends on this machine's clock: `word` is the server's, `ahead_s` its
 * clock less ours. 0: it does not end. */
int64_t dialect_code_end(uint64_t word, int64_t now_s, int64_t ahead_s);
/* Of a broker's signature when the answer names no life. */
#define DIALECT_BROKER_SIG_S 1800

/* ---- remote configuration ---- */

/* The key of its time codes; "": not known, and the step is passed over. */
extern const char dialect_conf_key[];
#define DIALECT_CONF_KEY_MAX 256
/* Where it is asked for: a server of the user's own, or that of the platform. */
void dialect_conf_url(const struct auth_server *s, char out[AUTH_HOST_MAX + 24]);

/* ---- brokers ---- */

struct dialect_broker {
    int32_t id;
    const char *name, *host;        /* host NULL: it has no auth service and is passed over */
    int firm;                       /* the public number of the security firm */
};
/* NULL: not known, and so passed over too. */
const struct dialect_broker *dialect_broker(int32_t id);

#endif
