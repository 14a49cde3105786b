/* console.c - see console.h: sessions, their limits, and their end. */
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "gateway/metrics.h"
#include "surface/console_state.h"

#define TICK_NS NS_PER_S
#define LOOK_NS (50 * NS_PER_MS)
#define WAIT_NS (60 * NS_PER_S)
#define IDLE_NS (600 * NS_PER_S)
#define AUTH_NS (60 * NS_PER_S)
#define STUCK_NS (30 * NS_PER_S)
#define SAY_MAX 2048

int64_t console_now(const futu_console *s)
{
    return clock_mono(&s->of->o.clock);
}

bool console_keyed(const struct console *c)
{
    for (enum iface i = 0; c->o.access && i < IFACES; i++)
        if (access_has_keys(c->o.access, i))
            return true;
    return false;
}

/* ---- output ---- */

size_t console_unsent(const futu_console *s)
{
    return s->flight.n + s->out.n;
}

void console_end(futu_console *s)
{
    s->ended = true;
    s->waits = false;
    s->held.n = 0;
}

/* What does not fit any more is the end: half an answer would be taken for a whole one. */
static void put(futu_console *s, const char *p, size_t n)
{
    if (console_unsent(s) == 0)
        s->moved = console_now(s);
    if (!s->ended && buf_put(&s->out, p, n))
        console_end(s);
}

void say_text(futu_console *s, futu_str text)
{
    while (text.n > 0) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        put(s, text.p, n);
        put(s, "\r\n", 2);
        n += end != NULL;
        text = (futu_str){ text.p + n, text.n - n };
    }
}

