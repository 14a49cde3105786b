/* console_rig.h - a console on a rig with keys and a login that does as it is told; one session. */
#ifndef TEST_UNIT_SURFACE_CONSOLE_RIG_H
#define TEST_UNIT_SURFACE_CONSOLE_RIG_H

#include <stdio.h>

#include "crypt/digest.h"
#include "gateway/rails.h"
#include "surface/console.h"

static struct rails k;
static struct console *desk;

/* The login. */
static struct console_login login;
static futu_err login_err;              /* of the next call */
static char login_code[32], login_md5[40];
static unsigned again_calls, code_calls, send_calls;
static enum console_phase login_then;   /* what a call that was taken leads to */

static unsigned shutdowns;

/* A session as its listener sees it. */
struct desk_client {
    futu_console *c;
    unsigned outputs, closes;
    futu_err err;                       /* of the last call */
    char text[1 << 20];
};
static struct desk_client one;

static inline void login_state(void *arg, struct console_login *out)
{
    (void)arg;
    *out = login;
}

static inline futu_err login_take(unsigned *calls)
{
    ++*calls;
    if (!login_err)
        login.at = login_then;
    return login_err;
}

static inline futu_err login_brings(void *arg, const char *code)
{
    (void)arg;
    str_copy(login_code, sizeof(login_code), str_c(code));
    return login_take(&code_calls);
}

static inline futu_err login_sends(void *arg)
{
    (void)arg;
    return login_take(&send_calls);
}

static inline futu_err login_again(void *arg, const struct secret *md5)
{
    (void)arg;
    str_copy(login_md5, sizeof(login_md5),
             md5 ? (futu_str){ (const char *)md5->p, md5->n } : STR("none"));
    return login_take(&again_calls);
}

static const struct console_login_ops login_ops = { login_state, login_brings, login_sends,
                                                    login_again };

static inline futu_err desk_state(void *arg, char *why, size_t size)
{
    (void)arg;
    str_copy(why, size, STR("the cable is cut"));
    return FUTU_ENOTCONN;
}

static inline void desk_shutdown(void *arg)
{
    (void)arg;
    shutdowns++;
}

static inline struct console_opts desk_opts(bool direct)
{
    return (struct console_opts){
        .hub = k.r.hub, .access = k.access, .clock = clock_fake(&k.r.time),
        .timers = &k.r.timers, .upstream_state = desk_state, .login = direct ? &login_ops : NULL,
        .arg = &k, .shutdown = desk_shutdown,
    };
}

static inline void desk_take(struct desk_client *d)
{
    futu_str out;
    while ((out = futu_console_output(d->c)).n > 0) {
        size_t n = strlen(d->text);
        ck_assert(n + out.n < sizeof(d->text));
        memcpy(d->text + n, out.p, out.n);
        d->text[n + out.n] = '\0';
        futu_console_sent(d->c, out.n);
    }
}

static inline void on_output(futu_console *c, void *arg)
{
    struct desk_client *d = arg;
    ck_assert_ptr_eq(c, d->c);
    d->outputs++;
    desk_take(d);
}

static inline void on_close(futu_console *c, void *arg)
{
    struct desk_client *d = arg;
    ck_assert_ptr_eq(c, d->c);
    d->closes++;
    desk_take(d);
    futu_console_free(c);
    d->c = NULL;
}

static inline futu_err desk_connect(struct desk_client *d)
{
    futu_console_opts o = FUTU_CONSOLE_OPTS_INIT;
    memset(d, 0, offsetof(struct desk_client, text) + 1);
    o.peer = "127.0.0.1:5";
    o.on_output = on_output;
    o.on_close = on_close;
    o.arg = d;
    return console_open(desk, &d->c, &o);
}

/* keyed: with the keys "op" (admin), "reader", "old" (expired). */
static inline void desk_open(bool keyed, bool direct)
{
    rails_begin(&k);
    if (keyed) {
        rails_key(&k, "op", "\"admin\"", "");
        rails_key(&k, "reader", "\"qot:read\"", "");
        rails_key(&k, "old", "\"admin\"", ",\"expires_at\":\"2020-01-01T00:00:00Z\"");
        rails_save(&k);
    }
    rails_open(&k, NULL);
    struct console_opts o = desk_opts(direct);
    login = (struct console_login){ .at = PHASE_READY, .user_id = 9 };
    login_then = PHASE_READY;
    login_err = FUTU_OK;
    again_calls = code_calls = send_calls = shutdowns = 0;
    login_code[0] = login_md5[0] = '\0';
    ck_assert_int_eq(console_new(&desk, &o), FUTU_OK);
    ck_assert_int_eq(desk_connect(&one), FUTU_OK);
    desk_take(&one);
    one.text[0] = '\0';
}

static inline void desk_close(void)
{
    futu_console_free(one.c);
    console_free(desk);
    rails_close(&k);
    one.c = NULL;
}

static inline void desk_feed(struct desk_client *d, const void *p, size_t n)
{
    d->err = futu_console_feed(d->c, p, n);
    desk_take(d);
}

/* The answer to a line, which has its line break here; `text` is it as a whole. */
static inline const char *ask(const char *line)
{
    one.text[0] = '\0';
    desk_feed(&one, line, strlen(line));
    desk_feed(&one, "\n", 1);
    return one.text;
}

#define SAYS(line, part)                                                                           \
    do {                                                                                           \
        const char *said = ask(line);                                                              \
        ck_assert_msg(strstr(said, part), "%s: no \"%s\" in: %s", line, part, said);               \
    } while (0)

#endif
