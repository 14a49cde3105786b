/* login_code.c - see login_code.h. */
#include "api/login_code.h"

#include <stdio.h>

#include "base/log.h"

const char login_code_hint[] =
    "either run this command in a terminal, or start again within 300 seconds with "
    "--verify-code CODE\n"
    "do not just start again: each new SMS makes the code of the one before worthless";

/* The flow goes on from inside: nothing may follow these calls. */
static void give(struct flow *f, const char *code, bool only)
{
    if (flow_code(f, str_c(code), only))
        flow_no_code(f, "the code is not 4 to 8 digits");
}

static void nobody(struct flow *f, const struct flow_ask *ask, const char *reason,
                   futu_login_report *report)
{
    char text[200];
    report->code_sent = !ask->third;
    snprintf(text, sizeof(text), "%s%s%s, and %s",
             ask->third ? "a token's code is needed" : "the SMS was sent",
             ask->phone[0] ? " to " : "", ask->phone, reason);
    flow_no_code(f, text);
}

static futu_err ask_token(struct login *l, char out[VERIFY_CODE_MAX + 1])
{
    struct secret answer = SECRET_NULL;
    futu_err err = terminal_ask(l->terminal, "Code of your token or authenticator app: ",
                                true, &answer);
    if (!err && !str_copy(out, VERIFY_CODE_MAX + 1, (futu_str){ (char *)answer.p, answer.n }))
        err = FUTU_EINVAL;
    secret_wipe(&answer);
    return err;
}

void login_give_code(struct login *l, struct flow *f, const struct flow_ask *ask, bool *given_used,
                     futu_login_report *report)
{
    char code[VERIFY_CODE_MAX + 1], why[200];
    bool given = !ask->third && !ask->again && !*given_used && l->verify_code[0];
    futu_err err;
    if (given && ask->sent)
        log_warn("login: a new SMS was sent just now: the code of --verify-code may be an older "
                 "one's");
    err = ask->third ? ask_token(l, code) : login_code(l, given, code, why, sizeof(why));
    *given_used |= given;
    if (err)
        nobody(f, ask, err == FUTU_ENOTSUP ? "there is no terminal to type its code"
                                           : "no code was entered", report);
    else
        give(f, code, given);
    wipe(code, sizeof(code));
}
