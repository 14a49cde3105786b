/* terminal.h - asks the user, when standard input is a terminal.
 *
 * Echo:    off while a secret is typed; the terminal is put back as it was also when a signal comes
 *          (INT, TERM, HUP, QUIT, TSTP, TTIN, TTOU): after that the signal is raised again, and a
 *          process that was only stopped asks once more.
 * Where:   answers from standard input, questions on standard error.
 * Errors:  FUTU_ENOTSUP (no terminal), FUTU_ECANCELED (end of input, or a signal that did not end
 *          the process), FUTU_ELIMIT (a line of more than TERMINAL_LINE bytes), FUTU_EIO,
 *          FUTU_ENOMEM.
 * Threads: one at a time asks.
 * Tests:   test/unit/login/terminal_test.c (a pseudo terminal)
 */
#ifndef LOGIN_TERMINAL_H
#define LOGIN_TERMINAL_H

#include "crypt/secret.h"

#define TERMINAL_LINE 1024

/* Tests bring their own. */
struct terminal {
    bool (*present)(void *arg);
    /* One line without its break. */
    futu_err (*ask)(void *arg, const char *question, bool echo, struct secret *out);
    void *arg;
    bool (*waits)(void *arg);           /* ask() would not block; NULL: not known, which is no */
};

extern const struct terminal terminal_system;

static inline bool terminal_present(const struct terminal *t)
{
    return t && t->present(t->arg);
}

static inline futu_err terminal_ask(const struct terminal *t, const char *question, bool echo,
                                    struct secret *out)
{
    return terminal_present(t) ? t->ask(t->arg, question, echo, out) : FUTU_ENOTSUP;
}

/* A line was typed already. */
static inline bool terminal_waits(const struct terminal *t)
{
    return terminal_present(t) && t->waits && t->waits(t->arg);
}

/* "QUESTION (y/N) ": only y and yes are a yes. */
bool terminal_confirm(const struct terminal *t, const char *question);

#endif
