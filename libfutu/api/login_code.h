/* login_code.h - codes for a login: given once, or typed on a terminal. */
#ifndef API_LOGIN_CODE_H
#define API_LOGIN_CODE_H

#include "futu/login.h"
#include "login/login.h"
#include "upstream/broker/flow.h"

/* What to do when a code was sent and there is no terminal to type it. */
extern const char login_code_hint[];

/* Answers flow's question, or ends the login when nobody can. A given code (--verify-code) is used
 * once, and then it is the only one there is. Nothing may follow this call in an event. */
void login_give_code(struct login *l, struct flow *f, const struct flow_ask *ask, bool *given_used,
                     futu_login_report *report);

#endif
