/* doctor.c - the body of futu/doctor.h: judges the options, then looks, the quick things first.
 *
 * Tests:   test/integration/doctor.sh
 */
#include "api/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/opts.h"
#include "login/keychain.h"

void doctor_say(const struct doctor *d, const char *check, int level, const char *remedy,
                const char *fmt, ...)
{
    char text[600];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    const futu_finding f = { check, level, text, remedy };
    d->found(&f, d->arg);
}

bool doctor_host_port(const char *text, const char *standard, char host[256], uint32_t *port)
{
    const char *colon = strrchr(text, ':');
    const char *digits = colon ? colon + 1 : text;
    futu_str name = colon ? (futu_str){ text, (size_t)(colon - text) } : str_c(standard);
    char *end;
    if (name.n >= 2 && name.p[0] == '[' && name.p[name.n - 1] == ']')
        name = (futu_str){ name.p + 1, name.n - 2 };
    if (!name.p || name.n == 0 || !str_copy(host, 256, name) || *digits < '0' || *digits > '9')
        return false;
    unsigned long n = strtoul(digits, &end, 10);
    *port = (uint32_t)n;
    return !*end && n >= 1 && n <= 65535;
}

static futu_err wrong(char *why, size_t size, const char *option, const char *text,
                      const char *form)
{
    snprintf(why, size, "%s: %s is not %s", option, text, form);
    return FUTU_EINVAL;
}

static futu_err judge(struct doctor *d, char *why, size_t size)
{
    const futu_doctor_opts *o = d->o;
    enum keychain_kind kind;
    char reason[320], host[256];
    uint32_t port;
    if (o->account && account_parse(&d->account, o->account, reason, sizeof(reason))) {
        snprintf(why, size, "login-account: %s", reason);
        return FUTU_EINVAL;
    }
    d->has_account = o->account != NULL;
    if (!keychain_kind_read(o->keychain, &kind))
        return wrong(why, size, "keychain", o->keychain, "auto, secret-service, file or off");
    for (size_t i = 0; i < o->n_listen; i++)
        if (!doctor_host_port(o->listen[i], "127.0.0.1", host, &port))
            return wrong(why, size, "listen", o->listen[i], "PORT or ADDRESS:PORT");
    for (size_t i = 0; i < o->n_conn; i++)
        if (!doctor_host_port(o->conn[i], NULL, host, &port))
            return wrong(why, size, "conn", o->conn[i], "HOST:PORT");
    if (o->upstream && !doctor_host_port(o->upstream, NULL, host, &port))
        return wrong(why, size, "upstream", o->upstream, "HOST:PORT");
    return auth_server_choose(&d->server, o->auth_server, o->platform, why, size);
}

futu_err futu_doctor(const futu_doctor_opts *opts, futu_finding_fn *found, void *arg, char *why,
                     size_t size)
{
    futu_doctor_opts o = { 0 };
    struct doctor d = { .o = &o, .found = found, .arg = arg };
    if (!opts || opts_copy(&o, sizeof(o), OPTS_END(futu_doctor_opts, reserved), opts)) {
        snprintf(why, size, "futu_doctor_opts is not set up");
        return FUTU_EINVAL;
    }
    futu_err err = judge(&d, why, size);
    if (err)
        return err;
    doctor_machine(&d);
    doctor_state(&d);
    doctor_keychain(&d);
    doctor_keys(&d);
    doctor_ports(&d);
    err = doctor_network(&d);
    if (err)
        snprintf(why, size, "%s", futu_strerror(err));
    return err;
}
