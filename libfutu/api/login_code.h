/* login_code.h - codes for a login: given once, typed on a terminal, or written into a file; and
 * when none of these is there, waited for, or not.
 *
 * Given:   --verify-code is used once, and without a terminal and a file it is the only one.
 * By call: the terminal is not asked but listened to, so that the loop goes on.
 * File:    looked at twice a second while a code is awaited, and removed once it was read. What
 *          lies there when a new SMS is sent is an older one's code: it is removed too.
 */
#ifndef API_LOGIN_CODE_H
#define API_LOGIN_CODE_H

#include "futu/login.h"
#include "io/loop.h"
#include "login/login.h"
#include "upstream/broker/flow.h"

struct login_code {
    struct login *login;
    struct flow *flow;
    futu_loop *loop;
    futu_login_report *report;
    char file[512];             /* "": none */
    bool given_used;
    bool stay;                  /* the code may still come another way: nobody to ask is no end */
    bool by_call;               /* likewise, from the beginning */
    struct timer timer;
};

/* What to do when a code was sent and there is no terminal to type it. */
extern const char login_code_hint[];

/* file may be NULL. FUTU_EINVAL: its path is too long. */
futu_err login_code_init(struct login_code *c, const char *file, char *why, size_t size);
/* Answers flow's question, waits for the answer, or ends the login when nobody can give one.
 * Nothing may follow this call in an event. */
void login_code_ask(struct login_code *c, const struct flow_ask *ask);
void login_code_stop(struct login_code *c);

#endif
