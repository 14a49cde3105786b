/* platform.h - which auth server speaks for an account: two platforms with accounts of their own,
 * and the regions ("attribution") that a salt answer names.
 *
 * Order:   --auth-server, then --platform, which the caller has merged with its configuration
 *          file, then futunn.
 * Switch:  only between the two standard hosts. Any other server (a proxy, an emulator) is kept for
 *          every call, whatever the attribution is.
 * Errors:  FUTU_EINVAL; `why` begins with the option.
 * Threads: none; no state.
 * Tests:   test/unit/login/platform_test.c, test/fuzz/fuzz_account.c
 */
#ifndef LOGIN_PLATFORM_H
#define LOGIN_PLATFORM_H

#include "base/str.h"

enum platform { PLATFORM_FUTUNN, PLATFORM_MOOMOO };

/* "futunn", "moomoo". */
const char *platform_name(enum platform p);
bool platform_read(const char *text, enum platform *out);
enum platform platform_other(enum platform p);
/* "https://auth.futunn.com". */
const char *platform_auth_url(enum platform p);

/* ---- attribution ---- */

struct attribution {
    uint8_t number;             /* also the conn_identity of the platform channel */
    const char *code;           /* "Cn": how the credentials file names it */
    const char *region;         /* "mainland China" */
    enum platform platform;
    const char *conn_host;      /* its TCP connection points, by DNS */
    int32_t broker;             /* the default one */
};

#define PLATFORM_CONN_PORT 9595
#define PLATFORM_CONN_PORT_ALT 443

/* NULL: a number that this version does not know; the set is open. */
const struct attribution *attribution_find(uint8_t number);

/* "Cn", or the number in digits when it has no name here; a NUL behind. */
#define ATTRIBUTION_TEXT 4
void attribution_text(uint8_t number, char out[ATTRIBUTION_TEXT]);
/* Takes both forms, names in any case; 0: it is neither. */
uint8_t attribution_read(futu_str text);

/* ---- server ---- */

#define AUTH_HOST_MAX 255

struct auth_server {
    enum platform platform;     /* decides what the requests say the client is */
    bool chosen;                /* the user named a platform or a server */
    bool standard;              /* one of the two standard hosts: may be switched */
    bool tls;
    char host[AUTH_HOST_MAX + 1];       /* without brackets */
    uint16_t port;
    char url[AUTH_HOST_MAX + 24];       /* scheme, host, port when it is not the scheme's own */
};

/* Both may be NULL. `url` is http:// or https://, a host, maybe a port; nothing behind it. */
futu_err auth_server_choose(struct auth_server *out, const char *url, const char *platform,
                            char *why, size_t size);
/* The standard server of that platform. */
void auth_server_set(struct auth_server *s, enum platform p);

enum attribution_effect { ATTRIBUTION_KEPT, ATTRIBUTION_SWITCHED, ATTRIBUTION_UNKNOWN };
/* Goes to the server of that attribution when that is allowed; after ATTRIBUTION_SWITCHED the salt
 * must be fetched again. UNKNOWN: the server is kept, and the user should hear of it. */
enum attribution_effect auth_server_follow(struct auth_server *s, uint8_t attribution);

/* For codes 2 and 15: "the account may be one of moomoo: --platform moomoo". Also for a server of
 * --auth-server, which the platform tells what the client is. False: no such hint. */
bool auth_server_hint(const struct auth_server *s, int code, char *out, size_t size);

#endif
