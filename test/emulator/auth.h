/* auth.h - the broker's auth servers: accounts, devices, SMS codes, tickets and signatures, by the
 * scenario. No socket: requests in, answers out.
 *
 * Servers: one of each platform; a third kind ("any") stands for both, as --auth-server sees it.
 * Judges:  what the vendor is told to judge: client type and version, mandatory fields, the ticket
 *          down to its bytes, one-time codes, the age of SMS codes, logins that follow too closely.
 * Clock:   brought by the owner.
 */
#ifndef EMULATOR_AUTH_H
#define EMULATOR_AUTH_H

#include "base/buf.h"
#include "base/clock.h"
#include "scenario.h"

enum auth_side { AUTH_SIDE_FUTUNN, AUTH_SIDE_MOOMOO, AUTH_SIDE_ANY };

struct auth_emu;

struct auth_ask {
    enum auth_side side;
    futu_str method, path, query, body;
    futu_str client_type, client_version;       /* header lines; p NULL: absent */
};

struct auth_say {
    int status;
    struct buf body;
    uint64_t delay_ms;
    bool drop, silent;          /* the connection ends, or nothing ever comes */
};

struct auth_emu_opts {
    struct clock clock;
    void (*sms)(void *arg, const char *account, const char *code);
    void *arg;
};

/* NULL: s->why says it. The scenario must outlive it. */
struct auth_emu *auth_emu_new(struct scenario *s, const struct auth_emu_opts *o);
void auth_emu_free(struct auth_emu *e);
void auth_emu_handle(struct auth_emu *e, const struct auth_ask *ask, struct auth_say *say);

/* The conf_info that is told from now on, as JSON. False: too long. */
bool auth_emu_set_conf(struct auth_emu *e, const char *json);
/* How often a path was asked so far; NULL: all. */
unsigned auth_emu_count(const struct auth_emu *e, const char *path);
/* The newest SMS of the account, "" when none was sent. */
const char *auth_emu_sms(const struct auth_emu *e, const char *account);

/* For the channel: whose signature it is. broker 0: of the platform. False: nobody's, or ended. */
struct auth_emu_session {
    const char *account;
    uint64_t user;              /* uid, or the customer id of a broker's */
    int32_t broker;
    int attribution;
    uint8_t key[32];
};
bool auth_emu_session(const struct auth_emu *e, const void *sig, size_t n,
                      struct auth_emu_session *out);
/* A broker's customer id is the uid and the broker's number: uid * 10000 + broker. */

#endif
