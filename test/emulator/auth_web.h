/* auth_web.h - the auth servers of an emulator on a port of loopback. */
#ifndef EMULATOR_AUTH_WEB_H
#define EMULATOR_AUTH_WEB_H

#include "auth.h"
#include "web.h"

struct auth_web {
    struct auth_emu *emu;
    enum auth_side side;
    struct web *web;
};

/* port 0: the system chooses, w->web tells. tls NULL: plain. False: `why` says it. */
bool auth_web_start(struct auth_web *w, uv_loop_t *loop, struct auth_emu *emu, enum auth_side side,
                    int port, struct tls_server *tls, char *why, size_t size);
void auth_web_stop(struct auth_web *w);

#endif