void say(futu_console *s, const char *fmt, ...)
{
    char text[SAY_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    say_text(s, str_c(text));
}

static void prompt(futu_console *s)
{
    if (s->telnet && !s->waits)
        put(s, "> ", 2);
}

/* ---- the trail ---- */

void console_audit(futu_console *s, const char *what, enum audit_outcome outcome,
                   const char *reason)
{
    struct audit_event e = { .iface = IFACE_CONSOLE, .endpoint = what, .peer = s->peer,
                             .key_id = s->key ? s->key->rules->id : "<none>", .outcome = outcome,
                             .reason = reason, .scope = outcome == OUTCOME_ALLOW ? "admin" : NULL };
    hub_audit(s->of->o.hub, &e, DENY_NONE);
}

void console_ended(futu_console *s, bool fine, const char *fmt, ...)
{
    char text[SAY_MAX];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    say(s, "%s", text);
    console_audit(s, s->cmd->name, fine ? OUTCOME_SUCCESS : OUTCOME_FAILURE, fine ? NULL : text);
}

/* ---- input ---- */

/* Sooner, never later: who sends without end must not hold the clock. */
static void plan(struct console *c)
{
    int64_t at = TICK_NS, now = clock_mono(&c->o.clock);
    struct list *it, *tmp;
    if (list_empty(&c->sessions)) {
        timer_stop(c->o.timers, &c->timer);
        return;
    }
    list_each(it, tmp, &c->sessions) {
        const futu_console *s = list_entry(it, struct futu_console, link);
        at = MIN(at, s->ended && !s->told ? 0 : s->waits ? LOOK_NS : TICK_NS);
    }
    if (!c->timer.armed || now + at < c->timer.at)
        timer_set(c->o.timers, &c->timer, now + at);
}

static bool busy(const futu_console *s)
{
    return s->waits || console_unsent(s) > CONSOLE_OUT_HIGH;
}

/* All of its room at once: a buffer that grew would leave passwords behind. */
static void hold(futu_console *s, const uint8_t *p, size_t n)
{
    if ((s->held.cap || !buf_reserve(&s->held, CONSOLE_HELD_MAX)) && !buf_put(&s->held, p, n))
        return;
    say(s, "too much input waits for its turn");
    console_end(s);
}

static void take(futu_console *s, const uint8_t *p, size_t n)
{
    while (n > 0 && !s->ended && !busy(s)) {
        if (!console_take(s, &p, &n))
            continue;
        console_line(s);
        prompt(s);
    }
    if (n > 0 && !s->ended)
        hold(s, p, n);
}

/* Goes on with what was held back. */
static void resume(futu_console *s)
{
    struct buf now = s->held;
    if (busy(s) || s->ended)
        return;
    s->held = (struct buf)BUF_MAX(CONSOLE_HELD_MAX);
    take(s, now.p, now.n);
    if (now.n)
        wipe(now.p, now.n);
    buf_free(&now);
    if (!s->eof || s->ended || busy(s))
        return;
    if (s->n)
        say(s, "the last line has no line break: it was not run");
    console_end(s);
}

void console_wait(futu_console *s, bool (*look)(futu_console *s))
{
    s->waits = true;
    s->look = look;
    s->wait_until = console_now(s) + WAIT_NS;
}

static void look(futu_console *s, int64_t now)
{
    if (!s->look(s)) {
        if (now < s->wait_until)
            return;
        say(s, "%s is still under way; ask again with: status", s->cmd->name);
        if (s->cmd->flags & CMD_CHANGES)
            console_audit(s, s->cmd->name, OUTCOME_UNKNOWN, NULL);
    }
    s->waits = false;
    prompt(s);
    resume(s);
}

/* ---- time ---- */

static void late(futu_console *s, const char *why)
{
    log_info("console: %s: %s", s->peer, why);
    say(s, "%s", why);
    console_end(s);
}

static void check(futu_console *s, int64_t now)
{
    if (console_unsent(s) && now - s->moved > STUCK_NS) {
        s->out.n = 0;           /* nobody reads: no last word either */
        log_info("console: %s: reads nothing", s->peer);
        console_end(s);
    } else if (!console_key_holds(s)) {
        return;
    } else if (now - s->heard > IDLE_NS && !s->waits) {
        late(s, "ten minutes of silence");
    } else if (!s->key && now - s->opened > AUTH_NS && console_keyed(s->of)) {
        late(s, "no key within a minute");
    } else if (s->waits) {
        look(s, now);
    }
}

/* The owner may free the session in the callback. */
static void tell(futu_console *s, size_t had)
{
    if (s->ended && !s->told) {
        s->told = true;
        s->o.on_close(s, s->o.arg);
    } else if (console_unsent(s) > had) {
        s->o.on_output(s, s->o.arg);
    }
}

static void on_tick(struct timer *t, int64_t now)
{
    struct console *c = container_of(t, struct console, timer);
    struct list *it, *tmp;
    list_each(it, tmp, &c->sessions) {
        futu_console *s = list_entry(it, struct futu_console, link);
        size_t had = console_unsent(s);
        if (!s->ended)
            check(s, now);
        tell(s, had);
    }
    plan(c);
}

void console_keys_changed(struct console *c)
{
    if (!list_empty(&c->sessions))
        timer_set(c->o.timers, &c->timer, clock_mono(&c->o.clock));
}

/* ---- life ---- */

futu_err console_new(struct console **out, const struct console_opts *o)
{
    struct console *c = *out = mem_zalloc(sizeof(*c));
    if (!c)
        return FUTU_ENOMEM;
    c->o = *o;
    c->timer.fn = on_tick;
    list_init(&c->sessions);
    c->ran = mem_array(console_n_cmds, sizeof(*c->ran));
    if (c->ran)
        return FUTU_OK;
    mem_free(c);
    *out = NULL;
    return FUTU_ENOMEM;
}

void console_free(struct console *c)
{
    struct list *it, *tmp;
    if (!c)
        return;
    list_each(it, tmp, &c->sessions) {
        futu_console *s = list_entry(it, struct futu_console, link);
        console_end(s);
        tell(s, console_unsent(s));
    }
    while (!list_empty(&c->sessions))
        futu_console_free(list_entry(c->sessions.next, struct futu_console, link));
    timer_stop(c->o.timers, &c->timer);
    mem_free(c->ran);
    mem_free(c);
}

static void greet(futu_console *s)
{
    struct hub_status st;
    hub_status(s->of->o.hub, &st);
    say(s, "futu-opend %s, upstream %s; help lists the commands, quit ends the session, exit ends "
           "the gateway%s", futu_version(), st.upstream,
        console_keyed(s->of) ? "; first: auth KEY" : "");
}

futu_err console_open(struct console *c, futu_console **out, const futu_console_opts *o)
{
    struct metrics *m = hub_metrics(c->o.hub);
    *out = NULL;
    if (!o->on_output || !o->on_close)
        return FUTU_EINVAL;
    if (c->n >= CONSOLE_SESSIONS) {
        m->console_rejected++;
        return FUTU_ELIMIT;
    }
    futu_console *s = mem_zalloc(sizeof(*s));
    if (!s)
        return FUTU_ENOMEM;
    s->of = c;
    s->o = *o;
    s->out = s->flight = (struct buf)BUF_MAX(CONSOLE_OUT_MAX);
    s->held = (struct buf)BUF_MAX(CONSOLE_HELD_MAX);
    s->opened = s->heard = s->moved = console_now(s);
    str_copy(s->peer, sizeof(s->peer), str_c(o->peer ? o->peer : "-"));
    s->o.peer = s->peer;
    list_push(&c->sessions, &s->link);
    c->n++;
    m->console_sessions++;
    m->console_open = c->n;
    plan(c);
    greet(s);
    *out = s;
    return FUTU_OK;
}

static futu_err state(futu_console *s)
{
    s->told |= s->ended;
    plan(s->of);
    return s->ended ? FUTU_ECANCELED : FUTU_OK;
}

futu_err futu_console_feed(futu_console *s, const void *p, size_t n)
{
    s->heard = console_now(s);
    if (!s->ended && s->held.n)
        hold(s, p, n);
    else if (!s->ended)
        take(s, p, n);
    return state(s);
}

futu_err futu_console_eof(futu_console *s)
{
    s->eof = true;
    resume(s);
    return state(s);
}

futu_str futu_console_output(futu_console *s)
{
    struct buf empty = s->flight;
    if (s->flight.n == 0) {
        s->flight = s->out;
        s->out = empty;
    }
    return buf_str(&s->flight);
}

void futu_console_sent(futu_console *s, size_t n)
{
    buf_consume(&s->flight, MIN(n, s->flight.n));
    s->moved = console_now(s);
    if (console_unsent(s) == 0 && (s->held.n || s->eof))
        resume(s);
    plan(s->of);
}

void futu_console_free(futu_console *s)
{
    if (!s)
        return;
    struct console *c = s->of;
    console_probe_leave(s);
    list_remove(&s->link);
    c->n--;
    hub_metrics(c->o.hub)->console_open = c->n;
    if (s->held.p)
        wipe(s->held.p, s->held.cap);
    buf_free(&s->held);
    buf_free(&s->out);
    buf_free(&s->flight);
    wipe(s->line, sizeof(s->line));
    mem_free(s);
    plan(c);
}
