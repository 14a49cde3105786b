/* console_state.h - what the files of the console share. Nothing outside includes it. */
#ifndef SURFACE_CONSOLE_STATE_H
#define SURFACE_CONSOLE_STATE_H

#include "base/buf.h"
#include "base/list.h"
#include "base/timer.h"
#include "surface/console.h"

#define CONSOLE_LINE_MAX 1024
#define CONSOLE_HELD_MAX (16u << 10)
#define CONSOLE_OUT_MAX (4u << 20)
#define CONSOLE_OUT_HIGH (64u << 10)    /* no command is run while more waits to be taken */
#define CONSOLE_SESSIONS 32
#define CONSOLE_ARGS 2
#define CONSOLE_OFTEN 10                /* the most that a command is allowed in its time */

struct console_cmd;

/* The values in the order of the command's arguments; p NULL: not given. */
struct console_args {
    futu_str value[CONSOLE_ARGS];
};

typedef void console_run(futu_console *s, const struct console_args *a);

enum { CMD_OPEN = 1,            /* needs no key */
       CMD_CHANGES = 2 };       /* goes to the audit trail */

struct console_cmd {
    const char *name;
    const char *args[CONSOLE_ARGS];
    unsigned flags;
    unsigned often, per_s;      /* at most so often in so many seconds; 0: as often as one likes */
    console_run *run;
    const char *usage, *help;
};

/* console_cmd.c */
const struct console_cmd *console_find(futu_str name);
extern const struct console_cmd console_cmds[];
extern const size_t console_n_cmds;

/* One question to the upstream, on its way. */
struct console_probe {
    struct hub_call call;
    futu_console *session;      /* NULL: it has ended */
    struct clock clock;
    int64_t sent, took;         /* took -1: it is under way */
    bool fine;
};

struct futu_console {
    struct console *of;
    struct list link;
    futu_console_opts o;
    char peer[80];
    struct api_key *key;        /* NULL: none was shown, or none is needed */
    unsigned wrong_keys;
    bool ended, eof, told;      /* told: on_close has run, or the caller knows by itself */
    bool telnet;                /* it negotiates: somebody sits there, who is given a prompt */
    uint8_t iac;                /* enum iac of console_line.c */
    uint8_t verb;
    uint16_t n_sub;             /* bytes since telnet's SB */
    char line[CONSOLE_LINE_MAX + 1];
    size_t n;
    bool unreadable, cr;
    struct buf held;
    struct buf flight, out;     /* what the listener was shown stays where it is, `out` is behind */
    int64_t opened, heard, moved;       /* moved: when output was taken, or began to wait */
    const struct console_cmd *cmd;      /* the last that was run */
    bool waits;                         /* for its end, before the next one */
    bool (*look)(futu_console *s);      /* true: it has told how it ended */
    int64_t wait_until;
    struct console_probe *probe;
};

struct console {
    struct console_opts o;
    struct list sessions;
    unsigned n;
    struct timer timer;
    int64_t (*ran)[CONSOLE_OFTEN];      /* of each command: when it was run last */
};

/* console.c */
void say(futu_console *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Text of several lines as it is. */
void say_text(futu_console *s, futu_str text);
/* The session is over once its output is written. */
void console_end(futu_console *s);
/* `look` is asked again and again; the next line waits meanwhile. */
void console_wait(futu_console *s, bool (*look)(futu_console *s));
size_t console_unsent(const futu_console *s);
int64_t console_now(const futu_console *s);
bool console_keyed(const struct console *c);        /* a key is needed */
void console_audit(futu_console *s, const char *what, enum audit_outcome outcome,
                   const char *reason);
/* How a command that changes something has ended: said, and written down. */
void console_ended(futu_console *s, bool fine, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* console_line.c: takes bytes up to the end of the first line; true: s->line is one. */
bool console_take(futu_console *s, const uint8_t **p, size_t *n);
/* Runs s->line, and wipes it. */
void console_line(futu_console *s);

/* console_auth.c */
console_run cmd_auth;
bool console_admitted(futu_console *s);             /* else it was told why, and may have ended */
bool console_key_holds(futu_console *s);            /* likewise */
/* console_login.c */
console_run cmd_relogin, cmd_req_code, cmd_code, cmd_req_pic, cmd_pic, cmd_right;
void console_say_login(futu_console *s);
/* console_show.c */
console_run cmd_ping, cmd_delays, cmd_subs, cmd_metrics, cmd_status;
void console_probe_leave(futu_console *s);

#endif
