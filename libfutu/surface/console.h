/* console.h - the management console: see futu/console.h.
 *
 * In:      lines of a command and its arguments, `name -key=value -key2="a value"`.
 * Limits:  a line of 1024 bytes, 16 KiB that wait, 4 MiB of output, 32 sessions; ten minutes of
 *          silence, a minute until `auth`, 30 s in which nothing of the output is taken; what the
 *          vendor's gateway allows of each command, counted for all sessions together.
 * Secrets: a line is wiped once it was run, and is never shown again.
 * Owns:    sessions. console_line.c cuts lines, console_auth.c knows keys, console_cmd.c has the
 *          table of commands, console_login.c and console_show.c what most of them do.
 * Threads: the loop's.
 * Tests:   test/unit/surface/console_test.c, test/fuzz/fuzz_console.c, test/integration/console.py
 */
#ifndef SURFACE_CONSOLE_H
#define SURFACE_CONSOLE_H

#include "crypt/secret.h"
#include "futu/console.h"
#include "gateway/hub.h"

struct console;

enum console_phase { PHASE_BUSY, PHASE_CODE, PHASE_TOKEN, PHASE_READY, PHASE_FAILED };

/* How a direct login stands. */
struct console_login {
    enum console_phase at;
    uint64_t user_id;               /* of PHASE_READY */
    /* CODE, TOKEN: what is awaited; FAILED: why; READY: why the last renewal has failed, "": it has
     * not. One line. */
    char why[640];
    char hint[1024];                /* of FAILED: what to do, lines */
};

struct console_login_ops {
    void (*state)(void *arg, struct console_login *out);
    /* As futu_gateway_login_code(). */
    futu_err (*code)(void *arg, const char *code);
    /* A new SMS. FUTU_EEXIST: the login is done; FUTU_EBUSY: it is under way; FUTU_ENOTSUP: a
     * token's code is awaited. */
    futu_err (*send_code)(void *arg);
    /* As futu_gateway_relogin(). With the MD5 of a password, 32 hex digits: a new login with it. */
    futu_err (*again)(void *arg, const struct secret *md5);
};

struct console_opts {
    struct hub *hub;                /* borrowed */
    struct access *access;          /* borrowed; NULL: open mode */
    struct clock clock;             /* copied; its arg is borrowed */
    struct timers *timers;          /* borrowed */
    futu_err (*upstream_state)(void *arg, char *why, size_t size);
    const struct console_login_ops *login;  /* NULL: there is no direct login */
    void *arg;                      /* of these */
    void (*shutdown)(void *arg);    /* NULL: not from here */
    void *shutdown_arg;
};

futu_err console_new(struct console **out, const struct console_opts *o);   /* FUTU_ENOMEM */
/* Sessions hear on_close; what is not freed by then is freed here. NULL is fine. */
void console_free(struct console *c);
/* Ends the sessions of keys that are gone. */
void console_keys_changed(struct console *c);
/* As futu_gateway_console(). */
futu_err console_open(struct console *c, futu_console **out, const futu_console_opts *o);

/* Name and arguments of command i; NULL: there is none. For help, tests and the lint. */
const char *console_command(size_t i);

#endif
