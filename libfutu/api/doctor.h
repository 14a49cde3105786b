/* doctor.h - the parts of futu_doctor(). For api/ alone. */
#ifndef API_DOCTOR_H
#define API_DOCTOR_H

#include "futu/doctor.h"
#include "login/account.h"
#include "login/platform.h"

struct doctor {
    const futu_doctor_opts *o;
    futu_finding_fn *found;
    void *arg;
    struct account account;
    bool has_account;
    struct auth_server server;
};

/* remedy: NULL, or what to do. */
void doctor_say(const struct doctor *d, const char *check, int level, const char *remedy,
                const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* "[HOST:]PORT"; host gets `standard` when the text has none (NULL: it must have one). */
bool doctor_host_port(const char *text, const char *standard, char host[256], uint32_t *port);

void doctor_machine(const struct doctor *d);            /* doctor_local.c */
void doctor_state(const struct doctor *d);
void doctor_keychain(const struct doctor *d);
void doctor_keys(const struct doctor *d);
void doctor_ports(const struct doctor *d);              /* doctor_port.c */
futu_err doctor_network(const struct doctor *d);        /* doctor_net.c; FUTU_ENOMEM */

#endif
