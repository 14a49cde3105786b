/* login_code.c - see login_code.h. */
#include "api/login_code.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"

#define LOOK_NS (500 * NS_PER_MS)

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

static void nobody(struct login_code *c, const struct flow_ask *ask, const char *reason)
{
    char text[200];
    c->report->code_sent = !ask->third;
    snprintf(text, sizeof(text), "%s%s%s, and %s",
             ask->third ? "a token's code is needed" : "the SMS was sent",
             ask->phone[0] ? " to " : "", ask->phone, reason);
    flow_no_code(c->flow, text);
}

/* ---- the file ---- */

static void look_again(struct login_code *c)
{
    timer_set(loop_timers(c->loop), &c->timer, loop_now(c->loop) + LOOK_NS);
}

/* Digits with blanks around them; false: there is no such file, or nothing in it yet. */
static bool read_code(const char *path, char out[VERIFY_CODE_MAX + 1])
{
    char text[64];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    size_t from = strspn(text, " \t\r\n"), len = strcspn(text + from, " \t\r\n");
    str_copy(out, VERIFY_CODE_MAX + 1, (futu_str){ text + from, len });
    wipe(text, sizeof(text));
    return len > 0;
}

static bool from_file(const struct login_code *c, char code[VERIFY_CODE_MAX + 1])
{
    if (!c->file[0] || !read_code(c->file, code))
        return false;
    if (unlink(c->file) && errno != ENOENT)
        log_warn("login: %s can't be removed", c->file);
    return true;
}

/* A whole line was typed: nothing is waited for. */
static bool from_terminal(const struct login_code *c, char code[VERIFY_CODE_MAX + 1])
{
    struct secret answer = SECRET_NULL;
    if (!c->by_call || !terminal_waits(c->login->terminal))
        return false;
    bool got = terminal_ask(c->login->terminal, "", true, &answer) == FUTU_OK && answer.n > 0;
    if (got && !login_read_code(&answer, code))
        code[0] = '\0';
    secret_wipe(&answer);
    return got;
}

static void on_look(struct timer *t, int64_t now)
{
    struct login_code *c = container_of(t, struct login_code, timer);
    enum flow_state at = flow_state(c->flow);
    char code[VERIFY_CODE_MAX + 1];
    (void)now;
    if (at != FLOW_WAIT_CODE && at != FLOW_WAIT_THIRD)
        return;                 /* it came another way */
    bool file = from_file(c, code);
    if (!file && !from_terminal(c, code)) {
        look_again(c);
        return;
    }
    futu_err err = flow_code(c->flow, str_c(code), false);
    wipe(code, sizeof(code));
    if (err != FUTU_EINVAL)
        return;
    log_warn("login: what %s held is no code of 4 to 8 digits", file ? c->file : "the terminal");
    look_again(c);
}

static void wait_for_it(struct login_code *c, const struct flow_ask *ask)
{
    if (c->file[0] && ask->sent)
        unlink(c->file);
    if (c->file[0])
        log_info("login: the code is awaited in %s", c->file);
    look_again(c);
}

/* ---- who is there to be asked ---- */

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

/* After a wrong code of --verify-code. With --setup-only that is the end: who typed it sees
 * what to do. */
static bool another_may_come(const struct login_code *c)
{
    const struct login *l = c->login;
    return c->file[0] || c->by_call || (!l->setup_only && terminal_present(l->terminal));
}

static bool take_given(struct login_code *c, const struct flow_ask *ask)
{
    const struct login *l = c->login;
    if (ask->third || ask->again || c->given_used || !l->verify_code[0])
        return false;
    c->given_used = true;
    if (ask->sent)
        log_warn("login: a new SMS was sent just now: the code of --verify-code may be an older "
                 "one's");
    give(c->flow, l->verify_code, !another_may_come(c));
    return true;
}

void login_code_ask(struct login_code *c, const struct flow_ask *ask)
{
    char code[VERIFY_CODE_MAX + 1], why[200];
    if (take_given(c, ask))
        return;
    if (c->file[0] || c->by_call) {
        wait_for_it(c, ask);
        return;
    }
    if (c->stay)
        return;
    futu_err err = ask->third ? ask_token(c->login, code)
                              : login_code(c->login, false, code, why, sizeof(why));
    if (err)
        nobody(c, ask, err == FUTU_ENOTSUP ? "there is no terminal to type its code"
                                           : "no code was entered");
    else
        give(c->flow, code, false);
    wipe(code, sizeof(code));
}

futu_err login_code_init(struct login_code *c, const char *file, char *why, size_t size)
{
    c->timer.fn = on_look;
    if (str_copy(c->file, sizeof(c->file), str_c(file)))
        return FUTU_OK;
    snprintf(why, size, "--verify-code-file: the path is too long");
    return FUTU_EINVAL;
}

void login_code_stop(struct login_code *c)
{
    if (c->loop)
        timer_stop(loop_timers(c->loop), &c->timer);
}
